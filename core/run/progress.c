#include "core/run/progress.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/run/progress_entry.h"
#include "core/run/union_source.h"

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
    /* Of the last batch, for entries of idleness. */
    struct lt_progress_operator operators[LT_LIMIT_SEGMENTS];
    uint32_t operator_count;
    /* written by the control thread, read by any: statistics */
    struct lt_shared_u64 epoch, epoch_done_wall_us; /* -1: none */
    struct lt_shared_u32 activity;
    /* under the mutex */
    pthread_mutex_t mutex;
    struct lane_counters *lanes; /* of all runs */
    uint32_t lane_count, lane_count_now;
    struct {
        char *json;
        int64_t idle_wall_us; /* -1: something has happened */
    } recent[LT_PROGRESS_RECENT]; /* by number */
    uint64_t made;
    /* owner: control thread */
    void (*on_made)(void *context); /* or NULL */
    void *on_made_context;
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
        free(progress->recent[i].json);
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

static struct lane_counters make_counters(const struct lt_progress *progress)
{
    uint32_t sinks = progress->options.pipeline->branch_count;
    return (struct lane_counters){
        .acked_records = lt_alloc_array(sinks, sizeof(const struct lt_shared_u64 *)),
        .ack_latencies_ns = lt_alloc_array(sinks, sizeof(const struct lt_histogram *)),
    };
}

/* A lane or a delivery of an earlier run with the same index has the same counters; a run may have
 * had one and not the other. */
static void take_counters(const struct lt_batch_lanes *of, uint32_t index,
                          struct lane_counters *out)
{
    if (index < of->lane_count && out->records == NULL)
        take_lane(of->lanes[index], out);
    if (index < lt_batch_lanes_delivery_count(of) && out->dead_lettered == NULL)
        take_delivery(lt_batch_lanes_delivery(of, index), out);
}

