/*
 * Input and output alone: io_uring beside epoll beside a loop by hand, spinning and parked. Rounds
 * in turns, so that what disturbs the machine disturbs all of them.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench/io/io.h"
#include "bench/verdict.h"
#include "core/base/log.h"

enum { ROUNDS = 7, IDLE_POLLS = 1 << 20 };

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

void bench_pin(int cpu)
{
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    CPU_SET((unsigned)cpu, &cpus);
    if (sysconf(_SC_NPROCESSORS_ONLN) > cpu && sched_setaffinity(0, sizeof cpus, &cpus) != 0)
        bench_wrong("CPU %d is not to be had", cpu);
}

int64_t bench_now_ns(void)
{
    struct timespec now;
    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
        bench_wrong("no clock");
    return now.tv_sec * (int64_t)1000000000 + now.tv_nsec;
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
    bench_pin(0);
    bool has_uring = find_uring();
    int fd = bench_file_make();
    for (int i = 0; i < (bench_is_smoke() ? 1 : ROUNDS); i++)
        run_round(fd, has_uring);
    close(fd);
    bench_print_table("input and output", "");
    if (has_uring) {
        bench_at_most("io_uring, spinning, of the loop by hand",
                      bench_median_ratio(ECHO_NAME("io_uring", "spinning") ", p50 (us)",
                                         ECHO_NAME("by hand", "spinning") ", p50 (us)"),
                      1.25, "x its round trip");
        bench_at_most("an idle poll of io_uring", bench_median("idle poll, io_uring (ns)"), 10,
                      "ns");
    }
    return bench_status();
}
