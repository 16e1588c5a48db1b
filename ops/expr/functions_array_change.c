/*
 * Arrays made of other arrays: with an element more or fewer, one after the other, turned round,
 * flattened, zipped.
 */
#include <inttypes.h>
#include <string.h>

#include "ops/expr/collections.h"
#include "ops/expr/expr.h"
#include "ops/expr/faults.h"

/* No array has more elements, as in Spark; memory ends earlier. */
enum { ELEMENTS_MAX = 2147483632 };

/* ---------------------------------------------------------------------- append, prepend, insert */

static int diff_types(struct lt_analyser *analyser, struct lt_expression *call, uint32_t value)
{
    return lt_analyser_refuse_partner(analyser, call, false, value);
}

/* The array takes the value at argument `value`, which may be NULL. */
static int infer_added(struct lt_analyser *analyser, struct lt_expression *call, uint32_t value)
{
    const struct lt_type *type = lt_collection_tight(
        analyser, call->arguments[0]->type->fields[0].type, call->arguments[value]->type);
    if (type == NULL)
        return diff_types(analyser, call, value);
    int code = lt_collection_cast_element(analyser, call, value, type);
    return code != LT_OK
               ? code
               : lt_collection_finish(call, 0, lt_type_array(analyser->coerce.arena, type, true),
                                      call->arguments[0]->nullable);
}

static int infer_append(struct lt_analyser *analyser, struct lt_expression *call)
{
    int code = lt_collection_needs_array(analyser, call, 0, false);
    return code != LT_OK ? code : infer_added(analyser, call, 1);
}

static int infer_insert(struct lt_analyser *analyser, struct lt_expression *call)
{
    if (call->arguments[0]->type->kind != LT_TYPE_ARRAY)
        return diff_types(analyser, call, 2);
    enum lt_type_kind kind = call->arguments[1]->type->kind;
    bool meets = lt_collection_tight(analyser, call->arguments[0]->type->fields[0].type,
                                     call->arguments[2]->type) != NULL;
    if (kind < LT_TYPE_TINYINT || kind > LT_TYPE_INT || (!meets && kind != LT_TYPE_INT))
        return lt_analyser_unexpected(analyser, call, 1, "an INT");
    int code = infer_added(analyser, call, 2);
    call->nullable = code == LT_OK && lt_any_nullable(call->arguments, 2);
    return code;
}

/* The array with room for argument `value` at `at`; what lies between is NULL. */
static enum lt_kernel insert(struct lt_machine *machine, const struct lt_call *call,
                             const struct lt_array *from, uint32_t value, uint32_t count,
                             uint32_t at, union lt_value *out)
{
    struct lt_array *to = lt_machine_array(machine, count);
    if (to == NULL)
        return lt_machine_too_large(machine, call);
    uint32_t before = at < from->count ? at : from->count, after = from->count - before;
    lt_array_copy_range(to, 0, from, 0, before);
    for (uint32_t i = before; i < count - after; i++)
        lt_array_put(to, i, true, NULL);
    lt_array_copy_range(to, count - after, from, before, after);
    lt_bit_clear((uint64_t *)(uintptr_t)to->nulls, at);
    lt_array_put(to, at, lt_argument_is_null(machine, call, value),
                 lt_argument(machine, call, value));
    out->array = to;
    return LT_KERNEL_VALUE;
}

static enum lt_kernel array_append(struct lt_machine *machine, const struct lt_call *call,
                                   union lt_value *out)
{
    if (lt_argument_is_null(machine, call, 0))
        return LT_KERNEL_NULL;
    const struct lt_array *from = lt_array_argument(machine, call, 0);
    return insert(machine, call, from, 1, from->count + 1, from->count, out);
}

static enum lt_kernel array_prepend(struct lt_machine *machine, const struct lt_call *call,
                                    union lt_value *out)
{
    if (lt_argument_is_null(machine, call, 0))
        return LT_KERNEL_NULL;
    const struct lt_array *from = lt_array_argument(machine, call, 0);
    return insert(machine, call, from, 1, from->count + 1, 0, out);
}

