/*
 * Opening a ring for io/uring.c.
 */
#ifndef LT_IO_URING_SETUP_H
#define LT_IO_URING_SETUP_H

#include <liburing.h>

#include "io/reactor.h"

enum { LT_URING_SQ_ENTRIES = 256 };

/* IORING_OP_FTRUNCATE, which old headers lack; kernel 6.9. */
enum { LT_URING_OP_FTRUNCATE = 55 };

/* A ring of this rung, bound to the calling thread, its workers placed; or why the kernel has none.
 * *missing_kinds gets a bit for each kind of operation that the kernel's ring does not do. */
int lt_uring_ring_open(struct io_uring *ring, enum lt_uring_rung rung,
                       const struct lt_reactor_options *options, uint32_t *missing_kinds,
                       struct lt_error *error) LT_MUST_USE;

#endif
