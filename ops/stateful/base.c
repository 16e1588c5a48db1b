#include "ops/stateful/base.h"

#include <stdio.h>
#include <string.h>

enum {
    US_PER_MS = 1000,
    /* Room in each row for the bytes of keys and small states before more is looked for. */
    SCRATCH_BYTES_PER_COLUMN = 64,
};

/* ----------------------------------------------------------------------------------------- life */

void lt_stateful_init(struct lt_stateful *stateful, const struct lt_operator_ops *ops,
                      const struct lt_plan_stateful *plan, const struct lt_type *input,
                      const struct lt_type *output)
{
    *stateful = (struct lt_stateful){.plan = plan, .arena = lt_arena_create()};
    stateful->base =
        (struct lt_operator){.ops = ops, .input_schema = input, .output_schema = output};
}

void lt_stateful_fini(struct lt_stateful *stateful)
{
    lt_arena_destroy(stateful->arena);
}

struct lt_shared_u64 *lt_stateful_counter(const struct lt_operator_env *env, const char *name,
                                          const char *help)
{
    char full[128];
    (void)snprintf(full, sizeof full, "%s%s", env->counter_prefix, name);
    return lt_counters_add(env->counters, LT_COUNTER_SUM, full, "records", help);
}

void lt_stateful_open(struct lt_stateful *stateful, const struct lt_operator_env *env)
{
    stateful->clock = env->clock;
    stateful->in = lt_stateful_counter(env, "in", "rows taken");
    stateful->late =
        lt_stateful_counter(env, "late", "rows left out since the watermark had passed them");
}

int lt_stateful_open_store(struct lt_stateful *stateful, const struct lt_operator_env *env,
                           const struct lt_operator_store *request, struct lt_state_store **out,
                           struct lt_error *error)
{
    const char *name = stateful->base.ops->name;
    if (env->state == NULL)
        return lt_error_set(error, LT_E_UNSUPPORTED,
                            "operator \"%s\" keeps state, and the query runs without; hint: a "
                            "query with state runs in micro-batches",
                            name);
    struct lt_operator_store named = *request;
    named.operator_name = name;
    int code = env->state->open(env->state->context, &named, out, error);
    if (code != LT_OK)
        return lt_error_append(error, "cannot open the state of operator \"%s\"", name);
    return LT_OK;
}

int lt_stateful_open_pool(const struct lt_stateful *stateful, const struct lt_operator_env *env,
                          uint32_t column_count, struct lt_row_pool **out, struct lt_error *error)
{
    const struct lt_row_pool_options options = {
        .column_count = column_count,
        .capacity = env->rows_in_flight,
        .scratch_size_bytes = (column_count + 1) * SCRATCH_BYTES_PER_COLUMN,
        .is_shared = env->is_shared};
    int code = lt_row_pool_create(&options, out, error);
    if (code != LT_OK)
        return lt_error_append(error, "cannot open operator \"%s\"", stateful->base.ops->name);
    return LT_OK;
}

int lt_stateful_open_reader(const struct lt_type *schema, struct lt_row_pool **out,
                            struct lt_error *error)
{
    const struct lt_row_pool_options options = {
        .column_count = schema->field_count,
        .capacity = 1,
        .scratch_size_bytes = (schema->field_count + 1) * SCRATCH_BYTES_PER_COLUMN};
    return lt_row_pool_create(&options, out, error);
}

void lt_stateful_close_reader(struct lt_row_pool *pool, struct lt_row *row)
{
    if (row != NULL)
        lt_row_release(row);
    lt_row_pool_destroy(pool);
}

/* -------------------------------------------------------------------------------------- batches */

/* A watermark as the event times that it is compared with. */
static int64_t to_us(int64_t ms)
{
    if (ms > INT64_MAX / US_PER_MS)
        return INT64_MAX - 1; /* below LT_STATE_NEVER */
    return ms < INT64_MIN / US_PER_MS ? INT64_MIN : ms * US_PER_MS;
}

void lt_stateful_begin(struct lt_operator *op, const struct lt_batch *batch)
{
    struct lt_stateful *stateful = (struct lt_stateful *)op;
    stateful->batch = batch;
    stateful->metrics = (struct lt_state_metrics){0};
    if (stateful->plan == NULL)
        return;
    lt_assert(stateful->plan->number < batch->operator_count);
    const struct lt_batch_watermarks *watermarks = &batch->watermarks[stateful->plan->number];
    stateful->late_us = to_us(watermarks->late_ms);
    stateful->eviction_us = to_us(watermarks->eviction_ms);
}

void lt_stateful_add_store(const struct lt_state_store *store, struct lt_state_metrics *out)
{
    if (store == NULL)
        return;
    struct lt_state_counts counts = {0};
    store->ops->counts(store, &counts);
    out->rows_total += counts.entries;
    out->memory_bytes += counts.memory_bytes;
}

