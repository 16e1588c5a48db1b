/* What a query would run with, told before the start, is what it runs with. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/leat.h"

struct choices {
    unsigned lanes, stages;
    char idle[16];
};

static leat_query *build(leat_context *context, const char *partitions, leat_options *options)
{
    leat_stream *in =
        leat_read(context, "rate",
                  leat_options_of("rowsPerSecond", "1", "numPartitions", partitions, NULL), NULL);
    leat_query *query = leat_query_create(context, options);
    assert_int_equal(leat_query_write(query, in, "noop", NULL), LEAT_OK);
    return query;
}

static const char *line_of(const char *text, const char *begin)
{
    const char *line = strstr(text, begin);
    if (line == NULL)
        fail_msg("no line \"%s\" in:\n%s", begin, text);
    return line;
}

static struct choices choices_told(leat_query *query)
{
    struct choices choices = {0};
    char *text = leat_query_explain(query);
    assert_non_null(text);
    assert_int_equal(sscanf(line_of(text, "\nlanes: "), "\nlanes: %u", &choices.lanes), 1);
    assert_int_equal(sscanf(line_of(text, "\nstages: "), "\nstages: %u", &choices.stages), 1);
    assert_int_equal(sscanf(line_of(text, "\nidle: "), "\nidle: %15s", choices.idle), 1);
    free(text);
    return choices;
}

static void expect_the_same(const char *partitions, leat_options *options)
{
    leat_context *context = leat_context_create();
    leat_query *query = build(context, partitions, options);
    struct choices before = choices_told(query);
    assert_int_equal(leat_start(query), LEAT_OK);
    struct choices after = choices_told(query);
    /* How many partitions there are is known when the source is connected. */
    unsigned partition_count = (unsigned)strtoul(partitions, NULL, 10);
    assert_int_equal(before.lanes < partition_count ? before.lanes : partition_count, after.lanes);
    assert_int_equal(before.stages, after.stages);
    assert_string_equal(before.idle, after.idle);
    leat_query_destroy(query);
    leat_context_destroy(context);
}

static void what_is_told_before_the_start_is_what_is_chosen(void **state)
{
    (void)state;
    expect_the_same("1", leat_options_of("dmaLatency", "off", NULL));
    expect_the_same("8", leat_options_of("dmaLatency", "off", NULL));
    expect_the_same("8", leat_options_of("dmaLatency", "off", "lanes", "3", NULL));
    expect_the_same("2", leat_options_of("dmaLatency", "off", "lanes", "5", "idle", "yield", NULL));
    expect_the_same("2", leat_options_of("dmaLatency", "off", "stages", "3", "idle", "park", NULL));
}

static void each_choice_says_what_decided_it(void **state)
{
    (void)state;
    leat_context *context = leat_context_create();
    leat_options *options = leat_options_of("idle", "park", NULL);
    assert_int_equal(leat_options_set(options, "lanes", "1", "relay.yaml:3:5"), LEAT_OK);
    leat_query *query = build(context, "4", options);
    char *text = leat_query_explain(query);
    assert_non_null(strstr(text, "\nlanes: 1   # lanes = 1, relay.yaml:3:5"));
    assert_non_null(strstr(text, "\nstages: 1, fused on one thread   # stages = 1, default\n"));
    assert_non_null(strstr(text, "\nidle: park   # idle = park, program\n"));
    assert_non_null(strstr(text, "   # cpus not set: this process may use "));
    assert_non_null(strstr(text, "\nguarantee: at-least-once, within one run   # "));
    assert_non_null(strstr(text, "\ncheckpoint: none   # checkpointLocation not set\n"));
    free(text);
    leat_query_destroy(query);
    leat_context_destroy(context);
}

static void a_query_that_could_not_start_is_not_explained(void **state)
{
    (void)state;
    leat_context *context = leat_context_create();
    leat_query *query = build(context, "1", leat_options_of("cpus", "1023", NULL));
    assert_null(leat_query_explain(query));
    assert_non_null(strstr(leat_query_error(query), "option \"cpus\": CPU 1023 is not one"));
    assert_null(leat_query_explain(NULL));
    leat_query_destroy(query);
    leat_context_destroy(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_told_before_the_start_is_what_is_chosen),
        cmocka_unit_test(each_choice_says_what_decided_it),
        cmocka_unit_test(a_query_that_could_not_start_is_not_explained),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
