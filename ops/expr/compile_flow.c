/*
 * What jumps over steps: CASE, IF, AND, OR, coalesce, IN, elt, right(), and calls that are NULL
 * before all of their arguments are known.
 *
 * The first operand is always evaluated (the second of a division); of what follows each is
 * evaluated only where those before it have left the question open, and what is computed there is
 * not known afterwards (share.h). But what is cheap and cannot fail is evaluated always, and
 * nothing jumps (compile_cheap.c).
 */
#include <string.h>

#include "ops/expr/compiler.h"
#include "ops/expr/expr.h"
#include "ops/expr/same.h"

enum { CHOICES_MAX = 9 }; /* parts of what does not jump */

static uint32_t emit_jump(struct lt_compiler *compiler, enum lt_op op, uint32_t condition)
{
    return lt_compiler_emit(compiler, (struct lt_step){.op = op, .a = condition});
}

/* Lets the jump at `from` go to the next step. */
static void land(struct lt_compiler *compiler, uint32_t from)
{
    struct lt_program *program = compiler->program;
    program->steps[from].target = program->step_count;
}

static uint32_t *make_ends(struct lt_compiler *compiler, const struct lt_expression *node)
{
    return lt_arena_alloc(compiler->program->arena, node->argument_count * sizeof(uint32_t));
}

static void compile_branch(struct lt_compiler *compiler, const struct lt_expression *node,
                           uint32_t out)
{
    uint32_t entered = lt_share_enter(&compiler->share);
    (void)lt_compile(compiler, node, out);
    lt_share_leave(&compiler->share, entered);
}

static uint32_t null_register(struct lt_compiler *compiler)
{
    uint32_t constant = lt_compiler_register(compiler);
    compiler->program->machine.nulls[constant] = 1;
    return constant;
}

static bool are_all_cheap(struct lt_compiler *compiler, const struct lt_expression *node)
{
    bool are_cheap = node->argument_count <= CHOICES_MAX;
    for (uint32_t i = 0; i < node->argument_count && are_cheap; i++)
        are_cheap = lt_compiler_is_cheap(compiler, node->arguments[i]);
    return are_cheap;
}

/* Conditions and values in turns, and perhaps a last value: all are evaluated, and the result is
 * chosen from the last on. */
static uint32_t compile_selected(struct lt_compiler *compiler, const struct lt_expression *node,
                                 uint32_t want)
{
    uint32_t parts[CHOICES_MAX], count = node->argument_count;
    for (uint32_t i = 0; i < count; i++)
        parts[i] = lt_compile(compiler, node->arguments[i], LT_REGISTER_ANY);
    uint32_t out = lt_compiler_wanted(compiler, want);
    uint32_t other = count % 2 == 1 ? parts[count - 1] : null_register(compiler);
    for (uint32_t i = count / 2; i-- > 0; other = out)
        (void)lt_compiler_emit(compiler, (struct lt_step){.op = LT_OP_SELECT,
                                                          .out = out,
                                                          .a = parts[2 * i],
                                                          .b = parts[2 * i + 1],
                                                          .other = other});
    return out;
}

uint32_t lt_compile_case(struct lt_compiler *compiler, const struct lt_expression *node,
                         uint32_t want)
{
    uint32_t count = node->argument_count;
    if (count == 1) /* when(a) */
        return lt_compile(compiler, node->arguments[0], want);
    if (are_all_cheap(compiler, node))
        return compile_selected(compiler, node, want);
    uint32_t out = lt_compiler_wanted(compiler, want);
    uint32_t *ends = make_ends(compiler, node), end_count = 0, entered = 0;
    for (uint32_t i = 0; i + 1 < count; i += 2) {
        uint32_t when = lt_compile(compiler, node->arguments[i], LT_REGISTER_ANY);
        if (i == 0)
            entered = lt_share_enter(&compiler->share);
        uint32_t skip = emit_jump(compiler, LT_OP_JUMP_IF_NOT_TRUE, when);
        compile_branch(compiler, node->arguments[i + 1], out);
        ends[end_count++] = emit_jump(compiler, LT_OP_JUMP, 0);
        land(compiler, skip);
    }
    if (count % 2 == 1)
        compile_branch(compiler, node->arguments[count - 1], out);
    else
        (void)lt_compiler_emit(
            compiler, (struct lt_step){.op = LT_OP_MOVE, .out = out, .a = null_register(compiler)});
    lt_share_leave(&compiler->share, entered);
    while (end_count > 0)
        land(compiler, ends[--end_count]);
    return out;
}

