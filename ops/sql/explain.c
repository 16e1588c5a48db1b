/*
 * Drawing plans. Both trees are walked with the prefix that the lines below an operator begin with.
 */
#include "ops/sql/explain.h"

#include <string.h>

#include "ops/expr/expr.h"

struct drawing {
    struct lt_arena *arena;
    struct lt_text_buffer *out;
    bool has_statistics;
};

/* Begins the line of an operator: `prefix` is what stands before its branch. */
static void begin_line(struct drawing *drawing, const char *prefix, bool is_root, bool is_last)
{
    lt_text_append(drawing->out, prefix);
    if (!is_root)
        lt_text_append(drawing->out, is_last ? "+- " : ":- ");
}

static const char *below(struct drawing *drawing, const char *prefix, bool is_root, bool is_last)
{
    if (is_root)
        return prefix;
    return lt_arena_format(drawing->arena, "%s%s", prefix, is_last ? "   " : ":  ");
}

static void append_list(struct drawing *drawing, struct lt_expression *const *items, uint32_t count)
{
    lt_text_append_char(drawing->out, '[');
    for (uint32_t i = 0; i < count; i++)
        lt_text_format(drawing->out, "%s%s", i == 0 ? "" : ", ",
                       lt_expr_text(items[i], drawing->arena));
    lt_text_append_char(drawing->out, ']');
}

/* ------------------------------------------------------------------------------ analysed plans */

static void append_columns(struct drawing *drawing, const struct lt_type *schema)
{
    lt_text_append_char(drawing->out, '[');
    for (uint32_t i = 0; schema != NULL && i < schema->field_count; i++)
        lt_text_format(drawing->out, "%s%s", i == 0 ? "" : ", ", schema->fields[i].name);
    lt_text_append_char(drawing->out, ']');
}

static void append_node(struct drawing *drawing, const struct lt_plan_node *node)
{
    lt_text_append(drawing->out, lt_plan_kind_name(node->kind));
    if (node->kind == LT_PLAN_READ)
        lt_text_format(drawing->out, " %s ", node->format);
    if (node->kind == LT_PLAN_READ)
        append_columns(drawing, node->schema);
    if (node->kind == LT_PLAN_FILTER)
        lt_text_format(drawing->out, " %s", lt_expr_text(node->expressions[0], drawing->arena));
    if (node->kind == LT_PLAN_PROJECT) {
        lt_text_append_char(drawing->out, ' ');
        append_list(drawing, node->expressions, node->expression_count);
    }
    if (drawing->has_statistics) /* a stream has no end, and Spark says so with this number */
        lt_text_append(drawing->out, ", Statistics(sizeInBytes=8.0 EiB)");
    lt_text_append_char(drawing->out, '\n');
}

/* Recursion is bounded: analysis nests queries to a limit. */
static void draw_plan(struct drawing *drawing, const struct lt_plan_node *node, const char *prefix,
                      bool is_root, bool is_last)
{
    begin_line(drawing, prefix, is_root, is_last);
    append_node(drawing, node);
    const char *next = below(drawing, prefix, is_root, is_last);
    for (uint32_t i = 0; i < node->input_count; i++)
        draw_plan(drawing, node->inputs[i], next, false, i + 1 == node->input_count);
}

void lt_sql_explain_plan(const struct lt_plan_node *node, bool has_statistics,
                         struct lt_arena *arena, struct lt_text_buffer *out)
{
    struct drawing drawing = {arena, out, has_statistics};
    draw_plan(&drawing, node, "", true, true);
}

static uint32_t describe(struct drawing *drawing, const struct lt_plan_node *node, uint32_t number)
{
    for (uint32_t i = 0; i < node->input_count; i++)
        number = describe(drawing, node->inputs[i], number);
    number++;
    lt_text_format(drawing->out, "\n(%u) %s\n", number, lt_plan_kind_name(node->kind));
    if (node->input_count > 0) {
        lt_text_format(drawing->out, "Input [%u]: ", node->inputs[0]->schema->field_count);
        append_columns(drawing, node->inputs[0]->schema);
        lt_text_append_char(drawing->out, '\n');
    }
    lt_text_format(drawing->out, "Output [%u]: ", node->schema->field_count);
    append_columns(drawing, node->schema);
    lt_text_append_char(drawing->out, '\n');
    if (node->kind == LT_PLAN_FILTER)
        lt_text_format(drawing->out, "Condition : %s\n",
                       lt_expr_text(node->expressions[0], drawing->arena));
    return number;
}

void lt_sql_explain_formatted(const struct lt_plan_node *node, struct lt_arena *arena,
                              struct lt_text_buffer *out)
{
    struct drawing drawing = {arena, out, false};
    draw_plan(&drawing, node, "", true, true);
    (void)describe(&drawing, node, 0);
}

/* -------------------------------------------------------------------------------- parsed queries
 */

static void draw_query(struct drawing *drawing, const struct lt_sql_query *query,
                       const char *prefix, bool is_root, bool is_last);

