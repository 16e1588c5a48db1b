/*
 * A grouped select. What is computed for each row - keys, what aggregates get, filters - becomes
 * columns of a projection below the aggregation; what is computed of groups stands in the
 * projection over it, where each part that is a key's expression, or an aggregate, is a column.
 *
 * Keys are told by their analysed trees and not by their texts: `k`, `t.k` and `K` are one key, and
 * `a.k` and `b.k` of a join are two. The same aggregate in several places is computed once.
 */
#include <string.h>

#include "core/base/ascii.h"
#include "ops/aggregate/calls.h"
#include "ops/expr/diagnose.h"
#include "ops/expr/lateral.h"
#include "ops/expr/same.h"
#include "ops/sql/event_time.h"
#include "ops/sql/explain.h"
#include "ops/sql/find.h"
#include "ops/sql/group.h"
#include "ops/sql/lower.h"

struct key {
    struct lt_expression *written;  /* names resolved */
    struct lt_expression *analysed; /* as an item; of a session: its window */
    const char *name;
    const char *text; /* of a session, by which it is told */
    bool is_time_window;
};

struct grouping {
    struct lt_sql_analysis *analysis;
    const struct lt_sql_select *select;
    const char *text;
    struct lt_sql_scope below; /* the input's columns */
    struct lt_sql_names names; /* of these and, behind them, the window of time */
    struct lt_plan_node *input;
    struct key *keys;
    uint32_t key_count;
    int32_t session; /* key; -1: none */
    struct lt_aggregate_call *calls;
    const char **call_names;
    uint32_t call_count, call_capacity;
};

/* ---------------------------------------------------------------------------------------- trees */

struct lt_sql_select lt_sql_keep_select(struct lt_sql_analysis *analysis,
                                        const struct lt_sql_select *select)
{
    struct lt_arena *arena = analysis->env->arena;
    struct lt_sql_select kept = *select;
    struct lt_parser_items *lists[] = {&kept.items, &kept.group_by};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        struct lt_expression *const *from = lists[i]->items;
        lists[i]->items = lt_arena_alloc(arena, (lists[i]->count + 1) * sizeof(*from));
        for (uint32_t j = 0; j < lists[i]->count; j++)
            lists[i]->items[j] = lt_sql_copy_tree(from[j], arena);
    }
    kept.having = select->having == NULL ? NULL : lt_sql_copy_tree(select->having, arena);
    return kept;
}

/* An analysed copy of what stands in a select list; NULL: it is nothing that a row gives. */
static struct lt_expression *analyse(const struct grouping *grouping,
                                     const struct lt_expression *node, const char *name,
                                     struct lt_error *error)
{
    struct lt_arena *arena = grouping->analysis->env->arena;
    struct lt_expression *item = lt_expr_alias(lt_sql_copy_tree(node, arena), name, arena);
    struct lt_lateral lateral = {.needed = -1};
    int code =
        lt_expr_analyse_item(&item, grouping->text, grouping->below.schema,
                             grouping->analysis->env->session, &lateral, arena, error);
    return code == LT_OK && item->kind == LT_EXPR_ALIAS ? item : NULL;
}

/* ----------------------------------------------------------------------------------------- keys */

static bool is_same_key(const struct key *a, const struct key *b)
{
    if (a->text != NULL || b->text != NULL)
        return a->text != NULL && b->text != NULL && strcmp(a->text, b->text) == 0;
    return lt_expr_same(a->analysed->arguments[0], b->analysed->arguments[0]);
}

/* The filter below a session leaves out the rows that have none. */
static int add_session(struct grouping *grouping, struct key *key)
{
    struct lt_sql_analysis *analysis = grouping->analysis;
    struct lt_expression *window, *condition;
    int code = lt_sql_session_window(analysis, key->written, grouping->text,
                                     grouping->below.schema, &window, &condition);
    if (code != LT_OK)
        return code;
    struct lt_plan_node *filter =
        lt_sql_node_over(analysis, LT_PLAN_FILTER, grouping->input, grouping->text, 1);
    filter->expressions[0] = condition;
    code = lt_sql_complete(analysis, filter);
    grouping->input = filter;
    key->text = lt_expr_text(key->written, analysis->env->arena);
    key->written = window;
    grouping->session = (int32_t)grouping->key_count;
    return code;
}

