/*
 * Casts to steps, and lambdas.
 *
 * A cast of an array, map or struct is one call; what it does with each part is a call of its own,
 * with a register of its own, that the kernel fills and calls (cast_nested.c).
 *
 * The body of a lambda stands where its call does, and is jumped over; the kernel runs it by
 * lt_machine_call_lambda() as often as it likes. What the body reads of the outside was computed
 * before.
 */
#include <string.h>

#include "ops/expr/cast.h"
#include "ops/expr/cast_decimal.h"
#include "ops/expr/cast_time.h"
#include "ops/expr/compiler.h"
#include "ops/expr/expr.h"
#include "ops/expr/same.h"

/* ---------------------------------------------------------------------------------------- casts */

static void *make_parts(struct lt_compiler *compiler, const struct lt_type *from,
                        const struct lt_type *to, const struct lt_call *whole);

/* The call of one cast, its argument a new register; NULL: nothing to do. */
static struct lt_call *cast_call(struct lt_compiler *compiler, const struct lt_type *from,
                                 const struct lt_type *to, const struct lt_call *whole)
{
    lt_kernel_fn *kernel = NULL;
    enum lt_cast_way way = lt_cast_find(compiler->session, from, to, &kernel);
    lt_assert(way != LT_CAST_UNKNOWN);
    if (way == LT_CAST_SAME)
        return NULL;
    struct lt_arena *arena = compiler->program->arena;
    struct lt_call *call = lt_arena_alloc(arena, sizeof *call);
    uint32_t *argument = lt_arena_alloc(arena, sizeof *argument);
    const struct lt_type **type = lt_arena_alloc(arena, sizeof *type);
    *call = *whole;
    *argument = lt_compiler_register(compiler);
    *type = from;
    call->kernel = kernel;
    call->arguments = argument;
    call->argument_types = type;
    call->argument_count = 1;
    call->type = to;
    call->state = way == LT_CAST_PARTS ? make_parts(compiler, from, to, call) : NULL;
    return call;
}

/* Recursion is bounded by the depth of types. */
static void *make_parts(struct lt_compiler *compiler, const struct lt_type *from,
                        const struct lt_type *to, const struct lt_call *whole)
{
    struct lt_arena *arena = compiler->program->arena;
    const struct lt_call **calls = lt_arena_alloc(arena, from->field_count * sizeof *calls);
    bool is_text = lt_type_is_bytes(to);
    for (uint32_t i = 0; i < from->field_count; i++)
        calls[i] =
            cast_call(compiler, from->fields[i].type, is_text ? to : to->fields[i].type, whole);
    struct lt_cast_parts *parts = lt_arena_alloc(arena, sizeof *parts);
    parts->calls = calls;
    return parts;
}

/* The constant 'epoch' as a date or a timestamp, as a literal. */
static bool make_special(struct lt_compiler *compiler, const struct lt_expression *node,
                         struct lt_expression *literal)
{
    const struct lt_expression *from = node->arguments[0];
    bool is_text = from->kind == LT_EXPR_LITERAL && !from->is_null && lt_type_is_bytes(from->type);
    if (!is_text || node->type->kind < LT_TYPE_DATE || node->type->kind > LT_TYPE_TIMESTAMP_NTZ)
        return false;
    lt_compiler_times(compiler);
    *literal = (struct lt_expression){
        .kind = LT_EXPR_LITERAL, .begin = node->begin, .end = node->end, .type = node->type};
    return !compiler->is_failed &&
           lt_cast_time_special(compiler->program->machine.times, node->type, &from->value.bytes,
                                &literal->value);
}

/* A number cast to a wider one, and that to a wider one: Spark leaves the first out, so that a
 * bigint that goes through float to double keeps its digits; but not of a constant, whose value it
 * has before. */
static bool is_widened_twice(const struct lt_expression *node)
{
    const struct lt_expression *inner = node->kind == LT_EXPR_CAST ? node->arguments[0] : NULL;
    if (inner == NULL || inner->kind != LT_EXPR_CAST || !lt_type_is_number(node->type) ||
        !lt_type_is_number(inner->type))
        return false;
    const struct lt_type *from = inner->arguments[0]->type;
    return lt_expr_varies(inner->arguments[0]) && lt_type_is_number(from) &&
           from->kind <= inner->type->kind && inner->type->kind <= node->type->kind;
}

