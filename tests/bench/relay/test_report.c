/*
 * The relay bench's verdict over planted runs: when a bar is met, missed or not judged, and what a
 * failed run does.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench/relay/report.h"

enum { RATE = 10000, VALUE_BYTES = 128 };

static const struct lt_bench_program one_hop = {.name = "one-hop"};
static const struct lt_bench_program reference = {.name = "floor", .command = "floor"};
static const struct lt_bench_program throughput = {.name = "floor-throughput", .command = "floor"};
static const struct lt_bench_program candidate = {.name = "leat", .command = "leat"};
static const struct lt_bench_program epochless = {.name = "leat-no-epochs", .command = "leat"};
static const struct lt_bench_program rival = {.name = "rival", .command = "rival"};

static const struct lt_bench_cell latency = {
    .scenario = LT_BENCH_LATENCY, .rate = RATE, .value_bytes = VALUE_BYTES};
static const struct lt_bench_cell drain = {.scenario = LT_BENCH_DRAIN, .value_bytes = VALUE_BYTES};
static const struct lt_bench_cell rest = {.scenario = LT_BENCH_REST};

/* One bench: what was asked for, what the runs brought, what was said about it. */
struct bench {
    struct lt_bench_options options;
    struct lt_bench_results results;
    char *text;
    size_t text_bytes;
    bool all_met;
};

static int begin(void **state)
{
    struct bench *bench = calloc(1, sizeof *bench);
    assert_non_null(bench);
    bench->options = (struct lt_bench_options){
        .candidate = "leat",
        .drain_records = 8192,
        .rates = {.list = {RATE}, .count = 1},
        .sizes = {.list = {VALUE_BYTES}, .count = 1},
        .latency = {.list = {&one_hop, &reference, &candidate, &epochless, &rival}, .count = 5},
        .drain = {.list = {&reference, &throughput, &candidate, &epochless}, .count = 4},
        .rest = {.list = {&reference, &candidate}, .count = 2},
    };
    *state = bench;
    return 0;
}

static int end(void **state)
{
    struct bench *bench = *state;
    lt_bench_results_fini(&bench->results);
    free(bench->text);
    free(bench);
    return 0;
}

static struct lt_bench_run *plant_latency(struct bench *bench, const char *program, uint32_t round,
                                          double p50_us, double p99_us)
{
    struct lt_bench_run *run = lt_bench_results_add(&bench->results, &latency, program, round);
    run->metrics[LT_BENCH_P50_US] = p50_us;
    run->metrics[LT_BENCH_P99_US] = p99_us;
    return run;
}

static void give_fault(struct lt_bench_run *run, const char *text)
{
    snprintf(run->fault, sizeof run->fault, "%s", text);
}

static void plant_drain(struct bench *bench, const char *program, double records_per_cpu_s)
{
    struct lt_bench_run *run = lt_bench_results_add(&bench->results, &drain, program, 0);
    run->metrics[LT_BENCH_RECORDS_PER_CPU_S] = records_per_cpu_s;
    run->metrics[LT_BENCH_DRAIN_CPU_S] = 1e6 / records_per_cpu_s;
}

static void plant_rest(struct bench *bench, const char *program, double startup_ms, double mib)
{
    struct lt_bench_run *run = lt_bench_results_add(&bench->results, &rest, program, 0);
    run->metrics[LT_BENCH_STARTUP_MS] = startup_ms;
    run->metrics[LT_BENCH_RESIDENT_MIB] = mib;
}

static void judge(struct bench *bench)
{
    free(bench->text);
    FILE *out = open_memstream(&bench->text, &bench->text_bytes);
    assert_non_null(out);
    bench->all_met = lt_bench_verdict(&bench->options, &bench->results, out);
    lt_bench_report(&bench->options, &bench->results, out);
    assert_int_equal(fclose(out), 0);
}

static void assert_says(const struct bench *bench, const char *text)
{
    if (strstr(bench->text, text) == NULL)
        fail_msg("\"%s\" is not in: %s", text, bench->text);
}

static void all_is_well_only_if_every_bar_is_met(void **state)
{
    struct bench *bench = *state;
    plant_latency(bench, "floor", 0, 100, 200);
    plant_latency(bench, "leat", 0, 110, 250);
    plant_latency(bench, "leat-no-epochs", 0, 108, 250);
    plant_drain(bench, "floor", 1e6);
    plant_drain(bench, "leat", 0.96e6);
    plant_rest(bench, "floor", 10, 8);
    plant_rest(bench, "leat", 60, 40);
    judge(bench);
    assert_says(bench, "\n6 bars met, 0 missed, 0 not judged\n");
    assert_true(bench->all_met);
}

