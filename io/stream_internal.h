/*
 * What the files of the receiving reader share.
 *
 *   io/stream_reader.c     the reader: poll, position, pieces and where they go back to
 *   io/stream_client.c     one stream: receiving from it, its end, telling it what is durable
 *   io/stream_peers.c      where streams come from: accepting, connecting, idle ones
 *   io/stream_datagrams.c  a socket that is sent datagrams
 *   io/stream_intake.c     with a spool: what stands between receiving and the feed
 *
 * Without a spool each stream has a feed of its own, and pieces go straight from the reactor into
 * it. With one, whole records go into the spool in the order in which they are received, and then
 * through one feed, whose position is the spool's.
 *
 * on: the lane's source thread, all of it.
 */
#ifndef LT_IO_STREAM_INTERNAL_H
#define LT_IO_STREAM_INTERNAL_H

#include "io/feed.h"
#include "io/stream_dial.h"
#include "io/stream_source.h"

struct lt_stream_reader;
struct lt_stream_client;

enum lt_stream_piece_kind {
    LT_PIECE_RING,   /* of the reactor's group of buffers */
    LT_PIECE_HEAP,   /* a record that was put together */
    LT_PIECE_REPLAY, /* of the spool */
    LT_PIECE_END,    /* no bytes: its client has ended */
};

/* Bytes on their way. Ring pieces have one each, by their index; END ones are their client's. */
struct lt_stream_piece {
    enum lt_stream_piece_kind kind;
    int32_t index;
    struct lt_stream_client *client; /* while it waits to be taken in; NULL: a datagram */
    char *data;
    size_t size_bytes;
    void *hold; /* HEAP: the memory; REPLAY: the spool's */
    int64_t wall_us;
    const void *sender; /* of a datagram, within the piece */
    size_t sender_size_bytes;
    struct lt_stream_piece *next;
};

/* A list that clients stand in by one of their links. */
struct lt_stream_link {
    struct lt_stream_link *next, *previous; /* NULL: not in a list */
    struct lt_stream_client *client;        /* NULL: the head */
};

struct lt_stream_client {
    struct lt_stream_reader *reader;
    uint32_t references; /* it is open, or pieces or marks speak of it */
    int fd;              /* -1: closed */
    struct lt_stream_address address;
    struct lt_io receive_io, send_io;
    bool is_sending;
    bool has_ended;   /* no byte will follow */
    int error_number; /* why, if the stream broke */
    char *refusal;    /* why what it sends is no record: it is heard no more; or NULL */
    bool is_closing;
    struct lt_stream_link all;     /* in order of the last word, the longest silent first */
    struct lt_stream_link ready;   /* its feed may have rows */
    struct lt_stream_link thirsty; /* stopped for want of a piece */
    int64_t heard_ns, wall_us;     /* when it was last heard of */
    /* without a spool */
    struct lt_feed *feed;
    /* with one: what is received and not yet a whole record */
    struct lt_frame_cursor cursor;
    char *carry;
    size_t carry_capacity;
    struct lt_stream_piece end_piece;
    uint64_t record_count; /* taken into the spool */
    bool is_taken_in;      /* all that it sent, and its end */
    /* acknowledging */
    uint64_t durable_count, told_count;
    char answer[32];
    uint32_t answer_size_bytes, answer_sent_bytes;
};

/* When the spool is durable up to `byte`, so many of the client's records are. */
struct lt_stream_mark {
    struct lt_stream_client *client;
    uint64_t byte, record_count;
};

struct lt_stream_marks {
    struct lt_stream_mark *ring;
    uint32_t begin, count, capacity; /* a power of 2 */
};

struct lt_stream_counters {
    struct lt_shared_u64 *clients, *accepted, *refused, *cut_off, *dropped, *truncated;
};

struct lt_stream_reader {
    struct lt_reader base;
    struct lt_stream_source *source;
    struct lt_reactor *reactor;
    const struct lt_clock *clock;
    struct lt_format_reader *format;
    struct lt_feed *feed; /* with a spool, and of datagrams; else the one that the others share */
    struct lt_buffers *buffers;     /* NULL after stop: */
    char *memory;                   /* theirs, then */
    struct lt_stream_piece *pieces; /* of the buffers, by index */
    struct lt_stream_piece *spare;  /* for HEAP and REPLAY */
    uint32_t lent_count, lent_max;  /* pieces in the feed */
    struct lt_stream_counters counters;
    struct lt_shared_u64 unread; /* where counters go that nobody reads */
    /* position */
    int64_t row_count, row_end;
    int64_t end_byte; /* of the spool; INT64_MAX: none */
    /* streams */
    struct lt_stream_link clients, ready, thirsty;
    uint32_t client_count;
    bool is_starved;
    bool pieces_came_back; /* thirsty ones may be armed again */
    struct lt_io accept_io;
    bool is_accepting;
    int64_t accept_due_ns;
    struct lt_stream_dial dial;
    /* datagrams */
    struct lt_io datagram_io;
    struct msghdr message;
    bool is_receiving, is_thirsty;
    bool wants_heads; /* sender and time of arrival, in front of each datagram */
    /* with a spool */
    struct lt_stream_piece *first_waiting, *last_waiting;
    struct lt_spool_replay *replay;
    struct lt_stream_marks marks;
    uint64_t replay_from;
    bool is_closing;
};

