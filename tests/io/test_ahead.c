/*
 * Micro-batches of sockets: a batch takes what had come when it was planned, in order and once;
 * what comes later is the next one's; and what was planned before a crash is read again if there is
 * a spool.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/arena.h"
#include "core/base/log.h"
#include "io/tail.h"
#include "io/tcp.h"
#include "io/udp.h"
#include "tests/support/stream_world.h"

#define OPTIONS(...) ((const char *const[]){__VA_ARGS__, NULL})

enum { STEPS_MAX = 600000 };

/* As a lane does: at an end that is where it begins. */
static void open_in_batches(struct stream_world *world)
{
    static const uint32_t partition = 0;
    world->env.in_batches = true;
    int code = world->source->ops->open_reader(world->source, &world->env, &partition, 1,
                                               &world->start, &world->start, &world->reader,
                                               &world->error);
    if (code != 0)
        fail_msg("%s", world->error.text);
}

static uint16_t listen_in_batches(struct stream_world *world, const char *more)
{
    static char port_option[32];
    uint16_t port = stream_world_port(SOCK_STREAM);
    snprintf(port_option, sizeof port_option, "port=%u", port);
    if (stream_world_bind(world, &lt_tcp_listen_source_type,
                          OPTIONS(port_option, "host=127.0.0.1", more)) != 0)
        fail_msg("%s", world->error.text);
    open_in_batches(world);
    return port;
}

static struct lt_position latest(struct stream_world *world)
{
    struct lt_position position;
    assert_int_equal(world->source->ops->latest(world->source, &position, &world->error), 0);
    return position;
}

/* Between two batches, until so many rows have come. */
static struct lt_position wait_for(struct stream_world *world, int64_t rows)
{
    for (int i = 0; i < STEPS_MAX && latest(world).offset < rows; i++) {
        (void)world->reader->ops->has_more(world->reader);
        lt_reactor_poll(world->reactor);
        usleep(50);
    }
    assert_true(latest(world).offset >= rows);
    return latest(world);
}

static void run_batch(struct stream_world *world, struct lt_position end)
{
    uint32_t count;
    int status = LT_POLL_MORE;
    if (world->reader->ops->extend(world->reader, &end, &world->error) != 0)
        fail_msg("%s", world->error.text);
    for (int i = 0; i < STEPS_MAX && status != LT_POLL_ENDED; i++) {
        status = world->reader->ops->poll(world->reader, &world->out, 3, &count);
        assert_int_not_equal(status, LT_POLL_FAILED);
        lt_reactor_poll(world->reactor);
        if (status == LT_POLL_IDLE)
            usleep(50); /* a spool's disk has its own pace */
    }
    assert_int_equal(status, LT_POLL_ENDED);
    world->reader->ops->position(world->reader, &world->start);
    assert_int_equal(world->start.offset, end.offset);
}

static void expect(struct stream_world *world, const char *const *texts)
{
    uint32_t count = 0;
    for (; texts[count] != NULL; count++)
        if (count < world->text_count)
            assert_string_equal(world->texts[count], texts[count]);
    assert_int_equal(world->text_count, count);
    assert_int_equal(world->batch_ends > 0, count > 0);
    stream_world_forget(world);
}

static void a_batch_takes_what_had_come_when_it_was_planned(struct stream_world *world)
{
    int fd = stream_world_connect(listen_in_batches(world, NULL));
    assert_int_equal(latest(world).offset, 0);
    run_batch(world, latest(world)); /* without data */
    expect(world, OPTIONS(NULL));
    stream_world_send(fd, "one\ntwo\nthr");
    struct lt_position planned = wait_for(world, 2);
    stream_world_send(fd, "ee\nfour\n");
    wait_for(world, 4);
    run_batch(world, planned);
    expect(world, OPTIONS("one", "two"));
    assert_true(world->reader->ops->has_more(world->reader));
    stream_world_send(fd, "five\nsix\nseven\n");
    run_batch(world, wait_for(world, 7));
    expect(world, OPTIONS("three", "four", "five", "six", "seven"));
    assert_false(world->reader->ops->has_more(world->reader));
    assert_true(world->reader->ops->is_idle(world->reader));
    close(fd);
}

