/*
 * Functions that take a lambda. The lambda is analysed here, once the types of its parameters are
 * known, and run for each element: its parameters are registers that the kernel sets.
 */
#include "ops/expr/aside.h"
#include "ops/expr/analyser.h"
#include "ops/expr/collections.h"
#include "ops/expr/higher.h"

static int finish(struct lt_expression *call, const struct lt_type *type, bool nullable)
{
    return lt_collection_finish(call, 0, type, nullable);
}

static int needs_boolean(struct lt_analyser *analyser, struct lt_expression *call, uint32_t index)
{
    struct lt_expression *lambda = call->arguments[index];
    if (lambda->type->kind == LT_TYPE_VOID)
        lambda->arguments[0] = lt_coerce_cast(lambda->arguments[0], lt_type_simple(LT_TYPE_BOOLEAN),
                                              analyser->coerce.arena);
    else if (lambda->type->kind != LT_TYPE_BOOLEAN)
        return lt_analyser_unexpected(analyser, call, index, "a condition");
    lambda->type = lt_type_simple(LT_TYPE_BOOLEAN);
    return LT_OK;
}

static int needs_kind(struct lt_analyser *analyser, struct lt_expression *call, uint32_t index,
                      enum lt_type_kind kind)
{
    if (call->arguments[index]->type->kind == kind)
        return LT_OK;
    return lt_analyser_unexpected(analyser, call, index,
                                  kind == LT_TYPE_MAP ? "a map" : "an array");
}

/* The element and, where the lambda takes two, its position. */
static int infer_over_elements(struct lt_analyser *analyser, struct lt_expression *call)
{
    int code = needs_kind(analyser, call, 0, LT_TYPE_ARRAY);
    if (code != LT_OK)
        return code;
    const struct lt_field parameters[] = {
        call->arguments[0]->type->fields[0],
        {.type = lt_type_simple(LT_TYPE_INT)},
    };
    bool takes_index =
        call->arguments[1]->kind == LT_EXPR_LAMBDA && call->arguments[1]->argument_count == 3;
    return lt_analyser_lambda(analyser, &call->arguments[1], parameters, takes_index ? 2 : 1);
}

static int infer_transform(struct lt_analyser *analyser, struct lt_expression *call)
{
    int code = infer_over_elements(analyser, call);
    if (code != LT_OK)
        return code;
    const struct lt_expression *lambda = call->arguments[1];
    return finish(call, lt_type_array(analyser->coerce.arena, lambda->type, lambda->nullable),
                  call->arguments[0]->nullable);
}

static int infer_filter(struct lt_analyser *analyser, struct lt_expression *call)
{
    int code = infer_over_elements(analyser, call);
    if (code == LT_OK)
        code = needs_boolean(analyser, call, 1);
    return code != LT_OK ? code
                         : finish(call, call->arguments[0]->type, call->arguments[0]->nullable);
}

/* exists, forall: of elements alone. */
static int infer_condition(struct lt_analyser *analyser, struct lt_expression *call)
{
    int code = needs_kind(analyser, call, 0, LT_TYPE_ARRAY);
    if (code == LT_OK)
        code = lt_analyser_lambda(analyser, &call->arguments[1],
                                  &call->arguments[0]->type->fields[0], 1);
    if (code == LT_OK)
        code = needs_boolean(analyser, call, 1);
    bool is_nullable =
        code == LT_OK && (call->arguments[0]->nullable || call->arguments[1]->nullable);
    return code != LT_OK ? code : finish(call, lt_type_simple(LT_TYPE_BOOLEAN), is_nullable);
}

