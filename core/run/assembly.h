/*
 * Everything that exists between the start and the end of a query: made in order by
 * lt_assembly_build, unmade in reverse by lt_assembly_dismantle, which copes with any part missing.
 *
 *   for the query   settings -> pipeline -> placement -> counters -> progress
 *   for a run       checkpoint -> connections -> recovery, positions -> workers, lanes, control
 *
 * A query has one run, or several: lt_assembly_restart unmakes what is made for a run and makes it
 * again, as a new process would from the same checkpoint. Sources and sinks stay bound, and are
 * asked to connect again; counters and progress go on. Without a checkpoint the positions are
 * carried over as text, as a checkpoint would hold them, since the partitions may be others
 * afterwards.
 *
 * on: the thread that starts the query; restart: a thread that is no worker, with no other call
 * under way.
 */
#ifndef LT_RUN_ASSEMBLY_H
#define LT_RUN_ASSEMBLY_H

#include "core/base/uuid.h"
#include "core/run/control.h"
#include "core/run/placement.h"
#include "core/run/query.h"
#include "core/run/query_options.h"

struct lt_assembly {
    /* for the query */
    const struct lt_query_spec *spec;
    const struct lt_control_hooks *hooks; /* NULL where there is to be no run */
    const struct lt_clock *clock;
    struct lt_query_settings settings;
    struct lt_pipeline pipeline;
    struct lt_placement placement;
    bool has_placement;
    bool in_batches; /* the mode: by the trigger, the plan and the sources */
    struct lt_counters *counters;
    struct lt_progress *progress;
    char id[LT_UUID_SIZE]; /* from the first run on */
    /* for a run */
    char run_id[LT_UUID_SIZE];
    struct lt_checkpoint *checkpoint; /* or NULL */
    struct lt_recovery recovery;
    /* By part of the source (core/run/union_source.h): what it kept, which it may look at while it
     * is connected; and, without a checkpoint, where the run before ended; NULL: there was none. */
    struct lt_text_buffer kept[LT_LIMIT_SINKS];
    char *carried[LT_LIMIT_SINKS];
    struct lt_position *start,
        *end; /* by partition; end: NULL unless the trigger is AvailableNow in continuous mode */
    bool was_withdrawn; /* a batch: the checkpoint is to be opened again */
    struct lt_position *pending_end; /* of the batch that is to be run again; or NULL */
    struct lt_batch_settings batches;
    struct lt_text_buffer conf; /* of the batches */
    enum lt_idle idle;
    uint32_t lane_count;
    struct lt_lane **lanes;
    struct lt_segments *segments; /* NULL: there is no state */
    struct lt_worker **workers; /* lanes' */
    uint32_t worker_count;
    struct lt_worker *control_worker; /* the one worker there is, in invoker mode */
    struct lt_mailbox *mailbox;
    struct lt_control *control;
};

/* The first part, which touches nothing outside: settings and pipeline. To be dismantled, also
 * after a failure. */
int lt_assembly_bind(struct lt_assembly *assembly, const struct lt_query_spec *spec,
                     struct lt_error *error) LT_MUST_USE;

/* The second part: looks at the machine, and takes hold of what a run needs of it. */
int lt_assembly_place(struct lt_assembly *assembly, bool for_a_run,
                      struct lt_error *error) LT_MUST_USE;

/* What its connectors may ask for, but for what each has of its own. The deadline is the start-up
 * timeout from now. */
struct lt_connector_env lt_assembly_env(struct lt_assembly *assembly);

/* The whole. On failure everything is unmade. `hooks` live as long as the assembly. */
int lt_assembly_build(struct lt_assembly *assembly, const struct lt_query_spec *spec,
                      const struct lt_control_hooks *hooks, struct lt_error *error) LT_MUST_USE;
/* Ends the run at once and makes the next. On failure there is none: what is there for the query
 * stays. */
int lt_assembly_restart(struct lt_assembly *assembly, struct lt_error *error) LT_MUST_USE;
/* Stops the workers at once and frees all. */
void lt_assembly_dismantle(struct lt_assembly *assembly);

#endif
