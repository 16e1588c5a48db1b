/*
 * The builder: each call adds one node to a plan. What can be judged without a schema is judged at
 * once (an unknown source, a text that does not parse); names and types wait for analysis, at the
 * start of a query or when the schema is asked for.
 */
#include "core/leat.h"

#include <stdio.h>

#include "core/leat_admin.h"
#include "core/leat_objects.h"
#include "core/run/pipeline.h"
#include "io/catalog.h"
#include "ops/catalog.h"
#include "ops/expr/expr.h"
#include "ops/sql/analyse.h"

leat_stream *lt_door_stream(leat_context *context, struct lt_plan_node *node)
{
    leat_stream *stream = lt_arena_alloc(context->arena, sizeof *stream);
    *stream = (leat_stream){.context = context, .node = node};
    return stream;
}

leat_stream *lt_door_over(const leat_stream *stream, struct lt_plan_node *node)
{
    leat_stream *over = lt_door_stream(stream->context, node);
    over->uses = stream->uses;
    return over;
}

static void destroy_options(void *options)
{
    lt_options_destroy(options);
}

leat_stream *lt_door_read_type(leat_context *context, const struct lt_source_type *type)
{
    struct lt_plan_node *node = lt_plan_node_create(context->arena, LT_PLAN_READ, 0);
    node->format = type->name;
    node->source_type = type;
    node->options = lt_options_create();
    lt_door_own(context, destroy_options, node->options);
    return lt_door_stream(context, node);
}

static int make_read(leat_context *context, const char *format, const char *schema,
                     struct lt_plan_node **out, struct lt_error *error)
{
    struct lt_plan_node *node = lt_plan_node_create(context->arena, LT_PLAN_READ, 0);
    node->source_type = lt_catalog_source(lt_io_catalog(), format, error);
    if (node->source_type == NULL)
        return error->code;
    node->format = node->source_type->name;
    *out = node;
    if (schema == NULL)
        return 0;
    int code = lt_type_parse_ddl(schema, context->arena, &node->user_schema, error);
    return code == 0 ? 0 : lt_error_append(error, "schema of source \"%s\"", format);
}

leat_stream *leat_read(leat_context *context, const char *format, leat_options *options,
                       const char *schema)
{
    struct lt_error error;
    struct lt_options *set = NULL;
    struct lt_plan_node *node = NULL;
    int code = lt_door_take_options(options, &set, &error);
    if (context == NULL || format == NULL) {
        lt_options_destroy(set);
        if (context != NULL && code == 0)
            lt_error_set(&error, LT_E_INVALID, "a source needs the name of its format");
        return context == NULL ? NULL : lt_door_fail(context, &error);
    }
    if (code == 0)
        code = make_read(context, format, schema, &node, &error);
    if (code != 0) {
        lt_options_destroy(set);
        return lt_door_fail(context, &error);
    }
    lt_door_put_time_zone(context, node->format, node->source_type->options,
                          node->source_type->option_count, set);
    node->options = set;
    lt_door_own(context, destroy_options, set);
    return lt_door_stream(context, node);
}

/* ----------------------------------------------------------------------- steps with expressions */

/* Only for the error: the tree that a query works with is made from the text when it is analysed.
 */
static int check_syntax(enum lt_plan_kind kind, const char *text, struct lt_error *error)
{
    struct lt_arena *arena = lt_arena_create();
    struct lt_expression *expression;
    struct lt_expr_list list;
    int code = kind == LT_PLAN_FILTER ? lt_expr_parse(text, arena, &expression, error)
                                      : lt_expr_parse_list(text, arena, &list, error);
    lt_arena_destroy(arena);
    return code;
}

