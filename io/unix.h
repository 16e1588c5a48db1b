/*
 * Unix sockets: the source `unix`, which listens at a path for streams, connects to one, or is sent
 * datagrams; and the sink `unix`. What they do stands in io/stream_source.h, io/stream_sink.h and
 * io/stream_packets.h.
 */
#ifndef LT_IO_UNIX_H
#define LT_IO_UNIX_H

#include "core/flow/connector.h"

extern const struct lt_source_type lt_unix_source_type;
extern const struct lt_sink_type lt_unix_sink_type;

#endif
