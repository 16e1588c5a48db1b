/*
 * Equality and hash of expressions, side by side: what one looks at, the other does.
 */
#include "ops/expr/same.h"

#include <string.h>

#include "ops/expr/expr.h"
#include "ops/expr/functions.h"

/* ----------------------------------------------------------------------------------- constants */

/* How constants are compared: by their bits, since -0.0 is not 0.0 to whoever prints it, or floats
 * by their value. */
enum same_by { BY_BITS, BY_VALUE };

static bool same_value(const struct lt_type *type, enum same_by by, const union lt_value *a,
                       const union lt_value *b);

static bool same_bytes(const struct lt_bytes *a, const struct lt_bytes *b)
{
    return a->size_bytes == b->size_bytes &&
           (a->size_bytes == 0 || memcmp(a->data, b->data, a->size_bytes) == 0);
}

/* `count` values whose types are fields[0], or fields[0], fields[1], ... */
static bool same_values(const struct lt_field *fields, bool is_one_type, enum same_by by,
                        const struct lt_array *a, const struct lt_array *b)
{
    for (uint32_t i = 0; i < a->count; i++) {
        bool is_null = lt_bit(a->nulls, i);
        if (is_null != lt_bit(b->nulls, i) ||
            (!is_null &&
             !same_value(fields[is_one_type ? 0 : i].type, by, &a->values[i], &b->values[i])))
            return false;
    }
    return true;
}

static bool same_array(const struct lt_field *element, enum same_by by, const struct lt_array *a,
                       const struct lt_array *b)
{
    return a->count == b->count && same_values(element, true, by, a, b);
}

/* Recursion is bounded by the depth of types. */
static bool same_value(const struct lt_type *type, enum same_by by, const union lt_value *a,
                       const union lt_value *b)
{
    if (lt_type_is_bytes(type))
        return same_bytes(&a->bytes, &b->bytes);
    if (lt_type_is_nested(type) && a->array == b->array)
        return true; /* copies of one node */
    if (type->kind == LT_TYPE_ARRAY)
        return same_array(&type->fields[0], by, a->array, b->array);
    if (type->kind == LT_TYPE_MAP)
        return same_array(&type->fields[0], by, &a->map->keys, &b->map->keys) &&
               same_array(&type->fields[1], by, &a->map->values, &b->map->values);
    if (type->kind == LT_TYPE_STRUCT) {
        const struct lt_struct *x = a->structure, *y = b->structure;
        const struct lt_array left = {type->field_count, .nulls = x->nulls, .values = x->values};
        const struct lt_array right = {type->field_count, .nulls = y->nulls, .values = y->values};
        return same_values(type->fields, false, by, &left, &right);
    }
    if (by == BY_VALUE && lt_type_is_fraction(type))
        return lt_value_compare(type, a, b) == 0;
    bool is_wide = type->kind == LT_TYPE_DECIMAL || type->kind == LT_TYPE_INTERVAL_CALENDAR;
    return memcmp(a, b, is_wide ? sizeof *a : sizeof a->i64) == 0;
}

/* ------------------------------------------------------------------------------------ equality */

/* The lambdas that stand for each other, innermost first; the outermost is none. */
struct bound {
    const struct bound *outer;
    const struct lt_expression *a, *b;
    enum same_by by;
};

static bool same_literal(const struct lt_expression *a, const struct lt_expression *b,
                         const struct bound *bound)
{
    if (a->is_null || b->is_null)
        return a->is_null && b->is_null;
    return same_value(a->type, bound->by, &a->value, &b->value);
}

static bool same_variable(const struct lt_expression *a, const struct lt_expression *b,
                          const struct bound *bound)
{
    for (; bound->outer != NULL; bound = bound->outer) {
        for (uint32_t i = 1; i < bound->a->argument_count; i++) {
            bool is_a = bound->a->arguments[i]->index == a->index;
            bool is_b = bound->b->arguments[i]->index == b->index;
            if (is_a || is_b)
                return is_a && is_b;
        }
    }
    return a->index == b->index;
}

static bool same(const struct lt_expression *a, const struct lt_expression *b,
                 const struct bound *bound);

/* Spark orders the operands of these by their hashes, in which -0.0 and 0.0 differ: whether it
 * takes a + -0.0D and a + 0.0D for the same is up to chance. Here they are not. */
static bool is_sorted_call(const struct lt_expression *node)
{
    return node->kind == LT_EXPR_CALL &&
           (strcmp(node->name, "+") == 0 || strcmp(node->name, "*") == 0);
}

