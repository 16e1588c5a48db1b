/*
 * What the state of a query costs when the query is killed, when little of it changes, and when it
 * does not fit into memory. Real processes (bench/recovery/query.h) with checkpoints on a disk.
 *
 *     recovery_bench DIRECTORY [changes|memory|rocksdb]
 *
 * - 8 M entries of 128 bytes in memory, 1 GB. The process is killed (kill -9) in the middle of a
 *   batch that changes 1,000 of them, and started again: from before it is made to when its stores
 *   are open and the next batch may begin. What it reads is in the page cache.
 * - 1 M entries, of which each batch changes 1,000: what the kernel counts as written to the disk,
 *   by all of the process, for one batch: state, offsets, commits, and what stands beside them.
 * - 20 M entries in RocksDB, in a process that may have 512 MiB: it fills them, and is killed and
 *   started again as the one above. Its most resident memory is told by the kernel, also where no
 *   limit can be set.
 *
 * Nothing is believed: each row that comes out is checked; after the last kill every key of the
 * first store, and a million of the last one, are counted once more, which tells a change that was
 * lost or made twice; and the files are read, as by one who looks into the checkpoint.
 *
 * The directory should be on the disk that is meant; what is written there is removed.
 * LEAT_BENCH_SMOKE=1 tries it with a few thousand entries.
 */
#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bench/machine.h"
#include "bench/recovery/process.h"
#include "bench/verdict.h"
#include "core/state/store.h"

enum {
    MEMORY_KEYS = 8000000,
    CHANGE_KEYS = 1000000,
    ROCKSDB_KEYS = 20000000,
    SMOKE_KEYS = 16000,
    FILL_BATCHES = 16,
    ROCKSDB_FILL_BATCHES = 100, /* what a batch changes is in memory, twice */
    CHANGES = 1000,
    CHANGE_BATCHES = 20,
    MERGED_BATCHES = 100,
    SETTLING_BATCHES = 12,
    ROUNDS = 7,
    SMOKE_ROUNDS = 2,
    AGAIN_KEYS = 1000000, /* of RocksDB's, that are counted again in the end */
    MIN_DELTAS = 10,      /* as leat has it */
    NO_MERGES = 1000000,
    LIMIT_MIB = 512,
    MEBIBYTE = 1024 * 1024,
    PATH_BYTES = 256,
    FOLDERS_OPEN = 16,
};
static const double ns_per_s = 1e9;
static const char in_memory[] = "1 GB in memory, kill -9 to open, s";
static const char in_rocksdb[] = "20 M keys in RocksDB, kill -9 to open, s";
static const char peak[] = "20 M keys in RocksDB, peak resident memory, MiB";
static const char filled[] = "20 M keys in RocksDB, to fill them, s";
static const char alone[] = "1,000 of 1 M changed, written by a commit, x";
static const char merged[] = "1,000 of 1 M changed, with merges, of 100, x";

/* A state, and the process that has it at the moment. */
struct world {
    char directory[PATH_BYTES], input[PATH_BYTES + 16], checkpoint[PATH_BYTES + 16];
    struct recovery_spec spec;
    const struct recovery_limit *limit;
    struct recovery_process process;
    int64_t epoch; /* that was committed last */
    int64_t peak_bytes;
};

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status, (void)kind, (void)place;
    return remove(path);
}

static void remove_all(const char *path)
{
    if (nftw(path, remove_one, FOLDERS_OPEN, FTW_DEPTH | FTW_PHYS) != 0 && errno != ENOENT)
        bench_wrong("'%s' cannot be removed: %s", path, strerror(errno));
}

static void start(struct world *world)
{
    recovery_process_start(&world->process, &world->spec, world->limit);
    int64_t asked = world->spec.asked - world->spec.done;
    int64_t rows = recovery_process_await_ready(&world->process);
    if (rows != 0 && rows != asked)
        bench_wrong("%" PRId64 " rows of a batch of %" PRId64 " came", rows, asked);
    world->spec.done = world->spec.asked;
}

static void note_peak(struct world *world)
{
    int64_t bytes = recovery_process_peak_bytes(&world->process);
    if (bytes > world->peak_bytes)
        world->peak_bytes = bytes;
}

static void end(struct world *world)
{
    note_peak(world);
    recovery_process_end(&world->process);
}

