/*
 * The directory sink on every rung: how it goes on after any end, and in whose directory it does
 * not.
 */
#include "tests/support/files_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/files_sink.h"

static void begin_again(struct files_world *world)
{
    struct lt_error error;
    const char *const none[] = {NULL};
    files_end(world);
    if (files_bind(world, &lt_text_sink_type, "value STRING", none, &error) != 0 ||
        files_begin(world, &error) != 0)
        fail_msg("%s", error.text);
}

static void what_was_staged_for_no_epoch_is_swept_away(void **state)
{
    struct files_world world;
    const char *const none[] = {NULL};
    files_set_up(state, &world, &lt_text_sink_type, "value STRING", none);
    files_write_value(&world, "a");
    files_finish_epoch(&world);
    files_write_value(&world, "b");
    char *committed = lt_strdup(world.note);
    files_prepare(&world);
    free(world.note);
    world.note = committed;
    scratch_write("not ours", "%s/.part-1.e4c5a0ab-5b0a-4a7c-8e60-6f2b1d0c9f11.leat", world.path);
    begin_again(&world);
    files_write_value(&world, "c");
    files_finish_epoch(&world);
    files_expect(&world, true,
           "/.part-1.e4c5a0ab-5b0a-4a7c-8e60-6f2b1d0c9f11.leat: not ours"
           "/part-00003-*-c000.txt: a\n/part-00003-*-c000.txt: c\n");
    assert_int_equal(files_manifest_of(&world, 1).count, 2);
    files_tear_down(&world);
}

static int recover(struct files_world *world, bool *must_replay, struct lt_error *error)
{
    const char *const none[] = {NULL};
    files_end(world);
    if (files_bind(world, &lt_text_sink_type, "value STRING", none, error) != 0 ||
        world->sink->ops->connect(world->sink, &world->env, error) != 0)
        fail_msg("%s", error->text);
    *must_replay = false;
    return world->sink->ops->recover(world->sink, world->next_epoch, world->note, must_replay,
                                     error);
}

static void a_logged_epoch_is_finished_as_often_as_it_is_asked_for(void **state)
{
    struct files_world world;
    struct lt_error error;
    bool must_replay;
    const char *const none[] = {NULL};
    files_set_up(state, &world, &lt_text_sink_type, "value STRING", none);
    files_write_value(&world, "a");
    files_prepare(&world);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(recover(&world, &must_replay, &error), 0);
        assert_false(must_replay);
        files_expect(&world, true, "/part-00003-*-c000.txt: a\n");
        assert_int_equal(files_manifest_of(&world, 0).count, 1);
    }
    files_tear_down(&world);
}

static void an_epoch_whose_file_is_gone_is_read_again(void **state)
{
    struct files_world world;
    struct lt_error error;
    bool must_replay;
    char path[600];
    const char *const options[] = {"maxRecordsPerFile=1", NULL};
    files_set_up(state, &world, &lt_text_sink_type, "value STRING", options);
    files_write_value(&world, "a");
    files_write_value(&world, "b");
    files_prepare(&world);
    const char *name = strstr(world.note, "part-");
    snprintf(path, sizeof path, "%s/.%.*s.%s.leat", world.path, (int)strcspn(name, "\""), name,
             files_query_id);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(recover(&world, &must_replay, &error), 0);
    assert_true(must_replay);
    files_expect(&world, true, "");
    scratch_write("later", "%s/.part-2.%s.leat", world.path, files_query_id);
    /* For the replay: what later epochs have staged stays. */
    assert_int_equal(files_begin(&world, &error), 0);
    files_write_value(&world, "a and b");
    files_prepare(&world);
    world.writer->ops->commit(world.writer, 0);
    while (world.writer->ops->committed(world.writer, 0) == 0)
        files_turn(&world);
    assert_int_equal(world.sink->ops->commit(world.sink, 0, world.note, &error), 0);
    snprintf(path, sizeof path,
             "/.part-2.%s.leat: later/part-00003-*-c000.txt: a and b\n", files_query_id);
    files_expect(&world, true, path);
    assert_int_equal(files_manifest_of(&world, 0).count, 1);
    files_tear_down(&world);
}

