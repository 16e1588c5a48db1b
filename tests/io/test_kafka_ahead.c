/*
 * A reader that stays open from one micro-batch to the next: what comes between them is heard,
 * kept, and read with the next one, each record once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "io/kafka_reader.h"
#include "io/kafka_source_internal.h"
#include "tests/support/kafka_world.h"

enum { PARTITIONS_MAX = 4 };

static void produce(struct world *world, int partition, const char *value, size_t size_bytes)
{
    rd_kafka_resp_err_t err;
    while ((err = rd_kafka_producev(world->rk, RD_KAFKA_V_TOPIC("t"),
                                    RD_KAFKA_V_PARTITION(partition),
                                    RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                                    RD_KAFKA_V_VALUE((void *)(uintptr_t)value, size_bytes),
                                    RD_KAFKA_V_END)) == RD_KAFKA_RESP_ERR__QUEUE_FULL)
        rd_kafka_poll(world->rk, 1);
    assert_int_equal(err, 0);
}

static void produce_many(struct world *world, int partition, int count)
{
    for (int i = 0; i < count; i++) {
        char value[16];
        int size_bytes = snprintf(value, sizeof value, "%d", i);
        produce(world, partition, value, (size_t)size_bytes);
    }
    assert_int_equal(rd_kafka_flush(world->rk, WORLD_WAIT_MS), 0);
}

/* A reader of the whole topic, which stands at its beginning and was given no batch yet. */
static void begin(struct world *world, int partitions, const char *const *pairs)
{
    const struct lt_position start[PARTITIONS_MAX] = {{0, 0}};
    world_topic(world, "t", partitions);
    world->env.in_batches = true;
    world_connect(world, pairs);
    assert_int_equal(world_reader_at(world, start, start), 0);
    assert_int_equal(world_read_to_end(world), LT_POLL_ENDED);
}

static bool at_hand(struct world *world, const struct lt_position *start, struct lt_position *out)
{
    return world->source->ops->at_hand(world->source, start, out);
}

/* Waits until it has heard of records up to there. */
static void hear(struct world *world, uint32_t partition, int64_t offset)
{
    const struct lt_position start[PARTITIONS_MAX] = {{0, 0}};
    struct lt_position heard[PARTITIONS_MAX] = {{0, 0}};
    bool has_more = false;
    for (int i = 0; i < WORLD_WAIT_MS && heard[partition].offset < offset; i++) {
        has_more = world->reader->ops->has_more(world->reader);
        if (!at_hand(world, start, heard))
            heard[partition].offset = 0;
        nanosleep(&(struct timespec){0, LT_NS_PER_MS}, NULL);
    }
    assert_int_equal(heard[partition].offset, offset);
    assert_true(has_more);
}

static void run_batch(struct world *world, const struct lt_position *end, uint32_t rows)
{
    struct lt_position stands[PARTITIONS_MAX];
    world_release(world);
    assert_int_equal(world->reader->ops->extend(world->reader, end, &world->error), 0);
    assert_int_equal(world_read_to_end(world), LT_POLL_ENDED);
    assert_int_equal(world->row_count, rows);
    world->reader->ops->position(world->reader, stands);
    for (uint32_t i = 0; i < world->source->partition_count; i++)
        assert_int_equal(stands[i].offset, end[i].offset);
}

static void what_comes_between_batches_is_heard_without_a_question(void **state)
{
    struct world *world = *state;
    struct lt_position start[2] = {{0, 0}, {0, 0}}, end[2];
    begin(world, 2, WORLD_OPTIONS("subscribe=t"));
    assert_true(at_hand(world, start, end));
    assert_int_equal(end[0].offset + end[1].offset, 0);
    produce_many(world, 1, 3);
    hear(world, 1, 3);
    assert_true(at_hand(world, start, end));
    assert_int_equal(end[0].offset, 0);
    assert_int_equal(end[1].offset, 3);
    run_batch(world, end, 3);
    assert_false(world->reader->ops->has_more(world->reader));
}

static void with_read_committed_it_is_heard_as_well(void **state)
{
    struct world *world = *state;
    const struct lt_position end = {2, 0};
    begin(world, 1, WORLD_OPTIONS("subscribe=t", "kafka.isolation.level=read_committed"));
    produce_many(world, 0, 2);
    hear(world, 0, 2);
    run_batch(world, &end, 2);
}

