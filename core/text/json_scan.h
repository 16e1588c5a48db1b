/*
 * A pull scanner of JSON text that reads everything, token by token, and says exactly where a fault
 * is. It takes what Spark's parser (Jackson) takes, with the same latitude: single quotes, NaN and
 * the like can be allowed. Slower than core/text/json.h by a factor, and without its limits: it is
 * what get_json_object, the control plane and schema-driven readers stand on.
 *
 * No recursion and no allocation: depth is a bit stack of LT_JSON_SCAN_DEPTH levels.
 *
 * on: one thread at a time.
 */
#ifndef LT_TEXT_JSON_SCAN_H
#define LT_TEXT_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/text_buffer.h"

enum { LT_JSON_SCAN_DEPTH = 1000 /* Jackson's limit */ };

enum lt_json_token {
    LT_JSON_TOKEN_END, /* of the text; again and again */
    LT_JSON_TOKEN_OBJECT_BEGIN,
    LT_JSON_TOKEN_OBJECT_END,
    LT_JSON_TOKEN_ARRAY_BEGIN,
    LT_JSON_TOKEN_ARRAY_END,
    LT_JSON_TOKEN_NAME, /* of a field; its value follows */
    LT_JSON_TOKEN_STRING,
    LT_JSON_TOKEN_INTEGER,
    LT_JSON_TOKEN_FLOAT,      /* has a point or an exponent */
    LT_JSON_TOKEN_NOT_FINITE, /* NaN, +INF, Infinity and their like, where allowed */
    LT_JSON_TOKEN_TRUE,
    LT_JSON_TOKEN_FALSE,
    LT_JSON_TOKEN_NULL,
    LT_JSON_TOKEN_INVALID, /* from here on; see `fault` */
};

/* What is allowed beyond JSON. */
enum lt_json_scan_flags {
    LT_JSON_SCAN_SINGLE_QUOTES = 1, /* 'text' as "text" */
    LT_JSON_SCAN_NOT_FINITE = 2,    /* NaN, +INF, -INF, Infinity, -Infinity, +Infinity */
    LT_JSON_SCAN_LEADING_ZEROS = 4, /* 007 */
    LT_JSON_SCAN_BARE_NAMES = 8,    /* {a: 1} */
    LT_JSON_SCAN_ANY_ESCAPE = 16,   /* \q is q */
    LT_JSON_SCAN_CONTROL = 32,      /* control characters in strings */
    LT_JSON_SCAN_COMMENTS = 64,     /* slash-star and slash-slash */
    LT_JSON_SCAN_SPARK = LT_JSON_SCAN_SINGLE_QUOTES, /* what Spark allows by default */
};

struct lt_json_scan {
    const uint8_t *begin, *at, *end;
    unsigned flags;
    enum lt_json_token token; /* the last one given */
    /* The token in the text; of strings and names without their quotes. */
    const uint8_t *token_begin, *token_end;
    bool has_escapes; /* the string or name must be unescaped */
    uint8_t state;    /* what may come next */
    uint32_t depth;
    const char *fault; /* INVALID: what is wrong, "a name is expected" */
    uint64_t is_object[(LT_JSON_SCAN_DEPTH + 63) / 64];
};

void lt_json_scan_init(struct lt_json_scan *scan, const void *data, size_t size_bytes,
                       unsigned flags);
/* The next token. After the outermost value is complete, what follows is a new value; a caller that
 * wants one value only asks for END. */
enum lt_json_token lt_json_scan_next(struct lt_json_scan *scan);
/* Just after OBJECT_BEGIN or ARRAY_BEGIN: goes to its end, of which it returns the token, or
 * INVALID. After a NAME likewise past its value. No-op after other tokens. */
enum lt_json_token lt_json_scan_skip(struct lt_json_scan *scan);
/* Appends the string or name, escapes undone. Unpaired surrogates become "?", as Java encodes them.
 */
void lt_json_scan_text(const struct lt_json_scan *scan, struct lt_text_buffer *out);
/* True when the string or name has half a pair of surrogates in an escape: no text in UTF-8 is its
 * value. */
bool lt_json_scan_has_lone_surrogate(const struct lt_json_scan *scan);
/* Appends the number as Jackson does: integers as they are, what has a point or exponent as Java
 * prints doubles, infinities and NaN in quotes. */
void lt_json_scan_number(const struct lt_json_scan *scan, struct lt_text_buffer *out);
/* True when the string or name is `text`. */
bool lt_json_scan_is(const struct lt_json_scan *scan, const char *text, size_t size_bytes);
/* The line and column of the last token, from 1, for error texts. */
void lt_json_scan_place(const struct lt_json_scan *scan, size_t *line, size_t *column);

/* Copies the value that the last token begins, and goes to its end: blanks left out, strings
 * escaped anew, numbers as lt_json_scan_number. With `escapes_pairs` characters beyond U+FFFF
 * become two escapes, as Jackson writes them where it writes bytes. False when it is malformed;
 * `out` then holds a part of it. */
bool lt_json_scan_copy(struct lt_json_scan *scan, bool escapes_pairs, struct lt_text_buffer *out);

#endif
