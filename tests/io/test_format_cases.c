/*
 * What a live Spark reads of odd files (format_cases.tsv, made by format_spark), read by leat: in
 * one piece, byte by byte, and from pieces that are lent.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/text/json_write.h"
#include "io/feed.h"
#include "tests/support/collector.h"

enum { PARTS = 6, ROWS = 64, PIECES = 4096, NAME_MAX_BYTES = 64 };

/* The parts of a line of the table. */
enum part { FORMAT, SCHEMA, OPTIONS, SELECTED, INPUT, EXPECTED };

struct reading {
    struct lt_out out;
    struct lt_arena *arena;
    struct lt_options *options;
    const struct lt_format *format;
    struct lt_format_reader *reader;
    struct lt_feed *feed;
    uint64_t *used_columns; /* NULL: all */
    const struct lt_type *shown_type;
    uint32_t shown[ROWS]; /* the columns that are selected */
    struct lt_text_buffer answer;
    bool has_failed;
    struct lt_error error;
};

static struct reading *reading_of(struct lt_out *out)
{
    return (struct reading *)(void *)out;
}

static void append_escaped(struct lt_text_buffer *out, const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] > ' ' && bytes[i] < 127 && bytes[i] != '\\')
            lt_text_append_char(out, bytes[i]);
        else
            lt_text_format(out, "\\x%02x", (unsigned char)bytes[i]);
    }
}

static char *unescaped(const char *text, size_t *size)
{
    char *bytes = malloc(strlen(text) + 1);
    *size = 0;
    for (const char *at = text; *at != '\0' && strcmp(text, "-") != 0; at++) {
        unsigned code;
        if (*at != '\\') {
            bytes[(*size)++] = *at;
            continue;
        }
        assert_int_equal(sscanf(at, "\\x%2x", &code), 1);
        bytes[(*size)++] = (char)code;
        at += 3;
    }
    bytes[*size] = '\0';
    return bytes;
}

static void show_row(struct lt_out *out, struct lt_row *row)
{
    struct reading *reading = reading_of(out);
    const struct lt_json_write_options all = {.keep_null_fields = true};
    union lt_value values[ROWS];
    uint64_t nulls = 0;
    struct lt_text_buffer json;
    if (reading->has_failed) { /* the query has stopped */
        lt_row_release(row);
        return;
    }
    lt_text_init(&json);
    for (uint32_t i = 0; i < reading->shown_type->field_count; i++) {
        values[i] = lt_row_values(row)[reading->shown[i]];
        nulls |= (uint64_t)lt_row_is_null(row, reading->shown[i]) << i;
    }
    const struct lt_struct structure = {.values = values, .nulls = &nulls};
    lt_json_write_value(&json, reading->shown_type, &(union lt_value){.structure = &structure},
                        &all);
    if (reading->answer.size_bytes > 0)
        lt_text_append_char(&reading->answer, ' ');
    append_escaped(&reading->answer, json.data, json.size_bytes);
    lt_text_fini(&json);
    lt_row_release(row);
}

static void show_failure(struct lt_out *out, struct lt_row *row, struct lt_fault *fault)
{
    struct reading *reading = reading_of(out);
    if (!reading->has_failed) {
        lt_text_clear(&reading->answer);
        lt_text_format(&reading->answer, "!%s", fault->condition);
    }
    reading->has_failed = true;
    lt_fault_destroy(fault);
    lt_row_release(row);
}

static struct lt_options *options_of(char *pairs)
{
    struct lt_options *options = lt_options_create();
    char *rest = NULL;
    size_t size;
    if (strcmp(pairs, "-") == 0)
        return options;
    char *pair = strtok_r(pairs, ";", &rest);
    for (; pair != NULL; pair = strtok_r(NULL, ";", &rest)) {
        char *equals = strchr(pair, '=');
        *equals = '\0';
        char *value = unescaped(equals + 1, &size);
        assert_int_equal(lt_options_set(options, pair, value, "test", NULL), 0);
        free(value);
    }
    return options;
}

static void select_columns(struct reading *reading, char *names)
{
    const struct lt_type *schema = reading->format->schema;
    struct lt_field fields[ROWS];
    uint32_t count = 0;
    char *rest = NULL;
    reading->used_columns = strcmp(names, "-") == 0 ? NULL : lt_arena_alloc(reading->arena, 64);
    for (uint32_t i = 0; reading->used_columns == NULL && i < schema->field_count; i++)
        reading->shown[count++] = i;
    char *name = reading->used_columns == NULL ? NULL : strtok_r(names, " ", &rest);
    for (; name != NULL; name = strtok_r(NULL, " ", &rest)) {
        reading->shown[count] = (uint32_t)lt_type_field_index(schema, name);
        lt_bit_set(reading->used_columns, reading->shown[count++]);
    }
    for (uint32_t i = 0; i < count; i++)
        fields[i] = schema->fields[reading->shown[i]];
    reading->shown_type = lt_type_struct(reading->arena, fields, count);
}

static void on_piece_release(void *context, void *token)
{
    (void)context;
    free(token);
}

