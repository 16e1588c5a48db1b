/*
 * Programs over rows: both loops give the same answers, NULL is exact, JSON paths are typed by what
 * they meet and read in one pass, faults are told, and evaluation allocates nothing.
 */
#include <stdlib.h>

#include "tests/ops/expr/rows.h"

/* --------------------------------------------------------------- what allocation is counted by */

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define COUNTS_ALLOCATIONS 1
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
static unsigned allocations;

void *malloc(size_t size)
{
    allocations++;
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    allocations++;
    return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
    allocations++;
    return __libc_realloc(memory, size);
}
#endif

static void expect(struct bench *bench, const char *text, enum lt_program_answer wanted)
{
    enum lt_program_answer answer = bench_answer(bench, text);
    if (answer != wanted)
        fail_msg("%s: answered %d, not %d", text, (int)answer, (int)wanted);
}

static void answers_conditions_over_the_columns_of_kafka(void **state)
{
    struct bench bench;
    (void)state;
    bench_init(&bench);
    expect(&bench, "length(value) > 8", LT_PROGRAM_TRUE);
    expect(&bench, "length(value) <= 8", LT_PROGRAM_FALSE);
    expect(&bench, "8 < length(value)", LT_PROGRAM_TRUE);
    expect(&bench, "8 >= length(value)", LT_PROGRAM_FALSE);
    expect(&bench, "length(key) > 8", LT_PROGRAM_NULL);
    expect(&bench, "length(value) >= -1", LT_PROGRAM_TRUE);
    expect(&bench, "length(value) < 0", LT_PROGRAM_FALSE);
    expect(&bench, "length(value) = -1", LT_PROGRAM_FALSE);
    expect(&bench, "key is null", LT_PROGRAM_TRUE);
    expect(&bench, "key is not null", LT_PROGRAM_FALSE);
    expect(&bench, "topic = 'orders' and partition = 3", LT_PROGRAM_TRUE);
    expect(&bench, "topic like 'ord%' and topic not like '%x%'", LT_PROGRAM_TRUE);
    expect(&bench, "offset between 990 and 992", LT_PROGRAM_TRUE);
    expect(&bench, "partition in (1, 2)", LT_PROGRAM_FALSE);
    expect(&bench, "partition in (1, null)", LT_PROGRAM_NULL);
    expect(&bench, "partition not in (1, null, 3)", LT_PROGRAM_FALSE);
    expect(&bench, "timestamp >= '2026-01-01' and timestamp < '2026-01-01 00:00:01'",
           LT_PROGRAM_TRUE);
    expect(&bench, "cast(timestamp as string) = '2026-01-01 00:00:00'", LT_PROGRAM_TRUE);
    expect(&bench, "cast(timestamp as bigint) = 1767225600", LT_PROGRAM_TRUE);
    expect(&bench, "headers[0].key = 'trace' and string(headers[0].value) = 'abc'",
           LT_PROGRAM_TRUE);
    expect(&bench, "size(headers) = 1", LT_PROGRAM_TRUE);
    expect(&bench, "headers[1].key = 'x'", LT_PROGRAM_FAULT);
    bench_fini(&bench);
}

static void follows_three_valued_logic(void **state)
{
    static const char *const values[] = {"false", "true", "(key = X'00')"};
    static const char *const shown[] = {"false", "true", "null"};
    struct bench bench;
    char text[256];
    (void)state;
    bench_init(&bench);
    for (int a = 0; a < 3; a++) {
        for (int b = 0; b < 3; b++) {
            /* With 0, 1 and unknown as 2: AND is false if either is, else NULL if either is. */
            int both = a == 0 || b == 0 ? 0 : a == 2 || b == 2 ? 2 : 1;
            int either = a == 1 || b == 1 ? 1 : a == 2 || b == 2 ? 2 : 0;
            (void)snprintf(text, sizeof text, "%s and %s", values[a], values[b]);
            expect(&bench, text, (enum lt_program_answer)both);
            (void)snprintf(text, sizeof text, "%s or %s", values[a], values[b]);
            expect(&bench, text, (enum lt_program_answer)either);
            (void)snprintf(text, sizeof text, "%s <=> %s", values[a], values[b]);
            expect(&bench, text, a == b ? LT_PROGRAM_TRUE : LT_PROGRAM_FALSE);
        }
        (void)snprintf(text, sizeof text, "not %s", values[a]);
        expect(&bench, text, a == 2 ? LT_PROGRAM_NULL : (enum lt_program_answer)(1 - a));
        (void)snprintf(text, sizeof text, "%s is %s", values[a], shown[a]);
        expect(&bench, text, LT_PROGRAM_TRUE);
    }
    bench_fini(&bench);
}

