/*
 * Hashes and checksums, bit for bit Spark's: partitioning by them must agree.
 *
 * hash() is Murmur3 (32 bits, seed 42) and xxhash64() XXH64 (seed 42), folded over the arguments:
 * the hash of one is the seed of the next, and NULL leaves it as it is. Up to int, values are
 * hashed as 4 bytes, bigint and timestamp as 8, floats as their bits with -0.0 as 0.0. Spark's
 * Murmur3 differs from the original in the tail: each byte left over after the last four is mixed
 * in as a whole word.
 */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <limits.h>
#include <math.h>
#include <string.h>
#include <zlib.h>

#include "core/data/decimal.h"
#include "ops/expr/analyser.h"
#include "ops/expr/hash.h"

enum { SEED = 42 };

static uint32_t rotate(uint32_t x, unsigned bits)
{
    return x << bits | x >> (32 - bits);
}

static uint32_t murmur_mix(uint32_t hash, uint32_t word)
{
    word = rotate(word * 0xcc9e2d51U, 15) * 0x1b873593U;
    return rotate(hash ^ word, 13) * 5 + 0xe6546b64U;
}

static uint32_t murmur_finish(uint32_t hash, uint32_t size)
{
    hash ^= size;
    hash = (hash ^ hash >> 16) * 0x85ebca6bU;
    hash = (hash ^ hash >> 13) * 0xc2b2ae35U;
    return hash ^ hash >> 16;
}

uint32_t lt_hash_murmur(const uint8_t *data, uint32_t size, uint32_t seed)
{
    uint32_t hash = seed, at = 0;
    for (; at + 4 <= size; at += 4) {
        uint32_t word;
        memcpy(&word, data + at, sizeof word);
        hash = murmur_mix(hash, word);
    }
    for (; at < size; at++)
        hash = murmur_mix(hash, (uint32_t)(int32_t)(int8_t)data[at]);
    return murmur_finish(hash, size);
}

/* What is hashed of a value that is no string: 4 or 8 bytes. */
static uint32_t fixed_bytes(const struct lt_type *type, const union lt_value *value, uint64_t *out)
{
    if (type->kind == LT_TYPE_FLOAT) {
        float number = value->f64 == 0 ? 0.0F : (float)value->f64;
        uint32_t bits = 0x7fc00000U; /* every NaN is one NaN */
        if (!isnan(number))
            memcpy(&bits, &number, sizeof bits);
        *out = bits;
        return 4;
    }
    if (type->kind == LT_TYPE_DOUBLE) {
        double number = value->f64 == 0 ? 0.0 : value->f64;
        *out = 0x7ff8000000000000ULL;
        if (!isnan(number))
            memcpy(out, &number, sizeof number);
        return 8;
    }
    *out = (uint64_t)value->i64; /* of a decimal of 64 bits the unscaled number */
    bool is_small = type->kind <= LT_TYPE_INT || type->kind == LT_TYPE_DATE ||
                    type->kind == LT_TYPE_INTERVAL_YEAR_MONTH;
    return is_small ? 4 : 8;
}

/* What is hashed as bytes: text, and decimals of more than 64 bits. */
static bool is_bytes(const struct lt_type *type)
{
    return lt_type_is_bytes(type) ||
           (type->kind == LT_TYPE_DECIMAL && type->precision > LT_DECIMAL_SMALL_PRECISION);
}

static const uint8_t *bytes_of(const struct lt_type *type, const union lt_value *value,
                               uint8_t room[LT_DECIMAL_BYTES_MAX], uint32_t *size_bytes)
{
    if (type->kind == LT_TYPE_DECIMAL) {
        *size_bytes = (uint32_t)lt_decimal_bytes(value->i128, room);
        return room;
    }
    *size_bytes = value->bytes.size_bytes;
    return value->bytes.size_bytes > 0 ? value->bytes.data : room;
}

/* The hash of one scalar, with the hash so far as its seed. */
typedef uint64_t scalar_fn(const struct lt_type *type, const union lt_value *value, uint64_t seed);

static uint64_t fold_interval(scalar_fn *scalar, const struct lt_calendar_interval *interval,
                              uint64_t hash)
{
    const struct lt_type *int_type = lt_type_simple(LT_TYPE_INT);
    union lt_value part = lt_value_i64(interval->microseconds);
    hash = scalar(lt_type_simple(LT_TYPE_BIGINT), &part, hash);
    part.i64 = interval->days;
    hash = scalar(int_type, &part, hash);
    part.i64 = interval->months;
    return scalar(int_type, &part, hash);
}

/* Parts of arrays and structs are folded like arguments. Recursion is bounded by the depth of
 * types. */
static uint64_t fold(scalar_fn *scalar, const struct lt_type *type, const union lt_value *value,
                     uint64_t hash)
{
    if (type->kind == LT_TYPE_VOID)
        return hash;
    if (type->kind == LT_TYPE_INTERVAL_CALENDAR)
        return fold_interval(scalar, &value->interval, hash);
    if (type->kind == LT_TYPE_ARRAY) {
        lt_array_materialize(value->array);
        for (uint32_t i = 0; i < value->array->count; i++) {
            if (!lt_bit(value->array->nulls, i))
                hash = fold(scalar, type->fields[0].type, &value->array->values[i], hash);
        }
        return hash;
    }
    if (type->kind == LT_TYPE_STRUCT) {
        for (uint32_t i = 0; i < type->field_count; i++) {
            if (!lt_bit(value->structure->nulls, i))
                hash = fold(scalar, type->fields[i].type, &value->structure->values[i], hash);
        }
        return hash;
    }
    return scalar(type, value, hash);
}

