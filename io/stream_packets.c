/*
 * Sending datagrams. Many go with one system call, which never waits: a send that the ring had to
 * keep waiting would go out empty on Linux 6.18. What waits is a poll for room.
 */
#include "io/stream_packets.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/log.h"
#include "io/stream_batch.h"

enum {
    PACKETS_MAX = 64,         /* sent by one call */
    UDP_BYTES_MAX = 65507,    /* what IPv4 has room for */
    UNIX_HEAD_BYTES = 32,     /* a Unix socket's datagram has as much room less than its buffer */
    RETRY_NS = 10 * LT_NS_PER_MS,
};

struct packet_writer {
    struct lt_writer base;
    struct lt_stream_sink *sink;
    const struct lt_clock *clock;
    struct lt_reactor *reactor;
    struct lt_format_writer *format;
    int fd;
    size_t packet_bytes_max;
    struct lt_stream_batch batch;
    struct lt_stream_epochs epochs;
    struct lt_io poll_io; /* for room */
    int64_t due_ns;       /* when sending is tried again; 0: at once */
    bool is_flushed, has_failed;
    struct mmsghdr messages[PACKETS_MAX];
    struct iovec pieces[PACKETS_MAX];
};

static struct packet_writer *writer_of(struct lt_writer *base)
{
    return (struct packet_writer *)(void *)base; /* the base is its first member */
}

/* -------------------------------------------------------------------------------------- sending */

static void send_packets(struct packet_writer *writer);

static void room_found(struct lt_io *io)
{
    struct packet_writer *writer = io->context;
    if (io->result != -ECANCELED)
        send_packets(writer);
}

static bool is_unix(const struct packet_writer *writer)
{
    return writer->sink->settings.path != NULL;
}

/* The room of a Unix socket is its peer's: one that is connected to nobody always seems to have
 * some, and would be polled without an end. Datagrams still go by name, to whoever has it then. */
static void wait_for_room(struct packet_writer *writer)
{
    const struct lt_stream_address *peer = &writer->sink->address;
    const struct sockaddr *name = (const void *)&peer->storage;
    if (is_unix(writer) && connect(writer->fd, name, peer->size_bytes) != 0) {
        writer->due_ns = lt_clock_now_ns(writer->clock) + RETRY_NS; /* sending says why */
        return;
    }
    writer->poll_io = (struct lt_io){
        .kind = LT_IO_POLL,
        .fd = writer->fd,
        .flags = POLLOUT,
        .done = room_found,
        .context = writer,
    };
    lt_reactor_submit(writer->reactor, &writer->poll_io);
}

static void fail(struct packet_writer *writer, int error_number)
{
    writer->has_failed = true;
    lt_error_set_errno(&writer->base.error, error_number, "%s: cannot send to %s",
                       writer->sink->owner, writer->sink->place);
}

/* Sending has failed with this; what was to go stays. */
static void take_error(struct packet_writer *writer, int error_number)
{
    switch (error_number) {
    case EAGAIN:
        wait_for_room(writer);
        return;
    case EINTR:
        writer->due_ns = lt_clock_now_ns(writer->clock);
        return;
    case ENOBUFS:
        writer->due_ns = lt_clock_now_ns(writer->clock) + RETRY_NS;
        return;
    case ECONNREFUSED: /* of UDP: what was sent before found nobody */
    case ENOENT:       /* of a Unix socket: nobody is there */
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
        lt_log_warn("%s: %s: %s; it is tried again", writer->sink->owner, writer->sink->place,
                    strerror(error_number));
        writer->due_ns = lt_clock_now_ns(writer->clock) + RETRY_NS;
        return;
    default:
        fail(writer, error_number);
    }
}

/* Fills the table of messages from the batch; returns how many. */
static uint32_t fill_messages(struct packet_writer *writer)
{
    const struct lt_stream_batch *batch = &writer->batch;
    bool is_named = is_unix(writer);
    uint32_t count = batch->count - batch->taken_count;
    count = count < PACKETS_MAX ? count : PACKETS_MAX;
    for (uint32_t i = 0; i < count; i++) {
        size_t begin = lt_stream_batch_begin(batch, batch->taken_count + i);
        writer->pieces[i] = (struct iovec){
            .iov_base = batch->text.data + begin,
            .iov_len = batch->records[batch->taken_count + i].end_bytes - begin,
        };
        writer->messages[i].msg_hdr = (struct msghdr){
            .msg_name = is_named ? &writer->sink->address.storage : NULL, /* else it is connected */
            .msg_namelen = is_named ? writer->sink->address.size_bytes : 0,
            .msg_iov = &writer->pieces[i],
            .msg_iovlen = 1,
        };
    }
    return count;
}

/* Returns how many have gone; 0 or -1: none, as sendmmsg says it. One alone, the usual case where
 * latency counts, is cheaper without a table. */
static int send_some(struct packet_writer *writer)
{
    uint32_t count = fill_messages(writer);
    const struct msghdr *first = &writer->messages[0].msg_hdr;
    if (count > 1 || first->msg_name != NULL)
        return sendmmsg(writer->fd, writer->messages, count, MSG_DONTWAIT | MSG_NOSIGNAL);
    ssize_t sent = send(writer->fd, first->msg_iov->iov_base, first->msg_iov->iov_len,
                        MSG_DONTWAIT | MSG_NOSIGNAL);
    return sent < 0 ? -1 : 1; /* a datagram goes whole, and may have no bytes */
}

