/*
 * The lock of a checkpoint directory, on F_OFD_SETLK.
 *
 * The file is never deleted: a process that holds the lock on a deleted file and one that holds it
 * on its successor would both believe to be alone. Somebody else may delete it still, so its holder
 * looks from time to time (lt_epoch_lock_check).
 */
#include "core/epoch/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/clock.h"

enum { OWNER_SIZE = LT_EPOCH_OWNER_SIZE };

/* Reads the owner's line; "" if it has not written it yet. */
static void read_owner(int fd, char out[OWNER_SIZE])
{
    ssize_t size_bytes = pread(fd, out, OWNER_SIZE - 1, 0);
    out[size_bytes > 0 ? size_bytes : 0] = '\0';
    out[strcspn(out, "\n")] = '\0';
}

/* Best effort would do for the lock itself; but a line that cannot be written means that nothing
 * else can be either. `query` is "" or begins with ", query". */
static int write_owner(const struct lt_epoch_folder *folder, int fd, const char *query,
                       struct lt_error *error)
{
    char host[128] = "unknown";
    if (gethostname(host, sizeof host) == 0)
        host[sizeof host - 1] = '\0';
    char since[LT_CLOCK_ISO_SIZE];
    lt_clock_format_iso(lt_clock_wall_us(lt_clock_system()), since);
    char line[OWNER_SIZE];
    int size_bytes = snprintf(line, sizeof line, "pid %ld%s, host %s, since %s\n", (long)getpid(),
                              query, host, since);
    lt_assert(size_bytes > 0 && size_bytes < OWNER_SIZE);
    if (ftruncate(fd, 0) != 0)
        return lt_epoch_write_failed(folder->path, LT_EPOCH_LOCK_NAME, errno, error);
    ssize_t written = pwrite(fd, line, (size_t)size_bytes, 0);
    if (written != size_bytes)
        return lt_epoch_write_failed(folder->path, LT_EPOCH_LOCK_NAME, written < 0 ? errno : ENOSPC,
                                     error);
    return 0;
}

int lt_epoch_lock_name_owner(const struct lt_epoch_folder *folder, int fd, const char *query_name,
                             const char *query_id, struct lt_error *error)
{
    char query[OWNER_SIZE / 2];
    if (query_name == NULL || query_name[0] == '\0')
        snprintf(query, sizeof query, ", query %.40s", query_id);
    else
        snprintf(query, sizeof query, ", query \"%.160s\" (%.40s)", query_name, query_id);
    return write_owner(folder, fd, query, error);
}

int lt_epoch_lock_take(const struct lt_epoch_folder *folder, int *out_fd, struct lt_error *error)
{
    int fd =
        openat(folder->fd, LT_EPOCH_LOCK_NAME, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (fd < 0)
        return lt_epoch_write_failed(folder->path, LT_EPOCH_LOCK_NAME, errno, error);
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int code = 0;
    if (fcntl(fd, F_OFD_SETLK, &whole) == 0) {
        code = write_owner(folder, fd, "", error);
    } else if (errno == EAGAIN || errno == EACCES) {
        char owner[OWNER_SIZE];
        read_owner(fd, owner);
        code = lt_error_set(error, LT_E_BUSY,
                            "in use by %s; hint: stop that query, or give this one a checkpoint "
                            "directory of its own",
                            owner[0] != '\0' ? owner : "a process that has just started");
    } else {
        code = lt_error_set_errno(error, errno, "cannot lock '%s/%s'", folder->path,
                                  LT_EPOCH_LOCK_NAME);
    }
    if (code != 0)
        close(fd);
    else
        *out_fd = fd;
    return code;
}

bool lt_epoch_lock_owner(const struct lt_epoch_folder *folder, char out[LT_EPOCH_OWNER_SIZE])
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int fd = openat(folder->fd, LT_EPOCH_LOCK_NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bool is_held = fd >= 0 && fcntl(fd, F_OFD_GETLK, &whole) == 0 && whole.l_type != F_UNLCK;
    out[0] = '\0';
    if (is_held)
        read_owner(fd, out);
    if (fd >= 0)
        close(fd);
    return is_held;
}

int lt_epoch_lock_check(const struct lt_epoch_folder *folder, int fd, struct lt_error *error)
{
    struct stat held, found;
    if (fstat(fd, &held) != 0)
        return lt_error_set_errno(error, errno, "cannot stat the held '%s/%s'", folder->path,
                                  LT_EPOCH_LOCK_NAME);
    if (fstatat(folder->fd, LT_EPOCH_LOCK_NAME, &found, AT_SYMLINK_NOFOLLOW) == 0) {
        if (found.st_dev == held.st_dev && found.st_ino == held.st_ino)
            return 0;
    } else if (errno != ENOENT) {
        return lt_error_set_errno(error, errno, "cannot stat '%s/%s'", folder->path,
                                  LT_EPOCH_LOCK_NAME);
    }
    return lt_error_set(error, LT_E_CHECKPOINT,
                        "'%s/%s' was deleted or replaced while this query held it, and another "
                        "query may write here now; hint: leave that file alone, see that one query "
                        "uses the directory, and start it again",
                        folder->path, LT_EPOCH_LOCK_NAME);
}
