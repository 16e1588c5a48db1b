#include "core/run/progress.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/run/progress_metrics.h"
#include "core/run/union_source.h"
#include "core/text/json_write.h"
#include "core/text/number.h"

/* Nothing happened for this long: an entry all the same, as Spark's noDataProgressEventInterval. */
static const int64_t idle_interval_ns = 10 * (int64_t)LT_NS_PER_S;

/* What a lane, or the delivery of that number, counts; as long as the query. NULLs where one of
 * them is not there: a query with state may have more of either. */
struct lane_counters {
    const struct lt_shared_u64 *records, *lag_records, *lag_ms, *dead_lettered;
    struct lt_union_part_counters parts[LT_LIMIT_SINKS]; /* of a union; else NULLs */
    const struct lt_shared_u64 **acked_records;          /* by sink */
    const struct lt_histogram **ack_latencies_ns;        /* by sink */
    const struct lt_shared_u64 **left_out; /* of the operators that leave records out */
    uint32_t left_out_count;
};

struct lt_progress {
    struct lt_progress_options options; /* constant */
    /* owner: control thread */
    int64_t entry_ns, entry_wall_us; /* of the last entry */
    uint64_t in_at_entry, out_at_entry, dead_at_entry;
    uint64_t part_in_at_entry[LT_LIMIT_SINKS], sink_out_at_entry[LT_LIMIT_SINKS];
    struct lt_histogram *latency_at_entry, *latency_now;
    struct lt_position *entry_start, *newest_end;
    bool has_positions;
    /* written by the control thread, read by any: statistics */
    struct lt_shared_u64 epoch, epoch_done_wall_us; /* -1: none */
    /* under the mutex */
    pthread_mutex_t mutex;
    struct lane_counters *lanes; /* of all runs */
    uint32_t lane_count, lane_count_now;
    char *recent[LT_PROGRESS_RECENT];
    uint32_t recent_count, recent_next;
};

static uint32_t partition_count(const struct lt_progress *progress)
{
    return progress->options.pipeline->source->partition_count;
}

struct lt_progress *lt_progress_create(const struct lt_progress_options *options)
{
    struct lt_progress *progress = lt_alloc(sizeof *progress);
    progress->options = *options;
    progress->entry_ns = lt_clock_now_ns(options->clock);
    progress->entry_wall_us = lt_clock_wall_us(options->clock);
    progress->latency_at_entry = lt_alloc(sizeof(struct lt_histogram));
    progress->latency_now = lt_alloc(sizeof(struct lt_histogram));
    lt_store_relaxed_u64(&progress->epoch, (uint64_t)-1); /* relaxed: not visible to others yet */
    lt_store_relaxed_u64(&progress->epoch_done_wall_us, (uint64_t)-1); /* relaxed: as above */
    pthread_mutex_init(&progress->mutex, NULL);
    return progress;
}

void lt_progress_destroy(struct lt_progress *progress)
{
    if (progress == NULL)
        return;
    for (uint32_t i = 0; i < LT_PROGRESS_RECENT; i++)
        free(progress->recent[i]);
    for (uint32_t i = 0; i < progress->lane_count; i++) {
        free(progress->lanes[i].acked_records);
        free(progress->lanes[i].ack_latencies_ns);
        free(progress->lanes[i].left_out);
    }
    free(progress->lanes);
    pthread_mutex_destroy(&progress->mutex);
    free(progress->latency_at_entry);
    free(progress->latency_now);
    free(progress->entry_start);
    free(progress->newest_end);
    free(progress);
}

static void take_left_out(const struct lt_chain *chain, struct lane_counters *out)
{
    for (uint32_t i = 0; i < chain->link_count; i++) {
        if (chain->links[i].op->left_out == NULL)
            continue;
        out->left_out =
            lt_realloc_array(out->left_out, out->left_out_count + 1, sizeof *out->left_out);
        out->left_out[out->left_out_count++] = chain->links[i].op->left_out;
    }
}

static void take_parts(const struct lt_intake *intake, struct lane_counters *out)
{
    struct lt_source *source = intake->source;
    uint32_t count;
    (void)lt_source_parts(&source, &count);
    for (uint32_t i = 0; i < count; i++)
        out->parts[i] = lt_union_reader_counters(source, intake->reader, i);
}

static void take_delivery(const struct lt_delivery *delivery, struct lane_counters *out)
{
    out->dead_lettered = delivery->dead_lettered;
    for (uint32_t i = 0; i < delivery->branch_count; i++) {
        out->acked_records[i] = delivery->branches[i].acked_records;
        out->ack_latencies_ns[i] = delivery->branches[i].ack_latency_ns;
    }
}

