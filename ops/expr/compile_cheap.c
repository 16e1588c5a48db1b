/*
 * What is evaluated without asking whether it is needed.
 *
 * A jump that depends on the data is often foreseen wrongly, and then costs as much as ten steps.
 * So the right side of AND and OR, the parts of CASE and of coalesce() are computed always, and the
 * result is chosen from them, where all of them are cheap and none can fail: columns, constants,
 * what is in a register already, and comparisons of such things.
 */
#include <string.h>

#include "ops/expr/compiler.h"

enum { NODES_MAX = 12 };

static bool is_cheap_op(const struct lt_signature *signature)
{
    if (signature->kernel != NULL)
        return false;
    switch (signature->op) {
    case LT_OP_NOT:
    case LT_OP_IS_NULL:
    case LT_OP_IS_NOT_NULL:
    case LT_OP_SIZE_BYTES:
    case LT_OP_EQUAL_I64:
    case LT_OP_LESS_I64:
    case LT_OP_LESS_EQUAL_I64:
    case LT_OP_GREATER_I64:
    case LT_OP_GREATER_EQUAL_I64:
        return true;
    default:
        return false;
    }
}

static bool is_flat(const struct lt_expression *node)
{
    return !lt_type_is_nested(node->type);
}

static bool is_cheap_call(struct lt_compiler *compiler, const struct lt_expression *node)
{
    const struct lt_function *function = lt_function_at((size_t)node->index, NULL);
    bool is_chain = function->flow == LT_FLOW_AND || function->flow == LT_FLOW_OR;
    if (is_chain)
        return true;
    bool has_legacy = compiler->session->is_legacy && function->legacy_kernel != NULL;
    return function->flow == LT_FLOW_CALL && node->argument_count > 0 && !has_legacy &&
           is_flat(node->arguments[0]) && is_cheap_op(node->signature);
}

/* Counts down what is left of NODES_MAX. */
static bool is_cheap(struct lt_compiler *compiler, const struct lt_expression *node, uint32_t *left)
{
    if (*left == 0)
        return false;
    --*left;
    if (lt_share_knows(&compiler->share, node))
        return true;
    switch (node->kind) {
    case LT_EXPR_LITERAL:
    case LT_EXPR_COLUMN:
    case LT_EXPR_VARIABLE:
        return true;
    case LT_EXPR_JSON_PATH:
        return lt_share_knows_json_of(&compiler->share, node->arguments[0]);
    case LT_EXPR_FIELD:
        if (node->arguments[0]->type->kind != LT_TYPE_STRUCT)
            return false;
        break;
    case LT_EXPR_ALIAS:
        break;
    case LT_EXPR_CALL:
        if (!is_cheap_call(compiler, node))
            return false;
        break;
    default:
        return false;
    }
    for (uint32_t i = 0; i < node->argument_count; i++) {
        if (!is_cheap(compiler, node->arguments[i], left))
            return false;
    }
    return true;
}

bool lt_compiler_is_cheap(struct lt_compiler *compiler, const struct lt_expression *node)
{
    uint32_t left = NODES_MAX;
    return !compiler->session->is_unoptimised && is_cheap(compiler, node, &left);
}

bool lt_compiler_short_text(struct lt_compiler *compiler, const struct lt_expression *constant,
                            struct lt_step *step)
{
    enum { SIZE_MAX_BYTES = sizeof(uint64_t) };
    const struct lt_bytes *bytes = &constant->value.bytes;
    if (step->op != LT_OP_EQUAL_BYTES || constant->kind != LT_EXPR_LITERAL || constant->is_null ||
        bytes->size_bytes > SIZE_MAX_BYTES || compiler->session->is_unoptimised)
        return false;
    struct lt_short_text *text = lt_arena_alloc(compiler->program->arena, sizeof *text);
    text->size_bytes = bytes->size_bytes;
    if (bytes->size_bytes > 0) {
        memcpy(&text->head, bytes->data, bytes->size_bytes);
        memset(&text->mask, 0xFF, bytes->size_bytes);
    }
    step->op = LT_OP_EQUAL_SHORT;
    step->text = text;
    return true;
}
