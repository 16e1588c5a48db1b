/*
 * For a simulator of what watches directories: one instance of inotify is kept from life to life.
 *
 * The kernel waits for a grace period of about 10 ms where an instance is closed, which is many
 * times what a life takes. So the instance is not closed but loses its watches and the events that
 * were not read, and the next life is given it: as good as new, but for the numbers of its watches,
 * which count on. Who keeps a table by that number would have a long one; hence after
 * KEPT_INOTIFY_NUMBERS the instance is closed, and a new one is made.
 *
 * One is kept at a time. What is opened beside it is the kernel's alone.
 *
 * This header defines functions of the C library (inotify_init1, inotify_add_watch, close): it is
 * included by the one file of a program that is the simulator. One thread.
 */
#ifndef LT_TESTS_KEPT_INOTIFY_H
#define LT_TESTS_KEPT_INOTIFY_H

#include <errno.h>
#include <stdbool.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/error.h"

enum { KEPT_INOTIFY_NUMBERS = 256 };

static struct {
    int fd; /* 0: none is kept */
    int flags;
    int removed, last; /* numbers of watches: those up to `removed` are gone; the latest */
    bool is_used;
} kept_inotify;

int inotify_init1(int flags)
{
    if (!kept_inotify.is_used && kept_inotify.fd > 0 && kept_inotify.flags == flags) {
        kept_inotify.is_used = true;
        return kept_inotify.fd;
    }
    int fd = (int)syscall(SYS_inotify_init1, flags);
    if (fd > 0 && kept_inotify.fd == 0 && (flags & IN_NONBLOCK) != 0) {
        kept_inotify.fd = fd;
        kept_inotify.flags = flags;
        kept_inotify.removed = kept_inotify.last = 0;
        kept_inotify.is_used = true;
    }
    return fd;
}

int inotify_add_watch(int fd, const char *path, uint32_t mask)
{
    int number = (int)syscall(SYS_inotify_add_watch, fd, path, mask);
    if (fd == kept_inotify.fd && number > kept_inotify.last)
        kept_inotify.last = number;
    return number;
}

/* A removal is an event, too: so the events go last. */
static void kept_inotify_clear(void)
{
    static char events[64 * 1024];
    ssize_t size;
    for (int i = kept_inotify.removed + 1; i <= kept_inotify.last; i++) {
        long result = syscall(SYS_inotify_rm_watch, kept_inotify.fd, i);
        lt_assert(result == 0 || errno == EINVAL); /* its directory is gone */
    }
    kept_inotify.removed = kept_inotify.last;
    do {
        size = syscall(SYS_read, kept_inotify.fd, events, sizeof events);
    } while (size > 0);
    lt_assert(errno == EAGAIN);
}

int close(int fd)
{
    if (fd != kept_inotify.fd || fd <= 0)
        return (int)syscall(SYS_close, fd);
    lt_assert(kept_inotify.is_used);
    kept_inotify.is_used = false;
    if (kept_inotify.last < KEPT_INOTIFY_NUMBERS) {
        kept_inotify_clear();
        return 0;
    }
    kept_inotify.fd = 0;
    return (int)syscall(SYS_close, fd);
}

#endif
