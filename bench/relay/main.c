/*
 * relay_bench: whole relays on a real Kafka, side by side.
 *
 *   load generator --> topic IN --> relay under test --> topic OUT --> reader
 *   \______________ this process, one clock, one CPU with the broker ______________/
 *
 * The programs compared are external: leat and the hand-written floor are both a line in a text
 * file here. For each thing to compare (a rate and a record size, a backlog, a start) there are a
 * number of rounds, and in each round every program runs once; even rounds go up the list, odd
 * rounds down. What is printed are medians, and medians of the ratios within rounds.
 *
 * It is not a correctness test of the relay's envelopes or of its recovery, though no run counts in
 * which a record is lost, doubled, out of order or damaged, or in which a program that bars compare
 * changes a key, a timestamp or a header.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bench/relay/collector.h"
#include "bench/relay/curve.h"
#include "bench/relay/machine.h"
#include "bench/relay/options.h"
#include "bench/relay/report.h"
#include "bench/relay/results.h"
#include "bench/relay/scenarios.h"

enum { WARMUP_RATE = 5000, WARMUP_BYTES = 128 };

struct bench {
    struct lt_bench_options options;
    struct lt_bench_setup setup;
    struct lt_bench_results results;
};

static void print_progress(const struct lt_bench_run *run)
{
    fprintf(stderr, "round %u, %u/s of %zu B, %s:", run->round, run->cell.rate,
            run->cell.value_bytes, run->program);
    for (int m = 0; m < LT_BENCH_METRICS; m++)
        if (!isnan(run->metrics[m]))
            fprintf(stderr, " %s %.5g", lt_bench_metric_name((enum lt_bench_metric)m),
                    run->metrics[m]);
    fprintf(stderr, "%s%s\n", run->fault[0] ? " FAILED: " : "", run->fault);
}

static void run_cell(struct bench *bench, const struct lt_bench_cell *cell,
                     const struct lt_bench_program_list *programs,
                     const struct lt_bench_backlog *backlog)
{
    for (uint32_t round = 0; round < bench->options.pairs; round++) {
        for (size_t i = 0; i < programs->count; i++) {
            size_t index = round % 2 == 0 ? i : programs->count - 1 - i;
            const struct lt_bench_program *program = programs->list[index];
            struct lt_bench_run *run =
                lt_bench_results_add(&bench->results, cell, program->name, round);
            bench->setup.must_not_change = lt_bench_is_compared(&bench->options, program->name);
            if (cell->scenario == LT_BENCH_LATENCY)
                lt_bench_run_latency(&bench->setup, program, run);
            else if (cell->scenario == LT_BENCH_DRAIN)
                lt_bench_run_drain(&bench->setup, program, backlog, run);
            else
                lt_bench_run_rest(&bench->setup, program, run);
            print_progress(run);
        }
    }
}

/* A broker that has just started is compiled while it runs, on the CPU that it shares with the
 * load. */
static void warm_broker_up(struct bench *bench)
{
    const struct lt_bench_cell cell = {
        .scenario = LT_BENCH_LATENCY, .rate = WARMUP_RATE, .value_bytes = WARMUP_BYTES};
    struct lt_bench_setup setup = bench->setup;
    struct lt_bench_results discarded = {0};
    const struct lt_bench_program *program = bench->options.drain.count > 0
                                                 ? bench->options.drain.list[0]
                                                 : &bench->options.programs.list[0];
    setup.seconds = bench->options.broker_warmup_seconds;
    if (setup.seconds > 0)
        lt_bench_run_latency(&setup, program,
                             lt_bench_results_add(&discarded, &cell, program->name, 0));
    bench->setup.next_run = setup.next_run;
    lt_bench_results_fini(&discarded);
}

static void run_latencies(struct bench *bench)
{
    const struct lt_bench_options *options = &bench->options;
    char path[LT_BENCH_TEXT_BYTES];
    for (size_t s = 0; options->latency.count > 0 && s < options->sizes.count; s++) {
        for (size_t r = 0; r < options->rates.count; r++) {
            const struct lt_bench_cell cell = {
                .scenario = LT_BENCH_LATENCY,
                .rate = (uint32_t)options->rates.list[r],
                .value_bytes = options->sizes.list[s],
            };
            run_cell(bench, &cell, &options->latency, NULL);
            snprintf(path, sizeof path, "%s/latency-%u-%zu.svg", options->out_dir, cell.rate,
                     cell.value_bytes);
            lt_bench_curve_write(path, &bench->results, &cell, &options->latency);
        }
    }
}

