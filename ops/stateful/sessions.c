/*
 * Aggregation by sessions: the instance's side.
 *
 * A partial row is of one key and of the window that one of its rows makes. The sessions of a key
 * without its window are one entry of the store, since a row can make any of them meet; the entry
 * is final when its first session is.
 *
 *     MERGE   each key of the batch: its sessions and those stored are merged, and put
 *     FINAL   entries with sessions that are final: those come out, what is left is put again
 *     REST    after all of them: no entry may be changed while a cursor goes over the store
 *     WHOLE   complete mode, in place of FINAL and REST: a row of every session
 *
 * An entry whose sessions do not all find a row is gone on with in the next call; the store does
 * not change until then, so it stays where it is.
 *
 * As Spark counts: every session of a key that came in the batch is updated, a stored one whose
 * start is no session's any more is removed, and so is each that is final.
 */
#include <stdlib.h>
#include <string.h>

#include "ops/stateful/aggregate.h"
#include "ops/stateful/group_walk.h"
#include "ops/stateful/session_list.h"

enum step { STEP_START, STEP_MERGE, STEP_FINAL, STEP_REST, STEP_WHOLE };

/* What a partial row brings to the sessions of its key. */
struct node {
    struct node *next;
    int64_t start_us, end_us;
    void *state;
};

/* Of a key in the batch: a group's payload. */
struct nodes {
    struct node *first, *last;
};

/* An entry that is put again: this, then the key, then the value. */
struct rest {
    size_t key_size_bytes, value_size_bytes;
    int64_t final_at;
};

struct sessions {
    struct lt_stateful stateful;
    struct lt_states states;
    const struct lt_type *key_schema, *value_schema; /* of the store */
    uint32_t *key_columns; /* of the partial rows: all but the session's and the state's */
    uint32_t key_count, session_key;      /* where among the keys the window stands */
    struct lt_plan_event_time event_time; /* of the partial rows */
    struct lt_groups groups;
    enum step step;
    struct lt_group_walk walk; /* MERGE */
    struct lt_state_cursor cursor;
    struct lt_state_entry entry; /* FINAL, WHOLE: at hand, if `has_entry` */
    bool has_entry;
    uint32_t item;               /* of the entry: the next to look at */
    struct lt_session_list list; /* of the key or entry at hand */
    int64_t *old_starts;         /* MERGE: of those stored */
    uint32_t old_capacity;
    struct lt_text_buffer rests;
    size_t rest_offset;           /* REST: the next */
    uint64_t rows_total;          /* sessions in the store */
    struct lt_state_store *store; /* NULL before open */
    struct lt_row_pool *rows, *values;
    struct lt_row *value;
    struct lt_scratch memory; /* of the key or entry at hand */
    struct lt_text_buffer key, state_bytes, value_bytes;
};

static struct sessions *sessions_of(struct lt_operator *op)
{
    return (struct sessions *)op;
}

/* ---------------------------------------------------------------------------------------- input */

static bool add_node(struct sessions *sessions, struct nodes *nodes,
                     const struct lt_struct *window, const struct lt_bytes *bytes)
{
    struct lt_scratch *memory = &sessions->groups.memory;
    struct node *node = lt_scratch_alloc(memory, sizeof *node);
    void *copy = lt_scratch_alloc(memory, bytes->size_bytes);
    if (node == NULL || copy == NULL) {
        lt_stateful_fail_for_memory(&sessions->stateful);
        return false;
    }
    memcpy(copy, bytes->data, bytes->size_bytes);
    const struct lt_state_bytes own = {.data = copy, .size_bytes = bytes->size_bytes};
    *node = (struct node){.start_us = window->values[0].i64,
                          .end_us = window->values[1].i64,
                          .state = lt_states_read(&sessions->states, own, memory)};
    if (node->state == NULL)
        return false;
    if (nodes->last == NULL)
        nodes->first = node;
    else
        nodes->last->next = node;
    nodes->last = node;
    return true;
}

