/*
 * Feeds: rows out.
 *
 * A record is found, then a row is claimed for it, then it is read; only when its row has been
 * taken is the record consumed. So a feed that finds no row, or a record whose rest has not come,
 * has lost nothing and tries again.
 *
 * One row is held back until the next is there, so that the last one at hand can be told.
 *
 * Where rows go to an operator that tells of records before they are rows (a filter), those that it
 * would leave out are none: for them it is enough to know where they end.
 *
 * Rows of a record that has several are gathered until the last one of them is read, and emitted
 * together: a marker can then only come between records. Should one record need more rows than all
 * the lane has, more are made: it could never be emitted otherwise.
 */
#include "io/feed_internal.h"

#include <inttypes.h>

enum { LEFT_OUT_EACH = 4 /* records that take as long as one that becomes a row */ };

/* The record's bytes stand in the first of the row's scratch, where the source's `original` finds
 * them. */
static struct lt_bytes *record_of(struct lt_row *row)
{
    return (struct lt_bytes *)(void *)((char *)row + row->pool->scratch_offset_bytes);
}

struct lt_bytes lt_feed_record(struct lt_row *root)
{
    return *record_of(root);
}

void lt_feed_original(struct lt_row *root, struct lt_row *into, struct lt_original *out)
{
    (void)into;
    *out = (struct lt_original){.value = record_of(root)};
}

void *lt_feed_token(const struct lt_row *row)
{
    const struct lt_row *hold = row->parent;
    while (hold != NULL && hold->kind != LT_ROW_HOLD)
        hold = hold->parent;
    const struct lt_feed_span *span = hold == NULL ? NULL : hold->origin;
    return span != NULL && span->is_piece ? span->token : NULL;
}

/* Keeps one row back, so that the last one can be marked. */
struct emission {
    struct lt_out *out;
    struct lt_row *held;
    uint32_t count;
    uint32_t left_out; /* records that became no row */
};

static inline void emit(struct emission *emission, struct lt_row *row)
{
    if (lt_likely(emission->held != NULL))
        emission->out->emit(emission->out, emission->held);
    emission->held = row;
    emission->count++;
}

/* ------------------------------------------------------------------------------------- records */

static bool fail(struct lt_feed *feed, const struct lt_error *error)
{
    if (error != &feed->error)
        feed->error = *error;
    (void)lt_error_append(&feed->error, "at byte %" PRId64, feed->position);
    feed->has_failed = true;
    return false;
}

/* The next record into feed->frame. */
static inline bool find_frame(struct lt_feed *feed)
{
    while (lt_likely(!feed->has_frame)) {
        enum lt_frame_result result =
            lt_frame_next(feed->framing, &feed->cursor, &feed->frame, &feed->error);
        feed->has_frame = result == LT_FRAME_RECORD;
        if (lt_unlikely(result == LT_FRAME_BROKEN))
            return fail(feed, &feed->error);
        if (lt_unlikely(result == LT_FRAME_NEED_MORE) && !lt_feed_advance(feed))
            return false;
    }
    return true;
}

static struct lt_bytes bytes_of(const struct lt_feed *feed)
{
    const uint8_t *end = feed->frame.data + feed->frame.size_bytes;
    size_t padding = feed->span == NULL ? 0 : (size_t)(feed->span->end - end);
    return (struct lt_bytes){
        .data = feed->frame.data,
        .size_bytes = (uint32_t)feed->frame.size_bytes,
        .padding_bytes = padding < UINT32_MAX ? (uint32_t)padding : UINT32_MAX,
    };
}

/* All rows there are belong to the record that is being read: makes as many again. */
static struct lt_row *claim_extra(struct lt_feed *feed)
{
    struct lt_feed_store *store = feed->store;
    for (uint32_t i = 0; i < store->extra_count; i++) {
        struct lt_row *row = lt_row_claim(store->extra[i]);
        if (row != NULL)
            return row;
    }
    uint32_t most = sizeof store->extra / sizeof store->extra[0];
    if (feed->gathered_count < store->gathered_capacity || store->extra_count == most)
        return NULL;
    const struct lt_row_pool_options options = {.column_count = store->options.column_count,
                                                .capacity = (uint32_t)store->gathered_capacity,
                                                .scratch_size_bytes = sizeof(struct lt_bytes),
                                                .is_shared = store->options.is_shared};
    struct lt_row_pool **extra = &store->extra[store->extra_count];
    if (lt_row_pool_create(&options, extra, &feed->error) != LT_OK) {
        (void)fail(feed, &feed->error);
        return NULL;
    }
    store->extra_count++;
    store->gathered_capacity *= 2;
    return lt_row_claim(*extra);
}

