/*
 * What the Kafka connector says before it connects to anything: options, properties, patterns,
 * offset texts, columns. Texts are asserted where a user would act on them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "io/kafka_offsets.h"
#include "io/kafka_properties.h"
#include "io/kafka_sink.h"
#include "io/kafka_sink_internal.h"
#include "io/kafka_source.h"
#include "io/kafka_source_internal.h"
#include "tests/support/collector.h"

static const char bootstrap[] = "kafka.bootstrap.servers=127.0.0.1:1";

/* Binds a source; returns the error's text ("" if there is none), valid until the next call. */
static const char *bind_source(const char *const *pairs, char *condition)
{
    static struct lt_error error;
    struct lt_arena *arena = lt_arena_create();
    struct lt_options *options = collector_options(pairs);
    struct lt_source *source = NULL;
    lt_error_clear(&error);
    if (lt_kafka_source_type.bind(&lt_kafka_source_type, options, NULL, arena, &source, &error) ==
        0) {
        if (condition != NULL)
            memcpy(condition, source->description, sizeof source->description);
        source->ops->close(source);
    }
    lt_options_destroy(options);
    lt_arena_destroy(arena);
    return error.text;
}

static struct lt_error sink_error; /* of the last bind_sink() */

static const char *bind_sink(const char *const *pairs, const char *ddl)
{
    struct lt_arena *arena = lt_arena_create();
    struct lt_options *options = collector_options(pairs);
    const struct lt_type *schema;
    struct lt_sink *sink = NULL;
    lt_error_clear(&sink_error);
    assert_int_equal(lt_type_parse_ddl(ddl, arena, &schema, NULL), 0);
    if (lt_kafka_sink_type.bind(&lt_kafka_sink_type, options, schema, arena, &sink, &sink_error) ==
        0)
        sink->ops->close(sink);
    lt_options_destroy(options);
    lt_arena_destroy(arena);
    return sink_error.text;
}

#define SOURCE_SAYS(text, ...)                                                                     \
    assert_string_equal(bind_source((const char *const[]){bootstrap, __VA_ARGS__, NULL}, NULL),    \
                        "source kafka: " text)
#define SINK_SAYS(text, ddl, ...)                                                                  \
    assert_string_equal(bind_sink((const char *const[]){bootstrap, __VA_ARGS__, NULL}, ddl),       \
                        "sink kafka: " text)

static void a_source_needs_brokers_and_exactly_one_selection(void **state)
{
    (void)state;
    assert_non_null(strstr(bind_source((const char *const[]){"subscribe=a", NULL}, NULL),
                           "\"kafka.bootstrap.servers\""));
    SOURCE_SAYS("One of the following options must be specified for Kafka source: subscribe, "
                "subscribepattern, assign",
                "failOnDataLoss=true");
    SOURCE_SAYS("Only one of the following options can be specified for Kafka source: subscribe, "
                "subscribepattern, assign",
                "subscribe=a", "assign={\"a\":[0]}");
    SOURCE_SAYS("No topics to subscribe to is specified as option value for option 'subscribe'",
                "subscribe= , ");
    SOURCE_SAYS("Pattern to subscribe is empty as specified value for option 'subscribePattern'",
                "subscribePattern= ");
}

static void a_source_describes_itself_as_spark_does(void **state)
{
    (void)state;
    char text[256];
    assert_string_equal(
        bind_source((const char *const[]){bootstrap, "subscribe= b ,a,, b", NULL}, text), "");
    assert_string_equal(text, "KafkaSource[Subscribe[a, b]]");
    bind_source((const char *const[]){bootstrap, "subscribePattern=t\\d+", NULL}, text);
    assert_string_equal(text, "KafkaSource[SubscribePattern[t\\d+]]");
    bind_source((const char *const[]){bootstrap, "assign={\"b\":[1,0],\"a\":[2]}", NULL}, text);
    assert_string_equal(text, "KafkaSource[Assign[a-2, b-0, b-1]]");
}

