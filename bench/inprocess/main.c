/*
 * The in-process figures: what a record costs in a fused lane, what an operator that does nothing
 * adds to it, and how much later a record is when the lane is cut into stages on two CPUs.
 *
 * Cost. Three queries run in turns on this thread, as many rows each: two alike, and one with an
 * empty operator more. The time is that of the thread on its CPU, so that waiting for other
 * programs is not in it. The two that are alike say how far differences can be trusted.
 *
 * Latency. One million rows a second, open loop: each row is measured from when it was due. One
 * stage and three stages, on threads of leat's, in turns.
 */
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "bench/inprocess/pipeline.h"
#include "bench/verdict.h"

#define FUSED "fused/cost"
#define FUSED_AGAIN "fused/cost again"
#define FUSED_EMPTY "fused with an empty operator/cost"
#define LATENCY_FUSED "fused/p50 at 1 M records/s"
#define LATENCY_STAGED "three stages/p50 at 1 M records/s"
#define LATENCY_FUSED_P99 "fused/p99 at 1 M records/s"
#define LATENCY_STAGED_P99 "three stages/p99 at 1 M records/s"

enum {
    VARIANTS = 3,
    ROUNDS = 9,
    SLICES = 16,
    SLICE_ROWS = 8192, /* a few milliseconds */
    WARM_ROWS = 40000, /* past the first use of each row in the pools */
    LATENCY_ROUNDS = 21,
    LATENCY_MS = 200, /* short: more of the rounds are free of what else runs */
    NAP_US = 2000,
};

static double thread_ns(void)
{
    struct timespec time;
    if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) != 0)
        bench_wrong("no clock of the thread");
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/* Runs at least `rows` more; nanoseconds for each. */
static double run_slice(struct pipeline *pipeline, uint64_t rows)
{
    uint64_t before = pipeline_read_count(pipeline);
    double begin_ns = thread_ns();
    while (pipeline_read_count(pipeline) < before + rows)
        pipeline_step(pipeline);
    return (thread_ns() - begin_ns) / (double)(pipeline_read_count(pipeline) - before);
}

static void measure_cost_once(int round)
{
    static const char *const names[VARIANTS] = {FUSED, FUSED_EMPTY, FUSED_AGAIN};
    const bool is_smoke = bench_is_smoke();
    struct pipeline *pipelines[VARIANTS];
    /* Made in another order in each round: what lies where in memory is part of a cost. */
    for (int i = 0; i < VARIANTS; i++) {
        int which = (i + round) % VARIANTS;
        pipelines[which] = pipeline_create(&(struct pipeline_options){
            .rows_per_second = "1000000000",
            .has_empty_operator = which == 1,
            .output_rows = 4096,
        });
    }
    for (int i = 0; i < VARIANTS; i++)
        (void)run_slice(pipelines[i], is_smoke ? 1000 : WARM_ROWS);
    for (int slice = 0; slice < (is_smoke ? 1 : SLICES); slice++) {
        for (int i = 0; i < VARIANTS; i++) {
            int which = (i + slice) % VARIANTS;
            bench_note(names[which], run_slice(pipelines[which], is_smoke ? 1000 : SLICE_ROWS));
        }
    }
    for (int i = 0; i < VARIANTS; i++)
        pipeline_destroy(pipelines[i]);
}

static void measure_latency_once(const char *stages, const char *p50, const char *p99)
{
    struct pipeline *pipeline = pipeline_create(&(struct pipeline_options){
        .rows_per_second = "1000000", .stages = stages, .output_rows = 32768});
    int naps = (bench_is_smoke() ? LATENCY_MS / 10 : LATENCY_MS) * 1000 / NAP_US;
    for (int i = 0; i < naps; i++) {
        (void)usleep(NAP_US); /* may end early */
        pipeline_take(pipeline);
    }
    bench_note(p50, (double)pipeline_latency_ns(pipeline, 0.5));
    bench_note(p99, (double)pipeline_latency_ns(pipeline, 0.99));
    pipeline_destroy(pipeline);
}

int main(void)
{
    const bool is_smoke = bench_is_smoke();
    const bool has_pair = sysconf(_SC_NPROCESSORS_ONLN) > 1;
    for (int i = 0; i < (is_smoke ? 1 : ROUNDS); i++)
        measure_cost_once(i);
    for (int i = 0; has_pair && i < (is_smoke ? 1 : LATENCY_ROUNDS); i++) {
        measure_latency_once("1", LATENCY_FUSED, LATENCY_FUSED_P99);
        measure_latency_once("3", LATENCY_STAGED, LATENCY_STAGED_P99);
    }
    bench_print_table("in process", "ns");
    printf("\ntwo runs that are alike differ by %.2f ns per record\n",
           bench_median_difference(FUSED_AGAIN, FUSED));
    bench_at_most("an empty operator adds", bench_median_difference(FUSED_EMPTY, FUSED), 5,
                  "ns per record");
    if (has_pair)
        bench_at_most("two ring hops at 1 M records/s",
                      bench_median_difference(LATENCY_STAGED, LATENCY_FUSED), 1000, "ns");
    else
        puts("latency: skipped, it needs two CPUs");
    return bench_status();
}
