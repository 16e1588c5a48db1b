/*
 * Where a query begins and what the start says when it cannot begin there: positions that the topic
 * does not have, brokers that answer late or not yet.
 */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/log.h"
#include "core/base/text_buffer.h"
#include "io/kafka_source_internal.h"
#include "tests/support/kafka_world.h"

static int initial(struct world *world, struct lt_position *positions)
{
    struct lt_text_buffer keep;
    lt_text_init(&keep);
    int code = world->source->ops->initial(world->source, positions, &keep, &world->error);
    lt_text_fini(&keep);
    return code;
}

/* --------------------------------------------------------------------------- beyond the topic */

static void a_position_behind_the_end_is_lost_data_and_not_the_end(void **state)
{
    struct world *world = *state;
    const struct lt_position start[2] = {{7, 0}, {1, 0}}, end[2] = {{1, 0}, {1, 0}};
    world_topic(world, "t", 2);
    world_produce(world, "t", 0, NULL, "v", NULL);
    world_produce(world, "t", 1, NULL, "v", NULL);
    world_connect(world, WORLD_OPTIONS("subscribe=t"));
    assert_int_equal(world_reader_at(world, start, end), 0);
    assert_int_equal(world_read_to_end(world), LT_POLL_FAILED);
    assert_int_equal(world->reader->error.code, LT_E_DATA_LOSS);
    assert_string_equal(
        world->reader->error.text,
        "source kafka: " WORLD_LOSS
        "Partition t-0 offset was changed from 7 to 1.\nThis could be either "
        "1) a user error that the start offset is set beyond available offset when starting query, "
        "or 2) the kafka topic-partition is deleted and re-created; hint: the partition has "
        "offsets 0 to 1");
}

static void without_fail_on_data_loss_what_the_topic_has_is_read_to_its_end(void **state)
{
    struct world *world = *state;
    const struct lt_position start[2] = {{7, 0}, {3, 0}}, end[2] = {{2, 0}, {0, 0}};
    struct lt_position positions[2];
    world_topic(world, "t", 2);
    world_produce(world, "t", 0, NULL, "v", NULL);
    world_produce(world, "t", 0, NULL, "w", NULL);
    world_connect(world, WORLD_OPTIONS("subscribe=t", "failOnDataLoss=false"));
    assert_int_equal(world_reader_at(world, start, end), 0);
    assert_int_equal(world_read_to_end(world), LT_POLL_ENDED);
    assert_int_equal(world->row_count, 2);
    world->reader->ops->position(world->reader, positions);
    assert_int_equal(positions[0].offset, 2);
    assert_int_equal(positions[1].offset, 0);
}

static void a_seek_behind_the_end_is_lost_data_too_and_one_back_from_it_goes_on(void **state)
{
    struct world *world = *state;
    const struct lt_position begin = {0, 0}, end = {1, 0}, behind = {2, 0};
    world_topic(world, "t", 1);
    world_produce(world, "t", 0, NULL, "v", NULL);
    world_connect(world, WORLD_OPTIONS("subscribe=t"));
    assert_int_equal(world_reader_at(world, &begin, &end), 0);
    assert_int_equal(world->reader->ops->seek(world->reader, &behind, NULL), 0);
    assert_int_equal(world_read_to_end(world), LT_POLL_FAILED);
    assert_int_equal(world->reader->error.code, LT_E_DATA_LOSS);
    assert_int_equal(world->reader->ops->seek(world->reader, &begin, NULL), 0);
    assert_int_equal(world_read_to_end(world), LT_POLL_ENDED);
    assert_int_equal(world->row_count, 1);
}

static void starting_offsets_behind_the_end_are_refused_with_what_there_is(void **state)
{
    struct world *world = *state;
    struct lt_position positions[2];
    world_topic(world, "t", 2);
    world_produce(world, "t", 1, NULL, "v", NULL);
    world_connect(world,
                  WORLD_OPTIONS("subscribe=t", "startingOffsets={\"t\":{\"0\":-1,\"1\":2}}"));
    assert_int_equal(initial(world, positions), LT_E_DATA_LOSS);
    assert_string_equal(world->error.text, WORLD_LOSS
                        "Starting offset for t-1 was 2 but consumer reset to 0; hint: option "
                        "\"startingOffsets\": the partition has offsets 0 to 1; -1 is latest, "
                        "-2 is earliest");
    assert_string_equal(world->error.condition, "KAFKA_DATA_LOSS.START_OFFSET_RESET");
}

