/*
 * Functions that make, format and take apart texts, with their edges and errors as Spark has them.
 */
#include "tests/ops/expr/expect.h"

static void format_strings_follow_javas_formatter(void **state)
{
    (void)state;
    expect("format_string('%d %5d %-5d| %05d %+d % d %(d %,d', 1, 2, 3, 4, 5, 6, -7, 1234567L)",
           "1     2 3    | 00004 +5  6 (7) 1,234,567");
    expect("format_string('%x %X %o %#x %08x', -1, 255L, -8S, 255, 255)",
           "ffffffff FF 177770 0xff 000000ff");
    expect("format_string('%s|%S|%10s|%-10s|%.2s', 'abc', 'abc', 'abc', 'abc', 'abc')",
           "abc|ABC|       abc|abc       |ab");
    expect("format_string('%1$s %<s %s', 'a', 'b')", "a a a");
    expect("format_string('%b %B %b %h', NULL, true, 0, 255)", "false TRUE true ff");
    expect("format_string('%c%C|%5%|', 65, 97)", "AA|    %|");
    expect("format_string('%s', array('a', NULL))", "[a,null]");
    expect("format_string('%s', map('a', 1))", "keys: [a], values: [1]");
    expect("format_string('%s', DATE'2024-01-02')", "19724");
}

static void doubles_are_formatted_from_the_digits_they_print_with(void **state)
{
    (void)state;
    expect("format_string('%.1f %.1f %.0f %.0f', 0.25D, 0.35D, 0.5D, 1.5D)", "0.3 0.4 1 2");
    expect("format_string('%.20f', 0.1D)", "0.10000000000000000000");
    expect("format_string('%e %E %.0e', 0.0001D, 123456D, 12345D)",
           "1.000000e-04 1.234560E+05 1e+04");
    expect("format_string('%g %G %.3g %g', 0.0001D, 1e10D, 123.456D, 0D)",
           "0.000100000 1.00000E+10 123 0.00000");
    expect("format_string('%.2f %.2f', 0.0005D, 0.995D)", "0.00 1.00");
    expect("format_string('%010f|%+f|%(f', double('NaN'), double('Infinity'), "
           "double('-Infinity'))",
           "       NaN|+Infinity|(Infinity)");
    expect("format_string('%(,.2f', -1234.5D)", "(1,234.50)");
    expect("format_string('%a %a', 1.5D, 0D)", "0x1.8p0 0x0.0p0");
}

