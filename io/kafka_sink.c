/*
 * The sink's options, columns and life. Names, defaults and error texts are Spark's.
 *
 * Connecting asks for the topic's partitions and then for the settings by which a
 * broker refuses records. It refuses whole batches: good records with the bad one. So a record that
 * is too large, lacks a key that compaction needs, or has an impossible timestamp is found before
 * it is sent, by itself; and where the topic's limit is below the producer's batch size, batches
 * are made smaller. A broker that does not tell (no right to describe) refuses batches, then, and
 * kafka_retry.c finds the guilty one.
 */
#include "io/kafka_sink.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/ascii.h"
#include "core/base/log.h"
#include "core/base/units.h"
#include "io/kafka_describe.h"
#include "io/kafka_sink_internal.h"

enum {
    TOPIC_GRACE_MS = 3000, /* a topic that the broker makes when asked for takes a moment */
    TOPIC_NEWS_MS = 200,   /* one that was made just now may be unknown to the broker asked */
    TOPIC_RETRY_MS = 20,
    CONFIG_WAIT_MS = 2000,
    DEFAULT_BATCH_BYTES = 1000000,
};

static const struct lt_option_spec options[] = {
    {"kafka.bootstrap.servers", LT_OPTION_TEXT, NULL, NULL, 0, 0, LT_OPTION_REQUIRED,
     "Brokers to begin with: host:port, separated by commas."},
    {"topic", LT_OPTION_TEXT, NULL, NULL, 0, 0, 0,
     "Topic of all rows; goes before the column topic."},
    {"includeHeaders", LT_OPTION_BOOL, "false", NULL, 0, 0, 0,
     "As in Spark, the presence of the column headers suffices."},
    {"partitioner", LT_OPTION_CHOICE, NULL, "source|key|murmur2|round-robin", 0, 0, 0,
     "source: the column partition, of a topic with as many partitions; key, or murmur2, which is "
     "the same: by the key's murmur2 hash as the Java client does, whatever the column says; "
     "round-robin, where the option topic names the topic; unset: the column, and by the key where "
     "it is null."},
    {"kafka.", LT_OPTION_PREFIX, NULL, NULL, 0, 0, 0,
     "Any producer property, under the name of Kafka's Java client or of librdkafka."},
};
enum { OPTION_COUNT = sizeof options / sizeof options[0] };

/* ------------------------------------------------------------------------------------- columns */

static bool is_text_or_binary(const struct lt_type *type)
{
    return lt_type_is_bytes(type);
}

static bool is_string(const struct lt_type *type)
{
    return lt_type_is_bytes(type) && type->kind != LT_TYPE_BINARY;
}

static bool is_int(const struct lt_type *type)
{
    return type->kind == LT_TYPE_INT;
}

static bool is_headers(const struct lt_type *type)
{
    if (type->kind != LT_TYPE_ARRAY || type->fields[0].type->kind != LT_TYPE_STRUCT)
        return false;
    const struct lt_type *header = type->fields[0].type;
    return header->field_count == 2 && is_string(header->fields[0].type) &&
           header->fields[1].type->kind == LT_TYPE_BINARY;
}

struct column_rule {
    const char *name;
    bool (*fits)(const struct lt_type *type);
    const char *wanted;
};

/* Spark's condition for columns that make no record. */
static const char missing_or_wrong[] = "_LEGACY_ERROR_TEMP_3080";

/* Index of the column, LT_KAFKA_NO_COLUMN, or an error: a type that does not fit. */
static int bind_column(const struct lt_type *schema, const struct column_rule *rule,
                       struct lt_arena *arena, int *column, struct lt_error *error)
{
    *column = LT_KAFKA_NO_COLUMN;
    int index = lt_type_field_index(schema, rule->name);
    if (index == -2)
        return lt_error_set(error, LT_E_ANALYSIS, "attribute \"%s\" is there more than once",
                            rule->name);
    if (index < 0)
        return 0;
    if (!rule->fits(schema->fields[index].type)) {
        (void)lt_error_set(error, LT_E_ANALYSIS,
                           "%s attribute unsupported type %s. %s must be a(n) %s", rule->name,
                           lt_type_simple_string(arena, schema->fields[index].type), rule->name,
                           rule->wanted);
        return lt_error_condition(error, missing_or_wrong, NULL);
    }
    *column = index;
    return 0;
}

