/* A relay to several sinks: what each is given, and who is told of what stands behind --also. */
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

#define IN "kafka://127.0.0.1:1/in"
#define OUT "kafka://127.0.0.1:1/out"

static struct program p;
static char scratch[SCRATCH_PATH_SIZE];

static int set_up(void **state)
{
    (void)state;
    scratch_create(scratch);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    scratch_remove(scratch);
    return 0;
}

/* "append:///scratch/NAME"; the caller's to free. */
static char *file(const char *scheme, const char *name)
{
    char *text = malloc(SCRATCH_PATH_SIZE + 64);
    snprintf(text, SCRATCH_PATH_SIZE + 64, "%s%s/%s", scheme, scratch, name);
    return text;
}

static void holds(const char *name, const char *expected)
{
    char *text = scratch_read("%s/%s", scratch, name);
    assert_non_null(text);
    assert_string_equal(text, expected);
    free(text);
}

static void each_sink_is_given_what_stands_behind_it(void **state)
{
    (void)state;
    char *in = file("tail://", "in"), *all = file("append://", "all");
    char *large = file("append://", "large"), *named = file("append://", "named");
    char *checkpoint = file("", "checkpoint");
    const char *const arguments[] = {"relay",
                                     in,
                                     all,
                                     "--until-end",
                                     "--from",
                                     "earliest",
                                     "--where",
                                     "value <> '2'",
                                     "--also",
                                     large,
                                     "--where",
                                     "value > 2",
                                     "--also",
                                     named,
                                     "--select",
                                     "concat('n', value) x",
                                     "--checkpoint",
                                     checkpoint,
                                     "--counters",
                                     "off",
                                     NULL};
    scratch_write("1\n2\n3\n4\n", "%s/in", scratch);
    program_run(&p, "leat", arguments, NULL, NULL);
    if (p.status != 0)
        fail_msg("%s", p.err);
    holds("all", "1\n3\n4\n");
    holds("large", "3\n4\n");
    holds("named", "n1\nn2\nn3\nn4\n");
    assert_contains(p.out, "\"sinks\":[{\"description\":\"AppendSink[");
    assert_contains(p.out, "/large]\",\"numOutputRows\":2}");
    scratch_write("1\n2\n3\n4\n5\n", "%s/in", scratch);
    program_run(&p, "leat", arguments, NULL, NULL); /* goes on where all of them were */
    if (p.status != 0)
        fail_msg("%s", p.err);
    holds("all", "1\n3\n4\n5\n");
    holds("large", "3\n4\n5\n");
    holds("named", "n1\nn2\nn3\nn4\nn5\n");
    free(in), free(all), free(large), free(named), free(checkpoint);
}

static void inserts_of_a_job_that_read_a_shared_table_read_it_once(void **state)
{
    (void)state;
    char job[4 * SCRATCH_PATH_SIZE + 1024];
    scratch_write("1\n2\n3\n4\n", "%s/in", scratch);
    snprintf(job, sizeof job,
             "CREATE TABLE t USING tail OPTIONS (path '%s/in', startingPosition 'earliest', "
             "shared 'true');\n"
             "CREATE TABLE a USING append OPTIONS (path '%s/a', trigger 'availableNow', "
             "checkpointLocation '%s/checkpoint');\n"
             "CREATE TABLE b USING append OPTIONS (path '%s/b');\n"
             "INSERT INTO a SELECT value FROM t WHERE value > 2;\n"
             "INSERT INTO b SELECT concat('x', value) FROM t WHERE value < 3;\n",
             scratch, scratch, scratch, scratch);
    scratch_write(job, "%s/job.sql", scratch);
    char *path = file("", "job.sql");
    program_run(&p, "leat", PROGRAM_ARGS("run", path), NULL, NULL);
    if (p.status != 0)
        fail_msg("%s", p.err);
    holds("a", "3\n4\n");
    holds("b", "x1\nx2\n");
    assert_contains(p.err, "ended query a: read 4, ");
    assert_lacks(p.err, "query b");
    free(path);
}

