/*
 * Feeds: a line with the format and the columns ("json a INT"), one with options, one with the
 * size of the pieces and the columns that are used, then the bytes. They are read at once, in
 * pieces that are read into blocks, and in pieces that are lent: the rows have to be the same.
 */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>

#include "core/text/json_write.h"
#include "io/feed.h"

enum { PIECES = 1024, ROWS = 3, BYTES_MAX = 64 * 1024 };

struct reading {
    struct lt_out out;
    const struct lt_format *format;
    uint64_t used_columns;
    struct lt_text_buffer rows;
    bool has_failed;
};

static void show_row(struct lt_out *out, struct lt_row *row)
{
    struct reading *reading = (struct reading *)(void *)out;
    const struct lt_type *schema = reading->format->schema;
    for (uint32_t i = 0; i < schema->field_count; i++) {
        lt_text_append_char(&reading->rows, i == 0 ? '\n' : ',');
        if ((reading->used_columns >> (i & 63) & 1) != 0 && !lt_row_is_null(row, i))
            lt_json_write_value(&reading->rows, schema->fields[i].type, &lt_row_values(row)[i],
                                NULL);
    }
    lt_text_format(&reading->rows, " @%ld", (long)row->source_offset);
    struct lt_bytes record = lt_feed_record(row);
    lt_text_append_n(&reading->rows, record.data, record.size_bytes);
    lt_row_release(row);
}

static void show_failure(struct lt_out *out, struct lt_row *row, struct lt_fault *fault)
{
    struct reading *reading = (struct reading *)(void *)out;
    lt_text_format(&reading->rows, "\n!%s", fault->text);
    lt_fault_destroy(fault);
    lt_row_release(row);
}

static void take_back(void *context, void *piece)
{
    (void)context;
    free(piece);
}

static void poll_all(struct reading *reading, struct lt_feed *feed)
{
    enum lt_poll_status status;
    do {
        (void)lt_feed_poll(feed, &reading->out, 2, &status);
    } while (status == LT_POLL_MORE);
    if (status == LT_POLL_FAILED && !reading->has_failed) {
        lt_text_format(&reading->rows, "\nat %ld", (long)lt_feed_position(feed));
        reading->has_failed = true;
    }
}

/* Datagrams have to be lent. */
static void read_pieces(struct reading *reading, struct lt_feed *feed, struct lt_bytes bytes,
                        size_t step, bool is_lent)
{
    for (size_t at = 0; at < bytes.size_bytes && !reading->has_failed; at += step) {
        size_t count = bytes.size_bytes - at < step ? bytes.size_bytes - at : step;
        void *piece = is_lent ? malloc(count) : lt_feed_space(feed, count).data;
        if (piece == NULL)
            break;
        memcpy(piece, bytes.data + at, count);
        if (is_lent)
            lt_feed_give(feed, piece, count, piece);
        else
            lt_feed_filled(feed, count);
        poll_all(reading, feed);
    }
    lt_feed_end(feed);
    poll_all(reading, feed);
}

/* The rows as text; free() it. */
static char *rows_of(const struct lt_format *format, const uint64_t *used_columns,
                     struct lt_bytes bytes, size_t step, bool is_lent)
{
    struct reading reading = {.out = {.emit = show_row, .fail = show_failure},
                              .format = format,
                              .used_columns = *used_columns};
    struct lt_format_reader *reader;
    struct lt_feed *feed;
    struct lt_error error;
    lt_text_init(&reading.rows);
    if (lt_format_reader_create(format, used_columns, "fuzz", &reader, &error) != LT_OK)
        return lt_text_take(&reading.rows);
    const struct lt_feed_options options = {.reader = reader,
                                            .clock = lt_clock_system(),
                                            .column_count = format->schema->field_count,
                                            .row_capacity = ROWS,
                                            .block_size_bytes = 128,
                                            .piece_capacity = PIECES,
                                            .on_piece_release = take_back};
    lt_assert(lt_feed_create(&options, &feed, &error) == LT_OK);
    read_pieces(&reading, feed, bytes, step, is_lent);
    lt_feed_destroy(feed);
    lt_format_reader_destroy(reader);
    return lt_text_take(&reading.rows);
}

static void compare(const struct lt_format *format, const uint64_t *used_columns,
                    struct lt_bytes bytes, size_t step)
{
    bool is_datagram = format->framing.kind == LT_FRAME_DATAGRAM;
    char *whole = rows_of(format, used_columns, bytes, is_datagram ? step : BYTES_MAX, is_datagram);
    char *filled = rows_of(format, used_columns, bytes, step, is_datagram);
    char *lent = rows_of(format, used_columns, bytes, step, true);
    lt_assert(strcmp(whole, filled) == 0);
    lt_assert(strcmp(whole, lent) == 0);
    free(whole);
    free(filled);
    free(lent);
}

static void set(void *context, char *key, char *value)
{
    struct lt_error error;
    for (size_t i = 0; i < lt_format_read_option_count; i++)
        if (strcmp(key, lt_format_read_options[i].name) == 0)
            (void)!lt_options_set(context, key, value, "fuzz", &error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    struct fuzz_input input = {data, data + size_bytes};
    char *start = fuzz_text(fuzz_line(&input)), *ddl = start, *name = strsep(&ddl, " ");
    struct lt_arena *arena = lt_arena_create();
    struct lt_options *options = lt_options_create();
    const struct lt_type *schema = NULL;
    const struct lt_format *format;
    struct lt_error error;
    fuzz_settings(fuzz_line(&input), set, options);
    char *numbers = fuzz_text(fuzz_line(&input)), *rest = numbers;
    size_t step = 1 + strtoul(numbers, &rest, 10) % 200;
    uint64_t used_columns = ~strtoull(rest, NULL, 10);
    struct lt_bytes bytes = fuzz_rest(&input);
    if (ddl != NULL && lt_type_parse_ddl(ddl, arena, &schema, &error) != LT_OK)
        schema = NULL;
    const struct lt_format_setup setup = {
        .name = name, .options = options, .user_schema = schema, .owner = "fuzz"};
    bool is_sound = lt_options_check(options, lt_format_read_options, lt_format_read_option_count,
                                     "fuzz", &error) == LT_OK &&
                    bytes.size_bytes / step < PIECES && bytes.size_bytes < BYTES_MAX &&
                    (schema == NULL || schema->field_count <= 64);
    if (is_sound && lt_format_bind(&setup, arena, &format, &error) == LT_OK)
        compare(format, &used_columns, bytes, step);
    free(start);
    free(numbers);
    lt_options_destroy(options);
    lt_arena_destroy(arena);
    return 0;
}
