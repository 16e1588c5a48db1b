/*
 * Watching directories by inotify: which paths have come, so that a file is taken when it appears
 * and not when the directory is next listed.
 *
 * A file counts as come when it was renamed or linked into place, or when one who wrote it closed
 * it. What cannot be told by one path (a directory has come, the root has gone, the kernel's queue
 * ran over) asks for a listing of all. File systems that other machines write to (NFS, SMB, ...)
 * tell nothing, so that they have to be listed again and again.
 *
 * The watch also remembers which names were created and not closed by a writer since, and have not
 * gone: files that are being written, for all that is known, unless they are links
 * (io/files_whole.h). It knows that of what happened since the directory is watched, and forgets it
 * when the kernel's queue runs over, since the news of a close may have been lost then. So nothing
 * counts as being written for ever. Of files that a listing finds in a directory that was not
 * watched before, or after such a loss, it says that it does not know.
 *
 * A directory that is listed by several names, since links lead to it, is told of by each.
 *
 * on: any thread; in batches one lists and adds directories, and another reads events. Created and
 * destroyed while nobody else has it.
 */
#ifndef LT_IO_FILES_WATCH_H
#define LT_IO_FILES_WATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/error.h"

struct lt_files_watch;

/* NULL when the system gives no watch; its text says why. */
struct lt_files_watch *lt_files_watch_create(struct lt_error *error);
void lt_files_watch_destroy(struct lt_files_watch *watch); /* NULL is a no-op */
/* Readable when there are events. */
int lt_files_watch_fd(const struct lt_files_watch *watch);

/* Watches a directory; one that is watched already is no fault. False: it cannot be watched, and
 * `error` says why. */
bool lt_files_watch_add(struct lt_files_watch *watch, const char *directory,
                        struct lt_error *error) LT_MUST_USE;

struct lt_files_watch_visitor {
    /* A file has come. `is_complete`: false when only its name is known to have come: by a link, or
     * it was created and is being written. */
    void (*file)(void *context, const char *path, bool is_complete);
    void (*directory)(void *context, const char *path); /* has come */
    void (*all)(void *context);                         /* list again */
    void *context;
};

/* Before a listing of all, which adds its directories. */
void lt_files_watch_begin_listing(struct lt_files_watch *watch);
/* May a file that the listing has found be one that is being written, though nothing was told of
 * it? Then it is remembered as one, and whoever asks finds out, and notes those that are whole. Of
 * the others a closing counts when the kernel does not say that somebody else goes on writing. */
bool lt_files_watch_doubts(struct lt_files_watch *watch, const char *path);
/* Have events been lost since the listing began? Then the files that it has found are doubted as
 * well. */
bool lt_files_watch_has_lost(struct lt_files_watch *watch);
/* Was this name created, and not closed by a writer since, as far as events were read? */
bool lt_files_watch_is_open(struct lt_files_watch *watch, const char *path);
/* It is whole all the same, and no closing will be told: it is not remembered any more. */
void lt_files_watch_note_whole(struct lt_files_watch *watch, const char *path);

/* Reads the events that are there; does not wait. False: there are more. The visitor is called with
 * the watch locked, and asks nothing of it. */
bool lt_files_watch_read(struct lt_files_watch *watch,
                         const struct lt_files_watch_visitor *visitor);

#endif
