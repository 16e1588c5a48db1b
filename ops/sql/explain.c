/*
 * Parsed queries as trees.
 */
#include "ops/sql/explain.h"

#include "ops/expr/expr.h"

/* What `lt_sql_parsed_tree` works with. */
static struct lt_plan_tree *query_tree(const struct lt_sql_query *query, struct lt_arena *arena);

static const char *text_of(const struct lt_expression *node, struct lt_arena *arena)
{
    return lt_expr_plan_text(node, true, arena);
}

/* An item without a name has one only when it is analysed. */
static const char *item_text(const struct lt_expression *item, struct lt_arena *arena)
{
    bool has_name = item->kind == LT_EXPR_ALIAS || item->kind == LT_EXPR_COLUMN ||
                    item->kind == LT_EXPR_STAR || item->kind == LT_EXPR_FIELD;
    const char *text = text_of(item, arena);
    return has_name ? text : lt_arena_format(arena, "unresolvedalias(%s)", text);
}

static const char *list_text(const struct lt_parser_items *items, bool are_columns,
                             struct lt_arena *arena)
{
    const char *list = "[";
    for (uint32_t i = 0; i < items->count; i++)
        list = lt_arena_format(arena, "%s%s%s", list, i == 0 ? "" : ", ",
                               are_columns ? item_text(items->items[i], arena)
                                           : text_of(items->items[i], arena));
    return lt_arena_format(arena, "%s]", list);
}

static const char *names_text(const char *const *names, uint32_t count, const char *quote,
                              struct lt_arena *arena)
{
    const char *list = "[";
    for (uint32_t i = 0; i < count; i++)
        list = lt_arena_format(arena, "%s%s%s%s", list, i == 0 ? "" : ", ", quote, names[i]);
    return lt_arena_format(arena, "%s]", list);
}

/* ----------------------------------------------------------------------------------- relations */

static struct lt_plan_tree *relation_tree(const struct lt_sql_relation *relation,
                                          struct lt_arena *arena);

static struct lt_plan_tree *lateral_tree(const struct lt_sql_relation *view, struct lt_arena *arena)
{
    const char *details = lt_arena_format(
        arena, " %s, %s, %s%s", text_of(view->generator, arena), view->is_outer ? "true" : "false",
        view->alias != NULL ? view->alias : "", view->alias != NULL ? ", " : "");
    details = lt_arena_format(arena, "%s%s", details,
                              names_text(view->columns.names, view->columns.count, "'", arena));
    return lt_plan_tree_over(arena, "'Generate", details, relation_tree(view->left, arena));
}

static struct lt_plan_tree *join_tree(const struct lt_sql_relation *join, struct lt_arena *arena)
{
    const char *details =
        join->condition == NULL
            ? lt_arena_format(arena, " %s", join->join)
            : lt_arena_format(arena, " %s, %s", join->join, text_of(join->condition, arena));
    struct lt_plan_tree *const sides[] = {relation_tree(join->left, arena),
                                          relation_tree(join->right, arena)};
    return lt_plan_tree_over_all(arena, "'Join", details, sides, 2);
}

static const char *arguments_text(const struct lt_expression *call, struct lt_arena *arena)
{
    const char *list = "[";
    for (uint32_t i = 0; i < call->argument_count; i++)
        list = lt_arena_format(arena, "%s%s%s", list, i == 0 ? "" : ", ",
                               text_of(call->arguments[i], arena));
    return lt_arena_format(arena, "%s]", list);
}

