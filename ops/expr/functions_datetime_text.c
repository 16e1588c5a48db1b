/*
 * Dates and times to and from text: by Java's patterns, or without one as casts do it.
 *
 * A constant pattern is compiled once, at preparation; one that changes is compiled when it
 * changes, and the last one is kept (that, and only that, allocates). A pattern that is none fails
 * the record that it is needed for, not the query, and try_ functions too.
 *
 * to_date(x), to_timestamp(x) and the like are casts. With a pattern they read text, and leave
 * what is a date or a timestamp already as it is.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/text/datetime_part.h"
#include "core/text/datetime_old.h"
#include "core/text/datetime_pattern.h"
#include "ops/expr/codec_calls.h"
#include "ops/expr/functions_datetime.h"
#include "ops/expr/kept_text.h"

/* ------------------------------------------------------------------------------------- patterns */

struct pattern {
    struct lt_datetime_pattern *compiled; /* NULL: none yet, or the last was none */
    enum lt_datetime_use use;
    bool is_local; /* for TIMESTAMP_NTZ */
    struct lt_kept_text text; /* what it was compiled from */
    bool is_constant;
    struct lt_error error; /* of the last compilation */
};

static const char DEFAULT_PATTERN[] = "yyyy-MM-dd HH:mm:ss";

static void pattern_set(struct pattern *pattern, struct lt_bytes text)
{
    lt_datetime_pattern_destroy(pattern->compiled);
    pattern->compiled = NULL;
    lt_kept_text_set(&pattern->text, text);
    lt_error_clear(&pattern->error);
    if ((pattern->is_local ? lt_datetime_pattern_create_local : lt_datetime_pattern_create)(
            (const char *)text.data, text.size_bytes, pattern->use, &pattern->compiled,
            &pattern->error) != LT_OK)
        pattern->compiled = NULL;
}

/* The pattern is the second argument; without one it is the default. */
static int prepare_pattern(const struct lt_prepare *prepare, enum lt_datetime_use use)
{
    const struct lt_expression *call = prepare->expression;
    const struct lt_expression *argument = call->argument_count < 2 ? NULL : call->arguments[1];
    struct pattern *pattern = lt_alloc(sizeof *pattern);
    prepare->call->state = pattern;
    pattern->use = use;
    pattern->is_local = call->type->kind == LT_TYPE_TIMESTAMP_NTZ;
    if (argument == NULL)
        pattern_set(pattern, lt_value_text(DEFAULT_PATTERN).bytes);
    else if (argument->kind == LT_EXPR_LITERAL && !argument->is_null)
        pattern_set(pattern, argument->value.bytes);
    pattern->is_constant = pattern->text.is_set;
    return LT_OK;
}

static int prepare_printing(const struct lt_prepare *prepare, struct lt_error *error)
{
    (void)error;
    return prepare_pattern(prepare, LT_DATETIME_PRINTING);
}

static int prepare_reading(const struct lt_prepare *prepare, struct lt_error *error)
{
    (void)error;
    bool is_text = lt_type_is_bytes(prepare->call->argument_types[0]);
    return is_text ? prepare_pattern(prepare, LT_DATETIME_READING) : LT_OK;
}

static void release_pattern(void *state)
{
    struct pattern *pattern = state;
    lt_datetime_pattern_destroy(pattern->compiled);
    lt_kept_text_fini(&pattern->text);
    free(pattern);
}

/* The compiled pattern of this record; NULL: it is none, and the fault is told. */
static const struct lt_datetime_pattern *pattern_of(struct lt_machine *machine,
                                                    const struct lt_call *call)
{
    struct pattern *pattern = call->state;
    if (!pattern->is_constant) {
        struct lt_bytes text = lt_argument_bytes(machine, call, 1);
        if (!lt_kept_text_is(&pattern->text, text))
            pattern_set(pattern, text);
    }
    if (pattern->compiled == NULL)
        (void)lt_machine_fault(machine, call, pattern->error.condition, pattern->error.sqlstate,
                               "%s", pattern->error.text);
    return pattern->compiled;
}

/* ------------------------------------------------------------------------------------- printing */

