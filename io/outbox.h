/*
 * The way of rows that have become bytes to one descriptor: a file at a growing offset, or a pipe.
 *
 * Two batches: one is filled while the other is being written, so that what arrives during a write
 * goes out with the next one, in one operation. Nothing is held back to make a batch larger: when
 * no write is on its way, a flush sends what is there.
 *
 * A batch ends between two rows. A short write is continued; a failed one is kept, whole, until it
 * is tried again from its begin (lt_outbox_retry) or given up.
 *
 * Several boxes of one process may have the same place, standard output: then one at a time has its
 * batch on its way there, since a pipe takes a part of it and what another box writes would stand
 * between that and the rest.
 *
 * Positions count the bytes of all batches, from 0. on: the writer's lane, all of it.
 */
#ifndef LT_IO_OUTBOX_H
#define LT_IO_OUTBOX_H

#include "core/base/shared.h"
#include "core/base/text_buffer.h"
#include "core/flow/connector.h"

/* Rows of a batch that arrived at the same moment. */
struct lt_outbox_run {
    int64_t ingest_ns;
    uint64_t row_count;
};

struct lt_outbox_batch {
    struct lt_text_buffer bytes;
    struct lt_outbox_run *runs;
    uint32_t run_count, run_capacity;
};

struct lt_outbox {
    struct lt_reactor *reactor;
    const struct lt_clock *clock;
    struct lt_writer *writer; /* whose acknowledgements are counted */
    int fd;
    bool has_offsets;    /* a file; else a pipe or a terminal, which has none */
    int64_t file_offset; /* of position 0 */
    size_t room_bytes;   /* a batch that has so many takes no more rows */
    struct lt_outbox_batch batches[2];
    uint32_t filling;    /* the other one is being written if is_busy or failure != 0 */
    size_t sent_bytes;   /* of the batch being written */
    uint64_t written;    /* position: all before it has been written */
    bool is_busy;        /* the operation is with the reactor */
    bool wants_flush;    /* send what is being filled as soon as the other is through */
    bool has_news;       /* something has completed since the last lt_outbox_poll */
    int failure;         /* errno of the failed write; 0: none */
    bool waits_for_turn; /* a batch is to go, and another box has the turn */
    /* 1 while a batch of one of the boxes is on its way; NULL: the place is its own. */
    struct lt_shared_u64 *turn;
    struct lt_io io;
};

struct lt_outbox_options {
    struct lt_reactor *reactor;
    const struct lt_clock *clock;
    struct lt_writer *writer;
    int fd;
    bool has_offsets;
    int64_t file_offset; /* where the first byte goes */
    /* What boxes of the same place share, 0 at first, or NULL; outlives them. */
    struct lt_shared_u64 *turn;
};

/* Storage is the caller's. The descriptor stays the caller's, too. */
void lt_outbox_init(struct lt_outbox *box, const struct lt_outbox_options *options);
/* Ends the write that is on its way; what was not written is gone. */
void lt_outbox_fini(struct lt_outbox *box);

/* False: no row may be added now. */
static inline bool lt_outbox_has_room(const struct lt_outbox *box)
{
    return box->batches[box->filling].bytes.size_bytes < box->room_bytes;
}
/* Where the next row's bytes are appended, if there is room. */
static inline struct lt_text_buffer *lt_outbox_bytes(struct lt_outbox *box)
{
    return &box->batches[box->filling].bytes;
}
/* A row's bytes have been appended. It is acknowledged when they are written. */
void lt_outbox_end_row(struct lt_outbox *box, int64_t ingest_ns);

/* What was added is to be written, now or as soon as what is on its way is through. */
void lt_outbox_flush(struct lt_outbox *box);
/* 1 when something has been written since the last call, else 0; -1: the write has failed with
 * `failure`. */
int lt_outbox_poll(struct lt_outbox *box);
/* Writes the failed batch again, from its begin. */
void lt_outbox_retry(struct lt_outbox *box);

/* When lt_outbox_poll must be called though nothing has completed; LT_NEVER_NS. */
int64_t lt_outbox_deadline_ns(const struct lt_outbox *box);

/* The position behind all that was added. */
uint64_t lt_outbox_end(const struct lt_outbox *box);
static inline bool lt_outbox_is_empty(const struct lt_outbox *box)
{
    return lt_outbox_end(box) == box->written;
}

#endif