uint32_t lt_compile_cast(struct lt_compiler *compiler, const struct lt_expression *node,
                         uint32_t want)
{
    const struct lt_expression *from = node->arguments[0];
    struct lt_expression special;
    if (is_widened_twice(node))
        from = from->arguments[0];
    if (make_special(compiler, node, &special))
        return lt_compile(compiler, &special, want);
    if (lt_type_is_integral(from->type) && node->type->kind == LT_TYPE_DOUBLE) {
        uint32_t a = lt_compile(compiler, from, LT_REGISTER_ANY);
        uint32_t out = lt_compiler_wanted(compiler, want);
        (void)lt_compiler_emit(compiler,
                               (struct lt_step){.op = LT_OP_TO_DOUBLE, .out = out, .a = a});
        return out;
    }
    struct lt_call *whole = lt_compiler_call(compiler, node, 1);
    whole->is_try = node->is_try || compiler->session->is_legacy;
    /* try_cast has the same rules always */
    whole->is_legacy = node->is_legacy || (whole->is_legacy && !node->is_try);
    struct lt_call *call = cast_call(compiler, from->type, node->type, whole);
    if (call == NULL)
        return lt_compile(compiler, from, want);
    call->kernel = lt_cast_of_constant(call->kernel, !lt_expr_has_column(from));
    lt_call_arguments(call)[0] = lt_compile(compiler, from, LT_REGISTER_ANY);
    uint32_t out = lt_compiler_wanted(compiler, want);
    lt_compiler_emit_call(compiler, LT_OP_CALL, call, out);
    return out;
}

/* -------------------------------------------------------------------------------------- lambdas */

static void set_variable(struct lt_compiler *compiler, int32_t number, uint32_t variable)
{
    enum { FEWEST = 16 };
    uint32_t needed = (uint32_t)number + 1;
    if (needed > compiler->variable_count) {
        uint32_t count = needed < FEWEST ? FEWEST : 2 * needed;
        uint32_t *larger = lt_arena_alloc(compiler->program->arena, count * sizeof *larger);
        if (compiler->variable_count > 0)
            memcpy(larger, compiler->variables, compiler->variable_count * sizeof *larger);
        compiler->variables = larger;
        compiler->variable_count = count;
    }
    compiler->variables[number] = variable;
}

/* Steps up to RETURN, jumped over by what stands in front of them. */
static void compile_body(struct lt_compiler *compiler, const struct lt_expression *body,
                         struct lt_lambda *lambda, lt_compile_fn *compile)
{
    uint32_t jump = lt_compiler_emit(compiler, (struct lt_step){.op = LT_OP_JUMP});
    lambda->first_step = compiler->program->step_count;
    uint32_t entered = lt_share_enter(&compiler->share);
    lambda->result = compile(compiler, body, LT_REGISTER_ANY);
    lt_share_leave(&compiler->share, entered);
    (void)lt_compiler_emit(compiler, (struct lt_step){.op = LT_OP_RETURN});
    compiler->program->steps[jump].target = compiler->program->step_count;
}

static void compile_lambda(struct lt_compiler *compiler, const struct lt_expression *node,
                           struct lt_lambda *lambda)
{
    uint32_t count = node->argument_count - 1;
    uint32_t *parameters = lt_arena_alloc(compiler->program->arena, count * sizeof *parameters);
    for (uint32_t i = 0; i < count; i++) {
        parameters[i] = lt_compiler_register(compiler);
        set_variable(compiler, node->arguments[i + 1]->index, parameters[i]);
    }
    lambda->parameters = parameters;
    lambda->parameter_count = count;
    compile_body(compiler, node->arguments[0], lambda, lt_compile);
}

/* The value of the steps that the lambda is; NULL where they fail. */
static enum lt_kernel try_steps(struct lt_machine *machine, const struct lt_call *call,
                                union lt_value *out)
{
    const struct lt_lambda *steps = &call->lambdas[0];
    if (!lt_machine_call_lambda(machine, steps))
        return LT_KERNEL_NULL;
    const union lt_value *value = lt_machine_lambda_result(machine, steps);
    if (value != NULL)
        *out = *value;
    return value == NULL ? LT_KERNEL_NULL : LT_KERNEL_VALUE;
}

uint32_t lt_compile_tried(struct lt_compiler *compiler, const struct lt_expression *node,
                          lt_compile_fn *compile, uint32_t want)
{
    struct lt_lambda *steps = lt_arena_alloc(compiler->program->arena, sizeof *steps);
    struct lt_call *call = lt_compiler_call(compiler, node, 0);
    *steps = (struct lt_lambda){0};
    compile_body(compiler, node, steps, compile);
    call->lambdas = steps;
    call->kernel = try_steps;
    uint32_t out = lt_compiler_wanted(compiler, want);
    lt_compiler_emit_call(compiler, LT_OP_CALL, call, out);
    return out;
}

void lt_compile_lambdas(struct lt_compiler *compiler, const struct lt_expression *node,
                        struct lt_call *call)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < node->argument_count; i++)
        count += node->arguments[i]->kind == LT_EXPR_LAMBDA;
    if (count == 0)
        return;
    struct lt_lambda *lambdas = lt_arena_alloc(compiler->program->arena, count * sizeof *lambdas);
    uint32_t used = 0, nothing = lt_compiler_register(compiler);
    for (uint32_t i = 0; i < node->argument_count; i++) {
        if (node->arguments[i]->kind != LT_EXPR_LAMBDA)
            continue;
        compile_lambda(compiler, node->arguments[i], &lambdas[used++]);
        lt_call_arguments(call)[i] = nothing; /* never NULL, never read */
    }
    call->lambdas = lambdas;
}
