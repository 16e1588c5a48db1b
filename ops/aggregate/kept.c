/*
 * Aggregates that keep one value of all they saw: the least, the greatest, the first, the last, and
 * the one that stands beside the least or greatest of another column.
 *
 *   min, max         NULLs are skipped; of values that compare equal (0.0 and -0.0) the first
 * stays. bool_and is the least boolean, bool_or the greatest first, last      NULLs count as
 * values, unless they are to be ignored min_by, max_by   rows whose second argument is NULL are
 * skipped; of equal ones the last counts
 *
 * What a value points to lies in a block of its own that is written over by the next one, and
 * replaced by one twice as large as what does not fit: memory does not grow with rows. The values
 * of numbers and times need none.
 *
 * Byte form: a byte (bit 0: there is a value, bit 1: it is NULL), then the value as in
 * core/data/row_bytes.h unless it is NULL, then for min_by and max_by the value it stands beside.
 */
#include <string.h>

#include "ops/aggregate/kind.h"

enum kept_variant { MIN, MAX, FIRST, LAST, MIN_BY, MAX_BY };
enum { HAS_VALUE = 1, VALUE_IS_NULL = 2 };

struct slot {
    union lt_value value;
    char *block; /* what the value points to, if it is the state's own */
    size_t capacity_bytes;
};

struct kept {
    uint64_t flags;
    uint64_t padding;
    struct slot slots[2]; /* the second: of min_by and max_by */
};

static bool has_two(const struct lt_aggregate *aggregate)
{
    return aggregate->variant >= MIN_BY;
}

/* --------------------------------------------------------------------------------------- blocks */

struct bump {
    char *at;
};

static void *alloc_of_bump(void *context, size_t size_bytes)
{
    struct bump *bump = context;
    void *memory = bump->at;
    bump->at += (size_bytes + 15) / 16 * 16;
    return memory;
}

static bool keep(const struct lt_aggregate *aggregate, struct lt_aggregate_work *work,
                 const struct lt_type *type, struct slot *slot, const union lt_value *value)
{
    slot->value = *value;
    if (!lt_type_holds_memory(type))
        return true;
    size_t size = lt_value_copy_size_bytes(type, value);
    if (size > slot->capacity_bytes) {
        char *block = lt_aggregate_alloc(aggregate, work, 2 * size);
        if (block == NULL)
            return false;
        slot->block = block;
        slot->capacity_bytes = 2 * size;
    }
    struct bump bump = {slot->block};
    const struct lt_value_memory memory = {alloc_of_bump, &bump};
    return lt_value_copy(type, &memory, &slot->value);
}

/* A value, which is NULL where `value` is, and the one that it stands beside. */
static bool keep_all(const struct lt_aggregate *aggregate, struct lt_aggregate_work *work,
                     struct kept *kept, const union lt_value *value, const union lt_value *beside)
{
    kept->flags = value != NULL ? HAS_VALUE : HAS_VALUE | VALUE_IS_NULL;
    if (value != NULL && !keep(aggregate, work, aggregate->types[0], &kept->slots[0], value))
        return false;
    return beside == NULL || keep(aggregate, work, aggregate->types[1], &kept->slots[1], beside);
}

/* ---------------------------------------------------------------------------------- min and max */

/* Goes the new value in place of the kept one? */
static bool is_beyond(const struct lt_aggregate *aggregate, const union lt_value *kept,
                      const union lt_value *value)
{
    int order = lt_value_compare(aggregate->types[0], value, kept);
    return aggregate->variant == MIN ? order < 0 : order > 0;
}

static bool update_extreme(const struct lt_aggregate *aggregate, void *state,
                           const struct lt_row *row, struct lt_aggregate_work *work)
{
    struct kept *kept = state;
    const union lt_value *value = lt_aggregate_value(aggregate, row, 0);
    if (lt_aggregate_is_null(aggregate, row, 0) ||
        (kept->flags != 0 && !is_beyond(aggregate, &kept->slots[0].value, value)))
        return true;
    return keep_all(aggregate, work, kept, value, NULL);
}