static void each_bar_can_be_missed(void **state)
{
    struct bench *bench = *state;
    plant_latency(bench, "floor", 0, 100, 200);
    plant_latency(bench, "leat", 0, 111, 260);
    plant_latency(bench, "leat-no-epochs", 0, 105, 251);
    plant_drain(bench, "floor", 1e6);
    plant_drain(bench, "leat", 0.94e6);
    plant_drain(bench, "leat-no-epochs", 1e6);
    plant_rest(bench, "floor", 10, 8);
    plant_rest(bench, "leat", 61, 41);
    judge(bench);
    assert_says(bench, "- 10000/s of 128 B: p50 ratio 1.11 (bar 1.10) MISSED\n");
    assert_says(bench, "- 10000/s of 128 B: p99 ratio 1.30 (bar 1.25) MISSED\n");
    assert_says(bench, "- 10000/s of 128 B: p50 with epochs to without 1.06 (bar 1.05) MISSED\n");
    assert_says(bench, "- drain of 128 B: records per CPU-second, ratio to floor 0.94 (bar 0.95) "
                       "MISSED\n");
    assert_says(bench, "- drain of 128 B: CPU with epochs to without 1.06 (bar 1.05) MISSED\n");
    assert_says(bench, "- start to ready, ms more 51.00 (bar 50.00) MISSED\n");
    assert_says(bench, "- resident memory, MiB more 33.00 (bar 32.00) MISSED\n");
    assert_says(bench, "\n0 bars met, 7 missed, 0 not judged\n");
    assert_false(bench->all_met);
}

static void one_missed_bar_among_others_is_enough(void **state)
{
    struct bench *bench = *state;
    plant_latency(bench, "floor", 0, 100, 200);
    plant_latency(bench, "leat", 0, 100, 300);
    judge(bench);
    assert_says(bench, "\n1 bars met, 1 missed, 0 not judged\n");
    assert_false(bench->all_met);
}

static void a_rate_that_the_reference_cannot_hold_is_not_judged(void **state)
{
    struct bench *bench = *state;
    plant_latency(bench, "floor", 0, 100, 5001);
    plant_latency(bench, "leat", 0, 900, 90000);
    judge(bench);
    assert_says(bench, "- 10000/s of 128 B: not judged, floor itself has p99 5001 us\n");
    assert_says(bench, "\n0 bars met, 0 missed, 2 not judged\n");
    assert_false(bench->all_met);
    plant_latency(bench, "leat-no-epochs", 0, 900, 90000);
    judge(bench);
    assert_says(bench, "\n0 bars met, 0 missed, 3 not judged\n");
    assert_false(bench->all_met);
    plant_rest(bench, "floor", 10, 8);
    plant_rest(bench, "leat", 10, 8);
    judge(bench);
    assert_says(bench, "\n2 bars met, 0 missed, 3 not judged\n");
    assert_true(bench->all_met);
}

static void where_nothing_is_compared_nothing_is_met(void **state)
{
    struct bench *bench = *state;
    judge(bench);
    assert_says(bench, "\n0 bars met, 0 missed, 0 not judged\n");
    assert_false(bench->all_met);
    /* alone it would be as good as itself */
    bench->options.latency = (struct lt_bench_program_list){.list = {&candidate}, .count = 1};
    plant_latency(bench, "leat", 0, 100, 200);
    judge(bench);
    assert_says(bench, "\n0 bars met, 0 missed, 0 not judged\n");
    assert_false(bench->all_met);
}

static void without_one_good_run_a_bar_is_missed(void **state)
{
    struct bench *bench = *state;
    plant_latency(bench, "floor", 0, 100, 200);
    give_fault(plant_latency(bench, "leat", 0, 100, 200), "lost 1");
    judge(bench);
    assert_says(bench, "- 10000/s of 128 B: p50 ratio: no result (bar 1.10) MISSED\n");
    assert_says(bench, "- FAILED RUN: leat, round 0, 10000/s of 128 B: lost 1\n");
    assert_says(bench, "\n0 bars met, 2 missed, 0 not judged; failed runs: 1\n");
    assert_false(bench->all_met);
}

