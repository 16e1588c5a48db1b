/*
 * An array or map of constants is a constant as a whole, whose errors are told, but under a
 * condition; and a constant that fails keeps the query from starting in an element that is not
 * taken, too.
 */
#include "ops/expr/elements.h"

#include "ops/expr/expr.h"
#include "ops/expr/functions.h"
#include "ops/expr/same.h"
#include "ops/expr/substitute.h"

/* Is it made on the spot, and no constant; or, `is_folded`, one that could not be evaluated? */
static bool is_made_here(const struct lt_expression *node, const char *name, bool is_folded)
{
    return lt_is_call_of(node, name) && !lt_expr_has_failing(node) &&
           lt_expr_varies(node) != is_folded;
}

static struct lt_expression *equal(const struct lt_expression *at, struct lt_expression *a,
                                   struct lt_expression *b, struct lt_arena *arena)
{
    struct lt_expression *call = lt_expr_copy_node(at, arena);
    call->once = NULL;
    call->name = "=";
    call->index = lt_function_find(call->name);
    call->signature = &lt_function_at((size_t)call->index, NULL)->signatures[0];
    call->type = lt_type_simple(LT_TYPE_BOOLEAN);
    call->nullable = a->nullable || b->nullable;
    call->arguments[0] = a;
    call->arguments[1] = b;
    return call;
}

/* map(a, x, b, y)[k] is CASE k WHEN a THEN x WHEN b THEN y END; but where keys are such values
 * again, and again, that would be too large. */
static struct lt_expression *take_value(struct lt_expression *node, bool is_folded,
                                        struct lt_arena *arena)
{
    const struct lt_expression *map = node->arguments[0];
    struct lt_expression *key = node->arguments[1];
    if (!is_made_here(map, "map", is_folded) || lt_expr_hash(key) == 0 ||
        !lt_type_equal(map->type->fields[1].type, node->type))
        return node;
    struct lt_expression *choice = lt_expr_copy_node(map, arena);
    choice->kind = LT_EXPR_CASE;
    choice->index = -1;
    choice->type = node->type;
    choice->nullable = true;
    choice->begin = node->begin;
    choice->end = node->end;
    choice->text = node->text;
    choice->once = node->once;
    for (uint32_t i = 0; i < map->argument_count; i++)
        choice->arguments[i] = lt_expr_of_text(map->arguments[i], map->text, arena);
    for (uint32_t i = 0; i < map->argument_count; i += 2)
        choice->arguments[i] = equal(node, key, choice->arguments[i], arena);
    return lt_expr_is_modest(choice) ? choice : node;
}

static struct lt_expression *take_element(struct lt_expression *node, bool is_folded,
                                          struct lt_arena *arena)
{
    const struct lt_expression *array = node->arguments[0], *index = node->arguments[1];
    if (!is_made_here(array, "array", is_folded) || index->kind != LT_EXPR_LITERAL ||
        index->is_null || index->type->kind != LT_TYPE_INT)
        return node;
    if (index->value.i64 < 0 || index->value.i64 >= array->argument_count)
        return lt_expr_null(node, node->type, arena);
    struct lt_expression *element = array->arguments[index->value.i64];
    if (!lt_type_equal(element->type, node->type))
        return node;
    return lt_expr_in_place(lt_expr_of_text(element, array->text, arena), node, arena);
}

static struct lt_expression *take(struct lt_expression *node, bool is_folded,
                                  struct lt_arena *arena)
{
    if (!lt_is_call_of(node, "get") && !lt_is_call_of(node, "[]"))
        return node;
    bool is_map = node->arguments[0]->type->kind == LT_TYPE_MAP;
    return is_map ? take_value(node, is_folded, arena) : take_element(node, is_folded, arena);
}

struct lt_expression *lt_expr_take_element(struct lt_expression *node,
                                           const struct lt_expression *above,
                                           struct lt_arena *arena)
{
    (void)above;
    return take(node, false, arena);
}

struct lt_expression *lt_expr_take_folded(struct lt_expression *node, struct lt_arena *arena)
{
    return take(node, true, arena);
}
