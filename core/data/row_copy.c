#include "core/data/row_copy.h"

static void *alloc(void *context, size_t size_bytes)
{
    return lt_row_scratch(context, size_bytes);
}

bool lt_row_copy_columns(struct lt_row *row, uint32_t first_column, const struct lt_type *schema,
                         const uint64_t *nulls, const union lt_value *values)
{
    const struct lt_value_memory memory = {alloc, row};
    lt_row_borrow_columns(row, first_column, schema->field_count, nulls, values);
    for (uint32_t i = 0; i < schema->field_count; i++)
        if (!lt_bit(nulls, i) && !lt_value_copy(schema->fields[i].type, &memory,
                                                &lt_row_values(row)[first_column + i]))
            return false;
    return true;
}

void lt_row_borrow_columns(struct lt_row *row, uint32_t first_column, uint32_t count,
                           const uint64_t *nulls, const union lt_value *values)
{
    lt_debug_assert(first_column + count <= row->column_count);
    for (uint32_t i = 0; i < count; i++) {
        if (lt_bit(nulls, i)) {
            lt_row_set_null(row, first_column + i);
        } else {
            lt_bit_clear(lt_row_nulls(row), first_column + i);
            lt_row_values(row)[first_column + i] = values[i];
        }
    }
}
