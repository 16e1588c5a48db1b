#include "core/run/control.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/run/batch_lanes.h"
#include "core/run/control_counters.h"
#include "core/run/control_wait.h"
#include "core/run/drive.h"
#include "core/run/report.h"
#include "core/run/union_source.h"

enum { MESSAGES_PER_STEP = 128, HEARTBEAT_NS = LT_NS_PER_S };

struct lt_control {
    struct lt_control_options options;
    struct lt_drive drive;
    struct lt_batch_lanes world;
    enum lt_control_state state;
    bool *ready, *ended, *stop_sent; /* by lane */
    uint32_t ready_count, ended_count;
    bool stop_wanted, restart_wanted;
    bool last_epoch_asked;
    int64_t last_epoch;                 /* the one after the last row; -1: not known yet */
    struct lt_position *last_positions; /* of the last done epoch */
    uint32_t partition_count;
    int64_t heartbeat_ns;
    struct lt_control_wait wait; /* as last told */
    struct lt_control_counters counters;
    struct lt_error error;
};

static const char *const state_names[] = {
    "awaits ready",   "runs",  "awaits ended", "awaits last epoch",
    "awaits restart", "ended", "failed"};

const char *lt_control_state_name(enum lt_control_state state)
{
    return state_names[state];
}

static void enter(struct lt_control *control, enum lt_control_state state)
{
    lt_assert(state > control->state);
    control->state = state;
    if (state >= LT_CONTROL_AWAITS_RESTART)
        lt_progress_finish(control->options.progress);
    lt_counter_text_set(control->counters.state, state_names[state]);
    const struct lt_control_hooks *hooks = control->options.hooks;
    hooks->on_state(hooks->context, state, state == LT_CONTROL_FAILED ? &control->error : NULL);
}

static bool is_over(const struct lt_control *control)
{
    return control->state >= LT_CONTROL_AWAITS_RESTART;
}

static void fail(struct lt_control *control, const struct lt_error *error)
{
    if (is_over(control))
        return;
    control->error = *error;
    enter(control, LT_CONTROL_FAILED);
}

/* --------------------------------------------------------------------- the coordinator's ports */

static bool send_command(struct lt_mailbox *mailbox, enum lt_command command, uint64_t epoch)
{
    return lt_mailbox_try_send(mailbox, &(struct lt_message){.kind = command, .number = epoch});
}

static bool port_inject(void *context, uint32_t lane, uint64_t epoch)
{
    struct lt_control *control = context;
    return send_command(lt_lane_first_mailbox(control->options.lanes[lane]), LT_COMMAND_INJECT,
                        epoch);
}

static bool port_run(void *context, uint32_t lane, uint64_t epoch)
{
    struct lt_control *control = context;
    (void)epoch;
    return lt_batch_lanes_run(&control->world, lane, lt_batch_control_batch(control->drive.batches),
                              lt_batch_control_end(control->drive.batches));
}

static bool port_listen(void *context)
{
    return lt_batch_lanes_listen(&((struct lt_control *)context)->world);
}

static bool port_is_stopping(void *context)
{
    const struct lt_control_hooks *hooks = ((struct lt_control *)context)->options.hooks;
    return hooks->stop_is_wanted(hooks->context);
}

static bool port_show(void *context, uint32_t delivery, uint64_t epoch)
{
    return lt_batch_lanes_show(&((struct lt_control *)context)->world, delivery, epoch);
}

static void port_add_times(void *context, struct lt_watermarks *watermarks)
{
    lt_batch_lanes_add_times(&((struct lt_control *)context)->world, watermarks);
}

static bool port_commit(void *context, uint32_t delivery, uint64_t epoch)
{
    return lt_batch_lanes_commit(&((struct lt_control *)context)->world, delivery, epoch);
}

static int port_commit_sink(void *context, uint32_t sink_index, uint64_t epoch, const char *notes,
                            struct lt_error *error)
{
    struct lt_control *control = context;
    struct lt_sink *sink = lt_pipeline_sink(control->options.pipeline, sink_index);
    return sink->ops->commit == NULL ? 0 : sink->ops->commit(sink, epoch, notes, error);
}

