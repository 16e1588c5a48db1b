/*
 * Files of a checkpoint, read and written by the thread that waits for them: at open, during
 * recovery and at start, when no lane runs yet. Every file has its .crc companion
 * (core/epoch/crc.h), written and verified here.
 *
 * Each change is preceded by the fault point LT_EPOCH_RECOVER (core/epoch/protocol.h).
 *
 * What this is not: the way of a running query's files; that is core/epoch/publisher.h, with the
 * same names in the same order.
 *
 * on: the caller of start.
 */
#ifndef LT_EPOCH_FILES_H
#define LT_EPOCH_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"
#include "core/base/text_buffer.h"

enum {
    /* A file's name without its folder: a number, "metadata"; with room for "." and suffixes. */
    LT_EPOCH_NAME_SIZE = 64,
    /* The largest file that is read: a source's log of some million files. */
    LT_EPOCH_FILE_MAX_BYTES = 1024 * 1024 * 1024,
};

struct lt_epoch_folder {
    int fd;     /* -1: closed */
    char *path; /* owned */
};

/* Opens a folder; `create` makes it, durably, when it is missing. Without `create` a missing one
 * gives LT_E_NOT_FOUND and no text. */
int lt_epoch_folder_open(struct lt_epoch_folder *folder, const char *path, bool create,
                         struct lt_error *error) LT_MUST_USE;
void lt_epoch_folder_close(struct lt_epoch_folder *folder); /* a closed one is a no-op */

struct lt_epoch_names {
    char (*names)[LT_EPOCH_NAME_SIZE];
    size_t count;
    bool has_long; /* there are names too long for this list: not ours */
};

/* The names in the folder, "." and ".." left out, unsorted. free(names) after. */
int lt_epoch_folder_list(const struct lt_epoch_folder *folder, struct lt_epoch_names *out,
                         struct lt_error *error) LT_MUST_USE;
int lt_epoch_folder_sync(const struct lt_epoch_folder *folder, struct lt_error *error) LT_MUST_USE;

/* Reads a whole file and, with `verify`, compares it with its companion if there is one. Gives
 * LT_E_NOT_FOUND and no text when there is none, LT_E_CORRUPT when it differs. Appends to `out`. */
int lt_epoch_file_read(const struct lt_epoch_folder *folder, const char *name, bool verify,
                       struct lt_text_buffer *out, struct lt_error *error) LT_MUST_USE;
/* Writes a file and its companion; they are durable when this returns. Replaces a file that is
 * there. */
int lt_epoch_file_write(const struct lt_epoch_folder *folder, const char *name, const void *content,
                        size_t size_bytes, struct lt_error *error) LT_MUST_USE;
/* Deletes a file, if it is there, with its companions: ours and the hidden ones of Hadoop's local
 * file system. Durable after lt_epoch_folder_sync(). */
int lt_epoch_file_delete_all(const struct lt_epoch_folder *folder, const char *name,
                             struct lt_error *error) LT_MUST_USE;
/* Deletes what a crash may have left: temporary names, and companions without their file. Syncs the
 * folder if anything was deleted. */
int lt_epoch_folder_tidy(const struct lt_epoch_folder *folder, struct lt_error *error) LT_MUST_USE;

/* What a name in a folder of the checkpoint stands for. */
enum lt_epoch_name_kind {
    LT_EPOCH_NAME_FILE,
    LT_EPOCH_NAME_COMPANION, /* of a file that is there */
    LT_EPOCH_NAME_LITTER,    /* what lt_epoch_folder_tidy() deletes */
};
enum lt_epoch_name_kind lt_epoch_name_kind(const struct lt_epoch_folder *folder, const char *name);

/* The temporary name under which `name` is written. */
void lt_epoch_temporary_name(const char *name, char out[LT_EPOCH_NAME_SIZE]);

/* Sets an error for a file that could not be written, with a hint for the errno where there is one.
 * Returns the code. */
int lt_epoch_write_failed(const char *path, const char *name, int error_number,
                          struct lt_error *error);

#endif
