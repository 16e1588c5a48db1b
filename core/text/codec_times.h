/*
 * Dates, timestamps and intervals in JSON and CSV: the functions that core/text/codec.h asks for,
 * by the patterns of the options and in a zone.
 *
 * Without a pattern a text is read as a cast reads it, and written as ISO text with milliseconds.
 * With one it is read by the pattern alone, unless falling back to the cast is asked for. A pattern
 * that is none makes every value of its type unfit when reading, and is an error when writing, as
 * in Spark.
 *
 * on: one thread at a time. Opening zones that a text names allocates; nothing else does after
 * creation.
 */
#ifndef LT_TEXT_CODEC_TIMES_H
#define LT_TEXT_CODEC_TIMES_H

#include "core/base/clock.h"
#include "core/text/codec.h"
#include "core/text/datetime_pattern.h"

struct lt_times_setup {
    enum lt_datetime_use use;
    const char *time_zone; /* NULL: UTC */
    bool tells_old;        /* lt_times_take_old() has something to tell */
    const char *date_format, *timestamp_format, *timestamp_ntz_format; /* NULL: not given */
    const char *falls_back; /* enableDateTimeParsingFallback; NULL: where there is no pattern */
    bool takes_day_numbers; /* a text that is no date may be a number of days (JSON) */
};

struct lt_times;

/* INVALID_TIMEZONE, and, when writing, what lt_datetime_pattern_create() refuses. The setup is not
 * needed afterwards. */
int lt_times_create(const struct lt_times_setup *setup, struct lt_times **out,
                    struct lt_error *error) LT_MUST_USE;
void lt_times_destroy(struct lt_times *times); /* NULL is a no-op */
/* What reads and writes by it. */
struct lt_codec_times lt_times_codec(struct lt_times *times);
/* A text read since the last call is a time only for Spark 2, and the setup wants to be told: its
 * begin, valid until the next read; NULL: none. */
const char *lt_times_take_old(struct lt_times *times);
/* Is there a pattern? */
bool lt_times_has_pattern(const struct lt_times *times);
/* Seconds east of UTC of an instant in microseconds; `times` is a struct lt_times. */
int32_t lt_times_offset_s(void *times, int64_t us);
/* True when a value since the last call asked its pattern for what it has not (the hour of a date).
 */
bool lt_times_take_failure(struct lt_times *times);

#endif
