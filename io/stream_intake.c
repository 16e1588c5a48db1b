/*
 * With a spool: pieces wait here until the spool has room. Then the whole records of a piece go
 * into the spool, as one chunk, and into the feed; so the feed's position is the spool's, and what
 * the reader has handed on is what it can read again.
 *
 * What a piece has of an unfinished record is kept with its client until the rest has come. A last
 * line that its sender has not ended is given its end, so that it does not run into the next
 * client's; and a record that ended with a lone carriage return is ended with a line feed, since a
 * carriage return may be the first half of a break.
 *
 * Before all of that, when the reader is opened, the spool is read again from the reader's
 * position.
 *
 * Of each chunk a mark remembers whose records it has. When the spool is durable up to the mark,
 * the client is told.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/log.h"
#include "io/stream_internal.h"

enum { CHUNK_HEAD_BYTES = LT_SPOOL_CHUNK_BYTES + LT_SPOOL_ORIGIN_MAX, MARKS_LEAST = 64 };

/* ---------------------------------------------------------------------------------------- marks */

static void grow_marks(struct lt_stream_marks *marks)
{
    uint32_t capacity = marks->capacity == 0 ? MARKS_LEAST : 2 * marks->capacity;
    struct lt_stream_mark *ring = lt_alloc_array(capacity, sizeof *ring);
    for (uint32_t i = 0; i < marks->count; i++)
        ring[i] = marks->ring[(marks->begin + i) & (marks->capacity - 1)];
    free(marks->ring);
    *marks = (struct lt_stream_marks){.ring = ring, .count = marks->count, .capacity = capacity};
}

static void add_mark(struct lt_stream_reader *reader, struct lt_stream_client *client)
{
    struct lt_stream_marks *marks = &reader->marks;
    if (!reader->source->settings.acknowledges || client == NULL)
        return;
    if (marks->count == marks->capacity)
        grow_marks(marks);
    client->references++;
    marks->ring[(marks->begin + marks->count++) & (marks->capacity - 1)] =
        (struct lt_stream_mark){.client = client,
                                .byte = lt_spool_end(reader->source->spool).byte,
                                .record_count = client->record_count};
}

static void tell(struct lt_stream_reader *reader)
{
    struct lt_stream_marks *marks = &reader->marks;
    uint64_t durable = marks->count == 0 ? 0 : lt_spool_durable(reader->source->spool);
    while (marks->count > 0 && marks->ring[marks->begin].byte <= durable) {
        struct lt_stream_mark mark = marks->ring[marks->begin];
        marks->begin = (marks->begin + 1) & (marks->capacity - 1);
        marks->count--;
        lt_stream_client_tell(mark.client, mark.record_count);
        lt_stream_client_release(mark.client);
    }
}

/* ---------------------------------------------------------------------------------------- chunk */

/* Into the spool and the feed; no bytes are one empty record. The piece goes with it. */
static void take_records(struct lt_stream_reader *reader, struct lt_stream_piece *piece, char *data,
                         size_t size_bytes, uint32_t record_count)
{
    struct lt_stream_client *client = piece->client;
    bool is_empty = size_bytes == 0;
    const struct lt_spool_chunk chunk = {
        .wall_us = piece->wall_us,
        .record_count = record_count,
        .size_bytes = is_empty ? 1 : (uint32_t)size_bytes,
        .is_empty = is_empty,
        .origin_size_bytes = (uint16_t)piece->sender_size_bytes,
        .origin = piece->sender,
        .data = is_empty ? "" : data, /* the zero byte stands for it */
    };
    lt_spool_append(reader->source->spool, &chunk);
    if (client != NULL)
        client->record_count += record_count;
    add_mark(reader, client);
    lt_stream_give(reader, reader->feed, piece, data, size_bytes);
}

/* ---------------------------------------------------------------------------------------- split */

static const struct lt_framing *framing_of(const struct lt_stream_client *client)
{
    return &client->reader->source->format->framing;
}

/* As lt_spool_count_records; those in front of what is broken are records, and are told. */
static uint32_t count_records(struct lt_stream_client *client)
{
    struct lt_error error;
    bool is_broken;
    lt_error_clear(&error);
    uint32_t count =
        lt_spool_count_records(framing_of(client), &client->cursor, &is_broken, &error);
    if (is_broken)
        lt_stream_client_refuse(client, error.text);
    return count;
}

