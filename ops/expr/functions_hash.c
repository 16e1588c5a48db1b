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

#include "ops/expr/functions.h"

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

static uint32_t murmur_bytes(const uint8_t *data, uint32_t size, uint32_t seed)
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
    *out = (uint64_t)value->i64;
    return type->kind <= LT_TYPE_INT ? 4 : 8;
}

static enum lt_kernel murmur(struct lt_machine *machine, const struct lt_call *call,
                             union lt_value *out)
{
    uint32_t hash = SEED;
    for (uint32_t i = 0; i < call->argument_count; i++) {
        const union lt_value *value = lt_argument(machine, call, i);
        const struct lt_type *type = call->argument_types[i];
        uint64_t bits;
        if (lt_argument_is_null(machine, call, i))
            continue;
        if (lt_type_is_bytes(type)) {
            hash = murmur_bytes(value->bytes.data, value->bytes.size_bytes, hash);
            continue;
        }
        uint32_t size = fixed_bytes(type, value, &bits);
        hash = murmur_mix(hash, (uint32_t)bits);
        if (size == 8)
            hash = murmur_mix(hash, (uint32_t)(bits >> 32));
        hash = murmur_finish(hash, size);
    }
    out->i64 = (int32_t)hash;
    return LT_KERNEL_VALUE;
}

static enum lt_kernel xxhash64(struct lt_machine *machine, const struct lt_call *call,
                               union lt_value *out)
{
    uint64_t hash = SEED;
    for (uint32_t i = 0; i < call->argument_count; i++) {
        const union lt_value *value = lt_argument(machine, call, i);
        const struct lt_type *type = call->argument_types[i];
        uint64_t bits;
        if (lt_argument_is_null(machine, call, i))
            continue;
        if (lt_type_is_bytes(type)) {
            const void *data = value->bytes.size_bytes > 0 ? (const void *)value->bytes.data : "";
            hash = XXH64(data, value->bytes.size_bytes, hash);
            continue;
        }
        uint32_t size = fixed_bytes(type, value, &bits);
        hash = XXH64(&bits, size, hash); /* the low bytes come first */
    }
    out->i64 = (int64_t)hash;
    return LT_KERNEL_VALUE;
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
     "hash('Spark')", "228093765", LT_NULL_AWARE, DETERMINISTIC,
     .signatures = {LT_KERNEL("aa*", "i", murmur)}},
    {"xxhash64", NULL, "xxhash64(a, ...)",
     "XXH64 of the arguments, as Spark computes it (seed 42).", "xxhash64('Spark')",
     "-4294468057691064905", LT_NULL_AWARE, DETERMINISTIC,
     .signatures = {LT_KERNEL("aa*", "l", xxhash64)}},
    {"crc32", NULL, "crc32(a)", "The CRC-32 checksum.", "crc32('Spark')", "1557323817",
     DETERMINISTIC, .signatures = {LT_KERNEL("x", "l", checksum)}},
};

const struct lt_function_group lt_functions_hash = {"hash", functions,
                                                    sizeof functions / sizeof functions[0]};
