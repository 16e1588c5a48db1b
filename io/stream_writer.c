/*
 * Sending over a stream. Records are gathered in one text while the other is on its way; when that
 * has gone, they change places. For each record it is remembered where it ends: so it is known
 * which ones the kernel has taken whole, and from which one to begin on the next connection.
 *
 * What the peer says is read and thrown away, so that its end is noticed before something is sent
 * into nowhere.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/log.h"
#include "io/stream_batch.h"
#include "io/stream_dial.h"
#include "io/stream_sink.h"

enum {
    SEND_BYTES_MAX = 1 << 30,
    EAGER_BYTES = 64 * 1024, /* so much is sent without waiting for the batch to end */
};

struct stream_writer {
    struct lt_writer base;
    struct lt_stream_sink *sink;
    const struct lt_clock *clock;
    struct lt_reactor *reactor;
    struct lt_format_writer *format;
    struct lt_stream_dial dial;
    int fd; /* -1: no connection */
    struct lt_stream_batch gathered, sending;
    bool is_flushed; /* what is gathered is to go */
    bool is_broken;  /* the connection is to be closed, when no operation has it any more */
    bool is_closing;
    struct lt_io send_io, receive_io;
    char heard[512]; /* what the peer says */
    struct lt_stream_epochs epochs;
};

static struct stream_writer *writer_of(struct lt_writer *base)
{
    return (struct stream_writer *)(void *)base; /* the base is its first member */
}

/* ------------------------------------------------------------------------------------- breaking */

/* Closes the connection that has broken, as soon as nothing is under way on it. */
static void close_broken(struct stream_writer *writer)
{
    if (!writer->is_broken || writer->send_io.is_pending || writer->receive_io.is_pending)
        return;
    close(writer->fd);
    writer->fd = -1;
    writer->is_broken = false;
    lt_stream_batch_go_back(&writer->sending);
    lt_stream_dial_lost(&writer->dial);
}

static void break_connection(struct stream_writer *writer, const char *why)
{
    if (writer->is_broken || writer->fd < 0)
        return;
    writer->is_broken = true;
    if (!writer->is_closing)
        lt_log_warn("%s: the connection to %s: %s", writer->sink->owner, writer->sink->place, why);
    lt_reactor_cancel(writer->reactor, &writer->send_io);
    lt_reactor_cancel(writer->reactor, &writer->receive_io);
    close_broken(writer);
}

/* -------------------------------------------------------------------------------------- sending */

static void send_done(struct lt_io *io);

static void submit_send(struct stream_writer *writer)
{
    struct lt_stream_batch *batch = &writer->sending;
    size_t left = batch->text.size_bytes - batch->taken_size_bytes;
    writer->send_io = (struct lt_io){
        .kind = LT_IO_SEND,
        .fd = writer->fd,
        .buffer = batch->text.data + batch->taken_size_bytes,
        .size_bytes = left > SEND_BYTES_MAX ? SEND_BYTES_MAX : (uint32_t)left,
        .done = send_done,
        .context = writer,
    };
    lt_reactor_submit(writer->reactor, &writer->send_io);
}

/* Sends what is there, if the way is free. */
static bool send_more(struct stream_writer *writer)
{
    if (writer->fd < 0 || writer->is_broken || writer->send_io.is_pending)
        return false;
    if (lt_stream_batch_is_taken(&writer->sending)) {
        if (!writer->is_flushed || writer->gathered.count == 0)
            return false;
        struct lt_stream_batch empty = writer->sending;
        writer->sending = writer->gathered;
        writer->gathered = empty;
        lt_stream_batch_clear(&writer->gathered);
        writer->is_flushed = false;
    }
    submit_send(writer);
    return true;
}

static void send_done(struct lt_io *io)
{
    struct stream_writer *writer = io->context;
    if (io->result > 0)
        lt_stream_batch_take(&writer->sending, (size_t)io->result, &writer->base, writer->clock,
                             &writer->epochs);
    if (writer->is_broken)
        close_broken(writer);
    else if (io->result < 0 && io->result != -EINTR && io->result != -EAGAIN)
        break_connection(writer, strerror((int)-io->result));
    else
        (void)send_more(writer);
}

static void listen_to_peer(struct stream_writer *writer);

static void heard(struct lt_io *io)
{
    struct stream_writer *writer = io->context;
    bool goes_on = io->result > 0 || io->result == -EINTR || io->result == -EAGAIN;
    if (writer->is_broken)
        close_broken(writer);
    else if (goes_on)
        listen_to_peer(writer);
    else
        break_connection(writer,
                         io->result == 0 ? "closed by the peer" : strerror((int)-io->result));
}

static void listen_to_peer(struct stream_writer *writer)
{
    writer->receive_io = (struct lt_io){
        .kind = LT_IO_RECV,
        .fd = writer->fd,
        .buffer = writer->heard,
        .size_bytes = sizeof writer->heard,
        .done = heard,
        .context = writer,
    };
    lt_reactor_submit(writer->reactor, &writer->receive_io);
}

