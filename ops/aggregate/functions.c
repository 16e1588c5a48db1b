/*
 * The rows of the function table for aggregates: counts, sums, extremes, lists, percentiles. Types
 * are Spark's. Each example is a call and the rows it is made over; a test makes it.
 */
#include "core/data/decimal.h"
#include "ops/aggregate/infer.h"
#include "ops/aggregate/kind.h"
#include "ops/expr/expr.h"

/* ------------------------------------------------------------------------------ counts and sums */

static int infer_count(struct lt_analyser *analyser, struct lt_expression *call)
{
    for (uint32_t i = 0; i < call->argument_count; i++) {
        int code = lt_coerce_is_open(call->arguments[i])
                       ? lt_aggregate_decide(analyser, call, i, LT_TYPE_STRING)
                       : LT_OK;
        if (code != LT_OK)
            return code;
    }
    return lt_aggregate_finish(call, lt_type_simple(LT_TYPE_BIGINT), false);
}

static int conclude_never_null(struct lt_analyser *analyser, struct lt_expression *call)
{
    (void)analyser;
    call->nullable = false;
    return LT_OK;
}

/* A number or an interval; text becomes a double. */
static int needs_sum(struct lt_analyser *analyser, struct lt_expression *call)
{
    int code = lt_aggregate_decide(analyser, call, 0, LT_TYPE_DOUBLE);
    const struct lt_type *type = call->arguments[0]->type;
    if (code == LT_OK && lt_type_is_text(type))
        return lt_analyser_cast(analyser, &call->arguments[0], lt_type_simple(LT_TYPE_DOUBLE));
    if (code == LT_OK && !lt_type_is_numeric(type) && !lt_type_is_ansi_interval(type))
        code = lt_aggregate_refuse_input(analyser, call, 0, "\"NUMERIC\" or \"ANSI INTERVAL\"");
    return code;
}

static int needs_number(struct lt_analyser *analyser, struct lt_expression *call, uint32_t index)
{
    int code = lt_aggregate_decide(analyser, call, index, LT_TYPE_DOUBLE);
    const struct lt_type *type = call->arguments[index]->type;
    if (code == LT_OK && lt_type_is_text(type))
        return lt_analyser_cast(analyser, &call->arguments[index], lt_type_simple(LT_TYPE_DOUBLE));
    if (code == LT_OK && !lt_type_is_numeric(type))
        code = lt_aggregate_refuse_input(analyser, call, index, "\"NUMERIC\"");
    return code;
}

static const struct lt_type *wider(struct lt_analyser *analyser, const struct lt_type *type,
                                   unsigned more_digits, unsigned more_scale)
{
    unsigned precision = type->precision + more_digits, scale = type->scale + more_scale;
    precision = precision > LT_DECIMAL_PRECISION_MAX ? LT_DECIMAL_PRECISION_MAX : precision;
    scale = scale > LT_DECIMAL_PRECISION_MAX ? LT_DECIMAL_PRECISION_MAX : scale;
    return lt_type_decimal(analyser->coerce.arena, (uint8_t)precision, (uint8_t)scale);
}

static int infer_sum(struct lt_analyser *analyser, struct lt_expression *call)
{
    int code = needs_sum(analyser, call);
    const struct lt_type *type = call->arguments[0]->type;
    if (code != LT_OK)
        return code;
    if (type->kind == LT_TYPE_DECIMAL)
        type = wider(analyser, type, 10, 0);
    else if (!lt_type_is_ansi_interval(type))
        type = lt_type_simple(lt_type_is_integral(type) ? LT_TYPE_BIGINT : LT_TYPE_DOUBLE);
    return lt_aggregate_finish(call, type, true);
}

static int infer_average(struct lt_analyser *analyser, struct lt_expression *call)
{
    int code = needs_sum(analyser, call);
    const struct lt_type *type = call->arguments[0]->type;
    if (code != LT_OK)
        return code;
    if (type->kind == LT_TYPE_DECIMAL)
        type = wider(analyser, type, 4, 4);
    else /* an interval has all its fields */
        type = lt_type_simple(lt_type_is_ansi_interval(type) ? type->kind : LT_TYPE_DOUBLE);
    return lt_aggregate_finish(call, type, true);
}

