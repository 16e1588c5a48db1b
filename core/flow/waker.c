/*
 * The eventfd behind a waker. What is fast about waking stands in the header; this is the part that
 * enters the kernel.
 */
#include "core/flow/waker.h"

#include <errno.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

int lt_waker_open(struct lt_waker *waker, struct lt_error *error)
{
    lt_store_relaxed_u32(&waker->parked, 0); /* relaxed: nobody else has the waker yet */
    waker->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (waker->event_fd < 0)
        return lt_error_set_errno(error, errno,
                                  "cannot create an event descriptor to wake a worker with");
    return 0;
}

void lt_waker_close(struct lt_waker *waker)
{
    if (waker->event_fd < 0)
        return;
    /* Even an interrupted close has given the descriptor back. */
    int result = close(waker->event_fd);
    lt_assert(result == 0 || errno != EBADF);
    waker->event_fd = -1;
}

void lt_waker_write(struct lt_waker *waker)
{
    const int saved_errno = errno; /* a signal handler must not disturb what it interrupted */
    const uint64_t one = 1;
    ssize_t written;
    do {
        written = write(waker->event_fd, &one, sizeof one);
    } while (written < 0 && errno == EINTR);
    /* EAGAIN: the counter is full, so the sleeper has been woken already. */
    lt_assert(written == (ssize_t)sizeof one || errno == EAGAIN);
    errno = saved_errno;
}

void lt_waker_drain(struct lt_waker *waker)
{
    uint64_t count;
    ssize_t got;
    do {
        got = read(waker->event_fd, &count, sizeof count);
    } while (got < 0 && errno == EINTR);
    lt_assert(got == (ssize_t)sizeof count || errno == EAGAIN); /* EAGAIN: it was empty */
}
