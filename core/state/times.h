/*
 * Which entries become final, in the order of when: a set of pairs of a time and the hash of a key.
 *
 * It knows hashes and not entries, so an entry may move in memory without a word here. Keys that
 * have one hash and one time are one pair; who looks them up finds all of them.
 *
 * on: one thread at a time.
 */
#ifndef LT_STATE_TIMES_H
#define LT_STATE_TIMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lt_state_time {
    int64_t at;
    uint64_t hash;
};

struct lt_state_times;

struct lt_state_times *lt_state_times_create(void);
void lt_state_times_destroy(struct lt_state_times *times); /* NULL is a no-op */
/* A pair that is there already stays. */
void lt_state_times_add(struct lt_state_times *times, struct lt_state_time time);
/* False: it was not there. */
bool lt_state_times_remove(struct lt_state_times *times, struct lt_state_time time);
/* Fills a set that is empty; the pairs ascend and differ. */
void lt_state_times_build(struct lt_state_times *times, const struct lt_state_time *list,
                          size_t count);
/* The first pair that is above `after` (NULL: the first of all); false if there is none. */
bool lt_state_times_next(const struct lt_state_times *times, const struct lt_state_time *after,
                         struct lt_state_time *out);
size_t lt_state_times_count(const struct lt_state_times *times);
size_t lt_state_times_bytes(const struct lt_state_times *times);

#endif
