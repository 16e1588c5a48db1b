/*
 * The writers of json and csv: the columns that are not left out, by the codecs.
 *
 * A writer keeps the columns' values side by side, as the codecs take structs: where no column is
 * left out that is the row itself.
 */
#include <stdlib.h>

#include "core/text/csv_write.h"
#include "core/text/json_read_options.h"
#include "core/text/json_write.h"
#include "io/format_columns.h"
#include "io/format_write_internal.h"

struct columns_writer {
    struct lt_format_writer base;
    struct lt_arena *arena; /* of the type, and of the options' texts */
    struct lt_format_columns columns;
    struct lt_times *times;
    struct lt_codec_times codec;
    struct lt_json_options json_options;
    struct lt_json_write_options json;
    struct lt_csv_options csv_options;
    struct lt_csv_write_setup csv;
};

static struct columns_writer *columns_of(struct lt_format_writer *writer)
{
    return (struct columns_writer *)(void *)writer; /* the base is its first member */
}

/* ------------------------------------------------------------------------------------- the life */

static void destroy_columns(struct lt_format_writer *base)
{
    struct columns_writer *writer = columns_of(base);
    lt_times_destroy(writer->times);
    lt_format_columns_fini(&writer->columns);
    lt_arena_destroy(writer->arena);
    free(writer);
}

static int take_json_option(void *context, const char *key, const char *value,
                            struct lt_error *error)
{
    struct columns_writer *writer = context;
    return lt_json_options_set(&writer->json_options, writer->arena, key, value, error);
}

static int take_csv_option(void *context, const char *key, const char *value,
                           struct lt_error *error)
{
    struct columns_writer *writer = context;
    return lt_csv_options_set(&writer->csv_options, writer->arena, key, value, error);
}

static int set_up_columns(struct columns_writer *writer, const struct lt_format_write_setup *setup,
                          struct lt_error *error)
{
    uint32_t words = setup->schema->field_count / 64 + 1;
    uint64_t *used = lt_arena_alloc(writer->arena, words * sizeof *used);
    for (uint32_t i = 0; i < words; i++)
        used[i] = setup->left_out == NULL ? UINT64_MAX : 0;
    for (uint32_t i = 0; i < setup->schema->field_count; i++)
        if (!lt_bit(setup->left_out, i))
            lt_bit_set(used, i);
    return lt_format_columns_init(&writer->columns, setup->schema, used, "", writer->arena, error);
}

static int create_times(struct columns_writer *writer, const struct lt_format_write_setup *setup,
                        struct lt_times_setup *times, struct lt_error *error)
{
    times->use = LT_DATETIME_PRINTING;
    if (times->time_zone == NULL)
        times->time_zone = setup->time_zone;
    int code = lt_times_create(times, &writer->times, error);
    if (code == LT_OK)
        writer->codec = lt_times_codec(writer->times);
    return code;
}

static struct columns_writer *make_writer(struct lt_format_writer **out)
{
    struct columns_writer *writer = lt_alloc(sizeof *writer);
    writer->arena = lt_arena_create();
    lt_json_options_init(&writer->json_options);
    lt_csv_options_init(&writer->csv_options);
    *out = &writer->base;
    return writer;
}

static int finish(struct columns_writer *writer, int code, struct lt_format_writer **out)
{
    if (code == LT_OK)
        return LT_OK;
    destroy_columns(&writer->base);
    *out = NULL;
    return code;
}

static int refuse_type(const char *format, const struct lt_field *field, struct lt_error *error)
{
    struct lt_arena *arena = lt_arena_create();
    (void)lt_error_set(error, LT_E_UNSUPPORTED,
                       "The %s datasource doesn't support the column `%s` of the type \"%s\"",
                       format, field->name, lt_type_sql(arena, field->type));
    lt_arena_destroy(arena);
    return lt_error_condition(error, "UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE", "0A000");
}

/* ---------------------------------------------------------------------------------------- json */

static int create_json(const struct lt_format_write_setup *setup, struct lt_format_writer **out,
                       struct lt_error *error)
{
    struct columns_writer *writer = make_writer(out);
    const struct lt_json_options *options = &writer->json_options;
    int code = lt_format_write_each_option(setup, take_json_option, writer, error);
    if (code == LT_OK)
        code = lt_format_check_locale(options->locale, error);
    struct lt_times_setup times = {.time_zone = options->time_zone,
                                   .date_format = options->date_format,
                                   .timestamp_format = options->timestamp_format,
                                   .timestamp_ntz_format = options->timestamp_ntz_format};
    if (code == LT_OK)
        code = create_times(writer, setup, &times, error);
    if (code == LT_OK)
        code = set_up_columns(writer, setup, error);
    const struct lt_type *type = writer->columns.type;
    for (uint32_t i = 0; code == LT_OK && i < type->field_count; i++)
        if (lt_type_has_kind(type->fields[i].type, LT_TYPE_VARIANT))
            code = refuse_type("JSON", &type->fields[i], error);
    if (code == LT_OK)
        writer->json = (struct lt_json_write_options){
            .keep_null_fields = !options->ignore_null_fields,
            .offset_s = lt_times_offset_s,
            .context = writer->times,
            .times = lt_times_has_pattern(writer->times) ? &writer->codec : NULL};
    return finish(writer, code, out);
}