static int bind_columns(struct lt_kafka_sink *sink, const struct lt_type *schema,
                        struct lt_arena *arena, struct lt_error *error)
{
    struct lt_kafka_sink_columns *columns = &sink->columns;
    const struct {
        struct column_rule rule;
        int *column;
    } bindings[] = {
        {{"topic", is_string, "string"}, &columns->topic},
        {{"key", is_text_or_binary, "string or binary"}, &columns->key},
        {{"value", is_text_or_binary, "string or binary"}, &columns->value},
        {{"headers", is_headers, "array<struct<key:string,value:binary>>"}, &columns->headers},
        {{"partition", is_int, "int"}, &columns->partition},
    };
    if (sink->topic == NULL && lt_type_field_index(schema, "topic") == -1) {
        (void)lt_error_set(
            error, LT_E_ANALYSIS,
            "topic option required when no 'topic' attribute is present. Use the topic option for "
            "setting a topic.");
        return lt_error_condition(error, missing_or_wrong, NULL);
    }
    for (size_t i = 0; i < sizeof bindings / sizeof bindings[0]; i++) {
        int code = bind_column(schema, &bindings[i].rule, arena, bindings[i].column, error);
        if (code < 0)
            return code;
        if (bindings[i].column != &columns->value || columns->value != LT_KAFKA_NO_COLUMN)
            continue;
        (void)lt_error_set(error, LT_E_ANALYSIS, "Required attribute 'value' not found");
        return lt_error_condition(error, missing_or_wrong, NULL);
    }
    /* Not Spark's: a column of that name and another type is ignored, as Spark ignores it. */
    int index = lt_type_field_index(schema, "timestamp");
    columns->timestamp = index >= 0 && schema->fields[index].type->kind == LT_TYPE_TIMESTAMP
                             ? index
                             : LT_KAFKA_NO_COLUMN;
    if (sink->topic != NULL)
        columns->topic = LT_KAFKA_NO_COLUMN;
    return 0;
}

static void mark_used(struct lt_kafka_sink *sink, const struct lt_type *schema,
                      struct lt_arena *arena)
{
    const int columns[] = {sink->columns.value,     sink->columns.key,     sink->columns.topic,
                           sink->columns.partition, sink->columns.headers, sink->columns.timestamp};
    uint64_t *used = lt_arena_alloc(arena, (schema->field_count + 63) / 64 * sizeof *used);
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        if (columns[i] != LT_KAFKA_NO_COLUMN)
            lt_bit_set(used, (uint32_t)columns[i]);
    }
    sink->base.used_columns = used;
}

/* ------------------------------------------------------------------------------------- connect */

int lt_kafka_sink_open_client(struct lt_kafka_sink *sink, const struct lt_connector_env *env,
                              struct lt_kafka_client **out, struct lt_error *error)
{
    const struct lt_kafka_override overrides[LT_KAFKA_OVERRIDES_MAX] = {
        {"batch.size", sink->batch_bytes}};
    const struct lt_kafka_client_options client_options = {
        .role = LT_KAFKA_PRODUCER,
        .options = sink->options,
        .owner = "sink kafka",
        .env = env,
        .overrides = overrides,
        .override_count = sink->batch_bytes[0] != '\0',
        .on_delivery = lt_kafka_writer_on_delivery};
    return lt_kafka_client_open(&client_options, out, error);
}

void lt_kafka_settings_init(struct lt_kafka_topic_settings *settings)
{
    *settings = (struct lt_kafka_topic_settings){
        .rules = {.ahead_ms_max = INT64_MAX, .behind_ms_max = INT64_MAX},
        .difference_ms_max = INT64_MAX,
    };
}

