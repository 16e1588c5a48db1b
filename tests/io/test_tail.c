/*
 * The source tail on every reactor: growth, rotation, truncation, removal; where it goes on after
 * it was down; and what it refuses.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/arena.h"
#include "io/tail.h"
#include "tests/support/tail_world.h"

/* ---------------------------------------------------------------------------------------- cases */

static void a_line_is_read_when_it_is_complete(struct stream_world *world)
{
    tail_add(world, "x.log", "one\ntwo\nhal");
    tail_start(world, "x.log", NULL, NULL);
    tail_expect(world, 2, TEXTS("one", "two"));
    stream_world_rest(world);
    assert_int_equal(world->text_count, 0);
    tail_add(world, "x.log", "f\nthree\n");
    tail_expect(world, 2, TEXTS("half", "three"));
}

static void a_file_that_is_not_there_is_waited_for(struct stream_world *world)
{
    tail_start(world, "late.log", NULL, NULL);
    stream_world_rest(world);
    tail_add(world, "late.log", "here\n");
    tail_expect(world, 1, TEXTS("here"));
}

static void a_renamed_file_is_read_to_its_end_and_then_the_new_one(struct stream_world *world)
{
    tail_add(world, "x.log", "1\n");
    tail_start(world, "x.log", NULL, NULL);
    tail_expect(world, 1, TEXTS("1"));
    tail_move(world, "x.log", "x.log.1");
    tail_add(world, "x.log.1", "2\n");
    tail_add(world, "x.log", "3\n");
    tail_expect(world, 2, TEXTS("2", "3"));
    tail_add(world, "x.log.1", "4\n"); /* by a writer that has not noticed */
    tail_expect(world, 1, TEXTS("4"));
}

static void a_truncated_file_begins_again(struct stream_world *world)
{
    tail_add(world, "x.log", "first line\nsecond line\n");
    tail_start(world, "x.log", NULL, NULL);
    tail_expect(world, 2, TEXTS("first line", "second line"));
    assert_int_equal(truncate(tail_path(world, "x.log"), 0), 0);
    tail_add(world, "x.log", "third\n");
    tail_expect(world, 1, TEXTS("third"));
}

static void a_removed_file_ends_with_its_last_line(struct stream_world *world)
{
    tail_add(world, "x.log", "one\nlast without an end");
    tail_start(world, "x.log", NULL, NULL);
    tail_expect(world, 1, TEXTS("one"));
    assert_int_equal(unlink(tail_path(world, "x.log")), 0);
    tail_expect(world, 1, TEXTS("last without an end"));
    free(tail_note(world));
    stream_world_rest(world);
    char *json = tail_note_for_good(world);
    assert_non_null(strstr(json, "x.log"));
    free(json);
    stream_world_rest(world);
    json = tail_note(world); /* it is let go when that is committed */
    assert_null(strstr(json, "x.log"));
    free(json);
    tail_add(world, "x.log", "new\n");
    tail_expect(world, 1, TEXTS("new"));
}

static void a_rotated_file_that_is_quiet_is_let_go(struct stream_world *world)
{
    tail_add(world, "x.log", "one\nrest");
    tail_start(world, "x.log", "rotatedTimeout=1s", NULL);
    tail_expect(world, 1, TEXTS("one"));
    tail_move(world, "x.log", "old");
    tail_expect(world, 1, TEXTS("rest"));
    tail_add(world, "old", "more\nand a rest"); /* by a writer that has slept */
    tail_expect(world, 2, TEXTS("more", "and a rest"));
    free(tail_note_for_good(world));
    for (int i = 0; i < 2000; i++) {
        stream_world_rest(world);
        char *json = tail_note(world);
        bool is_gone = strstr(json, "old") == NULL;
        free(json);
        if (is_gone)
            return;
    }
    fail_msg("the file is followed still");
}

static void all_files_of_a_pattern_are_read(struct stream_world *world)
{
    assert_int_equal(mkdir(tail_path(world, "a"), 0755), 0);
    tail_add(world, "a/1.log", "a1\n");
    tail_add(world, "a/1.txt", "not this\n");
    tail_add(world, "a/.2.log", "nor this\n");
    tail_start(world, "*/*.log", NULL, NULL);
    tail_expect(world, 1, TEXTS("a1"));
    tail_add(world, "a/3.log", "a3\n");
    tail_expect(world, 1, TEXTS("a3"));
    assert_int_equal(mkdir(tail_path(world, "b"), 0755), 0);
    tail_add(world, "b/1.log", "b1\n");
    tail_expect(world, 1, TEXTS("b1"));
    tail_add(world, "a/1.log", "more\n");
    tail_expect(world, 1, TEXTS("more"));
}

