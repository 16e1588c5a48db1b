/*
 * The table has twice as many slots as there is room for values, and is searched slot by slot.
 */
#include "ops/aggregate/counted.h"

#include <string.h>

#include "core/base/limits.h"
#include "ops/expr/sort.h"

enum { FIRST_CAPACITY = 8 };

static uint32_t first_slot(const struct lt_type *type, const struct lt_counted *counted,
                           const union lt_value *value)
{
    return (uint32_t)lt_value_hash(type, value, LT_VALUE_HASH_SEED) & (2 * counted->capacity - 1);
}

/* The slot of the value, or the free one where it would be. There are more slots than values. */
static uint32_t find_slot(const struct lt_type *type, const struct lt_counted *counted,
                          const union lt_value *value)
{
    uint32_t slot = first_slot(type, counted, value);
    while (counted->slots[slot] != 0 &&
           lt_value_compare(type, &counted->values[counted->slots[slot] - 1], value) != 0)
        slot = (slot + 1) & (2 * counted->capacity - 1);
    return slot;
}

/* Room for `capacity` values in memory that was just allocated; those that there are move. */
static void move(const struct lt_type *type, struct lt_counted *counted, uint32_t capacity,
                 union lt_value *values, int64_t *times, uint32_t *slots)
{
    if (counted->count > 0) {
        memcpy(values, counted->values, counted->count * sizeof *values);
        memcpy(times, counted->times, counted->count * sizeof *times);
    }
    memset(slots, 0, 2 * (size_t)capacity * sizeof *slots);
    counted->capacity = capacity;
    counted->values = values;
    counted->times = times;
    counted->slots = slots;
    for (uint32_t i = 0; i < counted->count; i++)
        slots[find_slot(type, counted, &values[i])] = i + 1;
}

static bool grow(const struct lt_aggregate *aggregate, struct lt_counted *counted,
                 struct lt_aggregate_work *work)
{
    if (counted->capacity > LT_LIMIT_VALUE_BYTES / (2 * sizeof *counted->values))
        return lt_aggregate_no_memory(aggregate, work);
    uint32_t capacity = counted->capacity == 0 ? FIRST_CAPACITY : 2 * counted->capacity;
    union lt_value *values = lt_aggregate_alloc(aggregate, work, capacity * sizeof *values);
    int64_t *times = lt_aggregate_alloc(aggregate, work, capacity * sizeof *times);
    uint32_t *slots = lt_aggregate_alloc(aggregate, work, 2 * (size_t)capacity * sizeof *slots);
    if (values == NULL || times == NULL || slots == NULL)
        return false;
    move(aggregate->types[0], counted, capacity, values, times, slots);
    return true;
}

bool lt_counted_add(const struct lt_aggregate *aggregate, struct lt_counted *counted,
                    const union lt_value *value, int64_t times, struct lt_aggregate_work *work)
{
    const struct lt_type *type = aggregate->types[0];
    if (counted->count == counted->capacity && !grow(aggregate, counted, work))
        return false;
    uint32_t slot = find_slot(type, counted, value);
    if (counted->slots[slot] != 0) {
        int64_t *known = &counted->times[counted->slots[slot] - 1];
        if (__builtin_add_overflow(*known, times, known))
            *known = INT64_MAX;
        return true;
    }
    counted->values[counted->count] = *value;
    counted->times[counted->count] = times;
    if (!lt_aggregate_keep(aggregate, work, type, &counted->values[counted->count]))
        return false;
    counted->slots[slot] = ++counted->count;
    return true;
}

struct ordering {
    const struct lt_type *type;
    const union lt_value *values;
};

static int compare_positions(void *context, uint32_t a, uint32_t b)
{
    const struct ordering *ordering = context;
    return lt_value_compare(ordering->type, &ordering->values[a], &ordering->values[b]);
}

const uint32_t *lt_counted_sort(const struct lt_aggregate *aggregate,
                                const struct lt_counted *counted, struct lt_aggregate_work *work)
{
    uint32_t *room = lt_aggregate_alloc(aggregate, work, 2 * (size_t)counted->count * sizeof *room);
    if (room == NULL)
        return NULL;
    struct ordering ordering = {aggregate->types[0], counted->values};
    return lt_sort(room, counted->count, compare_positions, &ordering);
}

bool lt_counted_update(const struct lt_aggregate *aggregate, void *state, const struct lt_row *row,
                       struct lt_aggregate_work *work)
{
    return lt_aggregate_is_null(aggregate, row, 0) ||
           lt_counted_add(aggregate, state, lt_aggregate_value(aggregate, row, 0), 1, work);
}

bool lt_counted_merge(const struct lt_aggregate *aggregate, void *state, const void *other,
                      struct lt_aggregate_work *work)
{
    const struct lt_counted *more = other;
    for (uint32_t i = 0; i < more->count; i++) {
        if (!lt_counted_add(aggregate, state, &more->values[i], more->times[i], work))
            return false;
    }
    return true;
}

void lt_counted_write(const struct lt_aggregate *aggregate, const void *state,
                      struct lt_text_buffer *out)
{
    const struct lt_counted *counted = state;
    lt_aggregate_write_bytes(out, &counted->count, sizeof counted->count);
    for (uint32_t i = 0; i < counted->count; i++) {
        lt_aggregate_write_bytes(out, &counted->times[i], sizeof counted->times[i]);
        lt_value_bytes_write(aggregate->types[0], &counted->values[i], out);
    }
}

static uint32_t capacity_for(uint32_t count)
{
    uint32_t capacity = FIRST_CAPACITY;
    while (capacity < count)
        capacity *= 2;
    return capacity;
}

/* The next value and its times; equal ones must not come twice. */
static int read_next(const struct lt_aggregate *aggregate, struct lt_aggregate_reader *reader,
                     struct lt_counted *counted)
{
    union lt_value *value = &counted->values[counted->count];
    int64_t *times = &counted->times[counted->count];
    int code = lt_aggregate_read_bytes(reader, times, sizeof *times);
    if (code == LT_OK && !lt_aggregate_is_count(*times))
        code = lt_aggregate_damaged(reader, "a count is none");
    if (code == LT_OK)
        code = lt_aggregate_read_value(reader, aggregate->types[0], value);
    if (code != LT_OK)
        return code;
    uint32_t slot = find_slot(aggregate->types[0], counted, value);
    if (counted->slots[slot] != 0)
        return lt_aggregate_damaged(reader, "a value is there twice");
    counted->slots[slot] = ++counted->count;
    return LT_OK;
}

int lt_counted_read(const struct lt_aggregate *aggregate, struct lt_aggregate_reader *reader,
                    void *state)
{
    struct lt_counted *counted = state;
    uint32_t count = 0;
    int code = lt_aggregate_read_count(reader, sizeof *counted->times, &count);
    if (code != LT_OK || count == 0)
        return code;
    uint32_t capacity = capacity_for(count);
    union lt_value *values = lt_aggregate_read_alloc(reader, capacity * sizeof *values);
    int64_t *times = lt_aggregate_read_alloc(reader, capacity * sizeof *times);
    uint32_t *slots = lt_aggregate_read_alloc(reader, 2 * (size_t)capacity * sizeof *slots);
    if (values == NULL || times == NULL || slots == NULL)
        return LT_E_NO_MEMORY;
    move(aggregate->types[0], counted, capacity, values, times, slots);
    for (uint32_t i = 0; i < count && code == LT_OK; i++)
        code = read_next(aggregate, reader, counted);
    return code;
}