static bool same_arguments(const struct lt_expression *a, const struct lt_expression *b,
                           const struct bound *bound)
{
    struct bound within = *bound;
    within.by = is_sorted_call(a) ? BY_BITS : bound->by;
    if (a->argument_count != b->argument_count)
        return false;
    for (uint32_t i = 0; i < a->argument_count; i++) {
        if (!same(a->arguments[i], b->arguments[i], &within))
            return false;
    }
    return true;
}

static bool same_lambda(const struct lt_expression *a, const struct lt_expression *b,
                        const struct bound *bound)
{
    const struct bound here = {bound, a, b, bound->by};
    return a->argument_count == b->argument_count && same(a->arguments[0], b->arguments[0], &here);
}

/* Recursion is bounded: the parser refused deeper trees. */
static bool same(const struct lt_expression *a, const struct lt_expression *b,
                 const struct bound *bound)
{
    if (a->kind != b->kind || !lt_type_equal(a->type, b->type))
        return false;
    switch (a->kind) {
    case LT_EXPR_LITERAL:
        return same_literal(a, b, bound);
    case LT_EXPR_VARIABLE:
        return same_variable(a, b, bound);
    case LT_EXPR_LAMBDA:
        return same_lambda(a, b, bound);
    case LT_EXPR_CALL:
        if (a->index != b->index || a->signature != b->signature || a->alone != b->alone ||
            strcmp(a->name, b->name) != 0)
            return false;
        break;
    case LT_EXPR_CAST:
        if (a->is_try != b->is_try || a->is_legacy != b->is_legacy)
            return false;
        break;
    case LT_EXPR_JSON_PATH:
        if (strcmp(a->name, b->name) != 0)
            return false;
        break;
    case LT_EXPR_COLUMN:
    case LT_EXPR_FIELD:
        if (a->index != b->index)
            return false;
        break;
    case LT_EXPR_CASE:
    case LT_EXPR_ALIAS:
    case LT_EXPR_STAR:
        break;
    }
    return same_arguments(a, b, bound);
}

bool lt_expr_same(const struct lt_expression *a, const struct lt_expression *b)
{
    static const struct bound by_bits = {.by = BY_BITS};
    return lt_expr_hash(a) != 0 && same(a, b, &by_bits);
}

bool lt_expr_same_value(const struct lt_expression *a, const struct lt_expression *b)
{
    static const struct bound by_value = {.by = BY_VALUE};
    return lt_expr_hash(a) != 0 && same(a, b, &by_value);
}

/* ---------------------------------------------------------------------------------------- hash */

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 29;
}

enum { HASHED_BYTES = 256 }; /* of a long text that is written or was computed */

static uint64_t hash_literal(const struct lt_expression *node)
{
    uint64_t hash = node->is_null;
    if (node->is_null || lt_type_is_nested(node->type))
        return hash;
    if (!lt_type_is_bytes(node->type))
        return mix(hash, (uint64_t)node->value.i64);
    const uint32_t size = node->value.bytes.size_bytes;
    for (uint32_t i = 0; i < size && i < HASHED_BYTES; i++)
        hash = mix(hash, node->value.bytes.data[i]);
    return mix(hash, size);
}

/* Numbers of variables are left out: those of lambdas differ where the lambdas are the same. */
uint64_t lt_expr_hash(const struct lt_expression *expression)
{
    uint64_t hash = mix((uint64_t)expression->kind + 1, expression->argument_count);
    bool is_call = expression->kind == LT_EXPR_CALL;
    if (is_call && !lt_function_at((size_t)expression->index, NULL)->is_deterministic)
        return 0;
    if (expression->kind == LT_EXPR_LITERAL)
        hash = mix(hash, hash_literal(expression));
    if (is_call || expression->kind == LT_EXPR_COLUMN || expression->kind == LT_EXPR_FIELD)
        hash = mix(hash, (uint64_t)expression->index);
    uint32_t count = expression->kind == LT_EXPR_LAMBDA ? 1 : expression->argument_count;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t argument = lt_expr_hash(expression->arguments[i]);
        if (argument == 0)
            return 0;
        hash = mix(hash, argument);
    }
    return hash == 0 ? 1 : hash;
}

bool lt_expr_varies(const struct lt_expression *expression)
{
    return lt_expr_has_column(expression) || lt_expr_hash(expression) == 0;
}
