#include "tests/support/kafka_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "io/kafka_sink.h"
#include "io/kafka_source.h"
#include "tests/support/collector.h"

static void take_row(struct lt_out *out, struct lt_row *row)
{
    struct world *world = (struct world *)(void *)out;
    assert_true(world->row_count < WORLD_ROWS);
    world->rows[world->row_count++] = row;
}

static void take_failure(struct lt_out *out, struct lt_row *row, struct lt_fault *fault)
{
    struct world *world = (struct world *)(void *)out;
    assert_true(world->failed_count < WORLD_ROWS);
    world->failed[world->failed_count] = row;
    world->faults[world->failed_count++] = fault;
}

static void rest(void)
{
    nanosleep(&(struct timespec){0, LT_NS_PER_MS}, NULL);
}

void world_open(struct world *world)
{
    char text[256];
    memset(world, 0, sizeof *world);
    world->out = (struct lt_out){.emit = take_row, .fail = take_failure};
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    assert_int_equal(rd_kafka_conf_set(conf, "linger.ms", "0", text, sizeof text), 0);
    assert_int_equal(rd_kafka_conf_set(conf, "test.mock.num.brokers", "1", text, sizeof text), 0);
    world->rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);
    assert_non_null(world->rk);
    world->cluster = rd_kafka_handle_mock_cluster(world->rk);
    assert_non_null(world->cluster);
    snprintf(world->bootstrap, sizeof world->bootstrap, "kafka.bootstrap.servers=%s",
             rd_kafka_mock_cluster_bootstraps(world->cluster));
    world->arena = lt_arena_create();
    assert_int_equal(lt_waker_open(&world->waker, NULL), 0);
    world->env = collector_env(lt_clock_system(), &world->waker);
    world->env.deadline_ns =
        lt_clock_now_ns(world->env.clock) + (int64_t)WORLD_WAIT_MS * LT_NS_PER_MS;
}

void world_release(struct world *world)
{
    while (world->row_count > 0)
        lt_row_release(world->rows[--world->row_count]);
    while (world->failed_count > 0) {
        lt_row_release(world->failed[--world->failed_count]);
        lt_fault_destroy(world->faults[world->failed_count]);
    }
}

void world_close(struct world *world)
{
    world_release(world);
    if (world->writer != NULL) {
        world->writer->ops->abort(world->writer);
        world->writer->ops->close(world->writer);
    }
    if (world->reader != NULL)
        world->reader->ops->close(world->reader);
    if (world->sink != NULL)
        world->sink->ops->close(world->sink);
    if (world->source != NULL)
        world->source->ops->close(world->source);
    rd_kafka_destroy(world->rk);
    lt_waker_close(&world->waker);
    lt_arena_destroy(world->arena);
}

int world_set_up(void **state)
{
    static struct world world;
    world_open(&world);
    *state = &world;
    return 0;
}

int world_tear_down(void **state)
{
    world_close(*state);
    return 0;
}

void world_topic(struct world *world, const char *topic, int partitions)
{
    assert_int_equal(rd_kafka_mock_topic_create(world->cluster, topic, partitions, 1), 0);
}

void world_produce(struct world *world, const char *topic, int partition, const char *key,
                   const char *value, rd_kafka_headers_t *headers)
{
    size_t key_bytes = key == NULL ? 0 : strlen(key);
    size_t value_bytes = value == NULL ? 0 : strlen(value);
    void *content = (void *)(uintptr_t)value;
    rd_kafka_headers_t *taken = headers == NULL ? rd_kafka_headers_new(0) : headers;
    rd_kafka_resp_err_t err = rd_kafka_producev(
        world->rk, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(partition),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY(key, key_bytes),
        RD_KAFKA_V_VALUE(content, value_bytes), RD_KAFKA_V_TIMESTAMP(1700000000123),
        RD_KAFKA_V_HEADERS(taken), RD_KAFKA_V_END);
    assert_int_equal(err, 0);
    assert_int_equal(rd_kafka_flush(world->rk, WORLD_WAIT_MS), 0);
}

static struct lt_options *make_options(struct world *world, const char *const *pairs,
                                       const char *extra)
{
    const char *all[WORLD_PAIRS + 3] = {world->bootstrap, extra};
    size_t count = 2;
    for (; *pairs != NULL; pairs++) {
        assert_true(count < WORLD_PAIRS + 2);
        all[count++] = *pairs;
    }
    return collector_options(all);
}

