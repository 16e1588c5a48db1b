/*
 * Dates and times of numbers and back: of their fields, and of days, seconds, milliseconds and
 * microseconds since 1970; and times moved from zone to zone.
 *
 * A zone that is a text is looked up when it changes; finding a region for the first time reads its
 * file.
 */
#include <math.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/saturate.h"
#include "core/text/datetime_add.h"
#include "ops/expr/cast_decimal.h"
#include "ops/expr/faults.h"
#include "ops/expr/functions_datetime.h"
#include "ops/expr/expr.h"

static int64_t floor_divide(int64_t value, int64_t by)
{
    return value / by - (value % by < 0);
}

/* ----------------------------------------------------------------------------------- since 1970 */

static enum lt_kernel keep(struct lt_machine *machine, const struct lt_call *call,
                           union lt_value *out)
{
    out->i64 = lt_argument(machine, call, 0)->i64;
    return LT_KERNEL_VALUE;
}

static enum lt_kernel unix_seconds(struct lt_machine *machine, const struct lt_call *call,
                                   union lt_value *out)
{
    out->i64 = floor_divide(lt_argument(machine, call, 0)->i64, LT_US_PER_S);
    return LT_KERNEL_VALUE;
}

static enum lt_kernel unix_millis(struct lt_machine *machine, const struct lt_call *call,
                                  union lt_value *out)
{
    out->i64 = floor_divide(lt_argument(machine, call, 0)->i64, LT_US_PER_MS);
    return LT_KERNEL_VALUE;
}

static enum lt_kernel put_scaled(struct lt_machine *machine, const struct lt_call *call,
                                 int64_t unit_us, union lt_value *out)
{
    bool overflows = __builtin_mul_overflow(lt_argument(machine, call, 0)->i64, unit_us, &out->i64);
    return overflows ? lt_datetime_overflow(machine, call) : LT_KERNEL_VALUE;
}

static enum lt_kernel timestamp_seconds(struct lt_machine *machine, const struct lt_call *call,
                                        union lt_value *out)
{
    return put_scaled(machine, call, LT_US_PER_S, out);
}

static enum lt_kernel timestamp_millis(struct lt_machine *machine, const struct lt_call *call,
                                       union lt_value *out)
{
    return put_scaled(machine, call, LT_US_PER_MS, out);
}

/* What does not fit saturates. */
static enum lt_kernel timestamp_fraction(struct lt_machine *machine, const struct lt_call *call,
                                         union lt_value *out)
{
    double seconds = lt_argument(machine, call, 0)->f64, us = seconds * LT_US_PER_S;
    if (!isfinite(seconds))
        return LT_KERNEL_NULL;
    out->i64 = lt_saturate(us);
    return LT_KERNEL_VALUE;
}

/* Nothing is rounded: what is finer than a microsecond is refused. */
static enum lt_kernel timestamp_decimal(struct lt_machine *machine, const struct lt_call *call,
                                        union lt_value *out)
{
    const struct lt_decimal seconds = lt_argument_decimal(machine, call, 0);
    struct lt_decimal us = {.unscaled = seconds.unscaled, .scale = 0};
    for (uint32_t digit = seconds.scale; digit < 6; digit++) {
        if (__builtin_mul_overflow(us.unscaled, (__int128)10, &us.unscaled))
            return lt_datetime_overflow(machine, call);
    }
    for (uint32_t digit = 6; digit < seconds.scale; digit++) {
        if (us.unscaled % 10 != 0)
            return lt_machine_fault(machine, call, "DATETIME_FIELD_OUT_OF_BOUNDS", "22023",
                                    "the seconds are finer than a microsecond");
        us.unscaled /= 10;
    }
    out->i64 = (int64_t)us.unscaled;
    return out->i64 == us.unscaled ? LT_KERNEL_VALUE : lt_datetime_overflow(machine, call);
}

