/*
 * Generators: their rows in the function table, the columns they give, and the fields of JSON text
 * that json_tuple takes out.
 */
#include <string.h>

#include "core/base/ascii.h"
#include "core/text/json_scan.h"
#include "ops/expr/collections.h"
#include "ops/expr/expr.h"
#include "ops/expr/generator.h"

/* -------------------------------------------------------------------------------- what they are */

static const struct shape {
    const char *name;
    enum lt_generator_kind kind;
    bool is_outer;
    const char *outer; /* the name of its OUTER form; NULL: it always gives rows */
} shapes[] = {
    {"explode", LT_GENERATOR_EXPLODE, false, "explode_outer"},
    {"explode_outer", LT_GENERATOR_EXPLODE, true, "explode_outer"},
    {"posexplode", LT_GENERATOR_POSEXPLODE, false, "posexplode_outer"},
    {"posexplode_outer", LT_GENERATOR_POSEXPLODE, true, "posexplode_outer"},
    {"inline", LT_GENERATOR_INLINE, false, "inline_outer"},
    {"inline_outer", LT_GENERATOR_INLINE, true, "inline_outer"},
    {"stack", LT_GENERATOR_STACK, false, NULL},
    {"json_tuple", LT_GENERATOR_TUPLE, false, NULL},
};

static const struct shape *shape_of(const char *name)
{
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        if (lt_ascii_compare(shapes[i].name, name) == 0)
            return &shapes[i];
    }
    return NULL;
}

bool lt_generator_is_name(const char *name)
{
    return shape_of(name) != NULL;
}

const struct lt_expression *lt_generator_call(const struct lt_expression *item)
{
    while (item->kind == LT_EXPR_ALIAS)
        item = item->arguments[0];
    return item->kind == LT_EXPR_CALL && shape_of(item->name) != NULL ? item : NULL;
}

enum lt_generator_kind lt_generator_kind_of(const struct lt_expression *call)
{
    return shape_of(call->name)->kind;
}

bool lt_generator_is_outer(const struct lt_expression *call)
{
    return shape_of(call->name)->is_outer;
}

uint32_t lt_generator_rows(const struct lt_expression *call)
{
    lt_assert(lt_generator_kind_of(call) == LT_GENERATOR_STACK);
    return (uint32_t)call->arguments[0]->value.i64;
}

struct lt_expression *const *lt_generator_sources(const struct lt_expression *call, uint32_t *count)
{
    enum lt_generator_kind kind = lt_generator_kind_of(call);
    lt_assert(kind != LT_GENERATOR_TUPLE); /* its call is the source itself */
    *count = kind == LT_GENERATOR_STACK ? call->argument_count - 1 : 1;
    return call->arguments + (kind == LT_GENERATOR_STACK);
}

struct lt_expression *lt_generator_item(struct lt_expression *call, const char *const *names,
                                        uint32_t count, bool is_outer, struct lt_arena *arena)
{
    const struct shape *shape = shape_of(call->name);
    if (is_outer && shape != NULL && shape->outer != NULL)
        call->name = shape->outer;
    if (count == 0)
        return call;
    struct lt_expression *nodes = lt_arena_alloc(arena, count * sizeof *nodes);
    nodes[0] = (struct lt_expression){.kind = LT_EXPR_ALIAS,
                                      .begin = call->begin,
                                      .end = call->end,
                                      .name = names[0],
                                      .argument_count = count,
                                      .is_name_list = true,
                                      .index = -1};
    nodes[0].arguments = lt_arena_alloc(arena, count * sizeof *nodes[0].arguments);
    nodes[0].arguments[0] = call;
    for (uint32_t i = 1; i < count; i++) {
        nodes[i] = (struct lt_expression){.kind = LT_EXPR_LITERAL,
                                          .begin = call->begin,
                                          .end = call->end,
                                          .type = lt_type_simple(LT_TYPE_STRING),
                                          .index = -1};
        nodes[i].value = lt_value_text(names[i]);
        nodes[0].arguments[i] = &nodes[i];
    }
    return nodes;
}

/* ------------------------------------------------------------------------------------- analysis */

static int finish(struct lt_analyser *analyser, struct lt_expression *call,
                  const struct lt_field *fields, uint32_t count)
{
    return lt_collection_finish(call, 0, lt_type_struct(analyser->coerce.arena, fields, count),
                                false);
}

