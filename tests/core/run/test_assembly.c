/*
 * The largest queries, in the caller's own loop: as many lanes as the engine allows run on one
 * thread; with more counters than there is room for a query does not start, and says why.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/leat.h"

/* A rate of 256 partitions in as many lanes, to so many sinks. */
static leat_query *make_query(leat_context *context, int sinks)
{
    leat_stream *read =
        leat_read(context, "rate",
                  leat_options_of("rowsPerSecond", "100000", "numPartitions", "256", NULL), NULL);
    leat_query *query =
        leat_query_create(context, leat_options_of("lanes", "256", "stages", "3", "laneRows", "512",
                                                   "dmaLatency", "off", NULL));
    for (int i = 0; i < sinks; i++)
        assert_int_equal(leat_query_write(query, read, "noop", NULL), 0);
    return query;
}

static void all_lanes_run_in_the_callers_loop(void **state)
{
    (void)state;
    leat_context *context = leat_context_create();
    leat_query *query = make_query(context, 1);
    if (leat_start_invoked(query) != 0)
        fail_msg("%s", leat_query_error(query));
    char *explained = leat_query_explain(query);
    assert_non_null(strstr(explained, "lanes: 256 "));
    free(explained);
    for (int i = 0; i < 100; i++)
        assert_true(leat_do_work(query) >= 0);
    assert_int_equal(leat_stop(query, LEAT_FOREVER), 0);
    leat_query_destroy(query);
    leat_context_destroy(context);
}

static void more_counters_than_there_is_room_for_are_refused_with_a_hint(void **state)
{
    (void)state;
    leat_context *context = leat_context_create();
    leat_query *query = make_query(context, 15);
    assert_int_equal(leat_start_invoked(query), LEAT_ERROR_LIMIT);
    assert_non_null(strstr(leat_query_error(query), "hint: run it with fewer lanes or sinks"));
    leat_query_destroy(query);
    leat_context_destroy(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_lanes_run_in_the_callers_loop),
        cmocka_unit_test(more_counters_than_there_is_room_for_are_refused_with_a_hint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
