/*
 * Character sets besides UTF-8: their characters one by one, in and out, as Java's charsets read
 * and write them.
 *
 * on: any. Pure.
 */
#ifndef LT_TEXT_CHARSET_H
#define LT_TEXT_CHARSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum lt_charset {
    LT_CHARSET_UTF_8,
    LT_CHARSET_US_ASCII,
    LT_CHARSET_ISO_8859_1,
    LT_CHARSET_WINDOWS_1252,
    LT_CHARSET_UTF_16, /* with a mark of the byte order in front; without one, big-endian */
    LT_CHARSET_UTF_16BE,
    LT_CHARSET_UTF_16LE,
    LT_CHARSET_UTF_32, /* as UTF-16 */
    LT_CHARSET_UTF_32BE,
    LT_CHARSET_UTF_32LE,
    LT_CHARSET_UNKNOWN
};

enum {
    LT_CHARSET_UTF8_GROWTH = 3, /* bytes of UTF-8 for each byte of any other set, at most */
    LT_CHARSET_CHARACTER_MAX = 4,
};

/* By one of Java's names of it, whatever the case: "ISO-8859-1", "latin1"; or UNKNOWN. */
enum lt_charset lt_charset_of(const char *name);
/* Java's own name: "UTF-16LE". Not of UNKNOWN. */
const char *lt_charset_name(enum lt_charset charset);
/* Every character has a multiple of so many bytes: 1, 2 or 4. */
size_t lt_charset_unit_bytes(enum lt_charset charset);
/* Of UTF-16 and UTF-32: the same with its byte order. *mark_bytes: of the mark at the begin of
 * `data`; 0: there is none. Any other set is what it is, and has no mark. */
enum lt_charset lt_charset_with_order(enum lt_charset charset, const void *data, size_t size_bytes,
                                      size_t *mark_bytes);

/* Takes one character, of a set with its byte order that is not UTF-8. False: the bytes are none;
 * what was looked at is taken, at least one unit, or all that is left of one. `*at` < `end`. */
bool lt_charset_next(enum lt_charset charset, const uint8_t **at, const uint8_t *end,
                     uint32_t *code);
/* One character, of a set that is not UTF-8; UTF-16 and UTF-32 are written big-endian. How many
 * bytes; 0: the set does not have it. */
size_t lt_charset_put(enum lt_charset charset, uint32_t code,
                      uint8_t out[LT_CHARSET_CHARACTER_MAX]);

/* As UTF-8, with U+FFFD for what are no characters, as Java's String reads bytes. `out` has room
 * for LT_CHARSET_UTF8_GROWTH times as many. A mark is left out where the set is to have one. How
 * many bytes. */
size_t lt_charset_to_utf8(enum lt_charset charset, const void *data, size_t size_bytes, char *out);
/* UTF-8 in the set, without a mark. False: it does not fit `capacity`, or the set lacks one of the
 * characters. */
bool lt_charset_from_utf8(enum lt_charset charset, const char *text, size_t size_bytes, char *out,
                          size_t capacity, size_t *out_size_bytes);

#endif
