/*
 * Structs, arrays and maps from tokens.
 *
 * A struct's memory is known from its type and is taken at once. The elements of arrays and maps
 * are gathered on the reader's stack, and their memory is taken when they are all there.
 *
 * Recursion ends: types are at most LT_LIMIT_TYPE_DEPTH deep, and what no type leads into is
 * skipped without recursion.
 */
#include <string.h>

#include "core/text/json_read_plan.h"

enum { FIRST_ELEMENTS = 64 };

static inline size_t null_words(size_t count)
{
    return (count + 63) / 64;
}

enum lt_json_outcome lt_json_read_stopped(struct lt_json_reader *reader)
{
    const char *fault = reader->tokens.scan.fault;
    lt_json_reader_blame(reader, LT_JSON_MALFORMED,
                         fault != NULL ? fault : "a value does not fit its field");
    return LT_JSON_OUTCOME_STOPPED;
}

/* The container at its BEGIN is not what the type wants: past it. */
static enum lt_json_outcome misfit(struct lt_json_reader *reader)
{
    lt_json_reader_blame(reader, LT_JSON_MALFORMED, "a value does not fit its field");
    if (lt_json_tokens_skip(&reader->tokens) == LT_JSON_TOKEN_INVALID)
        return lt_json_read_stopped(reader);
    return LT_JSON_OUTCOME_MISFIT;
}

/* ------------------------------------------------------------------------------------- structs */

bool lt_json_read_alloc_struct(const struct lt_json_reader *reader, bool is_outermost,
                               uint32_t count, union lt_value *out, union lt_value **values,
                               uint64_t **nulls)
{
    if (is_outermost && reader->values != NULL) {
        *values = reader->values;
        *nulls = reader->nulls;
        memset(*nulls, 0xFF, null_words(count) * sizeof **nulls);
        out->structure = NULL;
        return true;
    }
    struct lt_struct *structure = lt_codec_struct(reader->memory, count, values, nulls);
    if (structure == NULL)
        return false;
    out->structure = structure;
    return true;
}

enum lt_json_outcome lt_json_read_child(struct lt_json_reader *reader, struct lt_json_plan *plan,
                                        uint32_t index, union lt_value *values, uint64_t *nulls)
{
    union lt_value value = {0};
    reader->counters.fields_parsed++;
    enum lt_json_outcome outcome = lt_json_read_value(reader, &plan->children[index], &value);
    if (outcome == LT_JSON_OUTCOME_VALUE || outcome == LT_JSON_OUTCOME_PARTIAL) {
        values[index] = value;
        lt_bit_clear(nulls, index);
    } else if (outcome == LT_JSON_OUTCOME_NULL) {
        lt_bit_set(nulls, index);
    }
    return outcome;
}

enum lt_json_outcome lt_json_read_field(struct lt_json_reader *reader, struct lt_json_plan *plan,
                                        union lt_value *values, uint64_t *nulls)
{
    int32_t index = lt_json_plan_find(reader, plan);
    reader->counters.fields_seen++;
    if (lt_json_tokens_next(&reader->tokens) == LT_JSON_TOKEN_INVALID)
        return lt_json_read_stopped(reader);
    if (index >= 0)
        return lt_json_read_child(reader, plan, (uint32_t)index, values, nulls);
    return lt_json_tokens_skip(&reader->tokens) == LT_JSON_TOKEN_INVALID
               ? lt_json_read_stopped(reader)
               : LT_JSON_OUTCOME_VALUE;
}

enum lt_json_outcome lt_json_read_struct(struct lt_json_reader *reader, struct lt_json_plan *plan,
                                         union lt_value *out)
{
    union lt_value *values;
    uint64_t *nulls;
    bool is_partial = false;
    if (!lt_json_read_alloc_struct(reader, plan == &reader->root, plan->child_count, out, &values,
                                   &nulls))
        return LT_JSON_OUTCOME_NO_MEMORY;
    if (reader->tokens.is_indexed)
        return lt_json_read_fields(reader, plan, values, nulls);
    for (;;) {
        enum lt_json_token token = lt_json_tokens_next(&reader->tokens);
        if (token == LT_JSON_TOKEN_OBJECT_END)
            return is_partial ? LT_JSON_OUTCOME_PARTIAL : LT_JSON_OUTCOME_VALUE;
        if (token != LT_JSON_TOKEN_NAME)
            return lt_json_read_stopped(reader);
        enum lt_json_outcome outcome = lt_json_read_field(reader, plan, values, nulls);
        if (outcome == LT_JSON_OUTCOME_STOPPED || outcome == LT_JSON_OUTCOME_NO_MEMORY)
            return outcome;
        is_partial |= outcome == LT_JSON_OUTCOME_PARTIAL || outcome == LT_JSON_OUTCOME_MISFIT;
    }
}

