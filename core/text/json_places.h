/*
 * Going through a JSON document by its places and their marks (core/text/json_index.h), in order.
 * For core/text/json*.c only. The place at hand is a number in its user's hands, and so in a
 * register.
 *
 * on: one thread at a time.
 */
#ifndef LT_TEXT_JSON_PLACES_H
#define LT_TEXT_JSON_PLACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/text/json_index.h"

static inline bool lt_json_is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

/* Where place number `at` is. */
static inline const uint8_t *lt_json_place(const struct lt_json_places *places, uint32_t at)
{
    return places->data + places->places[at];
}

/* The end of the scalar at place number `at`. */
static inline const uint8_t *lt_json_places_end(const struct lt_json_places *places, uint32_t at)
{
    const uint8_t *begin = lt_json_place(places, at), *end = lt_json_place(places, at + 1);
    while (lt_json_is_blank(end[-1]) && end > begin + 1)
        end--;
    return end;
}

/* Does the string, its quotes included, hold a backslash? */
bool lt_json_places_has_escapes(const struct lt_json_places *places, const uint8_t *begin,
                                const uint8_t *end);
/* Does none stand before this end of a string? */
static inline bool lt_json_places_is_plain(const struct lt_json_places *places, uint32_t end)
{
    return end <= places->escapes_at;
}
/* Are the escapes of the string, its quotes included, those of JSON? */
bool lt_json_escapes_are_good(const uint8_t *begin, const uint8_t *end);

/* Numbers of places go up from 1 behind the first: 0 is none. */
enum { LT_JSON_NOWHERE = 0 };

/* The place behind the value at place `at`, in which everything is checked; NOWHERE when it is
 * malformed, or nests deeper than `depth_max`. */
uint32_t lt_json_places_skip(const struct lt_json_places *places, uint32_t at, uint32_t depth_max);
/* The same of a container, but only its brackets are counted. */
uint32_t lt_json_places_pass_container(const struct lt_json_places *places, uint32_t at);
/* From behind a value in a container to behind the container, in the same way. */
uint32_t lt_json_places_leave(const struct lt_json_places *places, uint32_t at);
/* The place behind any value; of a scalar nothing is looked at. */
static inline uint32_t lt_json_places_pass(const struct lt_json_places *places, uint32_t at)
{
    uint8_t mark = places->marks[at];
    if (mark == '{' || mark == '[')
        return lt_json_places_pass_container(places, at);
    bool is_scalar = mark != 0 && mark != ',' && mark != ':' && mark != '}' && mark != ']';
    return is_scalar ? at + 1 : LT_JSON_NOWHERE;
}

#endif
