/*
 * The index in vectors of 64 bytes, and the choice between it and simdjson's.
 *
 * Each block of 64 bytes becomes bit masks, one bit a byte: quotes, insides of strings (the
 * quotes' running parity, by a carry-less product), brackets and the like, blanks. What is known at
 * the end of a block goes over to the next in three words. A document with a byte beyond ASCII is
 * left to simdjson, which judges UTF-8.
 */
#include "core/text/json_index.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/error.h"
#include "core/text/json_index_simdjson.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { BLOCK_BYTES = 64, FIRST_CAPACITY = 1024, AHEAD_BYTES = 512 };

/* What a block leaves to the next. */
struct carry {
    uint64_t in_string;    /* all bits: it ended inside a string */
    uint64_t is_escaped;   /* 1: the next byte stands behind a backslash that counts */
    uint64_t after_scalar; /* 1: the last byte was neither blank, bracket, colon, comma nor quote */
    uint64_t faults;       /* control characters in strings */
    uint32_t escapes_at;   /* the first backslash; UINT32_MAX: none yet */
};

struct lt_json_index {
    struct lt_json_simdjson *simdjson;
    bool is_wide;
    uint32_t *places;
    uint8_t *marks;
    size_t capacity; /* bytes of a document */
};

/* A document has at most as many places as bytes; whole vectors are written. */
static void make_room(struct lt_json_index *index, size_t size_bytes)
{
    if (lt_likely(size_bytes <= index->capacity))
        return;
    size_t capacity = index->capacity == 0 ? FIRST_CAPACITY : index->capacity;
    while (capacity < size_bytes)
        capacity *= 2;
    index->places = lt_realloc_array(index->places, capacity + BLOCK_BYTES, sizeof *index->places);
    index->marks = lt_realloc_array(index->marks, capacity + 2 * LT_JSON_MARKS_BEHIND, 1);
    index->capacity = capacity;
}

/* ----------------------------------------------------------------------------------------- wide */

#if defined(__x86_64__)

#define WIDE __attribute__((target("avx512f,avx512bw,avx512vbmi2,pclmul,bmi,bmi2,popcnt")))

static bool has_wide(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vbmi2") && __builtin_cpu_supports("pclmul") &&
           __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt");
}

/* The bytes behind backslashes that are not behind one themselves. */
static uint64_t escaped_by(uint64_t backslashes, uint64_t *is_escaped)
{
    uint64_t escaped = *is_escaped;
    backslashes &= ~escaped;
    *is_escaped = 0;
    while (backslashes != 0) {
        uint64_t first = backslashes & -backslashes;
        escaped |= first << 1;
        *is_escaped = first >> 63;
        backslashes &= ~(first | first << 1);
    }
    return escaped;
}

/* Bit i: the parity of the bits up to i. */
WIDE static inline uint64_t running_parity(uint64_t bits)
{
    __m128i product =
        _mm_clmulepi64_si128(_mm_set_epi64x(0, (long long)bits), _mm_set1_epi8((char)0xFF), 0);
    return (uint64_t)_mm_cvtsi128_si64(product);
}

WIDE static inline uint64_t equal(__m512i bytes, char byte)
{
    return _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(byte));
}

/* Brackets, colons and commas: a table by the low half of a byte says which of them it may be. [
 * and ] differ from { and } in one bit; that bit makes two control characters look like a colon and
 * a comma, but their marks do not. */
WIDE static inline uint64_t find_marks(__m512i bytes)
{
    const __m512i table = _mm512_broadcast_i32x4(
        _mm_setr_epi8(1, 0, 0, 0, 0, 0, 0, 0, 0, 0, ':', '{', ',', '}', 0, 0));
    __m512i candidates = _mm512_shuffle_epi8(table, bytes);
    return _mm512_cmpeq_epi8_mask(candidates, _mm512_or_si512(bytes, _mm512_set1_epi8(0x20)));
}

/* The places of a block, as bits. */
WIDE static inline uint64_t find_places(__m512i bytes, uint32_t at, struct carry *carry,
                                        __m512i *any)
{
    uint64_t quotes = equal(bytes, '"'), backslashes = equal(bytes, '\\');
    if (lt_unlikely((backslashes | carry->is_escaped) != 0)) {
        if (carry->escapes_at == UINT32_MAX)
            carry->escapes_at = at + (uint32_t)__builtin_ctzll(backslashes);
        quotes &= ~escaped_by(backslashes, &carry->is_escaped);
    }
    uint64_t strings = running_parity(quotes) ^ carry->in_string;
    carry->in_string = 0 - (strings >> 63);
    *any = _mm512_or_si512(*any, bytes);
    uint64_t blanks = equal(bytes, ' ');
    uint64_t controls = _mm512_cmplt_epu8_mask(bytes, _mm512_set1_epi8(' '));
    if (lt_unlikely(controls != 0)) {
        carry->faults |= controls & strings;
        blanks |= equal(bytes, '\t') | equal(bytes, '\n') | equal(bytes, '\r');
    }
    uint64_t marks = find_marks(bytes);
    uint64_t scalars = ~(marks | blanks), inner = scalars & ~quotes;
    uint64_t begins = scalars & ~(inner << 1 | carry->after_scalar);
    carry->after_scalar = inner >> 63;
    return (marks | begins) & ~(strings ^ quotes);
}

