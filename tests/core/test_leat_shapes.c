/*
 * Queries with state whose plans are no plain chain, run from files to sinks of the test's own: a
 * limit of the query's whole life, a union of aggregations, several sinks of one, and a table that
 * keeps what it has read, named twice.
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
#include "core/leat.h"
#include "tests/support/scratch.h"

enum { SINKS_MAX = 2, ROWS_MAX = 64, ROW_SIZE = 32 };

static const char first_file[] =
    "{\"k\":\"a\",\"v\":1}\n{\"k\":\"b\",\"v\":2}\n{\"k\":\"a\",\"v\":3}\n";
static const char second_file[] = "{\"k\":\"c\",\"v\":4}\n{\"k\":\"a\",\"v\":5}\n";

/* Rows of (text, number): one partition of state, so one thread writes them. */
struct rows {
    char texts[ROWS_MAX][ROW_SIZE];
    uint32_t count;
};

struct world {
    char folder[SCRATCH_PATH_SIZE];
    leat_context *context;
    struct rows rows[SINKS_MAX];
};

static int open_rows(void *user, uint32_t lane, void **state)
{
    (void)lane;
    *state = user;
    return LEAT_OK;
}

static enum leat_write write_row(void *state, const leat_row *row, uint32_t flags)
{
    struct rows *rows = state;
    size_t size = 0;
    const char *text = leat_row_bytes(row, 0, &size);
    (void)flags;
    assert_true(rows->count < ROWS_MAX);
    (void)snprintf(rows->texts[rows->count++], ROW_SIZE, "%.*s%lld", (int)size,
                   text == NULL ? "" : text, (long long)leat_row_i64(row, 1));
    return LEAT_WRITE_DONE;
}

static void open_world(struct world *world)
{
    char text[512];
    scratch_create(world->folder);
    world->context = leat_context_create();
    scratch_write(first_file, "%s/in/1.json", world->folder);
    (void)snprintf(text, sizeof text,
                   "CREATE TABLE e (k STRING, v BIGINT) USING json OPTIONS (path '%s/in', "
                   "maxFilesPerTrigger '1');"
                   "CREATE TABLE d (k STRING, v BIGINT) USING json OPTIONS (path '%s/in', "
                   "dropDuplicates 'k');",
                   world->folder, world->folder);
    for (const char *rest = text; *rest != '\0';)
        if (leat_sql(world->context, rest, &rest, NULL) != LEAT_OK)
            fail_msg("%s", leat_context_error(world->context));
}

