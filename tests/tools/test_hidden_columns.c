/* A hidden column in SQL, with a source that has one: what stars stand for, and how it is named. */
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

/* Runs INSERT INTO o of a query over the directory table t: two lines of one.txt, one of two.txt.
 */
static void insert(const char *query)
{
    char job[2048];
    snprintf(job, sizeof job,
             "CREATE TABLE t USING text OPTIONS (path '%s/in');\n"
             "CREATE TABLE o USING append OPTIONS (path '%s/out', format 'json', trigger "
             "'availableNow', checkpointLocation '%s/checkpoint');\n"
             "INSERT INTO o %s;\n",
             scratch, scratch, scratch, query);
    char path[SCRATCH_PATH_SIZE + 16];
    snprintf(path, sizeof path, "%s/job.sql", scratch);
    scratch_write("a b\nc\n", "%s/in/one.txt", scratch);
    scratch_write("d\n", "%s/in/two.txt", scratch);
    scratch_write(job, "%s", path);
    program_run(&p, "leat", PROGRAM_ARGS("run", path), NULL, NULL);
}

static void gives(const char *query, const char *expected)
{
    insert(query);
    if (p.status != 0)
        fail_msg("%s: %s", query, p.err);
    char *text = scratch_read("%s/out", scratch);
    assert_non_null(text);
    assert_string_equal(text, expected);
    free(text);
}

static void a_star_shows_the_columns_of_the_lines(void **state)
{
    (void)state;
    gives("SELECT * FROM t", "{\"value\":\"a b\"}\n{\"value\":\"c\"}\n{\"value\":\"d\"}\n");
}

static void it_can_be_selected_and_filtered_by(void **state)
{
    (void)state;
    gives("SELECT *, _metadata.file_name FROM t WHERE t._metadata.file_size > 2",
          "{\"value\":\"a b\",\"file_name\":\"one.txt\"}\n"
          "{\"value\":\"c\",\"file_name\":\"one.txt\"}\n");
}

static void it_stays_hidden_behind_a_lateral_view(void **state)
{
    (void)state;
    gives("SELECT * FROM t LATERAL VIEW explode(split(value, ' ')) x AS w "
          "WHERE _metadata.file_name = 'one.txt'",
          "{\"value\":\"a b\",\"w\":\"a\"}\n{\"value\":\"a b\",\"w\":\"b\"}\n"
          "{\"value\":\"c\",\"w\":\"c\"}\n");
}

static void a_subquery_does_not_hand_it_on(void **state)
{
    (void)state;
    insert("SELECT * FROM (SELECT * FROM t) WHERE _metadata.file_name = 'x'");
    assert_int_equal(p.status, 2);
    assert_contains(p.err, "[UNRESOLVED_COLUMN.WITH_SUGGESTION]");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_star_shows_the_columns_of_the_lines),
        TEST(it_can_be_selected_and_filtered_by),
        TEST(it_stays_hidden_behind_a_lateral_view),
        TEST(a_subquery_does_not_hand_it_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
