/*
 * Compiles paths into a tree of names, gives documents to the pass in json_ondemand.cc, and turns
 * what it found into fields.
 *
 * A document needs 64 readable bytes after its end. If its owner has not got them, the end of its
 * memory page is often far enough away: memory is mapped in pages, so bytes up to there can be
 * read, whoever owns them, and what they hold does not matter. Only else the document is copied.
 * (AddressSanitizer and ThreadSanitizer see ownership and not pages; they get the copy.)
 */
#include "core/text/json.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/limits.h"
#include "core/text/json_ondemand.h"
#include "core/text/json_steps.h"
#include "core/text/number.h"

enum {
    PAGE_BYTES = 4096,
    STEPS_MAX = 64, /* the pass recurses once for each step */
};

struct lt_json_extractor {
    struct lt_json_ondemand *ondemand;
    struct lt_json_node *nodes;
    size_t node_count, node_capacity;
    size_t path_count;
    int32_t *slots; /* by path */
    int32_t slot_count;
    struct lt_json_found *found; /* by slot */
    uint8_t *scratch;
    size_t scratch_bytes;
    struct lt_json_counters counters;
};

/* ---------------------------------------------------------------------------------------- paths */

static int32_t add_node(struct lt_json_extractor *extractor, struct lt_json_node node)
{
    if (extractor->node_count == extractor->node_capacity) {
        extractor->node_capacity = extractor->node_capacity != 0 ? 2 * extractor->node_capacity : 8;
        extractor->nodes =
            lt_realloc_array(extractor->nodes, extractor->node_capacity, sizeof *extractor->nodes);
    }
    lt_assert(extractor->node_count < INT32_MAX);
    extractor->nodes[extractor->node_count] = node;
    return (int32_t)extractor->node_count++;
}

static bool same_step(const struct lt_json_node *node, const struct lt_json_step *step)
{
    if (step->kind == LT_JSON_STEP_INDEX)
        return node->name == NULL && node->index == step->index;
    return node->name != NULL && node->name_bytes == step->name_bytes &&
           memcmp(node->name, step->name, step->name_bytes) == 0;
}

/* Names that JSON cannot hold without escapes are looked for among escaped names only. */
static bool is_plain(const struct lt_json_step *step)
{
    for (size_t i = 0; i < step->name_bytes; i++)
        if ((unsigned char)step->name[i] < 0x20 || step->name[i] == '"' || step->name[i] == '\\')
            return false;
    return true;
}

static char *copy_name(const struct lt_json_step *step)
{
    char *name = lt_alloc(step->name_bytes + 1);
    memcpy(name, step->name, step->name_bytes);
    return name;
}

static int32_t find_or_add_child(struct lt_json_extractor *extractor, int32_t parent,
                                 const struct lt_json_step *step)
{
    int32_t child = extractor->nodes[parent].first_child;
    for (; child != 0; child = extractor->nodes[child].next_sibling)
        if (same_step(&extractor->nodes[child], step))
            return child;
    struct lt_json_node node = {.slot = -1,
                                .parent = parent,
                                .next_sibling = extractor->nodes[parent].first_child,
                                .index = step->index};
    if (step->kind == LT_JSON_STEP_NAME) {
        node.name = copy_name(step);
        node.name_bytes = step->name_bytes;
        node.has_plain_name = is_plain(step);
    }
    child = add_node(extractor, node);
    extractor->nodes[parent].first_child = child;
    return child;
}

static int add_steps(struct lt_json_extractor *extractor, const char *path,
                     const struct lt_json_steps *steps, int32_t *slot, struct lt_error *error)
{
    if (steps->count == 0)
        return lt_error_set(error, LT_E_PARSE, "JSON path \"%s\": it is empty", path);
    if (steps->count > STEPS_MAX)
        return lt_error_set(error, LT_E_LIMIT, "JSON path \"%s\": more than %d steps", path,
                            STEPS_MAX);
    int32_t node = 0;
    for (size_t i = 0; i < steps->count; i++) {
        const struct lt_json_step *step = &steps->steps[i];
        if (step->kind != LT_JSON_STEP_NAME && step->kind != LT_JSON_STEP_INDEX)
            return lt_error_set(error, LT_E_UNSUPPORTED,
                                "JSON path \"%s\": wildcards are not supported here; hint: "
                                "get_json_object takes them",
                                path);
        node = find_or_add_child(extractor, node, step);
    }
    if (extractor->nodes[node].slot < 0) {
        extractor->nodes[node].slot = extractor->slot_count++;
        for (int32_t above = node; above >= 0; above = extractor->nodes[above].parent)
            extractor->nodes[above].slots_below++;
    }
    *slot = extractor->nodes[node].slot;
    return 0;
}

