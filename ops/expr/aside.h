/*
 * Memory set aside for a kernel that runs a lambda many times: what a run computes is garbage after
 * it, but for its result, so memory does not grow with the number of runs.
 *
 * While the machine's `aside` is set, lt_machine_alloc() takes from it. There are two halves: a
 * value that must outlive a run is copied to the other half, and the first one is emptied. Blocks
 * are kept, so in the long run nothing is allocated.
 *
 * An object belongs to one call (its state), which is never active twice at a time; calls inside
 * its lambda have their own, and hand their results on to this one.
 *
 * on: the program's thread.
 */
#ifndef LT_OPS_EXPR_ASIDE_H
#define LT_OPS_EXPR_ASIDE_H

#include "ops/expr/functions.h"
#include "ops/expr/machine.h"

struct lt_aside;

/* `prepare` and `release` of a function whose calls have memory aside. */
int lt_aside_prepare(const struct lt_prepare *prepare, struct lt_error *error);
void lt_aside_release(void *state);

/* Makes the call's memory the machine's; returns what was in use before, for lt_aside_leave(). */
struct lt_aside *lt_aside_enter(struct lt_machine *machine, const struct lt_call *call);
void lt_aside_leave(struct lt_machine *machine, struct lt_aside *before);
/* The same, and takes one value along. False: too large. */
bool lt_aside_leave_with(struct lt_machine *machine, struct lt_aside *before,
                         const struct lt_type *type, union lt_value *value) LT_MUST_USE;

/* For lt_machine_alloc(). */
void *lt_aside_alloc(struct lt_aside *aside, size_t size_bytes);
/* Forgets all that was allocated since lt_aside_enter(). */
void lt_aside_clear(struct lt_aside *aside);
/* Keeps one value and forgets the rest, when it is worth the copy. False: too large. */
bool lt_aside_keep(struct lt_machine *machine, const struct lt_type *type,
                   union lt_value *value) LT_MUST_USE;

/* Copies what a value points to into the machine's memory. False: too large. */
bool lt_machine_copy_value(struct lt_machine *machine, const struct lt_type *type,
                           union lt_value *value) LT_MUST_USE;

#endif
