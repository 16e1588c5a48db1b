/*
 * Expressions over one row of a few columns, and what they give in the words of the conformance
 * files, optimised and not. Header only, so that each test is one file.
 */
#ifndef LT_TESTS_OPS_EXPR_COLUMNS_H
#define LT_TESTS_OPS_EXPR_COLUMNS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/conformance.h"

struct columns {
    struct lt_arena *arena;
    const struct lt_type *schema;
    struct lt_row_pool *pool;
    struct lt_row *row; /* nothing of it is NULL */
};

static inline void columns_init(struct columns *columns, const char *ddl)
{
    struct lt_error error;
    columns->arena = lt_arena_create();
    assert_int_equal(lt_type_parse_ddl(ddl, columns->arena, &columns->schema, &error), 0);
    const struct lt_row_pool_options options = {
        .column_count = columns->schema->field_count, .capacity = 1, .scratch_size_bytes = 256};
    assert_int_equal(lt_row_pool_create(&options, &columns->pool, &error), 0);
    columns->row = lt_row_claim(columns->pool);
    memset(lt_row_values(columns->row), 0, columns->schema->field_count * sizeof(union lt_value));
}

static inline void columns_fini(struct columns *columns)
{
    lt_row_release(columns->row);
    lt_row_pool_destroy(columns->pool);
    lt_arena_destroy(columns->arena);
}

/* The value as text, or the condition of the error. */
static inline void columns_expect(const struct columns *columns, const char *text,
                                  const char *wanted)
{
    for (int is_plain = 0; is_plain < 2; is_plain++) {
        struct conformance_outcome out;
        conformance_evaluate(text, columns->schema, columns->row, lt_session_default(),
                             is_plain == 1, &out);
        if (strlen(wanted) != out.result_size || memcmp(out.result, wanted, out.result_size) != 0)
            fail_msg("%s: %s %.*s, not %s", text, out.kind, (int)out.result_size, out.result,
                     wanted);
        conformance_outcome_fini(&out);
    }
}

#endif
