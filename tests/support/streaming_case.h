/*
 * One recorded query of a live Spark, run by leat (tests/conformance/streaming/README.md): its
 * sources as folders of JSON files that come one a batch, the query, and what is compared of each
 * batch.
 */
#ifndef LT_TESTS_STREAMING_CASE_H
#define LT_TESTS_STREAMING_CASE_H

#include "tests/support/facts.h"

struct streaming_setup {
    const char *workers; /* the option shufflePartitions; NULL: by itself */
    const char *store;   /* the state store's provider; NULL: the default */
};

/* What is different, as lines; NULL: nothing is. In the arena. `document` is the case's file. */
const char *streaming_case_run(const char *document, const struct streaming_setup *setup,
                               struct lt_arena *arena);
/* A file of refused queries: how many there are, and what is different about one. */
uint32_t streaming_refused_count(const char *document, struct lt_arena *arena);
const char *streaming_refused_run(const char *document, uint32_t index, struct lt_arena *arena);

#endif
