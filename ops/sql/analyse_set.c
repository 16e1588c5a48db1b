/*
 * UNION, INTERSECT and EXCEPT: both sides, and the types that their columns meet at.
 */
#include "ops/catalog.h"
#include "ops/expr/coerce.h"
#include "ops/expr/diagnose.h"
#include "ops/expr/unresolved.h"
#include "ops/sql/analysis.h"
#include "ops/sql/dedup.h"
#include "ops/sql/explain.h"
#include "ops/sql/lower.h"

/* ------------------------------------------------------------------------------- set operations */

/* As Spark's texts have it. */
static const char *operation_of(const struct lt_sql_query *query)
{
    static const char *const names[][2] = {
        {"", ""}, {"UNION", "UNION"}, {"INTERSECT", "INTERSECT ALL"}, {"EXCEPT", "EXCEPT ALL"}};
    return names[query->set][query->is_all];
}

static int refuse_columns(struct lt_sql_analysis *analysis, const struct lt_sql_query *query,
                          const char *text, uint32_t left, uint32_t right)
{
    struct lt_expr_place place = {text, query->begin, query->end};
    return lt_expr_error(analysis->error, LT_E_ANALYSIS, "NUM_COLUMNS_MISMATCH", "42826", place,
                         "%s can only be performed on inputs with the same number of columns, but "
                         "the first input has %u columns and the second input has %u columns.",
                         operation_of(query), left, right);
}

static const char *ordinal(uint32_t index, struct lt_arena *arena)
{
    static const char *const names[] = {"first", "second", "third"};
    return index < sizeof names / sizeof names[0] ? names[index]
                                                  : lt_arena_format(arena, "%uth", index + 1);
}

/* The columns of one side as casts to the types of `to`; unchanged when they have them. */
static int cast_side(struct lt_sql_analysis *analysis, const struct lt_type *to,
                     struct lt_sql_output *side)
{
    const struct lt_type *from = side->node->schema;
    if (lt_type_equal(from, to))
        return LT_OK;
    struct lt_plan_node *project =
        lt_sql_node_over(analysis, LT_PLAN_PROJECT, side->node, "", from->field_count);
    for (uint32_t i = 0; i < from->field_count; i++)
        project->expressions[i] =
            lt_sql_pick(analysis, from, i, to->fields[i].name, to->fields[i].type);
    int code = lt_sql_complete(analysis, project);
    if (code != LT_OK)
        return code;
    bool is_cast = false; /* else it has other names only, which Spark does not show */
    for (uint32_t i = 0; i < from->field_count; i++)
        is_cast = is_cast || !lt_type_equal(from->fields[i].type, to->fields[i].type);
    const struct lt_plan_node *input = side->node;
    side->node = project;
    if (is_cast)
        lt_sql_tree_steps(analysis, input, side);
    return LT_OK;
}

/* The type each column has on both sides. */
static int unite_types(struct lt_sql_analysis *analysis, const struct lt_sql_query *query,
                       const char *text, const struct lt_sql_output *sides,
                       const struct lt_type **out)
{
    const struct lt_type *left = sides[0].node->schema, *right = sides[1].node->schema;
    struct lt_arena *arena = analysis->env->arena;
    const struct lt_coerce coerce = {lt_session_or_default(analysis->env->session), arena};
    if (left->field_count != right->field_count)
        return refuse_columns(analysis, query, text, left->field_count, right->field_count);
    struct lt_field *fields = lt_arena_alloc(arena, left->field_count * sizeof *fields);
    for (uint32_t i = 0; i < left->field_count; i++) {
        fields[i] = left->fields[i];
        fields[i].nullable |= right->fields[i].nullable;
        fields[i].type = lt_coerce_common(&coerce, left->fields[i].type, right->fields[i].type);
        struct lt_expr_place place = {text, query->begin, query->end};
        if (fields[i].type == NULL)
            return lt_expr_error(
                analysis->error, LT_E_ANALYSIS, "INCOMPATIBLE_COLUMN_TYPE", "42825", place,
                "%s can only be performed on tables with compatible column types. The %s column of "
                "the second table is \"%s\" type which is not compatible with \"%s\" at the same "
                "column of the first table.",
                operation_of(query), ordinal(i, arena), lt_type_sql(arena, right->fields[i].type),
                lt_type_sql(arena, left->fields[i].type));
    }
    *out = lt_type_struct(arena, fields, left->field_count);
    return LT_OK;
}

/* The union of a chain, which takes in one side after the other. */
struct growing {
    struct lt_plan_node *node; /* NULL: none yet */
    uint32_t capacity;
};

static uint32_t side_count(const struct lt_plan_node *node)
{
    return node->kind == LT_PLAN_UNION ? node->input_count : 1;
}

static void add_side(struct lt_plan_node *to, struct lt_plan_node *side)
{
    for (uint32_t i = 0; i < side_count(side); i++)
        to->inputs[to->input_count++] = side->kind == LT_PLAN_UNION ? side->inputs[i] : side;
}

/* The union of both sides, of the same types; what is a union itself gives its own sides. */
static struct lt_plan_node *unite(struct lt_sql_analysis *analysis,
                                  const struct lt_sql_output *sides, struct growing *growing)
{
    uint32_t count = side_count(sides[0].node) + side_count(sides[1].node);
    lt_assert(lt_type_equal(sides[0].node->schema, sides[1].node->schema));
    if (growing->node == NULL || growing->node != sides[0].node || count > growing->capacity) {
        growing->capacity = 2 * count;
        growing->node = lt_plan_node_create(analysis->env->arena, LT_PLAN_UNION, growing->capacity);
        growing->node->input_count = 0;
        growing->node->schema = sides[0].node->schema;
        add_side(growing->node, sides[0].node);
    }
    add_side(growing->node, sides[1].node);
    return growing->node;
}

