/*
 * Sinks that send over a stream: `tcp` and `unix`. Rows become records, as the format writes them,
 * one behind the other on one connection for each lane.
 *
 * Records are kept until the kernel has taken them, and no longer: what a peer does with them, and
 * whether it ever saw those that were on their way when a connection broke, a stream cannot say. So
 * the guarantee is at most once. While there is no connection records are kept, as many as the
 * buffer holds; then the sink takes no more, and the source stops polling: nothing is dropped.
 *
 * When a connection breaks within a record, the whole record is sent again on the next one, for the
 * peer cannot have had it.
 */
#ifndef LT_IO_STREAM_SINK_H
#define LT_IO_STREAM_SINK_H

#include "core/flow/connector.h"
#include "io/format_write.h"
#include "io/stream_socket.h"

/* What a type's bind makes of its options; texts live in the query's arena. */
struct lt_stream_sink_settings {
    const char *host; /* or: */
    const char *path; /* of a Unix socket */
    uint16_t port;
    struct lt_stream_socket_options socket;
    int64_t reconnect_least_ns, reconnect_most_ns;
    int64_t buffer_bytes; /* of records that the kernel has not taken */
    const char *format_name;
    enum lt_frame_kind default_frame;
    const char *description;
};

struct lt_stream_sink {
    struct lt_sink base;
    struct lt_stream_sink_settings settings;
    struct lt_options *options; /* of the format's writers */
    char owner[48];             /* "sink tcp" */
    char place[LT_STREAM_TEXT_SIZE];
    struct lt_stream_address address; /* after connect */
};

/* Checks what the format can write, and makes the sink. */
int lt_stream_sink_create(const struct lt_sink_type *type,
                          const struct lt_stream_sink_settings *settings,
                          const struct lt_options *options, const struct lt_type *schema,
                          struct lt_sink **out, struct lt_error *error) LT_MUST_USE;

/* The format's writer for one lane. */
int lt_stream_create_format(const struct lt_stream_sink *sink, struct lt_format_writer **out,
                            struct lt_error *error) LT_MUST_USE;
int lt_stream_open_writer(struct lt_sink *base, const struct lt_connector_env *env,
                          struct lt_writer **out, struct lt_error *error);

/* Options that both have, beside LT_STREAM_DIAL_ROWS. */
#define LT_STREAM_SINK_ROWS                                                                        \
    {.name = "bufferSize",                                                                         \
     .type = LT_OPTION_SIZE,                                                                       \
     .default_text = "4m",                                                                         \
     .min = 4096,                                                                                  \
     .max = 1024 * 1024 * 1024,                                                                    \
     .doc =                                                                                        \
         "Records that are kept until the kernel takes them; when it is full the query waits."},   \
        {.name = "sendBufferSize",                                                                 \
         .type = LT_OPTION_SIZE,                                                                   \
         .min = 1024,                                                                              \
         .max = 1024 * 1024 * 1024,                                                                \
         .doc = "The kernel's buffer for what is on its way; the system's default if not set."},

void lt_stream_sink_read_common(const struct lt_options *options,
                                const struct lt_option_spec *table, size_t count,
                                struct lt_stream_sink_settings *settings);
/* Of those that have LT_STREAM_DIAL_ROWS. */
void lt_stream_sink_read_dial(const struct lt_options *options, const struct lt_option_spec *table,
                              size_t count, struct lt_stream_sink_settings *settings);

#endif
