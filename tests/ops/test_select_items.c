/*
 * Select lists whose items use the names of items further left, from text to rows: what stands for
 * a value is put in its place, what gives rows or another value each time is computed once, by a
 * step of its own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/text_buffer.h"
#include "core/data/row.h"
#include "tests/support/conformance_pipeline.h"

/* The rows that come of one row with the columns id = 7 and v = 1, or the error, end like that. */
static void expect(const char *const *items, const char *wanted)
{
    static struct pipeline_result result;
    const struct lt_row_pool_options options = {.column_count = 2, .capacity = 1};
    struct lt_arena *arena = lt_arena_create();
    const struct lt_type *schema;
    struct lt_row_pool *pool;
    struct lt_text_buffer got;
    uint32_t count = 0;
    while (items[count] != NULL)
        count++;
    assert_int_equal(lt_type_parse_ddl("id INT, v INT", arena, &schema, NULL), LT_OK);
    assert_int_equal(lt_row_pool_create(&options, &pool, NULL), LT_OK);
    struct lt_row *row = lt_row_claim(pool);
    lt_row_values(row)[0].i64 = 7;
    lt_row_values(row)[1].i64 = 1;
    const struct conformance_rows rows = {.schema = schema, .rows = &row, .count = 1};
    conformance_pipeline_run(NULL, items, count, &rows, lt_session_default(), &result);
    lt_text_init(&got);
    lt_text_append(&got, result.error);
    for (uint32_t i = 0; i < result.row_count; i++)
        lt_text_append(&got, result.rows[i]);
    const char *tail = lt_text_get(&got);
    tail += got.size_bytes > strlen(wanted) ? got.size_bytes - strlen(wanted) : 0;
    assert_string_equal(tail, wanted);
    lt_text_fini(&got);
    conformance_pipeline_fini(&result);
    lt_row_release(row);
    lt_row_pool_destroy(pool);
    lt_arena_destroy(arena);
}

static void a_value_further_left_is_used_by_its_name(void **state)
{
    (void)state;
    expect((const char *[]){"id + 1 AS a", "a * 2 AS b", "b - a AS c", NULL},
           "{\"a\":8,\"b\":16,\"c\":8}");
    expect((const char *[]){"id + 1 AS a, a * 2 AS b", "b AS c", NULL},
           "{\"a\":8,\"b\":16,\"c\":16}");
    expect((const char *[]){"10 AS id", "id AS x", NULL}, "{\"id\":10,\"x\":7}");
}

/* A step takes the rows of a generator, or a value that is another each time. */
static void rows_and_random_values_are_computed_once(void **state)
{
    (void)state;
    expect((const char *[]){"explode(array(1, 2)) AS e", "e * id AS f", "f + 1 AS g", NULL},
           "{\"e\":1,\"f\":7,\"g\":8}{\"e\":2,\"f\":14,\"g\":15}");
    expect((const char *[]){"id", "posexplode(array('x')) AS (p, w)", "p + 1 AS q", "*", NULL},
           "{\"id\":7,\"p\":0,\"w\":\"x\",\"q\":1,\"id\":7,\"v\":1}");
    expect((const char *[]){"explode(array(1, 2)) AS e", "explode(array(e, 10 * e)) AS f", NULL},
           "{\"e\":1,\"f\":1}{\"e\":1,\"f\":10}{\"e\":2,\"f\":2}{\"e\":2,\"f\":20}");
    expect((const char *[]){"explode(map('a', 1))", "value + 1 AS x", NULL},
           "{\"key\":\"a\",\"value\":1,\"x\":2}");
    expect((const char *[]){"rand() AS r", "r = r AS same", "r - r AS none", NULL},
           "\"same\":true,\"none\":0.0}");
    expect((const char *[]){"named_struct('r', rand()).r = 2 AS a", "a", "a OR id = 7 AS b", NULL},
           "{\"a\":false,\"a\":false,\"b\":true}");
}

static void lambdas_within_lambdas_keep_their_parameters_apart(void **state)
{
    (void)state;
    expect((const char *[]){"transform(array(id, 2), x -> x + 1) AS a",
                            "transform(array(10, 20), y -> a[0] + y) AS b",
                            "transform(b, z -> z + transform(a, x -> x * z)[1]) AS c", NULL},
           "{\"a\":[8,3],\"b\":[18,28],\"c\":[72,112]}");
}

/* Each name doubles the tree; twenty of them would be a million nodes. */
static void a_tree_does_not_grow_without_measure(void **state)
{
    (void)state;
    expect((const char *[]){"id + v AS a", "a+a AS b, b+b AS c, c+c AS d, d+d AS e, e+e AS f",
                            "f+f AS g, g+g AS h, h+h AS i, i+i AS j, j+j AS k, k+k AS l",
                            "l+l AS m, m+m AS n, n+n AS o, o+o AS p, p+p AS q, q+q AS r, r+r AS s",
                            "s AS last", NULL},
           "{\"a\":8,\"b\":16,\"c\":32,\"d\":64,\"e\":128,\"f\":256,\"g\":512,\"h\":1024,"
           "\"i\":2048,\"j\":4096,\"k\":8192,\"l\":16384,\"m\":32768,\"n\":65536,"
           "\"o\":131072,\"p\":262144,\"q\":524288,\"r\":1048576,\"s\":2097152,"
           "\"last\":2097152}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_further_left_is_used_by_its_name),
        cmocka_unit_test(rows_and_random_values_are_computed_once),
        cmocka_unit_test(lambdas_within_lambdas_keep_their_parameters_apart),
        cmocka_unit_test(a_tree_does_not_grow_without_measure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