static void take_lane(const struct lt_lane *lane, struct lane_counters *out)
{
    out->records = lane->intake.records;
    out->lag_records = lane->intake.lag_records;
    out->lag_ms = lane->intake.lag_ms;
    take_parts(&lane->intake, out);
    for (uint32_t i = 0; i < lane->stage_count; i++)
        take_left_out(&lane->stages[i].chain, out);
    for (uint32_t i = 0; i < lane->fan.count; i++)
        take_left_out(&lane->fan.branches[i].chain, out);
}

static void take_counters(const struct lt_progress *progress, const struct lt_batch_lanes *of,
                          uint32_t index, struct lane_counters *out)
{
    uint32_t sinks = progress->options.pipeline->branch_count;
    *out = (struct lane_counters){
        .acked_records = lt_alloc_array(sinks, sizeof(const struct lt_shared_u64 *)),
        .ack_latencies_ns = lt_alloc_array(sinks, sizeof(const struct lt_histogram *)),
    };
    if (index < of->lane_count)
        take_lane(of->lanes[index], out);
    if (index < lt_batch_lanes_delivery_count(of))
        take_delivery(lt_batch_lanes_delivery(of, index), out);
}

/* A lane of an earlier run with the same index has the same counters. */
static void take_lanes(struct lt_progress *progress, const struct lt_batch_lanes *of)
{
    uint32_t deliveries = lt_batch_lanes_delivery_count(of);
    uint32_t lane_count = of->lane_count > deliveries ? of->lane_count : deliveries;
    pthread_mutex_lock(&progress->mutex);
    if (lane_count > progress->lane_count)
        progress->lanes = lt_realloc_array(progress->lanes, lane_count, sizeof *progress->lanes);
    for (; progress->lane_count < lane_count; progress->lane_count++)
        take_counters(progress, of, progress->lane_count,
                      &progress->lanes[progress->lane_count]);
    progress->lane_count_now = lane_count;
    pthread_mutex_unlock(&progress->mutex);
}

void lt_progress_begin_run(struct lt_progress *progress, const struct lt_batch_lanes *of)
{
    free(progress->entry_start);
    free(progress->newest_end);
    progress->entry_start = lt_alloc_array(partition_count(progress), sizeof(struct lt_position));
    progress->newest_end = lt_alloc_array(partition_count(progress), sizeof(struct lt_position));
    progress->has_positions = false;
    take_lanes(progress, of);
}

static uint64_t read_count(const struct lt_shared_u64 *number)
{
    return number != NULL ? lt_load_relaxed_u64(number) : 0; /* relaxed: a statistic */
}

static int64_t read_number(const struct lt_shared_u64 *number)
{
    return number != NULL ? (int64_t)lt_load_relaxed_u64(number) : -1; /* relaxed: as above */
}

static void add_counts(const struct lt_progress *progress, const struct lane_counters *lane,
                       struct lt_progress_totals *out)
{
    out->records_in += read_count(lane->records);
    out->dead_letters += read_count(lane->dead_lettered);
    for (uint32_t i = 0; i < lane->left_out_count; i++)
        out->records_filtered += read_count(lane->left_out[i]);
    for (uint32_t i = 0; i < progress->options.pipeline->branch_count; i++) {
        out->records_out += read_count(lane->acked_records[i]);
        if (out->ack_latency_ns != NULL && lane->ack_latencies_ns[i] != NULL)
            lt_histogram_add(out->ack_latency_ns, lane->ack_latencies_ns[i]);
    }
}

static void add_lag(const struct lt_shared_u64 *lag_records, const struct lt_shared_u64 *lag_ms,
                    struct lt_progress_totals *out)
{
    int64_t records = read_number(lag_records), ms = read_number(lag_ms);
    if (records >= 0)
        out->lag_records = (out->lag_records < 0 ? 0 : out->lag_records) + records;
    if (ms > out->lag_ms)
        out->lag_ms = ms;
}

void lt_progress_read_totals(struct lt_progress *progress, struct lt_progress_totals *out)
{
    struct lt_histogram *latency = out->ack_latency_ns;
    *out = (struct lt_progress_totals){.ack_latency_ns = latency,
                                       .epoch = read_number(&progress->epoch),
                                       .epoch_done_wall_us =
                                           read_number(&progress->epoch_done_wall_us),
                                       .lag_records = -1,
                                       .lag_ms = -1};
    if (latency != NULL)
        memset(latency, 0, sizeof *latency);
    pthread_mutex_lock(&progress->mutex);
    for (uint32_t i = 0; i < progress->lane_count; i++) {
        add_counts(progress, &progress->lanes[i], out);
        if (i < progress->lane_count_now)
            add_lag(progress->lanes[i].lag_records, progress->lanes[i].lag_ms, out);
    }
    pthread_mutex_unlock(&progress->mutex);
}

