/*
 * The store in RocksDB: for state that is larger than memory. What a batch changes lies over it
 * (core/state/overlay.h); when the batch is committed it is written into it. So memory is bounded
 * by what a batch touches, and by the caches of core/state/rocksdb_live.c.
 *
 * What counts is the checkpoint's files, which are those of the store in memory: the one can go on
 * where the other has ended. RocksDB is in the folder `rocksdb` beside them, and is only a copy of
 * the committed version. An abort forgets the overlay; RocksDB has nothing to take back.
 *
 * When RocksDB fails to read or to write, a get can only say that there is nothing; so the fault is
 * kept, and the batch cannot be prepared.
 */
#include "core/state/rocksdb_store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/log.h"
#include "core/state/folder.h"
#include "core/state/rocksdb_internal.h"

enum {
    /* What an operator's live copies write is gathered in so much memory at a time, over all its
     * partitions; a store of several has a part of it. */
    WRITE_BUFFERS_MB = 64,
    STORES_GUESS = 4, /* a join has as many */
    WRITE_BUFFER_MB_LEAST = 8,
    WRITE_BUFFER_MB_MOST = 32,
};

static uint64_t hash_of(const struct lt_state_rocksdb *rocks, struct lt_state_bytes key)
{
    return lt_state_hash(key.data, key.size_bytes, rocks->key_suffix_bytes);
}

void lt_state_rocksdb_unpin(struct lt_state_rocksdb *rocks)
{
    uint32_t count = rocks->pinned_count < LT_STATE_ROCKSDB_PINNED ? rocks->pinned_count
                                                                   : LT_STATE_ROCKSDB_PINNED;
    for (uint32_t i = 0; i < count; i++)
        lt_state_live_value_fini(&rocks->pinned[i]);
    rocks->pinned_count = 0;
}

/* ---------------------------------------------------------------------------------- get and put */

void lt_state_rocksdb_remember(struct lt_state_rocksdb *rocks, struct lt_state_bytes key,
                               bool is_stored, int64_t final_at)
{
    struct lt_state_rocksdb_asked *asked = &rocks->asked;
    if (key.size_bytes > asked->key_capacity) {
        asked->key_capacity = key.size_bytes * 2;
        asked->key = lt_realloc_array(asked->key, asked->key_capacity, 1);
    }
    if (key.size_bytes > 0)
        memcpy(asked->key, key.data, key.size_bytes);
    asked->key_bytes = key.size_bytes;
    asked->is_stored = is_stored;
    asked->final_at = final_at;
    asked->is_valid = true;
}

/* True if the key is one of those that were said ahead: and what there is of it. It is mostly the
 * one that was asked for last, or the one behind it. */
static bool find_ahead(struct lt_state_rocksdb *rocks, struct lt_state_bytes key,
                       const struct lt_state_live_value **found)
{
    struct lt_state_many *ahead = &rocks->ahead;
    for (uint32_t i = 0; i < ahead->count; i++) {
        uint32_t at = ahead->next + i < ahead->count ? ahead->next + i
                                                     : ahead->next + i - ahead->count;
        if (!lt_state_bytes_equal(lt_state_many_key(ahead, at), key))
            continue;
        ahead->next = at;
        *found = &ahead->values[at];
        return true;
    }
    return false;
}

/* What the live copy has of a key that the batch has not touched: 1, 0, or a negative code. */
static int ask_live(struct lt_state_rocksdb *rocks, struct lt_state_bytes key, int64_t *final_at,
                    struct lt_error *error)
{
    const struct lt_state_rocksdb_asked *asked = &rocks->asked;
    struct lt_state_bytes last = {asked->key, asked->key_bytes};
    *final_at = LT_STATE_NEVER;
    if (asked->is_valid && lt_state_bytes_equal(last, key)) {
        *final_at = asked->final_at;
        return asked->is_stored;
    }
    const struct lt_state_live_value *found;
    if (find_ahead(rocks, key, &found)) {
        *final_at = found->pinned != NULL ? found->final_at : LT_STATE_NEVER;
        return found->pinned != NULL;
    }
    struct lt_state_live_value stored;
    int code = lt_state_live_get(&rocks->live, key, &stored, error);
    if (code == 1)
        *final_at = stored.final_at;
    lt_state_live_value_fini(&stored);
    return code;
}

static void rocks_ahead(struct lt_state_store *store, const struct lt_state_bytes *keys,
                        uint32_t count)
{
    struct lt_state_rocksdb *rocks = lt_state_rocksdb_of(store);
    struct lt_state_many *ahead = &rocks->ahead;
    lt_state_rocksdb_settle_all(rocks);
    lt_state_many_clear(ahead);
    for (uint32_t i = 0; i < count; i++)
        if (lt_state_overlay_find(&rocks->overlay, hash_of(rocks, keys[i]), keys[i]) == NULL)
            lt_state_many_add(ahead, keys[i]);
    if (lt_state_many_get(ahead, &rocks->live, &rocks->fault) != 0)
        lt_state_many_clear(ahead);
}