/* The row's columns that are written, side by side. */
static struct lt_struct columns_in(struct columns_writer *writer, struct lt_row *row)
{
    struct lt_format_columns *columns = &writer->columns;
    if (columns->is_whole)
        return (struct lt_struct){.nulls = lt_row_nulls(row), .values = lt_row_values(row)};
    memset(columns->nulls, 0, (columns->count / 64 + 1) * sizeof *columns->nulls);
    for (uint32_t i = 0; i < columns->count; i++) {
        columns->values[i] = lt_row_values(row)[columns->columns[i]];
        if (lt_row_is_null(row, columns->columns[i]))
            lt_bit_set(columns->nulls, i);
    }
    return (struct lt_struct){.nulls = columns->nulls, .values = columns->values};
}

static bool has_written(struct columns_writer *writer, const char **why)
{
    if (lt_likely(!lt_times_take_failure(writer->times)))
        return true;
    *why = "a pattern asks for what its value has not";
    return false;
}

static bool write_json(struct lt_format_writer *base, struct lt_row *row,
                       struct lt_text_buffer *out, const char **why)
{
    struct columns_writer *writer = columns_of(base);
    const struct lt_struct structure = columns_in(writer, row);
    lt_json_write_value(out, writer->columns.type, &(union lt_value){.structure = &structure},
                        &writer->json);
    return has_written(writer, why);
}

const struct lt_format_write_ops lt_format_write_json_ops = {.name = "json",
                                                             .create = create_json,
                                                             .write = write_json,
                                                             .destroy = destroy_columns};

/* ----------------------------------------------------------------------------------------- csv */

static int check_csv_types(const struct lt_type *type, struct lt_error *error)
{
    for (uint32_t i = 0; i < type->field_count; i++) {
        enum lt_type_kind kind = type->fields[i].type->kind;
        if (kind > LT_TYPE_INTERVAL_CALENDAR || kind == LT_TYPE_VOID)
            return refuse_type("CSV", &type->fields[i], error);
    }
    return LT_OK;
}

static int create_csv(const struct lt_format_write_setup *setup, struct lt_format_writer **out,
                      struct lt_error *error)
{
    struct columns_writer *writer = make_writer(out);
    const struct lt_csv_options *options = &writer->csv_options;
    int code = lt_format_write_each_option(setup, take_csv_option, writer, error);
    if (code == LT_OK)
        code = lt_format_check_locale(options->locale, error);
    struct lt_times_setup times = {.time_zone = options->time_zone,
                                   .date_format = options->date_format,
                                   .timestamp_format = options->timestamp_format,
                                   .timestamp_ntz_format = options->timestamp_ntz_format};
    if (code == LT_OK)
        code = create_times(writer, setup, &times, error);
    if (code == LT_OK)
        code = set_up_columns(writer, setup, error);
    if (code == LT_OK)
        code = check_csv_types(writer->columns.type, error);
    if (code == LT_OK)
        writer->csv = (struct lt_csv_write_setup){options, writer->codec};
    return finish(writer, code, out);
}

static bool write_csv(struct lt_format_writer *base, struct lt_row *row,
                      struct lt_text_buffer *out, const char **why)
{
    struct columns_writer *writer = columns_of(base);
    const struct lt_struct structure = columns_in(writer, row);
    lt_csv_write_row(out, writer->columns.type, structure.values, structure.nulls, &writer->csv);
    return has_written(writer, why);
}

/* The names are a record of texts. */
static bool begin_csv(struct lt_format_writer *base, struct lt_text_buffer *out)
{
    struct columns_writer *writer = columns_of(base);
    const struct lt_type *type = writer->columns.type;
    if (!writer->csv_options.header)
        return false;
    struct lt_field *fields = lt_alloc_array(type->field_count, sizeof *fields);
    union lt_value *values = lt_alloc_array(type->field_count, sizeof *values);
    for (uint32_t i = 0; i < type->field_count; i++) {
        fields[i] = (struct lt_field){.name = type->fields[i].name,
                                      .type = lt_type_simple(LT_TYPE_STRING)};
        values[i] = lt_value_text(type->fields[i].name);
    }
    const struct lt_type names = {
        .kind = LT_TYPE_STRUCT, .field_count = type->field_count, .fields = fields};
    lt_csv_write_row(out, &names, values, NULL, &writer->csv);
    free(fields);
    free(values);
    return true;
}

const struct lt_format_write_ops lt_format_write_csv_ops = {.name = "csv",
                                                            .create = create_csv,
                                                            .write = write_csv,
                                                            .begin = begin_csv,
                                                            .destroy = destroy_columns};
