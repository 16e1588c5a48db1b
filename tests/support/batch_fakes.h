/*
 * What the fakes of a batch world share: batch_world.c is the world, batch_source.c, batch_sink.c
 * and batch_directory.c act on it.
 */
#ifndef LT_TESTS_BATCH_FAKES_H
#define LT_TESTS_BATCH_FAKES_H

#include "tests/support/batch_world.h"

extern struct batch_world *batch_the_world; /* what the fakes act on */
extern const struct lt_source_type batch_source_types[BATCH_SOURCES];
extern const struct lt_sink_type batch_sink_types[BATCH_DIRECTORY];
extern const struct lt_sink_type batch_directory_type;

#endif
