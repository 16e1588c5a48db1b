/*
 * Order and hash of values.
 *
 * The hash is XXH64 over canonical bytes, chained: each piece is hashed with the hash so far as its
 * seed. The pieces are little-endian; this is part of the checkpoint and never changes:
 *
 *   boolean .. bigint, date, timestamps, time, day-time and year-month interval   8 bytes
 *   float, double     8 bytes of the double; -0.0 as 0.0, every NaN as 0x7ff8000000000000
 *   decimal           16 bytes of the unscaled number
 *   string .. binary  the bytes themselves
 *   calendar interval 16 bytes: months, days, microseconds
 *   array             8 bytes of the count, then each element
 *   struct            each field
 *
 * Inside an array or struct each element is preceded by one byte: 0 for NULL (and no more), 1 for a
 * value.
 *
 * Recursion ends: types are at most LT_LIMIT_TYPE_DEPTH deep.
 */
#include "core/data/value.h"

#include <math.h>
#include <xxhash.h>

#include "core/base/error.h"
#include "core/data/type.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "canonical bytes are memory as it stands");

static int compare_i64(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int compare_f64(double a, double b)
{
    if (isnan(a) || isnan(b))
        return isnan(a) - isnan(b);
    return (a > b) - (a < b);
}

static int compare_bytes(const struct lt_bytes *a, const struct lt_bytes *b)
{
    uint32_t common = a->size_bytes < b->size_bytes ? a->size_bytes : b->size_bytes;
    int order = common != 0 ? memcmp(a->data, b->data, common) : 0;
    return order != 0 ? order : (a->size_bytes > b->size_bytes) - (a->size_bytes < b->size_bytes);
}

static int compare_intervals(const struct lt_calendar_interval *a,
                             const struct lt_calendar_interval *b)
{
    if (a->months != b->months)
        return compare_i64(a->months, b->months);
    if (a->days != b->days)
        return compare_i64(a->days, b->days);
    return compare_i64(a->microseconds, b->microseconds);
}

/* One element against another, either of which may be NULL, which comes first. */
static int compare_elements(const struct lt_type *type, bool a_is_null, const union lt_value *a,
                            bool b_is_null, const union lt_value *b)
{
    if (a_is_null || b_is_null)
        return (int)b_is_null - (int)a_is_null;
    return lt_value_compare(type, a, b);
}

static int compare_arrays(const struct lt_type *element, struct lt_array *a, struct lt_array *b)
{
    lt_array_materialize(a);
    lt_array_materialize(b);
    uint32_t common = a->count < b->count ? a->count : b->count;
    for (uint32_t i = 0; i < common; i++) {
        int order = compare_elements(element, lt_bit(a->nulls, i), &a->values[i],
                                     lt_bit(b->nulls, i), &b->values[i]);
        if (order != 0)
            return order;
    }
    return (a->count > b->count) - (a->count < b->count);
}

static int compare_structs(const struct lt_type *type, const struct lt_struct *a,
                           const struct lt_struct *b)
{
    for (uint32_t i = 0; i < type->field_count; i++) {
        int order = compare_elements(type->fields[i].type, lt_bit(a->nulls, i), &a->values[i],
                                     lt_bit(b->nulls, i), &b->values[i]);
        if (order != 0)
            return order;
    }
    return 0;
}

int lt_value_compare(const struct lt_type *type, const union lt_value *a, const union lt_value *b)
{
    switch (type->kind) {
    case LT_TYPE_FLOAT:
    case LT_TYPE_DOUBLE:
        return compare_f64(a->f64, b->f64);
    case LT_TYPE_DECIMAL:
        return (a->i128 > b->i128) - (a->i128 < b->i128);
    case LT_TYPE_STRING:
    case LT_TYPE_CHAR:
    case LT_TYPE_VARCHAR:
    case LT_TYPE_BINARY:
        return compare_bytes(&a->bytes, &b->bytes);
    case LT_TYPE_INTERVAL_CALENDAR:
        return compare_intervals(&a->interval, &b->interval);
    case LT_TYPE_ARRAY:
        return compare_arrays(type->fields[0].type, a->array, b->array);
    case LT_TYPE_STRUCT:
        return compare_structs(type, a->structure, b->structure);
    default:
        lt_assert(type->kind != LT_TYPE_MAP);
        lt_assert(type->kind != LT_TYPE_VARIANT);
        return type->kind == LT_TYPE_VOID ? 0 : compare_i64(a->i64, b->i64);
    }
}

static double canonical_f64(double f64)
{
    if (isnan(f64))
        return (double)NAN;
    return f64 == 0.0 ? 0.0 : f64;
}

static uint64_t hash_element(const struct lt_type *type, bool is_null, const union lt_value *value,
                             uint64_t seed)
{
    uint8_t present = !is_null;
    uint64_t hash = XXH64(&present, 1, seed);
    return is_null ? hash : lt_value_hash(type, value, hash);
}

static uint64_t hash_array(const struct lt_type *element, struct lt_array *array, uint64_t seed)
{
    lt_array_materialize(array);
    uint64_t count = array->count;
    uint64_t hash = XXH64(&count, sizeof count, seed);
    for (uint32_t i = 0; i < array->count; i++)
        hash = hash_element(element, lt_bit(array->nulls, i), &array->values[i], hash);
    return hash;
}

static uint64_t hash_struct(const struct lt_type *type, const struct lt_struct *structure,
                            uint64_t seed)
{
    uint64_t hash = seed;
    for (uint32_t i = 0; i < type->field_count; i++)
        hash = hash_element(type->fields[i].type, lt_bit(structure->nulls, i),
                            &structure->values[i], hash);
    return hash;
}

uint64_t lt_value_hash(const struct lt_type *type, const union lt_value *value, uint64_t seed)
{
    switch (type->kind) {
    case LT_TYPE_FLOAT:
    case LT_TYPE_DOUBLE: {
        double canonical = canonical_f64(value->f64);
        return XXH64(&canonical, sizeof canonical, seed);
    }
    case LT_TYPE_DECIMAL:
        return XXH64(&value->i128, sizeof value->i128, seed);
    case LT_TYPE_STRING:
    case LT_TYPE_CHAR:
    case LT_TYPE_VARCHAR:
    case LT_TYPE_BINARY:
        return XXH64(value->bytes.data, value->bytes.size_bytes, seed);
    case LT_TYPE_INTERVAL_CALENDAR:
        return XXH64(&value->interval, sizeof value->interval, seed);
    case LT_TYPE_ARRAY:
        return hash_array(type->fields[0].type, value->array, seed);
    case LT_TYPE_STRUCT:
        return hash_struct(type, value->structure, seed);
    default:
        lt_assert(type->kind != LT_TYPE_MAP);
        lt_assert(type->kind != LT_TYPE_VARIANT);
        return XXH64(&value->i64, sizeof value->i64, seed);
    }
}