static void formats_that_java_refuses_fail_the_record(void **state)
{
    static const char *const texts[] = {
        "format_string('%d', 1.5)",    "format_string('%d', 'a')",      "format_string('%q', 1)",
        "format_string('%s %s', 'a')", "format_string('%-d', 1)",       "format_string('%-05d', 1)",
        "format_string('%+s', 'a')",   "format_string('%.2d', 5)",      "format_string('%f', 1)",
        "format_string('%', 1)",       "format_string('%++d', 1)",      "format_string('%+ d', 1)",
        "format_string('%c', 'a')",    "format_string('%c', -1)",       "format_string('%<s', 1)",
        "format_string('%.s', 'a')",   "format_string('%tY', 5L)",      "format_string('%,x', 5)",
        "format_string('%5n')",        "format_string('%99999999d', 1)"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        expect(texts[i], "INVALID_FORMAT_STRING");
    expect("format_string('%0$s', 'a')", "INVALID_PARAMETER_VALUE.ZERO_INDEX");
    expect("format_string(NULL, 5)", "NULL");
}

static void numbers_are_written_and_read_by_formats(void **state)
{
    (void)state;
    expect("to_char(12.5D, '999.9')", " 12.5");
    expect("to_char('12.5', '999.9')", " 12.5");
    expect("to_char(12, NULL)", "NULL");
    expect("to_char(12, 'bad')", "INVALID_FORMAT.WRONG_NUM_DIGIT");
    expect("to_char(true, '9')", "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE");
    expect("to_char(X'4142', 'HEX')", "4142");
    expect("to_char(X'4142', 'bad')", "INVALID_PARAMETER_VALUE.BINARY_FORMAT");
    expect("typeof(to_number('12', NULL))", "decimal(10,0)");
    expect("typeof(to_number('12', '99.9'))", "decimal(3,1)");
    expect("to_number('3', '.99')", "NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION");
    expect("to_number('x', '99')", "INVALID_FORMAT.MISMATCH_INPUT");
    expect("try_to_number('x', '99')", "NULL");
    expect("to_number('1', '9999999999999999999999999999999999999999')",
           "DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION");
    expect("format_number(12.5, '2')", "212");
    expect("format_number('12.5', 1)", "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE");
    expect("format_number(1, 'a#0.0.0')", "INVALID_NUMBER_PATTERN");
    expect("format_number(1, 120)",
           "1.0000000000000000000000000000000000000000000000000000000000000"
           "00000000000000000000000000000000000000000000000000000000000");
}

static void words_are_compared_and_found(void **state)
{
    (void)state;
    expect("levenshtein('kitten', 'sitting', 2)", "-1");
    expect("levenshtein('a', 'b', -1)", "-1");
    expect("levenshtein('\\u65e5\\u672c', '')", "2");
    expect("soundex('Ashcraft')", "A261");
    expect("soundex('Pfister')", "P236");
    expect("soundex('1a')", "1a");
    expect("to_json(sentences('Hello, world. \"Quoted text.\" It costs $5.50 today; yes? e.g. "
           "U.S.A. rocks.'))",
           "[[\"Hello\",\"world\"],[\"Quoted\",\"text\"],[\"It\",\"costs\",\"today\",\"yes\"],"
           "[\"e.g\"],[\"U.S.A\",\"rocks\"]]");
    expect("to_json(sentences('stop-me 3.14 1,000 a_b x@y.com', NULL))",
           "[[\"stop-me\",\"3.14\",\"1,000\",\"a_b\",\"x\",\"y.com\"]]");
    expect("to_json(sentences('abc123def 12abc $5 #tag 50% (Hi. There) One.Two ... x'))",
           "[[\"abc123def\",\"12abc\",\"tag\",\"50%\",\"Hi\"],[\"There\",\"One.Two\",\"x\"]]");
    expect("size(sentences(''))", "0");
    expect("sentences(NULL)", "NULL");
}

static void texts_are_hidden_cut_in_and_chosen(void **state)
{
    (void)state;
    expect("mask('Ab\\u00c9\\u00e91\\u0663-', 'Q', 'q', 'd', 'o')", "QqQqddo");
    expect("mask('AbCD', NULL)", "AxCD");
    expect("mask('A', 'QQ')", "DATATYPE_MISMATCH.INPUT_SIZE_NOT_ONE");
    expect("mask(123)", "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE");
    expect("length(mask('\\U0001F600', 'X', 'x', 'n', 'o'))", "2");
    expect("overlay('Spark', 'xyz', -2, 2)", "xyzSpark");
    expect("overlay('Spark' PLACING 'x' FROM 2 FOR 0)", "Sxpark");
    expect("hex(overlay(X'01020304', X'FF', 0))", "FF01020304");
    expect("overlay('abc', 'x', -2147483648, 1)", "abcxabc");
    expect("hex(translate('abc', 'ab', concat(char(0), 'x')))", "7863");
    expect("overlay('a', X'41', 1)", "DATATYPE_MISMATCH.DATA_DIFF_TYPES");
    expect("elt(2, 'x', X'42')", "B");
    expect("typeof(elt(2, X'41', X'42'))", "binary");
    expect("elt(3, 'a', 'b')", "INVALID_ARRAY_INDEX");
    expect("elt(1)", "WRONG_NUM_ARGS.WITHOUT_SUGGESTION");
    expect("find_in_set('', '')", "1");
    expect("find_in_set('a,b', 'a,b')", "0");
    expect("concat_ws(',', array('x', NULL, 'y'), NULL, 'z', array())", "x,y,z");
    expect("luhn_check('')", "false");
    expect("validate_utf8(X'80')", "INVALID_UTF8_STRING");
    expect("hex(make_valid_utf8(CAST(X'61EDA08062' AS STRING)))", "61EFBFBDEFBFBDEFBFBD62");
}

static void classes_and_flags_are_javas(void **state)
{
    static const struct {
        const char *text, *pattern;
        bool is_found;
    } cases[] = {
        {"\\u00c9", "(?i)\\u00e9", false},
        {"\\u00c9", "(?iu)\\u00e9", true},
        {"abC", "a(?i)BC", true},
        {"aBC", "(a(?i)B)c", false},
        {"x", "[a-z&&[^m-p]]", true},
        {"n", "[a-z&&[^m-p]]", false},
        {"c", "[^ab[c-d]]", false},
        {"e", "[^ab[c-d]]", true},
        {"a", "[^a-z&&[b]]", true},
        {"b", "[^a-z&&[b]]", false},
        {"a]", "^[]a]+$", true},
        {"z", "[[:alpha:]]", false},
        {"h:", "^[[:alpha:]]+$", true},
        {"a\\u00e9 b", "a\\\\b", false},
        {"\\u2028", ".", false},
        {"a\\nb", "(?s)a.b", true},
        {"a b", "(?x)a b", false},
        {"aa1", "(a)\\\\11", true},
        {"a", "a|\\\\1", true},
        {"b", "a|\\\\1", false},
        {"\\u00c9", "(?i)\\\\p{Ll}", true},
        {"\\u03b1", "\\\\p{IsGreek}", true},
        {"A.B", "(?i)\\\\Qa.b\\\\E", true},
        {"axb", "\\\\Qa.b\\\\E", false},
        {"1", "[^\\\\D]", true},
        {"1", "[\\\\Q\\\\E]", false},
        {"a", "[\\\\P{L}b]", false},
        {"b", "[\\\\P{L}b]", true},
    };
    static const char *const refused[] = {"a{",       "a{,3}",  "[a-\\\\d]", "\\\\y",      "\\\\K",
                                          "(?P<n>a)", "(?#x)a", "(*UCP)a",   "*a",         "a**",
                                          "\\\\x6",   "a\\\\",  "(a",        "a)",         "[a",
                                          "[z-a]",    "[[a]",   "[^]",       "\\\\p{Foo}", "(?q)a"};
    char text[TEXT_SIZE];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        (void)snprintf(text, sizeof text, "'%s' RLIKE '%s'", cases[i].text, cases[i].pattern);
        expect(text, cases[i].is_found ? "true" : "false");
    }
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        (void)snprintf(text, sizeof text, "'a' RLIKE '%s'", refused[i]);
        expect(text, "INVALID_PARAMETER_VALUE.PATTERN");
    }
}

