/*
 * The lane's side of an aggregation: groups of the batch in a hash table, updated in place.
 *
 * For a row: the key's bytes, one look into the table, the aggregates' update. Nothing is allocated
 * but for groups that are new and for what aggregates of unbounded size keep.
 *
 * The table holds GROUPS_MAX groups at most. Where keys hardly repeat, more would save nothing:
 * what is there goes out, and the table begins anew.
 */
#include <stdlib.h>
#include <string.h>

#include "ops/stateful/aggregate.h"
#include "ops/stateful/groups.h"
#include "ops/stateful/states.h"

/* Their states are to stay in a core's cache, in the main. */
enum { GROUPS_MAX = 16 * 1024 };

struct partial {
    struct lt_stateful stateful;
    struct lt_states states;
    const struct lt_type *key_schema;
    struct lt_groups groups;
    bool is_flushing;
    const struct lt_group *at; /* flushing: the next to go out */
    struct lt_row_pool *rows;
    struct lt_text_buffer key, state;
};

static struct partial *partial_of(struct lt_operator *op)
{
    return (struct partial *)op;
}

/* --------------------------------------------------------------------------------------- output */

/* The row of a group: keys and state lie in its scratch. */
static bool fill(struct partial *partial, const struct lt_group *group, struct lt_row *row)
{
    uint32_t state_column = partial->key_schema->field_count;
    lt_text_clear(&partial->state);
    lt_aggregates_write(partial->states.aggregates, group->payload, &partial->state);
    void *state = lt_row_scratch(row, partial->state.size_bytes);
    if (state == NULL) {
        lt_stateful_fail_for_memory(&partial->stateful);
        return false;
    }
    memcpy(state, partial->state.data, partial->state.size_bytes);
    lt_row_values(row)[state_column] = lt_value_bytes(state, (uint32_t)partial->state.size_bytes);
    lt_stateful_adopt(&partial->stateful, row);
    return lt_stateful_read_copied(&partial->stateful, partial->key_schema, group->key, row, 0);
}

/* Gives the groups out. False: there is no row left, or it has failed. */
static bool flush(struct partial *partial, struct lt_out *out)
{
    if (!partial->is_flushing) {
        partial->is_flushing = true;
        partial->at = partial->groups.first;
        partial->stateful.now_ns = lt_clock_now_ns(partial->stateful.clock);
    }
    for (; partial->at != NULL; partial->at = partial->at->next) {
        struct lt_row *row = lt_row_claim(partial->rows);
        if (row == NULL)
            return false;
        if (!fill(partial, partial->at, row)) {
            lt_row_release(row);
            return false;
        }
        out->emit(out, row);
    }
    partial->is_flushing = false;
    lt_groups_clear(&partial->groups);
    return true;
}

static bool partial_drain(struct lt_operator *op, uint64_t epoch, struct lt_out *out)
{
    struct partial *partial = partial_of(op);
    (void)epoch;
    return !lt_stateful_has_failed(&partial->stateful) && flush(partial, out);
}

/* ---------------------------------------------------------------------------------------- input */

static void take(struct partial *partial, const struct lt_row *row)
{
    struct lt_stateful *stateful = &partial->stateful;
    const struct lt_plan_side *side = &stateful->plan->left;
    bool is_new;
    lt_text_clear(&partial->key);
    lt_row_bytes_write_key(stateful->base.input_schema, row, side->keys, side->key_count,
                           &partial->key);
    struct lt_group *group =
        lt_groups_find_or_add(&partial->groups, lt_state_bytes_of(&partial->key), &is_new);
    if (group == NULL)
        lt_stateful_fail_for_memory(stateful);
    else
        (void)lt_states_update(&partial->states, group->payload, row, &partial->groups.memory);
}

static enum lt_process partial_process(struct lt_operator *op, struct lt_row *row,
                                       struct lt_out *out)
{
    struct partial *partial = partial_of(op);
    struct lt_stateful *stateful = &partial->stateful;
    if (lt_unlikely(lt_stateful_has_failed(stateful)))
        return lt_stateful_refuse(row);
    if (lt_unlikely(partial->groups.count >= GROUPS_MAX) && !flush(partial, out))
        return lt_stateful_has_failed(stateful) ? lt_stateful_refuse(row) : LT_PROCESS_RETRY;
    lt_counter_add(stateful->in, 1);
    take(partial, row);
    lt_row_release(row);
    return LT_PROCESS_DONE;
}

/* ----------------------------------------------------------------------------------------- life */

static int partial_open(struct lt_operator *op, const struct lt_operator_env *env,
                        struct lt_error *error)
{
    struct partial *partial = partial_of(op);
    partial->stateful.clock = env->clock;
    partial->stateful.in = lt_stateful_counter(env, "in", "rows aggregated");
    return lt_stateful_open_pool(&partial->stateful, env, op->output_schema->field_count,
                                 &partial->rows, error);
}

static void partial_close(struct lt_operator *op)
{
    struct partial *partial = partial_of(op);
    lt_row_pool_destroy(partial->rows);
    lt_groups_fini(&partial->groups);
    lt_states_fini(&partial->states);
    lt_text_fini(&partial->key);
    lt_text_fini(&partial->state);
    lt_stateful_fini(&partial->stateful);
    free(partial);
}

static const struct lt_operator_ops partial_ops = {.name = "partialAggregate",
                                                   .open = partial_open,
                                                   .begin = lt_stateful_begin,
                                                   .process = partial_process,
                                                   .drain = partial_drain,
                                                   .close = partial_close};

const struct lt_type *lt_aggregate_partial_schema(const struct lt_aggregate_options *options,
                                                  struct lt_arena *arena)
{
    const struct lt_plan_side *side = &options->plan->left;
    struct lt_field *fields = lt_arena_alloc(arena, (side->key_count + 1) * sizeof *fields);
    for (uint32_t i = 0; i < side->key_count; i++)
        fields[i] = options->input->fields[side->keys[i]];
    fields[side->key_count] =
        (struct lt_field){.name = "state", .type = lt_type_simple(LT_TYPE_BINARY)};
    return lt_type_struct(arena, fields, side->key_count + 1);
}

int lt_aggregate_create_partial(const struct lt_aggregate_options *options,
                                struct lt_operator **out, struct lt_error *error)
{
    const struct lt_plan_side *side = &options->plan->left;
    struct partial *partial = lt_alloc(sizeof *partial);
    struct lt_stateful *stateful = &partial->stateful;
    lt_stateful_init(stateful, &partial_ops, options->plan, options->input, NULL);
    stateful->base.output_schema = lt_aggregate_partial_schema(options, stateful->arena);
    lt_text_init(&partial->key);
    lt_text_init(&partial->state);
    int code =
        lt_states_init(&partial->states, stateful, options->input, options->session, error);
    if (code != LT_OK) {
        partial_close(&stateful->base);
        return code;
    }
    partial->key_schema =
        lt_stateful_columns(stateful->arena, options->input, side->keys, side->key_count);
    lt_groups_init(&partial->groups, partial->states.size_bytes);
    *out = &stateful->base;
    return LT_OK;
}
