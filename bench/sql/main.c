/*
 * SQL on streams against others, on the same rows in the same run: see bench/README.md.
 *
 * Each query goes through all of its engines in turns, round by round; each turn is all rows once,
 * its figure the nanoseconds of CPU time that one row cost, its answer checked against the others'.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/sql/by_hand.h"
#include "bench/sql/engine.h"
#include "bench/sql/queries.h"
#include "bench/verdict.h"

enum { ROWS = 100000, SMOKE_ROWS = 2000, ROUNDS = 15 };

static double thread_ns(void)
{
    struct timespec time;
    if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) != 0)
        bench_wrong("no clock of the thread");
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

static struct answer turn_of_leat(const struct query *query, struct engine *engine, double *ns)
{
    (void)query;
    double begin_ns = thread_ns();
    struct answer answer = engine_run(engine);
    *ns = thread_ns() - begin_ns;
    return answer;
}

static struct answer turn_by_hand(const struct query *query, const struct bench_rows *rows,
                                  double *ns)
{
    double begin_ns = thread_ns();
    struct answer answer = query->by_hand(rows);
    *ns = thread_ns() - begin_ns;
    return answer;
}

static void measure(const struct query *query, const struct bench_rows *rows)
{
    struct engine *engine = engine_create(query, rows);
    double ns;
    struct answer expected = turn_of_leat(query, engine, &ns); /* to warm up */
    for (int round = 0; round < (bench_is_smoke() ? 1 : ROUNDS); round++) {
        check(query, "leat, again,", turn_of_leat(query, engine, &ns), expected);
        bench_note(figure(query, "leat"), ns / rows->count);
        if (query->by_hand == NULL)
            continue;
        check(query, "the loop by hand", turn_by_hand(query, rows, &ns), expected);
        bench_note(figure(query, "by hand"), ns / rows->count);
    }
    engine_destroy(engine);
    printf("%-32s %lld of %u rows, checksum %lld\n", query->name, (long long)expected.count,
           rows->count, (long long)expected.sum);
}

static void judge(const struct query *query)
{
    if (bench_median(figure(query, "by hand")) <= 0)
        return;
    double times = bench_median_ratio(figure(query, "leat"), figure(query, "by hand"));
    if (query->of_hand_max > 0)
        bench_at_most(query->name, times, query->of_hand_max, "x by hand");
    else
        printf("%s: %.2f x by hand\n", query->name, times);
}

int main(int argc, char **argv)
{
    const char *only = argc > 1 ? argv[1] : "";
    struct bench_rows rows[ROW_KINDS];
    for (int kind = 0; kind < ROW_KINDS; kind++)
        bench_rows_init(&rows[kind], (enum row_kind)kind, bench_is_smoke() ? SMOKE_ROWS : ROWS);
    for (size_t i = 0; i < query_count; i++)
        if (strncmp(queries[i].name, only, strlen(only)) == 0)
            measure(&queries[i], &rows[queries[i].rows]);
    bench_print_table("SQL, nanoseconds of CPU per row", "ns");
    putchar('\n');
    for (size_t i = 0; i < query_count; i++)
        judge(&queries[i]);
    for (int kind = 0; kind < ROW_KINDS; kind++)
        bench_rows_fini(&rows[kind]);
    return bench_status();
}
