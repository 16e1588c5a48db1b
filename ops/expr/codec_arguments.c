/*
 * Schemas and options of JSON and CSV functions.
 */
#include "ops/expr/codec_arguments.h"
#include "ops/expr/expr.h"

#include <stdio.h>
#include <string.h>

#include "core/base/limits.h"
#include "core/text/json_tree.h"
#include "ops/expr/replaced.h"

/* --------------------------------------------------------------------------- types in JSON form */

static bool read_type(const struct lt_json *json, struct lt_arena *arena, uint32_t depth,
                      const struct lt_type **out);

static bool read_bool(const struct lt_json *json, bool *out)
{
    *out = json == NULL || json->i64 != 0; /* what may be NULL is the rule */
    return json == NULL || json->kind == LT_JSON_BOOLEAN;
}

static bool read_field(const struct lt_json *json, struct lt_arena *arena, uint32_t depth,
                       struct lt_field *out)
{
    const struct lt_json *name = lt_json_get(json, "name");
    const struct lt_json *comment = lt_json_get(lt_json_get(json, "metadata"), "comment");
    if (name == NULL || name->kind != LT_JSON_STRING ||
        !read_bool(lt_json_get(json, "nullable"), &out->nullable))
        return false;
    out->name = lt_arena_text_n(arena, name->text, name->size_bytes);
    if (comment != NULL && comment->kind == LT_JSON_STRING)
        out->comment = lt_arena_text_n(arena, comment->text, comment->size_bytes);
    return read_type(lt_json_get(json, "type"), arena, depth, &out->type);
}

static bool read_struct(const struct lt_json *json, struct lt_arena *arena, uint32_t depth,
                        const struct lt_type **out)
{
    const struct lt_json *fields = lt_json_get(json, "fields");
    if (json->count != 2 || fields == NULL || !fields->is_array || fields->count > LT_LIMIT_COLUMNS)
        return false; /* a struct is its type and its fields, and nothing else */
    struct lt_field *list = lt_arena_alloc(arena, fields->count * sizeof *list);
    for (size_t i = 0; i < fields->count; i++) {
        if (!read_field(&fields->items[i], arena, depth, &list[i]))
            return false;
    }
    *out = lt_type_struct(arena, list, fields->count);
    return true;
}

static bool read_array(const struct lt_json *json, struct lt_arena *arena, uint32_t depth,
                       const struct lt_type **out)
{
    const struct lt_type *element;
    bool nullable;
    if (json->count != 3 || !read_type(lt_json_get(json, "elementType"), arena, depth, &element) ||
        !read_bool(lt_json_get(json, "containsNull"), &nullable))
        return false;
    *out = lt_type_array(arena, element, nullable);
    return true;
}

static bool read_map(const struct lt_json *json, struct lt_arena *arena, uint32_t depth,
                     const struct lt_type **out)
{
    const struct lt_type *key, *value;
    bool nullable;
    if (json->count != 4 || !read_type(lt_json_get(json, "keyType"), arena, depth, &key) ||
        !read_type(lt_json_get(json, "valueType"), arena, depth, &value) ||
        !read_bool(lt_json_get(json, "valueContainsNull"), &nullable))
        return false;
    *out = lt_type_map(arena, key, value, nullable);
    return true;
}

/* "integer", "decimal(5,2)", "timestamp_ntz": the names of types in DDL, but nothing nested. */
static bool read_leaf(const struct lt_json *json, struct lt_arena *arena,
                      const struct lt_type **out)
{
    struct lt_error unread;
    const char *text = lt_arena_text_n(arena, json->text, json->size_bytes);
    if (strcmp(text, "null") == 0)
        text = "void";
    return lt_type_parse(text, arena, out, &unread) == LT_OK && !lt_type_is_nested(*out);
}

/* Recursion ends at LT_LIMIT_TYPE_DEPTH. */
static bool read_type(const struct lt_json *json, struct lt_arena *arena, uint32_t depth,
                      const struct lt_type **out)
{
    const struct lt_json *type = lt_json_get(json, "type");
    if (json == NULL || depth == LT_LIMIT_TYPE_DEPTH)
        return false;
    if (json->kind == LT_JSON_STRING && !json->is_object)
        return read_leaf(json, arena, out);
    if (type == NULL || type->text == NULL)
        return false;
    if (strcmp(type->text, "struct") == 0)
        return read_struct(json, arena, depth + 1, out);
    if (strcmp(type->text, "array") == 0)
        return read_array(json, arena, depth + 1, out);
    return strcmp(type->text, "map") == 0 && read_map(json, arena, depth + 1, out);
}

