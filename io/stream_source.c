/*
 * The query level: format and schema, sockets, the spool, and positions as text.
 *
 * Spark's socket source logs the number of its last line, from -1; so does this, as long as there
 * is no spool.
 */
#include "io/stream_source.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/log.h"
#include "core/text/json_tree.h"
#include "io/feed.h"
#include "io/stream_internal.h"

static struct lt_stream_source *stream_of(struct lt_source *source)
{
    return (struct lt_stream_source *)(void *)source; /* the base is its first member */
}

/* ----------------------------------------------------------------------------------- connecting */

static int find_address(struct lt_stream_source *source, struct lt_error *error)
{
    const struct lt_stream_settings *settings = &source->settings;
    int code = settings->path != NULL
                   ? lt_stream_unix_address(settings->path, &source->address, error)
                   : lt_stream_resolve(settings->host, settings->port, settings->socket.type,
                                       &source->address, error);
    if (code == 0)
        lt_stream_address_text(&source->address.storage, source->address.size_bytes, source->place);
    return code;
}

static int open_socket(struct lt_stream_source *source, struct lt_error *error)
{
    const struct lt_stream_settings *settings = &source->settings;
    if (source->fd >= 0 || settings->role == LT_STREAM_CONNECT)
        return 0; /* it stays open; or the reader connects, and goes on trying */
    return settings->role == LT_STREAM_LISTEN
               ? lt_stream_socket_listen(&source->address, &settings->socket, &source->fd, error)
               : lt_stream_socket_receive(&source->address, &settings->socket, &source->fd, error);
}

static int open_spool(struct lt_stream_source *source, struct lt_error *error)
{
    const struct lt_stream_settings *settings = &source->settings;
    if (source->spool != NULL || settings->spool.directory == NULL)
        return 0;
    return lt_spool_open_settings(&settings->spool, &source->format->framing, &source->spool,
                                  error);
}

static int stream_connect(struct lt_source *base, const struct lt_connector_env *env,
                          struct lt_error *error)
{
    (void)env;
    struct lt_stream_source *source = stream_of(base);
    lt_ahead_reset(&source->ahead);
    int code = open_spool(source, error);
    if (code == 0)
        code = find_address(source, error);
    if (code == 0)
        code = open_socket(source, error);
    return code == 0 ? 0 : lt_error_append(error, "%s", source->owner);
}

static void stream_destroy(struct lt_stream_source *source)
{
    lt_ahead_fini(&source->ahead);
    free(source);
}

static void stream_close(struct lt_source *base)
{
    struct lt_stream_source *source = stream_of(base);
    if (source->fd >= 0) {
        lt_stream_socket_remove(&source->address); /* while it is ours: nobody replaces it */
        close(source->fd);
    }
    lt_spool_close(source->spool);
    stream_destroy(source);
}

static int stream_latest(struct lt_source *base, struct lt_position *positions,
                         struct lt_error *error)
{
    (void)error;
    positions[0] = lt_ahead_position(&stream_of(base)->ahead);
    return 0;
}

static int stream_open_reader(struct lt_source *base, const struct lt_connector_env *env,
                              const uint32_t *partitions, uint32_t partition_count,
                              const struct lt_position *start, const struct lt_position *end,
                              struct lt_reader **out, struct lt_error *error)
{
    const struct lt_ahead_options options = {
        .source = base, .ahead = &stream_of(base)->ahead, .open = lt_stream_open_reader};
    (void)partitions;
    lt_assert(partition_count == 1);
    return lt_ahead_open_reader(&options, env, start, end, out, error);
}

/* ------------------------------------------------------------------------------------ positions */

static int stream_initial(struct lt_source *base, struct lt_position *positions,
                          struct lt_text_buffer *keep, struct lt_error *error)
{
    (void)keep;
    (void)error;
    const struct lt_stream_source *source = stream_of(base);
    positions[0] = (struct lt_position){
        .offset = 0,
        .extra = source->spool == NULL ? 0 : (int64_t)lt_spool_begin(source->spool).byte};
    return 0;
}

static void stream_to_json(struct lt_source *base, const struct lt_position *positions,
                           struct lt_text_buffer *out)
{
    if (stream_of(base)->settings.spool.directory == NULL)
        lt_text_format(out, "%" PRId64, positions[0].offset - 1);
    else
        lt_text_format(out, "{\"row\":%" PRId64 ",\"byte\":%" PRId64 "}", positions[0].offset,
                       positions[0].extra);
}

