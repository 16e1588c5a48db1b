/*
 * shuffle: an array in an order of chance, the same for the same seed as in Spark, which draws from
 * a Mersenne twister (MT19937, seeded by an array of two words) and puts each element in the place
 * of one before it, which moves to the end.
 *
 * The twister goes on from record to record, so a plan with a seed gives the same answers each time
 * it is run. Without one the seed is the time of the first record.
 */
#include <string.h>

#include "ops/expr/collections.h"

enum { STATE_COUNT = 624, STATE_MIDDLE = 397 };

struct twister {
    uint32_t state[STATE_COUNT];
    uint32_t used;
    bool is_seeded;
};

/* ---------------------------------------------------------------------------------------- twister
 */

static void seed_by_number(struct twister *twister, uint32_t seed)
{
    twister->state[0] = seed;
    for (uint32_t i = 1; i < STATE_COUNT; i++) {
        uint32_t last = twister->state[i - 1];
        twister->state[i] = UINT32_C(1812433253) * (last ^ (last >> 30)) + i;
    }
    twister->used = STATE_COUNT;
}

static void seed_by_words(struct twister *twister, uint64_t seed)
{
    const uint32_t words[2] = {(uint32_t)(seed >> 32), (uint32_t)seed};
    uint32_t *state = twister->state, i = 1;
    seed_by_number(twister, 19650218);
    for (uint32_t k = 0; k < STATE_COUNT; k++) {
        uint32_t last = state[i - 1], word = k % 2;
        state[i] = (state[i] ^ ((last ^ (last >> 30)) * UINT32_C(1664525))) + words[word] + word;
        if (++i == STATE_COUNT) {
            state[0] = state[STATE_COUNT - 1];
            i = 1;
        }
    }
    for (uint32_t k = 1; k < STATE_COUNT; k++) {
        uint32_t last = state[i - 1];
        state[i] = (state[i] ^ ((last ^ (last >> 30)) * UINT32_C(1566083941))) - i;
        if (++i == STATE_COUNT) {
            state[0] = state[STATE_COUNT - 1];
            i = 1;
        }
    }
    state[0] = UINT32_C(0x80000000);
    twister->is_seeded = true;
}

static void turn(struct twister *twister)
{
    uint32_t *state = twister->state;
    for (uint32_t i = 0; i < STATE_COUNT; i++) {
        uint32_t y = (state[i] & UINT32_C(0x80000000)) |
                     (state[(i + 1) % STATE_COUNT] & UINT32_C(0x7fffffff));
        uint32_t odd = y % 2 == 0 ? 0 : UINT32_C(0x9908b0df);
        state[i] = state[(i + STATE_MIDDLE) % STATE_COUNT] ^ (y >> 1) ^ odd;
    }
    twister->used = 0;
}

/* 31 bits. */
static uint32_t draw(struct twister *twister)
{
    if (twister->used == STATE_COUNT)
        turn(twister);
    uint32_t y = twister->state[twister->used++];
    y ^= y >> 11;
    y ^= (y << 7) & UINT32_C(0x9d2c5680);
    y ^= (y << 15) & UINT32_C(0xefc60000);
    return (y ^ (y >> 18)) >> 1;
}

/* 0 to bound - 1, without preference. */
static uint32_t draw_below(struct twister *twister, uint32_t bound)
{
    if ((bound & (bound - 1)) == 0)
        return (uint32_t)(((uint64_t)bound * draw(twister)) >> 31);
    uint32_t bits, value;
    do {
        bits = draw(twister);
        value = bits % bound;
    } while (bits - value + (bound - 1) > INT32_MAX);
    return value;
}

/* --------------------------------------------------------------------------------------- function
 */

static int infer_shuffle(struct lt_analyser *analyser, struct lt_expression *call)
{
    int code = lt_collection_needs_array(analyser, call, 0, true);
    const struct lt_expression *array = call->arguments[0];
    if (code != LT_OK || call->argument_count == 1)
        return code != LT_OK ? code : lt_collection_finish(call, 0, array->type, array->nullable);
    struct lt_expression **seed = &call->arguments[1];
    lt_fold(seed, analyser->text, analyser->coerce.session, analyser->coerce.arena);
    bool is_number = (*seed)->kind == LT_EXPR_LITERAL &&
                     ((*seed)->is_null || (*seed)->type->kind == LT_TYPE_INT ||
                      (*seed)->type->kind == LT_TYPE_BIGINT);
    if (!is_number)
        return lt_analyser_fail(analyser, LT_E_ANALYSIS, *seed, "INVALID_PARAMETER_VALUE.LONG",
                                "22023", "the seed of \"shuffle\" must be a constant integer");
    return lt_collection_finish(call, 0, array->type, array->nullable);
}

static int prepare_shuffle(const struct lt_prepare *prepare, struct lt_error *error)
{
    const struct lt_expression *call = prepare->expression;
    struct twister *twister = lt_arena_alloc(prepare->arena, sizeof *twister);
    (void)error;
    if (call->argument_count == 2 && !call->arguments[1]->is_null)
        seed_by_words(twister, (uint64_t)call->arguments[1]->value.i64);
    prepare->call->state = twister;
    return LT_OK;
}

static enum lt_kernel shuffle(struct lt_machine *machine, const struct lt_call *call,
                              union lt_value *out)
{
    struct twister *twister = call->state;
    if (lt_argument_is_null(machine, call, 0))
        return LT_KERNEL_NULL;
    if (!twister->is_seeded)
        seed_by_words(twister, (uint64_t)lt_clock_wall_us(machine->clock));
    const struct lt_array *from = lt_array_argument(machine, call, 0);
    struct lt_array *to = lt_machine_array(machine, from->count);
    uint32_t *order = lt_machine_alloc(machine, ((size_t)from->count + 1) * sizeof *order);
    if (to == NULL || order == NULL)
        return lt_machine_too_large(machine, call);
    for (uint32_t i = 0; i < from->count; i++) {
        uint32_t other = draw_below(twister, i + 1);
        order[i] = other == i ? i : order[other];
        order[other] = i;
    }
    for (uint32_t i = 0; i < from->count; i++)
        lt_array_copy(to, i, from, order[i]);
    out->array = to;
    return LT_KERNEL_VALUE;
}

static const struct lt_function functions[] = {
    {"shuffle", NULL, "shuffle(array[, seed])",
     "The elements in an order of chance, which the seed decides if there is one.",
     "shuffle(array(1, 2, 3), 42)", NULL, LT_NULL_AWARE,
     .signatures = {LT_KERNEL("a[a]", "A", shuffle)}, .infer = infer_shuffle,
     .prepare = prepare_shuffle},
};

const struct lt_function_group lt_functions_shuffle = {"array", functions,
                                                       sizeof functions / sizeof functions[0]};
