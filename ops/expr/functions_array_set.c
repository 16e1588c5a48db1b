/*
 * Arrays as sets, and in order. NULL is one more value here. Numbers are told apart by their bits,
 * as Spark does it: 0.0 and -0.0 are two values, while NaN is one.
 */
#include "ops/expr/collections.h"
#include "ops/expr/expr.h"
#include "ops/expr/sort.h"
#include "ops/expr/value_set.h"

/* ------------------------------------------------------------------------------------- analysis */

static int infer_distinct(struct lt_analyser *analyser, struct lt_expression *call)
{
    int code = lt_collection_needs_array(analyser, call, 0, true);
    const struct lt_expression *array = call->arguments[0];
    if (code == LT_OK)
        code = lt_collection_needs_order(analyser, call, array->type->fields[0].type);
    return code != LT_OK ? code : lt_collection_finish(call, 0, array->type, array->nullable);
}

/* Brings both arrays to one type of elements. */
static int meet(struct lt_analyser *analyser, struct lt_expression *call,
                const struct lt_type **element)
{
    struct lt_expression **arguments = call->arguments;
    *element = NULL;
    if (arguments[0]->type->kind == LT_TYPE_ARRAY && arguments[1]->type->kind == LT_TYPE_ARRAY)
        *element = lt_collection_tight(analyser, arguments[0]->type->fields[0].type,
                                       arguments[1]->type->fields[0].type);
    if (*element == NULL)
        return lt_analyser_mismatch(
            analyser, call, "DATATYPE_MISMATCH.BINARY_ARRAY_DIFF_TYPES",
            "Input to function `%s` should have been two \"ARRAY\" with same element type, but "
            "it's [\"%s\", \"%s\"].",
            call->name, lt_analyser_shown(analyser, arguments[0]->type),
            lt_analyser_shown(analyser, arguments[1]->type));
    for (uint32_t i = 0; i < 2; i++) {
        int code = lt_analyser_cast(analyser, &arguments[i],
                                    lt_type_array(analyser->coerce.arena, *element,
                                                  arguments[i]->type->fields[0].nullable));
        if (code != LT_OK)
            return code;
    }
    return lt_collection_needs_order(analyser, call, *element);
}

enum nullable_from { FROM_EITHER, FROM_BOTH, FROM_FIRST };

static int infer_set(struct lt_analyser *analyser, struct lt_expression *call,
                     enum nullable_from from)
{
    const struct lt_type *element;
    int code = meet(analyser, call, &element);
    if (code != LT_OK)
        return code;
    bool first = call->arguments[0]->type->fields[0].nullable;
    bool second = call->arguments[1]->type->fields[0].nullable;
    bool has_null = from == FROM_EITHER ? first || second : first && (from == FROM_FIRST || second);
    return lt_collection_finish(call, 0, lt_type_array(analyser->coerce.arena, element, has_null),
                                lt_any_nullable(call->arguments, 2));
}

static int infer_union(struct lt_analyser *analyser, struct lt_expression *call)
{
    return infer_set(analyser, call, FROM_EITHER);
}

static int infer_intersect(struct lt_analyser *analyser, struct lt_expression *call)
{
    return infer_set(analyser, call, FROM_BOTH);
}

static int infer_except(struct lt_analyser *analyser, struct lt_expression *call)
{
    return infer_set(analyser, call, FROM_FIRST);
}

static int infer_overlap(struct lt_analyser *analyser, struct lt_expression *call)
{
    const struct lt_type *element;
    int code = meet(analyser, call, &element);
    if (code != LT_OK)
        return code;
    bool has_null = call->arguments[0]->type->fields[0].nullable ||
                    call->arguments[1]->type->fields[0].nullable;
    return lt_collection_finish(call, 0, lt_type_simple(LT_TYPE_BOOLEAN),
                                has_null || lt_any_nullable(call->arguments, 2));
}

/* -------------------------------------------------------------------------------------- kernels */

/* The distinct elements of arrays, as they come. */
struct gathering {
    struct lt_array *to;
    struct lt_value_set set;
    bool has_null;
};

static bool gather_start(struct gathering *gathering, struct lt_machine *machine,
                         const struct lt_type *element, uint64_t most)
{
    gathering->has_null = false;
    gathering->to = most > INT32_MAX ? NULL : lt_machine_array(machine, (uint32_t)most);
    if (gathering->to == NULL)
        return false;
    gathering->to->count = 0;
    return lt_value_set_init(&gathering->set, machine, element, gathering->to->values,
                             (uint32_t)most, true);
}

