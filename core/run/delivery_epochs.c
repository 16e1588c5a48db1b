/*
 * How far the epochs of a branch are: the writer is asked about the oldest of them, and what it
 * answers is reported.
 */
#include <stdlib.h>
#include <string.h>

#include "core/run/delivery_internal.h"
#include "core/run/report.h"

static bool report(struct lt_branch *branch, enum lt_report kind, uint64_t epoch, char *note)
{
    struct lt_message message = {.kind = kind,
                                 .sender =
                                     lt_report_sender(branch->delivery->lane, branch->sink_index),
                                 .number = epoch,
                                 .payload = note};
    bool sent = lt_mailbox_try_send(branch->delivery->control, &message);
    branch->delivery->look_again |= !sent;
    return sent;
}

static int is_committed(struct lt_branch *branch, uint64_t epoch)
{
    struct lt_writer *writer = branch->writer;
    return writer->ops->committed == NULL ? 1 : writer->ops->committed(writer, epoch);
}

static void ask_durable(struct lt_branch *branch, struct lt_writer_epoch *entry)
{
    struct lt_text_buffer note;
    lt_text_init(&note);
    int status = branch->writer->ops->prepared(branch->writer, entry->epoch, &note);
    if (status < 0)
        lt_delivery_report_broken(branch);
    entry->is_durable = status > 0;
    if (entry->is_durable && note.size_bytes > 0)
        entry->note = lt_text_take(&note);
    lt_text_fini(&note);
}

/* Asks the writer about its oldest unprepared epoch until it is durable, and reports that when
 * there is room. */
static uint32_t ask_prepared(struct lt_branch *branch, struct lt_writer_epoch *entry)
{
    if (!entry->is_durable)
        ask_durable(branch, entry);
    if (!entry->is_durable || !report(branch, LT_REPORT_PREPARED, entry->epoch, entry->note))
        return 0;
    entry->note = NULL; /* the control agent's */
    entry->state = LT_WRITER_PREPARED;
    return 1;
}

static uint32_t ask_committed(struct lt_branch *branch)
{
    struct lt_writer_epoch *oldest = &branch->epochs[0];
    int status = is_committed(branch, oldest->epoch);
    if (status < 0)
        lt_delivery_report_broken(branch);
    if (status <= 0 || !report(branch, LT_REPORT_COMMITTED, oldest->epoch, NULL))
        return 0;
    branch->epoch_count--;
    memmove(&branch->epochs[0], &branch->epochs[1], branch->epoch_count * sizeof branch->epochs[0]);
    return 1;
}

/* True when nothing can fail any more that stood before the epoch's marker. */
static bool is_settled(struct lt_delivery *delivery, uint64_t epoch)
{
    for (uint32_t i = 0; i < delivery->branch_count; i++) {
        const struct lt_branch *branch = &delivery->branches[i];
        for (uint32_t k = 0; k < branch->epoch_count; k++)
            if (branch->epochs[k].epoch <= epoch && branch->epochs[k].state == LT_WRITER_PREPARING)
                return false;
    }
    return lt_item_queue_is_empty(&lt_delivery_dead_letters(delivery)->pending);
}

/* Dead letters: begins the oldest epoch that waits for the other writers. */
static uint32_t step_waiting(struct lt_branch *branch)
{
    for (uint32_t i = 0; i < branch->epoch_count; i++) {
        struct lt_writer_epoch *entry = &branch->epochs[i];
        if (entry->state != LT_WRITER_WAITING)
            continue;
        if (!is_settled(branch->delivery, entry->epoch))
            return 0;
        entry->state = LT_WRITER_PREPARING;
        branch->writer->ops->prepare(branch->writer, entry->epoch);
        return 1;
    }
    return 0;
}

uint32_t lt_delivery_step_epochs(struct lt_branch *branch)
{
    uint32_t work = step_waiting(branch);
    for (uint32_t i = 0; i < branch->epoch_count; i++) {
        if (branch->epochs[i].state == LT_WRITER_PREPARING) {
            work += ask_prepared(branch, &branch->epochs[i]);
            break;
        }
    }
    if (branch->epoch_count > 0 && branch->epochs[0].state == LT_WRITER_COMMITTING)
        work += ask_committed(branch);
    return work;
}