int lt_schema_parse(const char *text, struct lt_arena *arena, const struct lt_type **out,
                    struct lt_error *error)
{
    const struct lt_json *json;
    struct lt_error unread;
    int code = lt_type_parse_any(text, arena, out, error);
    if (code == LT_OK || lt_json_parse(text, strlen(text), arena, &json, &unread) != LT_OK ||
        !read_type(json, arena, 0, out))
        return code;
    lt_error_clear(error);
    return LT_OK;
}

/* ------------------------------------------------------------------------------------ analysing */

/* Recursion is bounded by the depth of types. */
static const struct lt_type *as_nullable(const struct lt_type *type, struct lt_arena *arena)
{
    if (type->field_count == 0)
        return type;
    struct lt_field *fields = lt_arena_alloc(arena, type->field_count * sizeof *fields);
    struct lt_type *copy = lt_arena_alloc(arena, sizeof *copy);
    for (uint32_t i = 0; i < type->field_count; i++) {
        fields[i] = type->fields[i];
        fields[i].type = as_nullable(fields[i].type, arena);
        fields[i].nullable = type->kind != LT_TYPE_MAP || i != 0;
    }
    *copy = *type;
    copy->fields = fields;
    return copy;
}

static bool has_char(const struct lt_type *type)
{
    return lt_type_has_kind(type, LT_TYPE_CHAR) || lt_type_has_kind(type, LT_TYPE_VARCHAR);
}

static void fold(struct lt_analyser *analyser, struct lt_expression **argument)
{
    lt_fold(argument, analyser->text, analyser->coerce.session, analyser->coerce.arena);
}

const char *lt_constant_text(const struct lt_expression *argument, struct lt_arena *arena)
{
    return lt_arena_text_n(arena, (const char *)argument->value.bytes.data,
                           argument->value.bytes.size_bytes);
}

/* A schema that fails has its own error; where that is one of Java's, Spark says that the call
 * cannot be made. */
static int failed_schema(struct lt_error *error)
{
    static const char *const of_java[] = {"INVALID_FORMAT_STRING", "INVALID_NUMBER_PATTERN"};
    for (size_t i = 0; i < sizeof of_java / sizeof of_java[0]; i++) {
        if (strcmp(error->condition, of_java[i]) == 0)
            return lt_error_condition(error, "FAILED_FUNCTION_CALL", "38000");
    }
    return error->code;
}

int lt_infer_schema(struct lt_analyser *analyser, struct lt_expression *call, uint32_t index,
                    const struct lt_type **out)
{
    struct lt_arena *arena = analyser->coerce.arena;
    struct lt_expression **argument = &call->arguments[index];
    struct lt_error error;
    const char *written = lt_expr_text(*argument, arena);
    if (lt_analyser_fold(analyser, argument) != LT_OK)
        return failed_schema(analyser->error);
    if ((*argument)->kind != LT_EXPR_LITERAL || (*argument)->is_null ||
        (*argument)->type->kind != LT_TYPE_STRING)
        return lt_analyser_fail(
            analyser, LT_E_ANALYSIS, call, "INVALID_SCHEMA.NON_STRING_LITERAL", "42K07",
            "The input schema \"%s\" is not a valid schema string. The input expression must be "
            "string literal and not null; hint: write 'a INT, b STRING'",
            written);
    const char *text = lt_constant_text(*argument, arena);
    if (strlen(text) < (*argument)->value.bytes.size_bytes)
        return lt_analyser_fail(analyser, LT_E_PARSE, *argument, "PARSE_SYNTAX_ERROR", "42601",
                                "the schema of \"%s\" has a character 0", call->name);
    lt_error_clear(&error);
    if (lt_schema_parse(text, arena, out, &error) != LT_OK)
        return lt_analyser_fail(analyser, LT_E_ANALYSIS, call, error.condition, error.sqlstate,
                                "%s", error.text);
    if (has_char(*out))
        return lt_analyser_fail(analyser, LT_E_ANALYSIS, *argument,
                                "UNSUPPORTED_CHAR_OR_VARCHAR_AS_STRING", "0A000",
                                "CHAR and VARCHAR cannot stand in the schema of \"%s\"; hint: use "
                                "STRING",
                                call->name);
    int code = lt_analyser_refuse_collation(analyser, *argument, *out);
    if (code != LT_OK)
        return code;
    *out = as_nullable(*out, arena);
    return LT_OK;
}