static void without_fail_on_data_loss_they_become_the_earliest(void **state)
{
    struct world *world = *state;
    struct lt_position positions[2];
    world_topic(world, "t", 2);
    world_produce(world, "t", 0, NULL, "v", NULL);
    world_produce(world, "t", 1, NULL, "v", NULL);
    world_connect(world, WORLD_OPTIONS("subscribe=t", "failOnDataLoss=false",
                                       "startingOffsets={\"t\":{\"0\":1,\"1\":2}}"));
    assert_int_equal(initial(world, positions), 0);
    assert_int_equal(positions[0].offset, 1); /* the end is no loss */
    assert_int_equal(positions[1].offset, 0);
}

/* The mock has no transactions; the end that the reader is given stands for a last stable offset.
 */
static void with_read_committed_a_position_behind_the_end_has_read_all_and_stays(void **state)
{
    struct world *world = *state;
    const struct lt_position start[2] = {{2, 0}, {0, 0}}, end[2] = {{1, 0}, {1, 0}};
    const struct lt_position back[2] = {{0, 0}, {2, 0}};
    struct lt_position positions[2];
    world_topic(world, "t", 2);
    for (int i = 0; i < 4; i++)
        world_produce(world, "t", i % 2, NULL, "v", NULL);
    world_connect(world, WORLD_OPTIONS("subscribe=t", "kafka.isolation.level=read_committed"));
    assert_int_equal(world_reader_at(world, start, end), 0);
    assert_int_equal(world_read_to_end(world), LT_POLL_ENDED);
    assert_int_equal(world->row_count, 1);
    world->reader->ops->position(world->reader, positions);
    assert_int_equal(positions[0].offset, 2);
    assert_int_equal(positions[1].offset, 1);
    assert_int_equal(world->reader->ops->seek(world->reader, back, NULL), 0);
    assert_int_equal(world_read_to_end(world), LT_POLL_ENDED);
    assert_int_equal(world->row_count, 2);
    world->reader->ops->position(world->reader, positions);
    assert_int_equal(positions[0].offset, 1);
    assert_int_equal(positions[1].offset, 2);
}

static void with_read_committed_the_broker_decides_on_starting_offsets_behind_the_end(void **state)
{
    struct world *world = *state;
    struct lt_position position;
    world_topic(world, "t", 1);
    world_produce(world, "t", 0, NULL, "v", NULL);
    world_connect(world, WORLD_OPTIONS("subscribe=t", "kafka.isolation.level=read_committed",
                                       "startingOffsets={\"t\":{\"0\":2}}"));
    assert_int_equal(initial(world, &position), 0);
    assert_int_equal(position.offset, 2);
    assert_int_equal(world_reader_at(world, &position, NULL), 0);
    assert_int_equal(world_read(world, 1), LT_POLL_FAILED);
    assert_int_equal(world->reader->error.code, LT_E_DATA_LOSS);
}

static void an_offset_in_the_checkpoint_that_is_no_number_is_damage(void **state)
{
    struct world *world = *state;
    static const char *const damaged[] = {"{\"t\":{\"0\":2.5}}", "{\"t\":{\"0\":\"259\"}}",
                                          "{\"t\":{\"0\":99999999999999999999}}"};
    struct lt_position position;
    world_topic(world, "t", 1);
    world_connect(world, WORLD_OPTIONS("subscribe=t"));
    for (size_t i = 0; i < sizeof damaged / sizeof damaged[0]; i++) {
        assert_int_equal(world->source->ops->positions_from_json(world->source, damaged[i],
                                                                 &position, &world->error),
                         LT_E_CORRUPT);
        assert_int_equal(world->error.code, LT_E_CORRUPT);
        assert_ptr_equal(strstr(world->error.text, "the offsets in the checkpoint are damaged: "
                                                   "line 1, column "),
                         world->error.text);
    }
}