static void tell_batch(struct lt_control *control)
{
    struct lt_progress_operator operators[LT_LIMIT_SEGMENTS];
    struct lt_progress_batch batch;
    lt_batch_control_describe(control->drive.batches, &batch);
    batch.operators = operators;
    batch.operator_count = lt_batch_lanes_operators(&control->world, operators);
    lt_progress_batch_done(control->options.progress, &batch);
}

static void port_done(void *context, uint64_t epoch, const struct lt_position *positions)
{
    struct lt_control *control = context;
    struct lt_source *source = control->options.pipeline->source;
    size_t size_bytes = control->partition_count * sizeof *positions;
    bool quiet = memcmp(control->last_positions, positions, size_bytes) == 0;
    lt_progress_epoch_done(control->options.progress, epoch, control->last_positions, positions);
    memcpy(control->last_positions, positions, size_bytes);
    lt_control_counters_done(&control->counters, &control->world, epoch,
                             lt_clock_wall_us(control->options.clock));
    if (source->ops->commit != NULL && !lt_batch_settings_are_async(control->options.batches))
        source->ops->commit(source, epoch, positions);
    if (control->drive.batches != NULL)
        tell_batch(control);
    lt_batch_lanes_done(&control->world, epoch);
    control->options.hooks->on_epoch(control->options.hooks->context, epoch, quiet);
}

/* A trigger has found nothing: what there was is committed. */
static void on_idle(void *context)
{
    struct lt_control *control = context;
    const struct lt_control_hooks *hooks = control->options.hooks;
    hooks->on_epoch(hooks->context, lt_control_next_epoch(control), true);
}

/* ------------------------------------------------------------------------------------ reports */

static void take_prepared(struct lt_control *control, uint32_t lane, uint32_t sink,
                          const struct lt_message *message)
{
    const char *note = message->payload != NULL ? message->payload : "";
    lt_drive_prepared(&control->drive, lane, sink, message->number, note);
    free(message->payload);
}

static void note_once(bool *flags, uint32_t lane, uint32_t *count)
{
    if (!flags[lane])
        (*count)++;
    flags[lane] = true;
}

static void take_report(struct lt_control *control, const struct lt_message *message)
{
    uint32_t lane = lt_report_lane(message->sender), sink = lt_report_sink(message->sender);
    switch (message->kind) {
    case LT_REPORT_READY:
        note_once(control->ready, lane, &control->ready_count);
        break;
    case LT_REPORT_POSITION:
        lt_drive_position(&control->drive, control->options.lanes[lane], lane, message->number,
                          message->payload);
        break;
    case LT_REPORT_ENDED:
        note_once(control->ended, lane, &control->ended_count);
        break;
    case LT_REPORT_PREPARED:
        take_prepared(control, lane, sink, message);
        break;
    case LT_REPORT_COMMITTED:
        lt_drive_committed(&control->drive, lane, sink, message->number);
        break;
    case LT_REPORT_STATE_PREPARED:
        lt_batches_state_prepared(lt_batch_control_batches(control->drive.batches),
                                  message->number);
        break;
    case LT_REPORT_ARRIVED:
        lt_batch_control_arrived(control->drive.batches);
        break;
    case LT_REPORT_FAILED:
        fail(control, message->payload);
        free(message->payload);
        break;
    case LT_REPORT_STOP_ASKED:
        control->stop_wanted = true;
        break;
    case LT_CONTROL_REQUEST_LOOK:
        break;
    case LT_CONTROL_REQUEST_EPOCH:
        lt_drive_request(&control->drive);
        break;
    default:
        lt_assert(false && "an unknown report");
    }
}

static uint32_t take_reports(struct lt_control *control)
{
    struct lt_message message;
    uint32_t count = 0;
    while (count < MESSAGES_PER_STEP && lt_mailbox_take(control->options.mailbox, &message)) {
        take_report(control, &message);
        count++;
    }
    return count;
}

