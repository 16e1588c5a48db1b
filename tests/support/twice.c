/*
 * Two ways to one value.
 */
#include "tests/support/twice.h"

#include <string.h>

#include "ops/expr/expr.h"
#include "ops/expr/functions.h"

/* Recursion is bounded: a tree is as deep as the parser lets it be. */
static bool is_steady_tree(const struct lt_expression *node)
{
    /* current_timestamp, a name that may be a column's, is called without brackets */
    if (node->kind == LT_EXPR_CALL || (node->kind == LT_EXPR_COLUMN && node->name != NULL)) {
        if (strcmp(node->name, "aes_encrypt") == 0) /* draws where it begins */
            return false;
        int32_t function = lt_function_find(node->name);
        if (function >= 0 && !lt_function_at((size_t)function, NULL)->is_deterministic)
            return false;
    }
    for (uint32_t i = 0; i < node->argument_count; i++) {
        if (!is_steady_tree(node->arguments[i]))
            return false;
    }
    return true;
}

/* No function by chance or by the clock, and no literal that is this moment. */
static bool is_steady(const char *text)
{
    struct lt_arena *arena = lt_arena_create();
    struct lt_expression *tree;
    bool is_steady = strcasestr(text, "now") == NULL &&
                     (lt_expr_parse(text, arena, &tree, NULL) != LT_OK || is_steady_tree(tree));
    lt_arena_destroy(arena);
    return is_steady;
}

/* As in Spark, what is optimised may do without what fails: a NULL that is known, a test that types
 * decide. And it may be refused: that a constant is wrong or fails, which a record may not come to,
 * is seen only where it has been folded. */
static bool is_right(const struct conformance_outcome *optimised,
                     const struct conformance_outcome *plain)
{
    bool failed = strcmp(plain->kind, "runtime-error") == 0 || strcmp(plain->kind, "refused") == 0;
    return conformance_same(optimised, plain) || failed || strcmp(optimised->kind, "refused") == 0;
}

void twice_evaluate(const char *text, const struct lt_type *schema, const struct lt_row *row,
                    const struct lt_session *session, struct twice *out)
{
    conformance_evaluate(text, schema, row, session, false, &out->optimised);
    conformance_evaluate(text, schema, row, session, true, &out->plain);
    out->is_same = is_right(&out->optimised, &out->plain) || !is_steady(text);
}

void twice_fini(struct twice *out)
{
    conformance_outcome_fini(&out->optimised);
    conformance_outcome_fini(&out->plain);
}
