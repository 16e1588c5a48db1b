/* Small differences from Spark that random expressions have found: each is what Spark answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "tests/ops/expr/expect.h"

static void what_is_refused_is_refused_by_the_right_name(void **state)
{
    (void)state;
    expect("and(true, true, false)", "WRONG_NUM_ARGS.WITHOUT_SUGGESTION");
    expect("or(true)", "WRONG_NUM_ARGS.WITHOUT_SUGGESTION");
    expect("and(true, false)", "false");
    expect("true AND true AND false", "false");
    expect("soundex(5)", "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE");
    expect("ilike('a', 'b', 'cd')", "INVALID_ESCAPE_CHAR");
    expect("ilike('A%', 'a/%', '/')", "true");
    expect("array_position(1, NULL)", "DATATYPE_MISMATCH.NULL_TYPE");
    expect("array_position(1, 1)", "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE");
    expect("floor(1.5, length(uuid()))", "NON_FOLDABLE_ARGUMENT");
    expect("TRY_CAST(1 AS BINARY)", "DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION");
    expect("CAST(1 AS BINARY)", "DATATYPE_MISMATCH.CAST_WITH_CONF_SUGGESTION");
    expect("aes_decrypt(X'00', X'80', '.')", "INVALID_PARAMETER_VALUE.AES_KEY_LENGTH");
}

static void a_decimal_of_many_seconds_wraps(void **state)
{
    (void)state;
    expect("year(CAST(CAST(-99999999999999.9999 AS DECIMAL(18,4)) AS TIMESTAMP))", "-244134");
    expect("CAST(1.1234567 AS TIMESTAMP)", "1970-01-01 00:00:01.123456");
    expect("CAST(-1.5 AS TIMESTAMP)", "1969-12-31 23:59:58.5");
    expect("CAST(CAST(7 AS DECIMAL(38,0)) AS TIMESTAMP)", "1970-01-01 00:00:07");
}

static void so_many_of_nullif_in_each_other_are_refused(void **state)
{
    (void)state;
    char text[TEXT_SIZE], last[TEXT_SIZE];
    for (int depth = 1; depth <= 30; depth++) {
        (void)snprintf(last, sizeof last, "%s", depth == 1 ? "1" : text);
        (void)snprintf(text, sizeof text, "nullif(%.*s, 2)", TEXT_SIZE - 16, last);
        if (depth == 10)
            expect(text, "1");
    }
    expect(text, "EXPRESSION_TOO_DEEP");
}

/* Of more than a megabyte: it is made where it is reached, and there in its full size. */
static void a_large_constant_is_not_made_while_it_is_analysed(void **state)
{
    (void)state;
    expect("length(regexp_replace(repeat('a', 2000), 'a', repeat('b', 2000)))", "4000000");
    expect("size(sequence(1, 1000000))", "1000000");
    expect("if(rand() < 2, sequence(1, 1000000)[999999], 0)", "1000000");
    expect("if(rand() < 2, try_add(size(sequence(1, 1000000)), 1), 0)", "1000001");
    expect("if(rand() < 2, try_add(1, length(repeat('a', 10000000))), 0)", "10000001");
    expect("size(aggregate(sequence(1, 20), array(1), (a, x) -> a || a))", "1048576");
    expect("length(regexp_replace(repeat('a', 1000000), 'a', repeat('b', 10000)))",
           "COLLECTION_SIZE_LIMIT_EXCEEDED.FUNCTION");
    expect("regexp_replace('abc', 'b', r'x\\$y$0$0')", "ax$ybbc");
    expect("regexp_replace('abc', 'b', r'x\\')", "INVALID_REGEXP_REPLACE");
}

static void the_last_timestamp_has_a_date_in_each_zone(void **state)
{
    struct lt_session east = *lt_session_default();
    (void)state;
    (void)snprintf(east.time_zone, sizeof east.time_zone, "Asia/Kolkata");
    expect_in(&east, "CAST(timestamp_micros(9223372036854775807) AS DATE)", "+294247-01-10");
    expect_in(&east, "year(timestamp_micros(9223372036854775807))", "294247");
    expect_in(&east, "CAST(TIMESTAMP'1969-12-31 23:59:59.999999' AS DATE)", "1969-12-31");
    expect_in(&east, "CAST(TIMESTAMP'1970-01-01 00:00:00' AS DATE)", "1970-01-01");
}

/* Spark takes no lambda for a constant. */
static void what_a_lambda_makes_fails_where_it_is_reached(void **state)
{
    (void)state;
    expect("if(rand() < 0, 1, TRY_CAST('x' AS INT)) ^ "
           "CAST(array_max(transform(array(0), x -> concat(x, 'z'))) AS INT)",
           "NULL");
    expect("if(rand() < 0, 1, TRY_CAST('x' AS INT)) ^ CAST(array_max(array('z')) AS INT)",
           "CAST_INVALID_INPUT");
}

