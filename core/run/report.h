/*
 * What lanes and the control agent say to each other, through mailboxes (core/flow/mailbox.h).
 *
 * Commands go to the mailbox of the stage concerned: the lane's first stage reads, its last one
 * delivers; in a fused lane both are one. Reports go to the control agent's mailbox. The names are
 * those of core/epoch/protocol.h.
 */
#ifndef LT_RUN_REPORT_H
#define LT_RUN_REPORT_H

#include <stdint.h>

#include "core/flow/mailbox.h"

enum lt_command {
    LT_COMMAND_INJECT,       /* control -> first stage: number = epoch */
    LT_COMMAND_STOP_READING, /* control -> first stage: answer ENDED, go on with markers */
    LT_COMMAND_BATCH, /* control -> first stage: number = batch; payload: struct lt_batch, which
                         stays until the batch is done; read up to the lane's end, then answer as to
                         INJECT */
    LT_COMMAND_LISTEN, /* control -> first stage: what ARRIVED told of was asked for, and is nothing
                          that is read; tell of what comes now */
    LT_COMMAND_STATE_DONE, /* control -> instance with state: number = batch; it is done; may be
                              left out */
    LT_COMMAND_SHOW,   /* control -> last stage: number = batch, which is ahead; its offsets entry
                          is on disk: what was held of it may be written */
    LT_COMMAND_COMMIT, /* control -> last stage: number = epoch; its offsets entry is on disk */
};

enum lt_report {
    LT_REPORT_READY,     /* first stage -> control: the reader really consumes */
    LT_REPORT_POSITION,  /* first stage -> control: number = epoch; payload: struct lt_position[],
                            the lane's own,  valid until the epoch is done */
    LT_REPORT_ENDED,     /* first stage -> control: no more rows will come (end reached, or told to
                            stop) */
    LT_REPORT_PREPARED,  /* last stage -> control: number = epoch; payload: note (free()) or NULL */
    LT_REPORT_COMMITTED, /* last stage -> control: number = epoch */
    LT_REPORT_FAILED,    /* any stage -> control: payload: struct lt_error (free()) */
    LT_REPORT_STATE_PREPARED, /* instance with state -> control: number = batch */
    LT_REPORT_ARRIVED,    /* first stage -> control: between two batches, there is something to
                             read */
    LT_REPORT_STOP_ASKED, /* any stage -> control: an operator wants the query to end well */
};

/* `sender` of a report: the lane and, where it matters, the sink. */
static inline uint32_t lt_report_sender(uint32_t lane, uint32_t sink)
{
    return lane << 16 | sink;
}
static inline uint32_t lt_report_lane(uint32_t sender)
{
    return sender >> 16;
}
static inline uint32_t lt_report_sink(uint32_t sender)
{
    return sender & 0xffff;
}

#endif
