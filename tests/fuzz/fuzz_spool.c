/*
 * A segment of the spool: its header, then chunks to the end, as recovery walks them. What is
 * believed is written again, and must come out the same.
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "io/spool_file.h"

static void write_again(const uint8_t *begin, size_t size_bytes, uint64_t seed,
                        const struct lt_spool_chunk *chunk)
{
    struct lt_text_buffer text;
    lt_text_init(&text);
    lt_spool_write_chunk(&text, seed, chunk);
    lt_assert(text.size_bytes == size_bytes);
    lt_assert(memcmp(text.data, begin, size_bytes) == 0);
    lt_text_fini(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    struct lt_spool_segment segment = {0};
    struct lt_spool_place place = {0};
    struct lt_spool_chunk chunk;
    struct lt_error error;
    size_t at = 0, used;
    if (lt_spool_read_segment(data, size_bytes, &segment, &error) == 0) {
        at = LT_SPOOL_SEGMENT_BYTES;
        place = segment.first;
    }
    while (lt_spool_read_chunk(data + at, size_bytes - at, segment.seed, place, &chunk, &used) ==
           LT_SPOOL_CHUNK) {
        write_again(data + at, used, segment.seed, &chunk);
        at += used;
        place.record += chunk.record_count;
        place.byte += chunk.size_bytes;
    }
    (void)lt_spool_has_durable(data + at, size_bytes - at, segment.seed, place.record);
    return 0;
}
