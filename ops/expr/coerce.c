/*
 * Numbers widen along tinyint .. bigint, decimal, float, double. Under ANSI rules an integer and a
 * float meet at double, and a string beside something else becomes that: bigint beside an integer,
 * double beside a fraction. Under the legacy rules an integer and a float meet at float, and what
 * stands beside a string becomes a string. Nested types meet part by part.
 */
#include "ops/expr/coerce.h"

#include "ops/expr/collections.h"

#include <string.h>

#include "core/base/ascii.h"
#include "core/data/decimal.h"

static bool is_atomic(const struct lt_type *type)
{
    return type->kind > LT_TYPE_VOID && type->kind < LT_TYPE_ARRAY;
}

/* ------------------------------------------------------------------------------------ decimals */

const struct lt_type *lt_coerce_decimal_of(struct lt_arena *arena, const struct lt_type *integral)
{
    static const uint8_t digits[] = {3, 5, 10, 20};
    return lt_type_decimal(arena, digits[integral->kind - LT_TYPE_TINYINT], 0);
}

/* One of the two is a decimal, the other any number. */
static const struct lt_type *wider_decimal(const struct lt_type *a, const struct lt_type *b,
                                           struct lt_arena *arena)
{
    if (lt_type_is_fraction(a) || lt_type_is_fraction(b))
        return lt_type_simple(LT_TYPE_DOUBLE);
    a = a->kind == LT_TYPE_DECIMAL ? a : lt_coerce_decimal_of(arena, a);
    b = b->kind == LT_TYPE_DECIMAL ? b : lt_coerce_decimal_of(arena, b);
    struct lt_decimal_shape wider =
        lt_decimal_shape_wider((struct lt_decimal_shape){a->precision, a->scale},
                               (struct lt_decimal_shape){b->precision, b->scale});
    return lt_type_decimal(arena, wider.precision, wider.scale);
}

/* ---------------------------------------------------------------------------------- two types */

static const struct lt_type *wider_number(const struct lt_coerce *coerce, const struct lt_type *a,
                                          const struct lt_type *b)
{
    if (a->kind == LT_TYPE_DECIMAL || b->kind == LT_TYPE_DECIMAL)
        return wider_decimal(a, b, coerce->arena);
    if (a->kind == b->kind)
        return a;
    bool has_fraction = lt_type_is_fraction(a) || lt_type_is_fraction(b);
    if (has_fraction && !coerce->session->is_legacy)
        return lt_type_simple(LT_TYPE_DOUBLE);
    return a->kind > b->kind ? a : b;
}

static const struct lt_type *wider_interval(const struct lt_type *a, const struct lt_type *b,
                                            struct lt_arena *arena)
{
    struct lt_type *type = lt_arena_alloc(arena, sizeof *type);
    *type = *a;
    if (b->interval_start < type->interval_start)
        type->interval_start = b->interval_start;
    if (b->interval_end > type->interval_end)
        type->interval_end = b->interval_end;
    return type;
}

/* One type of two that are equal: what may be NULL in either of them may be. Recursion is bounded
 * by the depth of types. */
static const struct lt_type *either(struct lt_arena *arena, const struct lt_type *a,
                                    const struct lt_type *b)
{
    if (a == b || !lt_type_is_nested(a))
        return a;
    struct lt_type *type = lt_arena_alloc(arena, sizeof *type);
    struct lt_field *fields = lt_arena_alloc(arena, a->field_count * sizeof *fields);
    bool is_other = false;
    for (uint32_t i = 0; i < a->field_count; i++) {
        fields[i] = a->fields[i];
        fields[i].type = either(arena, a->fields[i].type, b->fields[i].type);
        fields[i].nullable = a->fields[i].nullable || b->fields[i].nullable;
        is_other = is_other || fields[i].type != a->fields[i].type ||
                   fields[i].nullable != a->fields[i].nullable;
    }
    *type = *a;
    type->fields = fields;
    return is_other ? type : a;
}

