/*
 * Everything that exists between the start and the end of a query: made in order by
 * lt_assembly_build, unmade in reverse by lt_assembly_dismantle, which copes with any part missing.
 *
 *   settings -> pipeline -> placement -> counters -> checkpoint -> connections -> recovery,
 *   positions -> workers, lanes, control -> run
 *
 * on: the thread that starts the query.
 */
#ifndef LT_RUN_ASSEMBLY_H
#define LT_RUN_ASSEMBLY_H

#include "core/run/control.h"
#include "core/run/placement.h"
#include "core/run/query.h"
#include "core/run/query_options.h"

enum { LT_UUID_SIZE = 37 };

struct lt_assembly {
    const struct lt_query_spec *spec;
    const struct lt_clock *clock;
    struct lt_query_settings settings;
    struct lt_pipeline pipeline;
    struct lt_placement placement;
    bool has_placement;
    struct lt_counters *counters;
    struct lt_checkpoint *checkpoint; /* or NULL */
    struct lt_recovery recovery;
    char id[LT_UUID_SIZE], run_id[LT_UUID_SIZE];
    struct lt_position *start,
        *end; /* by partition; end: NULL unless the trigger is AvailableNow */
    enum lt_idle idle;
    uint32_t lane_count;
    struct lt_lane **lanes;
    struct lt_worker **workers; /* lanes' */
    uint32_t worker_count;
    struct lt_worker *control_worker; /* the one worker there is, in invoker mode */
    struct lt_mailbox *mailbox;
    struct lt_control *control;
    struct lt_progress *progress;
};

struct lt_assembly_hooks {
    void (*on_state)(void *context, enum lt_control_state state, const struct lt_error *error);
    void (*on_epoch)(void *context, uint64_t epoch, bool quiet);
    void *context;
};

/* The first part, which touches nothing outside: settings and pipeline. To be dismantled, also
 * after a failure. */
int lt_assembly_bind(struct lt_assembly *assembly, const struct lt_query_spec *spec,
                     struct lt_error *error) LT_MUST_USE;

/* The whole. On failure everything is unmade. */
int lt_assembly_build(struct lt_assembly *assembly, const struct lt_query_spec *spec,
                      const struct lt_assembly_hooks *hooks, struct lt_error *error) LT_MUST_USE;
/* Stops the workers at once and frees all. */
void lt_assembly_dismantle(struct lt_assembly *assembly);

#endif
