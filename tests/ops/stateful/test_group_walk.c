/* Groups in the order of their keys, and said to the store ahead of being got: each one once. */
#include "ops/stateful/group_walk.h"

#include <stdio.h>

#include "tests/ops/stateful/times.h"

enum { MANY = 3000, VERY_MANY = 100000, KEY_BYTES = 80 };

/* A store that only hears what is said ahead. */
struct listener {
    struct lt_state_store base;
    struct lt_state_bytes told[LT_STATE_AHEAD_MAX];
    uint32_t count, next;
};

static void listen(struct lt_state_store *store, const struct lt_state_bytes *keys, uint32_t count)
{
    struct listener *listener = (struct listener *)store;
    assert_int_equal(listener->next, listener->count); /* all that was said before was got */
    assert_in_range(count, 1, LT_STATE_AHEAD_MAX);
    memcpy(listener->told, keys, count * sizeof *keys);
    listener->count = count;
    listener->next = 0;
}

static const struct lt_state_store_ops listening = {.name = "listener", .ahead = listen};
static const struct lt_state_store_ops plain = {.name = "plain"};

static int compare(struct lt_state_bytes a, struct lt_state_bytes b)
{
    size_t common = a.size_bytes < b.size_bytes ? a.size_bytes : b.size_bytes;
    int order = memcmp(a.data, b.data, common);
    return order != 0 ? order : (a.size_bytes > b.size_bytes) - (a.size_bytes < b.size_bytes);
}

static void add(struct lt_groups *groups, const void *key, size_t size_bytes)
{
    bool is_new;
    const struct lt_state_bytes bytes = {.data = key, .size_bytes = size_bytes};
    assert_non_null(lt_groups_find_or_add(groups, bytes, &is_new));
    assert_true(is_new);
}

/* Each group comes once, in order if the store listens, and was said ahead; so many steps it took.
 */
static uint32_t walk_through(struct lt_groups *groups, const struct lt_state_store_ops *ops,
                             bool is_in_order)
{
    uint32_t steps = 0;
    struct listener listener = {.base = {ops}};
    struct lt_group_walk walk;
    const struct lt_group *last = NULL, *group;
    uint32_t count = 0;
    lt_group_walk_begin(&walk, groups, &listener.base);
    while (!lt_group_walk_order(&walk))
        steps++;
    for (; (group = lt_group_walk_at(&walk)) != NULL; count++) {
        assert_ptr_equal(lt_group_walk_at(&walk), group); /* it may be asked again */
        if (ops->ahead != NULL)
            assert_ptr_equal(listener.told[listener.next++].data, group->key.data);
        if (is_in_order && last != NULL)
            assert_true(compare(last->key, group->key) < 0);
        last = group;
        lt_group_walk_pass(&walk);
    }
    assert_int_equal(count, groups->count);
    assert_int_equal(listener.next, listener.count);
    assert_ptr_equal(groups->last, last);
    lt_group_walk_fini(&walk);
    return steps;
}

static void groups_come_in_the_order_of_their_keys(void **state)
{
    struct lt_groups groups;
    (void)state;
    lt_groups_init(&groups, sizeof(uint64_t));
    for (uint32_t count = 0; count <= MANY; count = count * 3 + 1) {
        lt_groups_clear(&groups);
        for (uint32_t i = 0; i < count; i++) {
            uint32_t parts[] = {7, 7, i % 3, i * 2654435761U, i};
            add(&groups, parts, sizeof parts);
        }
        (void)walk_through(&groups, &listening, true);
        (void)walk_through(&groups, &listening, true); /* once more: they are in order already */
    }
    lt_groups_fini(&groups);
}

static void add_numbers(struct lt_groups *groups, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t parts[] = {7, i % 3, i * 2654435761U, i};
        add(groups, parts, sizeof parts);
    }
}

/* Few are put in order at once; a walk may also be given up before. */
static void many_groups_are_put_in_order_in_steps(void **state)
{
    struct lt_groups groups;
    struct listener listener = {.base = {&listening}};
    struct lt_group_walk walk;
    (void)state;
    lt_groups_init(&groups, 0);
    add_numbers(&groups, MANY);
    assert_int_equal(walk_through(&groups, &listening, true), 0);
    for (uint32_t given_up = 1; given_up < 60; given_up += 7) {
        lt_groups_fini(&groups);
        lt_groups_init(&groups, 0);
        add_numbers(&groups, VERY_MANY);
        lt_group_walk_begin(&walk, &groups, &listener.base);
        for (uint32_t i = 0; i < given_up && !lt_group_walk_order(&walk); i++) {
            /* another step */
        }
        lt_group_walk_fini(&walk);
    }
    lt_groups_fini(&groups);
    lt_groups_init(&groups, 0);
    add_numbers(&groups, VERY_MANY);
    assert_in_range(walk_through(&groups, &listening, true), 40, 200);
    lt_groups_fini(&groups);
}

static void keys_of_all_sizes_come_in_order(void **state)
{
    struct lt_groups groups;
    char key[KEY_BYTES];
    (void)state;
    lt_groups_init(&groups, 0);
    for (int i = 0; i < MANY; i++)
        add(&groups, key, (size_t)snprintf(key, sizeof key, "k%d", i * 7919 % MANY));
    add(&groups, "k", 1);
    (void)walk_through(&groups, &listening, true);
    lt_groups_fini(&groups);
}

/* Keys that differ late need not be in order, but all of them come. */
static void long_keys_all_come(void **state)
{
    struct lt_groups groups;
    char key[KEY_BYTES] = {0};
    (void)state;
    lt_groups_init(&groups, 0);
    for (int i = 0; i < MANY; i++) {
        key[0] = (char)(i % 5);
        memcpy(key + KEY_BYTES - sizeof i, &i, sizeof i);
        add(&groups, key, sizeof key);
    }
    (void)walk_through(&groups, &listening, false);
    lt_groups_fini(&groups);
}

static void a_store_that_is_told_nothing_has_them_as_they_came(void **state)
{
    struct lt_groups groups;
    (void)state;
    lt_groups_init(&groups, 0);
    for (int i = MANY; i > 0; i--)
        add(&groups, &i, sizeof i);
    const struct lt_group *first = groups.first;
    (void)walk_through(&groups, &plain, false);
    assert_ptr_equal(groups.first, first);
    int key;
    memcpy(&key, first->key.data, sizeof key);
    assert_int_equal(key, MANY);
    lt_groups_fini(&groups);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_come_in_the_order_of_their_keys),
        cmocka_unit_test(many_groups_are_put_in_order_in_steps),
        cmocka_unit_test(keys_of_all_sizes_come_in_order),
        cmocka_unit_test(long_keys_all_come),
        cmocka_unit_test(a_store_that_is_told_nothing_has_them_as_they_came),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