/* Asks for one key: 1 and what there is, which stays for as many gets as are pinned, 0, or a
 * negative code. */
static int get_pinned(struct lt_state_rocksdb *rocks, struct lt_state_bytes key,
                      const struct lt_state_live_value **found)
{
    struct lt_state_live_value value;
    int code = lt_state_live_get(&rocks->live, key, &value, &rocks->fault);
    if (code != 1)
        return code;
    struct lt_state_live_value *pinned =
        &rocks->pinned[rocks->pinned_count % LT_STATE_ROCKSDB_PINNED];
    if (rocks->pinned_count++ >= LT_STATE_ROCKSDB_PINNED)
        lt_state_live_value_fini(pinned);
    *pinned = value;
    *found = pinned;
    return 1;
}

static bool rocks_get(struct lt_state_store *store, struct lt_state_bytes key,
                      struct lt_state_bytes *value)
{
    struct lt_state_rocksdb *rocks = lt_state_rocksdb_of(store);
    const struct lt_state_live_value *found = NULL;
    lt_state_rocksdb_settle_all(rocks);
    const struct lt_state_overlay_entry *entry =
        lt_state_overlay_find(&rocks->overlay, hash_of(rocks, key), key);
    if (entry != NULL) {
        struct lt_state_record *record = lt_state_overlay_record(&rocks->overlay, entry);
        *value = (struct lt_state_bytes){lt_state_record_value(record), record->value_bytes};
        return !entry->is_removed;
    }
    int code = find_ahead(rocks, key, &found) ? found->pinned != NULL
                                              : get_pinned(rocks, key, &found);
    if (code >= 0)
        lt_state_rocksdb_remember(rocks, key, code == 1,
                                  code == 1 ? found->final_at : LT_STATE_NEVER);
    if (code != 1)
        return false;
    *value = found->value;
    return true;
}

/* Makes a change in the overlay; what RocksDB has of a key is asked when it is touched first.
 * Counts what it does. False: a key that is not there cannot be removed. */
static bool change_key(struct lt_state_rocksdb *rocks, const struct lt_state_change *change,
                       int *code, struct lt_error *error)
{
    struct lt_state_overlay_entry *entry =
        lt_state_overlay_find(&rocks->overlay, change->hash, change->key);
    int64_t stored_final_at = LT_STATE_NEVER;
    bool is_stored = entry != NULL && entry->is_stored;
    if (entry == NULL) {
        *code = ask_live(rocks, change->key, &stored_final_at, error);
        is_stored = *code == 1;
        if (*code < 0)
            return false;
    }
    *code = 0;
    bool was_there = entry == NULL ? is_stored : !entry->is_removed;
    bool was_updated = entry != NULL && !entry->is_removed;
    bool was_removed = entry != NULL && entry->is_removed && is_stored;
    if (change->is_removed && !was_there)
        return false;
    if (!lt_state_overlay_set(&rocks->overlay, entry, change, is_stored, stored_final_at)) {
        *code = lt_error_set(error, LT_E_NO_MEMORY,
                             "there is no memory for what a batch changes of the state; hint: "
                             "limit the rows of a batch (maxOffsetsPerTrigger, "
                             "maxFilesPerTrigger)");
        return false;
    }
    rocks->entries += !change->is_removed;
    rocks->entries -= was_there;
    rocks->updated += !change->is_removed;
    rocks->updated -= was_updated;
    rocks->removed += change->is_removed && is_stored;
    rocks->removed -= was_removed;
    return true;
}

static int rocks_put(struct lt_state_store *store, struct lt_state_bytes key,
                     struct lt_state_bytes value, int64_t final_at, struct lt_error *error)
{
    struct lt_state_rocksdb *rocks = lt_state_rocksdb_of(store);
    lt_assert(!rocks->is_prepared);
    lt_state_rocksdb_settle_all(rocks);
    int code = lt_state_rocksdb_fault(store, error); /* the value may come of a get that failed */
    if (code == 0)
        code = lt_state_entry_check(key, value, error);
    if (code != 0)
        return code;
    struct lt_state_change change = {
        .hash = hash_of(rocks, key), .key = key, .value = value, .final_at = final_at};
    (void)change_key(rocks, &change, &code, error);
    lt_state_rocksdb_unpin(rocks); /* after: the value may have been RocksDB's */
    return code;
}

