/*
 * What a partition has, by the word of its broker: from its earliest record to its very end, which
 * is asked where a position and an end do not agree.
 *
 * With isolation.level=read_committed a broker answers every question for the end with the last
 * stable offset, and a position behind that may be good: a transaction is open. Only a client that
 * reads uncommitted records hears where the partition really ends. It is opened when the question
 * comes up, which is when something is amiss, and kept then.
 */
#ifndef LT_IO_KAFKA_EXTENT_H
#define LT_IO_KAFKA_EXTENT_H

#include <stdint.h>

#include "io/kafka_source_internal.h"

struct lt_kafka_extent {
    int64_t low, high; /* the earliest record; behind the last one */
};

/* Asks, and waits two seconds for the answer at most. RD_KAFKA_RESP_ERR_NO_ERROR: *out is filled.
 * `client` is asked, or, with read_committed, *uncommitted, which is opened if it is NULL and which
 * the caller closes. on: the thread that owns both; never while rows wait for it. */
rd_kafka_resp_err_t lt_kafka_extent_ask(const struct lt_kafka_source *source,
                                        struct lt_kafka_client *client,
                                        struct lt_kafka_client **uncommitted,
                                        const struct lt_kafka_partition *partition,
                                        struct lt_kafka_extent *out);

/* True for an error that says: there is no such partition. */
bool lt_kafka_is_gone(rd_kafka_resp_err_t err);

#endif
