/*
 * The spool, records made durable in a second: records of 128 bytes are appended as fast as it has
 * room, and synced in groups, with a pause of 1 ms between two groups and without one. Beside it,
 * in the same run and by turns, what a record costs that is made durable alone: fio, which writes
 * one and calls fdatasync, and a loop by hand that does the same, for where there is no fio and to
 * see that both mean the same.
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
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/machine.h"
#include "bench/verdict.h"
#include "io/reactor.h"
#include "io/spool.h"

enum {
    RECORD_BYTES = 128,
    CHUNK_RECORDS = 64,
    ROUNDS = 7,
    ROUNDS_NOT_HELD = 3,
    PATH_BYTES = 256,
    COMMAND_BYTES = 1024,
    LINE_BYTES = 8192,
    FIO_WRITES_A_SECOND = 49, /* the field of fio's terse lines, version 3 */
};
#define FDATASYNC_TIMES 10.0
static const char by_fio[] = "fio, fdatasync for each record";
static const char by_hand[] = "by hand, fdatasync for each record";
static const char each_ms[] = "spool, groups each 1 ms";
static const char no_pause[] = "spool, groups without a pause";
static const char each_ms_not_held[] = "spool, groups each 1 ms, wake-ups not held";
static const char no_pause_not_held[] = "spool, groups without a pause, wake-ups not held";
static const int64_t ns_per_s = 1000000000;

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
    int64_t begin_ns = bench_now_ns(), count = 0;
    while (bench_now_ns() - begin_ns < length_ns()) {
        if (write(fd, record, sizeof record) != RECORD_BYTES || fdatasync(fd) != 0)
            bench_wrong("'%s': %s", path, strerror(errno));
        count++;
    }
    bench_note(by_hand,
               (double)count * (double)ns_per_s / (double)(bench_now_ns() - begin_ns));
    close(fd);
    unlink(path);
}

/* Returns the text of the field `number`, from 1, of a line of fields between semicolons; NULL:
 * there are fewer. */
static const char *field_of(const char *line, int number)
{
    for (int i = 1; i < number && line != NULL; i++) {
        line = strchr(line, ';');
        line += line != NULL;
    }
    return line;
}

static void measure_fio(const char *directory)
{
    static char line[LINE_BYTES];
    char command[COMMAND_BYTES];
    snprintf(command, sizeof command,
             "fio --name=alone --directory=%s --ioengine=sync --rw=write --bs=%d --size=64m "
             "--fdatasync=1 --time_based --runtime=%dms --minimal --terse-version=3; "
             "rm -f %s/alone.0.0",
             directory, RECORD_BYTES, (int)(length_ns() / LT_NS_PER_MS), directory);
    FILE *pipe = popen(command, "r");
    const char *field = NULL;
    while (pipe != NULL && fgets(line, sizeof line, pipe) != NULL)
        if (line[0] == '3')
            field = field_of(line, FIO_WRITES_A_SECOND);
    if (pipe == NULL || pclose(pipe) != 0 || field == NULL)
        bench_wrong("fio does not say what it did");
    bench_note(by_fio, strtod(field, NULL));
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
    int64_t begin_ns = bench_now_ns(), end_ns = begin_ns;
    uint64_t begin_byte = lt_spool_durable(spool);
    /* At least a group: a busy disk may take longer for the first one. */
    while (end_ns - begin_ns < length_ns() || lt_spool_durable(spool) == begin_byte) {
        while (lt_spool_has_room(spool, CHUNK_RECORDS * RECORD_BYTES + LT_SPOOL_CHUNK_BYTES))
            append(spool);
        if (lt_spool_poll(spool, &error) < 0)
            bench_wrong("%s", error.text);
        lt_reactor_poll(reactor);
        end_ns = bench_now_ns();
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
    bool has_fio = system("command -v fio >/dev/null") == 0;
    printf("cpu_dma_latency is %sheld\n", bench_hold_wakeups(true) ? "" : "not ");
    if (!has_fio)
        printf("fio is not here: make setup-bench\n");
    for (int i = 0; i < (bench_is_smoke() ? 1 : ROUNDS); i++) {
        if (has_fio)
            measure_fio(arguments[1]);
        measure_alone(arguments[1]);
        measure_spool(arguments[1], each_ms, LT_NS_PER_MS);
        measure_spool(arguments[1], no_pause, 0);
    }
    (void)bench_hold_wakeups(false);
    for (int i = 0; i < (bench_is_smoke() ? 1 : ROUNDS_NOT_HELD); i++) {
        measure_spool(arguments[1], each_ms_not_held, LT_NS_PER_MS);
        measure_spool(arguments[1], no_pause_not_held, 0);
    }
    bench_print_table("records of 128 B made durable", "1/s");
    bench_at_least("spool at 1 ms",
                   bench_median_ratio(each_ms, has_fio ? by_fio : by_hand),
                   FDATASYNC_TIMES, has_fio ? "x fio's fdatasync" : "x fdatasync");
    bench_tell("spool without a pause", bench_median_ratio(no_pause, each_ms), "x that at 1 ms");
    if (has_fio)
        bench_tell("the loop by hand", bench_median_ratio(by_hand, by_fio), "x fio's fdatasync");
    return bench_status();
}
