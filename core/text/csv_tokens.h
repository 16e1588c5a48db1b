/*
 * One CSV record to its tokens, as the univocity parser with Spark's settings gives them: quotes
 * off, escapes undone, blanks trimmed where asked, and its ways with unescaped quotes.
 *
 * Tokens are borrowed from the record where they stand in it as they are; else they are in the
 * tokenizer, until its next record.
 *
 * on: one thread at a time. Memory grows to the largest record and stays.
 */
#ifndef LT_TEXT_CSV_TOKENS_H
#define LT_TEXT_CSV_TOKENS_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/text_buffer.h"
#include "core/text/csv_options.h"

enum lt_csv_token_kind {
    LT_CSV_TOKEN_TEXT,
    LT_CSV_TOKEN_NOTHING, /* nothing between two delimiters: the null value */
    LT_CSV_TOKEN_EMPTY,   /* empty quotes: the empty value */
};

struct lt_csv_token {
    enum lt_csv_token_kind kind;
    bool is_borrowed;
    const uint8_t *data;
    size_t size_bytes;
    size_t offset; /* not borrowed: of `data` in the tokenizer's text */
};

enum lt_csv_split {
    LT_CSV_SPLIT_RECORD,
    LT_CSV_SPLIT_NONE,  /* an empty line or a comment */
    LT_CSV_SPLIT_FAULT, /* see `fault` */
};

struct lt_csv_tokens {
    const struct lt_csv_options *options;
    size_t separator_bytes;
    uint8_t quote, escape, escape_of_escape;
    bool has_quote, ignores_leading, ignores_trailing, has_lines;
    struct lt_csv_token *items;
    size_t count, capacity;
    const char *fault;
    /* Of the record at hand. */
    const uint8_t *at, *end;
    struct lt_text_buffer text; /* of tokens that are not borrowed */
    size_t value_offset;        /* where the value at hand begins in it */
    uint8_t previous;           /* the character before, as far as it means something; or 0 */
};

/* `options` outlive it. `has_lines`: a line break outside quotes ends the record. */
void lt_csv_tokens_init(struct lt_csv_tokens *tokens, const struct lt_csv_options *options,
                        bool has_lines);
void lt_csv_tokens_fini(struct lt_csv_tokens *tokens);
/* Splits the first record of the text; `*used_bytes` is its size with its line break. */
enum lt_csv_split lt_csv_tokens_split(struct lt_csv_tokens *tokens, const void *data,
                                      size_t size_bytes, size_t *used_bytes);

#endif
