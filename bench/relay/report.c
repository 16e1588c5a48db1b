#include "bench/relay/report.h"

#include <math.h>
#include <string.h>

static const double P50_BAR = 1.10;
static const double P99_BAR = 1.25;
static const double RECORDS_PER_CPU_S_BAR = 0.95;
static const double EPOCHS_BAR = 1.05;
static const double STARTUP_BAR_MS = 50;
static const double RESIDENT_BAR_MIB = 32;
static const double JUDGED_P99_US = 5000;
enum { SAMPLES_ABOVE_MIN = 100 }; /* a percentile with fewer samples above it is not printed */

const char *lt_bench_reference(const struct lt_bench_program_list *programs)
{
    for (size_t i = 0; i < programs->count; i++)
        if (programs->list[i]->command[0] != '\0')
            return programs->list[i]->name;
    return NULL;
}

/* Whether it is `base` or a variant of it, `base`-something. */
static bool is_variant_of(const char *name, const char *base)
{
    size_t size = strlen(base);
    return strncmp(name, base, size) == 0 && (name[size] == '\0' || name[size] == '-');
}

bool lt_bench_is_compared(const struct lt_bench_options *options, const char *name)
{
    const struct lt_bench_program_list *lists[] = {&options->latency, &options->drain,
                                                   &options->rest};
    if (is_variant_of(name, options->candidate))
        return true;
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        const char *reference = lt_bench_reference(lists[i]);
        if (reference && is_variant_of(name, reference))
            return true;
    }
    return false;
}

/* A cell of a table: the number, or a dash when there is none. */
static void print_number(FILE *out, double number, int digits)
{
    if (isnan(number))
        fputs(" - |", out);
    else
        fprintf(out, " %.*f |", digits, number);
}

static void print_ratio(const struct lt_bench_results *results, const struct lt_bench_cell *cell,
                        const char *program, const char *reference, enum lt_bench_metric metric,
                        FILE *out)
{
    double ratio = NAN;
    if (reference && strcmp(reference, program) != 0)
        ratio = lt_bench_paired(results, cell, program, reference, metric, false);
    print_number(out, ratio, 2);
}

static void print_percentile(FILE *out, const struct lt_bench_histogram *histogram, double fraction)
{
    bool enough = (1 - fraction) * (double)histogram->count >= SAMPLES_ABOVE_MIN;
    double value_us = (double)lt_bench_histogram_quantile(histogram, fraction) / 1e3;
    print_number(out, enough ? value_us : NAN, 0);
}

static void print_latency_table(const struct lt_bench_options *options,
                                const struct lt_bench_results *results,
                                const struct lt_bench_cell *cell, FILE *out)
{
    static struct lt_bench_histogram merged;
    const char *reference = lt_bench_reference(&options->latency);
    fprintf(out, "\n#### %u records/s of %zu B\n\n", cell->rate, cell->value_bytes);
    fputs("| us | p50 | p90 | p99 | p99.9 | p99.99 | max | samples | CPU % | others % | achieved | "
          "p50 ratio "
          "| p99 ratio |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n",
          out);
    for (size_t i = 0; i < options->latency.count; i++) {
        const char *program = options->latency.list[i]->name;
        memset(&merged, 0, sizeof merged);
        lt_bench_merge(results, cell, program, &merged);
        fprintf(out, "| %s |", program);
        print_number(out, lt_bench_median(results, cell, program, LT_BENCH_P50_US), 0);
        print_number(out, lt_bench_median(results, cell, program, LT_BENCH_P90_US), 0);
        print_number(out, lt_bench_median(results, cell, program, LT_BENCH_P99_US), 0);
        print_percentile(out, &merged, 0.999);
        print_percentile(out, &merged, 0.9999);
        print_number(out, merged.count ? (double)merged.max_ns / 1e3 : NAN, 0);
        print_number(out, (double)merged.count, 0);
        print_number(out, lt_bench_median(results, cell, program, LT_BENCH_CPU_PERCENT), 1);
        print_number(out, lt_bench_median(results, cell, program, LT_BENCH_OTHERS_PERCENT), 1);
        print_number(out, lt_bench_median(results, cell, program, LT_BENCH_ACHIEVED), 3);
        print_ratio(results, cell, program, reference, LT_BENCH_P50_US, out);
        print_ratio(results, cell, program, reference, LT_BENCH_P99_US, out);
        fputc('\n', out);
    }
}

/* The profile of the floor with the most records per CPU-second: programs named like the reference.
 */
static const char *best_reference(const struct lt_bench_options *options,
                                  const struct lt_bench_results *results,
                                  const struct lt_bench_cell *cell)
{
    const char *reference = lt_bench_reference(&options->drain), *best = reference;
    double best_median = NAN;
    for (size_t i = 0; reference && i < options->drain.count; i++) {
        const char *name = options->drain.list[i]->name;
        if (!is_variant_of(name, reference))
            continue;
        double median = lt_bench_median(results, cell, name, LT_BENCH_RECORDS_PER_CPU_S);
        if (isnan(best_median) || median > best_median) {
            best = name;
            best_median = median;
        }
    }
    return best;
}

