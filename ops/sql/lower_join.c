/*
 * The condition is taken apart at its ANDs. What compares one side with the other for equality, by
 * = or <=>, is a key; what looks at one side alone is a filter below the join, where that changes
 * nothing (a row of an outer join's own side must come out all the same); the rest stays the join's
 * condition.
 *
 * How long a row may find partners follows from the watermark in two ways. If the event time is a
 * key, a partner has the same. If the condition says that
 *
 *     right < left + c   or   right <= left + c
 *
 * of the event times, then every row of the right side that is not late, right > watermark, is
 * beyond what a left row can meet once left + c <= watermark; with <=, Spark waits one millisecond
 * more. Of several such conditions the one that waits longest counts, as in Spark.
 */
#include "ops/sql/lower_join.h"

#include <string.h>

#include "ops/expr/coerce.h"
#include "ops/expr/diagnose.h"
#include "ops/expr/expr.h"
#include "ops/sql/event_time.h"
#include "ops/sql/find.h"
#include "ops/sql/lower.h"

enum { PARTS_MAX = 256, LEFT = 0, RIGHT = 1, US_PER_MS = 1000 };

struct join {
    struct lt_sql_analysis *analysis;
    const struct lt_sql_join *what;
    struct lt_expression *parts[PARTS_MAX]; /* of the condition, and of USING */
    uint32_t part_count;
    uint32_t left_count; /* columns */
    /* Key expressions of each side, over its own columns. */
    struct lt_expression *keys[2][PARTS_MAX];
    uint32_t key_count;
    struct lt_expression *filters[2], *rest; /* NULL: none */
    uint64_t *demanded;                      /* columns of both sides that must not be NULL */
    struct lt_plan_node *nodes[2];           /* with filters and key columns */
    uint32_t *key_columns[2];
    int32_t times[2]; /* event-time columns; -1: none */
    int64_t slack_us[2];
    bool has_time_key;
};

static bool is_kind(const struct join *join, const char *kind)
{
    return strcmp(join->what->kind, kind) == 0;
}

static struct lt_arena *arena_of(const struct join *join)
{
    return join->analysis->env->arena;
}

/* ---------------------------------------------------------------------------------------- trees */

static void move_columns(struct lt_expression *node, int32_t first, int32_t by)
{
    if (node->kind == LT_EXPR_COLUMN && node->index >= first)
        node->index += by;
    for (uint32_t i = 0; i < node->argument_count; i++)
        move_columns(node->arguments[i], first, by);
}

/* The tree over the columns of its own side. */
static struct lt_expression *over_side(const struct join *join, const struct lt_expression *node,
                                       unsigned side)
{
    struct lt_expression *copy = lt_sql_copy_tree(node, arena_of(join));
    if (side == RIGHT)
        move_columns(copy, (int32_t)join->left_count, -(int32_t)join->left_count);
    return copy;
}

enum { READS_LEFT = 1, READS_RIGHT = 2 };

static unsigned reads(const struct join *join, const struct lt_expression *node)
{
    unsigned sides = 0;
    if (node->kind == LT_EXPR_COLUMN)
        sides = (uint32_t)node->index < join->left_count ? READS_LEFT : READS_RIGHT;
    for (uint32_t i = 0; i < node->argument_count; i++)
        sides |= reads(join, node->arguments[i]);
    return sides;
}

static struct lt_expression *make_call(const struct lt_expression *at, const char *name,
                                       struct lt_expression *a, struct lt_expression *b,
                                       struct lt_arena *arena)
{
    struct lt_expression *node = lt_arena_alloc(arena, sizeof *node);
    *node = (struct lt_expression){.kind = LT_EXPR_CALL,
                                   .begin = at->begin,
                                   .end = at->end,
                                   .name = name,
                                   .argument_count = 2,
                                   .index = -1};
    node->arguments = lt_arena_alloc(arena, 2 * sizeof *node->arguments);
    node->arguments[0] = a;
    node->arguments[1] = b;
    return node;
}

