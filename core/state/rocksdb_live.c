/*
 * RocksDB by its C interface. All live copies of a process share one cache of blocks, indexes and
 * filters; each has a few megabytes more for what it writes.
 *
 * What is written goes in batches: the data of all its changes, then their times. Changes mostly
 * come in the order of their keys or nearly so, and then each insertion begins where the last one
 * was; by turns it would begin anew each time.
 */
#include "core/state/rocksdb_live.h"

#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"

enum {
    CACHE_BYTES = 64 * 1024 * 1024, /* of the process */
    WRITE_BUFFER_BYTES = 8 * 1024 * 1024,
    BATCH_BYTES = 1024 * 1024, /* is written when it has so much */
    OPEN_FILES_MAX = 128,
    LOG_FILES_KEPT = 2,
    LOG_HEADERS_ALONE = 5, /* of RocksDB's levels the highest */
    FILTER_BITS = 10,
    TIME_BYTES = 8,
    PLACE_SIZE = 160,
    KILOBYTE = 1024,
    MEGABYTE = 1024 * KILOBYTE,
};

static const double memory_filter_share = 0.02; /* of a write buffer */
static rocksdb_cache_t *cache; /* made once, and kept while the process lives */
static pthread_once_t cache_once = PTHREAD_ONCE_INIT;

static void make_cache(void)
{
    cache = rocksdb_cache_create_lru(CACHE_BYTES);
}

/* Frees RocksDB's text. */
static int failed(const char *what, char *text, struct lt_error *error)
{
    bool is_full = strstr(text, strerror(ENOSPC)) != NULL || strstr(text, strerror(EDQUOT)) != NULL;
    lt_error_set(error, LT_E_IO,
                 "An error occurred during loading state. RocksDB cannot %s: %s; hint: %s", what,
                 text,
                 is_full ? "free some space on the disk that holds the checkpoint and start again: "
                           "nothing is lost"
                         : "the live copy of the state is made anew from the checkpoint's files if "
                           "its folder, named rocksdb, is deleted");
    rocksdb_free(text);
    return lt_error_condition(error, "CANNOT_LOAD_STATE_STORE.UNCATEGORIZED", "58030");
}

/* ---------------------------------------------------------------------------------------- open */

static const struct {
    const char *name;
    int kind;
} compressions[] = {{"lz4", rocksdb_lz4_compression},
                    {"zstd", rocksdb_zstd_compression},
                    {"snappy", rocksdb_snappy_compression},
                    {"none", rocksdb_no_compression}};

static int compression_of(const struct lt_state_rocksdb_settings *settings)
{
    size_t count = sizeof compressions / sizeof compressions[0];
    for (size_t i = 0; i < count && settings->compression != NULL; i++)
        if (strcmp(compressions[i].name, settings->compression) == 0)
            return compressions[i].kind;
    return compressions[0].kind;
}

static uint64_t given(int64_t value, uint64_t unit, uint64_t otherwise)
{
    return value > 0 ? (uint64_t)value * unit : otherwise;
}

/* Index and filter of a file are read block by block, as its data are. Whole they have megabytes,
 * more than a shard of the cache: they would be read again for nearly every key. */
static void divide_metadata(rocksdb_block_based_table_options_t *table)
{
    rocksdb_block_based_options_set_cache_index_and_filter_blocks(table, 1);
    rocksdb_block_based_options_set_cache_index_and_filter_blocks_with_high_priority(table, 1);
    rocksdb_block_based_options_set_index_type(
        table, rocksdb_block_based_table_index_type_two_level_index_search);
    rocksdb_block_based_options_set_partition_filters(table, 1);
    rocksdb_block_based_options_set_pin_top_level_index_and_filter(table, 1);
}

