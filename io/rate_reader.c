/*
 * Making rows when they are due.
 *
 * Each partition has a schedule: row c of it (c = 0, 1, ... since the reader was opened) is due at
 * a time that is exact in the long run, not a sum of rounded periods: the period is a quotient, and
 * what rounding leaves over is carried along.
 *
 * A poll makes what is due by now, at most `limit` rows, the oldest partition first in turn. If
 * rows or time run out, the rest is due still: it will be made late, and says so by its times.
 *
 * Between two batches it knows when the next row is due, and says so then: the control thread need
 * not ask what the clock will tell.
 *
 * on: the lane's source thread.
 */
#include <math.h>
#include <stdlib.h>

#include "core/base/arena.h"
#include "io/rate.h"

enum { STARVED_RETRY_NS = 50 * LT_NS_PER_US /* how soon to look for rows that came home */ };

struct schedule {
    uint32_t partition;
    int64_t value;       /* of the next row */
    int64_t end_value;   /* the first that is not wanted; INT64_MAX: none */
    int64_t run_time_ms; /* of the last row made; exact: when the schedule began */
    int64_t due_ns;      /* of the next row, on the query's clock */
    int64_t due_rest;    /* carried: due is due_ns + due_rest / divisor */
    int64_t ramp_count;  /* rows made during the ramp */
};

struct rate_reader {
    struct lt_reader base;
    const struct lt_rate_source *rate;
    const struct lt_clock *clock;
    struct lt_row_pool *pool;
    int64_t begin_ns, begin_wall_us;         /* the same moment on both clocks */
    int64_t period_ns, period_rest, divisor; /* period is period_ns + period_rest / divisor */
    bool is_exact; /* not open loop, and the period is below 1 ms: times follow from values and the
                      begin */
    struct schedule *schedules;
    uint32_t schedule_count;
    uint32_t turn;   /* the schedule to begin with */
    bool is_starved; /* rows are due and all are in flight */
    bool is_told;    /* that a row is due which no batch has taken yet */
};

static struct rate_reader *reader_of(struct lt_reader *base)
{
    return (struct rate_reader *)(void *)base; /* the base is its first member */
}

/* During the ramp the rate is R t / T, so c rows are made by t = sqrt(2 c T / R). */
static int64_t ramp_offset_ns(const struct rate_reader *reader, int64_t count)
{
    double per_ns = (double)reader->divisor / ((double)reader->period_ns * (double)reader->divisor +
                                               (double)reader->period_rest);
    return (int64_t)sqrt(2.0 * (double)count * (double)reader->rate->settings.ramp_up_ns / per_ns);
}

/* True while the row last due belongs to the ramp, which takes T at half the rate. */
static bool is_ramping(const struct rate_reader *reader, const struct schedule *schedule)
{
    return reader->rate->settings.is_open_loop &&
           schedule->due_ns - reader->begin_ns < reader->rate->settings.ramp_up_ns;
}

static void advance(const struct rate_reader *reader, struct schedule *schedule)
{
    schedule->value += reader->rate->settings.partition_count;
    if (lt_unlikely(is_ramping(reader, schedule))) {
        schedule->ramp_count++;
        schedule->due_ns = reader->begin_ns + ramp_offset_ns(reader, schedule->ramp_count);
        return;
    }
    schedule->due_ns += reader->period_ns;
    schedule->due_rest += reader->period_rest;
    if (schedule->due_rest >= reader->divisor) {
        schedule->due_rest -= reader->divisor;
        schedule->due_ns++;
    }
}

static bool is_at_end(const struct schedule *schedule)
{
    return schedule->value >= schedule->end_value;
}

static int64_t wall_us_of(const struct rate_reader *reader, int64_t ns)
{
    return reader->begin_wall_us + (ns - reader->begin_ns) / LT_NS_PER_US;
}

static struct lt_row *make_row(struct rate_reader *reader, struct schedule *schedule,
                               int64_t now_ns)
{
    struct lt_row *row = lt_row_claim(reader->pool);
    if (row == NULL)
        return NULL;
    int64_t timestamp_us = wall_us_of(reader, schedule->due_ns);
    row->source_partition = (int32_t)schedule->partition;
    row->source_offset = schedule->value;
    row->ingest_ns = reader->rate->settings.is_open_loop ? schedule->due_ns : now_ns;
    const struct lt_rate_maker *maker = &reader->rate->settings.maker;
    maker->fill(maker->rows, row, schedule->value, timestamp_us);
    if (!reader->is_exact)
        schedule->run_time_ms = timestamp_us / LT_US_PER_MS;
    advance(reader, schedule);
    return row;
}

/* The next row that is due, from the partitions in turn; NULL when there is none, or none can be
 * had. */
static struct lt_row *next_row(struct rate_reader *reader, int64_t now_ns)
{
    for (uint32_t i = 0; i < reader->schedule_count; i++) {
        struct schedule *schedule = &reader->schedules[reader->turn];
        reader->turn = reader->turn + 1 == reader->schedule_count ? 0 : reader->turn + 1;
        if (schedule->due_ns > now_ns || is_at_end(schedule))
            continue;
        struct lt_row *row = make_row(reader, schedule, now_ns);
        reader->is_starved = row == NULL;
        return row;
    }
    reader->is_starved = false;
    return NULL;
}

