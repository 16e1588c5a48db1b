/* JSON documents of the control plane as trees, and what is said when they are wrong. */
#include "core/text/json_tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/base/text_buffer.h"

static struct lt_arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = lt_arena_create();
    return 0;
}
static int tear_down(void **state)
{
    (void)state;
    lt_arena_destroy(arena);
    return 0;
}

static const struct lt_json *parse(const char *text)
{
    const struct lt_json *json = NULL;
    assert_int_equal(lt_json_parse(text, strlen(text), arena, &json, NULL), 0);
    return json;
}

static void offsets_of_kafka_are_read_in_order(void **state)
{
    (void)state;
    const struct lt_json *json =
        parse("{\"orders\":{\"1\":20,\"0\":-1},\n \"trades\":{\"0\":9223372036854775807}}");
    assert_true(json->is_object);
    assert_int_equal(json->count, 2);
    assert_string_equal(json->names[0], "orders");
    const struct lt_json *orders = lt_json_get(json, "orders");
    assert_string_equal(orders->names[0], "1");
    assert_int_equal(orders->items[0].kind, LT_JSON_INTEGER);
    assert_int_equal(orders->items[0].i64, 20);
    assert_int_equal(lt_json_get(orders, "0")->i64, -1);
    assert_int_equal(lt_json_get(json, "trades")->items[0].i64, INT64_MAX);
    assert_int_equal(json->items[1].line, 2);
    assert_int_equal(json->items[1].column, 11);
}

static void every_kind_of_value_is_kept(void **state)
{
    (void)state;
    const struct lt_json *json =
        parse("[1.50, 12345678901234567890, \"a\\u0000b\", true, null, [], {}]");
    assert_true(json->is_array);
    assert_int_equal(json->count, 7);
    assert_int_equal(json->items[0].kind, LT_JSON_FLOAT);
    assert_true(json->items[0].f64 == 1.5);
    assert_string_equal(json->items[0].text, "1.50");
    assert_int_equal(json->items[1].kind, LT_JSON_BIG);
    assert_string_equal(json->items[1].text, "12345678901234567890");
    assert_int_equal(json->items[2].size_bytes, 3);
    assert_memory_equal(json->items[2].text, "a\0b", 4);
    assert_int_equal(json->items[3].kind, LT_JSON_BOOLEAN);
    assert_int_equal(json->items[3].i64, 1);
    assert_int_equal(json->items[4].kind, LT_JSON_NULL);
    assert_true(json->items[5].is_array);
    assert_true(json->items[6].is_object);
}

static void of_duplicate_names_the_last_is_got(void **state)
{
    (void)state;
    assert_int_equal(lt_json_get(parse("{\"a\":1,\"a\":2}"), "a")->i64, 2);
    assert_null(lt_json_get(parse("{}"), "a"));
    assert_null(lt_json_get(parse("[1]"), "a"));
    assert_null(lt_json_get(NULL, "a"));
}

static void refuses(const char *text, const char *expected)
{
    const struct lt_json *json;
    struct lt_error error;
    assert_int_equal(lt_json_parse(text, strlen(text), arena, &json, &error), LT_E_PARSE);
    assert_null(json);
    assert_string_equal(error.text, expected);
}

static void errors_name_line_and_column(void **state)
{
    (void)state;
    refuses("", "JSON: line 1, column 1: a value is expected");
    refuses("{\"a\":1,\n \"b\":}", "JSON: line 2, column 6: a value is expected");
    refuses("{\"a\":1", "JSON: line 1, column 7: it ends inside a value");
    refuses("{\"a\":[1,2}", "JSON: line 1, column 10: a comma or ] is expected");
    refuses("{} {}", "JSON: line 1, column 4: something follows the end of the document");
    refuses("{'a':1}", "JSON: line 1, column 2: a name in quotes is expected");
    refuses("\"\xff\"", "JSON: the document is not UTF-8");
}

static void fields_are_read_by_type_or_refused_by_name(void **state)
{
    (void)state;
    const struct lt_json *json = parse("{\"id\":\"q\",\n \"n\":5,\"b\":false}");
    const char *text;
    int64_t number;
    struct lt_error error;
    assert_int_equal(lt_json_get_text(json, "id", &text, &error), 0);
    assert_string_equal(text, "q");
    assert_int_equal(lt_json_get_i64(json, "n", &number, &error), 0);
    assert_int_equal(number, 5);
    assert_int_equal(lt_json_get_text(json, "n", &text, &error), LT_E_PARSE);
    assert_string_equal(error.text, "JSON: line 2, column 6: field \"n\" is not a string");
    assert_int_equal(lt_json_get_i64(json, "x", &number, &error), LT_E_NOT_FOUND);
    assert_string_equal(error.text, "JSON: line 1, column 1: no field \"x\"");
    assert_int_equal(lt_json_get_i64(NULL, "x", &number, &error), LT_E_PARSE);
    assert_string_equal(error.text, "JSON: an object with the field \"x\" is expected");
}

static void a_large_document_is_read_in_linear_time(void **state)
{
    (void)state;
    struct lt_text_buffer text;
    lt_text_init(&text);
    lt_text_append_char(&text, '{');
    for (int i = 0; i < 100000; i++)
        lt_text_format(&text, "%s\"%d\":%d", i != 0 ? ",\n" : "", i, i);
    lt_text_append_char(&text, '}');
    const struct lt_json *json;
    assert_int_equal(lt_json_parse(text.data, text.size_bytes, arena, &json, NULL), 0);
    assert_int_equal(json->count, 100000);
    assert_int_equal(json->items[99999].i64, 99999);
    assert_int_equal(json->items[99999].line, 100000);
    lt_text_fini(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(offsets_of_kafka_are_read_in_order),
        cmocka_unit_test(every_kind_of_value_is_kept),
        cmocka_unit_test(of_duplicate_names_the_last_is_got),
        cmocka_unit_test(errors_name_line_and_column),
        cmocka_unit_test(fields_are_read_by_type_or_refused_by_name),
        cmocka_unit_test(a_large_document_is_read_in_linear_time),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
