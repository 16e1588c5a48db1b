/*
 * The source's options, schema and life. Names, defaults and refusals are Spark's; `committed` as a
 * value of startingOffsets is leat's.
 *
 * Offsets are committed to Kafka only when kafka.group.id is given, and only as a mirror for tools
 * that show lag: asynchronously, after the epoch's own commit, and never read back unless
 * startingOffsets=committed asks for it.
 */
#include "io/kafka_source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/ascii.h"
#include "core/base/log.h"
#include "io/kafka_headers.h"
#include "io/kafka_source_internal.h"

#define NO_EFFECT "No effect in continuous mode, as in Spark: "

const struct lt_option_spec lt_kafka_source_options[] = {
    {"kafka.bootstrap.servers", LT_OPTION_TEXT, NULL, NULL, 0, 0, LT_OPTION_REQUIRED,
     "Brokers to begin with: host:port, separated by commas."},
    {"subscribe", LT_OPTION_TEXT, NULL, NULL, 0, 0, 0, "Topics to read, separated by commas."},
    {"subscribePattern", LT_OPTION_TEXT, NULL, NULL, 0, 0, 0,
     "Reads the topics whose whole name matches: a POSIX extended expression with Java's \\d \\w "
     "\\s; groups that begin "
     "with (? and lazy repeats are refused."},
    {"assign", LT_OPTION_TEXT, NULL, NULL, 0, 0, 0,
     "Reads just these partitions: {\"topicA\":[0,1],\"topicB\":[2]}."},
    {"startingOffsets", LT_OPTION_TEXT, "latest", NULL, 0, 0, 0,
     "Where a new query begins: earliest, latest, committed (the group's offsets, needs "
     "kafka.group.id), or "
     "{\"topicA\":{\"0\":23,\"1\":-1}} with -1 for latest and -2 for earliest. A static table "
     "begins at the earliest unless this is set, and never at the latest."},
    {"startingTimestamp", LT_OPTION_I64, NULL, NULL, 0, INT64_MAX, 0,
     "A new query begins at the first record at or after this time (ms); before the other starting "
     "options."},
    {"startingOffsetsByTimestamp", LT_OPTION_TEXT, NULL, NULL, 0, 0, 0,
     "As startingTimestamp, per partition: {\"topicA\":{\"0\":1000}}; before startingOffsets."},
    {"startingOffsetsByTimestampStrategy", LT_OPTION_CHOICE, "error", "error|latest", 0, 0, 0,
     "What a partition without a record at or after the time does."},
    {"endingOffsets", LT_OPTION_TEXT, NULL, NULL, 0, 0, LT_OPTION_REFUSED,
     "ending offset not valid in streaming queries; hint: a static table has an end"},
    {"endingOffsetsByTimestamp", LT_OPTION_TEXT, NULL, NULL, 0, 0, LT_OPTION_REFUSED,
     "ending timestamp not valid in streaming queries; hint: a static table has an end"},
    {"endingTimestamp", LT_OPTION_I64, NULL, NULL, 0, INT64_MAX, LT_OPTION_REFUSED,
     "ending timestamp not valid in streaming queries; hint: a static table has an end"},
    {"failOnDataLoss", LT_OPTION_BOOL, "true", NULL, 0, 0, 0,
     "Stops the query when records are gone that it has not read; false warns and goes on."},
    {"includeHeaders", LT_OPTION_BOOL, "false", NULL, 0, 0, 0, "Adds the column headers."},
    {"kafka.group.id", LT_OPTION_TEXT, NULL, NULL, 0, 0, 0,
     "Mirrors committed positions to this group for lag tools; two queries on one group overwrite "
     "each other's."},
    {"groupIdPrefix", LT_OPTION_TEXT, "spark-kafka-source", NULL, 0, 0, 0,
     "Accepted; leat joins no group, so there is no generated group id to prefix."},
    {"fetchOffset.numRetries", LT_OPTION_I64, "3", NULL, 0, 1000, 0,
     "How often a question for offsets is repeated."},
    {"fetchOffset.retryIntervalMs", LT_OPTION_DURATION_MS, "10", NULL, 0, 60 * (int64_t)LT_NS_PER_S,
     0, "The pause before such a repetition."},
    {"kafkaConsumer.pollTimeoutMs", LT_OPTION_DURATION_MS, "512", NULL, 0, 0, 0,
     "Accepted; leat is told of records and has no poll to time out."},
    {"maxOffsetsPerTrigger", LT_OPTION_I64, NULL, NULL, 1, INT64_MAX, 0,
     NO_EFFECT "the most records of one batch."},
    {"minOffsetsPerTrigger", LT_OPTION_I64, NULL, NULL, 1, INT64_MAX, 0,
     NO_EFFECT "the records a batch waits for."},
    {"maxTriggerDelay", LT_OPTION_DURATION, "15m", NULL, 0, 0, 0,
     NO_EFFECT "the longest such wait."},
    {"minPartitions", LT_OPTION_I64, NULL, NULL, 1, INT64_MAX, 0,
     NO_EFFECT "how many tasks share a batch."},
    {"maxRecordsPerPartition", LT_OPTION_I64, NULL, NULL, 1, INT64_MAX, 0,
     NO_EFFECT "the records of one task."},
    {"kafka.", LT_OPTION_PREFIX, NULL, NULL, 0, 0, 0,
     "Any consumer property, under the name of Kafka's Java client or of librdkafka. "
     "kafka.isolation.level is read_uncommitted by default, as in Spark and the Java client: "
     "records of aborted transactions are read, too; read_committed leaves them out."},
};
const size_t lt_kafka_source_option_count =
    sizeof lt_kafka_source_options / sizeof lt_kafka_source_options[0];

