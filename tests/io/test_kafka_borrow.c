/*
 * A relayed value is not copied on its way from one librdkafka client to the other: the address
 * that is produced is the address that was consumed. Needs a real broker (LEAT_TEST_KAFKA).
 *
 * How. This program puts itself between leat and librdkafka: its own rd_kafka_consume_batch_queue,
 * rd_kafka_produce, rd_kafka_produceva and rd_kafka_message_destroy note what passes and call
 * librdkafka's, and so does its delivery callback, which stands before leat's. The input topic has
 * one partition, and each value begins with its offset, so a record is known by it at both ends.
 *
 * A borrowed value must outlive its delivery: its message is destroyed only after the report. A
 * copied one need not, and that some are destroyed earlier shows that the order is really seen; an
 * operator that copies shows the same of the addresses.
 *
 * Threads: what is noted at consuming is read at producing behind leat's own hand-over of the row,
 * the report may race with nothing but the destruction it is compared with.
 */
#include "core/leat.h"

#include <dlfcn.h>
#include <librdkafka/rdkafka.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/shared.h"
#include "tests/kafka/client.h"
#include "tests/support/scratch.h"

enum {
    RECORDS = 4000,
    BORROW_BYTES = 512, /* from here on librdkafka is told to borrow; stands in the Kafka writer */
    LARGE_BYTES = 1024, /* from here on the promise holds whatever the writer's limit is */
    NAME_SIZE = 64,
    SKIPPED_STATUS = 77,
};

static const int64_t patience_ns = INT64_C(60000000000);
static const size_t sizes_bytes[] = {8, 128, 511, 512, 1023, 1024, 4096, 65536};

/* What was seen of one record. */
struct trace {
    const void *consumed, *produced;
    size_t size_bytes;
    int flags;
    struct lt_shared_u32 reports;
    uint32_t consumptions, destructions;
    bool is_destroyed_early; /* before its report */
    bool is_reported_elsewhere;
};

static struct trace traces[RECORDS];
static struct lt_shared_u32 strangers; /* values that belong to no record */
static struct lt_shared_u32 simple_calls, full_calls;

/* ----------------------------------------------------------------- between the two libraries */

static void find_next(const char *name, void *function)
{
    void *found = dlsym(RTLD_NEXT, name);
    if (found == NULL)
        lt_client_die("librdkafka has no %s", name);
    memcpy(function, &found, sizeof found); /* ISO C has no cast from data to functions */
}

static struct trace *trace_at(int64_t offset)
{
    if (offset >= 0 && offset < RECORDS)
        return &traces[offset];
    (void)lt_add_u32(&strangers, 1);
    return NULL;
}

/* By its content, wherever it lies. */
static struct trace *trace_of(const void *value, size_t size_bytes)
{
    int64_t offset = -1;
    if (value != NULL && size_bytes >= sizeof offset)
        memcpy(&offset, value, sizeof offset);
    return trace_at(offset);
}

static void note_consumed(const rd_kafka_message_t *message)
{
    struct trace *trace =
        message->err == RD_KAFKA_RESP_ERR_NO_ERROR ? trace_at(message->offset) : NULL;
    if (trace == NULL)
        return;
    trace->consumed = message->payload;
    trace->size_bytes = message->len;
    trace->consumptions++;
}

static void note_produced(const void *value, size_t size_bytes, int flags)
{
    struct trace *trace = trace_of(value, size_bytes);
    if (trace == NULL)
        return;
    trace->produced = value;
    trace->flags = flags;
}

ssize_t rd_kafka_consume_batch_queue(rd_kafka_queue_t *queue, int timeout_ms,
                                     rd_kafka_message_t **messages, size_t count)
{
    ssize_t (*next)(rd_kafka_queue_t *, int, rd_kafka_message_t **, size_t);
    find_next("rd_kafka_consume_batch_queue", &next);
    ssize_t got = next(queue, timeout_ms, messages, count);
    for (ssize_t i = 0; i < got; i++)
        note_consumed(messages[i]);
    return got;
}

