/*
 * Casts to and from dates, timestamps and intervals, in the zone of the session.
 */
#ifndef LT_OPS_EXPR_CAST_TIME_H
#define LT_OPS_EXPR_CAST_TIME_H

#include "ops/expr/machine.h"

/* Does the kernel of such a cast stand here? */
static inline bool lt_type_is_time(const struct lt_type *type)
{
    return type->kind >= LT_TYPE_DATE && type->kind <= LT_TYPE_INTERVAL_CALENDAR &&
           type->kind != LT_TYPE_TIME;
}
/* The kernel; one of the two types is a time. NULL: not in this version. */
lt_kernel_fn *lt_cast_time_kernel(const struct lt_type *from, const struct lt_type *to);
/* The moments with a name ("epoch", "today"), which casts of constants know; false: it is none, or
 * `to` is no date and no timestamp. */
bool lt_cast_time_special(struct lt_datetime_context *times, const struct lt_type *to,
                          const struct lt_bytes *text, union lt_value *out);

#endif
