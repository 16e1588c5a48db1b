/*
 * What reads documents reads each once in an evaluation, and only the fields that are used:
 * counted.
 */
#include "tests/ops/expr/rows.h"

enum { TEXTS_MAX = 4 };

struct reading {
    struct lt_arena *arena;
    const struct lt_type *schema;
    struct lt_row_pool *in, *out;
    struct lt_row *row, *result;
    struct lt_program_json_counters cost;
};

static struct reading reading;
static struct lt_session session;

/* What a constant of the result came to is its program's. */
static struct lt_program *last_program;

static int set_up(void **state)
{
    static const struct lt_row_pool_options options = {
        .column_count = TEXTS_MAX, .capacity = 2, .scratch_size_bytes = 65536};
    struct lt_error error;
    (void)state;
    reading = (struct reading){.arena = lt_arena_create()};
    session = *lt_session_default();
    assert_int_equal(
        lt_type_parse_ddl("j STRING, k STRING, n INT", reading.arena, &reading.schema, &error), 0);
    assert_int_equal(lt_row_pool_create(&options, &reading.in, &error), 0);
    assert_int_equal(lt_row_pool_create(&options, &reading.out, &error), 0);
    reading.row = lt_row_claim(reading.in);
    reading.result = lt_row_claim(reading.out);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    lt_program_destroy(last_program);
    last_program = NULL;
    lt_row_release(reading.row);
    lt_row_release(reading.result);
    lt_row_pool_destroy(reading.in);
    lt_row_pool_destroy(reading.out);
    lt_arena_destroy(reading.arena);
    return 0;
}

static struct lt_expression *analysed(const char *text)
{
    struct lt_expression *expression;
    struct lt_error error;
    if (lt_expr_parse(text, reading.arena, &expression, &error) != LT_OK ||
        lt_expr_analyse(&expression, text, reading.schema, NULL, reading.arena, &error) != LT_OK)
        fail_msg("%s: %s", text, error.text);
    return expression;
}

/* Evaluates up to four texts over the row (j, '{"a":9}', 1) as one program, by both loops. */
static void read_all(const char *json, const char *const texts[TEXTS_MAX])
{
    struct lt_expression *expressions[TEXTS_MAX];
    size_t count = 0;
    for (; count < TEXTS_MAX && texts[count] != NULL; count++)
        expressions[count] = analysed(texts[count]);
    union lt_value *values = lt_row_values(reading.row);
    values[0] = lt_value_text(json);
    values[1] = lt_value_text("{\"a\":9}");
    values[2] = lt_value_i64(1);
    for (int i = 0; i < 2; i++) {
        const struct lt_program_options options = {.expressions = expressions,
                                                   .texts = texts,
                                                   .count = count,
                                                   .schema = reading.schema,
                                                   .session = &session,
                                                   .use_switch = i == 1};
        struct lt_error error;
        lt_row_nulls(reading.result)[0] = 0;
        lt_program_destroy(last_program);
        last_program = NULL;
        if (lt_program_create(&options, &last_program, &error) != LT_OK)
            fail_msg("%s: %s", texts[0], error.text);
        if (!lt_program_eval(last_program, reading.row, reading.result))
            fail_msg("%s: %s", texts[0], lt_program_fault(last_program)->text);
        reading.cost = lt_program_json_counters(last_program);
    }
}

static void expect_i64(size_t column, int64_t wanted)
{
    assert_false(lt_row_is_null(reading.result, (uint32_t)column));
    assert_int_equal(lt_row_values(reading.result)[column].i64, wanted);
}

static void expect_cost(uint64_t documents, uint64_t fields)
{
    assert_int_equal(reading.cost.documents, documents);
    assert_int_equal(reading.cost.fields_parsed, fields);
}

#define READ(json, ...) read_all(json, (const char *const[TEXTS_MAX]){__VA_ARGS__})
static const char ABC[] = "{\"a\":1,\"b\":2,\"c\":3}";
#define FROM_ABC "from_json(j, 'a INT, b INT, c INT')"

