#include "ops/stateful/transform.h"

#include <stdlib.h>
#include <string.h>

#include "core/data/row_list.h"
#include "ops/stateful/groups.h"

enum step { STEP_START, STEP_INITIAL, STEP_ROWS, STEP_TIMERS, STEP_EXPIRIES, STEP_END };

/* A row that has come, in the groups' memory: this, then its byte form. */
struct node {
    struct node *next;
    int64_t source_offset, ingest_ns;
    int32_t source_partition;
    uint32_t flags;
    size_t size_bytes;
    char bytes[];
};

/* Of a key: a group's payload. */
struct nodes {
    struct node *first, *last;
};

struct transform;

struct lt_transform_rows {
    struct transform *transform;
    const struct node *next;
    bool are_initial;
};

struct transform_out {
    struct lt_out out;
    struct transform *transform;
};

struct transform {
    struct lt_stateful stateful;
    const struct lt_processor *processor;
    void *own; /* the processor's */
    bool is_open;
    struct lt_keyed_state state;
    struct lt_groups groups;
    struct lt_groups initial; /* before the first batch */
    enum step step;
    const struct lt_group *at; /* INITIAL, ROWS: the next */
    struct transform_out out;
    struct lt_row_list given; /* that wait for room */
    struct lt_row_list_cursor cursor;
    struct lt_row_pool *rows, *inputs, *keys, *initials;
    struct lt_row *input, *key, *initial_row; /* the one row of each of the last three */
    struct lt_text_buffer key_bytes, row_bytes;
    int64_t due_us; /* when its first timer is */
};

static struct transform *transform_of(struct lt_operator *op)
{
    return (struct transform *)op;
}

/* ---------------------------------------------------------------------------------------- input */

/* With those of its key, whose bytes are at hand. */
static bool keep(struct transform *transform, struct lt_groups *groups,
                 const struct lt_type *schema, const struct lt_row *row)
{
    struct lt_text_buffer *bytes = &transform->row_bytes;
    bool is_new;
    struct lt_group *group =
        lt_groups_find_or_add(groups, lt_state_bytes_of(&transform->key_bytes), &is_new);
    lt_text_clear(bytes);
    lt_row_bytes_write(schema, row, bytes);
    struct node *node = group == NULL ? NULL
                                      : lt_scratch_alloc(&groups->memory,
                                                         sizeof *node + bytes->size_bytes);
    if (node == NULL)
        return false;
    *node = (struct node){.source_offset = row->source_offset,
                          .ingest_ns = row->ingest_ns,
                          .source_partition = row->source_partition,
                          .flags = row->flags & LT_ROW_NO_ORIGIN,
                          .size_bytes = bytes->size_bytes};
    memcpy(node->bytes, bytes->data, bytes->size_bytes);
    struct nodes *nodes = (struct nodes *)group->payload;
    if (nodes->last == NULL)
        nodes->first = node;
    else
        nodes->last->next = node;
    nodes->last = node;
    return true;
}

static bool keep_input(struct transform *transform, const struct lt_row *row)
{
    const struct lt_plan_side *side = &transform->stateful.plan->left;
    const struct lt_type *schema = transform->stateful.base.input_schema;
    lt_text_clear(&transform->key_bytes);
    lt_row_bytes_write_key(schema, row, side->keys, side->key_count, &transform->key_bytes);
    return keep(transform, &transform->groups, schema, row);
}

static enum lt_process transform_process(struct lt_operator *op, struct lt_row *row,
                                         struct lt_out *out)
{
    struct transform *transform = transform_of(op);
    struct lt_stateful *stateful = &transform->stateful;
    (void)out;
    if (lt_unlikely(lt_stateful_has_failed(stateful)))
        return lt_stateful_refuse(row);
    lt_counter_add(stateful->in, 1);
    if (!lt_stateful_is_late(stateful, &stateful->plan->left.event_time, row) &&
        !keep_input(transform, row))
        lt_stateful_fail_for_memory(stateful);
    lt_row_release(row);
    return LT_PROCESS_DONE;
}