/* Spark casts nothing for these functions, but among whole numbers and among fractions. */
static int infer_exact(struct lt_analyser *analyser, struct lt_expression *call)
{
    const struct lt_function *function = lt_function_at((size_t)call->index, NULL);
    const struct lt_expression *argument = call->arguments[0];
    bool is_taken = argument->type->kind == LT_TYPE_VOID;
    for (const struct lt_signature *s = function->signatures; s->parameters != NULL; s++)
        is_taken = is_taken || lt_letter_accepts(s->parameters[0], argument->type) ||
                   (s->parameters[0] == 'l' && lt_type_is_integral(argument->type)) ||
                   (s->parameters[0] == 'd' && lt_type_is_fraction(argument->type));
    if (!is_taken)
        return lt_analyser_unexpected(analyser, call, 0, "of the type it is for");
    int code = LT_OK;
    if (lt_type_is_fraction(argument->type))
        code = lt_analyser_cast(analyser, &call->arguments[0], lt_type_simple(LT_TYPE_DOUBLE));
    return code != LT_OK ? code : LT_INFER_LETTERS;
}

/* NaN is no time; under the legacy rules neither are fields that make none. */
static int conclude_fallible(struct lt_analyser *analyser, struct lt_expression *call)
{
    bool is_fallible =
        analyser->coerce.session->is_legacy || lt_type_is_fraction(call->arguments[0]->type);
    call->nullable = call->nullable || is_fallible;
    return LT_OK;
}

/* ---------------------------------------------------------------------------------------- zones */

enum { ZONE_TEXT_SIZE = 64 };

/* The zone that was looked up last. */
struct zone_lookup {
    char text[ZONE_TEXT_SIZE];
    uint32_t size_bytes;
    bool is_set;
    struct lt_zone zone;
};

/* Up to two zones in a call. */
static int prepare_zones(const struct lt_prepare *prepare, struct lt_error *error)
{
    (void)error;
    struct zone_lookup *lookups = lt_arena_alloc(prepare->arena, 2 * sizeof *lookups);
    memset(lookups, 0, 2 * sizeof *lookups);
    prepare->call->state = lookups;
    return LT_OK;
}

/* The zone that an argument names; NULL: there is none, and the fault is told. */
static const struct lt_zone *zone_of(struct lt_machine *machine, const struct lt_call *call,
                                     uint32_t index, uint32_t slot)
{
    struct zone_lookup *lookup = (struct zone_lookup *)call->state + slot;
    struct lt_bytes name = lt_argument_bytes(machine, call, index);
    bool is_same = lookup->is_set && lookup->size_bytes == name.size_bytes &&
                   (name.size_bytes == 0 || memcmp(lookup->text, name.data, name.size_bytes) == 0);
    if (is_same)
        return &lookup->zone;
    lookup->is_set = name.size_bytes > 0 && name.size_bytes <= ZONE_TEXT_SIZE &&
                     lt_zones_find(machine->times->zones, (const char *)name.data, name.size_bytes,
                                   &lookup->zone);
    if (!lookup->is_set) {
        struct lt_call loud = *call; /* a zone that is none fails try_ functions too */
        loud.is_try = false;
        (void)lt_machine_fault(
            machine, &loud, "INVALID_TIMEZONE", "22009",
            "The timezone: %.*s is invalid. The timezone must be either a region-based zone ID or "
            "a "
            "zone offset. Region IDs must have the form 'area/city', such as "
            "'America/Los_Angeles'. Zone offsets must be in the format '(+|-)HH', "
            "'(+|-)HH:mm\u2019 "
            "or '(+|-)HH:mm:ss', e.g '-08' , '+01:00' or '-13:33:33', and must be in the range "
            "from -18:00 to +18:00. 'Z' and 'UTC' are accepted as synonyms for '+00:00'",
            (int)(name.size_bytes < ZONE_TEXT_SIZE ? name.size_bytes : ZONE_TEXT_SIZE),
            (const char *)name.data);
        return NULL;
    }
    memcpy(lookup->text, name.data, name.size_bytes);
    lookup->size_bytes = name.size_bytes;
    return &lookup->zone;
}

