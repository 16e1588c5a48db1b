/*
 * The checkpoint directory: opened, locked, recovered, written to.
 *
 * Publishing a file goes through the reactor as one chain: open a temporary name, write, sync,
 * close, rename, sync the directory; its .crc companion follows. A failure is reported once and
 * stops the query: data on disk are never guessed at. Reading (at open) is plain synchronous input:
 * no lane runs yet.
 *
 * on: the coordinator's thread, except open, which is the caller's of start.
 */
#ifndef LT_EPOCH_CHECKPOINT_H
#define LT_EPOCH_CHECKPOINT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/error.h"
#include "core/base/text_buffer.h"
#include "core/flow/connector.h"
#include "core/flow/reactor.h"

struct lt_checkpoint;
struct lt_json; /* core/text/json_tree.h */

struct lt_checkpoint_options {
    const char *path;
    const char *query_name; /* for the lock's owner line; may be NULL */
    uint32_t source_count, sink_count;
    uint32_t min_batches_to_retain; /* Spark's minBatchesToRetain, 100 */
    bool verify_checksums; /* .crc companions; files without one are accepted as Spark does */
    bool runs_batches;     /* the query runs in batches */
    bool keeps_pending;    /* a pending batch is run again; else it never was */
    bool has_state;        /* the query is stateful: the directory may hold state */
};

/* What recovery concluded; texts live in the checkpoint. */
struct lt_recovery {
    bool is_new; /* no epoch was ever logged: start at what sources/i/0 keeps, or at the initial
                    positions */
    uint64_t first_epoch; /* the next epoch to inject */
    /* Logged, not done: to be finished in order, before start, each with lt_checkpoint_finish. */
    uint64_t unfinished_first, unfinished_count;
    /* JSON per source (as many as options.source_count) at first_epoch's start; NULL when new, or
     * for a source that had none ("-"). */
    const char **source_offsets;
    /* For a run in batches: the watermark of the next batch, and the conf of the last (NULL:
     * none). */
    int64_t watermark_ms;
    int64_t last_watermark_ms; /* that the last batch had; 0: there was none */
    const struct lt_json *conf;
    /* The batch first_epoch is to be run again, up to here. Its watermark and conf are those
     * above. */
    bool has_pending;
    int64_t pending_timestamp_ms;
    const char **pending_offsets; /* as source_offsets */
};

/* Creates the directory if missing (parents too), takes the lock, reads the logs, deletes temporary
 * and stale files. Refuses, each with its own text: a directory in use (names the owner), not
 * writable, damaged (names the file and the damage), another query's (number of sources, a stateful
 * query), not a checkpoint. What is refused is left as it is. The code is LT_E_BUSY, LT_E_CORRUPT,
 * or LT_E_CHECKPOINT for all the others. */
int lt_checkpoint_open(const struct lt_checkpoint_options *options, struct lt_checkpoint **out,
                       struct lt_recovery *recovery, struct lt_error *error) LT_MUST_USE;
/* Ends publishing: waits for the file that the reactor is writing, if any, and answers what is
 * queued behind it with LT_E_CANCELLED. Comes before the coordinator and the reactor are destroyed.
 * on: the reactor's thread, at its end. NULL is a no-op. */
void lt_checkpoint_stop(struct lt_checkpoint *checkpoint);
/* Stops, if that was not done, and releases the lock: the last thing, when no connector can write
 * any more. NULL is a no-op. */
void lt_checkpoint_close(struct lt_checkpoint *checkpoint);

/* The query's UUID, from metadata; constant over restarts. */
const char *lt_checkpoint_query_id(const struct lt_checkpoint *checkpoint);

/* The notes of sink `sink` (a line per lane) for an unfinished epoch, or the last before them.
 * LT_E_NOT_FOUND without a text: the sink did not have a part in that epoch (it is new), nothing is
 * to be finished. */
int lt_checkpoint_read_notes(struct lt_checkpoint *checkpoint, uint32_t sink, uint64_t epoch,
                             struct lt_text_buffer *out, struct lt_error *error) LT_MUST_USE;
