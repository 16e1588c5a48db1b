/*
 * Common subexpressions: what is computed once, what must not be, and that nothing else changes.
 */
#include "ops/expr/same.h"
#include "tests/ops/expr/rows.h"

static struct lt_session unoptimised(void)
{
    struct lt_session session = *lt_session_default();
    session.is_unoptimised = true;
    return session;
}

/* The program of a select list, over Kafka's columns. */
static struct lt_program *program_of(struct bench *bench, const char *text,
                                     const struct lt_session *session)
{
    struct lt_expr_list list;
    const char *texts[8];
    int code = lt_expr_parse_list(text, bench->arena, &list, &bench->error);
    for (size_t i = 0; i < list.count && code == LT_OK; i++) {
        code = lt_expr_analyse(&list.expressions[i], text, bench->schema, session, bench->arena,
                               &bench->error);
        texts[i] = text;
    }
    const struct lt_program_options options = {.expressions = list.expressions,
                                               .texts = texts,
                                               .count = list.count,
                                               .schema = bench->schema,
                                               .session = session};
    struct lt_program *program = NULL;
    if (code != LT_OK || lt_program_create(&options, &program, &bench->error) != LT_OK)
        fail_msg("%s: %s", text, bench->error.text);
    return program;
}

/* How many steps of the first run through a list have the word. */
static unsigned count_steps(struct bench *bench, const char *text, const char *word,
                            const struct lt_session *session)
{
    struct lt_program *program = program_of(bench, text, session);
    struct lt_text_buffer dump;
    unsigned count = 0;
    lt_text_init(&dump);
    lt_program_dump(program, &dump);
    const char *steps = lt_text_get(&dump), *end = strstr(steps, ": END");
    assert_non_null(end);
    for (const char *at = strstr(steps, word); at != NULL && at < end; at = strstr(at + 1, word))
        count++;
    lt_text_fini(&dump);
    lt_program_destroy(program);
    return count;
}

static void computes_once_what_stands_in_several_places(void **state)
{
    static const struct {
        const char *text, *word;
        unsigned shared, unshared;
    } cases[] = {
        {"upper(topic), upper(topic) || 'x', length(upper(topic))", "upper", 1, 3},
        {"offset + 1, (offset + 1) * 2, offset + 2", "COLUMN", 1, 3},
        {"upper(topic) = 'A' OR upper(topic) = 'B'", "upper", 1, 2},
        {"offset + partition BETWEEN 1 AND 9", "ADD", 1, 2},
        {"CASE upper(topic) WHEN 'A' THEN 1 WHEN 'B' THEN 2 END", "upper", 1, 2},
        {"transform(array(offset), x -> x + 1), transform(array(offset), y -> y + 1)", "transform",
         1, 2},
        {"CAST(partition AS STRING), concat(CAST(partition AS STRING), '!')", "cast", 1, 2},
    };
    struct lt_session plain = unoptimised();
    struct bench bench;
    (void)state;
    bench_init(&bench);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unsigned shared = count_steps(&bench, cases[i].text, cases[i].word, NULL);
        unsigned unshared = count_steps(&bench, cases[i].text, cases[i].word, &plain);
        if (shared != cases[i].shared || unshared != cases[i].unshared)
            fail_msg("%s: %u and %u times %s", cases[i].text, shared, unshared, cases[i].word);
    }
    bench_fini(&bench);
}

