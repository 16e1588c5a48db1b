#include "core/run/drive.h"

void lt_drive_fini(struct lt_drive *drive)
{
    lt_coordinator_destroy(drive->coordinator);
    lt_batch_control_destroy(drive->batches);
}

void lt_drive_position(const struct lt_drive *drive, const struct lt_lane *of, uint32_t lane,
                       uint64_t epoch, const struct lt_position *positions)
{
    if (drive->batches != NULL)
        lt_batches_position(lt_batch_control_batches(drive->batches), lane, epoch, of->partitions,
                            positions, of->partition_count);
    else
        lt_coordinator_position(drive->coordinator, lane, epoch, of->partitions, positions,
                                of->partition_count);
}

void lt_drive_prepared(const struct lt_drive *drive, uint32_t lane, uint32_t sink, uint64_t epoch,
                       const char *note)
{
    if (drive->batches != NULL)
        lt_batches_prepared(lt_batch_control_batches(drive->batches), lane, sink, epoch, note);
    else
        lt_coordinator_prepared(drive->coordinator, lane, sink, epoch, note);
}

void lt_drive_committed(const struct lt_drive *drive, uint32_t lane, uint32_t sink, uint64_t epoch)
{
    if (drive->batches != NULL)
        lt_batches_committed(lt_batch_control_batches(drive->batches), lane, sink, epoch);
    else
        lt_coordinator_committed(drive->coordinator, lane, sink, epoch);
}

void lt_drive_request(const struct lt_drive *drive)
{
    if (drive->batches != NULL)
        lt_batch_control_request(drive->batches);
    else
        lt_coordinator_request(drive->coordinator);
}

int lt_drive_step(const struct lt_drive *drive, bool is_ready, struct lt_error *error)
{
    if (drive->batches == NULL)
        return lt_coordinator_step(drive->coordinator, error);
    return is_ready ? lt_batch_control_step(drive->batches, error) : 0;
}

int64_t lt_drive_deadline_ns(const struct lt_drive *drive, bool is_ready)
{
    if (drive->batches == NULL)
        return lt_coordinator_deadline_ns(drive->coordinator);
    return is_ready ? lt_batch_control_deadline_ns(drive->batches) : LT_NEVER_NS;
}

uint64_t lt_drive_next_epoch(const struct lt_drive *drive)
{
    if (drive->batches != NULL) {
        struct lt_batches_status batches;
        lt_batches_status(lt_batch_control_batches(drive->batches), &batches);
        return batches.epoch;
    }
    struct lt_coordinator_status status;
    lt_coordinator_status(drive->coordinator, &status);
    return (uint64_t)(status.last_done + 1);
}