/* Positions count from 1, or from the end where -1 is behind the last element. One that is too far
 * out makes the array reach there. */
static enum lt_kernel array_insert(struct lt_machine *machine, const struct lt_call *call,
                                   union lt_value *out)
{
    if (lt_argument_is_null(machine, call, 0) || lt_argument_is_null(machine, call, 1))
        return LT_KERNEL_NULL;
    const struct lt_array *from = lt_array_argument(machine, call, 0);
    int64_t position = lt_argument(machine, call, 1)->i64;
    int64_t reach = position < 0 ? -position : position;
    int64_t count = reach > (int64_t)from->count + 1 ? reach : (int64_t)from->count + 1;
    if (position == 0)
        return lt_fault_index_zero(machine, call);
    if (count > ELEMENTS_MAX)
        return lt_machine_too_large(machine, call);
    int64_t at = position < 0 ? count + position : position - 1;
    if (position > 0 || reach <= (int64_t)from->count + 1)
        return insert(machine, call, from, 2, (uint32_t)count, (uint32_t)at, out);
    /* Before the first: the value, NULLs, the array. */
    struct lt_array *to = lt_machine_array(machine, (uint32_t)count);
    if (to == NULL)
        return lt_machine_too_large(machine, call);
    uint32_t first = (uint32_t)count - from->count;
    for (uint32_t i = 1; i < first; i++)
        lt_array_put(to, i, true, NULL);
    lt_array_put(to, 0, lt_argument_is_null(machine, call, 2), lt_argument(machine, call, 2));
    lt_array_copy_range(to, first, from, 0, from->count);
    out->array = to;
    return LT_KERNEL_VALUE;
}

/* ------------------------------------------------------------------------------ repeat, compact */

static int infer_repeat(struct lt_analyser *analyser, struct lt_expression *call)
{
    struct lt_expression *value = call->arguments[0], *count = call->arguments[1];
    const struct lt_type *integer = lt_type_simple(LT_TYPE_INT);
    if (count->type->kind != LT_TYPE_INT && count->type->kind != LT_TYPE_VOID)
        return lt_analyser_unexpected(analyser, call, 1, "an INT");
    if (lt_coerce_is_open(value))
        call->arguments[0] = value =
            lt_coerce_cast(value, lt_type_simple(LT_TYPE_STRING), analyser->coerce.arena);
    int code = lt_analyser_cast(analyser, &call->arguments[1], integer);
    return code != LT_OK
               ? code
               : lt_collection_finish(
                     call, 0, lt_type_array(analyser->coerce.arena, value->type, value->nullable),
                     count->nullable);
}

static enum lt_kernel array_repeat(struct lt_machine *machine, const struct lt_call *call,
                                   union lt_value *out)
{
    if (lt_argument_is_null(machine, call, 1))
        return LT_KERNEL_NULL;
    int64_t count = lt_argument(machine, call, 1)->i64;
    count = count < 0 ? 0 : count;
    struct lt_array *to = count > ELEMENTS_MAX ? NULL : lt_machine_array(machine, (uint32_t)count);
    if (to == NULL)
        return lt_machine_fault(machine, call, "COLLECTION_SIZE_LIMIT_EXCEEDED.PARAMETER", "54000",
                                "Can't create array with %" PRId64 " elements which exceeding the "
                                "array size limit %d, the value of parameter(s) `count` in the "
                                "function `array_repeat` is invalid",
                                count, ELEMENTS_MAX);
    bool is_null = lt_argument_is_null(machine, call, 0);
    for (uint32_t i = 0; i < to->count; i++)
        lt_array_put(to, i, is_null, lt_argument(machine, call, 0));
    out->array = to;
    return LT_KERNEL_VALUE;
}

