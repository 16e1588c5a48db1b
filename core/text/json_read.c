/*
 * Types are compiled into plans, documents are begun and ended, and modes decide what becomes of
 * the malformed ones.
 *
 * A document is read by its index first. Where that finds no strict JSON, all is forgotten and the
 * scanner reads it from the start, with Spark's latitude; memory that the first pass took is the
 * caller's to free with the rest.
 */
#include "core/text/json_read.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/limits.h"
#include "core/text/json_read_plan.h"
#include "core/text/utf8.h"

/* --------------------------------------------------------------------------------------- plans */

/* Escaped names are rare: they are compared one by one, the last field of that name first. */
static int32_t find_escaped(const struct lt_json_scan *scan, const struct lt_json_plan *plan)
{
    for (uint32_t i = plan->child_count; i-- > 0;)
        if ((int32_t)i != plan->skipped_column &&
            lt_json_scan_is(scan, plan->type->fields[i].name, strlen(plan->type->fields[i].name)))
            return (int32_t)i;
    return -1;
}

int32_t lt_json_plan_find(const struct lt_json_reader *reader, const struct lt_json_plan *plan)
{
    const struct lt_json_scan *scan = &reader->tokens.scan;
    if (scan->has_escapes)
        return find_escaped(scan, plan);
    size_t size_bytes = (size_t)(scan->token_end - scan->token_begin);
    return (int32_t)lt_json_plan_slot(plan, scan->token_begin, size_bytes, scan->end)->child - 1;
}

uint64_t lt_json_short_head(const uint8_t *name, const uint8_t *readable)
{
    uint64_t head = 0;
    memcpy(&head, name, (size_t)(readable - name));
    return head;
}

/* Fields of the same name: the last one is found. */
static void hash_names(struct lt_json_plan *plan)
{
    uint32_t capacity = 4;
    while (capacity < 2 * plan->child_count)
        capacity *= 2;
    plan->slots = lt_alloc_array(capacity, sizeof *plan->slots);
    plan->slot_mask = capacity - 1;
    plan->expected = lt_alloc_array(LT_JSON_EXPECTED, sizeof *plan->expected);
    for (uint32_t i = 0; i < LT_JSON_EXPECTED; i++)
        plan->expected[i].head = 1; /* nothing is that, behind a mask of 0 */
    for (uint32_t i = 0; i < plan->child_count; i++) {
        const uint8_t *name = (const uint8_t *)plan->type->fields[i].name;
        size_t size_bytes = strlen(plan->type->fields[i].name);
        if ((int32_t)i == plan->skipped_column)
            continue;
        struct lt_json_slot *slot = lt_json_plan_slot(plan, name, size_bytes, name + size_bytes);
        *slot = (struct lt_json_slot){.size_bytes = (uint32_t)size_bytes, .child = i + 1};
        memcpy(&slot->head, name, size_bytes < sizeof slot->head ? size_bytes : sizeof slot->head);
    }
}

static int check_type(const struct lt_json_read_setup *setup, const struct lt_type *type,
                      struct lt_error *error)
{
    if (type->kind == LT_TYPE_VARIANT)
        return lt_error_set(error, LT_E_UNSUPPORTED, "JSON: type \"variant\" is not supported");
    if (lt_codec_is_time(type) && setup->times.parse == NULL)
        return lt_error_set(error, LT_E_INVALID, "JSON: no parser for dates and times was given");
    if (type->kind == LT_TYPE_MAP && type->fields[0].type->kind != LT_TYPE_STRING) {
        (void)lt_error_set(error, LT_E_ANALYSIS, "JSON: a map's keys can only be strings");
        return lt_error_condition(error, "INVALID_JSON_MAP_KEY_TYPE", "22032");
    }
    return 0;
}

static int compile(struct lt_json_plan *plan, const struct lt_json_read_setup *setup,
                   const struct lt_type *type, int32_t skipped_column, struct lt_error *error)
{
    plan->type = type;
    plan->skipped_column = skipped_column;
    plan->kept_count = type->field_count;
    int code = check_type(setup, type, error);
    if (code != 0 || !lt_type_is_nested(type))
        return code;
    bool is_map = type->kind == LT_TYPE_MAP;
    plan->child_count = is_map ? 1 : type->field_count;
    plan->children = lt_alloc_array(plan->child_count, sizeof *plan->children);
    for (uint32_t i = 0; i < plan->child_count && code == 0; i++) {
        plan->children[i].kept = (int32_t)i;
        code = compile(&plan->children[i], setup, type->fields[is_map ? 1 : i].type, -1, error);
    }
    if (type->kind == LT_TYPE_STRUCT)
        hash_names(plan);
    return code;
}

