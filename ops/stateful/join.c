/*
 * The operator. A row that finds many partners gives one row for each; when its pool is empty it
 * goes on with the next partner when it is handed the same row again. A pair's row borrows the
 * columns of the row that came, and holds it; those of the kept one are copied, since the state may
 * change while the row is on its way.
 *
 * The condition is evaluated on a row of borrowed columns, so that a pair that it refuses costs no
 * copy. Nothing is allocated for a row but what the store takes to keep it.
 */
#include "ops/stateful/join.h"

#include <stdlib.h>

#include "core/data/row_copy.h"
#include "ops/derived_rows.h"
#include "ops/stateful/join_condition.h"
#include "ops/stateful/join_side.h"

enum { LEFT, RIGHT, SIDES };

struct join {
    struct lt_stateful stateful;
    struct lt_join_side sides[SIDES];
    uint32_t first_column[SIDES]; /* of each side in a pair */
    bool preserves[SIDES];        /* its rows come out without a partner too */
    bool is_semi;
    struct lt_join_condition *condition;
    struct lt_row_pool *rows, *probes;
    struct lt_row *probe; /* of borrowed columns */
    struct lt_text_buffer key;
    struct lt_text_buffer expected; /* keys of rows that come next */
    /* The row at hand, when it waits for rows of its own. */
    struct lt_row *at;
    bool is_matched;        /* it has found a partner */
    bool is_matched_before; /* one of an earlier batch */
    uint64_t number, count; /* of the other side's rows: the next one, and how many */
    uint32_t draining;      /* the side at whose end it is */
    bool is_draining;
};

static struct join *join_of(struct lt_operator *op)
{
    return (struct join *)op;
}

/* -------------------------------------------------------------------------------------- columns */

static void borrow_row(const struct join *join, struct lt_row *pair, uint32_t side,
                       const struct lt_row *row)
{
    lt_row_borrow_columns(pair, join->first_column[side], row->column_count, lt_row_nulls(row),
                          lt_row_values(row));
}

static void set_nulls(const struct join *join, struct lt_row *pair, uint32_t side)
{
    for (uint32_t i = 0; i < join->sides[side].schema->field_count; i++)
        lt_row_set_null(pair, join->first_column[side] + i);
}

static bool copy_stored(struct join *join, struct lt_row *pair, uint32_t side,
                        const struct lt_struct *stored)
{
    if (lt_row_copy_columns(pair, join->first_column[side], join->sides[side].schema,
                            stored->nulls, stored->values))
        return true;
    lt_stateful_fail_for_memory(&join->stateful);
    return false;
}

/* Makes a pair stand in for the row that came, which stays the caller's. */
static void adopt(struct lt_row *pair, struct lt_row *row)
{
    lt_row_hold(row);
    lt_derived_row_adopt(pair, row);
    pair->flags &= (uint8_t)~LT_ROW_END_OF_BATCH; /* others may follow */
}

/* When a row of this side can find no partner any more. */
static int64_t final_at(const struct lt_join_side *side, const struct lt_row *row)
{
    const struct lt_plan_event_time *event_time = &side->plan->event_time;
    int64_t event_us, end_us;
    if (event_time->slack_us == INT64_MAX || !lt_event_time_of(event_time, row, &event_us) ||
        __builtin_add_overflow(event_us, event_time->slack_us, &end_us))
        return LT_STATE_NEVER;
    return end_us;
}

/* ---------------------------------------------------------------------------------------- a row */

enum progress { WENT_ON, WAITS, FAILED };

/* A row that can have no partner: it comes out at once, or not at all. */
static enum progress give_alone(struct join *join, uint32_t side, struct lt_row *row,
                                struct lt_out *out)
{
    if (!join->preserves[side])
        return WENT_ON;
    struct lt_row *pair = lt_row_claim(join->rows);
    if (pair == NULL)
        return WAITS;
    borrow_row(join, pair, side, row);
    set_nulls(join, pair, 1 - side);
    adopt(pair, row);
    out->emit(out, pair);
    return WENT_ON;
}

/* Places the join at a row that may have partners. Keys are equal when their bytes are, so NULL
 * meets NULL, as in Spark's: rows with a NULL key that may meet none are filtered before they come
 * (ops/sql/lower_join.c), which leaves those of a full outer join. */
static bool look_up(struct join *join, uint32_t side, struct lt_row *row)
{
    const struct lt_plan_side *plan = join->sides[side].plan;
    lt_text_clear(&join->key);
    lt_row_bytes_write_key(join->sides[side].schema, row, plan->keys, plan->key_count, &join->key);
    join->is_matched = join->is_matched_before = false;
    join->number = join->count = 0;
    if (!lt_join_side_count(&join->sides[1 - side], lt_state_bytes_of(&join->key), &join->count))
        return false;
    join->at = row;
    return true;
}