static void computes_again_what_may_not_have_been_reached(void **state)
{
    static const struct {
        const char *text, *word;
        unsigned count;
    } cases[] = {
        {"CASE WHEN partition = 1 THEN upper(topic) ELSE lower(upper(topic)) END", "upper", 2},
        {"partition = 1 AND upper(topic) = 'A', upper(topic)", "upper", 2},
        {"coalesce(key, CAST(upper(topic) AS BINARY)), upper(topic)", "upper", 2},
        {"if(partition = 1, offset + 1, 0), offset + 1", "ADD", 2},
        {"partition IN (1, offset + 1), offset + 1", "ADD", 2},
        {"transform(array(1L), x -> x + (offset + 1)), offset + 1", "ADD", 3},
        {"transform(array(offset), x -> x + 1), filter(array(offset), x -> x + 1 > 1)", "ADD", 2},
        {"current_timestamp(), current_timestamp()", "current_timestamp", 2},
    };
    struct bench bench;
    (void)state;
    bench_init(&bench);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unsigned count = count_steps(&bench, cases[i].text, cases[i].word, NULL);
        if (count != cases[i].count)
            fail_msg("%s: %u times %s", cases[i].text, count, cases[i].word);
    }
    bench_fini(&bench);
}

static void knows_in_a_branch_what_was_computed_before_it(void **state)
{
    struct bench bench;
    (void)state;
    bench_init(&bench);
    assert_int_equal(count_steps(&bench,
                                 "CASE WHEN upper(topic) = 'A' THEN 1 WHEN partition = 2 THEN "
                                 "length(upper(topic)) ELSE ascii(upper(topic)) END",
                                 "upper", NULL),
                     1);
    assert_int_equal(
        count_steps(&bench, "offset + 1, transform(array(1L), x -> x + (offset + 1))", "ADD", NULL),
        2);
    bench_fini(&bench);
}

static void a_fault_stays_where_it_was(void **state)
{
    struct bench bench;
    (void)state;
    bench_init(&bench);
    assert_int_equal(
        bench_answer(&bench, "partition <> 3 AND 1 / (partition - 3) > 0 OR topic = 'orders'"),
        LT_PROGRAM_TRUE);
    assert_int_equal(bench_answer(&bench, "if(partition = 3, 0, 1 / (partition - 3)) = 0"),
                     LT_PROGRAM_TRUE);
    assert_int_equal(bench_answer(&bench, "topic = 'x' AND 1 / (partition - 3) > 0 OR 1 / "
                                          "(partition - 3) > 1"),
                     LT_PROGRAM_FAULT);
    bench_fini(&bench);
}

/* Each reads other fields of an equal call. */
static void readers_in_lambdas_keep_their_fields(void **state)
{
    struct bench bench;
    (void)state;
    bench_init(&bench);
    assert_int_equal(
        bench_answer(&bench,
                     "transform(array(1), x -> from_json('{\"a\":1,\"b\":2}', concat('a INT, b "
                     "INT')).a + x)[0] = 2 AND transform(array(1), x -> "
                     "from_json('{\"a\":1,\"b\":2}', concat('a INT, b INT')).b + x)[0] = 3"),
        LT_PROGRAM_TRUE);
    assert_int_equal(bench_answer(&bench, "transform(array(value), v -> from_json(CAST(v AS "
                                          "STRING), 'price DOUBLE, qty INT').price)[0] = 123.5 AND "
                                          "transform(array(value), v -> from_json(CAST(v AS "
                                          "STRING), 'price DOUBLE, qty INT').qty)[0] = 10"),
                     LT_PROGRAM_TRUE);
    bench_fini(&bench);
}

static struct lt_expression *analysed(struct bench *bench, const char *text)
{
    struct lt_session plain = unoptimised();
    struct lt_expression *expression;
    if (lt_expr_parse(text, bench->arena, &expression, &bench->error) != LT_OK ||
        lt_expr_analyse(&expression, text, bench->schema, &plain, bench->arena, &bench->error) !=
            LT_OK)
        fail_msg("%s: %s", text, bench->error.text);
    return expression;
}

