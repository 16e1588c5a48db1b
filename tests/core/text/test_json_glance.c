/* A glance at a document: what is seen, what is not, and that it is what a reader finds there. */
#include "core/text/json_glance.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/base/text_buffer.h"
#include "core/text/json_scan.h"

enum { CHANCES = 100000 };
static const char *const names[] = {"a", "sym", "a long name"};
enum { NAMES = sizeof names / sizeof names[0] };

static struct lt_json_glance *glance;

/* Without the vectors there is no glance, and nothing to test. */
static int create(void **state)
{
    (void)state;
    glance = lt_json_glance_create(names, NAMES, false);
    return 0;
}

static int create_narrow(void **state)
{
    (void)state;
    glance = lt_json_glance_create(names, NAMES, true);
    return 0;
}

static int destroy(void **state)
{
    (void)state;
    lt_json_glance_destroy(glance);
    return 0;
}

static void needs_glance(void)
{
    if (glance == NULL)
        skip();
}

static void begin(const char *document)
{
    lt_json_glance_begin(glance, document, strlen(document));
}

static void sees_text(size_t name, const char *text)
{
    size_t seen;
    struct lt_json_field field;
    assert_true(lt_json_glance_next(glance, &seen, &field));
    assert_int_equal(seen, name);
    assert_int_equal(field.kind, LT_JSON_STRING);
    assert_int_equal(field.bytes.size_bytes, strlen(text));
    assert_memory_equal(field.bytes.data, text, strlen(text));
}

static void sees_number(size_t name, double number)
{
    size_t seen;
    struct lt_json_field field;
    assert_true(lt_json_glance_next(glance, &seen, &field));
    assert_int_equal(seen, name);
    assert_true((field.kind == LT_JSON_INTEGER ? (double)field.i64 : field.f64) == number);
}

static void sees_nothing(void)
{
    size_t seen;
    struct lt_json_field field;
    assert_false(lt_json_glance_next(glance, &seen, &field));
}

static void wanted_fields_are_seen_in_their_order(void **state)
{
    (void)state;
    needs_glance();
    begin("{\"x\":[1,{\"a\":9}],\"a\":-12,\"b\":{},\"a long name\":\"v\" , \"sym\" : "
          "\"X\",\"a\":0.5}");
    sees_number(0, -12);
    sees_text(2, "v");
    sees_text(1, "X");
    sees_number(0, 0.5);
    sees_nothing();
    begin("{\"sym\":\"\"}");
    sees_text(1, "");
    sees_nothing();
}

static void odd_documents_are_left_to_the_readers(void **state)
{
    (void)state;
    needs_glance();
    static const char *const odd[] = {"",
                                      "[]",
                                      "5",
                                      "{}",
                                      "{\"a\":null}",
                                      "{\"a\":true}",
                                      "{\"a\":{}}",
                                      "{\"a\":tru}",
                                      "{\"a\":01}",
                                      "{\"a\":12345678901234567890}",
                                      "{\"a\" 1}",
                                      "{\"a\":\"x\\n\"}",
                                      "{\"x\":\"\\n\",\"a\":1}",
                                      "{\"x\":\"h\u00e9\",\"a\":1}",
                                      "{\"x\":'s',\"a\"}",
                                      "{\"a\":1",
                                      "{\"a\":\"open",
                                      "{\"a\":1 \"sym\":2}",
                                      "{'a':1}",
                                      "{\"x\":[[1],\"a\":1}"};
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        begin(odd[i]);
        sees_nothing();
    }
}