static enum lt_kernel print(struct lt_machine *machine, const struct lt_call *call, int64_t us,
                            union lt_value *out)
{
    const struct lt_datetime_pattern *pattern = pattern_of(machine, call);
    if (pattern == NULL)
        return LT_KERNEL_FAULT;
    char *text = lt_machine_alloc(machine, lt_datetime_pattern_size_max(pattern));
    if (text == NULL)
        return lt_machine_too_large(machine, call);
    long size = lt_datetime_print_timestamp(pattern, &machine->times->zone, us, text);
    lt_assert(size >= 0); /* a timestamp has all that patterns ask for */
    *out = lt_value_bytes(text, (uint32_t)size);
    return LT_KERNEL_VALUE;
}

static enum lt_kernel date_format(struct lt_machine *machine, const struct lt_call *call,
                                  union lt_value *out)
{
    return print(machine, call, lt_argument(machine, call, 0)->i64, out);
}

/* Seconds too large wrap around, as in Spark. */
static enum lt_kernel from_unixtime(struct lt_machine *machine, const struct lt_call *call,
                                    union lt_value *out)
{
    uint64_t seconds = (uint64_t)lt_argument(machine, call, 0)->i64;
    return print(machine, call, (int64_t)(seconds * LT_US_PER_S), out);
}

/* -------------------------------------------------------------------------------------- reading */

static bool is_try(const struct lt_call *call)
{
    return strncmp(call->name, "try_", 4) == 0;
}

/* Whoever asks to be told (spark.sql.legacy.timeParserPolicy) is, by try_ functions too, of what
 * Spark 2 read. */
static bool is_old(struct lt_machine *machine, const struct lt_call *call, struct lt_bytes text)
{
    const struct pattern *pattern = call->state;
    return call->session->tells_old_times &&
           lt_datetime_old_reads((const char *)pattern->text.data, pattern->text.size_bytes,
                                 machine->times, text.data, text.size_bytes,
                                 LT_DATETIME_OLD_STRICT);
}

static enum lt_kernel unreadable(struct lt_machine *machine, const struct lt_call *call,
                                 const struct lt_datetime_pattern *pattern)
{
    struct lt_bytes text = lt_argument_bytes(machine, call, 0);
    if (is_old(machine, call, text))
        return lt_codec_tell_old(machine, call, (const char *)text.data, text.size_bytes);
    if (call->is_legacy || is_try(call))
        return LT_KERNEL_NULL;
    struct lt_text_buffer why;
    lt_text_init(&why);
    lt_datetime_explain(pattern, machine->times->zones, (const char *)text.data, text.size_bytes,
                        &why);
    enum lt_kernel kernel = lt_machine_fault(
        machine, call, "CANNOT_PARSE_TIMESTAMP", "22007",
        "%s. Use `try_%s` to tolerate invalid input string and return NULL instead",
        lt_text_get(&why), call->type->kind == LT_TYPE_DATE ? "to_date" : "to_timestamp");
    lt_text_fini(&why);
    return kernel;
}

static enum lt_kernel read_timestamp(struct lt_machine *machine, const struct lt_call *call,
                                     union lt_value *out)
{
    const struct lt_datetime_pattern *pattern = pattern_of(machine, call);
    if (pattern == NULL)
        return LT_KERNEL_FAULT;
    struct lt_bytes text = lt_argument_bytes(machine, call, 0);
    bool is_read =
        lt_datetime_read_timestamp(pattern, machine->times, text.data, text.size_bytes, &out->i64);
    return is_read ? LT_KERNEL_VALUE : unreadable(machine, call, pattern);
}

static enum lt_kernel read_local(struct lt_machine *machine, const struct lt_call *call,
                                 union lt_value *out)
{
    const struct lt_datetime_pattern *pattern = pattern_of(machine, call);
    if (pattern == NULL)
        return LT_KERNEL_FAULT;
    struct lt_bytes text = lt_argument_bytes(machine, call, 0);
    bool is_read = lt_datetime_read_local(pattern, machine->times, text.data, text.size_bytes, true,
                                          &out->i64);
    return is_read ? LT_KERNEL_VALUE : unreadable(machine, call, pattern);
}

/* The date is that of the timestamp in the session's zone, whatever zone the text names. */
static enum lt_kernel read_date(struct lt_machine *machine, const struct lt_call *call,
                                union lt_value *out)
{
    enum lt_kernel result = read_timestamp(machine, call, out);
    int64_t us_of_day;
    if (result == LT_KERNEL_VALUE)
        lt_datetime_split(&machine->times->zone, out->i64, &out->i64, &us_of_day);
    return result;
}

