/* The JSON scanner: tokens, what is malformed and where, what can be allowed, and copying. */
#include "core/text/json_scan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static struct lt_json_scan scan_of(const char *text, unsigned flags)
{
    struct lt_json_scan scan;
    lt_json_scan_init(&scan, text, strlen(text), flags);
    return scan;
}

/* The tokens of a text as letters: { } [ ] N(ame) S(tring) I(nteger) F(loat) ?(not finite) t f n,
 * and ! for invalid. */
static void has_tokens(const char *text, unsigned flags, const char *expected)
{
    static const char letters[] = "\n{}[]NSIF?tfn!";
    struct lt_json_scan scan = scan_of(text, flags);
    char got[64];
    size_t count = 0;
    enum lt_json_token token;
    do {
        token = lt_json_scan_next(&scan);
        got[count++] = token == LT_JSON_TOKEN_END ? '\0' : letters[token];
    } while (token != LT_JSON_TOKEN_END && token != LT_JSON_TOKEN_INVALID &&
             count < sizeof got - 1);
    got[count] = '\0';
    assert_string_equal(got, expected);
}

static void a_document_is_given_token_by_token(void **state)
{
    (void)state;
    has_tokens("{\"a\":1,\"b\":[true,false,null,-2.5e3,\"s\"],\"c\":{},\"d\":[]}", 0,
               "{NIN[tfnFS]N{}N[]}");
    has_tokens(" \n\t\r 5 ", 0, "I");
    has_tokens("", 0, "");
    has_tokens("1 2 [3]", 0, "II[I]"); /* values may follow each other */
}

