/*
 * Casts of arrays, maps and structs: each part is cast by a call of its own, whose argument is put
 * into its register here. The text form is Spark's: [1, 2], {k -> v}, {1, x}; NULL parts are null.
 */
#include <string.h>

#include "ops/expr/cast.h"
#include "ops/expr/growing.h"

/* One part cast; NULL stays NULL. */
static enum lt_kernel cast_part(struct lt_machine *machine, const struct lt_call *part,
                                bool is_null, const union lt_value *value, union lt_value *out)
{
    if (is_null)
        return LT_KERNEL_NULL;
    if (part == NULL) {
        *out = *value;
        return LT_KERNEL_VALUE;
    }
    machine->values[part->arguments[0]] = *value;
    machine->nulls[part->arguments[0]] = 0;
    return part->kernel(machine, part, out);
}

static enum lt_kernel cast_elements(struct lt_machine *machine, const struct lt_call *part,
                                    const struct lt_array *from, struct lt_array *to)
{
    for (uint32_t i = 0; i < from->count; i++) {
        union lt_value value;
        enum lt_kernel result =
            cast_part(machine, part, lt_bit(from->nulls, i), &from->values[i], &value);
        if (result == LT_KERNEL_FAULT)
            return result;
        lt_array_put(to, i, result == LT_KERNEL_NULL, &value);
    }
    return LT_KERNEL_VALUE;
}

enum lt_kernel lt_cast_array(struct lt_machine *machine, const struct lt_call *call,
                             union lt_value *out)
{
    const struct lt_cast_parts *parts = call->state;
    struct lt_array *from = lt_argument(machine, call, 0)->array;
    lt_array_materialize(from);
    struct lt_array *to = lt_machine_array(machine, from->count);
    if (to == NULL)
        return lt_machine_too_large(machine, call);
    out->array = to;
    return cast_elements(machine, parts->calls[0], from, to);
}

enum lt_kernel lt_cast_map(struct lt_machine *machine, const struct lt_call *call,
                           union lt_value *out)
{
    const struct lt_cast_parts *parts = call->state;
    const struct lt_map *from = lt_argument(machine, call, 0)->map;
    struct lt_map *to = lt_machine_map(machine, from->keys.count);
    if (to == NULL)
        return lt_machine_too_large(machine, call);
    out->map = to;
    enum lt_kernel result = cast_elements(machine, parts->calls[0], &from->keys, &to->keys);
    if (result != LT_KERNEL_VALUE)
        return result;
    for (uint32_t i = 0; i < to->keys.count; i++) {
        struct lt_call loud = *call; /* try_cast finds no place for it either */
        loud.is_try = false;
        if (lt_bit(to->keys.nulls, i))
            return lt_machine_fault(machine, &loud, "NULL_MAP_KEY", "2200E",
                                    "Cannot use null as map key");
    }
    return cast_elements(machine, parts->calls[1], &from->values, &to->values);
}

enum lt_kernel lt_cast_struct(struct lt_machine *machine, const struct lt_call *call,
                              union lt_value *out)
{
    const struct lt_cast_parts *parts = call->state;
    const struct lt_struct *from = lt_argument(machine, call, 0)->structure;
    uint32_t count = call->type->field_count;
    struct lt_struct *to = lt_machine_struct(machine, count);
    if (to == NULL)
        return lt_machine_too_large(machine, call);
    out->structure = to;
    for (uint32_t i = 0; i < count; i++) {
        union lt_value value;
        enum lt_kernel result =
            cast_part(machine, parts->calls[i], lt_bit(from->nulls, i), &from->values[i], &value);
        if (result == LT_KERNEL_FAULT)
            return result;
        if (result == LT_KERNEL_NULL)
            lt_bit_set((uint64_t *)(uintptr_t)to->nulls, i);
        else
            lt_writable_values(to->values)[i] = value;
    }
    return LT_KERNEL_VALUE;
}

/* ------------------------------------------------------------------------------------- to text */

static enum lt_kernel append_part(struct lt_growing *text, const struct lt_call *part, bool is_null,
                                  const union lt_value *value)
{
    union lt_value shown;
    enum lt_kernel result = cast_part(text->machine, part, is_null, value, &shown);
    if (result == LT_KERNEL_NULL)
        lt_growing_append(text, "null", 4);
    else if (result == LT_KERNEL_VALUE)
        lt_growing_append(text, shown.bytes.data, shown.bytes.size_bytes);
    return result;
}

enum lt_kernel lt_cast_array_to_text(struct lt_machine *machine, const struct lt_call *call,
                                     union lt_value *out)
{
    const struct lt_cast_parts *parts = call->state;
    struct lt_array *array = lt_argument(machine, call, 0)->array;
    struct lt_growing text = {.machine = machine};
    lt_array_materialize(array);
    lt_growing_append(&text, "[", 1);
    for (uint32_t i = 0; i < array->count; i++) {
        lt_growing_append(&text, ", ", i == 0 ? 0 : 2);
        if (append_part(&text, parts->calls[0], lt_bit(array->nulls, i), &array->values[i]) ==
            LT_KERNEL_FAULT)
            return LT_KERNEL_FAULT;
    }
    lt_growing_append(&text, "]", 1);
    return lt_growing_finish(&text, call, out);
}

enum lt_kernel lt_cast_map_to_text(struct lt_machine *machine, const struct lt_call *call,
                                   union lt_value *out)
{
    const struct lt_cast_parts *parts = call->state;
    const struct lt_map *map = lt_argument(machine, call, 0)->map;
    struct lt_growing text = {.machine = machine};
    lt_growing_append(&text, "{", 1);
    for (uint32_t i = 0; i < map->keys.count; i++) {
        lt_growing_append(&text, ", ", i == 0 ? 0 : 2);
        if (append_part(&text, parts->calls[0], false, &map->keys.values[i]) == LT_KERNEL_FAULT)
            return LT_KERNEL_FAULT;
        lt_growing_append(&text, " -> ", 4);
        if (append_part(&text, parts->calls[1], lt_bit(map->values.nulls, i),
                        &map->values.values[i]) == LT_KERNEL_FAULT)
            return LT_KERNEL_FAULT;
    }
    lt_growing_append(&text, "}", 1);
    return lt_growing_finish(&text, call, out);
}

enum lt_kernel lt_cast_struct_to_text(struct lt_machine *machine, const struct lt_call *call,
                                      union lt_value *out)
{
    const struct lt_cast_parts *parts = call->state;
    const struct lt_struct *structure = lt_argument(machine, call, 0)->structure;
    struct lt_growing text = {.machine = machine};
    lt_growing_append(&text, "{", 1);
    for (uint32_t i = 0; i < call->argument_types[0]->field_count; i++) {
        lt_growing_append(&text, ", ", i == 0 ? 0 : 2);
        if (append_part(&text, parts->calls[i], lt_bit(structure->nulls, i),
                        &structure->values[i]) == LT_KERNEL_FAULT)
            return LT_KERNEL_FAULT;
    }
    lt_growing_append(&text, "}", 1);
    return lt_growing_finish(&text, call, out);
}
