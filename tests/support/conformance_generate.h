/*
 * Cases whose outcome is rows: one item of a select list, over one row.
 */
#ifndef LT_TESTS_SUPPORT_CONFORMANCE_GENERATE_H
#define LT_TESTS_SUPPORT_CONFORMANCE_GENERATE_H

#include "tests/support/conformance.h"

/* As conformance_evaluate, but through a plan: the result is the rows as a JSON array, of the kind
 * "rows". Without a row it is one that has no columns. */
void conformance_generate(const char *text, const struct lt_type *schema, struct lt_row *row,
                          const struct lt_session *session, struct conformance_outcome *out);

#endif