static void free_plan(struct lt_json_plan *plan)
{
    for (uint32_t i = 0; i < plan->child_count; i++)
        free_plan(&plan->children[i]);
    free(plan->children);
    free(plan->slots);
    free(plan->expected);
}

/* The corrupt-record column of a struct, -1 if it has none. */
static int32_t find_corrupt_column(const struct lt_json_read_setup *setup,
                                   const struct lt_type *type)
{
    int32_t column = -1;
    for (uint32_t i = 0; type->kind == LT_TYPE_STRUCT && i < type->field_count; i++)
        if (strcmp(type->fields[i].name, setup->options->corrupt_column) == 0)
            column = (int32_t)i;
    return column;
}

static int check_corrupt_column(const struct lt_json_read_setup *setup, int32_t column,
                                struct lt_error *error)
{
    if (column < 0 || setup->type->fields[column].type->kind == LT_TYPE_STRING)
        return 0;
    (void)lt_error_set(error, LT_E_ANALYSIS,
                       "the column \"%s\" for corrupt records must have the nullable STRING type",
                       setup->options->corrupt_column);
    return lt_error_condition(error, "INVALID_CORRUPT_RECORD_TYPE", "42804");
}

/* The child of the type that is read with the name, from the one at `from` on; -1: none. */
static int32_t find_kept(const struct lt_json_plan *read, const char *name, uint32_t from)
{
    for (uint32_t i = from; i < read->child_count; i++) {
        if (strcmp(read->type->fields[i].name, name) == 0)
            return (int32_t)i;
    }
    return -1;
}

/* Notes which fields of a type as it was declared the type that is read has; they are in one order.
 * Recursion is bounded by the depth of types. */
static void keep_fields(struct lt_json_plan *declared, const struct lt_json_plan *read)
{
    bool is_struct = declared->type->kind == LT_TYPE_STRUCT;
    uint32_t from = 0;
    for (uint32_t i = 0; i < declared->child_count; i++) {
        struct lt_json_plan *child = &declared->children[i];
        child->kept = is_struct ? find_kept(read, declared->type->fields[i].name, from) : 0;
        if (child->kept < 0)
            continue;
        from = (uint32_t)child->kept + 1;
        keep_fields(child, &read->children[child->kept]);
    }
    declared->kept_count = read->child_count;
}

/* What documents that are no JSON are read with. */
static int compile_whole(struct lt_json_reader *reader, const struct lt_json_read_setup *setup,
                         struct lt_error *error)
{
    reader->whole = &reader->root;
    reader->reads_alone = setup->reads_alone;
    reader->only = -1;
    if (setup->declared == NULL || setup->declared == setup->type)
        return 0;
    int code = compile(&reader->declared, setup, setup->declared,
                       find_corrupt_column(setup, setup->declared), error);
    if (code != 0)
        return code;
    reader->whole = &reader->declared;
    keep_fields(reader->whole, &reader->root);
    return 0;
}

int lt_json_reader_create(const struct lt_json_read_setup *setup, struct lt_json_reader **out,
                          struct lt_error *error)
{
    int32_t corrupt_column = find_corrupt_column(setup, setup->type);
    *out = NULL;
    lt_assert(!setup->splits_arrays || setup->type->kind == LT_TYPE_STRUCT);
    int code = check_corrupt_column(setup, corrupt_column, error);
    if (code != 0)
        return code;
    struct lt_json_reader *reader = lt_alloc(sizeof *reader);
    reader->times = setup->times;
    reader->mode = setup->options->mode;
    reader->scan_flags = lt_json_options_scan_flags(setup->options);
    reader->allows_not_finite = setup->options->allow_non_numeric_numbers;
    reader->keeps_text = setup->keeps_text;
    reader->splits_arrays = setup->splits_arrays;
    reader->goes_on = !setup->keeps_text && !setup->splits_arrays;
    lt_text_init(&reader->text);
    lt_json_broken_init(&reader->broken);
    reader->index = lt_json_index_create(false);
    code = reader->index != NULL ? compile(&reader->root, setup, setup->type, corrupt_column, error)
                                 : lt_error_set(error, LT_E_NO_MEMORY, "JSON reader: no memory");
    if (code == 0)
        code = compile_whole(reader, setup, error);
    if (code != 0) {
        lt_json_reader_destroy(reader);
        return code;
    }
    *out = reader;
    return 0;
}

