#include "core/run/recover.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/log.h"
#include "core/epoch/protocol.h"
#include "core/run/replay.h"
#include "core/run/union_source.h"

enum { FILE_NAME_SIZE = 32 };

/* What Spark logs of a source that has read nothing. */
static const char no_offsets[] = "-";

static void name_source_file(uint32_t part, char name[FILE_NAME_SIZE])
{
    snprintf(name, FILE_NAME_SIZE, "sources/%" PRIu32 "/0", part);
}

int lt_recover_kept(struct lt_checkpoint *checkpoint, uint32_t part, struct lt_text_buffer *out,
                    struct lt_error *error)
{
    char source_file[FILE_NAME_SIZE];
    if (checkpoint == NULL)
        return 0;
    name_source_file(part, source_file);
    int code = lt_checkpoint_read_file(checkpoint, source_file, out, error);
    return code == LT_E_NOT_FOUND ? 0 : code;
}

/* The source has failed, and not what is written of it. */
static int fail_source(const struct lt_source *source, int code, struct lt_error *error)
{
    return code == 0 ? 0 : lt_error_append(error, "source %s", source->type->name);
}

/* The first start of a query: what it begins with must be known before anything is read, or a crash
 * before the first epoch would begin elsewhere. */
static int start_new(struct lt_checkpoint *checkpoint, struct lt_source *source, uint32_t part,
                     struct lt_position *positions, struct lt_error *error)
{
    char source_file[FILE_NAME_SIZE];
    struct lt_text_buffer keep;
    name_source_file(part, source_file);
    lt_text_init(&keep);
    int code = fail_source(source, source->ops->initial(source, positions, &keep, error), error);
    lt_assert(keep.size_bytes == 0 || source->ops->settle == NULL); /* the folder is its log's */
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
        return fail_source(source, code, error);
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

int lt_recover_pending_end(const struct lt_recover_options *options, struct lt_position *positions,
                           struct lt_error *error)
{
    uint32_t count;
    struct lt_source *const *parts = lt_source_parts(&options->pipeline->source, &count);
    int code = 0;
    for (uint32_t i = 0; i < count && code == 0; i++) {
        const char *json = options->recovery->pending_offsets[i];
        if (json != NULL) /* else it had none, and stands where it stood */
            code = read_positions(parts[i], json, positions, error);
        positions += parts[i]->partition_count;
    }
    return code;
}

static int read_end_of(const struct lt_recover_options *options, uint64_t epoch, uint32_t part,
                       struct lt_source *source, struct lt_position *positions,
                       struct lt_error *error)
{
    struct lt_text_buffer text;
    lt_text_init(&text);
    int code = lt_checkpoint_read_offsets(options->checkpoint, epoch, part, &text, error);
    if (code == 0 && strcmp(lt_text_get(&text), no_offsets) == 0)
        code = start_new(NULL, source, part, positions, error); /* it had read nothing yet */
    else if (code == 0)
        code = read_positions(source, lt_text_get(&text), positions, error);
    lt_text_fini(&text);
    return code;
}

int lt_recover_end_of(const struct lt_recover_options *options, uint64_t epoch,
                      struct lt_position *positions, struct lt_error *error)
{
    uint32_t count;
    struct lt_source *const *parts = lt_source_parts(&options->pipeline->source, &count);
    int code = 0;
    for (uint32_t i = 0; i < count && code == 0; i++) {
        code = read_end_of(options, epoch, i, parts[i], positions, error);
        positions += parts[i]->partition_count;
    }
    return code;
}

int lt_recover_begin_of(const struct lt_recover_options *options, uint64_t epoch,
                        struct lt_position *positions, struct lt_error *error)
{
    uint32_t count;
    struct lt_source *const *parts = lt_source_parts(&options->pipeline->source, &count);
    int code = 0;
    if (epoch > 0)
        return lt_recover_end_of(options, epoch - 1, positions, error);
    for (uint32_t i = 0; i < count && code == 0; i++) {
        code = start_new(NULL, parts[i], i, positions, error); /* it is kept already */
        positions += parts[i]->partition_count;
    }
    return code;
}

static int stop_at_fault(uint64_t next_epoch, struct lt_error *error)
{
    if (!lt_epoch_fault_point(LT_EPOCH_RESUME, next_epoch))
        return 0;
    return lt_error_set(error, LT_E_CANCELLED, "stopped at the fault point '%s' of epoch %" PRIu64,
                        lt_epoch_step_name(LT_EPOCH_RESUME), next_epoch);
}

static void name_start_file(uint32_t sink, char name[FILE_NAME_SIZE])
{
    snprintf(name, FILE_NAME_SIZE, "sinks/%" PRIu32 "/start", sink);
}

/* What the sink kept before its first epoch, if that is still to come. LT_E_NOT_FOUND without a
 * text: nothing. */
static int read_start(const struct lt_recover_options *options, uint32_t index, uint64_t next_epoch,
                      struct lt_text_buffer *notes, struct lt_error *error)
{
    char name[FILE_NAME_SIZE];
    struct lt_text_buffer text;
    uint64_t epoch;
    int size_bytes = 0;
    name_start_file(index, name);
    lt_text_init(&text);
    int code = lt_checkpoint_read_file(options->checkpoint, name, &text, error);
    if (code == 0 && sscanf(lt_text_get(&text), "v1\n%" SCNu64 "%n", &epoch, &size_bytes) == 1 &&
        lt_text_get(&text)[size_bytes] == '\n' && epoch == next_epoch)
        lt_text_append(notes, lt_text_get(&text) + size_bytes + 1);
    else if (code == 0)
        code = LT_E_NOT_FOUND;
    lt_text_fini(&text);
    return code;
}

static int write_start(const struct lt_recover_options *options, uint32_t index,
                       uint64_t next_epoch, const struct lt_text_buffer *keep,
                       struct lt_error *error)
{
    char name[FILE_NAME_SIZE];
    struct lt_text_buffer text;
    name_start_file(index, name);
    lt_text_init(&text);
    lt_text_format(&text, "v1\n%" PRIu64 "\n%s", next_epoch, lt_text_get(keep));
    int code =
        lt_checkpoint_write_file(options->checkpoint, name, text.data, text.size_bytes, error);
    lt_text_fini(&text);
    return code;
}

/* What the sink left of the epoch before; LT_E_NOT_FOUND if it left nothing: it is new, or the
 * epoch was Spark's. */
static int read_last_notes(const struct lt_recover_options *options, uint32_t index,
                           uint64_t next_epoch, struct lt_text_buffer *notes,
                           struct lt_error *error)
{
    int code = LT_E_NOT_FOUND;
    if (options->checkpoint != NULL && next_epoch > 0)
        code = lt_checkpoint_read_notes(options->checkpoint, index, next_epoch - 1, notes, error);
    if (code == LT_E_NOT_FOUND && options->checkpoint != NULL)
        code = read_start(options, index, next_epoch, notes, error);
    return code;
}

/* Calls the sink with what stands in the checkpoint; what it keeps is written there. */
static int call_resume(const struct lt_recover_options *options, uint32_t index,
                       struct lt_sink_resume *at, struct lt_text_buffer *notes,
                       struct lt_text_buffer *keep, struct lt_error *error)
{
    struct lt_sink *sink = lt_pipeline_sink(options->pipeline, index);
    struct lt_connector_env env = options->env;
    char prefix[LT_COUNTER_PREFIX_SIZE];
    at->has_checkpoint = options->checkpoint != NULL;
    at->query_id = options->env.query_id;
    lt_pipeline_set_sink_env(index, &env, prefix);
    int code = read_last_notes(options, index, at->next_epoch, notes, error);
    if (code == 0)
        at->notes = lt_text_get(notes);
    else if (code == LT_E_NOT_FOUND && at->has_checkpoint)
        at->keep = keep;
    if (code == 0 || code == LT_E_NOT_FOUND)
        code = stop_at_fault(at->next_epoch, error);
    if (code == 0)
        code = sink->ops->resume(sink, &env, at, error);
    if (code == 0 && keep->size_bytes > 0)
        code = write_start(options, index, at->next_epoch, keep, error);
    return code;
}

static int resume_sink(const struct lt_recover_options *options, uint32_t index,
                       struct lt_sink_resume at, struct lt_error *error)
{
    struct lt_sink *sink = lt_pipeline_sink(options->pipeline, index);
    struct lt_text_buffer notes, keep;
    if (sink->ops->resume == NULL)
        return 0;
    lt_text_init(&notes);
    lt_text_init(&keep);
    int code = call_resume(options, index, &at, &notes, &keep, error);
    lt_text_fini(&notes);
    lt_text_fini(&keep);
    return code == 0 || code == LT_E_CANCELLED
               ? code
               : lt_error_append(error, "sink %s: going on with epoch %" PRIu64, sink->type->name,
                                 at.next_epoch);
}

int lt_recover_sinks(const struct lt_recover_options *options, uint64_t next_epoch,
                     struct lt_error *error)
{
    int code = 0;
    for (uint32_t i = 0; i < lt_pipeline_sink_count(options->pipeline) && code == 0; i++)
        code = resume_sink(options, i, (struct lt_sink_resume){.next_epoch = next_epoch}, error);
    return code;
}

/* State has gone on, and its rows cannot be made again for one sink alone: the batch is run again
 * as a whole, from the state that it began with. */
static int withdraw(const struct lt_recover_options *options, uint64_t epoch,
                    struct lt_error *error)
{
    int code = lt_checkpoint_withdraw(options->checkpoint, epoch, error);
    if (code != 0)
        return code;
    *options->was_withdrawn = true;
    return lt_error_set(error, LT_E_CANCELLED, "batch %" PRIu64 " is run again", epoch);
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
    if (code == 0 && must_replay && options->pipeline->segments != NULL)
        return withdraw(options, epoch, error);
    if (code == 0 && must_replay)
        code = resume_sink(options, index,
                           (struct lt_sink_resume){.next_epoch = epoch, .is_replay = true}, error);
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

/* The names of several sources would not tell which of them has failed. */
static int name_part(struct lt_error *error, int code, uint32_t count, const struct lt_source *part)
{
    return code == 0 || count == 1 ? code : lt_error_append(error, "%s", part->description);
}

/* A source reads its own log; what lies beyond the last logged positions goes. */
static int resume_source(const struct lt_recover_options *options, struct lt_source *source,
                         uint32_t part, struct lt_error *error)
{
    struct lt_connector_env env = options->env;
    char prefix[LT_COUNTER_PREFIX_SIZE];
    struct lt_source_log_reader log;
    if (source->ops->settle == NULL || options->checkpoint == NULL)
        return 0;
    int code = lt_checkpoint_source_log(options->checkpoint, part, &log, error);
    if (code == 0)
        code = stop_at_fault(options->recovery->first_epoch, error);
    if (code != 0 || source->ops->resume == NULL)
        return code;
    lt_pipeline_set_part_env(part, &env, prefix);
    if (options->recovery->has_pending) /* what it reads is to be read again */
        log.positions = options->recovery->pending_offsets[part];
    else if (!options->recovery->is_new)
        log.positions = options->recovery->source_offsets[part];
    return fail_source(source, source->ops->resume(source, &env, &log, error), error);
}

int lt_recover_positions(const struct lt_recover_options *options, struct lt_position *positions,
                         struct lt_error *error)
{
    const struct lt_recovery *recovery = options->recovery;
    struct lt_checkpoint *checkpoint = options->checkpoint;
    uint32_t count;
    struct lt_source *const *parts = lt_source_parts(&options->pipeline->source, &count);
    bool is_new = checkpoint == NULL || recovery->is_new;
    int code = 0;
    for (uint32_t i = 0; i < count && code == 0; i++)
        code = name_part(error, resume_source(options, parts[i], i, error), count, parts[i]);
    if (code == 0 && !is_new)
        code = finish_epochs(options, error);
    for (uint32_t i = 0; i < count && code == 0; i++) {
        bool is_unknown = is_new || recovery->source_offsets[i] == NULL;
        code = is_unknown ? start_new(checkpoint, parts[i], i, positions, error)
                          : read_positions(parts[i], recovery->source_offsets[i], positions, error);
        code = name_part(error, code, count, parts[i]);
        positions += parts[i]->partition_count;
    }
    return code;
}