static void an_unknown_property_is_answered_with_the_nearest(void **state)
{
    (void)state;
    SOURCE_SAYS("option \"kafka.fetch.min.byte\" (test): Kafka has no property \"fetch.min.byte\"; "
                "hint: did you mean \"kafka.fetch.min.bytes\"?",
                "subscribe=a", "kafka.fetch.min.byte=1");
    SOURCE_SAYS("option \"kafka.fetch.max.wait.m\" (test): Kafka has no property "
                "\"fetch.max.wait.m\"; hint: did you mean \"kafka.fetch.max.wait.ms\"?",
                "subscribe=a", "kafka.fetch.max.wait.m=1");
    SOURCE_SAYS(
        "option \"kafka.linger.mss\" (test): Kafka has no property \"linger.mss\"; hint: did "
        "you mean \"kafka.linger.ms\"?", /* which may have been meant for the sink */
        "subscribe=a", "kafka.linger.mss=1");
    SINK_SAYS("option \"kafka.acks\": \"5\" is none of all, -1, 1", "value STRING", "topic=a",
              "kafka.acks=5");
    SINK_SAYS("option \"kafka.xyzzy\" (test): Kafka has no property \"xyzzy\"", "value STRING",
              "topic=a", "kafka.xyzzy=1");
    SOURCE_SAYS("unknown option \"startingOffset\" (test); hint: did you mean \"startingOffsets\"?",
                "subscribe=a", "startingOffset=1");
}

static void refused_properties_say_why(void **state)
{
    (void)state;
    assert_non_null(
        strstr(bind_source((const char *const[]){bootstrap, "subscribe=a",
                                                 "kafka.auto.offset.reset=latest", NULL},
                           NULL),
               "Instead set the source option 'startingoffsets' to 'earliest' or "
               "'latest'"));
    assert_non_null(strstr(bind_source((const char *const[]){bootstrap, "subscribe=a",
                                                             "kafka.enable.auto.commit=true", NULL},
                                       NULL),
                           "is refused: Kafka option 'enable.auto.commit' is not supported"));
    assert_non_null(strstr(
        bind_sink((const char *const[]){bootstrap, "topic=a", "kafka.key.serializer=x.Y", NULL},
                  "value STRING"),
        "'key.serializer' is not supported"));
    assert_non_null(strstr(
        bind_source((const char *const[]){bootstrap, "subscribe=a", "endingOffsets=latest", NULL},
                    NULL),
        "ending offset not valid in streaming queries"));
    assert_non_null(
        strstr(bind_source((const char *const[]){bootstrap, "subscribe=a",
                                                 "kafka.ssl.truststore.location=/x/t.JKS", NULL},
                           NULL),
               "hint: export the certificates as PEM and set kafka.ssl.ca.location"));
}

static void delivery_without_acknowledgement_is_refused(void **state)
{
    (void)state;
    SINK_SAYS("option \"kafka.acks\": 0 is refused: no broker would say that it has a record, and "
              "what is lost would count as delivered; hint: kafka.acks=all",
              "value STRING", "topic=a", "kafka.acks=0");
    SINK_SAYS("option \"kafka.request.required.acks\": 0 is refused: no broker would say that it "
              "has a record, and what is lost would count as delivered; hint: "
              "kafka.request.required.acks=all",
              "value STRING", "topic=a", "kafka.request.required.acks=0");
}

static void java_names_and_spellings_are_accepted(void **state)
{
    (void)state;
    assert_string_equal(
        bind_source((const char *const[]){bootstrap, "subscribe=a", "kafka.fetch.max.wait.ms=10",
                                          "kafka.max.poll.records=500",
                                          "kafka.receive.buffer.bytes=-1", "kafka.Client.Id=me",
                                          "kafka.security.protocol=SASL_PLAINTEXT",
                                          "kafka.sasl.mechanism=SCRAM-SHA-512",
                                          "kafka.max.partition.fetch.bytes=1048576", NULL},
                    NULL),
        "");
    assert_string_equal(
        bind_sink((const char *const[]){bootstrap, "topic=a", "kafka.acks=1",
                                        "kafka.buffer.memory=33554432", "kafka.max.block.ms=1",
                                        "kafka.compression.type=zstd", NULL},
                  "value STRING"),
        "");
}

static void login_modules_are_read_with_either_quote(void **state)
{
    (void)state;
    struct lt_kafka_jaas jaas;
    struct lt_error error;
    assert_int_equal(
        lt_kafka_jaas_parse("org.apache.kafka.common.security.plain.PlainLoginModule required "
                            "username=\"al\\\"ice\" password='s3;cret' ;",
                            &jaas, &error),
        0);
    assert_string_equal(jaas.mechanism, "PLAIN");
    assert_string_equal(jaas.username, "al\"ice");
    assert_string_equal(jaas.password, "s3;cret");
    assert_int_equal(lt_kafka_jaas_parse("x.ScramLoginModule required password=\"p\" "
                                         "username=\"u\" tokenauth=\"true\";",
                                         &jaas, &error),
                     0);
    assert_null(jaas.mechanism);
    assert_string_equal(jaas.username, "u");
}