static void many_files_take_turns(struct stream_world *world)
{
    char name[32], text[32];
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 100; i++) {
            snprintf(name, sizeof name, "%02d.log", i);
            snprintf(text, sizeof text, "%d of %d\nunfinished", round, i);
            tail_add(world, name, round == 0 ? text : "\nnext\nunfinished");
        }
        if (round == 0)
            tail_start(world, "*.log", NULL, NULL);
        stream_world_read(world, round == 0 ? 100 : 200);
        stream_world_rest(world);
        assert_int_equal(world->text_count, round == 0 ? 100 : 200);
        stream_world_forget(world);
    }
}

static void it_says_whether_it_is_behind(struct stream_world *world)
{
    int64_t records, ms;
    tail_add(world, "x.log", "one\n");
    tail_start(world, "x.log", NULL, NULL);
    world->reader->ops->lag(world->reader, &records, &ms);
    assert_int_equal(records, -1); /* nobody has looked yet */
    tail_expect(world, 1, TEXTS("one"));
    stream_world_rest(world);
    world->reader->ops->lag(world->reader, &records, &ms);
    assert_int_equal(records, 0);
    assert_int_equal(ms, 0);
    tail_add(world, "x.log", "unfinished");
    for (int i = 0; i < 1000 && records == 0; i++) {
        stream_world_rest(world);
        world->reader->ops->lag(world->reader, &records, &ms);
    }
    assert_int_equal(records, -1);
}

/* --------------------------------------------------------------------------------- was down */

static void it_goes_on_where_it_was(struct stream_world *world)
{
    tail_add(world, "x.log", "1\n2\n3 is not comp");
    tail_start(world, "x.log", NULL, NULL);
    tail_expect(world, 2, TEXTS("1", "2"));
    char *json = tail_note(world);
    tail_add(world, "x.log", "lete\n4\n");
    assert_int_equal(tail_begin_again(world, json, "x.log", NULL), 0);
    tail_expect(world, 2, TEXTS("3 is not complete", "4"));
}

static void rotations_while_it_was_down_lose_nothing(struct stream_world *world)
{
    tail_add(world, "x.log", "1\n");
    tail_add(world, "x.log.7", "an old one, from before\n");
    usleep(60000); /* its time is before the query's */
    tail_start(world, "x.log", NULL, NULL);
    tail_expect(world, 1, TEXTS("1"));
    char *json = tail_note(world);
    tail_add(world, "x.log", "2\n");
    tail_move(world, "x.log", "x.log.1");
    tail_add(world, "x.log", "3\n"); /* made and renamed before anybody looks */
    usleep(20000); /* files are read in the order of their times */
    tail_move(world, "x.log", "x.log.2");
    tail_add(world, "x.log", "4\n");
    assert_int_equal(tail_begin_again(world, json, "x.log", NULL), 0);
    tail_expect(world, 3, TEXTS("2", "3", "4"));
    stream_world_rest(world);
    assert_int_equal(world->text_count, 0);
    json = tail_note(world);
    assert_int_equal(tail_begin_again(world, json, "x.log", NULL), 0);
    stream_world_rest(world);
    assert_int_equal(world->text_count, 0);
}

static bool knows_birth(const char *path)
{
    struct statx status;
    return statx(AT_FDCWD, path, 0, STATX_BTIME, &status) == 0 &&
           (status.stx_mask & STATX_BTIME) != 0;
}