static enum lt_kernel from_utc_timestamp(struct lt_machine *machine, const struct lt_call *call,
                                         union lt_value *out)
{
    const struct lt_zone *zone = zone_of(machine, call, 1, 0);
    if (zone == NULL)
        return LT_KERNEL_FAULT;
    bool fits = lt_zone_to_local_us(zone, lt_argument(machine, call, 0)->i64, &out->i64);
    return fits ? LT_KERNEL_VALUE : lt_datetime_overflow(machine, call);
}

static enum lt_kernel to_utc_timestamp(struct lt_machine *machine, const struct lt_call *call,
                                       union lt_value *out)
{
    const struct lt_zone *zone = zone_of(machine, call, 1, 0);
    if (zone == NULL)
        return LT_KERNEL_FAULT;
    bool fits = lt_zone_from_local_us(zone, lt_argument(machine, call, 0)->i64, &out->i64);
    return fits ? LT_KERNEL_VALUE : lt_datetime_overflow(machine, call);
}

/* Without a source zone it is the session's. */
static enum lt_kernel convert_timezone(struct lt_machine *machine, const struct lt_call *call,
                                       union lt_value *out)
{
    bool has_source = call->argument_count == 3;
    const struct lt_zone *from = has_source ? zone_of(machine, call, 0, 0) : &machine->times->zone;
    const struct lt_zone *to = from == NULL ? NULL : zone_of(machine, call, has_source ? 1 : 0, 1);
    if (to == NULL)
        return LT_KERNEL_FAULT;
    int64_t local_us = lt_argument(machine, call, call->argument_count - 1)->i64, us = 0;
    bool fits =
        lt_zone_from_local_us(from, local_us, &us) && lt_zone_to_local_us(to, us, &out->i64);
    return fits ? LT_KERNEL_VALUE : lt_datetime_overflow(machine, call);
}

/* --------------------------------------------------------------------------------------- fields */

static bool is_try(const struct lt_call *call)
{
    return strncmp(call->name, "try_", 4) == 0;
}

static int32_t field_of(const struct lt_machine *machine, const struct lt_call *call,
                        uint32_t index)
{
    return (int32_t)lt_argument(machine, call, index)->i64;
}

/* As Java names the fields; the index of the argument, and what it may be. */
static const struct {
    const char *name, *range;
    uint32_t index;
} FIELDS[] = {
    [LT_DATETIME_BAD_YEAR] = {"Year", "-999999999 - 999999999", 0},
    [LT_DATETIME_BAD_MONTH] = {"MonthOfYear", "1 - 12", 1},
    [LT_DATETIME_BAD_DAY] = {"DayOfMonth", "1 - 28/31", 2},
    [LT_DATETIME_BAD_HOUR] = {"HourOfDay", "0 - 23", 3},
    [LT_DATETIME_BAD_MINUTE] = {"MinuteOfHour", "0 - 59", 4},
    [LT_DATETIME_BAD_SECOND] = {"SecondOfMinute", "0 - 59", 5},
};

static void describe_day(const struct lt_machine *machine, const struct lt_call *call,
                         struct lt_text_buffer *out)
{
    static const char *const months[] = {"JANUARY",   "FEBRUARY", "MARCH",    "APRIL",
                                         "MAY",       "JUNE",     "JULY",     "AUGUST",
                                         "SEPTEMBER", "OCTOBER",  "NOVEMBER", "DECEMBER"};
    int32_t month = field_of(machine, call, 1), day = field_of(machine, call, 2);
    if (day == 29)
        lt_text_format(out, "Invalid date 'February 29' as '%d' is not a leap year",
                       field_of(machine, call, 0));
    else
        lt_text_format(out, "Invalid date '%s %d'", months[(month - 1) % 12], day);
}

/* The seconds as they were given, without zeros behind. */
static void describe_seconds(const struct lt_machine *machine, const struct lt_call *call,
                             struct lt_text_buffer *out)
{
    lt_fault_show_plain(out, call->argument_types[5], lt_argument(machine, call, 5));
    while (out->size_bytes > 0 && out->data[out->size_bytes - 1] == '0')
        out->data[--out->size_bytes] = '\0';
}

