#include "core/run/batch_control.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/log.h"
#include "core/run/async_progress.h"
#include "core/run/batch_ends.h"
#include "core/run/hearing.h"
#include "core/run/union_source.h"

struct lt_batch_control {
    struct lt_batch_control_options options;
    struct lt_batches *batches;
    struct lt_async_progress *async; /* NULL: batches wait for their entries */
    struct lt_batch_ends ends; /* where batches begin and end; `end` is the open one's */
    struct lt_batch batch;
    bool is_open, is_pending, is_first, is_closed, is_done;
    bool is_requested;
    struct lt_hearing hearing;
    bool is_after_batch; /* no trigger was since the last batch */
    bool has_data;       /* the open batch does not only move state on */
    bool has_triggered, has_found_nothing; /* ever; the last trigger */
    int64_t trigger_ns;      /* when the next trigger is due */
    int64_t begun_wall_ms;   /* when the last one was */
    int64_t begun_ns, latest_ns; /* the same; and how long it took to ask the sources */
    int64_t since_last_ns;       /* from the trigger before that; -1: there was none */
    bool has_latest;             /* they were asked: `ends.latest` is of this trigger */
    bool have_ended;             /* nothing will come behind that */
    struct lt_watermarks watermarks;
};

/* ----------------------------------------------------------------------------------- life span */

static int64_t run_conclude(void *context, uint64_t epoch)
{
    struct lt_batch_control *control = context;
    (void)epoch;
    control->options.add_times(control->options.context, &control->watermarks);
    return lt_watermarks_next(&control->watermarks);
}

static bool run_lane(void *context, uint32_t reader, uint64_t epoch)
{
    const struct lt_batch_control *control = context;
    const struct lt_batches_ports *ports = &control->options.batches.ports;
    return ports->run(ports->context, reader, epoch);
}

static bool run_show(void *context, uint32_t delivery, uint64_t epoch)
{
    const struct lt_batch_control *control = context;
    const struct lt_batches_ports *ports = &control->options.batches.ports;
    return ports->show(ports->context, delivery, epoch);
}

static bool run_commit(void *context, uint32_t delivery, uint64_t epoch)
{
    const struct lt_batch_control *control = context;
    const struct lt_batches_ports *ports = &control->options.batches.ports;
    return ports->commit(ports->context, delivery, epoch);
}

static int run_commit_sink(void *context, uint32_t sink, uint64_t epoch, const char *notes,
                           struct lt_error *error)
{
    const struct lt_batch_control *control = context;
    const struct lt_batches_ports *ports = &control->options.batches.ports;
    return ports->commit_sink(ports->context, sink, epoch, notes, error);
}

static void set_next_trigger(struct lt_batch_control *control, bool had_batch);

/* Before the next watermark is in force. */
static void tell_async(struct lt_batch_control *control, uint64_t epoch,
                       const struct lt_position *positions)
{
    const struct lt_async_batch batch = {
        .epoch = epoch,
        .positions = positions,
        .watermark_ms = control->watermarks.now_ms,
        .timestamp_ms = control->batch.timestamp_us / LT_US_PER_MS,
        .next_watermark_ms = lt_watermarks_next(&control->watermarks),
        .logs = lt_batches_source_logs(control->batches),
        .is_logged = control->is_pending,
    };
    lt_async_progress_done(control->async, &batch);
}

static void run_done(void *context, uint64_t epoch, const struct lt_position *positions)
{
    struct lt_batch_control *control = context;
    const struct lt_batches_ports *ports = &control->options.batches.ports;
    enum lt_trigger_kind kind = control->options.settings->trigger.kind;
    lt_batch_ends_done(&control->ends, positions);
    tell_async(control, epoch, positions);
    control->is_open = control->is_pending = control->is_first = false;
    control->is_after_batch = true;
    lt_watermarks_advance(&control->watermarks);
    control->is_done |= kind == LT_TRIGGER_ONCE;
    set_next_trigger(control, true);
    ports->done(ports->context, epoch, positions);
}

