/*
 * Who has a port: for the error that it is taken. Found in /proc, as far as it may be read.
 */
#ifndef LT_IO_STREAM_OWNER_H
#define LT_IO_STREAM_OWNER_H

#include <stdbool.h>

#include "io/stream_address.h"

enum { LT_STREAM_OWNER_SIZE = 96 };

/* "process 4711 (nginx)"; false: none was found, and it is "another program". on: control; reads
 * /proc. */
bool lt_stream_owner(const struct lt_stream_address *address, int socket_type,
                     char out[LT_STREAM_OWNER_SIZE]);

#endif