/* -------------------------------------------------------------------------------- transitions */

static void tell_lanes_to_stop(struct lt_control *control)
{
    for (uint32_t i = 0; i < control->options.lane_count; i++)
        if (!control->stop_sent[i])
            control->stop_sent[i] = send_command(lt_lane_first_mailbox(control->options.lanes[i]),
                                                 LT_COMMAND_STOP_READING, 0);
}

static void enter_end(struct lt_control *control)
{
    enter(control, control->restart_wanted && !control->stop_wanted ? LT_CONTROL_AWAITS_RESTART
                                                                    : LT_CONTROL_ENDED);
}

/* Epochs that were injected before every lane had ended may hold no last rows: only one asked for
 * afterwards counts. */
static void ask_last_epoch(struct lt_control *control)
{
    struct lt_coordinator_status status;
    lt_coordinator_status(control->drive.coordinator, &status);
    if (!control->last_epoch_asked) {
        control->last_epoch = status.last_injected + 1;
        control->last_epoch_asked = true;
        lt_coordinator_request_last(control->drive.coordinator);
    }
    if (status.last_done >= control->last_epoch)
        enter_end(control);
}

/* In batches: the open one goes on to its end, and then there is none. */
static void advance_batches(struct lt_control *control)
{
    bool is_ready = control->ready_count == control->options.lane_count;
    if (control->stop_wanted || control->restart_wanted)
        lt_batch_control_close(control->drive.batches);
    bool is_over = lt_batch_control_is_over(control->drive.batches);
    switch (control->state) {
    case LT_CONTROL_AWAITS_READY:
        if (is_ready || control->stop_wanted)
            enter(control, LT_CONTROL_RUNS);
        break;
    case LT_CONTROL_RUNS:
        if (control->stop_wanted || control->restart_wanted || is_over)
            enter(control, LT_CONTROL_AWAITS_LAST_EPOCH);
        break;
    case LT_CONTROL_AWAITS_LAST_EPOCH:
        if (is_over)
            enter_end(control);
        break;
    default:
        break;
    }
}

static void advance(struct lt_control *control)
{
    bool all_ended = control->ended_count == control->options.lane_count;
    switch (control->state) {
    case LT_CONTROL_AWAITS_READY:
        if (control->stop_wanted || all_ended)
            enter(control, LT_CONTROL_AWAITS_ENDED);
        else if (control->ready_count == control->options.lane_count)
            enter(control, LT_CONTROL_RUNS);
        break;
    case LT_CONTROL_RUNS:
        if (control->stop_wanted || all_ended || control->restart_wanted)
            enter(control, LT_CONTROL_AWAITS_ENDED);
        break;
    case LT_CONTROL_AWAITS_ENDED:
        tell_lanes_to_stop(control);
        if (all_ended)
            enter(control, LT_CONTROL_AWAITS_LAST_EPOCH);
        break;
    case LT_CONTROL_AWAITS_LAST_EPOCH:
        ask_last_epoch(control);
        break;
    case LT_CONTROL_AWAITS_RESTART:
    case LT_CONTROL_ENDED:
    case LT_CONTROL_FAILED:
        break;
    }
}

static void look_at_source(struct lt_control *control)
{
    if (control->state == LT_CONTROL_RUNS && !control->restart_wanted)
        control->restart_wanted =
            lt_following_look(&control->options.following, control->options.pipeline->source);
}

static void tick_progress(struct lt_control *control)
{
    struct lt_progress_batch idle;
    if (control->drive.batches == NULL)
        lt_progress_tick(control->options.progress);
    else if (lt_batch_control_describe_idle(control->drive.batches, &idle))
        lt_progress_tick_idle(control->options.progress, &idle);
}

static void beat(struct lt_control *control)
{
    int64_t now_ns = lt_clock_now_ns(control->options.clock);
    if (now_ns < control->heartbeat_ns)
        return;
    control->heartbeat_ns = now_ns + HEARTBEAT_NS;
    lt_counters_heartbeat(control->options.counters, lt_clock_wall_us(control->options.clock));
    tick_progress(control);
    look_at_source(control);
}

