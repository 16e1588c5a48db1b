/*
 * A user-written operator as one step of a lane: leat_apply's struct behind the contract of
 * core/flow/operator.h.
 */
#include "core/leat.h"

#include <stdlib.h>

#include "core/leat_objects.h"
#include "core/leat_out.h"

/* What leat_apply keeps of the program's struct, in the context's arena. */
struct definition {
    leat_operator calls;
    struct lt_operator_ops ops;          /* with the operator's own name */
    const struct lt_type *output_schema; /* NULL: what it is handed */
};

struct user_operator {
    struct lt_operator base;
    const struct definition *definition;
    /* The definition's, at hand for each record. */
    enum leat_action (*process)(void *state, const leat_row *row, leat_out *out, uint32_t flags);
    void *state;
    bool is_open; /* the program's open has been called and has succeeded */
    leat_out out;
};

static struct user_operator *user_of(struct lt_operator *op)
{
    return (struct user_operator *)(void *)op;
}

static int operator_open(struct lt_operator *op, const struct lt_operator_env *env,
                         struct lt_error *error)
{
    struct user_operator *own = user_of(op);
    const leat_operator *calls = &own->definition->calls;
    int code = lt_door_out_init(&own->out,
                                &(struct lt_door_pool_options){
                                    .schema = op->output_schema,
                                    .capacity = env->rows_in_flight,
                                    .is_shared = env->is_shared,
                                },
                                calls->name, error);
    if (code != 0)
        return code;
    own->state = calls->user;
    int status = calls->open == NULL ? LEAT_OK : calls->open(calls->user, env->lane, &own->state);
    if (status < 0)
        return lt_error_set(error, status, "its open function returned %d (%s)", status,
                            leat_status_name(status));
    own->is_open = true;
    return 0;
}

/* The record cannot be processed, by the program's word or by a broken promise of its. */
static void fail_row(struct user_operator *own, struct lt_row *row, struct lt_out *next,
                     const char *condition, const char *text)
{
    next->fail(next, row, lt_door_out_fault(&own->out, condition, text));
}

/* All but passing the row on alone. Not inlined: what the common way needs is little. */
static __attribute__((noinline)) enum lt_process finish(struct user_operator *own,
                                                        enum leat_action action)
{
    struct lt_row *row = own->out.input;
    struct lt_out *next = own->out.next;
    lt_door_out_end(&own->out, action == LEAT_EMIT ? 0 : row->flags & LT_ROW_END_OF_BATCH);
    switch (action) {
    case LEAT_EMIT:
        if (own->definition->output_schema == NULL)
            return LT_PROCESS_PASS;
        fail_row(own, row, next, "OPERATOR_EMIT",
                 "the operator answered LEAT_EMIT for a row that is not of its output schema");
        return LT_PROCESS_DONE;
    case LEAT_DROP:
        lt_row_release(row);
        return LT_PROCESS_DONE;
    case LEAT_RETRY:
        /* What was committed is gone: the same row again would double it. */
        if (own->out.committed_count == 0)
            return LT_PROCESS_RETRY;
        fail_row(own, row, next, "OPERATOR_RETRY",
                 "the operator answered LEAT_RETRY after it had committed rows");
        return LT_PROCESS_DONE;
    case LEAT_DEAD_LETTER:
        fail_row(own, row, next, "OPERATOR_REFUSED", "the operator refused the record");
        return LT_PROCESS_DONE;
    case LEAT_STOP:
        lt_row_release(row);
        return LT_PROCESS_STOP;
    }
    fail_row(own, row, next, "OPERATOR_ACTION", "the operator answered no enum leat_action");
    return LT_PROCESS_DONE;
}

static inline enum leat_action call(struct user_operator *own, struct lt_row *row,
                                    struct lt_out *next)
{
    /* The two flags have the same value, so that they pass as they are. */
    _Static_assert((int)LEAT_END_OF_BATCH == (int)LT_ROW_END_OF_BATCH, "flags pass unchanged");
    uint32_t flags = row->flags & LT_ROW_END_OF_BATCH;
    lt_door_out_begin(&own->out, next, row);
    return own->process(own->state, (const leat_row *)(const void *)row, &own->out, flags);
}

