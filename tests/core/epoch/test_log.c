/* The texts of the checkpoint's files: Spark's to the byte, and what is said of damaged ones. */
#include "core/epoch/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/text/json_tree.h"

struct parsed {
    struct lt_arena *arena;
    struct lt_epoch_offsets offsets;
    struct lt_error error;
    int code;
};

static struct parsed parse(const char *text)
{
    struct parsed parsed = {.arena = lt_arena_create()};
    lt_error_clear(&parsed.error);
    parsed.code = lt_epoch_log_parse_offsets(text, strlen(text), parsed.arena, &parsed.offsets,
                                             &parsed.error);
    return parsed;
}

static void an_offsets_entry_has_sparks_lines(void **state)
{
    (void)state;
    const char *sources[] = {"{\"orders\":{\"0\":17}}", "-"};
    struct lt_text_buffer text;
    lt_text_init(&text);
    lt_epoch_log_format_offsets(
        &text,
        &(struct lt_epoch_metadata){.timestamp_ms = 1763722345678, .prepared_sinks = 2}, sources,
        2);
    assert_string_equal(lt_text_get(&text),
                        "v1\n"
                        "{\"batchWatermarkMs\":0,\"batchTimestampMs\":1763722345678,\"conf\":{},"
                        "\"preparedSinks\":2}\n"
                        "{\"orders\":{\"0\":17}}\n"
                        "-");
    struct parsed parsed = parse(lt_text_get(&text));
    assert_int_equal(parsed.code, 0);
    assert_int_equal(parsed.offsets.metadata.prepared_sinks, 2);
    assert_int_equal(parsed.offsets.source_count, 2);
    assert_string_equal(parsed.offsets.sources[0], sources[0]);
    assert_string_equal(parsed.offsets.sources[1], "-");
    lt_arena_destroy(parsed.arena);
    lt_text_fini(&text);
}

static void sparks_entries_are_read_and_prove_nothing(void **state)
{
    (void)state;
    static const char *const texts[] = {
        /* micro-batch */
        "v1\n{\"batchWatermarkMs\":0,\"batchTimestampMs\":1,\"conf\":{\"spark.sql.shuffle."
        "partitions\":"
        "\"200\"}}\n{\"t\":{\"0\":1}}",
        /* continuous processing has an empty second line */
        "v1\n\n{\"t\":{\"0\":1}}",
        "v1\n{}\n{\"t\":{\"0\":1}}\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct parsed parsed = parse(texts[i]);
        assert_string_equal(parsed.error.text, "");
        assert_int_equal(parsed.code, 0);
        assert_int_equal(parsed.offsets.metadata.prepared_sinks, -1);
        assert_int_equal(parsed.offsets.source_count, 1);
        assert_string_equal(parsed.offsets.sources[0], "{\"t\":{\"0\":1}}");
        lt_arena_destroy(parsed.arena);
    }
}

static void a_damaged_offsets_entry_is_explained(void **state)
{
    (void)state;
    static const struct {
        const char *text, *error;
        int code;
    } lines[] = {
        {"", "it is empty", LT_E_CORRUPT},
        {"\n", "its first line is not a version such as 'v1'", LT_E_CORRUPT},
        {"1\n{}\n5", "its first line is not a version such as 'v1'", LT_E_CORRUPT},
        {"v1 \n{}\n5",
         "its format version is 'v1 ', and only 'v1' is known; hint: a newer program "
         "wrote it",
         LT_E_UNSUPPORTED},
        {"v1\r\n{}\r\n5",
         "its lines end in CR LF, and leat ends them in LF: an editor or a copy as text has "
         "changed "
         "it",
         LT_E_CORRUPT},
        {"v2\n{}\n5",
         "its format version is 'v2', and only 'v1' is known; hint: a newer program "
         "wrote it",
         LT_E_UNSUPPORTED},
        {"v1", "it ends after the version", LT_E_CORRUPT},
        {"v1\n{\"batchWater\n5", "its second line is not a JSON object", LT_E_CORRUPT},
        {"v1\n7\n5", "its second line is not a JSON object", LT_E_CORRUPT},
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct parsed parsed = parse(lines[i].text);
        assert_string_equal(parsed.error.text, lines[i].error);
        assert_int_equal(parsed.code, lines[i].code);
        lt_arena_destroy(parsed.arena);
    }
}