static rocksdb_options_t *make_options(const struct lt_state_rocksdb_settings *settings)
{
    pthread_once(&cache_once, make_cache);
    if (settings->cache_mb > 0)
        rocksdb_cache_set_capacity(cache, given(settings->cache_mb, MEGABYTE, 0));
    rocksdb_block_based_table_options_t *table = rocksdb_block_based_options_create();
    rocksdb_block_based_options_set_block_cache(table, cache);
    rocksdb_block_based_options_set_filter_policy(
        table, rocksdb_filterpolicy_create_bloom_full(FILTER_BITS));
    divide_metadata(table);
    if (settings->block_size_kb > 0)
        rocksdb_block_based_options_set_block_size(table,
                                                   given(settings->block_size_kb, KILOBYTE, 0));
    rocksdb_options_t *options = rocksdb_options_create();
    rocksdb_options_set_block_based_table_factory(options, table);
    rocksdb_block_based_options_destroy(table);
    rocksdb_options_set_create_if_missing(options, 1);
    rocksdb_options_set_write_buffer_size(
        options, given(settings->write_buffer_size_mb, MEGABYTE, WRITE_BUFFER_BYTES));
    if (settings->max_write_buffer_number > 0)
        rocksdb_options_set_max_write_buffer_number(options,
                                                    (int)settings->max_write_buffer_number);
    rocksdb_options_set_max_open_files(options,
                                       (int)given(settings->max_open_files, 1, OPEN_FILES_MAX));
    rocksdb_options_set_allow_concurrent_memtable_write(options, 0); /* there is one thread */
    /* Most keys that are asked for were not written lately. */
    rocksdb_options_set_memtable_whole_key_filtering(options, 1);
    rocksdb_options_set_memtable_prefix_bloom_size_ratio(options, memory_filter_share);
    rocksdb_options_set_keep_log_file_num(options, LOG_FILES_KEPT);
    /* It lies beside the data. RocksDB as Debian builds it aborts the process when it writes to it
     * after that has failed, as it does when a full disk has failed a write of the data. */
    rocksdb_options_set_info_log_level(options, LOG_HEADERS_ALONE);
    rocksdb_options_set_compression(options, compression_of(settings));
    return options;
}

static int encode_place(const struct lt_state_live_place *place, char out[PLACE_SIZE])
{
    return snprintf(out, PLACE_SIZE,
                    "2 %" PRIu64 " %" PRIu64 " %" PRIu32 " %" PRIu32 " %" PRIu32 " %" PRIu64,
                    place->version, place->target, place->partition, place->partition_count,
                    place->key_suffix_bytes, place->entries);
}

static int read_place(struct lt_state_live *live, struct lt_error *error)
{
    char *fault = NULL, text[PLACE_SIZE] = "";
    size_t size = 0;
    char *bytes = rocksdb_get(live->db, live->reading, "m", 1, &size, &fault);
    if (fault != NULL)
        return failed("be read", fault, error);
    if (bytes != NULL && size < sizeof text)
        memcpy(text, bytes, size);
    rocksdb_free(bytes);
    struct lt_state_live_place *place = &live->place;
    if (sscanf(text, "2 %" SCNu64 " %" SCNu64 " %" SCNu32 " %" SCNu32 " %" SCNu32 " %" SCNu64,
               &place->version, &place->target, &place->partition, &place->partition_count,
               &place->key_suffix_bytes, &place->entries) != 6)
        *place = (struct lt_state_live_place){0}; /* new, or of another version of leat */
    return 0;
}

int lt_state_live_open(struct lt_state_live *live, const char *path,
                       const struct lt_state_rocksdb_settings *settings, struct lt_error *error)
{
    static const struct lt_state_rocksdb_settings as_it_is;
    *live = (struct lt_state_live){.options = make_options(settings != NULL ? settings : &as_it_is),
                                   .reading = rocksdb_readoptions_create(),
                                   .writing = rocksdb_writeoptions_create(),
                                   .batch = rocksdb_writebatch_create()};
    /* RocksDB counts each comparison for whoever may ask, which is a tenth of what it costs. */
    rocksdb_set_perf_level(rocksdb_disable);
    char *fault = NULL;
    const char *const family = "default"; /* a handle is what getting many at once asks for */
    const rocksdb_options_t *const options = live->options;
    live->db = rocksdb_open_column_families(options, path, 1, &family, &options, &live->family,
                                            &fault);
    if (fault != NULL)
        return failed("open its folder", fault, error);
    return read_place(live, error);
}

