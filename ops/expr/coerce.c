/*
 * Numbers widen along tinyint .. bigint, float, double; an integer and a float meet at double. A
 * string beside something else becomes that: bigint beside an integer, double beside a fraction.
 */
#include "ops/expr/coerce.h"

static bool is_string(const struct lt_type *type)
{
    return type->kind >= LT_TYPE_STRING && type->kind <= LT_TYPE_VARCHAR;
}

static bool is_atomic(const struct lt_type *type)
{
    return type->kind > LT_TYPE_VOID && type->kind < LT_TYPE_ARRAY;
}

static const struct lt_type *wider_number(const struct lt_type *a, const struct lt_type *b)
{
    if (a->kind == b->kind)
        return a;
    if (lt_type_is_fraction(a) || lt_type_is_fraction(b))
        return lt_type_simple(LT_TYPE_DOUBLE);
    return a->kind > b->kind ? a : b;
}

/* What a string becomes beside `other`. */
static const struct lt_type *promoted_string(const struct lt_type *other)
{
    if (lt_type_is_integral(other))
        return lt_type_simple(LT_TYPE_BIGINT);
    if (lt_type_is_fraction(other))
        return lt_type_simple(LT_TYPE_DOUBLE);
    return is_atomic(other) ? other : NULL;
}

const struct lt_type *lt_coerce_common(const struct lt_type *a, const struct lt_type *b,
                                       struct lt_arena *arena)
{
    if (a->kind == LT_TYPE_VOID)
        return b;
    if (b->kind == LT_TYPE_VOID || lt_type_equal(a, b))
        return a;
    if (lt_type_is_number(a) && lt_type_is_number(b))
        return wider_number(a, b);
    if (is_string(a) && is_string(b))
        return lt_type_simple(LT_TYPE_STRING);
    if (is_string(a))
        return promoted_string(b);
    if (is_string(b))
        return promoted_string(a);
    if (a->kind == LT_TYPE_ARRAY && b->kind == LT_TYPE_ARRAY) {
        const struct lt_type *element =
            lt_coerce_common(a->fields[0].type, b->fields[0].type, arena);
        bool nullable = a->fields[0].nullable || b->fields[0].nullable;
        return element == NULL ? NULL : lt_type_array(arena, element, nullable);
    }
    return NULL;
}

const struct lt_type *lt_coerce_common_strict(const struct lt_type *a, const struct lt_type *b,
                                              struct lt_arena *arena)
{
    bool mixes_string =
        is_string(a) != is_string(b) && a->kind != LT_TYPE_VOID && b->kind != LT_TYPE_VOID;
    return mixes_string ? NULL : lt_coerce_common(a, b, arena);
}

const struct lt_type *lt_coerce_common_number(const struct lt_type *a, const struct lt_type *b)
{
    const struct lt_type *number = lt_type_is_number(a) ? a : b;
    const struct lt_type *other = lt_type_is_number(a) ? b : a;
    if (!lt_type_is_number(number)) {
        bool is_none = number->kind == LT_TYPE_VOID && other->kind == LT_TYPE_VOID;
        bool has_null = number->kind == LT_TYPE_VOID || other->kind == LT_TYPE_VOID;
        bool has_string = is_string(number) || is_string(other);
        return is_none || (has_null && has_string) ? lt_type_simple(LT_TYPE_DOUBLE) : NULL;
    }
    if (other->kind == LT_TYPE_VOID)
        return number;
    if (lt_type_is_number(other))
        return wider_number(number, other);
    return is_string(other) ? promoted_string(number) : NULL;
}

bool lt_coerce_is_implicit(const struct lt_type *from, const struct lt_type *to)
{
    if (from->kind == LT_TYPE_VOID || lt_type_equal(from, to))
        return true;
    if (is_string(from) || is_string(to))
        return is_atomic(from) && is_atomic(to);
    if (from->kind == LT_TYPE_BINARY || to->kind == LT_TYPE_BINARY)
        return false;
    return lt_type_is_number(from) && lt_type_is_number(to) && from->kind < to->kind;
}

/* --------------------------------------------------------------------------------------- casts */

static bool is_later(const struct lt_type *type)
{
    switch (type->kind) {
    case LT_TYPE_DECIMAL:
    case LT_TYPE_DATE:
    case LT_TYPE_TIMESTAMP_NTZ:
    case LT_TYPE_INTERVAL_DAY_TIME:
    case LT_TYPE_INTERVAL_YEAR_MONTH:
    case LT_TYPE_INTERVAL_CALENDAR:
    case LT_TYPE_ARRAY:
    case LT_TYPE_MAP:
    case LT_TYPE_STRUCT:
        return true;
    default:
        return false;
    }
}