static void texts_come_first_under_the_legacy_rules(void **state)
{
    struct lt_session legacy = *lt_session_default();
    (void)state;
    legacy.is_legacy = true;
    expect_in(&legacy, "coalesce(1, DATE'2020-01-01', 'a')", "1");
    expect_in(&legacy, "coalesce(1, true, 'a')", "DATATYPE_MISMATCH.DATA_DIFF_TYPES");
    expect_in(&legacy, "1 IN (NULL, INTERVAL '1' MONTH, 'a')", "NULL");
    expect_in(&legacy, "array(array(1), array(DATE'2020-01-01'), array('a'))[1][0]", "2020-01-01");
    expect_in(&legacy, "CASE WHEN true THEN 1 WHEN false THEN DATE'2020-01-01' ELSE 'a' END", "1");
    expect_in(&legacy, "map(1, 2, DATE'2020-01-01', 3, 'a', 4)['2020-01-01']", "3");
    expect("coalesce(1, DATE'2020-01-01', 'a')", "DATATYPE_MISMATCH.DATA_DIFF_TYPES");
}

static void a_quotient_of_decimals_may_be_null(void **state)
{
    (void)state;
    expect("isnotnull(1BD / 0BD)", "DIVIDE_BY_ZERO");
    expect("isnotnull(1BD DIV 0BD)", "DIVIDE_BY_ZERO");
    expect("isnotnull(pmod(1BD, 0BD))", "REMAINDER_BY_ZERO");
    expect("isnotnull(1BD + 0BD)", "true");
}

static void rounding_null_to_places_does_not_hide_a_fault(void **state)
{
    (void)state;
    expect("ceil(NULL, 3) DIV to_number('%a_', 'S999.99')", "INVALID_FORMAT.MISMATCH_INPUT");
    expect("floor(NULL, 0) DIV to_number('%a_', 'S999.99')", "INVALID_FORMAT.MISMATCH_INPUT");
    expect("ceil(NULL) + CAST('a' AS INT)", "NULL");
}

static void a_pattern_of_local_times_has_one_fault(void **state)
{
    (void)state;
    static const char *const patterns[] = {"pad", "A", "c", "YYYY", "yyyy E", "yyyyyyyyyyy"};
    char text[128];
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
        (void)snprintf(text, sizeof text, "to_timestamp_ntz('2020', '%s')", patterns[i]);
        expect(text, "INVALID_DATETIME_PATTERN.WITH_SUGGESTION");
    }
    expect("to_csv(struct(TIMESTAMP_NTZ'2020-01-01'), map('timestampNTZFormat', 'pad'))",
           "INVALID_DATETIME_PATTERN.WITH_SUGGESTION");
    expect("to_timestamp('2020', 'pad')", "INVALID_DATETIME_PATTERN.ILLEGAL_CHARACTER");
}

static void the_first_bad_name_of_a_schema_is_told(void **state)
{
    (void)state;
    expect("from_json('', '\u00e9 INT')", "INVALID_IDENTIFIER");
    expect("from_json('', 'b INT, \u00e9 INT')", "PARSE_SYNTAX_ERROR");
    expect("from_json('', CAST(X'80' AS STRING))", "PARSE_SYNTAX_ERROR");
    expect("from_json('', CAST(DATE'2020-01-01' - INTERVAL '1' MONTH AS STRING))",
           "INVALID_SCHEMA.NON_STRING_LITERAL");
    expect("from_json('', CAST(DATE'2020-01-01' + INTERVAL '1' MONTH AS STRING))",
           "PARSE_SYNTAX_ERROR");
}

static void what_is_counted_is_not_made(void **state)
{
    (void)state;
    expect("if(rand() < 2, size(map(true, 100, false, 0, false, 7)), 0)", "3");
    expect("size(map(true, 100, false, 0, false, 7))", "DUPLICATED_MAP_KEY"); /* of a constant */
    expect("cardinality(array(1, NULL))", "2");
    expect("size(array())", "0");
    expect("size(map(1 + 1, 100, 2, 0))", "DUPLICATED_MAP_KEY");
    expect("size(map(uuid(), 1, 'a', 2))", "2");
}

