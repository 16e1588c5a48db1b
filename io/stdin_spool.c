/*
 * With a spool: bytes are read into a block until it has whole records. Those go into the spool, as
 * one chunk, and into the feed, which borrows the block; what is left of an unfinished record
 * begins the next block. So the feed's position is the spool's, and what the reader has handed on
 * is what it can read again.
 *
 * Before all of that, when the reader is opened, the spool is read again from the reader's
 * position. Nothing is read from the pipe meanwhile: its writer waits.
 *
 * A spool without room stops the reading, and so the writer at the other end of the pipe.
 *
 * A reader that is stopped may have read more than it has handed on. The whole records of that go
 * into the spool; what is left is the next reader's of this process, or lost with it, and told.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "io/stdin_internal.h"

enum {
    BLOCK_BYTES = 64 * 1024,
    READ_BYTES_LEAST = 4 * 1024, /* of a block: less room is too little to read to */
    CHUNK_HEAD_BYTES = LT_SPOOL_CHUNK_BYTES + LT_SPOOL_ORIGIN_MAX,
};

/* A block that is read into, or one of the spool's. */
struct block {
    char *data;
    size_t capacity;
    void *hold; /* the spool's; NULL: `data` is the block's own */
    struct block *next;
};

struct lt_stdin_intake {
    struct lt_stdin_reader *reader;
    struct lt_spool *spool;
    struct lt_spool_replay *replay; /* NULL: through */
    uint64_t from, until;
    struct block *filling; /* its records begin at byte 0, and the cursor stands there */
    struct lt_frame_cursor cursor;
    bool has_news; /* bytes that were not looked at */
    bool has_fed_end;
    struct block *spare;
    uint32_t lent_count; /* blocks that rows hold */
};

static const struct lt_framing *framing_of(const struct lt_stdin_intake *intake)
{
    return &intake->reader->source->format->framing;
}

/* --------------------------------------------------------------------------------------- blocks */

static struct block *take_block(struct lt_stdin_intake *intake, size_t wanted_bytes)
{
    struct block *block = intake->spare;
    if (block != NULL)
        intake->spare = block->next;
    else
        block = lt_alloc(sizeof *block);
    if (block->capacity < wanted_bytes) {
        free(block->data);
        block->capacity = wanted_bytes < BLOCK_BYTES ? BLOCK_BYTES : wanted_bytes;
        block->data = lt_alloc(block->capacity);
    }
    block->next = NULL;
    return block;
}

static void keep_block(struct lt_stdin_intake *intake, struct block *block)
{
    if (block->capacity > BLOCK_BYTES) { /* a giant's */
        free(block->data);
        block->data = NULL;
        block->capacity = 0;
    }
    block->next = intake->spare;
    intake->spare = block;
}

void lt_stdin_intake_release(void *context, void *piece)
{
    struct lt_stdin_intake *intake = context;
    struct block *block = piece;
    intake->lent_count--;
    if (block->hold == NULL) {
        keep_block(intake, block);
        return;
    }
    lt_spool_replay_release(block->hold);
    free(block);
}

static void give(struct lt_stdin_intake *intake, struct block *block, const char *data,
                 size_t size_bytes)
{
    intake->lent_count++;
    lt_feed_give(intake->reader->feed, data, size_bytes, block);
}

/* --------------------------------------------------------------------------------------- replay */

static void give_chunk(struct lt_stdin_intake *intake, const struct lt_spool_chunk *chunk,
                       void *hold)
{
    const char *data;
    size_t size_bytes = lt_spool_chunk_part(chunk, intake->from, intake->until, &data);
    struct block *block = lt_alloc(sizeof *block);
    block->hold = hold;
    give(intake, block, data, size_bytes);
}

/* A work count; -1 and *error. */
static int replay(struct lt_stdin_intake *intake, struct lt_error *error)
{
    struct lt_spool_chunk chunk;
    void *hold;
    int work = 0;
    while (intake->replay != NULL && intake->lent_count < LT_STDIN_PIECES) {
        switch (lt_spool_replay_next(intake->replay, &chunk, &hold, error)) {
        case LT_REPLAY_WAIT:
            return work;
        case LT_REPLAY_FAILED:
            return -1;
        case LT_REPLAY_END:
            lt_spool_replay_destroy(intake->replay);
            intake->replay = NULL;
            return work + 1;
        case LT_REPLAY_CHUNK:
            if (chunk.first.byte >= intake->until)
                lt_spool_replay_release(hold);
            else
                give_chunk(intake, &chunk, hold);
            work++;
        }
    }
    return work;
}

/* ----------------------------------------------------------------------------------- handing on */

