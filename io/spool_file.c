/*
 * Headers are written and read byte by byte through a table of places, so that no padding and no
 * order of the machine's reaches the file.
 */
#include "io/spool_file.h"

#include <string.h>

#include <xxhash.h>

static const char segment_magic[8] = {'l', 'e', 'a', 't', 's', 'p', 'l', '2'};
static const char chunk_magic[4] = {'L', 'S', 'P', 'C'};

enum { SEGMENT_CHECKSUM = 56, CHUNK_CHECKSUM = 48, SEGMENT_FRAMING = 32 };

_Static_assert(SEGMENT_FRAMING + LT_SPOOL_FRAMING_SIZE == SEGMENT_CHECKSUM, "places follow on");
_Static_assert(CHUNK_CHECKSUM + 8 == LT_SPOOL_CHUNK_BYTES, "the checksum is last");

static void put(unsigned char *at, uint64_t value, unsigned size_bytes)
{
    for (unsigned i = 0; i < size_bytes; i++)
        at[i] = (unsigned char)(value >> (8 * i));
}

static uint64_t get(const unsigned char *at, unsigned size_bytes)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < size_bytes; i++)
        value |= (uint64_t)at[i] << (8 * i);
    return value;
}

/* -------------------------------------------------------------------------------------- segment */

void lt_spool_write_segment(struct lt_text_buffer *out, struct lt_spool_segment *segment)
{
    unsigned char header[LT_SPOOL_SEGMENT_BYTES] = {0};
    memcpy(header, segment_magic, sizeof segment_magic);
    put(header + 8, segment->first.record, 8);
    put(header + 16, segment->first.byte, 8);
    put(header + 24, (uint64_t)segment->wall_us, 8);
    memcpy(header + SEGMENT_FRAMING, segment->framing, LT_SPOOL_FRAMING_SIZE);
    segment->seed = XXH64(header, SEGMENT_CHECKSUM, 0);
    put(header + SEGMENT_CHECKSUM, segment->seed, 8);
    lt_text_append_n(out, header, sizeof header);
}

int lt_spool_read_segment(const void *bytes, size_t size_bytes, struct lt_spool_segment *out,
                          struct lt_error *error)
{
    const unsigned char *header = bytes;
    if (size_bytes < LT_SPOOL_SEGMENT_BYTES)
        return lt_error_set(error, LT_E_CORRUPT, "its header has %zu of %d bytes", size_bytes,
                            LT_SPOOL_SEGMENT_BYTES);
    if (memcmp(header, segment_magic, sizeof segment_magic) != 0)
        return lt_error_set(error, LT_E_CORRUPT,
                            "it does not begin with \"leatspl2\"; hint: a spool of another "
                            "version of leat is read to its end by that version");
    if (XXH64(header, SEGMENT_CHECKSUM, 0) != get(header + SEGMENT_CHECKSUM, 8))
        return lt_error_set(error, LT_E_CORRUPT, "the checksum of its header is wrong");
    *out = (struct lt_spool_segment){
        .first = {.record = get(header + 8, 8), .byte = get(header + 16, 8)},
        .wall_us = (int64_t)get(header + 24, 8),
        .seed = get(header + SEGMENT_CHECKSUM, 8),
    };
    memcpy(out->framing, header + SEGMENT_FRAMING, LT_SPOOL_FRAMING_SIZE);
    out->framing[LT_SPOOL_FRAMING_SIZE - 1] = '\0';
    return 0;
}

/* ---------------------------------------------------------------------------------------- chunk */

static uint64_t checksum(const unsigned char *header, uint64_t seed,
                         const struct lt_spool_chunk *chunk)
{
    uint64_t sum = XXH64(header, CHUNK_CHECKSUM, seed);
    sum = XXH64(chunk->origin, chunk->origin_size_bytes, sum);
    return XXH64(chunk->data, chunk->size_bytes, sum);
}

static bool is_one(const struct lt_spool_chunk *chunk)
{
    return chunk->record_count == 1 && chunk->size_bytes == 1;
}

