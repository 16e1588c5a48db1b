/*
 * Trees to steps. Each node gets a register of its own, and nodes with the same value share one
 * (share.h); constants are filled in here and never written again. What a node does not need is
 * jumped over (compile_flow.c): an operand that is not reached cannot fail.
 */
#include <string.h>

#include "core/text/datetime.h"
#include "ops/expr/analyser.h"
#include "ops/expr/cast_decimal.h"
#include "ops/expr/compiler.h"
#include "ops/expr/decimal.h"
#include "ops/expr/expr.h"
#include "ops/expr/json_group.h"
#include "ops/expr/same.h"
#include "ops/expr/shortcut.h"

uint32_t lt_compiler_emit(struct lt_compiler *compiler, struct lt_step step)
{
    struct lt_program *program = compiler->program;
    if (program->step_count == compiler->step_capacity) {
        compiler->step_capacity = compiler->step_capacity == 0 ? 16 : 2 * compiler->step_capacity;
        program->steps =
            lt_realloc_array(program->steps, compiler->step_capacity, sizeof *program->steps);
    }
    step.code = lt_machine_label((enum lt_op)step.op);
    program->steps[program->step_count] = step;
    return program->step_count++;
}

uint32_t lt_compiler_register(struct lt_compiler *compiler)
{
    struct lt_program *program = compiler->program;
    struct lt_machine *machine = &program->machine;
    if (program->register_count == compiler->register_capacity) {
        uint32_t capacity = compiler->register_capacity == 0 ? 16 : 2 * compiler->register_capacity;
        machine->values = lt_realloc_array(machine->values, capacity, sizeof *machine->values);
        machine->nulls = lt_realloc_array(machine->nulls, capacity, 1);
        compiler->register_capacity = capacity;
    }
    memset(&machine->values[program->register_count], 0, sizeof *machine->values);
    machine->nulls[program->register_count] = 0;
    return program->register_count++;
}

uint32_t lt_compiler_wanted(struct lt_compiler *compiler, uint32_t want)
{
    return want == LT_REGISTER_ANY ? lt_compiler_register(compiler) : want;
}

/* Is there a date or a timestamp in it? */
static bool has_zone_type(const struct lt_type *type)
{
    return lt_type_has_kind(type, LT_TYPE_DATE) || lt_type_has_kind(type, LT_TYPE_TIMESTAMP) ||
           lt_type_has_kind(type, LT_TYPE_TIMESTAMP_NTZ);
}

void lt_compiler_times(struct lt_compiler *compiler)
{
    struct lt_machine *machine = &compiler->program->machine;
    if (machine->times != NULL)
        return;
    machine->times = lt_arena_alloc(compiler->program->arena, sizeof *machine->times);
    machine->times->zones = lt_zones_create();
    machine->times->clock = machine->clock;
    if (lt_zones_open(machine->times->zones, compiler->session->time_zone, &machine->times->zone,
                      compiler->error) != LT_OK)
        compiler->is_failed = true;
}

struct lt_call *lt_compiler_call(struct lt_compiler *compiler, const struct lt_expression *node,
                                 uint32_t argument_count)
{
    struct lt_arena *arena = compiler->program->arena;
    struct lt_call *call = lt_arena_alloc(arena, sizeof *call);
    uint32_t *arguments = lt_arena_alloc(arena, argument_count * sizeof *arguments);
    const struct lt_type **types = lt_arena_alloc(arena, argument_count * sizeof *types);
    bool needs_zone = has_zone_type(node->type);
    for (uint32_t i = 0; i < argument_count; i++) {
        types[i] = node->arguments[i]->type;
        needs_zone = needs_zone || has_zone_type(types[i]);
    }
    if (needs_zone)
        lt_compiler_times(compiler);
    *call = (struct lt_call){.arguments = arguments,
                             .argument_types = types,
                             .type = node->type,
                             .argument_count = argument_count,
                             .is_legacy = compiler->session->is_legacy,
                             .session = compiler->session,
                             .name = node->kind == LT_EXPR_CALL ? node->name : "cast",
                             .stored = node->kind == LT_EXPR_CAST ? node->name : NULL,
                             .place = {compiler->text, node->begin, node->end}};
    return call;
}

