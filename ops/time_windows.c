/*
 * Round by round: those windows that stand under no other one, of plain times first, become the
 * column of a step; what is left is done in the next round, over that step.
 */
#include "ops/time_windows.h"

#include "ops/expr/diagnose.h"
#include "ops/expr/expr.h"
#include "ops/expr/functions.h"
#include "ops/expr/generator.h"
#include "ops/expr/lateral.h"
#include "ops/expr/same.h"
#include "ops/expr/window.h"

static const char column_name[] = "window";

/* A call of window, and the text that it was parsed from. */
struct window {
    const struct lt_expression *call;
    const char *text;
    bool is_computed; /* its time */
};

/* -------------------------------------------------------------------------------------- finding */

static bool has_window(const struct lt_expression *node)
{
    bool has = lt_window_is_call(node);
    for (uint32_t i = 0; i < node->argument_count && !has; i++)
        has = has_window(node->arguments[i]);
    return has;
}

/* To Spark the type of such a time is not known at once. */
static bool is_computed(const struct lt_expression *node)
{
    bool is_plain = node->kind == LT_EXPR_COLUMN || node->kind == LT_EXPR_FIELD ||
                    node->kind == LT_EXPR_LITERAL ||
                    (node->kind == LT_EXPR_CALL &&
                     lt_function_at((size_t)node->index, NULL)->flow != LT_FLOW_CALL);
    for (uint32_t i = 0; i < node->argument_count && is_plain; i++)
        is_plain = !is_computed(node->arguments[i]);
    return !is_plain;
}

static const struct lt_expression *find_variable(const struct lt_expression *node)
{
    const struct lt_expression *found = node->kind == LT_EXPR_VARIABLE ? node : NULL;
    for (uint32_t i = 0; i < node->argument_count && found == NULL; i++)
        found = find_variable(node->arguments[i]);
    return found;
}

static bool is_same(const struct lt_expression *a, const struct lt_expression *b)
{
    return a == b || lt_expr_same(a, b);
}

static int refuse_several(const struct window *window, struct lt_error *error)
{
    const struct lt_expr_place place = {window->text, window->call->begin, window->call->end};
    return lt_expr_error(error, LT_E_ANALYSIS, "_LEGACY_ERROR_TEMP_1039", "", place,
                         "Multiple time/session window expressions would result in a cartesian "
                         "product of rows, therefore they are currently not supported.");
}

/* The parameter of a lambda is known to no step below. */
static int refuse_variable(const struct window *window, const struct lt_expression *variable,
                           struct lt_error *error)
{
    const struct lt_expr_place place = {window->text, window->call->begin, window->call->end};
    return lt_expr_error(
        error, LT_E_ANALYSIS, "MISSING_ATTRIBUTES.RESOLVED_ATTRIBUTE_MISSING_FROM_INPUT", "XX000",
        place,
        "Resolved attribute(s) \"%s\" missing from the input in operator !Filter; hint: a window "
        "cannot be that of a parameter of a lambda",
        variable->name);
}

/* Takes a window as that of the round: the first, or one of a plain time in place of one of a
 * computed time. */
static int take(struct window *chosen, const struct window *window, struct lt_error *error)
{
    bool is_better = chosen->call == NULL || (chosen->is_computed && !window->is_computed);
    if (is_better)
        *chosen = *window;
    else if (chosen->is_computed == window->is_computed && !is_same(chosen->call, window->call))
        return refuse_several(window, error);
    return LT_OK;
}

static int choose(const struct lt_expression *node, const char *text, struct window *chosen,
                  struct lt_error *error)
{
    text = node->text == NULL ? text : node->text;
    if (lt_window_is_call(node) && !has_window(node->arguments[0])) {
        const struct window window = {node, text, is_computed(node->arguments[0])};
        const struct lt_expression *variable = find_variable(node->arguments[0]);
        return variable != NULL ? refuse_variable(&window, variable, error)
                                : take(chosen, &window, error);
    }
    int code = LT_OK;
    for (uint32_t i = 0; i < node->argument_count && code == LT_OK; i++)
        code = choose(node->arguments[i], text, chosen, error);
    return code;
}

/* ---------------------------------------------------------------------------------------- steps */

/* A call that stands where `at` does; not analysed. */
static struct lt_expression *make_call(const char *name, const struct lt_expression *at,
                                       struct lt_expression *argument, struct lt_arena *arena)
{
    struct lt_expression *node = lt_arena_alloc(arena, sizeof *node);
    *node = (struct lt_expression){.kind = LT_EXPR_CALL,
                                   .begin = at->begin,
                                   .end = at->end,
                                   .name = name,
                                   .argument_count = 1,
                                   .index = -1};
    node->arguments = lt_arena_alloc(arena, sizeof *node->arguments);
    node->arguments[0] = argument;
    return node;
}

