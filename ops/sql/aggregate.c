/*
 * A call of a function of many rows becomes a column of the operator that would give it. Its values
 * are nobody's business here.
 */
#include "ops/sql/aggregate.h"

#include <string.h>

#include "core/base/ascii.h"
#include "core/data/decimal.h"
#include "ops/expr/diagnose.h"
#include "ops/expr/expr.h"
#include "ops/expr/many_rows.h"
#include "ops/sql/find.h"

bool lt_sql_is_aggregate(const char *name)
{
    const struct lt_many_rows *function = lt_many_rows_find(name);
    return function != NULL && function->kind == LT_MANY_ROWS_AGGREGATE;
}

/* --------------------------------------------------------------------------------------- types */

static const struct lt_type *decimal_of(struct lt_arena *arena, const struct lt_type *type,
                                        unsigned more_digits, unsigned more_scale)
{
    unsigned precision = type->precision + more_digits, scale = type->scale + more_scale;
    precision = precision > LT_DECIMAL_PRECISION_MAX ? LT_DECIMAL_PRECISION_MAX : precision;
    return lt_type_decimal(
        arena, (uint8_t)precision,
        (uint8_t)(scale > LT_DECIMAL_PRECISION_MAX ? LT_DECIMAL_PRECISION_MAX : scale));
}

static const struct lt_type *type_of(const struct lt_many_rows *function,
                                     const struct lt_type *argument, struct lt_arena *arena)
{
    bool is_decimal = argument->kind == LT_TYPE_DECIMAL;
    bool is_interval = lt_type_is_ansi_interval(argument);
    switch ((enum lt_many_rows_type)function->gives) {
    case LT_GIVES_BIGINT:
        return lt_type_simple(LT_TYPE_BIGINT);
    case LT_GIVES_BOOLEAN:
        return lt_type_simple(LT_TYPE_BOOLEAN);
    case LT_GIVES_STRING:
        return lt_type_simple(LT_TYPE_STRING);
    case LT_GIVES_BINARY:
        return lt_type_simple(LT_TYPE_BINARY);
    case LT_GIVES_SAME:
        return argument;
    case LT_GIVES_LIST:
        return lt_type_array(arena, argument, false);
    case LT_GIVES_SUM:
        if (is_decimal)
            return decimal_of(arena, argument, 10, 0);
        if (is_interval)
            return argument;
        return lt_type_simple(lt_type_is_integral(argument) ? LT_TYPE_BIGINT : LT_TYPE_DOUBLE);
    case LT_GIVES_AVERAGE:
        if (is_decimal)
            return decimal_of(arena, argument, 4, 4);
        return is_interval ? argument : lt_type_simple(LT_TYPE_DOUBLE);
    case LT_GIVES_WINDOW: {
        struct lt_field *fields = lt_arena_alloc(arena, 2 * sizeof *fields);
        fields[0] = (struct lt_field){.name = "start", .type = argument};
        fields[1] = (struct lt_field){.name = "end", .type = argument};
        return lt_type_struct(arena, fields, 2);
    }
    case LT_GIVES_DOUBLE:
        break;
    }
    return lt_type_simple(LT_TYPE_DOUBLE);
}

/* ------------------------------------------------------------------------------------- columns */

/* count(t.*): of a relation or a struct that there is, it is not allowed. */
static int refuse_star_of(const struct lt_sql_names *names, const struct lt_expression *star)
{
    struct lt_expr_place place = {names->text, star->begin, star->end};
    bool is_known = lt_type_field_index(names->scope->schema, star->name) >= 0;
    for (uint32_t i = 0; i < names->scope->part_count && !is_known; i++) {
        const char *qualifier = names->scope->parts[i].qualifier;
        is_known = qualifier != NULL && lt_ascii_compare(qualifier, star->name) == 0;
    }
    if (!is_known)
        return lt_sql_refuse_star_base(names, star);
    return lt_expr_error(names->error, LT_E_ANALYSIS, "_LEGACY_ERROR_TEMP_1021", "", place,
                         "count(%s.*) is not allowed. Please use count(*) or expand the columns "
                         "manually, e.g. count(col1, col2).",
                         star->name);
}

