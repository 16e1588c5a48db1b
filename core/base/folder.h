/*
 * Folders that last: made with their parents, each durable in its own parent, and errors about them
 * that say what to do. What a checkpoint's logs and its state have in common.
 *
 * on: any; waits for the disk.
 */
#ifndef LT_BASE_FOLDER_H
#define LT_BASE_FOLDER_H

#include "core/base/error.h"

/* Makes `path` and its missing parents; durable when it returns. One that is there is no fault. */
int lt_folder_make(const char *path, struct lt_error *error) LT_MUST_USE;
/* Makes the names in a folder last; the second, of one that is open. */
int lt_folder_sync(const char *path, struct lt_error *error) LT_MUST_USE;
int lt_folder_sync_open(int fd, const char *path, struct lt_error *error) LT_MUST_USE;

/* Sets an error: "cannot <verb> folder '<path>'", with a hint for the errno where there is one.
 * Returns the code. */
int lt_folder_failed(const char *verb, const char *path, int error_number, struct lt_error *error);

#endif
