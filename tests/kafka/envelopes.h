/* The envelope of a Kafka record: everything of it that a relay must carry over unchanged.
 *
 * An envelope is a view: it borrows its bytes from the Kafka message or the maker that filled it.
 * Null, empty and non-empty are three distinct things for keys, values and header values, so the
 * size of null is -1.
 */
#ifndef LEAT_TESTS_KAFKA_ENVELOPES_H
#define LEAT_TESTS_KAFKA_ENVELOPES_H

#include "envelopes_judge.h"

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { LT_ENVELOPE_HEADERS_MAX = 64 };

struct lt_bytes {
    const void *data;
    int64_t size_bytes; /* -1 is null */
};

struct lt_envelope_header {
    const char *name;
    struct lt_bytes value;
};

struct lt_envelope {
    struct lt_bytes key;
    struct lt_bytes value;
    int64_t timestamp_ms;
    int64_t offset;
    int32_t partition;
    rd_kafka_timestamp_type_t timestamp_type;
    size_t header_count;
    struct lt_envelope_header headers[LT_ENVELOPE_HEADERS_MAX];
};

/* View a consumed message; valid until the message is destroyed. */
void lt_envelope_view(struct lt_envelope *envelope, const rd_kafka_message_t *message);

/* Identify an envelope by all that must be equal: key, value, headers, timestamp and its type, but
 * not the offset. The partition is what the comparison runs over. */
struct lt_envelope_print lt_envelope_fingerprint(const struct lt_envelope *envelope);

/* Hand a copy to the producer, waiting while its queue is full. */
void lt_envelope_send(rd_kafka_t *producer, const char *topic, const struct lt_envelope *envelope);

/* Print one line that shows the whole envelope, with long bytes cut. */
void lt_envelope_print(FILE *file, const struct lt_envelope *envelope);

/* Print one line for each part in which two envelopes differ. */
void lt_envelope_print_difference(FILE *file, const struct lt_envelope *in,
                                  const struct lt_envelope *out);

/* ---- filter ---- */

enum lt_where_operator {
    LT_WHERE_ALL,
    LT_WHERE_GT,
    LT_WHERE_GE,
    LT_WHERE_LT,
    LT_WHERE_LE,
    LT_WHERE_EQ,
    LT_WHERE_NE
};

/* Which records a relay lets pass, judged by the length of the value in bytes. */
struct lt_where {
    enum lt_where_operator operator;
    int64_t size_bytes;
};

/* Parse "length>N" and its kin; NULL means all. Ends the program when it cannot. */
struct lt_where lt_where_parse(const char *text);

/* A null value passes no comparison, as in SQL. */
bool lt_where_passes(const struct lt_where *where, struct lt_bytes value);

/* ---- maker ---- */

struct lt_envelope_shape {
    uint64_t seed;
    int32_t partitions;
    int64_t big_every;  /* 0: none; else every so many records the value has 900 KiB */
    int64_t size_bytes; /* the largest ordinary value */
};

struct lt_envelope_maker;

/* A maker of awkward envelopes. The caller destroys it. */
struct lt_envelope_maker *lt_envelope_maker_create(const struct lt_envelope_shape *shape);
void lt_envelope_maker_destroy(struct lt_envelope_maker *maker);

/* Make envelope number "index": a function of the seed and the index alone. It borrows from the
 * maker until the next call. */
void lt_envelope_make(struct lt_envelope_maker *maker, uint64_t index,
                      struct lt_envelope *envelope);

/* ---- commands, given the arguments after their own name; they return the exit status ---- */

int lt_envelopes_compare(int argc, char **argv);
int lt_envelopes_copy(int argc, char **argv);

#endif
