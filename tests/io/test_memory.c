/*
 * What is special to the memory source and sink: two threads, visibility, bounds, and copies that
 * stand alone.
 */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/data/row_bytes.h"
#include "io/memory.h"
#include "io/rate_rows.h"
#include "io/reactor.h"
#include "io/row_copy.h"
#include "tests/support/collector.h"

static const struct lt_type *parse(struct lt_arena *arena, const char *ddl)
{
    const struct lt_type *schema;
    assert_int_equal(lt_type_parse_ddl(ddl, arena, &schema, NULL), 0);
    return schema;
}

/* -------------------------------------------------------------------------------------- source */

static struct lt_reader *open_source(struct lt_source *source, const struct lt_connector_env *env,
                                     int64_t offset)
{
    const uint32_t partition = 0;
    const struct lt_position start = {.offset = offset};
    struct lt_reader *reader = NULL;
    struct lt_error error;
    lt_error_clear(&error);
    if (source->ops->open_reader(source, env, &partition, 1, &start, NULL, &reader, &error) != 0)
        fail_msg("%s", error.text);
    return reader;
}

static void push(struct lt_memory_source *memory, int64_t value)
{
    struct lt_row *row = lt_memory_source_claim(memory);
    assert_non_null(row);
    lt_row_values(row)[0] = lt_value_i64(value);
    (void)lt_memory_source_commit(memory, row);
}

static void a_source_without_a_schema_is_refused(void **state)
{
    (void)state;
    struct lt_options *options = lt_options_create();
    struct lt_source *source;
    struct lt_error error;
    assert_int_equal(
        lt_memory_source_type.bind(&lt_memory_source_type, options, NULL, NULL, &source, &error),
        LT_E_INVALID);
    assert_string_equal(error.text,
                        "source memory has no schema; hint: give one, such as \"id BIGINT\"");
    lt_options_destroy(options);
}

static void rows_pushed_before_the_start_are_read_and_an_aborted_one_is_not(void **state)
{
    (void)state;
    struct lt_arena *arena = lt_arena_create();
    struct lt_connector_env env = collector_env(lt_clock_system(), NULL);
    struct lt_source *source =
        collector_source(&lt_memory_source_type, NULL, parse(arena, "id BIGINT"), arena, &env);
    struct lt_memory_source *memory = lt_memory_source_of(source);
    push(memory, 1);
    lt_memory_source_abort(memory, lt_memory_source_claim(memory));
    push(memory, 2);
    struct lt_reader *reader = open_source(source, &env, 0);
    struct collector collector;
    collector_init(&collector);
    uint32_t count;
    assert_int_equal(reader->ops->poll(reader, &collector.out, 10, &count), LT_POLL_IDLE);
    assert_int_equal(count, 2);
    assert_int_equal(lt_row_values(collector.rows[0])[0].i64, 1);
    assert_int_equal(lt_row_values(collector.rows[1])[0].i64, 2);
    assert_int_equal(collector.rows[1]->source_offset, 1);
    assert_true(collector.rows[1]->ingest_ns > 0);
    lt_memory_source_end(memory);
    assert_int_equal(reader->ops->poll(reader, &collector.out, 10, &count), LT_POLL_ENDED);
    collector_clear(&collector);
    reader->ops->close(reader);
    source->ops->close(source);
    lt_arena_destroy(arena);
}

static void a_new_process_goes_on_counting_and_nothing_goes_back(void **state)
{
    (void)state;
    struct lt_arena *arena = lt_arena_create();
    struct lt_connector_env env = collector_env(lt_clock_system(), NULL);
    struct lt_source *source =
        collector_source(&lt_memory_source_type, NULL, parse(arena, "id BIGINT"), arena, &env);
    struct lt_reader *reader = open_source(source, &env, 1000); /* from the checkpoint */
    push(lt_memory_source_of(source), 5);
    struct collector collector;
    collector_init(&collector);
    uint32_t count;
    assert_int_equal(reader->ops->poll(reader, &collector.out, 1, &count), LT_POLL_MORE);
    assert_int_equal(collector.rows[0]->source_offset, 1000);
    struct lt_position position;
    reader->ops->position(reader, &position);
    assert_int_equal(position.offset, 1001);
    assert_int_equal(source->ops->latest(source, &position, NULL), 0);
    assert_int_equal(position.offset, 1001);
    position.offset = 1000;
    struct lt_error error;
    assert_int_equal(reader->ops->seek(reader, &position, &error), LT_E_DATA_LOSS);
    assert_string_equal(error.text, "source memory stands at row 1001 and cannot go to row 1000; "
                                    "hint: it keeps no row that was handed over");
    collector_clear(&collector);
    reader->ops->close(reader);
    source->ops->close(source);
    lt_arena_destroy(arena);
}

