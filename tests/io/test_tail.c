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
#include "tests/support/stream_world.h"

static char *path_of(const struct stream_world *world, const char *name)
{
    static char paths[4][SCRATCH_PATH_SIZE + 64];
    static int turn;
    char *path = paths[turn++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", world->folder, name);
    return path;
}

static void add(const struct stream_world *world, const char *name, const char *text)
{
    int fd = open(path_of(world, name), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static void move(const struct stream_world *world, const char *from, const char *to)
{
    assert_int_equal(rename(path_of(world, from), path_of(world, to)), 0);
}

/* Options: the file or pattern, then up to two more. */
static void set_options(const struct stream_world *world, const char *name, const char *one,
                        const char *two, const char *out[5])
{
    static char path[SCRATCH_PATH_SIZE + 80];
    snprintf(path, sizeof path, "path=%s/%s", world->folder, name);
    out[0] = path;
    out[1] = "pollInterval=50ms";
    out[2] = one;
    out[3] = one != NULL ? two : NULL;
    out[4] = NULL;
}

static void start(struct stream_world *world, const char *name, const char *one, const char *two)
{
    const char *options[5];
    set_options(world, name, one, two, options);
    stream_world_start(world, &lt_tail_source_type, options);
}

static void expect(struct stream_world *world, uint32_t count, const char *const *texts)
{
    stream_world_read(world, count);
    assert_int_equal(world->text_count, count);
    for (uint32_t i = 0; i < count; i++)
        assert_string_equal(world->texts[i], texts[i]);
    stream_world_forget(world);
}

/* What the checkpoint would say, at this moment. */
static char *note(struct stream_world *world)
{
    struct lt_text_buffer json;
    lt_text_init(&json);
    world->reader->ops->position(world->reader, &world->start);
    world->source->ops->positions_to_json(world->source, &world->start, &json);
    return lt_text_take(&json);
}

/* The source is made anew, as by another process, and goes on from the text, which is freed. */
static int begin_again(struct stream_world *world, char *json, const char *name, const char *one)
{
    const char *options[5];
    stream_world_close_source(world);
    set_options(world, name, one, NULL, options);
    assert_int_equal(stream_world_bind(world, &lt_tail_source_type, options), 0);
    int code = world->source->ops->positions_from_json(world->source, json, &world->start,
                                                       &world->error);
    free(json);
    return code == 0 ? stream_world_open(world) : code;
}

/* Until the reader has failed. */
static const char *failure(struct stream_world *world)
{
    for (int i = 0; i < 600000 && world->status != LT_POLL_FAILED; i++) {
        stream_world_step(world);
        usleep(100);
    }
    assert_int_equal(world->status, LT_POLL_FAILED);
    return world->reader->error.text;
}

#define TEXTS(...) (const char *const[]){__VA_ARGS__}

/* ---------------------------------------------------------------------------------------- cases */

static void a_line_is_read_when_it_is_complete(struct stream_world *world)
{
    add(world, "x.log", "one\ntwo\nhal");
    start(world, "x.log", NULL, NULL);
    expect(world, 2, TEXTS("one", "two"));
    stream_world_rest(world);
    assert_int_equal(world->text_count, 0);
    add(world, "x.log", "f\nthree\n");
    expect(world, 2, TEXTS("half", "three"));
}

static void a_file_that_is_not_there_is_waited_for(struct stream_world *world)
{
    start(world, "late.log", NULL, NULL);
    stream_world_rest(world);
    add(world, "late.log", "here\n");
    expect(world, 1, TEXTS("here"));
}

static void a_renamed_file_is_read_to_its_end_and_then_the_new_one(struct stream_world *world)
{
    add(world, "x.log", "1\n");
    start(world, "x.log", NULL, NULL);
    expect(world, 1, TEXTS("1"));
    move(world, "x.log", "x.log.1");
    add(world, "x.log.1", "2\n");
    add(world, "x.log", "3\n");
    expect(world, 2, TEXTS("2", "3"));
    add(world, "x.log.1", "4\n"); /* by a writer that has not noticed */
    expect(world, 1, TEXTS("4"));
}

static void a_truncated_file_begins_again(struct stream_world *world)
{
    add(world, "x.log", "first line\nsecond line\n");
    start(world, "x.log", NULL, NULL);
    expect(world, 2, TEXTS("first line", "second line"));
    assert_int_equal(truncate(path_of(world, "x.log"), 0), 0);
    add(world, "x.log", "third\n");
    expect(world, 1, TEXTS("third"));
}

static void a_removed_file_ends_with_its_last_line(struct stream_world *world)
{
    add(world, "x.log", "one\nlast without an end");
    start(world, "x.log", NULL, NULL);
    expect(world, 1, TEXTS("one"));
    assert_int_equal(unlink(path_of(world, "x.log")), 0);
    expect(world, 1, TEXTS("last without an end"));
    free(note(world));
    stream_world_rest(world);
    char *json = note(world); /* and is let go when that is noted */
    assert_null(strstr(json, "x.log"));
    free(json);
    add(world, "x.log", "new\n");
    expect(world, 1, TEXTS("new"));
}

static void a_rotated_file_that_is_quiet_is_let_go(struct stream_world *world)
{
    add(world, "x.log", "one\nrest");
    start(world, "x.log", "rotatedTimeout=1s", NULL);
    expect(world, 1, TEXTS("one"));
    move(world, "x.log", "old");
    expect(world, 1, TEXTS("rest"));
    add(world, "old", "more\nand a rest"); /* by a writer that has slept */
    expect(world, 2, TEXTS("more", "and a rest"));
    free(note(world));
    for (int i = 0; i < 2000; i++) {
        stream_world_rest(world);
        char *json = note(world);
        bool is_gone = strstr(json, "old") == NULL;
        free(json);
        if (is_gone)
            return;
    }
    fail_msg("the file is followed still");
}

static void all_files_of_a_pattern_are_read(struct stream_world *world)
{
    assert_int_equal(mkdir(path_of(world, "a"), 0755), 0);
    add(world, "a/1.log", "a1\n");
    add(world, "a/1.txt", "not this\n");
    add(world, "a/.2.log", "nor this\n");
    start(world, "*/*.log", NULL, NULL);
    expect(world, 1, TEXTS("a1"));
    add(world, "a/3.log", "a3\n");
    expect(world, 1, TEXTS("a3"));
    assert_int_equal(mkdir(path_of(world, "b"), 0755), 0);
    add(world, "b/1.log", "b1\n");
    expect(world, 1, TEXTS("b1"));
    add(world, "a/1.log", "more\n");
    expect(world, 1, TEXTS("more"));
}

static void many_files_take_turns(struct stream_world *world)
{
    char name[32], text[32];
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 100; i++) {
            snprintf(name, sizeof name, "%02d.log", i);
            snprintf(text, sizeof text, "%d of %d\nunfinished", round, i);
            add(world, name, round == 0 ? text : "\nnext\nunfinished");
        }
        if (round == 0)
            start(world, "*.log", NULL, NULL);
        stream_world_read(world, round == 0 ? 100 : 200);
        stream_world_rest(world);
        assert_int_equal(world->text_count, round == 0 ? 100 : 200);
        stream_world_forget(world);
    }
}

static void it_says_whether_it_is_behind(struct stream_world *world)
{
    int64_t records, ms;
    add(world, "x.log", "one\n");
    start(world, "x.log", NULL, NULL);
    world->reader->ops->lag(world->reader, &records, &ms);
    assert_int_equal(records, -1); /* nobody has looked yet */
    expect(world, 1, TEXTS("one"));
    stream_world_rest(world);
    world->reader->ops->lag(world->reader, &records, &ms);
    assert_int_equal(records, 0);
    assert_int_equal(ms, 0);
    add(world, "x.log", "unfinished");
    for (int i = 0; i < 1000 && records == 0; i++) {
        stream_world_rest(world);
        world->reader->ops->lag(world->reader, &records, &ms);
    }
    assert_int_equal(records, -1);
}

/* --------------------------------------------------------------------------------- was down */

static void it_goes_on_where_it_was(struct stream_world *world)
{
    add(world, "x.log", "1\n2\n3 is not comp");
    start(world, "x.log", NULL, NULL);
    expect(world, 2, TEXTS("1", "2"));
    char *json = note(world);
    add(world, "x.log", "lete\n4\n");
    assert_int_equal(begin_again(world, json, "x.log", NULL), 0);
    expect(world, 2, TEXTS("3 is not complete", "4"));
}

static void rotations_while_it_was_down_lose_nothing(struct stream_world *world)
{
    add(world, "x.log", "1\n");
    add(world, "x.log.7", "an old one, from before\n");
    usleep(60000); /* its time is before the query's */
    start(world, "x.log", NULL, NULL);
    expect(world, 1, TEXTS("1"));
    char *json = note(world);
    add(world, "x.log", "2\n");
    move(world, "x.log", "x.log.1");
    add(world, "x.log", "3\n"); /* made and renamed before anybody looks */
    usleep(20000); /* files are read in the order of their times */
    move(world, "x.log", "x.log.2");
    add(world, "x.log", "4\n");
    assert_int_equal(begin_again(world, json, "x.log", NULL), 0);
    expect(world, 3, TEXTS("2", "3", "4"));
    stream_world_rest(world);
    assert_int_equal(world->text_count, 0);
    json = note(world);
    assert_int_equal(begin_again(world, json, "x.log", NULL), 0);
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
    add(world, "x.log", "1\n");
    start(world, "x.log", NULL, NULL);
    expect(world, 1, TEXTS("1"));
    char *json = note(world);
    move(world, "x.log", "x.log.9");
    for (int i = 2; i > 0; i--) {
        char name[16], line[16];
        snprintf(name, sizeof name, "x.log.%d", i);
        snprintf(line, sizeof line, "%d\n", 4 - i);
        usleep(20000);
        add(world, name, line);
        assert_int_equal(utimensat(AT_FDCWD, path_of(world, name), times, 0), 0);
    }
    if (knows_birth(path_of(world, "x.log.1"))) {
        assert_int_equal(begin_again(world, json, "x.log", NULL), 0);
        expect(world, 2, TEXTS("2", "3"));
    } else {
        free(json);
    }
}

static void a_file_truncated_while_it_was_down_begins_again(struct stream_world *world)
{
    add(world, "x.log", "a line that was read\n");
    start(world, "x.log", NULL, NULL);
    expect(world, 1, TEXTS("a line that was read"));
    char *json = note(world);
    assert_int_equal(truncate(path_of(world, "x.log"), 0), 0);
    add(world, "x.log", "another that is longer than the first one was\n");
    assert_int_equal(begin_again(world, json, "x.log", NULL), 0);
    expect(world, 1, TEXTS("another that is longer than the first one was"));
}

static void a_file_that_is_gone_is_data_loss(struct stream_world *world)
{
    char text[256];
    add(world, "x.log", "1\n");
    start(world, "x.log", NULL, NULL);
    expect(world, 1, TEXTS("1"));
    char *json = note(world), *copy = strdup(json);
    assert_int_equal(unlink(path_of(world, "x.log")), 0);
    add(world, "x.log", "2\n");
    add(world, "keeper", ""); /* so that the inode is not given again */
    struct stat status;
    assert_int_equal(stat(path_of(world, "x.log"), &status), 0);
    snprintf(text, sizeof text, "\"inode\":%lu,", (unsigned long)status.st_ino);
    if (strstr(json, text) != NULL) { /* it was: then the file looks truncated */
        free(json);
        free(copy);
        return;
    }
    assert_int_equal(begin_again(world, json, "x.log", NULL), 0);
    snprintf(text, sizeof text, "source tail: '%s' (inode ", path_of(world, "x.log"));
    assert_memory_equal(failure(world), text, strlen(text));
    assert_non_null(strstr(world->reader->error.text,
                           "is gone, and what stood in it behind byte 2 was not read; hint: put it "
                           "back into its directory under any name, or set failOnDataLoss to "
                           "false to go on without"));
    assert_int_equal(world->reader->error.code, LT_E_DATA_LOSS);
    world->status = LT_POLL_IDLE;
    assert_int_equal(begin_again(world, copy, "x.log", "failOnDataLoss=false"), 0);
    expect(world, 1, TEXTS("2"));
}

static void add_bytes(const struct stream_world *world, const char *name, const char *bytes,
                      size_t size_bytes)
{
    int fd = open(path_of(world, name), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, size_bytes), (ssize_t)size_bytes);
    close(fd);
}

