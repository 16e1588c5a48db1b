/*
 * Looking for values in arrays: is it there, where, the least, the greatest; and arrays joined to
 * text.
 */
#include <string.h>

#include "ops/expr/collections.h"

static int diff_types(struct lt_analyser *analyser, struct lt_expression *call)
{
    return lt_analyser_refuse_partner(analyser, call, false, 1);
}

static int refuse_null(struct lt_analyser *analyser, struct lt_expression *call)
{
    return lt_analyser_refuse_null(analyser, call);
}

static bool is_void(const struct lt_expression *node)
{
    return node->type->kind == LT_TYPE_VOID && !lt_coerce_is_open(node);
}

/* Finds the common type, casts, and checks that its values compare. */
static int meet(struct lt_analyser *analyser, struct lt_expression *call,
                const struct lt_type *common)
{
    if (common == NULL)
        return diff_types(analyser, call);
    int code = lt_collection_cast_element(analyser, call, 1, common);
    return code != LT_OK ? code : lt_collection_needs_order(analyser, call, common);
}

static int infer_contains(struct lt_analyser *analyser, struct lt_expression *call)
{
    if (is_void(call->arguments[0]) || is_void(call->arguments[1]))
        return refuse_null(analyser, call);
    int code = lt_collection_needs_array(analyser, call, 0, false);
    if (code != LT_OK)
        return code;
    bool has_null = call->arguments[0]->type->fields[0].nullable;
    const struct lt_type *element = call->arguments[0]->type->fields[0].type;
    const struct lt_type *value = call->arguments[1]->type;
    const struct lt_type *common = lt_coerce_common_strict(&analyser->coerce, element, value);
    code = meet(analyser, call, lt_collection_cast(analyser, common, element, value));
    return code != LT_OK ? code
                         : lt_collection_finish(call, 0, lt_type_simple(LT_TYPE_BOOLEAN),
                                                has_null || lt_any_nullable(call->arguments, 2));
}

static int infer_position(struct lt_analyser *analyser, struct lt_expression *call)
{
    bool is_array = call->arguments[0]->type->kind == LT_TYPE_ARRAY;
    if (is_void(call->arguments[0]) || (is_void(call->arguments[1]) && !is_array))
        return refuse_null(analyser, call);
    int code = lt_collection_needs_array(analyser, call, 0, false);
    if (code == LT_OK && is_void(call->arguments[1]) &&
        call->arguments[0]->type->fields[0].type->kind == LT_TYPE_VOID)
        return refuse_null(analyser, call);
    if (code == LT_OK)
        code = meet(analyser, call,
                    lt_collection_tight(analyser, call->arguments[0]->type->fields[0].type,
                                        call->arguments[1]->type));
    return code != LT_OK ? code
                         : lt_collection_finish(call, 0, lt_type_simple(LT_TYPE_BIGINT),
                                                lt_any_nullable(call->arguments, 2));
}

static int infer_remove(struct lt_analyser *analyser, struct lt_expression *call)
{
    if (call->arguments[0]->type->kind != LT_TYPE_ARRAY)
        return diff_types(analyser, call);
    int code = meet(analyser, call,
                    lt_collection_tight(analyser, call->arguments[0]->type->fields[0].type,
                                        call->arguments[1]->type));
    return code != LT_OK ? code
                         : lt_collection_finish(call, 0, call->arguments[0]->type,
                                                lt_any_nullable(call->arguments, 2));
}

static const struct lt_type *element_type(const struct lt_call *call)
{
    return call->argument_types[0]->fields[0].type;
}

/* The index of the first element that equals argument 1; `*has_null` when a NULL was passed on the
 * way. */
static uint32_t find(struct lt_machine *machine, const struct lt_call *call,
                     const struct lt_array *array, bool *has_null)
{
    const union lt_value *value = lt_argument(machine, call, 1);
    const struct lt_type *type = element_type(call);
    for (uint32_t i = 0; i < array->count; i++) {
        if (lt_bit(array->nulls, i))
            *has_null = true;
        else if (lt_value_compare(type, &array->values[i], value) == 0)
            return i;
    }
    return array->count;
}