/* Records in front of the cursor, that many, go into the spool. */
static void append(struct lt_stdin_intake *intake, uint32_t count)
{
    char *data = intake->filling->data;
    size_t whole = intake->cursor.begin;
    lt_spool_end_line(framing_of(intake), data, whole);
    const struct lt_spool_chunk chunk = {
        .wall_us = lt_clock_wall_us(intake->reader->clock),
        .record_count = count,
        .size_bytes = (uint32_t)whole,
        .data = data,
    };
    lt_spool_append(intake->spool, &chunk);
}

/* They go into the spool and the feed. */
static void hand_on(struct lt_stdin_intake *intake, uint32_t count)
{
    struct block *block = intake->filling;
    size_t whole = intake->cursor.begin, rest = intake->cursor.size - whole;
    append(intake, count);
    intake->filling = take_block(intake, rest + READ_BYTES_LEAST);
    if (rest > 0)
        memcpy(intake->filling->data, block->data + whole, rest);
    lt_frame_cursor_move(&intake->cursor, intake->filling->data, rest);
    give(intake, block, block->data, whole);
}

/* The whole records at hand; those in front of what is broken, too. */
static int hand_on_whole(struct lt_stdin_intake *intake, struct lt_error *error)
{
    bool is_broken;
    uint32_t count =
        lt_spool_count_records(framing_of(intake), &intake->cursor, &is_broken, error);
    if (count > 0)
        hand_on(intake, count);
    return is_broken ? -1 : 1;
}

static void grow_block(struct lt_stdin_intake *intake, size_t capacity)
{
    struct block *block = intake->filling;
    block->data = lt_realloc_array(block->data, capacity, 1);
    block->capacity = capacity;
    intake->cursor.data = (const uint8_t *)block->data;
}

/* What is left at the end: a line without its break is given one; anything else is cut off. */
static void end_last(struct lt_stdin_intake *intake)
{
    const char *line_break;
    size_t size_bytes = intake->cursor.size;
    size_t break_bytes = lt_frame_line_break(framing_of(intake), &line_break);
    if (break_bytes > 0) {
        if (intake->filling->capacity < size_bytes + break_bytes)
            grow_block(intake, size_bytes + break_bytes);
        memcpy(intake->filling->data + size_bytes, line_break, break_bytes);
        intake->cursor.size += break_bytes;
    } else {
        intake->cursor.is_end = true;
    }
}

static bool spool_has_room(const struct lt_stdin_intake *intake)
{
    return lt_spool_has_room(intake->spool, intake->cursor.size + CHUNK_HEAD_BYTES);
}

static bool has_room(const struct lt_stdin_intake *intake)
{
    return intake->lent_count < LT_STDIN_PIECES && spool_has_room(intake);
}

static bool has_last(const struct lt_stdin_intake *intake)
{
    return intake->reader->source->has_ended && intake->cursor.size > 0;
}

static int take_in(struct lt_stdin_intake *intake, struct lt_error *error)
{
    if (intake->has_news) {
        intake->has_news = false;
        return hand_on_whole(intake, error);
    }
    if (!has_last(intake))
        return 0;
    end_last(intake);
    return hand_on_whole(intake, error);
}

static bool wants_to_take(const struct lt_stdin_intake *intake)
{
    return intake->replay == NULL && intake->until == INT64_MAX &&
           (intake->has_news || has_last(intake)) && has_room(intake);
}

/* -------------------------------------------------------------------------------------- reading */

char *lt_stdin_intake_space(struct lt_stdin_intake *intake, uint32_t *size_bytes)
{
    if (intake->replay != NULL || intake->has_news || intake->until != INT64_MAX)
        return NULL;
    if (intake->filling->capacity - intake->cursor.size < READ_BYTES_LEAST)
        grow_block(intake, 2 * intake->filling->capacity);
    size_t room = intake->filling->capacity - intake->cursor.size;
    *size_bytes = room > INT32_MAX ? INT32_MAX : (uint32_t)room;
    return intake->filling->data + intake->cursor.size;
}

void lt_stdin_intake_filled(struct lt_stdin_intake *intake, size_t size_bytes)
{
    intake->cursor.size += size_bytes;
    intake->has_news = intake->has_news || size_bytes > 0;
}

int lt_stdin_intake_poll(struct lt_stdin_intake *intake, struct lt_error *error)
{
    int work = intake->replay != NULL ? replay(intake, error) : 0;
    while (work >= 0 && wants_to_take(intake)) {
        int taken = take_in(intake, error);
        work = taken < 0 ? -1 : work + taken;
    }
    int spooled = work < 0 ? 0 : lt_spool_poll(intake->spool, error);
    if (work < 0 || spooled < 0)
        return -1;
    if (!intake->has_fed_end && intake->replay == NULL && intake->reader->source->has_ended &&
        intake->cursor.size == 0) {
        intake->has_fed_end = true;
        lt_feed_end(intake->reader->feed);
    }
    return work + spooled;
}

