/*
 * A query in micro-batches that reads the lines of a directory's files, for tests of what its
 * batches are, what stands in its checkpoint, and what a new start makes of that. In invoker mode
 * unless the test asks for threads. There is one at a time; a test sets what it has otherwise
 * before it starts.
 */
#ifndef LT_TESTS_FILES_QUERY_H
#define LT_TESTS_FILES_QUERY_H

#include "core/epoch/protocol.h"
#include "core/run/query.h"
#include "tests/support/scratch.h"

enum { FILES_QUERY_ROUNDS = 2000000 }; /* whatever is waited for comes in fewer */

struct files_query {
    struct lt_query *query;
    struct lt_arena *arena; /* of the plan */
    struct lt_options *source_options, *sink_options, *query_options;
    const char *sink_format;
    struct lt_trigger trigger; /* all that there is, unless set */
    const struct lt_catalog *catalog;
    const struct lt_clock *clock; /* NULL: the machine's */
    bool has_threads;
    /* What stands between the source and the sink; NULL: nothing. */
    struct lt_plan_node *(*make_operator)(struct lt_arena *arena, struct lt_plan_node *read);
    enum lt_epoch_step stop_step; /* it dies right before; LT_EPOCH_STEP_COUNT: nowhere */
    uint64_t stop_epoch;
    char scratch[SCRATCH_PATH_SIZE]; /* a folder with "in" and "checkpoint" */
};

extern struct files_query files_query;

/* `files_a_batch` at the most. The sink is still to be said. */
void files_query_begin(const char *files_a_batch);
void files_query_end(void);

/* `format` is that of the value. */
void files_query_set(struct lt_options *options, const char *key, const char *format,
                     const char *value);
/* Into a sink of this format, of which no option is set. */
void files_query_write_to(const char *format);
/* Into the file or directory "out" of the scratch folder. */
void files_query_write_to_out(const char *format);
/* A file with that content, as old as its number says. */
void files_query_add(int number, const char *content);

/* What ran before ends as a crash has it: nothing more is written. */
int files_query_try_start(struct lt_error *error);
void files_query_start(void);
/* Works until the query is over; its code. */
int files_query_run_to_end(void);
/* Works until there is nothing to read. */
void files_query_process_all(void);
/* Asks it to stop, and works until it has. */
void files_query_stop(void);
/* Works `rounds` times, or until it fails: the last code. */
int files_query_work(int rounds);

/* Whether a file of the checkpoint is there. */
bool files_query_has(const char *path, ...) __attribute__((format(printf, 1, 2)));

#endif
