/*
 * Central moments of one column, and co-moments of two, in doubles.
 *
 * A value is added, and two states become one, by the update formulas for centred sums of powers:
 * P. Pebay, "Formulas for Robust, One-Pass Parallel Computation of Covariances and Arbitrary-Order
 * Statistical Moments", Sandia report SAND2008-6212, 2008 (2.1, 3.1). The sums are taken in the
 * order that Spark takes them in, and a merge into a state of no row is one as any other, so that
 * over the same rows the doubles are the same.
 *
 *   stddev, variance   m2 / n of the population, m2 / (n - 1) of a sample, which is NULL of one row
 *   skewness           sqrt(n) m3 / sqrt(m2^3); kurtosis: n m4 / m2^2 - 3; NULL where m2 is 0
 *   corr               ck / sqrt(xm ym); NULL of one row, DIVIDE_BY_ZERO where a column is always
 *                      the same
 *   covar_pop, _samp   ck / n, ck / (n - 1)
 *   regr_*             over the pairs where neither is NULL: the first argument, y, depends on the
 *                      second, x. slope is ck / xm, and intercept what is left of the mean
 *
 * Rows with a NULL among the arguments do not count; of none the result is NULL.
 *
 * Byte form: the struct as it stands: n, mean, m2, m3, m4; or n, the means, ck, and the two m2.
 */
#include <math.h>

#include "ops/aggregate/kind.h"

/* ----------------------------------------------------------------------------------- one column */

enum moment_variant { STDDEV_POP, STDDEV_SAMP, VAR_POP, VAR_SAMP, SKEWNESS, KURTOSIS };

struct moments {
    double n, mean, m2, m3, m4;
};

static bool update_moments(const struct lt_aggregate *aggregate, void *state,
                           const struct lt_row *row, struct lt_aggregate_work *work)
{
    struct moments *m = state;
    (void)work;
    if (lt_aggregate_is_null(aggregate, row, 0))
        return true;
    m->n += 1.0;
    double delta = lt_aggregate_value(aggregate, row, 0)->f64 - m->mean;
    double delta_n = delta / m->n;
    m->mean += delta_n;
    m->m2 += delta * (delta - delta_n);
    if (aggregate->variant < SKEWNESS)
        return true;
    double delta2 = delta * delta, delta_n2 = delta_n * delta_n;
    m->m3 = m->m3 - 3.0 * delta_n * m->m2 + delta * (delta2 - delta_n2);
    if (aggregate->variant == KURTOSIS)
        m->m4 = m->m4 - 4.0 * delta_n * m->m3 - 6.0 * delta_n2 * m->m2 +
                delta * (delta * delta2 - delta_n * delta_n2);
    return true;
}

static bool merge_moments(const struct lt_aggregate *aggregate, void *state, const void *other,
                          struct lt_aggregate_work *work)
{
    struct moments *a = state;
    const struct moments *b = other;
    (void)aggregate, (void)work;
    if (b->n == 0)
        return true;
    double n = a->n + b->n, delta = b->mean - a->mean, delta_n = delta / n;
    double na = a->n, nb = b->n;
    a->m4 = a->m4 + b->m4 +
            delta_n * delta_n * delta_n * delta * na * nb * (na * na - na * nb + nb * nb) +
            6.0 * delta_n * delta_n * (na * na * b->m2 + nb * nb * a->m2) +
            4.0 * delta_n * (na * b->m3 - nb * a->m3);
    a->m3 = a->m3 + b->m3 + delta_n * delta_n * delta * na * nb * (na - nb) +
            3.0 * delta_n * (na * b->m2 - nb * a->m2);
    a->m2 = a->m2 + b->m2 + delta * delta_n * na * nb;
    a->mean += delta_n * nb;
    a->n = n;
    return true;
}

static enum lt_aggregate_result give_moments(const struct lt_aggregate *aggregate,
                                             const void *state, struct lt_aggregate_work *work,
                                             union lt_value *out)
{
    const struct moments *m = state;
    enum moment_variant variant = aggregate->variant;
    bool is_sample = variant == STDDEV_SAMP || variant == VAR_SAMP;
    (void)work;
    if (m->n == 0 || (is_sample && m->n == 1))
        return LT_AGGREGATE_NULL;
    if (variant == SKEWNESS || variant == KURTOSIS) {
        if (m->m2 == 0)
            return LT_AGGREGATE_NULL;
        out->f64 = variant == SKEWNESS ? sqrt(m->n) * m->m3 / sqrt(m->m2 * m->m2 * m->m2)
                                       : m->n * m->m4 / (m->m2 * m->m2) - 3.0;
        return LT_AGGREGATE_VALUE;
    }
    double variance = m->m2 / (is_sample ? m->n - 1.0 : m->n);
    bool is_deviation = variant == STDDEV_POP || variant == STDDEV_SAMP;
    out->f64 = is_deviation ? sqrt(variance) : variance;
    return LT_AGGREGATE_VALUE;
}

