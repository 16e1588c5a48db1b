/*
 * Counting, cutting, decoding and checking. Case is in utf8_case.c.
 *
 * Spark counts by first bytes alone: a byte says how long its character is, and a byte that cannot
 * be the first of one counts as a character. Decoding is stricter and follows Java.
 */
#include "core/text/utf8.h"

#include <string.h>

#include "core/base/text_buffer.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* Bytes of the character that begins with this byte; 1 for what begins none. */
static size_t width_of(uint8_t first)
{
    if (first < 0xC2)
        return 1;
    if (first < 0xE0)
        return 2;
    if (first < 0xF0)
        return 3;
    return first < 0xF5 ? 4 : 1;
}

/* True when none of eight bytes has its high bit set. */
static bool are_ascii(const uint8_t *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return (word & 0x8080808080808080u) == 0;
}

#if defined(__SSE2__)

/* The same of sixteen bytes or more, by sixteens; the last overlap those before them. */
static bool is_ascii_wide(const uint8_t *bytes, size_t size_bytes)
{
    const uint8_t *last = bytes + size_bytes - sizeof(__m128i);
    __m128i any = _mm_loadu_si128((const __m128i *)(const void *)last);
    for (; bytes < last; bytes += sizeof any)
        any = _mm_or_si128(any, _mm_loadu_si128((const __m128i *)(const void *)bytes));
    return _mm_movemask_epi8(any) == 0;
}

#else

static bool is_ascii_wide(const uint8_t *bytes, size_t size_bytes)
{
    size_t at = 0;
    while (at + 8 <= size_bytes && are_ascii(bytes + at))
        at += 8;
    return at + 8 > size_bytes && are_ascii(bytes + size_bytes - 8);
}

#endif

bool lt_utf8_is_ascii(const void *data, size_t size_bytes)
{
    const uint8_t *bytes = data;
    if (size_bytes >= 16)
        return is_ascii_wide(bytes, size_bytes);
    uint8_t any = 0;
    if (size_bytes >= 8)
        return are_ascii(bytes) && are_ascii(bytes + size_bytes - 8);
    for (size_t at = 0; at < size_bytes; at++)
        any |= bytes[at];
    return any < 0x80;
}

/* The same as lt_utf8_offset(), where `readable_bytes` may be read. */
static size_t offset_of(const uint8_t *bytes, size_t size_bytes, size_t readable_bytes,
                        size_t index)
{
    const uint64_t high_bits = UINT64_C(0x8080808080808080);
    size_t offset = 0;
    while (index > 0 && offset < size_bytes && readable_bytes - offset >= 8) {
        uint64_t word, wanted = index < 8 ? (UINT64_C(1) << 8 * index) - 1 : UINT64_MAX;
        memcpy(&word, bytes + offset, sizeof word);
        if ((word & wanted & high_bits) != 0)
            break;
        size_t count = index < 8 ? index : 8;
        offset += count;
        index -= count;
    }
    for (; index > 0 && offset < size_bytes; index--)
        offset += width_of(bytes[offset]);
    return offset < size_bytes ? offset : size_bytes;
}

size_t lt_utf8_offset(const void *data, size_t size_bytes, size_t index)
{
    return offset_of(data, size_bytes, size_bytes, index);
}

size_t lt_utf8_count(const void *data, size_t size_bytes)
{
    const uint8_t *bytes = data;
    size_t count = 0, offset = 0;
    if (lt_utf8_is_ascii(data, size_bytes))
        return size_bytes;
    while (offset < size_bytes) {
        if (size_bytes - offset >= 8 && are_ascii(bytes + offset)) {
            offset += 8;
            count += 8;
        } else {
            offset += width_of(bytes[offset]);
            count++;
        }
    }
    return count;
}

struct lt_bytes lt_utf8_substring(struct lt_bytes bytes, int32_t position, int32_t count)
{
    struct lt_bytes result = {.data = bytes.data};
    int64_t start = position > 0 ? position - 1 : position;
    if (position < 0)
        start += (int64_t)lt_utf8_count(bytes.data, bytes.size_bytes);
    int64_t stop = start + count;
    if (stop > INT32_MAX)
        stop = INT32_MAX;
    if (stop <= start || stop <= 0)
        return result;
    size_t first = start > 0 ? (size_t)start : 0;
    size_t readable_bytes = (size_t)bytes.size_bytes + bytes.padding_bytes;
    size_t begin = offset_of(bytes.data, bytes.size_bytes, readable_bytes, first);
    size_t size_bytes = offset_of(bytes.data + begin, bytes.size_bytes - begin,
                                  readable_bytes - begin, (size_t)stop - first);
    result.data = bytes.data + begin;
    result.size_bytes = (uint32_t)size_bytes;
    uint64_t after = (uint64_t)bytes.padding_bytes + bytes.size_bytes - begin - size_bytes;
    result.padding_bytes = after < UINT32_MAX ? (uint32_t)after : UINT32_MAX;
    return result;
}

static bool is_continuation(const uint8_t *at, const uint8_t *end)
{
    return at < end && (*at & 0xC0) == 0x80;
}

