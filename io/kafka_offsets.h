/*
 * Positions as text, in Spark's form: {"topicA":{"0":23,"1":345},"topicB":{"0":12}}, and partitions
 * as the option `assign` has them: {"topicA":[0,1]}.
 *
 * on: any. Pure. Control plane.
 */
#ifndef LT_IO_KAFKA_OFFSETS_H
#define LT_IO_KAFKA_OFFSETS_H

#include <stdint.h>

#include "core/base/error.h"
#include "core/base/text_buffer.h"

/* One partition of one topic. */
struct lt_kafka_partition {
    const char *topic;
    int32_t id;
};

/* Gets each entry in the order of the text; `number` is 0 from the `assign` form. A negative code
 * ends the walk. */
typedef int lt_kafka_entry_fn(void *context, const char *topic, int32_t partition, int64_t number,
                              struct lt_error *error);

/* Walks {"topic":{"0":23}}. Errors name line and column. */
int lt_kafka_offsets_parse(const char *json, lt_kafka_entry_fn *visit, void *context,
                           struct lt_error *error) LT_MUST_USE;
/* Walks {"topic":[0,1]}. */
int lt_kafka_assign_parse(const char *json, lt_kafka_entry_fn *visit, void *context,
                          struct lt_error *error) LT_MUST_USE;

/* Order of the log: by topic, then by partition number. */
int lt_kafka_partition_compare(const struct lt_kafka_partition *a,
                               const struct lt_kafka_partition *b);

/* Appends the offset form. `partitions` are sorted; `offsets` are read at `stride_bytes` distance,
 * so that an array of positions serves; negative offsets (not known yet) are left out. */
void lt_kafka_offsets_print(const struct lt_kafka_partition *partitions, const int64_t *offsets,
                            size_t stride_bytes, uint32_t count, struct lt_text_buffer *out);

#endif
