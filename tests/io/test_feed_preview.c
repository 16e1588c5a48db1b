/*
 * Records that a filter leaves out before they are rows: the same rows come through, and the same
 * are counted, as when the filter sees them all.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/counters.h"
#include "core/run/chain.h"
#include "core/text/json_write.h"
#include "io/feed.h"
#include "ops/expr/expr.h"
#include "ops/filter.h"

struct reading {
    struct lt_out out;
    const struct lt_type *schema;
    struct lt_text_buffer rows;
    uint64_t made, failed; /* rows that reached the filter; records that failed */
    uint64_t in, filtered, read;
};

static void show_row(struct lt_out *out, struct lt_row *row)
{
    struct reading *reading = (struct reading *)(void *)out;
    const struct lt_struct values = {.nulls = lt_row_nulls(row), .values = lt_row_values(row)};
    lt_json_write_value(&reading->rows, reading->schema, &(union lt_value){.structure = &values},
                        NULL);
    lt_text_format(&reading->rows, "@%ld\n", (long)row->source_offset);
    lt_row_release(row);
}

static void note_failure(struct lt_out *out, struct lt_row *row, struct lt_fault *fault)
{
    struct reading *reading = (struct reading *)(void *)out;
    reading->failed++;
    lt_fault_destroy(fault);
    lt_row_release(row);
}

static struct reading *current;

/* Between the feed and the chain: counts rows, and keeps the preview or hides it. */
struct gate {
    struct lt_out out;
    struct lt_out *entry;
};

static void count_row(struct lt_out *out, struct lt_row *row)
{
    struct gate *gate = (struct gate *)(void *)out;
    current->made++;
    gate->entry->emit(gate->entry, row);
}

static void note_failure_at_gate(struct lt_out *out, struct lt_row *row, struct lt_fault *fault)
{
    (void)out;
    note_failure(&current->out, row, fault);
}

static struct lt_preview *pass_preview(struct lt_out *out, enum lt_record_form form,
                                       uint32_t column_count)
{
    struct gate *gate = (struct gate *)(void *)out;
    return gate->entry->preview(gate->entry, form, column_count);
}

struct query {
    const char *format, *ddl, *predicate;
    const char *key, *value; /* an option, or NULL */
};

static struct lt_operator *make_filter(const struct query *query, const struct lt_type *schema,
                                       struct lt_arena *arena)
{
    struct lt_expression *predicate;
    struct lt_operator *op;
    assert_int_equal(lt_expr_parse(query->predicate, arena, &predicate, NULL), 0);
    assert_int_equal(
        lt_expr_analyse_predicate(&predicate, query->predicate, schema, NULL, arena, NULL), 0);
    const struct lt_filter_options options = {
        .predicate = predicate, .text = query->predicate, .schema = schema};
    assert_int_equal(lt_filter_create(&options, &op, NULL), 0);
    return op;
}

static void feed_all(struct lt_feed *feed, struct lt_out *out, const char *text, size_t step)
{
    enum lt_poll_status status;
    size_t size = strlen(text);
    for (size_t at = 0; at <= size; at += step) {
        size_t count = size - at < step ? size - at : step;
        memcpy(lt_feed_space(feed, step).data, text + at, count);
        lt_feed_filled(feed, count);
        if (size - at < step)
            lt_feed_end(feed);
        do {
            current->read += lt_feed_poll(feed, out, 3, &status);
        } while (status == LT_POLL_MORE);
    }
    assert_int_equal(status, LT_POLL_ENDED);
    assert_int_equal(lt_feed_position(feed), size);
}

