/*
 * A call of a function of many rows becomes a column of the operator that would give it. Its values
 * are nobody's business here.
 */
#include "ops/sql/aggregate.h"

#include <string.h>

#include "core/base/ascii.h"
#include "ops/aggregate/calls.h"
#include "ops/expr/diagnose.h"
#include "ops/expr/expr.h"
#include "ops/expr/many_rows.h"
#include "ops/sql/find.h"

bool lt_sql_is_aggregate(const char *name)
{
    const struct lt_many_rows *function = lt_many_rows_find(name);
    return lt_aggregate_is_name(name) ||
           (function != NULL && function->kind == LT_MANY_ROWS_AGGREGATE);
}

/* --------------------------------------------------------------------------------------- types */

/* Of a function of many rows that stands in no table of functions. */
static const struct lt_type *type_of(const struct lt_many_rows *function,
                                     const struct lt_type *argument, struct lt_arena *arena)
{
    switch ((enum lt_many_rows_type)function->gives) {
    case LT_GIVES_BIGINT:
        return lt_type_simple(LT_TYPE_BIGINT);
    case LT_GIVES_BINARY:
        return lt_type_simple(LT_TYPE_BINARY);
    case LT_GIVES_SAME:
        return argument;
    case LT_GIVES_LIST:
        return lt_type_array(arena, argument, false);
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

/* A column more. */
static void add_made(struct lt_sql_names *names, const struct lt_field *field,
                     const struct lt_aggregate_call *call, struct lt_sql_made *made)
{
    if (made->count == made->capacity) {
        uint32_t capacity = made->capacity == 0 ? 16 : 2 * made->capacity;
        struct lt_field *fields = lt_arena_alloc(names->arena, capacity * sizeof *fields);
        struct lt_aggregate_call *calls = lt_arena_alloc(names->arena, capacity * sizeof *calls);
        if (made->count > 0) {
            memcpy(fields, made->fields, made->count * sizeof *fields);
            memcpy(calls, made->calls, made->count * sizeof *calls);
        }
        made->fields = fields;
        made->calls = calls;
        made->capacity = capacity;
    }
    made->fields[made->count] = *field;
    made->calls[made->count++] = *call;
}

/* An argument, or what a part behind the brackets has of them. */
static int analyse_arguments(struct lt_sql_names *names, struct lt_expression *call)
{
    int code = LT_OK;
    for (uint32_t i = 0; i < call->argument_count && code == LT_OK; i++) {
        struct lt_expression *argument = call->arguments[i];
        code = lt_expr_is_part(argument) ? analyse_arguments(names, argument)
                                         : analyse_argument(names, &call->arguments[i]);
    }
    return code;
}

/* The type of a function that nothing evaluates. */
static int type_other(struct lt_sql_names *names, struct lt_expression *call,
                      const struct lt_many_rows *function, const struct lt_type **out)
{
    const struct lt_expr_place place = {names->text, call->begin, call->end};
    int code = lt_many_rows_check_count(function, call, place, names->arena, names->error);
    if (code == LT_OK)
        code = analyse_arguments(names, call);
    const struct lt_type *argument =
        code == LT_OK && call->argument_count > 0 ? call->arguments[0]->type : NULL;
    *out =
        type_of(function, argument != NULL ? argument : lt_type_simple(LT_TYPE_VOID), names->arena);
    return code;
}

/* The call becomes the column that the operator gives for it. */
static int become_column(struct lt_sql_names *names, struct lt_expression *call,
                         const struct lt_many_rows *function, uint32_t first,
                         struct lt_sql_made *made)
{
    struct lt_aggregate_call aggregate = {.nullable = true};
    const char *name = lt_expr_text(call, names->arena);
    int code = LT_OK;
    if (function != NULL) {
        code = type_other(names, call, function, &aggregate.type);
    } else {
        code = lt_aggregate_check_count(call, names->text, names->arena, names->error);
        if (code == LT_OK)
            code = analyse_arguments(names, call);
        if (code == LT_OK)
            code = lt_aggregate_complete(call, names->text, names->session, names->arena,
                                         &aggregate, names->error);
    }
    if (code != LT_OK)
        return code;
    const struct lt_field field = {
        .name = name, .type = aggregate.type, .nullable = aggregate.nullable};
    *call = (struct lt_expression){.kind = LT_EXPR_COLUMN,
                                   .begin = call->begin,
                                   .end = call->end,
                                   .name = name,
                                   .type = field.type,
                                   .nullable = field.nullable,
                                   .index = (int32_t)(first + made->count)};
    add_made(names, &field, &aggregate, made);
    return LT_OK;
}

int lt_sql_make_aggregates(struct lt_sql_names *names, struct lt_expression *node, uint32_t first,
                           struct lt_sql_made *made)
{
    bool is_open_call = node->kind == LT_EXPR_CALL && node->type == NULL;
    const struct lt_many_rows *function = is_open_call ? lt_many_rows_find(node->name) : NULL;
    if (function != NULL || (is_open_call && lt_aggregate_is_name(node->name)))
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