static enum lt_kernel array_contains(struct lt_machine *machine, const struct lt_call *call,
                                     union lt_value *out)
{
    const struct lt_array *array = lt_array_argument(machine, call, 0);
    bool has_null = false;
    out->i64 = find(machine, call, array, &has_null) < array->count;
    return out->i64 == 0 && has_null ? LT_KERNEL_NULL : LT_KERNEL_VALUE;
}

static enum lt_kernel array_position(struct lt_machine *machine, const struct lt_call *call,
                                     union lt_value *out)
{
    const struct lt_array *array = lt_array_argument(machine, call, 0);
    bool has_null;
    uint32_t index = find(machine, call, array, &has_null);
    out->i64 = index < array->count ? (int64_t)index + 1 : 0;
    return LT_KERNEL_VALUE;
}

static enum lt_kernel array_remove(struct lt_machine *machine, const struct lt_call *call,
                                   union lt_value *out)
{
    const struct lt_array *from = lt_array_argument(machine, call, 0);
    const union lt_value *value = lt_argument(machine, call, 1);
    struct lt_array *to = lt_machine_array(machine, from->count);
    if (to == NULL)
        return lt_machine_too_large(machine, call);
    uint32_t count = 0;
    for (uint32_t i = 0; i < from->count; i++) {
        if (lt_bit(from->nulls, i) ||
            lt_value_compare(element_type(call), &from->values[i], value) != 0)
            lt_array_copy(to, count++, from, i);
    }
    to->count = count;
    out->array = to;
    return LT_KERNEL_VALUE;
}

/* ------------------------------------------------------------------------------ least, greatest */

static int infer_extreme(struct lt_analyser *analyser, struct lt_expression *call)
{
    int code = lt_collection_needs_array(analyser, call, 0, true);
    if (code != LT_OK)
        return code;
    const struct lt_type *element = call->arguments[0]->type->fields[0].type;
    code = lt_collection_needs_order(analyser, call, element);
    return code != LT_OK ? code : lt_collection_finish(call, 0, element, true);
}

/* Of equal elements the first counts. */
static enum lt_kernel extreme(struct lt_machine *machine, const struct lt_call *call, int sign,
                              union lt_value *out)
{
    const struct lt_array *array = lt_array_argument(machine, call, 0);
    const union lt_value *best = NULL;
    for (uint32_t i = 0; i < array->count; i++) {
        if (lt_bit(array->nulls, i))
            continue;
        if (best == NULL || sign * lt_value_compare(call->type, &array->values[i], best) > 0)
            best = &array->values[i];
    }
    if (best == NULL)
        return LT_KERNEL_NULL;
    *out = *best;
    return LT_KERNEL_VALUE;
}

static enum lt_kernel array_min(struct lt_machine *machine, const struct lt_call *call,
                                union lt_value *out)
{
    return extreme(machine, call, -1, out);
}

static enum lt_kernel array_max(struct lt_machine *machine, const struct lt_call *call,
                                union lt_value *out)
{
    return extreme(machine, call, 1, out);
}

/* ----------------------------------------------------------------------------------------- join */

static int infer_join(struct lt_analyser *analyser, struct lt_expression *call)
{
    const struct lt_type *string = lt_type_simple(LT_TYPE_STRING);
    int code = lt_collection_needs_array(analyser, call, 0, true);
    if (code != LT_OK)
        return code;
    const struct lt_field *element = &call->arguments[0]->type->fields[0];
    if (!lt_coerce_is_implicit(&analyser->coerce, element->type, string))
        return lt_analyser_unexpected(analyser, call, 0, "an array of strings");
    code = lt_analyser_cast(analyser, &call->arguments[0],
                            lt_type_array(analyser->coerce.arena, string, element->nullable));
    for (uint32_t i = 1; i < call->argument_count && code == LT_OK; i++) {
        enum lt_type_kind kind = call->arguments[i]->type->kind;
        if (kind != LT_TYPE_VOID && (kind < LT_TYPE_STRING || kind > LT_TYPE_VARCHAR))
            return lt_analyser_unexpected(analyser, call, i, "a STRING");
        code = lt_analyser_cast(analyser, &call->arguments[i], string);
    }
    return code != LT_OK
               ? code
               : lt_collection_finish(call, 0, string,
                                      lt_any_nullable(call->arguments, call->argument_count));
}

