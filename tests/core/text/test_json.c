/* Fields out of JSON documents: what is found, what is not touched, and what malformed documents
 * do. */
#include "core/text/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <cmocka.h>

#include "core/base/limits.h"
#include "core/base/text_buffer.h"
#include "core/text/json_path.h"
#include "core/text/json_scan.h"

enum { PATHS_MAX = 8 };

/* One extractor over one document; the document's end is where a sanitizer watches. */
struct look {
    struct lt_json_extractor *extractor;
    char *document;
    size_t size_bytes;
    struct lt_json_field fields[PATHS_MAX];
    bool is_json;
};

static struct look look_n(const char *document, size_t size_bytes, const char *const *paths,
                          size_t count)
{
    struct look look = {.document = malloc(size_bytes != 0 ? size_bytes : 1),
                        .size_bytes = size_bytes};
    memcpy(look.document, document, size_bytes);
    assert_int_equal(lt_json_extractor_create(paths, count, &look.extractor, NULL), 0);
    look.is_json = lt_json_extract(look.extractor, look.document, size_bytes, 0, look.fields);
    return look;
}
#define LOOK(document, ...)                                                                        \
    look_n(document, strlen(document), (const char *const[]){__VA_ARGS__},                         \
           sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static void done(struct look *look)
{
    lt_json_extractor_destroy(look->extractor);
    free(look->document);
}

static void has_text(const struct lt_json_field *field, enum lt_json_kind kind, const char *text)
{
    assert_int_equal(field->kind, kind);
    assert_int_equal(field->bytes.size_bytes, strlen(text));
    assert_memory_equal(field->bytes.data, text, strlen(text));
}

static void every_kind_of_value_is_found(void **state)
{
    (void)state;
    struct look look =
        LOOK("{\"i\": -12 ,\"f\":1.50,\"t\":true,\"n\":null,\"s\":\"x y\",\"o\":{\"a\": [1, 2] } ,"
             "\"l\":[ ],\"z\":0}",
             "i", "f", "t", "n", "s", "o", "l", "no");
    assert_true(look.is_json);
    has_text(&look.fields[0], LT_JSON_INTEGER, "-12");
    assert_int_equal(look.fields[0].i64, -12);
    has_text(&look.fields[1], LT_JSON_FLOAT, "1.50");
    assert_true(look.fields[1].f64 == 1.5);
    has_text(&look.fields[2], LT_JSON_BOOLEAN, "true");
    assert_int_equal(look.fields[2].i64, 1);
    has_text(&look.fields[3], LT_JSON_NULL, "null");
    has_text(&look.fields[4], LT_JSON_STRING, "x y");
    has_text(&look.fields[5], LT_JSON_RAW, "{\"a\": [1, 2] }");
    has_text(&look.fields[6], LT_JSON_RAW, "[ ]");
    assert_int_equal(look.fields[7].kind, LT_JSON_MISSING);
    done(&look);
}

static void paths_lead_through_objects_and_arrays(void **state)
{
    (void)state;
    struct look look = LOOK(
        "{\"a\":{\"b\":[{\"c\":1},{\"c\":2,\"x y\":\"deep\"}],\"b.d\":3},\"e\":[[1],[2,3]]}",
        "a.b[1].c", "a.b[0]['c']", "a.b[1]['x y']", "a['b.d']", "e[1][0]", "e[9]", "a.b.c", "e.x");
    assert_int_equal(look.fields[0].i64, 2);
    assert_int_equal(look.fields[1].i64, 1);
    has_text(&look.fields[2], LT_JSON_STRING, "deep");
    assert_int_equal(look.fields[3].i64, 3);
    assert_int_equal(look.fields[4].i64, 2);
    for (int i = 5; i < 8; i++)
        assert_int_equal(look.fields[i].kind, LT_JSON_MISSING);
    done(&look);
}

static void a_path_may_end_on_the_way_of_another_and_repeat(void **state)
{
    (void)state;
    struct look look = LOOK("{\"a\":{\"b\":{\"c\":5}},\"l\":[[7]],\"e\":{}}", "a", "a.b.c", "a.b",
                            "a.b.c", "l", "l[0][0]", "e", "e.x");
    has_text(&look.fields[0], LT_JSON_RAW, "{\"b\":{\"c\":5}}");
    assert_int_equal(look.fields[1].i64, 5);
    has_text(&look.fields[2], LT_JSON_RAW, "{\"c\":5}");
    assert_int_equal(look.fields[3].i64, 5);
    has_text(&look.fields[4], LT_JSON_RAW, "[[7]]");
    assert_int_equal(look.fields[5].i64, 7);
    has_text(&look.fields[6], LT_JSON_RAW, "{}");
    assert_int_equal(look.fields[7].kind, LT_JSON_MISSING);
    done(&look);
}

static void an_array_may_be_the_document(void **state)
{
    (void)state;
    struct look look = LOOK(" [ {\"a\":1} , 2 ] ", "[0].a", "[1]", "[2]", "a");
    assert_true(look.is_json);
    assert_int_equal(look.fields[0].i64, 1);
    assert_int_equal(look.fields[1].i64, 2);
    assert_int_equal(look.fields[2].kind, LT_JSON_MISSING);
    assert_int_equal(look.fields[3].kind, LT_JSON_MISSING);
    done(&look);
}

static void of_duplicate_names_the_first_counts(void **state)
{
    (void)state;
    struct look look =
        LOOK("{\"a\":1,\"b\":{\"x\":3},\"a\":2,\"b\":{\"x\":4,\"y\":5}}", "a", "b.x", "b.y");
    assert_int_equal(look.fields[0].i64, 1);
    assert_int_equal(look.fields[1].i64, 3);
    assert_int_equal(look.fields[2].i64, 5);
    done(&look);
}

static void strings_are_unescaped_and_plain_ones_borrowed(void **state)
{
    (void)state;
    struct look look =
        LOOK("{\"p\":\"plain\",\"q\":\"q\\\"\\u00e9\\n\\ud83d\\ude00\",\"r\":\"\",\"n\":5}", "p",
             "q", "r", "n");
    has_text(&look.fields[0], LT_JSON_STRING, "plain");
    assert_true(look.fields[0].is_borrowed);
    assert_ptr_equal(look.fields[0].bytes.data, look.document + 6);
    assert_int_equal(look.fields[0].bytes.padding_bytes, look.size_bytes - 11);
    has_text(&look.fields[1], LT_JSON_STRING, "q\"\u00e9\n\U0001F600");
    assert_false(look.fields[1].is_borrowed);
    has_text(&look.fields[2], LT_JSON_STRING, "");
    assert_true(look.fields[3].is_borrowed);
    done(&look);
}

static void names_are_compared_without_their_escapes(void **state)
{
    (void)state;
    struct look look = LOOK("{\"a\\u0062c\":1,\"q\\\"q\":2,\"ab\":3,\"back\\\\slash\":4}", "abc",
                            "['q\"q']", "ab", "back\\slash", "a\\u0062c");
    assert_int_equal(look.fields[0].i64, 1);
    assert_int_equal(look.fields[1].i64, 2);
    assert_int_equal(look.fields[2].i64, 3);
    assert_int_equal(look.fields[3].i64, 4);
    assert_int_equal(look.fields[4].kind, LT_JSON_MISSING);
    done(&look);
    struct look tricky = LOOK("{\"a\":1,\"b\":2}", "['a\":1,\"b']", "a");
    assert_int_equal(tricky.fields[0].kind, LT_JSON_MISSING);
    assert_int_equal(tricky.fields[1].i64, 1);
    done(&tricky);
}

static void numbers_beyond_64_bits_keep_their_text(void **state)
{
    (void)state;
    struct look look = LOOK(
        "{\"max\":9223372036854775807,\"min\":-9223372036854775808,\"over\":9223372036854775808,"
        "\"long\":123456789012345678901234567890,\"inf\":1e400,\"tiny\":1e-400,\"zero\":-0,\"e\":"
        "1E2}",
        "max", "min", "over", "long", "inf", "tiny", "zero", "e");
    assert_int_equal(look.fields[0].i64, INT64_MAX);
    assert_int_equal(look.fields[1].i64, INT64_MIN);
    has_text(&look.fields[2], LT_JSON_BIG, "9223372036854775808");
    assert_true(look.fields[2].f64 == 0x1p63);
    has_text(&look.fields[3], LT_JSON_BIG, "123456789012345678901234567890");
    has_text(&look.fields[4], LT_JSON_FLOAT, "1e400");
    assert_true(look.fields[4].f64 > 1e308);
    has_text(&look.fields[5], LT_JSON_FLOAT, "1e-400");
    assert_true(look.fields[5].f64 == 0);
    has_text(&look.fields[6], LT_JSON_INTEGER, "-0");
    assert_true(look.fields[7].f64 == 100);
    done(&look);
}

static void what_is_no_json_makes_every_field_invalid(void **state)
{
    (void)state;
    static const char *const documents[] = {"",
                                            " ",
                                            "{",
                                            "{\"a\":1",
                                            "{\"a\":\"x",
                                            "{\"a\":1} trailing",
                                            "{\"a\":\"\xff\"}",
                                            "{\"a\":\"\xed\xa0\x80\"}",
                                            "{\"b\":\"tab\there\",\"a\":1}",
                                            "[{\"a\":1}"};
    for (size_t i = 0; i < sizeof documents / sizeof documents[0]; i++) {
        struct look look = LOOK(documents[i], "a", "b");
        assert_false(look.is_json);
        assert_int_equal(look.fields[0].kind, LT_JSON_INVALID);
        assert_int_equal(look.fields[1].kind, LT_JSON_INVALID);
        assert_int_equal(lt_json_extractor_counters(look.extractor).invalid, 1);
        done(&look);
    }
}

static void a_fault_on_the_way_makes_invalid_what_was_not_found_before_it(void **state)
{
    (void)state;
    static const char *const faults[] = {
        "{\"a\":1,\"x\":tru}", "{\"a\":1,\"x\":01}",    "{\"a\":1,\"x\":+1}",
        "{\"a\":1,\"x\":NaN}", "{\"a\":1,\"x\":1.}",    "{\"a\":1,\"x\":\"\\q\"}",
        "{\"a\":1,\"x\"}",     "{\"a\":1,x:1}",         "{\"a\":1 \"x\":1}",
        "{\"a\":1,\"x\":}",    "{\"a\":1,\"x\":nulll}", "{\"a\":1,\"x\":1x}",
        "{\"a\":1,\"x\":'s'}", "{\"a\":1,,\"x\":1}",    "{\"a\":1,\"\\q\":1}"};
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        struct look look = LOOK(faults[i], "a", "x", "y");
        assert_true(look.is_json);
        assert_int_equal(look.fields[0].i64, 1);
        assert_int_equal(look.fields[1].kind, LT_JSON_INVALID);
        assert_int_equal(look.fields[2].kind, LT_JSON_INVALID);
        done(&look);
    }
}

