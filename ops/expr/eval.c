/*
 * The machine's loop, threaded directly: a step holds the address of its code, and each code ends
 * with a jump through the next step's address, so that the branch predictor sees every step's
 * successor apart. Where there is no computed goto, the switch runs instead.
 */
#include <inttypes.h>

#include "core/text/utf8.h"
#include "ops/expr/eval_inline.h"
#include "ops/expr/faults.h"
#include "ops/expr/json_group.h"
#include "ops/expr/machine.h"

#if defined(__GNUC__) && !defined(LT_NO_COMPUTED_GOTO)

/* The labels leave through `labels` when there is no machine. */
static enum lt_machine_end run(struct lt_machine *machine, uint32_t first,
                               const void *const **labels)
{
    static const void *const table[LT_OP_COUNT] = {
#define LABEL(name) [LT_OP_##name] = &&code_##name,
        LT_OP_MAP(LABEL)
#undef LABEL
    };
    if (machine == NULL) {
        *labels = table;
        return LT_MACHINE_TRUE;
    }
    union lt_value *const values = machine->values;
    uint8_t *const nulls = machine->nulls;
    const struct lt_step *const steps = machine->steps;
    const struct lt_step *step = steps + first;
    goto * step->code;

#define STEP(name) code_##name:
#define NEXT                                                                                       \
    do {                                                                                           \
        step++;                                                                                    \
        goto * step->code;                                                                         \
    } while (0)
#define GO(number)                                                                                 \
    do {                                                                                           \
        step = steps + (number);                                                                   \
        goto * step->code;                                                                         \
    } while (0)
#define FAULT(result)                                                                              \
    do {                                                                                           \
        if (lt_unlikely((result) == LT_KERNEL_FAULT))                                              \
            return LT_MACHINE_FAULTED;                                                             \
    } while (0)
#include "ops/expr/eval_steps.h"
}

const void *lt_machine_label(enum lt_op op)
{
    const void *const *labels = NULL;
    (void)run(NULL, 0, &labels);
    return labels[op];
}

enum lt_machine_end lt_machine_run(struct lt_machine *machine, uint32_t first)
{
    return run(machine, first, NULL);
}

#else

const void *lt_machine_label(enum lt_op op)
{
    (void)op;
    return NULL;
}

enum lt_machine_end lt_machine_run(struct lt_machine *machine, uint32_t first)
{
    return lt_machine_run_switch(machine, first);
}

#endif