/* The step that does what a call of one or two arguments does, but for rare values. */
static enum lt_op direct_op(const struct lt_compiler *compiler, const struct lt_call *call)
{
    enum lt_op op = call->argument_count == 1   ? LT_OP_CALL_1
                    : call->argument_count == 2 ? LT_OP_CALL_2
                                                : LT_OP_CALL;
    if (compiler->session->is_unoptimised)
        return op;
    if (call->kernel == lt_remainder && lt_type_is_integral(call->type))
        return LT_OP_REMAINDER;
    if (lt_decimal_multiplies_whole(call))
        return LT_OP_MULTIPLY_DECIMAL;
    return call->kernel == lt_decimal_of_integer ? LT_OP_TO_DECIMAL : op;
}

void lt_compiler_emit_call(struct lt_compiler *compiler, enum lt_op op, struct lt_call *call,
                           uint32_t out)
{
    struct lt_step step = {.op = op, .out = out, .call = call};
    if (call->argument_count > 0)
        step.a = call->arguments[0];
    if (call->argument_count > 1)
        step.b = call->arguments[1];
    if (op == LT_OP_CALL)
        step.op = direct_op(compiler, call);
    for (uint32_t i = 0; i < call->argument_count; i++)
        lt_assert(call->arguments[i] != out);
    (void)lt_compiler_emit(compiler, step);
}

/* -------------------------------------------------------------------------------------- leaves */

/* What is in a register already. */
static uint32_t compile_same(struct lt_compiler *compiler, uint32_t in, uint32_t want)
{
    if (want == LT_REGISTER_ANY)
        return in;
    (void)lt_compiler_emit(compiler, (struct lt_step){.op = LT_OP_MOVE, .out = want, .a = in});
    return want;
}

/* Kernels read short texts in whole words where they may. */
static void pad_constant(struct lt_arena *arena, struct lt_bytes *bytes)
{
    enum { PADDING_BYTES = 16, SHORT_BYTES = 64 };
    if (bytes->size_bytes > SHORT_BYTES)
        return;
    uint8_t *padded = lt_arena_alloc(arena, bytes->size_bytes + PADDING_BYTES);
    if (bytes->size_bytes > 0)
        memcpy(padded, bytes->data, bytes->size_bytes);
    bytes->data = padded;
    bytes->padding_bytes = PADDING_BYTES;
}

static uint32_t compile_literal(struct lt_compiler *compiler, const struct lt_expression *node,
                                uint32_t want)
{
    uint32_t constant = lt_compiler_register(compiler);
    union lt_value *value = &compiler->program->machine.values[constant];
    *value = node->value;
    compiler->program->machine.nulls[constant] = node->is_null;
    if (!node->is_null && lt_type_is_bytes(node->type))
        pad_constant(compiler->program->arena, &value->bytes);
    return compile_same(compiler, constant, want);
}

static uint32_t compile_column(struct lt_compiler *compiler, const struct lt_expression *node,
                               uint32_t want)
{
    uint32_t out = lt_compiler_wanted(compiler, want);
    (void)lt_compiler_emit(
        compiler, (struct lt_step){.op = LT_OP_COLUMN, .out = out, .a = (uint32_t)node->index});
    return out;
}

static uint32_t compile_variable(struct lt_compiler *compiler, const struct lt_expression *node,
                                 uint32_t want)
{
    return compile_same(compiler, compiler->variables[node->index], want);
}

