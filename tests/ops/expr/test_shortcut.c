/* Predicates answered without the machine: which ones are, and that they answer as the steps do. */
#include "tests/ops/expr/rows.h"

#include "ops/expr/shortcut.h"

static const char *const texts[] = {
    "offset = 7",
    "offset < 7",
    "offset <= 7",
    "offset > 7",
    "offset >= 7",
    "7 = offset",
    "7 < offset",
    "7 <= offset",
    "7 > offset",
    "7 >= offset",
    "offset < -9223372036854775807 - 1",
    "offset <= -9223372036854775807 - 1",
    "offset > 9223372036854775807",
    "offset >= 9223372036854775807",
    "mod(offset, 123) = 0",
    "offset % 123 < 7",
    "7 >= offset % 123",
    "offset % 2 = -1",
    "offset % 4294967295 >= 7",
    "timestamp > timestamp'1970-01-01 00:00:01'",
    "length(value) > 8",
    "length(value) > 8 and length(value) < 12",
    "8 <= length(value)",
    "12 > length(value) and 9 < length(value)",
    "9 = length(value)",
    "offset > 1 and offset <= 122",
    "offset between 7 and 123 and 122 >= offset",
    "offset > 122 and offset < 7",
    "offset % 123 > 1 and 7 > offset % 123",
    "0.908 * offset > 100 and 0.908 * offset < 112.592",
    "0.908 * offset = 110.776",
    "0.908 * offset = 110.7",
    "offset * 2.5 >= 305 and offset * 2.5 <= 307.5",
    "offset * 2.5 > 305 and offset * 2.5 < 307.5",
    "-7.75 > 1.25 * offset",
    "-8.75 >= 1.25 * offset",
    "0.908 * offset >= -6.356 and 7 > offset",
    "0.5 * offset > 99999999999999999999",
    "0.5 * offset < 99999999999999999999",
};

static const int64_t numbers[] = {0,
                                  1,
                                  6,
                                  7,
                                  8,
                                  122,
                                  123,
                                  124,
                                  -1,
                                  -7,
                                  -123,
                                  1000000,
                                  UINT32_MAX,
                                  (int64_t)UINT32_MAX + 1,
                                  123 * (int64_t)10000000000,
                                  INT64_MIN,
                                  INT64_MIN + 1,
                                  INT64_MAX,
                                  INT64_MAX - 1};

static bool has_shortcut(struct bench *bench, const char *text)
{
    struct lt_program *program = bench_program(bench, bench_predicate(bench, text), text, false);
    bool has = lt_program_shortcut(program) != NULL;
    lt_program_destroy(program);
    return has;
}

static void compare(struct bench *bench, const char *text)
{
    struct lt_expression *expression = bench_predicate(bench, text);
    struct lt_program *direct = bench_program(bench, expression, text, false);
    struct lt_program *stepped = bench_program(bench, expression, text, true);
    assert_null(lt_program_shortcut(stepped));
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        lt_row_values(bench->row)[OFFSET].i64 = numbers[i];
        lt_row_values(bench->row)[TIMESTAMP].i64 = numbers[i];
        lt_row_values(bench->row)[VALUE] = lt_value_bytes("nineteen bytes long", (uint32_t)i);
        enum lt_program_answer answer = lt_program_eval_predicate(direct, bench->row),
                               wanted = lt_program_eval_predicate(stepped, bench->row);
        if (answer != wanted)
            fail_msg("%s: answered %d, not %d, of %lld", text, (int)answer, (int)wanted,
                     (long long)numbers[i]);
    }
    lt_program_destroy(direct);
    lt_program_destroy(stepped);
}

static void answers_as_the_steps_do(void **state)
{
    struct bench bench;
    (void)state;
    bench_init(&bench);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        compare(&bench, texts[i]);
    bench_fini(&bench);
}

static void one_column_compared_with_a_constant_has_a_shortcut(void **state)
{
    struct bench bench;
    (void)state;
    bench_init(&bench);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (!has_shortcut(&bench, texts[i]))
            fail_msg("%s: has none", texts[i]);
    }
    bench_fini(&bench);
}

static void everything_else_has_none(void **state)
{
    static const char *const others[] = {
        "offset = partition",
        "offset = offset",
        "offset = null",
        "offset % partition = 0",
        "123 % offset = 0",
        "offset % 123 = partition",
        "offset % 123 % 7 = 0",
        "(offset + 1) % 123 = 0",
        "offset = 7 and partition = 3",
        "offset > 1 or offset < 7",
        "offset > 1 and offset % 123 < 7",
        "offset % 123 < 7 and offset > 1",
        "length(value) > 8 and offset > 1",
        "-0.5 * offset > 1",
        "0.5 * partition * partition > 1",
        "0.5 * offset > offset",
        "offset + 0.5 > 7",
        "offset <> 7",
        "not offset = 7",
        "offset <=> 7",
        "topic = 'orders'",
        "topic is null",
        "offset <= length(value)",
        "value:qty > 8",
        "double(offset) > 7",
        "true",
    };
    struct bench bench;
    (void)state;
    bench_init(&bench);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (has_shortcut(&bench, others[i]))
            fail_msg("%s: has one", others[i]);
        compare(&bench, others[i]);
    }
    bench_fini(&bench);
}

static void null_is_no_number(void **state)
{
    struct bench bench;
    (void)state;
    bench_init(&bench);
    lt_row_set_null(bench.row, OFFSET);
    lt_row_set_null(bench.row, VALUE);
    lt_row_set_null(bench.row, TIMESTAMP);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_int_equal(bench_answer(&bench, texts[i]), LT_PROGRAM_NULL);
    bench_fini(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_as_the_steps_do),
        cmocka_unit_test(one_column_compared_with_a_constant_has_a_shortcut),
        cmocka_unit_test(everything_else_has_none),
        cmocka_unit_test(null_is_no_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
