/*
 * approx_percentile: the quantile summary of Greenwald and Khanna, with the buffer and the
 * compression of Spark's, so that over the same values in the same order the answer is the same
 * element.
 *
 * The summary is a list of samples in ascending order of value: g, how many ranks it is above the
 * one before at least, and delta, how much further its own rank may be. Values gather in a buffer
 * of HEAD_VALUES; a full one is sorted into the samples, each value with g = 1 and delta = floor(2
 * e n), 0 at both ends; and COMPRESS, which is done before a merge and before a question as well,
 * joins from the end samples whose g + g' + delta' stays below 2 e n. e is 1 / accuracy. A question
 * for p is answered by the first sample whose rank is within the largest g + delta, halved, of
 * ceil(p n).
 *
 * Sources: M. Greenwald, S. Khanna, "Space-Efficient Online Computation of Quantile Summaries",
 * 2001; merging: what one side does not know of the other's values is added to delta (S. Greenwald,
 * S. Khanna, "Power-Conserving Computation of Order-Statistics over Sensor Networks", 2004, 3.2).
 *
 * All numbers, times and intervals are doubles here, as in Spark, and become what they were at the
 * end. NULLs are skipped; of none the result is NULL.
 *
 * Byte form: n of the samples (8 bytes), whether they are compressed (1), count of samples (4),
 * each value, g, delta (8 each), count of the buffer (4), its values (8 each).
 */
#include <math.h>
#include <string.h>

#include "core/base/saturate.h"
#include "core/text/number_decimal.h"
#include "ops/aggregate/kind.h"
#include "ops/expr/sort.h"

enum {
    HEAD_VALUES = 50000,
    COMPRESS_SAMPLES = 10000,
    FIRST_CAPACITY = 16,
};

struct sample {
    double value;
    int64_t g, delta;
};

struct summary {
    int64_t count; /* of values in the samples */
    struct sample *samples;
    double *head;
    uint32_t sample_count, sample_capacity;
    uint32_t head_count, head_capacity;
    struct sample *spare; /* where the buffer and the samples become samples, in turn with them */
    uint32_t *room;       /* to sort the buffer in, twice its capacity */
    uint32_t spare_capacity, room_capacity;
    uint64_t is_compressed;
};

struct quantile_constants {
    double error;
    bool is_array;
    uint32_t count;
    double shares[];
};

static double error_of(const struct lt_aggregate *aggregate)
{
    const struct quantile_constants *constants = aggregate->constants;
    return constants->error;
}

/* -------------------------------------------------------------------------------------- summary */

static int compare_doubles(void *context, uint32_t a, uint32_t b)
{
    const double *values = context;
    union lt_value x = {.f64 = values[a]}, y = {.f64 = values[b]};
    return lt_value_compare(lt_type_simple(LT_TYPE_DOUBLE), &x, &y);
}

/* What a merge of the sorted buffer into the samples needs. */
struct insertion {
    const struct summary *from;
    const uint32_t *order; /* of the buffer */
    struct sample *out;
    uint32_t count;
};

static void insert_sorted(struct insertion *insertion, double error)
{
    const struct summary *from = insertion->from;
    int64_t count = from->count;
    uint32_t at = 0;
    for (uint32_t i = 0; i < from->head_count; i++) {
        double value = from->head[insertion->order[i]];
        while (at < from->sample_count && from->samples[at].value <= value)
            insertion->out[insertion->count++] = from->samples[at++];
        count++;
        bool is_end =
            insertion->count == 0 || (at == from->sample_count && i == from->head_count - 1);
        int64_t delta = is_end ? 0 : (int64_t)floor(2 * error * (double)count);
        insertion->out[insertion->count++] = (struct sample){value, 1, delta};
    }
    while (at < from->sample_count)
        insertion->out[insertion->count++] = from->samples[at++];
}

/* Room for the buffer to become samples; what there is already is used again. */
static bool make_room(const struct lt_aggregate *aggregate, struct summary *summary,
                      struct lt_aggregate_work *work)
{
    uint32_t capacity = summary->sample_count + summary->head_count;
    if (summary->room_capacity < summary->head_count) {
        uint32_t *room =
            lt_aggregate_alloc(aggregate, work, 2 * (size_t)summary->head_count * sizeof *room);
        if (room == NULL)
            return false;
        summary->room = room;
        summary->room_capacity = summary->head_count;
    }
    if (summary->spare_capacity < capacity) {
        struct sample *spare =
            lt_aggregate_alloc(aggregate, work, 2 * (size_t)capacity * sizeof *spare);
        if (spare == NULL)
            return false;
        summary->spare = spare;
        summary->spare_capacity = 2 * capacity;
    }
    return true;
}