static struct lt_plan_tree *plain_relation_tree(const struct lt_sql_relation *relation,
                                                struct lt_arena *arena)
{
    switch (relation->kind) {
    case LT_SQL_ONE_ROW:
        return lt_plan_tree_over(arena, "OneRowRelation", "", NULL);
    case LT_SQL_TABLE:
        return lt_plan_tree_over(
            arena, "'UnresolvedRelation",
            lt_arena_format(arena, " %s, [], false",
                            names_text(relation->table.parts, relation->table.count, "", arena)),
            NULL);
    case LT_SQL_SUBQUERY:
        return query_tree(relation->query, arena);
    case LT_SQL_FUNCTION:
        return lt_plan_tree_over(arena, "'UnresolvedTableValuedFunction",
                                 lt_arena_format(arena, " [%s], %s", relation->table.parts[0],
                                                 arguments_text(relation->generator, arena)),
                                 NULL);
    case LT_SQL_JOIN:
        return join_tree(relation, arena);
    case LT_SQL_LATERAL_VIEW:
        return lateral_tree(relation, arena);
    case LT_SQL_SAMPLE:
    case LT_SQL_PIVOT:
    case LT_SQL_UNPIVOT:
        break;
    }
    const char *name = relation->kind == LT_SQL_SAMPLE  ? "'Sample"
                       : relation->kind == LT_SQL_PIVOT ? "'Pivot"
                                                        : "'Unpivot";
    return lt_plan_tree_over(arena, name, "", relation_tree(relation->left, arena));
}

static struct lt_plan_tree *relation_tree(const struct lt_sql_relation *relation,
                                          struct lt_arena *arena)
{
    struct lt_plan_tree *tree = plain_relation_tree(relation, arena);
    bool is_lateral = relation->kind == LT_SQL_LATERAL_VIEW;
    if (relation->watermark != NULL)
        tree =
            lt_plan_tree_over(arena, "'UnresolvedEventTimeWatermark",
                              lt_arena_format(arena, " %s, %s", text_of(relation->watermark, arena),
                                              text_of(relation->delay, arena)),
                              tree);
    if (is_lateral || (relation->alias == NULL && relation->kind != LT_SQL_SUBQUERY))
        return tree;
    const char *alias =
        relation->alias != NULL ? relation->alias : "__auto_generated_subquery_name";
    if (relation->columns.count > 0)
        tree = lt_plan_tree_over(arena, "'UnresolvedSubqueryColumnAliases",
                                 lt_arena_format(arena, " %s",
                                                 names_text(relation->columns.names,
                                                            relation->columns.count, "", arena)),
                                 tree);
    return lt_plan_tree_over(arena, "'SubqueryAlias", lt_arena_format(arena, " %s", alias), tree);
}

/* --------------------------------------------------------------------------------- queries */

static struct lt_plan_tree *expression_over(const char *name, const struct lt_expression *node,
                                            struct lt_plan_tree *tree, struct lt_arena *arena)
{
    return node == NULL
               ? tree
               : lt_plan_tree_over(arena, name, lt_arena_format(arena, " %s", text_of(node, arena)),
                                   tree);
}

static bool is_grouped(const struct lt_sql_select *select)
{
    return select->grouping != LT_SQL_NOT_GROUPED;
}

/* Without names there is nothing to resolve. */
static bool are_constants(const struct lt_sql_select *select)
{
    bool are_constants = select->from->kind == LT_SQL_ONE_ROW && select->where == NULL;
    for (uint32_t i = 0; i < select->items.count; i++) {
        const struct lt_expression *item = select->items.items[i];
        are_constants = are_constants && item->kind == LT_EXPR_ALIAS &&
                        item->arguments[0]->kind == LT_EXPR_LITERAL;
    }
    return are_constants;
}

static struct lt_plan_tree *select_tree(const struct lt_sql_select *select, struct lt_arena *arena)
{
    struct lt_plan_tree *tree = relation_tree(select->from, arena);
    const char *items = list_text(&select->items, true, arena);
    tree = expression_over("'Filter", select->where, tree, arena);
    if (is_grouped(select))
        tree = lt_plan_tree_over(
            arena, "'Aggregate",
            lt_arena_format(arena, " %s, %s", list_text(&select->group_by, false, arena), items),
            tree);
    else
        tree = lt_plan_tree_over(arena, are_constants(select) ? "Project" : "'Project",
                                 lt_arena_format(arena, " %s", items), tree);
    tree = expression_over("'UnresolvedHaving", select->having, tree, arena);
    return select->is_distinct ? lt_plan_tree_over(arena, "'Distinct", "", tree) : tree;
}

/* A chain of more sides than anybody would look at nested: all beside each other. NULL: it is none.
 */
