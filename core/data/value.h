/*
 * Values: 16 bytes each, without their type; the type stands in the schema, NULL in the row's
 * bitmap.
 *
 *   boolean .. bigint       i64, sign-extended
 *   date                    i64: days since 1970-01-01
 *   timestamps              i64: microseconds since the epoch (UTC), of timestamp_ntz local
 *   time                    i64: nanoseconds since midnight
 *   day-time interval       i64: microseconds
 *   year-month interval     i64: months
 *   float, double           f64 (a float holds its value exactly)
 *   decimal(p,s)            i128: the unscaled number
 *   string .. binary        bytes: pointer and size; UTF-8 for strings, not terminated
 *   variant                 no form yet: a plan that reads or makes one is refused
 *   calendar interval       interval: months, days, microseconds
 *   array                   array: elements, their nulls
 *   map                     map: two arrays of equal count
 *   struct                  structure: one value per field, their nulls
 *
 * Whatever a value points to belongs to the row it stands in, or to one of that row's parents, or
 * to the query (constants); see core/data/row.h.
 *
 * An array may be *native*: its bytes are still in the form of the system they came from (a Kafka
 * message's headers), and elements exist only after lt_array_materialize(). A sink of the same
 * system takes the native object without ever making elements.
 */
#ifndef LT_DATA_VALUE_H
#define LT_DATA_VALUE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct lt_array;
struct lt_map;
struct lt_struct;

struct lt_bytes {
    const uint8_t *data; /* may be NULL when size_bytes is 0 */
    uint32_t size_bytes;
    /* Bytes that may be read (not used) past the end without leaving mapped, owned memory: a SIMD
     * parser wants 64. 0 when unknown. */
    uint32_t padding_bytes;
};

struct lt_calendar_interval {
    int32_t months, days;
    int64_t microseconds;
};

union lt_value {
    int64_t i64;
    double f64;
    __int128 i128;
    struct lt_bytes bytes;
    struct lt_calendar_interval interval;
    struct lt_array *array;
    const struct lt_map *map;
    const struct lt_struct *structure;
};
_Static_assert(sizeof(union lt_value) == 16, "rows are laid out in 16-byte values");

/* How another system's object stands for an array. `kind` is the address of a static object of its
 * owner. */
struct lt_native {
    const void *kind;
    void *object;
    /* Fills count, nulls and values of `array`. Memory comes from the row that holds the array. */
    void (*materialize)(struct lt_array *array);
};

struct lt_array {
    uint32_t count;
    bool is_native;        /* elements not made yet: see native */
    const uint64_t *nulls; /* bit set: element is NULL; NULL: none is */
    const union lt_value *values;
    struct lt_native native;
};

struct lt_map {
    struct lt_array keys, values;
};

struct lt_struct {
    const uint64_t *nulls; /* or NULL */
    const union lt_value *values;
};

static inline bool lt_bit(const uint64_t *bits, uint32_t index)
{
    return bits != NULL && (bits[index >> 6] >> (index & 63)) & 1;
}
static inline void lt_bit_set(uint64_t *bits, uint32_t index)
{
    bits[index >> 6] |= (uint64_t)1 << (index & 63);
}
static inline void lt_bit_clear(uint64_t *bits, uint32_t index)
{
    bits[index >> 6] &= ~((uint64_t)1 << (index & 63));
}

static inline void lt_array_materialize(struct lt_array *array)
{
    if (array->is_native)
        array->native.materialize(array);
}

static inline union lt_value lt_value_i64(int64_t i64)
{
    return (union lt_value){.i64 = i64};
}
static inline union lt_value lt_value_f64(double f64)
{
    return (union lt_value){.f64 = f64};
}
static inline union lt_value lt_value_bytes(const void *data, uint32_t size_bytes)
{
    return (union lt_value){.bytes = {.data = data, .size_bytes = size_bytes}};
}
static inline union lt_value lt_value_text(const char *text)
{
    return lt_value_bytes(text, (uint32_t)strlen(text));
}

struct lt_type;
struct lt_error;

/* Spark's order: NULLs inside nested values come first, at the top they are the caller's business;
 * NaN is the greatest and equal to itself, -0.0 equals 0.0; bytes compare unsigned. Returns <0, 0,
 * >0. Maps and variants do not compare (asserted). */
int lt_value_compare(const struct lt_type *type, const union lt_value *a, const union lt_value *b);
/* 64-bit hash of a value under its type, equal for values that compare equal: for key groups.
 * Stable across releases: it is in the checkpoint, with LT_VALUE_HASH_SEED. The algorithm is in
 * prose in value.c. The hash of several columns takes the hash of the one before as its seed. */
uint64_t lt_value_hash(const struct lt_type *type, const union lt_value *value, uint64_t seed);

enum { LT_VALUE_HASH_SEED = 42 };

#endif