static bool rocks_remove(struct lt_state_store *store, struct lt_state_bytes key)
{
    struct lt_state_rocksdb *rocks = lt_state_rocksdb_of(store);
    lt_assert(!rocks->is_prepared);
    lt_state_rocksdb_settle_all(rocks);
    struct lt_state_change change = {.hash = hash_of(rocks, key),
                                     .key = key,
                                     .final_at = LT_STATE_NEVER,
                                     .is_removed = true};
    int code = 0;
    struct lt_error error;
    bool was_there = change_key(rocks, &change, &code, &error);
    if (code != 0)
        rocks->fault = error;
    lt_state_rocksdb_unpin(rocks);
    return was_there;
}

static void rocks_counts(const struct lt_state_store *store, struct lt_state_counts *out)
{
    const struct lt_state_rocksdb *rocks = lt_state_rocksdb_of(store);
    *out = (struct lt_state_counts){.entries = rocks->entries,
                                    .updated = rocks->updated,
                                    .removed = rocks->removed,
                                    .memory_bytes = lt_state_overlay_bytes(&rocks->overlay) +
                                                    lt_state_live_memory_bytes(&rocks->live)};
}

/* ------------------------------------------------------------------------------ open and close */

static void rocks_close(struct lt_state_store *store)
{
    struct lt_state_rocksdb *rocks = lt_state_rocksdb_of(store);
    lt_state_rocksdb_settle_all(rocks);
    lt_state_rocksdb_unpin(rocks);
    lt_state_rocksdb_end_cursors(rocks);
    lt_state_many_fini(&rocks->ahead);
    lt_text_fini(&rocks->first_time);
    lt_state_keeper_close(rocks->keeper);
    lt_state_live_close(&rocks->live);
    lt_state_overlay_fini(&rocks->overlay);
    if (rocks->is_temporary && rocks->path != NULL)
        lt_state_live_remove(rocks->path);
    free(rocks->asked.key);
    free(rocks->path);
    free(rocks);
}

static const struct lt_state_store_ops rocks_ops = {
    .name = "rocksdb",
    .get = rocks_get,
    .ahead = rocks_ahead,
    .put = rocks_put,
    .remove = rocks_remove,
    .next = lt_state_rocksdb_next,
    .prepare = lt_state_rocksdb_prepare,
    .prepared = lt_state_rocksdb_prepared,
    .commit = lt_state_rocksdb_commit,
    .is_settled = lt_state_rocksdb_is_settled,
    .fault = lt_state_rocksdb_fault,
    .abort = lt_state_rocksdb_abort,
    .maintain = lt_state_rocksdb_maintain,
    .counts = rocks_counts,
    .close = rocks_close,
};

static char *live_path(const char *folder)
{
    size_t size = strlen(folder) + sizeof "/rocksdb";
    char *path = lt_alloc(size);
    snprintf(path, size, "%s/rocksdb", folder);
    return path;
}

/* What the user leaves open depends on how many live copies there will be. */
static void set(struct lt_state_rocksdb *rocks, const struct lt_state_options *options)
{
    struct lt_state_rocksdb_settings *settings = &rocks->settings;
    if (options->rocksdb != NULL)
        *settings = *options->rocksdb;
    if (settings->write_buffer_size_mb > 0)
        return;
    int64_t share =
        WRITE_BUFFERS_MB / options->partition_count / (options->name != NULL ? STORES_GUESS : 1);
    share = share > WRITE_BUFFER_MB_LEAST ? share : WRITE_BUFFER_MB_LEAST;
    settings->write_buffer_size_mb =
        share < WRITE_BUFFER_MB_MOST ? share : WRITE_BUFFER_MB_MOST;
}

/* Where nothing is kept, RocksDB still needs a folder. */
static int make_path(struct lt_state_rocksdb *rocks, struct lt_error *error)
{
    const char *folder = lt_state_keeper_folder(rocks->keeper);
    if (folder != NULL) {
        rocks->path = live_path(folder);
        return 0;
    }
    const char *place = getenv("TMPDIR");
    size_t size = sizeof "/leat-state-XXXXXX" + (place == NULL ? sizeof "/tmp" : strlen(place));
    char *path = lt_alloc(size);
    snprintf(path, size, "%s/leat-state-XXXXXX", place == NULL ? "/tmp" : place);
    if (mkdtemp(path) == NULL) {
        int number = errno;
        int code = lt_error_set_errno(error, number,
                                      "cannot make a folder '%s' for state in RocksDB", path);
        free(path);
        return code;
    }
    rocks->path = path;
    rocks->is_temporary = true;
    return 0;
}

/* Writes a stream into the live copy, which is told that it leads to `version`. A change whose
 * stored part is not known (`asks`) is looked up. */