/* Writes the places of a block, and their marks, where others end. */
WIDE static inline void write_places(struct lt_json_index *index, uint32_t count, __m512i bytes,
                                     uint64_t bits, uint32_t block)
{
    static const uint8_t numbers[BLOCK_BYTES] = {
        0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
        22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43,
        44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63};
    _mm512_storeu_si512(index->marks + count, _mm512_maskz_compress_epi8(bits, bytes));
    __m512i within = _mm512_maskz_compress_epi8(bits, _mm512_loadu_si512(numbers));
    __m512i begin = _mm512_set1_epi32((int)block);
    uint32_t *to = index->places + count;
    _mm512_storeu_si512(
        to, _mm512_add_epi32(begin, _mm512_cvtepu8_epi32(_mm512_castsi512_si128(within))));
    uint32_t found = (uint32_t)__builtin_popcountll(bits);
    _mm512_storeu_si512(
        to + 16,
        _mm512_add_epi32(begin, _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(within, 1))));
    if (lt_likely(found <= 32))
        return;
    _mm512_storeu_si512(
        to + 32,
        _mm512_add_epi32(begin, _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(within, 2))));
    _mm512_storeu_si512(
        to + 48,
        _mm512_add_epi32(begin, _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(within, 3))));
}

/* Fills places and marks; 0: no such document, or one for simdjson (`*is_ascii` tells). */
WIDE static uint32_t run_wide(struct lt_json_index *index, const uint8_t *data, size_t size_bytes,
                              bool *is_ascii, uint32_t *escapes_at)
{
    struct carry carry = {.escapes_at = UINT32_MAX};
    __m512i any = _mm512_setzero_si512();
    uint32_t count = 0;
    size_t at = 0;
    for (; size_bytes - at >= BLOCK_BYTES; at += BLOCK_BYTES) {
        __m512i bytes = _mm512_loadu_si512(data + at);
        uint64_t bits = find_places(bytes, (uint32_t)at, &carry, &any);
        write_places(index, count, bytes, bits, (uint32_t)at);
        count += (uint32_t)__builtin_popcountll(bits);
    }
    if (at < size_bytes) {
        __mmask64 there = _bzhi_u64(UINT64_MAX, (unsigned)(size_bytes - at));
        __m512i bytes = _mm512_mask_loadu_epi8(_mm512_set1_epi8(' '), there, data + at);
        uint64_t bits = find_places(bytes, (uint32_t)at, &carry, &any);
        write_places(index, count, bytes, bits, (uint32_t)at);
        count += (uint32_t)__builtin_popcountll(bits);
    }
    *is_ascii = _mm512_movepi8_mask(any) == 0;
    *escapes_at = carry.escapes_at < size_bytes ? carry.escapes_at : (uint32_t)size_bytes;
    return *is_ascii && (carry.in_string | carry.faults) == 0 ? count : 0;
}

#else

static bool has_wide(void)
{
    return false;
}

#endif

/* -------------------------------------------------------------------------------------- any way */

bool lt_json_index_is_wide(void)
{
    return has_wide() && lt_json_simdjson_is_wide();
}

struct lt_json_index *lt_json_index_create(bool is_portable)
{
    struct lt_json_index *index = lt_alloc(sizeof *index);
    index->is_wide = !is_portable && lt_json_index_is_wide();
    index->simdjson = lt_json_simdjson_create();
    make_room(index, FIRST_CAPACITY);
    if (index->simdjson != NULL)
        return index;
    lt_json_index_destroy(index);
    return NULL;
}

void lt_json_index_destroy(struct lt_json_index *index)
{
    if (index == NULL)
        return;
    if (index->simdjson != NULL)
        lt_json_simdjson_destroy(index->simdjson);
    free(index->places);
    free(index->marks);
    free(index);
}

static bool run_portable(struct lt_json_index *index, const uint8_t *data, size_t size_bytes,
                         struct lt_json_places *out)
{
    if (!lt_json_simdjson_run(index->simdjson, data, size_bytes, &out->places, &out->count))
        return false;
    const uint32_t *restrict places = out->places;
    uint8_t *restrict marks = index->marks;
    for (uint32_t i = 0, count = out->count; i < count; i++)
        marks[i] = data[places[i]];
    const uint8_t *backslash = memchr(data, '\\', size_bytes);
    out->escapes_at = (uint32_t)(backslash != NULL ? (size_t)(backslash - data) : size_bytes);
    return true;
}

/* Documents mostly lie one behind the other, in a file, a frame, or what a broker has sent, and are
 * hardly twice as large: by the time this one is evaluated, the next has come from memory. The
 * processor alone starts anew with each page of 4 KiB. */
static inline void ask_for_next(const uint8_t *end, size_t size_bytes)
{
    size_t ahead_bytes = size_bytes < AHEAD_BYTES / 2 ? 2 * size_bytes : AHEAD_BYTES;
    for (size_t i = 0; i < ahead_bytes; i += BLOCK_BYTES)
        __builtin_prefetch(end + i);
}

bool lt_json_index_run(struct lt_json_index *index, const void *data, size_t size_bytes,
                       struct lt_json_places *out)
{
    bool is_portable = !index->is_wide;
    make_room(index, size_bytes);
    out->data = data;
    out->end = out->data + size_bytes;
    out->place = out->count = 0;
    ask_for_next(out->end, size_bytes);
#if defined(__x86_64__)
    if (lt_likely(index->is_wide)) {
        bool is_ascii;
        out->places = index->places;
        out->count = run_wide(index, data, size_bytes, &is_ascii, &out->escapes_at);
        index->places[out->count] = (uint32_t)size_bytes;
        is_portable = !is_ascii;
    }
#endif
    if (is_portable && !run_portable(index, data, size_bytes, out))
        return false;
    out->marks = index->marks;
    out->may_have_escapes = out->escapes_at < size_bytes;
    memset(index->marks + out->count, 0, LT_JSON_MARKS_BEHIND);
    return out->count != 0;
}
