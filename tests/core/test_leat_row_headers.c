/* Headers that a program writes are the headers that another one reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "core/leat.h"

enum { VALUE, HEADERS };

struct seen {
    uint32_t rows;
    char text[256]; /* "key=value;" for each header, null values as "key;" */
};

static void see(void *user, const leat_row *row)
{
    struct seen *seen = user;
    seen->rows++;
    if (leat_row_is_null(row, HEADERS)) {
        snprintf(seen->text, sizeof seen->text, "none");
        return;
    }
    for (uint32_t i = 0; i < leat_row_header_count(row, HEADERS); i++) {
        const char *key;
        const void *value;
        size_t key_bytes, value_bytes, used = strlen(seen->text);
        leat_row_header(row, HEADERS, i, &key, &key_bytes, &value, &value_bytes);
        snprintf(seen->text + used, sizeof seen->text - used, "%.*s%s%.*s;", (int)key_bytes, key,
                 value != NULL ? "=" : "", (int)value_bytes,
                 value != NULL ? (const char *)value : "");
    }
}

/* What comes out of a query that one row with these headers goes through. */
static struct seen pass(const leat_header *headers, uint32_t count)
{
    struct seen seen = {0};
    leat_context *context = leat_context_create();
    leat_input *input = leat_input_create(
        context, "value STRING, headers ARRAY<STRUCT<key: STRING, value: BINARY>>", 4);
    leat_output *output = leat_output_create(context, 4);
    leat_query *query =
        leat_query_create(context, leat_options_of("dmaLatency", "off", "pin", "false", NULL));
    assert_int_equal(leat_query_write_output(query, leat_read_input(input), output), LEAT_OK);
    assert_int_equal(leat_start_invoked(query), LEAT_OK);
    leat_row *row = leat_input_claim(input);
    assert_non_null(row);
    assert_int_equal(leat_row_set_bytes(row, VALUE, "v", 1), LEAT_OK);
    if (headers != NULL)
        assert_int_equal(leat_row_set_headers(row, HEADERS, headers, count), LEAT_OK);
    leat_input_commit(input, row);
    for (int i = 0; i < 10000 && seen.rows == 0; i++) {
        assert_true(leat_do_work(query) >= 0);
        leat_output_poll(output, see, &seen, 1);
    }
    leat_query_destroy(query);
    leat_context_destroy(context);
    return seen;
}

static void headers_keep_order_doubles_and_null_values(void **state)
{
    (void)state;
    const leat_header headers[] = {
        {"b", 1, "2", 1}, {"a", 1, "1", 1}, {"b", 1, NULL, 0}, {"", 0, "", 0}, {"a", 1, "3", 1}};
    struct seen seen = pass(headers, 5);
    assert_int_equal(seen.rows, 1);
    assert_string_equal(seen.text, "b=2;a=1;b;=;a=3;");
}

static void no_headers_and_null_headers_are_two_things(void **state)
{
    (void)state;
    const leat_header none[1] = {{"unused", 6, NULL, 0}};
    assert_string_equal(pass(none, 0).text, "");
    assert_string_equal(pass(NULL, 0).text, "none");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_keep_order_doubles_and_null_values),
        cmocka_unit_test(no_headers_and_null_headers_are_two_things),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