/* Keeps what is left behind the cursor for the bytes to come, in the client's own memory. */
static void keep_rest(struct lt_stream_client *client, const char *data)
{
    size_t rest = client->cursor.size - client->cursor.begin;
    if (rest > client->carry_capacity) {
        free(client->carry);
        client->carry_capacity = rest < 4096 ? 4096 : rest;
        client->carry = lt_alloc(client->carry_capacity);
    }
    if (rest > 0)
        memcpy(client->carry, data + client->cursor.begin, rest);
    lt_frame_cursor_move(&client->cursor, client->carry, rest);
}

/* The piece begins a record. */
static void take_fresh(struct lt_stream_client *client, struct lt_stream_piece *piece)
{
    struct lt_stream_reader *reader = client->reader;
    lt_frame_cursor_set(&client->cursor, piece->data, 0, piece->size_bytes);
    uint32_t count = count_records(client);
    size_t whole = client->cursor.begin;
    keep_rest(client, piece->data);
    if (count == 0) {
        lt_stream_free_piece(reader, piece);
        return;
    }
    lt_spool_end_line(framing_of(client), piece->data, whole);
    take_records(reader, piece, piece->data, whole, count);
}

static void grow_carry(struct lt_stream_client *client, size_t wanted)
{
    if (wanted <= client->carry_capacity)
        return;
    size_t capacity = 2 * client->carry_capacity;
    client->carry_capacity = capacity < wanted ? wanted : capacity;
    client->carry = lt_realloc_array(client->carry, client->carry_capacity, 1);
}

/* The memory that records were put together in goes with them; what is left begins another. */
static void take_carry(struct lt_stream_client *client, int64_t wall_us, uint32_t count)
{
    struct lt_stream_piece *piece = lt_stream_new_piece(client->reader);
    char *data = client->carry;
    size_t whole = client->cursor.begin;
    *piece = (struct lt_stream_piece){
        .kind = LT_PIECE_HEAP, .client = client, .hold = data, .wall_us = wall_us};
    client->carry = NULL;
    client->carry_capacity = 0;
    keep_rest(client, data);
    lt_spool_end_line(framing_of(client), data, whole);
    take_records(client->reader, piece, data, whole, count);
}

/* The piece goes on with a record. */
static void take_further(struct lt_stream_client *client, struct lt_stream_piece *piece)
{
    size_t size_bytes = client->cursor.size + piece->size_bytes;
    grow_carry(client, size_bytes);
    memcpy(client->carry + client->cursor.size, piece->data, piece->size_bytes);
    client->cursor.data = (const uint8_t *)client->carry;
    client->cursor.size = size_bytes;
    lt_stream_free_piece(client->reader, piece);
    uint32_t count = count_records(client);
    if (count > 0)
        take_carry(client, client->wall_us, count);
}

/* A last line that has no break gets one. */
static void take_last(struct lt_stream_client *client)
{
    const char *line_break;
    size_t rest = client->cursor.size - client->cursor.begin;
    size_t break_bytes = lt_frame_line_break(framing_of(client), &line_break);
    if (rest > 0 && client->error_number == 0 && break_bytes > 0) {
        grow_carry(client, rest + break_bytes);
        memcpy(client->carry + rest, line_break, break_bytes);
        lt_frame_cursor_set(&client->cursor, client->carry, 0, rest + break_bytes);
        uint32_t count = count_records(client);
        if (count > 0)
            take_carry(client, client->wall_us, count);
    }
}

/* -------------------------------------------------------------------------------------- waiting */

void lt_stream_intake_add(struct lt_stream_reader *reader, struct lt_stream_piece *piece)
{
    piece->next = NULL;
    if (reader->last_waiting != NULL)
        reader->last_waiting->next = piece;
    else
        reader->first_waiting = piece;
    reader->last_waiting = piece;
}

static struct lt_stream_piece *pop(struct lt_stream_reader *reader)
{
    struct lt_stream_piece *piece = reader->first_waiting;
    reader->first_waiting = piece->next;
    if (reader->first_waiting == NULL)
        reader->last_waiting = NULL;
    return piece;
}

static bool has_room(const struct lt_stream_reader *reader)
{
    const struct lt_stream_piece *piece = reader->first_waiting;
    size_t size_bytes = piece->size_bytes + CHUNK_HEAD_BYTES;
    if (piece->client != NULL)
        size_bytes += piece->client->cursor.size;
    return reader->lent_count < reader->lent_max &&
           lt_spool_has_room(reader->source->spool, size_bytes);
}

/* An empty one is a record, but where datagrams have lines: then it has none. */
static void take_datagram(struct lt_stream_reader *reader, struct lt_stream_piece *piece)
{
    if (piece->size_bytes == 0 &&
        reader->source->format->framing.kind != LT_FRAME_DATAGRAM)
        lt_stream_free_piece(reader, piece);
    else
        take_records(reader, piece, piece->data, piece->size_bytes, 1);
}

