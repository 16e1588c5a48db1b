/*
 * What a benchmark record carries, and how it is judged on arrival.
 *
 * The value holds the intended send time, the run it belongs to, its number within the partition
 * and a hash over all of it; the key holds the number, the Kafka timestamp is made from it. So the
 * reader can tell, of each record by itself, whether it is whole, whose it is and where it stands.
 * One in a thousand has a header with its number in it: enough to see that headers come through,
 * and too few to weigh in a latency or a drain.
 *
 * One slot in a hundred is followed by a short record that the relay must filter away.
 *
 * A tally belongs to one thread.
 */
#ifndef BENCH_RELAY_PAYLOAD_H
#define BENCH_RELAY_PAYLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    LT_BENCH_VALUE_BYTES_MIN = 64,
    LT_BENCH_VALUE_BYTES_MAX = 1 << 20,
    LT_BENCH_SHORT_EVERY = 100,
    LT_BENCH_SHORT_BYTES = 8, /* the query keeps what is longer */
    LT_BENCH_HEADER_EVERY = 1000,
};

/* The name of the only header. */
#define LT_BENCH_HEADER_NAME "number"

struct lt_bench_payload {
    uint64_t hash; /* of all that follows in the value */
    int64_t intended_ns;
    uint64_t sequence;
    uint32_t partition;
    uint32_t run;
};

/* Fills `value` (at least LT_BENCH_VALUE_BYTES_MIN). */
void lt_bench_payload_fill(void *value, size_t size_bytes, const struct lt_bench_payload *fields);
/* The Kafka timestamp, in ms, of a record. */
int64_t lt_bench_payload_timestamp_ms(uint64_t sequence);
/* Whether it has a header, whose value is the sequence in the host's byte order. */
bool lt_bench_payload_has_header(uint64_t sequence);

/* One record as it was read. */
struct lt_bench_arrival {
    const void *value;
    size_t value_bytes;
    const void *key;
    size_t key_bytes;
    int64_t timestamp_ms;
    int32_t partition;
    size_t header_count;
    const char *header_name; /* of the first header; NULL when there is none */
    const void *header_value;
    size_t header_bytes;
};

/* What one run brought, each record counted once in one of the faults. */
struct lt_bench_tally {
    uint32_t run;
    uint32_t partition_count;
    uint64_t per_partition; /* capacity: records expected in each partition at most */
    uint8_t *seen;          /* partition_count x per_partition */
    uint64_t *next;         /* per partition: one above the highest number seen */
    uint64_t intact;        /* distinct, whole records */
    uint64_t duplicates;
    uint64_t reordered;
    uint64_t corrupt;
    uint64_t unfiltered; /* short records that came through */
    uint64_t changed;    /* whole records whose key, timestamp or headers are not as sent */
};

void lt_bench_tally_init(struct lt_bench_tally *tally, uint32_t run, uint32_t partition_count,
                         uint64_t per_partition);
void lt_bench_tally_fini(struct lt_bench_tally *tally);
/* Returns whether the record is whole and new, and then fills `fields`. */
bool lt_bench_tally_take(struct lt_bench_tally *tally, const struct lt_bench_arrival *arrival,
                         struct lt_bench_payload *fields);

#endif