/* The pair's row: of a semi join it is the left row alone. NULL in `out`: none comes. */
static enum progress make_pair(struct join *join, uint32_t side, struct lt_row *row,
                               const struct lt_struct *stored, struct lt_row **out)
{
    *out = NULL;
    if (join->is_semi && side == LEFT)
        return WENT_ON; /* the row itself passes */
    struct lt_row *pair = lt_row_claim(join->rows);
    if (pair == NULL)
        return WAITS;
    if (!copy_stored(join, pair, 1 - side, stored)) {
        lt_row_release(pair);
        return FAILED;
    }
    if (!join->is_semi)
        borrow_row(join, pair, side, row);
    adopt(pair, row);
    *out = pair;
    return WENT_ON;
}

/* Does the other side note that its rows have found a partner? */
static bool is_marked(const struct join *join, uint32_t other)
{
    return join->preserves[other] || (join->is_semi && other == LEFT);
}

/* The row and the partner at `number`. */
static enum progress meet(struct join *join, uint32_t side, struct lt_row *row, struct lt_out *out)
{
    struct lt_join_side *other = &join->sides[1 - side];
    struct lt_state_bytes key = lt_state_bytes_of(&join->key);
    struct lt_join_stored stored;
    struct lt_row *pair;
    if (!lt_join_side_get(other, key, join->number, &stored))
        return FAILED;
    if (join->is_semi && side == RIGHT && stored.is_matched)
        return WENT_ON;
    borrow_row(join, join->probe, side, row);
    lt_row_borrow_columns(join->probe, join->first_column[1 - side], other->schema->field_count,
                          stored.row->nulls, stored.row->values);
    bool is_true = lt_join_condition_holds(join->condition, &join->stateful, join->probe);
    if (!is_true)
        return lt_stateful_has_failed(&join->stateful) ? FAILED : WENT_ON;
    enum progress progress = make_pair(join, side, row, stored.row, &pair);
    if (progress != WENT_ON)
        return progress;
    join->is_matched = true;
    join->is_matched_before |= stored.batch != join->stateful.batch->id;
    bool is_good = stored.is_matched || !is_marked(join, 1 - side) ||
                   lt_join_side_mark(other, key, join->number);
    if (pair != NULL)
        out->emit(out, pair);
    return is_good ? WENT_ON : FAILED;
}

/* Keeps the row for those that come later, and counts it as Spark would. */
static bool keep(struct join *join, uint32_t side, const struct lt_row *row)
{
    if (join->is_semi && side == LEFT && join->is_matched_before)
        return true;
    join->stateful.metrics.rows_updated++;
    return lt_join_side_append(&join->sides[side], lt_state_bytes_of(&join->key), row,
                               join->is_matched, final_at(&join->sides[side], row));
}

/* The row has met all its partners. */
static enum lt_process finish(struct join *join, uint32_t side, struct lt_row *row)
{
    bool is_good = keep(join, side, row);
    join->at = NULL;
    if (is_good && join->is_semi && side == LEFT && join->is_matched)
        return LT_PROCESS_PASS;
    lt_row_release(row);
    return LT_PROCESS_DONE;
}

/* The row is new. True: it is to look for partners; else `result` says what became of it. */
static bool begin_row(struct join *join, uint32_t side, struct lt_row *row, struct lt_out *out,
                      enum lt_process *result)
{
    struct lt_stateful *stateful = &join->stateful;
    *result = LT_PROCESS_DONE;
    if (lt_stateful_is_late(stateful, &join->sides[side].plan->event_time, row)) {
        lt_row_release(row);
        return false;
    }
    borrow_row(join, join->probe, side, row);
    bool may_match =
        lt_join_condition_may_hold(join->condition, stateful, side == LEFT, join->probe);
    if (may_match && look_up(join, side, row))
        return true;
    if (!lt_stateful_has_failed(stateful) && give_alone(join, side, row, out) == WAITS) {
        *result = LT_PROCESS_RETRY;
        return false;
    }
    lt_row_release(row);
    return false;
}