/* ------------------------------------------------------------------------------ arrays and maps */

void lt_json_read_push(struct lt_json_reader *reader, struct lt_json_element element)
{
    if (reader->element_count == reader->element_capacity) {
        size_t capacity =
            reader->element_capacity != 0 ? 2 * reader->element_capacity : FIRST_ELEMENTS;
        reader->elements = lt_realloc_array(reader->elements, capacity, sizeof *reader->elements);
        reader->element_capacity = capacity;
    }
    reader->elements[reader->element_count++] = element;
}

/* The elements above `base` as an array in `out`: its values in `values`, and NULLs if any. */
static bool fill_array(const struct lt_json_reader *reader, size_t base, union lt_value *values,
                       struct lt_array *out)
{
    size_t count = reader->element_count - base;
    uint64_t *nulls = NULL;
    for (size_t i = 0; i < count; i++) {
        const struct lt_json_element *element = &reader->elements[base + i];
        values[i] = element->value;
        if (!element->is_null)
            continue;
        if (nulls == NULL) {
            size_t size_bytes = null_words(count) * sizeof *nulls;
            nulls = lt_json_reader_alloc(reader, size_bytes);
            if (nulls == NULL)
                return false;
            memset(nulls, 0, size_bytes);
        }
        lt_bit_set(nulls, (uint32_t)i);
    }
    *out = (struct lt_array){.count = (uint32_t)count, .nulls = nulls, .values = values};
    return true;
}

static enum lt_json_outcome finish(struct lt_json_reader *reader, bool is_partial, bool has_memory,
                                   size_t base)
{
    reader->element_count = base;
    if (!has_memory)
        return LT_JSON_OUTCOME_NO_MEMORY;
    return is_partial ? LT_JSON_OUTCOME_PARTIAL : LT_JSON_OUTCOME_VALUE;
}

enum lt_json_outcome lt_json_read_make_array(struct lt_json_reader *reader, bool is_partial,
                                             size_t base, union lt_value *out)
{
    size_t header_bytes = (sizeof(struct lt_array) + 15) / 16 * 16;
    size_t count = reader->element_count - base;
    char *memory = lt_json_reader_alloc(reader, header_bytes + count * sizeof(union lt_value));
    if (memory == NULL)
        return finish(reader, is_partial, false, base);
    out->array = (struct lt_array *)(void *)memory;
    union lt_value *values = (union lt_value *)(void *)(memory + header_bytes);
    return finish(reader, is_partial, fill_array(reader, base, values, out->array), base);
}

enum lt_json_outcome lt_json_read_make_map(struct lt_json_reader *reader, bool is_partial,
                                           size_t base, union lt_value *out)
{
    size_t header_bytes = (sizeof(struct lt_map) + 15) / 16 * 16;
    size_t count = reader->element_count - base;
    char *memory = lt_json_reader_alloc(reader, header_bytes + 2 * count * sizeof(union lt_value));
    if (memory == NULL)
        return finish(reader, is_partial, false, base);
    struct lt_map *map = (struct lt_map *)(void *)memory;
    union lt_value *keys = (union lt_value *)(void *)(memory + header_bytes);
    for (size_t i = 0; i < count; i++)
        keys[i] = reader->elements[base + i].key;
    map->keys = (struct lt_array){.count = (uint32_t)count, .values = keys};
    out->map = map;
    return finish(reader, is_partial, fill_array(reader, base, keys + count, &map->values), base);
}

/* Reads one element and pushes it; `key` is its key. MISFIT: nothing was pushed. */
static enum lt_json_outcome read_element(struct lt_json_reader *reader, struct lt_json_plan *plan,
                                         union lt_value key)
{
    struct lt_json_element element = {.key = key};
    enum lt_json_outcome outcome = lt_json_read_value(reader, &plan->children[0], &element.value);
    if (outcome == LT_JSON_OUTCOME_STOPPED || outcome == LT_JSON_OUTCOME_NO_MEMORY ||
        outcome == LT_JSON_OUTCOME_MISFIT)
        return outcome;
    element.is_null = outcome == LT_JSON_OUTCOME_NULL;
    lt_json_read_push(reader, element);
    return outcome;
}

