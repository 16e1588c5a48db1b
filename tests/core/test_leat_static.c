/*
 * Joins of a stream with what ends: constants, a memory table, a directory, a topic. Which rows
 * come out of each kind, by the record.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/base/text_buffer.h"
#include "tests/support/doors.h"
#include "tests/support/kafka_world.h"
#include "tests/support/scratch.h"

/* Numbers 0 to 4 are the stream s; d has none for 0 and 4, two for 1, and a NULL. */
static const char setup_text[] =
    "CREATE TEMPORARY VIEW d AS SELECT * FROM VALUES (1L, 'one'), (1L, 'uno'), (2L, 'two'), "
    "(3L, NULL), (NULL, 'none'), (9L, 'nine') AS d(i, name)";
enum { NUMBERS = 5 };

static void run_sql(leat_context *context, const char *text)
{
    while (*text != '\0') {
        leat_sql_result result = {.size = sizeof result};
        if (leat_sql(context, text, &text, &result) != LEAT_OK)
            fail_msg("%s", leat_context_error(context));
        free(result.text);
        assert_null(result.query);
    }
}

typedef leat_stream *make_stream(leat_context *context, leat_input *input, const char *sql);

static void expect_made(const char *setup, make_stream *make, const char *sql, const char *wanted)
{
    leat_context *context = leat_context_create();
    leat_input *input = leat_input_create(context, DOORS_SCHEMA, 64);
    leat_output *output = leat_output_create(context, 256);
    struct doors_rows *rows = calloc(1, sizeof *rows);
    struct lt_text_buffer text;
    run_sql(context, setup);
    leat_stream *stream = make(context, input, sql);
    if (stream == NULL)
        fail_msg("%s", leat_context_error(context));
    leat_query *query = leat_query_create(context, doors_options("1", NULL));
    assert_int_equal(leat_query_write_output(query, stream, output), LEAT_OK);
    doors_start(query);
    doors_push(input, 0, NUMBERS);
    doors_finish(query, input, output, rows);
    lt_text_init(&text);
    for (uint32_t i = 0; i < rows->count; i++)
        lt_text_format(&text, "%s%lld %s", i == 0 ? "" : ", ", (long long)rows->numbers[i],
                       rows->texts[i]);
    if (strcmp(lt_text_get(&text), wanted) != 0)
        fail_msg("%s\n wanted %s\n got    %s", sql, wanted, lt_text_get(&text));
    lt_text_fini(&text);
    free(rows);
    leat_query_destroy(query);
    leat_context_destroy(context);
}

static leat_stream *of_sql(leat_context *context, leat_input *input, const char *sql)
{
    assert_int_equal(leat_create_view(leat_read_input(input), "s"), LEAT_OK);
    return leat_stream_sql(context, sql);
}

static void expect_rows(const char *setup, const char *sql, const char *wanted)
{
    expect_made(setup, of_sql, sql, wanted);
}

#define NAMED "SELECT s.n, coalesce(name, '-') AS t FROM "

static void test_inner(void **state)
{
    (void)state;
    expect_rows(setup_text, NAMED "s JOIN d ON s.n = d.i", "1 one, 1 uno, 2 two, 3 -");
    expect_rows(setup_text, NAMED "d JOIN s ON s.n = d.i AND length(name) = 3",
                "1 one, 1 uno, 2 two");
    expect_rows(setup_text, NAMED "s CROSS JOIN (SELECT 'x' AS name)",
                "0 x, 1 x, 2 x, 3 x, 4 x");
}

static void test_outer(void **state)
{
    (void)state;
    expect_rows(setup_text, NAMED "s LEFT JOIN d ON s.n = d.i AND s.t <> 't2'",
                "0 -, 1 one, 1 uno, 2 -, 3 -, 4 -");
    expect_rows(setup_text, NAMED "d RIGHT JOIN s ON s.n = d.i",
                "0 -, 1 one, 1 uno, 2 two, 3 -, 4 -");
}