static int add_key(struct grouping *grouping, struct lt_expression *group)
{
    struct lt_arena *arena = grouping->analysis->env->arena;
    struct key *key = &grouping->keys[grouping->key_count];
    int code = lt_sql_resolve_names(&grouping->names, &group);
    if (code != LT_OK)
        return code;
    *key = (struct key){.written = group, .is_time_window = lt_sql_is_time_window(group)};
    key->name = key->is_time_window ? group->name : lt_expr_output_name(group, arena);
    if (lt_sql_is_session_window(group))
        code = add_session(grouping, key);
    if (code != LT_OK)
        return code;
    key->analysed = analyse(grouping, key->written, key->name, grouping->analysis->error);
    if (key->analysed == NULL)
        return grouping->analysis->error->code;
    for (uint32_t i = 0; i < grouping->key_count; i++) {
        if (is_same_key(&grouping->keys[i], key))
            return LT_OK;
    }
    grouping->key_count++;
    return LT_OK;
}

static int add_keys(struct grouping *grouping)
{
    const struct lt_sql_select *select = grouping->select;
    bool is_all = select->grouping == LT_SQL_GROUPED_ALL;
    const struct lt_parser_items *list = is_all ? &select->items : &select->group_by;
    struct lt_arena *arena = grouping->analysis->env->arena;
    grouping->keys = lt_arena_alloc(arena, (list->count + 1) * sizeof *grouping->keys);
    int code = LT_OK;
    for (uint32_t i = 0; i < list->count && code == LT_OK; i++) {
        struct lt_expression *item = list->items[i];
        if (!is_all)
            item = lt_sql_group_item(&grouping->names, select, item);
        else if (lt_sql_find_aggregate(item) != NULL)
            continue;
        else if (item->kind == LT_EXPR_ALIAS)
            item = item->arguments[0];
        code = add_key(grouping, lt_sql_copy_tree(item, arena));
    }
    return code;
}

/* The key that the expression is; -1: none. */
static int find_key(const struct grouping *grouping, const struct lt_expression *node)
{
    struct lt_error ignored;
    const struct key *keys = grouping->keys;
    const uint32_t count = grouping->below.schema->field_count;
    if (node->kind == LT_EXPR_LITERAL || node->kind == LT_EXPR_STAR ||
        node->kind == LT_EXPR_LAMBDA || node->kind == LT_EXPR_ALIAS)
        return -1;
    lt_error_clear(&ignored);
    const bool is_session = lt_sql_is_session_window(node);
    const char *text =
        is_session ? lt_expr_text(node, grouping->analysis->env->arena) : NULL;
    for (uint32_t i = 0; i < grouping->key_count; i++) {
        bool is_window = node->kind == LT_EXPR_COLUMN && keys[i].is_time_window &&
                         lt_ascii_compare(node->name, keys[i].name) == 0 &&
                         (node->type == NULL || node->index == (int32_t)count) &&
                         lt_type_field_index(grouping->below.schema, node->name) == -1;
        if (is_window || (is_session && keys[i].text != NULL && strcmp(keys[i].text, text) == 0))
            return (int)i;
    }
    const struct lt_expression *analysed =
        is_session ? NULL : analyse(grouping, node, "", &ignored);
    for (uint32_t i = 0; i < grouping->key_count && analysed != NULL; i++) {
        if (lt_expr_same(analysed->arguments[0], keys[i].analysed->arguments[0]))
            return (int)i;
    }
    return -1;
}

/* ----------------------------------------------------------------------------------- aggregates */

static bool is_same_list(struct lt_expression *const *a, struct lt_expression *const *b,
                         uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (!lt_expr_same(a[i], b[i]))
            return false;
    }
    return true;
}

static bool is_same_call(const struct lt_aggregate_call *a, const struct lt_aggregate_call *b)
{
    return strcmp(a->function, b->function) == 0 && a->input_count == b->input_count &&
           a->parameter_count == b->parameter_count && a->is_distinct == b->is_distinct &&
           a->ignores_nulls == b->ignores_nulls && (a->filter == NULL) == (b->filter == NULL) &&
           is_same_list(a->inputs, b->inputs, a->input_count) &&
           is_same_list(a->parameters, b->parameters, a->parameter_count) &&
           (a->filter == NULL || lt_expr_same(a->filter, b->filter));
}