/* Others are NULL with a NULL, whatever stands beside it. */
static void some_functions_of_null_look_at_their_other_arguments(void **state)
{
    (void)state;
    expect("zip_with(array(CAST(uuid() AS INT)), CAST(NULL AS ARRAY<STRING>), (x, y) -> y)",
           "CAST_INVALID_INPUT");
    expect("map_zip_with(map(CAST(uuid() AS INT), 1), CAST(NULL AS MAP<INT, INT>), "
           "(k, x, y) -> y)",
           "CAST_INVALID_INPUT");
    expect("sequence(CAST(uuid() AS INT), CAST(NULL AS INT))", "CAST_INVALID_INPUT");
    expect("array_join(array(CAST(CAST(uuid() AS INT) AS STRING)), CAST(NULL AS STRING))",
           "CAST_INVALID_INPUT");
    expect("get_json_object(CAST(CAST(uuid() AS INT) AS STRING), CAST(NULL AS STRING))",
           "CAST_INVALID_INPUT");
    expect("trim(BOTH CAST(NULL AS STRING) FROM CAST(CAST(uuid() AS INT) AS STRING))",
           "CAST_INVALID_INPUT");
    expect("to_timestamp_ltz(CAST(CAST(uuid() AS INT) AS STRING), CAST(NULL AS STRING))",
           "CAST_INVALID_INPUT");
    expect("instr(CAST(CAST(uuid() AS INT) AS STRING), CAST(NULL AS STRING))", "NULL");
}

static void what_is_beyond_all_numbers_is_as_javas(void **state)
{
    (void)state;
    expect("width_bucket(1e308D, 0D, 1.7E308D, 1700000000L)", "-9223372036854775808");
    expect("width_bucket(-1e308D, 0D, -1.7E308D, 1700000000L)", "-9223372036854775808");
    expect("round(0, -2147483648)", "0");
    expect("round(7, -2147483648)", "ARITHMETIC_OVERFLOW");
    expect("array(named_struct('a', 1))[uuid()]", "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE");
    expect("array(named_struct('a', 1))['a']", "[1]");
}

static void a_constant_is_rounded_by_each_of_two_casts(void **state)
{
    (void)state;
    expect("CAST(CAST(2147483647 AS FLOAT) AS DOUBLE)", "2.147483648E9");
    expect("CAST(greatest(1, 2147483647) AS FLOAT) * 2D", "4.294967296E9");
    expect("try_multiply(2D, TRY_CAST(greatest(1, 2147483647) AS FLOAT))", "4.294967296E9");
    expect("transform(array(2147483647), x -> CAST(CAST(x AS FLOAT) AS DOUBLE))",
           "[2.147483647E9]"); /* Spark leaves the inner one out */
    expect("CAST(CAST(length(uuid()) + 2147483611 AS FLOAT) AS DOUBLE)", "2.147483647E9");
    expect("CAST(CAST(CAST(rand(1) * 2147483647 AS INT) AS FLOAT) AS DOUBLE)", "1.366612983E9");
}

static void under_the_legacy_rules_decimals_are_written_as_java_does(void **state)
{
    struct lt_session legacy = *lt_session_default();
    (void)state;
    legacy.is_legacy = true;
    expect_in(&legacy, "CAST(0 AS DECIMAL(38,18))", "0E-18");
    expect_in(&legacy, "CAST(1.5 AS DECIMAL(5,2))", "1.50");
    expect_in(&legacy, "CAST('.5' AS INT)", "0");
    expect_in(&legacy, "CAST('-.' AS TINYINT)", "0");
    expect_in(&legacy, "CAST('-' AS INT)", "NULL");
    expect_in(&legacy, "CAST('..' AS INT)", "NULL");
    expect("CAST(0 AS DECIMAL(38,18))", "0.000000000000000000");
}

static void after_a_null_what_a_call_would_ask_next_does_not_fail(void **state)
{
    (void)state;
    expect("CAST(element_at(array(rand()), 2 - 1) * 0 AS INT) + CAST('x' AS INT)",
           "CAST_INVALID_INPUT");
    expect("nullif(length(uuid()), 36) + element_at(array(1), length(uuid()))", "NULL");
    expect("element_at(array(1), length(uuid())) + nullif(length(uuid()), 36)",
           "INVALID_ARRAY_INDEX_IN_ELEMENT_AT");
    expect("locate(nullif(uuid(), uuid()), element_at(array('a'), length(uuid())))",
           "INVALID_ARRAY_INDEX_IN_ELEMENT_AT");
    expect("coalesce(nullif(length(uuid()), 36) + element_at(array(1), length(uuid())), 5)", "5");
    expect("concat(nullif(uuid(), uuid()), CAST(CAST(uuid() AS INT) AS STRING))",
           "CAST_INVALID_INPUT");
    expect("concat(if(length(uuid()) = 36, NULL, 'a'), CAST(CAST(uuid() AS INT) AS STRING))",
           "NULL");
    expect("concat(CAST(NULL AS ARRAY<INT>), array(CAST('x' AS INT)))", "NULL");
    expect("concat(CAST(NULL AS STRING), CAST(CAST('x' AS INT) AS STRING))", "CAST_INVALID_INPUT");
    expect("concat(if(length(uuid()) = 36, NULL, array(1)), array(CAST(uuid() AS INT)))", "NULL");
}