void lt_kafka_settings_take(void *context, const char *name, const char *value)
{
    struct lt_kafka_topic_settings *settings = context;
    struct lt_kafka_topic_rules *rules = &settings->rules;
    if (strcmp(name, "max.message.bytes") == 0)
        rules->record_bytes_max = strtoll(value, NULL, 10);
    else if (strcmp(name, "cleanup.policy") == 0)
        rules->needs_key = strstr(value, "compact") != NULL;
    else if (strcmp(name, "message.timestamp.after.max.ms") == 0)
        rules->ahead_ms_max = strtoll(value, NULL, 10);
    else if (strcmp(name, "message.timestamp.before.max.ms") == 0)
        rules->behind_ms_max = strtoll(value, NULL, 10);
    else if (strcmp(name, "message.timestamp.difference.max.ms") == 0)
        settings->difference_ms_max = strtoll(value, NULL, 10);
    else if (strcmp(name, "message.timestamp.type") == 0)
        settings->broker_stamps = strcmp(value, "LogAppendTime") == 0;
}

struct lt_kafka_topic_rules lt_kafka_settings_rules(const struct lt_kafka_topic_settings *settings)
{
    struct lt_kafka_topic_rules rules = settings->rules;
    if (settings->broker_stamps) {
        rules.ahead_ms_max = rules.behind_ms_max = INT64_MAX;
        return rules;
    }
    if (rules.ahead_ms_max == INT64_MAX)
        rules.ahead_ms_max = settings->difference_ms_max;
    if (rules.behind_ms_max == INT64_MAX)
        rules.behind_ms_max = settings->difference_ms_max;
    return rules;
}

/* Leaves the rules unknown when the broker does not tell in time. */
static void find_rules(struct lt_kafka_sink *sink, int32_t leader, int wait_ms)
{
    struct lt_kafka_topic_settings settings;
    lt_kafka_settings_init(&settings);
    if (!lt_kafka_describe_topic(sink->client, sink->topic, leader,
                                 wait_ms < CONFIG_WAIT_MS ? wait_ms : CONFIG_WAIT_MS,
                                 lt_kafka_settings_take, &settings))
        lt_kafka_settings_init(&settings);
    sink->rules = lt_kafka_settings_rules(&settings);
}

static bool is_missing(rd_kafka_resp_err_t err)
{
    return err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
           err == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC;
}

static int fail_topic(const struct lt_kafka_sink *sink, rd_kafka_resp_err_t err,
                      struct lt_error *error)
{
    if (is_missing(err))
        return lt_kafka_fail_missing(sink->client, sink->topic, " and the broker does not make it",
                                     error);
    return lt_kafka_client_fail(sink->client, error, err, "topic \"%s\"", sink->topic);
}

struct topic_answer {
    rd_kafka_resp_err_t err;
    uint32_t partition_count;
    int32_t leader; /* of partition 0 */
    int32_t asked;  /* the broker that answered */
};

static int ask_topic(const struct lt_kafka_sink *sink, const struct lt_connector_env *env,
                     rd_kafka_topic_t *handle, struct topic_answer *out, struct lt_error *error)
{
    const struct rd_kafka_metadata *metadata;
    int code = lt_kafka_client_metadata(sink->client, env, false, handle, &metadata, error);
    if (code < 0)
        return code;
    *out = (struct topic_answer){RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, 0, -1,
                                 metadata->orig_broker_id};
    if (metadata->topic_cnt == 1 && metadata->topics[0].partition_cnt > 0)
        *out = (struct topic_answer){
            metadata->topics[0].err, (uint32_t)metadata->topics[0].partition_cnt,
            metadata->topics[0].partitions[0].leader, metadata->orig_broker_id};
    else if (metadata->topic_cnt == 1 && metadata->topics[0].err != RD_KAFKA_RESP_ERR_NO_ERROR)
        out->err = metadata->topics[0].err;
    rd_kafka_metadata_destroy(metadata);
    return 0;
}

