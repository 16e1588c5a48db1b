/*
 * Batches that a (mock) broker refuses for one of their records: the others are delivered, in their
 * order, and no epoch is durable before that.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "io/kafka_source_internal.h"
#include "io/kafka_writer.h"
#include "tests/support/kafka_world.h"

/* Long enough for all records to be written before the first is sent, on a busy machine too. */
#define LINGER "kafka.linger.ms=500"
enum { RECORDS = 6, GUILTY = 2, REFUSED = RD_KAFKA_RESP_ERR_INVALID_RECORD };

static void open_source(struct world *world, const char *topic)
{
    char subscribe[32];
    snprintf(subscribe, sizeof subscribe, "subscribe=%s", topic);
    if (world_source(world, WORLD_OPTIONS(subscribe, "startingOffsets=earliest",
                                          "includeHeaders=true")) != 0)
        fail_msg("%s", world->error.text);
    world_reader(world, NULL);
}

/* Records "a", "b", ... are read; every second one is so large that its row is held and not copied.
 * One went before, in epoch 1, as the first to a partition goes alone; one more is read and stays.
 */
static void read_batch(struct world *world)
{
    static char values[RECORDS][1024];
    world_topic(world, "in", 1);
    world_topic(world, "out", 1);
    open_source(world, "in");
    if (world_sink(world, WORLD_OPTIONS("topic=out", LINGER), world->source->schema) != 0)
        fail_msg("%s", world->error.text);
    world_writer(world);
    world_produce(world, "in", 0, NULL, "first", NULL);
    world_read(world, 1);
    world_write_all(world);
    world->writer->ops->prepare(world->writer, 1);
    assert_int_equal(world_prepared(world, 1, WORLD_WAIT_MS), 1);
    for (int i = 0; i < RECORDS; i++) {
        rd_kafka_headers_t *headers = rd_kafka_headers_new(1);
        rd_kafka_header_add(headers, "h", -1, "1", 1);
        memset(values[i], 'a' + i, i % 2 == 0 ? 1 : sizeof values[i] - 1);
        world_produce(world, "in", 0, "key", values[i], headers);
    }
    world_produce(world, "in", 0, NULL, "later", NULL);
    world_read(world, RECORDS + 1);
}

/* They are written within the linger time, so that they are one batch. What the broker answers to
 * it is said before. */
static void write_batch(struct world *world)
{
    for (uint32_t i = 0; i < RECORDS; i++) {
        struct lt_fault *fault = NULL;
        assert_int_equal(world->writer->ops->write(world->writer, world->rows[i], &fault),
                         LT_WRITE_DONE);
    }
    world->rows[0] = world->rows[RECORDS];
    world->row_count = 1;
    world->writer->ops->prepare(world->writer, 2);
}

/* A batch is refused. Suspects are sent one at a time by polls, so that more than one poll of
 * this thread is needed to settle them. */
static void refuse_batch(struct world *world)
{
    read_batch(world);
    const struct lt_kafka_writer *writer = (const struct lt_kafka_writer *)world->writer;
    rd_kafka_mock_push_request_errors(world->cluster, WORLD_PRODUCE, 1, REFUSED);
    write_batch(world);
    for (int i = 0; i < WORLD_WAIT_MS && !writer->retry.is_active; i++)
        assert_int_equal(world_prepared(world, 2, 0), 0);
    assert_true(writer->retry.is_active);
}

/* Behind the first, topic "out" holds the records but those whose bit is set, in their order,
 * whole. */
