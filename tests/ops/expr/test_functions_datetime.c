/*
 * Functions of dates, times and intervals, and these values in operators: edges, NULLs, errors, the
 * session's zone, the legacy rules, and the clock.
 */
#include "core/base/clock.h"
#include "tests/ops/expr/expect.h"

static struct lt_session session_with(const char *name, const char *value)
{
    struct lt_session session = *lt_session_default();
    struct lt_error error;
    lt_error_clear(&error);
    if (lt_session_set(&session, name, value, &error) != LT_OK)
        fail_msg("%s=%s: %s", name, value, error.text);
    return session;
}

static struct lt_session in_los_angeles(void)
{
    return session_with("spark.sql.session.timeZone", "America/Los_Angeles");
}

static struct lt_session under_legacy_rules(void)
{
    return session_with("spark.sql.ansi.enabled", "false");
}

static void parts_are_of_dates_times_and_intervals(void **state)
{
    (void)state;
    expect("weekofyear(DATE'2020-12-31')", "53");
    expect("extract(YEAROFWEEK FROM DATE'2024-12-30')", "2025");
    expect("extract(HOUR FROM DATE'2024-01-01')", "0");
    expect("date_part('s', TIMESTAMP_NTZ'2024-01-01 00:00:09.1')", "9.100000");
    expect("extract(MONTH FROM INTERVAL '-3-4' YEAR TO MONTH)", "-4");
    expect("extract(DAY FROM make_interval(0, 0, 1, 1, 49))", "10");
    expect("typeof(extract(HOUR FROM INTERVAL '3 04' DAY TO HOUR))", "tinyint");
    expect("date_part(NULL, DATE'2024-01-01')", "NULL");
    expect("year(NULL)", "NULL");
    expect("extract(HOUR FROM INTERVAL '5' DAY)", "INVALID_EXTRACT_FIELD");
    expect("extract(CENTURY FROM DATE'2024-01-01')", "INVALID_EXTRACT_FIELD");
    expect("date_part(upper('x'), DATE'2024-01-01')", "INVALID_EXTRACT_FIELD");
    expect("year(5)", "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE");
    expect("year('junk')", "CAST_INVALID_INPUT");
}

static void days_are_added_in_32_bits(void **state)
{
    (void)state;
    expect("date_add(DATE'2024-01-01', 2147483647)", "-5877587-06-21");
    expect("DATE'2024-01-01' + 2147483647", "-5877587-06-21");
    expect("DATE'2024-01-31' - 31", "2023-12-31");
    expect("add_months(DATE'2024-01-01', 2147483647)", "ARITHMETIC_OVERFLOW");
    expect("date_add(DATE'2024-01-01', 1L)", "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE");
    expect("date_add(DATE'2024-01-01', '1.2')", "CAST_INVALID_INPUT");
    expect("next_day(DATE'2024-01-01', 'someday')", "ILLEGAL_DAY_OF_WEEK");
    expect("next_day('junk', NULL)", "NULL");
}

static void what_is_no_unit_gives_null_or_is_refused(void **state)
{
    (void)state;
    expect("trunc(DATE'2024-05-12', 'day')", "NULL");
    expect("trunc('junk', 'decade')", "NULL");
    expect("date_trunc(NULL, 'junk')", "NULL");
    expect("date_trunc(if(month(DATE'2024-05-12') = 5, 'month', 'x'), DATE'2024-05-12')",
           "2024-05-01 00:00:00");
    expect("trunc(5, 'decade')", "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE");
    expect("timestampadd('DAY', 1, DATE'2024-01-01')", "INVALID_PARAMETER_VALUE.DATETIME_UNIT");
    expect("timestampadd(FORTNIGHT, 1, DATE'2024-01-01')", "UNRESOLVED_ROUTINE");
    expect("dateadd(FORTNIGHT, 1, DATE'2024-01-01')", "UNRESOLVED_COLUMN.WITHOUT_SUGGESTION");
    expect("timestampdiff(DAYOFYEAR, DATE'2024-01-01', DATE'2024-01-02')",
           "INVALID_PARAMETER_VALUE.DATETIME_UNIT");
    expect("dateadd(WEEK, 2, DATE'2024-01-01')", "2024-01-15 00:00:00");
    expect("timestampadd(YEAR, 2147483647, DATE'2024-01-01')", "DATETIME_OVERFLOW");
}

