/*
 * A document is not indexed for a glance. Its blocks are looked at from the front for quotes, and
 * for the first two bytes of the wanted names behind them; brackets are counted, so that only names
 * of the outermost object are taken. Where documents are not well-formed, what is seen is of no
 * matter: any reader gives NULL for them.
 *
 * Whether a name comes once more is asked of the bytes that follow: it would stand there behind a
 * quote, or begin with an escape.
 */
#include "core/text/json_glance.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/error.h"
#include "core/text/json_number.h"
#include "core/text/json_places.h"
#include "core/text/json_walk.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum {
    NAMES_MAX = 8,
    BLOCK_BYTES = 64,
    BLOCK_BEHIND = 2,
    SCALAR_BYTES = 16 /* are looked at in one go */
};

struct name {
    uint8_t begin[2]; /* of a name of one byte: that and its closing quote */
    struct lt_json_node node;
};

struct lt_json_glance {
    struct name names[NAMES_MAX];
    size_t count;
    const struct way *way;
    /* The document, and the block at hand: NULL before the first. */
    const uint8_t *data, *end, *block;
    uint64_t in_string;        /* all bits: the block ended inside a string */
    uint64_t opening, closing; /* brackets of the block */
    int64_t depth;             /* where it began */
    uint64_t found;            /* quotes of the block, still to be looked at */
    bool is_ended;             /* nothing is to be seen behind the block */
    size_t last;               /* the name last seen, and where its value ends */
    const uint8_t *last_end;
};

struct way {
    const uint8_t *(*find)(struct lt_json_glance *glance);
    bool (*may_name)(const uint8_t *at, const uint8_t *end, const uint8_t begin[2]);
};

/* -------------------------------------------------------------------------------------- vectors */

#if defined(__x86_64__)

#define WIDE __attribute__((target("avx512f,avx512bw,pclmul,bmi,bmi2,popcnt")))
#define NARROW __attribute__((target("avx2,pclmul,bmi,bmi2,popcnt")))

WIDE static inline uint64_t equal_wide(const uint8_t *at, uint8_t byte)
{
    return _mm512_cmpeq_epi8_mask(_mm512_loadu_si512(at), _mm512_set1_epi8((char)byte));
}

WIDE static inline uint64_t folded_equal_wide(const uint8_t *at, uint8_t byte)
{
    __m512i bytes = _mm512_or_si512(_mm512_loadu_si512(at), _mm512_set1_epi8(0x20));
    return _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8((char)byte));
}

WIDE static inline uint64_t not_ascii_wide(const uint8_t *at)
{
    return _mm512_movepi8_mask(_mm512_loadu_si512(at));
}

NARROW static inline uint64_t bits_of(__m256i low, __m256i high)
{
    return (uint32_t)_mm256_movemask_epi8(low) | (uint64_t)(uint32_t)_mm256_movemask_epi8(high)
                                                     << 32;
}

NARROW static inline __m256i half(const uint8_t *at, int number)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)(at + 32 * number));
}

NARROW static inline uint64_t equal_narrow(const uint8_t *at, uint8_t byte)
{
    __m256i wanted = _mm256_set1_epi8((char)byte);
    return bits_of(_mm256_cmpeq_epi8(half(at, 0), wanted), _mm256_cmpeq_epi8(half(at, 1), wanted));
}

NARROW static inline uint64_t folded_equal_narrow(const uint8_t *at, uint8_t byte)
{
    __m256i wanted = _mm256_set1_epi8((char)byte), bit = _mm256_set1_epi8(0x20);
    return bits_of(_mm256_cmpeq_epi8(_mm256_or_si256(half(at, 0), bit), wanted),
                   _mm256_cmpeq_epi8(_mm256_or_si256(half(at, 1), bit), wanted));
}

NARROW static inline uint64_t not_ascii_narrow(const uint8_t *at)
{
    return bits_of(half(at, 0), half(at, 1));
}

__attribute__((target("pclmul"))) static inline uint64_t parity_of(uint64_t bits)
{
    __m128i product =
        _mm_clmulepi64_si128(_mm_set_epi64x(0, (long long)bits), _mm_set1_epi8((char)0xFF), 0);
    return (uint64_t)_mm_cvtsi128_si64(product);
}

#define WAY(name) name##_wide
#define WAY_TARGET WIDE
#define EQUAL equal_wide
#define FOLDED_EQUAL folded_equal_wide
#define NOT_ASCII not_ascii_wide
#define PARITY parity_of
#include "core/text/json_glance_way.h"

