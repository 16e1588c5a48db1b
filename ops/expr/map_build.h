/*
 * Maps as they grow, one entry at a time: a key cannot be NULL, and what happens to a key that is
 * there already is the session's map key policy. Shared by all functions that make maps.
 */
#ifndef LT_OPS_EXPR_MAP_BUILD_H
#define LT_OPS_EXPR_MAP_BUILD_H

#include "ops/expr/value_set.h"

struct lt_map_build {
    struct lt_machine *machine;
    const struct lt_call *call; /* whose type is the map */
    struct lt_map *map;         /* NULL: too large */
    struct lt_value_set keys;
    uint32_t count;
};

struct lt_map_build lt_map_build_start(struct lt_machine *machine, const struct lt_call *call,
                                       uint32_t most);
/* NULL for a value that is NULL, or for a key that is. FAULT: the reason was recorded. */
enum lt_kernel lt_map_build_put(struct lt_map_build *build, const union lt_value *key,
                                const union lt_value *value);
enum lt_kernel lt_map_build_finish(struct lt_map_build *build, union lt_value *out);

#endif
