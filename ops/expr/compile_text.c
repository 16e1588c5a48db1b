/*
 * Texts for functions that Spark computes on Java's strings (regexp_replace, translate, split,
 * ...).
 *
 * A string of Spark is bytes, which need not be UTF-8; where it becomes a string of Java, U+FFFD
 * takes the place of what is not. So it does here, before the call, and kernels get good UTF-8:
 * constants are changed once, values by a step of their own.
 */
#include <string.h>

#include "core/text/utf8.h"
#include "ops/expr/compiler.h"
#include "ops/expr/expr.h"

static bool is_good(const struct lt_bytes *text)
{
    return lt_utf8_is_ascii(text->data, text->size_bytes) ||
           lt_utf8_is_valid(text->data, text->size_bytes);
}

/* Where the pattern is empty, split() cuts the bytes themselves. LIKE takes each bad part for a
 * character, so that only a pattern that is no constant has to be decoded with the text. The values
 * of a format, and what has a position to begin at, are decoded by their kernels. */
static bool takes_bytes(const struct lt_expression *call, uint32_t index)
{
    const struct lt_expression *pattern = call->argument_count < 2 ? NULL : call->arguments[1];
    bool is_constant = pattern != NULL && pattern->kind == LT_EXPR_LITERAL;
    if (lt_is_call_of(call, "split"))
        return is_constant && !pattern->is_null && pattern->value.bytes.size_bytes == 0;
    if (lt_is_call_of(call, "like") || lt_is_call_of(call, "ilike"))
        return is_constant;
    if (lt_is_call_of(call, "regexp_replace"))
        return index == 0 && call->argument_count == 4;
    return lt_is_call_of(call, "format_string") && index > 0;
}

/* Functions without the flag, and arguments of other types, stay as they are. */
static bool is_decoded(const struct lt_expression *call, uint32_t index)
{
    return lt_function_at((size_t)call->index, NULL)->decodes_texts &&
           call->arguments[index]->type->kind == LT_TYPE_STRING && !takes_bytes(call, index);
}

static struct lt_expression *decode_constant(struct lt_expression *literal, struct lt_arena *arena)
{
    struct lt_expression *good = lt_expr_copy_node(literal, arena);
    const struct lt_bytes *text = &literal->value.bytes;
    uint8_t *data = lt_arena_alloc(arena, (size_t)text->size_bytes * LT_UTF8_DECODE_GROWTH);
    size_t size_bytes = lt_utf8_decode(text->data, text->size_bytes, data);
    good->value = lt_value_bytes(data, (uint32_t)size_bytes);
    return good;
}

const struct lt_expression *lt_compiler_decode_constants(struct lt_compiler *compiler,
                                                         const struct lt_expression *call)
{
    struct lt_arena *arena = compiler->program->arena;
    struct lt_expression *copy = NULL;
    for (uint32_t i = 0; i < call->argument_count; i++) {
        struct lt_expression *argument = call->arguments[i];
        if (!is_decoded(call, i) || argument->kind != LT_EXPR_LITERAL || argument->is_null ||
            is_good(&argument->value.bytes))
            continue;
        copy = copy == NULL ? lt_expr_copy_node(call, arena) : copy;
        copy->arguments[i] = decode_constant(argument, arena);
    }
    return copy == NULL ? call : copy;
}

bool lt_decode_bytes(struct lt_machine *machine, struct lt_bytes *text)
{
    if (is_good(text))
        return true;
    uint8_t *data = lt_machine_alloc(machine, (size_t)text->size_bytes * LT_UTF8_DECODE_GROWTH);
    if (data == NULL)
        return false;
    size_t size_bytes = lt_utf8_decode(text->data, text->size_bytes, data);
    *text = lt_value_bytes(data, (uint32_t)size_bytes).bytes;
    return true;
}

static enum lt_kernel decode_text(struct lt_machine *machine, const struct lt_call *call,
                                  union lt_value *out)
{
    out->bytes = lt_argument_bytes(machine, call, 0);
    return lt_decode_bytes(machine, &out->bytes) ? LT_KERNEL_VALUE
                                                 : lt_machine_too_large(machine, call);
}

void lt_compiler_decode_texts(struct lt_compiler *compiler, const struct lt_expression *call,
                              uint32_t *arguments)
{
    for (uint32_t i = 0; i < call->argument_count; i++) {
        if (!is_decoded(call, i) || call->arguments[i]->kind == LT_EXPR_LITERAL)
            continue;
        struct lt_call *decode = lt_compiler_call(compiler, call, 1);
        decode->argument_types = &call->arguments[i]->type;
        decode->type = call->arguments[i]->type;
        decode->kernel = decode_text;
        lt_call_arguments(decode)[0] = arguments[i];
        arguments[i] = lt_compiler_register(compiler);
        lt_compiler_emit_call(compiler, LT_OP_CALL, decode, arguments[i]);
    }
}
