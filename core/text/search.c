/*
 * 32 places are looked at together: at each of them two bytes of the needle have to fit, and the
 * few places where they do are compared. A text of fewer places is gone through one by one.
 *
 * A needle that repeats itself in a text that nearly fits costs a comparison at every place; beyond
 * LT_NEEDLE_BYTES_MAX such a needle is left to memmem, whose time does not grow with it.
 */
#include "core/text/search.h"

#include <stdbool.h>
#include <string.h>

#include "core/base/error.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { PLACES = 32 };

/* How often texts are expected to have a byte: blanks, then small letters, then what is left. */
static int commonness(uint8_t c)
{
    return c == ' ' ? 2 : c >= 'a' && c <= 'z' ? 1 : 0;
}

struct lt_needle lt_needle_choose(const void *data, size_t size_bytes)
{
    struct lt_needle needle = lt_needle_of(data, size_bytes);
    const uint8_t *bytes = data;
    lt_debug_assert(size_bytes > 0);
    for (size_t i = size_bytes - 1; i > 0; i--)
        if (commonness(bytes[i]) < commonness(bytes[needle.second]))
            needle.second = i;
    for (size_t i = 1; i < needle.second; i++)
        if (commonness(bytes[i]) < commonness(bytes[needle.first]))
            needle.first = i;
    return needle;
}

#if defined(__x86_64__)

#define WIDE __attribute__((target("avx2,bmi,popcnt")))

/* Which of the bytes at a place are that one, as bits. */
WIDE static inline uint32_t equal_at(const uint8_t *at, uint8_t byte)
{
    __m256i bytes = _mm256_loadu_si256((const __m256i *)(const void *)at);
    return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8((char)byte)));
}

/* `places`: where the needle may begin, at least PLACES. The last block overlaps the one before.
 * `other` is looked for there, too, if `has_other`. */
WIDE static inline const uint8_t *search_blocks(const uint8_t *text, size_t places,
                                                const struct lt_needle *needle, bool has_other,
                                                uint8_t other)
{
    const uint8_t first = needle->data[needle->first], second = needle->data[needle->second];
    for (size_t at = 0; at < places; at += PLACES) {
        at = at + PLACES > places ? places - PLACES : at;
        const uint8_t *here = text + at;
        uint32_t found = equal_at(here + needle->first, first) &
                         equal_at(here + needle->second, second);
        uint32_t others = has_other ? equal_at(here, other) : 0;
        for (found &= _blsmsk_u32(others); found != 0; found = _blsr_u32(found)) {
            const uint8_t *place = here + _tzcnt_u32(found);
            if (memcmp(place, needle->data, needle->size_bytes) == 0)
                return place;
        }
        if (others != 0)
            return here + _tzcnt_u32(others);
    }
    return NULL;
}

WIDE static const uint8_t *search_wide(const uint8_t *text, size_t places,
                                       const struct lt_needle *needle)
{
    return search_blocks(text, places, needle, false, 0);
}

WIDE static const uint8_t *search_wide_or(const uint8_t *text, size_t places,
                                          const struct lt_needle *needle, uint8_t other)
{
    return search_blocks(text, places, needle, true, other);
}

/* Goes through whole blocks, as long as there are fewer in them than *nth; NULL: it is behind. */
WIDE static const uint8_t *nth_wide(const uint8_t **text, const uint8_t *end, uint8_t byte,
                                    size_t *nth)
{
    const __m256i wanted = _mm256_set1_epi8((char)byte);
    for (; end - *text >= PLACES; *text += PLACES) {
        __m256i block = _mm256_loadu_si256((const __m256i *)(const void *)*text);
        uint32_t found = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(block, wanted));
        size_t count = (size_t)_mm_popcnt_u32(found);
        if (count < *nth) {
            *nth -= count;
            continue;
        }
        for (size_t i = 1; i < *nth; i++)
            found = _blsr_u32(found);
        return *text + _tzcnt_u32(found);
    }
    return NULL;
}

static bool has_wide(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
           __builtin_cpu_supports("popcnt");
}

#else

static const uint8_t *nth_wide(const uint8_t **text, const uint8_t *end, uint8_t byte, size_t *nth)
{
    (void)text, (void)end, (void)byte, (void)nth;
    return NULL;
}

static const uint8_t *search_wide(const uint8_t *text, size_t places,
                                  const struct lt_needle *needle)
{
    return memmem(text, places + needle->size_bytes - 1, needle->data, needle->size_bytes);
}

static const uint8_t *search_wide_or(const uint8_t *text, size_t places,
                                     const struct lt_needle *needle, uint8_t other)
{
    (void)text, (void)places, (void)needle, (void)other;
    return NULL;
}

static bool has_wide(void)
{
    return false;
}

#endif

static const uint8_t *search_short(const uint8_t *text, size_t places,
                                   const struct lt_needle *needle)
{
    const uint8_t *end = text + places;
    while ((text = memchr(text, needle->data[0], (size_t)(end - text))) != NULL) {
        if (memcmp(text, needle->data, needle->size_bytes) == 0)
            return text;
        text++;
    }
    return NULL;
}

const uint8_t *lt_search(const void *text, size_t text_bytes, const struct lt_needle *needle)
{
    lt_debug_assert(needle->size_bytes > 0);
    if (text_bytes < needle->size_bytes)
        return NULL;
    size_t places = text_bytes - needle->size_bytes + 1;
    if (needle->size_bytes == 1)
        return memchr(text, needle->data[0], text_bytes);
    if (places < PLACES)
        return search_short(text, places, needle);
    if (needle->size_bytes <= LT_NEEDLE_BYTES_MAX && has_wide())
        return search_wide(text, places, needle);
    return memmem(text, text_bytes, needle->data, needle->size_bytes);
}

const uint8_t *lt_search_or(const void *text, size_t text_bytes, const struct lt_needle *needle,
                            uint8_t other)
{
    const uint8_t *behind = text, *end = behind + text_bytes;
    lt_debug_assert(needle->size_bytes <= LT_NEEDLE_BYTES_MAX);
    if (text_bytes >= needle->size_bytes + PLACES && has_wide()) {
        size_t places = text_bytes - needle->size_bytes + 1;
        const uint8_t *found = search_wide_or(text, places, needle, other);
        if (found != NULL)
            return found;
        behind += places; /* where no needle begins */
    }
    const uint8_t *stop = memchr(behind, other, (size_t)(end - behind));
    size_t left = (size_t)((stop != NULL ? stop : end) - behind);
    const uint8_t *found = lt_search(behind, left, needle);
    return found != NULL ? found : stop;
}

const uint8_t *lt_search_nth(const void *text, size_t text_bytes, uint8_t byte, size_t nth)
{
    const uint8_t *at = text, *end = at + text_bytes;
    lt_debug_assert(nth > 0);
    const uint8_t *found = has_wide() ? nth_wide(&at, end, byte, &nth) : NULL;
    for (; found == NULL && at < end; at++)
        found = *at == byte && --nth == 0 ? at : NULL;
    return found;
}
