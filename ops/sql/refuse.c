/*
 * The order of the checks is that of Spark's checker, so that a query with several faults is told
 * the same one.
 */
#include "ops/sql/refuse.h"

#include <string.h>

#include "ops/expr/diagnose.h"

void lt_sql_use(struct lt_sql_uses *uses, const char *name, const char *kind, const char *text,
                uint32_t begin, uint32_t end)
{
    if (uses->count == LT_SQL_USES_MAX)
        return;
    uses->items[uses->count++] = (struct lt_sql_use){name, kind, text, begin, end};
}

static bool is_aggregate(const struct lt_sql_use *use)
{
    return strcmp(use->name, "Aggregate") == 0 || strcmp(use->name, "Distinct") == 0 ||
           strcmp(use->name, "Expand") == 0 || strcmp(use->name, "Pivot") == 0;
}

static const struct lt_sql_use *find_aggregate_use(const struct lt_sql_uses *uses)
{
    for (uint32_t i = 0; i < uses->count; i++) {
        if (is_aggregate(&uses->items[i]))
            return &uses->items[i];
    }
    return NULL;
}

/* --------------------------------------------------------------------------- the output mode */

static int refuse_mode(const struct lt_sql_use *use, const char *mode, const char *operation,
                       struct lt_error *error)
{
    struct lt_expr_place place = {use->text, use->begin, use->end};
    return lt_expr_error(error, LT_E_UNSUPPORTED, "STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION",
                         "42KDE", place,
                         "Invalid streaming output mode: %s. This output mode is not supported for "
                         "%s on streaming DataFrames/DataSets.",
                         mode, operation);
}

static int check_mode(const struct lt_sql_uses *uses, enum lt_output_mode mode,
                      struct lt_error *error)
{
    const struct lt_sql_use *aggregate = find_aggregate_use(uses);
    if (mode == LT_OUTPUT_APPEND && aggregate != NULL && !uses->has_watermark)
        return refuse_mode(aggregate, "append", "streaming aggregations without watermark", error);
    if (mode == LT_OUTPUT_COMPLETE && aggregate == NULL)
        return refuse_mode(&uses->items[0], "complete", "no streaming aggregations", error);
    return LT_OK;
}

/* ------------------------------------------------------------------------------- any stream */

static int refuse_use(const struct lt_sql_use *use, const char *condition, const char *sqlstate,
                      struct lt_error *error, const char *text)
{
    struct lt_expr_place place = {use->text, use->begin, use->end};
    return lt_expr_error(error, LT_E_UNSUPPORTED, condition, sqlstate, place, "%s", text);
}

/* What Spark says of an operator over any stream; NULL: nothing. */
static const char *stream_text(const struct lt_sql_use *use, enum lt_output_mode mode)
{
    static const struct {
        const char *name, *text;
    } texts[] = {
        {"Sort", "Sorting is not supported on streaming DataFrames/Datasets, unless it is on "
                 "aggregated DataFrame/Dataset in Complete output mode"},
        {"Union", "Union between streaming and batch DataFrames/Datasets is not supported"},
        {"Offset", "Offset is not supported on streaming DataFrames/Datasets"},
        {"Sample", "Sampling is not supported on streaming DataFrames/Datasets"},
        {"Intersect", "Intersect of streaming DataFrames/Datasets is not supported"},
        {"Except", "Except on a streaming DataFrame/Dataset on the right is not supported"},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (strcmp(texts[i].name, use->name) == 0 &&
            !(i == 0 && mode == LT_OUTPUT_COMPLETE)) /* there is an aggregation then */
            return texts[i].text;
    }
    if (strcmp(use->name, "LocalLimit") == 0 && mode == LT_OUTPUT_UPDATE)
        return "Limits are not supported on streaming DataFrames/Datasets in Update output mode";
    if (strcmp(use->name, "Aggregate") == 0 && use->kind != NULL)
        return "Distinct aggregations are not supported on streaming DataFrames/Datasets. Consider "
               "using approx_count_distinct() instead.";
    return NULL;
}

static int check_join(const struct lt_sql_use *use, enum lt_output_mode mode, bool has_watermark,
                      struct lt_error *error)
{
    bool is_inner = strcmp(use->kind, "Inner") == 0 || strcmp(use->kind, "Cross") == 0;
    struct lt_expr_place place = {use->text, use->begin, use->end};
    if (strcmp(use->kind, "LeftAnti") == 0)
        return lt_expr_error(error, LT_E_UNSUPPORTED, "_LEGACY_ERROR_TEMP_3102", "", place,
                             "LeftAnti joins with a streaming DataFrame/Dataset on the right are "
                             "not supported");
    if (!is_inner && mode != LT_OUTPUT_APPEND)
        return lt_expr_error(error, LT_E_UNSUPPORTED, "_LEGACY_ERROR_TEMP_3102", "", place,
                             "%s join between two streaming DataFrames/Datasets is not supported "
                             "in %s output mode, only in Append output mode",
                             use->kind, mode == LT_OUTPUT_UPDATE ? "Update" : "Complete");
    if (!is_inner && !has_watermark)
        return lt_expr_error(error, LT_E_UNSUPPORTED, "_LEGACY_ERROR_TEMP_3102", "", place,
                             "Stream-stream %s join between two streaming DataFrame/Datasets is "
                             "not supported without a watermark in the join keys, or a watermark "
                             "on the nullable side and an appropriate range condition",
                             use->kind);
    return LT_OK;
}

