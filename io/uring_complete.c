/*
 * Taking io_uring's completions: what each is of, by the low bits of its user_data, and what a
 * chain does next.
 */
#include "io/uring.h"

#include <errno.h>

enum {
    POLL_MAX = 512, /* completions run by one poll: bounded, the lane has other duties */
};

/* ------------------------------------------------------------------------------------ complete */

/* An operation that has ended is not to be cancelled: the struct may be in use again by then. */
static void drop_cancel(struct lt_uring *uring, const struct lt_io *io)
{
    uint32_t i = 0;
    while (i < uring->errand_count) {
        struct lt_uring_errand *errand = &uring->errands[i];
        if (errand->tag == LT_URING_CANCEL && errand->argument == (uint64_t)(uintptr_t)io)
            *errand = uring->errands[--uring->errand_count];
        else
            i++;
    }
}

void lt_uring_complete(struct lt_uring *uring, struct lt_io *io, int64_t result, uint32_t *count)
{
    struct lt_chain *chain = lt_chain_of(io);
    if (lt_unlikely(uring->errand_count > 0))
        drop_cancel(uring, io);
    if (chain == NULL || !chain->is_linked) {
        struct lt_io *next = lt_chain_complete(&uring->base, io, result, count);
        if (next != NULL)
            lt_uring_begin(uring, next);
        return;
    }
    if (io->kind == LT_IO_CLOSE && io->fd_from != 0 && result == 0) {
        lt_uring_free_slot(uring, (uint32_t)chain->descriptors[io->fd_from - 1]);
        chain->descriptors[io->fd_from - 1] = -1;
    }
    bool is_last = chain->index + 1 == chain->count;
    struct lt_io *next = lt_chain_complete(&uring->base, io, result, count);
    lt_assert(next == NULL);
    if (is_last)
        lt_uring_finish_linked(uring, chain);
}

static void complete_io(struct lt_uring *uring, struct lt_io *io, int64_t result,
                        uint32_t cqe_flags, uint32_t *count)
{
    if (lt_io_is_multi(io->kind))
        lt_uring_multi_complete(uring, io, result, cqe_flags, count);
    else
        lt_uring_complete(uring, io, result, count);
}

static void handle(struct lt_uring *uring, const struct io_uring_cqe *cqe, uint32_t *count)
{
    uint64_t user_data = cqe->user_data;
    switch ((enum lt_uring_tag)(user_data & LT_URING_TAG_MASK)) {
    case LT_URING_IO:
        complete_io(uring, (struct lt_io *)(uintptr_t)user_data, cqe->res, cqe->flags, count);
        break;
    case LT_URING_WAKE:
        uring->has_wake_read = false;
        break;
    case LT_URING_SLOT:
        lt_uring_free_slot(uring, (uint32_t)(user_data >> 8));
        break;
    case LT_URING_HELPER:
        lt_uring_helper_complete(uring);
        break;
    default:
        lt_assert((user_data & LT_URING_TAG_MASK) ==
                  LT_URING_CANCEL); /* the operation itself reports how it ended */
    }
}

/* Runs what has completed, at most POLL_MAX. */
uint32_t lt_uring_drain(struct lt_uring *uring)
{
    uint32_t count = 0;
    while (uring->answered != NULL && count < POLL_MAX) {
        struct lt_io *io = uring->answered;
        uring->answered = io->next;
        if (uring->answered == NULL)
            uring->answered_end = &uring->answered;
        complete_io(uring, io, io->result, 0, &count);
    }
    struct io_uring_cqe *cqe;
    while (count < POLL_MAX && io_uring_cq_ready(&uring->ring) > 0) {
        int peeked = io_uring_peek_cqe(&uring->ring, &cqe);
        lt_assert(peeked == 0);
        const struct io_uring_cqe taken = *cqe;
        io_uring_cqe_seen(&uring->ring, cqe); /* before `done`, which may submit and enter */
        handle(uring, &taken, &count);
    }
    return count;
}
