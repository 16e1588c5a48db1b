/*
 * The options of Spark's CSV reader and writer, by Spark's names.
 *
 * on: any; a struct belongs to whoever passes it down.
 */
#ifndef LT_TEXT_CSV_OPTIONS_H
#define LT_TEXT_CSV_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/error.h"
#include "core/text/codec.h"

/* What a quote without its partner in a quoted value does. */
enum lt_csv_unescaped_quote {
    LT_CSV_STOP_AT_DELIMITER, /* the value ends at the next delimiter and keeps its quotes */
    LT_CSV_STOP_AT_CLOSING_QUOTE,
    LT_CSV_BACK_TO_DELIMITER,
    LT_CSV_SKIP_VALUE,
    LT_CSV_RAISE_ERROR,
};

struct lt_csv_options {
    enum lt_codec_mode mode;
    const char *separator; /* one or more characters; escapes are undone */
    /* ASCII; '\0': none. `escape_of_escape` is what is given, or the escape, or none. */
    char quote, escape, escape_of_escape, comment;
    bool has_escape_of_escape;
    bool header, infer_schema, enforce_schema, multi_line, prefer_date;
    bool quote_all, escape_quotes;
    /* As given; the defaults differ: false for reading, true for writing. */
    bool ignore_leading_blanks, ignore_trailing_blanks, has_ignore_leading, has_ignore_trailing;
    const char *null_value, *nan_value, *positive_infinity, *negative_infinity;
    const char *empty_value; /* NULL: "" for reading, two quotes for writing */
    const char *corrupt_column;
    int64_t max_columns, max_chars_per_column; /* -1: any number */
    enum lt_csv_unescaped_quote unescaped_quote;
    const char *line_separator; /* NULL: \n, \r\n or \r */
    /* For the caller, who makes the lt_codec_times of them; NULL when not given. */
    const char *date_format, *timestamp_format, *timestamp_ntz_format, *time_zone, *locale,
        *encoding, *sampling_ratio, *datetime_parsing_fallback, *compression;
};

void lt_csv_options_init(struct lt_csv_options *options);
/* Sets one option; the key is compared without regard to case, text values are copied into `arena`.
 * NOT_FOUND for an unknown key, with the nearest; INVALID for a value that is none. */
int lt_csv_options_set(struct lt_csv_options *options, struct lt_arena *arena, const char *key,
                       const char *value, struct lt_error *error) LT_MUST_USE;

#endif
