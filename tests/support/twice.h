/*
 * One expression, two ways to its value: the threaded loop with everything optimised, and the
 * switch with nothing optimised. Both have to come to the same.
 */
#ifndef LT_TESTS_SUPPORT_TWICE_H
#define LT_TESTS_SUPPORT_TWICE_H

#include "tests/support/conformance.h"

struct twice {
    struct conformance_outcome optimised, plain;
    bool is_same; /* as far as it has to be; true where the value is random or of this moment */
};
/* `row` may be NULL. */
void twice_evaluate(const char *text, const struct lt_type *schema, const struct lt_row *row,
                    const struct lt_session *session, struct twice *out);
void twice_fini(struct twice *out);

#endif