#undef LT_TEXT_JSON_GLANCE_WAY_H
#define WAY(name) name##_narrow
#define WAY_TARGET NARROW
#define EQUAL equal_narrow
#define FOLDED_EQUAL folded_equal_narrow
#define NOT_ASCII not_ascii_narrow
#define PARITY parity_of
#include "core/text/json_glance_way.h"

static const struct way *best_way(bool is_narrow)
{
    static const struct way wide = {find_wide, may_name_wide};
    static const struct way narrow = {find_narrow, may_name_narrow};
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("pclmul") ||
        !__builtin_cpu_supports("bmi2") || !__builtin_cpu_supports("popcnt"))
        return NULL;
    bool has_wide = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw");
    return has_wide && lt_json_index_is_wide() && !is_narrow ? &wide : &narrow;
}

/* Which of the bytes at `at` end a text that has begun there, or make it one that is not plain. */
static inline unsigned text_ends(__m128i bytes)
{
    __m128i ends = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                                _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
    return (unsigned)_mm_movemask_epi8(_mm_or_si128(ends, bytes));
}

/* Which of them end a number: commas, brackets, blanks and all below them. */
static inline unsigned number_ends(__m128i bytes)
{
    __m128i folded = _mm_or_si128(bytes, _mm_set1_epi8(0x20));
    __m128i ends = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(',')),
                                _mm_cmpeq_epi8(folded, _mm_set1_epi8('}')));
    return (unsigned)_mm_movemask_epi8(
        _mm_or_si128(ends, _mm_cmplt_epi8(bytes, _mm_set1_epi8(' ' + 1))));
}

/* Bytes from `at` on, zeros behind the end. */
static inline __m128i load_some(const uint8_t *at, const uint8_t *end)
{
    uint8_t copy[SCALAR_BYTES] = {0};
    if (lt_likely(end - at >= SCALAR_BYTES))
        return _mm_loadu_si128((const __m128i *)(const void *)at);
    memcpy(copy, at, (size_t)(end - at));
    return _mm_loadu_si128((const __m128i *)(const void *)copy);
}

/* The closing quote of the text at `at`; NULL: it is not plain. */
static const uint8_t *end_of_text(const uint8_t *at, const uint8_t *end)
{
    for (; at < end; at += SCALAR_BYTES) {
        unsigned ends = text_ends(load_some(at, end));
        if (ends != 0) {
            at += __builtin_ctz(ends);
            return *at == '"' ? at : NULL;
        }
    }
    return NULL;
}

/* The end of the number at `at`; NULL: it is a long one. */
static const uint8_t *end_of_number(const uint8_t *at, const uint8_t *end)
{
    unsigned ends = number_ends(load_some(at, end));
    return ends != 0 && __builtin_ctz(ends) < end - at ? at + __builtin_ctz(ends) : NULL;
}

#else

static const struct way *best_way(bool is_narrow)
{
    (void)is_narrow;
    return NULL;
}

static const uint8_t *end_of_text(const uint8_t *at, const uint8_t *end)
{
    (void)at;
    (void)end;
    return NULL;
}

static const uint8_t *end_of_number(const uint8_t *at, const uint8_t *end)
{
    return end_of_text(at, end);
}

#endif

/* ----------------------------------------------------------------------------------------- life */

static bool set_name(struct name *name, const char *text)
{
    struct lt_json_node *node = &name->node;
    node->name_bytes = strlen(text);
    char *copy = lt_alloc(node->name_bytes + 1);
    memcpy(copy, text, node->name_bytes);
    node->name = copy;
    lt_json_node_set_head(node);
    memcpy(name->begin, &node->head, sizeof name->begin);
    bool is_ascii = true;
    for (size_t i = 0; i < node->name_bytes; i++)
        is_ascii = is_ascii && (unsigned char)text[i] < 0x80;
    return is_ascii && node->name_bytes > 0 && node->head_mask != 0;
}

struct lt_json_glance *lt_json_glance_create(const char *const *names, size_t count, bool is_narrow)
{
    const struct way *way = best_way(is_narrow);
    if (way == NULL || count > NAMES_MAX)
        return NULL;
    struct lt_json_glance *glance = lt_alloc(sizeof *glance);
    glance->way = way;
    bool is_good = true;
    for (size_t i = 0; i < count && is_good; i++)
        is_good = set_name(&glance->names[glance->count++], names[i]);
    if (is_good)
        return glance;
    lt_json_glance_destroy(glance);
    return NULL;
}