static int infer_aggregate(struct lt_analyser *analyser, struct lt_expression *call)
{
    int code = needs_kind(analyser, call, 0, LT_TYPE_ARRAY);
    if (code != LT_OK)
        return code;
    if (lt_coerce_is_open(call->arguments[1]))
        call->arguments[1] = lt_coerce_cast(call->arguments[1], lt_type_simple(LT_TYPE_STRING),
                                            analyser->coerce.arena);
    const struct lt_type *type = call->arguments[1]->type;
    const struct lt_field parameters[] = {{.type = type, .nullable = true},
                                          call->arguments[0]->type->fields[0]};
    bool has_finish = call->argument_count == 4;
    if (has_finish) /* is told before what is wrong within the first lambda */
        code = lt_analyser_lambda_count(analyser, call->arguments[3], 1);
    if (code == LT_OK)
        code = lt_analyser_lambda(analyser, &call->arguments[2], parameters, 2);
    if (code == LT_OK && has_finish)
        code = lt_analyser_lambda(analyser, &call->arguments[3], parameters, 1);
    if (code != LT_OK)
        return code;
    struct lt_expression *merge = call->arguments[2];
    if (merge->type->kind == LT_TYPE_VOID)
        merge->arguments[0] = lt_coerce_cast(merge->arguments[0], type, analyser->coerce.arena);
    else if (!lt_collection_alike(merge->type, type))
        return lt_analyser_unexpected(analyser, call, 2, lt_analyser_shown(analyser, type));
    merge->type = type;
    type = has_finish ? call->arguments[3]->type : type;
    bool is_nullable =
        call->argument_count < 4 || call->arguments[0]->nullable || call->arguments[3]->nullable;
    return code != LT_OK ? code : finish(call, type, is_nullable);
}

static int infer_zip_with(struct lt_analyser *analyser, struct lt_expression *call)
{
    int code = needs_kind(analyser, call, 0, LT_TYPE_ARRAY);
    if (code == LT_OK)
        code = needs_kind(analyser, call, 1, LT_TYPE_ARRAY);
    if (code != LT_OK)
        return code;
    const struct lt_field parameters[] = {
        {.type = call->arguments[0]->type->fields[0].type, .nullable = true},
        {.type = call->arguments[1]->type->fields[0].type, .nullable = true}};
    code = lt_analyser_lambda(analyser, &call->arguments[2], parameters, 2);
    if (code != LT_OK)
        return code;
    const struct lt_expression *lambda = call->arguments[2];
    return finish(call, lt_type_array(analyser->coerce.arena, lambda->type, lambda->nullable),
                  lt_any_nullable(call->arguments, 2));
}

static int infer_array_sort(struct lt_analyser *analyser, struct lt_expression *call)
{
    int code = needs_kind(analyser, call, 0, LT_TYPE_ARRAY);
    if (code != LT_OK)
        return code;
    const struct lt_field *element = &call->arguments[0]->type->fields[0];
    if (call->argument_count == 1 && !lt_type_is_ordered(element->type))
        return lt_analyser_fail(analyser, LT_E_ANALYSIS, call,
                                "DATATYPE_MISMATCH.INVALID_ORDERING_TYPE", "42K09",
                                "\"array_sort\" cannot compare values of type %s",
                                lt_analyser_shown(analyser, element->type));
    if (call->argument_count == 2) {
        const struct lt_field parameters[] = {*element, *element};
        code = lt_analyser_lambda(analyser, &call->arguments[1], parameters, 2);
        if (code != LT_OK)
            return code;
        struct lt_expression *lambda = call->arguments[1];
        if (lambda->type->kind != LT_TYPE_INT)
            return lt_analyser_fail(analyser, LT_E_ANALYSIS, lambda,
                                    "DATATYPE_MISMATCH.UNEXPECTED_RETURN_TYPE", "42K09",
                                    "the lambda that compares gives an INT, not %s",
                                    lt_analyser_shown(analyser, lambda->type));
    }
    return finish(call, call->arguments[0]->type, call->arguments[0]->nullable);
}