static void a_divisor_is_asked_first(void **state)
{
    (void)state;
    expect("element_at(array(1), length(uuid())) % nullif(length(uuid()), 36)", "NULL");
    expect("element_at(array(1), length(uuid())) / nullif(length(uuid()), 36)", "NULL");
    expect("nullif(length(uuid()), 36) % element_at(array(1), length(uuid()))",
           "INVALID_ARRAY_INDEX_IN_ELEMENT_AT");
    expect("round(element_at(array(1.5BD), length(uuid())), bit_count(~ NULL))", "NULL");
    expect("if(length(uuid()) = 36, '-', schema_of_json('{bad', map('mode', 'FAILFAST')))", "-");
    expect("if(length(uuid()) = 1, '-', schema_of_json('{bad', map('mode', 'FAILFAST')))",
           "MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION");
    expect("find_in_set(regexp_extract('a', '^.*$', 2), schema_of_json('{bad'))",
           "INVALID_PARAMETER_VALUE.REGEX_GROUP_INDEX");
    expect("right(nullif(uuid(), uuid()), element_at(array(1), 0))", "INVALID_INDEX_OF_ZERO");
    expect("right(if(length(uuid()) = 36, NULL, 'a'), element_at(array(1), 0))", "NULL");
}

static void of_elements_that_are_known_one_is_evaluated(void **state)
{
    (void)state;
    expect("array(length(uuid()), CAST(uuid() AS INT))[0]", "36");
    expect("array(length(uuid()), CAST(uuid() AS INT))[1]", "CAST_INVALID_INPUT");
    expect("get(array(length(uuid()), CAST(uuid() AS INT)), -1)", "NULL");
    expect("get(array(length(uuid()), CAST('x' AS INT)), 0)", "CAST_INVALID_INPUT");
    expect("get(array(1, CAST('x' AS INT)), 0)", "CAST_INVALID_INPUT");
    expect("array(length(uuid()))[1]", "NULL");
    expect("array(length(uuid()))[length(uuid())]", "INVALID_ARRAY_INDEX");
    expect("array(1)[1]", "INVALID_ARRAY_INDEX");
}

static void a_null_that_was_written_hides_what_fails(void **state)
{
    (void)state;
    expect("element_at(array(1), 2) + NULL", "NULL");
    expect("element_at(array(1), 2) + CAST(length(uuid()) * NULL AS INT)", "NULL");
    expect("length(uuid()) + (element_at(array(1), 2) + nullif(1, 1))",
           "INVALID_ARRAY_INDEX_IN_ELEMENT_AT");
    expect("try_mod(length(uuid()), CAST(NULL AS INT)) % CAST('x' AS INT)", "NULL");
    expect("round(NULL, 2) / ceil(CAST('x' AS INT))", "CAST_INVALID_INPUT");
    expect("try_mod(length(uuid()), NULL) % CAST('x' AS INT)", "NULL");
}

static void a_null_has_the_type_that_spark_gives_it(void **state)
{
    (void)state;
    expect("typeof(NULL & NULL)", "int");
    expect("typeof(NULL | 2Y)", "tinyint");
    expect("typeof(NULL / 1.5BD)", "double");
    expect("typeof(1.5BD / NULL)", "decimal(8,6)");
    expect("typeof(concat(X'41', NULL))", "string");
    expect("typeof(concat(X'41', CAST(NULL AS BINARY)))", "binary");
    expect("zip_with(array(X'41'), array(), (x, y) -> concat(x, y))", "[null]");
    expect("width_bucket(INTERVAL '1' DAY, NULL, INTERVAL '2' DAY, 3)",
           "DATATYPE_MISMATCH.DATA_DIFF_TYPES");
    expect("width_bucket(INTERVAL '1' DAY, uuid(), INTERVAL '2' DAY, 3)",
           "DATATYPE_MISMATCH.DATA_DIFF_TYPES");
    expect("width_bucket(1, NULL, 2, 3)", "NULL");
    expect("map_contains_key(NULL, NULL)", "DATATYPE_MISMATCH.NULL_TYPE");
    expect("map_contains_key(NULL, 1)", "DATATYPE_MISMATCH.MAP_FUNCTION_DIFF_TYPES");
    expect("str_to_map(CAST(CAST(uuid() AS INT) AS STRING), '|', NULL)", "NULL");
    expect("nvl2(to_number(uuid(), '999'), 1, 2)", "1");
    expect("try_add(if(true, NULL, NULL), DATE'1582-10-04')", "NULL");
}