/* From ARRAY_BEGIN. */
static enum lt_json_outcome read_array(struct lt_json_reader *reader, struct lt_json_plan *plan,
                                       union lt_value *out)
{
    size_t base = reader->element_count;
    uint32_t depth = reader->tokens.scan.depth;
    bool is_partial = false;
    for (;;) {
        enum lt_json_token token = lt_json_tokens_next(&reader->tokens);
        if (token == LT_JSON_TOKEN_INVALID)
            return lt_json_read_stopped(reader);
        if (token == LT_JSON_TOKEN_ARRAY_END && reader->tokens.scan.depth < depth)
            return lt_json_read_make_array(reader, is_partial, base, out);
        enum lt_json_outcome outcome = read_element(reader, plan, (union lt_value){0});
        if (outcome == LT_JSON_OUTCOME_STOPPED || outcome == LT_JSON_OUTCOME_NO_MEMORY)
            return outcome;
        if (outcome == LT_JSON_OUTCOME_MISFIT) {
            reader->element_count = base;
            return lt_json_tokens_leave(&reader->tokens, depth) == LT_JSON_TOKEN_INVALID
                       ? lt_json_read_stopped(reader)
                       : LT_JSON_OUTCOME_MISFIT;
        }
        is_partial |= outcome == LT_JSON_OUTCOME_PARTIAL;
    }
}

/* One entry, from its NAME. */
static enum lt_json_outcome read_entry(struct lt_json_reader *reader, struct lt_json_plan *plan)
{
    union lt_value key;
    if (lt_json_read_text(reader, &key) == LT_JSON_OUTCOME_NO_MEMORY)
        return LT_JSON_OUTCOME_NO_MEMORY;
    if (lt_json_tokens_next(&reader->tokens) == LT_JSON_TOKEN_INVALID)
        return lt_json_read_stopped(reader);
    return read_element(reader, plan, key);
}

/* From OBJECT_BEGIN. */
static enum lt_json_outcome read_map(struct lt_json_reader *reader, struct lt_json_plan *plan,
                                     union lt_value *out)
{
    size_t base = reader->element_count;
    bool is_partial = false, is_misfit = false;
    for (;;) {
        enum lt_json_token token = lt_json_tokens_next(&reader->tokens);
        if (token == LT_JSON_TOKEN_OBJECT_END)
            break;
        if (token != LT_JSON_TOKEN_NAME)
            return lt_json_read_stopped(reader);
        enum lt_json_outcome outcome = read_entry(reader, plan);
        if (outcome == LT_JSON_OUTCOME_STOPPED || outcome == LT_JSON_OUTCOME_NO_MEMORY)
            return outcome;
        is_partial |= outcome == LT_JSON_OUTCOME_PARTIAL;
        is_misfit |= outcome == LT_JSON_OUTCOME_MISFIT;
    }
    if (is_misfit) {
        reader->element_count = base;
        return LT_JSON_OUTCOME_MISFIT;
    }
    return lt_json_read_make_map(reader, is_partial, base, out);
}

/* -------------------------------------------------------------------------------------- values */

static enum lt_json_outcome read_scalar(struct lt_json_reader *reader, struct lt_json_plan *plan,
                                        union lt_value *out)
{
    enum lt_json_outcome outcome = lt_json_read_scalar(reader, plan->type, out);
    if (outcome == LT_JSON_OUTCOME_STOPPED)
        return lt_json_read_stopped(reader);
    bool is_left = outcome == LT_JSON_OUTCOME_MISFIT || outcome == LT_JSON_OUTCOME_NULL;
    if (is_left && lt_json_tokens_skip(&reader->tokens) == LT_JSON_TOKEN_INVALID)
        return lt_json_read_stopped(reader);
    return outcome;
}

enum lt_json_outcome lt_json_read_value(struct lt_json_reader *reader, struct lt_json_plan *plan,
                                        union lt_value *out)
{
    enum lt_json_token token = reader->tokens.scan.token;
    if (token == LT_JSON_TOKEN_NULL)
        return LT_JSON_OUTCOME_NULL;
    switch (plan->type->kind) {
    case LT_TYPE_STRUCT:
        return token == LT_JSON_TOKEN_OBJECT_BEGIN ? lt_json_read_struct(reader, plan, out)
                                                   : misfit(reader);
    case LT_TYPE_ARRAY:
        return token == LT_JSON_TOKEN_ARRAY_BEGIN ? read_array(reader, plan, out) : misfit(reader);
    case LT_TYPE_MAP:
        return token == LT_JSON_TOKEN_OBJECT_BEGIN ? read_map(reader, plan, out) : misfit(reader);
    default:
        return read_scalar(reader, plan, out);
    }
}
