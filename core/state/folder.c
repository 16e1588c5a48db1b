/*
 * Names in a folder, and chains of versions.
 *
 * Merging. A commit adds a small delta. If each were merged into the snapshot, a large state would
 * be written over and over; if none were, a start would read them all. So files are merged with
 * files of their like: when a chain has min_deltas deltas, the newest of them are taken, and each
 * older file after them as long as it is not larger than all that were taken together; a snapshot,
 * which makes all before it needless, up to four times as large. So each change is written again
 * about as often as sizes can double, and a chain has a few more files than min_deltas.
 */
#include "core/state/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/folder.h"
#include "core/state/file_writer.h"

enum { SNAPSHOT_RATIO = 4 };

char *lt_state_folder_path(const char *root, uint32_t partition, const char *name)
{
    size_t size = strlen(root) + (name == NULL ? 0 : strlen(name)) + sizeof "/4294967295/";
    char *path = lt_alloc(size);
    snprintf(path, size, "%s/%" PRIu32 "%s%s", root, partition, name == NULL ? "" : "/",
             name == NULL ? "" : name);
    return path;
}

char *lt_state_join(const char *folder, const char *name)
{
    size_t size = strlen(folder) + strlen(name) + 2;
    char *path = lt_alloc(size);
    snprintf(path, size, "%s/%s", folder, name);
    return path;
}

/* ---------------------------------------------------------------------------------------- list */

/* In the order of the list. */
static bool is_before(const struct lt_state_file *a, const struct lt_state_file *b)
{
    if (a->version != b->version)
        return a->version < b->version;
    return a->kind == LT_STATE_SNAPSHOT && b->kind == LT_STATE_DELTA;
}

void lt_state_files_put(struct lt_state_files *files, const struct lt_state_file *file)
{
    size_t at = files->count;
    while (at > 0 && !is_before(&files->list[at - 1], file))
        at--;
    if (at < files->count && !is_before(file, &files->list[at])) {
        files->list[at] = *file;
        return;
    }
    files->list = lt_realloc_array(files->list, files->count + 1, sizeof files->list[0]);
    memmove(files->list + at + 1, files->list + at, (files->count - at) * sizeof files->list[0]);
    files->list[at] = *file;
    files->count++;
}

void lt_state_files_remove(struct lt_state_files *files, size_t index)
{
    lt_assert(index < files->count);
    files->count--;
    memmove(files->list + index, files->list + index + 1,
            (files->count - index) * sizeof files->list[0]);
}

void lt_state_files_fini(struct lt_state_files *files)
{
    free(files->list);
    *files = (struct lt_state_files){0};
}

static void add_file(const char *folder, const char *name, uint64_t version,
                     struct lt_state_files *out)
{
    struct lt_state_file file = {0};
    if (!lt_state_file_name_parse(name, &file.kind, &file.version) || file.version > version)
        return;
    struct lt_state_header header;
    char *path = lt_state_join(folder, name);
    file.is_sound = lt_state_reader_peek(path, &header, &file.size_bytes, &file.number) &&
                    header.kind == file.kind && header.version == file.version;
    free(path);
    if (file.is_sound) {
        file.base = header.base;
        file.partition_count = header.partition_count;
        file.key_suffix_bytes = header.key_suffix_bytes;
    }
    lt_state_files_put(out, &file);
}

/* Calls `each` for every name in a folder; a missing one has none. */
static int list_folder(const char *folder,
                       int (*each)(void *context, int fd, const char *name,
                                   struct lt_error *error),
                       void *context, struct lt_error *error)
{
    DIR *stream = opendir(folder);
    if (stream == NULL)
        return errno == ENOENT ? 0 : lt_folder_failed("list", folder, errno, error);
    int code = 0;
    struct dirent *entry;
    errno = 0;
    while (code == 0 && (entry = readdir(stream)) != NULL) { /* ends with the folder */
        code = each(context, dirfd(stream), entry->d_name, error);
        errno = 0;
    }
    if (code == 0 && errno != 0)
        code = lt_folder_failed("list", folder, errno, error);
    closedir(stream);
    return code;
}

struct reading {
    const char *folder;
    uint64_t version;
    struct lt_state_files *out;
};

static int read_name(void *context, int fd, const char *name, struct lt_error *error)
{
    (void)fd;
    (void)error;
    const struct reading *reading = context;
    add_file(reading->folder, name, reading->version, reading->out);
    return 0;
}

int lt_state_files_read(const char *folder, uint64_t version, struct lt_state_files *out,
                        struct lt_error *error)
{
    struct reading reading = {folder, version, out};
    return list_folder(folder, read_name, &reading, error);
}

/* --------------------------------------------------------------------------------------- chain */

/* Where the files of a version begin; `count` if there are none. */
static size_t find_index(const struct lt_state_files *files, uint64_t version)
{
    size_t first = 0, end = files->count;
    while (first < end) {
        size_t middle = first + (end - first) / 2;
        if (files->list[middle].version < version)
            first = middle + 1;
        else
            end = middle;
    }
    bool is_there = first < files->count && files->list[first].version == version;
    return is_there ? first : files->count;
}