static void a_broken_login_module_is_refused_without_being_quoted(void **state)
{
    (void)state;
    static const char *const broken[] = {
        "", "x.Krb5LoginModule required;", "x.PlainLoginModule required username=\"a\";",
        "x.PlainLoginModule required username=\"a\" password=\"hunter2",
        "x.PlainLoginModule required username=a password=hunter2;"};
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        struct lt_kafka_jaas jaas;
        struct lt_error error;
        lt_error_clear(&error);
        assert_int_equal(lt_kafka_jaas_parse(broken[i], &jaas, &error), LT_E_INVALID);
        assert_null(strstr(error.text, "hunter2"));
    }
}

static void starting_options_are_checked_before_connecting(void **state)
{
    (void)state;
    assert_non_null(strstr(
        bind_source(
            (const char *const[]){bootstrap, "subscribe=a", "startingOffsets=ealiest", NULL}, NULL),
        "is none of earliest, latest, committed and an offset per partition"));
    SOURCE_SAYS("option \"startingOffsets\": committed offsets belong to a group; hint: set "
                "kafka.group.id",
                "subscribe=a", "startingOffsets= Committed ");
    SOURCE_SAYS("option \"startingOffsets\" is none of earliest, latest, committed and an offset "
                "per partition: partition 0 of topic \"a\": -3 is below -2",
                "subscribe=a", "startingOffsets={\"a\":{\"0\":-3}}");
    assert_string_equal(bind_source((const char *const[]){bootstrap, "subscribe=a",
                                                          "startingOffsets= EARLIEST ", NULL},
                                    NULL),
                        "");
}

struct taken {
    struct lt_text_buffer text;
};

static int take(void *context, const char *topic, int32_t partition, int64_t number,
                struct lt_error *error)
{
    struct taken *taken = context;
    (void)error;
    lt_text_format(&taken->text, "%s-%d=%lld;", topic, (int)partition, (long long)number);
    return 0;
}

static void offset_texts_are_read_and_printed_in_spark_s_form(void **state)
{
    (void)state;
    struct taken taken;
    lt_text_init(&taken.text);
    assert_int_equal(
        lt_kafka_offsets_parse(" {\"a\" : {\"0\":23, \"1\":-1}, \"b\":{}} ", take, &taken, NULL),
        0);
    assert_string_equal(lt_text_get(&taken.text), "a-0=23;a-1=-1;");
    lt_text_clear(&taken.text);
    assert_int_equal(lt_kafka_assign_parse("{\"b\":[2,0]}", take, &taken, NULL), 0);
    assert_string_equal(lt_text_get(&taken.text), "b-2=0;b-0=0;");
    lt_text_clear(&taken.text);

    const struct lt_kafka_partition partitions[] = {{"a", 0}, {"a", 2}, {"a", 10}, {"b", 0}};
    const struct lt_position positions[] = {{5, 0}, {-1, 0}, {7, 0}, {9, 0}};
    lt_kafka_offsets_print(partitions, &positions[0].offset, sizeof positions[0], 4, &taken.text);
    assert_string_equal(lt_text_get(&taken.text), "{\"a\":{\"0\":5,\"10\":7},\"b\":{\"0\":9}}");
    lt_text_clear(&taken.text);
    lt_kafka_offsets_print(partitions, &positions[0].offset, sizeof positions[0], 0, &taken.text);
    assert_string_equal(lt_text_get(&taken.text), "{}");
    lt_text_fini(&taken.text);
}

static void malformed_offset_texts_are_refused(void **state)
{
    (void)state;
    static const char *const malformed[] = {"",
                                            "{",
                                            "[]",
                                            "{\"a\":1}",
                                            "{\"a\":{\"x\":1}}",
                                            "{\"a\":{\"0\":\"1\"}}",
                                            "{\"a\":{\"0\":1}} x",
                                            "{\"a\":{\"0\":1,\"1\":2,\"0\":1}}",
                                            "{\"a\":{\"0\":1,\"00\":2}}",
                                            "{\"a\":{\"0\":1},\"b\":{},\"a\":{\"1\":1}}",
                                            "{\"a\":{\"-1\":1}}",
                                            "{\"a\":{\"2147483648\":1}}",
                                            "{\"a\":{\"0\":1.5}}"};
    for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++) {
        struct taken taken;
        lt_text_init(&taken.text);
        assert_int_equal(lt_kafka_offsets_parse(malformed[i], take, &taken, NULL), LT_E_PARSE);
        lt_text_fini(&taken.text);
    }
}

