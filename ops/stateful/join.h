/*
 * Joins of two streams: the symmetric hash join. Each row is looked up among the rows of the other
 * side that came before it, in this batch or in others, and is then kept for those that come later.
 *
 *   a row comes          late: dropped. A part of the condition that reads its side alone is false:
 *                        it finds no partner, and is not kept
 *   looked up            among the other side's rows of equal keys, by the condition; a NULL among
 *                        the keys is equal to nothing
 *   kept                 with whether it has found a partner
 *   end of the batch     what can find no partner any more by the watermark leaves the state; of a
 *                        side that an outer join preserves it comes out with NULLs if it found none
 *
 *   left semi            a left row comes out once, with its first partner
 *
 * Rows of both sides come interleaved. Spark takes all left rows of a batch first, and is followed
 * where that can be seen, which is in what is counted: a right row that is final on its arrival is
 * not counted where Spark would not keep it, and a left row of a semi join that found only right
 * rows of its own batch is kept. An outer join does not count as removed what it gives out.
 */
#ifndef LT_OPS_STATEFUL_JOIN_H
#define LT_OPS_STATEFUL_JOIN_H

#include "core/base/error.h"
#include "core/flow/operator.h"
#include "core/flow/plan.h"
#include "ops/expr/session.h"

struct lt_join_options {
    const struct lt_plan_stateful *plan;
    const struct lt_type *left, *right, *output; /* schemas */
    const struct lt_session *session;            /* of the condition; NULL: the defaults */
};

/* All of it must outlive the operator. What no state can do is refused: cross joins, anti joins.
 * on: control. */
int lt_join_create(const struct lt_join_options *options, struct lt_operator **out,
                   struct lt_error *error) LT_MUST_USE;

#endif
