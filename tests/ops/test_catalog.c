/*
 * Plan nodes through the catalog, and the operators it makes: what they emit, drop, fail and count.
 */
#include "core/flow/plan.h"
#include "ops/catalog.h"
#include "tests/ops/expr/rows.h"

/* Where rows go in these tests. */
struct catcher {
    struct lt_out out;
    struct lt_row *row;
    struct lt_fault *fault;
    unsigned emitted, failed;
};

static void catch_row(struct lt_out *out, struct lt_row *row)
{
    struct catcher *catcher = (struct catcher *)out;
    catcher->row = row;
    catcher->emitted++;
}

static void catch_fault(struct lt_out *out, struct lt_row *row, struct lt_fault *fault)
{
    struct catcher *catcher = (struct catcher *)out;
    catcher->row = row;
    catcher->fault = fault;
    catcher->failed++;
}

static struct lt_plan_node *node_over(struct bench *bench, enum lt_plan_kind kind,
                                      const char **text)
{
    struct lt_plan_node *read = lt_plan_node_create(bench->arena, LT_PLAN_READ, 0);
    struct lt_plan_node *node = lt_plan_node_create(bench->arena, kind, 1);
    read->schema = bench->schema;
    node->inputs[0] = read;
    node->expression_texts = text;
    node->expression_count = text == NULL ? 0 : 1;
    return node;
}

static struct lt_operator *open_operator(struct bench *bench, struct lt_operator *op,
                                         struct lt_counters *counters, uint32_t rows)
{
    const struct lt_operator_env env = {.clock = lt_clock_system(),
                                        .counters = counters,
                                        .counter_prefix = "lane0.op0.",
                                        .rows_in_flight = rows};
    assert_int_equal(op->ops->open(op, &env, &bench->error), LT_OK);
    return op;
}

static struct lt_operator *make(struct bench *bench, struct lt_plan_node *node,
                                struct lt_counters *counters, uint32_t rows)
{
    struct lt_operator *op;
    if (lt_ops_analyse(node, LT_OPS_CONTINUOUS, bench->arena, &bench->error) != LT_OK ||
        lt_ops_create(node, &op, &bench->error) != LT_OK)
        fail_msg("%s", bench->error.text);
    return open_operator(bench, op, counters, rows);
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

static void a_filter_passes_rows_drops_rows_and_fails_rows(void **state)
{
    static const struct {
        const char *text;
        enum lt_process result;
        unsigned failed, filtered;
    } cases[] = {{"length(value) > 8", LT_PROCESS_PASS, 0, 0},
                 {"length(value) < 8", LT_PROCESS_DONE, 0, 1},
                 {"length(key) > 8", LT_PROCESS_DONE, 0, 1},
                 {"1 / (partition - 3) > 0", LT_PROCESS_DONE, 1, 0}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bench bench;
        struct lt_counters *counters;
        const char *text = cases[i].text;
        struct catcher catcher = {.out = {catch_row, catch_fault}};
        bench_init(&bench);
        assert_int_equal(lt_counters_create(NULL, "q", &counters, &bench.error), LT_OK);
        struct lt_operator *filter =
            make(&bench, node_over(&bench, LT_PLAN_FILTER, &text), counters, 1);
        lt_row_hold(bench.row); /* the operator's reference, ours again where the row passes */
        enum lt_process result = filter->ops->process(filter, bench.row, &catcher.out);
        assert_int_equal(result, cases[i].result);
        assert_int_equal(catcher.emitted, 0);
        assert_int_equal(catcher.failed, cases[i].failed);
        assert_int_equal(counted(counters, "lane0.op0.in"), 1);
        assert_int_equal(counted(counters, "lane0.op0.filtered"), cases[i].filtered);
        if (catcher.failed > 0) {
            assert_string_equal(catcher.fault->stage, "filter");
            assert_string_equal(catcher.fault->condition, "DIVIDE_BY_ZERO");
            lt_fault_destroy(catcher.fault);
        }
        if (result == LT_PROCESS_PASS || catcher.row != NULL)
            lt_row_release(bench.row);
        filter->ops->close(filter);
        lt_counters_close(counters);
        bench_fini(&bench);
    }
}

static void a_projection_makes_rows_that_hold_on_to_the_old_ones(void **state)
{
    struct bench bench;
    struct lt_counters *counters;
    const char *text = "topic, upper(topic) AS up, value";
    struct catcher catcher = {.out = {catch_row, catch_fault}};
    (void)state;
    bench_init(&bench);
    assert_int_equal(lt_counters_create(NULL, "q", &counters, &bench.error), LT_OK);
    struct lt_operator *project =
        make(&bench, node_over(&bench, LT_PLAN_PROJECT, &text), counters, 1);
    assert_string_equal(lt_type_simple_string(bench.arena, project->output_schema),
                        "struct<topic:string,up:string,value:binary>");
    bench.row->source_offset = 991;
    bench.row->flags = LT_ROW_END_OF_BATCH;
    lt_row_hold(bench.row);
    assert_int_equal(project->ops->process(project, bench.row, &catcher.out), LT_PROCESS_DONE);
    assert_int_equal(catcher.emitted, 1);
    assert_ptr_equal(catcher.row->parent, bench.row);
    assert_int_equal(catcher.row->source_offset, 991);
    assert_int_equal(catcher.row->flags, LT_ROW_END_OF_BATCH);
    assert_memory_equal(lt_row_values(catcher.row)[1].bytes.data, "ORDERS", 6);
    /* The pool's one row is on its way: the next record waits. */
    assert_int_equal(project->ops->process(project, bench.row, &catcher.out), LT_PROCESS_RETRY);
    lt_row_release(catcher.row);
    lt_row_hold(bench.row);
    assert_int_equal(project->ops->process(project, bench.row, &catcher.out), LT_PROCESS_DONE);
    lt_row_release(catcher.row);
    assert_int_equal(counted(counters, "lane0.op0.in"), 2);
    project->ops->close(project);
    lt_counters_close(counters);
    bench_fini(&bench);
}

static void a_projection_fails_the_record_it_cannot_compute(void **state)
{
    struct bench bench;
    struct lt_counters *counters;
    const char *text = "int(topic)";
    struct catcher catcher = {.out = {catch_row, catch_fault}};
    (void)state;
    bench_init(&bench);
    assert_int_equal(lt_counters_create(NULL, "q", &counters, &bench.error), LT_OK);
    struct lt_operator *project =
        make(&bench, node_over(&bench, LT_PLAN_PROJECT, &text), counters, 1);
    lt_row_hold(bench.row);
    assert_int_equal(project->ops->process(project, bench.row, &catcher.out), LT_PROCESS_DONE);
    assert_int_equal(catcher.failed, 1);
    assert_ptr_equal(catcher.row, bench.row);
    assert_string_equal(catcher.fault->condition, "CAST_INVALID_INPUT");
    assert_string_equal(catcher.fault->stage, "project");
    lt_fault_destroy(catcher.fault);
    lt_row_release(catcher.row);
    project->ops->close(project);
    lt_counters_close(counters);
    bench_fini(&bench);
}

static void refuses_in_continuous_mode_what_spark_refuses(void **state)
{
    static const struct {
        enum lt_plan_kind kind;
        const char *text;
    } cases[] = {
        {LT_PLAN_AGGREGATE, "Continuous processing does not support Aggregate operations."},
        {LT_PLAN_JOIN, "Continuous processing does not support Join operations."},
        {LT_PLAN_DEDUPLICATE, "Continuous processing does not support Deduplicate operations."},
        {LT_PLAN_SORT, "Continuous processing does not support Sort operations."},
        {LT_PLAN_LIMIT, "Continuous processing does not support GlobalLimit operations."},
    };
    struct bench bench;
    (void)state;
    bench_init(&bench);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lt_plan_node *node = node_over(&bench, cases[i].kind, NULL);
        assert_int_equal(lt_ops_analyse(node, LT_OPS_CONTINUOUS, bench.arena, &bench.error),
                         LT_E_UNSUPPORTED);
        assert_string_equal(bench.error.text, cases[i].text);
        assert_string_equal(bench.error.condition, "_LEGACY_ERROR_TEMP_3102");
    }
    bench_fini(&bench);
}

