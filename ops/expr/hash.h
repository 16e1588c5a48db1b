/*
 * Spark's hashes (functions_hash.c), for others that need them: Murmur3 of bytes, XXH64 of a value.
 *
 * on: any. Pure.
 */
#ifndef LT_OPS_EXPR_HASH_H
#define LT_OPS_EXPR_HASH_H

#include <stdint.h>

#include "core/data/type.h"
#include "core/data/value.h"

uint32_t lt_hash_murmur(const uint8_t *data, uint32_t size_bytes, uint32_t seed);
/* As xxhash64(value) has it, for a value that is not NULL. */
uint64_t lt_hash_xxhash64(const struct lt_type *type, const union lt_value *value, uint64_t seed);

#endif
