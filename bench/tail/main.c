/*
 * From append to seen: a line is appended to a log, and comes out at the far end of a query from
 * the source tail to the sink stdout, which is a pipe that this program spins on. Beside it, in the
 * same run and by turns, a program written by hand for nothing else: it waits for inotify, reads,
 * and writes to the pipe.
 *
 *     tail_bench LEAT
 *
 * Lines are appended at a constant rate, whatever becomes of those before (open loop); each carries
 * its number, and what comes out has to be what went in, in order. What counts is the time from
 * when the line was to be appended to when the whole of it was read from the pipe. The same without
 * /dev/cpu_dma_latency held is printed, and not judged.
 *
 * LEAT_BENCH_SMOKE=1 tries it with a few lines.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/machine.h"
#include "bench/verdict.h"

enum {
    LINE_BYTES = 128,
    RATE = 1000,
    LINES = 3000,
    SMOKE_LINES = 200,
    WARM = 100,
    ROUNDS = 7,
    ROUNDS_NOT_HELD = 3,
    PATIENCE_S = 60,
    PATH_BYTES = 256,
    BLOCK_BYTES = 65536,
};
static const int64_t ns_per_s = 1000000000;

struct end {
    const char *name;
    const char *leat; /* NULL: the program by hand */
    const char *idle; /* of leat */
    bool leaves_wakeups; /* leat does not hold the wake-up latency either */
};

/* ------------------------------------------------------------------------------------- by hand */

/* Never returns: the far end is killed. */
static void follow_by_hand(const char *path, int out)
{
    static char block[BLOCK_BYTES], events[BLOCK_BYTES];
    int fd = open(path, O_RDONLY | O_CLOEXEC), watch = inotify_init1(IN_CLOEXEC);
    if (fd < 0 || watch < 0 || inotify_add_watch(watch, path, IN_MODIFY) < 0)
        _exit(2);
    for (;;) {
        ssize_t size = read(fd, block, sizeof block);
        if (size > 0 && write(out, block, (size_t)size) != size)
            _exit(3);
        if (size <= 0 && read(watch, events, sizeof events) < 0)
            _exit(4);
    }
}

static pid_t start(const struct end *end, const char *path, int out)
{
    char url[PATH_BYTES + 8];
    snprintf(url, sizeof url, "tail:%s", path);
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    bench_pin(BENCH_TESTED_CPU);
    if (end->leat == NULL)
        follow_by_hand(path, out);
    dup2(out, STDOUT_FILENO);
    int null = open("/dev/null", O_WRONLY);
    dup2(null, STDERR_FILENO);
    execl(end->leat, end->leat, "run", url, "stdout:", "-q", "--idle", end->idle, "--option",
          end->leaves_wakeups ? "dmaLatency=off" : "dmaLatency=auto", (char *)NULL);
    _exit(5);
}

/* ------------------------------------------------------------------------------------- the load */

struct line {
    char text[LINE_BYTES];
};

static void make_line(struct line *line, int number)
{
    memset(line->text, 'x', sizeof line->text);
    char head[16];
    int size = snprintf(head, sizeof head, "%09d ", number);
    memcpy(line->text, head, (size_t)size);
    line->text[LINE_BYTES - 1] = '\n';
}

static void append(int fd, int number)
{
    struct line line;
    make_line(&line, number);
    if (write(fd, line.text, sizeof line.text) != (ssize_t)sizeof line.text)
        bench_wrong("the log cannot be written: %s", strerror(errno));
}

/* Takes what is in the pipe; notes when each line was whole, and that it is the one that is due. */
static int take(int in, int64_t *seen_ns, int seen)
{
    static char block[BLOCK_BYTES];
    static size_t held;
    if (seen == 0)
        held = 0;
    ssize_t size = read(in, block + held, sizeof block - held);
    if (size < 0 && errno != EAGAIN)
        bench_wrong("the pipe cannot be read: %s", strerror(errno));
    if (size == 0)
        bench_wrong("the far end has ended");
    int64_t at_ns = bench_now_ns();
    size_t at = 0, end = held + (size > 0 ? (size_t)size : 0);
    for (; end - at >= LINE_BYTES; at += LINE_BYTES) {
        struct line line;
        make_line(&line, seen);
        if (memcmp(line.text, block + at, LINE_BYTES) != 0)
            bench_wrong("line %d came out as '%.20s'", seen, block + at);
        seen_ns[seen++] = at_ns;
    }
    held = end - at;
    memmove(block, block + at, held);
    return seen;
}

