/*
 * The spool, records made durable in a second: records of 128 bytes are appended as fast as it has
 * room, and synced in groups, with a pause of 1 ms between two groups and without one. Beside it,
 * in the same run and by turns, a loop that writes one record and calls fdatasync, which is what a
 * record that is made durable alone costs.
 *
 *     spool_bench DIRECTORY
 *
 * The directory should be on the disk that is meant; what is written there is removed. In the end
 * the spool is opened again and must have every record. LEAT_BENCH_SMOKE=1 tries it for a moment.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench/verdict.h"
#include "io/reactor.h"
#include "io/spool.h"

enum { RECORD_BYTES = 128, CHUNK_RECORDS = 64, ROUNDS = 5, PATH_BYTES = 256 };
static const int64_t ns_per_s = 1000000000;

static int64_t now_ns(void)
{
    return lt_clock_now_ns(lt_clock_system());
}

static int64_t length_ns(void)
{
    return bench_is_smoke() ? ns_per_s / 2 : ns_per_s;
}

/* ----------------------------------------------------------------------------------- one by one */

static void measure_alone(const char *directory)
{
    char path[PATH_BYTES], record[RECORD_BYTES];
    snprintf(path, sizeof path, "%s/alone", directory);
    memset(record, 'x', sizeof record);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        bench_wrong("'%s': %s", path, strerror(errno));
    int64_t begin_ns = now_ns(), count = 0;
    while (now_ns() - begin_ns < length_ns()) {
        if (write(fd, record, sizeof record) != RECORD_BYTES || fdatasync(fd) != 0)
            bench_wrong("'%s': %s", path, strerror(errno));
        count++;
    }
    bench_note("fdatasync for each record",
               (double)count * (double)ns_per_s / (double)(now_ns() - begin_ns));
    close(fd);
    unlink(path);
}

/* ------------------------------------------------------------------------------------ the spool */

static struct lt_spool *open_spool(const char *path, int64_t interval_ns)
{
    struct lt_spool_options options = {.directory = path,
                                       .framing = "line",
                                       .size_bytes = (int64_t)4 << 30,
                                       .sync_interval_ns = interval_ns};
    struct lt_spool *spool;
    struct lt_error error;
    if (lt_spool_open(&options, &spool, &error) != 0)
        bench_wrong("%s", error.text);
    return spool;
}

static void append(struct lt_spool *spool)
{
    static char records[CHUNK_RECORDS * RECORD_BYTES];
    memset(records, 'x', sizeof records);
    const struct lt_spool_chunk chunk = {
        .record_count = CHUNK_RECORDS, .size_bytes = sizeof records, .data = records};
    lt_spool_append(spool, &chunk);
}

/* Returns how many records are durable at the end. */
static uint64_t fill(struct lt_spool *spool, const char *name)
{
    struct lt_reactor_options options = {0};
    struct lt_reactor *reactor;
    struct lt_error error;
    if (lt_reactor_create(&options, &reactor, &error) != 0)
        bench_wrong("%s", error.text);
    lt_spool_attach(spool, reactor, lt_clock_system());
    int64_t begin_ns = now_ns(), end_ns = begin_ns;
    uint64_t begin_byte = lt_spool_durable(spool);
    /* At least a group: a busy disk may take longer for the first one. */
    while (end_ns - begin_ns < length_ns() || lt_spool_durable(spool) == begin_byte) {
        while (lt_spool_has_room(spool, CHUNK_RECORDS * RECORD_BYTES + LT_SPOOL_CHUNK_BYTES))
            append(spool);
        if (lt_spool_poll(spool, &error) < 0)
            bench_wrong("%s", error.text);
        lt_reactor_poll(reactor);
        end_ns = now_ns();
    }
    uint64_t count = (lt_spool_durable(spool) - begin_byte) / RECORD_BYTES;
    bench_note(name, (double)count * (double)ns_per_s / (double)(end_ns - begin_ns));
    lt_spool_detach(spool);
    lt_reactor_destroy(reactor);
    return lt_spool_end(spool).record;
}

static void remove_all(const char *path)
{
    DIR *directory = opendir(path);
    const struct dirent *entry;
    while (directory != NULL && (entry = readdir(directory)) != NULL)
        if (entry->d_name[0] != '.')
            unlinkat(dirfd(directory), entry->d_name, 0);
    if (directory == NULL || closedir(directory) != 0 || rmdir(path) != 0)
        bench_wrong("'%s' cannot be removed: %s", path, strerror(errno));
}

static void measure_spool(const char *directory, const char *name, int64_t interval_ns)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/spool", directory);
    struct lt_spool *spool = open_spool(path, interval_ns);
    uint64_t records = fill(spool, name);
    lt_spool_close(spool);
    spool = open_spool(path, interval_ns); /* which looks at every checksum */
    if (lt_spool_end(spool).record != records)
        bench_wrong("the spool has %" PRIu64 " records of %" PRIu64, lt_spool_end(spool).record,
                    records);
    lt_spool_close(spool);
    remove_all(path);
}

int main(int count, char **arguments)
{
    if (count != 2) {
        fprintf(stderr, "spool_bench DIRECTORY\n");
        return 2;
    }
    int rounds = bench_is_smoke() ? 1 : ROUNDS;
    for (int i = 0; i < rounds; i++) {
        measure_alone(arguments[1]);
        measure_spool(arguments[1], "spool, groups each 1 ms", LT_NS_PER_MS);
        measure_spool(arguments[1], "spool, groups without a pause", 0);
    }
    bench_print_table("records of 128 B made durable", "1/s");
    bench_at_least("spool at 1 ms",
                   bench_median_ratio("spool, groups each 1 ms", "fdatasync for each record"), 10,
                   "x fdatasync");
    return bench_status();
}