static void a_full_source_says_so_until_rows_come_home(void **state)
{
    (void)state;
    static const char *const options[] = {"capacity=10", NULL};
    struct lt_arena *arena = lt_arena_create();
    struct lt_connector_env env = collector_env(lt_clock_system(), NULL);
    struct lt_source *source =
        collector_source(&lt_memory_source_type, options, parse(arena, "id BIGINT"), arena, &env);
    struct lt_memory_source *memory = lt_memory_source_of(source);
    struct lt_reader *reader = open_source(source, &env, 0);
    struct collector collector;
    collector_init(&collector);
    uint32_t count;
    for (int64_t round = 0; round < 200; round++) { /* many times round the ring */
        for (int64_t i = 0; i < 10; i++)
            push(memory, round * 10 + i);
        assert_null(lt_memory_source_claim(memory));
        reader->ops->poll(reader, &collector.out, 100, &count);
        assert_int_equal(count, 10);
        assert_int_equal(lt_row_values(collector.rows[9])[0].i64, round * 10 + 9);
        collector_clear(&collector);
    }
    reader->ops->close(reader);
    source->ops->close(source);
    lt_arena_destroy(arena);
}

enum { THREAD_ROWS = 200000 };

static void *push_many(void *argument)
{
    struct lt_memory_source *memory = argument;
    for (int64_t i = 0; i < THREAD_ROWS; i++) {
        struct lt_row *row;
        while ((row = lt_memory_source_claim(memory)) == NULL)
            sched_yield();
        lt_row_values(row)[0] = lt_value_i64(i);
        if (lt_memory_source_commit(memory, row) != i)
            return "an offset is wrong";
    }
    lt_memory_source_end(memory);
    return NULL;
}

/* Reads all that another thread pushes; sleeps whenever there is nothing. The reader is closed and
 * opened again now and then while the other goes on. */
static void a_producer_on_another_thread_wakes_the_reader_and_loses_nothing(void **state)
{
    (void)state;
    static const char *const options[] = {"capacity=500", NULL};
    struct lt_arena *arena = lt_arena_create();
    struct lt_reactor_options reactor_options = {.choice = "epoll"};
    struct lt_reactor *reactor;
    assert_int_equal(lt_reactor_create(&reactor_options, &reactor, NULL), 0);
    struct lt_connector_env env = collector_env(lt_clock_system(), &reactor->waker);
    struct lt_source *source =
        collector_source(&lt_memory_source_type, options, parse(arena, "id BIGINT"), arena, &env);
    struct lt_reader *reader = open_source(source, &env, 0);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, push_many, lt_memory_source_of(source)), 0);
    struct collector collector;
    collector_init(&collector);
    int64_t next = 0;
    enum lt_poll_status status = LT_POLL_IDLE;
    const int64_t end_ns = lt_clock_now_ns(lt_clock_system()) + 60 * (int64_t)LT_NS_PER_S;
    while (status != LT_POLL_ENDED) {
        uint32_t count;
        status = reader->ops->poll(reader, &collector.out, 64, &count);
        for (uint32_t i = 0; i < count; i++) {
            assert_int_equal(lt_row_values(collector.rows[i])[0].i64, next);
            assert_int_equal(collector.rows[i]->source_offset, next);
            next++;
        }
        collector_clear(&collector);
        if (status == LT_POLL_IDLE) {
            lt_waker_prepare_to_park(&reactor->waker);
            if (reader->ops->is_idle(reader))
                lt_reactor_park(reactor, end_ns);
            lt_waker_unpark(&reactor->waker);
            assert_true(lt_clock_now_ns(lt_clock_system()) < end_ns); /* else a wake was lost */
        }
        if (next % 1000 < 64) {
            reader->ops->close(reader);
            reader = open_source(source, &env, next);
        }
    }
    assert_int_equal(next, THREAD_ROWS);
    void *failure;
    assert_int_equal(pthread_join(thread, &failure), 0);
    assert_null(failure);
    reader->ops->close(reader);
    source->ops->close(source);
    lt_reactor_destroy(reactor);
    lt_arena_destroy(arena);
}

/* ---------------------------------------------------------------------------------------- sink */

struct sink_fixture {
    struct lt_arena *arena;
    struct lt_connector_env env;
    struct lt_row_pool *pool;
    struct lt_sink *sink;
    struct lt_memory_sink *memory;
    struct lt_writer *writer;
};

