/* The table of CSV options. */
#include "core/text/csv_options.h"

#include <stddef.h>
#include <string.h>

#include "core/base/ascii.h"
#include "core/base/nearest.h"
#include "core/text/json_read_options.h"
#include "core/text/number.h"

enum kind { MODE, SEPARATOR, CHARACTER, BOOLEAN, NUMBER, TEXT, QUOTE_HANDLING };

#define OPTION(key, kind, member)                                                                  \
    {                                                                                              \
        key, kind, offsetof(struct lt_csv_options, member), 0                                      \
    }
/* One that is also remembered as given. */
#define GIVEN(key, kind, member, flag)                                                             \
    {                                                                                              \
        key, kind, offsetof(struct lt_csv_options, member), offsetof(struct lt_csv_options, flag)  \
    }
static const struct {
    const char *key;
    enum kind kind;
    size_t offset, given_offset;
} options_table[] = {
    OPTION("mode", MODE, mode),
    OPTION("sep", SEPARATOR, separator),
    OPTION("delimiter", SEPARATOR, separator),
    OPTION("quote", CHARACTER, quote),
    OPTION("escape", CHARACTER, escape),
    GIVEN("charToEscapeQuoteEscaping", CHARACTER, escape_of_escape, has_escape_of_escape),
    OPTION("comment", CHARACTER, comment),
    OPTION("header", BOOLEAN, header),
    OPTION("inferSchema", BOOLEAN, infer_schema),
    OPTION("enforceSchema", BOOLEAN, enforce_schema),
    OPTION("multiLine", BOOLEAN, multi_line),
    OPTION("preferDate", BOOLEAN, prefer_date),
    OPTION("quoteAll", BOOLEAN, quote_all),
    OPTION("escapeQuotes", BOOLEAN, escape_quotes),
    GIVEN("ignoreLeadingWhiteSpace", BOOLEAN, ignore_leading_blanks, has_ignore_leading),
    GIVEN("ignoreTrailingWhiteSpace", BOOLEAN, ignore_trailing_blanks, has_ignore_trailing),
    OPTION("nullValue", TEXT, null_value),
    OPTION("nanValue", TEXT, nan_value),
    OPTION("positiveInf", TEXT, positive_infinity),
    OPTION("negativeInf", TEXT, negative_infinity),
    OPTION("emptyValue", TEXT, empty_value),
    OPTION("columnNameOfCorruptRecord", TEXT, corrupt_column),
    OPTION("maxColumns", NUMBER, max_columns),
    OPTION("maxCharsPerColumn", NUMBER, max_chars_per_column),
    OPTION("unescapedQuoteHandling", QUOTE_HANDLING, unescaped_quote),
    OPTION("lineSep", TEXT, line_separator),
    OPTION("dateFormat", TEXT, date_format),
    OPTION("timestampFormat", TEXT, timestamp_format),
    OPTION("timestampNTZFormat", TEXT, timestamp_ntz_format),
    OPTION("timeZone", TEXT, time_zone),
    OPTION("locale", TEXT, locale),
    OPTION("encoding", TEXT, encoding),
    OPTION("charset", TEXT, encoding),
    OPTION("samplingRatio", TEXT, sampling_ratio),
    OPTION("enableDateTimeParsingFallback", TEXT, datetime_parsing_fallback),
    OPTION("compression", TEXT, compression),
    OPTION("codec", TEXT, compression),
};
#undef OPTION
#undef GIVEN

enum { OPTION_COUNT = sizeof options_table / sizeof options_table[0], MAX_COLUMNS = 20480 };

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

static int unknown_option(const char *key, struct lt_error *error)
{
    const char *names[OPTION_COUNT];
    for (size_t i = 0; i < OPTION_COUNT; i++)
        names[i] = options_table[i].key;
    const char *nearest = lt_nearest(key, names, OPTION_COUNT);
    if (nearest == NULL)
        return lt_error_set(error, LT_E_NOT_FOUND, "CSV option \"%s\": unknown", key);
    return lt_error_set(error, LT_E_NOT_FOUND,
                        "CSV option \"%s\": unknown; hint: did you mean \"%s\"?", key, nearest);
}