static uint32_t compile_field(struct lt_compiler *compiler, const struct lt_expression *node,
                              uint32_t want)
{
    uint32_t base = lt_compile(compiler, node->arguments[0], LT_REGISTER_ANY);
    uint32_t filled = lt_compiler_field_register(compiler, node);
    if (filled != LT_REGISTER_ANY)
        return compile_same(compiler, filled, want);
    uint32_t out = lt_compiler_wanted(compiler, want);
    uint32_t position = lt_compiler_field_position(compiler, node);
    if (node->arguments[0]->type->kind == LT_TYPE_ARRAY) {
        struct lt_call *call = lt_compiler_call(compiler, node, 1);
        uint32_t *index = lt_arena_alloc(compiler->program->arena, sizeof *index);
        *index = position;
        call->kernel = lt_field_of_elements;
        call->state = index;
        lt_call_arguments(call)[0] = base;
        lt_compiler_emit_call(compiler, LT_OP_CALL, call, out);
        return out;
    }
    (void)lt_compiler_emit(
        compiler, (struct lt_step){.op = LT_OP_FIELD, .out = out, .a = base, .b = position});
    return out;
}

int32_t lt_compiler_json_column(const struct lt_expression *base)
{
    while (base->kind == LT_EXPR_CAST && lt_type_is_bytes(base->type) &&
           lt_type_is_bytes(base->arguments[0]->type))
        base = base->arguments[0];
    return base->kind == LT_EXPR_COLUMN ? base->index : -1;
}

static struct lt_json_group *json_group(struct lt_program *program, int32_t column)
{
    for (struct lt_program_json *json = program->json; json != NULL; json = json->next) {
        if (column >= 0 && json->column == column)
            return json->group;
    }
    struct lt_program_json *json = lt_arena_alloc(program->arena, sizeof *json);
    *json = (struct lt_program_json){program->json, lt_json_group_create(column >= 0), column};
    program->json = json;
    return json->group;
}

static uint32_t compile_json_path(struct lt_compiler *compiler, const struct lt_expression *node,
                                  uint32_t want)
{
    struct lt_program *program = compiler->program;
    uint32_t base = lt_compile(compiler, node->arguments[0], LT_REGISTER_ANY);
    struct lt_json_load *load = lt_arena_alloc(program->arena, sizeof *load);
    load->group = json_group(program, lt_compiler_json_column(node->arguments[0]));
    load->index = lt_json_group_add(load->group, node->name);
    load->kind = node->type->kind;
    uint32_t out = lt_compiler_wanted(compiler, want);
    (void)lt_compiler_emit(
        compiler, (struct lt_step){.op = LT_OP_JSON_FIELD, .out = out, .a = base, .json = load});
    return out;
}

/* --------------------------------------------------------------------------------------- calls */

static bool is_column_size(const struct lt_expression *node)
{
    if (node->kind == LT_EXPR_CAST && lt_type_is_integral(node->arguments[0]->type) &&
        node->type->kind == LT_TYPE_BIGINT)
        node = node->arguments[0];
    return node->kind == LT_EXPR_CALL && node->argument_count == 1 &&
           node->signature->op == LT_OP_SIZE_BYTES && node->arguments[0]->kind == LT_EXPR_COLUMN;
}

/* length(column) > 8, the commonest condition, is one step; 8 < length(column) too. */
static bool compile_size_compared(struct lt_compiler *compiler, const struct lt_expression *node,
                                  enum lt_op op, uint32_t out)
{
    bool is_order = op == LT_OP_EQUAL_I64 || op == LT_OP_LESS_I64 || op == LT_OP_LESS_EQUAL_I64 ||
                    op == LT_OP_GREATER_I64 || op == LT_OP_GREATER_EQUAL_I64;
    if (!is_order)
        return false;
    bool is_turned = !is_column_size(node->arguments[0]);
    const struct lt_expression *size = node->arguments[is_turned];
    const struct lt_expression *bound = node->arguments[!is_turned];
    if (!is_column_size(size) || bound->kind != LT_EXPR_LITERAL || bound->is_null)
        return false;
    size = size->kind == LT_EXPR_CAST ? size->arguments[0] : size;
    struct lt_range *range = lt_arena_alloc(compiler->program->arena, sizeof *range);
    *range = lt_range_of(is_turned ? lt_op_turned(op) : op, bound->value.i64, 1);
    (void)lt_compiler_emit(compiler, (struct lt_step){.op = LT_OP_SIZE_OF_COLUMN_COMPARED,
                                                      .out = out,
                                                      .a = (uint32_t)size->arguments[0]->index,
                                                      .range = range});
    return true;
}

