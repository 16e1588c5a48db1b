/*
 * One pass over one document, led by a tree of names: the inside of core/text/json.h. For json.c
 * only.
 *
 * on: one thread at a time.
 */
#ifndef LT_TEXT_JSON_WALK_H
#define LT_TEXT_JSON_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/base/text_buffer.h"
#include "core/text/json.h"
#include "core/text/json_places.h"

enum { LT_JSON_NAME_HEAD = 8 };

/* One step of some path. Nodes are an array; node 0 is the document. */
struct lt_json_node {
    const char *name; /* NULL: an index into an array */
    size_t name_bytes;
    /* The first bytes of the name and its closing quote, as a document holds them; `head_mask` is
     * 0 for a name that cannot stand there without escapes. */
    uint64_t head, head_mask;
    uint64_t index;
    int32_t slot;                      /* where the value found here goes; -1: nowhere */
    int32_t parent;                    /* -1: none */
    int32_t first_child, next_sibling; /* 0: none */
    uint32_t slots_below;              /* at this node and under it */
    bool has_names, has_indexes;       /* among its children */
};

struct lt_json_walk {
    const struct lt_json_node *nodes;
    uint32_t *missing; /* by node: slots below it that are not found yet */
    struct lt_json_index *index;
    struct lt_json_places places;
    size_t padding_bytes;        /* of the document at hand */
    struct lt_json_field *found; /* by slot */
    int32_t slot_count;
    struct lt_text_buffer unescaped; /* the strings that had escapes, of one document */
    uint64_t fields_seen, fields_parsed;
};

enum lt_json_run {
    LT_JSON_RUN_WHOLE,   /* all that was needed was well-formed */
    LT_JSON_RUN_BROKEN,  /* a fault stopped the pass */
    LT_JSON_RUN_NO_JSON, /* it did not begin */
};

/* Sets head and head_mask by the name. */
void lt_json_node_set_head(struct lt_json_node *node);
/* Is it this name, of which `left` bytes from its first character on are in the document, and
 * `head` the first of them? */
static inline bool lt_json_node_is(const struct lt_json_node *node, uint64_t head,
                                   const uint8_t *name, size_t left)
{
    if ((head & node->head_mask) != node->head || node->head_mask == 0)
        return false;
    return node->name_bytes < LT_JSON_NAME_HEAD ||
           (left > node->name_bytes && memcmp(name, node->name, node->name_bytes) == 0 &&
            name[node->name_bytes] == '"');
}
/* Fills `found` (all MISSING before) and takes down `missing` (all slots_below before). */
enum lt_json_run lt_json_walk_run(struct lt_json_walk *walk, const uint8_t *data, size_t size_bytes,
                                  size_t padding_bytes);

#endif
