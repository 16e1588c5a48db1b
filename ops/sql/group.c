/*
 * Expressions are the same when their texts are, names resolved.
 */
#include "ops/sql/group.h"

#include <string.h>

#include "ops/expr/diagnose.h"

bool lt_sql_is_grouped(const struct lt_sql_select *select)
{
    bool is_grouped = select->grouping != LT_SQL_NOT_GROUPED || select->having != NULL;
    for (uint32_t i = 0; i < select->items.count && !is_grouped; i++)
        is_grouped = lt_sql_find_aggregate(select->items.items[i]) != NULL;
    return is_grouped;
}

int lt_sql_check_where(struct lt_sql_names *names, const struct lt_expression *where)
{
    const struct lt_expression *found = lt_sql_find_aggregate(where);
    if (found == NULL)
        found = lt_sql_find_window(where);
    if (found == NULL)
        return LT_OK;
    struct lt_expr_place place = {names->text, found->begin, found->end};
    return lt_expr_error(names->error, LT_E_ANALYSIS, "INVALID_WHERE_CONDITION", "42903", place,
                         "a WHERE condition cannot have aggregate, window or generator functions");
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

/* The first column that is neither in a group's expression nor in an aggregate; NULL: none. */
static const struct lt_expression *find_loose(const struct lt_expression *node,
                                              const struct groups *groups, struct lt_arena *arena)
{
    bool is_aggregate = node->kind == LT_EXPR_CALL && lt_sql_is_aggregate(node->name);
    if (is_aggregate || is_grouped_text(groups, lt_expr_text(node, arena)))
        return NULL;
    if (node->kind == LT_EXPR_COLUMN)
        return node;
    for (uint32_t i = 0; i < node->argument_count; i++) {
        const struct lt_expression *found = find_loose(node->arguments[i], groups, arena);
        if (found != NULL)
            return found;
    }
    return NULL;
}

static int refuse_loose(const struct lt_sql_names *names, const struct lt_expression *loose,
                        bool has_groups)
{
    struct lt_expr_place place = {names->text, loose->begin, loose->end};
    if (!has_groups)
        return lt_expr_error(names->error, LT_E_ANALYSIS, "MISSING_GROUP_BY", "42803", place,
                             "the query aggregates, has no GROUP BY, and column \"%s\" stands "
                             "outside of an aggregate function",
                             loose->name);
    return lt_expr_error(names->error, LT_E_ANALYSIS, "MISSING_AGGREGATION", "42803", place,
                         "column \"%s\" is neither grouped nor aggregated; hint: add it to GROUP "
                         "BY, or use any_value(%s)",
                         loose->name, loose->name);
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

static int read_groups(struct lt_sql_names *names, const struct lt_sql_select *select,
                       struct groups *out)
{
    out->texts = lt_arena_alloc(names->arena, (select->group_by.count + 1) * sizeof *out->texts);
    names->items = select->items.items; /* a group may be called by its alias */
    names->item_count = select->items.count;
    for (uint32_t i = 0; i < select->group_by.count; i++) {
        struct lt_expression *group = at_place(select, select->group_by.items[i]);
        int code = lt_sql_check_names(names, &group);
        if (code != LT_OK)
            return code;
        out->texts[out->count++] = lt_expr_text(group, names->arena);
    }
    return LT_OK;
}

static void use_operators(const struct lt_sql_names *names, const struct lt_sql_select *select,
                          struct lt_sql_uses *uses)
{
    bool is_distinct = false;
    for (uint32_t i = 0; i < select->items.count; i++)
        is_distinct |= lt_sql_has_distinct(select->items.items[i]);
    if (select->grouping == LT_SQL_GROUPING_SETS)
        lt_sql_use(uses, "Expand", NULL, names->text, select->begin, select->end);
    lt_sql_use(uses, "Aggregate", is_distinct ? "distinct" : NULL, names->text, select->begin,
               select->end);
}

int lt_sql_check_group(struct lt_sql_names *names, const struct lt_sql_select *select,
                       struct lt_sql_uses *uses)
{
    struct groups groups = {0};
    bool is_all = select->grouping == LT_SQL_GROUPED_ALL;
    int code = is_all ? LT_OK : read_groups(names, select, &groups);
    names->item_count = 0;
    for (uint32_t i = 0; i < select->items.count && code == LT_OK; i++) {
        struct lt_expression *item = select->items.items[i];
        if (item->kind == LT_EXPR_STAR)
            continue;
        code = lt_sql_check_names(names, &item);
        const struct lt_expression *loose =
            code != LT_OK || is_all ? NULL : find_loose(item, &groups, names->arena);
        if (loose != NULL)
            code = refuse_loose(names, loose, groups.count > 0);
    }
    names->items = select->items.items;
    names->item_count = select->items.count;
    struct lt_expression *having = select->having;
    if (code == LT_OK && having != NULL)
        code = lt_sql_check_names(names, &having);
    const struct lt_expression *loose = code != LT_OK || having == NULL || is_all
                                            ? NULL
                                            : find_loose(having, &groups, names->arena);
    if (loose != NULL)
        code = refuse_loose(names, loose, groups.count > 0);
    names->item_count = 0;
    if (code == LT_OK)
        use_operators(names, select, uses);
    return code;
}
