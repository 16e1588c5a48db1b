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

/* Recursion is bounded, as above. */
static bool has_null(const struct lt_expression *node)
{
    if (node->kind == LT_EXPR_LITERAL && node->is_null)
        return true;
    for (uint32_t i = 0; i < node->argument_count; i++) {
        if (has_null(node->arguments[i]))
            return true;
    }
    return false;
}

/* What fails in the one way and not in the other: as in Spark, with a NULL that is known before the
 * first record a call is NULL without a look at its other arguments. */
static bool is_spared(const char *text, const struct lt_type *schema,
                      const struct lt_session *session)
{
    struct lt_arena *arena = lt_arena_create();
    struct lt_expression *tree;
    bool is_spared = lt_expr_parse(text, arena, &tree, NULL) == LT_OK &&
                     lt_expr_analyse(&tree, text, schema, session, arena, NULL) == LT_OK &&
                     has_null(tree);
    lt_arena_destroy(arena);
    return is_spared;
}

/* That an argument is a constant of a wrong value is seen only where it has been folded to one. */
static bool is_right(const char *text, const struct lt_type *schema,
                     const struct lt_session *session, const struct conformance_outcome *optimised,
                     const struct conformance_outcome *plain)
{
    bool failed = strcmp(plain->kind, "runtime-error") == 0 || strcmp(plain->kind, "refused") == 0;
    bool is_refused = strcmp(optimised->kind, "refused") == 0;
    bool is_constant =
        is_refused && (strncmp(optimised->result, "DATATYPE_MISMATCH", 17) == 0 ||
                       strncmp(optimised->result, "INVALID_ESCAPE_CHAR", 19) == 0 ||
                       strncmp(optimised->result, "INVALID_PARAMETER_VALUE", 23) == 0 ||
                       strcmp(optimised->result, plain->result) == 0);
    return conformance_same(optimised, plain) || is_constant ||
           (failed && is_spared(text, schema, session));
}

void twice_evaluate(const char *text, const struct lt_type *schema, const struct lt_row *row,
                    const struct lt_session *session, struct twice *out)
{
    conformance_evaluate(text, schema, row, session, false, &out->optimised);
    conformance_evaluate(text, schema, row, session, true, &out->plain);
    out->is_same =
        is_right(text, schema, session, &out->optimised, &out->plain) || !is_steady(text);
}

void twice_fini(struct twice *out)
{
    conformance_outcome_fini(&out->optimised);
    conformance_outcome_fini(&out->plain);
}
