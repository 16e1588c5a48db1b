/*
 * The stable byte form of a row, version 1. Little-endian, nothing aligned:
 *
 *   row      version (1 byte: 1), column count (4 bytes), then a tuple of the schema's columns
 *   tuple    null bitmap: ceil(n / 8) bytes, bit i % 8 of byte i / 8 set when i is NULL, unused
 *            bits 0; then the values that are not NULL, in order
 *
 *   void                            nothing (always NULL)
 *   boolean, tinyint                1 byte
 *   smallint                        2 bytes
 *   int, date, year-month interval  4 bytes
 *   bigint, timestamps, time, day-time interval   8 bytes
 *   float, double                   4, 8 bytes, IEEE 754
 *   decimal                         8 bytes of the unscaled number up to 18 digits, else 16
 *   string, char, varchar, binary   size (4 bytes), the bytes
 *   calendar interval               months (4), days (4), microseconds (8)
 *   array                           count (4 bytes), then a tuple of its elements
 *   map                             the keys as an array, the values as an array; in the bytes of a
 *                                   key in the order of its keys, as Spark groups maps
 *   struct                          a tuple of its fields
 *
 * The schema is not in the bytes: whoever keeps them keeps its DDL beside them. Nor are source
 * position and times, nor a checksum: those belong to the file around. What the reader promises is
 * that any bytes at all give a row of the schema or an error, that it reads nothing outside them,
 * and that it asks for no more scratch than 128 times their size (an array of NULLs is one bit
 * each, and 16 bytes in memory).
 *
 * Recursion ends: types are at most LT_LIMIT_TYPE_DEPTH deep.
 */
#include "core/data/row_bytes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/limits.h"

enum {
    VERSION = 1,
    LONG_DECIMAL_DIGITS = 18, /* what 64 bits hold */
};

/* The elements of an array, map or struct: one type for all (step 0) or one each (step 1). */
struct tuple_types {
    const struct lt_field *fields;
    uint32_t step;
};

struct writer {
    struct lt_text_buffer *out;
    bool is_key; /* numbers that compare equal are written alike */
};

struct reader {
    const uint8_t *at, *end;
    const struct lt_value_memory *memory; /* holds what has to be made */
    struct lt_error *error;
};

static void write_value(const struct lt_type *type, const union lt_value *value,
                        struct writer *writer);
static int read_value(struct reader *reader, const struct lt_type *type, union lt_value *value);

static struct tuple_types types_of_struct(const struct lt_type *type)
{
    return (struct tuple_types){.fields = type->fields, .step = 1};
}

static struct tuple_types types_of_array(const struct lt_field *element)
{
    return (struct tuple_types){.fields = element, .step = 0};
}

/* The width of kinds that have one; 0 for the others. */
static uint32_t fixed_width(const struct lt_type *type)
{
    switch (type->kind) {
    case LT_TYPE_BOOLEAN:
    case LT_TYPE_TINYINT:
        return 1;
    case LT_TYPE_SMALLINT:
        return 2;
    case LT_TYPE_INT:
    case LT_TYPE_DATE:
    case LT_TYPE_INTERVAL_YEAR_MONTH:
    case LT_TYPE_FLOAT:
        return 4;
    case LT_TYPE_BIGINT:
    case LT_TYPE_TIMESTAMP:
    case LT_TYPE_TIMESTAMP_NTZ:
    case LT_TYPE_TIME:
    case LT_TYPE_INTERVAL_DAY_TIME:
    case LT_TYPE_DOUBLE:
        return 8;
    case LT_TYPE_DECIMAL:
        return type->precision <= LONG_DECIMAL_DIGITS ? 8 : 16;
    case LT_TYPE_INTERVAL_CALENDAR:
        return 16;
    default:
        return 0;
    }
}

static double canonical_f64(double f64)
{
    if (isnan(f64))
        return (double)NAN;
    return f64 == 0.0 ? 0.0 : f64;
}

/* As lt_text_append_n, which is called where there is no room: a key is a few small pieces, for
 * each row, and a call for each of them would be most of what it costs. */