/* The key and the value of one map. */
static int infer_over_entries(struct lt_analyser *analyser, struct lt_expression *call)
{
    int code = needs_kind(analyser, call, 0, LT_TYPE_MAP);
    return code != LT_OK ? code
                         : lt_analyser_lambda(analyser, &call->arguments[1],
                                              call->arguments[0]->type->fields, 2);
}

static int infer_map_filter(struct lt_analyser *analyser, struct lt_expression *call)
{
    int code = infer_over_entries(analyser, call);
    if (code == LT_OK)
        code = needs_boolean(analyser, call, 1);
    return code != LT_OK ? code
                         : finish(call, call->arguments[0]->type, call->arguments[0]->nullable);
}

static int infer_transform_keys(struct lt_analyser *analyser, struct lt_expression *call)
{
    int code = infer_over_entries(analyser, call);
    if (code != LT_OK)
        return code;
    const struct lt_field *value = &call->arguments[0]->type->fields[1];
    const struct lt_type *key = call->arguments[1]->type;
    if (!lt_type_is_key(key))
        return lt_analyser_refuse_key(analyser, call, key);
    return finish(call, lt_type_map(analyser->coerce.arena, key, value->type, value->nullable),
                  call->arguments[0]->nullable);
}

static int infer_transform_values(struct lt_analyser *analyser, struct lt_expression *call)
{
    int code = infer_over_entries(analyser, call);
    if (code != LT_OK)
        return code;
    const struct lt_expression *lambda = call->arguments[1];
    const struct lt_type *key = call->arguments[0]->type->fields[0].type;
    return finish(call, lt_type_map(analyser->coerce.arena, key, lambda->type, lambda->nullable),
                  call->arguments[0]->nullable);
}

static int infer_map_zip_with(struct lt_analyser *analyser, struct lt_expression *call)
{
    int code = needs_kind(analyser, call, 0, LT_TYPE_MAP);
    if (code == LT_OK)
        code = needs_kind(analyser, call, 1, LT_TYPE_MAP);
    if (code != LT_OK)
        return code;
    const struct lt_type *a = call->arguments[0]->type, *b = call->arguments[1]->type;
    const struct lt_type *key =
        lt_coerce_common_strict(&analyser->coerce, a->fields[0].type, b->fields[0].type);
    if (key == NULL)
        return lt_analyser_mismatch(
            analyser, call, "DATATYPE_MISMATCH.MAP_ZIP_WITH_DIFF_TYPES",
            "Input to the `map_zip_with` should have been two maps with compatible key types, but "
            "it's [\"%s\", \"%s\"].",
            lt_analyser_shown(analyser, a->fields[0].type),
            lt_analyser_shown(analyser, b->fields[0].type));
    for (uint32_t i = 0; i < 2; i++) {
        const struct lt_field *value = &call->arguments[i]->type->fields[1];
        code = lt_analyser_cast(
            analyser, &call->arguments[i],
            lt_type_map(analyser->coerce.arena, key, value->type, value->nullable));
        if (code != LT_OK)
            return code;
    }
    const struct lt_field parameters[] = {{.type = key},
                                          {.type = a->fields[1].type, .nullable = true},
                                          {.type = b->fields[1].type, .nullable = true}};
    code = lt_analyser_lambda(analyser, &call->arguments[2], parameters, 3);
    if (code != LT_OK)
        return code;
    const struct lt_expression *lambda = call->arguments[2];
    return finish(call, lt_type_map(analyser->coerce.arena, key, lambda->type, lambda->nullable),
                  lt_any_nullable(call->arguments, 2));
}

/* Runs of the lambda leave no memory behind. */
#define ASIDE .prepare = lt_aside_prepare, .release = lt_aside_release