static leat_stream *add_step(leat_stream *stream, enum lt_plan_kind kind, const char *text)
{
    if (stream == NULL)
        return NULL;
    leat_context *context = stream->context;
    struct lt_error error;
    if (text == NULL) {
        lt_error_set(&error, LT_E_INVALID, "a %s needs an expression", lt_plan_kind_name(kind));
        return lt_door_fail(context, &error);
    }
    if (check_syntax(kind, text, &error) != 0)
        return lt_door_fail(context, &error);
    struct lt_plan_node *node = lt_plan_node_create(context->arena, kind, 1);
    node->inputs[0] = stream->node;
    node->session = context->session;
    node->expression_texts = lt_arena_alloc(context->arena, sizeof *node->expression_texts);
    node->expression_texts[0] = lt_arena_text(context->arena, text);
    node->expression_count = 1;
    return lt_door_over(stream, node);
}

leat_stream *leat_filter(leat_stream *stream, const char *condition)
{
    return add_step(stream, LT_PLAN_FILTER, condition);
}

leat_stream *leat_select(leat_stream *stream, const char *columns)
{
    return add_step(stream, LT_PLAN_PROJECT, columns);
}

/* ----------------------------------------------------------------------------- copies of a plan */

enum { COPIES_MAX = LT_LIMIT_OPERATORS + 2 * LT_LIMIT_SINKS };

/* Nodes that several sinks share stay shared in the copy. */
struct copies {
    struct lt_arena *arena;
    const struct lt_plan_node *from[COPIES_MAX];
    struct lt_plan_node *to[COPIES_MAX];
    uint32_t count;
};

static struct lt_plan_node *find_copy(const struct copies *copies, const struct lt_plan_node *node)
{
    for (uint32_t i = 0; i < copies->count; i++)
        if (copies->from[i] == node)
            return copies->to[i];
    return NULL;
}

static struct lt_plan_node *copy_one(struct copies *copies, const struct lt_plan_node *node)
{
    struct lt_plan_node *copy = lt_plan_node_create(copies->arena, node->kind, node->input_count);
    struct lt_plan_node **inputs = copy->inputs;
    *copy = *node;
    copy->inputs = inputs;
    /* Trees of a node that SQL has analysed never change, and are shared. */
    if (node->expression_count > 0 && node->schema == NULL)
        copy->expressions =
            lt_arena_alloc(copies->arena, node->expression_count * sizeof(struct lt_expression *));
    /* Beyond the table's end a shared node becomes two: the plan is refused for its size anyway. */
    if (copies->count < COPIES_MAX) {
        copies->from[copies->count] = node;
        copies->to[copies->count++] = copy;
    }
    return copy;
}

/* A chain of first inputs is followed by a loop, since programs may make it long; only what else
 * joins and unions read is a call deeper. */
static struct lt_plan_node *copy_tree(struct copies *copies, const struct lt_plan_node *last)
{
    struct lt_plan_node *known = find_copy(copies, last);
    if (known != NULL)
        return known;
    struct lt_plan_node *result = copy_one(copies, last), *above = result;
    for (const struct lt_plan_node *node = last; node->input_count > 0; node = node->inputs[0]) {
        for (uint32_t i = 1; i < node->input_count; i++)
            above->inputs[i] = copy_tree(copies, node->inputs[i]);
        known = find_copy(copies, node->inputs[0]);
        above->inputs[0] = known != NULL ? known : copy_one(copies, node->inputs[0]);
        if (known != NULL)
            break;
        above = above->inputs[0];
    }
    return result;
}

const struct lt_plan *lt_door_copy_plan(leat_query *query)
{
    struct copies copies = {.arena = query->arena};
    struct lt_plan *plan = &query->plan;
    *plan = (struct lt_plan){.sink_count = query->sink_count,
                             .trigger = query->trigger,
                             .has_trigger = query->has_trigger,
                             .output_mode = query->output_mode};
    plan->sinks = lt_arena_alloc(query->arena, query->sink_count * sizeof *plan->sinks);
    for (uint32_t i = 0; i < query->sink_count; i++)
        plan->sinks[i] = copy_tree(&copies, query->sinks[i]);
    if (query->dead_letters != NULL)
        plan->dead_letters = copy_tree(&copies, query->dead_letters);
    if (!query->has_trigger && lt_plan_needs_batches(plan))
        plan->trigger = (struct lt_trigger){.kind = LT_TRIGGER_PROCESSING_TIME};
    if (plan->trigger.kind == LT_TRIGGER_CONTINUOUS)
        lt_plan_drop_watermarks(plan);
    lt_plan_number(plan, query->arena);
    return plan;
}

