/*
 * Queries inside expressions: (SELECT ...), x IN (SELECT ...), EXISTS (SELECT ...). They are
 * analysed as Spark does, and what they give has its type. One that reads what ends, by projections
 * and filters alone, and names nothing of the query around it, is read here and now, and stands in
 * the plan as the constant that it is: as what a stream is joined with (lower_static.h). No mode of
 * this version runs another one.
 *
 * In the tree they are calls of "scalarsubquery", "insubquery" and "exists" whose index is where
 * the query begins in the text, the bracket behind it being the call's last character. Each is
 * parsed here, at its place in the whole text, so that places are the statement's.
 */
#include <string.h>

#include "ops/expr/coerce.h"
#include "ops/expr/diagnose.h"
#include "ops/expr/expr.h"
#include "ops/sql/analysis.h"
#include "ops/sql/find.h"
#include "ops/sql/lower_static.h"
#include "ops/sql/parse.h"

bool lt_sql_is_subquery(const struct lt_expression *node)
{
    return node->kind == LT_EXPR_CALL && node->type == NULL && node->index >= 0 &&
           (strcmp(node->name, "scalarsubquery") == 0 || strcmp(node->name, "insubquery") == 0 ||
            strcmp(node->name, "exists") == 0);
}

static int refuse_columns(const struct lt_sql_names *names, const struct lt_expression *node,
                          uint32_t count)
{
    struct lt_expr_place place = {names->text, node->begin, node->end};
    return lt_expr_error(
        names->error, LT_E_ANALYSIS,
        "INVALID_SUBQUERY_EXPRESSION.SCALAR_SUBQUERY_RETURN_MORE_THAN_ONE_OUTPUT_COLUMN", "42823",
        place, "Invalid subquery: Scalar subquery must return only one column, but got %u.", count);
}

/* x IN (SELECT ...): as many columns as values, of types that meet. */
static int check_in(struct lt_sql_names *names, struct lt_expression *node,
                    const struct lt_type *schema)
{
    struct lt_expression *left = node->arguments[0];
    struct lt_expr_place place = {names->text, node->begin, node->end};
    const char *printed = lt_expr_text(left, names->arena);
    bool is_row = left->kind == LT_EXPR_CALL && strcmp(left->name, "struct") == 0;
    uint32_t count = is_row ? left->argument_count : 1;
    const char *columns = "";
    for (uint32_t i = 0; i < schema->field_count; i++)
        columns = lt_arena_format(names->arena, "%s%s\"%s\"", columns, i == 0 ? "" : ", ",
                                  schema->fields[i].name);
    if (count != schema->field_count)
        return lt_expr_error(
            names->error, LT_E_ANALYSIS, "DATATYPE_MISMATCH.IN_SUBQUERY_LENGTH_MISMATCH", "42K09",
            place,
            "Cannot resolve \"(%s IN (listquery()))\" due to data type mismatch: The number of "
            "columns in the left hand side of an IN subquery does not match the number of columns "
            "in the output of subquery. Left hand side columns(length: %u): [\"%s\"], right hand "
            "side columns(length: %u): [%s].",
            printed, count, printed, schema->field_count, columns);
    int code = is_row ? LT_OK
                      : lt_expr_analyse(&left, names->text, names->scope->schema, names->session,
                                        names->arena, names->error);
    const struct lt_coerce coerce = {lt_session_or_default(names->session), names->arena};
    if (code != LT_OK || is_row ||
        lt_coerce_common_strict(&coerce, left->type, schema->fields[0].type) != NULL)
        return code;
    return lt_expr_error(
        names->error, LT_E_ANALYSIS, "DATATYPE_MISMATCH.IN_SUBQUERY_DATA_TYPE_MISMATCH", "42K09",
        place,
        "Cannot resolve \"(%s IN (listquery()))\" due to data type mismatch: The data type of one "
        "or more elements in the left hand side of an IN subquery is not compatible with the data "
        "type of the output of the subquery. Mismatched columns: [(%s:%s, %s:%s)], left side: "
        "[\"%s\"], right side: [\"%s\"].",
        printed, printed, lt_type_simple_string(names->arena, left->type), schema->fields[0].name,
        lt_type_simple_string(names->arena, schema->fields[0].type),
        lt_type_sql(names->arena, left->type), lt_type_sql(names->arena, schema->fields[0].type));
}

/* -------------------------------------------------------------------------------- what is read */

static struct lt_expression *literal_of(const struct lt_expression *at, const struct lt_type *type,
                                        const union lt_value *row, struct lt_arena *arena)
{
    struct lt_expression *literal = lt_arena_alloc(arena, sizeof *literal);
    *literal = *at;
    lt_sql_become_value(literal, type);
    if (lt_bit(row->structure->nulls, 0))
        return literal;
    literal->is_null = literal->nullable = false;
    literal->value = row->structure->values[0];
    return literal;
}

static void become_truth(struct lt_expression *node, bool truth)
{
    lt_sql_become_value(node, lt_type_simple(LT_TYPE_BOOLEAN));
    node->is_null = node->nullable = false;
    node->value = lt_value_i64(truth);
}