static inline void append(struct writer *writer, const void *piece, size_t size_bytes)
{
    struct lt_text_buffer *out = writer->out;
    if (lt_unlikely(out->capacity - out->size_bytes <= size_bytes)) {
        lt_text_append_n(out, piece, size_bytes);
        return;
    }
    memcpy(out->data + out->size_bytes, piece, size_bytes);
    out->size_bytes += size_bytes;
    out->data[out->size_bytes] = '\0';
}

static void write_u32(uint32_t number, struct writer *writer)
{
    append(writer, &number, sizeof number);
}

static void write_tuple(struct tuple_types types, uint32_t count, const uint64_t *nulls,
                        const union lt_value *values, struct writer *writer)
{
    for (uint32_t first = 0; first < count; first += 8) {
        uint64_t bits = nulls != NULL ? nulls[first / 64] >> first % 64 : 0;
        uint64_t used = count - first < 8 ? ((uint64_t)1 << (count - first)) - 1 : 0xFF;
        uint8_t byte = (uint8_t)(bits & used);
        append(writer, &byte, 1);
    }
    for (uint32_t i = 0; i < count; i++)
        if (!lt_bit(nulls, i))
            write_value(types.fields[i * types.step].type, &values[i], writer);
}

static void write_array(const struct lt_field *element, struct lt_array *array,
                        struct writer *writer)
{
    lt_array_materialize(array);
    write_u32(array->count, writer);
    write_tuple(types_of_array(element), array->count, array->nulls, array->values, writer);
}

/* The keys of a map, of which `order` tells which comes when. */
struct ordered {
    const struct lt_type *type;
    const union lt_value *keys;
};

static int compare_places(const void *a, const void *b, void *context)
{
    const struct ordered *ordered = context;
    uint32_t first, second;
    memcpy(&first, a, sizeof first);
    memcpy(&second, b, sizeof second);
    int by_key =
        lt_value_compare(ordered->type, &ordered->keys[first], &ordered->keys[second]);
    return by_key != 0 ? by_key : (first > second) - (first < second);
}

static bool is_ordered(const struct lt_type *type, const struct lt_array *keys)
{
    for (uint32_t i = 1; i < keys->count; i++)
        if (lt_value_compare(type, &keys->values[i - 1], &keys->values[i]) > 0)
            return false;
    return true;
}

/* Which element comes i-th, by the order that stands at `order` of what was written so far. */
static uint32_t place_of(const struct writer *writer, size_t order, uint32_t i)
{
    uint32_t place;
    memcpy(&place, writer->out->data + order + i * sizeof place, sizeof place);
    return place;
}

/* As write_array, the elements in that order. */
static void write_in_order(const struct lt_field *element, const struct lt_array *array,
                           size_t order, struct writer *writer)
{
    write_u32(array->count, writer);
    for (uint32_t first = 0; first < array->count; first += 8) {
        uint8_t byte = 0;
        for (uint32_t i = first; i < array->count && i < first + 8; i++)
            byte |= (uint8_t)((uint32_t)lt_bit(array->nulls, place_of(writer, order, i))
                              << (i - first));
        lt_text_append_n(writer->out, &byte, 1);
    }
    for (uint32_t i = 0; i < array->count; i++) {
        const uint32_t place = place_of(writer, order, i);
        if (!lt_bit(array->nulls, place))
            write_value(element->type, &array->values[place], writer);
    }
}

/* Maps of the same entries are one key, whatever order they came in. The order is made in the
 * buffer itself, in front of what is written by it, and taken out again. */
static void write_ordered_map(const struct lt_type *type, const struct lt_array *keys,
                              const struct lt_array *values, struct writer *writer)
{
    struct lt_text_buffer *out = writer->out;
    const size_t order = out->size_bytes, order_bytes = keys->count * sizeof(uint32_t);
    struct ordered ordered = {.type = type->fields[0].type, .keys = keys->values};
    for (uint32_t i = 0; i < keys->count; i++)
        write_u32(i, writer);
    qsort_r(out->data + order, keys->count, sizeof(uint32_t), compare_places, &ordered);
    write_in_order(&type->fields[0], keys, order, writer);
    write_in_order(&type->fields[1], values, order, writer);
    const size_t written = out->size_bytes - order - order_bytes;
    memmove(out->data + order, out->data + order + order_bytes, written);
    out->size_bytes = order + written;
    out->data[out->size_bytes] = '\0';
}

