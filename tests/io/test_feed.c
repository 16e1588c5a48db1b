/*
 * Feeds: the same rows come out whatever the pieces are that bytes come in, and rows keep what they
 * borrow from.
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

enum { ARRIVED_NS = 5000, PIECES = 64, BLOCK_BYTES = 4096 };

struct fixture {
    struct lt_arena *arena;
    struct lt_clock_manual clock;
    struct lt_options *options;
    const struct lt_format *format;
    struct lt_format_reader *reader;
    struct lt_feed *feed;
    struct collector collector;
    enum lt_poll_status status;
    /* Pieces that are lent: copies, so that one that is used after it was given back is seen. */
    char *lent[PIECES];
    uint32_t lent_count, returned_count;
};

static void complete(void *context, struct lt_row *row)
{
    (void)context;
    lt_row_values(row)[1] = lt_value_i64(row->source_offset);
}

static void take_back(void *context, void *piece_token)
{
    struct fixture *fixture = context;
    char **piece = piece_token;
    assert_non_null(*piece);
    free(*piece);
    *piece = NULL;
    fixture->returned_count++;
}

static void bind_format(struct fixture *fixture, const char *name, const char *const *options)
{
    struct lt_error error = {0};
    fixture->options = collector_options(options);
    const struct lt_format_setup setup = {
        .name = name,
        .options = fixture->options,
        .owner = "source test",
        .default_frame = options != NULL && strcmp(options[0], "frame=datagram") == 0
                             ? LT_FRAME_DATAGRAM
                             : LT_FRAME_LINE};
    if (lt_format_bind(&setup, fixture->arena, &fixture->format, &error) != 0)
        fail_msg("%s", error.text);
    assert_int_equal(
        lt_format_reader_create(fixture->format, NULL, "source test", &fixture->reader, &error), 0);
}

/* Of the next feed: its rows are released on other threads. */
static bool is_shared;

static void set_up(struct fixture *fixture, const char *const *options, uint32_t rows,
                   uint32_t blocks)
{
    *fixture = (struct fixture){.arena = lt_arena_create()};
    lt_clock_manual_init(&fixture->clock, ARRIVED_NS, 0);
    collector_init(&fixture->collector);
    bind_format(fixture, "text", options);
    const struct lt_feed_options feed = {.reader = fixture->reader,
                                         .clock = &fixture->clock.clock,
                                         .column_count = 2,
                                         .row_capacity = rows,
                                         .bytes_capacity = blocks * (uint64_t)BLOCK_BYTES,
                                         .block_size_bytes = BLOCK_BYTES,
                                         .piece_capacity = PIECES,
                                         .is_shared = is_shared,
                                         .partition = 7,
                                         .complete = complete,
                                         .on_piece_release = take_back,
                                         .context = fixture};
    assert_int_equal(lt_feed_create(&feed, &fixture->feed, NULL), 0);
}

static void tear_down(struct fixture *fixture)
{
    collector_clear(&fixture->collector);
    lt_feed_destroy(fixture->feed); /* a shared one's rows come home with it */
    assert_int_equal(fixture->returned_count, fixture->lent_count);
    lt_format_reader_destroy(fixture->reader);
    lt_options_destroy(fixture->options);
    lt_arena_destroy(fixture->arena);
}

static uint32_t poll(struct fixture *fixture, uint32_t limit)
{
    return lt_feed_poll(fixture->feed, &fixture->collector.out, limit, &fixture->status);
}

static bool fill(struct fixture *fixture, const char *bytes, size_t size)
{
    while (size > 0) {
        struct lt_feed_space space = lt_feed_space(fixture->feed, size < 256 ? size : 256);
        if (space.data == NULL)
            return false;
        size_t count = size < space.size_bytes ? size : space.size_bytes;
        memcpy(space.data, bytes, count);
        lt_feed_filled(fixture->feed, count);
        bytes += count;
        size -= count;
    }
    return true;
}

static void lend(struct fixture *fixture, const char *bytes, size_t size)
{
    char **piece = &fixture->lent[fixture->lent_count++ % PIECES];
    assert_null(*piece);
    *piece = malloc(size + 1);
    memcpy(*piece, bytes, size);
    lt_feed_give(fixture->feed, *piece, size, piece);
}

static void expect_row(const struct fixture *fixture, uint32_t index, const char *text,
                       int64_t offset)
{
    const struct lt_row *row = fixture->collector.rows[index];
    const struct lt_bytes *bytes = &lt_row_values(row)[0].bytes;
    assert_true(index < fixture->collector.count);
    assert_int_equal(bytes->size_bytes, strlen(text));
    assert_memory_equal(bytes->data, text, strlen(text));
    assert_int_equal(lt_row_values(row)[1].i64, offset);
    assert_int_equal(row->source_partition, 7);
    assert_int_equal(row->ingest_ns, ARRIVED_NS);
}

