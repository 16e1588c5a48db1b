/*
 * The watch of directories: what it tells of by which name, and what it holds to be written.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/log.h"
#include "io/files_watch.h"
#include "tests/support/scratch.h"

enum { PATH_SIZE = SCRATCH_PATH_SIZE + 32 };

struct world {
    char folder[SCRATCH_PATH_SIZE], in[PATH_SIZE], link[PATH_SIZE];
    struct lt_files_watch *watch;
    int file_count, directory_count, all_count, warning_count;
};

static void see_file(void *context, const char *path, bool is_complete)
{
    (void)path, (void)is_complete;
    ((struct world *)context)->file_count++;
}

static void see_directory(void *context, const char *path)
{
    (void)path;
    ((struct world *)context)->directory_count++;
}

static void see_all(void *context)
{
    ((struct world *)context)->all_count++;
}

static void read_all(struct world *world)
{
    const struct lt_files_watch_visitor visitor = {
        .file = see_file, .directory = see_directory, .all = see_all, .context = world};
    while (!lt_files_watch_read(world->watch, &visitor)) /* ends with the events */
        ;
}

static void list(struct world *world, const char *directory)
{
    struct lt_error error;
    lt_files_watch_begin_listing(world->watch);
    assert_true(lt_files_watch_add(world->watch, world->in, &error));
    if (directory != NULL)
        assert_true(lt_files_watch_add(world->watch, directory, &error));
}

/* A folder with a directory, which is listed, and a link that leads there. */
static void begin(struct world *world)
{
    *world = (struct world){.file_count = 0};
    scratch_create(world->folder);
    snprintf(world->in, sizeof world->in, "%s/in", world->folder);
    snprintf(world->link, sizeof world->link, "%s/link", world->folder);
    assert_int_equal(mkdir(world->in, 0700), 0);
    assert_int_equal(symlink(world->in, world->link), 0);
    world->watch = lt_files_watch_create(NULL);
    assert_non_null(world->watch);
    list(world, NULL);
}

static void end(struct world *world)
{
    lt_files_watch_destroy(world->watch);
    scratch_remove(world->folder);
}

static const char *join(const char *directory, const char *name, char path[PATH_SIZE + 8])
{
    snprintf(path, PATH_SIZE + 8, "%s/%s", directory, name);
    return path;
}

static int create(const struct world *world, const char *name)
{
    char path[PATH_SIZE + 8];
    int fd = open(join(world->in, name, path), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    return fd;
}

static bool is_open(const struct world *world, const char *directory, const char *name)
{
    char path[PATH_SIZE + 8];
    return lt_files_watch_is_open(world->watch, join(directory, name, path));
}

static void a_name_that_goes_while_it_is_open_is_forgotten(void **state)
{
    struct world world;
    char from[PATH_SIZE + 8], to[PATH_SIZE + 8];
    (void)state;
    begin(&world);
    int one = create(&world, "one"), two = create(&world, "two"), three = create(&world, "three");
    read_all(&world);
    assert_true(is_open(&world, world.in, "one") && is_open(&world, world.in, "two") &&
                is_open(&world, world.in, "three"));
    int told = world.file_count;
    assert_int_equal(unlink(join(world.in, "one", from)), 0);
    assert_int_equal(rename(join(world.in, "two", from), join(world.folder, "two", to)), 0);
    read_all(&world);
    assert_int_equal(world.file_count, told); /* there is nothing new to read */
    assert_int_equal(rename(join(world.in, "three", from), join(world.in, "four", to)), 0);
    read_all(&world);
    assert_int_equal(world.file_count, told + 1);
    assert_false(is_open(&world, world.in, "one") || is_open(&world, world.in, "two") ||
                 is_open(&world, world.in, "three") || is_open(&world, world.in, "four"));
    close(one), close(two), close(three);
    end(&world);
}

static void a_directory_that_goes_is_none_that_comes(void **state)
{
    struct world world;
    char path[PATH_SIZE + 8];
    (void)state;
    begin(&world);
    assert_int_equal(mkdir(join(world.in, "sub", path), 0700), 0);
    read_all(&world);
    assert_int_equal(world.directory_count, 1);
    assert_int_equal(rmdir(path), 0);
    read_all(&world);
    assert_int_equal(world.directory_count, 1);
    assert_int_equal(world.all_count, 0);
    end(&world);
}

static void a_directory_of_two_names_is_told_of_by_both(void **state)
{
    struct world world;
    (void)state;
    begin(&world);
    list(&world, world.link);
    int fd = create(&world, "a");
    read_all(&world);
    assert_int_equal(world.file_count, 2);
    for (int i = 0; i < 2; i++) { /* nor does one listing after the other make it forget */
        assert_true(is_open(&world, world.in, "a") && is_open(&world, world.link, "a"));
        list(&world, world.link);
    }
    close(fd);
    read_all(&world);
    assert_int_equal(world.file_count, 4);
    assert_false(is_open(&world, world.in, "a") || is_open(&world, world.link, "a"));
    end(&world);
}

static void a_directory_that_was_renamed_has_its_new_name_alone(void **state)
{
    struct world world;
    char moved[PATH_SIZE + 8];
    (void)state;
    begin(&world);
    assert_int_equal(rename(world.in, join(world.folder, "moved", moved)), 0);
    snprintf(world.in, sizeof world.in, "%s/moved", world.folder);
    read_all(&world);
    assert_int_equal(world.all_count, 1);
    list(&world, NULL);
    close(create(&world, "a"));
    read_all(&world);
    assert_int_equal(world.file_count, 2); /* it was created, and closed */
    end(&world);
}

static void count_warning(void *context, enum lt_log_level level, const char *text)
{
    if (level == LT_LOG_WARN && strstr(text, "max_queued_events") != NULL)
        ((struct world *)context)->warning_count++;
}

/* More than the kernel keeps; the same twice is kept once. */
static void lose_events(struct world *world)
{
    int most;
    FILE *limit = fopen("/proc/sys/fs/inotify/max_queued_events", "r");
    assert_non_null(limit);
    assert_int_equal(fscanf(limit, "%d", &most), 1);
    assert_int_equal(fclose(limit), 0);
    for (int i = 0; i <= most; i++)
        close(create(world, i % 2 == 0 ? "a" : "b"));
    read_all(world);
}

/* All is to be listed each time, which is logged once. */
static void lost_events_are_told_of(void **state)
{
    struct world world;
    (void)state;
    begin(&world);
    lt_log_set_sink(count_warning, &world);
    lose_events(&world);
    assert_int_equal(world.all_count, 1);
    assert_int_equal(world.warning_count, 1);
    sleep(1); /* within a second the log itself says nothing twice */
    lose_events(&world);
    lt_log_set_sink(NULL, NULL);
    assert_int_equal(world.all_count, 2);
    assert_int_equal(world.warning_count, 1);
    end(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_that_goes_while_it_is_open_is_forgotten),
        cmocka_unit_test(a_directory_that_goes_is_none_that_comes),
        cmocka_unit_test(a_directory_of_two_names_is_told_of_by_both),
        cmocka_unit_test(a_directory_that_was_renamed_has_its_new_name_alone),
        cmocka_unit_test(lost_events_are_told_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