void lt_state_live_close(struct lt_state_live *live)
{
    if (live->family != NULL)
        rocksdb_column_family_handle_destroy(live->family);
    if (live->db != NULL)
        rocksdb_close(live->db);
    if (live->options != NULL) {
        rocksdb_options_destroy(live->options);
        rocksdb_readoptions_destroy(live->reading);
        rocksdb_writeoptions_destroy(live->writing);
        rocksdb_writebatch_destroy(live->batch);
    }
    lt_text_fini(&live->times);
    free(live->key);
    *live = (struct lt_state_live){0};
}

void lt_state_live_remove(const char *path)
{
    rocksdb_options_t *options = rocksdb_options_create();
    char *fault = NULL;
    rocksdb_destroy_db(options, path, &fault);
    rocksdb_free(fault); /* nothing was there */
    rocksdb_options_destroy(options);
}

int lt_state_live_empty(struct lt_state_live *live, const char *path,
                        const struct lt_state_rocksdb_settings *settings,
                        const struct lt_state_live_place *place, struct lt_error *error)
{
    lt_state_live_close(live);
    lt_state_live_remove(path);
    int code = lt_state_live_open(live, path, settings, error);
    live->place = *place;
    live->place.version = 0;
    live->place.target = 0;
    live->place.entries = 0;
    return code;
}

/* ----------------------------------------------------------------------------------------- get */

static unsigned char *reserve_key(struct lt_state_live *live, size_t size_bytes)
{
    if (size_bytes > live->key_capacity) {
        live->key_capacity = size_bytes * 2;
        live->key = lt_realloc_array(live->key, live->key_capacity, 1);
    }
    return live->key;
}

/* 'd' and the key; its size. */
static size_t make_data_key(struct lt_state_live *live, struct lt_state_bytes key)
{
    unsigned char *out = reserve_key(live, 1 + key.size_bytes);
    out[0] = 'd';
    if (key.size_bytes > 0)
        memcpy(out + 1, key.data, key.size_bytes);
    return 1 + key.size_bytes;
}

void lt_state_live_time(int64_t at, char out[LT_STATE_LIVE_TIME_BYTES])
{
    uint64_t ordered = htobe64((uint64_t)at ^ (uint64_t)1 << 63);
    out[0] = 't';
    memcpy(out + 1, &ordered, TIME_BYTES);
}

static size_t make_time_key(struct lt_state_live *live, int64_t at, struct lt_state_bytes key)
{
    unsigned char *out = reserve_key(live, LT_STATE_LIVE_TIME_BYTES + key.size_bytes);
    lt_state_live_time(at, (char *)out);
    if (key.size_bytes > 0)
        memcpy(out + LT_STATE_LIVE_TIME_BYTES, key.data, key.size_bytes);
    return LT_STATE_LIVE_TIME_BYTES + key.size_bytes;
}

/* What a pinned value says, which is given back if it is damaged: 1, or a negative code. */
static int read_value(struct lt_state_live_value *value, struct lt_error *error)
{
    size_t size = 0;
    const char *bytes = rocksdb_pinnableslice_value(value->pinned, &size);
    if (size < TIME_BYTES) {
        lt_state_live_value_fini(value);
        return lt_error_set(error, LT_E_CORRUPT,
                            "the live copy of the state in RocksDB has an entry of %zu bytes; "
                            "hint: it is made anew if its folder, named rocksdb, is deleted",
                            size);
    }
    memcpy(&value->final_at, bytes, TIME_BYTES);
    value->value = (struct lt_state_bytes){bytes + TIME_BYTES, size - TIME_BYTES};
    return 1;
}

