/*
 * Words, names in back-ticks, numbers, strings and marks of a DDL text. For type_parse.c only.
 *
 * on: one thread at a time. Tokens point into the text.
 */
#ifndef LT_DATA_TYPE_LEXER_H
#define LT_DATA_TYPE_LEXER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/arena.h"

enum lt_type_token_kind {
    LT_TYPE_TOKEN_END,
    LT_TYPE_TOKEN_WORD,   /* letters, digits, _ */
    LT_TYPE_TOKEN_QUOTED, /* `...` */
    LT_TYPE_TOKEN_NUMBER, /* digits only */
    LT_TYPE_TOKEN_STRING, /* '...' or "...", with r in front if raw */
    LT_TYPE_TOKEN_MARK,   /* any other character */
};

struct lt_type_token {
    enum lt_type_token_kind kind;
    const char *begin;
    size_t size_bytes;
    bool is_ascii; /* WORD: no character beyond ASCII */
};

struct lt_type_lexer {
    const char *text, *next;
};

/* The next token; skips blanks and comments. At the end it gives END for ever. */
struct lt_type_token lt_type_lexer_next(struct lt_type_lexer *lexer);

/* True when the token's text is `word`, without regard to case. */
bool lt_type_token_is(const struct lt_type_token *token, const char *word);
/* NUMBER; UINT32_MAX when it is larger. */
uint32_t lt_type_token_number(const struct lt_type_token *token);
/* QUOTED: the name, its doubled back-ticks undone. */
char *lt_type_token_unquote(const struct lt_type_token *token, struct lt_arena *arena);
/* STRING: its value, escapes undone. */
char *lt_type_token_string(const struct lt_type_token *token, struct lt_arena *arena);

#endif
