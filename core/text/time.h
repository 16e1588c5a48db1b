/*
 * Dates and timestamps as text, in the proleptic Gregorian calendar and at fixed offsets from UTC.
 *
 * Formatters write a NUL after the text and return its size without it. Years are at least four
 * digits; beyond 9999 they have a plus in front, before year 0 a minus.
 *
 * on: any. Pure.
 */
#ifndef LT_TEXT_TIME_H
#define LT_TEXT_TIME_H

#include <stddef.h>
#include <stdint.h>

enum { LT_TIME_TEXT_SIZE = 64 };

/* "2024-02-29" */
size_t lt_time_format_date(int64_t days, char out[LT_TIME_TEXT_SIZE]);
/* "2024-01-01 00:00:00.1": up to six digits of the second, without trailing zeros. */
size_t lt_time_format_timestamp(int64_t us, int32_t offset_s, char out[LT_TIME_TEXT_SIZE]);
/* "2024-01-02T03:04:05.123Z": three digits of the second, cut, and the offset ("Z", "-07:00",
 * "-07:52:58"). */
size_t lt_time_format_iso_ms(int64_t us, int32_t offset_s, char out[LT_TIME_TEXT_SIZE]);
/* The same without an offset: a timestamp_ntz. */
size_t lt_time_format_iso_ms_local(int64_t us, char out[LT_TIME_TEXT_SIZE]);
/* "10:11:12.5" of nanoseconds since midnight. */
size_t lt_time_format_time(int64_t ns, char out[LT_TIME_TEXT_SIZE]);

#endif
