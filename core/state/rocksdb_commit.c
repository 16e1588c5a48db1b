/*
 * The end of a batch. Its changes are written to the checkpoint as they lie over RocksDB; when they
 * count they are written into RocksDB too, piece by piece: at once if someone asks for something,
 * else as part of what there is to do between batches, so that nobody on the thread waits for all
 * of a large batch. Until the last piece is in it the batch's changes lie over it.
 *
 * A process that dies between two pieces leaves a live copy that is brought up from the files
 * (core/state/rocksdb_live.h).
 */
#include "core/base/log.h"
#include "core/state/rocksdb_internal.h"

enum { PIECE_ENTRIES = 1024 }; /* about a millisecond */

void lt_state_rocksdb_prepare(struct lt_state_store *store, uint64_t version)
{
    struct lt_state_rocksdb *rocks = lt_state_rocksdb_of(store);
    lt_assert(!rocks->is_prepared);
    lt_state_rocksdb_settle_all(rocks);
    rocks->is_prepared = true;
    lt_state_rocksdb_unpin(rocks);
    lt_state_rocksdb_end_cursors(rocks);
    if (rocks->fault.code == 0)
        lt_state_keeper_prepare(rocks->keeper, version,
                                lt_state_overlay_stream(&rocks->overlay));
}

int lt_state_rocksdb_fault(const struct lt_state_store *store, struct lt_error *error)
{
    const struct lt_state_rocksdb *rocks = lt_state_rocksdb_of(store);
    if (rocks->fault.code != 0 && error != NULL)
        *error = rocks->fault;
    return rocks->fault.code;
}

int lt_state_rocksdb_prepared(struct lt_state_store *store, struct lt_error *error)
{
    int code = lt_state_rocksdb_fault(store, error);
    return code != 0 ? code
                     : lt_state_keeper_prepared(lt_state_rocksdb_of(store)->keeper, error);
}

static void begin_anew(struct lt_state_rocksdb *rocks)
{
    rocks->is_prepared = false;
    rocks->asked.is_valid = false; /* the live copy may have changed */
    lt_state_many_clear(&rocks->ahead);
    rocks->updated = 0;
    rocks->removed = 0;
    rocks->entries = rocks->live.place.entries;
    lt_state_overlay_clear(&rocks->overlay);
}

/* --------------------------------------------------------------------------------------- settle */

static int write_entry(struct lt_state_rocksdb *rocks, const struct lt_state_overlay_entry *entry,
                       struct lt_error *error)
{
    struct lt_state_record *record = lt_state_overlay_record(&rocks->overlay, entry);
    struct lt_state_change change = {
        .hash = entry->hash,
        .key = {lt_state_record_key(record), record->key_bytes},
        .value = {lt_state_record_value(record), record->value_bytes},
        .final_at = record->final_at,
        .is_removed = entry->is_removed};
    return lt_state_live_write(&rocks->live, &change, entry->is_stored, entry->stored_final_at,
                               error);
}

/* The times that the batch has put are stored now: the first one may be one of them. Those before
 * the first need not be passed over again, as RocksDB would do with what was deleted. */
static void note_times_put(struct lt_state_rocksdb *rocks)
{
    struct lt_state_time first;
    char key[LT_STATE_LIVE_TIME_BYTES];
    const struct lt_state_bytes put = {key, sizeof key};
    if (rocks->first_time.size_bytes == 0 ||
        !lt_state_times_next(rocks->overlay.times, NULL, &first))
        return;
    lt_state_live_time(first.at, key);
    if (lt_state_bytes_compare(put, (struct lt_state_bytes){rocks->first_time.data,
                                                            rocks->first_time.size_bytes}) >= 0)
        return;
    lt_text_clear(&rocks->first_time);
    lt_text_append_n(&rocks->first_time, key, sizeof key);
}

void lt_state_rocksdb_settle(struct lt_state_rocksdb *rocks)
{
    const struct lt_state_overlay *overlay = &rocks->overlay;
    struct lt_error error;
    int code = 0;
    uint32_t end = overlay->count - rocks->settled > PIECE_ENTRIES
                       ? rocks->settled + PIECE_ENTRIES
                       : overlay->count;
    lt_assert(rocks->is_settling);
    if (rocks->settled == 0)
        code = lt_state_live_begin(&rocks->live, lt_state_keeper_version(rocks->keeper), &error);
    for (; code == 0 && rocks->settled < end; rocks->settled++)
        code = write_entry(rocks, &overlay->entries[rocks->settled], &error);
    if (code == 0 && end < overlay->count)
        return;
    if (code == 0)
        code = lt_state_live_end(&rocks->live, &error);
    if (code != 0) {
        /* Nothing is lost, the version is in the files: but there is no going on from it. */
        lt_log_error("%s", error.text);
        rocks->fault = error;
    }
    rocks->is_settling = false;
    note_times_put(rocks);
    begin_anew(rocks);
}

void lt_state_rocksdb_commit(struct lt_state_store *store)
{
    struct lt_state_rocksdb *rocks = lt_state_rocksdb_of(store);
    lt_state_keeper_commit(rocks->keeper);
    rocks->is_prepared = false;
    rocks->is_settling = true;
    rocks->settled = 0;
    rocks->updated = 0;
    rocks->removed = 0;
}

bool lt_state_rocksdb_is_settled(const struct lt_state_store *store)
{
    return !lt_state_rocksdb_of(store)->is_settling;
}

int lt_state_rocksdb_abort(struct lt_state_store *store, struct lt_error *error)
{
    (void)error;
    struct lt_state_rocksdb *rocks = lt_state_rocksdb_of(store);
    lt_state_rocksdb_settle_all(rocks);
    lt_state_rocksdb_unpin(rocks);
    lt_state_rocksdb_end_cursors(rocks);
    lt_state_keeper_abort(rocks->keeper);
    lt_text_clear(&rocks->first_time); /* what the batch had removed is there */
    begin_anew(rocks);
    return 0;
}

uint32_t lt_state_rocksdb_maintain(struct lt_state_store *store, uint64_t oldest)
{
    struct lt_state_rocksdb *rocks = lt_state_rocksdb_of(store);
    uint32_t work = rocks->is_settling;
    if (rocks->is_settling)
        lt_state_rocksdb_settle(rocks);
    return work + lt_state_keeper_maintain(rocks->keeper, oldest);
}
