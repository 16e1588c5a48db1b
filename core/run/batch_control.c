#include "core/run/batch_control.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/log.h"
#include "core/run/async_progress.h"
#include "core/run/batch_range.h"
#include "core/run/hearing.h"
#include "core/run/union_source.h"

enum { LOOK_INTERVAL_NS = 10 * LT_NS_PER_MS /* spark.sql.streaming.pollingDelay */ };

struct lt_batch_control {
    struct lt_batch_control_options options;
    struct lt_batches *batches;
    struct lt_async_progress *async; /* NULL: batches wait for their entries */
    struct lt_source *const *parts;
    uint32_t part_count, partition_count;
    struct lt_position *at;     /* where the next batch begins, by the log */
    struct lt_position *from;   /* and where it can, of the trigger at hand: `at`, unless lost */
    struct lt_position *end;    /* and where the open one ends */
    struct lt_position *latest; /* of the trigger at hand */
    struct lt_position *frozen; /* AvailableNow: where the query ends; NULL: not yet known */
    struct lt_batch batch;
    bool is_open, is_pending, is_first, is_closed, is_done;
    bool is_requested;
    struct lt_hearing hearing;
    bool is_after_batch;     /* no trigger was since the last batch */
    int64_t *due_ns;         /* by part: when it is asked again where nobody tells */
    bool has_data; /* the open batch does not only move state on */
    bool has_triggered, has_found_nothing; /* ever; the last trigger */
    int64_t trigger_ns;      /* when the next trigger is due */
    int64_t begun_wall_ms;   /* when the last one was */
    int64_t begun_ns, latest_ns; /* the same; and how long it took to ask the sources */
    int64_t since_last_ns;       /* from the trigger before that; -1: there was none */
    bool has_latest;             /* they were asked: `latest` is of this trigger */
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
    memcpy(control->at, positions, control->partition_count * sizeof *positions);
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
    control->parts =
        lt_source_parts(&control->options.pipeline->source, &control->part_count);
    control->partition_count = options->pipeline->source->partition_count;
    uint32_t slots = control->partition_count + 1u;
    control->at = lt_alloc_array(slots, sizeof *control->at);
    control->from = lt_alloc_array(slots, sizeof *control->from);
    control->end = lt_alloc_array(slots, sizeof *control->end);
    control->latest = lt_alloc_array(slots, sizeof *control->latest);
    control->due_ns = lt_alloc_array(control->part_count + 1u, sizeof *control->due_ns);
    memcpy(control->at, options->start, control->partition_count * sizeof *control->at);
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
    free(control->at);
    free(control->from);
    free(control->end);
    free(control->latest);
    free(control->due_ns);
    free(control->frozen);
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
    return control->end;
}

/* ------------------------------------------------------------------------------------ triggers */

static int64_t interval_ms(const struct lt_batch_control *control)
{
    const struct lt_trigger *trigger = &control->options.settings->trigger;
    return trigger->kind == LT_TRIGGER_PROCESSING_TIME ? trigger->interval_ns / LT_NS_PER_MS : 0;
}

/* How long a part that nobody tells of is not asked again. */
static int64_t interval_of_ns(const struct lt_batch_control *control, uint32_t part)
{
    int64_t interval_ns = control->parts[part]->look_interval_ns;
    return interval_ns > LOOK_INTERVAL_NS ? interval_ns : LOOK_INTERVAL_NS;
}

/* How long a query that found nothing waits before it looks again. What was heard of and not let in
 * waits for more, or for its time: nobody will tell of it again. */
