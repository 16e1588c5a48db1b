/*
 * The table becomes a constant, an array of structs, and the join what Spark's functions of arrays
 * make of it:
 *
 *     inner        inline(filter(table, r -> condition))
 *     left outer   inline_outer(filter(table, r -> condition))
 *     left semi    WHERE exists(table, r -> condition)
 *     left anti    WHERE NOT exists(table, r -> condition)
 */
#include "ops/sql/lower_static.h"

#include <string.h>

#include "ops/expr/diagnose.h"
#include "ops/expr/expr.h"
#include "ops/expr/generator.h"
#include "ops/sql/find.h"

static const char parameter[] = "_r"; /* of the lambda: a row of the table */

struct lookup {
    struct lt_sql_analysis *analysis;
    const struct lt_sql_join *join;
    unsigned stream;     /* the side that it is */
    uint32_t left_count; /* columns of the left side */
    struct lt_plan_node *table;
    const struct lt_type *row; /* of the table; fields by number */
};

static struct lt_arena *arena_of(const struct lookup *lookup)
{
    return lookup->analysis->env->arena;
}

static struct lt_expression *make_node(const struct lookup *lookup, enum lt_expression_kind kind,
                                       const char *name, uint32_t count)
{
    struct lt_expression *node = lt_arena_alloc(arena_of(lookup), sizeof *node);
    *node = (struct lt_expression){.kind = kind,
                                   .begin = lookup->join->place.begin,
                                   .end = lookup->join->place.end,
                                   .name = name,
                                   .argument_count = count,
                                   .index = -1};
    node->arguments = lt_arena_alloc(arena_of(lookup), (count + 1) * sizeof *node->arguments);
    return node;
}

static struct lt_expression *make_call(const struct lookup *lookup, const char *name,
                                       struct lt_expression *a, struct lt_expression *b)
{
    struct lt_expression *node = make_node(lookup, LT_EXPR_CALL, name, b == NULL ? 1 : 2);
    node->arguments[0] = a;
    if (b != NULL)
        node->arguments[1] = b;
    return node;
}

/* ---------------------------------------------------------------------------------------- table */

static const char *field_name(const struct lookup *lookup, uint32_t column)
{
    return lt_arena_format(arena_of(lookup), "_%u", column);
}

/* The rows' type: names may stand twice in the table, but not in what is looked up. */
static const struct lt_type *row_type(const struct lookup *lookup)
{
    const struct lt_type *schema = lookup->table->schema;
    struct lt_field *fields =
        lt_arena_alloc(arena_of(lookup), (schema->field_count + 1) * sizeof *fields);
    for (uint32_t i = 0; i < schema->field_count; i++) {
        fields[i] = schema->fields[i];
        fields[i].name = field_name(lookup, i);
    }
    return lt_type_struct(arena_of(lookup), fields, schema->field_count);
}

/* Reads the table, here and now. */
static int read_table(struct lookup *lookup, struct lt_expression **out)
{
    const struct lt_sql_host *host = lookup->analysis->env->host;
    struct lt_array *rows = lt_arena_alloc(arena_of(lookup), sizeof *rows);
    int code = host->collect(host->user, lookup->table, LT_SQL_STATIC_ROWS_MAX, arena_of(lookup),
                             rows, lookup->analysis->error);
    if (code != LT_OK)
        return lt_error_append(lookup->analysis->error,
                               "cannot read what the stream is joined with");
    lookup->row = row_type(lookup);
    *out = make_node(lookup, LT_EXPR_LITERAL, NULL, 0);
    (*out)->type = lt_type_array(arena_of(lookup), lookup->row, false);
    (*out)->value.array = rows;
    return LT_OK;
}

/* ------------------------------------------------------------------------------------ condition */

/* The column of one side, as the lambda sees it. */
static struct lt_expression *column_of(const struct lookup *lookup, unsigned side, uint32_t column)
{
    if (side == lookup->stream)
        return lt_expr_column(lookup->join->nodes[side]->schema, column, arena_of(lookup));
    struct lt_expression *field =
        make_node(lookup, LT_EXPR_FIELD, field_name(lookup, column), 1);
    field->arguments[0] = make_node(lookup, LT_EXPR_COLUMN, parameter, 0);
    return field;
}

