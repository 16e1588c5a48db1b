/*
 * Flat-map through the catalog: the rows of generators, several of them at once, back-pressure in
 * the middle of a record, failures, and lateral views.
 */
#include "ops/flatmap.h"

#include "core/flow/plan.h"
#include "core/text/json_write.h"
#include "ops/catalog.h"
#include "ops/expr/functions.h"
#include "ops/expr/generator.h"
#include "tests/ops/expr/rows.h"
#include "tests/support/conformance_generate.h"

enum { ROWS_MAX = 64, TEXT_MAX = 256 };

/* Where rows go in these tests; their texts are kept, and they themselves when asked. */
struct catcher {
    struct lt_out out;
    const struct lt_type *schema;
    char texts[ROWS_MAX][TEXT_MAX];
    struct lt_row *rows[ROWS_MAX];
    bool keeps_rows;
    unsigned count, failed;
    char condition[128];
};

static void catch_row(struct lt_out *out, struct lt_row *row)
{
    struct catcher *catcher = (struct catcher *)out;
    const struct lt_json_write_options options = {.keep_null_fields = true};
    const struct lt_struct structure = {.nulls = lt_row_nulls(row), .values = lt_row_values(row)};
    const union lt_value value = {.structure = &structure};
    struct lt_text_buffer text;
    assert_true(catcher->count < ROWS_MAX);
    lt_text_init(&text);
    lt_json_write_value(&text, catcher->schema, &value, &options);
    (void)snprintf(catcher->texts[catcher->count], TEXT_MAX, "%s", lt_text_get(&text));
    lt_text_fini(&text);
    catcher->rows[catcher->count++] = row;
    if (!catcher->keeps_rows)
        lt_row_release(row);
}

static void catch_fault(struct lt_out *out, struct lt_row *row, struct lt_fault *fault)
{
    struct catcher *catcher = (struct catcher *)out;
    catcher->failed++;
    (void)snprintf(catcher->condition, sizeof catcher->condition, "%s", fault->condition);
    lt_fault_destroy(fault);
    lt_row_release(row);
}

/* A select list over the row of the bench, opened. */
struct fixture {
    struct bench bench;
    struct lt_counters *counters;
    struct lt_plan_node *node;
    struct lt_operator *op;
    struct catcher catcher;
};

static int analyse(struct fixture *fixture, const char **text)
{
    struct lt_plan_node *read = lt_plan_node_create(fixture->bench.arena, LT_PLAN_READ, 0);
    fixture->node = lt_plan_node_create(fixture->bench.arena, LT_PLAN_PROJECT, 1);
    read->schema = fixture->bench.schema;
    fixture->node->inputs[0] = read;
    fixture->node->expression_texts = text;
    fixture->node->expression_count = 1;
    return lt_ops_analyse(fixture->node, LT_OPS_CONTINUOUS, fixture->bench.arena,
                          &fixture->bench.error);
}

static void open_fixture(struct fixture *fixture, const char **text, uint32_t rows)
{
    *fixture = (struct fixture){.catcher = {.out = {catch_row, catch_fault}}};
    bench_init(&fixture->bench);
    if (analyse(fixture, text) != LT_OK ||
        lt_ops_create(fixture->node, &fixture->op, &fixture->bench.error) != LT_OK)
        fail_msg("%s", fixture->bench.error.text);
    assert_int_equal(lt_counters_create(NULL, "q", &fixture->counters, NULL), LT_OK);
    const struct lt_operator_env env = {.clock = lt_clock_system(),
                                        .counters = fixture->counters,
                                        .counter_prefix = "lane0.op0.",
                                        .rows_in_flight = rows};
    assert_int_equal(fixture->op->ops->open(fixture->op, &env, &fixture->bench.error), LT_OK);
    fixture->catcher.schema = fixture->op->output_schema;
}

static enum lt_process process(struct fixture *fixture)
{
    return fixture->op->ops->process(fixture->op, fixture->bench.row, &fixture->catcher.out);
}

static void close_fixture(struct fixture *fixture)
{
    fixture->op->ops->close(fixture->op);
    lt_counters_close(fixture->counters);
    bench_fini(&fixture->bench);
}

static uint64_t counted(const struct lt_counters *counters, const char *name)
{
    for (size_t i = 0; i < lt_counters_count(counters); i++) {
        struct lt_counter_info info = lt_counters_at(counters, i);
        if (strcmp(info.name, name) == 0)
            return info.value->value;
    }
    fail_msg("no counter %s", name);
    return 0;
}

