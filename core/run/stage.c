#include "core/run/stage.h"

#include <stdlib.h>
#include <stdio.h>

#include "core/base/arena.h"
#include "core/run/report.h"

enum {
    LAG_INTERVAL_NS = 200 * LT_NS_PER_MS, /* so that no entry of the progress shows an old one */
    LAG_POLLS = 16, /* a clock that is read so seldom costs a busy stage nothing */
    /* Nobody wakes a stage when there is room again (in a ring, in a mailbox, in a pool whose rows
     * are released on other threads, in a program's own operator or output): a parked one looks
     * this often. */
    LOOK_FOR_ROOM_NS = 50 * LT_NS_PER_US,
};

static struct lt_out *terminal(struct lt_stage *stage)
{
    return stage->outlet != NULL ? &stage->outlet->out : lt_delivery_entry(stage->delivery);
}

static bool is_blocked(const struct lt_stage *stage)
{
    if (stage->has_error || stage->chain.held_count != 0)
        return true;
    if (stage->outlet != NULL)
        return !lt_item_queue_is_empty(&stage->outlet->pending);
    return lt_delivery_is_blocked(stage->delivery);
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

static struct lt_position *positions_of(struct lt_intake *intake, uint64_t epoch)
{
    return intake->positions[epoch % LT_WRITER_EPOCHS];
}

static void note_left_out(struct lt_stage *stage, uint64_t epoch)
{
    uint64_t left_out = lt_chain_left_out(&stage->chain);
    stage->left_out_of[epoch % LT_WRITER_EPOCHS] = left_out - stage->left_out_before;
    stage->left_out_before = left_out;
}

static bool try_marker(struct lt_stage *stage, uint64_t epoch)
{
    if (is_blocked(stage))
        return false;
    if (!stage->chain_marked) {
        if (!lt_chain_try_marker(&stage->chain, epoch))
            return false;
        /* Before the marker can be seen: it is what makes the number good to read. */
        note_left_out(stage, epoch);
        /* What operators emitted at the marker goes first. */
        stage->chain_marked = true;
    }
    if (stage->outlet == NULL && !lt_delivery_try_marker(stage->delivery, epoch))
        return false;
    if (stage->outlet != NULL)
        lt_ring_outlet_marker(stage->outlet, epoch);
    stage->chain_marked = false;
    return true;
}

/* The marker has been injected: what was read up to it is of its epoch. */
static void note_read(struct lt_intake *intake, uint64_t epoch)
{
    uint64_t read = lt_load_relaxed_u64(intake->records); /* relaxed: our own count */
    intake->read_of[epoch % LT_WRITER_EPOCHS] = read - intake->read_before;
    intake->read_before = read;
}

/* Injects the marker that is due: between two rows, with the position that stands there. */
static uint32_t inject(struct lt_stage *stage)
{
    struct lt_intake *intake = stage->intake;
    uint64_t epoch = intake->marker_epoch;
    if (!intake->position_noted) {
        if (!try_marker(stage, epoch))
            return 0;
        intake->reader->ops->position(intake->reader, positions_of(intake, epoch));
        note_read(intake, epoch);
        intake->position_noted = true;
    }
    if (send(stage, LT_REPORT_POSITION, epoch, positions_of(intake, epoch)) == 0)
        return 0;
    intake->marker_due = false;
    return 1;
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

static void update_lag(struct lt_intake *intake)
{
    int64_t records = -1, ms = -1;
    if (intake->reader->ops->lag == NULL)
        return;
    intake->reader->ops->lag(intake->reader, &records, &ms);
    lt_counter_set(intake->lag_records, (uint64_t)records);
    lt_counter_set(intake->lag_ms, (uint64_t)ms);
}

/* Behind every look at the source, and where its records are not taken for want of room: the lag
 * grows then. `is_busy`: records came. */
static void note_lag(struct lt_stage *stage, bool is_busy)
{
    struct lt_intake *intake = stage->intake;
    if (intake->stopped || (is_busy && ++intake->polls_without_lag < LAG_POLLS))
        return;
    intake->polls_without_lag = 0;
    int64_t now_ns = lt_clock_now_ns(stage->clock);
    if (now_ns < intake->lag_due_ns)
        return;
    intake->lag_due_ns = now_ns + LAG_INTERVAL_NS;
    update_lag(intake);
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
        update_lag(intake); /* as it stays */
        intake->stopped = true;
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
        else if (!try_marker(stage, item->epoch))
            break;
        lt_ring_consume(stage->input);
        count++;
    }
    return count;
}

static void end_batch(struct lt_stage *stage)
{
    lt_chain_batch_end(&stage->chain);
    if (stage->outlet != NULL)
        lt_ring_outlet_flush(stage->outlet);
    else
        lt_delivery_batch_end(stage->delivery);
}

/* -------------------------------------------------------------------------------------- agent */

static uint32_t take_commands(struct lt_stage *stage)
{
    struct lt_message message;
    uint32_t count = 0;
    /* A marker that is due keeps later commands waiting, so that markers stay in order. */
    while (stage->commands != NULL && !(stage->intake != NULL && stage->intake->marker_due) &&
           lt_mailbox_take(stage->commands, &message)) {
        count++;
        switch ((enum lt_command)message.kind) {
        case LT_COMMAND_INJECT:
            stage->intake->marker_epoch = message.number;
            stage->intake->marker_due = true;
            stage->intake->position_noted = false;
            break;
        case LT_COMMAND_STOP_READING:
            stage->intake->stopped = true;
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

static uint32_t step_waiting(struct lt_stage *stage)
{
    uint32_t work = lt_chain_step(&stage->chain);
    work += stage->outlet != NULL ? lt_ring_outlet_step(stage->outlet)
                                  : lt_delivery_step(stage->delivery);
    if (lt_unlikely(stage->has_error))
        work += send_error(stage);
    if (lt_unlikely(stop_asked(stage) && !stage->stop_reported)) {
        stage->stop_reported = send(stage, LT_REPORT_STOP_ASKED, 0, NULL) != 0;
        /* Nothing more is read for an operator that has had enough; other lanes are told. */
        if (stage->intake != NULL)
            stage->intake->stopped = true;
        work++;
    }
    return work;
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
        if (stage->intake->marker_due)
            work += inject(stage);
    }
    uint32_t count = 0;
    if (lt_likely(!is_blocked(stage) && !(stage->intake != NULL && stage->intake->marker_due)))
        count = stage->intake != NULL ? read_source(stage) : read_ring(stage);
    if (stage->intake != NULL)
        note_lag(stage, count > 0);
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
    if (stage->intake != NULL && stage->intake->reader->ops->deadline_ns != NULL) {
        int64_t deadline = stage->intake->reader->ops->deadline_ns(stage->intake->reader);
        if (deadline < nearest)
            nearest = deadline;
    }
    return nearest;
}

static struct lt_shared_u64 *add_counter(struct lt_stage *stage, enum lt_counter_kind kind,
                                         const char *name, const char *unit, const char *help)
{
    char full[96];
    snprintf(full, sizeof full, "lane%u.source.%s", stage->lane, name);
    return lt_counters_add(stage->env.counters, kind, full, unit, help);
}

static int open_intake(struct lt_stage *stage, struct lt_error *error)
{
    struct lt_intake *intake = stage->intake;
    char prefix[64];
    snprintf(prefix, sizeof prefix, "lane%u.source.", stage->lane);
    intake->records =
        add_counter(stage, LT_COUNTER_SUM, "records", "records", "read from the source");
    intake->read_before = lt_load_relaxed_u64(intake->records); /* relaxed: our own count */
    intake->lag_records = add_counter(stage, LT_COUNTER_GAUGE, "lag_records", "records",
                                      "records behind the newest one known; -1 if not known");
    intake->lag_ms = add_counter(stage, LT_COUNTER_GAUGE, "lag_ms", "ms",
                                 "milliseconds behind the newest record; -1 if not known");
    lt_counter_set(intake->lag_records, (uint64_t)-1); /* not known until the reader says */
    lt_counter_set(intake->lag_ms, (uint64_t)-1);
    for (uint32_t i = 0; i < LT_WRITER_EPOCHS; i++)
        intake->positions[i] =
            lt_alloc_array(intake->partition_count, sizeof *intake->positions[i]);
    struct lt_connector_env env = stage->env;
    env.counter_prefix = prefix;
    int code = intake->source->ops->open_reader(intake->source, &env, intake->partitions,
                                                intake->partition_count, intake->start, intake->end,
                                                &intake->reader, error);
    return code == 0 ? 0 : lt_error_append(error, "source %s", intake->source->type->name);
}

static int stage_open(void *context, struct lt_reactor *reactor, struct lt_error *error)
{
    struct lt_stage *stage = context;
    char prefix[64];
    snprintf(prefix, sizeof prefix, "lane%u.", stage->lane);
    stage->env.reactor = reactor;
    stage->env.waker = &reactor->waker;
    stage->operator_env.counter_prefix = prefix;
    int code = stage->delivery == NULL
                   ? 0
                   : lt_delivery_open(stage->delivery, &stage->env, &stage->operator_env, error);
    if (code == 0)
        code = lt_chain_open(&stage->chain, &stage->operator_env, error);
    stage->left_out_before = code == 0 ? lt_chain_left_out(&stage->chain) : 0;
    if (code == 0 && stage->intake != NULL)
        code = open_intake(stage, error);
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