static const struct lt_function functions[] = {
    {"transform", NULL, "transform(array, x -> ...)", "Each element put through the lambda.",
     "transform(array(1, 2), x -> x + 1)[1]", "3", .is_deterministic = true,
     .signatures = {LT_KERNEL("aL", "A", lt_higher_transform)}, .infer = infer_transform},
    {"filter", NULL, "filter(array, x -> ...)", "The elements for which the lambda is true.",
     "size(filter(array(1, 2, 3), x -> x > 1))", "2", .is_deterministic = true, ASIDE,
     .signatures = {LT_KERNEL("aL", "A", lt_higher_filter)}, .infer = infer_filter},
    {"exists", NULL, "exists(array, x -> ...)", "Is the lambda true for an element?",
     "exists(array(1, 2), x -> x = 2)", "true", .is_deterministic = true, ASIDE,
     .signatures = {LT_KERNEL("aL", "B", lt_higher_exists)}, .infer = infer_condition},
    {"forall", NULL, "forall(array, x -> ...)", "Is the lambda true for all elements?",
     "forall(array(1, 2), x -> x = 2)", "false", .is_deterministic = true, ASIDE,
     .signatures = {LT_KERNEL("aL", "B", lt_higher_forall)}, .infer = infer_condition},
    {"aggregate", "reduce", "aggregate(array, start, (sum, x) -> ...[, sum -> ...])",
     "The elements merged into start one after the other, then finished.",
     "aggregate(array(1, 2, 3), 0, (sum, x) -> sum + x)", "6", LT_NULL_AWARE,
     .is_deterministic = true, ASIDE, .signatures = {LT_KERNEL("aaL[L]", "0", lt_higher_aggregate)},
     .infer = infer_aggregate},
    {"zip_with", NULL, "zip_with(a, b, (x, y) -> ...)",
     "The elements of two arrays, pair by pair; the shorter is filled with NULL.",
     "zip_with(array(1, 2), array(10, 20), (x, y) -> x + y)[1]", "22", .is_deterministic = true,
     .signatures = {LT_KERNEL("aaL", "A", lt_higher_zip_with)}, .infer = infer_zip_with},
    {"array_sort", NULL, "array_sort(array[, (a, b) -> ...])",
     "The elements in order, NULL last; the lambda gives less than, equal to or more than 0.",
     "array_sort(array(3, 1, 2), (a, b) -> b - a)[0]", "3", .is_deterministic = true, ASIDE,
     .signatures = {LT_KERNEL("a[L]", "A", lt_higher_array_sort)}, .infer = infer_array_sort},
    {"map_filter", NULL, "map_filter(map, (k, v) -> ...)",
     "The entries for which the lambda is true.",
     "size(map_filter(map('a', 1, 'b', 2), (k, v) -> v > 1))", "1", .is_deterministic = true, ASIDE,
     .signatures = {LT_KERNEL("aL", "M", lt_higher_map_filter)}, .infer = infer_map_filter},
    {"transform_keys", NULL, "transform_keys(map, (k, v) -> ...)", "The map with other keys.",
     "map_keys(transform_keys(map('a', 1), (k, v) -> upper(k)))[0]", "A", .is_deterministic = true,
     .signatures = {LT_KERNEL("aL", "M", lt_higher_transform_keys)}, .infer = infer_transform_keys},
    {"transform_values", NULL, "transform_values(map, (k, v) -> ...)", "The map with other values.",
     "transform_values(map('a', 1), (k, v) -> v * 10)['a']", "10", .is_deterministic = true,
     .signatures = {LT_KERNEL("aL", "M", lt_higher_transform_values)},
     .infer = infer_transform_values},
    {"map_zip_with", NULL, "map_zip_with(a, b, (k, x, y) -> ...)",
     "Two maps merged key by key; what one has not is NULL.",
     "map_zip_with(map('a', 1), map('a', 2), (k, x, y) -> x + y)['a']", "3",
     .is_deterministic = true, .signatures = {LT_KERNEL("aaL", "M", lt_higher_map_zip_with)},
     .infer = infer_map_zip_with},
};

const struct lt_function_group lt_functions_higher = {"higher", functions,
                                                      sizeof functions / sizeof functions[0]};
