/*
 * The reactors that io has, and which one a worker gets.
 *
 * The ladder, from the top: io_uring with completions run where we ask for them (kernel 6.1),
 * io_uring with completions that interrupt nobody (5.19), plain io_uring (5.11), epoll with a
 * helper thread for files. Each rung does the same; what is lost on the way down is latency.
 * Containers often forbid io_uring, so refusal is normal and is only said once.
 *
 * on: the thread that will use the reactor.
 */
#ifndef LT_IO_REACTOR_H
#define LT_IO_REACTOR_H

#include "core/flow/reactor.h"

/* By options->choice. "auto" takes the first rung that works and never fails for lack of io_uring;
 * a rung that was asked for by name and is not there is an error. */
int lt_reactor_create(const struct lt_reactor_options *options, struct lt_reactor **out,
                      struct lt_error *error) LT_MUST_USE;

enum lt_uring_rung {
    LT_URING_DEFER_TASKRUN,
    LT_URING_COOP_TASKRUN,
    LT_URING_PLAIN,
    LT_URING_RUNG_COUNT,
};
/* "io_uring.defer_taskrun". */
const char *lt_uring_rung_name(enum lt_uring_rung rung);
int lt_uring_create(enum lt_uring_rung rung, const struct lt_reactor_options *options,
                    struct lt_reactor **out, struct lt_error *error) LT_MUST_USE;
int lt_epoll_create(const struct lt_reactor_options *options, struct lt_reactor **out,
                    struct lt_error *error) LT_MUST_USE;

#endif
