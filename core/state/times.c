/*
 * A tree of wide nodes: leaves have pairs, nodes above them children, each with a pair that none of
 * the child's is below. Nodes are found by walking down, and the way down is kept, so nodes need
 * not know their parents. A node that is full is cut in two - at its end, if it is the last and
 * grows there, so that times that only ascend leave full nodes behind. A node that has become small
 * is poured into its neighbour if both fit, and one without anything is gone.
 */
#include "core/state/times.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/error.h"

enum {
    WIDTH = 64,
    SMALL = WIDTH / 4, /* a neighbour is looked at */
    POURED_MAX = WIDTH * 3 / 4,
    DEPTH_MAX = 16, /* of nodes that have 16 children at the least, nearly: more than memory has */
};

struct node {
    uint32_t count;
    bool is_leaf;
    struct lt_state_time list[WIDTH]; /* pairs; or what no pair of the child is below */
    struct node *children[];          /* WIDTH, if it is no leaf */
};

struct lt_state_times {
    struct node *root;
    size_t count, bytes;
};

/* The way down to a leaf. */
struct way {
    struct node *nodes[DEPTH_MAX];
    uint32_t indices[DEPTH_MAX]; /* of the child that was taken */
    uint32_t depth;              /* of the leaf */
};

static bool is_below(const struct lt_state_time *a, const struct lt_state_time *b)
{
    return a->at != b->at ? a->at < b->at : a->hash < b->hash;
}

static struct node *node_create(struct lt_state_times *times, bool is_leaf)
{
    size_t size = sizeof(struct node) + (is_leaf ? 0 : WIDTH * sizeof(struct node *));
    struct node *node = lt_alloc(size);
    node->is_leaf = is_leaf;
    times->bytes += size;
    return node;
}

static void node_free(struct lt_state_times *times, struct node *node)
{
    times->bytes -= sizeof(struct node) + (node->is_leaf ? 0 : WIDTH * sizeof(struct node *));
    free(node);
}

struct lt_state_times *lt_state_times_create(void)
{
    struct lt_state_times *times = lt_alloc(sizeof *times);
    times->root = node_create(times, true);
    return times;
}

void lt_state_times_destroy(struct lt_state_times *times)
{
    if (times == NULL)
        return;
    /* From the first leaf on: a node goes when its children have. */
    struct node *nodes[DEPTH_MAX] = {times->root};
    uint32_t indices[DEPTH_MAX] = {0};
    for (int depth = 0; depth >= 0;) {
        struct node *node = nodes[depth];
        if (node->is_leaf || indices[depth] == node->count) {
            free(node);
            depth--;
            continue;
        }
        struct node *child = node->children[indices[depth]++];
        nodes[++depth] = child;
        indices[depth] = 0;
    }
    free(times);
}

/* How many of the node's pairs are not above `time`. */
static uint32_t count_up_to(const struct node *node, const struct lt_state_time *time)
{
    uint32_t first = 0, end = node->count;
    while (first < end) {
        uint32_t middle = (first + end) / 2;
        if (is_below(time, &node->list[middle]))
            end = middle;
        else
            first = middle + 1;
    }
    return first;
}

static struct node *walk(const struct lt_state_times *times, const struct lt_state_time *time,
                         struct way *way)
{
    struct node *node = times->root;
    way->depth = 0;
    while (!node->is_leaf) {
        uint32_t index = count_up_to(node, time);
        index -= index > 0; /* the first child has also what is below all */
        way->nodes[way->depth] = node;
        way->indices[way->depth++] = index;
        lt_assert(way->depth < DEPTH_MAX);
        node = node->children[index];
    }
    way->nodes[way->depth] = node;
    return node;
}

/* ----------------------------------------------------------------------------------------- add */

static void insert(struct node *node, uint32_t index, const struct lt_state_time *time,
                   struct node *child)
{
    memmove(node->list + index + 1, node->list + index,
            (node->count - index) * sizeof node->list[0]);
    node->list[index] = *time;
    if (!node->is_leaf) {
        memmove(node->children + index + 1, node->children + index,
                (node->count - index) * sizeof(struct node *));
        node->children[index] = child;
    }
    node->count++;
}

/* Moves what is from `index` on behind what `to` has. */
static void move_end(struct node *from, uint32_t index, struct node *to)
{
    uint32_t moved = from->count - index;
    memcpy(to->list + to->count, from->list + index, moved * sizeof from->list[0]);
    if (!from->is_leaf)
        memcpy(to->children + to->count, from->children + index, moved * sizeof(struct node *));
    to->count += moved;
    from->count = index;
}

static void grow_root(struct lt_state_times *times, struct node *right)
{
    struct node *root = node_create(times, false);
    root->list[0] = times->root->list[0];
    root->children[0] = times->root;
    root->list[1] = right->list[0];
    root->children[1] = right;
    root->count = 2;
    times->root = root;
}

