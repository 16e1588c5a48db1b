/*
 * The directory source where files are written in their place, on every reactor: they are left out
 * while they are open, and none is forgotten.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/log.h"
#include "io/files_look.h"
#include "tests/support/scratch.h"
#include "tests/support/source_world.h"

enum {
    EVENTS_TO_LOSE = 20000, /* more than the kernel keeps (fs.inotify.max_queued_events) */
    PATH_SIZE = 256,
};

static const char *join(const struct source_world *world, const char *name, char path[PATH_SIZE])
{
    snprintf(path, PATH_SIZE, "%s/%s", world->in, name);
    return path;
}

static int create(const struct source_world *world, const char *name)
{
    char path[PATH_SIZE];
    int fd = open(join(world, name, path), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    return fd;
}

static void make_directory(const struct source_world *world, const char *name)
{
    char path[PATH_SIZE];
    assert_int_equal(mkdir(join(world, name, path), 0700), 0);
}

static void move(const struct source_world *world, const char *from, const char *to)
{
    char old[PATH_SIZE], new[PATH_SIZE];
    assert_int_equal(rename(join(world, from, old), join(world, to, new)), 0);
}

static void remove_file(const struct source_world *world, const char *name)
{
    char path[PATH_SIZE];
    assert_int_equal(unlink(join(world, name, path)), 0);
}

/* A file that has two names for a moment. */
static void put_link(struct source_world *world, const char *name, const char *content)
{
    char from[PATH_SIZE], to[PATH_SIZE];
    scratch_write(content, "%s", join(world, ".link", from));
    assert_int_equal(link(from, join(world, name, to)), 0);
    assert_int_equal(unlink(from), 0);
}

/* A file of no name gets its first one. */
static void name_file(const struct source_world *world, int fd, const char *name)
{
    char from[64], to[PATH_SIZE];
    snprintf(from, sizeof from, "/proc/self/fd/%d", fd);
    assert_int_equal(
        linkat(AT_FDCWD, from, AT_FDCWD, join(world, name, to), AT_SYMLINK_FOLLOW), 0);
}

/* Skips where the file system of reactor_suite's directories does not say who has a file open. */
static void need_leases(void)
{
    char path[] = "/tmp/leat-lease-XXXXXX";
    int writer = mkstemp(path), reader = open(path, O_RDONLY);
    assert_true(writer >= 0 && reader >= 0);
    close(writer);
    bool has_leases = fcntl(reader, F_SETLEASE, F_RDLCK) == 0;
    close(reader);
    assert_int_equal(unlink(path), 0);
    if (!has_leases)
        skip();
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
    move(&world, "b", "c"); /* which is to say that it is whole */
    expect_batch(&world, "2 ");
    close(fd);
    expect_batch(&world, "");
    source_end(&world);
}

static void lose_events(const struct source_world *world)
{
    for (int i = 0; i < EVENTS_TO_LOSE; i++)
        close(create(world, i % 2 == 0 ? ".x" : ".y")); /* the same twice is kept once */
}

static void a_close_whose_event_is_lost_is_found(void **state)
{
    struct source_world world;
    start(state, &world);
    int fd = create(&world, "a");
    put(fd, "1\n");
    expect_batch(&world, "");
    lose_events(&world);
    close(fd);
    expect_batch(&world, "1 ");
    source_end(&world);
}

static void what_is_open_when_events_are_lost_is_left_out(void **state)
{
    struct source_world world;
    need_leases();
    start(state, &world);
    int fd = create(&world, "a");
    put(fd, "1\n2");
    lose_events(&world);
    expect_batch(&world, "");
    expect_batch(&world, "");
    put(fd, "2\n");
    close(fd);
    expect_batch(&world, "1 22 ");
    source_end(&world);
}

/* Who closes it is not who writes it. */
static void touch(const struct source_world *world, const char *name)
{
    char path[PATH_SIZE];
    int fd = open(join(world, name, path), O_WRONLY);
    assert_true(fd >= 0);
    close(fd);
}

static void what_another_closes_is_left_out_of_batches(void **state)
{
    struct source_world world;
    need_leases();
    source_begin(state, &world);
    world.env.in_batches = true;
    int fd = create(&world, "a");
    put(fd, "1\n2");
    source_start_batches(&world, NULL);
    expect_batch(&world, "");
    touch(&world, "a");
    expect_news(&world);
    expect_batch(&world, "");
    expect_batch(&world, "");
    put(fd, "2\n");
    close(fd);
    expect_batch(&world, "1 22 ");
    source_end(&world);
}

static void what_another_closes_is_left_out_without_batches(void **state)
{
    struct source_world world;
    need_leases();
    source_begin(state, &world);
    int fd = create(&world, "a");
    put(fd, "1\n2");
    source_put(&world, "b", "whole\n", 1);
    source_start(&world, NULL, false);
    source_expect(&world, "whole ");
    touch(&world, "a");
    source_expect_nothing(&world);
    put(fd, "2\n");
    close(fd);
    source_expect(&world, "1 22 ");
    source_end(&world);
}

/* Events are lost while the directory is being listed: what was known to be open when it was found
 * is forgotten when what was found is taken. */
static void what_is_open_when_events_are_lost_behind_the_listing_is_left_out(void **state)
{
    struct source_world world;
    need_leases();
    start(state, &world);
    struct lt_files_source *source = lt_files_source_of(world.source);
    struct lt_files_look look = {
        .source = source, .watch = source->watch, .is_all = true, .hears = true};
    int fd = create(&world, "a");
    put(fd, "1\n2");
    expect_batch(&world, "");
    lose_events(&world);
    assert_int_equal(lt_files_look_call(&look), 0);
    assert_int_equal(look.found.count, 0);
    assert_int_equal(look.left_out, 1);
    lt_files_queue_fini(&look.found);
    lt_text_fini(&look.open);
    expect_batch(&world, "");
    put(fd, "2\n");
    close(fd);
    expect_batch(&world, "1 22 ");
    source_end(&world);
}

/* The same where the lane takes what a helper has found. */
static void what_is_open_when_events_are_lost_before_it_is_taken_is_given_back(void **state)
{
    struct source_world world;
    need_leases();
    start(state, &world);
    struct lt_files_source *source = lt_files_source_of(world.source);
    struct lt_files_look look = {.source = source, .watch = source->watch, .is_all = true};
    source_put(&world, "a", "old\n", 1);
    assert_int_equal(lt_files_look_call(&look), 0);
    assert_int_equal(look.found.count, 1);
    remove_file(&world, "a");
    int fd = create(&world, "a");
    put(fd, "new\n");
    lose_events(&world);
    assert_true(lt_files_hear(source->watch, &source->settings.place, EVENTS_TO_LOSE));
    lt_files_leave_out_open(&look);
    assert_int_equal(look.found.count, 0);
    assert_int_equal(look.left_out, 1);
    lt_files_queue_fini(&look.found);
    lt_text_fini(&look.open);
    close(fd);
    expect_batch(&world, "new ");
    source_end(&world);
}

/* What was begun before its directory was watched: the query is younger, or the directory comes
 * with a file in it. */
static void what_was_begun_before_it_was_watched_is_left_out_of_batches(void **state)
{
    static const char *const options[] = {"recursiveFileLookup=true", NULL};
    struct source_world world;
    need_leases();
    source_begin(state, &world);
    world.env.in_batches = true;
    int fd = create(&world, "a");
    put(fd, "1\n2");
    source_put(&world, "b", "whole\n", 1);
    source_start_batches(&world, options);
    expect_batch(&world, "whole ");
    expect_batch(&world, "");
    put(fd, "2\n");
    close(fd);
    expect_batch(&world, "1 22 ");
    make_directory(&world, ".made");
    fd = create(&world, ".made/c");
    put(fd, "3\n4");
    int closed = create(&world, ".made/d");
    put(closed, "as whole\n");
    close(closed);
    move(&world, ".made", "made");
    expect_batch(&world, "as whole ");
    expect_batch(&world, "");
    put(fd, "4\n");
    close(fd);
    expect_news(&world);
    expect_batch(&world, "3 44 ");
    source_end(&world);
}

static void what_was_begun_before_it_was_watched_is_left_out_without_batches(void **state)
{
    static const char *const options[] = {"recursiveFileLookup=true", NULL};
    struct source_world world;
    need_leases();
    source_begin(state, &world);
    int fd = create(&world, "a");
    put(fd, "1\n2");
    source_put(&world, "b", "whole\n", 1);
    source_start(&world, options, false);
    source_expect(&world, "whole ");
    source_expect_nothing(&world);
    put(fd, "2\n");
    close(fd);
    source_expect(&world, "1 22 ");
    make_directory(&world, ".made");
    fd = create(&world, ".made/c");
    put(fd, "3\n4");
    move(&world, ".made", "made");
    source_expect_nothing(&world);
    put(fd, "4\n");
    close(fd);
    source_expect(&world, "3 44 ");
    source_end(&world);
}

struct warnings {
    int count;
    char last[512];
};

static void keep_warning(void *context, enum lt_log_level level, const char *text)
{
    struct warnings *warnings = context;
    if (level != LT_LOG_WARN || strstr(text, "is open for writing") == NULL)
        return;
    warnings->count++;
    snprintf(warnings->last, sizeof warnings->last, "%s", text);
}

static void what_is_left_out_from_the_start_is_told_of_once(void **state)
{
    struct warnings warnings = {.count = 0};
    struct source_world world;
    need_leases();
    source_begin(state, &world);
    world.env.in_batches = true;
    int one = create(&world, "a"), other = create(&world, "b");
    put(one, "1\n");
    put(other, "2\n");
    lt_log_set_sink(keep_warning, &warnings);
    lt_log_set_level(LT_LOG_WARN);
    source_start_batches(&world, NULL);
    expect_batch(&world, "");
    expect_batch(&world, "");
    lose_events(&world);
    expect_batch(&world, "");
    lt_log_set_sink(NULL, NULL);
    lt_log_set_level(LT_LOG_ERROR);
    assert_int_equal(warnings.count, 1);
    assert_non_null(strstr(warnings.last, world.in));
    assert_non_null(strstr(warnings.last, "there are 1 more"));
    close(one), close(other);
    expect_batch(&world, "1 2 ");
    source_end(&world);
}

/* Listings that look for the end of what is being written do not look at a lock. */
static void an_empty_file_that_stays_open_is_not_waited_for(void **state)
{
    struct source_world world;
    struct lt_clock_manual still; /* listing takes no time, whatever else the machine does */
    start(state, &world);
    lt_clock_manual_init(&still, 0, 0);
    lt_files_source_of(world.source)->clock = &still.clock;
    int64_t rare_ns = world.source->look_interval_ns;
    int lock = create(&world, "lock");
    expect_batch(&world, "");
    assert_int_equal(world.source->look_interval_ns, rare_ns);
    int fd = create(&world, "a");
    put(fd, "1\n");
    expect_batch(&world, "");
    assert_true(world.source->look_interval_ns < rare_ns);
    close(fd);
    expect_batch(&world, "1 ");
    close(lock);
    expect_batch(&world, "");
    source_end(&world);
}

/* Each look at it is so much later than the last one. */
struct slow_clock {
    struct lt_clock_manual manual;
    int64_t step_ns;
};

static int64_t slow_now_ns(void *context)
{
    struct slow_clock *clock = context;
    lt_clock_manual_advance(&clock->manual, clock->step_ns);
    return clock->manual.now_ns;
}

static int64_t slow_wall_us(void *context)
{
    return ((struct slow_clock *)context)->manual.wall_us;
}

static void a_file_that_stays_open_does_not_make_it_list_all_the_time(void **state)
{
    struct slow_clock slow = {.step_ns = 200 * (int64_t)LT_NS_PER_MS};
    const struct lt_clock clock = {slow_now_ns, slow_wall_us, &slow};
    struct source_world world;
    struct lt_position latest;
    lt_clock_manual_init(&slow.manual, 0, 0);
    source_begin(state, &world);
    world.env.in_batches = true;
    world.env.clock = &clock;
    source_start_batches(&world, NULL);
    assert_int_equal(world.source->ops->latest(world.source, &latest, &world.error), 0);
    int64_t rare_ns = world.source->look_interval_ns;
    int fd = create(&world, "a");
    put(fd, "1\n");
    assert_int_equal(world.source->ops->latest(world.source, &latest, &world.error), 0);
    assert_true(world.source->look_interval_ns == 10 * slow.step_ns);
    slow.step_ns = 3600 * (int64_t)LT_NS_PER_S;
    assert_int_equal(world.source->ops->latest(world.source, &latest, &world.error), 0);
    assert_true(world.source->look_interval_ns == rare_ns);
    close(fd);
    source_end(&world);
}

/* It was listed, waits for its batch, and is made anew. */
static void a_file_that_waits_is_left_out_when_it_is_written_again(void **state)
{
    struct source_world world;
    struct lt_position latest;
    start(state, &world);
    source_put(&world, "a", "old\n", 1);
    assert_int_equal(world.source->ops->latest(world.source, &latest, &world.error), 0);
    assert_int_equal(latest.offset, 1);
    remove_file(&world, "a");
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
    need_leases();
    start(state, &world);
    put_link(&world, "a", "linked\n");
    expect_news(&world);
    expect_batch(&world, "linked ");
    source_end(&world);
}

static void a_file_that_gets_its_first_name_is_read(void **state)
{
    struct source_world world;
    need_leases();
    start(state, &world);
    int fd = open(world.in, O_TMPFILE | O_WRONLY, 0600);
    if (fd < 0)
        skip();
    put(fd, "linked\n");
    name_file(&world, fd, "a");
    expect_news(&world);
    expect_batch(&world, "");
    close(fd);
    expect_batch(&world, "linked ");
    source_end(&world);
}

static void links_are_read_at_last_without_batches(void **state)
{
    struct source_world world;
    need_leases();
    source_begin(state, &world);
    source_start(&world, NULL, false);
    source_expect_nothing(&world);
    put_link(&world, "a", "1\n");
    source_expect(&world, "1 ");
    int fd = open(world.in, O_TMPFILE | O_WRONLY, 0600);
    if (fd >= 0) {
        put(fd, "2\n");
        name_file(&world, fd, "b");
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
        SUITE_CASE(what_is_open_when_events_are_lost_is_left_out),
        SUITE_CASE(what_another_closes_is_left_out_of_batches),
        SUITE_CASE(what_another_closes_is_left_out_without_batches),
        SUITE_CASE(what_is_open_when_events_are_lost_behind_the_listing_is_left_out),
        SUITE_CASE(what_is_open_when_events_are_lost_before_it_is_taken_is_given_back),
        SUITE_CASE(what_was_begun_before_it_was_watched_is_left_out_of_batches),
        SUITE_CASE(what_was_begun_before_it_was_watched_is_left_out_without_batches),
        SUITE_CASE(what_is_left_out_from_the_start_is_told_of_once),
        SUITE_CASE(an_empty_file_that_stays_open_is_not_waited_for),
        SUITE_CASE(a_file_that_stays_open_does_not_make_it_list_all_the_time),
        SUITE_CASE(a_file_that_waits_is_left_out_when_it_is_written_again),
        SUITE_CASE(a_link_whose_other_name_is_gone_is_read),
        SUITE_CASE(a_file_that_gets_its_first_name_is_read),
        SUITE_CASE(links_are_read_at_last_without_batches),
        SUITE_CASE(a_listing_of_all_leaves_out_what_is_being_written),
    };
    return run_suite(cases, sizeof cases / sizeof cases[0]);
}
