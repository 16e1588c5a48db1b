/*
 * A compiled pattern: steps in order, optional parts as ranges of them. For
 * core/text/datetime_pattern*.c only.
 *
 * on: any. Constant once compiled.
 */
#ifndef LT_TEXT_DATETIME_STEPS_H
#define LT_TEXT_DATETIME_STEPS_H

#include "core/text/datetime_pattern.h"

enum lt_datetime_field {
    LT_DATETIME_FIELD_ERA, /* 0 BC, 1 AD */
    LT_DATETIME_FIELD_YEAR_OF_ERA,
    LT_DATETIME_FIELD_YEAR,
    LT_DATETIME_FIELD_QUARTER,
    LT_DATETIME_FIELD_MONTH,
    LT_DATETIME_FIELD_DAY_OF_YEAR,
    LT_DATETIME_FIELD_DAY,
    LT_DATETIME_FIELD_DAY_IN_WEEK_OF_MONTH, /* F: the month's weeks begin with its first day */
    LT_DATETIME_FIELD_WEEKDAY,              /* 1 is Monday */
    LT_DATETIME_FIELD_JULIAN,               /* the modified Julian day */
    LT_DATETIME_FIELD_HALF_DAY,             /* 0 AM, 1 PM */
    LT_DATETIME_FIELD_HOUR,
    LT_DATETIME_FIELD_CLOCK_HOUR,      /* 1 to 24 */
    LT_DATETIME_FIELD_HALF_HOUR,       /* 0 to 11 */
    LT_DATETIME_FIELD_HALF_CLOCK_HOUR, /* 1 to 12 */
    LT_DATETIME_FIELD_MINUTE,
    LT_DATETIME_FIELD_SECOND,
    LT_DATETIME_FIELD_NANOSECOND,
    LT_DATETIME_FIELD_OFFSET, /* seconds east of UTC */
    LT_DATETIME_FIELD_COUNT
};

enum lt_datetime_step_kind {
    LT_DATETIME_LITERAL,
    LT_DATETIME_NUMBER,
    LT_DATETIME_TWO_DIGIT_YEAR, /* 2000 to 2099 */
    LT_DATETIME_FRACTION,
    LT_DATETIME_TEXT,
    LT_DATETIME_OFFSET,
    LT_DATETIME_GMT_OFFSET, /* "GMT+8"; is_long: "GMT+08:00" */
    LT_DATETIME_ZONE_ID,
    LT_DATETIME_ZONE_NAME,
    LT_DATETIME_OPTIONAL, /* up to `end` */
};

/* When a number has a sign. */
enum lt_datetime_sign {
    LT_DATETIME_SIGN_NONE,
    LT_DATETIME_SIGN_MINUS,   /* only of negative ones */
    LT_DATETIME_SIGN_EXCEEDS, /* and a plus, of those with more digits than the least */
};

/* Digits after the sign and the hour of an offset. */
enum lt_datetime_offset_form {
    LT_DATETIME_OFFSET_HOUR,   /* +HHmm: minutes if they are not 0 */
    LT_DATETIME_OFFSET_MINUTE, /* +HHMM, +HH:MM */
    LT_DATETIME_OFFSET_SECOND, /* and seconds if they are not 0 */
};

struct lt_datetime_step_of {
    enum lt_datetime_step_kind kind;
    enum lt_datetime_field field;
    int fewest, most; /* digits */
    enum lt_datetime_sign sign;
    int following; /* digits of numbers right behind, which this one leaves to them */
    bool is_long;
    enum lt_datetime_offset_form offset_form;
    bool has_colon;
    const char *zero; /* LT_DATETIME_OFFSET: how 0 is written */
    const char *text; /* LT_DATETIME_LITERAL; in the pattern's own memory */
    size_t size_bytes;
    size_t end; /* LT_DATETIME_OPTIONAL: the step after the part */
};

struct lt_datetime_pattern {
    size_t count;
    size_t size_max;
    struct lt_datetime_step_of *steps;
    char *literals;
};

/* English names of a text field's values, from `first` on; `count` of them. */
struct lt_datetime_names {
    const char *const *names;
    int first, count;
};
struct lt_datetime_names lt_datetime_names_of(enum lt_datetime_field field, bool is_long);

/* What reading found. */
struct lt_datetime_found {
    int64_t values[LT_DATETIME_FIELD_COUNT];
    uint32_t is_set; /* a bit for each field */
    bool has_zone;
    struct lt_zone zone;
};

static inline bool lt_datetime_has(const struct lt_datetime_found *found,
                                   enum lt_datetime_field field)
{
    return (found->is_set >> field & 1) != 0;
}

/* The fields of a text. False: it does not fit, from the byte *left_at on; or it fits, and more
 * follows at *left_at - size_bytes - 1. */
bool lt_datetime_read_fields(const struct lt_datetime_pattern *pattern, struct lt_zones *zones,
                             const char *text, size_t size_bytes, struct lt_datetime_found *found,
                             size_t *left_at);

/* Sets a field, or compares with what it was set to: false if that is something else. */
bool lt_datetime_set(struct lt_datetime_found *found, enum lt_datetime_field field, int64_t value);
/* Fields to a day and nanoseconds of it. False: they contradict each other, or are no date. */
bool lt_datetime_resolve(struct lt_datetime_found *found, int64_t *days, int64_t *ns_of_day);

#endif
