/*
 * JSON in expressions: schemas and options as arguments, what is read and written in which zone,
 * what is refused.
 */
#include "tests/ops/expr/expect.h"

/* A session with another zone. */
static const struct lt_session *in_zone(const char *zone)
{
    static struct lt_session session;
    session = *lt_session_default();
    (void)snprintf(session.time_zone, sizeof session.time_zone, "%s", zone);
    return &session;
}

static void null_is_null(void **state)
{
    (void)state;
    expect("from_json(NULL, 'a INT')", "NULL");
    expect("to_json(NULL)", "NULL");
    expect("to_json(cast(NULL as struct<a: int>))", "NULL");
    expect("json_array_length(NULL)", "NULL");
    expect("json_object_keys(NULL)", "NULL");
    expect("get_json_object(NULL, '$.a')", "NULL");
    expect("from_json('  ', 'a INT')", "NULL");
    expect("from_json('null', 'a INT')", "{null}");
}

static void a_schema_is_ddl_a_type_or_json(void **state)
{
    (void)state;
    expect("from_json('{\"a\":1}', 'a INT')", "{1}");
    expect("from_json('{\"a\":1}', 'STRUCT<a: INT>')", "{1}");
    expect("from_json('{\"a\":1}', concat('a ', 'INT'))", "{1}");
    expect("from_json('[1,2]', 'array<int>')", "[1, 2]");
    expect("from_json('{\"a\":1}', schema_of_json('{\"a\":2,\"b\":\"x\"}'))", "{1, null}");
    expect("typeof(from_json('', '{\"type\":\"struct\",\"fields\":[{\"name\":\"a\",\"type\":"
           "\"decimal(5,2)\",\"nullable\":true,\"metadata\":{}},{\"name\":\"b\",\"type\":{\"type\":"
           "\"array\",\"elementType\":\"timestamp_ntz\",\"containsNull\":true}}]}'))",
           "struct<a:decimal(5,2),b:array<timestamp_ntz>>");
    expect("typeof(from_json('', '{\"type\":\"map\",\"keyType\":\"string\",\"valueType\":\"long\","
           "\"valueContainsNull\":true}'))",
           "map<string,bigint>");
}

static void a_schema_that_is_none_is_refused(void **state)
{
    (void)state;
    expect("from_json('{}', NULL)", "INVALID_SCHEMA.NON_STRING_LITERAL");
    expect("from_json('{}', 5)", "INVALID_SCHEMA.NON_STRING_LITERAL");
    expect("from_json('{}', '')", "PARSE_EMPTY_STATEMENT");
    expect("from_json('{}', 'a NOPE')", "PARSE_SYNTAX_ERROR");
    expect("from_json('{}', '{\"type\":\"nope\"}')", "PARSE_SYNTAX_ERROR");
    expect("from_json('{}', '{\"type\":\"struct\"}')", "PARSE_SYNTAX_ERROR");
    expect("from_json('{}', 'INT')", "DATATYPE_MISMATCH.INVALID_JSON_SCHEMA");
    expect("from_json('{}', '\"integer\"')", "DATATYPE_MISMATCH.INVALID_JSON_SCHEMA");
    expect("from_json('{}', 'MAP<INT, INT>')", "DATATYPE_MISMATCH.INVALID_JSON_MAP_KEY_TYPE");
    expect("from_json('{}', 'a CHAR(3)')", "UNSUPPORTED_CHAR_OR_VARCHAR_AS_STRING");
    expect("from_json('{}', 'a TIME') is null", "UNSUPPORTED_DATATYPE");
    expect("from_json('{}', 'a INT, _corrupt_record INT')", "INVALID_CORRUPT_RECORD_TYPE");
    expect("from_json(1, 'a INT')", "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE");
    expect("from_json(X'7B7D', 'a INT')", "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE");
}

