/*
 * Round trips over TCP. The far end runs on a thread of its own and sends back what it receives, by
 * a reactor or by a loop by hand; the near end spins on recv, the same for all, so that what
 * differs is the far end. Every message carries its number, and each answer is compared.
 */
#include "bench/io/io.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/machine.h"
#include "bench/verdict.h"
#include "core/base/histogram.h"

enum { MESSAGE_BYTES = 128, PIECES = 8, PIECE_BYTES = 4096, ROUND_TRIPS = 20000, WARM = 1000 };
/* On a machine that is not ours alone fewer round trips have to do. */
static const int64_t cell_ns_max = 1000000000;

struct far_end {
    const char *choice;
    bool parks;
    int fd;
    struct lt_reactor *reactor;
    struct lt_io receiving;
    struct lt_io sending[PIECES]; /* of each piece */
    bool has_ended;
};

static void on_sent(struct lt_io *io)
{
    struct far_end *end = io->context;
    if (io->result != (int64_t)io->size_bytes)
        bench_wrong("%d bytes of %u were sent back", (int)io->result, io->size_bytes);
    lt_buffers_give_back(end->receiving.group, (int32_t)(io - end->sending));
}

static void on_received(struct lt_io *io)
{
    struct far_end *end = io->context;
    if (io->result < 0)
        bench_wrong("receiving: %s", strerror((int)-io->result));
    end->has_ended = io->result == 0;
    if (io->result > 0) {
        struct lt_io *sending = &end->sending[io->piece];
        *sending = (struct lt_io){.kind = LT_IO_SEND,
                                  .fd = end->fd,
                                  .buffer = io->buffer,
                                  .size_bytes = (uint32_t)io->result,
                                  .done = on_sent,
                                  .context = end};
        lt_reactor_submit(end->reactor, sending);
        if (!io->more)
            lt_reactor_submit(end->reactor, io);
    }
}

static void answer_by_reactor(struct far_end *end)
{
    end->reactor = bench_reactor(end->choice);
    end->receiving = (struct lt_io){
        .kind = LT_IO_RECV_MULTI,
        .fd = end->fd,
        .group = lt_reactor_buffers_create(end->reactor, PIECES, PIECE_BYTES),
        .done = on_received,
        .context = end,
    };
    lt_reactor_submit(end->reactor, &end->receiving);
    while (!end->has_ended || end->reactor->pending_count > 0)
        bench_rest(end->reactor, end->parks);
    lt_buffers_destroy(end->receiving.group);
    lt_reactor_destroy(end->reactor);
}

static void answer_by_hand(const struct far_end *end)
{
    char bytes[PIECE_BYTES];
    for (;;) {
        ssize_t got = recv(end->fd, bytes, sizeof bytes, end->parks ? 0 : MSG_DONTWAIT);
        if (got < 0 && errno == EAGAIN)
            continue;
        if (got == 0)
            return;
        if (got < 0 || send(end->fd, bytes, (size_t)got, MSG_NOSIGNAL) != got)
            bench_wrong("the loop by hand: %s", strerror(errno));
    }
}

static void *run_far_end(void *argument)
{
    struct far_end *end = argument;
    bench_pin(BENCH_TESTED_CPU);
    if (end->choice != NULL)
        answer_by_reactor(end);
    else
        answer_by_hand(end);
    return NULL;
}

static void connect_both(int *near_fd, int *far_fd)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    *near_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(listener, (struct sockaddr *)&address, size) != 0 || listen(listener, 1) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &size) != 0 ||
        connect(*near_fd, (struct sockaddr *)&address, size) != 0)
        bench_wrong("no connection: %s", strerror(errno));
    *far_fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    close(listener);
    int on = 1;
    if (setsockopt(*near_fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 ||
        setsockopt(*far_fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0)
        bench_wrong("TCP_NODELAY: %s", strerror(errno));
}

static void round_trip(int fd, uint64_t number)
{
    char sent[MESSAGE_BYTES];
    char got[MESSAGE_BYTES];
    memset(sent, (int)(number % 251), sizeof sent);
    memcpy(sent, &number, sizeof number);
    if (send(fd, sent, sizeof sent, MSG_NOSIGNAL) != (ssize_t)sizeof sent)
        bench_wrong("sending: %s", strerror(errno));
    size_t count = 0;
    while (count < sizeof got) {
        ssize_t one = recv(fd, got + count, sizeof got - count, MSG_DONTWAIT);
        if (one == 0 || (one < 0 && errno != EAGAIN))
            bench_wrong("receiving: %s", one == 0 ? "the other end is gone" : strerror(errno));
        count += one > 0 ? (size_t)one : 0;
    }
    if (memcmp(sent, got, sizeof got) != 0)
        bench_wrong("message %llu came back as another", (unsigned long long)number);
}

static void note(const char *name, const char *which, const struct lt_histogram *times, double q)
{
    char text[96];
    snprintf(text, sizeof text, "%s, %s (us)", name, which);
    bench_note(text, (double)lt_histogram_quantile(times, q) / 1000);
}

void bench_echo(const char *name, const char *choice, bool parks)
{
    struct far_end end = {.choice = choice, .parks = parks};
    int fd;
    connect_both(&fd, &end.fd);
    pthread_t thread;
    if (pthread_create(&thread, NULL, run_far_end, &end) != 0)
        bench_wrong("no thread");
    struct lt_histogram *times = calloc(1, sizeof *times);
    uint64_t count = bench_is_smoke() ? 100 : ROUND_TRIPS;
    uint64_t warm = bench_is_smoke() ? 10 : WARM;
    const int64_t end_ns = bench_now_ns() + cell_ns_max;
    for (uint64_t i = 0; i < count + warm; i++) {
        int64_t begin_ns = bench_now_ns();
        if (i > 2 * warm && begin_ns > end_ns)
            break;
        round_trip(fd, i);
        if (i >= warm)
            lt_histogram_record(times, bench_now_ns() - begin_ns);
    }
    if (shutdown(fd, SHUT_WR) != 0 || pthread_join(thread, NULL) != 0)
        bench_wrong("the other end does not end");
    note(name, "p50", times, 0.5);
    note(name, "p99", times, 0.99);
    free(times);
    close(end.fd);
    close(fd);
}