static void tells_what_is_the_same(void **state)
{
    static const struct {
        const char *a, *b;
        bool is_same;
    } cases[] = {
        {"offset + 1", "OFFSET+1", true},
        {"offset + 1", "1 + offset", false},
        {"offset + 1", "offset + 1L", false},
        {"0.0D", "-0.0D", false},
        {"'a'", "'b'", false},
        {"CAST(topic AS INT)", "TRY_CAST(topic AS INT)", false},
        {"CAST(offset AS INT)", "CAST(offset AS SMALLINT)", false},
        {"transform(array(1), x -> x + 1)", "transform(array(1), y -> y + 1)", true},
        {"transform(array(1), (x, i) -> x)", "transform(array(1), (x, i) -> i)", false},
        {"transform(array(array(1)), x -> transform(x, y -> y))",
         "transform(array(array(1)), a -> transform(a, b -> b))", true},
        {"value:a", "value:b", false},
        {"headers[0].key", "headers[0].value", false},
        {"current_timestamp()", "current_timestamp()", false},
        {"NULL", "NULL", true},
    };
    struct bench bench;
    (void)state;
    bench_init(&bench);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct lt_expression *a = analysed(&bench, cases[i].a);
        const struct lt_expression *b = analysed(&bench, cases[i].b);
        if (lt_expr_same(a, b) != cases[i].is_same)
            fail_msg("%s, %s: %d", cases[i].a, cases[i].b, !cases[i].is_same);
        if (cases[i].is_same && lt_expr_hash(a) != lt_expr_hash(b))
            fail_msg("%s, %s: other hashes", cases[i].a, cases[i].b);
    }
    bench_fini(&bench);
}

/* What draws by chance is drawn once where Spark does: else a 1 would be left over now and then,
 * and both sides of BETWEEN would be true for another share of the draws than half of them. */
static void draws_once_what_stands_in_several_places_by_its_meaning(void **state)
{
    enum { DRAWS = 2000 };
    static const char *const texts[] = {"nullif(round(rand(1)), 1D) = 1D",
                                        "nullif(uuid(), 'x') IS NULL",
                                        "round(rand(2) * 2) BETWEEN 1 AND 1",
                                        /* once it is either less or more */
                                        "coalesce(rand(2), 0) BETWEEN 0.5 AND 0.5",
                                        "coalesce(NULL, rand(2)) BETWEEN 0.5 AND 0.5",
                                        "map('a', rand(3))['a'] BETWEEN 0.5 AND 0.5",
                                        "array(rand(4))[0] BETWEEN 0.5 AND 0.5",
                                        "nullif(nvl(round(rand(5)), 0), 1D) = 1D",
                                        /* but comparisons with other keys are other ones */
                                        "nullif(map(rand(6) + 5, 'a', rand(7) * 0 + 2, 'b')[2D], "
                                        "'c') IS NULL"};
    const struct lt_session plain = unoptimised(), *const sessions[] = {NULL, &plain};
    struct bench bench;
    (void)state;
    bench_init(&bench);
    for (size_t i = 0; i < 2 * sizeof texts / sizeof texts[0]; i++) {
        struct lt_program *program = program_of(&bench, texts[i / 2], sessions[i % 2]);
        unsigned trues = 0;
        for (unsigned draw = 0; draw < DRAWS; draw++)
            trues += lt_program_eval_predicate(program, bench.row) == LT_PROGRAM_TRUE;
        bool is_between = i / 2 == 2;
        if (is_between ? trues < DRAWS * 0.45 || trues > DRAWS * 0.55 : trues != 0)
            fail_msg("%s: true %u times", texts[i / 2], trues);
        lt_program_destroy(program);
    }
    bench_fini(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(computes_once_what_stands_in_several_places),
        cmocka_unit_test(computes_again_what_may_not_have_been_reached),
        cmocka_unit_test(knows_in_a_branch_what_was_computed_before_it),
        cmocka_unit_test(a_fault_stays_where_it_was),
        cmocka_unit_test(readers_in_lambdas_keep_their_fields),
        cmocka_unit_test(tells_what_is_the_same),
        cmocka_unit_test(draws_once_what_stands_in_several_places_by_its_meaning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
