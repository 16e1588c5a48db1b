/*
 * What stands behind a query as a whole - ORDER BY, SORT BY, DISTRIBUTE BY, CLUSTER BY, LIMIT and
 * OFFSET - and the hints of a select that are operators. What is wrong about them is told first;
 * ORDER BY and LIMIT become nodes (lower.h), and no mode runs the others.
 */
#include <string.h>

#include "core/base/ascii.h"
#include "ops/expr/diagnose.h"
#include "ops/expr/expr.h"
#include "ops/sql/analysis.h"
#include "ops/sql/find.h"
#include "ops/sql/lower.h"

/* ---------------------------------------------------------------------------------------- order */

static bool is_integer(const struct lt_expression *node)
{
    return node->kind == LT_EXPR_LITERAL && node->type->kind == LT_TYPE_INT && !node->is_null;
}

static int check_position(const struct lt_sql_names *names, const struct lt_expression *item,
                          const char *clause)
{
    uint32_t count = names->scope->schema->field_count;
    struct lt_expr_place place = {names->text, item->begin, item->end};
    if (item->value.i64 >= 1 && item->value.i64 <= count)
        return LT_OK;
    return lt_expr_error(names->error, LT_E_ANALYSIS, "ORDER_BY_POS_OUT_OF_RANGE", "42805", place,
                         "%s position %lld is not in select list (valid range is [1, %u]).", clause,
                         (long long)item->value.i64, count);
}

/* Columns that the query gives, else those that its select list saw. */
static int check_item(struct lt_sql_analysis *analysis, const struct lt_sql_output *out,
                      const char *text, struct lt_expression *item)
{
    struct lt_sql_names names = lt_sql_names_in(analysis, &out->scope, text);
    int code = lt_sql_check_names(&names, &item);
    if (code == LT_OK || out->under.schema == NULL)
        return code;
    struct lt_error ignored;
    struct lt_sql_names under = lt_sql_names_in(analysis, &out->under, text);
    under.error = &ignored;
    return lt_sql_check_names(&under, &item) == LT_OK ? LT_OK : code;
}

const char *lt_sql_order_text(const char *text, uint32_t end)
{
    const char *at = text + end + strspn(text + end, " \t\r\n");
    bool is_descending = lt_ascii_starts_with(at, "desc");
    if (is_descending || lt_ascii_starts_with(at, "asc"))
        at += is_descending ? 4 : 3;
    at += strspn(at, " \t\r\n");
    bool has_nulls = lt_ascii_starts_with(at, "nulls");
    at += has_nulls ? 5 : 0;
    at += strspn(at, " \t\r\n");
    bool is_last = has_nulls ? lt_ascii_starts_with(at, "last") : is_descending;
    if (is_descending)
        return is_last ? "DESC NULLS LAST" : "DESC NULLS FIRST";
    return is_last ? "ASC NULLS LAST" : "ASC NULLS FIRST";
}

static bool has_order(const struct lt_type *type)
{
    for (uint32_t i = 0; i < type->field_count; i++) {
        if (!has_order(type->fields[i].type))
            return false;
    }
    return type->kind != LT_TYPE_MAP && type->kind != LT_TYPE_VARIANT &&
           type->kind != LT_TYPE_INTERVAL_CALENDAR;
}

/* What is sorted by can be compared. What cannot be analysed here is told of elsewhere. */
static int check_order(struct lt_sql_analysis *analysis, const struct lt_sql_output *out,
                       const char *clause, const char *text, const struct lt_expression *item)
{
    struct lt_arena *arena = analysis->env->arena;
    struct lt_expr_place place = {text, item->begin, item->end};
    const char *order = lt_sql_order_text(text, item->end), *shown = lt_expr_text(item, arena);
    if (lt_sql_find(item, lt_sql_is_generator) != NULL)
        return lt_expr_error(analysis->error, LT_E_ANALYSIS, "UNSUPPORTED_GENERATOR.OUTSIDE_SELECT",
                             "42K0E", place,
                             "The generator is not supported: outside the SELECT clause, found: "
                             "Sort [%s %s], %s.",
                             shown, order, strcmp(clause, "ORDER BY") == 0 ? "true" : "false");
    struct lt_expression *copy = lt_sql_copy_tree(item, arena);
    struct lt_error ignored;
    lt_error_clear(&ignored);
    int code =
        lt_expr_analyse(&copy, text, out->scope.schema, analysis->env->session, arena, &ignored);
    if (code != LT_OK || has_order(copy->type))
        return LT_OK;
    return lt_expr_error(analysis->error, LT_E_ANALYSIS, "DATATYPE_MISMATCH.INVALID_ORDERING_TYPE",
                         "42K09", place,
                         "Cannot resolve \"%s %s\" due to data type mismatch: The `sortorder` does "
                         "not support ordering on type \"%s\".",
                         shown, order, lt_type_sql(arena, copy->type));
}

