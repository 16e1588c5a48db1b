/*
 * The directory sink on a disk that fails: each operation gets a result of the test's choice. What
 * passes is written on from where it came to; what does not stops the query with an error that
 * names the file, and the next start loses and doubles nothing.
 */
#include "tests/support/files_world.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/files_sink.h"
#include "tests/support/fake_reactor.h"

static const char *const no_options[] = {NULL};

static void begin_fake(struct files_world *world, const char *const *options)
{
    files_set_up_on(fake_reactor_create(17, NULL), world, &lt_text_sink_type,
                    options[0] == NULL ? "value STRING" : "k STRING, value STRING", options);
}

/* The next life: finishes the epoch that is logged, if one is. */
static void live_again(struct files_world *world, bool is_logged)
{
    struct lt_error error;
    bool must_replay = false;
    files_end(world);
    lt_reactor_destroy(world->base.reactor);
    world->base.reactor = world->env.reactor = fake_reactor_create(18, NULL);
    int code = files_bind(world, &lt_text_sink_type, "value STRING", no_options, &error);
    if (code == 0)
        code = world->sink->ops->connect(world->sink, &world->env, &error);
    if (code == 0 && is_logged)
        code = world->sink->ops->recover(world->sink, world->next_epoch++, world->note,
                                         &must_replay, &error);
    if (code == 0)
        code = files_begin(world, &error);
    if (code != 0)
        fail_msg("%s", error.text);
    assert_false(must_replay);
}