/* ------------------------------------------------------------------------------- slow brokers */

static int go_on(struct world *world, struct lt_position *positions)
{
    return world->source->ops->positions_from_json(world->source, "{\"t\":{\"0\":0}}", positions,
                                                   &world->error);
}

/* The mock keeps 5 MiB of a partition. */
static void age_out(struct world *world, const char *topic, int partition)
{
    enum { RECORD_BYTES = 900000, RECORDS = 8 };
    char *value = malloc(RECORD_BYTES + 1);
    assert_non_null(value);
    memset(value, 'x', RECORD_BYTES);
    value[RECORD_BYTES] = '\0';
    for (int i = 0; i < RECORDS; i++)
        world_produce(world, topic, partition, NULL, value, NULL);
    free(value);
}

static void an_added_partition_that_does_not_begin_at_0_has_lost_records(void **state)
{
    struct world *world = *state;
    struct lt_position positions[2];
    char reason[] = WORLD_LOSS "Added partition t-1 starts from N instead of 0.";
    world_topic(world, "t", 2);
    age_out(world, "t", 1);
    world_connect(world, WORLD_OPTIONS("subscribe=t"));
    assert_int_equal(go_on(world, positions), LT_E_DATA_LOSS);
    assert_string_equal(world->error.condition,
                        "KAFKA_DATA_LOSS.ADDED_PARTITION_DOES_NOT_START_FROM_OFFSET_ZERO");
    assert_string_equal(world->error.sqlstate, "22000");
    const char *begin = strstr(world->error.text, "starts from ");
    assert_non_null(begin);
    assert_in_range(begin[strlen("starts from ")], '1', '7');
    *strchr(reason, 'N') = begin[strlen("starts from ")];
    assert_string_equal(world->error.text, reason);
}

static void without_fail_on_data_loss_it_begins_at_what_it_has(void **state)
{
    struct world *world = *state;
    struct lt_position positions[2] = {{-1, 0}, {-1, 0}};
    world_topic(world, "t", 2);
    age_out(world, "t", 1);
    world_connect(world, WORLD_OPTIONS("subscribe=t", "failOnDataLoss=false"));
    assert_int_equal(go_on(world, positions), 0);
    assert_int_equal(positions[0].offset, 0);
    assert_in_range(positions[1].offset, 1, 7);
}

