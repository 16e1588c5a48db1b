/*
 * Opening a ring for io/uring.c.
 */
#ifndef LT_IO_URING_SETUP_H
#define LT_IO_URING_SETUP_H

#include <liburing.h>

#include "io/reactor.h"

enum { LT_URING_SQ_ENTRIES = 256 };

/* A ring of this rung, bound to the calling thread, its workers placed; or why the kernel has none.
 */
int lt_uring_ring_open(struct io_uring *ring, enum lt_uring_rung rung,
                       const struct lt_reactor_options *options,
                       struct lt_error *error) LT_MUST_USE;

#endif
