/*
 * One run of bytes looked for in another, for the short texts of records: libc's memmem prepares
 * tables first, which costs more than most of these searches.
 *
 * on: any. Pure.
 */
#ifndef LT_TEXT_SEARCH_H
#define LT_TEXT_SEARCH_H

#include <stddef.h>
#include <stdint.h>

enum { LT_NEEDLE_BYTES_MAX = 64 }; /* of those that are looked for in many places together */

/* What is looked for: at least one byte, borrowed. */
struct lt_needle {
    const uint8_t *data;
    size_t size_bytes;
    size_t first, second; /* the bytes that are looked at before the others */
};

/* A needle for one search. */
static inline struct lt_needle lt_needle_of(const void *data, size_t size_bytes)
{
    return (struct lt_needle){data, size_bytes, 0, size_bytes - 1};
}
/* A needle for many searches: the bytes to look at are those that texts are expected to have least
 * often. */
struct lt_needle lt_needle_choose(const void *data, size_t size_bytes);

/* Where the needle first occurs; NULL for nowhere. */
const uint8_t *lt_search(const void *text, size_t text_bytes, const struct lt_needle *needle);
/* Where the needle or the byte `other`, which is not in it, first occurs; NULL for nowhere. The
 * needle has LT_NEEDLE_BYTES_MAX bytes at most. */
const uint8_t *lt_search_or(const void *text, size_t text_bytes, const struct lt_needle *needle,
                            uint8_t other);
/* Where the byte occurs the `nth` time, counted from 1; NULL: not as often. */
const uint8_t *lt_search_nth(const void *text, size_t text_bytes, uint8_t byte, size_t nth);

#endif