static void options_are_a_map_of_strings(void **state)
{
    (void)state;
    expect("from_json('{\"a\":1}', 'a INT', 'x')", "INVALID_OPTIONS.NON_MAP_FUNCTION");
    expect("from_json('{\"a\":1}', 'a INT', map())", "INVALID_OPTIONS.NON_STRING_TYPE");
    expect("from_json('{\"a\":1}', 'a INT', map('mode', 1))", "INVALID_OPTIONS.NON_STRING_TYPE");
    expect("from_json('{\"a\":1}', 'a INT', map('a', 'x', 'a', 'y'))", "DUPLICATED_MAP_KEY");
    expect("from_json('{\"a\":1}', 'a INT', map('foo', 'bar'))", "{1}");
    expect("from_json('{\"a\":1}', 'a INT', map('allowComments', 'yes'))",
           "INVALID_PARAMETER_VALUE");
    expect("from_json('{\"a\":1}', 'a INT', map('timeZone', 'Nope/Zone'))", "INVALID_TIMEZONE");
    expect("from_json('{\"a\":1}', 'a INT', map('mode', 'DROPMALFORMED'))",
           "PARSE_MODE_UNSUPPORTED");
    expect("to_json(struct(1), 'x')", "INVALID_OPTIONS.NON_MAP_FUNCTION");
    expect("schema_of_json('1', 'x')", "INVALID_OPTIONS.NON_MAP_FUNCTION");
}

static void what_does_not_fit_is_null_or_an_error_by_the_mode(void **state)
{
    (void)state;
    expect("from_json('{\"a\":\"x\",\"b\":2}', 'a INT, b INT')", "{null, 2}");
    expect("from_json('{\"a\":1,', 'a INT')", "{null}");
    expect("from_json('{\"a\":\"x\"}', 'a INT', map('mode', 'failfast'))",
           "MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION");
    expect("from_json('{x', 'a INT, _corrupt_record STRING')._corrupt_record", "{x");
    expect("from_json('{x', 'a INT, c STRING', map('columnNameOfCorruptRecord', 'c')).c", "{x");
}

static void times_are_read_by_zone_and_pattern(void **state)
{
    (void)state;
    expect("from_json('{\"a\":\"2024-01-02 03:04:05\"}', 'a TIMESTAMP', "
           "map('TIMEZONE', 'Asia/Tokyo')).a",
           "2024-01-01 18:04:05");
    expect_in(in_zone("Asia/Tokyo"),
              "unix_seconds(from_json('{\"a\":\"1970-01-01 09:00:01\"}', 'a TIMESTAMP').a)", "1");
    expect("from_json('{\"a\":\"02/01/2024\"}', 'a DATE', map('dateFormat', 'dd/MM/yyyy')).a",
           "2024-01-02");
    expect("from_json('{\"a\":\"2024-01-02\"}', 'a DATE', map('dateFormat', 'dd/MM/yyyy')).a",
           "NULL");
    expect("from_json('{\"a\":\"2024-01-02\"}', 'a DATE', map('dateFormat', 'dd/MM/yyyy', "
           "'enableDateTimeParsingFallback', 'true')).a",
           "2024-01-02");
    expect("from_json('{\"a\":\"-5\"}', 'a DATE').a", "1969-12-27");
    expect("from_json('{\"a\":\"12345678\"}', 'a DATE').a", "+35771-04-27");
    expect("from_json('{\"a\":\"x\"}', 'a DATE', map('dateFormat', 'no pattern')).a", "NULL");
    expect("from_json('{\"a\":\"2024-01-02 03:04\"}', 'a TIMESTAMP_NTZ', "
           "map('timestampNTZFormat', 'yyyy-MM-dd HH:mm')).a",
           "2024-01-02 03:04:00");
    expect("from_json('{\"a\":\"1 day\"}', 'a INTERVAL').a", "1 days");
    expect("from_json('{\"a\":\"1-2\"}', 'a INTERVAL YEAR TO MONTH').a",
           "INTERVAL '1-2' YEAR TO MONTH");
}

