/*
 * A descriptor that waits is made one that does not for the length of a call.
 */
#include "io/reactor_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>

int64_t lt_call_or_wait(int64_t result)
{
    if (result >= 0)
        return result;
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? LT_WOULD_WAIT : -errno;
}

int64_t lt_call_without_waiting(const struct lt_io *io, int64_t (*call)(const struct lt_io *io))
{
    int flags = fcntl(io->fd, F_GETFL);
    if (flags < 0)
        return -errno;
    bool must_set = (flags & O_NONBLOCK) == 0;
    if (must_set && fcntl(io->fd, F_SETFL, flags | O_NONBLOCK) != 0)
        return -errno;
    int64_t result = call(io);
    if (must_set && fcntl(io->fd, F_SETFL, flags) != 0)
        return -errno;
    return result;
}

static int64_t accept_now(const struct lt_io *io)
{
    return lt_call_or_wait(accept4(io->fd, NULL, NULL, SOCK_CLOEXEC));
}

int64_t lt_call_accept(const struct lt_io *io)
{
    return lt_call_without_waiting(io, accept_now);
}