static void reads_json_fields_as_what_they_are_compared_with(void **state)
{
    struct bench bench;
    (void)state;
    bench_init(&bench);
    expect(&bench, "value:price > 100", LT_PROGRAM_TRUE);
    expect(&bench, "value:price > 123 and value:price < 123.6", LT_PROGRAM_TRUE);
    expect(&bench, "value:sym = 'X'", LT_PROGRAM_TRUE);
    expect(&bench, "value:sym in ('A', 'X')", LT_PROGRAM_TRUE);
    expect(&bench, "value:live", LT_PROGRAM_TRUE);
    expect(&bench, "value:live = false", LT_PROGRAM_FALSE);
    expect(&bench, "value:id = 9007199254740993", LT_PROGRAM_TRUE);
    expect(&bench, "value:id = 9007199254740992L + 2", LT_PROGRAM_FALSE);
    expect(&bench, "value:a.b[1] = 8", LT_PROGRAM_TRUE);
    expect(&bench, "value:a = '{\"b\":[7,8]}'", LT_PROGRAM_TRUE);
    expect(&bench, "cast(value:qty as int) + 1 = 11", LT_PROGRAM_TRUE);
    expect(&bench, "value:qty::string = '10'", LT_PROGRAM_TRUE);
    expect(&bench, "cast(value as string):qty = 10", LT_PROGRAM_TRUE);
    expect(&bench, "value:price between 100 and 200", LT_PROGRAM_TRUE);
    /* Missing and unfit are NULL. */
    expect(&bench, "value:nothing > 1", LT_PROGRAM_NULL);
    expect(&bench, "value:sym > 1", LT_PROGRAM_NULL);
    expect(&bench, "value:live = 1", LT_PROGRAM_NULL);
    expect(&bench, "value:price is null", LT_PROGRAM_FALSE);
    expect(&bench, "key:price > 1", LT_PROGRAM_NULL);
    expect(&bench, "topic:price > 1", LT_PROGRAM_NULL);
    bench_fini(&bench);
}

static void goes_through_a_document_once_and_only_when_it_must(void **state)
{
    struct bench bench;
    const char *text =
        "partition = 3 and value:price > 100 and cast(value as string):sym = 'X' and "
        "value:a.b[0] = 7";
    (void)state;
    bench_init(&bench);
    struct lt_program *program = bench_program(&bench, bench_predicate(&bench, text), text, false);
    for (uint64_t i = 1; i <= 3; i++) {
        assert_int_equal(lt_program_eval_predicate(program, bench.row), LT_PROGRAM_TRUE);
        assert_int_equal(lt_program_json_counters(program).documents, i);
    }
    lt_row_values(bench.row)[PARTITION].i64 = 4;
    assert_int_equal(lt_program_eval_predicate(program, bench.row), LT_PROGRAM_FALSE);
    assert_int_equal(lt_program_json_counters(program).documents, 3);
    lt_program_destroy(program);
    bench_fini(&bench);
}

static void expect_fault(struct bench *bench, const char *text, const char *condition,
                         const char *sqlstate, const char *wanted)
{
    struct lt_program *program = bench_program(bench, bench_predicate(bench, text), text, false);
    assert_int_equal(lt_program_eval_predicate(program, bench->row), LT_PROGRAM_FAULT);
    assert_string_equal(lt_program_fault(program)->condition, condition);
    assert_string_equal(lt_program_fault(program)->sqlstate, sqlstate);
    assert_string_equal(lt_program_fault(program)->text, wanted);
    lt_program_destroy(program);
}

static void tells_why_a_record_fails(void **state)
{
    struct bench bench;
    (void)state;
    bench_init(&bench);
    expect_fault(&bench, "1 / (partition - 3) > 0", "DIVIDE_BY_ZERO", "22012",
                 "Division by zero. Use `try_divide` to tolerate divisor being 0 and return NULL "
                 "instead. If necessary set \"spark.sql.ansi.enabled\" to \"false\" to bypass "
                 "this error; in \"1 / (partition - 3)\" (line 1, position 1)");
    expect_fault(
        &bench, "cast(topic as int) > 0", "CAST_INVALID_INPUT", "22018",
        "The value 'orders' of the type \"STRING\" cannot be cast to \"INT\" because it is "
        "malformed. Correct the value as per the syntax, or change its target type. Use "
        "`try_cast` to tolerate malformed input and return NULL instead; in "
        "\"cast(topic as int)\" (line 1, position 1)");
    expect_fault(&bench, "offset + 9223372036854775807 > 0", "ARITHMETIC_OVERFLOW", "22003",
                 "long overflow. Use 'try_add' to tolerate overflow and return NULL instead. If "
                 "necessary set \"spark.sql.ansi.enabled\" to \"false\" to bypass this error; in "
                 "\"offset + 9223372036854775807\" (line 1, position 1)");
    expect(&bench, "try_cast(topic as int) > 0", LT_PROGRAM_NULL);
    bench_fini(&bench);
}

