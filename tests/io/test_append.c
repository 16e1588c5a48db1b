/*
 * The sink append: what stands in the file after epochs, deaths and failures of the disk. On the
 * fake reactor, which gives any result, and on the real ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/append.h"
#include "tests/support/fake_reactor.h"
#include "tests/support/scratch.h"
#include "tests/support/stream_world.h"
#include "tests/support/writer_world.h"

static int open_sink(struct writer_world *world)
{
    char path[SCRATCH_PATH_SIZE + 32];
    snprintf(path, sizeof path, "path=%s", world->path);
    const char *const pairs[] = {path, "fullDiskTimeout=1s", NULL};
    int code = writer_world_bind(world, &lt_append_sink_type, pairs);
    return code == 0 ? writer_world_open(world) : code;
}

static void expect_file(const struct writer_world *world, const char *text)
{
    char *content = scratch_read("%s", world->path);
    assert_non_null(content);
    assert_string_equal(content, text);
    free(content);
}

/* ---------------------------------------------------------------------------------------- cases */

static void rows_are_there_at_once_and_durable_with_their_epoch(void **state)
{
    (void)state;
    for (const char *const *rung = stream_world_rungs; *rung != NULL; rung++) {
        if (!stream_world_has_rung(*rung))
            continue;
        struct writer_world world;
        writer_world_init(&world, *rung);
        assert_int_equal(open_sink(&world), 0);
        writer_world_write(&world, "one");
        writer_world_write(&world, "two");
        assert_true(writer_world_end_epoch(&world));
        expect_file(&world, "one\ntwo\n");
        assert_int_equal(world.acked.value, 2);
        assert_memory_equal(world.note, "{\"length\":8,\"inode\":", 20);
        assert_true(writer_world_end_epoch(&world)); /* an empty one */
        writer_world_fini(&world);
    }
}

static void what_no_epoch_has_is_cut_off(void **state)
{
    struct writer_world world;
    (void)state;
    writer_world_init(&world, NULL);
    assert_int_equal(open_sink(&world), 0);
    writer_world_write(&world, "one");
    assert_true(writer_world_end_epoch(&world));
    writer_world_close(&world);
    scratch_write("one\nnever logged, and hal", "%s", world.path);
    assert_int_equal(open_sink(&world), 0);
    expect_file(&world, "one\n");
    writer_world_write(&world, "two");
    assert_true(writer_world_end_epoch(&world));
    expect_file(&world, "one\ntwo\n");
    writer_world_fini(&world);
}

static void a_query_that_dies_before_its_first_epoch_begins_where_it_began(void **state)
{
    struct writer_world world;
    (void)state;
    /* The fake reactor keeps descriptors, and so the lock. */
    writer_world_init(&world, "epoll");
    scratch_write("somebody's\n", "%s", world.path);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(open_sink(&world), 0);
        expect_file(&world, "somebody's\n");
        writer_world_write(&world, "lost");
        for (int k = 0; k < 100; k++)
            writer_world_step(&world);
        expect_file(&world, "somebody's\nlost\n");
        writer_world_close(&world);
    }
    assert_int_equal(open_sink(&world), 0);
    writer_world_write(&world, "kept");
    assert_true(writer_world_end_epoch(&world));
    writer_world_close(&world);
    char *companion = scratch_read("%s/.out.leat-base", world.folder);
    assert_non_null(companion);
    free(companion);
    assert_int_equal(open_sink(&world), 0);
    expect_file(&world, "somebody's\nkept\n");
    assert_null(scratch_read("%s/.out.leat-base", world.folder));
    writer_world_fini(&world);
}

static void a_companion_that_is_too_long_is_not_the_sinks(void **state)
{
    struct writer_world world;
    char text[513 + 1];
    (void)state;
    writer_world_init(&world, "epoll");
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    scratch_write(text, "%s/.out.leat-base", world.folder);
    assert_int_equal(open_sink(&world), LT_E_CORRUPT);
    writer_world_expect_error(&world, "/.out.leat-base' has more than 512 bytes: it is not what "
                                      "this sink wrote there; hint: move it away if it is yours");
    char *companion = scratch_read("%s/.out.leat-base", world.folder);
    assert_string_equal(companion, text);
    free(companion);
    writer_world_close(&world);
    /* One that might be, but is another's, is written anew. */
    text[512] = '\0';
    scratch_write(text, "%s/.out.leat-base", world.folder);
    assert_int_equal(open_sink(&world), 0);
    companion = scratch_read("%s/.out.leat-base", world.folder);
    assert_non_null(strstr(companion, "\"length\":0"));
    free(companion);
    writer_world_fini(&world);
}

