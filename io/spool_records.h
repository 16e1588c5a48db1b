/*
 * Records on their way into a spool, and back: what a connection, a crowd of them and a pipe have
 * in common when they keep what they receive.
 *
 * Only whole records are kept, each with the end of its frame, so that what is read again can be
 * taken apart again wherever it begins.
 *
 * on: the lane's source thread, but for the checks, which are the control thread's.
 */
#ifndef LT_IO_SPOOL_RECORDS_H
#define LT_IO_SPOOL_RECORDS_H

#include "core/base/options.h"
#include "io/frame.h"
#include "io/spool.h"

/* Options of a source that can have a spool. */
#define LT_SPOOL_ROWS                                                                              \
    {.name = "spool",                                                                              \
     .type = LT_OPTION_TEXT,                                                                       \
     .doc = "A folder where what is received is kept until it is committed: the source can then "  \
            "be replayed."},                                                                       \
        {.name = "spoolSize",                                                                      \
         .type = LT_OPTION_SIZE,                                                                   \
         .default_text = "1g",                                                                     \
         .min = 1024 * 1024,                                                                       \
         .max = INT64_MAX,                                                                         \
         .doc = "What the spool may take of the disk; when it is full nothing is received."},      \
        {.name = "spoolSyncInterval",                                                              \
         .type = LT_OPTION_DURATION,                                                               \
         .default_text = "1ms",                                                                    \
         .max = 60 * (int64_t)LT_NS_PER_S,                                                         \
         .doc = "How long records are gathered before they are made durable together."},

struct lt_spool_settings {
    const char *directory; /* NULL: no spool; in the options' memory */
    int64_t size_bytes, sync_interval_ns;
};

struct lt_spool_settings lt_spool_read_settings(const struct lt_options *options,
                                                const struct lt_option_spec *table, size_t count);
/* Opens the spool that the settings name. */
int lt_spool_open_settings(const struct lt_spool_settings *settings,
                           const struct lt_framing *framing, struct lt_spool **out,
                           struct lt_error *error) LT_MUST_USE;

/* Refuses what cannot be taken apart again: frames that end with their file, and a header. */
int lt_spool_check_frames(const struct lt_framing *framing, bool has_header,
                          struct lt_error *error) LT_MUST_USE;
/* Can the spool go on at this byte, which a checkpoint speaks of? `spool` NULL: there is none, and
 * the checkpoint was made with one. */
int lt_spool_check_byte(const struct lt_spool *spool, int64_t byte,
                        struct lt_error *error) LT_MUST_USE;

/* How many whole records begin at the cursor, which is moved behind them. *is_broken: what follows
 * them can be none, and *error says why. */
uint32_t lt_spool_count_records(const struct lt_framing *framing, struct lt_frame_cursor *cursor,
                                bool *is_broken, struct lt_error *error);
/* A record that ended with a lone carriage return is ended with a line feed: the first half of a
 * break would be waited behind. `size_bytes` of whole records, at least one. */
void lt_spool_end_line(const struct lt_framing *framing, char *data, size_t size_bytes);

/* The part of a chunk from byte `from` up to byte `until` of the spool; its size. */
size_t lt_spool_chunk_part(const struct lt_spool_chunk *chunk, uint64_t from, uint64_t until,
                           const char **data);

#endif
