/*
 * Columns of JSON and CSV.
 */
#include "io/format_columns.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/ascii.h"
#include "core/text/datetime_pattern.h"

/* Of a column that stands twice, nobody could say which is meant. */
static int check_names(const struct lt_type *schema, struct lt_error *error)
{
    for (uint32_t i = 1; i < schema->field_count; i++)
        for (uint32_t j = 0; j < i; j++)
            if (lt_ascii_compare(schema->fields[i].name, schema->fields[j].name) == 0) {
                (void)lt_error_set(error, LT_E_ANALYSIS,
                                   "The column `%s` already exists. Choose another name or rename "
                                   "the existing column.",
                                   schema->fields[j].name);
                return lt_error_condition(error, "COLUMN_ALREADY_EXISTS", "42711");
            }
    return LT_OK;
}

int lt_format_columns_bind(const struct lt_format_setup *setup, struct lt_arena *arena,
                           const struct lt_type **out, struct lt_error *error)
{
    const struct lt_type *schema = setup->user_schema;
    if (schema == NULL)
        return lt_error_set(error, LT_E_ANALYSIS,
                            "Schema must be specified when creating a streaming source DataFrame: "
                            "the format %s has the columns that it is given; hint: --schema 'id "
                            "BIGINT, name STRING', or the columns of CREATE TABLE",
                            setup->name);
    int code = check_names(schema, error);
    if (code != LT_OK)
        return code;
    struct lt_field *fields = lt_alloc_array(schema->field_count, sizeof *fields);
    for (uint32_t i = 0; i < schema->field_count; i++) {
        fields[i] = schema->fields[i];
        fields[i].nullable = true;
    }
    *out = lt_type_struct(arena, fields, schema->field_count);
    free(fields);
    return LT_OK;
}

int lt_format_check_locale(const char *locale, struct lt_error *error)
{
    if (locale != NULL && lt_ascii_compare(locale, "en-US") != 0 &&
        lt_ascii_compare(locale, "en") != 0)
        return lt_error_set(error, LT_E_UNSUPPORTED,
                            "option \"locale\": \"%s\" is not supported; hint: en-US is", locale);
    return LT_OK;
}

static int check_pattern(const char *option, const char *pattern, struct lt_error *error)
{
    struct lt_datetime_pattern *made = NULL;
    if (pattern == NULL)
        return LT_OK;
    int code =
        lt_datetime_pattern_create(pattern, strlen(pattern), LT_DATETIME_READING, &made, error);
    if (code != LT_OK)
        return lt_error_append(error, "option \"%s\"", option);
    lt_datetime_pattern_destroy(made);
    return LT_OK;
}

int lt_format_check_times(const char *locale, const char *date, const char *timestamp,
                          const char *timestamp_ntz, struct lt_error *error)
{
    int code = lt_format_check_locale(locale, error);
    if (code == LT_OK)
        code = check_pattern("dateFormat", date, error);
    if (code == LT_OK)
        code = check_pattern("timestampFormat", timestamp, error);
    if (code == LT_OK)
        code = check_pattern("timestampNTZFormat", timestamp_ntz, error);
    return code;
}

static int check_used(const struct lt_format_columns *columns, const char *corrupt_column,
                      struct lt_error *error)
{
    if (columns->count != 1 || strcmp(columns->type->fields[0].name, corrupt_column) != 0)
        return LT_OK;
    (void)lt_error_set(error, LT_E_ANALYSIS,
                       "Queries from raw JSON/CSV/XML files are disallowed when the referenced "
                       "columns only include the internal corrupt record column (\"%s\"); hint: "
                       "name another column too",
                       corrupt_column);
    return lt_error_condition(error, "UNSUPPORTED_FEATURE.QUERY_ONLY_CORRUPT_RECORD_COLUMN",
                              "0A000");
}

int lt_format_columns_init(struct lt_format_columns *columns, const struct lt_type *schema,
                           const uint64_t *used_columns, const char *corrupt_column,
                           struct lt_arena *arena, struct lt_error *error)
{
    struct lt_field *fields = lt_alloc_array(schema->field_count, sizeof *fields);
    *columns = (struct lt_format_columns){
        .columns = lt_alloc_array(schema->field_count, sizeof *columns->columns),
        .values = lt_alloc_array(schema->field_count + 1, sizeof *columns->values),
        .nulls = lt_alloc_array(schema->field_count / 64 + 1, sizeof *columns->nulls)};
    for (uint32_t i = 0; i < schema->field_count; i++) {
        if (!lt_format_uses(used_columns, i))
            continue;
        columns->columns[columns->count] = i;
        fields[columns->count++] = schema->fields[i];
    }
    columns->type = lt_type_struct(arena, fields, columns->count);
    columns->is_whole = columns->count == schema->field_count;
    free(fields);
    return check_used(columns, corrupt_column, error);
}

void lt_format_columns_fini(struct lt_format_columns *columns)
{
    free(columns->columns);
    free(columns->values);
    free(columns->nulls);
}

void *lt_format_row_memory(void *row, size_t size_bytes)
{
    return lt_row_scratch(row, size_bytes);
}

struct lt_fault *lt_format_malformed(const struct lt_format_reader *reader, const char *condition,
                                     const char *cause)
{
    return lt_fault_create(reader->stage, condition, "22023",
                           "Malformed records are detected in record parsing: %s. Parse Mode: "
                           "FAILFAST. To process malformed records as null result, try setting the "
                           "option 'mode' as 'PERMISSIVE'",
                           cause);
}

struct lt_fault *lt_format_too_large(const struct lt_format_reader *reader)
{
    return lt_fault_create(reader->stage, "RECORD_TOO_LARGE", "54000",
                           "the values of the record do not fit the row's memory");
}
