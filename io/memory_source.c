/*
 * The source memory: a pool that the producer claims from, and a ring to the reader.
 *
 * The ring is larger than the pool, so whoever has a row can always commit it.
 *
 * Waking: the reader's waker comes and goes with the reader while the producer runs on. The
 * producer says `is_waking` before it looks for the waker, and the reader, when it closes, takes
 * the waker away and then waits until nobody is waking. That exchange is a full fence on both
 * sides, so it also serves as the waker's own.
 */
#include "io/memory.h"

#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/limits.h"
#include "core/flow/ring.h"
#include "core/text/json_tree.h"

enum { CAPACITY_MAX = 16 * 1024 * 1024, ROW_BYTES_MAX = 1024 * 1024 };

static const struct lt_option_spec option_table[] = {
    {.name = "capacity",
     .type = LT_OPTION_I64,
     .default_text = "8192",
     .min = 1,
     .max = CAPACITY_MAX,
     .doc =
         "Rows that may be on their way: claimed, committed, and not yet released by the sinks."},
    {.name = "rowBytes",
     .type = LT_OPTION_SIZE,
     .default_text = "256",
     .min = 0,
     .max = ROW_BYTES_MAX,
     .doc = "Memory that each row has for texts and nested values; larger ones take more from the "
            "pool."},
};
enum { OPTION_COUNT = sizeof option_table / sizeof option_table[0] };

struct lt_memory_source {
    struct lt_source base;
    /* constant */
    struct lt_ring *ring;
    struct lt_row_pool *pool; /* the producer claims from it */
    const struct lt_clock *clock;
    /* written by the producer */
    struct lt_shared_u64 committed_count;
    struct lt_shared_u32 has_ended;
    struct lt_shared_u32 is_waking;
    char padding[LT_FALSE_SHARING_RANGE];
    /* written by the reader's thread */
    struct lt_shared_u64 waker;        /* struct lt_waker *, 0 while there is no reader */
    struct lt_shared_u64 first_offset; /* of the first row ever committed: where the query began */
    uint64_t delivered_count;
    bool has_reader;
};

struct memory_reader {
    struct lt_reader base;
    struct lt_memory_source *source;
    int64_t end_offset;
};

static struct lt_memory_source *memory_of(struct lt_source *source)
{
    return (struct lt_memory_source *)(void *)source; /* the base is its first member */
}

struct lt_memory_source *lt_memory_source_of(struct lt_source *source)
{
    return source->type == &lt_memory_source_type ? memory_of(source) : NULL;
}

/* ------------------------------------------------------------------------------------ producer */

struct lt_row *lt_memory_source_claim(struct lt_memory_source *source)
{
    struct lt_row *row = lt_row_claim(source->pool);
    if (row != NULL)
        row->ingest_ns = 0;
    return row;
}

static void wake_reader(struct lt_memory_source *source)
{
    lt_store_fenced_u32(&source->is_waking,
                        1); /* pairs with take_waker_away and lt_waker_prepare_to_park */
    struct lt_waker *waker = (struct lt_waker *)(uintptr_t)lt_load_acquire_u64(&source->waker);
    if (waker != NULL &&
        lt_load_relaxed_u32(&waker->parked) != 0) /* relaxed: ordered by the fence */
        lt_waker_write(waker);
    lt_store_release_u32(&source->is_waking, 0); /* pairs with take_waker_away */
}

int64_t lt_memory_source_commit(struct lt_memory_source *source, struct lt_row *row)
{
    struct lt_item *item = lt_ring_claim(source->ring);
    lt_assert(item != NULL); /* the ring is larger than the pool */
    if (row->ingest_ns == 0)
        row->ingest_ns = lt_clock_now_ns(source->clock);
    *item = (struct lt_item){.kind = LT_ITEM_ROW, .row = row};
    uint64_t index = lt_load_relaxed_u64(&source->committed_count); /* relaxed: its only writer */
    lt_ring_publish(source->ring);
    lt_store_release_u64(&source->committed_count, index + 1); /* pairs with memory_latest */
    wake_reader(source);
    return (int64_t)(lt_load_acquire_u64(&source->first_offset) + index);
}

void lt_memory_source_abort(struct lt_memory_source *source, struct lt_row *row)
{
    lt_debug_assert(row->pool == source->pool);
    (void)source;
    lt_row_release(row);
}

void lt_memory_source_end(struct lt_memory_source *source)
{
    lt_store_release_u32(&source->has_ended, 1); /* pairs with memory_poll */
    wake_reader(source);
}

/* -------------------------------------------------------------------------------------- reader */

static struct memory_reader *reader_of(struct lt_reader *base)
{
    return (struct memory_reader *)(void *)base;
}

static int64_t next_offset(const struct lt_memory_source *source)
{
    return (int64_t)(lt_load_relaxed_u64(&source->first_offset) + /* relaxed: its only writer */
                     source->delivered_count);
}

