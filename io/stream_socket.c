/*
 * Each function makes a socket, sets what is to be set and binds it; on failure nothing is left.
 */
#include "io/stream_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "core/base/log.h"
#include "io/stream_owner.h"

enum {
    KEEPALIVE_IDLE_S = 20, /* then a probe each 10 s, and after 4 without an answer it is over */
    KEEPALIVE_INTERVAL_S = 10,
    KEEPALIVE_PROBES = 4,
    UNANSWERED_MS = 60000, /* sent and not acknowledged */
    LINGER_MS = 3000,      /* an address may be that of a dead process so long */
    LINGER_LOOK_MS = 10,
};

static int fail(struct lt_error *error, const struct lt_stream_address *address, const char *what)
{
    char text[LT_STREAM_TEXT_SIZE];
    int number = errno;
    lt_stream_address_text(&address->storage, address->size_bytes, text);
    return lt_error_set_errno(error, number, "cannot %s %s", what, text);
}

static void set_int(int fd, int level, int name, int value)
{
    (void)setsockopt(fd, level, name, &value, sizeof value);
}

static void set_buffer(int fd, int name, int64_t wanted, const char *option, const char *limit)
{
    if (wanted <= 0)
        return;
    int got = 0;
    socklen_t size_bytes = sizeof got;
    set_int(fd, SOL_SOCKET, name, (int)wanted);
    /* The kernel doubles it, for its own needs. */
    if (getsockopt(fd, SOL_SOCKET, name, &got, &size_bytes) == 0 && got / 2 < wanted)
        lt_log_warn("option \"%s\": the system gives %d bytes; hint: raise %s", option, got / 2,
                    limit);
}