static void wide_decimals_become_small_integers_over_a_double(void **state)
{
    struct lt_session legacy = *lt_session_default();
    (void)state;
    legacy.is_legacy = true;
    expect("CAST(1.9999999999999999999999BD AS INT)", "2");
    expect("CAST(1.9999999999999999999999BD AS BIGINT)", "1");
    expect_in(&legacy, "CAST(1.9999999999999999999999BD AS INT)", "1");
    expect("CAST(127.9999999999999999999999BD AS TINYINT)", "CAST_OVERFLOW");
    expect("CAST(-128.5000000000000000000001BD AS TINYINT)", "-128");
    expect("CAST(CAST(-99999999999999999999999999999999999999BD AS DECIMAL(38,0)) AS TIMESTAMP)",
           "-0573-05-12 21:37:31.418624");
    expect_in(&legacy, "CAST(DATE'2024-01-01' AS DECIMAL(5,2))", "NULL");
}

static void intervals_of_decimals_keep_what_their_text_does_not_show(void **state)
{
    (void)state;
    expect("CAST(CAST(1.75BD AS INTERVAL MINUTE) AS INTERVAL SECOND)", "INTERVAL '105' SECOND");
    expect("CAST(-0.5BD AS INTERVAL MINUTE)", "INTERVAL '-00' MINUTE");
    expect("CAST(CAST(1.5BD AS INTERVAL YEAR) AS INTERVAL MONTH)", "INTERVAL '18' MONTH");
}

static void try_cast_of_nested_values_takes_what_casts_take_without_ansi(void **state)
{
    (void)state;
    expect("TRY_CAST(array(DATE'2023-12-31') AS ARRAY<INT>)", "[null]");
    expect("TRY_CAST(array(DATE'2023-12-31') AS ARRAY<DECIMAL(10,0)>)", "[null]");
    expect("TRY_CAST(array(300) AS ARRAY<TINYINT>)", "[null]");
    expect("TRY_CAST(map('a', 1) AS MAP<DOUBLE, INT>)",
           "DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION");
    expect("TRY_CAST(DATE'2023-12-31' AS DECIMAL(10,0))",
           "DATATYPE_MISMATCH.CAST_WITH_FUNC_SUGGESTION");
}

static void constants_are_asked_for_where_spark_wants_them(void **state)
{
    (void)state;
    expect("regexp_replace('a', 'a', 'b', length(uuid()))", "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT");
    expect("regexp_replace('aa', 'a', 'b', 2)", "ab");
    expect("named_struct(uuid(), 1)",
           "DATATYPE_MISMATCH.CREATE_NAMED_STRUCT_WITHOUT_FOLDABLE_STRING");
    expect("sort_array(array(1), length(uuid()))", "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT");
    expect("date_part(try_url_decode('YEAR'), DATE'2024-01-02')", "NON_FOLDABLE_ARGUMENT");
    expect("date_part(concat('YE', 'AR'), DATE'2024-01-02')", "2024");
    expect("to_char(X'41', ifnull('hex', 'hex'))", "NON_FOLDABLE_ARGUMENT");
    expect("from_json('{}', current_timezone())", "INVALID_SCHEMA.NON_STRING_LITERAL");
    expect("from_json('{}', format_string('%e'))", "FAILED_FUNCTION_CALL");
    expect("from_json('{}', element_at(array('a INT'), 2))", "INVALID_ARRAY_INDEX_IN_ELEMENT_AT");
    expect("CASE WHEN 1 THEN 'a' ELSE array(1) END", "DATATYPE_MISMATCH.DATA_DIFF_TYPES");
    expect("parse_url('bad url', 'REF', 'a')", "NULL");
    expect("parse_url('bad url', 'QUERY', 'a')", "INVALID_URL");
}

static void a_negated_decimal_keeps_34_digits(void **state)
{
    (void)state;
    expect("-(12345678901234567890123456789012345678)", "-12345678901234567890123456789012350000");
    expect("-12345678901234567890123456789012345678", "-12345678901234567890123456789012345678");
    expect("abs(CAST(-1.2345678901234567890123456789012345678BD AS DECIMAL(38,37)))",
           "1.2345678901234567890123456789012350000");
    expect("abs(CAST(1.2345678901234567890123456789012345678BD AS DECIMAL(38,37)))",
           "1.2345678901234567890123456789012345678");
    expect("-(-9999999999999999999999999999999999)", "9999999999999999999999999999999999");
    expect("-(99999999999999999999999999999999999999)",
           "NUMERIC_VALUE_OUT_OF_RANGE.WITHOUT_SUGGESTION");
}