static void and_with(const struct join *join, struct lt_expression **to,
                     struct lt_expression *part)
{
    *to = *to == NULL ? part : make_call(part, "and", *to, part, arena_of(join));
}

/* False: more than can be told. */
static bool take_apart(struct join *join, struct lt_expression *node)
{
    if (lt_sql_is_call_of(node, "and")) {
        bool fits = true;
        for (uint32_t i = 0; i < node->argument_count && fits; i++)
            fits = take_apart(join, node->arguments[i]);
        return fits;
    }
    if (join->part_count == PARTS_MAX)
        return false;
    join->parts[join->part_count++] = node;
    return true;
}

/* ---------------------------------------------------------------------------------------- parts */

/* What <=> compares stands in a struct, which is never NULL itself: so a NULL has partners. */
static struct lt_expression *key_of(const struct join *join, const struct lt_expression *value,
                                    unsigned side, bool is_null_safe)
{
    struct lt_expression *key = over_side(join, value, side);
    if (!is_null_safe)
        return key;
    struct lt_expression *held = make_call(value, "struct", key, NULL, arena_of(join));
    held->argument_count = 1;
    return held;
}

static bool is_key(struct join *join, const struct lt_expression *part)
{
    const bool is_null_safe = lt_sql_is_call_of(part, "<=>");
    if ((!is_null_safe && !lt_sql_is_call_of(part, "=")) || part->argument_count != 2)
        return false;
    unsigned first = reads(join, part->arguments[0]), second = reads(join, part->arguments[1]);
    const bool is_turned = first == READS_RIGHT && second == READS_LEFT;
    if (!is_turned && (first != READS_LEFT || second != READS_RIGHT))
        return false;
    for (unsigned side = 0; side < 2; side++)
        join->keys[side][join->key_count] =
            key_of(join, part->arguments[(side == RIGHT) != is_turned], side, is_null_safe);
    join->key_count++;
    return true;
}

/* May what looks at this side alone leave its rows out before the join? */
static bool may_filter(const struct join *join, unsigned side)
{
    if (is_kind(join, "FullOuter"))
        return false;
    return side == LEFT ? !is_kind(join, "LeftOuter") : !is_kind(join, "RightOuter");
}

/* IS NOT NULL of a column, once. */
static void demand_column(struct join *join, const struct lt_expression *column)
{
    unsigned side = (uint32_t)column->index < join->left_count ? LEFT : RIGHT;
    if (!column->nullable || !may_filter(join, side) ||
        lt_bit(join->demanded, (uint32_t)column->index))
        return;
    lt_bit_set(join->demanded, (uint32_t)column->index);
    struct lt_expression *is_there = make_call(column, "isnotnull", NULL, NULL, arena_of(join));
    is_there->argument_count = 1;
    is_there->arguments[0] = over_side(join, column, side);
    and_with(join, &join->filters[side], is_there);
}

/* What is compared is not NULL where the comparison is true, nor is what it is computed of: as in
 * Spark such rows do not come to the join. */
static void demand_values(struct join *join, const struct lt_expression *node)
{
    static const char *const strict[] = {"=", "<", "<=", ">", ">=", "+", "-", "*"};
    bool is_strict = node->kind == LT_EXPR_CAST && !node->is_try;
    if (node->kind == LT_EXPR_COLUMN)
        demand_column(join, node);
    for (size_t i = 0; i < sizeof strict / sizeof strict[0] && !is_strict; i++)
        is_strict = lt_sql_is_call_of(node, strict[i]);
    for (uint32_t i = 0; i < node->argument_count && is_strict; i++)
        demand_values(join, node->arguments[i]);
}

/* The same of columns that USING merges. */
static void demand_shared(struct join *join, const struct lt_sql_origin *origin)
{
    const uint32_t columns[] = {origin->column, (uint32_t)origin->other};
    for (unsigned side = 0; side < 2; side++) {
        struct lt_expression *column =
            lt_expr_column(join->what->nodes[side]->schema, columns[side], arena_of(join));
        column->index += side == RIGHT ? (int32_t)join->left_count : 0;
        demand_column(join, column);
    }
}

