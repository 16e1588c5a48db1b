/*
 * Patterns for dates and times: a line with the pattern, then a text. The pattern prints moments at
 * all ends of the calendar, into exactly the room that it says it needs; and the text is read by
 * it, as today and as Spark 2 did. The text is also tried as the name of a zone.
 */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>

#include "core/text/datetime_old.h"
#include "core/text/datetime_pattern.h"

static const int64_t MOMENTS[] = {0,
                                  -1,
                                  INT64_MAX,
                                  INT64_MIN,
                                  INT64_C(1709164799999999),
                                  INT64_C(253402300799999999),
                                  INT64_C(-62135596800000000),
                                  INT64_C(-12219292800000001)};
enum { MOMENT_COUNT = sizeof MOMENTS / sizeof MOMENTS[0] };

static void print(const struct lt_datetime_pattern *pattern, const struct lt_zone *zone)
{
    size_t room = lt_datetime_pattern_size_max(pattern);
    for (unsigned i = 0; i < MOMENT_COUNT; i++) {
        char *out = malloc(room);
        lt_assert(lt_datetime_print_timestamp(pattern, zone, MOMENTS[i], out) <= (long)room);
        lt_assert(lt_datetime_print_local(pattern, MOMENTS[i], out) <= (long)room);
        lt_assert(lt_datetime_print_date(pattern, (int32_t)(MOMENTS[i] % INT32_MAX), out) <=
                  (long)room);
        free(out);
    }
}

static void read_text(const struct lt_datetime_pattern *pattern, struct lt_bytes text)
{
    int64_t us;
    int32_t days;
    (void)!lt_datetime_read_timestamp(pattern, fuzz_times(), text.data, text.size_bytes, &us);
    (void)!lt_datetime_read_local(pattern, fuzz_times(), text.data, text.size_bytes, true, &us);
    (void)!lt_datetime_read_date(pattern, fuzz_times(), text.data, text.size_bytes, &days);
}

/* Whatever the pattern is, nothing but the text is read. */
static void read_as_before(struct lt_bytes pattern, struct lt_bytes text)
{
    static const enum lt_datetime_old ways[] = {LT_DATETIME_OLD_STRICT, LT_DATETIME_OLD_LENIENT};
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
        (void)lt_datetime_old_reads((const char *)pattern.data, pattern.size_bytes, fuzz_times(),
                                    text.data, text.size_bytes, ways[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    struct fuzz_input input = {data, data + size_bytes};
    struct lt_bytes line = fuzz_line(&input), text = fuzz_rest(&input);
    struct lt_zone zone = fuzz_times()->zone;
    struct lt_datetime_pattern *pattern;
    struct lt_error error;
    if (lt_zones_find(fuzz_times()->zones, (const char *)text.data, text.size_bytes, &zone)) {
        char id[LT_ZONE_ID_MAX];
        lt_assert(lt_zone_id(&zone, id) < LT_ZONE_ID_MAX);
        lt_assert(lt_zone_name_at(&zone, 0, true, id) < LT_ZONE_ID_MAX);
    }
    if (lt_datetime_pattern_create((const char *)line.data, line.size_bytes, LT_DATETIME_PRINTING,
                                   &pattern, &error) == LT_OK) {
        print(pattern, &zone);
        lt_datetime_pattern_destroy(pattern);
    }
    if (lt_datetime_pattern_create((const char *)line.data, line.size_bytes, LT_DATETIME_READING,
                                   &pattern, &error) == LT_OK) {
        read_text(pattern, text);
        lt_datetime_pattern_destroy(pattern);
    }
    read_as_before(line, text);
    return 0;
}
