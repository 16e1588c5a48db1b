/*
 * The option rescuedDataColumn: what a record has and the columns do not show, as a JSON object in
 * a column of its own, so that nothing of it is lost: fields without a column, and those whose
 * value does not fit it. NULL where there is nothing.
 *
 * Of JSON a field is rescued as it stands in the record; a struct of a record in which something
 * did not fit is rescued whole. Of CSV values are texts; one without a column is called _c and its
 * number from 0.
 *
 * What does not fit its column then does not make a record malformed; what is no JSON at all does.
 *
 * on: the reader's thread.
 */
#ifndef LT_IO_FORMAT_RESCUE_H
#define LT_IO_FORMAT_RESCUE_H

#include "core/text/csv_tokens.h"
#include "core/text/json_scan.h"
#include "io/format_columns.h"

struct lt_format_rescue {
    const struct lt_type *schema;
    int32_t column;         /* of the rescued; -1: the option is not set */
    int32_t corrupt_column; /* takes no value of a record; -1: there is none */
    struct lt_text_buffer text, name;
};

/* Which column that is; -1: none. An error where the schema has no such STRING column. */
int lt_format_rescue_bind(const struct lt_format_setup *setup, const struct lt_type *schema,
                          int32_t *column, struct lt_error *error);
void lt_format_rescue_init(struct lt_format_rescue *rescue, const struct lt_type *schema,
                           int32_t column, const char *corrupt_column);
void lt_format_rescue_fini(struct lt_format_rescue *rescue);

/* Is the document an object or an array of objects, whatever is in them? */
bool lt_format_rescue_is_json(struct lt_bytes document, unsigned scan_flags);
/* Fills the column of a row that was read of a document that is JSON. `scan` stands before the
 * row's object, or the array that begins with it, and goes past it. `is_whole`: everything in it
 * fits. False: there is no memory. */
bool lt_format_rescue_object(struct lt_format_rescue *rescue, struct lt_json_scan *scan,
                             bool is_whole, struct lt_row *row);
/* The same of a record's tokens. */
bool lt_format_rescue_tokens(struct lt_format_rescue *rescue, const struct lt_csv_tokens *tokens,
                             const char *null_value, struct lt_row *row);

#endif
