/*
 * The function table: every row explains itself with an example that gives what it says, every name
 * is found once, strict functions give NULL for NULL; then errors and edges of groups of functions.
 */
#include <inttypes.h>

#include "core/text/number.h"
#include "ops/catalog.h"
#include "ops/expr/functions.h"
#include "tests/ops/expr/expect.h"

static void every_example_gives_its_result(void **state)
{
    (void)state;
    assert_true(lt_ops_function_count() > 100);
    for (size_t i = 0; i < lt_ops_function_count(); i++) {
        struct lt_ops_function function = lt_ops_function_at(i);
        assert_non_null(function.usage);
        assert_true(strlen(function.help) > 8);
        assert_true(function.group[0] != '\0');
        if (lt_function_at(i, NULL)->flow == LT_FLOW_GENERATOR ||
            lt_function_at(i, NULL)->flow == LT_FLOW_AGGREGATE)
            continue; /* no expressions: test_flatmap.c and test_aggregates.c have these */
        if (function.result != NULL)
            expect(function.example, function.result);
        else
            assert_false(function.deterministic);
    }
}

static void every_name_and_alias_is_found_as_itself(void **state)
{
    (void)state;
    for (size_t i = 0; i < lt_ops_function_count(); i++) {
        struct lt_ops_function function = lt_ops_function_at(i);
        char names[TEXT_SIZE];
        (void)snprintf(names, sizeof names, "%s,%s", function.name, function.aliases);
        char *rest = names;
        for (char *name; (name = strsep(&rest, ",")) != NULL;) {
            if (*name != '\0')
                assert_int_equal(lt_function_find(name), i);
        }
    }
    assert_int_equal(lt_function_find("UPPER"), lt_function_find("upper"));
    assert_int_equal(lt_function_find("no_such"), -1);
    assert_string_equal(lt_function_nearest("uper"), "upper");
}

/* Groups with tests of their own; operators; and what takes a unit, or another form of a call. */
static bool is_tested_elsewhere(const char *group, const struct lt_function *function)
{
    static const char *const groups[] = {"array", "map", "higher", "generator", "json", "csv"};
    static const char *const names[] = {"div",          "not",           "date_part",
                                        "timestampadd", "timestampdiff", "window",
                                        "window_time",  "bitmap_count",  "collate"};
    if (function->flow == LT_FLOW_AGGREGATE)
        return true;
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        if (strcmp(groups[i], group) == 0)
            return true;
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i], function->name) == 0)
            return true;
    }
    return function->name[0] < 'a' || function->name[0] > 'z';
}

/* A NULL in each place in turn, of the type the first signature wants there. */
static void strict_functions_give_null_for_null(void **state)
{
    static const char *const values[] = {['s'] = "'9'",
                                         ['x'] = "X'31'",
                                         ['i'] = "1",
                                         ['l'] = "1L",
                                         ['d'] = "1D",
                                         ['n'] = "1",
                                         ['N'] = "1",
                                         ['D'] = "1",
                                         ['G'] = "1",
                                         ['T'] = "1",
                                         ['B'] = "true",
                                         ['o'] = "'{}'",
                                         ['S'] = "'$.a'",
                                         ['g'] = "1",
                                         ['t'] = "timestamp(1)",
                                         ['a'] = "1",
                                         ['P'] = "true",
                                         ['W'] = "1",
                                         ['u'] = "date('2024')",
                                         ['k'] = "1.5",
                                         ['q'] = "INTERVAL '1' DAY",
                                         ['r'] = "INTERVAL '1' MONTH",
                                         ['c'] = "INTERVAL '1' DAY",
                                         ['y'] = "1Y",
                                         ['h'] = "1S",
                                         ['f'] = "1F",
                                         ['A'] = "array(1)",
                                         ['M'] = "map(1, 2)",
                                         ['C'] = "1",
                                         ['z'] = "TIMESTAMP_NTZ'2024'"};
    unsigned checked = 0;
    (void)state;
    for (size_t i = 0; i < lt_function_count(); i++) {
        const char *group;
        const struct lt_function *function = lt_function_at(i, &group);
        uint32_t fewest, most;
        lt_function_arity(function, &fewest, &most);
        if (is_tested_elsewhere(group, function) || function->null_rule != LT_NULL_STRICT ||
            fewest == 0)
            continue;
        for (uint32_t null = 0; null < fewest; null++) {
            char text[TEXT_SIZE] = "";
            (void)snprintf(text, sizeof text, "`%s`(", function->name);
            for (uint32_t j = 0; j < fewest; j++) {
                char letter = lt_signature_parameter(&function->signatures[0], j, fewest);
                const char *value = values[(unsigned char)letter];
                if (value == NULL)
                    fail_msg("%s: no value for '%c'", function->name, letter);
                strncat(text, j > 0 ? ", " : "", 3);
                strncat(text, j == null ? "NULL" : value, 20);
            }
            strncat(text, ")", 2);
            expect(text, "NULL");
            checked++;
        }
    }
    assert_true(checked > 80);
}

