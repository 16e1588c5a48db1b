#include "core/run/delivery.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/run/delivery_internal.h"
#include "core/run/report.h"
#include "core/run/union_source.h"

/* As many rows wait at most until a batch that is ahead may be shown: what is read in the time of
 * two syncs, more or less. */
enum { HELD_ROWS = 4 * LT_LIMIT_POLL_RECORDS };

static uint32_t writer_count(const struct lt_delivery *delivery)
{
    return delivery->branch_count + (delivery->has_dead_letters ? 1 : 0);
}

void lt_delivery_report_failure(struct lt_delivery *delivery, const struct lt_error *error)
{
    if (delivery->failed)
        return;
    delivery->failed = true;
    delivery->unsent_error = lt_alloc(sizeof *error);
    *delivery->unsent_error = *error;
}

void lt_delivery_report_broken(struct lt_branch *branch)
{
    struct lt_error error = branch->writer->error;
    if (branch == lt_delivery_dead_letters(branch->delivery))
        lt_error_append(&error, "dead-letter sink");
    else if (branch->delivery->branch_count > 1) /* of several, which one */
        lt_error_append(&error, "sink %u, %s", branch->sink_index,
                        branch->sink->description[0] != '\0' ? branch->sink->description
                                                             : branch->sink->type->name);
    lt_delivery_report_failure(branch->delivery, &error);
}

static uint32_t send_failure(struct lt_delivery *delivery)
{
    struct lt_message message = {.kind = LT_REPORT_FAILED,
                                 .sender = lt_report_sender(delivery->lane, 0),
                                 .payload = delivery->unsent_error};
    if (!lt_mailbox_try_send(delivery->control, &message)) {
        delivery->look_again = true;
        return 0;
    }
    delivery->unsent_error = NULL;
    return 1;
}

/* ----------------------------------------------------------------------------- failed records */

static void stop_for(struct lt_delivery *delivery, struct lt_row *row, const struct lt_fault *fault)
{
    const struct lt_row *root = lt_row_root(row);
    char name[256], place[320] = "row that an operator made";
    struct lt_error error;
    lt_source_partition_name(delivery->source, (uint32_t)root->source_partition, name, sizeof name);
    if ((root->flags & LT_ROW_NO_ORIGIN) == 0)
        snprintf(place, sizeof place, "record at %s offset %" PRId64, name, root->source_offset);
    lt_error_set(&error, LT_E_RECORD, "%s: %s: %s%s", place, fault->stage, fault->text,
                 delivery->has_dead_letters ? ""
                                            : "; hint: a dead-letter sink (dlq) would keep such "
                                              "records and let the query go on");
    lt_error_condition(&error, fault->condition, fault->sqlstate);
    lt_error_place(&error, fault->line, fault->position);
    lt_delivery_report_failure(delivery, &error);
    lt_row_release(row);
}

static void write_or_queue(struct lt_branch *branch, const struct lt_item *item);

/* A record may fail long after its marker has passed; it belongs to its own epoch all the same. */
static void count_dead(struct lt_delivery *delivery, uint32_t epochs_ago)
{
    lt_counter_add(delivery->dead_lettered, 1);
    if (epochs_ago == 0)
        delivery->dead_now++;
    else
        delivery->dead_of[(delivery->marked_epoch + 1 - epochs_ago) % LT_WRITER_EPOCHS]++;
}

/* Takes row and fault, or neither: false when dead letters are all in flight. */
static bool try_fail(struct lt_delivery *delivery, struct lt_row *row, struct lt_fault *fault)
{
    struct lt_branch *branch = lt_delivery_dead_letters(delivery);
    if (fault->wall_us == 0)
        fault->wall_us = lt_clock_wall_us(delivery->clock);
    if (branch == NULL) {
        stop_for(delivery, row, fault);
    } else {
        struct lt_row *letter = lt_dead_letter_make(&delivery->dead_letters, row, fault);
        if (letter == NULL)
            return false;
        count_dead(delivery, fault->epochs_ago);
        write_or_queue(branch, &(struct lt_item){.kind = LT_ITEM_ROW, .row = letter});
    }
    lt_fault_destroy(fault);
    return true;
}