static bool is_all(const struct lt_parser_items *items)
{
    return items->count == 1 && items->items[0]->kind == LT_EXPR_COLUMN &&
           lt_ascii_compare(items->items[0]->name, "all") == 0;
}

static int check_items(struct lt_sql_analysis *analysis, const struct lt_parser_items *items,
                       const char *clause, const char *text, const struct lt_sql_output *out)
{
    struct lt_sql_names names = lt_sql_names_in(analysis, &out->scope, text);
    for (uint32_t i = 0; i < items->count; i++) {
        if (items->items[i]->kind == LT_EXPR_STAR)
            return lt_sql_refuse_star(&names, items->items[i],
                                      clause != NULL ? "Sort" : "RepartitionByExpression");
        bool is_position = clause != NULL && is_integer(items->items[i]);
        int code = is_position     ? check_position(&names, items->items[i], clause)
                   : is_all(items) ? LT_OK
                                   : check_item(analysis, out, text, items->items[i]);
        if (code == LT_OK && clause != NULL && !is_position)
            code = check_order(analysis, out, clause, text, items->items[i]);
        if (code != LT_OK)
            return code;
    }
    return LT_OK;
}

/* ---------------------------------------------------------------------------------------- limit */

static int refuse_limit(const struct lt_sql_names *names, const struct lt_expression *node,
                        const char *printed, const char *what, const char *clause)
{
    struct lt_expr_place place = {names->text, node->begin, node->end};
    bool is_negative = strcmp(what, "IS_NEGATIVE") == 0;
    const char *condition = lt_arena_format(names->arena, "INVALID_LIMIT_LIKE_EXPRESSION.%s", what);
    const char *why = lt_arena_format(names->arena, "evaluate to a constant value");
    if (is_negative)
        why = lt_arena_format(names->arena, "be equal to or greater than 0, but got %lld",
                              (long long)node->value.i64);
    else if (strcmp(what, "DATA_TYPE") == 0)
        why = lt_arena_format(names->arena, "be integer type, but got \"%s\"",
                              lt_type_sql(names->arena, node->type));
    return lt_expr_error(names->error, LT_E_ANALYSIS, condition, "42K0E", place,
                         "The limit like expression \"%s\" is invalid. The %s expression must %s.",
                         printed, clause, why);
}

/* Fills in how many. */
static int check_limit(struct lt_sql_analysis *analysis, struct lt_expression *node,
                       const char *clause, const char *text, const struct lt_sql_output *out,
                       int64_t *limit)
{
    struct lt_sql_names names = lt_sql_names_in(analysis, &out->scope, text);
    if (lt_sql_find(node, lt_sql_is_generator) != NULL)
        return lt_expr_error(analysis->error, LT_E_ANALYSIS, "UNSUPPORTED_GENERATOR.OUTSIDE_SELECT",
                             "42K0E", (struct lt_expr_place){text, node->begin, node->end},
                             "The generator is not supported: outside the SELECT clause, found: "
                             "%s %s.",
                             strcmp(clause, "limit") == 0 ? "LocalLimit" : "Offset",
                             lt_expr_text(node, names.arena));
    bool is_query = lt_sql_find(node, lt_sql_is_subquery) != NULL;
    int code = lt_sql_resolve_names(&names, &node);
    const char *printed = code == LT_OK ? lt_expr_text(node, names.arena) : "";
    if (code == LT_OK)
        code = lt_expr_analyse(&node, text, out->scope.schema, analysis->env->session, names.arena,
                               analysis->error);
    if (code != LT_OK)
        return code;
    if (is_query || node->kind != LT_EXPR_LITERAL)
        return refuse_limit(&names, node, printed, "IS_UNFOLDABLE", clause);
    if (node->type->kind != LT_TYPE_INT)
        return refuse_limit(&names, node, printed, "DATA_TYPE", clause);
    *limit = node->value.i64;
    return *limit < 0 ? refuse_limit(&names, node, printed, "IS_NEGATIVE", clause) : LT_OK;
}

