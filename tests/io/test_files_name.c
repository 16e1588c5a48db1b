/*
 * Names of files: hidden ones, URIs as Spark's logs hold them, directories of partitions.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/files_name.h"

static void hidden_names_are_sparks(void **state)
{
    (void)state;
    static const char *const hidden[] = {"_x",          ".x",    "_SUCCESS",
                                         "a._COPYING_", "._x=1", "_spark_metadata"};
    static const char *const shown[] = {"x", "_x=1", "_metadata", "_common_metadata.crc",
                                        "a._COPYING_b"};
    for (size_t i = 0; i < sizeof hidden / sizeof hidden[0]; i++)
        assert_true(lt_files_is_hidden(hidden[i]));
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++)
        assert_false(lt_files_is_hidden(shown[i]));
}

/* The left side as a live Spark 4.1 wrote it into sources/0/0. */
static void uris_are_sparks_text_and_come_back(void **state)
{
    (void)state;
    static const struct {
        const char *path, *uri;
    } cases[] = {
        {"/in/a b.txt", "file:///in/a%20b.txt"},
        {"/in/\xc3\xbc%.txt", "file:///in/\xc3\xbc%25.txt"},
        {"/in/x#1+2&=,;:@$!~'()*.txt", "file:///in/x%231+2&=,;:@$!~'()*.txt"},
        {"/in/q?[]{}^`|\\\"<>.txt", "file:///in/q%3F%5B%5D%7B%7D%5E%60%7C%5C%22%3C%3E.txt"},
        {"/in/_x=1", "file:///in/_x=1"},
        {"/in/\xff\xfe", "file:///in/%FF%FE"},                         /* no UTF-8 */
        {"/in/\xc2\xa0\xe2\x80\x94", "file:///in/%C2%A0\xe2\x80\x94"}, /* a blank, a dash */
        {"/in/\x01", "file:///in/%01"},
        {"/", "file:///"},
    };
    struct lt_text_buffer text;
    lt_text_init(&text);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        lt_text_clear(&text);
        lt_files_uri_write(&text, cases[i].path);
        assert_string_equal(lt_text_get(&text), cases[i].uri);
        lt_text_clear(&text);
        assert_int_equal(lt_files_uri_read(cases[i].uri, &text, NULL), 0);
        assert_string_equal(lt_text_get(&text), cases[i].path);
    }
    lt_text_fini(&text);
}

static void uris_of_other_places_are_refused(void **state)
{
    (void)state;
    static const char *const uris[] = {"hdfs://h/x",  "s3a://b/x",    "file://host/x",
                                       "x",           "file:x",       "file:///a%",
                                       "file:///a%2", "file:///a%zz", "file:///a%00"};
    struct lt_text_buffer text;
    lt_text_init(&text);
    for (size_t i = 0; i < sizeof uris / sizeof uris[0]; i++)
        assert_int_equal(lt_files_uri_read(uris[i], &text, NULL), LT_E_INVALID);
    lt_text_fini(&text);
}

static void a_path_is_made_absolute_and_plain(void **state)
{
    (void)state;
    struct lt_arena *arena = lt_arena_create();
    const char *path;
    static const char *const cases[][2] = {
        {"/in", "/in"},          {"/in/", "/in"},
        {"//in///x//", "/in/x"}, {"file:///in/x", "/in/x"},
        {"file:/in/x", "/in/x"}, {"/", "/"},
        {"/a%20b", "/a%20b"},    {"/a:b", "/a:b"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(lt_files_path(cases[i][0], arena, &path, NULL), 0);
        assert_string_equal(path, cases[i][1]);
    }
    char working[4096];
    assert_non_null(getcwd(working, sizeof working));
    assert_int_equal(lt_files_path("in/x", arena, &path, NULL), 0);
    assert_string_equal(path, lt_arena_format(arena, "%s/in/x", working));
    static const char *const refused[] = {"", "hdfs://h/x", "file://host/x", "s3:x"};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        assert_int_equal(lt_files_path(refused[i], arena, &path, NULL), LT_E_INVALID);
    lt_arena_destroy(arena);
}

static void a_name_in_a_directory_has_one_slash_before_it(void **state)
{
    (void)state;
    char *path = lt_files_join("/", "var");
    assert_string_equal(path, "/var");
    free(path);
    path = lt_files_join("/var", "log");
    assert_string_equal(path, "/var/log");
    free(path);
}

static void directories_of_partitions_are_escaped_as_sparks(void **state)
{
    (void)state;
    struct lt_arena *arena = lt_arena_create();
    const char *name, *value;
    assert_true(lt_files_partition_split("k%3D=a%2Fb%", 11, arena, &name, &value));
    assert_string_equal(name, "k=");
    assert_string_equal(value, "a/b%");
    assert_true(lt_files_partition_split("k=", 2, arena, &name, &value));
    assert_string_equal(value, "");
    assert_false(lt_files_partition_split("plain", 5, arena, &name, &value));
    struct lt_text_buffer text;
    lt_text_init(&text);
    lt_files_partition_escape(&text, "a/b:c d\n%=\xc3\xbc");
    assert_string_equal(lt_text_get(&text), "a%2Fb%3Ac d%0A%25%3D\xc3\xbc");
    lt_text_fini(&text);
    lt_arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hidden_names_are_sparks),
        cmocka_unit_test(uris_are_sparks_text_and_come_back),
        cmocka_unit_test(uris_of_other_places_are_refused),
        cmocka_unit_test(a_path_is_made_absolute_and_plain),
        cmocka_unit_test(a_name_in_a_directory_has_one_slash_before_it),
        cmocka_unit_test(directories_of_partitions_are_escaped_as_sparks),
    };
    return cmocka_run_group_tests_name("files_name", tests, NULL, NULL);
}