void rd_kafka_message_destroy(rd_kafka_message_t *message)
{
    void (*next)(rd_kafka_message_t *);
    find_next("rd_kafka_message_destroy", &next);
    struct trace *trace =
        message->err == RD_KAFKA_RESP_ERR_NO_ERROR ? trace_at(message->offset) : NULL;
    if (trace != NULL) {
        trace->destructions++;
        trace->is_destroyed_early = lt_load_acquire_u32(&trace->reports) == 0;
    }
    next(message);
}

int rd_kafka_produce(rd_kafka_topic_t *topic, int32_t partition, int flags, void *value,
                     size_t value_bytes, const void *key, size_t key_bytes, void *opaque)
{
    int (*next)(rd_kafka_topic_t *, int32_t, int, void *, size_t, const void *, size_t, void *);
    find_next("rd_kafka_produce", &next);
    (void)lt_add_u32(&simple_calls, 1);
    note_produced(value, value_bytes, flags);
    return next(topic, partition, flags, value, value_bytes, key, key_bytes, opaque);
}

rd_kafka_error_t *rd_kafka_produceva(rd_kafka_t *rk, const rd_kafka_vu_t *parts, size_t count)
{
    rd_kafka_error_t *(*next)(rd_kafka_t *, const rd_kafka_vu_t *, size_t);
    find_next("rd_kafka_produceva", &next);
    const void *value = NULL;
    size_t value_bytes = 0;
    int flags = 0;
    for (size_t i = 0; i < count; i++) {
        if (parts[i].vtype == RD_KAFKA_VTYPE_MSGFLAGS)
            flags = parts[i].u.i;
        if (parts[i].vtype == RD_KAFKA_VTYPE_VALUE) {
            value = parts[i].u.mem.ptr;
            value_bytes = parts[i].u.mem.size;
        }
    }
    (void)lt_add_u32(&full_calls, 1);
    note_produced(value, value_bytes, flags);
    return next(rk, parts, count);
}

typedef void delivery_fn(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque);
static delivery_fn *leats_delivery;

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    struct trace *trace = trace_of(message->payload, message->len);
    if (trace != NULL && message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        if ((trace->flags & RD_KAFKA_MSG_F_COPY) == 0)
            trace->is_reported_elsewhere = message->payload != trace->produced;
        (void)lt_add_u32(&trace->reports, 1); /* before leat's, which may release the row */
    }
    leats_delivery(rk, message, opaque);
}

/* Only the query's producer is watched; the test's own has a callback of its own. */
void rd_kafka_conf_set_dr_msg_cb(rd_kafka_conf_t *conf, delivery_fn *function)
{
    void (*next)(rd_kafka_conf_t *, delivery_fn *);
    find_next("rd_kafka_conf_set_dr_msg_cb", &next);
    bool is_own = function == lt_client_on_delivery;
    if (!is_own)
        leats_delivery = function;
    next(conf, is_own ? function : on_delivery);
}

/* -------------------------------------------------------------------------------- the records */

static size_t size_of(int64_t offset)
{
    return sizes_bytes[(size_t)offset % (sizeof sizes_bytes / sizeof sizes_bytes[0])];
}

static void make_topics(const char *broker, const char *in, const char *out)
{
    static char value[65536];
    struct lt_client_deliveries deliveries = {0};
    rd_kafka_t *rk = lt_client_producer(broker, NULL, &deliveries);
    if (!lt_client_create_topic(rk, in, 1) || !lt_client_create_topic(rk, out, 1))
        lt_client_die("topic \"%s\" or \"%s\" is there already", in, out);
    for (int64_t i = 0; i < RECORDS; i++) {
        memcpy(value, &i, sizeof i);
        rd_kafka_resp_err_t err;
        do { /* with a header, so that headers change hands too */
            err = rd_kafka_producev(rk, RD_KAFKA_V_TOPIC(in), RD_KAFKA_V_PARTITION(0),
                                    RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                                    RD_KAFKA_V_VALUE(value, size_of(i)),
                                    RD_KAFKA_V_HEADER("name", "text", 4), RD_KAFKA_V_END);
            rd_kafka_poll(rk, err == RD_KAFKA_RESP_ERR_NO_ERROR ? 0 : 10);
        } while (err == RD_KAFKA_RESP_ERR__QUEUE_FULL);
        assert_int_equal(err, RD_KAFKA_RESP_ERR_NO_ERROR);
    }
    lt_client_finish(rk, &deliveries);
    memset(traces, 0, sizeof traces); /* none of that was the query's */
    strangers = simple_calls = full_calls = (struct lt_shared_u32){0};
}