void lt_json_reader_destroy(struct lt_json_reader *reader)
{
    if (reader == NULL)
        return;
    free_plan(&reader->root);
    free_plan(&reader->declared);
    lt_json_broken_fini(&reader->broken);
    lt_json_index_destroy(reader->index);
    lt_text_fini(&reader->text);
    free(reader->elements);
    free(reader);
}

/* ----------------------------------------------------------------------------------- documents */

enum lt_json_outcome lt_json_read_wrap(const struct lt_json_reader *reader, union lt_value value,
                                       enum lt_json_outcome outcome, union lt_value *out)
{
    size_t header_bytes = (sizeof(struct lt_array) + 15) / 16 * 16;
    char *memory = lt_json_reader_alloc(reader, header_bytes + sizeof value);
    if (memory == NULL)
        return LT_JSON_OUTCOME_NO_MEMORY;
    union lt_value *values = (union lt_value *)(void *)(memory + header_bytes);
    values[0] = value;
    out->array = (struct lt_array *)(void *)memory;
    *out->array = (struct lt_array){.count = 1, .values = values};
    return outcome;
}

static enum lt_json_outcome read_wrapped(struct lt_json_reader *reader, struct lt_json_plan *plan,
                                         union lt_value *out)
{
    union lt_value value = {0};
    enum lt_json_outcome outcome = lt_json_read_struct(reader, plan, &value);
    bool is_value = outcome == LT_JSON_OUTCOME_VALUE || outcome == LT_JSON_OUTCOME_PARTIAL;
    return is_value ? lt_json_read_wrap(reader, value, outcome, out) : outcome;
}

/* The rows of a file's record: an array of structs, none of them NULL. */
static enum lt_json_outcome read_rows(struct lt_json_reader *reader, union lt_value *out)
{
    if (reader->tokens.scan.token != LT_JSON_TOKEN_ARRAY_BEGIN)
        return read_wrapped(reader, &reader->root, out);
    struct lt_type type = {.kind = LT_TYPE_ARRAY};
    struct lt_json_plan rows = {.type = &type, .children = &reader->root, .child_count = 1};
    enum lt_json_outcome outcome = lt_json_read_value(reader, &rows, out);
    bool has_rows = outcome == LT_JSON_OUTCOME_VALUE || outcome == LT_JSON_OUTCOME_PARTIAL;
    if (!has_rows || out->array->nulls == NULL)
        return outcome;
    lt_json_reader_blame(reader, LT_JSON_MALFORMED, "an array of rows holds null");
    return LT_JSON_OUTCOME_MISFIT;
}

/* The outermost value, from its first token. */
static enum lt_json_outcome read_root(struct lt_json_reader *reader, union lt_value *out)
{
    struct lt_json_plan *root = &reader->root;
    enum lt_json_token token = reader->tokens.scan.token;
    if (token == LT_JSON_TOKEN_NULL) {
        lt_json_reader_blame(reader, LT_JSON_MALFORMED, "it is null");
        return LT_JSON_OUTCOME_MISFIT;
    }
    bool is_container = lt_json_tokens_at_begin(&reader->tokens);
    if (reader->splits_arrays && is_container)
        return read_rows(reader, out);
    if (root->type->kind == LT_TYPE_ARRAY && token == LT_JSON_TOKEN_OBJECT_BEGIN &&
        root->children[0].type->kind == LT_TYPE_STRUCT)
        return read_wrapped(reader, &root->children[0], out);
    if (root->type->kind == LT_TYPE_STRUCT && token == LT_JSON_TOKEN_ARRAY_BEGIN) {
        lt_json_reader_blame(reader, LT_JSON_MALFORMED_ARRAY,
                             "an array stands where a struct is wanted");
        return LT_JSON_OUTCOME_MISFIT;
    }
    return lt_json_read_value(reader, root, out);
}

