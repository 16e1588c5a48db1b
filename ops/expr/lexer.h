/*
 * The lexer: SQL text to tokens, one at a time, by Spark's rules.
 *
 * Names and keywords are one kind of token: almost every keyword may be a column's name, so what a
 * word means is the parser's question. A word may begin with a digit (`1e`, `0x1F` are names)
 * unless it is a number. Comments are `-- ...` and nested slash-star ones.
 *
 * on: control. Pure; tokens point into the text.
 */
#ifndef LT_OPS_EXPR_LEXER_H
#define LT_OPS_EXPR_LEXER_H

#include <stdbool.h>
#include <stdint.h>

enum lt_token_kind {
    LT_TOKEN_END,
    LT_TOKEN_WORD,    /* a name or keyword */
    LT_TOKEN_QUOTED,  /* `a name`, back-ticks included */
    LT_TOKEN_INTEGER, /* digits; suffix L, S, Y or 0 */
    LT_TOKEN_NUMBER,  /* a fraction or exponent; suffix D, F, B (for BD) or 0 */
    LT_TOKEN_STRING,  /* quotes and an r before them included */
    LT_TOKEN_SYMBOL,
    LT_TOKEN_BAD, /* not a token; see `problem` */
};

enum lt_symbol {
    LT_SYMBOL_NULL_SAFE = 256, /* <=> */
    LT_SYMBOL_NOT_EQUAL,       /* <> != */
    LT_SYMBOL_LESS_EQUAL,
    LT_SYMBOL_GREATER_EQUAL,
    LT_SYMBOL_EQUAL, /* = == */
    LT_SYMBOL_CONCAT,
    LT_SYMBOL_CAST, /* :: */
    LT_SYMBOL_ARROW,
    LT_SYMBOL_FAT_ARROW, /* => */
    LT_SYMBOL_SHIFT_LEFT,
    LT_SYMBOL_SHIFT_RIGHT,
    LT_SYMBOL_SHIFT_RIGHT_UNSIGNED, /* >>> */
};

struct lt_token {
    enum lt_token_kind kind;
    uint32_t begin, end;
    int symbol;          /* SYMBOL: its character, or one of lt_symbol */
    char suffix;         /* INTEGER, NUMBER; upper case */
    const char *problem; /* BAD */
};

#define LT_LEXER_OPEN_COMMENT "the comment has no end"

struct lt_lexer {
    const char *text;
    uint32_t size_bytes;
    uint32_t position;
    /* ARRAY, MAP and STRUCT less > so far, whatever they mean: above 0, >> is two of >, as Spark's
     * lexer has it. */
    uint32_t open_types;
};

/* Over the bytes from `begin` to `end`. */
void lt_lexer_init(struct lt_lexer *lexer, const char *text, uint32_t begin, uint32_t end);
struct lt_token lt_lexer_next(struct lt_lexer *lexer);

#endif
