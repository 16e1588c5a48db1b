/*
 * "Did you mean ...": the nearest of some names to a mistyped one, by optimal string alignment
 * distance, without regard to case. A name farther away than a third of the longer of the two is no
 * suggestion.
 *
 * on: any. Pure.
 */
#ifndef LT_BASE_NEAREST_H
#define LT_BASE_NEAREST_H

#include <stddef.h>

/* The distance between two names: insertions, deletions, replacements and swaps of neighbours. */
unsigned lt_nearest_distance(const char *a, const char *b);

/* The nearest of `count` names, or NULL when none is near enough. `names[i]` must not be NULL. */
const char *lt_nearest(const char *name, const char *const *names, size_t count);

#endif
