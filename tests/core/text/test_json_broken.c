/*
 * Texts that are no JSON, against what a live Spark 4.1 made of them: json_broken.tsv has the type,
 * the text as a JSON string, and the row as to_json shows it with its NULL fields.
 */
#include "core/text/json_read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/text/json_scan.h"
#include "core/text/json_write.h"

enum { FIELDS = 3, LINE_BYTES = 65536, CASES_MIN = 300 };

static struct lt_arena *arena;
static struct lt_json_options options;

static int set_up(void **state)
{
    (void)state;
    arena = lt_arena_create();
    lt_json_options_init(&options);
    return 0;
}
static int tear_down(void **state)
{
    (void)state;
    lt_arena_destroy(arena);
    return 0;
}

static void *take_memory(void *context, size_t size_bytes)
{
    (void)context;
    return lt_arena_alloc(arena, size_bytes);
}
static const struct lt_codec_memory memory = {.alloc = take_memory};

static const struct lt_type *type_of(const char *text)
{
    const struct lt_type *type;
    assert_int_equal(lt_type_parse_any(text, arena, &type, NULL), 0);
    return type;
}

static struct lt_json_reader *create(struct lt_json_read_setup setup)
{
    struct lt_json_reader *reader;
    setup.options = &options;
    assert_int_equal(lt_json_reader_create(&setup, &reader, NULL), 0);
    return reader;
}

/* "NULL", or the value of the document, which is in memory of its exact size; free() it. */
static char *shown(struct lt_json_reader *reader, const struct lt_type *type, const char *json,
                   size_t size_bytes)
{
    static const struct lt_json_write_options all = {.keep_null_fields = true};
    struct lt_text_buffer out;
    union lt_value value;
    uint8_t *copy = malloc(size_bytes != 0 ? size_bytes : 1);
    assert_non_null(copy);
    memcpy(copy, json, size_bytes);
    struct lt_bytes document = {.data = copy, .size_bytes = (uint32_t)size_bytes};
    lt_text_init(&out);
    enum lt_codec_result result = lt_json_read(reader, document, &memory, &value);
    if (result == LT_CODEC_VALUE)
        lt_json_write_value(&out, type, &value, &all);
    else
        lt_text_append(&out, result == LT_CODEC_NULL ? "NULL" : "failed");
    free(copy);
    return lt_text_take(&out);
}

static void shows(struct lt_json_read_setup setup, const char *json, size_t size_bytes,
                  const char *expected)
{
    struct lt_json_reader *reader = create(setup);
    char *text = shown(reader, setup.type, json, size_bytes);
    if (strcmp(text, expected) != 0)
        print_error("%.*s\n", (int)size_bytes, json);
    assert_string_equal(text, expected);
    free(text);
    lt_json_reader_destroy(reader);
}

/* The text that a JSON string stands for. */
static void decode(const char *json, struct lt_text_buffer *out)
{
    struct lt_json_scan scan;
    lt_json_scan_init(&scan, json, strlen(json), 0);
    assert_int_equal(lt_json_scan_next(&scan), LT_JSON_TOKEN_STRING);
    lt_text_clear(out);
    lt_json_scan_text(&scan, out);
}

static void texts_that_are_no_json_leave_what_spark_leaves_of_them(void **state)
{
    static char line[LINE_BYTES];
    struct lt_text_buffer text;
    int cases = 0;
    (void)state;
    FILE *file = fopen("tests/core/text/json_broken.tsv", "r");
    assert_non_null(file);
    lt_text_init(&text);
    for (; fgets(line, sizeof line, file) != NULL; cases++) {
        char *fields[FIELDS], *rest = line;
        line[strcspn(line, "\n")] = '\0';
        for (int i = 0; i < FIELDS; i++)
            fields[i] = strsep(&rest, "\t");
        assert_non_null(fields[FIELDS - 1]);
        decode(fields[1], &text);
        shows((struct lt_json_read_setup){.type = type_of(fields[0])}, lt_text_get(&text),
              text.size_bytes, fields[2]);
    }
    assert_int_equal(fclose(file), 0);
    lt_text_fini(&text);
    assert_true(cases >= CASES_MIN);
}

/* Spark's parser takes a text in by 4,000 characters; a number that is parted is read otherwise,
 * and a fault in it consumes one character more. */
static void a_number_on_the_edge_of_a_piece_stumbles_later(void **state)
{
    (void)state;
    const struct lt_json_read_setup setup = {.type = type_of("a ARRAY<INT>, b INT")};
    for (int blanks = 3950; blanks < 4010; blanks++) {
        static const char head[] = "{\"a\":[", tail[] = "1.]],\"b\":2}";
        char json[8192];
        int size = snprintf(json, sizeof json, "%s%*s%s", head, blanks, "", tail);
        int edge = (int)strlen(head) + blanks;
        /* The bracket behind the point is consumed where it is the first of a piece. */
        bool is_parted = edge < 4000 && edge + 2 >= 4000;
        shows(setup, json, (size_t)size,
              is_parted ? "{\"a\":null,\"b\":2}" : "{\"a\":null,\"b\":null}");
    }
}

static void fields_that_nobody_uses_are_looked_into_all_the_same(void **state)
{
    (void)state;
    static const char json[] = "{\"b\":2,\"a\":[1,x],\"c\":{\"d\":1,\"e\":[2 3]}}";
    const struct lt_type *declared =
        type_of("a ARRAY<INT>, c STRUCT<d: INT, e: ARRAY<INT>>, b INT");
    const struct lt_type *read = type_of("c STRUCT<d: INT>, b INT");
    shows((struct lt_json_read_setup){.type = read}, json, sizeof json - 1,
          "{\"c\":null,\"b\":null}");
    shows((struct lt_json_read_setup){.type = read, .declared = declared}, json, sizeof json - 1,
          "{\"c\":{\"d\":1},\"b\":2}");
}

static void a_field_that_is_taken_alone_is_read_alone(void **state)
{
    (void)state;
    static const char json[] = "{\"b\":2,\"a\":[1,x],\"c\":3}";
    const struct lt_type *type = type_of("a ARRAY<INT>, b INT");
    shows((struct lt_json_read_setup){.type = type}, json, sizeof json - 1, "{\"a\":null,\"b\":2}");
    shows((struct lt_json_read_setup){.type = type, .reads_alone = true}, json, sizeof json - 1,
          "{\"a\":null,\"b\":null}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(texts_that_are_no_json_leave_what_spark_leaves_of_them,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_number_on_the_edge_of_a_piece_stumbles_later, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(fields_that_nobody_uses_are_looked_into_all_the_same,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_field_that_is_taken_alone_is_read_alone, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