static struct lt_row *take_row(struct memory_reader *reader)
{
    struct lt_memory_source *source = reader->source;
    if (next_offset(source) >= reader->end_offset)
        return NULL;
    struct lt_item *item = lt_ring_peek(source->ring);
    if (item == NULL)
        return NULL;
    struct lt_row *row = item->row;
    lt_ring_consume(source->ring);
    row->source_partition = 0;
    row->source_offset = next_offset(source);
    source->delivered_count++;
    return row;
}

static enum lt_poll_status memory_poll(struct lt_reader *base, struct lt_out *out, uint32_t limit,
                                       uint32_t *count)
{
    struct memory_reader *reader = reader_of(base);
    /* Looked at before the rows: what was committed before the end is found below. */
    bool has_ended = lt_load_acquire_u32(&reader->source->has_ended) != 0;
    *count = 0;
    struct lt_row *held = take_row(reader);
    while (held != NULL) {
        (*count)++;
        struct lt_row *next = *count < limit ? take_row(reader) : NULL;
        if (next == NULL)
            held->flags |= LT_ROW_END_OF_BATCH;
        out->emit(out, held);
        held = next;
    }
    if (*count == limit)
        return LT_POLL_MORE;
    lt_ring_release_slots(reader->source->ring);
    if (has_ended || next_offset(reader->source) >= reader->end_offset)
        return LT_POLL_ENDED;
    return LT_POLL_IDLE;
}

static bool memory_is_idle(struct lt_reader *base)
{
    const struct lt_memory_source *source = reader_of(base)->source;
    return lt_ring_peek(source->ring) == NULL && lt_load_acquire_u32(&source->has_ended) == 0;
}

static void memory_position(struct lt_reader *base, struct lt_position *positions)
{
    positions[0] = (struct lt_position){.offset = next_offset(reader_of(base)->source)};
}

/* The source stands where it stands: rows that were handed over are not kept. */
static int check_position(const struct lt_memory_source *source, int64_t wanted,
                          struct lt_error *error)
{
    if (wanted == next_offset(source))
        return 0;
    return lt_error_set(error, LT_E_DATA_LOSS,
                        "source memory stands at row %" PRId64 " and cannot go to row %" PRId64
                        "; hint: it keeps no row that was handed over",
                        next_offset(source), wanted);
}

static int memory_seek(struct lt_reader *base, const struct lt_position *positions,
                       struct lt_error *error)
{
    return check_position(reader_of(base)->source, positions[0].offset, error);
}

static int memory_extend(struct lt_reader *base, const struct lt_position *end,
                         struct lt_error *error)
{
    (void)error;
    reader_of(base)->end_offset = end[0].offset;
    return 0;
}

static bool memory_has_more(struct lt_reader *base)
{
    return lt_ring_peek(reader_of(base)->source->ring) != NULL;
}

static void memory_lag(struct lt_reader *base, int64_t *records, int64_t *ms)
{
    const struct lt_memory_source *source = reader_of(base)->source;
    *records = (int64_t)(lt_load_acquire_u64(&source->committed_count) - source->delivered_count);
    *ms = *records == 0 ? 0 : -1;
}

static void take_waker_away(struct lt_memory_source *source)
{
    lt_store_release_u64(&source->waker, 0);
    lt_fence_full();                                     /* pairs with wake_reader */
    while (lt_load_acquire_u32(&source->is_waking) != 0) /* bounded: a wake is one system call */
        sched_yield();
}

static void memory_reader_close(struct lt_reader *base)
{
    struct memory_reader *reader = reader_of(base);
    take_waker_away(reader->source);
    reader->source->has_reader = false;
    free(reader);
}

static int memory_open_reader(struct lt_source *base, const struct lt_connector_env *env,
                              const uint32_t *partitions, uint32_t partition_count,
                              const struct lt_position *start, const struct lt_position *end,
                              struct lt_reader **out, struct lt_error *error)
{
    static const struct lt_reader_ops ops = {
        .poll = memory_poll,
        .is_idle = memory_is_idle,
        .position = memory_position,
        .seek = memory_seek,
        .extend = memory_extend,
        .has_more = memory_has_more,
        .lag = memory_lag,
        .close = memory_reader_close,
    };
    struct lt_memory_source *source = memory_of(base);
    *out = NULL;
    lt_assert(partition_count == 1);
    lt_assert(partitions[0] == 0);
    lt_assert(!source->has_reader);
    if (source->delivered_count == 0) /* a new process goes on counting where the last one ended */
        lt_store_release_u64(&source->first_offset, (uint64_t)start[0].offset);
    int code = check_position(source, start[0].offset, error);
    if (code != 0)
        return code;
    struct memory_reader *reader = lt_alloc(sizeof *reader);
    reader->base.ops = &ops;
    reader->source = source;
    reader->end_offset = end != NULL ? end[0].offset : INT64_MAX;
    source->has_reader = true;
    lt_store_release_u64(&source->waker, (uint64_t)(uintptr_t)env->waker);
    *out = &reader->base;
    return 0;
}

/* -------------------------------------------------------------------------------------- source */

static int memory_connect(struct lt_source *base, const struct lt_connector_env *env,
                          struct lt_error *error)
{
    (void)env; /* the producer may be at work already: its clock is the system's from the start */
    (void)error;
    base->partition_count = 1;
    return 0;
}

