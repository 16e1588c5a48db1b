/*
 * Running lambdas over elements and entries. A result is copied out at once: the lambda's register
 * is written again by the next run.
 *
 * Where a run only answers a question, or makes the next sum of the last one, what it computed on
 * the way is forgotten after it: its memory is set aside (aside.h).
 */
#include "ops/expr/higher.h"

#include "ops/expr/aside.h"
#include "ops/expr/collections.h"
#include "ops/expr/map_build.h"
#include "ops/expr/sort.h"

/* Element `index` as a parameter; NULL past the end. */
static void set_element(struct lt_machine *machine, const struct lt_lambda *lambda,
                        uint32_t parameter, const struct lt_array *array, uint32_t index)
{
    bool is_null = index >= array->count || lt_bit(array->nulls, index);
    lt_machine_set_parameter(machine, lambda, parameter, is_null,
                             is_null ? NULL : &array->values[index]);
}

/* Runs the lambda on an element and, where it takes two, its position. */
static bool run_on_element(struct lt_machine *machine, const struct lt_call *call,
                           const struct lt_array *array, uint32_t index)
{
    const struct lt_lambda *lambda = &call->lambdas[0];
    union lt_value position = lt_value_i64(index);
    set_element(machine, lambda, 0, array, index);
    if (lambda->parameter_count == 2)
        lt_machine_set_parameter(machine, lambda, 1, false, &position);
    return lt_machine_call_lambda(machine, lambda);
}

static void put_result(struct lt_machine *machine, const struct lt_lambda *lambda,
                       struct lt_array *to, uint32_t index)
{
    const union lt_value *result = lt_machine_lambda_result(machine, lambda);
    lt_array_put(to, index, result == NULL, result);
}

enum lt_kernel lt_higher_transform(struct lt_machine *machine, const struct lt_call *call,
                                   union lt_value *out)
{
    const struct lt_array *from = lt_array_argument(machine, call, 0);
    struct lt_array *to = lt_machine_array(machine, from->count);
    if (to == NULL)
        return lt_machine_too_large(machine, call);
    for (uint32_t i = 0; i < from->count; i++) {
        if (!run_on_element(machine, call, from, i))
            return LT_KERNEL_FAULT;
        put_result(machine, &call->lambdas[0], to, i);
    }
    out->array = to;
    return LT_KERNEL_VALUE;
}

static bool is_true(const union lt_value *result)
{
    return result != NULL && result->i64 != 0;
}

enum lt_kernel lt_higher_filter(struct lt_machine *machine, const struct lt_call *call,
                                union lt_value *out)
{
    const struct lt_array *from = lt_array_argument(machine, call, 0);
    struct lt_array *to = lt_machine_array(machine, from->count);
    if (to == NULL)
        return lt_machine_too_large(machine, call);
    struct lt_aside *before = lt_aside_enter(machine, call);
    bool is_done = true;
    to->count = 0;
    for (uint32_t i = 0; i < from->count && is_done; i++) {
        is_done = run_on_element(machine, call, from, i);
        if (is_done && is_true(lt_machine_lambda_result(machine, &call->lambdas[0])))
            lt_array_copy(to, to->count++, from, i);
        lt_aside_clear(machine->aside);
    }
    lt_aside_leave(machine, before);
    out->array = to;
    return is_done ? LT_KERNEL_VALUE : LT_KERNEL_FAULT;
}

/* Stops at the first answer that is `decisive`; else NULL when there was one, else the other. */
static enum lt_kernel decide(struct lt_machine *machine, const struct lt_call *call, bool decisive,
                             union lt_value *out)
{
    const struct lt_array *from = lt_array_argument(machine, call, 0);
    bool has_null = false, is_decided = false, is_done = true;
    struct lt_aside *before = lt_aside_enter(machine, call);
    for (uint32_t i = 0; i < from->count && is_done && !is_decided; i++) {
        is_done = run_on_element(machine, call, from, i);
        if (!is_done)
            break;
        const union lt_value *result = lt_machine_lambda_result(machine, &call->lambdas[0]);
        has_null = has_null || result == NULL;
        is_decided = result != NULL && (result->i64 != 0) == decisive;
        lt_aside_clear(machine->aside);
    }
    lt_aside_leave(machine, before);
    out->i64 = is_decided == decisive;
    if (!is_done)
        return LT_KERNEL_FAULT;
    return has_null && !is_decided ? LT_KERNEL_NULL : LT_KERNEL_VALUE;
}

