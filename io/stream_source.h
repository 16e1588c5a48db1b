/*
 * Sources that receive: what `socket`, `tcp`, `tcp-listen`, `udp` and `unix` have in common, which
 * is all but their names, options and addresses.
 *
 * A source has one partition, and so one lane. Its sockets are made when the query starts, so that
 * a port that is taken is told then; they are received from on the lane's thread
 * (io/stream_internal.h).
 *
 * In micro-batches what comes is read ahead (io/ahead.h).
 *
 * Nobody can be asked again for what came over a socket. So a position only counts: `offset` is how
 * many rows there were, and what was on its way at a crash is lost. With a spool (io/spool.h) the
 * position's `extra` is the byte of the spool behind the last record, and the source reads on from
 * there.
 */
#ifndef LT_IO_STREAM_SOURCE_H
#define LT_IO_STREAM_SOURCE_H

#include "core/base/limits.h"
#include "core/flow/connector.h"
#include "io/ahead.h"
#include "io/format.h"
#include "io/spool_records.h"
#include "io/stream_dial.h"
#include "io/stream_socket.h"

enum lt_stream_role {
    LT_STREAM_CONNECT,  /* one peer, which it connects to again and again */
    LT_STREAM_LISTEN,   /* many clients, each a stream of its own */
    LT_STREAM_DATAGRAM, /* a socket that is sent datagrams */
};

/* What a type's bind makes of its options; its texts live in the query's arena. */
struct lt_stream_settings {
    enum lt_stream_role role;
    const char *host; /* or: */
    const char *path; /* of a Unix socket */
    uint16_t port;
    struct lt_stream_socket_options socket;
    uint32_t clients_max;
    int64_t idle_timeout_ns;                       /* of a client that says nothing; 0: never */
    int64_t reconnect_least_ns, reconnect_most_ns; /* between two attempts to connect */
    uint32_t datagram_bytes;                       /* room for each */
    bool has_timestamp, has_sender;                /* columns behind the format's */
    bool acknowledges;
    struct lt_spool_settings spool;
    const char *format_name;
    enum lt_frame_kind default_frame;
    const char *description; /* "TextSocketV2[host: h, port: 1]" */
};

struct lt_stream_source {
    struct lt_source base;
    struct lt_stream_settings settings;
    const struct lt_format *format;
    /* Of the schema; UINT32_MAX: there is none. */
    uint32_t timestamp_column, sender_column;
    char owner[48];                   /* "source tcp" */
    char place[LT_STREAM_TEXT_SIZE];  /* its address, in messages */
    struct lt_stream_address address; /* after connect */
    int fd;                           /* that listens or receives; -1: none */
    uint32_t drop_count; /* the kernel's of that socket, as last seen. on: the reader's thread */
    struct lt_spool *spool;           /* after connect; NULL: none */
    struct lt_ahead ahead;            /* in micro-batches */
};

/* Binds the format and makes the source; the settings are copied. `settings->spool` and
 * `acknowledges` are checked here. */
int lt_stream_source_create(const struct lt_source_type *type,
                            const struct lt_stream_settings *settings,
                            const struct lt_options *options, const struct lt_type *user_schema,
                            struct lt_arena *arena, struct lt_source **out,
                            struct lt_error *error) LT_MUST_USE;

/* Options that all of them have, besides LT_SPOOL_ROWS; a type puts its own before. */
#define LT_STREAM_BUFFER_ROW                                                                       \
    {.name = "receiveBufferSize",                                                                  \
     .type = LT_OPTION_SIZE,                                                                       \
     .min = 1024,                                                                                  \
     .max = 1024 * 1024 * 1024,                                                                    \
     .doc = "The kernel's buffer for what has not been read yet; the system's default if not "     \
            "set."},
#define LT_STREAM_CLIENT_ROWS                                                                      \
    {.name = "idleTimeout",                                                                        \
     .type = LT_OPTION_DURATION,                                                                   \
     .default_text = "0s",                                                                         \
     .max = 365 * 86400 * (int64_t)LT_NS_PER_S,                                                    \
     .doc = "How long a client may say nothing before its connection is closed; 0s: for ever."},   \
        {.name = "maxClients",                                                                     \
         .type = LT_OPTION_I64,                                                                    \
         .default_text = "10000",                                                                  \
         .min = 1,                                                                                 \
         .max = 100000,                                                                            \
         .doc = "Clients that may be connected at a time; each takes a file descriptor."},
#define LT_STREAM_DATAGRAM_ROWS                                                                    \
    {.name = "datagramBytes",                                                                      \
     .type = LT_OPTION_SIZE,                                                                       \
     .default_text = "65536",                                                                      \
     .min = 64,                                                                                    \
     .max = 1024 * 1024,                                                                           \
     .doc = "Room for a datagram; a larger one is left out, counted and told."},                   \
        {.name = "includeSender",                                                                  \
         .type = LT_OPTION_BOOL,                                                                   \
         .default_text = "false",                                                                  \
         .doc = "Adds the column sender: the address that the datagram came from."},
#define LT_STREAM_ACK_ROW                                                                          \
    {.name = "ack",                                                                                \
     .type = LT_OPTION_BOOL,                                                                       \
     .default_text = "false",                                                                      \
     .doc = "With a spool: tells each client how many of its records are durable, as a line "      \
            "\"ack N\", or as 8 bytes, big-endian, where frames are no lines."},
#define LT_STREAM_TIMESTAMP_ROW                                                                    \
    {.name = "includeTimestamp",                                                                   \
     .type = LT_OPTION_BOOL,                                                                       \
     .default_text = "false",                                                                      \
     .doc = "Adds the column timestamp: when the record arrived."},

/* Reads those into the settings; the options have been checked against `table`. */
void lt_stream_read_common(const struct lt_options *options, const struct lt_option_spec *table,
                           size_t count, struct lt_stream_settings *settings);
/* Of those that have the rows: LT_STREAM_CLIENT_ROWS, LT_STREAM_DIAL_ROWS, LT_STREAM_DATAGRAM_ROWS.
 */
void lt_stream_read_clients(const struct lt_options *options, const struct lt_option_spec *table,
                            size_t count, struct lt_stream_settings *settings);
void lt_stream_read_dial(const struct lt_options *options, const struct lt_option_spec *table,
                         size_t count, struct lt_stream_settings *settings);
void lt_stream_read_datagrams(const struct lt_options *options, const struct lt_option_spec *table,
                              size_t count, struct lt_stream_settings *settings);

#endif