static bool is_parameter(const struct lt_expression *lambda, const char *name)
{
    for (uint32_t i = 1; i < lambda->argument_count; i++) {
        if (strcmp(lambda->arguments[i]->name, name) == 0)
            return true;
    }
    return false;
}

/* Puts each column of both sides in the place of its name; `inside` is the lambda that the node
 * stands in, or NULL. False: lambdas in lambdas, whose names could be taken for others. */
static bool place(const struct lookup *lookup, struct lt_expression *node,
                  const struct lt_type *both, const struct lt_expression *inside)
{
    if (node->kind == LT_EXPR_LAMBDA) {
        if (inside != NULL)
            return false;
        return place(lookup, node->arguments[0], both, node);
    }
    if (node->kind == LT_EXPR_COLUMN && (inside == NULL || !is_parameter(inside, node->name))) {
        int index = node->type != NULL ? node->index : lt_type_field_index(both, node->name);
        if (index < 0)
            return false;
        unsigned side = (uint32_t)index >= lookup->left_count;
        *node = *column_of(lookup, side, (uint32_t)index - (side ? lookup->left_count : 0));
        return true;
    }
    for (uint32_t i = 0; i < node->argument_count; i++) {
        if (!place(lookup, node->arguments[i], both, inside))
            return false;
    }
    return true;
}

static const struct lt_type *both_of(const struct lookup *lookup)
{
    const struct lt_type *left = lookup->join->nodes[0]->schema,
                         *right = lookup->join->nodes[1]->schema;
    struct lt_field *fields = lt_arena_alloc(
        arena_of(lookup), (left->field_count + right->field_count + 1) * sizeof *fields);
    memcpy(fields, left->fields, left->field_count * sizeof *fields);
    memcpy(fields + left->field_count, right->fields, right->field_count * sizeof *fields);
    return lt_type_struct(arena_of(lookup), fields, left->field_count + right->field_count);
}

/* r -> condition; NULL: it cannot be told. */
static struct lt_expression *make_lambda(const struct lookup *lookup)
{
    struct lt_expression *body = NULL;
    if (lookup->join->condition != NULL) {
        body = lt_sql_copy_tree(lookup->join->condition, arena_of(lookup));
        if (!place(lookup, body, both_of(lookup), NULL))
            return NULL;
    }
    for (uint32_t i = 0; i < lookup->join->schema->field_count; i++) {
        const struct lt_sql_origin *origin = &lookup->join->origins[i];
        if (origin->other < 0)
            continue;
        struct lt_expression *equal = make_call(lookup, "=", column_of(lookup, 0, origin->column),
                                                column_of(lookup, 1, (uint32_t)origin->other));
        body = body == NULL ? equal : make_call(lookup, "and", body, equal);
    }
    if (body == NULL) {
        body = make_node(lookup, LT_EXPR_LITERAL, NULL, 0);
        body->type = lt_type_simple(LT_TYPE_BOOLEAN);
        body->value = lt_value_i64(1);
    }
    struct lt_expression *lambda = make_node(lookup, LT_EXPR_LAMBDA, NULL, 2);
    lambda->arguments[0] = body;
    lambda->arguments[1] = make_node(lookup, LT_EXPR_VARIABLE, parameter, 0);
    return lambda;
}

/* ---------------------------------------------------------------------------------------- nodes */

/* WHERE [NOT] exists(...) */
static int filter_stream(const struct lookup *lookup, struct lt_expression *table,
                         struct lt_expression *lambda, bool is_anti, struct lt_plan_node **out)
{
    struct lt_plan_node *filter =
        lt_sql_node_over(lookup->analysis, LT_PLAN_FILTER, lookup->join->nodes[lookup->stream],
                         lookup->join->text, 1);
    struct lt_expression *exists = make_call(lookup, "exists", table, lambda);
    if (is_anti) { /* what compares with NULL has no partner either */
        struct lt_expression *none = make_node(lookup, LT_EXPR_LITERAL, NULL, 0);
        none->type = lt_type_simple(LT_TYPE_BOOLEAN);
        none->value = lt_value_i64(0);
        exists = make_call(lookup, "not", make_call(lookup, "coalesce", exists, none), NULL);
    }
    filter->expressions[0] = exists;
    *out = filter;
    return lt_sql_complete(lookup->analysis, filter);
}