/* --------------------------------------------------------------------------------------- schema */

enum { DEPTH_MAX = 4096 }; /* of a plan; what is deeper is refused for its size long before */

/* Inputs first. What SQL has analysed has its schemas. */
static int analyse_tree(struct lt_plan_node *node, unsigned depth, struct lt_arena *arena,
                        struct lt_error *error)
{
    const struct lt_type *ignored;
    if (node->schema != NULL)
        return LT_OK;
    if (node->kind == LT_PLAN_READ)
        return lt_pipeline_analyse(node, lt_io_catalog(), arena, &ignored, error);
    if (depth == DEPTH_MAX)
        return lt_error_set(error, LT_E_LIMIT,
                            "more than %d operators between a source and a sink", DEPTH_MAX);
    for (uint32_t i = 0; i < node->input_count; i++) {
        int code = analyse_tree(node->inputs[i], depth + 1, arena, error);
        if (code != LT_OK)
            return code;
    }
    return lt_ops_analyse(node, LT_OPS_CONTINUOUS, arena, error);
}

int lt_door_analysed(const leat_stream *stream, struct lt_arena *arena, struct lt_plan_node **out,
                     struct lt_error *error)
{
    struct copies copies = {.arena = arena};
    *out = copy_tree(&copies, stream->node);
    return analyse_tree(*out, 0, arena, error);
}

/* The same; NULL with the context's error. */
static struct lt_plan_node *analyse_copy(const leat_stream *stream, struct lt_arena *arena,
                                         const struct lt_type **schema)
{
    struct lt_plan_node *node;
    struct lt_error error;
    if (lt_door_analysed(stream, arena, &node, &error) != LT_OK)
        return lt_door_fail(stream->context, &error);
    *schema = node->schema;
    return node;
}

const char *leat_stream_schema(leat_stream *stream)
{
    if (stream == NULL)
        return NULL;
    if (stream->schema_ddl != NULL)
        return stream->schema_ddl;
    leat_context *context = stream->context;
    if (stream->node->schema != NULL) /* SQL has analysed it */
        return stream->schema_ddl = lt_type_ddl(
                   context->arena, lt_type_visible(context->arena, stream->node->schema));
    struct lt_arena *arena = lt_arena_create();
    const struct lt_type *schema;
    if (analyse_copy(stream, arena, &schema) != NULL)
        stream->schema_ddl =
            lt_arena_text(context->arena, lt_type_ddl(arena, lt_type_visible(arena, schema)));
    lt_arena_destroy(arena);
    return stream->schema_ddl;
}

leat_stream *leat_admin_numbered(leat_stream *stream)
{
    const struct lt_type *schema;
    if (stream == NULL)
        return NULL;
    leat_context *context = stream->context;
    struct lt_plan_node *node = analyse_copy(stream, context->arena, &schema);
    if (node == NULL)
        return NULL;
    uint32_t count = lt_type_visible_count(schema);
    const char **names = lt_arena_alloc(context->arena, count * sizeof *names);
    for (uint32_t i = 0; i < count; i++) {
        char number[16];
        (void)snprintf(number, sizeof number, "%u", i);
        names[i] = lt_arena_text(context->arena, number);
    }
    const struct lt_sql_env env = {.session = context->session, .arena = context->arena};
    const struct lt_sql_columns columns = {.names = names, .count = count};
    return lt_door_over(stream, lt_sql_rename(&env, node, &columns));
}
