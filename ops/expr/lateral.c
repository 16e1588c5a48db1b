/*
 * What is put in was analysed with lambdas numbered from 0. Within a lambda its parameters are
 * numbered anew, since both run at once.
 */
#include "ops/expr/lateral.h"

#include <string.h>

#include "core/base/ascii.h"
#include "ops/expr/expr.h"
#include "ops/expr/generator.h"
#include "ops/expr/same.h"
#include "ops/expr/use.h"

/* The same tree with its parameters numbered from `first`. Recursion is bounded: the tree is
 * modest. */
static struct lt_expression *renumber(const struct lt_expression *node, int32_t first,
                                      struct lt_arena *arena, int32_t *count)
{
    struct lt_expression *copy = lt_arena_alloc(arena, sizeof *copy);
    *copy = *node;
    if (node->kind == LT_EXPR_VARIABLE) {
        *count = node->index >= *count ? node->index + 1 : *count;
        copy->index += first;
    }
    if (node->argument_count > 0)
        copy->arguments = lt_arena_alloc(arena, node->argument_count * sizeof *copy->arguments);
    for (uint32_t i = 0; i < node->argument_count; i++)
        copy->arguments[i] = renumber(node->arguments[i], first, arena, count);
    return copy;
}

static bool same_name(const struct lt_analyser *analyser, const char *a, const char *b)
{
    return analyser->coerce.session->is_case_sensitive ? strcmp(a, b) == 0
                                                       : lt_ascii_compare(a, b) == 0;
}

/* How many columns of an item have the name. */
static uint32_t count_named(const struct lt_analyser *analyser, const struct lt_expression *item,
                            const char *name)
{
    if (lt_generator_call(item) == NULL)
        return item->kind == LT_EXPR_ALIAS && same_name(analyser, item->name, name);
    uint32_t count = 0;
    for (uint32_t i = 0; i < item->type->field_count; i++)
        count += same_name(analyser, item->type->fields[i].name, name);
    return count;
}

static void put_in(struct lt_analyser *analyser, struct lt_expression *node,
                   const struct lt_expression *value, const char *text)
{
    int32_t count = 0;
    if (analyser->scope != NULL)
        value = renumber(value, analyser->variable_count, analyser->coerce.arena, &count);
    analyser->variable_count += count;
    *node = *value;
    node->text = value->text == NULL ? text : value->text;
}

int lt_analyser_lateral(struct lt_analyser *analyser, struct lt_expression *node)
{
    struct lt_lateral *lateral = analyser->lateral;
    uint32_t count = 0, at = 0;
    for (uint32_t i = 0; lateral != NULL && i < lateral->items.count; i++) {
        uint32_t named = count_named(analyser, lateral->items.expressions[i], node->name);
        at = named > 0 ? i : at;
        count += named;
    }
    if (count == 0)
        return LT_INFER_LETTERS;
    if (count > 1)
        return lt_analyser_fail(
            analyser, LT_E_ANALYSIS, node, "AMBIGUOUS_LATERAL_COLUMN_ALIAS", "42702",
            "\"%s\" is ambiguous: %u items further left have this name", node->name, count);
    const struct lt_expression *item = lateral->items.expressions[at];
    bool is_rows = lt_generator_call(item) != NULL;
    const struct lt_expression *value = is_rows ? item : item->arguments[0];
    if (is_rows ||
        (!analyser->is_naming && (lt_expr_hash(value) == 0 || !lt_expr_is_modest(value)))) {
        lateral->needed = (int32_t)at;
        return lt_analyser_fail(analyser, LT_E_ANALYSIS, node,
                                "UNRESOLVED_COLUMN.WITHOUT_SUGGESTION", "42703",
                                "\"%s\" has to be computed first", node->name);
    }
    if (!analyser->is_naming) {
        put_in(analyser, node, value, lateral->items.texts[at]);
        return LT_OK;
    }
    node->type = value->type;
    node->nullable = value->nullable;
    node->index = LT_LATERAL_INDEX;
    return LT_OK;
}

void lt_lateral_field(struct lt_expression *field)
{
    if (field->arguments[0]->text == NULL) /* it stands in the text of the field */
        lt_use_alone(field);
}

void lt_analyser_keep_names(struct lt_analyser *analyser, struct lt_expression *call)
{
    bool is_struct = call->kind == LT_EXPR_CALL && strcmp(call->name, "struct") == 0;
    for (uint32_t i = 0; i < call->argument_count && is_struct && analyser->lateral != NULL; i++) {
        struct lt_expression *argument = call->arguments[i];
        if (argument->kind == LT_EXPR_COLUMN && argument->type == NULL)
            call->arguments[i] = lt_expr_alias(argument, argument->name, analyser->coerce.arena);
    }
}
