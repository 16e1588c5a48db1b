/*
 * The sink append: what stands in the file after epochs, deaths and failures of the disk. On the
 * fake reactor, which gives any result, and on the real ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/arena.h"
#include "io/append.h"
#include "io/reactor.h"
#include "tests/support/collector.h"
#include "tests/support/fake_reactor.h"
#include "tests/support/scratch.h"
#include "tests/support/stream_world.h"

enum { ROWS = 64, STEPS_MAX = 100000 };

struct world {
    char folder[SCRATCH_PATH_SIZE], path[SCRATCH_PATH_SIZE + 16];
    struct lt_arena *arena;
    struct lt_clock_manual clock;
    struct lt_reactor *reactor;
    struct lt_connector_env env;
    const struct lt_type *schema;
    struct lt_row_pool *pool;
    struct lt_sink *sink;
    struct lt_writer *writer;
    struct lt_error error;
    struct lt_shared_u64 acked;
    char *note; /* of the last prepared epoch */
    uint64_t next_epoch;
    bool has_checkpoint, is_broken, is_fake;
};

static void world_init(struct world *world, const char *rung)
{
    *world = (struct world){.has_checkpoint = true, .is_fake = rung == NULL};
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

static int open_sink(struct world *world)
{
    char path[SCRATCH_PATH_SIZE + 32];
    snprintf(path, sizeof path, "path=%s", world->path);
    const char *const pairs[] = {path, "fullDiskTimeout=1s", NULL};
    struct lt_options *options = collector_options(pairs);
    lt_error_clear(&world->error);
    int code = lt_append_sink_type.bind(&lt_append_sink_type, options, world->schema, world->arena,
                                        &world->sink, &world->error);
    lt_options_destroy(options);
    if (code == 0)
        code = world->sink->ops->connect(world->sink, &world->env, &world->error);
    struct lt_sink_resume at = {.next_epoch = world->next_epoch,
                                .notes = world->note,
                                .has_checkpoint = world->has_checkpoint,
                                .query_id = "a-query"};
    if (code == 0)
        code = world->sink->ops->resume(world->sink, &world->env, &at, &world->error);
    if (code == 0)
        code = world->sink->ops->open_writer(world->sink, &world->env, &world->writer,
                                             &world->error);
    if (code == 0)
        world->writer->acked_records = &world->acked;
    return code;
}

static void close_sink(struct world *world)
{
    if (world->writer != NULL)
        world->writer->ops->close(world->writer);
    if (world->sink != NULL)
        world->sink->ops->close(world->sink);
    world->writer = NULL;
    world->sink = NULL;
    assert_int_equal(world->reactor->pending_count, 0);
}

static void world_fini(struct world *world)
{
    close_sink(world);
    lt_reactor_destroy(world->reactor);
    lt_row_pool_destroy(world->pool); /* asserts that every row came home */
    lt_arena_destroy(world->arena);
    scratch_remove(world->folder);
    free(world->note);
}

static void step(struct world *world)
{
    if (lt_reactor_poll(world->reactor) == 0 && !world->is_fake)
        usleep(100);
    if (world->writer->ops->poll(world->writer, NULL) < 0)
        world->is_broken = true;
}

static void write_row(struct world *world, const char *text)
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
            step(world);
    }
    assert_int_equal(result, LT_WRITE_DONE);
    world->writer->ops->flush(world->writer);
}

