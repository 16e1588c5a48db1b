/*
 * Arrays: made of values, their size, and an element by its position.
 */
#include <inttypes.h>

#include "ops/expr/analyser.h"

static int infer_array(struct lt_analyser *analyser, struct lt_expression *call)
{
    const struct lt_type *common = lt_type_simple(LT_TYPE_VOID);
    if (call->argument_count > 0) {
        int code = lt_analyser_bring_together(analyser, call, 0, 1, &common);
        if (code != LT_OK)
            return code;
    }
    if (common == NULL)
        return lt_analyser_fail(analyser, LT_E_ANALYSIS, call, "DATATYPE_MISMATCH.DATA_DIFF_TYPES",
                                "42K09", "the elements of an array have types that do not meet");
    bool has_null = lt_any_nullable(call->arguments, call->argument_count);
    call->type = lt_type_array(analyser->coerce.arena, common, has_null);
    call->signature = &lt_function_at((size_t)call->index, NULL)->signatures[0];
    call->nullable = false;
    return LT_OK;
}

static enum lt_kernel make_array(struct lt_machine *machine, const struct lt_call *call,
                                 union lt_value *out)
{
    struct lt_array *array = lt_machine_array(machine, call->argument_count);
    if (array == NULL)
        return lt_machine_too_large(machine, call);
    for (uint32_t i = 0; i < call->argument_count; i++)
        lt_array_put(array, i, lt_argument_is_null(machine, call, i),
                     lt_argument(machine, call, i));
    out->array = array;
    return LT_KERNEL_VALUE;
}

/* Under legacy rules the size of NULL is -1. */
static enum lt_kernel size(struct lt_machine *machine, const struct lt_call *call,
                           union lt_value *out)
{
    if (lt_argument_is_null(machine, call, 0)) {
        out->i64 = -1;
        return call->is_legacy ? LT_KERNEL_VALUE : LT_KERNEL_NULL;
    }
    if (call->argument_types[0]->kind == LT_TYPE_MAP) {
        out->i64 = lt_argument(machine, call, 0)->map->keys.count;
        return LT_KERNEL_VALUE;
    }
    struct lt_array *array = lt_argument(machine, call, 0)->array;
    lt_array_materialize(array);
    out->i64 = array->count;
    return LT_KERNEL_VALUE;
}

static int infer_size(struct lt_analyser *analyser, struct lt_expression *call)
{
    struct lt_expression *argument = call->arguments[0];
    if (argument->type->kind != LT_TYPE_VOID || lt_coerce_is_open(argument))
        return LT_INFER_LETTERS;
    call->signature = &lt_function_at((size_t)call->index, NULL)->signatures[0];
    call->type = lt_type_simple(LT_TYPE_INT);
    call->nullable = !analyser->coerce.session->is_legacy;
    return LT_OK;
}

static enum lt_kernel element_of(const struct lt_array *array, uint32_t index, union lt_value *out)
{
    if (lt_bit(array->nulls, index))
        return LT_KERNEL_NULL;
    *out = array->values[index];
    return LT_KERNEL_VALUE;
}

static enum lt_kernel array_at(struct lt_machine *machine, const struct lt_call *call,
                               union lt_value *out)
{
    struct lt_array *array = lt_argument(machine, call, 0)->array;
    int64_t index = lt_argument(machine, call, 1)->i64;
    lt_array_materialize(array);
    if (index >= 0 && index < array->count)
        return element_of(array, (uint32_t)index, out);
    if (call->is_legacy)
        return LT_KERNEL_NULL;
    return lt_machine_fault(machine, call, "INVALID_ARRAY_INDEX", "22003",
                            "index %" PRId64 " is outside of an array of %u elements; hint: get() "
                            "gives NULL instead",
                            index, array->count);
}

static enum lt_kernel array_get(struct lt_machine *machine, const struct lt_call *call,
                                union lt_value *out)
{
    struct lt_array *array = lt_argument(machine, call, 0)->array;
    int64_t index = lt_argument(machine, call, 1)->i64;
    lt_array_materialize(array);
    bool is_in = index >= 0 && index < array->count;
    return is_in ? element_of(array, (uint32_t)index, out) : LT_KERNEL_NULL;
}

