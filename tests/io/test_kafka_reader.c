/*
 * Reading from mock brokers: what a row holds, where reading begins and ends, what is lost data.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "io/kafka_headers.h"
#include "io/kafka_source_internal.h"
#include "tests/support/kafka_world.h"

static const struct lt_bytes *bytes(const struct lt_row *row, uint32_t column)
{
    return &lt_row_values(row)[column].bytes;
}

static void assert_text(const struct lt_bytes *got, const char *wanted)
{
    assert_int_equal(got->size_bytes, strlen(wanted));
    assert_memory_equal(got->data, wanted, strlen(wanted));
}

static void a_row_has_spark_s_columns(void **state)
{
    struct world *world = *state;
    world_topic(world, "t", 2);
    world_produce(world, "t", 1, "k", "v", NULL);
    world_connect(world, WORLD_OPTIONS("subscribe=t", "startingOffsets=earliest"));
    world_reader(world, NULL);
    world_read(world, 1);
    assert_int_equal(world->row_count, 1);
    const struct lt_row *row = world->rows[0];
    assert_int_equal(row->column_count, LT_KAFKA_HEADERS);
    assert_text(bytes(row, LT_KAFKA_KEY), "k");
    assert_text(bytes(row, LT_KAFKA_VALUE), "v");
    assert_text(bytes(row, LT_KAFKA_TOPIC), "t");
    assert_int_equal(lt_row_values(row)[LT_KAFKA_PARTITION].i64, 1);
    assert_int_equal(lt_row_values(row)[LT_KAFKA_OFFSET].i64, 0);
    assert_int_equal(lt_row_values(row)[LT_KAFKA_TIMESTAMP].i64, 1700000000123000);
    assert_int_equal(lt_row_values(row)[LT_KAFKA_TIMESTAMP_TYPE].i64, 0);
    assert_int_equal(row->source_partition, 1);
    assert_int_equal(row->source_offset, 0);
    assert_true(row->ingest_ns > 0);
}

static void null_empty_and_filled_are_three_things(void **state)
{
    struct world *world = *state;
    static const char *const contents[] = {NULL, "", "x"};
    world_topic(world, "t", 1);
    for (int i = 0; i < 3; i++)
        world_produce(world, "t", 0, contents[i], contents[2 - i], NULL);
    world_connect(world, WORLD_OPTIONS("subscribe=t", "startingOffsets=earliest"));
    world_reader(world, NULL);
    world_read(world, 3);
    assert_int_equal(world->row_count, 3);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(lt_row_is_null(world->rows[i], LT_KAFKA_KEY), i == 0);
        assert_int_equal(lt_row_is_null(world->rows[i], LT_KAFKA_VALUE), i == 2);
    }
    assert_text(bytes(world->rows[1], LT_KAFKA_KEY), "");
    assert_text(bytes(world->rows[2], LT_KAFKA_KEY), "x");
}

static void headers_stay_native_until_somebody_looks(void **state)
{
    struct world *world = *state;
    rd_kafka_headers_t *headers = rd_kafka_headers_new(3);
    rd_kafka_header_add(headers, "a", -1, "1", 1);
    rd_kafka_header_add(headers, "a", -1, NULL, 0);
    rd_kafka_header_add(headers, "", -1, "", 0);
    world_topic(world, "t", 1);
    world_produce(world, "t", 0, NULL, "v", headers);
    world_produce(world, "t", 0, NULL, "w", NULL);
    world_connect(world,
                  WORLD_OPTIONS("subscribe=t", "startingOffsets=earliest", "includeHeaders=true"));
    world_reader(world, NULL);
    world_read(world, 2);
    assert_int_equal(world->row_count, 2);
    struct lt_array *array = lt_row_values(world->rows[0])[LT_KAFKA_HEADERS].array;
    assert_true(array->is_native);
    assert_ptr_equal(array->native.kind, &lt_kafka_headers_kind);
    lt_array_materialize(array);
    assert_false(array->is_native);
    assert_int_equal(array->count, 3);
    assert_text(&array->values[0].structure->values[0].bytes, "a");
    assert_text(&array->values[0].structure->values[1].bytes, "1");
    assert_false(lt_bit(array->values[0].structure->nulls, 1));
    assert_text(&array->values[1].structure->values[0].bytes, "a");
    assert_true(lt_bit(array->values[1].structure->nulls, 1));
    assert_text(&array->values[2].structure->values[0].bytes, "");
    assert_false(lt_bit(array->values[2].structure->nulls, 1));
    assert_true(lt_row_is_null(world->rows[1], LT_KAFKA_HEADERS));
}

static void columns_that_nobody_uses_are_not_filled(void **state)
{
    struct world *world = *state;
    const uint64_t used = 1 << LT_KAFKA_VALUE;
    world_topic(world, "t", 1);
    world_produce(world, "t", 0, NULL, "v", NULL);
    world_connect(world, WORLD_OPTIONS("subscribe=t", "startingOffsets=earliest"));
    world->source->used_columns = &used;
    world_reader(world, NULL);
    world_read(world, 1);
    assert_int_equal(world->row_count, 1);
    assert_text(bytes(world->rows[0], LT_KAFKA_VALUE), "v");
    /* The null key would have been marked had it been looked at. */
    assert_false(lt_row_is_null(world->rows[0], LT_KAFKA_KEY));
}

