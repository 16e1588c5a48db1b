/* The command line: what it says when it is used wrongly, and what its small tools print. No
 * broker. */
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

/* -------------------------------------------------------------------------------------- usage */

static void a_mistyped_subcommand_is_an_error_with_the_nearest(void **state)
{
    (void)state;
    expect_usage(PROGRAM_ARGS("relya"),
                 "leat: unknown subcommand \"relya\"; hint: did you mean \"relay\"?\n");
    expect_usage(PROGRAM_ARGS("serve"),
                 "leat: unknown subcommand \"serve\"; hint: leat help lists them\n");
    expect_usage(PROGRAM_ARGS("help", "evil"),
                 "leat help: unknown subcommand \"evil\"; hint: did you mean \"eval\"?\n");
}

static void without_a_subcommand_help_goes_to_stderr(void **state)
{
    (void)state;
    program_run(&p, "leat", NULL, NULL, NULL);
    assert_int_equal(p.status, 2);
    assert_string_equal(p.out, "");
    assert_contains(p.err, "Usage: leat SUBCOMMAND");
    program_run(&p, "leat", PROGRAM_ARGS("help"), NULL, NULL);
    assert_int_equal(p.status, 0);
    assert_contains(p.out, "Usage: leat SUBCOMMAND");
    assert_contains(p.out, "  4        checkpoint refused");
    program_run(&p, "leat", PROGRAM_ARGS("version"), NULL, NULL);
    assert_int_equal(p.status, 0);
    assert_int_equal(strncmp(p.out, "leat 0.", 7), 0);
}

static void a_mistyped_option_is_an_error_with_the_nearest(void **state)
{
    (void)state;
    expect_usage(PROGRAM_ARGS("relay", IN, OUT, "--wher", "true"),
                 "leat relay: unknown option \"--wher\"; hint: did you mean \"--where\"?\n");
    expect_usage(
        PROGRAM_ARGS("relay", IN, OUT, "--chekpoint=/tmp/x"),
        "leat relay: unknown option \"--chekpoint\"; hint: did you mean \"--checkpoint\"?\n");
    expect_usage(PROGRAM_ARGS("relay", IN, OUT, "-z"),
                 "leat relay: unknown option \"-z\"; hint: --help lists them all\n");
    expect_usage(PROGRAM_ARGS("relay", IN, OUT, "--where"),
                 "leat relay: option \"--where\" needs a value: EXPR\n");
    expect_usage(PROGRAM_ARGS("relay", IN, OUT, "--until-end=yes"),
                 "leat relay: option \"--until-end\" takes no value\n");
}

static void source_and_sink_are_two_urls(void **state)
{
    (void)state;
    expect_usage(PROGRAM_ARGS("relay"),
                 "leat relay: no source; hint: leat relay SOURCE SINK, such as "
                 "kafka://127.0.0.1:9092/in kafka://127.0.0.1:9092/out\n");
    expect_usage(PROGRAM_ARGS("relay", IN),
                 "leat relay: no sink; hint: leat relay SOURCE SINK, such as "
                 "kafka://127.0.0.1:9092/in kafka://127.0.0.1:9092/out\n");
    expect_usage(PROGRAM_ARGS("relay", IN, OUT, "price", "--until-end"),
                 "leat relay: \"price\" is one word too many; hint: a relay has one source and one "
                 "sink, others stand behind --also, and an expression stands in quotes\n");
    expect_usage(PROGRAM_ARGS("relay", "in", OUT),
                 "leat relay: source \"in\" is no URL; hint: kafka://HOST:PORT/TOPIC\n");
    expect_usage(PROGRAM_ARGS("relay", "kafka:///in", OUT),
                 "leat relay: source \"kafka:///in\": no host; hint: kafka://HOST:PORT/TOPIC\n");
    expect_usage(PROGRAM_ARGS("relay", "kafka://h:99999/in", OUT),
                 "leat relay: source \"kafka://h:99999/in\": \"99999\" is no port; hint: 1 to "
                 "65535\n");
    expect_usage(PROGRAM_ARGS("relay", IN, "kafka://h/a b"),
                 "leat relay: sink \"kafka://h/a b\": \"a b\" is no topic's name; hint: letters, "
                 "digits, '.', '_' and '-', at most 249\n");
    expect_usage(PROGRAM_ARGS("relay", IN, "kafka://h/a,b"),
                 "leat relay: sink \"kafka://h/a,b\" names 2 topics; hint: --select \"... as "
                 "topic\" chooses one for each record\n");
    expect_usage(PROGRAM_ARGS("relay", "kafak://h/in", OUT),
                 "leat relay: source \"kafak://h/in\": \"kafak\" has no address; hint: write "
                 "kafak: and give --source-option KEY=VALUE\n");
    expect_usage(PROGRAM_ARGS("relay", "kafak:", OUT),
                 "leat relay: unknown source \"kafak\"; hint: did you mean \"kafka\"?\n");
    expect_usage(PROGRAM_ARGS("relay", IN, IN),
                 "leat relay: topic \"in\" is both source and sink: the relay would feed itself\n");
    expect_usage(
        PROGRAM_ARGS("relay", IN ",more", OUT, "--dlq", "kafka://127.0.0.1:1/more"),
        "leat relay: topic \"more\" is both source and dlq: each dead letter would be read "
        "and fail again; hint: --dlq kafka://HOST:PORT/ANOTHER_TOPIC\n");
}