static int set_boolean(bool *out, const char *key, const char *value, struct lt_error *error)
{
    *out = lt_ascii_compare(value, "true") == 0;
    if (!*out && lt_ascii_compare(value, "false") != 0)
        return lt_error_set(error, LT_E_INVALID,
                            "CSV option \"%s\": \"%s\" is neither true nor false", key, value);
    return 0;
}

static int set_character(char *out, const char *key, const char *value, struct lt_error *error)
{
    if (value[0] != '\0' && value[1] != '\0')
        return lt_error_set(error, LT_E_INVALID,
                            "CSV option \"%s\": \"%s\" is not one ASCII character", key, value);
    *out = value[0];
    return 0;
}

/* Undoes \t, \\ and the like, as Spark does in separators. */
static int set_separator(const char **out, struct lt_arena *arena, const char *value,
                         struct lt_error *error)
{
    static const char from[] = "trbf\"'\\", to[] = "\t\r\b\f\"'\\";
    char *text = lt_arena_text(arena, value), *end = text;
    for (const char *at = value; *at != '\0'; at++) {
        const char *found = at[0] == '\\' && at[1] != '\0' ? strchr(from, at[1]) : NULL;
        if (at[0] == '\\' && found == NULL)
            return lt_error_set(error, LT_E_INVALID,
                                "CSV option \"sep\": the escape in \"%s\" is unknown", value);
        *end++ = found != NULL ? to[found - from] : *at;
        at += found != NULL;
    }
    *end = '\0';
    *out = text;
    return end != text ? 0 : lt_error_set(error, LT_E_INVALID, "CSV option \"sep\": it is empty");
}

static int set_quote_handling(enum lt_csv_unescaped_quote *out, const char *value,
                              struct lt_error *error)
{
    static const char *const names[] = {"STOP_AT_DELIMITER", "STOP_AT_CLOSING_QUOTE",
                                        "BACK_TO_DELIMITER", "SKIP_VALUE", "RAISE_ERROR"};
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (lt_ascii_compare(value, names[i]) == 0) {
            *out = (enum lt_csv_unescaped_quote)i;
            return 0;
        }
    }
    const char *nearest = lt_nearest(value, names, sizeof names / sizeof names[0]);
    return lt_error_set(error, LT_E_INVALID,
                        "CSV option \"unescapedQuoteHandling\": \"%s\" is unknown; hint: did you "
                        "mean \"%s\"?",
                        value, nearest != NULL ? nearest : names[0]);
}

static int set_number(int64_t *out, const char *key, const char *value, struct lt_error *error)
{
    if (lt_number_parse_i64(value, strlen(value), -1, INT32_MAX, out) == LT_NUMBER_OK)
        return 0;
    return lt_error_set(error, LT_E_INVALID, "CSV option \"%s\": \"%s\" is no integer", key, value);
}

int lt_csv_options_set(struct lt_csv_options *options, struct lt_arena *arena, const char *key,
                       const char *value, struct lt_error *error)
{
    size_t i = 0;
    while (i < OPTION_COUNT && lt_ascii_compare(key, options_table[i].key) != 0)
        i++;
    if (i == OPTION_COUNT)
        return unknown_option(key, error);
    void *member = (char *)options + options_table[i].offset;
    if (options_table[i].given_offset != 0)
        *((bool *)options + options_table[i].given_offset) = true;
    switch (options_table[i].kind) {
    case MODE:
        options->mode = lt_codec_mode_parse(value);
        return 0;
    case SEPARATOR:
        return set_separator(member, arena, value, error);
    case CHARACTER:
        return set_character(member, options_table[i].key, value, error);
    case BOOLEAN:
        return set_boolean(member, options_table[i].key, value, error);
    case NUMBER:
        return set_number(member, options_table[i].key, value, error);
    case QUOTE_HANDLING:
        return set_quote_handling(member, value, error);
    default:
        *(const char **)member = lt_arena_text(arena, value);
        return 0;
    }
}