/* An end that takes too long is explained by who asked for it. */
static void tell_wait(struct lt_control *control)
{
    struct lt_control_wait wait;
    if (control->drive.batches != NULL)
        lt_progress_set_activity(control->options.progress,
                                 lt_batch_control_activity(control->drive.batches));
    if (control->state != LT_CONTROL_AWAITS_ENDED && control->state != LT_CONTROL_AWAITS_LAST_EPOCH)
        return;
    lt_control_wait_find(control->drive.coordinator, control->drive.batches, &wait);
    if (lt_control_wait_is_same(&wait, &control->wait))
        return;
    control->wait = wait;
    control->options.hooks->on_wait(control->options.hooks->context, &wait);
}

static bool is_ready(const struct lt_control *control)
{
    return control->state != LT_CONTROL_AWAITS_READY;
}

static uint32_t control_step(void *context)
{
    struct lt_control *control = context;
    enum lt_control_state before = control->state;
    const struct lt_control_hooks *hooks = control->options.hooks;
    uint32_t work = take_reports(control);
    control->stop_wanted |= hooks->stop_is_wanted(hooks->context);
    if (is_over(control))
        return work;
    int steps = lt_drive_step(&control->drive, is_ready(control), &control->error);
    if (steps < 0) {
        enter(control, LT_CONTROL_FAILED);
        return work + 1;
    }
    beat(control);
    if (control->drive.batches != NULL)
        advance_batches(control);
    else
        advance(control);
    tell_wait(control);
    return work + (uint32_t)steps + (control->state != before ? 1 : 0);
}

static int64_t control_deadline_ns(void *context)
{
    struct lt_control *control = context;
    if (is_over(control))
        return LT_NEVER_NS;
    int64_t deadline = lt_drive_deadline_ns(&control->drive, is_ready(control));
    return deadline < control->heartbeat_ns ? deadline : control->heartbeat_ns;
}

/* --------------------------------------------------------------------------------------- life */

static void give_reactor(const struct lt_control *control, struct lt_reactor *reactor)
{
    const struct lt_pipeline *pipeline = control->options.pipeline;
    for (uint32_t i = 0; i < lt_pipeline_sink_count(pipeline); i++) {
        struct lt_sink *sink = lt_pipeline_sink(pipeline, i);
        if (sink->ops->use_reactor != NULL)
            sink->ops->use_reactor(sink, reactor);
    }
}

static int control_open(void *context, struct lt_reactor *reactor, struct lt_error *error)
{
    struct lt_control *control = context;
    (void)error;
    give_reactor(control, reactor);
    if (control->options.checkpoint != NULL)
        lt_checkpoint_use_reactor(control->options.checkpoint, reactor);
    /* The last agent to be opened: every lane is. */
    lt_progress_begin_run(control->options.progress, &control->world);
    lt_counter_text_set(control->counters.state, state_names[control->state]);
    control->options.hooks->on_begin(control->options.hooks->context);
    return 0;
}

/* The reactor ends with this thread: what it is writing ends before. */
static void control_close(void *context)
{
    struct lt_control *control = context;
    give_reactor(control, NULL);
    lt_checkpoint_stop(control->options.checkpoint);
}

void lt_control_show_state(struct lt_counters *counters, enum lt_control_state state)
{
    struct lt_control_counters own;
    lt_counters_begin_again(counters);
    lt_control_counters_add(&own, counters);
    lt_counter_text_set(own.state, state_names[state]);
}

const struct lt_position *lt_control_positions(const struct lt_control *control)
{
    return control->last_positions;
}

const struct lt_position *lt_control_open_end(const struct lt_control *control)
{
    bool is_open = control->drive.batches != NULL &&
                   lt_batch_control_activity(control->drive.batches) >= LT_ACTIVITY_PROCESSES;
    return is_open ? lt_batch_control_end(control->drive.batches) : NULL;
}

