/*
 * What becomes of a directory's files that are read and committed, on every reactor.
 */
#include "tests/support/source_world.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/support/scratch.h"

static void files_are_cleaned_up_when_their_epoch_is_committed(void **state)
{
    struct source_world world;
    source_begin(state, &world);
    char archive[160];
    snprintf(archive, sizeof archive, "sourceArchiveDir=%s/old", world.reactor.directory);
    const char *const archives[] = {"cleanSource=archive", archive, NULL};
    static const char *const deletes[] = {"cleanSource=delete", NULL};
    source_put(&world, "a", "1\n", 1);
    source_start(&world, archives, false);
    source_expect(&world, "1 ");
    source_expect_nothing(&world);
    assert_true(source_is_there(&world, "a"));
    source_end_epoch(&world, NULL, true);
    while (source_is_there(&world, "a")) {
        (void)source_poll(&world, 256);
        source_rest(&world);
    }
    char *archived = scratch_read("%s/old%s/a", world.reactor.directory, world.in);
    assert_string_equal(archived, "1\n");
    free(archived);
    source_stop(&world);
    source_put(&world, "b", "2\n", 2);
    source_start(&world, deletes, true);
    source_expect(&world, "2 ");
    source_expect_end(&world);
    source_end_epoch(&world, NULL, true);
    source_stop(&world); /* nobody polls any more: closing does it */
    assert_false(source_is_there(&world, "b"));
    source_end(&world);
}

/* Nobody polls then. */
static void files_are_cleaned_up_between_batches(void **state)
{
    static const char *const deletes[] = {"cleanSource=delete", NULL};
    struct source_world world;
    source_begin(state, &world);
    world.env.in_batches = true;
    source_put(&world, "a", "1\n", 1);
    source_put(&world, "b", "2\n", 2);
    source_put(&world, "c", "3\n", 3);
    source_start_batches(&world, deletes);
    source_extend(&world, NULL);
    source_expect(&world, "1 2 3 ");
    source_expect_end(&world);
    source_end_epoch(&world, NULL, true);
    while (source_is_there(&world, "a") || source_is_there(&world, "b") ||
           source_is_there(&world, "c")) { /* the test's time runs out otherwise */
        assert_false(world.reader->ops->has_more(world.reader));
        rest(world.reactor.reactor, lt_clock_now_ns(world.env.clock) + 2 * LT_NS_PER_MS);
    }
    source_end(&world);
}

/* It may sleep until the next file comes. */
static void a_commit_wakes_the_lane_to_clean_up(void **state)
{
    static const char *const deletes[] = {"cleanSource=delete", NULL};
    struct source_world world;
    source_begin(state, &world);
    world.env.in_batches = true;
    source_put(&world, "a", "1\n", 1);
    source_start_batches(&world, deletes);
    source_extend(&world, NULL);
    source_expect(&world, "1 ");
    source_expect_end(&world);
    assert_false(world.reader->ops->has_more(world.reader));
    lt_waker_prepare_to_park(world.env.waker);
    source_end_epoch(&world, NULL, true);
    int64_t begun_ns = lt_clock_now_ns(world.env.clock);
    (void)lt_reactor_park(world.reactor.reactor, begun_ns + 20 * (int64_t)LT_NS_PER_S);
    lt_waker_unpark(world.env.waker);
    assert_true(lt_clock_now_ns(world.env.clock) < begun_ns + 20 * (int64_t)LT_NS_PER_S);
    source_end(&world);
}

/* A queue that a kill has lost is that of the last batches; files of earlier ones are let be. */
static void a_start_cleans_up_the_last_batches_before_it(void **state)
{
    static const char *const deletes[] = {"cleanSource=delete", NULL};
    static const char names[] = "abcdefg";
    struct source_world world;
    source_begin(state, &world);
    for (int i = 0; names[i + 1] != '\0'; i++) { /* without the option */
        char name[] = {names[i], '\0'}, line[] = {names[i], '\n', '\0'};
        char wanted[] = {names[i], ' ', '\0'};
        source_put(&world, name, line, i + 1);
        if (i == 0)
            source_start(&world, NULL, false);
        source_expect(&world, wanted);
        source_expect_nothing(&world);
        source_end_epoch(&world, NULL, true);
    }
    source_stop(&world);
    source_put(&world, "g", "g\n", 7);
    source_start(&world, deletes, true);
    source_expect(&world, "g ");
    source_expect_end(&world);
    source_end_epoch(&world, NULL, true);
    source_stop(&world); /* which cleans up what is left */
    for (int i = 0; names[i] != '\0'; i++) {
        char name[] = {names[i], '\0'};
        assert_int_equal(source_is_there(&world, name), i < 2);
    }
    source_end(&world);
}

int main(void)
{
    static const struct suite_case cases[] = {
        SUITE_CASE(files_are_cleaned_up_when_their_epoch_is_committed),
        SUITE_CASE(files_are_cleaned_up_between_batches),
        SUITE_CASE(a_commit_wakes_the_lane_to_clean_up),
        SUITE_CASE(a_start_cleans_up_the_last_batches_before_it),
    };
    return run_suite(cases, sizeof cases / sizeof cases[0]);
}