static bool merge_extreme(const struct lt_aggregate *aggregate, void *state, const void *other,
                          struct lt_aggregate_work *work)
{
    struct kept *kept = state;
    const struct kept *more = other;
    const union lt_value *value = &more->slots[0].value;
    if (more->flags == 0 ||
        (kept->flags != 0 && !is_beyond(aggregate, &kept->slots[0].value, value)))
        return true;
    return keep_all(aggregate, work, kept, value, NULL);
}

/* The same of what is held as a whole number. */
static bool update_whole(const struct lt_aggregate *aggregate, void *state,
                         const struct lt_row *row, struct lt_aggregate_work *work)
{
    struct kept *kept = state;
    (void)work;
    if (lt_aggregate_is_null(aggregate, row, 0))
        return true;
    int64_t value = lt_aggregate_value(aggregate, row, 0)->i64;
    int64_t *best = &kept->slots[0].value.i64;
    bool is_better = aggregate->variant == MIN ? value < *best : value > *best;
    if (kept->flags == 0 || is_better)
        *best = value;
    kept->flags = HAS_VALUE;
    return true;
}

/* ------------------------------------------------------------------------------- first and last */

static bool update_end(const struct lt_aggregate *aggregate, void *state, const struct lt_row *row,
                       struct lt_aggregate_work *work)
{
    struct kept *kept = state;
    bool is_null = lt_aggregate_is_null(aggregate, row, 0);
    if ((is_null && aggregate->ignores_nulls) || (aggregate->variant == FIRST && kept->flags != 0))
        return true;
    const union lt_value *value = is_null ? NULL : lt_aggregate_value(aggregate, row, 0);
    return keep_all(aggregate, work, kept, value, NULL);
}

static bool merge_end(const struct lt_aggregate *aggregate, void *state, const void *other,
                      struct lt_aggregate_work *work)
{
    struct kept *kept = state;
    const struct kept *more = other;
    if (more->flags == 0 || (aggregate->variant == FIRST && kept->flags != 0))
        return true;
    const union lt_value *value = more->flags & VALUE_IS_NULL ? NULL : &more->slots[0].value;
    return keep_all(aggregate, work, kept, value, NULL);
}

/* ---------------------------------------------------------------------------- min_by and max_by */

static bool is_kept_beside(const struct lt_aggregate *aggregate, const struct kept *kept,
                           const union lt_value *beside)
{
    int order = lt_value_compare(aggregate->types[1], &kept->slots[1].value, beside);
    return kept->flags != 0 && (aggregate->variant == MIN_BY ? order < 0 : order > 0);
}

static bool update_by(const struct lt_aggregate *aggregate, void *state, const struct lt_row *row,
                      struct lt_aggregate_work *work)
{
    struct kept *kept = state;
    if (lt_aggregate_is_null(aggregate, row, 1))
        return true;
    const union lt_value *beside = lt_aggregate_value(aggregate, row, 1);
    if (kept->flags != 0 && is_kept_beside(aggregate, kept, beside))
        return true;
    bool is_null = lt_aggregate_is_null(aggregate, row, 0);
    return keep_all(aggregate, work, kept, is_null ? NULL : lt_aggregate_value(aggregate, row, 0),
                    beside);
}

static bool merge_by(const struct lt_aggregate *aggregate, void *state, const void *other,
                     struct lt_aggregate_work *work)
{
    struct kept *kept = state;
    const struct kept *more = other;
    if (more->flags == 0 ||
        (kept->flags != 0 && is_kept_beside(aggregate, kept, &more->slots[1].value)))
        return true;
    const union lt_value *value = more->flags & VALUE_IS_NULL ? NULL : &more->slots[0].value;
    return keep_all(aggregate, work, kept, value, &more->slots[1].value);
}

/* ------------------------------------------------------------------------- result and byte form */