static void every_example_of_a_generator_gives_its_rows(void **state)
{
    unsigned checked = 0;
    (void)state;
    for (size_t i = 0; i < lt_function_count(); i++) {
        const struct lt_function *function = lt_function_at(i, NULL);
        struct conformance_outcome out;
        if (function->flow != LT_FLOW_GENERATOR)
            continue;
        assert_true(lt_generator_is_name(function->name));
        conformance_generate(function->example, NULL, NULL, lt_session_default(), &out);
        assert_string_equal(out.kind, "rows");
        assert_string_equal(out.result, function->result);
        conformance_outcome_fini(&out);
        checked++;
    }
    assert_int_equal(checked, 8);
}

static void rows_stand_beside_the_other_columns_in_their_place(void **state)
{
    const char *text = "offset, posexplode(array('a', NULL)) AS (p, v), upper(topic) AS up";
    struct fixture fixture;
    (void)state;
    open_fixture(&fixture, &text, 4);
    assert_string_equal(lt_type_simple_string(fixture.bench.arena, fixture.op->output_schema),
                        "struct<offset:bigint,p:int,v:string,up:string>");
    lt_row_hold(fixture.bench.row);
    assert_int_equal(process(&fixture), LT_PROCESS_DONE);
    assert_int_equal(fixture.catcher.count, 2);
    assert_string_equal(fixture.catcher.texts[0],
                        "{\"offset\":991,\"p\":0,\"v\":\"a\",\"up\":\"ORDERS\"}");
    assert_string_equal(fixture.catcher.texts[1],
                        "{\"offset\":991,\"p\":1,\"v\":null,\"up\":\"ORDERS\"}");
    assert_int_equal(counted(fixture.counters, "lane0.op0.in"), 1);
    assert_int_equal(counted(fixture.counters, "lane0.op0.out"), 2);
    close_fixture(&fixture);
}

static void several_generators_give_every_combination(void **state)
{
    const char *text = "explode(array(1, 2)) AS a, explode(map('x', 1, 'y', 2)) AS (k, v)";
    struct fixture fixture;
    (void)state;
    open_fixture(&fixture, &text, 8);
    lt_row_hold(fixture.bench.row);
    assert_int_equal(process(&fixture), LT_PROCESS_DONE);
    assert_int_equal(fixture.catcher.count, 4);
    assert_string_equal(fixture.catcher.texts[1], "{\"a\":1,\"k\":\"y\",\"v\":2}");
    assert_string_equal(fixture.catcher.texts[2], "{\"a\":2,\"k\":\"x\",\"v\":1}");
    close_fixture(&fixture);
}

static void a_record_without_rows_is_counted_and_let_go(void **state)
{
    const char *text = "offset, explode(filter(array(1, 2), x -> x > partition))";
    struct fixture fixture;
    (void)state;
    open_fixture(&fixture, &text, 1);
    lt_row_hold(fixture.bench.row);
    assert_int_equal(process(&fixture), LT_PROCESS_DONE);
    assert_int_equal(fixture.catcher.count, 0);
    assert_int_equal(counted(fixture.counters, "lane0.op0.empty"), 1);
    assert_ptr_equal(fixture.op->left_out->value == 1 ? fixture.op : NULL, fixture.op);
    close_fixture(&fixture);
}

static void a_full_pool_stops_in_the_middle_and_goes_on_there(void **state)
{
    const char *text = "explode(sequence(1, 5)) AS n, topic";
    struct fixture fixture;
    (void)state;
    open_fixture(&fixture, &text, 2);
    fixture.catcher.keeps_rows = true;
    fixture.bench.row->flags = LT_ROW_END_OF_BATCH;
    lt_row_hold(fixture.bench.row);
    assert_int_equal(process(&fixture), LT_PROCESS_RETRY);
    assert_int_equal(fixture.catcher.count, 2);
    assert_int_equal(process(&fixture), LT_PROCESS_RETRY);
    assert_int_equal(fixture.catcher.count, 2);
    lt_row_release(fixture.catcher.rows[0]);
    assert_int_equal(process(&fixture), LT_PROCESS_RETRY);
    assert_int_equal(fixture.catcher.count, 3);
    lt_row_release(fixture.catcher.rows[1]);
    lt_row_release(fixture.catcher.rows[2]);
    assert_int_equal(process(&fixture), LT_PROCESS_DONE);
    assert_int_equal(fixture.catcher.count, 5);
    assert_string_equal(fixture.catcher.texts[4], "{\"n\":5,\"topic\":\"orders\"}");
    assert_int_equal(fixture.catcher.rows[3]->flags, 0);
    assert_int_equal(fixture.catcher.rows[4]->flags, LT_ROW_END_OF_BATCH);
    assert_ptr_equal(lt_row_root(fixture.catcher.rows[4]), fixture.bench.row);
    lt_row_release(fixture.catcher.rows[3]);
    lt_row_release(fixture.catcher.rows[4]);
    close_fixture(&fixture);
}

