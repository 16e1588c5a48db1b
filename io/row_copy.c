/*
 * Depth is bounded by that of types (LT_LIMIT_TYPE_DEPTH).
 */
#include "io/row_copy.h"

#include <string.h>

#include "core/base/error.h"

static bool copy_value(const struct lt_type *type, union lt_value *value, struct lt_row *owner);

/* Memory of the row's with a copy of `size_bytes`; NULL stays NULL. */
static bool copy_memory(struct lt_row *owner, const void *from, size_t size_bytes, const void **out)
{
    *out = NULL;
    if (from == NULL || size_bytes == 0)
        return true;
    void *memory = lt_row_scratch(owner, size_bytes);
    if (memory == NULL)
        return false;
    memcpy(memory, from, size_bytes);
    *out = memory;
    return true;
}

static bool copy_bytes(union lt_value *value, struct lt_row *owner)
{
    const void *data;
    if (!copy_memory(owner, value->bytes.data, value->bytes.size_bytes, &data))
        return false;
    value->bytes.data = data;
    value->bytes.padding_bytes = 0;
    return true;
}

/* `count` values of one type each, as in an array, with their null bits. */
static bool copy_elements(const struct lt_type *type, struct lt_array *array, struct lt_row *owner)
{
    const void *nulls;
    const void *values;
    if (!copy_memory(owner, array->nulls, ((array->count + 63u) / 64) * sizeof(uint64_t), &nulls) ||
        !copy_memory(owner, array->values, array->count * sizeof(union lt_value), &values))
        return false;
    array->nulls = nulls;
    array->values = values;
    union lt_value *own = (union lt_value *)(uintptr_t)values;
    for (uint32_t i = 0; i < array->count; i++) {
        if (!lt_bit(array->nulls, i) && !copy_value(type, &own[i], owner))
            return false;
    }
    return true;
}

static bool copy_array(const struct lt_type *type, union lt_value *value, struct lt_row *owner)
{
    lt_array_materialize(value->array);
    struct lt_array *copy = lt_row_scratch(owner, sizeof *copy);
    if (copy == NULL)
        return false;
    *copy = *value->array;
    copy->is_native = false;
    value->array = copy;
    return copy_elements(type->fields[0].type, copy, owner);
}

static bool copy_map(const struct lt_type *type, union lt_value *value, struct lt_row *owner)
{
    struct lt_map *copy = lt_row_scratch(owner, sizeof *copy);
    if (copy == NULL)
        return false;
    *copy = *value->map;
    lt_assert(!copy->keys.is_native);
    lt_assert(!copy->values.is_native);
    value->map = copy;
    return copy_elements(type->fields[0].type, &copy->keys, owner) &&
           copy_elements(type->fields[1].type, &copy->values, owner);
}

static bool copy_struct(const struct lt_type *type, union lt_value *value, struct lt_row *owner)
{
    const uint32_t count = type->field_count;
    struct lt_struct *copy = lt_row_scratch(owner, sizeof *copy);
    const void *nulls;
    const void *values;
    if (copy == NULL ||
        !copy_memory(owner, value->structure->nulls, ((count + 63u) / 64) * sizeof(uint64_t),
                     &nulls) ||
        !copy_memory(owner, value->structure->values, count * sizeof(union lt_value), &values))
        return false;
    *copy = (struct lt_struct){.nulls = nulls, .values = values};
    value->structure = copy;
    union lt_value *own = (union lt_value *)(uintptr_t)values;
    for (uint32_t i = 0; i < count; i++) {
        if (!lt_bit(copy->nulls, i) && !copy_value(type->fields[i].type, &own[i], owner))
            return false;
    }
    return true;
}

static bool copy_value(const struct lt_type *type, union lt_value *value, struct lt_row *owner)
{
    switch (type->kind) {
    case LT_TYPE_STRING:
    case LT_TYPE_CHAR:
    case LT_TYPE_VARCHAR:
    case LT_TYPE_BINARY:
        return copy_bytes(value, owner);
    case LT_TYPE_ARRAY:
        return copy_array(type, value, owner);
    case LT_TYPE_MAP:
        return copy_map(type, value, owner);
    case LT_TYPE_STRUCT:
        return copy_struct(type, value, owner);
    default:
        return true; /* lies in the value itself */
    }
}

bool lt_row_copy(const struct lt_type *schema, const struct lt_row *from, struct lt_row *to)
{
    lt_debug_assert(from->column_count == to->column_count);
    lt_debug_assert(schema->field_count == to->column_count);
    to->source_partition = from->source_partition;
    to->source_offset = from->source_offset;
    to->ingest_ns = from->ingest_ns;
    union lt_value *values = lt_row_values(to);
    const union lt_value *from_values = lt_row_values(from);
    for (uint32_t i = 0; i < schema->field_count; i++) {
        if (lt_row_is_null(from, i)) {
            lt_row_set_null(to, i);
            continue;
        }
        values[i] = from_values[i];
        if (!copy_value(schema->fields[i].type, &values[i], to))
            return false;
    }
    return true;
}
