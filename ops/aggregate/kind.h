/*
 * What a kind of aggregate must do: the contract between aggregate.c, which has the states of a
 * node side by side, and the files of the kinds (sums.c, moments.c, ...). A kind serves several
 * functions, which differ in `variant`.
 *
 * A kind binds once: it looks at the types and the constants, says how large its state is, and may
 * choose another struct of calls for the types at hand, so that no type is asked for row by row.
 *
 * on: as aggregate.h.
 */
#ifndef LT_OPS_AGGREGATE_KIND_H
#define LT_OPS_AGGREGATE_KIND_H

#include "core/base/arena.h"
#include "core/data/row_bytes.h"
#include "core/data/value_copy.h"
#include "ops/aggregate/aggregate.h"

struct lt_aggregate;

/* What calls share: where memory comes from, and what went wrong. */
struct lt_aggregate_work {
    struct lt_scratch *memory; /* of the state; in evaluate: NULL */
    struct lt_row *row;        /* evaluate: its scratch is for results; else NULL */
    const char *condition;     /* of the fault, "ARITHMETIC_OVERFLOW" */
    const char *sqlstate;
    char text[256];
};

/* Bytes that are read. */
struct lt_aggregate_reader {
    const uint8_t *at, *end;
    struct lt_scratch *memory;
    struct lt_error *error;
};

enum lt_aggregate_result { LT_AGGREGATE_VALUE, LT_AGGREGATE_NULL, LT_AGGREGATE_FAULT };

struct lt_aggregate_calls {
    /* False: lt_aggregate_fault() was called. */
    bool (*update)(const struct lt_aggregate *aggregate, void *state, const struct lt_row *row,
                   struct lt_aggregate_work *work);
    bool (*merge)(const struct lt_aggregate *aggregate, void *state, const void *other,
                  struct lt_aggregate_work *work);
    enum lt_aggregate_result (*evaluate)(const struct lt_aggregate *aggregate, const void *state,
                                         struct lt_aggregate_work *work, union lt_value *out);
    void (*write)(const struct lt_aggregate *aggregate, const void *state,
                  struct lt_text_buffer *out);
    /* Into a zeroed state. */
    int (*read)(const struct lt_aggregate *aggregate, struct lt_aggregate_reader *reader,
                void *state);
};

/* What binding is told beside the aggregate itself. */
struct lt_aggregate_binding {
    const struct lt_plan_aggregate *plan;
    const struct lt_session *session;
    struct lt_arena *arena;
    struct lt_error *error;
};

struct lt_aggregate_kind {
    /* Sets calls, state_size_bytes (need not be a multiple of anything) and constants. Types,
     * columns and variant are set. */
    int (*bind)(struct lt_aggregate *aggregate, const struct lt_aggregate_binding *binding);
    uint8_t variant;
    /* How many of a call's arguments, the first, are values of rows; further ones are constants.
     * UINT8_MAX: all. */
    uint8_t inputs;
    bool has_order; /* takes WITHIN GROUP (ORDER BY ...) */
    bool has_first; /* takes IGNORE NULLS */
};

/* One bound aggregate. Constant after bind. */
struct lt_aggregate {
    const struct lt_aggregate_calls *calls;
    const char *name;
    uint8_t variant;
    bool ignores_nulls;
    bool is_legacy; /* overflow wraps or is NULL */
    int32_t filter; /* a column, or -1 */
    uint32_t argument_count;
    const uint32_t *columns;            /* of the arguments */
    const struct lt_type *const *types; /* of the arguments */
    const struct lt_type *type;         /* of the result */
    uint32_t offset_bytes, state_size_bytes;
    const void *constants; /* the kind's own, in the arena */
};

/* The value of an argument in a row; not defined where it is NULL. */
static inline const union lt_value *lt_aggregate_value(const struct lt_aggregate *aggregate,
                                                       const struct lt_row *row, uint32_t index)
{
    return &lt_row_values(row)[aggregate->columns[index]];
}
static inline bool lt_aggregate_is_null(const struct lt_aggregate *aggregate,
                                        const struct lt_row *row, uint32_t index)
{
    return lt_row_is_null(row, aggregate->columns[index]);
}
static inline bool lt_aggregate_has_null(const struct lt_aggregate *aggregate,
                                         const struct lt_row *row)
{
    for (uint32_t i = 0; i < aggregate->argument_count; i++) {
        if (lt_aggregate_is_null(aggregate, row, i))
            return true;
    }
    return false;
}

