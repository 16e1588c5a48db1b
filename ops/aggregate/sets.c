/*
 * Aggregates over different values and how often they were seen.
 *
 *   collect_set    an array of the different values, in the order in which they first came
 *   mode           the value seen most often; of several the least, with WITHIN GROUP (ORDER BY x
 *                  DESC) the greatest, and of values that have no order the one that came first
 *   percentile, median, percentile_cont, percentile_disc
 *                  exact: of all n values in order the one at (n - 1) p, between two of them on the
 *                  line that joins them. percentile_disc gives the first value that at least n p
 *                  values are not above, one that there is. With a third argument each value counts
 *                  as often as that says
 *
 * NULLs are skipped; of none the set is empty, and the others are NULL. Fractions are held as the
 * doubles that percentiles are, intervals as their whole numbers.
 *
 * Byte form: counted.h's.
 */
#include <math.h>

#include "core/base/saturate.h"
#include "ops/aggregate/counted.h"

/* ---------------------------------------------------------------------------------- collect_set */

static enum lt_aggregate_result give_set(const struct lt_aggregate *aggregate, const void *state,
                                         struct lt_aggregate_work *work, union lt_value *out)
{
    const struct lt_counted *counted = state;
    struct lt_array *array = lt_aggregate_alloc(aggregate, work, sizeof *array);
    if (array == NULL)
        return LT_AGGREGATE_FAULT;
    *array = (struct lt_array){.count = counted->count, .values = counted->values};
    out->array = array;
    return LT_AGGREGATE_VALUE;
}

static const struct lt_aggregate_calls set_calls = {.update = lt_counted_update,
                                                    .merge = lt_counted_merge,
                                                    .evaluate = give_set,
                                                    .write = lt_counted_write,
                                                    .read = lt_counted_read};

static int bind_set(struct lt_aggregate *aggregate, const struct lt_aggregate_binding *binding)
{
    (void)binding;
    aggregate->calls = &set_calls;
    aggregate->state_size_bytes = sizeof(struct lt_counted);
    return LT_OK;
}

const struct lt_aggregate_kind lt_aggregate_collect_set = {.bind = bind_set, .inputs = 1};

/* ----------------------------------------------------------------------------------------- mode */

struct mode_constants {
    bool is_descending;
};

static enum lt_aggregate_result give_mode(const struct lt_aggregate *aggregate, const void *state,
                                          struct lt_aggregate_work *work, union lt_value *out)
{
    const struct lt_counted *counted = state;
    const struct lt_type *type = aggregate->types[0];
    const struct mode_constants *constants = aggregate->constants;
    bool is_ordered = lt_type_is_ordered(type);
    uint32_t best = 0;
    (void)work;
    if (counted->count == 0)
        return LT_AGGREGATE_NULL;
    for (uint32_t i = 1; i < counted->count; i++) {
        bool is_tie = counted->times[i] == counted->times[best] && is_ordered;
        int order =
            is_tie ? lt_value_compare(type, &counted->values[i], &counted->values[best]) : 0;
        if (counted->times[i] > counted->times[best] ||
            (constants->is_descending ? order > 0 : order < 0))
            best = i;
    }
    *out = counted->values[best];
    return LT_AGGREGATE_VALUE;
}

static const struct lt_aggregate_calls mode_calls = {.update = lt_counted_update,
                                                     .merge = lt_counted_merge,
                                                     .evaluate = give_mode,
                                                     .write = lt_counted_write,
                                                     .read = lt_counted_read};

/* Constant: whether the greatest of several is wanted. */
static int bind_mode(struct lt_aggregate *aggregate, const struct lt_aggregate_binding *binding)
{
    const struct lt_plan_aggregate *plan = binding->plan;
    struct mode_constants *constants = lt_arena_alloc(binding->arena, sizeof *constants);
    constants->is_descending =
        plan->parameter_count > 0 && (plan->parameters[0]->value.i64 & 1) != 0;
    aggregate->calls = &mode_calls;
    aggregate->constants = constants;
    aggregate->state_size_bytes = sizeof(struct lt_counted);
    return LT_OK;
}

