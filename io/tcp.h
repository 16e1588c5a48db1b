/*
 * TCP: the sources `socket` (Spark's: one peer, lines) and `tcp` (the same, by leat's name),
 * `tcp-listen` (many clients), and the sink `tcp`. What they do stands in io/stream_source.h and
 * io/stream_sink.h.
 */
#ifndef LT_IO_TCP_H
#define LT_IO_TCP_H

#include "core/flow/connector.h"

extern const struct lt_source_type lt_socket_source_type;
extern const struct lt_source_type lt_tcp_source_type;
extern const struct lt_source_type lt_tcp_listen_source_type;
extern const struct lt_sink_type lt_tcp_sink_type;

#endif