static void sort_parts(struct join *join)
{
    for (uint32_t i = 0; i < join->part_count; i++) {
        struct lt_expression *part = join->parts[i];
        unsigned sides = reads(join, part);
        demand_values(join, part);
        unsigned side = sides == READS_RIGHT ? RIGHT : LEFT;
        if (is_key(join, part))
            continue;
        bool is_one = sides == READS_LEFT || sides == READS_RIGHT;
        if (is_one && may_filter(join, side))
            and_with(join, &join->filters[side], over_side(join, part, side));
        else
            and_with(join, &join->rest, lt_sql_copy_tree(part, arena_of(join)));
    }
    for (uint32_t i = 0; i < join->what->schema->field_count; i++) {
        const struct lt_sql_origin *origin = &join->what->origins[i];
        if (origin->other >= 0 && join->key_count < PARTS_MAX) {
            demand_shared(join, origin);
            const struct lt_coerce coerce = {
                lt_session_or_default(join->analysis->env->session), arena_of(join)};
            const struct lt_type *left = join->what->nodes[LEFT]->schema,
                                 *right = join->what->nodes[RIGHT]->schema;
            const struct lt_type *type =
                lt_coerce_compared(&coerce, left->fields[origin->column].type,
                                   right->fields[origin->other].type);
            if (type == NULL)
                continue;
            join->keys[LEFT][join->key_count] = lt_coerce_cast(
                lt_expr_column(left, origin->column, arena_of(join)), type, arena_of(join));
            join->keys[RIGHT][join->key_count] =
                lt_coerce_cast(lt_expr_column(right, (uint32_t)origin->other, arena_of(join)), type,
                               arena_of(join));
            join->key_count++;
        }
    }
}

/* ---------------------------------------------------------------------------------------- times */

/* A column less another, and a constant; is_linear false: it is not that. */
struct linear {
    int32_t plus, minus; /* columns; -1: none */
    int64_t constant_us;
    bool is_linear;
};

static void add_terms(const struct lt_expression *node, bool is_negative, struct linear *sum)
{
    bool is_plus = lt_sql_is_call_of(node, "+"), is_minus = lt_sql_is_call_of(node, "-");
    if ((is_plus || is_minus) && node->argument_count == 2) {
        add_terms(node->arguments[0], is_negative, sum);
        add_terms(node->arguments[1], is_negative != is_minus, sum);
        return;
    }
    if (node->kind == LT_EXPR_LITERAL && node->type->kind == LT_TYPE_INTERVAL_DAY_TIME &&
        !node->is_null) {
        sum->is_linear &= is_negative ? !__builtin_sub_overflow(sum->constant_us, node->value.i64,
                                                                &sum->constant_us)
                                      : !__builtin_add_overflow(sum->constant_us, node->value.i64,
                                                                &sum->constant_us);
        return;
    }
    int32_t *place = is_negative ? &sum->minus : &sum->plus;
    sum->is_linear &= node->kind == LT_EXPR_COLUMN && *place < 0;
    *place = node->index;
}

/* What l < r says of how long a row waits. */
static void use_bound(struct join *join, const struct lt_expression *l,
                      const struct lt_expression *r, bool is_strict)
{
    struct linear sum = {.plus = -1, .minus = -1, .is_linear = true};
    const int32_t left = join->times[LEFT];
    const int32_t right =
        join->times[RIGHT] < 0 ? -1 : join->times[RIGHT] + (int32_t)join->left_count;
    add_terms(r, false, &sum);
    add_terms(l, true, &sum);
    if (!sum.is_linear || left < 0 || right < 0)
        return;
    int64_t slack = sum.constant_us;
    if (!is_strict && __builtin_add_overflow(slack, (int64_t)US_PER_MS, &slack))
        return;
    int side = sum.plus == left && sum.minus == right    ? LEFT
               : sum.plus == right && sum.minus == left ? RIGHT
                                                        : -1;
    if (side >= 0 && (join->slack_us[side] == INT64_MAX || slack > join->slack_us[side]))
        join->slack_us[side] = slack;
}

