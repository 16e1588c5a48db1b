/*
 * One suite for every source that needs no other system: what the contract of core/flow/connector.h
 * says of all of them. What is special to one is in its own test. (Kafka's run against a broker, in
 * tests/kafka.)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/data/row_bytes.h"
#include "io/catalog.h"
#include "io/memory.h"
#include "io/nexmark.h"
#include "io/rate.h"
#include "tests/support/collector.h"

enum { ROWS = 108 }; /* a third of it is whole rounds of 1, 2 and 3 partitions */

/* ------------------------------------------------------------------------------------- sources */

struct source_subject {
    const char *name;
    const struct lt_source_type *type;
    const char *const *options;
    const char *schema;
    bool is_replayable;
};

struct source_fixture {
    const struct source_subject *subject;
    struct lt_arena *arena;
    struct lt_clock_manual clock;
    struct lt_waker waker;
    struct lt_connector_env env;
    struct lt_source *source;
    struct lt_reader *reader;
    struct collector collector;
    uint64_t fed;
};

static void open_at(struct source_fixture *fixture, const struct lt_position *start,
                    const struct lt_position *end)
{
    uint32_t partitions[16];
    assert_true(fixture->source->partition_count <= 16);
    for (uint32_t i = 0; i < fixture->source->partition_count; i++)
        partitions[i] = i;
    struct lt_error error;
    lt_error_clear(&error);
    if (fixture->source->ops->open_reader(fixture->source, &fixture->env, partitions,
                                          fixture->source->partition_count, start, end,
                                          &fixture->reader, &error) != 0)
        fail_msg("%s", error.text);
}

static void set_up_source(void **state, struct source_fixture *fixture)
{
    memset(fixture, 0, sizeof *fixture);
    fixture->subject = *state;
    fixture->arena = lt_arena_create();
    lt_clock_manual_init(&fixture->clock, 5000, 1700000000000000);
    assert_int_equal(lt_waker_open(&fixture->waker, NULL), 0);
    fixture->env = collector_env(&fixture->clock.clock, &fixture->waker);
    collector_init(&fixture->collector);
    const struct lt_type *schema = NULL;
    if (fixture->subject->schema != NULL)
        assert_int_equal(lt_type_parse_ddl(fixture->subject->schema, fixture->arena, &schema, NULL),
                         0);
    fixture->source = collector_source(fixture->subject->type, fixture->subject->options, schema,
                                       fixture->arena, &fixture->env);
    struct lt_position positions[16];
    struct lt_text_buffer keep;
    lt_text_init(&keep);
    assert_int_equal(fixture->source->ops->initial(fixture->source, positions, &keep, NULL), 0);
    lt_text_fini(&keep);
    open_at(fixture, positions, NULL);
}

static void tear_down_source(struct source_fixture *fixture)
{
    collector_clear(&fixture->collector);
    fixture->reader->ops->close(fixture->reader);
    fixture->source->ops->close(fixture->source);
    lt_waker_close(&fixture->waker);
    lt_arena_destroy(fixture->arena);
}

/* Makes at least `count` more rows be there to be read. */
static void feed(struct source_fixture *fixture, uint32_t count)
{
    struct lt_memory_source *memory = lt_memory_source_of(fixture->source);
    if (memory == NULL) {
        lt_clock_manual_advance(&fixture->clock, count * 100 * (int64_t)LT_NS_PER_MS);
        return;
    }
    for (uint32_t i = 0; i < count; i++, fixture->fed++) {
        struct lt_row *row = lt_memory_source_claim(memory);
        assert_non_null(row);
        lt_row_values(row)[0] = lt_value_i64((int64_t)fixture->fed);
        char *text = lt_row_scratch(row, 32);
        int size_bytes = snprintf(text, 32, "row %llu", (unsigned long long)fixture->fed);
        lt_row_values(row)[1] = lt_value_bytes(text, (uint32_t)size_bytes);
        assert_int_equal(lt_memory_source_commit(memory, row), fixture->fed);
    }
}

/* Polls until `count` rows are collected. */
static void read_rows(struct source_fixture *fixture, uint32_t count)
{
    while (fixture->collector.count < count) {
        uint32_t got;
        uint32_t before = fixture->collector.count;
        uint32_t limit = count - before < 7 ? count - before : 7;
        enum lt_poll_status status =
            fixture->reader->ops->poll(fixture->reader, &fixture->collector.out, limit, &got);
        assert_true(status == LT_POLL_MORE);
        assert_int_equal(got, limit);
        assert_int_equal(fixture->collector.count, before + got);
    }
}

