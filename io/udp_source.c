/*
 * Options of the source of UDP. A multicast address is a group that is joined.
 */
#include "io/udp.h"

#include "core/base/arena.h"
#include "io/format_options.h"
#include "io/stream_source.h"

static const struct lt_option_spec option_table[] = {
    {.name = "host",
     .type = LT_OPTION_TEXT,
     .doc = "The address of this machine to receive at, all of them if not set; or a multicast "
            "group to join."},
    {.name = "port",
     .type = LT_OPTION_I64,
     .flags = LT_OPTION_REQUIRED,
     .min = 1,
     .max = 65535,
     .doc = "The port to receive at."},
    {.name = "interface",
     .type = LT_OPTION_TEXT,
     .doc = "The interface that a group is joined on, by name or IPv4 address; the system's choice "
            "if not set."},
    LT_STREAM_BUFFER_ROW LT_STREAM_DATAGRAM_ROWS LT_STREAM_TIMESTAMP_ROW LT_SPOOL_ROWS
        LT_FORMAT_NAME_ROWS LT_FRAME_READ_ROWS LT_FORMAT_READ_ROWS};
enum { OPTION_COUNT = sizeof option_table / sizeof option_table[0] };

static int udp_bind(const struct lt_source_type *type, const struct lt_options *options,
                    const struct lt_type *user_schema, struct lt_arena *arena,
                    struct lt_source **out, struct lt_error *error)
{
    *out = NULL;
    int code = lt_options_check(options, option_table, OPTION_COUNT, "source udp", error);
    if (code != 0)
        return code;
    const char *host = lt_options_text(options, option_table, OPTION_COUNT, "host");
    const char *interface = lt_options_text(options, option_table, OPTION_COUNT, "interface");
    struct lt_stream_settings settings = {
        .role = LT_STREAM_DATAGRAM,
        .default_frame = LT_FRAME_DATAGRAM,
        .host = host == NULL ? "" : lt_arena_text(arena, host),
        .port = (uint16_t)lt_options_i64(options, option_table, OPTION_COUNT, "port"),
        .socket = {.type = SOCK_DGRAM,
                   .interface = interface == NULL ? NULL : lt_arena_text(arena, interface)},
    };
    lt_stream_read_common(options, option_table, OPTION_COUNT, &settings);
    lt_stream_read_datagrams(options, option_table, OPTION_COUNT, &settings);
    settings.description =
        lt_arena_format(arena, "Udp[host: %s, port: %u]", settings.host, settings.port);
    return lt_stream_source_create(type, &settings, options, user_schema, arena, out, error);
}

const struct lt_source_type lt_udp_source_type = {
    .name = "udp",
    .doc = "Datagrams that are sent to a port, or to a multicast group.",
    .traits = LT_SOURCE_CONTINUOUS | LT_SOURCE_IN_BATCHES | LT_SOURCE_ENDLESS,
    .options = option_table,
    .option_count = OPTION_COUNT,
    .bind = udp_bind,
};
