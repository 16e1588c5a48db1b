#include "core/run/recover.h"

#include <inttypes.h>
#include <string.h>

#include "core/base/log.h"
#include "core/run/replay.h"

static const char source_file[] = "sources/0/0";

int lt_recover_kept(struct lt_checkpoint *checkpoint, struct lt_text_buffer *out,
                    struct lt_error *error)
{
    if (checkpoint == NULL)
        return 0;
    int code = lt_checkpoint_read_file(checkpoint, source_file, out, error);
    return code == LT_E_NOT_FOUND ? 0 : code;
}

/* The first start of a query: what it begins with must be known before anything is read, or a crash
 * before the first epoch would begin elsewhere. */
static int start_new(struct lt_checkpoint *checkpoint, struct lt_source *source,
                     struct lt_position *positions, struct lt_error *error)
{
    struct lt_text_buffer keep;
    lt_text_init(&keep);
    int code = source->ops->initial(source, positions, &keep, error);
    if (code == 0 && checkpoint != NULL && keep.size_bytes > 0)
        code = lt_checkpoint_write_file(checkpoint, source_file, keep.data, keep.size_bytes, error);
    lt_text_fini(&keep);
    return code;
}

/* What a checkpoint says of its source, read by the query's. What does not fit is another query's,
 * or this one's with a source that was changed. */
static int read_positions(struct lt_source *source, const char *json, struct lt_position *positions,
                          struct lt_error *error)
{
    int code = source->ops->positions_from_json(source, json, positions, error);
    if (code != LT_E_INVALID && code != LT_E_PARSE && code != LT_E_CORRUPT &&
        code != LT_E_UNSUPPORTED)
        return code;
    if (error == NULL)
        return LT_E_CHECKPOINT;
    struct lt_error cause = *error;
    bool has_hint = strstr(cause.text, "; hint: ") != NULL;
    return lt_error_set(error, LT_E_CHECKPOINT,
                        "the checkpoint is another query's, or the source was changed: its "
                        "positions '%.200s' are none of source %s: %s%s",
                        json, source->type->name, cause.text,
                        has_hint ? "" : "; hint: start with a new directory");
}

int lt_recover_end_of(const struct lt_recover_options *options, uint64_t epoch,
                      struct lt_position *positions, struct lt_error *error)
{
    struct lt_source *source = options->pipeline->source;
    struct lt_text_buffer text;
    lt_text_init(&text);
    int code = lt_checkpoint_read_offsets(options->checkpoint, epoch, 0, &text, error);
    if (code == 0)
        code = read_positions(source, lt_text_get(&text), positions, error);
    lt_text_fini(&text);
    return code;
}

int lt_recover_begin_of(const struct lt_recover_options *options, uint64_t epoch,
                        struct lt_position *positions, struct lt_error *error)
{
    struct lt_source *source = options->pipeline->source;
    if (epoch > 0)
        return lt_recover_end_of(options, epoch - 1, positions, error);
    struct lt_text_buffer keep; /* it is kept already */
    lt_text_init(&keep);
    int code = source->ops->initial(source, positions, &keep, error);
    lt_text_fini(&keep);
    return code;
}

static int finish_sink(const struct lt_recover_options *options, uint32_t index, uint64_t epoch,
                       struct lt_error *error)
{
    struct lt_sink *sink = lt_pipeline_sink(options->pipeline, index);
    struct lt_text_buffer notes;
    bool must_replay = false;
    if (sink->ops->recover == NULL)
        return 0;
    lt_text_init(&notes);
    int code = lt_checkpoint_read_notes(options->checkpoint, index, epoch, &notes, error);
    if (code == LT_E_NOT_FOUND) { /* a sink that the query did not have then: nothing to finish */
        lt_text_fini(&notes);
        return 0;
    }
    if (code == 0)
        code = sink->ops->recover(sink, epoch, lt_text_get(&notes), &must_replay, error);
    lt_text_fini(&notes);
    if (code == 0 && must_replay)
        code = lt_replay(options, index, epoch, error);
    return code == 0 ? 0
                     : lt_error_append(error, "sink %s: epoch %" PRIu64, sink->type->name, epoch);
}

static int finish_epochs(const struct lt_recover_options *options, struct lt_error *error)
{
    const struct lt_recovery *recovery = options->recovery;
    for (uint64_t i = 0; i < recovery->unfinished_count; i++) {
        uint64_t epoch = recovery->unfinished_first + i;
        for (uint32_t sink = 0; sink < lt_pipeline_sink_count(options->pipeline); sink++) {
            int code = finish_sink(options, sink, epoch, error);
            if (code != 0)
                return code;
        }
        int code = lt_checkpoint_finish(options->checkpoint, epoch, error);
        if (code != 0)
            return code;
        lt_log_info("epoch %" PRIu64 " was logged and not committed when the query ended: finished",
                    epoch);
    }
    return 0;
}

int lt_recover_positions(const struct lt_recover_options *options, struct lt_position *positions,
                         struct lt_error *error)
{
    const struct lt_recovery *recovery = options->recovery;
    struct lt_checkpoint *checkpoint = options->checkpoint;
    struct lt_source *source = options->pipeline->source;
    if (checkpoint == NULL || recovery->is_new || recovery->source_offsets[0] == NULL)
        return start_new(checkpoint, source, positions, error);
    int code = finish_epochs(options, error);
    if (code == 0)
        code = read_positions(source, recovery->source_offsets[0], positions, error);
    return code;
}