/* True when the second byte fits the first: no overlong form, nothing beyond U+10FFFF. */
static bool second_fits(uint8_t first, uint8_t second)
{
    switch (first) {
    case 0xE0:
        return second >= 0xA0;
    case 0xF0:
        return second >= 0x90;
    case 0xF4:
        return second < 0x90;
    default:
        return true;
    }
}

/* The character at *at, or half a pair, which is three bytes of a good form and no character. */
static uint32_t next_or_half(const uint8_t **at, const uint8_t *end)
{
    const uint8_t *begin = *at;
    uint8_t first = *begin;
    *at = begin + 1;
    if (first < 0x80)
        return first;
    size_t width = width_of(first);
    if (width == 1)
        return LT_UTF8_REPLACEMENT;
    if (!is_continuation(*at, end) || !second_fits(first, **at))
        return LT_UTF8_REPLACEMENT;
    uint32_t code = first & (0xFFu >> (width + 1));
    for (size_t i = 1; i < width; i++) {
        if (!is_continuation(*at, end))
            return LT_UTF8_REPLACEMENT;
        code = code << 6 | (*(*at)++ & 0x3Fu);
    }
    return code;
}

uint32_t lt_utf8_next(const uint8_t **at, const uint8_t *end)
{
    uint32_t code = next_or_half(at, end);
    return code >= 0xD800 && code < 0xE000 ? LT_UTF8_REPLACEMENT : code;
}

uint32_t lt_utf8_next_strict(const uint8_t **at, const uint8_t *end)
{
    const uint8_t *begin = *at;
    if (*begin != 0xED || end - begin < 2 || begin[1] < 0xA0)
        return next_or_half(at, end);
    *at = begin + 1;
    return LT_UTF8_REPLACEMENT;
}

size_t lt_utf8_count_units(const void *data, size_t size_bytes)
{
    const uint8_t *at = data, *end = at + size_bytes;
    size_t count = 0;
    if (lt_utf8_is_ascii(data, size_bytes))
        return size_bytes;
    while (at < end)
        count += lt_utf8_next(&at, end) > 0xFFFF ? 2 : 1;
    return count;
}

size_t lt_utf8_offset_units(const void *data, size_t size_bytes, size_t *units)
{
    const uint8_t *begin = data, *at = begin, *end = begin + size_bytes;
    if (lt_utf8_is_ascii(data, size_bytes)) {
        size_t count = *units < size_bytes ? *units : size_bytes;
        *units -= count;
        return count;
    }
    while (at<end && * units> 0) {
        const uint8_t *next = at;
        size_t needed = lt_utf8_next(&next, end) > 0xFFFF ? 2 : 1;
        if (needed > *units)
            break;
        *units -= needed;
        at = next;
    }
    return (size_t)(at - begin);
}

bool lt_utf8_is_valid(const void *data, size_t size_bytes)
{
    const uint8_t *at = data, *end = at + size_bytes;
    static const uint8_t replacement[] = {0xEF, 0xBF, 0xBD};
    while (at < end) {
        if (end - at >= 8 && are_ascii(at)) {
            at += 8;
            continue;
        }
        const uint8_t *begin = at;
        if (lt_utf8_next(&at, end) == LT_UTF8_REPLACEMENT &&
            (at - begin != 3 || memcmp(begin, replacement, 3) != 0))
            return false;
    }
    return true;
}

size_t lt_utf8_put(uint32_t code, uint8_t out[4])
{
    if (code < 0x80) {
        out[0] = (uint8_t)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (uint8_t)(0xC0 | code >> 6);
        out[1] = (uint8_t)(0x80 | (code & 0x3F));
        return 2;
    }
    if ((code >= 0xD800 && code < 0xE000) || code > 0x10FFFF) {
        out[0] = '?';
        return 1;
    }
    if (code < 0x10000) {
        out[0] = (uint8_t)(0xE0 | code >> 12);
        out[1] = (uint8_t)(0x80 | (code >> 6 & 0x3F));
        out[2] = (uint8_t)(0x80 | (code & 0x3F));
        return 3;
    }
    out[0] = (uint8_t)(0xF0 | code >> 18);
    out[1] = (uint8_t)(0x80 | (code >> 12 & 0x3F));
    out[2] = (uint8_t)(0x80 | (code >> 6 & 0x3F));
    out[3] = (uint8_t)(0x80 | (code & 0x3F));
    return 4;
}

size_t lt_utf8_decode(const void *data, size_t size_bytes, uint8_t *out)
{
    const uint8_t *at = data, *end = at + size_bytes;
    size_t used = 0;
    while (at < end)
        used += lt_utf8_put(lt_utf8_next(&at, end), out + used);
    return used;
}

void lt_utf8_append_decoded(struct lt_text_buffer *out, const void *data, size_t size_bytes)
{
    const uint8_t *at = data, *end = at + size_bytes;
    if (lt_utf8_is_ascii(data, size_bytes) || lt_utf8_is_valid(data, size_bytes)) {
        lt_text_append_n(out, data, size_bytes);
        return;
    }
    while (at < end) {
        uint8_t bytes[4];
        size_t count = lt_utf8_put(lt_utf8_next(&at, end), bytes);
        lt_text_append_n(out, bytes, count);
    }
}