static int infer_explode(struct lt_analyser *analyser, struct lt_expression *call)
{
    const struct lt_type *type = call->arguments[0]->type;
    if (type->kind != LT_TYPE_ARRAY && type->kind != LT_TYPE_MAP)
        return lt_analyser_unexpected(analyser, call, 0, "an array or a map");
    struct lt_field fields[3] = {{.name = "pos", .type = lt_type_simple(LT_TYPE_INT)}};
    uint32_t count = lt_generator_kind_of(call) == LT_GENERATOR_POSEXPLODE;
    for (uint32_t i = 0; i < type->field_count; i++)
        fields[count++] = type->fields[i];
    if (type->kind == LT_TYPE_ARRAY)
        fields[count - 1].name = "col";
    for (uint32_t i = 0; i < count; i++)
        fields[i].nullable = fields[i].nullable || lt_generator_is_outer(call);
    return finish(analyser, call, fields, count);
}

static int infer_inline(struct lt_analyser *analyser, struct lt_expression *call)
{
    const struct lt_type *type = call->arguments[0]->type;
    if (type->kind != LT_TYPE_ARRAY || type->fields[0].type->kind != LT_TYPE_STRUCT)
        return lt_analyser_unexpected(analyser, call, 0, "an array of structs");
    const struct lt_type *element = type->fields[0].type;
    uint32_t count = element->field_count;
    struct lt_field *fields = lt_arena_alloc(analyser->coerce.arena, count * sizeof *fields);
    for (uint32_t i = 0; i < count; i++) {
        fields[i] = element->fields[i];
        fields[i].nullable =
            fields[i].nullable || type->fields[0].nullable || lt_generator_is_outer(call);
    }
    return finish(analyser, call, fields, count);
}

/* The number of rows, a constant. */
static int stack_rows(struct lt_analyser *analyser, struct lt_expression *call, uint32_t *rows)
{
    struct lt_expression **number = &call->arguments[0];
    if ((*number)->type->kind != LT_TYPE_INT)
        return lt_analyser_unexpected(analyser, call, 0, "an INT");
    int code = lt_analyser_fold(analyser, number);
    if (code != LT_OK)
        return code;
    if ((*number)->kind != LT_EXPR_LITERAL)
        return lt_analyser_mismatch(analyser, call, "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT",
                                    "the input `n` should be a foldable \"INT\" expression; "
                                    "however, got \"%s\".",
                                    lt_expr_text(*number, analyser->coerce.arena));
    if ((*number)->is_null)
        return lt_analyser_fail(analyser, LT_E_ANALYSIS, *number,
                                "DATATYPE_MISMATCH.UNEXPECTED_NULL", "42K09",
                                "the number of rows cannot be NULL");
    if ((*number)->value.i64 <= 0)
        return lt_analyser_mismatch(
            analyser, call, "DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE",
            "The `n` must be between (0, 2147483647] (current value = %lld).",
            (long long)(*number)->value.i64);
    *rows = (uint32_t)(*number)->value.i64;
    return LT_OK;
}

/* The values of one column, from `first` on, are of one type or NULL. */
static int stack_column(struct lt_analyser *analyser, struct lt_expression *call, uint32_t first,
                        uint32_t columns, const struct lt_type **out)
{
    const struct lt_type *type = lt_type_simple(LT_TYPE_VOID);
    uint32_t typed_at = first;
    for (uint32_t i = first; i < call->argument_count; i += columns) {
        struct lt_expression **value = &call->arguments[i];
        if (lt_coerce_is_open(*value))
            *value = lt_coerce_cast(*value, lt_type_simple(LT_TYPE_STRING), analyser->coerce.arena);
        if (type->kind == LT_TYPE_VOID) {
            type = (*value)->type;
            typed_at = i;
        }
        if ((*value)->type->kind != LT_TYPE_VOID && !lt_type_equal((*value)->type, type))
            return lt_analyser_mismatch(
                analyser, call, "DATATYPE_MISMATCH.STACK_COLUMN_DIFF_TYPES",
                "The data type of the column (%u) do not have the same type: \"%s\" (%u) <> "
                "\"%s\" (%u).",
                first - 1, lt_analyser_shown(analyser, type), typed_at,
                lt_analyser_shown(analyser, (*value)->type), i);
    }
    for (uint32_t i = first; i < call->argument_count; i += columns)
        call->arguments[i] = lt_coerce_cast(call->arguments[i], type, analyser->coerce.arena);
    *out = type;
    return LT_OK;
}

