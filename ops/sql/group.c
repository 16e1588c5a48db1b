/*
 * Expressions are the same when their texts are, names resolved.
 */
#include "ops/sql/group.h"

#include <string.h>

#include "core/base/ascii.h"
#include "ops/expr/diagnose.h"
#include "ops/expr/expr.h"
#include "ops/sql/aggregate.h"
#include "ops/sql/find.h"

bool lt_sql_is_grouped(const struct lt_sql_select *select)
{
    bool is_grouped = select->grouping != LT_SQL_NOT_GROUPED || select->having != NULL;
    for (uint32_t i = 0; i < select->items.count && !is_grouped; i++)
        is_grouped = lt_sql_find_aggregate(select->items.items[i]) != NULL;
    return is_grouped;
}

/* The relation that a column comes from; NULL: one without a name. */
static const char *qualifier_of(const struct lt_sql_scope *scope, const char *name)
{
    int index = lt_type_field_index(scope->schema, name);
    for (uint32_t i = 0; i < scope->part_count && index >= 0; i++) {
        const struct lt_sql_part *part = &scope->parts[i];
        if ((uint32_t)index >= part->first && (uint32_t)index < part->first + part->count)
            return part->qualifier;
    }
    return NULL;
}

void lt_sql_qualify(const struct lt_sql_names *names, struct lt_expression *node)
{
    const char *qualifier =
        node->kind == LT_EXPR_COLUMN ? qualifier_of(names->scope, node->name) : NULL;
    if (qualifier != NULL)
        node->name = lt_arena_format(names->arena, "%s.%s", qualifier, node->name);
    for (uint32_t i = 0; i < node->argument_count; i++)
        lt_sql_qualify(names, node->arguments[i]);
}

/* Appends the aggregates in the tree, their columns with the relations they come from. */
static void list_aggregates(const struct lt_sql_names *names, const struct lt_expression *node,
                            const char **list)
{
    if (node->kind == LT_EXPR_CALL && lt_sql_is_aggregate(node->name)) {
        struct lt_expression *copy = lt_sql_copy_tree(node, names->arena);
        lt_sql_qualify(names, copy);
        *list = lt_arena_format(names->arena, "%s%s%s", *list, **list == '\0' ? "" : ", ",
                                lt_expr_text(copy, names->arena));
        return;
    }
    for (uint32_t i = 0; i < node->argument_count; i++)
        list_aggregates(names, node->arguments[i], list);
}

int lt_sql_check_where(struct lt_sql_names *names, const struct lt_expression *where)
{
    const struct lt_expression *window = lt_sql_find(where, lt_sql_is_over);
    const struct lt_expression *aggregate = lt_sql_find_aggregate(where);
    const struct lt_expression *found = window != NULL ? window : aggregate;
    if (found == NULL)
        return LT_OK;
    struct lt_sql_made made = {0};
    int code = lt_sql_make_aggregates(names, lt_sql_copy_tree(where, names->arena), 0, &made);
    if (code != LT_OK)
        return code;
    struct lt_expr_place place = {names->text, found->begin, found->end};
    if (window != NULL)
        return lt_expr_error(names->error, LT_E_ANALYSIS, "_LEGACY_ERROR_TEMP_1034", "", place,
                             "It is not allowed to use window functions inside WHERE clause.");
    const char *list = "";
    list_aggregates(names, where, &list);
    return lt_expr_error(
        names->error, LT_E_ANALYSIS, "INVALID_WHERE_CONDITION", "42903", place,
        "The WHERE condition \"%s\" contains invalid expressions: %s.\nRewrite the query to avoid "
        "window functions, aggregate functions, and generator functions in the WHERE clause.",
        lt_expr_text(where, names->arena), list);
}

/* ------------------------------------------------------------------------------------- columns */

struct groups {
    const char **texts;
    uint32_t count;
};

static bool is_grouped_text(const struct groups *groups, const char *text)
{
    for (uint32_t i = 0; i < groups->count; i++) {
        if (strcmp(groups->texts[i], text) == 0)
            return true;
    }
    return false;
}

static bool is_grouped_name(const struct groups *groups, const char *name)
{
    for (uint32_t i = 0; i < groups->count; i++) {
        if (lt_ascii_compare(groups->texts[i], name) == 0)
            return true;
    }
    return false;
}