static void read_with(const struct query *query, const char *text, size_t step, bool has_preview,
                      struct reading *reading)
{
    struct lt_arena *arena = lt_arena_create();
    struct lt_options *options = lt_options_create();
    const struct lt_type *schema;
    const struct lt_format *format;
    struct lt_format_reader *reader;
    struct lt_feed *feed;
    struct lt_counters *counters;
    struct lt_chain chain;
    if (query->key != NULL)
        assert_int_equal(lt_options_set(options, query->key, query->value, "test", NULL), 0);
    assert_int_equal(lt_type_parse_ddl(query->ddl, arena, &schema, NULL), 0);
    const struct lt_format_setup setup = {
        .name = query->format, .options = options, .user_schema = schema, .owner = "source test"};
    assert_int_equal(lt_format_bind(&setup, arena, &format, NULL), 0);
    assert_int_equal(lt_format_reader_create(format, NULL, "source test", &reader, NULL), 0);
    const struct lt_feed_options feed_options = {.reader = reader,
                                                 .clock = lt_clock_system(),
                                                 .column_count = schema->field_count,
                                                 .row_capacity = 8,
                                                 .block_size_bytes = 4096};
    assert_int_equal(lt_feed_create(&feed_options, &feed, NULL), 0);
    assert_int_equal(lt_counters_create(NULL, "test", &counters, NULL), 0);
    *reading = (struct reading){.out = {.emit = show_row, .fail = note_failure}, .schema = schema};
    lt_text_init(&reading->rows);
    current = reading;
    struct lt_operator *op = make_filter(query, schema, arena);
    lt_chain_init(&chain, &op, 1, &reading->out);
    const struct lt_operator_env env = {
        .clock = lt_clock_system(), .counters = counters, .counter_prefix = "test."};
    assert_int_equal(lt_chain_open(&chain, &env, NULL), 0);
    struct gate gate = {.out = {.emit = count_row, .fail = note_failure_at_gate},
                        .entry = lt_chain_entry(&chain)};
    gate.out.preview = has_preview ? pass_preview : NULL;
    feed_all(feed, &gate.out, text, step);
    reading->filtered = lt_chain_left_out(&chain);
    lt_feed_destroy(feed);
    lt_format_reader_destroy(reader);
    lt_chain_fini(&chain);
    lt_counters_close(counters);
    lt_options_destroy(options);
    lt_arena_destroy(arena);
}

/* Reads with and without a preview. True: the preview has kept rows from being made. */
static bool compare(const struct query *query, const char *text)
{
    struct reading all, some;
    bool has_saved = false;
    for (size_t step = 1; step < 2000; step = step * 3 + 1) {
        read_with(query, text, step, false, &all);
        read_with(query, text, step, true, &some);
        assert_string_equal(lt_text_get(&some.rows), lt_text_get(&all.rows));
        assert_int_equal(some.failed, all.failed);
        if (query->key == NULL) { /* else what is malformed may be left out by either */
            assert_int_equal(some.filtered, all.filtered);
            assert_int_equal(some.read, all.read);
        }
        has_saved = some.made < all.made;
        lt_text_fini(&all.rows);
        lt_text_fini(&some.rows);
    }
    return has_saved;
}