static int64_t look_interval_ns(const struct lt_batch_control *control)
{
    int64_t shortest_ns = LT_NEVER_NS;
    for (uint32_t i = 0; i < control->part_count; i++)
        if (interval_of_ns(control, i) < shortest_ns)
            shortest_ns = interval_of_ns(control, i);
    return control->hearing.is_told ? LOOK_INTERVAL_NS : shortest_ns;
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

/* -------------------------------------------------------------------------------- where it ends */

static int fail_part(const struct lt_source *source, struct lt_error *error)
{
    return lt_error_append(error, "source %s", source->type->name);
}

/* Asks a part where it ends, and whether what lies before that is all there. */
static int ask_part(struct lt_batch_control *control, uint32_t part, uint32_t first,
                    struct lt_error *error)
{
    struct lt_source *source = control->parts[part];
    const struct lt_source_ops *ops = source->ops;
    struct lt_position *latest = control->latest + first;
    int code = ops->latest != NULL ? ops->latest(source, latest, error) : 0;
    if (code >= 0 && ops->mend != NULL)
        code = ops->mend(source, control->at + first, latest, control->from + first, error);
    control->due_ns[part] = control->begun_ns + interval_of_ns(control, part);
    return code < 0 ? fail_part(source, error) : 0;
}

/* True if the part has told where it ends, or has nothing new to say: it is not asked then. Only a
 * query that runs as soon as there is something goes by that. */
static bool is_heard(struct lt_batch_control *control, uint32_t part, uint32_t first,
                     bool asks_all)
{
    struct lt_source *source = control->parts[part];
    const struct lt_source_ops *ops = source->ops;
    bool has_news = control->hearing.is_told || control->is_after_batch;
    if (asks_all)
        return false;
    if (has_news && ops->at_hand != NULL &&
        ops->at_hand(source, control->at + first, control->latest + first))
        return true;
    bool tells = ops->at_hand != NULL && !control->is_after_batch;
    return control->begun_ns < control->due_ns[part] && (!has_news || tells);
}

/* Fills `latest` and `from`. Once it is known where the query ends nobody is asked any more: what
 * is lost then is found by reading. In *asked: no part was passed over, or went by hearsay. */
static int look(struct lt_batch_control *control, bool asks_all, bool *asked,
                struct lt_error *error)
{
    size_t size_bytes = control->partition_count * sizeof *control->at;
    uint32_t first = 0;
    *asked = true;
    memcpy(control->from, control->at, size_bytes);
    if (control->frozen != NULL) {
        memcpy(control->latest, control->frozen, size_bytes);
        return 1;
    }
    for (uint32_t i = 0; i < control->part_count; i++) {
        bool is_known = is_heard(control, i, first, asks_all);
        int code = is_known ? 0 : ask_part(control, i, first, error);
        if (code < 0)
            return code;
        *asked &= !is_known;
        first += control->parts[i]->partition_count;
    }
    return 1;
}

/* Asks one part; 1, 0 (it wants to wait for more, and more may come) or a negative code. */
static int end_part(struct lt_batch_control *control, uint32_t part, uint32_t first,
                    bool is_limited, struct lt_error *error)
{
    struct lt_source *source = control->parts[part];
    const struct lt_source_ops *ops = source->ops;
    const struct lt_position *from = control->from + first;
    struct lt_position *latest = ops->latest != NULL ? control->latest + first : NULL;
    struct lt_position *end = control->end + first;
    bool is_asked = ops->admit != NULL && (is_limited || latest == NULL);
    int code = is_asked ? ops->admit(source, from, latest, end, error) : 0;
    if (code != 0 || (is_asked && (control->frozen == NULL || latest == NULL)))
        return code < 0 ? fail_part(source, error) : code;
    memcpy(end, control->latest + first, source->partition_count * sizeof *end);
    return 1;
}

/* Fills `end`, after a look: 1 or negative. A part that wants to wait ends where it begins. */
static int find_end(struct lt_batch_control *control, bool is_limited, struct lt_error *error)
{
    uint32_t first = 0;
    for (uint32_t i = 0; i < control->part_count; i++) {
        uint32_t count = control->parts[i]->partition_count;
        int code = end_part(control, i, first, is_limited, error);
        if (code < 0)
            return code;
        if (code == 0) /* it waits, and holds up nobody else */
            memcpy(control->end + first, control->at + first, count * sizeof *control->end);
        lt_batch_range_cap(control->from + first,
                           control->frozen != NULL ? control->frozen + first : NULL,
                           control->end + first, count);
        first += count;
    }
    return 1;
}

/* AvailableNow: where the sources end at the first trigger is where the query ends. */
static int freeze(struct lt_batch_control *control, struct lt_error *error)
{
    int code = find_end(control, false, error);
    if (code < 0)
        return code;
    control->frozen = lt_alloc_array(control->partition_count + 1u, sizeof *control->frozen);
    memcpy(control->frozen, control->end, control->partition_count * sizeof *control->frozen);
    return 1;
}

static bool has_data(const struct lt_batch_control *control)
{
    return !lt_batch_range_is_empty(control->at, control->end, control->partition_count);
}

/* A batch without data. A query that runs once leaves it to the next run. */
static bool wants_no_data_batch(const struct lt_batch_control *control, int64_t wall_ms)
{
    const struct lt_batch_settings *settings = control->options.settings;
    return settings->has_no_data_batches && settings->trigger.kind != LT_TRIGGER_ONCE &&
           (lt_watermarks_want_batch(&control->watermarks) ||
            lt_watermarks_are_timers_due(&control->watermarks, wall_ms * LT_US_PER_MS));
}

/* ------------------------------------------------------------------------------------- batches */

static int begin(struct lt_batch_control *control, int64_t timestamp_ms)
{
    const struct lt_batch_settings *settings = control->options.settings;
    const struct lt_batch_plan plan = {
        .end = control->end,
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
    control->has_data = has_data(control);
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
    memcpy(control->end, settings->pending_end, control->partition_count * sizeof *control->end);
    lt_log_info("a batch was logged and not finished when the query ended: it is run again");
    return begin(control, settings->pending_timestamp_ms);
}

/* A source may let in less than there is, or nothing for now. */
static bool is_at(const struct lt_batch_control *control, const struct lt_position *end)
{
    return lt_batch_range_has_come_to(control->at, end, control->partition_count);
}

static int find_nothing(struct lt_batch_control *control, bool asked)
{
    enum lt_trigger_kind kind = control->options.settings->trigger.kind;
    control->is_done |= kind == LT_TRIGGER_ONCE ||
                        (kind == LT_TRIGGER_AVAILABLE_NOW && is_at(control, control->frozen)) ||
                        (control->have_ended && asked && is_at(control, control->latest));
    control->has_found_nothing = true;
    if (asked)
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
    control->have_ended = lt_source_parts_have_ended(control->parts, control->part_count);
}

static int pull_trigger(struct lt_batch_control *control, struct lt_error *error)
{
    enum lt_trigger_kind kind = control->options.settings->trigger.kind;
    int64_t wall_ms = lt_clock_wall_us(control->options.batches.clock) / LT_US_PER_MS;
    int code = 1;
    note_trigger(control, wall_ms);
    bool asks_all = control->is_requested || kind != LT_TRIGGER_PROCESSING_TIME ||
                    interval_ms(control) != 0;
    bool asked = false;
    control->is_requested = false;
    bool is_to_freeze = kind == LT_TRIGGER_AVAILABLE_NOW && control->frozen == NULL;
    if (!control->is_pending || is_to_freeze)
        code = look(control, asks_all, &asked, error);
    if (code >= 0 && is_to_freeze)
        code = freeze(control, error);
    if (code >= 0 && control->is_pending)
        return begin_pending(control);
    if (code >= 0)
        code = find_end(control, kind != LT_TRIGGER_ONCE, error);
    control->latest_ns = lt_clock_now_ns(control->options.batches.clock) - control->begun_ns;
    control->has_latest = code >= 0;
    if (code < 0)
        return code;
    bool starts_empty =
        control->is_first && lt_source_parts_start_empty(control->parts, control->part_count);
    return has_data(control) || starts_empty || wants_no_data_batch(control, wall_ms)
               ? begin(control, wall_ms)
               : find_nothing(control, asked);
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
        .latest = control->has_latest ? control->latest : NULL,
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
        .latest = control->has_latest ? control->latest : NULL,
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

int lt_batch_control_step(struct lt_batch_control *control, struct lt_error *error)
{
    int work = lt_async_progress_step(control->async, error);
    if (work >= 0 && may_begin(control))
        work += listen(control);
    if (work >= 0 && may_begin(control) &&
        (control->is_requested ||
         lt_clock_now_ns(control->options.batches.clock) >= control->trigger_ns)) {
        int pulled = pull_trigger(control, error);
        work = pulled < 0 ? pulled : work + pulled;
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