static void delete_topics(const char *broker, const char *in, const char *out)
{
    struct lt_client_deliveries deliveries = {0};
    rd_kafka_t *rk = lt_client_producer(broker, NULL, &deliveries);
    lt_client_delete_topic(rk, in);
    lt_client_delete_topic(rk, out);
    lt_client_finish(rk, &deliveries);
}

/* ---------------------------------------------------------------------------------- the query */

struct relay {
    const char *stages, *headers;
    const char *columns; /* a select list; NULL: all as they come */
    bool copies;         /* an operator copies the value */
};

static enum leat_action copy_value(void *state, const leat_row *row, leat_out *out, uint32_t flags)
{
    (void)state;
    (void)flags;
    leat_row *next = leat_claim(out);
    if (next == NULL)
        return LEAT_RETRY;
    size_t size_bytes;
    const void *value = leat_row_bytes(row, 0, &size_bytes);
    if (leat_row_set_bytes(next, 0, value, size_bytes) != LEAT_OK)
        abort();
    leat_commit(out, next);
    return LEAT_DROP;
}

static leat_stream *build(leat_context *context, const struct relay *relay, const char *broker,
                          const char *in)
{
    static const leat_operator copy = {.size = sizeof copy,
                                       .name = "copy",
                                       .output_schema = "value BINARY",
                                       .process = copy_value};
    leat_stream *stream = leat_read(context, "kafka",
                                    leat_options_of("kafka.bootstrap.servers", broker, "subscribe",
                                                    in, "startingOffsets", "earliest",
                                                    "includeHeaders", relay->headers, NULL),
                                    NULL);
    if (relay->columns != NULL)
        stream = leat_select(stream, relay->columns);
    return relay->copies ? leat_apply(stream, &copy) : stream;
}

static void run_query(const struct relay *relay, const char *broker, const char *in,
                      const char *out)
{
    char checkpoint[SCRATCH_PATH_SIZE];
    scratch_create(checkpoint);
    leat_context *context = leat_context_create();
    leat_query *query = leat_query_create(
        context, leat_options_of("stages", relay->stages, "idle", "park", "pin", "false",
                                 "dmaLatency", "off", "checkpointLocation", checkpoint, NULL));
    int code =
        leat_query_write(query, build(context, relay, broker, in), "kafka",
                         leat_options_of("kafka.bootstrap.servers", broker, "topic", out, NULL));
    if (code != LEAT_OK)
        fail_msg("%s", leat_context_error(context));
    assert_int_equal(leat_query_trigger_available_now(query), LEAT_OK);
    code = leat_start(query);
    if (code == LEAT_OK)
        code = leat_await(query, patience_ns);
    if (code != LEAT_OK)
        fail_msg("%s: %s", leat_status_name(code), leat_query_error(query));
    leat_query_destroy(query);
    leat_context_destroy(context);
    scratch_remove(checkpoint);
}