/* In batches readers hear of what comes. A question now and then finds what they do not hear of: a
 * topic that was made again while they were silent. */
static const int64_t look_ns = LT_NS_PER_S;

static const char *const no_effect[] = {"maxOffsetsPerTrigger", "minOffsetsPerTrigger",
                                        "maxTriggerDelay", "minPartitions",
                                        "maxRecordsPerPartition"};

static const char *text_option(const struct lt_kafka_source *source, const char *name)
{
    return lt_options_text(source->options, lt_kafka_source_options, lt_kafka_source_option_count,
                           name);
}

static bool bool_option(const struct lt_kafka_source *source, const char *name)
{
    return lt_options_bool(source->options, lt_kafka_source_options, lt_kafka_source_option_count,
                           name);
}

/* -------------------------------------------------------------------------------------- schema */

static const struct lt_type *make_schema(struct lt_arena *arena, bool includes_headers)
{
    const struct lt_field header[] = {
        {"key", lt_type_simple(LT_TYPE_STRING), true, NULL},
        {"value", lt_type_simple(LT_TYPE_BINARY), true, NULL},
    };
    const struct lt_field fields[LT_KAFKA_COLUMN_COUNT] = {
        [LT_KAFKA_KEY] = {"key", lt_type_simple(LT_TYPE_BINARY), true, NULL},
        [LT_KAFKA_VALUE] = {"value", lt_type_simple(LT_TYPE_BINARY), true, NULL},
        [LT_KAFKA_TOPIC] = {"topic", lt_type_simple(LT_TYPE_STRING), true, NULL},
        [LT_KAFKA_PARTITION] = {"partition", lt_type_simple(LT_TYPE_INT), true, NULL},
        [LT_KAFKA_OFFSET] = {"offset", lt_type_simple(LT_TYPE_BIGINT), true, NULL},
        [LT_KAFKA_TIMESTAMP] = {"timestamp", lt_type_simple(LT_TYPE_TIMESTAMP), true, NULL},
        [LT_KAFKA_TIMESTAMP_TYPE] = {"timestampType", lt_type_simple(LT_TYPE_INT), true, NULL},
        [LT_KAFKA_HEADERS] = {"headers",
                              lt_type_array(arena, lt_type_struct(arena, header, 2), true), true,
                              NULL},
    };
    return lt_type_struct(arena, fields,
                          includes_headers ? LT_KAFKA_COLUMN_COUNT : LT_KAFKA_HEADERS);
}

/* ----------------------------------------------------------------------------------- selection */

static void sort_topics(struct lt_kafka_source *source)
{
    uint32_t kept = 0;
    qsort(source->topics, source->topic_count, sizeof *source->topics, lt_kafka_topics_compare);
    for (uint32_t i = 0; i < source->topic_count; i++) {
        if (kept > 0 && strcmp(source->topics[kept - 1], source->topics[i]) == 0)
            free(source->topics[i]);
        else
            source->topics[kept++] = source->topics[i];
    }
    source->topic_count = kept;
}

