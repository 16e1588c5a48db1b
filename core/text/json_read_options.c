/* The table of JSON options. */
#include "core/text/json_read_options.h"

#include <stddef.h>
#include <string.h>

#include "core/base/ascii.h"
#include "core/base/nearest.h"
#include "core/text/json_scan.h"

enum kind { MODE, BOOLEAN, TEXT };

#define OPTION(key, kind, member)                                                                  \
    {                                                                                              \
        key, kind, offsetof(struct lt_json_options, member)                                        \
    }
static const struct {
    const char *key;
    enum kind kind;
    size_t offset;
} options_table[] = {
    OPTION("mode", MODE, mode),
    OPTION("columnNameOfCorruptRecord", TEXT, corrupt_column),
    OPTION("allowComments", BOOLEAN, allow_comments),
    OPTION("allowUnquotedFieldNames", BOOLEAN, allow_unquoted_field_names),
    OPTION("allowSingleQuotes", BOOLEAN, allow_single_quotes),
    OPTION("allowNumericLeadingZeros", BOOLEAN, allow_numeric_leading_zeros),
    OPTION("allowNonNumericNumbers", BOOLEAN, allow_non_numeric_numbers),
    OPTION("allowBackslashEscapingAnyCharacter", BOOLEAN, allow_backslash_escaping_any_character),
    OPTION("allowUnquotedControlChars", BOOLEAN, allow_unquoted_control_chars),
    OPTION("primitivesAsString", BOOLEAN, primitives_as_string),
    OPTION("prefersDecimal", BOOLEAN, prefers_decimal),
    OPTION("dropFieldIfAllNull", BOOLEAN, drop_field_if_all_null),
    OPTION("inferTimestamp", BOOLEAN, infer_timestamp),
    OPTION("multiLine", BOOLEAN, multi_line),
    OPTION("ignoreNullFields", BOOLEAN, ignore_null_fields),
    OPTION("pretty", BOOLEAN, pretty),
    OPTION("dateFormat", TEXT, date_format),
    OPTION("timestampFormat", TEXT, timestamp_format),
    OPTION("timestampNTZFormat", TEXT, timestamp_ntz_format),
    OPTION("timeZone", TEXT, time_zone),
    OPTION("locale", TEXT, locale),
    OPTION("encoding", TEXT, encoding),
    OPTION("charset", TEXT, encoding),
    OPTION("lineSep", TEXT, line_separator),
    OPTION("samplingRatio", TEXT, sampling_ratio),
    OPTION("enableDateTimeParsingFallback", TEXT, datetime_parsing_fallback),
};
#undef OPTION

enum { OPTION_COUNT = sizeof options_table / sizeof options_table[0] };

void lt_json_options_init(struct lt_json_options *options)
{
    *options = (struct lt_json_options){.mode = LT_CODEC_PERMISSIVE,
                                        .corrupt_column = "_corrupt_record",
                                        .allow_single_quotes = true,
                                        .allow_non_numeric_numbers = true,
                                        .ignore_null_fields = true};
}

enum lt_codec_mode lt_codec_mode_parse(const char *text)
{
    if (lt_ascii_compare(text, "failfast") == 0)
        return LT_CODEC_FAILFAST;
    return lt_ascii_compare(text, "dropmalformed") == 0 ? LT_CODEC_DROPMALFORMED
                                                        : LT_CODEC_PERMISSIVE;
}

static int unknown_option(const char *key, struct lt_error *error)
{
    const char *names[OPTION_COUNT];
    for (size_t i = 0; i < OPTION_COUNT; i++)
        names[i] = options_table[i].key;
    const char *nearest = lt_nearest(key, names, OPTION_COUNT);
    if (nearest == NULL)
        return lt_error_set(error, LT_E_NOT_FOUND, "JSON option \"%s\": unknown", key);
    return lt_error_set(error, LT_E_NOT_FOUND,
                        "JSON option \"%s\": unknown; hint: did you mean \"%s\"?", key, nearest);
}

static int set_boolean(bool *out, const char *key, const char *value, struct lt_error *error)
{
    *out = lt_ascii_compare(value, "true") == 0;
    if (!*out && lt_ascii_compare(value, "false") != 0)
        return lt_error_set(error, LT_E_INVALID,
                            "JSON option \"%s\": \"%s\" is neither true nor false", key, value);
    return 0;
}

int lt_json_options_set(struct lt_json_options *options, struct lt_arena *arena, const char *key,
                        const char *value, struct lt_error *error)
{
    size_t i = 0;
    while (i < OPTION_COUNT && lt_ascii_compare(key, options_table[i].key) != 0)
        i++;
    if (i == OPTION_COUNT)
        return unknown_option(key, error);
    void *member = (char *)options + options_table[i].offset;
    switch (options_table[i].kind) {
    case MODE:
        options->mode = lt_codec_mode_parse(value);
        return 0;
    case BOOLEAN:
        return set_boolean(member, options_table[i].key, value, error);
    default:
        *(const char **)member = lt_arena_text(arena, value);
        return 0;
    }
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