static void what_is_beyond_a_batch_is_read_with_the_next(void **state)
{
    struct world *world = *state;
    static const int64_t ends[] = {1, 4, 5, 10};
    int64_t before = 0;
    begin(world, 1, WORLD_OPTIONS("subscribe=t"));
    produce_many(world, 0, 10);
    hear(world, 0, 10);
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        const struct lt_position end = {ends[i], 0};
        run_batch(world, &end, (uint32_t)(ends[i] - before));
        for (uint32_t k = 0; k < world->row_count; k++)
            assert_int_equal(world->rows[k]->source_offset, before + k);
        before = ends[i];
    }
}

/* What comes while a batch is read wakes nobody again: it is told of right after the batch. */
static void what_came_during_a_batch_is_told_of_after_it(void **state)
{
    struct world *world = *state;
    const struct lt_position end = {3, 0};
    struct lt_position heard;
    begin(world, 1, WORLD_OPTIONS("subscribe=t", "kafka.isolation.level=read_committed"));
    produce_many(world, 0, 5);
    run_batch(world, &end, 3);
    for (int i = 0; i < WORLD_WAIT_MS; i++) {
        bool has_more = world->reader->ops->has_more(world->reader);
        assert_true(at_hand(world, &end, &heard));
        if (has_more && heard.offset == 5)
            break;
        nanosleep(&(struct timespec){0, LT_NS_PER_MS}, NULL);
    }
    assert_int_equal(heard.offset, 5);
    assert_true(world->reader->ops->has_more(world->reader));
}

static void no_position_is_before_that_of_the_query(void **state)
{
    struct world *world = *state;
    const struct lt_position start = {7, 0};
    struct lt_position end;
    begin(world, 1, WORLD_OPTIONS("subscribe=t"));
    assert_true(at_hand(world, &start, &end));
    assert_int_equal(end.offset, 7);
}

enum { MANY = 5000, STEP = 250 }; /* more than is kept; a batch within the rows of a lane */

/* Batches of partition 0 alone up to MANY; the others stay where they are. */
static void run_steps(struct world *world, struct lt_position *end, int64_t from)
{
    for (int64_t at = from + STEP; at <= MANY; at += STEP) {
        end[0].offset = at;
        run_batch(world, end, STEP);
        assert_int_equal(world->rows[0]->source_offset, at - STEP);
        assert_int_equal(world->rows[STEP - 1]->source_offset, at - 1);
    }
}

/* Waits until it is known where all partitions end, or until it is not. */
static void await_at_hand(struct world *world, bool is_there)
{
    const struct lt_position start[PARTITIONS_MAX] = {{0, 0}};
    struct lt_position heard[PARTITIONS_MAX];
    for (int i = 0; i < WORLD_WAIT_MS && at_hand(world, start, heard) != is_there; i++) {
        (void)world->reader->ops->has_more(world->reader);
        nanosleep(&(struct timespec){0, LT_NS_PER_MS}, NULL);
    }
    assert_int_equal(at_hand(world, start, heard), is_there);
}

/* More than is kept: the rest is taken when there is a batch for it; nobody fetches it again. */
static void what_is_too_much_to_keep_waits_in_the_queue(void **state)
{
    struct world *world = *state;
    struct lt_position end = {0, 0};
    begin(world, 1, WORLD_OPTIONS("subscribe=t"));
    produce_many(world, 0, MANY);
    hear(world, 0, MANY);
    run_steps(world, &end, 0);
    assert_false(world->reader->ops->has_more(world->reader));
}

/* What is kept is not all that there is, and there is no watermark that would say more. */
static void with_read_committed_nothing_is_heard_of_what_waits(void **state)
{
    struct world *world = *state;
    struct lt_position end = {0, 0};
    begin(world, 1, WORLD_OPTIONS("subscribe=t", "kafka.isolation.level=read_committed"));
    produce_many(world, 0, MANY);
    await_at_hand(world, false);
    assert_true(world->reader->ops->has_more(world->reader));
    run_steps(world, &end, 0);
    await_at_hand(world, true);
}

/* A batch waits for another partition's record: what is too much meanwhile is fetched again, and
 * nothing is heard of the partition until then. */
