/*
 * Feeds: pieces of bytes in, rows out. What files, sockets and pipes have in common: where bytes
 * are read to, where records end, what is carried over from one piece to the next, the rows, and
 * the position. A connector brings bytes and says where they came from.
 *
 * Bytes come in one of two ways, and a feed is used in one of them:
 *
 *   lt_feed_space, lt_feed_filled   the connector reads into a block of the feed's
 *   lt_feed_give                    a piece that the reactor owns (a provided buffer) is lent
 *
 * Rows borrow from the block or piece, which they hold through a row of the kind LT_ROW_HOLD, their
 * parent. It is free for other bytes, or given back, when the last of its rows is released. So the
 * blocks in flight bound the memory, and a feed without a free block is back-pressure. A record
 * that is not complete is copied to the front of the next block (the block grows to the record's
 * size); of pieces, only the record that lies across two is copied.
 *
 * The position counts the bytes of complete records whose rows were emitted; a record of no bytes,
 * an empty datagram, counts as one, so that each record has a position of its own. A record with
 * several rows (an array of JSON objects) emits them all in one poll, whatever the limit, so that
 * no position lies within a record.
 *
 * Several streams of one reader (the clients of a listener) share rows, blocks and format by
 * lt_feed_share.
 *
 * on: the lane's source thread, all of it. Rows are released on any thread if `is_shared`.
 * In the long run nothing is allocated: blocks and rows are kept; a block that has grown for a
 * giant is freed behind it.
 */
#ifndef LT_IO_FEED_H
#define LT_IO_FEED_H

#include "core/base/clock.h"
#include "core/flow/connector.h"
#include "io/format.h"

enum {
    /* How soon to look for rows and blocks that came home: other threads that let go of them wake
     * nobody. */
    LT_FEED_RETRY_NS = 50 * LT_NS_PER_US,
    /* Bytes behind a block that may be read and mean nothing: a vector parser wants them. */
    LT_FEED_PADDING_BYTES = 64,
    LT_FEED_BLOCK_BYTES = 256 * 1024, /* what fits a core's own cache beside the rest */
};

struct lt_feed;

struct lt_feed_options {
    struct lt_format_reader *reader; /* outlives the feed */
    const struct lt_clock *clock;    /* for ingest_ns: when bytes arrived */
    /* env->counters and its prefix, for what is malformed; NULL: it is not counted. */
    struct lt_counters *counters;
    const char *counter_prefix;
    /* Of the source's schema: first those of the format, then the connector's own. */
    uint32_t column_count;
    uint32_t row_capacity;   /* rows in flight: env->lane_rows */
    uint64_t bytes_capacity; /* of blocks in flight: env->lane_bytes; at least two blocks are had */
    size_t block_size_bytes; /* 0: LT_FEED_BLOCK_BYTES */
    uint32_t piece_capacity; /* pieces lent at a time; 0: none are */
    bool is_shared;          /* env->is_shared */
    bool pieces_are_apart;   /* no record goes on from one piece in the next: datagrams */
    int32_t partition;       /* source_partition of the rows */
    /* Fills the columns behind the format's, and what else the connector knows of the row:
     * source_offset is the byte where the record begins, ingest_ns when its last byte came, and
     * either may be changed. For rows that fail, too. Optional. */
    void (*complete)(void *context, struct lt_row *row);
    /* No row needs the piece any more. Needed for lt_feed_give. */
    void (*on_piece_release)(void *context, void *piece_token);
    void *context;
};

/* What the lane's environment says of them; the rest is zero, and the connector's to fill. */
struct lt_feed_options lt_feed_options_of(const struct lt_connector_env *env,
                                          struct lt_format_reader *reader, uint32_t column_count);
int lt_feed_create(const struct lt_feed_options *options, struct lt_feed **out,
                   struct lt_error *error) LT_MUST_USE;
/* A feed of another stream, with the rows, blocks and format of `feed` and another context for
 * `complete`; on_piece_release keeps the first feed's. It may outlive `feed`. */
int lt_feed_share(struct lt_feed *feed, void *context, struct lt_feed **out,
                  struct lt_error *error) LT_MUST_USE;
/* With the last feed that shares them the rows go: all are released. Pieces that were not read are
 * given back. NULL is a no-op. */
void lt_feed_destroy(struct lt_feed *feed);

/* Another file or connection begins at this byte: what is carried is dropped, and an error is
 * forgotten. At 0 a byte order mark and a header may stand. Nothing is being read into the feed. */
void lt_feed_begin(struct lt_feed *feed, int64_t position);

struct lt_feed_space {
    void *data; /* NULL: all blocks are held by rows: try again later (or see lt_feed_poll) */
    size_t size_bytes;
};
/* Where to read to: at least `wanted` bytes (1 will do), as many as there are in the block. It
 * stays until lt_feed_filled, lt_feed_begin or the next lt_feed_space; lt_feed_poll does not move
 * it. */
struct lt_feed_space lt_feed_space(struct lt_feed *feed, size_t wanted);
/* So many bytes were read into it; 0 is nothing. */
void lt_feed_filled(struct lt_feed *feed, size_t size_bytes);
/* Lends a piece. It is given back through on_piece_release when no row needs it, within this call
 * at the earliest. At most piece_capacity are lent at a time (asserted). A piece of no bytes is a
 * record of frame datagram, and nothing otherwise. */
void lt_feed_give(struct lt_feed *feed, const void *data, size_t size_bytes, void *piece_token);
/* No byte will follow: what is left is the last record, or the error of one that is cut off. */
void lt_feed_end(struct lt_feed *feed);

/* Emits what is complete, at most `limit` rows; how many records there were, with those that the
 * operator behind `out` would leave out (lt_out's preview), which become no rows. The status:
 *   MORE     there may be more at hand
 *   IDLE     no complete record is at hand, or no row is free (lt_feed_is_starved)
 *   ENDED    after lt_feed_end: all is emitted
 *   FAILED   the stream cannot be read on: lt_feed_error. The position is before the bad record
 * The last row at hand is flagged LT_ROW_END_OF_BATCH, unless more is expected. */
uint32_t lt_feed_poll(struct lt_feed *feed, struct lt_out *out, uint32_t limit,
                      enum lt_poll_status *status);
/* More will come at once (another file is open, bytes are being read): the last row that is at hand
 * is no end of a batch. */
void lt_feed_expect(struct lt_feed *feed, bool is_more_expected);

/* The byte behind the last record that was emitted, or left out; from lt_feed_begin's on. */
int64_t lt_feed_position(const struct lt_feed *feed);
/* The byte behind the last that is at hand: where to read on. */
int64_t lt_feed_end_position(const struct lt_feed *feed);
/* Is a complete record at hand? */
bool lt_feed_has_more(struct lt_feed *feed);
/* The last poll or space found all rows or blocks in flight. */
bool lt_feed_is_starved(const struct lt_feed *feed);
/* Takes home what other threads released; gives back pieces. Poll and space do it by themselves. */
void lt_feed_reclaim(struct lt_feed *feed);
/* After FAILED: what is wrong and at which byte. */
const struct lt_error *lt_feed_error(const struct lt_feed *feed);

/* The piece that the row's record lies in; NULL: it lies in none alone. */
void *lt_feed_token(const struct lt_row *row);
/* The record's bytes. The row is one of a feed's. on: any thread that holds the row. */
struct lt_bytes lt_feed_record(struct lt_row *root);
/* For lt_source_ops.original: the value is the record's bytes. `into` lends the memory. */
void lt_feed_original(struct lt_row *root, struct lt_row *into, struct lt_original *out);

#endif
