/*
 * Names get positions, nodes get types. Children first; a node that several parents share is done
 * once. What a JSON path's type is stays open (void) until a parent, or the end, decides it.
 */
#include <stdio.h>
#include <string.h>

#include "core/base/ascii.h"
#include "core/base/limits.h"
#include "ops/expr/analyser.h"
#include "ops/expr/cast.h"
#include "ops/expr/diagnose.h"
#include "ops/expr/expr.h"
#include "ops/expr/generator.h"
#include "ops/expr/lateral.h"
#include "ops/expr/parser.h"
#include "ops/expr/replaced.h"
#include "ops/expr/unresolved.h"

int lt_analyser_fail(struct lt_analyser *analyser, int code, const struct lt_expression *node,
                     const char *condition, const char *sqlstate, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    const char *where = node->text == NULL ? analyser->text : node->text;
    struct lt_expr_place place = {where, node->begin, node->end};
    return lt_expr_error(analyser->error, code, condition, sqlstate, place, "%s", text);
}

const char *lt_analyser_shown(struct lt_analyser *analyser, const struct lt_type *type)
{
    return lt_type_sql(analyser->coerce.arena, type);
}

/* ----------------------------------------------------------------------------- columns, fields */

static const char *quoted(struct lt_analyser *analyser, const char *name)
{
    return lt_name_quoted_one(name, analyser->coerce.arena);
}

/* As lt_type_field_index, by the session's rule for the case of names. */
static unsigned count_fields(const struct lt_analyser *analyser, const struct lt_type *type,
                             const char *name)
{
    unsigned count = 0;
    for (uint32_t i = 0; i < type->field_count; i++)
        count += analyser->coerce.session->is_case_sensitive
                     ? strcmp(type->fields[i].name, name) == 0
                     : lt_ascii_compare(type->fields[i].name, name) == 0;
    return count;
}

static int field_index(const struct lt_analyser *analyser, const struct lt_type *type,
                       const char *name)
{
    if (!analyser->coerce.session->is_case_sensitive)
        return lt_type_field_index(type, name);
    int found = -1;
    for (uint32_t i = 0; i < type->field_count; i++) {
        if (strcmp(type->fields[i].name, name) == 0)
            found = found == -1 ? (int)i : -2;
    }
    return found;
}

static int unresolved_column(struct lt_analyser *analyser, const struct lt_expression *node)
{
    const struct lt_type *schema = analyser->schema;
    const struct lt_expr_place place = {analyser->text, node->begin, node->end};
    struct lt_arena *arena = analyser->coerce.arena;
    uint32_t count = schema == NULL ? 0 : schema->field_count;
    const char **known = lt_arena_alloc(arena, (count + 1) * sizeof *known);
    for (uint32_t i = 0; i < count; i++)
        known[i] = quoted(analyser, schema->fields[i].name);
    lt_sort_names(known, count);
    return lt_refuse_column(analyser->error, place, quoted(analyser, node->name), node->name, known,
                            count, arena);
}

static int ambiguous_column(struct lt_analyser *analyser, const struct lt_expression *node)
{
    const struct lt_expr_place place = {analyser->text, node->begin, node->end};
    const char *name = quoted(analyser, node->name);
    const char *bearers[] = {name, name};
    return lt_refuse_ambiguous(analyser->error, place, name, bearers, 2, analyser->coerce.arena);
}

/* A parameter of one of the lambdas around. */
static bool is_variable(struct lt_analyser *analyser, struct lt_expression *node)
{
    bool is_exact = analyser->coerce.session->is_case_sensitive;
    for (const struct lt_lambda_scope *scope = analyser->scope; scope != NULL;
         scope = scope->outer) {
        for (uint32_t i = 1; i < scope->lambda->argument_count; i++) {
            const struct lt_expression *parameter = scope->lambda->arguments[i];
            if (is_exact ? strcmp(parameter->name, node->name) != 0
                         : lt_ascii_compare(parameter->name, node->name) != 0)
                continue;
            node->kind = LT_EXPR_VARIABLE;
            node->index = parameter->index;
            node->type = parameter->type;
            node->nullable = parameter->nullable;
            return true;
        }
    }
    return false;
}

