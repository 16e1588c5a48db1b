/*
 * CSV in expressions: schemas and options as arguments, what is read and written, what is refused.
 */
#include "tests/ops/expr/expect.h"

static void null_is_null(void **state)
{
    (void)state;
    expect("from_csv(NULL, 'a INT')", "NULL");
    expect("to_csv(NULL)", "NULL");
    expect("to_csv(cast(NULL as struct<a: int>))", "NULL");
}

static void records_are_read_by_schema_and_options(void **state)
{
    (void)state;
    expect("from_csv('1,x', 'a INT, b STRING')", "{1, x}");
    expect("from_csv('1', 'STRUCT<a: INT, b: STRING>')", "{1, null}");
    expect("from_csv('1||x', 'a INT, b STRING', map('sep', '||')).b", "x");
    expect("from_csv('x,y', 'a INT, b STRING')", "{null, y}");
    expect("from_csv('26/08/2015', 't DATE', map('dateFormat', 'dd/MM/yyyy')).t", "2015-08-26");
    expect("from_csv('2024-2-9', 't DATE').t", "2024-02-09");
    expect("from_csv('2024-01-02 03:04:05', 't TIMESTAMP', map('timeZone', 'Asia/Tokyo')).t",
           "2024-01-01 18:04:05");
    expect("from_csv('1,2', schema_of_csv('1,2'))._c1", "2");
    expect("from_csv('', 'a INT, _corrupt_record STRING')", "{null, null}");
    expect("from_csv(' ', 'a INT, _corrupt_record STRING')._corrupt_record", " ");
    expect("from_csv('bad,x', 'a INT, b STRING, _corrupt_record STRING')._corrupt_record", "bad,x");
}

static void what_cannot_be_read_is_refused(void **state)
{
    (void)state;
    expect("from_csv('1', 'INT')", "INVALID_SCHEMA.NON_STRUCT_TYPE");
    expect("from_csv('1', NULL)", "INVALID_SCHEMA.NON_STRING_LITERAL");
    expect("from_csv('1', 'a NOPE')", "PARSE_SYNTAX_ERROR");
    expect("from_csv(1, 'a INT')", "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE");
    expect("from_csv('1', 'a ARRAY<INT>')", "UNSUPPORTED_DATATYPE");
    expect("from_csv('1', 'a TIME').a is null", "UNSUPPORTED_DATATYPE");
    expect("to_csv(from_csv(',', 'a ARRAY<INT>'), map('unknown', 'x'))", "UNSUPPORTED_DATATYPE");
    expect("from_csv('1', 'a INT, _corrupt_record INT')", "INVALID_CORRUPT_RECORD_TYPE");
    expect("from_csv('1', 'a INT', map('mode', 'DROPMALFORMED'))", "PARSE_MODE_UNSUPPORTED");
    expect("from_csv('x', 'a INT', map('mode', 'FAILFAST'))",
           "MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION");
    expect("from_csv('a,b,c', 'a STRING', map('maxColumns', '2'))", "MALFORMED_CSV_RECORD");
    expect("from_csv('1', 'a INT', map('quote', 'ab'))", "INVALID_PARAMETER_VALUE");
    expect("from_csv('1', 'a INT', 'x')", "INVALID_OPTIONS.NON_MAP_FUNCTION");
}

static void structs_are_written_as_records(void **state)
{
    (void)state;
    expect("to_csv(named_struct('a', 1, 'b', 'x,y', 'c', NULL))", "1,\"x,y\",");
    expect("to_csv(struct(1, NULL), map('sep', '|', 'nullValue', 'NA'))", "1|NA");
    expect("to_csv(struct(array(1, NULL), map('k', NULL)))", "\"[1,]\",{k ->}");
    expect("to_csv(struct(array(NULL, 1), struct(NULL, 1)), map('nullValue', 'NA'))",
           "\"[ NA, 1]\",\"{ NA, 1}\"");
    expect("to_csv(named_struct('s', named_struct('x', NULL, 't', timestamp'2024-01-02 03:04:05', "
           "'b', X'41', 'q', 'z')))",
           "\"{, 2024-01-02T03:04:05.000Z, [41], z}\"");
    expect("to_csv(struct(0E-10BD, 1e-10BD))", "0E-10,1E-10");
    expect("to_csv(struct(date'2024-01-02'), map('dateFormat', 'yyyyMMdd'))", "20240102");
    expect("to_csv(struct(date'2024-01-02'), map('dateFormat', 'HH:mm'))",
           "UNSUPPORTED_TEMPORAL_FIELD");
    expect("to_csv(1)", "DATATYPE_MISMATCH.UNSUPPORTED_INPUT_TYPE");
    expect("to_csv(array(1))", "DATATYPE_MISMATCH.UNSUPPORTED_INPUT_TYPE");
}

static void a_schema_is_inferred_from_a_constant(void **state)
{
    (void)state;
    expect("schema_of_csv('1,abc,2.5,true,2024-01-01,2024-01-01 00:00:00,')",
           "STRUCT<_c0: INT, _c1: STRING, _c2: DOUBLE, _c3: BOOLEAN, _c4: DATE, _c5: TIMESTAMP, "
           "_c6: STRING>");
    expect("schema_of_csv('2024-1-2,12345678901')", "STRUCT<_c0: TIMESTAMP, _c1: BIGINT>");
    expect("schema_of_csv('1|x', map('sep', '|'))", "STRUCT<_c0: INT, _c1: STRING>");
    expect("schema_of_csv('')", "MALFORMED_CSV_RECORD");
    expect("schema_of_csv(NULL)", "DATATYPE_MISMATCH.UNEXPECTED_NULL");
    expect("schema_of_csv(1)", "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(null_is_null),
        cmocka_unit_test(records_are_read_by_schema_and_options),
        cmocka_unit_test(what_cannot_be_read_is_refused),
        cmocka_unit_test(structs_are_written_as_records),
        cmocka_unit_test(a_schema_is_inferred_from_a_constant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
