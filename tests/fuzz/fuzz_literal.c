/*
 * Texts of casts and literals: dates, timestamps, times, intervals of all their fields, lists of
 * units, and what options call durations, sizes and lists of CPUs.
 */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>

#include "core/base/units.h"
#include "core/text/interval.h"
#include "core/text/interval_parse.h"

static void read_interval(const struct lt_type *type, struct lt_bytes text)
{
    struct lt_text_buffer out;
    union lt_value value, again;
    if (lt_interval_parse(type, text.data, text.size_bytes, &value) != LT_INTERVAL_PARSED)
        return;
    lt_text_init(&out);
    lt_interval_write(&out, type, &value);
    lt_assert(lt_interval_parse(type, out.data, out.size_bytes, &again) == LT_INTERVAL_PARSED);
    /* A day, hour or minute alone wraps as in Spark, and then has a rest that is not shown. */
    if (type->interval_start != type->interval_end || type->kind == LT_TYPE_INTERVAL_YEAR_MONTH)
        lt_assert(value.i64 == again.i64);
    lt_text_fini(&out);
}

static void read_intervals(struct lt_bytes text)
{
    for (uint8_t start = 0; start <= LT_INTERVAL_SECOND; start++)
        for (uint8_t end = start; end <= LT_INTERVAL_SECOND; end++) {
            const struct lt_type days = {
                .kind = LT_TYPE_INTERVAL_DAY_TIME, .interval_start = start, .interval_end = end};
            const struct lt_type months = {
                .kind = LT_TYPE_INTERVAL_YEAR_MONTH, .interval_start = start, .interval_end = end};
            read_interval(&days, text);
            if (end <= LT_INTERVAL_MONTH)
                read_interval(&months, text);
        }
    struct lt_calendar_interval units;
    if (lt_interval_parse_units(text.data, text.size_bytes, &units) == LT_INTERVAL_PARSED) {
        struct lt_text_buffer out;
        lt_text_init(&out);
        lt_interval_write(&out, lt_type_simple(LT_TYPE_INTERVAL_CALENDAR),
                          &(union lt_value){.interval = units});
        lt_text_fini(&out);
    }
}

static void read_moments(struct lt_bytes text)
{
    struct lt_datetime_context *times = fuzz_times();
    int64_t out;
    int32_t days;
    (void)!lt_datetime_parse_date(text.data, text.size_bytes, &days);
    (void)!lt_datetime_parse_timestamp(times, text.data, text.size_bytes, &out);
    (void)!lt_datetime_parse_local(times, text.data, text.size_bytes, true, &out);
    (void)!lt_datetime_special_date(times, text.data, text.size_bytes, &days);
    (void)!lt_datetime_special_timestamp(times, text.data, text.size_bytes, &out);
    (void)!lt_datetime_special_local(times, text.data, text.size_bytes, &out);
}

static void read_units(const char *text)
{
    int cpus[8];
    int64_t out;
    bool truth;
    struct lt_error error;
    (void)!lt_units_parse_duration_ns(text, 1, &out, &error);
    (void)!lt_units_parse_size(text, &out, &error);
    (void)!lt_units_parse_i64(text, &out, &error);
    (void)!lt_units_parse_bool(text, &truth, &error);
    (void)!lt_units_parse_cpus(text, cpus, 8, &error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    const struct fuzz_input input = {data, data + size_bytes};
    struct lt_bytes bytes = fuzz_rest(&input);
    char *text = fuzz_text(bytes);
    read_intervals(bytes);
    read_moments(bytes);
    read_units(text);
    free(text);
    return 0;
}
