/*
 * Cursors over two things at once: what RocksDB has, less what the batch has touched, and what the
 * batch has put. RocksDB does not change while a batch runs, so an iterator is right until its end.
 *
 *   place[0]  the number of the cursor's iterator; 0 before the first entry
 *   place[1]  what the overlay gave last: in any order the number of the entry after it, by time
 *             its time
 *   place[2]  by time: its entry's number
 *   place[3]  flags
 */
#include "core/state/rocksdb_internal.h"

#include <stdlib.h>

#include "core/base/arena.h"

enum {
    STORED_DONE = 1,    /* all of RocksDB has been given */
    STORED_GIVEN = 2,   /* the iterator is at what was given last */
    OVERLAY_BEGUN = 4,  /* place[1] and place[2] say something */
    TIMES_BEGUN = 8,    /* the first stored time that is not touched has been found */

    FINAL_FIRST = 4, /* entries by time that are read at once, at first */
};

static void end_cursor(struct lt_state_rocksdb_cursor *cursor)
{
    if (cursor->number == 0)
        return;
    if (cursor->final != NULL)
        lt_state_many_fini(&cursor->final->entries);
    free(cursor->final);
    rocksdb_iter_destroy(cursor->iterator);
    *cursor = (struct lt_state_rocksdb_cursor){0};
}

void lt_state_rocksdb_end_cursors(struct lt_state_rocksdb *rocks)
{
    for (int i = 0; i < LT_STATE_ROCKSDB_CURSORS; i++)
        end_cursor(&rocks->cursors[i]);
}

/* The iterator of a cursor that has begun, or a new one in the place of the oldest. */
static struct lt_state_rocksdb_cursor *find_cursor(struct lt_state_rocksdb *rocks,
                                                   struct lt_state_cursor *cursor, char kind)
{
    struct lt_state_rocksdb_cursor *oldest = &rocks->cursors[0];
    for (int i = 0; i < LT_STATE_ROCKSDB_CURSORS; i++) {
        if (cursor->place[0] != 0 && rocks->cursors[i].number == cursor->place[0])
            return &rocks->cursors[i];
        if (rocks->cursors[i].number < oldest->number)
            oldest = &rocks->cursors[i];
    }
    lt_assert(cursor->place[0] == 0); /* else too many were under way */
    end_cursor(oldest);
    cursor->place[0] = oldest->number = ++rocks->cursor_count;
    struct lt_state_bytes from = {&kind, 1};
    if (kind == 't') {
        oldest->final = lt_alloc(sizeof *oldest->final);
        oldest->final->wanted = FINAL_FIRST;
        lt_state_many_init(&oldest->final->entries);
        if (rocks->first_time.size_bytes > 0)
            from = (struct lt_state_bytes){rocks->first_time.data, rocks->first_time.size_bytes};
    }
    oldest->iterator = lt_state_live_iterate(&rocks->live, from);
    return oldest;
}

static bool is_touched(const struct lt_state_rocksdb *rocks, struct lt_state_bytes key)
{
    uint64_t hash = lt_state_hash(key.data, key.size_bytes, rocks->key_suffix_bytes);
    return lt_state_overlay_find(&rocks->overlay, hash, key) != NULL;
}

/* Moves the iterator to the next key that the batch has not touched, and was not given; false at
 * the end. */
static bool find_stored(const struct lt_state_rocksdb *rocks,
                        const struct lt_state_rocksdb_cursor *own, struct lt_state_cursor *cursor,
                        struct lt_state_bytes *key)
{
    int64_t unused;
    if ((cursor->place[3] & STORED_DONE) != 0)
        return false;
    if ((cursor->place[3] & STORED_GIVEN) != 0)
        rocksdb_iter_next(own->iterator);
    cursor->place[3] &= ~(uint64_t)STORED_GIVEN;
    for (; lt_state_live_iterator_key(own->iterator, 'd', key, &unused);
         rocksdb_iter_next(own->iterator)) {
        if (!is_touched(rocks, *key))
            return true;
    }
    cursor->place[3] |= STORED_DONE;
    return false;
}

static bool give_overlay(const struct lt_state_rocksdb *rocks, uint64_t number,
                         struct lt_state_entry *entry)
{
    struct lt_state_record *record =
        lt_state_overlay_record(&rocks->overlay, &rocks->overlay.entries[number]);
    *entry = (struct lt_state_entry){
        .key = {lt_state_record_key(record), record->key_bytes},
        .value = {lt_state_record_value(record), record->value_bytes},
        .final_at = record->final_at};
    return true;
}

static void note_fault(struct lt_state_rocksdb *rocks, const char *fault)
{
    if (fault == NULL)
        return;
    lt_error_set(&rocks->fault, LT_E_IO, "RocksDB cannot be read: %s", fault);
}

static bool next_in_any_order(struct lt_state_rocksdb *rocks,
                              struct lt_state_rocksdb_cursor *own, struct lt_state_cursor *cursor,
                              struct lt_state_entry *entry)
{
    if (find_stored(rocks, own, cursor, &entry->key)) {
        size_t size;
        const char *bytes = rocksdb_iter_value(own->iterator, &size);
        lt_assert(size >= sizeof entry->final_at);
        memcpy(&entry->final_at, bytes, sizeof entry->final_at);
        entry->value = (struct lt_state_bytes){bytes + sizeof entry->final_at,
                                               size - sizeof entry->final_at};
        cursor->place[3] |= STORED_GIVEN;
        return true;
    }
    while (cursor->place[1] < rocks->overlay.count) {
        uint64_t number = cursor->place[1]++;
        if (!rocks->overlay.entries[number].is_removed)
            return give_overlay(rocks, number, entry);
    }
    return false;
}

