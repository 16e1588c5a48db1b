/*
 * The counters file: its writer. The format stands in counters_format.h, the reader in
 * counters_reader.c.
 *
 * The file is made under a hidden name and renamed, so that a list of the folder shows whole files
 * only. It grows as entries are made, by allocated blocks and never by holes, because a store into
 * a hole of a full disk kills the process. If the disk is full then, the counters move to plain
 * memory with a warning and the query runs. Kept on a disk (rather than a tmpfs) the kernel
 * write-protects a page while it writes it back, and the next store to it pays a page fault; so the
 * file belongs on a tmpfs where the tail matters. It is not synced: it tells of a process, not of
 * data.
 *
 * Placement. Counters whose names share all but the last part ("lane0.source.*") have one writer
 * and are packed together; any other starts at a new pair of cache lines, so that two writers never
 * share one.
 *
 * The writer holds a kernel lock on its file for as long as it lives, by which another knows that
 * the name is taken. What is there and is not such a file of somebody who has ended is never
 * replaced. Of two that find the same file of somebody who has ended, or none, one gets the name:
 * it holds a second lock, flock(2), on what it replaces, and a free name it takes only if it still
 * is free.
 *
 * Threads: entries are added by one thread before the query starts, or starts again. Each value has
 * one writer.
 */
#include "core/base/counters.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "core/base/arena.h"
#include "core/base/clock.h"
#include "core/base/counters_format.h"
#include "core/base/log.h"
#include "core/base/text_buffer.h"

enum {
    GROW_BYTES = 64 * 1024,
    ROUNDS_MAX = 16, /* of finding that another was faster; the second sees that it lives */
};

union largest {
    struct lt_shared_u64 word;
    struct lt_histogram histogram;
    struct lt_counter_text text;
};
_Static_assert(LT_COUNTERS_VALUES_CAPACITY % GROW_BYTES == 0,
               "the last step must end with the values");
_Static_assert(LT_COUNTERS_ENTRY_CAPACITY * sizeof(struct lt_counters_entry) % GROW_BYTES == 0,
               "the directory's last step must not reach into the values");

static void fill_header(struct lt_counters_header *header, const char *query_name)
{
    memcpy(header->magic, LT_COUNTERS_MAGIC, sizeof header->magic);
    header->version = LT_COUNTERS_VERSION;
    header->header_bytes = LT_COUNTERS_HEADER_BYTES;
    header->entry_bytes = sizeof(struct lt_counters_entry);
    header->entry_capacity = LT_COUNTERS_ENTRY_CAPACITY;
    header->directory_offset = LT_COUNTERS_DIRECTORY_OFFSET;
    header->values_offset = LT_COUNTERS_VALUES_OFFSET;
    header->values_capacity = LT_COUNTERS_VALUES_CAPACITY;
    header->started_wall_us = lt_clock_wall_us(lt_clock_system());
    header->pid = getpid();
    header->process_start_ticks = lt_counters_process_start_ticks(header->pid);
    header->boot_hash = lt_counters_boot_hash();
    lt_counters_copy_text(header->query_name, sizeof header->query_name, query_name);
    header->hash = lt_counters_header_hash(header);
    lt_store_relaxed_u64(&header->heartbeat_wall_us, (uint64_t)header->started_wall_us);
}

static int refuse_to_replace(struct lt_error *error, const char *path, const char *cause)
{
    return lt_error_set(error, LT_E_INVALID,
                        "counters file \"%s\": %s, and is not replaced; hint: give another path",
                        path, cause);
}

/* A file system without locks has no way to say that a name is taken. */
static bool means_no_locks(int failure)
{
    return failure == ENOLCK || failure == EOPNOTSUPP || failure == EINVAL;
}

