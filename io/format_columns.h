/*
 * What the formats with a schema, JSON and CSV, have in common: the columns that are used, times,
 * errors of modes and options.
 */
#ifndef LT_IO_FORMAT_COLUMNS_H
#define LT_IO_FORMAT_COLUMNS_H

#include "core/text/codec.h"
#include "core/text/codec_times.h"
#include "io/format_internal.h"

/* Spark's error where there is no schema; the schema with all columns nullable, as Spark makes it
 * for a stream. */
int lt_format_columns_bind(const struct lt_format_setup *setup, struct lt_arena *arena,
                           const struct lt_type **out, struct lt_error *error);
/* Refuses a locale that is not known, and patterns of times that are none, by which every value
 * would be read as NULL; NULL is the default. */
int lt_format_check_times(const char *locale, const char *date, const char *timestamp,
                          const char *timestamp_ntz, struct lt_error *error) LT_MUST_USE;
/* Refuses a locale that is not known; NULL is the default. */
int lt_format_check_locale(const char *locale, struct lt_error *error);

/* The columns that are used: which of the row's they are, and room to read them to. */
struct lt_format_columns {
    const struct lt_type *type; /* of the used ones, in their order */
    uint32_t count;
    uint32_t *columns; /* of the row */
    bool is_whole;     /* all are used: values are read into the row itself */
    union lt_value *values;
    uint64_t *nulls;
};

/* Is the column used? */
static inline bool lt_format_uses(const uint64_t *used_columns, uint32_t column)
{
    return used_columns == NULL || lt_bit(used_columns, column);
}
/* UNSUPPORTED_FEATURE.QUERY_ONLY_CORRUPT_RECORD_COLUMN where nothing else is used. The type is in
 * `arena`. */
int lt_format_columns_init(struct lt_format_columns *columns, const struct lt_type *schema,
                           const uint64_t *used_columns, const char *corrupt_column,
                           struct lt_arena *arena, struct lt_error *error);
void lt_format_columns_fini(struct lt_format_columns *columns);

/* Where values of this row are read to. */
static inline union lt_value *lt_format_columns_values(const struct lt_format_columns *columns,
                                                       struct lt_row *row)
{
    return columns->is_whole ? lt_row_values(row) : columns->values;
}
/* Puts what was read to `values` and `nulls` into the row. */
static inline void lt_format_columns_fill(const struct lt_format_columns *columns,
                                          struct lt_row *row, const union lt_value *values,
                                          const uint64_t *nulls)
{
    union lt_value *to = lt_row_values(row);
    for (uint32_t i = 0; i < columns->count; i++) {
        if (lt_bit(nulls, i))
            lt_row_set_null(row, columns->columns[i]);
        else if (values != to)
            to[columns->columns[i]] = values[i];
    }
}

/* Memory of a row, for codecs; the context is the row. */
void *lt_format_row_memory(void *row, size_t size_bytes);

/* The fault of a record that FAILFAST does not take. */
struct lt_fault *lt_format_malformed(const struct lt_format_reader *reader, const char *condition,
                                     const char *cause);
/* The row has no memory for the record's values. */
struct lt_fault *lt_format_too_large(const struct lt_format_reader *reader);

#endif
