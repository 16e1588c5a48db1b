/*
 * What a query reads. A common table expression and a view are texts, parsed anew at each use, so
 * that no tree stands in two plans.
 */
#include <string.h>

#include "core/base/ascii.h"
#include "core/base/clock.h"
#include "core/base/units.h"
#include "ops/expr/diagnose.h"
#include "ops/expr/unresolved.h"
#include "ops/sql/analysis.h"
#include "ops/sql/dedup.h"
#include "ops/sql/event_time.h"
#include "ops/sql/explain.h"
#include "ops/sql/lower.h"
#include "ops/sql/parse.h"

/* ----------------------------------------------------------------------------------- relations */

/* The alias of a relation, and of its columns. */
static int apply_alias(struct lt_sql_analysis *analysis, const struct lt_sql_relation *relation,
                       const char *text, const char *name, struct lt_sql_output *out)
{
    const struct lt_sql_columns *columns = &relation->columns;
    if (columns->count > 0 && relation->kind != LT_SQL_FUNCTION) {
        uint32_t count = out->node->schema->field_count;
        struct lt_expr_place place = {text, relation->begin, relation->end};
        if (columns->count != count)
            return lt_expr_error(
                analysis->error, LT_E_ANALYSIS, "ASSIGNMENT_ARITY_MISMATCH", "42802", place,
                "The number of columns or variables assigned or aliased: %u does not "
                "match the number of source expressions: %u.",
                count, columns->count);
        const struct lt_plan_node *input = out->node;
        out->node = lt_sql_rename(analysis->env, out->node, columns);
        lt_sql_tree_steps(analysis, input, out);
    }
    if (name != NULL)
        lt_sql_tree_over(analysis, "SubqueryAlias", name, out);
    out->scope = lt_sql_scope_of(analysis, out->node->schema, name);
    return LT_OK;
}

/* A text that is a query: a view's, or a common table expression's. */
static int analyse_text(struct lt_sql_analysis *analysis, const char *text,
                        const struct lt_sql_ctes *ctes, struct lt_sql_output *out)
{
    struct lt_sql_query *query;
    int code = lt_sql_parse_query_text(text, analysis->env->arena, &query, analysis->error);
    return code != LT_OK ? code : lt_sql_analyse_query(analysis, query, text, ctes, out);
}

static int analyse_cte(struct lt_sql_analysis *analysis, const struct lt_sql_ctes *ctes,
                       uint32_t index, struct lt_sql_output *out)
{
    const struct lt_sql_cte *cte = &ctes->items[index];
    /* It sees those before it. */
    const struct lt_sql_ctes before = {ctes->items, index, ctes->text, ctes->outer};
    struct lt_sql_query *query; /* parsed anew at each use, so that no tree stands in two plans */
    int code = lt_sql_parse_query_part(ctes->text, cte->query->begin, cte->query->end,
                                       analysis->env->arena, &query, analysis->error);
    if (code == LT_OK)
        code = lt_sql_analyse_query(analysis, query, ctes->text, &before, out);
    if (code != LT_OK)
        return code;
    const struct lt_sql_relation alias = {.columns = cte->columns};
    return apply_alias(analysis, &alias, ctes->text, NULL, out); /* whoever names it is asked */
}

static int analyse_built(struct lt_sql_analysis *analysis, const struct lt_sql_table *view,
                         struct lt_sql_output *out)
{
    analysis->is_bounded &= view->uses != NULL && view->uses->is_static;
    if (view->uses != NULL)
        lt_sql_use_all(&analysis->uses, view->uses);
    const struct lt_sql_table shown = {.name = view->name, .format = "program"};
    *out = (struct lt_sql_output){.node = view->built};
    lt_sql_tree_read(analysis, &shown, analysis->is_bounded, out);
    return LT_OK;
}

static int analyse_view(struct lt_sql_analysis *analysis, const struct lt_sql_table *view,
                        struct lt_sql_output *out)
{
    int code = analyse_text(analysis, view->text, NULL, out);
    if (code != LT_OK)
        return lt_error_append(analysis->error, "view \"%s\"", view->name);
    if (view->columns.count == out->node->schema->field_count) {
        const struct lt_plan_node *input = out->node;
        out->node = lt_sql_rename(analysis->env, out->node, &view->columns);
        lt_sql_tree_steps(analysis, input, out);
    }
    lt_sql_tree_view(analysis, view->name, out);
    return LT_OK;
}