static int write_live(struct lt_state_rocksdb *rocks, struct lt_state_stream *stream,
                      uint64_t version, bool asks, struct lt_error *error)
{
    struct lt_state_change change;
    int code = lt_state_live_begin(&rocks->live, version, error);
    while (code == 0 && (code = stream->next(stream, &change, error)) == 1) {
        struct lt_state_live_value stored = {.final_at = LT_STATE_NEVER};
        code = asks ? lt_state_live_get(&rocks->live, change.key, &stored, error) : 0;
        if (code >= 0)
            code = lt_state_live_write(&rocks->live, &change, code == 1, stored.final_at, error);
        lt_state_live_value_fini(&stored);
    }
    return code != 0 ? code : lt_state_live_end(&rocks->live, error);
}

/* Fills the live copy from the files. */
static int fill(struct lt_state_rocksdb *rocks, const struct lt_state_live_place *place,
                struct lt_state_merge *all, struct lt_error *error)
{
    int code =
        lt_state_live_empty(&rocks->live, rocks->path, &rocks->settings, place, error);
    return code != 0 ? code
                     : write_live(rocks, lt_state_merge_stream(all), place->version, false, error);
}

/* Makes the live copy what it has to be: as it is, brought up, or filled. `all` is the version's
 * entries. */
static int bring_up(struct lt_state_rocksdb *rocks, const struct lt_state_live_place *wanted,
                    struct lt_state_merge *all, struct lt_error *error)
{
    const struct lt_state_live_place *is = &rocks->live.place;
    bool is_of_use = !lt_state_keeper_is_dealt_anew(rocks->keeper) && is->version > 0 &&
                     is->version <= wanted->version && is->target <= wanted->version &&
                     is->partition == wanted->partition &&
                     is->partition_count == wanted->partition_count &&
                     is->key_suffix_bytes == wanted->key_suffix_bytes;
    if (is_of_use && is->version == wanted->version && is->target == wanted->version)
        return 0;
    struct lt_state_merge *since;
    int code = !is_of_use ? LT_E_NOT_FOUND
                          : lt_state_keeper_load_since(rocks->keeper, is->version, &since, error);
    if (code == 0) {
        code = write_live(rocks, lt_state_merge_stream(since), wanted->version, true, error);
        lt_state_merge_destroy(since);
        return code;
    }
    return code != LT_E_NOT_FOUND ? code : fill(rocks, wanted, all, error);
}

/* It is but a copy: one that cannot be opened, as when a process was killed while it removed or
 * made it, is made anew. Without the lock of its folder nothing is removed. */
static int open_copy(struct lt_state_rocksdb *rocks, struct lt_error *error)
{
    struct lt_error cause;
    int code = lt_state_live_open(&rocks->live, rocks->path, &rocks->settings, &cause);
    if (code == 0)
        return 0;
    lt_log_info("the live copy of the state in '%s' is made anew: %s", rocks->path, cause.text);
    lt_state_live_close(&rocks->live);
    lt_state_live_remove(rocks->path);
    return lt_state_live_open(&rocks->live, rocks->path, &rocks->settings, error);
}

static int open_live(struct lt_state_rocksdb *rocks, const struct lt_state_options *options,
                     struct lt_error *error)
{
    struct lt_state_merge *all;
    int code = lt_state_keeper_load(rocks->keeper, &all, error);
    if (code != 0)
        return code;
    code = lt_state_keeper_begin(rocks->keeper, error);
    if (code == 0)
        code = make_path(rocks, error);
    if (code == 0)
        code = open_copy(rocks, error);
    const struct lt_state_live_place wanted = {.version = options->version,
                                               .partition = options->partition,
                                               .partition_count = options->partition_count,
                                               .key_suffix_bytes = options->key_suffix_bytes};
    if (code == 0)
        code = bring_up(rocks, &wanted, all, error);
    lt_state_merge_destroy(all);
    rocks->entries = rocks->live.place.entries;
    return code;
}

int lt_state_rocksdb_open(const struct lt_state_options *options, struct lt_state_store **out,
                          struct lt_error *error)
{
    struct lt_state_rocksdb *rocks = lt_alloc(sizeof *rocks);
    rocks->base.ops = &rocks_ops;
    rocks->key_suffix_bytes = options->key_suffix_bytes;
    set(rocks, options);
    lt_state_overlay_init(&rocks->overlay);
    lt_state_many_init(&rocks->ahead);
    lt_text_init(&rocks->first_time);
    int code = lt_state_keeper_open(options, &rocks->keeper, error);
    if (code == 0)
        code = open_live(rocks, options, error);
    if (code != 0) {
        rocks_close(&rocks->base);
        return code;
    }
    *out = &rocks->base;
    return 0;
}

void lt_state_rocksdb_forget(const char *root, uint32_t partition, const char *name)
{
    char *folder = lt_state_folder_path(root, partition, name);
    char *path = live_path(folder);
    if (access(path, F_OK) == 0)
        lt_state_live_remove(path);
    free(path);
    free(folder);
}
