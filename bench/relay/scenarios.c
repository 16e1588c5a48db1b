#include "bench/relay/scenarios.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/relay/child.h"
#include "bench/relay/collector.h"
#include "bench/relay/load.h"
#include "bench/relay/machine.h"
#include "bench/relay/payload.h"
#include "bench/relay/reader.h"

#define SECOND_NS INT64_C(1000000000)
#define READY_TIMEOUT_NS (60 * SECOND_NS)
#define STOP_TIMEOUT_NS (60 * SECOND_NS)
#define ARRIVAL_TIMEOUT_NS (60 * SECOND_NS)
#define DRAIN_TIMEOUT_NS (300 * SECOND_NS)
#define SETTLE_NS                                                                                  \
    (SECOND_NS / 5) /* between ready and load, and after the last record of a drain                \
                     */
#define WATCH_NS (SECOND_NS / 100)
#define REST_NS (2 * SECOND_NS)

enum {
    LATENCIES_MIN = 10000, /* a hundred above p99 */
    SAMPLE_RANGES = 16,
    SAMPLE_RECORDS = 500,
};

/* One run's names. */
struct names {
    uint32_t run;
    char in[64];
    char out[64];
    char checkpoint[LT_BENCH_TEXT_BYTES];
    char log[LT_BENCH_TEXT_BYTES];
};

static void make_names(struct lt_bench_setup *setup, const char *program, struct names *names)
{
    names->run = setup->next_run++;
    int pid = (int)getpid();
    snprintf(names->in, sizeof names->in, "relay-%d-%u-in", pid, names->run);
    snprintf(names->out, sizeof names->out, "relay-%d-%u-out", pid, names->run);
    snprintf(names->checkpoint, sizeof names->checkpoint, "%s/checkpoint-%d-%u", setup->out_dir,
             pid, names->run);
    snprintf(names->log, sizeof names->log, "%s/%s.log", setup->out_dir, program);
}

static bool start_program(struct lt_bench_setup *setup, const struct lt_bench_program *program,
                          const struct names *names, const char *in, struct lt_bench_child *child,
                          struct lt_bench_run *run)
{
    char command[2 * LT_BENCH_COMMAND_BYTES];
    const struct lt_bench_command_values values = {
        .bootstrap = setup->broker.bootstrap,
        .in = in,
        .out = names->out,
        .from = "earliest",
        .checkpoint = names->checkpoint,
        .floor = setup->floor,
        .build = setup->build,
    };
    lt_bench_command_expand(program, &values, command, sizeof command);
    bool started =
        lt_bench_child_start(child, command, setup->relay_cpu, names->log, READY_TIMEOUT_NS);
    if (!started)
        snprintf(run->fault, sizeof run->fault, "not ready; see %s.log", program->name);
    return started;
}

static void remove_tree(const char *path)
{
    char command[LT_BENCH_TEXT_BYTES + 16];
    struct stat info;
    if (stat(path, &info) != 0)
        return;
    snprintf(command, sizeof command, "rm -rf '%s'", path);
    if (system(command) != 0)
        lt_bench_die("cannot remove \"%s\"", path);
}

static void stop_program(struct lt_bench_child *child, const struct names *names,
                         struct lt_bench_run *run)
{
    if (!lt_bench_child_stop(child, STOP_TIMEOUT_NS))
        snprintf(run->note, sizeof run->note, "did not end cleanly on SIGTERM");
    remove_tree(names->checkpoint);
}

static void judge_changes(const struct lt_bench_setup *setup, struct lt_bench_run *run)
{
    char *text = setup->must_not_change ? run->fault : run->note;
    size_t size = setup->must_not_change ? sizeof run->fault : sizeof run->note;
    if (run->changed > 0)
        snprintf(text, size, "changed key, timestamp or headers of %" PRIu64 " records",
                 run->changed);
}