int lt_state_live_get(struct lt_state_live *live, struct lt_state_bytes key,
                      struct lt_state_live_value *out, struct lt_error *error)
{
    char *fault = NULL;
    size_t key_bytes = make_data_key(live, key);
    *out = (struct lt_state_live_value){.pinned = NULL};
    out->pinned =
        rocksdb_get_pinned(live->db, live->reading, (char *)live->key, key_bytes, &fault);
    if (fault != NULL)
        return failed("be read", fault, error);
    return out->pinned == NULL ? 0 : read_value(out, error);
}

/* RocksDB's keys one behind the other, and where each is. */
static void make_data_keys(struct lt_state_live *live, const struct lt_state_bytes *keys,
                           uint32_t count, const char **places, size_t *sizes)
{
    size_t all_bytes = 0;
    for (uint32_t i = 0; i < count; i++)
        all_bytes += 1 + keys[i].size_bytes;
    unsigned char *at = reserve_key(live, all_bytes);
    for (uint32_t i = 0; i < count; i++) {
        places[i] = (char *)at;
        sizes[i] = 1 + keys[i].size_bytes;
        *at++ = 'd';
        if (keys[i].size_bytes > 0)
            memcpy(at, keys[i].data, keys[i].size_bytes);
        at += keys[i].size_bytes;
    }
}

static bool are_sorted(const struct lt_state_bytes *keys, uint32_t count)
{
    bool are = true;
    for (uint32_t i = 1; i < count && are; i++)
        are = lt_state_bytes_compare(keys[i - 1], keys[i]) <= 0;
    return are;
}

int lt_state_live_get_many(struct lt_state_live *live, const struct lt_state_bytes *keys,
                           uint32_t count, struct lt_state_live_value *out, struct lt_error *error)
{
    const char *places[LT_STATE_AHEAD_MAX];
    size_t sizes[LT_STATE_AHEAD_MAX];
    rocksdb_pinnableslice_t *pinned[LT_STATE_AHEAD_MAX] = {NULL};
    char *faults[LT_STATE_AHEAD_MAX] = {NULL};
    int code = 0;
    lt_assert(count <= LT_STATE_AHEAD_MAX);
    if (count == 0)
        return 0;
    make_data_keys(live, keys, count, places, sizes);
    rocksdb_batched_multi_get_cf(live->db, live->reading, live->family, count, places, sizes,
                                 pinned, faults, are_sorted(keys, count));
    for (uint32_t i = 0; i < count; i++) {
        out[i] = (struct lt_state_live_value){.pinned = pinned[i]};
        if (faults[i] != NULL && code == 0)
            code = failed("be read", faults[i], error);
        else
            rocksdb_free(faults[i]);
        if (pinned[i] != NULL && code == 0 && read_value(&out[i], error) < 0)
            code = LT_E_CORRUPT;
    }
    for (uint32_t i = 0; code != 0 && i < count; i++)
        lt_state_live_value_fini(&out[i]);
    return code;
}

/* --------------------------------------------------------------------------------------- write */

/* A time key that is written or deleted when the batch is: this, then the key. */
struct time_change {
    size_t key_bytes;
    bool is_deleted;
};

static void note_time(struct lt_state_live *live, int64_t at, struct lt_state_bytes key,
                      bool is_deleted)
{
    const struct time_change change = {make_time_key(live, at, key), is_deleted};
    lt_text_append_n(&live->times, &change, sizeof change);
    lt_text_append_n(&live->times, live->key, change.key_bytes);
}

/* A time key is put once before it is deleted, which lets RocksDB forget both where they meet. */
static void put_times(struct lt_state_live *live)
{
    struct time_change change;
    for (size_t at = 0; at < live->times.size_bytes; at += change.key_bytes) {
        memcpy(&change, live->times.data + at, sizeof change);
        at += sizeof change;
        if (change.is_deleted)
            rocksdb_writebatch_singledelete(live->batch, live->times.data + at, change.key_bytes);
        else
            rocksdb_writebatch_put(live->batch, live->times.data + at, change.key_bytes, "", 0);
    }
    lt_text_clear(&live->times);
}

/* With each piece goes what it makes of the number of entries: a process that dies between two of
 * them leaves a place that is right. */
