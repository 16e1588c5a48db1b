/*
 * Plans made better: what becomes of the steps, and that the rows stay the same.
 */
#include "core/flow/plan.h"
#include "ops/catalog.h"
#include "tests/ops/expr/rows.h"

enum { STEPS_MAX = 8 };

/* A run of steps over Kafka's columns. */
struct run {
    struct bench bench;
    struct lt_plan_node *read, *nodes[STEPS_MAX];
    uint32_t count;
};

/* Each step is "where CONDITION" or "select LIST". */
static void build(struct run *run, const char *const *steps, const struct lt_session *session)
{
    bench_init(&run->bench);
    run->count = 0;
    run->read = lt_plan_node_create(run->bench.arena, LT_PLAN_READ, 0);
    run->read->schema = run->bench.schema;
    for (; steps[run->count] != NULL; run->count++) {
        const char *step = steps[run->count];
        bool is_filter = strncmp(step, "where ", 6) == 0;
        struct lt_plan_node *node =
            lt_plan_node_create(run->bench.arena, is_filter ? LT_PLAN_FILTER : LT_PLAN_PROJECT, 1);
        node->inputs[0] = run->count == 0 ? run->read : run->nodes[run->count - 1];
        node->expression_texts = lt_arena_alloc(run->bench.arena, sizeof(char *));
        node->expression_texts[0] = step + (is_filter ? 6 : 7);
        node->expression_count = 1;
        node->session = session;
        if (lt_ops_analyse(node, LT_OPS_CONTINUOUS, run->bench.arena, &run->bench.error) != LT_OK)
            fail_msg("%s: %s", step, run->bench.error.text);
        run->nodes[run->count] = node;
    }
}

static void optimise(struct run *run)
{
    const struct lt_type *schema = run->nodes[run->count - 1]->schema;
    run->count = lt_ops_optimise(run->nodes, run->count, run->read, run->bench.arena);
    assert_true(lt_type_equal(run->nodes[run->count - 1]->schema, schema));
    for (uint32_t i = 0; i < run->count; i++)
        assert_ptr_equal(run->nodes[i]->inputs[0], i == 0 ? run->read : run->nodes[i - 1]);
}

/* The steps as text again: "where (...) | select a, b". */
static const char *shown(const struct run *run)
{
    struct lt_arena *arena = run->bench.arena;
    const char *text = "";
    for (uint32_t i = 0; i < run->count; i++) {
        const struct lt_plan_node *node = run->nodes[i];
        text = lt_arena_format(arena, "%s%s%s", text, i == 0 ? "" : " | ",
                               node->kind == LT_PLAN_FILTER ? "where " : "select ");
        for (uint32_t k = 0; k < node->expression_count; k++)
            text = lt_arena_format(arena, "%s%s%s", text, k == 0 ? "" : ", ",
                                   lt_expr_text(node->expressions[k], arena));
    }
    return text;
}

static void expect(const char *const *steps, const char *wanted)
{
    struct run run;
    build(&run, steps, NULL);
    optimise(&run);
    assert_string_equal(shown(&run), wanted);
    bench_fini(&run.bench);
}
#define EXPECT(wanted, ...) expect((const char *const[]){__VA_ARGS__, NULL}, wanted)

static void a_predicate_goes_before_a_projection(void **state)
{
    (void)state;
    EXPECT("where ((offset + 1) > 2) | select (offset + 1) AS x, topic",
           "select offset + 1L AS x, topic", "where x > 2L");
    EXPECT("where (topic = a) | where (partition = 1) | select topic AS t, partition AS p",
           "select topic AS t, partition AS p", "where t = 'a'", "where p = 1");
}

static void projections_become_one(void **state)
{
    (void)state;
    EXPECT("select ((offset + 1) * 2) AS y", "select offset + 1L AS x, topic",
           "select x * 2L AS y");
    EXPECT("select topic AS b", "select topic AS a", "select a AS b", "select b");
    EXPECT("where (topic = a) | select (partition + 1) AS q", "select topic AS t, partition AS p",
           "where t = 'a'", "select p + 1 AS q");
}

static void what_becomes_constant_is_folded(void **state)
{
    (void)state;
    EXPECT("select 3 AS y", "select 1 AS x", "select x + 2 AS y");
}

static void what_is_not_deterministic_stays_where_it_is(void **state)
{
    (void)state;
    EXPECT("select current_timestamp() AS now, topic | where (topic = a)",
           "select current_timestamp() AS now, topic", "where topic = 'a'");
    EXPECT("select current_timestamp() AS now | select now AS a, now AS b",
           "select current_timestamp() AS now", "select now AS a, now AS b");
}

static void lambdas_are_not_put_into_lambdas(void **state)
{
    struct run run;
    static const char *const steps[] = {"select transform(array(offset), x -> x + 1) AS a",
                                        "select transform(a, y -> y + size(a)) AS b", NULL};
    (void)state;
    build(&run, steps, NULL);
    optimise(&run);
    assert_int_equal(run.count, 2);
    bench_fini(&run.bench);
}

/* As in Spark, which puts the struct in only where it is read once: the other way it stays, and is
 * read with both its fields (ops/expr/together.h). */
