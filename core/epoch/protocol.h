/*
 * The epoch protocol, in prose. tests/model/epoch.pml is the same protocol as a model, and
 * tests/model/batch.pml that of micro-batches; all use the names of the steps below, and a test
 * checks that the lists agree.
 *
 * An epoch is a number: 0, 1, 2, ... Every durable thing carries one. The data of a lane are cut
 * into epochs by markers that travel in the same rings, in order; data never wait for any of what
 * follows.
 *
 *   step      who           what
 *   inject    coordinator   on its tick (--epoch), if fewer than LT_LIMIT_EPOCHS_IN_FLIGHT epochs
 *                           are open: asks every lane for a marker of the next epoch e. If too many
 *                           are open, the tick passes: epochs coalesce, data do not wait.
 *   position  lane's source between two rows: notes where each of its partitions stands, puts
 *                           marker e behind the rows read so far, reports the positions.
 *   prepare   lane's sinks  at marker e, each writer starts to make what it was given before e
 *                           durable (without having to show it), and goes on writing rows of e+1.
 *   prepared  lane's sinks  when it is durable: reports it, with a note of what the sink must
 *                           remember.
 *   settle    source        when all lanes have reported positions and all writers are prepared for
 *                           e, and e-1 is logged: each source is asked until what it has read up to
 *                           the end of e can be read again, by the entry that it adds to its log.
 *   log       coordinator   when all sources have settled e: writes sinks/i/e (the notes) for every
 *                           sink, then the sources' log entries, then offsets/e. Once offsets/e is
 *                           durable, the range of e is fixed.
 *   commit    lane's sinks  offsets/e is durable: writers show e (commit, committed), then each
 *                           sink's own commit(e), in the order of the epochs. Idempotent.
 *   done      coordinator   when all sinks have committed e and e-1 is done: writes commits/e. Then
 *                           sources may forget, and entries older than minBatchesToRetain go, with
 *                           those of a source's log that it needs no more.
 *   recover   start         finishes what is logged and not done, deletes what never was: below.
 *   resume    start         each source reads its own log and deletes what lies beyond offsets/b
 *                           (before any epoch is finished: a replay reads by it); each sink is told
 *                           where the epochs go on, and cuts back or drops what lies beyond (after
 *                           all are finished, and before any writer is opened).
 *
 * Epochs are logged and done strictly in order. Several may be open at once, each at its own step.
 *
 * Files (core/epoch/publisher.h says how one is published): sinks/i/e before sources/i/N before
 * offsets/e before commits/e, each durable before the next is begun. A file is visible only whole.
 * The directory is Spark's, so a Spark checkpoint of a stateless query can be taken over:
 *
 *   metadata       {"id":"<uuid>"}
 *   offsets/e      v1 / metadata JSON / one offset JSON per source, "-" for a source without one.
 *                  The metadata JSON is Spark's, and says "preparedSinks":n if all n sinks were
 *                  prepared for e before it was written; when read it may also be {} or empty
 *   commits/e      v1 / {"nextBatchWatermarkMs":0}
 *   sources/i/0    what source i keeps of its start; or, of a source that settles epochs,
 *   sources/i/N    its log, in names and text of its own (Spark's file source: N, N.compact)
 *   sinks/i/e      v1 / one line per lane: the writer's note
 *   sinks/i/start  v1 / e / what sink i was before its first epoch, e: its notes until e is logged
 *   F.crc          the CRC32C of F (core/epoch/crc.h): written when the epoch is done, checked when
 *                  F is read; an F without one is accepted, as Spark does
 *   .leat.lock     held with a kernel lock by the one process that owns the directory; names it
 *
 * "preparedSinks" is what makes an entry evidence. Spark writes offsets/e *ahead* of the work: a
 * micro-batch before it runs, continuous processing before the writers have answered. Such an entry
 * says what was to be read, not that it was delivered; to call it finished would lose its records.
 *
 * Start. Before anything is read, the initial positions of a new query are made durable, by what
 * each source keeps in sources/i/0; a first run that dies before offsets/0 is followed by one that
 * starts where it started, not at what is "latest" by then.
 *
 * Recovery is a function from the directory to a position (core/epoch/recovery.h). Let c be the
 * last entry of commits (-1: none). Let b be the last of the entries c+1, c+2, ... of offsets that
 * say "preparedSinks" (c if there is none).
 *
 *   offsets/c missing    (c >= 0) not a state the protocol can leave: damaged; refused by name.
 *   entry > c, prepared, but not c+1 .. b
 *                        there is a gap: damaged; refused by name.
 *   entry > c, not prepared
 *                        an intention of Spark's or of a micro-batch: it never was. It is deleted,
 *                        and its range is read again after offsets/b.
 *   b = -1               a new query: epoch 0, from the positions in sources/i/0 or, without them,
 *                        from the sources' initial positions.
 *   b = c                go on with epoch b+1 from the positions of offsets/b.
 *   b > c                each of c+1 .. b is finished, in order: each sink is asked to commit e
 *                        again, by the notes in sinks/i/e; when all have, commits/e is written.
 * Then go on as above. Of a sink that e did not have yet (i >= preparedSinks) nothing is asked.
 *
 * A sink that has lost its preparation (an aborted transaction) says that e must be replayed:
 * exactly the range offsets/e-1 .. offsets/e (for e = 0: from sources/i/0) is read again as epoch
 * e, for that sink alone - the others have e. If only some of its writers lost theirs, the sink
 * drops the rows that it has: its notes name the partitions, and each row its own. It prepares
 * anew, the new notes replace those in sinks/i/e *before* it is told to commit, and only then is
 * commits/e written. So if the process dies in between, the notes always speak of the preparation
 * that may have been shown.
 *
 * What lies beyond b is dropped before the new run starts: stale sinks/i/e are deleted, and in
 * resume sinks forget what they had prepared for epochs beyond b; the numbers are used again. The
 * notes of b, done or not, are what resume goes by: they are never purged.
 *
 * Gaps below c are harmless: a purge that was interrupted, or Spark's asynchronous progress
 * tracking.
 *
 * Crash points, and what recovery concludes:
 *
 *   before log of e (no offsets/e)  e never was. Its records are read again, as part of a new e:
 *                                   at-least-once sinks repeat them, exactly-once sinks drop what
 *                                   was prepared (staged, uncommitted).
 *   sinks/i/e without offsets/e     as above; the notes are stale and deleted.
 *   sources/i/N without offsets/e   as above: the positions of offsets/b do not reach it. Deleted
 *                                   by the source's resume, before the name is used again.
 *   while a file is published       a temporary name is left: deleted. A .crc without its file (of
 *                                   a deletion that a loss of power took half back): deleted,
 *                                   durably, before the name is used again - or the next F could be
 *                                   seen beside the .crc of another. An F without .crc: as above.
 *   offsets/e without commits/e     e is fixed and its data are durable: finished, not re-read.
 *   after commits/e                 e is done. Files that it made needless in a source's log may be
 *                                   left: the source knows them by what replaced them.
 *   sinks/i/start, e not logged     the sink is cut back to it; of another e: it says nothing.
 *   before or in resume             a sink has more than offsets/b says, or less is cut than is to
 *                                   be: the next start cuts again, from the same notes.
 *   during recovery                 recovery only repeats idempotent steps and deletes what it
 *                                   would delete again.
 *   during a purge                  some old entries are left; gaps among them are below c.
 *
 * What is published has a name that never was before. So a file of that name, or a .crc of it, is
 * another writer's: it stays as it is, and the query stops (CONCURRENT_STREAM_LOG_UPDATE). The lock
 * keeps such writers out, but for programs that do not know it, and file systems that do not have
 * it.
 *
 * A file that exists is not written over while its .crc is there, or a crash between the two could
 * leave a sound file beside a checksum of another: the .crc goes first, then the file is replaced,
 * then it gets its .crc. Only notes of a replay and sources/i/0 are ever replaced.
 *
 * Guarantee: a record is in the output of every sink if its offset lies before a logged position
 * and recovery has run. Per partition, what is repeated after a crash is at most what was read
 * after the positions of the last offsets entry.
 *
 * A graceful stop injects a last epoch after the last row and waits until it is done (up to
 * --drain).
 *
 * What this is not: alignment across lanes. A lane's marker is its own; there is no exchange
 * between lanes in continuous mode, so no barrier ever holds a row.
 *
 * Micro-batches (core/epoch/batches.h). A batch is an epoch whose range is fixed before it is run,
 * as Spark's are, so that a batch that needs state can be run again and come to the same. One is
 * open at a time. Its steps have the names above, in another order:
 *
 *   plan           control       where batch e is to end, by the trigger, the sources' limits and
 *                                what there is; its timestamp and watermark
 *   settle         source        each source can read up to there again, by its log entry
 *   log            control       writes the sources' log entries, then offsets/e, without
 *                                "preparedSinks", *ahead* of all that anybody sees of the batch
 *   run            lanes         read exactly up to there; the marker follows the last row. It is
 *                                begun together with log, and not after it: what operators do, what
 *                                stores make durable and what sinks prepare that show rows with
 *                                commit goes on beside the disk's work at offsets/e. Sinks that
 *                                show rows at once get them when offsets/e is durable. Batch 0
 *                                waits for that as a whole: state without an entry counts as damage
 *   prepare(d)     sinks, state  as above; the operators' stores make version e+1 durable
 *   conclude       control       all are prepared: writes sinks/i/e, then prepared/e. From here on
 *                                the batch is finished after a crash, and not run again. Left out
 *                                where no sink has anything to finish or to remember (a Kafka
 *                                topic, a socket): it would say no more than commits/e, and cost
 *                                six syncs of a disk
 *   commit, done   as above; then the stores may forget versions before e
 *
 *   prepared/e     v1 / {"preparedSinks":n,"nextBatchWatermarkMs":w}: commits/e will hold w
 *
 * In recovery an entry of offsets counts as prepared if it says so itself or prepared/e is there.
 * The entry b+1, if it is not prepared, is the *pending* batch: a run in batches reads exactly its
 * range again, with its number, its timestamp, its watermark and its conf, before anything else.
 * State is opened at version b+1, and what was made of version b+2 is written over; sinks resume
 * with epoch b+1 and drop what was prepared for it. What the notes sinks/i/b+1 say never was; they
 * are deleted. A continuous run deletes the pending entry, as any of Spark's. Either mode goes on
 * where the other stopped, but for state: a query that has none refuses a directory with some.
 *
 *   before offsets/e               the batch never was, and nobody has seen of it; another range
 *                                  may be planned for e. sources/i/N may be there: what it names is
 *                                  read first, or is deleted by the source's resume. State version
 *                                  e+1 and what sinks have prepared go as that of a pending batch
 *   offsets/e, not prepared/e      pending: run again
 *   sinks/i/e, state version e+1,
 *   without prepared/e             pending, as if they were not there
 *   prepared/e, not commits/e      fixed and durable: finished, as any prepared epoch; but if a
 *                                  sink of a query with state has lost it, prepared/e is deleted,
 *                                  and the batch is run again as a whole
 *   during a purge                 offsets/e goes before prepared/e: what is left of an old batch
 *                                  is older than every entry of offsets, and deleted at a start
 *
 * Asynchronous progress tracking (core/run/async_progress.h), of micro-batches without state,
 * leaves log, conclude and done out of a batch's way: after some batches, and not after each,
 * offsets/e and commits/e are written, when batch e is done and others are run. So numbers have
 * gaps, and nothing above changes: b is a number, and an entry of offsets behind a gap without its
 * commit was never prepared. What the sources add to their logs is durable before the batch is run,
 * as ever; what they need no more, they are told, and goes, once commits/e is there.
 */
