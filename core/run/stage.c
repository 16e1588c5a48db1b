#include "core/run/stage.h"

#include <stdlib.h>
#include <stdio.h>

#include "core/base/arena.h"
#include "core/run/report.h"

enum {
    /* Nobody wakes a stage when there is room again (in a ring, in a mailbox, in a pool whose rows
     * are released on other threads, in a program's own operator or output): a parked one looks
     * this often. */
    LOOK_FOR_ROOM_NS = 50 * LT_NS_PER_US,
};

static struct lt_out *terminal(struct lt_stage *stage)
{
    if (stage->outlet != NULL)
        return &stage->outlet->out;
    return stage->delivery != NULL ? lt_delivery_entry(stage->delivery) : lt_fan_entry(stage->fan);
}

static bool is_blocked(const struct lt_stage *stage)
{
    if (stage->has_error || stage->chain.held_count != 0)
        return true;
    if (stage->outlet != NULL)
        return !lt_item_queue_is_empty(&stage->outlet->pending);
    return lt_likely(stage->delivery != NULL) ? lt_delivery_is_blocked(stage->delivery)
                                              : lt_fan_is_blocked(stage->fan);
}

/* The query is to stop with this error. A stage with a delivery reports through it, so that it is
 * said once. */
static void fail_stage(struct lt_stage *stage, const struct lt_error *error)
{
    if (stage->delivery != NULL) {
        lt_delivery_report_failure(stage->delivery, error);
    } else if (!stage->has_error) {
        stage->error = *error;
        stage->has_error = true;
    }
}

static uint32_t send(struct lt_stage *stage, enum lt_report kind, uint64_t number, void *payload)
{
    struct lt_message message = {.kind = kind,
                                 .sender = lt_report_sender(stage->lane, 0),
                                 .number = number,
                                 .payload = payload};
    if (lt_mailbox_try_send(stage->control, &message))
        return 1;
    stage->look_again = true;
    return 0;
}

static uint32_t send_error(struct lt_stage *stage)
{
    if (!stage->has_error || stage->error_sent)
        return 0;
    struct lt_error *copy = lt_alloc(sizeof *copy);
    *copy = stage->error;
    stage->error_sent = send(stage, LT_REPORT_FAILED, 0, copy) != 0;
    if (!stage->error_sent)
        free(copy);
    return stage->error_sent;
}

/* ------------------------------------------------------------------------------------- intake */

static void note_left_out(struct lt_stage *stage, uint64_t epoch)
{
    uint64_t left_out = lt_chain_left_out(&stage->chain);
    stage->left_out_of[epoch % LT_WRITER_EPOCHS] = left_out - stage->left_out_before;
    stage->left_out_before = left_out;
}

static void prepare_state(struct lt_stage *stage, uint64_t epoch)
{
    stage->state->times.drained_ns = lt_clock_now_ns(stage->clock);
    lt_state_set_prepare(stage->state, epoch + 1);
}

static bool try_marker(struct lt_stage *stage, uint64_t epoch)
{
    if (is_blocked(stage))
        return false;
    if (!stage->chain_marked) {
        if (!lt_chain_try_marker(&stage->chain, epoch)) {
            stage->look_again = true; /* an operator may wait for rows to come home */
            return false;
        }
        /* Before the marker can be seen: it is what makes the number good to read. */
        note_left_out(stage, epoch);
        if (stage->state != NULL)
            prepare_state(stage, epoch);
        /* What operators emitted at the marker goes first. */
        stage->chain_marked = true;
    }
    if ((stage->delivery != NULL && !lt_delivery_try_marker(stage->delivery, epoch)) ||
        (stage->fan != NULL && !lt_fan_try_marker(stage->fan, epoch))) {
        stage->look_again = true; /* as above */
        return false;
    }
    if (stage->outlet != NULL)
        lt_ring_outlet_marker(stage->outlet, epoch);
    stage->chain_marked = false;
    return true;
}

/* Injects the marker that is due: between two rows, with the position that stands there. */
static uint32_t inject(struct lt_stage *stage)
{
    struct lt_intake *intake = stage->intake;
    uint64_t epoch = intake->marker_epoch;
    if (!intake->position_noted) {
        if (!try_marker(stage, epoch))
            return 0;
        lt_intake_note_position(intake, epoch);
    }
    if (send(stage, LT_REPORT_POSITION, epoch, intake->positions[epoch % LT_WRITER_EPOCHS]) == 0)
        return 0;
    intake->marker_due = false;
    intake->batch = NULL;
    return 1;
}

