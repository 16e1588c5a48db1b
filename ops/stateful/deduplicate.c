/*
 * One look into the store for each row, and one put for each that is new. For a row nothing is
 * allocated but what the store takes for a new key.
 *
 * A store that looks for entries (in RocksDB) is told some keys ahead: their rows wait here, until
 * there are enough of them, and never longer than until the stage has done all that is at hand.
 */
#include "ops/stateful/deduplicate.h"

#include <stdlib.h>

#include "ops/stateful/base.h"

struct deduplicate {
    struct lt_stateful stateful;
    const struct lt_type *value_schema;
    struct lt_state_store *store; /* NULL before open; the runner closes it */
    struct lt_row_pool *values;   /* one row, to write values from */
    struct lt_row *value;
    struct lt_text_buffer key, value_bytes;
    /* Rows that wait, if the store is told ahead; their keys lie in `key`, one behind the other. */
    struct lt_row *waiting[LT_STATE_AHEAD_MAX];
    size_t key_ends[LT_STATE_AHEAD_MAX];
    uint32_t waiting_count;
    bool ends_with_event_time; /* it is among the keys */
    struct lt_shared_u64 *duplicates;
};

static struct deduplicate *deduplicate_of(struct lt_operator *op)
{
    return (struct deduplicate *)op; /* the operator is its first member's */
}

static bool has_key(const struct lt_plan_side *side, int32_t column)
{
    bool has = false;
    for (uint32_t i = 0; i < side->key_count; i++)
        has = has || (int32_t)side->keys[i] == column;
    return has;
}

/* When an entry that this row makes is final. */
static int64_t final_at(const struct deduplicate *deduplicate, const struct lt_row *row)
{
    const struct lt_plan_stateful *plan = deduplicate->stateful.plan;
    int64_t event_us = 0;
    bool is_known = lt_event_time_of(&plan->left.event_time, row, &event_us);
    if (!plan->within_watermark)
        return is_known && deduplicate->ends_with_event_time ? event_us : LT_STATE_NEVER;
    int64_t end_us;
    if (__builtin_add_overflow(is_known ? event_us : 0, plan->delay_us, &end_us))
        return LT_STATE_NEVER;
    return end_us;
}

static bool add(struct deduplicate *deduplicate, struct lt_state_bytes key, int64_t end)
{
    struct lt_text_buffer *bytes = &deduplicate->value_bytes;
    if (deduplicate->stateful.plan->within_watermark) {
        lt_row_values(deduplicate->value)[0].i64 = end;
        lt_text_clear(bytes);
        lt_row_bytes_write(deduplicate->value_schema, deduplicate->value, bytes);
    }
    deduplicate->stateful.metrics.rows_updated++;
    return lt_stateful_put(&deduplicate->stateful, deduplicate->store, key, bytes, end);
}

/* True: it is the first row with the key. */
static bool is_first(struct deduplicate *deduplicate, const struct lt_row *row,
                     struct lt_state_bytes key)
{
    struct lt_state_bytes value;
    if (!deduplicate->store->ops->get(deduplicate->store, key, &value))
        return add(deduplicate, key, final_at(deduplicate, row));
    deduplicate->stateful.metrics.dropped_duplicates++;
    lt_counter_add(deduplicate->duplicates, 1);
    return false;
}

/* Passes on those of the waiting rows that are the first with their keys. */
static void take_waiting(struct deduplicate *deduplicate, struct lt_out *out)
{
    struct lt_state_bytes keys[LT_STATE_AHEAD_MAX];
    uint32_t count = deduplicate->waiting_count;
    size_t begin = 0;
    if (count == 0)
        return;
    for (uint32_t i = 0; i < count; i++) {
        keys[i] = (struct lt_state_bytes){deduplicate->key.data + begin,
                                          deduplicate->key_ends[i] - begin};
        begin = deduplicate->key_ends[i];
    }
    deduplicate->store->ops->ahead(deduplicate->store, keys, count);
    for (uint32_t i = 0; i < count; i++) {
        struct lt_row *row = deduplicate->waiting[i];
        if (!lt_stateful_has_failed(&deduplicate->stateful) && is_first(deduplicate, row, keys[i]))
            out->emit(out, row);
        else
            lt_row_release(row);
    }
    deduplicate->waiting_count = 0;
    lt_text_clear(&deduplicate->key);
}

static enum lt_process let_wait(struct deduplicate *deduplicate, struct lt_row *row,
                                struct lt_out *out)
{
    uint32_t place = deduplicate->waiting_count++;
    deduplicate->waiting[place] = row;
    deduplicate->key_ends[place] = deduplicate->key.size_bytes;
    if (deduplicate->waiting_count == LT_STATE_AHEAD_MAX)
        take_waiting(deduplicate, out);
    return LT_PROCESS_DONE;
}