static void a_cut_source_line_is_named(void **state)
{
    (void)state;
    struct parsed parsed = parse("v1\n{}\n{\"a\":1}\n{\"b\":{\"0\":1");
    assert_int_equal(parsed.code, LT_E_CORRUPT);
    assert_memory_equal(parsed.error.text, "its line 4 is not JSON", 22);
    lt_arena_destroy(parsed.arena);
}

static int check_commit(const char *text, struct lt_error *error)
{
    lt_error_clear(error);
    int64_t watermark_ms;
    return lt_epoch_log_parse_commit(text, strlen(text), &watermark_ms, error);
}

static void a_commit_has_sparks_lines(void **state)
{
    (void)state;
    struct lt_error error;
    struct lt_text_buffer text;
    lt_text_init(&text);
    lt_epoch_log_format_commit(&text, 0);
    assert_string_equal(lt_text_get(&text), "v1\n{\"nextBatchWatermarkMs\":0}");
    assert_int_equal(check_commit(lt_text_get(&text), &error), 0);
    lt_text_fini(&text);
    assert_int_equal(check_commit("v1\n{}", &error), 0);
    assert_int_equal(check_commit("v1\n{\"nextBatchWatermarkMs\":17}\n", &error), 0);
    assert_int_equal(check_commit("v1\n{\"nextBatch", &error), LT_E_CORRUPT);
    assert_string_equal(error.text, "its second line is not a JSON object");
    assert_int_equal(check_commit("", &error), LT_E_CORRUPT);
    assert_string_equal(error.text, "it is empty");
}

static void a_batch_says_its_watermark_and_its_conf(void **state)
{
    (void)state;
    static const char *const source = "7";
    const struct lt_epoch_metadata metadata = {
        .watermark_ms = 12, .timestamp_ms = 34, .prepared_sinks = -1, .conf = "{\"a\":\"b\"}"};
    struct lt_text_buffer text;
    struct lt_error error;
    lt_text_init(&text);
    lt_epoch_log_format_offsets(&text, &metadata, &source, 1);
    assert_string_equal(
        lt_text_get(&text),
        "v1\n{\"batchWatermarkMs\":12,\"batchTimestampMs\":34,\"conf\":{\"a\":\"b\"}}\n7");
    struct parsed parsed = parse(lt_text_get(&text));
    assert_int_equal(parsed.code, 0);
    assert_int_equal(parsed.offsets.metadata.watermark_ms, 12);
    assert_int_equal(parsed.offsets.metadata.timestamp_ms, 34);
    assert_int_equal(parsed.offsets.metadata.prepared_sinks, -1);
    const char *value;
    assert_int_equal(lt_json_get_text(parsed.offsets.metadata.read_conf, "a", &value, &error), 0);
    assert_string_equal(value, "b");
    lt_arena_destroy(parsed.arena);
    lt_text_fini(&text);
}

static void a_prepared_batch_says_what_its_commit_will_hold(void **state)
{
    (void)state;
    struct lt_text_buffer text;
    struct lt_error error;
    struct lt_epoch_prepared read;
    lt_text_init(&text);
    lt_epoch_log_format_prepared(&text, &(struct lt_epoch_prepared){2, 1700000000123});
    assert_string_equal(lt_text_get(&text),
                        "v1\n{\"preparedSinks\":2,\"nextBatchWatermarkMs\":1700000000123}");
    assert_int_equal(lt_epoch_log_parse_prepared(text.data, text.size_bytes, &read, &error), 0);
    assert_int_equal(read.sinks, 2);
    assert_int_equal(read.next_watermark_ms, 1700000000123);
    assert_int_equal(lt_epoch_log_parse_prepared("v1\n{}", 5, &read, &error), LT_E_CORRUPT);
    assert_string_equal(error.text, "it has no \"preparedSinks\"");
    assert_int_equal(lt_epoch_log_parse_prepared("v1", 2, &read, &error), LT_E_CORRUPT);
    int64_t watermark_ms;
    static const char commit[] = "v1\n{\"nextBatchWatermarkMs\":17}";
    assert_int_equal(
        lt_epoch_log_parse_commit(commit, sizeof commit - 1, &watermark_ms, &error), 0);
    assert_int_equal(watermark_ms, 17);
    lt_text_fini(&text);
}