/* Writes the next batch's file, under a name that is none until it is whole; and says so. */
static void ask(struct world *world, int64_t records)
{
    char path[PATH_BYTES + 64], temporary[PATH_BYTES + 64];
    int64_t end = world->spec.done + records;
    snprintf(path, sizeof path, "%s/%012" PRId64, world->input, end);
    snprintf(temporary, sizeof temporary, "%s/.%012" PRId64, world->input, end);
    FILE *file = fopen(temporary, "w");
    for (int64_t at = world->spec.done; file != NULL && at < end; at += RECOVERY_LINE_RECORDS)
        fprintf(file, "%" PRId64 " %" PRId64 "\n", at,
                end - at < RECOVERY_LINE_RECORDS ? end - at : RECOVERY_LINE_RECORDS);
    if (file == NULL || fclose(file) != 0 || rename(temporary, path) != 0)
        bench_wrong("'%s' cannot be written: %s", path, strerror(errno));
    world->spec.asked = end;
    recovery_process_tell(&world->process, end);
}

/* One batch, to its commit. */
static void run_batch(struct world *world, int64_t records)
{
    int64_t entries;
    ask(world, records);
    recovery_process_await_done(&world->process, &world->epoch, &entries);
    world->spec.done = world->spec.asked;
    int64_t wanted = world->spec.done < world->spec.keys ? world->spec.done : world->spec.keys;
    if (entries != wanted)
        bench_wrong("the state has %" PRId64 " entries after %" PRId64 " keys", entries, wanted);
}

static void run_batches(struct world *world, int count, int64_t records)
{
    for (int i = 0; i < count; i++)
        run_batch(world, records);
}

/* Begins a batch, and kills the process somewhere in it: a little later each time. */
static void kill_in_batch(struct world *world, int round)
{
    const struct timespec pause = {.tv_nsec = 700000L * round};
    ask(world, CHANGES);
    nanosleep(&pause, NULL);
    note_peak(world);
    recovery_process_kill(&world->process);
}

/* Makes a new state, in so many batches. */
static void fill(struct world *world, const char *directory, const char *store, int64_t keys,
                 int batches)
{
    snprintf(world->directory, sizeof world->directory, "%.200s/recovery-%d-%s-%" PRId64, directory,
             (int)getpid(), store, keys);
    snprintf(world->input, sizeof world->input, "%s/input", world->directory);
    snprintf(world->checkpoint, sizeof world->checkpoint, "%s/checkpoint", world->directory);
    if (mkdir(world->directory, 0755) != 0 || mkdir(world->input, 0755) != 0)
        bench_wrong("'%s' cannot be made: %s", world->input, strerror(errno));
    world->spec.input = world->input;
    world->spec.checkpoint = world->checkpoint;
    world->spec.store = store;
    world->spec.keys = bench_is_smoke() ? SMOKE_KEYS : keys;
    start(world);
    run_batches(world, batches, world->spec.keys / batches);
}

/* ----------------------------------------------------------------------------------- the files */

struct sums {
    int64_t entries, bytes;
};

static int add_entry(void *context, uint32_t partition, const struct lt_state_entry *entry,
                     struct lt_error *error)
{
    struct sums *sums = context;
    (void)partition, (void)error;
    sums->entries++;
    sums->bytes += (int64_t)(entry->key.size_bytes + entry->value.size_bytes);
    return 0;
}

/* The version of the last commit has all keys, of the size that is meant. */
static void check_files(const struct world *world)
{
    struct sums sums = {0};
    char root[PATH_BYTES + 32];
    snprintf(root, sizeof root, "%s/state/0", world->checkpoint);
    struct lt_state_scan scan = {.root = root,
                                 .version = (uint64_t)world->epoch + 1,
                                 .partition = LT_STATE_ALL_PARTITIONS,
                                 .each = add_entry,
                                 .context = &sums};
    struct lt_error error;
    if (lt_state_scan(&scan, &error) != 0)
        bench_wrong("%s", error.text);
    if (sums.entries != world->spec.keys)
        bench_wrong("the files have %" PRId64 " entries", sums.entries);
    if (sums.bytes != sums.entries * RECOVERY_ENTRY_BYTES)
        bench_wrong("%" PRId64 " entries have %" PRId64 " bytes", sums.entries, sums.bytes);
}

/* ---------------------------------------------------------------------------------------- cases */

/* Kills and starts again; at the end the process runs. */
static void measure_starts(struct world *world, const char *name)
{
    int rounds = bench_is_smoke() ? SMOKE_ROUNDS : ROUNDS;
    for (int i = 0; i < rounds; i++) {
        kill_in_batch(world, i);
        start(world);
        bench_note(name, (double)world->process.opened_ns / ns_per_s);
    }
}

