/*
 * Compiles paths into a tree of names, and gives documents to the pass in json_walk.c.
 */
#include "core/text/json.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/limits.h"
#include "core/text/json_steps.h"
#include "core/text/json_walk.h"

enum { STEPS_MAX = 64 /* the pass recurses once for each step */ };

struct lt_json_extractor {
    struct lt_json_walk walk;
    struct lt_json_node *nodes;
    size_t node_count, node_capacity;
    size_t path_count;
    int32_t *slots; /* by path */
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
        lt_json_node_set_head(&node);
    }
    child = add_node(extractor, node);
    extractor->nodes[parent].first_child = child;
    extractor->nodes[parent].has_names |= step->kind == LT_JSON_STEP_NAME;
    extractor->nodes[parent].has_indexes |= step->kind == LT_JSON_STEP_INDEX;
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
        extractor->nodes[node].slot = extractor->walk.slot_count++;
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
    struct lt_json_walk *walk = &extractor->walk;
    walk->nodes = extractor->nodes;
    walk->missing = lt_alloc_array(extractor->node_count, sizeof *walk->missing);
    walk->found = lt_alloc_array((size_t)walk->slot_count, sizeof *walk->found);
    walk->index = lt_json_index_create(false);
    if (code == 0 && walk->index == NULL)
        code = lt_error_set(error, LT_E_NO_MEMORY, "JSON extractor: no memory");
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
    lt_json_index_destroy(extractor->walk.index);
    for (size_t i = 0; i < extractor->node_count; i++)
        free((void *)(uintptr_t)extractor->nodes[i].name);
    free(extractor->nodes);
    free(extractor->slots);
    free(extractor->walk.missing);
    free(extractor->walk.found);
    lt_text_fini(&extractor->walk.unescaped);
    free(extractor);
}

/* ------------------------------------------------------------------------------------ documents */

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
    struct lt_json_walk *walk = &extractor->walk;
    memset(walk->found, 0, (size_t)walk->slot_count * sizeof *walk->found);
    for (size_t i = 0; i < extractor->node_count; i++)
        walk->missing[i] = extractor->nodes[i].slots_below;
    enum lt_json_run run = lt_json_walk_run(walk, data, size_bytes, padding_bytes);
    if (run == LT_JSON_RUN_NO_JSON)
        return all_invalid(extractor, out);
    for (size_t i = 0; i < extractor->path_count; i++) {
        out[i] = walk->found[extractor->slots[i]];
        if (run == LT_JSON_RUN_BROKEN && out[i].kind == LT_JSON_MISSING)
            out[i].kind = LT_JSON_INVALID;
    }
    return true;
}

uint32_t lt_json_extractor_field_count(const struct lt_json_extractor *extractor)
{
    return (uint32_t)extractor->node_count - 1; /* without the document */
}

struct lt_json_counters lt_json_extractor_counters(const struct lt_json_extractor *extractor)
{
    struct lt_json_counters counters = extractor->counters;
    counters.fields_seen = extractor->walk.fields_seen;
    counters.fields_parsed = extractor->walk.fields_parsed;
    return counters;
}
