/*
 * Reading a file that the page cache holds, some blocks in flight at once. Each word of the file is
 * its own place, so a block that came from elsewhere is seen.
 */
#include "bench/io/io.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/machine.h"
#include "bench/verdict.h"

enum { BLOCK_BYTES = 128 << 10, BLOCKS = 512, DEPTH_MAX = 16 };

struct reading {
    struct lt_reactor *reactor;
    struct lt_io ios[DEPTH_MAX];
    int64_t next, done_count;
};

static char *make_block(int64_t index, char *block)
{
    for (int64_t at = 0; at < BLOCK_BYTES; at += 8) {
        int64_t word = index * BLOCK_BYTES + at;
        memcpy(block + at, &word, sizeof word);
    }
    return block;
}

int bench_file_make(void)
{
    FILE *file = tmpfile();
    char *block = malloc(BLOCK_BYTES);
    for (int64_t i = 0; file != NULL && i < BLOCKS; i++) {
        if (fwrite(make_block(i, block), 1, BLOCK_BYTES, file) != BLOCK_BYTES)
            bench_wrong("writing a file: %s", strerror(errno));
    }
    if (file == NULL || fflush(file) != 0)
        bench_wrong("making a file: %s", strerror(errno));
    free(block);
    int fd = dup(fileno(file));
    fclose(file);
    return fd;
}

/* A word of each page: a check that costs little beside the copying. */
static void check_block(int64_t index, const char *block, int64_t size_bytes)
{
    if (size_bytes != BLOCK_BYTES)
        bench_wrong("block %lld has %lld bytes", (long long)index, (long long)size_bytes);
    for (int64_t at = 0; at < BLOCK_BYTES; at += 4096) {
        int64_t word;
        memcpy(&word, block + at, sizeof word);
        if (word != index * BLOCK_BYTES + at)
            bench_wrong("block %lld is another", (long long)index);
    }
}

static void on_read(struct lt_io *io)
{
    struct reading *reading = io->context;
    if (io->result < 0)
        bench_wrong("reading: %s", strerror((int)-io->result));
    check_block(io->offset / BLOCK_BYTES, io->buffer, io->result);
    reading->done_count++;
    if (reading->next == BLOCKS)
        return;
    io->offset = reading->next++ * BLOCK_BYTES;
    lt_reactor_submit(reading->reactor, io);
}

static void read_by_reactor(struct reading *reading, int fd, uint32_t depth, char *blocks)
{
    for (uint32_t i = 0; i < depth; i++) {
        reading->ios[i] = (struct lt_io){.kind = LT_IO_READ,
                                         .fd = fd,
                                         .buffer = blocks + (size_t)i * BLOCK_BYTES,
                                         .size_bytes = BLOCK_BYTES,
                                         .offset = reading->next++ * BLOCK_BYTES,
                                         .done = on_read,
                                         .context = reading};
        lt_reactor_submit(reading->reactor, &reading->ios[i]);
    }
    while (reading->done_count < BLOCKS)
        bench_rest(reading->reactor, true);
}

static void read_by_hand(int fd, char *block)
{
    for (int64_t i = 0; i < BLOCKS; i++)
        check_block(i, block, pread(fd, block, BLOCK_BYTES, i * BLOCK_BYTES));
}

void bench_file(const char *name, const char *choice, int fd, uint32_t depth)
{
    char *blocks = malloc((size_t)depth * BLOCK_BYTES);
    memset(blocks, 1, (size_t)depth * BLOCK_BYTES);
    struct reading reading = {.reactor = choice != NULL ? bench_reactor(choice) : NULL};
    int64_t begin_ns = bench_now_ns();
    if (choice != NULL)
        read_by_reactor(&reading, fd, depth, blocks);
    else
        read_by_hand(fd, blocks);
    int64_t took_ns = bench_now_ns() - begin_ns;
    bench_note(name, (double)BLOCKS * BLOCK_BYTES / 1e6 / ((double)took_ns / 1e9));
    lt_reactor_destroy(reading.reactor);
    free(blocks);
}
