/*
 * Records that are gone when a micro-batch is planned, or while it is read: the query ends by
 * Spark's conditions, or goes around them and says so; it never waits for them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/kafka_extent.h"
#include "io/kafka_source_internal.h"
#include "tests/support/kafka_world.h"

/* A topic of one partition with so many records, and a source in batches. */
static void connect_to(struct world *world, int record_count, const char *const *pairs)
{
    world_topic(world, "t", 1);
    for (int i = 0; i < record_count; i++)
        world_produce(world, "t", 0, NULL, "v", NULL);
    world->env.in_batches = true;
    world_connect(world, pairs);
}

static int mend(struct world *world, int64_t start, int64_t latest, struct lt_position *from,
                struct lt_position *end)
{
    const struct lt_position at = {start, 0};
    *end = (struct lt_position){latest, 0};
    return world->source->ops->mend(world->source, &at, end, from, &world->error);
}

static void assert_offset_changed(const struct lt_error *error)
{
    assert_int_equal(error->code, LT_E_DATA_LOSS);
    assert_string_equal(error->condition, "KAFKA_DATA_LOSS.PARTITION_OFFSET_CHANGED");
    assert_non_null(strstr(error->text, "Partition t-0 offset was changed from 7 to 2."));
}

/* ------------------------------------------------------------------------------------ planning */

static void a_topic_that_ends_before_the_position_is_lost_data(void **state)
{
    struct world *world = *state;
    struct lt_position from, end;
    connect_to(world, 2, WORLD_OPTIONS("subscribe=t"));
    assert_int_equal(mend(world, 7, 2, &from, &end), LT_E_DATA_LOSS);
    assert_offset_changed(&world->error);
}

static void with_read_committed_as_well(void **state)
{
    struct world *world = *state;
    struct lt_position from, end;
    connect_to(world, 2, WORLD_OPTIONS("subscribe=t", "kafka.isolation.level=read_committed"));
    assert_int_equal(mend(world, 7, 2, &from, &end), LT_E_DATA_LOSS);
    assert_offset_changed(&world->error);
}

static void without_fail_on_data_loss_the_batch_begins_at_the_earliest(void **state)
{
    struct world *world = *state;
    struct lt_position from, latest, end;
    connect_to(world, 2, WORLD_OPTIONS("subscribe=t", "failOnDataLoss=false"));
    assert_int_equal(mend(world, 7, 2, &from, &latest), 0);
    assert_int_equal(from.offset, 0);
    assert_int_equal(latest.offset, 2);
    assert_int_equal(
        world->source->ops->admit(world->source, &from, &latest, &end, &world->error), 1);
    assert_int_equal(end.offset, 2);
}

static bool is_always(void *context)
{
    (void)context;
    return true;
}

/* An answer may be wrong for a moment: what was asked once only is not called lost. */
static void a_query_that_is_to_end_does_not_find_out(void **state)
{
    struct world *world = *state;
    struct lt_position from, latest;
    world->env.is_stopping = is_always;
    connect_to(world, 2, WORLD_OPTIONS("subscribe=t", "failOnDataLoss=false"));
    assert_int_equal(mend(world, 7, 2, &from, &latest), LT_E_IO);
    assert_string_equal(world->error.text,
                        "offsets of partition 0 of topic \"t\": Local: Operation interrupted");
    assert_int_equal(from.offset, 7);
}

static void such_a_batch_does_not_wait_for_more(void **state)
{
    struct world *world = *state;
    const struct lt_position first = {7, 0};
    struct lt_position from, latest, end;
    connect_to(world, 2, WORLD_OPTIONS("subscribe=t", "failOnDataLoss=false",
                                       "minOffsetsPerTrigger=1000"));
    const struct lt_source_ops *ops = world->source->ops;
    assert_int_equal(ops->admit(world->source, &first, &first, &end, &world->error), 1);
    assert_int_equal(ops->admit(world->source, &first, &first, &end, &world->error), 0);
    assert_int_equal(mend(world, 7, 2, &from, &latest), 0);
    assert_int_equal(ops->admit(world->source, &from, &latest, &end, &world->error), 1);
    assert_int_equal(end.offset, 2);
    assert_int_equal(ops->admit(world->source, &end, &end, &end, &world->error), 0);
}

