/*
 * Compression of the blocks of a state file.
 *
 * on: one thread at a time for each codec; the names any.
 */
#ifndef LT_STATE_CODEC_H
#define LT_STATE_CODEC_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/error.h"

/* The numbers are the file format's. */
enum lt_state_codec_kind {
    LT_STATE_CODEC_NONE = 0,
    LT_STATE_CODEC_LZ4 = 1,
    LT_STATE_CODEC_ZSTD = 2,
    LT_STATE_CODEC_COUNT
};

struct lt_state_codec;

/* By the names of spark.sql.streaming.stateStore.compression.codec; another one is an error that
 * names the nearest. */
int lt_state_codec_find(const char *name, enum lt_state_codec_kind *out,
                        struct lt_error *error) LT_MUST_USE;

struct lt_state_codec *lt_state_codec_create(enum lt_state_codec_kind kind);
void lt_state_codec_destroy(struct lt_state_codec *codec); /* NULL is a no-op */

/* The most that compressing so many bytes can take. */
size_t lt_state_codec_bound(const struct lt_state_codec *codec, size_t size_bytes);
/* The size in `out`, which has lt_state_codec_bound() bytes; 0 if it would not be smaller. */
size_t lt_state_codec_compress(struct lt_state_codec *codec, const void *data, size_t size_bytes,
                               void *out);
/* False if the bytes do not become exactly `plain_bytes`. */
bool lt_state_codec_expand(struct lt_state_codec *codec, const void *data, size_t size_bytes,
                           void *out, size_t plain_bytes);

#endif