static void gather(struct gathering *gathering, const struct lt_array *from, uint32_t index)
{
    struct lt_array *to = gathering->to;
    if (lt_bit(from->nulls, index)) {
        if (!gathering->has_null)
            lt_array_put(to, to->count++, true, NULL);
        gathering->has_null = true;
    } else if (lt_value_set_put(&gathering->set, &from->values[index], to->count) < 0) {
        lt_array_put(to, to->count++, false, &from->values[index]);
    }
}

static enum lt_kernel array_distinct(struct lt_machine *machine, const struct lt_call *call,
                                     union lt_value *out)
{
    const struct lt_array *from = lt_array_argument(machine, call, 0);
    struct gathering gathering;
    if (!gather_start(&gathering, machine, call->type->fields[0].type, from->count))
        return lt_machine_too_large(machine, call);
    for (uint32_t i = 0; i < from->count; i++)
        gather(&gathering, from, i);
    out->array = gathering.to;
    return LT_KERNEL_VALUE;
}

static enum lt_kernel array_union(struct lt_machine *machine, const struct lt_call *call,
                                  union lt_value *out)
{
    const struct lt_array *a = lt_array_argument(machine, call, 0);
    const struct lt_array *b = lt_array_argument(machine, call, 1);
    struct gathering gathering;
    if (!gather_start(&gathering, machine, call->type->fields[0].type,
                      (uint64_t)a->count + b->count))
        return lt_machine_too_large(machine, call);
    for (uint32_t i = 0; i < a->count; i++)
        gather(&gathering, a, i);
    for (uint32_t i = 0; i < b->count; i++)
        gather(&gathering, b, i);
    out->array = gathering.to;
    return LT_KERNEL_VALUE;
}

/* The elements of an array as a set that stands on the array itself. */
static bool set_of(struct lt_value_set *set, struct lt_machine *machine,
                   const struct lt_type *element, const struct lt_array *array, bool *has_null)
{
    *has_null = false;
    if (!lt_value_set_init(set, machine, element, array->values, array->count, true))
        return false;
    for (uint32_t i = 0; i < array->count; i++) {
        if (lt_bit(array->nulls, i))
            *has_null = true;
        else
            (void)lt_value_set_put(set, &array->values[i], i); /* there already: the same value */
    }
    return true;
}

/* The distinct elements of the first array that are (or are not) in the second. */
static enum lt_kernel sift(struct lt_machine *machine, const struct lt_call *call, bool wants_in,
                           union lt_value *out)
{
    const struct lt_type *element = call->type->fields[0].type;
    const struct lt_array *a = lt_array_argument(machine, call, 0);
    const struct lt_array *b = lt_array_argument(machine, call, 1);
    struct gathering gathering;
    struct lt_value_set others;
    bool others_null;
    if (!gather_start(&gathering, machine, element, a->count) ||
        !set_of(&others, machine, element, b, &others_null))
        return lt_machine_too_large(machine, call);
    for (uint32_t i = 0; i < a->count; i++) {
        bool is_in =
            lt_bit(a->nulls, i) ? others_null : lt_value_set_find(&others, &a->values[i]) >= 0;
        if (is_in == wants_in)
            gather(&gathering, a, i);
    }
    out->array = gathering.to;
    return LT_KERNEL_VALUE;
}

static enum lt_kernel array_intersect(struct lt_machine *machine, const struct lt_call *call,
                                      union lt_value *out)
{
    return sift(machine, call, true, out);
}

static enum lt_kernel array_except(struct lt_machine *machine, const struct lt_call *call,
                                   union lt_value *out)
{
    return sift(machine, call, false, out);
}

/* NULL when nothing is shared, neither is empty, and there is a NULL that might have been. */
static enum lt_kernel arrays_overlap(struct lt_machine *machine, const struct lt_call *call,
                                     union lt_value *out)
{
    const struct lt_array *a = lt_array_argument(machine, call, 0);
    const struct lt_array *b = lt_array_argument(machine, call, 1);
    struct lt_value_set others;
    bool has_null;
    if (!set_of(&others, machine, call->argument_types[1]->fields[0].type, b, &has_null))
        return lt_machine_too_large(machine, call);
    out->i64 = 0;
    for (uint32_t i = 0; i < a->count; i++) {
        if (lt_bit(a->nulls, i)) {
            has_null = true;
        } else if (lt_value_set_find(&others, &a->values[i]) >= 0) {
            out->i64 = 1;
            return LT_KERNEL_VALUE;
        }
    }
    return has_null && a->count > 0 && b->count > 0 ? LT_KERNEL_NULL : LT_KERNEL_VALUE;
}

/* ----------------------------------------------------------------------------------- sort_array */

