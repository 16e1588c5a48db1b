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
 * returned, or -errno. A short read, write or send is a result, not an error: the caller goes on
 * from there.
 *
 * A chain runs in order; when one fails (or is short), the rest complete with -ECANCELED.
 * Operations that are not chained complete in any order.
 *
 * A descriptor that a chain both opens and closes (an OPENAT, and later a CLOSE with fd_from) never
 * leaves the reactor: the OPENAT's result is 0, and the descriptor is closed even when the chain
 * fails before its CLOSE.
 *
 * The operations named MULTI are armed once and complete often. While `more` is set at `done`, the
 * operation is still with the reactor; when it is not, it has ended and is the caller's again,
 * whatever its result: a reactor may end one with data in hand, and the caller arms it again. They
 * are not for chains. What they receive is put into pieces of a group of buffers; each completion
 * that carries a piece hands it over, and the caller gives it back when it is done with the bytes,
 * at once or much later.
 *
 * To close: lt_reactor_cancel_and_wait for each operation, before the descriptor is closed. An
 * operation that waits for ever must not keep its thread from ending.
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
    LT_IO_WRITE,     /* fd, buffer, size_bytes, offset, flags: 0 or LT_IO_AT_ONCE */
    LT_IO_FSYNC,     /* fd; data and metadata */
    LT_IO_FDATASYNC, /* fd; data and size */
    LT_IO_FTRUNCATE, /* fd, offset: the length that it shall have */
    LT_IO_OPENAT,    /* fd (directory or AT_FDCWD), path, flags, mode; result is the new fd */
    LT_IO_CLOSE,     /* fd */
    LT_IO_RENAMEAT,  /* fd (directory), path, fd2 (directory), path2, flags (RENAME_NOREPLACE) */
    LT_IO_LINKAT,    /* fd (directory), path, fd2 (directory), path2, flags */
    LT_IO_UNLINKAT,  /* fd (directory), path, flags */
    LT_IO_MKDIRAT,   /* fd (directory), path, mode */
    /* fd and path (NULL: of fd itself), flags, buffer (struct statx), size_bytes (the mask) */
    LT_IO_STATX,
    LT_IO_POLL, /* fd, flags (POLLIN...): once; result is the mask */
    LT_IO_RECV, /* fd, buffer, size_bytes, flags */
    LT_IO_SEND, /* fd, buffer, size_bytes, flags */
    /* fd, buffer (struct msghdr, which stays in place with all it names), flags. SENDMSG is for
     * streams: a datagram whose send has to wait is sent empty by Linux 6.18. A sink of datagrams
     * calls sendmsg with MSG_DONTWAIT and waits for room with LT_IO_POLL. */
    LT_IO_RECVMSG,
    LT_IO_SENDMSG,
    LT_IO_ACCEPT,  /* fd; result is the new fd */
    LT_IO_CONNECT, /* fd, buffer (struct sockaddr), size_bytes */
    /* fd, group, flags. Each completion: result (bytes; 0: the end of the stream), piece, buffer.
     * -ENOBUFS: no piece was free; arm it again when one has been given back. An empty datagram
     * looks like an end, without a piece; one that is longer than a piece is cut without a word:
     * who receives datagrams so gives them more room than they need. */
    LT_IO_RECV_MULTI,
    /* fd, group, flags, message (msg_namelen, a multiple of 8, and msg_controllen say what room for
     * the sender's address and for control messages each piece has). Each completion: result (bytes
     * of the payload, 0 is a datagram too), piece, and name, control, payload, msg_flags
     * (MSG_TRUNC: the datagram was longer than the room). */
    LT_IO_RECVMSG_MULTI,
    LT_IO_ACCEPT_MULTI, /* fd. Each completion: result is a new fd */
    /* call, call_context: runs on the reactor's helper thread, for what has no operation of its own
     * (listing a directory, asking for an address, inflating). What it returns is the result. It
     * may run long; a cancellation waits for it once it has begun. */
    LT_IO_CALL,
    LT_IO_KIND_COUNT
};

/* Of a write into the page cache, which takes a tenth of what handing it to another thread does:
 * io_uring and epoll both would. It is done within submit; `done` runs from the next poll. */
enum { LT_IO_AT_ONCE = 1 };
enum { LT_IO_NO_PIECE = -1 };

static inline bool lt_io_is_multi(enum lt_io_kind kind)
{
    return kind >= LT_IO_RECV_MULTI && kind <= LT_IO_ACCEPT_MULTI;
}

/* A group of equal pieces of memory, which a reactor receives into. */
struct lt_buffers {
    /* constant */
    struct lt_reactor *reactor;
    char *memory; /* count pieces of size_bytes each, one every stride_bytes: aligned to 16 */
    uint32_t count, size_bytes, stride_bytes;
};

struct msghdr;

