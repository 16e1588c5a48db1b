#include "tests/support/facts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text/codec_times.h"
#include "core/text/json_read.h"
#include "core/text/json_write.h"

static const struct fact nothing = {.is_null = true};

static void *take(void *arena, size_t size_bytes)
{
    return lt_arena_alloc(arena, size_bytes);
}

/* With room behind it, which the reader wants. */
static struct lt_bytes document_of(struct lt_arena *arena, const char *text)
{
    enum { PADDING = 64 };
    size_t size = strlen(text);
    uint8_t *copy = lt_arena_alloc(arena, size + PADDING);
    memcpy(copy, text, size);
    return (struct lt_bytes){
        .data = copy, .size_bytes = (uint32_t)size, .padding_bytes = PADDING};
}

struct fact fact_parse(struct lt_arena *arena, const char *ddl, const char *document)
{
    struct lt_error error;
    struct lt_times *times = NULL;
    struct lt_json_reader *reader = NULL;
    struct lt_json_options options;
    struct fact fact = nothing;
    const struct lt_times_setup times_setup = {.use = LT_DATETIME_READING};
    const struct lt_codec_memory memory = {take, arena};
    lt_json_options_init(&options);
    if (lt_type_parse_ddl(ddl, arena, &fact.type, &error) != LT_OK ||
        lt_times_create(&times_setup, &times, &error) != LT_OK) {
        printf("%s: %s\n", ddl, error.text);
        abort();
    }
    const struct lt_json_read_setup setup = {.type = fact.type,
                                             .options = &options,
                                             .times = lt_times_codec(times),
                                             .keeps_text = true};
    if (lt_json_reader_create(&setup, &reader, &error) != LT_OK) {
        printf("%s: %s\n", ddl, error.text);
        abort();
    }
    fact.is_null = lt_json_read(reader, document_of(arena, document), &memory, &fact.value) !=
                   LT_CODEC_VALUE;
    lt_json_reader_destroy(reader);
    lt_times_destroy(times);
    return fact;
}

struct fact fact_get(struct fact of, const char *field)
{
    int index = of.is_null || of.type->kind != LT_TYPE_STRUCT
                    ? -1
                    : lt_type_field_index(of.type, field);
    if (index < 0)
        return nothing;
    return (struct fact){.type = of.type->fields[index].type,
                         .value = of.value.structure->values[index],
                         .is_null = lt_bit(of.value.structure->nulls, (uint32_t)index)};
}

static const struct lt_array *array_of(struct fact of)
{
    if (of.is_null)
        return NULL;
    return of.type->kind == LT_TYPE_ARRAY ? of.value.array
           : of.type->kind == LT_TYPE_MAP ? &of.value.map->keys
                                          : NULL;
}

uint32_t fact_count(struct fact of)
{
    const struct lt_array *array = array_of(of);
    return array == NULL ? 0 : array->count;
}

static struct fact element(const struct lt_array *array, const struct lt_type *type,
                           uint32_t index)
{
    return (struct fact){
        .type = type, .value = array->values[index], .is_null = lt_bit(array->nulls, index)};
}

struct fact fact_at(struct fact array, uint32_t index)
{
    return index < fact_count(array) ? element(array.value.array, array.type->fields[0].type, index)
                                     : nothing;
}

struct fact fact_key(struct fact map, uint32_t index)
{
    return index < fact_count(map)
               ? element(&map.value.map->keys, map.type->fields[0].type, index)
               : nothing;
}

struct fact fact_value(struct fact map, uint32_t index)
{
    return index < fact_count(map)
               ? element(&map.value.map->values, map.type->fields[1].type, index)
               : nothing;
}

struct fact fact_find(struct fact map, const char *key)
{
    for (uint32_t i = 0; i < fact_count(map); i++) {
        const struct lt_bytes *bytes = &map.value.map->keys.values[i].bytes;
        if (bytes->size_bytes == strlen(key) && memcmp(bytes->data, key, bytes->size_bytes) == 0)
            return fact_value(map, i);
    }
    return nothing;
}

const char *fact_text(struct fact of, struct lt_arena *arena)
{
    if (of.is_null || of.type->kind != LT_TYPE_STRING)
        return NULL;
    return lt_arena_text_n(arena, (const char *)of.value.bytes.data, of.value.bytes.size_bytes);
}

int64_t fact_i64(struct fact of)
{
    return of.is_null ? 0 : of.value.i64;
}

const char *fact_json(struct fact of, struct lt_arena *arena)
{
    const struct lt_json_write_options options = {.keep_null_fields = true};
    struct lt_text_buffer text;
    if (of.is_null)
        return "null";
    lt_text_init(&text);
    lt_json_write_value(&text, of.type, &of.value, &options);
    const char *copy = lt_arena_text(arena, lt_text_get(&text));
    lt_text_fini(&text);
    return copy;
}