/* Fields that are in registers are those of the row at hand, and of no other. */
static void fields_of_no_document_are_null(void **state)
{
    (void)state;
    static const char *const texts[] = {FROM_ABC ".c", FROM_ABC ".a"};
    static const char *const documents[] = {ABC, NULL, ABC, "", "nonsense", ABC, "[1]"};
    struct lt_expression *expressions[] = {analysed(texts[0]), analysed(texts[1])};
    const struct lt_program_options options = {
        .expressions = expressions, .texts = texts, .count = 2, .schema = reading.schema};
    struct lt_program *program;
    assert_int_equal(lt_program_create(&options, &program, NULL), LT_OK);
    for (size_t i = 0; i < sizeof documents / sizeof documents[0]; i++) {
        bool is_good = documents[i] != NULL && documents[i] == ABC;
        lt_row_nulls(reading.row)[0] = documents[i] == NULL;
        lt_row_nulls(reading.result)[0] = 0;
        lt_row_values(reading.row)[0] = lt_value_text(documents[i] == NULL ? "" : documents[i]);
        assert_true(lt_program_eval(program, reading.row, reading.result));
        assert_int_equal(lt_row_nulls(reading.result)[0], is_good ? 0 : 3);
        if (is_good) {
            expect_i64(0, 3);
            expect_i64(1, 1);
        }
    }
    lt_row_nulls(reading.row)[0] = 0;
    lt_program_destroy(program);
}

static void one_field_of_three_is_one_field_parsed(void **state)
{
    (void)state;
    READ(ABC, FROM_ABC ".b");
    expect_i64(0, 2);
    expect_cost(1, 1);
}

static void without_the_optimiser_every_field_is_parsed(void **state)
{
    (void)state;
    session.is_unoptimised = true;
    READ(ABC, FROM_ABC ".b", "from_csv('1,2', 'a INT, b INT').b");
    expect_i64(0, 2);
    expect_cost(1, 3);
}

static void several_fields_of_one_text_are_read_in_one_pass(void **state)
{
    (void)state;
    READ(ABC, FROM_ABC ".c", FROM_ABC ".a + " FROM_ABC ".c");
    expect_i64(0, 3);
    expect_i64(1, 4);
    expect_cost(1, 2);
}

/* As in Spark: in what is no JSON both may be found otherwise. */
static void the_whole_value_beside_a_field_is_another_pass(void **state)
{
    static const char broken[] = "{\"a\":1,\"c\":\"\\q,\"b\":2}";
    (void)state;
    READ(ABC, FROM_ABC ".c", FROM_ABC);
    expect_i64(0, 3);
    const struct lt_struct *whole = lt_row_values(reading.result)[1].structure;
    assert_int_equal(whole->values[0].i64, 1);
    assert_int_equal(whole->values[2].i64, 3);
    expect_cost(2, 4);
    READ(broken, FROM_ABC ".a", FROM_ABC);
    assert_true(lt_row_is_null(reading.result, 0));
    assert_int_equal(lt_row_values(reading.result)[1].structure->values[0].i64, 1);
}

static void fields_of_fields_are_pruned_too(void **state)
{
    static const char json[] = "{\"b\":0,\"s\":{\"x\":1,\"y\":{\"p\":4,\"q\":5},\"z\":6}}";
    (void)state;
    READ(json, "from_json(j, 'b INT, s STRUCT<x INT, y STRUCT<p INT, q INT>, z INT>').s.y.q",
         "from_json(j, 'b INT, s STRUCT<x INT, y STRUCT<p INT, q INT>, z INT>').s.z");
    expect_i64(0, 5);
    expect_i64(1, 6);
    expect_cost(1, 4); /* s, y, q, z */
}

static void the_field_of_each_element_is_all_that_is_parsed_of_it(void **state)
{
    static const char json[] = "[{\"x\":1,\"y\":2},{\"y\":4,\"x\":3}]";
    (void)state;
    READ(json, "from_json(j, 'ARRAY<STRUCT<x INT, y INT>>').y");
    struct lt_array *array = lt_row_values(reading.result)[0].array;
    assert_int_equal(array->count, 2);
    assert_int_equal(array->values[0].i64, 2);
    assert_int_equal(array->values[1].i64, 4);
    expect_cost(1, 2);
}