static void does_not_evaluate_what_it_does_not_reach(void **state)
{
    struct bench bench;
    (void)state;
    bench_init(&bench);
    expect(&bench, "false and 1 / (partition - 3) > 0", LT_PROGRAM_FALSE);
    expect(&bench, "partition = 3 or 1 / (partition - 3) > 0", LT_PROGRAM_TRUE);
    expect(&bench, "if(partition = 3, 1, 1 / (partition - 3)) = 1", LT_PROGRAM_TRUE);
    expect(&bench, "case when partition = 3 then true else raise_error('no') end", LT_PROGRAM_TRUE);
    expect(&bench, "coalesce(offset, bigint(topic)) = 991", LT_PROGRAM_TRUE);
    expect(&bench, "nullif(partition, 3) is null", LT_PROGRAM_TRUE);
    bench_fini(&bench);
}

static void fills_the_columns_of_a_new_row(void **state)
{
    struct bench bench;
    const char *text = "upper(topic), value, key, offset + 1, value:sym, 'x'";
    struct lt_expr_list list;
    struct lt_row_pool *pool;
    struct lt_program *program;
    (void)state;
    bench_init(&bench);
    const struct lt_row_pool_options pool_options = {.column_count = 6, .capacity = 1};
    assert_int_equal(lt_row_pool_create(&pool_options, &pool, &bench.error), LT_OK);
    assert_int_equal(lt_expr_parse_list(text, bench.arena, &list, &bench.error), LT_OK);
    for (size_t i = 0; i < list.count; i++)
        assert_int_equal(lt_expr_analyse(&list.expressions[i], text, bench.schema, NULL,
                                         bench.arena, &bench.error),
                         LT_OK);
    const struct lt_program_options options = {
        .expressions = list.expressions, .count = list.count, .schema = bench.schema};
    assert_int_equal(lt_program_create(&options, &program, &bench.error), LT_OK);
    struct lt_row *row = lt_row_claim(pool);
    assert_true(lt_program_eval(program, bench.row, row));
    const union lt_value *values = lt_row_values(row);
    assert_int_equal(values[0].bytes.size_bytes, 6);
    assert_memory_equal(values[0].bytes.data, "ORDERS", 6);
    assert_ptr_equal(values[1].bytes.data, lt_row_values(bench.row)[VALUE].bytes.data);
    assert_true(lt_row_is_null(row, 2));
    assert_int_equal(values[3].i64, 992);
    assert_int_equal(values[4].bytes.size_bytes, 1);
    assert_memory_equal(values[4].bytes.data, "X", 1);
    assert_memory_equal(values[5].bytes.data, "x", 1);
    lt_row_release(row);
    lt_program_destroy(program);
    lt_row_pool_destroy(pool);
    bench_fini(&bench);
}

static void takes_the_time_from_its_clock(void **state)
{
    struct bench bench;
    struct lt_clock_manual clock;
    const char *text = "current_timestamp = now() and now() = TIMESTAMP'2026-01-01 00:00:01'";
    (void)state;
    bench_init(&bench);
    lt_clock_manual_init(&clock, 0, 1767225601000000);
    struct lt_program *program = bench_program(&bench, bench_predicate(&bench, text), text, false);
    lt_program_set_clock(program, &clock.clock);
    assert_int_equal(lt_program_eval_predicate(program, bench.row), LT_PROGRAM_TRUE);
    lt_clock_manual_advance(&clock, LT_NS_PER_MS);
    assert_int_equal(lt_program_eval_predicate(program, bench.row), LT_PROGRAM_FALSE);
    lt_program_destroy(program);
    bench_fini(&bench);
}