static int flush_batch(struct lt_state_live *live, struct lt_error *error)
{
    char *fault = NULL, text[PLACE_SIZE];
    int size = encode_place(&live->place, text);
    put_times(live);
    rocksdb_writebatch_put(live->batch, "m", 1, text, (size_t)size);
    rocksdb_write(live->db, live->writing, live->batch, &fault);
    rocksdb_writebatch_clear(live->batch);
    live->batch_bytes = 0;
    return fault == NULL ? 0 : failed("be written", fault, error);
}

int lt_state_live_begin(struct lt_state_live *live, uint64_t target, struct lt_error *error)
{
    live->place.target = target;
    return flush_batch(live, error);
}

static void put_entry(struct lt_state_live *live, const struct lt_state_change *change)
{
    size_t key_bytes = make_data_key(live, change->key);
    const char *keys[] = {(const char *)live->key};
    const char *values[] = {(const char *)&change->final_at, change->value.data};
    const size_t key_sizes[] = {key_bytes}, value_sizes[] = {TIME_BYTES, change->value.size_bytes};
    rocksdb_writebatch_putv(live->batch, 1, keys, key_sizes,
                            change->value.size_bytes > 0 ? 2 : 1, values, value_sizes);
    live->batch_bytes += key_bytes + TIME_BYTES + change->value.size_bytes;
}

int lt_state_live_write(struct lt_state_live *live, const struct lt_state_change *change,
                        bool is_stored, int64_t stored_final_at, struct lt_error *error)
{
    int64_t was = is_stored ? stored_final_at : LT_STATE_NEVER;
    int64_t is = change->is_removed ? LT_STATE_NEVER : change->final_at;
    if (was != is && was != LT_STATE_NEVER)
        note_time(live, was, change->key, true);
    if (was != is && is != LT_STATE_NEVER)
        note_time(live, is, change->key, false);
    if (!change->is_removed) {
        put_entry(live, change);
    } else if (is_stored) {
        size_t size = make_data_key(live, change->key);
        rocksdb_writebatch_delete(live->batch, (const char *)live->key, size);
    }
    live->batch_bytes += 2 * change->key.size_bytes;
    live->place.entries += !change->is_removed && !is_stored;
    live->place.entries -= change->is_removed && is_stored;
    return live->batch_bytes < BATCH_BYTES ? 0 : flush_batch(live, error);
}

int lt_state_live_end(struct lt_state_live *live, struct lt_error *error)
{
    live->place.version = live->place.target;
    return flush_batch(live, error);
}

/* ------------------------------------------------------------------------------------- iterate */

rocksdb_iterator_t *lt_state_live_iterate(struct lt_state_live *live, struct lt_state_bytes from)
{
    rocksdb_iterator_t *iterator = rocksdb_create_iterator(live->db, live->reading);
    rocksdb_iter_seek(iterator, from.data, from.size_bytes);
    return iterator;
}

bool lt_state_live_iterator_key(const rocksdb_iterator_t *iterator, char kind,
                                struct lt_state_bytes *key, int64_t *at)
{
    if (!rocksdb_iter_valid(iterator))
        return false;
    size_t size, before = 1 + (kind == 't' ? (size_t)TIME_BYTES : 0);
    const char *bytes = rocksdb_iter_key(iterator, &size);
    if (bytes[0] != kind || size < before)
        return false;
    if (kind == 't') {
        uint64_t ordered;
        memcpy(&ordered, bytes + 1, TIME_BYTES);
        *at = (int64_t)(be64toh(ordered) ^ (uint64_t)1 << 63);
    }
    *key = (struct lt_state_bytes){bytes + before, size - before};
    return true;
}

uint64_t lt_state_live_memory_bytes(const struct lt_state_live *live)
{
    static const char *const names[] = {"rocksdb.cur-size-all-mem-tables",
                                        "rocksdb.estimate-table-readers-mem"};
    uint64_t sum = 0;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        uint64_t bytes = 0;
        if (rocksdb_property_int(live->db, names[i], &bytes) == 0)
            sum += bytes;
    }
    return sum;
}
