/*
 * For a simulator that runs the engine whole: its calls of the file system, which go through the
 * reactor while it runs and straight to the system while it recovers, all end here.
 *
 *   - what is not synced is noted on one fake disk (tests/support/fake_disk.h), which may lose its
 *     power when the process dies, and may let directories reach it in any order
 *   - before each call the process may die
 *   - reads are short now and then; once in a life a call may fail: a full disk, or a broken one
 *   - in every third life a file is slow now and then: what was begun after it is done before
 *   - nothing waits for the machine's disk
 *   - the machine's time is the query's, and moves a little whenever it is looked at; bytes that
 *     should be random are drawn. So a seed replays a run
 *
 * Only files on the device of the checkpoint count: the engine reads others, too.
 *
 * This header defines functions, the C library's own among them (read, pread, write, openat,
 * fsync, renameat, renameat2, unlinkat, clock_gettime, getentropy): it is included by the one file
 * of a program that is the simulator.
 */
#ifndef LT_TESTS_WATCHED_CALLS_H
#define LT_TESTS_WATCHED_CALLS_H

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "tests/support/fake_disk.h"
#include "tests/support/fake_reactor.h"

enum { WATCHED_HELD_POLLS_MAX = 60 }; /* a batch of little work is done in fewer */

static struct {
    struct fake_disk *disk; /* of this life; NULL: nothing is watched */
    struct lt_clock_manual *clock;
    dev_t device;           /* that the checkpoint is on */
    uint32_t (*draw)(uint32_t bound);
    void (*point)(void); /* where the process may die */
    void (*die)(void);
    struct lt_reactor *reactor; /* NULL while there is none */
    const struct lt_reactor_ops *ops;
    int64_t calls_to_fault; /* until one fails; -1: none */
    bool has_faulted;
    bool has_power; /* the life ends by kill */
    bool is_watched; /* the engine calls, and not the fake reactor or the disk, which note enough */
    int written_fd;  /* opened last to be written */
} watched;

/* ------------------------------------------------------------------------- calls of the system */

/* What is to fail now: an errno, or 0. */
static int watched_fault(bool takes_room)
{
    if (watched.calls_to_fault < 0 || watched.calls_to_fault-- > 0)
        return 0;
    watched.has_faulted = true;
    return takes_room && watched.draw(2) == 0 ? ENOSPC : EIO;
}

/* True: the call has failed, and errno says how. */
static bool watched_fails(bool takes_room)
{
    watched.point();
    int number = watched_fault(takes_room);
    if (number != 0)
        errno = number;
    return number != 0;
}

static size_t watched_size(size_t size_bytes)
{
    bool is_short = size_bytes > 1 && watched.draw(4) == 0;
    return is_short ? 1 + watched.draw((uint32_t)size_bytes - 1) : size_bytes;
}

/* A file of the checkpoint, and not what has its descriptor by now. */
static bool watched_is_ours(int fd)
{
    struct stat status;
    return watched.is_watched && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
           status.st_dev == watched.device;
}

ssize_t read(int fd, void *buffer, size_t size_bytes)
{
    bool is_ours = watched_is_ours(fd);
    if (is_ours && watched_fails(false))
        return -1;
    return syscall(SYS_read, fd, buffer, is_ours ? watched_size(size_bytes) : size_bytes);
}

ssize_t pread(int fd, void *buffer, size_t size_bytes, off_t offset)
{
    bool is_ours = watched_is_ours(fd);
    if (is_ours && watched_fails(false))
        return -1;
    return syscall(SYS_pread64, fd, buffer, is_ours ? watched_size(size_bytes) : size_bytes,
                   offset);
}

ssize_t write(int fd, const void *buffer, size_t size_bytes)
{
    if (fd == watched.written_fd && watched_is_ours(fd)) {
        if (watched_fails(true))
            return -1;
        size_bytes = watched_size(size_bytes);
        watched.is_watched = false;
        fake_disk_before_write(watched.disk, fd, -1, (uint32_t)size_bytes);
        watched.is_watched = true;
    }
    return syscall(SYS_write, fd, buffer, size_bytes);
}

/* The lock of a directory is not written anew, and is no one's to undo. */
int openat(int folder_fd, const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    bool is_noted = watched.is_watched && (flags & O_CREAT) != 0 && (flags & O_TRUNC) != 0;
    if (is_noted && watched_fails(true))
        return -1;
    bool is_new = is_noted && !watched.has_power && faccessat(folder_fd, path, F_OK, 0) != 0;
    int fd = (int)syscall(SYS_openat, folder_fd, path, flags, mode);
    if (is_noted && fd >= 0) {
        watched.is_watched = false;
        if (is_new)
            fake_disk_created(watched.disk, folder_fd, path);
        watched.is_watched = true;
        watched.written_fd = fd;
    }
    return fd;
}

int fsync(int fd)
{
    if (watched.disk == NULL)
        return (int)syscall(SYS_fsync, fd);
    if (watched.is_watched && watched_fails(false))
        return -1;
    fake_disk_synced(watched.disk, fd);
    return 0;
}

/* The answer of the fake disk, as the system's. */
static int watched_answer(int result)
{
    watched.is_watched = true;
    if (result < 0)
        errno = -result;
    return result < 0 ? -1 : 0;
}

int renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
    if (!watched.is_watched)
        return (int)syscall(SYS_renameat2, from_fd, from, to_fd, to, flags);
    if (watched_fails(false))
        return -1;
    watched.is_watched = false;
    return watched_answer(fake_disk_rename(watched.disk, from_fd, from, to_fd, to, (int)flags));
}

int renameat(int from_fd, const char *from, int to_fd, const char *to)
{
    return renameat2(from_fd, from, to_fd, to, 0);
}

int unlinkat(int folder_fd, const char *path, int flags)
{
    if (!watched.is_watched)
        return (int)syscall(SYS_unlinkat, folder_fd, path, flags);
    if (watched_fails(false))
        return -1;
    watched.is_watched = false;
    return watched_answer(fake_disk_unlink(watched.disk, folder_fd, path, flags));
}

/* ---------------------------------------------------------------------------- time and entropy */

/* Who waits for a time sees it come. */
int clock_gettime(clockid_t id, struct timespec *out)
{
    if (watched.disk == NULL)
        return (int)syscall(SYS_clock_gettime, id, out);
    lt_clock_manual_advance(watched.clock, LT_NS_PER_US);
    int64_t now_ns = id == CLOCK_REALTIME ? watched.clock->wall_us * LT_NS_PER_US
                                          : watched.clock->now_ns;
    *out = (struct timespec){.tv_sec = now_ns / LT_NS_PER_S, .tv_nsec = now_ns % LT_NS_PER_S};
    return 0;
}

int getentropy(void *buffer, size_t size_bytes)
{
    if (watched.disk == NULL)
        return syscall(SYS_getrandom, buffer, size_bytes, 0) == (long)size_bytes ? 0 : -1;
    for (size_t i = 0; i < size_bytes; i++)
        ((unsigned char *)buffer)[i] = (unsigned char)watched.draw(256);
    return 0;
}

/* ---------------------------------------------------------------------------------- the reactor */

static void watched_destroy(struct lt_reactor *reactor)
{
    watched.reactor = NULL;
    watched.ops->destroy(reactor);
}

static uint32_t watched_poll(struct lt_reactor *reactor)
{
    watched.is_watched = false;
    uint32_t done = watched.ops->poll(reactor);
    watched.is_watched = true;
    return done;
}

/* Who waits for a reactor that has come to its crash would wait for ever. */
static uint32_t watched_park(struct lt_reactor *reactor, int64_t deadline_ns)
{
    if (fake_reactor_has_stopped(reactor))
        watched.die();
    watched.is_watched = false;
    uint32_t done = watched.ops->park(reactor, deadline_ns);
    watched.is_watched = true;
    return done;
}

/* What takes room, and what makes files last, may fail. */
static bool watched_operation(void *context, const struct lt_io *io, int64_t *result)
{
    (void)context;
    bool takes_room = io->kind == LT_IO_WRITE || io->kind == LT_IO_OPENAT;
    bool may_fail = takes_room || io->kind == LT_IO_FSYNC || io->kind == LT_IO_RENAMEAT;
    int number = may_fail ? watched_fault(takes_room) : 0;
    *result = -number;
    return number != 0;
}

/* A fake reactor on the life's disk. One at a time. */
static struct lt_reactor *watched_reactor_create(void)
{
    static struct lt_reactor_ops ops;
    watched.reactor = fake_reactor_create(watched.draw(UINT32_MAX), watched.clock);
    watched.ops = watched.reactor->ops;
    ops = *watched.ops;
    ops.destroy = watched_destroy;
    ops.poll = watched_poll;
    ops.park = watched_park;
    watched.reactor->ops = &ops;
    fake_reactor_use_disk(watched.reactor, watched.disk);
    fake_reactor_set_hook(watched.reactor, watched_operation, NULL);
    if (watched.draw(3) == 0)
        fake_reactor_hold(watched.reactor, WATCHED_HELD_POLLS_MAX);
    return watched.reactor;
}

static bool watched_reactor_has_stopped(void)
{
    return watched.reactor != NULL && fake_reactor_has_stopped(watched.reactor);
}

/* ----------------------------------------------------------------------------------------- life */

static uint64_t watched_draw(void *context)
{
    (void)context;
    return watched.draw(UINT32_MAX);
}

/* A life begins, which may end without power unless it is the last. Calls are watched from when
 * `is_watched` is set. */
static void watched_calls_begin(const char *folder, struct lt_clock_manual *clock,
                                uint32_t (*draw)(uint32_t bound), void (*point)(void),
                                void (*die)(void), bool is_last)
{
    struct stat status;
    watched.clock = clock;
    watched.draw = draw;
    watched.point = point;
    watched.die = die;
    watched.calls_to_fault = watched.written_fd = -1;
    lt_assert(stat(folder, &status) == 0);
    watched.device = status.st_dev;
    watched.disk = fake_disk_create();
    watched.has_power = is_last || draw(2) == 0;
    if (watched.has_power)
        fake_disk_keep_power(watched.disk);
    else if (draw(2) == 0)
        fake_disk_reorder(watched.disk);
}

/* It ends: files keep what they were told, or what was synced and some of the rest. */
static void watched_calls_die(void)
{
    watched.is_watched = false;
    if (!watched.has_power)
        fake_disk_lose_power(watched.disk, watched_draw, NULL);
}

#endif
