/*
 * The world outside of a simulated query: what survives the death of its process, and what must be
 * true of it. Partitions of endless numbered records; sources, of which some read again only what
 * their own log in the checkpoint says; sinks of four kinds, as a reader of their output would find
 * them.
 *
 *   at least once   shows a record as soon as it is delivered; what is under way at a crash is lost
 *   staged          keeps a finished file per epoch and lane aside; the sink's commit shows an
 *                   epoch's files
 *   transactional   a transaction per epoch and lane, shown by the writer's commit; a prepared one
 *                   may be lost when the process dies
 *   file            a file per partition, written in place; of what is not synced, some is lost.
 *                   Its note is how long the file is: a new life cuts it back to that
 *
 * The checks are made at the moment of showing: per partition, an exactly-once sink shows each
 * record once and in order; an at-least-once sink shows, in each life of the process, every record
 * from where that life began. The first violation is kept and fails the run.
 */
#ifndef LT_TESTS_SIM_WORLD_H
#define LT_TESTS_SIM_WORLD_H

#include <stdbool.h>
#include <stdint.h>

enum { SIM_SOURCES = 2, SIM_PARTITIONS = 6, SIM_LANES = 3, SIM_SINKS = 3 };

enum sim_sink_kind { SIM_AT_LEAST_ONCE, SIM_STAGED, SIM_TRANSACTIONAL, SIM_FILE, SIM_SINK_KINDS };

/* Records from[p] .. to[p]-1 of each partition. */
struct sim_batch {
    int64_t from[SIM_PARTITIONS], to[SIM_PARTITIONS];
};

/* A staged file or a transaction. */
struct sim_output {
    uint64_t id; /* what a note names */
    uint64_t epoch;
    uint32_t lane;
    enum { SIM_OPEN, SIM_PREPARED, SIM_SHOWN, SIM_LOST } state;
    struct sim_batch batch;
};

struct sim_sink {
    enum sim_sink_kind kind;
    int64_t shown_to[SIM_PARTITIONS];   /* the next record to show, in this life */
    int64_t ever_shown[SIM_PARTITIONS]; /* the next record after the farthest shown; of a file: the
                                           next after its last */
    int64_t synced_to[SIM_PARTITIONS];  /* of a file: what a loss of power leaves at least */
    struct sim_output *outputs;         /* exactly-once kinds, oldest first */
    uint32_t output_count, output_capacity;
};

struct sim_world {
    uint64_t random;
    char path[128]; /* the checkpoint */
    uint32_t source_count, partition_count, sink_count;
    uint32_t source_partitions[SIM_SOURCES]; /* of each source; partitions are numbered through */
    bool keeps_log[SIM_SOURCES];             /* the source settles epochs */
    struct sim_sink sinks[SIM_SINKS];
    int64_t newest[SIM_PARTITIONS];  /* where "latest" is now; grows between lives */
    int64_t started[SIM_PARTITIONS]; /* where the query began; -1 before */
    uint64_t next_id;
    /* What the coordinator said before the process died. */
    int64_t last_injected, last_logged, last_done;
    int64_t *
        logged; /* [epoch * SIM_PARTITIONS + p]: the positions reported for an epoch, newest wins */
    uint64_t logged_capacity;
    /* That the interesting things happen at all. */
    uint32_t replays, finished, recovery_crashes, entries_dropped, records_cut;
    char fault[512]; /* the first violation, "" if none */
};

void sim_world_init(struct sim_world *world, uint64_t seed, const char *path);
void sim_world_fini(struct sim_world *world);

uint64_t sim_random(struct sim_world *world);
/* 0 .. bound-1. */
uint32_t sim_draw(struct sim_world *world, uint32_t bound);
/* Keeps the first violation. */
void sim_fault(struct sim_world *world, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* True of the kinds that show a record when it is delivered. */
static inline bool sim_shows_at_once(enum sim_sink_kind kind)
{
    return kind == SIM_AT_LEAST_ONCE || kind == SIM_FILE;
}

/* One more record of `partition` is visible in a sink. */
void sim_deliver(struct sim_world *world, uint32_t sink, uint32_t partition, int64_t record);
/* The new output's index. */
uint32_t sim_output_begin(struct sim_world *world, uint32_t sink, uint64_t epoch, uint32_t lane,
                          const struct sim_batch *batch);
/* Shows an output; shown already: nothing happens, as idempotence wants. */
void sim_output_show(struct sim_world *world, uint32_t sink, struct sim_output *output);
/* NULL if there is none. */
struct sim_output *sim_output_find(struct sim_world *world, uint32_t sink, uint64_t id);

/* The process is dead: what was open is gone, and of what transactions had prepared, some. */
void sim_world_die(struct sim_world *world);
/* A life begins at these positions, having finished what was logged: nothing before them may be
 * missing from any sink, and an exactly-once sink holds nothing after them. */
void sim_world_begin(struct sim_world *world, const int64_t *positions, uint64_t first_epoch);
/* Remembers where an epoch ends in one partition. */
void sim_world_note_position(struct sim_world *world, uint64_t epoch, uint32_t partition,
                             int64_t position);
const int64_t *sim_world_positions(const struct sim_world *world, uint64_t epoch);

#endif