static void doubles_are_rounded_by_the_digits_they_print_with(void **state)
{
    (void)state;
    expect("round(1234567890123.4564D, 3)", "1.234567890123456E12");
    expect("round(2.675D, 2)", "2.68");
    expect("bround(2.665D, 2)", "2.66");
    expect("round(-2.5D)", "-3.0");
    expect("bround(25D, -1)", "20.0");
    expect("round(1.5e300D, -300)", "2.0E300");
    expect("round(0.1D, 400)", "0.1");
    expect("round(4e-310D, 309)", "0.0");
    expect("round(-0.4D)", "0.0");
    expect("round(127Y, -2147483648)", "ARITHMETIC_OVERFLOW");
}

static void the_positive_remainder_of_floats_is_that_of_a_float(void **state)
{
    struct lt_session legacy = *lt_session_default();
    (void)state;
    legacy.is_legacy = true;
    expect_in(&legacy, "pmod(-2.25F, 11990383647911214L)", "0.0");
    expect("pmod(-2.25D, 11990383647911214D)", "1.1990383647911212E16");
}

static void a_pattern_of_halves_of_characters_fits_no_text(void **state)
{
    (void)state;
    expect("'\\U0001F600' LIKE '\\U0001F600'", "false");
    expect("'\\U0001F600' LIKE '_'", "true");
    expect("'a\\U0001F600' ILIKE '%\\U0001F600'", "false");
    expect("concat(substring(uuid(), 1, 0), '\\U0001F600') LIKE '%\\U0001F600%'", "true");
    expect("concat(substring(uuid(), 1, 0), '\\U0001F600') LIKE '\\U0001F600'", "true");
    expect("concat(substring(uuid(), 1, 0), '\\U0001F600') LIKE '%%\\U0001F600'", "true");
    expect("concat(substring(uuid(), 1, 0), '\\U0001F600') ILIKE '%\\U0001F600%'", "true");
    expect("concat(substring(uuid(), 1, 0), 'a\\U0001F600') LIKE '_\\U0001F600'", "false");
    expect("concat(substring(uuid(), 1, 0), 'a\\U0001F600b') LIKE 'a\\U0001F600%b'", "false");
    expect("concat(substring(uuid(), 1, 0), 'a\\U0001F600xb') LIKE 'a\\U0001F600%b'", "true");
}

static void an_escape_is_written_as_a_literal(void **state)
{
    (void)state;
    expect("like('a', 'a', coalesce('-'))", "INVALID_ESCAPE_CHAR");
    expect("like('a', 'a', '-')", "true");
    expect("mask('a', 'bc', 5)", "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE");
    expect("mask('a', 'bc', uuid())", "DATATYPE_MISMATCH.INPUT_SIZE_NOT_ONE");
    expect("overlay(NULL, X'41', 1)", "DATATYPE_MISMATCH.DATA_DIFF_TYPES");
    expect("overlay(NULL, NULL, 1)", "NULL");
}

static void an_empty_match_parts_a_character_of_two_units(void **state)
{
    (void)state;
    expect("regexp_replace('a\\U0001F600b', 'x*', '-')", "-a-?-?-b-");
    expect("regexp_replace('\\U0001F600', 'x*', '') = '\\U0001F600'", "true");
    expect("regexp_replace('\\U0001F600', '(?=b)', '-') = '\\U0001F600'", "true");
    expect("regexp_replace('\\U0001F600', r'\\B', '-')", "-?-?-");
    expect("regexp_count('a\\U0001F600', r'\\B')", "2");
    expect("'\\U0001F600' rlike '(?!^)(?!$)'", "true");
    expect("'a\\U0001F600' rlike '(?<!^)(?<!a)(?!$)'", "true");
    expect("'\\U0001F600' rlike '[^a](?!^)(?!$)'", "false");
    expect("'\u00E9' rlike '(?!^)(?!$)'", "false");
    expect("regexp_instr('\\U0001F600', '(?!^)(?!$)')", "2");
    expect("regexp_instr('a\\U0001F600b', 'b|$')", "4");
    expect("regexp_extract('\\U0001F600b', '(?!^)(b?)', 1)", "");
    expect("regexp_extract('\\U0001F600b', '(?!^)(b+)', 1)", "b");
    expect("regexp_count('\\U0001F600a', '')", "4");
    expect("concat_ws('|', split('a\\U0001F600b', 'x*'))", "a|?|?|b|");
    expect("size(regexp_extract_all('a\\U0001F600b', 'x*', 0))", "5");
}

static void a_position_may_part_a_character_of_two_units(void **state)
{
    (void)state;
    expect("regexp_replace('\U0010FFFF', 'x*', '-', 2)", "?-?-");
    expect("regexp_replace('a\U0010FFFF' 'b', 'x*', '-', 3)", "a?-?-b-");
    expect("regexp_replace('a\U0010FFFF' 'b', 'b', '-', 3)", "a\U0010FFFF-");
    expect("regexp_replace('a\U0010FFFF' 'b', 'x', '-', 3)", "a\U0010FFFF" "b");
    expect("regexp_replace('a\U0010FFFF' 'b', '.', '-', 3)", "a?--");
    expect("regexp_replace('a\U0010FFFF' 'b', '.', '', 3)", "a?");
    expect("regexp_replace('a\U0010FFFF' 'b', '^', '-', 3)", "a?-?b");
    expect("regexp_replace('a\U0010FFFF' 'b', '^', '', 3)", "a\U0010FFFF" "b");
    expect("regexp_replace('a\U0010FFFF' 'b', '$', '-', 3)", "a\U0010FFFF" "b-");
}

