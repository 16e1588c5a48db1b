#include "core/run/progress_entry.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "core/run/progress_metrics.h"
#include "core/text/json_write.h"
#include "core/text/number.h"

static void add_text(struct lt_text_buffer *json, const char *key, const char *text)
{
    lt_text_format(json, "\"%s\":", key);
    if (text == NULL)
        lt_text_append(json, "null");
    else
        lt_json_write_string(json, text, strlen(text));
}

static void add_double(struct lt_text_buffer *json, const char *key, double value)
{
    char text[LT_NUMBER_TEXT_SIZE];
    lt_number_format_double(value, text);
    lt_text_format(json, "\"%s\":%s", key, text);
}

static void add_rate(struct lt_text_buffer *json, const char *key, uint64_t records, double seconds)
{
    double rate = (double)records / seconds;
    if (!isfinite(rate))
        return;
    lt_text_append_char(json, ',');
    add_double(json, key, rate);
}

static double seconds_of(int64_t ns)
{
    return (double)ns / LT_NS_PER_S;
}

/* How long the records took to come: since the trigger before, in whole milliseconds as Spark has
 * it. Before the first trigger there was none: its rate is 0. */
static double input_seconds(const struct lt_progress_facts *facts)
{
    const struct lt_progress_batch *batch = facts->batch;
    if (batch == NULL)
        return seconds_of(facts->duration_ns > 0 ? facts->duration_ns : 1);
    return batch->since_last_ns < 0
               ? INFINITY
               : seconds_of(batch->since_last_ns / LT_NS_PER_MS * LT_NS_PER_MS);
}

/* Of a batch, in whole milliseconds and at least one. */
static double processing_seconds(const struct lt_progress_facts *facts)
{
    int64_t ms = facts->duration_ns / LT_NS_PER_MS;
    if (facts->batch == NULL)
        return seconds_of(facts->duration_ns > 0 ? facts->duration_ns : 1);
    return seconds_of((ms > 0 ? ms : 1) * LT_NS_PER_MS);
}

/* The members of a query and of each of its sources. */
static void add_rates(struct lt_text_buffer *json, const struct lt_progress_facts *facts,
                      uint64_t records)
{
    lt_text_format(json, "\"numInputRows\":%" PRIu64, records);
    add_rate(json, "inputRowsPerSecond", records, input_seconds(facts));
    add_rate(json, "processedRowsPerSecond", records, processing_seconds(facts));
}

/* --------------------------------------------------------------------------------------- batch */

static void add_time(struct lt_text_buffer *json, const char *key, int64_t ms)
{
    char text[LT_CLOCK_ISO_SIZE];
    lt_clock_format_iso(ms * LT_US_PER_MS, text);
    lt_text_format(json, "\"%s\":\"%s\"", key, text);
}

/* Keys in the order of their names, as Spark's maps are printed. */
static void add_event_times(struct lt_text_buffer *json, const struct lt_progress_batch *batch)
{
    const struct lt_event_times *times = &batch->times;
    if (batch->watermark_ms < 0)
        return;
    lt_text_append(json, "\"eventTime\":{");
    if (times->count > 0) {
        add_time(json, "avg", (int64_t)(times->sum_ms / (double)times->count));
        lt_text_append_char(json, ',');
        add_time(json, "max", times->max_ms);
        lt_text_append_char(json, ',');
        add_time(json, "min", times->min_ms);
        lt_text_append_char(json, ',');
    }
    add_time(json, "watermark", batch->watermark_ms);
    lt_text_append(json, "},");
}

static bool drops_duplicates(const struct lt_progress_operator *operator)
{
    return strncmp(operator->name, "dedupe", strlen("dedupe")) == 0;
}

static void add_operator(struct lt_text_buffer *json, const struct lt_progress_operator *operator)
{
    const struct lt_state_metrics *metrics = &operator->metrics;
    lt_text_append_char(json, '{');
    add_text(json, "operatorName", operator->name);
    lt_text_format(json,
                   ",\"numRowsTotal\":%" PRIu64 ",\"numRowsUpdated\":%" PRIu64
                   ",\"allUpdatesTimeMs\":%" PRId64 ",\"numRowsRemoved\":%" PRIu64
                   ",\"allRemovalsTimeMs\":%" PRId64 ",\"commitTimeMs\":%" PRId64
                   ",\"memoryUsedBytes\":%" PRIu64 ",\"numRowsDroppedByWatermark\":%" PRIu64
                   ",\"numShufflePartitions\":%" PRIu32 ",\"numStateStoreInstances\":%" PRIu32,
                   metrics->rows_total, metrics->rows_updated,
                   operator->updates_ns / LT_NS_PER_MS, metrics->rows_removed,
                   operator->removals_ns / LT_NS_PER_MS, operator->commit_ns / LT_NS_PER_MS,
                   metrics->memory_bytes, metrics->rows_dropped_by_watermark, operator->partitions,
                   operator->stores);
    if (drops_duplicates(operator))
        lt_text_format(json, ",\"customMetrics\":{\"numDroppedDuplicateRows\":%" PRIu64 "}",
                       metrics->dropped_duplicates);
    lt_text_append_char(json, '}');
}

