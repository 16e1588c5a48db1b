/*
 * Feeds: bytes in.
 *
 * The cursor of a feed stands on one span: a block that is read into, a piece that was lent, or,
 * where a record lies across pieces, a block that the record is put together in (the carry). A span
 * is held by one reference of the feed's and one of each row; references for rows are taken in
 * advance, 256 at a time, so that a shared lane does not pay for each.
 *
 * A piece with an unfinished record is copied into a carry at once and given back: a slow sender
 * must not keep the reactor's buffers. To the carry bytes of the next piece are added, as many as
 * it has already, until the record is complete; then the cursor goes to the piece, behind the
 * record, and what was copied too much is read there.
 *
 * A feed may always have one block; more than that are had while rows hold no more than block_max,
 * so that feeds that share them never wait for each other's unfinished records.
 */
#include "io/feed.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/limits.h"
#include "io/feed_internal.h"

enum {
    CREDIT = 256,           /* references taken at a time */
    FEEDS_MAX = 128 * 1024, /* that share a store */
    BLOCKS_MAX = 64 * 1024,
    CARRY_BYTES_MIN = 4096,
    SMALL_ROOM = 8, /* one part of so many of a block is too little to read to, if there is more */
    PAGE_BYTES = 4096,
};

/* --------------------------------------------------------------------------------------- spans */

/* on: owner, when the last row of it is home. */
static void release_span(void *context, struct lt_row *hold)
{
    struct lt_feed_store *store = context;
    struct lt_feed_span *span = hold->origin;
    span->hold = NULL;
    if (span->is_piece) {
        store->options.on_piece_release(store->options.context, span->token);
        span->next = store->free_pieces;
        store->free_pieces = span;
        return;
    }
    if (span->capacity > store->options.block_size_bytes) {
        free(span->data);
        span->data = NULL;
        span->capacity = 0;
    }
    store->block_count--;
    span->next = store->free_blocks;
    store->free_blocks = span;
}

static void add_references(struct lt_feed_store *store, struct lt_row *hold, uint32_t count)
{
    if (store->options.is_shared)
        lt_add_u32(&hold->references, count);
    else
        hold->references.value += count;
}

struct lt_row *lt_feed_hold(struct lt_feed *feed)
{
    struct lt_feed_span *span = feed->span;
    if (lt_unlikely(span == NULL)) /* a record of no bytes */
        return NULL;
    if (lt_unlikely(span->credit == 0)) {
        add_references(feed->store, span->hold, CREDIT);
        span->credit = CREDIT;
    }
    span->credit--;
    return span->hold;
}

static void let_go(struct lt_feed_store *store, struct lt_feed_span *span)
{
    if (span == NULL)
        return;
    add_references(store, span->hold, 0 - span->credit); /* the feed's own one is left */
    span->credit = 0;
    lt_row_release(span->hold);
}

/* No row needs it. */
static bool is_alone(const struct lt_feed_span *span)
{
    /* acquire: pairs with the release by the last row's holder; its reads of the bytes are over. */
    return lt_load_acquire_u32(&span->hold->references) == span->credit + 1;
}

static void put_in_use(struct lt_feed_store *store, struct lt_feed_span *span)
{
    struct lt_row *hold = lt_row_claim(store->holds);
    lt_assert(hold != NULL); /* there are as many as spans */
    hold->kind = LT_ROW_HOLD;
    hold->origin = span;
    span->hold = hold;
    span->credit = 0;
    span->next = NULL;
}

static bool make_memory(struct lt_feed_span *span, size_t capacity)
{
    if (span->capacity >= capacity)
        return true;
    free(span->data);
    span->capacity = 0;
    span->data = malloc(capacity + LT_FEED_PADDING_BYTES);
    if (span->data == NULL)
        return false;
    memset(span->data + capacity, 0, LT_FEED_PADDING_BYTES);
    span->capacity = capacity;
    span->end = span->data + capacity + LT_FEED_PADDING_BYTES;
    return true;
}