static void metadata_holds_the_query_id(void **state)
{
    (void)state;
    struct lt_text_buffer text, id;
    struct lt_error error;
    lt_text_init(&text);
    lt_text_init(&id);
    lt_epoch_log_format_metadata(&text, "d7f7a7c1-0000-4000-8000-000000000001");
    assert_string_equal(lt_text_get(&text), "{\"id\":\"d7f7a7c1-0000-4000-8000-000000000001\"}");
    assert_int_equal(lt_epoch_log_parse_metadata(text.data, text.size_bytes, &id, &error), 0);
    assert_string_equal(lt_text_get(&id), "d7f7a7c1-0000-4000-8000-000000000001");
    lt_text_clear(&id);
    assert_int_equal(lt_epoch_log_parse_metadata("{\"id\":7}", 8, &id, &error), LT_E_CORRUPT);
    assert_string_equal(error.text, "it has no \"id\"");
    assert_int_equal(lt_epoch_log_parse_metadata("", 0, &id, &error), LT_E_CORRUPT);
    assert_string_equal(error.text, "it is empty");
    assert_int_equal(lt_epoch_log_parse_metadata("{\"id\"", 5, &id, &error), LT_E_CORRUPT);
    assert_memory_equal(error.text, "it is not JSON", 14);
    lt_text_fini(&text);
    lt_text_fini(&id);
}

static void notes_keep_a_line_for_each_lane_even_an_empty_one(void **state)
{
    (void)state;
    struct lt_text_buffer text, notes;
    struct lt_error error;
    lt_text_init(&text);
    lt_text_init(&notes);
    const char *const of_lanes[] = {"", "txn 7", ""};
    lt_epoch_log_join_notes(&notes, of_lanes, 3);
    assert_string_equal(lt_text_get(&notes), "\ntxn 7\n");
    lt_epoch_log_format_notes(&text, lt_text_get(&notes));
    assert_string_equal(lt_text_get(&text), "v1\n\ntxn 7\n");
    lt_text_clear(&notes);
    assert_int_equal(lt_epoch_log_parse_notes(text.data, text.size_bytes, &notes, &error), 0);
    assert_string_equal(lt_text_get(&notes), "\ntxn 7\n");
    lt_text_fini(&text);
    lt_text_fini(&notes);
}

static void only_plain_numbers_name_entries(void **state)
{
    (void)state;
    static const char *const others[] = {"",   "17.crc", ".17.leat.tmp",       "017", "-1", "+1",
                                         "1 ", "x",      "9999999999999999999"};
    uint64_t epoch;
    assert_true(lt_epoch_log_parse_name("0", &epoch));
    assert_int_equal(epoch, 0);
    assert_true(lt_epoch_log_parse_name("120", &epoch));
    assert_int_equal(epoch, 120);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_false(lt_epoch_log_parse_name(others[i], &epoch));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_offsets_entry_has_sparks_lines),
        cmocka_unit_test(sparks_entries_are_read_and_prove_nothing),
        cmocka_unit_test(a_damaged_offsets_entry_is_explained),
        cmocka_unit_test(a_cut_source_line_is_named),
        cmocka_unit_test(a_commit_has_sparks_lines),
        cmocka_unit_test(a_batch_says_its_watermark_and_its_conf),
        cmocka_unit_test(a_prepared_batch_says_what_its_commit_will_hold),
        cmocka_unit_test(metadata_holds_the_query_id),
        cmocka_unit_test(notes_keep_a_line_for_each_lane_even_an_empty_one),
        cmocka_unit_test(only_plain_numbers_name_entries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