/* The table's option watermark, 'COLUMN DELAY', which its reader has found to be right: one for all
 * places where the query names the table. */
static int mark_table(struct lt_sql_analysis *analysis, const struct lt_sql_table *table,
                      struct lt_plan_node **node)
{
    struct lt_arena *arena = analysis->env->arena;
    const char *text = table == NULL ? NULL : lt_sql_table_option(table, "watermark");
    const char *idle = table == NULL ? NULL : lt_sql_table_option(table, "watermarkIdle");
    int64_t delay_ns, idle_ns = 0;
    if (text == NULL)
        return LT_OK;
    size_t size = strcspn(text, " ");
    int index = lt_type_field_index((*node)->schema, lt_arena_text_n(arena, text, size));
    int code = lt_units_parse_delay_ns(text + size + strspn(text + size, " "), &delay_ns,
                                       analysis->error);
    if (code == LT_OK && idle != NULL)
        code = lt_units_parse_duration_ns(idle, 0, &idle_ns, analysis->error);
    if (code != LT_OK || index < 0)
        return code;
    const char *name = (*node)->schema->fields[index].name;
    if (analysis->uses.watermark_count < LT_SQL_WATERMARKS_MAX)
        analysis->uses.watermarks[analysis->uses.watermark_count++] = name;
    if (!analysis->env->may_batch) /* what is refused then is refused as with one in FROM */
        return LT_OK;
    struct lt_plan_node *mark = lt_plan_node_create(arena, LT_PLAN_WATERMARK, 1);
    mark->inputs[0] = *node;
    mark->name = name;
    mark->interval_us = delay_ns / 1000;
    mark->idle_us = idle_ns / 1000;
    mark->watermark = lt_sql_next_watermark(analysis);
    mark->schema = (*node)->schema;
    *node = mark;
    return LT_OK;
}

/* The table's options dropDuplicates and dropDuplicatesWithinWatermark. */
static int dedup_table(struct lt_sql_analysis *analysis, const struct lt_sql_table *table,
                       struct lt_plan_node **node)
{
    static const char *const options[] = {"dropDuplicates", "dropDuplicatesWithinWatermark"};
    for (unsigned within = 0; within < 2; within++) {
        const char *columns = table == NULL ? NULL : lt_sql_table_option(table, options[within]);
        if (columns == NULL)
            continue;
        int code = lt_sql_dedup_node(*node, columns, within, analysis->env->arena, node,
                                     analysis->error);
        if (code != LT_OK)
            return lt_error_append(analysis->error, "option \"%s\"", options[within]);
        lt_sql_use_dedup(&analysis->uses, *node, "", 0, 0);
    }
    return LT_OK;
}

int lt_sql_read_table(struct lt_sql_analysis *analysis, struct lt_sql_table *table,
                      struct lt_sql_output *out)
{
    const struct lt_sql_host *host = analysis->env->host;
    struct lt_sql_read read = {.table = table};
    for (uint32_t i = 0; i < analysis->read_count; i++) {
        if (analysis->reads[i].table == table)
            read = analysis->reads[i];
    }
    struct lt_arena *arena = analysis->env->arena;
    int code = LT_OK;
    if (read.node == NULL && table == NULL)
        code = host->read_one(host->user, arena, &read.node, analysis->error);
    else if (read.node == NULL)
        code = host->read(host->user, table, arena, &read.node, &read.is_bounded, analysis->error);
    if (code == LT_OK && !read.is_known && !read.is_bounded)
        code = mark_table(analysis, table, &read.node);
    if (code == LT_OK && !read.is_known)
        code = dedup_table(analysis, table, &read.node);
    if (code != LT_OK)
        return code;
    read.is_known = true;
    analysis->is_bounded &= read.is_bounded || table == NULL;
    if (analysis->read_count < LT_SQL_READS_MAX) /* beyond, it is read again */
        analysis->reads[analysis->read_count++] = read;
    out->node = read.node;
    lt_sql_tree_read(analysis, table, read.is_bounded, out);
    return LT_OK;
}

