/*
 * Making sockets: what stands between a connector's options and the kernel, with errors that say
 * what is in the way. Sockets are made at query level, when the query starts, or for a new attempt
 * to connect; what they receive and send goes through the lane's reactor.
 *
 * on: any. Binding to an address that nobody living has, but a process that was killed, waits for
 * up to three seconds: control. Nothing else here waits.
 */
#ifndef LT_IO_STREAM_SOCKET_H
#define LT_IO_STREAM_SOCKET_H

#include "io/stream_address.h"

struct lt_stream_socket_options {
    int type;    /* SOCK_STREAM or SOCK_DGRAM */
    int backlog; /* of a listener */
    int64_t
        receive_buffer_bytes; /* 0: the system's; more than the system allows is said in the log */
    int64_t send_buffer_bytes;
    const char *interface; /* of multicast: a name or an address; NULL: the system's choice */
    int multicast_ttl;     /* of what is sent; 0: the system's */
    bool is_stamped;       /* each datagram comes with the kernel's time of its arrival */
};

/* A socket that can be connected to `address`. */
int lt_stream_socket_create(const struct lt_stream_address *address,
                            const struct lt_stream_socket_options *options, int *fd,
                            struct lt_error *error) LT_MUST_USE;
/* A socket that listens. LT_E_BUSY: the address is taken, and by whom if that can be seen. A Unix
 * socket's file that nobody listens on is replaced. */
int lt_stream_socket_listen(const struct lt_stream_address *address,
                            const struct lt_stream_socket_options *options, int *fd,
                            struct lt_error *error) LT_MUST_USE;
/* A socket that receives datagrams: bound; a multicast address is joined. */
int lt_stream_socket_receive(const struct lt_stream_address *address,
                             const struct lt_stream_socket_options *options, int *fd,
                             struct lt_error *error) LT_MUST_USE;
/* A socket that sends datagrams to `address`. A Unix socket that nobody has bound yet is no error
 * here. */
int lt_stream_socket_send(const struct lt_stream_address *address,
                          const struct lt_stream_socket_options *options, int *fd,
                          struct lt_error *error) LT_MUST_USE;

/* Of a stream that is connected: small pieces go at once, and a peer that has gone without a word
 * is noticed in about a minute. Failures do not matter (a Unix socket has none of it). */
void lt_stream_socket_tune(int fd);
/* Removes the file of a Unix socket that was bound at `address`; nothing else has one. */
void lt_stream_socket_remove(const struct lt_stream_address *address);

#endif
