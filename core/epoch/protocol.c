/*
 * The names of the protocol's steps, and the fault points that tests hang on.
 *
 * Threads: the hook is set before start and then only read.
 */
#include "core/epoch/protocol.h"

#include <stddef.h>

#include "core/base/error.h"

static const char *const step_names[] = {
#define LT_EPOCH_STEP_NAME(name, text) text,
    LT_EPOCH_STEP_MAP(LT_EPOCH_STEP_NAME)
#undef LT_EPOCH_STEP_NAME
};
_Static_assert(sizeof step_names / sizeof step_names[0] == LT_EPOCH_STEP_COUNT, "a name per step");

/* constant after start */
static struct {
    lt_epoch_fault_fn *fn;
    void *context;
} hook;

const char *lt_epoch_step_name(enum lt_epoch_step step)
{
    lt_assert((unsigned)step < LT_EPOCH_STEP_COUNT);
    return step_names[step];
}

void lt_epoch_set_fault_hook(lt_epoch_fault_fn *fn, void *context)
{
    hook.fn = fn;
    hook.context = context;
}

bool lt_epoch_fault_point(enum lt_epoch_step step, uint64_t epoch)
{
    return hook.fn != NULL && hook.fn(hook.context, step, epoch);
}