/* What needs no string and no nesting; NULL if there is no such type. */
static const struct lt_type *tightest(const struct lt_coerce *coerce, const struct lt_type *a,
                                      const struct lt_type *b)
{
    if (a->kind == LT_TYPE_VOID)
        return b;
    if (b->kind == LT_TYPE_VOID || lt_type_equal(a, b))
        return b->kind == LT_TYPE_VOID ? a : either(coerce->arena, a, b);
    if (lt_type_is_numeric(a) && lt_type_is_numeric(b))
        return wider_number(coerce, a, b);
    if (lt_type_is_text(a) && lt_type_is_text(b))
        return lt_type_simple(LT_TYPE_STRING);
    if (lt_type_is_datetime(a) && lt_type_is_datetime(b)) {
        if (a->kind == LT_TYPE_DATE || b->kind == LT_TYPE_DATE)
            return a->kind == LT_TYPE_DATE ? b : a;
        return lt_type_simple(LT_TYPE_TIMESTAMP);
    }
    if (lt_type_is_ansi_interval(a) && a->kind == b->kind)
        return wider_interval(a, b, coerce->arena);
    return NULL;
}

/* What a string becomes beside `other`, and `other` with it. */
static const struct lt_type *promoted_string(const struct lt_coerce *coerce,
                                             const struct lt_type *other)
{
    if (coerce->session->is_legacy) {
        bool stays =
            !is_atomic(other) || other->kind == LT_TYPE_BINARY || other->kind == LT_TYPE_BOOLEAN;
        return stays ? NULL : lt_type_simple(LT_TYPE_STRING);
    }
    if (lt_type_is_integral(other))
        return lt_type_simple(LT_TYPE_BIGINT);
    if (lt_type_is_numeric(other))
        return lt_type_simple(LT_TYPE_DOUBLE);
    return is_atomic(other) && !lt_type_is_interval(other) ? other : NULL;
}

typedef const struct lt_type *meet_fn(const struct lt_coerce *coerce, const struct lt_type *a,
                                      const struct lt_type *b);

/* Does a decimal hold every value of the other type, but for digits that are rounded away? */
static bool is_held(const struct lt_type *from, const struct lt_type *decimal)
{
    static const uint8_t digits[] = {3, 5, 10, 20};
    int whole = decimal->precision - decimal->scale;
    if (from->kind == LT_TYPE_DECIMAL) {
        int needed = from->precision - from->scale;
        return whole > needed || (whole == needed && decimal->scale >= from->scale);
    }
    if (lt_type_is_integral(from))
        return whole >= digits[from->kind - LT_TYPE_TINYINT];
    return from->kind == LT_TYPE_BOOLEAN && whole > 0;
}

/* A try_cast gives NULL wherever a value may not fit. Recursion is bounded by the depth of types.
 */
bool lt_coerce_try_may_null(const struct lt_type *from, const struct lt_type *to)
{
    if (lt_type_is_text(to) || (lt_type_is_text(from) && to->kind == LT_TYPE_BINARY))
        return false;
    if (lt_type_is_nested(to) && from->kind == to->kind && from->field_count == to->field_count) {
        bool may_null = false;
        for (uint32_t i = 0; i < to->field_count; i++)
            may_null = may_null || lt_coerce_try_may_null(from->fields[i].type, to->fields[i].type);
        return may_null;
    }
    if (lt_type_is_integral(from) && to->kind == LT_TYPE_DECIMAL)
        return !is_held(from, to);
    if (lt_type_is_number(from) && lt_type_is_number(to))
        return from->kind > to->kind;
    return !lt_type_equal(from, to) && !(lt_type_is_ansi_interval(from) && from->kind == to->kind);
}

/* A part of a nested value, brought to `type`. */
static bool may_be_null(const struct lt_field *part, const struct lt_type *type)
{
    return part->nullable || lt_coerce_may_null(part->type, type);
}