static void malformed_text_ends_in_invalid(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{",     "[",     "[1",      "{\"a\"",    "{\"a\":",    "{\"a\":1",  "{\"a\":1,",
        "[1,",   "[1,]",  "[,1]",    "{,}",       "{\"a\":1,}", "{\"a\" 1}", "{1:2}",
        "{a:1}", "[1 2]", "[1}",     "{\"a\":1]", "]",          "}",         ",",
        ":",     "tru",   "nul",     "truex",     "01",         "-",         "+1",
        "1.",    ".5",    "1e",      "1e+",       "1x",         "NaN",       "Infinity",
        "'a'",   "\"a",   "\"\\q\"", "\"\\u12\"", "\"\\",       "\"a\nb\"",  "/* c */ 1",
        "[1] ]"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct lt_json_scan scan = scan_of(texts[i], 0);
        enum lt_json_token token;
        int count = 0;
        do {
            token = lt_json_scan_next(&scan);
        } while (token != LT_JSON_TOKEN_INVALID && token != LT_JSON_TOKEN_END && ++count < 100);
        if (token != LT_JSON_TOKEN_INVALID)
            fail_msg("taken: %s", texts[i]);
        assert_non_null(scan.fault);
        assert_int_equal(lt_json_scan_next(&scan), LT_JSON_TOKEN_INVALID);
    }
}

static void what_is_allowed_is_taken(void **state)
{
    (void)state;
    has_tokens("{'a':'it\\'s'}", LT_JSON_SCAN_SINGLE_QUOTES, "{NS}");
    has_tokens("[NaN,-INF,+INF,Infinity,-Infinity,+Infinity]", LT_JSON_SCAN_NOT_FINITE, "[??????]");
    has_tokens("[INF]", LT_JSON_SCAN_NOT_FINITE, "[!");
    has_tokens("[NaNx]", LT_JSON_SCAN_NOT_FINITE, "[!");
    has_tokens("[007,-01]", LT_JSON_SCAN_LEADING_ZEROS, "[II]");
    has_tokens("{a_1: 1, $b: 2}", LT_JSON_SCAN_BARE_NAMES, "{NINI}");
    has_tokens("\"\\q\"", LT_JSON_SCAN_ANY_ESCAPE, "S");
    has_tokens("\"a\nb\"", LT_JSON_SCAN_CONTROL, "S");
    has_tokens("/* a */ [1, // b\n 2] /**/", LT_JSON_SCAN_COMMENTS, "[II]");
    has_tokens("/* a", LT_JSON_SCAN_COMMENTS, "!");
}

static void depth_is_limited(void **state)
{
    (void)state;
    char text[LT_JSON_SCAN_DEPTH + 1];
    memset(text, '[', sizeof text);
    struct lt_json_scan scan;
    lt_json_scan_init(&scan, text, sizeof text, 0);
    for (int i = 0; i < LT_JSON_SCAN_DEPTH; i++)
        assert_int_equal(lt_json_scan_next(&scan), LT_JSON_TOKEN_ARRAY_BEGIN);
    assert_int_equal(lt_json_scan_next(&scan), LT_JSON_TOKEN_INVALID);
    assert_string_equal(scan.fault, "it is nested deeper than 1000 levels");
}

static void a_fault_has_its_line_and_column(void **state)
{
    (void)state;
    struct lt_json_scan scan = scan_of("{\n  \"a\": 1,\n  \"b\" 2\n}", 0);
    while (lt_json_scan_next(&scan) != LT_JSON_TOKEN_INVALID)
        assert_int_not_equal(scan.token, LT_JSON_TOKEN_END);
    size_t line, column;
    lt_json_scan_place(&scan, &line, &column);
    assert_int_equal(line, 3);
    assert_int_equal(column, 7);
    assert_string_equal(scan.fault, "a colon is expected");
}

static void strings_are_unescaped_and_compared(void **state)
{
    (void)state;
    static const struct {
        const char *json, *text;
    } cases[] = {{"\"plain\"", "plain"},
                 {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t"},
                 {"\"\\u0041\\u00e9\\u65E5\"", "A\u00e9\u65e5"},
                 {"\"\\ud83d\\ude00!\"", "\U0001F600!"},
                 {"\"\\ud83dx\"", "?x"},
                 {"\"\\ude00\"", "?"},
                 {"\"\\ud83d\\u0041\"", "?A"}};
    struct lt_text_buffer out;
    lt_text_init(&out);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lt_json_scan scan = scan_of(cases[i].json, 0);
        assert_int_equal(lt_json_scan_next(&scan), LT_JSON_TOKEN_STRING);
        lt_text_clear(&out);
        lt_json_scan_text(&scan, &out);
        assert_string_equal(lt_text_get(&out), cases[i].text);
        size_t size_bytes = strlen(cases[i].text);
        assert_true(lt_json_scan_is(&scan, cases[i].text, size_bytes));
        assert_false(lt_json_scan_is(&scan, cases[i].text, size_bytes - 1));
        assert_false(lt_json_scan_is(&scan, "another", 7));
    }
    lt_text_fini(&out);
}

static void values_can_be_skipped(void **state)
{
    (void)state;
    struct lt_json_scan scan = scan_of("{\"a\":{\"b\":[1,{}]},\"c\":2,\"d\":[1", 0);
    assert_int_equal(lt_json_scan_next(&scan), LT_JSON_TOKEN_OBJECT_BEGIN);
    assert_int_equal(lt_json_scan_next(&scan), LT_JSON_TOKEN_NAME);
    assert_int_equal(lt_json_scan_skip(&scan), LT_JSON_TOKEN_OBJECT_END);
    assert_int_equal(lt_json_scan_next(&scan), LT_JSON_TOKEN_NAME);
    assert_true(lt_json_scan_is(&scan, "c", 1));
    assert_int_equal(lt_json_scan_skip(&scan), LT_JSON_TOKEN_INTEGER);
    assert_int_equal(lt_json_scan_next(&scan), LT_JSON_TOKEN_NAME);
    assert_int_equal(lt_json_scan_next(&scan), LT_JSON_TOKEN_ARRAY_BEGIN);
    assert_int_equal(lt_json_scan_skip(&scan), LT_JSON_TOKEN_INVALID);
}

static void copies_to(const char *text, unsigned flags, const char *expected)
{
    struct lt_text_buffer out;
    lt_text_init(&out);
    struct lt_json_scan scan = scan_of(text, flags);
    (void)lt_json_scan_next(&scan);
    assert_true(lt_json_scan_copy(&scan, false, &out));
    assert_string_equal(lt_text_get(&out), expected);
    lt_text_fini(&out);
}

static void copies_are_as_jackson_writes_them(void **state)
{
    (void)state;
    copies_to(" { \"a\" : [ 1 , 2.50 , 1e2, -0, true ] , \"b\" : { } , \"c\":null} ", 0,
              "{\"a\":[1,2.5,100.0,0,true],\"b\":{},\"c\":null}");
    copies_to("[[],[[]],{\"a\":[]}]", 0, "[[],[[]],{\"a\":[]}]");
    copies_to("'it\\'s \"q\" \\u0001\\/\\u00e9'", LT_JSON_SCAN_SINGLE_QUOTES,
              "\"it's \\\"q\\\" \\u0001/\u00e9\"");
    copies_to("[1e400,NaN,-INF]", LT_JSON_SCAN_NOT_FINITE, "[\"Infinity\",\"NaN\",\"-Infinity\"]");
    copies_to("[007,-00,-010]", LT_JSON_SCAN_LEADING_ZEROS, "[7,0,-10]");
    copies_to("12345678901234567890123", 0, "12345678901234567890123");
    copies_to("{\"\\ud83d\":\"a\\udE00\\ud83d\\ude00\"}", 0,
              "{\"\\uD83D\":\"a\\uDE00\U0001F600\"}");
    struct lt_text_buffer out;
    lt_text_init(&out);
    struct lt_json_scan scan = scan_of("[1,[2,", 0);
    (void)lt_json_scan_next(&scan);
    assert_false(lt_json_scan_copy(&scan, false, &out));
    lt_text_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_document_is_given_token_by_token),
        cmocka_unit_test(malformed_text_ends_in_invalid),
        cmocka_unit_test(what_is_allowed_is_taken),
        cmocka_unit_test(depth_is_limited),
        cmocka_unit_test(a_fault_has_its_line_and_column),
        cmocka_unit_test(strings_are_unescaped_and_compared),
        cmocka_unit_test(values_can_be_skipped),
        cmocka_unit_test(copies_are_as_jackson_writes_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