/* How long an answer that is no good is asked for again: a broker may have to make the topic, or
 * to hear that it was made. */
static int grace_ms(const struct lt_kafka_sink *sink, const struct lt_connector_env *env,
                    const struct topic_answer *answer)
{
    if (answer->err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
        answer->err == RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION)
        return 0;
    int left_ms = lt_kafka_client_left_ms(env);
    if (lt_kafka_is_passing(answer->err))
        return left_ms - LT_KAFKA_LAST_QUESTION_MS;
    bool is_hopeless = is_missing(answer->err) &&
                       !lt_kafka_makes_topics(sink->client, answer->asked,
                                              left_ms < CONFIG_WAIT_MS ? left_ms : CONFIG_WAIT_MS);
    return is_hopeless ? TOPIC_NEWS_MS : TOPIC_GRACE_MS;
}

static int find_topic(struct lt_kafka_sink *sink, const struct lt_connector_env *env,
                      int32_t *leader, struct lt_error *error)
{
    struct topic_answer answer;
    rd_kafka_topic_t *handle = rd_kafka_topic_new(sink->client->rk, sink->topic, NULL);
    if (handle == NULL)
        return lt_kafka_client_fail(sink->client, error, rd_kafka_last_error(), "topic \"%s\"",
                                    sink->topic);
    int code = ask_topic(sink, env, handle, &answer, error);
    int wait_ms = -1;
    for (int waited_ms = 0; code == 0 && answer.err != RD_KAFKA_RESP_ERR_NO_ERROR;
         waited_ms += TOPIC_RETRY_MS) {
        if (wait_ms < 0)
            wait_ms = grace_ms(sink, env, &answer);
        if (waited_ms >= wait_ms) {
            code = fail_topic(sink, answer.err, error);
            break;
        }
        lt_kafka_client_rest(TOPIC_RETRY_MS * LT_NS_PER_MS);
        code = ask_topic(sink, env, handle, &answer, error);
    }
    rd_kafka_topic_destroy(handle);
    if (code < 0)
        return code;
    sink->base.partition_count = answer.partition_count;
    *leader = answer.leader;
    return 0;
}

bool lt_kafka_sink_feeds_source(const struct lt_kafka_sink *sink, const char *topic,
                                int32_t partition)
{
    const struct lt_source *source = sink->base.source;
    return source != NULL && source->ops->reads != NULL &&
           source->ops->reads(source, sink->cluster, topic, partition);
}

/* Rows that name their partition can keep clear of those that the query reads, if there are others:
 * the writer looks at each. */
static bool is_loop(const struct lt_kafka_sink *sink)
{
    bool feeds = lt_kafka_sink_feeds_source(sink, sink->topic, -1);
    uint32_t count = sink->columns.partition == LT_KAFKA_NO_COLUMN ? 0 : sink->base.partition_count;
    for (uint32_t i = 0; i < count && feeds; i++)
        feeds = lt_kafka_sink_feeds_source(sink, sink->topic, (int32_t)i);
    return feeds;
}

static void note_cluster(struct lt_kafka_sink *sink)
{
    free(sink->cluster);
    sink->cluster = lt_kafka_client_cluster(sink->client);
}

/* Rows name their topics: only sees that a broker answers. */
static int find_brokers(struct lt_kafka_sink *sink, const struct lt_connector_env *env,
                        struct lt_error *error)
{
    const struct rd_kafka_metadata *metadata;
    int code = lt_kafka_client_metadata(sink->client, env, false, NULL, &metadata, error);
    if (code < 0)
        return code;
    rd_kafka_metadata_destroy(metadata);
    note_cluster(sink);
    return 0;
}

/* A topic whose limit is below the batch size needs smaller batches: the producer is made again
 * with those. */