/* In the line that is not finished the two bytes of a line feed lie across two characters. */
static void a_wide_line_ends_where_a_character_begins(struct stream_world *world)
{
    static const char begun[] = "o\0l\0d\0\n\0h\0a\n\0l";
    add_bytes(world, "x.log", begun, sizeof begun - 1);
    start(world, "x.log", "startingPosition=latest", "encoding=UTF-16LE");
    stream_world_rest(world);
    add_bytes(world, "x.log", "f\0\n\0", 4);
    expect(world, 1, TEXTS("h\xe0\xa9\xa1\xe6\xb0\x80" "f"));
}

static void a_new_query_may_begin_behind_the_last_line(struct stream_world *world)
{
    add(world, "x.log", "old\nhal");
    start(world, "x.log", "startingPosition=latest", NULL);
    stream_world_rest(world);
    add(world, "x.log", "f\n");
    expect(world, 1, TEXTS("half"));
    add(world, "x.log.9", "");
    move(world, "x.log", "x.log.9");
    add(world, "x.log", "whole\n");
    expect(world, 1, TEXTS("whole"));
}

/* ----------------------------------------------------------------------------------- to an end */

static void open_to(struct stream_world *world, struct lt_position end)
{
    static const uint32_t partition = 0;
    assert_int_equal(world->source->ops->open_reader(world->source, &world->env, &partition, 1,
                                                     &world->start, &end, &world->reader,
                                                     &world->error),
                     0);
}