static void a_struct_that_is_read_twice_is_read_together(void **state)
{
#define J "from_json(string(value), 'a INT, b INT, c INT')"
    static const char list[] = "select struct(" J ".a, " J ".b) AS x";
    static const char *const once[] = {list, "select x.b AS y", NULL};
    static const char *const twice[] = {list, "select x.b AS y, x.a AS z", NULL};
    struct run run;
    (void)state;
    build(&run, once, NULL);
    optimise(&run);
    assert_int_equal(run.count, 1);
    assert_null(strstr(shown(&run), "coalesce(from_json("));
    bench_fini(&run.bench);
    build(&run, twice, NULL);
    optimise(&run);
    assert_int_equal(run.count, 1);
    assert_non_null(strstr(shown(&run), "coalesce(from_json("));
    bench_fini(&run.bench);
#undef J
}

static void a_tree_does_not_grow_without_end(void **state)
{
    struct run run;
    static const char *const steps[] = {"select offset % 2L AS a",
                                        "select a * a * a * a * a * a * a * a AS a",
                                        "select a * a * a * a * a * a * a * a AS a",
                                        "select a * a * a * a * a * a * a * a AS a",
                                        "select a * a * a * a * a * a * a * a AS a",
                                        "select a * a * a * a * a * a * a * a AS a",
                                        NULL};
    (void)state;
    build(&run, steps, NULL);
    optimise(&run);
    assert_true(run.count > 1);
    assert_true(run.count < 6);
    bench_fini(&run.bench);
}

static void other_settings_keep_steps_apart(void **state)
{
    static const char *const steps[] = {"select offset AS a", "select a AS b", NULL};
    struct lt_session plain = *lt_session_default();
    struct run run;
    (void)state;
    plain.is_unoptimised = true;
    build(&run, steps, &plain);
    optimise(&run);
    assert_int_equal(run.count, 2);
    bench_fini(&run.bench);
    build(&run, steps, NULL);
    plain = *lt_session_default();
    plain.is_legacy = true;
    run.nodes[1]->session = &plain;
    optimise(&run);
    assert_int_equal(run.count, 2);
    bench_fini(&run.bench);
}

static void generators_stay_and_read_what_is_below(void **state)
{
    (void)state;
    EXPECT("select explode(array(offset)) | where (col = 1)", "select explode(array(offset))",
           "where col = 1L");
    EXPECT("select explode(array(offset)), topic AS t", "select array(offset) AS a, topic AS t",
           "select explode(a), t");
}

static void columns_that_nobody_reads_are_null(void **state)
{
    static const char *const steps[] = {"select upper(topic) AS a, offset AS b", NULL};
    struct run run;
    uint64_t needed = 2, used = 0;
    (void)state;
    build(&run, steps, NULL);
    lt_ops_prune(&run.nodes[0], &needed, run.bench.arena);
    assert_string_equal(shown(&run), "select NULL, offset AS b");
    lt_ops_columns_used(run.nodes[0], &used);
    assert_int_equal(used, 1U << OFFSET);
    bench_fini(&run.bench);
}

/* The text of the step that the fault comes from, not of the one it was put into. */
static void a_fault_shows_the_text_it_comes_from(void **state)
{
    static const char *const lists[] = {
        "select 1 / (partition - 3) AS q",
        "select map('k', 1 / (partition - 3))['k'] AS q",
        "select map(0D, 7, 1 / (partition - 3), 8)[2.5D] AS q",
        "select array(7, 1 / (partition - 3))[1] AS q",
        "select coalesce(if(topic = '', 1 / (partition - 3), 1 / (partition - 3))) AS q",
        "select map('k', 1 / (partition - 3)) AS q",
        "select array(7, 1 / (partition - 3)) AS q",
        "select topic AS t, partition - 3 AS q",
    };
    static const char *const wheres[] = {"where q > 0",      "where q > 0",    "where q > 0",
                                         "where q > 0",      "where q > 0",    "where q['k'] > 0",
                                         "where q[1] > 0", "where map(t, 1 / q)['orders'] > 0"};
    (void)state;
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        const char *const steps[] = {lists[i], wheres[i], NULL};
        const char *wanted = i == 7 ? "in \"1 / q\"" : "in \"1 / (partition - 3)\"";
        struct run run;
        build(&run, steps, NULL);
        optimise(&run);
        assert_int_equal(run.nodes[0]->kind, LT_PLAN_FILTER);
        struct lt_program *program = bench_program(&run.bench, run.nodes[0]->expressions[0],
                                                   run.nodes[0]->expression_texts[0], false);
        assert_int_equal(lt_program_eval_predicate(program, run.bench.row), LT_PROGRAM_FAULT);
        const char *text = lt_program_fault(program)->text;
        if (strstr(text, wanted) == NULL)
            fail_msg("%s, %s: %s", lists[i], wheres[i], text);
        lt_program_destroy(program);
        bench_fini(&run.bench);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_predicate_goes_before_a_projection),
        cmocka_unit_test(projections_become_one),
        cmocka_unit_test(what_becomes_constant_is_folded),
        cmocka_unit_test(what_is_not_deterministic_stays_where_it_is),
        cmocka_unit_test(lambdas_are_not_put_into_lambdas),
        cmocka_unit_test(a_struct_that_is_read_twice_is_read_together),
        cmocka_unit_test(a_tree_does_not_grow_without_end),
        cmocka_unit_test(other_settings_keep_steps_apart),
        cmocka_unit_test(generators_stay_and_read_what_is_below),
        cmocka_unit_test(columns_that_nobody_reads_are_null),
        cmocka_unit_test(a_fault_shows_the_text_it_comes_from),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
