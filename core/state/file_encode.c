/*
 * Entries gather in `plain`; when that is a block's size it is compressed behind `out`.
 */
#include "core/state/file_encode.h"

#include <stdlib.h>

#include "core/base/arena.h"

static void reserve(unsigned char **bytes, size_t *capacity, size_t needed)
{
    if (needed <= *capacity)
        return;
    size_t grown = *capacity + *capacity / 2;
    *capacity = needed > grown ? needed : grown;
    *bytes = lt_realloc_array(*bytes, *capacity, 1);
}

static unsigned char *reserve_out(struct lt_state_encoder *encoder, size_t more)
{
    reserve(&encoder->out, &encoder->out_capacity, encoder->out_bytes + more);
    return encoder->out + encoder->out_bytes;
}

static void took_out(struct lt_state_encoder *encoder, size_t size_bytes)
{
    encoder->out_bytes += size_bytes;
    encoder->trailer.file_bytes += size_bytes;
}

void lt_state_encoder_init(struct lt_state_encoder *encoder, struct lt_state_header *header)
{
    *encoder = (struct lt_state_encoder){.codec = lt_state_codec_create(header->codec)};
    lt_state_header_write(header, reserve_out(encoder, LT_STATE_HEADER_BYTES));
    took_out(encoder, LT_STATE_HEADER_BYTES);
    encoder->trailer.checksums = header->checksum;
}

void lt_state_encoder_fini(struct lt_state_encoder *encoder)
{
    lt_state_codec_destroy(encoder->codec);
    free(encoder->out);
    free(encoder->plain);
    *encoder = (struct lt_state_encoder){0};
}

static void close_block(struct lt_state_encoder *encoder)
{
    if (encoder->plain_entries == 0)
        return;
    size_t plain_bytes = encoder->plain_bytes;
    size_t bound = lt_state_codec_bound(encoder->codec, plain_bytes);
    unsigned char *header = reserve_out(encoder, LT_STATE_BLOCK_HEADER_BYTES +
                                                     (bound > plain_bytes ? bound : plain_bytes));
    unsigned char *stored = header + LT_STATE_BLOCK_HEADER_BYTES;
    size_t size =
        lt_state_codec_compress(encoder->codec, encoder->plain, plain_bytes, stored);
    if (size == 0) {
        memcpy(stored, encoder->plain, plain_bytes);
        size = plain_bytes;
    }
    struct lt_state_block block = {.stored_bytes = (uint32_t)size,
                                   .plain_bytes = (uint32_t)plain_bytes,
                                   .entry_count = encoder->plain_entries};
    lt_state_block_write(&block, header, stored);
    took_out(encoder, LT_STATE_BLOCK_HEADER_BYTES + size);
    encoder->trailer.checksums =
        lt_state_checksums_add(encoder->trailer.checksums, block.checksum);
    encoder->trailer.block_count++;
    encoder->plain_bytes = 0;
    encoder->plain_entries = 0;
}

void lt_state_encoder_add(struct lt_state_encoder *encoder, const struct lt_state_change *change)
{
    size_t value_bytes = change->is_removed ? 0 : change->value.size_bytes;
    size_t entry_bytes = change->key.size_bytes + value_bytes;
    lt_assert(entry_bytes <= LT_STATE_ENTRY_MAX_BYTES);
    size_t most = entry_bytes + LT_STATE_ENTRY_OVERHEAD_MAX;
    if (encoder->plain_bytes + most > LT_STATE_BLOCK_BYTES)
        close_block(encoder);
    reserve(&encoder->plain, &encoder->plain_capacity, encoder->plain_bytes + most);
    unsigned char *at = encoder->plain + encoder->plain_bytes;
    at += lt_state_entry_write(change, at);
    if (change->key.size_bytes > 0)
        memcpy(at, change->key.data, change->key.size_bytes);
    at += change->key.size_bytes;
    if (value_bytes > 0)
        memcpy(at, change->value.data, value_bytes);
    encoder->plain_bytes = (size_t)(at + value_bytes - encoder->plain);
    encoder->plain_entries++;
    encoder->trailer.entry_count++;
    encoder->trailer.removal_count += change->is_removed;
    encoder->trailer.entry_bytes += entry_bytes;
}

void lt_state_encoder_end(struct lt_state_encoder *encoder)
{
    close_block(encoder);
    unsigned char *out = reserve_out(encoder, LT_STATE_TRAILER_BYTES);
    took_out(encoder, LT_STATE_TRAILER_BYTES); /* its size counts, and it says so */
    lt_state_trailer_write(&encoder->trailer, out);
}
