/*
 * The machine's memory and faults.
 */
#include "ops/expr/machine.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/base/limits.h"

enum { BLOCK_BYTES = 8192, ALIGNMENT = 8, SHOWN_MAX = 80 };

static struct lt_scratch_block *block_create(size_t size_bytes)
{
    size_t size = size_bytes > BLOCK_BYTES ? size_bytes : BLOCK_BYTES;
    struct lt_scratch_block *block = lt_alloc(sizeof *block + size);
    block->size_bytes = size;
    return block;
}

/* Memory in a predicate. A block that is too small is skipped for this evaluation, and blocks are
 * kept: after the largest records were seen nothing is allocated. */
static void *scratch_alloc(struct lt_machine *machine, size_t size_bytes)
{
    size_t size = (size_bytes + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    if (machine->scratch == NULL)
        machine->scratch = machine->current = block_create(size);
    while (machine->current->size_bytes - machine->current_used_bytes < size) {
        if (machine->current->next == NULL)
            machine->current->next = block_create(2 * size);
        machine->current = machine->current->next;
        machine->current_used_bytes = 0;
    }
    void *memory = (char *)machine->current->data + machine->current_used_bytes;
    machine->current_used_bytes += size;
    return memory;
}

void *lt_machine_alloc(struct lt_machine *machine, size_t size_bytes)
{
    if (size_bytes > LT_LIMIT_VALUE_BYTES)
        return NULL;
    return machine->out != NULL ? lt_row_scratch(machine->out, size_bytes)
                                : scratch_alloc(machine, size_bytes);
}

enum lt_kernel lt_machine_too_large(struct lt_machine *machine, const struct lt_call *call)
{
    return lt_machine_fault(machine, call, "COLLECTION_SIZE_LIMIT_EXCEEDED.FUNCTION", "54000",
                            "the value would have more than %d bytes", LT_LIMIT_VALUE_BYTES);
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
    machine->fault_sqlstate = sqlstate;
    va_list arguments;
    va_start(arguments, format);
    int used = vsnprintf(machine->fault_text, sizeof machine->fault_text, format, arguments);
    va_end(arguments);
    const struct lt_expr_place *place = &call->place;
    if (place->text == NULL || used < 0 || (size_t)used >= sizeof machine->fault_text)
        return LT_KERNEL_FAULT;
    uint32_t size = place->end - place->begin;
    (void)snprintf(machine->fault_text + used, sizeof machine->fault_text - (size_t)used,
                   " in \"%.*s%s\"", (int)(size < SHOWN_MAX ? size : SHOWN_MAX),
                   place->text + place->begin, size > SHOWN_MAX ? "..." : "");
    return LT_KERNEL_FAULT;
}
