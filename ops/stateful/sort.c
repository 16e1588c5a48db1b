/*
 * Rows are copied: an upstream operator that waits for its rows to come home could not give the
 * rest of the batch otherwise. The copies lie in pools of POOL_ROWS rows each; there are as many
 * pools as the largest batch needed, and they are used again by the next one. So a batch as large
 * as one before allocates nothing but what the texts of its rows need beyond their rows' scratch.
 */
#include "ops/stateful/sort.h"

#include <stdlib.h>

#include "ops/stateful/base.h"

enum {
    POOL_ROWS = 1024,
    SCRATCH_BYTES_PER_COLUMN = 64,
};

struct sort {
    struct lt_stateful stateful;
    const struct lt_plan_order *orders;
    uint32_t order_count;
    struct lt_row_pool **pools;
    uint32_t pool_count, pool_capacity;
    uint32_t pool;        /* that rows are taken from; those before it are used up */
    struct lt_row **rows; /* of the batch */
    size_t row_count, row_capacity;
    size_t given; /* of them, at the marker */
    bool is_sorted, is_shared;
    struct lt_text_buffer bytes;
};

static struct sort *sort_of(struct lt_operator *op)
{
    return (struct sort *)op;
}

/* --------------------------------------------------------------------------------------- copies */

static int add_pool(struct sort *sort, struct lt_error *error)
{
    uint32_t columns = sort->stateful.base.input_schema->field_count;
    const struct lt_row_pool_options options = {.column_count = columns,
                                                .capacity = POOL_ROWS,
                                                .scratch_size_bytes =
                                                    columns * SCRATCH_BYTES_PER_COLUMN,
                                                .is_shared = sort->is_shared};
    if (sort->pool_count == sort->pool_capacity) {
        sort->pool_capacity = sort->pool_capacity == 0 ? 16 : 2 * sort->pool_capacity;
        sort->pools =
            lt_realloc_array(sort->pools, sort->pool_capacity, sizeof(struct lt_row_pool *));
    }
    int code = lt_row_pool_create(&options, &sort->pools[sort->pool_count], error);
    sort->pool_count += code == LT_OK;
    return code;
}

/* NULL: it has failed. */
static struct lt_row *claim(struct sort *sort)
{
    struct lt_error error;
    for (;; sort->pool++) {
        if (sort->pool == sort->pool_count && add_pool(sort, &error) != LT_OK) {
            lt_stateful_fail(&sort->stateful, &error);
            return NULL;
        }
        struct lt_row *row = lt_row_claim(sort->pools[sort->pool]);
        if (row != NULL)
            return row;
    }
}

static void keep(struct sort *sort, struct lt_row *row)
{
    if (sort->row_count == sort->row_capacity) {
        sort->row_capacity = sort->row_capacity == 0 ? POOL_ROWS : 2 * sort->row_capacity;
        sort->rows = lt_realloc_array(sort->rows, sort->row_capacity, sizeof(struct lt_row *));
    }
    sort->rows[sort->row_count++] = row;
}

static enum lt_process sort_process(struct lt_operator *op, struct lt_row *row, struct lt_out *out)
{
    struct sort *sort = sort_of(op);
    struct lt_stateful *stateful = &sort->stateful;
    (void)out;
    if (lt_unlikely(lt_stateful_has_failed(stateful)))
        return lt_stateful_refuse(row);
    lt_counter_add(stateful->in, 1);
    struct lt_row *copy = claim(sort);
    if (copy == NULL)
        return lt_stateful_refuse(row);
    lt_text_clear(&sort->bytes);
    lt_row_bytes_write(op->input_schema, row, &sort->bytes);
    lt_stateful_adopt(stateful, copy);
    copy->ingest_ns = row->ingest_ns;
    if (lt_stateful_read_copied(stateful, op->input_schema, lt_state_bytes_of(&sort->bytes), copy,
                                0))
        keep(sort, copy);
    else
        lt_row_release(copy);
    lt_row_release(row);
    return LT_PROCESS_DONE;
}

/* ---------------------------------------------------------------------------------------- order */

