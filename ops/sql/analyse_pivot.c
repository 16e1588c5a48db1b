/*
 * PIVOT and UNPIVOT: which columns they give. Neither is run.
 */
#include <string.h>

#include "core/base/ascii.h"
#include "ops/expr/coerce.h"
#include "ops/expr/diagnose.h"
#include "ops/expr/expr.h"
#include "ops/expr/unresolved.h"
#include "ops/sql/aggregate.h"
#include "ops/sql/analysis.h"
#include "ops/sql/find.h"

/* Columns as they are gathered. */
struct columns {
    struct lt_field *fields;
    uint32_t count, most;
};

static void add(struct columns *columns, const char *name, const struct lt_type *type)
{
    if (columns->count < columns->most)
        columns->fields[columns->count++] =
            (struct lt_field){.name = name, .type = type, .nullable = true};
}

static bool names_it(const struct lt_expression *node, const char *name)
{
    if (node->kind == LT_EXPR_COLUMN && lt_ascii_compare(node->name, name) == 0)
        return true;
    for (uint32_t i = 0; i < node->argument_count; i++) {
        if (names_it(node->arguments[i], name))
            return true;
    }
    return false;
}

static bool any_names(const struct lt_parser_items *items, const char *name)
{
    for (uint32_t i = 0; i < items->count; i++) {
        if (names_it(items->items[i], name))
            return true;
    }
    return false;
}

static void finish(struct lt_sql_analysis *analysis, const struct lt_sql_relation *relation,
                   const struct columns *columns, struct lt_sql_output *out)
{
    const struct lt_type *schema =
        lt_type_struct(analysis->env->arena, columns->fields, columns->count);
    out->node = lt_sql_unrun(analysis, LT_PLAN_AGGREGATE, schema);
    out->scope = lt_sql_scope_of(analysis, schema, relation->alias);
}

/* -------------------------------------------------------------------------------------- unpivot */

static int refuse_types(const struct lt_sql_names *names, const struct lt_sql_relation *relation,
                        uint32_t at)
{
    const struct lt_sql_pivot *pivot = relation->pivot;
    const char *list = "";
    for (uint32_t i = 0; i < pivot->place_count; i++) {
        const struct lt_expression *item = pivot->places[i].items.items[at];
        list = lt_arena_format(
            names->arena, "%s%s\"%s\" (%s)", list, i == 0 ? "" : ", ",
            lt_type_sql(names->arena, item->type),
            lt_name_quoted_one(item->name != NULL ? item->name : "?", names->arena));
    }
    struct lt_expr_place place = {names->text, relation->begin, relation->end};
    return lt_expr_error(names->error, LT_E_ANALYSIS, "UNPIVOT_VALUE_DATA_TYPE_MISMATCH", "42K09",
                         place,
                         "Unpivot value columns must share a least common type, some types do not: "
                         "[%s].",
                         list);
}

static bool is_text(const struct lt_type *type)
{
    return type->kind == LT_TYPE_STRING || type->kind == LT_TYPE_CHAR ||
           type->kind == LT_TYPE_VARCHAR;
}

/* The type that the columns at one place of the groups meet at. */
static int common_type(const struct lt_sql_names *names, const struct lt_sql_relation *relation,
                       uint32_t at, const struct lt_type **out)
{
    const struct lt_sql_pivot *pivot = relation->pivot;
    const struct lt_coerce coerce = {lt_session_or_default(names->session), names->arena};
    *out = pivot->places[0].items.items[at]->type;
    for (uint32_t i = 1; i < pivot->place_count; i++) {
        const struct lt_type *type = pivot->places[i].items.items[at]->type;
        bool is_mixed = is_text(*out) != is_text(type);
        *out = is_mixed ? NULL : lt_coerce_common_strict(&coerce, *out, type);
        if (*out == NULL)
            return refuse_types(names, relation, at);
    }
    return LT_OK;
}

static int resolve_places(struct lt_sql_names *names, const struct lt_sql_relation *relation)
{
    const struct lt_sql_pivot *pivot = relation->pivot;
    struct lt_expr_place place = {names->text, relation->begin, relation->end};
    for (uint32_t i = 0; i < pivot->place_count; i++) {
        const struct lt_parser_items *items = &pivot->places[i].items;
        for (uint32_t j = 0; j < items->count; j++) {
            int code = lt_sql_check_names(names, &items->items[j]);
            if (code == LT_OK)
                code = lt_expr_analyse(&items->items[j], names->text, names->scope->schema,
                                       names->session, names->arena, names->error);
            if (code != LT_OK)
                return code;
        }
        if (items->count != pivot->made.count)
            return lt_expr_error(names->error, LT_E_ANALYSIS, "UNPIVOT_VALUE_SIZE_MISMATCH",
                                 "428C4", place,
                                 "All unpivot value columns must have the same size as there are "
                                 "value column names (%u).",
                                 pivot->made.count);
    }
    return LT_OK;
}

