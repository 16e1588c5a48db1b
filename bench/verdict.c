#include "bench/verdict.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SERIES_MAX = 128, VALUES_MAX = 1024 };

struct series {
    char name[96];
    int count;
    double values[VALUES_MAX];
};

static struct series all_series[SERIES_MAX];
static int series_count;

bool bench_is_smoke(void)
{
    const char *text = getenv("LEAT_BENCH_SMOKE");
    return text != NULL && strcmp(text, "1") == 0;
}

void bench_wrong(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("bench: wrong result: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(EXIT_FAILURE);
}

static struct series *find(const char *name)
{
    for (int i = 0; i < series_count; i++) {
        if (strcmp(all_series[i].name, name) == 0)
            return &all_series[i];
    }
    return NULL;
}

static struct series *find_or_add(const char *name)
{
    struct series *series = find(name);
    if (series != NULL)
        return series;
    if (series_count == SERIES_MAX || strlen(name) >= sizeof series->name)
        bench_wrong("no room for the figure \"%s\"", name);
    series = &all_series[series_count++];
    memcpy(series->name, name, strlen(name) + 1);
    return series;
}

void bench_declare(const char *name)
{
    (void)find_or_add(name);
}

void bench_note(const char *name, double value)
{
    struct series *series = find_or_add(name);
    if (!isfinite(value) || value <= 0)
        bench_wrong("\"%s\" measured as %g", name, value);
    if (series->count == VALUES_MAX)
        bench_wrong("more than %d values of \"%s\"", VALUES_MAX, name);
    series->values[series->count++] = value;
}

static int by_size(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

void bench_note_times(const char *name, int64_t *times_ns, int count)
{
    char text[sizeof((struct series *)0)->name + 8];
    if (count < 1)
        bench_wrong("\"%s\": nothing was measured", name);
    qsort(times_ns, (size_t)count, sizeof *times_ns, by_size);
    snprintf(text, sizeof text, "%s p50", name);
    bench_note(text, (double)times_ns[count / 2] / 1000);
    snprintf(text, sizeof text, "%s p99", name);
    bench_note(text, (double)times_ns[count * 99 / 100] / 1000);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Sorts `values`. */
static double median_of(double *values, int count)
{
    if (count == 0)
        return 0;
    qsort(values, (size_t)count, sizeof *values, compare);
    return count % 2 == 1 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

double bench_median(const char *name)
{
    static double values[VALUES_MAX];
    const struct series *series = find(name);
    if (series == NULL)
        return 0;
    memcpy(values, series->values, sizeof values);
    return median_of(values, series->count);
}

static double ratio(double value, double base)
{
    return value / base;
}

static double difference(double value, double base)
{
    return value - base;
}

static double median_of_pairs(const char *name, const char *base, double (*combine)(double, double))
{
    static double values[VALUES_MAX];
    const struct series *a = find(name), *b = find(base);
    if (a == NULL || b == NULL)
        return 0;
    int count = a->count < b->count ? a->count : b->count;
    for (int i = 0; i < count; i++)
        values[i] = combine(a->values[i], b->values[i]);
    return median_of(values, count);
}

double bench_median_ratio(const char *name, const char *base)
{
    return median_of_pairs(name, base, ratio);
}

double bench_median_difference(const char *name, const char *base)
{
    return median_of_pairs(name, base, difference);
}

bool bench_agree(const char *a, const char *b, double tolerance)
{
    double x = bench_median(a), y = bench_median(b);
    return x > 0 && y > 0 && fabs(x - y) <= tolerance * (x < y ? x : y);
}

void bench_print_table(const char *title, const char *unit)
{
    static double values[VALUES_MAX];
    printf("\n%-52s %10s %10s %10s  %s\n", title, "median", "least", "greatest", unit);
    for (int i = 0; i < series_count; i++) {
        const struct series *series = &all_series[i];
        memcpy(values, series->values, sizeof values);
        if (series->count == 0)
            continue;
        double median = median_of(values, series->count);
        printf("%-52s %10.2f %10.2f %10.2f  of %d\n", series->name, median, values[0],
               values[series->count - 1], series->count);
    }
}

static bool has_missed;

static void judge(const char *what, double figure, const char *relation, double bar,
                  const char *unit, bool is_met)
{
    const char *verdict = bench_is_smoke() ? "not judged" : is_met ? "ok" : "MISSED";
    has_missed |= !is_met && !bench_is_smoke();
    printf("%s: %.2f %s (bar %s %.2f) %s\n", what, figure, unit, relation, bar, verdict);
}

void bench_tell(const char *what, double figure, const char *unit)
{
    printf("%s: %.2f %s\n", what, figure, unit);
}

void bench_at_most(const char *what, double figure, double bar, const char *unit)
{
    judge(what, figure, "<=", bar, unit, figure <= bar);
}

void bench_at_least(const char *what, double figure, double bar, const char *unit)
{
    judge(what, figure, ">=", bar, unit, figure >= bar);
}

int bench_status(void)
{
    return has_missed ? 1 : 0;
}