void lt_json_glance_destroy(struct lt_json_glance *glance)
{
    if (glance == NULL)
        return;
    for (size_t i = 0; i < glance->count; i++)
        free((void *)(uintptr_t)glance->names[i].node.name);
    free(glance);
}

/* -------------------------------------------------------------------------------------- looking */

/* Documents mostly lie one behind the other, and each is left before its end: which lines come next
 * is not to be foreseen by the memory alone. Any address may be asked for. */
static void prefetch_later(const void *data, size_t size_bytes)
{
    enum { LINES = 4, LINE_BYTES = 64 };
    uintptr_t later = (uintptr_t)data + 2 * (size_bytes < 4096 ? size_bytes : 4096);
    for (uintptr_t line = 0; line < LINES; line++)
        __builtin_prefetch((const void *)(later + line * LINE_BYTES));
}

void lt_json_glance_begin(struct lt_json_glance *glance, const void *data, size_t size_bytes)
{
    prefetch_later(data, size_bytes);
    glance->data = data;
    glance->end = glance->data + size_bytes;
    glance->block = NULL;
    glance->in_string = glance->found = 0;
    glance->depth = 0;
    glance->is_ended = size_bytes == 0 || glance->data[0] != '{';
}

/* The name behind the quote; `count`: none of them. */
static inline size_t name_at(const struct lt_json_glance *glance, const uint8_t *quote)
{
    const uint8_t *name = quote + 1;
    uint64_t head = 0;
    size_t left = (size_t)(glance->end - name), i = 0;
    memcpy(&head, name, lt_likely(left >= sizeof head) ? sizeof head : left);
    while (i < glance->count && !lt_json_node_is(&glance->names[i].node, head, name, left))
        i++;
    return i;
}

/* Behind the blanks at `at`. */
static inline const uint8_t *past_blanks(const uint8_t *at, const uint8_t *end)
{
    while (at < end && lt_json_is_blank(*at))
        at++;
    return at;
}

static bool read_number(struct lt_json_glance *glance, const uint8_t *begin,
                        struct lt_json_field *field)
{
    struct lt_json_number number;
    glance->last_end = end_of_number(begin, glance->end);
    if (*begin > '9' || glance->last_end == NULL || glance->last_end == begin ||
        !lt_json_number_read(begin, glance->last_end, glance->end, &number))
        return false;
    field->kind = number.is_float ? LT_JSON_FLOAT : LT_JSON_INTEGER;
    return number.is_float ? lt_json_number_double(&number, &field->f64)
                           : lt_json_number_i64(&number, &field->i64);
}

static bool read_text(struct lt_json_glance *glance, const uint8_t *begin,
                      struct lt_json_field *field)
{
    const uint8_t *quote = end_of_text(begin + 1, glance->end);
    if (quote == NULL)
        return false;
    size_t after = (size_t)(glance->end - quote);
    glance->last_end = quote + 1;
    field->kind = LT_JSON_STRING;
    field->bytes =
        (struct lt_bytes){.data = begin + 1,
                          .size_bytes = (uint32_t)(quote - begin - 1),
                          .padding_bytes = after < UINT32_MAX ? (uint32_t)after : UINT32_MAX};
    return true;
}

/* The scalar behind the colon; false for any that is neither text nor number, and where no field or
 * end of the object follows. */
static bool read_scalar(struct lt_json_glance *glance, const uint8_t *colon,
                        struct lt_json_field *field)
{
    const uint8_t *end = glance->end, *begin = past_blanks(colon + 1, end);
    field->is_borrowed = true;
    if (begin == end ||
        !(*begin == '"' ? read_text(glance, begin, field) : read_number(glance, begin, field)))
        return false;
    const uint8_t *next = past_blanks(glance->last_end, end);
    return next < end && (*next == ',' || *next == '}');
}

bool lt_json_glance_next(struct lt_json_glance *glance, size_t *name, struct lt_json_field *field)
{
    const uint8_t *quote;
    while ((quote = glance->way->find(glance)) != NULL) {
        size_t i = name_at(glance, quote);
        if (i == glance->count)
            continue;
        const uint8_t *colon =
            past_blanks(quote + glance->names[i].node.name_bytes + 2, glance->end);
        if (colon == glance->end || *colon != ':')
            continue; /* it is a value */
        glance->last = *name = i;
        if (read_scalar(glance, colon, field))
            return true;
        glance->found = 0;
        glance->is_ended = true;
    }
    return false;
}

bool lt_json_glance_is_last(const struct lt_json_glance *glance)
{
    return !glance->way->may_name(glance->last_end, glance->end, glance->names[glance->last].begin);
}