/* False: it has failed. */
static bool take(struct sessions *sessions, const struct lt_row *row)
{
    const union lt_value *values = lt_row_values(row);
    bool is_new;
    if (lt_row_is_null(row, sessions->session_key)) {
        lt_stateful_fail_for_damage(&sessions->stateful, "a row without a session");
        return false;
    }
    lt_text_clear(&sessions->key);
    lt_row_bytes_write_key(sessions->stateful.base.input_schema, row, sessions->key_columns,
                           sessions->key_count, &sessions->key);
    struct lt_group *group =
        lt_groups_find_or_add(&sessions->groups, lt_state_bytes_of(&sessions->key), &is_new);
    if (group == NULL) {
        lt_stateful_fail_for_memory(&sessions->stateful);
        return false;
    }
    return add_node(sessions, (struct nodes *)group->payload,
                    values[sessions->session_key].structure,
                    &values[sessions->key_count + 1].bytes);
}

static enum lt_process sessions_process(struct lt_operator *op, struct lt_row *row,
                                        struct lt_out *out)
{
    struct sessions *sessions = sessions_of(op);
    struct lt_stateful *stateful = &sessions->stateful;
    (void)out;
    if (lt_unlikely(lt_stateful_has_failed(stateful)))
        return lt_stateful_refuse(row);
    lt_counter_add(stateful->in, 1);
    if (!lt_stateful_is_late(stateful, &sessions->event_time, row))
        (void)take(sessions, row);
    lt_row_release(row);
    return LT_PROCESS_DONE;
}

/* -------------------------------------------------------------------------------------- merging */

/* The list of a stored value. */
static bool load(struct sessions *sessions, struct lt_state_bytes value)
{
    sessions->list.count = 0;
    lt_scratch_clear(&sessions->memory);
    return lt_stateful_read(&sessions->stateful, sessions->value_schema, value, sessions->values,
                            &sessions->value) &&
           lt_session_list_read(&sessions->list, &sessions->states, sessions->value,
                                &sessions->memory);
}

static void note_old_starts(struct sessions *sessions)
{
    const struct lt_session_list *list = &sessions->list;
    if (list->count > sessions->old_capacity) {
        sessions->old_capacity = 2 * list->count;
        sessions->old_starts =
            lt_realloc_array(sessions->old_starts, sessions->old_capacity, sizeof(int64_t));
    }
    for (uint32_t i = 0; i < list->count; i++)
        sessions->old_starts[i] = list->items[i].start_us;
}

/* The value of the list, in value_bytes. */
static bool write_list(struct sessions *sessions, const struct lt_session_list *list)
{
    return lt_session_list_write(list, &sessions->states, sessions->value_schema, sessions->value,
                                 &sessions->memory, &sessions->state_bytes,
                                 &sessions->value_bytes);
}

static int64_t final_at(const struct sessions *sessions, const struct lt_session_list *list)
{
    return sessions->event_time.column < 0 ? LT_STATE_NEVER : lt_session_list_first_end(list);
}

static bool merge_group(struct sessions *sessions, const struct lt_group *group)
{
    struct lt_session_list *list = &sessions->list;
    struct lt_state_metrics *metrics = &sessions->stateful.metrics;
    struct lt_state_bytes value;
    list->count = 0;
    lt_scratch_clear(&sessions->memory);
    if (sessions->store->ops->get(sessions->store, group->key, &value) && !load(sessions, value))
        return false;
    uint32_t old_count = list->count;
    note_old_starts(sessions);
    const struct nodes *nodes = (const struct nodes *)group->payload;
    for (const struct node *node = nodes->first; node != NULL; node = node->next)
        lt_session_list_add(list, node->start_us, node->end_us, node->state);
    if (!lt_session_list_merge(list, &sessions->states, &sessions->memory) ||
        !write_list(sessions, list))
        return false;
    metrics->rows_updated += list->count;
    metrics->rows_removed += lt_session_list_gone(list, sessions->old_starts, old_count);
    sessions->rows_total += list->count;
    sessions->rows_total -= old_count;
    return lt_stateful_put(&sessions->stateful, sessions->store, group->key,
                           &sessions->value_bytes, final_at(sessions, list));
}

/* --------------------------------------------------------------------------------------- output */

