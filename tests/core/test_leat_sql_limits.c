/* How much a statement may be: chains of UNION ALL are long, what nests is not, and a name may be
 * nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/leat.h"

/* `begin`, then `item` so many times with the operator between; the caller's. */
static char *chain(const char *begin, const char *item, const char *operator, unsigned count)
{
    char *text = NULL;
    size_t size_bytes = 0;
    FILE *file = open_memstream(&text, &size_bytes);
    assert_non_null(file);
    fputs(begin, file);
    for (unsigned i = 0; i < count; i++)
        fprintf(file, "%s%s", i == 0 ? "" : operator, item);
    assert_int_equal(fclose(file), 0);
    return text;
}

static void expect_error(const char *setup, char *text, const char *wanted)
{
    leat_context *context = leat_context_create();
    leat_sql_result result = {.size = sizeof result};
    for (const char *at = setup; *at != '\0';)
        assert_int_equal(leat_sql(context, at, &at, NULL), LEAT_OK);
    assert_int_not_equal(leat_sql(context, text, NULL, &result), LEAT_OK);
    if (strncmp(leat_context_error(context), wanted, strlen(wanted)) != 0)
        fail_msg("%s", leat_context_error(context));
    leat_context_destroy(context);
    free(text);
}

static void a_long_chain_of_union_all_is_no_nesting(void **state)
{
    enum { SIDES = 3000 };
    leat_context *context = leat_context_create();
    leat_sql_result result = {.size = sizeof result};
    char *text = chain("", "SELECT 1 AS a", " UNION ALL ", SIDES - 1);
    char *wider = chain("SELECT * FROM (", text, " UNION ALL SELECT 2.5D) AS u WHERE a > 2 -- ", 2);
    unsigned lines = 0;
    (void)state;
    if (leat_sql(context, text, NULL, &result) != LEAT_OK)
        fail_msg("%s", leat_context_error(context));
    for (const char *at = result.text; (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    assert_int_equal(lines, SIDES - 1 + 4); /* a frame and the head */
    free(result.text);
    if (leat_sql(context, wider, NULL, &result) != LEAT_OK)
        fail_msg("%s", leat_context_error(context));
    assert_string_equal(result.text, "+---+\n|a  |\n+---+\n|2.5|\n+---+\n");
    free(result.text);
    free(text);
    free(wider);
    leat_context_destroy(context);
}

/* Sides beside each other, since nested they would be as wide as they are many. */
static void a_long_chain_is_explained_too(void **state)
{
    enum { SIDES = 500 };
    leat_context *context = leat_context_create();
    leat_sql_result result = {.size = sizeof result};
    char *text = chain("EXPLAIN EXTENDED ", "SELECT 1 AS a", " UNION ALL ", SIDES);
    unsigned sides = 0;
    (void)state;
    if (leat_sql(context, text, NULL, &result) != LEAT_OK)
        fail_msg("%s", leat_context_error(context));
    assert_non_null(strstr(result.text,
                           "== Physical Plan ==\nthe 500 sides of the union, one after "
                           "the other, each as a query of its own\n"));
    for (const char *at = result.text; (at = strstr(at, "OneRowRelation")) != NULL; at++)
        sides++;
    assert_int_equal(sides, 2 * SIDES); /* parsed and analysed */
    assert_true(strlen(result.text) < 200 * SIDES);
    free(result.text);
    free(text);
    leat_context_destroy(context);
}

static void set_operations_that_nest_do_so_to_a_limit(void **state)
{
    (void)state;
    expect_error("", chain("", "SELECT 1", " UNION ", 100), "queries and views are nested more");
    expect_error("", chain("EXPLAIN ", "SELECT 1", " EXCEPT ", 50000),
                 "queries are nested too deep");
    expect_error("", chain("", "SELECT 1", " INTERSECT ", 50000), "queries are nested too deep");
    expect_error("", chain("", "SELECT 1", " UNION ALL ", 20002),
                 "the query reads more than 20000 relations");
}

static void a_union_of_streams_has_as_many_sides_as_are_written_at_once(void **state)
{
    (void)state;
    expect_error("CREATE TABLE s USING rate; CREATE TABLE o USING noop",
                 chain("INSERT INTO o ", "SELECT value FROM s", " UNION ALL ", 16),
                 "a union of 16 sides: of streams, each side is written by itself, and a query "
                 "writes 15 at most; hint: several INSERTs");
}

/* As in Spark, where a name may be anything in back-ticks. */
static void a_name_may_be_empty(void **state)
{
    leat_context *context = leat_context_create();
    leat_sql_result result = {.size = sizeof result};
    const char *text = "CREATE TEMPORARY VIEW `` (``) AS SELECT 1; SELECT ``.``, `` + 1 AS a, "
                       "transform(array(1), `` -> `` + 1) AS b FROM ``";
    (void)state;
    assert_int_equal(leat_sql(context, text, &text, NULL), LEAT_OK);
    if (leat_sql(context, text, NULL, &result) != LEAT_OK)
        fail_msg("%s", leat_context_error(context));
    assert_string_equal(result.text, "+---+---+---+\n|   |a  |b  |\n+---+---+---+\n"
                                     "|1  |2  |[2]|\n+---+---+---+\n");
    free(result.text);
    leat_context_destroy(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_long_chain_of_union_all_is_no_nesting),
        cmocka_unit_test(a_long_chain_is_explained_too),
        cmocka_unit_test(set_operations_that_nest_do_so_to_a_limit),
        cmocka_unit_test(a_name_may_be_empty),
        cmocka_unit_test(a_union_of_streams_has_as_many_sides_as_are_written_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
