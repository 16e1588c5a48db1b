/*
 * Input and output alone: io_uring beside epoll beside a loop by hand, spinning and parked. Rounds
 * in turns, so that what disturbs the machine disturbs all of them. Who parks is measured without
 * /dev/cpu_dma_latency held too.
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench/io/io.h"
#include "bench/machine.h"
#include "bench/verdict.h"
#include "core/base/log.h"

enum { ROUNDS = 7, ROUNDS_NOT_HELD = 3, IDLE_POLLS = 1 << 20 };

#define ECHO_NAME(way, wait) "echo 128 B, " way ", " wait

static int start_thread(void *context, const char *name, void *(*entry)(void *), void *argument,
                        pthread_t *out, struct lt_error *error)
{
    (void)context;
    (void)name;
    int status = pthread_create(out, NULL, entry, argument);
    return status == 0 ? 0 : lt_error_set_errno(error, status, "cannot start a thread");
}

struct lt_reactor *bench_reactor(const char *choice)
{
    struct lt_reactor_options options = {.choice = choice, .start_thread = start_thread};
    struct lt_reactor *reactor;
    struct lt_error error;
    if (lt_reactor_create(&options, &reactor, &error) != 0)
        bench_wrong("%s", error.text);
    return reactor;
}

void bench_rest(struct lt_reactor *reactor, bool parks)
{
    if (lt_reactor_poll(reactor) > 0 || !parks)
        return;
    lt_waker_prepare_to_park(&reactor->waker);
    if (lt_reactor_poll(reactor) == 0)
        (void)lt_reactor_park(reactor, LT_NEVER_NS);
    lt_waker_unpark(&reactor->waker);
}

void bench_idle(const char *name, const char *choice)
{
    struct lt_reactor *reactor = bench_reactor(choice);
    (void)lt_reactor_poll(reactor);
    int64_t begin_ns = bench_now_ns();
    uint32_t done = 0;
    for (uint32_t i = 0; i < IDLE_POLLS; i++)
        done += lt_reactor_poll(reactor);
    bench_note(name, (double)(bench_now_ns() - begin_ns) / IDLE_POLLS);
    if (done != 0)
        bench_wrong("an idle reactor has completed something");
    lt_reactor_destroy(reactor);
}

static void run_round(int fd, bool has_uring)
{
    bench_echo(ECHO_NAME("by hand", "spinning"), NULL, false);
    bench_echo(ECHO_NAME("epoll", "spinning"), "epoll", false);
    if (has_uring)
        bench_echo(ECHO_NAME("io_uring", "spinning"), "io_uring", false);
    bench_echo(ECHO_NAME("by hand", "parked"), NULL, true);
    bench_echo(ECHO_NAME("epoll", "parked"), "epoll", true);
    if (has_uring)
        bench_echo(ECHO_NAME("io_uring", "parked"), "io_uring", true);
    bench_file("file, pread (MB/s)", NULL, fd, 1);
    bench_file("file, epoll, 8 blocks in flight (MB/s)", "epoll", fd, 8);
    if (has_uring)
        bench_file("file, io_uring, 8 blocks in flight (MB/s)", "io_uring", fd, 8);
    bench_idle("idle poll, epoll (ns)", "epoll");
    if (has_uring)
        bench_idle("idle poll, io_uring (ns)", "io_uring");
}

/* It makes no difference to who spins. */
static void run_round_not_held(bool has_uring)
{
    bench_echo(ECHO_NAME("by hand", "parked, wake-ups not held"), NULL, true);
    bench_echo(ECHO_NAME("epoll", "parked, wake-ups not held"), "epoll", true);
    if (has_uring)
        bench_echo(ECHO_NAME("io_uring", "parked, wake-ups not held"), "io_uring", true);
}

static void tell(const char *what, const char *name, const char *base)
{
    char a[128], b[128], text[128];
    static const char *const which[] = {"p50", "p99"};
    for (size_t i = 0; i < 2; i++) {
        snprintf(a, sizeof a, "%s, %s (us)", name, which[i]);
        snprintf(b, sizeof b, "%s, %s (us)", base, which[i]);
        snprintf(text, sizeof text, "%s, %s", what, which[i]);
        bench_tell(text, bench_median_ratio(a, b), "x");
    }
}

/* Containers often forbid it. */
static bool find_uring(void)
{
    struct lt_reactor_options options = {.choice = "io_uring"};
    struct lt_reactor *reactor;
    struct lt_error error;
    if (lt_reactor_create(&options, &reactor, &error) != 0) {
        printf("without io_uring: %s\n", error.text);
        return false;
    }
    lt_reactor_destroy(reactor);
    return true;
}

int main(void)
{
    lt_log_set_level(LT_LOG_ERROR);
    bench_pin(BENCH_LOAD_CPU);
    bool has_uring = find_uring();
    int fd = bench_file_make();
    printf("cpu_dma_latency is %sheld\n", bench_hold_wakeups(true) ? "" : "not ");
    for (int i = 0; i < (bench_is_smoke() ? 1 : ROUNDS); i++)
        run_round(fd, has_uring);
    (void)bench_hold_wakeups(false);
    for (int i = 0; i < (bench_is_smoke() ? 1 : ROUNDS_NOT_HELD); i++)
        run_round_not_held(has_uring);
    close(fd);
    bench_print_table("input and output", "");
    tell("epoll, parked, of spinning", ECHO_NAME("epoll", "parked"),
         ECHO_NAME("epoll", "spinning"));
    if (has_uring) {
        bench_at_most("io_uring, spinning, of the loop by hand",
                      bench_median_ratio(ECHO_NAME("io_uring", "spinning") ", p50 (us)",
                                         ECHO_NAME("by hand", "spinning") ", p50 (us)"),
                      1.25, "x its round trip");
        bench_at_most("an idle poll of io_uring", bench_median("idle poll, io_uring (ns)"), 10,
                      "ns");
        tell("io_uring of epoll, spinning", ECHO_NAME("io_uring", "spinning"),
             ECHO_NAME("epoll", "spinning"));
        tell("io_uring of epoll, parked", ECHO_NAME("io_uring", "parked"),
             ECHO_NAME("epoll", "parked"));
        tell("io_uring, parked, of spinning", ECHO_NAME("io_uring", "parked"),
             ECHO_NAME("io_uring", "spinning"));
    }
    return bench_status();
}
