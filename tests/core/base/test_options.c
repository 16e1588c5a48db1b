/* Options: what is understood, what is refused with which text, and what is printed. */
#include "core/base/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

static const struct lt_option_spec specs[] = {
    {.name = "startingOffsets",
     .type = LT_OPTION_TEXT,
     .default_text = "latest",
     .doc = "where to begin"},
    {.name = "failOnDataLoss",
     .type = LT_OPTION_BOOL,
     .default_text = "true",
     .doc = "stop | go on"},
    {.name = "numRetries",
     .type = LT_OPTION_I64,
     .default_text = "3",
     .min = 0,
     .max = 10,
     .doc = "retries"},
    {.name = "bufferBytes",
     .type = LT_OPTION_SIZE,
     .default_text = "64k",
     .min = 4096,
     .max = 1 << 20,
     .doc = "bytes"},
    {.name = "epoch",
     .type = LT_OPTION_DURATION,
     .default_text = "1s",
     .min = 10000000,
     .max = INT64_MAX,
     .doc = "interval"},
    {.name = "pollTimeoutMs",
     .type = LT_OPTION_DURATION_MS,
     .min = 0,
     .max = 120000000000,
     .doc = "wait"},
    {.name = "idle",
     .type = LT_OPTION_CHOICE,
     .default_text = "backoff",
     .choices = "spin|yield|backoff|park",
     .doc = "idling"},
    {.name = "kafka.", .type = LT_OPTION_PREFIX, .doc = "for librdkafka"},
    {.name = "kafka.group.id",
     .type = LT_OPTION_TEXT,
     .flags = LT_OPTION_REFUSED,
     .doc = "the group is leat's own"},
    {.name = "kafka.bootstrap.servers",
     .type = LT_OPTION_TEXT,
     .flags = LT_OPTION_REQUIRED,
     .doc = "name the broker"},
    {.name = "pin", .type = LT_OPTION_I64, .flags = LT_OPTION_SECRET, .doc = "a secret number"},
};

static void set(struct lt_options *options, const char *key, const char *value)
{
    struct lt_error error;
    assert_int_equal(lt_options_set(options, key, value, "command line", &error), 0);
}

/* A sound set, and one more key. */
static struct lt_options *options_with(const char *key, const char *value)
{
    struct lt_options *options = lt_options_create();
    set(options, "kafka.bootstrap.servers", "localhost:9092");
    if (key != NULL)
        set(options, key, value);
    return options;
}

static void check_fails(const char *key, const char *value, int code, const char *expected)
{
    struct lt_options *options = options_with(key, value);
    struct lt_error error;
    assert_int_equal(lt_options_check(options, specs, COUNT_OF(specs), "source kafka", &error),
                     code);
    assert_string_equal(error.text, expected);
    lt_options_destroy(options);
}

static void keys_match_without_regard_to_case_and_the_last_setting_wins(void **state)
{
    (void)state;
    struct lt_options *options = lt_options_create();
    struct lt_error error;
    set(options, "startingOffsets", "latest");
    set(options, "b", "2");
    assert_int_equal(
        lt_options_set(options, "STARTINGoffsets", "earliest", "relay.yaml:12:3", &error), 0);
    set(options, "A", "1");
    assert_int_equal(lt_options_count(options), 3);
    assert_string_equal(lt_options_get(options, "startingoffsets"), "earliest");
    assert_string_equal(lt_options_origin(options, "startingOffsets"), "relay.yaml:12:3");
    assert_true(lt_options_has(options, "a"));
    assert_false(lt_options_has(options, "c"));
    assert_null(lt_options_get(options, "c"));
    const char *key;
    const char *value;
    const char *origin;
    lt_options_at(options, 0, &key, &value, &origin);
    assert_string_equal(key, "A");
    lt_options_at(options, 2, &key, &value, &origin);
    assert_string_equal(key, "STARTINGoffsets");
    lt_options_destroy(options);
}

static void a_value_may_be_set_from_itself(void **state)
{
    (void)state;
    struct lt_options *options = lt_options_create();
    set(options, "a", "value");
    set(options, "a", lt_options_get(options, "a"));
    assert_string_equal(lt_options_get(options, "a"), "value");
    lt_options_destroy(options);
}

static void many_keys_stay_sorted_and_found(void **state)
{
    (void)state;
    struct lt_options *options = lt_options_create();
    for (int i = 0; i < 500; i++) {
        char key[16];
        char value[16];
        assert_true(snprintf(key, sizeof key, "key%d", i * 37 % 500) > 0);
        assert_true(snprintf(value, sizeof value, "%d", i) > 0);
        set(options, key, value);
    }
    assert_int_equal(lt_options_count(options), 500);
    assert_string_equal(lt_options_get(options, "KEY37"), "1");
    assert_string_equal(lt_options_get(options, "key463"), "499");
    const char *before = "";
    for (size_t i = 0; i < 500; i++) {
        const char *key;
        const char *value;
        const char *origin;
        lt_options_at(options, i, &key, &value, &origin);
        assert_true(strcmp(before, key) < 0);
        before = key;
    }
    lt_options_destroy(options);
}

