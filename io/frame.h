/*
 * Frames: where one record ends and the next begins in a stream of bytes.
 *
 *   line       up to a line break: \n, \r or \r\n, or the text of lineSep. What stands behind the
 *              last break is a record when the stream ends.
 *   length2    two bytes say how many follow; length4: four. Big-endian unless told otherwise.
 *   varint     the count of bytes as a base-128 number, the low seven bits first (protobuf)
 *   fixed      every record has the same number of bytes
 *   datagram   a piece is a record, also an empty one
 *   whole      all there is up to the end is one record, if there is anything
 *   csv        up to a line break that stands outside of quotes (CSV with multiLine)
 *
 * A cursor goes over bytes that lie in one piece of memory and may grow; it remembers how far it
 * has looked, so that a byte is looked at once, however often it is asked.
 *
 * on: one thread at a time. Nothing is allocated, but by the tokenizer of `csv`.
 */
#ifndef LT_IO_FRAME_H
#define LT_IO_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"

struct lt_csv_tokens;

enum lt_frame_kind {
    LT_FRAME_LINE,
    LT_FRAME_LENGTH2,
    LT_FRAME_LENGTH4,
    LT_FRAME_VARINT,
    LT_FRAME_FIXED,
    LT_FRAME_DATAGRAM,
    LT_FRAME_WHOLE,
    LT_FRAME_CSV,
};

enum {
    LT_FRAME_SEPARATOR_MAX = 64,
    LT_FRAME_HEAD_MAX = 5, /* bytes in front of a record at most: a varint of 32 bits */
};

struct lt_framing {
    enum lt_frame_kind kind;
    bool is_little_endian;   /* length2, length4 */
    uint32_t fixed_bytes;    /* fixed: at least 1 */
    size_t max_bytes;        /* of a record without its frame; 1 .. LT_LIMIT_VALUE_BYTES */
    size_t separator_bytes;  /* line: of the separator; 0: \n, \r and \r\n */
    char separator[LT_FRAME_SEPARATOR_MAX];
    size_t unit_bytes;       /* line: a separator begins at a multiple of so many bytes; 0: 1 */
    struct lt_csv_tokens *tokens; /* csv: the reader's own, not shared between threads */
};

enum lt_frame_result {
    LT_FRAME_RECORD,
    LT_FRAME_NEED_MORE, /* or, when the stream has ended: there is nothing more */
    LT_FRAME_BROKEN,    /* no record can be found from here on */
};

/* Bytes at hand, and how far they have been gone through. Whoever owns the memory sets data, begin
 * and size; `size` may grow. */
struct lt_frame_cursor {
    const uint8_t *data;
    size_t begin;  /* of the next record */
    size_t size;   /* of the bytes at hand, counted from `data` */
    bool is_end;   /* no byte will follow */
    bool is_spent; /* datagram and whole: the record has been given */
    /* Its own. */
    size_t scanned;  /* up to here breaks were looked for */
    size_t mask_at;  /* where the bytes of `mask` begin */
    uint64_t mask;   /* bit set: a break may begin there */
    /* Another's, who looks for something in the bytes; 0 wherever they have moved. */
    size_t found;
};

struct lt_frame {
    const uint8_t *data; /* of the record without its frame */
    size_t size_bytes;
    size_t used_bytes; /* from the cursor's begin up to the next record's */
};

/* The cursor for bytes that lie from `begin` to `size`. */
void lt_frame_cursor_set(struct lt_frame_cursor *cursor, const void *data, size_t begin,
                         size_t size);
/* The bytes from `begin` on now lie at `data`, from its first byte; there may be more of them. */
void lt_frame_cursor_move(struct lt_frame_cursor *cursor, const void *data, size_t size);

/* The next record. The cursor's begin is not moved: the caller adds used_bytes when it has taken
 * the record, and asks for the same one again until then. BROKEN sets the error: what is wrong, and
 * which option would help. */
enum lt_frame_result lt_frame_next(const struct lt_framing *framing, struct lt_frame_cursor *cursor,
                                   struct lt_frame *frame, struct lt_error *error);

/* What ends a line, to look for one, or to end a line that its sender has not; its size. 0: records
 * are no lines. */
size_t lt_frame_line_break(const struct lt_framing *framing, const char **bytes);

/* "line", "length2", ...: the option's value. */
const char *lt_frame_kind_name(enum lt_frame_kind kind);
/* False: there is no such frame. `csv` has no name. */
bool lt_frame_kind_of(const char *name, enum lt_frame_kind *out);

#endif