int world_source(struct world *world, const char *const *pairs)
{
    struct lt_options *options = make_options(world, pairs, "kafka.fetch.wait.max.ms=5");
    lt_error_clear(&world->error);
    int code = lt_kafka_source_type.bind(&lt_kafka_source_type, options, NULL, world->arena,
                                         &world->source, &world->error);
    if (code == 0)
        code = world->source->ops->connect(world->source, &world->env, &world->error);
    lt_options_destroy(options);
    return code;
}

void world_connect(struct world *world, const char *const *pairs)
{
    if (world_source(world, pairs) != 0)
        fail_msg("%s", world->error.text);
}

int world_sink(struct world *world, const char *const *pairs, const struct lt_type *schema)
{
    struct lt_options *options = make_options(world, pairs, "kafka.retry.backoff.ms=5");
    lt_error_clear(&world->error);
    int code = lt_kafka_sink_type.bind(&lt_kafka_sink_type, options, schema, world->arena,
                                       &world->sink, &world->error);
    if (code == 0) {
        world->sink->source = world->source;
        code = world->sink->ops->connect(world->sink, &world->env, &world->error);
    }
    lt_options_destroy(options);
    return code;
}

int world_reader_at(struct world *world, const struct lt_position *start,
                    const struct lt_position *end)
{
    uint32_t count = world->source->partition_count;
    uint32_t *partitions = calloc(count, sizeof *partitions);
    for (uint32_t i = 0; i < count; i++)
        partitions[i] = i;
    int code = world->source->ops->open_reader(world->source, &world->env, partitions, count, start,
                                               end, &world->reader, &world->error);
    free(partitions);
    return code;
}

void world_reader(struct world *world, const struct lt_position *end)
{
    struct lt_position *start = calloc(world->source->partition_count, sizeof *start);
    struct lt_text_buffer keep;
    lt_text_init(&keep);
    if (world->source->ops->initial(world->source, start, &keep, &world->error) != 0 ||
        world_reader_at(world, start, end) != 0)
        fail_msg("%s", world->error.text);
    lt_text_fini(&keep);
    free(start);
}

void world_writer(struct world *world)
{
    if (world->sink->ops->open_writer(world->sink, &world->env, &world->writer, &world->error) != 0)
        fail_msg("%s", world->error.text);
}

enum lt_poll_status world_read(struct world *world, uint32_t count)
{
    enum lt_poll_status status = LT_POLL_IDLE;
    uint32_t got;
    for (int i = 0; i < WORLD_WAIT_MS && world->row_count < count; i++) {
        status =
            world->reader->ops->poll(world->reader, &world->out, count - world->row_count, &got);
        if (status == LT_POLL_FAILED || status == LT_POLL_ENDED)
            break;
        if (got == 0)
            rest();
    }
    return status;
}

enum lt_poll_status world_read_to_end(struct world *world)
{
    uint32_t got;
    for (int i = 0; i < WORLD_WAIT_MS; i++) {
        enum lt_poll_status status =
            world->reader->ops->poll(world->reader, &world->out, WORLD_ROWS, &got);
        if (status == LT_POLL_FAILED || status == LT_POLL_ENDED)
            return status;
        if (got == 0)
            rest();
    }
    return LT_POLL_IDLE;
}

enum lt_write world_write(struct world *world, uint32_t index, struct lt_fault **fault)
{
    enum lt_write result = world->writer->ops->write(world->writer, world->rows[index], fault);
    if (result == LT_WRITE_DONE)
        world->rows[index] = world->rows[--world->row_count];
    return result;
}

void world_write_all(struct world *world)
{
    for (uint32_t i = 0; i < world->row_count; i++) {
        struct lt_fault *fault = NULL;
        enum lt_write result;
        for (int waited = 0; (result = world->writer->ops->write(world->writer, world->rows[i],
                                                                 &fault)) == LT_WRITE_FULL &&
                             waited < WORLD_WAIT_MS;
             waited++) {
            assert_true(world->writer->ops->poll(world->writer, &world->out) >= 0);
            rest();
        }
        assert_int_equal(result, LT_WRITE_DONE);
    }
    world->row_count = 0;
}

int world_prepared(struct world *world, uint64_t epoch, int wait_ms)
{
    struct lt_text_buffer note;
    lt_text_init(&note);
    int prepared = 0;
    for (int i = 0; i <= wait_ms && prepared == 0; i++) {
        if (world->writer->ops->poll(world->writer, &world->out) < 0)
            prepared = world->writer->error.code;
        else
            prepared = world->writer->ops->prepared(world->writer, epoch, &note);
        if (prepared == 0)
            rest();
    }
    lt_text_fini(&note);
    return prepared;
}
