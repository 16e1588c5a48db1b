/*
 * The reader: what is due first, then rows.
 *
 * Pieces come from the group of buffers that all streams of the reader receive into. A piece goes
 * into a feed and comes back when the last row of it is released; the group is what bounds the
 * memory. When no piece is free the kernel's buffers fill up, and the senders' after them: that is
 * the back-pressure.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "io/stream_internal.h"

enum {
    PIECES_LEAST = 64,
    PIECES_MOST = 2048, /* those that are held by one small record each are many */
    STREAM_PIECE_BYTES = 8 * 1024,
    DATAGRAM_PIECES_MOST = 1024, /* of which little is touched */
    DATAGRAM_HEAD_BYTES = 512,   /* the kernel's header, sender and control messages of each */
    CARRY_BYTES = 16 * 1024,     /* a block of a feed: what a slow client costs */
    OWN_PIECES_MAX = 64 * 1024,
};

static struct lt_stream_reader *reader_of(struct lt_reader *base)
{
    return (struct lt_stream_reader *)(void *)base; /* the base is its first member */
}

/* ---------------------------------------------------------------------------------------- lists */

void lt_stream_link_init(struct lt_stream_link *link, struct lt_stream_client *client)
{
    link->client = client;
    link->next = link->previous = client == NULL ? link : NULL; /* a head is a ring of its own */
}

bool lt_stream_is_linked(const struct lt_stream_link *link)
{
    return link->next != NULL;
}

void lt_stream_unlink(struct lt_stream_link *link)
{
    if (link->next == NULL)
        return;
    link->previous->next = link->next;
    link->next->previous = link->previous;
    link->next = link->previous = NULL;
}

void lt_stream_link_last(struct lt_stream_link *head, struct lt_stream_link *link)
{
    lt_stream_unlink(link);
    link->next = head;
    link->previous = head->previous;
    head->previous->next = link;
    head->previous = link;
}

/* --------------------------------------------------------------------------------------- pieces */

struct lt_stream_piece *lt_stream_received_piece(struct lt_stream_reader *reader,
                                                 const struct lt_io *io)
{
    struct lt_stream_piece *piece = &reader->pieces[io->piece];
    *piece = (struct lt_stream_piece){
        .kind = LT_PIECE_RING,
        .index = io->piece,
        .data = io->buffer,
        .size_bytes = (size_t)io->result,
    };
    bool is_stamped = reader->source->settings.has_timestamp || reader->source->spool != NULL;
    if (is_stamped)
        piece->wall_us = lt_clock_wall_us(reader->clock);
    return piece;
}

struct lt_stream_piece *lt_stream_new_piece(struct lt_stream_reader *reader)
{
    struct lt_stream_piece *piece = reader->spare;
    if (piece == NULL)
        return lt_alloc(sizeof *piece);
    reader->spare = piece->next;
    *piece = (struct lt_stream_piece){0};
    return piece;
}

void lt_stream_free_piece(struct lt_stream_reader *reader, struct lt_stream_piece *piece)
{
    switch (piece->kind) {
    case LT_PIECE_RING:
        if (reader->buffers == NULL)
            return; /* stopped: the memory goes as a whole */
        lt_buffers_give_back(reader->buffers, piece->index);
        reader->pieces_came_back = true;
        return;
    case LT_PIECE_END:
        return;
    case LT_PIECE_HEAP:
        free(piece->hold);
        break;
    case LT_PIECE_REPLAY:
        lt_spool_replay_release(piece->hold);
        break;
    }
    piece->next = reader->spare;
    reader->spare = piece;
}

static void on_piece_release(void *context, void *token)
{
    struct lt_stream_reader *reader = context;
    reader->lent_count--;
    lt_stream_free_piece(reader, token);
}