static void send_packets(struct packet_writer *writer)
{
    struct lt_stream_batch *batch = &writer->batch;
    while (!writer->poll_io.is_pending && !writer->has_failed && !lt_stream_batch_is_taken(batch)) {
        int sent = send_some(writer);
        if (sent <= 0) {
            take_error(writer, sent == 0 ? EAGAIN : errno);
            return;
        }
        writer->due_ns = 0;
        size_t end_bytes = batch->records[batch->taken_count + (uint32_t)sent - 1].end_bytes;
        lt_stream_batch_take(batch, end_bytes - batch->taken_size_bytes, &writer->base,
                             writer->clock, &writer->epochs);
    }
    if (lt_stream_batch_is_taken(batch)) {
        lt_stream_batch_clear(batch);
        writer->is_flushed = false;
    }
}

/* ----------------------------------------------------------------------------------------- rows */

static enum lt_write refuse(struct packet_writer *writer, size_t before, size_t size_bytes,
                            struct lt_fault **fault)
{
    writer->batch.text.size_bytes = before;
    *fault = lt_fault_create(writer->sink->owner, "RECORD_TOO_LARGE", NULL,
                             "the record has %zu bytes; a datagram has at most %zu%s", size_bytes,
                             writer->packet_bytes_max,
                             is_unix(writer) ? "; hint: the option sendBufferSize" : "");
    return LT_WRITE_FAILED;
}

static enum lt_write packet_write(struct lt_writer *base, struct lt_row *row,
                                  struct lt_fault **fault)
{
    struct packet_writer *writer = writer_of(base);
    struct lt_stream_batch *batch = &writer->batch;
    size_t before = batch->text.size_bytes;
    if (writer->has_failed)
        return LT_WRITE_BROKEN;
    if (batch->count > 0 && before >= (size_t)writer->sink->settings.buffer_bytes)
        return LT_WRITE_FULL;
    if (!lt_format_write(writer->format, row, &batch->text, writer->sink->owner, fault))
        return LT_WRITE_FAILED;
    if (batch->text.size_bytes - before > writer->packet_bytes_max)
        return refuse(writer, before, batch->text.size_bytes - before, fault);
    lt_stream_batch_add(batch, row->ingest_ns);
    writer->epochs.written_count++;
    lt_row_release(row);
    return LT_WRITE_DONE;
}

static void packet_flush(struct lt_writer *base)
{
    struct packet_writer *writer = writer_of(base);
    writer->is_flushed = true;
    if (writer->due_ns == 0)
        send_packets(writer);
}

static int packet_poll(struct lt_writer *base, struct lt_out *out)
{
    (void)out; /* no record fails once it is taken */
    struct packet_writer *writer = writer_of(base);
    uint64_t before = writer->epochs.taken_count;
    if (writer->has_failed)
        return -1;
    bool is_due = writer->due_ns == 0 || lt_clock_now_ns(writer->clock) >= writer->due_ns;
    if (writer->is_flushed && is_due)
        send_packets(writer);
    return writer->has_failed ? -1 : writer->epochs.taken_count != before;
}

static bool packet_is_idle(struct lt_writer *base)
{
    (void)base;
    return true; /* room wakes it, or the deadline */
}

static int64_t packet_deadline_ns(struct lt_writer *base)
{
    const struct packet_writer *writer = writer_of(base);
    return writer->due_ns == 0 ? LT_NEVER_NS : writer->due_ns;
}

static void packet_prepare(struct lt_writer *base, uint64_t epoch)
{
    lt_stream_epochs_prepare(&writer_of(base)->epochs, epoch);
    packet_flush(base);
}

static int packet_prepared(struct lt_writer *base, uint64_t epoch, struct lt_text_buffer *note)
{
    (void)note;
    return lt_stream_epochs_prepared(&writer_of(base)->epochs, epoch);
}

/* ----------------------------------------------------------------------------------------- life */

static void packet_close(struct lt_writer *base)
{
    struct packet_writer *writer = writer_of(base);
    lt_reactor_cancel_and_wait(writer->reactor, &writer->poll_io);
    if (writer->fd >= 0)
        close(writer->fd);
    lt_stream_batch_fini(&writer->batch);
    lt_format_writer_destroy(writer->format);
    free(writer);
}

static size_t unix_bytes_max(int fd)
{
    int bytes = 0;
    socklen_t size = sizeof bytes;
    int result = getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, &size);
    lt_assert(result == 0);
    lt_assert(bytes > UNIX_HEAD_BYTES);
    return (size_t)bytes - UNIX_HEAD_BYTES;
}

int lt_stream_open_packet_writer(struct lt_sink *base, const struct lt_connector_env *env,
                                 struct lt_writer **out, struct lt_error *error)
{
    static const struct lt_writer_ops ops = {
        .write = packet_write,
        .flush = packet_flush,
        .poll = packet_poll,
        .is_idle = packet_is_idle,
        .deadline_ns = packet_deadline_ns,
        .prepare = packet_prepare,
        .prepared = packet_prepared,
        .close = packet_close,
    };
    struct lt_stream_sink *sink = (struct lt_stream_sink *)(void *)base;
    struct packet_writer *writer = lt_alloc(sizeof *writer);
    writer->base.ops = &ops;
    writer->sink = sink;
    writer->clock = env->clock;
    writer->reactor = env->reactor;
    writer->fd = -1;
    lt_text_init(&writer->batch.text);
    int code = lt_stream_create_format(sink, &writer->format, error);
    if (code == 0)
        code = lt_stream_socket_send(&sink->address, &sink->settings.socket, &writer->fd, error);
    if (code != 0) {
        packet_close(&writer->base);
        return code;
    }
    writer->packet_bytes_max = is_unix(writer) ? unix_bytes_max(writer->fd) : UDP_BYTES_MAX;
    *out = &writer->base;
    return 0;
}