static void lines_become_rows_and_the_last_one_is_marked(void **state)
{
    (void)state;
    struct fixture fixture;
    set_up(&fixture, NULL, 16, 2);
    assert_int_equal(poll(&fixture, 10), 0);
    assert_int_equal(fixture.status, LT_POLL_IDLE);
    assert_true(fill(&fixture, "one\ntwo\nthr", 11));
    assert_int_equal(poll(&fixture, 10), 2);
    assert_int_equal(fixture.status, LT_POLL_IDLE);
    expect_row(&fixture, 0, "one", 0);
    expect_row(&fixture, 1, "two", 4);
    assert_int_equal(fixture.collector.rows[0]->flags, 0);
    assert_int_equal(fixture.collector.rows[1]->flags, LT_ROW_END_OF_BATCH);
    assert_int_equal(lt_feed_position(fixture.feed), 8);
    assert_int_equal(lt_feed_end_position(fixture.feed), 11);
    assert_true(fill(&fixture, "ee\n\nfive", 8));
    assert_int_equal(poll(&fixture, 1), 1);
    assert_int_equal(fixture.status, LT_POLL_MORE);
    expect_row(&fixture, 2, "three", 8);
    assert_int_equal(fixture.collector.rows[2]->flags, 0);
    lt_feed_expect(fixture.feed, true);
    assert_int_equal(poll(&fixture, 10), 1);
    assert_int_equal(fixture.collector.rows[3]->flags, 0);
    lt_feed_end(fixture.feed);
    assert_int_equal(poll(&fixture, 10), 1);
    expect_row(&fixture, 4, "five", 15);
    assert_int_equal(fixture.status, LT_POLL_ENDED);
    assert_int_equal(lt_feed_position(fixture.feed), 19);
    tear_down(&fixture);
}

static void a_row_gives_its_record_as_it_was_read(void **state)
{
    (void)state;
    struct fixture fixture;
    struct lt_original original;
    set_up(&fixture, NULL, 16, 2);
    assert_true(fill(&fixture, "record\r\n", 8));
    assert_int_equal(poll(&fixture, 10), 1);
    lt_feed_original(fixture.collector.rows[0], NULL, &original);
    assert_int_equal(original.value->size_bytes, 6);
    assert_memory_equal(original.value->data, "record", 6);
    assert_null(original.key);
    tear_down(&fixture);
}

static void rows_keep_their_block_until_they_are_released(void **state)
{
    (void)state;
    struct fixture fixture;
    char line[1024];
    set_up(&fixture, NULL, 64, 2);
    uint32_t lines = 0;
    for (;; lines++) {
        int size = snprintf(line, sizeof line, "%0*u\n", 999, lines);
        if (!fill(&fixture, line, (size_t)size))
            break;
        assert_int_equal(poll(&fixture, 10), 1);
    }
    assert_true(lt_feed_is_starved(fixture.feed));
    assert_int_equal(lines, 12); /* two blocks that rows hold, and the feed's own */
    for (uint32_t i = 0; i < lines; i++) {
        (void)snprintf(line, sizeof line, "%0*u", 999, i);
        expect_row(&fixture, i, line, 1000 * i);
    }
    collector_clear(&fixture.collector);
    assert_true(fill(&fixture, "more\n", 5));
    assert_false(lt_feed_is_starved(fixture.feed));
    assert_int_equal(poll(&fixture, 10), 1);
    expect_row(&fixture, 0, "more", 12000);
    tear_down(&fixture);
}

static void a_feed_without_rows_goes_on_when_some_are_back(void **state)
{
    (void)state;
    struct fixture fixture;
    set_up(&fixture, NULL, 2, 2);
    assert_true(fill(&fixture, "a\nb\nc\n", 6));
    assert_int_equal(poll(&fixture, 10), 2);
    assert_int_equal(fixture.status, LT_POLL_IDLE);
    assert_true(lt_feed_is_starved(fixture.feed));
    assert_int_equal(fixture.collector.rows[1]->flags, 0);
    collector_clear(&fixture.collector);
    assert_int_equal(poll(&fixture, 10), 1);
    expect_row(&fixture, 0, "c", 4);
    assert_false(lt_feed_is_starved(fixture.feed));
    tear_down(&fixture);
}