static int compare_column(const struct sort *sort, const struct lt_plan_order *order,
                          const struct lt_row *a, const struct lt_row *b)
{
    uint32_t column = order->column;
    bool a_is_null = lt_row_is_null(a, column), b_is_null = lt_row_is_null(b, column);
    if (a_is_null || b_is_null) {
        int result = (int)b_is_null - (int)a_is_null;
        return order->nulls_last ? -result : result;
    }
    int result = lt_value_compare(sort->stateful.base.input_schema->fields[column].type,
                                  &lt_row_values(a)[column], &lt_row_values(b)[column]);
    return order->is_descending ? -result : result;
}

static bool is_before_or_equal(const struct sort *sort, const struct lt_row *a,
                               const struct lt_row *b)
{
    int result = 0;
    for (uint32_t i = 0; i < sort->order_count && result == 0; i++)
        result = compare_column(sort, &sort->orders[i], a, b);
    return result <= 0;
}

/* Merges [from, middle) and [middle, end) of `rows` into `out`. */
static void merge(const struct sort *sort, struct lt_row *const *rows, struct lt_row **out,
                  size_t from, size_t middle, size_t end)
{
    size_t left = from, right = middle;
    for (size_t i = from; i < end; i++) {
        bool takes_left = right == end || (left < middle && is_before_or_equal(sort, rows[left],
                                                                               rows[right]));
        out[i] = takes_left ? rows[left++] : rows[right++];
    }
}

/* A merge sort from below: it is stable, and no run of rows makes it slow. */
static void sort_rows(struct sort *sort)
{
    size_t count = sort->row_count;
    struct lt_row **other = lt_alloc_array(count == 0 ? 1 : count, sizeof(struct lt_row *));
    for (size_t width = 1; width < count; width *= 2) {
        for (size_t from = 0; from < count; from += 2 * width) {
            size_t middle = from + width < count ? from + width : count;
            size_t end = middle + width < count ? middle + width : count;
            merge(sort, sort->rows, other, from, middle, end);
        }
        struct lt_row **sorted = other;
        other = sort->rows;
        sort->rows = sorted;
        sort->row_capacity = count; /* of either, since they change places */
    }
    free(other);
}

/* The rows are there already, so what bounds a step is only the worker's time. */
static bool sort_drain(struct lt_operator *op, uint64_t epoch, struct lt_out *out)
{
    struct sort *sort = sort_of(op);
    (void)epoch;
    if (lt_stateful_has_failed(&sort->stateful))
        return false;
    if (!sort->is_sorted)
        sort_rows(sort);
    sort->is_sorted = true;
    for (uint32_t i = 0; i < LT_STATEFUL_STEP && sort->given < sort->row_count; i++)
        out->emit(out, sort->rows[sort->given++]);
    if (sort->given < sort->row_count)
        return false;
    sort->given = sort->row_count = 0;
    sort->is_sorted = false;
    sort->pool = 0;
    return true;
}

/* ----------------------------------------------------------------------------------------- life */

static int sort_open(struct lt_operator *op, const struct lt_operator_env *env,
                     struct lt_error *error)
{
    struct sort *sort = sort_of(op);
    (void)error;
    sort->stateful.in = lt_stateful_counter(env, "in", "rows sorted");
    sort->is_shared = env->is_shared;
    return LT_OK;
}

static void sort_close(struct lt_operator *op)
{
    struct sort *sort = sort_of(op);
    for (size_t i = sort->given; i < sort->row_count; i++)
        lt_row_release(sort->rows[i]);
    for (uint32_t i = 0; i < sort->pool_count; i++)
        lt_row_pool_destroy(sort->pools[i]);
    free(sort->pools);
    free(sort->rows);
    lt_text_fini(&sort->bytes);
    lt_stateful_fini(&sort->stateful);
    free(sort);
}

static const struct lt_operator_ops sort_ops = {.name = "sort",
                                                .open = sort_open,
                                                .begin = lt_stateful_begin,
                                                .process = sort_process,
                                                .drain = sort_drain,
                                                .close = sort_close};

struct lt_operator *lt_sort_create(const struct lt_plan_order *orders, uint32_t count,
                                   const struct lt_type *schema)
{
    struct sort *sort = lt_alloc(sizeof *sort);
    lt_stateful_init(&sort->stateful, &sort_ops, NULL, schema, schema);
    sort->orders = orders;
    sort->order_count = count;
    lt_text_init(&sort->bytes);
    return &sort->stateful.base;
}