/* Counts are whole and not negative. */
static int check_count(struct lt_aggregate_reader *reader, int code, double n)
{
    bool is_sound = code != LT_OK || (n >= 0 && n == floor(n) && !isinf(n));
    return is_sound ? code : lt_aggregate_damaged(reader, "a count is none");
}

static int read_moments(const struct lt_aggregate *aggregate, struct lt_aggregate_reader *reader,
                        void *state)
{
    const struct moments *m = state;
    int code = lt_aggregate_read_plain(aggregate, reader, state);
    return check_count(reader, code, m->n);
}

static const struct lt_aggregate_calls moments_calls = {.update = update_moments,
                                                        .merge = merge_moments,
                                                        .evaluate = give_moments,
                                                        .write = lt_aggregate_write_plain,
                                                        .read = read_moments};

static int bind_moments(struct lt_aggregate *aggregate, const struct lt_aggregate_binding *binding)
{
    (void)binding;
    lt_assert(lt_type_is_fraction(aggregate->types[0]));
    aggregate->calls = &moments_calls;
    aggregate->state_size_bytes = sizeof(struct moments);
    return LT_OK;
}

#define MOMENT(variant)                                                                            \
    {                                                                                              \
        bind_moments, variant, .inputs = 1                                                         \
    }
const struct lt_aggregate_kind lt_aggregate_stddev_pop = MOMENT(STDDEV_POP);
const struct lt_aggregate_kind lt_aggregate_stddev_samp = MOMENT(STDDEV_SAMP);
const struct lt_aggregate_kind lt_aggregate_var_pop = MOMENT(VAR_POP);
const struct lt_aggregate_kind lt_aggregate_var_samp = MOMENT(VAR_SAMP);
const struct lt_aggregate_kind lt_aggregate_skewness = MOMENT(SKEWNESS);
const struct lt_aggregate_kind lt_aggregate_kurtosis = MOMENT(KURTOSIS);

/* ---------------------------------------------------------------------------------- two columns */

enum pair_variant {
    CORR,
    COVAR_POP,
    COVAR_SAMP,
    REGR_INTERCEPT,
    REGR_R2,
    REGR_SLOPE,
    REGR_SXX,
    REGR_SXY,
    REGR_SYY,
};

/* a is the first argument, b the second. */
struct pairs {
    double n, a_mean, b_mean, ck, a_m2, b_m2;
};

static bool is_correlation(const struct lt_aggregate *aggregate)
{
    return aggregate->variant == CORR || aggregate->variant == REGR_R2;
}

static bool is_slope(const struct lt_aggregate *aggregate)
{
    return aggregate->variant == REGR_SLOPE || aggregate->variant == REGR_INTERCEPT;
}

/* How a square is added: what Spark's correlation does rounds otherwise than its variance. */
static double square(const struct lt_aggregate *aggregate, double delta, double delta_n,
                     double mean, double value)
{
    return is_correlation(aggregate) ? delta * (value - mean) : delta * (delta - delta_n);
}

static bool update_pairs(const struct lt_aggregate *aggregate, void *state,
                         const struct lt_row *row, struct lt_aggregate_work *work)
{
    struct pairs *p = state;
    (void)work;
    if (lt_aggregate_has_null(aggregate, row))
        return true;
    double a = lt_aggregate_value(aggregate, row, 0)->f64;
    double b = lt_aggregate_value(aggregate, row, 1)->f64;
    p->n += 1.0;
    double da = a - p->a_mean, da_n = da / p->n, db = b - p->b_mean, db_n = db / p->n;
    p->a_mean += da_n;
    p->b_mean += db_n;
    /* A slope is of the second, x. */
    p->ck += is_slope(aggregate) ? db * (a - p->a_mean) : da * (b - p->b_mean);
    p->a_m2 += square(aggregate, da, da_n, p->a_mean, a);
    p->b_m2 += square(aggregate, db, db_n, p->b_mean, b);
    return true;
}

static bool merge_pairs(const struct lt_aggregate *aggregate, void *state, const void *other,
                        struct lt_aggregate_work *work)
{
    struct pairs *p = state;
    const struct pairs *q = other;
    (void)aggregate, (void)work;
    if (q->n == 0)
        return true;
    double n = p->n + q->n;
    double da = q->a_mean - p->a_mean, da_n = da / n, db = q->b_mean - p->b_mean, db_n = db / n;
    p->ck = p->ck + q->ck + da * db_n * p->n * q->n;
    p->a_m2 = p->a_m2 + q->a_m2 + da * da_n * p->n * q->n;
    p->b_m2 = p->b_m2 + q->b_m2 + db * db_n * p->n * q->n;
    p->a_mean += da_n * q->n;
    p->b_mean += db_n * q->n;
    p->n = n;
    return true;
}