static void judge(const struct lt_bench_setup *setup, const struct lt_bench_tally *tally,
                  uint64_t expected, struct lt_bench_run *run)
{
    run->sent = expected;
    run->intact = tally->intact;
    run->duplicates = tally->duplicates;
    run->reordered = tally->reordered;
    run->corrupt = tally->corrupt;
    run->unfiltered = tally->unfiltered;
    run->changed = tally->changed;
    if (run->fault[0] != '\0')
        return;
    uint64_t faults = (expected - tally->intact) + tally->duplicates + tally->reordered +
                      tally->corrupt + tally->unfiltered;
    if (faults > 0)
        snprintf(run->fault, sizeof run->fault,
                 "lost %" PRIu64 ", duplicated %" PRIu64 ", reordered %" PRIu64 ", corrupt %" PRIu64
                 ", unfiltered %" PRIu64,
                 expected - tally->intact, tally->duplicates, tally->reordered, tally->corrupt,
                 tally->unfiltered);
    else
        judge_changes(setup, run);
}

/* ------------------------------------------------------------------------------ latency */

/* What a child and its CPU had used at one time. */
struct usage {
    int64_t at_ns;
    int64_t child_ns; /* -1: no child */
    int64_t busy_ns;
};

static struct usage usage_now(const struct lt_bench_setup *setup,
                              const struct lt_bench_child *child)
{
    return (struct usage){
        .at_ns = lt_bench_now_ns(),
        .child_ns = child ? lt_bench_child_cpu_ns(child) : -1,
        .busy_ns = lt_bench_cpu_busy_ns(setup->relay_cpu),
    };
}

static void note_usage(const struct usage *from, const struct usage *to, struct lt_bench_run *run)
{
    double elapsed_ns = (double)(to->at_ns - from->at_ns);
    if (from->child_ns < 0 || to->child_ns < 0)
        return;
    int64_t used_ns = to->child_ns - from->child_ns;
    run->metrics[LT_BENCH_CPU_PERCENT] = 100.0 * (double)used_ns / elapsed_ns;
    if (from->busy_ns < 0 || to->busy_ns < 0)
        return;
    double others = 100.0 * (double)(to->busy_ns - from->busy_ns - used_ns) / elapsed_ns;
    run->metrics[LT_BENCH_OTHERS_PERCENT] = others < 0 ? 0 : others; /* the ticks are coarse */
}

static void await_arrivals(struct lt_bench_reader *reader, uint64_t expected)
{
    int64_t deadline_ns = lt_bench_now_ns() + ARRIVAL_TIMEOUT_NS;
    while (atomic_load(&reader->received) < expected && lt_bench_now_ns() < deadline_ns)
        lt_bench_sleep_until(lt_bench_now_ns() + WATCH_NS);
    lt_bench_sleep_until(lt_bench_now_ns() + SETTLE_NS); /* what is too much comes now */
}

static void note_latencies(const struct lt_bench_histogram *histogram, struct lt_bench_run *run)
{
    run->metrics[LT_BENCH_P50_US] = (double)lt_bench_histogram_quantile(histogram, 0.5) / 1e3;
    run->metrics[LT_BENCH_P90_US] = (double)lt_bench_histogram_quantile(histogram, 0.9) / 1e3;
    run->metrics[LT_BENCH_P99_US] = (double)lt_bench_histogram_quantile(histogram, 0.99) / 1e3;
    run->metrics[LT_BENCH_MAX_US] = (double)histogram->max_ns / 1e3;
    run->histogram = lt_bench_alloc(1, sizeof *run->histogram);
    lt_bench_histogram_add(run->histogram, histogram);
}

/* `child` is NULL in the one-hop run. */
static void load_and_read(struct lt_bench_setup *setup, const struct names *names,
                          struct lt_bench_child *child, struct lt_bench_run *run)
{
    uint32_t rate = run->cell.rate;
    uint64_t measured = (uint64_t)rate * setup->seconds;
    uint64_t warmup = (uint64_t)rate * setup->warmup_seconds;
    uint64_t count = (measured < LATENCIES_MIN ? LATENCIES_MIN : measured) + warmup;
    uint32_t partitions = (uint32_t)setup->partition_count;
    if (setup->collected_pid > 0 && !lt_bench_collect_garbage(setup->collected_pid))
        lt_bench_die("broker: process %d did not collect its garbage", setup->collected_pid);
    struct lt_bench_load load = {
        .bootstrap = setup->broker.bootstrap,
        .topic = names->in,
        .run = names->run,
        .partition_count = partitions,
        .rate = rate,
        .value_bytes = run->cell.value_bytes,
        .count = count,
        .start_ns = lt_bench_now_ns() + SETTLE_NS,
    };
    struct lt_bench_reader *reader = lt_bench_alloc(1, sizeof *reader);
    reader->topic = child ? names->out : names->in;
    reader->partition_count = setup->partition_count;
    reader->measure_from_ns = load.start_ns + (int64_t)setup->warmup_seconds * SECOND_NS;
    reader->skip_short = !child;
    lt_bench_tally_init(&reader->tally, names->run, partitions, count / partitions + 1);
    lt_bench_reader_start(reader, setup->broker.bootstrap);