/* False: the writer broke. */
static bool try_epoch(struct world *world)
{
    int status = 0;
    struct lt_text_buffer note;
    lt_text_init(&note);
    world->writer->ops->prepare(world->writer, world->next_epoch);
    for (int i = 0; i < STEPS_MAX && status == 0 && !world->is_broken; i++) {
        step(world);
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

static void expect_file(const struct world *world, const char *text)
{
    char *content = scratch_read("%s", world->path);
    assert_non_null(content);
    assert_string_equal(content, text);
    free(content);
}

static void expect_error(const struct world *world, const char *text)
{
    if (strstr(world->error.text, text) == NULL)
        fail_msg("said: %s", world->error.text);
}

/* ---------------------------------------------------------------------------------------- cases */

static void rows_are_there_at_once_and_durable_with_their_epoch(void **state)
{
    (void)state;
    for (const char *const *rung = stream_world_rungs; *rung != NULL; rung++) {
        if (!stream_world_has_rung(*rung))
            continue;
        struct world world;
        world_init(&world, *rung);
        assert_int_equal(open_sink(&world), 0);
        write_row(&world, "one");
        write_row(&world, "two");
        assert_true(try_epoch(&world));
        expect_file(&world, "one\ntwo\n");
        assert_int_equal(world.acked.value, 2);
        assert_memory_equal(world.note, "{\"length\":8,\"inode\":", 20);
        assert_true(try_epoch(&world)); /* an empty one */
        world_fini(&world);
    }
}

static void what_no_epoch_has_is_cut_off(void **state)
{
    struct world world;
    (void)state;
    world_init(&world, NULL);
    assert_int_equal(open_sink(&world), 0);
    write_row(&world, "one");
    assert_true(try_epoch(&world));
    close_sink(&world);
    scratch_write("one\nnever logged, and hal", "%s", world.path);
    assert_int_equal(open_sink(&world), 0);
    expect_file(&world, "one\n");
    write_row(&world, "two");
    assert_true(try_epoch(&world));
    expect_file(&world, "one\ntwo\n");
    world_fini(&world);
}

static void a_query_that_dies_before_its_first_epoch_begins_where_it_began(void **state)
{
    struct world world;
    (void)state;
    world_init(&world, "epoll"); /* the fake one keeps descriptors, and so the lock */
    scratch_write("somebody's\n", "%s", world.path);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(open_sink(&world), 0);
        expect_file(&world, "somebody's\n");
        write_row(&world, "lost");
        for (int k = 0; k < 100; k++)
            step(&world);
        expect_file(&world, "somebody's\nlost\n");
        close_sink(&world);
    }
    assert_int_equal(open_sink(&world), 0);
    write_row(&world, "kept");
    assert_true(try_epoch(&world));
    close_sink(&world);
    char *companion = scratch_read("%s/.out.leat-base", world.folder);
    assert_non_null(companion);
    free(companion);
    assert_int_equal(open_sink(&world), 0);
    expect_file(&world, "somebody's\nkept\n");
    assert_null(scratch_read("%s/.out.leat-base", world.folder));
    world_fini(&world);
}

static void without_a_checkpoint_it_begins_at_the_end(void **state)
{
    struct world world;
    (void)state;
    world_init(&world, NULL);
    world.has_checkpoint = false;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(open_sink(&world), 0);
        write_row(&world, "row");
        assert_true(try_epoch(&world));
        close_sink(&world);
        free(world.note);
        world.note = NULL;
    }
    expect_file(&world, "row\nrow\n");
    assert_null(scratch_read("%s/.out.leat-base", world.folder));
    world_fini(&world);
}

static void a_run_that_begins_again_without_a_checkpoint_cuts_too(void **state)
{
    struct world world;
    (void)state;
    world_init(&world, "epoll"); /* the fake one keeps descriptors, and so the lock */
    world.has_checkpoint = false;
    assert_int_equal(open_sink(&world), 0);
    write_row(&world, "one");
    assert_true(try_epoch(&world));
    write_row(&world, "read again");
    for (int i = 0; i < 100; i++)
        step(&world);
    expect_file(&world, "one\nread again\n");
    world.writer->ops->close(world.writer);
    world.writer = NULL;
    struct lt_sink_resume at = {.next_epoch = 1, .query_id = "a-query"};
    assert_int_equal(world.sink->ops->connect(world.sink, &world.env, NULL), 0);
    assert_int_equal(world.sink->ops->resume(world.sink, &world.env, &at, NULL), 0);
    expect_file(&world, "one\n");
    world_fini(&world);
}

