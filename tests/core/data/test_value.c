/* Values: Spark's order, and a hash that never changes. */
#include "core/data/value.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "core/data/type.h"

static struct lt_arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = lt_arena_create();
    return 0;
}
static int tear_down(void **state)
{
    (void)state;
    lt_arena_destroy(arena);
    return 0;
}

static const struct lt_type *parse(const char *text)
{
    const struct lt_type *type = NULL;
    assert_int_equal(lt_type_parse(text, arena, &type, NULL), 0);
    return type;
}

static int sign(int number)
{
    return (number > 0) - (number < 0);
}

/* Each value is less than the next, equal to itself, and hashes unlike it. */
static void are_in_order(const char *type_text, const union lt_value *values, size_t count)
{
    const struct lt_type *type = parse(type_text);
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < count; j++)
            assert_int_equal(sign(lt_value_compare(type, &values[i], &values[j])),
                             (i > j) - (i < j));
        assert_int_equal(lt_value_hash(type, &values[i], 1), lt_value_hash(type, &values[i], 1));
        if (i != 0)
            assert_int_not_equal(lt_value_hash(type, &values[i], 1),
                                 lt_value_hash(type, &values[i - 1], 1));
    }
}
#define ARE_IN_ORDER(type, ...)                                                                    \
    are_in_order(type, (union lt_value[]){__VA_ARGS__},                                            \
                 sizeof((union lt_value[]){__VA_ARGS__}) / sizeof(union lt_value))

static void scalars_are_ordered_as_spark_orders_them(void **state)
{
    (void)state;
    ARE_IN_ORDER("bigint", lt_value_i64(INT64_MIN), lt_value_i64(-1), lt_value_i64(0),
                 lt_value_i64(INT64_MAX));
    ARE_IN_ORDER("boolean", lt_value_i64(0), lt_value_i64(1));
    ARE_IN_ORDER("double", lt_value_f64(-(double)INFINITY), lt_value_f64(-1.5), lt_value_f64(0.0),
                 lt_value_f64(5e-324), lt_value_f64((double)INFINITY), lt_value_f64((double)NAN));
    ARE_IN_ORDER("string", lt_value_text(""), lt_value_text("Z"), lt_value_text("a"),
                 lt_value_text("ab"), lt_value_text("b"), lt_value_text("é"));
    ARE_IN_ORDER("binary", lt_value_bytes("\0", 1), lt_value_bytes("\0\0", 2),
                 lt_value_bytes("\x7f", 1), lt_value_bytes("\x80", 1), lt_value_bytes("\xff", 1));
    __int128 large = (__int128)1 << 100;
    ARE_IN_ORDER("decimal(38,0)", {.i128 = -large}, {.i128 = -1}, {.i128 = 0}, {.i128 = large},
                 {.i128 = large + 1});
    ARE_IN_ORDER("interval", {.interval = {1, 2, 3}}, {.interval = {1, 2, 4}},
                 {.interval = {1, 3, 0}}, {.interval = {2, 0, -5}});
}

static void equal_floats_hash_alike(void **state)
{
    (void)state;
    const struct lt_type *type = lt_type_simple(LT_TYPE_DOUBLE);
    union lt_value zero = lt_value_f64(0.0), minus = lt_value_f64(-0.0);
    assert_int_equal(lt_value_compare(type, &zero, &minus), 0);
    assert_int_equal(lt_value_hash(type, &zero, 42), lt_value_hash(type, &minus, 42));
    union lt_value nan = lt_value_f64((double)NAN), other = lt_value_f64(-(double)NAN);
    assert_int_equal(lt_value_compare(type, &nan, &other), 0);
    assert_int_equal(lt_value_hash(type, &nan, 42), lt_value_hash(type, &other, 42));
}

