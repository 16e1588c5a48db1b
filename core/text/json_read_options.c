/* The table of JSON options. */
#include "core/text/json_read_options.h"

#include <stddef.h>

#include "core/text/codec_options.h"
#include "core/text/json_scan.h"

#define OPTION(key, form, member)                                                                  \
    {                                                                                              \
        key, lt_codec_set_##form, offsetof(struct lt_json_options, member), 0                      \
    }
static const struct lt_codec_option options_table[] = {
    OPTION("mode", mode, mode),
    OPTION("columnNameOfCorruptRecord", text, corrupt_column),
    OPTION("allowComments", boolean, allow_comments),
    OPTION("allowUnquotedFieldNames", boolean, allow_unquoted_field_names),
    OPTION("allowSingleQuotes", boolean, allow_single_quotes),
    OPTION("allowNumericLeadingZeros", boolean, allow_numeric_leading_zeros),
    OPTION("allowNonNumericNumbers", boolean, allow_non_numeric_numbers),
    OPTION("allowBackslashEscapingAnyCharacter", boolean, allow_backslash_escaping_any_character),
    OPTION("allowUnquotedControlChars", boolean, allow_unquoted_control_chars),
    OPTION("primitivesAsString", boolean, primitives_as_string),
    OPTION("prefersDecimal", boolean, prefers_decimal),
    OPTION("dropFieldIfAllNull", boolean, drop_field_if_all_null),
    OPTION("inferTimestamp", boolean, infer_timestamp),
    OPTION("multiLine", boolean, multi_line),
    OPTION("ignoreNullFields", boolean, ignore_null_fields),
    OPTION("pretty", boolean, pretty),
    OPTION("dateFormat", text, date_format),
    OPTION("timestampFormat", text, timestamp_format),
    OPTION("timestampNTZFormat", text, timestamp_ntz_format),
    OPTION("timeZone", text, time_zone),
    OPTION("locale", text, locale),
    OPTION("encoding", text, encoding),
    OPTION("charset", text, encoding),
    OPTION("lineSep", text, line_separator),
    OPTION("samplingRatio", text, sampling_ratio),
    OPTION("enableDateTimeParsingFallback", text, datetime_parsing_fallback),
};
#undef OPTION

void lt_json_options_init(struct lt_json_options *options)
{
    *options = (struct lt_json_options){.mode = LT_CODEC_PERMISSIVE,
                                        .corrupt_column = "_corrupt_record",
                                        .allow_single_quotes = true,
                                        .allow_non_numeric_numbers = true,
                                        .ignore_null_fields = true};
}

int lt_json_options_set(struct lt_json_options *options, struct lt_arena *arena, const char *key,
                        const char *value, struct lt_error *error)
{
    const struct lt_codec_given given = {
        .format = "JSON", .key = key, .value = value, .arena = arena};
    return lt_codec_options_set(options, options_table,
                                sizeof options_table / sizeof options_table[0], &given, error);
}

unsigned lt_json_options_scan_flags(const struct lt_json_options *options)
{
    unsigned flags = 0;
    flags |= options->allow_comments ? LT_JSON_SCAN_COMMENTS : 0U;
    flags |= options->allow_unquoted_field_names ? LT_JSON_SCAN_BARE_NAMES : 0U;
    flags |= options->allow_single_quotes ? LT_JSON_SCAN_SINGLE_QUOTES : 0U;
    flags |= options->allow_numeric_leading_zeros ? LT_JSON_SCAN_LEADING_ZEROS : 0U;
    flags |= options->allow_non_numeric_numbers ? LT_JSON_SCAN_NOT_FINITE : 0U;
    flags |= options->allow_backslash_escaping_any_character ? LT_JSON_SCAN_ANY_ESCAPE : 0U;
    flags |= options->allow_unquoted_control_chars ? LT_JSON_SCAN_CONTROL : 0U;
    return flags;
}
