/*
 * Reading ahead of a reader that a script moves: which of its positions are kept.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "io/ahead.h"
#include "tests/support/collector.h"

/* Gives a row with each poll, and then stands at the next offset of the script; 0 ends it. With a
 * negative one it gives none, and moves all the same. */
struct scripted {
    struct lt_reader base;
    struct lt_row_pool *pool;
    const int64_t *offsets;
    int64_t at;
    bool has_moved;
};

static struct scripted the_inner;
static int64_t dropped[8];
static uint32_t drop_count;

static enum lt_poll_status scripted_poll(struct lt_reader *base, struct lt_out *out,
                                         uint32_t limit, uint32_t *count)
{
    struct scripted *inner = (struct scripted *)(void *)base;
    (void)limit;
    *count = 0;
    if (*inner->offsets == 0)
        return LT_POLL_IDLE;
    inner->has_moved = *inner->offsets < 0;
    inner->at = inner->has_moved ? -*inner->offsets : *inner->offsets;
    inner->offsets++;
    if (inner->has_moved)
        return LT_POLL_IDLE;
    *count = 1;
    out->emit(out, lt_row_claim(inner->pool));
    return LT_POLL_IDLE;
}

static void scripted_position(struct lt_reader *base, struct lt_position *positions)
{
    struct scripted *inner = (struct scripted *)(void *)base;
    positions[0] = (struct lt_position){.offset = inner->at};
    inner->has_moved = false;
}

static bool scripted_has_moved(struct lt_reader *base)
{
    return ((struct scripted *)(void *)base)->has_moved;
}

static void scripted_close(struct lt_reader *base)
{
    lt_row_pool_destroy(((struct scripted *)(void *)base)->pool);
}

static int scripted_open(struct lt_source *source, const struct lt_connector_env *env,
                         const uint32_t *partitions, uint32_t partition_count,
                         const struct lt_position *start, const struct lt_position *end,
                         struct lt_reader **out, struct lt_error *error)
{
    static const struct lt_reader_ops ops = {
        .poll = scripted_poll, .position = scripted_position, .close = scripted_close};
    const struct lt_row_pool_options options = {.column_count = 1, .capacity = 8};
    (void)source, (void)env, (void)partitions, (void)partition_count, (void)end;
    the_inner.base.ops = &ops;
    the_inner.at = start[0].offset;
    *out = &the_inner.base;
    return lt_row_pool_create(&options, &the_inner.pool, error);
}

static void note_drop(struct lt_source *source, const struct lt_position *position)
{
    (void)source;
    assert_true(drop_count < sizeof dropped / sizeof dropped[0]);
    dropped[drop_count++] = position->offset;
}

static struct lt_reader *open_ahead(struct lt_ahead *ahead, const int64_t *offsets)
{
    const struct lt_ahead_options options = {
        .ahead = ahead,
        .open = scripted_open,
        .drop = note_drop,
        .has_moved = scripted_has_moved};
    struct lt_connector_env env = collector_env(lt_clock_system(), NULL);
    const struct lt_position start = {.offset = 0};
    struct lt_reader *reader;
    env.in_batches = true;
    the_inner.offsets = offsets;
    drop_count = 0;
    lt_ahead_init(ahead);
    assert_int_equal(lt_ahead_open_reader(&options, &env, &start, &start, &reader, NULL), 0);
    return reader;
}

static void read_batch(struct lt_reader *reader, int64_t end, uint32_t rows)
{
    static struct collector collector;
    const struct lt_position position = {.offset = end};
    struct lt_position reached;
    uint32_t count;
    collector_init(&collector);
    assert_int_equal(reader->ops->extend(reader, &position, NULL), 0);
    assert_int_equal(reader->ops->poll(reader, &collector.out, 8, &count), LT_POLL_ENDED);
    assert_int_equal(count, rows);
    for (uint32_t i = 0; i < rows; i++)
        assert_int_equal((collector.rows[i]->flags & LT_ROW_END_OF_BATCH) != 0, i + 1 == rows);
    collector_clear(&collector);
    reader->ops->position(reader, &reached);
    assert_int_equal(reached.offset, end);
}

static void close_ahead(struct lt_ahead *ahead, struct lt_reader *reader)
{
    reader->ops->close(reader);
    lt_ahead_fini(ahead);
}

static void a_position_that_nobody_was_told_is_dropped(void **state)
{
    static const int64_t script[] = {1, 2, 3, 0};
    struct lt_ahead ahead;
    (void)state;
    struct lt_reader *reader = open_ahead(&ahead, script);
    for (int i = 0; i < 3; i++)
        assert_true(reader->ops->has_more(reader));
    assert_int_equal(drop_count, 2);
    assert_int_equal(dropped[0], 1);
    assert_int_equal(dropped[1], 2);
    read_batch(reader, 3, 3);
    close_ahead(&ahead, reader);
}

static void one_that_was_told_stays_though_rows_come_that_do_not_move_it(void **state)
{
    static const int64_t script[] = {1, 1, 2, 0};
    struct lt_ahead ahead;
    (void)state;
    struct lt_reader *reader = open_ahead(&ahead, script);
    assert_true(reader->ops->has_more(reader));
    assert_int_equal(lt_ahead_position(&ahead).offset, 1);
    assert_true(reader->ops->has_more(reader));
    assert_true(reader->ops->has_more(reader));
    assert_int_equal(drop_count, 0);
    read_batch(reader, 1, 1);
    read_batch(reader, 2, 2);
    close_ahead(&ahead, reader);
}

static void one_that_moves_without_a_row_is_a_batch_of_none(void **state)
{
    static const int64_t script[] = {1, -2, -3, 0};
    struct lt_ahead ahead;
    int64_t records, ms;
    (void)state;
    struct lt_reader *reader = open_ahead(&ahead, script);
    assert_true(reader->ops->has_more(reader));
    assert_int_equal(lt_ahead_position(&ahead).offset, 1);
    read_batch(reader, 1, 1); /* polls, and moves to 2 */
    assert_true(reader->ops->has_more(reader));
    assert_int_equal(drop_count, 1);
    assert_int_equal(dropped[0], 2);
    reader->ops->lag(reader, &records, &ms);
    assert_int_equal(records, 0);
    read_batch(reader, 3, 0);
    assert_false(reader->ops->has_more(reader));
    close_ahead(&ahead, reader);
}

static void one_that_moves_behind_rows_ends_their_batch(void **state)
{
    static const int64_t script[] = {1, 2, -3, 4, -5, 0};
    struct lt_ahead ahead;
    (void)state;
    struct lt_reader *reader = open_ahead(&ahead, script);
    for (int i = 0; i < 3; i++)
        assert_true(reader->ops->has_more(reader));
    assert_int_equal(lt_ahead_position(&ahead).offset, 3);
    assert_true(reader->ops->has_more(reader));
    read_batch(reader, 3, 2);
    assert_int_equal(lt_ahead_position(&ahead).offset, 5);
    read_batch(reader, 5, 1);
    assert_false(reader->ops->has_more(reader));
    close_ahead(&ahead, reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_position_that_nobody_was_told_is_dropped),
        cmocka_unit_test(one_that_was_told_stays_though_rows_come_that_do_not_move_it),
        cmocka_unit_test(one_that_moves_without_a_row_is_a_batch_of_none),
        cmocka_unit_test(one_that_moves_behind_rows_ends_their_batch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
