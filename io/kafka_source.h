/*
 * The source `kafka`: Spark's, option by option (the table in kafka_source.c), over librdkafka.
 */
#ifndef LT_IO_KAFKA_SOURCE_H
#define LT_IO_KAFKA_SOURCE_H

#include "core/flow/connector.h"

extern const struct lt_source_type lt_kafka_source_type;
/* The same as a table that ends: in no catalog, but as that type's `table`. */
extern const struct lt_source_type lt_kafka_table_type;

#endif