static void a_clone_has_a_life_of_its_own(void **state)
{
    (void)state;
    struct lt_options *options = options_with("idle", "spin");
    struct lt_options *clone = lt_options_clone(options);
    set(clone, "idle", "park");
    set(clone, "more", "x");
    lt_options_destroy(options);
    assert_string_equal(lt_options_get(clone, "idle"), "park");
    assert_string_equal(lt_options_get(clone, "kafka.bootstrap.servers"), "localhost:9092");
    lt_options_destroy(clone);
    lt_options_destroy(NULL);
    clone = lt_options_create();
    options = lt_options_clone(clone);
    set(options, "a", "b");
    assert_int_equal(lt_options_count(clone), 0);
    lt_options_destroy(clone);
    lt_options_destroy(options);
}

static void a_key_without_a_name_is_an_error(void **state)
{
    (void)state;
    struct lt_options *options = lt_options_create();
    struct lt_error error;
    assert_int_equal(lt_options_set(options, "", "x", "command line", &error), LT_E_INVALID);
    assert_string_equal(error.text, "an option has no name (command line)");
    lt_options_destroy(options);
}

static void unknown_keys_are_errors_that_name_the_nearest(void **state)
{
    (void)state;
    check_fails(
        "startingOfsets", "x", LT_E_INVALID,
        "source kafka: unknown option \"startingOfsets\" (command line); hint: did you mean "
        "\"startingOffsets\"?");
    check_fails("somethingElse", "x", LT_E_INVALID,
                "source kafka: unknown option \"somethingElse\" (command line)");
    check_fails("kafka.", "x", LT_E_INVALID,
                "source kafka: unknown option \"kafka.\" (command line)");
}

static void wrong_values_name_option_origin_and_range(void **state)
{
    (void)state;
    check_fails("failOnDataLoss", "fasle", LT_E_INVALID,
                "source kafka: option \"failOnDataLoss\" (command line): \"fasle\" is neither "
                "\"true\" nor \"false\"");
    check_fails("numRetries", "11", LT_E_INVALID,
                "source kafka: option \"numRetries\" (command line): \"11\" is out of range; hint: "
                "the range is 0 to 10");
    check_fails(
        "bufferBytes", "2m", LT_E_INVALID,
        "source kafka: option \"bufferBytes\" (command line): \"2m\" is out of range; hint: "
        "the range is 4k to 1m");
    check_fails(
        "epoch", "5 ms", LT_E_INVALID,
        "source kafka: option \"epoch\" (command line): \"5 ms\" is out of range; hint: the "
        "range is at least 10ms");
    check_fails("epoch", "5", LT_E_INVALID,
                "source kafka: option \"epoch\" (command line): duration \"5\" has no unit; hint: "
                "write it as \"10ms\", \"1s\" or \"2 minutes\"");
    check_fails(
        "pollTimeoutMs", "120001", LT_E_INVALID,
        "source kafka: option \"pollTimeoutMs\" (command line): \"120001\" is out of range; "
        "hint: the range is 0 to 2min");
    check_fails("idle", "sleep", LT_E_INVALID,
                "source kafka: option \"idle\" (command line): \"sleep\" is none of: spin, yield, "
                "backoff, park");
    check_fails("idle", "spi", LT_E_INVALID,
                "source kafka: option \"idle\" (command line): \"spi\" is none of: spin, yield, "
                "backoff, park");
}

static void refused_and_missing_options_give_their_reason(void **state)
{
    (void)state;
    check_fails("kafka.group.id", "g", LT_E_UNSUPPORTED,
                "source kafka: option \"kafka.group.id\" (command line) is refused: the group is "
                "leat's own");
    struct lt_options *options = lt_options_create();
    struct lt_error error;
    assert_int_equal(lt_options_check(options, specs, COUNT_OF(specs), "source kafka", &error),
                     LT_E_INVALID);
    assert_string_equal(error.text, "source kafka: option \"kafka.bootstrap.servers\" is required; "
                                    "hint: name the broker");
    lt_options_destroy(options);
}

static void errors_do_not_show_secrets(void **state)
{
    (void)state;
    check_fails("pin", "hunter2", LT_E_INVALID,
                "source kafka: option \"pin\" (command line): its hidden value is not valid");
}

