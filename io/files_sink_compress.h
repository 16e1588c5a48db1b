/*
 * Compression of files that are written block by block.
 *
 * Each block becomes a whole gzip member or zstd frame of its own. Files of several, one behind the
 * other, are what every reader of these formats takes; and a sink with thousands of files open at
 * once needs no compressor for each.
 *
 * on: any; one thread at a time per compressor.
 */
#ifndef LT_IO_FILES_SINK_COMPRESS_H
#define LT_IO_FILES_SINK_COMPRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/error.h"
#include "core/base/text_buffer.h"

enum lt_compression { LT_COMPRESSION_NONE, LT_COMPRESSION_GZIP, LT_COMPRESSION_ZSTD };

/* By Spark's names, in any case; a codec that is Spark's and not leat's, and one that is nobody's,
 * give Spark's condition CODEC_NOT_AVAILABLE. */
int lt_compression_of(const char *name, enum lt_compression *out,
                      struct lt_error *error) LT_MUST_USE;
/* ".gz"; "" for none. */
const char *lt_compression_suffix(enum lt_compression compression);

struct lt_compressor;
struct lt_compressor *lt_compressor_create(enum lt_compression compression); /* not NONE */
void lt_compressor_destroy(struct lt_compressor *compressor);                /* NULL is a no-op */

/* Appends `size_bytes` of `data`, compressed. False: the library has failed, for want of memory. */
bool lt_compressor_run(struct lt_compressor *compressor, const void *data, size_t size_bytes,
                       struct lt_text_buffer *out) LT_MUST_USE;

#endif