const struct lt_state_file *lt_state_files_find(const struct lt_state_files *files,
                                                uint64_t version)
{
    size_t index = find_index(files, version);
    return index < files->count ? &files->list[index] : NULL;
}

int lt_state_files_chain(const struct lt_state_files *files, const char *folder, uint64_t version,
                         const struct lt_state_expected *expected, struct lt_state_inputs *inputs,
                         struct lt_error *error)
{
    while (version > 0) { /* ends: a base is below its version */
        char name[LT_STATE_FILE_NAME_SIZE];
        const struct lt_state_file *file = lt_state_files_find(files, version);
        struct lt_state_expected this = *expected;
        this.kind = file == NULL ? LT_STATE_DELTA : file->kind;
        this.version = version;
        char *path = lt_state_join(folder, lt_state_file_name(this.kind, version, name));
        int number = file == NULL ? ENOENT : file->number;
        int code = number == 0 ? 0 : lt_state_file_unread(path, this.kind, number, error);
        if (code == 0)
            lt_state_inputs_add(inputs, path, &this);
        free(path);
        /* A damaged one ends the chain: whoever reads it finds that, and says what is wrong. One
         * that could not be read now may well be read then, as the last. */
        if (code != 0 || !file->is_sound)
            return code;
        version = file->base;
    }
    return 0;
}

struct lt_state_merging lt_state_files_plan(const struct lt_state_files *files, uint64_t version,
                                            uint32_t min_deltas)
{
    struct lt_state_merging none = {0}, plan = {.version = version, .base = version};
    uint64_t delta_count = 0;
    for (uint64_t at = version; at > 0; delta_count++) { /* ends: a base is below its version */
        const struct lt_state_file *file = lt_state_files_find(files, at);
        if (file == NULL || !file->is_sound)
            return none;
        if (file->kind == LT_STATE_SNAPSHOT)
            break;
        at = file->base;
    }
    if (delta_count < min_deltas)
        return none;
    uint64_t taken_bytes = 0;
    while (plan.base > 0) {
        const struct lt_state_file *file = lt_state_files_find(files, plan.base);
        bool is_snapshot = file->kind == LT_STATE_SNAPSHOT;
        uint64_t most_bytes = is_snapshot ? SNAPSHOT_RATIO * taken_bytes : taken_bytes;
        /* So many that the chain is shorter than min_deltas afterwards; then what is their like. */
        bool is_due = !is_snapshot && delta_count - plan.count + 1 >= min_deltas;
        if (plan.count >= (is_snapshot ? 1 : 2) && !is_due && file->size_bytes > most_bytes)
            break;
        taken_bytes += file->size_bytes;
        plan.count++;
        plan.base = file->base;
    }
    /* A single delta is its own merge, unless it is to become the first snapshot. */
    return plan.count >= 2 || (plan.count == 1 && plan.base == 0) ? plan : none;
}

size_t lt_state_files_needless(const struct lt_state_files *files, uint64_t oldest)
{
    bool *is_needed = lt_alloc_array(files->count + 1, sizeof *is_needed);
    for (size_t i = files->count; i-- > 0;) {
        const struct lt_state_file *file = &files->list[i];
        /* From the newest down: what is needed of later versions has been noted. */
        size_t index = find_index(files, file->version);
        if (file->version >= oldest)
            is_needed[index] = true;
        if (i != index || !is_needed[i])
            continue;
        if (!file->is_sound) {
            /* What it is made of is not known: all before it stays. */
            memset(is_needed, true, files->count * sizeof *is_needed);
            break;
        }
        size_t base = find_index(files, file->base);
        if (file->base > 0 && base < files->count)
            is_needed[base] = true;
    }
    size_t needless = 0;
    while (needless < files->count && is_needed[needless])
        needless++;
    free(is_needed);
    return needless;
}

/* --------------------------------------------------------------------------------------- clean */

struct cleaning {
    const char *folder;
    uint64_t version;
    bool has_changed;
};

static int clean_name(void *context, int fd, const char *name, struct lt_error *error)
{
    struct cleaning *cleaning = context;
    enum lt_state_file_kind kind;
    uint64_t version;
    bool is_later =
        lt_state_file_name_parse(name, &kind, &version) && version > cleaning->version;
    if (!is_later && !lt_state_is_temporary_name(name))
        return 0;
    cleaning->has_changed = true;
    if (unlinkat(fd, name, 0) == 0 || errno == ENOENT)
        return 0;
    return lt_error_set_errno(error, errno, "cannot delete '%s/%s', which was never committed",
                              cleaning->folder, name);
}

int lt_state_folder_clean(const char *folder, uint64_t version, struct lt_error *error)
{
    struct cleaning cleaning = {.folder = folder, .version = version};
    int code = list_folder(folder, clean_name, &cleaning, error);
    if (code != 0 || !cleaning.has_changed)
        return code;
    return lt_folder_sync(folder, error);
}