/* The buffer becomes samples. False: no memory. */
static bool take_head(const struct lt_aggregate *aggregate, struct summary *summary,
                      struct lt_aggregate_work *work)
{
    if (summary->head_count == 0)
        return true;
    if (!make_room(aggregate, summary, work))
        return false;
    struct insertion insertion = {.from = summary, .out = summary->spare};
    insertion.order = lt_sort(summary->room, summary->head_count, compare_doubles, summary->head);
    insert_sorted(&insertion, error_of(aggregate));
    summary->spare = summary->samples;
    summary->samples = insertion.out;
    summary->sample_count = insertion.count;
    uint32_t capacity = summary->spare_capacity;
    summary->spare_capacity = summary->sample_capacity;
    summary->sample_capacity = capacity;
    summary->count += summary->head_count;
    summary->head_count = 0;
    return true;
}

/* Joins samples, from the last to the second; what stays moves to the end of the list, and then to
 * its begin. */
static uint32_t join_samples(struct sample *samples, uint32_t count, double threshold)
{
    if (count == 0)
        return 0;
    uint32_t end = count; /* what stays stands from here on */
    struct sample first = samples[0], head = samples[count - 1];
    for (uint32_t i = count - 1; i-- > 1;) {
        struct sample sample = samples[i];
        if ((double)(sample.g + head.g + head.delta) < threshold) {
            head.g += sample.g;
        } else {
            samples[--end] = head;
            head = sample;
        }
    }
    samples[--end] = head;
    if (first.value <= head.value && count > 1)
        samples[--end] = first;
    memmove(samples, samples + end, (count - end) * sizeof *samples);
    return count - end;
}

static bool compress(const struct lt_aggregate *aggregate, struct summary *summary,
                     struct lt_aggregate_work *work)
{
    if (summary->is_compressed)
        return true;
    if (!take_head(aggregate, summary, work))
        return false;
    summary->sample_count = join_samples(summary->samples, summary->sample_count,
                                         2 * error_of(aggregate) * (double)summary->count);
    summary->is_compressed = 1;
    return true;
}

static bool insert(const struct lt_aggregate *aggregate, struct summary *summary, double value,
                   struct lt_aggregate_work *work)
{
    if (summary->head_count == summary->head_capacity) {
        uint32_t capacity =
            summary->head_capacity == 0 ? FIRST_CAPACITY : 2 * summary->head_capacity;
        double *head = lt_aggregate_alloc(aggregate, work, capacity * sizeof *head);
        if (head == NULL)
            return false;
        if (summary->head_count > 0)
            memcpy(head, summary->head, summary->head_count * sizeof *head);
        summary->head = head;
        summary->head_capacity = capacity;
    }
    summary->head[summary->head_count++] = value;
    summary->is_compressed = 0;
    if (summary->head_count < HEAD_VALUES)
        return true;
    return take_head(aggregate, summary, work) &&
           (summary->sample_count < COMPRESS_SAMPLES || compress(aggregate, summary, work));
}

/* Both are compressed and have values. */
static void merge_samples(const struct summary *a, const struct summary *b, double error,
                          struct sample *out)
{
    int64_t more_a = (int64_t)floor(2 * error * (double)b->count);
    int64_t more_b = (int64_t)floor(2 * error * (double)a->count);
    uint32_t i = 0, j = 0;
    while (i < a->sample_count && j < b->sample_count) {
        bool is_a = a->samples[i].value < b->samples[j].value;
        struct sample next = is_a ? a->samples[i] : b->samples[j];
        next.delta += is_a ? (j > 0 ? more_a : 0) : (i > 0 ? more_b : 0);
        i += is_a;
        j += !is_a;
        *out++ = next;
    }
    while (i < a->sample_count)
        *out++ = a->samples[i++];
    while (j < b->sample_count)
        *out++ = b->samples[j++];
}

/* ------------------------------------------------------------------------------ rows and states */

static double as_double(const struct lt_type *type, const union lt_value *value)
{
    if (type->kind == LT_TYPE_DECIMAL)
        return lt_number_decimal_to_double((struct lt_decimal){value->i128, type->scale});
    return lt_type_is_fraction(type) ? value->f64 : (double)value->i64;
}

static bool update_quantiles(const struct lt_aggregate *aggregate, void *state,
                             const struct lt_row *row, struct lt_aggregate_work *work)
{
    if (lt_aggregate_is_null(aggregate, row, 0))
        return true;
    double value = as_double(aggregate->types[0], lt_aggregate_value(aggregate, row, 0));
    return insert(aggregate, state, value, work);
}

/* A copy with samples of its own, to be compressed; they are in the memory that results are made
 * in. */
