/*
 * The names of aggregates and window functions, and how many arguments they take.
 */
#include "ops/expr/many_rows.h"

#include <string.h>

enum { ANY_COUNT = 255 };

static const struct {
    const char *name;
    uint8_t fewest, most;
    bool is_window;
} FUNCTIONS[] = {
    {"cume_dist", 0, 0, true},
    {"dense_rank", 0, ANY_COUNT, true},
    {"lag", 1, 3, true},
    {"lead", 1, 3, true},
    {"nth_value", 2, 2, true},
    {"ntile", 0, 1, true},
    {"percent_rank", 0, ANY_COUNT, true},
    {"rank", 0, ANY_COUNT, true},
    {"row_number", 0, 0, true},
    {"any", 1, 1, false},
    {"any_value", 1, 2, false},
    {"approx_count_distinct", 1, 2, false},
    {"approx_percentile", 2, 3, false},
    {"array_agg", 1, 1, false},
    {"avg", 1, 1, false},
    {"bit_and", 1, 1, false},
    {"bit_or", 1, 1, false},
    {"bit_xor", 1, 1, false},
    {"bool_and", 1, 1, false},
    {"bool_or", 1, 1, false},
    {"collect_list", 1, 1, false},
    {"collect_set", 1, 1, false},
    {"corr", 2, 2, false},
    {"count", 0, ANY_COUNT, false},
    {"count_if", 1, 1, false},
    {"covar_pop", 2, 2, false},
    {"covar_samp", 2, 2, false},
    {"every", 1, 1, false},
    {"first", 1, 2, false},
    {"first_value", 1, 2, false},
    {"kurtosis", 1, 1, false},
    {"last", 1, 2, false},
    {"last_value", 1, 2, false},
    {"listagg", 1, 2, false},
    {"max", 1, 1, false},
    {"max_by", 2, 2, false},
    {"mean", 1, 1, false},
    {"median", 1, 1, false},
    {"min", 1, 1, false},
    {"min_by", 2, 2, false},
    {"mode", 0, 2, false},
    {"percentile", 2, 3, false},
    {"percentile_approx", 2, 3, false},
    {"skewness", 1, 1, false},
    {"some", 1, 1, false},
    {"std", 1, 1, false},
    {"stddev", 1, 1, false},
    {"stddev_pop", 1, 1, false},
    {"stddev_samp", 1, 1, false},
    {"string_agg", 1, 2, false},
    {"sum", 1, 1, false},
    {"try_avg", 1, 1, false},
    {"try_sum", 1, 1, false},
    {"var_pop", 1, 1, false},
    {"var_samp", 1, 1, false},
    {"variance", 1, 1, false},
};

int lt_refuse_many_rows(struct lt_analyser *analyser, const struct lt_expression *call)
{
    size_t row = 0;
    while (row < sizeof FUNCTIONS / sizeof FUNCTIONS[0] &&
           strcmp(FUNCTIONS[row].name, call->name) != 0)
        row++;
    if (row == sizeof FUNCTIONS / sizeof FUNCTIONS[0])
        return LT_INFER_LETTERS;
    uint32_t most = FUNCTIONS[row].most == ANY_COUNT ? UINT32_MAX : FUNCTIONS[row].most;
    if (call->argument_count < FUNCTIONS[row].fewest || call->argument_count > most)
        return lt_analyser_fail(analyser, LT_E_ANALYSIS, call, "WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
                                "42605", "\"%s\" was given %u arguments", call->name,
                                call->argument_count);
    if (FUNCTIONS[row].is_window)
        return lt_analyser_fail(
            analyser, LT_E_ANALYSIS, call, "WINDOW_FUNCTION_WITHOUT_OVER_CLAUSE", "42601",
            "\"%s\" is a function of windows, and needs OVER (...)", call->name);
    return lt_analyser_later(analyser, call, "an aggregate in an expression of one row");
}
