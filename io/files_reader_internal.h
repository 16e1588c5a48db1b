/*
 * The reader of a directory source, for its two files: what it reads (io/files_reader.c), and how
 * it learns of new files and cleans up old ones (io/files_reader_look.c).
 *
 * on: the lane's source thread.
 */
#ifndef LT_IO_FILES_READER_INTERNAL_H
#define LT_IO_FILES_READER_INTERNAL_H

#include "io/feed.h"
#include "io/files_columns.h"
#include "io/files_look.h"
#include "io/files_input.h"

enum { LT_FILES_STAGE_SIZE = 64 };

struct lt_files_reader {
    struct lt_reader base;
    struct lt_files_source *source;
    struct lt_reactor *reactor;
    const struct lt_clock *clock;
    struct lt_format_reader *format;
    struct lt_feed *feed;
    struct lt_files_columns *columns;
    char stage[LT_FILES_STAGE_SIZE]; /* in faults: the source and the file */

    /* the file that is read, or the next one */
    uint64_t ordinal, logged_end; /* from logged_end on files are not in the log yet */
    int64_t first_byte;           /* where the first file goes on */
    struct lt_position end;       /* offset INT64_MAX: none */
    struct lt_files_item item;
    struct lt_files_queue queue;
    struct lt_files_input input;
    int64_t files_begun, bytes_begun; /* in this epoch */

    struct lt_files_watch *watch; /* NULL: none; the directories are listed again and again */
    struct lt_io watch_io;
    bool has_events, is_watch_lost; /* has_events: in batches of the source's watch */
    bool has_news; /* in batches: some of them tell of what may be read */
    struct lt_files_look look;
    struct lt_io look_io;
    bool wants_all, has_looked, starts_over; /* starts_over: what waits is looked for anew */
    struct lt_text_buffer changed;
    int64_t next_look_ns;
    int64_t next_open_ns; /* when files that are open, or may be links, are looked at again */

    struct lt_files_item cleaning;
    struct lt_io clean_io;
    bool is_poked, has_failed, is_stopped;
    struct lt_shared_u64 *read_count, *skipped_count, *files_behind, *bytes_behind; /* or NULL */
};

static inline bool lt_files_reader_has_end(const struct lt_files_reader *reader)
{
    return reader->end.offset != INT64_MAX;
}

bool lt_files_reader_is_at_end(const struct lt_files_reader *reader);
/* The reader can do no more. The error is copied. */
void lt_files_reader_fail(struct lt_files_reader *reader, const struct lt_error *error);

/* Arms the watch, if there may be one and nothing but the reader's end stands against it. */
void lt_files_reader_open_watch(struct lt_files_reader *reader);
/* In batches: waits for the source's watch to tell of something, if it has one; what was told of
 * until now is listed, or was. */
void lt_files_reader_listen(struct lt_files_reader *reader);
/* Between two batches: has the watch told of something that may be read? The control thread lists
 * then. Goes on with what is to be cleaned up, too. */
bool lt_files_reader_has_news(struct lt_files_reader *reader);
/* What can be done now: reads events, starts a look if one is due, and the next cleaning. */
void lt_files_reader_look(struct lt_files_reader *reader);
/* Must the directories be listed again and again? */
bool lt_files_reader_is_polled(const struct lt_files_reader *reader);

#endif
