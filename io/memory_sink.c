/*
 * The sink memory: for each lane a pool of rows and a ring to the program's thread.
 *
 * In the ring of a lane all rows stand in order, visible or not; `visible_count` says how many of
 * them the consumer may take. An epoch is shown by moving that count to where its marker was.
 *
 * Lanes are added before the first row and never removed, so the consumer walks them without a
 * lock. When a query begins again its writers take up the lanes of those that are closed; but not a
 * lane whose last rows were never shown: nobody may take them, and they cannot be taken out.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/arena.h"
#include "core/base/limits.h"
#include "core/flow/ring.h"
#include "io/memory.h"
#include "io/row_copy.h"

enum {
    CAPACITY_MAX = 16 * 1024 * 1024,
    ROW_BYTES_MAX = 1024 * 1024,
    BOUNDARIES =
        2 * LT_LIMIT_EPOCHS_IN_FLIGHT, /* prepared and not committed, with room for a last one */
};

static const struct lt_option_spec option_table[] = {
    {.name = "queryName",
     .type = LT_OPTION_TEXT,
     .doc = "Spark's name of the table; shown in the description."},
    {.name = "visibility",
     .type = LT_OPTION_CHOICE,
     .default_text = "epoch",
     .choices = "epoch|row",
     .doc = "When a row can be taken: when its epoch is committed, as in Spark, or at once."},
    {.name = "capacity",
     .type = LT_OPTION_I64,
     .default_text = "8192",
     .min = 1,
     .max = CAPACITY_MAX,
     .doc = "Rows held per lane until they are taken; then the lane waits."},
    {.name = "rowBytes",
     .type = LT_OPTION_SIZE,
     .default_text = "1024",
     .min = 0,
     .max = ROW_BYTES_MAX,
     .doc = "Memory that each held row has for texts and nested values; larger ones take more."},
};
enum { OPTION_COUNT = sizeof option_table / sizeof option_table[0] };

struct boundary {
    uint64_t epoch, row_count; /* rows written before its marker */
};

/* What a lane writes and the consumer takes. Outlives the writer. */
struct lane {
    struct lt_ring *ring;
    struct lt_row_pool *pool;
    struct lt_shared_u64 visible_count; /* written by the writer, read by the consumer */
    uint64_t taken_count;               /* owner: consumer */
    uint64_t written_count;             /* owner: writer */
    bool is_free;                       /* no writer, all rows shown. owner: control plane */
};

struct lt_memory_sink {
    struct lt_sink base;
    uint32_t capacity, row_bytes;
    bool shows_rows_at_once;
    struct lane *lanes[LT_LIMIT_LANES];
    struct lt_shared_u32 lane_count; /* written by open_writer, read by the consumer */
    uint32_t turn;                   /* owner: consumer */
};

struct memory_writer {
    struct lt_writer base;
    const struct lt_memory_sink *sink;
    const struct lt_clock *clock;
    struct lane *lane;
    uint64_t marked_count; /* written before the last marker */
    struct boundary boundaries[BOUNDARIES];
    uint32_t boundary_count;
};

static struct lt_memory_sink *memory_of(struct lt_sink *sink)
{
    return (struct lt_memory_sink *)(void *)sink; /* the base is its first member */
}

struct lt_memory_sink *lt_memory_sink_of(struct lt_sink *sink)
{
    return sink->type == &lt_memory_sink_type ? memory_of(sink) : NULL;
}

/* ------------------------------------------------------------------------------------ consumer */

static struct lt_row *take(struct lane *lane)
{
    if (lane->taken_count >=
        lt_load_acquire_u64(&lane->visible_count)) /* pairs with memory_commit */
        return NULL;
    struct lt_item *item = lt_ring_peek(lane->ring);
    if (item == NULL)
        return NULL;
    struct lt_row *row = item->row;
    lt_ring_consume(lane->ring);
    lane->taken_count++;
    return row;
}

struct lt_row *lt_memory_sink_next(struct lt_memory_sink *sink)
{
    uint32_t count = lt_load_acquire_u32(&sink->lane_count); /* pairs with memory_open_writer */
    for (uint32_t i = 0; i < count; i++) {
        if (sink->turn >= count)
            sink->turn = 0;
        struct lane *lane = sink->lanes[sink->turn++];
        struct lt_row *row = take(lane);
        if (row != NULL)
            return row;
        lt_ring_release_slots(lane->ring);
    }
    return NULL;
}

/* -------------------------------------------------------------------------------------- writer */

static struct memory_writer *writer_of(struct lt_writer *base)
{
    return (struct memory_writer *)(void *)base;
}

