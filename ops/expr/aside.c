/*
 * Two halves of memory, and copies of values.
 */
#include "ops/expr/aside.h"

#include <stdlib.h>
#include <string.h>

#include "core/data/value_copy.h"

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

static void *alloc_of_machine(void *context, size_t size_bytes)
{
    return lt_machine_alloc(context, size_bytes);
}

bool lt_machine_copy_value(struct lt_machine *machine, const struct lt_type *type,
                           union lt_value *value)
{
    const struct lt_value_memory memory = {alloc_of_machine, machine};
    return lt_value_copy(type, &memory, value);
}
