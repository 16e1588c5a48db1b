/*
 * The undo list. Entries hold descriptors of their own, so a file is found again whatever its name
 * has become.
 */
#include "tests/support/fake_disk.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/error.h"

enum change { CHANGE_WRITE, CHANGE_TRUNCATE, CHANGE_CREATE, CHANGE_RENAME, CHANGE_UNLINK };

struct entry {
    enum change change;
    int fd;       /* WRITE, TRUNCATE: the file; else the directory the name is (or was) in */
    dev_t device; /* of fd */
    ino_t inode;
    char *name;
    int from_fd; /* RENAME */
    char *from;
    int64_t offset; /* WRITE; TRUNCATE: the new length, or the old one if that was less */
    uint32_t size_bytes;
    void *old; /* WRITE, TRUNCATE: the bytes that were there; else the file that was replaced or
                  removed */
    size_t old_size_bytes;
    bool had_old;
};

struct fake_disk {
    struct entry *entries; /* oldest first */
    size_t count, capacity;
    bool reorders; /* directories, among each other */
    bool has_power; /* for ever */
};

struct fake_disk *fake_disk_create(void)
{
    return lt_alloc(sizeof(struct fake_disk));
}

void fake_disk_reorder(struct fake_disk *disk)
{
    disk->reorders = true;
}

void fake_disk_keep_power(struct fake_disk *disk)
{
    disk->has_power = true;
}

bool fake_disk_notes(const struct fake_disk *disk)
{
    return !disk->has_power;
}

static void entry_fini(struct entry *entry)
{
    close(entry->fd);
    if (entry->change == CHANGE_RENAME)
        close(entry->from_fd);
    free(entry->name);
    free(entry->from);
    free(entry->old);
}

void fake_disk_destroy(struct fake_disk *disk)
{
    if (disk == NULL)
        return;
    for (size_t i = 0; i < disk->count; i++)
        entry_fini(&disk->entries[i]);
    free(disk->entries);
    free(disk);
}

static struct entry *add(struct fake_disk *disk, enum change change, int fd,
                         const struct stat *status)
{
    if (disk->count == disk->capacity) {
        disk->capacity = disk->capacity * 2 + 16;
        disk->entries = lt_realloc_array(disk->entries, disk->capacity, sizeof *disk->entries);
    }
    struct entry *entry = &disk->entries[disk->count++];
    *entry = (struct entry){.change = change, .fd = fd};
    entry->device = status->st_dev;
    entry->inode = status->st_ino;
    return entry;
}

/* An entry of a change of names in the directory `fd`. */
static struct entry *add_name(struct fake_disk *disk, enum change change, int fd, char *name)
{
    struct stat status;
    lt_assert(fstat(fd, &status) == 0);
    struct entry *entry = add(disk, change, fd, &status);
    entry->name = name;
    return entry;
}