/* A dead letter that cannot be written has nowhere left to go. */
static void fail_dead_letter(struct lt_delivery *delivery, struct lt_row *letter,
                             struct lt_fault *fault)
{
    char text[LT_FAULT_TEXT_MAX];
    snprintf(text, sizeof text, "%.*s", LT_FAULT_TEXT_MAX - 64, fault->text);
    snprintf(fault->text, sizeof fault->text, "its dead letter cannot be written: %.*s",
             LT_FAULT_TEXT_MAX - 64, text);
    stop_for(delivery, letter, fault);
    lt_fault_destroy(fault);
}

/* True when the row is a dead letter that is worth another try, with another timestamp. */
static bool restamp(struct lt_branch *branch, struct lt_row *row)
{
    struct lt_delivery *delivery = branch->delivery;
    if (branch != lt_delivery_dead_letters(delivery) || 
        !lt_dead_letter_restamp(&delivery->dead_letters, row, delivery->clock))
        return false;
    delivery->look_again = true;
    return true;
}

static void queue_item(struct lt_branch *branch, const struct lt_item *item)
{
    lt_item_queue_push(&branch->pending, item);
    branch->delivery->pending_count++;
}

/* A letter that is refused after its marker has passed is not offered again: its epoch may be
 * committed by then. */
static void fail_letter(struct lt_branch *branch, struct lt_row *letter, struct lt_fault *fault)
{
    if (fault->epochs_ago > 0 || !restamp(branch, letter)) {
        fail_dead_letter(branch->delivery, letter, fault);
        return;
    }
    queue_item(branch, &(struct lt_item){.kind = LT_ITEM_ROW, .row = letter});
    lt_fault_destroy(fault);
}

static void branch_fail(struct lt_branch *branch, struct lt_row *row, struct lt_fault *fault)
{
    struct lt_delivery *delivery = branch->delivery;
    if (branch == lt_delivery_dead_letters(delivery)) {
        fail_letter(branch, row, fault);
        return;
    }
    if (try_fail(delivery, row, fault))
        return;
    queue_item(lt_delivery_dead_letters(delivery),
               &(struct lt_item){.kind = LT_ITEM_FAILED, .row = row, .fault = fault});
}

/* -------------------------------------------------------------------------------- the writers */

/* What is rare when a row is written; as try_write. Not in line: it would cost each row a frame. */
static __attribute__((noinline)) bool not_written(struct lt_branch *branch, struct lt_row *row,
                                                  enum lt_write result, struct lt_fault *fault)
{
    switch (result) {
    case LT_WRITE_DONE:
        return true;
    case LT_WRITE_FULL:
        return false;
    case LT_WRITE_FAILED:
        if (restamp(branch, row)) {
            lt_fault_destroy(fault);
            return false; /* it waits in the queue for the next step, as if there were no room */
        }
        branch_fail(branch, row, fault);
        return true;
    case LT_WRITE_BROKEN:
        lt_delivery_report_broken(branch);
        return false;
    }
    return false;
}

/* False: the writer is full and has taken nothing. */
static inline bool try_write(struct lt_branch *branch, struct lt_row *row)
{
    struct lt_fault *fault = NULL;
    enum lt_write result = branch->writer->ops->write(branch->writer, row, &fault);
    if (lt_unlikely(result != LT_WRITE_DONE))
        return not_written(branch, row, result, fault);
    branch->wrote = true;
    return true;
}

static bool try_item(struct lt_branch *branch, const struct lt_item *item)
{
    if (item->kind == LT_ITEM_FAILED)
        return try_fail(branch->delivery, item->row, item->fault);
    return try_write(branch, item->row);
}

static void write_or_queue(struct lt_branch *branch, const struct lt_item *item)
{
    if (lt_unlikely(branch->delivery->held_max != 0 ||
                    !lt_item_queue_is_empty(&branch->pending)) ||
        !try_item(branch, item))
        queue_item(branch, item);
}

static __attribute__((noinline)) void queue_row(struct lt_branch *branch, struct lt_row *row)
{
    queue_item(branch, &(struct lt_item){.kind = LT_ITEM_ROW, .row = row});
}

static void writer_emit(struct lt_out *out, struct lt_row *row)
{
    struct lt_branch *branch = (struct lt_branch *)(void *)out;
    if (lt_unlikely(!lt_item_queue_is_empty(&branch->pending)) || !try_write(branch, row))
        queue_row(branch, row);
}