bool lt_stdin_intake_has_more(const struct lt_stdin_intake *intake)
{
    return wants_to_take(intake);
}

int64_t lt_stdin_intake_deadline_ns(const struct lt_stdin_intake *intake)
{
    int64_t retry_ns = LT_NEVER_NS, spool_ns = lt_spool_deadline_ns(intake->spool);
    if (intake->lent_count == LT_STDIN_PIECES) /* other threads let go, and wake nobody */
        retry_ns = lt_clock_now_ns(intake->reader->clock) + LT_FEED_RETRY_NS;
    return retry_ns < spool_ns ? retry_ns : spool_ns;
}

bool lt_stdin_intake_is_over(const struct lt_stdin_intake *intake)
{
    uint64_t position = (uint64_t)lt_feed_position(intake->reader->feed);
    if (intake->until != INT64_MAX)
        return position >= intake->until;
    return intake->has_fed_end && lt_spool_durable(intake->spool) >= position;
}

/* ----------------------------------------------------------------------------------------- life */

struct lt_stdin_intake *lt_stdin_intake_create(struct lt_stdin_reader *reader, int64_t from,
                                               int64_t until)
{
    struct lt_stdin_source *source = reader->source;
    struct lt_stdin_intake *intake = lt_alloc(sizeof *intake);
    intake->reader = reader;
    intake->spool = source->spool;
    intake->from = (uint64_t)from;
    intake->until = (uint64_t)until;
    intake->filling = take_block(intake, source->rest_bytes + READ_BYTES_LEAST);
    if (source->rest_bytes > 0)
        memcpy(intake->filling->data, source->rest, source->rest_bytes);
    lt_frame_cursor_set(&intake->cursor, intake->filling->data, 0, source->rest_bytes);
    intake->has_news = source->rest_bytes > 0;
    lt_spool_attach(intake->spool, reader->reactor, reader->clock);
    intake->replay = lt_spool_replay_create(intake->spool, intake->from);
    return intake;
}

/* Waits for groups that are on their way, which take up room, and lets go of released segments. */
static bool make_room(struct lt_stdin_intake *intake)
{
    struct lt_error error;
    int work;
    do { /* bounded by the segments */
        lt_spool_flush(intake->spool);
        if (spool_has_room(intake))
            return true;
        work = lt_spool_poll(intake->spool, &error);
    } while (work > 0);
    return false;
}

/* What was read and not handed on: whole records are for whoever reads the spool next, which may be
 * another process. What is broken is told when it is met again, or was. */
static void spool_whole(struct lt_stdin_intake *intake)
{
    bool is_broken;
    struct lt_error error;
    uint32_t count =
        lt_spool_count_records(framing_of(intake), &intake->cursor, &is_broken, &error);
    bool has_rest = intake->cursor.begin < intake->cursor.size;
    if (!is_broken && has_rest && intake->reader->source->has_ended) {
        end_last(intake);
        count += lt_spool_count_records(framing_of(intake), &intake->cursor, &is_broken, &error);
    }
    if (count > 0)
        append(intake, count);
}

void lt_stdin_intake_stop(struct lt_stdin_intake *intake)
{
    struct lt_stdin_source *source = intake->reader->source;
    lt_spool_replay_destroy(intake->replay);
    intake->replay = NULL;
    bool is_wanted = intake->until == INT64_MAX && intake->cursor.size > 0;
    bool has_made_room = is_wanted && make_room(intake);
    source->lacked_room = is_wanted && !has_made_room;
    if (has_made_room)
        spool_whole(intake);
    free(source->rest);
    source->rest_bytes = intake->cursor.size - intake->cursor.begin;
    source->rest = source->rest_bytes > 0 ? lt_alloc(source->rest_bytes) : NULL;
    if (source->rest_bytes > 0)
        memcpy(source->rest, intake->filling->data + intake->cursor.begin, source->rest_bytes);
    lt_spool_detach(intake->spool);
}

static void free_block(struct block *block)
{
    free(block->data);
    free(block);
}

void lt_stdin_intake_destroy(struct lt_stdin_intake *intake)
{
    if (intake == NULL)
        return;
    lt_assert(intake->lent_count == 0);
    free_block(intake->filling);
    while (intake->spare != NULL) {
        struct block *next = intake->spare->next;
        free_block(intake->spare);
        intake->spare = next;
    }
    free(intake);
}