/* ------------------------------------------------------------------------------ micro-batches */

/* What a batch is goes ahead of its rows, wherever they go. */
static void begin_batch(struct lt_stage *stage, const struct lt_batch *batch)
{
    lt_batch_clock_begin(&stage->batch_clock, batch);
    lt_chain_begin(&stage->chain, batch);
    if (stage->outlet != NULL)
        lt_ring_outlet_begin(stage->outlet, batch);
    else if (stage->delivery != NULL)
        lt_delivery_begin(stage->delivery, batch);
    else
        lt_fan_begin(stage->fan, batch);
}

static void take_batch(struct lt_stage *stage, const struct lt_batch *batch)
{
    struct lt_error error;
    if (stage->has_error || (stage->delivery != NULL && stage->delivery->failed))
        return; /* the query is ending */
    begin_batch(stage, batch);
    if (lt_intake_begin_range(stage->intake, batch, &error) != 0)
        fail_stage(stage, &error);
}

/* Between two batches: looks at what has come, and tells, once, that something has; or that the
 * reader has failed meanwhile. */
static uint32_t report_arrival(struct lt_stage *stage)
{
    struct lt_intake *intake = stage->intake;
    const struct lt_reader_ops *ops = intake->reader->ops;
    bool has_ended = stage->has_error || (stage->delivery != NULL && stage->delivery->failed);
    if (intake->batch != NULL || ops->has_more == NULL || has_ended ||
        !ops->has_more(intake->reader))
        return 0;
    if (lt_unlikely(intake->reader->has_failed)) {
        fail_stage(stage, &intake->reader->error);
        return 1;
    }
    if (intake->arrival_reported)
        return 0;
    intake->arrival_reported = send(stage, LT_REPORT_ARRIVED, 0, NULL) != 0;
    return intake->arrival_reported;
}

static uint32_t report_state(struct lt_stage *stage)
{
    struct lt_intake *intake = stage->intake;
    uint32_t work = 0;
    if (lt_unlikely(!intake->ready_reported)) {
        struct lt_reader *reader = intake->reader;
        if (reader->ops->is_ready == NULL || reader->ops->is_ready(reader) || intake->stopped) {
            intake->ready_reported = send(stage, LT_REPORT_READY, 0, NULL) != 0;
            work++;
        }
    }
    if (lt_unlikely(intake->stopped && !intake->ended_reported)) {
        intake->ended_reported = send(stage, LT_REPORT_ENDED, 0, NULL) != 0;
        work++;
    }
    return work;
}

static uint32_t read_source(struct lt_stage *stage)
{
    struct lt_intake *intake = stage->intake;
    uint32_t count = 0;
    if (intake->stopped)
        return 0;
    switch (intake->reader->ops->poll(intake->reader, lt_chain_entry(&stage->chain),
                                      LT_LIMIT_POLL_RECORDS, &count)) {
    case LT_POLL_MORE:
        stage->look_again |= count == 0; /* its rows are all on their way */
        break;
    case LT_POLL_IDLE:
        break;
    case LT_POLL_ENDED:
        lt_intake_stop(intake);
        if (intake->is_ranged)
            lt_intake_end_range(intake);
        break;
    case LT_POLL_FAILED:
        fail_stage(stage, &intake->reader->error);
        break;
    }
    lt_counter_add(intake->records, count);
    return count;
}

/* -------------------------------------------------------------------------------- other input */

/* Takes what the ring holds, up to one poll's worth; stops at the first thing that could not go
 * on. */
static uint32_t read_ring(struct lt_stage *stage)
{
    struct lt_out *entry = lt_chain_entry(&stage->chain);
    struct lt_out *end = terminal(stage);
    uint32_t count = 0;
    while (count < LT_LIMIT_POLL_RECORDS) {
        struct lt_item *item = lt_ring_peek(stage->input);
        if (item == NULL) {
            lt_ring_release_slots(stage->input);
            break;
        }
        if (item->row != NULL)
            lt_row_prefetch(item->row);
        if (lt_unlikely(is_blocked(stage)))
            break;
        if (lt_likely(item->kind == LT_ITEM_ROW))
            entry->emit(entry, item->row);
        else if (item->kind == LT_ITEM_FAILED)
            end->fail(end, item->row, item->fault);
        else if (item->kind == LT_ITEM_BEGIN)
            begin_batch(stage, item->batch);
        else if (!try_marker(stage, item->epoch))
            break;
        lt_ring_consume(stage->input);
        count++;
    }
    return count;
}