static const struct lt_type *common_struct(const struct lt_coerce *coerce, const struct lt_type *a,
                                           const struct lt_type *b, meet_fn *meet)
{
    if (a->field_count != b->field_count)
        return NULL;
    struct lt_field *fields = lt_arena_alloc(coerce->arena, a->field_count * sizeof *fields);
    for (uint32_t i = 0; i < a->field_count; i++) {
        const struct lt_field *x = &a->fields[i], *y = &b->fields[i];
        bool is_same = coerce->session->is_case_sensitive ? strcmp(x->name, y->name) == 0
                                                          : lt_ascii_compare(x->name, y->name) == 0;
        const struct lt_type *type = is_same ? meet(coerce, x->type, y->type) : NULL;
        if (type == NULL)
            return NULL;
        fields[i] = (struct lt_field){.name = x->name,
                                      .type = type,
                                      .nullable = may_be_null(x, type) || may_be_null(y, type)};
    }
    return lt_type_struct(coerce->arena, fields, a->field_count);
}

static const struct lt_type *common_nested(const struct lt_coerce *coerce, const struct lt_type *a,
                                           const struct lt_type *b, meet_fn *meet)
{
    if (a->kind != b->kind || !lt_type_is_nested(a))
        return NULL;
    if (a->kind == LT_TYPE_STRUCT)
        return common_struct(coerce, a, b, meet);
    const struct lt_type *first = meet(coerce, a->fields[0].type, b->fields[0].type);
    if (first == NULL)
        return NULL;
    bool first_nullable = may_be_null(&a->fields[0], first) || may_be_null(&b->fields[0], first);
    if (a->kind == LT_TYPE_ARRAY)
        return lt_type_array(coerce->arena, first, first_nullable);
    const struct lt_type *value = meet(coerce, a->fields[1].type, b->fields[1].type);
    if (value == NULL || first_nullable)
        return NULL; /* a key cannot be NULL */
    return lt_type_map(coerce->arena, first, value,
                       may_be_null(&a->fields[1], value) || may_be_null(&b->fields[1], value));
}

const struct lt_type *lt_coerce_common(const struct lt_coerce *coerce, const struct lt_type *a,
                                       const struct lt_type *b)
{
    const struct lt_type *type = tightest(coerce, a, b);
    if (type != NULL)
        return type;
    if (lt_type_is_text(a))
        return promoted_string(coerce, b);
    if (lt_type_is_text(b))
        return promoted_string(coerce, a);
    return common_nested(coerce, a, b, lt_coerce_common);
}

/* Recursion is bounded by the depth of types. */
static bool has_text(const struct lt_type *type)
{
    return lt_type_is_text(type) ||
           (type->kind == LT_TYPE_ARRAY && has_text(type->fields[0].type));
}

void lt_coerce_put_texts_first(const struct lt_coerce *coerce, const struct lt_type **types,
                               uint32_t count)
{
    uint32_t texts = 0;
    for (uint32_t i = 0; i < count && coerce->session->is_legacy; i++) {
        const struct lt_type *type = types[i];
        if (!has_text(type))
            continue;
        memmove(&types[texts + 1], &types[texts], (i - texts) * sizeof *types);
        types[texts++] = type;
    }
}

const struct lt_type *lt_coerce_common_all(const struct lt_coerce *coerce,
                                           const struct lt_type **types, uint32_t count)
{
    lt_coerce_put_texts_first(coerce, types, count);
    const struct lt_type *common = count == 0 ? NULL : types[0];
    for (uint32_t i = 1; i < count && common != NULL; i++)
        common = lt_coerce_common(coerce, common, types[i]);
    return common;
}

const struct lt_type *lt_coerce_common_strict(const struct lt_coerce *coerce,
                                              const struct lt_type *a, const struct lt_type *b)
{
    const struct lt_type *type = tightest(coerce, a, b);
    return type != NULL ? type : common_nested(coerce, a, b, lt_coerce_common_strict);
}

