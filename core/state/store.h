/*
 * The contract of a keyed state store: one partition of one named store of one stateful operator.
 *
 * A store is a map from bytes to bytes that has versions. Version 0 is empty. Batch N reads version
 * N and makes version N + 1; what is put and removed between two commits is seen by gets at once,
 * and is one change of the checkpoint: after a crash a store is opened at a version, whole, or it
 * is not. A version may be made again (the batch is run again): the file takes the place of the
 * one that was.
 *
 * Keys and values are byte forms of rows (core/data/row_bytes.h) to whoever uses the store; to the
 * store they are bytes. Equal keys are equal bytes.
 *
 * An entry may have a time at which it is final (LT_STATE_NEVER: none). The store keeps such
 * entries in order of that time, so that finding what has become final costs what is found, and
 * nothing of what is not.
 *
 * Key groups: each key belongs to one of LT_STATE_KEY_GROUPS groups by its hash, and a partition is
 * the groups that are dealt to it. Every entry in a file can be told its group, so that a query
 * can go on with more or fewer partitions: lt_state_open reads the files of all the partitions that
 * there were, and keeps the groups that are its own.
 *
 *   get, put, remove, cursors   the batch's rows: no file is touched (in memory), no wait
 *   prepare                     at the batch's end: begins to write what changed, asynchronously
 *   prepared                    asked until it is durable
 *   commit / abort              the batch is committed: older changes may be merged; or never was
 *   maintain                    now and then between batches: snapshots, deletion of old files
 *
 * Two stores are to keep to this: one in memory, and one on RocksDB.
 *
 * on: the thread of the operator's instance; open may wait, for files are read.
 */
#ifndef LT_STATE_STORE_H
#define LT_STATE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"
#include "core/base/limits.h"
#include "core/flow/reactor.h"

enum {
    LT_STATE_KEY_GROUPS = 256,
    LT_STATE_ENTRY_MAX_BYTES = LT_LIMIT_VALUE_BYTES, /* key and value together */
    LT_STATE_AHEAD_MAX = LT_LIMIT_EXPECTED_ROWS,     /* keys that are said ahead at once */
};
#define LT_STATE_NEVER INT64_MAX

struct lt_state_store;

struct lt_state_bytes {
    const void *data;
    size_t size_bytes;
};

/* What a store has and did, for progress. */
struct lt_state_counts {
    uint64_t entries;
    /* Keys of this batch: that have a new value; that were there and are no more. Since the last
     * commit or abort. */
    uint64_t updated, removed;
    uint64_t memory_bytes;
};

/* One entry that a cursor is at. Valid until the cursor moves or the store changes. */
struct lt_state_entry {
    struct lt_state_bytes key, value;
    int64_t final_at;
};

enum lt_state_order {
    LT_STATE_ANY_ORDER, /* every entry, once, in no order */
    LT_STATE_FINAL_UP_TO, /* entries with final_at <= bound, in ascending order of it */
    /* Keys that begin with a prefix, in the order of their bytes: only of a store whose ops say
     * has_prefix_order (RocksDB's; the one in memory keeps no order of keys). */
    LT_STATE_WITH_PREFIX,
};

struct lt_state_cursor {
    struct lt_state_store *store;
    enum lt_state_order order;
    int64_t bound;                /* FINAL_UP_TO */
    bool is_of_keys; /* FINAL_UP_TO: entries' values are not asked for, and may be missing */
    struct lt_state_bytes prefix; /* WITH_PREFIX; the caller's until the end */
    uint64_t place[4];            /* the store's own */
};

struct lt_state_store_ops {
    const char *name; /* "memory", "rocksdb" */
    bool has_prefix_order;
    /* True, and the value, if the key has one: valid until the next call of any but get, and of
     * the last 64 gets. */
    bool (*get)(struct lt_state_store *store, struct lt_state_bytes key,
                struct lt_state_bytes *value);
    /* The keys that are got or put next, best in this order, at most LT_STATE_AHEAD_MAX, of which
     * each may be asked for several times: a store that has to look for an entry looks for all of
     * them at once, cheapest if they lie near each other in the order of their bytes. A hint, which
     * changes no answer, and takes the place of the last one; the keys are copied, and what gets
     * have given is not valid any more. NULL: it would not help. */
    void (*ahead)(struct lt_state_store *store, const struct lt_state_bytes *keys, uint32_t count);
    /* Copies both, which may be the store's own. Over a limit of one entry
     * (LT_STATE_ENTRY_MAX_BYTES for both) or without memory: a negative code, and nothing has
     * changed. */
    int (*put)(struct lt_state_store *store, struct lt_state_bytes key, struct lt_state_bytes value,
               int64_t final_at, struct lt_error *error);
    /* False: there was none. */
    bool (*remove)(struct lt_state_store *store, struct lt_state_bytes key);
    /* The next entry from cursor->place, which is zeroed before the first call; false: no more. The
     * entry that was given last may be removed, and no other be changed, until the end. */
    bool (*next)(struct lt_state_cursor *cursor, struct lt_state_entry *entry);
    /* Begins to make `version` durable through the reactor given at open. Nothing may be put or
     * removed until commit or abort. */
    void (*prepare)(struct lt_state_store *store, uint64_t version);
    /* 1 durable, 0 not yet, negative failed (error set). */
    int (*prepared)(struct lt_state_store *store, struct lt_error *error);
    /* The version that was prepared counts: changes begin anew. */
    void (*commit)(struct lt_state_store *store);
    /* Is all of the commit's work done? What is left maintain does in bounded steps; or whatever is
     * asked of the store before, all of it at once. Optional: none is ever left. */
    bool (*is_settled)(const struct lt_state_store *store);
    /* Negative, with the error, when since open something has failed that makes what it gives not
     * to be believed: nothing is to be shown of that, and `prepared` fails. Optional: nothing ever
     * does. */
    int (*fault)(const struct lt_state_store *store, struct lt_error *error);
    /* Takes back every change since the last commit. */
    int (*abort)(struct lt_state_store *store, struct lt_error *error);
    /* One bounded step of what can be done between batches; the work done, 0 if none. `oldest`: no
     * version below it will be opened again. */
    uint32_t (*maintain)(struct lt_state_store *store, uint64_t oldest);
    void (*counts)(const struct lt_state_store *store, struct lt_state_counts *out);
    /* Ends what is under way, and frees. */
    void (*close)(struct lt_state_store *store);
};

