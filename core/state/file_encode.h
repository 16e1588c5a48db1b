/*
 * A state file's bytes, made entry by entry: whoever has entries adds them, and whoever writes the
 * file takes the bytes from `out` when there are enough.
 *
 * on: one thread at a time.
 */
#ifndef LT_STATE_FILE_ENCODE_H
#define LT_STATE_FILE_ENCODE_H

#include "core/state/file_format.h"

struct lt_state_encoder {
    struct lt_state_codec *codec;
    unsigned char *out; /* bytes to be written; the taker sets out_bytes to 0 */
    size_t out_bytes, out_capacity;
    struct lt_state_trailer trailer; /* so far */
    /* the encoder's own */
    unsigned char *plain;
    size_t plain_bytes, plain_capacity;
    uint32_t plain_entries;
};

/* Begins a file: its header is in `out`. */
void lt_state_encoder_init(struct lt_state_encoder *encoder, struct lt_state_header *header);
void lt_state_encoder_fini(struct lt_state_encoder *encoder);
/* In ascending order. */
void lt_state_encoder_add(struct lt_state_encoder *encoder, const struct lt_state_change *change);
/* The last block and the trailer. */
void lt_state_encoder_end(struct lt_state_encoder *encoder);

#endif
