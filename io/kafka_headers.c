#include "io/kafka_headers.h"

#include <string.h>

#include "core/base/error.h"

const char lt_kafka_headers_kind = 0;

/* One element: struct<key:string,value:binary>. */
struct element {
    struct lt_struct structure;
    union lt_value fields[2];
    uint64_t nulls;
};

/* In the row's scratch: the array, and room for its elements behind it. */
struct column {
    struct lt_array array; /* first */
    uint32_t capacity;
    uint32_t padding[3];
    /* capacity values, then capacity elements */
};
_Static_assert(sizeof(struct column) % 16 == 0, "values follow it");

static void materialize(struct lt_array *array)
{
    struct column *column = (struct column *)(void *)array;
    union lt_value *values = (union lt_value *)(void *)(column + 1);
    struct element *elements = (struct element *)(void *)(values + column->capacity);
    rd_kafka_headers_t *headers;
    rd_kafka_resp_err_t err = rd_kafka_message_headers(array->native.object, &headers);
    lt_assert(err == RD_KAFKA_RESP_ERR_NO_ERROR);
    for (uint32_t i = 0; i < column->capacity; i++) {
        const char *name;
        const void *value;
        size_t size_bytes;
        err = rd_kafka_header_get_all(headers, i, &name, &value, &size_bytes);
        lt_assert(err == RD_KAFKA_RESP_ERR_NO_ERROR);
        elements[i].fields[0] = lt_value_text(name);
        elements[i].fields[1] = lt_value_bytes(value, (uint32_t)size_bytes);
        elements[i].nulls = value == NULL ? 2 : 0;
        elements[i].structure = (struct lt_struct){&elements[i].nulls, elements[i].fields};
        values[i].structure = &elements[i].structure;
    }
    array->count = column->capacity;
    array->values = values;
    array->nulls = NULL;
    array->is_native = false;
}

struct lt_array *lt_kafka_headers_of(struct lt_row *row, const rd_kafka_message_t *message,
                                     bool *is_broken)
{
    rd_kafka_headers_t *headers;
    rd_kafka_resp_err_t err = rd_kafka_message_headers(message, &headers);
    *is_broken = err != RD_KAFKA_RESP_ERR_NO_ERROR && err != RD_KAFKA_RESP_ERR__NOENT;
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
        return NULL;
    size_t count = rd_kafka_header_cnt(headers);
    if (count == 0)
        return NULL;
    struct column *column = lt_row_scratch(
        row, sizeof *column + count * (sizeof(union lt_value) + sizeof(struct element)));
    if (column == NULL) {
        *is_broken = true;
        return NULL;
    }
    column->capacity = (uint32_t)count;
    column->array = (struct lt_array){
        .count = 0,
        .is_native = true,
        .native = {&lt_kafka_headers_kind, (void *)(uintptr_t)message, materialize},
    };
    return &column->array;
}

static void *copy_into(struct lt_row *row, const void *data, size_t size_bytes)
{
    void *copy = lt_row_scratch(row, size_bytes);
    if (copy != NULL && size_bytes > 0)
        memcpy(copy, data, size_bytes);
    return copy;
}

struct lt_array *lt_kafka_headers_copy_into(struct lt_row *row, const rd_kafka_headers_t *headers)
{
    size_t count = rd_kafka_header_cnt(headers);
    struct lt_array *array = lt_row_scratch(row, sizeof *array);
    union lt_value *values = lt_row_scratch(row, count * sizeof *values);
    struct element *elements = lt_row_scratch(row, count * sizeof *elements);
    if (array == NULL || values == NULL || elements == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        const char *name;
        const void *value;
        size_t size_bytes;
        rd_kafka_resp_err_t err = rd_kafka_header_get_all(headers, i, &name, &value, &size_bytes);
        lt_assert(err == RD_KAFKA_RESP_ERR_NO_ERROR);
        char *name_copy = copy_into(row, name, strlen(name) + 1);
        void *value_copy = copy_into(row, value, size_bytes);
        if (name_copy == NULL || value_copy == NULL)
            return NULL;
        elements[i].fields[0] = lt_value_text(name_copy);
        elements[i].fields[1] = lt_value_bytes(value_copy, (uint32_t)size_bytes);
        elements[i].nulls = value == NULL ? 2 : 0;
        elements[i].structure = (struct lt_struct){&elements[i].nulls, elements[i].fields};
        values[i].structure = &elements[i].structure;
    }
    *array = (struct lt_array){.count = (uint32_t)count, .values = values};
    return array;
}

bool lt_kafka_headers_can_move(const struct lt_array *array)
{
    return array->is_native && array->native.kind == &lt_kafka_headers_kind;
}

bool lt_kafka_headers_are_taken(const struct lt_array *array)
{
    rd_kafka_headers_t *headers;
    return lt_kafka_headers_can_move(array) &&
           rd_kafka_message_headers(array->native.object, &headers) == RD_KAFKA_RESP_ERR__NOENT;
}

static rd_kafka_headers_t *take_or_copy(const struct lt_array *array, bool may_take)
{
    rd_kafka_headers_t *headers = NULL;
    rd_kafka_resp_err_t err = may_take
                                  ? rd_kafka_message_detach_headers(array->native.object, &headers)
                                  : rd_kafka_message_headers(array->native.object, &headers);
    lt_assert(err == RD_KAFKA_RESP_ERR_NO_ERROR);
    return may_take ? headers : rd_kafka_headers_copy(headers);
}

rd_kafka_headers_t *lt_kafka_headers_make(const struct lt_array *array, bool may_take,
                                          const char **problem)
{
    if (lt_kafka_headers_can_move(array))
        return take_or_copy(array, may_take);
    lt_array_materialize((struct lt_array *)(uintptr_t)array);
    rd_kafka_headers_t *headers = rd_kafka_headers_new(array->count);
    for (uint32_t i = 0; i < array->count; i++) {
        const struct lt_struct *element = array->values[i].structure;
        if (lt_bit(array->nulls, i) || lt_bit(element->nulls, 0)) {
            *problem = "a header, or its key, is NULL";
            rd_kafka_headers_destroy(headers);
            return NULL;
        }
        const struct lt_bytes *key = &element->values[0].bytes, *value = &element->values[1].bytes;
        bool is_null = lt_bit(element->nulls, 1);
        rd_kafka_resp_err_t err =
            rd_kafka_header_add(headers, (const char *)key->data, (ssize_t)key->size_bytes,
                                is_null               ? NULL
                                : value->data == NULL ? (const void *)""
                                                      : value->data,
                                is_null ? 0 : (ssize_t)value->size_bytes);
        lt_assert(err == RD_KAFKA_RESP_ERR_NO_ERROR);
    }
    return headers;
}

void lt_kafka_headers_give_back(const struct lt_array *array, rd_kafka_headers_t *headers)
{
    lt_assert(lt_kafka_headers_can_move(array));
    rd_kafka_message_set_headers(array->native.object, headers);
}

size_t lt_kafka_headers_size_bytes(const rd_kafka_headers_t *headers)
{
    size_t total_bytes = 0, size_bytes;
    const char *name;
    const void *value;
    for (size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size_bytes) ==
                       RD_KAFKA_RESP_ERR_NO_ERROR;
         i++) {
        size_t name_bytes = strlen(name);
        total_bytes += lt_kafka_varint_size_bytes((int64_t)name_bytes) + name_bytes +
                       lt_kafka_varint_size_bytes(value == NULL ? -1 : (int64_t)size_bytes) +
                       size_bytes;
    }
    return total_bytes;
}