static struct lt_feed_span *no_memory(struct lt_feed *feed, size_t size_bytes)
{
    (void)lt_error_set(&feed->error, LT_E_LIMIT,
                       "no memory for %zu bytes of a record; hint: the option maxRecordBytes sets "
                       "a limit",
                       size_bytes);
    feed->has_failed = true;
    return NULL;
}

/* A block of at least so many bytes; NULL: rows hold all of them, or there is no memory. */
static struct lt_feed_span *take_block(struct lt_feed *feed, size_t capacity)
{
    struct lt_feed_store *store = feed->store;
    if (store->block_count >= store->block_max + store->feed_count) {
        feed->is_starved = true;
        return NULL;
    }
    if (capacity < store->options.block_size_bytes)
        capacity = store->options.block_size_bytes;
    struct lt_feed_span *span = store->free_blocks;
    if (span != NULL)
        store->free_blocks = span->next;
    else
        span = lt_alloc(sizeof *span);
    if (!make_memory(span, (capacity + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES)) {
        span->next = store->free_blocks;
        store->free_blocks = span;
        return no_memory(feed, capacity);
    }
    store->block_count++;
    put_in_use(store, span);
    return span;
}

/* -------------------------------------------------------------------------- blocks to read to */

/* The unread bytes go on in a new block that has room for `wanted` more. */
static bool change_block(struct lt_feed *feed, size_t wanted)
{
    struct lt_frame_cursor *cursor = &feed->cursor;
    size_t tail = cursor->size - cursor->begin;
    struct lt_feed_span *next = take_block(feed, tail + (wanted > tail ? wanted : tail));
    if (next == NULL)
        return false;
    if (tail > 0)
        memcpy(next->data, cursor->data + cursor->begin, tail);
    lt_frame_cursor_move(cursor, next->data, tail);
    feed->has_frame = false; /* it is found again, where it is now */
    if (feed->span != NULL) {
        next->arrived_ns = feed->span->arrived_ns;
        let_go(feed->store, feed->span);
    }
    feed->span = next;
    return true;
}

static size_t room_of(const struct lt_feed *feed)
{
    return feed->span == NULL ? 0 : feed->span->capacity - feed->cursor.size;
}

/* Bytes before the cursor are used again, if no row needs them. */
static void move_to_front(struct lt_feed *feed)
{
    struct lt_frame_cursor *cursor = &feed->cursor;
    size_t tail = cursor->size - cursor->begin;
    if (cursor->begin == 0 || tail > feed->span->capacity / 2 || !is_alone(feed->span))
        return;
    memmove(feed->span->data, cursor->data + cursor->begin, tail);
    lt_frame_cursor_move(cursor, feed->span->data, tail);
    feed->has_frame = false;
}

struct lt_feed_space lt_feed_space(struct lt_feed *feed, size_t wanted)
{
    feed->is_starved = false;
    lt_debug_assert(feed->first_piece == NULL);
    lt_feed_reclaim(feed);
    if (feed->has_failed || feed->first_gathered != NULL) /* its record stays where it is */
        return (struct lt_feed_space){NULL, 0};
    bool is_empty = feed->cursor.begin == feed->cursor.size;
    size_t useful = feed->store->options.block_size_bytes / SMALL_ROOM;
    useful = useful > wanted ? useful : wanted;
    if (feed->span != NULL && (is_empty || room_of(feed) < useful))
        move_to_front(feed);
    if (room_of(feed) < useful && !change_block(feed, useful) && room_of(feed) < wanted)
        return (struct lt_feed_space){NULL, 0};
    feed->is_starved = false;
    return (struct lt_feed_space){feed->span->data + feed->cursor.size, room_of(feed)};
}

void lt_feed_filled(struct lt_feed *feed, size_t size_bytes)
{
    if (size_bytes == 0)
        return;
    lt_assert(size_bytes <= room_of(feed));
    feed->cursor.size += size_bytes;
    feed->span->arrived_ns = lt_clock_now_ns(feed->store->options.clock);
}

/* -------------------------------------------------------------------------------------- pieces */

static void stand_on_piece(struct lt_feed *feed, struct lt_feed_span *piece)
{
    lt_frame_cursor_set(&feed->cursor, piece->data, piece->begin, piece->size);
    feed->cursor.is_end = feed->store->options.pieces_are_apart;
    feed->span = piece;
    feed->is_carry = false;
}

static struct lt_feed_span *pop_piece(struct lt_feed *feed)
{
    struct lt_feed_span *piece = feed->first_piece;
    feed->first_piece = piece->next;
    if (feed->first_piece == NULL)
        feed->last_piece = NULL;
    feed->waiting_bytes -= piece->size - piece->begin;
    piece->next = NULL;
    return piece;
}

void lt_feed_give(struct lt_feed *feed, const void *data, size_t size_bytes, void *piece_token)
{
    struct lt_feed_store *store = feed->store;
    struct lt_feed_span *piece = store->free_pieces;
    lt_assert(piece != NULL); /* else more are lent than piece_capacity */
    store->free_pieces = piece->next;
    *piece = (struct lt_feed_span){.data = (uint8_t *)(uintptr_t)data,
                                   .end = (const uint8_t *)data + size_bytes,
                                   .token = piece_token,
                                   .is_piece = true,
                                   .size = size_bytes,
                                   .arrived_ns = lt_clock_now_ns(store->options.clock)};
    put_in_use(store, piece);
    if (size_bytes == 0 && feed->framing->kind != LT_FRAME_DATAGRAM) {
        let_go(store, piece);
        return;
    }
    if (feed->last_piece != NULL)
        feed->last_piece->next = piece;
    else
        feed->first_piece = piece;
    feed->last_piece = piece;
    feed->waiting_bytes += size_bytes;
}

static void leave_span(struct lt_feed *feed)
{
    let_go(feed->store, feed->span);
    feed->span = NULL;
    feed->is_carry = false;
    lt_frame_cursor_set(&feed->cursor, NULL, 0, 0);
    feed->cursor.is_spent = true;
}

/* What the piece at hand has of an unfinished record goes into a carry. */
static bool begin_carry(struct lt_feed *feed)
{
    if (feed->is_carry)
        return true;
    if (!change_block(feed, CARRY_BYTES_MIN))
        return false;
    feed->is_carry = true;
    return true;
}

/* Adds bytes of the first piece that waits to the carry. */
static bool add_to_carry(struct lt_feed *feed)
{
    struct lt_feed_span *piece = feed->first_piece;
    size_t tail = feed->cursor.size - feed->cursor.begin, left = piece->size - piece->begin;
    size_t count = tail > CARRY_BYTES_MIN ? tail : CARRY_BYTES_MIN;
    count = count < left ? count : left;
    if (room_of(feed) < count && !change_block(feed, count))
        return false;
    memcpy(feed->span->data + feed->cursor.size, piece->data + piece->begin, count);
    feed->span->arrived_ns = piece->arrived_ns;
    feed->cursor.size += count;
    piece->begin += count;
    feed->waiting_bytes -= count;
    return true; /* copied to its end it waits on: the record may have ended within it */
}

/* The record across pieces is through: on in the piece that it ended in. */
static void leave_carry(struct lt_feed *feed)
{
    size_t surplus = feed->cursor.size - feed->cursor.begin;
    struct lt_feed_span *piece = feed->first_piece;
    if (surplus > (piece == NULL ? 0 : piece->begin))
        return; /* it has bytes of a piece that is gone: on in the carry */
    if (piece != NULL) {
        piece->begin -= surplus;
        feed->waiting_bytes += surplus;
    }
    leave_span(feed);
}

bool lt_feed_advance(struct lt_feed *feed)
{
    size_t tail = feed->cursor.size - feed->cursor.begin;
    bool is_of_pieces = feed->span != NULL && (feed->span->is_piece || feed->is_carry);
    if (tail > 0 && feed->first_piece != NULL && feed->first_piece->begin > 0 &&
        feed->first_piece->begin == feed->first_piece->size)
        let_go(feed->store, pop_piece(feed)); /* all of it is in the carry */
    if (feed->first_piece == NULL) {
        if (is_of_pieces && tail == 0)
            leave_span(feed);
        else if (is_of_pieces && !begin_carry(feed))
            return false;
        if (!feed->has_ended || feed->cursor.is_end)
            return false;
        feed->cursor.is_end = true;
        return true;
    }
    if (tail > 0)
        return begin_carry(feed) && add_to_carry(feed);
    leave_span(feed);
    stand_on_piece(feed, pop_piece(feed));
    return true;
}

void lt_feed_consume(struct lt_feed *feed)
{
    feed->cursor.begin += feed->frame.used_bytes;
    feed->cursor.is_spent = true;
    feed->position += feed->frame.used_bytes > 0 ? (int64_t)feed->frame.used_bytes : 1;
    feed->has_frame = false;
    if (lt_unlikely(feed->is_carry))
        leave_carry(feed);
}

/* ------------------------------------------------------------------------------------ the life */

static int create_pools(struct lt_feed_store *store, struct lt_error *error)
{
    const struct lt_feed_options *options = &store->options;
    struct lt_row_pool_options rows = {.column_count = options->column_count,
                                       .capacity = options->row_capacity,
                                       .scratch_size_bytes = sizeof(struct lt_bytes),
                                       .is_shared = options->is_shared};
    struct lt_row_pool_options holds = {
        .capacity = store->block_max + FEEDS_MAX + options->piece_capacity,
        .is_shared = options->is_shared,
        .on_release = release_span,
        .context = store};
    store->gathered_capacity = options->row_capacity;
    int code = lt_row_pool_create(&rows, &store->rows, error);
    return code == LT_OK ? lt_row_pool_create(&holds, &store->holds, error) : code;
}

static void free_spans(struct lt_feed_span *span, bool has_memory)
{
    while (span != NULL) {
        struct lt_feed_span *next = span->next;
        if (has_memory)
            free(span->data);
        free(span);
        span = next;
    }
}

static void destroy_store(struct lt_feed_store *store)
{
    lt_row_pool_destroy(store->rows);
    for (uint32_t i = 0; i < store->extra_count; i++)
        lt_row_pool_destroy(store->extra[i]);
    lt_row_pool_destroy(store->holds); /* and so every span is free */
    free_spans(store->free_blocks, true);
    free_spans(store->free_pieces, false);
    free(store);
}

static struct lt_feed *make_feed(struct lt_feed_store *store, void *context)
{
    const struct lt_format_reader *reader = store->options.reader;
    struct lt_feed *feed = lt_alloc(sizeof *feed);
    feed->store = store;
    feed->context = context;
    feed->framing = lt_format_reader_framing(reader);
    feed->is_plain = lt_format_reader_is_plain(reader);
    store->feed_count++;
    lt_feed_begin(feed, 0);
    return feed;
}

/* Raw bytes and texts are never malformed. */
static void add_counters(struct lt_feed_store *store)
{
    const struct lt_feed_options *options = &store->options;
    char name[128];
    if (options->counters == NULL || lt_format_reader_is_plain(options->reader))
        return;
    (void)snprintf(name, sizeof name, "%smalformed", options->counter_prefix);
    store->malformed = lt_counters_add(options->counters, LT_COUNTER_SUM, name, "records",
                                       "records that the format found malformed");
    (void)snprintf(name, sizeof name, "%smalformed_dropped", options->counter_prefix);
    store->dropped = lt_counters_add(options->counters, LT_COUNTER_SUM, name, "records",
                                     "malformed records that DROPMALFORMED left out");
}

struct lt_feed_options lt_feed_options_of(const struct lt_connector_env *env,
                                          struct lt_format_reader *reader, uint32_t column_count)
{
    return (struct lt_feed_options){
        .reader = reader,
        .clock = env->clock,
        .counters = env->counters,
        .counter_prefix = env->counter_prefix,
        .column_count = column_count,
        .row_capacity = env->lane_rows,
        .bytes_capacity = env->lane_bytes,
        .is_shared = env->is_shared,
    };
}

int lt_feed_create(const struct lt_feed_options *options, struct lt_feed **out,
                   struct lt_error *error)
{
    struct lt_feed_store *store = lt_alloc(sizeof *store);
    *out = NULL;
    store->options = *options;
    if (store->options.block_size_bytes == 0)
        store->options.block_size_bytes = LT_FEED_BLOCK_BYTES;
    uint64_t blocks = options->bytes_capacity / store->options.block_size_bytes;
    store->block_max = blocks < 1 ? 1 : blocks > BLOCKS_MAX ? BLOCKS_MAX : (uint32_t)blocks;
    for (uint32_t i = 0; i < options->piece_capacity; i++) {
        struct lt_feed_span *piece = lt_alloc(sizeof *piece);
        piece->next = store->free_pieces;
        store->free_pieces = piece;
    }
    int code = create_pools(store, error);
    if (code != LT_OK) {
        destroy_store(store);
        return code;
    }
    add_counters(store);
    *out = make_feed(store, options->context);
    return LT_OK;
}

int lt_feed_share(struct lt_feed *feed, void *context, struct lt_feed **out, struct lt_error *error)
{
    *out = NULL;
    if (feed->store->feed_count == FEEDS_MAX)
        return lt_error_set(error, LT_E_LIMIT, "more than %d streams at a time", FEEDS_MAX);
    *out = make_feed(feed->store, context);
    return LT_OK;
}

void lt_feed_begin(struct lt_feed *feed, int64_t position)
{
    lt_feed_drop_gathered(feed);
    if (feed->span != NULL && !feed->span->is_piece && !feed->is_carry) {
        size_t used = is_alone(feed->span) ? 0 : feed->cursor.size; /* the block serves on */
        lt_frame_cursor_set(&feed->cursor, feed->span->data, used, used);
    } else {
        leave_span(feed);
    }
    while (feed->first_piece != NULL)
        let_go(feed->store, pop_piece(feed));
    /* The whole has been given if something of it has; a datagram is a piece. */
    feed->cursor.is_spent = position > 0 || feed->framing->kind == LT_FRAME_DATAGRAM;
    feed->position = position;
    feed->stream.is_at_begin = position == 0;
    feed->has_frame = feed->has_ended = feed->has_failed = feed->is_starved = false;
}

void lt_feed_destroy(struct lt_feed *feed)
{
    if (feed == NULL)
        return;
    struct lt_feed_store *store = feed->store;
    lt_feed_begin(feed, 0);
    let_go(store, feed->span);
    free(feed);
    if (--store->feed_count == 0)
        destroy_store(store);
}

void lt_feed_end(struct lt_feed *feed)
{
    feed->has_ended = true;
}

void lt_feed_expect(struct lt_feed *feed, bool is_more_expected)
{
    feed->expects_more = is_more_expected;
}

void lt_feed_reclaim(struct lt_feed *feed)
{
    if (feed->store->options.is_shared)
        (void)lt_row_pool_reclaim(feed->store->holds);
}

int64_t lt_feed_position(const struct lt_feed *feed)
{
    return feed->position;
}

int64_t lt_feed_end_position(const struct lt_feed *feed)
{
    return feed->position + (int64_t)(feed->cursor.size - feed->cursor.begin + feed->waiting_bytes);
}

bool lt_feed_is_starved(const struct lt_feed *feed)
{
    return feed->is_starved;
}

const struct lt_error *lt_feed_error(const struct lt_feed *feed)
{
    return &feed->error;
}