void lt_spool_write_chunk(struct lt_text_buffer *out, uint64_t seed,
                          const struct lt_spool_chunk *chunk)
{
    lt_assert(chunk->origin_size_bytes <= LT_SPOOL_ORIGIN_MAX);
    lt_assert(chunk->record_count > 0);
    lt_assert(chunk->size_bytes > 0);
    lt_assert(!chunk->is_empty || is_one(chunk));
    unsigned char header[LT_SPOOL_CHUNK_BYTES] = {0};
    memcpy(header, chunk_magic, sizeof chunk_magic);
    put(header + 4, chunk->size_bytes, 4);
    put(header + 8, chunk->first.record, 8);
    put(header + 16, chunk->first.byte, 8);
    put(header + 24, chunk->group_record, 8);
    put(header + 32, (uint64_t)chunk->wall_us, 8);
    put(header + 40, chunk->record_count, 4);
    put(header + 44, chunk->origin_size_bytes, 2);
    put(header + 46, chunk->is_empty ? 1 : 0, 2);
    put(header + CHUNK_CHECKSUM, checksum(header, seed, chunk), 8);
    lt_text_append_n(out, header, sizeof header);
    lt_text_append_n(out, chunk->origin, chunk->origin_size_bytes);
    lt_text_append_n(out, chunk->data, chunk->size_bytes);
}

/* The chunk at the begin of the bytes, wherever in the stream it belongs. */
static enum lt_spool_found read_any(const unsigned char *bytes, size_t size_bytes, uint64_t seed,
                                    struct lt_spool_chunk *out, size_t *used)
{
    *used = LT_SPOOL_CHUNK_BYTES;
    if (size_bytes < LT_SPOOL_CHUNK_BYTES)
        return LT_SPOOL_NEED_MORE;
    if (memcmp(bytes, chunk_magic, sizeof chunk_magic) != 0)
        return LT_SPOOL_TORN;
    *out = (struct lt_spool_chunk){
        .first = {.record = get(bytes + 8, 8), .byte = get(bytes + 16, 8)},
        .group_record = get(bytes + 24, 8),
        .wall_us = (int64_t)get(bytes + 32, 8),
        .record_count = (uint32_t)get(bytes + 40, 4),
        .size_bytes = (uint32_t)get(bytes + 4, 4),
        .origin_size_bytes = (uint16_t)get(bytes + 44, 2),
        .is_empty = get(bytes + 46, 2) == 1,
        .origin = bytes + LT_SPOOL_CHUNK_BYTES,
    };
    if (out->origin_size_bytes > LT_SPOOL_ORIGIN_MAX || out->record_count == 0 ||
        out->size_bytes == 0 || get(bytes + 46, 2) > 1 || (out->is_empty && !is_one(out)))
        return LT_SPOOL_TORN;
    out->data = bytes + LT_SPOOL_CHUNK_BYTES + out->origin_size_bytes;
    *used = (size_t)LT_SPOOL_CHUNK_BYTES + out->origin_size_bytes + out->size_bytes;
    if (size_bytes < *used)
        return LT_SPOOL_NEED_MORE;
    uint64_t sum = get(bytes + CHUNK_CHECKSUM, 8);
    return checksum(bytes, seed, out) == sum ? LT_SPOOL_CHUNK : LT_SPOOL_TORN;
}

enum lt_spool_found lt_spool_read_chunk(const void *bytes, size_t size_bytes, uint64_t seed,
                                        struct lt_spool_place expected, struct lt_spool_chunk *out,
                                        size_t *used)
{
    enum lt_spool_found found = read_any(bytes, size_bytes, seed, out, used);
    if (found == LT_SPOOL_TORN || size_bytes < LT_SPOOL_CHUNK_BYTES)
        return found;
    /* Said before its bytes are there: a wrong header must not have gigabytes read. */
    bool continues = out->first.record == expected.record && out->first.byte == expected.byte &&
                     out->group_record <= expected.record;
    return continues ? found : LT_SPOOL_TORN;
}

bool lt_spool_has_durable(const void *bytes, size_t size_bytes, uint64_t seed, uint64_t record)
{
    const unsigned char *at = bytes;
    const unsigned char *end = at + size_bytes;
    while (at < end) {
        at = memmem(at, (size_t)(end - at), chunk_magic, sizeof chunk_magic);
        if (at == NULL)
            return false;
        struct lt_spool_chunk chunk;
        size_t used;
        if (read_any(at, (size_t)(end - at), seed, &chunk, &used) == LT_SPOOL_CHUNK &&
            chunk.group_record > record)
            return true;
        at++;
    }
    return false;
}