/* The iterator is at the first time that is not touched, or behind all: where the next cursor of
 * the batch begins. */
static void note_first_time(struct lt_state_rocksdb *rocks, rocksdb_iterator_t *iterator)
{
    static const char behind_all[] = "u";
    size_t size = 1;
    const char *key =
        rocksdb_iter_valid(iterator) ? rocksdb_iter_key(iterator, &size) : behind_all;
    lt_text_clear(&rocks->first_time);
    lt_text_append_n(&rocks->first_time, key, size);
}

/* Reads the next entries by time, up to the bound, that the batch has not touched. */
static void read_final(struct lt_state_rocksdb *rocks, struct lt_state_rocksdb_cursor *own,
                       struct lt_state_cursor *cursor)
{
    struct lt_state_rocksdb_final *final = own->final;
    struct lt_state_bytes key;
    int64_t at;
    lt_state_many_clear(&final->entries);
    while (final->entries.count < final->wanted) {
        bool is_there = lt_state_live_iterator_key(own->iterator, 't', &key, &at);
        bool is_passed_over = is_there && is_touched(rocks, key);
        if (!is_passed_over && (cursor->place[3] & TIMES_BEGUN) == 0) {
            cursor->place[3] |= TIMES_BEGUN;
            note_first_time(rocks, own->iterator);
        }
        if (!is_there || at > cursor->bound) {
            cursor->place[3] |= STORED_DONE;
            break;
        }
        if (!is_passed_over) {
            final->at[final->entries.count] = at;
            lt_state_many_add(&final->entries, key);
        }
        rocksdb_iter_next(own->iterator);
    }
    final->wanted = final->wanted < LT_STATE_AHEAD_MAX ? final->wanted * 2 : final->wanted;
    if (!cursor->is_of_keys &&
        lt_state_many_get(&final->entries, &rocks->live, &rocks->fault) != 0)
        lt_state_many_clear(&final->entries);
}

/* The time of the next stored entry; false: there is none. */
static bool find_final(struct lt_state_rocksdb *rocks, struct lt_state_rocksdb_cursor *own,
                       struct lt_state_cursor *cursor, int64_t *at)
{
    const struct lt_state_rocksdb_final *final = own->final;
    if (final->entries.next == final->entries.count && (cursor->place[3] & STORED_DONE) == 0)
        read_final(rocks, own, cursor);
    if (final->entries.next == final->entries.count)
        return false;
    *at = final->at[final->entries.next];
    return true;
}

static bool give_stored_time(struct lt_state_rocksdb *rocks, struct lt_state_rocksdb_cursor *own,
                             const struct lt_state_cursor *cursor, struct lt_state_entry *entry)
{
    struct lt_state_many *entries = &own->final->entries;
    const struct lt_state_live_value *found = &entries->values[entries->next];
    *entry = (struct lt_state_entry){.key = lt_state_many_key(entries, entries->next),
                                     .final_at = own->final->at[entries->next]};
    if (!cursor->is_of_keys && found->pinned == NULL) {
        lt_error_set(&rocks->fault, LT_E_CORRUPT,
                     "the live copy of the state in RocksDB has a time without its entry; hint: it "
                     "is made anew if its folder, named rocksdb, is deleted");
        return false;
    }
    if (!cursor->is_of_keys)
        entry->value = found->value;
    entries->next++;
    lt_state_rocksdb_remember(rocks, entry->key, true, entry->final_at); /* it may be removed */
    return true;
}

static bool next_final(struct lt_state_rocksdb *rocks, struct lt_state_rocksdb_cursor *own,
                       struct lt_state_cursor *cursor, struct lt_state_entry *entry)
{
    int64_t stored_at = LT_STATE_NEVER;
    bool has_stored = find_final(rocks, own, cursor, &stored_at);
    struct lt_state_time last = {(int64_t)cursor->place[1], cursor->place[2]}, time;
    bool has_begun = (cursor->place[3] & OVERLAY_BEGUN) != 0;
    bool has_put = lt_state_times_next(rocks->overlay.times, has_begun ? &last : NULL, &time) &&
                   time.at <= cursor->bound;
    if (has_stored && (!has_put || stored_at <= time.at))
        return give_stored_time(rocks, own, cursor, entry);
    if (!has_put)
        return false;
    cursor->place[1] = (uint64_t)time.at;
    cursor->place[2] = time.hash; /* the overlay's times have entries' numbers there */
    cursor->place[3] |= OVERLAY_BEGUN;
    return give_overlay(rocks, time.hash, entry);
}

bool lt_state_rocksdb_next(struct lt_state_cursor *cursor, struct lt_state_entry *entry)
{
    struct lt_state_rocksdb *rocks = lt_state_rocksdb_of(cursor->store);
    lt_assert(cursor->order != LT_STATE_WITH_PREFIX); /* has_prefix_order is false */
    if (cursor->place[0] == UINT64_MAX)
        return false; /* it has ended */
    lt_state_rocksdb_settle_all(rocks);
    bool is_final = cursor->order == LT_STATE_FINAL_UP_TO;
    struct lt_state_rocksdb_cursor *own = find_cursor(rocks, cursor, is_final ? 't' : 'd');
    bool is_there = is_final ? next_final(rocks, own, cursor, entry)
                             : next_in_any_order(rocks, own, cursor, entry);
    if (is_there)
        return true;
    char *fault = NULL;
    rocksdb_iter_get_error(own->iterator, &fault);
    note_fault(rocks, fault);
    rocksdb_free(fault);
    end_cursor(own);
    cursor->place[0] = UINT64_MAX;
    return false;
}