static void reserve_call(struct grouping *grouping)
{
    struct lt_arena *arena = grouping->analysis->env->arena;
    if (grouping->call_count < grouping->call_capacity)
        return;
    uint32_t capacity = grouping->call_capacity == 0 ? 16 : 2 * grouping->call_capacity;
    struct lt_aggregate_call *calls = lt_arena_alloc(arena, capacity * sizeof *calls);
    const char **names = lt_arena_alloc(arena, capacity * sizeof *names);
    if (grouping->call_count > 0) {
        memcpy(calls, grouping->calls, grouping->call_count * sizeof *calls);
        memcpy(names, grouping->call_names, grouping->call_count * sizeof *names);
    }
    grouping->calls = calls;
    grouping->call_names = names;
    grouping->call_capacity = capacity;
}

static void become_column(struct lt_expression *node, const char *name, const struct lt_type *type,
                          bool nullable, uint32_t index)
{
    *node = (struct lt_expression){.kind = LT_EXPR_COLUMN,
                                   .begin = node->begin,
                                   .end = node->end,
                                   .name = name,
                                   .type = type,
                                   .nullable = nullable,
                                   .index = (int32_t)index};
}

/* The call becomes the column that the aggregation gives for it, behind the keys. */
static int take_call(struct grouping *grouping, struct lt_expression *node)
{
    const struct lt_sql_env *env = grouping->analysis->env;
    struct lt_expression *copy = lt_sql_copy_tree(node, env->arena);
    struct lt_aggregate_call call;
    const char *name = lt_expr_text(node, env->arena);
    int code = lt_aggregate_analyse(copy, grouping->text, grouping->below.schema, env->session,
                                    env->arena, &call, grouping->analysis->error);
    if (code != LT_OK)
        return code;
    uint32_t at = 0;
    while (at < grouping->call_count && !is_same_call(&grouping->calls[at], &call))
        at++;
    if (at == grouping->call_count) {
        reserve_call(grouping);
        grouping->calls[at] = call;
        grouping->call_names[at] = name;
        grouping->call_count++;
    }
    become_column(node, name, call.type, call.nullable, grouping->key_count + at);
    return LT_OK;
}

/* ------------------------------------------------------------------------------ over the groups */

/* A column that is no key: where the groups are told by the select list, none can be inferred. */
static int refuse_column(const struct grouping *grouping, const struct lt_expression *node)
{
    struct lt_expr_place place = {grouping->text, node->begin, node->end};
    return lt_expr_error(grouping->analysis->error, LT_E_ANALYSIS, "UNRESOLVED_ALL_IN_GROUP_BY",
                         "42803", place,
                         "Cannot infer grouping columns for GROUP BY ALL based on the select "
                         "clause. Please explicitly specify the grouping columns.");
}

/* The tree as one over the columns of the aggregation; a name that is no column of its input stays
 * what it is, the name of another item. */
static int lift(struct grouping *grouping, struct lt_expression *node)
{
    if (lt_aggregate_base(node) != NULL)
        return take_call(grouping, node);
    int key = find_key(grouping, node);
    if (key >= 0) {
        const struct key *found = &grouping->keys[key];
        const struct lt_expression *value = found->analysed->arguments[0];
        become_column(node, node->kind == LT_EXPR_COLUMN ? node->name : found->name, value->type,
                      value->nullable, (uint32_t)key);
        return LT_OK;
    }
    if (node->kind == LT_EXPR_COLUMN &&
        (node->type != NULL || lt_type_field_index(grouping->below.schema, node->name) != -1))
        return refuse_column(grouping, node);
    uint32_t count = node->kind == LT_EXPR_LAMBDA ? 1 : node->argument_count;
    for (uint32_t i = 0; i < count; i++) {
        int code = lift(grouping, node->arguments[i]);
        if (code != LT_OK)
            return code;
    }
    return LT_OK;
}

static int lift_items(struct grouping *grouping, struct lt_expr_list *list)
{
    const struct lt_sql_select *select = grouping->select;
    int code =
        lt_sql_resolve_items(&grouping->names, select->items.items, select->items.count, list);
    if (code == LT_OK)
        code = lt_expr_expand_stars(list, grouping->text, grouping->below.schema,
                                    grouping->analysis->env->session,
                                    grouping->analysis->env->arena, grouping->analysis->error);
    for (size_t i = 0; i < list->count && code == LT_OK; i++)
        code = lift(grouping, list->expressions[i]);
    return code;
}