static int adapt_batches(struct lt_kafka_sink *sink, const struct lt_connector_env *env,
                         struct lt_error *error)
{
    const char *given = lt_options_get(sink->options, "kafka.batch.size");
    int64_t batch_bytes = given == NULL ? DEFAULT_BATCH_BYTES : strtoll(given, NULL, 10);
    if (sink->rules.record_bytes_max == 0 || batch_bytes <= sink->rules.record_bytes_max)
        return 0;
    snprintf(sink->batch_bytes, sizeof sink->batch_bytes, "%" PRId64, sink->rules.record_bytes_max);
    lt_log_info("sink kafka: topic \"%s\" takes %" PRId64
                " bytes at most (max.message.bytes): batches are made no larger",
                sink->topic, sink->rules.record_bytes_max);
    lt_kafka_client_close(sink->client);
    sink->client = NULL;
    return lt_kafka_sink_open_client(sink, env, &sink->client, error);
}

static int connect_topic(struct lt_kafka_sink *sink, const struct lt_connector_env *env,
                         struct lt_error *error)
{
    int32_t leader = -1;
    int code = find_topic(sink, env, &leader, error);
    if (code < 0)
        return code;
    note_cluster(sink);
    if (is_loop(sink))
        return lt_error_set(error, LT_E_INVALID,
                            "topic \"%s\" is both source and sink: the query would feed itself",
                            sink->topic);
    find_rules(sink, leader, lt_kafka_client_left_ms(env));
    return adapt_batches(sink, env, error);
}

static int sink_connect(struct lt_sink *base, const struct lt_connector_env *env,
                        struct lt_error *error)
{
    struct lt_kafka_sink *sink = (struct lt_kafka_sink *)base;
    bool is_first = sink->client == NULL && sink->batch_bytes[0] == '\0';
    int code =
        sink->client != NULL ? 0 : lt_kafka_sink_open_client(sink, env, &sink->client, error);
    if (code < 0)
        return code;
    if (is_first && !lt_options_has(sink->options, "kafka.delivery.timeout.ms") &&
        !lt_options_has(sink->options, "kafka.message.timeout.ms"))
        lt_log_info("sink kafka: while brokers are away deliveries are tried again without limit; "
                    "kafka.delivery.timeout.ms sets one");
    return sink->topic == NULL ? find_brokers(sink, env, error) : connect_topic(sink, env, error);
}

/* ---------------------------------------------------------------------------------------- life */

static void sink_close(struct lt_sink *base)
{
    struct lt_kafka_sink *sink = (struct lt_kafka_sink *)base;
    lt_kafka_client_close(sink->client);
    lt_options_destroy(sink->options);
    free(sink->cluster);
    free(sink);
}

static const struct lt_sink_ops sink_ops = {
    .connect = sink_connect,
    .open_writer = lt_kafka_writer_open,
    .close = sink_close,
};

/* librdkafka would let the broker refuse the first record; and without acknowledgements it reports
 * each record as delivered that it has sent. */
static int check_acks(const struct lt_options *set, struct lt_error *error)
{
    static const char *const keys[] = {"kafka.acks", "kafka.request.required.acks"};
    static const char *const valid[] = {"all", "-1", "1"};
    for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++) {
        const char *acks = lt_options_get(set, keys[k]);
        bool is_valid = acks == NULL;
        for (size_t i = 0; acks != NULL && i < sizeof valid / sizeof valid[0]; i++)
            is_valid |= lt_ascii_compare(acks, valid[i]) == 0;
        if (!is_valid && strcmp(acks, "0") == 0)
            return lt_error_set(error, LT_E_UNSUPPORTED,
                                "option \"%s\": 0 is refused: no broker would say that it has a "
                                "record, and what is lost would count as delivered; hint: %s=all",
                                keys[k], keys[k]);
        if (!is_valid)
            return lt_error_set(error, LT_E_INVALID, "option \"%s\": \"%s\" is none of all, -1, 1",
                                keys[k], acks);
        if (acks != NULL && strcmp(acks, "1") == 0)
            lt_log_warn("sink kafka: option \"%s\" is 1: records that count as delivered may be "
                        "lost when a partition's leader dies before its followers have them",
                        keys[k]);
    }
    return 0;
}