/* In the place of writer_emit while rows are held, so that this one need not ask. */
static void writer_hold(struct lt_out *out, struct lt_row *row)
{
    queue_row((struct lt_branch *)(void *)out, row);
}

static void writer_fail(struct lt_out *out, struct lt_row *row, struct lt_fault *fault)
{
    branch_fail((struct lt_branch *)(void *)out, row, fault);
}

static void delivery_emit(struct lt_out *out, struct lt_row *row)
{
    struct lt_delivery *delivery = (struct lt_delivery *)(void *)out;
    for (uint32_t i = 1; i < delivery->branch_count; i++)
        lt_row_hold(row);
    for (uint32_t i = 0; i < delivery->branch_count; i++) {
        struct lt_out *entry = lt_chain_entry(&delivery->branches[i].chain);
        entry->emit(entry, row);
    }
}

static bool takes(const struct lt_branch *branch, uint32_t partition)
{
    return partition >= branch->first_partition && partition < branch->end_partition;
}

/* Rows come straight from the source: over several there is no trunk. */
static void delivery_emit_part(struct lt_out *out, struct lt_row *row)
{
    struct lt_delivery *delivery = (struct lt_delivery *)(void *)out;
    uint32_t partition = (uint32_t)row->source_partition, left = 0;
    for (uint32_t i = 0; i < delivery->branch_count; i++)
        left += takes(&delivery->branches[i], partition);
    lt_debug_assert(left > 0);
    for (uint32_t i = 1; i < left; i++)
        lt_row_hold(row);
    for (uint32_t i = 0; left > 0; i++) {
        if (!takes(&delivery->branches[i], partition))
            continue;
        struct lt_out *entry = lt_chain_entry(&delivery->branches[i].chain);
        entry->emit(entry, row);
        left--;
    }
}

static void delivery_fail(struct lt_out *out, struct lt_row *row, struct lt_fault *fault)
{
    struct lt_delivery *delivery = (struct lt_delivery *)(void *)out;
    branch_fail(&delivery->branches[0], row, fault);
}

static uint32_t drain_branch(struct lt_branch *branch)
{
    uint32_t taken = 0;
    while (!lt_item_queue_is_empty(&branch->pending) && !branch->delivery->failed &&
           branch->delivery->held_max == 0) {
        struct lt_item item = *lt_item_queue_first(&branch->pending);
        if (!try_item(branch, &item))
            break;
        lt_item_queue_pop(&branch->pending);
        branch->delivery->pending_count--;
        taken++;
    }
    return taken;
}

/* ------------------------------------------------------------------------------------- epochs */

/* What the operators of the branches emit at the marker is written before it. */
static bool pass_chains(struct lt_delivery *delivery, uint64_t epoch)
{
    for (uint32_t i = 0; i < delivery->branch_count; i++) {
        struct lt_branch *branch = &delivery->branches[i];
        if (!branch->is_marked && !lt_chain_try_marker(&branch->chain, epoch))
            return false;
        branch->is_marked = true;
    }
    return !lt_delivery_is_blocked(delivery);
}

static void hold(struct lt_delivery *delivery, bool is_held)
{
    delivery->held_max = is_held ? HELD_ROWS : 0;
    for (uint32_t i = 0; i < delivery->branch_count; i++)
        delivery->branches[i].out.emit = is_held ? writer_hold : writer_emit;
}

void lt_delivery_begin(struct lt_delivery *delivery, const struct lt_batch *batch)
{
    hold(delivery, batch->is_ahead && delivery->shows_at_once && batch->id >= delivery->shown_next);
    for (uint32_t i = 0; i < delivery->branch_count; i++)
        lt_chain_begin(&delivery->branches[i].chain, batch);
}

void lt_delivery_show(struct lt_delivery *delivery, uint64_t epoch)
{
    delivery->shown_next = epoch + 1;
    hold(delivery, false);
}