void lt_stream_give(struct lt_stream_reader *reader, struct lt_feed *feed,
                    struct lt_stream_piece *piece, const void *data, size_t size_bytes)
{
    lt_debug_assert(reader->lent_count < reader->lent_max);
    reader->lent_count++;
    lt_feed_give(feed, data, size_bytes, piece);
}

/* ----------------------------------------------------------------------------------------- rows */

static void set_sender(struct lt_row *row, uint32_t column, const struct lt_stream_piece *piece)
{
    char *text = piece == NULL ? NULL : lt_row_scratch(row, LT_STREAM_TEXT_SIZE);
    if (text == NULL || piece->sender_size_bytes <= sizeof(sa_family_t)) {
        lt_row_set_null(row, column);
        return;
    }
    lt_stream_address_text(piece->sender, piece->sender_size_bytes, text);
    lt_row_values(row)[column].bytes =
        (struct lt_bytes){.data = (const uint8_t *)text, .size_bytes = (uint32_t)strlen(text)};
}

static void complete_row(struct lt_stream_reader *reader, struct lt_row *row, int64_t wall_us)
{
    const struct lt_stream_source *source = reader->source;
    const struct lt_stream_piece *piece = lt_feed_token(row);
    row->source_offset = reader->row_count++;
    if (source->timestamp_column != UINT32_MAX)
        lt_row_values(row)[source->timestamp_column].i64 = piece != NULL ? piece->wall_us : wall_us;
    if (source->sender_column != UINT32_MAX)
        set_sender(row, source->sender_column, piece);
}

/* Of a feed that is the reader's. */
static void complete_of_reader(void *context, struct lt_row *row)
{
    complete_row(context, row, 0); /* each record lies in a piece */
}

/* Of a client's own feed. */
static void complete_of_client(void *context, struct lt_row *row)
{
    struct lt_stream_client *client = context;
    complete_row(client->reader, row, client->wall_us);
}

/* -------------------------------------------------------------------------------------- polling */

static enum lt_poll_status fail(struct lt_stream_reader *reader, const struct lt_error *why)
{
    if (why != &reader->base.error)
        reader->base.error = *why;
    lt_error_append(&reader->base.error, "%s", reader->source->owner);
    return LT_POLL_FAILED;
}

static enum lt_poll_status poll_feed(struct lt_stream_reader *reader, struct lt_out *out,
                                     uint32_t limit, uint32_t *count)
{
    enum lt_poll_status status;
    *count = lt_feed_poll(reader->feed, out, limit, &status);
    reader->is_starved = lt_feed_is_starved(reader->feed);
    if (status == LT_POLL_FAILED)
        return fail(reader, lt_feed_error(reader->feed));
    bool is_over = lt_feed_position(reader->feed) >= reader->end_byte;
    return is_over ? LT_POLL_ENDED : status == LT_POLL_MORE ? LT_POLL_MORE : LT_POLL_IDLE;
}

/* The next client that has a record; those before it that have none leave the list. NULL: none. */
static struct lt_stream_client *next_ready(struct lt_stream_reader *reader,
                                           const struct lt_stream_client *besides)
{
    struct lt_stream_link *link = reader->ready.next;
    while (link != &reader->ready) {
        struct lt_stream_client *client = link->client;
        link = link->next;
        if (client == besides)
            continue;
        if (lt_feed_has_more(client->feed))
            return client;
        if (!client->has_ended && !lt_feed_error(client->feed)->code)
            lt_stream_unlink(&client->ready);
        else if (besides == NULL)
            return client; /* to be finished */
    }
    return NULL;
}

/* Its feed has nothing more now. */
static void leave(struct lt_stream_client *client, enum lt_poll_status status)
{
    if (status == LT_POLL_FAILED)
        lt_stream_client_close(client, lt_feed_error(client->feed)->text);
    else if (client->has_ended)
        lt_stream_client_finish(client);
    else
        lt_stream_unlink(&client->ready);
}