static void measure_memory(const char *directory)
{
    struct world world = {.spec.min_deltas = MIN_DELTAS};
    fill(&world, directory, "memory", MEMORY_KEYS, FILL_BATCHES);
    run_batches(&world, SETTLING_BATCHES, CHANGES);
    measure_starts(&world, in_memory);
    run_batches(&world, FILL_BATCHES, world.spec.keys / FILL_BATCHES); /* every key once more */
    end(&world);
    check_files(&world);
    remove_all(world.directory);
}

/* Notes what each of so many batches has written, as a multiple of what it has changed. */
static void measure_batches(struct world *world, int count, const char *name)
{
    int64_t before = recovery_process_written_bytes(&world->process);
    for (int i = 0; i < (bench_is_smoke() ? SMOKE_ROUNDS : count); i++) {
        run_batch(world, CHANGES);
        int64_t after = recovery_process_written_bytes(&world->process);
        if (after == before)
            bench_wrong("a batch wrote nothing to a disk; hint: is the directory in memory?");
        bench_note(name, (double)(after - before) / (CHANGES * RECOVERY_ENTRY_BYTES));
        before = after;
    }
}

static void measure_changes(const char *directory)
{
    struct world world = {.spec.min_deltas = NO_MERGES};
    fill(&world, directory, "memory", CHANGE_KEYS, FILL_BATCHES / 4);
    measure_batches(&world, CHANGE_BATCHES, alone);
    end(&world);
    world.spec.min_deltas = MIN_DELTAS;
    start(&world);
    run_batches(&world, bench_is_smoke() ? 0 : SETTLING_BATCHES, CHANGES);
    int64_t before = recovery_process_written_bytes(&world.process);
    int count = bench_is_smoke() ? SMOKE_ROUNDS : MERGED_BATCHES;
    run_batches(&world, count, CHANGES);
    int64_t written = recovery_process_written_bytes(&world.process) - before;
    bench_note(merged, (double)written / (CHANGES * RECOVERY_ENTRY_BYTES) / count);
    end(&world);
    check_files(&world);
    remove_all(world.directory);
}

static void measure_rocksdb(const char *directory, const struct recovery_limit *limit)
{
    struct world world = {.spec.min_deltas = MIN_DELTAS, .limit = limit};
    int64_t begun_ns = bench_now_ns();
    fill(&world, directory, "rocksdb", ROCKSDB_KEYS, ROCKSDB_FILL_BATCHES);
    bench_note(filled, (double)(bench_now_ns() - begun_ns) / ns_per_s);
    run_batches(&world, SETTLING_BATCHES, CHANGES);
    measure_starts(&world, in_rocksdb);
    int64_t batch = world.spec.keys / ROCKSDB_FILL_BATCHES;
    run_batches(&world, bench_is_smoke() ? 1 : (int)(AGAIN_KEYS / batch), batch);
    end(&world);
    bench_note(peak, (double)world.peak_bytes / MEBIBYTE);
    check_files(&world);
    remove_all(world.directory);
}

/* What was measured is judged. */
static void judge(const char *what, const char *series, double bar, const char *unit)
{
    double figure = bench_median(series);
    if (figure > 0)
        bench_at_most(what, figure, bar, unit);
}

int main(int count, char **arguments)
{
    if (count > 1 && strcmp(arguments[1], "query") == 0)
        return recovery_query_run(count, arguments);
    const char *only = count == 3 ? arguments[2] : NULL;
    bool has_changes = only == NULL || strcmp(only, "changes") == 0;
    bool has_memory = only == NULL || strcmp(only, "memory") == 0;
    bool has_rocksdb = only == NULL || strcmp(only, "rocksdb") == 0;
    if (count < 2 || count > 3 || !(has_changes || has_memory || has_rocksdb)) {
        fprintf(stderr, "recovery_bench DIRECTORY [changes|memory|rocksdb]\n");
        return 2;
    }
    struct recovery_limit limit;
    recovery_limit_make(&limit, (int64_t)LIMIT_MIB * MEBIBYTE);
    if (has_changes)
        measure_changes(arguments[1]);
    if (has_memory)
        measure_memory(arguments[1]);
    if (has_rocksdb)
        measure_rocksdb(arguments[1], &limit);
    recovery_limit_remove(&limit);
    bench_print_table("state", "as named");
    printf("the limit of %d MiB: %s\n", LIMIT_MIB,
           limit.group[0] != '\0' ? "memory.max of a control group"
                                  : "none could be set, the peak is what the kernel has counted");
    judge("1 GB in memory, from the start of the process", in_memory, 2, "s");
    judge("RocksDB, from the start of the process", in_rocksdb, 1, "s");
    judge("a commit of 1,000 changes of 1 M, of their bytes", alone, 2, "x");
    judge("20 M keys in RocksDB, peak resident memory", peak, LIMIT_MIB, "MiB");
    return bench_status();
}