/* Puts a pair, or a child, at its place in the node at `depth` of the way, which may be full. */
static void put(struct lt_state_times *times, const struct way *way, struct lt_state_time time)
{
    struct node *child = NULL;
    for (uint32_t depth = way->depth;; depth--) { /* ends at the root */
        struct node *node = way->nodes[depth];
        uint32_t index = count_up_to(node, &time);
        if (!node->is_leaf && index == 0)
            index = 1; /* a new child is right of the one that it was cut from */
        if (node->count < WIDTH) {
            insert(node, index, &time, child);
            return;
        }
        struct node *right = node_create(times, node->is_leaf);
        uint32_t cut = index == WIDTH ? WIDTH : WIDTH / 2;
        move_end(node, cut, right);
        if (index > cut || cut == WIDTH)
            insert(right, index - cut, &time, child);
        else
            insert(node, index, &time, child);
        if (depth == 0) {
            grow_root(times, right);
            return;
        }
        time = right->list[0];
        child = right;
    }
}

void lt_state_times_add(struct lt_state_times *times, struct lt_state_time time)
{
    struct way way;
    const struct node *leaf = walk(times, &time, &way);
    uint32_t index = count_up_to(leaf, &time);
    if (index > 0 && !is_below(&leaf->list[index - 1], &time))
        return;
    put(times, &way, time);
    times->count++;
}

/* -------------------------------------------------------------------------------------- remove */

static void take_out(struct node *node, uint32_t index)
{
    node->count--;
    memmove(node->list + index, node->list + index + 1,
            (node->count - index) * sizeof node->list[0]);
    if (!node->is_leaf)
        memmove(node->children + index, node->children + index + 1,
                (node->count - index) * sizeof(struct node *));
}

/* Pours the child right of `index` into the one there, if both are small enough. */
static bool pour(struct lt_state_times *times, struct node *parent, uint32_t index)
{
    struct node *left = parent->children[index], *right = parent->children[index + 1];
    if (left->count + right->count > POURED_MAX)
        return false;
    if (!right->is_leaf)
        right->list[0] = parent->list[index + 1]; /* what was below all had no bound of its own */
    move_end(right, 0, left);
    node_free(times, right);
    take_out(parent, index + 1);
    return true;
}

/* After a removal at the end of the way. */
static void tidy(struct lt_state_times *times, const struct way *way)
{
    for (uint32_t depth = way->depth; depth > 0; depth--) {
        struct node *node = way->nodes[depth], *parent = way->nodes[depth - 1];
        uint32_t index = way->indices[depth - 1];
        if (node->count >= SMALL)
            return;
        if (node->count == 0) {
            node_free(times, node);
            take_out(parent, index); /* which may leave nothing there either */
        } else if (!(index + 1 < parent->count && pour(times, parent, index)) &&
                   !(index > 0 && pour(times, parent, index - 1))) {
            return;
        }
    }
    while (!times->root->is_leaf && times->root->count <= 1) {
        struct node *root = times->root;
        times->root = root->count == 1 ? root->children[0] : node_create(times, true);
        node_free(times, root);
    }
}

bool lt_state_times_remove(struct lt_state_times *times, struct lt_state_time time)
{
    struct way way;
    struct node *leaf = walk(times, &time, &way);
    uint32_t index = count_up_to(leaf, &time);
    if (index == 0 || is_below(&leaf->list[index - 1], &time))
        return false;
    take_out(leaf, index - 1);
    times->count--;
    tidy(times, &way);
    return true;
}

/* --------------------------------------------------------------------------------- build, next */

/* A level of nodes over the one below, which has `count` of them. */
static size_t build_level(struct lt_state_times *times, struct node **nodes, size_t count)
{
    size_t made = 0;
    for (size_t i = 0; i < count; made++) {
        struct node *node = node_create(times, false);
        for (; i < count && node->count < POURED_MAX; i++) {
            node->list[node->count] = nodes[i]->list[0];
            node->children[node->count++] = nodes[i];
        }
        nodes[made] = node;
    }
    return made;
}

void lt_state_times_build(struct lt_state_times *times, const struct lt_state_time *list,
                          size_t count)
{
    lt_assert(times->count == 0);
    if (count == 0)
        return;
    node_free(times, times->root);
    struct node **nodes = lt_alloc_array(count / POURED_MAX + 1, sizeof(struct node *));
    size_t made = 0;
    for (size_t i = 0; i < count; made++) {
        struct node *leaf = node_create(times, true);
        for (; i < count && leaf->count < POURED_MAX; i++)
            leaf->list[leaf->count++] = list[i];
        nodes[made] = leaf;
    }
    while (made > 1)
        made = build_level(times, nodes, made);
    times->root = nodes[0];
    times->count = count;
    free(nodes);
}

bool lt_state_times_next(const struct lt_state_times *times, const struct lt_state_time *after,
                         struct lt_state_time *out)
{
    const struct node *node = times->root, *right = NULL;
    while (!node->is_leaf) {
        uint32_t index = after == NULL ? 0 : count_up_to(node, after);
        index -= index > 0;
        if (index + 1 < node->count)
            right = node->children[index + 1];
        node = node->children[index];
    }
    uint32_t index = after == NULL ? 0 : count_up_to(node, after);
    if (index == node->count && right != NULL) {
        for (node = right; !node->is_leaf;)
            node = node->children[0];
        index = 0;
    }
    if (index == node->count)
        return false;
    *out = node->list[index];
    return true;
}

size_t lt_state_times_count(const struct lt_state_times *times)
{
    return times->count;
}

size_t lt_state_times_bytes(const struct lt_state_times *times)
{
    return times->bytes;
}
