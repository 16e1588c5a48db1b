/*
 * The sink `noop`: Spark's. Everything is planned and run, rows are counted and released; for
 * measuring what lies before the sink.
 */
#ifndef LT_IO_NOOP_H
#define LT_IO_NOOP_H

#include "core/flow/connector.h"

extern const struct lt_sink_type lt_noop_sink_type;

#endif
