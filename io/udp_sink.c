/*
 * Options of the sink of UDP.
 */
#include "io/udp.h"

#include "core/base/arena.h"
#include "io/format_options.h"
#include "io/stream_sink.h"

static const struct lt_option_spec option_table[] = {
    {.name = "host",
     .type = LT_OPTION_TEXT,
     .flags = LT_OPTION_REQUIRED,
     .doc = "The name or address that datagrams go to, or a multicast group."},
    {.name = "port",
     .type = LT_OPTION_I64,
     .flags = LT_OPTION_REQUIRED,
     .min = 1,
     .max = 65535,
     .doc = "The port that datagrams go to."},
    {.name = "interface",
     .type = LT_OPTION_TEXT,
     .doc = "The interface that multicast goes through, by name or IPv4 address."},
    {.name = "multicastTtl",
     .type = LT_OPTION_I64,
     .min = 1,
     .max = 255,
     .doc = "How many networks multicast may cross; the system's default, 1, if not set."},
    LT_STREAM_SINK_ROWS LT_FORMAT_WRITE_NAME_ROWS LT_FRAME_WRITE_ROWS LT_FORMAT_WRITE_ROWS};
enum { OPTION_COUNT = sizeof option_table / sizeof option_table[0] };

static int udp_bind(const struct lt_sink_type *type, const struct lt_options *options,
                    const struct lt_type *schema, struct lt_arena *arena, struct lt_sink **out,
                    struct lt_error *error)
{
    *out = NULL;
    int code = lt_options_check(options, option_table, OPTION_COUNT, "sink udp", error);
    if (code != 0)
        return code;
    const char *interface = lt_options_text(options, option_table, OPTION_COUNT, "interface");
    int64_t ttl = lt_options_i64(options, option_table, OPTION_COUNT, "multicastTtl");
    struct lt_stream_sink_settings settings = {
        .socket = {.type = SOCK_DGRAM,
                   .interface = interface == NULL ? NULL : lt_arena_text(arena, interface),
                   .multicast_ttl = ttl < 0 ? 0 : (int)ttl},
        .default_frame = LT_FRAME_DATAGRAM,
        .host = lt_arena_text(arena, lt_options_text(options, option_table, OPTION_COUNT, "host")),
        .port = (uint16_t)lt_options_i64(options, option_table, OPTION_COUNT, "port"),
    };
    lt_stream_sink_read_common(options, option_table, OPTION_COUNT, &settings);
    settings.description =
        lt_arena_format(arena, "UdpSink[host: %s, port: %u]", settings.host, settings.port);
    return lt_stream_sink_create(type, &settings, options, schema, out, error);
}

const struct lt_sink_type lt_udp_sink_type = {
    .name = "udp",
    .doc = "Sends each record as a datagram.",
    .options = option_table,
    .option_count = OPTION_COUNT,
    .takes_plain_letters = true,
    .bind = udp_bind,
};
