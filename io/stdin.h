/*
 * The source `stdin`: what is piped into leat. It ends with its input, and the query with it.
 *
 * What was read is gone from the pipe, so it cannot be read again: what is in flight when the
 * process dies is lost. The position counts bytes over all runs of a query and is only told. With a
 * spool (io/spool.h) whole records are kept as they are read, and the position is a byte of the
 * spool: what was read and is durable there is not lost, and is read again from there by the next
 * run, before the pipe is. What the pipe itself held when the process died is gone with it. A query
 * that is stopped in order spools the whole records that it has read; of what it cannot keep a
 * warning tells the size.
 *
 * One read is under way at a time, on the lane's reactor. A terminal, a pipe, a socket and a file
 * are alike.
 */
#ifndef LT_IO_STDIN_H
#define LT_IO_STDIN_H

#include "core/flow/connector.h"

extern const struct lt_source_type lt_stdin_source_type;

/* For tests: reads from this descriptor. */
void lt_stdin_set_fd(struct lt_source *source, int fd);

#endif