/* The first question is for both added partitions; then there is one for each. */
static void delete_added(struct world *world)
{
    enum { LIST_OFFSETS = 2 };
    rd_kafka_mock_push_request_errors(
        world->cluster, LIST_OFFSETS, 3, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
        RD_KAFKA_RESP_ERR_NO_ERROR, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
}

static void an_added_partition_that_is_gone_before_it_is_asked_for_is_lost(void **state)
{
    struct world *world = *state;
    struct lt_position positions[3];
    world_topic(world, "t", 3);
    world_connect(world, WORLD_OPTIONS("subscribe=t", "fetchOffset.numRetries=0"));
    delete_added(world);
    assert_int_equal(go_on(world, positions), LT_E_DATA_LOSS);
    assert_string_equal(world->error.text,
                        WORLD_LOSS "Cannot find initial offsets for partitions Set(t-2). They may "
                                   "have been deleted.");
    assert_string_equal(world->error.condition,
                        "KAFKA_DATA_LOSS.INITIAL_OFFSET_NOT_FOUND_FOR_PARTITIONS");
    assert_string_equal(world->error.sqlstate, "22000");
}

static void without_fail_on_data_loss_a_partition_that_is_gone_does_not_matter(void **state)
{
    struct world *world = *state;
    struct lt_position positions[3] = {{-1, 0}, {-1, 0}, {-1, 0}};
    world_topic(world, "t", 3);
    world_produce(world, "t", 1, NULL, "v", NULL);
    world_connect(world,
                  WORLD_OPTIONS("subscribe=t", "fetchOffset.numRetries=0", "failOnDataLoss=false"));
    delete_added(world);
    assert_int_equal(go_on(world, positions), 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(positions[i].offset, 0);
}

static void a_pattern_finds_new_topics_of_a_broker_that_answers_late(void **state)
{
    struct world *world = *state;
    enum { LATE_MS = 300, BROKER = 1, LOOKS = 5 };
    bool found = false;
    world_topic(world, "a1", 1);
    world_connect(world, WORLD_OPTIONS("subscribePattern=a\\d"));
    struct lt_kafka_source *source = (struct lt_kafka_source *)world->source;
    rd_kafka_mock_broker_set_rtt(world->cluster, BROKER, LATE_MS);
    world_topic(world, "a2", 1);
    for (int i = 0; i < LOOKS && !found; i++) {
        int64_t begin_ns = lt_clock_now_ns(world->env.clock);
        source->next_look_ns = 0; /* as if its time had come */
        found = world->source->ops->needs_reconfiguration(world->source);
        int64_t took_ns = lt_clock_now_ns(world->env.clock) - begin_ns;
        assert_true(took_ns < 60 * (int64_t)LT_NS_PER_S);
        /* in a second again, and not in ten */
        assert_true(found || source->next_look_ns - begin_ns < took_ns + 2 * (int64_t)LT_NS_PER_S);
    }
    assert_true(found);
}

static void leaders_that_move_are_waited_for_until_the_deadline(void **state)
{
    struct world *world = *state;
    enum { LIST_OFFSETS = 2, ANSWERS = 8 };
    struct lt_position positions[1];
    rd_kafka_resp_err_t moved[ANSWERS];
    for (size_t i = 0; i < ANSWERS; i++)
        moved[i] = RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION;
    world_topic(world, "t", 1);
    world_produce(world, "t", 0, NULL, "v", NULL);
    world_connect(world, WORLD_OPTIONS("subscribe=t", "fetchOffset.numRetries=0"));
    rd_kafka_mock_push_request_errors_array(world->cluster, LIST_OFFSETS, ANSWERS, moved);
    assert_int_equal(initial(world, positions), 0);
    assert_int_equal(positions[0].offset, 1);
}

static void what_does_not_pass_is_asked_as_often_as_the_option_says(void **state)
{
    struct world *world = *state;
    enum { LIST_OFFSETS = 2 };
    struct lt_position positions[1];
    world_topic(world, "t", 1);
    world_connect(world, WORLD_OPTIONS("subscribe=t", "fetchOffset.numRetries=1"));
    rd_kafka_mock_push_request_errors(
        world->cluster, LIST_OFFSETS, 3, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
        RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    assert_int_equal(initial(world, positions), LT_E_PERMISSION);
    assert_true(lt_clock_now_ns(world->env.clock) < world->env.deadline_ns);
    assert_int_equal(initial(world, positions), 0);
}

static bool is_wanted(void *context)
{
    return *(const bool *)context;
}

static void a_query_that_is_to_end_asks_nothing_again(void **state)
{
    struct world *world = *state;
    enum { LIST_OFFSETS = 2 };
    struct lt_position positions[1];
    bool is_stop_wanted = false;
    world->env.is_stopping = is_wanted;
    world->env.stop_context = &is_stop_wanted;
    world_topic(world, "t", 1);
    world_connect(world, WORLD_OPTIONS("subscribe=t"));
    world_reader(world, NULL);
    rd_kafka_mock_push_request_errors(
        world->cluster, LIST_OFFSETS, 3, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
        RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    is_stop_wanted = true;
    for (int i = 0; i < 3; i++)
        assert_true(world->source->ops->latest(world->source, positions, &world->error) < 0);
    assert_int_equal(world->source->ops->latest(world->source, positions, &world->error), 0);
}

/* The broker is away for a minute, and a question may take 10 s. */
static void a_query_that_is_to_end_does_not_wait_for_a_silent_broker(void **state)
{
    struct world *world = *state;
    enum { BROKER = 1, SILENCE_MS = 60000, WITHIN_S = 9 };
    struct lt_position positions[1];
    bool is_stop_wanted = true;
    world_topic(world, "t", 1);
    world_connect(world, WORLD_OPTIONS("subscribe=t"));
    world_reader(world, NULL);
    struct lt_kafka_source *source = (struct lt_kafka_source *)world->source;
    source->env.is_stopping = is_wanted;
    source->env.stop_context = &is_stop_wanted;
    rd_kafka_mock_broker_set_rtt(world->cluster, BROKER, SILENCE_MS);
    int64_t begin_ns = lt_clock_now_ns(lt_clock_system());
    assert_int_equal(world->source->ops->latest(world->source, positions, &world->error),
                     LT_E_TIMEOUT);
    assert_true(lt_clock_now_ns(lt_clock_system()) - begin_ns < WITHIN_S * (int64_t)LT_NS_PER_S);
    rd_kafka_mock_broker_set_rtt(world->cluster, BROKER, 0);
}

/* Later than the first part of the wait is long. */
static void a_slow_broker_is_heard(void **state)
{
    struct world *world = *state;
    enum { BROKER = 1, LATE_MS = 1500 };
    struct lt_position positions[1];
    world_topic(world, "t", 1);
    world_produce(world, "t", 0, NULL, "v", NULL);
    world_connect(world, WORLD_OPTIONS("subscribe=t", "fetchOffset.numRetries=0"));
    world_reader(world, NULL);
    rd_kafka_mock_broker_set_rtt(world->cluster, BROKER, LATE_MS);
    assert_int_equal(world->source->ops->latest(world->source, positions, &world->error), 0);
    assert_int_equal(positions[0].offset, 1);
}

static void a_topic_without_a_leader_is_waited_for_until_the_deadline(void **state)
{
    struct world *world = *state;
    world->env.deadline_ns = lt_clock_now_ns(world->env.clock) + LT_NS_PER_S;
    world_topic(world, "t", 1);
    rd_kafka_mock_topic_set_error(world->cluster, "t", RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE);
    assert_int_equal(world_source(world, WORLD_OPTIONS("subscribe=t")), LT_E_IO);
    assert_string_equal(world->error.text, "topic \"t\": Broker: Leader not available");
    assert_true(lt_clock_now_ns(world->env.clock) >=
                world->env.deadline_ns - LT_KAFKA_LAST_QUESTION_MS * LT_NS_PER_MS);
}

/* By the deadline: with the last answer, or with none to the last question. */
static void assert_gives_up(const struct world *world, int code, int64_t deadline_ns)
{
    if (code != LT_E_IO && code != LT_E_TIMEOUT)
        fail_msg("%d: %s", code, world->error.text);
    assert_true(lt_clock_now_ns(lt_clock_system()) - deadline_ns < 30 * (int64_t)LT_NS_PER_S);
}

static int64_t in_half_a_second(void)
{
    return lt_clock_now_ns(lt_clock_system()) + LT_NS_PER_S / 2;
}

static void a_clock_that_stands_still_does_not_hold_up_the_deadline(void **state)
{
    struct world *world = *state;
    enum { LIST_OFFSETS = 2, ANSWERS = 64 };
    struct lt_clock_manual still;
    struct lt_position position;
    rd_kafka_resp_err_t moved[ANSWERS];
    for (size_t i = 0; i < ANSWERS; i++)
        moved[i] = RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION;
    lt_clock_manual_init(&still, 1, 1);
    world->env.clock = &still.clock;
    world_topic(world, "t", 1);
    world_connect(world, WORLD_OPTIONS("subscribe=t"));
    struct lt_kafka_source *source = (struct lt_kafka_source *)world->source;
    source->env.deadline_ns = in_half_a_second();
    rd_kafka_mock_push_request_errors_array(world->cluster, LIST_OFFSETS, ANSWERS, moved);
    assert_gives_up(world, initial(world, &position), source->env.deadline_ns);
    world->env.deadline_ns = in_half_a_second();
    rd_kafka_mock_topic_set_error(world->cluster, "t", RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE);
    assert_gives_up(world, world->source->ops->connect(world->source, &world->env, &world->error),
                    world->env.deadline_ns);
    rd_kafka_mock_broker_set_down(world->cluster, 1);
    world->env.deadline_ns = in_half_a_second();
    assert_gives_up(world, world->source->ops->connect(world->source, &world->env, &world->error),
                    world->env.deadline_ns);
}

/* Something listens there that is no Kafka, or has stopped. */
static void a_broker_that_takes_connections_and_says_nothing_is_nobody(void **state)
{
    struct world *world = *state;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(listener >= 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(listener, 8), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    snprintf(world->bootstrap, sizeof world->bootstrap, "kafka.bootstrap.servers=127.0.0.1:%d",
             ntohs(address.sin_port));
    world->env.deadline_ns = lt_clock_now_ns(world->env.clock) + LT_NS_PER_S;
    assert_int_equal(world_source(world, WORLD_OPTIONS("subscribe=t")), LT_E_TIMEOUT);
    assert_non_null(strstr(world->error.text, ": no broker answered in time ("));
    assert_non_null(strstr(world->error.text, "; hint: is a Kafka broker at this address and port, "
                                              "and does kafka.security.protocol fit it?"));
    close(listener);
}

static void count_warnings(void *context, enum lt_log_level level, const char *text)
{
    if (level == LT_LOG_WARN && strstr(text, "cannot look for new topics") != NULL)
        ++*(int *)context;
}

static void a_pattern_that_cannot_look_says_so_once(void **state)
{
    struct world *world = *state;
    enum { LOOKS = 3 };
    int warnings = 0;
    world_topic(world, "a1", 1);
    world_connect(world, WORLD_OPTIONS("subscribePattern=a\\d"));
    struct lt_kafka_source *source = (struct lt_kafka_source *)world->source;
    source->look_wait_ms = 1600; /* it has been patient already */
    rd_kafka_mock_broker_set_down(world->cluster, 1);
    lt_log_set_sink(count_warnings, &warnings);
    for (int i = 0; i < LOOKS; i++) {
        source->next_look_ns = 0;
        assert_false(world->source->ops->needs_reconfiguration(world->source));
    }
    lt_log_set_sink(NULL, NULL);
    assert_int_equal(warnings, 1);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, world_set_up, world_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_position_behind_the_end_is_lost_data_and_not_the_end),
        CASE(without_fail_on_data_loss_what_the_topic_has_is_read_to_its_end),
        CASE(a_seek_behind_the_end_is_lost_data_too_and_one_back_from_it_goes_on),
        CASE(starting_offsets_behind_the_end_are_refused_with_what_there_is),
        CASE(without_fail_on_data_loss_they_become_the_earliest),
        CASE(with_read_committed_a_position_behind_the_end_has_read_all_and_stays),
        CASE(with_read_committed_the_broker_decides_on_starting_offsets_behind_the_end),
        CASE(an_offset_in_the_checkpoint_that_is_no_number_is_damage),
        CASE(an_added_partition_that_does_not_begin_at_0_has_lost_records),
        CASE(without_fail_on_data_loss_it_begins_at_what_it_has),
        CASE(an_added_partition_that_is_gone_before_it_is_asked_for_is_lost),
        CASE(without_fail_on_data_loss_a_partition_that_is_gone_does_not_matter),
        CASE(a_pattern_finds_new_topics_of_a_broker_that_answers_late),
        CASE(leaders_that_move_are_waited_for_until_the_deadline),
        CASE(what_does_not_pass_is_asked_as_often_as_the_option_says),
        CASE(a_query_that_is_to_end_asks_nothing_again),
        CASE(a_query_that_is_to_end_does_not_wait_for_a_silent_broker),
        CASE(a_slow_broker_is_heard),
        CASE(a_topic_without_a_leader_is_waited_for_until_the_deadline),
        CASE(a_clock_that_stands_still_does_not_hold_up_the_deadline),
        CASE(a_broker_that_takes_connections_and_says_nothing_is_nobody),
        CASE(a_pattern_that_cannot_look_says_so_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