/* Moves the keys behind the window's place one to the right, and puts the window there. */
static bool place_window(const struct sessions *sessions, const struct lt_session_item *item,
                         struct lt_row *row)
{
    struct {
        struct lt_struct structure;
        union lt_value values[2];
    } *window = lt_row_scratch(row, sizeof *window);
    union lt_value *values = lt_row_values(row);
    if (window == NULL)
        return false;
    for (uint32_t i = sessions->key_count; i > sessions->session_key; i--) {
        values[i] = values[i - 1];
        if (lt_row_is_null(row, i - 1))
            lt_row_set_null(row, i);
        else
            lt_bit_clear(lt_row_nulls(row), i);
    }
    window->values[0].i64 = item->start_us;
    window->values[1].i64 = item->end_us;
    window->structure = (struct lt_struct){.values = window->values};
    values[sessions->session_key].structure = &window->structure;
    lt_bit_clear(lt_row_nulls(row), sessions->session_key);
    return true;
}

static bool fill(struct sessions *sessions, const struct lt_session_item *item, struct lt_row *row)
{
    lt_stateful_adopt(&sessions->stateful, row);
    if (!lt_stateful_read_copied(&sessions->stateful, sessions->key_schema, sessions->entry.key,
                                 row, 0))
        return false;
    if (!place_window(sessions, item, row)) {
        lt_stateful_fail_for_memory(&sessions->stateful);
        return false;
    }
    return lt_states_evaluate(&sessions->states, item->state, row, sessions->key_count + 1);
}

static bool comes_out(const struct sessions *sessions, const struct lt_session_item *item)
{
    return sessions->step == STEP_WHOLE || item->end_us <= sessions->stateful.eviction_us;
}

/* Gives out the sessions of the entry at hand from `item` on. False: no row is left, or it has
 * failed. */
static bool give_sessions(struct sessions *sessions, struct lt_out *out)
{
    for (; sessions->item < sessions->list.count; sessions->item++) {
        const struct lt_session_item *item = &sessions->list.items[sessions->item];
        if (!comes_out(sessions, item))
            continue;
        struct lt_row *row = lt_row_claim(sessions->rows);
        if (row == NULL)
            return false;
        if (!fill(sessions, item, row)) {
            lt_row_release(row);
            return false;
        }
        out->emit(out, row);
    }
    return true;
}

/* Keeps the entry's sessions that are not final for later. */
static bool keep_rest(struct sessions *sessions)
{
    struct lt_session_list *list = &sessions->list;
    uint32_t count = 0;
    for (uint32_t i = 0; i < list->count; i++)
        if (!comes_out(sessions, &list->items[i]))
            list->items[count++] = list->items[i];
    sessions->stateful.metrics.rows_removed += list->count - count;
    sessions->rows_total -= list->count - count;
    list->count = count;
    if (count == 0)
        return true;
    if (!write_list(sessions, list))
        return false;
    const struct rest rest = {.key_size_bytes = sessions->entry.key.size_bytes,
                              .value_size_bytes = sessions->value_bytes.size_bytes,
                              .final_at = final_at(sessions, list)};
    lt_text_append_n(&sessions->rests, &rest, sizeof rest);
    lt_text_append_n(&sessions->rests, sessions->entry.key.data, rest.key_size_bytes);
    lt_text_append_n(&sessions->rests, sessions->value_bytes.data, rest.value_size_bytes);
    return true;
}

static bool put_rest(struct sessions *sessions)
{
    struct rest rest;
    const char *at = sessions->rests.data + sessions->rest_offset;
    memcpy(&rest, at, sizeof rest);
    at += sizeof rest;
    const struct lt_state_bytes key = {.data = at, .size_bytes = rest.key_size_bytes};
    lt_text_clear(&sessions->value_bytes);
    lt_text_append_n(&sessions->value_bytes, at + rest.key_size_bytes, rest.value_size_bytes);
    sessions->rest_offset += sizeof rest + rest.key_size_bytes + rest.value_size_bytes;
    return lt_stateful_put(&sessions->stateful, sessions->store, key, &sessions->value_bytes,
                           rest.final_at);
}

/* ---------------------------------------------------------------------------------------- drain */

