/*
 * approx_count_distinct: HyperLogLog++ with the hash, precision and corrections of Spark's, so that
 * the estimate of the same values is the same number.
 *
 * Each value's hash is xxhash64() of it with seed 42. Its first p bits choose one of m = 2^p
 * registers, which keeps the most leading zeros that the other bits had, plus one. The estimate is
 * alpha m^2 / sum of 2^-register; below 5 m it is lowered by the bias that the six nearest points
 * of the tables have on average; and while registers are still 0, linear counting, m ln(m / zeros),
 * takes its place up to a threshold. p is the least for which 1.106 / 2^(p/2) is the error asked
 * for, or less.
 *
 * Sources: P. Flajolet, E. Fusy, O. Gandouet, F. Meunier, "HyperLogLog: the analysis of a
 * near-optimal cardinality estimation algorithm", 2007 (alpha, 2.5 m); S. Heule, M. Nunkesser, A.
 * Hall, "HyperLogLog in Practice", 2013, and its appendix (hyperloglog.h).
 *
 * Byte form: how (1 byte): 0 no value yet; 1 all m registers, a byte each; 2 count (4 bytes), then
 * of each register that is not 0 its number (4 bytes) and what it holds (1 byte), ascending.
 */
#include "ops/aggregate/hyperloglog.h"

#include <math.h>
#include <string.h>

#include "core/base/saturate.h"
#include "ops/aggregate/kind.h"
#include "ops/expr/hash.h"

enum {
    SEED = 42,
    PRECISION_DEFAULT = 9, /* of an error of 0.05 */
    PRECISION_TABLES = 18, /* the last that there are tables for */
    PRECISION_MAX = 24,    /* 16 MiB of registers for each group */
    NEIGHBOURS = 6,
    ENTRY_BYTES = 5,
};
enum form { FORM_NONE, FORM_ALL, FORM_FEW };

struct hll_constants {
    uint32_t precision;
};

struct hll {
    uint8_t *registers; /* NULL: no value yet */
};

static uint32_t precision_of(const struct lt_aggregate *aggregate)
{
    const struct hll_constants *constants = aggregate->constants;
    return constants->precision;
}

static uint32_t size_of(const struct lt_aggregate *aggregate)
{
    return UINT32_C(1) << precision_of(aggregate);
}

static bool make_registers(const struct lt_aggregate *aggregate, struct hll *hll,
                           struct lt_aggregate_work *work)
{
    if (hll->registers != NULL)
        return true;
    uint8_t *registers = lt_aggregate_alloc(aggregate, work, size_of(aggregate));
    if (registers == NULL)
        return false;
    memset(registers, 0, size_of(aggregate));
    hll->registers = registers;
    return true;
}

static bool update_hll(const struct lt_aggregate *aggregate, void *state, const struct lt_row *row,
                       struct lt_aggregate_work *work)
{
    struct hll *hll = state;
    uint32_t precision = precision_of(aggregate);
    if (lt_aggregate_is_null(aggregate, row, 0))
        return true;
    if (!make_registers(aggregate, hll, work))
        return false;
    uint64_t hash =
        lt_hash_xxhash64(aggregate->types[0], lt_aggregate_value(aggregate, row, 0), SEED);
    uint64_t rest = hash << precision | UINT64_C(1) << (precision - 1);
    uint8_t zeros = (uint8_t)(__builtin_clzll(rest) + 1);
    uint8_t *reg = &hll->registers[hash >> (64 - precision)];
    *reg = zeros > *reg ? zeros : *reg;
    return true;
}

static bool merge_hll(const struct lt_aggregate *aggregate, void *state, const void *other,
                      struct lt_aggregate_work *work)
{
    struct hll *hll = state;
    const struct hll *more = other;
    if (more->registers == NULL)
        return true;
    if (!make_registers(aggregate, hll, work))
        return false;
    for (uint32_t i = 0; i < size_of(aggregate); i++) {
        if (more->registers[i] > hll->registers[i])
            hll->registers[i] = more->registers[i];
    }
    return true;
}

/* ------------------------------------------------------------------------------------- estimate */

static double squared_distance(double a, double b)
{
    return (a - b) * (a - b);
}

