/*
 * Addresses are copied before they are looked at: what the kernel gives may lie at any place.
 */
#include "io/stream_address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "core/base/error.h"

/* ------------------------------------------------------------------------------------ from text */

static bool is_any(const char *host)
{
    return host == NULL || host[0] == '\0' || strcmp(host, "*") == 0;
}

bool lt_stream_is_numeric(const char *host)
{
    unsigned char bytes[sizeof(struct in6_addr)];
    return is_any(host) || inet_pton(AF_INET, host, bytes) == 1 ||
           inet_pton(AF_INET6, host, bytes) == 1;
}

int lt_stream_resolve(const char *host, uint16_t port, int socket_type,
                      struct lt_stream_address *out, struct lt_error *error)
{
    struct addrinfo hints = {.ai_family = is_any(host) ? AF_INET : AF_UNSPEC,
                             .ai_socktype = socket_type,
                             .ai_flags = AI_NUMERICSERV | (is_any(host) ? AI_PASSIVE : 0)};
    struct addrinfo *found = NULL;
    char service[8];
    *out = (struct lt_stream_address){0};
    snprintf(service, sizeof service, "%u", port);
    int result = getaddrinfo(is_any(host) ? NULL : host, service, &hints, &found);
    if (result != 0)
        return lt_error_set(error, LT_E_NOT_FOUND,
                            "cannot find the host \"%s\": %s; hint: check "
                            "its spelling, or give its address as a number",
                            host, gai_strerror(result));
    memcpy(&out->storage, found->ai_addr, found->ai_addrlen);
    out->size_bytes = found->ai_addrlen;
    freeaddrinfo(found);
    return 0;
}

int lt_stream_unix_address(const char *path, struct lt_stream_address *out, struct lt_error *error)
{
    struct sockaddr_un *address = (struct sockaddr_un *)(void *)&out->storage;
    size_t size_bytes = strlen(path);
    *out = (struct lt_stream_address){0};
    if (size_bytes == 0 || size_bytes >= sizeof address->sun_path)
        return lt_error_set(error, LT_E_LIMIT,
                            "the path \"%s\" has %zu bytes; hint: a Unix socket's has 1 to %zu",
                            path, size_bytes, sizeof address->sun_path - 1);
    address->sun_family = AF_UNIX;
    memcpy(address->sun_path, path, size_bytes + 1);
    out->size_bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size_bytes + 1);
    return 0;
}

bool lt_stream_is_multicast(const struct lt_stream_address *address)
{
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)&address->storage;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)&address->storage;
    if (address->storage.ss_family == AF_INET)
        return IN_MULTICAST(ntohl(v4->sin_addr.s_addr));
    return address->storage.ss_family == AF_INET6 && IN6_IS_ADDR_MULTICAST(&v6->sin6_addr);
}

/* -------------------------------------------------------------------------------------- to text */

static void unix_text(const struct sockaddr_un *address, size_t size_bytes,
                      char out[LT_STREAM_TEXT_SIZE])
{
    size_t begin = offsetof(struct sockaddr_un, sun_path);
    if (size_bytes <= begin || address->sun_path[0] == '\0')
        snprintf(out, LT_STREAM_TEXT_SIZE, "a nameless socket");
    else
        snprintf(out, LT_STREAM_TEXT_SIZE, "%.*s", (int)(size_bytes - begin), address->sun_path);
}

char *lt_stream_host_text(const void *address, size_t size_bytes, char out[LT_STREAM_TEXT_SIZE],
                          uint16_t *port)
{
    struct sockaddr_storage copy = {0}; /* it may lie anywhere */
    memcpy(&copy, address, size_bytes < sizeof copy ? size_bytes : sizeof copy);
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)&copy;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)&copy;
    *port = 0;
    out[0] = '\0';
    if (size_bytes >= sizeof *v4 && copy.ss_family == AF_INET) {
        *port = ntohs(v4->sin_port);
        (void)inet_ntop(AF_INET, &v4->sin_addr, out, LT_STREAM_TEXT_SIZE);
    } else if (size_bytes >= sizeof *v6 && copy.ss_family == AF_INET6) {
        *port = ntohs(v6->sin6_port);
        (void)inet_ntop(AF_INET6, &v6->sin6_addr, out, LT_STREAM_TEXT_SIZE);
    } else {
        unix_text((const struct sockaddr_un *)(const void *)&copy, size_bytes, out);
    }
    return out;
}

char *lt_stream_address_text(const void *address, size_t size_bytes, char out[LT_STREAM_TEXT_SIZE])
{
    char host[LT_STREAM_TEXT_SIZE];
    uint16_t port;
    lt_stream_host_text(address, size_bytes, host, &port);
    if (port == 0)
        memcpy(out, host, sizeof host);
    else
        snprintf(out, LT_STREAM_TEXT_SIZE, strchr(host, ':') != NULL ? "[%.100s]:%u" : "%.100s:%u",
                 host, port);
    return out;
}