/* The items' aliases come before the columns of the input. */
static void put_aliases(const struct grouping *grouping, struct lt_expression *node)
{
    const struct lt_parser_items *items = &grouping->select->items;
    struct lt_arena *arena = grouping->analysis->env->arena;
    for (uint32_t i = 0; i < items->count && node->kind == LT_EXPR_COLUMN; i++) {
        const struct lt_expression *item = items->items[i];
        if (node->type == NULL && item->kind == LT_EXPR_ALIAS &&
            lt_ascii_compare(item->name, node->name) == 0) {
            *node = *lt_sql_copy_tree(item->arguments[0], arena);
            return;
        }
    }
    for (uint32_t i = 0; i < node->argument_count && node->kind != LT_EXPR_LAMBDA; i++)
        put_aliases(grouping, node->arguments[i]);
}

static int lift_having(struct grouping *grouping, struct lt_expression *having)
{
    int code = lt_sql_resolve_names(&grouping->names, &having);
    return code == LT_OK ? lift(grouping, having) : code;
}

/* ---------------------------------------------------------------------------------------- nodes */

static uint32_t input_width(const struct grouping *grouping)
{
    uint32_t count = grouping->key_count;
    for (uint32_t i = 0; i < grouping->call_count; i++)
        count += grouping->calls[i].input_count + (grouping->calls[i].filter != NULL);
    return count;
}

/* 1 AS _0 */
static struct lt_expression *make_one(struct lt_arena *arena)
{
    struct lt_expression *one = lt_arena_alloc(arena, sizeof *one);
    *one = (struct lt_expression){
        .kind = LT_EXPR_LITERAL, .type = lt_type_simple(LT_TYPE_INT), .index = -1};
    one->value = lt_value_i64(1);
    return lt_expr_alias(one, "_0", arena);
}

/* The projection's column for what an aggregate gets; it is there once. */
static uint32_t put_column(struct lt_plan_node *project, uint32_t first, uint32_t *count,
                           struct lt_expression *value, struct lt_arena *arena)
{
    for (uint32_t i = first; i < *count; i++) {
        if (lt_expr_same(project->expressions[i]->arguments[0], value))
            return i;
    }
    const char *name = lt_arena_format(arena, "_%u", *count - first);
    project->expressions[*count] = lt_expr_alias(value, name, arena);
    return (*count)++;
}

/* Keys, and what aggregates get; fills in where the latter stand. */
static int project_inputs(const struct grouping *grouping, struct lt_plan_aggregate *aggregates,
                          struct lt_plan_node **out)
{
    struct lt_arena *arena = grouping->analysis->env->arena;
    struct lt_plan_node *project =
        lt_sql_node_over(grouping->analysis, LT_PLAN_PROJECT, grouping->input, grouping->text,
                         input_width(grouping));
    const uint32_t first = grouping->key_count;
    uint32_t count = first;
    for (uint32_t i = 0; i < first; i++)
        project->expressions[i] =
            lt_expr_alias(lt_sql_copy_tree(grouping->keys[i].written, arena),
                          grouping->keys[i].name, arena);
    for (uint32_t i = 0; i < grouping->call_count; i++) {
        const struct lt_aggregate_call *call = &grouping->calls[i];
        uint32_t *arguments = lt_arena_alloc(arena, (call->input_count + 1) * sizeof *arguments);
        for (uint32_t j = 0; j < call->input_count; j++)
            arguments[j] = put_column(project, first, &count, call->inputs[j], arena);
        aggregates[i] = (struct lt_plan_aggregate){
            .function = call->function,
            .arguments = arguments,
            .argument_count = call->input_count,
            .filter = call->filter == NULL
                          ? -1
                          : (int32_t)put_column(project, first, &count, call->filter, arena),
            .ignores_nulls = call->ignores_nulls,
            .is_distinct = call->is_distinct,
            .parameters = call->parameters,
            .parameter_count = call->parameter_count,
            .type = call->type};
    }
    if (count == 0) { /* count(*) of no groups asks for no column at all, and a row has one */
        project->expressions = lt_arena_alloc(arena, sizeof *project->expressions);
        project->expression_texts = lt_arena_alloc(arena, sizeof *project->expression_texts);
        project->expression_texts[0] = grouping->text;
        project->expressions[count++] = make_one(arena);
    }
    project->expression_count = count;
    *out = project;
    return lt_sql_complete(grouping->analysis, project);
}