/* Why fields make no date or time. One beyond what 64 bits hold is tried in vain, too. */
static enum lt_kernel unmade(struct lt_machine *machine, const struct lt_call *call,
                             enum lt_datetime_made made)
{
    bool is_date = call->type->kind == LT_TYPE_DATE, is_large = made == LT_DATETIME_TOO_LARGE;
    if (!is_large && (is_try(call) || call->is_legacy))
        return LT_KERNEL_NULL;
    if (is_large)
        return is_date ? lt_fault_overflow(machine, call, "integer overflow", NULL)
                       : lt_datetime_overflow(machine, call);
    struct lt_text_buffer text;
    lt_text_init(&text);
    const char *condition = "DATETIME_FIELD_OUT_OF_BOUNDS.WITH_SUGGESTION";
    if (made == LT_DATETIME_BAD_FRACTION) {
        condition = "INVALID_FRACTION_OF_SECOND";
        lt_text_append(&text, "Valid range for seconds is [0, 60] (inclusive), but the provided "
                              "value is ");
        describe_seconds(machine, call, &text);
        lt_text_append(&text,
                       ". To avoid this error, use `try_make_timestamp`, which returns NULL on "
                       "error.\nIf you do not want to use the session default timestamp version of "
                       "this function, use `try_make_timestamp_ntz` or `try_make_timestamp_ltz`");
    } else if (made == LT_DATETIME_BAD_DAY_OF_MONTH) {
        describe_day(machine, call, &text);
    } else {
        const union lt_value *value = lt_argument(machine, call, FIELDS[made].index);
        const struct lt_type *type = call->argument_types[FIELDS[made].index];
        int64_t shown = value->i64;
        for (uint32_t i = 0; type->kind == LT_TYPE_DECIMAL && i < type->scale; i++)
            shown = (i == 0 ? (int64_t)value->i128 : shown) / 10;
        lt_text_format(&text, "Invalid value for %s (valid values %s): %lld", FIELDS[made].name,
                       FIELDS[made].range, (long long)shown);
    }
    bool is_fraction = made == LT_DATETIME_BAD_FRACTION;
    enum lt_kernel kernel =
        lt_machine_fault(machine, call, condition, "22023", "%s%s", lt_text_get(&text),
                         is_fraction ? "" : ". " LT_FAULT_BYPASS);
    lt_text_fini(&text);
    return kernel;
}

static enum lt_kernel make_date(struct lt_machine *machine, const struct lt_call *call,
                                union lt_value *out)
{
    int32_t days = 0;
    enum lt_datetime_made made = lt_datetime_make_date(
        field_of(machine, call, 0), field_of(machine, call, 1), field_of(machine, call, 2), &days);
    out->i64 = days;
    return made == LT_DATETIME_MADE ? LT_KERNEL_VALUE : unmade(machine, call, made);
}

static enum lt_kernel make_in_zone(struct lt_machine *machine, const struct lt_call *call,
                                   const struct lt_zone *zone, union lt_value *out)
{
    enum lt_datetime_made made = lt_datetime_make_timestamp(
        zone, field_of(machine, call, 0), field_of(machine, call, 1), field_of(machine, call, 2),
        field_of(machine, call, 3), field_of(machine, call, 4),
        (int64_t)lt_argument(machine, call, 5)->i128, &out->i64);
    return made == LT_DATETIME_MADE ? LT_KERNEL_VALUE : unmade(machine, call, made);
}

static enum lt_kernel make_timestamp(struct lt_machine *machine, const struct lt_call *call,
                                     union lt_value *out)
{
    if (call->argument_count < 7)
        return make_in_zone(machine, call, &machine->times->zone, out);
    /* But for constants, Spark's code looks at the fields first, and takes an unknown zone for a
     * field that is wrong. */
    const bool is_record = machine->row != NULL;
    const struct lt_zone utc = lt_zone_utc();
    enum lt_kernel made = is_record ? make_in_zone(machine, call, &utc, out) : LT_KERNEL_VALUE;
    if (made != LT_KERNEL_VALUE)
        return made;
    const struct lt_zone *zone = zone_of(machine, call, 6, 0);
    if (zone == NULL)
        return is_record && (is_try(call) || call->is_legacy) ? LT_KERNEL_NULL : LT_KERNEL_FAULT;
    return make_in_zone(machine, call, zone, out);
}

