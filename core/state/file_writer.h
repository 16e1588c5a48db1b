/*
 * Writing one state file through the reactor, from a stream of changes, without ever waiting:
 *
 *   open .F.leat.tmp, write ..., sync, close, rename to F, sync the folder
 *
 * A version that nobody reads before it is durable gets its name first; then file and folder are
 * synced at once, which on ext4 is one commit of the journal, and one flush of the disk, for both:
 * a third of the time of one after the other.
 *
 * A file that is small is one chain. Of a larger one a piece is encoded and written at a time, so
 * that it takes no memory that grows with it. The stream is read on the reactor's own thread, or
 * by the reactor's helper, for files that are made of files.
 *
 * on: the reactor's thread.
 */
#ifndef LT_STATE_FILE_WRITER_H
#define LT_STATE_FILE_WRITER_H

#include "core/flow/reactor.h"
#include "core/state/file_encode.h"

/* Called once, from the reactor's poll or park or from within start: 0 and what was written, or a
 * negative code and an error that names the file. What there was under its temporary name has been
 * deleted by then; where that fails too, it stays until the next start. */
typedef void lt_state_written_fn(void *context, int code, const struct lt_state_trailer *trailer,
                                 const struct lt_error *error);

struct lt_state_file_job {
    struct lt_state_header header;
    struct lt_state_stream *stream; /* taken over */
    bool is_for_helper;
    /* Until `done` says that it is durable, the file is nobody's: a start deletes it. After a loss
     * of power it may stand there in part. */
    bool is_unread;
    int folder_fd; /* stays open until the end */
    const char *folder_path;
    lt_state_written_fn *done;
    void *context;
};

struct lt_state_writer;

struct lt_state_writer *lt_state_writer_create(struct lt_reactor *reactor);
/* Begins a file; not while one is being written. */
void lt_state_writer_start(struct lt_state_writer *writer, const struct lt_state_file_job *job);
bool lt_state_writer_is_busy(const struct lt_state_writer *writer);
/* Ends what is being written, and waits until the reactor has given back what it holds; `done` does
 * not run. A file that has been renamed by then stays. */
void lt_state_writer_stop(struct lt_state_writer *writer);
/* Stops, and frees. NULL is a no-op. */
void lt_state_writer_destroy(struct lt_state_writer *writer);

/* The temporary name of a file. Returns `out`. */
enum { LT_STATE_TEMPORARY_NAME_SIZE = LT_STATE_FILE_NAME_SIZE + 16 };
char *lt_state_temporary_name(const char *name, char out[LT_STATE_TEMPORARY_NAME_SIZE]);
bool lt_state_is_temporary_name(const char *name);

#endif
