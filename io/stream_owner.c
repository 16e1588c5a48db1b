/*
 * /proc/net/tcp and its like name the inode of each socket with its port; the link of one of some
 * process's descriptors names the same inode.
 */
#include "io/stream_owner.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TCP_LISTENING = 0x0a, PATH_SIZE = 64 };

/* The inode of the socket that has the port, in one of those files; 0: none. */
static unsigned long find_inode(const char *path, unsigned port, bool is_stream)
{
    FILE *file = fopen(path, "re");
    char line[512];
    unsigned long inode = 0;
    while (file != NULL && inode == 0 && fgets(line, sizeof line, file) != NULL) {
        unsigned local = 0, state = 0;
        unsigned long found = 0;
        int count = sscanf(line, " %*[^:]: %*[0-9A-Fa-f]:%x %*s %x %*s %*s %*s %*s %*s %lu", &local,
                           &state, &found);
        if (count == 3 && local == port && (!is_stream || state == TCP_LISTENING))
            inode = found;
    }
    if (file != NULL)
        (void)fclose(file); /* it was read only */
    return inode;
}

static bool has_inode(const char *process, unsigned long inode)
{
    char path[PATH_SIZE], wanted[PATH_SIZE], link[PATH_SIZE];
    snprintf(path, sizeof path, "/proc/%.20s/fd", process);
    snprintf(wanted, sizeof wanted, "socket:[%lu]", inode);
    DIR *directory = opendir(path);
    const struct dirent *entry;
    bool found = false;
    while (directory != NULL && !found && (entry = readdir(directory)) != NULL) {
        ssize_t size = readlinkat(dirfd(directory), entry->d_name, link, sizeof link - 1);
        link[size > 0 ? size : 0] = '\0';
        found = strcmp(link, wanted) == 0;
    }
    if (directory != NULL)
        closedir(directory);
    return found;
}

static void name_process(const char *process, char out[LT_STREAM_OWNER_SIZE])
{
    char path[PATH_SIZE], name[32] = "?";
    snprintf(path, sizeof path, "/proc/%.20s/comm", process);
    FILE *file = fopen(path, "re");
    if (file != NULL) {
        if (fgets(name, sizeof name, file) != NULL)
            name[strcspn(name, "\n")] = '\0';
        (void)fclose(file);
    }
    snprintf(out, LT_STREAM_OWNER_SIZE, "process %.20s (%s)", process, name);
}

bool lt_stream_owner(const struct lt_stream_address *address, int socket_type,
                     char out[LT_STREAM_OWNER_SIZE])
{
    bool is_stream = socket_type == SOCK_STREAM;
    char host[LT_STREAM_TEXT_SIZE];
    uint16_t port;
    lt_stream_host_text(&address->storage, address->size_bytes, host, &port);
    unsigned long inode =
        find_inode(is_stream ? "/proc/net/tcp" : "/proc/net/udp", port, is_stream);
    if (inode == 0)
        inode = find_inode(is_stream ? "/proc/net/tcp6" : "/proc/net/udp6", port, is_stream);
    snprintf(out, LT_STREAM_OWNER_SIZE, "another program");
    DIR *directory = inode == 0 || port == 0 ? NULL : opendir("/proc");
    const struct dirent *entry;
    bool found = false;
    while (directory != NULL && !found && (entry = readdir(directory)) != NULL) {
        found = isdigit((unsigned char)entry->d_name[0]) && has_inode(entry->d_name, inode);
        if (found)
            name_process(entry->d_name, out);
    }
    if (directory != NULL)
        closedir(directory);
    return found;
}
