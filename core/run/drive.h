/*
 * What drives the epochs of a query, whichever it is: the coordinator of continuous mode
 * (core/epoch/coordinator.h), or batches (core/run/batch_control.h). What lanes report goes to it.
 *
 * on: the control thread.
 */
#ifndef LT_RUN_DRIVE_H
#define LT_RUN_DRIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/epoch/coordinator.h"
#include "core/run/batch_control.h"
#include "core/run/lane.h"

/* One of them is there. */
struct lt_drive {
    struct lt_coordinator *coordinator;
    struct lt_batch_control *batches;
};

/* Frees what is there: nothing, perhaps. */
void lt_drive_fini(struct lt_drive *drive);

/* Reports of a lane; `of` is it. The note is copied. */
void lt_drive_position(const struct lt_drive *drive, const struct lt_lane *of, uint32_t lane,
                       uint64_t epoch, const struct lt_position *positions);
void lt_drive_prepared(const struct lt_drive *drive, uint32_t lane, uint32_t sink, uint64_t epoch,
                       const char *note);
void lt_drive_committed(const struct lt_drive *drive, uint32_t lane, uint32_t sink,
                        uint64_t epoch);
/* An epoch now. */
void lt_drive_request(const struct lt_drive *drive);

/* One bounded step. Batches wait until the lanes are ready: only then is it known where a source of
 * the program's own stands. Returns a work count, or a negative code (error set): the query must
 * stop. */
int lt_drive_step(const struct lt_drive *drive, bool is_ready, struct lt_error *error) LT_MUST_USE;
int64_t lt_drive_deadline_ns(const struct lt_drive *drive, bool is_ready);

/* The epoch after the last that is done. */
uint64_t lt_drive_next_epoch(const struct lt_drive *drive);

#endif
