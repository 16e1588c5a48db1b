/*
 * The order of the checks is that of Spark's checker, so that a query with several faults is told
 * the same one. Uses are listed as their operators are walked, inputs first, so what an operator
 * stands over are those that come before it in the list, without a gap: use->first says from where.
 */
#include "ops/sql/refuse.h"

#include <stdio.h>
#include <string.h>

#include "core/base/ascii.h"
#include "ops/expr/diagnose.h"

struct lt_sql_use *lt_sql_use(struct lt_sql_uses *uses, const char *name, const char *text,
                              uint32_t begin, uint32_t end)
{
    bool is_full = uses->count == LT_SQL_USES_MAX;
    struct lt_sql_use *use = is_full ? &uses->spare : &uses->items[uses->count++];
    *use = (struct lt_sql_use){
        .name = name, .text = text, .begin = begin, .end = end, .first = uses->first};
    return use;
}

void lt_sql_use_all(struct lt_sql_uses *uses, const struct lt_sql_uses *built)
{
    const uint32_t before = uses->count;
    for (uint32_t i = 0; i < built->count; i++) {
        const struct lt_sql_use *from = &built->items[i];
        struct lt_sql_use *use = lt_sql_use(uses, from->name, from->text, from->begin, from->end);
        *use = *from;
        use->first += before;
    }
    for (uint32_t i = 0; i < built->watermark_count; i++) {
        if (uses->watermark_count < LT_SQL_WATERMARKS_MAX)
            uses->watermarks[uses->watermark_count++] = built->watermarks[i];
    }
}

static const char static_name[] = "Static";

void lt_sql_use_static(struct lt_sql_uses *uses, uint32_t begin, uint32_t end)
{
    for (uint32_t i = begin; i < end; i++) {
        struct lt_sql_use *use = &uses->items[i];
        use->kind = use->name;
        use->name = static_name;
        use->is_made = false;
    }
}

bool lt_sql_has_event_time(const struct lt_sql_uses *uses, const struct lt_expression *node)
{
    bool is_column = node->kind == LT_EXPR_COLUMN || node->kind == LT_EXPR_FIELD;
    for (uint32_t i = 0; i < uses->watermark_count && is_column; i++) {
        if (lt_ascii_compare(uses->watermarks[i], node->name) == 0)
            return true;
    }
    for (uint32_t i = 0; i < node->argument_count; i++) {
        if (lt_sql_has_event_time(uses, node->arguments[i]))
            return true;
    }
    return false;
}

bool lt_sql_has_watermarked(const struct lt_sql_uses *uses, const struct lt_type *schema)
{
    for (uint32_t i = 0; i < uses->watermark_count; i++) {
        if (lt_type_field_index(schema, uses->watermarks[i]) != -1)
            return true;
    }
    return false;
}

static bool is_aggregate(const struct lt_sql_use *use)
{
    return strcmp(use->name, "Aggregate") == 0 || strcmp(use->name, "Distinct") == 0 ||
           strcmp(use->name, "Pivot") == 0;
}

/* The one that Spark looks at: the outermost, and of several sides the first. NULL: none among the
 * uses from `begin` up to `end`. As deep as queries nest. */
static const struct lt_sql_use *find_aggregate(const struct lt_sql_uses *uses, uint32_t begin,
                                               uint32_t end)
{
    while (end > begin) {
        const struct lt_sql_use *last = &uses->items[end - 1];
        const uint32_t inside = last->first > begin ? last->first : begin;
        const struct lt_sql_use *beside = find_aggregate(uses, begin, inside);
        if (beside != NULL || is_aggregate(last))
            return beside != NULL ? beside : last;
        begin = inside;
        end--;
    }
    return NULL;
}

/* Where it stands; what an option or a program said stands in no statement. */
static struct lt_expr_place place_of(const struct lt_sql_use *use)
{
    return (struct lt_expr_place){use->text[0] == '\0' ? NULL : use->text, use->begin, use->end};
}

/* --------------------------------------------------------------------------- the output mode */

static int refuse_mode(const struct lt_sql_use *use, const char *mode, const char *operation,
                       struct lt_error *error)
{
    struct lt_expr_place place = place_of(use);
    return lt_expr_error(error, LT_E_UNSUPPORTED, "STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION",
                         "42KDE", place,
                         "Invalid streaming output mode: %s. This output mode is not supported for "
                         "%s on streaming DataFrames/DataSets.",
                         mode, operation);
}