static bool needs_no_brackets(const char *name)
{
    static const char *const names[] = {"current_timestamp", "current_date", "current_time",
                                        "current_user",      "user",         "session_user"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (lt_ascii_compare(name, names[i]) == 0)
            return lt_function_find(name) >= 0;
    }
    return false;
}

static int analyse_column(struct lt_analyser *analyser, struct lt_expression *node)
{
    if (is_variable(analyser, node))
        return LT_OK;
    int index = analyser->schema == NULL ? -1 : field_index(analyser, analyser->schema, node->name);
    if (index == -2)
        return ambiguous_column(analyser, node);
    if (index < 0 && needs_no_brackets(node->name)) {
        node->kind = LT_EXPR_CALL;
        return lt_resolve_call(analyser, node);
    }
    if (index < 0) {
        int code = lt_analyser_lateral(analyser, node);
        return code == LT_INFER_LETTERS ? unresolved_column(analyser, node) : code;
    }
    node->index = index;
    node->type = analyser->schema->fields[index].type;
    node->nullable = analyser->schema->fields[index].nullable;
    return LT_OK;
}

/* m.key is m['key']. */
static int become_subscript(struct lt_analyser *analyser, struct lt_expression *node)
{
    struct lt_expression *key = lt_arena_alloc(analyser->coerce.arena, sizeof *key);
    *key = (struct lt_expression){.kind = LT_EXPR_LITERAL,
                                  .begin = node->begin,
                                  .end = node->end,
                                  .type = lt_type_simple(LT_TYPE_STRING),
                                  .index = -1};
    key->value = lt_value_text(node->name);
    *node = *lt_analyser_call(analyser, node, "[]", node->arguments[0], key);
    return lt_resolve_call(analyser, node);
}

int lt_analyser_refuse_base(struct lt_analyser *analyser, const struct lt_expression *node,
                            const char *end)
{
    const struct lt_expression *base = node->arguments[0];
    return lt_analyser_fail(
        analyser, LT_E_ANALYSIS, node, "INVALID_EXTRACT_BASE_FIELD_TYPE", "42000",
        "Can't extract a value from \"%s\". Need a complex type [STRUCT, "
        "ARRAY, MAP] but got \"%s\"%s",
        lt_expr_text(base, analyser->coerce.arena), lt_analyser_shown(analyser, base->type), end);
}

static int refuse_field(struct lt_analyser *analyser, const struct lt_expression *node,
                        const struct lt_type *type)
{
    return lt_analyser_fail(analyser, LT_E_ANALYSIS, node, "FIELD_NOT_FOUND", "42704",
                            "No such struct field %s in %s.", quoted(analyser, node->name),
                            lt_field_list(type, analyser->coerce.arena));
}

static int analyse_field(struct lt_analyser *analyser, struct lt_expression *node)
{
    struct lt_expression *base = node->arguments[0];
    const struct lt_type *type = base->type;
    if (lt_coerce_is_open(base) || lt_type_is_bytes(type))
        return lt_analyser_refuse_base(
            analyser, node, "; hint: a field of JSON text is written with a colon, as value:name");
    if (type->kind == LT_TYPE_MAP)
        return become_subscript(analyser, node);
    if (type->kind == LT_TYPE_ARRAY && type->fields[0].type->kind != LT_TYPE_STRUCT)
        return lt_analyser_fail(analyser, LT_E_ANALYSIS, node,
                                "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", "42K09",
                                "Cannot resolve \"%s[%s]\" due to data type mismatch: The second "
                                "parameter requires the \"INTEGRAL\" type, however \"%s\" has the "
                                "type \"STRING\".",
                                lt_expr_text(base, analyser->coerce.arena), node->name, node->name);
    bool is_array = type->kind == LT_TYPE_ARRAY && type->fields[0].type->kind == LT_TYPE_STRUCT;
    bool has_null = is_array && type->fields[0].nullable;
    if (is_array)
        type = type->fields[0].type; /* the field of each element */
    if (type->kind != LT_TYPE_STRUCT)
        return lt_analyser_refuse_base(analyser, node, ".");
    int index = field_index(analyser, type, node->name);
    if (index == -2)
        return lt_analyser_fail(analyser, LT_E_ANALYSIS, node, "AMBIGUOUS_REFERENCE_TO_FIELDS",
                                "42000",
                                "Ambiguous reference to the field `%s`. It appears %u times in the "
                                "schema.",
                                node->name, count_fields(analyser, type, node->name));
    if (index < 0)
        return refuse_field(analyser, node, type);
    const struct lt_field *field = &type->fields[index];
    node->index = index;
    node->type =
        is_array ? lt_type_array(analyser->coerce.arena, field->type, has_null || field->nullable)
                 : field->type;
    node->nullable = base->nullable || (!is_array && field->nullable);
    lt_lateral_field(node);
    return LT_OK;
}

