/*
 * Addresses of sockets: of names and ports, of paths, and as people read them.
 *
 * on: any.
 */
#ifndef LT_IO_STREAM_ADDRESS_H
#define LT_IO_STREAM_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "core/base/error.h"

enum { LT_STREAM_TEXT_SIZE = 128 };

struct lt_stream_address {
    struct sockaddr_storage storage;
    socklen_t size_bytes;
};

/* The first address of a host: a number or a name; "" or "*": any address of this machine. A name
 * is asked for, which may wait. `socket_type` is SOCK_STREAM or SOCK_DGRAM. */
int lt_stream_resolve(const char *host, uint16_t port, int socket_type,
                      struct lt_stream_address *out, struct lt_error *error) LT_MUST_USE;
/* True when lt_stream_resolve does not ask anybody. */
bool lt_stream_is_numeric(const char *host);
/* The address of a Unix socket; LT_E_LIMIT: the path is too long for one. */
int lt_stream_unix_address(const char *path, struct lt_stream_address *out,
                           struct lt_error *error) LT_MUST_USE;
bool lt_stream_is_multicast(const struct lt_stream_address *address);

/* "127.0.0.1:9000", "[::1]:9000", "/run/x.sock", "a nameless socket". Returns `out`. */
char *lt_stream_address_text(const void *address, size_t size_bytes, char out[LT_STREAM_TEXT_SIZE]);
/* Its host, and its port (0: it has none); as lt_stream_address_text. */
char *lt_stream_host_text(const void *address, size_t size_bytes, char out[LT_STREAM_TEXT_SIZE],
                          uint16_t *port);

#endif
