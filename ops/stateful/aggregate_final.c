/*
 * The instance's side of an aggregation.
 *
 * Partial rows of the batch are merged group by group in a hash table; the store is asked once for
 * each group, at the end of the batch. Draining goes through the table, then through the store:
 *
 *     MERGE   each group of the batch: state read, merged, put (update mode: a row comes out)
 *     FINAL   what is final by the watermark leaves the store (append mode: a row comes out)
 *     WHOLE   complete mode, in place of FINAL: a row of every entry
 *
 * and goes on where it has stopped for want of a row. Rows are claimed before the entry they are
 * made of is taken, so that nothing is taken twice.
 *
 * For a partial row nothing is allocated but for new groups and, where values may lie in them, the
 * bytes of the state, which the table keeps; in the store, what it needs for a new or larger entry.
 */
#include <stdlib.h>
#include <string.h>

#include "ops/stateful/aggregate.h"
#include "ops/stateful/group_walk.h"
#include "ops/stateful/states.h"

enum step { START, MERGE, FINAL, WHOLE };

struct final {
    struct lt_stateful stateful;
    struct lt_states states;
    const struct lt_type *key_schema, *value_schema;
    uint32_t *key_columns; /* of the partial rows: 0, 1, ... */
    struct lt_plan_event_time event_time; /* among them */
    struct lt_groups groups;
    enum step step;
    struct lt_group_walk walk;     /* MERGE */
    struct lt_state_cursor cursor; /* FINAL, WHOLE */
    struct lt_state_store *store;  /* NULL before open */
    struct lt_row_pool *rows, *values;
    struct lt_row *value;
    struct lt_scratch memory; /* of the states of one row, group or entry */
    struct lt_text_buffer key, state_bytes, value_bytes;
};

static struct final *final_of(struct lt_operator *op)
{
    return (struct final *)op;
}

int32_t lt_aggregate_key_of(const struct lt_plan_stateful *plan, int32_t column)
{
    int32_t found = -1;
    for (uint32_t i = 0; i < plan->left.key_count && column >= 0; i++)
        if (plan->left.keys[i] == (uint32_t)column)
            found = (int32_t)i;
    return found;
}

uint32_t lt_aggregate_partition_columns(const struct lt_plan_stateful *plan, uint32_t *columns)
{
    int32_t session = lt_aggregate_key_of(plan, plan->session_gap);
    uint32_t count = 0;
    for (uint32_t i = 0; i < plan->left.key_count; i++)
        if ((int32_t)i != session)
            columns[count++] = i;
    return count;
}

/* ---------------------------------------------------------------------------------------- input */

/* The bytes, copied to stay as long as the groups do. False: no memory, it has failed. */
static bool keep_bytes(struct final *final, struct lt_state_bytes *bytes)
{
    void *copy = lt_scratch_alloc(&final->groups.memory, bytes->size_bytes);
    if (copy == NULL) {
        lt_stateful_fail_for_memory(&final->stateful);
        return false;
    }
    memcpy(copy, bytes->data, bytes->size_bytes);
    bytes->data = copy;
    return true;
}

/* The first state of a group is its state; others are merged into it. What they point to stays as
 * long as the group does. */
static bool merge_partial(struct final *final, struct lt_group *group, bool is_new,
                          const struct lt_bytes *bytes)
{
    struct lt_state_bytes own = {.data = bytes->data, .size_bytes = bytes->size_bytes};
    struct lt_scratch *memory = &final->groups.memory;
    if (final->states.are_plain) {
        memory = &final->memory;
        lt_scratch_clear(memory);
    } else if (!keep_bytes(final, &own)) {
        return false;
    }
    if (is_new)
        return lt_states_read_into(&final->states, own, group->payload, memory);
    const void *state = lt_states_read(&final->states, own, memory);
    return state != NULL && lt_states_merge(&final->states, group->payload, state, memory);
}

