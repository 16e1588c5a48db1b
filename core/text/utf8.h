/*
 * UTF-8 strings by characters (code points), as Spark counts, cuts and cases them.
 *
 * Bytes that are not UTF-8 are met everywhere and never an error: each byte that begins no sequence
 * counts as one character.
 *
 * Upper and lower case are the full mappings of Unicode 15 without regard to language, as Spark's
 * ICU does it: "ß" becomes "SS", "İ" becomes "i" and a dot, a final sigma is told from others.
 *
 * on: any. Pure.
 */
#ifndef LT_TEXT_UTF8_H
#define LT_TEXT_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/data/value.h"

struct lt_text_buffer;

enum {
    LT_UTF8_REPLACEMENT = 0xFFFD,
    LT_UTF8_CASE_GROWTH = 3,   /* a cased string is at most three times as large */
    LT_UTF8_DECODE_GROWTH = 3, /* a decoded one too */
};

bool lt_utf8_is_valid(const void *data, size_t size_bytes);
/* No byte has its highest bit: each is one character. */
bool lt_utf8_is_ascii(const void *data, size_t size_bytes);
/* Characters; what length() gives. */
size_t lt_utf8_count(const void *data, size_t size_bytes);
/* The offset behind the characters that fit into so many UTF-16 units, as lt_utf8_next() gives
 * them;
 * `*units` is what is left of these: where there are more characters, 1 is half of the next. */
size_t lt_utf8_offset_units(const void *data, size_t size_bytes, size_t *units);
/* UTF-16 units of the characters that lt_utf8_next() gives: how Java counts. */
size_t lt_utf8_count_units(const void *data, size_t size_bytes);
/* Spark's substring: `position` counts from 1, or from the end when negative; 0 is as 1. The result
 * points into `bytes`. */
struct lt_bytes lt_utf8_substring(struct lt_bytes bytes, int32_t position, int32_t count);
/* The offset of the character with this index (from 0), or size_bytes if there are not as many. */
size_t lt_utf8_offset(const void *data, size_t size_bytes, size_t index);
/* Decodes the character at `*at`, which moves past it; `*at` < `end`. What is not UTF-8 gives
 * LT_UTF8_REPLACEMENT once for each longest part that begins a sequence, as Java decodes; half a
 * pair of surrogates is one such part. */
uint32_t lt_utf8_next(const uint8_t **at, const uint8_t *end);
/* The same as Unicode recommends, and Spark's upper(), make_valid_utf8() and their like do: each
 * byte of half a pair is replaced. */
uint32_t lt_utf8_next_strict(const uint8_t **at, const uint8_t *end);
/* Copies the characters that lt_utf8_next() gives to `out`, which has room for
 * LT_UTF8_DECODE_GROWTH * size_bytes; returns the size. `out` and `data` do not overlap. */
size_t lt_utf8_decode(const void *data, size_t size_bytes, uint8_t *out);
/* The same, appended. */
void lt_utf8_append_decoded(struct lt_text_buffer *out, const void *data, size_t size_bytes);
/* Encodes a code point into 1 to 4 bytes; returns how many. A surrogate gives "?", as Java encodes
 * it. */
size_t lt_utf8_put(uint32_t code, uint8_t out[4]);

/* Writes the cased string to `out`, which has room for LT_UTF8_CASE_GROWTH * size_bytes; returns
 * its size. `out` and `data` do not overlap. */
size_t lt_utf8_upper(const void *data, size_t size_bytes, uint8_t *out);
size_t lt_utf8_lower(const void *data, size_t size_bytes, uint8_t *out);
/* Spark's initcap: each word (they are parted by blanks) begins with a title-case letter, the rest
 * is lower. */
size_t lt_utf8_initcap(const void *data, size_t size_bytes, uint8_t *out);
/* True when upper (lower) would change nothing because all is ASCII without small (capital)
 * letters. */
bool lt_utf8_is_ascii_upper(const void *data, size_t size_bytes);
bool lt_utf8_is_ascii_lower(const void *data, size_t size_bytes);

/* Which of eight bytes are ASCII letters of the case that begins with `first` ('a' or 'A'): in each
 * of them the bit that makes the other case of it. */
static inline uint64_t lt_utf8_case_bits(uint64_t word, uint8_t first)
{
    const uint64_t each = UINT64_C(0x0101010101010101), high = 0x80 * each;
    uint64_t low = word & ~high;
    uint64_t from_first = low + each * (uint64_t)(0x80 - first);
    uint64_t behind_last = low + each * (uint64_t)(0x80 - first - 26);
    return ((from_first ^ behind_last) & ~word & high) >> 2;
}

#endif
