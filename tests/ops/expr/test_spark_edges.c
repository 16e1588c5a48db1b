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

static void under_the_legacy_rules_decimals_are_written_as_java_does(void **state)
{
    struct lt_session legacy = *lt_session_default();
    (void)state;
    legacy.is_legacy = true;
    expect_in(&legacy, "CAST(0 AS DECIMAL(38,18))", "0E-18");
    expect_in(&legacy, "CAST(1.5 AS DECIMAL(5,2))", "1.50");
    expect("CAST(0 AS DECIMAL(38,18))", "0.000000000000000000");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_refused_is_refused_by_the_right_name),
        cmocka_unit_test(a_decimal_of_many_seconds_wraps),
        cmocka_unit_test(under_the_legacy_rules_decimals_are_written_as_java_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
