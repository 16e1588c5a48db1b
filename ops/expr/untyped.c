/*
 * The functions, and which of their arguments; the operators, whose arguments depend on each other.
 */
#include "ops/expr/untyped.h"

#include <string.h>

#include "ops/expr/coerce.h"
#include "ops/expr/expr.h"
#include "ops/expr/functions.h"

enum { EACH = -1 }; /* argument */

static const struct {
    const char *name;
    int index;
} TYPED[] = {
    {"aggregate", 2},       {"array_distinct", 0},    {"array_join", EACH},
    {"array_repeat", 1},    {"arrays_zip", EACH},     {"bit_count", 0},
    {"collate", 0},         {"collation", 0},         {"date_add", EACH},
    {"date_sub", EACH},     {"exists", 1},            {"filter", 1},
    {"forall", 1},          {"format_number", EACH},  {"get_json_object", EACH},
    {"json_array_length", 0}, {"json_object_keys", 0}, {"map_entries", 0},
    {"map_filter", 1},      {"mask", EACH},           {"parse_url", EACH},
    {"shuffle", 0},         {"size", 0},              {"sort_array", EACH},
    {"soundex", 0},         {"str_to_map", EACH},     {"timestamp_micros", 0},
    {"timestamp_millis", 0}, {"timestamp_seconds", 0}, {"to_csv", 0},
    {"to_json", 0},         {"to_unix_timestamp", EACH}, {"try_parse_url", EACH},
    {"uniform", 0},         {"uniform", 1},           {"unix_date", 0},
    {"unix_micros", 0},     {"unix_millis", 0},       {"unix_seconds", 0},
    {"unix_timestamp", EACH}, {"~", 0},
};

static bool is_untyped(const struct lt_expression *node)
{
    return node->type != NULL && node->type->kind == LT_TYPE_VOID && !lt_coerce_is_open(node);
}

/* An operator wants a type of two that have none; a comparison of what stands beside a text; the
 * position in an array is an int. */
static bool wants_beside(const struct lt_expression *call, const struct lt_function *function,
                         uint32_t index)
{
    static const char *const operators[] = {"+", "-", "*", "%", "div", "pmod",
                                            "&", "|", "^", "and", "or"};
    static const char *const comparisons[] = {"=", "<", "<=", ">", ">=", "<=>"};
    if (call->argument_count != 2)
        return false;
    const struct lt_expression *other = call->arguments[1 - index];
    if (lt_is_one_of(function->name, operators, sizeof operators / sizeof operators[0]))
        return is_untyped(other);
    bool is_kind = other->type != NULL;
    if (lt_is_one_of(function->name, comparisons, sizeof comparisons / sizeof comparisons[0]))
        return is_kind && other->type->kind == LT_TYPE_STRING;
    return index == 1 && is_kind && strcmp(function->name, "[]") == 0 &&
           other->type->kind == LT_TYPE_ARRAY;
}

static bool wants_type(const struct lt_expression *call, const struct lt_function *function,
                       uint32_t index)
{
    for (size_t i = 0; i < sizeof TYPED / sizeof TYPED[0]; i++) {
        if ((TYPED[i].index == EACH || TYPED[i].index == (int)index) &&
            strcmp(TYPED[i].name, function->name) == 0)
            return true;
    }
    return wants_beside(call, function, index);
}

/* What makes rows, or one of many, is not lost with its value. Recursion is bounded: a tree is as
 * deep as the parser lets it be. */
static bool is_of_rows(const struct lt_expression *node)
{
    const struct lt_function *function = node->kind == LT_EXPR_CALL && node->index >= 0
                                             ? lt_function_at((size_t)node->index, NULL)
                                             : NULL;
    bool is = function != NULL && (function->makes_rows || function->flow == LT_FLOW_GENERATOR ||
                                   function->flow == LT_FLOW_AGGREGATE);
    for (uint32_t i = 0; i < node->argument_count && !is; i++)
        is = is_of_rows(node->arguments[i]);
    return is;
}

void lt_drop_untyped(struct lt_expression *call, const struct lt_function *function,
                     struct lt_arena *arena)
{
    for (uint32_t i = 0; i < call->argument_count; i++) {
        struct lt_expression *argument = call->arguments[i];
        if (is_untyped(argument) && argument->kind != LT_EXPR_LITERAL &&
            wants_type(call, function, i) && !is_of_rows(argument))
            call->arguments[i] = lt_expr_null(argument, argument->type, arena);
    }
}
