#include "io/files_whole.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/clock.h"

enum { RESTED_S = 600 };

/* 1, 0, or -1: the kernel does not tell. */
static int is_open_for_writing(const char *path)
{
    int result = -1, fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);
    if (fd < 0)
        return -1;
    /* Who opens it before the lease is given back makes this signal, which nobody minds. */
    if (fcntl(fd, F_SETSIG, SIGURG) == 0 && fcntl(fd, F_SETLEASE, F_RDLCK) == 0)
        result = fcntl(fd, F_SETLEASE, F_UNLCK) == 0 ? 0 : -1;
    else if (errno == EAGAIN)
        result = 1;
    close(fd);
    return result;
}

bool lt_files_is_being_written(const char *path)
{
    return is_open_for_writing(path) == 1;
}

static bool was_linked_later(const struct stat *status)
{
    return status->st_mtim.tv_sec < status->st_ctim.tv_sec ||
           (status->st_mtim.tv_sec == status->st_ctim.tv_sec &&
            status->st_mtim.tv_nsec < status->st_ctim.tv_nsec);
}

/* Making a link takes no longer than a tick of the clock that files are stamped by; then the times
 * tell nothing, and only rest does. */
static bool has_rested(const struct stat *status)
{
    return status->st_ctim.tv_sec < lt_clock_wall_us(lt_clock_system()) / LT_US_PER_S - RESTED_S;
}

bool lt_files_is_whole(const char *path)
{
    struct stat status;
    if (lstat(path, &status) != 0)
        return false;
    if (S_ISLNK(status.st_mode) || status.st_nlink > 1)
        return true;
    if (!S_ISREG(status.st_mode) || status.st_size == 0)
        return false;
    int is_open = is_open_for_writing(path);
    return is_open == 0 || (is_open < 0 && (was_linked_later(&status) || has_rested(&status)));
}
