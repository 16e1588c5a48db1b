/*
 * A predicate's first look at a record: whether one field of its JSON text leaves it out already.
 *
 * Made of the comparisons with constants that stand first in a chain of AND: of paths into the JSON
 * text of one column, or of fields of one from_json() of it. Such a comparison that is false makes
 * the predicate false or NULL, whatever the rest of the document is (a document that is malformed
 * further on makes it NULL), so the rest is not read. A record that is not left out here is
 * evaluated in full. Where too few are left out, the look is not worth it and rests for a while.
 *
 * on: the program's thread.
 */
#ifndef LT_OPS_EXPR_JSON_FILTER_H
#define LT_OPS_EXPR_JSON_FILTER_H

#include <stdbool.h>

#include "core/data/row.h"
#include "core/flow/expression.h"

struct lt_json_filter;

/* NULL: the predicate does not begin like this. `node` and the types outlive it. */
struct lt_json_filter *lt_json_filter_create(const struct lt_expression *node);
/* The same of comparisons of columns, which are the fields of a document of their names: the first
 * `column_count` of `schema`, which outlives it too. */
struct lt_json_filter *lt_json_filter_create_of_columns(const struct lt_expression *node,
                                                        const struct lt_type *schema,
                                                        uint32_t column_count);
void lt_json_filter_destroy(struct lt_json_filter *filter); /* NULL is a no-op */
/* The longest text that has to occur in a document, unless that has a backslash, so that the
 * predicate can be true for it. False: there is none. The needle belongs to `node`. */
bool lt_json_filter_needle(const struct lt_json_filter *filter, struct lt_bytes *needle);
/* The column that documents are in, where they are not rows. */
uint32_t lt_json_filter_column(const struct lt_json_filter *filter);
/* True when the predicate is certainly not true for the row. */
bool lt_json_filter_rejects(struct lt_json_filter *filter, const struct lt_row *row);
/* The same for a document. */
bool lt_json_filter_rejects_text(struct lt_json_filter *filter, const struct lt_bytes *text);

#endif
