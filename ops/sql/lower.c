/*
 * DISTINCT, ORDER BY and LIMIT as nodes.
 */
#include "ops/sql/lower.h"

#include <string.h>

#include "core/base/ascii.h"
#include "ops/expr/diagnose.h"
#include "ops/expr/generator.h"
#include "ops/expr/same.h"
#include "ops/sql/event_time.h"
#include "ops/sql/explain.h"
#include "ops/sql/find.h"

/* -------------------------------------------------------------------------------------- filters */

/* The node over another input: the one that stands there may stand elsewhere too. */
static struct lt_plan_node *copy_over(struct lt_sql_analysis *analysis,
                                      const struct lt_plan_node *node, struct lt_plan_node *input)
{
    struct lt_plan_node *own = lt_plan_node_create(analysis->env->arena, node->kind, 1);
    struct lt_plan_node **inputs = own->inputs;
    *own = *node;
    own->inputs = inputs;
    own->inputs[0] = input;
    if (node->kind == LT_PLAN_WATERMARK)
        own->schema = input->schema;
    return own;
}

static const struct lt_expression *value_of(const struct lt_expression *item)
{
    return item->kind == LT_EXPR_ALIAS ? item->arguments[0] : item;
}

/* Is there a watermark below, under nothing but filters and projections, row by row? */
static bool stands_over_mark(const struct lt_plan_node *node)
{
    while (node->kind == LT_PLAN_FILTER || node->kind == LT_PLAN_PROJECT) {
        for (uint32_t i = 0; i < node->expression_count; i++) {
            if (node->kind == LT_PLAN_PROJECT && lt_generator_call(node->expressions[i]) != NULL)
                return false;
        }
        node = node->inputs[0];
    }
    return node->kind == LT_PLAN_WATERMARK;
}

/* The condition over the columns that the projection takes. */
static void put_columns(struct lt_expression *node, const struct lt_plan_node *project)
{
    if (node->kind == LT_EXPR_COLUMN) {
        const struct lt_expression *column = value_of(project->expressions[node->index]);
        node->name = column->name;
        node->index = column->index;
        node->nullable = column->nullable;
    }
    for (uint32_t i = 0; i < node->argument_count; i++)
        put_columns(node->arguments[i], project);
}

static bool reads_any(const struct lt_expression *node, const bool *columns)
{
    bool reads = node->kind == LT_EXPR_COLUMN && node->index >= 0 && columns[node->index];
    for (uint32_t i = 0; i < node->argument_count && !reads; i++)
        reads = reads_any(node->arguments[i], columns);
    return reads;
}

static void and_with(struct lt_expression **to, struct lt_expression *part, struct lt_arena *arena)
{
    struct lt_expression *both = lt_arena_alloc(arena, sizeof *both);
    if (*to == NULL) {
        *to = part;
        return;
    }
    *both = (struct lt_expression){.kind = LT_EXPR_CALL,
                                   .begin = part->begin,
                                   .end = part->end,
                                   .name = "and",
                                   .argument_count = 2,
                                   .index = -1};
    both->arguments = lt_arena_alloc(arena, 2 * sizeof *both->arguments);
    both->arguments[0] = *to;
    both->arguments[1] = part;
    *to = both;
}

/* Does the part read what the projection computes, and does not only take? */
static bool reads_computed(const struct lt_expression *node, const struct lt_plan_node *project)
{
    bool reads = node->kind == LT_EXPR_COLUMN && node->index >= 0 &&
                 value_of(project->expressions[node->index])->kind != LT_EXPR_COLUMN;
    for (uint32_t i = 0; i < node->argument_count && !reads; i++)
        reads = reads_computed(node->arguments[i], project);
    return reads;
}

/* The parts of a condition that go before what stands below, and those that stay: of a projection
 * by what they read, else by whether they read the event time. */
static void part_condition(struct lt_expression *node, const struct lt_plan_node *below,
                           struct lt_arena *arena, struct lt_expression **before,
                           struct lt_expression **behind)
{
    if (lt_sql_is_call_of(node, "and")) {
        for (uint32_t i = 0; i < node->argument_count; i++)
            part_condition(node->arguments[i], below, arena, before, behind);
        return;
    }
    bool stays = below->kind == LT_PLAN_PROJECT
                     ? reads_computed(node, below)
                     : reads_any(node, lt_sql_event_times(below, arena));
    stays |= !lt_expr_same(node, lt_sql_copy_tree(node, arena));
    and_with(stays ? behind : before, node, arena);
}