static void nested_values_compare_element_by_element_with_null_first(void **state)
{
    (void)state;
    union lt_value numbers[] = {lt_value_i64(1), lt_value_i64(2), lt_value_i64(3)};
    uint64_t second_null = 2;
    struct lt_array empty = {0}, one = {.count = 1, .values = numbers},
                    two = {.count = 2, .values = numbers},
                    holey = {.count = 2, .values = numbers, .nulls = &second_null},
                    three = {.count = 1, .values = numbers + 2};
    ARE_IN_ORDER("array<int>", {.array = &empty}, {.array = &one}, {.array = &holey},
                 {.array = &two}, {.array = &three});
    uint64_t first_null = 1;
    struct lt_struct a = {.nulls = &first_null, .values = numbers}, b = {.values = numbers},
                     c = {.values = numbers + 1};
    ARE_IN_ORDER("struct<a:int,b:int>", {.structure = &a}, {.structure = &b}, {.structure = &c});
    assert_int_equal(
        lt_value_compare(
            parse("array<int>"), &(union lt_value){.array = &one},
            &(union lt_value){.array = &(struct lt_array){.count = 1, .values = numbers}}),
        0);
}

static void make_elements(struct lt_array *array)
{
    static const union lt_value made[] = {{.i64 = 7}};
    array->is_native = false;
    array->count = 1;
    array->values = made;
}

static void native_arrays_are_made_before_they_are_looked_at(void **state)
{
    (void)state;
    union lt_value seven = lt_value_i64(7);
    struct lt_array plain = {.count = 1, .values = &seven};
    struct lt_array native = {.is_native = true, .native = {.materialize = make_elements}};
    struct lt_array again = native;
    const struct lt_type *type = parse("array<int>");
    assert_int_equal(lt_value_compare(type, &(union lt_value){.array = &plain},
                                      &(union lt_value){.array = &native}),
                     0);
    assert_int_equal(lt_value_hash(type, &(union lt_value){.array = &again}, 5),
                     lt_value_hash(type, &(union lt_value){.array = &plain}, 5));
}

/* These numbers are in checkpoints: when this fails, mend the hash and not the test. */
static void hashes_are_those_of_every_release(void **state)
{
    (void)state;
    union lt_value one = lt_value_i64(1), half = lt_value_f64(0.5), text = lt_value_text("abc");
    union lt_value decimal = {.i128 = -1}, interval = {.interval = {1, 2, 3}};
    struct lt_array array = {.count = 1, .values = &one};
    struct lt_struct structure = {.values = (union lt_value[]){one, text}};
    assert_int_equal(lt_value_hash(parse("int"), &one, LT_VALUE_HASH_SEED), 0x9ed50fd59358d232u);
    assert_int_equal(lt_value_hash(parse("timestamp"), &one, LT_VALUE_HASH_SEED),
                     0x9ed50fd59358d232u);
    assert_int_equal(lt_value_hash(parse("double"), &half, LT_VALUE_HASH_SEED),
                     0x2a10cb2d6db3ed9fu);
    assert_int_equal(lt_value_hash(parse("string"), &text, LT_VALUE_HASH_SEED),
                     0x13c1d910702770e6u);
    assert_int_equal(lt_value_hash(parse("decimal(38,2)"), &decimal, LT_VALUE_HASH_SEED),
                     0x8764499bd5b47108u);
    assert_int_equal(lt_value_hash(parse("interval"), &interval, LT_VALUE_HASH_SEED),
                     0x40920207ed98d539u);
    assert_int_equal(
        lt_value_hash(parse("array<int>"), &(union lt_value){.array = &array}, LT_VALUE_HASH_SEED),
        0x0cb7b71a9e7158bcu);
    assert_int_equal(lt_value_hash(parse("struct<a:int,b:string>"),
                                   &(union lt_value){.structure = &structure}, LT_VALUE_HASH_SEED),
                     0xf3faad6b157a3530u);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scalars_are_ordered_as_spark_orders_them),
        cmocka_unit_test(equal_floats_hash_alike),
        cmocka_unit_test(nested_values_compare_element_by_element_with_null_first),
        cmocka_unit_test(native_arrays_are_made_before_they_are_looked_at),
        cmocka_unit_test(hashes_are_those_of_every_release),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
