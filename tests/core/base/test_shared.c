/* Shared words: values of the plain operations, and the orders that callers rely on, under load. */
#include "core/base/shared.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void words_load_store_add_and_swap(void **state)
{
    (void)state;
    struct lt_shared_u32 small = {0};
    struct lt_shared_u64 large = {0};
    lt_store_relaxed_u32(&small, 1);
    assert_int_equal(lt_load_relaxed_u32(&small), 1);
    lt_store_release_u32(&small, 2);
    assert_int_equal(lt_load_acquire_u32(&small), 2);
    lt_store_fenced_u32(&small, 3);
    assert_int_equal(lt_add_u32(&small, 4), 3);
    assert_int_equal(lt_load_relaxed_u32(&small), 7);
    lt_store_relaxed_u64(&large, UINT64_C(1) << 40);
    assert_int_equal(lt_load_relaxed_u64(&large), UINT64_C(1) << 40);
    lt_store_release_u64(&large, UINT64_C(1) << 41);
    assert_int_equal(lt_load_acquire_u64(&large), UINT64_C(1) << 41);
    assert_int_equal(lt_add_u64(&large, 1), UINT64_C(1) << 41);
    assert_int_equal(lt_swap_u64(&large, 5), (UINT64_C(1) << 41) + 1);
    assert_int_equal(lt_load_relaxed_u64(&large), 5);
}

static void a_stack_gives_back_all_newest_first(void **state)
{
    (void)state;
    struct lt_shared_stack stack = {0};
    struct lt_stack_node nodes[3];
    assert_true(lt_stack_is_empty(&stack));
    assert_null(lt_stack_take_all(&stack));
    for (int i = 0; i < 3; i++)
        lt_stack_push(&stack, &nodes[i]);
    assert_false(lt_stack_is_empty(&stack));
    struct lt_stack_node *node = lt_stack_take_all(&stack);
    for (int i = 2; i >= 0; i--) {
        assert_ptr_equal(node, &nodes[i]);
        node = node->next;
    }
    assert_null(node);
    assert_true(lt_stack_is_empty(&stack));
}

enum { PUSHER_COUNT = 3, NODES_PER_PUSHER = 50000 };

struct item {
    struct lt_stack_node node;
    uint64_t payload; /* a plain field: the stack alone orders it */
};

struct pusher {
    struct lt_shared_stack *stack;
    struct item *items;
    uint64_t first;
};

static void *push_all(void *argument)
{
    struct pusher *pusher = argument;
    for (uint64_t i = 0; i < NODES_PER_PUSHER; i++) {
        pusher->items[i].payload = pusher->first + i;
        lt_stack_push(pusher->stack, &pusher->items[i].node);
    }
    return NULL;
}

static void nothing_is_lost_or_doubled_between_many_pushers_and_one_taker(void **state)
{
    (void)state;
    struct lt_shared_stack stack = {0};
    struct pusher pushers[PUSHER_COUNT];
    pthread_t threads[PUSHER_COUNT];
    unsigned char *seen = calloc(PUSHER_COUNT * NODES_PER_PUSHER, 1);
    assert_non_null(seen);
    for (size_t i = 0; i < PUSHER_COUNT; i++) {
        pushers[i] = (struct pusher){&stack, calloc(NODES_PER_PUSHER, sizeof(struct item)),
                                     i * NODES_PER_PUSHER};
        assert_non_null(pushers[i].items);
        assert_int_equal(pthread_create(&threads[i], NULL, push_all, &pushers[i]), 0);
    }
    for (size_t taken = 0; taken < PUSHER_COUNT * NODES_PER_PUSHER;) {
        struct lt_stack_node *node = lt_stack_take_all(&stack);
        if (node == NULL)
            lt_cpu_relax();
        for (; node != NULL; node = node->next, taken++) {
            uint64_t payload = ((struct item *)(void *)node)->payload;
            assert_true(payload < PUSHER_COUNT * NODES_PER_PUSHER);
            assert_int_equal(seen[payload]++, 0);
        }
    }
    for (size_t i = 0; i < PUSHER_COUNT; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        free(pushers[i].items);
    }
    assert_true(lt_stack_is_empty(&stack));
    free(seen);
}

enum { DEKKER_ROUNDS = 50000 };

/* The sleeper announces that it will sleep, then looks for work; the waker leaves work, then looks
 * for a sleeper. One of the two must see the other, or a wake-up is lost. Both words are in both
 * caches before a round begins: then the loads are quicker than the stores, which is where a
 * missing fence shows. */
struct dekker {
    struct {
        _Alignas(LT_FALSE_SHARING_RANGE) struct lt_shared_u32 sleeping;
        _Alignas(LT_FALSE_SHARING_RANGE) struct lt_shared_u32 work;
    } rounds[DEKKER_ROUNDS];
    _Alignas(LT_FALSE_SHARING_RANGE) struct lt_shared_u32 sleeper_arrived;
    _Alignas(LT_FALSE_SHARING_RANGE) struct lt_shared_u32 waker_arrived;
    unsigned char sleeper_saw[DEKKER_ROUNDS];
    unsigned char waker_saw[DEKKER_ROUNDS];
};

/* Warms the round's words, and returns when the other side has come to it too. */
static void meet(struct dekker *dekker, uint32_t round, struct lt_shared_u32 *mine,
                 const struct lt_shared_u32 *other)
{
    /* Adds 0 and 0, and keeps the loads. */
    uint32_t zero = lt_load_relaxed_u32(&dekker->rounds[round].sleeping) +
                    lt_load_relaxed_u32(&dekker->rounds[round].work);
    lt_store_release_u32(mine, round + 1 + zero);
    while (lt_load_acquire_u32(other) < round + 1)
        lt_cpu_relax();
}

static void *wake(void *argument)
{
    struct dekker *dekker = argument;
    for (uint32_t i = 0; i < DEKKER_ROUNDS; i++) {
        meet(dekker, i, &dekker->waker_arrived, &dekker->sleeper_arrived);
        lt_store_relaxed_u32(&dekker->rounds[i].work, 1);
        lt_fence_full();
        dekker->waker_saw[i] = (unsigned char)lt_load_relaxed_u32(&dekker->rounds[i].sleeping);
    }
    return NULL;
}

static void a_sleeper_and_its_waker_never_miss_each_other(void **state)
{
    (void)state;
    struct dekker *dekker = aligned_alloc(LT_FALSE_SHARING_RANGE, sizeof *dekker);
    assert_non_null(dekker);
    memset(dekker, 0, sizeof *dekker);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, wake, dekker), 0);
    for (uint32_t i = 0; i < DEKKER_ROUNDS; i++) {
        meet(dekker, i, &dekker->sleeper_arrived, &dekker->waker_arrived);
        lt_store_fenced_u32(&dekker->rounds[i].sleeping, 1);
        dekker->sleeper_saw[i] = (unsigned char)lt_load_relaxed_u32(&dekker->rounds[i].work);
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
    int missed_count = 0;
    for (uint32_t i = 0; i < DEKKER_ROUNDS; i++)
        missed_count += dekker->sleeper_saw[i] == 0 && dekker->waker_saw[i] == 0;
    assert_int_equal(missed_count, 0);
    free(dekker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_load_store_add_and_swap),
        cmocka_unit_test(a_stack_gives_back_all_newest_first),
        cmocka_unit_test(nothing_is_lost_or_doubled_between_many_pushers_and_one_taker),
        cmocka_unit_test(a_sleeper_and_its_waker_never_miss_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
