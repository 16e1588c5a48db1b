/*
 * The changes of a batch, which a store has in no order, as a stream in the order of a file.
 *
 * on: one thread at a time.
 */
#ifndef LT_STATE_SORTED_H
#define LT_STATE_SORTED_H

#include "core/state/change.h"

/* Changes by number: what a store has to say of them. They stay as they are, and the context where
 * it is, until the stream is destroyed. */
struct lt_state_numbered {
    const void *context;
    uint32_t count;
    /* The hash of a change's key; false: it is none, since its key came and went. */
    bool (*hash)(const void *context, uint32_t number, uint64_t *out);
    void (*get)(const void *context, uint32_t number, struct lt_state_change *out);
};

struct lt_state_stream *lt_state_sorted_create(const struct lt_state_numbered *changes);

#endif