struct lt_plan_node *lt_sql_aggregate_node(struct lt_sql_analysis *analysis,
                                           struct lt_plan_node *input,
                                           const struct lt_plan_stateful *stateful,
                                           const struct lt_type *schema)
{
    struct lt_arena *arena = analysis->env->arena;
    struct lt_plan_node *node = lt_plan_node_create(arena, LT_PLAN_AGGREGATE, 1);
    struct lt_plan_stateful *copy = lt_arena_alloc(arena, sizeof *copy);
    *copy = *stateful;
    node->inputs[0] = input;
    node->session = analysis->env->session;
    node->stateful = copy;
    node->schema = schema;
    return node;
}

int lt_sql_event_column(struct lt_sql_analysis *analysis, const struct lt_plan_node *node,
                        const uint32_t *columns, uint32_t count, struct lt_expr_place place,
                        int32_t *out)
{
    const bool *is_event = lt_sql_event_times(node, analysis->env->arena);
    const char *list = "";
    uint32_t found = 0;
    *out = -1;
    for (uint32_t i = 0; i < count; i++) {
        if (!is_event[columns[i]])
            continue;
        list = lt_arena_format(analysis->env->arena, "%s%s%s", list, found++ == 0 ? "" : ",",
                               node->schema->fields[columns[i]].name);
        *out = (int32_t)columns[i];
    }
    if (found < 2)
        return LT_OK;
    return lt_expr_error(analysis->error, LT_E_UNSUPPORTED, "_LEGACY_ERROR_TEMP_3077", "", place,
                         "More than one event time columns are available. Please ensure there is "
                         "at most one event time column per stream. event time columns: (%s)",
                         list);
}

static const struct lt_type *schema_of(const struct grouping *grouping,
                                       const struct lt_type *input)
{
    struct lt_arena *arena = grouping->analysis->env->arena;
    uint32_t count = grouping->key_count + grouping->call_count;
    struct lt_field *fields = lt_arena_alloc(arena, (count + 1) * sizeof *fields);
    for (uint32_t i = 0; i < grouping->key_count; i++)
        fields[i] = input->fields[i];
    for (uint32_t i = 0; i < grouping->call_count; i++)
        fields[grouping->key_count + i] =
            (struct lt_field){.name = grouping->call_names[i],
                              .type = grouping->calls[i].type,
                              .nullable = grouping->calls[i].nullable};
    return lt_type_struct(arena, fields, count);
}

static int aggregate(const struct grouping *grouping, struct lt_plan_node **out)
{
    struct lt_sql_analysis *analysis = grouping->analysis;
    struct lt_arena *arena = analysis->env->arena;
    struct lt_plan_aggregate *aggregates =
        lt_arena_alloc(arena, (grouping->call_count + 1) * sizeof *aggregates);
    uint32_t *keys = lt_arena_alloc(arena, (grouping->key_count + 1) * sizeof *keys);
    struct lt_plan_stateful stateful = {.aggregates = aggregates,
                                        .aggregate_count = grouping->call_count,
                                        .session_gap = grouping->session};
    struct lt_expr_place place = {grouping->text, grouping->select->group_begin,
                                  grouping->select->end};
    int code = project_inputs(grouping, aggregates, out);
    if (code != LT_OK)
        return code;
    for (uint32_t i = 0; i < grouping->key_count; i++)
        keys[i] = i;
    stateful.left = (struct lt_plan_side){.keys = keys, .key_count = grouping->key_count};
    code = lt_sql_event_column(analysis, *out, keys, grouping->key_count, place,
                               &stateful.left.event_time.column);
    bool is_session_time =
        grouping->session >= 0 &&
        lt_sql_is_event_time(grouping->keys[grouping->session].analysed->arguments[0]->arguments[1],
                             lt_sql_event_times(grouping->input, arena));
    if (is_session_time)
        stateful.left.event_time.column = grouping->session;
    int32_t column = stateful.left.event_time.column;
    stateful.left.event_time.is_window =
        column >= 0 && (*out)->schema->fields[column].type->kind == LT_TYPE_STRUCT;
    *out = lt_sql_aggregate_node(analysis, *out, &stateful, schema_of(grouping, (*out)->schema));
    return code;
}