static void a_file_that_others_have_touched_is_data_loss(void **state)
{
    struct world world;
    (void)state;
    world_init(&world, NULL);
    assert_int_equal(open_sink(&world), 0);
    write_row(&world, "one");
    assert_true(try_epoch(&world));
    close_sink(&world);
    assert_int_equal(truncate(world.path, 2), 0);
    assert_int_equal(open_sink(&world), LT_E_DATA_LOSS);
    expect_error(&world, "has 2 bytes and had 4 at the last epoch: rows that were committed are "
                         "gone; hint: bring the file back");
    close_sink(&world);
    char other[SCRATCH_PATH_SIZE + 32];
    snprintf(other, sizeof other, "%s.other", world.path);
    assert_int_equal(rename(world.path, other), 0);
    assert_int_equal(open_sink(&world), LT_E_DATA_LOSS);
    expect_error(&world, "is not the file that was written up to the last epoch");
    world_fini(&world);
}

static void a_file_that_is_shortened_or_removed_meanwhile_is_data_loss(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct world world;
        world_init(&world, NULL);
        assert_int_equal(open_sink(&world), 0);
        write_row(&world, "one");
        assert_true(try_epoch(&world));
        assert_int_equal(i == 0 ? truncate(world.path, 0) : unlink(world.path), 0);
        write_row(&world, "two");
        if (i == 0) /* a hole would hide it */
            for (int k = 0; k < 100; k++)
                step(&world);
        bool is_shorter = i == 0 && truncate(world.path, 1) == 0;
        assert_true(i == 1 || is_shorter);
        assert_false(try_epoch(&world));
        assert_int_equal(world.writer->error.code, LT_E_DATA_LOSS);
        world_fini(&world);
    }
}

static void a_second_writer_is_locked_out(void **state)
{
    struct world world, other;
    (void)state;
    world_init(&world, NULL);
    world_init(&other, NULL);
    memcpy(other.path, world.path, sizeof other.path);
    assert_int_equal(open_sink(&world), 0);
    assert_int_equal(open_sink(&other), LT_E_BUSY);
    expect_error(&other, "is locked by another writer");
    struct lt_writer *second;
    assert_int_equal(
        world.sink->ops->open_writer(world.sink, &world.env, &second, &world.error),
        LT_E_UNSUPPORTED);
    expect_error(&world, "hint: --lanes 1");
    world_fini(&other);
    world_fini(&world);
}

static void what_is_no_file_is_refused(void **state)
{
    struct world world;
    (void)state;
    world_init(&world, NULL);
    assert_int_equal(mkdir(world.path, 0755), 0);
    assert_int_equal(open_sink(&world), LT_E_INVALID);
    expect_error(&world, "is a directory and no regular file; hint: a directory is what the sinks");
    close_sink(&world);
    snprintf(world.path, sizeof world.path, "%s/no/out", world.folder);
    assert_true(open_sink(&world) < 0);
    expect_error(&world, "its directory must be there");
    world_fini(&world);
}

/* ------------------------------------------------------------------------------------ the disk */

static void short_writes_and_interruptions_are_gone_on_from(void **state)
{
    struct world world;
    (void)state;
    world_init(&world, NULL);
    assert_int_equal(open_sink(&world), 0);
    fake_reactor_fail(world.reactor, LT_IO_WRITE, 0, -EINTR);
    fake_reactor_fail(world.reactor, LT_IO_FDATASYNC, 0, -EINTR);
    for (int i = 0; i < 50; i++)
        write_row(&world, "a row of some length");
    assert_true(try_epoch(&world));
    struct stat status;
    assert_int_equal(stat(world.path, &status), 0);
    assert_int_equal(status.st_size, 50 * 21);
    assert_int_equal(world.acked.value, 50);
    world_fini(&world);
}

struct full_disk {
    int times, result;
    bool writes_half;
};

