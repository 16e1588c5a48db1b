/*
 * Going past values: by their marks alone where that says enough.
 */
#include "core/text/json_places.h"

#include <string.h>

#include "core/base/error.h"
#include "core/data/value.h"
#include "core/text/json_number.h"
#include "core/text/json_scan.h"

bool lt_json_places_has_escapes(const struct lt_json_places *places, const uint8_t *begin,
                                const uint8_t *end)
{
    return (size_t)(end - places->data) > places->escapes_at &&
           memchr(begin, '\\', (size_t)(end - begin)) != NULL;
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
static uint32_t close_all(const struct lt_json_places *places, uint32_t at, uint32_t depth)
{
    const uint8_t *marks = places->marks;
    while (marks[at] != 0) {
        uint8_t mark = marks[at++] | 0x20; /* [ and ] as { and } */
        depth += mark == '{';
        depth -= mark == '}';
        if (depth == 0)
            return at;
    }
    return LT_JSON_NOWHERE;
}

uint32_t lt_json_places_pass_container(const struct lt_json_places *places, uint32_t at)
{
    return close_all(places, at, 0);
}

uint32_t lt_json_places_leave(const struct lt_json_places *places, uint32_t at)
{
    return close_all(places, at, 1);
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
static bool is_good_string(const struct lt_json_places *places, const uint8_t *begin,
                           const uint8_t *end)
{
    return !lt_json_places_has_escapes(places, begin, end) || lt_json_escapes_are_good(begin, end);
}

/* The value at the place is no container. */
static inline bool is_good_scalar(const struct lt_json_places *places, uint32_t at)
{
    struct lt_json_number number;
    uint8_t mark = places->marks[at];
    if (lt_likely(mark == '"' && lt_json_places_is_plain(places, places->places[at + 1])))
        return true;
    const uint8_t *begin = lt_json_place(places, at), *end = lt_json_places_end(places, at);
    if (mark == '"')
        return is_good_string(places, begin, end);
    return mark <= '9' ? lt_json_number_read(begin, end, places->end, &number)
                       : is_good_word(begin, end);
}

/* Is there a name, and a colon behind it? */
static inline bool is_good_name(const struct lt_json_places *places, uint32_t at)
{
    return places->marks[at] == '"' && places->marks[at + 1] == ':' &&
           (lt_likely(lt_json_places_is_plain(places, places->places[at + 1])) ||
            is_good_string(places, lt_json_place(places, at), lt_json_places_end(places, at)));
}

/* A name, a colon, a text and a comma, as their marks say. */
static inline bool is_plain_text_field(const struct lt_json_places *places, uint32_t at)
{
    static const char field[] = "\":\",";
    uint32_t marks, expected;
    memcpy(&marks, places->marks + at, sizeof marks);
    memcpy(&expected, field, sizeof expected);
    return marks == expected && lt_json_places_is_plain(places, places->places[at + 3]);
}

/* From behind the opening bracket of a container to behind its closing one. `outer` remembers for
 * each container inside whether it stands in an object. */
static uint32_t skip_rest(const struct lt_json_places *places, uint32_t at, uint32_t depth_max)
{
    uint64_t outer[LT_JSON_SCAN_DEPTH / 64 + 1];
    const uint8_t *marks = places->marks;
    uint32_t depth = 0;
    bool in_object = marks[at - 1] == '{', is_first = true;
    for (;;) {
        for (; in_object && is_plain_text_field(places, at); at += 4)
            is_first = false;
        bool is_closed = is_first && marks[at] == (in_object ? '}' : ']');
        if (!is_closed) {
            if (in_object && !is_good_name(places, at))
                return LT_JSON_NOWHERE;
            at += in_object ? 2 : 0;
            is_first = (marks[at] | 0x20) == '{';
            if (is_first) {
                if (++depth >= depth_max)
                    return LT_JSON_NOWHERE;
                (in_object ? lt_bit_set : lt_bit_clear)(outer, depth);
                in_object = marks[at++] == '{';
                continue;
            }
            if (marks[at] == 0 || !is_good_scalar(places, at))
                return LT_JSON_NOWHERE;
            at++;
        }
        is_first = false;
        while (is_closed || marks[at] != ',') {
            if (marks[at] != (in_object ? '}' : ']'))
                return LT_JSON_NOWHERE;
            at++;
            if (depth == 0)
                return at;
            in_object = lt_bit(outer, depth--);
            is_closed = false;
        }
        at++;
    }
}

uint32_t lt_json_places_skip(const struct lt_json_places *places, uint32_t at, uint32_t depth_max)
{
    lt_debug_assert(depth_max <= LT_JSON_SCAN_DEPTH);
    uint8_t mark = places->marks[at];
    if ((mark | 0x20) == '{')
        return depth_max == 0 ? LT_JSON_NOWHERE : skip_rest(places, at + 1, depth_max);
    return mark != 0 && is_good_scalar(places, at) ? at + 1 : LT_JSON_NOWHERE;
}