static void text_is_read_by_patterns(void **state)
{
    (void)state;
    expect("to_timestamp('2024-01-02T03:04:05.678+05:30', 'yyyy-MM-dd\\'T\\'HH:mm:ss.SSSX"
           "XX')",
           "2024-01-01 21:34:05.678");
    expect("to_date('2024-01-01 23:00 -08:00', 'yyyy-MM-dd HH:mm X"
           "XX')",
           "2024-01-02");
    expect("to_timestamp('2024-2-9', 'yyyy-MM-dd')", "CANNOT_PARSE_TIMESTAMP");
    expect("try_to_timestamp('2024-2-9', 'yyyy-MM-dd')", "NULL");
    expect("try_to_timestamp('2024', 'bad pattern')",
           "INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_WEEK_BASED_PATTERN");
    expect("date_format(TIMESTAMP'2024-01-01 00:00:00', 'n')",
           "INVALID_DATETIME_PATTERN.ILLEGAL_CHARACTER");
    expect("if(false, date_format(TIMESTAMP'2024-01-01 00:00:00', 'n'), 'fine')", "fine");
    expect("to_date('junk')", "CAST_INVALID_INPUT");
    expect("try_to_date('junk')", "NULL");
    expect("to_timestamp(1700000000)", "2023-11-14 22:13:20");
    expect("to_date(DATE'2024-01-02', 'yyyy')", "2024-01-02");
    expect("from_unixtime(9223372036854775807)", "1969-12-31 23:59:59");
    expect("unix_timestamp(5)", "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE");
}

/* The pattern of each row is another one. */
static void patterns_that_change_are_compiled_anew(void **state)
{
    (void)state;
    expect("array_join(transform(array('yyyy', 'MM', 'MM', 'dd'), "
           "f -> date_format(TIMESTAMP'2024-03-05 00:00:00', f)), ',')",
           "2024,03,03,05");
    expect("array_join(transform(array('2024-01-02', '02.01.2024'), "
           "(t, i) -> try_to_date(t, if(i = 0, 'yyyy-MM-dd', 'dd.MM.yyyy'))), ',')",
           "2024-01-02,2024-01-02");
    expect("array_join(transform(array('UTC', 'Asia/Tokyo', 'UTC'), "
           "z -> from_utc_timestamp(TIMESTAMP'2024-01-01 00:00:00', z)), ',')",
           "2024-01-01 00:00:00,2024-01-01 09:00:00,2024-01-01 00:00:00");
}

static void fields_that_make_no_time_are_refused(void **state)
{
    (void)state;
    expect("make_date(2023, 2, 29)", "DATETIME_FIELD_OUT_OF_BOUNDS.WITH_SUGGESTION");
    expect("make_date(2024L, 1.0, '1')", "2024-01-01");
    expect("make_timestamp(2024, 2, 29, 12, 34, 60)", "2024-02-29 12:35:00");
    expect("make_timestamp(2024, 2, 29, 12, 34, 60.5)", "INVALID_FRACTION_OF_SECOND");
    expect("make_timestamp(2024, 1, 1, 0, 0, 1.1234567)", "2024-01-01 00:00:01.123457");
    expect("try_make_timestamp(2024, 1, 1, 0, 0, 60.5)", "NULL");
    expect("try_make_timestamp(2024, 1, 1, 0, 0, 1, 'Nowhere/City')", "INVALID_TIMEZONE");
    expect("try_make_timestamp(2024, 1, 1, 0, 0, 'x')", "CAST_INVALID_INPUT");
    expect("timestamp_seconds(0.0000001BD)", "DATETIME_FIELD_OUT_OF_BOUNDS");
    expect("timestamp_seconds(double('nan'))", "NULL");
    expect("timestamp_millis(9223372036854775807)", "DATETIME_OVERFLOW");
    expect("unix_seconds('2024-01-01')", "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE");
    expect("from_utc_timestamp('2024-01-01', '')", "INVALID_TIMEZONE");
    expect("make_dt_interval(106751992)", "INTERVAL_ARITHMETIC_OVERFLOW.WITHOUT_SUGGESTION");
    expect("make_interval(2147483647)", "ARITHMETIC_OVERFLOW");
    expect("make_interval()", "0 seconds");
}

