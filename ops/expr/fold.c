/*
 * Constant parts are evaluated once, here, by the machine itself. A part that fails stays in the
 * tree, and fails when a record reaches it: folding never turns a running query into a refused one.
 */
#include <string.h>

#include "ops/expr/analyser.h"
#include "ops/expr/functions.h"
#include "ops/expr/program.h"

static bool is_constant(const struct lt_expression *node)
{
    if (node->kind == LT_EXPR_COLUMN || node->kind == LT_EXPR_STAR || node->kind == LT_EXPR_LAMBDA)
        return false;
    if (node->kind == LT_EXPR_CALL && !lt_function_at((size_t)node->index, NULL)->is_deterministic)
        return false;
    for (uint32_t i = 0; i < node->argument_count; i++) {
        if (!is_constant(node->arguments[i]))
            return false;
    }
    return true;
}

/* The value as a literal of the same type and place; NULL when it fails or is not scalar. */
static struct lt_expression *evaluate(struct lt_expression *node, const char *text,
                                      struct lt_arena *arena)
{
    if (lt_type_is_nested(node->type))
        return NULL;
    const struct lt_program_options options = {.expressions = &node, .texts = &text, .count = 1};
    struct lt_program *program;
    if (lt_program_create(&options, &program, NULL) != LT_OK)
        return NULL;
    struct lt_expression *literal = NULL;
    union lt_value value;
    bool is_null;
    if (lt_program_eval_value(program, NULL, &value, &is_null)) {
        literal = lt_arena_alloc(arena, sizeof *literal);
        *literal = (struct lt_expression){.kind = LT_EXPR_LITERAL,
                                          .begin = node->begin,
                                          .end = node->end,
                                          .type = node->type,
                                          .is_null = is_null,
                                          .nullable = is_null,
                                          .index = -1};
        if (!is_null)
            literal->value = value;
        if (!is_null && lt_type_is_bytes(node->type)) {
            uint8_t *copy = lt_arena_alloc(arena, value.bytes.size_bytes);
            if (value.bytes.size_bytes > 0)
                memcpy(copy, value.bytes.data, value.bytes.size_bytes);
            literal->value.bytes.data = copy;
            literal->value.bytes.padding_bytes = 0;
        }
    }
    lt_program_destroy(program);
    return literal;
}

void lt_fold(struct lt_expression **node, const char *text, struct lt_arena *arena)
{
    if ((*node)->kind == LT_EXPR_LITERAL)
        return;
    if ((*node)->kind != LT_EXPR_ALIAS && is_constant(*node)) {
        struct lt_expression *literal = evaluate(*node, text, arena);
        if (literal != NULL) {
            *node = literal;
            return;
        }
    }
    for (uint32_t i = 0; i < (*node)->argument_count; i++)
        lt_fold(&(*node)->arguments[i], text, arena);
}
