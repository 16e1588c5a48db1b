#include "core/run/query_options.h"

#include <string.h>

#include "core/base/ascii.h"
#include "core/base/limits.h"

/* By Spark's names behind spark.sql.streaming.stateStore. in SET. A live copy in RocksDB is bounded
 * and has the changes in files of its own in any case; what says so is known and changes nothing.
 */
#define ROCKSDB_NUMBER(name, least, doc)                                                           \
    {                                                                                              \
        "rocksdb." name, LT_OPTION_I64, "-1", NULL, least, 1000000, 0, doc                         \
    }
#define ROCKSDB_SWITCH(name, otherwise, doc)                                                       \
    {                                                                                              \
        "rocksdb." name, LT_OPTION_BOOL, otherwise, NULL, 0, 0, 0, doc                             \
    }
#define ROCKSDB_OPTIONS                                                                            \
    ROCKSDB_NUMBER("blockSizeKB", -1, "Of RocksDB's blocks, in KiB; -1: RocksDB's own, 4."),       \
        ROCKSDB_NUMBER("blockCacheSizeMB", -1,                                                     \
                       "Memory in MiB for blocks, indexes and filters of all RocksDB stores of "   \
                       "the process; -1: 64."),                                                    \
        ROCKSDB_NUMBER("maxMemoryUsageMB", -1,                                                     \
                       "The same, as it is called with boundedMemoryUsage; the larger counts."),   \
        ROCKSDB_NUMBER("writeBufferSizeMB", -1,                                                    \
                       "Memory in MiB that a RocksDB store writes into first; -1: 8 to 32, the "   \
                       "less the more partitions and stores the query has."),                      \
        ROCKSDB_NUMBER("maxWriteBufferNumber", -1,                                                 \
                       "How many of these a RocksDB store has at most; -1: RocksDB's own, 2."),    \
        ROCKSDB_NUMBER("maxOpenFiles", -1,                                                         \
                       "Files that a RocksDB store keeps open; -1: 128."),                         \
        {"rocksdb.compression", LT_OPTION_CHOICE, "lz4", "lz4|zstd|snappy|none", 0, 0, 0,          \
         "How RocksDB compresses its blocks."},                                                    \
        ROCKSDB_SWITCH("boundedMemoryUsage", "true",                                               \
                       "Known, and changes nothing: RocksDB's memory is always bounded."),         \
        ROCKSDB_SWITCH("changelogCheckpointing.enabled", "true",                                   \
                       "Known, and changes nothing: a batch always writes its changes only."),     \
        ROCKSDB_SWITCH("trackTotalNumberOfRows", "true",                                           \
                       "Known, and changes nothing: rows are always counted."),                    \
        ROCKSDB_SWITCH("resetStatsOnLoad", "true", "Known, and changes nothing."),                 \
        ROCKSDB_SWITCH("compactOnCommit", "false",                                                 \
                       "Known, and changes nothing: RocksDB compacts by itself."),                 \
        ROCKSDB_SWITCH("allowFAllocate", "true", "Known, and changes nothing."),                   \
        {"rocksdb.lockAcquireTimeoutMs", LT_OPTION_I64, "60000", NULL, 0, INT64_MAX, 0,            \
         "Known, and changes nothing: a store belongs to one thread."},                            \
    {                                                                                              \
        "rocksdb.formatVersion", LT_OPTION_I64, "5", NULL, 0, 5, 0, "Known, and changes nothing."  \
    }

#define ASYNC_ENABLED "asyncProgressTrackingEnabled"
#define ASYNC_INTERVAL "asyncProgressTrackingCheckpointIntervalMs"
#define ASYNC_ANY_SINK "_asyncProgressTrackingOverrideSinkSupportCheck"