static void write_map(const struct lt_type *type, const struct lt_map *map, struct writer *writer)
{
    struct lt_array keys = map->keys, values = map->values;
    lt_array_materialize(&keys);
    lt_array_materialize(&values);
    if (writer->is_key && !is_ordered(type->fields[0].type, &keys)) {
        write_ordered_map(type, &keys, &values, writer);
        return;
    }
    write_array(&type->fields[0], &keys, writer);
    write_array(&type->fields[1], &values, writer);
}

static void write_value(const struct lt_type *type, const union lt_value *value,
                        struct writer *writer)
{
    switch (type->kind) {
    case LT_TYPE_STRING:
    case LT_TYPE_CHAR:
    case LT_TYPE_VARCHAR:
    case LT_TYPE_BINARY:
        write_u32(value->bytes.size_bytes, writer);
        lt_text_append_n(writer->out, value->bytes.data, value->bytes.size_bytes);
        break;
    case LT_TYPE_FLOAT: {
        float f32 = (float)(writer->is_key ? canonical_f64(value->f64) : value->f64);
        lt_text_append_n(writer->out, &f32, sizeof f32);
        break;
    }
    case LT_TYPE_DOUBLE: {
        double f64 = writer->is_key ? canonical_f64(value->f64) : value->f64;
        lt_text_append_n(writer->out, &f64, sizeof f64);
        break;
    }
    case LT_TYPE_ARRAY:
        write_array(&type->fields[0], value->array, writer);
        break;
    case LT_TYPE_MAP:
        write_map(type, value->map, writer);
        break;
    case LT_TYPE_STRUCT:
        write_tuple(types_of_struct(type), type->field_count, value->structure->nulls,
                    value->structure->values, writer);
        break;
    default: {
        uint32_t width = fixed_width(type);
        lt_assert(width != 0);
        /* Little-endian: the low bytes of a wider number are the narrower one. */
        if (lt_likely(width == sizeof value->i64))
            append(writer, value, sizeof value->i64);
        else
            append(writer, value, width);
    }
    }
}

static void write_start(uint32_t column_count, struct writer *writer)
{
    const uint8_t version = VERSION;
    append(writer, &version, sizeof version);
    write_u32(column_count, writer);
}

void lt_row_bytes_write(const struct lt_type *schema, const struct lt_row *row,
                        struct lt_text_buffer *out)
{
    struct writer writer = {.out = out};
    lt_assert(schema->kind == LT_TYPE_STRUCT);
    lt_assert(schema->field_count == row->column_count);
    write_start(row->column_count, &writer);
    write_tuple(types_of_struct(schema), row->column_count, lt_row_nulls(row), lt_row_values(row),
                &writer);
}

void lt_row_bytes_write_key(const struct lt_type *schema, const struct lt_row *row,
                            const uint32_t *columns, uint32_t count, struct lt_text_buffer *out)
{
    struct writer writer = {.out = out, .is_key = true};
    write_start(count, &writer);
    for (uint32_t first = 0; first < count; first += 8) {
        uint8_t byte = 0;
        for (uint32_t i = first; i < count && i < first + 8; i++)
            byte |= (uint8_t)((uint32_t)lt_row_is_null(row, columns[i]) << (i - first));
        append(&writer, &byte, sizeof byte);
    }
    for (uint32_t i = 0; i < count; i++)
        if (!lt_row_is_null(row, columns[i]))
            write_value(schema->fields[columns[i]].type, &lt_row_values(row)[columns[i]], &writer);
}

static int damaged(struct reader *reader, const char *what)
{
    return lt_error_set(reader->error, LT_E_CORRUPT, "stored row: %s", what);
}

static size_t bytes_left(const struct reader *reader)
{
    return (size_t)(reader->end - reader->at);
}

static int read_bytes(struct reader *reader, void *out, size_t size_bytes)
{
    if (bytes_left(reader) < size_bytes)
        return damaged(reader, "it ends inside a value");
    memcpy(out, reader->at, size_bytes);
    reader->at += size_bytes;
    return 0;
}

