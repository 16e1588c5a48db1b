#include "bench/sockets/load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/machine.h"
#include "bench/verdict.h"

enum {
    PATIENCE_S = 60,
    START_S = 60, /* a JVM has it too */
    BLOCK_BYTES = 65536,
    PROBE_MS = 20,
    BASE_STEP = 1000000,
};
static const int64_t ns_per_s = 1000000000;
const char load_word[] = "keep";

struct load {
    enum slot slot;
    uint16_t in_port, out_port;
    int in_listener, out_listener; /* -1: none */
    int in, out;                   /* what is sent to, and read from */
    char block[BLOCK_BYTES];
    size_t held;
    int64_t due_ns[LOAD_FRAMES], seen_ns[LOAD_FRAMES];
    int count, seen, lost;
    int base; /* of the run: what its frames' numbers are printed above */
};

static bool is_stream(const struct load *load)
{
    return load->slot != SLOT_UDP;
}

/* ---------------------------------------------------------------------------------- the sockets */

static struct sockaddr_in at_port(uint16_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

int load_socket(bool is_stream, uint16_t port, uint16_t *bound)
{
    struct sockaddr_in address = at_port(port);
    socklen_t size = sizeof address;
    int on = 1, fd = socket(AF_INET, (is_stream ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) != 0 ||
        (is_stream && listen(fd, 4) != 0))
        bench_wrong("no socket: %s", strerror(errno));
    *bound = ntohs(address.sin_port);
    return fd;
}

bool load_try_connect(int fd, uint16_t port)
{
    struct sockaddr_in address = at_port(port);
    int on = 1;
    /* A socket of datagrams has no such option. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
}

struct load *load_open(enum slot slot)
{
    static struct load load;
    memset(&load, 0, sizeof load);
    load.slot = slot;
    load.in = load.out = load.in_listener = -1;
    load.in_listener = load_socket(is_stream(&load), 0, &load.in_port);
    load.out_listener = load_socket(is_stream(&load), 0, &load.out_port);
    if (slot != SLOT_TCP_DIALS) { /* the relay's own */
        close(load.in_listener);
        load.in_listener = -1;
    }
    return &load;
}

uint16_t load_in_port(const struct load *load)
{
    return load->in_port;
}

uint16_t load_out_port(const struct load *load)
{
    return load->out_port;
}

void load_close(struct load *load)
{
    close(load->in);
    if (load->out != load->out_listener)
        close(load->out);
    close(load->out_listener);
    if (load->in_listener >= 0)
        close(load->in_listener);
}

/* ----------------------------------------------------------------------------------- the frames */

static bool is_kept(int number)
{
    return number % 2 == 0;
}

static void fill_frame(char frame[LOAD_FRAME_BYTES], const char *head)
{
    memset(frame, 'x', LOAD_FRAME_BYTES);
    memcpy(frame, head, strlen(head));
    frame[LOAD_FRAME_BYTES - 1] = '\n';
}

static void make_frame(const struct load *load, char frame[LOAD_FRAME_BYTES], int number)
{
    char head[32];
    snprintf(head, sizeof head, "%09d %s ", load->base + number,
             is_kept(number) ? load_word : "drop");
    fill_frame(frame, head);
}

static void make_probe(char frame[LOAD_FRAME_BYTES])
{
    char head[32];
    snprintf(head, sizeof head, "probe %s ", load_word);
    fill_frame(frame, head);
}

static bool is_probe(const char *frame)
{
    return frame[0] == 'p';
}

/* ------------------------------------------------------------------------------- the connection */

static void expect_alive(pid_t pid, int64_t until_ns)
{
    siginfo_t info = {0};
    if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid != 0)
        bench_wrong("the relay has ended at its start");
    if (bench_now_ns() > until_ns)
        bench_wrong("the relay does not come");
}

static int accept_one(int listener, pid_t pid, int64_t until_ns)
{
    struct pollfd waiting = {.fd = listener, .events = POLLIN};
    while (poll(&waiting, 1, PROBE_MS) == 0)
        expect_alive(pid, until_ns);
    int on = 1, fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0 || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0)
        bench_wrong("no connection: %s", strerror(errno));
    return fd;
}