static void allocates_nothing_while_it_evaluates(void **state)
{
    static const char *const texts[] = {
        "length(value) > 8 and topic = 'orders'",
        "value:price > 100 and value:sym = 'X' and value:a.b[0] = 7",
        "upper(topic) like 'O%' and topic rlike '^o.*s$' and concat(topic, offset) = 'orders991'",
        "get_json_object(value, '$.sym') = 'X' and regexp_replace(topic, 'o(r)', '$1') = 'rders'",
        "replace(topic, 'o', 'xyz') = 'xyzrders' and hash(topic, offset) <> 0",
        "cast(offset as string) = '991' and cast(timestamp as string) > '2026' and lpad(topic, 20) "
        "<> ''",
        "from_json(cast(value as string), 'sym STRING, price DOUBLE, a STRUCT<b: ARRAY<INT>>').a.b"
        "[1] = 8 and from_json(cast(value as string), 'sym STRING, live BOOLEAN').live",
        "to_json(struct(topic, timestamp), map('timestampFormat', 'yyyy')) = "
        "'{\"topic\":\"orders\",\"timestamp\":\"2026\"}' and "
        "json_array_length(get_json_object(value, '$.a.b')) = 2",
        "from_csv(concat(topic, ',', '2026-01-02'), 'a STRING, b DATE').b > '2026' and "
        "to_csv(struct(topic, offset)) = 'orders,991'",
        "parse_url(concat('http://h/', topic, '?k=1'), 'QUERY', 'k') = '1' and "
        "url_decode(url_encode(topic)) = topic",
    };
    struct bench bench;
    (void)state;
    bench_init(&bench);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct lt_program *program =
            bench_program(&bench, bench_predicate(&bench, texts[i]), texts[i], false);
        assert_int_equal(lt_program_eval_predicate(program, bench.row), LT_PROGRAM_TRUE);
#ifdef COUNTS_ALLOCATIONS
        unsigned before = allocations;
        for (int j = 0; j < 1000; j++)
            (void)lt_program_eval_predicate(program, bench.row);
        assert_int_equal(allocations - before, 0);
#endif
        lt_program_destroy(program);
    }
#ifdef COUNTS_ALLOCATIONS
    assert_true(allocations > 0); /* else nothing was counted */
#endif
    bench_fini(&bench);
}

static void folds_constants_but_not_their_faults(void **state)
{
    struct bench bench;
    (void)state;
    bench_init(&bench);
    struct lt_expression *folded = bench_predicate(&bench, "1 + 1 = 2");
    assert_int_equal(folded->kind, LT_EXPR_LITERAL);
    assert_int_equal(folded->value.i64, 1);
    assert_int_equal(bench_predicate(&bench, "if(partition = 3, 1, 1 / 0) = 1")->kind,
                     LT_EXPR_CALL);
    expect(&bench, "if(partition = 3, 1, 1 / 0) = 1", LT_PROGRAM_TRUE);
    expect(&bench, "if(partition = 4, 1, 1 / 0) = 1", LT_PROGRAM_FAULT);
    bench_fini(&bench);
}

/* Spark folds before the query starts, and tells of it then. */
static void refuses_a_constant_that_fails_under_no_condition(void **state)
{
    static const char *const texts[] = {"1 / 0 = 2", "partition = 3 or 1 / 0 = 2",
                                        "transform(array(partition), x -> 1 / 0)[0] = 2",
                                        "raise_error(1 / 0) is null",
                                        "element_at(map(1, 2), 3) - (1 / 0 - partition) = 2"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct bench bench;
        bench_init(&bench);
        struct lt_expression *predicate = bench_predicate(&bench, texts[i]);
        const struct lt_program_options options = {
            .expressions = &predicate, .texts = &texts[i], .count = 1, .schema = bench.schema};
        struct lt_program *program;
        struct lt_error error;
        assert_int_equal(lt_program_create(&options, &program, &error), LT_E_ANALYSIS);
        assert_string_equal(error.condition, "DIVIDE_BY_ZERO");
        assert_int_equal(error.line, 1);
        bench_fini(&bench);
    }
}

/* Spark takes these for no constants. */
static void leaves_what_is_made_to_fail_to_the_records(void **state)
{
    static const char *const texts[] = {
        "raise_error('no') is null", "assert_true(1 / 0 > 1) is null", "upper(elt(2, 'a')) = 'A'",
        "size(transform(array(1, 0), x -> 1 / x)) = 2"};
    struct bench bench;
    (void)state;
    bench_init(&bench);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        expect(&bench, texts[i], LT_PROGRAM_FAULT);
    bench_fini(&bench);
}

