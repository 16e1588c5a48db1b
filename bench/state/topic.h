/*
 * A topic of one partition that is filled once and then read by all engines.
 *
 * on: main.
 */
#ifndef LT_BENCH_STATE_TOPIC_H
#define LT_BENCH_STATE_TOPIC_H

#include <stdbool.h>

#include "bench/state/events.h"

enum { TOPIC_NAME_BYTES = 96 };

/* Makes the topic and writes all rows, in order. The records' keys are the rows' keys, or the other
 * number. */
void topic_fill(const char *bootstrap, const char *name, const struct events *events,
                bool is_keyed_by_other);
void topic_delete(const char *bootstrap, const char *name);

#endif
