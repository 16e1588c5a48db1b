/*
 * The items as they were parsed are kept while copies of them are analysed: each step that is set
 * before the projection starts it anew, over the columns of the input and those of the step.
 */
#include "ops/select_items.h"

#include <string.h>

#include "core/base/limits.h"
#include "ops/expr/expr.h"
#include "ops/expr/generator.h"
#include "ops/expr/lateral.h"
#include "ops/expr/twins.h"
#include "ops/time_windows.h"

/* Items with the texts they came from. */
struct items {
    struct lt_expression **expressions;
    const char **texts;
    uint32_t count;
};

static struct items make_items(struct lt_arena *arena, size_t count)
{
    return (struct items){.expressions = lt_arena_alloc(arena, count * sizeof(void *)),
                          .texts = lt_arena_alloc(arena, count * sizeof(char *))};
}

static void push(struct items *items, struct lt_expression *item, const char *text)
{
    items->expressions[items->count] = item;
    items->texts[items->count++] = text;
}

static const struct lt_type *input_schema(const struct lt_plan_node *node)
{
    return node->inputs[0]->schema;
}

/* ------------------------------------------------------------------------------------ the items */

/* SQL has parsed its items and shows the place in its own text; a text that stands alone is named.
 */
static int name_text(const struct lt_plan_node *node, struct lt_error *error, int code)
{
    bool stands_alone = node->expressions == NULL || node->expressions[0] == NULL;
    return stands_alone ? lt_error_append(error, "cannot analyse the select list") : code;
}

/* The items of one text, without stars. */
static int parse_text(const struct lt_plan_node *node, uint32_t index, struct lt_arena *arena,
                      struct lt_expr_list *list, struct lt_error *error)
{
    const char *text = node->expression_texts[index];
    *list = (struct lt_expr_list){0};
    if (node->expressions != NULL && node->expressions[index] != NULL) {
        list->expressions = &node->expressions[index];
        list->count = 1;
    } else if (lt_expr_parse_list(text, arena, list, error) != LT_OK) {
        return lt_error_append(error, "cannot parse the select list");
    }
    int code = lt_expr_expand_stars(list, text, input_schema(node), node->session, arena, error);
    return code == LT_OK ? LT_OK : name_text(node, error, code);
}

static int parse_items(const struct lt_plan_node *node, struct lt_arena *arena, struct items *out,
                       struct lt_error *error)
{
    struct lt_expr_list *lists = lt_arena_alloc(arena, node->expression_count * sizeof *lists);
    size_t count = 0;
    for (uint32_t i = 0; i < node->expression_count; i++) {
        int code = parse_text(node, i, arena, &lists[i], error);
        if (code != LT_OK)
            return code;
        count += lists[i].count;
    }
    if (count > LT_LIMIT_COLUMNS)
        return lt_error_set(
            error, LT_E_LIMIT,
            "cannot analyse the select list: it gives %zu columns; hint: at most %d can be", count,
            (int)LT_LIMIT_COLUMNS);
    *out = make_items(arena, count);
    for (uint32_t i = 0; i < node->expression_count; i++) {
        for (size_t j = 0; j < lists[i].count; j++)
            push(out, lists[i].expressions[j], node->expression_texts[i]);
    }
    return LT_OK;
}

/* Analyses copies of the items, left to right. Fails with `*needed` not -1 where that item must be
 * computed by a step before; it is analysed then. */
static int analyse_items(const struct lt_plan_node *node, const struct items *items,
                         struct lt_arena *arena, struct items *out, int32_t *needed,
                         struct lt_error *error)
{
    *out = make_items(arena, items->count);
    *needed = -1;
    for (uint32_t i = 0; i < items->count; i++) {
        struct lt_lateral lateral = {.items = {out->expressions, out->texts, i}};
        struct lt_expression *copy;
        (void)lt_twins_create(items->expressions[i], arena, &copy);
        int code = lt_expr_analyse_item(&copy, items->texts[i], input_schema(node), node->session,
                                        &lateral, arena, error);
        *needed = lateral.needed;
        if (code != LT_OK)
            return name_text(node, error, code);
        push(out, copy, items->texts[i]);
    }
    return LT_OK;
}

/* ---------------------------------------------------------------------------- a step of its own */

/* A projection to all columns of the input and those of an analysed item, below the node. */
static int set_step(struct lt_plan_node *node, struct lt_expression *item, const char *text,
                    struct lt_arena *arena, struct lt_error *error)
{
    const struct lt_type *input = input_schema(node);
    struct lt_plan_node *step = lt_plan_node_create(arena, LT_PLAN_PROJECT, 1);
    struct items items = make_items(arena, input->field_count + 1);
    for (uint32_t i = 0; i < input->field_count; i++)
        push(&items, lt_expr_column(input, i, arena), text);
    push(&items, item, text);
    step->inputs[0] = node->inputs[0];
    step->session = node->session;
    step->expressions = items.expressions;
    step->expression_texts = items.texts;
    step->expression_count = items.count;
    step->schema = lt_expr_output_schema(items.expressions, items.count, arena);
    node->inputs[0] = step;
    return lt_ops_place_windows(step, arena, error);
}

/* The items with columns of the step, those after the first `inputs`, in the place of item `at`. */
static struct items replace(const struct items *items, uint32_t at, const struct lt_type *schema,
                            uint32_t inputs, struct lt_arena *arena)
{
    struct items out = make_items(arena, items->count + schema->field_count);
    for (uint32_t i = 0; i < items->count; i++) {
        for (uint32_t j = inputs; i == at && j < schema->field_count; j++)
            push(&out, lt_expr_column(schema, j, arena), items->texts[i]);
        if (i != at)
            push(&out, items->expressions[i], items->texts[i]);
    }
    return out;
}

int lt_ops_analyse_project(struct lt_plan_node *node, struct lt_arena *arena,
                           struct lt_error *error)
{
    struct items items, analysed;
    int32_t needed;
    int code = parse_items(node, arena, &items, error);
    if (code != LT_OK)
        return code;
    while ((code = analyse_items(node, &items, arena, &analysed, &needed, error)) != LT_OK) {
        if (needed < 0)
            return code;
        uint32_t at = (uint32_t)needed, inputs = input_schema(node)->field_count;
        code = set_step(node, analysed.expressions[at], analysed.texts[at], arena, error);
        if (code != LT_OK)
            return code;
        items = replace(&items, at, input_schema(node), inputs, arena);
    }
    const struct lt_plan_node asked = *node;
    node->expressions = analysed.expressions;
    node->expression_texts = analysed.texts;
    node->expression_count = analysed.count;
    code = lt_ops_place_windows(node, arena, error);
    if (code != LT_OK)
        return name_text(&asked, error, code);
    node->schema = lt_expr_output_schema(node->expressions, node->expression_count, arena);
    const struct lt_plan_node *input = node->inputs[0];
    uint32_t widest = node->schema->field_count;
    for (; input->kind == LT_PLAN_PROJECT && input->input_count == 1; input = input->inputs[0])
        widest = input->schema->field_count > widest ? input->schema->field_count : widest;
    if (widest > LT_LIMIT_COLUMNS)
        return lt_error_set(error, LT_E_LIMIT,
                            "cannot analyse the select list: it gives %u columns; hint: at most %d "
                            "can be",
                            widest, (int)LT_LIMIT_COLUMNS);
    return LT_OK;
}
