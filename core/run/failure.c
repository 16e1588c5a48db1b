#include "core/run/failure.h"

#include <inttypes.h>
#include <string.h>

#include "core/run/union_source.h"
#include "core/text/json_write.h"

static void add_offsets(struct lt_text_buffer *out, const char *key, struct lt_source *source,
                        const struct lt_position *positions)
{
    lt_text_format(out, ",\"%s\":", key);
    if (positions == NULL)
        lt_text_append(out, "null");
    else
        source->ops->positions_to_json(source, positions, out);
}

void lt_failure_describe(const struct lt_control *control, const struct lt_pipeline *pipeline,
                         struct lt_text_buffer *out)
{
    const struct lt_position *start = lt_control_positions(control);
    const struct lt_position *end = lt_control_open_end(control);
    uint32_t count, first = 0;
    struct lt_source *const *parts = lt_source_parts(&pipeline->source, &count);
    lt_text_format(out, "\"batchId\":%" PRIu64 ",\"sources\":[", lt_control_next_epoch(control));
    for (uint32_t i = 0; i < count; i++) {
        lt_text_append(out, i == 0 ? "{\"description\":" : ",{\"description\":");
        lt_json_write_string(out, parts[i]->description, strlen(parts[i]->description));
        add_offsets(out, "startOffset", parts[i], start + first);
        add_offsets(out, "endOffset", parts[i], end != NULL ? end + first : NULL);
        lt_text_append_char(out, '}');
        first += parts[i]->partition_count;
    }
    lt_text_append_char(out, ']');
}
