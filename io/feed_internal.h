/*
 * What io/feed.c (bytes in) and io/feed_rows.c (rows out) share. on: the lane's source thread.
 */
#ifndef LT_IO_FEED_INTERNAL_H
#define LT_IO_FEED_INTERNAL_H

#include "io/feed.h"

/* Memory that rows borrow from: a block of the store's, or a piece that was lent. */
struct lt_feed_span {
    struct lt_row *hold; /* while it is in use; its origin is the span */
    uint8_t *data;
    size_t capacity;    /* block: bytes, without the padding; 0: no memory yet */
    const uint8_t *end; /* so far may be read */
    void *token;        /* of a piece */
    bool is_piece;
    uint32_t credit; /* references to `hold` taken ahead, for rows to come */
    int64_t arrived_ns;
    size_t begin, size;        /* of a piece: from where it is unread, and its bytes */
    struct lt_feed_span *next; /* of the free ones, or of the pieces that wait */
};

/* Rows, blocks and format, of all the feeds that share them. */
struct lt_feed_store {
    struct lt_feed_options options;
    uint32_t feed_count;
    struct lt_row_pool *rows, *holds;
    /* For a record with more rows than there are; each twice as large as the one before. */
    struct lt_row_pool *extra[32];
    uint32_t extra_count;
    uint64_t gathered_capacity; /* rows in all the pools */
    struct lt_feed_span *free_blocks, *free_pieces;
    uint32_t block_count, block_max; /* in use; and how many rows may hold */
    struct lt_feed *gatherer;        /* is in the middle of a record with several rows */
    /* Counters, NULL where nothing is counted, and what they have been told. */
    struct lt_shared_u64 *malformed, *dropped;
    struct lt_format_counters told;
};

struct lt_feed {
    struct lt_feed_store *store;
    const struct lt_framing *framing;
    void *context;
    bool is_plain; /* raw and text: nothing to read in a record */
    struct lt_feed_span *span; /* what the cursor is on; NULL: nothing is at hand */
    struct lt_frame_cursor cursor;
    struct lt_frame frame; /* the next record */
    bool has_frame;
    bool is_carry; /* the span is a block that holds the record which lies across pieces */
    struct lt_feed_span *first_piece, *last_piece; /* that wait behind the span */
    size_t waiting_bytes;
    struct lt_format_stream stream;
    int64_t position;
    struct lt_out *out; /* that `preview` was asked of */
    struct lt_preview *preview;
    bool has_ended, has_failed, is_starved, expects_more;
    struct lt_row *first_gathered, *last_gathered; /* of the record that is being read */
    uint64_t gathered_count;
    struct lt_error error;
};

/* Makes more bytes part of what the cursor is on. False: there are none now. */
bool lt_feed_advance(struct lt_feed *feed);
/* The record at hand is through. */
void lt_feed_consume(struct lt_feed *feed);
/* A reference to the span's hold, for a row. */
struct lt_row *lt_feed_hold(struct lt_feed *feed);
/* Lets go of rows of a record that will not be read to its end. */
void lt_feed_drop_gathered(struct lt_feed *feed);

#endif
