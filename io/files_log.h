/*
 * The log of a directory source: which files were taken, in Spark's layout and text, so that either
 * goes on where the other left off.
 *
 *   sources/<i>/N           "v1", then a line per file that batch N of the log took:
 *                           {"path":"file:///...","timestamp":<modified, ms>,"batchId":N}
 *   sources/<i>/N.compact   the same for all batches up to N; every tenth entry is one, and what it
 *                           holds makes the ones before it superfluous
 *
 * Batches of the log are not epochs: one is written only when files were begun. Files are counted
 * through, in the order of the log: a file's *ordinal* is how many stand before it, and lives as
 * long as the process. A position of the source is {ordinal of the first file not read whole, byte
 * in it}; its text names batches, which last:
 *
 *   {"logOffset":N}                      every file of the batches up to N is read
 *   {"logOffset":N,"files":2,"byte":70}  and two more, and 70 bytes (unpacked) of the one after
 *
 * Spark overlooks "files" and "byte", and would then read those files once more: nothing is lost
 * between the two.
 *
 * When an entry is a compaction, files that are forgotten (maxFileAge) are left out, so that it
 * does not grow for ever: what is that old is never taken again.
 *
 * on: the control thread.
 */
#ifndef LT_IO_FILES_LOG_H
#define LT_IO_FILES_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"
#include "core/base/text_buffer.h"
#include "core/flow/connector.h"

enum { LT_FILES_LOG_NAME_SIZE = 32 };

struct lt_files_log_entry {
    char *path; /* of this machine, not a URI; the log's */
    int64_t timestamp_ms;
    int64_t batch;
};

struct lt_files_log;

struct lt_files_log *lt_files_log_create(int64_t compact_interval); /* >= 1 */
void lt_files_log_destroy(struct lt_files_log *log);                /* NULL is a no-op */

/* The batch that a file's name says; false for anything else. */
bool lt_files_log_parse_name(const char *name, int64_t *batch, bool *is_compact);

/* Which of a folder's files are to be read, in that order: the newest compaction and what came
 * after it. Moves them to the front of `names`; *count becomes how many. CORRUPT when one between
 * is missing. */
int lt_files_log_choose(const char **names, size_t *count, struct lt_error *error) LT_MUST_USE;
/* Takes in one of those, in that order. CORRUPT names the line and what is wrong with it. */
int lt_files_log_load(struct lt_files_log *log, const char *name, const char *text,
                      size_t size_bytes, struct lt_error *error) LT_MUST_USE;

/* Adds a file to the batch that is being made; `path` is copied. */
void lt_files_log_add(struct lt_files_log *log, const char *path, int64_t timestamp_ms);
/* Ends that batch, which has a file at least: its file's name and text. Files modified before
 * `oldest_ms` that belong to batches up to `settled` are forgotten if it is a compaction. */
void lt_files_log_end_batch(struct lt_files_log *log, int64_t oldest_ms, int64_t settled,
                            char name[LT_FILES_LOG_NAME_SIZE], struct lt_text_buffer *text);
/* The files that the newest compaction makes superfluous, by `visit`; each is named once. */
void lt_files_log_visit_superfluous(struct lt_files_log *log,
                                    void (*visit)(void *context, const char *name), void *context);

/* Ordinals: of the first file that is known, behind the last one. */
uint64_t lt_files_log_first(const struct lt_files_log *log);
uint64_t lt_files_log_end(const struct lt_files_log *log);
int64_t lt_files_log_last_batch(const struct lt_files_log *log); /* -1: none */
/* The file with this ordinal; NULL if it is none of the log's, or was forgotten. */
const struct lt_files_log_entry *lt_files_log_at(const struct lt_files_log *log, uint64_t ordinal);

/* The newest batch of whose files all are read at the position; -1: none. */
int64_t lt_files_log_batch_before(const struct lt_files_log *log,
                                  const struct lt_position *position);
void lt_files_log_to_json(const struct lt_files_log *log, const struct lt_position *position,
                          struct lt_text_buffer *out);
/* CORRUPT when it is no such text, or names a batch or a file that the log does not hold. */
int lt_files_log_from_json(const struct lt_files_log *log, const char *json,
                           struct lt_position *position, struct lt_error *error) LT_MUST_USE;

#endif