static int analyse_found(struct lt_sql_analysis *analysis, struct lt_sql_table *table,
                         struct lt_sql_output *out)
{
    if (table->built != NULL)
        return analyse_built(analysis, table, out);
    if (table->format == NULL)
        return analyse_view(analysis, table, out);
    int code = lt_sql_read_table(analysis, table, out);
    return code == LT_OK ? LT_OK : lt_error_append(analysis->error, "table \"%s\"", table->name);
}

static int analyse_named(struct lt_sql_analysis *analysis, const struct lt_sql_relation *relation,
                         const char *text, const struct lt_sql_ctes *ctes,
                         struct lt_sql_output *out, const char **name)
{
    const struct lt_sql_env *env = analysis->env;
    struct lt_expr_place place = {text, relation->begin, relation->end};
    for (; ctes != NULL && relation->table.count == 1; ctes = ctes->outer) {
        for (uint32_t i = ctes->count; i > 0; i--) {
            *name = ctes->items[i - 1].name;
            if (lt_ascii_compare(*name, relation->table.parts[0]) == 0)
                return analyse_cte(analysis, ctes, i - 1, out);
        }
    }
    *name = relation->table.parts[relation->table.count - 1];
    if (env->defining != NULL && relation->table.count == 1 &&
        lt_ascii_compare(env->defining, *name) == 0 &&
        lt_sql_catalog_find(env->catalog, *name) != NULL)
        return lt_expr_error(analysis->error, LT_E_ANALYSIS, "RECURSIVE_VIEW", "42K0H", place,
                             "view \"%s\" would read itself", *name);
    struct lt_sql_table *table =
        lt_sql_catalog_get(env->catalog, &relation->table, text, analysis->error);
    if (table == NULL)
        return analysis->error->code;
    if (analysis->temporary == NULL && table->is_called_temporary)
        analysis->temporary = table->name;
    return analyse_found(analysis, table, out);
}

static int refuse_delay(struct lt_sql_analysis *analysis, const char *text,
                        const struct lt_expression *delay)
{
    struct lt_expr_place place = {text, delay->begin, delay->end};
    return lt_expr_error(analysis->error, LT_E_ANALYSIS, "", "", place,
                         "requirement failed: delay threshold (%s) should not be negative",
                         lt_expr_text(delay, analysis->env->arena));
}

/* SELECT *, expression AS name: what a watermark of an expression makes of the relation. */
static int add_event_time(struct lt_sql_analysis *analysis, const struct lt_sql_relation *relation,
                          const char *text, struct lt_expression *value, struct lt_sql_output *out)
{
    struct lt_arena *arena = analysis->env->arena;
    struct lt_expression *alias = lt_expr_alias(value, relation->watermark_name, arena);
    struct lt_plan_node *project = lt_sql_node_with(analysis, out, text, alias);
    int code = lt_sql_complete(analysis, project);
    if (code != LT_OK)
        return code;
    const char *qualifier = out->scope.part_count == 1 ? out->scope.parts[0].qualifier : NULL;
    const struct lt_plan_node *input = out->node;
    out->node = project;
    lt_sql_tree_steps(analysis, input, out);
    out->scope = lt_sql_scope_of(analysis, project->schema, qualifier);
    return LT_OK;
}

/* A second watermark, of whatever column, would hold for what the first one does. */
static int refuse_second(struct lt_sql_analysis *analysis, struct lt_expr_place place)
{
    return lt_expr_error(analysis->error, LT_E_UNSUPPORTED, "_LEGACY_ERROR_TEMP_3076", "", place,
                         "Redefining watermark is disallowed. You can set the config "
                         "'spark.sql.streaming.statefulOperator.allowMultiple' to 'false' to "
                         "restore the previous behavior. Note that multiple stateful operators "
                         "will be disallowed.");
}

/* Of an interval, of whatever kind; a month counts as 31 days. */
static int64_t delay_us_of(const struct lt_expression *delay)
{
    const int64_t us_per_month = 31 * 86400 * (int64_t)LT_US_PER_S;
    int64_t us = INT64_MAX;
    if (delay->type->kind != LT_TYPE_INTERVAL_YEAR_MONTH)
        return delay->value.i64;
    (void)__builtin_mul_overflow(delay->value.i64, us_per_month, &us);
    return us;
}

uint32_t lt_sql_next_watermark(struct lt_sql_analysis *analysis)
{
    uint32_t *count = analysis->env->watermark_count;
    return count != NULL ? (*count)++ : analysis->watermark_count++;
}

