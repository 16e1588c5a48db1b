/*
 * The store that keeps entries in RocksDB; see rocksdb_store.c.
 */
#ifndef LT_STATE_ROCKSDB_STORE_H
#define LT_STATE_ROCKSDB_STORE_H

#include "core/state/store.h"

/* As lt_state_open. */
int lt_state_rocksdb_open(const struct lt_state_options *options, struct lt_state_store **out,
                          struct lt_error *error) LT_MUST_USE;

/* Another provider goes on with what is in a partition's folder: the live copy would be one of a
 * past that is no more. */
void lt_state_rocksdb_forget(const char *root, uint32_t partition, const char *name);

#endif