static void a_record_larger_than_a_block_makes_it_grow(void **state)
{
    (void)state;
    struct fixture fixture;
    size_t size = 100 * BLOCK_BYTES;
    char *giant = malloc(size + 1);
    memset(giant, 'g', size);
    giant[size] = '\0';
    set_up(&fixture, NULL, 16, 2);
    assert_true(fill(&fixture, "small\n", 6));
    assert_true(fill(&fixture, giant, size));
    assert_int_equal(poll(&fixture, 10), 1);
    assert_true(fill(&fixture, "\nlast\n", 6));
    assert_int_equal(poll(&fixture, 10), 2);
    expect_row(&fixture, 0, "small", 0);
    expect_row(&fixture, 1, giant, 6);
    expect_row(&fixture, 2, "last", 6 + (int64_t)size + 1);
    tear_down(&fixture);
    free(giant);
}

/* Lines of many sizes, cut into pieces of `step` bytes; every third time all rows go. */
static void read_in_pieces(size_t step, bool is_lent)
{
    struct fixture fixture;
    struct lt_text_buffer text;
    char line[256];
    lt_text_init(&text);
    for (int i = 0; i < 200; i++)
        lt_text_format(&text, "%0*d%s", 1 + i * 37 % 199, i, i % 3 == 0 ? "\r\n" : "\n");
    set_up(&fixture, NULL, 512, 4);
    int seen = 0;
    for (size_t at = 0; at < text.size_bytes; at += step) {
        size_t size = text.size_bytes - at < step ? text.size_bytes - at : step;
        if (is_lent)
            lend(&fixture, text.data + at, size);
        else
            assert_true(fill(&fixture, text.data + at, size));
        if (at / step % 3 == 2 || at + step >= text.size_bytes) {
            (void)poll(&fixture, 512);
            for (uint32_t i = 0; i < fixture.collector.count; i++, seen++) {
                (void)snprintf(line, sizeof line, "%0*d", 1 + seen * 37 % 199, seen);
                assert_int_equal(lt_row_values(fixture.collector.rows[i])[0].bytes.size_bytes,
                                 strlen(line));
                assert_memory_equal(lt_row_values(fixture.collector.rows[i])[0].bytes.data, line,
                                    strlen(line));
            }
            collector_clear(&fixture.collector);
        }
    }
    lt_feed_end(fixture.feed);
    (void)poll(&fixture, 512);
    assert_int_equal(seen, 200);
    assert_int_equal(fixture.status, LT_POLL_ENDED);
    assert_int_equal(lt_feed_position(fixture.feed), text.size_bytes);
    tear_down(&fixture);
    lt_text_fini(&text);
}

static void records_are_the_same_whatever_the_pieces(void **state)
{
    (void)state;
    for (size_t step = 1; step < 700; step = step < 40 ? step + 1 : step * 3 / 2) {
        read_in_pieces(step, false);
        read_in_pieces(step, true);
        is_shared = true;
        read_in_pieces(step, false);
        read_in_pieces(step, true);
        is_shared = false;
    }
}

static void a_piece_is_given_back_with_its_last_row(void **state)
{
    (void)state;
    struct fixture fixture;
    set_up(&fixture, NULL, 16, 2);
    lend(&fixture, "a\nb\nc", 5);
    assert_int_equal(poll(&fixture, 10), 2);
    assert_ptr_equal(lt_feed_token(fixture.collector.rows[0]), &fixture.lent[0]);
    assert_int_equal(fixture.returned_count, 0);
    collector_clear(&fixture.collector);
    assert_int_equal(fixture.returned_count, 1); /* though "c" is unfinished: it was copied */
    lend(&fixture, "c\nd\n", 4);
    assert_int_equal(poll(&fixture, 10), 2);
    expect_row(&fixture, 0, "cc", 4);
    expect_row(&fixture, 1, "d", 7);
    assert_null(lt_feed_token(fixture.collector.rows[0]));
    assert_non_null(lt_feed_token(fixture.collector.rows[1]));
    tear_down(&fixture);
}

static void a_datagram_is_a_record(void **state)
{
    (void)state;
    struct fixture fixture;
    static const char *const options[] = {"frame=datagram", NULL};
    set_up(&fixture, options, 16, 2);
    assert_int_equal(poll(&fixture, 10), 0);
    lend(&fixture, "one\ntwo", 7);
    lend(&fixture, "", 0);
    lend(&fixture, "three", 5);
    assert_int_equal(poll(&fixture, 10), 3);
    expect_row(&fixture, 0, "one\ntwo", 0);
    expect_row(&fixture, 1, "", 7);
    expect_row(&fixture, 2, "three", 8);
    tear_down(&fixture);
}

