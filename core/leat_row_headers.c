/*
 * Writing headers: the array<struct<key:string,value:binary>> of Kafka's shape, built in the row's
 * own memory from the caller's list. Reading them is in leat_rows.c.
 */
#include "core/leat.h"

#include "core/base/limits.h"
#include "core/data/row.h"

enum { HEADER_FIELDS = 2, NULL_VALUE_BIT = 2 /* field 1 */ };

/* Everything of one array, in one piece of the row's memory. */
struct header_cell {
    union lt_value fields[HEADER_FIELDS];
    struct lt_struct header;
    uint64_t nulls;
};

int leat_row_set_headers(leat_row *row, uint32_t column, const leat_header *headers, uint32_t count)
{
    struct lt_row *own = (struct lt_row *)(void *)row;
    lt_debug_assert(column < own->column_count);
    size_t values_bytes = count * sizeof(union lt_value);
    size_t cells_bytes = count * sizeof(struct header_cell);
    /* A multiple of 16 stands first, so that what follows is aligned as values are. */
    size_t array_bytes = (sizeof(struct lt_array) + 15) / 16 * 16;
    char *memory = lt_row_scratch(own, array_bytes + values_bytes + cells_bytes);
    if (memory == NULL)
        return LEAT_ERROR_LIMIT;
    struct lt_array *array = (struct lt_array *)(void *)memory;
    union lt_value *values = (union lt_value *)(void *)(memory + array_bytes);
    struct header_cell *cells = (struct header_cell *)(void *)(memory + array_bytes + values_bytes);
    for (uint32_t i = 0; i < count; i++) {
        const leat_header *from = &headers[i];
        if (from->key_bytes > LT_LIMIT_VALUE_BYTES || from->value_bytes > LT_LIMIT_VALUE_BYTES)
            return LEAT_ERROR_LIMIT;
        cells[i].fields[0] = lt_value_bytes(from->key, (uint32_t)from->key_bytes);
        cells[i].fields[1] = lt_value_bytes(from->value, (uint32_t)from->value_bytes);
        cells[i].nulls = from->value == NULL ? NULL_VALUE_BIT : 0;
        cells[i].header = (struct lt_struct){.nulls = &cells[i].nulls, .values = cells[i].fields};
        values[i] = (union lt_value){.structure = &cells[i].header};
    }
    *array = (struct lt_array){.count = count, .values = values};
    lt_bit_clear(lt_row_nulls(own), column);
    lt_row_values(own)[column].array = array;
    return LEAT_OK;
}