static void add_topic(struct lt_kafka_source *source, char *topic)
{
    source->topics =
        lt_realloc_array(source->topics, source->topic_count + 1, sizeof *source->topics);
    source->topics[source->topic_count++] = topic;
}

static int take_subscribe(struct lt_kafka_source *source, const char *list, struct lt_error *error)
{
    char *copy = lt_strdup(list), *rest = copy, *part;
    while ((part = strsep(&rest, ",")) != NULL) {
        while (lt_ascii_is_blank(*part))
            part++;
        char *end = part + strlen(part);
        while (end > part && lt_ascii_is_blank(end[-1]))
            *--end = '\0';
        if (*part != '\0')
            add_topic(source, lt_strdup(part));
    }
    free(copy);
    if (source->topic_count == 0)
        return lt_error_set(error, LT_E_INVALID,
                            "No topics to subscribe to is specified as option value for option "
                            "'subscribe'");
    sort_topics(source);
    return 0;
}

static int take_assigned(void *context, const char *topic, int32_t partition, int64_t number,
                         struct lt_error *error)
{
    struct lt_kafka_source *source = context;
    (void)number;
    (void)error;
    source->assigned =
        lt_realloc_array(source->assigned, source->assigned_count + 1, sizeof *source->assigned);
    source->assigned[source->assigned_count++] =
        (struct lt_kafka_partition){lt_strdup(topic), partition};
    return 0;
}

static int compare_partitions(const void *a, const void *b)
{
    return lt_kafka_partition_compare(a, b);
}

static int take_assign(struct lt_kafka_source *source, const char *json, struct lt_error *error)
{
    int code = lt_kafka_assign_parse(json, take_assigned, source, error);
    if (code < 0)
        return lt_error_append(error, "option \"assign\"");
    if (source->assigned_count == 0)
        return lt_error_set(error, LT_E_INVALID, "option \"assign\" names no partition");
    qsort(source->assigned, source->assigned_count, sizeof *source->assigned, compare_partitions);
    for (uint32_t i = 0; i < source->assigned_count; i++) {
        if (i > 0 &&
            lt_kafka_partition_compare(&source->assigned[i - 1], &source->assigned[i]) == 0)
            return lt_error_set(error, LT_E_INVALID,
                                "option \"assign\" names partition %d of topic \"%s\" twice",
                                (int)source->assigned[i].id, source->assigned[i].topic);
        add_topic(source, lt_strdup(source->assigned[i].topic));
    }
    sort_topics(source);
    return 0;
}

static int take_selection(struct lt_kafka_source *source, struct lt_error *error)
{
    const char *subscribe = text_option(source, "subscribe");
    const char *pattern = text_option(source, "subscribePattern");
    const char *assign = text_option(source, "assign");
    int given = (subscribe != NULL) + (pattern != NULL) + (assign != NULL);
    if (given == 0)
        return lt_error_set(error, LT_E_INVALID,
                            "One of the following options must be specified for Kafka source: "
                            "subscribe, subscribepattern, assign");
    if (given > 1)
        return lt_error_set(error, LT_E_INVALID,
                            "Only one of the following options can be specified for Kafka source: "
                            "subscribe, subscribepattern, assign");
    if (subscribe != NULL) {
        source->selection = LT_KAFKA_SUBSCRIBE;
        return take_subscribe(source, subscribe, error);
    }
    if (assign != NULL) {
        source->selection = LT_KAFKA_ASSIGN;
        return take_assign(source, assign, error);
    }
    source->selection = LT_KAFKA_SUBSCRIBE_PATTERN;
    if (pattern[strspn(pattern, " \t")] == '\0')
        return lt_error_set(error, LT_E_INVALID,
                            "Pattern to subscribe is empty as specified value for option "
                            "'subscribePattern'");
    int code = lt_kafka_topics_compile(pattern, &source->pattern, error);
    source->has_pattern = code == 0;
    return code;
}

