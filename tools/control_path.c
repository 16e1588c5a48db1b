#include "tools/control_path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    BACKLOG = 16,
    PATIENCE_S = 15, /* a process that starts a query may be busy with a broker for as long */
};

int lt_tool_control_lock(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), result;
    if (fd < 0)
        return -1;
    do
        result = flock(fd, LOCK_EX); /* bounded: held for the moments of a few system calls */
    while (result != 0 && errno == EINTR);
    if (result == 0)
        return fd;
    close(fd);
    return -1;
}

/* False with errno: it is too long for a socket's name. */
static bool set_address(const char *path, struct sockaddr_un *out)
{
    size_t size_bytes = strlen(path);
    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (size_bytes >= sizeof out->sun_path) {
        errno = ENAMETOOLONG;
        return false;
    }
    memcpy(out->sun_path, path, size_bytes);
    return true;
}

/* Closes it and keeps errno. */
static int fail(int fd)
{
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

int lt_tool_control_connect(const char *path)
{
    struct sockaddr_un address;
    if (!set_address(path, &address))
        return -1;
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) != 0)
        return fail(fd);
    return connect(fd, (struct sockaddr *)&address, sizeof address) == 0 ? fd : fail(fd);
}

static bool is_dead(const char *path)
{
    int fd = lt_tool_control_connect(path);
    bool is_refused = fd < 0 && errno == ECONNREFUSED;
    if (fd >= 0)
        close(fd);
    return is_refused;
}

int lt_tool_control_listen(const char *path)
{
    struct sockaddr_un address;
    if (!set_address(path, &address))
        return -1;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    int result = bind(fd, (struct sockaddr *)&address, sizeof address);
    if (result != 0 && errno == EADDRINUSE) {
        bool is_free = is_dead(path);
        errno = EADDRINUSE;
        if (is_free && unlink(path) == 0)
            result = bind(fd, (struct sockaddr *)&address, sizeof address);
    }
    if (result != 0 || chmod(path, S_IRUSR | S_IWUSR) != 0 || listen(fd, BACKLOG) != 0)
        return fail(fd);
    return fd;
}