static struct lt_plan_node *filter_with(struct lt_sql_analysis *analysis,
                                        const struct lt_plan_node *filter,
                                        struct lt_plan_node *input, struct lt_expression *condition)
{
    struct lt_error ignored, *error = analysis->error;
    if (condition == NULL)
        return input;
    struct lt_plan_node *node = lt_sql_node_over(analysis, LT_PLAN_FILTER, input,
                                                 filter->expression_texts[0], 1);
    node->expressions[0] = condition;
    lt_error_clear(&ignored);
    analysis->error = &ignored;
    int code = lt_sql_complete(analysis, node);
    analysis->error = error;
    lt_assert(code == LT_OK); /* parts of what was analysed */
    return node;
}

struct lt_plan_node *lt_sql_sink_filter(struct lt_sql_analysis *analysis,
                                        struct lt_plan_node *filter)
{
    struct lt_plan_node *over = filter->kind == LT_PLAN_FILTER ? filter->inputs[0] : NULL;
    struct lt_arena *arena = analysis->env->arena;
    struct lt_expression *before = NULL, *behind = NULL;
    if (over == NULL || !stands_over_mark(over))
        return filter;
    part_condition(lt_sql_copy_tree(filter->expressions[0], arena), over, arena, &before, &behind);
    if (before == NULL)
        return filter;
    if (over->kind == LT_PLAN_PROJECT)
        put_columns(before, over);
    struct lt_plan_node *below = filter_with(analysis, filter, over->inputs[0], before);
    if (over->kind != LT_PLAN_WATERMARK)
        below = lt_sql_sink_filter(analysis, below);
    return filter_with(analysis, filter, copy_over(analysis, over, below), behind);
}

/* ------------------------------------------------------------------------------------- DISTINCT */

int lt_sql_project_visible(struct lt_sql_analysis *analysis, struct lt_plan_node **node)
{
    const struct lt_type *schema = (*node)->schema;
    if (lt_type_visible_count(schema) == schema->field_count)
        return LT_OK;
    if ((*node)->kind == LT_PLAN_WATERMARK) { /* below it, so that filters come to it */
        struct lt_plan_node *below = (*node)->inputs[0];
        int code = lt_sql_project_visible(analysis, &below);
        *node = copy_over(analysis, *node, below);
        return code;
    }
    struct lt_plan_node *project =
        lt_sql_node_over(analysis, LT_PLAN_PROJECT, *node, "", lt_type_visible_count(schema));
    uint32_t count = 0;
    for (uint32_t i = 0; i < schema->field_count; i++) {
        if (!lt_type_is_hidden(schema, i))
            project->expressions[count++] = lt_sql_pick(
                analysis, schema, i, schema->fields[i].name, schema->fields[i].type);
    }
    *node = project;
    return lt_sql_complete(analysis, project);
}

int lt_sql_lower_distinct(struct lt_sql_analysis *analysis, struct lt_sql_use *use,
                          struct lt_expr_place place, struct lt_sql_output *out)
{
    struct lt_plan_node *node = out->node;
    int code = lt_sql_project_visible(analysis, &node);
    if (code != LT_OK)
        return code;
    uint32_t count = node->schema->field_count;
    uint32_t *keys = lt_arena_alloc(analysis->env->arena, (count + 1) * sizeof *keys);
    for (uint32_t i = 0; i < count; i++)
        keys[i] = i;
    struct lt_plan_stateful stateful = {.left = {.keys = keys, .key_count = count},
                                        .session_gap = -1};
    struct lt_plan_event_time *time = &stateful.left.event_time;
    code = lt_sql_event_column(analysis, node, keys, count, place, &time->column);
    if (code != LT_OK)
        return code;
    time->is_window =
        time->column >= 0 && lt_sql_is_window_type(node->schema->fields[time->column].type);
    use->has_event_time = time->column >= 0;
    use->is_made = true;
    out->node = lt_sql_aggregate_node(analysis, node, &stateful, node->schema);
    out->scope = lt_sql_scope_of(analysis, node->schema, NULL);
    lt_sql_tree_over(analysis, "Distinct", "", out);
    return LT_OK;
}

/* ------------------------------------------------------------------------------------- ORDER BY */

/* Sorted and limited is a whole result, and that is what groups give. */
static bool is_aggregated(const struct lt_plan_node *node)
{
    bool is = node->kind == LT_PLAN_AGGREGATE && node->stateful != NULL;
    for (uint32_t i = 0; i < node->input_count && !is; i++)
        is = is_aggregated(node->inputs[i]);
    return is;
}

/* The column that the item of a select list was which is written like this; -1: none was. */
static int find_written(const struct lt_sql_output *out, const struct lt_expression *item,
                        struct lt_arena *arena)
{
    const char *text = lt_expr_text(item, arena);
    for (uint32_t i = 0; i < out->written_count; i++) {
        if (strcmp(out->written[i], text) == 0)
            return (int)i;
    }
    return -1;
}

