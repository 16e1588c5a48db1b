/*
 * Receiving datagrams: one armed operation, and a piece for each.
 *
 * Where a query wants the bytes alone, the kernel writes nothing else into a piece. Who wants the
 * sender or the time of arrival, as a column or in the spool, has them in front of the bytes, which
 * takes the kernel and the reader longer. In that first way an empty datagram is the end of the
 * operation, and has no piece; it is a record all the same, and from then on the socket is received
 * from in the second way, in case more of them come.
 *
 * What the kernel had no room for it counts. The socket is asked for that with each epoch and at
 * the end.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/sock_diag.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "core/base/log.h"
#include "io/format_columns.h"
#include "io/stream_internal.h"

void lt_stream_datagrams_count_drops(struct lt_stream_reader *reader)
{
    struct lt_stream_source *source = reader->source;
    uint32_t counts[SK_MEMINFO_VARS] = {0};
    socklen_t size_bytes = sizeof counts;
    if (source->fd < 0 ||
        getsockopt(source->fd, SOL_SOCKET, SO_MEMINFO, counts, &size_bytes) != 0)
        return;
    uint32_t more = counts[SK_MEMINFO_DROPS] - source->drop_count; /* it goes round at 2^32 */
    source->drop_count = counts[SK_MEMINFO_DROPS];
    if (more == 0)
        return;
    lt_counter_add(reader->counters.dropped, more);
    lt_log_warn("%s: the kernel had no room for %" PRIu32 " datagrams to %s, and they are lost; "
                "hint: raise the option \"receiveBufferSize\" and net.core.rmem_max%s",
                source->owner, more, source->place,
                source->spool != NULL ? ", or \"spoolSize\" if the spool is full" : "");
}

/* What stands before the datagram. */
static void read_head(const struct lt_io *io, struct lt_stream_piece *piece)
{
    struct msghdr message = {.msg_control = io->control, .msg_controllen = io->control_size};
    struct cmsghdr *item = io->control_size == 0 ? NULL : CMSG_FIRSTHDR(&message);
    piece->data = io->payload;
    piece->sender = io->name;
    piece->sender_size_bytes =
        io->name_size < LT_SPOOL_ORIGIN_MAX ? io->name_size : LT_SPOOL_ORIGIN_MAX;
    for (; item != NULL; item = CMSG_NXTHDR(&message, item)) {
        if (item->cmsg_level != SOL_SOCKET || item->cmsg_type != SO_TIMESTAMPNS)
            continue;
        struct timespec arrived;
        memcpy(&arrived, CMSG_DATA(item), sizeof arrived);
        piece->wall_us = arrived.tv_sec * LT_US_PER_S + arrived.tv_nsec / LT_NS_PER_US;
    }
}

static void take(struct lt_stream_reader *reader, const struct lt_io *io)
{
    struct lt_stream_piece *piece = lt_stream_received_piece(reader, io);
    if (io->kind == LT_IO_RECVMSG_MULTI)
        read_head(io, piece);
    if (piece->size_bytes > reader->source->settings.datagram_bytes) { /* there is room to see it */
        lt_counter_add(reader->counters.truncated, 1);
        lt_log_warn("%s: a datagram of more than %" PRIu32 " bytes is left out; hint: raise the "
                    "option \"datagramBytes\"",
                    reader->source->owner, reader->source->settings.datagram_bytes);
        lt_stream_free_piece(reader, piece);
    } else if (reader->source->spool != NULL) {
        lt_stream_intake_add(reader, piece);
    } else {
        lt_stream_give(reader, reader->feed, piece, piece->data, piece->size_bytes);
    }
}

/* Comes once: the next is received with its head, and has a piece. */
static void take_empty(struct lt_stream_reader *reader)
{
    struct lt_stream_piece *piece = lt_stream_new_piece(reader);
    piece->kind = LT_PIECE_HEAP;
    reader->wants_heads = true;
    lt_stream_give(reader, reader->feed, piece, "", 0);
}

static void received(struct lt_io *io)
{
    struct lt_stream_reader *reader = io->context;
    if (io->piece != LT_IO_NO_PIECE) {
        if (io->result >= 0 && !reader->is_closing)
            take(reader, io);
        else
            lt_buffers_give_back(reader->buffers, io->piece);
    } else if (io->result == 0 && io->kind == LT_IO_RECV_MULTI && !reader->is_closing) {
        take_empty(reader);
    }
    if (io->more)
        return;
    reader->is_receiving = false;
    if (io->result < 0 && io->result != -EINTR && io->result != -EAGAIN && io->result != -ENOBUFS &&
        io->result != -ECANCELED)
        lt_log_warn("%s: receiving at %s: %s", reader->source->owner, reader->source->place,
                    strerror((int)-io->result)); /* such as what a peer has refused: on it goes */
    reader->is_thirsty = io->result == -ENOBUFS;
}

static bool is_used(const struct lt_stream_source *source, uint32_t column)
{
    return column != UINT32_MAX && lt_format_uses(source->base.used_columns, column);
}

void lt_stream_datagrams_open(struct lt_stream_reader *reader)
{
    const struct lt_stream_source *source = reader->source;
    reader->wants_heads = source->spool != NULL || is_used(source, source->sender_column) ||
                          is_used(source, source->timestamp_column);
}

void lt_stream_datagrams_poll(struct lt_stream_reader *reader)
{
    bool may_have =
        reader->pieces_came_back || (reader->lent_count == 0 && reader->first_waiting == NULL);
    if (reader->is_receiving || (reader->is_thirsty && !may_have))
        return;
    reader->pieces_came_back = false;
    reader->is_thirsty = false;
    reader->is_receiving = true;
    reader->message = (struct msghdr){
        .msg_namelen = sizeof(struct sockaddr_storage),
        .msg_controllen = CMSG_SPACE(sizeof(struct timespec)),
    };
    reader->datagram_io = (struct lt_io){
        .kind = reader->wants_heads ? LT_IO_RECVMSG_MULTI : LT_IO_RECV_MULTI,
        .fd = reader->source->fd,
        .group = reader->buffers,
        .message = &reader->message,
        .done = received,
        .context = reader,
    };
    lt_reactor_submit(reader->reactor, &reader->datagram_io);
}

void lt_stream_datagrams_close(struct lt_stream_reader *reader)
{
    if (reader->source->settings.role == LT_STREAM_DATAGRAM)
        lt_stream_datagrams_count_drops(reader);
    lt_reactor_cancel_and_wait(reader->reactor, &reader->datagram_io);
}