static int dial(const struct load *load, pid_t pid, int64_t until_ns)
{
    for (;;) {
        int fd = socket(AF_INET, (is_stream(load) ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0);
        if (load_try_connect(fd, load->in_port))
            return fd;
        close(fd);
        expect_alive(pid, until_ns);
        usleep(10000);
    }
}

/* Nobody says when a relay receives datagrams: the first one that comes through does. The others
 * of them may come as late as they like. */
static void probe_datagrams(const struct load *load, pid_t pid, int64_t until_ns)
{
    struct pollfd waiting = {.fd = load->out, .events = POLLIN};
    char frame[LOAD_FRAME_BYTES];
    make_probe(frame);
    do {
        expect_alive(pid, until_ns);
        if (send(load->in, frame, sizeof frame, MSG_NOSIGNAL) < 0 && errno != ECONNREFUSED)
            bench_wrong("sending: %s", strerror(errno));
    } while (poll(&waiting, 1, PROBE_MS) == 0);
}

void load_connect(struct load *load, pid_t pid)
{
    int64_t until_ns = bench_now_ns() + START_S * ns_per_s;
    if (load->slot == SLOT_TCP_DIALS)
        load->in = accept_one(load->in_listener, pid, until_ns);
    else
        load->in = dial(load, pid, until_ns);
    load->out = load->out_listener;
    if (is_stream(load))
        load->out = accept_one(load->out_listener, pid, until_ns);
    if (fcntl(load->out, F_SETFL, O_NONBLOCK) != 0)
        bench_wrong("no connection: %s", strerror(errno));
    if (!is_stream(load))
        probe_datagrams(load, pid, until_ns);
}

/* ------------------------------------------------------------------------------------- the load */

static void send_frame(const struct load *load, int number)
{
    char frame[LOAD_FRAME_BYTES];
    make_frame(load, frame, number);
    if (send(load->in, frame, sizeof frame, MSG_NOSIGNAL) != LOAD_FRAME_BYTES)
        bench_wrong("frame %d cannot be sent: %s", number, strerror(errno));
}

/* The frames before `number` that should have come are lost. */
static void skip_to(struct load *load, int number)
{
    for (; load->seen < number; load->seen++)
        load->lost += is_kept(load->seen);
}

static void see(struct load *load, const char *frame, int64_t at_ns)
{
    char wanted[LOAD_FRAME_BYTES];
    skip_to(load, load->seen + !is_kept(load->seen));
    int number = (int)strtol(frame, NULL, 10) - load->base;
    if (!is_stream(load) && number < 0)
        return; /* of the run before, where it counts as lost */
    if (!is_stream(load) && number < load->count)
        skip_to(load, number);
    if (load->seen >= load->count)
        bench_wrong("a frame too many came out: '%.20s'", frame);
    make_frame(load, wanted, load->seen);
    if (memcmp(wanted, frame, LOAD_FRAME_BYTES) != 0)
        bench_wrong("frame %d came out as '%.20s'", load->seen, frame);
    load->seen_ns[load->seen++] = at_ns;
}

/* Returns whether anything was there. */
static bool take(struct load *load)
{
    ssize_t size = recv(load->out, load->block + load->held, sizeof load->block - load->held, 0);
    if (size < 0 && errno != EAGAIN)
        bench_wrong("reading: %s", strerror(errno));
    if (size == 0)
        bench_wrong("the relay has ended");
    int64_t at_ns = bench_now_ns();
    size_t at = 0, end = load->held + (size > 0 ? (size_t)size : 0);
    for (; end - at >= LOAD_FRAME_BYTES; at += LOAD_FRAME_BYTES)
        if (is_stream(load) || !is_probe(load->block + at))
            see(load, load->block + at, at_ns);
    load->held = end - at;
    memmove(load->block, load->block + at, load->held);
    return size > 0;
}

/* The last frame is none that is kept. */
static bool has_all(const struct load *load)
{
    return load->seen >= load->count - 1;
}

/* What comes after the last one is too much. */
static void linger(struct load *load)
{
    for (int64_t until_ns = bench_now_ns() + ns_per_s / 50; bench_now_ns() < until_ns;)
        (void)take(load);
    if (load->held > 0)
        bench_wrong("%zu bytes too many came out", load->held);
    skip_to(load, load->count);
}

void load_run(struct load *load, int count)
{
    int sent = 0;
    int64_t begin_ns = bench_now_ns() + ns_per_s / 10, last_ns = begin_ns;
    load->count = count;
    load->base += BASE_STEP;
    load->seen = load->lost = 0;
    load->held = 0;
    memset(load->seen_ns, 0, sizeof load->seen_ns);
    while (!has_all(load)) {
        int64_t ns = bench_now_ns(), due_ns = begin_ns + sent * (ns_per_s / LOAD_RATE);
        if (sent < count && ns >= due_ns) {
            load->due_ns[sent] = due_ns;
            send_frame(load, sent++);
        }
        if (take(load))
            last_ns = ns;
        if (!is_stream(load) && sent == count && ns - last_ns > ns_per_s)
            break; /* the last ones are lost */
        if (ns - last_ns > PATIENCE_S * ns_per_s)
            bench_wrong("%d of %d frames came out", load->seen, count);
    }
    linger(load);
}

void load_note(const struct load *load, const char *name)
{
    static int64_t times_ns[LOAD_FRAMES];
    int used = 0;
    if (load->lost > load->count / 2000 && !bench_is_smoke())
        bench_wrong("%s: %d of %d frames were lost", name, load->lost, load->count / 2);
    for (int i = 0; i < load->count; i++)
        if (load->seen_ns[i] != 0)
            times_ns[used++] = load->seen_ns[i] - load->due_ns[i];
    bench_note_times(name, times_ns, used);
}
