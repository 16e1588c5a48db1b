/*
 * Sinks that send datagrams: `udp`, and `unix` with the type datagram. Each record is a datagram.
 *
 * A datagram counts as delivered when the kernel has taken it; nobody says whether it arrived, so
 * the guarantee is at most once. When the kernel has no room, or a Unix socket is not there,
 * records are kept, as many as the buffer holds; then the sink takes no more, and the source stops
 * polling.
 */
#ifndef LT_IO_STREAM_PACKETS_H
#define LT_IO_STREAM_PACKETS_H

#include "io/stream_sink.h"

/* The writer of a sink whose settings say SOCK_DGRAM. */
int lt_stream_open_packet_writer(struct lt_sink *base, const struct lt_connector_env *env,
                                 struct lt_writer **out, struct lt_error *error);

#endif
