/*
 * PIVOT and UNPIVOT: which columns they give. PIVOT is not run, as in Spark; UNPIVOT is
 *
 *     SELECT others, inline(array(named_struct('0', 'v', '1', v), ...)) AS (name, value)
 */
#include <string.h>

#include "core/base/ascii.h"
#include "ops/expr/coerce.h"
#include "ops/expr/diagnose.h"
#include "ops/expr/expr.h"
#include "ops/expr/generator.h"
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

static struct lt_expression *make_call(const struct lt_sql_names *names,
                                       const struct lt_sql_relation *at, const char *name,
                                       uint32_t count)
{
    struct lt_expression *call = lt_arena_alloc(names->arena, sizeof *call);
    *call = (struct lt_expression){.kind = LT_EXPR_CALL,
                                   .begin = at->begin,
                                   .end = at->end,
                                   .name = name,
                                   .argument_count = count,
                                   .index = -1};
    call->arguments = lt_arena_alloc(names->arena, (count + 1) * sizeof *call->arguments);
    return call;
}

static struct lt_expression *make_text(const struct lt_sql_names *names,
                                       const struct lt_sql_relation *at, const char *text)
{
    struct lt_expression *literal = make_call(names, at, NULL, 0);
    literal->kind = LT_EXPR_LITERAL;
    literal->type = lt_type_simple(LT_TYPE_STRING);
    literal->value = lt_value_text(text);
    return literal;
}

/* What the name's column says of a place: its alias, else the names of its columns. */
static const char *place_name(const struct lt_sql_names *names,
                              const struct lt_sql_pivot_place *place)
{
    const char *text = place->name;
    for (uint32_t i = 0; i < place->items.count && place->name == NULL; i++) {
        const char *name = lt_expr_output_name(place->items.items[i], names->arena);
        text = i == 0 ? name : lt_arena_format(names->arena, "%s_%s", text, name);
    }
    return text;
}

/* A struct of name and values for each place; `fields` are the columns that come of it. */
static struct lt_expression *make_rows(const struct lt_sql_names *names,
                                       const struct lt_sql_relation *relation,
                                       const struct lt_field *fields)
{
    const struct lt_sql_pivot *pivot = relation->pivot;
    struct lt_expression *rows = make_call(names, relation, "array", pivot->place_count);
    for (uint32_t i = 0; i < pivot->place_count; i++) {
        const struct lt_sql_pivot_place *place = &pivot->places[i];
        struct lt_expression *row =
            make_call(names, relation, "named_struct", 2 * (pivot->made.count + 1));
        row->arguments[0] = make_text(names, relation, "0");
        row->arguments[1] = make_text(names, relation, place_name(names, place));
        for (uint32_t k = 1; k <= pivot->made.count; k++) {
            row->arguments[2 * k] =
                make_text(names, relation, lt_arena_format(names->arena, "%u", k));
            row->arguments[2 * k + 1] =
                lt_coerce_cast(lt_sql_copy_tree(place->items.items[k - 1], names->arena),
                               fields[k].type, names->arena);
        }
        rows->arguments[i] = row;
    }
    return rows;
}

/* Rows of which all values are NULL are left out. */
static int leave_nulls(struct lt_sql_analysis *analysis, const struct lt_sql_names *names,
                       const struct lt_sql_relation *relation, uint32_t first,
                       struct lt_plan_node **node)
{
    const uint32_t count = relation->pivot->made.count;
    struct lt_expression *any = make_call(names, relation, "coalesce", count);
    struct lt_expression *is_there = make_call(names, relation, "isnotnull", 1);
    for (uint32_t i = 0; i < count; i++)
        any->arguments[i] = lt_expr_column((*node)->schema, first + i, names->arena);
    is_there->arguments[0] = any;
    *node = lt_sql_node_over(analysis, LT_PLAN_FILTER, *node, names->text, 1);
    (*node)->expressions[0] = is_there;
    return lt_sql_complete(analysis, *node);
}

/* `columns` are those that come out: `kept` of the input, by their indexes, and what is made. */
static int lower_unpivot(struct lt_sql_analysis *analysis, const struct lt_sql_names *names,
                         const struct lt_sql_relation *relation, const struct columns *columns,
                         const uint32_t *kept, uint32_t kept_count, struct lt_plan_node **node)
{
    const struct lt_type *input = (*node)->schema;
    const uint32_t made = columns->count - kept_count;
    struct lt_plan_node *project =
        lt_sql_node_over(analysis, LT_PLAN_PROJECT, *node, names->text, kept_count + 1);
    const char **made_names = lt_arena_alloc(names->arena, (made + 1) * sizeof *made_names);
    for (uint32_t i = 0; i < kept_count; i++)
        project->expressions[i] = lt_sql_pick(analysis, input, kept[i], columns->fields[i].name,
                                              columns->fields[i].type);
    for (uint32_t i = 0; i < made; i++)
        made_names[i] = columns->fields[kept_count + i].name;
    struct lt_expression *rows = make_call(names, relation, "inline", 1);
    rows->arguments[0] = make_rows(names, relation, &columns->fields[kept_count]);
    project->expressions[kept_count] =
        lt_generator_item(rows, made_names, made, false, names->arena);
    *node = project;
    int code = lt_sql_complete(analysis, project);
    if (code != LT_OK || relation->pivot->includes_nulls)
        return code;
    return leave_nulls(analysis, names, relation, kept_count + 1, node);
}

int lt_sql_analyse_unpivot(struct lt_sql_analysis *analysis, const struct lt_sql_relation *relation,
                           const char *text, struct lt_sql_output *out)
{
    struct lt_sql_names names = lt_sql_names_in(analysis, &out->scope, text);
    const struct lt_sql_pivot *pivot = relation->pivot;
    const struct lt_type *input = out->scope.schema;
    struct columns columns = {.most = input->field_count + pivot->made.count + 1};
    columns.fields = lt_arena_alloc(names.arena, columns.most * sizeof *columns.fields);
    uint32_t *kept = lt_arena_alloc(names.arena, (input->field_count + 1) * sizeof *kept);
    uint32_t kept_count = 0;
    int code = resolve_places(&names, relation);
    for (uint32_t i = 0; i < input->field_count && code == LT_OK; i++) {
        bool is_used = false;
        for (uint32_t j = 0; j < pivot->place_count && !is_used; j++)
            is_used = any_names(&pivot->places[j].items, input->fields[i].name);
        if (is_used)
            continue;
        add(&columns, input->fields[i].name, input->fields[i].type);
        kept[kept_count++] = i;
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
    struct lt_sql_use *use =
        lt_sql_use(&analysis->uses, "Expand", text, relation->begin, relation->end);
    struct lt_plan_node *node = out->node;
    finish(analysis, relation, &columns, out);
    if (!analysis->env->may_batch || node->schema->field_count != input->field_count)
        return LT_OK;
    use->is_made = true;
    out->node = node;
    code = lower_unpivot(analysis, &names, relation, &columns, kept, kept_count, &out->node);
    out->scope = lt_sql_scope_of(analysis, out->node->schema, relation->alias);
    return code;
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
    /* What is neither made nor turned is what the rows are grouped by. */
    bool has_event_time = lt_sql_has_watermarked(
        &analysis->uses, lt_type_struct(names.arena, columns.fields, columns.count));
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
    lt_sql_use(&analysis->uses, "Pivot", text, relation->begin, relation->end)->has_event_time =
        has_event_time;
    finish(analysis, relation, &columns, out);
    return LT_OK;
}
