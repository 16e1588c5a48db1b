/*
 * Push in, read out: an input and an output that belong to the program and outlive its queries.
 * Both stand on the memory connectors (io/memory.h), which belong to one query each; what is here
 * lets a program push before a start, and read after the end.
 *
 * Input. The memory source is made with the input and freed with the context; what a query binds is
 * a thin source that passes each call on, and closes nothing.
 *
 * Output. The memory sink is made when a query connects, since only then the schema is known, and
 * is kept until the context ends; the reading thread sees the newest one.
 */
#include "core/leat.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/leat_objects.h"
#include "core/leat_out.h"
#include "io/memory.h"

struct leat_input {
    struct lt_source_type type; /* what READ nodes name */
    leat_context *context;
    struct lt_arena *arena; /* of the schema */
    struct lt_source *inner;
    struct lt_memory_source *memory;
    bool is_connected; /* a query reads it */
};

struct leat_output {
    struct lt_sink_type type; /* what WRITE nodes name */
    leat_context *context;
    struct lt_options *options;
    bool is_connected; /* a query writes it */
    /* written by the thread that starts a query, read by the reading thread */
    struct lt_shared_u64 memory; /* struct lt_memory_sink *, 0 before the first start */
};

/* What both connectors take from an input's or output's capacity. */
static struct lt_options *capacity_options(uint32_t capacity)
{
    struct lt_options *options = lt_options_create();
    struct lt_error error;
    char text[16];
    snprintf(text, sizeof text, "%u", capacity);
    int code = lt_options_set(options, "capacity", text, "program", &error);
    lt_assert(code == 0); /* only an empty key is an error */
    return options;
}

/* --------------------------------------------------------------------------------------- input */

/* A query's view of an input. */
struct input_source {
    struct lt_source base;
    leat_input *input;
    bool is_connected; /* by this query */
};

static struct input_source *view_of(struct lt_source *source)
{
    return (struct input_source *)(void *)source;
}

static struct lt_source *inner_of(struct lt_source *source)
{
    return view_of(source)->input->inner;
}

static int input_connect(struct lt_source *source, const struct lt_connector_env *env,
                         struct lt_error *error)
{
    struct input_source *view = view_of(source);
    if (view->input->is_connected && !view->is_connected)
        return lt_error_set(error, LT_E_BUSY, "another query reads the input; hint: one at a time");
    view->input->is_connected = view->is_connected = true;
    int code = inner_of(source)->ops->connect(inner_of(source), env, error);
    source->partition_count = inner_of(source)->partition_count;
    return code;
}

static int input_initial(struct lt_source *source, struct lt_position *positions,
                         struct lt_text_buffer *keep, struct lt_error *error)
{
    return inner_of(source)->ops->initial(inner_of(source), positions, keep, error);
}

static int input_latest(struct lt_source *source, struct lt_position *positions,
                        struct lt_error *error)
{
    return inner_of(source)->ops->latest(inner_of(source), positions, error);
}

static bool input_has_ended(const struct lt_source *source)
{
    const struct input_source *view = (const struct input_source *)(const void *)source;
    const struct lt_source *inner = view->input->inner;
    return inner->ops->has_ended(inner);
}

static void input_to_json(struct lt_source *source, const struct lt_position *positions,
                          struct lt_text_buffer *out)
{
    inner_of(source)->ops->positions_to_json(inner_of(source), positions, out);
}

static int input_from_json(struct lt_source *source, const char *json,
                           struct lt_position *positions, struct lt_error *error)
{
    return inner_of(source)->ops->positions_from_json(inner_of(source), json, positions, error);
}

static int input_open_reader(struct lt_source *source, const struct lt_connector_env *env,
                             const uint32_t *partitions, uint32_t partition_count,
                             const struct lt_position *start, const struct lt_position *end,
                             struct lt_reader **out, struct lt_error *error)
{
    return inner_of(source)->ops->open_reader(inner_of(source), env, partitions, partition_count,
                                              start, end, out, error);
}

static void input_close(struct lt_source *source)
{
    struct input_source *view = view_of(source);
    if (view->is_connected)
        view->input->is_connected = false;
    free(view);
}

