/*
 * Joins: the columns of both sides, and what is right and wrong about the condition. Of a join of
 * two streams a node is made (lower_join.h); what stands over another is analysed all the same.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/ascii.h"
#include "ops/expr/diagnose.h"
#include "ops/expr/expr.h"
#include "ops/expr/unresolved.h"
#include "ops/sql/aggregate.h"
#include "ops/sql/analysis.h"
#include "ops/sql/find.h"
#include "ops/sql/lower.h"
#include "ops/sql/lower_join.h"
#include "ops/sql/lower_static.h"

struct join {
    struct lt_sql_analysis *analysis;
    const struct lt_sql_relation *relation;
    const char *text;
    struct lt_sql_scope sides[2];
    /* Columns that both sides give once, by USING or NATURAL. */
    const char **shared;
    uint32_t shared_count;
    struct lt_sql_origin *origins; /* of the columns that come out; or NULL */
};

/* ------------------------------------------------------------------------------------- columns */

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int refuse_using(const struct join *join, unsigned side, const char *name)
{
    static const char *const words[] = {"left", "right"};
    struct lt_arena *arena = join->analysis->env->arena;
    const struct lt_type *schema = join->sides[side].schema;
    const char **names = lt_arena_alloc(arena, (schema->field_count + 1) * sizeof *names);
    for (uint32_t i = 0; i < schema->field_count; i++)
        names[i] = schema->fields[i].name;
    qsort(names, schema->field_count, sizeof *names, compare_names);
    struct lt_expr_place place = {join->text, join->relation->columns.begin,
                                  join->relation->columns.end};
    return lt_expr_error(join->analysis->error, LT_E_ANALYSIS, "UNRESOLVED_USING_COLUMN_FOR_JOIN",
                         "42703", place,
                         "USING column %s cannot be resolved on the %s side of the join. The "
                         "%s-side columns: [%s].",
                         lt_name_quoted_one(name, arena), words[side], words[side],
                         lt_name_list(names, schema->field_count, arena));
}

static int find_shared(struct join *join)
{
    const struct lt_sql_columns *columns = &join->relation->columns;
    const struct lt_type *left = join->sides[0].schema, *right = join->sides[1].schema;
    struct lt_arena *arena = join->analysis->env->arena;
    uint32_t most = columns->count + left->field_count;
    join->shared = lt_arena_alloc(arena, (most + 1) * sizeof *join->shared);
    for (uint32_t i = 0; i < columns->count; i++) {
        for (unsigned side = 0; side < 2; side++) {
            if (lt_type_field_index(join->sides[side].schema, columns->names[i]) == -1)
                return refuse_using(join, side, columns->names[i]);
        }
        join->shared[join->shared_count++] = columns->names[i];
    }
    for (uint32_t i = 0; i < left->field_count && join->relation->is_natural; i++) {
        if (lt_type_field_index(right, left->fields[i].name) != -1)
            join->shared[join->shared_count++] = left->fields[i].name;
    }
    return LT_OK;
}

static bool is_shared(const struct join *join, const char *name)
{
    for (uint32_t i = 0; i < join->shared_count; i++) {
        if (lt_ascii_compare(join->shared[i], name) == 0)
            return true;
    }
    return false;
}

static struct lt_sql_origin origin_of(const struct join *join, const struct lt_sql_scope *side,
                                      uint32_t column, bool is_merged)
{
    const char *name = side->schema->fields[column].name;
    return (struct lt_sql_origin){
        .side = side == &join->sides[1],
        .column = column,
        .other = is_merged ? lt_type_field_index(join->sides[1].schema, name) : -1};
}

/* Adds the columns of one part of a side, those that are shared or those that are not. */
static void add_part(const struct join *join, const struct lt_sql_scope *side,
                     const struct lt_sql_part *part, bool shared, struct lt_field *fields,
                     struct lt_sql_scope *out, uint32_t *count)
{
    struct lt_sql_part *to = &out->parts[out->part_count];
    *to = (struct lt_sql_part){.qualifier = part->qualifier, .first = *count};
    for (uint32_t i = part->first; i < part->first + part->count; i++) {
        if (is_shared(join, side->schema->fields[i].name) != shared)
            continue;
        if (join->origins != NULL)
            join->origins[*count] = origin_of(join, side, i, shared);
        fields[(*count)++] = side->schema->fields[i];
    }
    to->count = *count - to->first;
    out->part_count += to->count > 0 ? 1 : 0;
}

