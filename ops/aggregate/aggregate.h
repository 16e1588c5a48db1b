/*
 * Aggregates at work: the states of the aggregate functions of one AGGREGATE node, side by side in
 * one block of memory for each group.
 *
 *     bind      once: functions, types and constants of the node -> struct lt_aggregates
 *     update    a row into a state          (lanes; and where there is no partial aggregation)
 *     merge     a state into another        (a lane's into what the store has, sessions that meet)
 *     evaluate  the columns of the result
 *     write, read   the stable byte form: what goes through an exchange and into the store
 *
 * A state is lt_aggregates_size_bytes() of memory, aligned to 16. *Zeroed bytes are the state of no
 * row*: nothing is to be initialised, and an aggregation without keys evaluates them when nothing
 * has come. A state holds no resource; it is forgotten by forgetting its memory.
 *
 * What does not fit there (texts, lists, sets, sketches) lies in an lt_scratch that the caller
 * hands in, and that must live, uncleared, as long as the state does; so a lane has one for all its
 * groups and clears it when they are flushed, and who takes one group after the other clears it in
 * between. counts, sums, averages, moments, and the first, least or greatest of what is held in 16
 * bytes never use it: no allocation for a row. What grows doubles, so an lt_scratch ends up at most
 * three times as large as what is held. What rows bring is copied: a row may go when update has
 * returned. What read brings is not: the bytes must stay as long as the state is used.
 *
 * Merging is as if the rows of `other` had come after those of `state`; of floating-point sums and
 * of sketches that is true up to their error. `other` is left alone, and may be forgotten
 * afterwards if both have the same lt_scratch or `other` has been merged into a state of the
 * caller's own.
 *
 * The byte form is self-delimiting, little-endian, and starts with a version; each function's own
 * is told at the head of its file. It says neither functions nor types: that is the schema's kept
 * beside it, lt_aggregates_schema(). Damaged bytes are an error and never a crash, nor memory
 * beyond what their size accounts for.
 *
 * on: one thread; create is control.
 */
#ifndef LT_OPS_AGGREGATE_AGGREGATE_H
#define LT_OPS_AGGREGATE_AGGREGATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"
#include "core/base/text_buffer.h"
#include "core/data/row.h"
#include "core/data/type.h"
#include "core/flow/fault.h"
#include "core/flow/plan.h"
#include "ops/expr/scratch.h"
#include "ops/expr/session.h"

struct lt_aggregates;

/* Binds the aggregates of a node to the schema of the rows they get. `plan` and `input` must live
 * as long as the result. `session` (NULL: the defaults) says whether overflow is an error. An
 * unknown function, and what is DISTINCT, is an error. */
int lt_aggregates_create(const struct lt_plan_aggregate *plan, uint32_t count,
                         const struct lt_type *input, const struct lt_session *session,
                         struct lt_aggregates **out, struct lt_error *error) LT_MUST_USE;
void lt_aggregates_destroy(struct lt_aggregates *aggregates); /* NULL is a no-op */

/* Of a state: a multiple of 16. */
uint32_t lt_aggregates_size_bytes(const struct lt_aggregates *aggregates);
/* True when states are numbers alone, which lie in the state itself. */
bool lt_aggregates_are_plain(const struct lt_aggregates *aggregates);
/* What the byte form holds, as a text: functions with the types that they get; for the schema of a
 * store ("sum(BIGINT),max(STRING)"), and to compare it. As long as `aggregates`. */
const char *lt_aggregates_schema(const struct lt_aggregates *aggregates);

/* The state takes the row. FILTER is minded. False: a fault, see below, or no memory; the state is
 * spoilt then and the query must end. */
bool lt_aggregates_update(struct lt_aggregates *aggregates, void *state, const struct lt_row *row,
                          struct lt_scratch *memory) LT_MUST_USE;
/* False as of update. */
bool lt_aggregates_merge(struct lt_aggregates *aggregates, void *state, const void *other,
                         struct lt_scratch *memory) LT_MUST_USE;
/* The results into the columns of `out` from `first_column` on; further memory is the row's
 * scratch, and what they point to is the state's: out must be emitted, or its values copied, before
 * `memory` is cleared. The state stays as it was. False: a fault (a sum that has overflown). */
bool lt_aggregates_evaluate(struct lt_aggregates *aggregates, const void *state, struct lt_row *out,
                            uint32_t first_column) LT_MUST_USE;

/* As evaluate, but everything is copied into the row's scratch: `memory` and the bytes that were
 * read may go while the row is on its way. */
bool lt_aggregates_evaluate_copied(struct lt_aggregates *aggregates, const void *state,
                                   struct lt_row *out, uint32_t first_column) LT_MUST_USE;

/* Appends the state's bytes. */
void lt_aggregates_write(const struct lt_aggregates *aggregates, const void *state,
                         struct lt_text_buffer *out);
/* Fills a zeroed state from bytes, all of which must be used. */
int lt_aggregates_read(struct lt_aggregates *aggregates, const void *data, size_t size_bytes,
                       void *state, struct lt_scratch *memory, struct lt_error *error) LT_MUST_USE;

/* What went wrong in the last update, merge or evaluate that said false. The caller's to destroy.
 */
struct lt_fault *lt_aggregates_take_fault(const struct lt_aggregates *aggregates,
                                          const char *stage);

#endif
