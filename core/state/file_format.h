/*
 * The file format of state, version 1. All numbers are little endian.
 *
 * The files of a partition of a store are in state/<operator>/<partition>/[<name>/]:
 *
 *   <version>.delta      what has changed from version `base` to this one. A commit writes one with
 *                        base = version - 1; where many small ones have gathered, one with a lower
 *                        base takes the place of the newest. So versions have a chain of files: the
 *                        version's, its base's, and so on, to a snapshot or to version 0.
 *   <version>.snapshot   all that there is at the version; base 0
 *   .<name>.leat.tmp     one that is being written: no file yet
 *
 * A file is a header, blocks, a trailer.
 *
 *   header    0  8 magic "LEATSTAT"            8  4 format version, 1
 *            12  1 kind: 1 delta, 2 snapshot  13  1 codec: 0 none, 1 lz4 block, 2 zstd frame
 *            14  2 zero                       16  8 version              24  8 base
 *            32  4 partition                  36  4 partition count      40  4 first key group
 *            44  4 key group behind the last  48  4 bytes of a key's suffix that do not count for
 *            52  4 zero                              its group           56  8 checksum
 *
 *   block     0  4 stored size, not 0          4  4 plain size            8  4 entries
 *            12  4 zero                       16  8 checksum, and then the stored bytes: the
 *                 entries as they are if both sizes are equal, else compressed with the codec
 *
 *   entry    a number: the size of its key; a number: 0 if the key was removed, else the size of
 *            its value + 1; if it was not removed, a number: when it is final; key; value.
 *            Numbers are little-endian base 128. The time t, in milliseconds, is t * 2 if it is not
 *            negative and t * -2 - 1 if it is, plus 2 modulo 2^64: so never is 0.
 *
 *   trailer   0  8 magic "LEATDONE"            8  8 entries              16  8 removals among them
 *            24  8 bytes of keys and values   32  8 blocks               40  8 size of the file
 *            48  8 checksum of the checksums  56  8 checksum
 *
 * Entries are in ascending order of the hash of their keys, and of their keys' bytes, each key
 * once. The hash is XXH3 (64 bits) of the key; its first byte is the key's group. With a suffix,
 * that byte is the one of the hash of the key without it.
 *
 * Checksums are XXH3 (64 bits): of header and trailer without their last 8 bytes; of a block's
 * stored bytes, seeded with that of the first 16 bytes of its header; and the checksum of checksums
 * starts as the header's and is, for each block, that of the block's checksum seeded with itself.
 * So no bit is without a checksum, and no block can be missing, be twice, or be another file's.
 *
 * A file is believed if and only if all of this holds. It is written under its temporary name,
 * synced, renamed and its folder synced (core/state/file_writer.h): what can be seen is whole.
 */
#ifndef LT_STATE_FILE_FORMAT_H
#define LT_STATE_FILE_FORMAT_H

#include "core/state/change.h"
#include "core/state/codec.h"

enum {
    LT_STATE_FILE_VERSION = 1,
    LT_STATE_HEADER_BYTES = 64,
    LT_STATE_BLOCK_HEADER_BYTES = 24,
    LT_STATE_TRAILER_BYTES = 64,
    /* A block is closed when it has so many plain bytes: an entry that is larger has its own. */
    LT_STATE_BLOCK_BYTES = 64 * 1024,
    LT_STATE_ENTRY_OVERHEAD_MAX = 5 + 5 + 10, /* the numbers before key and value */
    LT_STATE_FILE_NAME_SIZE = 48,
};

enum lt_state_file_kind { LT_STATE_DELTA = 1, LT_STATE_SNAPSHOT = 2 };

struct lt_state_header {
    enum lt_state_file_kind kind;
    enum lt_state_codec_kind codec;
    uint64_t version, base;
    uint32_t partition, partition_count;
    uint32_t first_group, end_group;
    uint32_t key_suffix_bytes;
    uint64_t checksum; /* written by both functions below */
};

struct lt_state_block {
    uint32_t stored_bytes, plain_bytes, entry_count;
    uint64_t checksum;
};

struct lt_state_trailer {
    uint64_t entry_count, removal_count, entry_bytes, block_count, file_bytes, checksums;
};

/* "17.delta", "17.snapshot". Returns `out`. */
char *lt_state_file_name(enum lt_state_file_kind kind, uint64_t version,
                         char out[LT_STATE_FILE_NAME_SIZE]);
/* Do so many bytes begin as a state file does? */
enum { LT_STATE_MAGIC_BYTES = 8 };
bool lt_state_is_magic(const char bytes[LT_STATE_MAGIC_BYTES]);
/* False if it is no such name. */
bool lt_state_file_name_parse(const char *name, enum lt_state_file_kind *kind, uint64_t *version);

void lt_state_header_write(struct lt_state_header *header,
                           unsigned char out[LT_STATE_HEADER_BYTES]);
/* NULL, or what is wrong with it. */
const char *lt_state_header_read(const unsigned char bytes[LT_STATE_HEADER_BYTES],
                                 struct lt_state_header *out);
/* Of a block that is behind its header, stored. Fills the checksum and the header's bytes. */
void lt_state_block_write(struct lt_state_block *block,
                          unsigned char out[LT_STATE_BLOCK_HEADER_BYTES], const void *stored);
/* Reads without judging: the stored bytes may not be there yet. */
void lt_state_block_read(const unsigned char bytes[LT_STATE_BLOCK_HEADER_BYTES],
                         struct lt_state_block *out);
bool lt_state_block_is_sound(const unsigned char bytes[LT_STATE_BLOCK_HEADER_BYTES],
                             const struct lt_state_block *block, const void *stored);
/* The checksum of checksums after one more block. */
uint64_t lt_state_checksums_add(uint64_t checksums, uint64_t checksum);
void lt_state_trailer_write(const struct lt_state_trailer *trailer,
                            unsigned char out[LT_STATE_TRAILER_BYTES]);
const char *lt_state_trailer_read(const unsigned char bytes[LT_STATE_TRAILER_BYTES],
                                  struct lt_state_trailer *out);

/* The numbers before an entry's key; returns how many bytes. */
size_t lt_state_entry_write(const struct lt_state_change *change,
                            unsigned char out[LT_STATE_ENTRY_OVERHEAD_MAX]);
/* Reads one entry, without its hash, from the plain bytes of a block; its bytes point into them.
 * Returns its size; 0 if it does not lie within `size_bytes`, and then the size that does not fit
 * is in *key_size or *value_size, the other is 0. */
size_t lt_state_entry_read(const unsigned char *bytes, size_t size_bytes,
                           struct lt_state_change *out, uint64_t *key_size, uint64_t *value_size);

#endif
