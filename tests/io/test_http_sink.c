/*
 * The HTTP sink against a server in this process that answers as it is told, over io_uring and
 * over epoll.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/arena.h"
#include "io/http_sink.h"
#include "tests/support/collector.h"
#include "tests/support/reactor_suite.h"

enum { REQUESTS_MAX = 64, CUT_OFF = 1, BODY_MAX = 8192, PATIENCE_S = 60 };

/* ------------------------------------------------------------------------------------- a server */

/* What is answered: a status, or 0 to hang up without a word, or CUT_OFF within a good one. The
 * last one holds for all after. */
struct server {
    const int *statuses;
    const char *refused; /* a body with this text in it is answered 422, whatever is told */
    int listener;
    in_port_t port;
    pthread_t thread;
    pthread_mutex_t lock;
    uint32_t count; /* under the lock, as: */
    char bodies[REQUESTS_MAX][BODY_MAX];
    char keys[REQUESTS_MAX][256];
    int answered[REQUESTS_MAX];
};

static bool read_request(int fd, char *text, size_t size)
{
    size_t have = 0;
    for (;;) {
        ssize_t got = recv(fd, text + have, size - 1 - have, 0);
        if (got <= 0)
            return false;
        have += (size_t)got;
        text[have] = '\0';
        const char *body = strstr(text, "\r\n\r\n");
        const char *length = strcasestr(text, "Content-Length:");
        if (body != NULL && length != NULL &&
            strlen(body + 4) >= strtoul(length + strlen("Content-Length:"), NULL, 10))
            return true;
    }
}

static int note_request(struct server *server, const char *text)
{
    pthread_mutex_lock(&server->lock);
    uint32_t at = server->count++;
    assert_true(at < REQUESTS_MAX);
    snprintf(server->bodies[at], BODY_MAX, "%s", strstr(text, "\r\n\r\n") + 4);
    const char *key = strstr(text, "Idempotency-Key: ");
    if (key != NULL)
        snprintf(server->keys[at], sizeof server->keys[at], "%.*s", (int)strcspn(key, "\r"), key);
    uint32_t told = 0;
    while (told < at && server->statuses[told + 1] >= 0)
        told++;
    int status = server->statuses[told];
    if (server->refused != NULL && strstr(server->bodies[at], server->refused) != NULL)
        status = 422;
    server->answered[at] = status;
    pthread_mutex_unlock(&server->lock);
    return status;
}

static void *serve(void *argument)
{
    struct server *server = argument;
    static char text[2 * BODY_MAX];
    for (;;) {
        int fd = accept(server->listener, NULL, NULL);
        if (fd < 0)
            return NULL; /* shut down: the end */
        while (read_request(fd, text, sizeof text)) {
            char answer[128];
            int status = note_request(server, text);
            if (status == 0)
                break;
            if (status == CUT_OFF) {
                static const char begin[] = "HTTP/1.1 200 OK\r\nContent-Le";
                (void)send(fd, begin, strlen(begin), MSG_NOSIGNAL);
                break;
            }
            int size = snprintf(answer, sizeof answer,
                                "HTTP/1.1 %d X\r\nContent-Length: 4\r\n\r\nwhy\n", status);
            if (send(fd, answer, (size_t)size, MSG_NOSIGNAL) != size)
                break;
        }
        close(fd);
    }
}

static struct server *server_start(const int *statuses)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    struct server *server = lt_alloc(sizeof *server);
    server->statuses = statuses;
    pthread_mutex_init(&server->lock, NULL);
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(server->listener, (struct sockaddr *)(void *)&address, size), 0);
    assert_int_equal(listen(server->listener, 8), 0);
    assert_int_equal(getsockname(server->listener, (struct sockaddr *)(void *)&address, &size), 0);
    server->port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
    return server;
}

/* Its connections are closed. What it has noted may be looked at afterwards. */
static void server_stop(struct server *server)
{
    shutdown(server->listener, SHUT_RDWR);
    assert_int_equal(pthread_join(server->thread, NULL), 0);
    close(server->listener);
}

