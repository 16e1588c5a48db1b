/*
 * From a socket through a filter to a socket: frames of 128 bytes are sent at a constant rate,
 * whatever becomes of those before (open loop), and come back from the far end. Every other one has
 * the word that the filter looks for. Beside leat, in the same run and by turns, a relay on
 * io_uring written by hand (bench/sockets/by_hand.h), each once parked and once spinning.
 *
 *     sockets_bench LEAT tcp|udp
 *
 * What counts is the time from when a frame was to be sent to when it was read. What comes out has
 * to be what went in and has the word, in order; of UDP a frame may be lost, which is counted and
 * must stay below one in a thousand. LEAT_BENCH_SMOKE=1 tries it with a few frames.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/sockets/by_hand.h"
#include "bench/verdict.h"

enum {
    FRAME_BYTES = 128,
    RATE = 10000,
    FRAMES = 30000,
    SMOKE_FRAMES = 2000,
    WARM = 1000,
    ROUNDS = 5,
    PATIENCE_S = 20,
    BLOCK_BYTES = 65536,
};
static const int64_t ns_per_s = 1000000000;
static const char word[] = "keep";

struct end {
    const char *name;
    const char *leat; /* NULL: the relay by hand */
    const char *idle;
};

struct bench {
    bool is_stream;
    uint16_t in_port, out_port;
    int in, out; /* what is sent to, and read from */
    char block[BLOCK_BYTES];
    size_t held;
    int64_t due_ns[FRAMES], seen_ns[FRAMES];
    int seen, lost;
};

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * ns_per_s + now.tv_nsec;
}

