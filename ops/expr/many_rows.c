/*
 * The table, in the order of names, and what is said of a call where it cannot stand.
 */
#include "ops/expr/many_rows.h"
#include "ops/expr/expr.h"

#include <string.h>

#define ROW(name, fewest, most, kind, gives)                                                       \
    {                                                                                              \
        name, fewest, most, LT_MANY_ROWS_##kind, LT_GIVES_##gives                                  \
    }
enum { ANY_COUNT = UINT8_MAX };

static const struct lt_many_rows functions[] = {
    ROW("count_min_sketch", 4, 4, AGGREGATE, BINARY),
    ROW("cume_dist", 0, 0, RANKING, DOUBLE),
    ROW("dense_rank", 0, ANY_COUNT, RANKING, BIGINT),
    ROW("grouping", 1, 1, AGGREGATE, BIGINT),
    ROW("grouping_id", 0, ANY_COUNT, AGGREGATE, BIGINT),
    ROW("histogram_numeric", 2, 2, AGGREGATE, LIST),
    ROW("hll_sketch_agg", 1, 2, AGGREGATE, BINARY),
    ROW("hll_union_agg", 1, 2, AGGREGATE, BINARY),
    ROW("lag", 1, 3, RANKING, SAME),
    ROW("lead", 1, 3, RANKING, SAME),
    ROW("nth_value", 2, 2, WINDOW, SAME),
    ROW("ntile", 0, 1, RANKING, BIGINT),
    ROW("percent_rank", 0, ANY_COUNT, RANKING, DOUBLE),
    ROW("rank", 0, ANY_COUNT, RANKING, BIGINT),
    ROW("row_number", 0, 0, RANKING, BIGINT),
    ROW("session_window", 2, 2, TIME_WINDOW, WINDOW),
};
#undef ROW

const struct lt_many_rows *lt_many_rows_find(const char *name)
{
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        if (strcmp(functions[i].name, name) == 0)
            return &functions[i];
    }
    return NULL;
}

int lt_many_rows_check_count(const struct lt_many_rows *function, const struct lt_expression *call,
                             struct lt_expr_place place, struct lt_arena *arena,
                             struct lt_error *error)
{
    uint32_t most = function->most == ANY_COUNT ? UINT32_MAX : function->most;
    if (call->argument_count >= function->fewest && call->argument_count <= most)
        return LT_OK;
    return lt_expr_error(error, LT_E_ANALYSIS, "WRONG_NUM_ARGS.WITHOUT_SUGGESTION", "42605", place,
                         "The `%s` requires %s parameters but the actual number is %u. Please, "
                         "refer to 'https://spark.apache.org/docs/latest/sql-ref-functions.html' "
                         "for a fix.",
                         call->name, lt_accepted_counts(function->fewest, most, arena),
                         call->argument_count);
}

int lt_refuse_many_rows(struct lt_analyser *analyser, const struct lt_expression *call)
{
    const struct lt_many_rows *function = lt_many_rows_find(call->name);
    if (function == NULL || function->kind == LT_MANY_ROWS_TIME_WINDOW)
        return LT_INFER_LETTERS;
    const struct lt_expr_place place = {analyser->text, call->begin, call->end};
    int code =
        lt_many_rows_check_count(function, call, place, analyser->coerce.arena, analyser->error);
    if (code != LT_OK)
        return code;
    if (function->kind != LT_MANY_ROWS_AGGREGATE)
        return lt_analyser_fail(analyser, LT_E_ANALYSIS, call,
                                "WINDOW_FUNCTION_WITHOUT_OVER_CLAUSE", "42601",
                                "Window function \"%s\" requires an OVER clause.",
                                lt_expr_text(call, analyser->coerce.arena));
    return lt_analyser_later(analyser, call, "an aggregate in an expression of one row");
}
