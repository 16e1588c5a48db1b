#include "bench/relay/payload.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "bench/relay/machine.h"

static uint64_t hash_of(const void *value, size_t size_bytes)
{
    size_t hash_bytes = sizeof(uint64_t);
    return XXH3_64bits((const char *)value + hash_bytes, size_bytes - hash_bytes);
}

/* Text-like filler that differs from record to record: numbers in a row, starting at the sequence.
 */
void lt_bench_payload_fill(void *value, size_t size_bytes, const struct lt_bench_payload *fields)
{
    char *bytes = value;
    struct lt_bench_payload header = *fields;
    uint64_t word = fields->sequence * 0x9e3779b97f4a7c15u;
    size_t at = sizeof header;
    for (; at + sizeof word <= size_bytes; at += sizeof word) {
        memcpy(bytes + at, &word, sizeof word);
        word += 0x9e3779b97f4a7c15u;
    }
    memset(bytes + at, '.', size_bytes - at);
    memcpy(bytes, &header, sizeof header);
    header.hash = hash_of(bytes, size_bytes);
    memcpy(bytes, &header, sizeof header);
}

int64_t lt_bench_payload_timestamp_ms(uint64_t sequence)
{
    const int64_t some_day_ms = 1700000000000;
    return some_day_ms + (int64_t)(sequence % 1000003);
}

bool lt_bench_payload_has_header(uint64_t sequence)
{
    return sequence % LT_BENCH_HEADER_EVERY == LT_BENCH_HEADER_EVERY / 2;
}

void lt_bench_tally_init(struct lt_bench_tally *tally, uint32_t run, uint32_t partition_count,
                         uint64_t per_partition)
{
    *tally = (struct lt_bench_tally){
        .run = run, .partition_count = partition_count, .per_partition = per_partition};
    tally->seen = lt_bench_alloc(partition_count, per_partition);
    tally->next = lt_bench_alloc(partition_count, sizeof *tally->next);
}

void lt_bench_tally_fini(struct lt_bench_tally *tally)
{
    free(tally->seen);
    free(tally->next);
    tally->seen = NULL;
    tally->next = NULL;
}

static bool is_whole(const struct lt_bench_tally *tally, const struct lt_bench_arrival *arrival,
                     struct lt_bench_payload *fields)
{
    if (arrival->value_bytes < LT_BENCH_VALUE_BYTES_MIN)
        return false;
    memcpy(fields, arrival->value, sizeof *fields);
    return fields->hash == hash_of(arrival->value, arrival->value_bytes) &&
           fields->run == tally->run && fields->partition < tally->partition_count &&
           fields->partition == (uint32_t)arrival->partition &&
           fields->sequence < tally->per_partition;
}

static bool is_number(const void *bytes, size_t size_bytes, uint64_t sequence)
{
    return size_bytes == sizeof sequence && memcmp(bytes, &sequence, sizeof sequence) == 0;
}

static bool has_headers_as_sent(const struct lt_bench_arrival *arrival, uint64_t sequence)
{
    if (!lt_bench_payload_has_header(sequence))
        return arrival->header_count == 0;
    return arrival->header_count == 1 && strcmp(arrival->header_name, LT_BENCH_HEADER_NAME) == 0 &&
           is_number(arrival->header_value, arrival->header_bytes, sequence);
}

bool lt_bench_tally_take(struct lt_bench_tally *tally, const struct lt_bench_arrival *arrival,
                         struct lt_bench_payload *fields)
{
    if (arrival->value_bytes == LT_BENCH_SHORT_BYTES) {
        tally->unfiltered++;
        return false;
    }
    if (!is_whole(tally, arrival, fields)) {
        tally->corrupt++;
        return false;
    }
    uint8_t *seen = &tally->seen[fields->partition * tally->per_partition + fields->sequence];
    if (*seen) {
        tally->duplicates++;
        return false;
    }
    *seen = 1;
    tally->intact++;
    if (fields->sequence < tally->next[fields->partition])
        tally->reordered++;
    else
        tally->next[fields->partition] = fields->sequence + 1;
    if (!is_number(arrival->key, arrival->key_bytes, fields->sequence) ||
        arrival->timestamp_ms != lt_bench_payload_timestamp_ms(fields->sequence) ||
        !has_headers_as_sent(arrival, fields->sequence))
        tally->changed++;
    return true;
}
