/*
 * URLs: their parts, what is none, and escapes.
 */
#include "ops/expr/uri.h"
#include "tests/ops/expr/expect.h"

static const struct lt_session *legacy(void)
{
    static struct lt_session session;
    session = *lt_session_default();
    session.is_legacy = true;
    return &session;
}

static void parts_are_taken_as_they_stand(void **state)
{
#define URL "'http://user:pw@host.example:8080/p/h.html?k=v%20w&k=2#frag'"
    (void)state;
    expect("parse_url(" URL ", 'PROTOCOL')", "http");
    expect("parse_url(" URL ", 'AUTHORITY')", "user:pw@host.example:8080");
    expect("parse_url(" URL ", 'USERINFO')", "user:pw");
    expect("parse_url(" URL ", 'HOST')", "host.example");
    expect("parse_url(" URL ", 'PATH')", "/p/h.html");
    expect("parse_url(" URL ", 'FILE')", "/p/h.html?k=v%20w&k=2");
    expect("parse_url(" URL ", 'QUERY')", "k=v%20w&k=2");
    expect("parse_url(" URL ", 'QUERY', 'k')", "v%20w");
    expect("parse_url(" URL ", 'REF')", "frag");
    expect("parse_url(" URL ", 'host')", "NULL");
    expect("parse_url(" URL ", 'PATH', 'k')", "NULL");
    expect("parse_url(" URL ", 'QUERY', NULL)", "NULL");
    expect("parse_url('mailto:a@b.c', 'PATH')", "NULL");
    expect("parse_url('', 'PATH')", "");
    expect("parse_url('//h/p', 'HOST')", "h");
    expect("parse_url('file:///etc/x', 'AUTHORITY')", "NULL");
}

static void a_key_is_a_regular_expression(void **state)
{
    (void)state;
    expect("parse_url('http://h/p?ab=1', 'QUERY', 'a.')", "1");
    expect("parse_url('http://h/p?b=&a', 'QUERY', 'b')", "");
    expect("parse_url('http://h/p?b=&a', 'QUERY', 'a')", "NULL");
    expect("parse_url('http://h/p?a=1', 'QUERY', '(')", "INVALID_PARAMETER_VALUE.PATTERN");
}

static bool has_host(const char *text, const char *host)
{
    struct lt_uri uri;
    if (!lt_uri_parse(lt_value_text(text).bytes, &uri))
        fail_msg("%s: should be a URI", text);
    if (host == NULL)
        return !uri.host.is_there;
    return uri.host.is_there && uri.host.text.size_bytes == strlen(host) &&
           memcmp(uri.host.text.data, host, strlen(host)) == 0;
}

static void hosts_are_names_and_addresses_and_nothing_else(void **state)
{
    (void)state;
    assert_true(has_host("http://a-b.c1.org.", "a-b.c1.org."));
    assert_true(has_host("http://1.2.3.4:80/", "1.2.3.4"));
    assert_true(has_host("http://1.2.3/", NULL));
    assert_true(has_host("http://256.1.1.1/", NULL));
    assert_true(has_host("http://1.2.3.4.5/", NULL));
    assert_true(has_host("http://a.1/", NULL));
    assert_true(has_host("http://1/", "1"));
    assert_true(has_host("http://a-/", NULL));
    assert_true(has_host("http://a..b/", NULL));
    assert_true(has_host("http://a_b/", NULL));
    assert_true(has_host("http://h:x/", NULL));
    assert_true(has_host("http://h:/", "h"));
    assert_true(has_host("http://h:99999999999/", NULL));
    assert_true(has_host("http://\xC3\xA9.com/", NULL));
    assert_true(has_host("http://[::1]:80/", "[::1]"));
    assert_true(has_host("http://[1:2:3:4:5:6:7:8]/", "[1:2:3:4:5:6:7:8]"));
    assert_true(has_host("http://[1::8]/", "[1::8]"));
    assert_true(has_host("http://[::ffff:1.2.3.4]/", "[::ffff:1.2.3.4]"));
    assert_true(has_host("http://[1:2:3:4:5:6:1.2.3.4]/", "[1:2:3:4:5:6:1.2.3.4]"));
    assert_true(has_host("http://[fe80::1%eth0]/", "[fe80::1%eth0]"));
    assert_true(has_host("http://u@[fe80::1%25eth0]:1/", "[fe80::1%25eth0]"));
}

static void what_is_no_uri_is_told(void **state)
{
    static const char *const none[] = {
        "http://",
        "http:",
        ":x",
        "1http://h",
        "ht_tp://h",
        "http://exa mple.com/x",
        "http://h/a b",
        "http://h/a|b",
        "http://h/%",
        "http://h/%4",
        "http://h/%zz",
        "http://a%zz/",
        "http://h/p#a#b",
        "http://h?a=\"",
        "http://[::1/p",
        "http://[]/",
        "http://[1:2:3:4:5:6:7]/",
        "http://[1:2:3:4:5:6:7:8:9]/",
        "http://[1::2::3]/",
        "http://[12345::]/",
        "http://[::1.2.3]/",
        "http://[::1%]/",
        "http://[::1%a-b]/",
        "http://h/\xC2\xA0",
        "http://h/\xE2\x80\xA8",
        "mailto:",
        "a:b|c",
    };
    (void)state;
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        struct lt_uri uri;
        if (lt_uri_parse(lt_value_text(none[i]).bytes, &uri))
            fail_msg("%s: should be none", none[i]);
    }
    expect("parse_url('http://h/a b', 'PATH')", "INVALID_URL");
    expect("try_parse_url('http://h/a b', 'PATH')", "NULL");
    expect("try_parse_url('http://h/ab', 'PATH')", "/ab");
    expect_in(legacy(), "parse_url('http://h/a b', 'PATH')", "NULL");
    expect("parse_url(5, 'HOST')", "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE");
}

static void escapes_are_made_and_undone(void **state)
{
    (void)state;
    expect("url_encode('a b+c/~!*()-_.')", "a+b%2Bc%2F%7E%21*%28%29-_.");
    expect("url_encode('\u00e9\U0001F600')", "%C3%A9%F0%9F%98%80");
    expect("url_encode(cast(X'FF41' as string))", "%EF%BF%BDA");
    expect("url_decode('a+b%20c%2B%C3%A9\u00e9')", "a b c+\u00e9\u00e9");
    expect("url_decode('%FF')", "\uFFFD");
    expect("hex(url_decode('%+1%-0'))", "0100");
    expect("url_decode('%')", "CANNOT_DECODE_URL");
    expect("url_decode('a%4')", "CANNOT_DECODE_URL");
    expect("url_decode('%zz')", "CANNOT_DECODE_URL");
    expect("try_url_decode('%zz')", "NULL");
    expect_in(legacy(), "url_decode('%zz')", "CANNOT_DECODE_URL");
    expect("url_decode(url_encode('a/b?c=d&e=\u00e9%'))", "a/b?c=d&e=\u00e9%");
    expect("url_encode(NULL)", "NULL");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_are_taken_as_they_stand),
        cmocka_unit_test(a_key_is_a_regular_expression),
        cmocka_unit_test(hosts_are_names_and_addresses_and_nothing_else),
        cmocka_unit_test(what_is_no_uri_is_told),
        cmocka_unit_test(escapes_are_made_and_undone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