static int infer_regression_average(struct lt_analyser *analyser, struct lt_expression *call)
{
    const struct lt_function *function = lt_function_at((size_t)call->index, NULL);
    uint32_t averaged = function->aggregate == &lt_aggregate_regr_avgx;
    for (uint32_t i = 0; i < 2; i++) {
        int code = needs_number(analyser, call, i);
        if (code != LT_OK)
            return code;
    }
    const struct lt_type *type = call->arguments[averaged]->type;
    return lt_aggregate_finish(call,
                               type->kind == LT_TYPE_DECIMAL ? wider(analyser, type, 4, 4)
                                                             : lt_type_simple(LT_TYPE_DOUBLE),
                               true);
}

/* ---------------------------------------------------------------------------------- kept values */

static int infer_order(struct lt_analyser *analyser, struct lt_expression *call)
{
    uint32_t last = call->argument_count - 1;
    for (uint32_t i = 0; i <= last; i++) {
        int code = lt_coerce_is_open(call->arguments[i])
                       ? lt_aggregate_decide(analyser, call, i, LT_TYPE_STRING)
                       : LT_OK;
        if (code != LT_OK)
            return code;
    }
    const struct lt_type *ordered = call->arguments[last]->type;
    if (ordered->kind != LT_TYPE_VOID && !lt_type_is_ordered(ordered))
        return lt_analyser_refuse_order(analyser, call, ordered);
    return lt_aggregate_finish(call, call->arguments[0]->type, true);
}

/* The second argument says whether NULLs are ignored. */
static int infer_end(struct lt_analyser *analyser, struct lt_expression *call)
{
    int code = LT_OK;
    if (lt_coerce_is_open(call->arguments[0]))
        code = lt_aggregate_decide(analyser, call, 0, LT_TYPE_STRING);
    if (code == LT_OK && call->argument_count > 1)
        code = lt_aggregate_constant(analyser, call, 1, lt_type_simple(LT_TYPE_BOOLEAN));
    return code == LT_OK ? lt_aggregate_finish(call, call->arguments[0]->type, true) : code;
}

/* ------------------------------------------------------------------------------- lists and sets */

static int infer_list(struct lt_analyser *analyser, struct lt_expression *call)
{
    int code = LT_OK;
    if (lt_coerce_is_open(call->arguments[0]))
        code = lt_aggregate_decide(analyser, call, 0, LT_TYPE_STRING);
    const struct lt_type *element = call->arguments[0]->type;
    const struct lt_type *type = lt_type_array(analyser->coerce.arena, element, false);
    return code == LT_OK ? lt_aggregate_finish(call, type, false) : code;
}

static int infer_set(struct lt_analyser *analyser, struct lt_expression *call)
{
    const struct lt_type *element = call->arguments[0]->type;
    if (!lt_type_is_key(element))
        return lt_analyser_mismatch(analyser, call, "DATATYPE_MISMATCH.UNSUPPORTED_INPUT_TYPE",
                                    "The input of `%s` can't be \"MAP\" type data.", call->name);
    return infer_list(analyser, call);
}

/* Texts or bytes, and a separator of the same; what is ordered by stands behind them already. */
static int infer_listagg(struct lt_analyser *analyser, struct lt_expression *call)
{
    int code = lt_aggregate_decide(analyser, call, 0, LT_TYPE_STRING);
    const struct lt_type *type = call->arguments[0]->type;
    const struct lt_type *string = lt_type_simple(LT_TYPE_STRING);
    if (code == LT_OK && !lt_type_is_bytes(type)) {
        if (!lt_coerce_is_implicit(&analyser->coerce, type, string))
            return lt_aggregate_refuse_input(analyser, call, 0, "(\"STRING\" or \"BINARY\")");
        code = lt_analyser_cast(analyser, &call->arguments[0], string);
    }
    type =
        call->arguments[0]->type->kind == LT_TYPE_BINARY ? lt_type_simple(LT_TYPE_BINARY) : string;
    if (code == LT_OK && call->argument_count > 1 && call->arguments[1]->type->kind == LT_TYPE_VOID)
        code = lt_analyser_cast(analyser, &call->arguments[1], type);
    else if (code == LT_OK && call->argument_count > 1)
        code = lt_aggregate_constant(analyser, call, 1, type);
    return code == LT_OK ? lt_aggregate_finish(call, type, true) : code;
}

