/*
 * The files of one epoch of a directory sink, from written to shown.
 *
 * A file is written under a staged name, hidden beside the place where it will stand:
 *
 *   k=a/.part-00000-<uuid>.c000.json.<query id>.leat   staged
 *   k=a/part-00000-<uuid>.c000.json                    in view
 *
 * and each file's bytes are synced as they are written (io/files_sink_stream.c). What is left to do
 * for all files of an epoch together is here, in two halves, each idempotent:
 *
 *   keep    sync the directories that hold staged names, and those above them, which hold their
 *           names: after this no crash loses a file, the epoch is prepared
 *   show    rename every file into view, and sync the directories again
 *
 * Those above are synced when a writer first uses a directory, whoever has made it: that may have
 * been a process that was killed, or a lane whose epoch is a later one.
 *
 * Where an epoch has very many files, syncing the whole file system once is less than syncing each
 * of them and of their directories: then their last blocks are not synced one by one.
 *
 * The *note* of a batch is what the checkpoint remembers (sinks/i/e): the directory, and each
 * file's path in it, size and time. From it alone, recovery makes the batch again and shows it.
 *
 * Paths are relative to the sink's directory; "" is that itself.
 *
 * on: the thread of the jobs' reactor.
 */
#ifndef LT_IO_FILES_SINK_BATCH_H
#define LT_IO_FILES_SINK_BATCH_H

#include "core/base/text_buffer.h"
#include "io/file_jobs.h"

/* Where the sink writes; constant while batches are there. */
struct lt_files_place {
    int fd;              /* of the directory */
    const char *path;    /* absolute */
    const char *query_id;
};

enum { LT_FILES_MANY = 256 }; /* more than this are synced together */

struct lt_files_batch;

enum { LT_FILES_KNOWN = 4096 }; /* a power of two */

/* Directories whose names are durable, as far as a writer has seen to it: their hashes, each at a
 * place of its own, where a later one may take over. What is forgotten is synced once more. */
struct lt_files_known {
    uint64_t hashes[LT_FILES_KNOWN]; /* 0: none */
};

struct lt_files_file {
    struct lt_files_batch *batch;
    char *directory, *path, *staged; /* "k=a", "k=a/part-...", "k=a/.part-....leat"; owned */
    int64_t size_bytes, modified_ms;
    bool made_directory; /* some above it were made for it */
    bool is_shown;       /* by an earlier attempt */
    struct lt_file_job job;
    struct lt_files_file *next;
};

enum lt_files_state {
    LT_FILES_OPEN,    /* files are being written */
    LT_FILES_KEEPS,   /* the directories are being synced */
    LT_FILES_KEPT,    /* durable */
    LT_FILES_RENAMES, /* into view */
    LT_FILES_SHOWS,   /* the directories are being synced again */
    LT_FILES_SHOWN,
    LT_FILES_FAILED, /* error */
};

struct lt_files_batch {
    const struct lt_files_place *place;
    struct lt_file_jobs *jobs;
    struct lt_files_known *known; /* NULL: it is only shown */
    enum lt_files_state state;
    struct lt_files_file *first, **last;
    uint32_t file_count, waiting_count;
    struct lt_files_sync *syncs;
    struct lt_file_job sync_all;
    struct lt_error error; /* the first */
};

/* `known`: of the writer, for one that will be kept. */
struct lt_files_batch *lt_files_batch_create(const struct lt_files_place *place,
                                             struct lt_file_jobs *jobs,
                                             struct lt_files_known *known);
/* No job of it may be under way. NULL is a no-op. */
void lt_files_batch_destroy(struct lt_files_batch *batch);

/* Adds a file `name` in `directory`. */
struct lt_files_file *lt_files_batch_add(struct lt_files_batch *batch, const char *directory,
                                         const char *name);
void lt_files_batch_fail(struct lt_files_batch *batch, const struct lt_io *failed,
                         const char *path);

/* No more files will come, and there are too many to sync each. */
static inline bool lt_files_batch_is_large(const struct lt_files_batch *batch)
{
    return batch->file_count > LT_FILES_MANY;
}
/* OPEN, all files written and, unless there are too many, synced: to KEPT. */
void lt_files_batch_keep(struct lt_files_batch *batch);
/* KEPT: to SHOWN. */
void lt_files_batch_show(struct lt_files_batch *batch);

/* A line of JSON. */
void lt_files_batch_note(const struct lt_files_batch *batch, struct lt_text_buffer *out);
/* Takes in the files of all lanes' notes, a line each. CORRUPT for what is no note, CHECKPOINT if
 * it speaks of another directory. */
int lt_files_batch_read(struct lt_files_batch *batch, const char *notes,
                        struct lt_error *error) LT_MUST_USE;

/* Is this the first line of a directory sink's note, of whatever directory? */
bool lt_files_is_note(const char *notes);

/* Is this the name of a file that the query has staged? */
bool lt_files_is_staged(const char *name, const char *query_id);

#endif
