/*
 * Tokens of CSV to values of scalar types. For core/text/csv_*.c only.
 *
 * on: any. Pure, but for the memory.
 */
#ifndef LT_TEXT_CSV_VALUE_H
#define LT_TEXT_CSV_VALUE_H

#include "core/text/csv_options.h"

/* False when the text is no value of the type. Strings and binary are not for this. */
bool lt_csv_value_parse(const struct lt_csv_options *options, const struct lt_codec_times *times,
                        const struct lt_type *type, const char *text, size_t size_bytes,
                        union lt_value *out);
/* Whether Java's parseInt and parseLong take it. */
bool lt_csv_value_parse_integer(const char *text, size_t size_bytes, int64_t min, int64_t max,
                                int64_t *out);
/* Whether Java's parseDouble takes it, or it is one of the options' words. */
bool lt_csv_value_parse_double(const struct lt_csv_options *options, const char *text,
                               size_t size_bytes, double *out);
/* Whether a text is the word. */
bool lt_csv_value_is(const char *word, const char *text, size_t size_bytes);

#endif
