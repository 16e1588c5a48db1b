#include "io/files_partition.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/ascii.h"
#include "core/text/number.h"
#include "io/files_name.h"

enum { DECIMAL_DIGITS_MAX = 38, INT_DIGITS = 10, BIGINT_DIGITS = 20 };

/* ------------------------------------------------------------------------------------ one path */

static int add_part(struct lt_files_parts *parts, const char *name, const char *value,
                    const char *path, struct lt_error *error)
{
    if (*name == '\0' || *value == '\0')
        return lt_error_set(error, LT_E_INVALID, "empty partition column %s in \"%s\"",
                            *name == '\0' ? "name" : "value", path);
    if (parts->count == LT_FILES_PARTITIONS_MAX)
        return lt_error_set(error, LT_E_LIMIT, "\"%s\" has more than %d partition columns", path,
                            LT_FILES_PARTITIONS_MAX);
    parts->names[parts->count] = name;
    parts->values[parts->count++] = value;
    return 0;
}

static void reverse(const char **texts, uint32_t count)
{
    for (uint32_t i = 0; i < count / 2; i++) {
        const char *text = texts[i];
        texts[i] = texts[count - 1 - i];
        texts[count - 1 - i] = text;
    }
}

/* The end of the directory that holds what ends at `end`: at its slash. */
static size_t parent_end(const char *path, size_t end, size_t root_size)
{
    while (end > root_size && path[end - 1] != '/')
        end--;
    return end > root_size ? end - 1 : root_size;
}

/* From the file upwards: plain directories are overlooked until the first partition, and end the
 * partitions behind it. */
int lt_files_parts_of(const char *path, size_t root_size, struct lt_arena *arena,
                      struct lt_files_parts *out, struct lt_error *error)
{
    size_t root = root_size > 0 && path[root_size - 1] == '/' ? root_size - 1 : root_size;
    size_t end = parent_end(path, strlen(path), root);
    out->count = 0;
    out->base_size = end;
    while (end > root) {
        const char *name, *value;
        size_t begin = parent_end(path, end, root);
        bool is_part =
            lt_files_partition_split(path + begin + 1, end - begin - 1, arena, &name, &value);
        if (!is_part && out->count > 0)
            break;
        int code = is_part ? add_part(out, name, value, path, error) : 0;
        if (code != 0)
            return code;
        end = begin;
        if (is_part)
            out->base_size = begin;
    }
    reverse(out->names, out->count);
    reverse(out->values, out->count);
    return 0;
}

/* --------------------------------------------------------------------------------- narrow types */

static bool has_blank_around(const char *text)
{
    size_t size = strlen(text);
    return size == 0 || (unsigned char)text[0] <= ' ' || (unsigned char)text[size - 1] <= ' ';
}

static bool is_integer(const char *text, int64_t min, int64_t max)
{
    int64_t number;
    return !has_blank_around(text) &&
           lt_number_parse_i64(text, strlen(text), min, max, &number) == LT_NUMBER_OK;
}

/* Digits of a decimal that Java takes and that has none behind its point: "123", "1.", "1e3". 0: it
 * is no such number, or too long. */
static uint8_t decimal_digits(const char *text)
{
    size_t size = strlen(text);
    const char *exponent = strpbrk(text, "eE"), *point = strchr(text, '.');
    __int128 number;
    int64_t power = 0;
    if (has_blank_around(text) || strpbrk(text, "nNfFdDxX") != NULL)
        return 0;
    if (exponent != NULL &&
        lt_number_parse_i64(exponent + 1, strlen(exponent + 1), -100, 100, &power) != LT_NUMBER_OK)
        return 0;
    size_t mantissa = exponent == NULL ? size : (size_t)(exponent - text);
    int64_t behind = point == NULL ? 0 : (int64_t)(text + mantissa - point) - 1;
    if (behind > power ||
        lt_number_parse_decimal(text, size, DECIMAL_DIGITS_MAX, 0, &number) != LT_NUMBER_OK)
        return 0;
    uint8_t digits = 1;
    for (__int128 rest = number / 10; rest != 0; rest /= 10)
        digits++;
    return digits;
}

/* Is it written as the pattern, where 0 stands for any digit? */
static bool has_shape(const char *text, const char *shape)
{
    for (; *shape != '\0'; shape++, text++)
        if (*shape == '0' ? !lt_ascii_is_digit(*text) : *text != *shape)
            return false;
    return *text == '\0';
}

