/*
 * The keys that are there already are found through a set of values, so that a large map is not
 * looked through for each of its entries.
 */
#include "ops/expr/map_build.h"
#include "ops/expr/faults.h"

struct lt_map_build lt_map_build_start(struct lt_machine *machine, const struct lt_call *call,
                                       uint32_t most)
{
    struct lt_map_build build = {.machine = machine, .call = call};
    build.map = lt_machine_map(machine, most);
    if (build.map != NULL && !lt_value_set_init(&build.keys, machine, call->type->fields[0].type,
                                                build.map->keys.values, most, false))
        build.map = NULL;
    return build;
}

/* The key as Spark shows it; what is nested is not shown. */
static enum lt_kernel refuse_duplicate(const struct lt_map_build *build, const union lt_value *key)
{
    struct lt_text_buffer text;
    lt_text_init(&text);
    lt_fault_show_plain(&text, build->call->type->fields[0].type, key);
    enum lt_kernel kernel = lt_machine_fault(
        build->machine, build->call, "DUPLICATED_MAP_KEY", "23505",
        "Duplicate map key %s was found, please check the input data.\nIf you want to remove the "
        "duplicated keys, you can set \"spark.sql.mapKeyDedupPolicy\" to \"LAST_WIN\" so that the "
        "key inserted at last takes precedence",
        lt_text_get(&text));
    lt_text_fini(&text);
    return kernel;
}

enum lt_kernel lt_map_build_put(struct lt_map_build *build, const union lt_value *key,
                                const union lt_value *value)
{
    if (build->map == NULL)
        return lt_machine_too_large(build->machine, build->call);
    if (key == NULL)
        return lt_machine_fault(build->machine, build->call, "NULL_MAP_KEY", "2200E",
                                "Cannot use null as map key");
    int64_t found = lt_value_set_put(&build->keys, key, build->count);
    if (found >= 0 && build->call->session->map_key_policy == LT_MAP_KEYS_EXCEPTION)
        return refuse_duplicate(build, key);
    uint32_t index = found >= 0 ? (uint32_t)found : build->count++;
    struct lt_array *keys = &build->map->keys, *values = &build->map->values;
    lt_array_put(keys, index, false, key);
    if (lt_type_is_fraction(build->call->type->fields[0].type))
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
