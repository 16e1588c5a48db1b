/*
 * SQL on streams against others, on the same rows in the same run: see bench/README.md.
 *
 *     sql_bench [--python PYTHON --directory DIRECTORY] [QUERY'S-NAME-OR-ITS-BEGIN]
 *
 * Without a Python there is only leat and the loops by hand, which takes seconds. Each query goes
 * through all of its engines in turns, round by round; each turn is all rows once, its figure the
 * nanoseconds of CPU time that one row cost, its answer checked against the others'.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/sql/engine.h"
#include "bench/sql/queries.h"
#include "bench/sql/rival.h"
#include "bench/verdict.h"

enum {
    ROWS = 100000,
    SMOKE_ROWS = 2000,
    ROUNDS = 15,
    ROUNDS_WITH_RIVALS = 7,
    WARM_UPS_MAX = 20,
    PATH_BYTES = 512
};

/* Into a sink that sums over all columns, as the loops by hand and DuckDB do; into one that does
 * nothing, as Spark's. */
#define LEAT "leat"
#define LEAT_COUNTING "leat, to a sink that does nothing"
#define SPARK_TIMES 8.0
#define DUCKDB_TIMES 2.0
/* A rival is warm when it has run for so long and its last run was no faster, by a tenth, than the
 * one before, or WARM_UPS_MAX times. */
#define WARM_UP_S 6.0

struct bench {
    const char *python, *directory, *only;
    struct bench_rows rows[ROW_KINDS];
    struct rival *rivals[RIVALS]; /* NULL: not there */
    bool has_rivals;
};