static enum lt_poll_status poll_clients(struct lt_stream_reader *reader, struct lt_out *out,
                                        uint32_t limit, uint32_t *count)
{
    struct lt_stream_client *client = NULL;
    reader->is_starved = false;
    while (*count < limit && (client = next_ready(reader, NULL)) != NULL) {
        enum lt_poll_status status;
        lt_feed_expect(client->feed, next_ready(reader, client) != NULL);
        *count += lt_feed_poll(client->feed, out, limit - *count, &status);
        if (lt_feed_is_starved(client->feed)) {
            reader->is_starved = true;
            return LT_POLL_IDLE;
        }
        if (status == LT_POLL_MORE)
            lt_stream_link_last(&reader->ready, &client->ready); /* the others' turn */
        else
            leave(client, status);
    }
    return client != NULL ? LT_POLL_MORE : LT_POLL_IDLE;
}

static void rearm_thirsty(struct lt_stream_reader *reader)
{
    reader->pieces_came_back = false;
    struct lt_stream_link *link = reader->thirsty.next;
    while (link != &reader->thirsty) {
        struct lt_stream_client *client = link->client;
        link = link->next;
        lt_stream_unlink(&client->thirsty);
        lt_stream_client_rearm(client);
    }
}

static enum lt_poll_status stream_poll(struct lt_reader *base, struct lt_out *out, uint32_t limit,
                                       uint32_t *count)
{
    struct lt_stream_reader *reader = reader_of(base);
    bool is_live = reader->end_byte == INT64_MAX && reader->row_end == INT64_MAX;
    *count = 0;
    if (is_live && reader->source->settings.role == LT_STREAM_DATAGRAM)
        lt_stream_datagrams_poll(reader);
    else if (is_live)
        lt_stream_peers_poll(reader, lt_clock_now_ns(reader->clock));
    if (reader->source->spool != NULL && lt_stream_intake_poll(reader) < 0)
        return fail(reader, &reader->base.error);
    enum lt_poll_status status;
    if (!is_live && reader->source->spool == NULL)
        status = LT_POLL_ENDED; /* nothing is wanted: open_reader has seen to that */
    else if (reader->feed != NULL &&
             (reader->source->spool != NULL || reader->source->settings.role == LT_STREAM_DATAGRAM))
        status = poll_feed(reader, out, limit, count);
    else
        status = poll_clients(reader, out, limit, count);
    if (reader->thirsty.next != &reader->thirsty || reader->is_thirsty)
        lt_feed_reclaim(reader->feed);
    /* With none out there will none come back: the kernel has been wrong, or another was quicker.
     */
    bool may_have =
        reader->pieces_came_back || (reader->lent_count == 0 && reader->first_waiting == NULL);
    if (may_have && reader->thirsty.next != &reader->thirsty)
        rearm_thirsty(reader);
    return status;
}

static bool stream_is_idle(struct lt_reader *base)
{
    struct lt_stream_reader *reader = reader_of(base);
    if (reader->is_starved)
        return true; /* the deadline is near */
    if (reader->source->spool != NULL || reader->source->settings.role == LT_STREAM_DATAGRAM)
        return !lt_feed_has_more(reader->feed) && !lt_stream_intake_has_more(reader);
    return reader->ready.next == &reader->ready;
}

static int64_t stream_deadline_ns(struct lt_reader *base)
{
    const struct lt_stream_reader *reader = reader_of(base);
    int64_t deadline_ns = lt_stream_peers_deadline_ns(reader);
    if (reader->source->spool != NULL && lt_spool_deadline_ns(reader->source->spool) < deadline_ns)
        deadline_ns = lt_spool_deadline_ns(reader->source->spool);
    /* Rows and pieces that other threads let go of do not wake anybody. */
    bool waits = reader->is_starved || reader->lent_count == reader->lent_max ||
                 reader->is_thirsty || reader->thirsty.next != &reader->thirsty;
    if (waits && lt_clock_now_ns(reader->clock) + LT_FEED_RETRY_NS < deadline_ns)
        deadline_ns = lt_clock_now_ns(reader->clock) + LT_FEED_RETRY_NS;
    return deadline_ns;
}