struct lt_batch_control *lt_batch_control_create(const struct lt_batch_control_options *options)
{
    struct lt_batch_control *control = lt_alloc(sizeof *control);
    const struct lt_batch_settings *settings = options->settings;
    control->options = *options;
    lt_batch_ends_init(&control->ends, &control->options.pipeline->source, options->start);
    control->is_pending = settings->pending_end != NULL;
    control->is_first = settings->is_new;
    lt_watermarks_init(&control->watermarks, options->pipeline->segments,
                       settings->takes_greatest_watermark, settings->watermark_ms,
                       settings->last_watermark_ms);
    if (!settings->is_new)
        lt_watermarks_expect_timers(&control->watermarks);
    control->trigger_ns = lt_clock_now_ns(options->batches.clock); /* the first is at once */
    lt_hearing_begin(&control->hearing);
    struct lt_batches_options batches = options->batches;
    batches.ports = (struct lt_batches_ports){
        control, run_lane, run_show, run_conclude, run_commit, run_commit_sink, run_done};
    batches.source_logs = batches.checkpoint;
    control->async = lt_async_progress_create(&batches, settings);
    if (control->async != NULL)
        batches.checkpoint = NULL;
    control->batches = lt_batches_create(&batches);
    return control;
}

void lt_batch_control_destroy(struct lt_batch_control *control)
{
    if (control == NULL)
        return;
    lt_batches_destroy(control->batches);
    lt_async_progress_destroy(control->async);
    lt_batch_ends_fini(&control->ends);
    free(control);
}

struct lt_batches *lt_batch_control_batches(const struct lt_batch_control *control)
{
    return control->batches;
}

const struct lt_batch *lt_batch_control_batch(const struct lt_batch_control *control)
{
    return &control->batch;
}

const struct lt_position *lt_batch_control_end(const struct lt_batch_control *control)
{
    return control->ends.end;
}

/* ------------------------------------------------------------------------------------ triggers */

static int64_t interval_ms(const struct lt_batch_control *control)
{
    const struct lt_trigger *trigger = &control->options.settings->trigger;
    return trigger->kind == LT_TRIGGER_PROCESSING_TIME ? trigger->interval_ns / LT_NS_PER_MS : 0;
}

/* How long a query that found nothing waits before it looks again. What was heard of and not let in
 * waits for more, or for its time: nobody will tell of it again. Nor is anything told before
 * readers are to tell anew: till then a look finds what they have heard, and asks who is due. */
static int64_t look_interval_ns(const struct lt_batch_control *control)
{
    return control->hearing.is_told || lt_hearing_is_deaf(&control->hearing)
               ? LT_BATCH_POLL_NS
               : lt_batch_ends_interval_ns(&control->ends);
}

static void warn_if_late(int64_t interval, int64_t spent_ms)
{
    if (spent_ms > interval)
        lt_log_warn("Current batch is falling behind. The trigger interval is %" PRId64
                    " milliseconds, but spent %" PRId64 " milliseconds",
                    interval, spent_ms);
}

/* A timer may be due before the sources are asked again. Batches' times are whole milliseconds. */
static void hasten_for_timers(struct lt_batch_control *control, int64_t now_ns)
{
    int64_t wall_us = lt_clock_wall_us(control->options.batches.clock), wait_us;
    int64_t due_us = control->watermarks.due_us;
    if (due_us == INT64_MAX || due_us == INT64_MIN)
        return;
    wait_us = due_us > wall_us ? due_us - wall_us + LT_US_PER_MS : LT_US_PER_MS;
    if (wait_us < (control->trigger_ns - now_ns) / LT_NS_PER_US)
        control->trigger_ns = now_ns + wait_us * LT_NS_PER_US;
}

/* On the grid; what lies behind by now is due at once, and once only. A clock that was set back
 * since is not waited for. */