bool lt_delivery_try_marker(struct lt_delivery *delivery, uint64_t epoch)
{
    if (delivery->held_max != 0 || lt_delivery_is_blocked(delivery) ||
        !pass_chains(delivery, epoch))
        return false;
    for (uint32_t i = 0; i < writer_count(delivery); i++) {
        struct lt_branch *branch = &delivery->branches[i];
        lt_assert(branch->epoch_count < LT_WRITER_EPOCHS);
        bool waits = branch == lt_delivery_dead_letters(delivery);
        branch->is_marked = false;
        branch->epochs[branch->epoch_count++] = (struct lt_writer_epoch){
            .epoch = epoch, .state = waits ? LT_WRITER_WAITING : LT_WRITER_PREPARING};
        if (!waits)
            branch->writer->ops->prepare(branch->writer, epoch);
    }
    delivery->dead_of[epoch % LT_WRITER_EPOCHS] = delivery->dead_now;
    delivery->dead_now = 0;
    delivery->marked_epoch = epoch;
    return true;
}

void lt_delivery_commit(struct lt_delivery *delivery, uint64_t epoch)
{
    for (uint32_t i = 0; i < writer_count(delivery); i++) {
        struct lt_branch *branch = &delivery->branches[i];
        for (uint32_t k = 0; k < branch->epoch_count; k++) {
            if (branch->epochs[k].epoch != epoch || branch->epochs[k].state != LT_WRITER_PREPARED)
                continue;
            branch->epochs[k].state = LT_WRITER_COMMITTING;
            if (branch->writer->ops->commit != NULL)
                branch->writer->ops->commit(branch->writer, epoch);
        }
    }
}

/* --------------------------------------------------------------------------------------- life */

void lt_delivery_init(struct lt_delivery *delivery, const struct lt_delivery_options *options)
{
    *delivery = (struct lt_delivery){
        .out = {delivery_emit, delivery_fail},
        .branch_count = options->sink_count,
        .has_dead_letters = options->dead_letters != NULL,
        .lane = options->lane,
        .source = options->source,
        .clock = options->clock,
        .control = options->control,
    };
    uint32_t part_count;
    (void)lt_source_parts(&delivery->source, &part_count);
    if (part_count > 1)
        delivery->out.emit = delivery_emit_part;
    delivery->branches = lt_alloc_array(writer_count(delivery), sizeof *delivery->branches);
    for (uint32_t i = 0; i < writer_count(delivery); i++) {
        struct lt_branch *branch = &delivery->branches[i];
        bool is_plain = i < options->sink_count;
        branch->out = (struct lt_out){.emit = writer_emit, .fail = writer_fail};
        branch->delivery = delivery;
        branch->sink = is_plain ? options->sinks[i].sink : options->dead_letters;
        branch->sink_index = i;
        branch->first_partition = is_plain ? options->sinks[i].first_partition : 0;
        branch->end_partition = is_plain ? options->sinks[i].end_partition : 0;
        delivery->shows_at_once |= !branch->sink->shows_at_commit;
        lt_item_queue_init(&branch->pending);
        lt_chain_init(&branch->chain, is_plain ? options->sinks[i].ops : NULL,
                      is_plain ? options->sinks[i].op_count : 0, &branch->out);
    }
}

static int open_branch(struct lt_branch *branch, const struct lt_connector_env *env,
                       const struct lt_operator_env *operator_env, struct lt_error *error)
{
    struct lt_connector_env own = *env;
    struct lt_operator_env own_operator = *operator_env;
    char prefix[64], name[96];
    snprintf(prefix, sizeof prefix, "lane%u.sink%u.", env->lane, branch->sink_index);
    own.counter_prefix = own_operator.counter_prefix = prefix;
    own.index = branch->sink_index;
    int code = lt_chain_open(&branch->chain, &own_operator, error);
    if (code == 0)
        code = branch->sink->ops->open_writer(branch->sink, &own, &branch->writer, error);
    if (code != 0)
        return lt_error_append(error, "sink %s", branch->sink->type->name);
    struct lt_writer *writer = branch->writer;
    snprintf(name, sizeof name, "%sack_latency", prefix);
    writer->ack_latency_ns = lt_counters_add_histogram(
        env->counters, name, "from arrival to acknowledgement, per record");
    snprintf(name, sizeof name, "%srecords", prefix);
    writer->acked_records =
        lt_counters_add(env->counters, LT_COUNTER_SUM, name, "records", "acknowledged by the sink");
    snprintf(name, sizeof name, "%sbytes", prefix);
    writer->acked_bytes =
        lt_counters_add(env->counters, LT_COUNTER_SUM, name, "bytes", "acknowledged by the sink");
    branch->ack_latency_ns = writer->ack_latency_ns;
    branch->acked_records = writer->acked_records;
    return 0;
}

