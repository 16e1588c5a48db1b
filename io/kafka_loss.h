/*
 * Records that a query asked for and the brokers have no more: Spark's conditions for it, to the
 * word, and a partition's name in them ("topic-0").
 */
#ifndef LT_IO_KAFKA_LOSS_H
#define LT_IO_KAFKA_LOSS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/error.h"

/* LT_E_DATA_LOSS with KAFKA_DATA_LOSS.<reason> for its condition, and Spark's preamble before what
 * the format makes. on: any. */
int lt_kafka_lose(struct lt_error *error, const char *reason, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* As that for partitions, `names` as Spark separates them, that were deleted; `has_group`: the
 * query shares a consumer group that the user named, which may be why. on: any. */
int lt_kafka_lose_partitions(struct lt_error *error, const char *names, uint32_t count,
                             bool has_group);
/* As that for partitions that were added and deleted before the query knew where they begin. */
int lt_kafka_lose_added(struct lt_error *error, const char *names, uint32_t count);

#endif