/* --------------------------------------------------------------------------- io/stream_reader.c */

int lt_stream_open_reader(struct lt_source *source, const struct lt_connector_env *env,
                          const uint32_t *partitions, uint32_t partition_count,
                          const struct lt_position *start, const struct lt_position *end,
                          struct lt_reader **out, struct lt_error *error);
/* The piece that an operation has just received, filled. */
struct lt_stream_piece *lt_stream_received_piece(struct lt_stream_reader *reader,
                                                 const struct lt_io *io);
/* A piece of the kind HEAP or REPLAY. */
struct lt_stream_piece *lt_stream_new_piece(struct lt_stream_reader *reader);
/* Nobody needs it any more. */
void lt_stream_free_piece(struct lt_stream_reader *reader, struct lt_stream_piece *piece);
/* Into a feed; it comes back by itself. */
void lt_stream_give(struct lt_stream_reader *reader, struct lt_feed *feed,
                    struct lt_stream_piece *piece, const void *data, size_t size_bytes);

void lt_stream_link_init(struct lt_stream_link *link, struct lt_stream_client *client);
bool lt_stream_is_linked(const struct lt_stream_link *link);
/* At the end of the list; moves it there. */
void lt_stream_link_last(struct lt_stream_link *head, struct lt_stream_link *link);
void lt_stream_unlink(struct lt_stream_link *link);

/* --------------------------------------------------------------------------- io/stream_client.c */

/* Takes the descriptor, and begins to receive. */
void lt_stream_client_open(struct lt_stream_reader *reader, int fd,
                           const struct lt_stream_address *address);
/* Receives again after there was no piece for it. */
void lt_stream_client_rearm(struct lt_stream_client *client);
/* What it sends can be no record: it is not heard any more, and goes when it has been told of those
 * before. */
void lt_stream_client_refuse(struct lt_stream_client *client, const char *why);
/* Its feed has been emptied, or its last piece taken in. Closes it if nothing is to be told. */
void lt_stream_client_finish(struct lt_stream_client *client);
/* Begins to close; its memory goes when nothing speaks of it any more. `why` is said in the log;
 * NULL: nothing is. */
void lt_stream_client_close(struct lt_stream_client *client, const char *why);
void lt_stream_client_release(struct lt_stream_client *client);
/* More of its records are durable. */
void lt_stream_client_tell(struct lt_stream_client *client, uint64_t record_count);
/* Closes all, and waits. */
void lt_stream_clients_close(struct lt_stream_reader *reader);

/* ---------------------------------------------------------------------------- io/stream_peers.c */

void lt_stream_peers_open(struct lt_stream_reader *reader);
/* Begins what is due: connecting, accepting, closing those that are silent. */
void lt_stream_peers_poll(struct lt_stream_reader *reader, int64_t now_ns);
int64_t lt_stream_peers_deadline_ns(const struct lt_stream_reader *reader);
/* The peer that it was connected to has gone. */
void lt_stream_peers_lost(struct lt_stream_reader *reader);
void lt_stream_peers_close(struct lt_stream_reader *reader);

/* ------------------------------------------------------------------------ io/stream_datagrams.c */

void lt_stream_datagrams_open(struct lt_stream_reader *reader);
void lt_stream_datagrams_poll(struct lt_stream_reader *reader);
/* What the kernel has dropped since it was last asked. */
void lt_stream_datagrams_count_drops(struct lt_stream_reader *reader);
void lt_stream_datagrams_close(struct lt_stream_reader *reader);

/* --------------------------------------------------------------------------- io/stream_intake.c */

/* Reads on from this byte of the spool. */
void lt_stream_intake_open(struct lt_stream_reader *reader, int64_t byte);
/* A piece waits to be taken in. */
void lt_stream_intake_add(struct lt_stream_reader *reader, struct lt_stream_piece *piece);
/* Replays, takes pieces in as there is room, and tells clients what is durable. -1: the reader's
 * error. */
int lt_stream_intake_poll(struct lt_stream_reader *reader);
/* A look before parking: is there something that poll would take in? */
bool lt_stream_intake_has_more(const struct lt_stream_reader *reader);
void lt_stream_intake_close(struct lt_stream_reader *reader);

#endif
