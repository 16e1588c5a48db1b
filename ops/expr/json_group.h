/*
 * JSON groups: the paths of one program over one column (`value:price`), which are all taken out of
 * a document the first time that one of them is reached in an evaluation.
 *
 * on: made on control, loaded on the program's thread.
 */
#ifndef LT_OPS_EXPR_JSON_GROUP_H
#define LT_OPS_EXPR_JSON_GROUP_H

#include "ops/expr/machine.h"

struct lt_json_group;
struct lt_json_load {
    struct lt_json_group *group;
    uint32_t index;         /* of the path in its group */
    enum lt_type_kind kind; /* BOOLEAN, BIGINT, DOUBLE or STRING */
};

/* A group that is not `is_shared` has another document each time it is loaded. */
struct lt_json_group *lt_json_group_create(bool is_shared);
void lt_json_group_destroy(struct lt_json_group *group);
/* The index of a path, added if new; the text outlives the group. Only before lt_json_group_seal().
 */
uint32_t lt_json_group_add(struct lt_json_group *group, const char *path);
int lt_json_group_seal(struct lt_json_group *group, struct lt_error *error) LT_MUST_USE;
/* How many fields of a document are looked into, where all are there; when it is sealed. */
uint32_t lt_json_group_field_count(const struct lt_json_group *group);
/* Adds what the group's documents cost so far. */
void lt_json_group_count(const struct lt_json_group *group, uint64_t *documents, uint64_t *copies,
                         uint64_t *fields_parsed);
/* Loads one field of the document in `text`; the first of a generation extracts all of them. False:
 * NULL. */
bool lt_json_group_load(struct lt_machine *machine, const struct lt_json_load *load,
                        const struct lt_bytes *text, union lt_value *out);

#endif