static void read_to_end(struct stream_world *world)
{
    for (int i = 0; i < 600000 && world->status != LT_POLL_ENDED; i++) {
        stream_world_step(world);
        assert_true(world->status != LT_POLL_FAILED);
        usleep(50);
    }
    assert_int_equal(world->status, LT_POLL_ENDED);
}

static void a_range_is_read_again_exactly(struct stream_world *world)
{
    add(world, "x.log", "1\n");
    start(world, "x.log", NULL, NULL);
    expect(world, 1, TEXTS("1"));
    char *begin = note(world);
    add(world, "x.log", "2\n");
    expect(world, 1, TEXTS("2"));
    move(world, "x.log", "x.log.1");
    add(world, "x.log", "3\n");
    expect(world, 1, TEXTS("3"));
    char *json = note(world);
    add(world, "x.log", "4\n");
    stream_world_close_reader(world);
    struct lt_position end;
    assert_int_equal(world->source->ops->positions_from_json(world->source, json, &end, NULL), 0);
    assert_int_equal(
        world->source->ops->positions_from_json(world->source, begin, &world->start, NULL), 0);
    open_to(world, end);
    read_to_end(world);
    expect(world, 2, TEXTS("2", "3"));
    struct lt_position reached;
    world->reader->ops->position(world->reader, &reached);
    assert_memory_equal(&reached, &end, sizeof end);
    free(begin);
    free(json);
}