static uint32_t take_commands(struct lt_stage *stage);

/* The first of the rings that says so begins the batch. What the control agent had to say of the
 * last one was said before, and is heard first. False: its state is not settled, which goes on step
 * by step. */
static bool begin_from_ring(struct lt_stage *stage, const struct lt_batch *batch)
{
    if (stage->confluence->has_begun)
        return true;
    (void)take_commands(stage);
    if (!lt_state_set_is_settled(stage->state)) {
        stage->look_again = true;
        return false;
    }
    stage->confluence->has_begun = true;
    lt_state_set_begin(stage->state);
    stage->state->times = (struct lt_state_times){.begun_ns = lt_clock_now_ns(stage->clock)};
    begin_batch(stage, batch);
    return true;
}

/* False: it could not go on. */
static bool take_item(struct lt_stage *stage, struct lt_inflow *inflow, const struct lt_item *item)
{
    struct lt_out *entry = lt_chain_entry(&stage->chain), *end = terminal(stage);
    if (is_blocked(stage))
        return false;
    switch (item->kind) {
    case LT_ITEM_ROW:
        if (inflow->is_right)
            lt_chain_emit_right(&stage->chain, item->row);
        else
            entry->emit(entry, item->row);
        break;
    case LT_ITEM_FAILED:
        end->fail(end, item->row, item->fault);
        break;
    case LT_ITEM_BEGIN:
        return begin_from_ring(stage, item->batch);
    case LT_ITEM_MARKER:
        inflow->is_marked = true;
        stage->confluence->marked_count++;
        stage->confluence->epoch = item->epoch;
        break;
    case LT_ITEM_RIGHT:
        break; /* none in a ring */
    }
    return true;
}

/* What one ring holds, up to its marker. */
static uint32_t read_inflow(struct lt_stage *stage, struct lt_inflow *inflow, uint32_t limit)
{
    bool expects = lt_chain_expects(&stage->chain);
    uint32_t count = 0;
    while (count < limit && !inflow->is_marked) {
        const struct lt_item *item = lt_ring_peek(inflow->ring);
        if (item == NULL) {
            lt_ring_release_slots(inflow->ring);
            break;
        }
        if (item->row != NULL)
            lt_row_prefetch(item->row);
        if (expects && inflow->expected == 0 && item->kind == LT_ITEM_ROW && !is_blocked(stage))
            lt_inflow_tell(inflow, stage->chain.links[0].op);
        if (!take_item(stage, inflow, item))
            break;
        lt_ring_consume(inflow->ring);
        inflow->expected -= inflow->expected > 0;
        count++;
    }
    return count;
}

/* The rings in turn, another one first each time; and the marker, when it has come from all. */
static uint32_t read_confluence(struct lt_stage *stage)
{
    struct lt_confluence *confluence = stage->confluence;
    uint32_t count = 0, begin = confluence->turn;
    confluence->turn = begin + 1 < confluence->count ? begin + 1 : 0;
    for (uint32_t i = 0; i < confluence->count && count < LT_LIMIT_POLL_RECORDS; i++) {
        uint32_t at = begin + i < confluence->count ? begin + i : begin + i - confluence->count;
        count += read_inflow(stage, &confluence->inflows[at], LT_LIMIT_POLL_RECORDS - count);
    }
    if (!lt_confluence_is_marked(confluence))
        return count;
    if (stage->state->times.marked_ns == 0)
        stage->state->times.marked_ns = lt_clock_now_ns(stage->clock);
    if (!try_marker(stage, confluence->epoch))
        return count;
    lt_confluence_pass(confluence);
    return count + 1;
}

static uint32_t read_input(struct lt_stage *stage)
{
    if (stage->intake != NULL)
        return read_source(stage);
    return stage->input != NULL ? read_ring(stage) : read_confluence(stage);
}