static int infer_stack(struct lt_analyser *analyser, struct lt_expression *call)
{
    uint32_t rows = 0;
    int code = stack_rows(analyser, call, &rows);
    if (code != LT_OK)
        return code;
    uint32_t values = call->argument_count - 1, columns = values / rows + (values % rows != 0);
    struct lt_field *fields = lt_arena_alloc(analyser->coerce.arena, columns * sizeof *fields);
    for (uint32_t i = 0; i < columns && code == LT_OK; i++) {
        fields[i].name = lt_arena_format(analyser->coerce.arena, "col%u", i);
        fields[i].nullable = true;
        code = stack_column(analyser, call, i + 1, columns, &fields[i].type);
    }
    return code != LT_OK ? code : finish(analyser, call, fields, columns);
}

static int infer_tuple(struct lt_analyser *analyser, struct lt_expression *call)
{
    const struct lt_type *string = lt_type_simple(LT_TYPE_STRING);
    uint32_t count = call->argument_count - 1;
    struct lt_field *fields = lt_arena_alloc(analyser->coerce.arena, count * sizeof *fields);
    for (uint32_t i = 0; i <= count; i++) {
        if (lt_coerce_is_open(call->arguments[i]))
            call->arguments[i] = lt_coerce_cast(call->arguments[i], string, analyser->coerce.arena);
        enum lt_type_kind kind = call->arguments[i]->type->kind;
        if (kind < LT_TYPE_STRING || kind > LT_TYPE_VARCHAR)
            return lt_analyser_mismatch(analyser, call, "DATATYPE_MISMATCH.NON_STRING_TYPE",
                                        "all arguments of the function `json_tuple` must be "
                                        "strings.");
    }
    for (uint32_t i = 0; i < count; i++)
        fields[i] = (struct lt_field){.name = lt_arena_format(analyser->coerce.arena, "c%u", i),
                                      .type = string,
                                      .nullable = true};
    return finish(analyser, call, fields, count);
}

/* ----------------------------------------------------------------------------------- json_tuple */

/* The value after a name, as text in the machine's memory, for all arguments of that name. */
static bool take_field(struct lt_machine *machine, const struct lt_call *call,
                       struct lt_json_scan *scan, const bool *is_wanted, struct lt_struct *fields)
{
    struct lt_text_buffer *text = &machine->text;
    enum lt_json_token token = lt_json_scan_next(scan);
    if (token == LT_JSON_TOKEN_INVALID || token == LT_JSON_TOKEN_NULL)
        return token == LT_JSON_TOKEN_NULL;
    lt_text_clear(text);
    if (token == LT_JSON_TOKEN_STRING && lt_json_scan_has_lone_surrogate(scan))
        return false;
    if (token == LT_JSON_TOKEN_STRING)
        lt_json_scan_text(scan, text);
    else if (!lt_json_scan_copy(scan, true, text))
        return false;
    union lt_value value;
    if (lt_machine_put(machine, call, text->data, text->size_bytes, &value) != LT_KERNEL_VALUE)
        return false;
    for (uint32_t i = 0; i + 1 < call->argument_count; i++) {
        if (!is_wanted[i])
            continue;
        lt_bit_clear((uint64_t *)(uintptr_t)fields->nulls, i);
        lt_writable_values(fields->values)[i] = value;
    }
    return true;
}

/* Marks the arguments that are the name just scanned; false: none is. */
static bool mark_wanted(struct lt_machine *machine, const struct lt_call *call,
                        const struct lt_json_scan *scan, bool *is_wanted)
{
    bool is_any = false;
    for (uint32_t i = 0; i + 1 < call->argument_count; i++) {
        struct lt_bytes name = lt_argument_bytes(machine, call, i + 1);
        is_wanted[i] = !lt_argument_is_null(machine, call, i + 1) &&
                       lt_json_scan_is(scan, (const char *)name.data, name.size_bytes);
        is_any = is_any || is_wanted[i];
    }
    return is_any;
}

/* False: the text is no object, or is damaged; no field counts then. */
static bool take_fields(struct lt_machine *machine, const struct lt_call *call, bool *is_wanted,
                        struct lt_struct *fields)
{
    struct lt_bytes json = lt_argument_bytes(machine, call, 0);
    struct lt_json_scan scan;
    lt_json_scan_init(&scan, json.data, json.size_bytes, LT_JSON_SCAN_SPARK | LT_JSON_SCAN_CONTROL);
    if (lt_json_scan_next(&scan) != LT_JSON_TOKEN_OBJECT_BEGIN)
        return false;
    while (lt_json_scan_next(&scan) == LT_JSON_TOKEN_NAME) {
        bool is_read = mark_wanted(machine, call, &scan, is_wanted)
                           ? take_field(machine, call, &scan, is_wanted, fields)
                           : lt_json_scan_skip(&scan) != LT_JSON_TOKEN_INVALID;
        if (!is_read)
            return false;
    }
    return scan.token == LT_JSON_TOKEN_OBJECT_END;
}