static void print_drain_table(const struct lt_bench_options *options,
                              const struct lt_bench_results *results,
                              const struct lt_bench_cell *cell, FILE *out)
{
    const char *best = best_reference(options, results, cell);
    fprintf(out, "\n#### Drain of %llu records of %zu B\n\n",
            (unsigned long long)options->drain_records, cell->value_bytes);
    fprintf(out,
            "| | seconds | CPU seconds | others %% | M records per CPU-second | ratio to %s |\n"
            "|---|--:|--:|--:|--:|--:|\n",
            best ? best : "nothing");
    for (size_t i = 0; i < options->drain.count; i++) {
        const char *program = options->drain.list[i]->name;
        fprintf(out, "| %s |", program);
        print_number(out, lt_bench_median(results, cell, program, LT_BENCH_DRAIN_S), 2);
        print_number(out, lt_bench_median(results, cell, program, LT_BENCH_DRAIN_CPU_S), 2);
        print_number(out, lt_bench_median(results, cell, program, LT_BENCH_OTHERS_PERCENT), 1);
        print_number(out, lt_bench_median(results, cell, program, LT_BENCH_RECORDS_PER_CPU_S) / 1e6,
                     3);
        print_ratio(results, cell, program, best, LT_BENCH_RECORDS_PER_CPU_S, out);
        fputc('\n', out);
    }
}

static void print_rest_table(const struct lt_bench_options *options,
                             const struct lt_bench_results *results,
                             const struct lt_bench_cell *cell, FILE *out)
{
    fputs("\n#### At rest\n\n| | start to ready, ms | resident, MiB |\n|---|--:|--:|\n", out);
    for (size_t i = 0; i < options->rest.count; i++) {
        const char *program = options->rest.list[i]->name;
        fprintf(out, "| %s |", program);
        print_number(out, lt_bench_median(results, cell, program, LT_BENCH_STARTUP_MS), 1);
        print_number(out, lt_bench_median(results, cell, program, LT_BENCH_RESIDENT_MIB), 1);
        fputc('\n', out);
    }
}

void lt_bench_report(const struct lt_bench_options *options, const struct lt_bench_results *results,
                     FILE *out)
{
    struct lt_bench_cell cell = {.scenario = LT_BENCH_LATENCY};
    for (size_t s = 0; options->latency.count > 0 && s < options->sizes.count; s++) {
        for (size_t r = 0; r < options->rates.count; r++) {
            cell.value_bytes = options->sizes.list[s];
            cell.rate = (uint32_t)options->rates.list[r];
            print_latency_table(options, results, &cell, out);
        }
    }
    cell = (struct lt_bench_cell){.scenario = LT_BENCH_DRAIN};
    for (size_t s = 0; options->drain.count > 0 && s < options->sizes.count; s++) {
        cell.value_bytes = options->sizes.list[s];
        print_drain_table(options, results, &cell, out);
    }
    cell = (struct lt_bench_cell){.scenario = LT_BENCH_REST};
    if (options->rest.count > 0)
        print_rest_table(options, results, &cell, out);
}

/* ------------------------------------------------------------------------------ verdict */

/* A candidate is not compared with itself, nor with a variant of itself. */
static bool has_bars(const struct lt_bench_options *options, const struct lt_bench_results *results,
                     const struct lt_bench_cell *cell, const char *reference)
{
    return reference && !is_variant_of(reference, options->candidate) &&
           lt_bench_results_have(results, cell, options->candidate);
}

struct bars {
    FILE *out;
    int met;
    int missed;
    int not_judged;
    int failed_runs; /* of the programs that bars compare */
};

/* A bar: met when `value` is at most (or, with `at_least`, at least) `limit`. Without a value it is
 * missed. */
static void judge(struct bars *bars, const char *what, double value, double limit, bool at_least)
{
    bool met = at_least ? value >= limit : value <= limit;
    if (met)
        bars->met++;
    else
        bars->missed++;
    if (isnan(value))
        fprintf(bars->out, "- %s: no result (bar %.2f) MISSED\n", what, limit);
    else
        fprintf(bars->out, "- %s %.2f (bar %.2f) %s\n", what, value, limit, met ? "ok" : "MISSED");
}