static bool copy_compressed(const struct lt_aggregate *aggregate, const struct summary *from,
                            struct summary *out, struct lt_aggregate_work *work)
{
    *out = *from;
    out->spare = NULL; /* they are the state's */
    out->room = NULL;
    out->spare_capacity = out->room_capacity = 0;
    if (from->is_compressed)
        return true;
    if (from->head_count == 0 && from->sample_count > 0) {
        out->samples =
            lt_aggregate_alloc(aggregate, work, from->sample_count * sizeof *out->samples);
        if (out->samples == NULL)
            return false;
        memcpy(out->samples, from->samples, from->sample_count * sizeof *out->samples);
    }
    return compress(aggregate, out, work);
}

static bool merge_quantiles(const struct lt_aggregate *aggregate, void *state, const void *other,
                            struct lt_aggregate_work *work)
{
    struct summary *summary = state;
    struct summary more;
    if (!compress(aggregate, summary, work) || !copy_compressed(aggregate, other, &more, work))
        return false;
    if (more.count == 0)
        return true;
    uint32_t count = summary->sample_count + more.sample_count;
    struct sample *samples = lt_aggregate_alloc(aggregate, work, count * sizeof *samples);
    if (samples == NULL)
        return false;
    merge_samples(summary, &more, error_of(aggregate), samples);
    bool is_first = summary->count == 0;
    summary->count += more.count;
    summary->samples = samples;
    summary->sample_capacity = count;
    summary->sample_count =
        is_first ? count
                 : join_samples(samples, count, 2 * error_of(aggregate) * (double)summary->count);
    return true;
}

/* ------------------------------------------------------------------------------------ questions */

/* The element at the share. The summary is compressed and has values. */
static double ask(const struct summary *summary, double share, double error)
{
    const struct sample *samples = summary->samples;
    uint32_t last = summary->sample_count - 1;
    if (share <= error || last == 0)
        return samples[0].value;
    if (share >= 1 - error)
        return samples[last].value;
    int64_t target = 0, least = 0, rank = (int64_t)ceil(share * (double)summary->count);
    for (uint32_t i = 0; i <= last; i++) {
        int64_t width = samples[i].delta + samples[i].g;
        target = width > target ? width : target;
    }
    target /= 2;
    for (uint32_t i = 0; i < last; i++) {
        least += samples[i].g;
        if (least + samples[i].delta - target <= rank && rank <= least + target)
            return samples[i].value;
    }
    return samples[last].value;
}

/* The double as a value of the argument's type: it was one, but for what a double rounds away. */
static bool as_value(const struct lt_type *type, double number, union lt_value *out)
{
    struct lt_decimal_shape shape = {type->precision, type->scale};
    if (type->kind == LT_TYPE_DECIMAL)
        return lt_number_decimal_from_double(number, shape, &out->i128) == LT_NUMBER_OK;
    if (lt_type_is_fraction(type))
        out->f64 = number;
    else
        out->i64 = lt_saturate(number);
    return true;
}

static enum lt_aggregate_result give_quantiles(const struct lt_aggregate *aggregate,
                                               const void *state, struct lt_aggregate_work *work,
                                               union lt_value *out)
{
    const struct quantile_constants *constants = aggregate->constants;
    const struct lt_type *type = aggregate->types[0];
    struct summary summary;
    if (!copy_compressed(aggregate, state, &summary, work))
        return LT_AGGREGATE_FAULT;
    if (summary.count == 0 || constants->count == 0)
        return LT_AGGREGATE_NULL;
    if (!constants->is_array) {
        double answer = ask(&summary, constants->shares[0], constants->error);
        return as_value(type, answer, out) ? LT_AGGREGATE_VALUE : LT_AGGREGATE_NULL;
    }
    struct lt_array *array = lt_aggregate_alloc(aggregate, work, sizeof *array);
    union lt_value *values = lt_aggregate_alloc(aggregate, work, constants->count * sizeof *values);
    size_t words = (constants->count + 63) / 64;
    uint64_t *nulls = lt_aggregate_alloc(aggregate, work, words * sizeof *nulls);
    if (array == NULL || values == NULL || nulls == NULL)
        return LT_AGGREGATE_FAULT;
    memset(nulls, 0, words * sizeof *nulls);
    for (uint32_t i = 0; i < constants->count; i++) {
        if (!as_value(type, ask(&summary, constants->shares[i], constants->error), &values[i]))
            lt_bit_set(nulls, i);
    }
    *array = (struct lt_array){.count = constants->count, .values = values, .nulls = nulls};
    out->array = array;
    return LT_AGGREGATE_VALUE;
}

/* ------------------------------------------------------------------------------------ byte form */

static void write_quantiles(const struct lt_aggregate *aggregate, const void *state,
                            struct lt_text_buffer *out)
{
    const struct summary *summary = state;
    uint8_t is_compressed = summary->is_compressed != 0;
    (void)aggregate;
    lt_aggregate_write_bytes(out, &summary->count, sizeof summary->count);
    lt_aggregate_write_bytes(out, &is_compressed, sizeof is_compressed);
    lt_aggregate_write_bytes(out, &summary->sample_count, sizeof summary->sample_count);
    lt_aggregate_write_bytes(out, summary->samples,
                             summary->sample_count * sizeof *summary->samples);
    lt_aggregate_write_bytes(out, &summary->head_count, sizeof summary->head_count);
    lt_aggregate_write_bytes(out, summary->head, summary->head_count * sizeof *summary->head);
}

