/*
 * Pairs of nodes in an open hash table by the address of the first.
 */
#include "ops/expr/twins.h"

#include <string.h>

#include "ops/expr/lateral.h"

enum { PAIRS_FIRST = 32 };

struct pair {
    const struct lt_expression *node;
    struct lt_expression *twin;
};

struct lt_twins {
    struct lt_arena *arena;
    struct pair *pairs;
    uint32_t count, capacity; /* a power of two, at most half full */
};

/* The pair of a node, or the free one it is to have. */
static struct pair *place_of(const struct lt_twins *twins, const struct lt_expression *node)
{
    uint64_t hash = ((uint64_t)(uintptr_t)node >> 4) * 0x9E3779B97F4A7C15u;
    for (uint32_t at = (uint32_t)(hash >> 32);; at++) {
        struct pair *pair = &twins->pairs[at & (twins->capacity - 1)];
        if (pair->node == node || pair->node == NULL)
            return pair;
    }
}

static void set_capacity(struct lt_twins *twins, uint32_t capacity)
{
    const struct lt_twins old = *twins;
    twins->capacity = capacity;
    twins->pairs = lt_arena_alloc(twins->arena, capacity * sizeof *twins->pairs);
    memset(twins->pairs, 0, capacity * sizeof *twins->pairs);
    for (uint32_t i = 0; i < old.capacity; i++) {
        if (old.pairs[i].node != NULL)
            *place_of(twins, old.pairs[i].node) = old.pairs[i];
    }
}

/* A node that was copied is not entered again, however often it is reached. Recursion is bounded:
 * the parser refused deeper trees. */
static struct lt_expression *copy(struct lt_twins *twins, const struct lt_expression *node)
{
    const struct pair *known = place_of(twins, node);
    if (known->node != NULL)
        return known->twin;
    if (2 * ++twins->count > twins->capacity)
        set_capacity(twins, 2 * twins->capacity);
    struct lt_expression *twin = lt_arena_alloc(twins->arena, sizeof *twin);
    *place_of(twins, node) = (struct pair){node, twin};
    *twin = *node;
    if (node->argument_count > 0)
        twin->arguments =
            lt_arena_alloc(twins->arena, node->argument_count * sizeof *twin->arguments);
    for (uint32_t i = 0; i < node->argument_count; i++)
        twin->arguments[i] = copy(twins, node->arguments[i]);
    return twin;
}

const struct lt_twins *lt_twins_create(const struct lt_expression *node, struct lt_arena *arena,
                                       struct lt_expression **twin)
{
    struct lt_twins *twins = lt_arena_alloc(arena, sizeof *twins);
    *twins = (struct lt_twins){.arena = arena};
    set_capacity(twins, PAIRS_FIRST);
    *twin = copy(twins, node);
    return twins;
}

static const struct lt_expression *twin_of(const struct lt_twins *twins,
                                           const struct lt_expression *node)
{
    const struct pair *pair = twins == NULL ? NULL : place_of(twins, node);
    return pair == NULL || pair->node == NULL ? NULL : pair->twin;
}

const struct lt_type *lt_twins_type(const struct lt_twins *twins, const struct lt_expression *node)
{
    const struct lt_expression *twin = twin_of(twins, node);
    return twin == NULL ? NULL : twin->type;
}

bool lt_twins_is_lateral(const struct lt_twins *twins, const struct lt_expression *column)
{
    const struct lt_expression *twin = twin_of(twins, column);
    return twin != NULL && twin->kind == LT_EXPR_COLUMN && twin->index == LT_LATERAL_INDEX;
}
