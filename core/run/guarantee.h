/*
 * What a query promises of each record: the least that its sinks do, as far as its sources can be
 * read again, and its checkpoint keeps up. The one place that says so; explain, the log at start
 * and `leat stat` show it.
 *
 * on: control. Pure.
 */
#ifndef LT_RUN_GUARANTEE_H
#define LT_RUN_GUARANTEE_H

#include "core/base/text_buffer.h"
#include "core/run/pipeline.h"
#include "core/run/query_options.h"

struct lt_query_guarantee {
    enum lt_guarantee least;      /* of all sinks, dead letters' too */
    const struct lt_sink *of;     /* which sink's that is */
    const struct lt_source *lost; /* a source that cannot be read again; NULL: none */
    bool has_checkpoint;
    bool is_async; /* batches do not wait for their entries */
};

/* "exactly-once". */
const char *lt_guarantee_name(enum lt_guarantee guarantee);

struct lt_query_guarantee lt_query_guarantee_of(const struct lt_pipeline *pipeline,
                                                const struct lt_query_settings *settings);
/* In a few words: "exactly-once", "at-least-once, within one run", "at most once for what is in
 * flight at a crash". */
void lt_query_guarantee_say(const struct lt_query_guarantee *guarantee, struct lt_text_buffer *out);
/* What it follows from: the sink, and what limits it. */
void lt_query_guarantee_explain(const struct lt_query_guarantee *guarantee,
                                struct lt_text_buffer *out);

#endif
