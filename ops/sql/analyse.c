/*
 * One query at a time, inside out.
 */
#include "ops/sql/analyse.h"

#include <string.h>

#include "core/base/ascii.h"
#include "ops/catalog.h"
#include "ops/expr/coerce.h"
#include "ops/expr/diagnose.h"
#include "ops/expr/unresolved.h"
#include "ops/sql/aggregate.h"
#include "ops/sql/analysis.h"
#include "ops/sql/explain.h"
#include "ops/sql/find.h"
#include "ops/sql/group.h"
#include "ops/sql/lower.h"
#include "ops/sql/parse.h"
#include "ops/sql/windows.h"

enum { DEPTH_MAX = 64 }; /* queries within queries, views within views */

/* --------------------------------------------------------------------------------------- nodes */

struct lt_plan_node *lt_sql_node_over(struct lt_sql_analysis *analysis, enum lt_plan_kind kind,
                                      struct lt_plan_node *input, const char *text, uint32_t count)
{
    struct lt_arena *arena = analysis->env->arena;
    struct lt_plan_node *node = lt_plan_node_create(arena, kind, 1);
    node->inputs[0] = input;
    node->session = analysis->env->session;
    node->expressions = lt_arena_alloc(arena, count * sizeof(struct lt_expression *));
    node->expression_texts = lt_arena_alloc(arena, count * sizeof *node->expression_texts);
    node->expression_count = count;
    for (uint32_t i = 0; i < count; i++)
        node->expression_texts[i] = text;
    return node;
}

/* What is done with the rows of a union is done with those of each side: the node becomes the union
 * of its copies. The trees are typed, never change again, and fit both sides. */
static void push_down(struct lt_sql_analysis *analysis, struct lt_plan_node *node)
{
    const struct lt_plan_node *inner = node->inputs[0];
    struct lt_plan_node *outer =
        lt_plan_node_create(analysis->env->arena, LT_PLAN_UNION, inner->input_count);
    for (uint32_t i = 0; i < inner->input_count; i++) {
        struct lt_plan_node *copy =
            lt_plan_node_create(analysis->env->arena, node->kind, node->input_count);
        struct lt_plan_node **inputs = copy->inputs;
        *copy = *node;
        copy->inputs = inputs;
        copy->inputs[0] = inner->inputs[i];
        outer->inputs[i] = copy;
    }
    outer->schema = node->schema;
    *node = *outer;
}

static bool may_be_step(const struct lt_plan_node *node)
{
    return node->kind == LT_PLAN_PROJECT || node->kind == LT_PLAN_FILTER;
}

/* The steps that analysis set before a node, from the union on. */
static void push_steps_down(struct lt_sql_analysis *analysis, struct lt_plan_node *step)
{
    struct lt_plan_node *input = step->inputs[0];
    if (may_be_step(input))
        push_steps_down(analysis, input);
    if (input->kind == LT_PLAN_UNION)
        push_down(analysis, step);
}

int lt_sql_complete(struct lt_sql_analysis *analysis, struct lt_plan_node *node)
{
    int code = lt_ops_analyse(node, LT_OPS_CONTINUOUS, analysis->env->arena, analysis->error);
    struct lt_plan_node *input = node->kind == LT_PLAN_UNION ? NULL : node->inputs[0];
    if (code == LT_OK && input != NULL && may_be_step(input))
        push_steps_down(analysis, input);
    if (code == LT_OK && input != NULL && input->kind == LT_PLAN_UNION)
        push_down(analysis, node);
    return code;
}

struct lt_plan_node *lt_sql_unrun(struct lt_sql_analysis *analysis, enum lt_plan_kind kind,
                                  const struct lt_type *schema)
{
    struct lt_plan_node *node = lt_plan_node_create(analysis->env->arena, kind, 0);
    node->session = analysis->env->session;
    node->schema = schema;
    return node;
}