/* The fault's condition, SQLSTATE and text. Returns false. */
bool lt_aggregate_fault(struct lt_aggregate_work *work, const char *condition, const char *sqlstate,
                        const char *format, ...) __attribute__((format(printf, 4, 5)));
/* There is no memory for a state. Returns false. */
bool lt_aggregate_no_memory(const struct lt_aggregate *aggregate, struct lt_aggregate_work *work);
/* Memory of the state, or in evaluate of the result; aligned to 16, not zeroed. NULL: none; the
 * fault is set. */
void *lt_aggregate_alloc(const struct lt_aggregate *aggregate, struct lt_aggregate_work *work,
                         size_t size_bytes);
/* The value with all that it points to in memory of the state. False: no memory, the fault is set.
 */
bool lt_aggregate_keep(const struct lt_aggregate *aggregate, struct lt_aggregate_work *work,
                       const struct lt_type *type, union lt_value *value) LT_MUST_USE;

/* The byte form: numbers little-endian as they are in memory. */
void lt_aggregate_write_bytes(struct lt_text_buffer *out, const void *data, size_t size_bytes);
int lt_aggregate_read_bytes(struct lt_aggregate_reader *reader, void *out,
                            size_t size_bytes) LT_MUST_USE;
/* A value, and what it points to: in the bytes, or in the reader's memory. */
int lt_aggregate_read_value(struct lt_aggregate_reader *reader, const struct lt_type *type,
                            union lt_value *out) LT_MUST_USE;
/* A count of things that take at least `least_bytes` each of the bytes left. */
int lt_aggregate_read_count(struct lt_aggregate_reader *reader, size_t least_bytes,
                            uint32_t *out) LT_MUST_USE;
/* Counts that can be read: two of them can be added. */
#define LT_AGGREGATE_COUNT_MAX (INT64_MAX / 4)
static inline bool lt_aggregate_is_count(int64_t count)
{
    return count >= 0 && count <= LT_AGGREGATE_COUNT_MAX;
}
/* LT_E_CORRUPT: what is wrong with the bytes. Returns the code. */
int lt_aggregate_damaged(struct lt_aggregate_reader *reader, const char *what);
/* Memory for what is read; NULL with the error set. */
void *lt_aggregate_read_alloc(struct lt_aggregate_reader *reader, size_t size_bytes);

/* States that are a plain struct of numbers are written and read as they are in memory. */
void lt_aggregate_write_plain(const struct lt_aggregate *aggregate, const void *state,
                              struct lt_text_buffer *out);
int lt_aggregate_read_plain(const struct lt_aggregate *aggregate,
                            struct lt_aggregate_reader *reader, void *state);

/* The kinds. A row of the function table points to one of these. */
extern const struct lt_aggregate_kind lt_aggregate_count, lt_aggregate_count_if;
extern const struct lt_aggregate_kind lt_aggregate_sum, lt_aggregate_try_sum, lt_aggregate_avg,
    lt_aggregate_try_avg, lt_aggregate_regr_avgx, lt_aggregate_regr_avgy;
extern const struct lt_aggregate_kind lt_aggregate_min, lt_aggregate_max, lt_aggregate_min_by,
    lt_aggregate_max_by, lt_aggregate_first, lt_aggregate_last;
extern const struct lt_aggregate_kind lt_aggregate_bit_and, lt_aggregate_bit_or,
    lt_aggregate_bit_xor;
extern const struct lt_aggregate_kind lt_aggregate_stddev_pop, lt_aggregate_stddev_samp,
    lt_aggregate_var_pop, lt_aggregate_var_samp, lt_aggregate_skewness, lt_aggregate_kurtosis;
extern const struct lt_aggregate_kind lt_aggregate_corr, lt_aggregate_covar_pop,
    lt_aggregate_covar_samp, lt_aggregate_regr_count, lt_aggregate_regr_intercept,
    lt_aggregate_regr_r2, lt_aggregate_regr_slope, lt_aggregate_regr_sxx, lt_aggregate_regr_sxy,
    lt_aggregate_regr_syy;
extern const struct lt_aggregate_kind lt_aggregate_collect_list, lt_aggregate_listagg;
extern const struct lt_aggregate_kind lt_aggregate_collect_set, lt_aggregate_mode,
    lt_aggregate_percentile, lt_aggregate_median, lt_aggregate_percentile_cont,
    lt_aggregate_percentile_disc;
extern const struct lt_aggregate_kind lt_aggregate_bitmap_construct, lt_aggregate_bitmap_or;
extern const struct lt_aggregate_kind lt_aggregate_approx_count_distinct,
    lt_aggregate_approx_percentile;

#endif
