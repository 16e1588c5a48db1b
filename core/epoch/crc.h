/*
 * Companions: beside a checkpoint file F stands F.crc with F's size and CRC32C, in the JSON form
 * that Spark 4.1 writes and reads. A file that was cut, flipped or mixed up is then found before it
 * is believed.
 *
 * on: any. Pure.
 */
#ifndef LT_EPOCH_CRC_H
#define LT_EPOCH_CRC_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"
#include "core/base/text_buffer.h"

/* CRC-32C (Castagnoli, reflected, as in iSCSI): 0xe3069283 for "123456789". */
uint32_t lt_crc32c(const void *content, size_t size_bytes);

/* Appends the companion's text for this content. `wall_us` is the time of creation. */
void lt_crc_format(struct lt_text_buffer *out, const void *content, size_t size_bytes,
                   int64_t wall_us);

/* Compares the content with its companion's text. LT_E_CORRUPT says what differs; the caller names
 * the file. */
int lt_crc_check(const struct lt_text_buffer *companion, const void *content, size_t size_bytes,
                 struct lt_error *error) LT_MUST_USE;

#endif