static void server_destroy(struct server *server)
{
    pthread_mutex_destroy(&server->lock);
    free(server);
}

/* -------------------------------------------------------------------------------------- a lane */

struct lane {
    struct lt_out out; /* what the sink fails goes here */
    struct server *server;
    struct fixture fixture;
    struct lt_reactor *reactor; /* the fixture's */
    struct lt_arena *arena;
    struct lt_connector_env env;
    struct lt_row_pool *pool;
    struct lt_sink *sink;
    struct lt_writer *writer;
    struct lt_shared_u64 acked;
    uint32_t failed;
    int64_t failed_value;
    char reason[LT_FAULT_TEXT_MAX];
    int64_t next_value;
    bool is_one_record; /* all rows are made of it: their positions are the same */
};

static void on_fail(struct lt_out *out, struct lt_row *row, struct lt_fault *fault)
{
    struct lane *lane = (struct lane *)(void *)out;
    lane->failed++;
    lane->failed_value = lt_row_values(row)[0].i64;
    snprintf(lane->reason, sizeof lane->reason, "%s", fault->text);
    lt_fault_destroy(fault);
    lt_row_release(row);
}

static const struct lt_type *schema_of(const char *ddl, struct lt_arena *arena)
{
    const struct lt_type *schema;
    struct lt_error error;
    assert_int_equal(lt_type_parse_ddl(ddl, arena, &schema, &error), 0);
    return schema;
}

static void lane_open_as(struct lane *lane, void **state, const int *statuses, const char *option,
                         const char *ddl)
{
    char url[64];
    memset(lane, 0, sizeof *lane);
    lane->server = server_start(statuses);
    snprintf(url, sizeof url, "url=http://127.0.0.1:%d/rows", lane->server->port);
    const char *pairs[] = {url, "header.X-Team=leat", option, NULL};
    set_up(state, &lane->fixture);
    lane->reactor = lane->fixture.reactor;
    lane->out.fail = on_fail;
    lane->arena = lt_arena_create();
    lane->env = collector_env(lt_clock_system(), &lane->reactor->waker);
    lane->env.reactor = lane->reactor;
    struct lt_error error;
    const struct lt_type *schema = schema_of(ddl, lane->arena);
    struct lt_row_pool_options pool = {.column_count = 1, .capacity = 64};
    assert_int_equal(lt_row_pool_create(&pool, &lane->pool, NULL), 0);
    lane->sink = collector_sink(&lt_http_sink_type, pairs, schema, lane->arena, &lane->env);
    assert_int_equal(
        lane->sink->ops->open_writer(lane->sink, &lane->env, &lane->writer, &error), 0);
    lane->writer->acked_records = &lane->acked;
}

static void lane_open(struct lane *lane, void **state, const int *statuses, const char *option)
{
    lane_open_as(lane, state, statuses, option, "value bigint");
}

/* The writer's end, and the server's: what that has noted can be judged. */
static void lane_stop(struct lane *lane)
{
    if (lane->writer == NULL)
        return;
    lane->writer->ops->abort(lane->writer);
    lane->writer->ops->close(lane->writer);
    lane->writer = NULL;
    server_stop(lane->server);
}

static void lane_close(struct lane *lane)
{
    lane_stop(lane);
    lane->sink->ops->close(lane->sink);
    server_destroy(lane->server);
    lt_row_pool_destroy(lane->pool); /* asserts that every row came home */
    tear_down(&lane->fixture);
    lt_arena_destroy(lane->arena);
}

static enum lt_write offer(struct lane *lane)
{
    struct lt_fault *fault = NULL;
    struct lt_row *row = lt_row_claim(lane->pool);
    assert_non_null(row);
    lt_row_values(row)[0].i64 = lane->next_value;
    row->source_partition = 0;
    row->source_offset = lane->is_one_record ? 0 : lane->next_value;
    enum lt_write result = lane->writer->ops->write(lane->writer, row, &fault);
    if (result == LT_WRITE_DONE)
        lane->next_value++;
    else
        lt_row_release(row);
    return result;
}