static void test_semi_and_anti(void **state)
{
    (void)state;
    expect_rows(setup_text, "SELECT n, t FROM s LEFT SEMI JOIN d ON n = i", "1 t1, 2 t2, 3 t3");
    expect_rows(setup_text, "SELECT n, t FROM s LEFT ANTI JOIN d ON n = i", "0 t0, 4 t4");
}

static void test_using(void **state)
{
    (void)state;
    expect_rows("CREATE TEMPORARY VIEW u AS SELECT * FROM VALUES (2, 'x'), (4, 'y') AS u(n, name)",
                "SELECT n, name AS t FROM s JOIN u USING (n)", "2 x, 4 y");
    expect_rows("CREATE TEMPORARY VIEW u AS SELECT * FROM VALUES (2L, 'x') AS u(n, name)",
                "SELECT n, coalesce(name, t) AS t FROM u RIGHT JOIN s USING (n)",
                "0 t0, 1 t1, 2 x, 3 t3, 4 t4");
}

/* A query in an expression that reads what ends is the constant that it gives. */
static void test_subqueries(void **state)
{
    (void)state;
    expect_rows(setup_text, "SELECT n, t FROM s WHERE n IN (SELECT i FROM d WHERE i IS NOT NULL)",
                "1 t1, 2 t2, 3 t3");
    expect_rows(setup_text, "SELECT n, t FROM s WHERE n NOT IN (SELECT i FROM d)", "");
    expect_rows(setup_text, "SELECT n, t FROM s WHERE n NOT IN (SELECT i FROM d WHERE i < 2)",
                "0 t0, 2 t2, 3 t3, 4 t4");
    expect_rows(setup_text, "SELECT n, t FROM s WHERE n NOT IN (SELECT i FROM d WHERE i > 100)",
                "0 t0, 1 t1, 2 t2, 3 t3, 4 t4");
    expect_rows(setup_text,
                "SELECT n, t FROM s WHERE n = (SELECT i FROM d WHERE name = 'nine') - 7", "2 t2");
    expect_rows(setup_text, "SELECT n, t FROM s WHERE n = (SELECT i FROM d WHERE i > 100)", "");
    expect_rows(setup_text,
                "SELECT n, t FROM s WHERE EXISTS (SELECT 1 FROM d WHERE i = 9) AND n < 1", "0 t0");
    expect_rows(setup_text, "SELECT n, t FROM s WHERE NOT EXISTS (SELECT 1 FROM d WHERE i = 9)",
                "");
    expect_rows(setup_text, "SELECT n, (SELECT name FROM d WHERE i = 9) AS t FROM s WHERE n > 3",
                "4 nine");
}

/* It stands with the joins since it is done as they are, by a constant list. */
static void test_unpivot(void **state)
{
    (void)state;
    expect_rows(setup_text,
                "SELECT v AS n, concat(y, t) AS t FROM (SELECT n, n * 10 AS m, t FROM s WHERE n "
                "BETWEEN 1 AND 2) UNPIVOT (v FOR y IN (n, m AS ten))",
                "1 nt1, 10 tent1, 2 nt2, 20 tent2");
    expect_rows(setup_text,
                "SELECT v AS n, y AS t FROM (SELECT nullif(n, 0) AS n FROM s WHERE n < 2) UNPIVOT "
                "(v FOR y IN (n))",
                "1 n");
    expect_rows(setup_text,
                "SELECT coalesce(v, -1L) AS n, y AS t FROM (SELECT nullif(n, 0) AS n FROM s WHERE "
                "n < 2) UNPIVOT INCLUDE NULLS (v FOR y IN (n))",
                "-1 n, 1 n");
    expect_rows(setup_text,
                "SELECT v + w AS n, y AS t FROM (SELECT n, n + 1 AS m FROM s WHERE n = 3) UNPIVOT "
                "((v, w) FOR y IN ((n, m), (m, m)))",
                "7 n_m, 8 m_m");
}