#ifndef LT_EPOCH_PROTOCOL_H
#define LT_EPOCH_PROTOCOL_H

#include <stdbool.h>
#include <stdint.h>

/* The steps above; the names are shared with the model and with the fault points of the simulator.
 */
#define LT_EPOCH_STEP_MAP(XX)                                                                      \
    XX(INJECT, "inject")                                                                           \
    XX(POSITION, "position")                                                                       \
    XX(PREPARE, "prepare")                                                                         \
    XX(PREPARED, "prepared")                                                                       \
    XX(SETTLE, "settle")                                                                           \
    XX(LOG, "log")                                                                                 \
    XX(COMMIT, "commit")                                                                           \
    XX(DONE, "done")                                                                               \
    XX(RECOVER, "recover")                                                                         \
    XX(RESUME, "resume")

enum lt_epoch_step {
#define LT_EPOCH_STEP_ENUM(name, text) LT_EPOCH_##name,
    LT_EPOCH_STEP_MAP(LT_EPOCH_STEP_ENUM)
#undef LT_EPOCH_STEP_ENUM
        LT_EPOCH_STEP_COUNT
};

/* "inject". Never NULL. on: any. */
const char *lt_epoch_step_name(enum lt_epoch_step step);

/*
 * Fault points: where a test may end the run, as if the process had died right before the step. At
 * LT_EPOCH_RECOVER the point stands before each change that recovery makes to the directory, and at
 * LT_EPOCH_RESUME before each source and sink that resumes.
 *
 * The steps of the coordinator have one each: inject, settle, log, commit, done. Those of lanes -
 * position, prepare, prepared - have none: they change nothing that the coordinator wrote. A test
 * dies there in its own source and sinks (tests/support/crash_world.h), or between two of its own
 * lanes' reports (tests/support/sim_life.h).
 *
 * The hook returns true to stop here; the step then fails with LT_E_CANCELLED and changes nothing.
 * It may as well end the process. on: set before start, called on the coordinator's thread; at
 * LT_EPOCH_RECOVER also on those of instances that note what their state is, while they are opened.
 */
typedef bool lt_epoch_fault_fn(void *context, enum lt_epoch_step step, uint64_t epoch);
void lt_epoch_set_fault_hook(lt_epoch_fault_fn *fn, void *context); /* NULL: none, the default */
bool lt_epoch_fault_point(enum lt_epoch_step step, uint64_t epoch);

#endif
