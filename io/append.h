/*
 * The sink `append`: one regular file that grows, exactly once.
 *
 * Rows are written as they come, what is at hand in one write, and are seen at once. At an epoch's
 * end the file is synced, and how long it then is becomes the sink's note. When a query begins
 * again, whatever stands behind the noted length of the last logged epoch is cut off, for it will
 * be read and written again: so the file, after that, holds each row once. Who follows the file
 * meanwhile may see rows that are taken back by a crash and written anew.
 *
 * Before the first note there is none to cut back to. So a query with a checkpoint writes down,
 * before its first row, how long it found the file: in `.NAME.leat-base` beside it, with the
 * query's id and the epoch that begins there. The companion goes when a start finds a note.
 * Without a checkpoint each run begins at the end that it finds.
 *
 * Dying between any two steps:
 *   file made, no companion            nothing written: the next start begins again
 *   companion, rows, no offsets/e      the same query and epoch: cut back to the companion's length
 *   rows of e synced, no offsets/e     cut back to the note of e - 1
 *   offsets/e, no commits/e            the note of e holds: nothing is to be done, rows are there
 *
 * The file is locked (flock) as long as the sink is open: a second writer would be cut off by the
 * first. A file that another process has shortened, replaced or removed is data loss, and said.
 * A full disk is waited for, up to `fullDiskTimeout`: rows stay in memory, the source is not
 * polled, and no half row stays in the file.
 *
 * One file has one order: the query has one lane.
 */
#ifndef LT_IO_APPEND_H
#define LT_IO_APPEND_H

#include "core/base/limits.h"
#include "core/flow/connector.h"
#include "io/format_write.h"

extern const struct lt_sink_type lt_append_sink_type;

/* ------------------------------------------------------- between append.c and append_writer.c */

enum { LT_APPEND_ENDS = 2 * LT_LIMIT_EPOCHS_IN_FLIGHT + 2 };

struct lt_append_sink {
    struct lt_sink base;
    struct lt_format_writer *format; /* the one writer's */
    char *path;
    int64_t full_disk_timeout_ns;
    int fd;           /* -1: not open */
    uint64_t inode;   /* of fd */
    int64_t length;   /* after resume: where the writer begins */
    bool has_resumed; /* since connect */
    bool has_writer;
    /* Without a checkpoint: where epochs began in this process, by epoch % LT_APPEND_ENDS. */
    struct lt_append_end {
        uint64_t epoch;
        int64_t length;
        bool is_known;
    } ends[LT_APPEND_ENDS];
};

/* Epoch `epoch` begins at this length. */
void lt_append_note_end(struct lt_append_sink *sink, uint64_t epoch, int64_t length);

int lt_append_open_writer(struct lt_sink *base, const struct lt_connector_env *env,
                          struct lt_writer **out, struct lt_error *error);

#endif