/* NULL: there is no value in it. */
static enum lt_json_outcome read_document(struct lt_json_reader *reader, union lt_value *out)
{
    reader->element_count = 0;
    reader->condition = reader->cause = NULL;
    switch (lt_json_tokens_next(&reader->tokens)) {
    case LT_JSON_TOKEN_END:
        return LT_JSON_OUTCOME_NULL;
    case LT_JSON_TOKEN_INVALID:
        lt_json_reader_blame(reader, LT_JSON_MALFORMED, reader->tokens.scan.fault);
        return LT_JSON_OUTCOME_STOPPED;
    default:
        return read_root(reader, out);
    }
}

/* The document is no JSON: what can be had of it. A fault of the whole is told before any other. */
static enum lt_json_outcome go_on(struct lt_json_reader *reader, struct lt_bytes document,
                                  union lt_value *out)
{
    const char *fault = reader->tokens.scan.fault;
    enum lt_json_outcome outcome = lt_json_read_broken(reader, document, out);
    if (outcome == LT_JSON_OUTCOME_MISFIT && fault != NULL) {
        reader->condition = LT_JSON_MALFORMED;
        reader->cause = fault;
    }
    return outcome;
}

static enum lt_json_outcome read_either_way(struct lt_json_reader *reader, struct lt_bytes document,
                                            union lt_value *out)
{
    if (lt_json_tokens_begin_indexed(&reader->tokens, reader->index, document.data,
                                     document.size_bytes)) {
        struct lt_json_read_counters before = reader->counters;
        enum lt_json_outcome outcome = read_document(reader, out);
        if (outcome != LT_JSON_OUTCOME_STOPPED)
            return outcome;
        reader->counters = before;
    }
    reader->counters.rescanned++;
    lt_json_tokens_begin(&reader->tokens, document.data, document.size_bytes, reader->scan_flags);
    if (reader->keeps_text && !lt_utf8_is_valid(document.data, document.size_bytes)) {
        lt_json_reader_blame(reader, LT_JSON_MALFORMED, "it is not UTF-8");
        return LT_JSON_OUTCOME_STOPPED;
    }
    enum lt_json_outcome outcome = read_document(reader, out);
    return outcome == LT_JSON_OUTCOME_STOPPED && reader->goes_on ? go_on(reader, document, out)
                                                                 : outcome;
}

/* Puts the document's text into the corrupt-record column of a row, if there is one. */
static void keep_record(const struct lt_json_reader *reader, struct lt_bytes document,
                        const union lt_value *row)
{
    if (reader->root.skipped_column < 0)
        return;
    uint32_t column = (uint32_t)reader->root.skipped_column;
    /* The row was made by this reader: its memory may be written. */
    union lt_value *values = (union lt_value *)(uintptr_t)row->structure->values;
    values[column].bytes = document;
    lt_bit_clear((uint64_t *)(uintptr_t)row->structure->nulls, column);
}

/* PERMISSIVE: `*out` holds what could be read if there `is_partial`. */
static enum lt_codec_result give_malformed(struct lt_json_reader *reader, struct lt_bytes document,
                                           bool is_partial, union lt_value *out)
{
    union lt_value row = *out;
    bool is_struct = reader->root.type->kind == LT_TYPE_STRUCT;
    if (!is_partial && !is_struct)
        return LT_CODEC_NULL;
    if (!is_partial) {
        union lt_value *values;
        uint64_t *nulls;
        if (!lt_json_read_alloc_struct(reader, true, reader->root.child_count, &row, &values,
                                       &nulls) ||
            (reader->splits_arrays && lt_json_read_wrap(reader, row, LT_JSON_OUTCOME_VALUE, out) ==
                                          LT_JSON_OUTCOME_NO_MEMORY))
            return LT_CODEC_NO_MEMORY;
        if (!reader->splits_arrays)
            *out = row;
    }
    if (reader->splits_arrays)
        for (uint32_t i = 0; i < out->array->count; i++)
            keep_record(reader, document, &out->array->values[i]);
    else if (is_struct)
        keep_record(reader, document, out);
    return LT_CODEC_VALUE;
}