/* No row is at home. Waiting helps while the program can still take some, or an epoch is to be
 * shown. */
static enum lt_write full(struct memory_writer *writer)
{
    const struct lt_memory_sink *sink = writer->sink;
    uint64_t unmarked_count = writer->lane->written_count - writer->marked_count;
    if (sink->shows_rows_at_once || unmarked_count < sink->capacity)
        return LT_WRITE_FULL;
    lt_error_set(
        &writer->base.error, LT_E_LIMIT,
        "sink memory: an epoch has more than %u rows; hint: a larger \"capacity\", a shorter "
        "epoch, or \"visibility\" row",
        sink->capacity);
    return LT_WRITE_BROKEN;
}

static enum lt_write memory_write(struct lt_writer *base, struct lt_row *row,
                                  struct lt_fault **fault)
{
    struct memory_writer *writer = writer_of(base);
    struct lane *lane = writer->lane;
    struct lt_row *copy = lt_row_claim(lane->pool);
    if (copy == NULL)
        return full(writer);
    if (!lt_row_copy(writer->sink->base.schema, row, copy)) {
        lt_row_release(copy);
        *fault = lt_fault_create("sink memory", "RECORD_TOO_LARGE", "54000",
                                 "a value of the record is too large to be copied");
        return LT_WRITE_FAILED;
    }
    struct lt_item *item = lt_ring_claim(lane->ring);
    lt_assert(item != NULL); /* the ring is larger than the pool */
    *item = (struct lt_item){.kind = LT_ITEM_ROW, .row = copy};
    lt_ring_publish(lane->ring);
    lane->written_count++;
    lt_writer_deliver(base, writer->clock, row);
    return LT_WRITE_DONE;
}

static void memory_prepare(struct lt_writer *base, uint64_t epoch)
{
    struct memory_writer *writer = writer_of(base);
    lt_assert(writer->boundary_count < BOUNDARIES);
    writer->marked_count = writer->lane->written_count;
    writer->boundaries[writer->boundary_count++] =
        (struct boundary){.epoch = epoch, .row_count = writer->marked_count};
}

static int memory_prepared(struct lt_writer *base, uint64_t epoch, struct lt_text_buffer *note)
{
    (void)base;
    (void)epoch;
    (void)note; /* in memory is as durable as it gets */
    return 1;
}

static void memory_commit(struct lt_writer *base, uint64_t epoch)
{
    struct memory_writer *writer = writer_of(base);
    uint32_t done = 0;
    while (done < writer->boundary_count && writer->boundaries[done].epoch <= epoch)
        done++;
    if (done == 0)
        return;                            /* committed before */
    if (!writer->sink->shows_rows_at_once) /* pairs with take */
        lt_store_release_u64(&writer->lane->visible_count, writer->boundaries[done - 1].row_count);
    writer->boundary_count -= done;
    for (uint32_t i = 0; i < writer->boundary_count; i++)
        writer->boundaries[i] = writer->boundaries[i + done];
}

static int memory_committed(struct lt_writer *base, uint64_t epoch)
{
    (void)base;
    (void)epoch;
    return 1;
}

static void memory_writer_close(struct lt_writer *base)
{
    struct lane *lane = writer_of(base)->lane; /* it stays, with what was not taken */
    uint64_t visible_count = lt_load_relaxed_u64(&lane->visible_count); /* relaxed: own write */
    lane->is_free = visible_count >= lane->written_count;
    free(base);
}

static uint32_t ring_slots(uint32_t rows)
{
    uint32_t slots = 4 * LT_LIMIT_RING_PUBLISH;
    while (slots < rows + LT_LIMIT_RING_PUBLISH) /* slots come back in groups */
        slots *= 2;
    return slots;
}

static void lane_destroy(struct lane *lane)
{
    struct lt_item *item;
    while (lane->ring != NULL && (item = lt_ring_peek(lane->ring)) != NULL) {
        lt_row_release(item->row);
        lt_ring_consume(lane->ring);
    }
    lt_ring_destroy(lane->ring);
    lt_row_pool_destroy(lane->pool);
    free(lane);
}

static int lane_create(const struct lt_memory_sink *sink, struct lane **out, struct lt_error *error)
{
    struct lane *lane = lt_alloc(sizeof *lane);
    lane->visible_count.value = sink->shows_rows_at_once ? UINT64_MAX : 0;
    struct lt_row_pool_options options = {
        .column_count = sink->base.schema->field_count,
        .capacity = sink->capacity,
        .scratch_size_bytes = sink->row_bytes,
        .is_shared = true, /* released by the program */
    };
    int code = lt_row_pool_create(&options, &lane->pool, error);
    if (code == 0)
        code = lt_ring_create(ring_slots(sink->capacity), &lane->ring, error);
    if (code == 0)
        *out = lane;
    else
        lane_destroy(lane);
    return code;
}

