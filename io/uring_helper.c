/*
 * What the kernel's ring has no operation for: calls of the caller's own, and on old kernels some
 * operations on files. A helper thread does them (io/file_thread.h), one after the other.
 *
 * The thread says that something is done by writing an eventfd which the ring reads, so it arrives
 * as a completion like any other, and poll looks nowhere else. Without a way to start a thread the
 * reactor writes that eventfd itself, and does the operation when the completion arrives.
 */
#include "io/uring.h"

#include <errno.h>
#include <fcntl.h>

#include "core/base/log.h"

/* The eventfd is blocking: the kernel answers a read of a non-blocking one at once. */
static int open_waker(struct lt_waker *waker)
{
    struct lt_error error;
    lt_error_clear(&error);
    int code = lt_waker_open(waker, &error);
    if (code != 0) {
        lt_log_warn("no helper thread: %s", error.text);
        return -EMFILE;
    }
    int flags = fcntl(waker->event_fd, F_GETFL);
    lt_assert(flags >= 0);
    int result = fcntl(waker->event_fd, F_SETFL, flags & ~O_NONBLOCK);
    lt_assert(result == 0);
    lt_waker_prepare_to_park(waker); /* for ever: each raise writes the descriptor */
    return 0;
}

static void read_again(struct lt_uring *uring)
{
    if (uring->helper_count == 0 || uring->has_helper_read)
        return;
    uring->has_helper_read = true;
    lt_uring_add_errand(uring, LT_URING_HELPER, 0);
}

void lt_uring_helper_give(struct lt_uring *uring, struct lt_io *io)
{
    if (uring->helper == NULL) {
        int result = open_waker(&uring->helper_waker);
        if (result != 0) {
            lt_uring_answer(uring, io, result);
            return;
        }
        uring->helper = lt_file_thread_create(&uring->options, &uring->helper_waker);
    }
    lt_file_thread_give(uring->helper, io);
    uring->helper_count++;
    read_again(uring);
    if (lt_file_thread_is_ready(uring->helper)) /* there is no thread */
        lt_waker_write(&uring->helper_waker);
}

bool lt_uring_helper_withdraw(struct lt_uring *uring, struct lt_io *io)
{
    if (uring->helper == NULL || !lt_file_thread_withdraw(uring->helper, io))
        return false;
    uring->helper_count--;
    return true;
}

void lt_uring_helper_complete(struct lt_uring *uring)
{
    uring->has_helper_read = false;
    struct lt_io *io = lt_file_thread_take(uring->helper);
    while (io != NULL) {
        struct lt_io *next = io->next;
        uring->helper_count--;
        lt_uring_answer(uring, io, io->result);
        io = next;
    }
    read_again(uring);
}

void lt_uring_helper_destroy(struct lt_uring *uring)
{
    if (uring->helper == NULL)
        return;
    lt_assert(!uring->has_helper_read);
    lt_file_thread_destroy(uring->helper);
    lt_waker_close(&uring->helper_waker);
}