enum lt_kernel lt_higher_exists(struct lt_machine *machine, const struct lt_call *call,
                                union lt_value *out)
{
    return decide(machine, call, true, out);
}

enum lt_kernel lt_higher_forall(struct lt_machine *machine, const struct lt_call *call,
                                union lt_value *out)
{
    return decide(machine, call, false, out);
}

/* A sum on its way; NULL when it is. */
struct sum {
    union lt_value value;
    bool is_null;
};

/* Runs a lambda whose first parameter is the sum, and which gives the next one. */
static bool next_sum(struct lt_machine *machine, const struct lt_lambda *lambda, struct sum *sum)
{
    lt_machine_set_parameter(machine, lambda, 0, sum->is_null, &sum->value);
    if (!lt_machine_call_lambda(machine, lambda))
        return false;
    const union lt_value *result = lt_machine_lambda_result(machine, lambda);
    sum->is_null = result == NULL;
    if (!sum->is_null)
        sum->value = *result;
    return true;
}

/* All elements merged, then finished. */
static enum lt_kernel sum_up(struct lt_machine *machine, const struct lt_call *call,
                             const struct lt_array *from, struct sum *sum)
{
    const struct lt_lambda *merge = &call->lambdas[0];
    for (uint32_t i = 0; i < from->count; i++) {
        set_element(machine, merge, 1, from, i);
        if (!next_sum(machine, merge, sum))
            return LT_KERNEL_FAULT;
        if (sum->is_null)
            lt_aside_clear(machine->aside);
        else if (!lt_aside_keep(machine, call->argument_types[1], &sum->value))
            return lt_machine_too_large(machine, call);
    }
    if (call->argument_count == 4 && !next_sum(machine, &call->lambdas[1], sum))
        return LT_KERNEL_FAULT;
    return sum->is_null ? LT_KERNEL_NULL : LT_KERNEL_VALUE;
}

enum lt_kernel lt_higher_aggregate(struct lt_machine *machine, const struct lt_call *call,
                                   union lt_value *out)
{
    if (lt_argument_is_null(machine, call, 0))
        return LT_KERNEL_NULL;
    const struct lt_array *from = lt_array_argument(machine, call, 0);
    struct sum sum = {*lt_argument(machine, call, 1), lt_argument_is_null(machine, call, 1)};
    struct lt_aside *before = lt_aside_enter(machine, call);
    enum lt_kernel result = sum_up(machine, call, from, &sum);
    if (result != LT_KERNEL_VALUE)
        lt_aside_leave(machine, before);
    else if (!lt_aside_leave_with(machine, before, call->type, &sum.value))
        return lt_machine_too_large(machine, call);
    *out = sum.value;
    return result;
}

enum lt_kernel lt_higher_zip_with(struct lt_machine *machine, const struct lt_call *call,
                                  union lt_value *out)
{
    const struct lt_lambda *lambda = &call->lambdas[0];
    const struct lt_array *a = lt_array_argument(machine, call, 0);
    const struct lt_array *b = lt_array_argument(machine, call, 1);
    uint32_t count = a->count > b->count ? a->count : b->count;
    struct lt_array *to = lt_machine_array(machine, count);
    if (to == NULL)
        return lt_machine_too_large(machine, call);
    for (uint32_t i = 0; i < count; i++) {
        set_element(machine, lambda, 0, a, i);
        set_element(machine, lambda, 1, b, i);
        if (!lt_machine_call_lambda(machine, lambda))
            return LT_KERNEL_FAULT;
        put_result(machine, lambda, to, i);
    }
    out->array = to;
    return LT_KERNEL_VALUE;
}

/* -------------------------------------------------------------------------------------- sorting */

/* Elements are sorted by their positions. */
struct sorting {
    struct lt_machine *machine;
    const struct lt_call *call;
    const struct lt_array *array;
    bool is_failed;
};

