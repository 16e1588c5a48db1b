/*
 * The reactor on io_uring.
 *
 * submit only fills the submission queue; poll and park enter the kernel once for all that was
 * submitted since. What finds the queue full waits in `backlog`, in order, so nothing is lost
 * however much is in flight; completions that find their queue full are kept by the kernel
 * (IORING_FEAT_NODROP).
 *
 * poll costs two loads while nothing happens: on the upper two rungs the kernel says through a flag
 * in shared memory that it has completions to hand over, and only then is it entered. Measured on
 * this rung a hot socket costs 0.4 us more per round trip than a spinning recv; a plain ring costs
 * 18 us, because each completion interrupts the spinning thread.
 *
 * A chain of file operations is handed over whole, linked, and opens its files into slots of the
 * ring's own table, so that a step can name a file which an earlier one is still to open. Its head
 * runs on a kernel worker from the start (IOSQE_ASYNC): publishing a checkpoint file takes the
 * disk's 0.4 ms, and the lane's thread 1 us. Chains that cannot be linked (sockets, where the
 * kernel does not count a short transfer as a failure; more files than slots) are walked here, step
 * by step.
 *
 * Operations that complete often, and their buffers, are in io/uring_buffers.c; what has no
 * operation goes to a helper thread, in io/uring_helper.c.
 *
 * Waking: a read of the waker's eventfd is always in flight. That is why the descriptor is made
 * blocking: the kernel answers a read of a non-blocking one at once instead of waiting.
 *
 * Threads: one. The ring is bound to the thread that made it.
 */
#include "io/uring.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/log.h"

static uint32_t uring_poll(struct lt_reactor *reactor)
{
    struct lt_uring *uring = lt_uring_of(reactor);
    if (lt_unlikely(!uring->has_wake_read || uring->errand_count > 0 || uring->backlog != NULL))
        lt_uring_refill(uring);
    unsigned flags = IO_URING_READ_ONCE(*uring->ring.sq.kflags);
    int entered = 0;
    if (io_uring_sq_ready(&uring->ring) > 0)
        entered = io_uring_submit_and_get_events(&uring->ring);
    else if ((flags & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW)) != 0)
        entered = io_uring_get_events(&uring->ring);
    /* EBUSY, EAGAIN: not now; what was not taken is still in the queue. */
    lt_assert(entered >= 0 || entered == -EBUSY || entered == -EAGAIN || entered == -EINTR);
    if (uring->answered == NULL && io_uring_cq_ready(&uring->ring) == 0)
        return 0;
    return lt_uring_drain(uring);
}

static uint32_t uring_park(struct lt_reactor *reactor, int64_t deadline_ns)
{
    struct lt_uring *uring = lt_uring_of(reactor);
    lt_uring_refill(uring);
    int64_t left_ns = LT_NEVER_NS;
    if (deadline_ns != LT_NEVER_NS)
        left_ns = deadline_ns - lt_clock_now_ns(lt_clock_system());
    if (uring->answered != NULL || uring->errand_count > 0 || left_ns <= 0)
        return uring_poll(reactor);
    struct __kernel_timespec timeout = {.tv_sec = left_ns / LT_NS_PER_S,
                                        .tv_nsec = left_ns % LT_NS_PER_S};
    struct io_uring_cqe *cqe;
    int waited = io_uring_submit_and_wait_timeout(
        &uring->ring, &cqe, 1, deadline_ns != LT_NEVER_NS ? &timeout : NULL, NULL);
    lt_assert(waited >= 0 || waited == -ETIME || waited == -EINTR || waited == -EBUSY ||
              waited == -EAGAIN);
    return lt_uring_drain(uring);
}

/* ----------------------------------------------------------------------------- create, destroy */

/* The kernel must not write into this memory any more: the reads of eventfds are made to end. */
static void end_reads(struct lt_uring *uring)
{
    while (uring->errand_count > 0)
        (void)uring_poll(&uring->base);
    lt_waker_write(&uring->base.waker);
    if (uring->has_helper_read)
        lt_waker_write(&uring->helper_waker);
    while (uring->has_wake_read || uring->has_helper_read) {
        struct io_uring_cqe *cqe;
        int waited = io_uring_submit_and_wait_timeout(&uring->ring, &cqe, 1, NULL, NULL);
        lt_assert(waited >= 0 || waited == -EINTR || waited == -EBUSY || waited == -EAGAIN);
        uint32_t count = lt_uring_drain(uring);
        lt_assert(count == 0);
    }
}

static void uring_destroy(struct lt_reactor *reactor)
{
    struct lt_uring *uring = lt_uring_of(reactor);
    lt_assert(reactor->pending_count == 0);
    end_reads(uring);
    lt_uring_helper_destroy(uring);
    io_uring_queue_exit(&uring->ring);
    lt_waker_close(&reactor->waker);
    free(uring->errands);
    free(uring);
}

/* The table of files in which chains keep what they open. */
static void register_slots(struct lt_uring *uring)
{
    int result = io_uring_register_files_sparse(&uring->ring, LT_URING_SLOTS);
    uring->has_slots = result == 0;
    uring->free_slots = result == 0 ? (uint32_t)((UINT64_C(1) << LT_URING_SLOTS) - 1) : 0;
    if (result != 0)
        lt_log_debug("io_uring: no table of files: %s; chains are walked step by step",
                     strerror(-result));
}

static int open_waker(struct lt_uring *uring, struct lt_error *error)
{
    int code = lt_waker_open(&uring->base.waker, error);
    if (code != 0)
        return code;
    int flags = fcntl(uring->base.waker.event_fd, F_GETFL);
    if (flags >= 0 && fcntl(uring->base.waker.event_fd, F_SETFL, flags & ~O_NONBLOCK) == 0)
        return 0;
    code = lt_error_set_errno(error, errno, "cannot make an event descriptor blocking");
    lt_waker_close(&uring->base.waker);
    return code;
}

int lt_uring_create(enum lt_uring_rung rung, const struct lt_reactor_options *options,
                    struct lt_reactor **out, struct lt_error *error)
{
    static const struct lt_reactor_ops ops = {
        .name = "io_uring",
        .submit = lt_uring_submit,
        .cancel = lt_uring_cancel,
        .poll = uring_poll,
        .park = uring_park,
        .destroy = uring_destroy,
        .buffers_create = lt_uring_buffers_create,
        .buffers_give_back = lt_uring_buffers_give_back,
        .buffers_destroy = lt_uring_buffers_destroy,
    };
    *out = NULL;
    struct lt_uring *uring = lt_alloc(sizeof *uring);
    uring->base.ops = &ops;
    uring->backlog_end = &uring->backlog;
    uring->answered_end = &uring->answered;
    uring->options = *options;
    uring->has_multishot = rung == LT_URING_DEFER_TASKRUN;
    int code = lt_uring_ring_open(&uring->ring, rung, options, &uring->missing_kinds, error);
    if (code != 0)
        goto fail_ring;
    code = open_waker(uring, error);
    if (code != 0)
        goto fail_waker;
    register_slots(uring);
    *out = &uring->base;
    return 0;

fail_waker:
    io_uring_queue_exit(&uring->ring);
fail_ring:
    free(uring);
    return code;
}
