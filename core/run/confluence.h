/*
 * The input of an instance that has several: a ring from each stage that feeds it, read in turn. Of
 * each ring what comes first is what a batch is, and what comes last its marker; a ring whose
 * marker has come waits for the others.
 *
 * on: the instance's thread; rings are added before it runs.
 */
#ifndef LT_RUN_CONFLUENCE_H
#define LT_RUN_CONFLUENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/error.h"
#include "core/flow/operator.h"
#include "core/flow/ring.h"

struct lt_inflow {
    struct lt_ring *ring;
    bool is_right; /* rows are of the join's second input */
    bool is_marked;
    uint32_t expected; /* rows at its front that the operator has been told of */
};

struct lt_confluence {
    struct lt_inflow *inflows;
    uint32_t count;
    uint32_t turn; /* who is read first in the next step */
    uint32_t marked_count;
    bool has_begun; /* the batch at hand */
    uint64_t epoch; /* of the markers that have come */
};

/* Adds a ring, which the caller fills. */
int lt_confluence_add(struct lt_confluence *confluence, bool is_right, struct lt_ring **out,
                      struct lt_error *error) LT_MUST_USE;
/* Tells the operator, which expects rows, of those that stand at the ring's front. */
void lt_inflow_tell(struct lt_inflow *inflow, struct lt_operator *op);
/* Releases what is in the rings, and frees them. A zeroed one is a no-op. */
void lt_confluence_fini(struct lt_confluence *confluence);

/* All markers have come. */
static inline bool lt_confluence_is_marked(const struct lt_confluence *confluence)
{
    return confluence->marked_count == confluence->count;
}
/* The marker has gone on: the next batch may come. */
void lt_confluence_pass(struct lt_confluence *confluence);

#endif