static int add_path(struct lt_json_extractor *extractor, const char *path, int32_t *slot,
                    struct lt_error *error)
{
    struct lt_json_steps steps = {0};
    const char *fault = lt_json_steps_parse(&steps, path, path + strlen(path), true);
    int code =
        fault != NULL
            ? lt_error_set(error, LT_E_PARSE,
                           "JSON path \"%s\": character %zu: expected .name, ['name'] or [0]", path,
                           (size_t)(fault - path) + 1)
            : add_steps(extractor, path, &steps, slot, error);
    lt_json_steps_fini(&steps);
    return code;
}

int lt_json_extractor_create(const char *const *paths, size_t count, struct lt_json_extractor **out,
                             struct lt_error *error)
{
    *out = NULL;
    struct lt_json_extractor *extractor = lt_alloc(sizeof *extractor);
    extractor->path_count = count;
    extractor->slots = lt_alloc_array(count, sizeof *extractor->slots);
    (void)add_node(extractor, (struct lt_json_node){.slot = -1, .parent = -1});
    int code = 0;
    for (size_t i = 0; i < count && code == 0; i++)
        code = add_path(extractor, paths[i], &extractor->slots[i], error);
    if (code == 0) {
        extractor->found = lt_alloc_array((size_t)extractor->slot_count, sizeof *extractor->found);
        extractor->ondemand = lt_json_ondemand_create(extractor->nodes, extractor->node_count);
        if (extractor->ondemand == NULL)
            code = lt_error_set(error, LT_E_NO_MEMORY, "JSON extractor: no memory");
    }
    if (code != 0) {
        lt_json_extractor_destroy(extractor);
        return code;
    }
    *out = extractor;
    return 0;
}

void lt_json_extractor_destroy(struct lt_json_extractor *extractor)
{
    if (extractor == NULL)
        return;
    if (extractor->ondemand != NULL)
        lt_json_ondemand_destroy(extractor->ondemand);
    for (size_t i = 0; i < extractor->node_count; i++)
        free((void *)(uintptr_t)extractor->nodes[i].name);
    free(extractor->nodes);
    free(extractor->slots);
    free(extractor->found);
    free(extractor->scratch);
    free(extractor);
}

/* ------------------------------------------------------------------------------------ documents */

static bool has_room_behind(const uint8_t *data, size_t size_bytes, size_t padding_bytes)
{
    if (padding_bytes >= LT_JSON_ONDEMAND_PADDING)
        return true;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    (void)data;
    (void)size_bytes;
    return false;
#else
    uintptr_t last = (uintptr_t)data + size_bytes - 1;
    return last / PAGE_BYTES == (last + LT_JSON_ONDEMAND_PADDING) / PAGE_BYTES;
#endif
}

/* The document in memory of our own, or NULL without memory. */
static const uint8_t *copy_document(struct lt_json_extractor *extractor, const void *data,
                                    size_t size_bytes)
{
    size_t needed = size_bytes + LT_JSON_ONDEMAND_PADDING;
    if (needed > extractor->scratch_bytes) {
        size_t capacity = PAGE_BYTES;
        while (capacity < needed)
            capacity *= 2;
        free(extractor->scratch);
        extractor->scratch = malloc(capacity);
        extractor->scratch_bytes = extractor->scratch != NULL ? capacity : 0;
        if (extractor->scratch == NULL)
            return NULL;
    }
    memcpy(extractor->scratch, data, size_bytes);
    memset(extractor->scratch + size_bytes, 0, LT_JSON_ONDEMAND_PADDING);
    extractor->counters.copies++;
    return extractor->scratch;
}