/* x IN (1, 2, 3): of nothing it is false, whatever x is. */
static void become_in(struct lt_expression *node, struct lt_expression *left,
                      const struct lt_type *type, const struct lt_array *rows,
                      struct lt_arena *arena)
{
    struct lt_expression call = {.kind = LT_EXPR_CALL,
                                 .begin = node->begin,
                                 .end = node->end,
                                 .name = "in",
                                 .argument_count = rows->count + 1,
                                 .index = -1};
    if (rows->count == 0) {
        become_truth(node, false);
        return;
    }
    call.arguments = lt_arena_alloc(arena, (rows->count + 1) * sizeof *call.arguments);
    call.arguments[0] = left;
    for (uint32_t i = 0; i < rows->count; i++)
        call.arguments[i + 1] = literal_of(node, type, &rows->values[i], arena);
    *node = call;
}

static int refuse_rows(const struct lt_sql_names *names, const struct lt_expression *node)
{
    struct lt_expr_place place = {names->text, node->begin, node->end};
    return lt_expr_error(names->error, LT_E_ANALYSIS, "SCALAR_SUBQUERY_TOO_MANY_ROWS", "21000",
                         place,
                         "More than one row returned by a subquery used as an expression.");
}

/* Reads the query, and makes a constant, or a list of constants, of what it gives. */
static int become_rows(const struct lt_sql_analysis *analysis, const struct lt_sql_names *names,
                       struct lt_expression *node, struct lt_expression *left,
                       struct lt_plan_node *query)
{
    const struct lt_sql_host *host = analysis->env->host;
    const struct lt_type *type = query->schema->fields[0].type;
    struct lt_array rows;
    int code = host->collect(host->user, query, LT_SQL_STATIC_ROWS_MAX, names->arena, &rows,
                             names->error);
    if (code != LT_OK)
        return lt_error_append(names->error, "cannot read what a subquery gives");
    if (strcmp(node->name, "exists") == 0)
        become_truth(node, rows.count > 0);
    else if (left != NULL)
        become_in(node, left, type, &rows, names->arena);
    else if (rows.count > 1)
        return refuse_rows(names, node);
    else if (rows.count == 1)
        *node = *literal_of(node, type, &rows.values[0], names->arena);
    else
        lt_sql_become_value(node, type);
    return LT_OK;
}

/* ------------------------------------------------------------------------------------- analysis */

/* What the query gives, analysed where the names of `names` are seen too. *can_read: it can be read
 * now. */
static int analyse(struct lt_sql_analysis *analysis, struct lt_sql_names *names,
                   const struct lt_expression *node, struct lt_sql_output *out, bool *can_read)
{
    struct lt_sql_query *query;
    const char *text = names->text;
    int code = lt_sql_parse_query_part(text, (uint32_t)node->index, node->end - 1, names->arena,
                                       &query, names->error);
    if (code != LT_OK)
        return code;
    const struct lt_sql_names *outer = analysis->outer;
    uint32_t count = analysis->uses.count, watermarks = analysis->uses.watermark_count;
    bool was_bounded = analysis->is_bounded, was_correlated = analysis->is_correlated;
    analysis->outer = names;
    analysis->is_bounded = true;
    analysis->is_correlated = false;
    code = lt_sql_analyse_query(analysis, query, text, analysis->ctes, out);
    bool is_stream = !analysis->is_bounded;
    analysis->outer = outer;
    analysis->is_bounded = was_bounded;
    *can_read = !is_stream && !analysis->is_correlated && analysis->uses.count == count &&
                !analysis->wants_constants && analysis->env->host->collect != NULL;
    analysis->is_correlated |= was_correlated;
    analysis->uses.count = count; /* its operators are those of a query of its own */
    analysis->uses.watermark_count = watermarks;
    if (*can_read)
        return code;
    struct lt_sql_use *use =
        lt_sql_use(&analysis->uses, "Subquery", names->text, node->begin, node->end);
    use->is_right_stream = is_stream;
    return code;
}

int lt_sql_resolve_subquery(void *user, struct lt_sql_names *names, struct lt_expression *node)
{
    struct lt_sql_output out = {0};
    bool is_in = strcmp(node->name, "insubquery") == 0, can_read;
    struct lt_expression *left =
        is_in ? lt_sql_copy_tree(node->arguments[0], names->arena) : NULL;
    int code = analyse(user, names, node, &out, &can_read);
    if (code != LT_OK)
        return code;
    const struct lt_type *schema = out.node->schema, *type = lt_type_simple(LT_TYPE_BOOLEAN);
    bool is_scalar = strcmp(node->name, "scalarsubquery") == 0;
    if (is_scalar && schema->field_count != 1)
        return refuse_columns(names, node, schema->field_count);
    if (is_in)
        code = check_in(names, node, schema);
    if (code != LT_OK)
        return code;
    if (can_read && (is_in ? schema->field_count == 1 : schema->field_count > 0))
        return become_rows(user, names, node, left, out.node);
    if (can_read) /* rows are compared, which there is no constant for */
        lt_sql_use(&((struct lt_sql_analysis *)user)->uses, "Subquery", names->text, node->begin,
                   node->end);
    lt_sql_become_value(node, is_scalar ? schema->fields[0].type : type);
    return LT_OK;
}

void lt_sql_become_value(struct lt_expression *node, const struct lt_type *type)
{
    *node = (struct lt_expression){.kind = LT_EXPR_LITERAL,
                                   .begin = node->begin,
                                   .end = node->end,
                                   .type = type,
                                   .is_null = true,
                                   .nullable = true,
                                   .index = -1};
}