static int take_scratch(struct reader *reader, size_t size_bytes, void **out)
{
    *out = reader->memory->alloc(reader->memory->context, size_bytes);
    if (*out == NULL)
        return lt_error_set(reader->error, LT_E_LIMIT, "stored row: no memory for %zu bytes",
                            size_bytes);
    return 0;
}

/* `nulls` and `values` have room for `count`. */
static int read_tuple(struct reader *reader, struct tuple_types types, uint32_t count,
                      uint64_t *nulls, union lt_value *values)
{
    memset(nulls, 0, ((size_t)count + 63) / 64 * sizeof *nulls);
    int code = read_bytes(reader, nulls, ((size_t)count + 7) / 8);
    if (code != 0)
        return code;
    if (count % 64 != 0 && nulls[count / 64] >> count % 64 != 0)
        return damaged(reader, "a null bitmap has bits beyond its end");
    for (uint32_t i = 0; i < count; i++) {
        if (lt_bit(nulls, i))
            continue;
        code = read_value(reader, types.fields[i * types.step].type, &values[i]);
        if (code != 0)
            return code;
    }
    return 0;
}

/* Scratch for a tuple of `count` elements, which take at least their null bitmap of the bytes left.
 */
static int make_tuple(struct reader *reader, struct tuple_types types, uint32_t count,
                      const uint64_t **nulls, const union lt_value **values)
{
    if (((size_t)count + 7) / 8 > bytes_left(reader))
        return damaged(reader, "it ends inside an array");
    void *value_memory, *null_memory;
    int code = take_scratch(reader, (size_t)count * sizeof(union lt_value), &value_memory);
    if (code == 0)
        code = take_scratch(reader, ((size_t)count + 63) / 64 * sizeof(uint64_t), &null_memory);
    if (code != 0)
        return code;
    *values = value_memory;
    *nulls = null_memory;
    return read_tuple(reader, types, count, null_memory, value_memory);
}

static int read_array(struct reader *reader, const struct lt_field *element, struct lt_array *array)
{
    *array = (struct lt_array){0};
    int code = read_bytes(reader, &array->count, sizeof array->count);
    if (code != 0)
        return code;
    return make_tuple(reader, types_of_array(element), array->count, &array->nulls, &array->values);
}

static int read_map(struct reader *reader, const struct lt_type *type, struct lt_map *map)
{
    int code = read_array(reader, &type->fields[0], &map->keys);
    if (code == 0)
        code = read_array(reader, &type->fields[1], &map->values);
    if (code == 0 && map->keys.count != map->values.count)
        code = damaged(reader, "a map has not as many values as keys");
    return code;
}

static int read_nested(struct reader *reader, const struct lt_type *type, union lt_value *value)
{
    void *memory;
    size_t size_bytes = type->kind == LT_TYPE_ARRAY ? sizeof(struct lt_array)
                        : type->kind == LT_TYPE_MAP ? sizeof(struct lt_map)
                                                    : sizeof(struct lt_struct);
    int code = take_scratch(reader, size_bytes, &memory);
    if (code != 0)
        return code;
    if (type->kind == LT_TYPE_ARRAY) {
        value->array = memory;
        return read_array(reader, &type->fields[0], memory);
    }
    if (type->kind == LT_TYPE_MAP) {
        value->map = memory;
        return read_map(reader, type, memory);
    }
    struct lt_struct *structure = memory;
    value->structure = structure;
    return make_tuple(reader, types_of_struct(type), type->field_count, &structure->nulls,
                      &structure->values);
}

static int read_string(struct reader *reader, struct lt_bytes *bytes)
{
    *bytes = (struct lt_bytes){0};
    int code = read_bytes(reader, &bytes->size_bytes, sizeof bytes->size_bytes);
    if (code != 0)
        return code;
    if (bytes->size_bytes > bytes_left(reader))
        return damaged(reader, "it ends inside a string");
    bytes->data = reader->at;
    reader->at += bytes->size_bytes;
    size_t after_bytes = bytes_left(reader);
    bytes->padding_bytes = after_bytes < UINT32_MAX ? (uint32_t)after_bytes : UINT32_MAX;
    return 0;
}

