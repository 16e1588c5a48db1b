/*
 * The verdicts of the small benches. Each case is a process of its own, as a bench is: what was
 * missed cannot be taken back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "bench/verdict.h"

struct outcome {
    int status;
    char out[4096]; /* and stderr */
};

static struct outcome run(void (*bench)(void), const char *smoke)
{
    struct outcome outcome = {0};
    int ends[2], status;
    size_t used = 0;
    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (dup2(ends[1], STDOUT_FILENO) < 0 || dup2(ends[1], STDERR_FILENO) < 0 ||
            setenv("LEAT_BENCH_SMOKE", smoke, 1) != 0)
            _exit(99);
        close(ends[0]);
        close(ends[1]);
        bench();
        fflush(stdout);
        _exit(bench_status());
    }
    close(ends[1]);
    for (ssize_t count; used < sizeof outcome.out - 1; used += (size_t)count) {
        count = read(ends[0], outcome.out + used, sizeof outcome.out - 1 - used);
        assert_true(count >= 0);
        if (count == 0)
            break;
    }
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    outcome.status = WEXITSTATUS(status);
    return outcome;
}

static void assert_says(const struct outcome *outcome, const char *text)
{
    if (strstr(outcome->out, text) == NULL)
        fail_msg("\"%s\" is not in: %s", text, outcome->out);
}

static void meet_two(void)
{
    bench_at_most("as slow as allowed", 5, 5, "ns");
    bench_at_least("as fast as asked", 2, 2, "M/s");
}

static void a_bar_that_is_reached_is_met(void **state)
{
    (void)state;
    struct outcome outcome = run(meet_two, "0");
    assert_int_equal(outcome.status, 0);
    assert_says(&outcome, "as slow as allowed: 5.00 ns (bar <= 5.00) ok\n");
    assert_says(&outcome, "as fast as asked: 2.00 M/s (bar >= 2.00) ok\n");
}

static void be_too_slow(void)
{
    bench_at_most("too slow", 5.01, 5, "ns");
    bench_at_most("fast", 4, 5, "ns");
}

static void take_too_few(void)
{
    bench_at_least("too few", 1.99, 2, "M/s");
    bench_at_least("many", 3, 2, "M/s");
}

static void one_missed_bar_is_the_status_of_the_bench(void **state)
{
    (void)state;
    struct outcome outcome = run(be_too_slow, "0");
    assert_int_equal(outcome.status, 1);
    assert_says(&outcome, "too slow: 5.01 ns (bar <= 5.00) MISSED\n");
    assert_says(&outcome, "fast: 4.00 ns (bar <= 5.00) ok\n");
    outcome = run(take_too_few, "0");
    assert_int_equal(outcome.status, 1);
    assert_says(&outcome, "too few: 1.99 M/s (bar >= 2.00) MISSED\n");
    assert_says(&outcome, "many: 3.00 M/s (bar >= 2.00) ok\n");
}

static void nothing_is_judged_in_a_smoke_run(void **state)
{
    (void)state;
    struct outcome outcome = run(be_too_slow, "1");
    assert_int_equal(outcome.status, 0);
    assert_says(&outcome, "too slow: 5.01 ns (bar <= 5.00) not judged\n");
    assert_null(strstr(outcome.out, "ok"));
}

static void note_nothing(void)
{
    bench_note("a hop", 0);
}

static void a_figure_that_cannot_be_ends_the_bench(void **state)
{
    (void)state;
    struct outcome outcome = run(note_nothing, "1");
    assert_int_equal(outcome.status, 1);
    assert_says(&outcome, "wrong result: \"a hop\" measured as 0\n");
}

/* Pairs 2/1, 30/10, 4/1: the ratio of the medians would be 4. */
static void judge_pairs(void)
{
    const double values[] = {2, 30, 4}, bases[] = {1, 10, 1};
    for (int i = 0; i < 3; i++) {
        bench_note("value", values[i]);
        bench_note("base", bases[i]);
    }
    bench_at_most("ratio", bench_median_ratio("value", "base"), 3, "x");
    bench_at_least("ratio", bench_median_ratio("value", "base"), 3, "x");
    bench_at_most("difference", bench_median_difference("value", "base"), 3, "ns");
    bench_at_least("difference", bench_median_difference("value", "base"), 3, "ns");
    bench_at_most("median", bench_median("value"), 4, "ns");
    bench_at_least("median", bench_median("value"), 4, "ns");
}

static void series_of_pairs_are_compared_pair_by_pair(void **state)
{
    (void)state;
    struct outcome outcome = run(judge_pairs, "0");
    if (outcome.status != 0)
        fail_msg("%s", outcome.out);
}

/* 1 to 101 us, the greatest first: the middle one, and the one that 99 % of them do not exceed. */
static void note_times(void)
{
    int64_t times_ns[101];
    for (int i = 0; i < 101; i++)
        times_ns[i] = (101 - i) * 1000;
    bench_note_times("a hop", times_ns, 101);
    bench_tell("middle", bench_median("a hop p50"), "us");
    bench_tell("late", bench_median("a hop p99"), "us");
}

static void times_become_two_series(void **state)
{
    (void)state;
    struct outcome outcome = run(note_times, "0");
    assert_int_equal(outcome.status, 0);
    assert_says(&outcome, "middle: 51.00 us\n");
    assert_says(&outcome, "late: 100.00 us\n");
}

static void note_no_times(void)
{
    bench_note_times("a hop", NULL, 0);
}

static void no_times_end_the_bench(void **state)
{
    (void)state;
    struct outcome outcome = run(note_no_times, "1");
    assert_int_equal(outcome.status, 1);
    assert_says(&outcome, "wrong result: \"a hop\": nothing was measured\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bar_that_is_reached_is_met),
        cmocka_unit_test(one_missed_bar_is_the_status_of_the_bench),
        cmocka_unit_test(nothing_is_judged_in_a_smoke_run),
        cmocka_unit_test(a_figure_that_cannot_be_ends_the_bench),
        cmocka_unit_test(series_of_pairs_are_compared_pair_by_pair),
        cmocka_unit_test(times_become_two_series),
        cmocka_unit_test(no_times_end_the_bench),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