static void set_next_trigger(struct lt_batch_control *control, bool had_batch)
{
    const struct lt_clock *clock = control->options.batches.clock;
    int64_t now_ns = lt_clock_now_ns(clock), interval = interval_ms(control);
    if (interval == 0) {
        control->trigger_ns = had_batch ? now_ns : now_ns + look_interval_ns(control);
        hasten_for_timers(control, now_ns);
        return;
    }
    int64_t wall_ms = lt_clock_wall_us(clock) / LT_US_PER_MS;
    int64_t last_ms = control->begun_wall_ms < wall_ms ? control->begun_wall_ms : wall_ms;
    int64_t next_ms = (last_ms / interval + 1) * interval;
    if (had_batch)
        warn_if_late(interval, wall_ms - control->begun_wall_ms);
    control->trigger_ns =
        next_ms > wall_ms ? now_ns + (next_ms - wall_ms) * LT_NS_PER_MS : now_ns;
}

/* ------------------------------------------------------------------------------------- batches */

/* A batch without data. A query that runs once leaves it to the next run. */
static bool wants_no_data_batch(const struct lt_batch_control *control, int64_t wall_ms)
{
    const struct lt_batch_settings *settings = control->options.settings;
    return settings->has_no_data_batches && settings->trigger.kind != LT_TRIGGER_ONCE &&
           (lt_watermarks_want_batch(&control->watermarks) ||
            lt_watermarks_are_timers_due(&control->watermarks, wall_ms * LT_US_PER_MS));
}

static int begin(struct lt_batch_control *control, int64_t timestamp_ms)
{
    const struct lt_batch_settings *settings = control->options.settings;
    const struct lt_batch_plan plan = {
        .end = control->ends.end,
        .watermark_ms = control->watermarks.now_ms,
        .timestamp_ms = timestamp_ms,
        .conf = settings->conf,
        .is_logged = control->is_pending,
        .keeps_watermark = lt_watermarks_count(&control->watermarks) == 0,
    };
    control->is_open = true;
    control->is_after_batch = false;
    lt_hearing_begin(&control->hearing);
    control->has_found_nothing = false;
    control->has_data = lt_batch_ends_have_data(&control->ends);
    uint64_t number = lt_batches_begin(control->batches, &plan);
    control->watermarks.batch_ns = control->begun_ns;
    lt_watermarks_begin(&control->watermarks);
    control->batch = (struct lt_batch){
        .id = number,
        .timestamp_us = timestamp_ms * LT_US_PER_MS,
        .watermarks = control->watermarks.operators,
        .operator_count = control->watermarks.operator_count,
        .is_ahead = lt_batches_is_ahead(control->batches),
    };
    return 1;
}

static int begin_pending(struct lt_batch_control *control)
{
    const struct lt_batch_settings *settings = control->options.settings;
    struct lt_batch_ends *ends = &control->ends;
    memcpy(ends->end, settings->pending_end, ends->partition_count * sizeof *ends->end);
    lt_log_info("a batch was logged and not finished when the query ended: it is run again");
    return begin(control, settings->pending_timestamp_ms);
}

/* All that readers have told of was looked at, and is nothing. What was heard of and not let in is
 * looked at again. */
static bool is_nothing(const struct lt_batch_ends *ends, enum lt_batch_ends_known known)
{
    return known == LT_BATCH_ENDS_ASKED ||
           (known == LT_BATCH_ENDS_HEARD && lt_batch_ends_are_at(ends, ends->latest));
}

/* A source may let in less than there is, or nothing for now. */
static int find_nothing(struct lt_batch_control *control, enum lt_batch_ends_known known)
{
    const struct lt_batch_ends *ends = &control->ends;
    bool asked = known == LT_BATCH_ENDS_ASKED;
    enum lt_trigger_kind kind = control->options.settings->trigger.kind;
    control->is_done |=
        kind == LT_TRIGGER_ONCE ||
        (kind == LT_TRIGGER_AVAILABLE_NOW && lt_batch_ends_are_at(ends, ends->frozen)) ||
        (control->have_ended && asked && lt_batch_ends_are_at(ends, ends->latest));
    control->has_found_nothing = true;
    if (is_nothing(ends, known))
        lt_hearing_found_nothing(&control->hearing, control->begun_ns, control->latest_ns);
    set_next_trigger(control, false);
    control->is_after_batch = false;
    if (asked)
        control->options.idle(control->options.context);
    return 1;
}