/* What joins the parts of a chain, what leaves it before a part, and how its parts are compiled. */
struct chain {
    enum lt_op join, leave;
    uint32_t (*compile)(struct lt_compiler *, const struct lt_expression *, uint32_t);
};

static uint32_t compile_chain(struct lt_compiler *compiler, const struct lt_expression *node,
                              uint32_t want, const struct chain *chain)
{
    uint32_t out = lt_compiler_wanted(compiler, want);
    uint32_t count = node->argument_count;
    uint32_t *ends = make_ends(compiler, node), end_count = 0, entered = 0;
    (void)chain->compile(compiler, node->arguments[0], out);
    for (uint32_t i = 1; i < count; i++) {
        if (!lt_compiler_is_cheap(compiler, node->arguments[i])) {
            entered = end_count == 0 ? lt_share_enter(&compiler->share) : entered;
            ends[end_count++] = emit_jump(compiler, chain->leave, out);
        }
        uint32_t next = chain->compile(compiler, node->arguments[i], LT_REGISTER_ANY);
        (void)lt_compiler_emit(
            compiler, (struct lt_step){.op = chain->join, .out = out, .a = out, .b = next});
    }
    if (end_count > 0)
        lt_share_leave(&compiler->share, entered);
    while (end_count > 0)
        land(compiler, ends[--end_count]);
    return out;
}

uint32_t lt_compile_and(struct lt_compiler *compiler, const struct lt_expression *node,
                        uint32_t want)
{
    static const struct chain chain = {LT_OP_AND, LT_OP_JUMP_IF_FALSE, lt_compile};
    return compile_chain(compiler, node, want, &chain);
}

uint32_t lt_compile_or(struct lt_compiler *compiler, const struct lt_expression *node,
                       uint32_t want)
{
    static const struct chain chain = {LT_OP_OR, LT_OP_JUMP_IF_TRUE, lt_compile};
    return compile_chain(compiler, node, want, &chain);
}

static bool is_flow(const struct lt_expression *node, enum lt_flow flow)
{
    return node->kind == LT_EXPR_CALL && !node->is_failing &&
           lt_function_at((size_t)node->index, NULL)->flow == flow;
}

static bool is_not(const struct lt_expression *node)
{
    return node->kind == LT_EXPR_CALL && !node->is_failing && node->signature->op == LT_OP_NOT;
}

/* NOT (a OR b) is NOT a AND NOT b, and NOT NOT a is a, as Spark's optimiser has it: its parts
 * decide one by one then. */
static const struct lt_expression *without_not(struct lt_compiler *compiler,
                                               const struct lt_expression *node)
{
    struct lt_arena *arena = compiler->program->arena;
    const struct lt_expression *inner = is_not(node) ? node->arguments[0] : node;
    if (inner == node || (!is_not(inner) && !is_flow(inner, LT_FLOW_OR)))
        return node;
    if (is_not(inner))
        return without_not(compiler, inner->arguments[0]);
    struct lt_expression *both = lt_expr_copy_node(inner, arena);
    both->name = "and";
    both->index = lt_function_find(both->name);
    both->signature = &lt_function_at((size_t)both->index, NULL)->signatures[0];
    for (uint32_t i = 0; i < both->argument_count; i++) {
        struct lt_expression *part = lt_expr_copy_node(node, arena);
        part->arguments[0] = inner->arguments[i];
        both->arguments[i] = part;
    }
    return both;
}

uint32_t lt_compile_condition(struct lt_compiler *compiler, const struct lt_expression *node,
                              uint32_t want)
{
    static const struct chain chain = {LT_OP_AND, LT_OP_JUMP_IF_NOT_TRUE, lt_compile_condition};
    node = without_not(compiler, node);
    return is_flow(node, LT_FLOW_AND) ? compile_chain(compiler, node, want, &chain)
                                      : lt_compile(compiler, node, want);
}

uint32_t lt_compile_if(struct lt_compiler *compiler, const struct lt_expression *node,
                       uint32_t want)
{
    if (are_all_cheap(compiler, node))
        return compile_selected(compiler, node, want);
    uint32_t out = lt_compiler_wanted(compiler, want);
    uint32_t condition = lt_compile(compiler, node->arguments[0], LT_REGISTER_ANY);
    uint32_t skip = emit_jump(compiler, LT_OP_JUMP_IF_NOT_TRUE, condition);
    compile_branch(compiler, node->arguments[1], out);
    uint32_t end = emit_jump(compiler, LT_OP_JUMP, 0);
    land(compiler, skip);
    compile_branch(compiler, node->arguments[2], out);
    land(compiler, end);
    return out;
}

