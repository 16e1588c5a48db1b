/*
 * Rows of JSON lines for the cases over columns.
 */
#include "tests/support/conformance_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/text/datetime.h"
#include "core/text/interval_parse.h"
#include "core/text/json_read.h"

enum { ROWS_MAX = 4096, PATH_SIZE = 4096 };

static void *alloc(void *context, size_t size_bytes)
{
    return lt_arena_alloc(context, size_bytes);
}

static bool parse_time(void *context, const struct lt_type *type, const void *data,
                       size_t size_bytes, union lt_value *out)
{
    struct lt_datetime_context *times = context;
    int32_t days = 0;
    bool is_valid;
    switch (type->kind) {
    case LT_TYPE_DATE:
        is_valid = lt_datetime_parse_date(data, size_bytes, &days);
        out->i64 = days;
        return is_valid;
    case LT_TYPE_TIMESTAMP:
        return lt_datetime_parse_timestamp(times, data, size_bytes, &out->i64);
    case LT_TYPE_TIMESTAMP_NTZ:
        return lt_datetime_parse_local(times, data, size_bytes, false, &out->i64);
    default:
        return lt_interval_parse(type, data, size_bytes, out) == LT_INTERVAL_PARSED;
    }
}

static char *read_file(const char *folder, const char *name)
{
    char path[PATH_SIZE];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "r");
    char *text = NULL;
    size_t capacity = 0;
    if (file == NULL)
        return NULL;
    if (getdelim(&text, &capacity, '\0', file) < 0) {
        free(text);
        text = NULL;
    }
    (void)fclose(file);
    return text;
}

static void add_row(struct conformance_rows *out, struct lt_json_reader *reader, const char *line)
{
    const struct lt_codec_memory memory = {alloc, out->arena};
    size_t size = strlen(line);
    struct lt_bytes document = {.data = (const uint8_t *)lt_arena_text(out->arena, line),
                                .size_bytes = (uint32_t)size};
    union lt_value value;
    struct lt_row *row = lt_row_claim(out->pool);
    if (row == NULL || lt_json_read(reader, document, &memory, &value) != LT_CODEC_VALUE) {
        printf("a row cannot be read: %s\n", line);
        return;
    }
    for (uint32_t i = 0; i < out->schema->field_count; i++) {
        if (lt_bit(value.structure->nulls, i))
            lt_row_set_null(row, i);
        else
            lt_row_values(row)[i] = value.structure->values[i];
    }
    out->rows[out->count++] = row;
}

static bool open_rows(struct conformance_rows *out, char *lines)
{
    struct lt_datetime_context times = {
        .zone = lt_zone_utc(), .zones = lt_zones_create(), .clock = lt_clock_system()};
    struct lt_json_options options;
    lt_json_options_init(&options);
    const struct lt_json_read_setup setup = {.type = out->schema,
                                             .options = &options,
                                             .times = {.parse = parse_time, .context = &times},
                                             .keeps_text = true};
    const struct lt_row_pool_options pool = {.column_count = out->schema->field_count,
                                             .capacity = ROWS_MAX};
    struct lt_json_reader *reader = NULL;
    bool is_open = lt_row_pool_create(&pool, &out->pool, NULL) == LT_OK &&
                   lt_json_reader_create(&setup, &reader, NULL) == LT_OK;
    for (char *rest = NULL, *line = strtok_r(lines, "\n", &rest);
         is_open && line != NULL && out->count < ROWS_MAX; line = strtok_r(NULL, "\n", &rest))
        add_row(out, reader, line);
    lt_json_reader_destroy(reader);
    lt_zones_destroy(times.zones);
    return is_open;
}

bool conformance_rows_open(const char *folder, struct conformance_rows *out)
{
    char *ddl = read_file(folder, "input.schema"), *lines = read_file(folder, "input.jsonl");
    memset(out, 0, sizeof *out);
    bool is_open = false;
    if (ddl != NULL && lines != NULL) {
        out->arena = lt_arena_create();
        out->rows = lt_arena_alloc(out->arena, ROWS_MAX * sizeof *out->rows);
        is_open = lt_type_parse_ddl(ddl, out->arena, &out->schema, NULL) == LT_OK &&
                  open_rows(out, lines);
    }
    free(ddl);
    free(lines);
    return is_open;
}

void conformance_rows_close(struct conformance_rows *rows)
{
    for (unsigned i = 0; i < rows->count; i++)
        lt_row_release(rows->rows[i]);
    lt_row_pool_destroy(rows->pool);
    lt_arena_destroy(rows->arena);
}