static enum lt_kernel make_local(struct lt_machine *machine, const struct lt_call *call,
                                 union lt_value *out)
{
    const struct lt_zone utc = lt_zone_utc();
    return make_in_zone(machine, call, &utc, out);
}

/* Seconds with six digits are what no letter says. */
static int infer_fields(struct lt_analyser *analyser, struct lt_expression *call)
{
    const struct lt_function *function = lt_function_at((size_t)call->index, NULL);
    const struct lt_type *integer = lt_type_simple(LT_TYPE_INT);
    for (uint32_t i = 0; i < call->argument_count; i++) {
        const struct lt_type *wanted = i == 6   ? lt_type_simple(LT_TYPE_STRING)
                                       : i == 5 ? lt_type_decimal(analyser->coerce.arena, 16, 6)
                                                : integer;
        int code = lt_datetime_cast_field(analyser, call, i, wanted);
        if (code != LT_OK)
            return code;
    }
    call->signature = &function->signatures[0];
    call->type = lt_letter_type(function->signatures[0].result[0]);
    call->nullable = strncmp(call->name, "try_", 4) == 0 || analyser->coerce.session->is_legacy ||
                     lt_any_nullable(call->arguments, call->argument_count);
    return LT_OK;
}

#define DETERMINISTIC .is_deterministic = true
#define TOTAL DETERMINISTIC, .is_total = true
#define FIELDS(parameters, result, kernel)                                                         \
    DETERMINISTIC, .signatures = {LT_KERNEL(parameters, result, kernel)}, .infer = infer_fields,   \
                   .prepare = prepare_zones

