/*
 * The sink `stdout`: rows into a pipe, a terminal or whatever standard output is. At least once:
 * what a pipe has taken cannot be taken back.
 *
 * Rows go out as they come; an epoch is prepared when standard output has taken all of it. A reader
 * that is slow stops the source. A reader that has gone away (head -1) ends the query: the error's
 * condition is LT_STDOUT_CLOSED, by which a program tells that from a failure.
 *
 * One stream has one order: the query has one lane. Nothing else may write to standard output
 * meanwhile; what the program has to say goes to standard error.
 */
#ifndef LT_IO_STDOUT_H
#define LT_IO_STDOUT_H

#include "core/flow/connector.h"

#define LT_STDOUT_CLOSED "STDOUT_CLOSED"

extern const struct lt_sink_type lt_stdout_sink_type;

/* For tests: writes to this descriptor. */
void lt_stdout_set_fd(struct lt_sink *sink, int fd);

#endif
