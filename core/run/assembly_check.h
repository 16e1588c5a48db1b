/*
 * What is refused of a query before it runs, though each of its parts is good. Parts of
 * core/run/assembly.c.
 *
 * on: as there.
 */
#ifndef LT_RUN_ASSEMBLY_CHECK_H
#define LT_RUN_ASSEMBLY_CHECK_H

#include "core/run/assembly.h"

/* Each sink takes the query's output mode, and one that needs a checkpoint has one. */
int lt_assembly_check_sinks(const struct lt_assembly *assembly,
                            struct lt_error *error) LT_MUST_USE;
/* A query whose progress is to be tracked asynchronously can be; the mode is chosen. */
int lt_assembly_check_async(const struct lt_assembly *assembly,
                            struct lt_error *error) LT_MUST_USE;
/* A sink that keeps partition numbers has as many as its source; both are connected. */
int lt_assembly_check_partitions(const struct lt_assembly *assembly,
                                 struct lt_error *error) LT_MUST_USE;

#endif