/* A descriptor of the directory that `path` is in; *name is what it is called there. */
static int open_parent(int directory_fd, const char *path, char **name)
{
    if (directory_fd != AT_FDCWD && strchr(path, '/') == NULL) {
        *name = lt_strdup(path);
        return fcntl(directory_fd, F_DUPFD_CLOEXEC, 0);
    }
    char *copy = lt_strdup(path);
    char *other = lt_strdup(path);
    *name = lt_strdup(basename(copy));
    int fd = openat(directory_fd, dirname(other), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(copy);
    free(other);
    return fd;
}

/* All bytes of a file from `offset`, at most `limit`; NULL if it cannot be opened. */
static void *read_bytes(int directory_fd, const char *path, int64_t offset, size_t limit,
                        size_t *size_bytes)
{
    *size_bytes = 0;
    int fd = openat(directory_fd, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    struct stat status;
    lt_assert(fstat(fd, &status) == 0);
    size_t wanted = status.st_size > offset ? (size_t)(status.st_size - offset) : 0;
    if (wanted > limit)
        wanted = limit;
    void *bytes = lt_alloc(wanted);
    if (S_ISREG(status.st_mode) && wanted != 0) {
        ssize_t got = pread(fd, bytes, wanted, offset);
        lt_assert(got == (ssize_t)wanted);
        *size_bytes = wanted;
    }
    close(fd);
    return bytes;
}

/* A new entry for a file, with a descriptor of its own; NULL if it is none. `path` to it is filled
 * in. */
static struct entry *add_file(struct fake_disk *disk, enum change change, int fd,
                              struct stat *status, char path[64])
{
    if (disk->has_power || fstat(fd, status) != 0 || !S_ISREG(status->st_mode))
        return NULL; /* a pipe keeps nothing, and a wrong descriptor fails by itself */
    int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    lt_assert(own >= 0);
    snprintf(path, 64, "/proc/self/fd/%d", own);
    return add(disk, change, own, status);
}

void fake_disk_before_write(struct fake_disk *disk, int fd, int64_t offset, uint32_t size_bytes)
{
    struct stat status;
    char path[64];
    struct entry *entry = add_file(disk, CHANGE_WRITE, fd, &status, path);
    if (entry == NULL)
        return;
    entry->offset = offset;
    if (offset < 0)
        entry->offset = (fcntl(fd, F_GETFL) & O_APPEND) ? status.st_size : lseek(fd, 0, SEEK_CUR);
    entry->size_bytes = size_bytes;
    if (status.st_size > entry->offset)
        entry->old =
            read_bytes(AT_FDCWD, path, entry->offset, size_bytes, &entry->old_size_bytes);
}

int fake_disk_truncate(struct fake_disk *disk, int fd, int64_t length)
{
    struct stat status;
    char path[64];
    struct entry *entry = add_file(disk, CHANGE_TRUNCATE, fd, &status, path);
    if (entry != NULL) {
        entry->offset = length < status.st_size ? length : status.st_size;
        entry->old = read_bytes(AT_FDCWD, path, entry->offset, SIZE_MAX, &entry->old_size_bytes);
    }
    return ftruncate(fd, length) == 0 ? 0 : -errno;
}

void fake_disk_created(struct fake_disk *disk, int directory_fd, const char *path)
{
    char *name;
    if (disk->has_power)
        return;
    int parent = open_parent(directory_fd, path, &name);
    lt_assert(parent >= 0);
    add_name(disk, CHANGE_CREATE, parent, name);
}

int fake_disk_rename(struct fake_disk *disk, int from_fd, const char *from, int to_fd,
                     const char *to, int flags)
{
    size_t old_size_bytes = 0;
    if (disk->has_power)
        return renameat2(from_fd, from, to_fd, to, (unsigned)flags) == 0 ? 0 : -errno;
    bool may_replace = (flags & RENAME_NOREPLACE) == 0;
    void *old = may_replace ? read_bytes(to_fd, to, 0, SIZE_MAX, &old_size_bytes) : NULL;
    if (renameat2(from_fd, from, to_fd, to, (unsigned)flags) != 0) {
        int result = -errno;
        free(old);
        return result;
    }
    char *name;
    char *from_name;
    int parent = open_parent(to_fd, to, &name);
    int from_parent = open_parent(from_fd, from, &from_name);
    lt_assert(parent >= 0);
    lt_assert(from_parent >= 0);
    struct entry *entry = add_name(disk, CHANGE_RENAME, parent, name);
    entry->from = from_name;
    entry->from_fd = from_parent;
    entry->old = old;
    entry->old_size_bytes = old_size_bytes;
    entry->had_old = old != NULL;
    return 0;
}

int fake_disk_unlink(struct fake_disk *disk, int directory_fd, const char *path, int flags)
{
    size_t old_size_bytes;
    if (disk->has_power)
        return unlinkat(directory_fd, path, flags) == 0 ? 0 : -errno;
    void *old = read_bytes(directory_fd, path, 0, SIZE_MAX, &old_size_bytes);
    if (unlinkat(directory_fd, path, flags) != 0) {
        int result = -errno;
        free(old);
        return result;
    }
    if ((flags & AT_REMOVEDIR) != 0) {
        free(old);
        return 0; /* removals of directories are taken as durable at once */
    }
    char *name;
    int parent = open_parent(directory_fd, path, &name);
    lt_assert(parent >= 0);
    struct entry *entry = add_name(disk, CHANGE_UNLINK, parent, name);
    entry->old = old;
    entry->old_size_bytes = old_size_bytes;
    entry->had_old = true;
    return 0;
}

void fake_disk_synced(struct fake_disk *disk, int fd)
{
    struct stat status;
    if (disk->has_power || fstat(fd, &status) != 0)
        return;
    size_t kept = 0;
    for (size_t i = 0; i < disk->count; i++) {
        struct entry *entry = &disk->entries[i];
        if (entry->device == status.st_dev && entry->inode == status.st_ino)
            entry_fini(entry);
        else
            disk->entries[kept++] = *entry;
    }
    disk->count = kept;
}

/* Leaves the first `kept_bytes` of a write; what it had overwritten comes back, what it had added
 * goes. */
static void tear_write(const struct entry *entry, uint32_t kept_bytes)
{
    if (kept_bytes < entry->old_size_bytes) {
        size_t size_bytes = entry->old_size_bytes - kept_bytes;
        ssize_t written = pwrite(entry->fd, (char *)entry->old + kept_bytes, size_bytes,
                                 entry->offset + kept_bytes);
        lt_assert(written == (ssize_t)size_bytes);
    }
    uint32_t end =
        kept_bytes > entry->old_size_bytes ? kept_bytes : (uint32_t)entry->old_size_bytes;
    struct stat status;
    lt_assert(fstat(entry->fd, &status) == 0);
    if (entry->old_size_bytes < entry->size_bytes && status.st_size > entry->offset + end)
        lt_assert(ftruncate(entry->fd, entry->offset + end) == 0);
}

static void restore_old(const struct entry *entry)
{
    if (!entry->had_old)
        return;
    int fd = openat(entry->fd, entry->name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    lt_assert(fd >= 0);
    ssize_t written = write(fd, entry->old, entry->old_size_bytes);
    lt_assert(written == (ssize_t)entry->old_size_bytes);
    close(fd);
}

static void undo_truncate(const struct entry *entry)
{
    lt_assert(ftruncate(entry->fd, entry->offset) == 0);
    ssize_t written = pwrite(entry->fd, entry->old, entry->old_size_bytes, entry->offset);
    lt_assert(written == (ssize_t)entry->old_size_bytes);
}

/* Another program may have changed the names since; then there is nothing to undo. */
static void undo(const struct entry *entry)
{
    switch (entry->change) {
    case CHANGE_WRITE:
    case CHANGE_TRUNCATE:
        break;
    case CHANGE_CREATE:
        lt_assert(unlinkat(entry->fd, entry->name, 0) == 0 || errno == ENOENT);
        break;
    case CHANGE_RENAME:
        lt_assert(renameat(entry->fd, entry->name, entry->from_fd, entry->from) == 0 ||
                  errno == ENOENT);
        restore_old(entry);
        break;
    case CHANGE_UNLINK:
        restore_old(entry);
        break;
    }
}

static bool is_of_name(const struct entry *entry)
{
    return entry->change != CHANGE_WRITE && entry->change != CHANGE_TRUNCATE;
}

static bool is_in_folder_of(const struct entry *entry, const struct entry *other)
{
    return is_of_name(entry) && entry->device == other->device && entry->inode == other->inode;
}

/* Of the changes of names in one directory, which begin at `first`, the newest are lost. */
static void cut_folder(const struct fake_disk *disk, size_t first, uint64_t number, bool *is_known,
                       bool *is_lost)
{
    const struct entry *folder = &disk->entries[first];
    size_t count = 0, at = 0;
    for (size_t i = first; i < disk->count; i++)
        count += is_in_folder_of(&disk->entries[i], folder);
    size_t kept = (size_t)(number % (count + 1));
    for (size_t i = first; i < disk->count; i++) {
        if (!is_in_folder_of(&disk->entries[i], folder))
            continue;
        is_known[i] = true;
        is_lost[i] = at++ >= kept;
    }
}

static void undo_names(const struct fake_disk *disk, uint64_t (*random)(void *context),
                       void *context)
{
    bool *is_known = lt_alloc_array(disk->count + 1, sizeof *is_known);
    bool *is_lost = lt_alloc_array(disk->count + 1, sizeof *is_lost);
    size_t cut = disk->reorders ? 0 : (size_t)(random(context) % (disk->count + 1));
    for (size_t i = cut; i < disk->count; i++) {
        if (!disk->reorders)
            is_lost[i] = true;
        else if (is_of_name(&disk->entries[i]) && !is_known[i])
            cut_folder(disk, i, random(context), is_known, is_lost);
    }
    for (size_t i = disk->count; i-- > 0;)
        if (is_lost[i])
            undo(&disk->entries[i]);
    free(is_known);
    free(is_lost);
}

void fake_disk_lose_power(struct fake_disk *disk, uint64_t (*random)(void *context), void *context)
{
    for (size_t i = disk->count; i-- > 0;) {
        struct entry *entry = &disk->entries[i];
        if (entry->change == CHANGE_WRITE)
            tear_write(entry, (uint32_t)(random(context) % ((uint64_t)entry->size_bytes + 1)));
        if (entry->change == CHANGE_TRUNCATE && random(context) % 2 == 0)
            undo_truncate(entry);
    }
    undo_names(disk, random, context);
    while (disk->count > 0)
        entry_fini(&disk->entries[--disk->count]);
}