static int check_mode(const struct lt_sql_uses *uses, enum lt_output_mode mode,
                      struct lt_error *error)
{
    const struct lt_sql_use *aggregate = find_aggregate(uses, 0, uses->count);
    if (mode == LT_OUTPUT_APPEND && aggregate != NULL && !aggregate->has_event_time)
        return refuse_mode(aggregate, "append", "streaming aggregations without watermark", error);
    if (mode == LT_OUTPUT_UPDATE && aggregate != NULL && aggregate->is_session)
        return refuse_mode(aggregate, "update", "session window streaming aggregations", error);
    if (mode == LT_OUTPUT_COMPLETE && aggregate == NULL)
        return refuse_mode(&uses->items[0], "complete", "no streaming aggregations", error);
    return LT_OK;
}

/* What Spark takes for an operator with state behind another one. */
static bool keeps_state(const struct lt_sql_use *use)
{
    return is_aggregate(use) || strcmp(use->name, "DeduplicateWithinWatermark") == 0 ||
           strcmp(use->name, "TransformWithState") == 0 ||
           (strcmp(use->name, "Deduplicate") == 0 && use->has_time_key) ||
           (strcmp(use->name, "Join") == 0 && use->is_left_stream && use->is_right_stream);
}

/* Aggregations whose rows may be late for what keeps state behind them. Pivot aggregates twice. */
static int check_watermark_limit(const struct lt_sql_uses *uses, enum lt_output_mode mode,
                                 struct lt_error *error)
{
    const struct lt_sql_use *found = NULL;
    for (uint32_t i = 0; i < uses->count && found == NULL; i++) {
        const struct lt_sql_use *use = &uses->items[i];
        bool is_behind = strcmp(use->name, "Pivot") == 0;
        for (uint32_t j = use->first; j < i && !is_behind; j++)
            is_behind = is_aggregate(&uses->items[j]);
        found = is_behind && keeps_state(use) ? use : NULL;
    }
    if (mode == LT_OUTPUT_APPEND || found == NULL)
        return LT_OK;
    struct lt_expr_place place = {found->text, found->begin, found->end};
    return lt_expr_error(
        error, LT_E_UNSUPPORTED, "_LEGACY_ERROR_TEMP_3102", "", place,
        "Detected pattern of possible 'correctness' issue due to global watermark. The query "
        "contains stateful operation which can emit rows older than the current watermark plus "
        "allowed late record delay, which are \"late rows\" in downstream stateful operations and "
        "these rows can be discarded. Please refer the programming guide doc for more details. If "
        "you understand the possible risk of correctness issue and still need to run the query, "
        "you can disable this check by setting the config "
        "`spark.sql.streaming.statefulOperator.checkCorrectness.enabled` to false.");
}

/* ------------------------------------------------------------------------------- any stream */

static int refuse_use(const struct lt_sql_use *use, const char *condition, const char *sqlstate,
                      struct lt_error *error, const char *text)
{
    struct lt_expr_place place = place_of(use);
    return lt_expr_error(error, LT_E_UNSUPPORTED, condition, sqlstate, place, "%s", text);
}

static const char sorting[] =
    "Sorting is not supported on streaming DataFrames/Datasets, unless it is on aggregated "
    "DataFrame/Dataset in Complete output mode";

/* What Spark says of an operator over any stream; NULL: nothing. */
static const char *stream_text(const struct lt_sql_use *use, enum lt_output_mode mode)
{
    static const struct {
        const char *name, *text;
    } texts[] = {
        {"Sort", sorting},
        {"Union", "Union between streaming and batch DataFrames/Datasets is not supported"},
        {"Offset", "Offset is not supported on streaming DataFrames/Datasets"},
        {"Sample", "Sampling is not supported on streaming DataFrames/Datasets"},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (strcmp(texts[i].name, use->name) == 0 &&
            !(i == 0 && mode == LT_OUTPUT_COMPLETE)) /* there is an aggregation then */
            return texts[i].text;
    }
    if (strcmp(use->name, "LocalLimit") == 0 && mode == LT_OUTPUT_UPDATE)
        return "Limits are not supported on streaming DataFrames/Datasets in Update output mode";
    if (strcmp(use->name, "Except") == 0 && use->is_right_stream)
        return "Except on a streaming DataFrame/Dataset on the right is not supported";
    if (strcmp(use->name, "Intersect") == 0 && (use->is_left_stream || use->is_right_stream))
        return "Intersect of streaming DataFrames/Datasets is not supported";
    if (strcmp(use->name, "DeduplicateWithinWatermark") == 0 && !use->has_event_time)
        return "dropDuplicatesWithinWatermark is not supported on streaming DataFrames/DataSets "
               "without watermark";
    if (use->is_distinct)
        return "Distinct aggregations are not supported on streaming DataFrames/Datasets. Consider "
               "using approx_count_distinct() instead.";
    return NULL;
}

