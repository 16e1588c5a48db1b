/*
 * The C++ part of core/text/number.h: exact parsing of decimal text. For number_parse.c only. Plain
 * types only, since the headers of leat are C.
 *
 * on: any. Pure.
 */
#ifndef LT_TEXT_NUMBER_FLOAT_H
#define LT_TEXT_NUMBER_FLOAT_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum lt_number_float {
    LT_NUMBER_FLOAT_OK,
    LT_NUMBER_FLOAT_INVALID,
    LT_NUMBER_FLOAT_EXTREME, /* too large or too small: *out is left alone */
};

/* All of the text: digits with a point and an exponent, no sign in front. */
enum lt_number_float lt_number_float_parse_double(const char *data, size_t size_bytes, double *out);
enum lt_number_float lt_number_float_parse_float(const char *data, size_t size_bytes, float *out);

#ifdef __cplusplus
}
#endif

#endif