/* The first column that is neither in a group's expression nor in an aggregate; NULL: none. */
static const struct lt_expression *find_loose(const struct lt_expression *node,
                                              const struct groups *groups, struct lt_arena *arena)
{
    bool is_aggregate = node->kind == LT_EXPR_CALL && lt_sql_is_aggregate(node->name);
    if (is_aggregate || is_grouped_text(groups, lt_expr_text(node, arena)))
        return NULL;
    /* Spark computes it of a window before the groups are made, where it is none of their keys. */
    if (node->kind == LT_EXPR_COLUMN || lt_sql_is_call_of(node, "window_time"))
        return node->kind == LT_EXPR_COLUMN && is_grouped_name(groups, node->name) ? NULL : node;
    for (uint32_t i = 0; i < node->argument_count; i++) {
        const struct lt_expression *found = find_loose(node->arguments[i], groups, arena);
        if (found != NULL)
            return found;
    }
    return NULL;
}

static int refuse_loose(const struct lt_sql_names *names, const struct lt_sql_select *select,
                        const struct lt_expression *loose, bool has_groups)
{
    struct lt_expr_place place = {names->text, loose->begin, loose->end};
    struct lt_expr_place whole = {names->text, select->begin, select->end};
    if (!has_groups)
        return lt_expr_error(
            names->error, LT_E_ANALYSIS, "MISSING_GROUP_BY", "42803", whole,
            "The query does not include a GROUP BY clause. Add GROUP BY or turn it "
            "into the window functions using OVER clauses.");
    return lt_expr_error(
        names->error, LT_E_ANALYSIS, "MISSING_AGGREGATION", "42803", place,
        "The non-aggregating expression \"%s\" is based on columns which are not "
        "participating in the GROUP BY clause.\nAdd the columns or the expression to "
        "the GROUP BY, aggregate the expression, or use \"any_value(%s)\" if you do "
        "not care which of the values within a group is returned.",
        lt_expr_text(loose, names->arena), lt_expr_text(loose, names->arena));
}

/* ------------------------------------------------------------------------------------- groups */

/* A constant integer is a place in the select list. */
static struct lt_expression *at_place(const struct lt_sql_select *select,
                                      struct lt_expression *group)
{
    bool is_place = group->kind == LT_EXPR_LITERAL && group->type->kind == LT_TYPE_INT &&
                    group->value.i64 >= 1 && group->value.i64 <= select->items.count;
    if (!is_place)
        return group;
    struct lt_expression *item = select->items.items[group->value.i64 - 1];
    return item->kind == LT_EXPR_ALIAS ? item->arguments[0] : item;
}

/* A group may be called by the alias of an item, where no column has its name. */
static struct lt_expression *at_alias(const struct lt_sql_names *names,
                                      const struct lt_sql_select *select,
                                      struct lt_expression *group)
{
    if (group->kind != LT_EXPR_COLUMN ||
        lt_type_field_index(names->scope->schema, group->name) != -1)
        return group;
    for (uint32_t i = 0; i < select->items.count; i++) {
        struct lt_expression *item = select->items.items[i];
        if (item->kind == LT_EXPR_ALIAS && lt_ascii_compare(item->name, group->name) == 0)
            return item->arguments[0];
    }
    return group;
}

struct lt_expression *lt_sql_group_item(const struct lt_sql_names *names,
                                        const struct lt_sql_select *select,
                                        struct lt_expression *item)
{
    return at_alias(names, select, at_place(select, item));
}

/* A place that there is, and nothing that is made of groups. */
static int check_group_item(const struct lt_sql_names *names, const struct lt_sql_select *select,
                            const struct lt_expression *item, const struct lt_expression *group)
{
    struct lt_expr_place place = {names->text, item->begin, item->end};
    bool is_number = item->kind == LT_EXPR_LITERAL && item->type->kind == LT_TYPE_INT;
    if (is_number && group == item)
        return lt_expr_error(names->error, LT_E_ANALYSIS, "GROUP_BY_POS_OUT_OF_RANGE", "42805",
                             place,
                             "GROUP BY position %lld is not in select list (valid range is [1, "
                             "%u]).",
                             (long long)item->value.i64, select->items.count);
    const struct lt_expression *aggregate = lt_sql_find_aggregate(group);
    if (aggregate == NULL)
        return LT_OK;
    const char *text = lt_expr_text(aggregate, names->arena);
    if (is_number)
        return lt_expr_error(names->error, LT_E_ANALYSIS, "GROUP_BY_POS_AGGREGATE", "42903", place,
                             "GROUP BY %lld refers to an expression %s AS `%s` that contains an "
                             "aggregate function. Aggregate functions are not allowed in GROUP BY.",
                             (long long)item->value.i64, text, text);
    return lt_expr_error(names->error, LT_E_ANALYSIS, "GROUP_BY_AGGREGATE", "42903", place,
                         "Aggregate functions are not allowed in GROUP BY, but found %s.", text);
}