/* What stands for element `index`; NULL: it is left out. */
static const struct lt_bytes *joined(struct lt_machine *machine, const struct lt_call *call,
                                     const struct lt_array *array, uint32_t index)
{
    if (!lt_bit(array->nulls, index))
        return &array->values[index].bytes;
    return call->argument_count == 3 ? &lt_argument(machine, call, 2)->bytes : NULL;
}

static enum lt_kernel array_join(struct lt_machine *machine, const struct lt_call *call,
                                 union lt_value *out)
{
    const struct lt_array *array = lt_array_argument(machine, call, 0);
    struct lt_bytes separator = lt_argument_bytes(machine, call, 1);
    size_t size = 0, pieces = 0;
    for (uint32_t i = 0; i < array->count; i++) {
        const struct lt_bytes *piece = joined(machine, call, array, i);
        size += piece == NULL ? 0 : piece->size_bytes + (pieces > 0 ? separator.size_bytes : 0);
        pieces += piece != NULL;
    }
    char *text = lt_machine_alloc(machine, size), *at = text;
    if (text == NULL)
        return lt_machine_too_large(machine, call);
    for (uint32_t i = 0, written = 0; i < array->count; i++) {
        const struct lt_bytes *piece = joined(machine, call, array, i);
        if (piece == NULL)
            continue;
        if (written++ > 0 && separator.size_bytes > 0)
            at = (char *)memcpy(at, separator.data, separator.size_bytes) + separator.size_bytes;
        if (piece->size_bytes > 0)
            at = (char *)memcpy(at, piece->data, piece->size_bytes) + piece->size_bytes;
    }
    *out = lt_value_bytes(text, (uint32_t)size);
    return LT_KERNEL_VALUE;
}

static const struct lt_function functions[] = {
    {"array_contains", NULL, "array_contains(array, value)",
     "Is the value among the elements? NULL when it is not, but a NULL is.",
     "array_contains(array(1, 2), 2)", "true", .is_deterministic = true,
     .signatures = {LT_KERNEL("aa", "B", array_contains)}, .infer = infer_contains},
    {"array_position", NULL, "array_position(array, value)",
     "The index, from 1, of the first element that equals the value; 0 if there is none.",
     "array_position(array('a', 'b'), 'b')", "2", .is_deterministic = true,
     .signatures = {LT_KERNEL("aa", "l", array_position)}, .infer = infer_position},
    {"array_remove", NULL, "array_remove(array, value)", "The elements that are not the value.",
     "array_remove(array(1, 2, 1), 1)", "[2]", .is_deterministic = true,
     .signatures = {LT_KERNEL("aa", "A", array_remove)}, .infer = infer_remove},
    {"array_min", NULL, "array_min(array)", "The least element that is not NULL.",
     "array_min(array(3, 1, NULL))", "1", .is_deterministic = true,
     .signatures = {LT_KERNEL("a", "E", array_min)}, .infer = infer_extreme},
    {"array_max", NULL, "array_max(array)", "The greatest element that is not NULL.",
     "array_max(array(3, 1, NULL))", "3", .is_deterministic = true,
     .signatures = {LT_KERNEL("a", "E", array_max)}, .infer = infer_extreme},
    {"array_join", NULL, "array_join(array, separator[, null])",
     "The elements as one string; a NULL is left out, or stands as the third argument.",
     "array_join(array('a', NULL, 'b'), '-', '?')", "a-?-b", .is_deterministic = true,
     .signatures = {LT_KERNEL("aa[a]", "s", array_join)}, .infer = infer_join},
};

const struct lt_function_group lt_functions_array_search = {"array", functions,
                                                            sizeof functions / sizeof functions[0]};