static void a_sink_that_comes_later_begins_with_empty_entries(void **state)
{
    struct files_world world;
    const char *const none[] = {NULL};
    files_set_up(state, &world, &lt_text_sink_type, "value STRING", none);
    files_end(&world);
    world.next_epoch = 57;
    begin_again(&world);
    files_write_value(&world, "a");
    files_finish_epoch(&world);
    assert_int_equal(files_manifest_of(&world, 57).count, 1);
    files_tear_down(&world);
}

/* ------------------------------------------------------------------------------------ refusals */

static void expect_error(struct files_world *world, const char *wanted)
{
    struct lt_error error;
    const char *const none[] = {NULL};
    world->options = NULL;
    lt_error_clear(&error);
    int code = files_bind(world, &lt_text_sink_type, "value STRING", none, &error);
    if (code == 0)
        code = files_begin(world, &error);
    assert_true(code < 0);
    if (strstr(error.text, wanted) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", error.text, wanted);
    files_end(world);
}

static void a_directory_belongs_to_one_query_and_one_sink(void **state)
{
    struct files_world world, other;
    const char *const none[] = {NULL};
    files_set_up(state, &world, &lt_text_sink_type, "value STRING", none);
    files_write_value(&world, "a");
    files_finish_epoch(&world);
    other = world;
    other.sink = NULL;
    other.writer = NULL;
    other.note = NULL;
    expect_error(&other, "another sink is writing to the directory");
    files_end(&world);
    other.env.query_id = "e4c5a0ab-5b0a-4a7c-8e60-6f2b1d0c9f11";
    expect_error(&other, "holds what query 0b4b1b1e-0f9c-4b7e-8a55-6f1d2d3c4b5a has written");
    other.env.query_id = files_query_id;
    other.next_epoch = 0;
    expect_error(&other, "ends with epoch 0, and the checkpoint with -1");
    other.next_epoch = 5;
    other.note = world.note;
    expect_error(&other, "ends with epoch 0, and the checkpoint with 4");
    files_tear_down(&world);
}

static void sparks_directory_is_taken_over_where_its_query_goes_on(void **state)
{
    struct files_world world;
    const char *const none[] = {NULL};
    files_set_up(state, &world, &lt_text_sink_type, "value STRING", none);
    files_end(&world);
    char path[600];
    snprintf(path, sizeof path, "%s/" LT_MANIFEST_FOLDER "/.leat-query", world.path);
    assert_int_equal(unlink(path), 0);
    scratch_write("spark's\n", "%s/part-0.txt", world.path);
    struct lt_text_buffer text;
    lt_text_init(&text);
    lt_text_format(&text,
                   "v1\n{\"path\":\"file://%s/part-0.txt\",\"size\":8,\"isDir\":false,"
                   "\"modificationTime\":1700000000000,\"blockReplication\":1,"
                   "\"blockSize\":33554432,\"action\":\"add\"}",
                   world.path);
    scratch_write(lt_text_get(&text), "%s/" LT_MANIFEST_FOLDER "/0", world.path);
    lt_text_fini(&text);
    expect_error(&world, "ends with epoch 0, and the checkpoint with -1");
    world.next_epoch = 1;
    begin_again(&world);
    files_write_value(&world, "a");
    files_finish_epoch(&world);
    files_expect(&world, true, "/part-0.txt: spark's\n/part-00003-*-c000.txt: a\n");
    assert_int_equal(files_manifest_of(&world, 1).count, 2);
    files_tear_down(&world);
}

int main(void)
{
    const struct suite_case cases[] = {
        SUITE_CASE(what_was_staged_for_no_epoch_is_swept_away),
        SUITE_CASE(a_logged_epoch_is_finished_as_often_as_it_is_asked_for),
        SUITE_CASE(an_epoch_whose_file_is_gone_is_read_again),
        SUITE_CASE(a_sink_that_comes_later_begins_with_empty_entries),
        SUITE_CASE(a_directory_belongs_to_one_query_and_one_sink),
        SUITE_CASE(sparks_directory_is_taken_over_where_its_query_goes_on),
    };
    return run_suite(cases, sizeof cases / sizeof cases[0]);
}
