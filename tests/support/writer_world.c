#include "tests/support/writer_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/arena.h"
#include "io/reactor.h"
#include "tests/support/collector.h"
#include "tests/support/fake_reactor.h"

enum { ROWS = 64, STEPS_MAX = 600000 };

void writer_world_init(struct writer_world *world, const char *rung)
{
    *world = (struct writer_world){.has_checkpoint = true, .is_fake = rung == NULL};
    scratch_create(world->folder);
    snprintf(world->path, sizeof world->path, "%s/out", world->folder);
    world->arena = lt_arena_create();
    lt_clock_manual_init(&world->clock, 5000, 1700000000000000);
    if (rung == NULL) {
        world->reactor = fake_reactor_create(7, &world->clock);
    } else {
        struct lt_reactor_options options = {.choice = rung};
        assert_int_equal(lt_reactor_create(&options, &world->reactor, NULL), 0);
    }
    world->env = collector_env(&world->clock.clock, &world->reactor->waker);
    world->env.reactor = world->reactor;
    assert_int_equal(lt_type_parse_ddl("value STRING", world->arena, &world->schema, NULL), 0);
    struct lt_row_pool_options pool = {.column_count = 1, .capacity = ROWS};
    assert_int_equal(lt_row_pool_create(&pool, &world->pool, NULL), 0);
}

int writer_world_bind(struct writer_world *world, const struct lt_sink_type *type,
                      const char *const *pairs)
{
    struct lt_options *options = collector_options(pairs);
    lt_error_clear(&world->error);
    int code =
        type->bind(type, options, world->schema, world->arena, &world->sink, &world->error);
    lt_options_destroy(options);
    return code;
}

int writer_world_open(struct writer_world *world)
{
    const struct lt_sink_ops *ops = world->sink->ops;
    struct lt_sink_resume at = {.next_epoch = world->next_epoch,
                                .notes = world->note,
                                .has_checkpoint = world->has_checkpoint,
                                .query_id = "a-query"};
    int code = 0;
    if (ops->connect != NULL)
        code = ops->connect(world->sink, &world->env, &world->error);
    if (code == 0 && ops->resume != NULL)
        code = ops->resume(world->sink, &world->env, &at, &world->error);
    if (code == 0)
        code = ops->open_writer(world->sink, &world->env, &world->writer, &world->error);
    if (code == 0)
        world->writer->acked_records = &world->acked;
    return code;
}

void writer_world_close(struct writer_world *world)
{
    if (world->writer != NULL)
        world->writer->ops->close(world->writer);
    if (world->sink != NULL)
        world->sink->ops->close(world->sink);
    world->writer = NULL;
    world->sink = NULL;
    assert_int_equal(world->reactor->pending_count, 0);
}

void writer_world_fini(struct writer_world *world)
{
    writer_world_close(world);
    lt_reactor_destroy(world->reactor);
    lt_row_pool_destroy(world->pool); /* asserts that every row came home */
    lt_arena_destroy(world->arena);
    scratch_remove(world->folder);
    free(world->note);
}

void writer_world_step(struct writer_world *world)
{
    if (lt_reactor_poll(world->reactor) == 0 && !world->is_fake)
        usleep(100);
    if (world->writer->ops->poll(world->writer, NULL) < 0)
        world->is_broken = true;
}

void writer_world_write(struct writer_world *world, const char *text)
{
    struct lt_fault *fault = NULL;
    struct lt_row *row = lt_row_claim(world->pool);
    assert_non_null(row);
    lt_row_values(row)[0].bytes =
        (struct lt_bytes){.data = (const uint8_t *)text, .size_bytes = (uint32_t)strlen(text)};
    row->ingest_ns = 1;
    enum lt_write result = LT_WRITE_FULL;
    for (int i = 0; i < STEPS_MAX && result == LT_WRITE_FULL; i++) {
        result = world->writer->ops->write(world->writer, row, &fault);
        if (result == LT_WRITE_FULL)
            writer_world_step(world);
    }
    assert_int_equal(result, LT_WRITE_DONE);
    world->writer->ops->flush(world->writer);
}

/* False: the writer broke. */
bool writer_world_end_epoch(struct writer_world *world)
{
    int status = 0;
    struct lt_text_buffer note;
    lt_text_init(&note);
    world->writer->ops->prepare(world->writer, world->next_epoch);
    for (int i = 0; i < STEPS_MAX && status == 0 && !world->is_broken; i++) {
        writer_world_step(world);
        lt_clock_manual_advance(&world->clock, LT_NS_PER_MS);
        status = world->writer->ops->prepared(world->writer, world->next_epoch, &note);
    }
    if (status == 1) {
        struct lt_text_buffer again;
        lt_text_init(&again);
        assert_int_equal(
            world->writer->ops->prepared(world->writer, world->next_epoch, &again), 1);
        assert_string_equal(lt_text_get(&again), lt_text_get(&note));
        lt_text_fini(&again);
        free(world->note);
        world->note = lt_text_take(&note);
        world->next_epoch++;
    }
    lt_text_fini(&note);
    return status == 1;
}

void writer_world_expect_error(const struct writer_world *world, const char *text)
{
    if (strstr(world->error.text, text) == NULL)
        fail_msg("said: %s", world->error.text);
}