static void start_drain(struct sessions *sessions)
{
    sessions->stateful.now_ns = lt_clock_now_ns(sessions->stateful.clock);
    lt_group_walk_begin(&sessions->walk, &sessions->groups, sessions->store);
    sessions->step = STEP_MERGE;
}

static void begin_store(struct sessions *sessions)
{
    bool is_whole = sessions->stateful.plan->output_mode == LT_OUTPUT_COMPLETE;
    lt_groups_clear(&sessions->groups);
    lt_text_clear(&sessions->rests);
    sessions->rest_offset = 0;
    sessions->has_entry = false;
    sessions->step = is_whole ? STEP_WHOLE : STEP_FINAL;
    sessions->cursor = (struct lt_state_cursor){.store = sessions->store,
                                                .order = is_whole ? LT_STATE_ANY_ORDER
                                                                  : LT_STATE_FINAL_UP_TO,
                                                .bound = sessions->stateful.eviction_us};
}

enum advance { WENT_ON, WAITS, ENDED };

static enum advance merge_next(struct sessions *sessions)
{
    const struct lt_group *group = lt_group_walk_at(&sessions->walk);
    if (group == NULL) {
        begin_store(sessions);
        return WENT_ON;
    }
    if (!merge_group(sessions, group))
        return WAITS;
    lt_group_walk_pass(&sessions->walk);
    return WENT_ON;
}

static enum advance give_next(struct sessions *sessions, struct lt_out *out)
{
    struct lt_state_store *store = sessions->store;
    if (!sessions->has_entry) {
        if (!store->ops->next(&sessions->cursor, &sessions->entry)) {
            sessions->step = STEP_REST;
            return WENT_ON;
        }
        if (!load(sessions, sessions->entry.value))
            return WAITS;
        sessions->has_entry = true;
        sessions->item = 0;
    }
    if (!give_sessions(sessions, out))
        return WAITS;
    if (sessions->step == STEP_FINAL) {
        if (!keep_rest(sessions))
            return WAITS;
        (void)store->ops->remove(store, sessions->entry.key);
    }
    sessions->has_entry = false;
    return WENT_ON;
}

static enum advance put_next(struct sessions *sessions)
{
    if (sessions->rest_offset == sessions->rests.size_bytes)
        return ENDED;
    return put_rest(sessions) ? WENT_ON : WAITS;
}

static bool sessions_drain(struct lt_operator *op, uint64_t epoch, struct lt_out *out)
{
    struct sessions *sessions = sessions_of(op);
    enum advance advance = WENT_ON;
    (void)epoch;
    if (sessions->step == STEP_START)
        start_drain(sessions);
    if (!lt_group_walk_order(&sessions->walk))
        return false;
    for (uint32_t i = 0; i < LT_STATEFUL_STEP && advance == WENT_ON; i++) {
        if (lt_stateful_has_failed(&sessions->stateful))
            return false;
        advance = sessions->step == STEP_MERGE  ? merge_next(sessions)
                  : sessions->step == STEP_REST ? put_next(sessions)
                                                : give_next(sessions, out);
    }
    if (advance == ENDED)
        sessions->step = STEP_START;
    return advance == ENDED;
}

static void sessions_metrics(const struct lt_operator *op, struct lt_state_metrics *out)
{
    const struct sessions *sessions = (const struct sessions *)op;
    *out = sessions->stateful.metrics;
    lt_stateful_add_store(sessions->store, out);
    out->rows_total = sessions->rows_total; /* entries are keys, and not sessions */
}

/* ----------------------------------------------------------------------------------------- life */

/* An entry says how many sessions it holds: the store counts entries. */
static bool count_sessions(struct sessions *sessions)
{
    struct lt_state_cursor cursor = {.store = sessions->store, .order = LT_STATE_ANY_ORDER};
    struct lt_state_entry entry;
    while (sessions->store->ops->next(&cursor, &entry)) {
        if (!load(sessions, entry.value))
            return false;
        sessions->rows_total += sessions->list.count;
    }
    return true;
}

