/*
 * The store that keeps all entries in memory; see memory_store.c.
 */
#ifndef LT_STATE_MEMORY_STORE_H
#define LT_STATE_MEMORY_STORE_H

#include "core/state/store.h"

/* As lt_state_open. */
int lt_state_memory_open(const struct lt_state_options *options, struct lt_state_store **out,
                         struct lt_error *error) LT_MUST_USE;

#endif