/* Of an operator that may pass rows on: where it does just that, nothing is left to do. */
static enum lt_process process_and_pass(struct lt_operator *op, struct lt_row *row,
                                        struct lt_out *next)
{
    struct user_operator *own = user_of(op);
    enum leat_action action = call(own, row, next);
    if (lt_likely(action == LEAT_EMIT && lt_door_out_is_unused(&own->out)))
        return LT_PROCESS_PASS;
    return finish(own, action);
}

/* Of an operator with an output schema of its own. */
static enum lt_process process_and_make(struct lt_operator *op, struct lt_row *row,
                                        struct lt_out *next)
{
    struct user_operator *own = user_of(op);
    return finish(own, call(own, row, next));
}

static void operator_batch_end(struct lt_operator *op, struct lt_out *next)
{
    struct user_operator *own = user_of(op);
    if (own->definition->calls.on_batch_end == NULL)
        return;
    lt_door_out_begin(&own->out, next, NULL);
    own->definition->calls.on_batch_end(own->state, &own->out);
    lt_door_out_end(&own->out, LT_ROW_END_OF_BATCH);
}

static void operator_marker(struct lt_operator *op, uint64_t epoch, struct lt_out *next)
{
    struct user_operator *own = user_of(op);
    if (own->definition->calls.on_epoch == NULL)
        return;
    lt_door_out_begin(&own->out, next, NULL);
    own->definition->calls.on_epoch(own->state, epoch, &own->out);
    lt_door_out_end(&own->out, LT_ROW_END_OF_BATCH);
}

static void operator_close(struct lt_operator *op)
{
    struct user_operator *own = user_of(op);
    if (own->is_open && own->definition->calls.close != NULL)
        own->definition->calls.close(own->state);
    lt_door_out_fini(&own->out);
    free(own);
}

static int create(void *context, const struct lt_type *input, struct lt_operator **out,
                  struct lt_error *error)
{
    (void)error;
    const struct definition *definition = context;
    struct user_operator *own = lt_alloc(sizeof *own);
    own->definition = definition;
    own->process = definition->calls.process;
    own->base = (struct lt_operator){
        .ops = &definition->ops,
        .input_schema = input,
        .output_schema = definition->output_schema != NULL ? definition->output_schema : input,
    };
    *out = &own->base;
    return 0;
}

static int make_definition(leat_context *context, const leat_operator *op, struct definition **out,
                           struct lt_error *error)
{
    struct definition *definition = lt_arena_alloc(context->arena, sizeof *definition);
    leat_operator *calls = &definition->calls;
    int code = lt_door_copy_struct("leat_operator", op, calls, sizeof *calls,
                                   offsetof(leat_operator, on_batch_end), error);
    if (code != 0)
        return code;
    calls->name = lt_arena_text(context->arena, calls->name != NULL ? calls->name : "operator");
    if (calls->process == NULL)
        return lt_error_set(error, LT_E_INVALID, "operator \"%s\" has no process function",
                            calls->name);
    definition->ops = (struct lt_operator_ops){
        .name = calls->name,
        .open = operator_open,
        .process = process_and_pass,
        .on_batch_end = operator_batch_end,
        .on_marker = operator_marker,
        .close = operator_close,
    };
    *out = definition;
    if (calls->output_schema == NULL)
        return 0;
    definition->ops.process = process_and_make;
    code =
        lt_type_parse_ddl(calls->output_schema, context->arena, &definition->output_schema, error);
    return code == 0 ? 0
                     : lt_error_append(error, "operator \"%s\": its output schema", calls->name);
}

leat_stream *leat_apply(leat_stream *stream, const leat_operator *op)
{
    if (stream == NULL)
        return NULL;
    struct lt_error error;
    struct definition *definition = NULL;
    leat_context *context = stream->context;
    if (make_definition(context, op, &definition, &error) != 0)
        return lt_door_fail(context, &error);
    struct lt_plan_node *node = lt_plan_node_create(context->arena, LT_PLAN_OPERATOR, 1);
    node->inputs[0] = stream->node;
    node->name = definition->calls.name;
    node->create = create;
    node->create_context = definition;
    node->declared_schema = definition->output_schema;
    return lt_door_over(stream, node);
}