static void without_a_checkpoint_it_begins_at_the_end(void **state)
{
    struct writer_world world;
    (void)state;
    writer_world_init(&world, NULL);
    world.has_checkpoint = false;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(open_sink(&world), 0);
        writer_world_write(&world, "row");
        assert_true(writer_world_end_epoch(&world));
        writer_world_close(&world);
        free(world.note);
        world.note = NULL;
    }
    expect_file(&world, "row\nrow\n");
    assert_null(scratch_read("%s/.out.leat-base", world.folder));
    writer_world_fini(&world);
}

static void a_run_that_begins_again_without_a_checkpoint_cuts_too(void **state)
{
    struct writer_world world;
    (void)state;
    /* As above. */
    writer_world_init(&world, "epoll");
    world.has_checkpoint = false;
    assert_int_equal(open_sink(&world), 0);
    writer_world_write(&world, "one");
    assert_true(writer_world_end_epoch(&world));
    writer_world_write(&world, "read again");
    for (int i = 0; i < 100; i++)
        writer_world_step(&world);
    expect_file(&world, "one\nread again\n");
    world.writer->ops->close(world.writer);
    world.writer = NULL;
    struct lt_sink_resume at = {.next_epoch = 1, .query_id = "a-query"};
    assert_int_equal(world.sink->ops->connect(world.sink, &world.env, NULL), 0);
    assert_int_equal(world.sink->ops->resume(world.sink, &world.env, &at, NULL), 0);
    expect_file(&world, "one\n");
    writer_world_fini(&world);
}

static void a_file_that_others_have_touched_is_data_loss(void **state)
{
    struct writer_world world;
    (void)state;
    writer_world_init(&world, NULL);
    assert_int_equal(open_sink(&world), 0);
    writer_world_write(&world, "one");
    assert_true(writer_world_end_epoch(&world));
    writer_world_close(&world);
    assert_int_equal(truncate(world.path, 2), 0);
    assert_int_equal(open_sink(&world), LT_E_DATA_LOSS);
    writer_world_expect_error(&world, "has 2 bytes and had 4 at the last epoch: rows that were "
                                      "committed are gone; hint: bring the file back");
    writer_world_close(&world);
    char other[SCRATCH_PATH_SIZE + 32];
    snprintf(other, sizeof other, "%s.other", world.path);
    assert_int_equal(rename(world.path, other), 0);
    assert_int_equal(open_sink(&world), LT_E_DATA_LOSS);
    writer_world_expect_error(&world, "is not the file that was written up to the last epoch");
    writer_world_fini(&world);
}

static void a_file_that_is_shortened_or_removed_meanwhile_is_data_loss(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct writer_world world;
        writer_world_init(&world, NULL);
        assert_int_equal(open_sink(&world), 0);
        writer_world_write(&world, "one");
        assert_true(writer_world_end_epoch(&world));
        assert_int_equal(i == 0 ? truncate(world.path, 0) : unlink(world.path), 0);
        writer_world_write(&world, "two");
        for (int k = 0; k < 100; k++)
            writer_world_step(&world);
        assert_false(writer_world_end_epoch(&world));
        assert_int_equal(world.writer->error.code, LT_E_DATA_LOSS);
        writer_world_fini(&world);
    }
}