static const struct lt_source_ops input_ops = {
    .connect = input_connect,
    .initial = input_initial,
    .latest = input_latest,
    .has_ended = input_has_ended,
    .positions_to_json = input_to_json,
    .positions_from_json = input_from_json,
    .open_reader = input_open_reader,
    .close = input_close,
};

static int input_bind(const struct lt_source_type *type, const struct lt_options *options,
                      const struct lt_type *user_schema, struct lt_arena *arena,
                      struct lt_source **out, struct lt_error *error)
{
    leat_input *input = (leat_input *)(uintptr_t)(const void *)type; /* its first member */
    (void)options;                                                   /* the input has its own */
    (void)user_schema;
    (void)arena;
    (void)error;
    struct input_source *view = lt_alloc(sizeof *view);
    view->base = *input->inner;
    view->base.ops = &input_ops;
    view->base.type = type;
    view->input = input;
    *out = &view->base;
    return 0;
}

static void destroy_input(void *object)
{
    leat_input *input = object;
    if (input->inner != NULL)
        input->inner->ops->close(input->inner);
    lt_arena_destroy(input->arena);
    free(input);
}

static int open_input(leat_input *input, const char *schema, uint32_t capacity,
                      struct lt_error *error)
{
    const struct lt_type *type;
    if (schema == NULL)
        return lt_error_set(error, LT_E_INVALID, "it has no schema");
    int code = lt_type_parse_ddl(schema, input->arena, &type, error);
    if (code != 0)
        return lt_error_append(error, "its schema");
    struct lt_options *options = capacity_options(capacity);
    code = lt_memory_source_type.bind(&lt_memory_source_type, options, type, input->arena,
                                      &input->inner, error);
    lt_options_destroy(options);
    if (code == 0)
        input->memory = lt_memory_source_of(input->inner);
    return code;
}

leat_input *leat_input_create(leat_context *context, const char *schema, uint32_t capacity)
{
    struct lt_error error;
    if (context == NULL)
        return NULL;
    leat_input *input = lt_alloc(sizeof *input);
    input->arena = lt_arena_create();
    input->context = context;
    input->type = lt_memory_source_type;
    input->type.name = "input";
    input->type.options = NULL;
    input->type.option_count = 0;
    input->type.bind = input_bind;
    if (open_input(input, schema, capacity, &error) != 0) {
        destroy_input(input);
        lt_error_append(&error, "cannot make an input");
        return lt_door_fail(context, &error);
    }
    lt_door_own(context, destroy_input, input);
    return input;
}

leat_stream *leat_read_input(leat_input *input)
{
    return input == NULL ? NULL : lt_door_read_type(input->context, &input->type);
}

leat_row *leat_input_claim(leat_input *input)
{
    struct lt_row *row = input == NULL ? NULL : lt_memory_source_claim(input->memory);
    if (row != NULL)
        lt_door_set_all_null(row);
    return (leat_row *)(void *)row;
}

int64_t leat_input_commit(leat_input *input, leat_row *public_row)
{
    struct lt_row *row = (struct lt_row *)(void *)public_row;
    row->ingest_ns = lt_clock_now_ns(&input->context->clock);
    return lt_memory_source_commit(input->memory, row);
}

void leat_input_abort(leat_input *input, leat_row *row)
{
    lt_memory_source_abort(input->memory, (struct lt_row *)(void *)row);
}

void leat_input_end(leat_input *input)
{
    if (input != NULL)
        lt_memory_source_end(input->memory);
}

/* -------------------------------------------------------------------------------------- output */

/* A query's view of an output. */
struct output_sink {
    struct lt_sink base;
    leat_output *output;
    struct lt_sink *inner; /* from connect on; the context frees it */
};

static void close_memory_sink(void *sink)
{
    ((struct lt_sink *)sink)->ops->close(sink);
}

