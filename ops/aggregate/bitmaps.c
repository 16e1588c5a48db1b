/*
 * Bitmaps of 4096 bytes, as bitmap_bit_position() and bitmap_count() use them.
 *
 *   bitmap_construct_agg   the bits at the positions that rows have, from 0 on
 *   bitmap_or_agg          the bits that any of the bitmaps has; shorter ones have no more, and of
 *                          longer ones the rest does not count
 *
 * NULLs are skipped; of none the bitmap has no bit.
 *
 * Byte form: 1 byte, 1 where there is a bitmap, which follows.
 */
#include <string.h>

#include "ops/aggregate/kind.h"

enum { BITMAP_BYTES = 4096, BITMAP_BITS = 8 * BITMAP_BYTES };

struct bitmap {
    uint8_t *bits; /* NULL: none is set */
};

static bool make_bits(const struct lt_aggregate *aggregate, struct bitmap *bitmap,
                      struct lt_aggregate_work *work)
{
    if (bitmap->bits != NULL)
        return true;
    uint8_t *bits = lt_aggregate_alloc(aggregate, work, BITMAP_BYTES);
    if (bits == NULL)
        return false;
    memset(bits, 0, BITMAP_BYTES);
    bitmap->bits = bits;
    return true;
}

static void add_bits(struct bitmap *bitmap, const uint8_t *bits, uint32_t size_bytes)
{
    for (uint32_t i = 0; i < size_bytes && i < BITMAP_BYTES; i++)
        bitmap->bits[i] |= bits[i];
}

static bool update_position(const struct lt_aggregate *aggregate, void *state,
                            const struct lt_row *row, struct lt_aggregate_work *work)
{
    struct bitmap *bitmap = state;
    if (lt_aggregate_is_null(aggregate, row, 0))
        return true;
    int64_t position = lt_aggregate_value(aggregate, row, 0)->i64;
    if (position < 0 || position >= BITMAP_BITS)
        return lt_aggregate_fault(work, "INVALID_BITMAP_POSITION", "22003",
                                  "The 0-indexed bitmap position %lld is out of bounds. The bitmap "
                                  "has %d bits (%d bytes)",
                                  (long long)position, BITMAP_BITS, BITMAP_BYTES);
    if (!make_bits(aggregate, bitmap, work))
        return false;
    bitmap->bits[position / 8] |= (uint8_t)(1 << position % 8);
    return true;
}

static bool update_or(const struct lt_aggregate *aggregate, void *state, const struct lt_row *row,
                      struct lt_aggregate_work *work)
{
    if (lt_aggregate_is_null(aggregate, row, 0))
        return true;
    const struct lt_bytes *bytes = &lt_aggregate_value(aggregate, row, 0)->bytes;
    if (!make_bits(aggregate, state, work))
        return false;
    add_bits(state, bytes->data, bytes->size_bytes);
    return true;
}

static bool merge_bitmap(const struct lt_aggregate *aggregate, void *state, const void *other,
                         struct lt_aggregate_work *work)
{
    const struct bitmap *more = other;
    if (more->bits == NULL)
        return true;
    if (!make_bits(aggregate, state, work))
        return false;
    add_bits(state, more->bits, BITMAP_BYTES);
    return true;
}

static enum lt_aggregate_result give_bitmap(const struct lt_aggregate *aggregate, const void *state,
                                            struct lt_aggregate_work *work, union lt_value *out)
{
    static const uint8_t none[BITMAP_BYTES];
    const struct bitmap *bitmap = state;
    (void)aggregate, (void)work;
    *out = lt_value_bytes(bitmap->bits != NULL ? bitmap->bits : none, BITMAP_BYTES);
    return LT_AGGREGATE_VALUE;
}

static void write_bitmap(const struct lt_aggregate *aggregate, const void *state,
                         struct lt_text_buffer *out)
{
    const struct bitmap *bitmap = state;
    uint8_t is_there = bitmap->bits != NULL;
    (void)aggregate;
    lt_aggregate_write_bytes(out, &is_there, sizeof is_there);
    if (is_there)
        lt_aggregate_write_bytes(out, bitmap->bits, BITMAP_BYTES);
}

static int read_bitmap(const struct lt_aggregate *aggregate, struct lt_aggregate_reader *reader,
                       void *state)
{
    struct bitmap *bitmap = state;
    uint8_t is_there = 0;
    (void)aggregate;
    int code = lt_aggregate_read_bytes(reader, &is_there, sizeof is_there);
    if (code == LT_OK && is_there > 1)
        code = lt_aggregate_damaged(reader, "a bitmap that is neither there nor not");
    if (code != LT_OK || !is_there)
        return code;
    bitmap->bits = lt_aggregate_read_alloc(reader, BITMAP_BYTES);
    return bitmap->bits == NULL ? LT_E_NO_MEMORY
                                : lt_aggregate_read_bytes(reader, bitmap->bits, BITMAP_BYTES);
}

#define CALLS(update_)                                                                             \
    {                                                                                              \
        .update = update_, .merge = merge_bitmap, .evaluate = give_bitmap, .write = write_bitmap,  \
        .read = read_bitmap                                                                        \
    }
static const struct lt_aggregate_calls construct_calls = CALLS(update_position);
static const struct lt_aggregate_calls or_calls = CALLS(update_or);

static int bind_construct(struct lt_aggregate *aggregate,
                          const struct lt_aggregate_binding *binding)
{
    (void)binding;
    aggregate->calls = &construct_calls;
    aggregate->state_size_bytes = sizeof(struct bitmap);
    return LT_OK;
}

static int bind_or(struct lt_aggregate *aggregate, const struct lt_aggregate_binding *binding)
{
    (void)binding;
    aggregate->calls = &or_calls;
    aggregate->state_size_bytes = sizeof(struct bitmap);
    return LT_OK;
}

const struct lt_aggregate_kind lt_aggregate_bitmap_construct = {.bind = bind_construct,
                                                                .inputs = 1};
const struct lt_aggregate_kind lt_aggregate_bitmap_or = {.bind = bind_or, .inputs = 1};
