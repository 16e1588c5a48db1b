/*
 * asking for the name --> connecting --> connected --> lost, and after a pause from the front.
 */
#include "io/stream_dial.h"

#include <string.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/base/units.h"

static void try_later(struct lt_stream_dial *dial, const char *why)
{
    char text[LT_UNITS_TEXT_SIZE];
    if (dial->pause_ns == 0)
        dial->pause_ns = dial->pause_least_ns;
    dial->has_tried = true;
    lt_log_warn("%s: cannot connect to %s: %s; it is tried again in %s", dial->owner, dial->place,
                why, lt_units_format_duration(dial->pause_ns, text));
    dial->due_ns = lt_clock_now_ns(dial->clock) + dial->pause_ns;
    dial->pause_ns =
        dial->pause_ns > dial->pause_most_ns / 2 ? dial->pause_most_ns : 2 * dial->pause_ns;
}

static void connect_done(struct lt_io *io)
{
    struct lt_stream_dial *dial = io->context;
    dial->is_connecting = false;
    if (io->result == 0 && !dial->is_closing) {
        dial->has_tried = true;
        dial->is_connected = true;
        dial->pause_ns = 0;
        lt_stream_socket_tune(dial->fd);
        dial->on_connected(dial->context, dial->fd, &dial->peer);
        return;
    }
    close(dial->fd);
    if (!dial->is_closing)
        try_later(dial, strerror((int)-io->result));
}

static void begin_connect(struct lt_stream_dial *dial)
{
    if (lt_stream_socket_create(&dial->peer, &dial->socket, &dial->fd, &dial->error) != 0) {
        try_later(dial, dial->error.text);
        return;
    }
    dial->is_connecting = true;
    dial->connect_io = (struct lt_io){
        .kind = LT_IO_CONNECT,
        .fd = dial->fd,
        .buffer = &dial->peer.storage,
        .size_bytes = dial->peer.size_bytes,
        .done = connect_done,
        .context = dial,
    };
    lt_reactor_submit(dial->reactor, &dial->connect_io);
}

/* on: the reactor's helper thread; the dial's own leaves `peer` and `error` alone meanwhile. */
static int64_t resolve(void *context)
{
    struct lt_stream_dial *dial = context;
    return lt_stream_resolve(dial->host, dial->port, dial->socket.type, &dial->peer, &dial->error);
}

static void resolve_done(struct lt_io *io)
{
    struct lt_stream_dial *dial = io->context;
    dial->is_resolving = false;
    if (dial->is_closing)
        return;
    if (io->result == 0)
        begin_connect(dial);
    else
        try_later(dial, dial->error.text);
}

void lt_stream_dial_poll(struct lt_stream_dial *dial, int64_t now_ns)
{
    if (dial->is_connected || dial->is_connecting || dial->is_resolving || now_ns < dial->due_ns)
        return;
    lt_error_clear(&dial->error);
    if (dial->host == NULL || lt_stream_is_numeric(dial->host)) {
        begin_connect(dial);
        return;
    }
    dial->is_resolving = true;
    dial->resolve_io = (struct lt_io){
        .kind = LT_IO_CALL,
        .call = resolve,
        .call_context = dial,
        .done = resolve_done,
        .context = dial,
    };
    lt_reactor_submit(dial->reactor, &dial->resolve_io);
}

int64_t lt_stream_dial_deadline_ns(const struct lt_stream_dial *dial)
{
    bool is_waiting = dial->is_connected || dial->is_connecting || dial->is_resolving;
    return is_waiting ? LT_NEVER_NS : dial->due_ns;
}

void lt_stream_dial_lost(struct lt_stream_dial *dial)
{
    dial->is_connected = false;
    dial->due_ns = lt_clock_now_ns(dial->clock) + dial->pause_least_ns;
}

void lt_stream_dial_close(struct lt_stream_dial *dial)
{
    dial->is_closing = true;
    if (dial->is_resolving)
        lt_reactor_cancel_and_wait(dial->reactor, &dial->resolve_io);
    if (dial->is_connecting)
        lt_reactor_cancel_and_wait(dial->reactor, &dial->connect_io);
}
