/*
 * Where threads run: which CPUs this process may use (affinity mask and cgroup quota), which of
 * them lanes get, and which are left for housekeeping: the control thread and libraries' own
 * threads.
 *
 * The rule: with n usable CPUs, lanes get the last n-1 of them, one worker each, and the first is
 * for housekeeping. A library's thread on the CPU of a busy lane costs the lane 30 us per record
 * (IO.md 1.2), so the two never share a CPU if there are two. With one CPU everything shares it,
 * nothing is pinned, and workers park instead of spinning.
 *
 * A cgroup quota of q CPUs limits how many lanes run at once, not where; it counts as min(mask,
 * ceil(q)) usable CPUs.
 *
 * Where housekeeping shares CPUs with lanes, or nothing is pinned, its threads are SCHED_BATCH, and
 * so are the kernel's workers for their files: waking one does not preempt a lane on the same CPU
 * (elsewhere they would only be late). So what a lane has at hand is handed over before the
 * library's thread runs, and goes out together; a lane with nothing at hand gives the CPU away at
 * once, and a lone record is not held up. Batching is by what is there, without a linger. Measured
 * on one CPU, drain of 128 B records with linger.ms=0: 1.28 M per CPU-second against 0.91 M, 2,000
 * context switches against 20,000. And the files of an epoch hold up no record: with 1,000
 * records/s and an epoch per second, p99 0.97 ms against 1.16.
 *
 * This is the one room that creates threads and sets affinities; connectors get theirs placed
 * through lt_placement_place_thread (struct lt_connector_env).
 */
#ifndef LT_RUN_PLACEMENT_H
#define LT_RUN_PLACEMENT_H

#include <pthread.h>
#include <stdbool.h>

#include "core/base/error.h"
#include "core/base/shared.h"

enum { LT_PLACEMENT_CPUS_MAX = 1024 };

struct lt_placement_options {
    const char *cpus;      /* "2,4-6": the CPUs for lanes; NULL: by the rule above */
    bool pin;              /* set affinities at all */
    bool hold_dma_latency; /* hold /dev/cpu_dma_latency at 0 when permitted */
    bool yield_to_lanes;   /* where they share CPUs, libraries' threads do not preempt lanes */
};

struct lt_placement {
    int usable[LT_PLACEMENT_CPUS_MAX]; /* by the mask, ascending */
    int usable_count;
    double quota_cpus; /* of the cgroup; 0: none */
    int lane_cpus[LT_PLACEMENT_CPUS_MAX];
    int lane_cpu_count;
    int housekeeping[LT_PLACEMENT_CPUS_MAX];
    int housekeeping_count;
    /* As wanted; cleared, with one log line, when the kernel refuses. Libraries' threads look at it
     * while others are started. */
    struct lt_shared_u32 pin;
    bool cpus_are_shared; /* lanes and housekeeping share CPUs: do not spin */
    bool yield_to_lanes;  /* libraries' threads are SCHED_BATCH */
    int dma_latency_fd;   /* -1: not held */
};

/* Whether threads are pinned. on: any. */
static inline bool lt_placement_pins(const struct lt_placement *placement)
{
    /* relaxed: a thread that still sees it set is refused, too, and says so */
    return lt_load_relaxed_u32(&placement->pin) != 0;
}

int lt_placement_init(struct lt_placement *placement, const struct lt_placement_options *options,
                      struct lt_error *error) LT_MUST_USE;
void lt_placement_fini(struct lt_placement *placement);

/* Starts a thread, named, on lane CPU `lane_cpu` (an index), or among the housekeeping CPUs if -1.
 * A refused affinity is logged once and the thread runs anywhere. */
int lt_placement_start_thread(struct lt_placement *placement, int lane_cpu, const char *name,
                              void *(*entry)(void *), void *argument, pthread_t *out,
                              struct lt_error *error) LT_MUST_USE;

/* Moves the calling thread to the housekeeping CPUs. `context` is the placement: the form
 * connectors want. */
void lt_placement_place_thread(void *context, const char *thread_name);

#endif
