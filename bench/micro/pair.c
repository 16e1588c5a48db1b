/*
 * Two threads on two CPUs, started together.
 */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "bench/micro/micro.h"
#include "bench/verdict.h"
#include "core/base/clock.h"
#include "core/base/shared.h"

struct side {
    void (*run)(void *context);
    void *context;
    int cpu;
    struct lt_shared_u32 *arrived; /* how many of the two are at the start */
    int64_t took_ns;
};

int64_t micro_now_ns(void)
{
    return lt_clock_now_ns(lt_clock_system());
}

uint64_t micro_work(uint64_t count)
{
    return bench_is_smoke() ? count / 100 : count;
}

/* The first two CPUs of the process; how many there are of them. */
static int usable_cpus(int cpus[2])
{
    cpu_set_t set;
    int count = 0;
    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return 0;
    for (int cpu = 0; cpu < CPU_SETSIZE && count < 2; cpu++) {
        if (CPU_ISSET((size_t)cpu, &set))
            cpus[count++] = cpu;
    }
    return count;
}

bool micro_has_pair(void)
{
    int cpus[2];
    return usable_cpus(cpus) == 2;
}

static void *run_side(void *argument)
{
    struct side *side = argument;
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((size_t)side->cpu, &set);
    if (pthread_setaffinity_np(pthread_self(), sizeof set, &set) != 0)
        bench_wrong("a thread cannot be bound to CPU %d", side->cpu);
    (void)lt_add_u32(side->arrived, 1);
    /* acquire: what was set up for both is seen. */
    while (lt_load_acquire_u32(side->arrived) < 2)
        lt_cpu_relax();
    int64_t begin_ns = micro_now_ns();
    side->run(side->context);
    side->took_ns = micro_now_ns() - begin_ns;
    return NULL;
}

double micro_run_pair(void (*first)(void *context), void (*second)(void *context), void *context)
{
    int cpus[2];
    struct lt_shared_u32 arrived = {0};
    if (usable_cpus(cpus) != 2)
        bench_wrong("two CPUs are needed");
    struct side sides[2] = {
        {.run = first, .context = context, .cpu = cpus[0], .arrived = &arrived},
        {.run = second, .context = context, .cpu = cpus[1], .arrived = &arrived},
    };
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) {
        if (pthread_create(&threads[i], NULL, run_side, &sides[i]) != 0)
            bench_wrong("no thread can be started");
    }
    for (int i = 0; i < 2; i++) {
        if (pthread_join(threads[i], NULL) != 0)
            bench_wrong("a thread cannot be joined");
    }
    return (double)sides[1].took_ns;
}
