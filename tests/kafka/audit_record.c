/* Writes and checks audit records; the layout stands in the header. */
#include "audit_record.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "audit records are written in the byte order of the machine, which must be little endian"
#endif

static const char magic[8] = {'l', 'e', 'a', 't', 'a', 'u', 'd', '1'};

enum {
    PARTITION_AT = 8,
    SIZE_AT = 12,
    SEQUENCE_AT = 16,
    MADE_AT = 24,
    CHECK_AT = 32,
    PADDING_AT = LT_AUDIT_VALUE_BYTES_MIN,
};

static uint64_t checksum(const uint8_t *value, size_t size_bytes)
{
    uint64_t head = XXH3_64bits(value, CHECK_AT);
    return XXH3_64bits_withSeed(value + PADDING_AT, size_bytes - PADDING_AT, head);
}

void lt_audit_encode(const struct lt_audit_record *record, uint8_t key[LT_AUDIT_KEY_BYTES],
                     uint8_t *value)
{
    memcpy(value, magic, sizeof(magic));
    memcpy(value + PARTITION_AT, &record->partition, sizeof(record->partition));
    memcpy(value + SIZE_AT, &record->size_bytes, sizeof(record->size_bytes));
    memcpy(value + SEQUENCE_AT, &record->sequence, sizeof(record->sequence));
    memcpy(value + MADE_AT, &record->made_ns, sizeof(record->made_ns));
    uint64_t word = record->sequence ^ ((uint64_t)record->partition << 48);
    for (size_t at = PADDING_AT; at < record->size_bytes; at += sizeof(word)) {
        size_t left_bytes = record->size_bytes - at;
        word = word * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        memcpy(value + at, &word, left_bytes < sizeof(word) ? left_bytes : sizeof(word));
    }
    uint64_t check = checksum(value, record->size_bytes);
    memcpy(value + CHECK_AT, &check, sizeof(check));
    memcpy(key, value + PARTITION_AT, LT_AUDIT_KEY_BYTES);
}

bool lt_audit_decode(const void *key, size_t key_bytes, const void *value, size_t value_bytes,
                     struct lt_audit_record *record)
{
    const uint8_t *bytes = value;
    uint64_t check = 0;
    if (!key || key_bytes != LT_AUDIT_KEY_BYTES || !value || value_bytes < LT_AUDIT_VALUE_BYTES_MIN)
        return false;
    memcpy(&record->partition, bytes + PARTITION_AT, sizeof(record->partition));
    memcpy(&record->size_bytes, bytes + SIZE_AT, sizeof(record->size_bytes));
    memcpy(&record->sequence, bytes + SEQUENCE_AT, sizeof(record->sequence));
    memcpy(&record->made_ns, bytes + MADE_AT, sizeof(record->made_ns));
    memcpy(&check, bytes + CHECK_AT, sizeof(check));
    return memcmp(bytes, magic, sizeof(magic)) == 0 && record->size_bytes == value_bytes &&
           check == checksum(bytes, value_bytes) &&
           memcmp(key, bytes + PARTITION_AT, LT_AUDIT_KEY_BYTES) == 0;
}