static enum lt_kernel map_at(struct lt_machine *machine, const struct lt_call *call,
                             union lt_value *out)
{
    const struct lt_map *map = lt_argument(machine, call, 0)->map;
    const struct lt_type *key_type = call->argument_types[0]->fields[0].type;
    for (uint32_t i = 0; i < map->keys.count; i++) {
        if (lt_value_compare(key_type, &map->keys.values[i], lt_argument(machine, call, 1)) == 0)
            return element_of(&map->values, i, out);
    }
    return LT_KERNEL_NULL;
}

/* s['a'] is s.a. */
static int become_field(struct lt_analyser *analyser, struct lt_expression *call)
{
    const struct lt_expression *name = call->arguments[1];
    if (name->kind != LT_EXPR_LITERAL || name->is_null || name->type->kind != LT_TYPE_STRING)
        return lt_analyser_fail(analyser, LT_E_ANALYSIS, call, "INVALID_EXTRACT_FIELD_TYPE",
                                "42000", "a field of a struct is named by a constant string");
    call->kind = LT_EXPR_FIELD;
    call->index = -1;
    call->argument_count = 1;
    call->name = lt_arena_text_n(analyser->coerce.arena, (const char *)name->value.bytes.data,
                                 name->value.bytes.size_bytes);
    return lt_analyse(analyser, call);
}

/* a[i] and m[k]. The key takes the type of the map's keys. */
static int infer_subscript(struct lt_analyser *analyser, struct lt_expression *call)
{
    const struct lt_type *type = call->arguments[0]->type;
    const struct lt_signature *signatures = lt_function_at((size_t)call->index, NULL)->signatures;
    bool is_map = type->kind == LT_TYPE_MAP;
    if (type->kind == LT_TYPE_STRUCT)
        return become_field(analyser, call);
    if (type->kind != LT_TYPE_ARRAY && !is_map)
        return lt_analyser_fail(analyser, LT_E_ANALYSIS, call, "INVALID_EXTRACT_BASE_FIELD_TYPE",
                                "42000", "cannot take an element of a value of type %s",
                                lt_analyser_shown(analyser, type));
    const struct lt_type *index_type = call->arguments[1]->type;
    const struct lt_type *wanted = is_map ? type->fields[0].type : lt_type_simple(LT_TYPE_INT);
    bool fits = is_map ? lt_coerce_is_implicit(&analyser->coerce, index_type, wanted)
                       : lt_type_is_integral(index_type) || index_type->kind == LT_TYPE_VOID;
    if (!fits)
        return lt_analyser_unexpected(analyser, call, 1, is_map ? "a key" : "an integer");
    if (is_map || index_type->kind == LT_TYPE_VOID) {
        int code = lt_analyser_cast(analyser, &call->arguments[1], wanted);
        if (code != LT_OK)
            return code;
    }
    call->signature = &signatures[is_map];
    call->type = type->fields[is_map].type;
    call->nullable = is_map || analyser->coerce.session->is_legacy || type->fields[0].nullable ||
                     lt_any_nullable(call->arguments, 2);
    return LT_OK;
}

static const struct lt_function functions[] = {
    {"array", NULL, "array(a, ...)", "An array of the values, brought to one type.",
     "array(1, 2)[1]", "2", LT_NULL_AWARE, .is_deterministic = true,
     .signatures = {LT_KERNEL("a*", "A", make_array)}, .infer = infer_array},
    {"[]", NULL, "a[b]",
     "The element of an array at an index from 0, outside of it an error; the value of a map under "
     "a key, NULL if there is none.",
     "array(10, 20)[1]", "20", .is_operator = true, .is_deterministic = true,
     .signatures = {LT_KERNEL("ag", "E", array_at), LT_KERNEL("aa", "E", map_at)},
     .infer = infer_subscript},
    {"get", NULL, "get(array, index)", "The element at an index from 0; NULL outside.",
     "get(array(10, 20), 5)", "NULL", .is_deterministic = true,
     .signatures = {LT_KERNEL("Ai", "E", array_get)}},
    {"size", "cardinality", "size(a)", "How many elements an array or map has.",
     "size(array('a', 'b'))", "2", LT_NULL_AWARE, .is_deterministic = true, .is_total = true,
     .signatures = {LT_KERNEL("A", "i", size), LT_KERNEL("M", "i", size)}, .infer = infer_size},
};

const struct lt_function_group lt_functions_array = {"array", functions,
                                                     sizeof functions / sizeof functions[0]};