static double clock_ns(clockid_t clock)
{
    struct timespec time;
    if (clock_gettime(clock, &time) != 0)
        bench_wrong("no clock");
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/* "a filter on JSON fields/leat"; valid until the next call but three. */
static const char *figure(const struct query *query, const char *engine)
{
    static char names[4][96];
    static unsigned next;
    char *name = names[next++ % 4];
    snprintf(name, sizeof names[0], "%s/%s", query->name, engine);
    return name;
}

static void check(const struct query *query, const char *engine, struct answer answer,
                  struct answer expected)
{
    if (!answer_is(answer, expected))
        bench_wrong("%s: %s answers %lld rows of %lld in all, leat %lld of %lld", query->name,
                    engine, (long long)answer.count, (long long)answer.sum,
                    (long long)expected.count, (long long)expected.sum);
}

/* ---------------------------------------------------------------------------------------- turns */

static void turn_of_leat(const struct query *query, const char *name, struct engine *engine,
                         uint32_t count, struct answer expected)
{
    double begin_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    struct answer answer = engine_run(engine);
    bench_note(figure(query, name), (clock_ns(CLOCK_THREAD_CPUTIME_ID) - begin_ns) / count);
    check(query, name, answer, expected);
}

static void turn_by_hand(const struct query *query, const struct bench_rows *rows,
                         struct answer expected)
{
    double begin_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    struct answer answer = query->by_hand(rows);
    double ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - begin_ns;
    check(query, "the loop by hand", answer, expected);
    bench_note(figure(query, "by hand"), ns / rows->count);
}

static double turn_of_rival(struct rival *rival, int which, const struct query *query,
                            struct answer expected)
{
    double ns;
    struct answer answer = rival_run(rival, query, &ns);
    if (!rival_sums(which))
        answer.sum = expected.sum;
    check(query, rival_name(which), answer, expected);
    return ns;
}

static bool takes_part(const struct bench *bench, int which, const struct query *query)
{
    return bench->rivals[which] != NULL && rival_knows(which, query);
}

static void warm_up_rival(struct rival *rival, int which, const struct query *query,
                          struct answer expected)
{
    double begin_ns = clock_ns(CLOCK_MONOTONIC), last_ns = 0, ns = 0;
    for (int run = 0; run < WARM_UPS_MAX; run++) {
        last_ns = ns;
        ns = turn_of_rival(rival, which, query, expected);
        bool is_faster = ns < last_ns * 0.9;
        bool is_early = clock_ns(CLOCK_MONOTONIC) - begin_ns < WARM_UP_S * 1e9;
        if (bench_is_smoke() || !rival_warms_up(which) || (!is_faster && !is_early))
            return;
    }
}

static void warm_up(const struct bench *bench, const struct query *query, struct answer expected)
{
    for (int which = 0; which < RIVALS; which++)
        if (takes_part(bench, which, query))
            warm_up_rival(bench->rivals[which], which, query, expected);
}

static void measure(const struct bench *bench, const struct query *query)
{
    const struct bench_rows *rows = &bench->rows[query->rows];
    struct engine *engine = engine_create(query, rows, true);
    struct engine *counting = engine_create(query, rows, false);
    struct answer expected = engine_run(engine), counted = {.count = expected.count};
    check(query, LEAT_COUNTING, engine_run(counting), counted); /* both are warm then */
    int rounds = bench_is_smoke() ? 1 : bench->has_rivals ? ROUNDS_WITH_RIVALS : ROUNDS;
    warm_up(bench, query, expected);
    for (int round = 0; round < rounds; round++) {
        turn_of_leat(query, LEAT, engine, rows->count, expected);
        turn_of_leat(query, LEAT_COUNTING, counting, rows->count, counted);
        if (query->by_hand != NULL)
            turn_by_hand(query, rows, expected);
        for (int which = 0; which < RIVALS; which++)
            if (takes_part(bench, which, query))
                bench_note(figure(query, rival_name(which)),
                           turn_of_rival(bench->rivals[which], which, query, expected) /
                               rows->count);
    }
    engine_destroy(counting);
    engine_destroy(engine);
    printf("%-28s %6lld of %u rows, checksum %lld: %s\n", query->name, (long long)expected.count,
           rows->count, (long long)expected.sum, query->what);
}

/* ----------------------------------------------------------------------------------------- bars */

static void judge_by_hand(const struct query *query)
{
    char what[96];
    if (bench_median(figure(query, "by hand")) <= 0)
        return;
    snprintf(what, sizeof what, "%s, of the loop by hand", query->name);
    double times = bench_median_ratio(figure(query, LEAT), figure(query, "by hand"));
    if (query->of_hand_max > 0)
        bench_at_most(what, times, query->of_hand_max, "x its time");
    else
        printf("%s: %.2f x its time\n", what, times);
}

/* Rows per CPU-second, of leat against those of `which`, which sums as leat does or counts as leat
 * does; 0: it was not measured. */
static double times_of(const struct query *query, int which)
{
    if (bench_median(figure(query, rival_name(which))) <= 0)
        return 0;
    const char *own = which == RIVAL_DUCKDB ? LEAT : LEAT_COUNTING;
    return bench_median_ratio(figure(query, rival_name(which)), figure(query, own));
}

static void judge_rivals(const struct query *query)
{
    char what[96];
    double stream = times_of(query, RIVAL_SPARK_STREAM), batch = times_of(query, RIVAL_SPARK);
    if (stream > 0) {
        snprintf(what, sizeof what, "%s, of a stream of Spark's", query->name);
        bench_at_least(what, stream, SPARK_TIMES, "x its rows per CPU-second");
    }
    if (batch > 0)
        printf("%s, of a batch of Spark's: %.2f x its rows per CPU-second\n", query->name, batch);
    if (times_of(query, RIVAL_DUCKDB) > 0) {
        snprintf(what, sizeof what, "%s, of DuckDB", query->name);
        bench_at_most(
            what, bench_median_ratio(figure(query, LEAT), figure(query, rival_name(RIVAL_DUCKDB))),
            DUCKDB_TIMES, "x its time");
    }
}

/* ----------------------------------------------------------------------------------------- main */

static void make_rows(struct bench *bench)
{
    for (int kind = 0; kind < ROW_KINDS; kind++)
        bench_rows_init(&bench->rows[kind], (enum row_kind)kind,
                        bench_is_smoke() ? SMOKE_ROWS : ROWS);
}

static void start_rivals(struct bench *bench)
{
    char path[PATH_BYTES];
    if (bench->python == NULL)
        return;
    for (int which = 0; which < RIVALS; which++) {
        bench->rivals[which] = rival_start(which, bench->python, bench->directory);
        bench->has_rivals |= bench->rivals[which] != NULL;
    }
    for (int kind = 0; kind < ROW_KINDS; kind++) {
        snprintf(path, sizeof path, "%s/%s", bench->directory, row_kind_name((enum row_kind)kind));
        bench_rows_write(&bench->rows[kind], path);
        for (int which = 0; which < RIVALS; which++)
            if (bench->rivals[which] != NULL)
                rival_load(bench->rivals[which], &bench->rows[kind], path);
    }
}

static bool parse(struct bench *bench, int argc, char **argv)
{
    static const struct option options[] = {
        {"python", required_argument, NULL, 'p'}, {"directory", required_argument, NULL, 'd'}, {0}};
    int option;
    *bench = (struct bench){.only = "", .directory = "."};
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'p')
            bench->python = optarg;
        else if (option == 'd')
            bench->directory = optarg;
        else
            return false;
    }
    if (optind < argc)
        bench->only = argv[optind++];
    return optind == argc;
}

/* A whole name is that query alone: "d Nexmark q2" is also how q21 begins. */
static bool is_whole_name(const char *name)
{
    for (size_t i = 0; i < query_count; i++)
        if (strcmp(queries[i].name, name) == 0)
            return true;
    return false;
}

static bool is_wanted(const struct bench *bench, const struct query *query)
{
    if (is_whole_name(bench->only))
        return strcmp(query->name, bench->only) == 0;
    return strncmp(query->name, bench->only, strlen(bench->only)) == 0;
}

int main(int argc, char **argv)
{
    struct bench bench;
    if (!parse(&bench, argc, argv)) {
        fputs("usage: sql_bench [--python PYTHON --directory DIRECTORY] [QUERY]\n", stderr);
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    make_rows(&bench);
    start_rivals(&bench);
    for (size_t i = 0; i < query_count; i++)
        if (is_wanted(&bench, &queries[i]))
            measure(&bench, &queries[i]);
    for (int which = 0; which < RIVALS; which++)
        rival_stop(bench.rivals[which]);
    bench_print_table("SQL, CPU time per row", "ns");
    putchar('\n');
    for (size_t i = 0; i < query_count; i++) {
        if (!is_wanted(&bench, &queries[i]))
            continue;
        judge_by_hand(&queries[i]);
        judge_rivals(&queries[i]);
    }
    for (int kind = 0; kind < ROW_KINDS; kind++)
        bench_rows_fini(&bench.rows[kind]);
    return bench_status();
}
