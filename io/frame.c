/*
 * Frames.
 *
 * Lines are looked for 64 bytes at a time: each block becomes a mask with a bit for every byte that
 * may begin a break, and records are taken off the mask. So a line costs a few instructions and no
 * call, and a block of short lines is read once. The mask outlives a call; bits before the cursor's
 * begin belong to breaks that are used up (the \n of \r\n, the middle of a longer separator).
 */
#include "io/frame.h"

#include <inttypes.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "core/text/csv_tokens.h"

enum { BLOCK_BYTES = 64 };

static const char *const kind_names[] = {
    [LT_FRAME_LINE] = "line",         [LT_FRAME_LENGTH2] = "length2",
    [LT_FRAME_LENGTH4] = "length4",   [LT_FRAME_VARINT] = "varint",
    [LT_FRAME_FIXED] = "fixed",       [LT_FRAME_DATAGRAM] = "datagram",
    [LT_FRAME_WHOLE] = "whole",
};

const char *lt_frame_kind_name(enum lt_frame_kind kind)
{
    return kind == LT_FRAME_CSV ? "csv" : kind_names[kind];
}

bool lt_frame_kind_of(const char *name, enum lt_frame_kind *out)
{
    for (size_t i = 0; i < sizeof kind_names / sizeof kind_names[0]; i++) {
        if (strcmp(kind_names[i], name) == 0) {
            *out = (enum lt_frame_kind)i;
            return true;
        }
    }
    return false;
}

size_t lt_frame_line_break(const struct lt_framing *framing, const char **bytes)
{
    if (framing->kind != LT_FRAME_LINE)
        return 0;
    *bytes = framing->separator_bytes == 0 ? "\n" : framing->separator;
    return framing->separator_bytes == 0 ? 1 : framing->separator_bytes;
}

void lt_frame_cursor_set(struct lt_frame_cursor *cursor, const void *data, size_t begin,
                         size_t size)
{
    *cursor = (struct lt_frame_cursor){
        .data = data, .begin = begin, .size = size, .scanned = begin, .mask_at = begin};
}

void lt_frame_cursor_move(struct lt_frame_cursor *cursor, const void *data, size_t size)
{
    /* A break in the mask that has not been taken is looked for again. */
    size_t known = cursor->mask != 0 ? cursor->mask_at : cursor->scanned;
    known = known > cursor->begin ? known - cursor->begin : 0;
    cursor->data = data;
    cursor->begin = 0;
    cursor->size = size;
    cursor->scanned = known;
    cursor->mask_at = known;
    cursor->mask = 0;
    cursor->found = 0;
}

static enum lt_frame_result too_long(const struct lt_framing *framing, struct lt_error *error)
{
    (void)lt_error_set(error, LT_E_LIMIT,
                       "a record of more than %zu bytes (frame %s); hint: the option "
                       "maxRecordBytes sets the limit, and frame and lineSep say where records end",
                       framing->max_bytes, lt_frame_kind_name(framing->kind));
    return LT_FRAME_BROKEN;
}

/* --------------------------------------------------------------------------------------- lines */

/* A bit for each of the 64 bytes that is `a` or `b`. */
static inline uint64_t find_either(const uint8_t *at, uint8_t a, uint8_t b)
{
#if defined(__SSE2__)
    const __m128i first = _mm_set1_epi8((char)a), second = _mm_set1_epi8((char)b);
    uint64_t mask = 0;
    for (int i = 0; i < 4; i++) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(at + 16 * i));
        __m128i hits = _mm_or_si128(_mm_cmpeq_epi8(bytes, first), _mm_cmpeq_epi8(bytes, second));
        mask |= (uint64_t)(uint32_t)_mm_movemask_epi8(hits) << (16 * i);
    }
    return mask;
#else
    uint64_t mask = 0;
    for (int i = 0; i < BLOCK_BYTES; i++)
        mask |= (uint64_t)(at[i] == a || at[i] == b) << i;
    return mask;
#endif
}

/* The next 64 bytes, or those that are left, into the mask. */
static inline void scan_block(struct lt_frame_cursor *cursor, uint8_t a, uint8_t b)
{
    size_t left = cursor->size - cursor->scanned;
    const uint8_t *at = cursor->data + cursor->scanned;
    cursor->mask_at = cursor->scanned;
    if (lt_likely(left >= BLOCK_BYTES)) {
        cursor->mask = find_either(at, a, b);
        cursor->scanned += BLOCK_BYTES;
        return;
    }
    uint8_t rest[BLOCK_BYTES] = {0};
    memcpy(rest, at, left);
    cursor->mask = find_either(rest, a, b) & (((uint64_t)1 << left) - 1);
    cursor->scanned = cursor->size;
}

/* Where the next byte stands, from the cursor's begin on, that may begin a break; the size if there
 * is none. It stays in the mask. */