static enum lt_aggregate_result give_kept(const struct lt_aggregate *aggregate, const void *state,
                                          struct lt_aggregate_work *work, union lt_value *out)
{
    const struct kept *kept = state;
    (void)aggregate, (void)work;
    if (kept->flags != HAS_VALUE)
        return LT_AGGREGATE_NULL;
    *out = kept->slots[0].value;
    return LT_AGGREGATE_VALUE;
}

static void write_kept(const struct lt_aggregate *aggregate, const void *state,
                       struct lt_text_buffer *out)
{
    const struct kept *kept = state;
    uint8_t flags = (uint8_t)kept->flags;
    lt_aggregate_write_bytes(out, &flags, sizeof flags);
    if (flags == HAS_VALUE)
        lt_value_bytes_write(aggregate->types[0], &kept->slots[0].value, out);
    if (flags != 0 && has_two(aggregate))
        lt_value_bytes_write(aggregate->types[1], &kept->slots[1].value, out);
}

static int read_kept(const struct lt_aggregate *aggregate, struct lt_aggregate_reader *reader,
                     void *state)
{
    struct kept *kept = state;
    uint8_t flags = 0;
    int code = lt_aggregate_read_bytes(reader, &flags, sizeof flags);
    if (code == LT_OK && (flags > (HAS_VALUE | VALUE_IS_NULL) || flags == VALUE_IS_NULL))
        code = lt_aggregate_damaged(reader, "flags of a value that there are not");
    if (code == LT_OK && flags == HAS_VALUE)
        code = lt_aggregate_read_value(reader, aggregate->types[0], &kept->slots[0].value);
    if (code == LT_OK && flags != 0 && has_two(aggregate))
        code = lt_aggregate_read_value(reader, aggregate->types[1], &kept->slots[1].value);
    kept->flags = flags;
    return code;
}

/* -------------------------------------------------------------------------------------- binding */

#define CALLS(update_, merge_)                                                                     \
    {                                                                                              \
        .update = update_, .merge = merge_, .evaluate = give_kept, .write = write_kept,            \
        .read = read_kept                                                                          \
    }
static const struct lt_aggregate_calls extreme_calls = CALLS(update_extreme, merge_extreme);
static const struct lt_aggregate_calls whole_calls = CALLS(update_whole, merge_extreme);
static const struct lt_aggregate_calls end_calls = CALLS(update_end, merge_end);
static const struct lt_aggregate_calls by_calls = CALLS(update_by, merge_by);

static bool is_whole(const struct lt_type *type)
{
    return type->kind == LT_TYPE_BOOLEAN || lt_type_is_integral(type) ||
           lt_type_is_datetime(type) || lt_type_is_ansi_interval(type);
}

static int bind_kept(struct lt_aggregate *aggregate, const struct lt_aggregate_binding *binding)
{
    enum kept_variant variant = aggregate->variant;
    (void)binding;
    if (has_two(aggregate))
        aggregate->calls = &by_calls;
    else if (variant == FIRST || variant == LAST)
        aggregate->calls = &end_calls;
    else
        aggregate->calls = is_whole(aggregate->types[0]) ? &whole_calls : &extreme_calls;
    aggregate->state_size_bytes =
        (uint32_t)(sizeof(struct kept) - (has_two(aggregate) ? 0 : sizeof(struct slot)));
    return LT_OK;
}

const struct lt_aggregate_kind lt_aggregate_min = {bind_kept, MIN, .inputs = 1};
const struct lt_aggregate_kind lt_aggregate_max = {bind_kept, MAX, .inputs = 1};
const struct lt_aggregate_kind lt_aggregate_min_by = {bind_kept, MIN_BY, .inputs = 2};
const struct lt_aggregate_kind lt_aggregate_max_by = {bind_kept, MAX_BY, .inputs = 2};
const struct lt_aggregate_kind lt_aggregate_first = {bind_kept, FIRST, .inputs = 1,
                                                     .has_first = true};
const struct lt_aggregate_kind lt_aggregate_last = {bind_kept, LAST, .inputs = 1,
                                                    .has_first = true};