/* Recursion is bounded by the depth of types. */
const struct lt_type *lt_coerce_common_tight(const struct lt_coerce *coerce,
                                             const struct lt_type *a, const struct lt_type *b)
{
    if (lt_type_is_number(a) && lt_type_is_number(b))
        return a->kind > b->kind ? a : b;
    if (lt_type_is_nested(a) && lt_type_is_nested(b))
        return lt_type_equal(a, b) ? either(coerce->arena, a, b)
                                   : common_nested(coerce, a, b, lt_coerce_common_tight);
    if ((a->kind == LT_TYPE_DECIMAL && lt_type_is_fraction(b)) ||
        (b->kind == LT_TYPE_DECIMAL && lt_type_is_fraction(a)))
        return NULL;
    const struct lt_type *common = tightest(coerce, a, b);
    if (common == NULL || common->kind != LT_TYPE_DECIMAL)
        return common;
    bool is_one = lt_type_equal(common, a) || a->kind == LT_TYPE_VOID;
    bool is_other = lt_type_equal(common, b) || b->kind == LT_TYPE_VOID;
    if (is_one && is_other)
        return common;
    bool is_integer = is_one ? lt_type_is_integral(b) : is_other && lt_type_is_integral(a);
    return is_integer ? common : NULL;
}

const struct lt_type *lt_coerce_compared(const struct lt_coerce *coerce, const struct lt_type *a,
                                         const struct lt_type *b)
{
    if (coerce->session->is_legacy && lt_type_is_text(a) != lt_type_is_text(b) && is_atomic(a) &&
        is_atomic(b)) {
        const struct lt_type *other = lt_type_is_text(a) ? b : a;
        return lt_type_is_interval(other) ? NULL : other;
    }
    if (lt_type_is_nested(a) && lt_type_is_nested(b)) {
        const struct lt_type *common = lt_coerce_common_tight(coerce, a, b);
        return common == NULL && lt_collection_alike(a, b) ? a : common;
    }
    return lt_coerce_common(coerce, a, b);
}

const struct lt_type *lt_coerce_common_number(const struct lt_coerce *coerce,
                                              const struct lt_type *a, const struct lt_type *b)
{
    const struct lt_type *number = lt_type_is_numeric(a) ? a : b;
    const struct lt_type *other = lt_type_is_numeric(a) ? b : a;
    if (!lt_type_is_numeric(number)) {
        bool is_none = number->kind == LT_TYPE_VOID && other->kind == LT_TYPE_VOID;
        bool has_null = number->kind == LT_TYPE_VOID || other->kind == LT_TYPE_VOID;
        bool has_string = lt_type_is_text(number) || lt_type_is_text(other);
        bool is_double =
            is_none || (coerce->session->is_legacy && has_string &&
                        (has_null || (lt_type_is_text(number) && lt_type_is_text(other))));
        return is_double ? lt_type_simple(LT_TYPE_DOUBLE) : NULL;
    }
    if (other->kind == LT_TYPE_VOID)
        return number;
    if (lt_type_is_numeric(other))
        return wider_number(coerce, number, other);
    if (!lt_type_is_text(other))
        return NULL;
    return coerce->session->is_legacy ? lt_type_simple(LT_TYPE_DOUBLE)
                                      : promoted_string(coerce, number);
}

/* Can a decimal hold every value of the other number, or the other every value of the decimal? */
static bool is_number_widened(const struct lt_type *from, const struct lt_type *to,
                              struct lt_arena *arena)
{
    if (to->kind == LT_TYPE_DECIMAL) {
        if (lt_type_is_fraction(from))
            return false;
        if (from->kind != LT_TYPE_DECIMAL)
            from = lt_coerce_decimal_of(arena, from);
        return to->scale >= from->scale &&
               to->precision - to->scale >= from->precision - from->scale;
    }
    if (from->kind == LT_TYPE_DECIMAL)
        return lt_type_is_fraction(to);
    return from->kind < to->kind;
}

/* Parts are cast as they are stored: under the ANSI rules a text is nothing but a text, while any
 * number is any other; under the legacy ones no struct is cast. No interval becomes one of other
 * fields, and what may be NULL does not become what may not. Recursion is bounded by the depth of
 * types. */
