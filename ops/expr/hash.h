/*
 * Spark's Murmur3 (functions_hash.c), for others that need a hash of bytes.
 *
 * on: any. Pure.
 */
#ifndef LT_OPS_EXPR_HASH_H
#define LT_OPS_EXPR_HASH_H

#include <stdint.h>

uint32_t lt_hash_murmur(const uint8_t *data, uint32_t size_bytes, uint32_t seed);

#endif