static int infer_mode(struct lt_analyser *analyser, struct lt_expression *call)
{
    const struct lt_type *type = call->arguments[0]->type;
    if (!lt_type_is_key(type))
        return lt_analyser_later(analyser, call, "the mode of maps");
    if (call->argument_count > 1 && call->arguments[1]->type->kind != LT_TYPE_BOOLEAN)
        return lt_analyser_fail(analyser, LT_E_ANALYSIS, call->arguments[1],
                                "UNEXPECTED_INPUT_TYPE", "42K09",
                                "The second parameter of function `mode` requires the \"BOOLEAN\" "
                                "type, however \"%s\" has the type \"%s\".",
                                lt_expr_resolved_text(call->arguments[1], analyser->coerce.arena),
                                lt_analyser_shown(analyser, call->arguments[1]->type));
    return infer_end(analyser, call);
}

/* ---------------------------------------------------------------------------------- percentiles */

/* The type of one percentile, or of an array of them. */
static int finish_percentile(struct lt_analyser *analyser, struct lt_expression *call,
                             const struct lt_type *type, bool is_array)
{
    if (is_array)
        type = lt_type_array(analyser->coerce.arena, type, false);
    return lt_aggregate_finish(call, type, true);
}

/* Numbers become doubles, intervals stay. */
static int needs_position(struct lt_analyser *analyser, struct lt_expression *call)
{
    int code = lt_aggregate_decide(analyser, call, 0, LT_TYPE_DOUBLE);
    const struct lt_type *type = call->arguments[0]->type;
    if (code != LT_OK || lt_type_is_ansi_interval(type))
        return code;
    if (!lt_type_is_numeric(type) && !lt_type_is_text(type))
        return lt_aggregate_refuse_input(analyser, call, 0,
                                         "(\"NUMERIC\" or \"INTERVAL DAY TO SECOND\" or "
                                         "\"INTERVAL YEAR TO MONTH\")");
    return lt_analyser_cast(analyser, &call->arguments[0], lt_type_simple(LT_TYPE_DOUBLE));
}

static int infer_percentile(struct lt_analyser *analyser, struct lt_expression *call)
{
    int code = needs_position(analyser, call);
    bool is_array = call->argument_count > 1 && call->arguments[1]->type->kind == LT_TYPE_ARRAY;
    if (code == LT_OK && call->argument_count > 1)
        code = lt_aggregate_percentages(analyser, call, 1);
    if (code == LT_OK && call->argument_count > 2) {
        const struct lt_type *times = call->arguments[2]->type;
        if (!lt_type_is_integral(times) && times->kind != LT_TYPE_VOID)
            return lt_aggregate_refuse_input(analyser, call, 2, "\"INTEGRAL\"");
        code = lt_analyser_cast(analyser, &call->arguments[2], lt_type_simple(LT_TYPE_BIGINT));
    }
    if (code != LT_OK)
        return code;
    /* an interval has all its fields */
    return finish_percentile(analyser, call, lt_type_simple(call->arguments[0]->type->kind),
                             is_array);
}

static int infer_approximate(struct lt_analyser *analyser, struct lt_expression *call)
{
    int code = lt_aggregate_decide(analyser, call, 0, LT_TYPE_DOUBLE);
    const struct lt_type *type = call->arguments[0]->type;
    if (code == LT_OK && lt_type_is_text(type))
        code = lt_analyser_cast(analyser, &call->arguments[0], lt_type_simple(LT_TYPE_DOUBLE));
    else if (code == LT_OK && !lt_type_is_numeric(type) && !lt_type_is_datetime(type) &&
             !lt_type_is_ansi_interval(type))
        code = lt_aggregate_refuse_input(analyser, call, 0,
                                         "(\"NUMERIC\" or \"DATE\" or \"TIMESTAMP\" or "
                                         "\"TIMESTAMP_NTZ\" or \"INTERVAL DAY TO SECOND\" or "
                                         "\"INTERVAL YEAR TO MONTH\")");
    bool is_array = call->arguments[1]->type->kind == LT_TYPE_ARRAY;
    if (code == LT_OK)
        code = lt_aggregate_percentages(analyser, call, 1);
    if (code == LT_OK && call->argument_count > 2)
        code = lt_aggregate_constant(analyser, call, 2, lt_type_simple(LT_TYPE_BIGINT));
    if (code == LT_OK && call->argument_count > 2) {
        int64_t accuracy = call->arguments[2]->value.i64;
        if (accuracy <= 0 || accuracy > INT32_MAX)
            return lt_analyser_mismatch(analyser, call, "DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE",
                                        "The `accuracy` must be between (0, 2147483647] (current "
                                        "value = %lldL).",
                                        (long long)accuracy);
    }
    return code == LT_OK ? finish_percentile(analyser, call, call->arguments[0]->type, is_array)
                         : code;
}

