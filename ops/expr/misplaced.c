/*
 * Stars and generators where they cannot stand, in Spark's words: those name what is around them.
 */
#include <string.h>

#include "ops/expr/analyser.h"
#include "ops/expr/expr.h"

/* What a node stands under; NULL: nothing. */
static const struct lt_expression *parent_of(const struct lt_expression *root,
                                             const struct lt_expression *node)
{
    for (uint32_t i = 0; root != NULL && i < root->argument_count; i++) {
        const struct lt_expression *found =
            root->arguments[i] == node ? root : parent_of(root->arguments[i], node);
        if (found != NULL)
            return found;
    }
    return NULL;
}

/* An expression as Spark's texts call its kind: "add", "alias", "upper". */
static const char *kind_name(const struct lt_expression *node)
{
    static const char *const operators[][2] = {
        {"+", "add"},         {"-", "subtract"},         {"*", "multiply"},
        {"/", "divide"},      {"=", "equalto"},          {"<", "lessthan"},
        {">", "greaterthan"}, {"<=", "lessthanorequal"}, {">=", "greaterthanorequal"},
        {"%", "remainder"},   {"<=>", "equalnullsafe"},  {"||", "concat"}};
    if (node->kind == LT_EXPR_ALIAS)
        return "alias";
    if (node->kind == LT_EXPR_CASE)
        return "casewhen";
    if (node->kind != LT_EXPR_CALL)
        return node->kind == LT_EXPR_CAST ? "cast" : "expression";
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++) {
        if (strcmp(operators[i][0], node->name) == 0)
            return operators[i][1];
    }
    return node->name;
}

int lt_analyser_refuse_star(struct lt_analyser *analyser, const struct lt_expression *node)
{
    const struct lt_expression *parent = parent_of(analyser->whole, node);
    if (parent == NULL)
        return lt_analyser_fail(analyser, LT_E_ANALYSIS, node, "INVALID_USAGE_OF_STAR_OR_REGEX",
                                "42000", "Invalid usage of '*' in %s.",
                                analyser->is_condition ? "Filter" : "expression");
    return lt_analyser_fail(analyser, LT_E_ANALYSIS, node, "INVALID_USAGE_OF_STAR_OR_REGEX",
                            "42000", "Invalid usage of '*' in expression `%s`.", kind_name(parent));
}

/* A generator under anything but an alias. */
int lt_analyser_refuse_generator(struct lt_analyser *analyser,
                                 const struct lt_expression *generator)
{
    const struct lt_expression *whole = analyser->whole != NULL ? analyser->whole : generator;
    if (whole->kind == LT_EXPR_ALIAS)
        whole = whole->arguments[0];
    const char *text = lt_expr_text(whole, analyser->coerce.arena);
    if (analyser->is_condition)
        return lt_analyser_fail(analyser, LT_E_ANALYSIS, generator,
                                "UNSUPPORTED_GENERATOR.OUTSIDE_SELECT", "42K0E",
                                "The generator is not supported: outside the SELECT clause, found: "
                                "%s %s.",
                                whole == generator ? "Filter" : "'Filter", text);
    return lt_analyser_fail(analyser, LT_E_ANALYSIS, generator,
                            "UNSUPPORTED_GENERATOR.NESTED_IN_EXPRESSIONS", "42K0E",
                            "The generator is not supported: nested in expressions \"%s\".", text);
}
