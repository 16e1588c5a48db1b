/*
 * Options, schema and offset text of the source rate. The rows are made by the reader,
 * io/rate_reader.c.
 */
#include "io/rate.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/limits.h"
#include "core/base/log.h"
#include "core/text/json_tree.h"
#include "io/rate_rows.h"

enum { ROWS_PER_SECOND_MAX = 1000000000, PARTITIONS_MAX = 4096 };

static const struct lt_option_spec option_table[] = {
    {.name = "rowsPerSecond",
     .type = LT_OPTION_I64,
     .default_text = "1",
     .min = 1,
     .max = ROWS_PER_SECOND_MAX,
     .doc = "Rows made per second, over all partitions."},
    {.name = "rampUpTime",
     .type = LT_OPTION_DURATION,
     .default_text = "0s",
     .doc = "How long the rate grows, evenly, until it is rowsPerSecond; with openLoop."},
    {.name = "numPartitions",
     .type = LT_OPTION_I64,
     .min = 1,
     .max = PARTITIONS_MAX,
     .doc = "Partitions, each with its own counter; the number of online CPUs if not set."},
    {.name = "openLoop",
     .type = LT_OPTION_BOOL,
     .default_text = "false",
     .doc = "Makes rows at any rate and stamps each with the moment it was due, for measuring "
            "latency."},
    {.name = "columns",
     .type = LT_OPTION_CHOICE,
     .default_text = "standard",
     .choices = "standard|orders",
     .doc = "What a row holds: timestamp and value, or an order of six columns, typed and nested."},
};
enum { OPTION_COUNT = sizeof option_table / sizeof option_table[0] };

/* In batches readers tell when a row is due, by a clock that does not go back as the wall's may. */
static const int64_t look_ns = LT_NS_PER_S;

static struct lt_rate_source *rate_of(struct lt_source *source)
{
    return (struct lt_rate_source *)(void *)source; /* the base is its first member */
}

static int rate_connect(struct lt_source *source, const struct lt_connector_env *env,
                        struct lt_error *error)
{
    (void)error;
    struct lt_rate_source *rate = rate_of(source);
    rate->clock = env->clock;
    rate->keeps_creation = env->in_batches;
    if (env->kept == NULL || sscanf(env->kept, "v1\n%" SCNd64, &rate->creation_ms) != 1)
        rate->creation_ms = 0;
    source->partition_count = rate->settings.partition_count;
    return 0;
}

static int rate_initial(struct lt_source *source, struct lt_position *positions,
                        struct lt_text_buffer *keep, struct lt_error *error)
{
    const struct lt_rate_source *rate = rate_of(source);
    (void)error;
    int64_t creation_ms = rate->creation_ms != 0 ? rate->creation_ms
                                                 : lt_clock_wall_us(rate->clock) / LT_US_PER_MS;
    /* Later it is in the offsets; but the first batch may have to be read again. */
    if (rate->keeps_creation)
        lt_text_format(keep, "v1\n%" PRId64, creation_ms);
    for (uint32_t i = 0; i < source->partition_count; i++)
        positions[i] = (struct lt_position){.offset = i, .extra = creation_ms};
    return 0;
}

static void rate_to_json(struct lt_source *source, const struct lt_position *positions,
                         struct lt_text_buffer *out)
{
    lt_text_append_char(out, '{');
    for (uint32_t i = 0; i < source->partition_count; i++)
        lt_text_format(out, "%s\"%u\":{\"value\":%" PRId64 ",\"runTimeMs\":%" PRId64 "}",
                       i == 0 ? "" : ",", i, positions[i].offset - source->partition_count,
                       positions[i].extra);
    lt_text_append_char(out, '}');
}