static void trying_catches_what_arguments_of_other_types_do(void **state)
{
    (void)state;
    expect("try_add(TIMESTAMP'2020-01-01 00:00:00', make_dt_interval(2147483647 + length(uuid())))",
           "NULL");
    expect("try_add(1, element_at(array(1), length(uuid())))", "INVALID_ARRAY_INDEX_IN_ELEMENT_AT");
    expect("try_subtract(concat(uuid(), 'x'), 1)", "NULL");
    expect("try_to_binary(element_at(array('a'), length(uuid())))", "NULL");
}

static void what_java_fails_at_without_a_name_is_an_error(void **state)
{
    (void)state;
    expect("round(1.5D, -2147483648)", "ARITHMETIC_OVERFLOW");
    expect("floor(1.5BD, -2147483648)", "NUMERIC_VALUE_OUT_OF_RANGE.WITHOUT_SUGGESTION");
    expect("floor(0.0BD, -2147483648)", "0");
    expect("round(1.5D, 2147483647)", "ARITHMETIC_OVERFLOW");
    expect("lpad(X'41', -5)", "INVALID_PARAMETER_VALUE.LENGTH");
    expect("split_part('a,b', ',', -2147483648)", "INVALID_ARRAY_INDEX");
    expect("substring_index('a,b', ',', -2147483648)", "ARITHMETIC_OVERFLOW");
    expect("substring_index('a,b', '', -2147483648)", "");
    expect("try_element_at(array(1), -2147483648)", "INVALID_ARRAY_INDEX_IN_ELEMENT_AT");
    expect("to_json(map(X'41', 1))", "DATATYPE_MISMATCH.INVALID_JSON_MAP_KEY_TYPE");
    expect("array(8)[0] >> 1", "PARSE_SYNTAX_ERROR");
    expect("TRY_CAST(map(9223372036854775807L, 1) AS MAP<SMALLINT, INT>)", "NULL_MAP_KEY");
}

static void a_time_that_is_tried_is_cast_by_the_legacy_rules(void **state)
{
    (void)state;
    expect("try_to_timestamp(1e300D)", "+294247-01-10 04:00:54.775807");
    expect("try_to_timestamp(-1e300D)", "-290308-12-21 19:59:05.224192");
    expect("try_to_timestamp(CAST('NaN' AS DOUBLE))", "NULL");
    expect("try_to_timestamp(1.5D)", "1970-01-01 00:00:01.5");
    expect("try_to_timestamp('x')", "NULL");
    expect("TRY_CAST(1e300D AS TIMESTAMP)", "NULL");
}

static void under_the_legacy_rules_a_text_that_was_cast_is_no_date(void **state)
{
    struct lt_session legacy = *lt_session_default();
    (void)state;
    legacy.is_legacy = true;
    expect_in(&legacy, "'2024-01-03' - DATE'2024-01-01'", "INTERVAL '2' DAY");
    expect_in(&legacy, "substring('2024-01-03', 1) - DATE'2024-01-01'", "INTERVAL '2' DAY");
    expect_in(&legacy, "coalesce('2024-01-03', 5) - DATE'2024-01-01'",
              "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE");
    expect_in(&legacy, "substring('2024-01-03', '1') - DATE'2024-01-01'",
              "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE");
    expect_in(&legacy, "CAST(20240103 AS STRING) - DATE'2024-01-01'", "NULL");
    expect("coalesce('2024-01-03', '') - DATE'2024-01-01'", "INTERVAL '2' DAY");
}

static void a_csv_record_of_nothing_is_null(void **state)
{
    (void)state;
    expect("to_csv(struct(if(uuid() = '', 1, NULL)))", "NULL");
    expect("to_csv(struct(if(uuid() = '', 'a', NULL), NULL))", ",");
    expect("to_csv(struct(''))", "\"\"");
    expect("to_csv(struct(''), map('emptyValue', ''))", "NULL");
    expect("to_csv(struct(if(uuid() = '', 1, NULL)), map('nullValue', 'X'))", "X");
}

