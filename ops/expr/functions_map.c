/*
 * Maps: made of keys and values, and taken apart.
 */
#include "ops/expr/collections.h"
#include "ops/expr/map_build.h"

static const union lt_value *value_or_null(struct lt_machine *machine, const struct lt_call *call,
                                           uint32_t index)
{
    return lt_argument_is_null(machine, call, index) ? NULL : lt_argument(machine, call, index);
}

/* ------------------------------------------------------------------------------------- analysis */

static int infer_map(struct lt_analyser *analyser, struct lt_expression *call)
{
    if (call->argument_count % 2 == 1)
        return lt_analyser_fail(
            analyser, LT_E_ANALYSIS, call, "WRONG_NUM_ARGS.WITHOUT_SUGGESTION", "42605",
            "The `map` requires 2n (n > 0) parameters but the actual number is %u. Please, "
            "refer to "
            "'https://spark.apache.org/docs/latest/sql-ref-functions.html' for "
            "a fix.",
            call->argument_count);
    const struct lt_type *types[2] = {lt_type_simple(LT_TYPE_VOID), lt_type_simple(LT_TYPE_VOID)};
    for (uint32_t i = 0; i < 2 && call->argument_count > 0; i++) {
        int code = lt_analyser_bring_together(analyser, call, i, 2, &types[i]);
        if (code != LT_OK)
            return code;
        if (types[i] == NULL)
            return lt_analyser_refuse_map(analyser, call, i == 0);
    }
    int code = lt_collection_needs_key(analyser, call, types[0]);
    if (code != LT_OK)
        return code;
    bool has_null = false;
    for (uint32_t i = 1; i < call->argument_count; i += 2)
        has_null = has_null || call->arguments[i]->nullable;
    return lt_collection_finish(
        call, 0, lt_type_map(analyser->coerce.arena, types[0], types[1], has_null), false);
}

static int infer_from_arrays(struct lt_analyser *analyser, struct lt_expression *call)
{
    for (uint32_t i = 0; i < 2; i++) {
        int code = lt_collection_needs_array(analyser, call, i, true);
        if (code != LT_OK)
            return code;
    }
    const struct lt_field *key = &call->arguments[0]->type->fields[0];
    const struct lt_field *value = &call->arguments[1]->type->fields[0];
    int code = lt_collection_needs_key(analyser, call, key->type);
    return code != LT_OK ? code
                         : lt_collection_finish(call, 0,
                                                lt_type_map(analyser->coerce.arena, key->type,
                                                            value->type, value->nullable),
                                                lt_any_nullable(call->arguments, 2));
}

/* map_keys, map_values: an array of the map's first or second part. By its type each may be NULL
 * there, as in Spark. */
static int infer_part(struct lt_analyser *analyser, struct lt_expression *call, uint32_t part)
{
    int code = lt_collection_needs_map(analyser, call, 0, true);
    if (code != LT_OK)
        return code;
    const struct lt_field *field = &call->arguments[0]->type->fields[part];
    return lt_collection_finish(call, 0, lt_type_array(analyser->coerce.arena, field->type, true),
                                call->arguments[0]->nullable);
}

static int infer_keys(struct lt_analyser *analyser, struct lt_expression *call)
{
    return infer_part(analyser, call, 0);
}

static int infer_values(struct lt_analyser *analyser, struct lt_expression *call)
{
    return infer_part(analyser, call, 1);
}

/* -------------------------------------------------------------------------------------- kernels */

static enum lt_kernel make_map(struct lt_machine *machine, const struct lt_call *call,
                               union lt_value *out)
{
    struct lt_map_build build = lt_map_build_start(machine, call, call->argument_count / 2);
    for (uint32_t i = 0; i < call->argument_count; i += 2) {
        enum lt_kernel result = lt_map_build_put(&build, value_or_null(machine, call, i),
                                                 value_or_null(machine, call, i + 1));
        if (result != LT_KERNEL_VALUE)
            return result;
    }
    return lt_map_build_finish(&build, out);
}

static enum lt_kernel map_from_arrays(struct lt_machine *machine, const struct lt_call *call,
                                      union lt_value *out)
{
    const struct lt_array *keys = lt_array_argument(machine, call, 0);
    const struct lt_array *values = lt_array_argument(machine, call, 1);
    if (keys->count != values->count)
        return lt_machine_fault(machine, call, "MAP_KEYS_AND_VALUES_DIFFER", "22023",
                                "The key array and value array of MapData must have the same "
                                "length");
    struct lt_map_build build = lt_map_build_start(machine, call, keys->count);
    for (uint32_t i = 0; i < keys->count; i++) {
        enum lt_kernel result =
            lt_map_build_put(&build, lt_array_element(keys, i), lt_array_element(values, i));
        if (result != LT_KERNEL_VALUE)
            return result;
    }
    return lt_map_build_finish(&build, out);
}

static enum lt_kernel put_part(struct lt_machine *machine, const struct lt_call *call,
                               const struct lt_array *part, union lt_value *out)
{
    out->array = lt_machine_alloc(machine, sizeof *out->array);
    if (out->array == NULL)
        return lt_machine_too_large(machine, call);
    *out->array = *part;
    return LT_KERNEL_VALUE;
}

static enum lt_kernel map_keys(struct lt_machine *machine, const struct lt_call *call,
                               union lt_value *out)
{
    return put_part(machine, call, &lt_argument(machine, call, 0)->map->keys, out);
}

static enum lt_kernel map_values(struct lt_machine *machine, const struct lt_call *call,
                                 union lt_value *out)
{
    return put_part(machine, call, &lt_argument(machine, call, 0)->map->values, out);
}

static const struct lt_function functions[] = {
    {"map", NULL, "map(key, value, ...)", "A map of the keys to the values.", "map('a', 1)['a']",
     "1", LT_NULL_AWARE, .is_deterministic = true, .signatures = {LT_KERNEL("a*", "M", make_map)},
     .infer = infer_map},
    {"map_from_arrays", NULL, "map_from_arrays(keys, values)", "A map of two arrays.",
     "map_from_arrays(array('a'), array(1))['a']", "1", .is_deterministic = true,
     .signatures = {LT_KERNEL("aa", "M", map_from_arrays)}, .infer = infer_from_arrays},
    {"map_keys", NULL, "map_keys(map)", "The keys as an array.", "map_keys(map('a', 1))[0]", "a",
     .is_deterministic = true, .signatures = {LT_KERNEL("a", "A", map_keys)}, .infer = infer_keys},
    {"map_values", NULL, "map_values(map)", "The values as an array.", "map_values(map('a', 1))[0]",
     "1", .is_deterministic = true, .signatures = {LT_KERNEL("a", "A", map_values)},
     .infer = infer_values},
};

const struct lt_function_group lt_functions_map = {"map", functions,
                                                   sizeof functions / sizeof functions[0]};
