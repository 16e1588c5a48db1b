#include "core/run/guarantee.h"

#include <string.h>

#include "core/run/union_source.h"

const char *lt_guarantee_name(enum lt_guarantee guarantee)
{
    static const char *const names[] = {"at-most-once", "at-least-once", "exactly-once"};
    return names[guarantee];
}

static const struct lt_source *find_unreplayable(const struct lt_pipeline *pipeline)
{
    uint32_t count;
    struct lt_source *const *parts = lt_source_parts(&pipeline->source, &count);
    for (uint32_t i = 0; i < count; i++) {
        if ((lt_source_traits(parts[i]) & LT_SOURCE_REPLAYABLE) == 0)
            return parts[i];
    }
    return NULL;
}

struct lt_query_guarantee lt_query_guarantee_of(const struct lt_pipeline *pipeline,
                                                const struct lt_query_settings *settings)
{
    struct lt_query_guarantee out = {
        .of = lt_pipeline_sink(pipeline, 0),
        .lost = find_unreplayable(pipeline),
        .has_checkpoint = settings->checkpoint_path != NULL,
    };
    for (uint32_t i = 1; i < lt_pipeline_sink_count(pipeline); i++) {
        const struct lt_sink *sink = lt_pipeline_sink(pipeline, i);
        out.of = sink->guarantee < out.of->guarantee ? sink : out.of;
    }
    out.least = out.of->guarantee;
    out.is_async = out.has_checkpoint && settings->async_interval_ns >= 0;
    if (out.is_async && out.least > LT_AT_LEAST_ONCE)
        out.least = LT_AT_LEAST_ONCE;
    return out;
}

void lt_query_guarantee_say(const struct lt_query_guarantee *guarantee, struct lt_text_buffer *out)
{
    if (guarantee->lost != NULL)
        lt_text_append(out, "at most once for what is in flight at a crash");
    else
        lt_text_format(out, "%s%s", lt_guarantee_name(guarantee->least),
                       guarantee->has_checkpoint ? "" : ", within one run");
}

/* An option that makes of the source one that can be read again. */
static bool can_be_spooled(const struct lt_source *source)
{
    for (size_t i = 0; i < source->type->option_count; i++)
        if (strcmp(source->type->options[i].name, "spool") == 0)
            return true;
    return false;
}

void lt_query_guarantee_explain(const struct lt_query_guarantee *guarantee,
                                struct lt_text_buffer *out)
{
    if (guarantee->lost != NULL)
        lt_text_format(out, "source %s cannot be replayed%s; ", guarantee->lost->type->name,
                       can_be_spooled(guarantee->lost) ? "; hint: --spool DIR" : "");
    lt_text_format(out, "sink %s is %s", guarantee->of->type->name,
                   lt_guarantee_name(guarantee->of->guarantee));
    if (guarantee->lost == NULL && guarantee->is_async)
        lt_text_append(out, "; asyncProgressTrackingEnabled: after a crash, what was written since "
                            "the last entry of the checkpoint is written again");
    if (guarantee->lost == NULL && !guarantee->has_checkpoint)
        lt_text_append(out, "; without a checkpoint a new start begins anew");
}
