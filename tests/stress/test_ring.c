/*
 * Rings under threads. Items go round a circle of rings, one thread from each ring to the next;
 * each ring's items are numbered by who put them in, and whoever takes them out checks every number
 * and every word. The rings are small, so they wrap thousands of times; the circle is filled so
 * that rings run full and empty all the time. Sanitizer builds give the CPU away inside publish and
 * release (LT_YIELD_POINT).
 */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/base/clock.h"
#include "core/flow/ring.h"

enum {
    CAPACITY = 4 * LT_LIMIT_RING_PUBLISH,
    THREADS_MAX = 5,
    RUN_MS = 1500,
    PATIENCE_MS = 60000, /* for a machine that has no time for its threads */
    WRAPPED = 10 * CAPACITY,
};

struct hop {
    struct lt_ring *in, *out;
    uint64_t taken, put;
    uint32_t to_put_first; /* items that this thread brings into the circle */
    int64_t end_ns, patience_end_ns;
    const char *fault;
};

/* What an item must look like, from its number alone. */
static struct lt_item item_of(uint64_t number)
{
    uint64_t mixed = (number + 1) * 0x9e3779b97f4a7c15u;
    return (struct lt_item){.kind = LT_ITEM_MARKER,
                            .row = (struct lt_row *)(uintptr_t)mixed,
                            .fault = (struct lt_fault *)(uintptr_t)~mixed,
                            .epoch = number};
}

static bool is_item(const struct lt_item *item, uint64_t number)
{
    struct lt_item wanted = item_of(number);
    return item->kind == wanted.kind && item->row == wanted.row && item->fault == wanted.fault &&
           item->epoch == wanted.epoch;
}

static bool try_put(struct hop *hop)
{
    struct lt_item *item = lt_ring_claim(hop->out);
    if (item == NULL)
        return false;
    *item = item_of(hop->put++);
    lt_ring_publish(hop->out);
    return true;
}

/* Takes one item and puts one; false when it could not. */
static bool step(struct hop *hop)
{
    const struct lt_item *item = lt_ring_peek(hop->in);
    if (item == NULL)
        return false;
    if (!is_item(item, hop->taken)) {
        hop->fault = "an item was lost, doubled or torn";
        return false;
    }
    if (!try_put(hop))
        return false;
    hop->taken++;
    lt_ring_consume(hop->in);
    return true;
}

/* Each goes on until its ring has wrapped, however long that takes the others. */
static bool is_over(const struct hop *hop)
{
    int64_t now_ns = lt_clock_now_ns(lt_clock_system());
    return hop->fault != NULL || now_ns >= hop->patience_end_ns ||
           (now_ns >= hop->end_ns && hop->taken > WRAPPED);
}

static void *carry(void *argument)
{
    struct hop *hop = argument;
    while (hop->to_put_first > 0 && try_put(hop))
        hop->to_put_first--;
    uint32_t idle = 0;
    while (!is_over(hop)) {
        if (step(hop)) {
            idle = 0;
            continue;
        }
        lt_ring_release_slots(hop->in);
        if (++idle % 8 == 0) /* there may be one CPU */
            sched_yield();
        else
            lt_cpu_relax();
    }
    lt_ring_release_slots(hop->in);
    return NULL;
}

static void drain(struct lt_ring *ring, uint64_t from, uint64_t to)
{
    for (uint64_t number = from; number < to; number++) {
        const struct lt_item *item = lt_ring_peek(ring);
        assert_non_null(item);
        assert_true(is_item(item, number));
        lt_ring_consume(ring);
    }
    assert_null(lt_ring_peek(ring));
}

static void run_circle(uint32_t thread_count, uint32_t items_per_ring)
{
    struct lt_ring *rings[THREADS_MAX];
    struct hop hops[THREADS_MAX];
    pthread_t threads[THREADS_MAX];
    for (uint32_t i = 0; i < thread_count; i++)
        assert_int_equal(lt_ring_create(CAPACITY, &rings[i], NULL), 0);
    int64_t now_ns = lt_clock_now_ns(lt_clock_system());
    for (uint32_t i = 0; i < thread_count; i++)
        hops[i] = (struct hop){.in = rings[i],
                               .out = rings[(i + 1) % thread_count],
                               .to_put_first = items_per_ring,
                               .end_ns = now_ns + RUN_MS * (int64_t)LT_NS_PER_MS,
                               .patience_end_ns = now_ns + PATIENCE_MS * (int64_t)LT_NS_PER_MS};
    for (uint32_t i = 0; i < thread_count; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, carry, &hops[i]), 0);
    for (uint32_t i = 0; i < thread_count; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (uint32_t i = 0; i < thread_count; i++) {
        if (hops[i].fault != NULL)
            fail_msg("%s", hops[i].fault);
        assert_true(hops[i].taken > WRAPPED);
    }
    /* What is still in the rings is what was put and not taken: nothing else is gone. */
    uint64_t in_rings = 0;
    for (uint32_t i = 0; i < thread_count; i++) {
        const struct hop *producer = &hops[(i + thread_count - 1) % thread_count];
        in_rings += producer->put - hops[i].taken;
        drain(rings[i], hops[i].taken, producer->put);
        lt_ring_destroy(rings[i]);
    }
    assert_int_equal(in_rings, (uint64_t)thread_count * items_per_ring);
}

static void two_threads_play_with_one_item(void **state)
{
    (void)state;
    run_circle(2, 1);
}

static void a_circle_of_nearly_full_rings_keeps_every_item(void **state)
{
    (void)state;
    run_circle(3, CAPACITY - LT_LIMIT_RING_PUBLISH);
}

static void a_wide_circle_keeps_every_item(void **state)
{
    (void)state;
    run_circle(THREADS_MAX, CAPACITY / 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_threads_play_with_one_item),
        cmocka_unit_test(a_circle_of_nearly_full_rings_keeps_every_item),
        cmocka_unit_test(a_wide_circle_keeps_every_item),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