static int analyse_json_path(struct lt_analyser *analyser, struct lt_expression *node)
{
    struct lt_expression *base = node->arguments[0];
    if (lt_coerce_is_open(base))
        node->arguments[0] = base =
            lt_coerce_cast(base, lt_type_simple(LT_TYPE_STRING), analyser->coerce.arena);
    if (!lt_type_is_bytes(base->type) && base->type->kind != LT_TYPE_VOID)
        return lt_analyser_fail(
            analyser, LT_E_ANALYSIS, node, "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", "42K09",
            "\":%s\" reads JSON text (a string or binary), not a value of type %s", node->name,
            lt_analyser_shown(analyser, base->type));
    if (base->type->kind == LT_TYPE_VOID)
        node->arguments[0] =
            lt_coerce_cast(base, lt_type_simple(LT_TYPE_STRING), analyser->coerce.arena);
    node->type = lt_type_simple(LT_TYPE_VOID);
    node->nullable = true;
    return LT_OK;
}

/* ---------------------------------------------------------------------------------- CAST, CASE */

static const char *functions_for_cast(const struct lt_type *from, const struct lt_type *to)
{
    if (from->kind == LT_TYPE_DATE)
        return "`UNIX_DATE`";
    return to->kind == LT_TYPE_DATE ? "`DATE_FROM_UNIX_DATE`"
                                    : "`TIMESTAMP_SECONDS`/`TIMESTAMP_MILLIS`/`TIMESTAMP_MICROS`";
}

