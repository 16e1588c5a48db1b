/*
 * Regular expressions: Java's syntax on PCRE2.
 *
 * Patterns are translated where the two differ (regexp_translate.h): escapes and octal numbers,
 * POSIX and java names in \p{...}, the flags u, d and U, case that is ASCII's without (?u), words
 * at \b that are Unicode's, references to groups, unions and intersections of classes; and what
 * only PCRE2 knows is refused. What stays different: a look-behind has alternatives of fixed sizes;
 * ^ and $ know \n and \r only as ends of lines; blocks of Unicode (\p{InGreek}) are not known.
 *
 * on: one thread at a time for an object. Matching allocates nothing once its memory has grown.
 */
#ifndef LT_OPS_EXPR_REGEXP_H
#define LT_OPS_EXPR_REGEXP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"
#include "core/data/value.h"

struct lt_regexp;

/* The error names the place in the pattern, and has Spark's condition. */
int lt_regexp_create(const void *pattern, size_t size_bytes, struct lt_regexp **out,
                     struct lt_error *error) LT_MUST_USE;
void lt_regexp_destroy(struct lt_regexp *regexp);               /* NULL is a no-op */
uint32_t lt_regexp_group_count(const struct lt_regexp *regexp); /* without group 0 */
/* The number of a named group, or -1. */
int lt_regexp_group_number(const struct lt_regexp *regexp, const char *name);

enum lt_regexp_answer {
    LT_REGEXP_NO,
    LT_REGEXP_YES,
    LT_REGEXP_LIMIT, /* given up: the pattern backtracks without end on this text */
};
/* Finds the first match in a text. */
enum lt_regexp_answer lt_regexp_find(struct lt_regexp *regexp, const struct lt_bytes *text);
/* Goes on in the text of the last lt_regexp_find, which has found a match: finds the first one that
 * begins at `from` or later. */
enum lt_regexp_answer lt_regexp_find_next(struct lt_regexp *regexp, const struct lt_bytes *text,
                                          size_t from);
/* Can it match without a character? */
bool lt_regexp_matches_empty(const struct lt_regexp *regexp);
/* Java's texts are of UTF-16 units, and are searched unit by unit: is there an empty match
 * within the character beyond U+FFFF at `at`? Groups are not known after it. */
bool lt_regexp_matches_within(struct lt_regexp *regexp, const struct lt_bytes *text, size_t at);
/* A group of the last match; false when it took no part. */
bool lt_regexp_group(const struct lt_regexp *regexp, uint32_t number, size_t *begin, size_t *end);

#endif
