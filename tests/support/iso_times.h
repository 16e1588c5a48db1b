/*
 * Dates, timestamps and day-time intervals for tests of typed readers and writers: ISO forms in UTC
 * only, and the text forms that a cast to string gives for intervals.
 */
#ifndef TESTS_SUPPORT_ISO_TIMES_H
#define TESTS_SUPPORT_ISO_TIMES_H

#include "core/text/codec.h"

/* "2024-02-29", "2024-2-9"; with a time "T03:04:05.123456" or " 03:04:05", with "Z" where a
 * TIMESTAMP; "INTERVAL '1 02:03:04.5' DAY TO SECOND". Written as Spark writes JSON. */
extern const struct lt_codec_times iso_times;

#endif
