/*
 * The tokens of a JSON text that is broken somewhere, as Spark's parser (Jackson's, over
 * characters) gives them: what it has consumed when it stumbles, and what it then takes for its
 * state, decides which fields of a row still get a value. So this is that parser's state machine,
 * with the rules that only show after a fault:
 *
 * - A name is given only when its value has begun well: a number or a word is read together with
 *   the name before it, a text only up to its opening quote.
 * - A fault leaves the token as it was, and the characters up to the fault behind. The next call
 *   goes on there. After a fault behind a name it says END once, as if the text had ended.
 * - Brackets are counted as they are met; a fault opens and closes none.
 *
 * The text is gone through as UTF-16, since a fault consumes one unit of it. Only texts that
 * core/text/json_scan.h found broken come here, so nothing is done for speed.
 *
 * on: one thread at a time. Memory grows to the largest text and stays.
 */
#ifndef LT_TEXT_JSON_BROKEN_H
#define LT_TEXT_JSON_BROKEN_H

#include "core/base/text_buffer.h"
#include "core/data/value.h"
#include "core/text/json_scan.h"

/* An object or array that is open; the outermost level is neither. */
struct lt_json_broken_level {
    uint8_t bracket; /* '{', '[', or 0 */
    bool has_entry;  /* a comma comes next */
    bool has_name;
    uint32_t name_begin, name_end; /* units, without quotes */
};

struct lt_json_broken {
    uint16_t *units;
    size_t capacity;
    uint32_t count, at;
    uint32_t piece_end; /* the parser takes the text in by pieces: where the one at hand ends */
    unsigned flags;     /* enum lt_json_scan_flags */
    enum lt_json_token token;   /* the last one given; END: none */
    enum lt_json_token next;    /* of the value behind a NAME */
    uint32_t value_begin;       /* the first unit of the last value */
    bool is_unfinished;         /* STRING: only its opening quote is behind */
    const char *fault;          /* the last one; NULL: none yet */
    struct lt_text_buffer text; /* of a number or a finished STRING, in UTF-8 */
    struct lt_text_buffer name;
    struct lt_json_broken_level *levels;
    uint32_t depth, level_capacity;
};

void lt_json_broken_init(struct lt_json_broken *broken);
void lt_json_broken_fini(struct lt_json_broken *broken);
/* Begins a text; it need not stay. */
void lt_json_broken_begin(struct lt_json_broken *broken, const void *data, size_t size_bytes,
                          unsigned flags);

/* The next token; END after the last, and see above; INVALID: a fault, `token` is what it was. */
enum lt_json_token lt_json_broken_next(struct lt_json_broken *broken);
/* Past the end of the object or array that the token begins, if it does; false: a fault. */
bool lt_json_broken_skip(struct lt_json_broken *broken);
/* The name that the token stands behind, in UTF-8 until the next call; false if it has none, or one
 * that no text in UTF-8 is. */
bool lt_json_broken_name(struct lt_json_broken *broken, struct lt_bytes *out);

/* Reads a STRING to its end, into `text`; false: a fault, and the next token begins behind it. */
bool lt_json_broken_finish(struct lt_json_broken *broken);
/* Reads an unfinished STRING as base64, into `text`; false: a fault, and the STRING is unfinished
 * still. */
bool lt_json_broken_base64(struct lt_json_broken *broken);
/* Puts what stands between a unit and the end of the last token into `text`, as it is. */
void lt_json_broken_raw(struct lt_json_broken *broken, uint32_t begin);

/* For core/text/json_broken*.c only. */

/* Says what is wrong. */
static inline enum lt_json_token lt_json_broken_fail(struct lt_json_broken *broken,
                                                     const char *fault)
{
    broken->fault = fault;
    return LT_JSON_TOKEN_INVALID;
}
/* A number, NaN or the like, a word (true), or a text in single quotes, whose first unit was
 * consumed; else a fault. json_broken_value.c. */
enum lt_json_token lt_json_broken_value(struct lt_json_broken *broken, uint16_t first);
/* Past the quote that ends a text, whose escapes are checked; false: a fault. */
bool lt_json_broken_quote(struct lt_json_broken *broken, uint16_t quote);
/* Appends the units, escapes undone, as UTF-8; half a pair becomes "?", and gives false. */
bool lt_json_broken_append(const struct lt_json_broken *broken, uint32_t begin, uint32_t end,
                           struct lt_text_buffer *out);

#endif
