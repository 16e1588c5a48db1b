/*
 * Names of time zones: which identifiers exist, and what a zone is called ("PST", "Pacific Daylight
 * Time"), in English, as Java 17 has them.
 *
 * The names are a table of this engine and not ICU's, whose data would add 30 MB to the process for
 * some hundred short texts, and whose short names are others than Java's.
 *
 * on: any. Pure.
 */
#ifndef LT_TEXT_ZONE_NAMES_H
#define LT_TEXT_ZONE_NAMES_H

#include <stdbool.h>
#include <stddef.h>

enum lt_zone_name {
    LT_ZONE_NAME_STANDARD,
    LT_ZONE_NAME_DAYLIGHT,
    LT_ZONE_NAME_STANDARD_LONG,
    LT_ZONE_NAME_DAYLIGHT_LONG,
};

/* The name of a zone by its identifier; NULL: it has none. Lives for ever. */
const char *lt_zone_names_find(const char *id, size_t size_bytes, enum lt_zone_name which);

/* The identifier that `text` begins with, without regard to case, the longest there is; its size, 0
 * for none. `canonical` becomes the identifier as it is written, not terminated, for ever. */
size_t lt_zone_names_match_id(const char *text, size_t size_bytes, const char **canonical);

/* The longest name (or long name) that `text` begins with, without regard to case; its size, 0 for
 * none. `id` becomes the identifier, terminated, of the zone it means. */
size_t lt_zone_names_match_name(const char *text, size_t size_bytes, bool is_long, const char **id);

#endif