static void end_batch(struct lt_stage *stage)
{
    lt_chain_batch_end(&stage->chain);
    if (stage->outlet != NULL)
        lt_ring_outlet_flush(stage->outlet);
    else if (stage->delivery != NULL)
        lt_delivery_batch_end(stage->delivery);
    else
        lt_fan_batch_end(stage->fan);
}

/* -------------------------------------------------------------------------------------- agent */

/* A marker that is due keeps later commands waiting, so that markers stay in order. In batches
 * there is but one, and it may wait for a command. */
static bool keeps_commands(const struct lt_intake *intake)
{
    return intake != NULL && intake->marker_due && !intake->is_ranged;
}

static uint32_t take_commands(struct lt_stage *stage)
{
    struct lt_message message;
    uint32_t count = 0;
    while (stage->commands != NULL && !keeps_commands(stage->intake) &&
           lt_mailbox_take(stage->commands, &message)) {
        count++;
        switch ((enum lt_command)message.kind) {
        case LT_COMMAND_INJECT:
            stage->intake->marker_epoch = message.number;
            stage->intake->marker_due = true;
            stage->intake->position_noted = false;
            break;
        case LT_COMMAND_STOP_READING:
            lt_intake_stop(stage->intake);
            break;
        case LT_COMMAND_BATCH:
            take_batch(stage, message.payload);
            break;
        case LT_COMMAND_LISTEN:
            lt_intake_listen(stage->intake);
            break;
        case LT_COMMAND_STATE_DONE:
            lt_state_set_done(stage->state);
            break;
        case LT_COMMAND_SHOW:
            lt_delivery_show(stage->delivery, message.number);
            break;
        case LT_COMMAND_COMMIT:
            lt_delivery_commit(stage->delivery, message.number);
            break;
        }
    }
    return count;
}

static bool stop_asked(const struct lt_stage *stage)
{
    return stage->chain.stop_asked ||
           (stage->delivery != NULL && lt_delivery_stop_asked(stage->delivery));
}

/* The stores' part of a batch's end. */
static uint32_t step_state(struct lt_stage *stage)
{
    struct lt_error error;
    int status = lt_state_set_prepared(stage->state, &error);
    if (status < 0)
        fail_stage(stage, &error);
    if (status > 0)
        stage->state->times.durable_ns = lt_clock_now_ns(stage->clock);
    stage->is_prepared_unsent |= status > 0;
    if (stage->is_prepared_unsent &&
        send(stage, LT_REPORT_STATE_PREPARED, stage->state->version - 1, NULL) != 0) {
        stage->is_prepared_unsent = false;
        return 1;
    }
    uint32_t work = lt_state_set_maintain(stage->state);
    /* What comes of a state that is not to be believed is not shown: nothing more is read. */
    if (lt_state_set_fault(stage->state, &error) != 0)
        fail_stage(stage, &error);
    return work;
}

static uint32_t step_terminal(struct lt_stage *stage)
{
    if (stage->outlet != NULL)
        return lt_ring_outlet_step(stage->outlet);
    return stage->delivery != NULL ? lt_delivery_step(stage->delivery) : lt_fan_step(stage->fan);
}

static uint32_t step_waiting(struct lt_stage *stage)
{
    uint32_t work = lt_chain_step(&stage->chain);
    work += step_terminal(stage);
    if (stage->state != NULL)
        work += step_state(stage);
    if (lt_unlikely(stage->has_error))
        work += send_error(stage);
    if (lt_unlikely(stop_asked(stage) && !stage->stop_reported)) {
        stage->stop_reported = send(stage, LT_REPORT_STOP_ASKED, 0, NULL) != 0;
        /* Nothing more is read for an operator that has had enough; other lanes are told. A batch
         * is read to its end. */
        if (stage->intake != NULL && !stage->intake->is_ranged)
            lt_intake_stop(stage->intake);
        work++;
    }
    return work;
}

/* An operator that cannot go on says so, and waits. */
static void look_for_failure(struct lt_stage *stage)
{
    const struct lt_error *failure = lt_chain_failure(&stage->chain);
    for (uint32_t i = 0; stage->fan != NULL && i < stage->fan->count && failure == NULL; i++)
        failure = lt_chain_failure(&stage->fan->branches[i].chain);
    if (failure != NULL)
        fail_stage(stage, failure);
}

