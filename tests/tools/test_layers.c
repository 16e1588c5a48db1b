/* Where a relay is told the same thing twice: which layer wins, and what is refused. No broker. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/support/program.h"

#define IN "kafka://127.0.0.1:1/in"
#define OUT "kafka://127.0.0.1:1/out"

static struct program p;

static void expect_usage(const char *const *arguments, const char *text)
{
    program_expect_usage(&p, "leat", arguments, text);
}

static void run_config(const char *text, const char *const *environment)
{
    program_run_config(&p, "leat", text, PROGRAM_ARGS("relay", "--print-config"), environment);
}

/* Runs a relay with `text` as its file and one option on the command line. */
static void run_config_and(const char *text, const char *flag, const char *value)
{
    program_run_config(&p, "leat", text,
                       PROGRAM_ARGS("relay", IN, OUT, "--print-config", flag, value), NULL);
}

static void the_command_line_wins_over_what_the_file_calls_by_another_name(void **state)
{
    (void)state;
    run_config_and("sink: {topic: other}\nquery: {checkpointLocation: /y9, lanes: 3}\n"
                   "source: {startingOffsets: latest, kafka.bootstrap.servers: \"h9:1\",\n"
                   "         subscribePattern: in.*}\n",
                   "--checkpoint", "/z");
    assert_string_equal(p.err, "");
    assert_contains(p.out, "relay: sink = " OUT "   # command line\n");
    assert_contains(p.out, "sink kafka: topic = out   # command line\n");
    assert_contains(p.out, "relay: checkpoint = /z   # command line\n");
    assert_contains(p.out, "query: checkpointLocation = /z   # command line\n");
    assert_contains(p.out, "source kafka: kafka.bootstrap.servers = 127.0.0.1:1   # command line");
    assert_contains(p.out, "source kafka: subscribe = in   # command line\n");
    assert_contains(p.out, "query: lanes = 3   # FILE:");
    assert_contains(p.out, "source kafka: startingOffsets = latest   # FILE:");
    assert_lacks(p.out, "in.*");
    assert_lacks(p.out, "h9");

    run_config_and("source: {startingTimestamp: 5}\nquery: {checkpointLocation: /y}\n", "--from",
                   "earliest");
    assert_contains(p.out, "source kafka: startingOffsets = earliest   # command line\n");
    assert_lacks(p.out, "startingTimestamp = 5");
    assert_contains(p.out, "relay: checkpoint = /y   # FILE:");
}

static void an_option_of_a_higher_layer_changes_what_the_url_is_shown_as(void **state)
{
    (void)state;
    run_config(
        "source:\n  url: " IN "\nsink:\n  url: " OUT "\nrelay:\n  checkpoint: /x\n"
        "  from: earliest\n",
        PROGRAM_ARGS("LEAT_SINK_OPTION_TOPIC=other", "LEAT_SOURCE_OPTION_STARTINGOFFSETS=latest"));
    assert_string_equal(p.err, "");
    assert_contains(p.out, "relay: sink = kafka://127.0.0.1:1/other   # ");
    assert_contains(p.out, "; topic: environment LEAT_SINK_OPTION_TOPIC\n");
    assert_contains(p.out, "sink kafka: topic = other   # environment LEAT_SINK_OPTION_TOPIC\n");
    assert_contains(p.out, "= latest   # environment LEAT_SOURCE_OPTION_STARTINGOFFSETS\n");
    assert_lacks(p.out, "relay: from");
    program_run(&p, "leat",
                PROGRAM_ARGS("relay", IN, "kafka://127.0.0.1:1", "--sink-option", "topic=in"), NULL,
                NULL);
    assert_string_equal(
        p.err, "leat relay: topic \"in\" is both source and sink: the relay would feed itself\n");
}

static void two_of_one_layer_that_disagree_are_refused(void **state)
{
    (void)state;
    expect_usage(
        PROGRAM_ARGS("relay", IN, OUT, "--option", "checkpointLocation=/y", "--checkpoint", "/z"),
        "leat relay: option \"checkpointLocation\" (command line) and --checkpoint "
        "(command line) disagree; hint: give one of them\n");
    expect_usage(PROGRAM_ARGS("relay", IN, OUT, "--from", "earliest", "--source-option",
                              "startingTimestamp=7"),
                 "leat relay: option \"startingTimestamp\" (command line) and --from (command "
                 "line) disagree; hint: give one of them\n");
    expect_usage(PROGRAM_ARGS("relay", IN, OUT, "--sink-option", "topic=b"),
                 "leat relay: sink \"" OUT "\" (command line) and option \"topic\" (command line) "
                 "disagree about the topic; hint: give one of them\n");
    expect_usage(PROGRAM_ARGS("relay", IN, OUT, "--option", "kafka.bootstrap.servers=h:2"),
                 "leat relay: source \"" IN "\" (command line) and option "
                 "\"kafka.bootstrap.servers\" (command line) disagree about the address; hint: "
                 "give one of them\n");
    expect_usage(PROGRAM_ARGS("relay", IN, OUT, "--option", "lanes=1", "--option", "LANES=2"),
                 "leat relay: command line: option \"LANES\" is there twice, and the values differ "
                 "(the other: command line); hint: give it once\n");
    expect_usage(PROGRAM_ARGS("relay", IN, OUT, "--where", "true", "--where", "false"),
                 "leat relay: command line: option --where is there twice; hint: give it once\n");
    program_run(&p, "leat",
                PROGRAM_ARGS("relay", IN, OUT, "--option", "checkpointLocation=/z", "--checkpoint",
                             "/z", "-q", "--quiet", "--print-config"),
                NULL, NULL);
    assert_int_equal(p.status, 0);
}