/* Spark's text in continuous mode: KafkaSource[Subscribe[t1, t2]]. */
static void describe(struct lt_kafka_source *source)
{
    struct lt_text_buffer text;
    lt_text_init(&text);
    if (source->selection == LT_KAFKA_SUBSCRIBE_PATTERN)
        lt_text_format(&text, "KafkaSource[SubscribePattern[%s",
                       text_option(source, "subscribePattern"));
    else if (source->selection == LT_KAFKA_SUBSCRIBE)
        lt_text_append(&text, "KafkaSource[Subscribe[");
    else
        lt_text_append(&text, "KafkaSource[Assign[");
    for (uint32_t i = 0; source->selection == LT_KAFKA_SUBSCRIBE && i < source->topic_count; i++)
        lt_text_format(&text, "%s%s", i == 0 ? "" : ", ", source->topics[i]);
    for (uint32_t i = 0; i < source->assigned_count; i++)
        lt_text_format(&text, "%s%s-%d", i == 0 ? "" : ", ", source->assigned[i].topic,
                       (int)source->assigned[i].id);
    lt_text_append(&text, "]]");
    size_t size_bytes = text.size_bytes < sizeof source->base.description
                            ? text.size_bytes
                            : sizeof source->base.description - 1;
    memcpy(source->base.description, text.data, size_bytes);
    source->base.description[size_bytes] = '\0';
    lt_text_fini(&text);
}

/* ---------------------------------------------------------------------------------------- life */

static void source_close(struct lt_source *base)
{
    struct lt_kafka_source *source = (struct lt_kafka_source *)base;
    lt_assert(!source->client_is_lent);
    lt_kafka_topics_forget(source);
    lt_kafka_client_close(source->client);
    lt_kafka_client_close(source->uncommitted);
    free(source->cluster);
    for (uint32_t i = 0; i < source->topic_count; i++)
        free(source->topics[i]);
    for (uint32_t i = 0; i < source->assigned_count; i++)
        free((char *)(uintptr_t)source->assigned[i].topic);
    if (source->has_pattern)
        regfree(&source->pattern);
    free(source->topics);
    free(source->assigned);
    lt_options_destroy(source->options);
    free(source);
}

static void say_no_effect(const struct lt_kafka_source *source)
{
    for (size_t i = 0; i < sizeof no_effect / sizeof no_effect[0]; i++) {
        if (!source->env.in_batches && lt_options_has(source->options, no_effect[i]))
            lt_log_warn("source kafka: option \"%s\" has no effect in continuous mode",
                        no_effect[i]);
    }
    if (source->group_id != NULL)
        lt_log_warn("source kafka: kafka.group.id is \"%s\": other queries and consumers of this "
                    "group would overwrite each other's committed offsets",
                    source->group_id);
}

static int source_connect(struct lt_source *base, const struct lt_connector_env *env,
                          struct lt_error *error)
{
    struct lt_kafka_source *source = (struct lt_kafka_source *)base;
    bool is_first = source->client == NULL;
    source->env = *env;
    source->is_starting = true;
    if (is_first) {
        const struct lt_kafka_client_options options = {.role = LT_KAFKA_CONSUMER,
                                                        .options = source->options,
                                                        .owner = "source kafka",
                                                        .env = env};
        int code = lt_kafka_client_open(&options, &source->client, error);
        if (code < 0)
            return code;
        say_no_effect(source);
    }
    int code = lt_kafka_topics_discover(source, error);
    if (code < 0)
        return code;
    source->heard = lt_alloc_array(base->partition_count + 1u, sizeof *source->heard);
    free(source->cluster);
    source->cluster = lt_kafka_client_cluster(source->client);
    return 0;
}

/* Brokers have many addresses, and a cluster one id. */
static bool source_reads(const struct lt_source *base, const char *store, const char *target,
                         int32_t partition)
{
    const struct lt_kafka_source *source = (const struct lt_kafka_source *)base;
    if (*store == '\0' || strcmp(source->cluster, store) != 0 ||
        !lt_kafka_topics_selects(source, target))
        return false;
    bool is_read = source->selection != LT_KAFKA_ASSIGN || partition < 0;
    for (uint32_t i = 0; i < source->assigned_count && !is_read; i++)
        is_read =
            source->assigned[i].id == partition && strcmp(source->assigned[i].topic, target) == 0;
    return is_read;
}

static void source_partition_name(struct lt_source *base, uint32_t partition, char *out,
                                  size_t out_size)
{
    const struct lt_kafka_partition *name =
        &((struct lt_kafka_source *)base)->partitions[partition];
    snprintf(out, out_size, "%s[%d]", name->topic, (int)name->id);
}