static const struct lt_option_spec specs[] = {
    {"queryName", LT_OPTION_TEXT, NULL, NULL, 0, 0, 0,
     "Name of the query, in progress, logs and counters."},
    {"checkpointLocation", LT_OPTION_TEXT, NULL, NULL, 0, 0, 0,
     "Directory that the query's progress is kept in, as a path or a file: URI; required by sinks "
     "that outlive the process."},
    {"lanes", LT_OPTION_I64, "0", NULL, 0, LT_LIMIT_LANES, 0,
     "Lanes to run: groups of source partitions, each with its own path. 0: one per usable CPU "
     "beyond the first, at most one per partition; one where the caller's own loop runs the "
     "query."},
    {"stages", LT_OPTION_I64, "1", NULL, 1, LT_LIMIT_STAGES, 0,
     "Stages each lane is cut into: 1 runs it fused on one thread; 2 puts delivery on another; 3 "
     "puts reading, operators "
     "and delivery apart."},
    {"cpus", LT_OPTION_TEXT, NULL, NULL, 0, 0, 0,
     "CPUs for lanes, as 2,4-6. Default: all usable ones but the first, which is left to "
     "libraries' threads."},
    {"idle", LT_OPTION_CHOICE, "auto", "auto|spin|yield|backoff|park", 0, 0, 0,
     "What a lane's thread does when nothing is there. auto: backoff where lanes have CPUs of "
     "their own, else park."},
    {"pin", LT_OPTION_BOOL, "true", NULL, 0, 0, 0, "Whether threads are bound to their CPUs."},
    {"yieldToLanes", LT_OPTION_BOOL, "true", NULL, 0, 0, 0,
     "Whether the other threads on a lane's CPU, libraries' and those that write checkpoints, are "
     "SCHED_BATCH, so that waking one does not preempt a lane: what a lane has at hand goes out "
     "together, without a linger."},
    {"dmaLatency", LT_OPTION_CHOICE, "auto", "auto|off", 0, 0, 0,
     "auto: hold /dev/cpu_dma_latency at 0 when permitted, so that idle CPUs wake in microseconds; "
     "costs power."},
    {"io", LT_OPTION_CHOICE, "auto", "auto|io_uring|epoll", 0, 0, 0,
     "How files and wake-ups are waited for. auto: io_uring where the kernel allows it, else "
     "epoll."},
    {"minBatchesToRetain", LT_OPTION_I64, "100", NULL, 1, 1000000000, 0,
     "Epochs whose entries the checkpoint keeps (spark.sql.streaming.minBatchesToRetain)."},
    {"fileChecksum", LT_OPTION_BOOL, "true", NULL, 0, 0, 0,
     "Whether .crc companions of checkpoint files are verified "
     "(spark.sql.streaming.checkpoint.fileChecksum.enabled)."},
    {"drainTimeout", LT_OPTION_DURATION, "5s", NULL, 0, INT64_MAX, 0,
     "How long a stop waits for what was read to be delivered and committed."},
    {"startupTimeout", LT_OPTION_DURATION, "10s", NULL, 0, INT64_MAX, 0,
     "How long a start waits for sources and sinks to answer."},
    {"counters", LT_OPTION_TEXT, NULL, NULL, 0, 0, 0,
     "File that counters and histograms are mapped in, for `leat stat`; off: none, which is the "
     "default for programs that embed leat."},
    /* What covers 1.5 M records/s over a 20 ms acknowledgement. Untouched rows cost address space
     * only: the pool hands out the last one returned first. */
    {"laneRows", LT_OPTION_I64, "32768", NULL, LT_LIMIT_LANE_ROWS_LEAST, LT_LIMIT_LANE_ROWS, 0,
     "Rows that may be in flight in one lane before its source is not polled."},
    {"laneBytes", LT_OPTION_SIZE, "256m", NULL, 1024 * 1024, INT64_MAX, 0,
     "Bytes that rows in flight may borrow in one lane before its source is not polled."},
    {"shufflePartitions", LT_OPTION_I64, "0", NULL, 0, LT_LIMIT_LANES, 0,
     "In micro-batches: partitions of the state, each an instance of the operators that need it "
     "(spark.sql.shuffle.partitions). 0: one per usable CPU beyond the first. It may change from "
     "run to run."},
    {"stateStore", LT_OPTION_TEXT, "memory", NULL, 0, 0, 0,
     "What keeps the state: memory, rocksdb, or Spark's class of either "
     "(spark.sql.streaming.stateStore.providerClass)."},
    {"stateStoreCodec", LT_OPTION_CHOICE, "lz4", "lz4|zstd|none", 0, 0, 0,
     "How files of the state are compressed "
     "(spark.sql.streaming.stateStore.compression.codec)."},
    {"stateSchemaCheck", LT_OPTION_BOOL, "true", NULL, 0, 0, 0,
     "Whether keys and values of the state have to be what they were in the run before "
     "(spark.sql.streaming.stateStore.stateSchemaCheck)."},
    ROCKSDB_OPTIONS,
    {"minDeltasForSnapshot", LT_OPTION_I64, "10", NULL, 1, 1000000, 0,
     "After how many batches the state is written whole, at the earliest "
     "(spark.sql.streaming.stateStore.minDeltasForSnapshot)."},
    {"multipleWatermarkPolicy", LT_OPTION_CHOICE, "min", "min|max", 0, 0, 0,
     "Which of several watermarks is the query's "
     "(spark.sql.streaming.multipleWatermarkPolicy)."},
    {"noDataMicroBatches", LT_OPTION_BOOL, "true", NULL, 0, 0, 0,
     "Whether a batch without data is run when the watermark makes state final "
     "(spark.sql.streaming.noDataMicroBatches.enabled)."},
    {ASYNC_ENABLED, LT_OPTION_BOOL, "false", NULL, 0, 0, 0,
     "In micro-batches without state: no batch waits for its entries in the checkpoint. They are "
     "written in the background, at an interval; what was written since the last of them is "
     "written again after a crash. To the sinks kafka, console, memory and noop."},
    {ASYNC_INTERVAL, LT_OPTION_I64, "1000", NULL, 0, INT64_MAX / LT_NS_PER_MS, 0,
     "That interval in milliseconds; 0: each batch has its entries, and the one after the next "
     "waits for them."},
    {ASYNC_ANY_SINK, LT_OPTION_BOOL, "false", NULL, 0, 0, 0,
     "Whether asynchronous progress tracking takes any sink that has nothing to take back after a "
     "crash."},
};
enum { SPEC_COUNT = sizeof specs / sizeof specs[0] };