void lt_compiler_prepare(struct lt_compiler *compiler, const struct lt_prepare *request,
                         const struct lt_function *function)
{
    struct lt_program *program = compiler->program;
    if (compiler->is_failed) /* what is prepared well would make the error go */
        return;
    if (function->prepare(request, compiler->error) != LT_OK) {
        compiler->is_failed = true;
        return;
    }
    void *state = request->call->state;
    if (function->release == NULL || state == NULL)
        return;
    struct lt_prepared *prepared = lt_arena_alloc(program->arena, sizeof *prepared);
    *prepared = (struct lt_prepared){program->prepared, function->release, state};
    program->prepared = prepared;
}

enum lt_op lt_compiler_order_op(enum lt_op first, const struct lt_type *type)
{
    if (lt_type_is_fraction(type))
        return first + (LT_OP_EQUAL_F64 - LT_OP_EQUAL_I64);
    if (lt_type_is_bytes(type))
        return first + (LT_OP_EQUAL_BYTES - LT_OP_EQUAL_I64);
    bool is_i64 = type->kind <= LT_TYPE_BIGINT || type->kind == LT_TYPE_TIMESTAMP;
    return is_i64 ? first : first + (LT_OP_EQUAL_ANY - LT_OP_EQUAL_I64);
}

static enum lt_op opcode_of(const struct lt_function *function,
                            const struct lt_signature *signature, const struct lt_expression *node)
{
    const struct lt_type *type = node->arguments[0]->type;
    if (signature->kernel != NULL)
        return function->null_rule == LT_NULL_AWARE ? LT_OP_CALL_WITH_NULLS : LT_OP_CALL;
    if (signature->family == LT_FAMILY_NUMERIC)
        return signature->op + (type->kind - LT_TYPE_TINYINT);
    return signature->family == LT_FAMILY_ORDER && signature->op != LT_OP_NULL_SAFE_EQUAL
               ? lt_compiler_order_op(signature->op, type)
               : signature->op;
}

/* text = 'short', either way round. */
static bool compile_equal_short(struct lt_compiler *compiler, const struct lt_expression *node,
                                enum lt_op op, const struct lt_call *call, uint32_t out)
{
    for (uint32_t i = 0; op == LT_OP_EQUAL_BYTES && i < 2; i++) {
        struct lt_step step = {.op = op, .out = out, .a = call->arguments[1 - i]};
        if (lt_compiler_short_text(compiler, node->arguments[i], &step)) {
            (void)lt_compiler_emit(compiler, step);
            return true;
        }
    }
    return false;
}

/* number % constant. The constant's register is read by nobody then. */
static bool compile_remainder_by(struct lt_compiler *compiler, const struct lt_expression *node,
                                 struct lt_call *call, uint32_t out)
{
    if (call->kernel != lt_remainder || !lt_type_is_integral(call->type) ||
        node->arguments[1]->kind != LT_EXPR_LITERAL || node->arguments[1]->is_null ||
        compiler->session->is_unoptimised)
        return false;
    int64_t divisor = node->arguments[1]->value.i64;
    if (divisor < 2 || divisor > UINT32_MAX)
        return false;
    struct lt_divisor *by = lt_arena_alloc(compiler->program->arena, sizeof *by);
    *by = (struct lt_divisor){.multiplier = UINT64_MAX / (uint64_t)divisor + 1,
                              .divisor = (uint32_t)divisor};
    call->state = by;
    lt_compiler_emit_call(compiler, LT_OP_REMAINDER_BY, call, out);
    return true;
}