static void another_stream_drops_what_was_carried(void **state)
{
    (void)state;
    struct fixture fixture;
    set_up(&fixture, NULL, 16, 2);
    assert_true(fill(&fixture, "a\nunfinished", 12));
    assert_int_equal(poll(&fixture, 10), 1);
    lt_feed_begin(fixture.feed, 100);
    assert_true(fill(&fixture, "b\n", 2));
    assert_int_equal(poll(&fixture, 10), 1);
    expect_row(&fixture, 0, "a", 0);
    expect_row(&fixture, 1, "b", 100);
    assert_int_equal(lt_feed_position(fixture.feed), 102);
    lt_feed_begin(fixture.feed, 0);
    lend(&fixture, "unread", 6);
    lt_feed_begin(fixture.feed, 0);
    assert_int_equal(fixture.returned_count, 1);
    tear_down(&fixture);
}

static void streams_share_rows_and_blocks(void **state)
{
    (void)state;
    struct fixture fixture;
    struct lt_feed *other;
    enum lt_poll_status status;
    set_up(&fixture, NULL, 3, 1);
    assert_int_equal(lt_feed_share(fixture.feed, &fixture, &other, NULL), 0);
    lend(&fixture, "a\nb", 3);
    lt_feed_give(other, "x\ny", 3, &fixture.lent[fixture.lent_count++]);
    fixture.lent[1] = malloc(1);
    assert_int_equal(poll(&fixture, 10), 1);
    assert_int_equal(lt_feed_poll(other, &fixture.collector.out, 10, &status), 1);
    lt_feed_end(other);
    assert_int_equal(lt_feed_poll(other, &fixture.collector.out, 10, &status), 1);
    expect_row(&fixture, 0, "a", 0);
    expect_row(&fixture, 1, "x", 0);
    expect_row(&fixture, 2, "y", 2);
    assert_int_equal(status, LT_POLL_ENDED);
    lend(&fixture, "\n", 1);
    assert_int_equal(poll(&fixture, 10), 0);
    assert_true(lt_feed_is_starved(fixture.feed));
    collector_clear(&fixture.collector);
    assert_int_equal(poll(&fixture, 10), 1);
    expect_row(&fixture, 0, "b", 2);
    lt_feed_destroy(other);
    tear_down(&fixture);
}

static void a_broken_stream_says_at_which_byte(void **state)
{
    (void)state;
    struct fixture fixture;
    static const char *const options[] = {"frame=length2", "maxRecordBytes=4", NULL};
    set_up(&fixture, options, 16, 2);
    assert_true(fill(&fixture, "\0\1a\0\5abcde", 10));
    assert_int_equal(poll(&fixture, 10), 1);
    assert_int_equal(fixture.status, LT_POLL_FAILED);
    assert_int_equal(lt_feed_position(fixture.feed), 3);
    assert_string_equal(lt_feed_error(fixture.feed)->text,
                        "at byte 3: a record of more than 4 bytes (frame length2); hint: the "
                        "option maxRecordBytes sets the limit, and frame and lineSep say where "
                        "records end");
    assert_int_equal(poll(&fixture, 10), 0);
    lt_feed_begin(fixture.feed, 0);
    assert_true(fill(&fixture, "\0\1b", 3));
    assert_int_equal(poll(&fixture, 10), 1);
    expect_row(&fixture, 1, "b", 0);
    tear_down(&fixture);
}

static void a_byte_order_mark_is_no_part_of_the_text(void **state)
{
    (void)state;
    struct fixture fixture;
    set_up(&fixture, NULL, 16, 2);
    assert_true(fill(&fixture, "\xEF\xBB\xBF" "a\n\xEF\xBB\xBF" "b\n", 10));
    assert_int_equal(poll(&fixture, 10), 2);
    expect_row(&fixture, 0, "a", 0);
    expect_row(&fixture, 1, "\xEF\xBB\xBF" "b", 5);
    tear_down(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_become_rows_and_the_last_one_is_marked),
        cmocka_unit_test(a_row_gives_its_record_as_it_was_read),
        cmocka_unit_test(rows_keep_their_block_until_they_are_released),
        cmocka_unit_test(a_feed_without_rows_goes_on_when_some_are_back),
        cmocka_unit_test(a_record_larger_than_a_block_makes_it_grow),
        cmocka_unit_test(records_are_the_same_whatever_the_pieces),
        cmocka_unit_test(a_piece_is_given_back_with_its_last_row),
        cmocka_unit_test(a_datagram_is_a_record),
        cmocka_unit_test(another_stream_drops_what_was_carried),
        cmocka_unit_test(streams_share_rows_and_blocks),
        cmocka_unit_test(a_broken_stream_says_at_which_byte),
        cmocka_unit_test(a_byte_order_mark_is_no_part_of_the_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