static int infer_compact(struct lt_analyser *analyser, struct lt_expression *call)
{
    int code = lt_collection_needs_array(analyser, call, 0, true);
    const struct lt_expression *array = call->arguments[0];
    return code != LT_OK ? code
                         : lt_collection_finish(call, 0,
                                                lt_type_array(analyser->coerce.arena,
                                                              array->type->fields[0].type, false),
                                                array->nullable);
}

static enum lt_kernel array_compact(struct lt_machine *machine, const struct lt_call *call,
                                    union lt_value *out)
{
    const struct lt_array *from = lt_array_argument(machine, call, 0);
    struct lt_array *to = lt_machine_array(machine, from->count);
    if (to == NULL)
        return lt_machine_too_large(machine, call);
    uint32_t count = 0;
    for (uint32_t i = 0; i < from->count; i++) {
        if (!lt_bit(from->nulls, i))
            lt_array_copy(to, count++, from, i);
    }
    to->count = count;
    out->array = to;
    return LT_KERNEL_VALUE;
}

/* --------------------------------------------------------------------- concat, reverse, flatten */

/* Beside a NULL of no type binary values become texts. */
static int make_nulls_texts(struct lt_analyser *analyser, struct lt_expression *call)
{
    bool are_bytes = true;
    for (uint32_t i = 0; i < call->argument_count; i++)
        are_bytes = are_bytes && call->arguments[i]->type->kind == LT_TYPE_BINARY;
    for (uint32_t i = 0; i < call->argument_count && !are_bytes; i++) {
        enum lt_type_kind kind = call->arguments[i]->type->kind;
        if (kind != LT_TYPE_VOID && kind != LT_TYPE_BINARY)
            continue;
        int code = lt_analyser_cast(analyser, &call->arguments[i], lt_type_simple(LT_TYPE_STRING));
        if (code != LT_OK)
            return code;
    }
    return LT_INFER_LETTERS;
}

int lt_infer_concat(struct lt_analyser *analyser, struct lt_expression *call)
{
    uint32_t arrays = 0, binaries = 0;
    for (uint32_t i = 0; i < call->argument_count; i++) {
        arrays += call->arguments[i]->type->kind == LT_TYPE_ARRAY;
        binaries += call->arguments[i]->type->kind == LT_TYPE_BINARY;
    }
    if (arrays == 0)
        return binaries > 0 ? make_nulls_texts(analyser, call) : LT_INFER_LETTERS;
    for (uint32_t i = 0; i < call->argument_count; i++) {
        enum lt_type_kind kind = call->arguments[i]->type->kind;
        if (kind == LT_TYPE_MAP || kind == LT_TYPE_STRUCT)
            return lt_analyser_unexpected(analyser, call, i, "an array");
    }
    const struct lt_type *common = NULL;
    if (arrays == call->argument_count) {
        int code = lt_analyser_bring_together(analyser, call, 0, 1, &common);
        if (code != LT_OK)
            return code;
    }
    if (common == NULL)
        return lt_analyser_refuse_concat(analyser, call);
    bool has_null = false;
    for (uint32_t i = 0; i < call->argument_count; i++)
        has_null = has_null || call->arguments[i]->type->fields[0].nullable;
    return lt_collection_finish(
        call, 2, lt_type_array(analyser->coerce.arena, common->fields[0].type, has_null),
        lt_any_nullable(call->arguments, call->argument_count));
}

enum lt_kernel lt_concat_arrays(struct lt_machine *machine, const struct lt_call *call,
                                union lt_value *out)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < call->argument_count; i++)
        count += lt_array_argument(machine, call, i)->count;
    struct lt_array *to = count > ELEMENTS_MAX ? NULL : lt_machine_array(machine, (uint32_t)count);
    if (to == NULL)
        return lt_machine_too_large(machine, call);
    uint32_t used = 0;
    for (uint32_t i = 0; i < call->argument_count; i++) {
        const struct lt_array *from = lt_array_argument(machine, call, i);
        lt_array_copy_range(to, used, from, 0, from->count);
        used += from->count;
    }
    out->array = to;
    return LT_KERNEL_VALUE;
}

