/*
 * The folders of partitions that a run before had and this one has not: deleted, with all that is
 * in them, when no version that is kept is made of them any more.
 *
 * A version's files are all in the folders of the partitions that it was written by, so a folder
 * whose newest version is older than the oldest that is kept is needed by none. A crash in between
 * leaves a part of such a folder, which the next run deletes.
 *
 * One store of an operator, by whoever has its partition 0. Folders are looked through once at the
 * start, and again when what was found can be deleted; the reactor's helper does it.
 *
 * on: the thread of the store.
 */
#ifndef LT_STATE_FORMER_H
#define LT_STATE_FORMER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/flow/reactor.h"

struct lt_state_former;

/* `root` and `name` (NULL: the operator's only store) as of lt_state_options; they outlive it. */
struct lt_state_former *lt_state_former_create(const char *root, const char *name,
                                               uint32_t partition_count,
                                               struct lt_reactor *reactor);
/* Begins what is due, if nothing is under way: 1, else 0. `oldest`: no version below it is kept. */
uint32_t lt_state_former_maintain(struct lt_state_former *former, uint64_t oldest);
/* Waits for what is under way. NULL is a no-op. */
void lt_state_former_destroy(struct lt_state_former *former);

#endif