static int column_of(const struct lt_sql_output *out, const struct lt_expression *item,
                     struct lt_arena *arena)
{
    bool is_position = item->kind == LT_EXPR_LITERAL && item->type->kind == LT_TYPE_INT;
    if (is_position)
        return (int)item->value.i64 - 1;
    int column = item->kind != LT_EXPR_COLUMN ? -1
                 : item->type != NULL
                     ? item->index
                     : lt_type_field_index(out->scope.schema, item->name);
    return column >= 0 ? column : find_written(out, item, arena);
}

/* What is sorted by and is no column becomes one, behind the others; false: it cannot be. */
static bool add_column(struct lt_sql_analysis *analysis, const char *text,
                       const struct lt_expression *item, struct lt_sql_output *out)
{
    struct lt_error ignored, *error = analysis->error;
    struct lt_arena *arena = analysis->env->arena;
    lt_error_clear(&ignored);
    const char *name = lt_arena_format(arena, "_%u", out->node->schema->field_count);
    struct lt_plan_node *project = lt_sql_node_with(
        analysis, out, text, lt_expr_alias(lt_sql_copy_tree(item, arena), name, arena));
    analysis->error = &ignored;
    int code = lt_sql_complete(analysis, project);
    analysis->error = error;
    if (code != LT_OK)
        return false;
    out->node = project;
    out->scope = lt_sql_scope_of(analysis, project->schema, NULL);
    return true;
}

static bool is_all(const struct lt_parser_items *items)
{
    return items->count == 1 && items->items[0]->kind == LT_EXPR_COLUMN &&
           lt_ascii_compare(items->items[0]->name, "all") == 0;
}

static void set_order(struct lt_plan_order *order, uint32_t column, const char *shown)
{
    *order = (struct lt_plan_order){.column = column,
                                    .is_descending = strncmp(shown, "DESC", 4) == 0,
                                    .nulls_last = strstr(shown, "LAST") != NULL};
}

/* The orders of all items; 0: one of them is none of a column. */
static uint32_t read_orders(struct lt_sql_analysis *analysis, const struct lt_parser_items *items,
                            const char *text, struct lt_sql_output *out,
                            struct lt_plan_order *orders)
{
    struct lt_arena *arena = analysis->env->arena;
    if (is_all(items)) {
        for (uint32_t i = 0; i < out->scope.schema->field_count; i++)
            set_order(&orders[i], i, lt_sql_order_text(text, items->items[0]->end));
        return out->scope.schema->field_count;
    }
    for (uint32_t i = 0; i < items->count; i++) {
        const struct lt_expression *item = items->items[i];
        int column = column_of(out, item, arena);
        if (column < 0 && !add_column(analysis, text, item, out))
            return 0;
        set_order(&orders[i],
                  column >= 0 ? (uint32_t)column : out->scope.schema->field_count - 1,
                  lt_sql_order_text(text, item->end));
    }
    return items->count;
}

/* Is it a column of `out`, or computed of some? */
static bool is_given(struct lt_sql_analysis *analysis, const char *text,
                     const struct lt_expression *item, const struct lt_sql_output *out)
{
    struct lt_sql_output trial = *out;
    return column_of(out, item, analysis->env->arena) >= 0 ||
           add_column(analysis, text, item, &trial);
}

/* The groups once more, with what is sorted by and is not given as items behind the others. False:
 * there are no groups, or it is nothing that they give. */
static bool widen(struct lt_sql_analysis *analysis, const struct lt_parser_items *items,
                  const char *text, const struct lt_sql_output *out, struct lt_sql_output *wider)
{
    struct lt_arena *arena = analysis->env->arena;
    const uint32_t width = out->node->schema->field_count;
    if (out->grouped == NULL || out->grouped->text != text)
        return false;
    struct lt_sql_select select = lt_sql_keep_select(analysis, &out->grouped->select);
    struct lt_expression **all =
        lt_arena_alloc(arena, (select.items.count + items->count) * sizeof *all);
    const char **written = lt_arena_alloc(arena, (width + items->count) * sizeof *written);
    memcpy(all, select.items.items, select.items.count * sizeof *all);
    for (uint32_t i = 0; i < width; i++)
        written[i] = i < out->written_count ? out->written[i] : "";
    uint32_t more = 0;
    for (uint32_t i = 0; i < items->count; i++) {
        const struct lt_expression *item = items->items[i];
        if (is_given(analysis, text, item, out))
            continue;
        if (select.grouping == LT_SQL_GROUPED_ALL && lt_sql_find_aggregate(item) == NULL)
            return false; /* it would be a group itself */
        written[width + more] = lt_expr_text(item, arena);
        all[select.items.count + more] =
            lt_expr_alias(lt_sql_copy_tree(item, arena),
                          lt_arena_format(arena, "_order%u", more), arena);
        more++;
    }
    select.items.items = all;
    select.items.count += more;
    struct lt_error ignored, *error = analysis->error;
    lt_error_clear(&ignored);
    analysis->error = &ignored;
    int code = lt_sql_lower_group(analysis, &select, text, &out->grouped->input, wider);
    analysis->error = error;
    wider->written = written;
    wider->written_count = width + more;
    wider->tree = out->tree;
    return code == LT_OK && wider->node->schema->field_count == width + more;
}