static void take_lanes(struct lt_progress *progress, const struct lt_batch_lanes *of)
{
    uint32_t deliveries = lt_batch_lanes_delivery_count(of);
    uint32_t lane_count = of->lane_count > deliveries ? of->lane_count : deliveries;
    pthread_mutex_lock(&progress->mutex);
    if (lane_count > progress->lane_count)
        progress->lanes = lt_realloc_array(progress->lanes, lane_count, sizeof *progress->lanes);
    for (; progress->lane_count < lane_count; progress->lane_count++)
        progress->lanes[progress->lane_count] = make_counters(progress);
    for (uint32_t i = 0; i < lane_count; i++)
        take_counters(of, i, &progress->lanes[i]);
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

/* In batches, where the source said that it ends, if that is told; one that makes its records has
 * no end beyond that of the batch. Of an interval of continuous mode nobody asks: one without an
 * end of its own, a socket, ends where it was read to, and of others it is not known. */
static const struct lt_position *find_latest(const struct lt_progress *progress,
                                             const struct lt_progress_batch *batch,
                                             const struct lt_source *part, uint32_t first)
{
    unsigned traits = lt_source_traits(part);
    unsigned ends = traits & (LT_SOURCE_BOUNDED | LT_SOURCE_ENDLESS);
    if ((traits & LT_SOURCE_TELLS_NO_END) != 0)
        return NULL;
    if (batch != NULL && batch->latest != NULL && part->ops->latest != NULL)
        return batch->latest + first;
    bool is_where_it_was_read_to =
        batch != NULL ? batch->latest != NULL : ends == LT_SOURCE_ENDLESS;
    return is_where_it_was_read_to && progress->has_positions ? progress->newest_end + first
                                                               : NULL;
}

static void find_sources(struct lt_progress *progress, const struct lt_progress_totals *totals,
                         uint64_t records, const struct lt_progress_batch *batch,
                         struct lt_progress_source *out, uint32_t *count)
{
    uint32_t first = 0;
    struct lt_source *const *parts = lt_source_parts(&progress->options.pipeline->source, count);
    for (uint32_t i = 0; i < *count; i++) {
        struct lt_progress_totals lag = *count == 1 ? *totals : lag_of_part(progress, i);
        out[i] = (struct lt_progress_source){
            .source = parts[i],
            .start = progress->has_positions ? progress->entry_start + first : NULL,
            .end = progress->has_positions ? progress->newest_end + first : NULL,
            .latest = find_latest(progress, batch, parts[i], first),
            .records = *count == 1 ? records : read_of_part(progress, i),
            .lag_records = lag.lag_records,
            .lag_ms = lag.lag_ms,
        };
        first += parts[i]->partition_count;
    }
}

/* ------------------------------------------------------------------------------------- entries */

/* `batch` NULL: of an interval of continuous mode. */
static char *make_entry(struct lt_progress *progress, const struct lt_progress_totals *totals,
                        const struct lt_progress_batch *batch, int64_t wall_us, int64_t now_ns)
{
    const struct lt_progress_options *options = &progress->options;
    struct lt_progress_source sources[LT_LIMIT_SINKS];
    uint64_t written[LT_LIMIT_SINKS];
    struct lt_text_buffer json;
    struct lt_progress_facts facts = {
        .id = options->id,
        .run_id = options->run_id,
        .name = options->name,
        .wall_us = wall_us,
        .batch_id = batch != NULL ? (int64_t)batch->id : totals->epoch,
        .duration_ns = batch != NULL ? batch->duration_ns : now_ns - progress->entry_ns,
        .records = totals->records_in - progress->in_at_entry,
        .written = totals->records_out - progress->out_at_entry,
        .dead_letters = totals->dead_letters - progress->dead_at_entry,
        .batch = batch,
        .sources = sources,
        .pipeline = options->pipeline,
        .written_by_sink = written,
        .latency_ns = progress->latency_now,
        .counters = options->counters,
    };
    find_sources(progress, totals, facts.records, batch, sources, &facts.source_count);
    for (uint32_t i = 0; i < options->pipeline->branch_count; i++)
        written[i] = written_by_sink(progress, i);
    lt_text_init(&json);
    lt_progress_write(&facts, &json);
    return lt_text_take(&json);
}

static void keep_entry(struct lt_progress *progress, char *entry, int64_t idle_wall_us)
{
    pthread_mutex_lock(&progress->mutex);
    uint32_t slot = (uint32_t)(progress->made++ % LT_PROGRESS_RECENT);
    free(progress->recent[slot].json);
    progress->recent[slot].json = entry;
    progress->recent[slot].idle_wall_us = idle_wall_us;
    pthread_mutex_unlock(&progress->mutex);
    if (progress->on_made != NULL)
        progress->on_made(progress->on_made_context);
}

static bool is_idle(const struct lt_progress *progress, const struct lt_progress_totals *totals)
{
    return totals->records_in == progress->in_at_entry &&
           totals->records_out == progress->out_at_entry;
}

static void add_entry(struct lt_progress *progress, const struct lt_progress_totals *totals,
                      const struct lt_progress_batch *batch)
{
    struct lt_histogram *before = progress->latency_at_entry, *now = progress->latency_now;
    struct lt_histogram *copy = lt_alloc(sizeof *copy);
    int64_t now_ns = lt_clock_now_ns(progress->options.clock);
    bool is_news = batch != NULL ? !batch->is_idle : !is_idle(progress, totals);
    int64_t wall_us = batch != NULL ? batch->begun_wall_us : progress->entry_wall_us;
    memcpy(copy, now, sizeof *copy);
    lt_histogram_subtract(now, before);
    char *entry = make_entry(progress, totals, batch, wall_us, now_ns);
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
    keep_entry(progress, entry, is_news ? -1 : wall_us);
}

void lt_progress_tick(struct lt_progress *progress)
{
    int64_t spent_ns = lt_clock_now_ns(progress->options.clock) - progress->entry_ns;
    if (spent_ns < progress->options.interval_ns)
        return;
    struct lt_progress_totals totals = {.ack_latency_ns = progress->latency_now};
    lt_progress_read_totals(progress, &totals);
    if (is_idle(progress, &totals) && spent_ns < idle_interval_ns)
        return;
    add_entry(progress, &totals, NULL);
}

void lt_progress_batch_done(struct lt_progress *progress, const struct lt_progress_batch *batch)
{
    struct lt_progress_totals totals = {.ack_latency_ns = progress->latency_now};
    lt_progress_read_totals(progress, &totals);
    add_entry(progress, &totals, batch);
    progress->operator_count = batch->operator_count;
    for (uint32_t i = 0; i < batch->operator_count; i++) {
        progress->operators[i] = batch->operators[i];
        progress->operators[i].metrics.rows_updated = 0;
        progress->operators[i].metrics.rows_dropped_by_watermark = 0;
    }
}

static void add_idle_entry(struct lt_progress *progress, const struct lt_progress_batch *idle)
{
    struct lt_progress_totals totals = {.ack_latency_ns = progress->latency_now};
    struct lt_progress_batch batch = *idle;
    lt_progress_read_totals(progress, &totals);
    batch.operators = progress->operators;
    batch.operator_count = progress->operator_count;
    add_entry(progress, &totals, &batch);
}

/* The first one is due at once, as in Spark. */
void lt_progress_tick_idle(struct lt_progress *progress, const struct lt_progress_batch *idle)
{
    int64_t spent_ns = lt_clock_now_ns(progress->options.clock) - progress->entry_ns;
    if (lt_progress_made(progress) == 0 || spent_ns >= idle_interval_ns)
        add_idle_entry(progress, idle);
}

void lt_progress_finish(struct lt_progress *progress)
{
    struct lt_progress_totals totals = {.ack_latency_ns = progress->latency_now};
    lt_progress_read_totals(progress, &totals);
    bool is_first = lt_progress_made(progress) == 0;
    if (progress->options.in_batches && is_first)
        add_idle_entry(progress, &(struct lt_progress_batch){.id = (uint64_t)(totals.epoch + 1),
                                                             .begun_wall_us =
                                                                 progress->entry_wall_us,
                                                             .since_last_ns = -1,
                                                             .watermark_ms = -1,
                                                             .is_idle = true});
    else if (!progress->options.in_batches && (is_first || !is_idle(progress, &totals)))
        add_entry(progress, &totals, NULL);
}

void lt_progress_observe(struct lt_progress *progress, void (*made)(void *context), void *context)
{
    progress->on_made = made;
    progress->on_made_context = context;
}

void lt_progress_set_activity(struct lt_progress *progress, enum lt_progress_activity activity)
{
    lt_store_relaxed_u32(&progress->activity, activity); /* relaxed: a statistic */
}

enum lt_progress_activity lt_progress_activity(const struct lt_progress *progress)
{
    return (enum lt_progress_activity)lt_load_relaxed_u32(&progress->activity); /* as above */
}

uint64_t lt_progress_made(struct lt_progress *progress)
{
    pthread_mutex_lock(&progress->mutex);
    uint64_t made = progress->made;
    pthread_mutex_unlock(&progress->mutex);
    return made;
}

bool lt_progress_entry(struct lt_progress *progress, uint64_t number, struct lt_text_buffer *out,
                       int64_t *idle_wall_us)
{
    pthread_mutex_lock(&progress->mutex);
    uint64_t made = progress->made;
    bool found = number < made && made - number <= LT_PROGRESS_RECENT;
    if (found) {
        lt_text_append(out, progress->recent[number % LT_PROGRESS_RECENT].json);
        *idle_wall_us = progress->recent[number % LT_PROGRESS_RECENT].idle_wall_us;
    }
    pthread_mutex_unlock(&progress->mutex);
    return found;
}

bool lt_progress_recent(struct lt_progress *progress, uint32_t age, struct lt_text_buffer *out)
{
    int64_t ignored_us;
    uint64_t made = lt_progress_made(progress);
    return age < made && lt_progress_entry(progress, made - 1 - age, out, &ignored_us);
}