static void use_bounds(struct join *join)
{
    static const struct {
        const char *name;
        bool is_turned, is_strict;
    } comparisons[] = {
        {"<", false, true}, {"<=", false, false}, {">", true, true}, {">=", true, false}};
    join->slack_us[LEFT] = join->slack_us[RIGHT] = INT64_MAX;
    for (uint32_t i = 0; i < join->part_count; i++) {
        const struct lt_expression *part = join->parts[i];
        for (size_t j = 0; j < sizeof comparisons / sizeof comparisons[0]; j++) {
            bool is_turned = comparisons[j].is_turned;
            if (lt_sql_is_call_of(part, comparisons[j].name) && part->argument_count == 2)
                use_bound(join, part->arguments[is_turned], part->arguments[!is_turned],
                          comparisons[j].is_strict);
        }
    }
}

/* The event time of each side, and what of it is a key. */
static int find_times(struct join *join)
{
    struct lt_arena *arena = arena_of(join);
    for (unsigned side = 0; side < 2; side++) {
        const struct lt_plan_node *node = join->what->nodes[side];
        uint32_t count = node->schema->field_count;
        uint32_t *all = lt_arena_alloc(arena, (count + 1) * sizeof *all);
        for (uint32_t i = 0; i < count; i++)
            all[i] = i;
        int code = lt_sql_event_column(join->analysis, node, all, count, join->what->place,
                                       &join->times[side]);
        if (code != LT_OK)
            return code;
    }
    use_bounds(join);
    for (unsigned side = 0; side < 2; side++) {
        const bool *is_event = lt_sql_event_times(join->what->nodes[side], arena);
        for (uint32_t i = 0; i < join->key_count; i++) {
            const struct lt_expression *key = join->keys[side][i];
            if (key->kind != LT_EXPR_COLUMN || !lt_sql_is_event_time(key, is_event))
                continue;
            join->has_time_key = true;
            join->slack_us[side] = 0;
        }
    }
    return LT_OK;
}

/* As Spark wants it of this kind of join. */
static bool is_bounded(const struct join *join)
{
    bool left = join->slack_us[LEFT] != INT64_MAX, right = join->slack_us[RIGHT] != INT64_MAX;
    if (join->has_time_key)
        return true;
    if (is_kind(join, "FullOuter"))
        return left || right;
    return is_kind(join, "RightOuter") ? right : left;
}

/* ---------------------------------------------------------------------------------------- nodes */

static int filter_side(struct join *join, unsigned side)
{
    struct lt_plan_node *filter = lt_sql_node_over(join->analysis, LT_PLAN_FILTER,
                                                   join->nodes[side], join->what->text, 1);
    filter->expressions[0] = join->filters[side];
    int code = lt_sql_complete(join->analysis, filter);
    join->nodes[side] = code == LT_OK ? lt_sql_sink_filter(join->analysis, filter) : filter;
    return code;
}

/* Keys that are computed become columns behind the others. */
static int project_side(struct join *join, unsigned side)
{
    const struct lt_type *schema = join->nodes[side]->schema;
    uint32_t count = schema->field_count, width = count;
    struct lt_arena *arena = arena_of(join);
    uint32_t *columns = lt_arena_alloc(arena, (join->key_count + 1) * sizeof *columns);
    for (uint32_t i = 0; i < join->key_count; i++) {
        const struct lt_expression *key = join->keys[side][i];
        columns[i] = key->kind == LT_EXPR_COLUMN ? (uint32_t)key->index : width++;
    }
    join->key_columns[side] = columns;
    if (width == count)
        return LT_OK;
    struct lt_plan_node *project = lt_sql_node_over(join->analysis, LT_PLAN_PROJECT,
                                                    join->nodes[side], join->what->text, width);
    for (uint32_t i = 0; i < count; i++)
        project->expressions[i] = lt_sql_pick(join->analysis, schema, i, schema->fields[i].name,
                                              schema->fields[i].type);
    for (uint32_t i = 0; i < join->key_count; i++) {
        if (columns[i] >= count)
            project->expressions[columns[i]] = lt_expr_alias(
                join->keys[side][i], lt_arena_format(arena, "_%u", columns[i]), arena);
    }
    int code = lt_sql_complete(join->analysis, project);
    join->nodes[side] = project;
    return code;
}