static bool is_date(const char *text)
{
    int32_t days;
    return has_shape(text, "0000-00-00") && lt_datetime_parse_date(text, strlen(text), &days);
}

static bool is_timestamp(const char *text, struct lt_datetime_context *times)
{
    int64_t us;
    return (has_shape(text, "0000-00-00 00:00:00") || has_shape(text, "0000-00-00 00:00:00.0")) &&
           lt_datetime_parse_timestamp(times, text, strlen(text), &us);
}

static const struct lt_type *type_of(const char *text, struct lt_datetime_context *times,
                                     struct lt_arena *arena)
{
    double number;
    if (strcmp(text, LT_FILES_NULL_PARTITION) == 0)
        return lt_type_simple(LT_TYPE_VOID);
    if (is_integer(text, INT32_MIN, INT32_MAX))
        return lt_type_simple(LT_TYPE_INT);
    if (is_integer(text, INT64_MIN, INT64_MAX))
        return lt_type_simple(LT_TYPE_BIGINT);
    uint8_t digits = decimal_digits(text);
    if (digits > 0)
        return lt_type_decimal(arena, digits, 0);
    if (lt_number_parse_double(text, strlen(text), &number) == LT_NUMBER_OK)
        return lt_type_simple(LT_TYPE_DOUBLE);
    if (is_timestamp(text, times))
        return lt_type_simple(LT_TYPE_TIMESTAMP);
    return lt_type_simple(is_date(text) ? LT_TYPE_DATE : LT_TYPE_STRING);
}

static uint8_t whole_digits(const struct lt_type *type)
{
    return type->kind == LT_TYPE_DECIMAL
               ? type->precision
               : (uint8_t)(type->kind == LT_TYPE_INT ? INT_DIGITS : BIGINT_DIGITS);
}

/* Spark's table for partition columns: what takes both, where bigint and decimal with double would
 * lose digits and so make a string. `a` is not later in the order of kinds than `b`. */
static const struct lt_type *wider_ordered(const struct lt_type *a, const struct lt_type *b,
                                           struct lt_arena *arena)
{
    bool is_whole = lt_type_is_integral(a) || a->kind == LT_TYPE_DECIMAL;
    if (a->kind == LT_TYPE_VOID || (a->kind == b->kind && a->kind != LT_TYPE_DECIMAL))
        return b;
    if (a->kind == LT_TYPE_INT && (b->kind == LT_TYPE_BIGINT || b->kind == LT_TYPE_DOUBLE))
        return b;
    if (is_whole && b->kind == LT_TYPE_DECIMAL) {
        uint8_t a_digits = whole_digits(a), b_digits = whole_digits(b);
        return lt_type_decimal(arena, a_digits > b_digits ? a_digits : b_digits, 0);
    }
    if (a->kind == LT_TYPE_DATE && b->kind == LT_TYPE_TIMESTAMP)
        return b;
    return lt_type_simple(LT_TYPE_STRING);
}

static const struct lt_type *wider(const struct lt_type *a, const struct lt_type *b,
                                   struct lt_arena *arena)
{
    return a->kind <= b->kind ? wider_ordered(a, b, arena) : wider_ordered(b, a, arena);
}

/* ------------------------------------------------------------------------------------ inference */

struct lt_files_inference {
    struct lt_datetime_context *times;
    struct lt_arena *arena;
    bool has_columns,
        has_plain; /* a file under partitions, one under a plain directory, was seen */
    struct lt_files_partitions columns;
    char *directory, *base;                 /* of the file before; of the first under partitions */
    char *plain_directory, *part_directory; /* the first of each, for the message */
};

struct lt_files_inference *lt_files_inference_create(struct lt_datetime_context *times,
                                                     struct lt_arena *arena)
{
    struct lt_files_inference *inference = lt_alloc(sizeof *inference);
    inference->times = times;
    inference->arena = arena;
    return inference;
}

void lt_files_inference_destroy(struct lt_files_inference *inference)
{
    if (inference == NULL)
        return;
    free(inference->directory);
    free(inference->base);
    free(inference->plain_directory);
    free(inference->part_directory);
    free(inference);
}

static char *copy_n(const char *text, size_t size_bytes)
{
    char *copy = lt_alloc(size_bytes + 1);
    memcpy(copy, text, size_bytes);
    return copy;
}

/* Is the file in the directory of the one before? Most are. */
static bool is_same_directory(struct lt_files_inference *inference, const char *path)
{
    size_t size = (size_t)(lt_files_base_name(path) - path);
    if (inference->directory != NULL && strlen(inference->directory) == size &&
        memcmp(inference->directory, path, size) == 0)
        return true;
    free(inference->directory);
    inference->directory = copy_n(path, size);
    return false;
}

