/*
 * One extractor, its results, and for which evaluation they hold. A missing, null, malformed or
 * unfit field is NULL; a whole number is fit for a double, a fraction is not fit for an integer.
 */
#include "ops/expr/json_group.h"

#include <stdlib.h>
#include <string.h>

#include "core/text/json.h"

struct lt_json_group {
    struct lt_json_extractor *extractor;
    struct lt_json_field *fields;
    const char **paths;
    uint32_t count, capacity;
    bool is_shared;
    uint64_t generation; /* of the machine, when fields were filled */
    uint64_t copies;     /* values that were copied to leave with a row */
};

struct lt_json_group *lt_json_group_create(bool is_shared)
{
    struct lt_json_group *group = lt_alloc(sizeof *group);
    group->is_shared = is_shared;
    return group;
}

void lt_json_group_destroy(struct lt_json_group *group)
{
    if (group == NULL)
        return;
    lt_json_extractor_destroy(group->extractor);
    free(group->fields);
    free(group->paths);
    free(group);
}

uint32_t lt_json_group_add(struct lt_json_group *group, const char *path)
{
    lt_assert(group->extractor == NULL);
    for (uint32_t i = 0; i < group->count; i++) {
        if (strcmp(group->paths[i], path) == 0)
            return i;
    }
    if (group->count == group->capacity) {
        group->capacity = group->capacity == 0 ? 4 : 2 * group->capacity;
        group->paths = lt_realloc_array(group->paths, group->capacity, sizeof *group->paths);
    }
    group->paths[group->count] = path;
    return group->count++;
}

int lt_json_group_seal(struct lt_json_group *group, struct lt_error *error)
{
    group->fields = lt_alloc_array(group->count, sizeof *group->fields);
    return lt_json_extractor_create(group->paths, group->count, &group->extractor, error);
}

uint32_t lt_json_group_field_count(const struct lt_json_group *group)
{
    return lt_json_extractor_field_count(group->extractor);
}

void lt_json_group_count(const struct lt_json_group *group, uint64_t *documents, uint64_t *copies,
                         uint64_t *fields_parsed)
{
    struct lt_json_counters counters = lt_json_extractor_counters(group->extractor);
    *documents += counters.documents;
    *copies += group->copies;
    *fields_parsed += counters.fields_parsed;
}

/* Bytes of the extractor are gone with its next document: what leaves with a row is copied. */
static bool keep_bytes(struct lt_machine *machine, struct lt_json_group *group,
                       const struct lt_json_field *field, union lt_value *out)
{
    out->bytes = field->bytes;
    out->bytes.padding_bytes = 0;
    if (field->is_borrowed || (machine->out == NULL && field->bytes.size_bytes > 0))
        return true;
    void *copy = lt_machine_alloc(machine, field->bytes.size_bytes);
    if (copy == NULL)
        return false;
    group->copies++;
    if (field->bytes.size_bytes > 0)
        memcpy(copy, field->bytes.data, field->bytes.size_bytes);
    out->bytes.data = copy;
    return true;
}

static bool is_number(const struct lt_json_field *field)
{
    return field->kind == LT_JSON_INTEGER || field->kind == LT_JSON_FLOAT ||
           field->kind == LT_JSON_BIG;
}

static bool convert(struct lt_machine *machine, const struct lt_json_load *load,
                    union lt_value *out)
{
    const struct lt_json_field *field = &load->group->fields[load->index];
    switch (load->kind) {
    case LT_TYPE_BOOLEAN:
        out->i64 = field->i64;
        return field->kind == LT_JSON_BOOLEAN;
    case LT_TYPE_BIGINT:
        out->i64 = field->i64;
        return field->kind == LT_JSON_INTEGER;
    case LT_TYPE_DOUBLE:
        out->f64 = field->kind == LT_JSON_INTEGER ? (double)field->i64 : field->f64;
        return is_number(field);
    default:
        return field->kind != LT_JSON_MISSING && field->kind != LT_JSON_NULL &&
               field->kind != LT_JSON_INVALID && keep_bytes(machine, load->group, field, out);
    }
}

bool lt_json_group_load(struct lt_machine *machine, const struct lt_json_load *load,
                        const struct lt_bytes *text, union lt_value *out)
{
    struct lt_json_group *group = load->group;
    if (group->generation != machine->generation || !group->is_shared) {
        group->generation = machine->generation;
        /* A document that is no JSON leaves every field INVALID, and so NULL. */
        (void)lt_json_extract(group->extractor, text->data, text->size_bytes, text->padding_bytes,
                              group->fields);
    }
    return convert(machine, load, out);
}