static void judge_latency(const struct lt_bench_options *options,
                          const struct lt_bench_results *results, const struct lt_bench_cell *cell,
                          struct bars *bars)
{
    char what[160], epochless[80];
    const char *candidate = options->candidate, *reference = lt_bench_reference(&options->latency);
    if (!has_bars(options, results, cell, reference))
        return;
    snprintf(epochless, sizeof epochless, "%s-no-epochs", candidate);
    bool has_epochless = lt_bench_results_have(results, cell, epochless);
    double reference_p99_us = lt_bench_median(results, cell, reference, LT_BENCH_P99_US);
    if (reference_p99_us > JUDGED_P99_US) {
        fprintf(bars->out, "- %u/s of %zu B: not judged, %s itself has p99 %.0f us\n", cell->rate,
                cell->value_bytes, reference, reference_p99_us);
        bars->not_judged += has_epochless ? 3 : 2;
        return;
    }
    snprintf(what, sizeof what, "%u/s of %zu B: p50 ratio", cell->rate, cell->value_bytes);
    judge(bars, what, lt_bench_paired(results, cell, candidate, reference, LT_BENCH_P50_US, false),
          P50_BAR, false);
    snprintf(what, sizeof what, "%u/s of %zu B: p99 ratio", cell->rate, cell->value_bytes);
    judge(bars, what, lt_bench_paired(results, cell, candidate, reference, LT_BENCH_P99_US, false),
          P99_BAR, false);
    if (!has_epochless)
        return;
    snprintf(what, sizeof what, "%u/s of %zu B: p50 with epochs to without", cell->rate,
             cell->value_bytes);
    judge(bars, what, lt_bench_paired(results, cell, candidate, epochless, LT_BENCH_P50_US, false),
          EPOCHS_BAR, false);
}

static void judge_drain(const struct lt_bench_options *options,
                        const struct lt_bench_results *results, const struct lt_bench_cell *cell,
                        struct bars *bars)
{
    char what[160], epochless[80];
    const char *candidate = options->candidate, *best = best_reference(options, results, cell);
    if (!has_bars(options, results, cell, best))
        return;
    snprintf(what, sizeof what, "drain of %zu B: records per CPU-second, ratio to %s",
             cell->value_bytes, best);
    judge(bars, what,
          lt_bench_paired(results, cell, candidate, best, LT_BENCH_RECORDS_PER_CPU_S, false),
          RECORDS_PER_CPU_S_BAR, true);
    snprintf(epochless, sizeof epochless, "%s-no-epochs", candidate);
    if (!lt_bench_results_have(results, cell, epochless))
        return;
    snprintf(what, sizeof what, "drain of %zu B: CPU with epochs to without", cell->value_bytes);
    judge(bars, what,
          lt_bench_paired(results, cell, candidate, epochless, LT_BENCH_DRAIN_CPU_S, false),
          EPOCHS_BAR, false);
}

static void judge_rest(const struct lt_bench_options *options,
                       const struct lt_bench_results *results, struct bars *bars)
{
    const struct lt_bench_cell cell = {.scenario = LT_BENCH_REST};
    const char *candidate = options->candidate, *reference = lt_bench_reference(&options->rest);
    if (!has_bars(options, results, &cell, reference))
        return;
    judge(bars, "start to ready, ms more",
          lt_bench_paired(results, &cell, candidate, reference, LT_BENCH_STARTUP_MS, true),
          STARTUP_BAR_MS, false);
    judge(bars, "resident memory, MiB more",
          lt_bench_paired(results, &cell, candidate, reference, LT_BENCH_RESIDENT_MIB, true),
          RESIDENT_BAR_MIB, false);
}

static void list_faults(const struct lt_bench_options *options,
                        const struct lt_bench_results *results, struct bars *bars)
{
    for (size_t i = 0; i < results->count; i++) {
        const struct lt_bench_run *run = &results->runs[i];
        if (run->note[0] != '\0')
            fprintf(bars->out, "- note: %s, round %u, %u/s of %zu B: %s\n", run->program,
                    run->round, run->cell.rate, run->cell.value_bytes, run->note);
        if (run->fault[0] == '\0')
            continue;
        fprintf(bars->out, "- FAILED RUN: %s, round %u, %u/s of %zu B: %s\n", run->program,
                run->round, run->cell.rate, run->cell.value_bytes, run->fault);
        if (lt_bench_is_compared(options, run->program))
            bars->failed_runs++;
    }
}

bool lt_bench_verdict(const struct lt_bench_options *options,
                      const struct lt_bench_results *results, FILE *out)
{
    struct lt_bench_cell cell = {.scenario = LT_BENCH_LATENCY};
    struct bars bars = {.out = out};
    fprintf(out, "\n#### Bars for %s\n\n", options->candidate);
    for (size_t s = 0; s < options->sizes.count; s++) {
        for (size_t r = 0; r < options->rates.count; r++) {
            cell.value_bytes = options->sizes.list[s];
            cell.rate = (uint32_t)options->rates.list[r];
            judge_latency(options, results, &cell, &bars);
        }
    }
    cell = (struct lt_bench_cell){.scenario = LT_BENCH_DRAIN};
    for (size_t s = 0; s < options->sizes.count; s++) {
        cell.value_bytes = options->sizes.list[s];
        judge_drain(options, results, &cell, &bars);
    }
    judge_rest(options, results, &bars);
    list_faults(options, results, &bars);
    fprintf(out, "\n%d bars met, %d missed, %d not judged", bars.met, bars.missed, bars.not_judged);
    if (bars.failed_runs > 0)
        fprintf(out, "; failed runs: %d", bars.failed_runs);
    fputc('\n', out);
    return bars.met > 0 && bars.missed == 0 && bars.failed_runs == 0;
}
