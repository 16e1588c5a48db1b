/*
 * Literals that a text must have for a regular expression to match in it: found while the pattern
 * is translated, looked for before the pattern is tried.
 *
 * Each set is a list of alternatives of which one must be there; all sets must hold. "
 * /(cart|item)/ [0-9]+ .*page=" gives {" /cart/", " /item/"} and {"page="}. Only what stands at the
 * top of the pattern counts, groups of mere literals with it, and only ASCII in its own case: what
 * is left out costs time, never a match.
 *
 * Which set is worth looking for depends on the texts: all are tried on a few of them now and then,
 * and the one that has ruled out the most is used until the next time, if it has ruled out enough.
 *
 * on: control for the walk, then the program's thread. Nothing allocates.
 */
#ifndef LT_OPS_EXPR_REGEXP_LITERALS_H
#define LT_OPS_EXPR_REGEXP_LITERALS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/data/value.h"

enum { LT_LITERAL_SETS = 4, LT_LITERAL_ALTERNATIVES = 8, LT_LITERAL_BYTES = 31 };

struct lt_literal_set {
    uint32_t count;
    struct lt_literal {
        uint8_t size_bytes, bytes[LT_LITERAL_BYTES];
        uint8_t first, second; /* of the needle that is looked for, once the walk has ended */
    } literals[LT_LITERAL_ALTERNATIVES];
};

struct lt_regexp_literals {
    uint32_t set_count;
    struct lt_literal_set sets[LT_LITERAL_SETS];
    /* Which sets pay: texts until the next trial begins, texts of this trial so far, and how many
     * of them each set has ruled out. */
    uint32_t until_trial, tried_count;
    uint32_t ruled_out[LT_LITERAL_SETS];
    int32_t used; /* the set that is looked for; -1: none */
};

/* False: no match can be in the text. */
bool lt_regexp_literals_may_match(struct lt_regexp_literals *literals, const struct lt_bytes *text);

/* The walk over the pattern, told what it is made of, from the left to the right. */
struct lt_literal_walk {
    struct lt_regexp_literals *out;
    struct lt_literal_set now, before; /* what is at hand, and without its last part */
    struct lt_literal_set group;       /* of the group at the top that is open */
    uint32_t depth;                    /* groups open */
    bool is_plain;                     /* the group has had only literals so far */
    bool is_void;                      /* the pattern has alternatives at its top: no set holds */
};

void lt_literal_walk_begin(struct lt_literal_walk *walk, struct lt_regexp_literals *out);
void lt_literal_walk_character(struct lt_literal_walk *walk, uint8_t c);
/* Anything else that is one part: a class, an edge, a reference. */
void lt_literal_walk_other(struct lt_literal_walk *walk);
/* `is_looking`: it looks ahead or behind. */
void lt_literal_walk_open(struct lt_literal_walk *walk, bool is_looking);
void lt_literal_walk_close(struct lt_literal_walk *walk);
void lt_literal_walk_or(struct lt_literal_walk *walk);
/* The last part is repeated; `may_be_none`: or left out. */
void lt_literal_walk_repeat(struct lt_literal_walk *walk, bool may_be_none);
void lt_literal_walk_end(struct lt_literal_walk *walk);

#endif
