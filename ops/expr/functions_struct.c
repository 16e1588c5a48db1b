/*
 * Structs: made of values, and their fields. Taking one field is a step of the machine; the field
 * of each element of an array is a kernel here.
 */
#include <string.h>

#include "ops/expr/analyser.h"
#include "ops/expr/expr.h"

static const struct lt_signature *own_signature(const struct lt_expression *call)
{
    return &lt_function_at((size_t)call->index, NULL)->signatures[0];
}

/* struct(a, b): a field is called as its column or alias is, or as the text it is the element
 * under; else col1, col2, ... */
static const char *field_name(struct lt_analyser *analyser, const struct lt_expression *node,
                              uint32_t index)
{
    const struct lt_expression *key =
        node->kind == LT_EXPR_CALL && strcmp(node->name, "[]") == 0 ? node->arguments[1] : NULL;
    if (key != NULL && key->kind == LT_EXPR_LITERAL && key->type->kind == LT_TYPE_STRING &&
        !key->is_null)
        return lt_arena_text_n(analyser->coerce.arena, (const char *)key->value.bytes.data,
                               key->value.bytes.size_bytes);
    bool has_name = node->kind == LT_EXPR_ALIAS || node->kind == LT_EXPR_COLUMN ||
                    node->kind == LT_EXPR_FIELD || node->kind == LT_EXPR_VARIABLE;
    return has_name ? node->name : lt_arena_format(analyser->coerce.arena, "col%u", index + 1);
}

/* The values stand at first, first + step, ... */
static int infer_fields(struct lt_analyser *analyser, struct lt_expression *call,
                        struct lt_field *fields, uint32_t count, uint32_t first, uint32_t step)
{
    for (uint32_t i = 0; i < count; i++) {
        struct lt_expression **value = &call->arguments[first + i * step];
        if (lt_coerce_is_open(*value))
            *value = lt_coerce_cast(*value, lt_type_simple(LT_TYPE_STRING), analyser->coerce.arena);
        fields[i].type = (*value)->type;
        fields[i].nullable = (*value)->nullable;
    }
    call->type = lt_type_struct(analyser->coerce.arena, fields, count);
    call->signature = own_signature(call);
    call->nullable = false;
    return LT_OK;
}

static int infer_struct(struct lt_analyser *analyser, struct lt_expression *call)
{
    uint32_t count = call->argument_count;
    struct lt_field *fields = lt_arena_alloc(analyser->coerce.arena, count * sizeof *fields);
    for (uint32_t i = 0; i < count; i++)
        fields[i].name = field_name(analyser, call->arguments[i], i);
    return infer_fields(analyser, call, fields, count, 0, 1);
}

static int infer_named_struct(struct lt_analyser *analyser, struct lt_expression *call)
{
    if (call->argument_count % 2 == 1)
        return lt_analyser_fail(analyser, LT_E_ANALYSIS, call, "WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
                                "42605",
                                "The `named_struct` requires 2n (n > 0) parameters but the actual "
                                "number is %u. Please, "
                                "refer to "
                                "'https://spark.apache.org/docs/latest/sql-ref-functions.html' for "
                                "a fix.",
                                call->argument_count);
    uint32_t count = call->argument_count / 2;
    struct lt_field *fields = lt_arena_alloc(analyser->coerce.arena, count * sizeof *fields);
    for (uint32_t i = 0; i < count; i++) {
        struct lt_expression **name = &call->arguments[2 * i];
        bool is_text = (*name)->type->kind == LT_TYPE_STRING;
        int code = is_text ? lt_analyser_fold(analyser, name) : LT_OK;
        if (code != LT_OK)
            return code;
        if (!is_text || (*name)->kind != LT_EXPR_LITERAL)
            return lt_analyser_mismatch(
                analyser, call, "DATATYPE_MISMATCH.CREATE_NAMED_STRUCT_WITHOUT_FOLDABLE_STRING",
                "Only foldable `STRING` expressions are allowed to appear at odd position, but "
                "they are [\"%s\"].",
                lt_expr_text(*name, analyser->coerce.arena));
        if ((*name)->is_null)
            return lt_analyser_fail(analyser, LT_E_ANALYSIS, *name,
                                    "DATATYPE_MISMATCH.UNEXPECTED_NULL", "42K09",
                                    "the name of a field cannot be NULL");
        fields[i].name =
            lt_arena_text_n(analyser->coerce.arena, (const char *)(*name)->value.bytes.data,
                            (*name)->value.bytes.size_bytes);
    }
    return infer_fields(analyser, call, fields, count, 1, 2);
}

static enum lt_kernel make(struct lt_machine *machine, const struct lt_call *call, uint32_t first,
                           uint32_t step, union lt_value *out)
{
    uint32_t count = call->type->field_count;
    struct lt_struct *structure = lt_machine_struct(machine, count);
    if (structure == NULL)
        return lt_machine_too_large(machine, call);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t argument = first + i * step;
        if (lt_argument_is_null(machine, call, argument))
            lt_bit_set((uint64_t *)(uintptr_t)structure->nulls, i);
        else
            lt_writable_values(structure->values)[i] = *lt_argument(machine, call, argument);
    }
    out->structure = structure;
    return LT_KERNEL_VALUE;
}

static enum lt_kernel make_struct(struct lt_machine *machine, const struct lt_call *call,
                                  union lt_value *out)
{
    return make(machine, call, 0, 1, out);
}

static enum lt_kernel make_named_struct(struct lt_machine *machine, const struct lt_call *call,
                                        union lt_value *out)
{
    return make(machine, call, 1, 2, out);
}

enum lt_kernel lt_field_of_elements(struct lt_machine *machine, const struct lt_call *call,
                                    union lt_value *out)
{
    uint32_t field = *(const uint32_t *)call->state;
    struct lt_array *from = lt_argument(machine, call, 0)->array;
    lt_array_materialize(from);
    struct lt_array *to = lt_machine_array(machine, from->count);
    if (to == NULL)
        return lt_machine_too_large(machine, call);
    for (uint32_t i = 0; i < from->count; i++) {
        const struct lt_struct *element = from->values[i].structure;
        bool is_null = lt_bit(from->nulls, i) || lt_bit(element->nulls, field);
        lt_array_put(to, i, is_null, is_null ? NULL : &element->values[field]);
    }
    out->array = to;
    return LT_KERNEL_VALUE;
}

static const struct lt_function functions[] = {
    {"struct", NULL, "struct(a, ...)",
     "A struct of the values, whose fields are called as the columns or aliases are, or col1, ...",
     "struct(1, 'a').col2", "a", LT_NULL_AWARE, .is_deterministic = true,
     .signatures = {LT_KERNEL("a*", "R", make_struct)}, .infer = infer_struct},
    {"named_struct", NULL, "named_struct(name, value, ...)", "A struct with these fields.",
     "named_struct('a', 1, 'b', 2).b", "2", LT_NULL_AWARE, .is_deterministic = true,
     .signatures = {LT_KERNEL("a*", "R", make_named_struct)}, .infer = infer_named_struct},
};

const struct lt_function_group lt_functions_struct = {"struct", functions,
                                                      sizeof functions / sizeof functions[0]};
