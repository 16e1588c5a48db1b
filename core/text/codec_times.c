/*
 * Times of JSON and CSV by patterns and zones.
 */
#include "core/text/codec_times.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/ascii.h"
#include "core/text/datetime_old.h"
#include "core/text/interval.h"
#include "core/text/interval_parse.h"
#include "core/text/number.h"
#include "core/text/time.h"

enum { KIND_COUNT = 3, US_PER_S = 1000000 };

/* The pattern of one type. */
struct format {
    bool is_given;
    bool falls_back;
    struct lt_datetime_pattern *pattern; /* NULL: not given, or none */
    char *text;                          /* what it was made of; NULL: old times are not told */
};

enum { OLD_SHOWN_MAX = 64 };

struct lt_times {
    struct lt_datetime_context context;
    struct format formats[KIND_COUNT]; /* DATE, TIMESTAMP, TIMESTAMP_NTZ */
    bool takes_day_numbers;
    bool has_failed, has_old;
    char old[OLD_SHOWN_MAX + 1];
    char *printed; /* room for the longest of the patterns */
};

static struct format *format_of(struct lt_times *times, const struct lt_type *type)
{
    _Static_assert(LT_TYPE_TIMESTAMP == LT_TYPE_DATE + 1, "formats stand in the order of types");
    _Static_assert(LT_TYPE_TIMESTAMP_NTZ == LT_TYPE_DATE + 2, "formats stand in their order");
    return &times->formats[type->kind - LT_TYPE_DATE];
}

/* ------------------------------------------------------------------------------------ the life */

static int create_format(const struct lt_times_setup *setup, const char *text, bool is_local,
                         struct format *format, struct lt_error *error)
{
    format->is_given = text != NULL;
    format->falls_back =
        setup->falls_back == NULL ? text == NULL : lt_ascii_compare(setup->falls_back, "true") == 0;
    if (text == NULL)
        return LT_OK;
    if (setup->tells_old) {
        format->text = lt_alloc(strlen(text) + 1);
        memcpy(format->text, text, strlen(text) + 1);
    }
    struct lt_error unread;
    bool is_reading = setup->use == LT_DATETIME_READING;
    int code = (is_local ? lt_datetime_pattern_create_local : lt_datetime_pattern_create)(
        text, strlen(text), setup->use, &format->pattern, is_reading ? &unread : error);
    if (code != LT_OK)
        format->pattern = NULL;
    return is_reading ? LT_OK : code;
}

static void make_room(struct lt_times *times)
{
    size_t size_max = 0;
    for (int i = 0; i < KIND_COUNT; i++) {
        const struct lt_datetime_pattern *pattern = times->formats[i].pattern;
        size_t size = pattern == NULL ? 0 : lt_datetime_pattern_size_max(pattern);
        size_max = size > size_max ? size : size_max;
    }
    times->printed = lt_alloc(size_max + 1);
}

int lt_times_create(const struct lt_times_setup *setup, struct lt_times **out,
                    struct lt_error *error)
{
    const char *zone = setup->time_zone != NULL ? setup->time_zone : "UTC";
    struct lt_times *times = lt_alloc(sizeof *times);
    times->context.zones = lt_zones_create();
    times->context.clock = lt_clock_system();
    times->takes_day_numbers = setup->takes_day_numbers;
    int code = lt_zones_open(times->context.zones, zone, &times->context.zone, error);
    if (code == LT_OK)
        code = create_format(setup, setup->date_format, false, &times->formats[0], error);
    if (code == LT_OK)
        code = create_format(setup, setup->timestamp_format, false, &times->formats[1], error);
    if (code == LT_OK)
        code = create_format(setup, setup->timestamp_ntz_format, true, &times->formats[2], error);
    if (code != LT_OK) {
        lt_times_destroy(times);
        return code;
    }
    make_room(times);
    *out = times;
    return LT_OK;
}

void lt_times_destroy(struct lt_times *times)
{
    if (times == NULL)
        return;
    for (int i = 0; i < KIND_COUNT; i++) {
        if (times->formats[i].pattern != NULL)
            lt_datetime_pattern_destroy(times->formats[i].pattern);
        free(times->formats[i].text);
    }
    lt_zones_destroy(times->context.zones);
    free(times->printed);
    free(times);
}

/* ------------------------------------------------------------------------------------- reading */

static bool read_by_pattern(struct lt_times *times, const struct lt_datetime_pattern *pattern,
                            const struct lt_type *type, const void *text, size_t size_bytes,
                            int64_t *out)
{
    int32_t days;
    if (pattern == NULL)
        return false;
    if (type->kind == LT_TYPE_TIMESTAMP)
        return lt_datetime_read_timestamp(pattern, &times->context, text, size_bytes, out);
    if (type->kind == LT_TYPE_TIMESTAMP_NTZ)
        return lt_datetime_read_local(pattern, &times->context, text, size_bytes, false, out);
    if (!lt_datetime_read_date(pattern, &times->context, text, size_bytes, &days))
        return false;
    *out = days;
    return true;
}

static bool read_as_cast(struct lt_times *times, const struct lt_type *type, const void *text,
                         size_t size_bytes, int64_t *out)
{
    int32_t days;
    if (type->kind == LT_TYPE_TIMESTAMP)
        return lt_datetime_parse_timestamp(&times->context, text, size_bytes, out);
    if (type->kind == LT_TYPE_TIMESTAMP_NTZ)
        return lt_datetime_parse_local(&times->context, text, size_bytes, false, out);
    if (!lt_datetime_parse_date(text, size_bytes, &days))
        return false;
    *out = days;
    return true;
}

