/*
 * Which types meet, and how operators and functions refuse those that do not; arguments that must
 * be constants.
 */
#include "tests/ops/expr/cases.h"

#define REFUSED "analysis-error", "-"
#define WRONG_TYPE REFUSED, "DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE 42K09"
#define DIFF_TYPES REFUSED, "DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES 42K09"
#define UNEXPECTED REFUSED, "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE 42K09"

static void operators_refuse_what_their_sides_meet_at(void **state)
{
    (void)state;
    EXPECT(lt_session_default(), {"'abc' * NULL", WRONG_TYPE}, {"NULL ^ '2'", WRONG_TYPE},
           {"'abc' * true", WRONG_TYPE}, {"X'32' - '2'", WRONG_TYPE}, {"1.5D DIV 2.5", WRONG_TYPE},
           {"1.5F DIV 2.5", DIFF_TYPES}, {"NULL DIV 1.5D", DIFF_TYPES}, {"true & NULL", DIFF_TYPES},
           {"2 & 2.25", DIFF_TYPES}, {"'a' AND 'b'", WRONG_TYPE}, {"'a' AND array(1)", DIFF_TYPES},
           {"'true' AND true", "value", "boolean", "true"},
           {"INTERVAL '3' MONTH DIV NULL", "null", "bigint", ""}, {"2 IS UNKNOWN", UNEXPECTED},
           {"(1 > NULL) IS UNKNOWN", "value", "boolean", "true"});
}

static void legacy_rules_make_a_string_a_double_in_arithmetic(void **state)
{
    struct lt_session legacy = *lt_session_default();
    (void)state;
    legacy.is_legacy = true;
    EXPECT(&legacy, {"'2' & 3L", DIFF_TYPES}, {"'2' & 2.25", WRONG_TYPE},
           {"'2' AND 2.25", DIFF_TYPES}, {"'2' = INTERVAL '1' DAY", DIFF_TYPES},
           {"upper(make_interval(1))", UNEXPECTED}, {"'2' * NULL", "null", "double", ""});
}

static void places_of_rounding_are_constants(void **state)
{
    (void)state;
    EXPECT(lt_session_default(), {"round(2.567, 1.5D)", "value", "decimal(3,1)", "2.6"},
           {"round(2.567, 'abc')", REFUSED, "CAST_INVALID_INPUT 22018"},
           {"round(2.567D, CAST(rand() AS INT))", REFUSED,
            "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT 42K09"},
           {"bround(INTERVAL '1' DAY, 0)", UNEXPECTED}, {"ceil(make_interval(1))", UNEXPECTED},
           {"floor(2.5, 3L)", REFUSED, "NON_FOLDABLE_ARGUMENT 42K08"},
           {"floor('2.55', 1)", "value", "decimal(22,1)", "2.5"},
           {"ceil(NULL, 0)", "null", "decimal(21,0)", ""});
}

static void arguments_stay_what_they_are_where_spark_casts_none(void **state)
{
    (void)state;
    EXPECT(lt_session_default(), {"soundex(2)", UNEXPECTED}, {"bit_count('2')", UNEXPECTED},
           {"get_json_object(1, '$.a')", UNEXPECTED}, {"bitmap_count('2')", UNEXPECTED},
           {"format_number(1.5, 1Y)", UNEXPECTED}, {"rand(1Y)", UNEXPECTED},
           {"2.25 << '2'", "value", "int", "8"},
           {"like('a', 'b', 2)", REFUSED, "INVALID_ESCAPE_CHAR 42604"},
           {"ilike('a', 'b', '')", REFUSED, "INVALID_ESCAPE_CHAR 42604"},
           {"to_binary('a', array(1))", REFUSED, "DATATYPE_MISMATCH.INVALID_ARG_VALUE 42K09"},
           {"TRY_CAST(2 AS BINARY)", REFUSED, "DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION 42K09"});
}

static void what_is_not_chosen_is_not_evaluated(void **state)
{
    (void)state;
    EXPECT(lt_session_default(), {"nanvl(1.5, 'abc')", "value", "double", "1.5"},
           {"nanvl(double('NaN'), 'abc')", "runtime-error", "double", "CAST_INVALID_INPUT 22018"},
           {"nanvl(float('NaN'), 2.5F)", "value", "float", "2.5"},
           {"nanvl(NULL, 1)", "null", "double", ""});
}

static void calendar_intervals_are_values_as_others(void **state)
{
    (void)state;
    EXPECT(lt_session_default(), {"hash(make_interval(1), 1)", "value", "int", "-1891910550"},
           {"xxhash64(make_interval(1), 1)", "value", "bigint", "-5866240245084405992"},
           {"hash(map(1, 2))", REFUSED, "DATATYPE_MISMATCH.HASH_MAP_TYPE 42K09"},
           {"format_string('%s', make_interval(1))", "value", "string", "1 years"},
           {"decode(1, 1, 'a', make_interval(1))", REFUSED,
            "DATATYPE_MISMATCH.DATA_DIFF_TYPES 42K09"});
}

static void small_answers_are_those_of_spark(void **state)
{
    (void)state;
    EXPECT(lt_session_default(), {"locate('b', 'abcb', NULL)", "value", "int", "0"},
           {"locate(NULL, 'abcb', 1)", "null", "int", ""}, {"~NULL", "null", "int", ""},
           {"regexp_replace('aaa', '^a', 'X', 2)", "value", "string", "aXa"},
           {"regexp_replace('abab', '(?<=a)b', 'X', 2)", "value", "string", "abaX"},
           {"aes_decrypt('', '0000111122223333', 'ECB')", "value", "binary", ""},
           {"aes_decrypt(unhex('348FF37EBDE05B7880BA339068FBDA5E'), '0000111122223333', 'ECB', "
            "'PKCS', 'abc')",
            "value", "binary", "537061726B"});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operators_refuse_what_their_sides_meet_at),
        cmocka_unit_test(legacy_rules_make_a_string_a_double_in_arithmetic),
        cmocka_unit_test(places_of_rounding_are_constants),
        cmocka_unit_test(arguments_stay_what_they_are_where_spark_casts_none),
        cmocka_unit_test(what_is_not_chosen_is_not_evaluated),
        cmocka_unit_test(calendar_intervals_are_values_as_others),
        cmocka_unit_test(small_answers_are_those_of_spark),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
