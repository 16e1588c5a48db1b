/*
 * From Java's regular expressions to PCRE2's: regexp_translate.c walks the pattern,
 * regexp_class.c its character classes.
 *
 * on: control, and the program's thread for patterns that change.
 */
#ifndef LT_OPS_EXPR_REGEXP_TRANSLATE_H
#define LT_OPS_EXPR_REGEXP_TRANSLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/text_buffer.h"
#include "ops/expr/regexp_literals.h"

/* The flags in force at a place of the pattern, by their letters: i, u, s, m, x, d. */
enum lt_regexp_flag {
    LT_REGEXP_CASE = 1,
    LT_REGEXP_UNICODE_CASE = 2,
    LT_REGEXP_DOT_ALL = 4,
    LT_REGEXP_MULTILINE = 8,
    LT_REGEXP_COMMENTS = 16,
    LT_REGEXP_UNIX_LINES = 32,
};

enum { LT_REGEXP_DEPTH_MAX = 200 };

struct lt_regexp_translation {
    const char *begin, *at, *end;
    struct lt_text_buffer out;
    bool wants_unicode; /* (?U): the properties of Unicode, in the whole pattern */
    bool is_ascii;      /* asked for: what is the same in texts of ASCII, and shorter */
    struct lt_literal_walk literals;
    unsigned flags;
    uint32_t group_count; /* opened so far */
    unsigned outer_flags[LT_REGEXP_DEPTH_MAX];
    uint32_t depth;
    const char *fault; /* NULL: none */
};

/* Translates begin..end into `out`, which the caller finishes, and tells `literals`, which has
 * begun. False: Java refuses the pattern for the reason `fault`, at `at`. */
bool lt_regexp_translate(struct lt_regexp_translation *t);

/* For the walkers. */
/* Notes a fault, if it is the first, and ends the walk. Returns false. */
bool lt_regexp_refuse(struct lt_regexp_translation *t, const char *fault);
/* Letters of ASCII match in both cases, and nothing else does. */
static inline bool lt_regexp_is_caseless(const struct lt_regexp_translation *t)
{
    return t->flags & LT_REGEXP_CASE && !(t->flags & LT_REGEXP_UNICODE_CASE) && !t->wants_unicode;
}
bool lt_regexp_starts(const struct lt_regexp_translation *t, const char *prefix);
/* Takes the character at `at`. */
uint32_t lt_regexp_take(struct lt_regexp_translation *t);
/* Takes the escape of one character (\u0041, \x41, \t, \., ...), `at` behind the backslash; false:
 * it is none, or a fault. */
bool lt_regexp_take_code(struct lt_regexp_translation *t, uint32_t *code);
/* Appends a character that stands for itself, within a class or outside. */
void lt_regexp_append_code(struct lt_text_buffer *out, uint32_t code);

/* The set that a property means, as it stands within [ ]: \p{...} or \pL, `at` behind the p. NULL:
 * a fault. Valid until `room` changes. */
const char *lt_regexp_take_property(struct lt_regexp_translation *t, struct lt_text_buffer *room);
/* A class [...], whose '[' is next, as an expression of one character. */
bool lt_regexp_translate_class(struct lt_regexp_translation *t, struct lt_text_buffer *out);

#endif
