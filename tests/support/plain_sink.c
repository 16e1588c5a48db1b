#include "tests/support/plain_sink.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/arena.h"

struct plain_writer {
    struct lt_writer base;
    const struct plain_sink *sink;
};

static enum lt_write writer_write(struct lt_writer *base, struct lt_row *row,
                                  struct lt_fault **fault)
{
    struct plain_writer *writer = (struct plain_writer *)(void *)base;
    (void)fault;
    writer->sink->take(row);
    lt_counter_add(base->acked_records, 1);
    lt_row_release(row);
    return LT_WRITE_DONE;
}

static void writer_prepare(struct lt_writer *base, uint64_t epoch)
{
    (void)base, (void)epoch;
}

static int writer_prepared(struct lt_writer *base, uint64_t epoch, struct lt_text_buffer *note)
{
    (void)base, (void)epoch, (void)note;
    return 1;
}

static void writer_close(struct lt_writer *base)
{
    free(base);
}

static int sink_open_writer(struct lt_sink *sink, const struct lt_connector_env *env,
                            struct lt_writer **out, struct lt_error *error)
{
    static const struct lt_writer_ops ops = {.write = writer_write,
                                             .prepare = writer_prepare,
                                             .prepared = writer_prepared,
                                             .close = writer_close};
    (void)env, (void)error;
    struct plain_writer *writer = lt_alloc(sizeof *writer);
    writer->base.ops = &ops;
    writer->sink = (const struct plain_sink *)(const void *)sink->type;
    *out = &writer->base;
    return 0;
}

static void sink_close(struct lt_sink *sink)
{
    free(sink);
}

int plain_sink_bind(const struct lt_sink_type *type, const struct lt_options *given,
                    const struct lt_type *schema, struct lt_arena *memory, struct lt_sink **out,
                    struct lt_error *error)
{
    static const struct lt_sink_ops ops = {.open_writer = sink_open_writer, .close = sink_close};
    const struct plain_sink *plain = (const struct plain_sink *)(const void *)type;
    (void)given, (void)memory, (void)error;
    *out = lt_alloc(sizeof **out);
    **out = (struct lt_sink){.ops = &ops,
                             .type = type,
                             .schema = schema,
                             .guarantee = plain->guarantee,
                             .one_lane = plain->one_lane};
    snprintf((*out)->description, sizeof (*out)->description, "%s", plain->description);
    return 0;
}