static void take_in(struct lt_stream_reader *reader, struct lt_stream_piece *piece)
{
    struct lt_stream_client *client = piece->client;
    bool is_last = piece->kind == LT_PIECE_END;
    if (client == NULL) {
        take_datagram(reader, piece);
        return;
    }
    if (client->is_closing || client->refusal != NULL)
        lt_stream_free_piece(reader, piece);
    else if (is_last)
        take_last(client);
    else if (client->cursor.size > client->cursor.begin)
        take_further(client, piece);
    else
        take_fresh(client, piece);
    client->is_taken_in |= is_last || client->refusal != NULL;
    if (client->is_taken_in)
        lt_stream_client_finish(client);
    lt_stream_client_release(client);
}

bool lt_stream_intake_has_more(const struct lt_stream_reader *reader)
{
    if (reader->source->spool == NULL)
        return false;
    const struct lt_stream_marks *marks = &reader->marks;
    if (marks->count > 0 &&
        marks->ring[marks->begin].byte <= lt_spool_durable(reader->source->spool))
        return true;
    return reader->replay == NULL && reader->first_waiting != NULL && has_room(reader);
}

/* --------------------------------------------------------------------------------------- replay */

void lt_stream_intake_open(struct lt_stream_reader *reader, int64_t byte)
{
    struct lt_spool *spool = reader->source->spool;
    lt_spool_attach(spool, reader->reactor, reader->clock);
    reader->replay_from = (uint64_t)byte;
    reader->replay = lt_spool_replay_create(spool, (uint64_t)byte);
    lt_feed_begin(reader->feed, byte);
}

static void give_chunk(struct lt_stream_reader *reader, const struct lt_spool_chunk *chunk,
                       void *hold)
{
    const char *data;
    size_t size_bytes = lt_spool_chunk_part(chunk, reader->replay_from,
                                            (uint64_t)reader->end_byte, &data);
    struct lt_stream_piece *piece = lt_stream_new_piece(reader);
    *piece = (struct lt_stream_piece){
        .kind = LT_PIECE_REPLAY,
        .hold = hold,
        .wall_us = chunk->wall_us,
        .sender = chunk->origin,
        .sender_size_bytes = chunk->origin_size_bytes,
    };
    lt_stream_give(reader, reader->feed, piece, data, chunk->is_empty ? 0 : size_bytes);
}

/* 0; or the reader's error. */
static int replay(struct lt_stream_reader *reader)
{
    struct lt_spool_chunk chunk;
    void *hold;
    while (reader->replay != NULL && reader->lent_count < reader->lent_max) {
        switch (lt_spool_replay_next(reader->replay, &chunk, &hold, &reader->base.error)) {
        case LT_REPLAY_WAIT:
            return 0;
        case LT_REPLAY_FAILED:
            return -1;
        case LT_REPLAY_END:
            lt_spool_replay_destroy(reader->replay);
            reader->replay = NULL;
            return 0;
        case LT_REPLAY_CHUNK:
            if (chunk.first.byte >= (uint64_t)reader->end_byte)
                lt_spool_replay_release(hold);
            else
                give_chunk(reader, &chunk, hold);
        }
    }
    return 0;
}

int lt_stream_intake_poll(struct lt_stream_reader *reader)
{
    if (lt_unlikely(reader->replay != NULL) && replay(reader) < 0)
        return -1;
    while (reader->replay == NULL && reader->first_waiting != NULL && has_room(reader))
        take_in(reader, pop(reader));
    if (lt_spool_poll(reader->source->spool, &reader->base.error) < 0)
        return -1;
    tell(reader);
    return 0;
}

void lt_stream_intake_close(struct lt_stream_reader *reader)
{
    while (reader->first_waiting != NULL) {
        struct lt_stream_piece *piece = pop(reader);
        struct lt_stream_client *client = piece->client;
        lt_stream_free_piece(reader, piece);
        if (client != NULL)
            lt_stream_client_release(client);
    }
    while (reader->marks.count > 0) {
        struct lt_stream_marks *marks = &reader->marks;
        lt_stream_client_release(marks->ring[marks->begin].client);
        marks->begin = (marks->begin + 1) & (marks->capacity - 1);
        marks->count--;
    }
    free(reader->marks.ring);
    lt_spool_replay_destroy(reader->replay);
    if (reader->source->spool != NULL)
        lt_spool_detach(reader->source->spool);
}