static void on_connected(void *context, int fd, const struct lt_stream_address *peer)
{
    (void)peer;
    struct stream_writer *writer = context;
    writer->fd = fd;
    listen_to_peer(writer);
    (void)send_more(writer);
}

/* ----------------------------------------------------------------------------------------- rows */

static enum lt_write stream_write(struct lt_writer *base, struct lt_row *row,
                                  struct lt_fault **fault)
{
    struct stream_writer *writer = writer_of(base);
    struct lt_stream_batch *batch = &writer->gathered;
    size_t waiting = batch->text.size_bytes + writer->sending.text.size_bytes;
    if (batch->count > 0 && waiting >= (size_t)writer->sink->settings.buffer_bytes)
        return LT_WRITE_FULL;
    if (!lt_format_write(writer->format, row, &batch->text, writer->sink->owner, fault))
        return LT_WRITE_FAILED;
    lt_stream_batch_add(batch, row->ingest_ns);
    writer->epochs.written_count++;
    lt_row_release(row);
    if (batch->text.size_bytes >= EAGER_BYTES) {
        writer->is_flushed = true;
        (void)send_more(writer);
    }
    return LT_WRITE_DONE;
}

static void stream_flush(struct lt_writer *base)
{
    struct stream_writer *writer = writer_of(base);
    writer->is_flushed = true;
    (void)send_more(writer);
}

static int stream_poll(struct lt_writer *base, struct lt_out *out)
{
    (void)out; /* no record fails once it is taken */
    struct stream_writer *writer = writer_of(base);
    lt_stream_dial_poll(&writer->dial, lt_clock_now_ns(writer->clock));
    return send_more(writer);
}

static bool stream_is_idle(struct lt_writer *base)
{
    (void)base;
    return true; /* what completes goes on by itself */
}

static int64_t stream_deadline_ns(struct lt_writer *base)
{
    return lt_stream_dial_deadline_ns(&writer_of(base)->dial);
}

/* --------------------------------------------------------------------------------------- epochs */

static void stream_prepare(struct lt_writer *base, uint64_t epoch)
{
    lt_stream_epochs_prepare(&writer_of(base)->epochs, epoch);
    stream_flush(base);
}

static int stream_prepared(struct lt_writer *base, uint64_t epoch, struct lt_text_buffer *note)
{
    (void)note;
    return lt_stream_epochs_prepared(&writer_of(base)->epochs, epoch);
}

/* ----------------------------------------------------------------------------------------- life */

static void stream_close(struct lt_writer *base)
{
    struct stream_writer *writer = writer_of(base);
    writer->is_closing = true;
    lt_stream_dial_close(&writer->dial);
    break_connection(writer, "");
    lt_reactor_cancel_and_wait(writer->reactor, &writer->send_io);
    lt_reactor_cancel_and_wait(writer->reactor, &writer->receive_io);
    lt_assert(writer->fd < 0);
    lt_stream_batch_fini(&writer->gathered);
    lt_stream_batch_fini(&writer->sending);
    lt_format_writer_destroy(writer->format);
    free(writer);
}

static void fill_dial(struct stream_writer *writer)
{
    const struct lt_stream_sink_settings *settings = &writer->sink->settings;
    writer->dial = (struct lt_stream_dial){
        .reactor = writer->reactor,
        .clock = writer->clock,
        .owner = writer->sink->owner,
        .place = writer->sink->place,
        .host = settings->host,
        .port = settings->port,
        .socket = settings->socket,
        .pause_least_ns = settings->reconnect_least_ns,
        .pause_most_ns = settings->reconnect_most_ns,
        .peer = writer->sink->address,
        .on_connected = on_connected,
        .context = writer,
    };
}

int lt_stream_open_writer(struct lt_sink *base, const struct lt_connector_env *env,
                          struct lt_writer **out, struct lt_error *error)
{
    static const struct lt_writer_ops ops = {
        .write = stream_write,
        .flush = stream_flush,
        .poll = stream_poll,
        .is_idle = stream_is_idle,
        .deadline_ns = stream_deadline_ns,
        .prepare = stream_prepare,
        .prepared = stream_prepared,
        .close = stream_close,
    };
    struct lt_stream_sink *sink = (struct lt_stream_sink *)(void *)base;
    struct stream_writer *writer = lt_alloc(sizeof *writer);
    int code = lt_stream_create_format(sink, &writer->format, error);
    if (code != 0) {
        free(writer);
        return code;
    }
    writer->base.ops = &ops;
    writer->sink = sink;
    writer->clock = env->clock;
    writer->reactor = env->reactor;
    writer->fd = -1;
    lt_text_init(&writer->gathered.text);
    lt_text_init(&writer->sending.text);
    fill_dial(writer);
    *out = &writer->base;
    return 0;
}