static int memory_initial(struct lt_source *base, struct lt_position *positions,
                          struct lt_text_buffer *keep, struct lt_error *error)
{
    (void)base;
    (void)keep;
    (void)error;
    positions[0] = (struct lt_position){0};
    return 0;
}

static int memory_latest(struct lt_source *base, struct lt_position *positions,
                         struct lt_error *error)
{
    (void)error;
    const struct lt_memory_source *source = memory_of(base);
    positions[0] =
        (struct lt_position){.offset = (int64_t)(lt_load_acquire_u64(&source->first_offset) +
                                                 lt_load_acquire_u64(&source->committed_count))};
    return 0;
}

static bool memory_has_ended(const struct lt_source *base)
{
    const struct lt_memory_source *source = (const struct lt_memory_source *)(const void *)base;
    return lt_load_acquire_u32(&source->has_ended) != 0; /* pairs with lt_memory_source_end */
}

static void memory_to_json(struct lt_source *base, const struct lt_position *positions,
                           struct lt_text_buffer *out)
{
    (void)base;
    lt_text_format(out, "%" PRId64, positions[0].offset);
}

static int memory_from_json(struct lt_source *base, const char *text, struct lt_position *positions,
                            struct lt_error *error)
{
    (void)base;
    struct lt_arena *arena = lt_arena_create();
    const struct lt_json *json;
    int code = lt_json_parse(text, strlen(text), arena, &json, error);
    if (code == 0 && (json->kind != LT_JSON_INTEGER || json->i64 < 0))
        code = lt_error_set(error, LT_E_CORRUPT, "\"%s\" is no number of rows", text);
    if (code == 0)
        positions[0] = (struct lt_position){.offset = json->i64};
    lt_arena_destroy(arena);
    return code == 0 ? 0 : lt_error_append(error, "offsets of source memory");
}

static void memory_close(struct lt_source *base)
{
    struct lt_memory_source *source = memory_of(base);
    struct lt_item *item;
    while ((item = lt_ring_peek(source->ring)) != NULL) {
        lt_row_release(item->row);
        lt_ring_consume(source->ring);
    }
    lt_ring_destroy(source->ring);
    lt_row_pool_destroy(source->pool);
    free(source);
}

static uint32_t ring_slots(int64_t rows)
{
    uint32_t slots = 4 * LT_LIMIT_RING_PUBLISH;
    while (slots < rows + LT_LIMIT_RING_PUBLISH) /* slots come back in groups */
        slots *= 2;
    return slots;
}

static int create_rows(struct lt_memory_source *source, const struct lt_options *options,
                       struct lt_error *error)
{
    int64_t capacity = lt_options_i64(options, option_table, OPTION_COUNT, "capacity");
    int64_t row_bytes = lt_options_i64(options, option_table, OPTION_COUNT, "rowBytes");
    struct lt_row_pool_options pool_options = {
        .column_count = source->base.schema->field_count,
        .capacity = (uint32_t)capacity,
        .scratch_size_bytes = (uint32_t)row_bytes,
        .is_shared = true, /* released by the lane */
    };
    int code = lt_row_pool_create(&pool_options, &source->pool, error);
    if (code == 0)
        code = lt_ring_create(ring_slots(capacity), &source->ring, error);
    if (code != 0)
        lt_row_pool_destroy(source->pool);
    return code;
}

static int memory_bind(const struct lt_source_type *type, const struct lt_options *options,
                       const struct lt_type *user_schema, struct lt_arena *arena,
                       struct lt_source **out, struct lt_error *error)
{
    static const struct lt_source_ops ops = {
        .connect = memory_connect,
        .initial = memory_initial,
        .latest = memory_latest,
        .has_ended = memory_has_ended,
        .positions_to_json = memory_to_json,
        .positions_from_json = memory_from_json,
        .open_reader = memory_open_reader,
        .close = memory_close,
    };
    (void)arena;
    *out = NULL;
    int code = lt_options_check(options, option_table, OPTION_COUNT, "source memory", error);
    if (code != 0)
        return code;
    if (user_schema == NULL)
        return lt_error_set(error, LT_E_INVALID,
                            "source memory has no schema; hint: give one, such as \"id BIGINT\"");
    struct lt_memory_source *source = lt_alloc(sizeof *source);
    source->base.ops = &ops;
    source->base.type = type;
    source->base.schema = user_schema;
    source->clock = lt_clock_system();
    int size_bytes = snprintf(source->base.description, sizeof source->base.description,
                              "MemoryStream[%u columns]", user_schema->field_count);
    lt_assert(size_bytes > 0);
    code = create_rows(source, options, error);
    if (code != 0) {
        free(source);
        return lt_error_append(error, "source memory");
    }
    *out = &source->base;
    return 0;
}

const struct lt_source_type lt_memory_source_type = {
    .name = "memory",
    .doc = "Rows that the program itself puts in.",
    .traits = LT_SOURCE_BOUNDED | LT_SOURCE_CONTINUOUS | LT_SOURCE_OF_PROGRAM |
              LT_SOURCE_IN_BATCHES,
    .options = option_table,
    .option_count = OPTION_COUNT,
    .bind = memory_bind,
};
