/*
 * Inside the reader of a tail: io/tail_reader.c reads, io/tail_follow.c finds out what there is to
 * read.
 *
 * All files share one feed, which stands in one file at a time. Turning to another drops what is
 * carried of an unfinished record; it is read again when its file's turn comes. So memory does not
 * grow with the number of files.
 *
 * A file is *dirty* while it may have bytes that were not read. A read that gives nothing has come
 * to its end, or somebody has cut the file: that is looked for then. At its end a file is clean,
 * unless the kernel has told of more since the read.
 */
#ifndef LT_IO_TAIL_READER_H
#define LT_IO_TAIL_READER_H

#include <sys/stat.h>

#include "io/feed.h"
#include "io/tail.h"
#include "io/tail_scan.h"

enum {
    LT_TAIL_EVENT_BYTES = 16 * 1024,
    LT_TAIL_TICK_NS = 20 * LT_NS_PER_MS, /* by which a file system's clock may be behind */
};

struct lt_tail_file {
    char *path;
    uint64_t inode;
    int fd;      /* -1: a mark that was not found yet */
    int watch;   /* -1: none */
    bool matches; /* its name is one of the pattern's */
    bool is_dirty, is_gone;
    bool was_found; /* by the listing that is looked at */
    bool is_ending; /* nothing will be added: its last bytes are a record */
    bool has_ended; /* and that was read */
    int64_t offset; /* behind the last record read */
    int64_t read_end; /* how far bytes were read; at least offset */
    int64_t size_bytes; /* as last seen */
    int64_t end;      /* where to stop; -1: nowhere */
    int64_t noted_offset; /* in the last place; -1: in none */
    int64_t noted_number; /* of the first place that says so; 0: that was there at the start */
    int64_t grown_ns;     /* when it last grew */
    uint64_t event_count; /* the kernel's word that it was written to */
    uint32_t head_bytes;
    uint8_t head[LT_TAIL_HEAD_BYTES];
    const struct lt_tail_file *before; /* the file that had its name before: read first */
};

struct lt_tail_reader {
    struct lt_reader base;
    struct lt_tail_source *source;
    const struct lt_clock *clock;
    struct lt_reactor *reactor;
    struct lt_format_reader *format;
    struct lt_feed *feed;
    struct lt_tail_file **files; /* in the order in which they were found */
    uint32_t file_count, file_capacity;
    struct lt_tail_file *current; /* where the feed stands; NULL: nowhere */
    uint32_t turn, current_reads;
    bool has_failed;

    /* Reading. */
    struct lt_io read, probe, stat;
    uint8_t probed; /* by probe, which only has to be there */
    struct statx status;
    uint64_t read_events; /* of the file, when the read was submitted */
    bool is_reading;      /* one of them is with the reactor */

    /* Following. */
    struct lt_io scan_io, event_wait, event_io;
    struct lt_tail_scan scan;
    int inotify_fd; /* -1: none */
    bool is_scanning, is_scan_wanted, has_scanned, is_closing, warned_watches;
    int64_t scan_due_ns;
    int64_t look_us, looked_us; /* wall clock: when the listing began, and the one before */
    int64_t look_ns, looked_ns; /* the same on the query's clock */
    char events[LT_TAIL_EVENT_BYTES] __attribute__((aligned(8)));

    /* Positions. */
    struct lt_tail_place *start, *stop; /* stop: where to end; NULL: nowhere */
    struct lt_position stop_position, position; /* position: the last that was given */
    bool has_changed;                           /* since then */
    bool has_let_go; /* of a file since then, of which the last one speaks */

    struct lt_shared_u64 *truncated, *lost, *open_files, *bytes_behind; /* counters */
};

/* -------------------------------------------------------------------------- io/tail_follow.c */

/* Starts following: the first listing is asked for. */
int lt_tail_follow_begin(struct lt_tail_reader *reader, struct lt_error *error);
/* Lists the directories when that is due or wanted; lets go of files that have ended. */
void lt_tail_follow_step(struct lt_tail_reader *reader, int64_t now_ns);
/* Ends what is with the reactor; then, on any thread, everything. */
void lt_tail_follow_stop(struct lt_tail_reader *reader);
void lt_tail_follow_end(struct lt_tail_reader *reader);
/* The file was cut by somebody: it begins at 0 again. */
void lt_tail_truncated(struct lt_tail_reader *reader, struct lt_tail_file *file,
                       int64_t size_bytes);
/* Ends the reader; `error` was set by the caller in reader->base.error. */
void lt_tail_fail(struct lt_tail_reader *reader);
/* Every file stands where it is to end. */
bool lt_tail_is_at_stop(const struct lt_tail_reader *reader);

#endif
