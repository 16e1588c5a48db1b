/*
 * The sinks `foreach` and `foreachBatch`: a process is given the rows, and sees where epochs, or
 * micro-batches, end. First of the former.
 *
 * The command is run by /bin/sh, one process for each lane, with LEAT_LANE and LEAT_QUERY_ID in
 * its environment. On its standard input it reads a JSON object a line for each row, and behind
 * the rows of an epoch the line
 *
 *     {"epoch":17}
 *
 * When all it was given is safe where it has put it, it prints the same line to its standard
 * output; then the epoch is prepared, and not before. At the end of the query its input ends, and
 * it has five seconds to end, too.
 *
 * At least once: after a crash of leat or of the process, rows since the last epoch that was
 * committed are given again, to a new process. The number of the epoch tells them apart where the
 * process remembers it (in its own transaction, say): the rows of one that was prepared may come
 * once more under the same number, but not always the same rows.
 *
 * A process that does not answer holds the query up: the log says so after ten seconds, and the
 * query ends after the option `timeout`.
 *
 * A process that ends by itself ends the query, with its exit status and the last line of its
 * standard error; its other lines there are warnings in leat's log.
 *
 * `foreachBatch` is one process for the query, which runs in micro-batches and in one lane. It is
 * given each batch whole, also one without rows:
 *
 *     {"batchId":17,"event":"begin"}
 *     ... the rows ...
 *     {"batchId":17,"event":"end"}
 *
 * and answers {"batchId":17} when what it has made of them is safe: then the batch is committed,
 * and not before. After a crash a batch that was not is given again, to a new process, under the
 * same number and with the same rows: a process that writes under the number, or leaves out one
 * that it has written, makes that exactly once. With {"batchId":17,"error":"why"}, or by its end,
 * it ends the query: FOREACH_BATCH_USER_FUNCTION_ERROR.
 */
#ifndef LT_IO_FOREACH_H
#define LT_IO_FOREACH_H

#include "core/flow/connector.h"

extern const struct lt_sink_type lt_foreach_sink_type, lt_foreach_batch_sink_type;

#endif
