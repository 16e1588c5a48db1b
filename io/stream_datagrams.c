/*
 * Receiving datagrams: one armed operation, and a piece for each, with the sender's address, the
 * kernel's time of arrival and its count of what it had no room for.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "core/base/log.h"
#include "io/stream_internal.h"

static void count_drops(struct lt_stream_reader *reader, uint32_t dropped)
{
    uint32_t more = dropped - reader->drop_count; /* the kernel's goes round at 2^32 */
    reader->drop_count = dropped;
    if (more == 0)
        return;
    lt_counter_add(reader->counters.dropped, more);
    lt_log_warn("%s: the kernel had no room for %" PRIu32 " datagrams to %s, and they are lost; "
                "hint: raise the option \"receiveBufferSize\" and net.core.rmem_max%s",
                reader->source->owner, more, reader->source->place,
                reader->source->spool != NULL ? ", or \"spoolSize\" if the spool is full" : "");
}

/* What stands beside the datagram. */
static void read_control(struct lt_stream_reader *reader, const struct lt_io *io,
                         struct lt_stream_piece *piece)
{
    struct msghdr message = {.msg_control = io->control, .msg_controllen = io->control_size};
    struct cmsghdr *item = io->control_size == 0 ? NULL : CMSG_FIRSTHDR(&message);
    for (; item != NULL; item = CMSG_NXTHDR(&message, item)) {
        if (item->cmsg_level != SOL_SOCKET)
            continue;
        if (item->cmsg_type == SO_TIMESTAMPNS) {
            struct timespec arrived;
            memcpy(&arrived, CMSG_DATA(item), sizeof arrived);
            piece->wall_us = arrived.tv_sec * LT_US_PER_S + arrived.tv_nsec / LT_NS_PER_US;
        } else if (item->cmsg_type == SO_RXQ_OVFL) {
            uint32_t dropped;
            memcpy(&dropped, CMSG_DATA(item), sizeof dropped);
            count_drops(reader, dropped);
        }
    }
}

static void take(struct lt_stream_reader *reader, const struct lt_io *io)
{
    struct lt_stream_piece *piece = lt_stream_received_piece(reader, io);
    piece->data = io->payload;
    piece->size_bytes = io->payload_size;
    piece->sender = io->name;
    piece->sender_size_bytes =
        io->name_size < LT_SPOOL_ORIGIN_MAX ? io->name_size : LT_SPOOL_ORIGIN_MAX;
    read_control(reader, io, piece);
    if ((io->msg_flags & MSG_TRUNC) != 0 ||
        io->payload_size > reader->source->settings.datagram_bytes) {
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

static void received(struct lt_io *io)
{
    struct lt_stream_reader *reader = io->context;
    if (io->piece != LT_IO_NO_PIECE) {
        if (io->result >= 0 && !reader->is_closing)
            take(reader, io);
        else
            lt_buffers_give_back(reader->buffers, io->piece);
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
        .msg_controllen = CMSG_SPACE(sizeof(struct timespec)) + CMSG_SPACE(sizeof(uint32_t)),
    };
    reader->datagram_io = (struct lt_io){
        .kind = LT_IO_RECVMSG_MULTI,
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
    lt_reactor_cancel_and_wait(reader->reactor, &reader->datagram_io);
}