void lt_progress_epoch_done(struct lt_progress *progress, uint64_t epoch,
                            const struct lt_position *start, const struct lt_position *end)
{
    size_t size_bytes = partition_count(progress) * sizeof *start;
    if (!progress->has_positions)
        memcpy(progress->entry_start, start, size_bytes);
    memcpy(progress->newest_end, end, size_bytes);
    progress->has_positions = true;
    /* relaxed: statistics */
    lt_store_relaxed_u64(&progress->epoch, epoch);
    lt_store_relaxed_u64(&progress->epoch_done_wall_us,
                         (uint64_t)lt_clock_wall_us(progress->options.clock));
}

/* ---------------------------------------------------------------------------------------- JSON */

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

static void add_offsets(const struct lt_progress *progress, struct lt_text_buffer *json,
                        const char *key, struct lt_source *source,
                        const struct lt_position *positions)
{
    lt_text_format(json, "\"%s\":", key);
    if (!progress->has_positions)
        lt_text_append(json, "null");
    else
        source->ops->positions_to_json(source, positions, json);
}

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

static void add_rates(struct lt_text_buffer *json, uint64_t records, double seconds)
{
    lt_text_format(json, "\"numInputRows\":%" PRIu64 ",", records);
    add_double(json, "inputRowsPerSecond", (double)records / seconds);
    lt_text_append(json, ",");
    add_double(json, "processedRowsPerSecond", (double)records / seconds);
}

/* What the lanes have read of a part since the last entry. */
static uint64_t read_of_part(struct lt_progress *progress, uint32_t part)
{
    uint64_t sum = 0, before = progress->part_in_at_entry[part];
    pthread_mutex_lock(&progress->mutex);
    for (uint32_t i = 0; i < progress->lane_count; i++)
        sum += read_count(progress->lanes[i].parts[part].records);
    pthread_mutex_unlock(&progress->mutex);
    progress->part_in_at_entry[part] = sum;
    return sum - before;
}

/* How far the present run's lanes are behind a part's newest records. */
static struct lt_progress_totals lag_of_part(struct lt_progress *progress, uint32_t part)
{
    struct lt_progress_totals lag = {.lag_records = -1, .lag_ms = -1};
    pthread_mutex_lock(&progress->mutex);
    for (uint32_t i = 0; i < progress->lane_count_now; i++)
        add_lag(progress->lanes[i].parts[part].lag_records, progress->lanes[i].parts[part].lag_ms,
                &lag);
    pthread_mutex_unlock(&progress->mutex);
    return lag;
}

static void add_source(const struct lt_progress *progress, struct lt_text_buffer *json,
                       struct lt_source *source, uint32_t first, uint64_t records, double seconds)
{
    lt_text_append(json, "{");
    add_text(json, "description", source->description);
    lt_text_append(json, ",");
    add_offsets(progress, json, "startOffset", source, progress->entry_start + first);
    lt_text_append(json, ",");
    add_offsets(progress, json, "endOffset", source, progress->newest_end + first);
    lt_text_append(json, ",\"latestOffset\":null,");
    add_rates(json, records, seconds);
}

static void add_sources(struct lt_progress *progress, struct lt_text_buffer *json,
                        const struct lt_progress_totals *totals, uint64_t records, double seconds)
{
    uint32_t count, first = 0;
    struct lt_source *const *parts = lt_source_parts(&progress->options.pipeline->source, &count);
    lt_text_append(json, "\"sources\":[");
    for (uint32_t i = 0; i < count; i++) {
        uint64_t own = count == 1 ? records : read_of_part(progress, i);
        struct lt_progress_totals lag = count == 1 ? *totals : lag_of_part(progress, i);
        lt_text_append(json, i == 0 ? "" : ",");
        add_source(progress, json, parts[i], first, own, seconds);
        lt_text_format(json,
                       ",\"metrics\":{\"offsetsBehindLatest\":\"%" PRId64
                       "\",\"millisBehindLatest\":\"%" PRId64 "\"",
                       lag.lag_records, lag.lag_ms);
        lt_progress_metrics(progress->options.counters, i, json);
        lt_text_append(json, "}}");
        first += parts[i]->partition_count;
    }
    lt_text_append(json, "],");
}