static void set_up_sink(struct sink_fixture *fixture, const char *const *options)
{
    fixture->arena = lt_arena_create();
    fixture->env = collector_env(lt_clock_system(), NULL);
    struct lt_row_pool_options pool_options = {.column_count = 1, .capacity = 64};
    assert_int_equal(lt_row_pool_create(&pool_options, &fixture->pool, NULL), 0);
    fixture->sink =
        collector_sink(&lt_memory_sink_type, options, parse(fixture->arena, "id BIGINT"),
                       fixture->arena, &fixture->env);
    fixture->memory = lt_memory_sink_of(fixture->sink);
    assert_int_equal(
        fixture->sink->ops->open_writer(fixture->sink, &fixture->env, &fixture->writer, NULL), 0);
}

static void tear_down_sink(struct sink_fixture *fixture)
{
    fixture->writer->ops->close(fixture->writer);
    fixture->sink->ops->close(fixture->sink);
    lt_row_pool_destroy(fixture->pool);
    lt_arena_destroy(fixture->arena);
}

static enum lt_write write_value(struct sink_fixture *fixture, struct lt_writer *writer,
                                 int64_t value)
{
    struct lt_row *row = lt_row_claim(fixture->pool);
    assert_non_null(row);
    lt_row_values(row)[0] = lt_value_i64(value);
    struct lt_fault *fault;
    enum lt_write result = writer->ops->write(writer, row, &fault);
    if (result != LT_WRITE_DONE)
        lt_row_release(row);
    return result;
}

static void expect_next(struct sink_fixture *fixture, int64_t value)
{
    struct lt_row *row = lt_memory_sink_next(fixture->memory);
    assert_non_null(row);
    assert_int_equal(lt_row_values(row)[0].i64, value);
    lt_row_release(row);
}

static void rows_show_when_their_epoch_is_committed(void **state)
{
    (void)state;
    struct sink_fixture fixture;
    set_up_sink(&fixture, NULL);
    assert_int_equal(fixture.sink->guarantee, LT_EXACTLY_ONCE);
    for (int64_t i = 0; i < 3; i++)
        assert_int_equal(write_value(&fixture, fixture.writer, i), LT_WRITE_DONE);
    fixture.writer->ops->prepare(fixture.writer, 0);
    assert_int_equal(write_value(&fixture, fixture.writer, 3), LT_WRITE_DONE);
    fixture.writer->ops->prepare(fixture.writer, 1);
    assert_null(lt_memory_sink_next(fixture.memory));
    fixture.writer->ops->commit(fixture.writer, 0);
    for (int64_t i = 0; i < 3; i++)
        expect_next(&fixture, i);
    assert_null(lt_memory_sink_next(fixture.memory));
    fixture.writer->ops->commit(fixture.writer, 1);
    fixture.writer->ops->commit(fixture.writer, 0); /* once more: nothing is taken back */
    expect_next(&fixture, 3);
    assert_null(lt_memory_sink_next(fixture.memory));
    tear_down_sink(&fixture);
}

static void rows_show_at_once_when_asked(void **state)
{
    (void)state;
    static const char *const options[] = {"visibility=ROW", "queryName=counts", NULL};
    struct sink_fixture fixture;
    set_up_sink(&fixture, options);
    assert_string_equal(fixture.sink->description, "MemorySink[counts]");
    assert_int_equal(fixture.sink->guarantee, LT_AT_LEAST_ONCE);
    assert_int_equal(write_value(&fixture, fixture.writer, 8), LT_WRITE_DONE);
    expect_next(&fixture, 8);
    tear_down_sink(&fixture);
}

static void a_full_sink_makes_the_lane_wait_until_rows_are_taken(void **state)
{
    (void)state;
    static const char *const options[] = {"visibility=row", "capacity=4", NULL};
    struct sink_fixture fixture;
    set_up_sink(&fixture, options);
    int64_t next = 0;
    for (int64_t round = 0; round < 300; round++) { /* many times round the ring */
        int64_t first = round * 4;
        for (int64_t i = first; i < first + 4; i++)
            assert_int_equal(write_value(&fixture, fixture.writer, i), LT_WRITE_DONE);
        assert_int_equal(write_value(&fixture, fixture.writer, -1), LT_WRITE_FULL);
        while (next < first + 4)
            expect_next(&fixture, next++);
    }
    tear_down_sink(&fixture);
}