static void a_field_is_the_last_where_its_name_cannot_follow(void **state)
{
    (void)state;
    needs_glance();
    static const struct {
        const char *rest;
        bool is_last;
    } cases[] = {{"}", true},
                 {",\"side\":\"s\",\"note\":\"a sym\"}", true},
                 {",\"sym\":\"Y\"}", false},
                 {",\"x\":\"sy\"}", false}, /* it might be a name: nobody looked */
                 {",\"x\":\"\\u0073\"}", false},
                 {",'sym':1}", false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (int blanks = 0; blanks < 140; blanks++) {
            char document[300];
            int size = snprintf(document, sizeof document, "{\"sym\":\"X\"%*s%s", blanks, "",
                                cases[i].rest);
            char *tight = malloc((size_t)size);
            memcpy(tight, document, (size_t)size);
            lt_json_glance_begin(glance, tight, (size_t)size);
            /* A backslash in sight hides the field. */
            size_t seen;
            struct lt_json_field field;
            if (lt_json_glance_next(glance, &seen, &field))
                assert_int_equal(lt_json_glance_is_last(glance), cases[i].is_last);
            else
                assert_false(cases[i].is_last);
            free(tight);
        }
    }
}

static void names_that_cannot_be_seen_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "h\u00e9", "q\"q", "back\\slash"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_null(lt_json_glance_create(&bad[i], 1, false));
}

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static void put_document(struct lt_text_buffer *out, uint64_t *seed)
{
    static const char *const pieces[] = {"\"a\":1",
                                         "\"a\":\"t\"",
                                         "\"sym\":\"X\"",
                                         "\"sym\":2.5",
                                         "\"a long name\":7",
                                         "\"b\":[1,2]",
                                         "\"c\":{\"a\":5}",
                                         "\"d\":null",
                                         "\"e\":\"q\\\"\"",
                                         "\"a\":null",
                                         "\"f\" : true",
                                         "\"g\":\"\u00e9\"",
                                         "x",
                                         "\"sym\" : \"long text to fill the block up to its end\""};
    lt_text_clear(out);
    lt_text_append_char(out, '{');
    for (uint64_t i = 0, count = next_random(seed) % 9; i < count; i++) {
        lt_text_append(out, i > 0 ? "," : "");
        uint64_t piece = next_random(seed) % 40;
        lt_text_append(out, pieces[piece < 14 ? piece : piece % 9]);
    }
    lt_text_append_char(out, '}');
    if (next_random(seed) % 8 == 0)
        out->data[next_random(seed) % out->size_bytes] = "{}[]\",:\\' "[next_random(seed) % 10];
}

static bool is_good(const struct lt_text_buffer *document)
{
    struct lt_json_scan scan;
    lt_json_scan_init(&scan, document->data, document->size_bytes, 0);
    enum lt_json_token token;
    do
        token = lt_json_scan_next(&scan);
    while (token != LT_JSON_TOKEN_INVALID && token != LT_JSON_TOKEN_END);
    return token == LT_JSON_TOKEN_END;
}

/* In a document that is JSON, the first field seen of each name is the one that is read; in one
 * that is not, it is that or NULL. */
static void what_is_seen_is_what_is_read(void **state)
{
    (void)state;
    needs_glance();
    struct lt_json_extractor *extractor;
    const char *const paths[] = {"a", "sym", "['a long name']"};
    assert_int_equal(lt_json_extractor_create(paths, NAMES, &extractor, NULL), 0);
    struct lt_text_buffer document;
    lt_text_init(&document);
    uint64_t seed = 4711;
    int seen_count = 0;
    for (int chance = 0; chance < CHANCES; chance++) {
        put_document(&document, &seed);
        struct lt_json_field read[NAMES], field;
        bool is_seen[NAMES] = {false};
        bool is_json = lt_json_extract(extractor, document.data, document.size_bytes, 0, read);
        size_t name;
        lt_json_glance_begin(glance, document.data, document.size_bytes);
        while (lt_json_glance_next(glance, &name, &field)) {
            bool is_null = read[name].kind == LT_JSON_MISSING || read[name].kind == LT_JSON_INVALID;
            if (is_json && !is_seen[name] && !(is_null && !is_good(&document))) {
                assert_int_equal(field.kind, read[name].kind);
                if (field.kind == LT_JSON_STRING) {
                    assert_ptr_equal(field.bytes.data, read[name].bytes.data);
                    assert_int_equal(field.bytes.size_bytes, read[name].bytes.size_bytes);
                } else {
                    assert_true(field.i64 == read[name].i64);
                }
                seen_count++;
            }
            is_seen[name] = true;
        }
    }
    assert_true(seen_count > CHANCES / 4);
    lt_json_extractor_destroy(extractor);
    lt_text_fini(&document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wanted_fields_are_seen_in_their_order),
        cmocka_unit_test(odd_documents_are_left_to_the_readers),
        cmocka_unit_test(a_field_is_the_last_where_its_name_cannot_follow),
        cmocka_unit_test(names_that_cannot_be_seen_are_refused),
        cmocka_unit_test(what_is_seen_is_what_is_read),
    };
    return cmocka_run_group_tests(tests, create, destroy) +
           cmocka_run_group_tests(tests, create_narrow, destroy);
}
