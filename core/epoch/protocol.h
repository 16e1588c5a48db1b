/*
 * The epoch protocol, in prose. tests/model/epoch.pml is the same protocol as a model; both use the names of the
 * steps below, and a test checks that the two lists agree.
 *
 * An epoch is a number: 0, 1, 2, ... Every durable thing carries one. The data of a lane are cut into epochs by
 * markers that travel in the same rings, in order; data never wait for any of what follows.
 *
 *   step       who            what
 *   inject     coordinator    on its tick (--epoch), if fewer than LT_LIMIT_EPOCHS_IN_FLIGHT epochs are open: asks every
 *                             lane for a marker of the next epoch e. If too many are open, the tick passes: epochs
 *                             coalesce, data do not wait.
 *   position   lane's source  between two rows: notes where each of its partitions stands, puts marker e behind the rows
 *                             read so far, reports the positions.
 *   prepare    lane's sinks   at marker e, each writer starts to make what it was given before e durable (without having
 *                             to show it), and goes on writing rows of e+1.
 *   prepared   lane's sinks   when it is durable: reports it, with a note of what the sink must remember.
 *   log        coordinator    when all lanes have reported positions and all writers are prepared for e, and e-1 is
 *                             logged: writes sinks/i/e (the notes), then offsets/e. From the moment that offsets/e is
 *                             visible, the range of e is fixed.
 *   commit     lane's sinks   offsets/e is durable: writers show e (commit, committed), then each sink's own commit(e).
 *                             Idempotent.
 *   done       coordinator    when all sinks have committed e and e-1 is done: writes commits/e. Then sources may
 *                             forget, and entries older than minBatchesToRetain are purged.
 *
 * Epochs are logged and done strictly in order. Several may be open at once, each at its own step.
 *
 * Files (core/epoch/log.h says how one is published): sinks/i/e before offsets/e before commits/e. A file is visible
 * only whole. The directory is Spark's, so a Spark checkpoint of a stateless query can be taken over:
 *
 *   metadata       {"id":"<uuid>"}
 *   offsets/e      v1 / {} or Spark's metadata JSON or an empty line / one offset JSON per source
 *   commits/e      v1 / {"nextBatchWatermarkMs":0}
 *   sources/i/0    what source i keeps of its start
 *   sinks/i/e      v1 / one line per lane: the writer's note
 *   F.crc          {"algorithm":"CRC32C","checksum":...}: written before F, checked when F is read
 *   .leat.lock     held with a kernel lock by the one process that owns the directory; names it
 *
 * Recovery is a function from the directory to a position (core/epoch/recovery.h). Let b be the last entry of offsets,
 * c the last of commits (-1: none).
 *
 *   b = -1            a new query: epoch 0, initial positions of the sources
 *   b = c             go on with epoch b+1 from the positions of offsets/b
 *   b = c+1           epoch b is finished first: each sink is asked to commit b again, by the notes in sinks/i/b. When
 *                     all have, commits/b is written: go on as above. A sink that has lost its preparation says that b
 *                     must be replayed: exactly the range offsets/c .. offsets/b is read again as epoch b, and nothing else.
 *   b > c+1           several epochs were logged and not done (they are logged in order while commits may lag): each of
 *                     c+1 .. b is finished in order, as above.
 *   b < c, or a gap   not a state the protocol can leave: damaged; refused by name.
 *
 * Crash points, and what recovery concludes:
 *
 *   before log of e (no offsets/e)     e never was. Its records are read again, as part of a new e: at-least-once sinks
 *                                      repeat them, exactly-once sinks drop what was prepared (staged, uncommitted).
 *   sinks/i/e without offsets/e        as above; the notes are stale and are deleted before the new run starts.
 *   in the middle of publishing a file a temporary name is left: deleted. A .crc without its file: deleted.
 *   offsets/e without commits/e        e is fixed and its data are durable: finished, not re-read.
 *   after commits/e                    e is done.
 *   during recovery                    recovery only repeats idempotent steps and deletes what it would delete again.
 *
 * Guarantee: a record is in the output of every sink if its offset lies before a committed position. Per partition,
 * what is repeated after a crash is at most what was read after the positions of the last offsets entry.
 *
 * A graceful stop injects a last epoch after the last row and waits until it is done (up to --drain).
 *
 * What this is not: alignment across lanes. A lane's marker is its own; there is no exchange between lanes in continuous
 * mode, so no barrier ever holds a row.
 */
#ifndef LT_EPOCH_PROTOCOL_H
#define LT_EPOCH_PROTOCOL_H

#include <stdint.h>

/* The steps above; the names are shared with the model and with the fault points of the simulator. */
#define LT_EPOCH_STEP_MAP(XX)                                                                           \
    XX(INJECT, "inject")                                                                                \
    XX(POSITION, "position")                                                                            \
    XX(PREPARE, "prepare")                                                                              \
    XX(PREPARED, "prepared")                                                                            \
    XX(LOG, "log")                                                                                      \
    XX(COMMIT, "commit")                                                                                \
    XX(DONE, "done")

enum lt_epoch_step {
#define LT_EPOCH_STEP_ENUM(name, text) LT_EPOCH_##name,
    LT_EPOCH_STEP_MAP(LT_EPOCH_STEP_ENUM)
#undef LT_EPOCH_STEP_ENUM
        LT_EPOCH_STEP_COUNT
};

#endif