/* One partition's pair; its value must be one of those that the partition counts. */
static int read_partition(const struct lt_json *json, uint32_t partition, uint32_t partition_count,
                          struct lt_position *position, struct lt_error *error)
{
    int64_t value;
    int code = lt_json_get_i64(json, "value", &value, error);
    if (code == 0)
        code = lt_json_get_i64(json, "runTimeMs", &position->extra, error);
    if (code != 0)
        return code;
    if (__builtin_add_overflow(value, (int64_t)partition_count, &position->offset) ||
        position->offset < 0 || position->offset % partition_count != partition)
        return lt_error_set(error, LT_E_CORRUPT,
                            "value %" PRId64 " is none that a partition \"%u\" of %u counts", value,
                            partition, partition_count);
    return 0;
}

static int read_positions(const struct lt_json *json, uint32_t partition_count,
                          struct lt_position *positions, struct lt_error *error)
{
    if (!json->is_object)
        return lt_error_set(error, LT_E_CORRUPT, "no JSON object");
    if (json->count != partition_count)
        return lt_error_set(error, LT_E_INVALID,
                            "The previous run contained %zu partitions, but %u partitions are "
                            "currently configured. The numPartitions option cannot be changed.",
                            json->count, partition_count);
    for (uint32_t i = 0; i < partition_count; i++) {
        char name[16];
        int size_bytes = snprintf(name, sizeof name, "%u", i);
        lt_assert(size_bytes > 0);
        const struct lt_json *pair = lt_json_get(json, name);
        if (pair == NULL)
            return lt_error_set(error, LT_E_CORRUPT, "no partition \"%s\"", name);
        int code = read_partition(pair, i, partition_count, &positions[i], error);
        if (code != 0)
            return code;
    }
    return 0;
}

static int rate_from_json(struct lt_source *source, const char *text, struct lt_position *positions,
                          struct lt_error *error)
{
    struct lt_arena *arena = lt_arena_create();
    const struct lt_json *json;
    int code = lt_json_parse(text, strlen(text), arena, &json, error);
    if (code == 0)
        code = read_positions(json, source->partition_count, positions, error);
    lt_arena_destroy(arena);
    return code == 0 ? 0 : lt_error_append(error, "offsets of source %s", source->type->name);
}

static void rate_close(struct lt_source *source)
{
    free(source); /* what rows borrow from is in the arena */
}

static uint32_t online_cpus(void)
{
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count > 0 && count <= PARTITIONS_MAX ? (uint32_t)count : 1;
}

/* The first value that a partition has behind the last row. */
static int rate_latest(struct lt_source *source, struct lt_position *positions,
                       struct lt_error *error)
{
    (void)error;
    const struct lt_rate_source *rate = rate_of(source);
    int64_t count = rate->settings.row_count, partitions = source->partition_count;
    for (uint32_t i = 0; i < source->partition_count; i++) {
        int64_t turns = count > i ? (count - i + partitions - 1) / partitions : 0;
        positions[i] = (struct lt_position){.offset = i + turns * partitions};
    }
    return 0;
}

/* How many rows there are is known from the start. */
static bool rate_has_ended(const struct lt_source *source)
{
    (void)source;
    return true;
}

/* A batch takes what is due by now: the schedule is the reader's (io/rate_reader.c), counted from
 * where the partition stands. */
static int rate_admit(struct lt_source *source, const struct lt_position *start,
                      const struct lt_position *latest, struct lt_position *end,
                      struct lt_error *error)
{
    const struct lt_rate_settings *settings = &rate_of(source)->settings;
    int64_t partitions = source->partition_count, rate = settings->rows_per_second;
    int64_t now_ms = lt_clock_wall_us(rate_of(source)->clock) / LT_US_PER_MS;
    int64_t period_ms = partitions * 1000 / rate;
    if (settings->is_open_loop)
        return lt_error_set(error, LT_E_UNSUPPORTED,
                            "option \"openLoop\" belongs to the continuous mode; hint: leave it "
                            "out, or let the query run with the trigger Continuous");
    for (uint32_t i = 0; i < source->partition_count; i++) {
        int64_t late_ms = now_ms > start[i].extra ? now_ms - start[i].extra : 0, due;
        end[i] = start[i];
        if (period_ms > 0) { /* extra is when the last row was due */
            due = late_ms / period_ms;
            end[i].extra += due * period_ms;
        } else { /* extra is when value 0 was begun */
            due = (int64_t)((__int128)late_ms * rate / (1000 * partitions)) -
                  start[i].offset / partitions;
        }
        if (due > 0)
            end[i].offset += due * partitions;
        if (latest != NULL && end[i].offset > latest[i].offset)
            end[i].offset = latest[i].offset;
    }
    return 1;
}

