/*
 * How many records of a topic a micro-batch lets in, as Spark shares a limit out. No broker is
 * asked.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/base/arena.h"
#include "io/kafka_source.h"
#include "io/kafka_source_internal.h"

enum { PARTITIONS = 3 };

static struct lt_arena *arena;
static struct lt_options *options;
static struct lt_clock_manual manual;
static struct lt_kafka_source *source;
static struct lt_kafka_partition partitions[PARTITIONS] = {{"t", 0}, {"t", 1}, {"t", 2}};

static int set_up(void **state)
{
    (void)state;
    arena = lt_arena_create();
    options = lt_options_create();
    lt_clock_manual_init(&manual, 1, 1);
    return 0;
}

static void set(const char *key, const char *value)
{
    struct lt_error error;
    assert_int_equal(lt_options_set(options, key, value, "test", &error), 0);
}

static void bind_source(void)
{
    struct lt_error error;
    struct lt_source *out;
    set("kafka.bootstrap.servers", "127.0.0.1:1");
    set("subscribe", "t");
    int code = lt_kafka_source_type.bind(&lt_kafka_source_type, options, NULL, arena, &out, &error);
    if (code != 0)
        fail_msg("%s", error.text);
    source = (struct lt_kafka_source *)out;
    source->base.partition_count = PARTITIONS;
    source->partitions = partitions;
    source->env.clock = &manual.clock;
}

static int tear_down(void **state)
{
    (void)state;
    source->base.partition_count = 0;
    source->partitions = NULL;
    source->base.ops->close(&source->base);
    lt_options_destroy(options);
    lt_arena_destroy(arena);
    return 0;
}

static int admit(const int64_t *start, const int64_t *latest, int64_t *end, struct lt_error *error)
{
    struct lt_position from[PARTITIONS] = {{0}}, to[PARTITIONS] = {{0}}, out[PARTITIONS] = {{0}};
    for (int i = 0; i < PARTITIONS; i++) {
        from[i].offset = start[i];
        to[i].offset = latest[i];
    }
    int code = lt_kafka_admit(&source->base, from, to, out, error);
    for (int i = 0; i < PARTITIONS; i++)
        end[i] = out[i].offset;
    return code;
}

static void assert_admitted(const int64_t *start, const int64_t *latest, int64_t a, int64_t b,
                            int64_t c)
{
    int64_t end[PARTITIONS];
    struct lt_error error;
    assert_int_equal(admit(start, latest, end, &error), 1);
    assert_int_equal(end[0], a);
    assert_int_equal(end[1], b);
    assert_int_equal(end[2], c);
}

static void without_a_limit_all_is_let_in(void **state)
{
    static const int64_t start[] = {10, 20, 30}, latest[] = {15, 20, 1000};
    (void)state;
    bind_source();
    assert_admitted(start, latest, 15, 20, 1000);
}

static void a_limit_is_shared_out_by_backlog(void **state)
{
    static const int64_t start[] = {0, 0, 100}, latest[] = {600, 300, 200};
    (void)state;
    set("maxOffsetsPerTrigger", "100");
    bind_source();
    assert_admitted(start, latest, 60, 30, 110);
}

static void a_share_below_one_is_one_and_others_are_rounded_down(void **state)
{
    static const int64_t start[] = {0, 0, 0}, latest[] = {1000, 999, 1};
    (void)state;
    set("maxOffsetsPerTrigger", "3");
    bind_source();
    assert_admitted(start, latest, 1, 1, 1);
}

static void a_limit_above_the_backlog_lets_all_in(void **state)
{
    static const int64_t start[] = {5, 5, 5}, latest[] = {6, 7, 5};
    (void)state;
    set("maxOffsetsPerTrigger", "1000");
    bind_source();
    assert_admitted(start, latest, 6, 7, 5);
}

static void too_little_waits_until_the_delay_is_over_but_not_at_first(void **state)
{
    static const int64_t start[] = {0, 0, 0}, latest[] = {3, 3, 3}, more[] = {4, 3, 3};
    int64_t end[PARTITIONS];
    struct lt_error error;
    (void)state;
    set("minOffsetsPerTrigger", "10");
    set("maxTriggerDelay", "1m");
    bind_source();
    assert_admitted(start, latest, 3, 3, 3);
    assert_int_equal(admit(start, latest, end, &error), 0);
    assert_admitted(start, more, 4, 3, 3);
    assert_int_equal(admit(start, latest, end, &error), 0);
    lt_clock_manual_advance(&manual, 59 * (int64_t)LT_NS_PER_S);
    assert_int_equal(admit(start, latest, end, &error), 0);
    lt_clock_manual_advance(&manual, (int64_t)LT_NS_PER_S);
    assert_admitted(start, latest, 3, 3, 3);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(without_a_limit_all_is_let_in),
        TEST(a_limit_is_shared_out_by_backlog),
        TEST(a_share_below_one_is_one_and_others_are_rounded_down),
        TEST(a_limit_above_the_backlog_lets_all_in),
        TEST(too_little_waits_until_the_delay_is_over_but_not_at_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
