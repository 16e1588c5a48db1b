/*
 * Options of the sink of Unix sockets.
 */
#include "io/unix.h"

#include <string.h>

#include "core/base/arena.h"
#include "io/format_options.h"
#include "io/stream_dial.h"
#include "io/stream_sink.h"

static const struct lt_option_spec option_table[] = {
    {.name = "path",
     .type = LT_OPTION_TEXT,
     .flags = LT_OPTION_REQUIRED,
     .doc = "Where the socket's file is that the peer listens on or has bound."},
    {.name = "type",
     .type = LT_OPTION_CHOICE,
     .choices = "stream|datagram",
     .default_text = "stream",
     .doc = "A stream, or a datagram for each record."},
    LT_STREAM_DIAL_ROWS LT_STREAM_SINK_ROWS LT_FORMAT_WRITE_NAME_ROWS LT_FRAME_WRITE_ROWS
        LT_FORMAT_WRITE_ROWS};
enum { OPTION_COUNT = sizeof option_table / sizeof option_table[0] };

static int unix_bind(const struct lt_sink_type *type, const struct lt_options *options,
                     const struct lt_type *schema, struct lt_arena *arena, struct lt_sink **out,
                     struct lt_error *error)
{
    *out = NULL;
    int code = lt_options_check(options, option_table, OPTION_COUNT, "sink unix", error);
    if (code != 0)
        return code;
    bool is_datagram =
        strcmp(lt_options_text(options, option_table, OPTION_COUNT, "type"), "datagram") == 0;
    struct lt_stream_sink_settings settings = {
        .socket = {.type = is_datagram ? SOCK_DGRAM : SOCK_STREAM},
        .default_frame = is_datagram ? LT_FRAME_DATAGRAM : LT_FRAME_LINE,
        .path = lt_arena_text(arena, lt_options_text(options, option_table, OPTION_COUNT, "path")),
    };
    lt_stream_sink_read_common(options, option_table, OPTION_COUNT, &settings);
    lt_stream_sink_read_dial(options, option_table, OPTION_COUNT, &settings);
    settings.description = lt_arena_format(arena, "UnixSink[path: %s]", settings.path);
    return lt_stream_sink_create(type, &settings, options, schema, out, error);
}

const struct lt_sink_type lt_unix_sink_type = {
    .name = "unix",
    .doc = "Sends records to a Unix socket.",
    .options = option_table,
    .option_count = OPTION_COUNT,
    .takes_plain_letters = true,
    .bind = unix_bind,
};
