/* A query that would read what it writes is refused, whatever way its two paths are written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "core/base/options.h"
#include "core/run/loop.h"
#include "tests/support/scratch.h"

static char folder[SCRATCH_PATH_SIZE];

static int set_up(void **state)
{
    (void)state;
    scratch_create(folder);
    assert_int_equal(chdir(folder), 0);
    assert_int_equal(mkdir("in", 0700), 0);
    assert_int_equal(mkdir("in/below", 0700), 0);
    assert_int_equal(mkfifo("pipe", 0600), 0);
    FILE *file = fopen("log", "w");
    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(symlink("log", "link"), 0);
    assert_int_equal(symlink("in", "way"), 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    assert_int_equal(chdir("/"), 0);
    scratch_remove(folder);
    return 0;
}

static void put(struct lt_options *options, const char *key, const char *value)
{
    struct lt_error error;
    assert_int_equal(lt_options_set(options, key, value, "test", &error), 0);
}

static struct lt_options *options_of(const char *path)
{
    struct lt_options *options = lt_options_create();
    if (path != NULL)
        put(options, "path", path);
    return options;
}

/* `filter`: the source's pathGlobFilter, or NULL. */
static int check(const char *source, const char *from, const char *filter, const char *sink,
                 const char *to, struct lt_error *error)
{
    struct lt_plan_node read = {.format = source, .options = options_of(from)};
    struct lt_plan_node write = {.format = sink, .options = options_of(to)};
    if (filter != NULL)
        put(read.options, "pathGlobFilter", filter);
    int code = lt_loop_check(&read, &write, error);
    lt_options_destroy(read.options);
    lt_options_destroy(write.options);
    return code;
}

static void what_would_be_read_again_is_refused(void **state)
{
    static const char *const cases[][4] = {
        {"tail", "log", "append", "log"},       {"tail", "log", "append", "link"},
        {"tail", "./in/../log", "append", "log"}, {"tail", "l*", "append", "log"},
        {"tail", "in/*", "append", "way/new"},  {"tail", "new", "append", "./new"},
        {"text", "in", "append", "in/new"},     {"text", "way/", "append", "in/new"},
        {"text", "in", "text", "in"},           {"json", "in", "json", "way/"},
        {"text", "log", "append", "log"},       {"text", "file:in", "text", "in"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lt_error error;
        const char *const *each = cases[i];
        assert_int_equal(check(each[0], each[1], NULL, each[2], each[3], &error), LT_E_INVALID);
        char expected[256];
        snprintf(expected, sizeof expected,
                 "sink %s: '%s' is what source %s reads from '%s': it would read its own rows "
                 "again and again; hint: write to another place",
                 each[2], each[3], each[0], each[1]);
        assert_string_equal(error.text, expected);
    }
}

static void what_is_not_read_may_be_written(void **state)
{
    static const char *const cases[][4] = {
        {"tail", "log", "append", "log2"},      {"tail", "log.*", "append", "log"},
        {"tail", "in/*", "append", "in/.new"},  {"text", "in", "append", "in/_new"},
        {"text", "in", "append", "in/below/x"}, {"text", "in", "text", "in/out"},
        {"text", "in", "append", "inner"},      {"unix", "pipe", "unix", "pipe"},
        {"text", "in", "append", "gone/new"},   {"text", "in", "append", NULL},
        {"kafka", NULL, "append", "log"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lt_error error;
        const char *const *each = cases[i];
        assert_int_equal(check(each[0], each[1], NULL, each[2], each[3], &error), 0);
    }
}

static void a_filter_of_names_says_what_is_read_of_a_directory(void **state)
{
    struct lt_error error;
    (void)state;
    assert_int_equal(check("text", "in", "*.txt", "append", "in/new.out", &error), 0);
    assert_int_equal(check("text", "in", "*.txt", "text", "in", &error), LT_E_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_would_be_read_again_is_refused),
        cmocka_unit_test(what_is_not_read_may_be_written),
        cmocka_unit_test(a_filter_of_names_says_what_is_read_of_a_directory),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
