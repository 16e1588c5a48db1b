/*
 * Random values. With a seed they are those that Spark draws in its first partition: an xorshift
 * generator whose state is a hash of the seed. Without one each query draws others.
 *
 * A call keeps its generator; it begins anew when the query does.
 */
#include <math.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "ops/expr/analyser.h"
#include "ops/expr/expr.h"
#include "ops/expr/hash.h"
#include "ops/expr/seed.h"
#include "ops/expr/faults.h"

struct generator {
    uint64_t state;
    double second; /* a normal value is drawn with another */
    bool has_second;
};

static uint64_t state_of(uint64_t seed)
{
    enum { FIRST_SEED = 0x3c074a61 };
    uint8_t bytes[sizeof seed];
    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(seed >> (8 * (sizeof bytes - 1 - i)));
    uint32_t low = lt_hash_murmur(bytes, sizeof bytes, FIRST_SEED);
    return (uint64_t)lt_hash_murmur(bytes, sizeof bytes, low) << 32 | low;
}

static uint32_t draw(struct generator *generator, unsigned bits)
{
    uint64_t next = generator->state;
    next ^= next << 21;
    next ^= next >> 35;
    next ^= next << 4;
    generator->state = next;
    return (uint32_t)(next & (((uint64_t)1 << bits) - 1));
}

/* 0 <= x < 1 */
static double draw_double(struct generator *generator)
{
    uint64_t high = draw(generator, 26);
    return (double)(high << 27 | draw(generator, 27)) * 0x1p-53;
}

/* A generator by the constant argument `index`, NULL being 0; by chance when there is none. */
static int prepare_generator(const struct lt_prepare *prepare, uint32_t index,
                             struct lt_error *error)
{
    const struct lt_expression *call = prepare->expression;
    struct generator *generator = lt_arena_alloc(prepare->arena, sizeof *generator);
    prepare->call->state = generator;
    if (index < call->argument_count) {
        const struct lt_expression *seed = call->arguments[index];
        generator->state = state_of(seed->is_null ? 0 : (uint64_t)seed->value.i64);
        return LT_OK;
    }
    if (RAND_bytes((uint8_t *)&generator->state, sizeof generator->state) != 1)
        return lt_error_set(error, LT_E_INTERNAL, "the machine gives no random bytes");
    generator->state |= 1; /* 0 would stay 0 */
    return LT_OK;
}

static int prepare_first(const struct lt_prepare *prepare, struct lt_error *error)
{
    return prepare_generator(prepare, 0, error);
}

static int prepare_second(const struct lt_prepare *prepare, struct lt_error *error)
{
    return prepare_generator(prepare, 1, error);
}

/* -------------------------------------------------------------------------------------- kernels */

static enum lt_kernel uniform_double(struct lt_machine *machine, const struct lt_call *call,
                                     union lt_value *out)
{
    (void)machine;
    out->f64 = draw_double(call->state);
    return LT_KERNEL_VALUE;
}

/* Two normal values of a point within the unit circle (Marsaglia's polar method). */
static enum lt_kernel normal_double(struct lt_machine *machine, const struct lt_call *call,
                                    union lt_value *out)
{
    struct generator *generator = call->state;
    (void)machine;
    out->f64 = generator->second;
    generator->has_second = !generator->has_second;
    if (!generator->has_second)
        return LT_KERNEL_VALUE;
    double x, y, square;
    do { /* ends: four of five points are within */
        x = 2 * draw_double(generator) - 1;
        y = 2 * draw_double(generator) - 1;
        square = x * x + y * y;
    } while (square >= 1 || square == 0);
    double scale = sqrt(-2 * log(square) / square);
    generator->second = y * scale;
    out->f64 = x * scale;
    return LT_KERNEL_VALUE;
}

