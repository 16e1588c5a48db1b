/*
 * Expressions without columns, and what they give as text, for tests of functions. Header only, so
 * that each test is one file.
 */
#ifndef LT_TESTS_OPS_EXPR_EXPECT_H
#define LT_TESTS_OPS_EXPR_EXPECT_H

#include "tests/ops/expr/rows.h"

enum { TEXT_SIZE = 512 };

/* Evaluates a text to text, as a cast to string gives it; "NULL", or "CONDITION" when it fails. */
static inline void evaluate_in(const struct lt_session *session, const char *text, bool use_switch,
                               char out[TEXT_SIZE])
{
    struct lt_arena *arena = lt_arena_create();
    char wrapped[TEXT_SIZE + 32];
    const char *wrapped_text = wrapped;
    struct lt_expression *expression;
    struct lt_error error;
    (void)snprintf(wrapped, sizeof wrapped, "cast((%s) as string)", text);
    lt_error_clear(&error);
    if (lt_expr_parse(wrapped, arena, &expression, &error) != LT_OK ||
        lt_expr_analyse(&expression, wrapped, NULL, session, arena, &error) != LT_OK) {
        (void)snprintf(out, TEXT_SIZE, "%s", error.condition);
        lt_arena_destroy(arena);
        return;
    }
    const struct lt_program_options options = {.expressions = &expression,
                                               .texts = &wrapped_text,
                                               .count = 1,
                                               .session = session,
                                               .use_switch = use_switch};
    struct lt_program *program;
    union lt_value value;
    bool is_null = true;
    if (lt_program_create(&options, &program, &error) != LT_OK) {
        (void)snprintf(out, TEXT_SIZE, "%s", error.condition);
        lt_arena_destroy(arena);
        return;
    }
    if (!lt_program_eval_value(program, NULL, &value, &is_null))
        (void)snprintf(out, TEXT_SIZE, "%s", lt_program_fault(program)->condition);
    else if (is_null)
        (void)snprintf(out, TEXT_SIZE, "NULL");
    else
        (void)snprintf(out, TEXT_SIZE, "%.*s", (int)value.bytes.size_bytes,
                       (const char *)value.bytes.data);
    lt_program_destroy(program);
    lt_arena_destroy(arena);
}

/* By both loops; `session` may be NULL. */
static inline void expect_in(const struct lt_session *session, const char *text, const char *wanted)
{
    char got[2][TEXT_SIZE];
    evaluate_in(session, text, false, got[0]);
    evaluate_in(session, text, true, got[1]);
    assert_string_equal(got[0], got[1]);
    if (strcmp(got[0], wanted) != 0)
        fail_msg("%s: gave %s, not %s", text, got[0], wanted);
}

static inline void expect(const char *text, const char *wanted)
{
    expect_in(NULL, text, wanted);
}

#endif
