/*
 * Random UUIDs. With a seed they are those that Spark draws in its first partition, by the
 * generator MT19937, begun with the two halves of the seed; without one each query draws others.
 *
 * A call keeps its generator; it begins anew when the query does.
 */
#include <openssl/rand.h>
#include <stdio.h>

#include "ops/expr/analyser.h"
#include "ops/expr/seed.h"

enum { WORDS = 624, MIDDLE = 397 };

struct twister {
    uint32_t words[WORDS];
    unsigned at; /* the next word; WORDS: all are used up */
};

static uint32_t scrambled(const struct twister *twister, unsigned i, uint32_t by)
{
    uint32_t before = twister->words[i - 1];
    return twister->words[i] ^ (before ^ before >> 30) * by;
}

static void begin(struct twister *twister, uint64_t seed)
{
    const uint32_t key[2] = {(uint32_t)(seed >> 32), (uint32_t)seed};
    uint32_t *words = twister->words;
    words[0] = 19650218;
    for (unsigned i = 1; i < WORDS; i++)
        words[i] = 1812433253U * (words[i - 1] ^ words[i - 1] >> 30) + i;
    unsigned i = 1;
    for (unsigned k = 0; k < WORDS; k++) {
        words[i] = scrambled(twister, i, 1664525U) + key[k % 2] + k % 2;
        if (++i == WORDS) {
            words[0] = words[WORDS - 1];
            i = 1;
        }
    }
    for (unsigned k = 1; k < WORDS; k++) {
        words[i] = scrambled(twister, i, 1566083941U) - i;
        if (++i == WORDS) {
            words[0] = words[WORDS - 1];
            i = 1;
        }
    }
    words[0] = 0x80000000U;
    twister->at = WORDS;
}

static void refill(struct twister *twister)
{
    uint32_t *words = twister->words;
    for (unsigned i = 0; i < WORDS; i++) {
        uint32_t joined = (words[i] & 0x80000000U) | (words[(i + 1) % WORDS] & 0x7fffffffU);
        words[i] = words[(i + MIDDLE) % WORDS] ^ joined >> 1 ^ (joined & 1 ? 0x9908b0dfU : 0);
    }
    twister->at = 0;
}

static uint32_t draw(struct twister *twister)
{
    if (twister->at == WORDS)
        refill(twister);
    uint32_t word = twister->words[twister->at++];
    word ^= word >> 11;
    word ^= word << 7 & 0x9d2c5680U;
    word ^= word << 15 & 0xefc60000U;
    return word ^ word >> 18;
}

static int prepare_uuid(const struct lt_prepare *prepare, struct lt_error *error)
{
    const struct lt_expression *call = prepare->expression;
    struct twister *twister = lt_arena_alloc(prepare->arena, sizeof *twister);
    uint64_t seed = 0;
    if (call->argument_count == 1)
        seed = call->arguments[0]->is_null ? 0 : (uint64_t)call->arguments[0]->value.i64;
    else if (RAND_bytes((uint8_t *)&seed, sizeof seed) != 1)
        return lt_error_set(error, LT_E_INTERNAL, "no random bytes to begin a generator with");
    begin(twister, seed);
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
        parts[i] = draw(call->state);
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
