/*
 * One stream that is received from. Its states:
 *
 *   open      a receive is armed, or waits for a free piece (thirsty)
 *   ended     no byte will follow, or what came is no record and the rest is not heard; what is at
 *             hand is still emitted, and with `ack` the client is still told what becomes durable
 *   closing   its operations are on their way to their end; then the descriptor is closed
 *
 * It is freed when nothing speaks of it any more: each operation, each piece that waits to be taken
 * in and each mark of what is to be told holds a reference.
 *
 * A stream that breaks within a record loses that record's begin: it never was a record. That is
 * counted and said.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/log.h"
#include "io/stream_internal.h"

static void set_count(struct lt_stream_reader *reader, int change)
{
    reader->client_count = (uint32_t)((int)reader->client_count + change);
    lt_counter_set(reader->counters.clients, reader->client_count);
}

/* The descriptor goes when no operation has it any more. */
static void close_descriptor(struct lt_stream_client *client)
{
    if (!client->is_closing || client->fd < 0 || client->is_sending ||
        client->receive_io.is_pending)
        return;
    close(client->fd);
    client->fd = -1;
}

void lt_stream_client_release(struct lt_stream_client *client)
{
    if (--client->references > 0)
        return;
    lt_assert(client->is_closing);
    lt_assert(client->fd < 0);
    free(client->carry);
    free(client->refusal);
    free(client);
}

/* -------------------------------------------------------------------------------------- receive */

static bool is_heard(const struct lt_stream_client *client)
{
    return !client->is_closing && client->refusal == NULL;
}

static void make_ready(struct lt_stream_client *client)
{
    if (client->feed != NULL && !lt_stream_is_linked(&client->ready))
        lt_stream_link_last(&client->reader->ready, &client->ready);
}

static void take(struct lt_stream_client *client, const struct lt_io *io)
{
    struct lt_stream_reader *reader = client->reader;
    struct lt_stream_piece *piece = lt_stream_received_piece(reader, io);
    client->wall_us = piece->wall_us;
    if (reader->source->settings.idle_timeout_ns > 0) {
        client->heard_ns = lt_clock_now_ns(reader->clock);
        lt_stream_link_last(&reader->clients, &client->all);
    }
    if (client->feed == NULL) {
        piece->client = client;
        client->references++;
        lt_stream_intake_add(reader, piece);
        return;
    }
    lt_stream_give(reader, client->feed, piece, piece->data, piece->size_bytes);
    make_ready(client);
}

static void end(struct lt_stream_client *client, int error_number)
{
    client->has_ended = true;
    client->error_number = error_number;
    if (client->feed == NULL) {
        client->end_piece = (struct lt_stream_piece){.kind = LT_PIECE_END, .client = client};
        client->references++;
        lt_stream_intake_add(client->reader, &client->end_piece);
        return;
    }
    if (error_number == 0)
        lt_feed_end(client->feed); /* a last line without its break is a line */
    make_ready(client);
}

static void received(struct lt_io *io)
{
    struct lt_stream_client *client = io->context;
    if (io->piece != LT_IO_NO_PIECE) {
        if (io->result > 0 && is_heard(client)) {
            take(client, io);
        } else {
            lt_buffers_give_back(client->reader->buffers, io->piece);
            client->reader->pieces_came_back = true;
        }
    }
    if (io->more)
        return;
    if (!is_heard(client))
        close_descriptor(client);
    else if (io->result > 0 || io->result == -EINTR || io->result == -EAGAIN)
        lt_stream_client_rearm(client);
    else if (io->result == -ENOBUFS)
        lt_stream_link_last(&client->reader->thirsty, &client->thirsty);
    else
        end(client, (int)-io->result);
    lt_stream_client_release(client);
}

void lt_stream_client_rearm(struct lt_stream_client *client)
{
    client->receive_io = (struct lt_io){
        .kind = LT_IO_RECV_MULTI,
        .fd = client->fd,
        .group = client->reader->buffers,
        .done = received,
        .context = client,
    };
    client->references++;
    lt_reactor_submit(client->reader->reactor, &client->receive_io);
}

void lt_stream_client_open(struct lt_stream_reader *reader, int fd,
                           const struct lt_stream_address *address)
{
    struct lt_stream_client *client = lt_alloc(sizeof *client);
    client->reader = reader;
    client->references = 1;
    client->fd = fd;
    client->address = *address;
    client->heard_ns = lt_clock_now_ns(reader->clock);
    lt_stream_link_init(&client->all, client);
    lt_stream_link_init(&client->ready, client);
    lt_stream_link_init(&client->thirsty, client);
    lt_stream_link_last(&reader->clients, &client->all);
    set_count(reader, 1);
    lt_counter_add(reader->counters.accepted, 1);
    struct lt_error error;
    lt_error_clear(&error);
    if (reader->source->spool == NULL &&
        lt_feed_share(reader->feed, client, &client->feed, &error) != 0)
        lt_stream_client_close(client, error.text);
    else
        lt_stream_client_rearm(client);
}

/* ---------------------------------------------------------------------------------- acknowledge */

static void answer_done(struct lt_io *io);