const struct lt_row *lt_transform_next_row(struct lt_transform_rows *rows)
{
    struct transform *transform = rows->transform;
    const struct node *node = rows->next;
    if (node == NULL)
        return NULL;
    const struct lt_state_bytes bytes = {.data = node->bytes, .size_bytes = node->size_bytes};
    bool are_initial = rows->are_initial;
    const struct lt_type *schema = are_initial ? transform->processor->initial->schema
                                               : transform->stateful.base.input_schema;
    struct lt_row **at = are_initial ? &transform->initial_row : &transform->input;
    rows->next = node->next;
    if (!lt_stateful_read(&transform->stateful, schema, bytes,
                          are_initial ? transform->initials : transform->inputs, at))
        return NULL;
    struct lt_row *row = *at;
    row->source_offset = node->source_offset;
    row->source_partition = node->source_partition;
    row->ingest_ns = node->ingest_ns;
    row->flags = (uint8_t)node->flags;
    return row;
}

/* --------------------------------------------------------------------------------------- output */

static void out_emit(struct lt_out *out, struct lt_row *row)
{
    struct transform *transform = ((struct transform_out *)(void *)out)->transform;
    lt_row_list_add(&transform->given, row);
    lt_row_release(row);
}

static void out_fail(struct lt_out *out, struct lt_row *row, struct lt_fault *fault)
{
    struct transform *transform = ((struct transform_out *)(void *)out)->transform;
    lt_stateful_fail_by(&transform->stateful, fault);
    lt_row_release(row);
}

/* Sends on what the processor has given. False: no row is left for it now, or it has failed. */
static bool flush(struct transform *transform, struct lt_out *out)
{
    struct lt_row_list_origin origin;
    const void *bytes;
    while (transform->given.row_count > 0) {
        struct lt_row_list_cursor before = transform->cursor;
        if (!lt_row_list_next(&transform->given, &transform->cursor, &origin, &bytes)) {
            lt_row_list_clear(&transform->given);
            transform->cursor = (struct lt_row_list_cursor){0};
            return true;
        }
        struct lt_row *row = lt_row_claim(transform->rows);
        const struct lt_state_bytes form = {.data = bytes, .size_bytes = origin.size_bytes};
        if (row == NULL) {
            transform->cursor = before;
            return false;
        }
        lt_stateful_adopt(&transform->stateful, row);
        if (!lt_stateful_read_copied(&transform->stateful, transform->given.schema, form, row, 0)) {
            lt_row_release(row);
            return false;
        }
        out->emit(out, row);
    }
    return true;
}

/* ---------------------------------------------------------------------------------------- calls */

/* Of the key whose bytes the state has at hand. False: it has failed. */
static bool call(struct transform *transform, struct lt_transform_call *call)
{
    struct lt_stateful *stateful = &transform->stateful;
    struct lt_error error;
    if (!lt_stateful_read(stateful, transform->state.key_schema,
                          lt_state_bytes_of(&transform->state.key), transform->keys,
                          &transform->key))
        return false;
    call->state = &transform->state;
    call->key = transform->key;
    call->out = &transform->out.out;
    if (transform->processor->call(transform->own, call, &error) < 0)
        lt_stateful_fail(stateful, &error);
    return !lt_stateful_has_failed(stateful);
}

static bool call_for_rows(struct transform *transform, const struct lt_group *group,
                          bool are_initial)
{
    const struct nodes *nodes = (const struct nodes *)group->payload;
    struct lt_transform_rows rows = {
        .transform = transform, .next = nodes->first, .are_initial = are_initial};
    struct lt_transform_call what = {.rows = &rows, .is_initial = are_initial};
    lt_keyed_set_key(&transform->state, group->key);
    return call(transform, &what);
}

/* False: it has failed. `has` false: no timer is due. */
static bool call_for_timer(struct transform *transform, bool *has)
{
    struct lt_transform_call what = {0};
    if (!lt_keyed_next_due(&transform->state, has, &what.expiry_ms))
        return false;
    return !*has ||
           (call(transform, &what) && lt_timer_remove(&transform->state, what.expiry_ms));
}

/* ---------------------------------------------------------------------------------------- drain */

static void begin_drain(struct transform *transform)
{
    transform->stateful.now_ns = lt_clock_now_ns(transform->stateful.clock);
    transform->at = transform->initial.first;
    transform->step = STEP_INITIAL;
}

