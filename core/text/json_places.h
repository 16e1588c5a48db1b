/*
 * Going through a JSON document by its places: where its brackets, colons, commas and the
 * beginnings of its scalars are, as simdjson lists them (core/text/json_read_index.h). For
 * core/text/json*.c only.
 *
 * The list is made by vector instructions, and checks that the document is UTF-8 and that its
 * strings close and hold no control characters; nothing behind the document is read, so it needs
 * no room there and is never copied. Between a scalar and the next place are only blanks, except
 * behind the first character of what is neither string nor number nor word.
 *
 * on: one thread at a time.
 */
#ifndef LT_TEXT_JSON_PLACES_H
#define LT_TEXT_JSON_PLACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/text/json_read_index.h"

struct lt_json_places {
    const uint8_t *data, *end; /* of the document */
    const uint32_t *places;
    uint32_t place, count; /* `place`: the next one */
    bool may_have_escapes; /* there is a backslash in the document */
};

/* False when the document has no list: see lt_json_index_run(). */
bool lt_json_places_open(struct lt_json_places *places, struct lt_json_index *index,
                         const void *data, size_t size_bytes);

/* The byte at the next place, 0 after the last; stays there. */
static inline uint8_t lt_json_places_peek(const struct lt_json_places *places)
{
    return places->place < places->count ? places->data[places->places[places->place]] : 0;
}

/* Where the next place is, NULL after the last; goes past it. */
static inline const uint8_t *lt_json_places_take(struct lt_json_places *places)
{
    return places->place < places->count ? places->data + places->places[places->place++] : NULL;
}

/* Goes past the next place if this byte is there. */
static inline bool lt_json_places_take_byte(struct lt_json_places *places, uint8_t byte)
{
    bool is_there = lt_json_places_peek(places) == byte;
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
    const uint8_t *end = places->place < places->count
                             ? places->data + places->places[places->place]
                             : places->end;
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