/* Of how many arguments, from the first on, a NULL makes the call NULL, and nothing is looked at
 * behind it. get_json_object() looks at both; so does, as in Spark's interpreter, a function of any
 * number of arguments where all are constants, but for arrays that concat() puts together. */
static uint32_t strict_count(const struct lt_function *function, const struct lt_expression *node)
{
    if (strcmp(function->name, "format_string") == 0)
        return 1;
    if (function->null_rule != LT_NULL_STRICT || strcmp(function->name, "get_json_object") == 0)
        return 0;
    bool is_array = node->type->kind == LT_TYPE_ARRAY && strcmp(function->name, "concat") == 0;
    bool is_open = strchr(function->signatures[0].parameters, '*') != NULL;
    return !is_open || is_array || lt_expr_varies(node) ? node->argument_count : 0;
}

static uint32_t compile_plain(struct lt_compiler *compiler, const struct lt_expression *node,
                              const struct lt_function *function, uint32_t want)
{
    const struct lt_signature *signature = node->signature;
    enum lt_op op =
        node->argument_count == 0
            ? (function->null_rule == LT_NULL_AWARE ? LT_OP_CALL_WITH_NULLS : LT_OP_CALL)
            : opcode_of(function, signature, node);
    if (node->argument_count == 2) {
        uint32_t out = want == LT_REGISTER_ANY ? compiler->program->register_count : want;
        if (compile_size_compared(compiler, node, op, out))
            return lt_compiler_wanted(compiler, want);
    }
    if (function->needs_zone)
        lt_compiler_times(compiler);
    node = lt_compiler_decode_constants(compiler, node);
    struct lt_call *call = lt_compiler_call(compiler, node, node->argument_count);
    struct lt_skips skips = lt_compile_arguments(compiler, node, strict_count(function, node),
                                                 lt_call_arguments(call));
    lt_compiler_decode_texts(compiler, node, lt_call_arguments(call));
    lt_compile_lambdas(compiler, node, call);
    call->kernel = signature->kernel;
    call->is_try = function->is_try;
    bool has_legacy =
        call->is_legacy && signature->kernel == NULL && function->legacy_kernel != NULL;
    if (has_legacy) {
        call->kernel = function->legacy_kernel;
        op = LT_OP_CALL;
    }
    const struct lt_prepare request = {
        .call = call, .expression = node, .arena = compiler->program->arena};
    if (function->prepare != NULL)
        lt_compiler_prepare(compiler, &request, function);
    uint32_t out = lt_compiler_wanted(compiler, want);
    if (!compile_equal_short(compiler, node, op, call, out) &&
        !compile_remainder_by(compiler, node, call, out))
        lt_compiler_emit_call(compiler, op, call, out);
    lt_compile_skipped(compiler, &skips, out);
    return out;
}

/* The struct that is the one row of json_tuple is a value; rows are none. */
static uint32_t compile_generator(struct lt_compiler *compiler, const struct lt_expression *node,
                                  const struct lt_function *function, uint32_t want)
{
    if (node->signature->kernel != NULL)
        return compile_plain(compiler, node, function, want);
    compiler->is_failed = true;
    (void)lt_error_set(compiler->error, LT_E_ANALYSIS, "\"%s\" gives rows, not a value",
                       node->name);
    (void)lt_error_condition(compiler->error, "UNSUPPORTED_GENERATOR.OUTSIDE_SELECT", "42K0E");
    return lt_compiler_wanted(compiler, want);
}

static uint32_t compile_itself(struct lt_compiler *compiler, const struct lt_expression *node,
                               uint32_t want)
{
    return compile_plain(compiler, node, lt_function_at((size_t)node->index, NULL), want);
}