static int read_position(const struct lt_stream_source *source, const struct lt_json *json,
                         struct lt_position *position, struct lt_error *error)
{
    if (json->kind == LT_JSON_INTEGER && json->i64 >= -1 && json->i64 < INT64_MAX) {
        *position = (struct lt_position){
            .offset = json->i64 + 1,
            .extra = source->spool == NULL ? 0 : (int64_t)lt_spool_begin(source->spool).byte};
        return 0;
    }
    if (!json->is_object)
        return lt_error_set(error, LT_E_CORRUPT, "no number and no object");
    int code = lt_json_get_i64(json, "row", &position->offset, error);
    if (code == 0)
        code = lt_json_get_i64(json, "byte", &position->extra, error);
    if (code == 0 && (position->offset < 0 || position->extra < 0))
        code = lt_error_set(error, LT_E_CORRUPT, "a negative number");
    return code == 0 ? lt_spool_check_byte(source->spool, position->extra, error) : code;
}

static int stream_from_json(struct lt_source *base, const char *text, struct lt_position *positions,
                            struct lt_error *error)
{
    const struct lt_stream_source *source = stream_of(base);
    struct lt_arena *arena = lt_arena_create();
    const struct lt_json *json;
    int code = lt_json_parse(text, strlen(text), arena, &json, error);
    if (code == 0)
        code = read_position(source, json, &positions[0], error);
    lt_arena_destroy(arena);
    return code == 0 ? 0 : lt_error_append(error, "offsets of %s", source->owner);
}

static int stream_settle(struct lt_source *base, uint64_t epoch,
                         const struct lt_position *positions, struct lt_source_log *log,
                         struct lt_error *error)
{
    (void)epoch;
    (void)log; /* the spool is the log */
    (void)error;
    const struct lt_spool *spool = stream_of(base)->spool;
    return spool == NULL || lt_spool_durable(spool) >= (uint64_t)positions[0].extra;
}

static void stream_commit(struct lt_source *base, uint64_t epoch,
                          const struct lt_position *positions)
{
    (void)epoch;
    struct lt_stream_source *source = stream_of(base);
    if (source->spool != NULL)
        lt_spool_release(source->spool, (uint64_t)positions[0].extra);
}

static void stream_original(struct lt_source *base, struct lt_row *root, struct lt_row *into,
                            struct lt_original *out)
{
    (void)base;
    lt_feed_original(root, into, out);
}

/* -------------------------------------------------------------------------------------- binding */

/* The format's columns, then those of the connector. */
static void make_schema(struct lt_stream_source *source, struct lt_arena *arena)
{
    const struct lt_type *given = source->format->schema;
    uint32_t count = given->field_count;
    struct lt_field *fields = lt_arena_alloc(arena, (count + 2) * sizeof *fields);
    memcpy(fields, given->fields, count * sizeof *fields);
    source->timestamp_column = source->sender_column = UINT32_MAX;
    if (source->settings.has_timestamp) {
        source->timestamp_column = count;
        fields[count++] = (struct lt_field){
            .name = "timestamp", .type = lt_type_simple(LT_TYPE_TIMESTAMP), .nullable = true};
    }
    if (source->settings.has_sender) {
        source->sender_column = count;
        fields[count++] = (struct lt_field){
            .name = "sender", .type = lt_type_simple(LT_TYPE_STRING), .nullable = true};
    }
    source->base.schema =
        count == given->field_count ? given : lt_type_struct(arena, fields, count);
}

static int check_frames(const struct lt_stream_source *source, const struct lt_options *options,
                        struct lt_error *error)
{
    enum lt_frame_kind kind = source->format->framing.kind;
    const char *name = kind == LT_FRAME_CSV ? "multiLine" : lt_frame_kind_name(kind);
    bool is_datagram = source->settings.role == LT_STREAM_DATAGRAM;
    if (is_datagram && kind != LT_FRAME_DATAGRAM && kind != LT_FRAME_LINE)
        return lt_error_set(error, LT_E_INVALID,
                            "frame \"%s\" is for streams; hint: a datagram is a record (datagram) "
                            "or has lines (line)",
                            name);
    if (!is_datagram && kind == LT_FRAME_DATAGRAM)
        return lt_error_set(error, LT_E_INVALID,
                            "frame \"datagram\" is for datagrams; hint: choose line, length2, "
                            "length4, varint or fixed");
    if (source->settings.spool.directory == NULL)
        return 0;
    return lt_spool_check_frames(&source->format->framing,
                                 lt_options_get(options, "header") != NULL, error);
}