    struct lt_bench_load_result result;
    struct usage before = usage_now(setup, child);
    lt_bench_load_run(&load, &result);
    struct usage after = usage_now(setup, child);
    await_arrivals(reader, count);
    lt_bench_reader_stop(reader);

    judge(setup, &reader->tally, count, run);
    note_latencies(&reader->histogram, run);
    run->metrics[LT_BENCH_ACHIEVED] = result.achieved_rate / (double)rate;
    note_usage(&before, &after, run);
    lt_bench_tally_fini(&reader->tally);
    free(reader);
}

void lt_bench_run_latency(struct lt_bench_setup *setup, const struct lt_bench_program *program,
                          struct lt_bench_run *run)
{
    struct names names;
    struct lt_bench_child child;
    bool one_hop = program->command[0] == '\0';
    make_names(setup, program->name, &names);
    lt_bench_topic_create(&setup->broker, names.in, setup->partition_count);
    if (one_hop) {
        load_and_read(setup, &names, NULL, run);
    } else {
        lt_bench_topic_create(&setup->broker, names.out, setup->partition_count);
        if (start_program(setup, program, &names, names.in, &child, run)) {
            load_and_read(setup, &names, &child, run);
            stop_program(&child, &names, run);
        }
        lt_bench_topic_delete(&setup->broker, names.out);
    }
    lt_bench_topic_delete(&setup->broker, names.in);
}

/* ------------------------------------------------------------------------------ drain */

void lt_bench_backlog_create(struct lt_bench_setup *setup, struct lt_bench_backlog *backlog,
                             size_t value_bytes, uint64_t count)
{
    uint32_t partitions = (uint32_t)setup->partition_count;
    *backlog = (struct lt_bench_backlog){
        .run = setup->next_run++, .value_bytes = value_bytes, .count = count};
    snprintf(backlog->topic, sizeof backlog->topic, "relay-%d-%u-backlog", (int)getpid(),
             backlog->run);
    lt_bench_topic_create(&setup->broker, backlog->topic, setup->partition_count);
    const struct lt_bench_load load = {
        .bootstrap = setup->broker.bootstrap,
        .topic = backlog->topic,
        .run = backlog->run,
        .partition_count = partitions,
        .value_bytes = value_bytes,
        .count = count,
        .start_ns = lt_bench_now_ns(),
    };
    struct lt_bench_load_result result;
    lt_bench_load_run(&load, &result);
}

void lt_bench_backlog_delete(struct lt_bench_setup *setup, const struct lt_bench_backlog *backlog)
{
    lt_bench_topic_delete(&setup->broker, backlog->topic);
}

/* Returns how many records have come, when all are there or time is up. */
static uint64_t watch_until_drained(struct lt_bench_setup *setup, const char *out,
                                    uint64_t expected, const struct lt_bench_child *child)
{
    int64_t deadline_ns = child->spawned_ns + DRAIN_TIMEOUT_NS;
    uint64_t arrived;
    do {
        lt_bench_sleep_until(lt_bench_now_ns() + WATCH_NS);
        arrived = lt_bench_topic_count(&setup->broker, out, setup->partition_count);
    } while (arrived < expected && lt_bench_now_ns() < deadline_ns && !atomic_load(&child->ended));
    return arrived;
}

/* Reads stretches all over the output and checks each record in them; `changed` becomes how many of
 * them are whole but not as sent. */