int lt_sql_analyse_unpivot(struct lt_sql_analysis *analysis, const struct lt_sql_relation *relation,
                           const char *text, struct lt_sql_output *out)
{
    struct lt_sql_names names = lt_sql_names_in(analysis, &out->scope, text);
    const struct lt_sql_pivot *pivot = relation->pivot;
    const struct lt_type *input = out->scope.schema;
    struct columns columns = {.most = input->field_count + pivot->made.count + 1};
    columns.fields = lt_arena_alloc(names.arena, columns.most * sizeof *columns.fields);
    int code = resolve_places(&names, relation);
    for (uint32_t i = 0; i < input->field_count && code == LT_OK; i++) {
        bool is_used = false;
        for (uint32_t j = 0; j < pivot->place_count && !is_used; j++)
            is_used = any_names(&pivot->places[j].items, input->fields[i].name);
        if (!is_used)
            add(&columns, input->fields[i].name, input->fields[i].type);
    }
    const struct lt_expression *name = pivot->columns.items[0];
    add(&columns, name->name != NULL ? name->name : "?", lt_type_simple(LT_TYPE_STRING));
    for (uint32_t i = 0; i < pivot->made.count && code == LT_OK; i++) {
        const struct lt_type *type = NULL;
        const char *made = pivot->made.items[i]->name;
        code = common_type(&names, relation, i, &type);
        if (code == LT_OK)
            add(&columns, made != NULL ? made : "?", type);
    }
    if (code != LT_OK)
        return code;
    (void)lt_sql_use(&analysis->uses, "Expand", text, relation->begin, relation->end);
    finish(analysis, relation, &columns, out);
    return LT_OK;
}

/* ---------------------------------------------------------------------------------------- pivot */

/* The names of FOR stand, for whoever is told of them, where the whole clause does. */
static int resolve_columns(struct lt_sql_names *names, const struct lt_sql_relation *relation)
{
    const struct lt_parser_items *items = &relation->pivot->columns;
    for (uint32_t i = 0; i < items->count; i++) {
        items->items[i]->begin = relation->begin;
        items->items[i]->end = relation->end;
        int code = lt_sql_check_names(names, &items->items[i]);
        if (code != LT_OK)
            return code;
    }
    return LT_OK;
}

static int check_values(struct lt_sql_names *names, const struct lt_sql_relation *relation)
{
    const struct lt_sql_pivot *pivot = relation->pivot;
    struct lt_expr_place place = {names->text, relation->begin, relation->end};
    for (uint32_t i = 0; i < pivot->place_count; i++) {
        for (uint32_t j = 0; j < pivot->places[i].items.count; j++) {
            struct lt_expression **item = &pivot->places[i].items.items[j];
            int code = lt_sql_check_names(names, item);
            const char *printed = lt_expr_text(*item, names->arena);
            if (code == LT_OK)
                code = lt_expr_analyse(item, names->text, names->scope->schema, names->session,
                                       names->arena, names->error);
            if (code != LT_OK)
                return code;
            if ((*item)->kind != LT_EXPR_LITERAL)
                return lt_expr_error(
                    names->error, LT_E_ANALYSIS, "NON_LITERAL_PIVOT_VALUES", "42K08", place,
                    "Literal expressions required for pivot values, found \"%s\".", printed);
            if (pivot->places[i].name == NULL && j == 0)
                pivot->places[i].name = printed;
        }
    }
    return LT_OK;
}

static int check_aggregates(struct lt_sql_names *names, const struct lt_sql_relation *relation)
{
    const struct lt_parser_items *made = &relation->pivot->made;
    struct lt_expr_place place = {names->text, relation->begin, relation->end};
    for (uint32_t i = 0; i < made->count; i++) {
        int code = lt_sql_check_names(names, &made->items[i]);
        if (code != LT_OK)
            return code;
        if (lt_sql_find_aggregate(made->items[i]) == NULL)
            return lt_expr_error(names->error, LT_E_ANALYSIS, "_LEGACY_ERROR_TEMP_1006", "", place,
                                 "Aggregate expression required for pivot, but '%s' did not appear "
                                 "in any aggregate function.",
                                 lt_expr_text(made->items[i], names->arena));
    }
    return LT_OK;
}

int lt_sql_analyse_pivot(struct lt_sql_analysis *analysis, const struct lt_sql_relation *relation,
                         const char *text, struct lt_sql_output *out)
{
    struct lt_sql_names names = lt_sql_names_in(analysis, &out->scope, text);
    const struct lt_sql_pivot *pivot = relation->pivot;
    const struct lt_type *input = out->scope.schema;
    struct columns columns = {.most = input->field_count + pivot->place_count * pivot->made.count};
    columns.fields = lt_arena_alloc(names.arena, (columns.most + 1) * sizeof *columns.fields);
    int code = resolve_columns(&names, relation);
    if (code == LT_OK)
        code = check_aggregates(&names, relation);
    if (code == LT_OK)
        code = check_values(&names, relation);
    if (code != LT_OK)
        return code;
    for (uint32_t i = 0; i < input->field_count; i++) {
        const char *name = input->fields[i].name;
        if (!any_names(&pivot->made, name) && !any_names(&pivot->columns, name))
            add(&columns, name, input->fields[i].type);
    }
    for (uint32_t i = 0; i < pivot->made.count && code == LT_OK; i++) {
        struct lt_sql_made made = {0};
        const char *text_of = pivot->made_names[i] != NULL
                                  ? pivot->made_names[i]
                                  : lt_expr_text(pivot->made.items[i], names.arena);
        code = lt_sql_make_aggregates(&names, pivot->made.items[i], 0, &made);
        for (uint32_t j = 0; j < pivot->place_count && code == LT_OK; j++)
            add(&columns,
                pivot->made.count == 1
                    ? pivot->places[j].name
                    : lt_arena_format(names.arena, "%s_%s", pivot->places[j].name, text_of),
                made.count > 0 ? made.fields[0].type : lt_type_simple(LT_TYPE_VOID));
    }
    if (code != LT_OK)
        return code;
    (void)lt_sql_use(&analysis->uses, "Pivot", text, relation->begin, relation->end);
    finish(analysis, relation, &columns, out);
    return LT_OK;
}
