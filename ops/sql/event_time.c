/*
 * The mark is not kept anywhere: it is found again from the WATERMARK nodes up, so that no step
 * that analysis sets between two nodes can lose it.
 */
#include "ops/sql/event_time.h"

#include <string.h>

#include "ops/expr/generator.h"
#include "ops/expr/window.h"

bool lt_sql_is_window_type(const struct lt_type *type)
{
    int end = type->kind == LT_TYPE_STRUCT ? lt_type_field_index(type, "end") : -1;
    return end >= 0 && type->fields[end].type->kind == LT_TYPE_TIMESTAMP;
}

bool lt_sql_is_time_type(const struct lt_type *type)
{
    return type->kind == LT_TYPE_TIMESTAMP || lt_sql_is_window_type(type);
}

bool lt_sql_is_event_time(const struct lt_expression *node, const bool *columns)
{
    const struct lt_expression *generator = lt_generator_call(node);
    if (node->kind == LT_EXPR_ALIAS)
        node = node->arguments[0];
    if (node->kind == LT_EXPR_COLUMN)
        return node->index >= 0 && columns[node->index];
    if (generator != NULL) /* explode of all the windows that slide over a time */
        return lt_window_is_call(generator->arguments[0]) &&
               lt_sql_is_event_time(generator->arguments[0], columns);
    bool hands_on = lt_window_is_call(node) ||
                    (node->kind == LT_EXPR_CALL && strcmp(node->name, "window_time") == 0);
    return hands_on && lt_sql_is_event_time(node->arguments[0], columns);
}

static void of_project(const struct lt_plan_node *node, struct lt_arena *arena, bool *out)
{
    const bool *input = lt_sql_event_times(node->inputs[0], arena);
    uint32_t column = 0;
    for (uint32_t i = 0; i < node->expression_count && column < node->schema->field_count; i++) {
        const struct lt_expression *generator = lt_generator_call(node->expressions[i]);
        uint32_t width = generator == NULL ? 1 : generator->type->field_count;
        if (width == 1)
            out[column] = lt_sql_is_event_time(node->expressions[i], input);
        column += width;
    }
}

static void of_aggregate(const struct lt_plan_node *node, bool *out)
{
    const struct lt_plan_side *side = &node->stateful->left;
    for (uint32_t i = 0; i < side->key_count; i++)
        out[i] = side->event_time.column == (int32_t)side->keys[i];
}

/* The columns of the left side, then those of the right, where they come out. */
static void of_join(const struct lt_plan_node *node, struct lt_arena *arena, bool *out)
{
    uint32_t column = 0;
    for (uint32_t i = 0; i < node->input_count; i++) {
        const bool *input = lt_sql_event_times(node->inputs[i], arena);
        uint32_t count = node->inputs[i]->schema->field_count;
        for (uint32_t j = 0; j < count && column < node->schema->field_count; j++)
            out[column++] = input[j];
    }
}

const bool *lt_sql_event_times(const struct lt_plan_node *node, struct lt_arena *arena)
{
    const uint32_t count = node->schema->field_count;
    bool *out = lt_arena_alloc(arena, (count + 1) * sizeof *out); /* zeroed */
    int column;
    switch (node->kind) {
    case LT_PLAN_READ:
    case LT_PLAN_OPERATOR:
    case LT_PLAN_TRANSFORM:
    case LT_PLAN_WRITE:
        return out;
    case LT_PLAN_PROJECT:
        of_project(node, arena, out);
        return out;
    case LT_PLAN_AGGREGATE:
        if (node->stateful != NULL)
            of_aggregate(node, out);
        return out;
    case LT_PLAN_JOIN:
        if (node->stateful != NULL)
            of_join(node, arena, out);
        return out;
    case LT_PLAN_WATERMARK:
        memcpy(out, lt_sql_event_times(node->inputs[0], arena), count * sizeof *out);
        column = lt_type_field_index(node->schema, node->name);
        if (column >= 0)
            out[column] = true;
        return out;
    case LT_PLAN_FILTER:
    case LT_PLAN_UNION: /* as its first side has them */
    case LT_PLAN_DEDUPLICATE:
    case LT_PLAN_SORT:
    case LT_PLAN_LIMIT:
        break;
    }
    return lt_sql_event_times(node->inputs[0], arena);
}

static int64_t longest_delay(const struct lt_plan_node *node)
{
    int64_t longest = node->kind == LT_PLAN_WATERMARK ? node->interval_us : 0;
    for (uint32_t i = 0; i < node->input_count; i++) {
        int64_t other = longest_delay(node->inputs[i]);
        longest = other > longest ? other : longest;
    }
    return longest;
}

int lt_sql_find_event_time(const struct lt_plan_node *node, struct lt_arena *arena,
                           struct lt_plan_event_time *out, int64_t *delay_us,
                           struct lt_error *error)
{
    const struct lt_type *schema = node->schema;
    const bool *is_event = lt_sql_event_times(node, arena);
    const char *list = "";
    uint32_t count = 0;
    *out = (struct lt_plan_event_time){.column = -1};
    *delay_us = longest_delay(node);
    for (uint32_t i = 0; i < schema->field_count; i++) {
        if (!is_event[i])
            continue;
        list = lt_arena_format(arena, "%s%s%s", list, count++ == 0 ? "" : ",",
                               schema->fields[i].name);
        out->column = (int32_t)i;
        out->is_window = lt_sql_is_window_type(schema->fields[i].type);
    }
    if (count < 2)
        return LT_OK;
    (void)lt_error_set(error, LT_E_UNSUPPORTED,
                       "More than one event time columns are available. Please ensure there is at "
                       "most one event time column per stream. event time columns: (%s)",
                       list);
    return lt_error_condition(error, "_LEGACY_ERROR_TEMP_3077", "");
}
