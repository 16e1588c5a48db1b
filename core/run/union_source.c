#include "core/run/union_source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/limits.h"

enum { PARTS_MAX = LT_LIMIT_SINKS }; /* each has a sink of its own at least */

struct union_source {
    struct lt_source base;
    struct lt_source_type type;
    uint32_t count;
    struct lt_source *parts[PARTS_MAX];
    uint32_t first[PARTS_MAX + 1]; /* partition of each part; the last: how many there are */
};

/* A part's rows on their way into the lane. */
struct part_out {
    struct lt_out out;
    struct lt_out *next; /* of the poll at hand */
    int32_t first;       /* partition */
    struct lt_shared_u64 *records;
};

struct part_reader {
    struct part_out out;
    struct lt_reader *reader;
    uint32_t part;
    uint32_t partition_count; /* of this lane's */
    bool has_ended;
};

struct union_reader {
    struct lt_reader base;
    uint32_t count;
    uint32_t turn; /* whom the next poll asks first */
    struct part_reader parts[PARTS_MAX];
    struct part_counters {
        struct lt_shared_u64 *records, *lag_records, *lag_ms;
    } counters[PARTS_MAX]; /* by part, with a reader or without */
};

static struct union_source *union_of(struct lt_source *source)
{
    return (struct union_source *)(void *)source;
}

static struct union_reader *reader_of(struct lt_reader *reader)
{
    return (struct union_reader *)(void *)reader;
}

/* --------------------------------------------------------------------------------- the reader */

static void part_emit(struct lt_out *out, struct lt_row *row)
{
    struct part_out *part = (struct part_out *)(void *)out;
    row->source_partition += part->first;
    part->next->emit(part->next, row);
}

static void part_fail(struct lt_out *out, struct lt_row *row, struct lt_fault *fault)
{
    struct part_out *part = (struct part_out *)(void *)out;
    row->source_partition += part->first;
    part->next->fail(part->next, row, fault);
}

static enum lt_poll_status poll_part(struct part_reader *part, struct lt_out *out, uint32_t limit,
                                     uint32_t *count)
{
    part->out.next = out;
    enum lt_poll_status status =
        part->reader->ops->poll(part->reader, &part->out.out, limit, count);
    part->has_ended = status == LT_POLL_ENDED;
    lt_counter_add(part->out.records, *count);
    return status;
}

/* Each part in turn, another one first each time; the limit is for all of them together. */
static enum lt_poll_status reader_poll(struct lt_reader *base, struct lt_out *out, uint32_t limit,
                                       uint32_t *count)
{
    struct union_reader *reader = reader_of(base);
    uint32_t ended = 0, begin = reader->turn;
    bool has_more = false;
    *count = 0;
    reader->turn = begin + 1 < reader->count ? begin + 1 : 0;
    for (uint32_t i = 0; i < reader->count; i++) {
        uint32_t at = begin + i < reader->count ? begin + i : begin + i - reader->count;
        struct part_reader *part = &reader->parts[at];
        uint32_t taken = 0;
        if (!part->has_ended && *count == limit) {
            has_more = true;
            continue;
        }
        enum lt_poll_status status =
            part->has_ended ? LT_POLL_ENDED : poll_part(part, out, limit - *count, &taken);
        *count += taken;
        if (status == LT_POLL_FAILED) {
            reader->base.error = part->reader->error;
            return LT_POLL_FAILED;
        }
        ended += status == LT_POLL_ENDED;
        has_more |= status == LT_POLL_MORE;
    }
    if (ended == reader->count)
        return LT_POLL_ENDED;
    return has_more ? LT_POLL_MORE : LT_POLL_IDLE;
}

static bool reader_is_ready(struct lt_reader *base)
{
    struct union_reader *reader = reader_of(base);
    for (uint32_t i = 0; i < reader->count; i++) {
        struct lt_reader *part = reader->parts[i].reader;
        if (part->ops->is_ready != NULL && !part->ops->is_ready(part))
            return false;
    }
    return true;
}

static bool reader_is_idle(struct lt_reader *base)
{
    struct union_reader *reader = reader_of(base);
    for (uint32_t i = 0; i < reader->count; i++) {
        struct lt_reader *part = reader->parts[i].reader;
        if (!reader->parts[i].has_ended && part->ops->is_idle != NULL && !part->ops->is_idle(part))
            return false;
    }
    return true;
}

