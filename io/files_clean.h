/*
 * cleanSource: what becomes of a file when its epoch is committed. Best effort: a file that cannot
 * be moved or deleted is told of in the log and left; one that was changed since it was read is
 * another file now, and left.
 *
 * on: any; it waits for the disk.
 */
#ifndef LT_IO_FILES_CLEAN_H
#define LT_IO_FILES_CLEAN_H

#include "io/files_queue.h"

enum lt_files_clean { LT_FILES_CLEAN_OFF, LT_FILES_CLEAN_ARCHIVE, LT_FILES_CLEAN_DELETE };

struct lt_files_cleaning {
    enum lt_files_clean mode;
    const char *archive; /* the directory under which files are put with their whole path */
};

void lt_files_clean_one(const struct lt_files_cleaning *cleaning, const struct lt_files_item *item);

#endif
