#include "core/run/intake.h"

#include <stdio.h>

#include "core/base/arena.h"

enum {
    LAG_INTERVAL_NS = 200 * LT_NS_PER_MS, /* so that no entry of the progress shows an old one */
    LAG_POLLS = 16, /* a clock that is read so seldom costs a busy stage nothing */
};

static void update_lag(struct lt_intake *intake)
{
    int64_t records = -1, ms = -1;
    if (intake->reader->ops->lag == NULL)
        return;
    intake->reader->ops->lag(intake->reader, &records, &ms);
    lt_counter_set(intake->lag_records, (uint64_t)records);
    lt_counter_set(intake->lag_ms, (uint64_t)ms);
}

void lt_intake_stop(struct lt_intake *intake)
{
    if (!intake->stopped)
        update_lag(intake);
    intake->stopped = true;
}

void lt_intake_note_lag(struct lt_intake *intake, const struct lt_clock *clock, bool is_busy)
{
    if (intake->stopped || (is_busy && ++intake->polls_without_lag < LAG_POLLS))
        return;
    intake->polls_without_lag = 0;
    int64_t now_ns = lt_clock_now_ns(clock);
    if (now_ns < intake->lag_due_ns)
        return;
    intake->lag_due_ns = now_ns + LAG_INTERVAL_NS;
    update_lag(intake);
}

void lt_intake_note_position(struct lt_intake *intake, uint64_t epoch)
{
    uint64_t read = lt_load_relaxed_u64(intake->records); /* relaxed: our own count */
    intake->reader->ops->position(intake->reader, intake->positions[epoch % LT_WRITER_EPOCHS]);
    intake->read_of[epoch % LT_WRITER_EPOCHS] = read - intake->read_before;
    intake->read_before = read;
    intake->position_noted = true;
}

int lt_intake_begin_range(struct lt_intake *intake, const struct lt_batch *batch,
                          struct lt_error *error)
{
    int code = intake->reader->ops->extend(intake->reader, intake->end, error);
    intake->batch = batch;
    intake->arrival_reported = false;
    intake->stopped = false;
    return code == 0 ? 0 : lt_error_append(error, "source %s", intake->source->type->name);
}

void lt_intake_end_range(struct lt_intake *intake)
{
    intake->marker_epoch = intake->batch->id;
    intake->marker_due = true;
    intake->position_noted = false;
}

/* What was not reported yet is, whatever was found meanwhile. Where there is something still, as
 * of another part of the source, it may have come since the report, and is reported. */
void lt_intake_listen(struct lt_intake *intake)
{
    const struct lt_reader_ops *ops = intake->reader->ops;
    if (!intake->arrival_reported || ops->listen == NULL)
        return;
    ops->listen(intake->reader);
    intake->arrival_reported = false;
}

static struct lt_shared_u64 *add_counter(const struct lt_connector_env *env, uint32_t lane,
                                         enum lt_counter_kind kind, const char *name,
                                         const char *unit, const char *help)
{
    char full[96];
    snprintf(full, sizeof full, "lane%u.source.%s", lane, name);
    return lt_counters_add(env->counters, kind, full, unit, help);
}

int lt_intake_open(struct lt_intake *intake, uint32_t lane, const struct lt_connector_env *env,
                   struct lt_error *error)
{
    struct lt_connector_env own = *env;
    char prefix[64];
    snprintf(prefix, sizeof prefix, "lane%u.source.", lane);
    intake->records =
        add_counter(env, lane, LT_COUNTER_SUM, "records", "records", "read from the source");
    intake->read_before = lt_load_relaxed_u64(intake->records); /* relaxed: our own count */
    intake->lag_records = add_counter(env, lane, LT_COUNTER_GAUGE, "lag_records", "records",
                                      "records behind the newest one known; -1 if not known");
    intake->lag_ms = add_counter(env, lane, LT_COUNTER_GAUGE, "lag_ms", "ms",
                                 "milliseconds behind the newest record; -1 if not known");
    lt_counter_set(intake->lag_records, (uint64_t)-1); /* not known until the reader says */
    lt_counter_set(intake->lag_ms, (uint64_t)-1);
    for (uint32_t i = 0; i < LT_WRITER_EPOCHS; i++)
        intake->positions[i] =
            lt_alloc_array(intake->partition_count, sizeof *intake->positions[i]);
    own.counter_prefix = prefix;
    int code = intake->source->ops->open_reader(intake->source, &own, intake->partitions,
                                                intake->partition_count, intake->start, intake->end,
                                                &intake->reader, error);
    return code == 0 ? 0 : lt_error_append(error, "source %s", intake->source->type->name);
}
