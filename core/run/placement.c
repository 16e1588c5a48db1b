#include "core/run/placement.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/base/units.h"

/* A thread's default timer slack of 50 us would be added to every timed wait (IO.md 6.4). */
enum { TIMER_SLACK_NS = 1 };

/* cpu.max of the process's own cgroup (v2) holds "<quota> <period>" or "max <period>"; 0 when there
 * is no limit. */
static double cgroup_quota_cpus(void)
{
    char path[512] = "";
    char line[400];
    FILE *self = fopen("/proc/self/cgroup", "re");
    if (self == NULL)
        return 0;
    while (fgets(line, sizeof line, self) != NULL) {
        if (strncmp(line, "0::", 3) == 0) {
            line[strcspn(line, "\n")] = 0;
            snprintf(path, sizeof path, "/sys/fs/cgroup%s/cpu.max", line + 3);
        }
    }
    fclose(self);
    FILE *limit = path[0] ? fopen(path, "re") : NULL;
    if (limit == NULL)
        return 0;
    long quota = 0, period = 0;
    int fields = fscanf(limit, "%ld %ld", &quota, &period);
    fclose(limit);
    return fields == 2 && quota > 0 && period > 0 ? (double)quota / (double)period : 0;
}

static int find_usable(struct lt_placement *placement, struct lt_error *error)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return lt_error_set_errno(error, errno, "cannot read the CPU affinity mask");
    for (int cpu = 0; cpu < CPU_SETSIZE && placement->usable_count < LT_PLACEMENT_CPUS_MAX; cpu++)
        if (CPU_ISSET((size_t)cpu, &set))
            placement->usable[placement->usable_count++] = cpu;
    placement->quota_cpus = cgroup_quota_cpus();
    return 0;
}

static bool is_usable(const struct lt_placement *placement, int cpu)
{
    for (int i = 0; i < placement->usable_count; i++)
        if (placement->usable[i] == cpu)
            return true;
    return false;
}

static bool is_lane_cpu(const struct lt_placement *placement, int cpu)
{
    for (int i = 0; i < placement->lane_cpu_count; i++)
        if (placement->lane_cpus[i] == cpu)
            return true;
    return false;
}

/* How many CPUs' worth of work may run at once. */
static int effective_cpu_count(const struct lt_placement *placement)
{
    int count = placement->usable_count;
    if (placement->quota_cpus > 0 && placement->quota_cpus < count) {
        int whole = (int)placement->quota_cpus;
        count = placement->quota_cpus > whole ? whole + 1 : whole;
    }
    return count < 1 ? 1 : count;
}

static int choose_lane_cpus(struct lt_placement *placement, const char *cpus,
                            struct lt_error *error)
{
    if (cpus != NULL) {
        int count = lt_units_parse_cpus(cpus, placement->lane_cpus, LT_PLACEMENT_CPUS_MAX, error);
        if (count < 0)
            return lt_error_append(error, "option \"cpus\"");
        for (int i = 0; i < count; i++)
            if (!is_usable(placement, placement->lane_cpus[i]))
                return lt_error_set(
                    error, LT_E_INVALID,
                    "option \"cpus\": CPU %d is not one this process may use; hint: see "
                    "`taskset -p $$` for the CPUs it may",
                    placement->lane_cpus[i]);
        placement->lane_cpu_count = count;
        return 0;
    }
    int wanted = effective_cpu_count(placement) - 1;
    if (wanted < 1)
        wanted = 1;
    placement->lane_cpu_count = wanted;
    for (int i = 0; i < wanted; i++)
        placement->lane_cpus[i] = placement->usable[placement->usable_count - wanted + i];
    return 0;
}

static void choose_housekeeping(struct lt_placement *placement)
{
    for (int i = 0; i < placement->usable_count; i++)
        if (!is_lane_cpu(placement, placement->usable[i]))
            placement->housekeeping[placement->housekeeping_count++] = placement->usable[i];
    placement->cpus_are_shared =
        placement->housekeeping_count == 0 || effective_cpu_count(placement) == 1;
    if (placement->housekeeping_count > 0)
        return;
    memcpy(placement->housekeeping, placement->usable, sizeof placement->usable);
    placement->housekeeping_count = placement->usable_count;
}

/* Held open for the life of the query: closing it ends the request, whatever way the process
 * dies. */
