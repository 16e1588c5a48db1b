/*
 * What the fakes of a crash world share: crash_world.c is the world, crash_source.c and
 * crash_sink.c act on it.
 */
#ifndef LT_TESTS_CRASH_FAKES_H
#define LT_TESTS_CRASH_FAKES_H

#include "tests/support/crash_world.h"

extern struct crash_world *crash_the_world; /* what the fakes act on */
extern const struct lt_source_type crash_source_type;
extern const struct lt_sink_type *const crash_sink_types[CRASH_SINK_KINDS];

/* A record is in a sink's output. */
void crash_show(struct crash_world *world, uint32_t sink, uint32_t partition, int64_t record);
/* A life begins here in one partition: what the checkpoint made of the one before. */
void crash_begin(struct crash_world *world, uint32_t partition, int64_t position);

#endif