/* logrotate's copytruncate, or a person with an editor, while rows are on their way. */
static void what_others_add_is_not_written_over(void **state)
{
    (void)state;
    for (const char *const *rung = stream_world_rungs; *rung != NULL; rung++) {
        if (!stream_world_has_rung(*rung))
            continue;
        struct writer_world world;
        writer_world_init(&world, *rung);
        assert_int_equal(open_sink(&world), 0);
        writer_world_write(&world, "one");
        assert_true(writer_world_end_epoch(&world));
        int fd = open(world.path, O_WRONLY | O_APPEND | O_CLOEXEC);
        assert_int_equal(write(fd, "foreign\n", 8), 8);
        close(fd);
        writer_world_write(&world, "two");
        assert_false(writer_world_end_epoch(&world));
        assert_int_equal(world.writer->error.code, LT_E_BUSY);
        assert_non_null(strstr(world.writer->error.text, "another process writes to it as well"));
        expect_file(&world, "one\nforeign\ntwo\n");
        writer_world_fini(&world);
    }
}

static void a_second_writer_is_locked_out(void **state)
{
    struct writer_world world, other;
    (void)state;
    writer_world_init(&world, NULL);
    writer_world_init(&other, NULL);
    memcpy(other.path, world.path, sizeof other.path);
    assert_int_equal(open_sink(&world), 0);
    assert_int_equal(open_sink(&other), LT_E_BUSY);
    writer_world_expect_error(&other, "is locked by another writer");
    struct lt_writer *second;
    assert_int_equal(
        world.sink->ops->open_writer(world.sink, &world.env, &second, &world.error),
        LT_E_UNSUPPORTED);
    writer_world_expect_error(&world, "hint: --lanes 1");
    writer_world_fini(&other);
    writer_world_fini(&world);
}

static void *let_go_later(void *context)
{
    usleep(50000);
    close(*(int *)context);
    return NULL;
}

