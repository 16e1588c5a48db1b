/*
 * Sums and averages.
 *
 *   sum of integers   bigint; over 64 bits ARITHMETIC_OVERFLOW, NULL of try_sum, and under the
 * legacy rules it wraps of fractions      double of decimals       decimal(p + 10, s), exact in 128
 * bits; a sum of more digits is no value any more whatever comes after it, and what that means is
 * told at the end of intervals      the same kind, overflow as of integers avg               the
 * sum and the count; of integers too the sum is a double, as Spark's is
 *
 *   regr_avgx, _avgy  the average of the first argument where the second is not NULL either
 *
 * Rows that are NULL do not count; of none the result is NULL.
 *
 * Byte form: the struct as it stands, 32 bytes: the sum (16: an integer, a double in the first 8,
 * or the unscaled number), the count of what was added (8), 1 where it has overflown (8).
 */
#include "ops/aggregate/kind.h"

#include "core/data/decimal.h"

enum sum_variant { SUM, TRY_SUM, AVERAGE, TRY_AVERAGE };

struct sum {
    union lt_value value;
    int64_t count;
    int64_t has_overflown;
};

static bool is_try(const struct lt_aggregate *aggregate)
{
    return aggregate->variant == TRY_SUM || aggregate->variant == TRY_AVERAGE;
}

static bool is_average(const struct lt_aggregate *aggregate)
{
    return aggregate->variant == AVERAGE || aggregate->variant == TRY_AVERAGE;
}

/* ------------------------------------------------------------------------------------- integers */

/* A sum of 64 bits that does not fit. */
static bool overflow_i64(const struct lt_aggregate *aggregate, struct sum *sum,
                         struct lt_aggregate_work *work)
{
    bool is_interval = lt_type_is_ansi_interval(aggregate->types[0]);
    sum->has_overflown = is_try(aggregate);
    if (is_try(aggregate) || (aggregate->is_legacy && !is_interval))
        return true;
    const char *hint = is_average(aggregate) ? "try_avg" : "try_sum";
    if (is_interval)
        return lt_aggregate_fault(work, "INTERVAL_ARITHMETIC_OVERFLOW.WITH_SUGGESTION", "22015",
                                  "Interval value overflows a %s. Use `%s` to tolerate overflow "
                                  "and return NULL instead",
                                  lt_type_is_ansi_interval(aggregate->types[0]) &&
                                          aggregate->types[0]->kind == LT_TYPE_INTERVAL_YEAR_MONTH
                                      ? "INT"
                                      : "BIGINT",
                                  hint);
    return lt_aggregate_fault(work, "ARITHMETIC_OVERFLOW", "22003",
                              "long overflow. Use '%s' to tolerate overflow and return NULL "
                              "instead. If necessary set \"spark.sql.ansi.enabled\" to \"false\" "
                              "to bypass this error",
                              hint);
}

static bool add_i64(const struct lt_aggregate *aggregate, struct sum *sum, int64_t value,
                    struct lt_aggregate_work *work)
{
    int64_t total;
    bool is_over = __builtin_add_overflow(sum->value.i64, value, &total);
    if (aggregate->types[0]->kind == LT_TYPE_INTERVAL_YEAR_MONTH)
        is_over = total < INT32_MIN || total > INT32_MAX; /* months are 32 bits */
    if (lt_unlikely(is_over) && !overflow_i64(aggregate, sum, work))
        return false;
    sum->value.i64 = total;
    return true;
}

static bool update_i64(const struct lt_aggregate *aggregate, void *state, const struct lt_row *row,
                       struct lt_aggregate_work *work)
{
    struct sum *sum = state;
    if (lt_aggregate_has_null(aggregate, row))
        return true;
    sum->count++;
    return add_i64(aggregate, sum, lt_aggregate_value(aggregate, row, 0)->i64, work);
}

static bool merge_i64(const struct lt_aggregate *aggregate, void *state, const void *other,
                      struct lt_aggregate_work *work)
{
    struct sum *sum = state;
    const struct sum *more = other;
    sum->count += more->count;
    sum->has_overflown |= more->has_overflown;
    return add_i64(aggregate, sum, more->value.i64, work);
}

static enum lt_aggregate_result give_i64(const struct lt_aggregate *aggregate, const void *state,
                                         struct lt_aggregate_work *work, union lt_value *out)
{
    const struct sum *sum = state;
    (void)aggregate, (void)work;
    out->i64 = sum->value.i64;
    return sum->count == 0 || sum->has_overflown ? LT_AGGREGATE_NULL : LT_AGGREGATE_VALUE;
}

