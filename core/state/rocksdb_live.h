/*
 * The live copy of a partition in RocksDB: what the store reads and writes between the files of the
 * checkpoint. It is a cache that outlives the process: it knows which version it has, and a start
 * goes on with it if that is the version wanted, brings it up from the files if it is an earlier
 * one, and fills it anew if it is not of use.
 *
 *   key in RocksDB              value
 *   d <key>                     when it is final (8 bytes, as it is in memory), <value>
 *   t <time> <key>              nothing; the time is big endian, its sign turned: in order
 *   m                           struct lt_state_live_place, as text
 *
 * A version's changes may be written in several pieces; before the first, `m` is told which version
 * they lead to. A live copy that was left in between has to be brought up to that version or a
 * later one: the changes are the same ones, and their values the last ones.
 *
 * RocksDB's own log is not synced: what the machine forgets when it loses power is in the files.
 *
 * on: one thread at a time.
 */
#ifndef LT_STATE_ROCKSDB_LIVE_H
#define LT_STATE_ROCKSDB_LIVE_H

#include <rocksdb/c.h>

#include "core/base/text_buffer.h"
#include "core/state/change.h"

enum { LT_STATE_LIVE_TIME_BYTES = 9 };

struct lt_state_live_place {
    uint64_t version; /* all of it is there; 0: nothing yet */
    uint64_t target;  /* a version whose changes may be there in part; version: none */
    uint32_t partition, partition_count, key_suffix_bytes;
    uint64_t entries;
};

struct lt_state_live {
    rocksdb_t *db;
    rocksdb_column_family_handle_t *family; /* the only one */
    rocksdb_options_t *options;
    rocksdb_readoptions_t *reading;
    rocksdb_writeoptions_t *writing;
    rocksdb_writebatch_t *batch;
    size_t batch_bytes;
    struct lt_text_buffer times; /* what the batch has to change of time keys, behind its data */
    unsigned char *key; /* the last ones that were made */
    size_t key_capacity;
    struct lt_state_live_place place;
};

/* Opens what is at `path`, or makes it. `settings` may be NULL. on: the thread that uses it. */
int lt_state_live_open(struct lt_state_live *live, const char *path,
                       const struct lt_state_rocksdb_settings *settings,
                       struct lt_error *error) LT_MUST_USE;
void lt_state_live_close(struct lt_state_live *live);
/* Closes, removes all, and makes it new: with the place, at version 0. */
int lt_state_live_empty(struct lt_state_live *live, const char *path,
                        const struct lt_state_rocksdb_settings *settings,
                        const struct lt_state_live_place *place,
                        struct lt_error *error) LT_MUST_USE;
/* Removes what is at `path`, if there is something. */
void lt_state_live_remove(const char *path);

/* What the live copy has of a key: pinned until it is destroyed. */
struct lt_state_live_value {
    rocksdb_pinnableslice_t *pinned; /* NULL: nothing */
    struct lt_state_bytes value;
    int64_t final_at;
};
/* 1 found, 0 not, negative failed. */
int lt_state_live_get(struct lt_state_live *live, struct lt_state_bytes key,
                      struct lt_state_live_value *out, struct lt_error *error);
/* The same of up to LT_STATE_AHEAD_MAX keys in one go: what `out` has without `pinned` is not
 * there. 0, or a negative code and nothing in `out`. */
int lt_state_live_get_many(struct lt_state_live *live, const struct lt_state_bytes *keys,
                           uint32_t count, struct lt_state_live_value *out,
                           struct lt_error *error) LT_MUST_USE;
static inline void lt_state_live_value_fini(struct lt_state_live_value *value)
{
    if (value->pinned != NULL)
        rocksdb_pinnableslice_destroy(value->pinned);
    value->pinned = NULL;
}

/* Writing a version: begin, the changes, end. */
int lt_state_live_begin(struct lt_state_live *live, uint64_t target,
                        struct lt_error *error) LT_MUST_USE;
/* `is_stored` and `stored_final_at`: what the live copy has of the key. */
int lt_state_live_write(struct lt_state_live *live, const struct lt_state_change *change,
                        bool is_stored, int64_t stored_final_at,
                        struct lt_error *error) LT_MUST_USE;
int lt_state_live_end(struct lt_state_live *live, struct lt_error *error) LT_MUST_USE;

/* The beginning of RocksDB's key of a time, for all entries that are final then. */
void lt_state_live_time(int64_t at, char out[LT_STATE_LIVE_TIME_BYTES]);
/* An iterator over data ('d') or times ('t'), at the first; or at `from`, which is bytes that
 * RocksDB's own function gave as an iterator's key, or those behind them. */
rocksdb_iterator_t *lt_state_live_iterate(struct lt_state_live *live, struct lt_state_bytes from);
/* The key that an iterator is at, without what is before it in RocksDB; false: at the end of its
 * kind. `at` of times only. */
bool lt_state_live_iterator_key(const rocksdb_iterator_t *iterator, char kind,
                                struct lt_state_bytes *key, int64_t *at);

uint64_t lt_state_live_memory_bytes(const struct lt_state_live *live);

#endif
