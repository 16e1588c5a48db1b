/*
 * A node that stands in two places is walked twice, and so is what stands twice in it. What is made
 * so is counted here as often as it is reached, and no further than its bound.
 */
#include "ops/expr/bounds.h"

#include "core/base/limits.h"
#include "ops/expr/parser.h"

/* More than anyone writes, few enough to walk at once. */
enum { TYPE_PARTS_MAX = 20000 };

/* Recursion is bounded by the depth that the parser lets a tree have. */
static bool is_tree_within(const struct lt_expression *node, uint32_t *budget)
{
    if (*budget == 0)
        return false;
    --*budget;
    for (uint32_t i = 0; i < node->argument_count; i++) {
        if (!is_tree_within(node->arguments[i], budget))
            return false;
    }
    return true;
}

int lt_analyser_check_size(struct lt_analyser *analyser, const struct lt_expression *call)
{
    uint32_t budget = LT_PARSE_NODES;
    if (is_tree_within(call, &budget))
        return LT_OK;
    return lt_analyser_fail(analyser, LT_E_LIMIT, call, "EXPRESSION_TOO_DEEP", "54001",
                            "the expression has more than %d parts, those of \"nullif\" counted "
                            "twice; hint: compute the inner ones in a query below",
                            (int)LT_PARSE_NODES);
}

static bool is_type_within(const struct lt_type *type, uint32_t depth, uint32_t *budget)
{
    if (*budget == 0 || depth == 0)
        return false;
    --*budget;
    for (uint32_t i = 0; i < type->field_count; i++) {
        if (!is_type_within(type->fields[i].type, depth - 1, budget))
            return false;
    }
    return true;
}

int lt_analyser_check_type(struct lt_analyser *analyser, const struct lt_expression *call)
{
    uint32_t budget = TYPE_PARTS_MAX;
    if (is_type_within(call->type, LT_LIMIT_EXPRESSION_DEPTH, &budget))
        return LT_OK;
    return lt_analyser_fail(analyser, LT_E_LIMIT, call, "EXPRESSION_TOO_DEEP", "54001",
                            "the type of \"%s\" has more than %d parts, or is nested more than %d "
                            "deep; hint: put fewer values into each other",
                            call->name, (int)TYPE_PARTS_MAX, (int)LT_LIMIT_EXPRESSION_DEPTH);
}

static bool are_within(const struct lt_field *fields, bool is_one_type,
                       const union lt_value *values, const uint64_t *nulls, uint32_t count,
                       size_t *room_bytes)
{
    for (uint32_t i = 0; i < count; i++) {
        if (!lt_bit(nulls, i) &&
            !lt_value_is_within(fields[is_one_type ? 0 : i].type, &values[i], room_bytes))
            return false;
    }
    return true;
}

static bool is_array_within(const struct lt_field *element, const struct lt_array *array,
                            size_t *room_bytes)
{
    return are_within(element, true, array->values, array->nulls, array->count, room_bytes);
}

bool lt_value_is_within(const struct lt_type *type, const union lt_value *value,
                        size_t *room_bytes)
{
    size_t own_bytes = sizeof *value;
    if (lt_type_is_bytes(type))
        own_bytes += value->bytes.size_bytes;
    if (own_bytes > *room_bytes)
        return false;
    *room_bytes -= own_bytes;
    switch (type->kind) {
    case LT_TYPE_ARRAY:
        lt_array_materialize(value->array);
        return is_array_within(&type->fields[0], value->array, room_bytes);
    case LT_TYPE_MAP:
        return is_array_within(&type->fields[0], &value->map->keys, room_bytes) &&
               is_array_within(&type->fields[1], &value->map->values, room_bytes);
    case LT_TYPE_STRUCT:
        return are_within(type->fields, false, value->structure->values, value->structure->nulls,
                          type->field_count, room_bytes);
    default:
        return true;
    }
}
