/* What sources count of their own, in the metrics of the progress. */
#include "core/run/progress_metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static void add(struct lt_counters *counters, const char *name, uint64_t value)
{
    struct lt_shared_u64 *counter =
        lt_counters_add(counters, LT_COUNTER_SUM, name, "things", "of the test");
    lt_counter_set(counter, value);
}

static void expect(const struct lt_counters *counters, uint32_t part, const char *wanted)
{
    struct lt_text_buffer json;
    lt_text_init(&json);
    lt_progress_metrics(counters, part, &json);
    assert_string_equal(lt_text_get(&json), wanted);
    lt_text_fini(&json);
}

static void a_sources_counters_are_summed_over_lanes(void **state)
{
    struct lt_counters *counters;
    (void)state;
    assert_int_equal(lt_counters_create(NULL, "q", &counters, NULL), 0);
    add(counters, "lane0.source.records", 5);
    add(counters, "lane0.source.lag_ms", 5);
    add(counters, "lane0.source.dropped", 3);
    add(counters, "lane0.source.files.read", 2);
    add(counters, "lane0.source.part1.dropped", 70);
    add(counters, "lane0.source.particles", 9);
    add(counters, "lane0.sink0.dropped", 1000);
    add(counters, "lane1.source.dropped", 4);
    add(counters, "lane12.source.part1.dropped", 700);
    add(counters, "source.dropped", 1000);
    expect(counters, 0, ",\"dropped\":\"7\",\"files.read\":\"2\",\"particles\":\"9\"");
    expect(counters, 1, ",\"dropped\":\"770\"");
    expect(counters, 2, "");
    expect(NULL, 0, "");
    lt_counters_close(counters);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sources_counters_are_summed_over_lanes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