/* As when a writer that is fast rotates within a tick of the clock; the names say nothing. */
static void files_of_one_time_are_read_as_they_were_made(struct stream_world *world)
{
    const time_t soon = time(NULL) + 60; /* behind all that was seen */
    const struct timespec times[2] = {{.tv_sec = soon}, {.tv_sec = soon}};
    tail_add(world, "x.log", "1\n");
    tail_start(world, "x.log", NULL, NULL);
    tail_expect(world, 1, TEXTS("1"));
    char *json = tail_note(world);
    tail_move(world, "x.log", "x.log.9");
    for (int i = 2; i > 0; i--) {
        char name[16], line[16];
        snprintf(name, sizeof name, "x.log.%d", i);
        snprintf(line, sizeof line, "%d\n", 4 - i);
        usleep(20000);
        tail_add(world, name, line);
        assert_int_equal(utimensat(AT_FDCWD, tail_path(world, name), times, 0), 0);
    }
    if (knows_birth(tail_path(world, "x.log.1"))) {
        assert_int_equal(tail_begin_again(world, json, "x.log", NULL), 0);
        tail_expect(world, 2, TEXTS("2", "3"));
    } else {
        free(json);
    }
}

static void a_file_truncated_while_it_was_down_begins_again(struct stream_world *world)
{
    tail_add(world, "x.log", "a line that was read\n");
    tail_start(world, "x.log", NULL, NULL);
    tail_expect(world, 1, TEXTS("a line that was read"));
    char *json = tail_note(world);
    assert_int_equal(truncate(tail_path(world, "x.log"), 0), 0);
    tail_add(world, "x.log", "another that is longer than the first one was\n");
    assert_int_equal(tail_begin_again(world, json, "x.log", NULL), 0);
    tail_expect(world, 1, TEXTS("another that is longer than the first one was"));
}

static void a_file_that_is_gone_is_data_loss(struct stream_world *world)
{
    char text[256];
    tail_add(world, "x.log", "1\n");
    tail_start(world, "x.log", NULL, NULL);
    tail_expect(world, 1, TEXTS("1"));
    char *json = tail_note(world), *copy = strdup(json);
    assert_int_equal(unlink(tail_path(world, "x.log")), 0);
    tail_add(world, "x.log", "2\n");
    tail_add(world, "keeper", ""); /* so that the inode is not given again */
    struct stat status;
    assert_int_equal(stat(tail_path(world, "x.log"), &status), 0);
    snprintf(text, sizeof text, "\"inode\":%lu,", (unsigned long)status.st_ino);
    if (strstr(json, text) != NULL) { /* it was: then the file looks truncated */
        free(json);
        free(copy);
        return;
    }
    assert_int_equal(tail_begin_again(world, json, "x.log", NULL), 0);
    snprintf(text, sizeof text, "source tail: '%s' (inode ", tail_path(world, "x.log"));
    assert_memory_equal(tail_failure(world), text, strlen(text));
    assert_non_null(strstr(world->reader->error.text,
                           "is gone, and what stood in it behind byte 2 was not read; hint: put it "
                           "back into its directory under any name, or set failOnDataLoss to "
                           "false to go on without"));
    assert_int_equal(world->reader->error.code, LT_E_DATA_LOSS);
    world->status = LT_POLL_IDLE;
    assert_int_equal(tail_begin_again(world, copy, "x.log", "failOnDataLoss=false"), 0);
    tail_expect(world, 1, TEXTS("2"));
}

static void add_bytes(const struct stream_world *world, const char *name, const char *bytes,
                      size_t size_bytes)
{
    int fd = open(tail_path(world, name), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, size_bytes), (ssize_t)size_bytes);
    close(fd);
}

/* In the line that is not finished the two bytes of a line feed lie across two characters. */
static void a_wide_line_ends_where_a_character_begins(struct stream_world *world)
{
    static const char begun[] = "o\0l\0d\0\n\0h\0a\n\0l";
    add_bytes(world, "x.log", begun, sizeof begun - 1);
    tail_start(world, "x.log", "startingPosition=latest", "encoding=UTF-16LE");
    stream_world_rest(world);
    add_bytes(world, "x.log", "f\0\n\0", 4);
    tail_expect(world, 1, TEXTS("h\xe0\xa9\xa1\xe6\xb0\x80" "f"));
}

static void a_new_query_may_begin_behind_the_last_line(struct stream_world *world)
{
    tail_add(world, "x.log", "old\nhal");
    tail_start(world, "x.log", "startingPosition=latest", NULL);
    stream_world_rest(world);
    tail_add(world, "x.log", "f\n");
    tail_expect(world, 1, TEXTS("half"));
    tail_add(world, "x.log.9", "");
    tail_move(world, "x.log", "x.log.9");
    tail_add(world, "x.log", "whole\n");
    tail_expect(world, 1, TEXTS("whole"));
}

