/*
 * format_string(): Java's Formatter, `%[index$][flags][width][.precision]conversion`, on the values
 * as Spark hands them over: a date is its days, a timestamp its microseconds, and a decimal has no
 * conversion but s, b and h.
 *
 * What Java throws an exception for is a fault with a reason. Dates by %t are refused.
 *
 * on: the program's thread.
 */
#ifndef LT_OPS_EXPR_FORMATTER_H
#define LT_OPS_EXPR_FORMATTER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/text_buffer.h"
#include "core/data/type.h"
#include "core/data/value.h"

struct lt_format_value {
    const struct lt_type *type;
    const union lt_value *value; /* NULL: NULL */
};

/* Memory that is kept from one text to the next, so that a record allocates nothing once it has
 * grown. */
struct lt_format_room {
    struct lt_text_buffer text, number, digits, upper;
};
void lt_format_room_init(struct lt_format_room *room);
void lt_format_room_fini(struct lt_format_room *room);

/* Appends the text to `out`; false, with a reason in *fault, where Java throws. */
bool lt_formatter_print(struct lt_bytes format, const struct lt_format_value *values,
                        uint32_t count, struct lt_format_room *room, struct lt_text_buffer *out,
                        const char **fault);

/* Appends a value as %s shows it. */
void lt_formatter_append(const struct lt_type *type, const union lt_value *value,
                         struct lt_text_buffer *out);

#endif