static void a_scalar_document_has_no_fields(void **state)
{
    (void)state;
    struct look look = LOOK("5", "a", "[0]");
    assert_true(look.is_json);
    assert_int_equal(look.fields[0].kind, LT_JSON_MISSING);
    assert_int_equal(look.fields[1].kind, LT_JSON_MISSING);
    done(&look);
}

static void only_what_is_needed_is_looked_into(void **state)
{
    (void)state;
    struct look look =
        LOOK("{\"a\":{\"x\":1,\"y\":[1,2,3]},\"b\":7,\"c\":{\"d\":1},\"e\":1,\"f\":1}", "b");
    struct lt_json_counters counters = lt_json_extractor_counters(look.extractor);
    assert_int_equal(counters.documents, 1);
    assert_int_equal(counters.fields_seen, 2); /* a and b; nothing inside a, nothing after b */
    assert_int_equal(counters.fields_parsed, 1);
    done(&look);
}

static void deep_nesting_beside_the_path_does_no_harm(void **state)
{
    (void)state;
    struct lt_text_buffer text;
    lt_text_init(&text);
    lt_text_append(&text, "{\"deep\":");
    for (int i = 0; i < 100000; i++)
        lt_text_append_char(&text, '[');
    for (int i = 0; i < 100000; i++)
        lt_text_append_char(&text, ']');
    lt_text_append(&text, ",\"a\":1}");
    struct look look = LOOK(lt_text_get(&text), "a", "deep[0][0][0]");
    assert_int_equal(look.fields[0].i64, 1);
    assert_int_equal(look.fields[1].kind, LT_JSON_RAW);
    assert_int_equal(look.fields[1].bytes.size_bytes, 2 * (100000 - 3));
    done(&look);
    lt_text_fini(&text);
}