/* A step between the node and its input. */
static struct lt_plan_node *set_step(struct lt_plan_node *node, enum lt_plan_kind kind,
                                     uint32_t count, const char *text, struct lt_arena *arena)
{
    struct lt_plan_node *step = lt_plan_node_create(arena, kind, 1);
    step->inputs[0] = node->inputs[0];
    step->session = node->session;
    step->schema = node->inputs[0]->schema;
    step->expressions = lt_arena_alloc(arena, count * sizeof(struct lt_expression *));
    step->expression_texts = lt_arena_alloc(arena, count * sizeof *step->expression_texts);
    step->expression_count = count;
    for (uint32_t i = 0; i < count; i++)
        step->expression_texts[i] = text;
    node->inputs[0] = step;
    return step;
}

/* Leaves out what has no time. */
static int set_filter(struct lt_plan_node *node, const struct window *window,
                      struct lt_arena *arena, struct lt_error *error)
{
    struct lt_expression *time = window->call->arguments[0];
    struct lt_plan_node *filter = set_step(node, LT_PLAN_FILTER, 1, window->text, arena);
    filter->expressions[0] = make_call("isnotnull", time, time, arena);
    return lt_expr_analyse_predicate(&filter->expressions[0], window->text, filter->schema,
                                     filter->session, arena, error);
}

/* The item whose column is the window: the call, or a generator. */
static int make_item(const struct lt_plan_node *node, const struct window *window,
                     struct lt_expression **out, struct lt_arena *arena, struct lt_error *error)
{
    bool slides = lt_window_slides(window->call);
    struct lt_expression *value = lt_arena_alloc(arena, sizeof *value);
    *value = *window->call;
    value->nullable = false;
    if (slides)
        value = make_call("explode", value, lt_window_all(value, arena), arena);
    *out = lt_expr_alias(value, column_name, arena);
    struct lt_lateral lateral = {.needed = -1};
    return lt_expr_analyse_item(out, window->text, node->inputs[0]->schema, node->session, &lateral,
                                arena, error);
}

/* The columns of the input and the window, before them or behind; `*column`: where it is. */
static int set_column(struct lt_plan_node *node, const struct window *window, bool is_first,
                      uint32_t *column, struct lt_arena *arena, struct lt_error *error)
{
    const struct lt_type *input = node->inputs[0]->schema;
    struct lt_expression *item;
    int code = make_item(node, window, &item, arena, error);
    if (code != LT_OK)
        return code;
    struct lt_plan_node *step =
        set_step(node, LT_PLAN_PROJECT, input->field_count + 1, window->text, arena);
    *column = is_first ? 0 : input->field_count;
    for (uint32_t i = 0; i < input->field_count; i++)
        step->expressions[i + is_first] = lt_expr_column(input, i, arena);
    step->expressions[*column] = item;
    step->schema = lt_expr_output_schema(step->expressions, step->expression_count, arena);
    return LT_OK;
}

/* ---------------------------------------------------------------------------------------- trees */

/* What becomes of the trees over the step. */
struct placing {
    const struct lt_expression *call;
    const struct lt_type *schema; /* of the step */
    uint32_t column;              /* of it, the window */
    struct lt_arena *arena;
};

/* The tree over the step; what does not change is shared with the one that was. */
static struct lt_expression *place(struct lt_expression *node, const struct placing *placing)
{
    if (lt_window_is_call(node) && is_same(node, placing->call))
        return lt_expr_column(placing->schema, placing->column, placing->arena);
    bool is_moved = node->kind == LT_EXPR_COLUMN && (uint32_t)node->index >= placing->column;
    struct lt_expression *copy = is_moved ? lt_expr_copy_node(node, placing->arena) : NULL;
    if (is_moved)
        copy->index++;
    for (uint32_t i = 0; i < node->argument_count; i++) {
        struct lt_expression *argument = place(node->arguments[i], placing);
        if (argument == node->arguments[i])
            continue;
        copy = copy == NULL ? lt_expr_copy_node(node, placing->arena) : copy;
        copy->arguments[i] = argument;
    }
    return copy == NULL ? node : copy;
}

static int place_window(struct lt_plan_node *node, const struct window *window,
                        struct lt_arena *arena, struct lt_error *error)
{
    struct placing placing = {.call = window->call, .arena = arena};
    bool needs_filter = window->call->arguments[0]->nullable && !lt_window_slides(window->call);
    int code = needs_filter ? set_filter(node, window, arena, error) : LT_OK;
    if (code == LT_OK)
        code =
            set_column(node, window, node->kind == LT_PLAN_FILTER, &placing.column, arena, error);
    if (code != LT_OK)
        return code;
    placing.schema = node->inputs[0]->schema;
    struct lt_expression **placed =
        lt_arena_alloc(arena, node->expression_count * sizeof(struct lt_expression *));
    for (uint32_t i = 0; i < node->expression_count; i++)
        placed[i] = place(node->expressions[i], &placing);
    node->expressions = placed;
    return LT_OK;
}

int lt_ops_place_windows(struct lt_plan_node *node, struct lt_arena *arena, struct lt_error *error)
{
    int code = LT_OK;
    while (code == LT_OK) {
        struct window window = {0};
        for (uint32_t i = 0; i < node->expression_count && code == LT_OK; i++)
            code = choose(node->expressions[i], node->expression_texts[i], &window, error);
        if (code != LT_OK || window.call == NULL)
            break;
        code = place_window(node, &window, arena, error);
    }
    return code;
}
