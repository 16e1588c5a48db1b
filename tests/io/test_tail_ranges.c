/*
 * The source tail up to an end: a range that is read again, with files that have come and gone
 * since it began, and the end as it is now.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/tail.h"
#include "tests/support/tail_world.h"

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

/* Both texts are freed. */
static struct lt_position open_range(struct stream_world *world, char *begin, char *end)
{
    stream_world_close_reader(world);
    struct lt_position stop = tail_position_of(world, end);
    world->start = tail_position_of(world, begin);
    open_to(world, stop);
    return stop;
}

static void expect_end(struct stream_world *world, struct lt_position end)
{
    struct lt_position reached;
    world->reader->ops->position(world->reader, &reached);
    assert_memory_equal(&reached, &end, sizeof end);
}

static void a_range_is_read_again_exactly(struct stream_world *world)
{
    tail_add(world, "x.log", "1\n");
    tail_start(world, "x.log", NULL, NULL);
    tail_expect(world, 1, TEXTS("1"));
    char *begin = tail_note(world);
    tail_add(world, "x.log", "2\n");
    tail_expect(world, 1, TEXTS("2"));
    tail_move(world, "x.log", "x.log.1");
    tail_add(world, "x.log", "3\n");
    tail_expect(world, 1, TEXTS("3"));
    char *json = tail_note(world);
    tail_add(world, "x.log", "4\n");
    struct lt_position end = open_range(world, begin, json);
    read_to_end(world);
    tail_expect(world, 2, TEXTS("2", "3"));
    expect_end(world, end);
}

/* All of it was read before the range began. */
static void a_file_that_was_let_go_within_a_range_does_not_hold_it_up(struct stream_world *world)
{
    char *json = NULL;
    tail_add(world, "x.log", "1\n");
    tail_start(world, "x.log", "rotatedTimeout=10ms", NULL);
    tail_expect(world, 1, TEXTS("1"));
    tail_move(world, "x.log", "old");
    char *begin = tail_note_for_good(world);
    for (int i = 0; i < 2000 && (json == NULL || strstr(json, "\"rotated\"") != NULL ||
                                 strstr(json, "\"inode\"") != NULL);
         i++) {
        stream_world_rest(world);
        free(json);
        json = tail_note_for_good(world);
    }
    assert_null(strstr(json, "\"inode\""));
    free(json);
    tail_add(world, "x.log", "2\n");
    tail_expect(world, 1, TEXTS("2"));
    json = tail_note(world);
    struct lt_position end = open_range(world, begin, json);
    read_to_end(world);
    tail_expect(world, 1, TEXTS("2"));
    expect_end(world, end);
}

/* A place that says that a file is gone and was read to its end; lines of another make places. */
static char *note_rotated(struct stream_world *world)
{
    for (int i = 0; i < 2000; i++) {
        tail_add(world, "y.log", "other\n");
        stream_world_rest(world);
        char *json = tail_note(world);
        if (strstr(json, "\"rotated\"") != NULL)
            return json;
        free(json);
    }
    fail_msg("nobody has noted that the file is gone");
    return NULL;
}

/* The file goes, whose range from `begin`, which is freed, is then to be read again from that byte.
 */
static void lose(struct stream_world *world, char *begin, int byte)
{
    char text[128];
    assert_int_equal(unlink(tail_path(world, "x.log")), 0);
    char *json = note_rotated(world);
    (void)open_range(world, begin, json);
    snprintf(text, sizeof text,
             "is gone, and what stood in it behind byte %d was not read; hint: put it back", byte);
    assert_non_null(strstr(tail_failure(world), text));
    assert_int_equal(world->reader->error.code, LT_E_DATA_LOSS);
    world->status = LT_POLL_IDLE;
}

