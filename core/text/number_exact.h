/*
 * Which of two is larger: a double, exactly, or the decimal digits it prints with. Decides how a
 * half is rounded; see number_pattern_write.c.
 *
 * on: any. Pure; nothing is allocated.
 */
#ifndef LT_TEXT_NUMBER_EXACT_H
#define LT_TEXT_NUMBER_EXACT_H

#include <stdint.h>

/* <0, 0, >0 as `number` is to digits * 10^exponent. `number` is finite and > 0, the exponent
 * between -345 and 310. */
int lt_number_exact_compare(double number, uint64_t digits, int exponent);

#endif
