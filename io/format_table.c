/*
 * Options of formats and frames.
 */
#include "io/format_table.h"

#include <string.h>

#include "core/base/ascii.h"

/* Options that go with every format. */
static bool is_common(const char *key)
{
    static const char *const names[] = {"byteOrder", "format",  "frame",
                                        "frameBytes", "lineSep", "maxRecordBytes"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (lt_ascii_compare(key, names[i]) == 0)
            return true;
    return false;
}

static bool has(const struct lt_format_table *table, const char *key)
{
    for (size_t i = 0; i < table->count; i++)
        if (lt_ascii_compare(key, table->specs[i].name) == 0)
            return true;
    return false;
}

int lt_format_table_each(const struct lt_format_table *table, lt_format_option_fn *take,
                         void *context, struct lt_error *error)
{
    for (size_t i = 0; i < lt_options_count(table->options); i++) {
        const char *key, *value, *origin;
        lt_options_at(table->options, i, &key, &value, &origin);
        if (is_common(key) || !has(table, key))
            continue;
        int code = take == NULL ? LT_E_NOT_FOUND : take(context, key, value, error);
        if (code == LT_E_NOT_FOUND)
            return lt_error_set(error, LT_E_INVALID,
                                "option \"%s\" (%s): the format %s has no such option", key, origin,
                                table->format);
        if (code != LT_OK)
            return lt_error_append(error, "option \"%s\" (%s)", key, origin);
    }
    return LT_OK;
}

/* -------------------------------------------------------------------------------------- frames */

static int refuse(const char *key, const char *why, struct lt_error *error)
{
    return lt_error_set(error, LT_E_INVALID, "option \"%s\": %s", key, why);
}

/* Where a whole file is one document, as Spark reads it with multiLine, it goes for nothing. */
static int set_separator(const struct lt_format_table *table, enum lt_frame_kind usual,
                         struct lt_framing *framing, struct lt_error *error)
{
    const char *separator = lt_options_text(table->options, table->specs, table->count, "lineSep");
    if (separator == NULL)
        return LT_OK;
    bool has_lines = framing->kind == LT_FRAME_LINE || framing->kind == LT_FRAME_CSV;
    if (!has_lines && !(framing->kind == LT_FRAME_WHOLE && usual == LT_FRAME_WHOLE))
        return refuse("lineSep", "only records of frame line end with it", error);
    framing->separator_bytes = strlen(separator);
    if (framing->separator_bytes == 0 || framing->separator_bytes > LT_FRAME_SEPARATOR_MAX)
        return refuse("lineSep", "it has 1 to 64 bytes", error);
    memcpy(framing->separator, separator, framing->separator_bytes);
    return LT_OK;
}

/* Of a stream, line is how all of its formats stand apart by themselves: as Spark's files. */
static int set_kind(const struct lt_format_table *table, enum lt_frame_kind usual,
                    struct lt_framing *framing, struct lt_error *error)
{
    const char *name = lt_options_text(table->options, table->specs, table->count, "frame");
    bool is_stream = usual == LT_FRAME_LINE || usual == LT_FRAME_CSV || usual == LT_FRAME_WHOLE;
    framing->kind = usual;
    if (name == NULL || (is_stream && strcmp(name, "line") == 0))
        return LT_OK;
    if (!lt_frame_kind_of(name, &framing->kind))
        return refuse("frame", "it is unknown", error);
    if (is_stream && framing->kind == LT_FRAME_DATAGRAM)
        return refuse("frame", "datagram is for datagrams, as udp reads them", error);
    return LT_OK;
}

int lt_format_table_framing(const struct lt_format_table *table, enum lt_frame_kind usual,
                            struct lt_framing *framing, struct lt_error *error)
{
    int code = set_kind(table, usual, framing, error);
    if (code != LT_OK)
        return code;
    int64_t bytes = lt_options_i64(table->options, table->specs, table->count, "frameBytes");
    if (framing->kind == LT_FRAME_FIXED && bytes < 0)
        return refuse("frame", "fixed needs the option frameBytes", error);
    if (framing->kind != LT_FRAME_FIXED && bytes >= 0)
        return refuse("frameBytes", "only records of frame fixed have it", error);
    bool has_order = framing->kind == LT_FRAME_LENGTH2 || framing->kind == LT_FRAME_LENGTH4;
    if (!has_order && lt_options_has(table->options, "byteOrder"))
        return refuse("byteOrder", "only the frames length2 and length4 have one", error);
    const char *order = lt_options_text(table->options, table->specs, table->count, "byteOrder");
    framing->fixed_bytes = bytes > 0 ? (uint32_t)bytes : 0;
    framing->is_little_endian = strcmp(order, "little") == 0;
    return set_separator(table, usual, framing, error);
}