static void offer_rows(struct lane *lane, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        assert_int_equal(offer(lane), LT_WRITE_DONE);
    lane->writer->ops->flush(lane->writer);
}

/* One turn of a worker; what poll says. */
static int turn(struct lane *lane)
{
    int64_t soon_ns = lt_clock_now_ns(lt_clock_system()) + 5 * (int64_t)LT_NS_PER_MS;
    int work = lane->writer->ops->poll(lane->writer, &lane->out);
    if (work == 0)
        rest(lane->reactor, soon_ns);
    return work;
}

/* Until epoch `epoch` is durable; -1: the sink broke first. */
static int run_until_prepared(struct lane *lane, uint64_t epoch)
{
    struct lt_text_buffer note;
    int64_t end_ns = lt_clock_now_ns(lt_clock_system()) + PATIENCE_S * (int64_t)LT_NS_PER_S;
    lt_text_init(&note);
    int code = 0;
    while (code >= 0 && lane->writer->ops->prepared(lane->writer, epoch, &note) == 0) {
        assert_true(lt_clock_now_ns(lt_clock_system()) < end_ns);
        code = turn(lane);
    }
    lt_text_fini(&note);
    return code < 0 ? -1 : 0;
}

/* --------------------------------------------------------------------------------------- tests */

static void rows_are_sent_in_batches_of_what_is_there(void **state)
{
    static const int statuses[] = {200, -1};
    struct lane lane;
    lane_open(&lane, state, statuses, NULL);
    offer_rows(&lane, 1); /* goes at once; what comes meanwhile goes together */
    offer_rows(&lane, 3);
    lane.writer->ops->prepare(lane.writer, 0);
    assert_int_equal(lane.writer->ops->prepared(lane.writer, 0, NULL), 0); /* nobody answered yet */
    assert_int_equal(run_until_prepared(&lane, 0), 0);
    lane_stop(&lane);
    assert_int_equal(lane.server->count, 2);
    assert_string_equal(lane.server->bodies[0], "{\"value\":0}\n");
    assert_string_equal(lane.server->bodies[1],
                        "{\"value\":1}\n{\"value\":2}\n{\"value\":3}\n");
    assert_int_equal(lane.acked.value, 4);
    assert_string_not_equal(lane.server->keys[0], lane.server->keys[1]);
    lane_close(&lane);
}

static void times_are_written_in_the_zone_that_is_asked_for(void **state)
{
    static const int statuses[] = {200, -1};
    struct lane lane;
    lane_open_as(&lane, state, statuses, "timeZone=Asia/Tokyo", "value timestamp");
    offer_rows(&lane, 1);
    lane.writer->ops->prepare(lane.writer, 0);
    assert_int_equal(run_until_prepared(&lane, 0), 0);
    lane_stop(&lane);
    assert_string_equal(lane.server->bodies[0], "{\"value\":\"1970-01-01T09:00:00.000+09:00\"}\n");
    lane_close(&lane);
}

static void a_request_that_is_put_off_is_sent_again_as_it_was(void **state)
{
    static const int statuses[] = {503, 0, CUT_OFF, 429, 200, -1};
    struct lane lane;
    lane_open(&lane, state, statuses, "body=array");
    offer_rows(&lane, 2);
    lane.writer->ops->prepare(lane.writer, 7);
    assert_int_equal(run_until_prepared(&lane, 7), 0);
    lane_stop(&lane);
    assert_int_equal(lane.server->count, 5);
    for (uint32_t i = 0; i < 5; i++) {
        assert_string_equal(lane.server->bodies[i], "[{\"value\":0},{\"value\":1}]");
        assert_string_equal(lane.server->keys[i], lane.server->keys[0]);
    }
    assert_int_equal(lane.acked.value, 2);
    assert_int_equal(lane.failed, 0);
    lane_close(&lane);
}