static void what_is_there_twice_is_named(void **state)
{
    (void)state;
    struct lt_error error;
    assert_int_equal(
        lt_kafka_offsets_parse("{\"a\":{\"3\":1,\"1\":2,\"3\":1}}", take, NULL, &error),
        LT_E_PARSE);
    assert_non_null(strstr(error.text, ": partition 3 is there twice"));
    assert_int_equal(lt_kafka_assign_parse("{\"a\":[0],\"b\":[],\"a\":[1]}", take, NULL, &error),
                     LT_E_PARSE);
    assert_non_null(strstr(error.text, ": topic \"a\" is there twice"));
}

static bool matches(const char *pattern, const char *topic)
{
    regex_t compiled;
    struct lt_error error;
    if (lt_kafka_topics_compile(pattern, &compiled, &error) != 0)
        fail_msg("%s", error.text);
    bool is_match = regexec(&compiled, topic, 0, NULL, 0) == 0;
    regfree(&compiled);
    return is_match;
}

static void patterns_match_whole_names_as_java_s_do(void **state)
{
    (void)state;
    assert_true(matches("orders\\d+", "orders17"));
    assert_false(matches("orders\\d+", "orders17x"));
    assert_false(matches("orders\\d+", "myorders17"));
    assert_true(matches("a|b", "b"));
    assert_false(matches("a|b", "ab"));
    assert_true(matches("x[\\w-]*", "x-y_9"));
    assert_true(matches("eu\\.orders", "eu.orders"));
    assert_false(matches("eu\\.orders", "euxorders"));
    assert_true(matches("\\D+", "abc"));
}

static void patterns_beyond_posix_are_refused_by_name(void **state)
{
    (void)state;
    static const char *const refused[] = {"(?i)a", "a*?", "a++", "\\p{L}", "\\bx", "a(", "[\\D]"};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        regex_t compiled;
        struct lt_error error;
        lt_error_clear(&error);
        assert_true(lt_kafka_topics_compile(refused[i], &compiled, &error) < 0);
        assert_non_null(strstr(error.text, refused[i]));
    }
}