int lt_sql_refuse_maps(struct lt_sql_analysis *analysis, const struct lt_type *schema,
                       struct lt_expr_place place)
{
    struct lt_arena *arena = analysis->env->arena;
    for (uint32_t i = 0; i < schema->field_count; i++) {
        if (lt_type_has_kind(schema->fields[i].type, LT_TYPE_MAP))
            return lt_expr_error(analysis->error, LT_E_UNSUPPORTED,
                                 "UNSUPPORTED_FEATURE.SET_OPERATION_ON_MAP_TYPE", "0A000", place,
                                 "%s", lt_sql_map_refusal(&schema->fields[i], arena));
    }
    return LT_OK;
}

/* One operator, whose sides have been analysed. */
static int analyse_operator(struct lt_sql_analysis *analysis, const struct lt_sql_query *query,
                            const char *text, struct lt_sql_output *sides, const bool *are_bounded,
                            struct growing *growing, bool is_long, struct lt_sql_output *out)
{
    static const char *const names[] = {"", "Union", "Intersect", "Except"};
    const struct lt_type *both = NULL;
    *out = sides[0];
    int code = unite_types(analysis, query, text, sides, &both);
    struct lt_expr_place place = {text, query->begin, query->end};
    if (code == LT_OK && (query->set != LT_SQL_UNION || !query->is_all))
        code = lt_sql_refuse_maps(analysis, both, place);
    for (size_t i = 0; i < 2 && code == LT_OK; i++)
        code = cast_side(analysis, both, &sides[i]);
    if (code != LT_OK)
        return code;
    if (query->set == LT_SQL_UNION && are_bounded[0] != are_bounded[1])
        (void)lt_sql_use(&analysis->uses, "Union", text, query->begin, query->end);
    struct lt_sql_use *distinct = NULL;
    if (query->set != LT_SQL_UNION || !query->is_all) {
        struct lt_sql_use *use =
            lt_sql_use(&analysis->uses, query->set == LT_SQL_UNION ? "Distinct" : names[query->set],
                       text, query->begin, query->end);
        use->is_left_stream = !are_bounded[0];
        use->is_right_stream = !are_bounded[1];
        use->has_event_time = lt_sql_has_watermarked(&analysis->uses, both);
        distinct = query->set == LT_SQL_UNION ? use : NULL;
    }
    out->node = query->set == LT_SQL_UNION ? unite(analysis, sides, growing)
                                           : lt_sql_unrun(analysis, LT_PLAN_JOIN, both);
    out->scope = lt_sql_scope_of(analysis, out->node->schema, NULL);
    lt_sql_tree_union(analysis, sides, is_long, out);
    if (distinct == NULL || !analysis->env->may_batch)
        return LT_OK;
    return lt_sql_lower_distinct(analysis, distinct, place, out);
}

static bool is_plain(const struct lt_sql_query *query)
{
    return query->cte_count == 0 && query->order_by.count == 0 && query->sort_by.count == 0 &&
           query->distribute_by.count == 0 && query->limit == NULL && query->offset == NULL;
}

static bool is_union_all(const struct lt_sql_query *query)
{
    return query->set == LT_SQL_UNION && query->is_all;
}

bool lt_sql_goes_on_left(const struct lt_sql_query *query)
{
    return is_union_all(query) && is_union_all(query->left) && is_plain(query->left);
}

/* The set operation, and those to its left that are of one chain with it: from the first on. */
static const struct lt_sql_query *const *chain_of(struct lt_sql_analysis *analysis,
                                                  const struct lt_sql_query *query, uint32_t *count)
{
    *count = 1;
    for (const struct lt_sql_query *at = query; lt_sql_goes_on_left(at); at = at->left)
        ++*count;
    const struct lt_sql_query **chain =
        lt_arena_alloc(analysis->env->arena, *count * sizeof(const struct lt_sql_query *));
    for (uint32_t i = *count; i > 0; query = query->left)
        chain[--i] = query;
    return chain;
}

int lt_sql_analyse_set(struct lt_sql_analysis *analysis, const struct lt_sql_query *query,
                       const char *text, const struct lt_sql_ctes *ctes, struct lt_sql_output *out)
{
    uint32_t count;
    const struct lt_sql_query *const *chain = chain_of(analysis, query, &count);
    struct growing growing = {0};
    struct lt_sql_output sides[2] = {0};
    bool was_bounded = analysis->is_bounded, are_bounded[2];
    analysis->is_bounded = true;
    int code = lt_sql_analyse_query(analysis, chain[0]->left, text, ctes, &sides[0]);
    are_bounded[0] = analysis->is_bounded;
    for (uint32_t i = 0; i < count && code == LT_OK; i++) {
        analysis->is_bounded = true;
        sides[1] = (struct lt_sql_output){0};
        code = lt_sql_analyse_query(analysis, chain[i]->right, text, ctes, &sides[1]);
        are_bounded[1] = analysis->is_bounded;
        if (code == LT_OK)
            code = analyse_operator(analysis, chain[i], text, sides, are_bounded, &growing,
                                    count >= LT_SQL_SIDES_NESTED, out);
        sides[0] = *out;
        are_bounded[0] = are_bounded[0] && are_bounded[1];
    }
    analysis->is_bounded = was_bounded && are_bounded[0];
    return code;
}
