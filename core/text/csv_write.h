/*
 * Structs to CSV records: to_csv, and the CSV file sink. Quotes stand where the text holds a
 * delimiter, a quote or a line break, begins with a quote, or begins the record as a comment would.
 * Arrays, maps and structs are one field: "[1, 2]", "{k -> 1}", "{1, x}", with the null value for
 * NULL.
 *
 * on: any. The buffer grows; an expression that writes CSV for each record keeps one buffer.
 */
#ifndef LT_TEXT_CSV_WRITE_H
#define LT_TEXT_CSV_WRITE_H

#include "core/base/text_buffer.h"
#include "core/data/type.h"
#include "core/data/value.h"
#include "core/text/codec.h"
#include "core/text/csv_options.h"

struct lt_csv_write_setup {
    const struct lt_csv_options *options;
    struct lt_codec_times times; /* dates and timestamps; intervals are written as SQL literals */
};

/* Appends the record without a line break. */
void lt_csv_write_row(struct lt_text_buffer *out, const struct lt_type *type,
                      const union lt_value *values, const uint64_t *nulls,
                      const struct lt_csv_write_setup *setup);

#endif
