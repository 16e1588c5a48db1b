/*
 * The contract of a worker's input and output: submit operations, run completions, wait for the
 * next one or for a deadline or for a wake-up. `io/uring.c` and `io/epoll.c` implement it; tests
 * have a double that returns any result for any operation. It is handed down by pointer, so that
 * core/epoch writes its logs and core/run parks through it without knowing io_uring.
 *
 * A reactor belongs to one thread: it is created and used there; only its waker is for others.
 *
 * An operation (struct lt_io) belongs to the caller and stays in place until its `done` runs, on
 * the reactor's thread, from poll or park. `result` is then what the system call would have
 * returned, or -errno. A short read or write is a result, not an error: the caller goes on from
 * there.
 *
 * A chain runs in order; when one fails (or is short), the rest complete with -ECANCELED.
 * Operations that are not chained complete in any order.
 *
 * A descriptor that a chain both opens and closes (an OPENAT, and later a CLOSE with fd_from) never
 * leaves the reactor: the OPENAT's result is 0, and the descriptor is closed even when the chain
 * fails before its CLOSE.
 *
 * The reactor adds what is always right: descriptors close on exec, a send to a closed peer is an
 * error and no signal.
 */
#ifndef LT_FLOW_REACTOR_H
#define LT_FLOW_REACTOR_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/flow/waker.h"

enum lt_io_kind {
    LT_IO_READ,      /* fd, buffer, size_bytes, offset */
    LT_IO_WRITE,     /* fd, buffer, size_bytes, offset */
    LT_IO_FSYNC,     /* fd; data and metadata */
    LT_IO_FDATASYNC, /* fd; data and size */
    LT_IO_OPENAT,    /* fd (directory or AT_FDCWD), path, flags, mode; result is the new fd */
    LT_IO_CLOSE,     /* fd */
    LT_IO_RENAMEAT,  /* fd (directory), path, fd2 (directory), path2 */
    LT_IO_UNLINKAT,  /* fd (directory), path, flags */
    LT_IO_POLL,      /* fd, flags (POLLIN...): once; result is the mask */
    LT_IO_RECV,      /* fd, buffer, size_bytes, flags */
    LT_IO_SEND,      /* fd, buffer, size_bytes, flags */
    LT_IO_ACCEPT,    /* fd; result is the new fd */
    LT_IO_CONNECT,   /* fd, buffer (struct sockaddr), size_bytes */
    LT_IO_KIND_COUNT
};

struct lt_io {
    enum lt_io_kind kind;
    int fd, fd2;
    int flags;
    mode_t mode;
    const char *path, *path2;
    void *buffer;
    uint32_t size_bytes;
    int64_t offset; /* -1: the file's own position */
    /* In a chain, a descriptor that an earlier OPENAT of the same chain makes: its index there + 1;
     * 0: use fd. If it is not 0, `fd` is the reactor's to write. */
    uint16_t fd_from;
    int64_t result;
    void (*done)(struct lt_io *io);
    void *context; /* the caller's */
    /* the reactor's, while it has the operation */
    struct lt_io *next;
    uint64_t token;
};

struct lt_reactor;

struct lt_reactor_ops {
    const char *name; /* "io_uring", "epoll", ... */
    /* Takes the operations: a chain in order if count > 1. Never fails and never waits: what cannot
     * be queued is completed with an error through `done` from the next poll. */
    void (*submit)(struct lt_reactor *reactor, struct lt_io *const *chain, uint32_t count);
    /* Asks for an end: the operation still completes, with -ECANCELED or its result. */
    void (*cancel)(struct lt_reactor *reactor, struct lt_io *io);
    /* Runs what has completed; returns how many. Does not enter the kernel when nothing is
     * there. */
    uint32_t (*poll)(struct lt_reactor *reactor);
    /* Waits until a completion, a wake-up, or `deadline_ns` (on the system clock; LT_NEVER_NS:
     * none), runs what has completed, returns how many. A signal may end the wait early. The caller
     * has done lt_waker_prepare_to_park and looked for work once more. */
    uint32_t (*park)(struct lt_reactor *reactor, int64_t deadline_ns);
    /* All operations must have completed (asserted). */
    void (*destroy)(struct lt_reactor *reactor);
};

struct lt_reactor {
    const struct lt_reactor_ops *ops;
    struct lt_waker waker;
    uint32_t pending_count; /* submitted and not completed; kept by the implementation */
};

static inline void lt_reactor_submit(struct lt_reactor *reactor, struct lt_io *io)
{
    reactor->ops->submit(reactor, &io, 1);
}
static inline void lt_reactor_submit_chain(struct lt_reactor *reactor, struct lt_io *const *chain,
                                           uint32_t count)
{
    reactor->ops->submit(reactor, chain, count);
}
static inline uint32_t lt_reactor_poll(struct lt_reactor *reactor)
{
    return reactor->ops->poll(reactor);
}
static inline uint32_t lt_reactor_park(struct lt_reactor *reactor, int64_t deadline_ns)
{
    return reactor->ops->park(reactor, deadline_ns);
}
static inline void lt_reactor_destroy(struct lt_reactor *reactor)
{
    if (reactor != NULL)
        reactor->ops->destroy(reactor);
}

/* How a room that knows no reactor is given one: the entry of io's catalog (io/catalog.h). */
struct lt_reactor_options {
    /* "auto", "io_uring", "epoll": LEAT_IO; or one rung of io_uring's ladder:
     * "io_uring.defer_taskrun", "io_uring.coop_taskrun", "io_uring.plain". NULL: auto. */
    const char *choice;
    /* Where helper threads may run; count 0: anywhere. */
    const int *housekeeping_cpus;
    int housekeeping_cpu_count;
    /* Starts a thread off the lanes' CPUs, for what epoll cannot wait for (files); the reactor
     * joins it when it is destroyed. NULL: the reactor's own thread does those operations, from
     * poll, and waits for the disk. */
    int (*start_thread)(void *context, const char *name, void *(*entry)(void *), void *argument,
                        pthread_t *out, struct lt_error *error);
    void *start_thread_context;
};
/* on: the thread that will use the reactor. */
typedef int lt_reactor_create_fn(const struct lt_reactor_options *options, struct lt_reactor **out,
                                 struct lt_error *error);

#endif