static struct lt_plan_tree *chain_tree(const struct lt_sql_query *query, struct lt_arena *arena)
{
    uint32_t count = 2;
    for (const struct lt_sql_query *at = query; lt_sql_goes_on_left(at); at = at->left)
        count++;
    if (count <= LT_SQL_SIDES_NESTED)
        return NULL;
    struct lt_plan_tree **sides = lt_arena_alloc(arena, count * sizeof(struct lt_plan_tree *));
    for (uint32_t i = count - 1; i > 1; query = query->left)
        sides[i--] = query_tree(query->right, arena);
    sides[1] = query_tree(query->right, arena);
    sides[0] = query_tree(query->left, arena);
    return lt_plan_tree_over_all(arena, "'Union", " false, false", sides, count);
}

static struct lt_plan_tree *set_tree(const struct lt_sql_query *query, struct lt_arena *arena)
{
    struct lt_plan_tree *chain = chain_tree(query, arena);
    if (chain != NULL)
        return chain;
    static const char *const names[] = {"", "'Union", "'Intersect", "'Except"};
    struct lt_plan_tree *const sides[] = {query_tree(query->left, arena),
                                          query_tree(query->right, arena)};
    bool is_union = query->set == LT_SQL_UNION;
    const char *details = is_union ? " false, false" : query->is_all ? " true" : " false";
    struct lt_plan_tree *tree = lt_plan_tree_over_all(arena, names[query->set], details, sides, 2);
    return is_union && !query->is_all ? lt_plan_tree_over(arena, "'Distinct", "", tree) : tree;
}

/* WITH: its queries stand beside the one that may name them. */
static struct lt_plan_tree *with_tree(const struct lt_sql_query *query, struct lt_plan_tree *body,
                                      struct lt_arena *arena)
{
    struct lt_plan_tree *list = NULL;
    const char *names = "";
    for (uint32_t i = query->cte_count; i > 0; i--) {
        const struct lt_sql_cte *cte = &query->ctes[i - 1];
        struct lt_plan_tree *tree =
            lt_plan_tree_over(arena, "'SubqueryAlias", lt_arena_format(arena, " %s", cte->name),
                              query_tree(cte->query, arena));
        tree->next = list;
        list = tree;
        names =
            lt_arena_format(arena, "%s%s%s", cte->name, i == query->cte_count ? "" : ", ", names);
    }
    struct lt_plan_tree *with =
        lt_plan_tree_over(arena, "CTE", lt_arena_format(arena, " [%s]", names), body);
    with->beside = list;
    return with;
}

static struct lt_plan_tree *query_tree(const struct lt_sql_query *query, struct lt_arena *arena)
{
    struct lt_plan_tree *tree = query->nested != NULL   ? query_tree(query->nested, arena)
                                : query->select != NULL ? select_tree(query->select, arena)
                                                        : set_tree(query, arena);
    const struct {
        const struct lt_parser_items *items;
        const char *name, *behind;
    } lists[] = {{&query->distribute_by, "'RepartitionByExpression", ""},
                 {&query->sort_by, "'Sort", ", false"},
                 {&query->order_by, "'Sort", ", true"}};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        if (lists[i].items->count > 0)
            tree = lt_plan_tree_over(arena, lists[i].name,
                                     lt_arena_format(arena, " %s%s",
                                                     list_text(lists[i].items, false, arena),
                                                     lists[i].behind),
                                     tree);
    }
    tree = expression_over("'Offset", query->offset, tree, arena);
    if (query->limit != NULL)
        tree = expression_over("'GlobalLimit", query->limit,
                               expression_over("'LocalLimit", query->limit, tree, arena), arena);
    return query->cte_count > 0 ? with_tree(query, tree, arena) : tree;
}

struct lt_plan_tree *lt_sql_parsed_tree(const struct lt_sql_statement *statement,
                                        struct lt_arena *arena)
{
    struct lt_plan_tree *tree = query_tree(statement->query, arena);
    if (!statement->is_insert)
        return tree;
    const char *table = names_text(statement->name.parts, statement->name.count, "", arena);
    return lt_plan_tree_over(arena, "'InsertIntoStatement",
                             lt_arena_format(arena, " 'UnresolvedRelation %s", table), tree);
}