static void close_world(struct world *world)
{
    leat_context_destroy(world->context);
    scratch_remove(world->folder);
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void expect_rows(struct world *world, uint32_t sink, const char *wanted)
{
    struct rows *rows = &world->rows[sink];
    struct lt_text_buffer text;
    lt_text_init(&text);
    qsort(rows->texts, rows->count, ROW_SIZE, compare_texts);
    for (uint32_t i = 0; i < rows->count; i++)
        lt_text_format(&text, "%s%s", i == 0 ? "" : " ", rows->texts[i]);
    assert_string_equal(lt_text_get(&text), wanted);
    lt_text_fini(&text);
    rows->count = 0;
}

/* Runs a query of the streams, one for each sink, until the files are read. */
static void run(struct world *world, leat_stream *const streams[SINKS_MAX], const char *mode)
{
    char checkpoint[SCRATCH_PATH_SIZE + 16];
    (void)snprintf(checkpoint, sizeof checkpoint, "%s/checkpoint", world->folder);
    leat_query *query = leat_query_create(
        world->context, leat_options_of("checkpointLocation", checkpoint, "shufflePartitions", "1",
                                        "dmaLatency", "off", "pin", "false", "idle", "park", NULL));
    int code = leat_query_output_mode(query, mode);
    for (uint32_t i = 0; i < SINKS_MAX && streams[i] != NULL && code == LEAT_OK; i++)
        code = leat_query_write_sink(query, streams[i],
                                     &(leat_sink){.size = sizeof(leat_sink),
                                                  .name = "rows",
                                                  .user = &world->rows[i],
                                                  .open = open_rows,
                                                  .write = write_row});
    if (code == LEAT_OK)
        code = leat_query_trigger_available_now(query);
    if (code == LEAT_OK)
        code = leat_start(query);
    if (code == LEAT_OK)
        code = leat_await(query, LEAT_FOREVER);
    if (code != LEAT_OK)
        fail_msg("%s", leat_query_error(query));
    leat_query_destroy(query);
}

static leat_stream *read_sql(struct world *world, const char *text)
{
    leat_stream *stream = leat_stream_sql(world->context, text);
    if (stream == NULL)
        fail_msg("%s", leat_context_error(world->context));
    return stream;
}

static void run_sql(struct world *world, const char *text, const char *mode)
{
    leat_stream *const streams[SINKS_MAX] = {read_sql(world, text)};
    run(world, streams, mode);
}

static void a_limit_counts_over_all_runs(void **state)
{
    static struct world world;
    (void)state;
    open_world(&world);
    run_sql(&world, "SELECT k, v FROM e LIMIT 4", "append");
    expect_rows(&world, 0, "a1 a3 b2");
    scratch_write(second_file, "%s/in/2.json", world.folder);
    run_sql(&world, "SELECT k, v FROM e LIMIT 4", "append");
    assert_int_equal(world.rows[0].count, 1); /* of the two that came */
    world.rows[0].count = 0;
    scratch_write(second_file, "%s/in/3.json", world.folder);
    run_sql(&world, "SELECT k, v FROM e LIMIT 4", "append");
    expect_rows(&world, 0, "");
    close_world(&world);
}

static void a_limit_below_an_aggregation_is_of_the_rows(void **state)
{
    static struct world world;
    (void)state;
    open_world(&world);
    run_sql(&world, "SELECT 'n', count(*) AS n FROM (SELECT k FROM e LIMIT 2)", "complete");
    expect_rows(&world, 0, "n2");
    close_world(&world);
}

static void aggregations_are_united(void **state)
{
    static const char query[] = "SELECT k, count(*) AS n FROM e GROUP BY k UNION ALL "
                                "SELECT 'sum', sum(v) FROM e UNION ALL SELECT upper(k), v FROM e";
    static struct world world;
    (void)state;
    open_world(&world);
    run_sql(&world, query, "update");
    expect_rows(&world, 0, "A1 A3 B2 a2 b1 sum6");
    scratch_write(second_file, "%s/in/2.json", world.folder);
    run_sql(&world, query, "update");
    expect_rows(&world, 0, "A5 C4 a3 c1 sum15");
    close_world(&world);
}

static void sinks_share_what_one_operator_gives(void **state)
{
    static struct world world;
    (void)state;
    open_world(&world);
    leat_stream *counts =
        read_sql(&world, "SELECT k, count(*) AS n, sum(v) AS s FROM e GROUP BY k");
    leat_stream *const streams[SINKS_MAX] = {leat_select(counts, "k, n"),
                                             leat_select(leat_filter(counts, "n > 1"), "k, s")};
    run(&world, streams, "update");
    expect_rows(&world, 0, "a2 b1");
    expect_rows(&world, 1, "a4");
    scratch_write(second_file, "%s/in/2.json", world.folder);
    run(&world, streams, "update");
    expect_rows(&world, 0, "a3 c1");
    expect_rows(&world, 1, "a9");
    close_world(&world);
}

static void sinks_of_other_operators_are_refused(void **state)
{
    static struct world world;
    (void)state;
    open_world(&world);
    leat_stream *plain = read_sql(&world, "SELECT k, v FROM e");
    leat_stream *counts = leat_group_by(plain, "k", "k, count(*) AS n");
    leat_query *query = leat_query_create(world.context, NULL);
    assert_int_equal(leat_query_output_mode(query, "update"), LEAT_OK);
    assert_int_equal(leat_query_write(query, counts, "noop", NULL), LEAT_OK);
    assert_int_equal(leat_query_write(query, plain, "noop", NULL), LEAT_OK);
    assert_int_not_equal(leat_start(query), LEAT_OK);
    assert_non_null(strstr(leat_query_error(query), "sink 2 takes something else"));
    leat_query_destroy(query);
    close_world(&world);
}

static void a_table_named_twice_keeps_twice(void **state)
{
    static struct world world;
    (void)state;
    open_world(&world);
    run_sql(&world, "SELECT k, v FROM d UNION ALL SELECT upper(k), v FROM d", "append");
    expect_rows(&world, 0, "A1 B2 a1 b2");
    scratch_write(second_file, "%s/in/2.json", world.folder);
    run_sql(&world, "SELECT k, v FROM d UNION ALL SELECT upper(k), v FROM d", "append");
    expect_rows(&world, 0, "C4 c4");
    close_world(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_limit_counts_over_all_runs),
        cmocka_unit_test(a_limit_below_an_aggregation_is_of_the_rows),
        cmocka_unit_test(aggregations_are_united),
        cmocka_unit_test(sinks_share_what_one_operator_gives),
        cmocka_unit_test(sinks_of_other_operators_are_refused),
        cmocka_unit_test(a_table_named_twice_keeps_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