static enum lt_cast_verdict verdict_to_date(const struct lt_type *from)
{
    if (lt_type_is_number(from))
        return LT_CAST_USE_FUNCTION;
    return from->kind == LT_TYPE_BOOLEAN || from->kind == LT_TYPE_BINARY ? LT_CAST_REFUSED
                                                                         : LT_CAST_LATER;
}

static enum lt_cast_verdict verdict_of_binary(const struct lt_type *other, bool is_target)
{
    if (is_string(other) || other->kind == LT_TYPE_BINARY)
        return LT_CAST_ALLOWED;
    return is_target && lt_type_is_integral(other) ? LT_CAST_USE_LEGACY : LT_CAST_REFUSED;
}

enum lt_cast_verdict lt_coerce_cast_verdict(const struct lt_type *from, const struct lt_type *to)
{
    if (from->kind == LT_TYPE_VOID || lt_type_equal(from, to))
        return LT_CAST_ALLOWED;
    if (to->kind == LT_TYPE_DATE && !is_later(from))
        return verdict_to_date(from);
    if (is_later(from) || is_later(to))
        return LT_CAST_LATER;
    if (to->kind == LT_TYPE_VOID)
        return LT_CAST_REFUSED;
    if (from->kind == LT_TYPE_BINARY)
        return verdict_of_binary(to, false);
    if (to->kind == LT_TYPE_BINARY)
        return verdict_of_binary(from, true);
    if (from->kind == LT_TYPE_TIMESTAMP && to->kind == LT_TYPE_BOOLEAN)
        return LT_CAST_USE_LEGACY;
    if (from->kind == LT_TYPE_BOOLEAN && to->kind == LT_TYPE_TIMESTAMP)
        return LT_CAST_USE_LEGACY;
    return LT_CAST_ALLOWED;
}

bool lt_coerce_is_open(const struct lt_expression *node)
{
    return node->kind == LT_EXPR_JSON_PATH && node->type != NULL &&
           node->type->kind == LT_TYPE_VOID;
}

const struct lt_type *lt_coerce_open_type(const struct lt_expression *other)
{
    const struct lt_type *type = other->type;
    const int64_t exact_in_double = (int64_t)1 << 53;
    if (lt_type_is_integral(type)) {
        bool is_large = other->kind == LT_EXPR_LITERAL && !other->is_null &&
                        (other->value.i64 > exact_in_double || other->value.i64 < -exact_in_double);
        return lt_type_simple(is_large ? LT_TYPE_BIGINT : LT_TYPE_DOUBLE);
    }
    if (type->kind == LT_TYPE_VOID || type->kind == LT_TYPE_BINARY || !is_atomic(type))
        return lt_type_simple(LT_TYPE_STRING);
    return type;
}

/* What is read from the document so that a value of `to` can be made of it. */
static const struct lt_type *read_type(const struct lt_type *to)
{
    if (lt_type_is_integral(to))
        return lt_type_simple(LT_TYPE_BIGINT);
    if (lt_type_is_fraction(to))
        return lt_type_simple(LT_TYPE_DOUBLE);
    return to->kind == LT_TYPE_BOOLEAN ? to : lt_type_simple(LT_TYPE_STRING);
}

struct lt_expression *lt_coerce_cast(struct lt_expression *node, const struct lt_type *to,
                                     struct lt_arena *arena)
{
    if (lt_coerce_is_open(node))
        node->type = read_type(to);
    if (lt_type_equal(node->type, to))
        return node;
    if (node->kind == LT_EXPR_LITERAL && node->is_null) {
        struct lt_expression *typed = lt_arena_alloc(arena, sizeof *typed);
        *typed = *node;
        typed->type = to;
        return typed;
    }
    struct lt_expression *cast = lt_arena_alloc(arena, sizeof *cast);
    *cast = (struct lt_expression){.kind = LT_EXPR_CAST,
                                   .begin = node->begin,
                                   .end = node->end,
                                   .argument_count = 1,
                                   .type = to,
                                   .nullable = node->nullable,
                                   .index = 0};
    cast->arguments = lt_arena_alloc(arena, sizeof *cast->arguments);
    cast->arguments[0] = node;
    return cast;
}