static int conflicting_directories(const char *one, const char *other, struct lt_error *error)
{
    lt_error_set(error, LT_E_ANALYSIS,
                 "[CONFLICTING_DIRECTORY_STRUCTURES] Conflicting directory structures detected. "
                 "Suspicious paths: file:%s, file:%s. If provided paths are partition directories, "
                 "please set \"basePath\" in the options of the data source to specify the root "
                 "directory of the table. If there are multiple root directories, please load them "
                 "separately and then union them.",
                 one, other);
    return lt_error_condition(error, "CONFLICTING_DIRECTORY_STRUCTURES", "KD009");
}

static void list_names(char *out, size_t out_size, const struct lt_files_partitions *columns,
                       const struct lt_files_parts *parts)
{
    uint32_t count = columns != NULL ? columns->count : parts->count;
    size_t used = 0;
    out[0] = '\0';
    for (uint32_t i = 0; i < count; i++) {
        const char *name = columns != NULL ? columns->columns[i].name : parts->names[i];
        size_t size = strlen(name);
        if (used + size + 3 > out_size)
            return;
        memcpy(out + used, i == 0 ? "" : ", ", i == 0 ? 0 : 2);
        used += i == 0 ? 0 : 2;
        memcpy(out + used, name, size + 1);
        used += size;
    }
}

static int conflicting_names(const struct lt_files_partitions *columns,
                             const struct lt_files_parts *parts, const char *path,
                             struct lt_error *error)
{
    char expected[256], found[256];
    list_names(expected, sizeof expected, columns, NULL);
    list_names(found, sizeof found, NULL, parts);
    lt_error_set(error, LT_E_ANALYSIS,
                 "[CONFLICTING_PARTITION_COLUMN_NAMES] Conflicting partition column names "
                 "detected: \"%s\" has (%s), others have (%s). For partitioned table directories, "
                 "data files should only live in leaf directories, and directories at the same "
                 "level should have the same partition column name.",
                 path, found, expected);
    return lt_error_condition(error, "CONFLICTING_PARTITION_COLUMN_NAMES", "KD009");
}

int lt_files_partitions_check(const struct lt_files_partitions *partitions,
                              const struct lt_files_parts *parts, const char *path,
                              struct lt_error *error)
{
    if (parts->count != partitions->count)
        return conflicting_names(partitions, parts, path, error);
    for (uint32_t i = 0; i < parts->count; i++)
        if (lt_ascii_compare(parts->names[i], partitions->columns[i].name) != 0)
            return conflicting_names(partitions, parts, path, error);
    return 0;
}

/* The first file under partitions says which columns there are. */
static void take_columns(struct lt_files_inference *inference, const struct lt_files_parts *parts,
                         const char *path)
{
    inference->has_columns = true;
    inference->columns.count = parts->count;
    for (uint32_t i = 0; i < parts->count; i++)
        inference->columns.columns[i] = (struct lt_field){
            .name = parts->names[i], .type = lt_type_simple(LT_TYPE_VOID), .nullable = true};
    inference->base = copy_n(path, parts->base_size);
    inference->part_directory = lt_strdup(inference->directory);
}

static void widen(struct lt_files_inference *inference, const struct lt_files_parts *parts)
{
    for (uint32_t i = 0; i < parts->count; i++) {
        struct lt_field *column = &inference->columns.columns[i];
        if (strcmp(parts->names[i], column->name) < 0) /* of two cases one, whatever the order */
            column->name = parts->names[i];
        column->type =
            wider(column->type, type_of(parts->values[i], inference->times, inference->arena),
                  inference->arena);
    }
}

int lt_files_inference_add(struct lt_files_inference *inference, const char *path, size_t root_size,
                           struct lt_error *error)
{
    struct lt_files_parts parts;
    if (is_same_directory(inference, path))
        return 0;
    int code = lt_files_parts_of(path, root_size, inference->arena, &parts, error);
    if (code != 0)
        return code;
    if (parts.count == 0) {
        if (parts.base_size > root_size && inference->plain_directory == NULL)
            inference->plain_directory = lt_strdup(inference->directory);
        return 0;
    }
    if (!inference->has_columns)
        take_columns(inference, &parts, path);
    else if (strlen(inference->base) != parts.base_size ||
             memcmp(inference->base, path, parts.base_size) != 0)
        return conflicting_directories(inference->part_directory, inference->directory, error);
    code = lt_files_partitions_check(&inference->columns, &parts, path, error);
    if (code == 0)
        widen(inference, &parts);
    return code;
}

