/*
 * Whom a query in micro-batches asks for more, and how often: a union of a source that is quiet,
 * and whose readers say where it ends, and of one that can only be asked, and whose readers have
 * told of something that is nothing. With a clock that moves when it is told to.
 */
#include "core/run/batch_control.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/base/arena.h"
#include "core/run/union_source.h"

enum { LOOK_MS = 1000, RUN_MS = 500 };

/* A source of one partition, with nothing that was not read but what it holds back. */
struct part {
    struct lt_source source; /* first */
    struct lt_source_type type;
    struct lt_source_ops ops;
    bool is_heard;      /* its readers know where it ends */
    int64_t heard_end;  /* there */
    bool is_held_back;  /* what it has waits for more */
    int64_t asking_ms;  /* how long it takes to be asked */
    uint32_t ask_count; /* how often it was asked where it ends */
};

static struct {
    struct lt_clock_manual clock;
    struct lt_arena *arena;
    struct part hearing, asked;
    struct lt_pipeline pipeline;
    struct lt_batch_settings settings;
    struct lt_batch_control *control;
    uint32_t listen_count;
    bool is_failing, is_stopping;
} world;

/* -------------------------------------------------------------------------------------- fakes */

static int part_latest(struct lt_source *source, struct lt_position *positions,
                       struct lt_error *error)
{
    struct part *part = (struct part *)(void *)source;
    part->ask_count++;
    if (world.is_failing)
        return lt_error_set(error, LT_E_IO, "nobody answers");
    positions[0] = (struct lt_position){.offset = part->heard_end};
    lt_clock_manual_advance(&world.clock, part->asking_ms * LT_NS_PER_MS);
    return 0;
}

static bool part_at_hand(struct lt_source *source, const struct lt_position *start,
                         struct lt_position *positions)
{
    const struct part *part = (struct part *)(void *)source;
    (void)start;
    positions[0] = (struct lt_position){.offset = part->heard_end};
    return part->is_heard;
}

static int part_admit(struct lt_source *source, const struct lt_position *start,
                      const struct lt_position *latest, struct lt_position *end,
                      struct lt_error *error)
{
    const struct part *part = (struct part *)(void *)source;
    (void)start, (void)error;
    end[0] = latest[0];
    return part->is_held_back ? 0 : 1;
}

static struct lt_source *make_part(struct part *part, const char *name, bool hears)
{
    *part = (struct part){.type = {.name = name}, .is_heard = hears, .asking_ms = 1};
    part->ops = (struct lt_source_ops){.latest = part_latest,
                                       .admit = part_admit,
                                       .at_hand = hears ? part_at_hand : NULL};
    part->source = (struct lt_source){.ops = &part->ops,
                                      .type = &part->type,
                                      .partition_count = 1,
                                      .look_interval_ns = LOOK_MS * (int64_t)LT_NS_PER_MS};
    return &part->source;
}

/* The reader has no time for it. */
static bool no_run(void *context, uint32_t reader, uint64_t epoch)
{
    (void)context, (void)reader, (void)epoch;
    return false;
}

static bool count_listen(void *context)
{
    (void)context;
    world.listen_count++;
    return true;
}

static bool is_stopping(void *context)
{
    (void)context;
    return world.is_stopping;
}

static void do_nothing(void *context)
{
    (void)context;
}

/* -------------------------------------------------------------------------------------- query */

static int set_up(void **state)
{
    (void)state;
    static const struct lt_position start[2];
    struct lt_source *parts[2] = {make_part(&world.hearing, "hearing", true),
                                  make_part(&world.asked, "asked", false)};
    lt_clock_manual_init(&world.clock, LT_NS_PER_S, 1700000000000000);
    world.arena = lt_arena_create();
    world.pipeline = (struct lt_pipeline){
        .source = lt_union_source_create(parts, 2, world.arena),
    };
    world.settings = (struct lt_batch_settings){
        .trigger = {LT_TRIGGER_PROCESSING_TIME, 0},
        .async_interval_ns = -1,
    };
    struct lt_batch_control_options options = {
        .pipeline = &world.pipeline,
        .settings = &world.settings,
        .start = start,
        .batches = {.reader_count = 1,
                    .delivery_count = 1,
                    .clock = &world.clock.clock,
                    .ports = {.run = no_run}},
        .listen = count_listen,
        .is_stopping = is_stopping,
        .idle = do_nothing,
    };
    options.batches.sources =
        lt_source_parts(&world.pipeline.source, &options.batches.source_count);
    world.control = lt_batch_control_create(&options);
    world.listen_count = 0;
    world.is_failing = world.is_stopping = false;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    lt_batch_control_destroy(world.control);
    lt_arena_destroy(world.arena);
    return 0;
}