static int analyse_argument(struct lt_sql_names *names, struct lt_expression **argument)
{
    struct lt_expression **inner = argument;
    if ((*inner)->kind == LT_EXPR_CALL && strcmp((*inner)->name, "distinct") == 0 &&
        (*inner)->argument_count == 1)
        inner = &(*inner)->arguments[0];
    if ((*inner)->kind == LT_EXPR_STAR)
        return (*inner)->name == NULL ? LT_OK : refuse_star_of(names, *inner);
    const struct lt_expression *nested = lt_sql_find_aggregate(*inner);
    if (nested != NULL) {
        struct lt_expr_place place = {names->text, nested->begin, nested->end};
        return lt_expr_error(names->error, LT_E_ANALYSIS, "NESTED_AGGREGATE_FUNCTION", "42607",
                             place,
                             "It is not allowed to use an aggregate function in the argument of "
                             "another aggregate function. Please use the inner aggregate function "
                             "in a sub-query.");
    }
    int code = lt_sql_resolve_names(names, inner);
    if (code == LT_OK)
        code = lt_expr_analyse(inner, names->text, names->scope->schema, names->session,
                               names->arena, names->error);
    if (code == LT_OK)
        (*argument)->type = (*inner)->type;
    return code;
}

/* Sums and averages are of numbers and intervals, and of texts that become numbers. */
static int check_number(const struct lt_sql_names *names, const struct lt_expression *call,
                        const struct lt_many_rows *function, const char *printed)
{
    bool is_number = function->gives == LT_GIVES_SUM || function->gives == LT_GIVES_AVERAGE;
    const struct lt_type *type = is_number ? call->arguments[0]->type : NULL;
    if (type == NULL || !(lt_type_is_nested(type) || lt_type_is_datetime(type) ||
                          type->kind == LT_TYPE_BOOLEAN || type->kind == LT_TYPE_BINARY))
        return LT_OK;
    struct lt_expr_place place = {names->text, call->begin, call->end};
    return lt_expr_error(
        names->error, LT_E_ANALYSIS, "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", "42K09", place,
        "Cannot resolve \"%s\" due to data type mismatch: The first parameter "
        "requires the \"NUMERIC\" or \"ANSI INTERVAL\" type, however \"%s\" has "
        "the type \"%s\".",
        printed, lt_expr_text(call->arguments[0], names->arena), lt_type_sql(names->arena, type));
}

/* The call becomes the column that the operator gives for it. */
static int become_column(struct lt_sql_names *names, struct lt_expression *call,
                         const struct lt_many_rows *function, uint32_t first,
                         struct lt_sql_made *made)
{
    const struct lt_expr_place place = {names->text, call->begin, call->end};
    int code = lt_many_rows_check_count(function, call, place, names->arena, names->error);
    const char *name = lt_expr_text(call, names->arena);
    for (uint32_t i = 0; i < call->argument_count && code == LT_OK; i++)
        code = analyse_argument(names, &call->arguments[i]);
    if (code != LT_OK)
        return code;
    code = check_number(names, call, function, name);
    if (code != LT_OK)
        return code;
    const struct lt_type *argument = call->argument_count > 0 ? call->arguments[0]->type : NULL;
    const struct lt_type *type =
        type_of(function, argument != NULL ? argument : lt_type_simple(LT_TYPE_VOID), names->arena);
    if (made->count == made->capacity) {
        uint32_t capacity = made->capacity == 0 ? 16 : 2 * made->capacity;
        struct lt_field *fields = lt_arena_alloc(names->arena, capacity * sizeof *fields);
        if (made->count > 0)
            memcpy(fields, made->fields, made->count * sizeof *fields);
        made->fields = fields;
        made->capacity = capacity;
    }
    made->fields[made->count] = (struct lt_field){.name = name, .type = type, .nullable = true};
    *call = (struct lt_expression){.kind = LT_EXPR_COLUMN,
                                   .begin = call->begin,
                                   .end = call->end,
                                   .name = name,
                                   .type = type,
                                   .nullable = true,
                                   .index = (int32_t)(first + made->count)};
    made->count++;
    return LT_OK;
}

int lt_sql_make_aggregates(struct lt_sql_names *names, struct lt_expression *node, uint32_t first,
                           struct lt_sql_made *made)
{
    bool is_open_call = node->kind == LT_EXPR_CALL && node->type == NULL;
    const struct lt_many_rows *function = is_open_call ? lt_many_rows_find(node->name) : NULL;
    if (function != NULL)
        return become_column(names, node, function, first, made);
    bool is_over = lt_sql_is_over(node);
    for (uint32_t i = 0; i < node->argument_count && node->kind != LT_EXPR_STAR; i++) {
        int code = i > 0 && is_over
                       ? analyse_argument(names, &node->arguments[i])
                       : lt_sql_make_aggregates(names, node->arguments[i], first, made);
        if (code != LT_OK)
            return code;
    }
    if (is_over)
        *node = *node->arguments[0];
    return LT_OK;
}