static const struct lt_bytes *bytes_column(const struct lt_row *row, enum lt_kafka_column column)
{
    return lt_row_is_null(row, column) ? NULL : &lt_row_values(row)[column].bytes;
}

/* A row that a Kafka sink made again from what it had produced has no message any more; its columns
 * are the original. */
static void original_from_columns(const struct lt_kafka_source *source, const struct lt_row *root,
                                  struct lt_original *out)
{
    bool has_headers = source->includes_headers && !lt_row_is_null(root, LT_KAFKA_HEADERS);
    out->key = bytes_column(root, LT_KAFKA_KEY);
    out->value = bytes_column(root, LT_KAFKA_VALUE);
    out->headers = has_headers ? lt_row_values(root)[LT_KAFKA_HEADERS].array : NULL;
    out->timestamp_us = lt_row_values(root)[LT_KAFKA_TIMESTAMP].i64;
    out->has_timestamp = !lt_row_is_null(root, LT_KAFKA_TIMESTAMP);
}

static void source_original(struct lt_source *base, struct lt_row *root, struct lt_row *into,
                            struct lt_original *out)
{
    const rd_kafka_message_t *message = root->origin;
    rd_kafka_timestamp_type_t type;
    bool is_broken;
    if (message == NULL) {
        original_from_columns((struct lt_kafka_source *)base, root, out);
        return;
    }
    struct lt_bytes *bytes = lt_row_scratch(into, 2 * sizeof *bytes);
    lt_assert(bytes != NULL);
    bytes[0] = lt_value_bytes(message->key, (uint32_t)message->key_len).bytes;
    bytes[1] = lt_value_bytes(message->payload, (uint32_t)message->len).bytes;
    out->key = message->key == NULL ? NULL : &bytes[0];
    out->value = message->payload == NULL ? NULL : &bytes[1];
    out->headers = lt_kafka_headers_of(into, message, &is_broken);
    out->timestamp_us = rd_kafka_message_timestamp(message, &type) * LT_US_PER_MS;
    out->has_timestamp = type != RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
    if (is_broken)
        lt_log_warn("source kafka: the headers of a dead letter cannot be read and are left out");
}

static bool source_needs_reconfiguration(struct lt_source *base)
{
    return lt_kafka_topics_changed((struct lt_kafka_source *)base);
}

/* Continuous mode lends the client to a reader, which hears it. */
void lt_kafka_source_hear(const struct lt_kafka_source *source)
{
    if (source->env.in_batches)
        rd_kafka_poll(source->client->rk, 0);
}

static void source_commit(struct lt_source *base, uint64_t epoch,
                          const struct lt_position *positions)
{
    const struct lt_kafka_source *source = (struct lt_kafka_source *)base;
    (void)epoch;
    lt_kafka_source_hear(source);
    if (source->group_id == NULL)
        return;
    rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new((int)base->partition_count);
    for (uint32_t i = 0; i < base->partition_count; i++) {
        if (positions[i].offset >= 0)
            rd_kafka_topic_partition_list_add(list, source->partitions[i].topic,
                                              source->partitions[i].id)
                ->offset = positions[i].offset;
    }
    rd_kafka_resp_err_t err =
        list->cnt == 0 ? RD_KAFKA_RESP_ERR_NO_ERROR : rd_kafka_commit(source->client->rk, list, 1);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
        lt_log_warn("source kafka: offsets of group \"%s\" are not committed: %s; the checkpoint "
                    "is not affected",
                    source->group_id, rd_kafka_err2str(err));
    rd_kafka_topic_partition_list_destroy(list);
}

static const struct lt_source_ops source_ops = {
    .connect = source_connect,
    .initial = lt_kafka_start_initial,
    .latest = lt_kafka_start_latest,
    .at_hand = lt_kafka_at_hand,
    .mend = lt_kafka_mend,
    .admit = lt_kafka_admit,
    .positions_to_json = lt_kafka_start_to_json,
    .positions_from_json = lt_kafka_start_from_json,
    .partition_name = source_partition_name,
    .original = source_original,
    .needs_reconfiguration = source_needs_reconfiguration,
    .reads = source_reads,
    .open_reader = lt_kafka_reader_open,
    .commit = source_commit,
    .close = source_close,
};