static int infer_distinct(struct lt_analyser *analyser, struct lt_expression *call)
{
    const struct lt_type *type = call->arguments[0]->type;
    int code = LT_OK;
    if (!lt_type_is_key(type))
        return lt_analyser_later(analyser, call, "a count of distinct maps");
    if (lt_coerce_is_open(call->arguments[0]))
        code = lt_aggregate_decide(analyser, call, 0, LT_TYPE_STRING);
    if (code == LT_OK && call->argument_count > 1)
        code = lt_aggregate_constant(analyser, call, 1, lt_type_simple(LT_TYPE_DOUBLE));
    if (code == LT_OK && call->argument_count > 1 && !(call->arguments[1]->value.f64 <= 0.39))
        return lt_analyser_fail(analyser, LT_E_ANALYSIS, call, "FAILED_FUNCTION_CALL", "38000",
                                "Failed preparing of the function `%s` for call. Please, double "
                                "check function's arguments; hint: the error is at most 0.39",
                                call->name);
    return code == LT_OK ? lt_aggregate_finish(call, lt_type_simple(LT_TYPE_BIGINT), false) : code;
}

static int infer_bitmaps(struct lt_analyser *analyser, struct lt_expression *call)
{
    if (call->arguments[0]->type->kind != LT_TYPE_BINARY)
        return lt_aggregate_refuse_input(analyser, call, 0, "\"BINARY\"");
    return lt_aggregate_finish(call, lt_type_simple(LT_TYPE_BINARY), false);
}

/* ---------------------------------------------------------------------------------------- table */

/* They have no kernel. */
#define AGGREGATE(kind, parameters, result)                                                        \
    .null_rule = LT_NULL_AWARE, .flow = LT_FLOW_AGGREGATE, .aggregate = &lt_aggregate_##kind,      \
    .signatures = {LT_INLINE(parameters, result, LT_OP_END, LT_FAMILY_NONE)}
#define DETERMINISTIC .is_deterministic = true
#define NUMBERS " FROM VALUES (5), (10), (NULL), (15) AS t(a)"

