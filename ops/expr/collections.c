/*
 * The checks of argument types that functions over arrays and maps share.
 */
#include "ops/expr/collections.h"

int lt_collection_finish(struct lt_expression *call, unsigned number, const struct lt_type *type,
                         bool is_nullable)
{
    call->signature = &lt_function_at((size_t)call->index, NULL)->signatures[number];
    call->type = type;
    call->nullable = is_nullable;
    return LT_OK;
}

/* A NULL without a type takes the one that is asked for. */
static bool is_bare_null(const struct lt_expression *node)
{
    return node->type->kind == LT_TYPE_VOID && !lt_coerce_is_open(node);
}

int lt_collection_needs_array(struct lt_analyser *analyser, struct lt_expression *call,
                              uint32_t index, bool takes_null)
{
    struct lt_expression **argument = &call->arguments[index];
    struct lt_arena *arena = analyser->coerce.arena;
    if ((*argument)->type->kind == LT_TYPE_ARRAY)
        return LT_OK;
    if (!takes_null || !is_bare_null(*argument))
        return lt_analyser_unexpected(analyser, call, index, "an array");
    *argument =
        lt_coerce_cast(*argument, lt_type_array(arena, lt_type_simple(LT_TYPE_VOID), true), arena);
    return LT_OK;
}

int lt_collection_needs_map(struct lt_analyser *analyser, struct lt_expression *call,
                            uint32_t index, bool takes_null)
{
    struct lt_expression **argument = &call->arguments[index];
    struct lt_arena *arena = analyser->coerce.arena;
    const struct lt_type *none = lt_type_simple(LT_TYPE_VOID);
    if ((*argument)->type->kind == LT_TYPE_MAP)
        return LT_OK;
    if (!takes_null || !is_bare_null(*argument))
        return lt_analyser_unexpected(analyser, call, index, "a map");
    *argument = lt_coerce_cast(*argument, lt_type_map(arena, none, none, true), arena);
    return LT_OK;
}

int lt_collection_needs_int(struct lt_analyser *analyser, struct lt_expression *call,
                            uint32_t index)
{
    const struct lt_type *to = lt_type_simple(LT_TYPE_INT);
    struct lt_expression **argument = &call->arguments[index];
    const struct lt_type *from = (*argument)->type;
    bool is_number = lt_type_is_number(from) || from->kind == LT_TYPE_DECIMAL;
    if (!is_number && !lt_coerce_is_implicit(&analyser->coerce, from, to))
        return lt_analyser_unexpected(analyser, call, index, "an INT");
    return lt_analyser_cast(analyser, argument, to);
}

int lt_collection_needs_order(struct lt_analyser *analyser, struct lt_expression *call,
                              const struct lt_type *type)
{
    if (lt_type_is_ordered(type))
        return LT_OK;
    return lt_analyser_refuse_order(analyser, call, type);
}

int lt_collection_needs_key(struct lt_analyser *analyser, const struct lt_expression *call,
                            const struct lt_type *type)
{
    if (lt_type_is_key(type))
        return LT_OK;
    return lt_analyser_refuse_key(analyser, call, type);
}

const struct lt_type *lt_collection_cast(struct lt_analyser *analyser, const struct lt_type *type,
                                         const struct lt_type *a, const struct lt_type *b)
{
    bool is_legacy = analyser->coerce.session->is_legacy;
    bool is_known = type == NULL || !is_legacy || !lt_type_is_nested(type);
    bool fits = is_known || (lt_coerce_is_implicit(&analyser->coerce, a, type) &&
                             lt_coerce_is_implicit(&analyser->coerce, b, type));
    return fits ? type : NULL;
}

const struct lt_type *lt_collection_tight(struct lt_analyser *analyser, const struct lt_type *a,
                                          const struct lt_type *b)
{
    if (lt_type_is_ansi_interval(a) && a->kind == b->kind)
        return lt_type_equal(a, b) ? a : NULL;
    return lt_collection_cast(analyser, lt_coerce_common_tight(&analyser->coerce, a, b), a, b);
}

/* Recursion is bounded by the depth of types. */
bool lt_collection_alike(const struct lt_type *a, const struct lt_type *b)
{
    if (!lt_type_is_nested(a) || a->kind != b->kind || a->field_count != b->field_count)
        return lt_type_equal(a, b);
    for (uint32_t i = 0; i < a->field_count; i++) {
        if (!lt_collection_alike(a->fields[i].type, b->fields[i].type))
            return false;
    }
    return true;
}

int lt_collection_cast_element(struct lt_analyser *analyser, struct lt_expression *call,
                               uint32_t value, const struct lt_type *type)
{
    const struct lt_field *element = &call->arguments[0]->type->fields[0];
    int code = lt_analyser_cast(analyser, &call->arguments[0],
                                lt_type_array(analyser->coerce.arena, type, element->nullable));
    return code != LT_OK ? code : lt_analyser_cast(analyser, &call->arguments[value], type);
}
