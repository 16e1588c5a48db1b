/*
 * The world of a query with state that is run whole in micro-batches - core/run in invoker mode,
 * the real checkpoint and state files on a fake disk - and whose process dies: sources of numbered
 * records to which others are added, and a sink as a reader of its output would find it. It lies in
 * memory that outlives the process (shared between a test and its forked children).
 *
 *   at least once   shows a row as soon as it is delivered; what is under way is lost with the
 *                   process
 *   staged          keeps the rows of a batch and lane aside; the sink's commit shows them. What is
 *                   aside can be lost, all that there is of a batch: then it is run again
 *   file            one file, written in place; a new life cuts it back to what the notes say. A
 *                   loss of power takes some of what is not synced
 *   directory       the engine's own sink of JSON files with a manifest, on the fake disk. It is
 *                   read once, in the end
 *
 * What must be true:
 *   - a batch of which anything was shown is never planned anew, and its range is the planned one
 *   - a life begins with no batch before the last that was done, and at that one's end
 *   - when a batch is done, or was finished by recovery, what the sink shows of it is what the
 *     model says (tests/support/batch_model.h): each row once, of a sink at least once all of them
 *     in the run that finished it, and in runs before it no others
 *   - nothing of a batch is shown after it was done, and nothing of an exact sink before it was
 *     prepared
 *   - progress tells of the batch what the model does
 * The first violation is kept.
 */
#ifndef LT_TESTS_BATCH_WORLD_H
#define LT_TESTS_BATCH_WORLD_H

#include "core/flow/connector.h"
#include "tests/support/batch_model.h"

enum { BATCH_EPOCHS = 256, BATCH_ROWS = 1 << 15, BATCH_OUTPUTS = 1 << 12 };

enum batch_sink_kind {
    BATCH_AT_LEAST_ONCE,
    BATCH_STAGED,
    BATCH_FILE,
    BATCH_DIRECTORY,
    BATCH_SINK_KINDS
};

/* What one lane's writer has prepared of a batch. */
struct batch_output {
    uint64_t epoch;
    enum { BATCH_PREPARED, BATCH_SHOWN, BATCH_LOST } state;
    uint32_t first, count; /* of batch_world's staged */
};

struct batch_shown {
    uint64_t epoch, run;
    struct batch_row row;
};

struct batch_world {
    uint64_t random, seed;
    char path[96]; /* of a folder: the checkpoint and a directory's output are in it */
    struct batch_question question;
    enum batch_sink_kind sink;
    uint32_t partition_count[BATCH_SOURCES]; /* may grow; the new ones begin at 0 */
    batch_positions newest;
    bool is_last_life; /* nothing comes any more */
    uint64_t run;      /* of the query: counted up when its sources are connected */
    uint64_t running;  /* the batch that is open, or the next */
    uint64_t done_count;
    struct {
        batch_positions end;
        uint64_t run; /* the last in which it was read; 0: in none */
        struct batch_facts facts;
    } epochs[BATCH_EPOCHS];
    struct batch_model model; /* up to done_count */
    /* Not yet compared: the sink's output. */
    struct batch_shown shown[BATCH_ROWS];
    uint32_t shown_count;
    uint64_t shown_base, synced_to; /* of a file, in rows: the first of `shown`, and what is safe */
    struct batch_output outputs[BATCH_OUTPUTS];
    uint32_t output_count;
    struct batch_row staged[BATCH_ROWS];
    uint32_t staged_count;
    struct batch_row expected[BATCH_ROWS]; /* of a directory */
    uint32_t expected_count;
    struct batch_rows wanted, got; /* of the batch that is looked at */
    int64_t calls_left; /* of fakes, fault points and calls of the system until death; -1: none */
    /* That the interesting things happen at all. */
    uint32_t lives, done, again, anew, finished, withdrawn, cuts, reconnects, rows, told;
    char fault[512];
};

/* In shared memory; one world at a time. */
struct batch_world *batch_world_create(void);
void batch_world_init(struct batch_world *world, uint64_t seed, const char *path);
uint32_t batch_draw(struct batch_world *world, uint32_t bound);
void batch_fault(struct batch_world *world, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The process has died; without power, more is lost. */
void batch_world_die(struct batch_world *world, bool has_power);

/* Called by every fake, and wherever else the process may die. */
void batch_point(struct batch_world *world);
/* What dying does; never returns. Set by the child. */
extern void (*batch_die)(void);

/* Where a batch begins. */
const int64_t (*batch_begin_of(const struct batch_world *world, uint64_t epoch))[BATCH_PARTITIONS];
/* A row is in the sink's output. */
void batch_show(struct batch_world *world, uint64_t epoch, uint64_t run,
                const struct batch_row *row);
/* The batch is done, by this life or by recovery: compares what is shown of it. */
void batch_done(struct batch_world *world, uint64_t epoch);
/* A life goes on with this batch: all before it are finished. */
void batch_resume(struct batch_world *world, uint64_t next_epoch);

/* The last life is over: reads what a directory holds. */
void batch_check_directory(struct batch_world *world);
/* "1970-01-01T00:16:40.000Z", of the first days of 1970, in microseconds; INT64_MIN: it is none. */
int64_t batch_time_us(const char *text);

/* The catalog of the fakes: sources "left" and "right", sinks "plain", "staged", "file" and
 * "directory", reactors from `create_reactor`. */
const struct lt_catalog *batch_catalog(struct batch_world *world,
                                       lt_reactor_create_fn *create_reactor);
/* The query that the world's question asks, over these. */
struct lt_plan *batch_plan(const struct batch_world *world, struct lt_arena *arena,
                           struct lt_trigger trigger);

#endif