int lt_delivery_open(struct lt_delivery *delivery, const struct lt_connector_env *env,
                     const struct lt_operator_env *operator_env, struct lt_error *error)
{
    char name[64];
    snprintf(name, sizeof name, "lane%u.dead_letters", env->lane);
    delivery->dead_lettered = lt_counters_add(env->counters, LT_COUNTER_SUM, name, "records",
                                              "records that failed and were dead-lettered");
    for (uint32_t i = 0; i < writer_count(delivery); i++) {
        int code = open_branch(&delivery->branches[i], env, operator_env, error);
        if (code != 0)
            return code;
    }
    return delivery->has_dead_letters
               ? lt_dead_letters_init(&delivery->dead_letters, delivery->source,
                                      lt_delivery_dead_letters(delivery)->sink->type,
                                      env->is_shared, error)
               : 0;
}

void lt_delivery_close_writers(struct lt_delivery *delivery)
{
    /* All first let go of their rows: a dead letter may hold a row that another writer made. */
    for (uint32_t i = 0; i < writer_count(delivery); i++) {
        struct lt_writer *writer = delivery->branches[i].writer;
        if (writer != NULL && writer->ops->abort != NULL)
            writer->ops->abort(writer);
    }
    for (uint32_t i = 0; i < writer_count(delivery); i++) {
        struct lt_branch *branch = &delivery->branches[i];
        if (branch->writer != NULL)
            branch->writer->ops->close(branch->writer);
        branch->writer = NULL;
    }
}

void lt_delivery_release(struct lt_delivery *delivery)
{
    lt_delivery_close_writers(delivery);
    for (uint32_t i = 0; i < writer_count(delivery); i++) {
        lt_item_queue_fini(&delivery->branches[i].pending);
        lt_chain_release_held(&delivery->branches[i].chain);
    }
}

void lt_delivery_fini(struct lt_delivery *delivery)
{
    lt_delivery_release(delivery);
    for (uint32_t i = 0; i < writer_count(delivery); i++) {
        struct lt_branch *branch = &delivery->branches[i];
        for (uint32_t k = 0; k < branch->epoch_count; k++)
            free(branch->epochs[k].note);
    }
    if (delivery->has_dead_letters)
        lt_dead_letters_fini(&delivery->dead_letters);
    for (uint32_t i = 0; i < writer_count(delivery); i++)
        lt_chain_fini(&delivery->branches[i].chain);
    free(delivery->unsent_error);
    free(delivery->branches);
    *delivery = (struct lt_delivery){0};
}

static uint32_t poll_writer(struct lt_branch *branch)
{
    struct lt_writer *writer = branch->writer;
    if (writer->ops->poll == NULL)
        return 0;
    int work = writer->ops->poll(writer, &branch->out);
    if (work >= 0)
        return (uint32_t)work;
    lt_delivery_report_broken(branch);
    return 0;
}

uint32_t lt_delivery_step(struct lt_delivery *delivery)
{
    uint32_t work = 0;
    for (uint32_t i = 0; i < writer_count(delivery); i++) {
        struct lt_branch *branch = &delivery->branches[i];
        work += poll_writer(branch);
        work += drain_branch(branch);
        work += lt_chain_step(&branch->chain);
        work += lt_delivery_step_epochs(branch);
    }
    if (lt_unlikely(delivery->unsent_error != NULL))
        work += send_failure(delivery);
    return work;
}

void lt_delivery_batch_end(struct lt_delivery *delivery)
{
    for (uint32_t i = 0; i < writer_count(delivery); i++) {
        struct lt_branch *branch = &delivery->branches[i];
        lt_chain_batch_end(&branch->chain);
        if (branch->wrote && branch->writer->ops->flush != NULL)
            branch->writer->ops->flush(branch->writer);
        branch->wrote = false;
    }
}

int64_t lt_delivery_deadline_ns(struct lt_delivery *delivery)
{
    int64_t nearest = LT_NEVER_NS;
    for (uint32_t i = 0; i < writer_count(delivery); i++) {
        struct lt_writer *writer = delivery->branches[i].writer;
        int64_t deadline =
            writer->ops->deadline_ns == NULL ? LT_NEVER_NS : writer->ops->deadline_ns(writer);
        if (deadline < nearest)
            nearest = deadline;
    }
    return nearest;
}