static struct lt_group *group_of(struct final *final, const struct lt_row *row, bool *is_new)
{
    uint32_t key_count = final->key_schema->field_count;
    lt_text_clear(&final->key);
    lt_row_bytes_write_key(final->key_schema, row, final->key_columns, key_count, &final->key);
    struct lt_group *group =
        lt_groups_find_or_add(&final->groups, lt_state_bytes_of(&final->key), is_new);
    if (group == NULL)
        lt_stateful_fail_for_memory(&final->stateful);
    return group;
}

static enum lt_process final_process(struct lt_operator *op, struct lt_row *row,
                                     struct lt_out *out)
{
    struct final *final = final_of(op);
    struct lt_stateful *stateful = &final->stateful;
    (void)out;
    if (lt_unlikely(lt_stateful_has_failed(stateful)))
        return lt_stateful_refuse(row);
    lt_counter_add(stateful->in, 1);
    if (stateful->plan->output_mode != LT_OUTPUT_COMPLETE &&
        lt_stateful_is_late(stateful, &final->event_time, row))
        return lt_stateful_refuse(row);
    bool is_new;
    struct lt_group *group = group_of(final, row, &is_new);
    if (group == NULL)
        return lt_stateful_refuse(row);
    int64_t final_at;
    if (is_new && lt_event_time_of(&final->event_time, row, &final_at))
        group->final_at = final_at;
    (void)merge_partial(final, group, is_new,
                        &lt_row_values(row)[final->key_schema->field_count].bytes);
    lt_row_release(row);
    return LT_PROCESS_DONE;
}

/* --------------------------------------------------------------------------------------- output */

/* The row of a key and a state; copied, so that both may go. */
static bool fill(struct final *final, struct lt_state_bytes key, const void *state,
                 struct lt_row *row)
{
    uint32_t first = final->key_schema->field_count;
    lt_stateful_adopt(&final->stateful, row);
    return lt_stateful_read_copied(&final->stateful, final->key_schema, key, row, 0) &&
           lt_states_evaluate(&final->states, state, row, first);
}

/* The state in an entry's value, which must stay as long as it is used. NULL: it has failed. */
static void *read_value(struct final *final, struct lt_state_bytes value)
{
    if (!lt_stateful_read(&final->stateful, final->value_schema, value, final->values,
                          &final->value))
        return NULL;
    if (lt_row_is_null(final->value, 0)) {
        lt_stateful_fail_for_damage(&final->stateful, "a group without an aggregate");
        return NULL;
    }
    const struct lt_bytes *bytes = &lt_row_values(final->value)[0].bytes;
    return lt_states_read(&final->states,
                          (struct lt_state_bytes){bytes->data, bytes->size_bytes}, &final->memory);
}

/* The group's state of before with what the batch has of it. NULL: it has failed. */
static const void *merge_stored(struct final *final, const struct lt_group *group)
{
    struct lt_state_bytes value;
    lt_scratch_clear(&final->memory);
    if (!final->store->ops->get(final->store, group->key, &value))
        return group->payload;
    void *state = read_value(final, value);
    if (state == NULL || !lt_states_merge(&final->states, state, group->payload, &final->memory))
        return NULL;
    return state;
}

static bool put(struct final *final, const struct lt_group *group, const void *state)
{
    lt_text_clear(&final->state_bytes);
    lt_aggregates_write(final->states.aggregates, state, &final->state_bytes);
    lt_row_clear_nulls(final->value);
    lt_row_values(final->value)[0] =
        lt_value_bytes(final->state_bytes.data, (uint32_t)final->state_bytes.size_bytes);
    lt_text_clear(&final->value_bytes);
    lt_row_bytes_write(final->value_schema, final->value, &final->value_bytes);
    final->stateful.metrics.rows_updated++;
    return lt_stateful_put(&final->stateful, final->store, group->key, &final->value_bytes,
                           group->final_at);
}