/* The average of intervals, rounded half up: away from zero. */
static enum lt_aggregate_result give_interval(const struct lt_aggregate *aggregate,
                                              const void *state, struct lt_aggregate_work *work,
                                              union lt_value *out)
{
    const struct sum *sum = state;
    (void)aggregate, (void)work;
    if (sum->count == 0 || sum->has_overflown)
        return LT_AGGREGATE_NULL;
    int64_t whole = sum->value.i64 / sum->count, rest = sum->value.i64 % sum->count;
    uint64_t size = rest < 0 ? -(uint64_t)rest : (uint64_t)rest;
    bool is_up = size >= (uint64_t)sum->count - size;
    out->i64 = whole + (is_up ? (sum->value.i64 < 0 ? -1 : 1) : 0);
    return LT_AGGREGATE_VALUE;
}

/* ------------------------------------------------------------------------------------ fractions */

static void add_f64(struct sum *sum, double value)
{
    sum->value.f64 += value;
}

static bool update_f64(const struct lt_aggregate *aggregate, void *state, const struct lt_row *row,
                       struct lt_aggregate_work *work)
{
    struct sum *sum = state;
    (void)work;
    if (lt_aggregate_has_null(aggregate, row))
        return true;
    sum->count++;
    add_f64(sum, lt_aggregate_value(aggregate, row, 0)->f64);
    return true;
}

/* An average of integers. */
static bool update_f64_of_i64(const struct lt_aggregate *aggregate, void *state,
                              const struct lt_row *row, struct lt_aggregate_work *work)
{
    struct sum *sum = state;
    (void)work;
    if (lt_aggregate_has_null(aggregate, row))
        return true;
    sum->count++;
    add_f64(sum, (double)lt_aggregate_value(aggregate, row, 0)->i64);
    return true;
}

static bool merge_f64(const struct lt_aggregate *aggregate, void *state, const void *other,
                      struct lt_aggregate_work *work)
{
    struct sum *sum = state;
    const struct sum *more = other;
    (void)aggregate, (void)work;
    if (more->count == 0)
        return true;
    sum->count += more->count;
    add_f64(sum, more->value.f64);
    return true;
}

static enum lt_aggregate_result give_f64(const struct lt_aggregate *aggregate, const void *state,
                                         struct lt_aggregate_work *work, union lt_value *out)
{
    const struct sum *sum = state;
    (void)work;
    if (sum->count == 0)
        return LT_AGGREGATE_NULL;
    out->f64 = is_average(aggregate) ? sum->value.f64 / (double)sum->count : sum->value.f64;
    return LT_AGGREGATE_VALUE;
}

/* ------------------------------------------------------------------------------------- decimals */

/* The type of a sum: ten more digits, as many as there can be. */
static uint8_t sum_precision(const struct lt_type *type)
{
    unsigned digits = type->precision + 10U;
    return (uint8_t)(digits > LT_DECIMAL_PRECISION_MAX ? LT_DECIMAL_PRECISION_MAX : digits);
}

static void add_decimal(const struct lt_aggregate *aggregate, struct sum *sum, __int128 value)
{
    __int128 total;
    if (sum->has_overflown || __builtin_add_overflow(sum->value.i128, value, &total) ||
        !lt_decimal_fits(total, sum_precision(aggregate->types[0]))) {
        sum->has_overflown = 1;
        sum->value.i128 = 0;
        return;
    }
    sum->value.i128 = total;
}

static bool update_decimal(const struct lt_aggregate *aggregate, void *state,
                           const struct lt_row *row, struct lt_aggregate_work *work)
{
    struct sum *sum = state;
    (void)work;
    if (lt_aggregate_has_null(aggregate, row))
        return true;
    sum->count++;
    add_decimal(aggregate, sum, lt_aggregate_value(aggregate, row, 0)->i128);
    return true;
}

static bool merge_decimal(const struct lt_aggregate *aggregate, void *state, const void *other,
                          struct lt_aggregate_work *work)
{
    struct sum *sum = state;
    const struct sum *more = other;
    (void)work;
    sum->count += more->count;
    sum->has_overflown |= more->has_overflown;
    add_decimal(aggregate, sum, more->value.i128);
    return true;
}

/* A decimal that does not fit its type: NULL, or an error. */
static enum lt_aggregate_result overflow_decimal(const struct lt_aggregate *aggregate,
                                                 struct lt_aggregate_work *work)
{
    if (is_try(aggregate) || aggregate->is_legacy)
        return LT_AGGREGATE_NULL;
    (void)lt_aggregate_fault(work, "ARITHMETIC_OVERFLOW", "22003",
                             "Overflow in %s of decimals. Use 'try_%s' to tolerate overflow and "
                             "return NULL instead. If necessary set \"spark.sql.ansi.enabled\" to "
                             "\"false\" to bypass this error",
                             is_average(aggregate) ? "avg" : "sum",
                             is_average(aggregate) ? "avg" : "sum");
    return LT_AGGREGATE_FAULT;
}