static void note(const struct end *end, const int64_t *due_ns, int64_t *seen_ns, int count)
{
    for (int i = WARM; i < count; i++)
        seen_ns[i - WARM] = seen_ns[i] - due_ns[i];
    bench_note_times(end->name, seen_ns, count - WARM);
}

static void run(int fd, int in, int count, int64_t *due_ns, int64_t *seen_ns)
{
    int sent = 0, seen = 0;
    int64_t begin_ns = 0, last_ns = bench_now_ns();
    while (seen < count) {
        int64_t ns = bench_now_ns();
        /* The first line is alone until it has come: then the far end follows. */
        int64_t next_ns = sent == 0 ? ns : begin_ns + sent * (ns_per_s / RATE);
        if (sent < count && ns >= next_ns && (sent == 0 || seen > 0)) {
            due_ns[sent] = next_ns;
            append(fd, sent++);
        }
        int before = seen;
        seen = take(in, seen_ns, seen);
        if (seen > before)
            last_ns = ns;
        if (before == 0 && seen > 0)
            begin_ns = ns;
        if (ns - last_ns > PATIENCE_S * ns_per_s)
            bench_wrong("%d of %d lines came out", seen, count);
    }
}

static void measure(const struct end *end, int count)
{
    static int64_t due_ns[LINES], seen_ns[LINES];
    char path[PATH_BYTES];
    int pipes[2];
    snprintf(path, sizeof path, "%s/leat-bench-tail-%d",
             getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp", (int)getpid());
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
    if (fd < 0 || pipe2(pipes, O_CLOEXEC) != 0)
        bench_wrong("'%s' cannot be made: %s", path, strerror(errno));
    pid_t pid = start(end, path, pipes[1]);
    close(pipes[1]);
    fcntl(pipes[0], F_SETFL, O_NONBLOCK);
    run(fd, pipes[0], count, due_ns, seen_ns);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    close(pipes[0]);
    close(fd);
    unlink(path);
    note(end, due_ns, seen_ns, count);
}

static void measure_all(const struct end *ends, size_t count, int rounds)
{
    for (int i = 0; i < (bench_is_smoke() ? 1 : rounds); i++)
        for (size_t k = 0; k < count; k++)
            measure(&ends[k], bench_is_smoke() ? SMOKE_LINES : LINES);
}

int main(int count, char **arguments)
{
    if (count != 2) {
        fprintf(stderr, "tail_bench LEAT\n");
        return 2;
    }
    const struct end ends[] = {
        {.name = "by hand"},
        {.name = "leat, parked", .leat = arguments[1], .idle = "park"},
        {.name = "leat, spinning", .leat = arguments[1], .idle = "spin"},
    };
    const struct end free_ends[] = {
        {.name = "by hand, wake-ups not held"},
        {.name = "leat, parked, wake-ups not held",
         .leat = arguments[1],
         .idle = "park",
         .leaves_wakeups = true},
        {.name = "leat, spinning, wake-ups not held",
         .leat = arguments[1],
         .idle = "spin",
         .leaves_wakeups = true},
    };
    bench_pin(BENCH_LOAD_CPU);
    printf("cpu_dma_latency is %sheld\n", bench_hold_wakeups(true) ? "" : "not ");
    measure_all(ends, sizeof ends / sizeof ends[0], ROUNDS);
    (void)bench_hold_wakeups(false);
    measure_all(free_ends, sizeof free_ends / sizeof free_ends[0], ROUNDS_NOT_HELD);
    bench_print_table("from append to seen, 128 B lines, 1000 a second", "us");
    bench_at_most("append to seen, p50", bench_median("leat, spinning p50"), 50, "us");
    bench_at_most("append to seen, parked, p50", bench_median("leat, parked p50"), 50, "us");
    bench_tell("p50, leat parked", bench_median_ratio("leat, parked p50", "leat, spinning p50"),
               "x spinning");
    bench_tell("p50, leat spinning", bench_median_ratio("leat, spinning p50", "by hand p50"),
               "x by hand");
    bench_tell("p50, leat parked", bench_median_ratio("leat, parked p50", "by hand p50"),
               "x by hand");
    return bench_status();
}
