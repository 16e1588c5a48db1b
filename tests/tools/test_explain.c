/* `leat explain`: a relay's plan and its choices, and the plans of statements. No broker. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/support/program.h"
#include "tests/support/scratch.h"

static struct program p;

static void expect_usage(const char *const *arguments, const char *text)
{
    program_expect_usage(&p, "leat", arguments, text);
}

static void explain_needs_no_broker_and_says_what_decided_each_choice(void **state)
{
    (void)state;
    const char *const arguments[] = {"explain",
                                     "relay",
                                     "kafka://127.0.0.1:1/in",
                                     "kafka://127.0.0.1:1/out",
                                     "--checkpoint",
                                     "/no/such/folder",
                                     "--stages",
                                     "2",
                                     "--partition",
                                     "key",
                                     NULL};
    program_run(&p, "leat", arguments, PROGRAM_ARGS("LEAT_LANES=1"), NULL);
    assert_string_equal(p.err, "");
    assert_int_equal(p.status, 0);
    assert_contains(p.out, "\nsource kafka: ");
    assert_contains(p.out, "\nguarantee: at-least-once   # ");
    assert_contains(p.out, "\nlanes: 1   # lanes = 1, environment LEAT_LANES\n");
    assert_contains(p.out, "\nstages: 2, joined by rings   # stages = 2, command line\n");
    assert_contains(p.out, "\nidle: ");
    assert_contains(p.out, "\nlane CPUs: ");
    assert_contains(p.out, "\nhousekeeping CPUs: ");
    assert_contains(p.out, "\ncheckpoint: /no/such/folder   # ");
}

static void explain_of_two_urls_is_that_of_the_relay(void **state)
{
    (void)state;
    char folder[SCRATCH_PATH_SIZE], url[SCRATCH_PATH_SIZE + 16];
    scratch_create(folder);
    snprintf(url, sizeof url, "file://%s", folder);
    program_run(&p, "leat",
                PROGRAM_ARGS("explain", "relay", url, "foreachBatch:cat", "--format", "text"), NULL,
                NULL);
    assert_string_equal(p.err, "");
    assert_int_equal(p.status, 0);
    assert_contains(p.out, "\nmode: micro-batch   # ");
    char *wanted = strdup(p.out);
    assert_non_null(wanted);
    program_run(&p, "leat", PROGRAM_ARGS("explain", url, "foreachBatch:cat", "--format", "text"),
                NULL, NULL);
    assert_string_equal(p.err, "");
    assert_string_equal(p.out, wanted);
    free(wanted);
    scratch_remove(folder);
    expect_usage(PROGRAM_ARGS("explain", "file:/x"),
                 "leat explain: no sink; hint: leat relay SOURCE SINK, such as "
                 "kafka://127.0.0.1:9092/in kafka://127.0.0.1:9092/out\n");
}

static void explain_tells_the_plans_of_statements_and_runs_none(void **state)
{
    (void)state;
    program_run(&p, "leat",
                PROGRAM_ARGS("explain", "-e",
                             "CREATE TABLE s USING rate; CREATE TABLE o USING noop; INSERT INTO o "
                             "SELECT value FROM s WHERE value > 1"),
                NULL, NULL);
    assert_string_equal(p.err, "");
    assert_int_equal(p.status, 0);
    assert_contains(p.out, "== Parsed Logical Plan ==\n'InsertIntoStatement ");
    assert_contains(p.out, "\n== Physical Plan ==\nWriteToContinuousDataSource noop\n+- Project "
                           "[value]\n   +- Filter (value > 1)\n      +- ContinuousScan[value] "
                           "rate\n");
    assert_contains(p.out, "\nmode: continuous   # trigger continuous, ");
    program_run(&p, "leat", PROGRAM_ARGS("explain", "-e", "SELECT nope"), NULL, NULL);
    assert_int_equal(p.status, 2);
    assert_contains(p.err, "leat explain: [UNRESOLVED_COLUMN.");
    expect_usage(PROGRAM_ARGS("explain", "--wrong"),
                 "leat explain: \"--wrong\" is no option; hint: -e 'SQL' or -f FILE\n");
}

static void explain_tells_when_a_result_can_be_seen(void **state)
{
    static const char text[] = "CREATE TABLE s USING rate; CREATE TABLE o (n BIGINT) USING csv "
                               "LOCATION '%s' OPTIONS (outputMode 'append', trigger '%s', "
                               "checkpointLocation '%s/checkpoint'); "
                               "INSERT INTO o SELECT value FROM s";
    static const struct {
        const char *trigger, *seen;
    } cases[] = {
        {"continuous 3 seconds",
         "at most 3.00 s after it was read, and the commit   # with its epoch\n"},
        {"processingTime 3 seconds",
         "when its batch is committed   # with all rows of the batch\n"},
    };
    char folder[SCRATCH_PATH_SIZE], sql[2 * SCRATCH_PATH_SIZE + sizeof text + 32];
    (void)state;
    scratch_create(folder);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        snprintf(sql, sizeof sql, text, folder, cases[i].trigger, folder);
        program_run(&p, "leat", PROGRAM_ARGS("explain", "-e", sql), NULL, NULL);
        assert_string_equal(p.err, "");
        assert_contains(p.out, "\nvisible in sink csv: ");
        assert_contains(p.out, cases[i].seen);
    }
    scratch_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(explain_needs_no_broker_and_says_what_decided_each_choice),
        cmocka_unit_test(explain_of_two_urls_is_that_of_the_relay),
        cmocka_unit_test(explain_tells_the_plans_of_statements_and_runs_none),
        cmocka_unit_test(explain_tells_when_a_result_can_be_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