static void what_is_left_of_a_record_is_let_go_at_close(void **state)
{
    const char *text = "explode(sequence(1, 5)) AS n";
    struct fixture fixture;
    (void)state;
    open_fixture(&fixture, &text, 1);
    fixture.catcher.keeps_rows = true;
    lt_row_hold(fixture.bench.row);
    assert_int_equal(process(&fixture), LT_PROCESS_RETRY);
    lt_row_release(fixture.catcher.rows[0]);
    lt_row_release(fixture.bench.row); /* who holds the record gives it up */
    close_fixture(&fixture);
}

static void a_failing_expression_fails_the_record_before_its_rows(void **state)
{
    const char *text = "explode(array(1, 2)), 1 / (partition - 3)";
    struct fixture fixture;
    (void)state;
    open_fixture(&fixture, &text, 4);
    lt_row_hold(fixture.bench.row);
    assert_int_equal(process(&fixture), LT_PROCESS_DONE);
    assert_int_equal(fixture.catcher.count, 0);
    assert_int_equal(fixture.catcher.failed, 1);
    assert_string_equal(fixture.catcher.condition, "DIVIDE_BY_ZERO");
    close_fixture(&fixture);
}

static void the_headers_of_a_message_are_its_rows(void **state)
{
    const char *text = "inline(headers)";
    struct fixture fixture;
    (void)state;
    open_fixture(&fixture, &text, 4);
    lt_row_hold(fixture.bench.row);
    assert_int_equal(process(&fixture), LT_PROCESS_DONE);
    assert_int_equal(fixture.catcher.count, 1);
    assert_string_equal(fixture.catcher.texts[0], "{\"key\":\"trace\",\"value\":\"YWJj\"}");
    close_fixture(&fixture);
}

static void a_lateral_view_is_an_item_behind_a_star(void **state)
{
    static const char *const names[] = {"k", "v"};
    struct bench bench;
    struct lt_expression *call, *items[1];
    (void)state;
    bench_init(&bench);
    assert_int_equal(
        lt_expr_parse("explode(CAST(NULL AS MAP<INT, STRING>))", bench.arena, &call, &bench.error),
        LT_OK);
    items[0] = lt_generator_item(call, names, 2, true, bench.arena);
    assert_int_equal(lt_expr_analyse(&items[0], "", bench.schema, NULL, bench.arena, &bench.error),
                     LT_OK);
    assert_true(lt_flatmap_is_needed(items, 1));
    assert_true(lt_generator_is_outer(lt_generator_call(items[0])));
    assert_string_equal(
        lt_type_simple_string(bench.arena, lt_expr_output_schema(items, 1, bench.arena)),
        "struct<k:int,v:string>");
    bench_fini(&bench);
}

static void a_condition_takes_no_generator(void **state)
{
    const char *text = "explode(array(true))";
    struct bench bench;
    (void)state;
    bench_init(&bench);
    struct lt_plan_node *read = lt_plan_node_create(bench.arena, LT_PLAN_READ, 0);
    struct lt_plan_node *filter = lt_plan_node_create(bench.arena, LT_PLAN_FILTER, 1);
    read->schema = bench.schema;
    filter->inputs[0] = read;
    filter->expression_texts = &text;
    filter->expression_count = 1;
    assert_int_equal(lt_ops_analyse(filter, LT_OPS_CONTINUOUS, bench.arena, &bench.error),
                     LT_E_ANALYSIS);
    assert_string_equal(bench.error.condition, "UNSUPPORTED_GENERATOR.OUTSIDE_SELECT");
    bench_fini(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_example_of_a_generator_gives_its_rows),
        cmocka_unit_test(rows_stand_beside_the_other_columns_in_their_place),
        cmocka_unit_test(several_generators_give_every_combination),
        cmocka_unit_test(a_record_without_rows_is_counted_and_let_go),
        cmocka_unit_test(a_full_pool_stops_in_the_middle_and_goes_on_there),
        cmocka_unit_test(what_is_left_of_a_record_is_let_go_at_close),
        cmocka_unit_test(a_failing_expression_fails_the_record_before_its_rows),
        cmocka_unit_test(the_headers_of_a_message_are_its_rows),
        cmocka_unit_test(a_lateral_view_is_an_item_behind_a_star),
        cmocka_unit_test(a_condition_takes_no_generator),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