static int analyse_cast(struct lt_analyser *analyser, struct lt_expression *node)
{
    const struct lt_type *to = node->type;
    const char *shown_to = lt_analyser_shown(analyser, to);
    int code = lt_analyser_refuse_collation(analyser, node, to);
    if (code != LT_OK)
        return code;
    if (to->kind == LT_TYPE_CHAR || to->kind == LT_TYPE_VARCHAR)
        node->type = to = lt_type_simple(LT_TYPE_STRING);
    if (lt_coerce_is_open(node->arguments[0]))
        (void)lt_coerce_cast(node->arguments[0], to, analyser->coerce.arena);
    const struct lt_type *from = node->arguments[0]->type;
    const char *shown_from = lt_analyser_shown(analyser, from);
    node->index = 0;
    node->nullable =
        node->arguments[0]->nullable ||
        (node->is_try ? lt_coerce_try_may_null(from, to) : lt_coerce_may_null(from, to));
    if (to->kind == LT_TYPE_TIME)
        return lt_analyser_fail(analyser, LT_E_UNSUPPORTED, node, "UNSUPPORTED_TIME_TYPE", "0A000",
                                "the type TIME is not supported");
    /* try_cast has the same rules in every session: for nested values those without ANSI. */
    struct lt_session tried = *lt_session_default();
    tried.is_legacy = lt_type_is_nested(from);
    const struct lt_session *rules = node->is_try ? &tried : analyser->coerce.session;
    switch (lt_coerce_cast_verdict(rules, from, to)) {
    case LT_CAST_ALLOWED:
        if (lt_cast_exists(analyser->coerce.session, from, to))
            return LT_OK;
        return lt_analyser_fail(analyser, LT_E_UNSUPPORTED, node, "UNSUPPORTED_FEATURE", "0A000",
                                "a cast from %s to %s is not supported by this version", shown_from,
                                shown_to);
    case LT_CAST_USE_FUNCTION:
        return lt_analyser_mismatch(
            analyser, node, "DATATYPE_MISMATCH.CAST_WITH_FUNC_SUGGESTION",
            "cannot cast \"%s\" to \"%s\".\nTo convert values from \"%s\" to \"%s\", you can use "
            "the functions %s instead.",
            shown_from, shown_to, shown_from, shown_to, functions_for_cast(from, to));
    case LT_CAST_USE_LEGACY:
        if (node->is_try) /* no setting changes what it takes */
            break;
        return lt_analyser_mismatch(
            analyser, node, "DATATYPE_MISMATCH.CAST_WITH_CONF_SUGGESTION",
            "cannot cast \"%s\" to \"%s\" with ANSI mode on.\nIf you have to cast \"%s\" to "
            "\"%s\", you can set \"spark.sql.ansi.enabled\" as 'false'.",
            shown_from, shown_to, shown_from, shown_to);
    case LT_CAST_REFUSED:
        break;
    }
    return lt_analyser_mismatch(analyser, node, "DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION",
                                "cannot cast \"%s\" to \"%s\".", shown_from, shown_to);
}

/* Is argument `i` of a CASE a result (not a condition)? */
static bool is_case_result(const struct lt_expression *node, uint32_t i)
{
    return i % 2 == 1 || i + 1 == node->argument_count;
}

static int check_case_condition(struct lt_analyser *analyser, const struct lt_expression *node,
                                uint32_t index)
{
    struct lt_expression **when = &node->arguments[index];
    if (lt_coerce_is_open(*when))
        *when = lt_coerce_cast(*when, lt_type_simple(LT_TYPE_BOOLEAN), analyser->coerce.arena);
    if ((*when)->type->kind == LT_TYPE_BOOLEAN)
        return LT_OK;
    return lt_analyser_unexpected(analyser, node, index, "BOOLEAN");
}

static int analyse_case(struct lt_analyser *analyser, struct lt_expression *node)
{
    const struct lt_type **types =
        lt_arena_alloc(analyser->coerce.arena, node->argument_count * sizeof *types);
    uint32_t count = 0;
    for (uint32_t i = 0; i < node->argument_count; i++) {
        if (is_case_result(node, i))
            types[count++] = node->arguments[i]->type;
    }
    const struct lt_type *common = lt_coerce_common_all(&analyser->coerce, types, count);
    if (common == NULL)
        return lt_analyser_refuse_results(analyser, node);
    bool is_nullable = node->argument_count % 2 == 0; /* no ELSE */
    for (uint32_t i = 0; i < node->argument_count; i++) {
        if (!is_case_result(node, i)) {
            int code = check_case_condition(analyser, node, i);
            if (code != LT_OK)
                return code;
            continue;
        }
        bool is_open = lt_coerce_is_open(node->arguments[i]);
        if (is_open && common->kind == LT_TYPE_VOID)
            common = lt_type_simple(LT_TYPE_STRING);
        int code = lt_analyser_cast(analyser, &node->arguments[i], common);
        if (code != LT_OK)
            return code;
        is_nullable = is_nullable || node->arguments[i]->nullable;
    }
    node->type = common;
    node->nullable = is_nullable;
    return LT_OK;
}

/* --------------------------------------------------------------------------------------- nodes */

static bool is_done(const struct lt_expression *node)
{
    return node->kind == LT_EXPR_CAST ? node->index == 0 : node->type != NULL;
}

