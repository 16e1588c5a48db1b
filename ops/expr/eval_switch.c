/*
 * The machine's loop as a switch: the portable flavour, and the second opinion that tests compare
 * with.
 */
#include <inttypes.h>

#include "core/text/utf8.h"
#include "ops/expr/eval_inline.h"
#include "ops/expr/faults.h"
#include "ops/expr/json_group.h"
#include "ops/expr/machine.h"

enum lt_machine_end lt_machine_run_switch(struct lt_machine *machine, uint32_t first)
{
    union lt_value *const values = machine->values;
    uint8_t *const nulls = machine->nulls;
    const struct lt_step *const steps = machine->steps;
    const struct lt_step *step = steps + first;
    for (;;) { /* until a step returns */
        switch ((enum lt_op)step->op) {
#define STEP(name) case LT_OP_##name:
#define NEXT                                                                                       \
    step++;                                                                                        \
    continue
#define GO(number)                                                                                 \
    do {                                                                                           \
        step = steps + (number);                                                                   \
        goto again;                                                                                \
    } while (0)
#define FAULT(result)                                                                              \
    do {                                                                                           \
        if (lt_unlikely((result) == LT_KERNEL_FAULT))                                              \
            return LT_MACHINE_FAULTED;                                                             \
    } while (0)
#include "ops/expr/eval_steps.h"
        case LT_OP_COUNT:
            break;
        }
    again:;
    }
}