static void arithmetic_fails_instead_of_wrapping(void **state)
{
    (void)state;
    expect("127Y + 1Y", "BINARY_ARITHMETIC_OVERFLOW");
    expect("-32768S - 1S", "BINARY_ARITHMETIC_OVERFLOW");
    expect("2147483647 + 1", "ARITHMETIC_OVERFLOW");
    expect("2147483647 + 1L", "2147483648");
    expect("9223372036854775807L * 2L", "ARITHMETIC_OVERFLOW");
    expect("negative(-9223372036854775807L - 1L)", "ARITHMETIC_OVERFLOW");
    expect("abs(-128Y)", "ARITHMETIC_OVERFLOW");
    expect("(-9223372036854775807L - 1L) div -1", "ARITHMETIC_OVERFLOW");
    expect("(-9223372036854775807L - 1L) % -1", "0");
    expect("pmod(-9223372036854775807L - 1L, 9223372036854775807L)", "9223372036854775806");
    expect("1 / 0", "DIVIDE_BY_ZERO");
    expect("1 % 0", "REMAINDER_BY_ZERO");
    expect("0.0D / 1", "0.0");
    expect("round(2147483647, -1)", "ARITHMETIC_OVERFLOW");
    expect("round(-15, -1)", "-20");
    expect("bround(25, -1)", "20");
    expect("round(1.005D, 2)", "1.01");
    expect("floor(1e300)", "9223372036854775807");
}

static void casts_follow_the_ansi_rules(void **state)
{
    (void)state;
    expect("cast(' 12 ' as int)", "12");
    expect("cast('1.5' as int)", "CAST_INVALID_INPUT");
    expect("try_cast('1.5' as int)", "NULL");
    expect("cast(300 as tinyint)", "CAST_OVERFLOW");
    expect("cast(127.9D as tinyint)", "127");
    expect("cast(9223372036854775807D as bigint)", "9223372036854775807");
    expect("cast('1e400' as double)", "Infinity");
    expect("cast(1 as binary)", "DATATYPE_MISMATCH.CAST_WITH_CONF_SUGGESTION");
    expect("cast('2024-02-30' as timestamp)", "CAST_INVALID_INPUT");
    expect("cast('2024-02-29T1:2:3.1234567+05:30' as timestamp)", "2024-02-28 19:32:03.123456");
    expect("cast('1969-12-31 23:59:59.5' as timestamp)::bigint", "-1");
    expect("'5' + 1", "6");
    expect("'5' + '1'", "DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE");
    expect("concat('a', 1, true)", "a1true");
}

static void strings_are_cut_and_searched_by_characters(void **state)
{
    (void)state;
    expect("substring('\\u65e5\\u672c\\u8a9e', 2, 1)", "\xE6\x9C\xAC");
    expect("substring('abc', -2)", "bc");
    expect("substring('abc', 0, 2)", "ab");
    expect("left('abc', -1)", "");
    expect("right('\\u65e5\\u672c', 1)", "\xE6\x9C\xAC");
    expect("locate('\\u672c', '\\u65e5\\u672c')", "2");
    expect("split_part('a.b', '.', 0)", "INVALID_INDEX_OF_ZERO");
    expect("split_part('a.b', '.', -3)", "");
    expect("trim(BOTH '\\u65e5' FROM '\\u65e5a\\u65e5')", "a");
    expect("replace('aaa', 'aa', 'b')", "ba");
    expect("replace(repeat('abcb', 40), 'b', '') = repeat('ac', 40)", "true");
    expect("replace(repeat('b', 130), 'b', '')", "");
    expect("replace(concat(repeat('a', 63), 'b'), 'b', '') = repeat('a', 63)", "true");
    expect("replace(concat(repeat('a', 64), 'b', repeat('é', 40)), 'b', '') = "
           "concat(repeat('a', 64), repeat('é', 40))",
           "true");
    expect("lpad('abc', 2)", "ab");
    expect("repeat('ab', -1)", "");
    expect("repeat('0123456789', 2147483647)", "COLLECTION_SIZE_LIMIT_EXCEEDED.FUNCTION");
    expect("lpad('', 2147483647, 'x')", "COLLECTION_SIZE_LIMIT_EXCEEDED.FUNCTION");
    expect("rpad('x', 2147483633, 'yz')", "COLLECTION_SIZE_LIMIT_EXCEEDED.FUNCTION");
    expect("space(2147483633)", "COLLECTION_SIZE_LIMIT_EXCEEDED.FUNCTION");
    expect("'a_c' like 'a\\\\_c'", "true");
    expect("'abc' like 'a\\\\bc'", "INVALID_FORMAT.ESC_IN_THE_MIDDLE");
    expect("'abc' like 'abc\\\\'", "INVALID_FORMAT.ESC_AT_THE_END");
    expect("'a%c' like 'a!%c' escape '!'", "true");
    expect("'aXbXc' like 'a%b%c'", "true");
    expect("'\\u65e5x' like '_x'", "true");
    expect("'abc' like any ('x', 'a%')", "true");
}