static int check_stream(const struct lt_sql_uses *uses, enum lt_output_mode mode,
                        struct lt_error *error)
{
    for (uint32_t i = 0; i < uses->count; i++) {
        const struct lt_sql_use *use = &uses->items[i];
        if (strcmp(use->name, "Window") == 0)
            return refuse_use(use, "NON_TIME_WINDOW_NOT_SUPPORTED_IN_STREAMING", "42KDE", error,
                              "Window function is not supported on streaming "
                              "DataFrames/Datasets. Structured Streaming only supports "
                              "time-window aggregation using the WINDOW function.");
        int code = strcmp(use->name, "Join") == 0
                       ? check_join(use, mode, uses->has_watermark, error)
                       : LT_OK;
        const char *text = stream_text(use, mode);
        if (code == LT_OK && text != NULL)
            code = refuse_use(use, "_LEGACY_ERROR_TEMP_3102", "", error, text);
        if (code != LT_OK)
            return code;
    }
    return LT_OK;
}

int lt_sql_refuse(const struct lt_sql_uses *uses, enum lt_output_mode mode, struct lt_error *error)
{
    if (uses->count == 0)
        return LT_OK;
    int code = check_mode(uses, mode, error);
    if (code == LT_OK)
        code = check_stream(uses, mode, error);
    if (code != LT_OK)
        return code;
    const struct lt_sql_use *use = &uses->items[0];
    struct lt_expr_place place = {use->text, use->begin, use->end};
    return lt_expr_error(error, LT_E_UNSUPPORTED, "_LEGACY_ERROR_TEMP_3102", "", place,
                         "Continuous processing does not support %s operations.", use->name);
}

/* ----------------------------------------------------------------------------------- functions */

static const char *const aggregates[] = {"any",
                                         "any_value",
                                         "approx_count_distinct",
                                         "approx_percentile",
                                         "array_agg",
                                         "avg",
                                         "bit_and",
                                         "bit_or",
                                         "bit_xor",
                                         "bitmap_construct_agg",
                                         "bitmap_or_agg",
                                         "bool_and",
                                         "bool_or",
                                         "collect_list",
                                         "collect_set",
                                         "corr",
                                         "count",
                                         "count_if",
                                         "count_min_sketch",
                                         "covar_pop",
                                         "covar_samp",
                                         "every",
                                         "first",
                                         "first_value",
                                         "grouping",
                                         "grouping_id",
                                         "histogram_numeric",
                                         "hll_sketch_agg",
                                         "hll_union_agg",
                                         "kurtosis",
                                         "last",
                                         "last_value",
                                         "listagg",
                                         "max",
                                         "max_by",
                                         "mean",
                                         "median",
                                         "min",
                                         "min_by",
                                         "mode",
                                         "percentile",
                                         "percentile_approx",
                                         "percentile_cont",
                                         "percentile_disc",
                                         "regr_avgx",
                                         "regr_avgy",
                                         "regr_count",
                                         "regr_intercept",
                                         "regr_r2",
                                         "regr_slope",
                                         "regr_sxx",
                                         "regr_sxy",
                                         "regr_syy",
                                         "skewness",
                                         "some",
                                         "std",
                                         "stddev",
                                         "stddev_pop",
                                         "stddev_samp",
                                         "string_agg",
                                         "sum",
                                         "try_avg",
                                         "try_sum",
                                         "var_pop",
                                         "var_samp",
                                         "variance"};

bool lt_sql_is_aggregate(const char *name)
{
    for (size_t i = 0; i < sizeof aggregates / sizeof aggregates[0]; i++) {
        if (strcmp(aggregates[i], name) == 0)
            return true;
    }
    return false;
}

static bool is_call_of(const struct lt_expression *node, const char *name)
{
    return node->kind == LT_EXPR_CALL && strcmp(node->name, name) == 0;
}

const struct lt_expression *lt_sql_find_aggregate(const struct lt_expression *node)
{
    if (is_call_of(node, "over"))
        return NULL; /* max(x) OVER ... is a window function */
    if (node->kind == LT_EXPR_CALL && lt_sql_is_aggregate(node->name))
        return node;
    for (uint32_t i = 0; i < node->argument_count; i++) {
        const struct lt_expression *found = lt_sql_find_aggregate(node->arguments[i]);
        if (found != NULL)
            return found;
    }
    return NULL;
}

const struct lt_expression *lt_sql_find_window(const struct lt_expression *node)
{
    if (is_call_of(node, "over"))
        return node;
    for (uint32_t i = 0; i < node->argument_count; i++) {
        const struct lt_expression *found = lt_sql_find_window(node->arguments[i]);
        if (found != NULL)
            return found;
    }
    return NULL;
}

bool lt_sql_has_distinct(const struct lt_expression *node)
{
    if (is_call_of(node, "distinct"))
        return true;
    for (uint32_t i = 0; i < node->argument_count; i++) {
        if (lt_sql_has_distinct(node->arguments[i]))
            return true;
    }
    return false;
}