/* Relays RECORDS records; `traces` then tells of them. */
static void run(const struct relay *relay)
{
    static int serial;
    const char *broker = getenv("LEAT_TEST_KAFKA");
    char in[NAME_SIZE], out[NAME_SIZE];
    snprintf(in, sizeof in, "borrow-%d-%d-in", (int)getpid(), ++serial);
    snprintf(out, sizeof out, "borrow-%d-%d-out", (int)getpid(), serial);
    make_topics(broker, in, out);
    run_query(relay, broker, in, out);
    assert_int_equal(lt_load_relaxed_u32(&strangers), 0);
    for (int64_t i = 0; i < RECORDS; i++) {
        assert_int_equal(traces[i].size_bytes, size_of(i));
        assert_int_equal(traces[i].consumptions, 1);
        assert_int_equal(traces[i].destructions, 1);
        assert_int_equal(lt_load_relaxed_u32(&traces[i].reports), 1);
    }
    delete_topics(broker, in, out);
}

static uint32_t count_moved(size_t size_bytes_min)
{
    uint32_t count = 0;
    for (int64_t i = 0; i < RECORDS; i++)
        count += traces[i].size_bytes >= size_bytes_min && traces[i].produced != traces[i].consumed;
    return count;
}

static uint32_t count_early(size_t size_bytes_min, size_t size_bytes_end)
{
    uint32_t count = 0;
    for (int64_t i = 0; i < RECORDS; i++)
        count += traces[i].size_bytes >= size_bytes_min && traces[i].size_bytes < size_bytes_end &&
                 traces[i].is_destroyed_early;
    return count;
}

static void check_addresses(void)
{
    assert_int_equal(count_moved(LARGE_BYTES), 0);
    assert_int_equal(count_moved(0), 0); /* small ones too: it is librdkafka that copies them */
    for (int64_t i = 0; i < RECORDS; i++)
        assert_false(traces[i].is_reported_elsewhere);
}

static void check_flags(void)
{
    for (int64_t i = 0; i < RECORDS; i++) {
        bool is_copied = (traces[i].flags & RD_KAFKA_MSG_F_COPY) != 0;
        assert_int_equal(is_copied, traces[i].size_bytes < BORROW_BYTES);
        assert_int_equal(traces[i].flags & RD_KAFKA_MSG_F_FREE, 0); /* the value is not its own */
    }
}

static void check_relay(void)
{
    check_addresses();
    check_flags();
    assert_int_equal(count_early(BORROW_BYTES, SIZE_MAX), 0);
}

/* -------------------------------------------------------------------------------------- cases */

static void a_relayed_value_is_produced_where_it_was_consumed(void **state)
{
    (void)state;
    run(&(struct relay){.stages = "1", .headers = "true"});
    check_relay();
    assert_true(lt_load_relaxed_u32(&full_calls) >= RECORDS);
    assert_int_equal(lt_load_relaxed_u32(&simple_calls), 0);
    assert_true(count_early(0, BORROW_BYTES) > 0); /* the order is seen */
}

static void stages_hand_the_address_on(void **state)
{
    (void)state;
    run(&(struct relay){.stages = "3", .headers = "true"});
    check_relay();
}

static void a_selected_value_is_produced_where_it_was_consumed(void **state)
{
    (void)state;
    run(&(struct relay){.stages = "1", .headers = "false", .columns = "value"});
    check_relay();
    assert_true(lt_load_relaxed_u32(&simple_calls) >= RECORDS);
    assert_int_equal(lt_load_relaxed_u32(&full_calls), 0);
    /* A row made by an operator is held until its report, whatever its size. */
    assert_int_equal(count_early(0, SIZE_MAX), 0);
}

static void a_planted_copy_is_found(void **state)
{
    (void)state;
    run(&(struct relay){.stages = "1", .headers = "false", .columns = "value", .copies = true});
    assert_int_equal(count_moved(0), RECORDS);
    check_flags();
}

int main(void)
{
    if (getenv("LEAT_TEST_KAFKA") == NULL) {
        fprintf(stderr, "LEAT_TEST_KAFKA is not set; hint: tests/kafka/with-kafka\n");
        return SKIPPED_STATUS;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_relayed_value_is_produced_where_it_was_consumed),
        cmocka_unit_test(stages_hand_the_address_on),
        cmocka_unit_test(a_selected_value_is_produced_where_it_was_consumed),
        cmocka_unit_test(a_planted_copy_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