static enum lt_kernel json_tuple(struct lt_machine *machine, const struct lt_call *call,
                                 union lt_value *out)
{
    uint32_t count = call->argument_count - 1;
    struct lt_struct *fields = lt_machine_struct(machine, count);
    bool *is_wanted = lt_machine_alloc(machine, count * sizeof *is_wanted);
    if (fields == NULL || is_wanted == NULL)
        return lt_machine_too_large(machine, call);
    uint64_t *nulls = (uint64_t *)(uintptr_t)fields->nulls;
    for (uint32_t i = 0; i < count; i++)
        lt_bit_set(nulls, i);
    bool is_whole =
        !lt_argument_is_null(machine, call, 0) && take_fields(machine, call, is_wanted, fields);
    for (uint32_t i = 0; i < count && !is_whole; i++)
        lt_bit_set(nulls, i);
    out->structure = fields;
    return LT_KERNEL_VALUE;
}

/* ---------------------------------------------------------------------------------------- table */

/* They have no kernel: their rows are made by the operator. The example's result is its rows. */
#define ROWS(parameters)                                                                           \
    .decodes_texts = true, .signatures = {LT_INLINE(parameters, "R", LT_OP_END, LT_FAMILY_NONE)}
#define GENERATOR .flow = LT_FLOW_GENERATOR, .null_rule = LT_NULL_AWARE, .is_deterministic = true

static const struct lt_function functions[] = {
    {"explode", NULL, "explode(array or map)",
     "A row for each element, col, or for each entry, key and value; none for NULL.",
     "explode(array(1, 2))", "[{\"col\":1},{\"col\":2}]", GENERATOR, ROWS("a"),
     .infer = infer_explode, .names = "collection!"},
    {"explode_outer", NULL, "explode_outer(array or map)",
     "As explode, but a row of NULL where there is none.", "explode_outer(array())",
     "[{\"col\":null}]", GENERATOR, ROWS("a"), .infer = infer_explode, .names = "collection!"},
    {"posexplode", NULL, "posexplode(array or map)",
     "As explode, with the position, pos, from 0 in front.", "posexplode(array('a'))",
     "[{\"pos\":0,\"col\":\"a\"}]", GENERATOR, ROWS("a"), .infer = infer_explode},
    {"posexplode_outer", NULL, "posexplode_outer(array or map)",
     "As posexplode, but a row of NULL where there is none.",
     "posexplode_outer(CAST(NULL AS MAP<INT, INT>))",
     "[{\"pos\":null,\"key\":null,\"value\":null}]", GENERATOR, ROWS("a"), .infer = infer_explode},
    {"inline", NULL, "inline(structs)", "A row for each struct of an array, with its fields.",
     "inline(array(struct(1, 'a')))", "[{\"col1\":1,\"col2\":\"a\"}]", GENERATOR, ROWS("a"),
     .infer = infer_inline},
    {"inline_outer", NULL, "inline_outer(structs)",
     "As inline, but a row of NULL where there is none.",
     "inline_outer(CAST(NULL AS ARRAY<STRUCT<a: INT>>))", "[{\"a\":null}]", GENERATOR, ROWS("a"),
     .infer = infer_inline},
    {"stack", NULL, "stack(rows, a, ...)",
     "The values as so many rows, with the columns col0, col1, ...; NULL where values are missing.",
     "stack(2, 1, 2, 3)", "[{\"col0\":1,\"col1\":2},{\"col0\":3,\"col1\":null}]", GENERATOR,
     ROWS("aaa*"), .infer = infer_stack},
    {"json_tuple", NULL, "json_tuple(json, name, ...)",
     "One row with the fields of a JSON object as strings, c0, c1, ...",
     "json_tuple('{\"a\":1}', 'a', 'b')", "[{\"c0\":\"1\",\"c1\":null}]", GENERATOR,
     .signatures = {LT_KERNEL("aaa*", "R", json_tuple)}, .infer = infer_tuple},
};

const struct lt_function_group lt_functions_generator = {"generator", functions,
                                                         sizeof functions / sizeof functions[0]};
