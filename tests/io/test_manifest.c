/*
 * The manifest of a directory sink, against texts that Spark 4.1.1 wrote, and against a reader that
 * goes by Spark's rules.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/arena.h"
#include "io/manifest.h"
#include "tests/support/scratch.h"

static const char spark_line[] =
    "v1\n{\"path\":\"file:///out/k=%C3%BC%20b/"
    "part-00000-ff6c774d-83d5-4933-8f28-2858ced5a7bd-c000.json\","
    "\"size\":211,\"isDir\":false,\"modificationTime\":1795347691085,\"blockReplication\":1,"
    "\"blockSize\":33554432,\"action\":\"add\"}";

static const struct lt_manifest_file spark_file = {
    "file:///out/k=%C3%BC%20b/part-00000-ff6c774d-83d5-4933-8f28-2858ced5a7bd-c000.json", 211,
    1795347691085};

static char *text_of_next(struct lt_manifest *manifest, const struct lt_manifest_file *files,
                          size_t count, const char *wanted_name)
{
    char name[LT_MANIFEST_NAME_SIZE];
    struct lt_text_buffer text;
    lt_text_init(&text);
    lt_manifest_next(manifest, files, count, 2000, -1, name, &text);
    assert_string_equal(name, wanted_name);
    return lt_text_take(&text);
}

static void an_entry_has_sparks_text(void **state)
{
    (void)state;
    struct lt_manifest manifest;
    lt_manifest_init(&manifest);
    char *text = text_of_next(&manifest, &spark_file, 1, "0");
    assert_string_equal(text, spark_line);
    free(text);
    text = text_of_next(&manifest, NULL, 0, "1");
    assert_string_equal(text, "v1");
    free(text);
    lt_manifest_fini(&manifest);
}

struct seen {
    char paths[4096];
    int64_t size_bytes;
    uint32_t count;
};

static int see(void *context, const struct lt_manifest_file *file, struct lt_error *error)
{
    struct seen *seen = context;
    (void)error;
    size_t used = strlen(seen->paths);
    snprintf(seen->paths + used, sizeof seen->paths - used, "%s ", file->uri);
    seen->size_bytes += file->size_bytes;
    seen->count++;
    return 0;
}

static void what_spark_wrote_is_read(void **state)
{
    (void)state;
    struct seen seen = {.count = 0};
    assert_int_equal(lt_manifest_parse(spark_line, strlen(spark_line), see, &seen, NULL), 0);
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.size_bytes, 211);
    assert_string_equal(seen.paths, "file:///out/k=%C3%BC%20b/part-00000-ff6c774d-83d5-4933-8f28-"
                                    "2858ced5a7bd-c000.json ");
}

static void a_damaged_text_is_named(void **state)
{
    (void)state;
    static const char *const texts[][2] = {
        {"", "the first line is not \"v1\""},
        {"v2\n", "the first line is not \"v1\""},
        {"v1\nx", "line 2"},
        {"v1\n{\"path\":\"file:///a\",\"size\":1}", "modificationTime"},
        {"v1\n{\"path\":\"file:///a\",\"size\":-1,\"modificationTime\":1,\"action\":\"add\"}",
         "line 2: the size is below 0"},
        {"v1\n{\"path\":\"file:///a\",\"size\":1,\"modificationTime\":1,\"action\":\"delete\"}",
         "line 2: the action \"delete\" is not known"},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct lt_error error;
        struct seen seen = {.count = 0};
        assert_true(lt_manifest_parse(texts[i][0], strlen(texts[i][0]), see, &seen, &error) < 0);
        if (strstr(error.text, texts[i][1]) == NULL)
            fail_msg("\"%s\" does not say \"%s\"", error.text, texts[i][1]);
        assert_int_equal(seen.count, 0);
    }
}

/* --------------------------------------------------------------------------------- the folder */

static void write_next(struct lt_manifest *manifest, const char *path, const char *uri,
                       int64_t modified_ms, int64_t now_ms, int64_t retention_ms)
{
    char name[LT_MANIFEST_NAME_SIZE];
    struct lt_text_buffer text;
    struct lt_manifest_file file = {uri, 1, modified_ms};
    lt_text_init(&text);
    lt_manifest_next(manifest, &file, uri != NULL, now_ms, retention_ms, name, &text);
    scratch_write(lt_text_get(&text), "%s/%s", path, name);
    lt_text_fini(&text);
}

static struct seen load(const char *path, int64_t wanted_last)
{
    struct lt_manifest manifest;
    struct lt_error error;
    struct seen seen = {.count = 0};
    lt_manifest_init(&manifest);
    if (lt_manifest_load(&manifest, path, &error) != 0)
        fail_msg("%s", error.text);
    assert_int_equal(manifest.last, wanted_last);
    assert_int_equal(lt_manifest_visit(&manifest, see, &seen, &error), 0);
    lt_manifest_fini(&manifest);
    return seen;
}