int lt_files_inference_end(struct lt_files_inference *inference, const struct lt_type *user_schema,
                           struct lt_files_partitions *out, struct lt_error *error)
{
    *out = inference->columns;
    if (out->count > 0 && inference->plain_directory != NULL)
        return conflicting_directories(inference->part_directory, inference->plain_directory,
                                       error);
    for (uint32_t i = 0; i < out->count && user_schema != NULL; i++) {
        int index = lt_type_field_index(user_schema, out->columns[i].name);
        if (index < 0)
            continue;
        out->columns[i].name = user_schema->fields[index].name;
        out->columns[i].type = user_schema->fields[index].type;
    }
    return 0;
}

/* --------------------------------------------------------------------------------------- values */

static int not_of_type(const struct lt_field *column, const char *text, struct lt_error *error)
{
    struct lt_arena *arena = lt_arena_create();
    lt_error_set(error, LT_E_INVALID,
                 "[INVALID_PARTITION_VALUE] Failed to cast value '%s' to data type \"%s\" for "
                 "partition column `%s`. Ensure the value matches the expected data type for this "
                 "partition column.",
                 text, lt_type_sql(arena, column->type), column->name);
    lt_arena_destroy(arena);
    return lt_error_condition(error, "INVALID_PARTITION_VALUE", "42846");
}

/* As Java parses it: without blanks around. TINYINT and SMALLINT are cut, as Spark does. */
static bool read_integer(const struct lt_type *type, const char *text, union lt_value *out)
{
    bool is_wide = type->kind == LT_TYPE_BIGINT;
    if (has_blank_around(text) ||
        lt_number_parse_i64(text, strlen(text), is_wide ? INT64_MIN : INT32_MIN,
                            is_wide ? INT64_MAX : INT32_MAX, &out->i64) != LT_NUMBER_OK)
        return false;
    if (type->kind == LT_TYPE_TINYINT)
        out->i64 = (int8_t)out->i64;
    if (type->kind == LT_TYPE_SMALLINT)
        out->i64 = (int16_t)out->i64;
    return true;
}

static bool read_fraction(const struct lt_type *type, const char *text, union lt_value *out)
{
    if (lt_number_parse_double(text, strlen(text), &out->f64) != LT_NUMBER_OK)
        return false;
    if (type->kind == LT_TYPE_FLOAT)
        out->f64 = (double)(float)out->f64;
    return true;
}

static bool read_boolean(const char *text, union lt_value *out)
{
    out->i64 = lt_ascii_compare(text, "true") == 0;
    return out->i64 == 1 || lt_ascii_compare(text, "false") == 0;
}

static bool read_date(const char *text, union lt_value *out)
{
    int32_t days;
    if (!lt_datetime_parse_date(text, strlen(text), &days))
        return false;
    out->i64 = days;
    return true;
}

static bool read_value(const struct lt_type *type, const char *text,
                       struct lt_datetime_context *times, union lt_value *out)
{
    size_t size = strlen(text);
    if (lt_type_is_integral(type))
        return read_integer(type, text, out);
    if (lt_type_is_fraction(type))
        return read_fraction(type, text, out);
    if (lt_type_is_bytes(type)) {
        *out = lt_value_text(text);
        return true;
    }
    switch (type->kind) {
    case LT_TYPE_BOOLEAN:
        return read_boolean(text, out);
    case LT_TYPE_DECIMAL:
        return lt_number_parse_decimal(text, size, type->precision, type->scale, &out->i128) ==
               LT_NUMBER_OK;
    case LT_TYPE_DATE:
        return read_date(text, out);
    case LT_TYPE_TIMESTAMP:
        return lt_datetime_parse_timestamp(times, text, size, &out->i64);
    case LT_TYPE_TIMESTAMP_NTZ:
        return lt_datetime_parse_local(times, text, size, true, &out->i64);
    default:
        return false;
    }
}

int lt_files_partition_value(const struct lt_field *column, const char *text,
                             struct lt_datetime_context *times, union lt_value *out, bool *is_null,
                             struct lt_error *error)
{
    *is_null = column->type->kind == LT_TYPE_VOID || strcmp(text, LT_FILES_NULL_PARTITION) == 0;
    if (*is_null || read_value(column->type, text, times, out))
        return 0;
    return not_of_type(column, text, error);
}
