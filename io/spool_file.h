/*
 * The file format of the spool: what a source has received and must not lose, before anything else
 * has taken it. This file knows bytes only; io/spool.c writes them, and io/spool_recover.c believes
 * them.
 *
 * A spool is a folder of segments. A segment is a header and then chunks, back to back:
 *
 *     segment, 64 bytes   0 magic "leatspl2"     8 first record   16 first byte   24 wall time, us
 *                        32 framing (24)     56 checksum of what is before it
 *     chunk, 56 bytes     0 magic "LSPC"         4 size of the payload
 *                         8 first record        16 first byte     24 first record of its group
 *                        32 wall time, us       40 records        44 size of the origin
 *                        46 1: see below (2)     48 checksum
 *       then the origin (who sent it: a socket address), then the payload
 *
 * All numbers are little endian. A chunk's checksum is XXH64 of its header before the checksum, of
 * its origin and of its payload, seeded with its segment's checksum: so nothing that a client
 * sends can be taken for a chunk. The payload is what came, as it came, with the frames' marks: at
 * one record, and whole ones. Records and bytes are counted through all segments from 0, bytes
 * without the origins. A record of no bytes, as a datagram may be, is a chunk of its own, for which
 * one byte of payload stands and the 1 in the header says so: else no position would lie between it
 * and its neighbour, and it would be read twice, or not at all.
 *
 * A group is what was written by one write and made durable by one sync; the next group is written
 * only when that sync has succeeded. So:
 *
 *   - A chunk is believed if and only if its checksum is right and it continues exactly where the
 *     one before it (in this segment or the last) ended.
 *   - What follows the last chunk that is believed is a torn tail if no intact chunk behind it
 *     belongs to a group that began behind it: then no sync had succeeded for it, nobody was
 *     told that it is safe, and it is forgotten.
 *   - If there is such a chunk, or a later segment that begins behind it, something durable
 *     has been damaged, and that is an error: never a guess.
 *   - A torn tail stays where it is: whoever goes on begins a new segment, with the record at which
 *     the belief ended. So a segment may have a torn tail anywhere in the spool.
 *
 * on: any. Pure.
 */
#ifndef LT_IO_SPOOL_FILE_H
#define LT_IO_SPOOL_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"
#include "core/base/text_buffer.h"

enum {
    LT_SPOOL_SEGMENT_BYTES = 64,
    LT_SPOOL_CHUNK_BYTES = 56,
    LT_SPOOL_FRAMING_SIZE = 24,
    LT_SPOOL_ORIGIN_MAX = 128, /* a socket address, of a Unix socket too */
};

/* How far a stream of records has come. */
struct lt_spool_place {
    uint64_t record; /* of the next record, from 0 */
    uint64_t byte;   /* of all records before it */
};

struct lt_spool_segment {
    struct lt_spool_place first;
    int64_t wall_us;
    char framing[LT_SPOOL_FRAMING_SIZE]; /* how records are found in payloads: "line" */
    uint64_t seed;                       /* of its chunks; written by the functions below */
};

struct lt_spool_chunk {
    struct lt_spool_place first;
    uint64_t group_record; /* the first record of its group */
    int64_t wall_us;       /* when it arrived */
    uint32_t record_count, size_bytes; /* at least 1 each */
    bool is_empty; /* its one record has no bytes; the one there is stands for it */
    uint16_t origin_size_bytes; /* at most LT_SPOOL_ORIGIN_MAX */
    const void *origin;
    const void *data;
};

/* Appends a segment's header. */
void lt_spool_write_segment(struct lt_text_buffer *out, struct lt_spool_segment *segment);
/* LT_E_CORRUPT says what is wrong with it. */
int lt_spool_read_segment(const void *bytes, size_t size_bytes, struct lt_spool_segment *out,
                          struct lt_error *error) LT_MUST_USE;

/* Appends a chunk of the segment with that seed. */
void lt_spool_write_chunk(struct lt_text_buffer *out, uint64_t seed,
                          const struct lt_spool_chunk *chunk);

enum lt_spool_found {
    LT_SPOOL_CHUNK,     /* *out and *used are filled */
    LT_SPOOL_NEED_MORE, /* the bytes end before the chunk does: *used is how many it needs */
    LT_SPOOL_TORN,      /* no chunk that is to be believed begins here */
};
/* The chunk at the begin of `bytes`, if it begins at `expected`. Its pointers are into `bytes`. */
enum lt_spool_found lt_spool_read_chunk(const void *bytes, size_t size_bytes, uint64_t seed,
                                        struct lt_spool_place expected, struct lt_spool_chunk *out,
                                        size_t *used);

/* True when there is an intact chunk anywhere in `bytes` whose group began behind `record`: then
 * that record was durable. */
bool lt_spool_has_durable(const void *bytes, size_t size_bytes, uint64_t seed, uint64_t record);

#endif
