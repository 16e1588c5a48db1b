/*
 * The C++ part of core/text/json.h: one pass over one document, led by a tree of names. For json.c
 * only. Plain types only, since the headers of leat are C.
 *
 * on: one thread at a time.
 */
#ifndef LT_TEXT_JSON_ONDEMAND_H
#define LT_TEXT_JSON_ONDEMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { LT_JSON_ONDEMAND_PADDING = 64 }; /* bytes after a document that are read and not used */

/* One step of some path. Nodes are an array; node 0 is the document. */
struct lt_json_node {
    const char *name; /* NULL: an index into an array */
    size_t name_bytes;
    bool has_plain_name; /* it is the same in a document, escapes apart */
    uint64_t index;
    int32_t slot;                      /* where the value found here goes; -1: nowhere */
    int32_t parent;                    /* -1: none */
    int32_t first_child, next_sibling; /* 0: none */
    uint32_t slots_below;              /* at this node and under it */
};

enum lt_json_found_kind {
    LT_JSON_FOUND_NOTHING,
    LT_JSON_FOUND_NULL,
    LT_JSON_FOUND_BOOLEAN,
    LT_JSON_FOUND_INTEGER,
    LT_JSON_FOUND_FLOAT,
    LT_JSON_FOUND_NUMBER, /* a number that neither 64 bits nor a finite double hold */
    LT_JSON_FOUND_STRING,
    LT_JSON_FOUND_CONTAINER,
    LT_JSON_FOUND_INVALID,
};

struct lt_json_found {
    enum lt_json_found_kind kind;
    bool is_unescaped; /* `data` points into the parser, not into the document */
    int64_t i64;
    double f64;
    const uint8_t *data;
    size_t size_bytes;
};

enum lt_json_run {
    LT_JSON_RUN_WHOLE,   /* all that was needed was well-formed */
    LT_JSON_RUN_BROKEN,  /* a fault stopped the pass */
    LT_JSON_RUN_NO_JSON, /* it did not begin */
};

struct lt_json_ondemand;

/* `nodes` stay the caller's and unchanged while it lives. NULL without memory. */
struct lt_json_ondemand *lt_json_ondemand_create(const struct lt_json_node *nodes,
                                                 size_t node_count);
void lt_json_ondemand_destroy(struct lt_json_ondemand *ondemand);
/* Fills `found` (by slot; NOTHING before). LT_JSON_ONDEMAND_PADDING bytes after the document can be
 * read. */
enum lt_json_run lt_json_ondemand_run(struct lt_json_ondemand *ondemand, const uint8_t *data,
                                      size_t size_bytes, struct lt_json_found *found);
/* Names compared and values looked into, since it was created. */
uint64_t lt_json_ondemand_fields_seen(const struct lt_json_ondemand *ondemand);
uint64_t lt_json_ondemand_fields_parsed(const struct lt_json_ondemand *ondemand);

#ifdef __cplusplus
}
#endif

#endif
