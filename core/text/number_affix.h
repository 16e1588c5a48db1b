/*
 * The text around the digits of a number pattern, piece by piece: between number_pattern.c, which
 * reads patterns, and number_pattern_write.c, which prints by them.
 */
#ifndef LT_TEXT_NUMBER_AFFIX_H
#define LT_TEXT_NUMBER_AFFIX_H

#include <stdbool.h>

#include "core/text/number_pattern.h"

/* A piece is a byte of text, or one of these. */
enum lt_number_affix_piece {
    LT_NUMBER_AFFIX_NONE = 256, /* a quote */
    LT_NUMBER_AFFIX_PERCENT,
    LT_NUMBER_AFFIX_PER_MILLE,
    LT_NUMBER_AFFIX_MINUS,
    LT_NUMBER_AFFIX_CURRENCY,      /* $ */
    LT_NUMBER_AFFIX_CURRENCY_CODE, /* USD */
    LT_NUMBER_AFFIX_DIGIT,         /* digits in a suffix, which are not printed */
};

static inline bool lt_number_affix_is_digit(char c)
{
    return c == '#' || c == '0' || c == ',' || c == '.';
}

/* Takes the next piece off the front of an affix that is not empty. */
int lt_number_affix_next(struct lt_number_affix *affix, bool *is_quoted);
/* The next piece that is printed, or NONE at the end. */
int lt_number_affix_next_printed(struct lt_number_affix *affix, bool *is_quoted);
bool lt_number_affix_equal(struct lt_number_affix a, struct lt_number_affix b);

#endif
