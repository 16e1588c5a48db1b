#include "io/files_inflate.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "core/base/arena.h"

enum {
    INPUT_BYTES = 128 * 1024,
    FAULT_SIZE = 160,
    SKIP_BYTES = 64 * 1024,
    GZIP_WINDOW = 15 + 16, /* the largest, and a gzip head in front */
    ZLIB_WINDOW = 15,
};

struct lt_files_inflate {
    enum lt_files_packing packing;
    int fd;
    int64_t offset;  /* of the file, behind the input */
    bool is_at_end;  /* of the file */
    bool is_between; /* no member or frame has been begun and not ended */
    z_stream zlib;
    ZSTD_DStream *zstd;
    ZSTD_inBuffer zstd_input;
    char fault[FAULT_SIZE];
    uint8_t input[INPUT_BYTES];
};

enum lt_files_packing lt_files_packing_of(const char *path)
{
    static const struct {
        const char *suffix;
        enum lt_files_packing packing;
    } suffixes[] = {
        {".gz", LT_FILES_GZIP},
        {".deflate", LT_FILES_ZLIB},
        {".zst", LT_FILES_ZSTD},
        {".bz2", LT_FILES_UNKNOWN_PACKING},
        {".lz4", LT_FILES_UNKNOWN_PACKING},
        {".snappy", LT_FILES_UNKNOWN_PACKING},
        {".xz", LT_FILES_UNKNOWN_PACKING},
    };
    size_t size = strlen(path);
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        size_t suffix_size = strlen(suffixes[i].suffix);
        if (size > suffix_size && strcmp(path + size - suffix_size, suffixes[i].suffix) == 0)
            return suffixes[i].packing;
    }
    return LT_FILES_PLAIN;
}

struct lt_files_inflate *lt_files_inflate_create(enum lt_files_packing packing, int fd)
{
    struct lt_files_inflate *packed = lt_alloc(sizeof *packed);
    bool is_zstd = packing == LT_FILES_ZSTD;
    lt_assert(is_zstd || packing == LT_FILES_GZIP || packing == LT_FILES_ZLIB);
    packed->packing = packing;
    packed->fd = fd;
    packed->is_between = true;
    packed->zstd = is_zstd ? ZSTD_createDStream() : NULL;
    bool is_ready =
        is_zstd ? packed->zstd != NULL
                : inflateInit2(&packed->zlib,
                               packing == LT_FILES_GZIP ? GZIP_WINDOW : ZLIB_WINDOW) == Z_OK;
    if (is_ready)
        return packed;
    free(packed);
    return NULL;
}

void lt_files_inflate_destroy(struct lt_files_inflate *packed)
{
    if (packed == NULL)
        return;
    if (packed->packing == LT_FILES_ZSTD)
        (void)ZSTD_freeDStream(packed->zstd);
    else
        (void)inflateEnd(&packed->zlib);
    free(packed);
}

const char *lt_files_inflate_fault(const struct lt_files_inflate *packed)
{
    return packed->fault;
}

static int64_t damaged(struct lt_files_inflate *packed, const char *what, size_t input_left)
{
    snprintf(packed->fault, sizeof packed->fault, "%s near byte %" PRId64 " of the packed file",
             what, packed->offset - (int64_t)input_left);
    return -EBADMSG;
}

static int64_t fill_input(struct lt_files_inflate *packed)
{
    ssize_t size;
    do {
        size = pread(packed->fd, packed->input, INPUT_BYTES, packed->offset);
    } while (size < 0 && errno == EINTR);
    if (size < 0)
        return -errno;
    packed->offset += size;
    packed->is_at_end = size == 0;
    return size;
}

/* -------------------------------------------------------------------------------- gzip and zlib */

/* A member has ended: another may follow, as `cat a.gz b.gz` makes them. */
static int64_t end_member(struct lt_files_inflate *packed)
{
    packed->is_between = true;
    return inflateReset(&packed->zlib) == Z_OK ? 0 : damaged(packed, "no memory", 0);
}

/* Unpacks what is at hand. */
static int64_t step_zlib(struct lt_files_inflate *packed)
{
    z_stream *zlib = &packed->zlib;
    int result = inflate(zlib, Z_NO_FLUSH);
    if (result == Z_STREAM_END)
        return end_member(packed);
    packed->is_between = false;
    if (result == Z_OK || result == Z_BUF_ERROR)
        return 0;
    return damaged(packed, zlib->msg != NULL ? zlib->msg : "a dictionary is wanted",
                   zlib->avail_in);
}

static int64_t read_zlib(struct lt_files_inflate *packed, void *out, size_t size_bytes)
{
    z_stream *zlib = &packed->zlib;
    zlib->next_out = out;
    zlib->avail_out = (uInt)size_bytes;
    while (zlib->avail_out == size_bytes) { /* each turn takes input */
        if (zlib->avail_in == 0) {
            int64_t size = fill_input(packed);
            if (size < 0)
                return size;
            zlib->next_in = packed->input;
            zlib->avail_in = (uInt)size;
        }
        if (packed->is_at_end)
            return packed->is_between ? 0 : damaged(packed, "the file is cut off", 0);
        int64_t code = step_zlib(packed);
        if (code < 0)
            return code;
    }
    return (int64_t)(size_bytes - zlib->avail_out);
}

/* ----------------------------------------------------------------------------------------- zstd */

static int64_t read_zstd(struct lt_files_inflate *packed, void *out, size_t size_bytes)
{
    ZSTD_outBuffer output = {.dst = out, .size = size_bytes};
    ZSTD_inBuffer *input = &packed->zstd_input;
    while (output.pos == 0) { /* each turn takes input, or gives what the decoder still holds */
        if (input->pos == input->size) {
            int64_t size = fill_input(packed);
            if (size < 0)
                return size;
            *input = (ZSTD_inBuffer){.src = packed->input, .size = (size_t)size};
        }
        size_t before = input->pos;
        size_t result = ZSTD_decompressStream(packed->zstd, &output, input);
        if (ZSTD_isError(result))
            return damaged(packed, ZSTD_getErrorName(result), input->size - input->pos);
        if (result == 0 || input->pos > before)
            packed->is_between = result == 0;
        if (packed->is_at_end && output.pos == 0)
            return packed->is_between ? 0 : damaged(packed, "the file is cut off", 0);
    }
    return (int64_t)output.pos;
}

int64_t lt_files_inflate_read(struct lt_files_inflate *packed, void *out, size_t size_bytes)
{
    size_t most = size_bytes < UINT32_MAX / 2 ? size_bytes : UINT32_MAX / 2;
    return packed->packing == LT_FILES_ZSTD ? read_zstd(packed, out, most)
                                            : read_zlib(packed, out, most);
}

int64_t lt_files_inflate_skip(struct lt_files_inflate *packed, int64_t size_bytes)
{
    uint8_t waste[SKIP_BYTES];
    int64_t done = 0;
    while (done < size_bytes) {
        int64_t left = size_bytes - done;
        int64_t size = lt_files_inflate_read(packed, waste,
                                             left < SKIP_BYTES ? (size_t)left : (size_t)SKIP_BYTES);
        if (size <= 0)
            return size < 0 ? size : done;
        done += size;
    }
    return done;
}