/* A leader that has just moved may not know; or a transaction is open. */
static void an_answer_that_was_wrong_is_no_loss(void **state)
{
    struct world *world = *state;
    struct lt_position from, end;
    connect_to(world, 3, WORLD_OPTIONS("subscribe=t", "kafka.isolation.level=read_committed"));
    assert_int_equal(mend(world, 2, 1, &from, &end), 0);
    assert_int_equal(from.offset, 2);
    assert_int_equal(end.offset, 2);
}

/* ------------------------------------------------------------------------------------- reading */

static void assert_stands_at(struct world *world, int64_t offset)
{
    struct lt_position position;
    world->reader->ops->position(world->reader, &position);
    assert_int_equal(position.offset, offset);
}

static void open_range(struct world *world, int64_t start, int64_t end)
{
    const struct lt_position from = {start, 0}, to = {end, 0};
    assert_int_equal(world_reader_at(world, &from, &to), 0);
}

static void a_range_that_the_topic_does_not_reach_is_lost_data(void **state)
{
    struct world *world = *state;
    connect_to(world, 2, WORLD_OPTIONS("subscribe=t"));
    open_range(world, 0, 5);
    assert_int_equal(world_read_to_end(world), LT_POLL_FAILED);
    assert_int_equal(world->reader->error.code, LT_E_DATA_LOSS);
    assert_string_equal(world->reader->error.condition,
                        "KAFKA_DATA_LOSS.COULD_NOT_READ_OFFSET_RANGE");
    assert_non_null(strstr(world->reader->error.text,
                           "Could not read records in offset [2, 5) for topic partition t-0"));
    assert_non_null(strstr(world->reader->error.text, "the partition has offsets 0 to 2"));
}

static void with_read_committed_such_a_range_is_lost_data_as_well(void **state)
{
    struct world *world = *state;
    connect_to(world, 2, WORLD_OPTIONS("subscribe=t", "kafka.isolation.level=read_committed"));
    open_range(world, 0, 5);
    assert_int_equal(world_read_to_end(world), LT_POLL_FAILED);
    assert_string_equal(world->reader->error.condition,
                        "KAFKA_DATA_LOSS.COULD_NOT_READ_OFFSET_RANGE");
}

static void without_fail_on_data_loss_what_is_left_of_a_range_is_read(void **state)
{
    struct world *world = *state;
    connect_to(world, 2, WORLD_OPTIONS("subscribe=t", "failOnDataLoss=false"));
    open_range(world, 0, 5);
    assert_int_equal(world_read_to_end(world), LT_POLL_ENDED);
    assert_int_equal(world->row_count, 2);
    assert_stands_at(world, 5);
}

static void a_range_behind_the_topic_ends_without_a_record(void **state)
{
    struct world *world = *state;
    connect_to(world, 2, WORLD_OPTIONS("subscribe=t", "failOnDataLoss=false"));
    open_range(world, 7, 9);
    assert_int_equal(world_read_to_end(world), LT_POLL_ENDED);
    assert_int_equal(world->row_count, 0);
    assert_stands_at(world, 9);
}

static void a_range_behind_the_topic_is_lost_data(void **state)
{
    struct world *world = *state;
    connect_to(world, 2, WORLD_OPTIONS("subscribe=t"));
    open_range(world, 7, 9);
    assert_int_equal(world_read_to_end(world), LT_POLL_FAILED);
    assert_offset_changed(&world->reader->error);
}

static void extend_to(struct world *world, int64_t end)
{
    const struct lt_position to = {end, 0};
    assert_int_equal(world->reader->ops->extend(world->reader, &to, &world->error), 0);
}

static void an_end_before_the_position_is_that_of_a_topic_made_again(void **state)
{
    struct world *world = *state;
    connect_to(world, 3, WORLD_OPTIONS("subscribe=t", "failOnDataLoss=false"));
    open_range(world, 7, 7);
    assert_int_equal(world_read_to_end(world), LT_POLL_ENDED);
    extend_to(world, 2);
    assert_int_equal(world_read_to_end(world), LT_POLL_ENDED);
    assert_int_equal(world->row_count, 2);
    assert_int_equal(world->rows[0]->source_offset, 0);
    assert_stands_at(world, 2);
    extend_to(world, 3);
    assert_int_equal(world_read_to_end(world), LT_POLL_ENDED);
    assert_int_equal(world->row_count, 3);
}