static void latest_is_where_the_topic_ends_at_the_start(void **state)
{
    struct world *world = *state;
    struct lt_position position;
    world_topic(world, "t", 1);
    world_produce(world, "t", 0, NULL, "old", NULL);
    world_connect(world, WORLD_OPTIONS("subscribe=t"));
    world_reader(world, NULL);
    world->reader->ops->position(world->reader, &position);
    assert_int_equal(position.offset, 1);
    world_produce(world, "t", 0, NULL, "new", NULL);
    world_read(world, 1);
    assert_int_equal(world->row_count, 1);
    assert_text(bytes(world->rows[0], LT_KAFKA_VALUE), "new");
    assert_true(world->rows[0]->flags & LT_ROW_END_OF_BATCH);
    world->reader->ops->position(world->reader, &position);
    assert_int_equal(position.offset, 2);
    assert_true(world->reader->ops->is_ready(world->reader));
}

static void starting_offsets_are_kept_as_spark_keeps_them(void **state)
{
    struct world *world = *state;
    struct lt_position positions[2];
    struct lt_text_buffer keep;
    static const char wanted[] = "\0v1\n{\"t\":{\"0\":1,\"1\":1}}";
    lt_text_init(&keep);
    world_topic(world, "t", 2);
    world_produce(world, "t", 0, NULL, "a", NULL);
    world_produce(world, "t", 1, NULL, "b", NULL);
    world_connect(world,
                  WORLD_OPTIONS("subscribe=t", "startingOffsets={\"t\":{\"0\":1,\"1\":-1}}"));
    assert_int_equal(world->source->ops->initial(world->source, positions, &keep, NULL), 0);
    assert_int_equal(keep.size_bytes, sizeof wanted - 1);
    assert_memory_equal(keep.data, wanted, sizeof wanted - 1);
    lt_text_fini(&keep);
}

static void starting_offsets_must_name_every_partition(void **state)
{
    struct world *world = *state;
    struct lt_position positions[2];
    struct lt_text_buffer keep;
    lt_text_init(&keep);
    world_topic(world, "t", 2);
    world_connect(world, WORLD_OPTIONS("subscribe=t", "startingOffsets={\"t\":{\"0\":0}}"));
    assert_int_equal(world->source->ops->initial(world->source, positions, &keep, &world->error),
                     LT_E_INVALID);
    assert_string_equal(
        world->error.text,
        "option \"startingOffsets\" must name all partitions, and lacks partition 1 "
        "of topic \"t\"; hint: -1 is latest, -2 is earliest");
    lt_text_fini(&keep);
}