/* Of one record, in two requests of as many rows; and by the next writer, as after a restart. */
static void a_request_has_a_key_that_no_other_has(void **state)
{
    static const int statuses[] = {200, -1};
    char keys[3][256];
    struct lane lane;
    for (uint32_t i = 0; i < 2; i++) {
        lane_open(&lane, state, statuses, NULL);
        lane.is_one_record = true;
        for (uint64_t epoch = 0; epoch < 2 - i; epoch++) {
            offer_rows(&lane, 1);
            lane.writer->ops->prepare(lane.writer, epoch);
            assert_int_equal(run_until_prepared(&lane, epoch), 0);
        }
        lane_stop(&lane);
        assert_int_equal(lane.server->count, 2 - i);
        for (uint32_t k = 0; k < lane.server->count; k++)
            snprintf(keys[2 * i + k], sizeof keys[0], "%s", lane.server->keys[k]);
        lane_close(&lane);
    }
    assert_non_null(strstr(keys[0], "Idempotency-Key: "));
    assert_string_not_equal(keys[0], keys[1]);
    assert_string_not_equal(keys[0], keys[2]);
    assert_string_not_equal(keys[1], keys[2]);
}

/* The values of all bodies that were answered 200, in their order. */
static void expect_delivered(const struct lane *lane, uint32_t count, int64_t but)
{
    int64_t wanted = 0, delivered = 0;
    for (uint32_t i = 0; i < lane->server->count; i++) {
        const char *at = lane->server->bodies[i];
        while (lane->server->answered[i] == 200 && (at = strstr(at, "\"value\":")) != NULL) {
            at += strlen("\"value\":");
            wanted += wanted == but;
            assert_int_equal(strtoll(at, NULL, 10), wanted);
            wanted++;
            delivered++;
        }
    }
    assert_int_equal(delivered, count);
}

static void a_row_that_is_refused_is_found_and_fails_alone(void **state)
{
    static const int statuses[] = {200, -1};
    static const char *const bodies[] = {"body=lines", "body=array"};
    for (size_t i = 0; i < 2; i++)
        for (int64_t bad = 0; bad < 9; bad += 4) {
            struct lane lane;
            char refused[32];
            lane_open(&lane, state, statuses, bodies[i]);
            snprintf(refused, sizeof refused, "\"value\":%d}", (int)bad);
            pthread_mutex_lock(&lane.server->lock);
            lane.server->refused = refused;
            pthread_mutex_unlock(&lane.server->lock);
            for (int k = 0; k < 9; k++)
                assert_int_equal(offer(&lane), LT_WRITE_DONE);
            lane.writer->ops->flush(lane.writer);
            lane.writer->ops->prepare(lane.writer, 0);
            assert_int_equal(run_until_prepared(&lane, 0), 0);
            assert_int_equal(lane.failed, 1);
            assert_int_equal(lane.failed_value, bad);
            assert_non_null(strstr(lane.reason, "answers 422: why"));
            assert_int_equal(lane.acked.value, 8);
            lane_stop(&lane);
            expect_delivered(&lane, 8, bad);
            lane_close(&lane);
        }
}

static void a_wrong_address_stops_the_query(void **state)
{
    static const int statuses[] = {404, -1};
    struct lane lane;
    lane_open(&lane, state, statuses, NULL);
    offer_rows(&lane, 2);
    lane.writer->ops->prepare(lane.writer, 0);
    assert_int_equal(run_until_prepared(&lane, 0), -1);
    assert_non_null(strstr(lane.writer->error.text, "/rows answers 404: why"));
    assert_non_null(strstr(lane.writer->error.text, "hint: "));
    assert_int_equal(lane.acked.value, 0);
    lane_close(&lane);
}

static void a_server_that_never_answers_is_given_up(void **state)
{
    static const int statuses[] = {0, -1};
    struct lane lane;
    lane_open(&lane, state, statuses, "retryTimeout=2s");
    offer_rows(&lane, 1);
    lane.writer->ops->prepare(lane.writer, 0);
    assert_int_equal(run_until_prepared(&lane, 0), -1);
    assert_non_null(strstr(lane.writer->error.text, "retryTimeout"));
    lane_stop(&lane);
    assert_true(lane.server->count >= 2);
    lane_close(&lane);
}