/* The disk takes the first bytes of a batch, and then none. */
static bool refuse_write(void *context, const struct lt_io *io, int64_t *result)
{
    struct full_disk *disk = context;
    if (io->kind != LT_IO_WRITE || disk->times <= 0)
        return false;
    if (disk->writes_half) {
        disk->writes_half = false;
        *result = pwrite(io->fd, io->buffer, 2, io->offset);
        return true;
    }
    disk->times--;
    *result = disk->result;
    return true;
}

static void a_full_disk_is_waited_for_and_no_half_row_stays(void **state)
{
    struct world world;
    struct full_disk disk = {.times = 5, .result = -ENOSPC, .writes_half = true};
    (void)state;
    world_init(&world, NULL);
    assert_int_equal(open_sink(&world), 0);
    write_row(&world, "one");
    assert_true(try_epoch(&world));
    fake_reactor_set_hook(world.reactor, refuse_write, &disk);
    write_row(&world, "two");
    for (int i = 0; i < 50; i++)
        step(&world);
    expect_file(&world, "one\n"); /* waiting, with nothing of the row */
    assert_true(world.writer->ops->deadline_ns(world.writer) < LT_NEVER_NS);
    assert_true(try_epoch(&world));
    expect_file(&world, "one\ntwo\n");
    world_fini(&world);
}

static void a_disk_that_stays_full_ends_the_query(void **state)
{
    struct world world;
    struct full_disk disk = {.times = 1000000, .result = -ENOSPC, .writes_half = true};
    (void)state;
    world_init(&world, NULL);
    assert_int_equal(open_sink(&world), 0);
    fake_reactor_set_hook(world.reactor, refuse_write, &disk);
    write_row(&world, "one");
    assert_false(try_epoch(&world));
    assert_non_null(strstr(world.writer->error.text,
                           "No space left on device; hint: make room and start the query again"));
    expect_file(&world, "");
    world_fini(&world);
}

static void a_disk_that_fails_ends_the_query(void **state)
{
    static const enum lt_io_kind kinds[] = {LT_IO_WRITE, LT_IO_FDATASYNC};
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct world world;
        world_init(&world, NULL);
        assert_int_equal(open_sink(&world), 0);
        fake_reactor_fail(world.reactor, kinds[i], 0, -EIO);
        write_row(&world, "one");
        assert_false(try_epoch(&world));
        assert_non_null(strstr(world.writer->error.text, "Input/output error"));
        assert_non_null(strstr(world.writer->error.text, world.path));
        world_fini(&world);
    }
}

static void a_note_of_another_sink_is_refused(void **state)
{
    struct world world;
    (void)state;
    world_init(&world, NULL);
    world.note = strdup("{\"offsets\":[]}");
    world.next_epoch = 3;
    assert_true(open_sink(&world) < 0);
    expect_error(&world, "is none of sink append");
    world_fini(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_there_at_once_and_durable_with_their_epoch),
        cmocka_unit_test(what_no_epoch_has_is_cut_off),
        cmocka_unit_test(a_query_that_dies_before_its_first_epoch_begins_where_it_began),
        cmocka_unit_test(without_a_checkpoint_it_begins_at_the_end),
        cmocka_unit_test(a_run_that_begins_again_without_a_checkpoint_cuts_too),
        cmocka_unit_test(a_file_that_others_have_touched_is_data_loss),
        cmocka_unit_test(a_file_that_is_shortened_or_removed_meanwhile_is_data_loss),
        cmocka_unit_test(a_second_writer_is_locked_out),
        cmocka_unit_test(what_is_no_file_is_refused),
        cmocka_unit_test(short_writes_and_interruptions_are_gone_on_from),
        cmocka_unit_test(a_full_disk_is_waited_for_and_no_half_row_stays),
        cmocka_unit_test(a_disk_that_stays_full_ends_the_query),
        cmocka_unit_test(a_disk_that_fails_ends_the_query),
        cmocka_unit_test(a_note_of_another_sink_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