static void test_too_many_rows(void **state)
{
    (void)state;
    leat_context *context = leat_context_create();
    leat_input *input = leat_input_create(context, DOORS_SCHEMA, 64);
    run_sql(context, setup_text);
    assert_int_equal(leat_create_view(leat_read_input(input), "s"), LEAT_OK);
    assert_null(leat_stream_sql(context, "SELECT n FROM s WHERE n = (SELECT i FROM d)"));
    assert_string_equal(leat_context_error_condition(context), "SCALAR_SUBQUERY_TOO_MANY_ROWS");
    leat_context_destroy(context);
}

/* What lies in files when the query is made. */
static void test_files(void **state)
{
    char folder[SCRATCH_PATH_SIZE], setup[512];
    (void)state;
    scratch_create(folder);
    scratch_write("{\"i\":3,\"name\":\"three\"}\n{\"i\":0,\"name\":\"zero\"}\n", "%s/d/1.json",
                  folder);
    (void)snprintf(setup, sizeof setup,
                   "CREATE TABLE f (i BIGINT, name STRING) USING json OPTIONS (path '%s/d', static "
                   "'true')",
                   folder);
    expect_rows(setup, NAMED "s JOIN f ON n = i", "0 zero, 3 three");
    scratch_remove(folder);
}

/* The builder's join, whose right side is a table. */
static leat_stream *of_builder(leat_context *context, leat_input *input, const char *sql)
{
    leat_stream *table = leat_stream_sql(context, sql);
    leat_stream *joined =
        leat_join(leat_read_input(input), "s", table, "k", "left_outer", "s.n = k.i");
    return leat_select(joined, "n, coalesce(name, '-') AS t");
}

#define OF_TOPIC                                                                                   \
    "SELECT CAST(CAST(key AS STRING) AS BIGINT) AS i, CAST(value AS STRING) AS name FROM k"

static void expect_of_topic(const struct world *world, const char *options, const char *wanted)
{
    char setup[1024];
    (void)snprintf(setup, sizeof setup,
                   "CREATE TABLE k USING kafka OPTIONS (kafka.bootstrap.servers '%s', subscribe "
                   "'d', kafka.fetch.wait.max.ms '5', static 'true'%s)",
                   strchr(world->bootstrap, '=') + 1, options);
    expect_rows(setup, NAMED "s LEFT JOIN (" OF_TOPIC ") ON s.n = i", wanted);
    expect_made(setup, of_builder, OF_TOPIC, wanted);
}

/* What a topic has when the query is made, from its earliest record, or from and up to where the
 * table says. */
static void test_topics(void **state)
{
    static const char all[] = "0 -, 1 one, 2 two, 3 -, 4 four";
    struct world *world = *state;
    world_topic(world, "d", 1);
    world_produce(world, "d", 0, "1", "one", NULL);
    world_produce(world, "d", 0, "2", "two", NULL);
    world_produce(world, "d", 0, "4", "four", NULL);
    expect_of_topic(world, "", all);
    expect_of_topic(world, ", endingOffsets 'latest'", all);
    expect_of_topic(world, ", endingOffsets '{\"d\":{\"0\":-1}}'", all);
    expect_of_topic(world, ", startingOffsets '{\"d\":{\"0\":1}}'",
                    "0 -, 1 -, 2 two, 3 -, 4 four");
    expect_of_topic(world, ", endingOffsets '{\"d\":{\"0\":1}}'", "0 -, 1 one, 2 -, 3 -, 4 -");
    expect_of_topic(world,
                    ", startingOffsets '{\"d\":{\"0\":2}}', endingOffsets '{\"d\":{\"0\":1}}'",
                    "0 -, 1 -, 2 -, 3 -, 4 -");
    expect_of_topic(world, ", endingOffsets '{\"d\":{\"0\":9}}', failOnDataLoss 'false'", all);
}

