/*
 * A state store that is as simple as can be, for tests of what uses stores. It watches over what a
 * store's users may do: bytes that were lent move as soon as they may (so that a sanitizer sees who
 * reads them later), and a store that changes under a cursor stops the program.
 */
#ifndef LT_TESTS_SUPPORT_MODEL_STORE_H
#define LT_TESTS_SUPPORT_MODEL_STORE_H

#include "core/state/store.h"

struct lt_state_store *model_store_create(void);
/* One that is told keys ahead, as that in RocksDB: at the time what gets have given moves. */
struct lt_state_store *model_store_create_told_ahead(void);
/* `close` does nothing, so that an operator can be opened on the same state again; this frees. */
void model_store_destroy(struct lt_state_store *store);
/* Changes one bit of one value, which ones is the seed's choice. False: there is no entry. */
bool model_store_damage(struct lt_state_store *store, uint64_t seed);
/* From now on each get fails as one of RocksDB does: it says that there is nothing, and the store
 * has a fault. */
void model_store_break(struct lt_state_store *store);

#endif
