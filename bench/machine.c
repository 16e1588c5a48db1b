#include "bench/machine.h"

#include <fcntl.h>
#include <sched.h>
#include <time.h>
#include <unistd.h>

#include "bench/verdict.h"

int64_t bench_now_ns(void)
{
    struct timespec now;
    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
        bench_wrong("no clock");
    return now.tv_sec * (int64_t)1000000000 + now.tv_nsec;
}

void bench_pin(int cpu)
{
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    CPU_SET((unsigned)cpu, &cpus);
    if (sysconf(_SC_NPROCESSORS_ONLN) > cpu && sched_setaffinity(0, sizeof cpus, &cpus) != 0)
        bench_wrong("CPU %d is not to be had", cpu);
}

bool bench_hold_wakeups(bool is_wanted)
{
    static int held = -1;
    int32_t latency_us = 0;
    if (held >= 0 && !is_wanted) {
        close(held); /* which gives the request back */
        held = -1;
    }
    if (held >= 0 || !is_wanted)
        return held >= 0;
    held = open("/dev/cpu_dma_latency", O_WRONLY | O_CLOEXEC);
    if (held >= 0 && write(held, &latency_us, sizeof latency_us) != (ssize_t)sizeof latency_us) {
        close(held);
        held = -1;
    }
    return held >= 0;
}
