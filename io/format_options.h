/*
 * The option tables of formats and frames, as rows that a connector puts into its own table:
 *
 *     static const struct lt_option_spec table[] = {
 *         {.name = "path", ...},
 *         LT_FORMAT_NAME_ROWS
 *         LT_FRAME_READ_ROWS
 *         LT_FORMAT_READ_ROWS
 *     };
 *
 * Names, defaults and meanings are Spark's where it has them. An option of another format than the
 * one that is read or written is an error at bind.
 */
#ifndef LT_IO_FORMAT_OPTIONS_H
#define LT_IO_FORMAT_OPTIONS_H

#include "core/base/limits.h"
#include "core/base/options.h"

/* Which format is read; not for connectors that are named after it. */
#define LT_FORMAT_NAME_ROWS                                                                        \
    {.name = "format",                                                                             \
     .type = LT_OPTION_CHOICE,                                                                     \
     .choices = "raw|text|json|csv",                                                               \
     .default_text = "text",                                                                       \
     .doc = "What a record is: its bytes (column value BINARY), a line of text (column "           \
            "value STRING), or JSON or CSV with the columns of the schema."},

/* Frames of streams; files that Spark reads have none but lines. */
#define LT_FRAME_READ_ROWS                                                                         \
    {.name = "byteOrder",                                                                          \
     .type = LT_OPTION_CHOICE,                                                                     \
     .choices = "big|little",                                                                      \
     .default_text = "big",                                                                        \
     .doc = "The order of the bytes of length2 and length4."},                                     \
    {.name = "frame",                                                                              \
     .type = LT_OPTION_CHOICE,                                                                     \
     .choices = "line|length2|length4|varint|fixed|datagram|whole",                                \
     .doc = "Where records end: at line breaks, by a count of bytes before each (2 or 4"           \
            " bytes, or a varint), after frameBytes bytes, with the datagram, or with "            \
            "the stream."},                                                                        \
    {.name = "frameBytes",                                                                         \
     .type = LT_OPTION_SIZE,                                                                       \
     .min = 1,                                                                                     \
     .max = LT_LIMIT_VALUE_BYTES,                                                                  \
     .doc = "The size of each record of frame fixed."},