static void reading_ends_at_the_end_it_was_given(void **state)
{
    struct world *world = *state;
    const struct lt_position end[2] = {{2, 0}, {0, 0}};
    world_topic(world, "t", 2);
    for (int i = 0; i < 4; i++)
        world_produce(world, "t", 0, NULL, "v", NULL);
    world_connect(world, WORLD_OPTIONS("subscribe=t", "startingOffsets=earliest"));
    world_reader(world, end);
    assert_int_equal(world_read_to_end(world), LT_POLL_ENDED);
    assert_int_equal(world->row_count, 2);
    struct lt_position positions[2];
    world->reader->ops->position(world->reader, positions);
    assert_int_equal(positions[0].offset, 2);
    assert_int_equal(positions[1].offset, 0);
}

static void a_seek_reads_the_same_again(void **state)
{
    struct world *world = *state;
    const struct lt_position back = {1, 0};
    world_topic(world, "t", 1);
    for (int i = 0; i < 5; i++)
        world_produce(world, "t", 0, NULL, (const char *[]){"0", "1", "2", "3", "4"}[i], NULL);
    world_connect(world, WORLD_OPTIONS("subscribe=t", "startingOffsets=earliest"));
    world_reader(world, NULL);
    world_read(world, 3);
    world_release(world);
    assert_int_equal(world->reader->ops->seek(world->reader, &back, NULL), 0);
    world_read(world, 4);
    assert_int_equal(world->row_count, 4);
    for (uint32_t i = 0; i < 4; i++)
        assert_int_equal(world->rows[i]->source_offset, i + 1);
}

static void a_seek_to_the_end_ends_and_one_back_from_it_goes_on(void **state)
{
    struct world *world = *state;
    const struct lt_position end = {3, 0}, back = {1, 0};
    uint32_t count;
    world_topic(world, "t", 1);
    for (int i = 0; i < 5; i++)
        world_produce(world, "t", 0, NULL, "v", NULL);
    world_connect(world, WORLD_OPTIONS("subscribe=t", "startingOffsets=earliest"));
    world_reader(world, &end);
    assert_int_equal(world->reader->ops->seek(world->reader, &end, NULL), 0);
    assert_int_equal(world->reader->ops->poll(world->reader, &world->out, 1, &count),
                     LT_POLL_ENDED);
    assert_int_equal(world->reader->ops->seek(world->reader, &back, NULL), 0);
    assert_int_equal(world_read_to_end(world), LT_POLL_ENDED);
    assert_int_equal(world->row_count, 2);
    assert_int_equal(world->rows[0]->source_offset, 1);
}

static void a_lane_without_rows_stops_and_goes_on_when_they_come_home(void **state)
{
    struct world *world = *state;
    uint32_t got;
    world->env.lane_rows = 2;
    world_topic(world, "t", 1);
    for (int i = 0; i < 5; i++)
        world_produce(world, "t", 0, NULL, "v", NULL);
    world_connect(world, WORLD_OPTIONS("subscribe=t", "startingOffsets=earliest"));
    world_reader(world, NULL);
    world_read(world, 2);
    assert_int_equal(world->row_count, 2);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(world->reader->ops->poll(world->reader, &world->out, 10, &got),
                         LT_POLL_IDLE);
        assert_int_equal(got, 0);
    }
    assert_int_not_equal(world->reader->ops->deadline_ns(world->reader), LT_NEVER_NS);
    world_release(world);
    world_read(world, 2);
    assert_int_equal(world->row_count, 2);
    assert_int_equal(world->rows[1]->source_offset, 3);
}

static void borrowed_bytes_are_limited(void **state)
{
    struct world *world = *state;
    uint32_t got;
    world->env.lane_bytes = 1;
    world_topic(world, "t", 1);
    for (int i = 0; i < 100; i++)
        world_produce(world, "t", 0, NULL, "v", NULL);
    world_connect(world, WORLD_OPTIONS("subscribe=t", "startingOffsets=earliest"));
    world_reader(world, NULL);
    world_read(world, 1);
    assert_int_equal(world->reader->ops->poll(world->reader, &world->out, 10, &got), LT_POLL_IDLE);
    assert_int_equal(got, 0);
    world_release(world);
    world_read(world, 1);
    assert_int_equal(world->rows[0]->source_offset, 1);
}

