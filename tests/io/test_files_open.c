/*
 * The directory source where files are written in their place, on every reactor: they are left out
 * while they are open, and none is forgotten.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/scratch.h"
#include "tests/support/source_world.h"

enum { EVENTS_TO_LOSE = 20000 /* more than the kernel keeps (fs.inotify.max_queued_events) */ };

static int create(const struct source_world *world, const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", world->in, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    return fd;
}

static void put(int fd, const char *text)
{
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

/* The query in micro-batches has read what there was, and waits. */
static void start(void **state, struct source_world *world)
{
    source_begin(state, world);
    world->env.in_batches = true;
    source_start_batches(world, NULL);
    source_extend(world, NULL);
    source_expect_end(world);
}

static void expect_batch(struct source_world *world, const char *rows)
{
    source_extend(world, NULL);
    source_expect(world, rows);
    source_expect_end(world);
    source_end_epoch(world, NULL, true);
}

static void expect_news(struct source_world *world)
{
    while (!world->reader->ops->has_more(world->reader)) /* the test's time runs out otherwise */
        rest(world->reactor.reactor, lt_clock_now_ns(world->env.clock) + LT_NS_PER_MS);
}

static void a_batch_leaves_out_what_is_being_written(void **state)
{
    struct source_world world;
    start(state, &world);
    int fd = create(&world, "a");
    put(fd, "1\n2");
    source_put(&world, "b", "whole\n", 1);
    expect_batch(&world, "whole ");
    expect_batch(&world, "");
    put(fd, "2\n3\n");
    close(fd);
    expect_news(&world);
    expect_batch(&world, "1 22 3 ");
    expect_batch(&world, "");
    source_end(&world);
}

/* What comes is heard by the control thread as well, which lists. */
static void a_close_that_no_reader_hears_of_is_found(void **state)
{
    struct source_world world;
    start(state, &world);
    int fd = create(&world, "a");
    put(fd, "1\n");
    expect_batch(&world, "");
    close(fd);
    expect_batch(&world, "1 ");
    fd = create(&world, "b");
    put(fd, "2\n");
    expect_news(&world); /* of the name */
    expect_batch(&world, "");
    char from[256], to[256];
    snprintf(from, sizeof from, "%s/b", world.in);
    snprintf(to, sizeof to, "%s/c", world.in);
    assert_int_equal(rename(from, to), 0); /* which is to say that it is whole */
    expect_batch(&world, "2 ");
    close(fd);
    expect_batch(&world, "");
    source_end(&world);
}

static void a_close_whose_event_is_lost_is_found(void **state)
{
    struct source_world world;
    start(state, &world);
    int fd = create(&world, "a");
    put(fd, "1\n");
    expect_batch(&world, "");
    for (int i = 0; i < EVENTS_TO_LOSE; i++)
        close(create(&world, i % 2 == 0 ? ".x" : ".y")); /* the same twice is kept once */
    close(fd);
    expect_batch(&world, "1 ");
    source_end(&world);
}

/* It was listed, waits for its batch, and is made anew. */
static void a_file_that_waits_is_left_out_when_it_is_written_again(void **state)
{
    struct source_world world;
    struct lt_position latest;
    char path[256];
    start(state, &world);
    source_put(&world, "a", "old\n", 1);
    assert_int_equal(world.source->ops->latest(world.source, &latest, &world.error), 0);
    assert_int_equal(latest.offset, 1);
    snprintf(path, sizeof path, "%s/a", world.in);
    assert_int_equal(unlink(path), 0);
    int fd = create(&world, "a");
    put(fd, "new\n");
    expect_batch(&world, "");
    close(fd);
    expect_batch(&world, "new ");
    source_end(&world);
}

static void a_link_whose_other_name_is_gone_is_read(void **state)
{
    struct source_world world;
    char from[256], to[256];
    start(state, &world);
    snprintf(from, sizeof from, "%s/.a", world.in);
    snprintf(to, sizeof to, "%s/a", world.in);
    scratch_write("linked\n", "%s", from);
    assert_int_equal(link(from, to), 0);
    assert_int_equal(unlink(from), 0);
    expect_news(&world);
    expect_batch(&world, "linked ");
    source_end(&world);
}

static void a_file_that_gets_its_first_name_is_read(void **state)
{
    struct source_world world;
    char from[64], to[256];
    start(state, &world);
    int fd = open(world.in, O_TMPFILE | O_WRONLY, 0600);
    if (fd < 0)
        skip();
    put(fd, "linked\n");
    snprintf(from, sizeof from, "/proc/self/fd/%d", fd);
    snprintf(to, sizeof to, "%s/a", world.in);
    assert_int_equal(linkat(AT_FDCWD, from, AT_FDCWD, to, AT_SYMLINK_FOLLOW), 0);
    expect_news(&world);
    expect_batch(&world, "");
    close(fd);
    expect_batch(&world, "linked ");
    source_end(&world);
}

static void links_are_read_at_last_without_batches(void **state)
{
    struct source_world world;
    char from[256], to[256];
    source_begin(state, &world);
    source_start(&world, NULL, false);
    source_expect_nothing(&world);
    snprintf(from, sizeof from, "%s/.a", world.in);
    snprintf(to, sizeof to, "%s/a", world.in);
    scratch_write("1\n", "%s", from);
    assert_int_equal(link(from, to), 0);
    assert_int_equal(unlink(from), 0);
    source_expect(&world, "1 ");
    int fd = open(world.in, O_TMPFILE | O_WRONLY, 0600);
    if (fd >= 0) {
        put(fd, "2\n");
        snprintf(from, sizeof from, "/proc/self/fd/%d", fd);
        snprintf(to, sizeof to, "%s/b", world.in);
        assert_int_equal(linkat(AT_FDCWD, from, AT_FDCWD, to, AT_SYMLINK_FOLLOW), 0);
        source_expect_nothing(&world);
        close(fd);
        source_expect(&world, "2 ");
    }
    source_end(&world);
}

/* Without batches all is listed again, too, where the newest files come first. */
static void a_listing_of_all_leaves_out_what_is_being_written(void **state)
{
    static const char *const options[] = {"latestFirst=true", "maxFilesPerTrigger=1", NULL};
    struct source_world world;
    source_begin(state, &world);
    source_put(&world, "a", "1\n", 1);
    source_start(&world, options, false);
    source_expect(&world, "1 ");
    source_expect_nothing(&world);
    int fd = create(&world, "b");
    put(fd, "2\n");
    source_end_epoch(&world, NULL, true);
    source_expect_nothing(&world);
    put(fd, "3\n");
    close(fd);
    source_expect(&world, "2 3 ");
    source_end(&world);
}

int main(void)
{
    static const struct suite_case cases[] = {
        SUITE_CASE(a_batch_leaves_out_what_is_being_written),
        SUITE_CASE(a_close_that_no_reader_hears_of_is_found),
        SUITE_CASE(a_close_whose_event_is_lost_is_found),
        SUITE_CASE(a_file_that_waits_is_left_out_when_it_is_written_again),
        SUITE_CASE(a_link_whose_other_name_is_gone_is_read),
        SUITE_CASE(a_file_that_gets_its_first_name_is_read),
        SUITE_CASE(links_are_read_at_last_without_batches),
        SUITE_CASE(a_listing_of_all_leaves_out_what_is_being_written),
    };
    return run_suite(cases, sizeof cases / sizeof cases[0]);
}
