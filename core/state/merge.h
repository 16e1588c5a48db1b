/*
 * One stream made of several, of which the newer ones hide the older: the chain of files of a
 * version, the chains of several partitions that are dealt anew, and the changes of a batch that is
 * about to be written upon them. What a snapshot is made of, and what a store is loaded from, is
 * the same stream.
 *
 * on: one thread at a time; waits for the disk.
 */
#ifndef LT_STATE_MERGE_H
#define LT_STATE_MERGE_H

#include "core/state/file_reader.h"

/* A file to be read. */
struct lt_state_input {
    char *path; /* owned by the list */
    struct lt_state_expected expected;
};

/* Newest first, as far as they can have a key in common. */
struct lt_state_inputs {
    struct lt_state_input *list;
    size_t count;
    uint32_t first_group, end_group; /* what is wanted of them */
};

void lt_state_inputs_add(struct lt_state_inputs *inputs, const char *path,
                         const struct lt_state_expected *expected);
void lt_state_inputs_fini(struct lt_state_inputs *inputs);

struct lt_state_merge;

/* Takes the inputs over. `newest`: a stream that hides all of them, taken over too; or NULL.
 * `drop_removed`: keys that were removed last do not come. Nothing is opened yet. */
struct lt_state_merge *lt_state_merge_create(struct lt_state_inputs *inputs,
                                             struct lt_state_stream *newest, bool drop_removed);
/* Opens the files; otherwise the first next does. */
int lt_state_merge_open(struct lt_state_merge *merge, struct lt_error *error) LT_MUST_USE;
/* About how many entries will come of the files: more where they hide each other; after open. */
uint64_t lt_state_merge_entries_guess(const struct lt_state_merge *merge);
struct lt_state_stream *lt_state_merge_stream(struct lt_state_merge *merge);
void lt_state_merge_destroy(struct lt_state_merge *merge); /* NULL is a no-op */

#endif
