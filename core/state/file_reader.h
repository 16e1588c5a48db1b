/*
 * Reading one state file as a stream of changes, from one key group to another. What is damaged is
 * an error with Spark's condition (CANNOT_LOAD_STATE_STORE.*) that names the file: before an entry
 * is given out, its block's checksum has been compared; before the stream ends, all there is to
 * compare.
 *
 * A file that fits into the reader's window is read at once and closed, so that many small ones
 * take no descriptors.
 *
 * on: one thread at a time; waits for the disk.
 */
#ifndef LT_STATE_FILE_READER_H
#define LT_STATE_FILE_READER_H

#include "core/state/file_format.h"

struct lt_state_reader;

/* What the file has to be: that which its name and its place say. */
struct lt_state_expected {
    enum lt_state_file_kind kind;
    uint64_t version;
    uint32_t partition, partition_count;
    uint32_t key_suffix_bytes;
};

/* Opens a file, and reads its header and trailer. A stream from `first_group` to before
 * `end_group`. */
int lt_state_reader_open(const char *path, const struct lt_state_expected *expected,
                         uint32_t first_group, uint32_t end_group, struct lt_state_reader **out,
                         struct lt_error *error) LT_MUST_USE;
struct lt_state_stream *lt_state_reader_stream(struct lt_state_reader *reader);
void lt_state_reader_close(struct lt_state_reader *reader); /* NULL is a no-op */

const struct lt_state_header *lt_state_reader_header(const struct lt_state_reader *reader);
const struct lt_state_trailer *lt_state_reader_trailer(const struct lt_state_reader *reader);

/* Only the header of a file, of whatever version. `bytes`: the file's size. False: it has none that
 * can be believed; then *number is 0, or the errno of what kept it from being read. */
bool lt_state_reader_peek(const char *path, struct lt_state_header *out, uint64_t *bytes,
                          int *number);

/* Sets Spark's error for a file that is not there. `kind`: what was looked for. Returns the code.
 */
int lt_state_file_missing(const char *path, enum lt_state_file_kind kind, struct lt_error *error);
/* The same for one that cannot be read; `number` is an errno. */
int lt_state_file_unread(const char *path, enum lt_state_file_kind kind, int number,
                         struct lt_error *error);

#endif