static void with_fail_on_data_loss_such_an_end_is_lost_data(void **state)
{
    struct world *world = *state;
    connect_to(world, 2, WORLD_OPTIONS("subscribe=t"));
    open_range(world, 7, 7);
    extend_to(world, 2);
    assert_int_equal(world_read_to_end(world), LT_POLL_FAILED);
    assert_offset_changed(&world->reader->error);
}

static void with_read_committed_such_an_end_is_read_to_as_well(void **state)
{
    struct world *world = *state;
    connect_to(world, 2, WORLD_OPTIONS("subscribe=t", "failOnDataLoss=false",
                                       "kafka.isolation.level=read_committed"));
    open_range(world, 7, 7);
    extend_to(world, 2);
    assert_int_equal(world_read_to_end(world), LT_POLL_ENDED);
    assert_int_equal(world->row_count, 2);
    assert_stands_at(world, 2);
}

/* -------------------------------------------------------------------------------- no answer */

static void lose_broker(struct world *world)
{
    enum { GIVE_UP_S = 60 };
    (void)alarm(GIVE_UP_S); /* what must not wait for ever would do so */
    assert_int_equal(rd_kafka_mock_broker_set_down(world->cluster, 1), 0);
}

static void a_question_that_nobody_answers_ends(void **state)
{
    struct world *world = *state;
    connect_to(world, 2, WORLD_OPTIONS("subscribe=t"));
    const struct lt_kafka_source *source = (struct lt_kafka_source *)world->source;
    struct lt_kafka_client *uncommitted = NULL;
    struct lt_kafka_extent extent;
    assert_int_equal(lt_kafka_extent_ask(source, source->client, &uncommitted,
                                         &source->partitions[0], &extent),
                     RD_KAFKA_RESP_ERR_NO_ERROR);
    assert_int_equal(extent.low, 0);
    assert_int_equal(extent.high, 2);
    lose_broker(world);
    rd_kafka_resp_err_t err = lt_kafka_extent_ask(source, source->client, &uncommitted,
                                                  &source->partitions[0], &extent);
    assert_int_not_equal(err, RD_KAFKA_RESP_ERR_NO_ERROR);
    assert_false(lt_kafka_is_gone(err));
    (void)alarm(0);
}

/* Which is what may pass, and makes a query begin again. */
static void a_plan_that_nobody_answers_fails_for_the_time(void **state)
{
    struct world *world = *state;
    struct lt_position latest;
    connect_to(world, 2, WORLD_OPTIONS("subscribe=t", "fetchOffset.numRetries=0"));
    lose_broker(world);
    ((struct lt_kafka_source *)world->source)->env.deadline_ns =
        lt_clock_now_ns(lt_clock_system()) + (int64_t)LT_NS_PER_S;
    assert_int_equal(world->source->ops->latest(world->source, &latest, &world->error),
                     LT_E_TIMEOUT);
    assert_non_null(strstr(world->error.text, "no broker answered"));
    (void)alarm(0);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, world_set_up, world_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(a_topic_that_ends_before_the_position_is_lost_data),
        CASE(with_read_committed_as_well),
        CASE(without_fail_on_data_loss_the_batch_begins_at_the_earliest),
        CASE(a_query_that_is_to_end_does_not_find_out),
        CASE(such_a_batch_does_not_wait_for_more),
        CASE(an_answer_that_was_wrong_is_no_loss),
        CASE(a_question_that_nobody_answers_ends),
        CASE(a_plan_that_nobody_answers_fails_for_the_time),
        CASE(a_range_that_the_topic_does_not_reach_is_lost_data),
        CASE(with_read_committed_such_a_range_is_lost_data_as_well),
        CASE(without_fail_on_data_loss_what_is_left_of_a_range_is_read),
        CASE(a_range_behind_the_topic_ends_without_a_record),
        CASE(a_range_behind_the_topic_is_lost_data),
        CASE(an_end_before_the_position_is_that_of_a_topic_made_again),
        CASE(with_fail_on_data_loss_such_an_end_is_lost_data),
        CASE(with_read_committed_such_an_end_is_read_to_as_well),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