static int open_feed(struct reading *reading, char *const *parts)
{
    const struct lt_type *schema;
    char *options = strdup(parts[OPTIONS]), *names = strdup(parts[SELECTED]);
    memset(reading, 0, sizeof *reading);
    reading->out = (struct lt_out){.emit = show_row, .fail = show_failure};
    reading->arena = lt_arena_create();
    reading->options = options_of(options);
    lt_text_init(&reading->answer);
    assert_int_equal(lt_type_parse_ddl(parts[SCHEMA], reading->arena, &schema, NULL), 0);
    const struct lt_format_setup setup = {.name = parts[FORMAT],
                                          .options = reading->options,
                                          .user_schema = schema,
                                          .owner = "source test"};
    int code = lt_format_bind(&setup, reading->arena, &reading->format, &reading->error);
    if (code == 0) {
        select_columns(reading, names);
        code = lt_format_reader_create(reading->format, reading->used_columns, "source test",
                                       &reading->reader, &reading->error);
    }
    free(options);
    free(names);
    const struct lt_feed_options feed = {.reader = reading->reader,
                                         .clock = lt_clock_system(),
                                         .column_count = schema->field_count,
                                         .row_capacity = 2,
                                         .piece_capacity = PIECES,
                                         .on_piece_release = on_piece_release};
    return code != 0 ? code : lt_feed_create(&feed, &reading->feed, &reading->error);
}

static void close_feed(struct reading *reading)
{
    lt_feed_destroy(reading->feed);
    lt_format_reader_destroy(reading->reader);
    lt_text_fini(&reading->answer);
    lt_options_destroy(reading->options);
    lt_arena_destroy(reading->arena);
}

static void poll_all(struct reading *reading)
{
    enum lt_poll_status status;
    do {
        (void)lt_feed_poll(reading->feed, &reading->out, 1, &status);
    } while (status == LT_POLL_MORE);
    if (status == LT_POLL_FAILED) {
        lt_text_clear(&reading->answer);
        lt_text_format(&reading->answer, "!%s", lt_feed_error(reading->feed)->text);
        reading->has_failed = true;
    }
}

static void read_all(struct reading *reading, const char *bytes, size_t size, size_t step,
                     bool is_lent)
{
    for (size_t at = 0; at < size && !reading->has_failed; at += step) {
        size_t count = size - at < step ? size - at : step;
        char *piece = is_lent ? malloc(count) : lt_feed_space(reading->feed, count).data;
        memcpy(piece, bytes + at, count);
        if (is_lent)
            lt_feed_give(reading->feed, piece, count, piece);
        else
            lt_feed_filled(reading->feed, count);
        poll_all(reading);
    }
    lt_feed_end(reading->feed);
    poll_all(reading);
}

/* What leat gives; free() it. */
static char *answer_of(char *const *parts, size_t step, bool is_lent)
{
    struct reading reading;
    size_t size;
    char *bytes = unescaped(parts[INPUT], &size), *answer;
    if (open_feed(&reading, parts) == 0) {
        read_all(&reading, bytes, size, step == 0 ? size + 1 : step, is_lent);
        answer = strdup(reading.answer.size_bytes > 0 ? reading.answer.data : "none");
    } else {
        answer = malloc(sizeof reading.error.text + 1);
        answer[0] = '!';
        memcpy(answer + 1, reading.error.text, sizeof reading.error.text);
    }
    close_feed(&reading);
    free(bytes);
    return answer;
}

static unsigned check_case(char *const *parts, unsigned line)
{
    static const struct {
        size_t step;
        bool is_lent;
    } ways[] = {{0, false}, {1, false}, {3, true}};
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        char *answer = answer_of(parts, ways[i].step, ways[i].is_lent);
        bool is_error = answer[0] == '!' && parts[EXPECTED][0] == '!';
        bool is_same = is_error ? strstr(answer, parts[EXPECTED] + 1) != NULL
                                : strcmp(answer, parts[EXPECTED]) == 0;
        if (!is_same)
            print_message("line %u, in steps of %zu: %s %s %s %s %s\n  Spark %s\n  leat  %s\n",
                          line, ways[i].step, parts[FORMAT], parts[SCHEMA], parts[OPTIONS],
                          parts[SELECTED], parts[INPUT], parts[EXPECTED], answer);
        free(answer);
        if (!is_same)
            return 1;
    }
    return 0;
}

static void files_are_read_as_spark_reads_them(void **state)
{
    (void)state;
    unsigned line_number = 0, faults = 0;
    char *line = NULL;
    size_t capacity = 0;
    FILE *file = fopen("tests/io/format_cases.tsv", "r");
    assert_non_null(file);
    while (getline(&line, &capacity, file) > 0) {
        char *parts[PARTS], *rest = NULL;
        line[strcspn(line, "\n")] = '\0';
        char *part = strtok_r(line, "\t", &rest);
        for (int i = 0; i < PARTS; i++, part = strtok_r(NULL, "\t", &rest)) {
            assert_non_null(part);
            parts[i] = part;
        }
        faults += check_case(parts, ++line_number);
    }
    free(line);
    assert_int_equal(fclose(file), 0);
    assert_true(line_number >= 200);
    assert_int_equal(faults, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_read_as_spark_reads_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