static int refuse_aggregate(struct lt_sql_analysis *analysis, const char *text,
                            const struct lt_expression *aggregate)
{
    struct lt_expr_place place = {text, aggregate->begin, aggregate->end};
    return lt_expr_error(analysis->error, LT_E_ANALYSIS, "UNSUPPORTED_EXPR_FOR_OPERATOR", "42K0E",
                         place,
                         "A query operator contains one or more unsupported expressions.\n"
                         "Consider to rewrite it to avoid window functions, aggregate functions, "
                         "and generator functions in the WHERE clause.\n"
                         "Invalid expressions: [\"%s\"]",
                         lt_expr_text(aggregate, analysis->env->arena));
}

/* The name that is no column of what comes out is what is wrong, or the aggregate where there are
 * no groups; else the sorting itself is refused. */
static int refuse_names(struct lt_sql_analysis *analysis, const struct lt_parser_items *items,
                        const char *text, const struct lt_sql_output *out)
{
    struct lt_sql_names names = lt_sql_names_in(analysis, &out->scope, text);
    for (uint32_t i = 0; i < items->count; i++) {
        struct lt_expression *item = items->items[i];
        if (is_given(analysis, text, item, out))
            continue;
        const struct lt_expression *aggregate = lt_sql_find_aggregate(item);
        int code = lt_sql_check_names(&names, &item);
        if (code == LT_OK && aggregate != NULL && out->grouped == NULL)
            code = refuse_aggregate(analysis, text, aggregate);
        if (code != LT_OK)
            return code;
    }
    return LT_OK;
}

int lt_sql_lower_sort(struct lt_sql_analysis *analysis, const struct lt_parser_items *items,
                      const char *text, struct lt_sql_use *use, struct lt_sql_output *out)
{
    struct lt_arena *arena = analysis->env->arena;
    const struct lt_type *before = out->node->schema;
    struct lt_sql_output wider = *out;
    if (!is_aggregated(out->node))
        return LT_OK; /* refused as what is not made */
    struct lt_plan_order *orders =
        lt_arena_alloc(arena, (items->count + before->field_count) * sizeof *orders);
    uint32_t count = read_orders(analysis, items, text, &wider, orders);
    if (count == 0) {
        wider = *out;
        if (widen(analysis, items, text, out, &wider))
            count = read_orders(analysis, items, text, &wider, orders);
    }
    if (count == 0)
        return refuse_names(analysis, items, text, out);
    struct lt_plan_node *sort = lt_plan_node_create(arena, LT_PLAN_SORT, 1);
    sort->inputs[0] = wider.node;
    sort->session = analysis->env->session;
    sort->orders = orders;
    sort->order_count = count;
    sort->schema = wider.node->schema;
    use->is_made = use->is_of_whole_result = true;
    out->node = sort;
    if (sort->schema->field_count == before->field_count)
        return LT_OK;
    struct lt_plan_node *project =
        lt_sql_node_over(analysis, LT_PLAN_PROJECT, sort, text, before->field_count);
    for (uint32_t i = 0; i < before->field_count; i++)
        project->expressions[i] = lt_sql_pick(analysis, sort->schema, i, before->fields[i].name,
                                              before->fields[i].type);
    out->node = project;
    return lt_sql_complete(analysis, project);
}

void lt_sql_lower_limit(struct lt_sql_analysis *analysis, int64_t limit, struct lt_sql_use *use,
                        struct lt_sql_output *out)
{
    struct lt_arena *arena = analysis->env->arena;
    if (analysis->is_bounded)
        return; /* refused as what is not made */
    struct lt_plan_node *node = lt_plan_node_create(arena, LT_PLAN_LIMIT, 1);
    struct lt_plan_stateful *stateful = lt_arena_alloc(arena, sizeof *stateful);
    *stateful = (struct lt_plan_stateful){.session_gap = -1, .left.event_time.column = -1};
    node->inputs[0] = out->node;
    node->session = analysis->env->session;
    node->stateful = stateful;
    node->limit = limit;
    node->schema = out->node->schema;
    use->is_made = true;
    out->node = node;
}