static const struct lt_function functions[] = {
    {"unix_seconds", NULL, "unix_seconds(timestamp)", "Seconds since 1970-01-01 00:00:00 UTC.",
     "unix_seconds(TIMESTAMP'1970-01-01 00:00:01')", "1", TOTAL,
     .signatures = {LT_KERNEL("t", "l", unix_seconds)}, .infer = infer_exact},
    {"unix_millis", NULL, "unix_millis(timestamp)", "Milliseconds since 1970-01-01 00:00:00 UTC.",
     "unix_millis(TIMESTAMP'1970-01-01 00:00:01')", "1000", TOTAL,
     .signatures = {LT_KERNEL("t", "l", unix_millis)}, .infer = infer_exact},
    {"unix_micros", NULL, "unix_micros(timestamp)", "Microseconds since 1970-01-01 00:00:00 UTC.",
     "unix_micros(TIMESTAMP'1970-01-01 00:00:01')", "1000000", TOTAL,
     .signatures = {LT_KERNEL("t", "l", keep)}, .infer = infer_exact},
    {"unix_date", NULL, "unix_date(date)", "Days since 1970-01-01.", "unix_date(DATE'1970-01-02')",
     "1", TOTAL, .signatures = {LT_KERNEL("u", "i", keep)}, .infer = infer_exact},
    {"date_from_unix_date", NULL, "date_from_unix_date(days)",
     "The date so many days after 1970-01-01.", "date_from_unix_date(1)", "1970-01-02", TOTAL,
     .signatures = {LT_KERNEL("i", "u", keep)}},
    {"timestamp_seconds", NULL, "timestamp_seconds(a)", "The timestamp so many seconds after 1970.",
     "timestamp_seconds(1.5)", "1970-01-01 00:00:01.5", DETERMINISTIC, .is_total = true,
     .signatures = {LT_KERNEL("l", "t", timestamp_seconds), LT_KERNEL("k", "t", timestamp_decimal),
                    LT_KERNEL("d", "t", timestamp_fraction)},
     .infer = infer_exact, .conclude = conclude_fallible},
    {"timestamp_millis", NULL, "timestamp_millis(a)",
     "The timestamp so many milliseconds after 1970.", "timestamp_millis(1500)",
     "1970-01-01 00:00:01.5", TOTAL, .signatures = {LT_KERNEL("l", "t", timestamp_millis)},
     .infer = infer_exact},
    {"timestamp_micros", NULL, "timestamp_micros(a)",
     "The timestamp so many microseconds after 1970.", "timestamp_micros(1)",
     "1970-01-01 00:00:00.000001", TOTAL, .signatures = {LT_KERNEL("l", "t", keep)},
     .infer = infer_exact},
    {"from_utc_timestamp", NULL, "from_utc_timestamp(timestamp, zone)",
     "The timestamp, taken as one of UTC, as the clock of the zone shows it.",
     "from_utc_timestamp(TIMESTAMP'2024-07-01 12:00:00', 'America/Los_Angeles')",
     "2024-07-01 05:00:00", TOTAL, .signatures = {LT_KERNEL("ts", "t", from_utc_timestamp)},
     .prepare = prepare_zones},
    {"to_utc_timestamp", NULL, "to_utc_timestamp(timestamp, zone)",
     "The timestamp, taken as one of the zone, as the clock of UTC shows it.",
     "to_utc_timestamp(TIMESTAMP'2024-07-01 12:00:00', 'America/Los_Angeles')",
     "2024-07-01 19:00:00", TOTAL, .signatures = {LT_KERNEL("ts", "t", to_utc_timestamp)},
     .prepare = prepare_zones},
    {"convert_timezone", NULL, "convert_timezone([from_zone, ]to_zone, timestamp_ntz)",
     "The local time of one zone (else of the session's) as the clock of another shows it.",
     "convert_timezone('Europe/Brussels', 'America/Los_Angeles', "
     "TIMESTAMP_NTZ'2024-12-06 00:00:00')",
     "2024-12-05 15:00:00", TOTAL,
     .signatures = {LT_KERNEL("sz", "z", convert_timezone),
                    LT_KERNEL("ssz", "z", convert_timezone)},
     .prepare = prepare_zones},
    {"make_date", NULL, "make_date(year, month, day)", "The date of these fields.",
     "make_date(2024, 2, 29)", "2024-02-29", DETERMINISTIC, .is_total = true,
     .signatures = {LT_KERNEL("iii", "u", make_date)}, .conclude = conclude_fallible},
    {"make_timestamp", "make_timestamp_ltz",
     "make_timestamp(year, month, day, hour, minute, second[, zone])",
     "The timestamp of these fields, in a zone or the session's; the second has a fraction.",
     "make_timestamp(2024, 2, 29, 12, 34, 56.7)", "2024-02-29 12:34:56.7",
     FIELDS("iiiiik[s]", "t", make_timestamp)},
    {"try_make_timestamp", "try_make_timestamp_ltz",
     "try_make_timestamp(year, month, day, hour, minute, second[, zone])",
     "As make_timestamp, but NULL where the fields are none of a timestamp.",
     "try_make_timestamp(2024, 2, 30, 0, 0, 0)", "NULL", FIELDS("iiiiik[s]", "t", make_timestamp)},
    {"make_timestamp_ntz", NULL, "make_timestamp_ntz(year, month, day, hour, minute, second)",
     "The local timestamp of these fields.", "make_timestamp_ntz(2024, 2, 29, 12, 34, 56.7)",
     "2024-02-29 12:34:56.7", FIELDS("iiiiik", "z", make_local)},
    {"try_make_timestamp_ntz", NULL,
     "try_make_timestamp_ntz(year, month, day, hour, minute, second)",
     "As make_timestamp_ntz, but NULL where the fields are none of a timestamp.",
     "try_make_timestamp_ntz(2024, 2, 30, 0, 0, 0)", "NULL", FIELDS("iiiiik", "z", make_local)},
};

const struct lt_function_group lt_functions_datetime_make = {
    "datetime", functions, sizeof functions / sizeof functions[0]};
