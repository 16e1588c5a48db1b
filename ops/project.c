/*
 * One program whose expressions are the columns of the new row.
 */
#include "ops/project.h"

#include <stdio.h>
#include <stdlib.h>

#include "ops/derived_rows.h"
#include "ops/expr/program.h"
#include "ops/read_meter.h"

/* Room in each row for computed strings before more is looked for. */
enum { SCRATCH_BYTES_PER_COLUMN = 64 };

struct project {
    struct lt_operator base;
    struct lt_program *program;
    struct lt_read_meter meter;
    struct lt_row_pool *pool; /* NULL before open */
    struct lt_shared_u64 *in;
};

static int project_open(struct lt_operator *op, const struct lt_operator_env *env,
                        struct lt_error *error)
{
    struct project *project = (struct project *)op;
    uint32_t columns = project->base.output_schema->field_count;
    const struct lt_row_pool_options options = {.column_count = columns,
                                                .capacity = env->rows_in_flight,
                                                .scratch_size_bytes =
                                                    columns * SCRATCH_BYTES_PER_COLUMN,
                                                .is_shared = env->is_shared};
    int code = lt_row_pool_create(&options, &project->pool, error);
    if (code != LT_OK)
        return lt_error_append(error, "cannot open the projection");
    char name[128];
    (void)snprintf(name, sizeof name, "%sin", env->counter_prefix);
    project->in =
        lt_counters_add(env->counters, LT_COUNTER_SUM, name, "records", "records projected");
    lt_program_set_clock(project->program, env->clock);
    lt_read_meter_init(&project->meter, project->program, env);
    return LT_OK;
}

static enum lt_process project_process(struct lt_operator *op, struct lt_row *row,
                                       struct lt_out *out)
{
    struct project *project = (struct project *)op;
    struct lt_row *derived = lt_row_claim(project->pool);
    if (lt_unlikely(derived == NULL))
        return LT_PROCESS_RETRY;
    lt_counter_add(project->in, 1);
    if (lt_unlikely(!lt_program_eval(project->program, row, derived))) {
        lt_derived_row_abandon(derived);
        out->fail(out, row, lt_program_take_fault(project->program, "project"));
        return LT_PROCESS_DONE;
    }
    lt_derived_row_adopt(derived, row);
    out->emit(out, derived);
    return LT_PROCESS_DONE;
}

static void project_close(struct lt_operator *op)
{
    struct project *project = (struct project *)op;
    lt_row_pool_destroy(project->pool);
    lt_program_destroy(project->program);
    free(project);
}

static void project_on_batch_end(struct lt_operator *op, struct lt_out *out)
{
    const struct project *project = (const struct project *)op;
    (void)out;
    lt_read_meter_update(&project->meter);
}

static void project_add_cost(const struct lt_operator *op, struct lt_operator_cost *cost)
{
    const struct project *project = (const struct project *)op;
    cost->rows++;
    lt_program_add_cost(project->program, cost);
}

static const struct lt_operator_ops project_ops = {.name = "project",
                                                   .open = project_open,
                                                   .process = project_process,
                                                   .add_cost = project_add_cost,
                                                   .close = project_close};
/* What reads no documents has nothing to do at the end of a batch. */
static const struct lt_operator_ops reading_ops = {.name = "project",
                                                   .open = project_open,
                                                   .process = project_process,
                                                   .on_batch_end = project_on_batch_end,
                                                   .add_cost = project_add_cost,
                                                   .close = project_close};

int lt_project_create(const struct lt_project_options *options, struct lt_operator **out,
                      struct lt_error *error)
{
    const struct lt_program_options program_options = {.expressions = options->expressions,
                                                       .texts = options->texts,
                                                       .count = options->count,
                                                       .schema = options->input_schema,
                                                       .session = options->session};
    struct lt_program *program;
    int code = lt_program_create(&program_options, &program, error);
    if (code != LT_OK)
        return lt_error_append(error, "cannot make the projection");
    struct project *project = lt_alloc(sizeof *project);
    project->base = (struct lt_operator){.ops = &project_ops,
                                         .input_schema = options->input_schema,
                                         .output_schema = options->output_schema};
    project->program = program;
    if (lt_read_meter_is_needed(program))
        project->base.ops = &reading_ops;
    *out = &project->base;
    return LT_OK;
}
