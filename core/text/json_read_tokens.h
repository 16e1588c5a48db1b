/*
 * Tokens of a JSON document for the typed reader: the tokens of core/text/json_scan.h, found faster
 * where that is possible. For core/text/json_read*.c.
 *
 * A document that is strict JSON is *indexed*: simdjson says where its tokens are, and only their
 * order and the scalars are checked here. Every byte is judged as the scanner would judge it, just
 * sooner done. A fault ends the indexed pass; the reader then goes over the document again with the
 * scanner, which knows Spark's latitude (single quotes, NaN, comments) and says what is wrong.
 *
 * on: one thread at a time. The index grows to the largest document and stays.
 */
#ifndef LT_TEXT_JSON_READ_TOKENS_H
#define LT_TEXT_JSON_READ_TOKENS_H

#include "core/text/json_places.h"
#include "core/text/json_scan.h"

struct lt_json_tokens {
    /* The token: `token`, `token_begin`, `token_end`, `has_escapes`, `depth`, `fault`. Its
     * functions that look at a token and do not move may be used on it. */
    struct lt_json_scan scan;
    bool is_indexed;
    struct lt_json_places places; /* indexed */
};

/* Begins a document by its index; false when it cannot be indexed. */
bool lt_json_tokens_begin_indexed(struct lt_json_tokens *tokens, struct lt_json_index *index,
                                  const void *data, size_t size_bytes);
/* Begins a document with the scanner. */
void lt_json_tokens_begin(struct lt_json_tokens *tokens, const void *data, size_t size_bytes,
                          unsigned scan_flags);

enum lt_json_token lt_json_tokens_next_indexed(struct lt_json_tokens *tokens);

static inline enum lt_json_token lt_json_tokens_next(struct lt_json_tokens *tokens)
{
    return tokens->is_indexed ? lt_json_tokens_next_indexed(tokens)
                              : lt_json_scan_next(&tokens->scan);
}

/* Indexed: goes on from place `at`, where a name is; a value, behind a colon; the end of an object.
 */
enum lt_json_token lt_json_tokens_name(struct lt_json_tokens *tokens, uint32_t at);
enum lt_json_token lt_json_tokens_value(struct lt_json_tokens *tokens, uint32_t at);
enum lt_json_token lt_json_tokens_end_object(struct lt_json_tokens *tokens, uint32_t at);
/* Indexed: the document is no strict JSON. */
enum lt_json_token lt_json_tokens_fail(struct lt_json_tokens *tokens);

/* Goes on until the container that encloses the current token at this depth is closed: its last
 * token, or INVALID. `depth` is what scan.depth was just after its BEGIN. */
enum lt_json_token lt_json_tokens_leave(struct lt_json_tokens *tokens, uint32_t depth);

static inline bool lt_json_tokens_at_begin(const struct lt_json_tokens *tokens)
{
    return tokens->scan.token == LT_JSON_TOKEN_OBJECT_BEGIN ||
           tokens->scan.token == LT_JSON_TOKEN_ARRAY_BEGIN;
}

/* Past the value that the current token begins; INVALID, or any other token. */
static inline enum lt_json_token lt_json_tokens_skip(struct lt_json_tokens *tokens)
{
    return lt_json_tokens_at_begin(tokens) ? lt_json_tokens_leave(tokens, tokens->scan.depth)
                                           : tokens->scan.token;
}

#endif