/* The node of a watermark of the column; on a union it is one for all sides. */
static int add_watermark(struct lt_sql_analysis *analysis, const char *column, int64_t delay_us,
                         struct lt_expr_place place, struct lt_sql_output *out)
{
    struct lt_arena *arena = analysis->env->arena;
    const bool *before = lt_sql_event_times(out->node, arena);
    for (uint32_t i = 0; i < out->node->schema->field_count; i++) {
        if (before[i])
            return refuse_second(analysis, place);
    }
    struct lt_plan_node *node = lt_plan_node_create(arena, LT_PLAN_WATERMARK, 1);
    node->inputs[0] = out->node;
    node->session = analysis->env->session;
    node->name = column;
    node->interval_us = delay_us;
    node->watermark = lt_sql_next_watermark(analysis);
    int code = lt_sql_complete(analysis, node);
    if (code == LT_OK)
        out->node = node;
    return code;
}

/* WATERMARK expression [AS name] DELAY OF interval. To operators without state it says nothing: a
 * query that has no others is run without its node. */
static int check_watermark(struct lt_sql_analysis *analysis, const struct lt_sql_relation *relation,
                           const char *text, bool is_stream, struct lt_sql_output *out)
{
    struct lt_arena *arena = analysis->env->arena;
    struct lt_sql_names names = lt_sql_names_in(analysis, &out->scope, text);
    struct lt_expression *value = relation->watermark, *delay = relation->delay;
    struct lt_expr_place place = {text, relation->watermark_begin, delay->end};
    if (delay->kind != LT_EXPR_LITERAL || delay->value.i64 < 0)
        return refuse_delay(analysis, text, delay);
    const char *shown = lt_expr_plan_text(value, false, arena);
    int code = lt_sql_check_names(&names, &value);
    bool is_column = value->kind == LT_EXPR_COLUMN || value->kind == LT_EXPR_FIELD;
    if (code == LT_OK && !is_column && relation->watermark_name == NULL)
        return lt_expr_error(analysis->error, LT_E_ANALYSIS,
                             "REQUIRES_EXPLICIT_NAME_IN_WATERMARK_CLAUSE", "42000", place,
                             "The watermark clause requires an explicit name if expression is "
                             "specified, but got %s.",
                             lt_expr_text(value, arena));
    const char *name = relation->watermark_name;
    const struct lt_type *type = NULL;
    if (code == LT_OK && name != NULL) {
        code = add_event_time(analysis, relation, text, value, out);
        if (code == LT_OK)
            type = out->scope.schema->fields[out->scope.schema->field_count - 1].type;
    } else if (code == LT_OK) {
        code = lt_expr_analyse(&value, text, out->scope.schema, analysis->env->session, arena,
                               analysis->error);
        type = value->type;
        name = value->name == NULL ? "?" : value->name;
    }
    if (code != LT_OK)
        return code;
    if (!is_stream) /* to what ends it says nothing at all */
        return LT_OK;
    if (!lt_sql_is_time_type(type))
        return lt_expr_error(
            analysis->error, LT_E_ANALYSIS, "EVENT_TIME_IS_NOT_ON_TIMESTAMP_TYPE", "42K09", place,
            "The event time %s has the invalid type \"%s\", but expected \"TIMESTAMP\".",
            lt_name_quoted_one(name, arena), lt_type_sql(arena, type));
    if (analysis->uses.watermark_count < LT_SQL_WATERMARKS_MAX)
        analysis->uses.watermarks[analysis->uses.watermark_count++] = name;
    lt_sql_tree_over(
        analysis, "EventTimeWatermark",
        lt_arena_format(arena, "%s, %s", shown, lt_expr_plan_text(delay, false, arena)), out);
    if (analysis->env->may_batch && value->kind == LT_EXPR_FIELD)
        (void)lt_sql_use(&analysis->uses, "EventTimeWatermark", text, place.begin, place.end);
    else if (analysis->env->may_batch)
        return add_watermark(analysis, name, delay_us_of(delay), place, out);
    return LT_OK;
}