/* Spark takes a filter's condition apart: a part that is not true decides it. */
static void a_part_that_is_null_decides_the_condition_of_a_filter(void **state)
{
    static const char *const texts[] = {
        "length(key) = 1 and 1 / (partition - 3) > 0",
        "partition = 3 and (length(key) = 1 and 1 / (partition - 3) > 0)",
        "(partition = 3 and length(key) = 1) and 1 / (partition - 3) > 0",
        "not (length(key) = 1 or 1 / (partition - 3) > 0)",
        "not not (length(key) = 1 and 1 / (partition - 3) > 0)",
        "not (partition = 4 or (length(key) = 1 or 1 / (partition - 3) > 0))",
    };
    struct bench bench;
    (void)state;
    bench_init(&bench);
    for (size_t i = 0; i < 2 * (sizeof texts / sizeof texts[0]); i++) {
        const char *text = texts[i / 2];
        struct lt_expression *predicate = bench_predicate(&bench, text);
        struct lt_program_options options = {.expressions = &predicate,
                                             .texts = &text,
                                             .count = 1,
                                             .schema = bench.schema,
                                             .use_switch = i % 2 != 0,
                                             .is_filter = true};
        struct lt_program *program;
        struct lt_error error;
        assert_int_equal(lt_program_create(&options, &program, &error), LT_OK);
        assert_int_equal(lt_program_eval_predicate(program, bench.row), LT_PROGRAM_NULL);
        lt_program_destroy(program);
        expect(&bench, text, LT_PROGRAM_FAULT); /* as a value it is not decided */
    }
    bench_fini(&bench);
}

static void takes_remainders_of_any_integers(void **state)
{
    struct bench bench;
    (void)state;
    bench_init(&bench);
    expect(&bench, "offset % 10 = 1 and offset % 123 = 7", LT_PROGRAM_TRUE);
    expect(&bench, "(offset - 1000) % 10 = -9", LT_PROGRAM_TRUE);
    expect(&bench, "offset % (partition - 13) = 1", LT_PROGRAM_TRUE);
    expect(&bench, "(offset * 10000000000 + 3) % 10000000000 = 3", LT_PROGRAM_TRUE);
    expect(&bench, "partition % 2 = 1", LT_PROGRAM_TRUE);
    expect(&bench, "offset % (partition - 4) = 0", LT_PROGRAM_TRUE);
    expect(&bench, "(offset + -9223372036854775808 - 991) % (partition - 4) = 0", LT_PROGRAM_TRUE);
    expect(&bench, "offset % (partition - 3) = 0", LT_PROGRAM_FAULT);
    expect(&bench, "offset % length(key) = 0", LT_PROGRAM_NULL);
    expect(&bench, "length(key) % partition = 0", LT_PROGRAM_NULL);
    bench_fini(&bench);
}

static void multiplies_decimals_within_64_bits_and_beyond(void **state)
{
    struct bench bench;
    (void)state;
    bench_init(&bench);
    expect(&bench, "1.5 * offset = 1486.5", LT_PROGRAM_TRUE);
    expect(&bench, "1.5 * offset > 1486.4 and 1.5 * offset < 1486.6", LT_PROGRAM_TRUE);
    expect(&bench, "1.5 * offset < 1486.4 or 1.5 * offset > 1486.6", LT_PROGRAM_FALSE);
    expect(&bench, "-0.5 * offset = -495.5", LT_PROGRAM_TRUE);
    expect(&bench, "9000000000.5 * (offset * 1000000000) = 8919000000495500000000",
           LT_PROGRAM_TRUE);
    expect(&bench, "offset * 1000000000000000000000000.5 = 991000000000000000000000495.5",
           LT_PROGRAM_TRUE);
    expect(&bench, "1.5 * length(key) > 1", LT_PROGRAM_NULL);
    expect(&bench, "1.5 * length(key) > 1 and offset = 1", LT_PROGRAM_FALSE);
    bench_fini(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_conditions_over_the_columns_of_kafka),
        cmocka_unit_test(follows_three_valued_logic),
        cmocka_unit_test(reads_json_fields_as_what_they_are_compared_with),
        cmocka_unit_test(goes_through_a_document_once_and_only_when_it_must),
        cmocka_unit_test(tells_why_a_record_fails),
        cmocka_unit_test(does_not_evaluate_what_it_does_not_reach),
        cmocka_unit_test(fills_the_columns_of_a_new_row),
        cmocka_unit_test(takes_the_time_from_its_clock),
        cmocka_unit_test(allocates_nothing_while_it_evaluates),
        cmocka_unit_test(folds_constants_but_not_their_faults),
        cmocka_unit_test(refuses_a_constant_that_fails_under_no_condition),
        cmocka_unit_test(leaves_what_is_made_to_fail_to_the_records),
        cmocka_unit_test(a_part_that_is_null_decides_the_condition_of_a_filter),
        cmocka_unit_test(takes_remainders_of_any_integers),
        cmocka_unit_test(multiplies_decimals_within_64_bits_and_beyond),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
