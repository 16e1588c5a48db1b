/*
 * A user-written source: leat_read_source's struct behind the contract of core/flow/connector.h.
 *
 * A position is one number per partition, -1 before the first poll. In the checkpoint it stands as
 * Kafka's: {"<name>":{"0":17,"1":-1}}. Within one poll rows are numbered from the position on, so
 * for a source whose positions count rows a row's offset is its own.
 *
 * A reader that is to stop at an end asks for no more rows than positions are left to it, so one
 * whose positions count rows stops exactly there.
 *
 * Nothing wakes a parked lane for such a source: it is asked every so often.
 */
#include "core/leat.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/leat_objects.h"
#include "core/leat_out.h"
#include "core/text/json_tree.h"
#include "core/text/json_write.h"

/* How long a lane sleeps before it asks an idle source again, unless idle=spin or yield. */
enum { ASK_AGAIN_NS = 200 * LT_NS_PER_US };

/* What leat_read_source keeps of the program's struct, in the context's arena. */
struct definition {
    struct lt_source_type type;
    leat_source calls;
    const struct lt_type *schema;
};

struct user_source {
    struct lt_source base;
    const struct definition *definition;
};

struct partition {
    uint32_t index; /* of the source */
    void *state;
    bool is_open, is_ended;
    int64_t position, end; /* end: INT64_MAX if none */
};

struct user_reader {
    struct lt_reader base;
    const struct definition *definition;
    const struct lt_clock *clock;
    struct partition *partitions;
    uint32_t partition_count;
    uint32_t first;  /* who is asked first in the next poll */
    bool has_broken; /* the contract: the error is set */
    leat_out out;
};

static const struct definition *definition_of(const struct lt_source *source)
{
    return ((const struct user_source *)(const void *)source)->definition;
}

/* -------------------------------------------------------------------------------------- reader */

static struct user_reader *reader_of(struct lt_reader *reader)
{
    return (struct user_reader *)(void *)reader;
}

/* Records before the end, or more; 0 at the end. The beginning counts as 0. */
static int64_t left_of(const struct partition *partition)
{
    int64_t position = partition->position < 0 ? 0 : partition->position;
    return position < partition->end ? partition->end - position : 0;
}

/* What a poll function must not do: the epochs rest on its positions. */
static bool keeps_its_word(struct user_reader *own, const struct partition *partition,
                           enum leat_poll status, int64_t position)
{
    const char *name = own->definition->calls.name;
    bool is_known = status == LEAT_POLL_MORE || status == LEAT_POLL_IDLE ||
                    status == LEAT_POLL_ENDED || status == LEAT_POLL_FAILED;
    if (!is_known)
        lt_error_set(&own->base.error, LT_E_IO,
                     "source %s: partition %u: its poll function answered %d, which is no enum "
                     "leat_poll",
                     name, partition->index, (int)status);
    else if (position < partition->position)
        lt_error_set(&own->base.error, LT_E_IO,
                     "source %s: partition %u: its poll function set the position back from "
                     "%" PRId64 " to %" PRId64,
                     name, partition->index, partition->position, position);
    else if (position < 0 && own->out.committed_count > 0)
        lt_error_set(&own->base.error, LT_E_IO,
                     "source %s: partition %u: its poll function committed rows and left the "
                     "position at %" PRId64,
                     name, partition->index, position);
    else
        return true;
    return false;
}

static enum leat_poll poll_partition(struct user_reader *own, struct partition *partition,
                                     struct lt_out *next, uint32_t limit, uint32_t *count)
{
    leat_out *out = &own->out;
    int64_t position = partition->position, left = left_of(partition);
    lt_door_out_begin(out, next, NULL);
    if (left < limit)
        limit = (uint32_t)left;
    out->limit = limit;
    out->source_partition = (int32_t)partition->index;
    out->source_offset = position < 0 ? 0 : position;
    enum leat_poll status = own->definition->calls.poll(partition->state, out, limit, &position);
    lt_door_out_check_closed(out);
    *count += out->committed_count;
    if (!keeps_its_word(own, partition, status, position)) {
        own->has_broken = true;
        return LEAT_POLL_FAILED;
    }
    partition->position = position;
    partition->is_ended = status == LEAT_POLL_ENDED || left_of(partition) == 0;
    return status;
}

