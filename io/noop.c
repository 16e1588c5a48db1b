/*
 * A row that reaches the noop sink is delivered: durable is what it need not be.
 */
#include "io/noop.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/arena.h"

struct noop_writer {
    struct lt_writer base;
    const struct lt_clock *clock;
};

static enum lt_write noop_write(struct lt_writer *base, struct lt_row *row, struct lt_fault **fault)
{
    (void)fault;
    struct noop_writer *writer = (struct noop_writer *)(void *)base;
    lt_writer_deliver(base, writer->clock, row);
    return LT_WRITE_DONE;
}

static void noop_prepare(struct lt_writer *base, uint64_t epoch)
{
    (void)base;
    (void)epoch; /* nothing is outstanding */
}

static int noop_prepared(struct lt_writer *base, uint64_t epoch, struct lt_text_buffer *note)
{
    (void)base;
    (void)epoch;
    (void)note;
    return 1;
}

static void noop_writer_close(struct lt_writer *base)
{
    free(base);
}

static int noop_open_writer(struct lt_sink *sink, const struct lt_connector_env *env,
                            struct lt_writer **out, struct lt_error *error)
{
    static const struct lt_writer_ops ops = {
        .write = noop_write,
        .prepare = noop_prepare,
        .prepared = noop_prepared,
        .close = noop_writer_close,
    };
    (void)sink;
    (void)error;
    struct noop_writer *writer = lt_alloc(sizeof *writer);
    writer->base.ops = &ops;
    writer->clock = env->clock;
    *out = &writer->base;
    return 0;
}

static int noop_connect(struct lt_sink *sink, const struct lt_connector_env *env,
                        struct lt_error *error)
{
    (void)sink;
    (void)env;
    (void)error;
    return 0;
}

static void noop_close(struct lt_sink *sink)
{
    free(sink);
}

static int noop_bind(const struct lt_sink_type *type, const struct lt_options *options,
                     const struct lt_type *schema, struct lt_arena *arena, struct lt_sink **out,
                     struct lt_error *error)
{
    static const struct lt_sink_ops ops = {
        .connect = noop_connect,
        .open_writer = noop_open_writer,
        .close = noop_close,
    };
    (void)arena;
    *out = NULL;
    int code = lt_options_check(options, type->options, type->option_count, "sink noop", error);
    if (code != 0)
        return code;
    struct lt_sink *sink = lt_alloc(sizeof *sink);
    sink->ops = &ops;
    sink->type = type;
    sink->schema = schema;
    sink->guarantee = LT_AT_LEAST_ONCE;
    int size_bytes = snprintf(sink->description, sizeof sink->description, "NoopTable");
    lt_assert(size_bytes > 0);
    *out = sink;
    return 0;
}

const struct lt_sink_type lt_noop_sink_type = {
    .name = "noop",
    .doc = "Runs everything and discards the rows.",
    .bind = noop_bind,
};
