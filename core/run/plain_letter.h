/*
 * Plain dead letters, for sinks of bytes: core/run/dead_letter.h says which columns they have.
 */
#ifndef LT_RUN_PLAIN_LETTER_H
#define LT_RUN_PLAIN_LETTER_H

#include "core/base/arena.h"
#include "core/flow/connector.h"

enum { LT_PLAIN_LETTER_COLUMNS = 11 };

/* In the arena. */
const struct lt_type *lt_plain_letter_schema(struct lt_arena *arena);
/* Fills a letter, claimed from a pool of LT_PLAIN_LETTER_COLUMNS, from the record `root` of
 * `source`, which may be a union. on: the thread of the lane's delivery. */
void lt_plain_letter_fill(struct lt_source *source, struct lt_row *letter,
                          const struct lt_row *root, const struct lt_original *original,
                          const struct lt_fault *fault);

#endif