/* A group that no item of the select list is: its types fit. What this version has not is told of
 * the query as a whole. */
static int check_group_type(const struct lt_sql_names *names, const struct lt_expression *group)
{
    struct lt_expression *copy = lt_sql_copy_tree(group, names->arena);
    struct lt_error error;
    lt_error_clear(&error);
    int code = lt_expr_analyse(&copy, names->text, names->scope->schema, names->session,
                               names->arena, &error);
    if (code != LT_OK && code != LT_E_UNSUPPORTED) {
        *names->error = error;
        return code;
    }
    return LT_OK;
}

static int read_groups(struct lt_sql_names *names, const struct lt_sql_select *select,
                       struct groups *out)
{
    out->texts =
        lt_arena_alloc(names->arena, (2 * select->group_by.count + 1) * sizeof *out->texts);
    for (uint32_t i = 0; i < select->group_by.count; i++) {
        struct lt_expression *item = select->group_by.items[i];
        if (item->kind == LT_EXPR_STAR)
            return lt_sql_refuse_star(names, item, "Aggregate");
        struct lt_expression *group = lt_sql_group_item(names, select, item);
        int code = check_group_item(names, select, item, group);
        if (code == LT_OK)
            code = lt_sql_check_names(names, &group);
        if (code != LT_OK)
            return code;
        if (lt_sql_is_time_window(group)) /* what its column is called */
            out->texts[out->count++] = group->name;
        out->texts[out->count++] = lt_expr_text(group, names->arena);
        if (group == item)
            code = check_group_type(names, group);
        if (code != LT_OK)
            return code;
    }
    return LT_OK;
}

static bool is_distinct(const struct lt_expression *node)
{
    return lt_sql_is_call_of(node, "distinct");
}

static void use_operators(const struct lt_sql_names *names, const struct lt_sql_select *select,
                          struct lt_sql_uses *uses)
{
    if (select->grouping == LT_SQL_GROUPING_SETS)
        lt_sql_use(uses, "Expand", names->text, select->begin, select->end)->is_grouping_sets =
            true;
    struct lt_sql_use *use = lt_sql_use(uses, "Aggregate", names->text, select->begin, select->end);
    for (uint32_t i = 0; i < select->items.count; i++)
        use->is_distinct |= lt_sql_find(select->items.items[i], is_distinct) != NULL;
    if (select->having != NULL)
        use->is_distinct |= lt_sql_find(select->having, is_distinct) != NULL;
    for (uint32_t i = 0; i < select->group_by.count; i++) {
        const struct lt_expression *group =
            lt_sql_group_item(names, select, select->group_by.items[i]);
        use->is_session |= lt_sql_is_call_of(group, "session_window");
        use->has_event_time |= lt_sql_has_event_time(uses, group);
    }
}

/* Each row would fall into windows of both. */
static int refuse_windows(const struct lt_sql_names *names, uint32_t begin, uint32_t end)
{
    struct lt_expr_place place = {names->text, begin, end};
    return lt_expr_error(names->error, LT_E_ANALYSIS, "_LEGACY_ERROR_TEMP_1039", "", place,
                         "Multiple time/session window expressions would result in a cartesian "
                         "product of rows, therefore they are currently not supported.");
}

static int check_windows(const struct lt_sql_names *names, const struct lt_sql_select *select)
{
    unsigned count = 0;
    for (uint32_t i = 0; i < select->group_by.count; i++)
        count += lt_sql_is_time_window(select->group_by.items[i]);
    return count < 2 ? LT_OK : refuse_windows(names, select->group_begin, select->end);
}

/* The arguments of a call: a window's own text has none. */
static const char *arguments_text(const struct lt_expression *call, struct lt_arena *arena)
{
    const char *text = call->name;
    for (uint32_t i = 0; i < call->argument_count; i++)
        text = lt_arena_format(arena, "%s, %s", text, lt_expr_text(call->arguments[i], arena));
    return text;
}

