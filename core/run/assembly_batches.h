/*
 * What assembling a query takes for micro-batches: which mode it runs in, what its first batch is
 * to know, and how its state is kept. Parts of core/run/assembly.c.
 *
 * on: as there.
 */
#ifndef LT_RUN_ASSEMBLY_BATCHES_H
#define LT_RUN_ASSEMBLY_BATCHES_H

#include "core/run/assembly.h"
#include "core/run/recover.h"

/* The pipeline is bound. */
int lt_assembly_choose_mode(struct lt_assembly *assembly, struct lt_error *error) LT_MUST_USE;
/* All sources can be read again from a position. */
bool lt_assembly_is_replayable(const struct lt_assembly *assembly);
/* The positions are known: fills assembly->batches. */
int lt_assembly_settle_batches(struct lt_assembly *assembly,
                               const struct lt_recover_options *recover,
                               struct lt_error *error) LT_MUST_USE;

/* A sink whose rows have one order, for which there is one partition; NULL: none. */
const struct lt_sink *lt_assembly_ordered_sink(const struct lt_assembly *assembly);
/* Of a query with state, once placed: partitions of the state; and instances of all segments. */
uint32_t lt_assembly_partition_count(const struct lt_assembly *assembly);
uint32_t lt_assembly_instance_count(const struct lt_assembly *assembly); /* 0: there is no state */
struct lt_state_settings lt_assembly_state_settings(const struct lt_assembly *assembly);

#endif
