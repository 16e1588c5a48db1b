/*
 * What moves the rows of a run: its workers, and what they carry, which is the lanes, the segments
 * of a query with state, and the control agent. They are made when it is known where the run
 * begins, and started last. Parts of core/run/assembly.c.
 *
 * on: as there.
 */
#ifndef LT_RUN_ASSEMBLY_LANES_H
#define LT_RUN_ASSEMBLY_LANES_H

#include "core/run/assembly.h"

/* What is chosen where the options leave it open, once placed. Lanes: as many as CPUs and
 * partitions allow; before the source is connected, as CPUs allow. */
uint32_t lt_assembly_choose_lane_count(const struct lt_assembly *assembly);
enum lt_idle lt_assembly_choose_idle(const struct lt_assembly *assembly);
/* Of epochs; in batches the trigger's interval is none of theirs. */
int64_t lt_assembly_epoch_interval_ns(const struct lt_assembly *assembly);

/* Of a worker that parks, on no lane's CPU. `name` is kept. */
struct lt_worker_options lt_assembly_worker_options(struct lt_assembly *assembly,
                                                    const char *name);

/* The positions are known: makes them all, and runs the workers. */
int lt_assembly_make_lanes(struct lt_assembly *assembly, struct lt_error *error) LT_MUST_USE;
/* Lanes end before control: what they still report finds its mailbox. */
void lt_assembly_stop_workers(struct lt_assembly *assembly);
/* Stops the workers and unmakes what was made, however far that got. */
void lt_assembly_end_lanes(struct lt_assembly *assembly);

#endif
