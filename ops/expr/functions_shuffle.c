/*
 * shuffle: an array in an order of chance, the same for the same seed as in Spark, which puts each
 * element in the place of one before it, drawn by a Mersenne twister (twister.h), and moves that to
 * the end.
 *
 * The twister goes on from record to record, so a plan with a seed gives the same answers each time
 * it is run. Without one the seed is the time of the first record.
 */
#include "ops/expr/collections.h"
#include "ops/expr/twister.h"

/* What the elements are dealt by. */
struct dealer {
    struct lt_twister twister;
    bool is_seeded;
};

static void seed_by(struct dealer *dealer, int64_t seed)
{
    lt_twister_init(&dealer->twister, (uint64_t)seed);
    dealer->is_seeded = true;
}

static uint32_t draw_31_bits(struct dealer *dealer)
{
    return lt_twister_draw(&dealer->twister) >> 1;
}

/* 0 to bound - 1, without preference. */
static uint32_t draw_below(struct dealer *dealer, uint32_t bound)
{
    if ((bound & (bound - 1)) == 0)
        return (uint32_t)(((uint64_t)bound * draw_31_bits(dealer)) >> 31);
    uint32_t bits, value;
    do {
        bits = draw_31_bits(dealer);
        value = bits % bound;
    } while (bits - value + (bound - 1) > INT32_MAX);
    return value;
}

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
    struct dealer *dealer = lt_arena_alloc(prepare->arena, sizeof *dealer);
    (void)error;
    if (call->argument_count == 2 && !call->arguments[1]->is_null)
        seed_by(dealer, call->arguments[1]->value.i64);
    prepare->call->state = dealer;
    return LT_OK;
}

static enum lt_kernel shuffle(struct lt_machine *machine, const struct lt_call *call,
                              union lt_value *out)
{
    struct dealer *dealer = call->state;
    if (lt_argument_is_null(machine, call, 0))
        return LT_KERNEL_NULL;
    if (!dealer->is_seeded)
        seed_by(dealer, lt_clock_wall_us(machine->clock));
    const struct lt_array *from = lt_array_argument(machine, call, 0);
    struct lt_array *to = lt_machine_array(machine, from->count);
    uint32_t *order = lt_machine_alloc(machine, ((size_t)from->count + 1) * sizeof *order);
    if (to == NULL || order == NULL)
        return lt_machine_too_large(machine, call);
    for (uint32_t i = 0; i < from->count; i++) {
        uint32_t other = draw_below(dealer, i + 1);
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