/* How records are read. */
#define LT_FORMAT_READ_ROWS                                                                        \
    {.name = "allowBackslashEscapingAnyCharacter",                                                 \
     .type = LT_OPTION_BOOL,                                                                       \
     .default_text = "false",                                                                      \
     .doc = "json: a backslash may stand before any character."},                                  \
    {.name = "allowComments",                                                                      \
     .type = LT_OPTION_BOOL,                                                                       \
     .default_text = "false",                                                                      \
     .doc = "json: comments of Java and C++ are left out."},                                       \
    {.name = "allowNonNumericNumbers",                                                             \
     .type = LT_OPTION_BOOL,                                                                       \
     .default_text = "true",                                                                       \
     .doc = "json: NaN, Infinity, +INF and the like are numbers."},                                \
    {.name = "allowNumericLeadingZeros",                                                           \
     .type = LT_OPTION_BOOL,                                                                       \
     .default_text = "false",                                                                      \
     .doc = "json: numbers may begin with zeros."},                                                \
    {.name = "allowSingleQuotes",                                                                  \
     .type = LT_OPTION_BOOL,                                                                       \
     .default_text = "true",                                                                       \
     .doc = "json: names and texts may stand in single quotes."},                                  \
    {.name = "allowUnquotedControlChars",                                                          \
     .type = LT_OPTION_BOOL,                                                                       \
     .default_text = "false",                                                                      \
     .doc = "json: texts may hold control characters."},                                           \
    {.name = "allowUnquotedFieldNames",                                                            \
     .type = LT_OPTION_BOOL,                                                                       \
     .default_text = "false",                                                                      \
     .doc = "json: names may stand without quotes."},                                              \
    {.name = "charToEscapeQuoteEscaping",                                                          \
     .type = LT_OPTION_TEXT,                                                                       \
     .doc = "csv: the character that escapes the escape of a quote; the escape itself "            \
            "when that is not the quote."},                                                        \
    {.name = "charset",                                                                            \
     .type = LT_OPTION_TEXT,                                                                       \
     .doc = "csv: another name of encoding."},                                                     \
    {.name = "columnNameOfCorruptRecord",                                                          \
     .type = LT_OPTION_TEXT,                                                                       \
     .default_text = "_corrupt_record",                                                            \
     .doc = "json, csv: the STRING column of the schema that takes the text of a record"           \
            " that is malformed."},                                                                \
    {.name = "comment",                                                                            \
     .type = LT_OPTION_TEXT,                                                                       \
     .doc = "csv: lines that begin with this character are left out."},                            \
    {.name = "dateFormat",                                                                         \
     .type = LT_OPTION_TEXT,                                                                       \
     .doc = "json, csv: the pattern of DATE; without it dates are read as a cast reads "           \
            "them."},                                                                              \
    {.name = "delimiter",                                                                          \
     .type = LT_OPTION_TEXT,                                                                       \
     .doc = "csv: another name of sep."},                                                          \
    {.name = "emptyValue",                                                                         \
     .type = LT_OPTION_TEXT,                                                                       \
     .doc = "csv: what empty quotes are read as; the empty text unless it is set."},               \
    {.name = "enableDateTimeParsingFallback",                                                      \
     .type = LT_OPTION_BOOL,                                                                       \
     .doc = "json, csv: what its pattern does not fit is read as a cast reads it; true "           \
            "where no pattern is given."},                                                         \
    {.name = "encoding",                                                                           \
     .type = LT_OPTION_TEXT,                                                                       \
     .doc = "text, json, csv: the encoding of the bytes: UTF-8, US-ASCII, ISO-8859-1, "            \
            "windows-1252, UTF-16LE, UTF-16BE, UTF-32LE, UTF-32BE; of whole files also UTF-16 "    \
            "and UTF-32."},                                                                        \
    {.name = "enforceSchema",                                                                      \
     .type = LT_OPTION_BOOL,                                                                       \
     .default_text = "true",                                                                       \
     .doc = "csv with header: false compares the header's names with those of the "                \
            "schema, and stops where they differ."},                                               \
    {.name = "escape",                                                                             \
     .type = LT_OPTION_TEXT,                                                                       \
     .default_text = "\\",                                                                         \
     .doc = "csv: the character that escapes quotes within quotes; nothing: none."},               \
    {.name = "header",                                                                             \
     .type = LT_OPTION_BOOL,                                                                       \
     .default_text = "false",                                                                      \
     .doc = "csv: the first line of each file or connection has the names of the "                 \
            "columns and is no record."},                                                          \
    {.name = "ignoreLeadingWhiteSpace",                                                            \
     .type = LT_OPTION_BOOL,                                                                       \
     .default_text = "false",                                                                      \
     .doc = "csv: blanks before a value are left out."},                                           \
    {.name = "ignoreTrailingWhiteSpace",                                                           \
     .type = LT_OPTION_BOOL,                                                                       \
     .default_text = "false",                                                                      \
     .doc = "csv: blanks behind a value are left out."},                                           \
    {.name = "lineSep",                                                                            \
     .type = LT_OPTION_TEXT,                                                                       \
     .doc = "What ends a line; \\n, \\r and \\r\\n unless it is set."},                            \
    {.name = "locale",                                                                             \
     .type = LT_OPTION_TEXT,                                                                       \
     .doc = "json, csv: the language of names in dates and numbers; only en-US is "                \
            "known."},                                                                             \
    {.name = "maxCharsPerColumn",                                                                  \
     .type = LT_OPTION_I64,                                                                        \
     .min = -1,                                                                                    \
     .max = INT32_MAX,                                                                             \
     .default_text = "-1",                                                                         \
     .doc = "csv: the most characters of a value; -1: any number."},                               \
    {.name = "maxColumns",                                                                         \
     .type = LT_OPTION_I64,                                                                        \
     .min = 1,                                                                                     \
     .max = INT32_MAX,                                                                             \
     .default_text = "20480",                                                                      \
     .doc = "csv: the most values of a record."},                                                  \
    {.name = "maxRecordBytes",                                                                     \
     .type = LT_OPTION_SIZE,                                                                       \
     .min = 1,                                                                                     \
     .max = LT_LIMIT_VALUE_BYTES,                                                                  \
     .doc = "The most bytes of a record without its frame, 2147483632 unless it is set; a "        \
            "longer one ends the stream with an error."},                                          \
    {.name = "mode",                                                                               \
     .type = LT_OPTION_TEXT,                                                                       \
     .default_text = "PERMISSIVE",                                                                 \
     .doc = "json, csv: what becomes of a malformed record: PERMISSIVE keeps what can "            \
            "be read, DROPMALFORMED leaves the record out, FAILFAST stops the query or "           \
            "gives the record to the dead letters."},                                              \
    {.name = "multiLine",                                                                          \
     .type = LT_OPTION_BOOL,                                                                       \
     .default_text = "false",                                                                      \
     .doc = "json: a file or message is one document; csv: quoted values may hold line "           \
            "breaks."},                                                                            \
    {.name = "nanValue",                                                                           \
     .type = LT_OPTION_TEXT,                                                                       \
     .default_text = "NaN",                                                                        \
     .doc = "csv: the text of a number that is none."},                                            \
    {.name = "negativeInf",                                                                        \
     .type = LT_OPTION_TEXT,                                                                       \
     .default_text = "-Inf",                                                                       \
     .doc = "csv: the text of negative infinity."},                                                \
    {.name = "nullValue",                                                                          \
     .type = LT_OPTION_TEXT,                                                                       \
     .default_text = "",                                                                           \
     .doc = "csv: the text that is NULL."},                                                        \
    {.name = "positiveInf",                                                                        \
     .type = LT_OPTION_TEXT,                                                                       \
     .default_text = "Inf",                                                                        \
     .doc = "csv: the text of positive infinity."},                                                \
    {.name = "prefersDecimal",                                                                     \
     .type = LT_OPTION_BOOL,                                                                       \
     .default_text = "false",                                                                      \
     .doc = "json: for inference of a schema, which a stream does without."},                      \
    {.name = "primitivesAsString",                                                                 \
     .type = LT_OPTION_BOOL,                                                                       \
     .default_text = "false",                                                                      \
     .doc = "json: for inference of a schema, which a stream does without."},                      \
    {.name = "quote",                                                                              \
     .type = LT_OPTION_TEXT,                                                                       \
     .default_text = "\"",                                                                         \
     .doc = "csv: the character around values that hold delimiters; nothing: none."},              \
    {.name = "rescuedDataColumn",                                                                  \
     .type = LT_OPTION_TEXT,                                                                       \
     .doc = "json, csv: the STRING column of the schema that takes, as a JSON object, "            \
            "what the schema has no column for and what does not fit its column."},                \
    {.name = "sep",                                                                                \
     .type = LT_OPTION_TEXT,                                                                       \
     .default_text = ",",                                                                          \
     .doc = "csv: what stands between values, one character or more; \\t is a tab."},              \
    {.name = "timeZone",                                                                           \
     .type = LT_OPTION_TEXT,                                                                       \
     .doc = "json, csv: the zone of timestamps without one, UTC unless it is set."},               \
    {.name = "timestampFormat",                                                                    \
     .type = LT_OPTION_TEXT,                                                                       \
     .doc = "json, csv: the pattern of TIMESTAMP; without it timestamps are read as a "            \
            "cast reads them."},                                                                   \
    {.name = "timestampNTZFormat",                                                                 \
     .type = LT_OPTION_TEXT,                                                                       \
     .doc = "json, csv: the pattern of TIMESTAMP_NTZ."},                                           \
    {.name = "unescapedQuoteHandling",                                                             \
     .type = LT_OPTION_TEXT,                                                                       \
     .default_text = "STOP_AT_DELIMITER",                                                          \
     .doc = "csv: what a quote without its partner does: STOP_AT_CLOSING_QUOTE, "                  \
            "BACK_TO_DELIMITER, STOP_AT_DELIMITER, SKIP_VALUE or RAISE_ERROR."},                   \
    {.name = "wholetext",                                                                          \
     .type = LT_OPTION_BOOL,                                                                       \
     .default_text = "false",                                                                      \
     .doc = "text: a file is one record."},