const struct lt_option_spec *lt_query_option_specs(size_t *count)
{
    *count = SPEC_COUNT;
    return specs;
}

static int64_t number(const struct lt_options *options, const char *name)
{
    return lt_options_i64(options, specs, SPEC_COUNT, name);
}

static struct lt_state_rocksdb_settings read_rocksdb(const struct lt_options *options)
{
    int64_t cache = lt_options_i64(options, specs, SPEC_COUNT, "rocksdb.blockCacheSizeMB");
    int64_t bound = lt_options_i64(options, specs, SPEC_COUNT, "rocksdb.maxMemoryUsageMB");
    return (struct lt_state_rocksdb_settings){
        .block_size_kb = number(options, "rocksdb.blockSizeKB"),
        .cache_mb = cache > bound ? cache : bound,
        .write_buffer_size_mb = number(options, "rocksdb.writeBufferSizeMB"),
        .max_write_buffer_number = number(options, "rocksdb.maxWriteBufferNumber"),
        .max_open_files = number(options, "rocksdb.maxOpenFiles"),
        .compression = lt_options_text(options, specs, SPEC_COUNT, "rocksdb.compression"),
    };
}

static const char *text(const struct lt_options *options, const char *name)
{
    return lt_options_text(options, specs, SPEC_COUNT, name);
}

/* Where the path begins in "file:///var/x", "file:/var/x" and "file://localhost/var/x"; NULL if it
 * names another machine or no absolute path. */
static const char *path_of_file_uri(const char *rest)
{
    static const char local[] = "localhost";
    if (strncmp(rest, "//", 2) == 0) {
        rest += 2;
        if (strncmp(rest, local, strlen(local)) == 0)
            rest += strlen(local);
    }
    return rest[0] == '/' ? rest : NULL;
}

