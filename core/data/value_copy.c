/*
 * Recursion ends: types are at most LT_LIMIT_TYPE_DEPTH deep.
 */
#include "core/data/value_copy.h"

#include <string.h>

/* ---------------------------------------------------------------------------------------- sizes */

static size_t rounded(size_t size_bytes)
{
    enum { ALIGNMENT = 16 };
    return (size_bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static size_t size_of_values(const struct lt_field *fields, bool is_one_type, uint32_t count,
                             const union lt_value *values, const uint64_t *nulls)
{
    size_t words = ((size_t)count + 63) / 64;
    size_t size = ((size_t)count + 1) * sizeof *values + rounded((words + 1) * sizeof *nulls);
    for (uint32_t i = 0; i < count; i++) {
        const struct lt_type *type = fields[is_one_type ? 0 : i].type;
        if (!lt_bit(nulls, i) && lt_type_holds_memory(type))
            size += lt_value_copy_size_bytes(type, &values[i]);
    }
    return size;
}

size_t lt_value_copy_size_bytes(const struct lt_type *type, const union lt_value *value)
{
    if (lt_type_is_bytes(type))
        return rounded(value->bytes.size_bytes);
    switch (type->kind) {
    case LT_TYPE_ARRAY:
        lt_array_materialize(value->array);
        return rounded(sizeof *value->array) +
               size_of_values(&type->fields[0], true, value->array->count, value->array->values,
                              value->array->nulls);
    case LT_TYPE_MAP:
        return rounded(sizeof *value->map) +
               size_of_values(&type->fields[0], true, value->map->keys.count,
                              value->map->keys.values, value->map->keys.nulls) +
               size_of_values(&type->fields[1], true, value->map->values.count,
                              value->map->values.values, value->map->values.nulls);
    case LT_TYPE_STRUCT:
        return rounded(sizeof *value->structure) +
               size_of_values(type->fields, false, type->field_count, value->structure->values,
                              value->structure->nulls);
    default:
        return 0;
    }
}

/* --------------------------------------------------------------------------------------- copies */

/* `count` values whose types are fields[0], or fields[0], fields[1], ...; and their nulls. */
static bool copy_values(const struct lt_value_memory *memory, const struct lt_field *fields,
                        bool is_one_type, uint32_t count, const union lt_value **values,
                        const uint64_t **nulls)
{
    size_t words = ((size_t)count + 63) / 64;
    union lt_value *copies = memory->alloc(memory->context, ((size_t)count + 1) * sizeof *copies);
    uint64_t *bits = memory->alloc(memory->context, (words + 1) * sizeof *bits);
    if (copies == NULL || bits == NULL)
        return false;
    if (count > 0)
        memcpy(copies, *values, count * sizeof *copies);
    memset(bits, 0, (words + 1) * sizeof *bits);
    if (*nulls != NULL && count > 0)
        memcpy(bits, *nulls, words * sizeof *bits);
    *values = copies;
    *nulls = bits;
    for (uint32_t i = 0; i < count; i++) {
        const struct lt_type *type = fields[is_one_type ? 0 : i].type;
        if (!lt_bit(bits, i) && lt_type_holds_memory(type) &&
            !lt_value_copy(type, memory, &copies[i]))
            return false;
    }
    return true;
}

static bool copy_elements(const struct lt_value_memory *memory, const struct lt_field *element,
                          struct lt_array *array)
{
    array->is_native = false;
    return copy_values(memory, element, true, array->count, &array->values, &array->nulls);
}

static bool copy_bytes(const struct lt_value_memory *memory, struct lt_bytes *bytes)
{
    if (bytes->size_bytes == 0) {
        *bytes = lt_value_bytes("", 0).bytes;
        return true;
    }
    void *copy = memory->alloc(memory->context, bytes->size_bytes);
    if (copy == NULL)
        return false;
    memcpy(copy, bytes->data, bytes->size_bytes);
    *bytes = lt_value_bytes(copy, bytes->size_bytes).bytes;
    return true;
}

static bool copy_array(const struct lt_type *type, const struct lt_value_memory *memory,
                       union lt_value *value)
{
    struct lt_array *copy = memory->alloc(memory->context, sizeof *copy);
    if (copy == NULL)
        return false;
    lt_array_materialize(value->array);
    *copy = *value->array;
    value->array = copy;
    return copy_elements(memory, &type->fields[0], copy);
}

static bool copy_map(const struct lt_type *type, const struct lt_value_memory *memory,
                     union lt_value *value)
{
    struct lt_map *copy = memory->alloc(memory->context, sizeof *copy);
    if (copy == NULL)
        return false;
    *copy = *value->map;
    value->map = copy;
    return copy_elements(memory, &type->fields[0], &copy->keys) &&
           copy_elements(memory, &type->fields[1], &copy->values);
}

static bool copy_struct(const struct lt_type *type, const struct lt_value_memory *memory,
                        union lt_value *value)
{
    struct lt_struct *copy = memory->alloc(memory->context, sizeof *copy);
    if (copy == NULL)
        return false;
    *copy = *value->structure;
    value->structure = copy;
    return copy_values(memory, type->fields, false, type->field_count, &copy->values, &copy->nulls);
}

bool lt_value_copy(const struct lt_type *type, const struct lt_value_memory *memory,
                   union lt_value *value)
{
    if (lt_type_is_bytes(type))
        return copy_bytes(memory, &value->bytes);
    switch (type->kind) {
    case LT_TYPE_ARRAY:
        return copy_array(type, memory, value);
    case LT_TYPE_MAP:
        return copy_map(type, memory, value);
    case LT_TYPE_STRUCT:
        return copy_struct(type, memory, value);
    default:
        return true;
    }
}
