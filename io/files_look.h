/*
 * One look for new files: all of a place, or some paths that a watch has named. It finds what was
 * not seen before, marks it as seen, and orders it as it is to be read.
 *
 * on: whoever has the source's `seen` at the time: a helper thread for the lane, or the control
 * thread before a reader is open. It waits for the disk.
 */
#ifndef LT_IO_FILES_LOOK_H
#define LT_IO_FILES_LOOK_H

#include "io/files_source_internal.h"

struct lt_files_look {
    struct lt_files_source *source;
    struct lt_files_watch *watch; /* directories are added to it; NULL: none is watched */
    bool is_all;
    bool hears; /* what the watch tells of meanwhile is taken in: nobody else reads it */
    struct lt_text_buffer paths; /* not all: each ended by a zero byte, the first byte of each
                                    LT_FILES_COMPLETE or LT_FILES_NAMED */
    /* What comes of it: */
    struct lt_files_queue found;
    bool is_by_manifest;
    size_t left_out; /* files that are being written, as far as is known, and are not empty */
    struct lt_text_buffer open; /* those, and other such paths, as in `paths`: added to it */
    char *first_untold; /* of those that were begun before they could be told of, and of which the
                           log does not say yet that they are open; NULL: there is none */
    size_t untold;
    bool has_heard;  /* hears: something came meanwhile that may not be among what was found */
    bool is_cut;     /* more was found than may wait: look again when this is read */
    bool cannot_watch; /* the error says why; no fault of the look */
    int code;
    struct lt_error error;
};

enum { LT_FILES_COMPLETE = 'c', LT_FILES_NAMED = 'n' };

/* Can a file that a watch tells of be read now, as far as its path says? `is_complete` as of
 * struct lt_files_watch_visitor. on: any; may ask the disk. */
bool lt_files_has_come(const struct lt_files_place *place, const char *path, bool is_complete);
/* May a listing find files in this directory, which has come? */
bool lt_files_may_hold_files(const struct lt_files_place *place, const char *directory);
/* Reads what the watch tells of, so many times at most. True: something may have come that is to be
 * read. Files that are hidden, or empty and not closed, are none; but where a manifest says what
 * there is, what it consists of are hidden files. */
bool lt_files_hear(struct lt_files_watch *watch, const struct lt_files_place *place, int reads_max);
/* Takes out of what was found, and back into what was not seen, the files that are being written,
 * by what the watch has told until now. */
void lt_files_leave_out_open(struct lt_files_look *look);
/* Sets what comes of it. For struct lt_io: `look` is a struct lt_files_look; returns its code. */
int64_t lt_files_look_call(void *look);
/* What was found is not taken after all. */
void lt_files_unsee(struct lt_files_source *source, struct lt_files_queue *queue);

#endif