static void add_sink(struct lt_progress *progress, struct lt_text_buffer *json, uint64_t records,
                     uint64_t dead)
{
    lt_text_append(json, "\"sink\":{");
    add_text(json, "description", progress->options.pipeline->branches[0].sink->description);
    lt_text_format(json,
                   ",\"numOutputRows\":%" PRIu64 ",\"metrics\":{\"deadLetters\":\"%" PRIu64 "\"}},",
                   records, dead);
}

/* What a sink has shown since the last entry. */
static uint64_t written_by_sink(struct lt_progress *progress, uint32_t sink)
{
    uint64_t records = 0;
    pthread_mutex_lock(&progress->mutex);
    for (uint32_t i = 0; i < progress->lane_count; i++)
        records += read_count(progress->lanes[i].acked_records[sink]);
    pthread_mutex_unlock(&progress->mutex);
    uint64_t before = progress->sink_out_at_entry[sink];
    progress->sink_out_at_entry[sink] = records;
    return records - before;
}

/* Spark's queries have one sink; `sinks` is there when this one has several. */
static void add_sinks(struct lt_progress *progress, struct lt_text_buffer *json)
{
    const struct lt_pipeline *pipeline = progress->options.pipeline;
    if (pipeline->branch_count == 1)
        return;
    lt_text_append(json, "\"sinks\":[");
    for (uint32_t i = 0; i < pipeline->branch_count; i++) {
        lt_text_append(json, i == 0 ? "{" : ",{");
        add_text(json, "description", pipeline->branches[i].sink->description);
        lt_text_format(json, ",\"numOutputRows\":%" PRIu64 "}", written_by_sink(progress, i));
    }
    lt_text_append(json, "],");
}

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

static void add_operator(struct lt_text_buffer *json, const struct lt_progress_operator *operator)
{
    const struct lt_state_metrics *metrics = &operator->metrics;
    lt_text_append_char(json, '{');
    add_text(json, "operatorName", operator->name);
    lt_text_format(json,
                   ",\"numRowsTotal\":%" PRIu64 ",\"numRowsUpdated\":%" PRIu64
                   ",\"allUpdatesTimeMs\":0,\"numRowsRemoved\":%" PRIu64
                   ",\"allRemovalsTimeMs\":0,\"commitTimeMs\":0,\"memoryUsedBytes\":%" PRIu64
                   ",\"numRowsDroppedByWatermark\":%" PRIu64
                   ",\"numShufflePartitions\":%" PRIu32 ",\"numStateStoreInstances\":%" PRIu32,
                   metrics->rows_total, metrics->rows_updated, metrics->rows_removed,
                   metrics->memory_bytes, metrics->rows_dropped_by_watermark, operator->partitions,
                   operator->partitions);
    if (metrics->dropped_duplicates > 0)
        lt_text_format(json, ",\"customMetrics\":{\"numDroppedDuplicateRows\":%" PRIu64 "}",
                       metrics->dropped_duplicates);
    lt_text_append_char(json, '}');
}

static void add_batch(struct lt_text_buffer *json, const struct lt_progress_batch *batch,
                      int64_t duration_ms)
{
    lt_text_format(json,
                   "\"durationMs\":{\"addBatch\":%" PRId64 ",\"commitOffsets\":%" PRId64
                   ",\"getBatch\":0,\"latestOffset\":%" PRId64
                   ",\"queryPlanning\":0,\"triggerExecution\":%" PRId64
                   ",\"walCommit\":%" PRId64 "},",
                   batch->add_ms, batch->commit_ms, batch->latest_ms, duration_ms, batch->wal_ms);
    add_event_times(json, batch);
    lt_text_append(json, "\"stateOperators\":[");
    for (uint32_t i = 0; i < batch->operator_count; i++) {
        lt_text_append(json, i == 0 ? "" : ",");
        add_operator(json, &batch->operators[i]);
    }
    lt_text_append(json, "],");
}

