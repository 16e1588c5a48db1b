/*
 * Going through a JSON document by its places and their marks (core/text/json_index.h), in order.
 * For core/text/json*.c only.
 *
 * on: one thread at a time.
 */
#ifndef LT_TEXT_JSON_PLACES_H
#define LT_TEXT_JSON_PLACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/text/json_index.h"

/* The mark of the next place, 0 after the last; stays there. */
static inline uint8_t lt_json_places_peek(const struct lt_json_places *places)
{
    return places->marks[places->place];
}

/* Where the next place is, NULL after the last; goes past it. */
static inline const uint8_t *lt_json_places_take(struct lt_json_places *places)
{
    return lt_json_places_peek(places) != 0 ? places->data + places->places[places->place++] : NULL;
}

/* Goes past the next place if it has this mark. */
static inline bool lt_json_places_take_mark(struct lt_json_places *places, uint8_t mark)
{
    bool is_there = lt_json_places_peek(places) == mark;
    places->place += is_there;
    return is_there;
}

static inline bool lt_json_is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

/* The end of the scalar that begins at the place before the next one. */
static inline const uint8_t *lt_json_places_end(const struct lt_json_places *places,
                                                const uint8_t *begin)
{
    const uint8_t *end =
        places->place < places->count ? places->data + places->places[places->place] : places->end;
    while (end > begin + 1 && lt_json_is_blank(end[-1]))
        end--;
    return end;
}

/* Does the string, its quotes included, hold a backslash? */
bool lt_json_places_has_escapes(const uint8_t *begin, const uint8_t *end);
/* Are the escapes of the string, its quotes included, those of JSON? */
bool lt_json_escapes_are_good(const uint8_t *begin, const uint8_t *end);

/* Past the value at the next place, in which everything is checked; false when it is malformed, or
 * nests deeper than `depth_max`. */
bool lt_json_places_skip(struct lt_json_places *places, uint32_t depth_max);
/* The same, but of a container only its brackets are counted, and of a scalar nothing is looked at.
 */
bool lt_json_places_pass(struct lt_json_places *places);
/* From behind a value in a container to behind the container, in the same way. */
bool lt_json_places_leave(struct lt_json_places *places);

#endif