/* Whether what `fd` holds may go: an empty file, or one of a writer that has ended. */
static int check_content(int fd, const char *path, struct lt_error *error)
{
    struct stat status;
    struct lt_counters_header header = {0};
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fstat(fd, &status) != 0)
        return lt_error_set_errno(error, errno, "cannot stat counters file \"%s\"", path);
    if (!S_ISREG(status.st_mode))
        return refuse_to_replace(
            error, path, S_ISDIR(status.st_mode) ? "it is a directory" : "it is no regular file");
    if (status.st_size == 0)
        return 0;
    ssize_t size_bytes = pread(fd, &header, sizeof header, 0);
    if (size_bytes < 0)
        return lt_error_set_errno(error, errno, "cannot read counters file \"%s\"", path);
    if (memcmp(header.magic, LT_COUNTERS_MAGIC, sizeof header.magic) != 0)
        return refuse_to_replace(error, path, "it is not a counters file of leat");
    bool has_locks = fcntl(fd, F_OFD_GETLK, &whole) == 0;
    if (!has_locks && !means_no_locks(errno))
        return lt_error_set_errno(error, errno, "cannot test the lock of counters file \"%s\"",
                                  path);
    if (!has_locks || whole.l_type == F_UNLCK) /* hold() warns of what has no locks */
        return 0;
    return lt_error_set(
        error, LT_E_INVALID,
        "counters file \"%s\": it is in use by pid %d; hint: give each query a path "
        "of its own",
        path, (int)header.pid);
}

/* *fd is what is at `path`, -1 if there is nothing. */
static int open_old(const char *path, int *fd, struct lt_error *error)
{
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (*fd < 0 && errno != ENOENT)
        return lt_error_set_errno(error, errno, "cannot open counters file \"%s\"", path);
    return 0;
}

/* Refuses before anything is made; take_name() looks again. */
static int check_replaceable(const char *path, struct lt_error *error)
{
    int fd;
    int code = open_old(path, &fd, error);
    if (code == 0 && fd >= 0)
        code = check_content(fd, path, error);
    if (fd >= 0)
        close(fd);
    return code;
}

static void hold(const struct lt_counters *counters)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(counters->fd, F_OFD_SETLK, &whole) != 0)
        lt_log_warn("cannot lock counters file \"%s\" (%s): another query may replace it",
                    counters->path, strerror(errno));
}

/* ------------------------------------------------------------------------------------ the name */

static int fail_rename(const char *temporary, const char *path, struct lt_error *error)
{
    return lt_error_set_errno(error, errno, "cannot rename \"%s\" to counters file \"%s\"",
                              temporary, path);
}

/* Takes a name that was free; *is_taken if it is not any more. A link to nothing is free. */
static int take_free_name(const char *temporary, const char *path, bool *is_taken,
                          struct lt_error *error)
{
    struct stat status;
    if (renameat2(AT_FDCWD, temporary, AT_FDCWD, path, RENAME_NOREPLACE) == 0)
        return 0;
    bool cannot_tell = errno == EINVAL || errno == ENOSYS;
    *is_taken = errno == EEXIST && !(lstat(path, &status) == 0 && S_ISLNK(status.st_mode));
    if (*is_taken)
        return 0;
    if (!cannot_tell && errno != EEXIST)
        return fail_rename(temporary, path, error);
    return rename(temporary, path) == 0 ? 0 : fail_rename(temporary, path, error);
}

/* Keeps others from replacing what `fd` holds until it is closed. */
static int lock_old(int fd, const char *path, struct lt_error *error)
{
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        return 0;
    if (errno == EWOULDBLOCK)
        return lt_error_set(error, LT_E_INVALID,
                            "counters file \"%s\": another query is about to replace it; hint: "
                            "give each query a path of its own",
                            path);
    if (means_no_locks(errno) || errno == EBADF) /* NFS locks only what is open for writing */
        return 0;
    return lt_error_set_errno(error, errno, "cannot lock counters file \"%s\"", path);
}

/* Replaces what `fd` holds; *is_taken if the name is another file's by now. */
static int replace_old(int fd, const char *temporary, const char *path, bool *is_taken,
                       struct lt_error *error)
{
    struct stat held, named;
    int code = lock_old(fd, path, error);
    if (code != 0)
        return code;
    *is_taken = fstat(fd, &held) != 0 || stat(path, &named) != 0 || held.st_dev != named.st_dev ||
                held.st_ino != named.st_ino;
    if (*is_taken)
        return 0;
    code = check_content(fd, path, error);
    return code == 0 && rename(temporary, path) != 0 ? fail_rename(temporary, path, error) : code;
}

