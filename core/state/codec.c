/*
 * lz4 in its block format and zstd in its frame format, each block by itself.
 */
#include "core/state/codec.h"

#include <limits.h>
#include <lz4.h>
#include <stdlib.h>
#include <strings.h>
#include <zstd.h>

#include "core/base/arena.h"
#include "core/base/nearest.h"

/* State is written again and again and read after a crash: speed before size. */
enum { ZSTD_LEVEL = 1 };

struct lt_state_codec {
    enum lt_state_codec_kind kind;
    ZSTD_CCtx *compressing; /* made when first needed */
    ZSTD_DCtx *expanding;
};

int lt_state_codec_find(const char *name, enum lt_state_codec_kind *out, struct lt_error *error)
{
    static const char *const names[LT_STATE_CODEC_COUNT] = {
        [LT_STATE_CODEC_NONE] = "none",
        [LT_STATE_CODEC_LZ4] = "lz4",
        [LT_STATE_CODEC_ZSTD] = "zstd",
    };
    for (int i = 0; i < LT_STATE_CODEC_COUNT; i++) {
        if (strcasecmp(name, names[i]) == 0) {
            *out = (enum lt_state_codec_kind)i;
            return 0;
        }
    }
    const char *near = lt_nearest(name, names, LT_STATE_CODEC_COUNT);
    return lt_error_set(error, LT_E_INVALID,
                        "unknown codec '%s' of state files; hint: it is one of lz4, zstd, none"
                        "%s%s%s",
                        name, near == NULL ? "" : ": did you mean '", near == NULL ? "" : near,
                        near == NULL ? "" : "'?");
}

struct lt_state_codec *lt_state_codec_create(enum lt_state_codec_kind kind)
{
    struct lt_state_codec *codec = lt_alloc(sizeof *codec);
    codec->kind = kind;
    return codec;
}

void lt_state_codec_destroy(struct lt_state_codec *codec)
{
    if (codec == NULL)
        return;
    ZSTD_freeCCtx(codec->compressing);
    ZSTD_freeDCtx(codec->expanding);
    free(codec);
}

static bool is_for_lz4(size_t size_bytes)
{
    return size_bytes <= LZ4_MAX_INPUT_SIZE;
}

size_t lt_state_codec_bound(const struct lt_state_codec *codec, size_t size_bytes)
{
    if (codec->kind == LT_STATE_CODEC_LZ4 && is_for_lz4(size_bytes))
        return (size_t)LZ4_compressBound((int)size_bytes);
    return codec->kind == LT_STATE_CODEC_ZSTD ? ZSTD_compressBound(size_bytes) : 0;
}

static size_t compress_zstd(struct lt_state_codec *codec, const void *data, size_t size_bytes,
                            void *out)
{
    if (codec->compressing == NULL)
        codec->compressing = ZSTD_createCCtx();
    if (codec->compressing == NULL)
        return 0; /* without memory for it, it is stored as it is */
    size_t size = ZSTD_compressCCtx(codec->compressing, out, ZSTD_compressBound(size_bytes), data,
                                    size_bytes, ZSTD_LEVEL);
    return ZSTD_isError(size) ? 0 : size;
}

size_t lt_state_codec_compress(struct lt_state_codec *codec, const void *data, size_t size_bytes,
                               void *out)
{
    size_t size = 0;
    if (codec->kind == LT_STATE_CODEC_LZ4 && is_for_lz4(size_bytes))
        size = (size_t)LZ4_compress_default(data, out, (int)size_bytes,
                                            LZ4_compressBound((int)size_bytes));
    else if (codec->kind == LT_STATE_CODEC_ZSTD)
        size = compress_zstd(codec, data, size_bytes, out);
    return size < size_bytes ? size : 0;
}

bool lt_state_codec_expand(struct lt_state_codec *codec, const void *data, size_t size_bytes,
                           void *out, size_t plain_bytes)
{
    if (codec->kind == LT_STATE_CODEC_LZ4) {
        if (size_bytes > INT_MAX || !is_for_lz4(plain_bytes))
            return false;
        return LZ4_decompress_safe(data, out, (int)size_bytes, (int)plain_bytes) ==
               (int)plain_bytes;
    }
    if (codec->kind == LT_STATE_CODEC_NONE)
        return false; /* nothing is ever compressed by it */
    if (codec->expanding == NULL)
        codec->expanding = ZSTD_createDCtx();
    return codec->expanding != NULL &&
           ZSTD_decompressDCtx(codec->expanding, out, plain_bytes, data, size_bytes) == plain_bytes;
}