const struct lt_aggregate_kind lt_aggregate_mode = {
    .bind = bind_mode, .inputs = 1, .has_order = true};

/* ---------------------------------------------------------------------------------- percentiles */

enum percentile_variant { EXACT, MEDIAN, CONTINUOUS, DISCRETE };

struct percentile_constants {
    bool is_array, is_descending, is_discrete;
    uint32_t count;
    double shares[];
};

/* A row's value as often as the third argument says. */
static bool update_weighed(const struct lt_aggregate *aggregate, void *state,
                           const struct lt_row *row, struct lt_aggregate_work *work)
{
    if (lt_aggregate_has_null(aggregate, row))
        return true;
    int64_t times = lt_aggregate_value(aggregate, row, 1)->i64;
    if (times < 0)
        return lt_aggregate_fault(work, "NEGATIVE_VALUES_IN_FREQUENCY_EXPRESSION", "22003",
                                  "Found the negative value in the frequency: %lldL, but expected "
                                  "a positive integral value",
                                  (long long)times);
    return times == 0 ||
           lt_counted_add(aggregate, state, lt_aggregate_value(aggregate, row, 0), times, work);
}

static double as_double(const struct lt_type *type, const union lt_value *value)
{
    return lt_type_is_fraction(type) ? value->f64 : (double)value->i64;
}

/* What the values are looked up in: their order, and for each how many there are up to it. */
struct ranks {
    const struct lt_aggregate *aggregate;
    const struct lt_counted *counted;
    const uint32_t *order;
    int64_t *up_to;
    int64_t total;
};

static bool rank(struct ranks *ranks, struct lt_aggregate_work *work)
{
    const struct lt_counted *counted = ranks->counted;
    const struct percentile_constants *constants = ranks->aggregate->constants;
    uint32_t count = counted->count;
    ranks->order = lt_counted_sort(ranks->aggregate, counted, work);
    uint32_t *order = lt_aggregate_alloc(ranks->aggregate, work, count * sizeof *order);
    ranks->up_to = lt_aggregate_alloc(ranks->aggregate, work, count * sizeof *ranks->up_to);
    if (ranks->order == NULL || order == NULL || ranks->up_to == NULL)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        order[i] = ranks->order[constants->is_descending ? count - 1 - i : i];
        if (__builtin_add_overflow(ranks->total, counted->times[order[i]], &ranks->total))
            ranks->total = INT64_MAX;
        ranks->up_to[i] = ranks->total;
    }
    ranks->order = order;
    return true;
}

/* The value that the `number`-th is, from 1 on. */
static double value_at(const struct ranks *ranks, int64_t number)
{
    uint32_t low = 0, high = ranks->counted->count - 1;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (ranks->up_to[middle] < number)
            low = middle + 1;
        else
            high = middle;
    }
    return as_double(ranks->aggregate->types[0], &ranks->counted->values[ranks->order[low]]);
}

/* The number, from 1 on, of what stands at a position from 0 on. */
static int64_t number_after(double position)
{
    int64_t whole = lt_saturate(position);
    return whole < INT64_MAX ? whole + 1 : whole;
}

static double percentile(const struct ranks *ranks, double share, bool is_discrete)
{
    if (is_discrete) {
        int64_t number = lt_saturate(ceil((double)ranks->total * share));
        return value_at(ranks, number < 1 ? 1 : number);
    }
    double position = (double)(ranks->total - 1) * share;
    double below = floor(position), above = ceil(position);
    double low = value_at(ranks, number_after(below));
    if (below == above)
        return low;
    double high = value_at(ranks, number_after(above));
    return high == low ? low : (above - position) * low + (position - below) * high;
}