static int64_t reader_deadline_ns(struct lt_reader *base)
{
    struct union_reader *reader = reader_of(base);
    int64_t nearest = LT_NEVER_NS;
    for (uint32_t i = 0; i < reader->count; i++) {
        struct lt_reader *part = reader->parts[i].reader;
        bool has_ended = reader->parts[i].has_ended && !part->reads_ahead;
        int64_t deadline = has_ended || part->ops->deadline_ns == NULL
                               ? LT_NEVER_NS
                               : part->ops->deadline_ns(part);
        nearest = deadline < nearest ? deadline : nearest;
    }
    return nearest;
}

static void reader_position(struct lt_reader *base, struct lt_position *positions)
{
    struct union_reader *reader = reader_of(base);
    for (uint32_t i = 0; i < reader->count; i++) {
        reader->parts[i].reader->ops->position(reader->parts[i].reader, positions);
        positions += reader->parts[i].partition_count;
    }
}

static int reader_extend(struct lt_reader *base, const struct lt_position *end,
                         struct lt_error *error)
{
    struct union_reader *reader = reader_of(base);
    int code = LT_OK;
    for (uint32_t i = 0; i < reader->count && code == LT_OK; i++) {
        struct part_reader *part = &reader->parts[i];
        code = part->reader->ops->extend(part->reader, end, error);
        part->has_ended = false;
        end += part->partition_count;
    }
    return code;
}

/* Each part looks at what has come. Of one that cannot tell the source is asked now and then. */
static bool reader_has_more(struct lt_reader *base)
{
    struct union_reader *reader = reader_of(base);
    bool has_more = false;
    for (uint32_t i = 0; i < reader->count; i++) {
        struct lt_reader *part = reader->parts[i].reader;
        bool part_has = part->ops->has_more != NULL && part->ops->has_more(part);
        if (lt_unlikely(part->has_failed)) {
            base->error = part->error;
            base->has_failed = true;
        }
        has_more |= part_has;
    }
    return has_more;
}

static void reader_listen(struct lt_reader *base)
{
    struct union_reader *reader = reader_of(base);
    for (uint32_t i = 0; i < reader->count; i++)
        if (reader->parts[i].reader->ops->listen != NULL)
            reader->parts[i].reader->ops->listen(reader->parts[i].reader);
}

/* What is not known of one part is not known of all. */
static void reader_lag(struct lt_reader *base, int64_t *records, int64_t *ms)
{
    struct union_reader *reader = reader_of(base);
    int64_t most_ms = -1, sum = 0;
    for (uint32_t i = 0; i < reader->count; i++) {
        struct lt_reader *part = reader->parts[i].reader;
        int64_t part_records = -1, part_ms = -1;
        const struct part_counters *counters = &reader->counters[reader->parts[i].part];
        if (part->ops->lag != NULL)
            part->ops->lag(part, &part_records, &part_ms);
        lt_counter_set(counters->lag_records, (uint64_t)part_records);
        lt_counter_set(counters->lag_ms, (uint64_t)part_ms);
        sum = sum < 0 || part_records < 0 ? -1 : sum + part_records;
        most_ms = part_ms > most_ms ? part_ms : most_ms;
    }
    *records = sum;
    *ms = most_ms;
}

static void reader_stop(struct lt_reader *base)
{
    struct union_reader *reader = reader_of(base);
    for (uint32_t i = 0; i < reader->count; i++) {
        struct lt_reader *part = reader->parts[i].reader;
        if (part->ops->stop != NULL)
            part->ops->stop(part);
    }
}

static void reader_close(struct lt_reader *base)
{
    struct union_reader *reader = reader_of(base);
    for (uint32_t i = 0; i < reader->count; i++)
        reader->parts[i].reader->ops->close(reader->parts[i].reader);
    free(reader);
}

/* --------------------------------------------------------------------------- opening a reader */

static struct lt_shared_u64 *add_lag_counter(const struct lt_connector_env *env, uint32_t part,
                                             const char *what, const char *unit)
{
    char name[96];
    snprintf(name, sizeof name, "%spart%u.%s", env->counter_prefix, part, what);
    struct lt_shared_u64 *counter =
        lt_counters_add(env->counters, LT_COUNTER_GAUGE, name, unit,
                        "behind the newest of one of the query's sources; -1: not known");
    lt_counter_set(counter, (uint64_t)-1); /* until the part's reader says */
    return counter;
}

static void add_counters(struct union_source *source, const struct lt_connector_env *env,
                         struct union_reader *reader)
{
    for (uint32_t i = 0; i < source->count; i++) {
        char name[96];
        snprintf(name, sizeof name, "%spart%u.records", env->counter_prefix, i);
        reader->counters[i] = (struct part_counters){
            .records = lt_counters_add(env->counters, LT_COUNTER_SUM, name, "records",
                                       "read from one of the query's sources"),
            .lag_records = add_lag_counter(env, i, "lag_records", "records"),
            .lag_ms = add_lag_counter(env, i, "lag_ms", "ms"),
        };
    }
}

