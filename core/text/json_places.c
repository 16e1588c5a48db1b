/*
 * Going past values: by their marks alone where that says enough.
 */
#include "core/text/json_places.h"

#include <string.h>

#include "core/base/error.h"
#include "core/data/value.h"
#include "core/text/json_number.h"
#include "core/text/json_scan.h"

bool lt_json_places_has_escapes(const uint8_t *begin, const uint8_t *end)
{
    return memchr(begin, '\\', (size_t)(end - begin)) != NULL;
}

/* The scanner judges them. */
bool lt_json_escapes_are_good(const uint8_t *begin, const uint8_t *end)
{
    struct lt_json_scan scan;
    lt_json_scan_init(&scan, begin, (size_t)(end - begin), 0);
    return lt_json_scan_next(&scan) == LT_JSON_TOKEN_STRING;
}

/* ---------------------------------------------------------------------------------- unchecked */

/* To behind the bracket that closes the last of `depth` containers. */
static bool close_all(struct lt_json_places *places, uint32_t depth)
{
    for (uint32_t at = places->place; places->marks[at] != 0;) {
        uint8_t mark = places->marks[at++];
        depth += mark == '{' || mark == '[';
        depth -= mark == '}' || mark == ']';
        if (depth == 0) {
            places->place = at;
            return true;
        }
    }
    return false;
}

bool lt_json_places_pass(struct lt_json_places *places)
{
    uint8_t mark = lt_json_places_peek(places);
    if (mark == '{' || mark == '[')
        return close_all(places, 0);
    if (mark == 0 || mark == ',' || mark == ':' || mark == '}' || mark == ']')
        return false;
    places->place++;
    return true;
}

bool lt_json_places_leave(struct lt_json_places *places)
{
    return close_all(places, 1);
}

/* ------------------------------------------------------------------------------------- checked */

static inline bool is_word(const uint8_t *begin, const uint8_t *end, const char *word,
                           size_t size_bytes)
{
    return (size_t)(end - begin) == size_bytes && memcmp(begin, word, size_bytes) == 0;
}

static bool is_good_word(const uint8_t *begin, const uint8_t *end)
{
    return is_word(begin, end, "true", 4) || is_word(begin, end, "false", 5) ||
           is_word(begin, end, "null", 4);
}

/* A string in a document with backslashes. */
static bool is_good_string(const uint8_t *begin, const uint8_t *end)
{
    return !lt_json_places_has_escapes(begin, end) || lt_json_escapes_are_good(begin, end);
}

/* The value at `begin`, whose place was taken, is no container. */
static inline bool is_good_scalar(const struct lt_json_places *places, const uint8_t *begin)
{
    struct lt_json_number number;
    if (lt_likely(*begin == '"' && !places->may_have_escapes))
        return true;
    const uint8_t *end = lt_json_places_end(places, begin);
    if (*begin == '"')
        return is_good_string(begin, end);
    return *begin <= '9' ? lt_json_number_read(begin, end, &number) : is_good_word(begin, end);
}

/* A name and its colon. */
static inline bool take_name(struct lt_json_places *places)
{
    const uint8_t *begin = lt_json_places_take(places);
    if (begin == NULL || *begin != '"')
        return false;
    if (lt_unlikely(places->may_have_escapes) &&
        !is_good_string(begin, lt_json_places_end(places, begin)))
        return false;
    return lt_json_places_take_mark(places, ':');
}

/* A name, a colon, a text and a comma, as their marks say. */
static inline bool is_plain_text_field(const struct lt_json_places *places)
{
    uint32_t marks;
    memcpy(&marks, places->marks + places->place, sizeof marks);
    static const char field[] = "\":\",";
    uint32_t expected;
    memcpy(&expected, field, sizeof expected);
    return marks == expected && !places->may_have_escapes;
}

/* From behind the opening bracket of a container to behind its closing one. `outer` remembers for
 * each container inside whether it stands in an object. */
static bool skip_rest(struct lt_json_places *places, uint8_t opening, uint32_t depth_max)
{
    uint64_t outer[LT_JSON_SCAN_DEPTH / 64 + 1];
    uint32_t depth = 0;
    bool in_object = opening == '{', is_first = true;
    for (;;) {
        while (in_object && is_plain_text_field(places)) {
            places->place += 4;
            is_first = false;
        }
        bool is_closed = is_first && lt_json_places_take_mark(places, in_object ? '}' : ']');
        if (!is_closed) {
            if (in_object && !take_name(places))
                return false;
            const uint8_t *begin = lt_json_places_take(places);
            if (begin == NULL)
                return false;
            is_first = *begin == '{' || *begin == '[';
            if (is_first) {
                if (++depth >= depth_max)
                    return false;
                (in_object ? lt_bit_set : lt_bit_clear)(outer, depth);
                in_object = *begin == '{';
                continue;
            }
            if (!is_good_scalar(places, begin))
                return false;
        }
        is_first = false;
        while (is_closed || !lt_json_places_take_mark(places, ',')) {
            if (!is_closed && !lt_json_places_take_mark(places, in_object ? '}' : ']'))
                return false;
            if (depth == 0)
                return true;
            in_object = lt_bit(outer, depth--);
            is_closed = false;
        }
    }
}

bool lt_json_places_skip(struct lt_json_places *places, uint32_t depth_max)
{
    lt_debug_assert(depth_max <= LT_JSON_SCAN_DEPTH);
    struct lt_json_places at = *places; /* not where others could look: it stays in registers */
    const uint8_t *begin = lt_json_places_take(&at);
    if (begin == NULL)
        return false;
    bool is_container = *begin == '{' || *begin == '[';
    if (is_container ? depth_max == 0 || !skip_rest(&at, *begin, depth_max)
                     : !is_good_scalar(&at, begin))
        return false;
    places->place = at.place;
    return true;
}