/* Spark's words for what it refuses of a join, by its kind; NULL: nothing. */
static const char *join_format(const struct lt_sql_use *use)
{
    bool left = use->is_left_stream, right = use->is_right_stream;
    bool is_left_kind = strcmp(use->kind, "LeftOuter") == 0 || strcmp(use->kind, "LeftSemi") == 0;
    bool is_full = strcmp(use->kind, "FullOuter") == 0;
    if (strcmp(use->kind, "LeftAnti") == 0)
        return right ? "%s joins with a streaming DataFrame/Dataset on the right are not supported"
                     : NULL;
    if (is_full && left && !right)
        return "%s joins with streaming DataFrames/Datasets on the left and a static "
               "DataFrame/Dataset on the right is not supported";
    if (is_full && !left && right)
        return "%s joins with streaming DataFrames/Datasets on the right and a static "
               "DataFrame/Dataset on the left is not supported";
    if (is_left_kind && !left && right)
        return "%s join with a streaming DataFrame/Dataset on the right and a static "
               "DataFrame/Dataset on the left is not supported";
    if (strcmp(use->kind, "RightOuter") == 0 && left && !right)
        return "%s join with a streaming DataFrame/Dataset on the left and a static "
               "DataFrame/DataSet on the right not supported";
    bool is_inner = strcmp(use->kind, "Inner") == 0 || strcmp(use->kind, "Cross") == 0;
    if (!is_inner && left && right && !use->has_event_time)
        return "Stream-stream %s join between two streaming DataFrame/Datasets is not supported "
               "without a watermark in the join keys, or a watermark on the nullable side and an "
               "appropriate range condition";
    return NULL;
}

static int check_join(const struct lt_sql_use *use, enum lt_output_mode mode,
                      struct lt_error *error)
{
    struct lt_expr_place place = place_of(use);
    if (use->is_left_stream && use->is_right_stream && mode != LT_OUTPUT_APPEND)
        return lt_expr_error(error, LT_E_UNSUPPORTED, "_LEGACY_ERROR_TEMP_3102", "", place,
                             "Join between two streaming DataFrames/Datasets is not supported in "
                             "%s output mode, only in Append output mode",
                             mode == LT_OUTPUT_UPDATE ? "Update" : "Complete");
    char text[512];
    const char *format = join_format(use);
    if (format == NULL)
        return LT_OK;
    const char *hole = strstr(format, "%s");
    (void)snprintf(text, sizeof text, "%.*s%s%s", (int)(hole - format), format, use->kind,
                   hole + 2);
    return lt_expr_error(error, LT_E_UNSUPPORTED, "_LEGACY_ERROR_TEMP_3102", "", place, "%s", text);
}

/* A window function over rows: the function, the column it makes, and its window. */
static int refuse_window(const struct lt_sql_use *use, struct lt_error *error)
{
    struct lt_expr_place place = place_of(use);
    return lt_expr_error(error, LT_E_UNSUPPORTED, "NON_TIME_WINDOW_NOT_SUPPORTED_IN_STREAMING",
                         "42KDE", place,
                         "Window function is not supported in %s (as column %s) on streaming "
                         "DataFrames/Datasets.\nStructured Streaming only supports time-window "
                         "aggregation using the WINDOW function. (window specification: %s)",
                         use->kind, use->column, use->specification);
}

static int check_stream(const struct lt_sql_uses *uses, enum lt_output_mode mode,
                        struct lt_error *error)
{
    for (uint32_t i = 0; i < uses->count; i++) {
        const struct lt_sql_use *use = &uses->items[i];
        if (use->name == static_name)
            continue;
        if (strcmp(use->name, "Window") == 0)
            return refuse_window(use, error);
        int code = strcmp(use->name, "Join") == 0 ? check_join(use, mode, error) : LT_OK;
        const char *text = stream_text(use, mode);
        if (code == LT_OK && text != NULL)
            code = refuse_use(use, "_LEGACY_ERROR_TEMP_3102", "", error, text);
        if (code != LT_OK)
            return code;
    }
    return LT_OK;
}

static int check_subqueries(const struct lt_sql_uses *uses, struct lt_error *error)
{
    for (uint32_t i = 0; i < uses->count; i++) {
        const struct lt_sql_use *use = &uses->items[i];
        if (strcmp(use->name, "Subquery") == 0 && use->is_right_stream)
            return refuse_use(use, "INVALID_SUBQUERY_EXPRESSION.STREAMING_QUERY", "42823", error,
                              "Invalid subquery: Streaming query is not allowed in subquery "
                              "expressions.");
    }
    return LT_OK;
}

/* What there is no node for; more than can be told of is none either. */
static const struct lt_sql_use *find_unmade(const struct lt_sql_uses *uses,
                                            enum lt_output_mode mode)
{
    for (uint32_t i = 0; i < uses->count; i++) {
        const struct lt_sql_use *use = &uses->items[i];
        if (!use->is_made || (use->is_of_whole_result && mode != LT_OUTPUT_COMPLETE))
            return use;
    }
    return uses->count == LT_SQL_USES_MAX ? &uses->items[LT_SQL_USES_MAX - 1] : NULL;
}