static void assert_out(struct world *world, unsigned missing)
{
    uint32_t at = 1;
    world_release(world);
    world->writer->ops->close(world->writer);
    world->reader->ops->close(world->reader);
    world->sink->ops->close(world->sink);
    world->source->ops->close(world->source);
    world->writer = NULL;
    world->reader = NULL;
    world->sink = NULL;
    world->source = NULL;
    open_source(world, "out");
    world_read(world, (uint32_t)(1 + RECORDS - __builtin_popcount(missing)));
    for (uint32_t i = 0; i < RECORDS; i++) {
        if ((missing >> i & 1) != 0)
            continue;
        assert_true(at < world->row_count);
        const struct lt_row *row = world->rows[at++];
        const struct lt_bytes *value = &lt_row_values(row)[LT_KAFKA_VALUE].bytes;
        assert_int_equal(*(const char *)value->data, 'a' + (int)i);
        assert_int_equal(value->size_bytes, i % 2 == 0 ? 1 : 1023);
        assert_int_equal(lt_row_values(row)[LT_KAFKA_KEY].bytes.size_bytes, 3);
        assert_int_equal(lt_row_values(row)[LT_KAFKA_TIMESTAMP].i64, 1700000000123000);
        struct lt_array *headers = lt_row_values(row)[LT_KAFKA_HEADERS].array;
        lt_array_materialize(headers);
        assert_int_equal(headers->count, 1);
    }
    assert_int_equal(at, world->row_count);
}

static void a_refused_batch_without_a_guilty_record_is_delivered_in_order(void **state)
{
    struct world *world = *state;
    read_batch(world);
    rd_kafka_mock_push_request_errors(world->cluster, WORLD_PRODUCE, 1, REFUSED);
    write_batch(world);
    assert_int_equal(world_prepared(world, 2, WORLD_WAIT_MS), 1);
    assert_int_equal(world->failed_count, 0);
    assert_out(world, 0);
}

static void only_the_guilty_record_of_a_refused_batch_fails(void **state)
{
    struct world *world = *state;
    read_batch(world);
    rd_kafka_mock_push_request_errors(world->cluster, WORLD_PRODUCE, GUILTY + 2, REFUSED, 0, 0,
                                      REFUSED); /* the batch; "a", "b", "c" alone */
    write_batch(world);
    assert_int_equal(world_prepared(world, 2, WORLD_WAIT_MS), 1);
    assert_int_equal(world->failed_count, 1);
    assert_string_equal(world->faults[0]->condition, "KAFKA_INVALID_RECORD");
    assert_int_equal(lt_row_root(world->failed[0])->source_offset, 1 + GUILTY);
    assert_out(world, 1u << GUILTY);
}

static void a_record_that_is_too_large_takes_no_other_with_it(void **state)
{
    struct world *world = *state;
    read_batch(world);
    rd_kafka_mock_push_request_errors(world->cluster, WORLD_PRODUCE, 2,
                                      RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE,
                                      RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
    write_batch(world);
    assert_int_equal(world_prepared(world, 2, WORLD_WAIT_MS), 1);
    assert_int_equal(world->failed_count, 1);
    assert_string_equal(world->faults[0]->condition, "RECORD_TOO_LARGE");
    assert_int_equal(lt_row_root(world->failed[0])->source_offset, 1);
    assert_out(world, 1);
}

static void an_epoch_is_not_durable_while_there_are_suspects_and_no_row_is_taken(void **state)
{
    struct world *world = *state;
    struct lt_fault *fault = NULL;
    refuse_batch(world);
    assert_int_equal(world_prepared(world, 2, 0), 0);
    assert_int_equal(world->writer->ops->write(world->writer, world->rows[0], &fault),
                     LT_WRITE_FULL);
    assert_int_equal(world_prepared(world, 2, WORLD_WAIT_MS), 1);
    assert_int_equal(world->writer->ops->write(world->writer, world->rows[0], &fault),
                     LT_WRITE_DONE);
    world->row_count = 0;
}

static void an_abort_lets_go_of_suspects(void **state)
{
    struct world *world = *state;
    refuse_batch(world);
    world->writer->ops->abort(world->writer);
    assert_int_equal(world->failed_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_refused_batch_without_a_guilty_record_is_delivered_in_order, world_set_up,
            world_tear_down),
        cmocka_unit_test_setup_teardown(only_the_guilty_record_of_a_refused_batch_fails,
                                        world_set_up, world_tear_down),
        cmocka_unit_test_setup_teardown(a_record_that_is_too_large_takes_no_other_with_it,
                                        world_set_up, world_tear_down),
        cmocka_unit_test_setup_teardown(
            an_epoch_is_not_durable_while_there_are_suspects_and_no_row_is_taken, world_set_up,
            world_tear_down),
        cmocka_unit_test_setup_teardown(an_abort_lets_go_of_suspects, world_set_up,
                                        world_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