static const struct lt_function functions[] = {
    {"count", NULL, "count(*) or count(a, ...)",
     "How many rows there are; with arguments, those where none of them is NULL.",
     "count(a)" NUMBERS, "3", DETERMINISTIC, AGGREGATE(count, "aa*", "l"), .infer = infer_count},
    {"count_if", NULL, "count_if(condition)", "How many rows the condition is true for.",
     "count_if(a > 5)" NUMBERS, "2", DETERMINISTIC, AGGREGATE(count_if, "B", "l"),
     .conclude = conclude_never_null},
    {"sum", NULL, "sum(a)",
     "The sum of numbers or intervals; bigint of integers. Overflow is an error.", "sum(a)" NUMBERS,
     "30", DETERMINISTIC, AGGREGATE(sum, "a", "0"), .infer = infer_sum},
    {"try_sum", NULL, "try_sum(a)", "As sum, but NULL when it overflows.",
     "try_sum(a) FROM VALUES (9223372036854775807L), (1L) AS t(a)", "NULL", DETERMINISTIC,
     AGGREGATE(try_sum, "a", "0"), .infer = infer_sum},
    {"avg", "mean", "avg(a)", "The average of numbers or intervals.", "avg(a)" NUMBERS, "10.0",
     DETERMINISTIC, AGGREGATE(avg, "a", "0"), .infer = infer_average},
    {"try_avg", NULL, "try_avg(a)", "As avg, but NULL when the sum overflows.",
     "try_avg(a)" NUMBERS, "10.0", DETERMINISTIC, AGGREGATE(try_avg, "a", "0"),
     .infer = infer_average},
    {"min", NULL, "min(a)", "The least value.", "min(a)" NUMBERS, "5", DETERMINISTIC,
     AGGREGATE(min, "a", "0"), .infer = infer_order},
    {"max", NULL, "max(a)", "The greatest value; NaN is greater than any number.", "max(a)" NUMBERS,
     "15", DETERMINISTIC, AGGREGATE(max, "a", "0"), .infer = infer_order},
    {"min_by", NULL, "min_by(a, b)", "The a of the row whose b is the least.",
     "min_by(a, b) FROM VALUES ('x', 10), ('y', 50), ('z', 20) AS t(a, b)", "x", DETERMINISTIC,
     AGGREGATE(min_by, "aa", "0"), .infer = infer_order},
    {"max_by", NULL, "max_by(a, b)", "The a of the row whose b is the greatest.",
     "max_by(a, b) FROM VALUES ('x', 10), ('y', 50), ('z', 20) AS t(a, b)", "y", DETERMINISTIC,
     AGGREGATE(max_by, "aa", "0"), .infer = infer_order},
    {"first", "first_value", "first(a[, ignoreNulls])",
     "The value of the first row; with ignoreNulls true, or IGNORE NULLS, the first that is not "
     "NULL.",
     "first(a, true) FROM VALUES (NULL), (5), (20) AS t(a)", "5", AGGREGATE(first, "a[P]", "0"),
     .infer = infer_end},
    {"last", "last_value", "last(a[, ignoreNulls])",
     "The value of the last row; with ignoreNulls true, or IGNORE NULLS, the last that is not "
     "NULL.",
     "last(a, true) FROM VALUES (10), (5), (NULL) AS t(a)", "5", AGGREGATE(last, "a[P]", "0"),
     .infer = infer_end},
    {"any_value", NULL, "any_value(a[, ignoreNulls])", "The value of some row: here the first.",
     "any_value(a) FROM VALUES (10), (5), (20) AS t(a)", "10", AGGREGATE(first, "a[P]", "0"),
     .infer = infer_end},
    {"bool_and", "every", "bool_and(condition)", "True when the condition is for every row.",
     "bool_and(a > 5)" NUMBERS, "false", DETERMINISTIC, AGGREGATE(min, "B", "B")},
    {"bool_or", "some,any", "bool_or(condition)", "True when the condition is for some row.",
     "bool_or(a > 5)" NUMBERS, "true", DETERMINISTIC, AGGREGATE(max, "B", "B")},
    {"bit_and", NULL, "bit_and(a)", "The bits that all integers have.",
     "bit_and(a) FROM VALUES (3), (5) AS t(a)", "1", DETERMINISTIC, AGGREGATE(bit_and, "g", "0")},
    {"bit_or", NULL, "bit_or(a)", "The bits that any of the integers has.",
     "bit_or(a) FROM VALUES (3), (5) AS t(a)", "7", DETERMINISTIC, AGGREGATE(bit_or, "g", "0")},
    {"bit_xor", NULL, "bit_xor(a)", "The bits that an odd number of the integers have.",
     "bit_xor(a) FROM VALUES (3), (5) AS t(a)", "6", DETERMINISTIC, AGGREGATE(bit_xor, "g", "0")},
    {"collect_list", "array_agg", "collect_list(a)", "An array of all values but NULLs.",
     "collect_list(a)" NUMBERS, "[5,10,15]", AGGREGATE(collect_list, "a", "A"),
     .infer = infer_list},
    {"collect_set", NULL, "collect_set(a)", "An array of the different values but NULLs.",
     "collect_set(a) FROM VALUES (1), (2), (1) AS t(a)", "[1,2]", AGGREGATE(collect_set, "a", "A"),
     .infer = infer_set},
    {"listagg", "string_agg", "listagg(a[, separator])",
     "The texts one behind the other; WITHIN GROUP (ORDER BY ...) says in which order.",
     "listagg(a, '-') WITHIN GROUP (ORDER BY a DESC) FROM VALUES ('a'), ('c'), ('b') AS t(a)",
     "c-b-a", AGGREGATE(listagg, "a[a]", "0"), .infer = infer_listagg},
    {"mode", NULL, "mode(a[, deterministic])",
     "The value that is there most often, of several the least.",
     "mode(a) FROM VALUES (0), (10), (10) AS t(a)", "10", DETERMINISTIC,
     AGGREGATE(mode, "a[P]", "0"), .infer = infer_mode},
    {"percentile", NULL, "percentile(a, percentage[, frequency])",
     "The exact percentile, between two values on the line that joins them; of an array of "
     "percentages an array.",
     "percentile(a, 0.3) FROM VALUES (0), (10) AS t(a)", "3.0", DETERMINISTIC,
     AGGREGATE(percentile, "aa[a]", "d"), .infer = infer_percentile},
    {"median", NULL, "median(a)", "The value in the middle, as percentile(a, 0.5) has it.",
     "median(a) FROM VALUES (0), (10) AS t(a)", "5.0", DETERMINISTIC, AGGREGATE(median, "a", "d"),
     .infer = infer_percentile},
    {"percentile_cont", NULL, "percentile_cont(percentage) WITHIN GROUP (ORDER BY a)",
     "As percentile, in the order that is given.",
     "percentile_cont(0.25) WITHIN GROUP (ORDER BY a) FROM VALUES (0), (10) AS t(a)", "2.5",
     DETERMINISTIC, AGGREGATE(percentile_cont, "aa", "d"), .infer = infer_percentile},
    {"percentile_disc", NULL, "percentile_disc(percentage) WITHIN GROUP (ORDER BY a)",
     "The first value in that order that so large a share of the values is not behind.",
     "percentile_disc(0.25) WITHIN GROUP (ORDER BY a) FROM VALUES (0), (10) AS t(a)", "0.0",
     DETERMINISTIC, AGGREGATE(percentile_disc, "aa", "d"), .infer = infer_percentile},
    {"approx_percentile", "percentile_approx", "approx_percentile(a, percentage[, accuracy])",
     "A value whose rank is that of the percentile up to 1 / accuracy of all; accuracy is 10000.",
     "approx_percentile(a, array(0.5, 0.4, 0.1), 100) FROM VALUES (0), (1), (2), (10) AS t(a)",
     "[1,1,0]", DETERMINISTIC, AGGREGATE(approx_percentile, "aa[a]", "0"),
     .infer = infer_approximate},
    {"approx_count_distinct", NULL, "approx_count_distinct(a[, error])",
     "How many different values there are, with that relative standard deviation, 0.05.",
     "approx_count_distinct(a) FROM VALUES (1), (1), (2), (2), (3) AS t(a)", "3", DETERMINISTIC,
     AGGREGATE(approx_count_distinct, "a[a]", "l"), .infer = infer_distinct},
    {"bitmap_construct_agg", NULL, "bitmap_construct_agg(position)",
     "A bitmap of 4096 bytes with the bits at all the positions.",
     "bitmap_construct_agg(a) FROM VALUES (1), (8) AS t(a)", NULL, DETERMINISTIC,
     AGGREGATE(bitmap_construct, "l", "x"), .conclude = conclude_never_null},
    {"bitmap_or_agg", NULL, "bitmap_or_agg(bitmap)", "The bits that any of the bitmaps has.",
     "bitmap_or_agg(a) FROM VALUES (X'02'), (X'01') AS t(a)", NULL, DETERMINISTIC,
     AGGREGATE(bitmap_or, "x", "x"), .infer = infer_bitmaps},
};

