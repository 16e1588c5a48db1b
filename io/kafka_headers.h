/*
 * The column `headers` of a row that came from Kafka: a native array (core/data/value.h). As long
 * as nobody looks at an element, the headers stay the librdkafka object that the message carries; a
 * Kafka sink hands that object on. Elements are made in memory that was reserved when the row was
 * filled, so making them allocates nothing.
 *
 * A message without headers costs nothing: its column is NULL.
 */
#ifndef LT_IO_KAFKA_HEADERS_H
#define LT_IO_KAFKA_HEADERS_H

#include <librdkafka/rdkafka.h>

#include "core/data/row.h"

/* native.kind; native.object is the consumed rd_kafka_message_t that carries the headers. */
extern const char lt_kafka_headers_kind;

/* True for a row that a Kafka reader made, and that still holds its message. */
bool lt_kafka_row_is_consumed(const struct lt_row *row);

/* The column's value for a row that holds `message`, or NULL when the message has no headers.
 * Parses them once. NULL and *is_broken when they cannot be parsed or there is no memory for them.
 * on: the reader's thread. */
struct lt_array *lt_kafka_headers_of(struct lt_row *row, const rd_kafka_message_t *message,
                                     bool *is_broken);

/* An array of elements in the row's scratch, with copies of all bytes: for a row that outlives the
 * message. NULL when there is no memory. */
struct lt_array *lt_kafka_headers_copy_into(struct lt_row *row, const rd_kafka_headers_t *headers);

/* librdkafka headers for a produced message from any array<struct<key:string,value:binary>>, to be
 * owned by the caller. NULL and *error set to a sentence when a header cannot be expressed (a key
 * that is NULL). An array of consumed headers is copied, or, when `may_take`, moved out of its
 * message: lt_kafka_headers_give_back() undoes it. */
rd_kafka_headers_t *lt_kafka_headers_make(const struct lt_array *array, bool may_take,
                                          const char **problem);

/* True for an array of consumed headers: only those can move. */
bool lt_kafka_headers_can_move(const struct lt_array *array);
/* True when they have moved. */
bool lt_kafka_headers_are_taken(const struct lt_array *array);

/* Puts headers that were moved back into the message they came from. Takes `headers`. */
void lt_kafka_headers_give_back(const struct lt_array *array, rd_kafka_headers_t *headers);

/* What they take in a record of the current format. */
size_t lt_kafka_headers_size_bytes(const rd_kafka_headers_t *headers);

/* Bytes of a number in Kafka's variable-length form. */
static inline size_t lt_kafka_varint_size_bytes(int64_t number)
{
    uint64_t zigzag = ((uint64_t)number << 1) ^ (uint64_t)(number >> 63);
    size_t size_bytes = 1;
    while (zigzag >= 0x80) {
        zigzag >>= 7;
        size_bytes++;
    }
    return size_bytes;
}

#endif