/* It had been read to its end; but of that the range that is to be read again has nothing. */
static void a_file_of_a_range_that_is_gone_is_data_loss(struct stream_world *world)
{
    tail_add(world, "x.log", "1\n");
    tail_start(world, "*.log", NULL, NULL);
    tail_expect(world, 1, TEXTS("1"));
    char *begin = tail_note(world);
    tail_add(world, "x.log", "2\n");
    tail_expect(world, 1, TEXTS("2"));
    lose(world, begin, 2);
}

/* The same of one that is not known at the range's beginning. */
static void a_new_file_of_a_range_that_is_gone_is_data_loss(struct stream_world *world)
{
    tail_start(world, "*.log", NULL, NULL);
    stream_world_rest(world);
    char *begin = tail_note(world);
    tail_add(world, "x.log", "1\n");
    tail_expect(world, 1, TEXTS("1"));
    lose(world, begin, 0);
}

static void it_ends_where_the_files_end_now(struct stream_world *world)
{
    struct lt_position end;
    const char *options[5];
    tail_add(world, "x.log", "1\n2\nunfinished");
    tail_options(world, "x.log", NULL, NULL, options);
    assert_int_equal(stream_world_bind(world, &lt_tail_source_type, options), 0);
    assert_int_equal(world->source->ops->latest(world->source, &end, NULL), 0);
    tail_add(world, "x.log", " no more\n3\n");
    tail_add(world, "y.log", "not of the pattern\n");
    open_to(world, end);
    read_to_end(world);
    tail_expect(world, 2, TEXTS("1", "2"));
    char *json = tail_note(world);
    world->status = LT_POLL_IDLE;
    assert_int_equal(tail_begin_again(world, json, "x.log", NULL), 0);
    stream_world_read(world, 2);
    assert_string_equal(world->texts[0], "unfinished no more");
    stream_world_forget(world);
}

static void an_end_of_what_is_not_there_is_refused(struct stream_world *world)
{
    struct lt_position end;
    const char *options[5];
    tail_options(world, "x.log", NULL, NULL, options);
    assert_int_equal(stream_world_bind(world, &lt_tail_source_type, options), 0);
    assert_int_equal(world->source->ops->latest(world->source, &end, &world->error),
                     LT_E_NOT_FOUND);
    assert_non_null(strstr(world->error.text, "/x.log' is not there, and up to its end now "));
    stream_world_close_source(world);
    tail_options(world, "*.log", NULL, NULL, options); /* a pattern may match nothing yet */
    assert_int_equal(stream_world_bind(world, &lt_tail_source_type, options), 0);
    assert_int_equal(world->source->ops->latest(world->source, &end, &world->error), 0);
}

/* Rotation has taken the name away, and nobody has come back to it yet. */
static void an_end_of_what_was_read_before_is_none(struct stream_world *world)
{
    struct lt_position end;
    tail_add(world, "x.log", "one\n");
    tail_start(world, "x.log", NULL, NULL);
    tail_expect(world, 1, TEXTS("one"));
    char *json = tail_note(world);
    assert_int_equal(unlink(tail_path(world, "x.log")), 0);
    assert_int_equal(tail_begin_again(world, json, "x.log", "failOnDataLoss=false"), 0);
    assert_int_equal(world->source->ops->latest(world->source, &end, &world->error), 0);
}

int main(void)
{
    static const struct stream_case cases[] = {
        STREAM_CASE(a_range_is_read_again_exactly),
        STREAM_CASE(a_file_that_was_let_go_within_a_range_does_not_hold_it_up),
        STREAM_CASE(a_file_of_a_range_that_is_gone_is_data_loss),
        STREAM_CASE(a_new_file_of_a_range_that_is_gone_is_data_loss),
        STREAM_CASE(it_ends_where_the_files_end_now),
        STREAM_CASE(an_end_of_what_is_not_there_is_refused),
        STREAM_CASE(an_end_of_what_was_read_before_is_none),
    };
    return stream_world_run(cases, sizeof cases / sizeof cases[0]);
}