static void expect_text(const char *text, const char *wanted)
{
    if (strstr(text, wanted) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", text, wanted);
}

/* ----------------------------------------------------------------------------------- it passes */

static void what_is_interrupted_is_tried_again(void **state)
{
    (void)state;
    struct files_world world;
    begin_fake(&world, no_options);
    fake_reactor_fail(world.base.reactor, LT_IO_OPENAT, 0, -EINTR);
    fake_reactor_fail(world.base.reactor, LT_IO_FDATASYNC, 0, -EAGAIN);
    files_write_value(&world, "something long enough");
    files_finish_epoch(&world);
    files_expect(&world, true, "/part-00003-*-c000.txt: something long enough\n");
    files_tear_down(&world);
}

struct stutter {
    uint32_t left;
};

/* A few bytes of a write are done, and no more. */
static bool take_three(void *context, const struct lt_io *io, int64_t *result)
{
    struct stutter *stutter = context;
    if (io->kind != LT_IO_WRITE || io->size_bytes <= 3 || stutter->left == 0)
        return false;
    stutter->left--;
    ssize_t size = pwrite(io->fd, io->buffer, 3, io->offset);
    assert_int_equal(size, 3);
    *result = size;
    return true;
}

static void what_is_left_of_a_short_write_is_written(void **state)
{
    (void)state;
    struct files_world world;
    struct stutter stutter = {.left = 5};
    begin_fake(&world, no_options);
    fake_reactor_set_hook(world.base.reactor, take_three, &stutter);
    files_write_value(&world, "something long enough");
    files_finish_epoch(&world);
    assert_int_equal(stutter.left, 0);
    files_expect(&world, true, "/part-00003-*-c000.txt: something long enough\n");
    assert_int_equal(files_manifest_of(&world, 0).size_bytes, 22);
    files_tear_down(&world);
}

/* --------------------------------------------------------------------------- before it is kept */

struct fault {
    enum lt_io_kind kind;
    uint32_t skip;
    int64_t result;
    const char *wanted;
};

static void a_fault_before_the_epoch_is_kept_stops_the_query_and_loses_nothing(void **state)
{
    static const struct fault faults[] = {
        {LT_IO_OPENAT, 0, -EMFILE, "hint: raise the limit of open files"},
        {LT_IO_OPENAT, 0, -EACCES, "hint: the user that runs the query"},
        {LT_IO_WRITE, 0, -ENOSPC, "hint: the disk is full"},
        {LT_IO_WRITE, 0, 0, "No space left on device; hint: the disk is full"},
        {LT_IO_WRITE, 0, -EIO, "cannot write '"},
        {LT_IO_FDATASYNC, 0, -EIO, "cannot sync '"},
        {LT_IO_CLOSE, 0, -EIO, "cannot close '"},
        {LT_IO_OPENAT, 1, -ENOENT, "hint: somebody has removed it"},
        {LT_IO_FSYNC, 0, -EIO, "cannot sync '"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        struct files_world world;
        begin_fake(&world, no_options);
        fake_reactor_fail(world.base.reactor, faults[i].kind, faults[i].skip, faults[i].result);
        files_write_value(&world, "a");
        assert_true(files_try_prepare(&world) < 0);
        expect_text(world.writer->error.text, "sink text: cannot ");
        expect_text(world.writer->error.text, world.path);
        expect_text(world.writer->error.text, faults[i].wanted);
        live_again(&world, false);
        files_expect(&world, true, "");
        files_write_value(&world, "a");
        files_finish_epoch(&world);
        files_expect(&world, true, "/part-00003-*-c000.txt: a\n");
        assert_int_equal(files_manifest_of(&world, 0).count, 1);
        files_tear_down(&world);
    }
}

/* ---------------------------------------------------------------------------- once it is logged */

static void a_fault_while_it_is_shown_stops_the_query_and_the_next_start_goes_on(void **state)
{
    static const struct fault faults[] = {
        {LT_IO_RENAMEAT, 0, -EIO, "cannot rename '"},
        {LT_IO_FSYNC, 0, -EIO, "cannot sync '"},
        {LT_IO_OPENAT, 1, -ENOSPC, LT_MANIFEST_FOLDER "/0'"},
        {LT_IO_WRITE, 0, -ENOSPC, "hint: the disk is full"},
        {LT_IO_WRITE, 0, 1, "hint: the disk is full"},
        {LT_IO_FSYNC, 1, -EIO, LT_MANIFEST_FOLDER "/0'"},
        {LT_IO_RENAMEAT, 1, -EDQUOT, "hint: the quota is used up"},
        {LT_IO_FSYNC, 2, -EIO, LT_MANIFEST_FOLDER "/0'"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        struct files_world world;
        struct lt_error error;
        begin_fake(&world, no_options);
        files_write_value(&world, "a");
        files_prepare(&world);
        fake_reactor_fail(world.base.reactor, faults[i].kind, faults[i].skip, faults[i].result);
        assert_true(files_try_commit(&world, &error) < 0);
        expect_text(error.text, "sink text: cannot ");
        expect_text(error.text, world.path);
        expect_text(error.text, faults[i].wanted);
        live_again(&world, true);
        files_expect(&world, true, "/part-00003-*-c000.txt: a\n");
        assert_int_equal(files_manifest_of(&world, 0).count, 1);
        files_write_value(&world, "b");
        files_finish_epoch(&world);
        assert_int_equal(files_manifest_of(&world, 1).count, 2);
        files_tear_down(&world);
    }
}

static void a_directory_that_cannot_be_made_is_named(void **state)
{
    (void)state;
    static const char *const options[] = {"partitionBy=k", NULL};
    static const char *const row[] = {"x", "a"};
    struct files_world world;
    begin_fake(&world, options);
    fake_reactor_fail(world.base.reactor, LT_IO_CALL, 0, -ENOSPC);
    assert_int_equal(files_write_texts(&world, row), LT_WRITE_DONE);
    assert_true(files_try_prepare(&world) < 0);
    expect_text(world.writer->error.text, "cannot make '");
    expect_text(world.writer->error.text, "/k=x': No space left on device");
    files_tear_down(&world);
}

/* Directories that are opened to be synced. */
struct synced {
    uint32_t top, middle, whole;
};

static bool count_synced(void *context, const struct lt_io *io, int64_t *result)
{
    struct synced *synced = context;
    (void)result;
    if (io->kind != LT_IO_OPENAT || (io->flags & O_DIRECTORY) == 0)
        return false;
    synced->top += strcmp(io->path, ".") == 0;
    synced->middle += strcmp(io->path, "k=x") == 0;
    synced->whole += strcmp(io->path, "k=x/l=y") == 0;
    return false;
}

/* By a process that was killed, or by another lane: nobody knows whether its name is durable. */
static void what_is_above_a_directory_that_is_there_is_synced_on_its_first_use(void **state)
{
    (void)state;
    static const char *const options[] = {"partitionBy=k,l", NULL};
    static const char *const row[] = {"x", "y", "a"};
    struct files_world world;
    struct synced synced = {0};
    char path[SCRATCH_PATH_SIZE + 32];
    files_set_up_on(fake_reactor_create(17, NULL), &world, &lt_text_sink_type,
                    "k STRING, l STRING, value STRING", options);
    snprintf(path, sizeof path, "%s/k=x", world.path);
    assert_int_equal(mkdir(path, 0777), 0);
    snprintf(path, sizeof path, "%s/k=x/l=y", world.path);
    assert_int_equal(mkdir(path, 0777), 0);
    fake_reactor_set_hook(world.base.reactor, count_synced, &synced);
    for (uint32_t epoch = 1; epoch <= 3; epoch++) {
        assert_int_equal(files_write_texts(&world, row), LT_WRITE_DONE);
        files_prepare(&world);
        assert_int_equal(synced.whole, 2 * epoch - 1); /* once to keep it, once to show it */
        assert_int_equal(synced.middle, 1);
        assert_int_equal(synced.top, 1);
        files_commit(&world);
    }
    files_tear_down(&world);
}

/* What was written is gone, and a start that made the directory anew would hide that. */
static void a_directory_that_is_removed_stops_the_query_and_the_next_start(void **state)
{
    (void)state;
    struct files_world world;
    struct lt_error error;
    begin_fake(&world, no_options);
    files_write_value(&world, "a");
    files_finish_epoch(&world);
    scratch_remove(world.path);
    files_write_value(&world, "b");
    assert_true(files_try_prepare(&world) < 0);
    expect_text(world.writer->error.text, world.path);
    expect_text(world.writer->error.text, "hint: somebody has removed it");
    files_end(&world);
    assert_int_equal(files_bind(&world, &lt_text_sink_type, "value STRING", no_options, &error), 0);
    assert_int_equal(files_begin(&world, &error), LT_E_CHECKPOINT);
    expect_text(error.text, "ends with epoch -1, and the checkpoint with 0; hint: ");
    files_tear_down(&world);
}

static void compression_without_memory_stops_the_query(void **state)
{
    (void)state;
    static const char *const options[] = {"compression=gzip", "partitionBy=k", NULL};
    static const char *const row[] = {"x", "a"};
    struct files_world world;
    begin_fake(&world, options);
    fake_reactor_fail(world.base.reactor, LT_IO_CALL, 0, -ENOMEM);
    assert_int_equal(files_write_texts(&world, row), LT_WRITE_DONE);
    assert_true(files_try_prepare(&world) < 0);
    expect_text(world.writer->error.text, "cannot compress '");
    files_tear_down(&world);
}

static void a_file_system_that_cannot_be_synced_stops_the_query(void **state)
{
    (void)state;
    static const char *const options[] = {"maxRecordsPerFile=1", "partitionBy=k", NULL};
    static const char *const row[] = {"x", "a"};
    struct files_world world;
    begin_fake(&world, options);
    assert_int_equal(files_write_texts(&world, row), LT_WRITE_DONE);
    for (int i = 0; i < 300; i++)
        assert_int_equal(files_write_texts(&world, row), LT_WRITE_DONE);
    files_finish_epoch(&world);
    assert_int_equal(files_manifest_of(&world, 0).count, 301);
    for (int i = 0; i < 300; i++)
        assert_int_equal(files_write_texts(&world, row), LT_WRITE_DONE);
    fake_reactor_fail(world.base.reactor, LT_IO_CALL, 0, -EIO);
    assert_true(files_try_prepare(&world) < 0);
    expect_text(world.writer->error.text, "cannot sync '");
    files_tear_down(&world);
}

/* ------------------------------------------------------------------------- what has grown old */

static bool is_there(const struct files_world *world, const char *name)
{
    char path[sizeof world->path + 64];
    snprintf(path, sizeof path, "%s/" LT_MANIFEST_FOLDER "/%s", world->path, name);
    return access(path, F_OK) == 0;
}

/* Ten minutes lie between two epochs. */
static void pass_epochs(struct files_world *world, uint64_t until)
{
    while (world->next_epoch < until) {
        files_write_value(world, "a");
        files_finish_epoch(world);
        world->clock.wall_us += INT64_C(600000000);
    }
}

static void manifest_files_that_nobody_reads_any_more_are_deleted(void **state)
{
    (void)state;
    struct files_world world;
    begin_fake(&world, no_options);
    pass_epochs(&world, 112);
    assert_true(is_there(&world, "9.compact"));
    assert_false(is_there(&world, "8"));
    assert_false(is_there(&world, "0"));
    live_again(&world, false);
    pass_epochs(&world, 235);
    assert_true(is_there(&world, "129.compact"));
    assert_true(is_there(&world, "130"));
    assert_false(is_there(&world, "128"));
    assert_false(is_there(&world, "119.compact"));
    assert_false(is_there(&world, "10"));
    files_tear_down(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_interrupted_is_tried_again),
        cmocka_unit_test(what_is_left_of_a_short_write_is_written),
        cmocka_unit_test(a_fault_before_the_epoch_is_kept_stops_the_query_and_loses_nothing),
        cmocka_unit_test(a_fault_while_it_is_shown_stops_the_query_and_the_next_start_goes_on),
        cmocka_unit_test(a_directory_that_cannot_be_made_is_named),
        cmocka_unit_test(what_is_above_a_directory_that_is_there_is_synced_on_its_first_use),
        cmocka_unit_test(a_directory_that_is_removed_stops_the_query_and_the_next_start),
        cmocka_unit_test(compression_without_memory_stops_the_query),
        cmocka_unit_test(a_file_system_that_cannot_be_synced_stops_the_query),
        cmocka_unit_test(manifest_files_that_nobody_reads_any_more_are_deleted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