const struct lt_function_group lt_functions_aggregate = {"aggregate", functions,
                                                         sizeof functions / sizeof functions[0]};

#define MOMENT(kind) DETERMINISTIC, AGGREGATE(kind, "d", "d")
#define PAIR(kind) DETERMINISTIC, AGGREGATE(kind, "dd", "d")
#define ONES " FROM VALUES (1), (2), (3) AS t(a)"
#define PAIRS " FROM VALUES (1, 2), (2, 2), (2, 3), (2, 4) AS t(y, x)"

static const struct lt_function statistics[] = {
    {"stddev", "stddev_samp,std", "stddev(a)",
     "The standard deviation of a sample; NULL of one value.", "stddev(a)" ONES, "1.0",
     MOMENT(stddev_samp)},
    {"stddev_pop", NULL, "stddev_pop(a)", "The standard deviation of all there are.",
     "stddev_pop(a)" ONES, "0.816496580927726", MOMENT(stddev_pop)},
    {"variance", "var_samp", "variance(a)", "The variance of a sample; NULL of one value.",
     "variance(a)" ONES, "1.0", MOMENT(var_samp)},
    {"var_pop", NULL, "var_pop(a)", "The variance of all there are.", "var_pop(a)" ONES,
     "0.6666666666666666", MOMENT(var_pop)},
    {"skewness", NULL, "skewness(a)", "How lopsided the values are; NULL when all are the same.",
     "skewness(a) FROM VALUES (-10), (-20), (100), (1000) AS t(a)", "1.1135657469022011",
     MOMENT(skewness)},
    {"kurtosis", NULL, "kurtosis(a)",
     "How heavy the tails are, over those of a normal distribution; NULL when all values are the "
     "same.",
     "kurtosis(a) FROM VALUES (1), (10), (100), (10), (1) AS t(a)", "0.19432323191698986",
     MOMENT(kurtosis)},
    {"corr", NULL, "corr(a, b)", "Pearson's correlation of two columns.",
     "corr(a, b) FROM VALUES (3, 2), (3, 3), (6, 4) AS t(a, b)", "0.8660254037844387", PAIR(corr)},
    {"covar_pop", NULL, "covar_pop(a, b)", "The covariance of all there are.",
     "covar_pop(a, b) FROM VALUES (1, 1), (2, 2), (3, 3) AS t(a, b)", "0.6666666666666666",
     PAIR(covar_pop)},
    {"covar_samp", NULL, "covar_samp(a, b)", "The covariance of a sample; NULL of one pair.",
     "covar_samp(a, b) FROM VALUES (1, 1), (2, 2), (3, 3) AS t(a, b)", "1.0", PAIR(covar_samp)},
    {"regr_count", NULL, "regr_count(y, x)", "How many pairs there are where neither is NULL.",
     "regr_count(y, x)" PAIRS, "4", DETERMINISTIC, AGGREGATE(regr_count, "dd", "l"),
     .conclude = conclude_never_null},
    {"regr_avgx", NULL, "regr_avgx(y, x)", "The average of x over such pairs.",
     "regr_avgx(y, x)" PAIRS, "2.75", DETERMINISTIC, AGGREGATE(regr_avgx, "aa", "d"),
     .infer = infer_regression_average},
    {"regr_avgy", NULL, "regr_avgy(y, x)", "The average of y over such pairs.",
     "regr_avgy(y, x)" PAIRS, "1.75", DETERMINISTIC, AGGREGATE(regr_avgy, "aa", "d"),
     .infer = infer_regression_average},
    {"regr_r2", NULL, "regr_r2(y, x)",
     "How much of y the straight line through the pairs explains.", "regr_r2(y, x)" PAIRS,
     "0.2727272727272726", PAIR(regr_r2)},
    {"regr_slope", NULL, "regr_slope(y, x)", "The slope of that line.",
     "regr_slope(y, x) FROM VALUES (1, 1), (2, 2), (3, 3) AS t(y, x)", "1.0", PAIR(regr_slope)},
    {"regr_intercept", NULL, "regr_intercept(y, x)", "Where that line is at x = 0.",
     "regr_intercept(y, x) FROM VALUES (1, 1), (2, 2), (3, 3) AS t(y, x)", "0.0",
     PAIR(regr_intercept)},
    {"regr_sxx", NULL, "regr_sxx(y, x)", "The sum of the squares of x around its mean.",
     "regr_sxx(y, x)" PAIRS, "2.75", PAIR(regr_sxx)},
    {"regr_sxy", NULL, "regr_sxy(y, x)", "The sum of the products of y and x around their means.",
     "regr_sxy(y, x) FROM VALUES (1, 1), (2, 2), (3, 3) AS t(y, x)", "2.0", PAIR(regr_sxy)},
    {"regr_syy", NULL, "regr_syy(y, x)", "The sum of the squares of y around its mean.",
     "regr_syy(y, x)" PAIRS, "0.75", PAIR(regr_syy)},
};

const struct lt_function_group lt_functions_aggregate_statistics = {
    "statistics", statistics, sizeof statistics / sizeof statistics[0]};