static void expect_table_refused(const struct world *world, const char *options, const char *part)
{
    char setup[1024];
    leat_context *context = leat_context_create();
    leat_input *input = leat_input_create(context, DOORS_SCHEMA, 64);
    (void)snprintf(setup, sizeof setup,
                   "CREATE TABLE k USING kafka OPTIONS (kafka.bootstrap.servers '%s', subscribe "
                   "'d', kafka.fetch.wait.max.ms '5'%s)",
                   strchr(world->bootstrap, '=') + 1, options);
    run_sql(context, setup);
    assert_null(of_sql(context, input, "SELECT s.n FROM s JOIN k ON k.offset = s.n"));
    if (strstr(leat_context_error(context), part) == NULL)
        fail_msg("%s", leat_context_error(context));
    leat_context_destroy(context);
}

static void test_refused_topics(void **state)
{
    struct world *world = *state;
    world_topic(world, "d", 1);
    world_produce(world, "d", 0, "1", "one", NULL);
    expect_table_refused(world, ", endingOffsets 'latest'",
                         "ending offset not valid in streaming queries");
    expect_table_refused(world, ", static 'true', startingOffsets 'Latest'",
                         "starting offset can't be latest for batch queries on Kafka");
    expect_table_refused(world, ", static 'true', startingOffsets '{\"d\":{\"0\":-1}}'",
                         "startingOffsets for d-0 can't be latest for batch queries on Kafka");
    expect_table_refused(world, ", static 'true', endingOffsets 'earliest'",
                         "ending offset can't be earliest for batch queries on Kafka");
    expect_table_refused(world, ", static 'true', endingOffsets '{\"d\":{\"0\":-2}}'",
                         "ending offset for d-0 can't be earliest for batch queries on Kafka");
    expect_table_refused(world, ", static 'true', endingOffsets 'soon'",
                         "option \"endingOffsets\" is none of latest and an offset per partition");
    expect_table_refused(world, ", static 'true', endingTimestamp '-3'", "endingTimestamp");
    expect_table_refused(world, ", static 'true', endingOffsets '{\"d\":{\"0\":9}}'",
                         "Could not read records in offset [1, 9) for topic partition d-0");
}

static void expect_refused(const char *sql, const char *part)
{
    leat_context *context = leat_context_create();
    leat_input *input = leat_input_create(context, DOORS_SCHEMA, 64);
    leat_output *output = leat_output_create(context, 256);
    run_sql(context, setup_text);
    assert_int_equal(leat_create_view(leat_read_input(input), "s"), LEAT_OK);
    leat_query *query = leat_query_create(context, NULL);
    leat_stream *stream = leat_stream_sql(context, sql);
    assert_int_equal(leat_query_write_output(query, stream, output), LEAT_OK);
    assert_int_not_equal(leat_start(query), LEAT_OK);
    if (strstr(leat_query_error(query), part) == NULL)
        fail_msg("%s", leat_query_error(query));
    leat_query_destroy(query);
    leat_context_destroy(context);
}

static void test_refused(void **state)
{
    (void)state;
    expect_refused("SELECT * FROM d LEFT JOIN s ON n = i", "LeftOuter join with a streaming");
    expect_refused("SELECT * FROM s FULL JOIN d ON n = i", "FullOuter joins with streaming");
    expect_refused("SELECT * FROM s WHERE EXISTS (SELECT 1 FROM d WHERE d.i = s.n)",
                   "a subquery is not supported");
    expect_refused("SELECT * FROM s JOIN (SELECT max(i) AS m FROM d) ON n = m",
                   "Aggregate of a table that ends is not supported");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inner), cmocka_unit_test(test_outer),
        cmocka_unit_test(test_semi_and_anti), cmocka_unit_test(test_using),
        cmocka_unit_test(test_subqueries), cmocka_unit_test(test_unpivot),
        cmocka_unit_test(test_too_many_rows),
        cmocka_unit_test(test_files), cmocka_unit_test(test_refused),
        cmocka_unit_test_setup_teardown(test_topics, world_set_up, world_tear_down),
        cmocka_unit_test_setup_teardown(test_refused_topics, world_set_up, world_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