static enum lt_poll_status reader_poll(struct lt_reader *reader, struct lt_out *next,
                                       uint32_t limit, uint32_t *count)
{
    struct user_reader *own = reader_of(reader);
    bool has_more = false, has_failed = false;
    uint32_t ended_count = 0;
    *count = 0;
    own->out.ingest_ns = lt_clock_now_ns(own->clock);
    for (uint32_t i = 0; i < own->partition_count && !has_failed; i++) {
        struct partition *partition = &own->partitions[(own->first + i) % own->partition_count];
        if (!partition->is_ended && *count < limit) {
            enum leat_poll status = poll_partition(own, partition, next, limit - *count, count);
            has_more |= status == LEAT_POLL_MORE;
            has_failed = status == LEAT_POLL_FAILED;
        }
        ended_count += partition->is_ended;
    }
    own->first++;
    has_more |= *count >= limit && ended_count < own->partition_count;
    lt_door_out_end(&own->out, has_more ? 0 : LT_ROW_END_OF_BATCH);
    if (own->has_broken)
        return LT_POLL_FAILED;
    if (has_failed) {
        lt_error_set(&reader->error, LT_E_IO,
                     "source %s: its poll function answered LEAT_POLL_FAILED%s%s",
                     own->definition->calls.name, own->out.has_reason ? ": " : "",
                     own->out.has_reason ? own->out.text : "");
        return LT_POLL_FAILED;
    }
    if (ended_count == own->partition_count)
        return LT_POLL_ENDED;
    return has_more ? LT_POLL_MORE : LT_POLL_IDLE;
}

static int64_t reader_deadline_ns(struct lt_reader *reader)
{
    return lt_clock_now_ns(reader_of(reader)->clock) + ASK_AGAIN_NS;
}

static void reader_position(struct lt_reader *reader, struct lt_position *positions)
{
    struct user_reader *own = reader_of(reader);
    for (uint32_t i = 0; i < own->partition_count; i++)
        positions[i] = (struct lt_position){.offset = own->partitions[i].position};
}

static void reader_close(struct lt_reader *reader)
{
    struct user_reader *own = reader_of(reader);
    for (uint32_t i = 0; i < own->partition_count; i++)
        if (own->partitions[i].is_open && own->definition->calls.close != NULL)
            own->definition->calls.close(own->partitions[i].state);
    lt_door_out_fini(&own->out);
    free(own->partitions);
    free(own);
}

static const struct lt_reader_ops reader_ops = {
    .poll = reader_poll,
    .deadline_ns = reader_deadline_ns,
    .position = reader_position,
    .close = reader_close,
};

static int open_partition(struct user_reader *own, struct partition *partition,
                          struct lt_error *error)
{
    const leat_source *calls = &own->definition->calls;
    partition->state = calls->user;
    int status = calls->open == NULL ? LEAT_OK
                                     : calls->open(calls->user, partition->index,
                                                   partition->position, &partition->state);
    if (status < 0)
        return lt_error_set(error, status, "partition %u: its open function returned %d (%s)",
                            partition->index, status, leat_status_name(status));
    partition->is_open = true;
    return 0;
}