static void operators_follow_the_types_of_both_sides(void **state)
{
    (void)state;
    expect("typeof(DATE'2024-01-01' + INTERVAL 1 HOUR)", "timestamp");
    expect("typeof(DATE'2024-01-01' - DATE'2023-01-01')", "interval day");
    expect("'2024-01-31' + INTERVAL 1 DAY", "2024-02-01 00:00:00");
    expect("INTERVAL '1' MONTH + DATE'2024-01-31'", "2024-02-29");
    expect("DATE'2024-01-01' - '2023-01-01'", "INTERVAL '365' DAY");
    expect("typeof(DATE'2024-01-01' + NULL)", "timestamp");
    expect("DATE'2024-01-01' + DATE'2024-01-01'", "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE");
    expect("DATE'2024-01-01' * 2", "DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES");
    expect("TIMESTAMP'2024-01-01 00:00:00' + '1'", "DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE");
    expect("INTERVAL '1' DAY + INTERVAL '1' MONTH", "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE");
    expect("INTERVAL '1' MONTH + 1", "DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES");
    expect("2 / INTERVAL '1' DAY", "DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES");
    expect("make_interval(1) = make_interval(1)", "DATATYPE_MISMATCH.INVALID_ORDERING_TYPE");
    expect("DATE'2024-01-01' + INTERVAL '10000000' YEAR", "ARITHMETIC_OVERFLOW");
    expect("TIMESTAMP'294247-01-10 04:00:54' + INTERVAL '1' DAY", "DATETIME_OVERFLOW");
    expect("DATE'2024-01-01' + make_interval(0, 1, 1, 1, 1)",
           "INVALID_INTERVAL_WITH_MICROSECONDS_ADDITION");
}

static void intervals_are_scaled_and_compared(void **state)
{
    (void)state;
    expect("INTERVAL '1 02' DAY TO HOUR * 1.5", "INTERVAL '1 15:00:00' DAY TO SECOND");
    expect("INTERVAL '1' MONTH * '2.5'", "INTERVAL '0-3' YEAR TO MONTH");
    expect("INTERVAL '1' DAY / 0", "INTERVAL_DIVIDED_BY_ZERO");
    expect("INTERVAL '1' DAY DIV INTERVAL '7' HOUR", "3");
    expect("INTERVAL '1' DAY DIV INTERVAL '0' HOUR", "DIVIDE_BY_ZERO");
    expect("INTERVAL '106751991' DAY + INTERVAL '1' DAY",
           "INTERVAL_ARITHMETIC_OVERFLOW.WITH_SUGGESTION");
    expect("- INTERVAL '-178956970-8' YEAR TO MONTH",
           "INTERVAL_ARITHMETIC_OVERFLOW.WITHOUT_SUGGESTION");
    expect("abs(INTERVAL '-5' DAY)", "INTERVAL '5' DAY");
    expect("sign(INTERVAL '-1' MONTH)", "-1.0");
    expect("make_interval(1, 2, 3, 4) * 1.5", "1 years 9 months 37 days 12 hours");
    expect("CAST(5.5 AS INTERVAL SECOND)", "INTERVAL '05.5' SECOND");
    expect("CAST(INTERVAL '5 10' DAY TO HOUR AS DECIMAL(5,1))", "130.0");
}

static void interval_constants_say_what_is_wrong_with_them(void **state)
{
    (void)state;
    expect("INTERVAL 'abc'", "INVALID_TYPED_LITERAL");
    expect("INTERVAL '1' SECOND TO DAY", "INVALID_INTERVAL_FORMAT.UNSUPPORTED_FROM_TO_EXPRESSION");
    expect("INTERVAL '178956971' YEAR", "INVALID_INTERVAL_FORMAT.ARITHMETIC_EXCEPTION");
    expect("INTERVAL 106751992 DAYS", "INTERVAL_ARITHMETIC_OVERFLOW.WITHOUT_SUGGESTION");
    expect("INTERVAL 1.5 DAYS", "INVALID_INTERVAL_FORMAT.INVALID_FRACTION");
    expect("INTERVAL '1' NANOSECOND", "INVALID_INTERVAL_FORMAT.INVALID_UNIT");
    expect("INTERVAL '1-12' YEAR TO MONTH", "INVALID_INTERVAL_FORMAT.INTERVAL_PARSING");
}

