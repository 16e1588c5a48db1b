/*
 * Waiting input and output for checkpoint files: read whole and verified; written under a temporary
 * name, synced, renamed, folder synced.
 *
 * The order of a file and its companion is the protocol's: a new file has its companion in view
 * first; a file that is replaced loses its old companion first, durably, and gets the new one last.
 * So no crash can leave a file beside a companion of another content.
 */
#include "core/epoch/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/clock.h"
#include "core/base/folder.h"
#include "core/epoch/crc.h"
#include "core/epoch/protocol.h"

#define TEMPORARY_SUFFIX ".leat.tmp"
#define COMPANION_SUFFIX ".crc"

enum { NAME_ROOM = sizeof "." COMPANION_SUFFIX COMPANION_SUFFIX TEMPORARY_SUFFIX };

static void join_name(char out[LT_EPOCH_NAME_SIZE], const char *front, const char *name,
                      const char *back)
{
    int size_bytes = snprintf(out, LT_EPOCH_NAME_SIZE, "%s%s%s", front, name, back);
    lt_assert(size_bytes > 0 && size_bytes < LT_EPOCH_NAME_SIZE);
}

void lt_epoch_temporary_name(const char *name, char out[LT_EPOCH_NAME_SIZE])
{
    join_name(out, ".", name, TEMPORARY_SUFFIX);
}

static bool has_suffix(const char *name, const char *suffix)
{
    size_t name_size = strlen(name), suffix_size = strlen(suffix);
    return name_size > suffix_size && strcmp(name + name_size - suffix_size, suffix) == 0;
}

/* Where a test ends the run instead of making the change. */
static int fault(const struct lt_epoch_folder *folder, const char *name, struct lt_error *error)
{
    if (!lt_epoch_fault_point(LT_EPOCH_RECOVER, 0))
        return 0;
    return lt_error_set(error, LT_E_CANCELLED, "stopped at a fault point before '%s/%s'",
                        folder->path, name);
}

static int add_hint(struct lt_error *error, int code, const char *hint)
{
    if (hint[0] == '\0' || error == NULL)
        return code;
    struct lt_error cause = *error;
    return lt_error_set(error, code, "%s%s", cause.text, hint);
}

int lt_epoch_write_failed(const char *path, const char *name, int error_number,
                          struct lt_error *error)
{
    const char *hint = "";
    if (error_number == ENOSPC || error_number == EDQUOT)
        hint = "; hint: free some space on the disk that holds the checkpoint and start again: "
               "nothing is lost";
    else if (error_number == EROFS)
        hint = "; hint: the file system is mounted read-only, give a directory on another one";
    else if (error_number == EACCES || error_number == EPERM)
        hint = "; hint: the user that runs the query needs to own the checkpoint directory";
    else if (error_number == EIO)
        hint = "; hint: the disk reports a fault, see the kernel's log";
    int code =
        lt_error_set_errno(error, error_number, "cannot write checkpoint file '%s/%s'", path, name);
    return add_hint(error, code, hint);
}

/* ------------------------------------------------------------------------------------- folders */

int lt_epoch_folder_open(struct lt_epoch_folder *folder, const char *path, bool create,
                         struct lt_error *error)
{
    folder->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder->fd < 0 && errno == ENOENT) {
        if (!create)
            return LT_E_NOT_FOUND;
        int code = lt_folder_make(path, error);
        if (code != 0)
            return code;
        folder->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    if (folder->fd < 0)
        return lt_folder_failed("open", path, errno, error);
    folder->path = lt_strdup(path);
    return 0;
}

void lt_epoch_folder_close(struct lt_epoch_folder *folder)
{
    if (folder->fd < 0 || folder->path == NULL)
        return;
    close(folder->fd);
    free(folder->path);
    *folder = (struct lt_epoch_folder){.fd = -1};
}

static void add_name(struct lt_epoch_names *names, size_t *capacity, const char *name)
{
    if (strlen(name) + NAME_ROOM > LT_EPOCH_NAME_SIZE) {
        names->has_long = true;
        return;
    }
    if (names->count == *capacity) {
        *capacity = *capacity == 0 ? 64 : 2 * *capacity;
        names->names = lt_realloc_array(names->names, *capacity, sizeof names->names[0]);
    }
    memcpy(names->names[names->count++], name, strlen(name) + 1);
}