static enum lt_kernel read_seconds(struct lt_machine *machine, const struct lt_call *call,
                                   union lt_value *out)
{
    enum lt_kernel result = read_timestamp(machine, call, out);
    if (result == LT_KERNEL_VALUE)
        out->i64 /= LT_US_PER_S;
    return result;
}

/* Cut towards 1970, unlike unix_seconds(). */
static enum lt_kernel seconds_of_timestamp(struct lt_machine *machine, const struct lt_call *call,
                                           union lt_value *out)
{
    out->i64 = lt_argument(machine, call, 0)->i64 / LT_US_PER_S;
    return LT_KERNEL_VALUE;
}

/* ------------------------------------------------------------------------------------- analysis */

/* The call becomes a cast of its first argument. That of a try_ function is no try_cast, but one by
 * the legacy rules, which give NULL for most of what cannot be cast. */
static int become_cast(struct lt_analyser *analyser, struct lt_expression *call,
                       const struct lt_type *to)
{
    bool is_quiet = strncmp(call->name, "try_", 4) == 0;
    struct lt_expression *cast = lt_coerce_cast(call->arguments[0], to, analyser->coerce.arena);
    bool is_new = cast->kind == LT_EXPR_CAST && cast != call->arguments[0];
    const uint32_t begin = call->begin, end = call->end;
    *call = *cast;
    if (!is_new)
        return LT_OK;
    call->begin = begin;
    call->end = end;
    call->is_try = call->is_legacy = is_quiet;
    call->nullable = call->nullable || is_quiet || analyser->coerce.session->is_legacy;
    return LT_OK;
}

static bool is_text_or_time(const struct lt_type *type)
{
    return type->kind == LT_TYPE_VOID || lt_type_is_text(type) || lt_type_is_datetime(type);
}

static bool is_text(const struct lt_type *type)
{
    return type->kind == LT_TYPE_VOID || lt_type_is_text(type);
}

/* The pattern as text. */
static int cast_pattern(struct lt_analyser *analyser, struct lt_expression *call)
{
    const struct lt_type *string = lt_type_simple(LT_TYPE_STRING);
    if (!lt_coerce_is_implicit(&analyser->coerce, call->arguments[1]->type, string))
        return lt_analyser_unexpected(analyser, call, 1, "a STRING");
    return lt_analyser_cast(analyser, &call->arguments[1], string);
}

static int set_reading(struct lt_analyser *analyser, struct lt_expression *call,
                       const struct lt_signature *signature, const struct lt_type *type)
{
    int code = lt_analyser_cast(analyser, &call->arguments[0], lt_type_simple(LT_TYPE_STRING));
    call->signature = signature;
    call->type = type;
    call->nullable = strncmp(call->name, "try_", 4) == 0 || analyser->coerce.session->is_legacy ||
                     lt_any_nullable(call->arguments, call->argument_count);
    return code;
}

static enum lt_kernel keep(struct lt_machine *machine, const struct lt_call *call,
                           union lt_value *out)
{
    out->i64 = lt_argument(machine, call, 0)->i64;
    return LT_KERNEL_VALUE;
}
static const struct lt_signature KEEP = LT_KERNEL("a", "t", keep);

/* Beside a pattern a date or a timestamp is taken as it is held, so that a local time becomes one
 * of UTC. */
static int take_as_held(struct lt_analyser *analyser, struct lt_expression *call,
                        const struct lt_type *to)
{
    const struct lt_type *timestamp = lt_type_simple(LT_TYPE_TIMESTAMP);
    if (call->arguments[0]->type->kind == LT_TYPE_DATE && to->kind == LT_TYPE_DATE)
        return become_cast(analyser, call, to);
    if (call->arguments[0]->type->kind == LT_TYPE_DATE) {
        int code = lt_analyser_cast(analyser, &call->arguments[0], timestamp);
        if (code != LT_OK)
            return code;
    }
    call->argument_count = 1;
    call->signature = &KEEP;
    call->type = to->kind == LT_TYPE_DATE ? timestamp : to;
    call->nullable = call->arguments[0]->nullable;
    if (to->kind != LT_TYPE_DATE)
        return LT_OK;
    struct lt_expression *held = lt_arena_alloc(analyser->coerce.arena, sizeof *held);
    *held = *call;
    *call = *lt_coerce_cast(held, to, analyser->coerce.arena);
    return LT_OK;
}