/* A trigger begins. */
static void note_trigger(struct lt_batch_control *control, int64_t wall_ms)
{
    int64_t now_ns = lt_clock_now_ns(control->options.batches.clock);
    control->since_last_ns = control->has_triggered ? now_ns - control->begun_ns : -1;
    control->has_triggered = true;
    control->begun_wall_ms = wall_ms;
    control->begun_ns = now_ns;
    control->has_latest = false;
    control->have_ended =
        lt_source_parts_have_ended(control->ends.parts, control->ends.part_count);
}

/* Where the sources end, and where the query does. */
static int look(struct lt_batch_control *control, bool is_to_freeze,
                enum lt_batch_ends_known *known, struct lt_error *error)
{
    const struct lt_batch_ends_look how = {
        .now_ns = control->begun_ns,
        .asks_all = control->is_requested || interval_ms(control) != 0 ||
                    control->options.settings->trigger.kind != LT_TRIGGER_PROCESSING_TIME,
        .is_told = control->hearing.is_told,
        .is_after_batch = control->is_after_batch,
    };
    int code = lt_batch_ends_look(&control->ends, &how, known, error);
    return code >= 0 && is_to_freeze ? lt_batch_ends_freeze(&control->ends, error) : code;
}

static int pull_trigger(struct lt_batch_control *control, struct lt_error *error)
{
    enum lt_trigger_kind kind = control->options.settings->trigger.kind;
    int64_t wall_ms = lt_clock_wall_us(control->options.batches.clock) / LT_US_PER_MS;
    struct lt_batch_ends *ends = &control->ends;
    int code = 1;
    note_trigger(control, wall_ms);
    enum lt_batch_ends_known known = LT_BATCH_ENDS_PASSED_OVER;
    bool is_to_freeze = kind == LT_TRIGGER_AVAILABLE_NOW && ends->frozen == NULL;
    if (!control->is_pending || is_to_freeze)
        code = look(control, is_to_freeze, &known, error);
    control->is_requested = false;
    if (code >= 0 && control->is_pending)
        return begin_pending(control);
    if (code >= 0)
        code = lt_batch_ends_find(ends, kind != LT_TRIGGER_ONCE, error);
    control->latest_ns = lt_clock_now_ns(control->options.batches.clock) - control->begun_ns;
    control->has_latest = code >= 0;
    if (code < 0)
        return code;
    bool starts_empty =
        control->is_first && lt_source_parts_start_empty(ends->parts, ends->part_count);
    return lt_batch_ends_have_data(ends) || starts_empty || wants_no_data_batch(control, wall_ms)
               ? begin(control, wall_ms)
               : find_nothing(control, known);
}

static int64_t ms_at(const struct lt_batches_status *status, enum lt_batch_step step)
{
    return status->step_ns[step] / LT_NS_PER_MS;
}

void lt_batch_control_describe(const struct lt_batch_control *control,
                               struct lt_progress_batch *out)
{
    struct lt_batches_status status;
    lt_batches_status(control->batches, &status);
    *out = (struct lt_progress_batch){
        .id = control->batch.id,
        .begun_wall_us = control->begun_wall_ms * LT_US_PER_MS,
        .duration_ns = lt_clock_now_ns(control->options.batches.clock) - control->begun_ns,
        .since_last_ns = control->since_last_ns,
        .latest_ms = control->latest_ns / LT_NS_PER_MS,
        .wal_ms = ms_at(&status, LT_BATCH_SETTLES) + ms_at(&status, LT_BATCH_LOGS),
        .add_ms = ms_at(&status, LT_BATCH_RUNS) + ms_at(&status, LT_BATCH_CONCLUDES) +
                  ms_at(&status, LT_BATCH_COMMITS),
        .commit_ms = ms_at(&status, LT_BATCH_ENDS),
        .latest = control->has_latest ? control->ends.latest : NULL,
        .times = lt_watermarks_times(&control->watermarks),
        .watermarks = &control->watermarks,
    };
    /* The next one is in force by now. */
    bool has_watermark = lt_watermarks_count(&control->watermarks) > 0;
    out->watermark_ms = has_watermark ? control->watermarks.before_ms : -1;
}