uint64_t lt_control_next_epoch(const struct lt_control *control)
{
    return lt_drive_next_epoch(&control->drive);
}

static int create_coordinator(struct lt_control *control, struct lt_error *error)
{
    const struct lt_control_options *options = &control->options;
    struct lt_coordinator_options coordinator = {
        .lane_count = options->lane_count,
        .sink_count = lt_pipeline_sink_count(options->pipeline),
        .interval_ns = options->epoch_interval_ns,
        .first_epoch = options->first_epoch,
        .start = options->start,
        .checkpoint = options->checkpoint,
        .clock = options->clock,
        .counters = options->counters,
        .ports = {control, port_inject, port_commit, port_commit_sink, port_done},
    };
    coordinator.sources =
        lt_source_parts(&control->options.pipeline->source, &coordinator.source_count);
    return lt_coordinator_create(&coordinator, &control->drive.coordinator, error);
}

static void create_batches(struct lt_control *control)
{
    const struct lt_control_options *options = &control->options;
    struct lt_batch_control_options batches = {
        .pipeline = options->pipeline,
        .settings = options->batches,
        .start = options->start,
        .batches = {.reader_count = options->lane_count,
                    .delivery_count = lt_batch_lanes_delivery_count(&control->world),
                    .state_count = options->segments != NULL
                                       ? lt_segments_state_count(options->segments)
                                       : 0,
                    .sink_count = lt_pipeline_sink_count(options->pipeline),
                    .shows_at_once = lt_pipeline_shows_at_once(options->pipeline),
                    .first_epoch = options->first_epoch,
                    .checkpoint = options->checkpoint,
                    .clock = options->clock,
                    .ports = {control, port_run, port_show, NULL, port_commit, port_commit_sink,
                              port_done}},
        .add_times = port_add_times,
        .listen = port_listen,
        .is_stopping = port_is_stopping,
        .idle = on_idle,
        .context = control,
    };
    batches.batches.sources =
        lt_source_parts(&control->options.pipeline->source, &batches.batches.source_count);
    control->drive.batches = lt_batch_control_create(&batches);
}

int lt_control_create(const struct lt_control_options *options, struct lt_control **out,
                      struct lt_error *error)
{
    struct lt_control *control = lt_alloc(sizeof *control);
    uint32_t partition_count = options->pipeline->source->partition_count;
    control->options = *options;
    control->world =
        (struct lt_batch_lanes){options->lanes, options->lane_count, options->segments};
    control->last_epoch = -1;
    control->ready = lt_alloc_array(options->lane_count, sizeof *control->ready);
    control->ended = lt_alloc_array(options->lane_count, sizeof *control->ended);
    control->stop_sent = lt_alloc_array(options->lane_count, sizeof *control->stop_sent);
    control->partition_count = partition_count;
    control->last_positions = lt_alloc_array(partition_count, sizeof *control->last_positions);
    memcpy(control->last_positions, options->start,
           partition_count * sizeof *control->last_positions);
    lt_control_counters_add(&control->counters, options->counters);
    int code = 0;
    if (options->batches != NULL)
        create_batches(control);
    else
        code = create_coordinator(control, error);
    if (code != 0) {
        lt_control_destroy(control);
        return code;
    }
    *out = control;
    return 0;
}

void lt_control_destroy(struct lt_control *control)
{
    if (control == NULL)
        return;
    struct lt_message message;
    while (lt_mailbox_take(control->options.mailbox, &message))
        if (message.kind == LT_REPORT_PREPARED || message.kind == LT_REPORT_FAILED)
            free(message.payload);
    lt_drive_fini(&control->drive);
    free(control->ready);
    free(control->ended);
    free(control->stop_sent);
    free(control->last_positions);
    free(control);
}

struct lt_agent lt_control_agent(struct lt_control *control)
{
    return (struct lt_agent){
        .name = "control",
        .context = control,
        .open = control_open,
        .step = control_step,
        .deadline_ns = control_deadline_ns,
        .close = control_close,
    };
}