/* Merges, puts and in update mode gives out one group. False: no row is left, or it has failed. */
static bool merge_group(struct final *final, const struct lt_group *group, struct lt_out *out)
{
    bool gives = final->stateful.plan->output_mode == LT_OUTPUT_UPDATE;
    struct lt_row *row = gives ? lt_row_claim(final->rows) : NULL;
    if (gives && row == NULL)
        return false;
    const void *state = merge_stored(final, group);
    bool is_good = state != NULL && (!gives || fill(final, group->key, state, row)) &&
                   put(final, group, state);
    if (!is_good && row != NULL)
        lt_row_release(row);
    if (is_good && row != NULL)
        out->emit(out, row);
    return is_good;
}

enum taken { TAKEN, NO_ROW, NO_ENTRY };

static bool fill_from(struct final *final, const struct lt_state_entry *entry, struct lt_row *row)
{
    lt_scratch_clear(&final->memory);
    const void *state = read_value(final, entry->value);
    return state != NULL && fill(final, entry->key, state, row);
}

/* The next entry of the store, as a row where the mode asks for one; final ones are removed. */
static enum taken take_entry(struct final *final, struct lt_out *out)
{
    bool gives = final->stateful.plan->output_mode != LT_OUTPUT_UPDATE;
    struct lt_row *row = gives ? lt_row_claim(final->rows) : NULL;
    struct lt_state_entry entry;
    if (gives && row == NULL)
        return NO_ROW;
    if (!final->store->ops->next(&final->cursor, &entry)) {
        if (row != NULL)
            lt_row_release(row);
        return NO_ENTRY;
    }
    if (gives && !fill_from(final, &entry, row)) {
        lt_row_release(row);
        return NO_ROW;
    }
    if (final->step == FINAL) {
        (void)final->store->ops->remove(final->store, entry.key);
        final->stateful.metrics.rows_removed++;
    }
    if (gives)
        out->emit(out, row);
    return TAKEN;
}

/* ---------------------------------------------------------------------------------------- drain */

static void start_drain(struct final *final)
{
    bool is_new;
    final->stateful.now_ns = lt_clock_now_ns(final->stateful.clock);
    if (final->key_schema->field_count == 0) /* its group is there without rows too */
        (void)group_of(final, NULL, &is_new);
    lt_group_walk_begin(&final->walk, &final->groups, final->store);
    final->step = MERGE;
}

static void begin_store(struct final *final)
{
    bool is_whole = final->stateful.plan->output_mode == LT_OUTPUT_COMPLETE;
    lt_groups_clear(&final->groups);
    final->step = is_whole ? WHOLE : FINAL;
    final->cursor = (struct lt_state_cursor){.store = final->store,
                                             .order = is_whole ? LT_STATE_ANY_ORDER
                                                               : LT_STATE_FINAL_UP_TO,
                                             .bound = final->stateful.eviction_us,
                                             .is_of_keys = final->stateful.plan->output_mode ==
                                                           LT_OUTPUT_UPDATE};
}

/* One group or entry. False: no more for now. */
static bool drain_one(struct final *final, struct lt_out *out, bool *is_done)
{
    if (final->step != MERGE) {
        enum taken taken = take_entry(final, out);
        *is_done = taken == NO_ENTRY;
        return taken == TAKEN;
    }
    const struct lt_group *group = lt_group_walk_at(&final->walk);
    if (group == NULL) {
        begin_store(final);
        return true;
    }
    if (!merge_group(final, group, out))
        return false;
    lt_group_walk_pass(&final->walk);
    return true;
}

static bool final_drain(struct lt_operator *op, uint64_t epoch, struct lt_out *out)
{
    struct final *final = final_of(op);
    bool is_done = false;
    (void)epoch;
    if (final->step == START)
        start_drain(final);
    if (!lt_group_walk_order(&final->walk))
        return false;
    for (uint32_t i = 0; i < LT_STATEFUL_STEP && !lt_stateful_has_failed(&final->stateful); i++)
        if (!drain_one(final, out, &is_done))
            break;
    if (is_done)
        final->step = START;
    return is_done;
}

