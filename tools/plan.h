/*
 * From settings to a query that can be checked, printed or run.
 *
 *     source -> --schema -> --where -> --select, --timestamp now -> --drop-header, --add-header ->
 *     sink
 *
 * A Kafka relay is exact to the envelope unless it is told otherwise: the source hands out headers,
 * and the sink takes key, value, headers, timestamp and partition from the columns of those names.
 * So a relay without --select has no step at all between source and sink but the filter.
 *
 * on: main.
 */
#ifndef LT_TOOLS_PLAN_H
#define LT_TOOLS_PLAN_H

#include <stdint.h>

#include "core/leat.h"
#include "core/leat_admin.h"
#include "tools/headers.h"
#include "tools/settings.h"
#include "tools/url.h"

struct lt_tool_plan {
    struct lt_tool_url source, sink, dead_letters;
    leat_context *context;
    leat_query *query;
    struct lt_tool_headers *headers;
    leat_options *source_options, *sink_options, *dead_options, *query_options; /* until taken */
    const char *source_schema, *sink_schema;                                    /* of the context */
    char *parse;         /* the projection of --schema; NULL: none */
    char *select;        /* as it runs; NULL: no projection */
    char *counters_path; /* NULL: none */
    bool is_parsed; /* --schema or --format: rows are columns of the value */
    bool reads_bytes, writes_bytes; /* source or sink read or write formats (tools/formats.h) */
    bool counters_are_auto;
    int64_t epoch_ns, startup_timeout_ns, progress_interval_ns;
    /* Further sinks (tools/also.h): each with what is of a sink, and the context and query of this
     * plan. */
    struct lt_tool_plan *also;
    size_t also_count;
    char *where; /* of a further sink; NULL: none */
};

/* Settles what the URLs and their options say (tools/resolve.h): the settings change. Returns 0
 * with everything built, or LT_TOOL_USAGE after saying what is wrong. Either way
 * lt_tool_plan_fini() must follow. */
int lt_tool_plan_build(struct lt_tool_plan *plan, struct lt_tool_settings *settings);
void lt_tool_plan_fini(struct lt_tool_plan *plan);

/* The options of all sides, dealt from the settings (tools/deal.c). */
int lt_tool_plan_deal(struct lt_tool_plan *plan, const struct lt_tool_settings *settings);
/* Sets one of them. Returns 0, or LT_TOOL_USAGE after saying that it cannot be set. */
int lt_tool_plan_put(leat_options *options, const char *key, const char *value,
                     const char *origin);
/* --schema and --format (tools/shape.c): the value as columns, if they say so; then those columns,
 * or what --select makes of them, as the sink wants them. */
int lt_tool_plan_parse(struct lt_tool_plan *plan, const struct lt_tool_settings *settings,
                       leat_stream **stream);
int lt_tool_plan_compose(struct lt_tool_plan *plan, const struct lt_tool_settings *settings,
                         leat_stream **stream, bool *gives_topic);
/* That --timestamp is source or now. */
int lt_tool_plan_check_timestamp(const struct lt_tool_settings *settings);
/* The projection (tools/select.c): `*stream` moves on. */
int lt_tool_plan_select(struct lt_tool_plan *plan, const struct lt_tool_settings *settings,
                        leat_stream **stream, bool *gives_topic);

#endif
