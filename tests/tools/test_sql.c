/* leat sql, leat run and leat check as a person uses them. No broker. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/support/program.h"
#include "tests/support/scratch.h"

static struct program p;

static void expect(const char *const *arguments, const char *input, int status, const char *out,
                   const char *err)
{
    program_run(&p, "leat", arguments, NULL, input);
    assert_string_equal(p.err, err);
    assert_string_equal(p.out, out);
    assert_int_equal(p.status, status);
}

#define TWO "+---+\n|two|\n+---+\n|2  |\n+---+\n"

static void statements_come_from_the_command_line_and_from_stdin(void **state)
{
    (void)state;
    expect(PROGRAM_ARGS("sql", "-e", "SELECT 1 + 1 AS two"), NULL, 0, TWO, "");
    expect(PROGRAM_ARGS("sql", "-e", "SELECT 1 + 1 AS two;", "-e", "SELECT 1 + 1 AS two"), NULL, 0,
           TWO TWO, "");
    expect(PROGRAM_ARGS("sql"), "SELECT 1 + 1 AS two;\n-- the end\n", 0, TWO, "");
    expect(PROGRAM_ARGS("sql", "-f", "-"), "SELECT 1 + 1 AS two;\n", 0, TWO, "");
    expect(PROGRAM_ARGS("sql", "--set", "spark.sql.ansi.enabled=false", "-e",
                        "SELECT CAST('x' AS INT) AS two"),
           NULL, 0, "+----+\n|two |\n+----+\n|NULL|\n+----+\n", "");
}

static void a_wrong_statement_ends_a_script_and_shows_its_place(void **state)
{
    (void)state;
    expect(PROGRAM_ARGS("sql", "-e", "SELECT 1 + 1 AS two; SELECT FROM x; SELECT 3"), NULL, 2, TWO,
           "leat sql: [UNRESOLVED_COLUMN.WITHOUT_SUGGESTION] A column, variable, or function "
           "parameter with name `FROM` cannot be resolved. SQLSTATE: 42703; line 1 pos 7\n"
           "  SELECT FROM x\n         ^^^^\n");
    expect(
        PROGRAM_ARGS("sql", "-e", "SELEC 1"), NULL, 2, "",
        "leat sql: [PARSE_SYNTAX_ERROR] Syntax error at or near 'SELEC'. SQLSTATE: 42601; line 1 "
        "pos 0; hint: no statement begins so\n  SELEC 1\n  ^^^^^\n");
    expect(PROGRAM_ARGS("sql", "-f", "/nowhere.sql"), NULL, 2, "",
           "leat sql: cannot open \"/nowhere.sql\": No such file or directory\n");
    expect(PROGRAM_ARGS("sql", "SELECT 1"), NULL, 2, "",
           "leat sql: \"SELECT 1\" is no option; hint: -e 'SQL' or -f FILE\n");
    expect(PROGRAM_ARGS("sql", "--set", "x"), NULL, 2, "",
           "leat sql: \"x\" is not KEY=VALUE (option \"--set\")\n");
}

static void a_statement_that_is_too_much_is_wrong_as_others_are(void **state)
{
    char deep[512];
    (void)state;
    memset(deep, '(', sizeof deep);
    memcpy(deep, "SELECT ", 7);
    deep[sizeof deep - 1] = '\0';
    program_run(&p, "leat", PROGRAM_ARGS("sql", "-e", deep), NULL, NULL);
    assert_non_null(strstr(p.err, "[EXPRESSION_TOO_DEEP] "));
    assert_int_equal(p.status, 2);
    program_run(&p, "leat", PROGRAM_ARGS("check", "-"), NULL, deep);
    assert_int_equal(p.status, 2);
    expect(PROGRAM_ARGS("sql", "-e", "CREATE TABLE m USING memory; TABLE m"), NULL, 2, "",
           "leat sql: table \"m\": it has no columns yet; hint: INSERT gives it the query's, or "
           "name them in CREATE TABLE\n");
}

static bool prints_a_second_row(const struct program *program)
{
    return strstr(program->out, "|    2|  4|\n") != NULL;
}

static void a_stream_prints_until_it_is_told_to_end(void **state)
{
    (void)state;
    long value, twice, next = 0;
    program_start(&p, "leat",
                  PROGRAM_ARGS("sql", "-e",
                               "CREATE TABLE s USING rate OPTIONS (rowsPerSecond '50');"
                               "CREATE TABLE o USING console OPTIONS (trigger 'continuous 200 ms');"
                               "INSERT INTO o SELECT value, value * 2 AS d FROM s WHERE value % 2 "
                               "= 0"),
                  NULL, NULL);
    program_wait_until(&p, prints_a_second_row, "second row", 60);
    assert_int_equal(kill(p.pid, SIGINT), 0);
    program_wait(&p, 60);
    assert_contains(p.err, "ready query o: rate -> console lanes 1 stages 1\nended query o: read ");
    assert_int_equal(p.status, 0);
    assert_lacks(p.out, "{"); /* rows go to stdout, and no progress between them */
    assert_non_null(strstr(p.out, "|value|  d|\n+-----+---+\n|    0|  0|\n"));
    for (const char *at = p.out; at != NULL; at = strchr(at + 1, '\n'))
        if (sscanf(at, "\n|%ld|%ld|", &value, &twice) == 2) { /* in whatever batch */
            assert_int_equal(value, next);
            assert_int_equal(twice, 2 * next);
            next += 2;
        }
    assert_true(next >= 4);
}

