/*
 * Micro-batches of sources that can only read on, as sockets and growing files: what comes is read
 * ahead, and a batch takes of it what had come when it was planned.
 *
 * The range of a batch is fixed, and logged, before anything of it is read. Nobody can tell what a
 * socket will bring; but what it has brought is at hand. So the reader underneath is polled all
 * the time, its rows wait in a queue, and where that ends is where the source ends (`latest`).
 * When the queue is full nothing more is received, and whoever sends waits.
 *
 * Positions are the inner reader's, as it gives them between two polls; their `offset` grows with
 * what is read. A batch ends at one of them, which was the last when the source was asked: those
 * that came and went between two questions are dropped, so that what a position stands for need not
 * be kept for every poll that read something.
 */
#ifndef LT_IO_AHEAD_H
#define LT_IO_AHEAD_H

#include <pthread.h>

#include "core/flow/connector.h"

/* Where the queue ends: part of the source, told by its one reader and asked on the control
 * thread. */
struct lt_ahead {
    pthread_mutex_t lock;
    struct lt_position position;
    bool was_taken; /* somebody asked and was told this one: a batch may end there */
};

void lt_ahead_init(struct lt_ahead *ahead);
void lt_ahead_fini(struct lt_ahead *ahead);
/* A run begins: nothing has been read ahead. With no reader open. */
void lt_ahead_reset(struct lt_ahead *ahead);
/* For lt_source_ops.latest. Before anything was read that is {0, 0}: before any start. */
struct lt_position lt_ahead_position(struct lt_ahead *ahead);

struct lt_ahead_options {
    struct lt_source *source; /* of one partition */
    struct lt_ahead *ahead;
    /* Opens the inner reader; `end` NULL: it reads on for ever. */
    int (*open)(struct lt_source *source, const struct lt_connector_env *env,
                const uint32_t *partitions, uint32_t partition_count,
                const struct lt_position *start, const struct lt_position *end,
                struct lt_reader **out, struct lt_error *error);
    /* A position that an inner reader has given will not be used; NULL: it takes no room. */
    void (*drop)(struct lt_source *source, const struct lt_position *position);
    /* Between two polls of an inner reader: has its position moved though no row came, and is that
     * to be kept? A batch without rows is run then. NULL: never. */
    bool (*has_moved)(struct lt_reader *inner);
};

/* In micro-batches (env->in_batches) a reader that reads ahead; otherwise the inner reader itself.
 * Ahead, with an end beyond the start, that range is read first, through an inner reader of its
 * own: what had been planned before a crash. on: the lane's source thread. */
int lt_ahead_open_reader(const struct lt_ahead_options *options,
                         const struct lt_connector_env *env, const struct lt_position *start,
                         const struct lt_position *end, struct lt_reader **out,
                         struct lt_error *error) LT_MUST_USE;

#endif
