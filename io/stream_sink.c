/*
 * The query level of sinks that send over a stream.
 */
#include "io/stream_sink.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/arena.h"
#include "io/stream_packets.h"

static struct lt_stream_sink *stream_of(struct lt_sink *sink)
{
    return (struct lt_stream_sink *)(void *)sink; /* the base is its first member */
}

static int stream_connect(struct lt_sink *base, const struct lt_connector_env *env,
                          struct lt_error *error)
{
    (void)env;
    struct lt_stream_sink *sink = stream_of(base);
    const struct lt_stream_sink_settings *settings = &sink->settings;
    int code = settings->path != NULL
                   ? lt_stream_unix_address(settings->path, &sink->address, error)
                   : lt_stream_resolve(settings->host, settings->port, settings->socket.type,
                                       &sink->address, error);
    if (code != 0)
        return lt_error_append(error, "%s", sink->owner);
    lt_stream_address_text(&sink->address.storage, sink->address.size_bytes, sink->place);
    return 0;
}

static void stream_close(struct lt_sink *base)
{
    struct lt_stream_sink *sink = stream_of(base);
    lt_options_destroy(sink->options);
    free(sink);
}

int lt_stream_create_format(const struct lt_stream_sink *sink, struct lt_format_writer **out,
                            struct lt_error *error)
{
    struct lt_format_write_setup setup = {
        .name = sink->settings.format_name,
        .options = sink->options,
        .schema = sink->base.schema,
        .owner = sink->owner,
        .default_frame = sink->settings.default_frame,
    };
    return lt_format_writer_create(&setup, out, error);
}

int lt_stream_sink_create(const struct lt_sink_type *type,
                          const struct lt_stream_sink_settings *settings,
                          const struct lt_options *options, const struct lt_type *schema,
                          struct lt_sink **out, struct lt_error *error)
{
#define OPS .connect = stream_connect, .close = stream_close
    static const struct lt_sink_ops of_streams = {OPS, .open_writer = lt_stream_open_writer};
    static const struct lt_sink_ops of_datagrams = {OPS,
                                                    .open_writer = lt_stream_open_packet_writer};
#undef OPS
    bool is_datagram = settings->socket.type == SOCK_DGRAM;
    struct lt_format_writer *writer;
    *out = NULL;
    struct lt_stream_sink *sink = lt_alloc(sizeof *sink);
    sink->base = (struct lt_sink){.ops = is_datagram ? &of_datagrams : &of_streams,
                                  .type = type,
                                  .schema = schema,
                                  .guarantee = LT_AT_MOST_ONCE};
    sink->settings = *settings;
    sink->options = lt_options_clone(options);
    sink->settings.format_name =
        lt_options_text(sink->options, type->options, type->option_count, "format");
    snprintf(sink->owner, sizeof sink->owner, "sink %s", type->name);
    snprintf(sink->base.description, sizeof sink->base.description, "%s", settings->description);
    int code = lt_stream_create_format(sink, &writer, error); /* to see that it can be */
    if (code != 0) {
        stream_close(&sink->base);
        return code; /* which names the owner */
    }
    lt_format_writer_destroy(writer);
    *out = &sink->base;
    return 0;
}

void lt_stream_sink_read_common(const struct lt_options *options,
                                const struct lt_option_spec *table, size_t count,
                                struct lt_stream_sink_settings *settings)
{
    settings->buffer_bytes = lt_options_i64(options, table, count, "bufferSize");
    settings->socket.send_buffer_bytes = lt_options_i64(options, table, count, "sendBufferSize");
}

void lt_stream_sink_read_dial(const struct lt_options *options, const struct lt_option_spec *table,
                              size_t count, struct lt_stream_sink_settings *settings)
{
    settings->reconnect_least_ns = lt_options_i64(options, table, count, "reconnectDelay");
    settings->reconnect_most_ns = lt_options_i64(options, table, count, "reconnectDelayMax");
}
