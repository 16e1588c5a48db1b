/*
 * The parts of a URI as java.net.URI sees them, which is what parse_url gives: RFC 2396 with its
 * amendments for IPv6, and with letters beyond ASCII anywhere but in a host.
 *
 * Parts are as they stand in the text, escapes included, and point into it.
 *
 * on: any. Pure.
 */
#ifndef LT_OPS_EXPR_URI_H
#define LT_OPS_EXPR_URI_H

#include <stdbool.h>

#include "core/base/error.h"
#include "core/data/value.h"

/* A part that is not there has is_there false; one that is may be empty. */
struct lt_uri_part {
    bool is_there;
    struct lt_bytes text;
};

struct lt_uri {
    struct lt_uri_part scheme, authority, user, host, path, query, fragment;
};

/* False: it is none, where Java throws a URISyntaxException. */
bool lt_uri_parse(struct lt_bytes text, struct lt_uri *out) LT_MUST_USE;

#endif