/* "x,y": the names that are given. */
static const char *names_of(struct lt_analyser *analyser, const struct lt_expression *alias,
                            const char *between)
{
    struct lt_arena *arena = analyser->coerce.arena;
    const char *names = alias->name;
    for (uint32_t i = 1; i < alias->argument_count; i++) {
        const struct lt_bytes *name = &alias->arguments[i]->value.bytes;
        names = lt_arena_format(arena, "%s%s%.*s", names, between, (int)name->size_bytes,
                                (const char *)name->data);
    }
    return names;
}

/* The names of an alias are as many as the generator has columns; a value has one. */
static int name_columns(struct lt_analyser *analyser, struct lt_expression *alias)
{
    const struct lt_type *type = alias->type;
    const struct lt_expression *generator = lt_generator_call(alias);
    if (generator == NULL && !alias->is_name_list)
        return LT_OK;
    if (generator == NULL)
        return lt_analyser_fail(analyser, LT_E_ANALYSIS, alias, "MULTI_ALIAS_WITHOUT_GENERATOR",
                                "42K0E",
                                "Multi part aliasing (%s) is not supported with \"%s\" as it is "
                                "not a generator function.",
                                names_of(analyser, alias, ", "),
                                lt_expr_text(alias->arguments[0], analyser->coerce.arena));
    if (type->field_count != alias->argument_count)
        return lt_analyser_fail(analyser, LT_E_ANALYSIS, alias, "UDTF_ALIAS_NUMBER_MISMATCH",
                                "42802",
                                "The number of aliases supplied in the AS clause does not match "
                                "the number of columns output by the UDTF.\nExpected %u aliases, "
                                "but got %s.\nPlease ensure that the number of aliases provided "
                                "matches the number of columns output by the UDTF.",
                                type->field_count, names_of(analyser, alias, ","));
    struct lt_field *fields =
        lt_arena_alloc(analyser->coerce.arena, type->field_count * sizeof *fields);
    for (uint32_t i = 0; i < type->field_count; i++) {
        fields[i] = type->fields[i];
        fields[i].name = i == 0 ? alias->name : (const char *)alias->arguments[i]->value.bytes.data;
    }
    alias->type = lt_type_struct(analyser->coerce.arena, fields, type->field_count);
    return LT_OK;
}

static int analyse_node(struct lt_analyser *analyser, struct lt_expression *node)
{
    switch (node->kind) {
    case LT_EXPR_LITERAL:
        return LT_OK;
    case LT_EXPR_COLUMN:
        return analyse_column(analyser, node);
    case LT_EXPR_CALL:
        return lt_resolve_call(analyser, node);
    case LT_EXPR_CAST:
        return analyse_cast(analyser, node);
    case LT_EXPR_CASE:
        return analyse_case(analyser, node);
    case LT_EXPR_FIELD:
        return analyse_field(analyser, node);
    case LT_EXPR_JSON_PATH:
        return analyse_json_path(analyser, node);
    case LT_EXPR_ALIAS:
        node->arguments[0] =
            lt_coerce_is_open(node->arguments[0])
                ? lt_coerce_cast(node->arguments[0], lt_type_simple(LT_TYPE_STRING),
                                 analyser->coerce.arena)
                : node->arguments[0];
        node->type = node->arguments[0]->type;
        node->nullable = node->arguments[0]->nullable;
        return name_columns(analyser, node);
    case LT_EXPR_STAR:
        return lt_analyser_refuse_star(analyser, node);
    case LT_EXPR_LAMBDA:
    case LT_EXPR_VARIABLE:
        break;
    }
    return lt_analyser_fail(analyser, LT_E_ANALYSIS, node,
                            "INVALID_LAMBDA_FUNCTION_CALL.NON_HIGHER_ORDER_FUNCTION", "42K0D",
                            "a lambda stands where none is taken");
}

