/*
 * Maps: made of keys and values, and taken apart.
 */
#include "ops/expr/analyser.h"
#include "ops/expr/map_build.h"

/* ------------------------------------------------------------------------------------- building */

struct lt_map_build lt_map_build_start(struct lt_machine *machine, const struct lt_call *call,
                                       uint32_t most)
{
    return (struct lt_map_build){machine, call, lt_machine_map(machine, most), 0};
}

static int32_t find_key(const struct lt_map_build *build, const union lt_value *key)
{
    const struct lt_type *type = build->call->type->fields[0].type;
    for (uint32_t i = 0; i < build->count; i++) {
        if (lt_value_compare(type, &build->map->keys.values[i], key) == 0)
            return (int32_t)i;
    }
    return -1;
}

enum lt_kernel lt_map_build_put(struct lt_map_build *build, const union lt_value *key,
                                const union lt_value *value)
{
    if (build->map == NULL)
        return lt_machine_too_large(build->machine, build->call);
    if (key == NULL)
        return lt_machine_fault(build->machine, build->call, "NULL_MAP_KEY", "2200E",
                                "the key of a map is NULL");
    int32_t found = find_key(build, key);
    if (found >= 0 && build->call->session->map_key_policy == LT_MAP_KEYS_EXCEPTION)
        return lt_machine_fault(build->machine, build->call, "DUPLICATED_MAP_KEY", "23505",
                                "a key stands twice in a map; hint: SET "
                                "spark.sql.mapKeyDedupPolicy=LAST_WIN keeps the last");
    uint32_t index = found >= 0 ? (uint32_t)found : build->count++;
    struct lt_array *keys = &build->map->keys, *values = &build->map->values;
    lt_array_put(keys, index, false, key);
    if (build->call->type->fields[0].type->kind == LT_TYPE_DOUBLE ||
        build->call->type->fields[0].type->kind == LT_TYPE_FLOAT)
        lt_writable_values(keys->values)[index].f64 += 0.0; /* -0.0 is kept as 0.0 */
    lt_bit_clear((uint64_t *)(uintptr_t)values->nulls, index);
    lt_array_put(values, index, value == NULL, value);
    return LT_KERNEL_VALUE;
}

enum lt_kernel lt_map_build_finish(struct lt_map_build *build, union lt_value *out)
{
    if (build->map == NULL)
        return lt_machine_too_large(build->machine, build->call);
    build->map->keys.count = build->map->values.count = build->count;
    out->map = build->map;
    return LT_KERNEL_VALUE;
}

static const union lt_value *value_or_null(struct lt_machine *machine, const struct lt_call *call,
                                           uint32_t index)
{
    return lt_argument_is_null(machine, call, index) ? NULL : lt_argument(machine, call, index);
}

static const union lt_value *element_or_null(const struct lt_array *array, uint32_t index)
{
    return lt_bit(array->nulls, index) ? NULL : &array->values[index];
}

/* -------------------------------------------------------------------------------------- analysis
 */

static int refuse_key(struct lt_analyser *analyser, const struct lt_expression *call,
                      const struct lt_type *key)
{
    return lt_analyser_fail(analyser, LT_E_ANALYSIS, call, "DATATYPE_MISMATCH.INVALID_MAP_KEY_TYPE",
                            "42K09", "the key of a map cannot be %s",
                            lt_analyser_shown(analyser, key));
}

static int infer_map(struct lt_analyser *analyser, struct lt_expression *call)
{
    static const char *const conditions[] = {"DATATYPE_MISMATCH.CREATE_MAP_KEY_DIFF_TYPES",
                                             "DATATYPE_MISMATCH.CREATE_MAP_VALUE_DIFF_TYPES"};
    if (call->argument_count % 2 == 1)
        return lt_analyser_fail(analyser, LT_E_ANALYSIS, call, "WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
                                "42605", "\"map\" takes keys and values in turn");
    const struct lt_type *types[2] = {lt_type_simple(LT_TYPE_VOID), lt_type_simple(LT_TYPE_VOID)};
    for (uint32_t i = 0; i < 2 && call->argument_count > 0; i++) {
        int code = lt_analyser_bring_together(analyser, call, i, 2, &types[i]);
        if (code != LT_OK)
            return code;
        if (types[i] == NULL)
            return lt_analyser_fail(analyser, LT_E_ANALYSIS, call, conditions[i], "42K09",
                                    "the %s of a map have types that do not meet",
                                    i == 0 ? "keys" : "values");
    }
    if (!lt_type_is_ordered(types[0]))
        return refuse_key(analyser, call, types[0]);
    bool has_null = false;
    for (uint32_t i = 1; i < call->argument_count; i += 2)
        has_null = has_null || call->arguments[i]->nullable;
    call->type = lt_type_map(analyser->coerce.arena, types[0], types[1], has_null);
    call->signature = &lt_function_at((size_t)call->index, NULL)->signatures[0];
    call->nullable = false;
    return LT_OK;
}

static int infer_from_arrays(struct lt_analyser *analyser, struct lt_expression *call)
{
    for (uint32_t i = 0; i < 2; i++) {
        if (call->arguments[i]->type->kind != LT_TYPE_ARRAY)
            return lt_analyser_unexpected(analyser, call, i, "an array");
    }
    const struct lt_field *key = &call->arguments[0]->type->fields[0];
    const struct lt_field *value = &call->arguments[1]->type->fields[0];
    if (!lt_type_is_ordered(key->type))
        return refuse_key(analyser, call, key->type);
    call->type = lt_type_map(analyser->coerce.arena, key->type, value->type, value->nullable);
    call->signature = &lt_function_at((size_t)call->index, NULL)->signatures[0];
    call->nullable = lt_any_nullable(call->arguments, 2);
    return LT_OK;
}

/* map_keys, map_values: an array of the map's first or second part. */
static int infer_part(struct lt_analyser *analyser, struct lt_expression *call, uint32_t part)
{
    const struct lt_type *map = call->arguments[0]->type;
    if (map->kind != LT_TYPE_MAP)
        return lt_analyser_unexpected(analyser, call, 0, "a map");
    call->type = lt_type_array(analyser->coerce.arena, map->fields[part].type,
                               part == 1 && map->fields[part].nullable);
    call->signature = &lt_function_at((size_t)call->index, NULL)->signatures[0];
    call->nullable = call->arguments[0]->nullable;
    return LT_OK;
}

static int infer_keys(struct lt_analyser *analyser, struct lt_expression *call)
{
    return infer_part(analyser, call, 0);
}

static int infer_values(struct lt_analyser *analyser, struct lt_expression *call)
{
    return infer_part(analyser, call, 1);
}

/* --------------------------------------------------------------------------------------- kernels
 */

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
    struct lt_array *keys = lt_argument(machine, call, 0)->array;
    struct lt_array *values = lt_argument(machine, call, 1)->array;
    lt_array_materialize(keys);
    lt_array_materialize(values);
    if (keys->count != values->count)
        return lt_machine_fault(machine, call, "MAP_KEYS_AND_VALUES_DIFFER", "22023",
                                "there are %u keys but %u values", keys->count, values->count);
    struct lt_map_build build = lt_map_build_start(machine, call, keys->count);
    for (uint32_t i = 0; i < keys->count; i++) {
        enum lt_kernel result =
            lt_map_build_put(&build, element_or_null(keys, i), element_or_null(values, i));
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