static bool has_ended(const struct rate_reader *reader)
{
    for (uint32_t i = 0; i < reader->schedule_count; i++) {
        if (!is_at_end(&reader->schedules[i]))
            return false;
    }
    return true;
}

/* The first that is not made at all, whatever a batch wants. */
static int64_t last_value(const struct lt_rate_source *rate)
{
    return rate->settings.row_count > 0 ? rate->settings.row_count : INT64_MAX;
}

/* When a batch can take the next row behind the one at hand: batches go by whole milliseconds. */
static int64_t next_batch_ns(const struct rate_reader *reader)
{
    int64_t nearest_ns = LT_NEVER_NS;
    for (uint32_t i = 0; i < reader->schedule_count; i++) {
        const struct schedule *schedule = &reader->schedules[i];
        if (schedule->value < last_value(reader->rate) && schedule->due_ns < nearest_ns)
            nearest_ns = schedule->due_ns;
    }
    return reader->is_exact && nearest_ns != LT_NEVER_NS ? nearest_ns + LT_NS_PER_MS : nearest_ns;
}

static bool rate_has_more(struct lt_reader *base)
{
    struct rate_reader *reader = reader_of(base);
    reader->is_told |= next_batch_ns(reader) <= lt_clock_now_ns(reader->clock);
    return reader->is_told;
}

static enum lt_poll_status rate_poll(struct lt_reader *base, struct lt_out *out, uint32_t limit,
                                     uint32_t *count)
{
    struct rate_reader *reader = reader_of(base);
    int64_t now_ns = lt_clock_now_ns(reader->clock);
    *count = 0;
    /* One row is held back, so that the last one at hand can be told. */
    struct lt_row *held = next_row(reader, now_ns);
    while (held != NULL) {
        (*count)++;
        struct lt_row *next = *count < limit ? next_row(reader, now_ns) : NULL;
        if (next == NULL)
            held->flags |= LT_ROW_END_OF_BATCH;
        out->emit(out, held);
        held = next;
    }
    if (*count == limit)
        return LT_POLL_MORE;
    return has_ended(reader) ? LT_POLL_ENDED : LT_POLL_IDLE;
}

static int64_t nearest_due_ns(const struct rate_reader *reader)
{
    int64_t nearest_ns = LT_NEVER_NS;
    for (uint32_t i = 0; i < reader->schedule_count; i++) {
        const struct schedule *schedule = &reader->schedules[i];
        if (!is_at_end(schedule) && schedule->due_ns < nearest_ns)
            nearest_ns = schedule->due_ns;
    }
    return nearest_ns;
}

/* Another source may keep the batch at hand open beyond it: the lane must not spin until then. */
static int64_t look_out_ns(const struct rate_reader *reader)
{
    int64_t due_ns = next_batch_ns(reader), now_ns = lt_clock_now_ns(reader->clock);
    if (reader->is_told)
        return LT_NEVER_NS;
    return due_ns > now_ns ? due_ns : now_ns + LT_NS_PER_MS;
}

static int64_t rate_deadline_ns(struct lt_reader *base)
{
    struct rate_reader *reader = reader_of(base);
    if (reader->is_starved)
        return lt_clock_now_ns(reader->clock) + STARVED_RETRY_NS;
    if (base->reads_ahead && has_ended(reader))
        return look_out_ns(reader);
    return nearest_due_ns(reader);
}

static bool rate_is_idle(struct lt_reader *base)
{
    struct rate_reader *reader = reader_of(base);
    return nearest_due_ns(reader) > lt_clock_now_ns(reader->clock);
}

static void rate_position(struct lt_reader *base, struct lt_position *positions)
{
    struct rate_reader *reader = reader_of(base);
    for (uint32_t i = 0; i < reader->schedule_count; i++)
        positions[i] = (struct lt_position){.offset = reader->schedules[i].value,
                                            .extra = reader->schedules[i].run_time_ms};
}

static void rate_lag(struct lt_reader *base, int64_t *records, int64_t *ms)
{
    struct rate_reader *reader = reader_of(base);
    int64_t now_ns = lt_clock_now_ns(reader->clock);
    int64_t period_ns = reader->period_ns > 0 ? reader->period_ns : 1;
    *records = 0;
    *ms = 0;
    for (uint32_t i = 0; i < reader->schedule_count; i++) {
        const struct schedule *schedule = &reader->schedules[i];
        if (is_at_end(schedule) || schedule->due_ns > now_ns)
            continue;
        int64_t late_ns = now_ns - schedule->due_ns;
        *records += 1 + late_ns / period_ns;
        if (late_ns / LT_NS_PER_MS > *ms)
            *ms = late_ns / LT_NS_PER_MS;
    }
}

static void begin_clock(struct rate_reader *reader)
{
    reader->begin_ns = lt_clock_now_ns(reader->clock);
    reader->begin_wall_us = lt_clock_wall_us(reader->clock);
}