struct lt_sql_scope lt_sql_scope_of(struct lt_sql_analysis *analysis, const struct lt_type *schema,
                                    const char *qualifier)
{
    struct lt_sql_part *part = lt_arena_alloc(analysis->env->arena, sizeof *part);
    *part = (struct lt_sql_part){.qualifier = qualifier, .count = schema->field_count};
    return (struct lt_sql_scope){.schema = schema, .parts = part, .part_count = 1};
}

struct lt_sql_names lt_sql_names_in(struct lt_sql_analysis *analysis,
                                    const struct lt_sql_scope *scope, const char *text)
{
    return (struct lt_sql_names){.scope = scope,
                                 .session = analysis->env->session,
                                 .text = text,
                                 .arena = analysis->env->arena,
                                 .error = analysis->error,
                                 .outer = analysis->outer,
                                 .is_correlated = &analysis->is_correlated,
                                 .subquery = lt_sql_resolve_subquery,
                                 .user = analysis};
}

struct lt_expression *lt_sql_pick(struct lt_sql_analysis *analysis, const struct lt_type *input,
                                  uint32_t index, const char *name, const struct lt_type *type)
{
    struct lt_arena *arena = analysis->env->arena;
    struct lt_expression *column = lt_expr_column(input, index, arena);
    return lt_expr_alias(lt_coerce_cast(column, type, arena), name, arena);
}

struct lt_plan_node *lt_sql_node_with(struct lt_sql_analysis *analysis,
                                      const struct lt_sql_output *out, const char *text,
                                      struct lt_expression *item)
{
    const struct lt_type *schema = out->scope.schema;
    uint32_t count = schema->field_count;
    struct lt_plan_node *project =
        lt_sql_node_over(analysis, LT_PLAN_PROJECT, out->node, text, count + 1);
    for (uint32_t i = 0; i < count; i++)
        project->expressions[i] =
            lt_sql_pick(analysis, schema, i, schema->fields[i].name, schema->fields[i].type);
    project->expressions[count] = item;
    return project;
}

struct lt_plan_node *lt_sql_rename(const struct lt_sql_env *env, struct lt_plan_node *node,
                                   const struct lt_sql_columns *columns)
{
    struct lt_error error;
    struct lt_sql_analysis analysis = {.env = env, .error = &error};
    struct lt_plan_node *project =
        lt_sql_node_over(&analysis, LT_PLAN_PROJECT, node, "", columns->count);
    for (uint32_t i = 0; i < columns->count; i++)
        project->expressions[i] = lt_sql_pick(&analysis, node->schema, i, columns->names[i],
                                              node->schema->fields[i].type);
    int code = lt_sql_complete(&analysis, project);
    lt_assert(code == LT_OK); /* columns that are there, as they are */
    return project;
}

/* -------------------------------------------------------------------------------------- select */

/* The window of a window() in WHERE is a column of what comes out, before all others and of no
 * table, as in Spark. */
static void add_windows(struct lt_sql_analysis *analysis, const struct lt_type *schema,
                        struct lt_sql_scope *scope)
{
    const struct lt_type *before = scope->schema;
    const uint32_t added = schema->field_count - before->field_count;
    struct lt_arena *arena = analysis->env->arena;
    if (added == 0)
        return;
    struct lt_field *fields = lt_arena_alloc(arena, schema->field_count * sizeof *fields);
    memcpy(fields, schema->fields, added * sizeof *fields);
    memcpy(fields + added, before->fields, before->field_count * sizeof *fields);
    struct lt_sql_part *parts = lt_arena_alloc(arena, (scope->part_count + 1) * sizeof *parts);
    parts[0] = (struct lt_sql_part){.count = added};
    for (uint32_t i = 0; i < scope->part_count; i++) {
        parts[i + 1] = scope->parts[i];
        parts[i + 1].first += added;
    }
    bool *hidden = lt_arena_alloc(arena, schema->field_count * sizeof *hidden);
    for (uint32_t i = 0; i < before->field_count; i++)
        hidden[added + i] = lt_type_is_hidden(before, i);
    scope->schema =
        lt_type_hide_these(arena, lt_type_struct(arena, fields, schema->field_count), hidden);
    scope->parts = parts;
    scope->part_count++;
}