static bool compresses(const struct lt_options *set)
{
    const char *type = lt_options_get(set, "kafka.compression.type");
    if (type == NULL)
        type = lt_options_get(set, "kafka.compression.codec");
    return type != NULL && lt_ascii_compare(type, "none") != 0;
}

/* Who chooses the partition. By the key is what the producer does by itself (kafka.partitioner). */
static int take_partitioner(struct lt_kafka_sink *sink, struct lt_error *error)
{
    const char *how = lt_options_text(sink->options, options, OPTION_COUNT, "partitioner");
    if (how == NULL)
        return 0;
    if (lt_options_has(sink->options, "kafka.partitioner"))
        return lt_error_set(error, LT_E_INVALID,
                            "options \"partitioner\" and \"kafka.partitioner\" exclude each other");
    if (strcmp(how, "source") == 0) {
        sink->base.keeps_partitions = true;
        if (sink->columns.partition != LT_KAFKA_NO_COLUMN)
            return 0;
        return lt_error_set(
            error, LT_E_ANALYSIS,
            "option \"partitioner\": source needs the attribute 'partition', which is not present");
    }
    sink->columns.partition = LT_KAFKA_NO_COLUMN;
    sink->is_round_robin = strcmp(how, "round-robin") == 0;
    if (sink->is_round_robin && sink->topic == NULL)
        return lt_error_set(error, LT_E_INVALID,
                            "option \"partitioner\": round-robin needs the option \"topic\": how "
                            "many partitions the topics have that rows name is not known; hint: "
                            "partitioner=key");
    return 0;
}

/* Milliseconds, with a fraction; the client has checked them. leat's default is 0. */
static int64_t linger_ns(const struct lt_options *given)
{
    const char *linger = lt_options_get(given, "kafka.linger.ms");
    return linger == NULL ? 0 : (int64_t)(strtod(linger, NULL) * LT_NS_PER_MS);
}

static int sink_bind(const struct lt_sink_type *type, const struct lt_options *given,
                     const struct lt_type *schema, struct lt_arena *arena, struct lt_sink **out,
                     struct lt_error *error)
{
    struct lt_kafka_sink *sink = lt_alloc(sizeof *sink);
    sink->base.ops = &sink_ops;
    sink->base.type = type;
    sink->base.schema = schema;
    sink->rules =
        (struct lt_kafka_topic_rules){.ahead_ms_max = INT64_MAX, .behind_ms_max = INT64_MAX};
    sink->options = lt_options_clone(given);
    int code = lt_options_check(sink->options, options, OPTION_COUNT, "sink kafka", error);
    bool is_named = code < 0;
    if (code == 0)
        code = lt_kafka_client_check(LT_KAFKA_PRODUCER, sink->options, error);
    if (code == 0) {
        sink->topic = lt_options_get(sink->options, "topic");
        code = bind_columns(sink, schema, arena, error);
    }
    if (code == 0)
        code = check_acks(sink->options, error);
    if (code == 0)
        code = take_partitioner(sink, error);
    if (code < 0) {
        sink_close(&sink->base);
        return is_named ? code : lt_error_append(error, "sink kafka");
    }
    mark_used(sink, schema, arena);
    sink->compresses = compresses(sink->options);
    sink->base.guarantee = LT_AT_LEAST_ONCE;
    sink->base.linger_ns = linger_ns(sink->options);
    snprintf(sink->base.description, sizeof sink->base.description, "KafkaSink[%s]",
             sink->topic == NULL ? "by column topic" : sink->topic);
    *out = &sink->base;
    return 0;
}

const struct lt_sink_type lt_kafka_sink_type = {
    .name = "kafka",
    .doc = "Writes Kafka topics with Spark's columns and options; at least once, in order, "
           "idempotent by default.",
    .options = options,
    .option_count = OPTION_COUNT,
    .needs_checkpoint = true,
    .bind = sink_bind,
};