/* When the next row of a partition that stands at `position` is due. */
static void begin_schedule(const struct rate_reader *reader, struct schedule *schedule,
                           const struct lt_position *position)
{
    const struct lt_rate_source *rate = reader->rate;
    schedule->value = position->offset;
    schedule->run_time_ms = position->extra;
    schedule->due_rest = 0;
    schedule->ramp_count = 0;
    if (rate->settings.is_open_loop) {
        /* Partitions take turns within a period. */
        schedule->due_ns = reader->begin_ns + (int64_t)schedule->partition * LT_NS_PER_S /
                                                  rate->settings.rows_per_second;
        return;
    }
    schedule->due_ns =
        reader->begin_ns - (reader->begin_wall_us - position->extra * LT_US_PER_MS) * LT_NS_PER_US;
    if (!reader->is_exact) {
        schedule->due_ns += reader->period_ns;
        return;
    }
    /* extra is when value 0 was begun, and stays so: whole milliseconds of the last row would not
     * bring it back. */
    __int128 periods = position->offset / rate->settings.partition_count + 1;
    __int128 due = periods * rate->settings.partition_count * LT_NS_PER_S;
    schedule->due_ns += (int64_t)(due / reader->divisor);
    schedule->due_rest = (int64_t)(due % reader->divisor);
}

static int rate_seek(struct lt_reader *base, const struct lt_position *positions,
                     struct lt_error *error)
{
    (void)error;
    struct rate_reader *reader = reader_of(base);
    begin_clock(reader);
    for (uint32_t i = 0; i < reader->schedule_count; i++)
        begin_schedule(reader, &reader->schedules[i], &positions[i]);
    return 0;
}

static int64_t end_value(const struct lt_rate_source *rate, const struct lt_position *end,
                         uint32_t index)
{
    int64_t last = last_value(rate);
    return end != NULL && end[index].offset < last ? end[index].offset : last;
}

static int rate_extend(struct lt_reader *base, const struct lt_position *end,
                       struct lt_error *error)
{
    struct rate_reader *reader = reader_of(base);
    (void)error;
    for (uint32_t i = 0; i < reader->schedule_count; i++)
        reader->schedules[i].end_value = end_value(reader->rate, end, i);
    reader->is_told = false;
    return 0;
}

static void rate_reader_close(struct lt_reader *base)
{
    struct rate_reader *reader = reader_of(base);
    lt_row_pool_destroy(reader->pool);
    free(reader->schedules);
    free(reader);
}

/* n partitions at R rows a second: n seconds / R, exact; or, as Spark, in whole milliseconds if
 * that is at least one. */
static void set_period(struct rate_reader *reader)
{
    const struct lt_rate_source *rate = reader->rate;
    int64_t whole = (int64_t)rate->settings.partition_count * LT_NS_PER_S;
    int64_t period_ms =
        (int64_t)rate->settings.partition_count * 1000 / rate->settings.rows_per_second;
    reader->divisor = rate->settings.rows_per_second;
    reader->period_ns = whole / rate->settings.rows_per_second;
    reader->period_rest = whole % rate->settings.rows_per_second;
    reader->is_exact = !rate->settings.is_open_loop && period_ms == 0;
    if (!rate->settings.is_open_loop && period_ms > 0) {
        reader->period_ns = period_ms * LT_NS_PER_MS;
        reader->period_rest = 0;
    }
}

int lt_rate_open_reader(struct lt_source *source, const struct lt_connector_env *env,
                        const uint32_t *partitions, uint32_t partition_count,
                        const struct lt_position *start, const struct lt_position *end,
                        struct lt_reader **out, struct lt_error *error)
{
    static const struct lt_reader_ops ops = {
        .poll = rate_poll,
        .is_idle = rate_is_idle,
        .deadline_ns = rate_deadline_ns,
        .position = rate_position,
        .seek = rate_seek,
        .extend = rate_extend,
        .has_more = rate_has_more,
        .lag = rate_lag,
        .close = rate_reader_close,
    };
    *out = NULL;
    struct rate_reader *reader = lt_alloc(sizeof *reader);
    reader->base.ops = &ops;
    reader->base.reads_ahead = env->in_batches;
    reader->rate = (const struct lt_rate_source *)(const void *)source;
    reader->clock = env->clock;
    struct lt_row_pool_options options = {
        .column_count = source->schema->field_count,
        .capacity = env->lane_rows,
        .is_shared = env->is_shared,
        .scratch_size_bytes = reader->rate->settings.maker.scratch_size_bytes,
    };
    int code = lt_row_pool_create(&options, &reader->pool, error);
    if (code != 0) {
        free(reader);
        return lt_error_append(error, "source %s", source->type->name);
    }
    begin_clock(reader);
    set_period(reader);
    reader->schedule_count = partition_count;
    reader->schedules = lt_alloc_array(partition_count, sizeof *reader->schedules);
    for (uint32_t i = 0; i < partition_count; i++) {
        reader->schedules[i].partition = partitions[i];
        reader->schedules[i].end_value = end_value(reader->rate, end, i);
        begin_schedule(reader, &reader->schedules[i], &start[i]);
    }
    *out = &reader->base;
    return 0;
}