static void draw_relation(struct drawing *drawing, const struct lt_sql_relation *relation,
                          const char *prefix, bool is_last)
{
    struct lt_text_buffer *out = drawing->out;
    if (relation->kind == LT_SQL_SUBQUERY || relation->alias != NULL) {
        begin_line(drawing, prefix, false, is_last);
        lt_text_format(out, "'SubqueryAlias %s\n",
                       relation->alias != NULL ? relation->alias
                                               : "__auto_generated_subquery_name");
        prefix = below(drawing, prefix, false, is_last);
        is_last = true;
    }
    if (relation->kind == LT_SQL_SUBQUERY) {
        draw_query(drawing, relation->query, prefix, false, true);
        return;
    }
    begin_line(drawing, prefix, false, is_last);
    if (relation->kind == LT_SQL_ONE_ROW)
        lt_text_append(out, "OneRowRelation\n");
    if (relation->kind == LT_SQL_TABLE) {
        lt_text_append(out, "'UnresolvedRelation [");
        for (uint32_t i = 0; i < relation->table.count; i++)
            lt_text_format(out, "%s%s", i == 0 ? "" : ", ", relation->table.parts[i]);
        lt_text_append(out, "]\n");
    }
    if (relation->kind == LT_SQL_JOIN)
        lt_text_format(
            out, "'Join %s%s%s\n", relation->join, relation->condition != NULL ? ", " : "",
            relation->condition != NULL ? lt_expr_text(relation->condition, drawing->arena) : "");
    if (relation->kind == LT_SQL_LATERAL_VIEW)
        lt_text_format(out, "'Generate %s, %s\n", lt_expr_text(relation->generator, drawing->arena),
                       relation->is_outer ? "true" : "false");
    static const char *const over[] = {
        [LT_SQL_SAMPLE] = "Sample", [LT_SQL_PIVOT] = "Pivot", [LT_SQL_UNPIVOT] = "Unpivot"};
    if (relation->kind >= LT_SQL_SAMPLE)
        lt_text_format(out, "'%s\n", over[relation->kind]);
    prefix = below(drawing, prefix, false, is_last);
    if (relation->left != NULL)
        draw_relation(drawing, relation->left, prefix, relation->right == NULL);
    if (relation->right != NULL)
        draw_relation(drawing, relation->right, prefix, true);
}

/* Draws one operator, and makes what follows stand below it. */
static void draw_step(struct drawing *drawing, const char **prefix, bool *is_root, bool *is_last,
                      const char *text)
{
    begin_line(drawing, *prefix, *is_root, *is_last);
    lt_text_format(drawing->out, "%s\n", text);
    *prefix = below(drawing, *prefix, *is_root, *is_last);
    *is_root = false;
    *is_last = true;
}

static const char *listed(struct drawing *drawing, const char *name,
                          const struct lt_parser_items *items)
{
    struct drawing inner = *drawing;
    struct lt_text_buffer text;
    lt_text_init(&text);
    inner.out = &text;
    lt_text_format(&text, "'%s ", name);
    append_list(&inner, items->items, items->count);
    const char *copy = lt_arena_text(drawing->arena, lt_text_get(&text));
    lt_text_fini(&text);
    return copy;
}

static void draw_select(struct drawing *drawing, const struct lt_sql_select *select,
                        const char *prefix, bool is_root, bool is_last)
{
    if (select->having != NULL)
        draw_step(drawing, &prefix, &is_root, &is_last,
                  lt_arena_format(drawing->arena, "'UnresolvedHaving %s",
                                  lt_expr_text(select->having, drawing->arena)));
    if (select->is_distinct)
        draw_step(drawing, &prefix, &is_root, &is_last, "'Distinct");
    bool is_grouped = select->grouping != LT_SQL_NOT_GROUPED;
    draw_step(drawing, &prefix, &is_root, &is_last,
              listed(drawing, is_grouped ? "Aggregate" : "Project", &select->items));
    if (select->where != NULL)
        draw_step(drawing, &prefix, &is_root, &is_last,
                  lt_arena_format(drawing->arena, "'Filter %s",
                                  lt_expr_text(select->where, drawing->arena)));
    draw_relation(drawing, select->from, prefix, is_last);
}

static void draw_query(struct drawing *drawing, const struct lt_sql_query *query,
                       const char *prefix, bool is_root, bool is_last)
{
    static const char *const sets[] = {"", "'Union", "'Intersect", "'Except"};
    if (query->limit != NULL)
        draw_step(drawing, &prefix, &is_root, &is_last, "'GlobalLimit");
    if (query->order_by.count > 0)
        draw_step(drawing, &prefix, &is_root, &is_last, listed(drawing, "Sort", &query->order_by));
    if (query->nested != NULL) {
        draw_query(drawing, query->nested, prefix, is_root, is_last);
    } else if (query->select != NULL) {
        draw_select(drawing, query->select, prefix, is_root, is_last);
    } else {
        draw_step(drawing, &prefix, &is_root, &is_last, sets[query->set]);
        draw_query(drawing, query->left, prefix, false, false);
        draw_query(drawing, query->right, prefix, false, true);
    }
}

void lt_sql_explain_parsed(const struct lt_sql_query *query, struct lt_arena *arena,
                           struct lt_text_buffer *out)
{
    struct drawing drawing = {arena, out, false};
    draw_query(&drawing, query, "", true, true);
}