static int compare_naturally(void *context, uint32_t a, uint32_t b)
{
    const struct sorting *sorting = context;
    const struct lt_array *array = sorting->array;
    bool a_null = lt_bit(array->nulls, a), b_null = lt_bit(array->nulls, b);
    if (a_null || b_null)
        return (int)a_null - (int)b_null;
    return lt_value_compare(sorting->call->type->fields[0].type, &array->values[a],
                            &array->values[b]);
}

static int compare_by_lambda(void *context, uint32_t a, uint32_t b)
{
    struct sorting *sorting = context;
    const struct lt_lambda *lambda = &sorting->call->lambdas[0];
    set_element(sorting->machine, lambda, 0, sorting->array, a);
    set_element(sorting->machine, lambda, 1, sorting->array, b);
    sorting->is_failed = sorting->is_failed || !lt_machine_call_lambda(sorting->machine, lambda);
    if (sorting->is_failed)
        return 0;
    const union lt_value *result = lt_machine_lambda_result(sorting->machine, lambda);
    lt_aside_clear(sorting->machine->aside);
    if (result != NULL)
        return (result->i64 > 0) - (result->i64 < 0);
    sorting->is_failed = true;
    (void)lt_machine_fault(sorting->machine, sorting->call, "COMPARATOR_RETURNS_NULL", "22004",
                           "the lambda that compares gave NULL");
    return 0;
}

enum lt_kernel lt_higher_array_sort(struct lt_machine *machine, const struct lt_call *call,
                                    union lt_value *out)
{
    struct sorting sorting = {machine, call, lt_array_argument(machine, call, 0), false};
    uint32_t count = sorting.array->count;
    struct lt_array *to = lt_machine_array(machine, count);
    uint32_t *room = lt_machine_alloc(machine, ((size_t)count + 1) * 2 * sizeof *room);
    if (to == NULL || room == NULL)
        return lt_machine_too_large(machine, call);
    struct lt_aside *before = lt_aside_enter(machine, call);
    const uint32_t *order = lt_sort(
        room, count, call->lambdas == NULL ? compare_naturally : compare_by_lambda, &sorting);
    lt_aside_leave(machine, before);
    if (sorting.is_failed)
        return LT_KERNEL_FAULT;
    for (uint32_t i = 0; i < count; i++)
        lt_array_copy(to, i, sorting.array, order[i]);
    out->array = to;
    return LT_KERNEL_VALUE;
}

/* ----------------------------------------------------------------------------------------- maps */

static bool run_on_entry(struct lt_machine *machine, const struct lt_call *call,
                         const struct lt_map *map, uint32_t index)
{
    set_element(machine, &call->lambdas[0], 0, &map->keys, index);
    set_element(machine, &call->lambdas[0], 1, &map->values, index);
    return lt_machine_call_lambda(machine, &call->lambdas[0]);
}

enum lt_kernel lt_higher_map_filter(struct lt_machine *machine, const struct lt_call *call,
                                    union lt_value *out)
{
    const struct lt_map *from = lt_argument(machine, call, 0)->map;
    struct lt_map *to = lt_machine_map(machine, from->keys.count);
    if (to == NULL)
        return lt_machine_too_large(machine, call);
    struct lt_aside *before = lt_aside_enter(machine, call);
    bool is_done = true;
    uint32_t count = 0;
    for (uint32_t i = 0; i < from->keys.count && is_done; i++) {
        is_done = run_on_entry(machine, call, from, i);
        if (is_done && is_true(lt_machine_lambda_result(machine, &call->lambdas[0]))) {
            lt_array_copy(&to->keys, count, &from->keys, i);
            lt_array_copy(&to->values, count++, &from->values, i);
        }
        lt_aside_clear(machine->aside);
    }
    lt_aside_leave(machine, before);
    to->keys.count = to->values.count = count;
    out->map = to;
    return is_done ? LT_KERNEL_VALUE : LT_KERNEL_FAULT;
}

