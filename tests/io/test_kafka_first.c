/*
 * The first record to a partition goes alone, and what is called delivered without the broker's
 * word breaks the writer (io/kafka_first.c). The mock broker takes any batch, whatever came before
 * it, as a real one does from a producer that it does not know.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/flow/fault.h"
#include "io/kafka_source_internal.h"
#include "io/kafka_writer.h"
#include "tests/support/kafka_world.h"

enum { RTT_MS = 500 };

/* A writer of topic "out" with a request for each record, and `count` rows with the values "a",
 * "b", ... for its partition 0. */
static void open_writer(struct world *world, uint32_t count)
{
    world_topic(world, "in", 1);
    world_topic(world, "out", 1);
    if (world_source(world, WORLD_OPTIONS("subscribe=in", "startingOffsets=earliest")) != 0 ||
        world_sink(world, WORLD_OPTIONS("topic=out", "kafka.batch.num.messages=1"),
                   world->source->schema) != 0)
        fail_msg("%s", world->error.text);
    world_reader(world, NULL);
    world_writer(world);
    for (uint32_t i = 0; i < count; i++)
        world_produce(world, "in", 0, "k", (const char[]){(char)('a' + i), '\0'}, NULL);
    world_read(world, count);
    assert_int_equal(world->row_count, count);
}

static enum lt_write write_row(struct world *world, uint32_t index)
{
    struct lt_fault *fault = NULL;
    return world->writer->ops->write(world->writer, world->rows[index], &fault);
}

static void deliver(struct world *world, uint64_t epoch)
{
    world->writer->ops->prepare(world->writer, epoch);
    assert_int_equal(world_prepared(world, epoch, WORLD_WAIT_MS), 1);
}

/* The values of topic "out", one after the other. */
static void assert_written(struct world *world, const char *wanted)
{
    world->writer->ops->close(world->writer);
    world->reader->ops->close(world->reader);
    world->sink->ops->close(world->sink);
    world->source->ops->close(world->source);
    world->writer = NULL;
    world->sink = NULL;
    assert_int_equal(
        world_source(world, WORLD_OPTIONS("subscribe=out", "startingOffsets=earliest")), 0);
    world_reader(world, NULL);
    world_read(world, (uint32_t)strlen(wanted));
    assert_int_equal(world->row_count, strlen(wanted));
    for (uint32_t i = 0; i < world->row_count; i++)
        assert_int_equal(*(const char *)lt_row_values(world->rows[i])[LT_KAFKA_VALUE].bytes.data,
                         wanted[i]);
}

static void the_second_record_waits_until_the_first_has_been_answered(void **state)
{
    struct world *world = *state;
    open_writer(world, 3);
    rd_kafka_mock_broker_set_rtt(world->cluster, -1, RTT_MS);
    assert_int_equal(write_row(world, 0), LT_WRITE_DONE);
    assert_int_equal(write_row(world, 1), LT_WRITE_FULL);
    deliver(world, 1);
    assert_int_equal(write_row(world, 1), LT_WRITE_DONE);
    assert_int_equal(write_row(world, 2), LT_WRITE_DONE);
    world->row_count = 0;
    deliver(world, 2);
    assert_written(world, "abc");
}

static void a_first_record_that_is_refused_for_a_moment_is_not_lost(void **state)
{
    struct world *world = *state;
    open_writer(world, 3);
    rd_kafka_mock_push_request_errors(world->cluster, WORLD_PRODUCE, 1,
                                      RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION);
    world_write_all(world);
    deliver(world, 1);
    assert_written(world, "abc");
}

/* Both requests are sent long before the first is answered; that one is refused, and the other
 * taken. */
static void a_record_without_the_broker_s_word_breaks_the_writer(void **state)
{
    struct world *world = *state;
    open_writer(world, 3);
    assert_int_equal(write_row(world, 0), LT_WRITE_DONE);
    deliver(world, 1);
    rd_kafka_mock_broker_set_rtt(world->cluster, -1, RTT_MS);
    rd_kafka_mock_push_request_errors(world->cluster, WORLD_PRODUCE, 1,
                                      RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION);
    assert_int_equal(write_row(world, 1), LT_WRITE_DONE);
    assert_int_equal(write_row(world, 2), LT_WRITE_DONE);
    world->row_count = 0;
    world->writer->ops->prepare(world->writer, 2);
    assert_int_equal(world_prepared(world, 2, WORLD_WAIT_MS), LT_E_IO);
    assert_non_null(strstr(world->writer->error.text, "sink kafka: topic \"out\", partition "));
    assert_non_null(strstr(world->writer->error.text, "may be lost"));
}

/* A partition that stands in the data is no reason to take memory for all before it. */
static void a_partition_that_no_topic_has_takes_no_room(void **state)
{
    struct world *world = *state;
    struct lt_fault *fault = NULL;
    open_writer(world, 1);
    const struct lt_kafka_writer *writer = (const struct lt_kafka_writer *)world->writer;
    lt_row_values(world->rows[0])[LT_KAFKA_PARTITION] = lt_value_i64(INT32_MAX);
    assert_int_equal(world->writer->ops->write(world->writer, world->rows[0], &fault),
                     LT_WRITE_FAILED);
    assert_string_equal(fault->condition, "KAFKA_UNKNOWN_PARTITION");
    lt_fault_destroy(fault);
    assert_true(writer->topics[0].place_count <= LT_KAFKA_PLACES_MAX);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, world_set_up, world_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(the_second_record_waits_until_the_first_has_been_answered),
        CASE(a_first_record_that_is_refused_for_a_moment_is_not_lost),
        CASE(a_record_without_the_broker_s_word_breaks_the_writer),
        CASE(a_partition_that_no_topic_has_takes_no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