/* The first that is not NULL, chosen from the last on. */
static uint32_t compile_first(struct lt_compiler *compiler, const struct lt_expression *node,
                              uint32_t want)
{
    uint32_t parts[CHOICES_MAX], count = node->argument_count;
    for (uint32_t i = 0; i < count; i++)
        parts[i] = lt_compile(compiler, node->arguments[i], LT_REGISTER_ANY);
    uint32_t out = lt_compiler_wanted(compiler, want), other = parts[count - 1];
    for (uint32_t i = count - 1; i-- > 0; other = out)
        (void)lt_compiler_emit(
            compiler, (struct lt_step){.op = LT_OP_IF_NULL, .out = out, .a = parts[i], .b = other});
    return out;
}

uint32_t lt_compile_coalesce(struct lt_compiler *compiler, const struct lt_expression *node,
                             uint32_t want)
{
    if (node->argument_count > 1 && are_all_cheap(compiler, node))
        return compile_first(compiler, node, want);
    uint32_t out = lt_compiler_wanted(compiler, want);
    uint32_t count = node->argument_count;
    uint32_t *ends = make_ends(compiler, node);
    for (uint32_t i = 0; i < count; i++) {
        compile_branch(compiler, node->arguments[i], out);
        ends[i] = emit_jump(compiler, LT_OP_JUMP_IF_NOT_NULL, out);
    }
    for (uint32_t i = 0; i < count; i++)
        land(compiler, ends[i]);
    return out;
}

/* x IN (a, b) is x = a OR x = b, with x evaluated once. */
uint32_t lt_compile_in(struct lt_compiler *compiler, const struct lt_expression *node,
                       uint32_t want)
{
    uint32_t out = lt_compiler_wanted(compiler, want);
    uint32_t count = node->argument_count, entered = 0;
    uint32_t *ends = make_ends(compiler, node);
    uint32_t x = lt_compile(compiler, node->arguments[0], LT_REGISTER_ANY);
    struct lt_call *call = lt_compiler_call(compiler, node, count);
    enum lt_op op = lt_compiler_order_op(LT_OP_EQUAL_I64, node->arguments[0]->type);
    for (uint32_t i = 1; i < count; i++) {
        uint32_t item = lt_compile(compiler, node->arguments[i], LT_REGISTER_ANY);
        uint32_t same = i == 1 ? out : lt_compiler_register(compiler);
        struct lt_step step = {.op = op, .out = same, .a = x, .b = item, .call = call};
        (void)lt_compiler_short_text(compiler, node->arguments[i], &step);
        (void)lt_compiler_emit(compiler, step);
        if (i == 1)
            entered = lt_share_enter(&compiler->share);
        else
            (void)lt_compiler_emit(
                compiler, (struct lt_step){.op = LT_OP_OR, .out = out, .a = out, .b = same});
        ends[i] = emit_jump(compiler, LT_OP_JUMP_IF_TRUE, out);
    }
    lt_share_leave(&compiler->share, entered);
    for (uint32_t i = 1; i < count; i++)
        land(compiler, ends[i]);
    return out;
}

static uint32_t number_register(struct lt_compiler *compiler, int64_t number)
{
    uint32_t constant = lt_compiler_register(compiler);
    compiler->program->machine.values[constant].i64 = number;
    return constant;
}

bool lt_compiler_is_choice(struct lt_compiler *compiler, const struct lt_expression *node)
{
    bool are_cheap = true;
    for (uint32_t i = 1; i < node->argument_count && are_cheap; i++)
        are_cheap = lt_compiler_is_cheap(compiler, node->arguments[i]);
    return lt_is_call_of(node, "elt") && !are_cheap;
}

/* elt(n, a, b) evaluates what it chooses only. Of a number that chooses nothing its kernel tells,
 * which looks at no other argument then. */
