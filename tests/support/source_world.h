/*
 * A directory source in a world of its own: a reactor, a directory, and a checkpoint in memory that
 * keeps the source's log and the offsets of the last epoch.
 */
#ifndef LT_TESTS_SOURCE_WORLD_H
#define LT_TESTS_SOURCE_WORLD_H

#include "core/base/arena.h"
#include "core/base/text_buffer.h"
#include "io/files_source.h"
#include "tests/support/collector.h"
#include "tests/support/reactor_suite.h"

enum { SOURCE_LOG_MAX = 64 };

/* A checkpoint's folder of the source, and its offsets. */
struct source_log_file {
    char name[LT_SOURCE_LOG_NAME_SIZE];
    char *text;
};

struct source_world {
    struct fixture reactor;
    char in[128];
    struct lt_arena *arena;
    const struct lt_source_type *type; /* text, unless the test sets another */
    const char *schema;                /* DDL; NULL: none */
    bool uses_hidden;                  /* the hidden column is used */
    uint64_t used_columns;
    struct lt_connector_env env;
    struct lt_source *source;
    struct lt_reader *reader;
    struct collector collector;
    struct lt_text_buffer seen; /* values of the rows, each ended by a blank */
    struct source_log_file log[SOURCE_LOG_MAX];
    size_t log_count;
    char *offsets; /* of the last epoch; NULL: none */
    uint64_t epoch;
    struct lt_error error;
};

/* Puts a file into its place whole, modified so many seconds after a fixed time. */
void source_put(struct source_world *world, const char *name, const char *content, int second);
bool source_is_there(const struct source_world *world, const char *name);
void source_add_log(struct source_world *world, const char *name, const char *text);
const char *source_log_text(struct source_world *world, const char *name);
int source_try_bind(struct source_world *world, const struct lt_source_type *type,
                    const char *const *pairs, const char *schema);
void source_start(struct source_world *world, const char *const *pairs, bool is_ending);
/* In batches: nothing is read before the first source_extend, which lets it read up to there (NULL:
 * to all there is now). */
void source_start_batches(struct source_world *world, const char *const *pairs);
void source_extend(struct source_world *world, const struct lt_position *wanted);
void source_stop(struct source_world *world);
enum lt_poll_status source_poll(struct source_world *world, uint32_t limit);
void source_rest(struct source_world *world);
/* Polls until these rows have been seen since the last call; nothing more may come before them. */
void source_expect_by(struct source_world *world, const char *rows, uint32_t limit);
void source_expect(struct source_world *world, const char *rows);
/* Looks a while for rows that must not come. */
void source_expect_nothing(struct source_world *world);
void source_expect_failure(struct source_world *world, int code, const char *says);
void source_expect_end(struct source_world *world);
/* An epoch from marker to commit; with `is_committed` false it dies in between. */
void source_end_epoch(struct source_world *world, const char *offsets, bool is_committed);
void source_begin(void **state, struct source_world *world);
/* On the reactor of tests/support/fake_reactor.h. */
void source_begin_fake(struct source_world *world, uint64_t seed);
void source_end(struct source_world *world);

#endif