/* What Spark finds only when it plans a batch, or runs it. */
static int check_planning(const struct lt_sql_uses *uses, enum lt_output_mode mode,
                          struct lt_error *error)
{
    for (uint32_t i = 0; i < uses->count; i++) {
        const struct lt_sql_use *use = &uses->items[i];
        if (use->name == static_name)
            continue;
        if (use->is_keyless)
            return refuse_use(use, "_LEGACY_ERROR_TEMP_1181", "", error,
                              "Stream-stream join without equality predicate is not supported.");
        if (use->is_global_session)
            return refuse_use(use, "_LEGACY_ERROR_TEMP_3068", "", error,
                              "Global aggregation with session window in streaming query is not "
                              "supported.");
        if (mode == LT_OUTPUT_APPEND && is_aggregate(use) && !use->has_event_time)
            return refuse_use(use, "UNSUPPORTED_STREAMING_OPERATOR_WITHOUT_WATERMARK", "0A000",
                              error,
                              use->is_session
                                  ? "Append output mode not supported for session window "
                                    "aggregations on streaming DataFrames/DataSets without "
                                    "watermark."
                                  : "Append output mode not supported for aggregations on "
                                    "streaming DataFrames/DataSets without watermark.");
    }
    return LT_OK;
}

/* What micro-batches would run, were there a node for it. */
static int refuse_unmade(const struct lt_sql_use *use, struct lt_error *error)
{
    struct lt_expr_place place = place_of(use);
    if (strcmp(use->name, "Subquery") == 0)
        return lt_expr_error(error, LT_E_UNSUPPORTED, "UNSUPPORTED_FEATURE", "0A000", place,
                             "a subquery is not supported by this version");
    if (use->name == static_name)
        return lt_expr_error(error, LT_E_UNSUPPORTED, "UNSUPPORTED_FEATURE", "0A000", place,
                             "%s of a table that ends is not supported by this version; hint: a "
                             "table that holds what comes of it",
                             use->kind);
    if (strcmp(use->name, "Sort") == 0)
        return refuse_use(use, "_LEGACY_ERROR_TEMP_3102", "", error, sorting);
    if (strcmp(use->name, "Pivot") == 0)
        return refuse_use(use, "_LEGACY_ERROR_TEMP_3063", "", error,
                          "pivot is not supported on a streaming DataFrames/Datasets");
    if (use->is_grouping_sets)
        return refuse_use(use, "_LEGACY_ERROR_TEMP_3102", "", error,
                          "Grouping Sets is not supported on streaming DataFrames/Datasets");
    return lt_expr_error(error, LT_E_UNSUPPORTED, "UNSUPPORTED_FEATURE", "0A000", place,
                         "%s over a stream is not supported by this version", use->name);
}

/* The mode that the query is for. */
static int check_runner(struct lt_sql_uses *uses, enum lt_output_mode mode, bool may_batch,
                        struct lt_error *error)
{
    const struct lt_sql_use *use = may_batch ? find_unmade(uses, mode) : &uses->items[0];
    int code = may_batch ? check_planning(uses, mode, error) : LT_OK;
    if (code != LT_OK || use == NULL)
        return code;
    bool is_operator = strcmp(use->name, "Subquery") != 0 && use->name != static_name;
    if (!is_operator)
        uses->refusal.node = NULL;
    if (may_batch || !is_operator)
        return refuse_unmade(use, error);
    uses->refusal.is_for_trigger = true;
    struct lt_expr_place place = place_of(use);
    return lt_expr_error(error, LT_E_UNSUPPORTED, "_LEGACY_ERROR_TEMP_3102", "", place,
                         "Continuous processing does not support %s operations.", use->name);
}

int lt_sql_refuse(struct lt_sql_uses *uses, enum lt_output_mode mode, bool may_batch,
                  struct lt_error *error)
{
    if (uses->count == 0 && mode == LT_OUTPUT_COMPLETE)
        (void)lt_sql_use(uses, "Project", uses->whole.text, uses->whole.begin, uses->whole.end);
    if (uses->count == 0)
        return LT_OK;
    int code = check_subqueries(uses, error);
    if (code != LT_OK)
        return code;
    uses->refusal.node = uses->items[0].name;
    code = check_mode(uses, mode, error);
    if (code == LT_OK)
        code = check_stream(uses, mode, error);
    if (code == LT_OK)
        code = check_watermark_limit(uses, mode, error);
    return code != LT_OK ? code : check_runner(uses, mode, may_batch, error);
}