static void a_document_at_the_end_of_memory_is_read_in_place(void **state)
{
    (void)state;
    enum { PAGE = 4096 };
    char *pages = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(pages, MAP_FAILED);
    assert_int_equal(mprotect(pages + PAGE, PAGE, PROT_NONE), 0);
    const char text[] = "{\"a\":\"here\",\"b\":1}";
    size_t size_bytes = sizeof text - 1;
    char *end = pages + PAGE - size_bytes;
    memcpy(end, text, size_bytes);
    struct lt_json_extractor *extractor;
    struct lt_json_field fields[2];
    assert_int_equal(lt_json_extractor_create((const char *const[]){"a", "b"}, 2, &extractor, NULL),
                     0);
    assert_true(lt_json_extract(extractor, end, size_bytes, 0, fields));
    has_text(&fields[0], LT_JSON_STRING, "here");
    assert_ptr_equal(fields[0].bytes.data, end + 6);
    assert_int_equal(fields[1].i64, 1);
    lt_json_extractor_destroy(extractor);
    assert_int_equal(munmap(pages, 2 * PAGE), 0);
}

static void documents_over_the_limit_are_refused(void **state)
{
    (void)state;
    struct lt_json_extractor *extractor;
    struct lt_json_field field;
    assert_int_equal(lt_json_extractor_create((const char *const[]){"a"}, 1, &extractor, NULL), 0);
    assert_false(lt_json_extract(extractor, "{}", (size_t)LT_LIMIT_VALUE_BYTES + 1, 0, &field));
    assert_int_equal(field.kind, LT_JSON_INVALID);
    lt_json_extractor_destroy(extractor);
}