/* The text up to a UUID, and what stands behind that. */
static const char *skip_id(const char *text, const char *before)
{
    enum { UUID_BYTES = 36 };
    assert_int_equal(strncmp(text, before, strlen(before)), 0);
    text += strlen(before);
    assert_int_equal(strspn(text, "0123456789abcdef-"), UUID_BYTES);
    return text + UUID_BYTES;
}

static void a_query_that_fails_while_it_runs_is_told_of_by_its_ids_and_its_cause(void **state)
{
    static const char wanted[] =
        "] terminated with exception: [DIVIDE_BY_ZERO] record at rate partition 0 offset 5: "
        "project: Division by zero. Use `try_divide` to tolerate divisor being 0 and return NULL "
        "instead. If necessary set \"spark.sql.ansi.enabled\" to \"false\" to bypass this error; "
        "in "
        "\"1 / (value - 5)\" (line 1, position 22). SQLSTATE: XXKST; hint: a dead-letter sink "
        "(dlq)";
    (void)state;
    program_run(&p, "leat",
                PROGRAM_ARGS("sql", "-q", "-e",
                             "CREATE TABLE s USING rate OPTIONS (rowsPerSecond 1000, numPartitions "
                             "1); CREATE TABLE o USING noop;"
                             "INSERT INTO o SELECT 1 / (value - 5) AS x FROM s"),
                NULL, NULL);
    assert_int_equal(p.status, 1);
    const char *said = strstr(p.err, "leat sql: query o: ");
    assert_non_null(said);
    said = skip_id(said, "leat sql: query o: [STREAM_FAILED] Query [id = ");
    said = skip_id(said, ", runId = ");
    assert_int_equal(strncmp(said, wanted, sizeof wanted - 1), 0);
}

static void a_query_that_cannot_start_is_told_of_with_its_sqlstate(void **state)
{
    (void)state;
    expect(
        PROGRAM_ARGS("sql", "-e",
                     "CREATE TABLE s USING rate; SELECT make_date(2026, 13, 1) FROM s"),
        NULL, 2, "",
        "leat sql: [DATETIME_FIELD_OUT_OF_BOUNDS.WITH_SUGGESTION] cannot start the query: lane 0: "
        "cannot make the projection: Invalid value for MonthOfYear (valid values 1 - 12): 13. If "
        "necessary set \"spark.sql.ansi.enabled\" to \"false\" to bypass this error; in "
        "\"make_date(2026, 13, 1)\" (line 1, position 8). SQLSTATE: 22023\n");
}

