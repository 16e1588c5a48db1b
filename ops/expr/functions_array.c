/*
 * Arrays: made of values, their size, and elements by their positions; and values of maps by their
 * keys, which are asked for in the same way.
 */
#include <inttypes.h>
#include <string.h>

#include "ops/expr/collections.h"
#include "ops/expr/expr.h"
#include "ops/expr/faults.h"

static int infer_array(struct lt_analyser *analyser, struct lt_expression *call)
{
    const struct lt_type *common = lt_type_simple(LT_TYPE_VOID);
    if (call->argument_count > 0) {
        int code = lt_analyser_bring_together(analyser, call, 0, 1, &common);
        if (code != LT_OK)
            return code;
    }
    if (common == NULL)
        return lt_analyser_refuse_types(analyser, call);
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

/* Under legacy rules the size of NULL is -1, unless a setting says otherwise. */
static enum lt_kernel size(struct lt_machine *machine, const struct lt_call *call,
                           union lt_value *out)
{
    if (lt_argument_is_null(machine, call, 0)) {
        out->i64 = -1;
        return lt_session_null_has_size(call->session) ? LT_KERNEL_VALUE : LT_KERNEL_NULL;
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
    const struct lt_type *type = argument->type;
    if ((type->kind != LT_TYPE_VOID && !lt_type_is_nested(type)) || lt_coerce_is_open(argument) ||
        type->kind == LT_TYPE_STRUCT)
        return LT_INFER_LETTERS;
    return lt_collection_finish(call, type->kind == LT_TYPE_MAP, lt_type_simple(LT_TYPE_INT),
                                argument->nullable &&
                                    !lt_session_null_has_size(analyser->coerce.session));
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
    index = (int32_t)index; /* as in Spark, a bigint too */
    if (index >= 0 && index < array->count)
        return element_of(array, (uint32_t)index, out);
    if (call->is_legacy)
        return LT_KERNEL_NULL;
    return lt_fault_index(machine, call, index, array->count);
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

/* Can an element be NULL? Spark looks into an array that is made on the spot, where the position is
 * a constant: from `first`, or from the end when `first` is 1 and it is negative. Outside of the
 * array it is what `elsewhere` says; of any other array a constant position may hold NULL whatever
 * the type says, and any other position what the type and `elsewhere` say. */
static bool may_be_null(struct lt_analyser *analyser, struct lt_expression *call, int64_t first,
                        bool elsewhere)
{
    const struct lt_expression *array = call->arguments[0];
    struct lt_expression *index = call->arguments[1];
    if (!index->nullable)
        lt_fold(&index, analyser->text, analyser->coerce.session, analyser->coerce.arena);
    if (index->nullable || index->kind != LT_EXPR_LITERAL || index->is_null)
        return elsewhere || array->type->fields[0].nullable;
    if (!lt_is_call_of(array, "array"))
        return true;
    int64_t at = index->value.i64 - first;
    if (first == 1 && index->value.i64 < 0)
        at = array->argument_count + index->value.i64;
    bool is_in = at >= 0 && at < array->argument_count;
    return is_in ? array->arguments[at]->nullable : elsewhere;
}

int lt_analyser_subscript_base(struct lt_analyser *analyser, const struct lt_expression *call)
{
    const struct lt_type *type = call->arguments[0]->type;
    const struct lt_expression *name = call->arguments[1];
    if (type->kind < LT_TYPE_ARRAY)
        return lt_analyser_refuse_base(analyser, call, ".");
    bool is_name =
        name->kind == LT_EXPR_LITERAL && !name->is_null && name->type->kind == LT_TYPE_STRING;
    if (type->kind == LT_TYPE_STRUCT && !is_name)
        return lt_analyser_fail(analyser, LT_E_ANALYSIS, call, "INVALID_EXTRACT_FIELD_TYPE",
                                "42000",
                                "Field name should be a non-null string literal, but it's \"%s\".",
                                lt_expr_text(name, analyser->coerce.arena));
    return LT_OK;
}

/* s['a'] is s.a, of an array of structs too. */
static int become_field(struct lt_analyser *analyser, struct lt_expression *call)
{
    const struct lt_expression *name = call->arguments[1];
    if (name->kind != LT_EXPR_LITERAL || name->is_null || name->type->kind != LT_TYPE_STRING)
        return lt_analyser_fail(analyser, LT_E_ANALYSIS, call, "INVALID_EXTRACT_FIELD_TYPE",
                                "42000",
                                "Field name should be a non-null string literal, but it's \"%s\".",
                                lt_expr_text(name, analyser->coerce.arena));
    call->kind = LT_EXPR_FIELD;
    call->index = -1;
    call->argument_count = 1;
    call->name = lt_arena_text_n(analyser->coerce.arena, (const char *)name->value.bytes.data,
                                 name->value.bytes.size_bytes);
    return lt_analyse(analyser, call);
}

static bool is_written_text(const struct lt_expression *node)
{
    return node->kind == LT_EXPR_LITERAL && !node->is_null && lt_type_is_text(node->type);
}

/* The key takes the type of the map's keys: a text that is written there by any cast there is. */
static int cast_key(struct lt_analyser *analyser, struct lt_expression *call)
{
    const struct lt_type *wanted = call->arguments[0]->type->fields[0].type;
    const struct lt_type *type = call->arguments[1]->type;
    bool are_numbers = lt_type_is_numeric(type) && lt_type_is_numeric(wanted);
    bool is_other_interval = lt_type_is_ansi_interval(type) && type->kind == wanted->kind &&
                             !lt_type_equal(type, wanted);
    if (is_written_text(call->arguments[1])) {
        struct lt_expression *text = call->arguments[1];
        call->arguments[1] = lt_coerce_cast(text, wanted, analyser->coerce.arena);
        call->arguments[1]->index = -1; /* not analysed */
        return lt_analyse(analyser, call->arguments[1]);
    }
    if (!are_numbers &&
        (is_other_interval || !lt_coerce_is_implicit(&analyser->coerce, type, wanted)))
        return lt_analyser_unexpected(analyser, call, 1, "a key");
    return lt_analyser_cast(analyser, &call->arguments[1], wanted);
}

static int cast_index(struct lt_analyser *analyser, struct lt_expression *call)
{
    const struct lt_type *type = call->arguments[1]->type;
    if (type->kind == LT_TYPE_VOID)
        return lt_analyser_cast(analyser, &call->arguments[1], lt_type_simple(LT_TYPE_INT));
    return lt_type_is_integral(type) ? LT_OK
                                     : lt_analyser_unexpected(analyser, call, 1, "an integer");
}

/* a[i] and m[k]. */
static int infer_subscript(struct lt_analyser *analyser, struct lt_expression *call)
{
    const struct lt_type *type = call->arguments[0]->type;
    bool is_map = type->kind == LT_TYPE_MAP;
    bool is_of_structs = type->kind == LT_TYPE_ARRAY &&
                         type->fields[0].type->kind == LT_TYPE_STRUCT &&
                         is_written_text(call->arguments[1]);
    if (type->kind == LT_TYPE_STRUCT || is_of_structs)
        return become_field(analyser, call);
    if (type->kind != LT_TYPE_ARRAY && !is_map)
        return lt_analyser_subscript_base(analyser, call);
    int code = is_map ? cast_key(analyser, call) : cast_index(analyser, call);
    bool is_nullable = is_map || lt_any_nullable(call->arguments, 2) ||
                       may_be_null(analyser, call, 0, analyser->coerce.session->is_legacy);
    return code != LT_OK ? code
                         : lt_collection_finish(call, is_map, type->fields[is_map].type,
                                                is_nullable);
}

/* ---------------------------------------------------------------------------- element_at, slice */

static int infer_array_size(struct lt_analyser *analyser, struct lt_expression *call)
{
    int code = lt_collection_needs_array(analyser, call, 0, true);
    return code != LT_OK ? code
                         : lt_collection_finish(call, 0, lt_type_simple(LT_TYPE_INT),
                                                call->arguments[0]->nullable);
}

static enum lt_kernel array_size(struct lt_machine *machine, const struct lt_call *call,
                                 union lt_value *out)
{
    out->i64 = lt_array_argument(machine, call, 0)->count;
    return LT_KERNEL_VALUE;
}

/* The index of element_at counts from 1, or from the end when it is negative. */
static enum lt_kernel at_position(struct lt_machine *machine, const struct lt_call *call,
                                  bool is_lenient, union lt_value *out)
{
    const struct lt_array *array = lt_array_argument(machine, call, 0);
    int64_t index = lt_argument(machine, call, 1)->i64;
    int64_t magnitude = index < 0 ? -index : index;
    if (magnitude == 0)
        return lt_fault_index_zero(machine, call);
    if (magnitude <= array->count)
        return element_of(array, (uint32_t)(index < 0 ? array->count + index : index - 1), out);
    if ((is_lenient || call->is_legacy) && index != INT32_MIN) /* whose magnitude Java has not */
        return LT_KERNEL_NULL;
    return lt_machine_fault(machine, call, "INVALID_ARRAY_INDEX_IN_ELEMENT_AT", "22003",
                            "The index %" PRId64 " is out of bounds. The array has %u elements. "
                            "Use `try_element_at` to tolerate accessing element at invalid index "
                            "and return NULL instead",
                            index, array->count);
}

static enum lt_kernel element_at(struct lt_machine *machine, const struct lt_call *call,
                                 union lt_value *out)
{
    return at_position(machine, call, false, out);
}

static enum lt_kernel try_element_at(struct lt_machine *machine, const struct lt_call *call,
                                     union lt_value *out)
{
    return at_position(machine, call, true, out);
}

static int infer_element_of_map(struct lt_analyser *analyser, struct lt_expression *call)
{
    const struct lt_type *map = call->arguments[0]->type;
    const struct lt_field *value = &map->fields[1];
    const struct lt_type *key =
        lt_collection_tight(analyser, map->fields[0].type, call->arguments[1]->type);
    if (key == NULL)
        return lt_analyser_refuse_partner(analyser, call, true, 1);
    int code = lt_collection_needs_order(analyser, call, key);
    if (code == LT_OK)
        code = lt_analyser_cast(
            analyser, &call->arguments[0],
            lt_type_map(analyser->coerce.arena, key, value->type, value->nullable));
    if (code == LT_OK)
        code = lt_analyser_cast(analyser, &call->arguments[1], key);
    return code != LT_OK ? code : lt_collection_finish(call, 1, value->type, true);
}

static int infer_element_at(struct lt_analyser *analyser, struct lt_expression *call)
{
    const struct lt_type *type = call->arguments[0]->type;
    const struct lt_type *index = call->arguments[1]->type;
    if (type->kind == LT_TYPE_MAP)
        return infer_element_of_map(analyser, call);
    if (type->kind != LT_TYPE_ARRAY)
        return lt_analyser_unexpected(analyser, call, 0, "an array or a map");
    if (!lt_type_is_integral(index) || index->kind == LT_TYPE_BIGINT)
        return lt_analyser_unexpected(analyser, call, 1, "an INT");
    bool is_lenient = analyser->coerce.session->is_legacy || strncmp(call->name, "try_", 4) == 0;
    return lt_collection_finish(call, 0, type->fields[0].type,
                                lt_any_nullable(call->arguments, 2) ||
                                    may_be_null(analyser, call, 1, is_lenient));
}

static int infer_get(struct lt_analyser *analyser, struct lt_expression *call)
{
    int code = lt_collection_needs_array(analyser, call, 0, false);
    if (code == LT_OK)
        code = lt_collection_needs_int(analyser, call, 1);
    if (code != LT_OK)
        return code;
    bool is_nullable = lt_any_nullable(call->arguments, 2) || may_be_null(analyser, call, 0, true);
    return lt_collection_finish(call, 0, call->arguments[0]->type->fields[0].type, is_nullable);
}

static int infer_slice(struct lt_analyser *analyser, struct lt_expression *call)
{
    int code = lt_collection_needs_array(analyser, call, 0, true);
    for (uint32_t i = 1; i < 3 && code == LT_OK; i++)
        code = lt_collection_needs_int(analyser, call, i);
    return code != LT_OK ? code
                         : lt_collection_finish(call, 0, call->arguments[0]->type,
                                                lt_any_nullable(call->arguments, 3));
}

static enum lt_kernel slice(struct lt_machine *machine, const struct lt_call *call,
                            union lt_value *out)
{
    const struct lt_array *from = lt_array_argument(machine, call, 0);
    int64_t start = lt_argument(machine, call, 1)->i64;
    int64_t count = lt_argument(machine, call, 2)->i64;
    if (start == 0)
        return lt_fault_parameter(machine, call, "INVALID_PARAMETER_VALUE.START", "start",
                                  "Expects a positive or a negative value for `start`, but got 0");
    if (count < 0)
        return lt_fault_parameter(machine, call, "INVALID_PARAMETER_VALUE.LENGTH", "length",
                                  "Expects `length` greater than or equal to 0, but got %" PRId64,
                                  count);
    int64_t first = start < 0 ? from->count + start : start - 1;
    bool is_empty = first < 0 || first >= from->count;
    int64_t there = is_empty ? 0 : from->count - first;
    count = count < there ? count : there;
    struct lt_array *to = lt_machine_array(machine, (uint32_t)count);
    if (to == NULL)
        return lt_machine_too_large(machine, call);
    lt_array_copy_range(to, 0, from, is_empty ? 0 : (uint32_t)first, (uint32_t)count);
    out->array = to;
    return LT_KERNEL_VALUE;
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
     .signatures = {LT_KERNEL("aa", "E", array_get)}, .infer = infer_get},
    {"element_at", NULL, "element_at(array, index) or element_at(map, key)",
     "The element at an index from 1, from the end when negative, outside of the array an error; "
     "the value under a key, NULL if there is none.",
     "element_at(array(10, 20), -1)", "20", .is_deterministic = true,
     .signatures = {LT_KERNEL("aa", "E", element_at), LT_KERNEL("aa", "E", map_at)},
     .infer = infer_element_at},
    {"try_element_at", NULL, "try_element_at(array, index) or try_element_at(map, key)",
     "As element_at, but NULL outside of the array.", "try_element_at(array(10, 20), 3)", "NULL",
     .is_deterministic = true,
     .signatures = {LT_KERNEL("aa", "E", try_element_at), LT_KERNEL("aa", "E", map_at)},
     .infer = infer_element_at},
    {"slice", NULL, "slice(array, start, count)",
     "So many elements from an index that counts from 1, or from the end when it is negative.",
     "slice(array(1, 2, 3, 4), -3, 2)", "[2, 3]", .is_deterministic = true,
     .signatures = {LT_KERNEL("aaa", "A", slice)}, .infer = infer_slice},
    {"array_size", NULL, "array_size(array)", "How many elements an array has.",
     "array_size(array('a', 'b'))", "2", .is_deterministic = true,
     .signatures = {LT_KERNEL("a", "i", array_size)}, .infer = infer_array_size},
    {"size", "cardinality", "size(a)", "How many elements an array or map has.",
     "size(array('a', 'b'))", "2", LT_NULL_AWARE, .is_deterministic = true, .is_total = true,
     .signatures = {LT_KERNEL("A", "i", size), LT_KERNEL("M", "i", size)}, .infer = infer_size},
};

const struct lt_function_group lt_functions_array = {"array", functions,
                                                     sizeof functions / sizeof functions[0]};