static void refuses_path(const char *path, int code, const char *text)
{
    struct lt_json_extractor *extractor;
    struct lt_error error;
    assert_int_equal(lt_json_extractor_create(&path, 1, &extractor, &error), code);
    assert_null(extractor);
    assert_string_equal(error.text, text);
}

static void paths_that_do_not_parse_are_named_with_their_place(void **state)
{
    (void)state;
    refuses_path("", LT_E_PARSE, "JSON path \"\": it is empty");
    refuses_path("a..b", LT_E_PARSE,
                 "JSON path \"a..b\": character 2: expected .name, ['name'] or [0]");
    refuses_path("a[x]", LT_E_PARSE,
                 "JSON path \"a[x]\": character 2: expected .name, ['name'] or [0]");
    refuses_path("a[1", LT_E_PARSE,
                 "JSON path \"a[1\": character 2: expected .name, ['name'] or [0]");
    refuses_path("a['b]", LT_E_PARSE,
                 "JSON path \"a['b]\": character 2: expected .name, ['name'] or [0]");
    refuses_path(
        "a[*]", LT_E_UNSUPPORTED,
        "JSON path \"a[*]\": wildcards are not supported here; hint: get_json_object takes them");
}

/* ---------------------------------------------------------------------------- chance documents */

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static void put_value(struct lt_text_buffer *out, uint64_t *seed, int depth)
{
    static const char *const scalars[] = {"1",     "-20",         "3.5",         "true",
                                          "false", "null",        "\"s\"",       "\"q\\\"\\n\"",
                                          "\"\"",  "\"h\u00e9\"", "\"\\u0041\"", "123456789012",
                                          "1e3"};
    static const char *const names[] = {"a", "b", "c", "x y", "a\\u0062"};
    uint64_t kind = next_random(seed) % (depth > 4 ? 2 : 5);
    uint64_t count = next_random(seed) % 4;
    if (kind < 2) {
        lt_text_append(out, scalars[next_random(seed) % (sizeof scalars / sizeof scalars[0])]);
        return;
    }
    bool is_object = kind < 4;
    lt_text_append_char(out, is_object ? '{' : '[');
    for (uint64_t i = 0; i < count; i++) {
        lt_text_append(out, i != 0 ? (next_random(seed) % 2 ? " , " : ",") : "");
        if (is_object)
            lt_text_format(out, "\"%s\"%s", names[next_random(seed) % 5],
                           next_random(seed) % 2 ? ":" : " : ");
        put_value(out, seed, depth + 1);
    }
    lt_text_append_char(out, is_object ? '}' : ']');
}

