/*
 * Cells and tables as Spark's show() prints them.
 *
 * A column is as wide as its widest cell, at least 3. With truncation, cells over 20 characters are
 * cut to 17 and "...", and all stand to the right; without, to the left. Full-width characters
 * count two columns. Control characters are escaped.
 *
 * on: any. Pure.
 */
#ifndef LT_IO_CONSOLE_TABLE_H
#define LT_IO_CONSOLE_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/text_buffer.h"
#include "core/data/type.h"
#include "core/data/value.h"

/* Appends a value that is not NULL: `[1, 2]`, `{a, NULL}`, `{k -> v}`, `[61 62]` for bytes. Times
 * are UTC. */
void lt_console_cell(struct lt_text_buffer *out, const struct lt_type *type,
                     const union lt_value *value);

struct lt_console_table {
    const struct lt_type *schema;
    bool truncate;
    char **cells; /* row_count * field_count texts, finished; owned */
    uint32_t row_count, row_capacity;
};

void lt_console_table_init(struct lt_console_table *table, const struct lt_type *schema,
                           bool truncate);
void lt_console_table_fini(struct lt_console_table *table);
/* `values` are as many as the schema's fields; `nulls` are their bits. */
void lt_console_table_add(struct lt_console_table *table, const union lt_value *values,
                          const uint64_t *nulls);
/* Moves the rows of `from` behind those of `table`, at most until it has `limit`; `from` is empty
 * then. */
void lt_console_table_take(struct lt_console_table *table, struct lt_console_table *from,
                           uint32_t limit);
void lt_console_table_print(const struct lt_console_table *table, struct lt_text_buffer *out);

#endif