static void where_every_field_counts_every_field_is_parsed(void **state)
{
    (void)state;
    READ(ABC, "from_json(j, 'a INT, b INT, c INT', map('mode', 'FAILFAST')).b");
    expect_cost(1, 3);
    READ("{\"a\":\"bad\",\"b\":2}", "from_json(j, 'a INT, b INT, _corrupt_record STRING').b",
         "from_json(j, 'a INT, b INT, _corrupt_record STRING')._corrupt_record");
    expect_i64(0, 2);
    assert_false(lt_row_is_null(reading.result, 1));
    expect_cost(1, 2);
    READ("{\"a\":\"bad\",\"b\":2}", "from_json(j, 'a INT, b INT, _corrupt_record STRING').b");
    expect_i64(0, 2);
    expect_cost(1, 1);
}

static void another_text_or_type_or_option_is_another_pass(void **state)
{
    (void)state;
    READ(ABC, "from_json(j, 'a INT').a", "from_json(k, 'a INT').a", "from_json(j, 'a BIGINT').a",
         "from_json(j, 'a INT', map('allowComments', 'true')).a");
    expect_i64(0, 1);
    expect_i64(1, 9);
    expect_i64(2, 1);
    expect_i64(3, 1);
    expect_cost(4, 4);
    READ(ABC, "from_json(j, 'a INT', map('mode', 'PERMISSIVE', 'allowComments', 'true')).a",
         "from_json(j, 'a INT', map('mode', 'PERMISSIVE', 'allowComments', 'true')).a",
         "from_json(upper(j), 'A INT').A", "from_json(upper(j), 'A INT').A");
    expect_i64(3, 1);
    expect_cost(2, 2);
}

static void what_is_not_reached_is_not_read(void **state)
{
    (void)state;
    READ(ABC, "CASE WHEN n = 2 THEN " FROM_ABC ".a ELSE 7 END");
    expect_i64(0, 7);
    expect_cost(0, 0);
    READ(ABC, "CASE WHEN n = 2 THEN " FROM_ABC ".a ELSE " FROM_ABC ".b END", FROM_ABC ".a");
    expect_i64(0, 2);
    expect_i64(1, 1);
    expect_cost(1, 2);
}

static void a_lambda_reads_each_time(void **state)
{
    (void)state;
    READ(ABC, "transform(array(k, '{\"a\":6}'), x -> from_json(x, 'a INT, b INT').a)",
         "from_json(k, 'a INT, b INT').a");
    struct lt_array *array = lt_row_values(reading.result)[0].array;
    assert_int_equal(array->values[0].i64, 9);
    assert_int_equal(array->values[1].i64, 6);
    expect_i64(1, 9);
    expect_cost(3, 3);
}

static void a_null_text_is_null_in_every_field(void **state)
{
    (void)state;
    READ(ABC, "from_json(nullif(j, j), 'a INT, b INT').a", FROM_ABC ".b");
    assert_true(lt_row_is_null(reading.result, 0));
    expect_i64(1, 2);
    expect_cost(1, 1);
}

/* Field `index` of the struct that column `column` came to; "-" for NULL. */
static void expect_field(uint32_t column, uint32_t index, const char *wanted)
{
    char got[32] = "-";
    assert_false(lt_row_is_null(reading.result, column));
    const struct lt_struct *structure = lt_row_values(reading.result)[column].structure;
    if (!lt_bit(structure->nulls, index))
        (void)snprintf(got, sizeof got, "%lld", (long long)structure->values[index].i64);
    assert_string_equal(got, wanted);
}

/* The escape is none, and the text behind it is taken up again: what is left of it depends on which
 * fields are read, in which order they stand, and whether they are read together. */
static void a_struct_of_fields_is_read_together(void **state)
{
    static const char first[] = "{\"a\":\"\\q,\"b\":2,\"c\":3}";
    static const char middle[] = "{\"a\":1,\"c\":\"\\q,\"b\":2}";
    (void)state;
    READ(first, "struct(" FROM_ABC ".a, " FROM_ABC ".b)",
         "named_struct('b', " FROM_ABC ".b, 'a', " FROM_ABC ".a)",
         "struct(" FROM_ABC ".a AS x, " FROM_ABC ".b)", "struct(" FROM_ABC ".A, " FROM_ABC ".b)");
    expect_field(0, 0, "-");
    expect_field(0, 1, "2");
    expect_field(1, 0, "2");
    expect_field(1, 1, "-");
    expect_field(2, 1, "-"); /* another name */
    expect_field(3, 1, "-"); /* is the name as it was written */
    READ(middle, "struct(" FROM_ABC ".a, " FROM_ABC ".c)", "struct(" FROM_ABC ".c, " FROM_ABC ".b)",
         "array(struct(" FROM_ABC ".a, " FROM_ABC ".b))[0].a",
         "named_struct('a', " FROM_ABC ".a, 'a', " FROM_ABC ".a)");
    expect_field(0, 0, "1");
    expect_field(0, 1, "-");
    expect_field(1, 0, "-");
    expect_field(1, 1, "2");
    assert_true(lt_row_is_null(reading.result, 2));
    expect_field(3, 0, "-");
}