static const char *const chance_paths[] = {"a",      "b",       "a.b", "a[0]",
                                           "b.c[1]", "['x y']", "ab",  "[0].a"};
enum { CHANCE_PATHS = 8 };

/* The field as get_json_object gives it, from what was extracted. */
static bool field_text(const struct lt_json_field *field, struct lt_text_buffer *out)
{
    lt_text_clear(out);
    if (field->kind == LT_JSON_MISSING || field->kind == LT_JSON_NULL ||
        field->kind == LT_JSON_INVALID)
        return false;
    if (field->kind == LT_JSON_STRING) {
        lt_text_append_n(out, field->bytes.data, field->bytes.size_bytes);
        return true;
    }
    struct lt_json_scan scan;
    lt_json_scan_init(&scan, field->bytes.data, field->bytes.size_bytes, 0);
    (void)lt_json_scan_next(&scan);
    return lt_json_scan_copy(&scan, false, out);
}

/* Both readers see the same in documents without duplicate names that hold NULL first. */
static void both_readers_agree_on_documents_of_chance(void **state)
{
    (void)state;
    uint64_t seed = 1234567;
    struct lt_json_extractor *extractor;
    assert_int_equal(lt_json_extractor_create(chance_paths, CHANCE_PATHS, &extractor, NULL), 0);
    struct lt_json_path *paths[CHANCE_PATHS];
    for (int i = 0; i < CHANCE_PATHS; i++) {
        char text[32] = "$.";
        strncat(text + (*chance_paths[i] == '[' ? 1 : 2), chance_paths[i], 20);
        if (*chance_paths[i] == '[')
            memcpy(text + 1, chance_paths[i], strlen(chance_paths[i]) + 1);
        assert_non_null(paths[i] = lt_json_path_create(text, strlen(text)));
    }
    struct lt_text_buffer document, got, expected;
    lt_text_init(&document);
    lt_text_init(&got);
    lt_text_init(&expected);
    int found = 0;
    for (int round = 0; round < 50000; round++) {
        struct lt_json_field fields[CHANCE_PATHS];
        lt_text_clear(&document);
        put_value(&document, &seed, 0);
        assert_true(lt_json_extract(extractor, document.data, document.size_bytes, 0, fields));
        for (int i = 0; i < CHANCE_PATHS; i++) {
            if (fields[i].kind == LT_JSON_NULL)
                continue;
            bool is_there = field_text(&fields[i], &got);
            bool should = lt_json_path_get(paths[i], document.data, document.size_bytes, &expected);
            if (is_there != should ||
                (should && strcmp(lt_text_get(&got), lt_text_get(&expected)) != 0))
                fail_msg("%s in %s: got %s", chance_paths[i], document.data,
                         is_there ? got.data : "nothing");
            found += is_there;
        }
    }
    assert_true(found > 10000);
    for (int i = 0; i < CHANCE_PATHS; i++)
        lt_json_path_destroy(paths[i]);
    lt_json_extractor_destroy(extractor);
    lt_text_fini(&document);
    lt_text_fini(&got);
    lt_text_fini(&expected);
}