static enum lt_process process(struct join *join, uint32_t side, struct lt_row *row,
                               struct lt_out *out)
{
    enum lt_process result;
    if (lt_unlikely(lt_stateful_has_failed(&join->stateful)))
        return lt_stateful_refuse(row);
    lt_debug_assert(join->at == NULL || join->at == row);
    if (join->at == NULL && !begin_row(join, side, row, out, &result)) {
        if (result == LT_PROCESS_DONE)
            lt_counter_add(join->stateful.in, 1);
        return result;
    }
    bool is_over = false;
    for (; join->number < join->count && !is_over; join->number++) {
        enum progress progress = meet(join, side, row, out);
        if (progress == WAITS)
            return LT_PROCESS_RETRY;
        if (progress == FAILED) {
            join->at = NULL;
            return lt_stateful_refuse(row);
        }
        is_over = join->is_semi && side == LEFT && join->is_matched;
    }
    lt_counter_add(join->stateful.in, 1);
    return finish(join, side, row);
}

/* Each row looks for those of the other side with its key, and is appended to its own. */
static void join_expect(struct lt_operator *op, struct lt_row *const *rows, uint32_t count,
                        bool is_right)
{
    struct join *join = join_of(op);
    struct lt_join_side *own = &join->sides[is_right ? RIGHT : LEFT];
    struct lt_join_side *other = &join->sides[is_right ? LEFT : RIGHT];
    struct lt_state_bytes keys[LT_LIMIT_EXPECTED_ROWS];
    size_t ends[LT_LIMIT_EXPECTED_ROWS];
    if (!lt_join_side_is_told(own) || lt_stateful_has_failed(&join->stateful))
        return;
    lt_text_clear(&join->expected);
    for (uint32_t i = 0; i < count; i++) {
        lt_row_bytes_write_key(own->schema, rows[i], own->plan->keys, own->plan->key_count,
                               &join->expected);
        ends[i] = join->expected.size_bytes;
    }
    for (uint32_t i = 0; i < count; i++) {
        size_t begin = i == 0 ? 0 : ends[i - 1];
        keys[i] = (struct lt_state_bytes){join->expected.data + begin, ends[i] - begin};
    }
    lt_join_side_expect(other, keys, count, false);
    lt_join_side_expect(own, keys, count, true);
}

static enum lt_process join_process(struct lt_operator *op, struct lt_row *row, struct lt_out *out)
{
    return process(join_of(op), LEFT, row, out);
}

static enum lt_process join_process_right(struct lt_operator *op, struct lt_row *row,
                                          struct lt_out *out)
{
    return process(join_of(op), RIGHT, row, out);
}

/* ---------------------------------------------------------------------------------------- drain */

/* What Spark counts of a row that leaves the state. One that came final is there for the left rows
 * behind it alone: Spark, which has taken them before, does not keep it. */
static void count_removed(struct join *join, uint32_t side, const struct lt_join_stored *stored)
{
    struct lt_state_metrics *metrics = &join->stateful.metrics;
    bool came_final = side == RIGHT && stored->batch == join->stateful.batch->id &&
                      (!join->preserves[RIGHT] || stored->is_matched);
    if (came_final)
        metrics->rows_updated--;
    else if (!join->preserves[side])
        metrics->rows_removed++;
}

/* Removes the next final row of the side. False: no row is left for it, or it has failed. */
static bool remove_next(struct join *join, uint32_t side, struct lt_out *out, bool *is_over)
{
    struct lt_join_side *state = &join->sides[side];
    struct lt_join_stored stored;
    struct lt_state_bytes key;
    struct lt_row *pair = NULL;
    uint64_t number;
    bool has;
    if (!lt_join_side_next_final(state, join->stateful.eviction_us, &has, &key, &number))
        return false;
    *is_over = !has;
    if (!has)
        return true;
    if (!lt_join_side_get(state, key, number, &stored))
        return false;
    if (join->preserves[side] && !stored.is_matched) {
        pair = lt_row_claim(join->rows);
        if (pair == NULL)
            return false;
        lt_stateful_adopt(&join->stateful, pair);
        set_nulls(join, pair, 1 - side);
        if (!copy_stored(join, pair, side, stored.row)) {
            lt_row_release(pair);
            return false;
        }
    }
    count_removed(join, side, &stored);
    bool is_good = lt_join_side_remove(state, key, number);
    if (pair != NULL)
        out->emit(out, pair);
    return is_good;
}

static bool join_drain(struct lt_operator *op, uint64_t epoch, struct lt_out *out)
{
    struct join *join = join_of(op);
    (void)epoch;
    lt_debug_assert(join->at == NULL);
    if (!join->is_draining) {
        join->is_draining = true;
        join->draining = LEFT;
        join->stateful.now_ns = lt_clock_now_ns(join->stateful.clock);
    }
    for (uint32_t i = 0; i < LT_STATEFUL_STEP && join->draining < SIDES; i++) {
        bool is_over = false;
        if (lt_stateful_has_failed(&join->stateful) ||
            !remove_next(join, join->draining, out, &is_over))
            return false;
        join->draining += is_over;
    }
    join->is_draining = join->draining < SIDES;
    return !join->is_draining;
}

