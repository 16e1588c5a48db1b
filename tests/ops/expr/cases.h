/*
 * Expressions and what they give, through both loops of the machine: results by value, errors by
 * condition. Header only, so that each test is one file.
 */
#ifndef LT_TESTS_OPS_EXPR_CASES_H
#define LT_TESTS_OPS_EXPR_CASES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/conformance.h"

/* In the words of the conformance files. */
struct wanted {
    const char *text, *kind, *type, *result;
};

static inline void expect_all(const struct lt_session *session, const struct wanted *cases,
                              size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct conformance_outcome out, second;
        conformance_evaluate(cases[i].text, NULL, NULL, session, false, &out);
        conformance_evaluate(cases[i].text, NULL, NULL, session, true, &second);
        if (!conformance_agrees(cases[i].kind, cases[i].type, cases[i].result,
                                strlen(cases[i].result), &out, false))
            print_error("%s: %s %s %s\n", cases[i].text, out.kind, out.type, out.result);
        assert_true(conformance_agrees(cases[i].kind, cases[i].type, cases[i].result,
                                       strlen(cases[i].result), &out, false));
        assert_true(conformance_same(&out, &second));
        conformance_outcome_fini(&out);
        conformance_outcome_fini(&second);
    }
}

#define EXPECT(session, ...)                                                                       \
    do {                                                                                           \
        static const struct wanted cases[] = {__VA_ARGS__};                                        \
        expect_all(session, cases, sizeof cases / sizeof cases[0]);                                \
    } while (0)

#endif