static enum lt_process deduplicate_process(struct lt_operator *op, struct lt_row *row,
                                           struct lt_out *out)
{
    struct deduplicate *deduplicate = deduplicate_of(op);
    struct lt_stateful *stateful = &deduplicate->stateful;
    const struct lt_plan_side *side = &stateful->plan->left;
    if (lt_unlikely(lt_stateful_has_failed(stateful)))
        return lt_stateful_refuse(row);
    lt_counter_add(stateful->in, 1);
    if (lt_stateful_is_late(stateful, &side->event_time, row))
        return lt_stateful_refuse(row);
    bool waits = deduplicate->store->ops->ahead != NULL;
    if (!waits)
        lt_text_clear(&deduplicate->key);
    lt_row_bytes_write_key(op->input_schema, row, side->keys, side->key_count, &deduplicate->key);
    if (waits)
        return let_wait(deduplicate, row, out);
    return is_first(deduplicate, row, lt_state_bytes_of(&deduplicate->key))
               ? LT_PROCESS_PASS
               : lt_stateful_refuse(row);
}

static void deduplicate_on_batch_end(struct lt_operator *op, struct lt_out *out)
{
    take_waiting(deduplicate_of(op), out);
}

static bool deduplicate_drain(struct lt_operator *op, uint64_t epoch, struct lt_out *out)
{
    struct deduplicate *deduplicate = deduplicate_of(op);
    struct lt_state_store *store = deduplicate->store;
    struct lt_state_cursor cursor = {.store = store,
                                     .order = LT_STATE_FINAL_UP_TO,
                                     .bound = deduplicate->stateful.eviction_us,
                                     .is_of_keys = true};
    struct lt_state_entry entry;
    (void)epoch;
    take_waiting(deduplicate, out);
    if (lt_stateful_has_failed(&deduplicate->stateful))
        return false;
    for (uint32_t i = 0; i < LT_STATEFUL_STEP; i++) {
        if (!store->ops->next(&cursor, &entry))
            return true;
        (void)store->ops->remove(store, entry.key);
        deduplicate->stateful.metrics.rows_removed++;
    }
    return false;
}

static void deduplicate_metrics(const struct lt_operator *op, struct lt_state_metrics *out)
{
    const struct deduplicate *deduplicate = (const struct deduplicate *)op;
    *out = deduplicate->stateful.metrics;
    lt_stateful_add_store(deduplicate->store, out);
}

static int deduplicate_open(struct lt_operator *op, const struct lt_operator_env *env,
                            struct lt_error *error)
{
    struct deduplicate *deduplicate = deduplicate_of(op);
    struct lt_stateful *stateful = &deduplicate->stateful;
    const struct lt_plan_side *side = &stateful->plan->left;
    const struct lt_operator_store request = {
        .key = lt_stateful_columns(stateful->arena, op->input_schema, side->keys, side->key_count),
        .value = deduplicate->value_schema};
    lt_stateful_open(stateful, env);
    deduplicate->duplicates =
        lt_stateful_counter(env, "duplicates", "rows left out since their keys had come before");
    int code = lt_stateful_open_reader(deduplicate->value_schema, &deduplicate->values, error);
    if (code != LT_OK)
        return code;
    deduplicate->value = lt_row_claim(deduplicate->values);
    if (deduplicate->value_schema->field_count == 0) /* the same for all keys */
        lt_row_bytes_write(deduplicate->value_schema, deduplicate->value,
                           &deduplicate->value_bytes);
    return lt_stateful_open_store(stateful, env, &request, &deduplicate->store, error);
}

static void deduplicate_close(struct lt_operator *op)
{
    struct deduplicate *deduplicate = deduplicate_of(op);
    lt_stateful_close_reader(deduplicate->values, deduplicate->value);
    lt_text_fini(&deduplicate->key);
    lt_text_fini(&deduplicate->value_bytes);
    lt_stateful_fini(&deduplicate->stateful);
    free(deduplicate);
}

static const struct lt_operator_ops dedupe_ops = {.name = "dedupe",
                                                  .open = deduplicate_open,
                                                  .begin = lt_stateful_begin,
                                                  .process = deduplicate_process,
                                                  .on_batch_end = deduplicate_on_batch_end,
                                                  .drain = deduplicate_drain,
                                                  .state_metrics = deduplicate_metrics,
                                                  .close = deduplicate_close};
static const struct lt_operator_ops within_ops = {.name = "dedupeWithinWatermark",
                                                  .open = deduplicate_open,
                                                  .begin = lt_stateful_begin,
                                                  .process = deduplicate_process,
                                                  .on_batch_end = deduplicate_on_batch_end,
                                                  .drain = deduplicate_drain,
                                                  .state_metrics = deduplicate_metrics,
                                                  .close = deduplicate_close};

struct lt_operator *lt_deduplicate_create(const struct lt_plan_stateful *plan,
                                          const struct lt_type *schema)
{
    struct deduplicate *deduplicate = lt_alloc(sizeof *deduplicate);
    struct lt_stateful *stateful = &deduplicate->stateful;
    const struct lt_field expiry = {.name = "expiresAt",
                                    .type = lt_type_simple(LT_TYPE_TIMESTAMP)};
    lt_stateful_init(stateful, plan->within_watermark ? &within_ops : &dedupe_ops, plan, schema,
                     schema);
    deduplicate->value_schema = lt_type_struct(stateful->arena, &expiry, plan->within_watermark);
    deduplicate->ends_with_event_time = has_key(&plan->left, plan->left.event_time.column);
    lt_text_init(&deduplicate->key);
    lt_text_init(&deduplicate->value_bytes);
    return &stateful->base;
}
