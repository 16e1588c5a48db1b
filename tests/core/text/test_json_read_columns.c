/* The rows of the conformance corpus, read as the JSON file source reads them: each field of each
 * row against what Spark read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/text/json_read.h"
#include "core/text/json_write.h"
#include "core/text/number.h"
#include "core/text/time.h"
#include "tests/support/iso_times.h"

enum { ROWS = 40, COLUMNS = 22 };

static struct lt_arena *arena;
static const struct lt_type *schema;
static union lt_value rows[ROWS];

static void *take_memory(void *context, size_t size_bytes)
{
    (void)context;
    return lt_arena_alloc(arena, size_bytes);
}

static FILE *open_corpus(const char *name)
{
    char path[64];
    (void)snprintf(path, sizeof path, "tests/conformance/%s", name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    return file;
}

/* The next line without its end, in the arena; NULL after the last. */
static char *next_line(FILE *file, size_t *size_bytes)
{
    char *line = NULL;
    size_t capacity = 0;
    ssize_t read_bytes = getline(&line, &capacity, file);
    char *copy = NULL;
    if (read_bytes > 0) {
        *size_bytes = (size_t)read_bytes - (line[read_bytes - 1] == '\n');
        copy = lt_arena_text_n(arena, line, *size_bytes);
    }
    free(line);
    return copy;
}

static int read_rows(void **state)
{
    (void)state;
    static const struct lt_codec_memory memory = {.alloc = take_memory};
    struct lt_json_options options;
    struct lt_json_reader *reader;
    size_t size_bytes = 0;
    arena = lt_arena_create();
    FILE *file = open_corpus("input.schema");
    assert_int_equal(lt_type_parse_ddl(next_line(file, &size_bytes), arena, &schema, NULL), 0);
    assert_int_equal(schema->field_count, COLUMNS);
    assert_int_equal(fclose(file), 0);
    lt_json_options_init(&options);
    struct lt_json_read_setup setup = {
        .type = schema, .options = &options, .times = iso_times, .keeps_text = true};
    assert_int_equal(lt_json_reader_create(&setup, &reader, NULL), 0);
    file = open_corpus("input.jsonl");
    for (size_t i = 0; i < ROWS; i++) {
        char *line = next_line(file, &size_bytes);
        assert_non_null(line);
        struct lt_bytes document = {.data = (const uint8_t *)line,
                                    .size_bytes = (uint32_t)size_bytes};
        assert_int_equal(lt_json_read(reader, document, &memory, &rows[i]), LT_CODEC_VALUE);
    }
    assert_int_equal(fclose(file), 0);
    assert_int_equal(lt_json_reader_counters(reader).malformed, 0);
    assert_int_equal(lt_json_reader_counters(reader).rescanned, 0);
    lt_json_reader_destroy(reader);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    lt_arena_destroy(arena);
    return 0;
}

/* Undoes the escapes of the corpus in place. */
static void unescape(char *text)
{
    static const char from[] = "tnr\\", to[] = "\t\n\r\\";
    char *end = text;
    for (const char *at = text; *at != '\0'; at++) {
        const char *found = at[0] == '\\' && at[1] != '\0' ? strchr(from, at[1]) : NULL;
        *end++ = found != NULL ? to[found - from] : *at;
        at += found != NULL;
    }
    *end = '\0';
}

/* As the corpus shows values: a cast to string, binary in hexadecimal, JSON for what is nested. */
static void show(struct lt_text_buffer *out, const struct lt_type *type,
                 const union lt_value *value)
{
    static const struct lt_json_write_options all = {.keep_null_fields = true};
    char text[LT_TIME_TEXT_SIZE];
    _Static_assert((int)LT_TIME_TEXT_SIZE >= (int)LT_NUMBER_DECIMAL_TEXT_SIZE, "room for both");
    switch (type->kind) {
    case LT_TYPE_STRING:
        lt_text_append_n(out, value->bytes.data, value->bytes.size_bytes);
        break;
    case LT_TYPE_BINARY:
        for (uint32_t i = 0; i < value->bytes.size_bytes; i++)
            lt_text_format(out, "%02X", value->bytes.data[i]);
        break;
    case LT_TYPE_FLOAT:
        lt_text_append_n(out, text, lt_number_format_float((float)value->f64, text));
        break;
    case LT_TYPE_DOUBLE:
        lt_text_append_n(out, text, lt_number_format_double(value->f64, text));
        break;
    case LT_TYPE_DECIMAL:
        lt_text_append_n(out, text, lt_number_format_decimal(value->i128, type->scale, text));
        break;
    case LT_TYPE_TIMESTAMP:
    case LT_TYPE_TIMESTAMP_NTZ:
        lt_text_append_n(out, text, lt_time_format_timestamp(value->i64, 0, text));
        break;
    case LT_TYPE_DATE:
    case LT_TYPE_INTERVAL_DAY_TIME:
        iso_times.format(NULL, type, value, out);
        break;
    default:
        lt_json_write_value(out, type, value, &all);
    }
}

static void check_value(uint32_t column, size_t row, const char *outcome, char *expected)
{
    struct lt_text_buffer out;
    lt_text_init(&out);
    const struct lt_struct *structure = rows[row].structure;
    bool is_null = lt_bit(structure->nulls, column);
    if (!is_null)
        show(&out, schema->fields[column].type, &structure->values[column]);
    unescape(expected);
    assert_string_equal(is_null ? "null" : "value", outcome);
    /* A NUL inside is shown as \x00 by the corpus. */
    if (strcmp(expected, "\\x00") == 0)
        expected[0] = '\0';
    assert_string_equal(lt_text_get(&out), expected);
    lt_text_fini(&out);
}

static void every_field_of_every_row_is_read_as_spark_reads_it(void **state)
{
    (void)state;
    size_t size_bytes, checked = 0;
    int column = -1;
    char *line;
    FILE *file = open_corpus("columns.tsv");
    while ((line = next_line(file, &size_bytes)) != NULL) {
        char *fields[6] = {0};
        for (size_t i = 0; i < 6 && line != NULL; i++)
            fields[i] = strsep(&line, "\t");
        if (fields[0][0] == 'C') {
            bool is_plain = strcmp(fields[2], "-") == 0;
            column = is_plain ? lt_type_field_index(schema, fields[3]) : -1;
        } else if (fields[0][0] == 'R' && column >= 0) {
            check_value((uint32_t)column, strtoul(fields[2], NULL, 10) - 1, fields[3], fields[4]);
            checked++;
        }
    }
    assert_int_equal(fclose(file), 0);
    assert_true(checked >= (size_t)ROWS * COLUMNS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_of_every_row_is_read_as_spark_reads_it),
    };
    return cmocka_run_group_tests(tests, read_rows, tear_down);
}