static inline void begin_document(struct lt_json_reader *reader, const struct lt_bytes *document,
                                  const struct lt_codec_memory *memory)
{
    lt_assert(document->size_bytes <= LT_LIMIT_VALUE_BYTES);
    reader->memory = memory;
    reader->document_end = document->data + document->size_bytes;
    reader->document_padding_bytes = document->padding_bytes;
    reader->condition = reader->cause = NULL;
}

enum lt_codec_result lt_json_read(struct lt_json_reader *reader, struct lt_bytes document,
                                  const struct lt_codec_memory *memory, union lt_value *out)
{
    *out = (union lt_value){0};
    reader->counters.documents++;
    if (document.size_bytes == 0)
        return LT_CODEC_NULL;
    begin_document(reader, &document, memory);
    enum lt_json_outcome outcome = read_either_way(reader, document, out);
    switch (outcome) {
    case LT_JSON_OUTCOME_VALUE:
        return LT_CODEC_VALUE;
    case LT_JSON_OUTCOME_NULL:
        return LT_CODEC_NULL;
    case LT_JSON_OUTCOME_NO_MEMORY:
        return LT_CODEC_NO_MEMORY;
    default:
        break;
    }
    reader->counters.malformed++;
    if (reader->mode == LT_CODEC_FAILFAST)
        return LT_CODEC_FAILED;
    if (reader->mode == LT_CODEC_DROPMALFORMED)
        return LT_CODEC_DROPPED;
    return give_malformed(reader, document, outcome == LT_JSON_OUTCOME_PARTIAL, out);
}

/* Most documents are an object that can be indexed, and nothing in it is amiss: those are read
 * without a detour. */
static bool read_object(struct lt_json_reader *reader, struct lt_bytes document,
                        union lt_value *values, uint64_t *nulls)
{
    struct lt_json_read_counters before = reader->counters;
    if (!lt_json_tokens_begin_indexed(&reader->tokens, reader->index, document.data,
                                      document.size_bytes) ||
        lt_json_tokens_next_indexed(&reader->tokens) != LT_JSON_TOKEN_OBJECT_BEGIN)
        return false;
    reader->element_count = 0;
    memset(nulls, 0xFF, (reader->root.child_count + 63) / 64 * sizeof *nulls);
    reader->counters.documents++;
    if (lt_json_read_fields(reader, &reader->root, values, nulls) == LT_JSON_OUTCOME_VALUE)
        return true;
    reader->counters = before;
    return false;
}

enum lt_codec_result lt_json_read_apart(struct lt_json_reader *reader, struct lt_bytes document,
                                        const struct lt_codec_memory *memory,
                                        union lt_value *values, uint64_t *nulls)
{
    lt_debug_assert(reader->root.type->kind == LT_TYPE_STRUCT && reader->root.skipped_column < 0);
    begin_document(reader, &document, memory);
    if (lt_likely(document.size_bytes > 0 && read_object(reader, document, values, nulls)))
        return LT_CODEC_VALUE;
    union lt_value none;
    reader->values = values;
    reader->nulls = nulls;
    enum lt_codec_result result = lt_json_read(reader, document, memory, &none);
    reader->values = NULL;
    return result;
}

enum lt_codec_result lt_json_read_rows(struct lt_json_reader *reader, struct lt_bytes document,
                                       const struct lt_codec_memory *memory, union lt_value *values,
                                       uint64_t *nulls, const struct lt_array **rows)
{
    union lt_value array;
    lt_debug_assert(reader->splits_arrays);
    begin_document(reader, &document, memory);
    *rows = NULL;
    if (lt_likely(document.size_bytes > 0 && read_object(reader, document, values, nulls)))
        return LT_CODEC_VALUE;
    enum lt_codec_result result = lt_json_read(reader, document, memory, &array);
    if (result == LT_CODEC_VALUE)
        *rows = array.array;
    return result;
}

const char *lt_json_reader_condition(const struct lt_json_reader *reader)
{
    return reader->condition;
}

const char *lt_json_reader_cause(const struct lt_json_reader *reader)
{
    return reader->cause;
}

struct lt_json_read_counters lt_json_reader_counters(const struct lt_json_reader *reader)
{
    return reader->counters;
}
