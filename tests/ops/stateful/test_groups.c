/* The table of groups against a plain list, emptied and filled again. */
#include "ops/stateful/groups.h"

#include "tests/ops/stateful/times.h"

enum { KEYS = 5000 };

static struct lt_state_bytes key_of(const int *number)
{
    return (struct lt_state_bytes){.data = number, .size_bytes = sizeof *number};
}

static void fill(struct lt_groups *groups, int keys, int rows)
{
    static uint64_t counted[KEYS];
    memset(counted, 0, sizeof counted);
    int found = 0;
    for (int i = 0; i < rows; i++) {
        int key = (int)((unsigned)i * 2654435761U % (unsigned)keys);
        bool is_new;
        struct lt_group *group = lt_groups_find_or_add(groups, key_of(&key), &is_new);
        assert_non_null(group);
        assert_int_equal(is_new, counted[key] == 0);
        found += is_new;
        uint64_t *payload = (uint64_t *)group->payload;
        assert_int_equal(payload[0], counted[key]);
        payload[0]++;
        counted[key]++;
    }
    assert_int_equal(groups->count, found);
    for (const struct lt_group *group = groups->first; group != NULL; group = group->next) {
        int key;
        memcpy(&key, group->key.data, sizeof key);
        const uint64_t *payload = (const uint64_t *)group->payload;
        assert_int_equal(payload[0], counted[key]);
        found--;
    }
    assert_int_equal(found, 0);
}

static void each_key_has_one_group_whatever_came_before(void **state)
{
    struct lt_groups groups;
    (void)state;
    lt_groups_init(&groups, 2 * sizeof(uint64_t));
    fill(&groups, 1, 10);
    for (int round = 0; round < 5; round++) {
        lt_groups_clear(&groups);
        assert_int_equal(groups.count, 0);
        fill(&groups, KEYS, 3 * KEYS);
        lt_groups_clear(&groups);
        fill(&groups, 3, 20); /* much fewer than there are slots */
        lt_groups_clear(&groups);
        lt_groups_clear(&groups);
        fill(&groups, 100, 1000);
    }
    lt_groups_fini(&groups);
}

static void keys_that_begin_alike_are_different(void **state)
{
    struct lt_groups groups;
    bool is_new;
    (void)state;
    lt_groups_init(&groups, 0);
    for (size_t size = 0; size < 40; size++) {
        const struct lt_state_bytes key = {.data = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                                           .size_bytes = size};
        assert_non_null(lt_groups_find_or_add(&groups, key, &is_new));
        assert_true(is_new);
        assert_non_null(lt_groups_find_or_add(&groups, key, &is_new));
        assert_false(is_new);
    }
    lt_groups_fini(&groups);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_key_has_one_group_whatever_came_before),
        cmocka_unit_test(keys_that_begin_alike_are_different),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