static void an_offset_that_is_gone_is_lost_data(void **state)
{
    struct world *world = *state;
    const struct lt_position start = {7, 0};
    world_topic(world, "t", 1);
    world_produce(world, "t", 0, NULL, "v", NULL);
    world_connect(world, WORLD_OPTIONS("subscribe=t"));
    assert_int_equal(world_reader_at(world, &start, NULL), 0);
    assert_int_equal(world_read_to_end(world), LT_POLL_FAILED);
    assert_int_equal(world->reader->error.code, LT_E_DATA_LOSS);
    assert_string_equal(world->reader->error.condition, "KAFKA_DATA_LOSS.PARTITION_OFFSET_CHANGED");
    assert_string_equal(world->reader->error.sqlstate, "22000");
    assert_string_equal(
        world->reader->error.text,
        "source kafka: " WORLD_LOSS
        "Partition t-0 offset was changed from 7 to 1.\nThis could be either "
        "1) a user error that the start offset is set beyond available offset when starting query, "
        "or 2) the kafka topic-partition is deleted and re-created; hint: the partition has "
        "offsets 0 to 1");
}

static void without_fail_on_data_loss_reading_goes_on_at_the_earliest(void **state)
{
    struct world *world = *state;
    const struct lt_position start = {7, 0};
    world_topic(world, "t", 1);
    world_produce(world, "t", 0, NULL, "v", NULL);
    world_connect(world, WORLD_OPTIONS("subscribe=t", "failOnDataLoss=false"));
    assert_int_equal(world_reader_at(world, &start, NULL), 0);
    world_read(world, 1);
    assert_int_equal(world->row_count, 1);
    assert_int_equal(world->rows[0]->source_offset, 0);
}

static void a_checkpoint_s_lost_partition_is_lost_data(void **state)
{
    struct world *world = *state;
    struct lt_position positions[1];
    world_topic(world, "t", 1);
    world_connect(world, WORLD_OPTIONS("subscribe=t"));
    assert_int_equal(world->source->ops->positions_from_json(
                         world->source, "{\"t\":{\"0\":0,\"1\":5}}", positions, &world->error),
                     LT_E_DATA_LOSS);
    assert_string_equal(world->error.condition, "KAFKA_DATA_LOSS.PARTITIONS_DELETED");
    assert_string_equal(world->error.text, WORLD_LOSS "Partitions Set(t-1) have been deleted.");
}

static void all_lost_partitions_are_named_and_a_group_that_may_be_why(void **state)
{
    struct world *world = *state;
    struct lt_position positions[1];
    world_topic(world, "t", 1);
    world_connect(world, WORLD_OPTIONS("subscribe=t", "kafka.group.id=g"));
    assert_int_equal(world->source->ops->positions_from_json(
                         world->source,
                         "{\"t\":{\"0\":0,\"1\":5,\"2\":5,\"3\":5,\"4\":5},\"u\":{\"0\":7}}",
                         positions, &world->error),
                     LT_E_DATA_LOSS);
    assert_string_equal(world->error.condition,
                        "KAFKA_DATA_LOSS.PARTITIONS_DELETED_AND_GROUP_ID_CONFIG_PRESENT");
    assert_string_equal(world->error.sqlstate, "22000");
    assert_string_equal(
        world->error.text, WORLD_LOSS
        "Partitions HashSet(t-1, t-2, t-3, t-4, u-0) have been deleted.\n"
        "Kafka option 'kafka.group.id' has been set on this query, it is\n"
        "not recommended to set this option. This option is unsafe to use since multiple "
        "concurrent\nqueries or sources using the same group id will interfere with each other as "
        "they are part\nof the same consumer group. Restarted queries may also suffer interference "
        "from the\nprevious run having the same group id. The user should have only one query per "
        "group id,\nand/or set the option 'kafka.session.timeout.ms' to be very small so that the "
        "Kafka\nconsumers from the previous query are marked dead by the Kafka group coordinator "
        "before the\nrestarted query starts running.");
}

