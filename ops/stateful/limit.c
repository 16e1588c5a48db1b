/* One number; in append mode an entry under the key of no columns holds it between batches. */
#include "ops/stateful/limit.h"

#include <stdlib.h>

#include "ops/stateful/base.h"

struct limit {
    struct lt_stateful stateful;
    int64_t limit;
    int64_t given;  /* rows: of the batch, or ever */
    int64_t stored; /* of `given`, at the batch's start */
    const struct lt_type *key_schema, *value_schema;
    struct lt_state_store *store; /* append mode; NULL before open */
    struct lt_row_pool *values;
    struct lt_row *value;
    struct lt_text_buffer key, value_bytes;
};

static struct limit *limit_of(struct lt_operator *op)
{
    return (struct limit *)op;
}

/* How many rows were given until now, as the state has it. A get that failed says that there is
 * nothing, and rows that are let through for that may be shown before anybody else asks. */
static int64_t load(struct limit *limit)
{
    struct lt_state_bytes bytes;
    struct lt_error error;
    bool is_there = limit->store->ops->get(limit->store, lt_state_bytes_of(&limit->key), &bytes);
    if (lt_state_store_fault(limit->store, &error) != 0)
        lt_stateful_fail(&limit->stateful, &error);
    if (!is_there || lt_stateful_has_failed(&limit->stateful))
        return 0;
    if (!lt_stateful_read(&limit->stateful, limit->value_schema, bytes, limit->values,
                          &limit->value))
        return 0;
    if (lt_row_is_null(limit->value, 0)) {
        lt_stateful_fail_for_damage(&limit->stateful, "no count of rows");
        return 0;
    }
    return lt_row_values(limit->value)[0].i64;
}

static void limit_begin(struct lt_operator *op, const struct lt_batch *batch)
{
    struct limit *limit = limit_of(op);
    lt_stateful_begin(op, batch);
    limit->given = limit->stored = limit->store == NULL ? 0 : load(limit);
}

static enum lt_process limit_process(struct lt_operator *op, struct lt_row *row,
                                     struct lt_out *out)
{
    struct limit *limit = limit_of(op);
    (void)out;
    if (lt_unlikely(lt_stateful_has_failed(&limit->stateful)))
        return lt_stateful_refuse(row);
    lt_counter_add(limit->stateful.in, 1);
    if (limit->given >= limit->limit)
        return lt_stateful_refuse(row);
    limit->given++;
    return LT_PROCESS_PASS;
}

static bool limit_drain(struct lt_operator *op, uint64_t epoch, struct lt_out *out)
{
    struct limit *limit = limit_of(op);
    struct lt_stateful *stateful = &limit->stateful;
    (void)epoch;
    (void)out;
    if (lt_stateful_has_failed(stateful))
        return false;
    if (limit->store == NULL || limit->given == limit->stored)
        return true;
    lt_row_values(limit->value)[0].i64 = limit->given;
    lt_text_clear(&limit->value_bytes);
    lt_row_bytes_write(limit->value_schema, limit->value, &limit->value_bytes);
    stateful->metrics.rows_updated++;
    return lt_stateful_put(stateful, limit->store, lt_state_bytes_of(&limit->key),
                           &limit->value_bytes, LT_STATE_NEVER);
}

static void limit_metrics(const struct lt_operator *op, struct lt_state_metrics *out)
{
    const struct limit *limit = (const struct limit *)op;
    *out = limit->stateful.metrics;
    lt_stateful_add_store(limit->store, out);
}

static int limit_open(struct lt_operator *op, const struct lt_operator_env *env,
                      struct lt_error *error)
{
    struct limit *limit = limit_of(op);
    const struct lt_operator_store request = {.key = limit->key_schema,
                                              .value = limit->value_schema};
    lt_stateful_open(&limit->stateful, env);
    if (limit->stateful.plan == NULL)
        return LT_OK;
    int code = lt_stateful_open_reader(limit->value_schema, &limit->values, error);
    if (code != LT_OK)
        return code;
    limit->value = lt_row_claim(limit->values);
    lt_row_bytes_write_key(limit->key_schema, NULL, NULL, 0, &limit->key);
    return lt_stateful_open_store(&limit->stateful, env, &request, &limit->store, error);
}

static void limit_close(struct lt_operator *op)
{
    struct limit *limit = limit_of(op);
    lt_stateful_close_reader(limit->values, limit->value);
    lt_text_fini(&limit->key);
    lt_text_fini(&limit->value_bytes);
    lt_stateful_fini(&limit->stateful);
    free(limit);
}

static const struct lt_operator_ops batch_ops = {.name = "limit",
                                                 .open = limit_open,
                                                 .begin = limit_begin,
                                                 .process = limit_process,
                                                 .drain = limit_drain,
                                                 .close = limit_close};
static const struct lt_operator_ops query_ops = {.name = "globalLimit",
                                                 .open = limit_open,
                                                 .begin = limit_begin,
                                                 .process = limit_process,
                                                 .drain = limit_drain,
                                                 .state_metrics = limit_metrics,
                                                 .close = limit_close};

struct lt_operator *lt_limit_create(const struct lt_plan_stateful *plan, int64_t rows,
                                    const struct lt_type *schema)
{
    struct limit *limit = lt_alloc(sizeof *limit);
    const struct lt_field count = {.name = "rows", .type = lt_type_simple(LT_TYPE_BIGINT)};
    lt_stateful_init(&limit->stateful, plan == NULL ? &batch_ops : &query_ops, plan, schema,
                     schema);
    limit->limit = rows;
    limit->key_schema = lt_stateful_columns(limit->stateful.arena, schema, NULL, 0);
    limit->value_schema = lt_type_struct(limit->stateful.arena, &count, 1);
    lt_text_init(&limit->key);
    lt_text_init(&limit->value_bytes);
    return &limit->stateful.base;
}