int lt_sql_analyse_where(struct lt_sql_analysis *analysis, struct lt_expression *where,
                         const char *text, struct lt_sql_output *out)
{
    struct lt_sql_names names = lt_sql_names_in(analysis, &out->scope, text);
    int code = lt_sql_resolve_names(&names, &where);
    if (code == LT_OK)
        code = lt_sql_check_where(&names, where);
    if (code != LT_OK)
        return code;
    struct lt_plan_node *filter = lt_sql_node_over(analysis, LT_PLAN_FILTER, out->node, text, 1);
    filter->expressions[0] = where;
    const struct lt_plan_node *input = out->node;
    code = lt_sql_complete(analysis, filter);
    if (code != LT_OK)
        return code;
    out->node = analysis->env->may_batch ? lt_sql_sink_filter(analysis, filter) : filter;
    add_windows(analysis, out->node->schema, &out->scope);
    lt_sql_tree_steps(analysis, input, out);
    return LT_OK;
}

/* `SELECT *` over all the columns: nothing is computed. */
static bool is_all(const struct lt_parser_items *items, const struct lt_type *schema)
{
    return lt_type_visible_count(schema) == schema->field_count && items->count == 1 &&
           items->items[0]->kind == LT_EXPR_STAR && items->items[0]->name == NULL &&
           items->items[0]->argument_count == 0;
}

static int analyse_items(struct lt_sql_analysis *analysis, const struct lt_sql_select *select,
                         const char *text, struct lt_sql_output *out)
{
    if (is_all(&select->items, out->scope.schema) && out->scope.schema->field_count > 0) {
        out->scope = lt_sql_scope_of(analysis, out->node->schema, NULL);
        lt_sql_tree_over(analysis, "Project",
                         lt_plan_columns(out->node->schema, analysis->env->arena), out);
        return LT_OK;
    }
    struct lt_sql_names names = lt_sql_names_in(analysis, &out->scope, text);
    struct lt_expr_list list;
    int code = lt_sql_resolve_items(&names, select->items.items, select->items.count, &list);
    if (code != LT_OK)
        return code;
    struct lt_plan_node *project =
        lt_sql_node_over(analysis, LT_PLAN_PROJECT, out->node, text, (uint32_t)list.count);
    for (size_t i = 0; i < list.count; i++)
        project->expressions[i] = list.expressions[i];
    code = lt_sql_complete(analysis, project);
    if (code != LT_OK)
        return code;
    const struct lt_plan_node *input = out->node;
    out->node = project;
    out->scope = lt_sql_scope_of(analysis, project->schema, NULL);
    lt_sql_tree_steps(analysis, input, out);
    return LT_OK;
}

/* Aggregates and window functions become columns of an operator that is not run: for what is said
 * of names and types. The nodes that run are made after that (lower.h). */
static int make_columns(struct lt_sql_analysis *analysis, const struct lt_sql_select *select,
                        const char *text, struct lt_sql_output *out)
{
    struct lt_arena *arena = analysis->env->arena;
    struct lt_sql_names names = lt_sql_names_in(analysis, &out->scope, text);
    const struct lt_type *input = out->scope.schema;
    struct lt_sql_made made = {0};
    for (uint32_t i = 0; i < select->items.count; i++) {
        int code =
            lt_sql_make_aggregates(&names, select->items.items[i], input->field_count, &made);
        if (code != LT_OK)
            return code;
    }
    struct lt_field *fields =
        lt_arena_alloc(arena, (input->field_count + made.count) * sizeof *fields);
    if (input->field_count > 0)
        memcpy(fields, input->fields, input->field_count * sizeof *fields);
    if (made.count > 0)
        memcpy(fields + input->field_count, made.fields, made.count * sizeof *fields);
    out->node = lt_sql_unrun(analysis, LT_PLAN_AGGREGATE,
                             lt_type_struct(arena, fields, input->field_count + made.count));
    return LT_OK;
}