static bool read_moment(struct lt_times *times, const struct lt_type *type, const void *text,
                        size_t size_bytes, int64_t *out)
{
    const struct format *format = format_of(times, type);
    if (format->is_given && read_by_pattern(times, format->pattern, type, text, size_bytes, out))
        return true;
    bool is_local = type->kind == LT_TYPE_TIMESTAMP_NTZ; /* it has no fall-back in Spark */
    if (format->is_given && (is_local || !format->falls_back))
        return false;
    if (read_as_cast(times, type, text, size_bytes, out))
        return true;
    bool is_tight = ((const unsigned char *)text)[0] > ' ' &&
                    lt_ascii_is_digit(((const char *)text)[size_bytes - 1]);
    return type->kind == LT_TYPE_DATE && times->takes_day_numbers && format->falls_back &&
           is_tight &&
           lt_number_parse_i64(text, size_bytes, INT32_MIN, INT32_MAX, out) == LT_NUMBER_OK;
}

/* A text that its pattern does not fit, where Spark 2 read it. */
static void note_old(struct lt_times *times, const struct lt_type *type, const void *text,
                     size_t size_bytes)
{
    const struct format *format = format_of(times, type);
    if (times->has_old || format->text == NULL || format->pattern == NULL ||
        !lt_datetime_old_reads(format->text, strlen(format->text), &times->context, text,
                               size_bytes, LT_DATETIME_OLD_LENIENT))
        return;
    size_t shown = size_bytes < OLD_SHOWN_MAX ? size_bytes : OLD_SHOWN_MAX;
    memcpy(times->old, text, shown);
    times->old[shown] = '\0';
    times->has_old = true;
}

static bool parse(void *context, const struct lt_type *type, const void *data, size_t size_bytes,
                  union lt_value *out)
{
    switch (type->kind) {
    case LT_TYPE_DATE:
    case LT_TYPE_TIMESTAMP:
    case LT_TYPE_TIMESTAMP_NTZ:
        if (read_moment(context, type, data, size_bytes, &out->i64))
            return true;
        note_old(context, type, data, size_bytes);
        return false;
    case LT_TYPE_INTERVAL_DAY_TIME:
    case LT_TYPE_INTERVAL_YEAR_MONTH:
        return lt_interval_parse(type, data, size_bytes, out) == LT_INTERVAL_PARSED;
    case LT_TYPE_INTERVAL_CALENDAR:
        return lt_interval_parse_units(data, size_bytes, &out->interval) == LT_INTERVAL_PARSED;
    default:
        return false;
    }
}

/* ------------------------------------------------------------------------------------- writing */

static long print(struct lt_times *times, const struct lt_datetime_pattern *pattern,
                  const struct lt_type *type, int64_t number)
{
    if (type->kind == LT_TYPE_DATE)
        return lt_datetime_print_date(pattern, (int32_t)number, times->printed);
    if (type->kind == LT_TYPE_TIMESTAMP)
        return lt_datetime_print_timestamp(pattern, &times->context.zone, number, times->printed);
    return lt_datetime_print_local(pattern, number, times->printed);
}

int32_t lt_times_offset_s(void *times, int64_t us)
{
    const struct lt_times *own = times;
    int64_t at_s = us / US_PER_S - (us % US_PER_S < 0);
    return lt_zone_offset_s(&own->context.zone, at_s);
}

static void format_plainly(struct lt_times *times, const struct lt_type *type, int64_t number,
                           struct lt_text_buffer *out)
{
    char text[LT_TIME_TEXT_SIZE];
    size_t size;
    if (type->kind == LT_TYPE_DATE)
        size = lt_time_format_date(number, text);
    else if (type->kind == LT_TYPE_TIMESTAMP)
        size = lt_time_format_iso_ms(number, lt_times_offset_s(times, number), text);
    else if (type->kind == LT_TYPE_TIMESTAMP_NTZ)
        size = lt_time_format_iso_ms_local(number, text);
    else
        size = lt_time_format_time(number, text);
    lt_text_append_n(out, text, size);
}

static void format(void *context, const struct lt_type *type, const union lt_value *value,
                   struct lt_text_buffer *out)
{
    struct lt_times *times = context;
    if (type->kind > LT_TYPE_TIME) {
        lt_interval_write(out, type, value);
        return;
    }
    const struct lt_datetime_pattern *pattern =
        type->kind == LT_TYPE_TIME ? NULL : format_of(times, type)->pattern;
    if (pattern == NULL) {
        format_plainly(times, type, value->i64, out);
        return;
    }
    long size = print(times, pattern, type, value->i64);
    if (size < 0)
        times->has_failed = true;
    else
        lt_text_append_n(out, times->printed, (size_t)size);
}

struct lt_codec_times lt_times_codec(struct lt_times *times)
{
    return (struct lt_codec_times){.parse = parse,
                                   .format = format,
                                   .context = times,
                                   .dates_are_plain =
                                       !format_of(times, lt_type_simple(LT_TYPE_DATE))->is_given};
}

bool lt_times_has_pattern(const struct lt_times *times)
{
    return times->formats[0].is_given || times->formats[1].is_given || times->formats[2].is_given;
}

const char *lt_times_take_old(struct lt_times *times)
{
    bool has_old = times->has_old;
    times->has_old = false;
    return has_old ? times->old : NULL;
}

bool lt_times_take_failure(struct lt_times *times)
{
    bool has_failed = times->has_failed;
    times->has_failed = false;
    return has_failed;
}
