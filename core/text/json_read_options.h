/*
 * The options of Spark's JSON reader and writer, by Spark's names.
 *
 * on: any; a struct belongs to whoever passes it down.
 */
#ifndef LT_TEXT_JSON_READ_OPTIONS_H
#define LT_TEXT_JSON_READ_OPTIONS_H

#include <stdbool.h>

#include "core/base/arena.h"
#include "core/base/error.h"
#include "core/text/codec.h"

struct lt_json_options {
    enum lt_codec_mode mode;
    const char *corrupt_column;
    /* What is allowed beyond JSON. */
    bool allow_comments, allow_unquoted_field_names, allow_single_quotes,
        allow_numeric_leading_zeros, allow_non_numeric_numbers,
        allow_backslash_escaping_any_character, allow_unquoted_control_chars;
    /* Inference. */
    bool primitives_as_string, prefers_decimal, drop_field_if_all_null, infer_timestamp;
    bool multi_line;
    /* Writing. */
    bool ignore_null_fields, pretty;
    /* For the caller, who makes the lt_codec_times of them; NULL when not given. */
    const char *date_format, *timestamp_format, *timestamp_ntz_format, *time_zone, *locale,
        *encoding, *line_separator, *sampling_ratio, *datetime_parsing_fallback;
};

/* Spark's defaults. */
void lt_json_options_init(struct lt_json_options *options);
/* Sets one option; the key is compared without regard to case, text values are copied into `arena`.
 * NOT_FOUND for an unknown key, with the nearest; INVALID for a value that is none. A mode that is
 * unknown is PERMISSIVE, as in Spark. */
int lt_json_options_set(struct lt_json_options *options, struct lt_arena *arena, const char *key,
                        const char *value, struct lt_error *error) LT_MUST_USE;
/* The scanner's flags (enum lt_json_scan_flags) that the options stand for. */
unsigned lt_json_options_scan_flags(const struct lt_json_options *options);

#endif