static enum lt_join_kind kind_of(const struct join *join)
{
    static const struct {
        const char *name;
        enum lt_join_kind kind;
    } kinds[] = {{"LeftOuter", LT_JOIN_LEFT_OUTER},
                 {"RightOuter", LT_JOIN_RIGHT_OUTER},
                 {"FullOuter", LT_JOIN_FULL_OUTER},
                 {"LeftSemi", LT_JOIN_LEFT_SEMI}};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (is_kind(join, kinds[i].name))
            return kinds[i].kind;
    }
    return LT_JOIN_INNER;
}

/* The columns of both sides; those that may have no partner's are NULL then. */
static const struct lt_type *schema_of(const struct join *join)
{
    enum lt_join_kind kind = kind_of(join);
    const bool may_miss[2] = {kind == LT_JOIN_RIGHT_OUTER || kind == LT_JOIN_FULL_OUTER,
                              kind == LT_JOIN_LEFT_OUTER || kind == LT_JOIN_FULL_OUTER};
    const struct lt_type *left = join->nodes[LEFT]->schema, *right = join->nodes[RIGHT]->schema;
    struct lt_field *fields = lt_arena_alloc(
        arena_of(join), (left->field_count + right->field_count + 1) * sizeof *fields);
    uint32_t count = 0;
    for (unsigned side = 0; side < (kind == LT_JOIN_LEFT_SEMI ? 1U : 2U); side++) {
        const struct lt_type *from = join->nodes[side]->schema;
        for (uint32_t i = 0; i < from->field_count; i++) {
            fields[count] = from->fields[i];
            fields[count++].nullable |= may_miss[side];
        }
    }
    return lt_type_struct(arena_of(join), fields, count);
}

static struct lt_plan_side side_of(const struct join *join, unsigned side)
{
    const struct lt_type *schema = join->nodes[side]->schema;
    const int32_t column = join->times[side];
    return (struct lt_plan_side){
        .keys = join->key_columns[side],
        .key_count = join->key_count,
        .event_time = {.column = column,
                       .is_window =
                           column >= 0 && schema->fields[column].type->kind == LT_TYPE_STRUCT,
                       .slack_us = join->slack_us[side]}};
}

/* What is left of the condition, over the columns of the nodes. */
static int finish_condition(struct join *join)
{
    uint32_t width = join->nodes[LEFT]->schema->field_count;
    const struct lt_type *left = join->nodes[LEFT]->schema, *right = join->nodes[RIGHT]->schema;
    struct lt_arena *arena = arena_of(join);
    if (join->rest == NULL)
        return LT_OK;
    move_columns(join->rest, (int32_t)join->left_count, (int32_t)(width - join->left_count));
    struct lt_field *fields =
        lt_arena_alloc(arena, (width + right->field_count) * sizeof *fields);
    memcpy(fields, left->fields, width * sizeof *fields);
    memcpy(fields + width, right->fields, right->field_count * sizeof *fields);
    const struct lt_type *both = lt_type_struct(arena, fields, width + right->field_count);
    return lt_expr_analyse_predicate(&join->rest, join->what->text, both,
                                     join->analysis->env->session, arena, join->analysis->error);
}