static struct lt_expression *lambda_of(struct lt_analyser *analyser, struct lt_expression *body,
                                       uint32_t count)
{
    struct lt_arena *arena = analyser->coerce.arena;
    struct lt_expression *nodes = lt_arena_alloc(arena, (count + 1) * sizeof *nodes);
    nodes[0] = (struct lt_expression){.kind = LT_EXPR_LAMBDA,
                                      .begin = body->begin,
                                      .end = body->end,
                                      .argument_count = count + 1,
                                      .index = -1};
    nodes[0].arguments = lt_arena_alloc(arena, (count + 1) * sizeof *nodes[0].arguments);
    nodes[0].arguments[0] = body;
    for (uint32_t i = 1; i <= count; i++) {
        nodes[i] = (struct lt_expression){.kind = LT_EXPR_VARIABLE,
                                          .name = lt_arena_format(arena, "%u", i)};
        nodes[0].arguments[i] = &nodes[i];
    }
    return nodes;
}

int lt_analyser_lambda_count(struct lt_analyser *analyser, const struct lt_expression *lambda,
                             uint32_t count)
{
    if (lambda->kind != LT_EXPR_LAMBDA || lambda->argument_count == count + 1)
        return LT_OK;
    return lt_analyser_fail(analyser, LT_E_ANALYSIS, lambda,
                            "INVALID_LAMBDA_FUNCTION_CALL.NUM_ARGS_MISMATCH", "42K0D",
                            "Invalid lambda function call. A higher order function expects %u "
                            "arguments, but got %u.",
                            lambda->argument_count - 1, count);
}

int lt_analyser_lambda(struct lt_analyser *analyser, struct lt_expression **argument,
                       const struct lt_field *parameters, uint32_t count)
{
    if ((*argument)->kind != LT_EXPR_LAMBDA)
        *argument = lambda_of(analyser, *argument, count);
    struct lt_expression *lambda = *argument;
    int refused = lt_analyser_lambda_count(analyser, lambda, count);
    if (refused != LT_OK)
        return refused;
    for (uint32_t i = 0; i < count; i++) {
        struct lt_expression *parameter = lambda->arguments[i + 1];
        for (uint32_t j = 0; j < i; j++) {
            if (lt_ascii_compare(parameter->name, lambda->arguments[j + 1]->name) == 0)
                return lt_analyser_fail(analyser, LT_E_ANALYSIS, parameter,
                                        "INVALID_LAMBDA_FUNCTION_CALL.DUPLICATE_ARG_NAMES", "42K0D",
                                        "the lambda has two parameters \"%s\"", parameter->name);
        }
        parameter->index = analyser->variable_count++;
        parameter->type = parameters[i].type;
        parameter->nullable = parameters[i].nullable;
    }
    const struct lt_lambda_scope scope = {.outer = analyser->scope, .lambda = lambda};
    analyser->scope = &scope;
    int code = lt_analyse(analyser, lambda->arguments[0]);
    analyser->scope = scope.outer;
    if (code == LT_OK && lt_generator_call(lambda->arguments[0]) != NULL)
        code = lt_analyser_refuse_generator(analyser, lt_generator_call(lambda->arguments[0]));
    if (code != LT_OK)
        return code;
    if (lt_coerce_is_open(lambda->arguments[0]))
        lambda->arguments[0] = lt_coerce_cast(lambda->arguments[0], lt_type_simple(LT_TYPE_STRING),
                                              analyser->coerce.arena);
    lambda->type = lambda->arguments[0]->type;
    lambda->nullable = lambda->arguments[0]->nullable;
    return LT_OK;
}

static bool is_higher(const struct lt_expression *call)
{
    int32_t index = lt_function_find(call->name);
    const char *group = "";
    if (index >= 0)
        (void)lt_function_at((size_t)index, &group);
    return strcmp(group, lt_functions_higher.name) == 0;
}

/* Lambdas wait for the types of their parameters, which the function around them knows; a lambda
 * that stands where the function takes a value does not. */
static bool is_analysed_later(const struct lt_expression *node, uint32_t argument)
{
    if (node->kind != LT_EXPR_CALL || node->arguments[argument]->kind != LT_EXPR_LAMBDA)
        return false;
    int32_t index = lt_function_find(node->name);
    if (index < 0)
        return true;
    const struct lt_function *function = lt_function_at((size_t)index, NULL);
    char letter = lt_signature_parameter(&function->signatures[0], argument, node->argument_count);
    return is_higher(node) && (letter == 'L' || letter == '\0');
}

