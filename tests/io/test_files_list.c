/*
 * Listing: which files of a directory are read, what is found missing or closed, and what was seen.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/text_buffer.h"
#include "io/files_list.h"
#include "io/files_seen.h"
#include "tests/support/scratch.h"

enum { FOUND_MAX = 32 };

struct fixture {
    char root[SCRATCH_PATH_SIZE];
    struct lt_arena *arena;
    struct lt_files_place place;
    const char *found[FOUND_MAX]; /* below the root, sorted */
    size_t count, directories;
    int64_t newest_ms, bytes;
    struct lt_error error;
};

static void set_up(struct fixture *fixture)
{
    *fixture = (struct fixture){.arena = lt_arena_create()};
    scratch_create(fixture->root);
    static const char *const names[] = {"a.json",     "b.json",        "c.csv",
                                        "_hidden",    ".dot",          "d._COPYING_",
                                        "sub/e.json", "sub/_x/f.json", "_tmp/g.json",
                                        "k=1/h.json", "k=2/x/i.json",  "sub/.y/j.json"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        scratch_write("12345", "%s/%s", fixture->root, names[i]);
}

static void tear_down(struct fixture *fixture)
{
    scratch_remove(fixture->root);
    lt_arena_destroy(fixture->arena);
}

static int see_directory(void *context, const char *path, struct lt_error *error)
{
    struct fixture *fixture = context;
    (void)path, (void)error;
    fixture->directories++;
    return 0;
}

static int see_file(void *context, const struct lt_files_found *found, struct lt_error *error)
{
    struct fixture *fixture = context;
    (void)error;
    assert_true(lt_files_is_wanted(&fixture->place, found->path));
    assert_int_equal(lt_files_root_size(&fixture->place, found->path), found->root_size);
    assert_true(fixture->count < FOUND_MAX);
    fixture->found[fixture->count++] =
        lt_arena_text(fixture->arena, found->path + strlen(fixture->root) + 1);
    fixture->bytes += found->size_bytes;
    if (found->modified_ms > fixture->newest_ms)
        fixture->newest_ms = found->modified_ms;
    return 0;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int walk(struct fixture *fixture, const char *below, const char *filter, bool is_recursive,
                bool is_deep)
{
    const struct lt_files_visitor visitor = {
        .directory = see_directory, .file = see_file, .context = fixture};
    const char *path = lt_arena_format(fixture->arena, "%s%s", fixture->root, below);
    fixture->count = fixture->directories = 0;
    fixture->bytes = 0;
    assert_int_equal(lt_files_place_init(&fixture->place, path, filter, is_recursive,
                                         fixture->arena, &fixture->error),
                     0);
    fixture->place.is_deep |= is_deep;
    int code = lt_files_walk(&fixture->place, &visitor, &fixture->error);
    qsort(fixture->found, fixture->count, sizeof fixture->found[0], compare);
    return code;
}

static void expect(struct fixture *fixture, const char *names)
{
    struct lt_text_buffer text;
    lt_text_init(&text);
    for (size_t i = 0; i < fixture->count; i++)
        lt_text_format(&text, "%s%s", i == 0 ? "" : " ", fixture->found[i]);
    assert_string_equal(lt_text_get(&text), names);
    lt_text_fini(&text);
}

static void a_walk_finds_what_spark_finds(void **state)
{
    (void)state;
    static const struct {
        const char *below, *filter;
        bool is_recursive, is_deep;
        const char *names;
    } cases[] = {
        {"", NULL, false, false, "a.json b.json c.csv"},
        {"/", NULL, false, false, "a.json b.json c.csv"},
        {"", "*.json", false, false, "a.json b.json"},
        {"", "{a,c}.*", false, false, "a.json c.csv"},
        {"", NULL, true, false, "a.json b.json c.csv k=1/h.json k=2/x/i.json sub/e.json"},
        {"", NULL, false, true, "a.json b.json c.csv k=1/h.json k=2/x/i.json sub/e.json"},
        {"/*.json", NULL, false, false, "a.json b.json"},
        {"/{a.json,c.csv,none}", NULL, false, false, "a.json c.csv"},
        {"/*", NULL, false, false, "_tmp/g.json a.json b.json c.csv k=1/h.json sub/e.json"},
        {"/k=*", NULL, false, false, "k=1/h.json"},
        {"/k=*/*", NULL, false, false, "k=1/h.json k=2/x/i.json"},
        {"/*/e.json", NULL, false, false, "sub/e.json"},
        {"/s?b", NULL, false, false, "sub/e.json"},
        {"/a.json", NULL, false, false, "a.json"},
        {"/_hidden*", NULL, false, false, ""},
        {"/none*/x", NULL, false, false, ""},
    };
    struct fixture fixture;
    set_up(&fixture);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (walk(&fixture, cases[i].below, cases[i].filter, cases[i].is_recursive,
                 cases[i].is_deep) != 0)
            fail_msg("%s: %s", cases[i].below, fixture.error.text);
        expect(&fixture, cases[i].names);
        assert_int_equal(fixture.bytes, 5 * (int64_t)fixture.count);
    }
    tear_down(&fixture);
}

static void one_path_is_judged_as_the_walk_judges(void **state)
{
    (void)state;
    struct fixture fixture;
    set_up(&fixture);
    assert_int_equal(walk(&fixture, "", "*.json", false, false), 0);
    static const char *const unwanted[] = {"/c.csv", "/_a.json", "/sub/e.json", "/.a.json", ""};
    for (size_t i = 0; i < sizeof unwanted / sizeof unwanted[0]; i++)
        assert_false(lt_files_is_wanted(
            &fixture.place, lt_arena_format(fixture.arena, "%s%s", fixture.root, unwanted[i])));
    assert_false(lt_files_is_wanted(&fixture.place, "/elsewhere/a.json"));
    struct lt_files_found found;
    const char *path = lt_arena_format(fixture.arena, "%s/b.json", fixture.root);
    assert_int_equal(lt_files_look_at(&fixture.place, path, &found, NULL), 0);
    assert_int_equal(found.size_bytes, 5);
    assert_int_equal(found.root_size, strlen(fixture.root));
    path = lt_arena_format(fixture.arena, "%s/sub", fixture.root);
    assert_int_equal(lt_files_look_at(&fixture.place, path, &found, NULL), LT_E_NOT_FOUND);
    tear_down(&fixture);
}

static void count_left_out(void *context, const char *path)
{
    struct fixture *fixture = context;
    assert_non_null(strstr(path, "/k="));
    fixture->directories++;
}

static void partitions_that_are_not_read_are_told_of(void **state)
{
    (void)state;
    struct fixture fixture;
    set_up(&fixture);
    const struct lt_files_visitor visitor = {
        .file = see_file, .left_out = count_left_out, .context = &fixture};
    assert_int_equal(walk(&fixture, "", NULL, false, false), 0);
    fixture.count = fixture.directories = 0;
    assert_int_equal(lt_files_walk(&fixture.place, &visitor, &fixture.error), 0);
    assert_int_equal(fixture.directories, 2);
    fixture.place.is_deep = true;
    fixture.count = fixture.directories = 0;
    assert_int_equal(lt_files_walk(&fixture.place, &visitor, &fixture.error), 0);
    assert_int_equal(fixture.directories, 0);
    tear_down(&fixture);
}

static void times_are_in_milliseconds(void **state)
{
    (void)state;
    struct fixture fixture;
    set_up(&fixture);
    scratch_write("", "%s/new/x", fixture.root);
    struct timespec times[2] = {{.tv_sec = 1700000000, .tv_nsec = 123999999},
                                {.tv_sec = 1700000000, .tv_nsec = 123999999}};
    const char *path = lt_arena_format(fixture.arena, "%s/new/x", fixture.root);
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    assert_int_equal(walk(&fixture, "/new", NULL, false, false), 0);
    assert_int_equal(fixture.newest_ms, 1700000000123);
    tear_down(&fixture);
}

static void what_is_missing_or_closed_is_named(void **state)
{
    (void)state;
    struct fixture fixture;
    set_up(&fixture);
    assert_int_equal(walk(&fixture, "/none", NULL, false, false), LT_E_NOT_FOUND);
    assert_string_equal(fixture.error.condition, "PATH_NOT_FOUND");
    assert_non_null(strstr(fixture.error.text, "/none; hint: make the directory first"));
    const char *closed = lt_arena_format(fixture.arena, "%s/sub", fixture.root);
    assert_int_equal(chmod(closed, 0), 0);
    if (geteuid() != 0) { /* root may read everything */
        assert_int_equal(walk(&fixture, "/sub", NULL, false, false), LT_E_PERMISSION);
        assert_non_null(strstr(fixture.error.text, "/sub\": permission denied; hint: "));
    }
    assert_int_equal(chmod(closed, 0700), 0);
    tear_down(&fixture);
}

static void a_dangling_link_and_a_pipe_are_no_files(void **state)
{
    (void)state;
    struct fixture fixture;
    set_up(&fixture);
    assert_int_equal(symlink("nowhere", lt_arena_format(fixture.arena, "%s/sub/l1", fixture.root)),
                     0);
    assert_int_equal(
        symlink("../a.json", lt_arena_format(fixture.arena, "%s/sub/l2", fixture.root)), 0);
    assert_int_equal(symlink("../k=1", lt_arena_format(fixture.arena, "%s/sub/l3", fixture.root)),
                     0);
    assert_int_equal(mkfifo(lt_arena_format(fixture.arena, "%s/sub/p", fixture.root), 0600), 0);
    assert_int_equal(walk(&fixture, "/sub", NULL, false, false), 0);
    expect(&fixture, "sub/e.json sub/l2");
    assert_int_equal(walk(&fixture, "/sub", NULL, true, false), 0);
    expect(&fixture, "sub/e.json sub/l2 sub/l3/h.json");
    tear_down(&fixture);
}

static void make_link(struct fixture *fixture, const char *target, const char *name)
{
    assert_int_equal(
        symlink(target, lt_arena_format(fixture->arena, "%s/%s", fixture->root, name)), 0);
}

/* A link to what holds it, two that hold each other, and one to itself. */
static void links_that_go_round_are_not_followed(void **state)
{
    (void)state;
    struct fixture fixture;
    set_up(&fixture);
    make_link(&fixture, "..", "sub/up");
    make_link(&fixture, ".", "sub/here");
    make_link(&fixture, "../k=1", "sub/one");
    make_link(&fixture, "../sub", "k=1/two");
    make_link(&fixture, "self", "sub/self");
    assert_int_equal(walk(&fixture, "/sub/self", NULL, true, false), LT_E_NOT_FOUND);
    assert_int_equal(walk(&fixture, "/sub", NULL, true, false), 0);
    expect(&fixture, "sub/e.json sub/one/h.json");
    assert_int_equal(walk(&fixture, "", NULL, true, false), 0);
    expect(&fixture, "a.json b.json c.csv k=1/h.json k=1/two/e.json k=2/x/i.json sub/e.json "
                     "sub/one/h.json");
    tear_down(&fixture);
}

static void names_are_the_same_without_a_look_at_the_files(void **state)
{
    (void)state;
    struct fixture fixture;
    set_up(&fixture);
    make_link(&fixture, "a.json", "l.json");
    assert_int_equal(walk(&fixture, "", NULL, true, false), 0);
    size_t count = fixture.count;
    const struct lt_files_visitor visitor = {
        .file = see_file, .context = &fixture, .wants_names_only = true};
    fixture.count = 0;
    assert_int_equal(lt_files_walk(&fixture.place, &visitor, &fixture.error), 0);
    qsort(fixture.found, fixture.count, sizeof fixture.found[0], compare);
    assert_int_equal(fixture.count, count);
    expect(&fixture, "a.json b.json c.csv k=1/h.json k=2/x/i.json l.json sub/e.json");
    tear_down(&fixture);
}

static void files_are_taken_once_and_not_when_too_old(void **state)
{
    (void)state;
    struct lt_files_seen *seen = lt_files_seen_create(100, false);
    assert_true(lt_files_seen_is_new(seen, "/a", -5000));
    lt_files_seen_add(seen, "/a", 1000);
    assert_false(lt_files_seen_is_new(seen, "/a", 2000));
    assert_true(lt_files_seen_is_new(seen, "/b", 1)); /* nothing was purged yet */
    assert_int_equal(lt_files_seen_purge(seen), 900);
    assert_false(lt_files_seen_is_new(seen, "/b", 899));
    assert_true(lt_files_seen_is_new(seen, "/b", 900));
    lt_files_seen_add(seen, "/b", 1101);
    assert_false(lt_files_seen_is_new(seen, "/a", 1000)); /* known until it is purged */
    assert_int_equal(lt_files_seen_purge(seen), 1001);
    assert_int_equal(lt_files_seen_count(seen), 1);
    assert_true(lt_files_seen_is_new(seen, "/a", 1001));
    assert_false(lt_files_seen_is_new(seen, "/x/b", 1000));
    lt_files_seen_destroy(seen);
    seen = lt_files_seen_create(INT64_MAX, true);
    lt_files_seen_add(seen, "/x/b", 1);
    assert_false(lt_files_seen_is_new(seen, "/y/b", 2));
    assert_true(lt_files_seen_is_new(seen, "/y/c", INT64_MIN));
    lt_files_seen_destroy(seen);
}

static void removals_lose_no_other_file(void **state)
{
    (void)state;
    enum { COUNT = 20000 };
    struct lt_files_seen *seen = lt_files_seen_create(INT64_MAX, false);
    char path[32];
    for (int i = 0; i < COUNT; i++) {
        snprintf(path, sizeof path, "/in/%d", i);
        lt_files_seen_add(seen, path, i);
    }
    for (int i = 0; i < COUNT; i += 3) {
        snprintf(path, sizeof path, "/in/%d", i);
        lt_files_seen_remove(seen, path);
        lt_files_seen_remove(seen, path);
    }
    for (int i = 0; i < COUNT; i++) {
        snprintf(path, sizeof path, "/in/%d", i);
        assert_int_equal(lt_files_seen_is_new(seen, path, i), i % 3 == 0);
    }
    assert_int_equal(lt_files_seen_count(seen), COUNT - (COUNT + 2) / 3);
    lt_files_seen_destroy(seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_walk_finds_what_spark_finds),
        cmocka_unit_test(one_path_is_judged_as_the_walk_judges),
        cmocka_unit_test(partitions_that_are_not_read_are_told_of),
        cmocka_unit_test(times_are_in_milliseconds),
        cmocka_unit_test(what_is_missing_or_closed_is_named),
        cmocka_unit_test(a_dangling_link_and_a_pipe_are_no_files),
        cmocka_unit_test(links_that_go_round_are_not_followed),
        cmocka_unit_test(names_are_the_same_without_a_look_at_the_files),
        cmocka_unit_test(files_are_taken_once_and_not_when_too_old),
        cmocka_unit_test(removals_lose_no_other_file),
    };
    return cmocka_run_group_tests_name("files_list", tests, NULL, NULL);
}
