/*
 * Looking for topics and partitions that were added, many times a minute and on the thread that
 * epochs, triggers and commits come from: what it costs when there are many of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "io/kafka_source_internal.h"
#include "tests/support/kafka_world.h"

enum { TOPICS = 12, PARTITIONS = 40 };

static _Thread_local bool counts_compares;
static _Thread_local uint32_t compares;

/* The C library's, counted on the thread that asks for it. */
int strcmp(const char *a, const char *b)
{
    compares += counts_compares;
    while (*a != '\0' && *a == *b)
        a++, b++;
    return (unsigned char)*a - (unsigned char)*b;
}

static void make_topics(struct world *world)
{
    char name[32];
    for (int i = 0; i < TOPICS; i++) {
        snprintf(name, sizeof name, "orders-%d", (i * 7) % TOPICS); /* in no order */
        world_topic(world, name, PARTITIONS);
    }
}

static bool look(struct world *world)
{
    counts_compares = true;
    compares = 0;
    bool has_changed = lt_kafka_topics_changed((struct lt_kafka_source *)world->source);
    counts_compares = false;
    return has_changed;
}

/* librdkafka's table is filled by its own thread. */
static void look_until_it_is_found(struct world *world)
{
    struct lt_kafka_source *source = (struct lt_kafka_source *)world->source;
    int64_t deadline_ns =
        lt_clock_now_ns(lt_clock_system()) + (int64_t)WORLD_WAIT_MS * LT_NS_PER_MS;
    do {
        assert_true(lt_clock_now_ns(lt_clock_system()) < deadline_ns);
        source->next_look_ns = 0; /* as if its time had come */
    } while (!look(world));
}

static void a_look_for_partitions_does_not_go_through_all_of_them_for_each_topic(void **state)
{
    struct world *world = *state;
    make_topics(world);
    world_connect(world, WORLD_OPTIONS("subscribePattern=orders-.*"));
    assert_int_equal(world->source->partition_count, TOPICS * PARTITIONS);
    assert_int_equal(world->source->partition_width, PARTITIONS);
    assert_false(look(world));
    assert_true(compares < TOPICS);
}

static void nor_does_a_look_for_topics(void **state)
{
    struct world *world = *state;
    make_topics(world);
    world_connect(world, WORLD_OPTIONS("subscribePattern=orders-.*"));
    world_topic(world, "orders-new", 1);
    look_until_it_is_found(world);
    assert_true(compares > 0); /* or nothing is counted */
    assert_true(compares < TOPICS * PARTITIONS);
}

static void topics_of_different_widths_are_found_each_with_its_partitions(void **state)
{
    struct world *world = *state;
    static const char *const names[] = {"b", "a", "c"};
    for (int i = 0; i < 3; i++)
        world_topic(world, names[i], i + 1);
    world_connect(world, WORLD_OPTIONS("subscribePattern=[abc]"));
    const struct lt_kafka_source *source = (struct lt_kafka_source *)world->source;
    static const struct lt_kafka_partition expected[] = {{"a", 0}, {"a", 1}, {"b", 0},
                                                         {"c", 0}, {"c", 1}, {"c", 2}};
    assert_int_equal(source->base.partition_count, 6);
    assert_int_equal(source->base.partition_width, 3);
    for (int i = 0; i < 6; i++) {
        assert_string_equal(source->partitions[i].topic, expected[i].topic);
        assert_int_equal(source->partitions[i].id, expected[i].id);
    }
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, world_set_up, world_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(a_look_for_partitions_does_not_go_through_all_of_them_for_each_topic),
        CASE(nor_does_a_look_for_topics),
        CASE(topics_of_different_widths_are_found_each_with_its_partitions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