static void it_ends_where_the_files_end_now(struct stream_world *world)
{
    struct lt_position end;
    const char *options[5];
    add(world, "x.log", "1\n2\nunfinished");
    set_options(world, "x.log", NULL, NULL, options);
    assert_int_equal(stream_world_bind(world, &lt_tail_source_type, options), 0);
    assert_int_equal(world->source->ops->latest(world->source, &end, NULL), 0);
    add(world, "x.log", " no more\n3\n");
    add(world, "y.log", "not of the pattern\n");
    open_to(world, end);
    read_to_end(world);
    expect(world, 2, TEXTS("1", "2"));
    char *json = note(world);
    world->status = LT_POLL_IDLE;
    assert_int_equal(begin_again(world, json, "x.log", NULL), 0);
    stream_world_read(world, 2);
    assert_string_equal(world->texts[0], "unfinished no more");
    stream_world_forget(world);
}

static void an_end_of_what_is_not_there_is_refused(struct stream_world *world)
{
    struct lt_position end;
    const char *options[5];
    set_options(world, "x.log", NULL, NULL, options);
    assert_int_equal(stream_world_bind(world, &lt_tail_source_type, options), 0);
    assert_int_equal(world->source->ops->latest(world->source, &end, &world->error),
                     LT_E_NOT_FOUND);
    assert_non_null(strstr(world->error.text, "/x.log' is not there, and up to its end now "));
    stream_world_close_source(world);
    set_options(world, "*.log", NULL, NULL, options); /* a pattern may match nothing yet */
    assert_int_equal(stream_world_bind(world, &lt_tail_source_type, options), 0);
    assert_int_equal(world->source->ops->latest(world->source, &end, &world->error), 0);
}

/* Rotation has taken the name away, and nobody has come back to it yet. */
static void an_end_of_what_was_read_before_is_none(struct stream_world *world)
{
    struct lt_position end;
    add(world, "x.log", "one\n");
    start(world, "x.log", NULL, NULL);
    expect(world, 1, TEXTS("one"));
    char *json = note(world);
    assert_int_equal(unlink(path_of(world, "x.log")), 0);
    assert_int_equal(begin_again(world, json, "x.log", "failOnDataLoss=false"), 0);
    assert_int_equal(world->source->ops->latest(world->source, &end, &world->error), 0);
}

/* -------------------------------------------------------------------------------------- refused */

static void refuse(struct stream_world *world, const char *one, const char *two, const char *text)
{
    const char *options[5];
    set_options(world, "x.log", one, two, options);
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
    assert_int_equal(mkdir(path_of(world, "x.log"), 0755), 0);
    start(world, "x.log", NULL, NULL);
    assert_non_null(strstr(failure(world), "is no regular file; hint: a pattern"));
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
    set_options(world, "x.log", NULL, NULL, options);
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
        CASE(a_range_is_read_again_exactly),
        CASE(it_ends_where_the_files_end_now),
        CASE(an_end_of_what_is_not_there_is_refused),
        CASE(an_end_of_what_was_read_before_is_none),
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
