/*
 * What Spark 2 took for a time: whether a text is one by the parsers of Java that it used, which
 * are not strict about counts of digits, blanks in front of numbers and what follows the pattern.
 * Asked only where the parser of today (core/text/datetime_pattern.h) says no, by whoever has to
 * warn of the difference (spark.sql.legacy.timeParserPolicy = EXCEPTION). The time itself is not
 * asked for.
 *
 * on: any. Pure, but for zones that are opened.
 */
#ifndef LT_TEXT_DATETIME_OLD_H
#define LT_TEXT_DATETIME_OLD_H

#include "core/text/datetime.h"

enum lt_datetime_old {
    LT_DATETIME_OLD_STRICT, /* SimpleDateFormat: functions; fields have to be possible */
    LT_DATETIME_OLD_LENIENT /* FastDateFormat: JSON and CSV; the 32nd is the 1st */
};

bool lt_datetime_old_reads(const char *pattern, size_t pattern_bytes,
                           struct lt_datetime_context *context, const void *text, size_t size_bytes,
                           enum lt_datetime_old way);

#endif