static void the_session_has_a_zone(void **state)
{
    (void)state;
    const struct lt_session session = in_los_angeles();
    const char *const cases[][2] = {
        {"hour(TIMESTAMP'2024-07-01T00:30:00Z')", "17"},
        {"hour(TIMESTAMP_NTZ'2024-07-01 00:30:00')", "0"},
        {"TIMESTAMP'2024-03-09 02:30:00' + INTERVAL 1 DAY", "2024-03-10 03:30:00"},
        {"timestampadd(HOUR, 24, TIMESTAMP'2024-03-09 02:30:00')", "2024-03-10 03:30:00"},
        {"TIMESTAMP'2024-03-11 00:00:00' - TIMESTAMP'2024-03-10 00:00:00'",
         "INTERVAL '1 00:00:00' DAY TO SECOND"},
        {"DATE'2024-03-10' + INTERVAL '2' HOUR", "2024-03-10 03:00:00"},
        {"from_unixtime(0)", "1969-12-31 16:00:00"},
        {"unix_timestamp('2024-03-10 02:30:00')", "1710066600"},
        {"to_timestamp(TIMESTAMP_NTZ'2024-01-02 00:00:00', 'yyyy')", "2024-01-01 16:00:00"},
        {"make_timestamp(2024, 3, 10, 2, 30, 0)", "2024-03-10 03:30:00"},
        {"convert_timezone('Asia/Tokyo', TIMESTAMP_NTZ'2024-12-06 00:00:00')",
         "2024-12-06 17:00:00"},
        {"window(TIMESTAMP'2024-03-10 05:30:00', '1 day').start", "2024-03-09 16:00:00"},
        {"current_timezone()", "America/Los_Angeles"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect_in(&session, cases[i][0], cases[i][1]);
}

static void the_legacy_rules_give_null_for_what_is_none(void **state)
{
    (void)state;
    const struct lt_session session = under_legacy_rules();
    const char *const cases[][2] = {
        {"to_timestamp('bad')", "NULL"},
        {"to_date('31/04/2024', 'dd/MM/yyyy')", "NULL"},
        {"to_timestamp('2024-01-02', 'bad pattern')",
         "INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_WEEK_BASED_PATTERN"},
        {"make_date(2023, 2, 29)", "NULL"},
        {"make_date(10000000, 1, 1)", "ARITHMETIC_OVERFLOW"},
        {"next_day(DATE'2024-05-15', 'xx')", "NULL"},
        {"INTERVAL '10' MINUTE / 0", "INTERVAL_DIVIDED_BY_ZERO"},
        {"make_interval(2147483647)", "NULL"},
        {"make_interval(0, 2147483647) + make_interval(0, 1)", "-178956970 years -8 months"},
        {"make_interval(1) / 0", "NULL"},
        {"DATE'2024-01-01' + make_interval(0, 1, 1, 1, 30)", "2024-02-10"},
        {"date_add(DATE'2024-01-01', '1')", "2024-01-02"},
        {"date_add(DATE'2024-01-01', '1.5')", "SECOND_FUNCTION_ARGUMENT_NOT_INTEGER"},
        {"DATE'2024-01-01' - '2023-01-01'", "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE"},
        {"'x' + INTERVAL 1 DAY", "NULL"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect_in(&session, cases[i][0], cases[i][1]);
}

static void windows_are_checked_before_they_run(void **state)
{
    (void)state;
    expect("window(TIMESTAMP'1969-12-31 23:59:59', '5 minutes').end", "1970-01-01 00:00:00");
    expect("window(TIMESTAMP'2024-01-01 00:07:00', '5 minutes', '5 minutes', '1 minute').start",
           "2024-01-01 00:06:00");
    expect("typeof(window(TIMESTAMP_NTZ'2024-01-01 00:07:00', 5))",
           "struct<start:timestamp_ntz,end:timestamp_ntz>");
    expect("window(TIMESTAMP'2024-01-01 00:00:00', 'bad')", "CANNOT_PARSE_INTERVAL");
    expect("window(TIMESTAMP'2024-01-01 00:00:00', '-1 minute')",
           "DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE");
    expect("window(TIMESTAMP'2024-01-01 00:00:00', '5 minutes', '10 minutes')",
           "DATATYPE_MISMATCH.PARAMETER_CONSTRAINT_VIOLATION");
    expect("window(TIMESTAMP'2024-01-01 00:00:00', '10 minutes', '5 minutes')",
           "_LEGACY_ERROR_TEMP_3102");
    expect("window(CAST(NULL AS TIMESTAMP), '5 minutes')", "NULL");
    expect("window(timestamp_micros(9223372036854775807), '10 minutes')", "ARITHMETIC_OVERFLOW");
    expect("window_time(5)", "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE");
}

static void the_type_time_is_refused_by_name(void **state)
{
    (void)state;
    expect("TIME'10:20:30'", "UNSUPPORTED_TIME_TYPE");
    expect("CAST('10:20:30' AS TIME)", "UNSUPPORTED_TIME_TYPE");
}

/* What an expression gives by a clock that stands still. */
static void expect_at(const struct lt_session *session, const char *text, int64_t wall_us,
                      const char *wanted)
{
    struct lt_arena *arena = lt_arena_create();
    struct lt_clock_manual clock;
    struct lt_expression *expression;
    struct lt_error error;
    struct lt_program *program;
    union lt_value value;
    bool is_null;
    lt_error_clear(&error);
    lt_clock_manual_init(&clock, 0, wall_us);
    if (lt_expr_parse(text, arena, &expression, &error) != LT_OK ||
        lt_expr_analyse(&expression, text, NULL, session, arena, &error) != LT_OK)
        fail_msg("%s: %s", text, error.text);
    const struct lt_program_options options = {
        .expressions = &expression, .texts = &text, .count = 1, .session = session};
    assert_int_equal(lt_program_create(&options, &program, &error), LT_OK);
    lt_program_set_clock(program, &clock.clock);
    assert_true(lt_program_eval_value(program, NULL, &value, &is_null));
    assert_false(is_null);
    assert_int_equal(value.bytes.size_bytes, strlen(wanted));
    assert_memory_equal(value.bytes.data, wanted, strlen(wanted));
    lt_program_destroy(program);
    lt_arena_destroy(arena);
}

static void now_and_today_are_the_programs_clock_in_the_sessions_zone(void **state)
{
    (void)state;
    const struct lt_session session = in_los_angeles();
    const int64_t us = 1704085200000000; /* 2024-01-01 05:00:00 UTC */
    expect_at(&session, "string(current_date())", us, "2023-12-31");
    expect_at(&session, "string(current_timestamp())", us, "2023-12-31 21:00:00");
    expect_at(&session, "string(localtimestamp())", us, "2023-12-31 21:00:00");
    expect_at(&session, "string(unix_timestamp())", us, "1704085200");
    expect_at(&session, "string(date_trunc('year', now()))", us, "2023-01-01 00:00:00");
    expect_at(NULL, "string(curdate())", us, "2024-01-01");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_are_of_dates_times_and_intervals),
        cmocka_unit_test(days_are_added_in_32_bits),
        cmocka_unit_test(what_is_no_unit_gives_null_or_is_refused),
        cmocka_unit_test(text_is_read_by_patterns),
        cmocka_unit_test(patterns_that_change_are_compiled_anew),
        cmocka_unit_test(fields_that_make_no_time_are_refused),
        cmocka_unit_test(operators_follow_the_types_of_both_sides),
        cmocka_unit_test(intervals_are_scaled_and_compared),
        cmocka_unit_test(interval_constants_say_what_is_wrong_with_them),
        cmocka_unit_test(the_session_has_a_zone),
        cmocka_unit_test(the_legacy_rules_give_null_for_what_is_none),
        cmocka_unit_test(windows_are_checked_before_they_run),
        cmocka_unit_test(the_type_time_is_refused_by_name),
        cmocka_unit_test(now_and_today_are_the_programs_clock_in_the_sessions_zone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
