/*
 * A directory sink with one lane, on a real reactor, and its directory as a reader finds it.
 */
#ifndef LT_TESTS_FILES_WORLD_H
#define LT_TESTS_FILES_WORLD_H

#include <stdbool.h>

#include "core/base/arena.h"
#include "core/flow/connector.h"
#include "io/manifest.h"
#include "tests/support/reactor_suite.h"
#include "tests/support/scratch.h"

extern const char files_query_id[];

struct files_world {
    struct fixture base;
    struct lt_arena *arena;
    struct lt_clock_manual clock;
    struct lt_connector_env env;
    const struct lt_type *schema;
    struct lt_row_pool *pool;
    struct lt_options *options;
    struct lt_sink *sink;
    struct lt_writer *writer;
    char path[SCRATCH_PATH_SIZE + 8];
    uint64_t next_epoch;
    char *note; /* of the last epoch */
    bool is_fake; /* the reactor is, and all goes through it */
};

/* Options are pairs up to a NULL; `path` is added. */
int files_bind(struct files_world *world, const struct lt_sink_type *type, const char *schema,
               const char *const *pairs, struct lt_error *error);
/* Connects, resumes and opens the writer, lane 3; the code of what failed first. */
int files_begin(struct files_world *world, struct lt_error *error);
/* Closes writer and sink. */
void files_end(struct files_world *world);
/* All of it, on the subject in `state`. */
void files_set_up(void **state, struct files_world *world, const struct lt_sink_type *type,
                  const char *schema, const char *const *pairs);
/* The same on this reactor, which the world then owns, also for what is done at start. */
void files_set_up_on(struct lt_reactor *reactor, struct files_world *world,
                     const struct lt_sink_type *type, const char *schema, const char *const *pairs);
void files_tear_down(struct files_world *world);

/* A round of the lane's worker. */
void files_turn(struct files_world *world);
/* A row of texts, or numbers; NULL: null. */
enum lt_write files_write_texts(struct files_world *world, const char *const *texts);
void files_write_value(struct files_world *world, const char *text);
/* 1, or a negative code with the writer's error. */
int files_try_prepare(struct files_world *world);
void files_prepare(struct files_world *world);
int files_try_commit(struct files_world *world, struct lt_error *error);
void files_commit(struct files_world *world);
void files_finish_epoch(struct files_world *world);

/* Fails unless the directory holds exactly these files: sorted lines of path and content, UUIDs as
 * stars, without the manifest. */
void files_expect(const struct files_world *world, bool with_hidden, const char *wanted);

struct files_sum {
    uint32_t count;
    int64_t size_bytes;
    char first[512];
};

/* What the manifest says; fails unless it ends with that epoch and its files are there. */
struct files_sum files_manifest_of(const struct files_world *world, int64_t wanted_last);

#endif
