/*
 * A state file. An input whose first byte is even is the file itself, damaged in any way: nothing
 * may be believed that is not so. Of another one the rest are the entries of a block, which is put
 * into a file with all checksums right, as one who wants harm would; what is read of it and written
 * again is read as the same.
 */
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/state/file_encode.h"
#include "core/state/file_reader.h"

static const struct lt_state_header header = {.kind = LT_STATE_DELTA,
                                              .version = 7,
                                              .base = 6,
                                              .partition_count = 1,
                                              .end_group = LT_STATE_KEY_GROUPS};
static const struct lt_state_expected expected = {
    .kind = LT_STATE_DELTA, .version = 7, .partition_count = 1};

struct seen {
    uint64_t entries, hash;
};

static void see(struct seen *seen, const struct lt_state_change *change)
{
    seen->entries++;
    uint64_t marks[] = {seen->hash, (uint64_t)change->final_at, change->is_removed};
    seen->hash = XXH3_64bits(marks, sizeof marks);
    seen->hash = XXH3_64bits_withSeed(change->key.data, change->key.size_bytes, seen->hash);
    seen->hash = XXH3_64bits_withSeed(change->value.data, change->value.size_bytes, seen->hash);
}

/* Reads the file; what it has is seen, and added to `again` if that is not NULL. */
static int read_file(int fd, struct seen *seen, struct lt_state_encoder *again)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    struct lt_state_reader *reader;
    struct lt_error error;
    int code = lt_state_reader_open(path, &expected, 0, LT_STATE_KEY_GROUPS, &reader, &error);
    if (code != 0)
        return code;
    struct lt_state_stream *stream = lt_state_reader_stream(reader);
    struct lt_state_change change;
    while ((code = stream->next(stream, &change, &error)) == 1) {
        see(seen, &change);
        if (again != NULL)
            lt_state_encoder_add(again, &change);
    }
    lt_state_reader_close(reader);
    return code;
}

static int file_of(const void *data, size_t size_bytes)
{
    int fd = memfd_create("state", MFD_CLOEXEC);
    lt_assert(fd >= 0);
    lt_assert(write(fd, data, size_bytes) == (ssize_t)size_bytes);
    return fd;
}

/* The entries as one block, stored as they are. */
static int file_around(const uint8_t *entries, size_t size_bytes, uint32_t entry_count)
{
    struct lt_state_header own = header;
    unsigned char front[LT_STATE_HEADER_BYTES + LT_STATE_BLOCK_HEADER_BYTES];
    unsigned char end[LT_STATE_TRAILER_BYTES];
    lt_state_header_write(&own, front);
    struct lt_state_block block = {.stored_bytes = (uint32_t)size_bytes,
                                   .plain_bytes = (uint32_t)size_bytes,
                                   .entry_count = entry_count};
    lt_state_block_write(&block, front + LT_STATE_HEADER_BYTES, entries);
    struct lt_state_trailer trailer = {.entry_count = entry_count,
                                       .block_count = 1,
                                       .file_bytes = sizeof front + size_bytes + sizeof end};
    trailer.checksums = lt_state_checksums_add(own.checksum, block.checksum);
    lt_state_trailer_write(&trailer, end);
    int fd = file_of(front, sizeof front);
    lt_assert(write(fd, entries, size_bytes) == (ssize_t)size_bytes);
    lt_assert(write(fd, end, sizeof end) == (ssize_t)sizeof end);
    return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    if (size_bytes < 3)
        return 0;
    int fd = data[0] % 2 == 0 ? file_of(data + 1, size_bytes - 1)
                              : file_around(data + 2, size_bytes - 2, data[1]);
    struct lt_state_header own = header;
    struct lt_state_encoder again;
    lt_state_encoder_init(&again, &own);
    struct seen first = {0}, second = {0};
    int code = read_file(fd, &first, &again);
    close(fd);
    lt_state_encoder_end(&again);
    fd = file_of(again.out, again.out_bytes);
    /* Also of what ended in an error, all that came was in order. */
    lt_assert(read_file(fd, &second, NULL) == 0);
    lt_assert(first.entries == second.entries);
    lt_assert(first.hash == second.hash);
    lt_assert(code <= 0);
    close(fd);
    lt_state_encoder_fini(&again);
    return 0;
}