/* Which format is written. */
#define LT_FORMAT_WRITE_NAME_ROWS                                                                  \
    {.name = "format",                                                                             \
     .type = LT_OPTION_CHOICE,                                                                     \
     .choices = "raw|text|json|csv",                                                               \
     .default_text = "text",                                                                       \
     .doc = "What a record is written as: the bytes of its one column (raw, text), or a"           \
            " JSON object or a CSV record of all columns."},

/* Of what is written as lines whose end is the user's choice. */
#define LT_LINE_WRITE_ROW                                                                          \
    {.name = "lineSep",                                                                            \
     .type = LT_OPTION_TEXT,                                                                       \
     .doc = "What is written behind each record of frame line; \\n unless it is set."},

/* Frames of streams that are written. */
#define LT_FRAME_WRITE_ROWS                                                                        \
    {.name = "byteOrder",                                                                          \
     .type = LT_OPTION_CHOICE,                                                                     \
     .choices = "big|little",                                                                      \
     .default_text = "big",                                                                        \
     .doc = "The order of the bytes of length2 and length4."},                                     \
    {.name = "frame",                                                                              \
     .type = LT_OPTION_CHOICE,                                                                     \
     .choices = "line|length2|length4|varint|fixed|datagram",                                      \
     .doc = "How records are told apart: by a line break behind each, by a count of "              \
            "bytes before each, or not at all, where each has frameBytes bytes or is a "           \
            "datagram."},                                                                          \
    {.name = "frameBytes",                                                                         \
     .type = LT_OPTION_SIZE,                                                                       \
     .min = 1,                                                                                     \
     .max = LT_LIMIT_VALUE_BYTES,                                                                  \
     .doc = "The size of each record of frame fixed; one of another size cannot be "               \
            "written."},                                                                           \
        LT_LINE_WRITE_ROW

