/*
 * The service manager's socket.
 */
#include "tools/notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tools/commands.h"

void lt_tool_notify(const char *state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *path = getenv("NOTIFY_SOCKET");
    if (path == NULL || *path == '\0')
        return;
    size_t size_bytes = strlen(path);
    if (size_bytes >= sizeof address.sun_path) {
        lt_tool_say("NOTIFY_SOCKET is too long for a socket's name");
        return;
    }
    memcpy(address.sun_path, path, size_bytes);
    if (*path == '@') /* a name in the abstract space begins with a zero byte */
        address.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    socklen_t address_bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size_bytes);
    if (fd < 0 || sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&address,
                         address_bytes) < 0)
        lt_tool_say("cannot tell the service manager at \"%s\": %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
}