/* Shared columns, then those of the left, then those of the right; a semi or anti join gives the
 * left's alone. */
static struct lt_sql_scope scope_of(const struct join *join)
{
    struct lt_arena *arena = join->analysis->env->arena;
    const char *kind = join->relation->join;
    bool is_left_only = strcmp(kind, "LeftSemi") == 0 || strcmp(kind, "LeftAnti") == 0;
    uint32_t count = 0, parts = 2 * join->sides[0].part_count + join->sides[1].part_count;
    struct lt_field *fields = lt_arena_alloc(
        arena, (join->sides[0].schema->field_count + join->sides[1].schema->field_count + 1) *
                   sizeof *fields);
    struct lt_sql_scope out = {0};
    out.parts = lt_arena_alloc(arena, (parts + 1) * sizeof *out.parts);
    for (unsigned pass = 0; pass < 3; pass++) {
        const struct lt_sql_scope *side = &join->sides[pass == 2];
        for (uint32_t i = 0; i < side->part_count && !(pass == 2 && is_left_only); i++)
            add_part(join, side, &side->parts[i], pass == 0, fields, &out, &count);
    }
    out.schema = lt_type_struct(arena, fields, count);
    return out;
}

/* ----------------------------------------------------------------------------------- condition */

/* Every column of both sides: what a condition sees. */
static struct lt_sql_scope both_of(const struct join *join)
{
    const struct lt_sql_relation inner = {.join = "Inner"};
    struct join all = *join;
    all.relation = &inner;
    all.shared_count = 0;
    all.origins = NULL;
    return scope_of(&all);
}

static int refuse_condition(const struct join *join, const struct lt_expression *condition,
                            const char *printed)
{
    struct lt_arena *arena = join->analysis->env->arena;
    struct lt_expr_place place = {join->text, join->relation->join_begin, join->relation->end};
    const struct lt_expression *found = lt_sql_find_aggregate(condition);
    if (found != NULL)
        return lt_expr_error(join->analysis->error, LT_E_ANALYSIS, "UNSUPPORTED_EXPR_FOR_OPERATOR",
                             "42K0E", place,
                             "A query operator contains one or more unsupported expressions.\n"
                             "Consider to rewrite it to avoid window functions, aggregate "
                             "functions, and generator functions in the WHERE clause.\n"
                             "Invalid expressions: [\"%s\"].",
                             lt_expr_text(found, arena));
    return lt_expr_error(join->analysis->error, LT_E_ANALYSIS, "JOIN_CONDITION_IS_NOT_BOOLEAN_TYPE",
                         "42K0E", place,
                         "The join condition \"%s\" has the invalid type \"%s\", expected "
                         "\"BOOLEAN\".",
                         printed, lt_type_sql(arena, condition->type));
}

/* Leaves the analysed tree in *at. */
static int check_condition(const struct join *join, struct lt_expression **at,
                           bool *has_event_time)
{
    struct lt_expression *condition = *at;
    struct lt_sql_analysis *analysis = join->analysis;
    const struct lt_sql_scope both = both_of(join);
    struct lt_sql_names names = lt_sql_names_in(analysis, &both, join->text);
    int code = lt_sql_check_names(&names, &condition);
    if (code != LT_OK)
        return code;
    *has_event_time = lt_sql_has_event_time(&analysis->uses, condition);
    if (lt_sql_find_aggregate(condition) != NULL)
        return refuse_condition(join, condition, "");
    const char *printed = lt_expr_text(condition, names.arena);
    code = lt_expr_analyse(&condition, join->text, both.schema, analysis->env->session, names.arena,
                           analysis->error);
    *at = condition;
    bool is_boolean = code == LT_OK && (condition->type->kind == LT_TYPE_BOOLEAN ||
                                        condition->type->kind == LT_TYPE_VOID);
    return code != LT_OK || is_boolean ? code : refuse_condition(join, condition, printed);
}