int lt_epoch_folder_list(const struct lt_epoch_folder *folder, struct lt_epoch_names *out,
                         struct lt_error *error)
{
    *out = (struct lt_epoch_names){0};
    int fd = openat(folder->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = fd < 0 ? NULL : fdopendir(fd);
    if (stream == NULL) {
        int number = errno;
        if (fd >= 0)
            close(fd);
        return lt_folder_failed("list", folder->path, number, error);
    }
    size_t capacity = 0;
    struct dirent *entry;
    errno = 0;
    while ((entry = readdir(stream)) != NULL) { /* ends with the folder */
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            add_name(out, &capacity, entry->d_name);
        errno = 0;
    }
    int number = errno;
    closedir(stream);
    if (number == 0)
        return 0;
    free(out->names);
    *out = (struct lt_epoch_names){0};
    return lt_folder_failed("list", folder->path, number, error);
}

int lt_epoch_folder_sync(const struct lt_epoch_folder *folder, struct lt_error *error)
{
    return lt_folder_sync_open(folder->fd, folder->path, error);
}

/* The file that a companion stands beside, "" if `name` is no companion: "17" for "17.crc" (ours
 * and Spark's), ".17.crc" and ".17.crc.crc" (Hadoop's local file system). */
static void companion_of(const char *name, char out[LT_EPOCH_NAME_SIZE])
{
    snprintf(out, LT_EPOCH_NAME_SIZE, "%s", name + (name[0] == '.' ? 1 : 0));
    if (!has_suffix(name, COMPANION_SUFFIX)) {
        out[0] = '\0';
        return;
    }
    while (has_suffix(out, COMPANION_SUFFIX))
        out[strlen(out) - strlen(COMPANION_SUFFIX)] = '\0';
}

enum lt_epoch_name_kind lt_epoch_name_kind(const struct lt_epoch_folder *folder, const char *name)
{
    if (name[0] == '.' && has_suffix(name, TEMPORARY_SUFFIX))
        return LT_EPOCH_NAME_LITTER;
    char beside[LT_EPOCH_NAME_SIZE];
    companion_of(name, beside);
    if (beside[0] == '\0')
        return LT_EPOCH_NAME_FILE;
    bool is_alone = faccessat(folder->fd, beside, F_OK, 0) != 0 && errno == ENOENT;
    return is_alone ? LT_EPOCH_NAME_LITTER : LT_EPOCH_NAME_COMPANION;
}

/* One name, if it is there; durable after lt_epoch_folder_sync(). */
static int delete_name(const struct lt_epoch_folder *folder, const char *name,
                       struct lt_error *error)
{
    if (faccessat(folder->fd, name, F_OK, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT)
        return 0;
    int code = fault(folder, name, error);
    if (code != 0)
        return code;
    if (unlinkat(folder->fd, name, 0) != 0 && errno != ENOENT)
        return lt_error_set_errno(error, errno, "cannot delete '%s/%s'", folder->path, name);
    return 0;
}

int lt_epoch_folder_tidy(const struct lt_epoch_folder *folder, struct lt_error *error)
{
    struct lt_epoch_names names;
    int code = lt_epoch_folder_list(folder, &names, error);
    bool changed = false;
    for (size_t i = 0; code == 0 && i < names.count; i++) {
        if (lt_epoch_name_kind(folder, names.names[i]) != LT_EPOCH_NAME_LITTER)
            continue;
        code = delete_name(folder, names.names[i], error);
        changed = true;
    }
    free(names.names);
    if (code == 0 && changed)
        code = lt_epoch_folder_sync(folder, error);
    return code;
}

/* --------------------------------------------------------------------------------------- files */

static int read_whole(int fd, size_t size_bytes, struct lt_text_buffer *out)
{
    char *content = lt_alloc(size_bytes + 1);
    size_t done = 0;
    int number = 0;
    while (done < size_bytes) {
        ssize_t count = read(fd, content + done, size_bytes - done);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0) {
            number = count < 0 ? errno : EIO; /* the file shrank under us */
            break;
        }
        done += (size_t)count;
    }
    if (number == 0)
        lt_text_append_n(out, content, size_bytes);
    free(content);
    return number;
}

/* LT_E_NOT_FOUND without a text when there is no such file. */
static int read_plain(const struct lt_epoch_folder *folder, const char *name,
                      struct lt_text_buffer *out, struct lt_error *error)
{
    int fd = openat(folder->fd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT)
        return LT_E_NOT_FOUND;
    struct stat status;
    if (fd < 0 || fstat(fd, &status) != 0) {
        int number = errno;
        if (fd >= 0)
            close(fd);
        return lt_error_set_errno(error, number, "cannot read '%s/%s'", folder->path, name);
    }
    int code = 0;
    if (!S_ISREG(status.st_mode)) {
        code = lt_error_set(error, LT_E_CORRUPT, "'%s/%s' is not a file", folder->path, name);
    } else if (status.st_size > LT_EPOCH_FILE_MAX_BYTES) {
        code = lt_error_set(error, LT_E_CORRUPT, "'%s/%s' has %lld bytes, more than any such file",
                            folder->path, name, (long long)status.st_size);
    } else {
        int number = read_whole(fd, (size_t)status.st_size, out);
        if (number != 0)
            code = lt_error_set_errno(error, number, "cannot read '%s/%s'", folder->path, name);
    }
    close(fd);
    return code;
}

int lt_epoch_file_read(const struct lt_epoch_folder *folder, const char *name, bool verify,
                       struct lt_text_buffer *out, struct lt_error *error)
{
    size_t start = out->size_bytes;
    int code = read_plain(folder, name, out, error);
    if (code != 0 || !verify)
        return code;
    char companion_name[LT_EPOCH_NAME_SIZE];
    join_name(companion_name, "", name, COMPANION_SUFFIX);
    struct lt_text_buffer companion;
    lt_text_init(&companion);
    code = read_plain(folder, companion_name, &companion, error);
    if (code == LT_E_NOT_FOUND)
        code = 0;
    else if (code == 0)
        code = lt_crc_check(&companion, lt_text_get(out) + start, out->size_bytes - start, error);
    lt_text_fini(&companion);
    if (code == LT_E_CORRUPT)
        lt_error_append(error, "'%s/%s'", folder->path, name);
    return code;
}

static int write_whole(int fd, const char *content, size_t size_bytes)
{
    size_t done = 0;
    while (done < size_bytes) {
        ssize_t count = write(fd, content + done, size_bytes - done);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return errno;
        done += (size_t)count;
    }
    return fsync(fd) == 0 ? 0 : errno;
}

/* Writes `name` under its temporary name, synced, and renames it into view. */
static int write_plain(const struct lt_epoch_folder *folder, const char *name, const void *content,
                       size_t size_bytes, struct lt_error *error)
{
    char temporary[LT_EPOCH_NAME_SIZE];
    lt_epoch_temporary_name(name, temporary);
    int code = fault(folder, temporary, error);
    if (code != 0)
        return code;
    int fd = openat(folder->fd, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    int number = fd < 0 ? errno : write_whole(fd, content, size_bytes);
    if (fd >= 0 && close(fd) != 0 && number == 0)
        number = errno;
    if (number == 0) {
        code = fault(folder, name, error);
        if (code != 0)
            return code;
        if (renameat(folder->fd, temporary, folder->fd, name) != 0)
            number = errno;
    }
    return number == 0 ? 0 : lt_epoch_write_failed(folder->path, name, number, error);
}

static int write_companion(const struct lt_epoch_folder *folder, const char *name,
                           const void *content, size_t size_bytes, struct lt_error *error)
{
    char companion_name[LT_EPOCH_NAME_SIZE];
    join_name(companion_name, "", name, COMPANION_SUFFIX);
    struct lt_text_buffer text;
    lt_text_init(&text);
    lt_crc_format(&text, content, size_bytes, lt_clock_wall_us(lt_clock_system()));
    int code = write_plain(folder, companion_name, lt_text_get(&text), text.size_bytes, error);
    lt_text_fini(&text);
    return code;
}

static int delete_companions(const struct lt_epoch_folder *folder, const char *name,
                             struct lt_error *error)
{
    static const char *const forms[][2] = {
        {"", COMPANION_SUFFIX},
        {".", COMPANION_SUFFIX},
        {".", COMPANION_SUFFIX COMPANION_SUFFIX},
    };
    int code = 0;
    for (size_t i = 0; code == 0 && i < sizeof forms / sizeof forms[0]; i++) {
        char companion_name[LT_EPOCH_NAME_SIZE];
        join_name(companion_name, forms[i][0], name, forms[i][1]);
        code = delete_name(folder, companion_name, error);
    }
    return code;
}

int lt_epoch_file_write(const struct lt_epoch_folder *folder, const char *name, const void *content,
                        size_t size_bytes, struct lt_error *error)
{
    bool replaces = faccessat(folder->fd, name, F_OK, 0) == 0;
    int code;
    if (replaces) {
        code = delete_companions(folder, name, error);
        if (code == 0)
            code = lt_epoch_folder_sync(folder, error);
    } else {
        code = write_companion(folder, name, content, size_bytes, error);
    }
    if (code == 0)
        code = write_plain(folder, name, content, size_bytes, error);
    if (code == 0 && replaces) {
        code = lt_epoch_folder_sync(folder, error);
        if (code == 0)
            code = write_companion(folder, name, content, size_bytes, error);
    }
    if (code == 0)
        code = lt_epoch_folder_sync(folder, error);
    return code;
}

int lt_epoch_file_delete_all(const struct lt_epoch_folder *folder, const char *name,
                             struct lt_error *error)
{
    int code = delete_companions(folder, name, error);
    return code == 0 ? delete_name(folder, name, error) : code;
}
