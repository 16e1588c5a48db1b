/*
 * What a number format is made of: between number_format.c, which compiles, and
 * number_format_apply.c, which writes and reads.
 */
#ifndef LT_TEXT_NUMBER_FORMAT_ITEMS_H
#define LT_TEXT_NUMBER_FORMAT_ITEMS_H

#include <stdint.h>

enum lt_number_format_kind {
    LT_NUMBER_FORMAT_DIGITS_EXACT, /* as many digits as `count` */
    LT_NUMBER_FORMAT_DIGITS_MOST,  /* at most */
    LT_NUMBER_FORMAT_SEPARATOR,
    LT_NUMBER_FORMAT_POINT,
    LT_NUMBER_FORMAT_DOLLAR,
    LT_NUMBER_FORMAT_SIGN,
    LT_NUMBER_FORMAT_MINUS,
    LT_NUMBER_FORMAT_OPENING,
    LT_NUMBER_FORMAT_CLOSING,
    LT_NUMBER_FORMAT_OTHER, /* none of them: refused */
};

struct lt_number_format_item {
    enum lt_number_format_kind kind;
    uint32_t count; /* of digits; of OTHER the place in the text */
};

/* Digits and what separates them stand together as one group. */
static inline bool lt_number_format_is_group(const struct lt_number_format_item *item)
{
    return item->kind <= LT_NUMBER_FORMAT_SEPARATOR;
}

#endif
