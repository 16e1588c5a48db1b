/*
 * Reading a file that may be packed: `.gz` (several members one behind the other, too), `.deflate`
 * (zlib) and `.zst`, by its name as Hadoop's codecs are chosen. Positions are bytes of what is
 * unpacked.
 *
 * It waits for the disk and takes processor time, so it is for a helper thread; packed files have
 * no way to a place within but from their beginning.
 *
 * on: one thread at a time.
 */
#ifndef LT_IO_FILES_INFLATE_H
#define LT_IO_FILES_INFLATE_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"

enum lt_files_packing {
    LT_FILES_PLAIN,
    LT_FILES_GZIP,
    LT_FILES_ZLIB,
    LT_FILES_ZSTD,
    LT_FILES_UNKNOWN_PACKING, /* packed as leat does not read it: .bz2, .lz4, .snappy, .xz */
};

enum lt_files_packing lt_files_packing_of(const char *path);

struct lt_files_inflate;

/* NULL without memory. `fd` stays the caller's and is read from its first byte; its own position
 * is not used. */
struct lt_files_inflate *lt_files_inflate_create(enum lt_files_packing packing, int fd);
void lt_files_inflate_destroy(struct lt_files_inflate *inflate); /* NULL is a no-op */

/* Unpacks up to `size_bytes`; how many, 0 at the end of a file that is whole. -EBADMSG: damaged, or
 * cut off (lt_files_inflate_fault); another negative errno: cannot be read. */
int64_t lt_files_inflate_read(struct lt_files_inflate *inflate, void *out, size_t size_bytes);
/* The same, but what is unpacked is thrown away. */
int64_t lt_files_inflate_skip(struct lt_files_inflate *inflate, int64_t size_bytes);
/* What is wrong with the data, and where: "incorrect data check near byte 70 of the packed file".
 * Its own; after -EBADMSG. */
const char *lt_files_inflate_fault(const struct lt_files_inflate *inflate);

#endif