uint32_t lt_compile_choice(struct lt_compiler *compiler, const struct lt_expression *node,
                           uint32_t want)
{
    uint32_t out = lt_compiler_wanted(compiler, want), count = node->argument_count;
    uint32_t *ends = make_ends(compiler, node);
    uint32_t number = lt_compile(compiler, node->arguments[0], LT_REGISTER_ANY);
    uint32_t is_here = lt_compiler_register(compiler);
    struct lt_call *call = lt_compiler_call(compiler, node, count);
    lt_call_arguments(call)[0] = number;
    for (uint32_t i = 1; i < count; i++) {
        lt_call_arguments(call)[i] = number;
        (void)lt_compiler_emit(compiler, (struct lt_step){.op = LT_OP_EQUAL_I64,
                                                          .out = is_here,
                                                          .a = number,
                                                          .b = number_register(compiler, i)});
        uint32_t skip = emit_jump(compiler, LT_OP_JUMP_IF_NOT_TRUE, is_here);
        compile_branch(compiler, node->arguments[i], out);
        ends[i] = emit_jump(compiler, LT_OP_JUMP, 0);
        land(compiler, skip);
    }
    call->kernel = node->signature->kernel;
    lt_compiler_emit_call(compiler, LT_OP_CALL_WITH_NULLS, call, out);
    for (uint32_t i = 1; i < count; i++)
        land(compiler, ends[i]);
    return out;
}

/* right(a, n) of a that never is NULL, which is "" where n is 0 or less. */
static bool may_be_empty(const struct lt_expression *node)
{
    return lt_is_call_of(node, "right") && !node->arguments[0]->nullable;
}

/* locate(a, b, at), which is 0 where `at` is NULL. */
static bool may_be_nowhere(const struct lt_expression *node)
{
    return lt_is_call_of(node, "locate") && node->argument_count == 3 &&
           node->arguments[2]->nullable;
}

bool lt_compiler_may_be_known(const struct lt_expression *node)
{
    return may_be_empty(node) || may_be_nowhere(node);
}

/* The value, and where `skip` leads to the call. */
static uint32_t compile_else_call(struct lt_compiler *compiler, const struct lt_expression *node,
                                  lt_compile_fn *compile, uint32_t skip, union lt_value value,
                                  uint32_t out)
{
    uint32_t known = lt_compiler_register(compiler);
    compiler->program->machine.values[known] = value;
    (void)lt_compiler_emit(compiler, (struct lt_step){.op = LT_OP_MOVE, .out = out, .a = known});
    uint32_t end = emit_jump(compiler, LT_OP_JUMP, 0);
    land(compiler, skip);
    uint32_t entered = lt_share_enter(&compiler->share);
    (void)compile(compiler, node, out);
    lt_share_leave(&compiler->share, entered);
    land(compiler, end);
    return out;
}

uint32_t lt_compile_unless_known(struct lt_compiler *compiler, const struct lt_expression *node,
                                 lt_compile_fn *compile, uint32_t want)
{
    uint32_t out = lt_compiler_wanted(compiler, want);
    bool is_locate = may_be_nowhere(node);
    uint32_t last = lt_compile(compiler, node->arguments[is_locate ? 2 : 1], LT_REGISTER_ANY);
    if (is_locate) {
        uint32_t skip = emit_jump(compiler, LT_OP_JUMP_IF_NOT_NULL, last);
        return compile_else_call(compiler, node, compile, skip, (union lt_value){.i64 = 0}, out);
    }
    uint32_t is_empty = lt_compiler_register(compiler);
    (void)lt_compiler_emit(compiler, (struct lt_step){.op = LT_OP_LESS_EQUAL_I64,
                                                      .out = is_empty,
                                                      .a = last,
                                                      .b = number_register(compiler, 0)});
    uint32_t skip = emit_jump(compiler, LT_OP_JUMP_IF_NOT_TRUE, is_empty);
    return compile_else_call(compiler, node, compile, skip, lt_value_text(""), out);
}

/* ------------------------------------------------------------------------------------ arguments */

/* A wider number of a number is another cheap thing that cannot fail. */
static bool can_fail(struct lt_compiler *compiler, const struct lt_expression *node)
{
    if (node->kind == LT_EXPR_CAST) {
        const struct lt_type *from = node->arguments[0]->type;
        if (lt_type_is_number(from) && lt_type_is_number(node->type) &&
            from->kind <= node->type->kind)
            return can_fail(compiler, node->arguments[0]);
    }
    return node->kind != LT_EXPR_LITERAL && node->kind != LT_EXPR_LAMBDA &&
           node->kind != LT_EXPR_COLUMN && !lt_compiler_is_cheap(compiler, node);
}

/* Their second argument comes first: the divisor, the text that is trimmed, the places. The first
 * `TRIED` of these divide and try; the first `DIVISIONS` divide. */