static void a_poll_is_bounded_and_marks_the_last_row_at_hand(void **state)
{
    struct source_fixture fixture;
    set_up_source(state, &fixture);
    feed(&fixture, 10);
    uint32_t count;
    enum lt_poll_status status =
        fixture.reader->ops->poll(fixture.reader, &fixture.collector.out, 4, &count);
    assert_int_equal(status, LT_POLL_MORE);
    assert_int_equal(count, 4);
    for (uint32_t i = 0; i < 4; i++)
        assert_int_equal(fixture.collector.rows[i]->flags & LT_ROW_END_OF_BATCH, i == 3);
    tear_down_source(&fixture);
}

static void a_poll_with_nothing_at_hand_is_idle(void **state)
{
    struct source_fixture fixture;
    set_up_source(state, &fixture);
    uint32_t count = 7;
    feed(&fixture, 1);
    enum lt_poll_status status = LT_POLL_MORE;
    for (int i = 0; i < 4; i++) { /* the schedule's first rows */
        status = fixture.reader->ops->poll(fixture.reader, &fixture.collector.out, 250, &count);
        collector_clear(&fixture.collector);
    }
    assert_int_equal(status, LT_POLL_IDLE);
    assert_int_equal(count, 0);
    if (fixture.reader->ops->is_idle != NULL)
        assert_true(fixture.reader->ops->is_idle(fixture.reader));
    feed(&fixture, 1);
    if (fixture.reader->ops->is_idle != NULL)
        assert_false(fixture.reader->ops->is_idle(fixture.reader));
    int64_t records = -2;
    int64_t ms = -2;
    fixture.reader->ops->lag(fixture.reader, &records, &ms);
    assert_true(records > 0);
    tear_down_source(&fixture);
}

/* The bytes of a row, with where it is from. */
static void append_row(const struct source_fixture *fixture, const struct lt_row *row,
                       struct lt_text_buffer *out)
{
    lt_text_format(out, "%d:%lld:", row->source_partition, (long long)row->source_offset);
    lt_row_bytes_write(fixture->source->schema, row, out);
}

static void positions_restart_exactly(void **state)
{
    struct lt_text_buffer whole;
    struct lt_text_buffer parts;
    lt_text_init(&whole);
    lt_text_init(&parts);
    struct source_fixture fixture;
    set_up_source(state, &fixture);
    feed(&fixture, ROWS);
    read_rows(&fixture, ROWS);
    for (uint32_t i = 0; i < ROWS; i++)
        append_row(&fixture, fixture.collector.rows[i], &whole);
    tear_down_source(&fixture);

    set_up_source(state, &fixture);
    feed(&fixture, ROWS);
    read_rows(&fixture, ROWS / 3);
    for (uint32_t i = 0; i < ROWS / 3; i++)
        append_row(&fixture, fixture.collector.rows[i], &parts);
    /* Through the text of the checkpoint, and into another reader. */
    struct lt_position positions[16];
    fixture.reader->ops->position(fixture.reader, positions);
    struct lt_text_buffer json;
    lt_text_init(&json);
    fixture.source->ops->positions_to_json(fixture.source, positions, &json);
    struct lt_position again[16];
    memset(again, 0xff, sizeof again);
    struct lt_error error;
    lt_error_clear(&error);
    if (fixture.source->ops->positions_from_json(fixture.source, lt_text_get(&json), again,
                                                 &error) != 0)
        fail_msg("%s: %s", lt_text_get(&json), error.text);
    assert_memory_equal(again, positions, fixture.source->partition_count * sizeof *again);
    lt_text_fini(&json);
    collector_clear(&fixture.collector);
    fixture.reader->ops->close(fixture.reader);
    open_at(&fixture, again, NULL);
    read_rows(&fixture, ROWS - ROWS / 3);
    for (uint32_t i = 0; i < ROWS - ROWS / 3; i++)
        append_row(&fixture, fixture.collector.rows[i], &parts);
    assert_int_equal(parts.size_bytes, whole.size_bytes);
    assert_memory_equal(parts.data, whole.data, whole.size_bytes);
    tear_down_source(&fixture);
    lt_text_fini(&whole);
    lt_text_fini(&parts);
}