/* TIMESTAMP '...' without a zone is of the session's, which the parser did not know. */
static int analyse_typed_literal(struct lt_analyser *analyser, struct lt_expression *node)
{
    const char *zone = analyser->coerce.session->time_zone;
    if (strcmp(zone, "UTC") == 0)
        return LT_OK;
    struct lt_datetime_context context = {.zones = lt_zones_create(), .clock = lt_clock_system()};
    const struct lt_bytes text = lt_value_text(node->name).bytes;
    int code = lt_zones_open(context.zones, zone, &context.zone, analyser->error);
    if (code == LT_OK && !lt_literal_time(&context, node->type->kind, &text, &node->value))
        code = lt_analyser_fail(analyser, LT_E_PARSE, node, "INVALID_TYPED_LITERAL", "42604",
                                "the value of the typed literal is invalid in this time zone");
    lt_zones_destroy(context.zones);
    return code;
}

/* A cast that analysis put around an operand stands, for who is told of its fault, where the
 * operator does. */
static void place_casts(struct lt_expression *node)
{
    for (uint32_t i = 0; i < node->argument_count; i++) {
        struct lt_expression *cast = node->arguments[i];
        if (cast->kind != LT_EXPR_CAST || cast->argument_count == 0 ||
            cast->begin != cast->arguments[0]->begin || cast->end != cast->arguments[0]->end)
            continue;
        cast->begin = node->begin;
        cast->end = node->end;
    }
}

/* Recursion is bounded: the parser refused deeper trees. */
int lt_analyse(struct lt_analyser *analyser, struct lt_expression *node)
{
    if (node->kind == LT_EXPR_LITERAL && node->name != NULL)
        return analyse_typed_literal(analyser, node);
    if (node->kind == LT_EXPR_LITERAL)
        node->nullable = node->is_null;
    if (is_done(node))
        return LT_OK;
    const bool is_replaced = node->kind == LT_EXPR_CALL && lt_function_is_replaced(node->name);
    int code = node->kind == LT_EXPR_CALL ? lt_analyser_expand_arguments(analyser, node) : LT_OK;
    lt_analyser_keep_names(analyser, node);
    if (code != LT_OK)
        return code;
    for (uint32_t i = 0; i < node->argument_count && node->kind != LT_EXPR_STAR; i++) {
        if (node->kind == LT_EXPR_LAMBDA || is_analysed_later(node, i))
            continue;
        if (node->kind == LT_EXPR_CALL && node->arguments[i]->kind == LT_EXPR_LAMBDA &&
            is_higher(node))
            return lt_analyser_fail(
                analyser, LT_E_ANALYSIS, node->arguments[i],
                "INVALID_LAMBDA_FUNCTION_CALL.PARAMETER_DOES_NOT_ACCEPT_LAMBDA_FUNCTION", "42K0D",
                "argument %u of \"%s\" is a value, not a lambda", i + 1, node->name);
        code = lt_analyse(analyser, node->arguments[i]);
        if (code == LT_OK && i == 0 && node->kind == LT_EXPR_CALL && strcmp(node->name, "[]") == 0)
            code = lt_analyser_subscript_base(analyser, node);
        if (code != LT_OK)
            return code;
        const struct lt_expression *generator = lt_generator_call(node->arguments[i]);
        bool is_known = node->kind != LT_EXPR_CALL || lt_function_find(node->name) >= 0;
        if (generator != NULL && node->kind != LT_EXPR_ALIAS && is_known)
            return lt_analyser_refuse_generator(analyser, generator);
    }
    code = analyse_node(analyser, node);
    if (code == LT_OK && (node->kind == LT_EXPR_CALL || node->kind == LT_EXPR_CASE))
        place_casts(node);
    node->is_replaced = is_replaced || lt_expr_is_time_less_span(node);
    return code;
}