static int check_acknowledging(const struct lt_stream_settings *settings, struct lt_error *error)
{
    if (!settings->acknowledges || settings->spool.directory != NULL)
        return 0;
    return lt_error_set(error, LT_E_INVALID,
                        "option \"ack\" says what is durable, and without a spool nothing is; "
                        "hint: set the option \"spool\" to a folder");
}

static int bind_format(struct lt_stream_source *source, const struct lt_options *options,
                       const struct lt_type *user_schema, struct lt_arena *arena,
                       struct lt_error *error)
{
    struct lt_format_setup setup = {
        .name = source->settings.format_name,
        .options = options,
        .user_schema = user_schema,
        .owner = source->owner,
        .default_frame = source->settings.default_frame,
    };
    int code = lt_format_bind(&setup, arena, &source->format, error);
    if (code != 0)
        return code; /* which names the owner */
    code = check_frames(source, options, error);
    if (code == 0)
        code = check_acknowledging(&source->settings, error);
    return code == 0 ? 0 : lt_error_append(error, "%s", source->owner);
}

int lt_stream_source_create(const struct lt_source_type *type,
                            const struct lt_stream_settings *settings,
                            const struct lt_options *options, const struct lt_type *user_schema,
                            struct lt_arena *arena, struct lt_source **out, struct lt_error *error)
{
    static const struct lt_source_ops ops = {
        .connect = stream_connect,
        .initial = stream_initial,
        .latest = stream_latest,
        .positions_to_json = stream_to_json,
        .positions_from_json = stream_from_json,
        .original = stream_original,
        .settle = stream_settle,
        .open_reader = stream_open_reader,
        .commit = stream_commit,
        .close = stream_close,
    };
    *out = NULL;
    struct lt_stream_source *source = lt_alloc(sizeof *source);
    source->base = (struct lt_source){
        .ops = &ops,
        .type = type,
        .traits = settings->spool.directory != NULL ? LT_SOURCE_REPLAYABLE : 0,
        .partition_count = 1,
    };
    source->settings = *settings;
    if (settings->spool.directory != NULL)
        source->settings.spool.directory = lt_arena_text(arena, settings->spool.directory);
    source->fd = -1;
    lt_ahead_init(&source->ahead);
    snprintf(source->owner, sizeof source->owner, "source %s", type->name);
    snprintf(source->base.description, sizeof source->base.description, "%s",
             settings->description);
    int code = bind_format(source, options, user_schema, arena, error);
    if (code != 0) {
        stream_destroy(source);
        return code;
    }
    make_schema(source, arena);
    *out = &source->base;
    return 0;
}

void lt_stream_read_common(const struct lt_options *options, const struct lt_option_spec *table,
                           size_t count, struct lt_stream_settings *settings)
{
    settings->format_name = lt_options_text(options, table, count, "format");
    settings->has_timestamp = lt_options_bool(options, table, count, "includeTimestamp");
    settings->spool = lt_spool_read_settings(options, table, count);
    settings->socket.is_stamped = settings->has_timestamp || settings->spool.directory != NULL;
    settings->socket.receive_buffer_bytes =
        lt_options_i64(options, table, count, "receiveBufferSize");
}

void lt_stream_read_clients(const struct lt_options *options, const struct lt_option_spec *table,
                            size_t count, struct lt_stream_settings *settings)
{
    settings->clients_max = (uint32_t)lt_options_i64(options, table, count, "maxClients");
    settings->idle_timeout_ns = lt_options_i64(options, table, count, "idleTimeout");
}

void lt_stream_read_dial(const struct lt_options *options, const struct lt_option_spec *table,
                         size_t count, struct lt_stream_settings *settings)
{
    settings->reconnect_least_ns = lt_options_i64(options, table, count, "reconnectDelay");
    settings->reconnect_most_ns = lt_options_i64(options, table, count, "reconnectDelayMax");
}

void lt_stream_read_datagrams(const struct lt_options *options, const struct lt_option_spec *table,
                              size_t count, struct lt_stream_settings *settings)
{
    settings->datagram_bytes = (uint32_t)lt_options_i64(options, table, count, "datagramBytes");
    settings->has_sender = lt_options_bool(options, table, count, "includeSender");
}