/* Those of a plain select list are compared when they are analysed (ops/time_windows.h). */
int lt_sql_check_time_windows(const struct lt_sql_names *names, const struct lt_sql_select *select)
{
    const char *first = NULL;
    bool is_plain = !lt_sql_is_grouped(select);
    for (uint32_t i = 0; i < select->items.count && is_plain; i++)
        is_plain = lt_sql_find(select->items.items[i], lt_sql_is_session_window) == NULL;
    if (is_plain)
        return LT_OK;
    for (uint32_t i = 0; i < select->items.count; i++) {
        const struct lt_expression *window =
            lt_sql_find(select->items.items[i], lt_sql_is_time_window);
        const char *text = window == NULL ? NULL : arguments_text(window, names->arena);
        if (first != NULL && text != NULL && strcmp(first, text) != 0)
            return refuse_windows(names, window->begin, window->end);
        first = first == NULL ? text : first;
    }
    return LT_OK;
}

/* What a star stands for must be grouped. */
static int check_star(struct lt_sql_names *names, const struct lt_sql_select *select,
                      const struct lt_expression *star, const struct groups *groups)
{
    const struct lt_type *schema = names->scope->schema;
    for (uint32_t i = 0; i < schema->field_count && star->argument_count == 0; i++) {
        struct lt_expression column = {.kind = LT_EXPR_COLUMN,
                                       .name = schema->fields[i].name,
                                       .begin = star->begin,
                                       .end = star->end};
        if (!lt_type_is_hidden(schema, i) &&
            !is_grouped_text(groups, lt_expr_text(&column, names->arena)))
            return refuse_loose(names, select, &column, groups->count > 0);
    }
    return LT_OK;
}

/* A generator may stand alone, but under nothing. */
static int check_generators(const struct lt_sql_names *names, const struct lt_expression *item)
{
    const struct lt_expression *value = item->kind == LT_EXPR_ALIAS ? item->arguments[0] : item;
    struct lt_expr_place place = {names->text, item->begin, item->end};
    if (lt_sql_is_generator(value) || lt_sql_find(value, lt_sql_is_generator) == NULL)
        return LT_OK;
    return lt_expr_error(names->error, LT_E_ANALYSIS, "UNSUPPORTED_GENERATOR.NESTED_IN_EXPRESSIONS",
                         "42K0E", place,
                         "The generator is not supported: nested in expressions \"%s\".",
                         lt_expr_text(value, names->arena));
}

static bool is_grouping(const struct lt_expression *node)
{
    return lt_sql_is_call_of(node, "grouping") || lt_sql_is_call_of(node, "grouping_id");
}

static const struct lt_expression *find_grouping(const struct lt_sql_select *select)
{
    const struct lt_expression *found = NULL;
    for (uint32_t i = 0; i < select->items.count && found == NULL; i++)
        found = lt_sql_find(select->items.items[i], is_grouping);
    return found;
}

struct lt_sql_scope lt_sql_scope_of_groups(const struct lt_sql_scope *scope,
                                           const struct lt_sql_select *select,
                                           struct lt_arena *arena)
{
    const struct lt_expression *window = NULL;
    for (uint32_t i = 0; i < select->group_by.count && window == NULL; i++)
        window =
            lt_sql_is_time_window(select->group_by.items[i]) ? select->group_by.items[i] : NULL;
    if (window == NULL || lt_type_field_index(scope->schema, window->name) != -1)
        return *scope;
    uint32_t count = scope->schema->field_count;
    struct lt_field *fields = lt_arena_alloc(arena, (count + 1) * sizeof *fields);
    struct lt_field *ends = lt_arena_alloc(arena, 2 * sizeof *ends);
    struct lt_sql_scope wider = {.part_count = scope->part_count + 1};
    wider.parts = lt_arena_alloc(arena, wider.part_count * sizeof *wider.parts);
    if (count > 0)
        memcpy(fields, scope->schema->fields, count * sizeof *fields);
    if (scope->part_count > 0)
        memcpy(wider.parts, scope->parts, scope->part_count * sizeof *wider.parts);
    ends[0] = (struct lt_field){.name = "start", .type = lt_type_simple(LT_TYPE_TIMESTAMP)};
    ends[1] = (struct lt_field){.name = "end", .type = lt_type_simple(LT_TYPE_TIMESTAMP)};
    fields[count] = (struct lt_field){.name = window->name, .type = lt_type_struct(arena, ends, 2)};
    wider.parts[scope->part_count] = (struct lt_sql_part){.first = count, .count = 1};
    wider.schema = lt_type_struct(arena, fields, count + 1);
    return wider;
}