static void times_are_written_by_zone_and_pattern(void **state)
{
    (void)state;
    expect("to_json(struct(timestamp'2024-01-02 03:04:05.678901'))",
           "{\"col1\":\"2024-01-02T03:04:05.678Z\"}");
    expect_in(in_zone("America/Los_Angeles"), "to_json(struct(timestamp'2024-07-02 03:04:05'))",
              "{\"col1\":\"2024-07-02T03:04:05.000-07:00\"}");
    expect_in(in_zone("America/Los_Angeles"),
              "to_json(struct(timestamp'2024-07-02 03:04:05'), map('timeZone', 'UTC'))",
              "{\"col1\":\"2024-07-02T10:04:05.000Z\"}");
    expect("to_json(struct(timestamp'2024-01-02 03:04:05', date'2024-01-02'), "
           "map('timestampFormat', 'dd.MM HH'))",
           "{\"col1\":\"02.01 03\",\"col2\":\"2024-01-02\"}");
    expect("to_json(struct(date'2024-01-02'), map('dateFormat', 'HH:mm'))",
           "UNSUPPORTED_TEMPORAL_FIELD");
    expect("to_json(struct(1), map('dateFormat', 'bad pattern'))",
           "INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_WEEK_BASED_PATTERN");
}

static void values_are_written_as_spark_writes_them(void **state)
{
    (void)state;
    expect("to_json(named_struct('a', NULL, 'b', 'x'))", "{\"b\":\"x\"}");
    expect("to_json(named_struct('a', NULL), map('ignoreNullFields', 'false'))", "{\"a\":null}");
    expect("to_json(map('a', NULL))", "{\"a\":null}");
    expect("to_json(array(1, 2), map('pretty', 'true'))", "[ 1, 2 ]");
    expect("to_json(named_struct('d', 1.5BD, 'e', 1e-10BD, 'z', 0E-10BD))",
           "{\"d\":1.5,\"e\":1E-10,\"z\":0E-10}");
    expect("to_json('x')", "DATATYPE_MISMATCH.INVALID_JSON_SCHEMA");
}

static void a_schema_is_inferred_from_a_constant(void **state)
{
    (void)state;
    expect("schema_of_json('{\"a b\":[1,2.5],\"c\":{\"d\":null}}')",
           "STRUCT<`a b`: ARRAY<DOUBLE>, c: STRUCT<d: STRING>>");
    expect("schema_of_json('')", "STRING");
    expect("schema_of_json('1 2')", "BIGINT");
    expect("schema_of_json('true,1')", "BOOLEAN");
    expect("schema_of_json('1,2')", "MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION");
    expect("schema_of_json('-1.5e3]')", "MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION");
    expect("schema_of_json('{\"t\":\"2024-01-01T00:00:00Z\"}', map('inferTimestamp', 'true'))",
           "STRUCT<t: TIMESTAMP>");
    expect("schema_of_json(NULL)", "DATATYPE_MISMATCH.UNEXPECTED_NULL");
    expect("schema_of_json(1)", "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE");
    expect("schema_of_json(uuid())", "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT");
    expect("schema_of_json('{bad')", "MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION");
}

static void arrays_are_counted_and_names_listed(void **state)
{
    (void)state;
    expect("json_array_length('[1,{\"a\":[2,3]},[4],\"x\"] and more')", "4");
    expect("json_array_length('[1 2]')", "NULL");
    expect("json_array_length('[1,2')", "NULL");
    expect("json_array_length('{}')", "NULL");
    expect("json_array_length(5)", "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE");
    expect("json_object_keys('{\"a\":1,\"b\\\\u0041\":{\"c\":2},\"a\":3} and more')", "[a, bA, a]");
    expect("json_object_keys('{\"a\":1,\"b\":{\"c\":1}')", "NULL");
    expect("json_object_keys('[]')", "NULL");
    expect("size(json_object_keys('{}'))", "0");
    expect("json_object_keys(5)", "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(null_is_null),
        cmocka_unit_test(a_schema_is_ddl_a_type_or_json),
        cmocka_unit_test(a_schema_that_is_none_is_refused),
        cmocka_unit_test(options_are_a_map_of_strings),
        cmocka_unit_test(what_does_not_fit_is_null_or_an_error_by_the_mode),
        cmocka_unit_test(times_are_read_by_zone_and_pattern),
        cmocka_unit_test(times_are_written_by_zone_and_pattern),
        cmocka_unit_test(values_are_written_as_spark_writes_them),
        cmocka_unit_test(a_schema_is_inferred_from_a_constant),
        cmocka_unit_test(arrays_are_counted_and_names_listed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