/* Where the estimate stands among the points, by halving: a few points are not in order, and this
 * way they count as they do in Spark. */
static uint32_t place_of(const struct lt_hll_points *points, double estimate)
{
    uint32_t low = 0, high = points->count;
    while (low < high) {
        uint32_t middle = (low + high - 1) / 2;
        if (points->values[middle] < estimate)
            low = middle + 1;
        else if (points->values[middle] > estimate)
            high = middle;
        else
            return middle;
    }
    return low;
}

/* The average bias of the points around the estimate. */
static double bias_at(uint32_t precision, double estimate)
{
    const struct lt_hll_points *points = &lt_hll_estimates[precision - LT_HLL_PRECISION_LEAST];
    const double *biases = lt_hll_biases[precision - LT_HLL_PRECISION_LEAST].values;
    uint32_t nearest = place_of(points, estimate);
    uint32_t low = nearest + 1 > NEIGHBOURS ? nearest + 1 - NEIGHBOURS : 0;
    uint32_t high = low + NEIGHBOURS < points->count ? low + NEIGHBOURS : points->count;
    while (high < points->count && squared_distance(estimate, points->values[high]) <
                                       squared_distance(estimate, points->values[low])) {
        low++;
        high++;
    }
    double sum = 0;
    for (uint32_t i = low; i < high; i++)
        sum += biases[i];
    return sum / (high - low);
}

static double alpha(uint32_t precision)
{
    switch (precision) {
    case 4:
        return 0.673;
    case 5:
        return 0.697;
    case 6:
        return 0.709;
    default:
        return 0.7213 / (1.0 + 1.079 / (double)(UINT32_C(1) << precision));
    }
}

static double corrected(uint32_t precision, double estimate)
{
    bool has_bias =
        precision <= PRECISION_TABLES && estimate < 5.0 * (double)(UINT32_C(1) << precision);
    return has_bias ? estimate - bias_at(precision, estimate) : estimate;
}

static double estimate(uint32_t precision, const uint8_t *registers)
{
    static const double thresholds[LT_HLL_PRECISIONS] = {
        10, 20, 40, 80, 220, 400, 900, 1800, 3100, 6500, 15500, 20000, 50000, 120000, 350000};
    uint32_t size = UINT32_C(1) << precision;
    double sum = 0, zeros = 0, m = size;
    for (uint32_t i = 0; i < size; i++) {
        sum += 1.0 / (double)(UINT64_C(1) << registers[i]);
        zeros += registers[i] == 0;
    }
    double raw = alpha(precision) * m * m / sum;
    if (zeros == 0)
        return corrected(precision, raw);
    double linear = m * log(m / zeros);
    bool is_small =
        precision <= PRECISION_TABLES && linear <= thresholds[precision - LT_HLL_PRECISION_LEAST];
    return is_small || raw <= 2.5 * m ? linear : corrected(precision, raw);
}

static enum lt_aggregate_result give_hll(const struct lt_aggregate *aggregate, const void *state,
                                         struct lt_aggregate_work *work, union lt_value *out)
{
    const struct hll *hll = state;
    (void)work;
    out->i64 = 0;
    if (hll->registers != NULL)
        out->i64 =
            lt_saturate(floor(estimate(precision_of(aggregate), hll->registers) + 0.5));
    return LT_AGGREGATE_VALUE;
}

/* ------------------------------------------------------------------------------------ byte form */

static void write_few(const struct hll *hll, uint32_t size, uint32_t count,
                      struct lt_text_buffer *out)
{
    lt_aggregate_write_bytes(out, &count, sizeof count);
    for (uint32_t i = 0; i < size; i++) {
        if (hll->registers[i] == 0)
            continue;
        lt_aggregate_write_bytes(out, &i, sizeof i);
        lt_aggregate_write_bytes(out, &hll->registers[i], 1);
    }
}