static void begin_rows(struct transform *transform)
{
    lt_groups_clear(&transform->initial);
    transform->at = transform->groups.first;
    transform->step = STEP_ROWS;
}

static void begin_timers(struct transform *transform)
{
    lt_groups_clear(&transform->groups);
    transform->state.phase = LT_KEYED_TIMERS;
    transform->step = STEP_TIMERS;
}

static void end_batch(struct transform *transform)
{
    struct lt_state_counts counts = {0}, timers = {0};
    struct lt_keyed_state *state = &transform->state;
    state->store->ops->counts(state->store, &counts);
    if (state->timers != NULL)
        state->timers->ops->counts(state->timers, &timers);
    transform->stateful.metrics.rows_updated = counts.updated + timers.updated;
    transform->stateful.metrics.rows_removed = counts.removed + timers.removed;
    transform->due_us =
        state->time_mode == LT_TIME_PROCESSING ? lt_keyed_first_due_us(state) : INT64_MAX;
    transform->step = STEP_START;
}

/* One piece of the work. False: it has failed. */
static bool advance(struct transform *transform)
{
    bool has = false;
    switch (transform->step) {
    case STEP_START:
        begin_drain(transform);
        return true;
    case STEP_INITIAL:
        if (transform->at == NULL) {
            begin_rows(transform);
            return true;
        }
        if (!call_for_rows(transform, transform->at, true))
            return false;
        transform->at = transform->at->next;
        return true;
    case STEP_ROWS:
        if (transform->at == NULL) {
            begin_timers(transform);
            return true;
        }
        if (!call_for_rows(transform, transform->at, false))
            return false;
        transform->at = transform->at->next;
        return true;
    case STEP_TIMERS:
        if (!call_for_timer(transform, &has))
            return false;
        transform->step = has ? STEP_TIMERS : STEP_EXPIRIES;
        return true;
    case STEP_EXPIRIES:
        if (!lt_keyed_remove_expired(&transform->state, LT_STATEFUL_STEP, &has))
            return false;
        transform->step = has ? STEP_EXPIRIES : STEP_END;
        return true;
    case STEP_END:
        break;
    }
    return true;
}

static bool transform_drain(struct lt_operator *op, uint64_t epoch, struct lt_out *out)
{
    struct transform *transform = transform_of(op);
    (void)epoch;
    for (uint32_t i = 0; i < LT_STATEFUL_STEP; i++) {
        if (lt_stateful_has_failed(&transform->stateful) || !flush(transform, out))
            return false;
        if (transform->step == STEP_END) {
            end_batch(transform);
            return true;
        }
        if (!advance(transform))
            return false;
    }
    return false;
}

static void transform_begin(struct lt_operator *op, const struct lt_batch *batch)
{
    struct transform *transform = transform_of(op);
    lt_stateful_begin(op, batch);
    if (batch->id > 0) /* the first one has done with them */
        lt_groups_clear(&transform->initial);
    lt_keyed_begin(&transform->state);
}

static void transform_metrics(const struct lt_operator *op, struct lt_state_metrics *out)
{
    const struct transform *transform = (const struct transform *)op;
    *out = transform->stateful.metrics;
    lt_stateful_add_store(transform->state.store, out);
    lt_stateful_add_store(transform->state.timers, out);
}

static int64_t transform_due_us(const struct lt_operator *op)
{
    return ((const struct transform *)op)->due_us;
}

/* ----------------------------------------------------------------------------------------- life */

/* Keeps the row where its key is one of this instance's, as the exchange deals them. */
static bool keep_initial(struct transform *transform, const struct lt_row *row,
                         const struct lt_operator_state *instance)
{
    const struct lt_initial *initial = transform->processor->initial;
    struct lt_text_buffer *key = &transform->key_bytes;
    lt_text_clear(key);
    lt_row_bytes_write_key(initial->schema, row, initial->keys, initial->key_count, key);
    uint32_t group = lt_state_group_of(key->data, key->size_bytes);
    return lt_state_partition_of(group, instance->partition_count) != instance->partition ||
           keep(transform, &transform->initial, initial->schema, row);
}