/* A row for the record at hand, which it holds; NULL: starved. */
static inline struct lt_row *claim(struct lt_feed *feed)
{
    struct lt_row *row = lt_row_claim(feed->store->rows);
    if (lt_unlikely(row == NULL)) {
        row = claim_extra(feed);
        if (row == NULL) {
            feed->is_starved = true;
            return NULL;
        }
    }
    struct lt_bytes *record = record_of(row);
    row->scratch_used_bytes = sizeof *record;
    *record = bytes_of(feed);
    row->source_partition = feed->store->options.partition;
    row->source_offset = feed->position;
    return row;
}

/* The row belongs to those that are read. */
static inline void finish(struct lt_feed *feed, struct lt_row *row)
{
    if (lt_likely(row->parent == NULL)) /* else the record's first row, which holds it */
        row->parent = lt_feed_hold(feed);
    row->ingest_ns = feed->span == NULL ? lt_clock_now_ns(feed->store->options.clock)
                                        : feed->span->arrived_ns;
    if (feed->store->options.complete != NULL)
        feed->store->options.complete(feed->context, row);
}

static void fail_row(struct lt_feed *feed, struct emission *emission, struct lt_row *row,
                     struct lt_fault *fault)
{
    finish(feed, row);
    if (emission->held != NULL)
        emission->out->emit(emission->out, emission->held);
    emission->held = NULL;
    emission->count++;
    emission->out->fail(emission->out, row, fault);
}

/* ---------------------------------------------------------------------- records of several rows */

static void gather(struct lt_feed *feed, struct lt_row *row)
{
    finish(feed, row);
    row->node.next = NULL;
    if (feed->last_gathered != NULL)
        feed->last_gathered->node.next = &row->node;
    else
        feed->first_gathered = row;
    feed->last_gathered = row;
    feed->gathered_count++;
    feed->store->gatherer = feed;
}

static struct lt_row *take_gathered(struct lt_feed *feed)
{
    struct lt_row *row = feed->first_gathered;
    if (row == NULL)
        return NULL;
    feed->first_gathered = (struct lt_row *)(void *)row->node.next;
    if (feed->first_gathered == NULL) {
        feed->last_gathered = NULL;
        feed->gathered_count = 0;
        feed->store->gatherer = NULL;
    }
    return row;
}

void lt_feed_drop_gathered(struct lt_feed *feed)
{
    if (feed->first_gathered == NULL)
        return;
    lt_format_reader_reset(feed->store->options.reader);
    for (struct lt_row *row; (row = take_gathered(feed)) != NULL;)
        lt_row_release(row);
}

static void emit_gathered(struct lt_feed *feed, struct emission *emission)
{
    for (struct lt_row *row; (row = take_gathered(feed)) != NULL;)
        emit(emission, row);
}

/* --------------------------------------------------------------------------------- the preview */

static void ask_preview(struct lt_feed *feed, struct lt_out *out)
{
    const struct lt_feed_store *store = feed->store;
    enum lt_record_form form;
    feed->out = out;
    feed->preview = NULL;
    if (out->preview != NULL && lt_format_reader_form(store->options.reader, &form))
        feed->preview =
            out->preview(out, form, lt_format_reader_columns(store->options.reader));
}

/* One search serves all records up to where it ended. */
static inline bool is_without(struct lt_feed *feed)
{
    struct lt_frame_cursor *cursor = &feed->cursor;
    if (cursor->found <= cursor->begin)
        cursor->found =
            (size_t)(feed->preview->find(feed->preview, cursor->data + cursor->begin,
                                         cursor->data + cursor->size) -
                     cursor->data);
    return cursor->begin + feed->frame.used_bytes <= cursor->found;
}

/* Would the record at hand be left out? */
static inline bool is_left_out(struct lt_feed *feed)
{
    if (feed->first_gathered != NULL) /* it is half read */
        return false;
    struct lt_preview *preview = feed->preview;
    bool is_one = feed->is_plain || (feed->frame.size_bytes > 0 && feed->frame.data[0] == '{');
    if (preview->find != NULL && is_one && is_without(feed))
        return true;
    if (preview->leaves_out == NULL)
        return false;
    const struct lt_bytes record = bytes_of(feed);
    return preview->leaves_out(preview, &record);
}

