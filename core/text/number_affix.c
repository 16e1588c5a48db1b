/*
 * Pieces of the text around digits. A quote begins and ends text that stands for itself; two quotes
 * are one, inside such text or out of it.
 */
#include "core/text/number_affix.h"

#include <string.h>

static bool takes(struct lt_number_affix *affix, const char *text)
{
    size_t size_bytes = strlen(text);
    if ((size_t)(affix->end - affix->begin) < size_bytes ||
        memcmp(affix->begin, text, size_bytes) != 0)
        return false;
    affix->begin += size_bytes;
    return true;
}

/* Digits in a suffix, and the exponent behind them; for negative numbers Java skips any E. */
static void skip_digits(struct lt_number_affix *affix)
{
    while (affix->begin < affix->end && (lt_number_affix_is_digit(*affix->begin) ||
                                         (affix->is_negative && *affix->begin == 'E')))
        affix->begin++;
    if (affix->begin < affix->end && *affix->begin == 'E')
        for (affix->begin++; affix->begin < affix->end && *affix->begin == '0';)
            affix->begin++;
}

int lt_number_affix_next(struct lt_number_affix *affix, bool *is_quoted)
{
    if (takes(affix, "''"))
        return '\'';
    if (takes(affix, "'")) {
        *is_quoted = !*is_quoted;
        return LT_NUMBER_AFFIX_NONE;
    }
    if (!*is_quoted) {
        if (takes(affix, "%"))
            return LT_NUMBER_AFFIX_PERCENT;
        if (takes(affix, "\u2030"))
            return LT_NUMBER_AFFIX_PER_MILLE;
        if (takes(affix, "-"))
            return LT_NUMBER_AFFIX_MINUS;
        if (takes(affix, "\u00A4\u00A4"))
            return LT_NUMBER_AFFIX_CURRENCY_CODE;
        if (takes(affix, "\u00A4"))
            return LT_NUMBER_AFFIX_CURRENCY;
        if (lt_number_affix_is_digit(*affix->begin)) {
            skip_digits(affix);
            return LT_NUMBER_AFFIX_DIGIT;
        }
    }
    return (unsigned char)*affix->begin++;
}

int lt_number_affix_next_printed(struct lt_number_affix *affix, bool *is_quoted)
{
    int piece = LT_NUMBER_AFFIX_NONE;
    while (affix->begin < affix->end &&
           (piece == LT_NUMBER_AFFIX_NONE || piece == LT_NUMBER_AFFIX_DIGIT))
        piece = lt_number_affix_next(affix, is_quoted);
    return piece == LT_NUMBER_AFFIX_DIGIT ? LT_NUMBER_AFFIX_NONE : piece;
}

bool lt_number_affix_equal(struct lt_number_affix a, struct lt_number_affix b)
{
    bool is_a_quoted = false, is_b_quoted = false;
    int piece;
    do {
        piece = lt_number_affix_next_printed(&a, &is_a_quoted);
        if (piece != lt_number_affix_next_printed(&b, &is_b_quoted))
            return false;
    } while (piece != LT_NUMBER_AFFIX_NONE);
    return true;
}