static void an_epoch_larger_than_the_sink_is_an_error_and_no_dead_end(void **state)
{
    (void)state;
    static const char *const options[] = {"capacity=4", NULL};
    struct sink_fixture fixture;
    set_up_sink(&fixture, options);
    for (int64_t i = 0; i < 3; i++)
        assert_int_equal(write_value(&fixture, fixture.writer, i), LT_WRITE_DONE);
    fixture.writer->ops->prepare(fixture.writer, 0);
    assert_int_equal(write_value(&fixture, fixture.writer, 3), LT_WRITE_DONE);
    assert_int_equal(write_value(&fixture, fixture.writer, 4), LT_WRITE_FULL); /* 0 may be shown */
    fixture.writer->ops->commit(fixture.writer, 0);
    for (int64_t i = 0; i < 3; i++)
        expect_next(&fixture, i);
    for (int64_t i = 4; i < 7; i++)
        assert_int_equal(write_value(&fixture, fixture.writer, i), LT_WRITE_DONE);
    assert_int_equal(write_value(&fixture, fixture.writer, 7), LT_WRITE_BROKEN);
    assert_int_equal(fixture.writer->error.code, LT_E_LIMIT);
    assert_string_equal(fixture.writer->error.text,
                        "sink memory: an epoch has more than 4 rows; hint: a larger \"capacity\", "
                        "a shorter epoch, or \"visibility\" row");
    tear_down_sink(&fixture);
}

static void lanes_keep_their_order_and_take_turns(void **state)
{
    (void)state;
    static const char *const options[] = {"visibility=row", NULL};
    struct sink_fixture fixture;
    set_up_sink(&fixture, options);
    struct lt_writer *second;
    assert_int_equal(fixture.sink->ops->open_writer(fixture.sink, &fixture.env, &second, NULL), 0);
    for (int64_t i = 0; i < 3; i++) {
        assert_int_equal(write_value(&fixture, fixture.writer, i), LT_WRITE_DONE);
        assert_int_equal(write_value(&fixture, second, 100 + i), LT_WRITE_DONE);
    }
    second->ops->close(second); /* its rows stay */
    for (int64_t i = 0; i < 3; i++) {
        expect_next(&fixture, i);
        expect_next(&fixture, 100 + i);
    }
    assert_null(lt_memory_sink_next(fixture.memory));
    tear_down_sink(&fixture);
}

static void what_a_dead_process_had_prepared_must_be_replayed(void **state)
{
    (void)state;
    struct sink_fixture fixture;
    set_up_sink(&fixture, NULL);
    bool must_replay = false;
    assert_int_equal(fixture.sink->ops->recover(fixture.sink, 3, "", &must_replay, NULL), 0);
    assert_true(must_replay);
    tear_down_sink(&fixture);
}

static void *take_many(void *argument)
{
    struct lt_memory_sink *memory = argument;
    const int64_t end_ns = lt_clock_now_ns(lt_clock_system()) + 60 * (int64_t)LT_NS_PER_S;
    for (int64_t next = 0; next < THREAD_ROWS;) {
        struct lt_row *row = lt_memory_sink_next(memory);
        if (row == NULL) {
            if (lt_clock_now_ns(lt_clock_system()) > end_ns)
                return "rows were lost";
            sched_yield();
            continue;
        }
        bool is_right = lt_row_values(row)[0].i64 == next++;
        lt_row_release(row);
        if (!is_right)
            return "the order is wrong";
    }
    return NULL;
}

static void a_consumer_on_another_thread_sees_every_epoch_in_order(void **state)
{
    (void)state;
    static const char *const options[] = {"capacity=300", NULL};
    struct sink_fixture fixture;
    set_up_sink(&fixture, options);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, take_many, fixture.memory), 0);
    uint64_t epoch = 0;
    for (int64_t i = 0; i < THREAD_ROWS;) {
        enum lt_write result = write_value(&fixture, fixture.writer, i);
        if (result == LT_WRITE_FULL)
            sched_yield();
        else
            assert_int_equal(result, LT_WRITE_DONE);
        i += result == LT_WRITE_DONE;
        if (result == LT_WRITE_DONE && i % 100 == 0) {
            fixture.writer->ops->prepare(fixture.writer, epoch);
            fixture.writer->ops->commit(fixture.writer, epoch++);
        }
    }
    void *failure;
    assert_int_equal(pthread_join(thread, &failure), 0);
    if (failure != NULL)
        fail_msg("%s", (char *)failure);
    tear_down_sink(&fixture);
}