static bool is_inner(const char *kind)
{
    return strcmp(kind, "Inner") == 0 || strcmp(kind, "Cross") == 0;
}

/* The condition of a join that has none: what stands in WHERE over it, where the join's columns are
 * all that this names. WHERE is done all the same. NULL: there is none. */
static struct lt_expression *condition_of_where(const struct join *join)
{
    struct lt_sql_analysis *analysis = join->analysis;
    bool has_event_time;
    struct lt_error ignored, *error = analysis->error;
    if (analysis->joined != join->relation || join->shared_count > 0 ||
        join->relation->condition != NULL)
        return NULL;
    struct lt_expression *condition =
        lt_sql_copy_tree(analysis->joined_where, analysis->env->arena);
    lt_error_clear(&ignored);
    analysis->error = &ignored;
    int code = check_condition(join, &condition, &has_event_time);
    analysis->error = error;
    return code == LT_OK ? condition : NULL;
}

static int make_node(const struct join *join, const struct lt_sql_output *sides,
                     struct lt_expression *condition, struct lt_sql_use *use,
                     struct lt_sql_output *out)
{
    const struct lt_sql_join what = {
        .kind = join->relation->join,
        .nodes = {sides[0].node, sides[1].node},
        .condition = condition,
        .origins = join->origins,
        .schema = out->scope.schema,
        .text = join->text,
        .place = {join->text, join->relation->begin, join->relation->end}};
    return lt_sql_lower_join(join->analysis, &what, use, &out->node);
}

/* With what ends on one side. */
static int make_static(const struct join *join, const struct lt_sql_output *sides,
                       struct lt_expression *condition, struct lt_sql_use *use,
                       struct lt_sql_output *out)
{
    const struct lt_sql_scope both = both_of(join);
    struct lt_sql_names names = lt_sql_names_in(join->analysis, &both, join->text);
    int code = condition == NULL ? LT_OK : lt_sql_check_names(&names, &condition);
    const struct lt_sql_join what = {
        .kind = join->relation->join,
        .nodes = {sides[0].node, sides[1].node},
        .condition = condition,
        .origins = join->origins,
        .schema = out->scope.schema,
        .text = join->text,
        .place = {join->text, join->relation->begin, join->relation->end}};
    return code != LT_OK ? code
                         : lt_sql_lower_static(join->analysis, &what, use->is_left_stream ? 0 : 1,
                                               use, &out->node);
}

/* The join as EXPLAIN shows it. */
static void draw(const struct join *join, const struct lt_sql_output *sides,
                 const struct lt_expression *condition, struct lt_sql_output *out)
{
    struct lt_arena *arena = join->analysis->env->arena;
    struct lt_plan_tree *const inputs[] = {sides[0].tree, sides[1].tree};
    if (inputs[0] == NULL || inputs[1] == NULL)
        return;
    const char *details = condition == NULL
                              ? lt_arena_format(arena, " %s", join->relation->join)
                              : lt_arena_format(arena, " %s, %s", join->relation->join,
                                                lt_expr_plan_text(condition, false, arena));
    out->tree = lt_plan_tree_over_all(arena, "Join", details, inputs, 2);
}

/* A join gives what is seen of its sides. */
static int leave_hidden(struct lt_sql_analysis *analysis, struct lt_sql_output *side)
{
    struct lt_sql_scope *scope = &side->scope;
    const struct lt_type *before = scope->schema;
    if (!analysis->env->may_batch || lt_type_visible_count(before) == before->field_count)
        return LT_OK;
    struct lt_sql_part *parts =
        lt_arena_alloc(analysis->env->arena, scope->part_count * sizeof *parts);
    uint32_t count = 0;
    for (uint32_t i = 0; i < scope->part_count; i++) {
        const struct lt_sql_part *part = &scope->parts[i];
        parts[i] = (struct lt_sql_part){.qualifier = part->qualifier, .first = count};
        for (uint32_t j = part->first; j < part->first + part->count; j++)
            count += !lt_type_is_hidden(before, j);
        parts[i].count = count - parts[i].first;
    }
    scope->schema = lt_type_visible(analysis->env->arena, before);
    scope->parts = parts;
    return lt_sql_project_visible(analysis, &side->node);
}