/* As Spark has it: r2 is NULL where y is always the same, and 1 where x is. */
static enum lt_aggregate_result give_r2(const struct pairs *p, double *out)
{
    double corr = p->ck / sqrt(p->a_m2 * p->b_m2);
    *out = p->b_m2 == 0 ? 1.0 : corr * corr;
    return p->a_m2 == 0 ? LT_AGGREGATE_NULL : LT_AGGREGATE_VALUE;
}

/* slope and intercept have no value where x is always the same. */
static enum lt_aggregate_result give_line(bool is_slope, const struct pairs *p, double *out)
{
    if (p->b_m2 == 0)
        return LT_AGGREGATE_NULL;
    double slope = p->ck / p->b_m2;
    *out = is_slope ? slope : p->a_mean - slope * p->b_mean;
    return LT_AGGREGATE_VALUE;
}

static enum lt_aggregate_result give_corr(const struct lt_aggregate *aggregate,
                                          const struct pairs *p, struct lt_aggregate_work *work,
                                          double *out)
{
    double divisor = sqrt(p->a_m2 * p->b_m2);
    if (divisor != 0) {
        *out = p->ck / divisor;
        return LT_AGGREGATE_VALUE;
    }
    if (aggregate->is_legacy)
        return LT_AGGREGATE_NULL;
    (void)lt_aggregate_fault(work, "DIVIDE_BY_ZERO", "22012",
                             "Division by zero. Use `try_divide` to tolerate divisor being 0 and "
                             "return NULL instead. If necessary set \"spark.sql.ansi.enabled\" to "
                             "\"false\" to bypass this error");
    return LT_AGGREGATE_FAULT;
}

static enum lt_aggregate_result give_pairs(const struct lt_aggregate *aggregate, const void *state,
                                           struct lt_aggregate_work *work, union lt_value *out)
{
    const struct pairs *p = state;
    enum pair_variant variant = aggregate->variant;
    if (p->n == 0 || (p->n == 1 && (variant == CORR || variant == COVAR_SAMP)))
        return LT_AGGREGATE_NULL;
    switch (variant) {
    case CORR:
        return give_corr(aggregate, p, work, &out->f64);
    case COVAR_POP:
        out->f64 = p->ck / p->n;
        break;
    case COVAR_SAMP:
        out->f64 = p->ck / (p->n - 1.0);
        break;
    case REGR_SXX:
        out->f64 = p->b_m2;
        break;
    case REGR_SXY:
        out->f64 = p->ck;
        break;
    case REGR_SYY:
        out->f64 = p->a_m2;
        break;
    case REGR_R2:
        return give_r2(p, &out->f64);
    case REGR_INTERCEPT:
    case REGR_SLOPE:
        return give_line(variant == REGR_SLOPE, p, &out->f64);
    }
    return LT_AGGREGATE_VALUE;
}

static int read_pairs(const struct lt_aggregate *aggregate, struct lt_aggregate_reader *reader,
                      void *state)
{
    const struct pairs *p = state;
    int code = lt_aggregate_read_plain(aggregate, reader, state);
    return check_count(reader, code, p->n);
}

static const struct lt_aggregate_calls pairs_calls = {.update = update_pairs,
                                                      .merge = merge_pairs,
                                                      .evaluate = give_pairs,
                                                      .write = lt_aggregate_write_plain,
                                                      .read = read_pairs};

static int bind_pairs(struct lt_aggregate *aggregate, const struct lt_aggregate_binding *binding)
{
    (void)binding;
    lt_assert(aggregate->argument_count == 2);
    aggregate->calls = &pairs_calls;
    aggregate->state_size_bytes = sizeof(struct pairs);
    return LT_OK;
}

#define PAIRS(variant)                                                                             \
    {                                                                                              \
        bind_pairs, variant, .inputs = 2                                                           \
    }
const struct lt_aggregate_kind lt_aggregate_corr = PAIRS(CORR);
const struct lt_aggregate_kind lt_aggregate_covar_pop = PAIRS(COVAR_POP);
const struct lt_aggregate_kind lt_aggregate_covar_samp = PAIRS(COVAR_SAMP);
const struct lt_aggregate_kind lt_aggregate_regr_intercept = PAIRS(REGR_INTERCEPT);
const struct lt_aggregate_kind lt_aggregate_regr_r2 = PAIRS(REGR_R2);
const struct lt_aggregate_kind lt_aggregate_regr_slope = PAIRS(REGR_SLOPE);
const struct lt_aggregate_kind lt_aggregate_regr_sxx = PAIRS(REGR_SXX);
const struct lt_aggregate_kind lt_aggregate_regr_sxy = PAIRS(REGR_SXY);
const struct lt_aggregate_kind lt_aggregate_regr_syy = PAIRS(REGR_SYY);