static void a_full_queue_stops_the_sender_and_nothing_is_lost(struct stream_world *world)
{
    enum { LINES = 20000 };
    int fd = stream_world_connect(listen_in_batches(world, "receiveBufferSize=64k"));
    char text[101];
    int sent = 0, blocked = 0;
    uint32_t seen = 0;
    while (seen < LINES) {
        snprintf(text, sizeof text, "%099d\n", sent);
        bool is_sent = sent < LINES && send(fd, text, 100, MSG_DONTWAIT) == 100;
        sent += is_sent;
        blocked = is_sent ? 0 : blocked + 1;
        (void)world->reader->ops->has_more(world->reader);
        lt_reactor_poll(world->reactor);
        if (blocked < 100)
            continue;
        assert_true(sent == LINES || world->reader->ops->has_more(world->reader));
        run_batch(world, latest(world));
        assert_in_range(world->text_count, 1, 256); /* as many as wait in the queue */
        for (uint32_t i = 0; i < world->text_count; i++)
            assert_int_equal(strtol(world->texts[i], NULL, 10), seen++);
        stream_world_forget(world);
        blocked = 0;
    }
    close(fd);
}

static void records_that_fail_keep_their_place(struct stream_world *world)
{
    int fd = stream_world_connect(listen_in_batches(world, "maxRecordBytes=5"));
    stream_world_send(fd, "one\nfar too long\nlost\n"); /* the stream is cut off there */
    run_batch(world, wait_for(world, 1));
    expect(world, OPTIONS("one"));
    close(fd);
}

static void what_was_planned_is_read_again_of_a_spool(struct stream_world *world)
{
    char spool[SCRATCH_PATH_SIZE + 16];
    struct lt_source_log log = {0};
    snprintf(spool, sizeof spool, "spool=%s/spool", world->folder);
    int fd = stream_world_connect(listen_in_batches(world, spool));
    stream_world_send(fd, "one\ntwo\n");
    run_batch(world, wait_for(world, 2));
    expect(world, OPTIONS("one", "two"));
    struct lt_position begun = world->start;
    stream_world_send(fd, "three\nfour\n");
    struct lt_position planned = wait_for(world, 4);
    stream_world_send(fd, "five\n");
    wait_for(world, 5);
    for (int i = 0; i < STEPS_MAX && world->source->ops->settle(world->source, 1, &planned, &log,
                                                                &world->error) != 1;
         i++) {
        (void)world->reader->ops->has_more(world->reader); /* where the spool is synced */
        lt_reactor_poll(world->reactor);
    }
    stream_world_close_source(world);
    close(fd);
    fd = stream_world_connect(listen_in_batches(world, spool));
    stream_world_close_reader(world);
    world->start = begun;
    open_in_batches(world);
    run_batch(world, planned);
    expect(world, OPTIONS("three", "four"));
    stream_world_send(fd, "six\n");
    run_batch(world, wait_for(world, 6));
    expect(world, OPTIONS("five", "six"));
    close(fd);
}

static void without_a_spool_what_was_planned_is_gone(struct stream_world *world)
{
    struct lt_position planned = {.offset = 7};
    listen_in_batches(world, NULL);
    assert_int_equal(world->reader->ops->extend(world->reader, &planned, &world->error),
                     LT_E_DATA_LOSS);
    assert_non_null(strstr(world->error.text, "rows 0 to 6 were received before"));
}

/* ---------------------------------------------------------------------------------------- tail */