static void write_hll(const struct lt_aggregate *aggregate, const void *state,
                      struct lt_text_buffer *out)
{
    const struct hll *hll = state;
    uint32_t size = size_of(aggregate), count = 0;
    for (uint32_t i = 0; i < size && hll->registers != NULL; i++)
        count += hll->registers[i] != 0;
    bool is_few = (uint64_t)count * ENTRY_BYTES + sizeof count < size;
    uint8_t form = hll->registers == NULL ? FORM_NONE : is_few ? FORM_FEW : FORM_ALL;
    lt_aggregate_write_bytes(out, &form, sizeof form);
    if (form == FORM_ALL)
        lt_aggregate_write_bytes(out, hll->registers, size);
    else if (form == FORM_FEW)
        write_few(hll, size, count, out);
}

static int read_few(struct lt_aggregate_reader *reader, uint8_t *registers, uint32_t size)
{
    uint32_t count = 0, least = 0;
    int code = lt_aggregate_read_count(reader, ENTRY_BYTES, &count);
    memset(registers, 0, size);
    for (uint32_t i = 0; i < count && code == LT_OK; i++) {
        uint32_t number = 0;
        code = lt_aggregate_read_bytes(reader, &number, sizeof number);
        if (code == LT_OK && (number < least || number >= size))
            code = lt_aggregate_damaged(reader, "registers are not in order");
        if (code == LT_OK)
            code = lt_aggregate_read_bytes(reader, &registers[number], 1);
        least = number + 1;
    }
    return code;
}

/* A register counts the zeros of 64 - p bits, and one. */
static int check_registers(struct lt_aggregate_reader *reader, const uint8_t *registers,
                           uint32_t precision)
{
    for (uint32_t i = 0; i < UINT32_C(1) << precision; i++) {
        if (registers[i] > 64 - precision + 1)
            return lt_aggregate_damaged(reader, "a register is larger than there are bits");
    }
    return LT_OK;
}

static int read_hll(const struct lt_aggregate *aggregate, struct lt_aggregate_reader *reader,
                    void *state)
{
    struct hll *hll = state;
    uint8_t form = 0;
    int code = lt_aggregate_read_bytes(reader, &form, sizeof form);
    if (code != LT_OK || form == FORM_NONE)
        return code;
    if (form > FORM_FEW)
        return lt_aggregate_damaged(reader, "registers of a form that there is not");
    uint32_t size = size_of(aggregate);
    hll->registers = lt_aggregate_read_alloc(reader, size);
    if (hll->registers == NULL)
        return LT_E_NO_MEMORY;
    code = form == FORM_ALL ? lt_aggregate_read_bytes(reader, hll->registers, size)
                            : read_few(reader, hll->registers, size);
    return code != LT_OK ? code : check_registers(reader, hll->registers, precision_of(aggregate));
}

/* -------------------------------------------------------------------------------------- binding */

static const struct lt_aggregate_calls hll_calls = {.update = update_hll,
                                                    .merge = merge_hll,
                                                    .evaluate = give_hll,
                                                    .write = write_hll,
                                                    .read = read_hll};

/* Constant: the relative standard deviation; without one it is 0.05. */
static int bind_hll(struct lt_aggregate *aggregate, const struct lt_aggregate_binding *binding)
{
    const struct lt_plan_aggregate *plan = binding->plan;
    struct hll_constants *constants = lt_arena_alloc(binding->arena, sizeof *constants);
    constants->precision = PRECISION_DEFAULT;
    if (plan->parameter_count > 0) {
        double error = plan->parameters[0]->value.f64;
        double precision = ceil(2.0 * log(1.106 / error) / log(2.0));
        if (!(precision >= LT_HLL_PRECISION_LEAST))
            return lt_error_set(binding->error, LT_E_INVALID,
                                "the error %g is too large; hint: it is at most 0.39", error);
        if (precision > PRECISION_MAX)
            return lt_error_set(binding->error, LT_E_LIMIT,
                                "the error %g is too small; hint: with %d bits, the most, it is "
                                "0.00027",
                                error, PRECISION_MAX);
        constants->precision = (uint32_t)precision;
    }
    aggregate->calls = &hll_calls;
    aggregate->constants = constants;
    aggregate->state_size_bytes = sizeof(struct hll);
    return LT_OK;
}

const struct lt_aggregate_kind lt_aggregate_approx_count_distinct = {.bind = bind_hll, .inputs = 1};