static void behind_the_progress_of_a_query_that_fails_a_program_finds_why(void **state)
{
    (void)state;
    program_run(&p, "leat",
                PROGRAM_ARGS("sql", "-e",
                             "CREATE TABLE s USING rate OPTIONS (rowsPerSecond 1000, numPartitions "
                             "1); CREATE TABLE o USING noop;"
                             "INSERT INTO o SELECT CAST(string(value) || if(value = 5, 'x', '') AS "
                             "INT) AS x FROM s"),
                NULL, NULL);
    assert_int_equal(p.status, 1);
    const char *last = p.out; /* its line */
    for (const char *next = last; next != NULL && next[1] != '\0'; next = strchr(next + 1, '\n'))
        last = *next == '\n' ? next + 1 : next;
    last = skip_id(last, "{\"id\":\"");
    last = skip_id(last, "\",\"runId\":\"");
    static const char exception[] = "\",\"exception\":\"[CAST_INVALID_INPUT] record at rate";
    assert_int_equal(strncmp(last, exception, sizeof exception - 1), 0);
    assert_contains(last, "The value '5x' of the type \\\"STRING\\\" cannot be cast");
    assert_contains(last, "\",\"errorClassOnException\":\"CAST_INVALID_INPUT\",\"sqlState\":"
                          "\"22018\"}\n");
}

static void a_memory_table_is_filled_and_read_in_one_script(void **state)
{
    (void)state;
    expect(PROGRAM_ARGS("sql", "-e",
                        "CREATE TABLE m USING memory; INSERT INTO m SELECT 1 AS n, 'x' AS t;"
                        "INSERT INTO m SELECT 2, upper('y'); SELECT t, n * 10 AS n FROM m"),
           NULL, 0, "+---+---+\n|t  |n  |\n+---+---+\n|x  |10 |\n|Y  |20 |\n+---+---+\n",
           "ready query m: row -> memory lanes 1 stages 1\n"
           "ended query m: read 1, delivered 1, filtered 0, dead-lettered 0, uncommitted 0\n"
           "ready query m-2: row -> memory lanes 1 stages 1\n"
           "ended query m-2: read 1, delivered 1, filtered 0, dead-lettered 0, uncommitted 0\n");
}

static void a_text_that_is_not_utf_8_is_refused_by_its_place(void **state)
{
    (void)state;
    FILE *file = fopen("latin1.sql", "w");
    assert_non_null(file);
    fputs("SELECT 1 AS a;\n\nSELECT 2 AS b,\n  'gr\xc3\xbc\xdf' AS c;\n", file);
    assert_int_equal(fclose(file), 0);
    program_run(&p, "leat", PROGRAM_ARGS("sql", "-f", "latin1.sql"), NULL, NULL);
    assert_int_equal(remove("latin1.sql"), 0);
    assert_int_equal(p.status, 2);
    assert_string_equal(
        p.err, "leat sql: latin1.sql:4: the text is not UTF-8: byte 8 of this line is 0xDF, "
               "where no character begins so; line 2 pos 6; hint: iconv -f ISO-8859-1 -t "
               "UTF-8 converts a text of Latin 1\n");
    program_run(&p, "leat", PROGRAM_ARGS("sql", "-e", "SELECT \xc3( AS a"), NULL, NULL);
    assert_int_equal(p.status, 2);
    assert_contains(p.err, "leat sql: the text is not UTF-8: byte 8 of this line is 0xC3");
}

/* Names that no other process has whose counters `leat stat` finds. */
static char table_name[32], second_name[40];

static bool has_progress_of_both(const struct program *program)
{
    char first[64], second[64];
    snprintf(first, sizeof first, "\"name\":\"%s\"", table_name);
    snprintf(second, sizeof second, "\"name\":\"%s\"", second_name);
    return strstr(program->out, first) != NULL && strstr(program->out, second) != NULL;
}