static void an_offset_within_the_topic_that_cannot_be_read_is_lost_data(void **state)
{
    enum { FETCH = 1 }; /* of Kafka's requests */
    struct world *world = *state;
    const struct lt_position start = {0, 0}, end = {2, 0};
    world_topic(world, "t", 1);
    world_produce(world, "t", 0, NULL, "v", NULL);
    world_produce(world, "t", 0, NULL, "w", NULL);
    world_connect(world, WORLD_OPTIONS("subscribe=t"));
    rd_kafka_mock_push_request_errors(world->cluster, FETCH, 1,
                                      RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE);
    assert_int_equal(world_reader_at(world, &start, &end), 0);
    assert_int_equal(world_read_to_end(world), LT_POLL_FAILED);
    assert_int_equal(world->reader->error.code, LT_E_DATA_LOSS);
    assert_string_equal(world->reader->error.condition,
                        "KAFKA_DATA_LOSS.COULD_NOT_READ_OFFSET_RANGE");
    assert_string_equal(world->reader->error.text,
                        "source kafka: " WORLD_LOSS
                        "Could not read records in offset [0, 2) for topic partition t-0\n"
                        "with consumer group null; hint: the partition has offsets 0 to 2");
}

static void a_partition_that_the_checkpoint_does_not_know_begins_at_its_earliest(void **state)
{
    struct world *world = *state;
    struct lt_position positions[2];
    struct lt_text_buffer text;
    lt_text_init(&text);
    world_topic(world, "t", 2);
    world_produce(world, "t", 0, NULL, "v", NULL);
    world_produce(world, "t", 1, NULL, "v", NULL);
    world_connect(world, WORLD_OPTIONS("subscribe=t"));
    assert_int_equal(world->source->ops->positions_from_json(world->source, "{\"t\":{\"0\":1}}",
                                                             positions, NULL),
                     0);
    world->source->ops->positions_to_json(world->source, positions, &text);
    assert_string_equal(lt_text_get(&text), "{\"t\":{\"0\":1,\"1\":0}}");
    lt_text_fini(&text);
}

static void assigned_partitions_must_exist(void **state)
{
    struct world *world = *state;
    world_topic(world, "t", 2);
    assert_int_equal(world_source(world, WORLD_OPTIONS("assign={\"t\":[1,2]}")), LT_E_NOT_FOUND);
    assert_string_equal(world->error.text, "partition 2 of topic \"t\" does not exist: it has 2");
}

static void a_pattern_finds_topics(void **state)
{
    struct world *world = *state;
    char name[64];
    world_topic(world, "a1", 1);
    world_topic(world, "a2", 2);
    world_topic(world, "b1", 1);
    world_connect(world, WORLD_OPTIONS("subscribePattern=a\\d"));
    assert_int_equal(world->source->partition_count, 3);
    assert_int_equal(world->source->partition_width, 2);
    world->source->ops->partition_name(world->source, 2, name, sizeof name);
    assert_string_equal(name, "a2[1]");
    assert_false(world->source->ops->needs_reconfiguration(world->source));
}