static int source_open_reader(struct lt_source *source, const struct lt_connector_env *env,
                              const uint32_t *partitions, uint32_t partition_count,
                              const struct lt_position *start, const struct lt_position *end,
                              struct lt_reader **out, struct lt_error *error)
{
    struct user_reader *own = lt_alloc(sizeof *own);
    own->base.ops = &reader_ops;
    own->definition = definition_of(source);
    own->clock = env->clock;
    own->partitions = lt_alloc_array(partition_count, sizeof *own->partitions);
    int code = lt_door_out_init(&own->out,
                                &(struct lt_door_pool_options){
                                    .schema = source->schema,
                                    .capacity = env->lane_rows,
                                    .is_shared = env->is_shared,
                                },
                                own->definition->calls.name, error);
    own->out.count_offsets = true;
    for (uint32_t i = 0; i < partition_count && code == 0; i++) {
        own->partitions[i].index = partitions[i];
        own->partitions[i].position = start[i].offset;
        own->partitions[i].end = end != NULL ? end[i].offset : INT64_MAX;
        own->partitions[i].is_ended = left_of(&own->partitions[i]) == 0;
        own->partition_count = i + 1;
        code = open_partition(own, &own->partitions[i], error);
    }
    if (code != 0) {
        reader_close(&own->base);
        return code;
    }
    *out = &own->base;
    return 0;
}

/* ----------------------------------------------------------------------------------- positions */

static int source_initial(struct lt_source *source, struct lt_position *positions,
                          struct lt_text_buffer *keep, struct lt_error *error)
{
    (void)keep;
    (void)error;
    for (uint32_t i = 0; i < source->partition_count; i++)
        positions[i] = (struct lt_position){.offset = -1};
    return 0;
}

static int source_latest(struct lt_source *source, struct lt_position *positions,
                         struct lt_error *error)
{
    const leat_source *calls = &definition_of(source)->calls;
    if (calls->latest == NULL)
        return lt_error_set(error, LT_E_UNSUPPORTED,
                            "source %s cannot say where it ends now, which AvailableNow needs; "
                            "hint: give its leat_source a function \"latest\", which sets the "
                            "position after the last record of a partition",
                            calls->name);
    for (uint32_t i = 0; i < source->partition_count; i++) {
        positions[i] = (struct lt_position){0};
        int status = calls->latest(calls->user, i, &positions[i].offset);
        if (status < 0)
            return lt_error_set(error, status,
                                "source %s: partition %u: its latest function returned %d (%s)",
                                calls->name, i, status, leat_status_name(status));
    }
    return 0;
}

static void source_positions_to_json(struct lt_source *source, const struct lt_position *positions,
                                     struct lt_text_buffer *out)
{
    const char *name = definition_of(source)->calls.name;
    lt_text_append(out, "{");
    lt_json_write_string(out, name, strlen(name));
    lt_text_append(out, ":{");
    for (uint32_t i = 0; i < source->partition_count; i++)
        lt_text_format(out, "%s\"%u\":%" PRId64, i > 0 ? "," : "", i, positions[i].offset);
    lt_text_append(out, "}}");
}

static int read_partition(const struct lt_source *source, const char *name,
                          const struct lt_json *value, struct lt_position *positions,
                          struct lt_error *error)
{
    char *end;
    unsigned long index = strtoul(name, &end, 10);
    if (*end != '\0' || end == name || index >= source->partition_count)
        return lt_error_set(error, LT_E_DATA_LOSS,
                            "the checkpoint has a position of partition \"%s\", and the source "
                            "has %u partitions",
                            name, source->partition_count);
    if (value->kind != LT_JSON_INTEGER)
        return lt_error_set(error, LT_E_CORRUPT, "the position of partition \"%s\" is no integer",
                            name);
    positions[index].offset = value->i64;
    return 0;
}