static int analyse_table(struct lt_sql_analysis *analysis, const struct lt_sql_relation *relation,
                         const char *text, const struct lt_sql_ctes *ctes,
                         struct lt_sql_output *out)
{
    const char *name = NULL;
    bool was_bounded = analysis->is_bounded;
    analysis->is_bounded = true;
    int code = relation->kind == LT_SQL_SUBQUERY
                   ? lt_sql_analyse_query(analysis, relation->query, text, ctes, out)
               : relation->kind == LT_SQL_FUNCTION
                   ? lt_sql_analyse_function(analysis, relation, text, out)
                   : analyse_named(analysis, relation, text, ctes, out, &name);
    bool is_stream = !analysis->is_bounded;
    analysis->is_bounded = was_bounded && !is_stream;
    if (code == LT_OK)
        code = apply_alias(analysis, relation, text,
                           relation->alias != NULL ? relation->alias : name, out);
    if (code == LT_OK && relation->alias != NULL && name != NULL && out->tree != NULL)
        out->tree->inputs[0] = lt_plan_tree_over(analysis->env->arena, "SubqueryAlias",
                                                 lt_arena_format(analysis->env->arena, " %s", name),
                                                 out->tree->inputs[0]);
    if (code == LT_OK && relation->watermark != NULL)
        code = check_watermark(analysis, relation, text, is_stream, out);
    return code;
}

/* --------------------------------------------------------------------------------- any relation */

static int analyse_any(struct lt_sql_analysis *analysis, const struct lt_sql_relation *relation,
                       const char *text, const struct lt_sql_ctes *ctes, struct lt_sql_output *out)
{
    const struct lt_sql_env *env = analysis->env;
    struct lt_expr_place place = {text, relation->begin, relation->end};
    if (++analysis->relation_count > LT_SQL_RELATIONS_IN_ALL_MAX)
        return lt_expr_error(analysis->error, LT_E_LIMIT, "", "", place,
                             "the query reads more than %d relations, with those of its views",
                             (int)LT_SQL_RELATIONS_IN_ALL_MAX);
    int code;
    switch (relation->kind) {
    case LT_SQL_ONE_ROW:
        code = lt_sql_read_table(analysis, NULL, out);
        if (code == LT_OK)
            out->scope = lt_sql_scope_of(analysis, lt_type_struct(env->arena, NULL, 0), NULL);
        return code;
    case LT_SQL_TABLE:
    case LT_SQL_SUBQUERY:
    case LT_SQL_FUNCTION:
        return analyse_table(analysis, relation, text, ctes, out);
    case LT_SQL_JOIN:
        return lt_sql_analyse_join(analysis, relation, text, ctes, out);
    case LT_SQL_LATERAL_VIEW:
        return lt_sql_analyse_lateral_view(analysis, relation, text, ctes, out);
    case LT_SQL_SAMPLE:
    case LT_SQL_PIVOT:
    case LT_SQL_UNPIVOT:
        break;
    }
    code = lt_sql_analyse_relation(analysis, relation->left, text, ctes, out);
    if (code == LT_OK && relation->kind == LT_SQL_PIVOT)
        return lt_sql_analyse_pivot(analysis, relation, text, out);
    if (code == LT_OK && relation->kind == LT_SQL_UNPIVOT)
        return lt_sql_analyse_unpivot(analysis, relation, text, out);
    if (code != LT_OK)
        return code;
    struct lt_sql_use *use =
        lt_sql_use(&analysis->uses, relation->is_limit ? "LocalLimit" : "Sample", text,
                   relation->begin, relation->end);
    if (relation->is_limit && env->may_batch)
        lt_sql_lower_limit(analysis, relation->limit, use, out);
    return LT_OK;
}

int lt_sql_analyse_relation(struct lt_sql_analysis *analysis,
                            const struct lt_sql_relation *relation, const char *text,
                            const struct lt_sql_ctes *ctes, struct lt_sql_output *out)
{
    const uint32_t first = analysis->uses.first;
    analysis->uses.first = analysis->uses.count;
    int code = analyse_any(analysis, relation, text, ctes, out);
    analysis->uses.first = first;
    return code;
}

int lt_sql_table_columns(const struct lt_sql_env *env, struct lt_sql_table *table,
                         const struct lt_type **out, struct lt_error *error)
{
    struct lt_sql_analysis analysis = {.env = env, .error = error, .is_bounded = true};
    struct lt_sql_output output = {0};
    *out = table->schema;
    if (table->schema != NULL)
        return LT_OK;
    int code = analyse_found(&analysis, table, &output);
    if (code == LT_OK)
        *out = lt_type_visible(env->arena, output.node->schema);
    return code;
}