static bool stream_is_ready(struct lt_reader *base)
{
    const struct lt_stream_reader *reader = reader_of(base);
    return reader->source->settings.role != LT_STREAM_CONNECT || reader->dial.has_tried;
}

static void stream_position(struct lt_reader *base, struct lt_position *positions)
{
    struct lt_stream_reader *reader = reader_of(base);
    if (reader->source->settings.role == LT_STREAM_DATAGRAM)
        lt_stream_datagrams_count_drops(reader);
    positions[0] = (struct lt_position){
        .offset = reader->row_count,
        .extra = reader->source->spool == NULL ? 0 : lt_feed_position(reader->feed)};
}

/* ----------------------------------------------------------------------------------------- life */

/* Rows may still borrow from pieces, so their memory stays. */
static void stream_stop(struct lt_reader *base)
{
    struct lt_stream_reader *reader = reader_of(base);
    if (reader->is_closing)
        return;
    reader->is_closing = true;
    lt_stream_peers_close(reader);
    lt_stream_clients_close(reader);
    lt_stream_datagrams_close(reader);
    lt_stream_intake_close(reader);
    if (reader->buffers != NULL)
        reader->memory = lt_buffers_retire(reader->buffers);
    reader->buffers = NULL;
}

static void stream_close(struct lt_reader *base)
{
    struct lt_stream_reader *reader = reader_of(base);
    stream_stop(base);
    lt_feed_destroy(reader->feed);
    lt_format_reader_destroy(reader->format);
    while (reader->spare != NULL) {
        struct lt_stream_piece *next = reader->spare->next;
        free(reader->spare);
        reader->spare = next;
    }
    free(reader->memory);
    free(reader->pieces);
    free(reader);
}

/* One that is there in any case. */
static struct lt_shared_u64 *add_counter(struct lt_stream_reader *reader,
                                         const struct lt_connector_env *env,
                                         enum lt_counter_kind kind, const char *name,
                                         const char *unit, const char *help)
{
    struct lt_shared_u64 *counter = lt_connector_counter(env, kind, name, unit, help);
    return counter != NULL ? counter : &reader->unread;
}

static void add_counters(struct lt_stream_reader *reader, const struct lt_connector_env *env)
{
    struct lt_stream_counters *counters = &reader->counters;
    if (reader->source->settings.role == LT_STREAM_DATAGRAM) {
        counters->dropped = add_counter(reader, env, LT_COUNTER_SUM, "dropped", "datagrams",
                                        "dropped by the kernel: its buffer was full");
        counters->truncated = add_counter(reader, env, LT_COUNTER_SUM, "truncated", "datagrams",
                                          "left out: larger than the option datagramBytes allows");
        return;
    }
    counters->clients =
        add_counter(reader, env, LT_COUNTER_GAUGE, "clients", "connections", "connected now");
    counters->accepted =
        add_counter(reader, env, LT_COUNTER_SUM, "connected", "connections", "connected in all");
    counters->refused = add_counter(reader, env, LT_COUNTER_SUM, "refused", "connections",
                                    "refused: as many as maxClients were connected");
    counters->cut_off = add_counter(reader, env, LT_COUNTER_SUM, "cut_off", "connections",
                                    "that ended within a record");
}

/* As many as the lane may have in flight, a power of 2. */
static uint32_t count_pieces(uint64_t lane_bytes, uint32_t most)
{
    uint32_t count = PIECES_LEAST;
    while (count < most && (uint64_t)count * STREAM_PIECE_BYTES < lane_bytes)
        count *= 2;
    return count;
}

