#include "bench/relay/results.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/relay/machine.h"

static const char *const METRIC_NAMES[] = {
    [LT_BENCH_P50_US] = "p50_us",
    [LT_BENCH_P90_US] = "p90_us",
    [LT_BENCH_P99_US] = "p99_us",
    [LT_BENCH_MAX_US] = "max_us",
    [LT_BENCH_ACHIEVED] = "achieved",
    [LT_BENCH_CPU_PERCENT] = "cpu_percent",
    [LT_BENCH_OTHERS_PERCENT] = "others_percent",
    [LT_BENCH_DRAIN_S] = "drain_s",
    [LT_BENCH_DRAIN_CPU_S] = "drain_cpu_s",
    [LT_BENCH_RECORDS_PER_CPU_S] = "records_per_cpu_s",
    [LT_BENCH_STARTUP_MS] = "startup_ms",
    [LT_BENCH_RESIDENT_MIB] = "resident_mib",
};
_Static_assert(sizeof METRIC_NAMES / sizeof METRIC_NAMES[0] == LT_BENCH_METRICS, "a name for each");
static const char *const SCENARIO_NAMES[] = {"latency", "drain", "rest"};

const char *lt_bench_metric_name(enum lt_bench_metric metric)
{
    return METRIC_NAMES[metric];
}

struct lt_bench_run *lt_bench_results_add(struct lt_bench_results *results,
                                          const struct lt_bench_cell *cell, const char *program,
                                          uint32_t round)
{
    if (results->count == results->capacity) {
        results->capacity = results->capacity == 0 ? 256 : 2 * results->capacity;
        results->runs = reallocarray(results->runs, results->capacity, sizeof *results->runs);
        if (!results->runs)
            lt_bench_die("out of memory for %zu runs", results->capacity);
    }
    struct lt_bench_run *run = &results->runs[results->count++];
    *run = (struct lt_bench_run){.cell = *cell, .program = program, .round = round};
    for (int m = 0; m < LT_BENCH_METRICS; m++)
        run->metrics[m] = NAN;
    return run;
}

void lt_bench_results_fini(struct lt_bench_results *results)
{
    for (size_t i = 0; i < results->count; i++)
        free(results->runs[i].histogram);
    free(results->runs);
    *results = (struct lt_bench_results){0};
}

bool lt_bench_cell_equal(const struct lt_bench_cell *a, const struct lt_bench_cell *b)
{
    return a->scenario == b->scenario && a->rate == b->rate && a->value_bytes == b->value_bytes;
}

static bool is_of(const struct lt_bench_run *run, const struct lt_bench_cell *cell,
                  const char *program)
{
    return lt_bench_cell_equal(&run->cell, cell) && strcmp(run->program, program) == 0;
}

bool lt_bench_results_have(const struct lt_bench_results *results, const struct lt_bench_cell *cell,
                           const char *program)
{
    for (size_t i = 0; i < results->count; i++)
        if (is_of(&results->runs[i], cell, program))
            return true;
    return false;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median_of(double *values, size_t count)
{
    if (count == 0)
        return NAN;
    qsort(values, count, sizeof *values, compare_doubles);
    return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

double lt_bench_median(const struct lt_bench_results *results, const struct lt_bench_cell *cell,
                       const char *program, enum lt_bench_metric metric)
{
    double *values = lt_bench_alloc(results->count, sizeof *values);
    size_t count = 0;
    for (size_t i = 0; i < results->count; i++) {
        const struct lt_bench_run *run = &results->runs[i];
        if (is_of(run, cell, program) && run->fault[0] == '\0' && !isnan(run->metrics[metric]))
            values[count++] = run->metrics[metric];
    }
    double median = median_of(values, count);
    free(values);
    return median;
}

static const struct lt_bench_run *find_in_round(const struct lt_bench_results *results,
                                                const struct lt_bench_cell *cell,
                                                const char *program, uint32_t round)
{
    for (size_t i = 0; i < results->count; i++) {
        const struct lt_bench_run *run = &results->runs[i];
        if (run->round == round && run->fault[0] == '\0' && is_of(run, cell, program))
            return run;
    }
    return NULL;
}

double lt_bench_paired(const struct lt_bench_results *results, const struct lt_bench_cell *cell,
                       const char *of, const char *by, enum lt_bench_metric metric, bool difference)
{
    double *values = lt_bench_alloc(results->count, sizeof *values);
    size_t count = 0;
    for (size_t i = 0; i < results->count; i++) {
        const struct lt_bench_run *run = &results->runs[i];
        if (!is_of(run, cell, of) || run->fault[0] != '\0')
            continue;
        const struct lt_bench_run *other = find_in_round(results, cell, by, run->round);
        if (!other || isnan(run->metrics[metric]) || isnan(other->metrics[metric]))
            continue;
        values[count++] = difference ? run->metrics[metric] - other->metrics[metric]
                                     : run->metrics[metric] / other->metrics[metric];
    }
    double median = median_of(values, count);
    free(values);
    return median;
}

void lt_bench_merge(const struct lt_bench_results *results, const struct lt_bench_cell *cell,
                    const char *program, struct lt_bench_histogram *into)
{
    for (size_t i = 0; i < results->count; i++) {
        const struct lt_bench_run *run = &results->runs[i];
        if (is_of(run, cell, program) && run->fault[0] == '\0' && run->histogram)
            lt_bench_histogram_add(into, run->histogram);
    }
}

void lt_bench_results_write(const struct lt_bench_results *results, FILE *out)
{
    fputs("scenario\trate\tvalue_bytes\tround\tprogram", out);
    for (int m = 0; m < LT_BENCH_METRICS; m++)
        fprintf(out, "\t%s", METRIC_NAMES[m]);
    fputs("\tsent\tintact\tduplicates\treordered\tcorrupt\tunfiltered\tchanged\tfault\tnote\n",
          out);
    for (size_t i = 0; i < results->count; i++) {
        const struct lt_bench_run *run = &results->runs[i];
        fprintf(out, "%s\t%u\t%zu\t%u\t%s", SCENARIO_NAMES[run->cell.scenario], run->cell.rate,
                run->cell.value_bytes, run->round, run->program);
        for (int m = 0; m < LT_BENCH_METRICS; m++) {
            if (isnan(run->metrics[m]))
                fputc('\t', out);
            else
                fprintf(out, "\t%.10g", run->metrics[m]);
        }
        fprintf(out,
                "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64
                "\t%" PRIu64 "\t%s\t%s\n",
                run->sent, run->intact, run->duplicates, run->reordered, run->corrupt,
                run->unfiltered, run->changed, run->fault, run->note);
    }
}