/* From the inside out, as plans are walked. */
int lt_sql_analyse_tail(struct lt_sql_analysis *analysis, const struct lt_sql_query *query,
                        const char *text, struct lt_sql_output *out)
{
    const struct {
        const struct lt_parser_items *items;
        const char *name, *clause;
    } lists[] = {{&query->distribute_by, "RepartitionByExpression", NULL},
                 {&query->sort_by, "Sort", "SORT BY"},
                 {&query->order_by, "Sort", "ORDER BY"}};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        int code = check_items(analysis, lists[i].items, lists[i].clause, text, out);
        if (code != LT_OK)
            return code;
        if (lists[i].items->count == 0)
            continue;
        struct lt_sql_use *use =
            lt_sql_use(&analysis->uses, lists[i].name, text, query->begin, query->end);
        if (analysis->env->may_batch && lists[i].clause == NULL)
            use->is_made = true; /* rows are dealt to lanes in another way, and that is all */
        else if (analysis->env->may_batch)
            code = lt_sql_lower_sort(analysis, lists[i].items, text, use, out);
        if (code != LT_OK)
            return code;
    }
    if (query->is_clustered) { /* which sorts what it distributes */
        struct lt_sql_use *use =
            lt_sql_use(&analysis->uses, "Sort", text, query->begin, query->end);
        int code = analysis->env->may_batch
                       ? lt_sql_lower_sort(analysis, &query->distribute_by, text, use, out)
                       : LT_OK;
        if (code != LT_OK)
            return code;
    }
    const struct {
        struct lt_expression *node;
        const char *name, *clause;
    } limits[] = {{query->offset, "Offset", "offset"}, {query->limit, "LocalLimit", "limit"}};
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        struct lt_expression *node = limits[i].node;
        int64_t limit = 0;
        int code = node == NULL
                       ? LT_OK
                       : check_limit(analysis, node, limits[i].clause, text, out, &limit);
        if (code != LT_OK)
            return code;
        if (node == NULL)
            continue;
        struct lt_sql_use *use =
            lt_sql_use(&analysis->uses, limits[i].name, text, node->begin, node->end);
        if (node == query->limit && analysis->env->may_batch)
            lt_sql_lower_limit(analysis, limit, use, out);
    }
    return LT_OK;
}

/* ---------------------------------------------------------------------------------------- hints */

int lt_sql_use_hints(struct lt_sql_analysis *analysis, const struct lt_sql_select *select,
                     const char *text, const struct lt_sql_output *out)
{
    static const char *const names[][2] = {{"coalesce", "Repartition"},
                                           {"repartition", "RepartitionByExpression"},
                                           {"repartition_by_range", "RepartitionByExpression"},
                                           {"rebalance", "RebalancePartitions"},
                                           {"broadcast", "ResolvedHint"},
                                           {"broadcastjoin", "ResolvedHint"},
                                           {"mapjoin", "ResolvedHint"},
                                           {"merge", "ResolvedHint"},
                                           {"shuffle_hash", "ResolvedHint"},
                                           {"shuffle_replicate_nl", "ResolvedHint"}};
    for (uint32_t i = 0; i < select->hints.count; i++) {
        const struct lt_expression *hint = select->hints.items[i];
        const char *use = NULL;
        for (size_t j = 0; j < sizeof names / sizeof names[0]; j++)
            use = lt_ascii_compare(names[j][0], hint->name) == 0 ? names[j][1] : use;
        if (use == NULL)
            continue; /* Spark warns of hints that it does not know, and goes on */
        bool takes_columns = strncmp(use, "Re", 2) == 0 && strcmp(use, "ResolvedHint") != 0;
        uint32_t numbers = 0;
        for (uint32_t j = 0; j < hint->argument_count && takes_columns; j++) {
            numbers += is_integer(hint->arguments[j]);
            int code = is_integer(hint->arguments[j])
                           ? LT_OK
                           : check_item(analysis, &(struct lt_sql_output){.scope = out->scope},
                                        text, hint->arguments[j]);
            if (code != LT_OK)
                return code;
        }
        if (strcmp(use, "RepartitionByExpression") == 0 && numbers == 1 &&
            hint->argument_count == 1)
            use = "Repartition";
        lt_sql_use(&analysis->uses, use, text, hint->begin, hint->end)->is_made =
            analysis->env->may_batch; /* they deal rows to lanes in another way, and that is all */
    }
    return LT_OK;
}