/* The stream's columns, then those of the table. */
static int flatten(const struct lookup *lookup, struct lt_expression *table,
                   struct lt_expression *lambda, bool is_outer, struct lt_plan_node **out)
{
    const struct lt_type *schema = lookup->join->nodes[lookup->stream]->schema;
    struct lt_plan_node *project =
        lt_sql_node_over(lookup->analysis, LT_PLAN_PROJECT, lookup->join->nodes[lookup->stream],
                         lookup->join->text, schema->field_count + 1);
    for (uint32_t i = 0; i < schema->field_count; i++)
        project->expressions[i] = lt_sql_pick(lookup->analysis, schema, i, schema->fields[i].name,
                                              schema->fields[i].type);
    struct lt_expression *rows =
        make_call(lookup, "inline", make_call(lookup, "filter", table, lambda), NULL);
    project->expressions[schema->field_count] =
        lt_generator_item(rows, NULL, 0, is_outer, arena_of(lookup));
    *out = project;
    return lt_sql_complete(lookup->analysis, project);
}

/* What comes out, in its order. Of columns that USING merges those of the stream are kept: what it
 * has no partner for comes out too. */
static int project_out(const struct lookup *lookup, struct lt_plan_node **out)
{
    const struct lt_type *to = lookup->join->schema, *from = (*out)->schema;
    const uint32_t width = lookup->join->nodes[lookup->stream]->schema->field_count;
    struct lt_plan_node *project = lt_sql_node_over(lookup->analysis, LT_PLAN_PROJECT, *out,
                                                    lookup->join->text, to->field_count);
    for (uint32_t i = 0; i < to->field_count; i++) {
        const struct lt_sql_origin *origin = &lookup->join->origins[i];
        bool is_other = origin->other >= 0 && lookup->stream == 1;
        unsigned side = is_other ? 1 : origin->side;
        uint32_t column = is_other ? (uint32_t)origin->other : origin->column;
        column += side == lookup->stream ? 0 : width;
        project->expressions[i] = lt_sql_pick(lookup->analysis, from, column, to->fields[i].name,
                                              from->fields[column].type);
    }
    *out = project;
    return lt_sql_complete(lookup->analysis, project);
}

int lt_sql_lower_static(struct lt_sql_analysis *analysis, const struct lt_sql_join *join,
                        unsigned stream, struct lt_sql_use *use, struct lt_plan_node **out)
{
    static const char *const kinds[2][5] = {
        {"Inner", "Cross", "LeftOuter", "LeftSemi", "LeftAnti"}, {"Inner", "Cross", "RightOuter"}};
    struct lookup lookup = {.analysis = analysis,
                            .join = join,
                            .stream = stream,
                            .left_count = join->nodes[0]->schema->field_count,
                            .table = join->nodes[1 - stream]};
    bool is_known = false;
    for (size_t i = 0; i < 5 && kinds[stream][i] != NULL; i++)
        is_known |= strcmp(kinds[stream][i], join->kind) == 0;
    if (!is_known || analysis->env->host->collect == NULL)
        return LT_OK;
    struct lt_expression *table = NULL, *lambda = make_lambda(&lookup);
    if (lambda == NULL)
        return LT_OK;
    int code = read_table(&lookup, &table);
    if (code != LT_OK)
        return code;
    struct lt_plan_node *node = NULL;
    bool is_anti = strcmp(join->kind, "LeftAnti") == 0;
    if (is_anti || strcmp(join->kind, "LeftSemi") == 0) {
        code = filter_stream(&lookup, table, lambda, is_anti, &node);
    } else {
        code = flatten(&lookup, table, lambda, strstr(join->kind, "Outer") != NULL, &node);
        if (code == LT_OK)
            code = project_out(&lookup, &node);
    }
    if (code != LT_OK)
        return code;
    use->is_made = true;
    *out = node;
    return LT_OK;
}
