/*
 * One program, one predicate; the counters tell what came in and what was left out.
 */
#include "ops/filter.h"

#include <stdio.h>
#include <stdlib.h>

#include "ops/expr/program.h"
#include "ops/expr/shortcut.h"
#include "ops/read_meter.h"

struct filter {
    struct lt_operator base;
    struct lt_program *program;
    const struct lt_shortcut *shortcut; /* the program's, or NULL */
    struct lt_read_meter meter;
    struct lt_shared_u64 *in, *filtered; /* NULL before open */
};

static int filter_open(struct lt_operator *op, const struct lt_operator_env *env,
                       struct lt_error *error)
{
    struct filter *filter = (struct filter *)op;
    char name[128];
    (void)error;
    (void)snprintf(name, sizeof name, "%sin", env->counter_prefix);
    filter->in =
        lt_counters_add(env->counters, LT_COUNTER_SUM, name, "records", "records looked at");
    (void)snprintf(name, sizeof name, "%sfiltered", env->counter_prefix);
    filter->filtered = lt_counters_add(env->counters, LT_COUNTER_SUM, name, "records",
                                       "records whose condition was false or NULL");
    filter->base.left_out = filter->filtered;
    lt_program_set_clock(filter->program, env->clock);
    lt_read_meter_init(&filter->meter, filter->program, env);
    return LT_OK;
}

static void fail(struct filter *filter, struct lt_row *row, struct lt_out *out)
{
    out->fail(out, row, lt_program_take_fault(filter->program, "filter"));
}

static inline enum lt_process leave_out(struct filter *filter, struct lt_row *row)
{
    lt_counter_add(filter->filtered, 1);
    lt_row_release(row);
    return LT_PROCESS_DONE;
}

static enum lt_process filter_process(struct lt_operator *op, struct lt_row *row,
                                      struct lt_out *out)
{
    struct filter *filter = (struct filter *)op;
    enum lt_program_answer answer = lt_program_eval_predicate(filter->program, row);
    lt_counter_add(filter->in, 1);
    if (lt_likely(answer == LT_PROGRAM_TRUE))
        return LT_PROCESS_PASS;
    if (lt_unlikely(answer == LT_PROGRAM_FAULT)) {
        fail(filter, row, out);
        return LT_PROCESS_DONE;
    }
    return leave_out(filter, row);
}

/* The same where the program has a shortcut: nothing is called but what takes the row home. */
static enum lt_process filter_process_shortcut(struct lt_operator *op, struct lt_row *row,
                                               struct lt_out *out)
{
    struct filter *filter = (struct filter *)op;
    (void)out;
    lt_counter_add(filter->in, 1);
    if (lt_shortcut_answer(filter->shortcut, row) == LT_PROGRAM_TRUE)
        return LT_PROCESS_PASS;
    return leave_out(filter, row);
}

static void filter_close(struct lt_operator *op)
{
    struct filter *filter = (struct filter *)op;
    lt_program_destroy(filter->program);
    free(filter);
}

static void filter_on_batch_end(struct lt_operator *op, struct lt_out *out)
{
    const struct filter *filter = (const struct filter *)op;
    (void)out;
    lt_read_meter_update(&filter->meter);
}

static void filter_add_cost(const struct lt_operator *op, struct lt_operator_cost *cost)
{
    const struct filter *filter = (const struct filter *)op;
    lt_program_add_cost(filter->program, cost);
}

static const struct lt_operator_ops filter_ops = {.name = "filter",
                                                  .open = filter_open,
                                                  .process = filter_process,
                                                  .add_cost = filter_add_cost,
                                                  .close = filter_close};
static const struct lt_operator_ops shortcut_ops = {.name = "filter",
                                                    .open = filter_open,
                                                    .process = filter_process_shortcut,
                                                    .add_cost = filter_add_cost,
                                                    .close = filter_close};
/* What reads no documents has nothing to do at the end of a batch. */
static const struct lt_operator_ops reading_ops = {.name = "filter",
                                                   .open = filter_open,
                                                   .process = filter_process,
                                                   .on_batch_end = filter_on_batch_end,
                                                   .add_cost = filter_add_cost,
                                                   .close = filter_close};

int lt_filter_create(const struct lt_filter_options *options, struct lt_operator **out,
                     struct lt_error *error)
{
    const struct lt_program_options program_options = {.expressions = &options->predicate,
                                                       .texts = &options->text,
                                                       .count = 1,
                                                       .schema = options->schema,
                                                       .session = options->session,
                                                       .is_filter = true};
    struct lt_program *program;
    int code = lt_program_create(&program_options, &program, error);
    if (code != LT_OK)
        return lt_error_append(error, "cannot make the filter");
    struct filter *filter = lt_alloc(sizeof *filter);
    filter->base = (struct lt_operator){
        .ops = &filter_ops, .input_schema = options->schema, .output_schema = options->schema};
    filter->program = program;
    filter->shortcut = lt_program_shortcut(program);
    if (lt_read_meter_is_needed(program))
        filter->base.ops = &reading_ops;
    else if (filter->shortcut != NULL)
        filter->base.ops = &shortcut_ops;
    *out = &filter->base;
    return LT_OK;
}