static void tells_what_it_was_doing_when_a_text_is_wrong(void **state)
{
    struct bench bench;
    const char *text = "lenght(value) > 8";
    (void)state;
    bench_init(&bench);
    struct lt_plan_node *node = node_over(&bench, LT_PLAN_FILTER, &text);
    assert_int_equal(lt_ops_analyse(node, LT_OPS_CONTINUOUS, bench.arena, &bench.error),
                     LT_E_ANALYSIS);
    assert_string_equal(
        bench.error.text,
        "cannot analyse the condition: Cannot resolve routine `lenght` on search path "
        "[`system`.`builtin`, `system`.`session`, `spark_catalog`.`default`]; hint: "
        "did you mean \"length\"?\n"
        "  lenght(value) > 8\n"
        "  ^^^^^^^^^^^^^");
    bench_fini(&bench);
}

static void names_the_columns_a_node_reads(void **state)
{
    struct bench bench;
    const char *text = "topic, concat(topic, offset) AS id";
    uint64_t used = 0;
    (void)state;
    bench_init(&bench);
    struct lt_plan_node *node = node_over(&bench, LT_PLAN_PROJECT, &text);
    assert_int_equal(lt_ops_analyse(node, LT_OPS_CONTINUOUS, bench.arena, &bench.error), LT_OK);
    lt_ops_columns_used(node, &used);
    assert_int_equal(used, 1U << TOPIC | 1U << OFFSET);
    bench_fini(&bench);
}

static void a_watermark_needs_a_timestamp(void **state)
{
    struct bench bench;
    (void)state;
    bench_init(&bench);
    struct lt_plan_node *node = node_over(&bench, LT_PLAN_WATERMARK, NULL);
    node->name = "timestamp";
    assert_int_equal(lt_ops_analyse(node, LT_OPS_CONTINUOUS, bench.arena, &bench.error), LT_OK);
    assert_ptr_equal(node->schema, bench.schema);
    node->name = "topic";
    assert_int_equal(lt_ops_analyse(node, LT_OPS_CONTINUOUS, bench.arena, &bench.error),
                     LT_E_ANALYSIS);
    assert_string_equal(bench.error.condition, "EVENT_TIME_IS_NOT_ON_TIMESTAMP_TYPE");
    bench_fini(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_filter_passes_rows_drops_rows_and_fails_rows),
        cmocka_unit_test(a_projection_makes_rows_that_hold_on_to_the_old_ones),
        cmocka_unit_test(a_projection_fails_the_record_it_cannot_compute),
        cmocka_unit_test(refuses_in_continuous_mode_what_spark_refuses),
        cmocka_unit_test(tells_what_it_was_doing_when_a_text_is_wrong),
        cmocka_unit_test(names_the_columns_a_node_reads),
        cmocka_unit_test(a_watermark_needs_a_timestamp),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
