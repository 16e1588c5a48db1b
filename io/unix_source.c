/*
 * Options of the source of Unix sockets.
 */
#include "io/unix.h"

#include <string.h>

#include "core/base/arena.h"
#include "io/format_options.h"
#include "io/stream_source.h"

enum { BACKLOG = 1024 };

static const struct lt_option_spec option_table[] = {
    {.name = "path",
     .type = LT_OPTION_TEXT,
     .flags = LT_OPTION_REQUIRED,
     .doc = "Where the socket's file is; one that nobody listens on is replaced."},
    {.name = "type",
     .type = LT_OPTION_CHOICE,
     .choices = "stream|datagram",
     .default_text = "stream",
     .doc = "Streams of clients, or a socket that is sent datagrams."},
    {.name = "connect",
     .type = LT_OPTION_BOOL,
     .default_text = "false",
     .doc = "Of streams: connects to a program that listens at the path, instead of listening."},
    LT_STREAM_CLIENT_ROWS LT_STREAM_DIAL_ROWS LT_STREAM_BUFFER_ROW LT_STREAM_DATAGRAM_ROWS
        LT_STREAM_TIMESTAMP_ROW LT_STREAM_ACK_ROW LT_SPOOL_ROWS LT_FORMAT_NAME_ROWS
            LT_FRAME_READ_ROWS LT_FORMAT_READ_ROWS};
enum { OPTION_COUNT = sizeof option_table / sizeof option_table[0] };

static bool flag(const struct lt_options *options, const char *name)
{
    return lt_options_bool(options, option_table, OPTION_COUNT, name);
}

/* What belongs to the other type of socket. */
static int check_type(const struct lt_options *options, bool is_datagram, struct lt_error *error)
{
    static const char *const of_streams[] = {"ack",        "connect",        "idleTimeout",
                                             "maxClients", "reconnectDelay", "reconnectDelayMax"};
    static const char *const of_datagrams[] = {"datagramBytes", "includeSender"};
    const char *const *names = is_datagram ? of_streams : of_datagrams;
    size_t count = is_datagram ? sizeof of_streams / sizeof of_streams[0]
                               : sizeof of_datagrams / sizeof of_datagrams[0];
    for (size_t i = 0; i < count; i++) {
        if (lt_options_has(options, names[i]))
            return lt_error_set(error, LT_E_INVALID,
                                "source unix: option \"%s\" is for sockets of the type %s",
                                names[i], is_datagram ? "stream" : "datagram");
    }
    return 0;
}

static int unix_bind(const struct lt_source_type *type, const struct lt_options *options,
                     const struct lt_type *user_schema, struct lt_arena *arena,
                     struct lt_source **out, struct lt_error *error)
{
    *out = NULL;
    int code = lt_options_check(options, option_table, OPTION_COUNT, "source unix", error);
    if (code != 0)
        return code;
    bool is_datagram =
        strcmp(lt_options_text(options, option_table, OPTION_COUNT, "type"), "datagram") == 0;
    code = check_type(options, is_datagram, error);
    if (code != 0)
        return code;
    struct lt_stream_settings settings = {
        .role = is_datagram                ? LT_STREAM_DATAGRAM
                : flag(options, "connect") ? LT_STREAM_CONNECT
                                           : LT_STREAM_LISTEN,
        .default_frame = is_datagram ? LT_FRAME_DATAGRAM : LT_FRAME_LINE,
        .path = lt_arena_text(arena, lt_options_text(options, option_table, OPTION_COUNT, "path")),
        .socket = {.type = is_datagram ? SOCK_DGRAM : SOCK_STREAM, .backlog = BACKLOG},
    };
    lt_stream_read_common(options, option_table, OPTION_COUNT, &settings);
    lt_stream_read_clients(options, option_table, OPTION_COUNT, &settings);
    lt_stream_read_dial(options, option_table, OPTION_COUNT, &settings);
    lt_stream_read_datagrams(options, option_table, OPTION_COUNT, &settings);
    settings.acknowledges = flag(options, "ack");
    settings.description = lt_arena_format(arena, "Unix[path: %s]", settings.path);
    return lt_stream_source_create(type, &settings, options, user_schema, arena, out, error);
}

const struct lt_source_type lt_unix_source_type = {
    .name = "unix",
    .doc = "Records that come through a Unix socket.",
    .traits = LT_SOURCE_CONTINUOUS | LT_SOURCE_IN_BATCHES | LT_SOURCE_ENDLESS,
    .options = option_table,
    .option_count = OPTION_COUNT,
    .bind = unix_bind,
};