struct lt_io {
    enum lt_io_kind kind;
    int fd, fd2;
    int flags;
    mode_t mode;
    const char *path, *path2;
    void *buffer; /* of MULTI operations: written by the reactor, the piece's memory, or NULL */
    uint32_t size_bytes;
    int64_t offset; /* -1: the file's own position */
    /* In a chain, a descriptor that an earlier OPENAT of the same chain makes: its index there + 1;
     * 0: use fd. If it is not 0, `fd` is the reactor's to write. */
    uint16_t fd_from;
    struct lt_buffers *group;
    struct msghdr *message; /* the caller's; stays in place */
    int64_t (*call)(void *call_context);
    void *call_context;
    int64_t result;
    void (*done)(struct lt_io *io);
    void *context; /* the caller's */
    /* written by the reactor for each completion of a MULTI operation */
    bool more;
    int32_t piece; /* the caller's until lt_buffers_give_back, or LT_IO_NO_PIECE */
    /* of RECVMSG_MULTI, inside the piece; valid while `piece` is the caller's */
    void *name, *control, *payload;
    uint32_t name_size, control_size, payload_size;
    int msg_flags;
    /* the reactor's, while it has the operation */
    bool is_pending; /* from submit until the last `done` begins */
    bool is_cancelled;
    struct lt_io *next;
    uint64_t token;
};

struct lt_reactor;

struct lt_reactor_ops {
    const char *name; /* "io_uring", "epoll", ... */
    /* Takes the operations: a chain in order if count > 1. Never fails and never waits: what cannot
     * be queued is completed with an error through `done` from the next poll. */
    void (*submit)(struct lt_reactor *reactor, struct lt_io *const *chain, uint32_t count);
    /* Asks for an end: the operation still completes, with -ECANCELED or its result; a MULTI one
     * perhaps with more results before. Not for an operation that is not pending. */
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
    struct lt_buffers *(*buffers_create)(struct lt_reactor *reactor, uint32_t count,
                                         uint32_t size_bytes);
    void (*buffers_give_back)(struct lt_buffers *buffers, int32_t piece);
    void (*buffers_destroy)(struct lt_buffers *buffers);
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

/* Asks for the end of `io`; nothing if it is not pending. */
void lt_reactor_cancel(struct lt_reactor *reactor, struct lt_io *io);
/* The same, and waits until it has completed for the last time: `done` runs, and `done` of whatever
 * else completes meanwhile. The caller's `done` gives pieces back and does not submit `io` again.
 * For close, which may wait; not from within a `done`. */
void lt_reactor_cancel_and_wait(struct lt_reactor *reactor, struct lt_io *io);

/* `count`: a power of 2, at most 32768. Never fails. The caller's, until lt_buffers_destroy. on:
 * the reactor's thread, as for all of these. */
static inline struct lt_buffers *lt_reactor_buffers_create(struct lt_reactor *reactor,
                                                           uint32_t count, uint32_t size_bytes)
{
    return reactor->ops->buffers_create(reactor, count, size_bytes);
}
/* Once for each completion that carried a piece. */
static inline void lt_buffers_give_back(struct lt_buffers *buffers, int32_t piece)
{
    buffers->reactor->ops->buffers_give_back(buffers, piece);
}
/* As lt_buffers_destroy, but what the pieces hold stays where it is, for rows that borrow from it
 * and outlive the reactor. The caller frees the memory with free(). */
static inline char *lt_buffers_retire(struct lt_buffers *buffers)
{
    char *memory = buffers->memory;
    buffers->memory = NULL;
    buffers->reactor->ops->buffers_destroy(buffers);
    return memory;
}
/* No operation may be armed with the group (asserted). Pieces that are out are gone too. */
static inline void lt_buffers_destroy(struct lt_buffers *buffers)
{
    if (buffers != NULL)
        buffers->reactor->ops->buffers_destroy(buffers);
}

/* How a room that knows no reactor is given one: the entry of io's catalog (io/catalog.h). */
struct lt_reactor_options {
    /* "auto", "io_uring", "epoll": LEAT_IO; or one rung of io_uring's ladder:
     * "io_uring.defer_taskrun", "io_uring.coop_taskrun", "io_uring.plain". NULL: auto. */
    const char *choice;
    /* Where helper threads may run; count 0: anywhere. */
    const int *housekeeping_cpus;
    int housekeeping_cpu_count;
    /* Starts a thread off the lanes' CPUs, for what the reactor cannot wait for (LT_IO_CALL; on
     * epoll files); the reactor joins it when it is destroyed. NULL: the reactor's own thread does
     * those operations, from poll, and waits for the disk. */
    int (*start_thread)(void *context, const char *name, void *(*entry)(void *), void *argument,
                        pthread_t *out, struct lt_error *error);
    void *start_thread_context;
};
/* on: the thread that will use the reactor. */
typedef int lt_reactor_create_fn(const struct lt_reactor_options *options, struct lt_reactor **out,
                                 struct lt_error *error);

#endif