static void each_tenth_is_compacted_and_read_with_what_follows(void **state)
{
    (void)state;
    char path[SCRATCH_PATH_SIZE];
    struct lt_manifest manifest;
    scratch_create(path);
    assert_int_equal(load(path, -1).count, 0);
    lt_manifest_init(&manifest);
    for (int64_t epoch = 0; epoch < 35; epoch++) {
        char uri[32];
        snprintf(uri, sizeof uri, "file:///%d", (int)epoch);
        write_next(&manifest, path, epoch % 7 == 3 ? NULL : uri, 1, 1, -1);
        assert_int_equal(load(path, epoch).count, manifest.count);
    }
    lt_manifest_fini(&manifest);
    assert_int_equal(load(path, 34).count, 30);
    /* Before the newest compacted one nothing is looked at, behind it all must be there. */
    char name[SCRATCH_PATH_SIZE + 40];
    snprintf(name, sizeof name, "%s/9.compact", path);
    scratch_remove(name);
    assert_int_equal(load(path, 34).count, 30);
    snprintf(name, sizeof name, "%s/31", path);
    scratch_remove(name);
    struct lt_error error;
    lt_manifest_init(&manifest);
    assert_int_equal(lt_manifest_load(&manifest, path, &error), LT_E_CORRUPT);
    assert_non_null(strstr(error.text, "/31' is missing, and later ones are there"));
    lt_manifest_fini(&manifest);
    scratch_remove(path);
}

static void old_files_leave_with_a_compacted_one(void **state)
{
    (void)state;
    char path[SCRATCH_PATH_SIZE];
    struct lt_manifest manifest;
    scratch_create(path);
    lt_manifest_init(&manifest);
    for (int64_t epoch = 0; epoch < 9; epoch++)
        write_next(&manifest, path, epoch % 2 == 0 ? "file:///old" : "file:///new",
                   epoch % 2 == 0 ? 100 : 200, 1200, 1000);
    assert_int_equal(load(path, 8).count, 9);
    write_next(&manifest, path, "file:///last", 1200, 1200, 1000);
    struct seen seen = load(path, 9);
    assert_string_equal(seen.paths,
                        "file:///new file:///new file:///new file:///new file:///last ");
    lt_manifest_fini(&manifest);
    scratch_remove(path);
}

static void another_interval_is_kept_as_spark_keeps_it(void **state)
{
    (void)state;
    static const struct {
        int before, compact;
        uint32_t interval;
    } cases[] = {{-1, 1, 2},   {-1, 4, 5},   {-1, 9, 10},  {-1, 19, 20}, {9, 19, 10}, {-1, 23, 12},
                 {-1, 14, 15}, {-1, 59, 10}, {-1, 76, 11}, {-1, 100, 101}, {11, 17, 6}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char path[SCRATCH_PATH_SIZE];
        struct lt_manifest manifest;
        scratch_create(path);
        scratch_write("v1", "%s/%d.compact", path, cases[i].compact);
        if (cases[i].before >= 0)
            scratch_write("v1", "%s/%d.compact", path, cases[i].before);
        lt_manifest_init(&manifest);
        assert_int_equal(lt_manifest_load(&manifest, path, NULL), 0);
        assert_int_equal(manifest.interval, cases[i].interval);
        assert_int_equal(manifest.last, cases[i].compact);
        lt_manifest_fini(&manifest);
        scratch_remove(path);
    }
}

static void a_sink_that_comes_later_begins_where_readers_look_first(void **state)
{
    (void)state;
    static const int64_t epochs[] = {0, 1, 5, 9, 10, 11, 57};
    static const int64_t firsts[] = {0, 0, 0, 0, 9, 9, 49};
    for (size_t i = 0; i < sizeof epochs / sizeof epochs[0]; i++) {
        char path[SCRATCH_PATH_SIZE];
        struct lt_manifest manifest;
        scratch_create(path);
        lt_manifest_init(&manifest);
        lt_manifest_begin_before(&manifest, epochs[i]);
        assert_int_equal(manifest.last + 1, firsts[i]);
        while (manifest.last < epochs[i] - 1)
            write_next(&manifest, path, NULL, 0, 0, -1);
        write_next(&manifest, path, "file:///a", 1, 1, -1);
        assert_int_equal(load(path, epochs[i]).count, 1);
        lt_manifest_fini(&manifest);
        scratch_remove(path);
    }
}

static void names_of_other_files_are_none(void **state)
{
    (void)state;
    static const char *const names[] = {"",  "x", "1.tmp", ".1", "1.compact.crc", "-1", "1 ",
                                        ".compact", "99999999999999999999"};
    bool is_compact;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_int_equal(lt_manifest_epoch_of(names[i], &is_compact), -1);
    assert_int_equal(lt_manifest_epoch_of("12", &is_compact), 12);
    assert_false(is_compact);
    assert_int_equal(lt_manifest_epoch_of("19.compact", &is_compact), 19);
    assert_true(is_compact);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entry_has_sparks_text),
        cmocka_unit_test(what_spark_wrote_is_read),
        cmocka_unit_test(a_damaged_text_is_named),
        cmocka_unit_test(each_tenth_is_compacted_and_read_with_what_follows),
        cmocka_unit_test(old_files_leave_with_a_compacted_one),
        cmocka_unit_test(another_interval_is_kept_as_spark_keeps_it),
        cmocka_unit_test(a_sink_that_comes_later_begins_where_readers_look_first),
        cmocka_unit_test(names_of_other_files_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