static int output_connect(struct lt_sink *sink, const struct lt_connector_env *env,
                          struct lt_error *error)
{
    struct output_sink *view = (struct output_sink *)(void *)sink;
    leat_output *output = view->output;
    if (view->inner != NULL) /* connected again: what it holds stays */
        return view->inner->ops->connect(view->inner, env, error);
    if (output->is_connected)
        return lt_error_set(error, LT_E_BUSY,
                            "the output is written by another sink of this query or by another "
                            "query; hint: one at a time");
    int code = lt_memory_sink_type.bind(&lt_memory_sink_type, output->options, sink->schema,
                                        output->context->arena, &view->inner, error);
    if (code != 0)
        return code;
    output->is_connected = true;
    lt_door_own(output->context, close_memory_sink, view->inner);
    lt_store_release_u64(&output->memory, /* pairs with the acquire in leat_output_poll */
                         (uint64_t)(uintptr_t)lt_memory_sink_of(view->inner));
    return view->inner->ops->connect(view->inner, env, error);
}

static int output_open_writer(struct lt_sink *sink, const struct lt_connector_env *env,
                              struct lt_writer **out, struct lt_error *error)
{
    struct output_sink *view = (struct output_sink *)(void *)sink;
    return view->inner->ops->open_writer(view->inner, env, out, error);
}

static void output_close(struct lt_sink *sink)
{
    struct output_sink *view = (struct output_sink *)(void *)sink;
    if (view->inner != NULL)
        view->output->is_connected = false;
    free(view);
}

/* Rows are shown as they come, so there is nothing to finish for an epoch after a crash. */
static const struct lt_sink_ops output_ops = {
    .connect = output_connect,
    .open_writer = output_open_writer,
    .close = output_close,
};

static int output_bind(const struct lt_sink_type *type, const struct lt_options *options,
                       const struct lt_type *schema, struct lt_arena *arena, struct lt_sink **out,
                       struct lt_error *error)
{
    (void)options; /* the output has its own */
    (void)arena;
    (void)error;
    struct output_sink *view = lt_alloc(sizeof *view);
    view->output = (leat_output *)(uintptr_t)(const void *)type; /* its first member */
    view->base = (struct lt_sink){
        .ops = &output_ops,
        .type = type,
        .schema = schema,
        .guarantee = LT_AT_LEAST_ONCE,
        .description = "Output",
    };
    *out = &view->base;
    return 0;
}

static void destroy_output(void *object)
{
    leat_output *output = object;
    lt_options_destroy(output->options);
    free(output);
}

leat_output *leat_output_create(leat_context *context, uint32_t capacity)
{
    struct lt_error error;
    if (context == NULL)
        return NULL;
    if (capacity == 0) {
        lt_error_set(&error, LT_E_INVALID, "cannot make an output: its capacity is 0");
        return lt_door_fail(context, &error);
    }
    leat_output *output = lt_alloc(sizeof *output);
    output->context = context;
    output->options = capacity_options(capacity);
    int code = lt_options_set(output->options, "visibility", "row", "program", &error);
    lt_assert(code == 0); /* only an empty key is an error */
    output->type = (struct lt_sink_type){
        .name = "output",
        .doc = lt_memory_sink_type.doc,
        .bind = output_bind,
    };
    lt_door_own(context, destroy_output, output);
    return output;
}

int leat_query_write_output(leat_query *query, leat_stream *stream, leat_output *output)
{
    if (query == NULL || output == NULL)
        return LEAT_ERROR_INVALID;
    return lt_door_write(query, stream, NULL, &output->type, lt_options_create());
}

int leat_query_dead_letters_output(leat_query *query, leat_output *output)
{
    if (query == NULL || output == NULL)
        return LEAT_ERROR_INVALID;
    return lt_door_write_dead_letters(query, NULL, &output->type, lt_options_create());
}

uint32_t leat_output_poll(leat_output *output, void (*handle)(void *user, const leat_row *row),
                          void *user, uint32_t limit)
{
    uint32_t count = 0;
    if (output == NULL)
        return 0;
    /* acquire: pairs with the release in output_connect */
    uint64_t word = lt_load_acquire_u64(&output->memory);
    struct lt_memory_sink *memory = (struct lt_memory_sink *)(uintptr_t)word;
    while (memory != NULL && count < limit) {
        struct lt_row *row = lt_memory_sink_next(memory);
        if (row == NULL)
            break;
        if (handle != NULL)
            handle(user, (const leat_row *)(const void *)row);
        lt_row_release(row);
        count++;
    }
    return count;
}