static const char *const turned[] = {"try_divide", "try_mod", "/",     "%",     "mod",   "div",
                                     "pmod",       "trim",    "ltrim", "rtrim", "round", "bround"};
enum { TRIED = 2, DIVISIONS = 7, TURNED = sizeof turned / sizeof turned[0] };

/* An interval that is divided comes before its divisor. */
static bool is_backward_call(const struct lt_expression *node)
{
    bool is_quotient = strcmp(node->name, "/") == 0 || strcmp(node->name, "try_divide") == 0;
    return node->argument_count == 2 && lt_is_one_of(node->name, turned, TURNED) &&
           !(is_quotient && lt_type_is_interval(node->arguments[0]->type));
}

/* Is it NULL where the divisor is zero, and may that be? */
static bool is_null_at_zero(struct lt_compiler *compiler, const struct lt_expression *node)
{
    static const union lt_value zero;
    const struct lt_expression *by = node->arguments[1];
    return lt_is_one_of(node->name, turned, compiler->session->is_legacy ? DIVISIONS : TRIED) &&
           lt_type_is_numeric(by->type) &&
           !(by->kind == LT_EXPR_LITERAL && !by->is_null &&
             lt_value_compare(by->type, &by->value, &zero) != 0);
}

/* The divisor, with NULL in place of zero. */
static uint32_t null_if_zero(struct lt_compiler *compiler, const struct lt_type *type,
                             uint32_t divisor)
{
    struct lt_call *call = lt_arena_alloc(compiler->program->arena, sizeof *call);
    const struct lt_type **types = lt_arena_alloc(compiler->program->arena, sizeof(void *));
    *types = type;
    *call = (struct lt_call){.argument_types = types};
    uint32_t is_zero = lt_compiler_register(compiler), out = lt_compiler_register(compiler);
    (void)lt_compiler_emit(
        compiler, (struct lt_step){.op = lt_compiler_order_op(LT_OP_EQUAL_I64, type),
                                   .out = is_zero,
                                   .a = divisor,
                                   .b = lt_compiler_register(compiler), /* no bit is set */
                                   .call = call});
    (void)lt_compiler_emit(compiler, (struct lt_step){.op = LT_OP_SELECT,
                                                      .out = out,
                                                      .a = is_zero,
                                                      .b = null_register(compiler),
                                                      .other = divisor});
    return out;
}

/* Which argument is the i-th that is evaluated. */
static uint32_t turn_of(const struct lt_expression *node, uint32_t i)
{
    if (is_backward_call(node))
        return 1 - i;
    bool has_replacement = lt_is_call_of(node, "array_join") && node->argument_count == 3;
    return has_replacement && lt_expr_varies(node) ? (i + 2) % 3 : i;
}

struct lt_skips lt_compile_arguments(struct lt_compiler *compiler, const struct lt_expression *node,
                                     uint32_t strict_count, uint32_t *arguments)
{
    struct lt_skips skips = {.from = make_ends(compiler, node)};
    uint32_t count = node->argument_count, last = 0; /* of those that can fail */
    bool is_backward = is_backward_call(node);
    for (uint32_t i = 1; strict_count > 0 && i < count; i++)
        last = can_fail(compiler, node->arguments[turn_of(node, i)]) ? i : last;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t k = turn_of(node, i);
        if (node->arguments[k]->kind == LT_EXPR_LAMBDA)
            continue;
        arguments[k] = lt_compile(compiler, node->arguments[k], LT_REGISTER_ANY);
        bool is_divisor = is_backward && i < last && is_null_at_zero(compiler, node);
        if (i >= last || i >= strict_count || (!node->arguments[k]->nullable && !is_divisor))
            continue;
        uint32_t asked = is_divisor ? null_if_zero(compiler, node->arguments[k]->type, arguments[k])
                                    : arguments[k];
        skips.entered = skips.count == 0 ? lt_share_enter(&compiler->share) : skips.entered;
        skips.from[skips.count++] = emit_jump(compiler, LT_OP_JUMP_IF_NULL, asked);
    }
    return skips;
}

void lt_compile_skipped(struct lt_compiler *compiler, const struct lt_skips *skips, uint32_t out)
{
    if (skips->count > 0)
        lt_share_leave(&compiler->share, skips->entered);
    for (uint32_t i = 0; i < skips->count; i++) {
        compiler->program->steps[skips->from[i]].out = out;
        land(compiler, skips->from[i]);
    }
}