static void join_metrics(const struct lt_operator *op, struct lt_state_metrics *out)
{
    const struct join *join = (const struct join *)op;
    struct lt_state_metrics counts = {0};
    *out = join->stateful.metrics;
    for (uint32_t side = 0; side < SIDES; side++) {
        lt_stateful_add_store(join->sides[side].rows, out);
        lt_stateful_add_store(join->sides[side].counts, &counts);
    }
    out->memory_bytes += counts.memory_bytes; /* keys are no rows */
}

/* ----------------------------------------------------------------------------------------- life */

static int join_open(struct lt_operator *op, const struct lt_operator_env *env,
                     struct lt_error *error)
{
    struct join *join = join_of(op);
    lt_stateful_open(&join->stateful, env);
    lt_join_condition_set_clock(join->condition, env->clock);
    int code = lt_stateful_open_pool(&join->stateful, env, op->output_schema->field_count,
                                     &join->rows, error);
    if (code == LT_OK)
        code = lt_stateful_open_reader(lt_join_condition_schema(join->condition), &join->probes,
                                       error);
    if (code != LT_OK)
        return code;
    join->probe = lt_row_claim(join->probes);
    for (uint32_t side = 0; side < SIDES && code == LT_OK; side++)
        code = lt_join_side_open(&join->sides[side], env, error);
    return code;
}

static void join_close(struct lt_operator *op)
{
    struct join *join = join_of(op);
    for (uint32_t side = 0; side < SIDES; side++)
        lt_join_side_fini(&join->sides[side]);
    lt_stateful_close_reader(join->probes, join->probe);
    lt_row_pool_destroy(join->rows);
    lt_join_condition_destroy(join->condition);
    lt_text_fini(&join->key);
    lt_text_fini(&join->expected);
    lt_stateful_fini(&join->stateful);
    free(join);
}

static const struct lt_operator_ops join_ops = {.name = "symmetricHashJoin",
                                                .open = join_open,
                                                .begin = lt_stateful_begin,
                                                .expect = join_expect,
                                                .process = join_process,
                                                .process_right = join_process_right,
                                                .drain = join_drain,
                                                .state_metrics = join_metrics,
                                                .close = join_close};

static int refuse(const struct lt_plan_stateful *plan, struct lt_error *error)
{
    if (plan->join == LT_JOIN_LEFT_ANTI) {
        (void)lt_error_set(error, LT_E_UNSUPPORTED,
                           "Left anti joins with a streaming DataFrame/Dataset on the right are "
                           "not supported");
        return lt_error_condition(error, "_LEGACY_ERROR_TEMP_3102", NULL);
    }
    if (plan->left.key_count == 0 || plan->left.key_count != plan->right.key_count) {
        (void)lt_error_set(error, LT_E_UNSUPPORTED,
                           "a join of two streams needs columns that are equal on both sides");
        return lt_error_condition(error, "_LEGACY_ERROR_TEMP_3102", NULL);
    }
    return LT_OK;
}

int lt_join_create(const struct lt_join_options *options, struct lt_operator **out,
                   struct lt_error *error)
{
    const struct lt_plan_stateful *plan = options->plan;
    struct lt_join_condition *condition;
    int code = refuse(plan, error);
    if (code == LT_OK)
        code = lt_join_condition_create(plan->condition, options->left, options->right,
                                        options->session, &condition, error);
    if (code != LT_OK)
        return lt_error_append(error, "cannot make the join");
    struct join *join = lt_alloc(sizeof *join);
    lt_stateful_init(&join->stateful, &join_ops, plan, options->left, options->output);
    join->condition = condition;
    lt_join_side_init(&join->sides[LEFT], &join->stateful, true, options->left);
    lt_join_side_init(&join->sides[RIGHT], &join->stateful, false, options->right);
    join->first_column[RIGHT] = options->left->field_count;
    join->is_semi = plan->join == LT_JOIN_LEFT_SEMI;
    join->preserves[LEFT] = plan->join == LT_JOIN_LEFT_OUTER || plan->join == LT_JOIN_FULL_OUTER;
    join->preserves[RIGHT] = plan->join == LT_JOIN_RIGHT_OUTER || plan->join == LT_JOIN_FULL_OUTER;
    lt_text_init(&join->key);
    lt_text_init(&join->expected);
    *out = &join->stateful.base;
    return LT_OK;
}