bool lt_batch_control_describe_idle(const struct lt_batch_control *control,
                                    struct lt_progress_batch *out)
{
    struct lt_batches_status status;
    bool has_watermark = lt_watermarks_count(&control->watermarks) > 0;
    if (control->is_open || !control->has_found_nothing)
        return false;
    lt_batches_status(control->batches, &status);
    *out = (struct lt_progress_batch){
        .id = status.epoch,
        .begun_wall_us = control->begun_wall_ms * LT_US_PER_MS,
        .duration_ns = control->latest_ns, /* all it did was to ask */
        .since_last_ns = control->since_last_ns,
        .latest_ms = control->latest_ns / LT_NS_PER_MS,
        .latest = control->has_latest ? control->ends.latest : NULL,
        .watermark_ms = has_watermark ? control->watermarks.now_ms : -1,
        .watermarks = &control->watermarks,
        .is_idle = true,
    };
    return true;
}

enum lt_progress_activity lt_batch_control_activity(const struct lt_batch_control *control)
{
    if (control->is_open)
        return control->has_data ? LT_ACTIVITY_PROCESSES : LT_ACTIVITY_CLEANS_UP;
    return control->has_found_nothing ? LT_ACTIVITY_AWAITS_DATA : LT_ACTIVITY_AWAITS_TRIGGER;
}

static bool may_begin(const struct lt_batch_control *control)
{
    return !control->is_open && !control->is_closed && !control->is_done &&
           lt_async_progress_has_room(control->async);
}

/* Readers tell again, if they are to by now. */
static int listen(struct lt_batch_control *control)
{
    int64_t now_ns = lt_clock_now_ns(control->options.batches.clock);
    if (now_ns < control->hearing.listen_ns ||
        !control->options.listen(control->options.context))
        return 0;
    control->hearing.listen_ns = LT_NEVER_NS;
    return 1;
}

/* Sources that were asked for the next batch and have failed fail the query; not one that is to end
 * and has no next batch: where it goes on from is known, and what is amiss is found then. */
static int end_failed(struct lt_batch_control *control, int code, const struct lt_error *error)
{
    if (!control->options.is_stopping(control->options.context))
        return code;
    lt_log_warn("the query ends, and does not find out what there is to be read: %s", error->text);
    control->is_closed = true;
    return 1;
}

int lt_batch_control_step(struct lt_batch_control *control, struct lt_error *error)
{
    int work = lt_async_progress_step(control->async, error);
    if (work >= 0 && may_begin(control))
        work += listen(control);
    if (work >= 0 && may_begin(control) &&
        (control->is_requested ||
         lt_clock_now_ns(control->options.batches.clock) >= control->trigger_ns)) {
        int pulled = pull_trigger(control, error);
        work = pulled < 0 ? end_failed(control, pulled, error) : work + pulled;
    }
    if (control->is_closed || control->is_done)
        lt_async_progress_close(control->async);
    if (work < 0 || !control->is_open)
        return work;
    int steps = lt_batches_step(control->batches, error);
    return steps < 0 ? steps : work + steps;
}

int64_t lt_batch_control_deadline_ns(const struct lt_batch_control *control)
{
    int64_t async_ns = lt_async_progress_deadline_ns(control->async);
    int64_t own_ns = may_begin(control)
                         ? lt_hearing_deadline_ns(&control->hearing, control->trigger_ns)
                         : LT_NEVER_NS;
    if (control->is_open)
        own_ns = lt_batches_deadline_ns(control->batches);
    return own_ns < async_ns ? own_ns : async_ns;
}

void lt_batch_control_arrived(struct lt_batch_control *control)
{
    control->hearing.is_told = true;
    if (interval_ms(control) == 0)
        control->trigger_ns = INT64_MIN;
}

void lt_batch_control_request(struct lt_batch_control *control)
{
    control->is_requested = true;
}

void lt_batch_control_close(struct lt_batch_control *control)
{
    control->is_closed = true;
}

bool lt_batch_control_is_over(const struct lt_batch_control *control)
{
    return !control->is_open && (control->is_closed || control->is_done) &&
           lt_async_progress_is_settled(control->async);
}