/* Columns that make no record are an error of Spark's analysis. */
static void what_columns_lack_has_sparks_condition(void **state)
{
    static const struct {
        const char *option, *ddl, *text;
    } cases[] = {
        {"includeHeaders=true", "value STRING", "topic option required"},
        {"topic=a", "key STRING", "Required attribute 'value' not found"},
        {"topic=a", "value INT", "value attribute unsupported type int"},
        {"topic=a", "value STRING, key BIGINT", "key attribute unsupported type bigint"},
        {"includeHeaders=true", "topic INT, value STRING", "topic attribute unsupported type int"},
        {"topic=a", "value STRING, partition STRING", "partition attribute unsupported type"},
        {"topic=a", "value STRING, headers INT", "headers attribute unsupported type int"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *text =
            bind_sink((const char *const[]){bootstrap, cases[i].option, NULL}, cases[i].ddl);
        assert_non_null(strstr(text, cases[i].text));
        assert_string_equal(sink_error.condition, "_LEGACY_ERROR_TEMP_3080");
        assert_int_equal(sink_error.code, LT_E_ANALYSIS);
    }
}

static void a_sink_needs_a_topic_and_a_value_of_a_type_it_can_write(void **state)
{
    (void)state;
    SINK_SAYS("topic option required when no 'topic' attribute is present. Use the topic option "
              "for setting a topic.",
              "value STRING", "includeHeaders=true");
    SINK_SAYS("Required attribute 'value' not found", "key STRING", "topic=a");
    SINK_SAYS("value attribute unsupported type int. value must be a(n) string or binary",
              "value INT", "topic=a");
    SINK_SAYS("key attribute unsupported type bigint. key must be a(n) string or binary",
              "value STRING, key BIGINT", "topic=a");
    SINK_SAYS("partition attribute unsupported type string. partition must be a(n) int",
              "value STRING, partition STRING", "topic=a");
    SINK_SAYS("headers attribute unsupported type array<string>. headers must be a(n) "
              "array<struct<key:string,value:binary>>",
              "value STRING, headers ARRAY<STRING>", "topic=a");
    assert_string_equal(
        bind_sink((const char *const[]){bootstrap, NULL}, "topic STRING, value BINARY"), "");
}

static void a_sink_reads_only_the_columns_it_writes(void **state)
{
    (void)state;
    struct lt_arena *arena = lt_arena_create();
    struct lt_options *options =
        collector_options((const char *const[]){bootstrap, "topic=a", NULL});
    const struct lt_type *schema;
    struct lt_sink *sink;
    assert_int_equal(lt_type_parse_ddl("other INT, value STRING, topic STRING, timestamp STRING, "
                                       "key BINARY",
                                       arena, &schema, NULL),
                     0);
    assert_int_equal(
        lt_kafka_sink_type.bind(&lt_kafka_sink_type, options, schema, arena, &sink, NULL), 0);
    /* value and key; the option goes before the column topic, a timestamp of text is nobody's. */
    assert_int_equal(sink->used_columns[0], 1 << 1 | 1 << 4);
    sink->ops->close(sink);
    lt_options_destroy(options);
    lt_arena_destroy(arena);
}

static void a_sink_that_keeps_partitions_needs_their_column(void **state)
{
    (void)state;
    SINK_SAYS("option \"partitioner\": source needs the attribute 'partition', which is not "
              "present",
              "value STRING", "topic=a", "partitioner=source");
    SINK_SAYS("options \"partitioner\" and \"kafka.partitioner\" exclude each other",
              "value STRING", "topic=a", "partitioner=key", "kafka.partitioner=random");
}

/* Of a topic with these settings: names and values by turns. */
static struct lt_kafka_topic_rules rules_of(const char *const *settings, size_t count)
{
    struct lt_kafka_topic_settings told;
    lt_kafka_settings_init(&told);
    for (size_t i = 0; i < count; i += 2)
        lt_kafka_settings_take(&told, settings[i], settings[i + 1]);
    return lt_kafka_settings_rules(&told);
}

static void the_limits_of_timestamps_are_those_that_the_broker_goes_by(void **state)
{
    (void)state;
    static const char unlimited[] = "9223372036854775807";
    const char *const settings[] = {"message.timestamp.difference.max.ms",
                                    "500",
                                    "message.timestamp.before.max.ms",
                                    "700",
                                    "message.timestamp.after.max.ms",
                                    unlimited,
                                    "message.timestamp.type",
                                    "LogAppendTime"};
    struct lt_kafka_topic_rules rules = rules_of(settings, 2); /* before 3.6 */
    assert_int_equal(rules.ahead_ms_max, 500);
    assert_int_equal(rules.behind_ms_max, 500);
    rules = rules_of(settings, 6); /* before 4.0 */
    assert_int_equal(rules.ahead_ms_max, 500);
    assert_int_equal(rules.behind_ms_max, 700);
    rules = rules_of(settings + 2, 4); /* since */
    assert_int_equal(rules.ahead_ms_max, INT64_MAX);
    assert_int_equal(rules.behind_ms_max, 700);
    rules = rules_of(settings, 8);
    assert_int_equal(rules.ahead_ms_max, INT64_MAX);
    assert_int_equal(rules.behind_ms_max, INT64_MAX);
}

static void rows_that_name_their_topics_are_not_dealt_round_robin(void **state)
{
    (void)state;
    SINK_SAYS("option \"partitioner\": round-robin needs the option \"topic\": how many partitions "
              "the topics have that rows name is not known; hint: partitioner=key",
              "value STRING, topic STRING", "partitioner=round-robin");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_source_needs_brokers_and_exactly_one_selection),
        cmocka_unit_test(a_source_describes_itself_as_spark_does),
        cmocka_unit_test(an_unknown_property_is_answered_with_the_nearest),
        cmocka_unit_test(refused_properties_say_why),
        cmocka_unit_test(delivery_without_acknowledgement_is_refused),
        cmocka_unit_test(java_names_and_spellings_are_accepted),
        cmocka_unit_test(login_modules_are_read_with_either_quote),
        cmocka_unit_test(a_broken_login_module_is_refused_without_being_quoted),
        cmocka_unit_test(starting_options_are_checked_before_connecting),
        cmocka_unit_test(offset_texts_are_read_and_printed_in_spark_s_form),
        cmocka_unit_test(what_is_there_twice_is_named),
        cmocka_unit_test(malformed_offset_texts_are_refused),
        cmocka_unit_test(patterns_match_whole_names_as_java_s_do),
        cmocka_unit_test(patterns_beyond_posix_are_refused_by_name),
        cmocka_unit_test(a_sink_needs_a_topic_and_a_value_of_a_type_it_can_write),
        cmocka_unit_test(what_columns_lack_has_sparks_condition),
        cmocka_unit_test(a_sink_reads_only_the_columns_it_writes),
        cmocka_unit_test(a_sink_that_keeps_partitions_needs_their_column),
        cmocka_unit_test(the_limits_of_timestamps_are_those_that_the_broker_goes_by),
        cmocka_unit_test(rows_that_name_their_topics_are_not_dealt_round_robin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