static void hold_dma_latency(struct lt_placement *placement)
{
    int32_t latency_us = 0;
    int fd = open("/dev/cpu_dma_latency", O_WRONLY | O_CLOEXEC);
    if (fd < 0) {
        lt_log_info("cpu_dma_latency is not held (%s): wake-ups may cost 25 to 60 us more; hint: "
                    "run with write permission on /dev/cpu_dma_latency",
                    strerror(errno));
        return;
    }
    if (write(fd, &latency_us, sizeof latency_us) != (ssize_t)sizeof latency_us) {
        lt_log_info("cpu_dma_latency is not held: %s", strerror(errno));
        close(fd);
        return;
    }
    placement->dma_latency_fd = fd;
    lt_log_info("cpu_dma_latency is held at 0; turn off with dmaLatency=off");
}

int lt_placement_init(struct lt_placement *placement, const struct lt_placement_options *options,
                      struct lt_error *error)
{
    memset(placement, 0, sizeof *placement);
    placement->dma_latency_fd = -1;
    int code = find_usable(placement, error);
    if (code == 0)
        code = choose_lane_cpus(placement, options->cpus, error);
    if (code != 0)
        return code;
    choose_housekeeping(placement);
    /* Pinning to the one CPU there is would only get in the scheduler's way. */
    bool pins = options->pin && placement->usable_count > 1;
    lt_store_relaxed_u32(&placement->pin, pins); /* relaxed: nobody else has it yet */
    placement->yield_to_lanes = options->yield_to_lanes && (placement->cpus_are_shared || !pins);
    if (placement->yield_to_lanes)
        lt_log_info("libraries' threads share CPUs with lanes and do not preempt them; turn off "
                    "with yieldToLanes=false");
    if (options->hold_dma_latency)
        hold_dma_latency(placement);
    return 0;
}

void lt_placement_fini(struct lt_placement *placement)
{
    if (placement->dma_latency_fd >= 0)
        close(placement->dma_latency_fd);
    placement->dma_latency_fd = -1;
}

static void fill_set(cpu_set_t *set, const int *cpus, int count)
{
    CPU_ZERO(set);
    for (int i = 0; i < count; i++)
        CPU_SET((size_t)cpus[i], set);
}

/* Best effort: a thread that may not is only a worse neighbour. */
static void yield_to_lanes(const struct lt_placement *placement, pthread_t thread)
{
    if (placement->yield_to_lanes)
        (void)pthread_setschedparam(thread, SCHED_BATCH, &(struct sched_param){0});
}

int lt_placement_start_thread(struct lt_placement *placement, int lane_cpu, const char *name,
                              void *(*entry)(void *), void *argument, pthread_t *out,
                              struct lt_error *error)
{
    int status = pthread_create(out, NULL, entry, argument);
    if (status != 0)
        return lt_error_set_errno(error, status, "cannot start thread \"%s\"", name);
    pthread_setname_np(*out, name);
    if (lane_cpu < 0)
        yield_to_lanes(placement, *out);
    if (!lt_placement_pins(placement))
        return 0;
    cpu_set_t set;
    if (lane_cpu >= 0)
        fill_set(&set, &placement->lane_cpus[lane_cpu % placement->lane_cpu_count], 1);
    else
        fill_set(&set, placement->housekeeping, placement->housekeeping_count);
    status = pthread_setaffinity_np(*out, sizeof set, &set);
    if (status != 0) {
        lt_store_relaxed_u32(&placement->pin, 0); /* relaxed: as lt_placement_pins */
        lt_log_warn("threads are not pinned: %s; latencies will vary more", strerror(status));
    }
    return 0;
}

void lt_placement_place_thread(void *context, const char *thread_name)
{
    struct lt_placement *placement = context;
    (void)prctl(PR_SET_TIMERSLACK, TIMER_SLACK_NS); /* best effort: only costs precision */
    yield_to_lanes(placement, pthread_self());
    if (!lt_placement_pins(placement))
        return;
    cpu_set_t set;
    fill_set(&set, placement->housekeeping, placement->housekeeping_count);
    if (sched_setaffinity(0, sizeof set, &set) != 0)
        lt_log_warn("thread \"%s\" is not placed: %s", thread_name, strerror(errno));
}