static void texts_are_parted_by_patterns(void **state)
{
    (void)state;
    expect("to_json(split('a,b,,c,', ','))", "[\"a\",\"b\",\"\",\"c\",\"\"]");
    expect("to_json(split('a|b', '|'))", "[\"a\",\"|\",\"b\",\"\"]");
    expect("to_json(split('abc', '', 2))", "[\"a\",\"bc\"]");
    expect("to_json(split('a1b2c', '[0-9]', 2))", "[\"a\",\"b2c\"]");
    expect("to_json(split('', ','))", "[\"\"]");
    expect("split('a', '(')", "INVALID_PARAMETER_VALUE.PATTERN");
    expect("to_json(regexp_extract_all('b ab', '(a)?(b)', 1))", "[\"\",\"a\"]");
    expect("to_json(regexp_extract_all('', '(x*)', 1))", "[\"\"]");
    expect("regexp_extract_all('a1', '[a-z]')", "INVALID_PARAMETER_VALUE.REGEX_GROUP_INDEX");
    expect("size(split(repeat('a,', 1000), ','))", "1001");
    expect("repeat('abc', 5)", "abcabcabcabcabc");
    expect("lpad('1', 12, 'xyz')", "xyzxyzxyzxy1");
    expect("rpad('1', 2, 'xyz')", "1x");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(format_strings_follow_javas_formatter),
        cmocka_unit_test(doubles_are_formatted_from_the_digits_they_print_with),
        cmocka_unit_test(formats_that_java_refuses_fail_the_record),
        cmocka_unit_test(numbers_are_written_and_read_by_formats),
        cmocka_unit_test(words_are_compared_and_found),
        cmocka_unit_test(texts_are_hidden_cut_in_and_chosen),
        cmocka_unit_test(classes_and_flags_are_javas),
        cmocka_unit_test(texts_are_parted_by_patterns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