static struct lt_plan_node *join_node(const struct join *join)
{
    struct lt_arena *arena = arena_of(join);
    struct lt_plan_stateful *stateful = lt_arena_alloc(arena, sizeof *stateful);
    *stateful = (struct lt_plan_stateful){.left = side_of(join, LEFT),
                                          .right = side_of(join, RIGHT),
                                          .session_gap = -1,
                                          .join = kind_of(join),
                                          .condition = join->rest};
    struct lt_plan_node *node = lt_plan_node_create(arena, LT_PLAN_JOIN, 2);
    node->inputs[LEFT] = join->nodes[LEFT];
    node->inputs[RIGHT] = join->nodes[RIGHT];
    node->session = join->analysis->env->session;
    node->stateful = stateful;
    node->schema = schema_of(join);
    return node;
}

/* The columns that come out, in their order. */
static int project_out(const struct join *join, struct lt_plan_node *node,
                       struct lt_plan_node **out)
{
    struct lt_arena *arena = arena_of(join);
    const struct lt_type *to = join->what->schema;
    const uint32_t width = join->nodes[LEFT]->schema->field_count;
    struct lt_plan_node *project =
        lt_sql_node_over(join->analysis, LT_PLAN_PROJECT, node, join->what->text, to->field_count);
    for (uint32_t i = 0; i < to->field_count; i++) {
        const struct lt_sql_origin *origin = &join->what->origins[i];
        uint32_t column = origin->column + (origin->side == RIGHT ? width : 0);
        bool is_right = origin->other >= 0 && is_kind(join, "RightOuter");
        if (is_right)
            column = (uint32_t)origin->other + width;
        struct lt_expression *value = lt_expr_column(node->schema, column, arena);
        if (origin->other >= 0 && is_kind(join, "FullOuter"))
            value = make_call(value, "coalesce", value,
                              lt_expr_column(node->schema, (uint32_t)origin->other + width, arena),
                              arena);
        project->expressions[i] = lt_expr_alias(value, to->fields[i].name, arena);
    }
    *out = project;
    return lt_sql_complete(join->analysis, project);
}

/* A side whose rows are given up by the other side's event time in the key: only if they need not
 * be. */
static bool can_tell_times(const struct join *join)
{
    enum lt_join_kind kind = kind_of(join);
    bool gives_left = kind == LT_JOIN_LEFT_OUTER || kind == LT_JOIN_FULL_OUTER;
    bool gives_right = kind == LT_JOIN_RIGHT_OUTER || kind == LT_JOIN_FULL_OUTER;
    return !(gives_left && join->slack_us[LEFT] == INT64_MAX) &&
           !(gives_right && join->slack_us[RIGHT] == INT64_MAX);
}

int lt_sql_lower_join(struct lt_sql_analysis *analysis, const struct lt_sql_join *what,
                      struct lt_sql_use *use, struct lt_plan_node **out)
{
    struct join *join = lt_arena_alloc(analysis->env->arena, sizeof *join);
    *join = (struct join){.analysis = analysis,
                          .what = what,
                          .left_count = what->nodes[LEFT]->schema->field_count,
                          .nodes = {what->nodes[LEFT], what->nodes[RIGHT]}};
    uint32_t width = join->left_count + what->nodes[RIGHT]->schema->field_count;
    join->demanded =
        lt_arena_alloc(analysis->env->arena, (width / 64 + 1) * sizeof *join->demanded);
    if (what->condition != NULL && !take_apart(join, what->condition))
        return LT_OK;
    sort_parts(join);
    int code = find_times(join);
    if (code != LT_OK)
        return code;
    use->has_event_time = is_bounded(join);
    use->is_keyless = join->key_count == 0;
    if (use->is_keyless)
        return LT_OK;
    for (unsigned side = 0; side < 2 && code == LT_OK; side++) {
        if (join->filters[side] != NULL)
            code = filter_side(join, side);
        if (code == LT_OK)
            code = project_side(join, side);
    }
    if (code == LT_OK)
        code = finish_condition(join);
    if (code != LT_OK || (use->has_event_time && !can_tell_times(join)))
        return code;
    use->is_made = true;
    return project_out(join, join_node(join), out);
}