static int open_feed(struct lt_stream_reader *reader, const struct lt_connector_env *env,
                     struct lt_error *error)
{
    const struct lt_stream_source *source = reader->source;
    bool is_datagram = source->settings.role == LT_STREAM_DATAGRAM;
    bool is_one = is_datagram || source->spool != NULL;
    uint32_t own = env->lane_rows < OWN_PIECES_MAX ? env->lane_rows : OWN_PIECES_MAX;
    uint32_t count =
        count_pieces(env->lane_bytes, is_datagram ? DATAGRAM_PIECES_MOST : PIECES_MOST);
    int code = lt_format_reader_create(source->format, source->base.used_columns, source->owner,
                                       &reader->format, error);
    if (code != 0)
        return code;
    reader->lent_max = count + (source->spool != NULL ? own : is_datagram ? 1 : 0);
    struct lt_feed_options options =
        lt_feed_options_of(env, reader->format, source->base.schema->field_count);
    options.block_size_bytes = CARRY_BYTES;
    options.piece_capacity = reader->lent_max;
    options.pieces_are_apart = is_datagram;
    options.complete = is_one ? complete_of_reader : complete_of_client;
    options.on_piece_release = on_piece_release;
    options.context = reader;
    reader->buffers = lt_reactor_buffers_create(
        env->reactor, count,
        is_datagram ? source->settings.datagram_bytes + DATAGRAM_HEAD_BYTES : STREAM_PIECE_BYTES);
    reader->pieces = lt_alloc_array(count, sizeof *reader->pieces);
    return lt_feed_create(&options, &reader->feed, error);
}

/* A range can be read again from a spool only. */
static int check_range(const struct lt_stream_source *source, const struct lt_position *start,
                       const struct lt_position *end, struct lt_error *error)
{
    if (source->spool != NULL || end == NULL || end->offset <= start->offset)
        return 0;
    return lt_error_set(error, LT_E_DATA_LOSS,
                        "rows %" PRId64 " to %" PRId64
                        " were received before and cannot be read again; hint: the option "
                        "\"spool\" keeps what is received until it is committed",
                        start->offset, end->offset - 1);
}

int lt_stream_open_reader(struct lt_source *base, const struct lt_connector_env *env,
                          const uint32_t *partitions, uint32_t partition_count,
                          const struct lt_position *start, const struct lt_position *end,
                          struct lt_reader **out, struct lt_error *error)
{
    static const struct lt_reader_ops ops = {
        .poll = stream_poll,
        .is_ready = stream_is_ready,
        .is_idle = stream_is_idle,
        .deadline_ns = stream_deadline_ns,
        .position = stream_position,
        .stop = stream_stop,
        .close = stream_close,
    };
    lt_assert(partition_count == 1);
    lt_assert(partitions[0] == 0);
    struct lt_stream_source *source = (struct lt_stream_source *)(void *)base;
    *out = NULL;
    int code = check_range(source, start, end, error);
    if (code != 0)
        return lt_error_append(error, "%s", source->owner);
    struct lt_stream_reader *reader = lt_alloc(sizeof *reader);
    reader->base.ops = &ops;
    reader->source = source;
    reader->reactor = env->reactor;
    reader->clock = env->clock;
    reader->row_count = start->offset;
    reader->row_end = end == NULL ? INT64_MAX : end->offset;
    reader->end_byte = end == NULL || source->spool == NULL ? INT64_MAX : end->extra;
    lt_stream_link_init(&reader->clients, NULL);
    lt_stream_link_init(&reader->ready, NULL);
    lt_stream_link_init(&reader->thirsty, NULL);
    add_counters(reader, env);
    code = open_feed(reader, env, error);
    if (code != 0) {
        stream_close(&reader->base);
        return lt_error_append(error, "%s", source->owner);
    }
    lt_stream_peers_open(reader);
    lt_stream_datagrams_open(reader);
    if (source->spool != NULL)
        lt_stream_intake_open(reader, start->extra);
    *out = &reader->base;
    return 0;
}
