/*
 * A hash table whose newest entries are taken out again, in order: a stack of values, chained by
 * hash.
 */
#include "ops/expr/share.h"

#include <stdlib.h>

#include "core/base/error.h"
#include "ops/expr/same.h"

enum { HEADS = 256, VALUES_FIRST = 64 };

struct lt_shared_value {
    const struct lt_expression *node;
    uint64_t hash;
    uint32_t in;   /* a register */
    uint32_t next; /* as a head: 1 + the one before it of the same head */
};

void lt_share_fini(struct lt_share *share)
{
    free(share->values);
    free(share->heads);
    *share = (struct lt_share){0};
}

/* A constant is in a register of its own already, as is the parameter of a lambda. */
static bool is_worth_it(const struct lt_expression *node)
{
    return node->kind != LT_EXPR_LITERAL && node->kind != LT_EXPR_VARIABLE &&
           node->kind != LT_EXPR_ALIAS;
}

/* 0: not to be shared. What draws by chance is, where the places are one by their meaning. */
static uint64_t hash_of(const struct lt_share *share, const struct lt_expression *node)
{
    uint64_t hash = is_worth_it(node) ? lt_expr_hash(node) : 0;
    if (hash == 0 && node->once != NULL && is_worth_it(node))
        return (uint64_t)(uintptr_t)node->once;
    return share->is_off ? 0 : hash;
}

static bool is_same(const struct lt_expression *a, const struct lt_expression *b)
{
    return (a->once != NULL && a->once == b->once) || lt_expr_same(a, b);
}

uint32_t lt_share_find(struct lt_share *share, const struct lt_expression *node, uint64_t *hash)
{
    *hash = hash_of(share, node);
    if (*hash == 0 || share->heads == NULL)
        return UINT32_MAX;
    for (uint32_t at = share->heads[*hash % HEADS]; at != 0; at = share->values[at - 1].next) {
        const struct lt_shared_value *value = &share->values[at - 1];
        if (value->hash == *hash && is_same(value->node, node))
            return value->in;
    }
    return UINT32_MAX;
}

void lt_share_add(struct lt_share *share, const struct lt_expression *node, uint64_t hash,
                  uint32_t in)
{
    if (hash == 0)
        return;
    if (share->heads == NULL)
        share->heads = lt_alloc(HEADS * sizeof *share->heads);
    if (share->count == share->capacity) {
        share->capacity = share->capacity == 0 ? VALUES_FIRST : 2 * share->capacity;
        share->values = lt_realloc_array(share->values, share->capacity, sizeof *share->values);
    }
    uint32_t *head = &share->heads[hash % HEADS];
    share->values[share->count++] = (struct lt_shared_value){node, hash, in, *head};
    *head = share->count;
}

void lt_share_leave(struct lt_share *share, uint32_t entered)
{
    while (share->count > entered) {
        const struct lt_shared_value *value = &share->values[--share->count];
        share->heads[value->hash % HEADS] = value->next;
    }
}

bool lt_share_knows(struct lt_share *share, const struct lt_expression *node)
{
    uint64_t hash;
    return lt_share_find(share, node, &hash) != UINT32_MAX;
}

bool lt_share_knows_json_of(const struct lt_share *share, const struct lt_expression *base)
{
    for (uint32_t i = 0; i < share->count; i++) {
        const struct lt_expression *node = share->values[i].node;
        if (node->kind == LT_EXPR_JSON_PATH && lt_expr_same(node->arguments[0], base))
            return true;
    }
    return false;
}