static void final_metrics(const struct lt_operator *op, struct lt_state_metrics *out)
{
    const struct final *final = (const struct final *)op;
    *out = final->stateful.metrics;
    lt_stateful_add_store(final->store, out);
}

/* ----------------------------------------------------------------------------------------- life */

static int final_open(struct lt_operator *op, const struct lt_operator_env *env,
                      struct lt_error *error)
{
    struct final *final = final_of(op);
    const struct lt_operator_store request = {.key = final->key_schema,
                                              .value = final->value_schema};
    lt_stateful_open(&final->stateful, env);
    int code = lt_stateful_open_pool(&final->stateful, env, op->output_schema->field_count,
                                     &final->rows, error);
    if (code == LT_OK)
        code = lt_stateful_open_reader(final->value_schema, &final->values, error);
    if (code != LT_OK)
        return code;
    final->value = lt_row_claim(final->values);
    return lt_stateful_open_store(&final->stateful, env, &request, &final->store, error);
}

static void final_close(struct lt_operator *op)
{
    struct final *final = final_of(op);
    lt_stateful_close_reader(final->values, final->value);
    lt_row_pool_destroy(final->rows);
    lt_group_walk_fini(&final->walk);
    lt_groups_fini(&final->groups);
    lt_scratch_fini(&final->memory);
    lt_states_fini(&final->states);
    lt_text_fini(&final->key);
    lt_text_fini(&final->state_bytes);
    lt_text_fini(&final->value_bytes);
    lt_stateful_fini(&final->stateful);
    free(final);
}

static const struct lt_operator_ops final_ops = {.name = "stateStoreSave",
                                                 .open = final_open,
                                                 .begin = lt_stateful_begin,
                                                 .process = final_process,
                                                 .drain = final_drain,
                                                 .state_metrics = final_metrics,
                                                 .close = final_close};

/* Keys, and what is among them; the schemas of the store. */
static void lay_out(struct final *final, const struct lt_aggregate_options *options)
{
    const struct lt_plan_stateful *plan = options->plan;
    struct lt_arena *arena = final->stateful.arena;
    const struct lt_field state = {.name = lt_aggregates_schema(final->states.aggregates),
                                   .type = lt_type_simple(LT_TYPE_BINARY)};
    final->key_schema =
        lt_stateful_columns(arena, options->input, plan->left.keys, plan->left.key_count);
    final->value_schema = lt_type_struct(arena, &state, 1);
    final->key_columns = lt_arena_alloc(arena, plan->left.key_count * sizeof(uint32_t));
    for (uint32_t i = 0; i < plan->left.key_count; i++)
        final->key_columns[i] = i;
    final->event_time = plan->left.event_time;
    final->event_time.column = lt_aggregate_key_of(plan, plan->left.event_time.column);
}

int lt_aggregate_create_final(const struct lt_aggregate_options *options, struct lt_operator **out,
                              struct lt_error *error)
{
    struct final *final = lt_alloc(sizeof *final);
    struct lt_stateful *stateful = &final->stateful;
    lt_stateful_init(stateful, &final_ops, options->plan, NULL, options->output);
    stateful->base.input_schema = lt_aggregate_partial_schema(options, stateful->arena);
    lt_text_init(&final->key);
    lt_text_init(&final->state_bytes);
    lt_text_init(&final->value_bytes);
    int code =
        lt_states_init(&final->states, stateful, options->input, options->session, error);
    if (code != LT_OK) {
        final_close(&stateful->base);
        return code;
    }
    lt_groups_init(&final->groups, final->states.size_bytes);
    lay_out(final, options);
    *out = &stateful->base;
    return LT_OK;
}