static void a_failed_run_counts_in_no_figure_but_is_a_failure(void **state)
{
    struct bench *bench = *state;
    for (uint32_t round = 0; round < 3; round++) {
        plant_latency(bench, "floor", round, 100, 200);
        plant_latency(bench, "leat", round, 100, 200);
    }
    plant_latency(bench, "floor", 3, 100, 200);
    give_fault(plant_latency(bench, "leat", 3, 1e6, 1e6), "reordered 3");
    judge(bench);
    assert_says(bench, "p50 ratio 1.00 (bar 1.10) ok\n");
    assert_says(bench, "\n2 bars met, 0 missed, 0 not judged; failed runs: 1\n");
    assert_false(bench->all_met);
}

static void failed_runs_of_variants_are_failures_those_of_rivals_are_not(void **state)
{
    struct bench *bench = *state;
    plant_latency(bench, "floor", 0, 100, 200);
    plant_latency(bench, "leat", 0, 100, 200);
    give_fault(plant_latency(bench, "rival", 0, 100, 200), "lost 1");
    judge(bench);
    assert_says(bench, "- FAILED RUN: rival, round 0, 10000/s of 128 B: lost 1\n");
    assert_says(bench, "\n2 bars met, 0 missed, 0 not judged\n");
    assert_true(bench->all_met);
    give_fault(lt_bench_results_add(&bench->results, &drain, "floor-throughput", 0), "lost 1");
    judge(bench);
    assert_says(bench, "failed runs: 1\n");
    assert_false(bench->all_met);
    assert_true(lt_bench_is_compared(&bench->options, "leat-no-epochs"));
    assert_false(lt_bench_is_compared(&bench->options, "leather"));
    assert_false(lt_bench_is_compared(&bench->options, "rival"));
    assert_false(lt_bench_is_compared(&bench->options, "one-hop"));
}

static void a_drain_is_held_against_the_better_setting_of_the_floor(void **state)
{
    struct bench *bench = *state;
    plant_drain(bench, "floor", 1e6);
    plant_drain(bench, "floor-throughput", 2e6);
    plant_drain(bench, "leat", 1.5e6);
    judge(bench);
    assert_says(bench, "ratio to floor-throughput 0.75 (bar 0.95) MISSED\n");
    assert_false(bench->all_met);
}

/* Ratios 1.00, 1.00 and 1.20 in the rounds; the medians, 200 and 100, would say 2.00. */
static void ratios_are_taken_within_rounds(void **state)
{
    struct bench *bench = *state;
    const double floor_us[] = {100, 200, 50}, leat_us[] = {100, 200, 60};
    for (uint32_t round = 0; round < 3; round++) {
        plant_latency(bench, "floor", round, floor_us[round], floor_us[round]);
        plant_latency(bench, "leat", 2 - round, leat_us[2 - round], leat_us[2 - round]);
    }
    /* a round in which the other is missing has no ratio */
    plant_latency(bench, "leat", 3, 5000, 5000);
    plant_latency(bench, "leat", 4, 5000, 5000);
    judge(bench);
    assert_true(lt_bench_median(&bench->results, &latency, "leat", LT_BENCH_P50_US) == 200);
    assert_says(bench, "p50 ratio 1.00 (bar 1.10) ok\n");
    assert_true(bench->all_met);
}

static void what_was_not_measured_is_a_dash_in_the_tables(void **state)
{
    struct bench *bench = *state;
    plant_latency(bench, "floor", 0, 100, 200);
    judge(bench);
    assert_says(bench, "\n| floor | 100 | - | 200 | - |");
    assert_says(bench, "\n| leat | - | - | - | - |");
    assert_true(
        isnan(lt_bench_median(&bench->results, &latency, "leat-no-epochs", LT_BENCH_P50_US)));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        CASE(all_is_well_only_if_every_bar_is_met),
        CASE(each_bar_can_be_missed),
        CASE(one_missed_bar_among_others_is_enough),
        CASE(a_rate_that_the_reference_cannot_hold_is_not_judged),
        CASE(where_nothing_is_compared_nothing_is_met),
        CASE(without_one_good_run_a_bar_is_missed),
        CASE(a_failed_run_counts_in_no_figure_but_is_a_failure),
        CASE(failed_runs_of_variants_are_failures_those_of_rivals_are_not),
        CASE(a_drain_is_held_against_the_better_setting_of_the_floor),
        CASE(ratios_are_taken_within_rounds),
        CASE(what_was_not_measured_is_a_dash_in_the_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