/* A number that simdjson does not take: an integer beyond 64 bits, or infinite, or too small. */
static void read_extreme(const struct lt_json_found *found, struct lt_json_field *field)
{
    bool is_float = false;
    for (size_t i = 0; i < found->size_bytes; i++)
        is_float |= strchr(".eE", found->data[i]) != NULL;
    enum lt_number_result result =
        lt_number_parse_double(found->data, found->size_bytes, &field->f64);
    field->kind = result != LT_NUMBER_OK ? LT_JSON_INVALID : is_float ? LT_JSON_FLOAT : LT_JSON_BIG;
}

static void set_field(const struct lt_json_found *found, bool is_broken,
                      struct lt_json_field *field)
{
    *field = (struct lt_json_field){
        .is_borrowed = !found->is_unescaped,
        .bytes = {.data = found->data, .size_bytes = (uint32_t)found->size_bytes}};
    switch (found->kind) {
    case LT_JSON_FOUND_NOTHING:
        field->kind = is_broken ? LT_JSON_INVALID : LT_JSON_MISSING;
        break;
    case LT_JSON_FOUND_NULL:
        field->kind = LT_JSON_NULL;
        break;
    case LT_JSON_FOUND_BOOLEAN:
        field->kind = LT_JSON_BOOLEAN;
        field->i64 = found->i64;
        break;
    case LT_JSON_FOUND_INTEGER:
        field->kind = LT_JSON_INTEGER;
        field->i64 = found->i64;
        break;
    case LT_JSON_FOUND_FLOAT:
        field->kind = LT_JSON_FLOAT;
        field->f64 = found->f64;
        break;
    case LT_JSON_FOUND_NUMBER:
        read_extreme(found, field);
        break;
    case LT_JSON_FOUND_STRING:
        field->kind = LT_JSON_STRING;
        break;
    case LT_JSON_FOUND_CONTAINER:
        field->kind = LT_JSON_RAW;
        break;
    case LT_JSON_FOUND_INVALID:
        *field = (struct lt_json_field){.kind = LT_JSON_INVALID};
        break;
    }
}

/* Turns a pointer into the copy of a document into one into the document. */
static void borrow(struct lt_json_field *field, const uint8_t *parsed, const uint8_t *data,
                   size_t size_bytes, size_t padding_bytes)
{
    if (!field->is_borrowed || field->bytes.data == NULL)
        return;
    size_t offset = (size_t)(field->bytes.data - parsed);
    size_t after = size_bytes - offset - field->bytes.size_bytes + padding_bytes;
    field->bytes.data = data + offset;
    field->bytes.padding_bytes = after < UINT32_MAX ? (uint32_t)after : UINT32_MAX;
}

static bool all_invalid(struct lt_json_extractor *extractor, struct lt_json_field *out)
{
    extractor->counters.invalid++;
    for (size_t i = 0; i < extractor->path_count; i++)
        out[i] = (struct lt_json_field){.kind = LT_JSON_INVALID};
    return false;
}

bool lt_json_extract(struct lt_json_extractor *extractor, const void *data, size_t size_bytes,
                     size_t padding_bytes, struct lt_json_field *out)
{
    extractor->counters.documents++;
    if (size_bytes == 0 || size_bytes > LT_LIMIT_VALUE_BYTES)
        return all_invalid(extractor, out);
    const uint8_t *parsed = data;
    if (!has_room_behind(parsed, size_bytes, padding_bytes))
        parsed = copy_document(extractor, data, size_bytes);
    if (parsed == NULL)
        return all_invalid(extractor, out);
    memset(extractor->found, 0, (size_t)extractor->slot_count * sizeof *extractor->found);
    enum lt_json_run run =
        lt_json_ondemand_run(extractor->ondemand, parsed, size_bytes, extractor->found);
    if (run == LT_JSON_RUN_NO_JSON)
        return all_invalid(extractor, out);
    for (size_t i = 0; i < extractor->path_count; i++) {
        set_field(&extractor->found[extractor->slots[i]], run == LT_JSON_RUN_BROKEN, &out[i]);
        borrow(&out[i], parsed, data, size_bytes, padding_bytes);
    }
    return true;
}

struct lt_json_counters lt_json_extractor_counters(const struct lt_json_extractor *extractor)
{
    struct lt_json_counters counters = extractor->counters;
    counters.fields_seen = lt_json_ondemand_fields_seen(extractor->ondemand);
    counters.fields_parsed = lt_json_ondemand_fields_parsed(extractor->ondemand);
    return counters;
}
