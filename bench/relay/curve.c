#include "bench/relay/curve.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/relay/machine.h"

enum {
    WIDTH = 720,
    HEIGHT = 420,
    LEFT = 70,
    RIGHT = 150,
    TOP = 40,
    BOTTOM = 50,
    STEPS_PER_DECADE = 20,
    SAMPLES_ABOVE_MIN = 10,
};
static const char *const COLOURS[] = {"#888888", "#1f77b4", "#d62728", "#2ca02c", "#9467bd",
                                      "#8c564b", "#e377c2", "#bcbd22", "#17becf", "#ff7f0e"};
enum { COLOUR_COUNT = sizeof COLOURS / sizeof COLOURS[0] };

/* The plotted window, in decades. */
struct axes {
    double one_in_max; /* log10 of the largest n in "one in n" */
    double us_min, us_max;
};

static double x_of(const struct axes *axes, double one_in)
{
    return LEFT + (WIDTH - LEFT - RIGHT) * one_in / axes->one_in_max;
}

static double y_of(const struct axes *axes, double us)
{
    double part = (log10(us) - axes->us_min) / (axes->us_max - axes->us_min);
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * part;
}

static double latency_us(const struct lt_bench_histogram *histogram, double one_in)
{
    double us = (double)lt_bench_histogram_quantile(histogram, 1 - pow(10, -one_in)) / 1e3;
    return us < 1 ? 1 : us;
}

static void choose_axes(struct axes *axes, const struct lt_bench_histogram *merged, size_t count)
{
    *axes = (struct axes){.one_in_max = 1, .us_min = 9, .us_max = 0};
    for (size_t i = 0; i < count; i++) {
        if (merged[i].count == 0)
            continue;
        double decades = log10((double)merged[i].count / SAMPLES_ABOVE_MIN);
        axes->one_in_max = fmax(axes->one_in_max, decades);
        axes->us_min = fmin(axes->us_min, floor(log10(latency_us(&merged[i], 0.05))));
        axes->us_max = fmax(axes->us_max, ceil(log10(latency_us(&merged[i], decades))));
    }
    if (axes->us_max <= axes->us_min)
        axes->us_max = axes->us_min + 1;
}

static void write_grid(FILE *out, const struct axes *axes)
{
    static const char *const PERCENTS[] = {"0", "90", "99", "99.9", "99.99", "99.999", "99.9999"};
    int bottom = HEIGHT - BOTTOM, right = WIDTH - RIGHT;
    for (int decade = 0; decade <= (int)axes->one_in_max && decade < 7; decade++) {
        double x = x_of(axes, decade);
        fprintf(out, "<path d='M%.1f %d V%d' stroke='#ddd'/>\n", x, TOP, bottom);
        fprintf(out, "<text x='%.1f' y='%d' text-anchor='middle'>%s</text>\n", x, bottom + 18,
                PERCENTS[decade]);
    }
    for (int decade = (int)axes->us_min; decade <= (int)axes->us_max; decade++) {
        double y = y_of(axes, pow(10, decade));
        fprintf(out, "<path d='M%d %.1f H%d' stroke='#ddd'/>\n", LEFT, y, right);
        fprintf(out, "<text x='%d' y='%.1f' text-anchor='end'>%.0f us</text>\n", LEFT - 6, y + 4,
                pow(10, decade));
    }
    fprintf(out, "<text x='%d' y='%d' text-anchor='middle'>percentile</text>\n",
            (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12);
}

static void write_line(FILE *out, const struct axes *axes, const struct lt_bench_histogram *merged,
                       const char *name, size_t index)
{
    const char *colour = COLOURS[index % COLOUR_COUNT];
    double decades = log10((double)merged->count / SAMPLES_ABOVE_MIN);
    int steps = (int)(decades * STEPS_PER_DECADE);
    fprintf(out, "<polyline fill='none' stroke-width='2' stroke='%s' points='", colour);
    for (int step = 1; step <= steps; step++) {
        double one_in = (double)step / STEPS_PER_DECADE;
        fprintf(out, "%.1f,%.1f ", x_of(axes, one_in), y_of(axes, latency_us(merged, one_in)));
    }
    fputs("'/>\n", out);
    int y = TOP + 16 + 18 * (int)index;
    fprintf(out, "<path d='M%d %d h18' stroke-width='2' stroke='%s'/>\n", WIDTH - RIGHT + 8, y - 4,
            colour);
    fprintf(out, "<text x='%d' y='%d'>%s</text>\n", WIDTH - RIGHT + 30, y, name);
}

void lt_bench_curve_write(const char *path, const struct lt_bench_results *results,
                          const struct lt_bench_cell *cell,
                          const struct lt_bench_program_list *programs)
{
    struct lt_bench_histogram *merged = lt_bench_alloc(programs->count, sizeof *merged);
    struct axes axes;
    for (size_t i = 0; i < programs->count; i++)
        lt_bench_merge(results, cell, programs->list[i]->name, &merged[i]);
    choose_axes(&axes, merged, programs->count);
    FILE *out = fopen(path, "w");
    if (!out)
        lt_bench_die("cannot write \"%s\": %s", path, strerror(errno));
    fprintf(out,
            "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 %d %d' font-family='sans-serif' "
            "font-size='12'>\n<rect width='100%%' height='100%%' fill='white'/>\n"
            "<text x='%d' y='24' font-size='14'>%u records/s of %zu B: intended send to consumed"
            "</text>\n",
            WIDTH, HEIGHT, LEFT, cell->rate, cell->value_bytes);
    write_grid(out, &axes);
    for (size_t i = 0; i < programs->count; i++)
        if (merged[i].count > 0)
            write_line(out, &axes, &merged[i], programs->list[i]->name, i);
    fputs("</svg>\n", out);
    if (ferror(out) || fclose(out) != 0)
        lt_bench_die("cannot write \"%s\": %s", path, strerror(errno));
    free(merged);
}