static void places_of_bytes_have_32_bits(void **state)
{
    (void)state;
    expect("hex(substring(X'8081', -2147483648))", "8081");
    expect("hex(substring(X'8081', -2147483648, 1))", "8081");
    expect("hex(substring(X'8081', -2147483647))", "8081");
    expect("hex(substring(X'8081', -2147483647, 1))", "");
    expect("hex(substring(X'8081', -5, 4))", "80");
    expect("hex(substring(X'0102030405', -2147483548, -2147483548))", "");
    expect("hex(substring(X'0102030405', -2147483648, -2147483648))", "");
    expect("hex(substring(X'0102030405', 3, -2147483648))", "");
}

static void parts_of_nested_casts_are_told_as_the_whole(void **state)
{
    (void)state;
    expect("CAST(array(DATE'2020-01-01') AS ARRAY<INT>)",
           "DATATYPE_MISMATCH.CAST_WITH_CONF_SUGGESTION");
    expect("CAST(map('a', DATE'2020-01-01') AS MAP<STRING, DECIMAL(5,2)>)",
           "DATATYPE_MISMATCH.CAST_WITH_CONF_SUGGESTION");
    expect("CAST(array(1) AS ARRAY<DATE>)", "DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION");
    expect("CAST(DATE'2020-01-01' AS INT)", "DATATYPE_MISMATCH.CAST_WITH_FUNC_SUGGESTION");
}

static void a_position_that_is_a_fraction_is_a_whole_one_before_it_is_looked_at(void **state)
{
    (void)state;
    expect("regexp_replace('axb', 'x', NULL, -1/2)", "DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE");
    expect("regexp_replace('axb', 'x', 'y', 1.5)", "ayb");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_refused_is_refused_by_the_right_name),
        cmocka_unit_test(so_many_of_nullif_in_each_other_are_refused),
        cmocka_unit_test(a_large_constant_is_not_made_while_it_is_analysed),
        cmocka_unit_test(the_last_timestamp_has_a_date_in_each_zone),
        cmocka_unit_test(what_a_lambda_makes_fails_where_it_is_reached),
        cmocka_unit_test(texts_come_first_under_the_legacy_rules),
        cmocka_unit_test(a_quotient_of_decimals_may_be_null),
        cmocka_unit_test(rounding_null_to_places_does_not_hide_a_fault),
        cmocka_unit_test(a_pattern_of_local_times_has_one_fault),
        cmocka_unit_test(the_first_bad_name_of_a_schema_is_told),
        cmocka_unit_test(what_is_counted_is_not_made),
        cmocka_unit_test(some_functions_of_null_look_at_their_other_arguments),
        cmocka_unit_test(what_is_beyond_all_numbers_is_as_javas),
        cmocka_unit_test(a_constant_is_rounded_by_each_of_two_casts),
        cmocka_unit_test(a_decimal_of_many_seconds_wraps),
        cmocka_unit_test(under_the_legacy_rules_decimals_are_written_as_java_does),
        cmocka_unit_test(after_a_null_what_a_call_would_ask_next_does_not_fail),
        cmocka_unit_test(a_divisor_is_asked_first),
        cmocka_unit_test(of_elements_that_are_known_one_is_evaluated),
        cmocka_unit_test(a_null_that_was_written_hides_what_fails),
        cmocka_unit_test(a_null_has_the_type_that_spark_gives_it),
        cmocka_unit_test(wide_decimals_become_small_integers_over_a_double),
        cmocka_unit_test(intervals_of_decimals_keep_what_their_text_does_not_show),
        cmocka_unit_test(try_cast_of_nested_values_takes_what_casts_take_without_ansi),
        cmocka_unit_test(constants_are_asked_for_where_spark_wants_them),
        cmocka_unit_test(a_negated_decimal_keeps_34_digits),
        cmocka_unit_test(doubles_are_rounded_by_the_digits_they_print_with),
        cmocka_unit_test(the_positive_remainder_of_floats_is_that_of_a_float),
        cmocka_unit_test(a_pattern_of_halves_of_characters_fits_no_text),
        cmocka_unit_test(an_escape_is_written_as_a_literal),
        cmocka_unit_test(an_empty_match_parts_a_character_of_two_units),
        cmocka_unit_test(a_position_may_part_a_character_of_two_units),
        cmocka_unit_test(trying_catches_what_arguments_of_other_types_do),
        cmocka_unit_test(what_java_fails_at_without_a_name_is_an_error),
        cmocka_unit_test(a_time_that_is_tried_is_cast_by_the_legacy_rules),
        cmocka_unit_test(under_the_legacy_rules_a_text_that_was_cast_is_no_date),
        cmocka_unit_test(a_csv_record_of_nothing_is_null),
        cmocka_unit_test(places_of_bytes_have_32_bits),
        cmocka_unit_test(parts_of_nested_casts_are_told_as_the_whole),
        cmocka_unit_test(a_position_that_is_a_fraction_is_a_whole_one_before_it_is_looked_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
