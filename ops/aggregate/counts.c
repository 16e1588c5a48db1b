/*
 * Counts, and bits: states of one number.
 *
 *   count        rows where no argument is NULL; without arguments, rows
 *   count_if     rows where the condition is true
 *   bit_and ...  the integers that are not NULL, bit by bit; NULL if there is none
 *
 * Byte form: the struct as it stands, 8 bytes of a count, 16 of bits.
 */
#include "ops/aggregate/kind.h"

/* --------------------------------------------------------------------------------------- counts */

static bool count_rows(const struct lt_aggregate *aggregate, void *state, const struct lt_row *row,
                       struct lt_aggregate_work *work)
{
    int64_t *count = state;
    (void)work;
    *count += !lt_aggregate_has_null(aggregate, row);
    return true;
}

static bool count_true(const struct lt_aggregate *aggregate, void *state, const struct lt_row *row,
                       struct lt_aggregate_work *work)
{
    int64_t *count = state;
    (void)work;
    *count +=
        !lt_aggregate_is_null(aggregate, row, 0) && lt_aggregate_value(aggregate, row, 0)->i64 != 0;
    return true;
}

static bool merge_count(const struct lt_aggregate *aggregate, void *state, const void *other,
                        struct lt_aggregate_work *work)
{
    int64_t *count = state;
    const int64_t *more = other;
    (void)aggregate, (void)work;
    *count += *more;
    return true;
}

static enum lt_aggregate_result give_count(const struct lt_aggregate *aggregate, const void *state,
                                           struct lt_aggregate_work *work, union lt_value *out)
{
    const int64_t *count = state;
    (void)aggregate, (void)work;
    out->i64 = *count;
    return LT_AGGREGATE_VALUE;
}

static int read_count(const struct lt_aggregate *aggregate, struct lt_aggregate_reader *reader,
                      void *state)
{
    const int64_t *count = state;
    int code = lt_aggregate_read_plain(aggregate, reader, state);
    return code == LT_OK && !lt_aggregate_is_count(*count)
               ? lt_aggregate_damaged(reader, "a count is none")
               : code;
}

static const struct lt_aggregate_calls count_calls = {.update = count_rows,
                                                      .merge = merge_count,
                                                      .evaluate = give_count,
                                                      .write = lt_aggregate_write_plain,
                                                      .read = read_count};
static const struct lt_aggregate_calls count_if_calls = {.update = count_true,
                                                         .merge = merge_count,
                                                         .evaluate = give_count,
                                                         .write = lt_aggregate_write_plain,
                                                         .read = read_count};

static int bind_count(struct lt_aggregate *aggregate, const struct lt_aggregate_binding *binding)
{
    (void)binding;
    aggregate->calls = &count_calls;
    aggregate->state_size_bytes = sizeof(int64_t);
    return LT_OK;
}

static int bind_count_if(struct lt_aggregate *aggregate, const struct lt_aggregate_binding *binding)
{
    (void)binding;
    aggregate->calls = &count_if_calls;
    aggregate->state_size_bytes = sizeof(int64_t);
    return LT_OK;
}

const struct lt_aggregate_kind lt_aggregate_count = {.bind = bind_count, .inputs = UINT8_MAX};
const struct lt_aggregate_kind lt_aggregate_regr_count = {.bind = bind_count, .inputs = 2};
const struct lt_aggregate_kind lt_aggregate_count_if = {.bind = bind_count_if, .inputs = 1};

/* ----------------------------------------------------------------------------------------- bits */

enum bits_variant { BITS_AND, BITS_OR, BITS_XOR };

struct bits {
    int64_t value, has_value;
};

static void add_bits(enum bits_variant variant, struct bits *bits, int64_t value)
{
    if (bits->has_value == 0)
        bits->value = value;
    else if (variant == BITS_AND)
        bits->value &= value;
    else if (variant == BITS_OR)
        bits->value |= value;
    else
        bits->value ^= value;
    bits->has_value = 1;
}

static bool update_bits(const struct lt_aggregate *aggregate, void *state, const struct lt_row *row,
                        struct lt_aggregate_work *work)
{
    (void)work;
    if (!lt_aggregate_is_null(aggregate, row, 0))
        add_bits(aggregate->variant, state, lt_aggregate_value(aggregate, row, 0)->i64);
    return true;
}

static bool merge_bits(const struct lt_aggregate *aggregate, void *state, const void *other,
                       struct lt_aggregate_work *work)
{
    const struct bits *more = other;
    (void)work;
    if (more->has_value != 0)
        add_bits(aggregate->variant, state, more->value);
    return true;
}

static enum lt_aggregate_result give_bits(const struct lt_aggregate *aggregate, const void *state,
                                          struct lt_aggregate_work *work, union lt_value *out)
{
    const struct bits *bits = state;
    (void)aggregate, (void)work;
    out->i64 = bits->value;
    return bits->has_value != 0 ? LT_AGGREGATE_VALUE : LT_AGGREGATE_NULL;
}

static int read_bits(const struct lt_aggregate *aggregate, struct lt_aggregate_reader *reader,
                     void *state)
{
    const struct bits *bits = state;
    int code = lt_aggregate_read_plain(aggregate, reader, state);
    if (code != LT_OK)
        return code;
    bool is_sound = bits->has_value == 1 && bits->value >= lt_type_smallest(aggregate->type) &&
                    bits->value <= lt_type_largest(aggregate->type);
    bool is_empty = bits->has_value == 0 && bits->value == 0;
    return is_sound || is_empty ? LT_OK
                                : lt_aggregate_damaged(reader, "bits are no value of their type");
}

static const struct lt_aggregate_calls bits_calls = {.update = update_bits,
                                                     .merge = merge_bits,
                                                     .evaluate = give_bits,
                                                     .write = lt_aggregate_write_plain,
                                                     .read = read_bits};

static int bind_bits(struct lt_aggregate *aggregate, const struct lt_aggregate_binding *binding)
{
    (void)binding;
    lt_assert(lt_type_is_integral(aggregate->type));
    aggregate->calls = &bits_calls;
    aggregate->state_size_bytes = sizeof(struct bits);
    return LT_OK;
}

const struct lt_aggregate_kind lt_aggregate_bit_and = {bind_bits, BITS_AND, .inputs = 1};
const struct lt_aggregate_kind lt_aggregate_bit_or = {bind_bits, BITS_OR, .inputs = 1};
const struct lt_aggregate_kind lt_aggregate_bit_xor = {bind_bits, BITS_XOR, .inputs = 1};