int lt_infer_reverse(struct lt_analyser *analyser, struct lt_expression *call)
{
    const struct lt_expression *array = call->arguments[0];
    (void)analyser;
    return array->type->kind != LT_TYPE_ARRAY
               ? LT_INFER_LETTERS
               : lt_collection_finish(call, 1, array->type, array->nullable);
}

enum lt_kernel lt_reverse_array(struct lt_machine *machine, const struct lt_call *call,
                                union lt_value *out)
{
    const struct lt_array *from = lt_array_argument(machine, call, 0);
    struct lt_array *to = lt_machine_array(machine, from->count);
    if (to == NULL)
        return lt_machine_too_large(machine, call);
    for (uint32_t i = 0; i < from->count; i++)
        lt_array_copy(to, i, from, from->count - 1 - i);
    out->array = to;
    return LT_KERNEL_VALUE;
}

static int infer_flatten(struct lt_analyser *analyser, struct lt_expression *call)
{
    const struct lt_type *type = call->arguments[0]->type;
    if (type->kind != LT_TYPE_ARRAY || type->fields[0].type->kind != LT_TYPE_ARRAY)
        return lt_analyser_mismatch(
            analyser, call, "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
            "The first parameter requires the \"ARRAY\" of \"ARRAY\" type, however \"%s\" has the "
            "type \"%s\".",
            lt_expr_text(call->arguments[0], analyser->coerce.arena),
            lt_analyser_shown(analyser, call->arguments[0]->type));
    return lt_collection_finish(call, 0, type->fields[0].type,
                                call->arguments[0]->nullable || type->fields[0].nullable);
}

static enum lt_kernel flatten(struct lt_machine *machine, const struct lt_call *call,
                              union lt_value *out)
{
    const struct lt_array *arrays = lt_array_argument(machine, call, 0);
    uint64_t count = 0;
    for (uint32_t i = 0; i < arrays->count; i++) {
        if (lt_bit(arrays->nulls, i))
            return LT_KERNEL_NULL;
        lt_array_materialize(arrays->values[i].array);
        count += arrays->values[i].array->count;
    }
    struct lt_array *to = count > ELEMENTS_MAX ? NULL : lt_machine_array(machine, (uint32_t)count);
    if (to == NULL)
        return lt_machine_too_large(machine, call);
    uint32_t used = 0;
    for (uint32_t i = 0; i < arrays->count; i++) {
        const struct lt_array *from = arrays->values[i].array;
        lt_array_copy_range(to, used, from, 0, from->count);
        used += from->count;
    }
    out->array = to;
    return LT_KERNEL_VALUE;
}

/* ------------------------------------------------------------------------------------------ zip */

/* A field is called as what has a name, else by its number. */
static const char *zipped_name(struct lt_analyser *analyser, const struct lt_expression *node,
                               uint32_t index)
{
    bool has_name = node->kind == LT_EXPR_ALIAS || node->kind == LT_EXPR_COLUMN ||
                    node->kind == LT_EXPR_FIELD || node->kind == LT_EXPR_VARIABLE;
    return has_name ? node->name : lt_arena_format(analyser->coerce.arena, "%u", index);
}

static int infer_zip(struct lt_analyser *analyser, struct lt_expression *call)
{
    struct lt_arena *arena = analyser->coerce.arena;
    uint32_t count = call->argument_count;
    struct lt_field *fields = lt_arena_alloc(arena, count * sizeof *fields);
    for (uint32_t i = 0; i < count; i++) {
        fields[i] = (struct lt_field){.name = zipped_name(analyser, call->arguments[i], i),
                                      .nullable = true};
        int code = lt_collection_needs_array(analyser, call, i, true);
        if (code != LT_OK)
            return code;
        fields[i].type = call->arguments[i]->type->fields[0].type;
    }
    return lt_collection_finish(call, 0,
                                lt_type_array(arena, lt_type_struct(arena, fields, count), false),
                                lt_any_nullable(call->arguments, count));
}