static const struct lt_source_ops table_ops = {
    .connect = source_connect,
    .initial = lt_kafka_start_initial,
    .latest = lt_kafka_ending_latest,
    .positions_to_json = lt_kafka_start_to_json,
    .positions_from_json = lt_kafka_start_from_json,
    .partition_name = source_partition_name,
    .original = source_original,
    .reads = source_reads,
    .open_reader = lt_kafka_ending_open_reader,
    .commit = source_commit,
    .close = source_close,
};

/* The ends that a stream refuses are a table's, and where nothing is said it begins at once. */
static int check_options(struct lt_kafka_source *source, struct lt_error *error)
{
    struct lt_option_spec specs[sizeof lt_kafka_source_options / sizeof lt_kafka_source_options[0]];
    memcpy(specs, lt_kafka_source_options, sizeof specs);
    for (size_t i = 0; i < lt_kafka_source_option_count && source->is_table; i++)
        specs[i].flags &= ~(unsigned)LT_OPTION_REFUSED;
    int code = lt_options_check(source->options, specs, lt_kafka_source_option_count,
                                "source kafka", error);
    if (code == 0 && source->is_table && !lt_options_has(source->options, "startingOffsets"))
        code = lt_options_set(source->options, "startingOffsets", "earliest", "a static table",
                              error);
    return code;
}

static bool reads_committed(const struct lt_options *options)
{
    const char *level = lt_options_get(options, "kafka.isolation.level");
    return level != NULL && lt_ascii_compare(level, "read_committed") == 0;
}

static int source_bind(const struct lt_source_type *type, const struct lt_options *options,
                       const struct lt_type *user_schema, struct lt_arena *arena,
                       struct lt_source **out, struct lt_error *error)
{
    if (user_schema != NULL)
        return lt_error_set(error, LT_E_ANALYSIS,
                            "Kafka source has a fixed schema and cannot be set with a custom one");
    struct lt_kafka_source *source = lt_alloc(sizeof *source);
    source->is_table = type == &lt_kafka_table_type;
    source->base.ops = source->is_table ? &table_ops : &source_ops;
    source->base.type = type;
    source->options = lt_options_clone(options);
    int code = check_options(source, error);
    bool is_named = code < 0;
    if (code == 0)
        code = lt_kafka_client_check(LT_KAFKA_CONSUMER, source->options, error);
    if (code == 0)
        code = take_selection(source, error);
    if (code == 0) {
        source->group_id = lt_options_get(source->options, "kafka.group.id");
        source->includes_headers = bool_option(source, "includeHeaders");
        source->fails_on_data_loss = bool_option(source, "failOnDataLoss");
        source->reads_committed = reads_committed(source->options);
        source->base.reads_committed = source->reads_committed;
        source->base.look_interval_ns = look_ns;
        if (source->is_table || (!lt_options_has(source->options, "maxOffsetsPerTrigger") &&
                                 !lt_options_has(source->options, "minOffsetsPerTrigger")))
            source->base.traits |= LT_SOURCE_IN_EPOCHS;
        code = lt_kafka_start_check(source, error);
    }
    if (code == 0 && source->is_table)
        code = lt_kafka_ending_check(source, error);
    if (code < 0) {
        source_close(&source->base);
        return is_named ? code : lt_error_append(error, "source kafka");
    }
    describe(source);
    source->base.schema = make_schema(arena, source->includes_headers);
    *out = &source->base;
    return 0;
}

const struct lt_source_type lt_kafka_source_type = {
    .name = "kafka",
    .doc = "Reads Kafka topics, one record at a time, with Spark's columns and options.",
    .traits = LT_SOURCE_REPLAYABLE | LT_SOURCE_BOUNDED | LT_SOURCE_CONTINUOUS |
              LT_SOURCE_EMPTY_FIRST | LT_SOURCE_IN_BATCHES,
    .options = lt_kafka_source_options,
    .option_count = sizeof lt_kafka_source_options / sizeof lt_kafka_source_options[0],
    .table = &lt_kafka_table_type,
    .bind = source_bind,
};

const struct lt_source_type lt_kafka_table_type = {
    .name = "kafka",
    .doc = "Reads Kafka topics once, up to an end.",
    .traits = LT_SOURCE_REPLAYABLE | LT_SOURCE_BOUNDED | LT_SOURCE_CONTINUOUS,
    .options = lt_kafka_source_options,
    .option_count = sizeof lt_kafka_source_options / sizeof lt_kafka_source_options[0],
    .bind = source_bind,
};
