/*
 * Joins: the columns of both sides, and what is right and wrong about the condition. Nothing is
 * made of a join; what stands over it is analysed all the same.
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

struct join {
    struct lt_sql_analysis *analysis;
    const struct lt_sql_relation *relation;
    const char *text;
    struct lt_sql_scope sides[2];
    /* Columns that both sides give once, by USING or NATURAL. */
    const char **shared;
    uint32_t shared_count;
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

/* Adds the columns of one part of a side, those that are shared or those that are not. */
static void add_part(const struct join *join, const struct lt_sql_scope *side,
                     const struct lt_sql_part *part, bool shared, struct lt_field *fields,
                     struct lt_sql_scope *out, uint32_t *count)
{
    struct lt_sql_part *to = &out->parts[out->part_count];
    *to = (struct lt_sql_part){.qualifier = part->qualifier, .first = *count};
    for (uint32_t i = part->first; i < part->first + part->count; i++) {
        if (is_shared(join, side->schema->fields[i].name) == shared)
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

static int check_condition(const struct join *join, struct lt_expression *condition,
                           bool *has_event_time)
{
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
    bool is_boolean = code == LT_OK && (condition->type->kind == LT_TYPE_BOOLEAN ||
                                        condition->type->kind == LT_TYPE_VOID);
    return code != LT_OK || is_boolean ? code : refuse_condition(join, condition, printed);
}

int lt_sql_analyse_join(struct lt_sql_analysis *analysis, const struct lt_sql_relation *relation,
                        const char *text, const struct lt_sql_ctes *ctes, struct lt_sql_output *out)
{
    if (lt_sql_is_lateral_function(relation))
        return lt_sql_analyse_lateral_function(analysis, relation, text, ctes, out);
    struct join join = {.analysis = analysis, .relation = relation, .text = text};
    const struct lt_sql_relation *inputs[] = {relation->left, relation->right};
    bool was_bounded = analysis->is_bounded, are_bounded[2], has_event_time = false;
    int code = LT_OK;
    for (unsigned side = 0; side < 2 && code == LT_OK; side++) {
        analysis->is_bounded = true;
        const struct lt_sql_names *outer = analysis->outer;
        const struct lt_sql_names left = lt_sql_names_in(analysis, &join.sides[0], text);
        if (side == 1 && relation->is_lateral)
            analysis->outer = &left;
        code = lt_sql_analyse_relation(analysis, inputs[side], text, ctes, out);
        analysis->outer = outer;
        are_bounded[side] = analysis->is_bounded;
        join.sides[side] = out->scope;
    }
    if (code == LT_OK)
        code = find_shared(&join);
    if (code == LT_OK && relation->condition != NULL)
        code = check_condition(&join, relation->condition, &has_event_time);
    if (code != LT_OK)
        return code;
    analysis->is_bounded = was_bounded && are_bounded[0] && are_bounded[1];
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
    out->scope = scope_of(&join);
    out->node = lt_sql_unrun(analysis, LT_PLAN_JOIN, out->scope.schema);
    return LT_OK;
}
