/*
 * Dialling: one connection to a peer, which is tried again and again. After each failure the pause
 * is twice as long, from the least to the most. A host's name is asked for anew each time, since an
 * address may have moved, on the reactor's helper thread.
 *
 * on: the lane's thread that polls it.
 */
#ifndef LT_IO_STREAM_DIAL_H
#define LT_IO_STREAM_DIAL_H

#include "core/base/clock.h"
#include "core/base/options.h"
#include "core/flow/reactor.h"
#include "io/stream_socket.h"

struct lt_stream_dial {
    /* the owner's to fill, before the first poll; texts outlive it */
    struct lt_reactor *reactor;
    const struct lt_clock *clock;
    const char *owner; /* in the log: "source tcp" */
    const char *place;
    const char *host; /* NULL: `peer` is not asked for */
    uint16_t port;
    struct lt_stream_socket_options socket;
    int64_t pause_least_ns, pause_most_ns;
    struct lt_stream_address peer; /* as far as it is known */
    /* Takes the descriptor. */
    void (*on_connected)(void *context, int fd, const struct lt_stream_address *peer);
    void *context;
    /* its own; zeroed */
    bool has_tried;    /* a first attempt has come to an end */
    bool is_connected; /* until lt_stream_dial_lost */
    bool is_connecting, is_resolving, is_closing;
    int fd;
    int64_t due_ns, pause_ns;
    struct lt_io connect_io, resolve_io;
    struct lt_error error; /* of asking for the name */
};

/* Begins an attempt, if one is due and none is on its way. */
void lt_stream_dial_poll(struct lt_stream_dial *dial, int64_t now_ns);
/* When poll has something to begin; LT_NEVER_NS: not before something completes. */
int64_t lt_stream_dial_deadline_ns(const struct lt_stream_dial *dial);
/* The connection has broken or ended; the next attempt is made after the least pause. */
void lt_stream_dial_lost(struct lt_stream_dial *dial);
/* Waits for what is on its way. Nothing to do for one that was never polled. */
void lt_stream_dial_close(struct lt_stream_dial *dial);

/* Its options, for tables. */
#define LT_STREAM_DIAL_ROWS                                                                        \
    {.name = "reconnectDelay",                                                                     \
     .type = LT_OPTION_DURATION,                                                                   \
     .default_text = "100ms",                                                                      \
     .min = LT_NS_PER_MS,                                                                          \
     .max = 3600 * (int64_t)LT_NS_PER_S,                                                           \
     .doc = "The pause before the peer is tried again; twice as long after each failure."},        \
        {.name = "reconnectDelayMax",                                                              \
         .type = LT_OPTION_DURATION,                                                               \
         .default_text = "10s",                                                                    \
         .min = LT_NS_PER_MS,                                                                      \
         .max = 3600 * (int64_t)LT_NS_PER_S,                                                       \
         .doc = "The longest pause before the peer is tried again."},

#endif