enum lt_kernel lt_higher_transform_keys(struct lt_machine *machine, const struct lt_call *call,
                                        union lt_value *out)
{
    const struct lt_map *from = lt_argument(machine, call, 0)->map;
    struct lt_map_build build = lt_map_build_start(machine, call, from->keys.count);
    for (uint32_t i = 0; i < from->keys.count; i++) {
        if (!run_on_entry(machine, call, from, i))
            return LT_KERNEL_FAULT;
        bool is_null = lt_bit(from->values.nulls, i);
        enum lt_kernel result =
            lt_map_build_put(&build, lt_machine_lambda_result(machine, &call->lambdas[0]),
                             is_null ? NULL : &from->values.values[i]);
        if (result != LT_KERNEL_VALUE)
            return result;
    }
    return lt_map_build_finish(&build, out);
}

enum lt_kernel lt_higher_transform_values(struct lt_machine *machine, const struct lt_call *call,
                                          union lt_value *out)
{
    const struct lt_map *from = lt_argument(machine, call, 0)->map;
    struct lt_map *to = lt_machine_map(machine, from->keys.count);
    if (to == NULL)
        return lt_machine_too_large(machine, call);
    for (uint32_t i = 0; i < from->keys.count; i++) {
        if (!run_on_entry(machine, call, from, i))
            return LT_KERNEL_FAULT;
        lt_array_put(&to->keys, i, false, &from->keys.values[i]);
        put_result(machine, &call->lambdas[0], &to->values, i);
    }
    out->map = to;
    return LT_KERNEL_VALUE;
}

/* Where the keys of one map stand in the other. */
static bool set_of_keys(struct lt_machine *machine, const struct lt_type *type,
                        const struct lt_array *keys, struct lt_value_set *set)
{
    if (!lt_value_set_init(set, machine, type, keys->values, keys->count, false))
        return false;
    for (uint32_t i = 0; i < keys->count; i++)
        (void)lt_value_set_put(set, &keys->values[i], i); /* the first of equal ones counts */
    return true;
}

/* One entry of the merged map; a position past the end is a value that is not there. */
static enum lt_kernel zip_entry(struct lt_map_build *build, const union lt_value *key,
                                const struct lt_array *a, uint32_t at_a, const struct lt_array *b,
                                uint32_t at_b)
{
    const struct lt_lambda *lambda = &build->call->lambdas[0];
    lt_machine_set_parameter(build->machine, lambda, 0, false, key);
    set_element(build->machine, lambda, 1, a, at_a);
    set_element(build->machine, lambda, 2, b, at_b);
    if (!lt_machine_call_lambda(build->machine, lambda))
        return LT_KERNEL_FAULT;
    return lt_map_build_put(build, key, lt_machine_lambda_result(build->machine, lambda));
}

enum lt_kernel lt_higher_map_zip_with(struct lt_machine *machine, const struct lt_call *call,
                                      union lt_value *out)
{
    const struct lt_map *a = lt_argument(machine, call, 0)->map;
    const struct lt_map *b = lt_argument(machine, call, 1)->map;
    const struct lt_type *key_type = call->type->fields[0].type;
    struct lt_map_build build = lt_map_build_start(machine, call, a->keys.count + b->keys.count);
    struct lt_value_set keys[2];
    if (!set_of_keys(machine, key_type, &a->keys, &keys[0]) ||
        !set_of_keys(machine, key_type, &b->keys, &keys[1]))
        return lt_machine_too_large(machine, call);
    for (uint32_t i = 0; i < a->keys.count; i++) {
        const union lt_value *key = &a->keys.values[i];
        int64_t other = lt_value_set_find(&keys[1], key);
        enum lt_kernel result = zip_entry(&build, key, &a->values, i, &b->values,
                                          other < 0 ? b->keys.count : (uint32_t)other);
        if (result != LT_KERNEL_VALUE)
            return result;
    }
    for (uint32_t i = 0; i < b->keys.count; i++) {
        const union lt_value *key = &b->keys.values[i];
        if (lt_value_set_find(&keys[0], key) >= 0)
            continue;
        enum lt_kernel result = zip_entry(&build, key, &a->values, a->keys.count, &b->values, i);
        if (result != LT_KERNEL_VALUE)
            return result;
    }
    return lt_map_build_finish(&build, out);
}