static bool is_implicit_nested(const struct lt_coerce *coerce, const struct lt_type *from,
                               const struct lt_type *to)
{
    bool is_legacy = coerce->session->is_legacy;
    bool fits = from->kind == to->kind && from->field_count == to->field_count &&
                !(is_legacy && from->kind == LT_TYPE_STRUCT);
    for (uint32_t i = 0; fits && i < from->field_count; i++) {
        const struct lt_field *part = &from->fields[i], *wanted = &to->fields[i];
        bool may_null = is_legacy ? may_be_null(part, wanted->type) : part->nullable;
        bool are_numbers = lt_type_is_numeric(part->type) && lt_type_is_numeric(wanted->type);
        bool is_other =
            lt_type_is_ansi_interval(part->type)
                ? part->type->kind == wanted->type->kind &&
                      !lt_type_equal(part->type, wanted->type)
                : !is_legacy && lt_type_is_text(part->type) && !lt_type_is_text(wanted->type);
        fits = !(may_null && !wanted->nullable) && !is_other &&
               (are_numbers || lt_coerce_is_implicit(coerce, part->type, wanted->type));
    }
    return fits;
}

bool lt_coerce_is_implicit(const struct lt_coerce *coerce, const struct lt_type *from,
                           const struct lt_type *to)
{
    if (from->kind == LT_TYPE_VOID || lt_type_equal(from, to))
        return true;
    bool is_legacy = coerce->session->is_legacy;
    if (lt_type_is_text(from))
        return is_atomic(to) && !(is_legacy && lt_type_is_ansi_interval(to)) &&
               !(is_legacy && to->kind == LT_TYPE_BOOLEAN);
    if (lt_type_is_text(to))
        return is_atomic(from) && !(is_legacy && from->kind == LT_TYPE_INTERVAL_CALENDAR);
    if (lt_type_is_numeric(from) && lt_type_is_numeric(to))
        return is_legacy || is_number_widened(from, to, coerce->arena);
    if (lt_type_is_datetime(from) && lt_type_is_datetime(to))
        return true;
    if (from->kind != to->kind || !lt_type_is_nested(from))
        return lt_type_is_ansi_interval(from) && from->kind == to->kind;
    return is_implicit_nested(coerce, from, to);
}

/* --------------------------------------------------------------------------------------- casts */

static bool is_from_text_or_time(const struct lt_type *from)
{
    return lt_type_is_text(from) || lt_type_is_datetime(from);
}

/* Casts that both modes allow between types that hold no others. */
static bool is_plain_cast(const struct lt_type *from, const struct lt_type *to)
{
    switch (to->kind) {
    case LT_TYPE_STRING:
    case LT_TYPE_CHAR:
    case LT_TYPE_VARCHAR:
        return true;
    case LT_TYPE_BINARY:
        return lt_type_is_text(from);
    case LT_TYPE_BOOLEAN:
        return lt_type_is_text(from) || lt_type_is_numeric(from);
    case LT_TYPE_DATE:
    case LT_TYPE_TIMESTAMP_NTZ:
        return is_from_text_or_time(from);
    case LT_TYPE_TIMESTAMP:
        return is_from_text_or_time(from) || lt_type_is_numeric(from);
    case LT_TYPE_INTERVAL_CALENDAR:
        return lt_type_is_text(from);
    case LT_TYPE_INTERVAL_DAY_TIME:
    case LT_TYPE_INTERVAL_YEAR_MONTH:
        return lt_type_is_text(from) || lt_type_is_integral(from) ||
               from->kind == LT_TYPE_DECIMAL || from->kind == to->kind;
    default:
        break;
    }
    if (!lt_type_is_numeric(to))
        return false;
    if (lt_type_is_ansi_interval(from))
        return !lt_type_is_fraction(to);
    return lt_type_is_text(from) || lt_type_is_numeric(from) || from->kind == LT_TYPE_BOOLEAN ||
           from->kind == LT_TYPE_TIMESTAMP;
}

static bool is_legacy_cast(const struct lt_type *from, const struct lt_type *to)
{
    switch (to->kind) {
    case LT_TYPE_BOOLEAN:
        return from->kind == LT_TYPE_DATE || from->kind == LT_TYPE_TIMESTAMP;
    case LT_TYPE_TIMESTAMP:
        return from->kind == LT_TYPE_BOOLEAN;
    case LT_TYPE_BINARY:
        return lt_type_is_integral(from);
    default:
        return lt_type_is_numeric(to) && from->kind == LT_TYPE_DATE;
    }
}