static bool sample_is_right(struct lt_bench_setup *setup, const char *out,
                            const struct lt_bench_backlog *backlog, uint64_t *changed)
{
    struct lt_bench_tally tally;
    uint64_t per_partition = backlog->count / (uint64_t)setup->partition_count;
    uint64_t stretch = per_partition < SAMPLE_RECORDS ? per_partition : SAMPLE_RECORDS;
    uint64_t wanted = 0, read = 0;
    lt_bench_tally_init(&tally, backlog->run, (uint32_t)setup->partition_count, per_partition + 1);
    for (uint64_t i = 0; i < SAMPLE_RANGES; i++) {
        int32_t partition = (int32_t)(i % (uint64_t)setup->partition_count);
        uint64_t from = (per_partition - stretch) * i / (SAMPLE_RANGES - 1);
        wanted += stretch;
        read += lt_bench_read_range(setup->broker.bootstrap, out, partition, (int64_t)from, stretch,
                                    &tally);
    }
    bool right = read == wanted && tally.corrupt == 0 && tally.unfiltered == 0 &&
                 tally.reordered == 0 && tally.intact + tally.duplicates == wanted;
    *changed = tally.changed;
    lt_bench_tally_fini(&tally);
    return right;
}

static void time_drain(struct lt_bench_setup *setup, const struct names *names,
                       const struct lt_bench_backlog *backlog, struct lt_bench_child *child,
                       struct lt_bench_run *run)
{
    struct usage before = usage_now(setup, child);
    uint64_t arrived = watch_until_drained(setup, names->out, backlog->count, child);
    int64_t end_ns = lt_bench_now_ns();
    /* Late costs, such as delivery reports not yet looked at, belong to the drain. */
    lt_bench_sleep_until(end_ns + SETTLE_NS);
    struct usage after = usage_now(setup, child);
    int64_t cpu_ns = after.child_ns;
    note_usage(&before, &after, run);
    arrived = lt_bench_topic_count(&setup->broker, names->out, setup->partition_count);
    run->sent = backlog->count;
    run->intact = arrived;
    run->metrics[LT_BENCH_DRAIN_S] = (double)(end_ns - child->spawned_ns) / 1e9;
    run->metrics[LT_BENCH_DRAIN_CPU_S] = (double)cpu_ns / 1e9;
    run->metrics[LT_BENCH_RECORDS_PER_CPU_S] = (double)backlog->count * 1e9 / (double)cpu_ns;
    if (arrived != backlog->count)
        snprintf(run->fault, sizeof run->fault, "%" PRIu64 " of %" PRIu64 " records arrived",
                 arrived, backlog->count);
    else if (cpu_ns < 0)
        snprintf(run->fault, sizeof run->fault, "ended by itself");
    else if (!sample_is_right(setup, names->out, backlog, &run->changed))
        snprintf(run->fault, sizeof run->fault, "the sample of the output is wrong");
    else
        judge_changes(setup, run);
}

void lt_bench_run_drain(struct lt_bench_setup *setup, const struct lt_bench_program *program,
                        const struct lt_bench_backlog *backlog, struct lt_bench_run *run)
{
    struct names names;
    struct lt_bench_child child;
    make_names(setup, program->name, &names);
    lt_bench_topic_create(&setup->broker, names.out, setup->partition_count);
    if (start_program(setup, program, &names, backlog->topic, &child, run)) {
        time_drain(setup, &names, backlog, &child, run);
        stop_program(&child, &names, run);
    }
    lt_bench_topic_delete(&setup->broker, names.out);
}

/* ------------------------------------------------------------------------------ rest */

void lt_bench_run_rest(struct lt_bench_setup *setup, const struct lt_bench_program *program,
                       struct lt_bench_run *run)
{
    struct names names;
    struct lt_bench_child child;
    make_names(setup, program->name, &names);
    lt_bench_topic_create(&setup->broker, names.in, setup->partition_count);
    lt_bench_topic_create(&setup->broker, names.out, setup->partition_count);
    if (start_program(setup, program, &names, names.in, &child, run)) {
        run->metrics[LT_BENCH_STARTUP_MS] = (double)lt_bench_child_startup_ns(&child) / 1e6;
        lt_bench_sleep_until(lt_bench_now_ns() + REST_NS);
        int64_t resident_kib = lt_bench_child_resident_kib(&child);
        if (resident_kib < 0)
            snprintf(run->fault, sizeof run->fault, "ended by itself");
        run->metrics[LT_BENCH_RESIDENT_MIB] = (double)resident_kib / 1024;
        stop_program(&child, &names, run);
    }
    lt_bench_topic_delete(&setup->broker, names.in);
    lt_bench_topic_delete(&setup->broker, names.out);
}