static void run_drains(struct bench *bench)
{
    const struct lt_bench_options *options = &bench->options;
    for (size_t s = 0; options->drain.count > 0 && s < options->sizes.count; s++) {
        size_t value_bytes = options->sizes.list[s];
        const struct lt_bench_cell cell = {.scenario = LT_BENCH_DRAIN, .value_bytes = value_bytes};
        struct lt_bench_backlog backlog;
        lt_bench_backlog_create(&bench->setup, &backlog, value_bytes, options->drain_records);
        run_cell(bench, &cell, &options->drain, &backlog);
        lt_bench_backlog_delete(&bench->setup, &backlog);
    }
}

static void make_directories(const char *path)
{
    char part[LT_BENCH_TEXT_BYTES];
    snprintf(part, sizeof part, "%s", path);
    for (char *at = part + 1;; at++) {
        char separator = *at;
        if (separator != '/' && separator != '\0')
            continue;
        *at = '\0';
        if (mkdir(part, 0755) != 0 && errno != EEXIST)
            lt_bench_die("cannot make directory \"%s\": %s", part, strerror(errno));
        if (separator == '\0')
            return;
        *at = separator;
    }
}

static void prepare(struct bench *bench)
{
    const struct lt_bench_options *options = &bench->options;
    bool quick = lt_bench_hold_wakeup_latency();
    bool pinned = lt_bench_pin(0, options->load_cpu);
    bool broker_pinned =
        options->broker_pid > 0 && lt_bench_pin(options->broker_pid, options->load_cpu);
    bool collected = options->broker_pid > 0 && lt_bench_collect_garbage(options->broker_pid);
    make_directories(options->out_dir);
    bench->setup = (struct lt_bench_setup){
        .floor = options->floor,
        .build = options->build,
        .out_dir = options->out_dir,
        .relay_cpu = options->relay_cpu,
        .collected_pid = collected ? options->broker_pid : 0,
        .partition_count = options->partition_count,
        .seconds = options->seconds,
        .warmup_seconds = options->warmup_seconds,
    };
    lt_bench_broker_open(&bench->setup.broker, options->bootstrap);
    lt_bench_describe_machine(stdout, "Machine: ");
    printf("Placement: relay on CPU %d; load and reader on CPU %d%s; broker %s; "
           "/dev/cpu_dma_latency %s for all; the broker collects its garbage %s\n",
           options->relay_cpu, options->load_cpu, pinned ? "" : " (refused)",
           broker_pinned ? "with them" : "where it likes", quick ? "held" : "not held",
           collected ? "before each run" : "when it likes");
    printf(
        "Runs: %u rounds, %u s each after %u s of warm-up, %d partition(s), acks=all, CreateTime\n",
        options->pairs, options->seconds, options->warmup_seconds, (int)options->partition_count);
}

static void write_raw_results(struct bench *bench)
{
    char path[LT_BENCH_TEXT_BYTES];
    snprintf(path, sizeof path, "%s/results.tsv", bench->options.out_dir);
    FILE *out = fopen(path, "w");
    if (!out)
        lt_bench_die("cannot write \"%s\": %s", path, strerror(errno));
    lt_bench_results_write(&bench->results, out);
    if (ferror(out) || fclose(out) != 0)
        lt_bench_die("cannot write \"%s\": %s", path, strerror(errno));
    printf("\nRaw results: %s; curves and logs beside it.\n", path);
}

int main(int argc, char **argv)
{
    static struct bench bench;
    const struct lt_bench_cell rest = {.scenario = LT_BENCH_REST};
    lt_bench_options_parse(&bench.options, argc, argv);
    prepare(&bench);
    warm_broker_up(&bench);
    run_latencies(&bench);
    run_drains(&bench);
    if (bench.options.rest.count > 0)
        run_cell(&bench, &rest, &bench.options.rest, NULL);
    lt_bench_report(&bench.options, &bench.results, stdout);
    bool all_met = lt_bench_verdict(&bench.options, &bench.results, stdout);
    write_raw_results(&bench);
    lt_bench_broker_close(&bench.setup.broker);
    lt_bench_results_fini(&bench.results);
    return all_met ? 0 : 1;
}
