/*
 * What the control agent has heard from the readers of a query in micro-batches: that there is
 * more, which they say once. The next batch makes them tell anew. Where the sources were asked and
 * have nothing that is read (a file that was read already is written again), there is no batch, and
 * they are told to tell anew: not at once, but after some times as long as it took to ask, so that
 * what changes all the time and is never to be read costs a small part of the thread.
 *
 * on: the control thread.
 */
#ifndef LT_RUN_HEARING_H
#define LT_RUN_HEARING_H

#include <stdbool.h>
#include <stdint.h>

struct lt_hearing {
    bool is_told;      /* readers have heard of more since the last batch began */
    int64_t listen_ns; /* when they are to tell anew; LT_NEVER_NS: they do, or will */
};

/* A batch begins; and at first. */
void lt_hearing_begin(struct lt_hearing *hearing);
/* The sources were asked from `begun_ns` on, for so long, and there is nothing. */
void lt_hearing_found_nothing(struct lt_hearing *hearing, int64_t begun_ns, int64_t asked_ns);
/* Readers that have told are still to be told to tell anew. */
bool lt_hearing_is_deaf(const struct lt_hearing *hearing);
/* The sooner of that time and another. */
int64_t lt_hearing_deadline_ns(const struct lt_hearing *hearing, int64_t other_ns);

#endif