static inline size_t find_break(struct lt_frame_cursor *cursor, uint8_t a, uint8_t b)
{
    for (;;) {
        while (cursor->mask != 0) {
            size_t at = cursor->mask_at + (size_t)__builtin_ctzll(cursor->mask);
            if (lt_likely(at >= cursor->begin))
                return at;
            cursor->mask &= cursor->mask - 1;
        }
        if (cursor->scanned >= cursor->size)
            return cursor->size;
        scan_block(cursor, a, b);
    }
}

/* What is there so far is no record: is it too much already? */
static enum lt_frame_result unfinished(const struct lt_framing *framing,
                                       const struct lt_frame_cursor *cursor,
                                       struct lt_frame *frame, struct lt_error *error)
{
    size_t size = cursor->size - cursor->begin;
    if (size > framing->max_bytes + framing->separator_bytes + 1)
        return too_long(framing, error);
    if (!cursor->is_end || size == 0)
        return LT_FRAME_NEED_MORE;
    if (size > framing->max_bytes)
        return too_long(framing, error);
    *frame = (struct lt_frame){cursor->data + cursor->begin, size, size};
    return LT_FRAME_RECORD;
}

static inline enum lt_frame_result give(const struct lt_framing *framing,
                                        const struct lt_frame_cursor *cursor, size_t end,
                                        size_t next, struct lt_frame *frame, struct lt_error *error)
{
    frame->data = cursor->data + cursor->begin;
    frame->size_bytes = end - cursor->begin;
    frame->used_bytes = next - cursor->begin;
    return lt_likely(frame->size_bytes <= framing->max_bytes) ? LT_FRAME_RECORD
                                                              : too_long(framing, error);
}

static inline enum lt_frame_result next_line(const struct lt_framing *framing,
                                             struct lt_frame_cursor *cursor, struct lt_frame *frame,
                                             struct lt_error *error)
{
    size_t at = find_break(cursor, '\n', '\r');
    if (lt_unlikely(at == cursor->size))
        return unfinished(framing, cursor, frame, error);
    size_t next = at + 1;
    if (lt_unlikely(cursor->data[at] == '\r')) {
        if (next == cursor->size && !cursor->is_end)
            return LT_FRAME_NEED_MORE; /* a \n that follows would belong to it */
        next += next < cursor->size && cursor->data[next] == '\n';
    }
    return give(framing, cursor, at, next, frame, error);
}

static enum lt_frame_result next_separated(const struct lt_framing *framing,
                                           struct lt_frame_cursor *cursor, struct lt_frame *frame,
                                           struct lt_error *error)
{
    const char *separator = framing->separator;
    size_t bytes = framing->separator_bytes;
    for (;;) {
        size_t at = find_break(cursor, (uint8_t)separator[0], (uint8_t)separator[0]);
        if (at == cursor->size)
            return unfinished(framing, cursor, frame, error);
        size_t left = cursor->size - at;
        bool is_apart = framing->unit_bytes <= 1 || (at - cursor->begin) % framing->unit_bytes == 0;
        if (!is_apart || memcmp(cursor->data + at, separator, left < bytes ? left : bytes) != 0) {
            cursor->mask &= cursor->mask - 1;
            continue;
        }
        if (left < bytes)
            return unfinished(framing, cursor, frame, error);
        return give(framing, cursor, at, at + bytes, frame, error);
    }
}

/* ------------------------------------------------------------------------------------- lengths */

static enum lt_frame_result cut_off(const struct lt_framing *framing, size_t size,
                                    struct lt_error *error)
{
    (void)lt_error_set(error, LT_E_CORRUPT,
                       "the stream ends within a record: %zu bytes are left (frame %s); hint: the "
                       "sender was cut off, or frame and byteOrder are not what it sends",
                       size, lt_frame_kind_name(framing->kind));
    return LT_FRAME_BROKEN;
}

static enum lt_frame_result counted(const struct lt_framing *framing,
                                    const struct lt_frame_cursor *cursor, size_t head_bytes,
                                    uint64_t size_bytes, struct lt_frame *frame,
                                    struct lt_error *error)
{
    size_t left = cursor->size - cursor->begin;
    if (size_bytes > framing->max_bytes)
        return too_long(framing, error);
    if (left < head_bytes + size_bytes)
        return cursor->is_end ? cut_off(framing, left, error) : LT_FRAME_NEED_MORE;
    frame->data = cursor->data + cursor->begin + head_bytes;
    frame->size_bytes = (size_t)size_bytes;
    frame->used_bytes = head_bytes + (size_t)size_bytes;
    return LT_FRAME_RECORD;
}