static enum lt_kernel arrays_zip(struct lt_machine *machine, const struct lt_call *call,
                                 union lt_value *out)
{
    uint32_t longest = 0;
    for (uint32_t i = 0; i < call->argument_count; i++) {
        uint32_t count = lt_array_argument(machine, call, i)->count;
        longest = count > longest ? count : longest;
    }
    struct lt_array *to = lt_machine_array(machine, longest);
    for (uint32_t i = 0; i < longest && to != NULL; i++) {
        struct lt_struct *one = lt_machine_struct(machine, call->argument_count);
        if (one == NULL)
            return lt_machine_too_large(machine, call);
        for (uint32_t field = 0; field < call->argument_count; field++) {
            const struct lt_array *from = lt_argument(machine, call, field)->array;
            if (i >= from->count || lt_bit(from->nulls, i))
                lt_bit_set((uint64_t *)(uintptr_t)one->nulls, field);
            else
                lt_writable_values(one->values)[field] = from->values[i];
        }
        lt_writable_values(to->values)[i].structure = one;
    }
    out->array = to;
    return to == NULL ? lt_machine_too_large(machine, call) : LT_KERNEL_VALUE;
}

static const struct lt_function functions[] = {
    {"array_append", NULL, "array_append(array, value)", "The array with the value behind it.",
     "array_append(array(1), 2)", "[1, 2]", LT_NULL_AWARE, .is_deterministic = true,
     .signatures = {LT_KERNEL("aa", "A", array_append)}, .infer = infer_append},
    {"array_prepend", NULL, "array_prepend(array, value)",
     "The array with the value in front of it.", "array_prepend(array(1), 2)", "[2, 1]",
     LT_NULL_AWARE, .is_deterministic = true, .signatures = {LT_KERNEL("aa", "A", array_prepend)},
     .infer = infer_append},
    {"array_insert", NULL, "array_insert(array, index, value)",
     "The array with the value at an index from 1, or from the end when it is negative; NULLs fill "
     "what lies between.",
     "array_insert(array(1, 2), 2, 9)", "[1, 9, 2]", LT_NULL_AWARE, .is_deterministic = true,
     .signatures = {LT_KERNEL("aaa", "A", array_insert)}, .infer = infer_insert},
    {"array_repeat", NULL, "array_repeat(value, count)", "An array of the value so many times.",
     "array_repeat('a', 2)", "[a, a]", LT_NULL_AWARE, .is_deterministic = true,
     .signatures = {LT_KERNEL("aa", "A", array_repeat)}, .infer = infer_repeat},
    {"array_compact", NULL, "array_compact(array)", "The elements that are not NULL.",
     "array_compact(array(1, NULL, 2))", "[1, 2]", .is_deterministic = true,
     .signatures = {LT_KERNEL("a", "A", array_compact)}, .infer = infer_compact},
    {"flatten", NULL, "flatten(arrays)", "The elements of all the arrays in an array.",
     "flatten(array(array(1, 2), array(3)))", "[1, 2, 3]", .is_deterministic = true,
     .signatures = {LT_KERNEL("a", "A", flatten)}, .infer = infer_flatten},
    {"arrays_zip", NULL, "arrays_zip(a, ...)",
     "An array of structs: the first elements, the second ones, and so on; NULL behind the end.",
     "arrays_zip(array(1, 2), array('a'))", "[{1, a}, {2, null}]", .is_deterministic = true,
     .signatures = {LT_KERNEL("a*", "A", arrays_zip)}, .infer = infer_zip},
};

const struct lt_function_group lt_functions_array_change = {"array", functions,
                                                            sizeof functions / sizeof functions[0]};