static void seeking_to_where_it_stands_changes_nothing(void **state)
{
    struct source_fixture fixture;
    set_up_source(state, &fixture);
    feed(&fixture, 20);
    read_rows(&fixture, 10);
    struct lt_position positions[16];
    struct lt_position after[16];
    memset(after, 0xff, sizeof after);
    fixture.reader->ops->position(fixture.reader, positions);
    if (fixture.reader->ops->seek != NULL)
        assert_int_equal(fixture.reader->ops->seek(fixture.reader, positions, NULL), 0);
    fixture.reader->ops->position(fixture.reader, after);
    assert_memory_equal(after, positions, fixture.source->partition_count * sizeof *after);
    tear_down_source(&fixture);
}

static void a_reader_with_an_end_stops_there(void **state)
{
    struct source_fixture fixture;
    set_up_source(state, &fixture);
    struct lt_position start[16];
    struct lt_position end[16];
    fixture.reader->ops->position(fixture.reader, start);
    fixture.reader->ops->close(fixture.reader);
    const uint32_t partition_count = fixture.source->partition_count;
    memcpy(end, start, sizeof end);
    for (uint32_t i = 0; i < partition_count; i++)
        end[i].offset += 5 * (int64_t)partition_count;
    open_at(&fixture, start, end);
    feed(&fixture, 50);
    uint32_t count;
    enum lt_poll_status status = LT_POLL_IDLE;
    for (int i = 0; i < 20 && status != LT_POLL_ENDED; i++)
        status = fixture.reader->ops->poll(fixture.reader, &fixture.collector.out, 256, &count);
    assert_int_equal(status, LT_POLL_ENDED);
    assert_int_equal(fixture.collector.count, 5 * partition_count);
    fixture.reader->ops->position(fixture.reader, start);
    for (uint32_t i = 0; i < partition_count; i++)
        assert_int_equal(start[i].offset, end[i].offset);
    tear_down_source(&fixture);
}

static void when_all_rows_are_in_flight_it_waits_and_loses_none(void **state)
{
    struct source_fixture fixture;
    set_up_source(state, &fixture);
    uint32_t limit = lt_memory_source_of(fixture.source) != NULL ? 200 : 400;
    feed(&fixture, limit);
    uint32_t count;
    do { /* keeps all rows */
        fixture.reader->ops->poll(fixture.reader, &fixture.collector.out, 64, &count);
    } while (count > 0);
    assert_int_equal(fixture.collector.count, limit < 256 ? limit : 256);
    int64_t newest[16];
    memset(newest, 0xff, sizeof newest);
    for (uint32_t round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < fixture.collector.count; i++) {
            const struct lt_row *row = fixture.collector.rows[i];
            int64_t *last = &newest[row->source_partition];
            int64_t step = fixture.source->partition_count;
            int64_t wanted = *last == -1 ? row->source_partition : *last + step;
            assert_int_equal(row->source_offset, wanted);
            *last = row->source_offset;
        }
        collector_clear(&fixture.collector);
        feed(&fixture, 10);
        do {
            fixture.reader->ops->poll(fixture.reader, &fixture.collector.out, 16, &count);
        } while (count > 0);
        assert_true(fixture.collector.count > 0);
    }
    tear_down_source(&fixture);
}

static void damaged_positions_are_an_error(void **state)
{
    struct source_fixture fixture;
    set_up_source(state, &fixture);
    static const char *const texts[] = {"", "{", "[1]", "\"x\"", "{\"0\":7}", "-3", "null"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct lt_position positions[16];
        struct lt_error error;
        lt_error_clear(&error);
        int code =
            fixture.source->ops->positions_from_json(fixture.source, texts[i], positions, &error);
        assert_true(code < 0);
        assert_non_null(strstr(error.text, "offsets of source "));
    }
    tear_down_source(&fixture);
}

static void an_unknown_source_option_names_the_nearest(void **state)
{
    const struct source_subject *subject = *state;
    char pair[80];
    char *name = strchr(subject->type->options[0].name, '\0') - 1; /* one letter too few */
    snprintf(pair, sizeof pair, "%.*s=1", (int)(name - subject->type->options[0].name),
             subject->type->options[0].name);
    const char *const pairs[] = {pair, NULL};
    struct lt_options *options = collector_options(pairs);
    struct lt_arena *arena = lt_arena_create();
    struct lt_source *source;
    struct lt_error error;
    lt_error_clear(&error);
    assert_int_equal(subject->type->bind(subject->type, options, NULL, arena, &source, &error),
                     LT_E_INVALID);
    assert_non_null(strstr(error.text, subject->type->options[0].name));
    assert_null(source);
    lt_options_destroy(options);
    lt_arena_destroy(arena);
}

