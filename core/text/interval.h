/*
 * Intervals as text, as a cast to string gives it: "INTERVAL '1 02:03:04.5' DAY TO SECOND",
 * "INTERVAL '1-2' YEAR TO MONTH", and "1 months 2 days 3.5 seconds" for a calendar interval.
 *
 * on: any. Pure.
 */
#ifndef LT_TEXT_INTERVAL_H
#define LT_TEXT_INTERVAL_H

#include "core/base/text_buffer.h"
#include "core/data/type.h"
#include "core/data/value.h"

/* Appends the text of a value of an INTERVAL type (asserted). */
void lt_interval_write(struct lt_text_buffer *out, const struct lt_type *type,
                       const union lt_value *value);

#endif