static struct sockaddr_in at_port(uint16_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static int make_socket(int type, uint16_t port, uint16_t *bound)
{
    struct sockaddr_in address = at_port(port);
    socklen_t size = sizeof address;
    int on = 1, fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (fd < 0 || bind(fd, (struct sockaddr *)(void *)&address, sizeof address) != 0 ||
        getsockname(fd, (struct sockaddr *)(void *)&address, &size) != 0)
        bench_wrong("no socket: %s", strerror(errno));
    *bound = ntohs(address.sin_port);
    return fd;
}

static bool try_connect(int fd, uint16_t port)
{
    struct sockaddr_in address = at_port(port);
    int on = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return connect(fd, (struct sockaddr *)(void *)&address, sizeof address) == 0;
}

/* ------------------------------------------------------------------------------------- the ends */

static void relay_by_hand(const struct bench *bench, const struct end *end)
{
    uint16_t port;
    int type = bench->is_stream ? SOCK_STREAM : SOCK_DGRAM;
    int in = make_socket(type, bench->in_port, &port), out = socket(AF_INET, type, 0);
    if (!try_connect(out, bench->out_port))
        _exit(7);
    if (bench->is_stream) {
        if (listen(in, 1) != 0)
            _exit(8);
        in = accept(in, NULL, NULL);
    }
    by_hand_relay(in, out, bench->is_stream, strcmp(end->idle, "spin") == 0, word);
}

static pid_t start(const struct bench *bench, const struct end *end)
{
    char in[64], out[64], filter[64];
    snprintf(in, sizeof in, "%s://127.0.0.1:%u", bench->is_stream ? "tcp-listen" : "udp",
             bench->in_port);
    snprintf(out, sizeof out, "%s://127.0.0.1:%u", bench->is_stream ? "tcp" : "udp",
             bench->out_port);
    snprintf(filter, sizeof filter, "value LIKE '%%%s%%'", word);
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    if (end->leat == NULL)
        relay_by_hand(bench, end);
    int null = open("/dev/null", O_WRONLY);
    dup2(null, STDOUT_FILENO);
    dup2(null, STDERR_FILENO);
    execl(end->leat, end->leat, "run", in, out, "--where", filter, "-q", "--idle", end->idle,
          (char *)NULL);
    _exit(5);
}

/* Sends to the relay and reads from it; both may take a while to be there. */
static void connect_ends(struct bench *bench, int listener)
{
    int64_t until_ns = now_ns() + PATIENCE_S * ns_per_s;
    bench->in = -1;
    while (bench->in < 0 && now_ns() < until_ns) {
        bench->in =
            socket(AF_INET, (bench->is_stream ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0);
        if (!try_connect(bench->in, bench->in_port)) {
            close(bench->in);
            bench->in = -1;
            usleep(10000);
        }
    }
    if (bench->in < 0)
        bench_wrong("the relay does not come");
    bench->out = bench->is_stream ? accept4(listener, NULL, NULL, SOCK_CLOEXEC) : listener;
    fcntl(bench->out, F_SETFL, O_NONBLOCK);
}

/* ------------------------------------------------------------------------------------- the load */

static bool is_kept(int number)
{
    return number % 2 == 0;
}

static void make_frame(char frame[FRAME_BYTES], int number)
{
    char head[32];
    int size = snprintf(head, sizeof head, "%09d %s ", number, is_kept(number) ? word : "drop");
    memset(frame, 'x', FRAME_BYTES);
    memcpy(frame, head, (size_t)size);
    frame[FRAME_BYTES - 1] = '\n';
}

static void send_frame(struct bench *bench, int number)
{
    char frame[FRAME_BYTES];
    make_frame(frame, number);
    ssize_t sent = send(bench->in, frame, sizeof frame, MSG_NOSIGNAL);
    if (sent != FRAME_BYTES && !(sent < 0 && errno == ECONNREFUSED && !bench->is_stream))
        bench_wrong("frame %d cannot be sent: %s", number, strerror(errno));
}

static void see(struct bench *bench, const char *frame, int64_t at_ns)
{
    char wanted[FRAME_BYTES];
    int number = (int)strtol(frame, NULL, 10);
    for (; bench->seen < number && !bench->is_stream; bench->seen++)
        bench->lost += is_kept(bench->seen);
    make_frame(wanted, bench->seen);
    if (memcmp(wanted, frame, FRAME_BYTES) != 0)
        bench_wrong("frame %d came out as '%.20s'", bench->seen, frame);
    bench->seen_ns[bench->seen] = at_ns;
    bench->seen += bench->is_stream ? 2 : 1;
}

static bool take(struct bench *bench)
{
    ssize_t size =
        recv(bench->out, bench->block + bench->held, sizeof bench->block - bench->held, 0);
    if (size < 0 && errno != EAGAIN)
        bench_wrong("reading: %s", strerror(errno));
    if (size == 0)
        bench_wrong("the relay has ended");
    int64_t at_ns = now_ns();
    size_t at = 0, end = bench->held + (size > 0 ? (size_t)size : 0);
    for (; end - at >= FRAME_BYTES; at += FRAME_BYTES)
        see(bench, bench->block + at, at_ns);
    bench->held = end - at;
    memmove(bench->block, bench->block + at, bench->held);
    return size > 0;
}

static void run(struct bench *bench, int count)
{
    int sent = 0;
    int64_t begin_ns = now_ns() + ns_per_s / 10, last_ns = begin_ns;
    bench->seen = bench->lost = 0;
    bench->held = 0;
    memset(bench->seen_ns, 0, sizeof bench->seen_ns);
    while (bench->seen < count - 1) {
        int64_t ns = now_ns(), due_ns = begin_ns + sent * (ns_per_s / RATE);
        if (sent < count && ns >= due_ns) {
            bench->due_ns[sent] = due_ns;
            send_frame(bench, sent++);
        }
        if (take(bench))
            last_ns = ns;
        if (!bench->is_stream && sent == count && ns - last_ns > ns_per_s)
            break; /* the last ones are lost */
        if (ns - last_ns > PATIENCE_S * ns_per_s)
            bench_wrong("%d of %d frames came out", bench->seen, count);
    }
    if (bench->lost > count / 1000 && !bench_is_smoke())
        bench_wrong("%d of %d frames were lost", bench->lost, count / 2);
}

/* ---------------------------------------------------------------------------------- the figures */

static int by_size(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

static void note(struct bench *bench, const struct end *end, int count)
{
    static int64_t times[FRAMES];
    int used = 0;
    char name[64];
    for (int i = WARM; i < count; i++)
        if (bench->seen_ns[i] != 0)
            times[used++] = bench->seen_ns[i] - bench->due_ns[i];
    if (used == 0)
        bench_wrong("%s: nothing came out", end->name);
    qsort(times, (size_t)used, sizeof *times, by_size);
    snprintf(name, sizeof name, "%s p50", end->name);
    bench_note(name, (double)times[used / 2] / 1000);
    snprintf(name, sizeof name, "%s p99", end->name);
    bench_note(name, (double)times[used * 99 / 100] / 1000);
}

static void measure(struct bench *bench, const struct end *end, int count)
{
    int type = bench->is_stream ? SOCK_STREAM : SOCK_DGRAM;
    int listener = make_socket(type, 0, &bench->out_port);
    close(make_socket(type, 0, &bench->in_port));
    if (bench->is_stream && listen(listener, 4) != 0)
        bench_wrong("listening: %s", strerror(errno));
    pid_t pid = start(bench, end);
    connect_ends(bench, listener);
    if (!bench->is_stream)
        sleep(2); /* nobody says when it receives */
    run(bench, count);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    close(bench->in);
    close(bench->out);
    if (bench->is_stream)
        close(listener);
    note(bench, end, count);
}

int main(int count, char **arguments)
{
    static struct bench bench;
    if (count != 3 || (strcmp(arguments[2], "tcp") != 0 && strcmp(arguments[2], "udp") != 0)) {
        fprintf(stderr, "sockets_bench LEAT tcp|udp\n");
        return 2;
    }
    bench.is_stream = strcmp(arguments[2], "tcp") == 0;
    const struct end ends[] = {
        {.name = "by hand, parked", .idle = "park"},
        {.name = "leat, parked", .leat = arguments[1], .idle = "park"},
        {.name = "by hand, spinning", .idle = "spin"},
        {.name = "leat, spinning", .leat = arguments[1], .idle = "spin"},
    };
    int latency = open("/dev/cpu_dma_latency", O_WRONLY | O_CLOEXEC);
    int32_t none = 0; /* for all alike; as long as the descriptor is open */
    bool is_held = latency >= 0 && write(latency, &none, sizeof none) == sizeof none;
    printf("cpu_dma_latency is %sheld\n", is_held ? "" : "not ");
    int rounds = bench_is_smoke() ? 1 : ROUNDS;
    for (int i = 0; i < rounds; i++)
        for (size_t k = 0; k < sizeof ends / sizeof ends[0]; k++)
            measure(&bench, &ends[k], bench_is_smoke() ? SMOKE_FRAMES : FRAMES);
    bench_print_table("through a filter, 128 B frames, 10,000 a second, half of them kept", "us");
    bench_at_most("p50, spinning",
                  bench_median_ratio("leat, spinning p50", "by hand, spinning p50"), 1.10,
                  "x by hand");
    bench_at_most("p99, spinning",
                  bench_median_ratio("leat, spinning p99", "by hand, spinning p99"), 1.25,
                  "x by hand");
    bench_at_most("p50, parked", bench_median_ratio("leat, parked p50", "by hand, parked p50"),
                  1.10, "x by hand");
    bench_at_most("p99, parked", bench_median_ratio("leat, parked p99", "by hand, parked p99"),
                  1.25, "x by hand");
    return bench_status();
}