/* to_date, to_timestamp and the like: what is neither text nor time is read as text; but a number
 * is a timestamp. */
static int infer_reading(struct lt_analyser *analyser, struct lt_expression *call,
                         const struct lt_type *to)
{
    struct lt_expression **source = &call->arguments[0];
    if (lt_coerce_is_open(*source))
        *source = lt_coerce_cast(*source, lt_type_simple(LT_TYPE_STRING), analyser->coerce.arena);
    bool is_number = lt_type_is_number((*source)->type) || (*source)->type->kind == LT_TYPE_DECIMAL;
    bool keeps = is_text_or_time((*source)->type) ||
                 (is_number && to->kind == LT_TYPE_TIMESTAMP && call->argument_count == 1);
    if (is_number && to->kind == LT_TYPE_TIMESTAMP && call->argument_count == 2)
        return lt_analyser_unexpected(analyser, call, 0, "a STRING, a DATE or a TIMESTAMP");
    if (!keeps) {
        const struct lt_type *string = lt_type_simple(LT_TYPE_STRING);
        if (!lt_coerce_is_implicit(&analyser->coerce, (*source)->type, string))
            return lt_analyser_unexpected(analyser, call, 0, "a STRING, a DATE or a TIMESTAMP");
        int code = lt_analyser_cast(analyser, source, string);
        if (code != LT_OK)
            return code;
    }
    if (call->argument_count == 1)
        return become_cast(analyser, call, to);
    if (!is_text((*source)->type))
        return take_as_held(analyser, call, to);
    int code = cast_pattern(analyser, call);
    const struct lt_function *function = lt_function_at((size_t)call->index, NULL);
    return code != LT_OK ? code : set_reading(analyser, call, &function->signatures[0], to);
}

static int infer_to_date(struct lt_analyser *analyser, struct lt_expression *call)
{
    return infer_reading(analyser, call, lt_type_simple(LT_TYPE_DATE));
}

static int infer_to_timestamp(struct lt_analyser *analyser, struct lt_expression *call)
{
    return infer_reading(analyser, call, lt_type_simple(LT_TYPE_TIMESTAMP));
}

static int infer_to_local(struct lt_analyser *analyser, struct lt_expression *call)
{
    return infer_reading(analyser, call, lt_type_simple(LT_TYPE_TIMESTAMP_NTZ));
}

static const struct lt_signature SECONDS_OF_TIMESTAMP = LT_KERNEL("t", "l", seconds_of_timestamp);
static const struct lt_signature SECONDS_OF_LOCAL = LT_KERNEL("z", "l", seconds_of_timestamp);

/* unix_timestamp() is of the current time. A pattern counts for text only. */
static int infer_seconds(struct lt_analyser *analyser, struct lt_expression *call)
{
    const struct lt_type *bigint = lt_type_simple(LT_TYPE_BIGINT);
    if (call->argument_count == 0) {
        struct lt_expression *now =
            lt_analyser_call(analyser, call, "current_timestamp", NULL, NULL);
        now->argument_count = 0;
        call->arguments = lt_arena_alloc(analyser->coerce.arena, sizeof *call->arguments);
        call->arguments[0] = now;
        call->argument_count = 1;
        int code = lt_resolve_call(analyser, now);
        if (code != LT_OK)
            return code;
    }
    struct lt_expression **source = &call->arguments[0];
    if (lt_coerce_is_open(*source))
        *source = lt_coerce_cast(*source, lt_type_simple(LT_TYPE_STRING), analyser->coerce.arena);
    if (!is_text_or_time((*source)->type))
        return lt_analyser_unexpected(analyser, call, 0, "a STRING, a DATE or a TIMESTAMP");
    if (call->argument_count == 2 && !is_text(call->arguments[1]->type) &&
        call->arguments[1]->type->kind != LT_TYPE_VOID && !lt_coerce_is_open(call->arguments[1]))
        return lt_analyser_unexpected(analyser, call, 1, "a STRING");
    if (is_text((*source)->type)) {
        int code = call->argument_count == 2 ? cast_pattern(analyser, call) : LT_OK;
        const struct lt_function *function = lt_function_at((size_t)call->index, NULL);
        return code != LT_OK ? code : set_reading(analyser, call, &function->signatures[0], bigint);
    }
    bool is_local = (*source)->type->kind == LT_TYPE_TIMESTAMP_NTZ;
    call->argument_count = 1;
    call->type = bigint;
    call->nullable = (*source)->nullable;
    call->signature = is_local ? &SECONDS_OF_LOCAL : &SECONDS_OF_TIMESTAMP;
    return is_local ? LT_OK : lt_analyser_cast(analyser, source, lt_type_simple(LT_TYPE_TIMESTAMP));
}