/* Bytes changed, cut and moved: whatever comes, both readers end, inside the document. */
static void damaged_documents_do_no_harm(void **state)
{
    (void)state;
    uint64_t seed = 7654321;
    struct lt_json_extractor *extractor;
    assert_int_equal(lt_json_extractor_create(chance_paths, CHANCE_PATHS, &extractor, NULL), 0);
    struct lt_json_path *path = lt_json_path_create("$.a[*].b", 8);
    struct lt_text_buffer document, out;
    lt_text_init(&document);
    lt_text_init(&out);
    static const char interesting[] = "{}[]\",:\\u0 \t\n-1e.x\x80\xff";
    for (int round = 0; round < 100000; round++) {
        lt_text_clear(&document);
        put_value(&document, &seed, 0);
        size_t size_bytes = document.size_bytes;
        for (uint64_t i = next_random(&seed) % 4; i > 0; i--)
            document.data[next_random(&seed) % size_bytes] =
                interesting[next_random(&seed) % (sizeof interesting - 1)];
        if (next_random(&seed) % 4 == 0)
            size_bytes = next_random(&seed) % (size_bytes + 1);
        char *tight = malloc(size_bytes != 0 ? size_bytes : 1);
        memcpy(tight, document.data, size_bytes);
        struct lt_json_field fields[CHANCE_PATHS];
        (void)lt_json_extract(extractor, tight, size_bytes, 0, fields);
        for (int i = 0; i < CHANCE_PATHS; i++) {
            const struct lt_bytes *bytes = &fields[i].bytes;
            if (fields[i].is_borrowed && bytes->size_bytes != 0) {
                assert_true((const char *)bytes->data >= tight);
                assert_true((const char *)bytes->data + bytes->size_bytes <= tight + size_bytes);
            }
        }
        (void)lt_json_path_get(path, tight, size_bytes, &out);
        free(tight);
    }
    lt_json_path_destroy(path);
    lt_json_extractor_destroy(extractor);
    lt_text_fini(&document);
    lt_text_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_value_is_found),
        cmocka_unit_test(paths_lead_through_objects_and_arrays),
        cmocka_unit_test(a_path_may_end_on_the_way_of_another_and_repeat),
        cmocka_unit_test(an_array_may_be_the_document),
        cmocka_unit_test(of_duplicate_names_the_first_counts),
        cmocka_unit_test(strings_are_unescaped_and_plain_ones_borrowed),
        cmocka_unit_test(names_are_compared_without_their_escapes),
        cmocka_unit_test(numbers_beyond_64_bits_keep_their_text),
        cmocka_unit_test(what_is_no_json_makes_every_field_invalid),
        cmocka_unit_test(a_fault_on_the_way_makes_invalid_what_was_not_found_before_it),
        cmocka_unit_test(a_scalar_document_has_no_fields),
        cmocka_unit_test(only_what_is_needed_is_looked_into),
        cmocka_unit_test(deep_nesting_beside_the_path_does_no_harm),
        cmocka_unit_test(a_document_at_the_end_of_memory_is_read_in_place),
        cmocka_unit_test(documents_over_the_limit_are_refused),
        cmocka_unit_test(paths_that_do_not_parse_are_named_with_their_place),
        cmocka_unit_test(both_readers_agree_on_documents_of_chance),
        cmocka_unit_test(damaged_documents_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