bool lt_event_time_of(const struct lt_plan_event_time *event_time, const struct lt_row *row,
                      int64_t *out_us)
{
    if (event_time->column < 0 || lt_row_is_null(row, (uint32_t)event_time->column))
        return false;
    const union lt_value *value = &lt_row_values(row)[event_time->column];
    if (!event_time->is_window) {
        *out_us = value->i64;
        return true;
    }
    enum { WINDOW_END = 1 }; /* of the struct of start and end */
    if (lt_bit(value->structure->nulls, WINDOW_END))
        return false;
    *out_us = value->structure->values[WINDOW_END].i64;
    return true;
}

bool lt_stateful_is_late(struct lt_stateful *stateful, const struct lt_plan_event_time *event_time,
                         const struct lt_row *row)
{
    int64_t event_us;
    if (!lt_event_time_of(event_time, row, &event_us) || event_us > stateful->late_us)
        return false;
    stateful->metrics.rows_dropped_by_watermark++;
    lt_counter_add(stateful->late, 1);
    return true;
}

/* --------------------------------------------------------------------------------------- faults */

void lt_stateful_fail(struct lt_stateful *stateful, const struct lt_error *error)
{
    if (lt_stateful_has_failed(stateful))
        return;
    stateful->error = *error;
    (void)lt_error_append(&stateful->error, "operator \"%s\"", stateful->base.ops->name);
    stateful->base.failure = &stateful->error;
}

void lt_stateful_fail_by(struct lt_stateful *stateful, struct lt_fault *fault)
{
    struct lt_error error;
    (void)lt_error_set(&error, LT_E_RECORD, "%s", fault->text);
    (void)lt_error_condition(&error, fault->condition,
                             fault->sqlstate[0] == '\0' ? NULL : fault->sqlstate);
    (void)lt_error_place(&error, fault->line, fault->position);
    lt_fault_destroy(fault);
    lt_stateful_fail(stateful, &error);
}

void lt_stateful_fail_for_memory(struct lt_stateful *stateful)
{
    struct lt_error error;
    (void)lt_error_set(&error, LT_E_NO_MEMORY,
                       "there is no memory for the batch; hint: limit what a batch reads "
                       "(maxOffsetsPerTrigger, maxFilesPerTrigger)");
    lt_stateful_fail(stateful, &error);
}

void lt_stateful_fail_for_damage(struct lt_stateful *stateful, const char *what)
{
    struct lt_error error;
    (void)lt_error_set(&error, LT_E_CORRUPT, "the state is damaged: there is %s", what);
    lt_stateful_fail(stateful, &error);
}

enum lt_process lt_stateful_refuse(struct lt_row *row)
{
    lt_row_release(row);
    return LT_PROCESS_DONE;
}

/* ----------------------------------------------------------------------------------------- rows */

void lt_stateful_adopt(const struct lt_stateful *stateful, struct lt_row *row)
{
    row->kind = LT_ROW_RECORD;
    row->flags = LT_ROW_NO_ORIGIN;
    row->source_partition = 0;
    row->source_offset = 0;
    row->ingest_ns = stateful->now_ns;
}

bool lt_stateful_read_copied(struct lt_stateful *stateful, const struct lt_type *schema,
                             struct lt_state_bytes bytes, struct lt_row *row,
                             uint32_t first_column)
{
    struct lt_error error;
    void *copy = lt_row_scratch(row, bytes.size_bytes);
    if (copy == NULL) {
        lt_stateful_fail_for_memory(stateful);
        return false;
    }
    memcpy(copy, bytes.data, bytes.size_bytes);
    if (lt_row_bytes_read_at(schema, copy, bytes.size_bytes, row, first_column, &error) == LT_OK)
        return true;
    lt_stateful_fail(stateful, &error);
    return false;
}

bool lt_stateful_read(struct lt_stateful *stateful, const struct lt_type *schema,
                      struct lt_state_bytes bytes, struct lt_row_pool *pool, struct lt_row **row)
{
    struct lt_error error;
    if (*row != NULL)
        lt_row_release(*row); /* so that its scratch is empty again */
    *row = lt_row_claim(pool);
    lt_assert(*row != NULL);
    if (lt_row_bytes_read(schema, bytes.data, bytes.size_bytes, *row, &error) == LT_OK)
        return true;
    lt_stateful_fail(stateful, &error);
    return false;
}

bool lt_stateful_put(struct lt_stateful *stateful, struct lt_state_store *store,
                     struct lt_state_bytes key, const struct lt_text_buffer *value,
                     int64_t final_at)
{
    struct lt_error error;
    if (store->ops->put(store, key, lt_state_bytes_of(value), final_at, &error) == LT_OK)
        return true;
    lt_stateful_fail(stateful, &error);
    return false;
}

const struct lt_type *lt_stateful_columns(struct lt_arena *arena, const struct lt_type *schema,
                                          const uint32_t *columns, uint32_t count)
{
    struct lt_field *fields = lt_arena_alloc(arena, count * sizeof *fields);
    for (uint32_t i = 0; i < count; i++)
        fields[i] = schema->fields[columns[i]];
    return lt_type_struct(arena, fields, count);
}