/* How the items are written, for ORDER BY. */
static void keep_written(struct lt_sql_analysis *analysis, const struct lt_sql_select *kept,
                         struct lt_sql_output *out)
{
    struct lt_arena *arena = analysis->env->arena;
    out->written = lt_arena_alloc(arena, (kept->items.count + 1) * sizeof *out->written);
    out->written_count = kept->items.count;
    for (uint32_t i = 0; i < kept->items.count; i++) {
        const struct lt_expression *item = kept->items.items[i];
        out->written[i] = lt_expr_text(
            item->kind == LT_EXPR_ALIAS ? item->arguments[0] : item, arena);
        if (item->kind == LT_EXPR_STAR)
            out->written_count = 0; /* places are others */
    }
}

static int lower_group(struct lt_sql_analysis *analysis, const struct lt_sql_select *kept,
                       const char *text, const struct lt_sql_output *input,
                       struct lt_sql_output *out)
{
    struct lt_sql_grouped *grouped = lt_arena_alloc(analysis->env->arena, sizeof *grouped);
    struct lt_sql_output written = {0};
    *grouped = (struct lt_sql_grouped){lt_sql_keep_select(analysis, kept), text, *input};
    keep_written(analysis, kept, &written);
    int code = lt_sql_lower_group(analysis, kept, text, input, out);
    out->written = written.written;
    out->written_count = written.written_count;
    out->grouped = grouped;
    return code;
}

static int analyse_select(struct lt_sql_analysis *analysis, const struct lt_sql_select *select,
                          const char *text, const struct lt_sql_ctes *ctes,
                          struct lt_sql_output *out)
{
    if (select->where != NULL && select->from->kind == LT_SQL_JOIN) {
        analysis->joined = select->from;
        analysis->joined_where = lt_sql_copy_tree(select->where, analysis->env->arena);
    }
    int code = lt_sql_analyse_relation(analysis, select->from, text, ctes, out);
    if (code == LT_OK && select->where != NULL)
        code = lt_sql_analyse_where(analysis, select->where, text, out);
    if (code != LT_OK)
        return code;
    out->written_count = 0; /* what it reads may be a query of groups itself */
    out->grouped = NULL;
    const bool is_grouped = lt_sql_is_grouped(select);
    const struct lt_sql_output input = *out;
    struct lt_sql_select kept = {0};
    if (is_grouped)
        kept = lt_sql_keep_select(analysis, select);
    if (is_grouped)
        out->scope = lt_sql_scope_of_groups(&out->scope, select, analysis->env->arena);
    const struct lt_sql_scope under = out->scope;
    struct lt_sql_names names = lt_sql_names_in(analysis, &under, text);
    bool has_windows = false;
    if (is_grouped)
        code = lt_sql_check_group(&names, select, &analysis->uses);
    if (code == LT_OK)
        code = lt_sql_use_windows(analysis, select, &names, &has_windows);
    if (code == LT_OK && (is_grouped || has_windows))
        code = make_columns(analysis, select, text, out);
    if (code == LT_OK)
        code = lt_sql_check_time_windows(&names, select);
    if (code == LT_OK)
        code = analyse_items(analysis, select, text, out);
    if (code == LT_OK && analysis->env->may_batch && is_grouped && !has_windows &&
        select->grouping != LT_SQL_GROUPING_SETS)
        code = lower_group(analysis, &kept, text, &input, out);
    if (code != LT_OK)
        return code;
    out->under = under;
    struct lt_expr_place place = {text, select->begin, select->end};
    if (select->is_distinct)
        code = lt_sql_refuse_maps(analysis, out->node->schema, place);
    if (code != LT_OK)
        return code;
    if (select->is_distinct) {
        struct lt_sql_use *use =
            lt_sql_use(&analysis->uses, "Distinct", text, select->begin, select->end);
        out->grouped = NULL; /* a row of several groups has no place among the others */
        use->has_event_time = lt_sql_has_watermarked(&analysis->uses, out->node->schema);
        if (analysis->env->may_batch)
            code = lt_sql_lower_distinct(analysis, use, place, out);
        if (code != LT_OK)
            return code;
    }
    return lt_sql_use_hints(analysis, select, text, out);
}