/* Between looking and renaming nobody else gets the name. */
static int take_name(const char *temporary, const char *path, struct lt_error *error)
{
    for (int round = 0; round < ROUNDS_MAX; round++) {
        bool is_taken = false;
        int fd;
        int code = open_old(path, &fd, error);
        if (code == 0)
            code = fd < 0 ? take_free_name(temporary, path, &is_taken, error)
                          : replace_old(fd, temporary, path, &is_taken, error);
        if (fd >= 0)
            close(fd);
        if (code != 0 || !is_taken)
            return code;
    }
    return lt_error_set(error, LT_E_INVALID,
                        "counters file \"%s\": it is another file each time; hint: give each "
                        "query a path of its own",
                        path);
}

/* Makes, maps and fills the file under its temporary name. */
static int make_file(struct lt_counters *counters, const char *temporary, const char *query_name,
                     struct lt_error *error)
{
    counters->fd = open(temporary, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (counters->fd < 0)
        return lt_error_set_errno(error, errno, "cannot create counters file \"%s\"",
                                  counters->path);
    hold(counters);
    int failure = posix_fallocate(counters->fd, 0, LT_COUNTERS_HEADER_BYTES);
    if (failure != 0)
        return lt_error_set_errno(error, failure, "cannot allocate counters file \"%s\"",
                                  counters->path);
    void *mapped =
        mmap(NULL, LT_COUNTERS_EXTENT_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, counters->fd, 0);
    if (mapped == MAP_FAILED)
        return lt_error_set_errno(error, errno, "cannot map counters file \"%s\"", counters->path);
    counters->base = mapped;
    counters->directory_end = LT_COUNTERS_DIRECTORY_OFFSET;
    counters->values_end = LT_COUNTERS_VALUES_OFFSET;
    fill_header(lt_counters_header_of(counters), query_name);
    return take_name(temporary, counters->path, error);
}

int lt_counters_create(const char *path, const char *query_name, struct lt_counters **out,
                       struct lt_error *error)
{
    static struct lt_shared_u64 made_count; /* tells apart the temporary names of one process */
    struct lt_counters *counters = lt_alloc(sizeof *counters);
    counters->fd = -1;
    counters->is_claimed = lt_alloc_array(LT_COUNTERS_ENTRY_CAPACITY, sizeof *counters->is_claimed);
    *out = NULL;
    if (path == NULL) {
        counters->base = lt_counters_map_memory();
        if (counters->base == NULL) {
            lt_counters_close(counters);
            return lt_error_set(error, LT_E_NO_MEMORY, "no address space for counters");
        }
        fill_header(lt_counters_header_of(counters), query_name);
        *out = counters;
        return 0;
    }
    counters->path = lt_strdup(path);
    struct lt_text_buffer temporary;
    lt_text_init(&temporary);
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    lt_text_format(&temporary, "%.*s.%s.%d.%llu.tmp", (int)(name - path), path, name, (int)getpid(),
                   (unsigned long long)lt_add_u64(&made_count, 1));
    int code = check_replaceable(path, error);
    if (code == 0)
        code = make_file(counters, lt_text_get(&temporary), query_name, error);
    if (code < 0) {
        if (counters->fd >= 0 && unlink(lt_text_get(&temporary)) != 0)
            lt_log_warn("temporary file \"%s\" is left behind", lt_text_get(&temporary));
        lt_counters_close(counters);
    } else {
        *out = counters;
    }
    lt_text_fini(&temporary);
    return code;
}

void lt_counters_close(struct lt_counters *counters)
{
    if (counters == NULL)
        return;
    if (counters->base != NULL)
        lt_assert(munmap(counters->base, LT_COUNTERS_EXTENT_BYTES) == 0);
    if (counters->fd >= 0 && close(counters->fd) != 0)
        lt_log_warn("counters file \"%s\" did not close cleanly", counters->path);
    free(counters->is_claimed);
    free(counters->spill);
    free(counters->path);
    free(counters);
}

/* Goes on in plain memory at the same addresses: the file's content is copied, and the copy is put
 * over the mapping. */
static void leave_file(struct lt_counters *counters, int failure)
{
    lt_log_warn("cannot grow counters file \"%s\" (error %d); what is counted from now on is seen "
                "by this process only; hint: make room, or choose another directory",
                counters->path, failure);
    unsigned char *copy = lt_counters_map_memory();
    lt_assert(copy != NULL);
    memcpy(copy, counters->base, counters->directory_end);
    memcpy(copy + LT_COUNTERS_VALUES_OFFSET, counters->base + LT_COUNTERS_VALUES_OFFSET,
           counters->values_end - LT_COUNTERS_VALUES_OFFSET);
    void *moved = mremap(copy, LT_COUNTERS_EXTENT_BYTES, LT_COUNTERS_EXTENT_BYTES,
                         MREMAP_MAYMOVE | MREMAP_FIXED, counters->base);
    lt_assert(moved == counters->base);
    if (close(counters->fd) != 0)
        lt_log_warn("counters file \"%s\" did not close cleanly", counters->path);
    counters->fd = -1;
}

/* Allocates the file's blocks up to `end`, in steps. `allocated_end` is how far they reach so far.
 */
static void allocate_to(struct lt_counters *counters, size_t end, size_t *allocated_end)
{
    while (counters->fd >= 0 && end > *allocated_end) {
        int failure = posix_fallocate(counters->fd, (off_t)*allocated_end, (off_t)GROW_BYTES);
        if (failure != 0)
            leave_file(counters, failure);
        else
            *allocated_end += GROW_BYTES;
    }
}

/* True when both names are equal up to the last dot. */
static bool same_group(const char *a, const char *b)
{
    const char *a_dot = strrchr(a, '.');
    const char *b_dot = strrchr(b, '.');
    return a_dot != NULL && b_dot != NULL && a_dot - a == b_dot - b &&
           memcmp(a, b, (size_t)(a_dot - a)) == 0;
}

static size_t place_of_next(const struct lt_counters *counters, size_t count, const char *name)
{
    size_t end = lt_load_relaxed_u64(
        &lt_counters_header_of(counters)->values_bytes); /* relaxed: own write */
    size_t alignment = sizeof(uint64_t);
    if (count == 0 || !same_group(lt_counters_entry_of(counters, count - 1)->name, name))
        alignment = LT_FALSE_SHARING_RANGE;
    return LT_COUNTERS_VALUES_OFFSET + ((end + alignment - 1) & ~(alignment - 1));
}

/* The entry of that name, if there is one; `count` if not. */
static size_t find(const struct lt_counters *counters, size_t count, const char *name)
{
    size_t index = 0;
    while (index < count && strcmp(lt_counters_entry_of(counters, index)->name, name) != 0)
        index++;
    return index;
}

/* Where the value of an entry lies that an earlier start of the query has made. */
static void *claim(struct lt_counters *counters, size_t index, enum lt_counter_kind kind)
{
    const struct lt_counters_entry *entry = lt_counters_entry_of(counters, index);
    lt_assert(!counters->is_claimed[index]); /* two would write it */
    lt_assert(entry->kind == kind);
    counters->is_claimed[index] = true;
    return counters->base + entry->offset;
}

void lt_counters_begin_again(struct lt_counters *counters)
{
    lt_assert(!counters->is_reader);
    memset(counters->is_claimed, 0, LT_COUNTERS_ENTRY_CAPACITY * sizeof *counters->is_claimed);
}

/* Where all is written that has no place: nobody reads it, so it may be the same one. */
static void *spill(struct lt_counters *counters)
{
    if (counters->spill == NULL)
        counters->spill = lt_alloc(sizeof(union largest));
    return counters->spill;
}

int lt_counters_check_room(const struct lt_counters *counters, struct lt_error *error)
{
    if (counters->spill == NULL)
        return 0;
    return lt_error_set(error, LT_E_LIMIT,
                        "the query has more counters than the %d, of %d MiB, that there is room "
                        "for; hint: run it with fewer lanes or sinks",
                        LT_COUNTERS_ENTRY_CAPACITY, LT_COUNTERS_VALUES_CAPACITY / (1024 * 1024));
}

/* Makes an entry, or takes up the one of an earlier start, and returns where its value lies; a new
 * one is zero. */
static void *add(struct lt_counters *counters, enum lt_counter_kind kind, size_t size_bytes,
                 const char *name, const char *unit, const char *help)
{
    lt_assert(!counters->is_reader);
    lt_assert(name[0] != '\0');
    lt_assert(strlen(name) < LT_COUNTERS_NAME_BYTES);
    lt_assert(strlen(unit) < LT_COUNTERS_UNIT_BYTES);
    struct lt_counters_header *header = lt_counters_header_of(counters);
    size_t count = lt_load_relaxed_u64(&header->entry_count); /* relaxed: own write */
    size_t known = find(counters, count, name);
    if (known < count)
        return claim(counters, known, kind);
    size_t offset = place_of_next(counters, count, name);
    if (count == LT_COUNTERS_ENTRY_CAPACITY || offset + size_bytes > LT_COUNTERS_EXTENT_BYTES)
        return spill(counters);
    allocate_to(counters,
                LT_COUNTERS_DIRECTORY_OFFSET + (count + 1) * sizeof(struct lt_counters_entry),
                &counters->directory_end);
    allocate_to(counters, offset + size_bytes, &counters->values_end);

    /* Written now, so that the first store of the record path finds the page there. */
    memset(counters->base + offset, 0, size_bytes);
    struct lt_counters_entry *entry = lt_counters_entry_of(counters, count);
    entry->offset = offset;
    entry->kind = kind;
    entry->size_bytes = (uint32_t)size_bytes;
    lt_counters_copy_text(entry->name, sizeof entry->name, name);
    lt_counters_copy_text(entry->unit, sizeof entry->unit, unit);
    lt_counters_copy_text(entry->help, sizeof entry->help, help);
    entry->hash = lt_counters_entry_hash(entry);
    counters->is_claimed[count] = true;
    lt_store_release_u64(&header->values_bytes, offset + size_bytes - LT_COUNTERS_VALUES_OFFSET);
    /* pairs with: the load in lt_counters_count */
    lt_store_release_u64(&header->entry_count, count + 1);
    return counters->base + offset;
}

struct lt_shared_u64 *lt_counters_add(struct lt_counters *counters, enum lt_counter_kind kind,
                                      const char *name, const char *unit, const char *help)
{
    lt_assert(kind == LT_COUNTER_SUM || kind == LT_COUNTER_GAUGE);
    return add(counters, kind, sizeof(struct lt_shared_u64), name, unit, help);
}

struct lt_histogram *lt_counters_add_histogram(struct lt_counters *counters, const char *name,
                                               const char *help)
{
    return add(counters, LT_COUNTER_HISTOGRAM, sizeof(struct lt_histogram), name, "ns", help);
}

struct lt_counter_text *lt_counters_add_text(struct lt_counters *counters, const char *name,
                                             const char *help)
{
    struct lt_counter_text *text =
        add(counters, LT_COUNTER_TEXT, sizeof(struct lt_counter_text), name, "", help);
    lt_counter_text_set(text, "");
    return text;
}

/* Writes the copy that no reader of the current version looks at, then makes it the current one. */
void lt_counter_text_set(struct lt_counter_text *text, const char *value)
{
    uint64_t words[LT_COUNTERS_TEXT_WORDS] = {0};
    lt_counters_copy_text((char *)words, sizeof words, value);
    uint64_t version = lt_load_relaxed_u64(&text->version) + 1; /* relaxed: own write */
    struct lt_counter_text_copy *copy = &text->copies[version & 1];
    for (size_t i = 0; i < LT_COUNTERS_TEXT_WORDS; i++)
        lt_store_relaxed_u64(&copy->words[i], words[i]); /* relaxed: the hash vouches for them */
    lt_store_relaxed_u64(&copy->hash, XXH64(words, sizeof words, 0));
    lt_store_release_u64(&text->version, version); /* pairs with: the load in lt_counter_text_get */
}

void lt_counters_heartbeat(struct lt_counters *counters, int64_t wall_us)
{
    lt_assert(!counters->is_reader);
    /* relaxed: single writer, a statistic */
    lt_store_relaxed_u64(&lt_counters_header_of(counters)->heartbeat_wall_us, (uint64_t)wall_us);
}
