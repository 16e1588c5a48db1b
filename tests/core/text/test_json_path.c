/* get_json_object: what a path finds and how it comes out, as Spark does it. */
#include "core/text/json_path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

/* `expected` NULL: nothing. */
static void gives(const char *document, const char *text, const char *expected)
{
    struct lt_text_buffer out;
    lt_text_init(&out);
    struct lt_json_path *path = lt_json_path_create(text, strlen(text));
    bool found = path != NULL && lt_json_path_get(path, document, strlen(document), &out);
    if (found != (expected != NULL))
        fail_msg("%s of %s: got %s", text, document, found ? lt_text_get(&out) : "nothing");
    if (found)
        assert_string_equal(lt_text_get(&out), expected);
    lt_json_path_destroy(path);
    lt_text_fini(&out);
}

static const char *const document =
    "{\"a\":1,\"b\":\"x\",\"c\":[1,2,{\"d\":null}],\"e\":{\"f\":1.50,\"g\":\"q\\\"t\"},\"h\":true}";

static void names_and_indices_lead_to_values(void **state)
{
    (void)state;
    gives(document, "$",
          "{\"a\":1,\"b\":\"x\",\"c\":[1,2,{\"d\":null}],\"e\":{\"f\":1.5,\"g\":\"q\\\"t\"},\"h\":"
          "true}");
    gives(document, "$.a", "1");
    gives(document, "$.b", "x");
    gives(document, "$.c", "[1,2,{\"d\":null}]");
    gives(document, "$.c[0]", "1");
    gives(document, "$.e.g", "q\"t");
    gives(document, "$['e']['f']", "1.5");
    gives(document, "$.h", "true");
    gives("{\"a.b\":1,\"a b\":2}", "$['a.b']", "1");
    gives("{\"a.b\":1,\"a b\":2}", "$.a b", "2");
    gives("[[1],[2,3]]", "$[1][0]", "2");
}

static void blanks_stand_where_spark_takes_them(void **state)
{
    (void)state;
    gives("{\"a\":[7]}", "$. a", "[7]");
    gives("{\"a\":[7]}", "$ [' a']", "[7]");
    gives("{\"a\":[7]}", "$.a[ 0] ", "7");
    gives("{\"a\":[7]}", " $.a", NULL);
    gives("{\"a\":[7]}", "$ .a", NULL);
    gives("{\"a\":[7]}", "$[ 'a']", NULL);
    gives("{\"a\":[7]}", "$['a' ]", NULL);
    gives("{\"a\":[7]}", "$.a [0]", NULL);
    gives("{\"a\":[7]}", "$.a[0 ]", NULL);
    gives("{\"a\":[7]}", "$.a[ *]", NULL);
}

static void half_a_pair_of_surrogates_is_no_text(void **state)
{
    (void)state;
    gives("{\"a\":\"\\ud83d\"}", "$.a", NULL);
    gives("{\"a\":[\"\\ud83d\"]}", "$.a", "[\"\\uD83D\"]");
    gives("{\"a\":\"\\ud83d\\ude00\"}", "$.a", "\U0001F600");
}

static void what_is_not_there_is_null(void **state)
{
    (void)state;
    gives(document, "$.zz", NULL);
    gives(document, "$.c[9]", NULL);
    gives(document, "$.c[2].d", NULL);
    gives(document, "$.b.x", NULL);
    gives(document, "$.a[0]", NULL);
    gives(document, "$.e[*]", NULL);
    gives("{\"A\":1}", "$.a", NULL);
    gives("[]", "$[0]", NULL);
}

static void paths_that_are_none_are_null(void **state)
{
    (void)state;
    static const char *const paths[] = {"",    "a",     "$..f",   "$.c[-1]", "$.c[", "$.c[x]",
                                        "$.*", "$.e.*", "$['*']", "$a",      "$.",   "$['a"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        gives(document, paths[i], NULL);
}

static void wildcards_gather(void **state)
{
    (void)state;
    gives("[{\"a\":1},{\"a\":2},{\"b\":3}]", "$[*].a", "[1,2]");
    gives("[{\"a\":1}]", "$[*].a", "1");
    gives("[{\"a\":\"x\"}]", "$[*].a", "\"x\"");
    gives("[{\"a\":\"x\"},{\"a\":\"y\"}]", "$[*].a", "[\"x\",\"y\"]");
    gives("[{\"b\":1}]", "$[*].a", NULL);
    gives("[[1],[2,3]]", "$[*][0]", "[1,2]");
    gives("{\"a\":[{\"b\":[1,2]},{\"b\":[3]}]}", "$.a[*].b", "[[1,2],[3]]");
    gives("{\"a\":[{\"b\":[1,2]},{\"b\":[3]}]}", "$.a[*].b[*]", "[[1,2],[3]]");
    gives("[[1,[2]],[[3,4]]]", "$[*][*]", "[1,2,3,4]");
    gives("[[[1,2],[3]]]", "$[0][*]", "[[1,2],[3]]");
}

static void of_duplicate_names_the_first_that_leads_somewhere_counts(void **state)
{
    (void)state;
    gives("{\"a\":1,\"a\":2}", "$.a", "1");
    gives("{\"a\":null,\"a\":2}", "$.a", "2");
    gives("{\"a\":{\"b\":1},\"a\":{\"c\":2}}", "$.a.c", "2");
}

static void malformed_documents_are_null_unless_the_damage_lies_behind(void **state)
{
    (void)state;
    gives("", "$.a", NULL);
    gives("{", "$.a", NULL);
    gives("{\"a\":1", "$.a", NULL);
    gives("{\"a\":1,]", "$.a", NULL);
    gives("{\"a\":[1,2}", "$.a", NULL);
    gives("{\"a\":NaN}", "$.a", NULL);
    gives("{a:1}", "$.a", NULL);
    gives("{\"a\":1} trailing", "$.a", "1");
    gives("{'a':'x'}", "$.a", "x");
}

static void a_path_is_used_again_and_again(void **state)
{
    (void)state;
    struct lt_text_buffer out;
    lt_text_init(&out);
    struct lt_json_path *path = lt_json_path_create("$[*]", 4);
    for (int i = 0; i < 3; i++) {
        assert_true(lt_json_path_get(path, "[1,2]", 5, &out));
        assert_string_equal(lt_text_get(&out), "[1,2]");
        assert_false(lt_json_path_get(path, "[1,", 3, &out));
        assert_false(lt_json_path_get(path, "[]", 2, &out));
    }
    lt_json_path_destroy(path);
    lt_json_path_destroy(NULL);
    lt_text_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_indices_lead_to_values),
        cmocka_unit_test(blanks_stand_where_spark_takes_them),
        cmocka_unit_test(half_a_pair_of_surrogates_is_no_text),
        cmocka_unit_test(what_is_not_there_is_null),
        cmocka_unit_test(paths_that_are_none_are_null),
        cmocka_unit_test(wildcards_gather),
        cmocka_unit_test(of_duplicate_names_the_first_that_leads_somewhere_counts),
        cmocka_unit_test(malformed_documents_are_null_unless_the_damage_lies_behind),
        cmocka_unit_test(a_path_is_used_again_and_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
