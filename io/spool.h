/*
 * The spool: a bounded write-ahead log of what a source has received, which makes a source that
 * nobody can ask again replayable. The files are described in io/spool_file.h.
 *
 * What is appended is gathered in memory; a group of it is written and synced together, one group
 * at a time, at most once per sync interval. While one group is on its way the next is gathered.
 * Both steps go through the lane's reactor, so the lane never waits for the disk.
 *
 *     appended --write, sync--> durable --epoch committed--> released --> segment deleted
 *
 * A spool that is full, or whose disk is slower than its senders, has no room: the source stops
 * receiving until there is some.
 *
 * One process has a spool at a time (flock on the folder). The lane's thread appends; the control
 * thread asks what is durable and says what is released; nothing else is shared.
 */
#ifndef LT_IO_SPOOL_H
#define LT_IO_SPOOL_H

#include "core/base/clock.h"
#include "core/flow/reactor.h"
#include "io/spool_file.h"

struct lt_spool;

struct lt_spool_options {
    const char *directory; /* made if it is not there; its parent must be */
    const char *framing;   /* how records are found in payloads; under LT_SPOOL_FRAMING_SIZE */
    int64_t size_bytes;    /* of all segments together */
    int64_t sync_interval_ns;
};

/* Takes the folder and reads it: every checksum is looked at. LT_E_BUSY: another has it;
 * LT_E_CORRUPT: something that was durable is damaged, with file, byte and hint. A torn tail is
 * said in the log. May wait for the disk. on: control. */
int lt_spool_open(const struct lt_spool_options *options, struct lt_spool **out,
                  struct lt_error *error) LT_MUST_USE;
/* Lets the folder go; detached before. NULL is a no-op. on: control. */
void lt_spool_close(struct lt_spool *spool);

const char *lt_spool_directory(const struct lt_spool *spool);

/* The first record that is still there, and the first that is not there yet. While the spool is
 * attached the end is that of what was appended. on: control while it is not attached, else the
 * lane. */
struct lt_spool_place lt_spool_begin(const struct lt_spool *spool);
struct lt_spool_place lt_spool_end(const struct lt_spool *spool);

/* Up to this byte records are durable. on: any. */
uint64_t lt_spool_durable(const struct lt_spool *spool);
/* Records before this byte are not needed any more. on: control. */
void lt_spool_release(struct lt_spool *spool, uint64_t byte);

/* From here to detach the spool belongs to the reactor's thread. */
void lt_spool_attach(struct lt_spool *spool, struct lt_reactor *reactor,
                     const struct lt_clock *clock);
/* Makes durable what was appended, and waits for that and for what is being removed. What fails
 * here was never said to be durable. on: lane. */
void lt_spool_flush(struct lt_spool *spool);
/* The same, and it belongs to nobody then. */
void lt_spool_detach(struct lt_spool *spool);

/* False: try again after the next poll. A spool of which everything is released has room for
 * anything. on: lane. */
bool lt_spool_has_room(const struct lt_spool *spool, size_t size_bytes);
/* Takes a copy of `record_count` whole records. The chunk's `first` and `group_record` are the
 * spool's to fill. on: lane. */
void lt_spool_append(struct lt_spool *spool, const struct lt_spool_chunk *chunk);
/* Begins what is due: a write, a removal. Returns a work count; -1: the spool has failed, and
 * *error says why. on: lane. */
int lt_spool_poll(struct lt_spool *spool, struct lt_error *error);
/* When poll has something to begin; LT_NEVER_NS: not before something completes. on: lane. */
int64_t lt_spool_deadline_ns(const struct lt_spool *spool);

/* --------------------------------------------------------------------------------------- replay */

/* Reads what the spool has when the replay is created, from a record on, through the reactor.
 * Nothing is appended meanwhile. */
struct lt_spool_replay;

enum lt_spool_replayed {
    LT_REPLAY_CHUNK, /* *chunk is filled; its bytes live until *hold is let go */
    LT_REPLAY_WAIT,  /* a read is on its way */
    LT_REPLAY_END,
    LT_REPLAY_FAILED, /* *error says why */
};

/* `from`, the byte of a record, is within begin and end (asserted). The spool is attached. on:
 * lane. */
struct lt_spool_replay *lt_spool_replay_create(struct lt_spool *spool, uint64_t from);
/* The next chunk; the first one may begin before `from`. */
enum lt_spool_replayed lt_spool_replay_next(struct lt_spool_replay *replay,
                                            struct lt_spool_chunk *chunk, void **hold,
                                            struct lt_error *error);
/* Lets go of a chunk's memory; also after destroy. */
void lt_spool_replay_release(void *hold);
/* Waits for a read that is on its way. NULL is a no-op. */
void lt_spool_replay_destroy(struct lt_spool_replay *replay);

#endif