static void each_insert_is_a_query_with_a_name_progress_and_counters(void **state)
{
    (void)state;
    char job[512], text[128];
    snprintf(table_name, sizeof table_name, "o%d", (int)getpid());
    snprintf(second_name, sizeof second_name, "%s-2", table_name);
    snprintf(job, sizeof job,
             "CREATE TABLE s USING rate OPTIONS (rowsPerSecond '50');"
             "CREATE TABLE %s USING noop OPTIONS (trigger 'continuous 200 ms');"
             "INSERT INTO %s SELECT value FROM s;"
             "INSERT INTO %s SELECT value + 1 FROM s",
             table_name, table_name, table_name);
    program_start(&p, "leat", PROGRAM_ARGS("sql", "--progress-interval", "100ms", "-e", job), NULL,
                  NULL);
    snprintf(text, sizeof text, "ready query %s: rate -> noop", second_name);
    program_wait_for_error(&p, text, 60);
    program_wait_until(&p, has_progress_of_both, "progress of both", 60);
    struct program running = p;
    program_run(&p, "leat", PROGRAM_ARGS("stat", second_name, "--json"), NULL, NULL);
    assert_int_equal(p.status, 0);
    snprintf(text, sizeof text, "\"%s\"", second_name);
    assert_contains(p.out, text);
    p = running;
    assert_int_equal(kill(p.pid, SIGTERM), 0);
    program_wait(&p, 60);
    assert_int_equal(p.status, 0);
    snprintf(text, sizeof text, "ended query %s: read ", table_name);
    assert_contains(p.err, text);
    snprintf(text, sizeof text, "ended query %s: read ", second_name);
    assert_contains(p.err, text);
    program_run(&p, "leat", PROGRAM_ARGS("stat", second_name), NULL, NULL);
    assert_int_equal(p.status, 2); /* what ended well leaves no counters */
}

static void a_name_is_that_of_one_active_query(void **state)
{
    (void)state;
    program_run(&p, "leat",
                PROGRAM_ARGS("sql", "-q", "-e",
                             "CREATE TABLE s USING rate; CREATE TABLE n USING noop OPTIONS "
                             "(queryName 'x'); INSERT INTO n SELECT value FROM s;"
                             "INSERT INTO n SELECT value + 1 FROM s"),
                NULL, NULL);
    assert_int_equal(p.status, 2);
    assert_string_equal(p.out, "");
    assert_contains(p.err, "query x: Cannot start query with name x as a query with that name is "
                           "already active in this SparkSession\n");
    assert_contains(p.err, "ended query x: read 0, delivered 0");
}

/* A file with that text; there is one at a time. */
static char *script(const char *text)
{
    static char folder[SCRATCH_PATH_SIZE], path[SCRATCH_PATH_SIZE + sizeof "/job.sql"];
    if (folder[0] == '\0')
        scratch_create(folder);
    (void)snprintf(path, sizeof path, "%s/job.sql", folder);
    scratch_write(text, "%s", path);
    return path;
}

static void check_analyses_without_running(void **state)
{
    (void)state;
    char *path = script("CREATE TABLE s USING rate;\nCREATE TABLE o USING console;\n"
                        "INSERT INTO o SELECT value FROM s;\n");
    expect(PROGRAM_ARGS("check", path), NULL, 0, "", "");
    path = script("CREATE TABLE s USING rate;\nINSERT INTO s SELECT valu FROM s;\n");
    program_run(&p, "leat", PROGRAM_ARGS("check", path), NULL, NULL);
    assert_int_equal(p.status, 2);
    assert_non_null(strstr(p.err, "[`value`, `timestamp`]. SQLSTATE: 42703; line 1 pos 21\n"
                                  "  INSERT INTO s SELECT valu FROM s\n"
                                  "                       ^^^^\n"));
    expect(PROGRAM_ARGS("check"), NULL, 2, "",
           "leat check: nothing to check; hint: leat check FILE\n");
}

