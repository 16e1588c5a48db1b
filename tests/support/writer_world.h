/*
 * A writer of a sink of one text column, on a reactor, for tests: rows, epochs, and runs that begin
 * again from the note of the last one.
 */
#ifndef LT_TESTS_WRITER_WORLD_H
#define LT_TESTS_WRITER_WORLD_H

#include "core/flow/connector.h"
#include "tests/support/scratch.h"

struct writer_world {
    char folder[SCRATCH_PATH_SIZE], path[SCRATCH_PATH_SIZE + 16];
    struct lt_arena *arena;
    struct lt_clock_manual clock;
    struct lt_reactor *reactor;
    struct lt_connector_env env;
    const struct lt_type *schema;
    struct lt_row_pool *pool;
    struct lt_sink *sink;
    struct lt_writer *writer;
    struct lt_error error;
    struct lt_shared_u64 acked;
    char *note; /* of the last prepared epoch */
    uint64_t next_epoch;
    bool has_checkpoint, is_broken, is_fake;
};

/* `rung` NULL: the fake reactor. `path` is that of a file that is not there, in a folder. */
void writer_world_init(struct writer_world *world, const char *rung);
void writer_world_fini(struct writer_world *world);

/* Binds. Then `connect`, `resume` as far as the sink has them, and a writer. 0, or the code of
 * world->error. */
int writer_world_bind(struct writer_world *world, const struct lt_sink_type *type,
                      const char *const *pairs);
int writer_world_open(struct writer_world *world);
void writer_world_close(struct writer_world *world);

/* A round of the reactor and the writer, which may have nothing to do. */
void writer_world_step(struct writer_world *world);
/* Writes the row, in as many steps as it takes, and flushes. */
void writer_world_write(struct writer_world *world, const char *text);
/* Ends the epoch. False: the writer broke. */
bool writer_world_end_epoch(struct writer_world *world);
/* Fails the test unless the error's text holds this one. */
void writer_world_expect_error(const struct writer_world *world, const char *text);

#endif
