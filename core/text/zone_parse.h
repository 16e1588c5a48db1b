/*
 * The syntax of zone identifiers. For core/text/zone.c and what reads zones from text.
 *
 * on: any. Pure.
 */
#ifndef LT_TEXT_ZONE_PARSE_H
#define LT_TEXT_ZONE_PARSE_H

#include "core/text/zone.h"

enum lt_zone_syntax {
    LT_ZONE_SYNTAX_BAD,
    LT_ZONE_SYNTAX_FIXED,  /* `zone` is it */
    LT_ZONE_SYNTAX_REGION, /* `region` may be one */
};

struct lt_zone_parsed {
    struct lt_zone zone;
    const char *region; /* in the given text, or a constant; not terminated */
    size_t region_bytes;
};

enum lt_zone_syntax lt_zone_parse(const char *name, size_t size_bytes, struct lt_zone_parsed *out);

#endif