static void a_field_of_such_a_struct_is_read_alone(void **state)
{
    static const char text[] = "{\"a\":\"\\q,\"b\":2,\"c\":3}";
    (void)state;
    READ(text, "struct(" FROM_ABC ".a, " FROM_ABC ".b).b", "struct(" FROM_ABC ".b)");
    assert_true(lt_row_is_null(reading.result, 0));
    expect_field(1, 0, "-");
    READ(ABC, "struct(" FROM_ABC ".a, " FROM_ABC ".b).b", FROM_ABC ".b");
    expect_i64(0, 2);
    expect_cost(1, 2); /* of one reader, whose struct is made */
}

static void a_struct_of_fields_of_nothing_is_of_nulls(void **state)
{
    (void)state;
    READ("", "struct(" FROM_ABC ".a, " FROM_ABC ".b)",
         "struct(from_json(nullif(k, k), 'a INT, b INT').a)");
    expect_field(0, 0, "-");
    expect_field(0, 1, "-");
    expect_field(1, 0, "-");
}

static void what_a_struct_of_fields_leaves_out_cannot_fail(void **state)
{
    (void)state;
    READ("{\"a\":1,\"b\":\"x\"}",
         "struct(from_json(j, 'a INT, b INT', map('mode', 'FAILFAST')).a)");
    expect_field(0, 0, "1");
    expect_cost(1, 1);
    READ("{\"a\":1,\"b\":\"x\"}", "struct(from_json(j, 'a INT, b INT, _corrupt_record "
                                  "STRING').a, from_json(j, 'a INT, b INT, _corrupt_record "
                                  "STRING')._corrupt_record)");
    expect_field(0, 0, "1");
    expect_field(0, 1, "-");
}

/* A constant is read before anything is taken of it. */
static void a_field_of_a_constant_is_taken_of_the_whole(void **state)
{
    (void)state;
    READ(ABC, "from_json(concat('{\"a\":1,\"c\":\"\\\\q', ',\"b\":2}'), 'a INT, b INT, c INT').a");
    expect_i64(0, 1);
}

static void csv_looks_into_the_fields_that_are_used(void **state)
{
    (void)state;
    READ("1,2,3", "from_csv(j, 'a INT, b INT, c INT').c", "from_csv(j, 'a INT, b INT, c INT').a");
    expect_i64(0, 3);
    expect_i64(1, 1);
    expect_cost(1, 2);
    READ("1,2,3", "from_csv(j, 'a INT, b INT, c INT', map('mode', 'FAILFAST')).c");
    expect_i64(0, 3);
    expect_cost(1, 3);
    READ("1,x", "from_csv(j, 'a INT, b INT, _corrupt_record STRING')._corrupt_record");
    assert_false(lt_row_is_null(reading.result, 0));
    expect_cost(1, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(fields_of_no_document_are_null, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_field_of_three_is_one_field_parsed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_the_optimiser_every_field_is_parsed, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(several_fields_of_one_text_are_read_in_one_pass, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_whole_value_beside_a_field_is_another_pass, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(fields_of_fields_are_pruned_too, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_field_of_each_element_is_all_that_is_parsed_of_it,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(where_every_field_counts_every_field_is_parsed, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(another_text_or_type_or_option_is_another_pass, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_reached_is_not_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_lambda_reads_each_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_null_text_is_null_in_every_field, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_struct_of_fields_is_read_together, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_field_of_such_a_struct_is_read_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_struct_of_fields_of_nothing_is_of_nulls, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_a_struct_of_fields_leaves_out_cannot_fail, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_field_of_a_constant_is_taken_of_the_whole, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(csv_looks_into_the_fields_that_are_used, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