static void addresses_for_all_sides_go_to_kafkas_alone(void **state)
{
    (void)state;
    program_run(&p, "leat",
                PROGRAM_ARGS("relay", "kafka://h/t", "console:", "--print-config", "--option",
                             "kafka.bootstrap.servers=h"),
                NULL, NULL);
    assert_string_equal(p.err, "");
    assert_int_equal(p.status, 0);
    assert_contains(p.out, "source kafka: kafka.bootstrap.servers = h   # command line\n");
    program_run(&p, "leat",
                PROGRAM_ARGS("relay", "rate:", "kafka://h/t", "--checkpoint", "/x", "--select",
                             "cast(value as string) as value", "--print-config"),
                PROGRAM_ARGS("LEAT_OPTION_KAFKA_BOOTSTRAP_SERVERS=h"), NULL);
    assert_string_equal(p.err, "");
    assert_int_equal(p.status, 0);
    assert_contains(p.out, "sink kafka: kafka.bootstrap.servers = h:9092   # command line\n");
    expect_usage(
        PROGRAM_ARGS("relay", "rate:", "console:", "--option", "kafka.bootstrap.servers=h"),
        "leat relay: command line: source, sink and query: unknown option "
        "\"kafka.bootstrap.servers\"\n");
}

static void a_sides_own_address_wins_over_one_for_all_sides(void **state)
{
    (void)state;
    program_run(&p, "leat",
                PROGRAM_ARGS("relay", "kafka://h1/in", "kafka://h2/out", "--checkpoint", "/x",
                             "--print-config", "--option", "kafka.bootstrap.servers=h1",
                             "--sink-option", "kafka.bootstrap.servers=h2"),
                NULL, NULL);
    assert_string_equal(p.err, "");
    assert_int_equal(p.status, 0);
    assert_contains(p.out, "source kafka: kafka.bootstrap.servers = h1   # command line\n");
    assert_contains(p.out, "sink kafka: kafka.bootstrap.servers = h2   # command line\n");
    expect_usage(PROGRAM_ARGS("relay", "kafka://h1/in", "kafka://h2/out", "--option",
                              "kafka.bootstrap.servers=h1", "--sink-option",
                              "kafka.bootstrap.servers=h3"),
                 "leat relay: sink \"kafka://h2/out\" (command line) and option "
                 "\"kafka.bootstrap.servers\" (command line) disagree about the address; hint: "
                 "give one of them\n");
}

static void what_is_empty_is_refused(void **state)
{
    (void)state;
    expect_usage(PROGRAM_ARGS("relay", IN, OUT, "--select", " "),
                 "leat relay: command line: option \"--select\" is empty; hint: leave it out, or "
                 "give it LIST\n");
    expect_usage(PROGRAM_ARGS("relay", IN, OUT, "--drop-header", ""),
                 "leat relay: command line: option \"--drop-header\" is empty; hint: leave it out, "
                 "or give it NAME\n");
    expect_usage(PROGRAM_ARGS("relay", IN, OUT, "--add-header", ""),
                 "leat relay: command line: option \"--add-header\" is empty; hint: leave it out, "
                 "or give it NAME=VALUE\n");
}

static void a_file_is_one_document_of_whole_texts(void **state)
{
    (void)state;
    run_config("relay:\n  where: 'true'\n---\nrelay:\n  where: 'false'\n", NULL);
    assert_string_equal(p.err, "leat relay: FILE:4:1: a second document begins; hint: one file "
                               "holds one, take out the line ---\n");
    assert_int_equal(p.status, 2);
    run_config("relay:\n  where: \"tr\\0ue\"\n", NULL);
    assert_string_equal(p.err, "leat relay: FILE:2:10: a NUL is in \"tr\"...\n");
    assert_int_equal(p.status, 2);
    run_config("---\nrelay:\n  lanes: 1\n...\n", NULL);
    assert_contains(p.err, "no source");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_command_line_wins_over_what_the_file_calls_by_another_name),
        cmocka_unit_test(an_option_of_a_higher_layer_changes_what_the_url_is_shown_as),
        cmocka_unit_test(two_of_one_layer_that_disagree_are_refused),
        cmocka_unit_test(addresses_for_all_sides_go_to_kafkas_alone),
        cmocka_unit_test(a_sides_own_address_wins_over_one_for_all_sides),
        cmocka_unit_test(what_is_empty_is_refused),
        cmocka_unit_test(a_file_is_one_document_of_whole_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