/* A path, or a URI of a local one, of which the path is taken. */
static int take_path(const char **path, struct lt_error *error)
{
    const char *text_given = *path;
    size_t scheme_bytes = 0;
    if (text_given == NULL)
        return 0;
    if (text_given[0] == '\0')
        return lt_error_set(error, LT_E_INVALID,
                            "query: option \"checkpointLocation\" is empty; hint: a directory, as "
                            "/var/lib/relay");
    while (lt_ascii_is_letter(text_given[scheme_bytes]) ||
           (scheme_bytes > 0 && text_given[scheme_bytes] != '\0' &&
            strchr("0123456789+-.", text_given[scheme_bytes]) != NULL))
        scheme_bytes++;
    const char *rest = text_given + scheme_bytes + 1;
    if (scheme_bytes == 0 || text_given[scheme_bytes] != ':' || rest[0] != '/')
        return 0;
    if (scheme_bytes != 4 || !lt_ascii_starts_with(text_given, "file"))
        return lt_error_set(error, LT_E_UNSUPPORTED,
                            "query: option \"checkpointLocation\": \"%s\" is of the scheme "
                            "\"%.*s\", and a checkpoint is a directory of this machine; hint: "
                            "/var/lib/relay, or file:///var/lib/relay",
                            text_given, (int)scheme_bytes, text_given);
    *path = path_of_file_uri(rest);
    if (*path == NULL)
        return lt_error_set(error, LT_E_UNSUPPORTED,
                            "query: option \"checkpointLocation\": \"%s\" names another machine; "
                            "hint: file:///var/lib/relay",
                            text_given);
    return 0;
}

int lt_query_settings_read(const struct lt_options *options, struct lt_query_settings *out,
                           struct lt_error *error)
{
    int code = lt_options_check(options, specs, SPEC_COUNT, "query", error);
    if (code != 0)
        return code;
    const char *idle = text(options, "idle");
    *out = (struct lt_query_settings){
        .name = text(options, "queryName"),
        .checkpoint_path = text(options, "checkpointLocation"),
        .counters_path = text(options, "counters"),
        .lanes = (uint32_t)number(options, "lanes"),
        .stages = (uint32_t)number(options, "stages"),
        .cpus = text(options, "cpus"),
        .idle_is_set = strcmp(idle, "auto") != 0,
        .pin = lt_options_bool(options, specs, SPEC_COUNT, "pin"),
        .yield_to_lanes = lt_options_bool(options, specs, SPEC_COUNT, "yieldToLanes"),
        .hold_dma_latency = strcmp(text(options, "dmaLatency"), "auto") == 0,
        .reactor = text(options, "io"),
        .min_batches_to_retain = (uint32_t)number(options, "minBatchesToRetain"),
        .verify_checksums = lt_options_bool(options, specs, SPEC_COUNT, "fileChecksum"),
        .drain_timeout_ns = number(options, "drainTimeout"),
        .startup_timeout_ns = number(options, "startupTimeout"),
        .lane_rows = (uint32_t)number(options, "laneRows"),
        .lane_bytes = (uint64_t)number(options, "laneBytes"),
        .shuffle_partitions = (uint32_t)number(options, "shufflePartitions"),
        .checks_state_schemas =
            lt_options_bool(options, specs, SPEC_COUNT, "stateSchemaCheck"),
        .rocksdb = read_rocksdb(options),
        .state_codec = text(options, "stateStoreCodec"),
        .min_deltas_for_snapshot = (uint32_t)number(options, "minDeltasForSnapshot"),
        .takes_greatest_watermark = strcmp(text(options, "multipleWatermarkPolicy"), "max") == 0,
        .has_no_data_batches = lt_options_bool(options, specs, SPEC_COUNT, "noDataMicroBatches"),
        .async_interval_ns = lt_options_bool(options, specs, SPEC_COUNT, ASYNC_ENABLED)
                                 ? number(options, ASYNC_INTERVAL) * LT_NS_PER_MS
                                 : -1,
        .async_takes_any_sink = lt_options_bool(options, specs, SPEC_COUNT, ASYNC_ANY_SINK),
    };
    if (out->counters_path != NULL && strcmp(out->counters_path, "off") == 0)
        out->counters_path = NULL;
    code = take_path(&out->checkpoint_path, error);
    if (code == 0)
        code = lt_state_provider_find(text(options, "stateStore"), &out->state_provider, NULL,
                                      error);
    return code == 0 && out->idle_is_set ? lt_idle_parse(idle, &out->idle, error) : code;
}