/* What a reader is opened with: this lane's partitions of all parts. */
struct opening {
    const struct lt_connector_env *env;
    const uint32_t *partitions;
    uint32_t partition_count;
    const struct lt_position *start, *end;
};

/* Opens the part's reader for the lane's partitions of it, from index `at` on; in *next where
 * those of the next part begin. */
static int open_part(struct union_source *source, uint32_t part, const struct opening *opening,
                     uint32_t at, uint32_t *next, struct union_reader *reader,
                     struct lt_error *error)
{
    struct part_reader *out = &reader->parts[reader->count];
    uint32_t *own = lt_alloc_array(opening->partition_count, sizeof *own), count = 0;
    while (at + count < opening->partition_count &&
           opening->partitions[at + count] < source->first[part + 1]) {
        own[count] = opening->partitions[at + count] - source->first[part];
        count++;
    }
    *next = at + count;
    int code = LT_OK;
    if (count > 0 || opening->partition_count == 0) {
        struct lt_connector_env env = *opening->env;
        char prefix[64];
        snprintf(prefix, sizeof prefix, "%spart%u.", opening->env->counter_prefix, part);
        env.counter_prefix = part == 0 ? opening->env->counter_prefix : prefix;
        env.index = part;
        *out = (struct part_reader){.part = part, .partition_count = count};
        out->out = (struct part_out){
            .out = {part_emit, part_fail},
            .first = (int32_t)source->first[part],
            .records = reader->counters[part].records,
        };
        struct lt_source *inner = source->parts[part];
        code = inner->ops->open_reader(inner, &env, own, count, opening->start + at,
                                       opening->end == NULL ? NULL : opening->end + at,
                                       &out->reader, error);
        reader->count += code == LT_OK;
        reader->base.reads_ahead |= code == LT_OK && out->reader->reads_ahead;
    }
    free(own);
    return code;
}

static int source_open_reader(struct lt_source *base, const struct lt_connector_env *env,
                              const uint32_t *partitions, uint32_t partition_count,
                              const struct lt_position *start, const struct lt_position *end,
                              struct lt_reader **out, struct lt_error *error)
{
    static const struct lt_reader_ops ops = {.poll = reader_poll,
                                             .is_ready = reader_is_ready,
                                             .is_idle = reader_is_idle,
                                             .deadline_ns = reader_deadline_ns,
                                             .position = reader_position,
                                             .extend = reader_extend,
                                             .has_more = reader_has_more,
                                             .listen = reader_listen,
                                             .lag = reader_lag,
                                             .stop = reader_stop,
                                             .close = reader_close};
    struct union_source *source = union_of(base);
    struct union_reader *reader = lt_alloc(sizeof *reader);
    const struct opening opening = {env, partitions, partition_count, start, end};
    uint32_t at = 0;
    int code = LT_OK;
    reader->base.ops = &ops;
    add_counters(source, env, reader);
    for (uint32_t i = 0; i + 1 < partition_count; i++)
        lt_assert(partitions[i] < partitions[i + 1]); /* parts stand one behind the other */
    for (uint32_t i = 0; i < source->count && code == LT_OK; i++)
        code = open_part(source, i, &opening, at, &at, reader, error);
    if (code != LT_OK) {
        reader_stop(&reader->base);
        reader_close(&reader->base);
        return code;
    }
    *out = &reader->base;
    return LT_OK;
}

/* --------------------------------------------------------------------------------- the source */

static int source_latest(struct lt_source *base, struct lt_position *positions,
                         struct lt_error *error)
{
    struct union_source *source = union_of(base);
    int code = LT_OK;
    for (uint32_t i = 0; i < source->count && code == LT_OK; i++) {
        struct lt_source *part = source->parts[i];
        code = part->ops->latest != NULL
                   ? part->ops->latest(part, positions + source->first[i], error)
                   : lt_error_set(error, LT_E_UNSUPPORTED,
                                  "source %s cannot say where it ends now, which AvailableNow "
                                  "needs",
                                  part->type->name);
    }
    return code;
}

static void source_partition_name(struct lt_source *base, uint32_t partition, char *out,
                                  size_t out_size)
{
    uint32_t first;
    struct lt_source *part = lt_source_part_of(base, partition, &first);
    lt_source_partition_name(part, partition - first, out, out_size);
}

