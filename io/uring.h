/*
 * The reactor on io_uring, for its own files only: io/uring.c says what it does. io/uring_submit.c
 * fills the submission queue, io/uring_complete.c takes completions, io/uring_buffers.c has the
 * operations that complete often, io/uring_helper.c what the kernel's ring cannot do.
 *
 * on: the reactor's thread.
 */
#ifndef LT_IO_URING_H
#define LT_IO_URING_H

#include <liburing.h>

#include "io/file_thread.h"
#include "io/reactor.h"
#include "io/reactor_buffers.h"
#include "io/reactor_chain.h"
#include "io/uring_setup.h"

enum {
    LT_URING_SLOTS =
        16, /* files that chains hold open at once: four checkpoint files of two each, twice over */
};
_Static_assert(LT_URING_SLOTS <= 32, "slots are bits of a word");

/* The low bits of user_data; an operation's own address has none. */
enum lt_uring_tag {
    LT_URING_IO = 0,
    LT_URING_WAKE = 1,
    LT_URING_CANCEL = 2,
    LT_URING_SLOT = 3,
    LT_URING_HELPER = 4,
    LT_URING_TAG_MASK = 7
};

/* What the reactor itself asks of the kernel, kept until there is room for it. */
struct lt_uring_errand {
    enum lt_uring_tag tag;
    uint64_t argument; /* CANCEL: the user_data; SLOT: the slot; HELPER: none */
};

struct lt_uring {
    struct lt_reactor base;
    struct io_uring ring;
    struct lt_reactor_options options;
    /* The kernel completes one submission many times and takes buffers from a ring: 6.1 for all of
     * it. Below, the reactor arms single operations again. */
    bool has_multishot;
    uint32_t missing_kinds;                 /* bit set: no operation of this kernel's ring */
    bool has_wake_read;                     /* in flight, or in the queue */
    uint64_t wake_count;                    /* what the read of the eventfd fills in */
    struct lt_io *backlog, **backlog_end;   /* singles and heads of chains, waiting for room */
    struct lt_io *answered, **answered_end; /* ended without the kernel; result is set */
    struct lt_uring_errand *errands;
    uint32_t errand_count, errand_capacity;
    bool has_slots;
    uint32_t free_slots; /* bit set: free */
    uint64_t group_ids;  /* bit set: the kernel has a ring of buffers by this number */
    /* The helper thread, once something was given to it; it says through an eventfd of its own, of
     * which a read is in flight as long as it has something to do, that it is done with something:
     * so poll looks nowhere else. */
    struct lt_file_thread *helper;
    struct lt_waker helper_waker;
    uint64_t helper_wake_count;
    bool has_helper_read;  /* in flight, or an errand */
    uint32_t helper_count; /* operations that it has */
};
_Static_assert(LT_IO_KIND_COUNT <= 32, "kinds are bits of a word");

static inline struct lt_uring *lt_uring_of(struct lt_reactor *reactor)
{
    return (struct lt_uring *)(void *)reactor; /* the base is its first member */
}

static inline void lt_uring_append(struct lt_io ***end, struct lt_io *io)
{
    io->next = NULL;
    **end = io;
    *end = &io->next;
}

/* ------------------------------------------------------------------------- io/uring_submit.c */

void lt_uring_submit(struct lt_reactor *reactor, struct lt_io *const *steps, uint32_t count);
void lt_uring_cancel(struct lt_reactor *reactor, struct lt_io *io);
/* Begins a single, or a chain's next step. */
void lt_uring_begin(struct lt_uring *uring, struct lt_io *io);
/* Ends an operation without the kernel, from the next poll. */
void lt_uring_answer(struct lt_uring *uring, struct lt_io *io, int64_t result);
void lt_uring_add_errand(struct lt_uring *uring, enum lt_uring_tag tag, uint64_t argument);
/* Fills the queue with what waits for room, in order. */
void lt_uring_refill(struct lt_uring *uring);
void lt_uring_free_slot(struct lt_uring *uring, uint32_t slot);
/* All steps have completed. What a failure has left open is closed; freeing the slot waits for
 * that. */
void lt_uring_finish_linked(struct lt_uring *uring, struct lt_chain *chain);

/* ----------------------------------------------------------------------- io/uring_complete.c */

/* Runs what has completed; bounded. How many. */
uint32_t lt_uring_drain(struct lt_uring *uring);
/* An operation has ended: runs its last `done`, and begins what follows it in its chain. */
void lt_uring_complete(struct lt_uring *uring, struct lt_io *io, int64_t result, uint32_t *count);

/* ------------------------------------------------------------------------ io/uring_buffers.c */

struct lt_buffers *lt_uring_buffers_create(struct lt_reactor *reactor, uint32_t count,
                                           uint32_t size_bytes);
void lt_uring_buffers_give_back(struct lt_buffers *buffers, int32_t piece);
void lt_uring_buffers_destroy(struct lt_buffers *buffers);

void lt_uring_multi_prepare(const struct lt_uring *uring, struct io_uring_sqe *sqe,
                            const struct lt_io *io);
void lt_uring_multi_complete(struct lt_uring *uring, struct lt_io *io, int64_t result,
                             uint32_t cqe_flags, uint32_t *count);

/* ------------------------------------------------------------------------- io/uring_helper.c */

/* Has the helper thread do an operation; the thread starts with the first. */
void lt_uring_helper_give(struct lt_uring *uring, struct lt_io *io);
/* True if `io` was with the helper and not begun; it is the reactor's again. */
bool lt_uring_helper_withdraw(struct lt_uring *uring, struct lt_io *io);
/* The read of the helper's eventfd has ended: what is done is answered. */
void lt_uring_helper_complete(struct lt_uring *uring);
void lt_uring_helper_destroy(struct lt_uring *uring);

#endif
