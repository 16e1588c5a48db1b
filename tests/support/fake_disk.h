/*
 * What a machine that loses power may forget: real files, and beside them a list of what was done
 * to them and not yet synced, each entry with what it takes to undo it.
 *
 * The model: a write is durable after an fsync of its file (through any descriptor). A creation, a
 * rename or a removal is durable after an fsync of its directory (a rename: of the directory it
 * moved to), and such changes reach the disk in the order in which they were made; or, where that
 * is asked for, those of one directory do, and one directory knows nothing of another. After a loss
 * of power, of each unsynced write a random prefix is left, and of the unsynced changes of names
 * (of all directories, or of each) a random number of the newest is undone.
 *
 * A write is noted before it is done; names after.
 */
#ifndef LT_TESTS_FAKE_DISK_H
#define LT_TESTS_FAKE_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fake_disk;

struct fake_disk *fake_disk_create(void);
/* From now on directories reach the disk in any order. */
void fake_disk_reorder(struct fake_disk *disk);
/* It will not lose its power: nothing is noted, which is faster. */
void fake_disk_keep_power(struct fake_disk *disk);
/* Whether what is told is noted. */
bool fake_disk_notes(const struct fake_disk *disk);
/* Forgets the list; the files stay as they are. */
void fake_disk_destroy(struct fake_disk *disk);

/* About to write `size_bytes` at `offset` (-1: at the file's own position). */
void fake_disk_before_write(struct fake_disk *disk, int fd, int64_t offset, uint32_t size_bytes);
/* `path` under `directory_fd` has been made. */
void fake_disk_created(struct fake_disk *disk, int directory_fd, const char *path);
/* Renames, or removes, and notes it. 0 or -errno. */
int fake_disk_rename(struct fake_disk *disk, int from_fd, const char *from, int to_fd,
                     const char *to, int flags);
int fake_disk_unlink(struct fake_disk *disk, int directory_fd, const char *path, int flags);
/* Sets a file's length, and notes it: without a sync it may have its old length and bytes again. 0
 * or -errno. */
int fake_disk_truncate(struct fake_disk *disk, int fd, int64_t length);
/* A file or a directory was synced. */
void fake_disk_synced(struct fake_disk *disk, int fd);

/* Takes from the files what was not durable; `random` draws the points. */
void fake_disk_lose_power(struct fake_disk *disk, uint64_t (*random)(void *context), void *context);

#endif
