/*
 * One ring, entered once per round; when it spins, it looks at the completion queue and enters only
 * when the kernel asks for it.
 */
#include "bench/sockets/by_hand.h"

#include <errno.h>
#include <liburing.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { ENTRIES = 64, PIECES = 64, PIECE_BYTES = 16 * 1024, GROUP = 1, RECEIVE = 1, SEND = 2 };

struct relay {
    struct io_uring ring;
    struct io_uring_buf_ring *buffers;
    char *pieces;
    int in, out;
    bool is_stream;
    const char *word;
    char carry[2 * PIECE_BYTES], gathered[4 * PIECE_BYTES], sending[4 * PIECE_BYTES];
    size_t carry_bytes, gathered_bytes, sending_bytes, sent_bytes;
};

static struct io_uring_sqe *entry(struct relay *relay)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(&relay->ring);
    if (sqe == NULL)
        _exit(2);
    return sqe;
}

static void arm(struct relay *relay)
{
    struct io_uring_sqe *sqe = entry(relay);
    io_uring_prep_recv_multishot(sqe, relay->in, NULL, 0, 0);
    sqe->flags |= IOSQE_BUFFER_SELECT;
    sqe->buf_group = GROUP;
    io_uring_sqe_set_data64(sqe, RECEIVE);
}

static void give_back(struct relay *relay, unsigned short piece)
{
    io_uring_buf_ring_add(relay->buffers, relay->pieces + (size_t)piece * PIECE_BYTES, PIECE_BYTES,
                          piece, io_uring_buf_ring_mask(PIECES), 0);
    io_uring_buf_ring_advance(relay->buffers, 1);
}

static void send_rest(struct relay *relay)
{
    struct io_uring_sqe *sqe = entry(relay);
    io_uring_prep_send(sqe, relay->out, relay->sending + relay->sent_bytes,
                       relay->sending_bytes - relay->sent_bytes, MSG_NOSIGNAL);
    io_uring_sqe_set_data64(sqe, SEND);
}

static void send_gathered(struct relay *relay)
{
    if (relay->sending_bytes > 0 || relay->gathered_bytes == 0)
        return;
    memcpy(relay->sending, relay->gathered, relay->gathered_bytes);
    relay->sending_bytes = relay->gathered_bytes;
    relay->sent_bytes = relay->gathered_bytes = 0;
    send_rest(relay);
}

static void keep(struct relay *relay, const char *record, size_t size)
{
    if (memmem(record, size, relay->word, strlen(relay->word)) == NULL)
        return;
    if (relay->gathered_bytes + size > sizeof relay->gathered)
        _exit(3);
    memcpy(relay->gathered + relay->gathered_bytes, record, size);
    relay->gathered_bytes += size;
}

static void take_stream(struct relay *relay, const char *data, size_t size)
{
    memcpy(relay->carry + relay->carry_bytes, data, size);
    size_t at = 0, end = relay->carry_bytes + size;
    const char *stop;
    while ((stop = memchr(relay->carry + at, '\n', end - at)) != NULL) {
        size_t record = (size_t)(stop + 1 - (relay->carry + at));
        keep(relay, relay->carry + at, record);
        at += record;
    }
    relay->carry_bytes = end - at;
    memmove(relay->carry, relay->carry + at, relay->carry_bytes);
}

static void complete(struct relay *relay, const struct io_uring_cqe *cqe)
{
    if (cqe->user_data == SEND) {
        if (cqe->res < 0)
            _exit(4);
        relay->sent_bytes += (size_t)cqe->res;
        if (relay->sent_bytes < relay->sending_bytes)
            send_rest(relay);
        else
            relay->sending_bytes = 0;
        return;
    }
    if (cqe->res == 0 || (cqe->res < 0 && cqe->res != -ENOBUFS))
        _exit(0); /* the load has ended */
    if (cqe->res > 0) {
        unsigned short piece = (unsigned short)(cqe->flags >> IORING_CQE_BUFFER_SHIFT);
        const char *data = relay->pieces + (size_t)piece * PIECE_BYTES;
        if (relay->is_stream)
            take_stream(relay, data, (size_t)cqe->res);
        else
            keep(relay, data, (size_t)cqe->res);
        give_back(relay, piece);
    }
    if ((cqe->flags & IORING_CQE_F_MORE) == 0)
        arm(relay);
}

static void set_up(struct relay *relay)
{
    struct io_uring_params parameters = {.flags = IORING_SETUP_SINGLE_ISSUER |
                                                  IORING_SETUP_DEFER_TASKRUN |
                                                  IORING_SETUP_TASKRUN_FLAG};
    relay->buffers = mmap(NULL, PIECES * sizeof(struct io_uring_buf), PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    relay->pieces = malloc((size_t)PIECES * PIECE_BYTES);
    if (relay->buffers == MAP_FAILED || relay->pieces == NULL ||
        io_uring_queue_init_params(ENTRIES, &relay->ring, &parameters) != 0)
        _exit(5);
    struct io_uring_buf_reg registration = {
        .ring_addr = (uint64_t)(uintptr_t)relay->buffers, .ring_entries = PIECES, .bgid = GROUP};
    if (io_uring_register_buf_ring(&relay->ring, &registration, 0) != 0)
        _exit(6);
    io_uring_buf_ring_init(relay->buffers);
    for (unsigned short i = 0; i < PIECES; i++)
        give_back(relay, i);
}

void by_hand_relay(int in, int out, bool is_stream, bool spins, const char *word)
{
    static struct relay relay;
    relay.in = in;
    relay.out = out;
    relay.is_stream = is_stream;
    relay.word = word;
    set_up(&relay);
    arm(&relay);
    for (;;) {
        struct io_uring_cqe *cqe;
        if (io_uring_sq_ready(&relay.ring) > 0 && spins)
            (void)io_uring_submit(&relay.ring);
        else if (!spins && io_uring_cq_ready(&relay.ring) == 0)
            (void)io_uring_submit_and_wait(&relay.ring, 1);
        while (io_uring_peek_cqe(&relay.ring, &cqe) == 0) {
            complete(&relay, cqe);
            io_uring_cqe_seen(&relay.ring, cqe);
        }
        if (is_stream) {
            send_gathered(&relay);
        } else if (relay.gathered_bytes > 0) { /* each datagram is of one size: the bench's */
            for (size_t at = 0; at < relay.gathered_bytes; at += 128)
                (void)!send(out, relay.gathered + at, 128, MSG_DONTWAIT | MSG_NOSIGNAL);
            relay.gathered_bytes = 0;
        }
    }
}