static enum lt_cast_verdict verdict_of_nested(const struct lt_session *session,
                                              const struct lt_type *from, const struct lt_type *to)
{
    if (lt_type_is_text(to))
        return LT_CAST_ALLOWED;
    if (from->kind != to->kind || from->field_count != to->field_count)
        return LT_CAST_REFUSED;
    for (uint32_t i = 0; i < from->field_count; i++) {
        enum lt_cast_verdict verdict =
            lt_coerce_cast_verdict(session, from->fields[i].type, to->fields[i].type);
        struct lt_session legacy = *session;
        legacy.is_legacy = true;
        bool helps = verdict != LT_CAST_ALLOWED && !session->is_legacy &&
                     lt_coerce_cast_verdict(&legacy, from, to) == LT_CAST_ALLOWED;
        if (verdict != LT_CAST_ALLOWED)
            return helps ? LT_CAST_USE_LEGACY : LT_CAST_REFUSED;
        bool may_null = session->is_legacy ? may_be_null(&from->fields[i], to->fields[i].type)
                                           : from->fields[i].nullable;
        if (may_null && !to->fields[i].nullable)
            return LT_CAST_REFUSED;
    }
    return LT_CAST_ALLOWED;
}

enum lt_cast_verdict lt_coerce_cast_verdict(const struct lt_session *session,
                                            const struct lt_type *from, const struct lt_type *to)
{
    if (from->kind == LT_TYPE_VOID || lt_type_equal(from, to))
        return LT_CAST_ALLOWED;
    if (to->kind == LT_TYPE_VOID)
        return LT_CAST_REFUSED;
    if (lt_type_is_nested(from) || lt_type_is_nested(to))
        return verdict_of_nested(session, from, to);
    if (is_plain_cast(from, to) || (session->is_legacy && is_legacy_cast(from, to)))
        return LT_CAST_ALLOWED;
    if (session->is_legacy)
        return LT_CAST_REFUSED;
    if (lt_type_is_numeric(from) && to->kind == LT_TYPE_DATE)
        return LT_CAST_USE_FUNCTION;
    if (from->kind == LT_TYPE_DATE && lt_type_is_numeric(to))
        return LT_CAST_USE_FUNCTION;
    return is_legacy_cast(from, to) ? LT_CAST_USE_LEGACY : LT_CAST_REFUSED;
}

static bool may_null_number(const struct lt_type *from, const struct lt_type *to)
{
    if (to->kind == LT_TYPE_DECIMAL)
        return !is_held(from, to);
    if (from->kind == LT_TYPE_TIMESTAMP)
        return to->kind >= LT_TYPE_TINYINT && to->kind <= LT_TYPE_INT;
    bool is_fraction = lt_type_is_fraction(from) || from->kind == LT_TYPE_DECIMAL;
    return is_fraction && lt_type_is_integral(to);
}

bool lt_coerce_may_null(const struct lt_type *from, const struct lt_type *to)
{
    if (from->kind == LT_TYPE_VOID || lt_type_equal(from, to) || lt_type_is_text(to))
        return false;
    if (lt_type_is_text(from))
        return to->kind != LT_TYPE_BINARY;
    if (from->kind == LT_TYPE_DATE)
        return to->kind != LT_TYPE_TIMESTAMP;
    if (to->kind == LT_TYPE_DATE)
        return from->kind != LT_TYPE_TIMESTAMP;
    if (to->kind == LT_TYPE_TIMESTAMP)
        return lt_type_is_fraction(from);
    if (to->kind == LT_TYPE_INTERVAL_CALENDAR)
        return true;
    return lt_type_is_numeric(to) && may_null_number(from, to);
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
    if (type->kind == LT_TYPE_DECIMAL)
        return lt_type_simple(LT_TYPE_DOUBLE);
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
                                   .nullable = node->nullable || lt_coerce_may_null(node->type, to),
                                   .index = 0};
    cast->arguments = lt_arena_alloc(arena, sizeof *cast->arguments);
    cast->arguments[0] = node;
    return cast;
}