int lt_stream_socket_create(const struct lt_stream_address *address,
                            const struct lt_stream_socket_options *options, int *fd,
                            struct lt_error *error)
{
    *fd = socket(address->storage.ss_family, options->type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (*fd < 0 && (errno == EMFILE || errno == ENFILE))
        return lt_error_set(error, LT_E_LIMIT,
                            "cannot make a socket: too many files are open; hint: raise the limit "
                            "(ulimit -n)");
    if (*fd < 0)
        return fail(error, address, "make a socket for");
    set_buffer(*fd, SO_RCVBUF, options->receive_buffer_bytes, "receiveBufferSize",
               "net.core.rmem_max");
    set_buffer(*fd, SO_SNDBUF, options->send_buffer_bytes, "sendBufferSize", "net.core.wmem_max");
    return 0;
}

void lt_stream_socket_tune(int fd)
{
    set_int(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    set_int(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_int(fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S);
    set_int(fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S);
    set_int(fd, IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_PROBES);
    set_int(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, UNANSWERED_MS);
}

/* -------------------------------------------------------------------------------------- binding */

static const struct sockaddr *plain(const struct lt_stream_address *address)
{
    return (const struct sockaddr *)(const void *)&address->storage;
}

static const char *path_of(const struct lt_stream_address *address)
{
    return ((const struct sockaddr_un *)(const void *)&address->storage)->sun_path;
}

/* The file of a Unix socket whose owner has died is in the way of the next one. */
static int clear_path(const struct lt_stream_address *address, int type, struct lt_error *error)
{
    const char *path = path_of(address);
    struct stat status;
    if (lstat(path, &status) != 0)
        return errno == ENOENT ? 0 : fail(error, address, "look at");
    if (!S_ISSOCK(status.st_mode))
        return lt_error_set(error, LT_E_EXISTS,
                            "\"%s\" is there and is no socket; hint: choose another path", path);
    int probe = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (probe < 0)
        return fail(error, address, "make a socket for");
    int result = connect(probe, plain(address), address->size_bytes);
    int number = errno;
    close(probe);
    if (result != 0 && number == ECONNREFUSED)
        return unlink(path) == 0 || errno == ENOENT ? 0 : fail(error, address, "replace");
    if (result != 0 && number == EACCES) {
        errno = number;
        return fail(error, address, "look at");
    }
    return lt_error_set(
        error, LT_E_BUSY,
        "\"%s\" is in use by a running program; hint: end it, or choose another path", path);
}

/* `is_owned`: whether the program that has it was found, if it is taken. */
static int fail_bind(const struct lt_stream_address *address, int type, bool *is_owned,
                     struct lt_error *error)
{
    char text[LT_STREAM_TEXT_SIZE], owner[LT_STREAM_OWNER_SIZE];
    int number = errno;
    lt_stream_address_text(&address->storage, address->size_bytes, text);
    if (number == EADDRINUSE) {
        *is_owned = lt_stream_owner(address, type, owner);
        return lt_error_set(error, LT_E_BUSY,
                            "%s is in use by %s; hint: end it, or choose another port", text,
                            owner);
    }
    if (number == EADDRNOTAVAIL)
        return lt_error_set(error, LT_E_NOT_FOUND,
                            "%s is no address of this machine; hint: leave the host out for all of "
                            "them",
                            text);
    if (number == EACCES && address->storage.ss_family != AF_UNIX)
        return lt_error_set(error, LT_E_PERMISSION,
                            "%s is a port for privileged programs; hint: choose one from 1024 on",
                            text);
    errno = number;
    return fail(error, address, "bind");
}

static int try_bind(int fd, const struct lt_stream_address *address, int type, bool *is_owned,
                    struct lt_error *error)
{
    if (address->storage.ss_family == AF_UNIX) {
        int code = clear_path(address, type, error);
        if (code != 0)
            return code;
    }
    return bind(fd, plain(address), address->size_bytes) == 0
               ? 0
               : fail_bind(address, type, is_owned, error);
}

/* What io_uring had under way for a process that was killed, the kernel takes down after its end:
 * until then the port is taken, by nobody who could be named. Who starts it again at once waits. */
static int bind_to(int fd, const struct lt_stream_address *address, int type,
                   struct lt_error *error)
{
    const struct timespec pause = {.tv_nsec = LINGER_LOOK_MS * 1000000L};
    for (int i = 0;; i++) {
        bool is_owned = false;
        int code = try_bind(fd, address, type, &is_owned, error);
        if (code != LT_E_BUSY || is_owned || i == LINGER_MS / LINGER_LOOK_MS)
            return code;
        (void)nanosleep(&pause, NULL); /* a signal makes it shorter: as good */
    }
}

int lt_stream_socket_listen(const struct lt_stream_address *address,
                            const struct lt_stream_socket_options *options, int *fd,
                            struct lt_error *error)
{
    int code = lt_stream_socket_create(address, options, fd, error);
    if (code != 0)
        return code;
    if (address->storage.ss_family != AF_UNIX)
        set_int(*fd, SOL_SOCKET, SO_REUSEADDR, 1); /* connections of the last run may linger */
    code = bind_to(*fd, address, options->type, error);
    bool is_owned;
    if (code == 0 && listen(*fd, options->backlog) != 0)
        code = fail_bind(address, options->type, &is_owned, error);
    if (code == 0)
        return 0;
    close(*fd);
    *fd = -1;
    return code;
}

void lt_stream_socket_remove(const struct lt_stream_address *address)
{
    if (address->storage.ss_family == AF_UNIX)
        (void)unlink(path_of(address)); /* a leftover is replaced by the next one */
}

/* ------------------------------------------------------------------------------------ datagrams */

static int fail_interface(const char *name, struct lt_error *error)
{
    return lt_error_set(error, LT_E_NOT_FOUND,
                        "there is no interface \"%s\"; hint: its name, as ip link shows it, or its "
                        "IPv4 address",
                        name);
}

/* The interface that multicast goes through, for either family. */
static int find_interface(const char *name, struct ip_mreqn *request, struct lt_error *error)
{
    if (name == NULL)
        return 0;
    if (inet_pton(AF_INET, name, &request->imr_address) == 1)
        return 0;
    request->imr_ifindex = (int)if_nametoindex(name);
    return request->imr_ifindex != 0 ? 0 : fail_interface(name, error);
}

static int join(int fd, const struct lt_stream_address *address, const char *interface,
                struct lt_error *error)
{
    struct ip_mreqn request = {0};
    int code = find_interface(interface, &request, error);
    if (code != 0)
        return code;
    int result;
    if (address->storage.ss_family == AF_INET) {
        request.imr_multiaddr =
            ((const struct sockaddr_in *)(const void *)&address->storage)->sin_addr;
        result = setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof request);
    } else {
        struct ipv6_mreq request6 = {
            .ipv6mr_multiaddr =
                ((const struct sockaddr_in6 *)(const void *)&address->storage)->sin6_addr,
            .ipv6mr_interface = (unsigned)request.imr_ifindex,
        };
        result = setsockopt(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &request6, sizeof request6);
    }
    return result == 0 ? 0 : fail(error, address, "join the group");
}

int lt_stream_socket_receive(const struct lt_stream_address *address,
                             const struct lt_stream_socket_options *options, int *fd,
                             struct lt_error *error)
{
    int code = lt_stream_socket_create(address, options, fd, error);
    if (code != 0)
        return code;
    bool is_group = lt_stream_is_multicast(address);
    if (is_group)
        set_int(*fd, SOL_SOCKET, SO_REUSEADDR, 1); /* many may listen to a group */
    if (options->is_stamped)
        set_int(*fd, SOL_SOCKET, SO_TIMESTAMPNS, 1);
    code = bind_to(*fd, address, options->type, error);
    if (code == 0 && is_group)
        code = join(*fd, address, options->interface, error);
    if (code == 0)
        return 0;
    close(*fd);
    *fd = -1;
    return code;
}

static int send_through(int fd, const struct lt_stream_address *address,
                        const struct lt_stream_socket_options *options, struct lt_error *error)
{
    struct ip_mreqn request = {0};
    int code = find_interface(options->interface, &request, error);
    if (code != 0)
        return code;
    bool is_v4 = address->storage.ss_family == AF_INET;
    int result = 0;
    if (options->interface != NULL && is_v4)
        result = setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &request, sizeof request);
    else if (options->interface != NULL)
        result = setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &request.imr_ifindex,
                            sizeof request.imr_ifindex);
    if (result != 0)
        return fail(error, address, "choose the interface for");
    if (options->multicast_ttl > 0)
        set_int(fd, is_v4 ? IPPROTO_IP : IPPROTO_IPV6,
                is_v4 ? IP_MULTICAST_TTL : IPV6_MULTICAST_HOPS, options->multicast_ttl);
    return 0;
}

int lt_stream_socket_send(const struct lt_stream_address *address,
                          const struct lt_stream_socket_options *options, int *fd,
                          struct lt_error *error)
{
    int code = lt_stream_socket_create(address, options, fd, error);
    if (code == 0 && lt_stream_is_multicast(address))
        code = send_through(*fd, address, options, error);
    if (code == 0 && address->storage.ss_family != AF_UNIX &&
        connect(*fd, plain(address), address->size_bytes) != 0)
        code = fail(error, address, "send to");
    if (code == 0 || *fd < 0)
        return code;
    close(*fd);
    *fd = -1;
    return code;
}