static void add(const struct stream_world *world, const char *name, const char *text)
{
    char path[SCRATCH_PATH_SIZE + 16];
    snprintf(path, sizeof path, "%s/%s", world->folder, name);
    FILE *file = fopen(path, "a");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void bind_tail_of(struct stream_world *world, const char *names)
{
    char path[SCRATCH_PATH_SIZE + 16];
    snprintf(path, sizeof path, "path=%s/%s", world->folder, names);
    if (stream_world_bind(world, &lt_tail_source_type, OPTIONS(path, "pollInterval=20ms")) != 0)
        fail_msg("%s", world->error.text);
    world->env.in_batches = true;
    assert_int_equal(world->source->ops->connect(world->source, &world->env, &world->error), 0);
}

static void bind_tail(struct stream_world *world)
{
    bind_tail_of(world, "x.log");
}

/* Until so many bytes of all files have been read. */
static struct lt_position wait_for_bytes(struct stream_world *world, int64_t bytes)
{
    for (int i = 0; i < STEPS_MAX && latest(world).extra < bytes; i++) {
        (void)world->reader->ops->has_more(world->reader);
        lt_reactor_poll(world->reactor);
        usleep(50);
    }
    assert_int_equal(latest(world).extra, bytes);
    return latest(world);
}

static char *json_of(struct stream_world *world, struct lt_position position)
{
    struct lt_text_buffer json;
    lt_text_init(&json);
    world->source->ops->positions_to_json(world->source, &position, &json);
    return lt_text_take(&json);
}

static struct lt_position position_of(struct stream_world *world, char *json)
{
    struct lt_position position;
    assert_int_equal(world->source->ops->positions_from_json(world->source, json, &position,
                                                             &world->error),
                     0);
    free(json);
    return position;
}

static void a_growing_file_comes_in_batches(struct stream_world *world)
{
    char old[SCRATCH_PATH_SIZE + 16], new[SCRATCH_PATH_SIZE + 16];
    bind_tail(world);
    open_in_batches(world);
    add(world, "x.log", "one\ntwo\nthr");
    run_batch(world, wait_for_bytes(world, 8));
    expect(world, OPTIONS("one", "two"));
    char *begun = json_of(world, world->start);
    add(world, "x.log", "ee\n");
    snprintf(old, sizeof old, "%s/x.log", world->folder);
    snprintf(new, sizeof new, "%s/x.log.1", world->folder);
    assert_int_equal(rename(old, new), 0);
    add(world, "x.log", "four\n");
    char *planned = json_of(world, wait_for_bytes(world, 19));
    add(world, "x.log", "five\n");
    wait_for_bytes(world, 24);
    stream_world_close_source(world); /* a crash */
    bind_tail(world);
    world->start = position_of(world, begun);
    open_in_batches(world);
    run_batch(world, position_of(world, planned));
    expect(world, OPTIONS("three", "four"));
    run_batch(world, wait_for_bytes(world, 24));
    expect(world, OPTIONS("five"));
}

static void step(struct stream_world *world)
{
    (void)world->reader->ops->has_more(world->reader);
    lt_reactor_poll(world->reactor);
    usleep(50);
}

/* Rows that come one by one while a batch is waited for: each ends what was read ahead anew, at a
 * place of all files. */
static void of_all_the_places_only_those_are_kept_that_a_batch_may_end_at(
    struct stream_world *world)
{
    enum { FILES = 500, BATCHES = 6, LINES = 100 /* they wait in the queue */ };
    char name[16], text[16];
    bind_tail_of(world, "*.log");
    const struct lt_tail_source *tail = (struct lt_tail_source *)world->source;
    open_in_batches(world);
    for (int i = 0; i < FILES; i++) {
        snprintf(name, sizeof name, "%d.log", i);
        add(world, name, "");
    }
    for (int batch = 0; batch < BATCHES; batch++) { /* none is committed */
        struct lt_position told = latest(world);
        for (int line = 0; line < LINES; line++) {
            int64_t places = tail->places.next_number;
            snprintf(text, sizeof text, "%d\n", line);
            snprintf(name, sizeof name, "%d.log", (line * 7) % FILES);
            add(world, name, text);
            for (int i = 0; i < STEPS_MAX && tail->places.next_number == places; i++)
                step(world);
        }
        run_batch(world, told); /* what has come since does not change where it ends */
        assert_int_equal(world->text_count, 0);
        run_batch(world, latest(world));
        assert_int_equal(world->text_count, LINES);
        for (int line = 0; line < LINES; line++)
            assert_int_equal(strtol(world->texts[line], NULL, 10), line);
        stream_world_forget(world);
    }
    assert_true(tail->places.next_number > (int64_t)BATCHES * LINES);
    assert_true(tail->places.count <= 2 * BATCHES + 2);
}

/* A line for the file; it is told then, after the place that it makes. */
static void add_one(struct stream_world *world, const char *name, const char *text)
{
    const struct lt_tail_source *tail = (struct lt_tail_source *)world->source;
    int64_t places = tail->places.next_number;
    add(world, name, text);
    for (int i = 0; i < STEPS_MAX && tail->places.next_number == places; i++)
        step(world);
    assert_true(tail->places.next_number > places);
}

/* It is over long before the batch is. */
static void a_file_that_has_ended_within_a_batch_is_read_again_with_it(struct stream_world *world)
{
    enum { LINES = 20 };
    char here[SCRATCH_PATH_SIZE + 16], folder[SCRATCH_PATH_SIZE + 16],
        away[SCRATCH_PATH_SIZE + 16];
    snprintf(here, sizeof here, "%s/x.log", world->folder);
    snprintf(folder, sizeof folder, "%s/away", world->folder);
    snprintf(away, sizeof away, "%s/away/x.log", world->folder);
    assert_int_equal(mkdir(folder, 0755), 0);
    bind_tail_of(world, "*.log");
    open_in_batches(world);
    add(world, "x.log", "one\n");
    run_batch(world, wait_for_bytes(world, 4));
    expect(world, OPTIONS("one"));
    char *begun = json_of(world, world->start);
    add(world, "x.log", "two\n");
    wait_for_bytes(world, 8);
    assert_int_equal(rename(here, away), 0);
    for (int i = 0; i < STEPS_MAX && strstr(stream_world_log, "was removed") == NULL; i++)
        step(world);
    assert_non_null(strstr(stream_world_log, "/x.log' was removed: read on to its end"));
    for (int line = 0; line < LINES; line++)
        add_one(world, "y.log", "other\n");
    char *planned = json_of(world, latest(world));
    stream_world_close_source(world); /* a crash */
    assert_int_equal(rename(away, here), 0);
    bind_tail_of(world, "*.log");
    world->start = position_of(world, begun);
    open_in_batches(world);
    run_batch(world, position_of(world, planned));
    assert_true(stream_world_has(world, "two"));
    assert_int_equal(world->text_count, 1 + LINES);
}

/* The last batch that has rows ends before anybody knows that the file is gone. */
static void a_file_that_went_when_all_was_read_holds_nobody_up(struct stream_world *world)
{
    char path[SCRATCH_PATH_SIZE + 16];
    bind_tail_of(world, "*.log");
    open_in_batches(world);
    add(world, "x.log", "one\n");
    run_batch(world, wait_for_bytes(world, 4));
    expect(world, OPTIONS("one"));
    world->source->ops->commit(world->source, 1, &world->start);
    snprintf(path, sizeof path, "%s/x.log", world->folder);
    assert_int_equal(unlink(path), 0);
    for (int i = 0; i < STEPS_MAX && latest(world).offset == world->start.offset; i++)
        step(world);
    assert_true(world->reader->ops->has_more(world->reader));
    run_batch(world, latest(world));
    expect(world, OPTIONS(NULL));
    assert_false(world->reader->ops->has_more(world->reader));
    char *json = json_of(world, world->start);
    assert_null(strstr(json, "\"inode\""));
    stream_world_close_source(world);
    bind_tail_of(world, "*.log");
    world->start = position_of(world, json);
    open_in_batches(world);
    add(world, "y.log", "two\n");
    run_batch(world, wait_for_bytes(world, 4));
    expect(world, OPTIONS("two"));
}

static void datagrams_come_in_batches_too(struct stream_world *world)
{
    char port_option[32];
    uint16_t port = stream_world_port(SOCK_DGRAM);
    snprintf(port_option, sizeof port_option, "port=%u", port);
    assert_int_equal(
        stream_world_bind(world, &lt_udp_source_type, OPTIONS(port_option, "host=127.0.0.1")), 0);
    open_in_batches(world);
    int fd = stream_world_datagrams_to(port);
    stream_world_send(fd, "one");
    stream_world_send(fd, "two");
    run_batch(world, wait_for(world, 2));
    expect(world, OPTIONS("one", "two"));
    close(fd);
}

int main(void)
{
    static const struct stream_case cases[] = {
        STREAM_CASE(a_batch_takes_what_had_come_when_it_was_planned),
        STREAM_CASE(a_full_queue_stops_the_sender_and_nothing_is_lost),
        STREAM_CASE(records_that_fail_keep_their_place),
        STREAM_CASE(what_was_planned_is_read_again_of_a_spool),
        STREAM_CASE(without_a_spool_what_was_planned_is_gone),
        STREAM_CASE(datagrams_come_in_batches_too),
        STREAM_CASE(a_growing_file_comes_in_batches),
        STREAM_CASE(a_file_that_has_ended_within_a_batch_is_read_again_with_it),
        STREAM_CASE(a_file_that_went_when_all_was_read_holds_nobody_up),
        STREAM_CASE(of_all_the_places_only_those_are_kept_that_a_batch_may_end_at),
    };
    lt_log_set_level(LT_LOG_INFO);
    stream_world_keep_log();
    return stream_world_run(cases, sizeof cases / sizeof cases[0]);
}
