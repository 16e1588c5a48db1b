/*
 * A reactor's helper thread. It does one after the other, with plain system calls, what the reactor
 * cannot wait for: on epoll all operations on files, since a sync takes the disk's time; on both
 * reactors the calls of LT_IO_CALL.
 *
 * Without a way to start a thread (struct lt_reactor_options) the operations are done by
 * lt_file_thread_take, on the reactor's own thread: then the lane waits for the disk, which is said
 * once.
 *
 * on: the reactor's thread. The thread itself touches only operations it was given.
 */
#ifndef LT_IO_FILE_THREAD_H
#define LT_IO_FILE_THREAD_H

#include "core/flow/reactor.h"

struct lt_file_thread;

/* `waker` is raised when an operation has been done. The thread starts with the first operation. */
struct lt_file_thread *lt_file_thread_create(const struct lt_reactor_options *options,
                                             struct lt_waker *waker);
/* Joins the thread. No operation may be with it (asserted). */
void lt_file_thread_destroy(struct lt_file_thread *files);

/* The operation stays with the thread until lt_file_thread_take gives it back. */
void lt_file_thread_give(struct lt_file_thread *files, struct lt_io *io);
/* Takes back an operation that has not begun; false if it has. */
bool lt_file_thread_withdraw(struct lt_file_thread *files, struct lt_io *io);
/* A list of operations that have been done, in the order in which they were given, linked by
 * `next`, each with its `result`; NULL if none. Costs one load while there is nothing. */
struct lt_io *lt_file_thread_take(struct lt_file_thread *files);
/* True when lt_file_thread_take would give something, or do something itself: do not park. */
bool lt_file_thread_is_ready(const struct lt_file_thread *files);

/* Does one operation, waiting as long as it takes; what the system call returns, or -errno. */
int64_t lt_file_operation(const struct lt_io *io);

#endif