int lt_sql_analyse_join(struct lt_sql_analysis *analysis, const struct lt_sql_relation *relation,
                        const char *text, const struct lt_sql_ctes *ctes, struct lt_sql_output *out)
{
    if (lt_sql_is_lateral_function(relation))
        return lt_sql_analyse_lateral_function(analysis, relation, text, ctes, out);
    struct join join = {.analysis = analysis, .relation = relation, .text = text};
    const struct lt_sql_relation *inputs[] = {relation->left, relation->right};
    bool was_bounded = analysis->is_bounded, are_bounded[2], has_event_time = false;
    uint32_t uses[3] = {analysis->uses.count}; /* where those of each side begin, and end */
    struct lt_expression *condition = relation->condition, *written = NULL;
    if (condition != NULL)
        written = lt_sql_copy_tree(condition, analysis->env->arena);
    struct lt_sql_output outputs[2] = {0};
    int code = LT_OK;
    for (unsigned side = 0; side < 2 && code == LT_OK; side++) {
        analysis->is_bounded = true;
        const struct lt_sql_names *outer = analysis->outer;
        const struct lt_sql_names left = lt_sql_names_in(analysis, &join.sides[0], text);
        if (side == 1 && relation->is_lateral)
            analysis->outer = &left;
        code = lt_sql_analyse_relation(analysis, inputs[side], text, ctes, out);
        analysis->outer = outer;
        if (code == LT_OK)
            code = leave_hidden(analysis, out);
        are_bounded[side] = analysis->is_bounded;
        uses[side + 1] = analysis->uses.count;
        join.sides[side] = out->scope;
        outputs[side] = *out;
    }
    if (code == LT_OK)
        code = find_shared(&join);
    if (code == LT_OK && relation->condition != NULL)
        code = check_condition(&join, &condition, &has_event_time);
    if (code != LT_OK)
        return code;
    analysis->is_bounded = was_bounded && are_bounded[0] && are_bounded[1];
    if (are_bounded[0] != are_bounded[1])
        lt_sql_use_static(&analysis->uses, uses[are_bounded[1]], uses[are_bounded[1] + 1]);
    struct lt_sql_use *use =
        lt_sql_use(&analysis->uses, relation->is_lateral ? "LateralJoin" : "Join", text,
                   relation->begin, relation->end);
    use->kind = relation->join;
    use->is_left_stream = !are_bounded[0];
    use->is_right_stream = !are_bounded[1];
    use->has_event_time = has_event_time;
    for (uint32_t i = 0; i < join.shared_count && !use->has_event_time; i++) {
        const struct lt_expression column = {.kind = LT_EXPR_COLUMN, .name = join.shared[i]};
        use->has_event_time = lt_sql_has_event_time(&analysis->uses, &column);
    }
    join.origins = lt_arena_alloc(
        analysis->env->arena,
        (join.sides[0].schema->field_count + join.sides[1].schema->field_count + 1) *
            sizeof *join.origins);
    out->scope = scope_of(&join);
    out->node = lt_sql_unrun(analysis, LT_PLAN_JOIN, out->scope.schema);
    draw(&join, outputs, condition, out);
    if (!analysis->env->may_batch || relation->is_lateral)
        return LT_OK;
    const bool has_static_uses =
        are_bounded[0] != are_bounded[1] && uses[are_bounded[1]] < uses[are_bounded[1] + 1];
    if (are_bounded[0] != are_bounded[1])
        return has_static_uses ? LT_OK : make_static(&join, outputs, written, use, out);
    bool may_make =
        use->is_left_stream && use->is_right_stream && strcmp(relation->join, "LeftAnti") != 0;
    if (may_make && is_inner(relation->join) && condition == NULL)
        condition = condition_of_where(&join);
    return may_make ? make_node(&join, outputs, condition, use, out) : LT_OK;
}