int lt_infer_options(struct lt_analyser *analyser, struct lt_expression *call, uint32_t index)
{
    if (index >= call->argument_count)
        return LT_OK;
    struct lt_expression **argument = &call->arguments[index];
    const struct lt_type *type = (*argument)->type;
    if (!lt_is_call_of(*argument, "map"))
        return lt_analyser_fail(
            analyser, LT_E_ANALYSIS, *argument, "INVALID_OPTIONS.NON_MAP_FUNCTION", "42K06",
            "the options of \"%s\" must be written map('name', 'value', ...)", call->name);
    if (type->fields[0].type->kind != LT_TYPE_STRING ||
        type->fields[1].type->kind != LT_TYPE_STRING)
        return lt_analyser_fail(analyser, LT_E_ANALYSIS, call, "INVALID_OPTIONS.NON_STRING_TYPE",
                                "42K06",
                                "Invalid options: A type of keys and values in `map()` must be "
                                "string, but got \"%s\".",
                                lt_analyser_shown(analyser, type));
    fold(analyser, argument);
    if ((*argument)->kind == LT_EXPR_LITERAL)
        return LT_OK;
    return lt_analyser_fail(analyser, LT_E_ANALYSIS, *argument, "DUPLICATED_MAP_KEY", "23505",
                            "the options of \"%s\" must be constants, each name once", call->name);
}

int lt_infer_string(struct lt_analyser *analyser, struct lt_expression *call, uint32_t index)
{
    struct lt_expression **argument = &call->arguments[index];
    const struct lt_type *string = lt_type_simple(LT_TYPE_STRING);
    if ((*argument)->type->kind == LT_TYPE_VOID) /* NULL, or an open path */
        *argument = lt_coerce_cast(*argument, string, analyser->coerce.arena);
    if ((*argument)->type->kind != LT_TYPE_STRING)
        return lt_analyser_unexpected(analyser, call, index, "a STRING");
    return LT_OK;
}

int lt_infer_sample(struct lt_analyser *analyser, struct lt_expression *call, uint32_t index)
{
    struct lt_expression **argument = &call->arguments[index];
    int code = lt_analyser_constant(analyser, call, index);
    if (code != LT_OK)
        return code;
    if ((*argument)->is_null)
        return lt_analyser_mismatch(analyser, call, "DATATYPE_MISMATCH.UNEXPECTED_NULL",
                                    "The %s must not be null.",
                                    strcmp(call->name, "schema_of_csv") == 0 ? "csv" : "json");
    return lt_infer_string(analyser, call, index);
}

int lt_infer_done(struct lt_expression *call, const struct lt_type *type, bool nullable)
{
    call->signature = &lt_function_at((size_t)call->index, NULL)->signatures[0];
    call->type = type;
    call->nullable = nullable;
    return LT_OK;
}

/* ------------------------------------------------------------------------------------- options */

static const char *text_of(const union lt_value *value, struct lt_arena *arena)
{
    return lt_arena_text_n(arena, (const char *)value->bytes.data, value->bytes.size_bytes);
}

int lt_options_read(const struct lt_expression *call, uint32_t index, lt_option_fn *set,
                    void *options, struct lt_arena *arena, struct lt_error *error)
{
    if (index >= call->argument_count)
        return LT_OK;
    const struct lt_map *map = call->arguments[index]->value.map;
    for (uint32_t i = 0; i < map->keys.count; i++) {
        if (lt_bit(map->values.nulls, i))
            continue;
        int code = set(options, arena, text_of(&map->keys.values[i], arena),
                       text_of(&map->values.values[i], arena), error);
        if (code == LT_E_NOT_FOUND)
            continue;
        if (code != LT_OK)
            return lt_error_condition(error, "INVALID_PARAMETER_VALUE", "22023");
    }
    if (error != NULL)
        lt_error_clear(error);
    return LT_OK;
}
