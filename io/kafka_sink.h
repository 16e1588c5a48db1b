/*
 * The sink `kafka`: Spark's, option by option (the table in kafka_sink.c), over librdkafka; with an
 * idempotent producer, and the column `timestamp` in addition.
 */
#ifndef LT_IO_KAFKA_SINK_H
#define LT_IO_KAFKA_SINK_H

#include "core/flow/connector.h"

extern const struct lt_sink_type lt_kafka_sink_type;

#endif
