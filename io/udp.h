/*
 * UDP: the source `udp`, of one address or of a multicast group, and the sink `udp`. What they do
 * stands in io/stream_source.h and io/stream_packets.h.
 */
#ifndef LT_IO_UDP_H
#define LT_IO_UDP_H

#include "core/flow/connector.h"

extern const struct lt_source_type lt_udp_source_type;
extern const struct lt_sink_type lt_udp_sink_type;

#endif
