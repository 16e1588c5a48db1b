/*
 * The world of a query that is run whole - core/run in invoker mode, the real checkpoint, a fake
 * reactor - and whose process dies: partitions of endless numbered records, to which others are
 * added, and sinks as a reader of their output would find them. It lies in memory that outlives the
 * process (shared between a test and its forked children). The source may keep a log of its own in
 * the checkpoint, and can then go on only where that reaches.
 *
 *   at least once   shows a record as soon as it is delivered; what is under way is lost with the
 *                   process
 *   staged          keeps the finished part of an epoch aside; the sink's commit shows it. What is
 *                   aside can be lost: then it asks for the epoch again, and drops what it has
 *                   shown
 *   file            a file per partition, written in place; a new life cuts it back to what the
 *                   notes say
 *
 * Checked at the moment of showing: per partition, an exactly-once sink shows each record once and
 * in order; an at-least-once sink shows, in each life, every record from where that life began.
 * Checked when a life begins: it goes back to no earlier than the last epoch that was done, and
 * nothing before it is missing. Checked when a batch begins: one of which anything was shown in
 * another life, and which was not finished, has the same range. The first violation is kept.
 */
#ifndef LT_TESTS_CRASH_WORLD_H
#define LT_TESTS_CRASH_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "core/flow/connector.h"

enum { CRASH_PARTITIONS = 4, CRASH_SINKS = 2, CRASH_OUTPUTS = 2048 };

enum crash_sink_kind { CRASH_AT_LEAST_ONCE, CRASH_STAGED, CRASH_FILE, CRASH_SINK_KINDS };

struct crash_output {
    uint64_t epoch;
    uint32_t sink;
    enum { CRASH_PREPARED, CRASH_SHOWN, CRASH_LOST } state;
    int64_t from[CRASH_PARTITIONS], to[CRASH_PARTITIONS];
};

struct crash_world {
    uint64_t random;
    bool keeps_log;           /* the source settles epochs */
    uint32_t partition_count; /* may grow while a query runs; the new ones begin at 0 */
    enum crash_sink_kind kinds[CRASH_SINKS];
    int64_t shown_to[CRASH_SINKS][CRASH_PARTITIONS];   /* next to show, in this life */
    int64_t ever_shown[CRASH_SINKS][CRASH_PARTITIONS]; /* next after the farthest shown */
    int64_t done[CRASH_PARTITIONS];                    /* where the last done epoch ends */
    int64_t read_to[CRASH_PARTITIONS];                 /* by this life */
    struct {
        bool is_open;  /* told to a reader, and not done */
        bool is_shown; /* something of it */
        int64_t from, to;
    } planned[CRASH_PARTITIONS]; /* the range of the last batch */
    bool has_started;
    struct crash_output outputs[CRASH_OUTPUTS];
    uint32_t output_count;
    int64_t calls_left; /* of fakes and fault points until death; -1: none */
    uint32_t same_ranges; /* batches that were run again */
    uint32_t lives, finished_epochs, done_epochs, reconnects, replays, dropped_entries, cuts;
    char fault[512];
};

/* In shared memory; one world at a time. */
struct crash_world *crash_world_create(void);
void crash_world_init(struct crash_world *world, uint64_t seed);
uint32_t crash_draw(struct crash_world *world, uint32_t bound);
void crash_fault(struct crash_world *world, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Called by every fake, and by the fault points of the protocol: where the process may die. */
void crash_point(struct crash_world *world);
/* What dying does; never returns. Set by the child. */
extern void (*crash_die)(void);

/* The catalog of the fakes: source "numbers", sinks "plain", "staged" and "file", reactors from
 * `create_reactor`. */
const struct lt_catalog *crash_catalog(struct crash_world *world,
                                       lt_reactor_create_fn *create_reactor);

#endif