static void check_prints_no_rows_and_knows_what_inserts_would_make(void **state)
{
    (void)state;
    char *path = script("CREATE TABLE m USING memory; INSERT INTO m SELECT 1 AS a;\n"
                        "SELECT a + 1 FROM m; SELECT explode(sequence(1, 1000000000));\n"
                        "SHOW TABLES;");
    expect(PROGRAM_ARGS("check", path), NULL, 0, "", "");
    path = script("CREATE TABLE m USING memory; INSERT INTO m SELECT 1 AS a;\nSELECT b FROM m");
    program_run(&p, "leat", PROGRAM_ARGS("check", path), NULL, NULL);
    assert_int_equal(p.status, 2);
    assert_contains(p.err, ".sql:2: [UNRESOLVED_COLUMN.WITH_SUGGESTION] ");
}

static void expect_run(const char *text, int status, const char *out, const char *err)
{
    char *path = script(text);
    program_run(&p, "leat", PROGRAM_ARGS("run", path), NULL, NULL);
    assert_string_equal(p.out, out);
    assert_contains(p.err, err);
    if (*err == '\0')
        assert_string_equal(p.err, "");
    assert_int_equal(p.status, status);
}

static void files_of_all_editors_are_read(void **state)
{
    (void)state;
    expect_run("", 0, "", "");
    expect_run("-- nothing\n/* at\nall */\n;;\n", 0, "", "");
    expect_run("\xef\xbb\xbfSELECT 1 + 1\r\nAS two;\r\n", 0, TWO, "");
    expect_run("SELECT 1 + 1 AS two; /* ; */ SELECT 1 + 1 AS two -- the end", 0, TWO TWO, "");
    expect_run("SELECT 1 + 1 AS two;\r\n\r\nSELECT\r\n  x;\r\n", 2, TWO,
               ".sql:4: [UNRESOLVED_COLUMN.WITHOUT_SUGGESTION] ");
    expect_run("SELECT 1;\n", 0, "+---+\n|1  |\n+---+\n|1  |\n+---+\n", "");
    expect_run("\n\nSELECT 'a", 2, "", ".sql:3: [PARSE_SYNTAX_ERROR] ");
    expect_run("SELECT /* a", 2, "", ".sql:1: [UNCLOSED_BRACKETED_COMMENT] ");
    expect(PROGRAM_ARGS("run", "/tmp"), NULL, 2, "",
           "leat run: cannot read \"/tmp\": Is a directory\n");
}

static void run_takes_a_script_or_two_urls(void **state)
{
    (void)state;
    char *path = script("SELECT 1 + 1 AS two");
    expect(PROGRAM_ARGS("run", path), NULL, 0, TWO, "");
    expect(PROGRAM_ARGS("run"), NULL, 2, "",
           "leat run: nothing to run; hint: leat run FILE, or leat run SOURCE SINK\n");
    program_run(
        &p, "leat",
        PROGRAM_ARGS("run", "rate:", "noop:", "--select", "value, value * 2 as d", "--explain",
                     "--log-level", "warn"),
        NULL, NULL);
    assert_string_equal(p.err, "");
    assert_int_equal(p.status, 0);
    assert_non_null(strstr(p.out, "select value, value * 2 as d"));
}