/* What the query's uses are told: the aggregation is made, by this event time. */
static void tell_use(const struct grouping *grouping, const struct lt_plan_node *node)
{
    struct lt_sql_uses *uses = &grouping->analysis->uses;
    for (uint32_t i = uses->count; i > 0; i--) {
        struct lt_sql_use *use = &uses->items[i - 1];
        if (strcmp(use->name, "Aggregate") != 0 || use->is_made)
            continue;
        use->is_made = grouping->select->grouping != LT_SQL_GROUPING_SETS;
        use->has_event_time = node->stateful->left.event_time.column >= 0;
        use->is_global_session = grouping->session >= 0 && grouping->key_count == 1;
        return;
    }
}

static const char *tree_text(const struct grouping *grouping, const struct lt_plan_node *project)
{
    struct lt_arena *arena = grouping->analysis->env->arena;
    const char *text = "";
    for (uint32_t i = 0; i < grouping->key_count; i++)
        text = lt_arena_format(arena, "%s%s%s", text, i == 0 ? "" : ", ", grouping->keys[i].name);
    text = lt_arena_format(arena, "[%s], [", text);
    for (uint32_t i = 0; i < project->expression_count; i++)
        text = lt_arena_format(arena, "%s%s%s", text, i == 0 ? "" : ", ",
                               lt_expr_plan_text(project->expressions[i], false, arena));
    return lt_arena_format(arena, "%s]", text);
}

/* HAVING and the select list, over the groups. */
static int finish(const struct grouping *grouping, struct lt_expression *having,
                  const struct lt_expr_list *list, struct lt_sql_output *out)
{
    struct lt_sql_analysis *analysis = grouping->analysis;
    if (having != NULL) {
        struct lt_plan_node *filter =
            lt_sql_node_over(analysis, LT_PLAN_FILTER, out->node, grouping->text, 1);
        filter->expressions[0] = having;
        int code = lt_sql_complete(analysis, filter);
        if (code != LT_OK)
            return code;
        out->node = filter;
    }
    struct lt_plan_node *project = lt_sql_node_over(analysis, LT_PLAN_PROJECT, out->node,
                                                    grouping->text, (uint32_t)list->count);
    for (size_t i = 0; i < list->count; i++)
        project->expressions[i] = list->expressions[i];
    int code = lt_sql_complete(analysis, project);
    if (code != LT_OK)
        return code;
    out->node = project;
    out->scope = lt_sql_scope_of(analysis, project->schema, NULL);
    lt_sql_tree_over(analysis, "Aggregate", tree_text(grouping, project), out);
    if (having != NULL)
        lt_sql_tree_over(analysis, "Filter",
                         lt_expr_plan_text(having, false, analysis->env->arena), out);
    return LT_OK;
}

int lt_sql_lower_group(struct lt_sql_analysis *analysis, const struct lt_sql_select *kept,
                       const char *text, const struct lt_sql_output *input,
                       struct lt_sql_output *out)
{
    struct grouping grouping = {.analysis = analysis,
                                .select = kept,
                                .text = text,
                                .below = input->scope,
                                .input = input->node,
                                .session = -1};
    const struct lt_sql_scope wider =
        lt_sql_scope_of_groups(&input->scope, kept, analysis->env->arena);
    grouping.names = lt_sql_names_in(analysis, &wider, text);
    struct lt_expr_list list = {0};
    int code = add_keys(&grouping);
    if (code == LT_OK && kept->having != NULL)
        put_aliases(&grouping, kept->having); /* before the items are lifted */
    if (code == LT_OK)
        code = lift_items(&grouping, &list);
    if (code == LT_OK && kept->having != NULL)
        code = lift_having(&grouping, kept->having);
    out->tree = input->tree;
    if (code == LT_OK)
        code = aggregate(&grouping, &out->node);
    if (code != LT_OK)
        return code;
    tell_use(&grouping, out->node);
    return finish(&grouping, kept->having, &list, out);
}