/* What the select list gives, as Spark names it: aliases, and columns with their relation. */
static struct lt_sql_scope scope_of_items(const struct lt_sql_names *names,
                                          const struct lt_sql_select *select)
{
    uint32_t count = select->items.count;
    struct lt_field *fields = lt_arena_alloc(names->arena, count * sizeof *fields);
    struct lt_sql_part *parts = lt_arena_alloc(names->arena, count * sizeof *parts);
    for (uint32_t i = 0; i < count; i++) {
        const struct lt_expression *item = select->items.items[i];
        const char *name = lt_expr_output_name(item, names->arena);
        fields[i] = (struct lt_field){.name = name, .type = lt_type_simple(LT_TYPE_VOID)};
        parts[i] = (struct lt_sql_part){.first = i, .count = 1};
        if (item->kind == LT_EXPR_COLUMN)
            parts[i].qualifier = qualifier_of(names->scope, name);
    }
    return (struct lt_sql_scope){
        .schema = lt_type_struct(names->arena, fields, count), .parts = parts, .part_count = count};
}

/* The first plain name that neither the input nor the select list has; NULL: none. */
static const struct lt_expression *find_unknown(const struct lt_expression *node,
                                                const struct lt_sql_scope *input,
                                                const struct groups *known)
{
    bool is_plain = node->kind == LT_EXPR_COLUMN;
    if (is_plain && lt_type_field_index(input->schema, node->name) == -1 &&
        !is_grouped_name(known, node->name))
        return node;
    if (node->kind == LT_EXPR_FIELD || node->kind == LT_EXPR_LAMBDA)
        return NULL;
    for (uint32_t i = 0; i < node->argument_count; i++) {
        const struct lt_expression *found = find_unknown(node->arguments[i], input, known);
        if (found != NULL)
            return found;
    }
    return NULL;
}

/* The items' aliases are columns of the condition, before those of the input. */
static int check_having(struct lt_sql_names *names, const struct lt_sql_select *select,
                        const struct groups *groups)
{
    struct lt_expression *having = select->having;
    const struct lt_sql_scope given = scope_of_items(names, select);
    struct groups known = {
        lt_arena_alloc(names->arena, (groups->count + given.part_count) * sizeof *known.texts), 0};
    for (uint32_t i = 0; i < given.part_count; i++)
        known.texts[known.count++] = given.schema->fields[i].name;
    const struct lt_expression *wrong = find_unknown(having, names->scope, &known);
    if (wrong == NULL) {
        names->items = select->items.items;
        names->item_count = select->items.count;
        int code = lt_sql_check_names(names, &having);
        names->item_count = 0;
        if (code != LT_OK || select->grouping == LT_SQL_GROUPED_ALL)
            return code;
        for (uint32_t i = 0; i < groups->count; i++)
            known.texts[known.count++] = groups->texts[i];
        wrong = find_loose(having, &known, names->arena);
    }
    if (wrong == NULL)
        return LT_OK;
    struct lt_sql_names items = *names;
    items.scope = &given;
    return lt_sql_unresolved(&items, wrong->begin, wrong->end, NULL, wrong->name);
}

int lt_sql_check_group(struct lt_sql_names *names, const struct lt_sql_select *select,
                       struct lt_sql_uses *uses)
{
    struct groups groups = {0};
    bool is_all = select->grouping == LT_SQL_GROUPED_ALL;
    const struct lt_expression *grouping = find_grouping(select);
    if (grouping != NULL && select->grouping != LT_SQL_GROUPING_SETS) {
        struct lt_expr_place place = {names->text, grouping->begin, grouping->end};
        return lt_expr_error(names->error, LT_E_ANALYSIS, "UNSUPPORTED_GROUPING_EXPRESSION",
                             "42K0E", place,
                             "grouping()/grouping_id() can only be used with "
                             "GroupingSets/Cube/Rollup.");
    }
    int code = is_all ? LT_OK : read_groups(names, select, &groups);
    if (code == LT_OK)
        code = check_windows(names, select);
    names->item_count = 0;
    for (uint32_t i = 0; i < select->items.count && code == LT_OK; i++) {
        struct lt_expression *item = select->items.items[i];
        if (item->kind == LT_EXPR_STAR) {
            code = is_all ? LT_OK : check_star(names, select, item, &groups);
            continue;
        }
        code = check_generators(names, item);
        if (code == LT_OK)
            code = lt_sql_check_names(names, &item);
        const struct lt_expression *loose =
            code != LT_OK || is_all ? NULL : find_loose(item, &groups, names->arena);
        if (loose != NULL)
            code = refuse_loose(names, select, loose, groups.count > 0);
    }
    if (code == LT_OK && select->having != NULL)
        code = check_having(names, select, &groups);
    if (code == LT_OK)
        use_operators(names, select, uses);
    return code;
}
