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
    if (node->kind == LT_EXPR_CALL) {
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

/* With a constant NULL (under the legacy rules also one that a cast gives) a sum is NULL without a
 * look at what would fail beside it, as in Spark. */
static bool is_right(const char *text, bool may_fold_null,
                     const struct conformance_outcome *optimised,
                     const struct conformance_outcome *plain)
{
    bool failed = strcmp(plain->kind, "runtime-error") == 0 || strcmp(plain->kind, "refused") == 0;
    bool is_null = strcmp(optimised->kind, "null") == 0;
    bool is_early =
        strcmp(optimised->kind, "refused") == 0 && strcmp(optimised->result, plain->result) == 0;
    return conformance_same(optimised, plain) ||
           (failed && (is_null || is_early || may_fold_null || strcasestr(text, "NULL") != NULL));
}

void twice_evaluate(const char *text, const struct lt_type *schema, const struct lt_row *row,
                    const struct lt_session *session, struct twice *out)
{
    conformance_evaluate(text, schema, row, session, false, &out->optimised);
    conformance_evaluate(text, schema, row, session, true, &out->plain);
    out->is_same =
        is_right(text, session->is_legacy, &out->optimised, &out->plain) || !is_steady(text);
}

void twice_fini(struct twice *out)
{
    conformance_outcome_fini(&out->optimised);
    conformance_outcome_fini(&out->plain);
}