/* ------------------------------------------------------------------------------------- polling */

/* Reads the record that was found. False: nothing more can be read now. */
static bool read_record(struct lt_feed *feed, struct emission *emission)
{
    struct lt_format_reader *reader = feed->store->options.reader;
    enum lt_format_result result;
    do {
        struct lt_fault *fault = NULL;
        struct lt_row *row = claim(feed);
        if (row == NULL)
            return false;
        result = lt_format_read(reader, &feed->stream, bytes_of(feed), row, &fault);
        if (lt_likely(result == LT_FORMAT_ROW && feed->first_gathered == NULL)) {
            finish(feed, row);
            emit(emission, row);
        } else if (result == LT_FORMAT_ROW || result == LT_FORMAT_MORE) {
            gather(feed, row);
        } else if (result == LT_FORMAT_FAILED) {
            emit_gathered(feed, emission);
            fail_row(feed, emission, row, fault);
        } else {
            lt_row_release(row);
        }
    } while (result == LT_FORMAT_MORE);
    emit_gathered(feed, emission);
    if (result == LT_FORMAT_BROKEN)
        return fail(feed, lt_format_reader_error(reader));
    lt_feed_consume(feed);
    return true;
}

static inline bool read_plain(struct lt_feed *feed, struct emission *emission)
{
    struct lt_row *row = claim(feed);
    if (lt_unlikely(row == NULL))
        return false;
    lt_row_values(row)[0].bytes = *record_of(row);
    finish(feed, row);
    emit(emission, row);
    lt_feed_consume(feed);
    return true;
}

static inline bool emit_next(struct lt_feed *feed, struct emission *emission)
{
    if (lt_unlikely(!find_frame(feed)))
        return false;
    if (feed->preview != NULL && is_left_out(feed)) {
        emission->left_out++;
        feed->stream.is_at_begin = false;
        lt_feed_consume(feed);
        return true;
    }
    if (lt_likely(feed->is_plain && !feed->stream.is_at_begin))
        return read_plain(feed, emission);
    struct lt_feed *gatherer = feed->store->gatherer;
    if (lt_unlikely(gatherer != NULL && gatherer != feed)) { /* the reader is in its record */
        feed->is_starved = true;
        return false;
    }
    return read_record(feed, emission);
}

bool lt_feed_has_more(struct lt_feed *feed)
{
    return !feed->has_failed && find_frame(feed);
}

static enum lt_poll_status status_of(const struct lt_feed *feed, bool has_more)
{
    if (feed->has_failed)
        return LT_POLL_FAILED;
    if (feed->is_starved)
        return LT_POLL_IDLE;
    if (has_more)
        return LT_POLL_MORE;
    return feed->has_ended ? LT_POLL_ENDED : LT_POLL_IDLE;
}

static void tell_counters(struct lt_feed_store *store)
{
    struct lt_format_counters now = lt_format_reader_counters(store->options.reader);
    lt_counter_add(store->malformed, now.malformed - store->told.malformed);
    lt_counter_add(store->dropped, now.dropped - store->told.dropped);
    store->told = now;
}

uint32_t lt_feed_poll(struct lt_feed *feed, struct lt_out *out, uint32_t limit,
                      enum lt_poll_status *status)
{
    struct emission emission = {.out = out};
    if (lt_unlikely(feed->out != out))
        ask_preview(feed, out);
    lt_feed_reclaim(feed);
    feed->is_starved = false;
    bool goes_on = !feed->has_failed;
    while (goes_on && emission.count < limit && emission.left_out < LEFT_OUT_EACH * limit)
        goes_on = emit_next(feed, &emission);
    bool has_more = goes_on && lt_feed_has_more(feed);
    if (emission.held != NULL) {
        if (!has_more && !feed->is_starved && !feed->expects_more)
            emission.held->flags |= LT_ROW_END_OF_BATCH;
        out->emit(out, emission.held);
    }
    if (emission.left_out > 0)
        feed->preview->count(feed->preview, emission.left_out);
    if (feed->store->malformed != NULL)
        tell_counters(feed->store);
    *status = status_of(feed, has_more);
    return emission.count + emission.left_out;
}
