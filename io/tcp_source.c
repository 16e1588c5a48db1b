/*
 * Options of the sources of TCP.
 */
#include "io/tcp.h"

#include "core/base/arena.h"
#include "io/format_options.h"
#include "io/stream_source.h"

enum { BACKLOG = 1024 };

#define PORT_ROW(document)                                                                         \
    {                                                                                              \
        .name = "port", .type = LT_OPTION_I64, .min = 1, .max = 65535, .doc = document             \
    }

static const struct lt_option_spec connect_table[] = {
    {.name = "host", .type = LT_OPTION_TEXT, .doc = "The peer's name or address; required."},
    PORT_ROW("The peer's port; required."),
    LT_STREAM_BUFFER_ROW LT_STREAM_DIAL_ROWS LT_STREAM_TIMESTAMP_ROW LT_STREAM_ACK_ROW
        LT_SPOOL_ROWS LT_FORMAT_NAME_ROWS LT_FRAME_READ_ROWS LT_FORMAT_READ_ROWS};
enum { CONNECT_COUNT = sizeof connect_table / sizeof connect_table[0] };

static const struct lt_option_spec listen_table[] = {
    {.name = "host",
     .type = LT_OPTION_TEXT,
     .doc = "The address of this machine to listen at; all of them if not set."},
    PORT_ROW("The port to listen at; required."),
    LT_STREAM_BUFFER_ROW LT_STREAM_CLIENT_ROWS LT_STREAM_TIMESTAMP_ROW LT_STREAM_ACK_ROW
        LT_SPOOL_ROWS LT_FORMAT_NAME_ROWS LT_FRAME_READ_ROWS LT_FORMAT_READ_ROWS};
enum { LISTEN_COUNT = sizeof listen_table / sizeof listen_table[0] };

/* Spark's words for what has to be there. */
static int read_place(const struct lt_source_type *type, const struct lt_options *options,
                      struct lt_arena *arena, struct lt_stream_settings *settings,
                      struct lt_error *error)
{
    const char *host = lt_options_text(options, type->options, type->option_count, "host");
    int64_t port = lt_options_i64(options, type->options, type->option_count, "port");
    if (host == NULL && settings->role == LT_STREAM_CONNECT)
        return lt_error_set(error, LT_E_INVALID,
                            "Set a host to read from with option(\"host\", ...).");
    if (port < 0)
        return lt_error_set(error, LT_E_INVALID,
                            "Set a port to read from with option(\"port\", ...).");
    settings->host = host == NULL ? "" : lt_arena_text(arena, host);
    settings->port = (uint16_t)port;
    settings->socket = (struct lt_stream_socket_options){.type = SOCK_STREAM, .backlog = BACKLOG};
    return 0;
}

static int tcp_bind(const struct lt_source_type *type, const struct lt_options *options,
                    const struct lt_type *user_schema, struct lt_arena *arena,
                    struct lt_source **out, struct lt_error *error)
{
    bool is_listening = type == &lt_tcp_listen_source_type;
    struct lt_stream_settings settings = {
        .role = is_listening ? LT_STREAM_LISTEN : LT_STREAM_CONNECT,
        .default_frame = LT_FRAME_LINE,
    };
    *out = NULL;
    const char *owner = lt_arena_format(arena, "source %s", type->name);
    int code = lt_options_check(options, type->options, type->option_count, owner, error);
    if (code != 0)
        return code;
    code = read_place(type, options, arena, &settings, error);
    if (code != 0)
        return lt_error_append(error, "%s", owner);
    lt_stream_read_common(options, type->options, type->option_count, &settings);
    settings.acknowledges = lt_options_bool(options, type->options, type->option_count, "ack");
    if (is_listening)
        lt_stream_read_clients(options, type->options, type->option_count, &settings);
    else
        lt_stream_read_dial(options, type->options, type->option_count, &settings);
    settings.description =
        lt_arena_format(arena, "%s[host: %s, port: %u]",
                        is_listening ? "TcpListen" : "TextSocketV2", settings.host, settings.port);
    return lt_stream_source_create(type, &settings, options, user_schema, arena, out, error);
}

const struct lt_source_type lt_socket_source_type = {
    .name = "socket",
    .doc = "Records that a TCP peer sends; connects to it, again and again.",
    .traits = LT_SOURCE_CONTINUOUS | LT_SOURCE_IN_BATCHES | LT_SOURCE_ENDLESS,
    .options = connect_table,
    .option_count = CONNECT_COUNT,
    .bind = tcp_bind,
};

const struct lt_source_type lt_tcp_source_type = {
    .name = "tcp",
    .doc = "The same as socket.",
    .traits = LT_SOURCE_CONTINUOUS | LT_SOURCE_IN_BATCHES | LT_SOURCE_ENDLESS,
    .options = connect_table,
    .option_count = CONNECT_COUNT,
    .bind = tcp_bind,
};

const struct lt_source_type lt_tcp_listen_source_type = {
    .name = "tcp-listen",
    .doc = "Records that TCP clients send, many at a time.",
    .traits = LT_SOURCE_CONTINUOUS | LT_SOURCE_IN_BATCHES | LT_SOURCE_ENDLESS,
    .options = listen_table,
    .option_count = LISTEN_COUNT,
    .bind = tcp_bind,
};
