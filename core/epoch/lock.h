/*
 * The lock of a checkpoint directory: `.leat.lock`, held with a kernel lock (of the open file, so
 * that two opens in one process exclude each other too). The kernel frees it when the owner dies in
 * any way; the file itself stays. Its text names the owner, for whoever is refused.
 *
 * on: the caller of start, unless it says otherwise.
 */
#ifndef LT_EPOCH_LOCK_H
#define LT_EPOCH_LOCK_H

#include <stdbool.h>

#include "core/base/error.h"
#include "core/epoch/files.h"

#define LT_EPOCH_LOCK_NAME ".leat.lock"

/* Takes the lock; *out_fd holds it until it is closed. LT_E_BUSY names the owner; LT_E_PERMISSION
 * and others say that the directory cannot be written. */
int lt_epoch_lock_take(const struct lt_epoch_folder *folder, int *out_fd,
                       struct lt_error *error) LT_MUST_USE;

/* Names the owner to those who are refused: process, host, time, and the query by its name (which
 * may be NULL or empty) and id. The holder of `fd` calls it, once it knows. */
int lt_epoch_lock_name_owner(const struct lt_epoch_folder *folder, int fd, const char *query_name,
                             const char *query_id, struct lt_error *error) LT_MUST_USE;

/* Who holds the lock, for somebody who only looks: false if nobody does. Takes nothing, and waits
 * for nothing. `out` may be "" where the owner has not yet said who it is. on: any. */
enum { LT_EPOCH_OWNER_SIZE = 512 };
bool lt_epoch_lock_owner(const struct lt_epoch_folder *folder, char out[LT_EPOCH_OWNER_SIZE]);

/* LT_E_CHECKPOINT if the locked file is no longer the one in the folder: it was deleted, and
 * whoever locks its successor believes to be alone, too. Asks the file system twice. on: any. */
int lt_epoch_lock_check(const struct lt_epoch_folder *folder, int fd,
                        struct lt_error *error) LT_MUST_USE;

#endif
