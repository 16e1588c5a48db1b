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

#define SPARK_PACKAGE "org.apache.spark.sql.execution.streaming.state."

static const struct provider {
    const char *name, *spark_class;
    int (*open)(const struct lt_state_options *options, struct lt_state_store **out,
                struct lt_error *error);
} providers[] = {
    {"memory", SPARK_PACKAGE "HDFSBackedStateStoreProvider", open_memory},
    {"rocksdb", SPARK_PACKAGE "RocksDBStateStoreProvider", lt_state_rocksdb_open},
};
enum { PROVIDERS = sizeof providers / sizeof providers[0] };

static const struct provider *find_provider(const char *name, struct lt_error *error)
{
    const char *names[2 * PROVIDERS];
    for (int i = 0; i < PROVIDERS; i++) {
        names[2 * i] = providers[i].name;
        names[2 * i + 1] = providers[i].spark_class;
        if (strcasecmp(name, providers[i].name) == 0 ||
            strcasecmp(name, providers[i].spark_class) == 0)
            return &providers[i];
    }
    const char *near = lt_nearest(name, names, 2 * PROVIDERS);
    (void)lt_error_set(error, LT_E_INVALID,
                       "unknown provider '%s' of state stores; hint: it is memory or rocksdb, or "
                       "Spark's class of either%s%s%s",
                       name, near == NULL ? "" : ": did you mean '", near == NULL ? "" : near,
                       near == NULL ? "" : "'?");
    (void)lt_error_condition(error, "STATE_STORE_INVALID_PROVIDER", "42K06");
    return NULL;
}

int lt_state_provider_find(const char *name, const char **out, const char **spark_class,
                           struct lt_error *error)
{
    const struct provider *provider = find_provider(name, error);
    if (provider == NULL)
        return LT_E_INVALID;
    *out = provider->name;
    if (spark_class != NULL)
        *spark_class = provider->spark_class;
    return 0;
}

int lt_state_open(const struct lt_state_options *options, struct lt_state_store **out,
                  struct lt_error *error)
{
    const struct provider *provider = find_provider(options->provider, error);
    return provider == NULL ? LT_E_INVALID : provider->open(options, out, error);
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
