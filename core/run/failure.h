/*
 * What a query was at when it failed, as JSON: its batch (or epoch) and, for each source, where
 * that begins and where it was to end. Spark's StreamingQueryException tells the same.
 *
 *   "batchId":17,"sources":[{"description":"...","startOffset":{...},"endOffset":{...}}]
 *
 * The batch is the open one, or the next one where none is open; so what it names is what will be
 * read again. An end is null where nothing has fixed it: continuous mode fixes it at the end of an
 * epoch.
 *
 * on: the control thread, or any when it has stopped.
 */
#ifndef LT_RUN_FAILURE_H
#define LT_RUN_FAILURE_H

#include "core/base/text_buffer.h"
#include "core/run/control.h"

/* Appends the members, without braces. */
void lt_failure_describe(const struct lt_control *control, const struct lt_pipeline *pipeline,
                         struct lt_text_buffer *out);

#endif