/* Copies a row, destroys the original and all that it points to, and compares bytes. */
static void a_copied_row_stands_alone(void **state)
{
    (void)state;
    struct lt_arena *arena = lt_arena_create();
    const struct lt_type *schema =
        parse(arena, "s STRING, e STRING, n INT, a ARRAY<STRING>, m MAP<STRING, BIGINT>, "
                     "t STRUCT<x: BINARY, y: ARRAY<INT>, z: DOUBLE>");
    struct lt_row_pool_options options = {.column_count = 6, .capacity = 2};
    struct lt_row_pool *from_pool;
    struct lt_row_pool *to_pool;
    assert_int_equal(lt_row_pool_create(&options, &from_pool, NULL), 0);
    assert_int_equal(lt_row_pool_create(&options, &to_pool, NULL), 0);
    struct lt_row *from = lt_row_claim(from_pool);
    struct lt_row *to = lt_row_claim(to_pool);
    from->source_partition = 3;
    from->source_offset = 44;
    from->ingest_ns = 55;
    char *text = lt_strdup("some text that is not so short");
    union lt_value *strings = lt_alloc_array(3, sizeof *strings);
    strings[0] = lt_value_text(text);
    strings[1] = lt_value_bytes(NULL, 0);
    uint64_t *nulls = lt_alloc(sizeof *nulls);
    *nulls = 4;
    union lt_value *numbers = lt_alloc_array(3, sizeof *numbers);
    numbers[0] = lt_value_i64(7);
    struct lt_array *array = lt_alloc(sizeof *array);
    *array = (struct lt_array){.count = 3, .nulls = nulls, .values = strings};
    struct lt_map *map = lt_alloc(sizeof *map);
    map->keys = (struct lt_array){.count = 1, .values = strings};
    map->values = (struct lt_array){.count = 1, .values = numbers};
    struct lt_array *inner = lt_alloc(sizeof *inner);
    *inner = (struct lt_array){.count = 1, .values = numbers};
    union lt_value *fields = lt_alloc_array(3, sizeof *fields);
    fields[0] = strings[0];
    fields[1].array = inner;
    struct lt_struct *structure = lt_alloc(sizeof *structure);
    *structure = (struct lt_struct){.nulls = nulls, .values = fields};
    union lt_value *values = lt_row_values(from);
    values[0] = strings[0];
    values[1] = lt_value_bytes(NULL, 0);
    lt_row_set_null(from, 2);
    values[3].array = array;
    values[4].map = map;
    values[5].structure = structure;

    struct lt_text_buffer before;
    struct lt_text_buffer after;
    lt_text_init(&before);
    lt_text_init(&after);
    lt_row_bytes_write(schema, from, &before);
    assert_true(lt_row_copy(schema, from, to));
    memset(text, 'x', strlen(text));
    void *owned[] = {text, strings, nulls, numbers, array, map, inner, fields, structure};
    for (size_t i = 0; i < sizeof owned / sizeof owned[0]; i++)
        free(owned[i]);
    lt_row_release(from);
    lt_row_pool_destroy(from_pool);
    lt_row_bytes_write(schema, to, &after);
    assert_int_equal(after.size_bytes, before.size_bytes);
    assert_memory_equal(after.data, before.data, before.size_bytes);
    assert_int_equal(to->source_partition, 3);
    assert_int_equal(to->source_offset, 44);
    assert_int_equal(to->ingest_ns, 55);
    lt_row_release(to);
    lt_row_pool_destroy(to_pool);
    lt_text_fini(&before);
    lt_text_fini(&after);
    lt_arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_source_without_a_schema_is_refused),
        cmocka_unit_test(rows_pushed_before_the_start_are_read_and_an_aborted_one_is_not),
        cmocka_unit_test(a_new_process_goes_on_counting_and_nothing_goes_back),
        cmocka_unit_test(a_full_source_says_so_until_rows_come_home),
        cmocka_unit_test(a_producer_on_another_thread_wakes_the_reader_and_loses_nothing),
        cmocka_unit_test(rows_show_when_their_epoch_is_committed),
        cmocka_unit_test(rows_show_at_once_when_asked),
        cmocka_unit_test(a_full_sink_makes_the_lane_wait_until_rows_are_taken),
        cmocka_unit_test(an_epoch_larger_than_the_sink_is_an_error_and_no_dead_end),
        cmocka_unit_test(lanes_keep_their_order_and_take_turns),
        cmocka_unit_test(what_a_dead_process_had_prepared_must_be_replayed),
        cmocka_unit_test(a_consumer_on_another_thread_sees_every_epoch_in_order),
        cmocka_unit_test(a_copied_row_stands_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
