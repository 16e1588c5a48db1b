/*
 * mkdir and fsync, one folder after the other.
 */
#include "core/base/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/arena.h"

/* What to do about a folder that cannot be opened or made. */
static const char *folder_hint(int error_number)
{
    switch (error_number) {
    case ENOTDIR:
    case EEXIST:
        return "; hint: a file stands where a folder is needed, give another directory";
    case EACCES:
    case EPERM:
        return "; hint: the user that runs the query needs to own the checkpoint directory, or to "
               "be allowed to make it";
    case EROFS:
        return "; hint: the file system is mounted read-only, give a directory on another one";
    case ENOSPC:
    case EDQUOT:
        return "; hint: free some space on the disk that is to hold the checkpoint";
    case ENOENT:
    case ENAMETOOLONG:
    case ELOOP:
        return "; hint: give the path of a directory that exists or can be made";
    case EIO:
        return "; hint: the disk reports a fault, see the kernel's log";
    default:
        return "";
    }
}

int lt_folder_failed(const char *verb, const char *path, int error_number, struct lt_error *error)
{
    struct lt_error cause;
    int code = lt_error_set_errno(&cause, error_number, "cannot %s folder '%s'", verb, path);
    return lt_error_set(error, code, "%s%s", cause.text, folder_hint(error_number));
}

int lt_folder_sync_open(int fd, const char *path, struct lt_error *error)
{
    return fsync(fd) == 0 ? 0 : lt_folder_failed("sync", path, errno, error);
}

int lt_folder_sync(const char *path, struct lt_error *error)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return lt_folder_failed("sync", path, errno, error);
    int code = lt_folder_sync_open(fd, path, error);
    close(fd);
    return code;
}

/* Syncs the folder that holds `path`. */
static int sync_parent(const char *path, struct lt_error *error)
{
    char *parent = lt_strdup(path);
    char *slash = strrchr(parent, '/');
    if (slash != NULL)
        slash[slash == parent ? 1 : 0] = '\0';
    int code = lt_folder_sync(slash == NULL ? "." : parent, error);
    free(parent);
    return code;
}

/* Of a long path that is new mostly the last folder is: 1 if it was made, or was there. */
static int make_last(const char *path, struct lt_error *error)
{
    size_t size = strlen(path);
    if (size == 0 || path[size - 1] == '/') /* its parent would not be what stands before that */
        return 0;
    if (mkdir(path, 0777) != 0)
        return errno == EEXIST;
    int code = sync_parent(path, error);
    return code == 0 ? 1 : code;
}

int lt_folder_make(const char *path, struct lt_error *error)
{
    int status = make_last(path, error);
    if (status != 0)
        return status > 0 ? 0 : status;
    char *copy = lt_strdup(path);
    int code = 0;
    bool is_last = false;
    for (char *end = copy + (copy[0] != '\0'); code == 0 && !is_last; end++) {
        is_last = *end == '\0';
        if (!is_last && *end != '/')
            continue;
        *end = '\0';
        if (mkdir(copy, 0777) == 0)
            code = sync_parent(copy, error);
        else if (errno != EEXIST)
            code = lt_folder_failed("create", copy, errno, error);
        if (!is_last)
            *end = '/';
    }
    free(copy);
    return code;
}