struct lt_source *lt_rate_source_create(const struct lt_source_type *type,
                                        const struct lt_type *schema,
                                        const struct lt_rate_settings *settings)
{
#define OPS                                                                                        \
    .connect = rate_connect, .initial = rate_initial, .positions_to_json = rate_to_json,           \
    .positions_from_json = rate_from_json, .admit = rate_admit,                                    \
    .open_reader = lt_rate_open_reader, .close = rate_close
    static const struct lt_source_ops ops = {OPS};
    static const struct lt_source_ops ending_ops = {
        OPS, .latest = rate_latest, .has_ended = rate_has_ended};
#undef OPS
    struct lt_rate_source *rate = lt_alloc(sizeof *rate);
    *rate = (struct lt_rate_source){
        .base = {.ops = settings->row_count > 0 ? &ending_ops : &ops,
                 .type = type,
                 .schema = schema,
                 .look_interval_ns = look_ns},
        .settings = *settings,
    };
    return &rate->base;
}

static void describe(struct lt_source *source)
{
    const struct lt_rate_settings *settings = &rate_of(source)->settings;
    int size_bytes = snprintf(
        source->description, sizeof source->description,
        "RateStreamV2[rowsPerSecond=%" PRId64 ", rampUpTimeSeconds=%" PRId64 ", numPartitions=%u]",
        settings->rows_per_second, settings->ramp_up_ns / LT_NS_PER_S, settings->partition_count);
    lt_assert(size_bytes > 0);
}

static int rate_bind(const struct lt_source_type *type, const struct lt_options *options,
                     const struct lt_type *user_schema, struct lt_arena *arena,
                     struct lt_source **out, struct lt_error *error)
{
    *out = NULL;
    int code = lt_options_check(options, option_table, OPTION_COUNT, "source rate", error);
    if (code != 0)
        return code;
    if (user_schema != NULL)
        return lt_error_set(error, LT_E_UNSUPPORTED,
                            "RateStreamProvider source does not support user-specified schema.");
    const char *columns = lt_options_text(options, option_table, OPTION_COUNT, "columns");
    const struct lt_rate_rows *rows = lt_rate_rows_create(arena, columns);
    int64_t partitions = lt_options_i64(options, option_table, OPTION_COUNT, "numPartitions");
    struct lt_rate_settings settings = {
        .maker = {.rows = rows, .fill = lt_rate_rows_fill},
        .rows_per_second = lt_options_i64(options, option_table, OPTION_COUNT, "rowsPerSecond"),
        .ramp_up_ns = lt_options_i64(options, option_table, OPTION_COUNT, "rampUpTime"),
        .is_open_loop = lt_options_bool(options, option_table, OPTION_COUNT, "openLoop"),
        .partition_count = partitions > 0 ? (uint32_t)partitions : online_cpus(),
    };
    if (settings.ramp_up_ns > 0 && !settings.is_open_loop)
        lt_log_warn("source rate: \"rampUpTime\" has no effect in continuous mode; hint: set "
                    "\"openLoop\"");
    *out = lt_rate_source_create(type, lt_rate_rows_schema(rows), &settings);
    describe(*out);
    return 0;
}

const struct lt_source_type lt_rate_source_type = {
    .name = "rate",
    .doc = "Rows made at a given rate.",
    .traits = LT_SOURCE_REPLAYABLE | LT_SOURCE_CONTINUOUS | LT_SOURCE_EMPTY_FIRST |
              LT_SOURCE_IN_BATCHES,
    .options = option_table,
    .option_count = OPTION_COUNT,
    .bind = rate_bind,
};
