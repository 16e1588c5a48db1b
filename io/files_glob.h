/*
 * Globs of paths, as Hadoop's file systems take them: `*`, `?`, `[a-c]`, `[^a]` (or `[!a]`),
 * `{json,csv}`, and a backslash before what is meant as it stands. A star matches no slash.
 *
 * A pattern's braces are expanded first, into plain patterns that are then matched one name at a
 * time; so `{in/a,in/b}/x` works though its braces hold slashes.
 *
 * on: any. Pure.
 */
#ifndef LT_IO_FILES_GLOB_H
#define LT_IO_FILES_GLOB_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/arena.h"
#include "core/base/error.h"

struct lt_globs {
    const char **patterns; /* without braces; in the arena */
    size_t count;
};

/* PARSE when a brace or bracket is not closed; LIMIT for more than 1,024 patterns. */
int lt_globs_parse(const char *text, struct lt_arena *arena, struct lt_globs *out,
                   struct lt_error *error) LT_MUST_USE;
/* Does `pattern`, which has no braces, match the whole name? Bytes that are no UTF-8 count as one
 * character each. */
bool lt_glob_match(const char *pattern, const char *name);
/* Does any? */
bool lt_globs_match(const struct lt_globs *globs, const char *name);
/* Would it match anything but itself? */
bool lt_glob_is_pattern(const char *text);
/* What a pattern that matches only one name matches: without the backslashes. */
const char *lt_glob_plain(struct lt_arena *arena, const char *pattern);

#endif