static enum lt_kernel random_text(struct lt_machine *machine, const struct lt_call *call,
                                  union lt_value *out)
{
    static const char letters[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    enum { LETTER_COUNT = sizeof letters - 1 };
    bool is_null = lt_argument_is_null(machine, call, 0);
    int64_t size = is_null ? 0 : lt_argument(machine, call, 0)->i64;
    if (size < 0)
        return lt_fault_parameter(machine, call, "INVALID_PARAMETER_VALUE.LENGTH", "length",
                                  "Expects `length` greater than or equal to 0, but got %lld",
                                  (long long)size);
    char *text = lt_machine_alloc(machine, (size_t)size);
    if (text == NULL)
        return lt_machine_too_large(machine, call);
    for (int64_t i = 0; i < size; i++) {
        int32_t drawn = (int32_t)draw(call->state, 32) % LETTER_COUNT;
        text[i] = letters[drawn < 0 ? -drawn : drawn];
    }
    *out = lt_value_bytes(text, (uint32_t)size);
    return LT_KERNEL_VALUE;
}

/* ------------------------------------------------------------------------------------- analysis */

/* The seed, if there is one, is a constant INT or BIGINT. */
int lt_analyser_seed(struct lt_analyser *analyser, struct lt_expression *call, uint32_t index)
{
    if (index >= call->argument_count)
        return LT_OK;
    struct lt_expression **seed = &call->arguments[index];
    const struct lt_type *type = (*seed)->type;
    if (type->kind != LT_TYPE_INT && type->kind != LT_TYPE_BIGINT && type->kind != LT_TYPE_VOID)
        return lt_analyser_unexpected(analyser, call, index, "an INT or a BIGINT");
    const char *printed = lt_expr_text(*seed, analyser->coerce.arena);
    const char *whole = lt_expr_text(call, analyser->coerce.arena);
    int code = lt_analyser_cast(analyser, seed, lt_type_simple(LT_TYPE_BIGINT));
    if (code != LT_OK)
        return code;
    code = lt_analyser_fold(analyser, seed);
    if (code != LT_OK || (*seed)->kind == LT_EXPR_LITERAL)
        return code;
    return lt_analyser_fail(analyser, LT_E_ANALYSIS, call, "SEED_EXPRESSION_IS_UNFOLDABLE", "42K08",
                            "The seed expression \"%s\" of the expression \"%s\" must be foldable.",
                            printed, whole);
}

static int infer_random(struct lt_analyser *analyser, struct lt_expression *call)
{
    int code = lt_analyser_seed(analyser, call, 0);
    return code == LT_OK ? LT_INFER_LETTERS : code;
}

static int infer_random_text(struct lt_analyser *analyser, struct lt_expression *call)
{
    int code = lt_analyser_constant(analyser, call, 0);
    if (code == LT_OK)
        code = lt_analyser_seed(analyser, call, 1);
    return code == LT_OK ? LT_INFER_LETTERS : code;
}

/* The type of a value between two numbers: the decimal, else the one that is wider. */
static const struct lt_type *type_between(struct lt_analyser *analyser, const struct lt_type *a,
                                          const struct lt_type *b)
{
    if (lt_type_is_fraction(a) || lt_type_is_fraction(b))
        return lt_type_simple(a->kind == LT_TYPE_DOUBLE || b->kind == LT_TYPE_DOUBLE
                                  ? LT_TYPE_DOUBLE
                                  : LT_TYPE_FLOAT);
    if (a->kind == LT_TYPE_DECIMAL && b->kind == LT_TYPE_DECIMAL)
        return lt_coerce_common(&analyser->coerce, a, b);
    if (a->kind == LT_TYPE_DECIMAL || b->kind == LT_TYPE_DECIMAL)
        return a->kind == LT_TYPE_DECIMAL ? a : b;
    return a->kind > b->kind ? a : b;
}

/* uniform(a, b, seed) is a + (b - a) * rand(seed), of doubles, as the type of a and b. */
static int become_between(struct lt_analyser *analyser, struct lt_expression *call,
                          const struct lt_type *type)
{
    const struct lt_type *number = lt_type_simple(LT_TYPE_DOUBLE);
    struct lt_expression **arguments = call->arguments;
    struct lt_expression *seed = call->argument_count == 3 ? arguments[2] : NULL;
    for (uint32_t i = 0; i < 2; i++) {
        int code = lt_analyser_cast(analyser, &arguments[i], number);
        if (code != LT_OK)
            return code;
    }
    struct lt_expression *drawn = lt_analyser_call(analyser, call, "rand", seed, NULL);
    drawn->argument_count = seed == NULL ? 0 : 1;
    struct lt_expression *width = lt_analyser_call(analyser, call, "-", arguments[1], arguments[0]);
    struct lt_expression *part = lt_analyser_call(analyser, call, "*", width, drawn);
    struct lt_expression *sum = lt_analyser_call(analyser, call, "+", arguments[0], part);
    int code = lt_analyse(analyser, sum);
    if (code == LT_OK)
        code = lt_analyser_cast(analyser, &sum, type);
    if (code == LT_OK)
        *call = *sum;
    return code;
}

static int infer_uniform(struct lt_analyser *analyser, struct lt_expression *call)
{
    bool has_null = false;
    for (uint32_t i = 0; i < 2; i++) {
        const struct lt_type *type = call->arguments[i]->type;
        has_null = has_null || type->kind == LT_TYPE_VOID;
        if (!lt_type_is_number(type) && type->kind != LT_TYPE_DECIMAL && type->kind != LT_TYPE_VOID)
            return lt_analyser_unexpected(analyser, call, i, "a number");
        int code = lt_analyser_constant(analyser, call, i);
        if (code != LT_OK)
            return code;
    }
    int code = lt_analyser_seed(analyser, call, 2);
    if (code != LT_OK)
        return code;
    const struct lt_type *type =
        has_null ? lt_type_simple(LT_TYPE_DOUBLE)
                 : type_between(analyser, call->arguments[0]->type, call->arguments[1]->type);
    return become_between(analyser, call, type);
}

static const struct lt_function functions[] = {
    {"rand", "random", "rand([seed])", "A random double from 0 to less than 1.", "rand(0)", NULL,
     LT_NULL_AWARE, .is_total = true, .prepare = prepare_first, .infer = infer_random,
     .signatures = {LT_KERNEL("[l]", "d", uniform_double)}},
    {"randn", NULL, "randn([seed])", "A random double of the standard normal distribution.",
     "randn(0)", NULL, LT_NULL_AWARE, .is_total = true, .prepare = prepare_first,
     .infer = infer_random, .signatures = {LT_KERNEL("[l]", "d", normal_double)}},
    {"uniform", NULL, "uniform(a, b[, seed])", "A random number from a to b, both constants.",
     "uniform(10, 20, 0)", NULL, LT_NULL_AWARE, .infer = infer_uniform,
     .signatures = {LT_INLINE("aa[l]", "d", LT_OP_MOVE, LT_FAMILY_NONE)}},
    {"randstr", NULL, "randstr(count[, seed])",
     "A text of so many random letters (A to Z, a to z) and digits.", "randstr(5, 0)", NULL,
     LT_NULL_AWARE, .is_total = true, .prepare = prepare_second, .infer = infer_random_text,
     .signatures = {LT_KERNEL("i[l]", "s", random_text)}},
};

const struct lt_function_group lt_functions_random = {"random", functions,
                                                      sizeof functions / sizeof functions[0]};
