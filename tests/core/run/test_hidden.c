/*
 * Columns of a source that stars do not stand for, but that can be named: what sinks are given of
 * them, and when the source is asked to read them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/run/pipeline.h"

static struct lt_arena *arena;
static struct lt_options *none;
static struct lt_pipeline pipeline;
static struct lt_error failure;
static const struct lt_type *given[2]; /* to the sinks */
static uint32_t sink_count;

static void close_source(struct lt_source *source)
{
    free(source);
}

static void close_sink(struct lt_sink *sink)
{
    free(sink);
}

/* value STRING, line BIGINT and, hidden, _metadata STRUCT<file_name: STRING>. */
static int bind_source(const struct lt_source_type *type, const struct lt_options *options,
                       const struct lt_type *user_schema, struct lt_arena *in,
                       struct lt_source **out, struct lt_error *error)
{
    static const struct lt_source_ops ops = {.close = close_source};
    (void)options, (void)user_schema, (void)error;
    const struct lt_type *text = lt_type_simple(LT_TYPE_STRING);
    const struct lt_field name = {"file_name", text, false, NULL};
    const struct lt_field fields[] = {
        {"value", text, true, NULL},
        {"line", lt_type_simple(LT_TYPE_BIGINT), false, NULL},
        {"_metadata", lt_type_struct(in, &name, 1), false, NULL},
    };
    *out = lt_alloc(sizeof **out);
    **out = (struct lt_source){
        .ops = &ops, .type = type, .schema = lt_type_hide(in, lt_type_struct(in, fields, 3), 2)};
    return 0;
}

static int bind_sink(const struct lt_sink_type *type, const struct lt_options *options,
                     const struct lt_type *schema, struct lt_arena *in, struct lt_sink **out,
                     struct lt_error *error)
{
    static const struct lt_sink_ops ops = {.close = close_sink};
    (void)options, (void)in, (void)error;
    given[sink_count++] = schema;
    *out = lt_alloc(sizeof **out);
    **out = (struct lt_sink){.ops = &ops, .type = type, .schema = schema};
    return 0;
}

static const struct lt_source_type files = {.name = "files", .bind = bind_source};
static const struct lt_sink_type shelf = {.name = "shelf", .bind = bind_sink};

static int set_up(void **state)
{
    (void)state;
    arena = lt_arena_create();
    none = lt_options_create();
    sink_count = 0;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    lt_pipeline_close(&pipeline);
    lt_options_destroy(none);
    lt_arena_destroy(arena);
    return 0;
}

static struct lt_plan_node *over(struct lt_plan_node *input, enum lt_plan_kind kind,
                                 const char *text)
{
    struct lt_plan_node *node = lt_plan_node_create(arena, kind, 1);
    node->inputs[0] = input;
    node->sink_type = &shelf;
    node->options = none;
    if (text != NULL) {
        node->expression_texts = lt_arena_alloc(arena, sizeof node->expression_texts[0]);
        node->expression_texts[0] = text;
        node->expression_count = 1;
    }
    return node;
}

static struct lt_plan_node *files_read(void)
{
    struct lt_plan_node *read = lt_plan_node_create(arena, LT_PLAN_READ, 0);
    read->source_type = &files;
    read->options = none;
    return read;
}

static int bind(struct lt_plan_node *a, struct lt_plan_node *b)
{
    static const struct lt_catalog catalog;
    struct lt_plan_node *sinks[] = {over(a, LT_PLAN_WRITE, NULL), over(b, LT_PLAN_WRITE, NULL)};
    struct lt_plan plan = {.sinks = sinks, .sink_count = a == b ? 1 : 2};
    return lt_pipeline_bind(&plan, &catalog, arena, &pipeline, &failure);
}

static void sink_is_given(uint32_t sink, const char *ddl)
{
    assert_string_equal(lt_type_ddl(arena, given[sink]), ddl);
}

static void source_reads(uint64_t columns)
{
    assert_int_equal(pipeline.source->used_columns[0], columns);
}

enum { VALUE = 1, LINE = 2, METADATA = 4 };

static void what_nobody_names_is_neither_read_nor_shown(void **state)
{
    (void)state;
    struct lt_plan_node *read = files_read();
    assert_int_equal(bind(read, read), 0);
    sink_is_given(0, "value STRING,line BIGINT NOT NULL");
    assert_int_equal(pipeline.trunk_count, 0);
    source_reads(VALUE | LINE);
}

static void a_star_does_not_stand_for_it(void **state)
{
    (void)state;
    struct lt_plan_node *all = over(files_read(), LT_PLAN_PROJECT, "*, upper(value) AS loud");
    assert_int_equal(bind(all, all), 0);
    sink_is_given(0, "value STRING,line BIGINT NOT NULL,loud STRING");
    source_reads(VALUE | LINE);
}

static void a_filter_may_name_it_and_it_stays_hidden(void **state)
{
    (void)state;
    struct lt_plan_node *some = over(files_read(), LT_PLAN_FILTER, "_metadata.file_name LIKE 'a%'");
    assert_int_equal(bind(some, some), 0);
    sink_is_given(0, "value STRING,line BIGINT NOT NULL");
    source_reads(VALUE | LINE | METADATA);
}

static void what_is_selected_by_name_is_a_column_like_others(void **state)
{
    (void)state;
    struct lt_plan_node *named = over(files_read(), LT_PLAN_PROJECT, "value, _metadata");
    struct lt_plan_node *all = over(named, LT_PLAN_PROJECT, "*");
    assert_int_equal(bind(all, all), 0);
    sink_is_given(0, "value STRING,_metadata STRUCT<file_name: STRING NOT NULL> NOT NULL");
    source_reads(VALUE | METADATA);
}

static void it_can_be_named_behind_a_step_that_is_set_before(void **state)
{
    (void)state;
    struct lt_plan_node *steps = over(files_read(), LT_PLAN_PROJECT,
                                      "upper(value) AS loud, concat(loud, '!') AS louder, "
                                      "_metadata.file_name, *");
    assert_int_equal(bind(steps, steps), 0);
    sink_is_given(0, "loud STRING,louder STRING,file_name STRING NOT NULL,value STRING,"
                     "line BIGINT NOT NULL");
    source_reads(VALUE | LINE | METADATA);
}

static void behind_a_projection_that_leaves_it_out_it_is_unknown(void **state)
{
    (void)state;
    struct lt_plan_node *narrow = over(files_read(), LT_PLAN_PROJECT, "value");
    struct lt_plan_node *late = over(narrow, LT_PLAN_FILTER, "_metadata.file_name = 'a'");
    assert_true(bind(late, late) < 0);
    assert_non_null(strstr(failure.text, "_metadata"));
}

static void one_sink_may_name_it_and_another_not(void **state)
{
    (void)state;
    struct lt_plan_node *read = files_read();
    assert_int_equal(bind(over(read, LT_PLAN_PROJECT, "line"),
                          over(read, LT_PLAN_PROJECT, "_metadata.file_name AS name")),
                     0);
    sink_is_given(0, "line BIGINT NOT NULL");
    sink_is_given(1, "name STRING NOT NULL");
    source_reads(LINE | METADATA);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_nobody_names_is_neither_read_nor_shown),
        TEST(a_star_does_not_stand_for_it),
        TEST(a_filter_may_name_it_and_it_stays_hidden),
        TEST(what_is_selected_by_name_is_a_column_like_others),
        TEST(it_can_be_named_behind_a_step_that_is_set_before),
        TEST(behind_a_projection_that_leaves_it_out_it_is_unknown),
        TEST(one_sink_may_name_it_and_another_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
