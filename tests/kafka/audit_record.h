/* The audit record: 40 bytes that prove themselves, then padding that follows from them.
 *
 * Value, little endian:
 *   0   8  "leataud1"
 *   8   4  partition the record was written to
 *   12  4  size of the whole value in bytes
 *   16  8  sequence number within the partition
 *   24  8  wall clock when it was made, ns
 *   32  8  XXH3 of bytes 0-31, and of the padding from 40 on
 *   40  -  padding drawn from partition and sequence number
 * The key holds bytes 8-23 of the value, so that a key with another record's value shows.
 */
#ifndef LEAT_TESTS_KAFKA_AUDIT_RECORD_H
#define LEAT_TESTS_KAFKA_AUDIT_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    LT_AUDIT_KEY_BYTES = 16,
    LT_AUDIT_VALUE_BYTES_MIN = 40,
    LT_AUDIT_VALUE_BYTES_MAX = 1 << 20,
};

struct lt_audit_record {
    uint64_t sequence;
    int64_t made_ns;
    uint32_t partition;
    uint32_t size_bytes;
};

/* Write key and value; the value must have room for record->size_bytes. */
void lt_audit_encode(const struct lt_audit_record *record, uint8_t key[LT_AUDIT_KEY_BYTES],
                     uint8_t *value);

/* Read and check a record. Returns false when any byte of key or value is not as it was written. */
bool lt_audit_decode(const void *key, size_t key_bytes, const void *value, size_t value_bytes,
                     struct lt_audit_record *record);

#endif