/* What fixed_width() bytes hold, widened to a value. */
static int read_fixed(struct reader *reader, const struct lt_type *type, union lt_value *value)
{
    uint32_t width = fixed_width(type);
    if (width == 0)
        return damaged(reader, "a value of a type that has none");
    *value = (union lt_value){0};
    int code = read_bytes(reader, value, width);
    if (code != 0)
        return code;
    if (type->kind == LT_TYPE_BOOLEAN && value->i64 > 1)
        return damaged(reader, "a boolean is neither true nor false");
    if (type->kind == LT_TYPE_FLOAT) {
        float f32;
        memcpy(&f32, value, sizeof f32);
        value->f64 = (double)f32;
    } else if (type->kind == LT_TYPE_DECIMAL && width == 8) {
        value->i128 = value->i64;
    } else if (width < 8) {
        uint32_t shift = 64 - 8 * width;
        value->i64 = (int64_t)((uint64_t)value->i64 << shift) >> shift;
    }
    return 0;
}

static int read_value(struct reader *reader, const struct lt_type *type, union lt_value *value)
{
    if (lt_type_is_bytes(type))
        return read_string(reader, &value->bytes);
    if (lt_type_is_nested(type))
        return read_nested(reader, type, value);
    return read_fixed(reader, type, value);
}

void lt_value_bytes_write(const struct lt_type *type, const union lt_value *value,
                          struct lt_text_buffer *out)
{
    struct writer writer = {.out = out};
    write_value(type, value, &writer);
}

int lt_value_bytes_read(const struct lt_type *type, const uint8_t **at, const uint8_t *end,
                        const struct lt_value_memory *memory, union lt_value *value,
                        struct lt_error *error)
{
    struct reader reader = {.at = *at, .end = end, .memory = memory, .error = error};
    int code = read_value(&reader, type, value);
    *at = reader.at;
    return code;
}

static void *alloc_of_row(void *context, size_t size_bytes)
{
    return lt_row_scratch(context, size_bytes);
}

/* Checks what stands in front of the values: the form's version, and how many columns there are. */
static int read_start(struct reader *reader, uint32_t expected_count)
{
    uint8_t version = 0;
    uint32_t column_count = 0;
    int code = read_bytes(reader, &version, sizeof version);
    if (code == 0 && version != VERSION)
        return lt_error_set(reader->error, LT_E_CORRUPT,
                            "stored row: version %u; this release reads version %d", version,
                            VERSION);
    if (code == 0)
        code = read_bytes(reader, &column_count, sizeof column_count);
    if (code == 0 && column_count != expected_count)
        return lt_error_set(reader->error, LT_E_CORRUPT,
                            "stored row: it has %u columns, its schema has %u", column_count,
                            expected_count);
    return code;
}

int lt_row_bytes_read(const struct lt_type *schema, const void *data, size_t size_bytes,
                      struct lt_row *row, struct lt_error *error)
{
    lt_assert(schema->field_count == row->column_count);
    return lt_row_bytes_read_at(schema, data, size_bytes, row, 0, error);
}

int lt_row_bytes_read_at(const struct lt_type *schema, const void *data, size_t size_bytes,
                         struct lt_row *row, uint32_t first_column, struct lt_error *error)
{
    uint32_t count = schema->field_count;
    uint64_t nulls[LT_LIMIT_COLUMNS / 64];
    lt_assert(schema->kind == LT_TYPE_STRUCT);
    lt_assert(count <= LT_LIMIT_COLUMNS);
    lt_assert(first_column + count <= row->column_count);
    const struct lt_value_memory memory = {alloc_of_row, row};
    struct reader reader = {
        .at = data, .end = (const uint8_t *)data + size_bytes, .memory = &memory, .error = error};
    int code = read_start(&reader, count);
    if (code == 0)
        code = read_tuple(&reader, types_of_struct(schema), count, nulls,
                          lt_row_values(row) + first_column);
    if (code == 0 && reader.at != reader.end)
        code = damaged(&reader, "there are bytes after its end");
    for (uint32_t i = 0; i < count && code == 0; i++) {
        if (lt_bit(nulls, i))
            lt_row_set_null(row, first_column + i);
        else
            lt_bit_clear(lt_row_nulls(row), first_column + i);
    }
    return code;
}
