/*
 * Which parts of a value an expression uses: a tree over its type, made before the expression is
 * compiled, so that a reader of documents parses these parts and no others.
 *
 * A part is a field of a struct; of an array of structs it is a field of each element. What is used
 * in any other way is used whole.
 *
 * on: control.
 */
#ifndef LT_OPS_EXPR_USE_H
#define LT_OPS_EXPR_USE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/data/type.h"
#include "core/flow/expression.h"

struct lt_use {
    const struct lt_type *type;
    bool is_whole;
    uint32_t position;     /* of this field in its struct, as it is read */
    struct lt_use **parts; /* by field of the type; NULL: not used. Of arrays: one, the element */
};

/* Nothing of it is used yet. */
struct lt_use *lt_use_create(struct lt_arena *arena, const struct lt_type *type);
/* The field with this index of a struct, or of the elements of an array of structs: made if it is
 * not there. */
struct lt_use *lt_use_part(struct lt_arena *arena, struct lt_use *use, uint32_t index);
/* The part if it is there, else NULL. */
const struct lt_use *lt_use_find(const struct lt_use *use, uint32_t index);
/* True when the field of the struct is used, or all of it. */
bool lt_use_has(const struct lt_use *use, uint32_t index);
/* Notes at a reader's call that the FIELD takes a field of it at once. As in Spark it is then read
 * for this field alone, as if the type had no other: what is left of a document that is no JSON
 * depends on that (core/text/json_broken_read.c). Several fields may be read together all the same.
 */
void lt_use_alone(struct lt_expression *field);
/* Was that noted, and is the document no constant? One is read for all fields, before anything else
 * is done with it. */
bool lt_use_is_alone(const struct lt_expression *call);
/* The type without the fields that are not used; sets the positions to match. */
const struct lt_type *lt_use_prune(struct lt_arena *arena, struct lt_use *use);

#endif