/* -------------------------------------------------------------------------------------- refused */

static void refuse(struct stream_world *world, const char *one, const char *two, const char *text)
{
    const char *options[5];
    tail_options(world, "x.log", one, two, options);
    assert_true(stream_world_bind(world, &lt_tail_source_type, options) < 0);
    if (strcmp(world->error.condition, text) != 0 && strstr(world->error.text, text) == NULL)
        fail_msg("said: %s", world->error.text);
}

static void what_cannot_be_is_refused(struct stream_world *world)
{
    refuse(world, "frame=whole", NULL,
           "source tail: a file that grows has no end, and records of frame whole end with the "
           "file; hint: frame line");
    refuse(world, "startingPositon=latest", NULL, "startingPosition");
    refuse(world, "format=json", NULL, "Schema must be specified");
    const char *const none[] = {NULL};
    assert_true(stream_world_bind(world, &lt_tail_source_type, none) < 0);
    assert_non_null(strstr(world->error.text, "path"));
    assert_int_equal(mkdir(tail_path(world, "x.log"), 0755), 0);
    tail_start(world, "x.log", NULL, NULL);
    assert_non_null(strstr(tail_failure(world), "is no regular file; hint: a pattern"));
    world->status = LT_POLL_IDLE;
}

static void texts_that_are_no_places_are_refused(struct stream_world *world)
{
    static const char *const texts[] = {
        "", "[]", "{}", "{\"time\":1,\"files\":3}", "{\"files\":[]}",
#define FILE_OF(offset, fingerprint)                                                               \
    "{\"time\":1,\"files\":[{\"path\":\"/x\",\"inode\":1,\"offset\":" offset                       \
    ",\"fingerprint\":\"" fingerprint "\"}]}"
        FILE_OF("-1", "0:0"), FILE_OF("1", "999:0"), FILE_OF("1", "x"),
    };
    const char *options[5];
    tail_options(world, "x.log", NULL, NULL, options);
    assert_int_equal(stream_world_bind(world, &lt_tail_source_type, options), 0);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct lt_position position;
        struct lt_error error;
        lt_error_clear(&error);
        assert_true(world->source->ops->positions_from_json(world->source, texts[i], &position,
                                                            &error) < 0);
        assert_true(error.text[0] != '\0');
    }
}

/* ----------------------------------------------------------------------------------------- main */

typedef void case_fn(struct stream_world *world);

struct tail_case {
    const char *name;
    case_fn *run;
};

static void run_on_every_rung(void **state)
{
    const struct tail_case *subject = *state;
    for (const char *const *rung = stream_world_rungs; *rung != NULL; rung++) {
        if (!stream_world_has_rung(*rung))
            continue;
        struct stream_world *world = stream_world_create(*rung);
        subject->run(world);
        stream_world_destroy(world);
    }
}

#define CASE(function)                                                                             \
    {                                                                                              \
#function, function                                                                        \
    }

int main(void)
{
    static struct tail_case cases[] = {
        CASE(a_line_is_read_when_it_is_complete),
        CASE(a_file_that_is_not_there_is_waited_for),
        CASE(a_renamed_file_is_read_to_its_end_and_then_the_new_one),
        CASE(a_truncated_file_begins_again),
        CASE(a_removed_file_ends_with_its_last_line),
        CASE(a_rotated_file_that_is_quiet_is_let_go),
        CASE(all_files_of_a_pattern_are_read),
        CASE(many_files_take_turns),
        CASE(it_says_whether_it_is_behind),
        CASE(it_goes_on_where_it_was),
        CASE(rotations_while_it_was_down_lose_nothing),
        CASE(files_of_one_time_are_read_as_they_were_made),
        CASE(a_file_truncated_while_it_was_down_begins_again),
        CASE(a_file_that_is_gone_is_data_loss),
        CASE(a_wide_line_ends_where_a_character_begins),
        CASE(a_new_query_may_begin_behind_the_last_line),
        CASE(what_cannot_be_is_refused),
        CASE(texts_that_are_no_places_are_refused),
    };
    enum { COUNT = sizeof cases / sizeof cases[0] };
    struct CMUnitTest tests[COUNT];
    for (int i = 0; i < COUNT; i++)
        tests[i] = (struct CMUnitTest){
            .name = cases[i].name, .test_func = run_on_every_rung, .initial_state = &cases[i]};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
