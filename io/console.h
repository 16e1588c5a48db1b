/*
 * The sink `console`: Spark's. For each epoch a table of its first rows on standard output, in the
 * words and the layout of Spark's console (io/console_table.h).
 *
 * A table is printed when its epoch is committed, lanes one after the other. Rows past `numRows`
 * are only counted. It remembers nothing: an epoch that is read again after a crash is printed
 * again.
 */
#ifndef LT_IO_CONSOLE_H
#define LT_IO_CONSOLE_H

#include "core/flow/connector.h"

extern const struct lt_sink_type lt_console_sink_type;

#endif