/* The kernel takes a dead process's files from it in its own time. */
static void a_lock_that_a_dead_process_holds_still_is_waited_for(void **state)
{
    struct writer_world world;
    pthread_t thread;
    (void)state;
    writer_world_init(&world, NULL);
    int fd = open(world.path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
    assert_int_equal(pthread_create(&thread, NULL, let_go_later, &fd), 0);
    assert_int_equal(open_sink(&world), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    writer_world_write(&world, "one");
    assert_true(writer_world_end_epoch(&world));
    writer_world_fini(&world);
}

static void what_is_no_file_is_refused(void **state)
{
    struct writer_world world;
    (void)state;
    writer_world_init(&world, NULL);
    assert_int_equal(mkdir(world.path, 0755), 0);
    assert_int_equal(open_sink(&world), LT_E_INVALID);
    writer_world_expect_error(&world, "is a directory and no regular file; hint: a directory is "
                                      "what the sinks");
    writer_world_close(&world);
    snprintf(world.path, sizeof world.path, "%s/no/out", world.folder);
    assert_true(open_sink(&world) < 0);
    writer_world_expect_error(&world, "its directory must be there");
    writer_world_fini(&world);
}

/* ------------------------------------------------------------------------------------ the disk */

static void short_writes_and_interruptions_are_gone_on_from(void **state)
{
    struct writer_world world;
    (void)state;
    writer_world_init(&world, NULL);
    assert_int_equal(open_sink(&world), 0);
    fake_reactor_fail(world.reactor, LT_IO_WRITE, 0, -EINTR);
    fake_reactor_fail(world.reactor, LT_IO_FDATASYNC, 0, -EINTR);
    for (int i = 0; i < 50; i++)
        writer_world_write(&world, "a row of some length");
    assert_true(writer_world_end_epoch(&world));
    struct stat status;
    assert_int_equal(stat(world.path, &status), 0);
    assert_int_equal(status.st_size, 50 * 21);
    assert_int_equal(world.acked.value, 50);
    writer_world_fini(&world);
}

struct full_disk {
    int times, result;
    bool writes_half, has_half;
};

/* The disk takes the first bytes of a batch each time, and then none. */
static bool refuse_write(void *context, const struct lt_io *io, int64_t *result)
{
    struct full_disk *disk = context;
    if (io->kind != LT_IO_WRITE || disk->times <= 0)
        return false;
    if (disk->writes_half && !disk->has_half) {
        disk->has_half = true;
        *result = pwrite(io->fd, io->buffer, 2, io->offset);
        return true;
    }
    disk->has_half = false;
    disk->times--;
    *result = disk->result;
    return true;
}

static void a_full_disk_is_waited_for_and_no_half_row_stays(void **state)
{
    struct writer_world world;
    struct full_disk disk = {.times = 5, .result = -ENOSPC, .writes_half = true};
    (void)state;
    writer_world_init(&world, NULL);
    assert_int_equal(open_sink(&world), 0);
    writer_world_write(&world, "one");
    assert_true(writer_world_end_epoch(&world));
    fake_reactor_set_hook(world.reactor, refuse_write, &disk);
    writer_world_write(&world, "two");
    for (int tries = 4; tries > 1; tries--) { /* after each try it waits, with nothing of the row */
        for (int i = 0; i < 50; i++)
            writer_world_step(&world);
        assert_int_equal(disk.times, tries);
        expect_file(&world, "one\n");
        lt_clock_manual_advance(&world.clock, 100 * LT_NS_PER_MS);
    }
    assert_true(world.writer->ops->deadline_ns(world.writer) < LT_NEVER_NS);
    assert_true(writer_world_end_epoch(&world));
    expect_file(&world, "one\ntwo\n");
    writer_world_fini(&world);
}

static void a_disk_that_stays_full_ends_the_query(void **state)
{
    struct writer_world world;
    struct full_disk disk = {.times = 1000000, .result = -ENOSPC, .writes_half = true};
    (void)state;
    writer_world_init(&world, NULL);
    assert_int_equal(open_sink(&world), 0);
    fake_reactor_set_hook(world.reactor, refuse_write, &disk);
    writer_world_write(&world, "one");
    assert_false(writer_world_end_epoch(&world));
    assert_non_null(strstr(world.writer->error.text,
                           "No space left on device; hint: make room and start the query again"));
    expect_file(&world, "");
    writer_world_fini(&world);
}

static void a_disk_that_fails_ends_the_query(void **state)
{
    static const enum lt_io_kind kinds[] = {LT_IO_WRITE, LT_IO_FDATASYNC};
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct writer_world world;
        writer_world_init(&world, NULL);
        assert_int_equal(open_sink(&world), 0);
        fake_reactor_fail(world.reactor, kinds[i], 0, -EIO);
        writer_world_write(&world, "one");
        assert_false(writer_world_end_epoch(&world));
        assert_non_null(strstr(world.writer->error.text, "Input/output error"));
        assert_non_null(strstr(world.writer->error.text, world.path));
        writer_world_fini(&world);
    }
}

static void a_note_of_another_sink_is_refused(void **state)
{
    struct writer_world world;
    (void)state;
    writer_world_init(&world, NULL);
    world.note = strdup("{\"offsets\":[]}");
    world.next_epoch = 3;
    assert_true(open_sink(&world) < 0);
    writer_world_expect_error(&world, "is none of sink append");
    writer_world_fini(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_there_at_once_and_durable_with_their_epoch),
        cmocka_unit_test(what_no_epoch_has_is_cut_off),
        cmocka_unit_test(a_query_that_dies_before_its_first_epoch_begins_where_it_began),
        cmocka_unit_test(a_companion_that_is_too_long_is_not_the_sinks),
        cmocka_unit_test(without_a_checkpoint_it_begins_at_the_end),
        cmocka_unit_test(a_run_that_begins_again_without_a_checkpoint_cuts_too),
        cmocka_unit_test(a_file_that_others_have_touched_is_data_loss),
        cmocka_unit_test(a_file_that_is_shortened_or_removed_meanwhile_is_data_loss),
        cmocka_unit_test(what_others_add_is_not_written_over),
        cmocka_unit_test(a_second_writer_is_locked_out),
        cmocka_unit_test(a_lock_that_a_dead_process_holds_still_is_waited_for),
        cmocka_unit_test(what_is_no_file_is_refused),
        cmocka_unit_test(short_writes_and_interruptions_are_gone_on_from),
        cmocka_unit_test(a_full_disk_is_waited_for_and_no_half_row_stays),
        cmocka_unit_test(a_disk_that_stays_full_ends_the_query),
        cmocka_unit_test(a_disk_that_fails_ends_the_query),
        cmocka_unit_test(a_note_of_another_sink_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