static int infer_sort(struct lt_analyser *analyser, struct lt_expression *call)
{
    int code = infer_distinct(analyser, call);
    if (code != LT_OK || call->argument_count == 1)
        return code;
    struct lt_expression **ascending = &call->arguments[1];
    enum lt_type_kind kind = (*ascending)->type->kind;
    if (kind == LT_TYPE_VOID && !lt_coerce_is_open(*ascending)) /* NULL, whatever computes it */
        *ascending =
            lt_expr_null(*ascending, lt_type_simple(LT_TYPE_BOOLEAN), analyser->coerce.arena);
    if (!lt_expr_is_foldable(*ascending))
        return lt_analyser_refuse_constant(analyser, call, 1);
    if (kind != LT_TYPE_BOOLEAN && kind != LT_TYPE_VOID)
        return lt_analyser_unexpected(analyser, call, 1, "a BOOLEAN");
    lt_fold(ascending, analyser->text, analyser->coerce.session, analyser->coerce.arena);
    call->nullable = call->nullable || (*ascending)->nullable;
    return lt_analyser_cast(analyser, ascending, lt_type_simple(LT_TYPE_BOOLEAN));
}

struct sorting {
    const struct lt_array *array;
    const struct lt_type *type;
    int sign;
};

static int compare(void *context, uint32_t a, uint32_t b)
{
    const struct sorting *sorting = context;
    const struct lt_array *array = sorting->array;
    bool a_null = lt_bit(array->nulls, a), b_null = lt_bit(array->nulls, b);
    int order = a_null || b_null
                    ? (int)b_null - (int)a_null
                    : lt_value_compare(sorting->type, &array->values[a], &array->values[b]);
    return sorting->sign * order;
}

static enum lt_kernel sort_array(struct lt_machine *machine, const struct lt_call *call,
                                 union lt_value *out)
{
    bool is_falling = call->argument_count == 2 && lt_argument(machine, call, 1)->i64 == 0;
    struct sorting sorting = {lt_array_argument(machine, call, 0), call->type->fields[0].type,
                              is_falling ? -1 : 1};
    uint32_t count = sorting.array->count;
    struct lt_array *to = lt_machine_array(machine, count);
    uint32_t *room = lt_machine_alloc(machine, ((size_t)count + 1) * 2 * sizeof *room);
    if (to == NULL || room == NULL)
        return lt_machine_too_large(machine, call);
    const uint32_t *order = lt_sort(room, count, compare, &sorting);
    for (uint32_t i = 0; i < count; i++)
        lt_array_copy(to, i, sorting.array, order[i]);
    out->array = to;
    return LT_KERNEL_VALUE;
}

static const struct lt_function functions[] = {
    {"array_distinct", NULL, "array_distinct(array)", "Each element once, in the order they come.",
     "array_distinct(array(2, 1, 2))", "[2, 1]", .is_deterministic = true,
     .signatures = {LT_KERNEL("a", "A", array_distinct)}, .infer = infer_distinct},
    {"array_union", NULL, "array_union(a, b)", "The elements of both arrays, each once.",
     "array_union(array(1, 2), array(2, 3))", "[1, 2, 3]", .is_deterministic = true,
     .signatures = {LT_KERNEL("aa", "A", array_union)}, .infer = infer_union},
    {"array_intersect", NULL, "array_intersect(a, b)", "The elements that both have, each once.",
     "array_intersect(array(1, 2), array(2, 3))", "[2]", .is_deterministic = true,
     .signatures = {LT_KERNEL("aa", "A", array_intersect)}, .infer = infer_intersect},
    {"array_except", NULL, "array_except(a, b)",
     "The elements of the first array that the second has not, each once.",
     "array_except(array(1, 2), array(2, 3))", "[1]", .is_deterministic = true,
     .signatures = {LT_KERNEL("aa", "A", array_except)}, .infer = infer_except},
    {"arrays_overlap", NULL, "arrays_overlap(a, b)",
     "Do the arrays share an element that is not NULL? NULL when a NULL hides the answer.",
     "arrays_overlap(array(1, 2), array(2, 3))", "true", .is_deterministic = true,
     .signatures = {LT_KERNEL("aa", "B", arrays_overlap)}, .infer = infer_overlap},
    {"sort_array", NULL, "sort_array(array[, ascending])",
     "The elements in order, NULL as the least; or falling.", "sort_array(array(3, 1, 2), false)",
     "[3, 2, 1]", .is_deterministic = true, .signatures = {LT_KERNEL("a[a]", "A", sort_array)},
     .infer = infer_sort},
};

const struct lt_function_group lt_functions_array_set = {"array", functions,
                                                         sizeof functions / sizeof functions[0]};
