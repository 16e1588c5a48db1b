/* The table of CSV options. */
#include "core/text/csv_options.h"

#include <stddef.h>
#include <string.h>

#include "core/base/ascii.h"
#include "core/base/nearest.h"
#include "core/text/codec_options.h"
#include "core/text/number.h"

enum { MAX_COLUMNS = 20480 };

static int set_character(void *member, const struct lt_codec_given *given, struct lt_error *error)
{
    if (given->value[0] != '\0' && given->value[1] != '\0')
        return lt_error_set(error, LT_E_INVALID,
                            "CSV option \"%s\": \"%s\" is not one ASCII character", given->key,
                            given->value);
    *(char *)member = given->value[0];
    return LT_OK;
}

/* Undoes \t, \\ and the like, as Spark does in separators. */
static int set_separator(void *member, const struct lt_codec_given *given, struct lt_error *error)
{
    static const char from[] = "trbf\"'\\", to[] = "\t\r\b\f\"'\\";
    char *text = lt_arena_text(given->arena, given->value), *end = text;
    for (const char *at = given->value; *at != '\0'; at++) {
        const char *found = at[0] == '\\' && at[1] != '\0' ? strchr(from, at[1]) : NULL;
        if (at[0] == '\\' && found == NULL)
            return lt_error_set(error, LT_E_INVALID,
                                "CSV option \"sep\": the escape in \"%s\" is unknown",
                                given->value);
        *end++ = found != NULL ? to[found - from] : *at;
        at += found != NULL;
    }
    *end = '\0';
    if (end == text) /* and the one before stays: readers rely on a byte at least */
        return lt_error_set(error, LT_E_INVALID, "CSV option \"sep\": it is empty");
    *(const char **)member = text;
    return LT_OK;
}

static int set_quote_handling(void *member, const struct lt_codec_given *given,
                              struct lt_error *error)
{
    static const char *const names[] = {"STOP_AT_DELIMITER", "STOP_AT_CLOSING_QUOTE",
                                        "BACK_TO_DELIMITER", "SKIP_VALUE", "RAISE_ERROR"};
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (lt_ascii_compare(given->value, names[i]) == 0) {
            *(enum lt_csv_unescaped_quote *)member = (enum lt_csv_unescaped_quote)i;
            return LT_OK;
        }
    }
    const char *nearest = lt_nearest(given->value, names, sizeof names / sizeof names[0]);
    return lt_error_set(error, LT_E_INVALID,
                        "CSV option \"unescapedQuoteHandling\": \"%s\" is unknown; hint: did you "
                        "mean \"%s\"?",
                        given->value, nearest != NULL ? nearest : names[0]);
}

static int set_number(void *member, const struct lt_codec_given *given, struct lt_error *error)
{
    if (lt_number_parse_i64(given->value, strlen(given->value), -1, INT32_MAX, member) ==
        LT_NUMBER_OK)
        return LT_OK;
    return lt_error_set(error, LT_E_INVALID, "CSV option \"%s\": \"%s\" is no integer", given->key,
                        given->value);
}

#define OPTION(key, set, member)                                                                   \
    {                                                                                              \
        key, set, offsetof(struct lt_csv_options, member), 0                                       \
    }
/* One that is also remembered as given. */
#define GIVEN(key, set, member, flag)                                                              \
    {                                                                                              \
        key, set, offsetof(struct lt_csv_options, member), offsetof(struct lt_csv_options, flag)   \
    }
static const struct lt_codec_option options_table[] = {
    OPTION("mode", lt_codec_set_mode, mode),
    OPTION("sep", set_separator, separator),
    OPTION("delimiter", set_separator, separator),
    OPTION("quote", set_character, quote),
    OPTION("escape", set_character, escape),
    GIVEN("charToEscapeQuoteEscaping", set_character, escape_of_escape, has_escape_of_escape),
    OPTION("comment", set_character, comment),
    OPTION("header", lt_codec_set_boolean, header),
    OPTION("inferSchema", lt_codec_set_boolean, infer_schema),
    OPTION("enforceSchema", lt_codec_set_boolean, enforce_schema),
    OPTION("multiLine", lt_codec_set_boolean, multi_line),
    OPTION("preferDate", lt_codec_set_boolean, prefer_date),
    OPTION("quoteAll", lt_codec_set_boolean, quote_all),
    OPTION("escapeQuotes", lt_codec_set_boolean, escape_quotes),
    GIVEN("ignoreLeadingWhiteSpace", lt_codec_set_boolean, ignore_leading_blanks,
          has_ignore_leading),
    GIVEN("ignoreTrailingWhiteSpace", lt_codec_set_boolean, ignore_trailing_blanks,
          has_ignore_trailing),
    OPTION("nullValue", lt_codec_set_text, null_value),
    OPTION("nanValue", lt_codec_set_text, nan_value),
    OPTION("positiveInf", lt_codec_set_text, positive_infinity),
    OPTION("negativeInf", lt_codec_set_text, negative_infinity),
    OPTION("emptyValue", lt_codec_set_text, empty_value),
    OPTION("columnNameOfCorruptRecord", lt_codec_set_text, corrupt_column),
    OPTION("maxColumns", set_number, max_columns),
    OPTION("maxCharsPerColumn", set_number, max_chars_per_column),
    OPTION("unescapedQuoteHandling", set_quote_handling, unescaped_quote),
    OPTION("lineSep", lt_codec_set_text, line_separator),
    OPTION("dateFormat", lt_codec_set_text, date_format),
    OPTION("timestampFormat", lt_codec_set_text, timestamp_format),
    OPTION("timestampNTZFormat", lt_codec_set_text, timestamp_ntz_format),
    OPTION("timeZone", lt_codec_set_text, time_zone),
    OPTION("locale", lt_codec_set_text, locale),
    OPTION("encoding", lt_codec_set_text, encoding),
    OPTION("charset", lt_codec_set_text, encoding),
    OPTION("samplingRatio", lt_codec_set_text, sampling_ratio),
    OPTION("enableDateTimeParsingFallback", lt_codec_set_text, datetime_parsing_fallback),
    OPTION("compression", lt_codec_set_text, compression),
    OPTION("codec", lt_codec_set_text, compression),
};
#undef OPTION
#undef GIVEN

void lt_csv_options_init(struct lt_csv_options *options)
{
    *options = (struct lt_csv_options){.mode = LT_CODEC_PERMISSIVE,
                                       .separator = ",",
                                       .quote = '"',
                                       .escape = '\\',
                                       .enforce_schema = true,
                                       .prefer_date = true,
                                       .escape_quotes = true,
                                       .null_value = "",
                                       .nan_value = "NaN",
                                       .positive_infinity = "Inf",
                                       .negative_infinity = "-Inf",
                                       .corrupt_column = "_corrupt_record",
                                       .max_columns = MAX_COLUMNS,
                                       .max_chars_per_column = -1};
}

int lt_csv_options_set(struct lt_csv_options *options, struct lt_arena *arena, const char *key,
                       const char *value, struct lt_error *error)
{
    const struct lt_codec_given given = {
        .format = "CSV", .key = key, .value = value, .arena = arena};
    return lt_codec_options_set(options, options_table,
                                sizeof options_table / sizeof options_table[0], &given, error);
}