/* ------------------------------------------------------------------------------------- catalog */

static void the_catalog_names_each_once_and_documents_every_option(void **state)
{
    (void)state;
    const struct lt_catalog *catalog = lt_io_catalog();
    assert_non_null(catalog->create_reactor);
    for (size_t i = 0; i < catalog->source_count; i++) {
        assert_true(strlen(catalog->sources[i]->doc) > 10);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(catalog->sources[i]->name, catalog->sources[j]->name);
        for (size_t j = 0; j < catalog->sources[i]->option_count; j++)
            assert_true(strlen(catalog->sources[i]->options[j].doc) > 10);
    }
    for (size_t i = 0; i < catalog->sink_count; i++) {
        assert_true(strlen(catalog->sinks[i]->doc) > 10);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(catalog->sinks[i]->name, catalog->sinks[j]->name);
        for (size_t j = 0; j < catalog->sinks[i]->option_count; j++)
            assert_true(strlen(catalog->sinks[i]->options[j].doc) > 10);
    }
}

struct suite_case {
    const char *name;
    CMUnitTestFunction function;
};
#define SUITE_CASE(function)                                                                       \
    {                                                                                              \
#function, function                                                                        \
    }

static const struct suite_case suite[] = {
    SUITE_CASE(a_poll_is_bounded_and_marks_the_last_row_at_hand),
    SUITE_CASE(a_poll_with_nothing_at_hand_is_idle),
    SUITE_CASE(positions_restart_exactly),
    SUITE_CASE(seeking_to_where_it_stands_changes_nothing),
    SUITE_CASE(a_reader_with_an_end_stops_there),
    SUITE_CASE(when_all_rows_are_in_flight_it_waits_and_loses_none),
    SUITE_CASE(damaged_positions_are_an_error),
    SUITE_CASE(an_unknown_source_option_names_the_nearest),
};

static const char *const rate_options[] = {"rowsPerSecond=10", "numPartitions=1", NULL};
static const char *const rate_three_options[] = {"rowsPerSecond=30", "numPartitions=3",
                                                 "columns=orders", NULL};
static const char *const rate_fast_options[] = {"rowsPerSecond=5000", "numPartitions=2", NULL};
static const char *const nexmark_options[] = {"rowsPerSecond=30", NULL};
static const char *const nexmark_bid_options[] = {"rowsPerSecond=3000", "numPartitions=2",
                                                  "events=bid", NULL};
static struct source_subject sources[] = {
    {"rate", &lt_rate_source_type, rate_options, NULL, true},
    {"rate of orders in three partitions", &lt_rate_source_type, rate_three_options, NULL, true},
    {"rate over 1000 a second", &lt_rate_source_type, rate_fast_options, NULL, true},
    {"nexmark", &lt_nexmark_source_type, nexmark_options, NULL, true},
    {"nexmark's bids in two partitions", &lt_nexmark_source_type, nexmark_bid_options, NULL, true},
    {"memory", &lt_memory_source_type, NULL, "id BIGINT NOT NULL, name STRING", false},
};

enum {
    CASES = sizeof suite / sizeof suite[0],
    SUBJECTS = sizeof sources / sizeof sources[0],
};

int main(void)
{
    static struct CMUnitTest tests[CASES * SUBJECTS + 1];
    static char names[CASES * SUBJECTS][160];
    size_t count = 0;
    for (size_t i = 0; i < SUBJECTS; i++) {
        for (size_t j = 0; j < CASES; j++, count++) {
            snprintf(names[count], sizeof names[count], "%s: %s", sources[i].name, suite[j].name);
            tests[count] = (struct CMUnitTest){
                .name = names[count], .test_func = suite[j].function, .initial_state = &sources[i]};
        }
    }
    tests[count++] =
        (struct CMUnitTest)cmocka_unit_test(the_catalog_names_each_once_and_documents_every_option);
    return _cmocka_run_group_tests("sources", tests, count, NULL, NULL);
}
