/*
 * Making, comparing and searching types. Types without parameters are static; the others are made
 * in an arena and never changed afterwards.
 *
 * Recursion ends: types are at most LT_LIMIT_TYPE_DEPTH deep.
 */
#include "core/data/type.h"

#include <string.h>

#include "core/base/ascii.h"
#include "core/base/limits.h"

enum { DECIMAL_PRECISION_MAX = 38 };

#define SIMPLE_TYPE(type_kind, name) [LT_TYPE_##type_kind] = {.kind = LT_TYPE_##type_kind},
static const struct lt_type simple_types[LT_TYPE_KIND_COUNT] = {LT_TYPE_MAP(SIMPLE_TYPE)};
#undef SIMPLE_TYPE

static const struct lt_type decimal_default = {.kind = LT_TYPE_DECIMAL, .precision = 10};
static const struct lt_type time_default = {.kind = LT_TYPE_TIME, .precision = 6};
static const struct lt_type day_to_second = {.kind = LT_TYPE_INTERVAL_DAY_TIME,
                                             .interval_start = LT_INTERVAL_DAY,
                                             .interval_end = LT_INTERVAL_SECOND};
static const struct lt_type year_to_month = {.kind = LT_TYPE_INTERVAL_YEAR_MONTH,
                                             .interval_start = LT_INTERVAL_YEAR,
                                             .interval_end = LT_INTERVAL_MONTH};

const struct lt_type *lt_type_simple(enum lt_type_kind kind)
{
    lt_assert(kind < LT_TYPE_ARRAY);
    lt_assert(kind != LT_TYPE_CHAR);
    lt_assert(kind != LT_TYPE_VARCHAR);
    switch (kind) {
    case LT_TYPE_DECIMAL:
        return &decimal_default;
    case LT_TYPE_TIME:
        return &time_default;
    case LT_TYPE_INTERVAL_DAY_TIME:
        return &day_to_second;
    case LT_TYPE_INTERVAL_YEAR_MONTH:
        return &year_to_month;
    default:
        return &simple_types[kind];
    }
}

const struct lt_type *lt_type_decimal(struct lt_arena *arena, uint8_t precision, uint8_t scale)
{
    lt_assert(precision <= DECIMAL_PRECISION_MAX);
    lt_assert(scale <= precision);
    struct lt_type *type = lt_arena_alloc(arena, sizeof *type);
    *type = (struct lt_type){.kind = LT_TYPE_DECIMAL, .precision = precision, .scale = scale};
    return type;
}

static const struct lt_type *make_nested(struct lt_arena *arena, enum lt_type_kind kind,
                                         const struct lt_field *fields, size_t count)
{
    lt_assert(count <= UINT32_MAX);
    struct lt_field *copy = lt_arena_alloc(arena, count * sizeof *copy);
    if (count != 0)
        memcpy(copy, fields, count * sizeof *copy);
    struct lt_type *type = lt_arena_alloc(arena, sizeof *type);
    *type = (struct lt_type){.kind = kind, .field_count = (uint32_t)count, .fields = copy};
    return type;
}

const struct lt_type *lt_type_array(struct lt_arena *arena, const struct lt_type *element,
                                    bool nullable)
{
    struct lt_field field = {.name = "element", .type = element, .nullable = nullable};
    return make_nested(arena, LT_TYPE_ARRAY, &field, 1);
}

const struct lt_type *lt_type_map(struct lt_arena *arena, const struct lt_type *key,
                                  const struct lt_type *value, bool value_nullable)
{
    struct lt_field fields[] = {
        {.name = "key", .type = key},
        {.name = "value", .type = value, .nullable = value_nullable},
    };
    return make_nested(arena, LT_TYPE_MAP, fields, 2);
}

const struct lt_type *lt_type_struct(struct lt_arena *arena, const struct lt_field *fields,
                                     size_t count)
{
    return make_nested(arena, LT_TYPE_STRUCT, fields, count);
}

const struct lt_type *lt_type_hide_these(struct lt_arena *arena, const struct lt_type *schema,
                                         const bool *hidden)
{
    struct lt_type *hiding = lt_arena_alloc(arena, sizeof *hiding);
    *hiding = *schema;
    hiding->hidden = hidden;
    return hiding;
}

const struct lt_type *lt_type_hide(struct lt_arena *arena, const struct lt_type *schema,
                                   uint32_t first)
{
    bool *hidden = lt_arena_alloc(arena, schema->field_count * sizeof *hidden);
    lt_assert(first <= schema->field_count);
    for (uint32_t i = first; i < schema->field_count; i++)
        hidden[i] = true;
    return lt_type_hide_these(arena, schema, hidden);
}

uint32_t lt_type_visible_count(const struct lt_type *schema)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < schema->field_count; i++)
        count += !lt_type_is_hidden(schema, i);
    return count;
}

const struct lt_type *lt_type_visible(struct lt_arena *arena, const struct lt_type *schema)
{
    uint32_t count = 0;
    if (lt_type_visible_count(schema) == schema->field_count)
        return schema;
    struct lt_field *fields = lt_arena_alloc(arena, schema->field_count * sizeof *fields);
    for (uint32_t i = 0; i < schema->field_count; i++)
        if (!lt_type_is_hidden(schema, i))
            fields[count++] = schema->fields[i];
    return lt_type_struct(arena, fields, count);
}

static bool same_collation(const char *a, const char *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    return strcmp(a, b) == 0;
}

bool lt_type_equal(const struct lt_type *a, const struct lt_type *b)
{
    if (a == b)
        return true;
    if (a->kind != b->kind || a->precision != b->precision || a->scale != b->scale ||
        a->interval_start != b->interval_start || a->interval_end != b->interval_end ||
        a->char_count != b->char_count || a->field_count != b->field_count)
        return false;
    if (!same_collation(a->collation, b->collation))
        return false;
    for (uint32_t i = 0; i < a->field_count; i++) {
        /* Names count in structs only; an array's "element" is a label. Spark compares them
         * exactly. */
        if (a->kind == LT_TYPE_STRUCT && strcmp(a->fields[i].name, b->fields[i].name) != 0)
            return false;
        if (!lt_type_equal(a->fields[i].type, b->fields[i].type))
            return false;
    }
    return true;
}

int lt_type_field_index(const struct lt_type *schema, const char *name)
{
    int found = -1;
    for (uint32_t i = 0; i < schema->field_count; i++) {
        if (lt_ascii_compare(schema->fields[i].name, name) != 0)
            continue;
        if (found >= 0)
            return -2;
        found = (int)i;
    }
    return found;
}

/* --------------------------------------------------------------------------------------- parts */

bool lt_type_has_kind(const struct lt_type *type, enum lt_type_kind kind)
{
    bool has_kind = type->kind == kind;
    for (uint32_t i = 0; i < type->field_count && !has_kind; i++)
        has_kind = lt_type_has_kind(type->fields[i].type, kind);
    return has_kind;
}

bool lt_type_is_ordered(const struct lt_type *type)
{
    return lt_type_is_key(type) && !lt_type_has_kind(type, LT_TYPE_INTERVAL_CALENDAR);
}

bool lt_type_is_key(const struct lt_type *type)
{
    return !lt_type_has_kind(type, LT_TYPE_MAP) && !lt_type_has_kind(type, LT_TYPE_VARIANT);
}