/* -------------------------------------------------------------------------------------- queries */

static int check_cte_names(struct lt_sql_analysis *analysis, const struct lt_sql_ctes *ctes)
{
    for (uint32_t i = 0; i < ctes->count; i++) {
        for (uint32_t j = 0; j < i; j++) {
            const struct lt_sql_cte *cte = &ctes->items[i];
            struct lt_expr_place place = {ctes->text, cte->begin, cte->end};
            if (lt_ascii_compare(cte->name, ctes->items[j].name) == 0)
                return lt_expr_error(analysis->error, LT_E_PARSE, "DUPLICATED_CTE_NAMES", "42602",
                                     place, "CTE definition can't have duplicate names: %s.",
                                     lt_name_quoted_one(cte->name, analysis->env->arena));
        }
    }
    return LT_OK;
}

int lt_sql_analyse_query(struct lt_sql_analysis *analysis, const struct lt_sql_query *query,
                         const char *text, const struct lt_sql_ctes *ctes,
                         struct lt_sql_output *out)
{
    struct lt_expr_place place = {text, query->begin, query->end};
    if (++analysis->depth > DEPTH_MAX)
        return lt_expr_error(analysis->error, LT_E_LIMIT, "VIEW_EXCEED_MAX_NESTED_DEPTH", "54K00",
                             place, "queries and views are nested more than %d deep",
                             (int)DEPTH_MAX);
    const struct lt_sql_ctes own = {query->ctes, query->cte_count, text, ctes};
    if (query->cte_count > 0)
        ctes = &own;
    const struct lt_sql_ctes *before = analysis->ctes;
    const uint32_t first = analysis->uses.first;
    analysis->ctes = ctes;
    analysis->uses.first = analysis->uses.count;
    int code = query->cte_count > 0 ? check_cte_names(analysis, &own) : LT_OK;
    if (code == LT_OK && query->is_values)
        code = lt_sql_check_values(analysis, query, text);
    if (code == LT_OK && query->select != NULL)
        code = analyse_select(analysis, query->select, text, ctes, out);
    else if (code == LT_OK && query->nested != NULL)
        code = lt_sql_analyse_query(analysis, query->nested, text, ctes, out);
    else if (code == LT_OK)
        code = lt_sql_analyse_set(analysis, query, text, ctes, out);
    if (code == LT_OK)
        code = lt_sql_analyse_tail(analysis, query, text, out);
    analysis->depth--;
    analysis->ctes = before;
    analysis->uses.first = first;
    return code;
}

int lt_sql_analyse(const struct lt_sql_env *env, const struct lt_sql_query *query, const char *text,
                   struct lt_sql_plan *out, struct lt_error *error)
{
    struct lt_sql_analysis analysis = {.env = env, .error = error, .is_bounded = true};
    struct lt_sql_output output = {0};
    int code = lt_sql_analyse_query(&analysis, query, text, NULL, &output);
    analysis.uses.whole =
        (struct lt_sql_use){.text = text, .begin = query->begin, .end = query->end};
    struct lt_sql_uses *uses = NULL;
    if (code == LT_OK && env->may_batch) {
        uses = lt_arena_alloc(env->arena, sizeof *uses);
        *uses = analysis.uses;
        uses->is_static = analysis.is_bounded;
    }
    if (code == LT_OK && !env->is_open) /* what ends is not run in batches */
        code = lt_sql_refuse(&analysis.uses, env->mode, env->may_batch && !analysis.is_bounded,
                             error);
    *out = (struct lt_sql_plan){.uses = uses,
                                .node = output.node,
                                .tree = output.tree,
                                .refusal = analysis.uses.refusal,
                                .temporary = analysis.temporary,
                                .is_bounded = analysis.is_bounded};
    return code;
}