static void the_file_has_a_list_of_them(void **state)
{
    (void)state;
    program_run_config(&p, "leat",
                       "also:\n"
                       "  - url: kafka://127.0.0.1:1/high\n"
                       "    where: value > 'm'\n"
                       "    kafka: {linger.ms: 7}\n"
                       "  - {url: \"console:\", partition: null, select: value}\n",
                       PROGRAM_ARGS("relay", IN, OUT, "--print-config"), NULL);
    assert_contains(p.err, "--partition");
    program_run_config(&p, "leat",
                       "also:\n"
                       "  - url: kafka://127.0.0.1:1/high\n"
                       "    where: value > 'm'\n"
                       "    kafka: {linger.ms: 7}\n"
                       "  - {url: \"console:\", select: value}\n",
                       PROGRAM_ARGS("relay", IN, OUT, "--print-config", "--checkpoint", "/c"),
                       NULL);
    assert_string_equal(p.err, "");
    assert_contains(p.out, "relay: also = kafka://127.0.0.1:1/high   # FILE:2:10\n");
    assert_contains(p.out, "relay: also.where = value > 'm'   # FILE:3:5\n");
    assert_contains(p.out, "sink kafka: kafka.linger.ms = 7   # FILE:4:13\n");
    assert_contains(p.out, "relay: also.select = value   # FILE:5:");
}

static void what_is_wrong_in_the_list_is_shown(void **state)
{
    (void)state;
    program_run_config(&p, "leat", "also: {url: x}\n",
                       PROGRAM_ARGS("relay", IN, OUT, "--print-config"), NULL);
    assert_string_equal(p.err, "leat relay: FILE:1:7: section \"also\" is no list of sinks\n");
    program_run_config(&p, "leat", "also:\n  - where: a\n",
                       PROGRAM_ARGS("relay", IN, OUT, "--print-config"), NULL);
    assert_string_equal(p.err, "leat relay: FILE:2:5: an element of section \"also\" has no url; "
                               "hint: - url: append:///var/log/alarms.jsonl\n");
}

static void an_error_says_of_which_sink_it_is(void **state)
{
    (void)state;
    program_expect_usage(
        &p, "leat", PROGRAM_ARGS("relay", IN, OUT, "--also", "console:", "--where", "nope = 1"),
        "leat relay: --where: cannot analyse the condition: A column, variable, "
        "or function parameter with name `nope` cannot be resolved. Did you mean "
        "one of the following? [`key`, `topic`, `offset`, `value`, `headers`].\n"
        "  nope = 1\n  ^^^^\n"
        "leat relay: that is of --also \"console:\"\n");
    program_expect_usage(
        &p, "leat",
        PROGRAM_ARGS("relay", IN, OUT, "--also", "console:", "--sink-option", "numRow=3"),
        "leat relay: command line: sink console: unknown option \"numRow\"; hint: did you mean "
        "\"numRows\"?\nleat relay: that is of --also \"console:\"\n");
}

static void a_further_sink_may_not_feed_the_source_either(void **state)
{
    (void)state;
    program_expect_usage(&p, "leat", PROGRAM_ARGS("relay", IN, OUT, "--also", IN),
                         "leat relay: topic \"in\" is both source and sink: the relay would feed "
                         "itself\nleat relay: that is of --also \"" IN "\"\n");
}

static void options_for_any_side_go_to_every_sink_that_knows_them(void **state)
{
    (void)state;
    program_run(&p, "leat",
                PROGRAM_ARGS("relay", "rate:", "console:", "--option", "numRows=3", "--option",
                             "kafka.linger.ms=9", "--also", OUT, "--select",
                             "cast(value as string) as value", "--print-config"),
                NULL, NULL);
    assert_int_equal(p.status, 2); /* the first sink, or source or query, must know it */
    assert_contains(p.err, "unknown option \"kafka.linger.ms\"");
    program_run(&p, "leat",
                PROGRAM_ARGS("relay", "rate:", "console:", "--option", "numRows=3", "--also", OUT,
                             "--select", "cast(value as string) as value", "--sink-option",
                             "kafka.linger.ms=9", "--also", "console:", "--checkpoint", "/c",
                             "--print-config"),
                NULL, NULL);
    assert_string_equal(p.err, "");
    assert_contains(p.out, "sink kafka: kafka.linger.ms = 9   # command line\n");
    const char *first = strstr(p.out, "sink console: numRows = 3   # command line\n");
    assert_non_null(first);
    assert_non_null(strstr(first + 1, "sink console: numRows = 3   # command line\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_sink_is_given_what_stands_behind_it, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(inserts_of_a_job_that_read_a_shared_table_read_it_once,
                                        set_up, tear_down),
        cmocka_unit_test(the_file_has_a_list_of_them),
        cmocka_unit_test(what_is_wrong_in_the_list_is_shown),
        cmocka_unit_test(an_error_says_of_which_sink_it_is),
        cmocka_unit_test(a_further_sink_may_not_feed_the_source_either),
        cmocka_unit_test(options_for_any_side_go_to_every_sink_that_knows_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