static void getters_give_the_value_set_else_the_default(void **state)
{
    (void)state;
    const size_t count = COUNT_OF(specs);
    struct lt_options *options = options_with("IDLE", "Park");
    set(options, "pollTimeoutMs", "512");
    set(options, "failondataloss", "FALSE");
    set(options, "kafka.linger.ms", "5");
    struct lt_error error;
    assert_int_equal(lt_options_check(options, specs, count, "source kafka", &error), 0);
    assert_string_equal(lt_options_text(options, specs, count, "idle"), "park");
    assert_string_equal(lt_options_text(options, specs, count, "startingOffsets"), "latest");
    assert_int_equal(lt_options_i64(options, specs, count, "pollTimeoutMs"), 512000000);
    assert_int_equal(lt_options_i64(options, specs, count, "epoch"), 1000000000);
    assert_int_equal(lt_options_i64(options, specs, count, "bufferBytes"), 65536);
    assert_int_equal(lt_options_i64(options, specs, count, "pin"), -1);
    assert_false(lt_options_bool(options, specs, count, "failOnDataLoss"));
    lt_options_destroy(options);
    options = options_with(NULL, NULL);
    assert_true(lt_options_bool(options, specs, count, "failOnDataLoss"));
    assert_null(lt_options_text(options, specs, count, "pin"));
    lt_options_destroy(options);
}

static void secrets_are_known_by_flag_and_by_name(void **state)
{
    (void)state;
    const size_t count = COUNT_OF(specs);
    assert_true(lt_options_is_secret(specs, count, "PIN"));
    assert_true(lt_options_is_secret(specs, count, "kafka.ssl.keystore.password"));
    assert_true(lt_options_is_secret(NULL, 0, "kafka.sasl.JAAS.config"));
    assert_true(lt_options_is_secret(NULL, 0, "clientSecret"));
    assert_false(lt_options_is_secret(specs, count, "kafka.ssl.key.location"));
    assert_false(lt_options_is_secret(specs, count, "startingOffsets"));
}

static char *printed_effective(const struct lt_options *options)
{
    char *text = NULL;
    size_t size_bytes = 0;
    FILE *out = open_memstream(&text, &size_bytes);
    assert_non_null(out);
    lt_options_print_effective(options, specs, COUNT_OF(specs), out);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void effective_values_are_printed_with_origin_and_without_secrets(void **state)
{
    (void)state;
    struct lt_options *options = options_with("kafka.sasl.password", "hunter2");
    set(options, "pin", "1234");
    set(options, "startingOffsets", "two\nlines");
    char *text = printed_effective(options);
    assert_string_equal(text, "startingOffsets = two\\nlines   # command line\n"
                              "failOnDataLoss = true   # default\n"
                              "numRetries = 3   # default\n"
                              "bufferBytes = 64k   # default\n"
                              "epoch = 1s   # default\n"
                              "pollTimeoutMs =    # not set\n"
                              "idle = backoff   # default\n"
                              "kafka.bootstrap.servers = localhost:9092   # command line\n"
                              "pin = [hidden]   # command line\n"
                              "kafka.sasl.password = [hidden]   # command line\n");
    free(text);
    lt_options_destroy(options);
}

static void the_reference_is_a_table_in_markdown(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size_bytes = 0;
    FILE *out = open_memstream(&text, &size_bytes);
    assert_non_null(out);
    lt_options_print_reference(specs, COUNT_OF(specs), out);
    assert_int_equal(fclose(out), 0);
    static const char *const rows[] = {
        "| Option | Type | Default | Range | Meaning |\n|---|---|---|---|---|\n",
        "| `failOnDataLoss` | true or false | `true` |  | stop \\| go on |\n",
        "| `bufferBytes` | size | `64k` | 4k to 1m | bytes |\n",
        "| `epoch` | duration | `1s` | at least 10ms | interval |\n",
        "| `idle` | choice | `backoff` | spin\\|yield\\|backoff\\|park | idling |\n",
        "| `kafka.*` | prefix |  |  | for librdkafka |\n",
        "| `kafka.group.id` | text |  |  | Refused: the group is leat's own |\n",
        "| `kafka.bootstrap.servers` | text | required |  | name the broker |\n",
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (strstr(text, rows[i]) == NULL)
            fail_msg("no row %sin:\n%s", rows[i], text);
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_match_without_regard_to_case_and_the_last_setting_wins),
        cmocka_unit_test(a_value_may_be_set_from_itself),
        cmocka_unit_test(many_keys_stay_sorted_and_found),
        cmocka_unit_test(a_clone_has_a_life_of_its_own),
        cmocka_unit_test(a_key_without_a_name_is_an_error),
        cmocka_unit_test(unknown_keys_are_errors_that_name_the_nearest),
        cmocka_unit_test(wrong_values_name_option_origin_and_range),
        cmocka_unit_test(refused_and_missing_options_give_their_reason),
        cmocka_unit_test(errors_do_not_show_secrets),
        cmocka_unit_test(getters_give_the_value_set_else_the_default),
        cmocka_unit_test(secrets_are_known_by_flag_and_by_name),
        cmocka_unit_test(effective_values_are_printed_with_origin_and_without_secrets),
        cmocka_unit_test(the_reference_is_a_table_in_markdown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