/* The empty part of a text has no address (split_part) or that of a longer text (regexp_extract).
 */
static void texts_without_bytes_are_searched_like_others(void **state)
{
    static const char *const empty[] = {"split_part('a', '.', 3)", "regexp_extract('b', 'a', 0)",
                                        "regexp_extract('ab', 'a(x?)', 1)", "left('a', 0)", "''"};
    static const struct {
        const char *before, *after, *wanted;
    } cases[] = {
        {"substring_index(", ", '.', -1)", ""},
        {"substring_index(", ", '.', 1)", ""},
        {"substring_index(", ", 'ab', -2)", ""},
        {"substring_index('.a.b', ", ", -1)", ""},
        {"split_part(", ", '.', -1)", ""},
        {"split_part('a', ", ", -1)", "a"},
        {"contains(", ", 'a')", "false"},
        {"locate('a', ", ")", "0"},
        {"trim(BOTH ", " FROM 'a')", "a"},
        {"trim(BOTH 'a' FROM ", ")", ""},
        {"replace(", ", 'a')", ""},
        {"reverse(", ")", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (size_t j = 0; j < sizeof empty / sizeof empty[0]; j++) {
            char text[TEXT_SIZE];
            (void)snprintf(text, sizeof text, "%s%s%s", cases[i].before, empty[j], cases[i].after);
            expect(text, cases[i].wanted);
        }
    }
    expect("substring_index('a', '..', -1)", "a");
    expect("substring_index('..', '..', -1)", "");
    expect("substring_index('.a.b', '.', -3)", ".a.b");
    expect("substring_index('.a.b', '.', -2)", "a.b");
}

static void patterns_are_javas(void **state)
{
    (void)state;
    expect("'a' rlike '['", "INVALID_PARAMETER_VALUE.PATTERN");
    expect("'ac' rlike '^[a-c&&[^b]]{2}$'", "true");
    expect("'abc' rlike '^[a-c&&[^b]]+$'", "false");
    expect("'\\u00e9' rlike '(?U)\\\\w'", "true");
    expect("'\\u00e9' rlike '\\\\w'", "false");
    expect("'A' rlike '\\\\u0041'", "true");
    expect("regexp_extract('a', '(a)', 2)", "INVALID_PARAMETER_VALUE.REGEX_GROUP_INDEX");
    expect("regexp_extract('b', '(a)', 2)", "");
    expect("regexp_replace('abc', '', '-')", "-a-b-c-");
    expect("regexp_replace('abc', 'b', '$1')", "INVALID_REGEXP_REPLACE");
    expect("regexp_replace('aaa', 'a', '', 2)", "a");
    expect("regexp_count('', '')", "1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_example_gives_its_result),
        cmocka_unit_test(every_name_and_alias_is_found_as_itself),
        cmocka_unit_test(strict_functions_give_null_for_null),
        cmocka_unit_test(arithmetic_fails_instead_of_wrapping),
        cmocka_unit_test(casts_follow_the_ansi_rules),
        cmocka_unit_test(strings_are_cut_and_searched_by_characters),
        cmocka_unit_test(texts_without_bytes_are_searched_like_others),
        cmocka_unit_test(patterns_are_javas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
