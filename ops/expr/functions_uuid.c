/*
 * Random UUIDs. With a seed they are those that Spark draws in its first partition (twister.h);
 * without one each query draws others.
 *
 * A call keeps its generator; it begins anew when the query does.
 */
#include <openssl/rand.h>
#include <stdio.h>

#include "ops/expr/analyser.h"
#include "ops/expr/seed.h"
#include "ops/expr/twister.h"

static int prepare_uuid(const struct lt_prepare *prepare, struct lt_error *error)
{
    const struct lt_expression *call = prepare->expression;
    struct lt_twister *twister = lt_arena_alloc(prepare->arena, sizeof *twister);
    uint64_t seed = 0;
    if (call->argument_count == 1)
        seed = call->arguments[0]->is_null ? 0 : (uint64_t)call->arguments[0]->value.i64;
    else if (RAND_bytes((uint8_t *)&seed, sizeof seed) != 1)
        return lt_error_set(error, LT_E_INTERNAL, "no random bytes to begin a generator with");
    lt_twister_init(twister, seed);
    prepare->call->state = twister;
    return LT_OK;
}

/* Version 4: all bits but six are drawn. */
static enum lt_kernel uuid(struct lt_machine *machine, const struct lt_call *call,
                           union lt_value *out)
{
    char text[40];
    uint32_t parts[4];
    for (unsigned i = 0; i < 4; i++)
        parts[i] = lt_twister_draw(call->state);
    int size =
        snprintf(text, sizeof text, "%08x-%04x-4%03x-%04x-%04x%08x", parts[0], parts[1] >> 16,
                 parts[1] & 0xFFF, (parts[2] >> 16 & 0x3FFF) | 0x8000, parts[2] & 0xFFFF, parts[3]);
    return lt_machine_put(machine, call, text, (size_t)size, out);
}

static int infer_uuid(struct lt_analyser *analyser, struct lt_expression *call)
{
    int code = lt_analyser_seed(analyser, call, 0);
    return code == LT_OK ? LT_INFER_LETTERS : code;
}

static const struct lt_function functions[] = {
    {"uuid", NULL, "uuid([seed])", "A random UUID.", "uuid()", NULL, LT_NULL_AWARE,
     .is_total = true, .prepare = prepare_uuid, .infer = infer_uuid,
     .signatures = {LT_KERNEL("[l]", "s", uuid)}},
};

const struct lt_function_group lt_functions_uuid = {"random", functions,
                                                    sizeof functions / sizeof functions[0]};
