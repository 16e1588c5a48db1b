/*
 * Two halves of memory, and copies of values.
 */
#include "ops/expr/aside.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/limits.h"

/* A value is not copied for less garbage than this. */
enum { GARBAGE_BYTES = 64 * 1024 };

struct half {
    struct lt_scratch scratch;
    size_t total_bytes; /* what was asked of it */
};

struct lt_aside {
    struct half halves[2];
    unsigned active;
    size_t limit_bytes; /* when the active half has used so much, it is worth a copy */
};

/* --------------------------------------------------------------------------------------- memory */

int lt_aside_prepare(const struct lt_prepare *prepare, struct lt_error *error)
{
    (void)error;
    prepare->call->state = lt_alloc(sizeof(struct lt_aside));
    return LT_OK;
}

void lt_aside_release(void *state)
{
    struct lt_aside *aside = state;
    for (unsigned i = 0; i < 2; i++)
        lt_scratch_fini(&aside->halves[i].scratch);
    free(aside);
}

static void empty(struct half *half)
{
    lt_scratch_clear(&half->scratch);
    half->total_bytes = 0;
}

void *lt_aside_alloc(struct lt_aside *aside, size_t size_bytes)
{
    struct half *half = &aside->halves[aside->active];
    half->total_bytes += size_bytes;
    return lt_scratch_alloc(&half->scratch, size_bytes);
}

void lt_aside_clear(struct lt_aside *aside)
{
    empty(&aside->halves[0]);
    empty(&aside->halves[1]);
    aside->limit_bytes = GARBAGE_BYTES;
}

struct lt_aside *lt_aside_enter(struct lt_machine *machine, const struct lt_call *call)
{
    struct lt_aside *before = machine->aside;
    lt_debug_assert(call->state != before);
    machine->aside = call->state;
    lt_aside_clear(machine->aside);
    return before;
}

void lt_aside_leave(struct lt_machine *machine, struct lt_aside *before)
{
    machine->aside = before;
}

bool lt_aside_leave_with(struct lt_machine *machine, struct lt_aside *before,
                         const struct lt_type *type, union lt_value *value)
{
    const struct lt_aside *aside = machine->aside;
    bool is_unused = aside->halves[0].total_bytes + aside->halves[1].total_bytes == 0;
    machine->aside = before;
    return is_unused || !lt_type_holds_memory(type) || lt_machine_copy_value(machine, type, value);
}

bool lt_aside_keep(struct lt_machine *machine, const struct lt_type *type, union lt_value *value)
{
    struct lt_aside *aside = machine->aside;
    struct half *old = &aside->halves[aside->active];
    if (!lt_type_holds_memory(type)) {
        empty(old);
        return true;
    }
    if (old->total_bytes < aside->limit_bytes)
        return true;
    aside->active = 1 - aside->active;
    if (!lt_machine_copy_value(machine, type, value))
        return false;
    empty(old);
    size_t alive_bytes = aside->halves[aside->active].total_bytes;
    aside->limit_bytes = 2 * alive_bytes > GARBAGE_BYTES ? 2 * alive_bytes : GARBAGE_BYTES;
    return true;
}

/* --------------------------------------------------------------------------------------- copies */

bool lt_type_holds_memory(const struct lt_type *type)
{
    return lt_type_is_bytes(type) || lt_type_is_nested(type);
}

/* `count` values whose types are fields[0], or fields[0], fields[1], ...; and their nulls. */
static bool copy_values(struct lt_machine *machine, const struct lt_field *fields, bool is_one_type,
                        uint32_t count, const union lt_value **values, const uint64_t **nulls)
{
    size_t words = ((size_t)count + 63) / 64;
    union lt_value *copies = lt_machine_alloc(machine, ((size_t)count + 1) * sizeof *copies);
    uint64_t *bits = lt_machine_alloc(machine, (words + 1) * sizeof *bits);
    if (copies == NULL || bits == NULL)
        return false;
    if (count > 0)
        memcpy(copies, *values, count * sizeof *copies);
    memset(bits, 0, (words + 1) * sizeof *bits);
    if (*nulls != NULL && count > 0)
        memcpy(bits, *nulls, words * sizeof *bits);
    *values = copies;
    *nulls = bits;
    for (uint32_t i = 0; i < count; i++) {
        const struct lt_type *type = fields[is_one_type ? 0 : i].type;
        if (!lt_bit(bits, i) && lt_type_holds_memory(type) &&
            !lt_machine_copy_value(machine, type, &copies[i]))
            return false;
    }
    return true;
}

static bool copy_elements(struct lt_machine *machine, const struct lt_field *element,
                          struct lt_array *array)
{
    array->is_native = false;
    return copy_values(machine, element, true, array->count, &array->values, &array->nulls);
}

static bool copy_bytes(struct lt_machine *machine, struct lt_bytes *bytes)
{
    void *copy = lt_machine_alloc(machine, bytes->size_bytes);
    if (copy == NULL)
        return false;
    if (bytes->size_bytes > 0)
        memcpy(copy, bytes->data, bytes->size_bytes);
    *bytes = lt_value_bytes(copy, bytes->size_bytes).bytes;
    return true;
}

/* Recursion is bounded by the depth of types. */
bool lt_machine_copy_value(struct lt_machine *machine, const struct lt_type *type,
                           union lt_value *value)
{
    if (lt_type_is_bytes(type))
        return copy_bytes(machine, &value->bytes);
    if (type->kind == LT_TYPE_ARRAY) {
        struct lt_array *copy = lt_machine_alloc(machine, sizeof *copy);
        if (copy == NULL)
            return false;
        lt_array_materialize(value->array);
        *copy = *value->array;
        value->array = copy;
        return copy_elements(machine, &type->fields[0], copy);
    }
    if (type->kind == LT_TYPE_MAP) {
        struct lt_map *copy = lt_machine_alloc(machine, sizeof *copy);
        if (copy == NULL)
            return false;
        *copy = *value->map;
        value->map = copy;
        return copy_elements(machine, &type->fields[0], &copy->keys) &&
               copy_elements(machine, &type->fields[1], &copy->values);
    }
    if (type->kind != LT_TYPE_STRUCT)
        return true;
    struct lt_struct *copy = lt_machine_alloc(machine, sizeof *copy);
    if (copy == NULL)
        return false;
    *copy = *value->structure;
    value->structure = copy;
    return copy_values(machine, type->fields, false, type->field_count, &copy->values,
                       &copy->nulls);
}