static void send_answer(struct lt_stream_client *client)
{
    client->send_io = (struct lt_io){
        .kind = LT_IO_SEND,
        .fd = client->fd,
        .buffer = client->answer + client->answer_sent_bytes,
        .size_bytes = client->answer_size_bytes - client->answer_sent_bytes,
        .done = answer_done,
        .context = client,
    };
    client->is_sending = true;
    client->references++;
    lt_reactor_submit(client->reader->reactor, &client->send_io);
}

static void begin_answer(struct lt_stream_client *client)
{
    client->told_count = client->durable_count;
    client->answer_sent_bytes = 0;
    if (client->reader->source->format->framing.kind == LT_FRAME_LINE) {
        client->answer_size_bytes = (uint32_t)snprintf(client->answer, sizeof client->answer,
                                                       "ack %" PRIu64 "\n", client->told_count);
    } else {
        for (int i = 0; i < 8; i++)
            client->answer[i] = (char)(client->told_count >> (56 - 8 * i));
        client->answer_size_bytes = 8;
    }
    send_answer(client);
}

static void answer_done(struct lt_io *io)
{
    struct lt_stream_client *client = io->context;
    client->is_sending = false;
    if (client->is_closing) {
        close_descriptor(client);
    } else if (io->result < 0 && io->result != -EINTR && io->result != -EAGAIN) {
        lt_stream_client_close(client, strerror((int)-io->result));
    } else {
        client->answer_sent_bytes += io->result > 0 ? (uint32_t)io->result : 0;
        if (client->answer_sent_bytes < client->answer_size_bytes)
            send_answer(client);
        else if (client->durable_count > client->told_count)
            begin_answer(client);
        else if (client->is_taken_in)
            lt_stream_client_finish(client);
    }
    lt_stream_client_release(client);
}

void lt_stream_client_tell(struct lt_stream_client *client, uint64_t record_count)
{
    client->durable_count = record_count;
    if (client->is_closing)
        return;
    if (!client->is_sending)
        begin_answer(client);
}

/* ------------------------------------------------------------------------------------------ end */

/* Bytes that were received and are no record. */
static size_t unfinished_bytes(const struct lt_stream_client *client)
{
    if (client->feed == NULL)
        return client->cursor.size - client->cursor.begin;
    return (size_t)(lt_feed_end_position(client->feed) - lt_feed_position(client->feed));
}

static bool is_waiting_to_tell(const struct lt_stream_client *client)
{
    return client->reader->source->settings.acknowledges && client->error_number == 0 &&
           (client->is_sending || client->told_count < client->record_count);
}

void lt_stream_client_refuse(struct lt_stream_client *client, const char *why)
{
    if (!is_heard(client))
        return;
    client->refusal = lt_strdup(why);
    client->has_ended = true;
    lt_stream_unlink(&client->thirsty);
    lt_reactor_cancel(client->reader->reactor, &client->receive_io);
}

void lt_stream_client_finish(struct lt_stream_client *client)
{
    if (client->is_closing || is_waiting_to_tell(client))
        return;
    if (client->refusal != NULL)
        lt_stream_client_close(client, client->refusal);
    else if (client->error_number != 0)
        lt_stream_client_close(client, strerror(client->error_number));
    else if (unfinished_bytes(client) > 0)
        lt_stream_client_close(client, "it ended");
    else if (client->reader->source->settings.role == LT_STREAM_CONNECT)
        lt_stream_client_close(client, "the peer closed the connection");
    else
        lt_stream_client_close(client, NULL);
}

static void say_why(const struct lt_stream_client *client, const char *why)
{
    char text[LT_STREAM_TEXT_SIZE], unfinished[80] = "";
    size_t size_bytes = unfinished_bytes(client);
    lt_stream_address_text(&client->address.storage, client->address.size_bytes, text);
    if (size_bytes > 0) {
        lt_counter_add(client->reader->counters.cut_off, 1);
        snprintf(unfinished, sizeof unfinished, "; %zu bytes of an unfinished record are left out",
                 size_bytes);
    }
    lt_log_warn("%s: the stream from %s: %s%s", client->reader->source->owner, text, why,
                unfinished);
}

void lt_stream_client_close(struct lt_stream_client *client, const char *why)
{
    struct lt_stream_reader *reader = client->reader;
    if (client->is_closing)
        return;
    if (why != NULL)
        say_why(client, why);
    client->is_closing = true;
    lt_stream_unlink(&client->all);
    lt_stream_unlink(&client->ready);
    lt_stream_unlink(&client->thirsty);
    set_count(reader, -1);
    lt_feed_destroy(client->feed);
    client->feed = NULL;
    lt_reactor_cancel(reader->reactor, &client->receive_io);
    lt_reactor_cancel(reader->reactor, &client->send_io);
    close_descriptor(client);
    if (!reader->is_closing && reader->source->settings.role == LT_STREAM_CONNECT)
        lt_stream_peers_lost(reader);
    lt_stream_client_release(client);
}

void lt_stream_clients_close(struct lt_stream_reader *reader)
{
    while (reader->clients.next != NULL && reader->clients.next != &reader->clients) {
        struct lt_stream_client *client = reader->clients.next->client;
        client->references++; /* it is looked at to the end */
        lt_stream_client_close(client, NULL);
        lt_reactor_cancel_and_wait(reader->reactor, &client->receive_io);
        lt_reactor_cancel_and_wait(reader->reactor, &client->send_io);
        lt_stream_client_release(client);
    }
}
