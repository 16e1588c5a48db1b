/*
 * The statistics of a WATERMARK node: rows pass, and their event times are counted. What becomes of
 * them is the control thread's business, which makes the next batch's watermark of it.
 */
#ifndef LT_OPS_STATEFUL_WATERMARK_H
#define LT_OPS_STATEFUL_WATERMARK_H

#include "core/base/error.h"
#include "core/flow/operator.h"

/* Can a watermark be declared on a column of this type? */
bool lt_watermark_takes(const struct lt_type *type);
/* `column` is of `schema`: a timestamp, or a window, whose end counts. on: control. */
int lt_watermark_create(const struct lt_type *schema, uint32_t column, struct lt_operator **out,
                        struct lt_error *error) LT_MUST_USE;

#endif
