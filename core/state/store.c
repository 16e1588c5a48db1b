/*
 * Which store it is, which partition a key is in, and reading a version's entries without a store.
 */
#include "core/state/store.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/nearest.h"
#include "core/state/change.h"
#include "core/state/folder.h"
#include "core/state/memory_store.h"
#include "core/state/rocksdb_store.h"

uint32_t lt_state_group_of(const void *key, size_t size_bytes)
{
    return lt_state_group_of_hash(lt_state_hash(key, size_bytes, 0));
}

uint32_t lt_state_partition_of(uint32_t group, uint32_t partition_count)
{
    return (uint32_t)((uint64_t)group * partition_count / LT_STATE_KEY_GROUPS);
}

int lt_state_entry_check(struct lt_state_bytes key, struct lt_state_bytes value,
                         struct lt_error *error)
{
    size_t most = LT_STATE_ENTRY_MAX_BYTES;
    if (key.size_bytes <= most && value.size_bytes <= most - key.size_bytes)
        return 0;
    return lt_error_set(error, LT_E_LIMIT,
                        "an entry of state has a key of %zu and a value of %zu bytes, and %zu are "
                        "possible for both; hint: group by more columns or smaller windows",
                        key.size_bytes, value.size_bytes, most);
}

/* ---------------------------------------------------------------------------------------- open */

/* What a live copy in RocksDB had would be of a past that is no more. */
static int open_memory(const struct lt_state_options *options, struct lt_state_store **out,
                       struct lt_error *error)
{
    int code = lt_state_memory_open(options, out, error);
    if (code == 0 && options->root != NULL)
        lt_state_rocksdb_forget(options->root, options->partition, options->name);
    return code;
}

static const struct {
    const char *name;
    int (*open)(const struct lt_state_options *options, struct lt_state_store **out,
                struct lt_error *error);
} providers[] = {
    {"memory", open_memory},
    {"rocksdb", lt_state_rocksdb_open},
    {"org.apache.spark.sql.execution.streaming.state.HDFSBackedStateStoreProvider", open_memory},
    {"org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider",
     lt_state_rocksdb_open},
};
enum { PROVIDERS = sizeof providers / sizeof providers[0] };

int lt_state_open(const struct lt_state_options *options, struct lt_state_store **out,
                  struct lt_error *error)
{
    const char *names[PROVIDERS];
    for (int i = 0; i < PROVIDERS; i++) {
        names[i] = providers[i].name;
        if (strcasecmp(options->provider, names[i]) == 0)
            return providers[i].open(options, out, error);
    }
    const char *near = lt_nearest(options->provider, names, PROVIDERS);
    return lt_error_set(error, LT_E_INVALID,
                        "unknown provider '%s' of state stores; hint: it is memory or rocksdb, or "
                        "Spark's class of either%s%s%s",
                        options->provider, near == NULL ? "" : ": did you mean '",
                        near == NULL ? "" : near, near == NULL ? "" : "'?");
}

/* ---------------------------------------------------------------------------------------- scan */

static int give_entries(const struct lt_state_scan *scan, uint32_t partition,
                        struct lt_state_stream *stream, struct lt_error *error)
{
    struct lt_state_change change;
    int code;
    while ((code = stream->next(stream, &change, error)) == 1) {
        struct lt_state_entry entry = {
            .key = change.key, .value = change.value, .final_at = change.final_at};
        code = scan->each(scan->context, partition, &entry, error);
        if (code != 0)
            break;
    }
    return code;
}

/* The files of one partition, and what their headers say of how it was dealt. */
static int scan_partition(const struct lt_state_scan *scan, uint32_t partition,
                          uint32_t *partition_count, struct lt_error *error)
{
    struct lt_state_files files = {0};
    struct lt_state_inputs inputs = {.end_group = LT_STATE_KEY_GROUPS};
    char *folder = lt_state_folder_path(scan->root, partition, scan->name);
    int code = lt_state_files_read(folder, scan->version, &files, error);
    if (code == 0) {
        const struct lt_state_file *file = lt_state_files_find(&files, scan->version);
        struct lt_state_expected expected = {.partition = partition};
        expected.partition_count = file == NULL ? 0 : file->partition_count;
        expected.key_suffix_bytes = file == NULL ? 0 : file->key_suffix_bytes;
        *partition_count = expected.partition_count;
        code = lt_state_files_chain(&files, folder, scan->version, &expected, &inputs, error);
    }
    lt_state_files_fini(&files);
    free(folder);
    if (code != 0) {
        lt_state_inputs_fini(&inputs);
        return code;
    }
    struct lt_state_merge *merge = lt_state_merge_create(&inputs, NULL, true);
    code = give_entries(scan, partition, lt_state_merge_stream(merge), error);
    lt_state_merge_destroy(merge);
    return code;
}

int lt_state_scan(const struct lt_state_scan *scan, struct lt_error *error)
{
    if (scan->version == 0)
        return 0;
    uint32_t count = 1;
    if (scan->partition != LT_STATE_ALL_PARTITIONS)
        return scan_partition(scan, scan->partition, &count, error);
    int code = 0;
    for (uint32_t partition = 0; code == 0 && partition < count; partition++)
        code = scan_partition(scan, partition, &count, error);
    return code;
}