static void a_full_batch_takes_no_more_until_it_is_sent(void **state)
{
    static const int statuses[] = {200, -1};
    struct lane lane;
    lane_open(&lane, state, statuses, "batchRows=4");
    offer_rows(&lane, 1); /* under way */
    offer_rows(&lane, 4); /* full */
    assert_int_equal(offer(&lane), LT_WRITE_FULL);
    lane.writer->ops->prepare(lane.writer, 0);
    assert_int_equal(run_until_prepared(&lane, 0), 0);
    offer_rows(&lane, 1);
    lane.writer->ops->prepare(lane.writer, 1);
    assert_int_equal(run_until_prepared(&lane, 1), 0);
    lane_stop(&lane);
    expect_delivered(&lane, 6, -1);
    lane_close(&lane);
}

static void an_end_in_the_middle_gives_every_row_back(void **state)
{
    static const int statuses[] = {200, -1};
    struct lane lane;
    lane_open(&lane, state, statuses, NULL);
    offer_rows(&lane, 5);
    offer_rows(&lane, 5);
    lane_close(&lane); /* asserts that all are home */
}

static void expect_refused(const char *const *pairs, const char *text)
{
    struct lt_error error;
    struct lt_sink *sink;
    struct lt_arena *arena = lt_arena_create();
    struct lt_options *options = collector_options(pairs);
    const struct lt_type *schema = schema_of("value bigint", arena);
    assert_true(lt_http_sink_type.bind(&lt_http_sink_type, options, schema, arena, &sink, &error) <
                0);
    assert_non_null(strstr(error.text, text));
    lt_options_destroy(options);
    lt_arena_destroy(arena);
}

static void options_that_cannot_be_are_told(void **state)
{
    (void)state;
    expect_refused((const char *const[]){NULL}, "url");
    expect_refused((const char *const[]){"url=ftp://h/x", NULL}, "is no address; hint: http://");
    static const char *const wrong[] = {"url=http:///x",       "url=http://h:0/x",
                                        "url=http://h:99999/", "url=http://h:x/",
                                        "url=http://[::1/x",   "url=http://h h/x",
                                        "url=http://h/a b",    "url=http://"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        expect_refused((const char *const[]){wrong[i], NULL}, "is no address: ");
    expect_refused((const char *const[]){"url=http://me:secret@h/x", NULL},
                   "a URL holds no user or password");
    expect_refused((const char *const[]){"url=http://h/x", "header.A B=c", NULL},
                   "no name of a header");
    expect_refused((const char *const[]){"url=http://h/x", "header.A=b\r\nC: d", NULL},
                   "has a line break");
    expect_refused((const char *const[]){"url=http://h/x", "batchRow=3", NULL}, "batchRows");
}

int main(void)
{
    static const struct suite_case cases[] = {
        SUITE_CASE(rows_are_sent_in_batches_of_what_is_there),
        SUITE_CASE(times_are_written_in_the_zone_that_is_asked_for),
        SUITE_CASE(a_request_that_is_put_off_is_sent_again_as_it_was),
        SUITE_CASE(a_request_has_a_key_that_no_other_has),
        SUITE_CASE(a_row_that_is_refused_is_found_and_fails_alone),
        SUITE_CASE(a_wrong_address_stops_the_query),
        SUITE_CASE(a_server_that_never_answers_is_given_up),
        SUITE_CASE(a_full_batch_takes_no_more_until_it_is_sent),
        SUITE_CASE(an_end_in_the_middle_gives_every_row_back),
    };
    const struct CMUnitTest others[] = {cmocka_unit_test(options_that_cannot_be_are_told)};
    int failed = cmocka_run_group_tests(others, NULL, NULL);
    return run_suite(cases, sizeof cases / sizeof cases[0]) + failed;
}