static void an_address_says_what_it_lacks(void **state)
{
    static const struct {
        const char *source, *sink, *error;
    } cases[] = {
        {"tcp://:9", "noop:", "source \"tcp://:9\": no host; hint: tcp://HOST:PORT"},
        {"tcp://h", "noop:", "source \"tcp://h\": no port; hint: tcp://HOST:PORT"},
        {"udp://[::1]:70000", "noop:",
         "source \"udp://[::1]:70000\": \"70000\" is no port; hint: 1 to 65535"},
        {"tcp://me:secret@h:1", "noop:", "source: a URL holds no user or password"},
        {"append:///x", "noop:", "source \"append:///x\": append is a sink alone"},
        {"rate:", "tail:/x", "sink \"tail:/x\": tail is a source alone"},
        {"tail://x/y", "noop:",
         "source \"tail://x/y\": \"x\" would be a host; hint: tail:///x/y, or tail:x/y for a path "
         "from here"},
        {"tail:///x?format", "noop:",
         "source \"tail:///x?format\": \"format\" is no option; hint: ?KEY=VALUE&KEY=VALUE, with "
         "%26 for & and %25 for %"},
        {"tail:///%zz", "noop:",
         "source \"tail:///%zz\": a % is followed by two hexadecimal digits, and not by 00; hint: "
         "%25 for %"},
        {"tail:///a%00b", "noop:",
         "source \"tail:///a%00b\": a % is followed by two hexadecimal digits, and not by 00; "
         "hint: %25 for %"},
        {"tcp://[::1]x:9", "noop:",
         "source \"tcp://[::1]x:9\": \"[::1]x\" is no host; hint: a name or an address, of IPv6 in "
         "brackets: [::1]:PORT"},
        {"tcp://a b:9", "noop:",
         "source \"tcp://a b:9\": \"a b\" is no host; hint: a name or an address, of IPv6 in "
         "brackets: [::1]:PORT"},
        {"tcp://h:9?frame=line&Frame=length2", "noop:",
         "source \"tcp://h:9?frame=line&Frame=length2\": option \"Frame\" is there twice; hint: "
         "give it once"},
        {"tcp://h:9?port=7", "noop:",
         "source \"tcp://h:9?port=7\": option \"port\" is there twice; hint: give it once"},
        {"tail:/a?x=%00", "noop:",
         "source \"tail:/a?x=%00\": \"x=%00\" is no option; hint: ?KEY=VALUE&KEY=VALUE, with "
         "%26 for & and %25 for %"},
        {"rate:", "http://", "sink \"http://\": no host; hint: http://HOST:PORT/PATH"},
        {"rate:", "foreach:", "sink \"foreach:\": no command; hint: foreach:COMMAND"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char error[256];
        snprintf(error, sizeof error, "leat run: %s\n", cases[i].error);
        expect_usage(PROGRAM_ARGS("run", cases[i].source, cases[i].sink), error);
    }
}

static void an_option_of_a_format_is_refused_in_the_name_of_its_source(void **state)
{
    (void)state;
    expect_usage(
        PROGRAM_ARGS("run", "file:tests?sep=", "noop:", "--format", "csv", "--schema", "a INT"),
        "leat run: source csv: option \"sep\" (command line): CSV option \"sep\": it is empty\n");
}

static void a_source_that_can_be_read_again_needs_no_spool(void **state)
{
    (void)state;
    expect_usage(PROGRAM_ARGS("run", IN, OUT, "--spool", "/x"),
                 "leat run: command line: source kafka has no use for --spool\n");
    expect_usage(PROGRAM_ARGS("run", "rate:", OUT, "--ack"),
                 "leat run: command line: source rate has no use for --ack\n");
}

static void a_secret_in_a_url_is_refused_and_not_repeated(void **state)
{
    (void)state;
    program_run(&p, "leat", PROGRAM_ARGS("relay", "kafka://me:hushhush@h/in", OUT), NULL, NULL);
    assert_int_equal(p.status, 2);
    assert_contains(p.err, "source: a URL holds no user or password");
    assert_lacks(p.err, "hushhush");
}

static void values_of_options_are_checked(void **state)
{
    (void)state;
    expect_usage(
        PROGRAM_ARGS("relay", IN, OUT, "--partition", "murmur"),
        "leat relay: command line: --partition \"murmur\" is none of: source, key, murmur2, "
        "round-robin; hint: did you mean \"murmur2\"?\n");
    expect_usage(PROGRAM_ARGS("relay", IN, OUT, "--timestamp", "later"),
                 "leat relay: command line: --timestamp \"later\" is none of: source, now\n");
    expect_usage(
        PROGRAM_ARGS("relay", IN, OUT, "--from", "monday"),
        "leat relay: command line: \"monday\" is no place to begin; hint: earliest, latest, "
        "committed, milliseconds since 1970, or a time such as 2026-08-20T12:00:00Z\n");
    expect_usage(
        PROGRAM_ARGS("relay", IN, OUT, "--from", "2026-02-30T12:00:00Z"),
        "leat relay: command line: \"2026-02-30T12:00:00Z\" is no place to begin; hint: earliest, "
        "latest, committed, milliseconds since 1970, or a time such as 2026-08-20T12:00:00Z\n");
    expect_usage(PROGRAM_ARGS("relay", IN, OUT, "--startup-timeout", "0s"),
                 "leat relay: command line: --startup-timeout is less than 1ms: nothing could "
                 "answer\n");
    expect_usage(PROGRAM_ARGS("relay", IN, OUT, "--option", "novalue"),
                 "leat relay: command line: \"novalue\" is not KEY=VALUE (option \"--option\")\n");
    expect_usage(PROGRAM_ARGS("relay", IN, OUT, "--option", "startingOfsets=earliest"),
                 "leat relay: command line: source, sink and query: unknown option "
                 "\"startingOfsets\"; hint: did you mean \"startingOffsets\"?\n");
    expect_usage(PROGRAM_ARGS("relay", IN, OUT, "--sink-option", "startingOffsets=earliest"),
                 "leat relay: command line: sink kafka: unknown option \"startingOffsets\"\n");
    expect_usage(PROGRAM_ARGS("relay", IN, OUT, "--option", "spark.sql.ansi.enable=false"),
                 "leat relay: command line: no setting of expressions is called "
                 "\"spark.sql.ansi.enable\"; hint: did you mean \"spark.sql.ansi.enabled\"?\n");
    expect_usage(PROGRAM_ARGS("relay", IN, OUT, "--log-level", "loud"),
                 "leat relay: command line: --log-level \"loud\" is none of: error, warn, info, "
                 "debug\n");
    program_run(&p, "leat", PROGRAM_ARGS("relay", IN, OUT, "--epoch", "fast"), NULL, NULL);
    assert_int_equal(p.status, 2);
    assert_contains(p.err, "leat relay: command line: --epoch: ");
    program_run(&p, "leat", PROGRAM_ARGS("relay", IN, OUT, "--lanes", "many"), NULL, NULL);
    assert_int_equal(p.status, 2);
    assert_contains(p.err, "option \"lanes\" (command line)");
}

static void a_wrong_expression_shows_its_place(void **state)
{
    (void)state;
    program_run(
        &p, "leat",
        PROGRAM_ARGS("relay", IN, OUT, "--checkpoint", "/x", "--where", "length(vlaue) > 8"), NULL,
        NULL);
    assert_int_equal(p.status, 2);
    assert_contains(p.err, "leat relay: --where: ");
    assert_contains(p.err, "Did you mean one of the following? [`value`, ");
    assert_contains(p.err, "\n  length(vlaue) > 8\n         ^^^^^\n");
}

static void a_select_list_keeps_what_it_does_not_name(void **state)
{
    (void)state;
    program_run(&p, "leat",
                PROGRAM_ARGS("relay", IN, OUT, "--checkpoint", "/x", "--explain", "--select",
                             "upper(cast(value as string)) as value", "--timestamp", "now"),
                NULL, NULL);
    assert_contains(p.out,
                    "select upper(cast(value as string)) as value, key, headers, partition\n");
    assert_int_equal(p.status, 0);
    program_run(&p, "leat",
                PROGRAM_ARGS("relay", IN, OUT, "--checkpoint", "/x", "--explain", "--select",
                             "*, 'x' as topic"),
                NULL, NULL);
    assert_contains(p.out, "select 'x' as topic, key, value, headers, timestamp, partition\n");
    expect_usage(PROGRAM_ARGS("relay", IN, OUT, "--select", "cast(value as string) as vlaue"),
                 "leat relay: --select: no sink column takes \"vlaue\"; hint: did you mean "
                 "\"value\"?\n");
    program_run(&p, "leat", PROGRAM_ARGS("relay", "rate:", "noop:", "--drop-header", "x"), NULL,
                NULL);
    assert_int_equal(p.status, 2);
    assert_contains(p.err, "headers cannot be dropped or added here");
}

/* ------------------------------------------------------------------------------ configuration */

static void run_config(const char *text, const char *const *environment)
{
    program_run_config(&p, "leat", text, PROGRAM_ARGS("relay", "--print-config"), environment);
}

static void a_config_file_is_told_its_faults_by_line_and_column(void **state)
{
    (void)state;
    run_config("relay:\n  wher: true\n", NULL);
    assert_string_equal(p.err,
                        "leat relay: FILE:2:3: section \"relay\" has no key \"wher\"; hint: did "
                        "you mean \"where\"?\n");
    assert_int_equal(p.status, 2);
    run_config("source:\n  url: " IN "\nsnik:\n  url: " OUT "\n", NULL);
    assert_string_equal(p.err, "leat relay: FILE:3:1: unknown section \"snik\"; hint: did you mean "
                               "\"sink\"?\n");
    run_config("source: [a]\n", NULL);
    assert_string_equal(p.err,
                        "leat relay: FILE:1:9: section \"source\" is no map of keys and values\n");
    run_config("relay:\n  where: a\n  where: b\n", NULL);
    assert_string_equal(p.err, "leat relay: FILE:3:3: key \"where\" is there twice\n");
    run_config("relay:\n  until-end: sure\n", NULL);
    assert_string_equal(p.err,
                        "leat relay: FILE:2:14: \"until-end\" is \"sure\"; hint: true or false\n");
    run_config("relay:\n  where: [a\n", NULL);
    assert_contains(p.err, "leat relay: FILE:3:1: ");
    run_config("relay:\n  help: true\n", NULL);
    assert_string_equal(p.err, "leat relay: FILE:2:3: key \"help\" is for the command line only\n");
    run_config("relay:\n  config: other.yaml\n", NULL);
    assert_string_equal(p.err,
                        "leat relay: FILE:2:3: key \"config\" is for the command line and the "
                        "environment only\n");
    assert_int_equal(p.status, 2);
}

static void a_wrong_option_in_a_file_is_told_with_its_place(void **state)
{
    (void)state;
    run_config("source:\n  url: " IN "\n  startingOfsets: earliest\nsink:\n  url: " OUT "\n", NULL);
    assert_string_equal(p.err, "leat relay: FILE:3:3: source kafka: unknown option "
                               "\"startingOfsets\"; hint: did you mean \"startingOffsets\"?\n");
    assert_int_equal(p.status, 2);
    run_config("source:\n  url: " IN "\nsink:\n  url: " OUT "\nquery:\n  stages: 9\nrelay:\n"
               "  checkpoint: /x\n",
               NULL);
    assert_int_equal(p.status, 2);
    assert_contains(p.err, "option \"stages\" (FILE:6:3)");
}

static const char whole_config[] =
    "source:\n  url: " IN "\n  startingOffsets: earliest\n  kafka: {client.id: from-file}\n"
    "sink:\n  url: " OUT "\n"
    "relay:\n  checkpoint: /nowhere\n  where: length(value) > 8\n"
    "  option: [kafka.sasl.password=hush-file]\n  add-header: [origin=relay]\n";

static void a_file_makes_a_relay_and_print_config_says_where_each_value_is_from(void **state)
{
    (void)state;
    run_config(whole_config, NULL);
    assert_string_equal(p.err, "");
    assert_int_equal(p.status, 0);
    assert_contains(p.out, "source kafka: startingOffsets = earliest   # FILE:3:3\n");
    assert_contains(p.out, "source kafka: kafka.client.id = from-file   # FILE:4:11\n");
    assert_contains(p.out, "relay: where = length(value) > 8   # FILE:9:10\n");
    assert_contains(p.out, "relay: add-header = origin=relay   # ");
    assert_contains(p.out, "query: stages = 1   # default\n");
    assert_contains(p.out, "relay: epoch = 1s   # default\n");
    assert_contains(p.out, "relay: progress-interval = 1s   # default\n");
    assert_contains(p.out, "relay: log-level = info   # default\n");
    assert_contains(p.out, "relay: until-end = false   # default\n");
    assert_lacks(p.out, "relay: dlq");
}

static void secrets_are_never_printed(void **state)
{
    (void)state;
    run_config(whole_config,
               PROGRAM_ARGS("LEAT_SINK_OPTION_KAFKA_SSL_KEY_PASSWORD=hush-environment"));
    assert_int_equal(p.status, 0);
    assert_contains(p.out, "source kafka: kafka.sasl.password = [hidden]");
    assert_contains(p.out, "sink kafka: kafka.sasl.password = [hidden]");
    assert_contains(p.out, "sink kafka: kafka.ssl.key.password = [hidden]   # environment "
                           "LEAT_SINK_OPTION_KAFKA_SSL_KEY_PASSWORD\n");
    assert_lacks(p.out, "hush");
    assert_lacks(p.err, "hush");
}

static void the_environment_wins_over_the_file_and_the_command_line_over_both(void **state)
{
    (void)state;
    run_config(whole_config, PROGRAM_ARGS("LEAT_WHERE=length(value) > 9",
                                          "LEAT_SOURCE_OPTION_STARTINGOFFSETS=latest",
                                          "LEAT_IO=epoll", "LEAT_HOME=/opt/leat"));
    assert_int_equal(p.status, 0);
    assert_contains(p.out, "relay: where = length(value) > 9   # environment LEAT_WHERE\n");
    assert_contains(p.out, "= latest   # environment LEAT_SOURCE_OPTION_STARTINGOFFSETS\n");
    assert_contains(p.out, "query: io = epoll   # environment LEAT_IO\n");
    program_run(&p, "leat-relay",
                PROGRAM_ARGS(IN, OUT, "--checkpoint", "/x", "--where", "true", "--print-config"),
                PROGRAM_ARGS("LEAT_WHERE=false"), NULL);
    assert_int_equal(p.status, 0);
    assert_contains(p.out, "relay: where = true   # command line\n");
}

static void a_mistyped_variable_is_an_error_with_the_nearest(void **state)
{
    (void)state;
    program_run(&p, "leat-relay", PROGRAM_ARGS(IN, OUT), PROGRAM_ARGS("LEAT_CHEKPOINT=/x"), NULL);
    assert_string_equal(p.err, "leat-relay: environment variable \"LEAT_CHEKPOINT\" is not known; "
                               "hint: did you mean \"LEAT_CHECKPOINT\"?\n");
    assert_int_equal(p.status, 2);
    program_run(&p, "leat-relay", PROGRAM_ARGS(IN, OUT), PROGRAM_ARGS("LEAT_EXPLAIN=true"), NULL);
    assert_string_equal(p.err, "leat-relay: environment variable \"LEAT_EXPLAIN\" is not known: "
                               "--explain is for the command line only\n");
    assert_int_equal(p.status, 2);
    program_run(&p, "leat-relay", PROGRAM_ARGS(IN, OUT), PROGRAM_ARGS("LEAT_OPTION=lanes=1"), NULL);
    assert_string_equal(p.err, "leat-relay: environment variable \"LEAT_OPTION\" names no option; "
                               "hint: LEAT_OPTION_KEY=VALUE\n");
    assert_int_equal(p.status, 2);
}

/* --------------------------------------------------------------------------------------- eval */

static void eval_prints_a_result_for_each_line(void **state)
{
    (void)state;
    program_run(&p, "leat", PROGRAM_ARGS("eval", "value:price > 100"), NULL,
                "{\"price\":120}\n{\"price\":80}\n{}\nnot json\n");
    assert_string_equal(p.out, "true\nfalse\nNULL\nNULL\n");
    assert_string_equal(p.err, "");
    assert_int_equal(p.status, 0);
    program_run(&p, "leat", PROGRAM_ARGS("eval", "key, value, topic, partition, offset"), NULL,
                "abc\n\nlast");
    assert_string_equal(p.out,
                        "NULL\tabc\teval\t0\t0\nNULL\t\teval\t0\t1\nNULL\tlast\teval\t0\t2\n");
}

static void eval_prints_results_that_have_one_name(void **state)
{
    (void)state;
    program_run(&p, "leat",
                PROGRAM_ARGS("eval", "1 + 1, 1+1, value, VALUE, array(1) as a, upper('b') as A"),
                NULL, "x\n");
    assert_string_equal(p.err, "");
    assert_string_equal(p.out, "2\t2\tx\tx\t[1]\tB\n");
}

static void eval_reads_json_columns_by_a_schema(void **state)
{
    (void)state;
    program_run(&p, "leat",
                PROGRAM_ARGS("eval", "price * 2, upper(side) as s", "--schema",
                             "price double, side string"),
                NULL, "{\"price\":1.5,\"side\":\"buy\"}\n{\"price\":\"x\",\"side\":7}\n{}\n");
    assert_string_equal(p.out, "3.0\tBUY\nNULL\t7\nNULL\tNULL\n");
    assert_int_equal(p.status, 0);
}

static void eval_takes_results_that_nest(void **state)
{
    (void)state;
    program_run(&p, "leat", PROGRAM_ARGS("eval", "headers, value, cast(null as map<string, int>)"),
                NULL, "x\n");
    assert_string_equal(p.err, "");
    assert_string_equal(p.out, "NULL\tx\tNULL\n");
    assert_int_equal(p.status, 0);
}

static void eval_goes_on_after_a_row_that_fails(void **state)
{
    (void)state;
    program_run(&p, "leat", PROGRAM_ARGS("eval", "cast(cast(value as string) as int) + 1"), NULL,
                "1\nx\n3\n");
    assert_string_equal(p.out, "2\n4\n");
    assert_contains(p.err, "leat eval: line 2: ");
    assert_int_equal(p.status, 1);
}

static void eval_takes_settings_of_expressions(void **state)
{
    (void)state;
    program_run(&p, "leat",
                PROGRAM_ARGS("eval", "1 / 0, current_timezone()", "--option",
                             "spark.sql.ansi.enabled=false", "-o",
                             "spark.sql.session.timeZone=Asia/Tokyo"),
                NULL, "a\n");
    assert_string_equal(p.out, "NULL\tAsia/Tokyo\n");
    assert_int_equal(p.status, 0);
    program_run(&p, "leat", PROGRAM_ARGS("eval", "1", "-o", "spark.sql.ansi.enable=false"), NULL,
                "a\n");
    assert_contains(p.err, "spark.sql.ansi.enabled");
    assert_int_equal(p.status, 2);
    program_run(&p, "leat", PROGRAM_ARGS("eval", "1", "-o", "=false"), NULL, "a\n");
    assert_contains(p.err, "is not NAME=VALUE");
    assert_int_equal(p.status, 2);
}

static void eval_shows_where_an_expression_is_wrong(void **state)
{
    (void)state;
    program_run(&p, "leat", PROGRAM_ARGS("eval", "lenght(value)"), NULL, "a\n");
    assert_contains(p.err, "did you mean \"length\"?");
    assert_contains(p.err, "\n  lenght(value)\n  ^^^^^^");
    assert_string_equal(p.out, "");
    assert_int_equal(p.status, 2);
    expect_usage(PROGRAM_ARGS("eval"),
                 "leat eval: no expression; hint: leat eval 'length(value) > 8' --in FILE\n");
    expect_usage(PROGRAM_ARGS("eval", "value", "--in", "/no/such/file"),
                 "leat eval: cannot open \"/no/such/file\": No such file or directory\n");
}

/* ----------------------------------------------------------------------- options and functions */

static void options_prints_the_tables_that_are_checked_against(void **state)
{
    (void)state;
    program_run(&p, "leat", PROGRAM_ARGS("options"), NULL, NULL);
    assert_contains(p.out, "Sources\n");
    assert_contains(p.out, "  kafka ");
    program_run(&p, "leat", PROGRAM_ARGS("options", "source", "kafka"), NULL, NULL);
    assert_contains(p.out, "startingOffsets");
    assert_int_equal(p.status, 0);
    program_run(&p, "leat", PROGRAM_ARGS("options", "query"), NULL, NULL);
    assert_contains(p.out, "checkpointLocation");
    program_run(&p, "leat", PROGRAM_ARGS("options", "sql"), NULL, NULL);
    assert_contains(p.out, "| `trigger` | text |  |  | 'continuous INTERVAL': ");
    assert_contains(p.out, "| `spark.sql.streaming.minBatchesToRetain` | number | `100` | 1 to ");
    assert_int_equal(p.status, 0);
    expect_usage(PROGRAM_ARGS("options", "sql", "kafka"), "leat options: \"sql\" takes no name\n");
    expect_usage(PROGRAM_ARGS("options", "sink", "kafak"),
                 "leat options: unknown sink \"kafak\"; hint: did you mean \"kafka\"?\n");
    expect_usage(PROGRAM_ARGS("options", "sink"),
                 "leat options: which sink? hint: leat options lists them\n");
}

static void functions_prints_one_or_all(void **state)
{
    (void)state;
    program_run(&p, "leat", PROGRAM_ARGS("functions"), NULL, NULL);
    assert_contains(p.out, "substring(");
    assert_int_equal(p.status, 0);
    program_run(&p, "leat", PROGRAM_ARGS("functions", "SUBSTR"), NULL, NULL);
    assert_contains(p.out, "substring(");
    assert_lacks(p.out, "upper(");
    expect_usage(PROGRAM_ARGS("functions", "substrng"),
                 "leat functions: unknown function \"substrng\"; hint: did you mean "
                 "\"substring\"?\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mistyped_subcommand_is_an_error_with_the_nearest),
        cmocka_unit_test(without_a_subcommand_help_goes_to_stderr),
        cmocka_unit_test(a_mistyped_option_is_an_error_with_the_nearest),
        cmocka_unit_test(source_and_sink_are_two_urls),
        cmocka_unit_test(an_address_says_what_it_lacks),
        cmocka_unit_test(an_option_of_a_format_is_refused_in_the_name_of_its_source),
        cmocka_unit_test(a_source_that_can_be_read_again_needs_no_spool),
        cmocka_unit_test(a_secret_in_a_url_is_refused_and_not_repeated),
        cmocka_unit_test(values_of_options_are_checked),
        cmocka_unit_test(a_wrong_expression_shows_its_place),
        cmocka_unit_test(a_select_list_keeps_what_it_does_not_name),
        cmocka_unit_test(a_config_file_is_told_its_faults_by_line_and_column),
        cmocka_unit_test(a_wrong_option_in_a_file_is_told_with_its_place),
        cmocka_unit_test(a_file_makes_a_relay_and_print_config_says_where_each_value_is_from),
        cmocka_unit_test(secrets_are_never_printed),
        cmocka_unit_test(the_environment_wins_over_the_file_and_the_command_line_over_both),
        cmocka_unit_test(a_mistyped_variable_is_an_error_with_the_nearest),
        cmocka_unit_test(eval_prints_a_result_for_each_line),
        cmocka_unit_test(eval_prints_results_that_have_one_name),
        cmocka_unit_test(eval_reads_json_columns_by_a_schema),
        cmocka_unit_test(eval_takes_results_that_nest),
        cmocka_unit_test(eval_goes_on_after_a_row_that_fails),
        cmocka_unit_test(eval_takes_settings_of_expressions),
        cmocka_unit_test(eval_shows_where_an_expression_is_wrong),
        cmocka_unit_test(options_prints_the_tables_that_are_checked_against),
        cmocka_unit_test(functions_prints_one_or_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