static enum lt_frame_result next_counted(const struct lt_framing *framing,
                                         const struct lt_frame_cursor *cursor, size_t head_bytes,
                                         struct lt_frame *frame, struct lt_error *error)
{
    size_t left = cursor->size - cursor->begin;
    if (left == 0)
        return LT_FRAME_NEED_MORE;
    if (left < head_bytes)
        return cursor->is_end ? cut_off(framing, left, error) : LT_FRAME_NEED_MORE;
    uint64_t size_bytes = 0;
    for (size_t i = 0; i < head_bytes; i++) {
        size_t at = framing->is_little_endian ? head_bytes - 1 - i : i;
        size_bytes = size_bytes << 8 | cursor->data[cursor->begin + at];
    }
    return counted(framing, cursor, head_bytes, size_bytes, frame, error);
}

static enum lt_frame_result next_varint(const struct lt_framing *framing,
                                        const struct lt_frame_cursor *cursor,
                                        struct lt_frame *frame, struct lt_error *error)
{
    size_t left = cursor->size - cursor->begin;
    uint64_t size_bytes = 0;
    for (size_t i = 0; i < LT_FRAME_HEAD_MAX; i++) {
        if (i == left)
            return cursor->is_end && left > 0 ? cut_off(framing, left, error) : LT_FRAME_NEED_MORE;
        uint8_t byte = cursor->data[cursor->begin + i];
        size_bytes |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80)
            return counted(framing, cursor, i + 1, size_bytes, frame, error);
    }
    (void)lt_error_set(error, LT_E_CORRUPT,
                       "a record's size has more than %d bytes (frame varint); hint: the sender "
                       "may use another frame",
                       LT_FRAME_HEAD_MAX);
    return LT_FRAME_BROKEN;
}

static enum lt_frame_result next_fixed(const struct lt_framing *framing,
                                       const struct lt_frame_cursor *cursor, struct lt_frame *frame,
                                       struct lt_error *error)
{
    if (cursor->size == cursor->begin)
        return LT_FRAME_NEED_MORE;
    return counted(framing, cursor, 0, framing->fixed_bytes, frame, error);
}

/* --------------------------------------------------------------------------------------- whole */

static enum lt_frame_result next_whole(const struct lt_framing *framing,
                                       const struct lt_frame_cursor *cursor, struct lt_frame *frame,
                                       struct lt_error *error)
{
    size_t size = cursor->size - cursor->begin;
    if (size > framing->max_bytes)
        return too_long(framing, error);
    /* Of nothing the whole is no record: Spark reads no row of an empty file. */
    bool is_whole = framing->kind == LT_FRAME_DATAGRAM || (cursor->is_end && size > 0);
    if (cursor->is_spent || !is_whole)
        return LT_FRAME_NEED_MORE;
    *frame = (struct lt_frame){cursor->data + cursor->begin, size, size};
    return LT_FRAME_RECORD;
}

/* A record that ends where the bytes at hand do may go on behind them. */
static enum lt_frame_result next_csv(const struct lt_framing *framing,
                                     struct lt_frame_cursor *cursor, struct lt_frame *frame,
                                     struct lt_error *error)
{
    size_t size = cursor->size - cursor->begin;
    const uint8_t *data = cursor->data + cursor->begin;
    size_t used = size;
    if (size == 0 || (!cursor->is_end && size < 2 * (cursor->scanned - cursor->begin)))
        return LT_FRAME_NEED_MORE; /* looked at again when it has doubled, so it costs no square */
    (void)lt_csv_tokens_split(framing->tokens, data, size, &used);
    if (used == size && !cursor->is_end) {
        cursor->scanned = cursor->size;
        return size > framing->max_bytes ? too_long(framing, error) : LT_FRAME_NEED_MORE;
    }
    cursor->scanned = cursor->begin + used;
    if (used > framing->max_bytes)
        return too_long(framing, error);
    *frame = (struct lt_frame){data, used, used};
    return LT_FRAME_RECORD;
}

enum lt_frame_result lt_frame_next(const struct lt_framing *framing, struct lt_frame_cursor *cursor,
                                   struct lt_frame *frame, struct lt_error *error)
{
    switch (framing->kind) {
    case LT_FRAME_LINE:
        return lt_likely(framing->separator_bytes == 0)
                   ? next_line(framing, cursor, frame, error)
                   : next_separated(framing, cursor, frame, error);
    case LT_FRAME_LENGTH2:
        return next_counted(framing, cursor, 2, frame, error);
    case LT_FRAME_LENGTH4:
        return next_counted(framing, cursor, 4, frame, error);
    case LT_FRAME_VARINT:
        return next_varint(framing, cursor, frame, error);
    case LT_FRAME_FIXED:
        return next_fixed(framing, cursor, frame, error);
    case LT_FRAME_DATAGRAM:
    case LT_FRAME_WHOLE:
        return next_whole(framing, cursor, frame, error);
    case LT_FRAME_CSV:
        return next_csv(framing, cursor, frame, error);
    }
    return LT_FRAME_NEED_MORE;
}