/* A percentile as a value: intervals are whole, cut towards zero. */
static union lt_value as_value(const struct lt_type *type, double number)
{
    return lt_type_is_fraction(type) ? lt_value_f64(number)
                                     : lt_value_i64(lt_saturate(number));
}

static enum lt_aggregate_result give_percentile(const struct lt_aggregate *aggregate,
                                                const void *state, struct lt_aggregate_work *work,
                                                union lt_value *out)
{
    const struct percentile_constants *constants = aggregate->constants;
    struct ranks ranks = {.aggregate = aggregate, .counted = state};
    if (ranks.counted->count == 0)
        return LT_AGGREGATE_NULL;
    if (!rank(&ranks, work))
        return LT_AGGREGATE_FAULT;
    const struct lt_type *type = aggregate->types[0];
    if (!constants->is_array) {
        *out = as_value(type, percentile(&ranks, constants->shares[0], constants->is_discrete));
        return LT_AGGREGATE_VALUE;
    }
    struct lt_array *array = lt_aggregate_alloc(aggregate, work, sizeof *array);
    union lt_value *values = lt_aggregate_alloc(aggregate, work, constants->count * sizeof *values);
    if (array == NULL || values == NULL)
        return LT_AGGREGATE_FAULT;
    for (uint32_t i = 0; i < constants->count; i++)
        values[i] =
            as_value(type, percentile(&ranks, constants->shares[i], constants->is_discrete));
    *array = (struct lt_array){.count = constants->count, .values = values};
    out->array = array;
    return LT_AGGREGATE_VALUE;
}

#define CALLS(update_)                                                                             \
    {                                                                                              \
        .update = update_, .merge = lt_counted_merge, .evaluate = give_percentile,                 \
        .write = lt_counted_write, .read = lt_counted_read                                         \
    }
static const struct lt_aggregate_calls percentile_calls = CALLS(lt_counted_update);
static const struct lt_aggregate_calls weighed_calls = CALLS(update_weighed);

/* Constants: the percentages, a double or an array of them (of median there are none), and how
 * WITHIN GROUP orders. */
static int bind_percentile(struct lt_aggregate *aggregate,
                           const struct lt_aggregate_binding *binding)
{
    const struct lt_plan_aggregate *plan = binding->plan;
    bool is_median = aggregate->variant == MEDIAN;
    lt_assert(is_median || plan->parameter_count > 0);
    const struct lt_expression *shares = is_median ? NULL : plan->parameters[0];
    bool is_array = !is_median && shares->type->kind == LT_TYPE_ARRAY;
    uint32_t count = is_array ? shares->value.array->count : 1;
    struct percentile_constants *constants =
        lt_arena_alloc(binding->arena, sizeof *constants + count * sizeof constants->shares[0]);
    constants->is_array = is_array;
    constants->is_discrete = aggregate->variant == DISCRETE;
    constants->is_descending = plan->parameter_count > 1 && (plan->parameters[1]->value.i64 & 1);
    constants->count = count;
    for (uint32_t i = 0; i < count; i++)
        constants->shares[i] = is_median  ? 0.5
                               : is_array ? shares->value.array->values[i].f64
                                          : shares->value.f64;
    aggregate->calls = aggregate->argument_count > 1 ? &weighed_calls : &percentile_calls;
    aggregate->constants = constants;
    aggregate->state_size_bytes = sizeof(struct lt_counted);
    return LT_OK;
}

const struct lt_aggregate_kind lt_aggregate_percentile = {bind_percentile, EXACT, .inputs = 1};
const struct lt_aggregate_kind lt_aggregate_median = {bind_percentile, MEDIAN, .inputs = 1};
const struct lt_aggregate_kind lt_aggregate_percentile_cont = {bind_percentile, CONTINUOUS,
                                                               .has_order = true};
const struct lt_aggregate_kind lt_aggregate_percentile_disc = {bind_percentile, DISCRETE,
                                                               .has_order = true};