static uint32_t stage_step(void *context)
{
    struct lt_stage *stage = context;
    stage->look_again = false;
    if (stage->delivery != NULL)
        stage->delivery->look_again = false;
    uint32_t work = take_commands(stage);
    work += step_waiting(stage);
    if (stage->intake != NULL) {
        work += report_state(stage);
        if (lt_unlikely(stage->intake->is_ranged))
            work += report_arrival(stage);
        if (stage->intake->marker_due)
            work += inject(stage);
    }
    uint32_t count = 0;
    if (lt_likely(!is_blocked(stage) && !(stage->intake != NULL && stage->intake->marker_due)))
        count = read_input(stage);
    if (stage->confluence != NULL || (stage->intake != NULL && stage->intake->is_ranged))
        look_for_failure(stage);
    if (stage->intake != NULL)
        lt_intake_note_lag(stage->intake, stage->clock, count > 0);
    if (count > 0 || work > 0)
        end_batch(stage);
    return work + count;
}

static int64_t stage_deadline_ns(void *context)
{
    struct lt_stage *stage = context;
    bool has_failed = stage->has_error || (stage->delivery != NULL && stage->delivery->failed);
    bool look_again = stage->look_again || (stage->delivery != NULL && stage->delivery->look_again);
    if (look_again || (is_blocked(stage) && !has_failed))
        return lt_clock_now_ns(stage->clock) + LOOK_FOR_ROOM_NS;
    int64_t nearest =
        stage->delivery != NULL ? lt_delivery_deadline_ns(stage->delivery) : LT_NEVER_NS;
    if (stage->intake != NULL &&
        (!stage->intake->stopped || stage->intake->reader->reads_ahead) &&
        stage->intake->reader->ops->deadline_ns != NULL) {
        int64_t deadline = stage->intake->reader->ops->deadline_ns(stage->intake->reader);
        if (deadline < nearest)
            nearest = deadline;
    }
    return nearest;
}

static int stage_open(void *context, struct lt_reactor *reactor, struct lt_error *error)
{
    struct lt_stage *stage = context;
    char prefix[64];
    if (stage->segment != NULL)
        snprintf(prefix, sizeof prefix, "%s.instance%u.", stage->segment, stage->lane);
    else
        snprintf(prefix, sizeof prefix, "lane%u.", stage->lane);
    stage->env.reactor = reactor;
    stage->env.waker = &reactor->waker;
    stage->operator_env.counter_prefix = prefix;
    if (stage->env.in_batches) {
        lt_batch_clock_init(&stage->batch_clock, stage->clock);
        stage->operator_env.clock = &stage->batch_clock.clock;
    }
    int code = stage->delivery == NULL
                   ? 0
                   : lt_delivery_open(stage->delivery, &stage->env, &stage->operator_env, error);
    if (code == 0 && stage->fan != NULL)
        code = lt_fan_open(stage->fan, &stage->operator_env, error);
    if (stage->state != NULL) {
        stage->state->reactor = reactor;
        stage->operator_env.state = &stage->state->operator_state;
    }
    if (code == 0)
        code = lt_chain_open(&stage->chain, &stage->operator_env, error);
    stage->left_out_before = code == 0 ? lt_chain_left_out(&stage->chain) : 0;
    if (code == 0 && stage->intake != NULL)
        code = lt_intake_open(stage->intake, stage->lane, &stage->env, error);
    if (code == 0 && stage->intake != NULL && stage->intake->is_ranged)
        stage->intake->stopped = stage->intake->ended_reported = true; /* until there is a batch */
    return code;
}

/* Reader and writers may need this thread's reactor to end; all else is freed by the lane when
 * every worker has stopped. */
static void stage_close(void *context)
{
    struct lt_stage *stage = context;
    struct lt_reader *reader = stage->intake != NULL ? stage->intake->reader : NULL;
    if (reader != NULL && reader->ops->stop != NULL)
        reader->ops->stop(reader);
    if (stage->delivery != NULL)
        lt_delivery_close_writers(stage->delivery);
}

struct lt_agent lt_stage_agent(struct lt_stage *stage)
{
    return (struct lt_agent){
        .name = stage->name,
        .context = stage,
        .open = stage_open,
        .step = stage_step,
        .deadline_ns = stage_deadline_ns,
        .close = stage_close,
    };
}