#define DETERMINISTIC .is_deterministic = true
#define READING(kernel, inference)                                                                 \
    DETERMINISTIC, .signatures = {LT_KERNEL("a[s]", "t", kernel)}, .infer = inference,             \
                   .prepare = prepare_reading, .release = release_pattern
#define SECONDS(parameters)                                                                        \
    DETERMINISTIC, .signatures = {LT_KERNEL(parameters, "l", read_seconds)},                       \
                   .infer = infer_seconds, .prepare = prepare_reading, .release = release_pattern, \
                   .needs_zone = true

static const struct lt_function functions[] = {
    {"date_format", NULL, "date_format(timestamp, pattern)",
     "The timestamp as text by Java's pattern letters: yyyy-MM-dd HH:mm:ss.SSS, E, MMM, a, Z.",
     "date_format(TIMESTAMP'2024-03-05 09:07:04', 'E d MMM yyyy, h:mm a')",
     "Tue 5 Mar 2024, 9:07 AM", DETERMINISTIC, .is_total = true, .decodes_texts = true,
     .signatures = {LT_KERNEL("ts", "s", date_format)}, .prepare = prepare_printing,
     .release = release_pattern},
    {"from_unixtime", NULL, "from_unixtime(seconds[, pattern])",
     "The time so many seconds after 1970-01-01 00:00:00 UTC, as text in the session's time zone.",
     "from_unixtime(1700000000, 'yyyy/MM/dd HH')", "2023/11/14 22", DETERMINISTIC,
     .decodes_texts = true, .signatures = {LT_KERNEL("l[s]", "s", from_unixtime)},
     .prepare = prepare_printing, .release = release_pattern, .needs_zone = true},
    {"to_date", NULL, "to_date(text[, pattern])",
     "The date that the text says, by a pattern or as a cast reads it.",
     "to_date('02.01.2024', 'dd.MM.yyyy')", "2024-01-02", READING(read_date, infer_to_date)},
    {"try_to_date", NULL, "try_to_date(text[, pattern])",
     "As to_date, but NULL where the text is no date.", "try_to_date('junk')", "NULL",
     READING(read_date, infer_to_date)},
    {"to_timestamp", "to_timestamp_ltz", "to_timestamp(text[, pattern])",
     "The timestamp that the text says, by a pattern or as a cast reads it.",
     "to_timestamp('Feb 3, 2024 3:04 PM', 'MMM d, yyyy h:mm a')", "2024-02-03 15:04:00",
     READING(read_timestamp, infer_to_timestamp)},
    {"try_to_timestamp", NULL, "try_to_timestamp(text[, pattern])",
     "As to_timestamp, but NULL where the text is no timestamp.",
     "try_to_timestamp('2023-02-29', 'yyyy-MM-dd')", "NULL",
     READING(read_timestamp, infer_to_timestamp)},
    {"to_timestamp_ntz", NULL, "to_timestamp_ntz(text[, pattern])",
     "The local timestamp that the text says; a time zone in it is put aside.",
     "to_timestamp_ntz('2024-01-02', 'yyyy-MM-dd')", "2024-01-02 00:00:00",
     READING(read_local, infer_to_local)},
    {"unix_timestamp", NULL, "unix_timestamp([time[, pattern]])",
     "The seconds from 1970-01-01 00:00:00 UTC to a date, a timestamp, or a text by the pattern "
     "(yyyy-MM-dd HH:mm:ss); without arguments, to now.",
     "unix_timestamp('2024-01-02 03:04:05')", "1704164645", SECONDS("[as]")},
    {"to_unix_timestamp", NULL, "to_unix_timestamp(time[, pattern])",
     "As unix_timestamp, but never of now.", "to_unix_timestamp('2024-07-04', 'yyyy-MM-dd')",
     "1720051200", SECONDS("a[s]")},
};

const struct lt_function_group lt_functions_datetime_text = {
    "datetime", functions, sizeof functions / sizeof functions[0]};
