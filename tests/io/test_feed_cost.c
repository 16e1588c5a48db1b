/*
 * What reading a record costs: only the columns that are used are looked into, and in the long run
 * nothing is allocated. Allocations are counted by taking malloc and its kin's place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "io/feed.h"
#include "tests/support/collector.h"

#ifndef LT_DEBUG
extern void *__libc_malloc(size_t size_bytes);
extern void *__libc_calloc(size_t count, size_t size_bytes);
extern void *__libc_realloc(void *memory, size_t size_bytes);

static uint64_t allocations;

void *malloc(size_t size_bytes)
{
    allocations++;
    return __libc_malloc(size_bytes);
}

void *calloc(size_t count, size_t size_bytes)
{
    allocations++;
    return __libc_calloc(count, size_bytes);
}

void *realloc(void *memory, size_t size_bytes)
{
    allocations++;
    return __libc_realloc(memory, size_bytes);
}
#endif

enum { RECORDS = 20000, WARM_RECORDS = 4000, RECORDS_AT_ONCE = 50, LINE_BYTES = 512 };

struct fixture {
    struct lt_out out;
    struct lt_arena *arena;
    struct lt_options *options;
    struct lt_format_reader *reader;
    struct lt_feed *feed;
    uint64_t rows;
};

static void drop(struct lt_out *out, struct lt_row *row)
{
    ((struct fixture *)(void *)out)->rows++;
    lt_row_release(row);
}

static void drop_failed(struct lt_out *out, struct lt_row *row, struct lt_fault *fault)
{
    lt_fault_destroy(fault);
    drop(out, row);
}

static void set_up(struct fixture *fixture, const char *name, const char *ddl,
                   const uint64_t *used_columns)
{
    const struct lt_type *schema;
    const struct lt_format *format;
    *fixture = (struct fixture){.out = {.emit = drop, .fail = drop_failed},
                                .arena = lt_arena_create(),
                                .options = lt_options_create()};
    assert_int_equal(lt_type_parse_ddl(ddl, fixture->arena, &schema, NULL), 0);
    const struct lt_format_setup setup = {.name = name,
                                          .options = fixture->options,
                                          .user_schema = schema,
                                          .owner = "source test"};
    assert_int_equal(lt_format_bind(&setup, fixture->arena, &format, NULL), 0);
    assert_int_equal(
        lt_format_reader_create(format, used_columns, "source test", &fixture->reader, NULL), 0);
    const struct lt_feed_options feed = {.reader = fixture->reader,
                                         .clock = lt_clock_system(),
                                         .column_count = schema->field_count,
                                         .row_capacity = 256,
                                         .block_size_bytes = 16384};
    assert_int_equal(lt_feed_create(&feed, &fixture->feed, NULL), 0);
}

static void tear_down(struct fixture *fixture)
{
    lt_feed_destroy(fixture->feed);
    lt_format_reader_destroy(fixture->reader);
    lt_options_destroy(fixture->options);
    lt_arena_destroy(fixture->arena);
}

static void read_text(struct fixture *fixture, const char *text, size_t size)
{
    enum lt_poll_status status;
    struct lt_feed_space space = lt_feed_space(fixture->feed, size);
    assert_non_null(space.data);
    memcpy(space.data, text, size);
    lt_feed_filled(fixture->feed, size);
    do {
        (void)lt_feed_poll(fixture->feed, &fixture->out, 100, &status);
    } while (status == LT_POLL_MORE);
    assert_int_equal(status, LT_POLL_IDLE);
}

static uint64_t fields_parsed(const char *name, const char *ddl, const uint64_t *used_columns,
                              const char *text)
{
    struct fixture fixture;
    set_up(&fixture, name, ddl, used_columns);
    read_text(&fixture, text, strlen(text));
    assert_int_equal(fixture.rows, 2);
    struct lt_format_counters counters = lt_format_reader_counters(fixture.reader);
    assert_int_equal(counters.records, 2);
    tear_down(&fixture);
    return counters.fields_parsed;
}

static void only_columns_that_are_used_are_looked_into(void **state)
{
    (void)state;
    const char *ddl = "a INT, b STRING, c DOUBLE, d STRING";
    const char *json = "{\"a\":1,\"b\":\"x\",\"c\":1.5,\"d\":\"y\"}\n"
                       "{\"d\":\"y\",\"c\":1.5,\"b\":\"x\",\"a\":1}\n";
    const char *csv = "1,x,1.5,y\n2,z,2.5,w\n";
    static const uint64_t two = 0x6, none = 0;
    assert_int_equal(fields_parsed("json", ddl, NULL, json), 8);
    assert_int_equal(fields_parsed("json", ddl, &two, json), 4);
    assert_int_equal(fields_parsed("json", ddl, &none, json), 0);
    assert_int_equal(fields_parsed("csv", ddl, NULL, csv), 8);
    assert_int_equal(fields_parsed("csv", ddl, &two, csv), 4);
    assert_int_equal(fields_parsed("csv", ddl, &none, csv), 0);
}

#ifdef LT_DEBUG
static void nothing_is_allocated_in_the_long_run(void **state)
{
    (void)state;
    skip();
}
#else
/* Records of sizes that vary, in pieces that do not end with them. */
static void read_records(struct fixture *fixture, const char *format, unsigned count)
{
    static char text[RECORDS_AT_ONCE * LINE_BYTES];
    size_t size = 0;
    for (unsigned i = 0; i < count; i++) {
        int written = snprintf(text + size, LINE_BYTES, format, i, (int)(i * 37 % 200), i, i % 7);
        assert_true(written > 0);
        size += (size_t)written;
        if (i % RECORDS_AT_ONCE == RECORDS_AT_ONCE - 1) {
            read_text(fixture, text, size - 100);
            read_text(fixture, text + size - 100, 100);
            size = 0;
        }
    }
}

static void expect_no_allocation(const char *name, const char *ddl, const char *format)
{
    struct fixture fixture;
    set_up(&fixture, name, ddl, NULL);
    read_records(&fixture, format, WARM_RECORDS);
    uint64_t before = allocations;
    read_records(&fixture, format, RECORDS);
    assert_int_equal(allocations - before, 0);
    assert_int_equal(fixture.rows, WARM_RECORDS + RECORDS);
    tear_down(&fixture);
}

static void nothing_is_allocated_in_the_long_run(void **state)
{
    (void)state;
    expect_no_allocation("text", "value STRING", "%08u %0*d %u %u\n");
    expect_no_allocation("json", "id INT, name STRING, x DOUBLE, l ARRAY<INT>",
                         "{\"id\":%u,\"name\":\"\\u00e9%0*d\",\"x\":%u.5,\"l\":[1,%u]}\n");
    expect_no_allocation("csv", "id INT, name STRING, x DOUBLE, s STRING",
                         "%u,\"a\"\"b%0*d\",%u.5,s%u\n");
    uint64_t before = allocations;
    free(malloc(1)); /* the counter counts */
    assert_int_equal(allocations - before, 1);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_columns_that_are_used_are_looked_into),
        cmocka_unit_test(nothing_is_allocated_in_the_long_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