/* How records are written. */
#define LT_FORMAT_WRITE_ROWS                                                                       \
    {.name = "charToEscapeQuoteEscaping",                                                          \
     .type = LT_OPTION_TEXT,                                                                       \
     .doc = "csv: the character that escapes the escape of a quote."},                             \
    {.name = "dateFormat",                                                                         \
     .type = LT_OPTION_TEXT,                                                                       \
     .doc = "json, csv: the pattern of DATE; ISO text unless it is set."},                         \
    {.name = "delimiter",                                                                          \
     .type = LT_OPTION_TEXT,                                                                       \
     .doc = "csv: another name of sep."},                                                          \
    {.name = "emptyValue",                                                                         \
     .type = LT_OPTION_TEXT,                                                                       \
     .doc = "csv: the text of an empty text; two quotes unless it is set."},                       \
    {.name = "encoding",                                                                           \
     .type = LT_OPTION_TEXT,                                                                       \
     .doc = "text, json, csv: the encoding that is written: UTF-8 unless it is set, US-ASCII, "    \
            "ISO-8859-1, windows-1252, UTF-16LE, UTF-16BE, UTF-32LE, UTF-32BE."},                  \
    {.name = "escape",                                                                             \
     .type = LT_OPTION_TEXT,                                                                       \
     .default_text = "\\",                                                                         \
     .doc = "csv: the character that escapes quotes within quotes."},                              \
    {.name = "escapeQuotes",                                                                       \
     .type = LT_OPTION_BOOL,                                                                       \
     .default_text = "true",                                                                       \
     .doc = "csv: a value that holds quotes is put in quotes."},                                   \
    {.name = "header",                                                                             \
     .type = LT_OPTION_BOOL,                                                                       \
     .default_text = "false",                                                                      \
     .doc = "csv: the first line of each file has the names of the columns."},                     \
    {.name = "ignoreLeadingWhiteSpace",                                                            \
     .type = LT_OPTION_BOOL,                                                                       \
     .default_text = "true",                                                                       \
     .doc = "csv: blanks before a value are left out."},                                           \
    {.name = "ignoreNullFields",                                                                   \
     .type = LT_OPTION_BOOL,                                                                       \
     .default_text = "true",                                                                       \
     .doc = "json: fields that are NULL are left out."},                                           \
    {.name = "ignoreTrailingWhiteSpace",                                                           \
     .type = LT_OPTION_BOOL,                                                                       \
     .default_text = "true",                                                                       \
     .doc = "csv: blanks behind a value are left out."},                                           \
    {.name = "locale",                                                                             \
     .type = LT_OPTION_TEXT,                                                                       \
     .doc = "json, csv: the language of names in dates; only en-US is known."},                    \
    {.name = "nullValue",                                                                          \
     .type = LT_OPTION_TEXT,                                                                       \
     .default_text = "",                                                                           \
     .doc = "csv: the text of NULL."},                                                             \
    {.name = "quote",                                                                              \
     .type = LT_OPTION_TEXT,                                                                       \
     .default_text = "\"",                                                                         \
     .doc = "csv: the character around values that hold delimiters."},                             \
    {.name = "quoteAll",                                                                           \
     .type = LT_OPTION_BOOL,                                                                       \
     .default_text = "false",                                                                      \
     .doc = "csv: all values are put in quotes."},                                                 \
    {.name = "sep",                                                                                \
     .type = LT_OPTION_TEXT,                                                                       \
     .default_text = ",",                                                                          \
     .doc = "csv: what stands between values, one character or more; \\t is a tab."},              \
    {.name = "timeZone",                                                                           \
     .type = LT_OPTION_TEXT,                                                                       \
     .doc = "json, csv: the zone that timestamps are written in, UTC unless it is set."},          \
    {.name = "timestampFormat",                                                                    \
     .type = LT_OPTION_TEXT,                                                                       \
     .doc = "json, csv: the pattern of TIMESTAMP; ISO text unless it is set."},                    \
    {.name = "timestampNTZFormat",                                                                 \
     .type = LT_OPTION_TEXT,                                                                       \
     .doc = "json, csv: the pattern of TIMESTAMP_NTZ."},

#endif