static int sessions_open(struct lt_operator *op, const struct lt_operator_env *env,
                         struct lt_error *error)
{
    struct sessions *sessions = sessions_of(op);
    const struct lt_operator_store request = {.key = sessions->key_schema,
                                              .value = sessions->value_schema};
    lt_stateful_open(&sessions->stateful, env);
    int code = lt_stateful_open_pool(&sessions->stateful, env, op->output_schema->field_count,
                                     &sessions->rows, error);
    if (code == LT_OK)
        code = lt_stateful_open_reader(sessions->value_schema, &sessions->values, error);
    if (code != LT_OK)
        return code;
    sessions->value = lt_row_claim(sessions->values);
    code = lt_stateful_open_store(&sessions->stateful, env, &request, &sessions->store, error);
    if (code == LT_OK && !count_sessions(sessions)) {
        code = sessions->stateful.error.code;
        if (error != NULL)
            *error = sessions->stateful.error;
    }
    return code;
}

static void sessions_close(struct lt_operator *op)
{
    struct sessions *sessions = sessions_of(op);
    lt_stateful_close_reader(sessions->values, sessions->value);
    lt_row_pool_destroy(sessions->rows);
    lt_group_walk_fini(&sessions->walk);
    lt_groups_fini(&sessions->groups);
    lt_session_list_fini(&sessions->list);
    lt_scratch_fini(&sessions->memory);
    lt_states_fini(&sessions->states);
    free(sessions->old_starts);
    lt_text_fini(&sessions->rests);
    lt_text_fini(&sessions->key);
    lt_text_fini(&sessions->state_bytes);
    lt_text_fini(&sessions->value_bytes);
    lt_stateful_fini(&sessions->stateful);
    free(sessions);
}

static const struct lt_operator_ops sessions_ops = {.name = "sessionWindowStateStoreSaveExec",
                                                    .open = sessions_open,
                                                    .begin = lt_stateful_begin,
                                                    .process = sessions_process,
                                                    .drain = sessions_drain,
                                                    .state_metrics = sessions_metrics,
                                                    .close = sessions_close};

static void lay_out(struct sessions *sessions, const struct lt_aggregate_options *options)
{
    const struct lt_plan_stateful *plan = options->plan;
    struct lt_arena *arena = sessions->stateful.arena;
    const struct lt_type *input = sessions->stateful.base.input_schema;
    sessions->session_key = (uint32_t)lt_aggregate_key_of(plan, plan->session_gap);
    sessions->key_columns = lt_arena_alloc(arena, plan->left.key_count * sizeof(uint32_t));
    sessions->key_count = lt_aggregate_partition_columns(plan, sessions->key_columns);
    sessions->key_schema =
        lt_stateful_columns(arena, input, sessions->key_columns, sessions->key_count);
    sessions->value_schema = lt_session_list_schema(&sessions->states, arena);
    sessions->event_time = plan->left.event_time;
    sessions->event_time.column = lt_aggregate_key_of(plan, plan->left.event_time.column);
    lt_groups_init(&sessions->groups, sizeof(struct nodes));
}

int lt_sessions_create_final(const struct lt_aggregate_options *options, struct lt_operator **out,
                             struct lt_error *error)
{
    lt_assert(lt_aggregate_key_of(options->plan, options->plan->session_gap) >= 0);
    if (options->plan->output_mode == LT_OUTPUT_UPDATE) {
        (void)lt_error_set(error, LT_E_UNSUPPORTED,
                           "Update output mode not supported for session window on streaming "
                           "DataFrames/DataSets");
        return lt_error_condition(error, "_LEGACY_ERROR_TEMP_3102", NULL);
    }
    struct sessions *sessions = lt_alloc(sizeof *sessions);
    struct lt_stateful *stateful = &sessions->stateful;
    lt_stateful_init(stateful, &sessions_ops, options->plan, NULL, options->output);
    stateful->base.input_schema = lt_aggregate_partial_schema(options, stateful->arena);
    lt_text_init(&sessions->rests);
    lt_text_init(&sessions->key);
    lt_text_init(&sessions->state_bytes);
    lt_text_init(&sessions->value_bytes);
    int code =
        lt_states_init(&sessions->states, stateful, options->input, options->session, error);
    if (code != LT_OK) {
        sessions_close(&stateful->base);
        return code;
    }
    lay_out(sessions, options);
    *out = &stateful->base;
    return LT_OK;
}