/* `batch` NULL: of an interval of continuous mode, or of idleness. */
static char *make_entry(struct lt_progress *progress, const struct lt_progress_totals *totals,
                        const struct lt_progress_batch *batch, int64_t now_ns)
{
    const struct lt_progress_options *options = &progress->options;
    struct lt_text_buffer json;
    char timestamp[LT_CLOCK_ISO_SIZE];
    int64_t duration_ns = now_ns - (batch != NULL ? batch->begun_ns : progress->entry_ns);
    double seconds = (double)(duration_ns > 0 ? duration_ns : 1) / LT_NS_PER_S;
    uint64_t records = totals->records_in - progress->in_at_entry;
    lt_clock_format_iso(batch != NULL ? batch->begun_wall_us : progress->entry_wall_us, timestamp);
    lt_text_init(&json);
    lt_text_append(&json, "{");
    add_text(&json, "id", options->id);
    lt_text_append(&json, ",");
    add_text(&json, "runId", options->run_id);
    lt_text_append(&json, ",");
    add_text(&json, "name", options->name);
    lt_text_append(&json, ",");
    add_text(&json, "timestamp", timestamp);
    lt_text_format(&json, ",\"batchId\":%" PRId64 ",\"batchDuration\":%" PRId64 ",", totals->epoch,
                   duration_ns / LT_NS_PER_MS);
    add_rates(&json, records, seconds);
    lt_text_append_char(&json, ',');
    if (batch != NULL)
        add_batch(&json, batch, duration_ns / LT_NS_PER_MS);
    else
        lt_text_format(&json,
                       "\"durationMs\":{\"triggerExecution\":%" PRId64 "},\"stateOperators\":[],",
                       duration_ns / LT_NS_PER_MS);
    add_sources(progress, &json, totals, records, seconds);
    add_sink(progress, &json, totals->records_out - progress->out_at_entry,
             totals->dead_letters - progress->dead_at_entry);
    add_sinks(progress, &json);
    add_latency(&json, progress->latency_now);
    lt_text_append(&json, "}");
    return lt_text_take(&json);
}

static void keep_entry(struct lt_progress *progress, char *entry)
{
    pthread_mutex_lock(&progress->mutex);
    free(progress->recent[progress->recent_next]);
    progress->recent[progress->recent_next] = entry;
    progress->recent_next = (progress->recent_next + 1) % LT_PROGRESS_RECENT;
    if (progress->recent_count < LT_PROGRESS_RECENT)
        progress->recent_count++;
    pthread_mutex_unlock(&progress->mutex);
}

static bool is_idle(const struct lt_progress *progress, const struct lt_progress_totals *totals)
{
    return totals->records_in == progress->in_at_entry &&
           totals->records_out == progress->out_at_entry;
}

static void add_entry(struct lt_progress *progress, const struct lt_progress_totals *totals,
                      const struct lt_progress_batch *batch, int64_t now_ns)
{
    struct lt_histogram *before = progress->latency_at_entry, *now = progress->latency_now;
    struct lt_histogram *copy = lt_alloc(sizeof *copy);
    memcpy(copy, now, sizeof *copy);
    lt_histogram_subtract(now, before);
    keep_entry(progress, make_entry(progress, totals, batch, now_ns));
    free(before);
    progress->latency_at_entry = copy;
    progress->entry_ns = now_ns;
    progress->entry_wall_us = lt_clock_wall_us(progress->options.clock);
    progress->in_at_entry = totals->records_in;
    progress->out_at_entry = totals->records_out;
    progress->dead_at_entry = totals->dead_letters;
    if (progress->has_positions)
        memcpy(progress->entry_start, progress->newest_end,
               partition_count(progress) * sizeof *progress->entry_start);
}

void lt_progress_tick(struct lt_progress *progress)
{
    int64_t now_ns = lt_clock_now_ns(progress->options.clock);
    if (now_ns - progress->entry_ns < progress->options.interval_ns)
        return;
    struct lt_progress_totals totals = {.ack_latency_ns = progress->latency_now};
    lt_progress_read_totals(progress, &totals);
    bool is_quiet = is_idle(progress, &totals) || progress->options.in_batches;
    if (is_quiet && now_ns - progress->entry_ns < idle_interval_ns)
        return;
    add_entry(progress, &totals, NULL, now_ns);
}

void lt_progress_batch_done(struct lt_progress *progress, const struct lt_progress_batch *batch)
{
    struct lt_progress_totals totals = {.ack_latency_ns = progress->latency_now};
    lt_progress_read_totals(progress, &totals);
    add_entry(progress, &totals, batch, lt_clock_now_ns(progress->options.clock));
}

void lt_progress_finish(struct lt_progress *progress)
{
    struct lt_progress_totals totals = {.ack_latency_ns = progress->latency_now};
    lt_progress_read_totals(progress, &totals);
    bool is_told = is_idle(progress, &totals) || progress->options.in_batches;
    if (progress->recent_count == 0 || !is_told)
        add_entry(progress, &totals, NULL, lt_clock_now_ns(progress->options.clock));
}

bool lt_progress_recent(struct lt_progress *progress, uint32_t age, struct lt_text_buffer *out)
{
    pthread_mutex_lock(&progress->mutex);
    bool found = age < progress->recent_count;
    if (found) {
        uint32_t index =
            (progress->recent_next + LT_PROGRESS_RECENT - 1 - age) % LT_PROGRESS_RECENT;
        lt_text_append(out, progress->recent[index]);
    }
    pthread_mutex_unlock(&progress->mutex);
    return found;
}