/* For a replay: its notes, durable before the sink is told to commit. Replaces those of the lost
 * preparation. */
int lt_checkpoint_write_notes(struct lt_checkpoint *checkpoint, uint32_t sink, uint64_t epoch,
                              const char *notes, struct lt_error *error) LT_MUST_USE;
/* The offset JSON of source `source` at the end of a logged epoch, or "-". A replay of e runs from
 * the end of e-1 to the end of e; of epoch 0, from the positions of a new query. */
int lt_checkpoint_read_offsets(struct lt_checkpoint *checkpoint, uint64_t epoch, uint32_t source,
                               struct lt_text_buffer *out, struct lt_error *error) LT_MUST_USE;
/* Writes commits/epoch, with what prepared/epoch says of it, at once, waiting for the disk: only in
 * recovery, in order. */
int lt_checkpoint_finish(struct lt_checkpoint *checkpoint, uint64_t epoch,
                         struct lt_error *error) LT_MUST_USE;

/* The last unfinished batch is to be run again after all, for a sink has lost it, and state cannot
 * be replayed for one sink: it is pending when the checkpoint is opened again. Durable. on:
 * recovery. */
int lt_checkpoint_withdraw(struct lt_checkpoint *checkpoint, uint64_t epoch,
                           struct lt_error *error) LT_MUST_USE;

/* Asynchronous publishing through `reactor`, in order per checkpoint. `done` is called once, from
 * the reactor's poll, with 0 or a negative code and an error; after a failure, what is queued
 * behind is answered by close. `name` as "offsets/17", "prepared/17", "sinks/0/17", "sources/0/17"
 * (of a source whose log was asked for at start), of a file that does not exist.
 * The content is copied. Nothing is written, and `done` has LT_E_CHECKPOINT, if the lock's file is
 * no longer the one that was locked: another query may have the directory. Call use_reactor once,
 * before the first of these. */
typedef void lt_checkpoint_done_fn(void *context, int code, const struct lt_error *error);
void lt_checkpoint_use_reactor(struct lt_checkpoint *checkpoint, struct lt_reactor *reactor);
void lt_checkpoint_publish(struct lt_checkpoint *checkpoint, const char *name, const char *content,
                           lt_checkpoint_done_fn *done, void *context);
/* As much of such a file as can be done before its time (core/epoch/publisher.h). */
void lt_checkpoint_write_ahead(struct lt_checkpoint *checkpoint, const char *name,
                               const char *content);
/* An epoch is done: deletes all but the newest minBatchesToRetain done entries, a bounded number
 * per call, and writes the .crc files that are still to come, through the reactor. Source logs are
 * their sources'. */
void lt_checkpoint_purge(struct lt_checkpoint *checkpoint, uint64_t newest_done_epoch);
/* Deletes a file of a source's log ("sources/0/8"), through the reactor, behind what is queued. */
void lt_checkpoint_delete(struct lt_checkpoint *checkpoint, const char *name);

/* A small file of a source's own (sources/<index>/0): read whole, or written durably, waiting for
 * the disk; one that is there is replaced. Reading gives LT_E_NOT_FOUND without an error text when
 * there is none. The codes are those of lt_checkpoint_open. on: start. */
int lt_checkpoint_read_file(const struct lt_checkpoint *checkpoint, const char *name,
                            struct lt_text_buffer *out, struct lt_error *error) LT_MUST_USE;
int lt_checkpoint_write_file(const struct lt_checkpoint *checkpoint, const char *name,
                             const void *content, size_t size_bytes,
                             struct lt_error *error) LT_MUST_USE;

/* A source's folder, for its resume: made if it is missing, and open from then on for the entries
 * that are published. `out` is valid as long as the checkpoint; its positions are left NULL. on:
 * start. */
int lt_checkpoint_source_log(struct lt_checkpoint *checkpoint, uint32_t source,
                             struct lt_source_log_reader *out, struct lt_error *error) LT_MUST_USE;

#endif
