/*
 * What a predicate asks of the bytes of a text column, whatever else it asks: that a constant text
 * occurs in them (contains(value, 'x'), value LIKE '%x%'). For sources of lines, which find it in
 * many of them at once.
 *
 * on: any.
 */
#ifndef LT_OPS_EXPR_TEXT_FILTER_H
#define LT_OPS_EXPR_TEXT_FILTER_H

#include <stdbool.h>

#include "core/data/value.h"
#include "core/flow/expression.h"

/* True when the predicate is a chain of AND of such conditions and of plain comparisons, none of
 * which can fail, and a text without `*needle` in column `column` makes it false or NULL. The
 * needle belongs to `node`. */
bool lt_text_filter_find(const struct lt_expression *node, int32_t column, struct lt_bytes *needle);

#endif