static int source_positions_from_json(struct lt_source *source, const char *json,
                                      struct lt_position *positions, struct lt_error *error)
{
    const char *name = definition_of(source)->calls.name;
    struct lt_arena *arena = lt_arena_create();
    const struct lt_json *document = NULL;
    int code = lt_json_parse(json, strlen(json), arena, &document, error);
    const struct lt_json *own = code == 0 ? lt_json_get(document, name) : NULL;
    if (code == 0 && (own == NULL || !own->is_object))
        code = lt_error_set(error, LT_E_INVALID,
                            "the checkpoint has no positions of source \"%s\" (it has %s); hint: a "
                            "checkpoint belongs to one query",
                            name, json);
    for (uint32_t i = 0; i < source->partition_count; i++)
        positions[i] = (struct lt_position){.offset = -1};
    for (size_t i = 0; code == 0 && i < own->count; i++)
        code = read_partition(source, own->names[i], &own->items[i], positions, error);
    lt_arena_destroy(arena);
    return code;
}

static void source_commit(struct lt_source *source, uint64_t epoch,
                          const struct lt_position *positions)
{
    const leat_source *calls = &definition_of(source)->calls;
    (void)epoch;
    for (uint32_t i = 0; i < source->partition_count && calls->on_commit != NULL; i++)
        calls->on_commit(calls->user, i, positions[i].offset);
}

static void source_close(struct lt_source *source)
{
    free(source);
}

static const struct lt_source_ops source_ops = {
    .initial = source_initial,
    .latest = source_latest,
    .positions_to_json = source_positions_to_json,
    .positions_from_json = source_positions_from_json,
    .open_reader = source_open_reader,
    .commit = source_commit,
    .close = source_close,
};

static int bind(const struct lt_source_type *type, const struct lt_options *options,
                const struct lt_type *user_schema, struct lt_arena *arena, struct lt_source **out,
                struct lt_error *error)
{
    const struct definition *definition = (const struct definition *)(const void *)type;
    (void)options; /* there is no way to give any */
    (void)user_schema;
    (void)arena;
    (void)error;
    struct user_source *source = lt_alloc(sizeof *source);
    source->definition = definition;
    source->base = (struct lt_source){
        .ops = &source_ops,
        .type = type,
        .schema = definition->schema,
        .partition_count = definition->calls.partition_count,
    };
    snprintf(source->base.description, sizeof source->base.description, "%s[%u partitions]",
             definition->calls.name, definition->calls.partition_count);
    *out = &source->base;
    return 0;
}

/* -------------------------------------------------------------------------------------- public */

static int make_definition(leat_context *context, const leat_source *source,
                           struct definition **out, struct lt_error *error)
{
    struct definition *definition = lt_arena_alloc(context->arena, sizeof *definition);
    leat_source *calls = &definition->calls;
    int code = lt_door_copy_struct("leat_source", source, calls, sizeof *calls,
                                   offsetof(leat_source, on_commit), error);
    if (code != 0)
        return code;
    calls->name = lt_arena_text(context->arena, calls->name != NULL ? calls->name : "source");
    if (calls->poll == NULL || calls->schema == NULL || calls->partition_count == 0)
        return lt_error_set(error, LT_E_INVALID, "source \"%s\" has no %s", calls->name,
                            calls->poll == NULL     ? "poll function"
                            : calls->schema == NULL ? "schema"
                                                    : "partitions");
    definition->type = (struct lt_source_type){
        .name = calls->name,
        .doc = "A source that the program has written.",
        .traits = LT_SOURCE_REPLAYABLE | LT_SOURCE_CONTINUOUS |
                  (calls->latest != NULL ? LT_SOURCE_BOUNDED : 0u),
        .bind = bind,
    };
    *out = definition;
    code = lt_type_parse_ddl(calls->schema, context->arena, &definition->schema, error);
    return code == 0 ? 0 : lt_error_append(error, "source \"%s\": its schema", calls->name);
}

leat_stream *leat_read_source(leat_context *context, const leat_source *source)
{
    struct lt_error error;
    struct definition *definition = NULL;
    if (context == NULL)
        return NULL;
    if (make_definition(context, source, &definition, &error) != 0)
        return lt_door_fail(context, &error);
    return lt_door_read_type(context, &definition->type);
}