static bool source_needs_reconfiguration(struct lt_source *base)
{
    struct union_source *source = union_of(base);
    for (uint32_t i = 0; i < source->count; i++) {
        struct lt_source *part = source->parts[i];
        if (part->ops->needs_reconfiguration != NULL && part->ops->needs_reconfiguration(part))
            return true;
    }
    return false;
}

static bool source_reads(const struct lt_source *base, const char *store, const char *target,
                         int32_t partition)
{
    const struct union_source *source = (const struct union_source *)(const void *)base;
    for (uint32_t i = 0; i < source->count; i++) {
        const struct lt_source *part = source->parts[i];
        if (part->ops->reads != NULL && part->ops->reads(part, store, target, partition))
            return true;
    }
    return false;
}

static void source_commit(struct lt_source *base, uint64_t epoch,
                          const struct lt_position *positions)
{
    struct union_source *source = union_of(base);
    for (uint32_t i = 0; i < source->count; i++) {
        struct lt_source *part = source->parts[i];
        if (part->ops->commit != NULL)
            part->ops->commit(part, epoch, positions + source->first[i]);
    }
}

static void source_close(struct lt_source *base)
{
    struct union_source *source = union_of(base);
    for (uint32_t i = 0; i < source->count; i++)
        source->parts[i]->ops->close(source->parts[i]);
}

/* Initial positions and those of a checkpoint are asked of the parts. */
static const struct lt_source_ops source_ops = {
    .latest = source_latest,
    .partition_name = source_partition_name,
    .needs_reconfiguration = source_needs_reconfiguration,
    .reads = source_reads,
    .open_reader = source_open_reader,
    .commit = source_commit,
    .close = source_close,
};

static void describe(struct union_source *source)
{
    struct lt_text_buffer text;
    lt_text_init(&text);
    for (uint32_t i = 0; i < source->count; i++)
        lt_text_format(&text, "%s%s", i == 0 ? "Union[" : ", ", source->parts[i]->description);
    lt_text_append_char(&text, ']');
    snprintf(source->base.description, sizeof source->base.description, "%s", lt_text_get(&text));
    lt_text_fini(&text);
}

struct lt_source *lt_union_source_create(struct lt_source *const *parts, uint32_t count,
                                         struct lt_arena *arena)
{
    struct union_source *source = lt_arena_alloc(arena, sizeof *source);
    lt_assert(count >= 2 && count <= PARTS_MAX);
    source->base.ops = &source_ops;
    source->base.type = &source->type;
    source->type = (struct lt_source_type){.name = "union", .traits = ~0u};
    source->count = count;
    for (uint32_t i = 0; i < count; i++) {
        source->parts[i] = parts[i];
        source->type.traits &= lt_source_traits(parts[i]); /* what all of them have */
    }
    describe(source);
    lt_union_source_settle(&source->base);
    return &source->base;
}

static bool is_union(const struct lt_source *source)
{
    return source->ops == &source_ops;
}

void lt_union_source_settle(struct lt_source *base)
{
    if (!is_union(base))
        return;
    struct union_source *source = union_of(base);
    for (uint32_t i = 0; i < source->count; i++)
        source->first[i + 1] = source->first[i] + source->parts[i]->partition_count;
    base->partition_count = source->first[source->count];
}

struct lt_source *const *lt_source_parts(struct lt_source *const *source, uint32_t *count)
{
    *count = is_union(*source) ? union_of(*source)->count : 1;
    return is_union(*source) ? union_of(*source)->parts : source;
}

bool lt_source_parts_have_ended(struct lt_source *const *parts, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (parts[i]->ops->has_ended == NULL || !parts[i]->ops->has_ended(parts[i]))
            return false;
    return true;
}

bool lt_source_parts_start_empty(struct lt_source *const *parts, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if ((lt_source_traits(parts[i]) & LT_SOURCE_EMPTY_FIRST) != 0)
            return true;
    return false;
}

struct lt_source *lt_source_part_of(struct lt_source *source, uint32_t partition, uint32_t *first)
{
    uint32_t at = 0;
    if (first != NULL)
        *first = 0;
    if (!is_union(source))
        return source;
    const struct union_source *all = union_of(source);
    while (at + 1 < all->count && partition >= all->first[at + 1])
        at++;
    if (first != NULL)
        *first = all->first[at];
    return all->parts[at];
}

struct lt_union_part_counters lt_union_reader_counters(struct lt_source *source,
                                                       struct lt_reader *reader, uint32_t part)
{
    if (!is_union(source))
        return (struct lt_union_part_counters){0};
    const struct part_counters *counters = &reader_of(reader)->counters[part];
    return (struct lt_union_part_counters){counters->records, counters->lag_records,
                                           counters->lag_ms};
}