static int read_samples(struct lt_aggregate_reader *reader, struct summary *summary)
{
    uint32_t count = 0;
    int code = lt_aggregate_read_count(reader, sizeof *summary->samples, &count);
    if (code != LT_OK || count == 0)
        return code;
    summary->samples = lt_aggregate_read_alloc(reader, count * sizeof *summary->samples);
    if (summary->samples == NULL)
        return LT_E_NO_MEMORY;
    summary->sample_count = summary->sample_capacity = count;
    return lt_aggregate_read_bytes(reader, summary->samples, count * sizeof *summary->samples);
}

static int read_head(struct lt_aggregate_reader *reader, struct summary *summary)
{
    uint32_t count = 0;
    int code = lt_aggregate_read_count(reader, sizeof *summary->head, &count);
    if (code != LT_OK || count == 0)
        return code;
    summary->head = lt_aggregate_read_alloc(reader, count * sizeof *summary->head);
    if (summary->head == NULL)
        return LT_E_NO_MEMORY;
    summary->head_count = summary->head_capacity = count;
    return lt_aggregate_read_bytes(reader, summary->head, count * sizeof *summary->head);
}

/* Ranks add up to the count, and there is a sample if there is a value. */
static int check_summary(struct lt_aggregate_reader *reader, const struct summary *summary)
{
    int64_t total = 0;
    bool is_sound = lt_aggregate_is_count(summary->count) && summary->is_compressed <= 1 &&
                    summary->head_count < HEAD_VALUES &&
                    !(summary->is_compressed && summary->head_count > 0);
    for (uint32_t i = 0; i < summary->sample_count && is_sound; i++) {
        const struct sample *sample = &summary->samples[i];
        is_sound = sample->g > 0 && lt_aggregate_is_count(sample->delta) &&
                   lt_aggregate_is_count(sample->g) &&
                   !__builtin_add_overflow(total, sample->g, &total);
    }
    return is_sound && total == summary->count
               ? LT_OK
               : lt_aggregate_damaged(reader, "the ranks of a summary do not add up");
}

static int read_quantiles(const struct lt_aggregate *aggregate, struct lt_aggregate_reader *reader,
                          void *state)
{
    struct summary *summary = state;
    uint8_t is_compressed = 0;
    (void)aggregate;
    int code = lt_aggregate_read_bytes(reader, &summary->count, sizeof summary->count);
    if (code == LT_OK)
        code = lt_aggregate_read_bytes(reader, &is_compressed, sizeof is_compressed);
    summary->is_compressed = is_compressed;
    if (code == LT_OK)
        code = read_samples(reader, summary);
    if (code == LT_OK)
        code = read_head(reader, summary);
    return code == LT_OK ? check_summary(reader, summary) : code;
}

/* -------------------------------------------------------------------------------------- binding */

static const struct lt_aggregate_calls quantile_calls = {.update = update_quantiles,
                                                         .merge = merge_quantiles,
                                                         .evaluate = give_quantiles,
                                                         .write = write_quantiles,
                                                         .read = read_quantiles};

/* Constants: the percentages, a double or an array of them, and the accuracy; without one 10000. */
static int bind_quantiles(struct lt_aggregate *aggregate,
                          const struct lt_aggregate_binding *binding)
{
    enum { ACCURACY_DEFAULT = 10000 };
    const struct lt_plan_aggregate *plan = binding->plan;
    lt_assert(plan->parameter_count > 0);
    const struct lt_expression *shares = plan->parameters[0];
    int64_t accuracy =
        plan->parameter_count > 1 ? plan->parameters[1]->value.i64 : ACCURACY_DEFAULT;
    bool is_array = shares->type->kind == LT_TYPE_ARRAY;
    uint32_t count = is_array ? shares->value.array->count : 1;
    struct quantile_constants *constants =
        lt_arena_alloc(binding->arena, sizeof *constants + count * sizeof constants->shares[0]);
    constants->error = 1.0 / (double)accuracy;
    constants->is_array = is_array;
    constants->count = count;
    for (uint32_t i = 0; i < count; i++)
        constants->shares[i] = is_array ? shares->value.array->values[i].f64 : shares->value.f64;
    aggregate->calls = &quantile_calls;
    aggregate->constants = constants;
    aggregate->state_size_bytes = sizeof(struct summary);
    return LT_OK;
}

const struct lt_aggregate_kind lt_aggregate_approx_percentile = {.bind = bind_quantiles,
                                                                 .inputs = 1};
