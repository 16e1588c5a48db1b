/*
 * The machine's memory and faults.
 */
#include "ops/expr/machine.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/base/limits.h"
#include "ops/expr/aside.h"

enum { SHOWN_MAX = 80 };

void *lt_machine_alloc(struct lt_machine *machine, size_t size_bytes)
{
    if (size_bytes > LT_LIMIT_VALUE_BYTES - machine->withheld_bytes) {
        machine->lacked_room = true;
        return NULL;
    }
    if (lt_unlikely(machine->aside != NULL))
        return lt_aside_alloc(machine->aside, size_bytes);
    return machine->out != NULL ? lt_row_scratch(machine->out, size_bytes)
                                : lt_scratch_alloc(&machine->scratch, size_bytes);
}

static uint64_t *nulls_of(struct lt_machine *machine, uint32_t count)
{
    size_t size_bytes = ((size_t)count + 63) / 64 * sizeof(uint64_t);
    uint64_t *nulls = lt_machine_alloc(machine, size_bytes);
    if (nulls != NULL)
        memset(nulls, 0, size_bytes);
    return nulls;
}

static bool make_array(struct lt_machine *machine, uint32_t count, struct lt_array *out)
{
    uint32_t room = count == 0 ? 1 : count;
    union lt_value *values = lt_machine_alloc(machine, (size_t)room * sizeof *values);
    uint64_t *nulls = values == NULL ? NULL : nulls_of(machine, room);
    if (nulls == NULL)
        return false;
    memset(values, 0, (size_t)count * sizeof *values);
    *out = (struct lt_array){.count = count, .nulls = nulls, .values = values};
    return true;
}

struct lt_array *lt_machine_array(struct lt_machine *machine, uint32_t count)
{
    struct lt_array *array = lt_machine_alloc(machine, sizeof *array);
    return array != NULL && make_array(machine, count, array) ? array : NULL;
}

struct lt_struct *lt_machine_struct(struct lt_machine *machine, uint32_t count)
{
    struct lt_struct *structure = lt_machine_alloc(machine, sizeof *structure);
    struct lt_array fields;
    if (structure == NULL || !make_array(machine, count, &fields))
        return NULL;
    *structure = (struct lt_struct){.nulls = fields.nulls, .values = fields.values};
    return structure;
}

struct lt_map *lt_machine_map(struct lt_machine *machine, uint32_t count)
{
    struct lt_map *map = lt_machine_alloc(machine, sizeof *map);
    bool is_made = map != NULL && make_array(machine, count, &map->keys) &&
                   make_array(machine, count, &map->values);
    return is_made ? map : NULL;
}

bool lt_machine_call_lambda(struct lt_machine *machine, const struct lt_lambda *lambda)
{
    enum lt_machine_end end = lt_unlikely(machine->use_switch)
                                  ? lt_machine_run_switch(machine, lambda->first_step)
                                  : lt_machine_run(machine, lambda->first_step);
    return end != LT_MACHINE_FAULTED;
}

enum lt_kernel lt_machine_too_large(struct lt_machine *machine, const struct lt_call *call)
{
    return lt_machine_fault(
        machine, call, "COLLECTION_SIZE_LIMIT_EXCEEDED.FUNCTION", "54000",
        "the value would have more than %d bytes, or more than there is memory for",
        LT_LIMIT_VALUE_BYTES);
}

enum lt_kernel lt_machine_put(struct lt_machine *machine, const struct lt_call *call,
                              const void *data, size_t size_bytes, union lt_value *out)
{
    void *copy = lt_machine_alloc(machine, size_bytes);
    if (copy == NULL)
        return lt_machine_too_large(machine, call);
    if (size_bytes > 0)
        memcpy(copy, data, size_bytes);
    *out = lt_value_bytes(copy, (uint32_t)size_bytes);
    return LT_KERNEL_VALUE;
}

enum lt_kernel lt_machine_fault(struct lt_machine *machine, const struct lt_call *call,
                                const char *condition, const char *sqlstate, const char *format,
                                ...)
{
    if (call->is_try)
        return LT_KERNEL_NULL;
    machine->fault_condition = condition;
    machine->fault_line = machine->fault_position = 0;
    machine->fault_sqlstate = sqlstate;
    va_list arguments;
    va_start(arguments, format);
    int used = vsnprintf(machine->fault_text, sizeof machine->fault_text, format, arguments);
    va_end(arguments);
    const struct lt_expr_place *place = &call->place;
    bool is_written =
        place->text != NULL && place->end > place->begin; /* what INSERT casts is not */
    if (!is_written || used < 0 || (size_t)used >= sizeof machine->fault_text)
        return LT_KERNEL_FAULT;
    uint32_t written = (uint32_t)strlen(place->text);
    uint32_t end = place->end < written ? place->end : written;
    uint32_t begin = place->begin < end ? place->begin : end, size = end - begin;
    lt_expr_count_place(*place, &machine->fault_line, &machine->fault_position);
    (void)snprintf(machine->fault_text + used, sizeof machine->fault_text - (size_t)used,
                   "; in \"%.*s%s\" (line %u, position %u)",
                   (int)(size < SHOWN_MAX ? size : SHOWN_MAX), place->text + begin,
                   size > SHOWN_MAX ? "..." : "", machine->fault_line, machine->fault_position + 1);
    return LT_KERNEL_FAULT;
}
