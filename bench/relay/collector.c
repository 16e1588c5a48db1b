#include "bench/relay/collector.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Protocol version, the command "jcmd", and its three arguments, each ended by a NUL. */
static const char QUESTION[] = "1\0jcmd\0GC.run\0\0";

/* The answer is the command's status as a line, then its output. */
static bool ask(int fd)
{
    char answer[256];
    size_t size = 0;
    if (write(fd, QUESTION, sizeof QUESTION) != (ssize_t)sizeof QUESTION)
        return false;
    for (;;) {
        ssize_t got = read(fd, answer + size, sizeof answer - size);
        if (got <= 0)
            break;
        size += (size_t)got;
    }
    return size >= 2 && memcmp(answer, "0\n", 2) == 0;
}

bool lt_bench_collect_garbage(int pid)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "/tmp/.java_pid%d", pid);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    bool done = connect(fd, (const struct sockaddr *)&address, sizeof address) == 0 && ask(fd);
    close(fd);
    return done;
}
