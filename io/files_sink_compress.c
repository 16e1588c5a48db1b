#include "io/files_sink_compress.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>
#include <zstd.h>

#include "core/base/arena.h"
#include "core/base/ascii.h"

enum {
    GZIP_WINDOW_BITS = 15 + 16, /* zlib's way to say: 32 KiB, with gzip's head and tail */
    GZIP_MEMORY_LEVEL = 8,
    PIECE_BYTES = 1 << 20, /* of input at a time, so that the output's bound is a small number */
};

struct lt_compressor {
    enum lt_compression compression;
    z_stream gzip;
    ZSTD_CCtx *zstd;
};

int lt_compression_of(const char *name, enum lt_compression *out, struct lt_error *error)
{
    static const struct {
        const char *name;
        enum lt_compression compression;
    } names[] = {
        {"none", LT_COMPRESSION_NONE},
        {"uncompressed", LT_COMPRESSION_NONE},
        {"gzip", LT_COMPRESSION_GZIP},
        {"zstd", LT_COMPRESSION_ZSTD},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (lt_ascii_compare(name, names[i].name) == 0) {
            *out = names[i].compression;
            return 0;
        }
    }
    (void)lt_error_set(error, LT_E_INVALID,
                       "The codec %s is not available. Available codecs are gzip, none, "
                       "uncompressed, zstd.",
                       name);
    return lt_error_condition(error, "CODEC_NOT_AVAILABLE.WITH_AVAILABLE_CODECS_SUGGESTION",
                              "56038");
}

const char *lt_compression_suffix(enum lt_compression compression)
{
    static const char *const suffixes[] = {"", ".gz", ".zst"};
    return suffixes[compression];
}

struct lt_compressor *lt_compressor_create(enum lt_compression compression)
{
    lt_assert(compression != LT_COMPRESSION_NONE);
    struct lt_compressor *compressor = lt_alloc(sizeof *compressor);
    compressor->compression = compression;
    bool is_made;
    if (compression == LT_COMPRESSION_ZSTD)
        is_made = (compressor->zstd = ZSTD_createCCtx()) != NULL;
    else
        is_made = deflateInit2(&compressor->gzip, Z_DEFAULT_COMPRESSION, Z_DEFLATED,
                               GZIP_WINDOW_BITS, GZIP_MEMORY_LEVEL, Z_DEFAULT_STRATEGY) == Z_OK;
    lt_assert(is_made); /* else there is no memory: as lt_alloc */
    return compressor;
}

void lt_compressor_destroy(struct lt_compressor *compressor)
{
    if (compressor == NULL)
        return;
    if (compressor->compression == LT_COMPRESSION_ZSTD)
        ZSTD_freeCCtx(compressor->zstd);
    else
        (void)deflateEnd(&compressor->gzip); /* says only whether all was flushed */
    free(compressor);
}

/* Room for so much more behind the text, whose size stays. */
static char *reserve(struct lt_text_buffer *out, size_t size_bytes)
{
    size_t used = out->size_bytes;
    if (out->capacity - used <= size_bytes) {
        out->capacity = 2 * out->capacity + size_bytes + 1;
        out->data = lt_realloc_array(out->data, out->capacity, 1);
    }
    return out->data + used;
}

static void take(struct lt_text_buffer *out, size_t size_bytes)
{
    out->size_bytes += size_bytes;
    out->data[out->size_bytes] = '\0';
}

static bool run_gzip(z_stream *stream, const void *data, size_t size_bytes,
                     struct lt_text_buffer *out)
{
    const char *at = data;
    if (deflateReset(stream) != Z_OK)
        return false;
    int status = Z_OK;
    do {
        size_t piece = size_bytes < PIECE_BYTES ? size_bytes : PIECE_BYTES;
        size_t room = deflateBound(stream, piece);
        stream->next_in = (Bytef *)(uintptr_t)at;
        stream->avail_in = (uInt)piece;
        at += piece;
        size_bytes -= piece;
        do {
            stream->next_out = (Bytef *)reserve(out, room);
            stream->avail_out = (uInt)room;
            status = deflate(stream, size_bytes == 0 ? Z_FINISH : Z_NO_FLUSH);
            take(out, room - stream->avail_out);
        } while (status == Z_OK && stream->avail_out == 0);
    } while ((status == Z_OK || status == Z_BUF_ERROR) && size_bytes > 0);
    return status == Z_STREAM_END;
}

static bool run_zstd(ZSTD_CCtx *context, const void *data, size_t size_bytes,
                     struct lt_text_buffer *out)
{
    size_t room = ZSTD_compressBound(size_bytes);
    size_t size = ZSTD_compressCCtx(context, reserve(out, room), room, data, size_bytes,
                                    ZSTD_CLEVEL_DEFAULT);
    if (ZSTD_isError(size))
        return false;
    take(out, size);
    return true;
}

bool lt_compressor_run(struct lt_compressor *compressor, const void *data, size_t size_bytes,
                       struct lt_text_buffer *out)
{
    return compressor->compression == LT_COMPRESSION_ZSTD
               ? run_zstd(compressor->zstd, data, size_bytes, out)
               : run_gzip(&compressor->gzip, data, size_bytes, out);
}