static uint64_t fold_arguments(scalar_fn *scalar, struct lt_machine *machine,
                               const struct lt_call *call)
{
    uint64_t hash = SEED;
    for (uint32_t i = 0; i < call->argument_count; i++) {
        if (!lt_argument_is_null(machine, call, i))
            hash = fold(scalar, call->argument_types[i], lt_argument(machine, call, i), hash);
    }
    return hash;
}

static uint64_t murmur_scalar(const struct lt_type *type, const union lt_value *value,
                              uint64_t seed)
{
    uint8_t room[LT_DECIMAL_BYTES_MAX];
    uint32_t size, hash = (uint32_t)seed;
    uint64_t bits;
    if (is_bytes(type)) {
        const uint8_t *data = bytes_of(type, value, room, &size);
        return lt_hash_murmur(data, size, hash);
    }
    size = fixed_bytes(type, value, &bits);
    hash = murmur_mix(hash, (uint32_t)bits);
    if (size == 8)
        hash = murmur_mix(hash, (uint32_t)(bits >> 32));
    return murmur_finish(hash, size);
}

static uint64_t xxhash_scalar(const struct lt_type *type, const union lt_value *value,
                              uint64_t seed)
{
    uint8_t room[LT_DECIMAL_BYTES_MAX];
    uint32_t size;
    uint64_t bits;
    if (is_bytes(type)) {
        const uint8_t *data = bytes_of(type, value, room, &size);
        return XXH64(data, size, seed);
    }
    size = fixed_bytes(type, value, &bits);
    return XXH64(&bits, size, seed); /* the low bytes come first */
}

uint64_t lt_hash_xxhash64(const struct lt_type *type, const union lt_value *value, uint64_t seed)
{
    return fold(xxhash_scalar, type, value, seed);
}

static enum lt_kernel murmur(struct lt_machine *machine, const struct lt_call *call,
                             union lt_value *out)
{
    out->i64 = (int32_t)(uint32_t)fold_arguments(murmur_scalar, machine, call);
    return LT_KERNEL_VALUE;
}

static enum lt_kernel xxhash64(struct lt_machine *machine, const struct lt_call *call,
                               union lt_value *out)
{
    out->i64 = (int64_t)fold_arguments(xxhash_scalar, machine, call);
    return LT_KERNEL_VALUE;
}

/* Maps have no hash, since equal ones may be in different order. */
static int refuse_maps(struct lt_analyser *analyser, struct lt_expression *call)
{
    for (uint32_t i = 0; i < call->argument_count; i++) {
        if (!lt_type_is_key(call->arguments[i]->type))
            return lt_analyser_mismatch(
                analyser, call, "DATATYPE_MISMATCH.HASH_MAP_TYPE",
                "Input to the function `%s` cannot contain elements of the \"MAP\" type. In Spark, "
                "same maps may have different hashcode, thus hash expressions are prohibited on "
                "\"MAP\" elements. To restore previous behavior set "
                "\"spark.sql.legacy.allowHashOnMapType\" to \"true\".",
                call->name);
    }
    return LT_INFER_LETTERS;
}

/* NULL hashes like nothing. */
static int conclude_hash(struct lt_analyser *analyser, struct lt_expression *call)
{
    (void)analyser;
    call->nullable = false;
    return LT_OK;
}

static enum lt_kernel checksum(struct lt_machine *machine, const struct lt_call *call,
                               union lt_value *out)
{
    struct lt_bytes data = lt_argument_bytes(machine, call, 0);
    out->i64 =
        (int64_t)crc32_z(0, data.size_bytes > 0 ? data.data : (const uint8_t *)"", data.size_bytes);
    return LT_KERNEL_VALUE;
}

#define DETERMINISTIC .is_deterministic = true

static const struct lt_function functions[] = {
    {"hash", NULL, "hash(a, ...)", "Murmur3 of the arguments, as Spark computes it (seed 42).",
     "hash('Spark')", "228093765", LT_NULL_AWARE, DETERMINISTIC, .is_total = true,
     .signatures = {LT_KERNEL("aa*", "i", murmur)}, .infer = refuse_maps,
     .conclude = conclude_hash},
    {"xxhash64", NULL, "xxhash64(a, ...)",
     "XXH64 of the arguments, as Spark computes it (seed 42).", "xxhash64('Spark')",
     "-4294468057691064905", LT_NULL_AWARE, DETERMINISTIC, .is_total = true,
     .signatures = {LT_KERNEL("aa*", "l", xxhash64)}, .infer = refuse_maps,
     .conclude = conclude_hash},
    {"crc32", NULL, "crc32(a)", "The CRC-32 checksum.", "crc32('Spark')", "1557323817",
     DETERMINISTIC, .is_total = true, .signatures = {LT_KERNEL("x", "l", checksum)}},
};

const struct lt_function_group lt_functions_hash = {"hash", functions,
                                                    sizeof functions / sizeof functions[0]};