static void add_durations(struct lt_text_buffer *json, const struct lt_progress_batch *batch,
                          int64_t duration_ms)
{
    lt_text_append(json, "\"durationMs\":{");
    if (!batch->is_idle)
        lt_text_format(json,
                       "\"addBatch\":%" PRId64 ",\"commitOffsets\":%" PRId64 ",\"getBatch\":0,",
                       batch->add_ms, batch->commit_ms);
    lt_text_format(json, "\"latestOffset\":%" PRId64 ",", batch->latest_ms);
    if (!batch->is_idle) /* nothing is planned anew for a batch */
        lt_text_append(json, "\"queryPlanning\":0,");
    lt_text_format(json, "\"triggerExecution\":%" PRId64, duration_ms);
    if (!batch->is_idle)
        lt_text_format(json, ",\"walCommit\":%" PRId64, batch->wal_ms);
    lt_text_append(json, "},");
}

static void add_batch(struct lt_text_buffer *json, const struct lt_progress_batch *batch,
                      int64_t duration_ms)
{
    add_durations(json, batch, duration_ms);
    add_event_times(json, batch);
    lt_text_append(json, "\"stateOperators\":[");
    for (uint32_t i = 0; i < batch->operator_count; i++) {
        lt_text_append(json, i == 0 ? "" : ",");
        add_operator(json, &batch->operators[i]);
    }
    lt_text_append(json, "],");
}

/* ------------------------------------------------------------------------------------- sources */

static void add_offsets(struct lt_text_buffer *json, const char *key, struct lt_source *source,
                        const struct lt_position *positions)
{
    lt_text_format(json, ",\"%s\":", key);
    if (positions == NULL)
        lt_text_append(json, "null");
    else
        source->ops->positions_to_json(source, positions, json);
}

/* Spark's metrics of a source with topics: how far its partitions are behind, where it is known. */
static void add_behind_latest(struct lt_text_buffer *json, const struct lt_progress_source *of)
{
    uint32_t count = of->source->partition_count;
    int64_t sum = 0, most = 0, least = INT64_MAX;
    if (of->source->partition_width == 0 || of->latest == NULL || of->end == NULL || count == 0)
        return;
    for (uint32_t i = 0; i < count; i++) {
        int64_t behind = of->latest[i].offset - of->end[i].offset;
        behind = behind > 0 ? behind : 0;
        sum += behind;
        most = behind > most ? behind : most;
        least = behind < least ? behind : least;
    }
    char average[LT_NUMBER_TEXT_SIZE];
    lt_number_format_double((double)sum / count, average);
    lt_text_format(json,
                   "\"avgOffsetsBehindLatest\":\"%s\",\"maxOffsetsBehindLatest\":\"%" PRId64
                   "\",\"minOffsetsBehindLatest\":\"%" PRId64 "\",",
                   average, most, least);
}

static void add_source(struct lt_text_buffer *json, const struct lt_progress_facts *facts,
                       uint32_t part)
{
    const struct lt_progress_source *of = &facts->sources[part];
    lt_text_append(json, "{");
    add_text(json, "description", of->source->description);
    add_offsets(json, "startOffset", of->source, of->start);
    add_offsets(json, "endOffset", of->source, of->end);
    add_offsets(json, "latestOffset", of->source, of->latest);
    lt_text_append_char(json, ',');
    add_rates(json, facts, of->records);
    lt_text_append(json, ",\"metrics\":{");
    add_behind_latest(json, of);
    lt_text_format(json,
                   "\"offsetsBehindLatest\":\"%" PRId64 "\",\"millisBehindLatest\":\"%" PRId64 "\"",
                   of->lag_records, of->lag_ms);
    lt_progress_metrics(facts->counters, part, json);
    lt_text_append(json, "}}");
}

/* --------------------------------------------------------------------------------------- sinks */

static void add_sink(struct lt_text_buffer *json, const struct lt_progress_facts *facts)
{
    lt_text_append(json, "\"sink\":{");
    add_text(json, "description", facts->pipeline->branches[0].sink->description);
    lt_text_format(json,
                   ",\"numOutputRows\":%" PRIu64 ",\"metrics\":{\"deadLetters\":\"%" PRIu64 "\"}},",
                   facts->written, facts->dead_letters);
}

