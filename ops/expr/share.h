/*
 * Common subexpressions: what was computed already is not computed again.
 *
 * While expressions are compiled, each that got a register of its own is remembered for as long as
 * the code that follows cannot be reached without it. A region is code that may be jumped over, or
 * that runs several times (a branch of CASE, the right side of AND, the body of a lambda): what is
 * computed in it is known until it ends, what was computed before it stays known. So nothing is
 * computed earlier than it was written, or at all where it would not have been, and no fault
 * appears or disappears but the second of two equal ones.
 *
 * on: control.
 */
#ifndef LT_OPS_EXPR_SHARE_H
#define LT_OPS_EXPR_SHARE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/flow/expression.h"

struct lt_shared_value; /* one that is known */

struct lt_share {
    struct lt_shared_value *values; /* oldest first */
    uint32_t *heads;                /* by hash: 1 + the newest of that hash; 0: none */
    uint32_t count, capacity;
    bool is_off;
};

/* Frees what the table holds. */
void lt_share_fini(struct lt_share *share);

/* The register that holds the value of the expression; UINT32_MAX: none does. `*hash` is for
 * lt_share_add; 0 where the expression is not to be remembered. */
uint32_t lt_share_find(struct lt_share *share, const struct lt_expression *node, uint64_t *hash);
/* The register holds the value from here on. */
void lt_share_add(struct lt_share *share, const struct lt_expression *node, uint64_t hash,
                  uint32_t in);

/* Is the expression's value in a register? */
bool lt_share_knows(struct lt_share *share, const struct lt_expression *node);
/* Was a path into the JSON text of this column looked up? */
bool lt_share_knows_json_of(const struct lt_share *share, const struct lt_expression *base);

/* Begins a region; ends it by what was returned. */
static inline uint32_t lt_share_enter(const struct lt_share *share)
{
    return share->count;
}
void lt_share_leave(struct lt_share *share, uint32_t entered);

#endif