/* One that is free, or a new one. */
static int find_lane(struct lt_memory_sink *sink, struct lane **out, struct lt_error *error)
{
    uint32_t count = lt_load_relaxed_u32(&sink->lane_count); /* relaxed: its only writer */
    for (uint32_t i = 0; i < count; i++) {
        *out = sink->lanes[i];
        if ((*out)->is_free)
            return 0;
    }
    if (count == LT_LIMIT_LANES)
        return lt_error_set(error, LT_E_LIMIT, "more than %d lanes", LT_LIMIT_LANES);
    int code = lane_create(sink, out, error);
    if (code != 0)
        return code;
    sink->lanes[count] = *out;
    lt_store_release_u32(&sink->lane_count, count + 1); /* pairs with lt_memory_sink_next */
    return 0;
}

static int memory_open_writer(struct lt_sink *base, const struct lt_connector_env *env,
                              struct lt_writer **out, struct lt_error *error)
{
    static const struct lt_writer_ops ops = {
        .write = memory_write,
        .prepare = memory_prepare,
        .prepared = memory_prepared,
        .commit = memory_commit,
        .committed = memory_committed,
        .close = memory_writer_close,
    };
    struct lt_memory_sink *sink = memory_of(base);
    *out = NULL;
    struct lane *lane;
    int code = find_lane(sink, &lane, error);
    if (code != 0)
        return lt_error_append(error, "sink memory");
    lane->is_free = false;
    struct memory_writer *writer = lt_alloc(sizeof *writer);
    writer->base.ops = &ops;
    writer->sink = sink;
    writer->clock = env->clock;
    writer->lane = lane;
    writer->marked_count = lane->written_count;
    *out = &writer->base;
    return 0;
}

/* ---------------------------------------------------------------------------------------- sink */

static int memory_connect(struct lt_sink *sink, const struct lt_connector_env *env,
                          struct lt_error *error)
{
    (void)sink;
    (void)env;
    (void)error;
    return 0;
}

/* What was prepared went with the process that had prepared it. */
static int memory_recover(struct lt_sink *sink, uint64_t epoch, const char *notes,
                          bool *must_replay, struct lt_error *error)
{
    (void)sink;
    (void)epoch;
    (void)notes;
    (void)error;
    *must_replay = true;
    return 0;
}

static void memory_close(struct lt_sink *base)
{
    struct lt_memory_sink *sink = memory_of(base);
    for (uint32_t i = 0; i < lt_load_acquire_u32(&sink->lane_count); i++)
        lane_destroy(sink->lanes[i]);
    free(sink);
}

static int memory_bind(const struct lt_sink_type *type, const struct lt_options *options,
                       const struct lt_type *schema, struct lt_arena *arena, struct lt_sink **out,
                       struct lt_error *error)
{
    static const struct lt_sink_ops ops = {
        .connect = memory_connect,
        .recover = memory_recover,
        .open_writer = memory_open_writer,
        .close = memory_close,
    };
    (void)arena;
    *out = NULL;
    int code = lt_options_check(options, option_table, OPTION_COUNT, "sink memory", error);
    if (code != 0)
        return code;
    struct lt_memory_sink *sink = lt_alloc(sizeof *sink);
    sink->base.ops = &ops;
    sink->base.type = type;
    sink->base.schema = schema;
    const char *visibility = lt_options_text(options, option_table, OPTION_COUNT, "visibility");
    sink->shows_rows_at_once = visibility[0] == 'r';
    sink->base.shows_at_commit = !sink->shows_rows_at_once;
    sink->base.guarantee = sink->shows_rows_at_once ? LT_AT_LEAST_ONCE : LT_EXACTLY_ONCE;
    sink->capacity = (uint32_t)lt_options_i64(options, option_table, OPTION_COUNT, "capacity");
    sink->row_bytes = (uint32_t)lt_options_i64(options, option_table, OPTION_COUNT, "rowBytes");
    const char *name = lt_options_text(options, option_table, OPTION_COUNT, "queryName");
    int size_bytes = snprintf(sink->base.description, sizeof sink->base.description,
                              "MemorySink[%s]", name != NULL ? name : "");
    lt_assert(size_bytes > 0);
    *out = &sink->base;
    return 0;
}

const struct lt_sink_type lt_memory_sink_type = {
    .name = "memory",
    .doc = "Rows that the program itself takes out.",
    .options = option_table,
    .option_count = OPTION_COUNT,
    .bind = memory_bind,
};