static void a_topic_that_may_not_be_read_says_so_at_the_start(void **state)
{
    struct world *world = *state;
    world_topic(world, "t", 1);
    rd_kafka_mock_topic_set_error(world->cluster, "t",
                                  RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    assert_int_equal(world_source(world, WORLD_OPTIONS("subscribe=t")), LT_E_PERMISSION);
    assert_string_equal(world->error.text, "topic \"t\": Broker: Topic authorization failed");
}

static void nobody_answering_is_an_error_by_the_deadline(void **state)
{
    struct world *world = *state;
    int64_t begin_ns = lt_clock_now_ns(world->env.clock);
    world->env.deadline_ns = begin_ns + 300 * (int64_t)LT_NS_PER_MS;
    memcpy(world->bootstrap, "kafka.bootstrap.servers=127.0.0.1:1", 36);
    assert_int_equal(world_source(world, WORLD_OPTIONS("subscribe=t")), LT_E_TIMEOUT);
    assert_true(lt_clock_now_ns(world->env.clock) - begin_ns < 30 * (int64_t)LT_NS_PER_S);
    assert_non_null(strstr(world->error.text, "\"127.0.0.1:1\": no broker answered: "));
    assert_non_null(strstr(world->error.text, "Connection refused"));
}

static void a_question_of_the_start_ends_by_the_deadline_and_a_later_one_has_its_own(void **state)
{
    struct world *world = *state;
    struct lt_position position = {0, 0};
    enum { SLOW_MS = 4000, BROKER = 1 };
    world_topic(world, "t", 1);
    world_connect(world, WORLD_OPTIONS("subscribe=t"));
    rd_kafka_mock_broker_set_rtt(world->cluster, BROKER, SLOW_MS);
    int64_t begin_ns = lt_clock_now_ns(world->env.clock);
    struct lt_kafka_source *source = (struct lt_kafka_source *)world->source;
    source->env.deadline_ns = begin_ns + 500 * (int64_t)LT_NS_PER_MS;
    assert_int_equal(world->source->ops->latest(world->source, &position, &world->error),
                     LT_E_TIMEOUT);
    assert_true(lt_clock_now_ns(world->env.clock) - begin_ns < SLOW_MS * (int64_t)LT_NS_PER_MS);
    assert_int_equal(world_reader_at(world, &position, NULL), 0);
    assert_int_equal(world->source->ops->latest(world->source, &position, &world->error), 0);
    assert_true(lt_clock_now_ns(world->env.clock) - begin_ns > SLOW_MS * (int64_t)LT_NS_PER_MS);
}

static void committed_positions_are_mirrored_to_the_group_and_read_back(void **state)
{
    struct world *world = *state;
    const struct lt_position committed = {2, 0};
    struct lt_position positions[1];
    struct lt_text_buffer keep;
    lt_text_init(&keep);
    world_topic(world, "t", 1);
    for (int i = 0; i < 3; i++)
        world_produce(world, "t", 0, NULL, "v", NULL);
    world_connect(world,
                  WORLD_OPTIONS("subscribe=t", "kafka.group.id=g", "startingOffsets=committed"));
    assert_int_equal(world->source->ops->initial(world->source, positions, &keep, NULL), 0);
    assert_int_equal(positions[0].offset, 0); /* nothing committed yet: earliest */
    world->source->ops->commit(world->source, 1, &committed);
    for (int i = 0; i < 50000 && positions[0].offset != 2; i++) {
        assert_int_equal(world->source->ops->initial(world->source, positions, &keep, NULL), 0);
    }
    assert_int_equal(positions[0].offset, 2);
    lt_text_fini(&keep);
}

static void lag_is_what_the_topic_is_ahead(void **state)
{
    struct world *world = *state;
    int64_t records = -1, ms = -1;
    world_topic(world, "t", 1);
    for (int i = 0; i < 10; i++)
        world_produce(world, "t", 0, NULL, "v", NULL);
    world_connect(world, WORLD_OPTIONS("subscribe=t", "startingOffsets=earliest"));
    world_reader(world, NULL);
    world_read(world, 4);
    world->reader->ops->lag(world->reader, &records, &ms);
    assert_int_equal(records, 6);
    assert_true(ms > 0);
    world_read(world, 10);
    world->reader->ops->lag(world->reader, &records, &ms);
    assert_int_equal(records, 0);
    assert_int_equal(ms, 0);
}

/* A query may be there before its topics: it waits, unless it was to read what there is. */
static void without_partitions_reading_ends_only_where_there_is_an_end(void **state)
{
    struct world *world = *state;
    const struct lt_position nowhere = {0};
    uint32_t count;
    world_connect(world, WORLD_OPTIONS("subscribePattern=none-.*"));
    assert_int_equal(world->source->partition_count, 0);
    assert_int_equal(world_reader_at(world, &nowhere, NULL), 0);
    assert_true(world->reader->ops->is_ready(world->reader));
    assert_int_equal(world->reader->ops->poll(world->reader, &world->out, 1, &count), LT_POLL_IDLE);
    assert_true(world->reader->ops->is_idle(world->reader));
    world->reader->ops->close(world->reader);
    assert_int_equal(world_reader_at(world, &nowhere, &nowhere), 0);
    assert_int_equal(world->reader->ops->poll(world->reader, &world->out, 1, &count),
                     LT_POLL_ENDED);
}

static int positions_from(struct world *world, const char *json)
{
    struct lt_position positions[4];
    return world->source->ops->positions_from_json(world->source, json, positions, &world->error);
}

static void a_checkpoint_that_knows_none_of_the_topics_is_another_query_s(void **state)
{
    struct world *world = *state;
    world_topic(world, "t", 1);
    world_topic(world, "u", 1);
    world_connect(world, WORLD_OPTIONS("subscribe=t,u", "failOnDataLoss=false"));
    assert_int_equal(positions_from(world, "{\"a\":{\"0\":1,\"1\":2},\"b\":{\"0\":3}}"),
                     LT_E_CHECKPOINT);
    assert_string_equal(world->error.text,
                        "the checkpoint is another query's: it has offsets of \"a\", \"b\", and "
                        "this query reads \"t\", \"u\"; hint: give this query a checkpoint of its "
                        "own (--checkpoint, or the option checkpointLocation)");
    assert_int_equal(positions_from(world, "{\"a\":{\"0\":1},\"u\":{\"0\":0}}"), 0);
    assert_int_equal(positions_from(world, "{}"), 0); /* a pattern that matched nothing then */
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, world_set_up, world_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_row_has_spark_s_columns),
        CASE(null_empty_and_filled_are_three_things),
        CASE(headers_stay_native_until_somebody_looks),
        CASE(columns_that_nobody_uses_are_not_filled),
        CASE(latest_is_where_the_topic_ends_at_the_start),
        CASE(starting_offsets_are_kept_as_spark_keeps_them),
        CASE(starting_offsets_must_name_every_partition),
        CASE(reading_ends_at_the_end_it_was_given),
        CASE(a_seek_reads_the_same_again),
        CASE(a_seek_to_the_end_ends_and_one_back_from_it_goes_on),
        CASE(a_lane_without_rows_stops_and_goes_on_when_they_come_home),
        CASE(borrowed_bytes_are_limited),
        CASE(an_offset_that_is_gone_is_lost_data),
        CASE(without_fail_on_data_loss_reading_goes_on_at_the_earliest),
        CASE(a_checkpoint_s_lost_partition_is_lost_data),
        CASE(all_lost_partitions_are_named_and_a_group_that_may_be_why),
        CASE(an_offset_within_the_topic_that_cannot_be_read_is_lost_data),
        CASE(a_partition_that_the_checkpoint_does_not_know_begins_at_its_earliest),
        CASE(assigned_partitions_must_exist),
        CASE(a_pattern_finds_topics),
        CASE(a_topic_that_may_not_be_read_says_so_at_the_start),
        CASE(nobody_answering_is_an_error_by_the_deadline),
        CASE(a_question_of_the_start_ends_by_the_deadline_and_a_later_one_has_its_own),
        CASE(committed_positions_are_mirrored_to_the_group_and_read_back),
        CASE(without_partitions_reading_ends_only_where_there_is_an_end),
        CASE(a_checkpoint_that_knows_none_of_the_topics_is_another_query_s),
        CASE(lag_is_what_the_topic_is_ahead),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