static void what_is_too_much_during_a_batch_is_fetched_again(void **state)
{
    struct world *world = *state;
    const struct lt_position start[2] = {{0, 0}, {0, 0}};
    struct lt_position end[2] = {{STEP, 0}, {1, 0}}, heard[2];
    uint32_t got;
    begin(world, 2, WORLD_OPTIONS("subscribe=t"));
    produce_many(world, 0, MANY);
    assert_int_equal(world->reader->ops->extend(world->reader, end, &world->error), 0);
    for (int i = 0; i < WORLD_WAIT_MS && at_hand(world, start, heard); i++) {
        assert_int_not_equal(
            world->reader->ops->poll(world->reader, &world->out, WORLD_ROWS, &got),
            LT_POLL_FAILED);
        nanosleep(&(struct timespec){0, LT_NS_PER_MS}, NULL);
    }
    assert_false(at_hand(world, start, heard));
    assert_int_equal(world->row_count, STEP);
    produce_many(world, 1, 1);
    assert_int_equal(world_read_to_end(world), LT_POLL_ENDED);
    assert_int_equal(world->row_count, STEP + 1);
    run_steps(world, end, STEP);
}

/* Few messages may be many bytes. */
static void what_is_too_large_to_keep_waits_in_the_queue(void **state)
{
    enum { LARGE = 4096, COUNT = 1000, A_BATCH = 100 }; /* the mock keeps 5 MiB */
    static char value[LARGE];
    struct world *world = *state;
    struct lt_position end = {0, 0};
    begin(world, 1, WORLD_OPTIONS("subscribe=t"));
    for (int i = 0; i < COUNT; i++)
        produce(world, 0, value, sizeof value);
    assert_int_equal(rd_kafka_flush(world->rk, WORLD_WAIT_MS), 0);
    hear(world, 0, COUNT);
    const struct lt_kafka_reader *reader = (struct lt_kafka_reader *)world->reader;
    uint64_t bytes_max = world->env.lane_bytes + (uint64_t)LT_KAFKA_BATCH_RECORDS * (LARGE + 512);
    while (end.offset < COUNT) {
        end.offset += A_BATCH;
        for (int i = 0; i < 5; i++)
            (void)world->reader->ops->has_more(world->reader);
        assert_true(reader->ahead_bytes <= bytes_max);
        run_batch(world, &end, A_BATCH);
        assert_int_equal(world->rows[0]->source_offset, end.offset - A_BATCH);
    }
    assert_int_equal(reader->ahead_bytes, 0);
}

/* Nobody reads with the source's own client in batches. */
static void answers_to_what_is_committed_for_a_group_are_not_kept(void **state)
{
    enum { BATCHES = 20 };
    struct world *world = *state;
    const struct lt_position at = {1, 0};
    begin(world, 1, WORLD_OPTIONS("subscribe=t", "kafka.group.id=g"));
    rd_kafka_t *rk = ((struct lt_kafka_source *)world->source)->client->rk;
    for (uint64_t batch = 0; batch < BATCHES; batch++) {
        world->source->ops->commit(world->source, batch, &at);
        for (int i = 0; i < WORLD_WAIT_MS && rd_kafka_outq_len(rk) == 0; i++)
            nanosleep(&(struct timespec){0, LT_NS_PER_MS}, NULL);
        assert_true(rd_kafka_outq_len(rk) > 0);
    }
    assert_true(rd_kafka_outq_len(rk) < BATCHES / 2);
}

static void a_seek_forgets_what_was_kept(void **state)
{
    struct world *world = *state;
    const struct lt_position end = {2, 0}, back = {1, 0};
    begin(world, 1, WORLD_OPTIONS("subscribe=t"));
    produce_many(world, 0, 5);
    hear(world, 0, 5);
    run_batch(world, &end, 2);
    world_release(world);
    assert_int_equal(world->reader->ops->seek(world->reader, &back, NULL), 0);
    assert_int_equal(world_read_to_end(world), LT_POLL_ENDED);
    assert_int_equal(world->row_count, 1);
    assert_int_equal(world->rows[0]->source_offset, 1);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, world_set_up, world_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(what_comes_between_batches_is_heard_without_a_question),
        CASE(with_read_committed_it_is_heard_as_well),
        CASE(what_is_beyond_a_batch_is_read_with_the_next),
        CASE(what_came_during_a_batch_is_told_of_after_it),
        CASE(no_position_is_before_that_of_the_query),
        CASE(what_is_too_much_to_keep_waits_in_the_queue),
        CASE(with_read_committed_nothing_is_heard_of_what_waits),
        CASE(what_is_too_much_during_a_batch_is_fetched_again),
        CASE(what_is_too_large_to_keep_waits_in_the_queue),
        CASE(answers_to_what_is_committed_for_a_group_are_not_kept),
        CASE(a_seek_forgets_what_was_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
