/*
 * The ring, from both ends by one thread. Two threads meet in tests/stress/test_ring.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/flow/ring.h"

enum { CAPACITY = 4 * LT_LIMIT_RING_PUBLISH };

static struct lt_ring *make_ring(void)
{
    struct lt_ring *ring;
    assert_int_equal(lt_ring_create(CAPACITY, &ring, NULL), 0);
    return ring;
}

static void put(struct lt_ring *ring, uint64_t number)
{
    struct lt_item *item = lt_ring_claim(ring);
    assert_non_null(item);
    *item = (struct lt_item){.kind = LT_ITEM_MARKER, .epoch = number};
    lt_ring_publish(ring);
}

static void take(struct lt_ring *ring, uint64_t number)
{
    struct lt_item *item = lt_ring_peek(ring);
    assert_non_null(item);
    assert_int_equal(item->kind, LT_ITEM_MARKER);
    assert_int_equal(item->epoch, number);
    lt_ring_consume(ring);
}

static void refuses_a_capacity_that_it_cannot_mask(void **state)
{
    (void)state;
    struct lt_ring *ring;
    struct lt_error error;
    assert_int_equal(lt_ring_create(CAPACITY + 1, &ring, &error), LT_E_INVALID);
    assert_string_equal(error.text, "a ring of 257 slots; hint: a power of two of at least 256");
    assert_int_equal(lt_ring_create(CAPACITY / 2, &ring, &error), LT_E_INVALID);
    assert_null(ring);
    lt_ring_destroy(NULL);
}

static void a_new_ring_is_empty(void **state)
{
    (void)state;
    struct lt_ring *ring = make_ring();
    assert_null(lt_ring_peek(ring));
    lt_ring_destroy(ring);
}

static void holds_as_many_items_as_it_has_slots(void **state)
{
    (void)state;
    struct lt_ring *ring = make_ring();
    for (uint64_t i = 0; i < CAPACITY; i++)
        put(ring, i);
    assert_null(lt_ring_claim(ring));
    for (uint64_t i = 0; i < CAPACITY; i++)
        take(ring, i);
    assert_null(lt_ring_peek(ring));
    lt_ring_destroy(ring);
}

static void wraps_many_times_without_losing_order(void **state)
{
    (void)state;
    struct lt_ring *ring = make_ring();
    uint64_t written = 0;
    uint64_t taken = 0;
    uint32_t random = 1;
    while (taken < 100 * CAPACITY) {
        random = random * 1664525u + 1013904223u;
        for (uint32_t n = random >> 24; n > 0 && lt_ring_claim(ring) != NULL; n--)
            put(ring, written++);
        random = random * 1664525u + 1013904223u;
        for (uint32_t n = random >> 24; n > 0 && lt_ring_peek(ring) != NULL; n--)
            take(ring, taken++);
    }
    while (taken < written)
        take(ring, taken++);
    assert_null(lt_ring_peek(ring));
    lt_ring_destroy(ring);
}

static void claiming_twice_gives_the_same_slot(void **state)
{
    (void)state;
    struct lt_ring *ring = make_ring();
    assert_ptr_equal(lt_ring_claim(ring), lt_ring_claim(ring));
    assert_null(lt_ring_peek(ring));
    lt_ring_destroy(ring);
}

static void the_producer_sees_freed_slots_in_groups_and_all_of_them_when_asked(void **state)
{
    (void)state;
    struct lt_ring *ring = make_ring();
    for (uint64_t i = 0; i < CAPACITY; i++)
        put(ring, i);
    for (uint64_t i = 0; i < LT_LIMIT_RING_PUBLISH - 1; i++)
        take(ring, i);
    assert_null(lt_ring_claim(ring)); /* not told yet */
    take(ring, LT_LIMIT_RING_PUBLISH - 1);
    assert_non_null(lt_ring_claim(ring));
    for (uint64_t i = 0; i < LT_LIMIT_RING_PUBLISH; i++)
        put(ring, CAPACITY + i);
    take(ring, LT_LIMIT_RING_PUBLISH);
    assert_null(lt_ring_claim(ring));
    lt_ring_release_slots(ring);
    assert_non_null(lt_ring_claim(ring));
    for (uint64_t i = LT_LIMIT_RING_PUBLISH + 1; i < CAPACITY + LT_LIMIT_RING_PUBLISH; i++)
        take(ring, i);
    lt_ring_destroy(ring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_a_capacity_that_it_cannot_mask),
        cmocka_unit_test(a_new_ring_is_empty),
        cmocka_unit_test(holds_as_many_items_as_it_has_slots),
        cmocka_unit_test(wraps_many_times_without_losing_order),
        cmocka_unit_test(claiming_twice_gives_the_same_slot),
        cmocka_unit_test(the_producer_sees_freed_slots_in_groups_and_all_of_them_when_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
