/*
 * Options of the sink of TCP.
 */
#include "io/tcp.h"

#include "core/base/arena.h"
#include "core/base/clock.h"
#include "io/format_options.h"
#include "io/stream_dial.h"
#include "io/stream_sink.h"

static const struct lt_option_spec option_table[] = {
    {.name = "host",
     .type = LT_OPTION_TEXT,
     .flags = LT_OPTION_REQUIRED,
     .doc = "The peer's name or address."},
    {.name = "port",
     .type = LT_OPTION_I64,
     .flags = LT_OPTION_REQUIRED,
     .min = 1,
     .max = 65535,
     .doc = "The peer's port."},
    LT_STREAM_DIAL_ROWS LT_STREAM_SINK_ROWS LT_FORMAT_WRITE_NAME_ROWS LT_FRAME_WRITE_ROWS
        LT_FORMAT_WRITE_ROWS};
enum { OPTION_COUNT = sizeof option_table / sizeof option_table[0] };

static int tcp_bind(const struct lt_sink_type *type, const struct lt_options *options,
                    const struct lt_type *schema, struct lt_arena *arena, struct lt_sink **out,
                    struct lt_error *error)
{
    struct lt_stream_sink_settings settings = {
        .socket = {.type = SOCK_STREAM},
        .default_frame = LT_FRAME_LINE,
    };
    *out = NULL;
    int code = lt_options_check(options, option_table, OPTION_COUNT, "sink tcp", error);
    if (code != 0)
        return code;
    settings.host =
        lt_arena_text(arena, lt_options_text(options, option_table, OPTION_COUNT, "host"));
    settings.port = (uint16_t)lt_options_i64(options, option_table, OPTION_COUNT, "port");
    lt_stream_sink_read_common(options, option_table, OPTION_COUNT, &settings);
    lt_stream_sink_read_dial(options, option_table, OPTION_COUNT, &settings);
    settings.description =
        lt_arena_format(arena, "TcpSink[host: %s, port: %u]", settings.host, settings.port);
    return lt_stream_sink_create(type, &settings, options, schema, out, error);
}

const struct lt_sink_type lt_tcp_sink_type = {
    .name = "tcp",
    .doc = "Sends records to a TCP peer; connects to it again and again.",
    .options = option_table,
    .option_count = OPTION_COUNT,
    .takes_plain_letters = true,
    .bind = tcp_bind,
};
