/*
 * The needle is ASCII: functions of texts see bytes that are no UTF-8 replaced, which no ASCII ever
 * is, so that it occurs in what they see where it occurs in the bytes.
 */
#include "ops/expr/text_filter.h"

#include <string.h>

#include "ops/expr/compiler.h"

static bool is_plain_text(const struct lt_bytes *text)
{
    for (uint32_t i = 0; i < text->size_bytes; i++)
        if (text->data[i] >= 0x80)
            return false;
    return text->size_bytes > 0;
}

/* What stands between the % of a pattern that has no others, and nothing to escape. */
static bool take_pattern(const struct lt_bytes *pattern, struct lt_bytes *needle)
{
    if (pattern->size_bytes < 3 || pattern->data[0] != '%' ||
        pattern->data[pattern->size_bytes - 1] != '%')
        return false;
    *needle = (struct lt_bytes){.data = pattern->data + 1, .size_bytes = pattern->size_bytes - 2};
    return memchr(needle->data, '%', needle->size_bytes) == NULL &&
           memchr(needle->data, '_', needle->size_bytes) == NULL &&
           memchr(needle->data, '\\', needle->size_bytes) == NULL;
}

/* A text column in which a constant is looked for. */
static bool is_search(const struct lt_expression *node, struct lt_bytes *needle)
{
    bool is_like = lt_is_call_of(node, "like");
    if ((!is_like && !lt_is_call_of(node, "contains")) || node->argument_count != 2)
        return false; /* a third argument is another escape */
    const struct lt_expression *text = node->arguments[0], *part = node->arguments[1];
    if (text->kind != LT_EXPR_COLUMN || text->type->kind != LT_TYPE_STRING ||
        text->type->collation != NULL || part->kind != LT_EXPR_LITERAL || part->is_null ||
        part->type->kind != LT_TYPE_STRING || part->type->collation != NULL)
        return false;
    *needle = part->value.bytes;
    return (!is_like || take_pattern(&part->value.bytes, needle)) && is_plain_text(needle);
}

static bool is_simple(const struct lt_expression *node)
{
    return node->kind == LT_EXPR_COLUMN || node->kind == LT_EXPR_LITERAL;
}

/* A comparison that the machine makes by itself: it cannot fail. */
static bool is_comparison(const struct lt_expression *node)
{
    if (node->kind != LT_EXPR_CALL || node->argument_count != 2 ||
        node->signature->kernel != NULL || !is_simple(node->arguments[0]) ||
        !is_simple(node->arguments[1]))
        return false;
    enum lt_op op = node->signature->op;
    return op == LT_OP_EQUAL_I64 || op == LT_OP_LESS_I64 || op == LT_OP_LESS_EQUAL_I64 ||
           op == LT_OP_GREATER_I64 || op == LT_OP_GREATER_EQUAL_I64;
}

/* False: something in it is of another kind. The longest needle is kept. */
static bool collect(const struct lt_expression *node, int32_t column, struct lt_bytes *needle)
{
    struct lt_bytes found;
    if (node->kind == LT_EXPR_ALIAS)
        return collect(node->arguments[0], column, needle);
    if (node->kind == LT_EXPR_CALL &&
        lt_function_at((size_t)node->index, NULL)->flow == LT_FLOW_AND) {
        for (uint32_t i = 0; i < node->argument_count; i++)
            if (!collect(node->arguments[i], column, needle))
                return false;
        return true;
    }
    if (!is_search(node, &found))
        return is_comparison(node);
    if (node->arguments[0]->index == column && found.size_bytes > needle->size_bytes)
        *needle = found;
    return true;
}

bool lt_text_filter_find(const struct lt_expression *node, int32_t column, struct lt_bytes *needle)
{
    *needle = (struct lt_bytes){0};
    return collect(node, column, needle) && needle->size_bytes > 0;
}