static uint32_t compile_call(struct lt_compiler *compiler, const struct lt_expression *node,
                             uint32_t want)
{
    const struct lt_function *function = lt_function_at((size_t)node->index, NULL);
    switch (function->flow) {
    case LT_FLOW_AND:
        return lt_compile_and(compiler, node, want);
    case LT_FLOW_OR:
        return lt_compile_or(compiler, node, want);
    case LT_FLOW_IF:
        return lt_compile_if(compiler, node, want);
    case LT_FLOW_COALESCE:
        return lt_compile_coalesce(compiler, node, want);
    case LT_FLOW_IN:
        return lt_compile_in(compiler, node, want);
    case LT_FLOW_READER:
        return lt_compile_reader(compiler, node, want);
    case LT_FLOW_GENERATOR:
        return compile_generator(compiler, node, function, want);
    case LT_FLOW_CALL:
        if (node->is_try || function->is_catching)
            return lt_compile_tried(compiler, node, compile_itself, want);
        if (lt_compiler_may_be_known(node))
            return lt_compile_unless_known(compiler, node, compile_itself, want);
        if (lt_compiler_is_choice(compiler, node))
            return lt_compile_choice(compiler, node, want);
        break;
    case LT_FLOW_AGGREGATE:
        lt_assert(!"refused by the analyser");
        break;
    case LT_FLOW_REWRITTEN:
        lt_assert(!"rewritten by the analyser");
    }
    return compile_plain(compiler, node, function, want);
}

/* A constant that fails for every record that comes to it, as every record does. */
static uint32_t refuse_failing(struct lt_compiler *compiler, const struct lt_expression *node,
                               uint32_t want)
{
    if (!compiler->is_failed)
        (void)lt_fold_refuse(node, compiler->text, compiler->session, compiler->error);
    compiler->is_failed = true;
    return lt_compiler_wanted(compiler, want);
}

static uint32_t compile_node(struct lt_compiler *compiler, const struct lt_expression *node,
                             uint32_t want)
{
    if (node->is_failing)
        return refuse_failing(compiler, node, want);
    switch (node->kind) {
    case LT_EXPR_LITERAL:
        return compile_literal(compiler, node, want);
    case LT_EXPR_COLUMN:
        return compile_column(compiler, node, want);
    case LT_EXPR_CALL:
        return compile_call(compiler, node, want);
    case LT_EXPR_CAST:
        return lt_compile_cast(compiler, node, want);
    case LT_EXPR_CASE:
        return lt_compile_case(compiler, node, want);
    case LT_EXPR_FIELD:
        return compile_field(compiler, node, want);
    case LT_EXPR_JSON_PATH:
        return compile_json_path(compiler, node, want);
    case LT_EXPR_ALIAS:
        return lt_compile(compiler, node->arguments[0], want);
    case LT_EXPR_VARIABLE:
        return compile_variable(compiler, node, want);
    case LT_EXPR_LAMBDA:
    case LT_EXPR_STAR:
        break;
    }
    lt_assert(!"refused by the analyser");
    return 0;
}

/* Recursion is bounded: the parser refused deeper trees. */
uint32_t lt_compile(struct lt_compiler *compiler, const struct lt_expression *node, uint32_t want)
{
    uint64_t hash;
    uint32_t known = lt_share_find(&compiler->share, node, &hash);
    if (known == LT_REGISTER_ANY) {
        const char *text = compiler->text;
        compiler->text = node->text == NULL ? text : node->text;
        uint32_t out = compile_node(compiler, node, want);
        compiler->text = text;
        /* A register that was asked for is written again by who asked. */
        if (want == LT_REGISTER_ANY)
            lt_share_add(&compiler->share, node, hash, out);
        return out;
    }
    return compile_same(compiler, known, want);
}
