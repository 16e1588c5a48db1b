/*
 * System calls tried without waiting, for reactors that do by themselves what io_uring has the
 * kernel do.
 */
#ifndef LT_IO_REACTOR_CALLS_H
#define LT_IO_REACTOR_CALLS_H

#include "core/flow/reactor.h"

enum { LT_WOULD_WAIT = -100000 }; /* no errno is that small */

/* What a call has returned: itself, LT_WOULD_WAIT, or -errno. */
int64_t lt_call_or_wait(int64_t result);
/* Runs a call that has no "do not wait" flag of its own with the descriptor's. */
int64_t lt_call_without_waiting(const struct lt_io *io, int64_t (*call)(const struct lt_io *io));
/* The descriptor of a connection that has come, or as above. */
int64_t lt_call_accept(const struct lt_io *io);

#endif