static int open_initial(struct transform *transform, const struct lt_operator_env *env,
                        struct lt_error *error)
{
    const struct lt_initial *initial = transform->processor->initial;
    if (initial == NULL)
        return LT_OK;
    int code = lt_stateful_open_reader(initial->schema, &transform->initials, error);
    struct lt_row *row = code == LT_OK ? lt_row_claim(transform->initials) : NULL;
    for (uint32_t i = 0; row != NULL && code == LT_OK && i < initial->rows.count; i++) {
        const struct lt_struct *values = initial->rows.values[i].structure;
        lt_row_clear_nulls(row);
        for (uint32_t k = 0; k < initial->schema->field_count; k++) {
            lt_row_values(row)[k] = values->values[k];
            if (values->nulls != NULL && lt_bit(values->nulls, k))
                lt_row_set_null(row, k);
        }
        if (!keep_initial(transform, row, env->state))
            code = lt_error_set(error, LT_E_LIMIT, "no memory for the initial state");
    }
    if (row != NULL)
        lt_row_release(row);
    return code;
}

static int transform_open(struct lt_operator *op, const struct lt_operator_env *env,
                          struct lt_error *error)
{
    struct transform *transform = transform_of(op);
    lt_stateful_open(&transform->stateful, env);
    int code = lt_stateful_open_pool(&transform->stateful, env, op->output_schema->field_count,
                                     &transform->rows, error);
    if (code == LT_OK)
        code = lt_stateful_open_reader(op->input_schema, &transform->inputs, error);
    if (code == LT_OK)
        code = lt_stateful_open_reader(transform->state.key_schema, &transform->keys, error);
    if (code == LT_OK)
        code = lt_keyed_open(&transform->state, env, error);
    if (code == LT_OK)
        code = open_initial(transform, env, error);
    if (code != LT_OK)
        return code;
    transform->is_open = true;
    code = transform->processor->open(transform->processor->context, &transform->state,
                                      &transform->own, error);
    return code < 0 ? code : LT_OK;
}

static void transform_close(struct lt_operator *op)
{
    struct transform *transform = transform_of(op);
    transform->state.phase = LT_KEYED_CLOSED;
    if (transform->is_open)
        transform->processor->close(transform->own);
    lt_stateful_close_reader(transform->inputs, transform->input);
    lt_stateful_close_reader(transform->keys, transform->key);
    lt_stateful_close_reader(transform->initials, transform->initial_row);
    lt_row_pool_destroy(transform->rows);
    lt_row_list_fini(&transform->given);
    lt_groups_fini(&transform->groups);
    lt_groups_fini(&transform->initial);
    lt_keyed_fini(&transform->state);
    lt_text_fini(&transform->key_bytes);
    lt_text_fini(&transform->row_bytes);
    lt_stateful_fini(&transform->stateful);
    free(transform);
}

struct lt_operator *lt_transform_create(const struct lt_plan_stateful *plan,
                                        const struct lt_processor *processor,
                                        const struct lt_type *input)
{
    static const struct lt_operator_ops ops = {.name = "transformWithStateExec",
                                               .open = transform_open,
                                               .begin = transform_begin,
                                               .process = transform_process,
                                               .drain = transform_drain,
                                               .state_metrics = transform_metrics,
                                               .due_us = transform_due_us,
                                               .close = transform_close};
    struct transform *transform = lt_alloc(sizeof *transform);
    struct lt_stateful *stateful = &transform->stateful;
    lt_stateful_init(stateful, &ops, plan, input, processor->output);
    transform->processor = processor;
    transform->due_us = INT64_MAX;
    transform->out = (struct transform_out){{.emit = out_emit, .fail = out_fail}, transform};
    transform->given.schema = processor->output;
    lt_groups_init(&transform->groups, sizeof(struct nodes));
    lt_groups_init(&transform->initial, sizeof(struct nodes));
    lt_keyed_init(&transform->state, stateful, plan->time_mode,
                  lt_stateful_columns(stateful->arena, input, plan->left.keys,
                                      plan->left.key_count));
    lt_text_init(&transform->key_bytes);
    lt_text_init(&transform->row_bytes);
    return &stateful->base;
}
