/*
 * Where streams come from.
 *
 * A listener accepts by one armed operation. As many clients as are allowed are served; one more is
 * refused by closing its connection, and counted. When the process has no descriptor left,
 * accepting pauses.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/base/units.h"
#include "io/stream_internal.h"

enum { ACCEPT_PAUSE_NS = 100 * LT_NS_PER_MS };

/* --------------------------------------------------------------------------------------- accept */

static void refuse(struct lt_stream_reader *reader, int fd)
{
    close(fd);
    lt_counter_add(reader->counters.refused, 1);
    lt_log_warn("%s: a client is refused: %u are connected; hint: raise the option \"maxClients\"",
                reader->source->owner, reader->client_count);
}

static void take_client(struct lt_stream_reader *reader, int fd)
{
    struct lt_stream_address address = {.size_bytes = sizeof address.storage};
    if (reader->client_count >= reader->source->settings.clients_max) {
        refuse(reader, fd);
        return;
    }
    if (getpeername(fd, (struct sockaddr *)(void *)&address.storage, &address.size_bytes) != 0)
        address.size_bytes = 0; /* it has gone: the first receive will say so */
    lt_stream_socket_tune(fd);
    lt_stream_client_open(reader, fd, &address);
}

static void pause_accepting(struct lt_stream_reader *reader, int error_number)
{
    bool is_full = error_number == EMFILE || error_number == ENFILE;
    lt_log_warn("%s: cannot accept a client: %s; it is tried again%s", reader->source->owner,
                strerror(error_number),
                is_full ? "; hint: raise the limit of open files (ulimit -n)" : "");
    reader->accept_due_ns = lt_clock_now_ns(reader->clock) + ACCEPT_PAUSE_NS;
}

static void accepted(struct lt_io *io)
{
    struct lt_stream_reader *reader = io->context;
    if (io->result >= 0 && reader->is_closing)
        close((int)io->result);
    else if (io->result >= 0)
        take_client(reader, (int)io->result);
    if (io->more)
        return;
    reader->is_accepting = false;
    if (io->result < 0 && io->result != -EINTR && io->result != -EAGAIN &&
        io->result != -ECONNABORTED && io->result != -ECANCELED)
        pause_accepting(reader, (int)-io->result);
}

static void accept_clients(struct lt_stream_reader *reader, int64_t now_ns)
{
    if (reader->is_accepting || now_ns < reader->accept_due_ns)
        return;
    reader->is_accepting = true;
    reader->accept_io = (struct lt_io){
        .kind = LT_IO_ACCEPT_MULTI,
        .fd = reader->source->fd,
        .done = accepted,
        .context = reader,
    };
    lt_reactor_submit(reader->reactor, &reader->accept_io);
}

/* The first of the clients has been silent for longest. */
static void close_silent(struct lt_stream_reader *reader, int64_t now_ns)
{
    int64_t timeout_ns = reader->source->settings.idle_timeout_ns;
    while (timeout_ns > 0 && reader->clients.next != &reader->clients) {
        struct lt_stream_client *client = reader->clients.next->client;
        if (now_ns < client->heard_ns + timeout_ns)
            return;
        char text[LT_UNITS_TEXT_SIZE], why[LT_UNITS_TEXT_SIZE + 64];
        snprintf(why, sizeof why, "silent for %s (option \"idleTimeout\")",
                 lt_units_format_duration(timeout_ns, text));
        lt_stream_client_close(client, why);
    }
}

/* -------------------------------------------------------------------------------------- connect */

static void on_connected(void *context, int fd, const struct lt_stream_address *peer)
{
    lt_stream_client_open(context, fd, peer);
}

void lt_stream_peers_open(struct lt_stream_reader *reader)
{
    const struct lt_stream_settings *settings = &reader->source->settings;
    reader->dial = (struct lt_stream_dial){
        .reactor = reader->reactor,
        .clock = reader->clock,
        .owner = reader->source->owner,
        .place = reader->source->place,
        .host = settings->host,
        .port = settings->port,
        .socket = settings->socket,
        .pause_least_ns = settings->reconnect_least_ns,
        .pause_most_ns = settings->reconnect_most_ns,
        .peer = reader->source->address,
        .on_connected = on_connected,
        .context = reader,
    };
}

void lt_stream_peers_lost(struct lt_stream_reader *reader)
{
    lt_stream_dial_lost(&reader->dial);
}

/* ----------------------------------------------------------------------------------------- both */

void lt_stream_peers_poll(struct lt_stream_reader *reader, int64_t now_ns)
{
    if (reader->source->settings.role == LT_STREAM_LISTEN)
        accept_clients(reader, now_ns);
    else
        lt_stream_dial_poll(&reader->dial, now_ns);
    close_silent(reader, now_ns);
}

int64_t lt_stream_peers_deadline_ns(const struct lt_stream_reader *reader)
{
    const struct lt_stream_settings *settings = &reader->source->settings;
    int64_t deadline_ns = LT_NEVER_NS;
    if (settings->role == LT_STREAM_LISTEN && !reader->is_accepting)
        deadline_ns = reader->accept_due_ns;
    if (settings->role == LT_STREAM_CONNECT)
        deadline_ns = lt_stream_dial_deadline_ns(&reader->dial);
    if (settings->idle_timeout_ns > 0 && reader->clients.next != &reader->clients) {
        int64_t silent_ns = reader->clients.next->client->heard_ns + settings->idle_timeout_ns;
        deadline_ns = silent_ns < deadline_ns ? silent_ns : deadline_ns;
    }
    return deadline_ns;
}

void lt_stream_peers_close(struct lt_stream_reader *reader)
{
    lt_reactor_cancel_and_wait(reader->reactor, &reader->accept_io);
    lt_stream_dial_close(&reader->dial);
}