/* Spark's queries have one sink; `sinks` is there when this one has several. */
static void add_sinks(struct lt_text_buffer *json, const struct lt_progress_facts *facts)
{
    const struct lt_pipeline *pipeline = facts->pipeline;
    if (pipeline->branch_count == 1)
        return;
    lt_text_append(json, "\"sinks\":[");
    for (uint32_t i = 0; i < pipeline->branch_count; i++) {
        lt_text_append(json, i == 0 ? "{" : ",{");
        add_text(json, "description", pipeline->branches[i].sink->description);
        lt_text_format(json, ",\"numOutputRows\":%" PRIu64 "}", facts->written_by_sink[i]);
    }
    lt_text_append(json, "],");
}

/* ---------------------------------------------------------------------------------- watermarks */

/* The sources whose rows pass this watermark before they come to state. */
static void add_watermark_sources(struct lt_text_buffer *json,
                                  const struct lt_progress_facts *facts, uint32_t number)
{
    const char *between = "";
    lt_text_append(json, ",\"sources\":[");
    for (uint32_t i = 0; i < facts->source_count; i++) {
        if (lt_watermarks_of_part(facts->batch->watermarks, i) != (int32_t)number)
            continue;
        const char *description = facts->sources[i].source->description;
        lt_text_append(json, between);
        lt_json_write_string(json, description, strlen(description));
        between = ",";
    }
    lt_text_append_char(json, ']');
}

/* By the numbers that explain gives them. What is in force in the next batch is the least, or by
 * the policy the greatest, of those that are not idle. */
static void add_watermarks(struct lt_text_buffer *json, const struct lt_progress_facts *facts)
{
    const struct lt_watermarks *of = facts->batch != NULL ? facts->batch->watermarks : NULL;
    const char *between = "";
    if (of == NULL || lt_watermarks_count(of) < 2)
        return;
    lt_text_append(json, "\"watermarks\":[");
    for (uint32_t i = 0; i < LT_LIMIT_WATERMARKS; i++) {
        if (!of->nodes[i].is_there)
            continue;
        lt_text_format(json, "%s{\"number\":%" PRIu32 ",", between, i);
        add_text(json, "column", of->nodes[i].column);
        add_watermark_sources(json, facts, i);
        lt_text_append_char(json, ',');
        add_time(json, "watermark", of->nodes[i].watermark_ms);
        lt_text_format(json, ",\"isIdle\":%s,\"holdsBack\":%s}",
                       lt_watermarks_is_idle(of, i) ? "true" : "false",
                       lt_watermarks_holding(of) == (int32_t)i ? "true" : "false");
        between = ",";
    }
    lt_text_append(json, "],");
}

/* --------------------------------------------------------------------------------------- whole */

static void add_latency(struct lt_text_buffer *json, const struct lt_histogram *latency)
{
    static const struct {
        const char *name;
        double fraction;
    } quantiles[] = {{"p50", 0.5}, {"p99", 0.99}, {"p99.9", 0.999}, {"max", 1.0}};
    lt_text_format(json, "\"latencyMicros\":{\"count\":%" PRIu64, lt_histogram_count(latency));
    for (size_t i = 0; i < sizeof quantiles / sizeof quantiles[0]; i++) {
        lt_text_append(json, ",");
        add_double(json, quantiles[i].name,
                   (double)lt_histogram_quantile(latency, quantiles[i].fraction) / LT_NS_PER_US);
    }
    lt_text_append(json, "}");
}

static void add_head(struct lt_text_buffer *json, const struct lt_progress_facts *facts)
{
    char timestamp[LT_CLOCK_ISO_SIZE];
    lt_clock_format_iso(facts->wall_us, timestamp);
    add_text(json, "id", facts->id);
    lt_text_append_char(json, ',');
    add_text(json, "runId", facts->run_id);
    lt_text_append_char(json, ',');
    add_text(json, "name", facts->name);
    lt_text_append_char(json, ',');
    add_text(json, "timestamp", timestamp);
    lt_text_format(json, ",\"batchId\":%" PRId64 ",\"batchDuration\":%" PRId64 ",",
                   facts->batch_id, facts->duration_ns / LT_NS_PER_MS);
    add_rates(json, facts, facts->records);
    lt_text_append_char(json, ',');
}

void lt_progress_write(const struct lt_progress_facts *facts, struct lt_text_buffer *json)
{
    int64_t duration_ms = facts->duration_ns / LT_NS_PER_MS;
    lt_text_append_char(json, '{');
    add_head(json, facts);
    if (facts->batch != NULL)
        add_batch(json, facts->batch, duration_ms);
    else
        lt_text_format(json,
                       "\"durationMs\":{\"triggerExecution\":%" PRId64 "},\"stateOperators\":[],",
                       duration_ms);
    lt_text_append(json, "\"sources\":[");
    for (uint32_t i = 0; i < facts->source_count; i++) {
        lt_text_append(json, i == 0 ? "" : ",");
        add_source(json, facts, i);
    }
    lt_text_append(json, "],");
    add_sink(json, facts);
    add_sinks(json, facts);
    add_watermarks(json, facts);
    add_latency(json, facts->latency_ns);
    lt_text_append_char(json, '}');
}
