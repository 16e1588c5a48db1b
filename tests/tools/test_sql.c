/* leat sql, leat run and leat check as a person uses them. No broker. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/support/program.h"

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

static void a_stream_prints_until_it_is_told_to_end(void **state)
{
    (void)state;
    program_start(&p, "leat",
                  PROGRAM_ARGS("sql", "-e",
                               "CREATE TABLE s USING rate OPTIONS (rowsPerSecond '50');"
                               "CREATE TABLE o USING console OPTIONS (trigger 'continuous 200 ms');"
                               "INSERT INTO o SELECT value, value * 2 AS d FROM s WHERE value % 2 "
                               "= 0"),
                  NULL, NULL);
    sleep(2);
    assert_int_equal(kill(p.pid, SIGINT), 0);
    program_wait(&p, 20);
    assert_string_equal(p.err, "");
    assert_int_equal(p.status, 0);
    assert_non_null(strstr(p.out, "|value|  d|\n+-----+---+\n|    0|  0|\n|    2|  4|\n"));
}

static void a_memory_table_is_filled_and_read_in_one_script(void **state)
{
    (void)state;
    expect(PROGRAM_ARGS("sql", "-e",
                        "CREATE TABLE m USING memory; INSERT INTO m SELECT 1 AS n, 'x' AS t;"
                        "INSERT INTO m SELECT 2, upper('y'); SELECT t, n * 10 AS n FROM m"),
           NULL, 0, "+---+---+\n|t  |n  |\n+---+---+\n|x  |10 |\n|Y  |20 |\n+---+---+\n", "");
}

static char *script(const char *text)
{
    static char path[64];
    (void)snprintf(path, sizeof path, "/tmp/leat-test-sql-XXXXXX.sql");
    int fd = mkstemps(path, 4);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(close(fd), 0);
    return path;
}

static void check_analyses_without_running(void **state)
{
    (void)state;
    char *path = script("CREATE TABLE s USING rate;\nCREATE TABLE o USING console;\n"
                        "INSERT INTO o SELECT value FROM s;\n");
    expect(PROGRAM_ARGS("check", path), NULL, 0, "", "");
    (void)unlink(path);
    path = script("CREATE TABLE s USING rate;\nINSERT INTO s SELECT valu FROM s;\n");
    program_run(&p, "leat", PROGRAM_ARGS("check", path), NULL, NULL);
    assert_int_equal(p.status, 2);
    assert_non_null(strstr(p.err, "[`value`, `timestamp`]. SQLSTATE: 42703; line 1 pos 21\n"
                                  "  INSERT INTO s SELECT valu FROM s\n"
                                  "                       ^^^^\n"));
    (void)unlink(path);
    expect(PROGRAM_ARGS("check"), NULL, 2, "",
           "leat check: one file is checked; hint: leat check FILE\n");
}

static void run_takes_a_script_or_two_urls(void **state)
{
    (void)state;
    char *path = script("SELECT 1 + 1 AS two");
    expect(PROGRAM_ARGS("run", path), NULL, 0, TWO, "");
    (void)unlink(path);
    expect(PROGRAM_ARGS("run"), NULL, 2, "",
           "leat run: nothing to run; hint: leat run FILE, or leat run SOURCE SINK\n");
    program_run(
        &p, "leat",
        PROGRAM_ARGS("run", "rate:", "noop:", "--select", "value, value * 2 as d", "--explain"),
        NULL, NULL);
    assert_string_equal(p.err, "");
    assert_int_equal(p.status, 0);
    assert_non_null(strstr(p.out, "select value, value * 2 as d"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statements_come_from_the_command_line_and_from_stdin),
        cmocka_unit_test(a_wrong_statement_ends_a_script_and_shows_its_place),
        cmocka_unit_test(a_stream_prints_until_it_is_told_to_end),
        cmocka_unit_test(a_memory_table_is_filled_and_read_in_one_script),
        cmocka_unit_test(check_analyses_without_running),
        cmocka_unit_test(run_takes_a_script_or_two_urls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
