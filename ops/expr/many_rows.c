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
    ROW("any", 1, 1, AGGREGATE, BOOLEAN),
    ROW("any_value", 1, 2, AGGREGATE, SAME),
    ROW("approx_count_distinct", 1, 2, AGGREGATE, BIGINT),
    ROW("approx_percentile", 2, 3, AGGREGATE, SAME),
    ROW("array_agg", 1, 1, AGGREGATE, LIST),
    ROW("avg", 1, 1, AGGREGATE, AVERAGE),
    ROW("bit_and", 1, 1, AGGREGATE, SAME),
    ROW("bit_or", 1, 1, AGGREGATE, SAME),
    ROW("bit_xor", 1, 1, AGGREGATE, SAME),
    ROW("bitmap_construct_agg", 1, 1, AGGREGATE, BINARY),
    ROW("bitmap_or_agg", 1, 1, AGGREGATE, BINARY),
    ROW("bool_and", 1, 1, AGGREGATE, BOOLEAN),
    ROW("bool_or", 1, 1, AGGREGATE, BOOLEAN),
    ROW("collect_list", 1, 1, AGGREGATE, LIST),
    ROW("collect_set", 1, 1, AGGREGATE, LIST),
    ROW("corr", 2, 2, AGGREGATE, DOUBLE),
    ROW("count", 1, ANY_COUNT, AGGREGATE, BIGINT),
    ROW("count_if", 1, 1, AGGREGATE, BIGINT),
    ROW("count_min_sketch", 4, 4, AGGREGATE, BINARY),
    ROW("covar_pop", 2, 2, AGGREGATE, DOUBLE),
    ROW("covar_samp", 2, 2, AGGREGATE, DOUBLE),
    ROW("cume_dist", 0, 0, RANKING, DOUBLE),
    ROW("dense_rank", 0, ANY_COUNT, RANKING, BIGINT),
    ROW("every", 1, 1, AGGREGATE, BOOLEAN),
    ROW("first", 1, 2, AGGREGATE, SAME),
    ROW("first_value", 1, 2, AGGREGATE, SAME),
    ROW("grouping", 1, 1, AGGREGATE, BIGINT),
    ROW("grouping_id", 0, ANY_COUNT, AGGREGATE, BIGINT),
    ROW("histogram_numeric", 2, 2, AGGREGATE, LIST),
    ROW("hll_sketch_agg", 1, 2, AGGREGATE, BINARY),
    ROW("hll_union_agg", 1, 2, AGGREGATE, BINARY),
    ROW("kurtosis", 1, 1, AGGREGATE, DOUBLE),
    ROW("lag", 1, 3, RANKING, SAME),
    ROW("last", 1, 2, AGGREGATE, SAME),
    ROW("last_value", 1, 2, AGGREGATE, SAME),
    ROW("lead", 1, 3, RANKING, SAME),
    ROW("listagg", 1, 2, AGGREGATE, STRING),
    ROW("max", 1, 1, AGGREGATE, SAME),
    ROW("max_by", 2, 2, AGGREGATE, SAME),
    ROW("mean", 1, 1, AGGREGATE, AVERAGE),
    ROW("median", 1, 1, AGGREGATE, DOUBLE),
    ROW("min", 1, 1, AGGREGATE, SAME),
    ROW("min_by", 2, 2, AGGREGATE, SAME),
    ROW("mode", 0, 2, AGGREGATE, SAME),
    ROW("nth_value", 2, 2, WINDOW, SAME),
    ROW("ntile", 0, 1, RANKING, BIGINT),
    ROW("percent_rank", 0, ANY_COUNT, RANKING, DOUBLE),
    ROW("percentile", 2, 3, AGGREGATE, DOUBLE),
    ROW("percentile_approx", 2, 3, AGGREGATE, SAME),
    ROW("percentile_cont", 1, 1, AGGREGATE, DOUBLE),
    ROW("percentile_disc", 1, 1, AGGREGATE, DOUBLE),
    ROW("rank", 0, ANY_COUNT, RANKING, BIGINT),
    ROW("regr_avgx", 2, 2, AGGREGATE, DOUBLE),
    ROW("regr_avgy", 2, 2, AGGREGATE, DOUBLE),
    ROW("regr_count", 2, 2, AGGREGATE, BIGINT),
    ROW("regr_intercept", 2, 2, AGGREGATE, DOUBLE),
    ROW("regr_r2", 2, 2, AGGREGATE, DOUBLE),
    ROW("regr_slope", 2, 2, AGGREGATE, DOUBLE),
    ROW("regr_sxx", 2, 2, AGGREGATE, DOUBLE),
    ROW("regr_sxy", 2, 2, AGGREGATE, DOUBLE),
    ROW("regr_syy", 2, 2, AGGREGATE, DOUBLE),
    ROW("row_number", 0, 0, RANKING, BIGINT),
    ROW("session_window", 2, 2, TIME_WINDOW, WINDOW),
    ROW("skewness", 1, 1, AGGREGATE, DOUBLE),
    ROW("some", 1, 1, AGGREGATE, BOOLEAN),
    ROW("std", 1, 1, AGGREGATE, DOUBLE),
    ROW("stddev", 1, 1, AGGREGATE, DOUBLE),
    ROW("stddev_pop", 1, 1, AGGREGATE, DOUBLE),
    ROW("stddev_samp", 1, 1, AGGREGATE, DOUBLE),
    ROW("string_agg", 1, 2, AGGREGATE, STRING),
    ROW("sum", 1, 1, AGGREGATE, SUM),
    ROW("try_avg", 1, 1, AGGREGATE, AVERAGE),
    ROW("try_sum", 1, 1, AGGREGATE, SUM),
    ROW("var_pop", 1, 1, AGGREGATE, DOUBLE),
    ROW("var_samp", 1, 1, AGGREGATE, DOUBLE),
    ROW("variance", 1, 1, AGGREGATE, DOUBLE),
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
    if (strcmp(call->name, "count") == 0)
        return lt_expr_error(error, LT_E_ANALYSIS, "WRONG_NUM_ARGS.WITH_SUGGESTION", "42605", place,
                             "The `count` requires  >= 1 parameters but the actual number is 0. If "
                             "you have to call this function with 0 parameters, set the legacy "
                             "configuration \"spark.sql.legacy.allowParameterlessCount\" to "
                             "\"true\".");
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