/* First member of a store's own struct. */
struct lt_state_store {
    const struct lt_state_store_ops *ops;
};

/* 0 for a store that cannot have one. */
static inline int lt_state_store_fault(const struct lt_state_store *store, struct lt_error *error)
{
    return store->ops->fault == NULL ? 0 : store->ops->fault(store, error);
}

/* How RocksDB is set, by the names of spark.sql.streaming.stateStore.rocksdb.*. What is 0, -1 or
 * NULL is as leat has it: its live copies are bounded in memory, and share one cache of a process.
 */
struct lt_state_rocksdb_settings {
    int64_t block_size_kb, write_buffer_size_mb, max_write_buffer_number, max_open_files;
    int64_t cache_mb;        /* of the process: the last one that is said counts for all */
    const char *compression; /* "lz4", "zstd", "snappy", "none" */
};

struct lt_state_options {
    const char *provider; /* "memory", "rocksdb", or the class that Spark names them by */
    const char *root; /* the checkpoint's state/<operator>; NULL: nothing is kept */
    const char *name; /* of the store, where an operator has several; NULL: the only one */
    uint32_t partition, partition_count; /* of this run */
    /* Of the run that wrote the version, to be compared with what its files say; 0: what they say.
     */
    uint32_t stored_partition_count;
    /* So many bytes at the end of each key are left out where its group is told: entries whose keys
     * differ in them alone are of one group. */
    uint32_t key_suffix_bytes;
    uint64_t version;                /* to open */
    uint32_t min_deltas_for_snapshot; /* at least 1 */
    const char *codec;                /* "lz4", "zstd", "none" */
    const struct lt_state_rocksdb_settings *rocksdb; /* used by open; NULL: as leat has it */
    struct lt_reactor *reactor;
};

/* Which of the two stores a name means: "memory" or "rocksdb", and the class that Spark names it
 * by; an unknown one is an error with the nearest. `spark_class` may be NULL. on: any. */
int lt_state_provider_find(const char *name, const char **out, const char **spark_class,
                           struct lt_error *error) LT_MUST_USE;

/* Opens the store at a version. Errors are Spark's CANNOT_LOAD_STATE_STORE.* with the file's name;
 * nothing on disk is changed by a refusal. What is on disk of later versions is deleted: they never
 * were. All partitions of a store are opened before any of them prepares. */
int lt_state_open(const struct lt_state_options *options, struct lt_state_store **out,
                  struct lt_error *error) LT_MUST_USE;

/* The key group of a key (without the suffix that does not count), and the partition that a group
 * is dealt to: partitions have groups in a row. Part of the file format. on: any. */
uint32_t lt_state_group_of(const void *key, size_t size_bytes);
uint32_t lt_state_partition_of(uint32_t group, uint32_t partition_count);

/* An entry as it stands in the files of a checkpoint. */
struct lt_state_scan {
    const char *root, *name; /* as in lt_state_options */
    uint64_t version;
    /* One partition of the run that wrote the version, or LT_STATE_ALL_PARTITIONS. */
    uint32_t partition;
    /* Not 0: stops, and is what the scan returns. Bytes are valid during the call. */
    int (*each)(void *context, uint32_t partition, const struct lt_state_entry *entry,
                struct lt_error *error);
    void *context;
};
#define LT_STATE_ALL_PARTITIONS UINT32_MAX

/* Reads a version without opening it: for people who look into a checkpoint. Changes nothing.
 * Entries come by partition and within it by hash. on: any. */
int lt_state_scan(const struct lt_state_scan *scan, struct lt_error *error) LT_MUST_USE;

#endif
