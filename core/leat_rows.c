/*
 * Rows from outside: reading columns by number, and filling a row that was claimed. A row is
 * struct lt_row under its public name; nothing is copied or wrapped.
 */
#include "core/leat.h"

#include <string.h>

#include "core/base/limits.h"
#include "core/data/row.h"

static const struct lt_row *row_of(const leat_row *row)
{
    return (const struct lt_row *)(const void *)row;
}

static struct lt_row *writable(leat_row *row)
{
    return (struct lt_row *)(void *)row;
}

static const union lt_value *value_of(const leat_row *row, uint32_t column)
{
    lt_debug_assert(column < row_of(row)->column_count);
    return &lt_row_values(row_of(row))[column];
}

/* -------------------------------------------------------------------------------------- reading */

uint32_t leat_row_column_count(const leat_row *row)
{
    return row_of(row)->column_count;
}

bool leat_row_is_null(const leat_row *row, uint32_t column)
{
    lt_debug_assert(column < row_of(row)->column_count);
    return lt_row_is_null(row_of(row), column);
}

int64_t leat_row_i64(const leat_row *row, uint32_t column)
{
    return value_of(row, column)->i64;
}

double leat_row_f64(const leat_row *row, uint32_t column)
{
    return value_of(row, column)->f64;
}

const void *leat_row_bytes(const leat_row *row, uint32_t column, size_t *size_bytes)
{
    /* An empty value may have no memory behind it; NULL is for null. */
    static const char empty[1];
    const struct lt_bytes *bytes = &value_of(row, column)->bytes;
    bool is_null = lt_row_is_null(row_of(row), column);
    if (size_bytes != NULL)
        *size_bytes = is_null ? 0 : bytes->size_bytes;
    if (is_null)
        return NULL;
    return bytes->data != NULL ? (const void *)bytes->data : empty;
}

uint32_t leat_row_header_count(const leat_row *row, uint32_t column)
{
    if (lt_row_is_null(row_of(row), column))
        return 0;
    struct lt_array *array = value_of(row, column)->array;
    lt_array_materialize(array);
    return array->count;
}

static void take_bytes(const struct lt_struct *header, uint32_t field, const void **data,
                       size_t *size_bytes)
{
    static const char empty[1];
    const struct lt_bytes *bytes = &header->values[field].bytes;
    bool is_null = lt_bit(header->nulls, field);
    *data = is_null ? NULL : bytes->data != NULL ? (const void *)bytes->data : empty;
    *size_bytes = is_null ? 0 : bytes->size_bytes;
}

void leat_row_header(const leat_row *row, uint32_t column, uint32_t index, const char **key,
                     size_t *key_bytes, const void **value, size_t *value_bytes)
{
    struct lt_array *array = value_of(row, column)->array;
    lt_array_materialize(array);
    lt_debug_assert(index < array->count);
    const struct lt_struct *header = array->values[index].structure;
    const void *name;
    take_bytes(header, 0, &name, key_bytes);
    *key = name;
    take_bytes(header, 1, value, value_bytes);
}

int32_t leat_row_partition(const leat_row *row)
{
    return row_of(row)->source_partition;
}

int64_t leat_row_offset(const leat_row *row)
{
    return row_of(row)->source_offset;
}

int64_t leat_row_ingest_ns(const leat_row *row)
{
    return row_of(row)->ingest_ns;
}

/* -------------------------------------------------------------------------------------- writing */

static union lt_value *begin_value(leat_row *row, uint32_t column)
{
    lt_debug_assert(column < row_of(row)->column_count);
    lt_bit_clear(lt_row_nulls(writable(row)), column);
    return &lt_row_values(writable(row))[column];
}

void leat_row_set_null(leat_row *row, uint32_t column)
{
    lt_debug_assert(column < row_of(row)->column_count);
    lt_row_set_null(writable(row), column);
}

void leat_row_set_i64(leat_row *row, uint32_t column, int64_t value)
{
    begin_value(row, column)->i64 = value;
}

void leat_row_set_f64(leat_row *row, uint32_t column, double value)
{
    begin_value(row, column)->f64 = value;
}

void *leat_row_reserve(leat_row *row, uint32_t column, size_t size_bytes)
{
    void *memory = lt_row_scratch(writable(row), size_bytes);
    if (memory != NULL)
        begin_value(row, column)->bytes =
            (struct lt_bytes){.data = memory, .size_bytes = (uint32_t)size_bytes};
    return memory;
}

int leat_row_set_bytes(leat_row *row, uint32_t column, const void *data, size_t size_bytes)
{
    if (size_bytes > LT_LIMIT_VALUE_BYTES)
        return LEAT_ERROR_LIMIT;
    void *memory = leat_row_reserve(row, column, size_bytes);
    if (memory == NULL)
        return LEAT_ERROR_NO_MEMORY;
    if (size_bytes > 0)
        memcpy(memory, data, size_bytes);
    return LEAT_OK;
}

int leat_row_borrow_bytes(leat_row *row, uint32_t column, const void *data, size_t size_bytes)
{
    if (size_bytes > LT_LIMIT_VALUE_BYTES)
        return LEAT_ERROR_LIMIT;
    begin_value(row, column)->bytes =
        (struct lt_bytes){.data = data, .size_bytes = (uint32_t)size_bytes};
    return LEAT_OK;
}