static enum lt_aggregate_result give_decimal(const struct lt_aggregate *aggregate,
                                             const void *state, struct lt_aggregate_work *work,
                                             union lt_value *out)
{
    const struct sum *sum = state;
    if (sum->count == 0)
        return LT_AGGREGATE_NULL;
    if (sum->has_overflown)
        return overflow_decimal(aggregate, work);
    out->i128 = sum->value.i128;
    if (!is_average(aggregate))
        return LT_AGGREGATE_VALUE;
    struct lt_decimal total = {sum->value.i128, aggregate->types[0]->scale};
    struct lt_decimal count = {sum->count, 0};
    struct lt_decimal_shape shape = {aggregate->type->precision, aggregate->type->scale};
    if (lt_decimal_divide(total, count, shape, &out->i128) == LT_DECIMAL_OK)
        return LT_AGGREGATE_VALUE;
    if (is_try(aggregate) || aggregate->is_legacy)
        return LT_AGGREGATE_NULL;
    (void)lt_aggregate_fault(
        work, "NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION", "22003",
        "The average cannot be represented as Decimal(%u, %u). If necessary "
        "set \"spark.sql.ansi.enabled\" to \"false\" to bypass this error, and "
        "return NULL instead",
        shape.precision, shape.scale);
    return LT_AGGREGATE_FAULT;
}

/* -------------------------------------------------------------------------------------- binding */

static int read_sum(const struct lt_aggregate *aggregate, struct lt_aggregate_reader *reader,
                    void *state)
{
    const struct sum *sum = state;
    int code = lt_aggregate_read_plain(aggregate, reader, state);
    if (code != LT_OK)
        return code;
    bool is_decimal = aggregate->types[0]->kind == LT_TYPE_DECIMAL;
    bool is_sound =
        lt_aggregate_is_count(sum->count) && (sum->has_overflown == 0 || sum->has_overflown == 1) &&
        (!is_decimal || lt_decimal_fits(sum->value.i128, sum_precision(aggregate->types[0])));
    return is_sound ? LT_OK : lt_aggregate_damaged(reader, "a sum is no value of its type");
}

#define CALLS(update_, merge_, give_)                                                              \
    {                                                                                              \
        .update = update_, .merge = merge_, .evaluate = give_, .write = lt_aggregate_write_plain,  \
        .read = read_sum                                                                           \
    }
static const struct lt_aggregate_calls i64_calls = CALLS(update_i64, merge_i64, give_i64);
static const struct lt_aggregate_calls interval_calls = CALLS(update_i64, merge_i64, give_interval);
static const struct lt_aggregate_calls f64_calls = CALLS(update_f64, merge_f64, give_f64);
static const struct lt_aggregate_calls f64_of_i64_calls =
    CALLS(update_f64_of_i64, merge_f64, give_f64);
static const struct lt_aggregate_calls decimal_calls =
    CALLS(update_decimal, merge_decimal, give_decimal);

static int bind_sum(struct lt_aggregate *aggregate, const struct lt_aggregate_binding *binding)
{
    const struct lt_type *type = aggregate->types[0];
    (void)binding;
    aggregate->state_size_bytes = sizeof(struct sum);
    if (type->kind == LT_TYPE_DECIMAL)
        aggregate->calls = &decimal_calls;
    else if (lt_type_is_ansi_interval(type))
        aggregate->calls = is_average(aggregate) ? &interval_calls : &i64_calls;
    else if (lt_type_is_fraction(type))
        aggregate->calls = &f64_calls;
    else
        aggregate->calls = is_average(aggregate) ? &f64_of_i64_calls : &i64_calls;
    return LT_OK;
}

const struct lt_aggregate_kind lt_aggregate_sum = {bind_sum, SUM, .inputs = 1};
const struct lt_aggregate_kind lt_aggregate_try_sum = {bind_sum, TRY_SUM, .inputs = 1};
const struct lt_aggregate_kind lt_aggregate_avg = {bind_sum, AVERAGE, .inputs = 1};
const struct lt_aggregate_kind lt_aggregate_try_avg = {bind_sum, TRY_AVERAGE, .inputs = 1};
const struct lt_aggregate_kind lt_aggregate_regr_avgx = {bind_sum, AVERAGE, .inputs = 2};
const struct lt_aggregate_kind lt_aggregate_regr_avgy = {bind_sum, AVERAGE, .inputs = 2};