static void a_schema_that_cannot_be_is_told(void **state)
{
    static const char in[] = "kafka://127.0.0.1:1/in", out[] = "kafka://127.0.0.1:1/out";
    (void)state;
    expect(PROGRAM_ARGS("run", in, out, "--format", "jsn"), NULL, 2, "",
           "leat run: command line: --format \"jsn\" is none of: json, csv, text; hint: did you "
           "mean \"json\"?\n");
    expect(PROGRAM_ARGS("run", in, out, "--format", "csv"), NULL, 2, "",
           "leat run: command line: --format csv needs columns; hint: --schema \"sym string, price "
           "double\"\n");
    expect(PROGRAM_ARGS("run", in, out, "--format", "text", "--schema", "a int"), NULL, 2, "",
           "leat run: command line: the format text is one column, value; hint: leave --schema "
           "out\n");
    expect(PROGRAM_ARGS("run", in, out, "--schema", "a int", "--format-option", "mod=x"), NULL, 2,
           "",
           "leat run: command line: the format json has no option \"mod\"; hint: did you mean "
           "\"mode\"?\n");
    expect(PROGRAM_ARGS("run", in, out, "--out-format", "csv"), NULL, 2, "",
           "leat run: command line: --out-format goes with --schema or --format\n");
    expect(PROGRAM_ARGS("run", in, out, "--schema", "a int", "--select", "a, a + 1 as b",
                        "--out-format", "text"),
           NULL, 2, "",
           "leat run: the format text takes one column, and the row has 2: `a`, `b`; hint: "
           "--out-format json\n");
    expect(PROGRAM_ARGS("run", in, out, "--schema", "a int", "--select", "_key"), NULL, 2, "",
           "leat run: --select \"_key\" leaves no column for the value\n");
    expect(PROGRAM_ARGS("run", "rate:", "noop:", "--schema", "a int"), NULL, 2, "",
           "leat run: --schema needs a source whose column value is text; that of \"rate:\" is "
           "BIGINT\n");
    program_run(
        &p, "leat",
        PROGRAM_ARGS("run", in, "noop:", "--schema", "a int, b struct<c:int>", "--where", "d > 1"),
        NULL, NULL);
    assert_int_equal(p.status, 2);
    assert_contains(p.err, "--where: ");
    assert_contains(p.err, "with name `d` cannot be resolved");
}

static void the_words_of_run_say_what_it_runs(void **state)
{
    (void)state;
    expect(PROGRAM_ARGS("run", "rate:"), NULL, 2, "",
           "leat run: no sink; hint: leat relay SOURCE SINK, such as kafka://127.0.0.1:9092/in "
           "kafka://127.0.0.1:9092/out\n");
    expect(PROGRAM_ARGS("run", "job.sql", "--until-end"), NULL, 2, "",
           "leat run: unknown option \"--until-end\"; hint: --help lists them all\n");
    expect(PROGRAM_ARGS("run", "a.sql", "b.sql"), NULL, 2, "",
           "leat run: \"b.sql\" is one word too many; hint: one file, or SOURCE SINK with a ':' "
           "each, as kafka://HOST:PORT/TOPIC or rate:\n");
    expect(PROGRAM_ARGS("run", "-q"), NULL, 2, "", "leat run: no file; hint: leat run FILE\n");
    expect(PROGRAM_ARGS("run", "-", "--set", "spark.sql.ansi.enabled=false"),
           "SELECT CAST('x' AS INT) AS two", 0, "+----+\n|two |\n+----+\n|NULL|\n+----+\n", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statements_come_from_the_command_line_and_from_stdin),
        cmocka_unit_test(a_wrong_statement_ends_a_script_and_shows_its_place),
        cmocka_unit_test(a_statement_that_is_too_much_is_wrong_as_others_are),
        cmocka_unit_test(a_stream_prints_until_it_is_told_to_end),
        cmocka_unit_test(a_query_that_fails_while_it_runs_is_told_of_by_its_ids_and_its_cause),
        cmocka_unit_test(a_query_that_cannot_start_is_told_of_with_its_sqlstate),
        cmocka_unit_test(behind_the_progress_of_a_query_that_fails_a_program_finds_why),
        cmocka_unit_test(a_memory_table_is_filled_and_read_in_one_script),
        cmocka_unit_test(a_text_that_is_not_utf_8_is_refused_by_its_place),
        cmocka_unit_test(each_insert_is_a_query_with_a_name_progress_and_counters),
        cmocka_unit_test(a_name_is_that_of_one_active_query),
        cmocka_unit_test(check_analyses_without_running),
        cmocka_unit_test(check_prints_no_rows_and_knows_what_inserts_would_make),
        cmocka_unit_test(files_of_all_editors_are_read),
        cmocka_unit_test(run_takes_a_script_or_two_urls),
        cmocka_unit_test(the_words_of_run_say_what_it_runs),
        cmocka_unit_test(a_schema_that_cannot_be_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