/* One step a millisecond, as often as the deadline says at least. */
static void run_for(int64_t ms)
{
    struct lt_error error;
    for (int64_t end_ns = world.clock.now_ns + ms * LT_NS_PER_MS; world.clock.now_ns < end_ns;) {
        assert_true(lt_batch_control_step(world.control, &error) >= 0);
        lt_clock_manual_advance(&world.clock, LT_NS_PER_MS);
    }
}

static void assert_waits(void)
{
    assert_int_equal(lt_batch_control_activity(world.control), LT_ACTIVITY_AWAITS_DATA);
}

/* At first all are asked; counts begin there. */
static void run_to_rest(void)
{
    run_for(2);
    assert_int_equal(world.hearing.ask_count, 1);
    assert_int_equal(world.asked.ask_count, 1);
    assert_waits();
    world.hearing.ask_count = world.asked.ask_count = 0;
}

/* -------------------------------------------------------------------------------------- tests */

static void after_news_of_nothing_a_union_comes_to_rest(void **state)
{
    (void)state;
    run_to_rest();
    lt_batch_control_arrived(world.control);
    run_for(RUN_MS);
    assert_int_equal(world.asked.ask_count, 1);
    assert_int_equal(world.hearing.ask_count, 0);
    assert_int_equal(world.listen_count, 1); /* what comes now is told again */
    lt_batch_control_arrived(world.control);
    run_for(RUN_MS / 2);
    assert_int_equal(world.asked.ask_count, 2);
    assert_int_equal(world.listen_count, 2);
    assert_waits();
}

/* The one reader that both have has told, and tells no more for now. */
static void what_comes_before_readers_tell_anew_is_found_soon_all_the_same(void **state)
{
    (void)state;
    run_to_rest();
    world.asked.asking_ms = RUN_MS;
    lt_batch_control_arrived(world.control);
    run_for(RUN_MS + 20);
    assert_int_equal(world.asked.ask_count, 1);
    assert_int_equal(world.listen_count, 0);
    assert_waits();
    world.hearing.heard_end = 5;
    run_for(12);
    assert_int_equal(lt_batch_control_activity(world.control), LT_ACTIVITY_PROCESSES);
    assert_int_equal(lt_batch_control_end(world.control)[0].offset, 5);
    assert_int_equal(world.asked.ask_count, 1);
    assert_int_equal(world.listen_count, 0);
}

static void what_was_heard_of_and_is_held_back_is_looked_at_again_soon(void **state)
{
    (void)state;
    run_to_rest();
    world.hearing.heard_end = 5;
    world.hearing.is_held_back = true;
    lt_batch_control_arrived(world.control);
    run_for(RUN_MS);
    assert_in_range(world.asked.ask_count, RUN_MS / 20, RUN_MS / 10);
    assert_int_equal(world.listen_count, 0);
    assert_waits();
}

static void who_does_not_know_its_end_is_asked_before_there_is_rest(void **state)
{
    (void)state;
    run_to_rest();
    world.hearing.is_heard = false;
    lt_batch_control_arrived(world.control);
    run_for(RUN_MS);
    assert_int_equal(world.hearing.ask_count, 0);
    assert_int_equal(world.listen_count, 0);
    run_for(LOOK_MS);
    assert_int_equal(world.hearing.ask_count, 1);
    assert_int_equal(world.listen_count, 1);
    assert_waits();
}

static void a_source_that_does_not_answer_fails_the_query_unless_it_is_to_end(void **state)
{
    (void)state;
    struct lt_error error;
    run_to_rest();
    world.is_failing = true;
    lt_batch_control_request(world.control);
    assert_int_equal(lt_batch_control_step(world.control, &error), LT_E_IO);
    assert_string_equal(error.text, "source hearing: nobody answers");
    assert_false(lt_batch_control_is_over(world.control));
    world.is_stopping = true;
    lt_batch_control_request(world.control);
    assert_true(lt_batch_control_step(world.control, &error) > 0);
    assert_true(lt_batch_control_is_over(world.control));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(after_news_of_nothing_a_union_comes_to_rest),
        TEST(what_comes_before_readers_tell_anew_is_found_soon_all_the_same),
        TEST(what_was_heard_of_and_is_held_back_is_looked_at_again_soon),
        TEST(who_does_not_know_its_end_is_asked_before_there_is_rest),
        TEST(a_source_that_does_not_answer_fails_the_query_unless_it_is_to_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
