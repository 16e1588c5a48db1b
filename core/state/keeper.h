/*
 * What keeps a partition of a store on disk, whatever the store is: it finds the files of the
 * version to begin with, gives their entries to be loaded, writes each batch's changes as the next
 * version, and between batches merges files and deletes needless ones.
 *
 * Dealing anew. A run with another number of partitions reads those files of the former partitions
 * that have its key groups. The first version that it writes is a snapshot, merged from them and
 * the batch's changes: so from there on the partition stands by itself. Until nobody can want an
 * older version, the former files stay where they are; then they go, and folders of partitions
 * that there are no more with them (core/state/former.h).
 *
 * on: the thread of the store; open, load and begin wait for the disk.
 */
#ifndef LT_STATE_KEEPER_H
#define LT_STATE_KEEPER_H

#include "core/state/merge.h"

struct lt_state_keeper;

/* Finds the files of the version. Without a root nothing is kept, and there are none. Changes
 * nothing. */
int lt_state_keeper_open(const struct lt_state_options *options, struct lt_state_keeper **out,
                         struct lt_error *error) LT_MUST_USE;
/* A stream of the version's entries, without what was removed: the caller's to destroy. Opened. */
int lt_state_keeper_load(const struct lt_state_keeper *keeper, struct lt_state_merge **out,
                         struct lt_error *error) LT_MUST_USE;
/* The same, but what has changed since version `since`, removals among it, and perhaps changes
 * before it that are the same still. LT_E_NOT_FOUND and no text: the files do not say. */
int lt_state_keeper_load_since(const struct lt_state_keeper *keeper, uint64_t since,
                               struct lt_state_merge **out, struct lt_error *error) LT_MUST_USE;
/* When all has been loaded: deletes what is of later versions, and makes the folder. */
int lt_state_keeper_begin(struct lt_state_keeper *keeper, struct lt_error *error) LT_MUST_USE;

/* Begins to write `version`, which is the current one's next. `changes` is taken over and read
 * until it is durable, perhaps by another thread: what it reads must not change until then. It may
 * be NULL where nothing is kept. */
void lt_state_keeper_prepare(struct lt_state_keeper *keeper, uint64_t version,
                             struct lt_state_stream *changes);
/* 1 durable, 0 not yet, negative failed. */
int lt_state_keeper_prepared(struct lt_state_keeper *keeper, struct lt_error *error);
/* What was prepared is the current version. */
void lt_state_keeper_commit(struct lt_state_keeper *keeper);
/* What was prepared, or is about to be, is not: may wait for the reactor. */
void lt_state_keeper_abort(struct lt_state_keeper *keeper);
/* Begins a merge and some deletions, where they are due and not under way; how many it began. */
uint32_t lt_state_keeper_maintain(struct lt_state_keeper *keeper, uint64_t oldest);
void lt_state_keeper_close(struct lt_state_keeper *keeper); /* NULL is a no-op */

/* False: there is no root, and what is prepared is durable at once and nowhere. */
bool lt_state_keeper_is_kept(const struct lt_state_keeper *keeper);
/* The version was written by a run with another number of partitions: whatever this one may still
 * have of a former run is of a past that is no more. */
bool lt_state_keeper_is_dealt_anew(const struct lt_state_keeper *keeper);
/* The partition's folder; NULL without a root. */
const char *lt_state_keeper_folder(const struct lt_state_keeper *keeper);
/* The version that has been committed last. */
uint64_t lt_state_keeper_version(const struct lt_state_keeper *keeper);
/* The bytes of the last version's file, and of all files of the partition. */
uint64_t lt_state_keeper_last_bytes(const struct lt_state_keeper *keeper);
uint64_t lt_state_keeper_all_bytes(const struct lt_state_keeper *keeper);

#endif