static void lines_without_a_text_become_no_rows(void **state)
{
    (void)state;
    struct lt_text_buffer text;
    lt_text_init(&text);
    for (int i = 0; i < 300; i++)
        lt_text_format(&text, "%d%s%0*d%s", i, i % 7 == 3 ? "needle" : "need", i % 90, i,
                       i % 5 == 0 ? "\r\n" : "\n");
    lt_text_append(&text, "\nneedle\n\nneedl\ne\nneedleneedle\nlast needle");
    static const char *const predicates[] = {
        "value LIKE '%needle%'", "contains(value, 'needle')", "contains(value, 'e')",
        "value > '2' AND contains(value, 'needle') AND value LIKE '%1%'",
        "contains(value, 'nowhere')"};
    for (size_t i = 0; i < sizeof predicates / sizeof predicates[0]; i++)
        assert_true(compare(&(struct query){"text", "value STRING", predicates[i], NULL, NULL},
                            text.data));
    /* What could fail, or is not asked of the bytes, is seen by the filter. */
    static const char *const others[] = {
        "contains(value, 'needle') AND 1 / length(value) < 2", "NOT contains(value, 'needle')",
        "value LIKE '%n_edle%'", "value LIKE 'needle%'", "contains(value, 'needle') OR value = ''",
        "contains(value, '\xc3\xa9')"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_false(compare(&(struct query){"text", "value STRING", others[i], NULL, NULL},
                             text.data));
    lt_text_fini(&text);
}

static void objects_that_compare_false_become_no_rows(void **state)
{
    (void)state;
    static const char text[] =
        "{\"id\":1,\"name\":\"a\",\"x\":1.5}\n{\"id\":2,\"name\":\"b\",\"x\":2}\n"
        "{\"id\":1,\"name\":\"b\"}\n{\"id\":null,\"name\":\"a\"}\n{\"name\":\"a\"}\n"
        "{\"id\":2,\"id\":1,\"name\":\"a\"}\n{\"id\":1,\"id\":2,\"name\":\"a\"}\n"
        "{\"id\":2,\"name\":\"a\"} x\n{\"id\":2,\"name\":\"a\"\n{\"id\":1,\"name\":\"a\"\n\n  \n"
        "[{\"id\":1,\"name\":\"a\"},{\"id\":2,\"name\":\"a\"}]\n{\"id\":\"2\",\"name\":\"a\"}\n"
        "{\"i\\u0064\":2,\"name\":\"a\"}\n{\"id\":99999999999,\"name\":\"a\"}\n{\"x\":{\"id\":2}}\n"
        "{\"id\":1,\"name\":\"\xc3\xa9\"}\n{\"id\":2,\"name\":\"\xff\"}\n{\"id\":2}\n{\"id\":3}\n"
        "{\"name\":\"a\",\"id\":1}";
    static const char *const predicates[] = {"id = 1 AND name = 'a'", "id < 2", "name >= 'b'",
                                             "x > 1.9", "id = 1 AND x IS NULL"};
    const char *ddl = "id INT, name STRING, x DOUBLE";
    const char *corrupt = "id INT, name STRING, x DOUBLE, _corrupt_record STRING";
    for (size_t i = 0; i < sizeof predicates / sizeof predicates[0]; i++) {
        (void)compare(&(struct query){"json", ddl, predicates[i], NULL, NULL}, text);
        (void)compare(&(struct query){"json", ddl, predicates[i], "mode", "DROPMALFORMED"}, text);
        assert_false(
            compare(&(struct query){"json", ddl, predicates[i], "mode", "FAILFAST"}, text));
        assert_false(compare(&(struct query){"json", corrupt, predicates[i], NULL, NULL}, text));
    }
}

/* Documents of all kinds that a reader finds the word in, and some that it does not. */
static void append_documents(struct lt_text_buffer *text, int i)
{
    static const char *const documents[] = {
        "{\"id\":1,\"name\":\"needle\"}",
        "{\"id\":1,\"name\":\"other\"}",
        "{\"id\":1,\"name\":\"n\\u0065edle\"}",
        "{\"id\":1,\"other\":\"needle\",\"name\":\"x\"}",
        "{'id':1,'name':'needle'}",
        " {\"id\":1,\"name\":\"needle\"}",
        "{\"id\":1,\"na\\u006de\":\"needle\"}",
        "{\"id\":1,\"name\":\"a\",\"name\":\"needle\"}",
        "{\"id\":1,\"name\":\"needle\",\"name\":\"a\"}",
        "{\"id\":1,\"name\":\"needl\"}",
        "{\"id\":1,\"name\":\"needle\"",
        "{\"id\":1,\"name\":\"\\\\\"}",
        "{\"id\":1,\"name\":[\"needle\"]}",
        "[{\"id\":1,\"name\":\"needle\"},{\"id\":1,\"name\":\"other\"}]",
        "[{\"id\":1,\"name\":\"other\"},{\"id\":2,\"name\":\"other\"}]",
        "{\"id\":1,\"name\":true}",
        "needle",
        "no JSON"};
    size_t count = sizeof documents / sizeof documents[0];
    lt_text_append(text, documents[(size_t)i * 7 % count]);
    lt_text_append(text, i % 11 == 0 ? "\r\n" : i % 13 == 0 ? "\n\n" : "\n");
}

static void documents_without_a_text_become_no_rows(void **state)
{
    (void)state;
    struct lt_text_buffer text;
    lt_text_init(&text);
    for (int i = 0; i < 200; i++)
        append_documents(&text, i);
    const char *ddl = "id INT, name STRING";
    static const char *const fields[] = {"name = 'needle'", "'needle' = name AND id = 1",
                                         "id < 5 AND name = 'needle'"};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        assert_true(compare(&(struct query){"json", ddl, fields[i], NULL, NULL}, text.data));
        assert_true(
            compare(&(struct query){"json", ddl, fields[i], "mode", "DROPMALFORMED"}, text.data));
    }
    static const char *const paths[] = {
        "value:name = 'needle'", "value:id > 0 AND value:name = 'needle'",
        "from_json(value, 'id INT, name STRING').name = 'needle'"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        assert_true(compare(&(struct query){"text", "value STRING", paths[i], NULL, NULL},
                            text.data));
    /* What may stand there in other words, or is not asked for. */
    static const char *const others[] = {"value:id = '1'", "value:name = 'NaN'",
                                         "value:name = 'n\xc3\xa9'", "value:name > 'needle'",
                                         "value:name = 'needle' OR value:id = 2",
                                         "value:name = 'needle' AND 1 / value:id < 2"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_false(compare(&(struct query){"text", "value STRING", others[i], NULL, NULL},
                             text.data));
    lt_text_fini(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_without_a_text_become_no_rows),
        cmocka_unit_test(objects_that_compare_false_become_no_rows),
        cmocka_unit_test(documents_without_a_text_become_no_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
