/*
 * The texts of the checkpoint's files: Spark's, to the byte. See core/epoch/protocol.h for the
 * list.
 *
 *   offsets/e  "v1", metadata JSON, one line per source: its offset JSON or "-"
 *   commits/e  "v1", {"nextBatchWatermarkMs":0}
 *   prepared/e "v1", {"preparedSinks":1,"nextBatchWatermarkMs":0}
 *   metadata   {"id":"<uuid>"}
 *   sinks/i/e  "v1", one line per lane
 *
 * As in Spark, lines are separated, not ended, by a line feed; a final one is accepted.
 *
 * Parsing checks everything that can be checked without the source: the version, the JSON, the
 * number of lines. Errors say what is wrong; the caller names the file.
 *
 * on: any. Pure.
 */
#ifndef LT_EPOCH_LOG_H
#define LT_EPOCH_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/error.h"
#include "core/base/text_buffer.h"

struct lt_json;

/* The metadata line of an entry of offsets. */
struct lt_epoch_metadata {
    int64_t watermark_ms, timestamp_ms; /* read: 0 where the entry does not say */
    int64_t prepared_sinks;             /* "preparedSinks"; -1: the entry does not say so */
    const char *conf;                   /* to be written: a JSON object; NULL: {} */
    const struct lt_json *read_conf;    /* as read; NULL: none */
};

/* An entry of offsets. */
struct lt_epoch_offsets {
    struct lt_epoch_metadata metadata;
    const char **sources; /* offset JSON per source, "-" for none; in the arena */
    uint32_t source_count;
};

/* `sources` are as they are to stand there: JSON or "-". */
void lt_epoch_log_format_offsets(struct lt_text_buffer *out,
                                 const struct lt_epoch_metadata *metadata,
                                 const char *const *sources, uint32_t source_count);
int lt_epoch_log_parse_offsets(const char *text, size_t size_bytes, struct lt_arena *arena,
                               struct lt_epoch_offsets *out, struct lt_error *error) LT_MUST_USE;

void lt_epoch_log_format_commit(struct lt_text_buffer *out, int64_t next_watermark_ms);
/* The watermark is 0 where the text has none: old versions of Spark wrote none. */
int lt_epoch_log_parse_commit(const char *text, size_t size_bytes, int64_t *next_watermark_ms,
                              struct lt_error *error) LT_MUST_USE;

/* A batch that is prepared. */
struct lt_epoch_prepared {
    uint32_t sinks;
    int64_t next_watermark_ms; /* for commits/e */
};
void lt_epoch_log_format_prepared(struct lt_text_buffer *out,
                                  const struct lt_epoch_prepared *prepared);
int lt_epoch_log_parse_prepared(const char *text, size_t size_bytes, struct lt_epoch_prepared *out,
                                struct lt_error *error) LT_MUST_USE;

void lt_epoch_log_format_metadata(struct lt_text_buffer *out, const char *query_id);
/* Appends the query's id. */
int lt_epoch_log_parse_metadata(const char *text, size_t size_bytes,
                                struct lt_text_buffer *query_id,
                                struct lt_error *error) LT_MUST_USE;

/* A sink's notes as sinks are handed them: one line per lane, in the order of the lanes. A note may
 * not hold a line feed (asserted). */
void lt_epoch_log_join_notes(struct lt_text_buffer *out, const char *const *notes, uint32_t count);
/* The file of such notes, and the notes of such a file. */
void lt_epoch_log_format_notes(struct lt_text_buffer *out, const char *joined_notes);
int lt_epoch_log_parse_notes(const char *text, size_t size_bytes, struct lt_text_buffer *out,
                             struct lt_error *error) LT_MUST_USE;

/* The number that a log file's name is; false for anything else ("17.crc", "017", "-1"). */
bool lt_epoch_log_parse_name(const char *name, uint64_t *epoch);

#endif
