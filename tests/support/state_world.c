/*
 * Each change is made twice, and each look is a comparison.
 */
#include "tests/support/state_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/base/arena.h"

enum { VALUE_SMALL = 60, VALUE_LARGE = 90000, TIMES = 12, KEY_SIZE = 40, POLLS_MAX = 1000000 };

static uint64_t next_random(struct state_world *world)
{
    uint64_t z = world->random += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

uint32_t state_world_draw(struct state_world *world, uint32_t limit)
{
    return (uint32_t)(next_random(world) % limit);
}

void state_world_init(struct state_world *world, uint64_t seed)
{
    *world = (struct state_world){.random = seed, .provider = "memory", .codec = "lz4"};
    world->min_deltas = 3;
    scratch_create(world->root);
}

void state_world_fini(struct state_world *world)
{
    state_world_close(world);
    scratch_remove(world->root);
}

/* "", "k1", "k2;;", ...: the last byte is a suffix that does not count for the group. */
static struct lt_state_bytes key_of(uint32_t number, char out[KEY_SIZE])
{
    if (number == 0)
        return (struct lt_state_bytes){out, 0};
    int size = snprintf(out, KEY_SIZE, "k%u%.*s%c", number / 4, (int)(number % 16),
                        "................", 'a' + (int)(number % 4));
    return (struct lt_state_bytes){out, (size_t)size};
}

static uint32_t number_of(struct lt_state_bytes key)
{
    for (uint32_t i = 0; i < STATE_KEYS; i++) {
        char text[KEY_SIZE];
        struct lt_state_bytes candidate = key_of(i, text);
        if (candidate.size_bytes == key.size_bytes &&
            memcmp(candidate.data, key.data, key.size_bytes) == 0)
            return i;
    }
    fail_msg("a key that was never put: '%.*s'", (int)key.size_bytes, (const char *)key.data);
    return 0;
}

static size_t size_of_value(uint32_t value)
{
    return value % 97 == 0 ? VALUE_LARGE + value % 1000 : value % VALUE_SMALL;
}

static void fill_value(uint32_t value, unsigned char *out)
{
    uint32_t state = value;
    size_t size = size_of_value(value);
    for (size_t i = 0; i < size; i++) {
        if (i % 8 == 0 || value % 3 == 0) /* some compress, some do not */
            state = state * 1664525u + 1013904223u;
        out[i] = (unsigned char)(state >> 24);
    }
}

static void assert_value(struct lt_state_bytes bytes, uint32_t value)
{
    static unsigned char expected[VALUE_LARGE + 1000];
    fill_value(value, expected);
    assert_int_equal(bytes.size_bytes, size_of_value(value));
    assert_memory_equal(bytes.data, expected, bytes.size_bytes);
}

static struct lt_state_store *store_of(struct state_world *world, struct lt_state_bytes key)
{
    size_t counted = key.size_bytes < STATE_SUFFIX_BYTES ? 0 : key.size_bytes - STATE_SUFFIX_BYTES;
    uint32_t group = lt_state_group_of(key.data, counted);
    return world->stores[lt_state_partition_of(group, world->partition_count)];
}

/* ---------------------------------------------------------------------------------------- open */

int state_world_open(struct state_world *world, uint32_t partition_count, uint64_t version,
                     struct lt_error *error)
{
    assert_int_equal(world->partition_count, 0);
    world->reactor = fake_reactor_create(next_random(world), NULL);
    int code = 0;
    for (uint32_t i = 0; code == 0 && i < partition_count; i++) {
        struct lt_state_options options = {.provider = world->provider,
                                           .root = world->root,
                                           .name = world->name,
                                           .partition = i,
                                           .partition_count = partition_count,
                                           .key_suffix_bytes = STATE_SUFFIX_BYTES,
                                           .version = version,
                                           .min_deltas_for_snapshot = world->min_deltas,
                                           .codec = world->codec,
                                           .reactor = world->reactor};
        code = lt_state_open(&options, &world->stores[i], error);
        world->partition_count += code == 0;
    }
    if (code != 0) {
        state_world_close(world);
        return code;
    }
    world->version = version;
    world->now = world->versions[version];
    return 0;
}

void state_world_close(struct state_world *world)
{
    for (uint32_t i = 0; i < world->partition_count; i++)
        world->stores[i]->ops->close(world->stores[i]);
    world->partition_count = 0;
    lt_reactor_destroy(world->reactor);
    world->reactor = NULL;
}

void state_world_crash(struct state_world *world, enum fake_crash crash)
{
    fake_reactor_crash(world->reactor, crash);
    state_world_close(world);
}

/* -------------------------------------------------------------------------------------- change */

static void check_key(struct state_world *world, uint32_t number)
{
    char text[KEY_SIZE];
    struct lt_state_bytes key = key_of(number, text), value;
    struct lt_state_store *store = store_of(world, key);
    bool has = store->ops->get(store, key, &value);
    assert_int_equal(has, world->now.has[number]);
    if (has)
        assert_value(value, world->now.value[number]);
}

static void put_key(struct state_world *world, uint32_t number)
{
    static unsigned char bytes[VALUE_LARGE + 1000];
    char text[KEY_SIZE];
    struct lt_state_bytes key = key_of(number, text);
    struct lt_state_store *store = store_of(world, key);
    struct lt_error error;
    uint32_t value = (uint32_t)next_random(world) % 100000;
    int64_t final_at = LT_STATE_NEVER;
    if (state_world_draw(world, 3) != 0)
        final_at = (int64_t)state_world_draw(world, TIMES) * 1000 - 3000;
    fill_value(value, bytes);
    struct lt_state_bytes copied = {bytes, size_of_value(value)};
    assert_int_equal(store->ops->put(store, key, copied, final_at, &error), 0);
    world->now.has[number] = true;
    world->now.value[number] = value;
    world->now.final_at[number] = final_at;
}

static void remove_key(struct state_world *world, uint32_t number)
{
    char text[KEY_SIZE];
    struct lt_state_bytes key = key_of(number, text);
    struct lt_state_store *store = store_of(world, key);
    assert_int_equal(store->ops->remove(store, key), world->now.has[number]);
    world->now.has[number] = false;
}

/* The entry that a cursor has given. */
static void remove_given(struct state_world *world, const struct lt_state_cursor *cursor,
                         const struct lt_state_entry *entry)
{
    uint32_t number = number_of(entry->key);
    assert_true(world->now.has[number]);
    if (!cursor->is_of_keys)
        assert_value(entry->value, world->now.value[number]);
    assert_int_equal(entry->final_at, world->now.final_at[number]);
    assert_true(entry->final_at <= cursor->bound);
    assert_true(cursor->store->ops->remove(cursor->store, entry->key));
    world->now.has[number] = false;
}

/* What is final up to a drawn time, which it returns; of each partition no more than `most`, drawn,
 * where that is not 0. */
static int64_t remove_up_to(struct state_world *world, uint32_t most)
{
    int64_t bound = (int64_t)state_world_draw(world, TIMES) * 1000 - 3000;
    for (uint32_t i = 0; i < world->partition_count; i++) {
        struct lt_state_store *store = world->stores[i];
        struct lt_state_cursor cursor = {
            .store = store, .order = LT_STATE_FINAL_UP_TO, .bound = bound};
        struct lt_state_entry entry;
        cursor.is_of_keys = state_world_draw(world, 2) == 0;
        uint32_t wanted = most == 0 ? UINT32_MAX : state_world_draw(world, most);
        while (wanted-- > 0 && store->ops->next(&cursor, &entry))
            remove_given(world, &cursor, &entry);
    }
    return bound;
}

/* As an operator does when a watermark has moved. */
static void remove_final(struct state_world *world)
{
    int64_t bound = remove_up_to(world, 0);
    for (uint32_t i = 0; i < STATE_KEYS; i++)
        assert_false(world->now.has[i] && world->now.final_at[i] <= bound);
}

void state_world_remove_some_final(struct state_world *world)
{
    (void)remove_up_to(world, 20);
}

/* Those of the numbers whose keys are this store's. */
static void say_ahead(struct state_world *world, struct lt_state_store *store,
                      const uint32_t *numbers)
{
    char texts[LT_STATE_AHEAD_MAX][KEY_SIZE];
    struct lt_state_bytes keys[LT_STATE_AHEAD_MAX];
    uint32_t count = 0;
    for (uint32_t i = 0; i < LT_STATE_AHEAD_MAX; i++) {
        keys[count] = key_of(numbers[i], texts[count]);
        count += store_of(world, keys[count]) == store;
    }
    if (store->ops->ahead != NULL)
        store->ops->ahead(store, keys, count);
}

void state_world_get_ahead(struct state_world *world)
{
    uint32_t numbers[LT_STATE_AHEAD_MAX];
    for (uint32_t i = 0; i < LT_STATE_AHEAD_MAX; i++)
        numbers[i] = state_world_draw(world, STATE_KEYS);
    for (uint32_t i = 0; i < world->partition_count; i++)
        say_ahead(world, world->stores[i], numbers);
    for (uint32_t i = 0; i < LT_STATE_AHEAD_MAX; i++) {
        uint32_t what = state_world_draw(world, 6);
        uint32_t any = numbers[state_world_draw(world, LT_STATE_AHEAD_MAX)];
        if (what != 0)
            check_key(world, numbers[i]);
        if (what == 2)
            put_key(world, numbers[i]);
        else if (what == 3)
            remove_key(world, any);
        else if (what == 4)
            put_key(world, any); /* which may not have been got */
        else if (what == 5)
            check_key(world, any);
        check_key(world, numbers[i]);
    }
}

void state_world_change(struct state_world *world, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t number = state_world_draw(world, STATE_KEYS), what = state_world_draw(world, 100);
        if (what < 60)
            put_key(world, number);
        else if (what < 99)
            remove_key(world, number);
        else
            remove_final(world);
        check_key(world, number);
        check_key(world, state_world_draw(world, STATE_KEYS));
    }
}

/* --------------------------------------------------------------------------------------- check */

static void check_cursor(struct state_world *world, enum lt_state_order order, int64_t bound)
{
    bool seen[STATE_KEYS] = {false};
    for (uint32_t i = 0; i < world->partition_count; i++) {
        struct lt_state_store *store = world->stores[i];
        struct lt_state_cursor cursor = {.store = store, .order = order, .bound = bound};
        struct lt_state_entry entry;
        int64_t last = INT64_MIN;
        while (store->ops->next(&cursor, &entry)) {
            uint32_t number = number_of(entry.key);
            assert_false(seen[number]);
            seen[number] = true;
            assert_true(world->now.has[number]);
            assert_value(entry.value, world->now.value[number]);
            assert_int_equal(entry.final_at, world->now.final_at[number]);
            assert_true(order == LT_STATE_ANY_ORDER || entry.final_at >= last);
            last = entry.final_at;
        }
        assert_false(store->ops->next(&cursor, &entry));
    }
    for (uint32_t i = 0; i < STATE_KEYS; i++) {
        bool is_meant = world->now.has[i] &&
                        (order == LT_STATE_ANY_ORDER || (world->now.final_at[i] <= bound));
        assert_int_equal(seen[i], is_meant);
    }
}

void state_world_check(struct state_world *world)
{
    uint64_t entries = 0, counted = 0;
    for (uint32_t i = 0; i < STATE_KEYS; i++) {
        check_key(world, i);
        entries += world->now.has[i];
    }
    check_cursor(world, LT_STATE_ANY_ORDER, 0);
    check_cursor(world, LT_STATE_FINAL_UP_TO, (int64_t)state_world_draw(world, TIMES) * 1000);
    check_cursor(world, LT_STATE_FINAL_UP_TO, LT_STATE_NEVER - 1);
    for (uint32_t i = 0; i < world->partition_count; i++) {
        struct lt_state_counts counts;
        world->stores[i]->ops->counts(world->stores[i], &counts);
        counted += counts.entries;
        assert_true(counts.memory_bytes > 0);
    }
    assert_int_equal(counted, entries);
}

/* --------------------------------------------------------------------------------- the batch */

void state_world_prepare(struct state_world *world)
{
    for (uint32_t i = 0; i < world->partition_count; i++)
        world->stores[i]->ops->prepare(world->stores[i], world->version + 1);
}

int state_world_await(struct state_world *world, struct lt_error *error)
{
    for (int poll = 0; poll < POLLS_MAX; poll++) {
        uint32_t prepared = 0;
        for (uint32_t i = 0; i < world->partition_count; i++) {
            int code = world->stores[i]->ops->prepared(world->stores[i], error);
            if (code < 0)
                return code;
            prepared += code == 1;
        }
        if (prepared == world->partition_count)
            return 1;
        if (fake_reactor_has_stopped(world->reactor))
            return 0;
        lt_reactor_poll(world->reactor);
    }
    fail_msg("never prepared");
    return 0;
}

void state_world_commit(struct state_world *world)
{
    for (uint32_t i = 0; i < world->partition_count; i++)
        world->stores[i]->ops->commit(world->stores[i]);
    world->version++;
    assert_true(world->version < STATE_VERSIONS);
    world->versions[world->version] = world->now;
}

void state_world_abort(struct state_world *world)
{
    for (uint32_t i = 0; i < world->partition_count; i++) {
        struct lt_error error;
        assert_int_equal(world->stores[i]->ops->abort(world->stores[i], &error), 0);
    }
    world->now = world->versions[world->version];
}

void state_world_batch(struct state_world *world, uint32_t changes)
{
    struct lt_error error;
    state_world_change(world, changes);
    state_world_prepare(world);
    assert_int_equal(state_world_await(world, &error), 1);
    state_world_commit(world);
}

void state_world_maintain(struct state_world *world, uint64_t oldest)
{
    if (oldest > world->oldest)
        world->oldest = oldest;
    for (int round = 0; round < POLLS_MAX; round++) {
        uint32_t work = 0;
        for (uint32_t i = 0; i < world->partition_count; i++)
            work += world->stores[i]->ops->maintain(world->stores[i], oldest);
        if (fake_reactor_has_stopped(world->reactor) ||
            (work == 0 && world->reactor->pending_count == 0))
            return;
        lt_reactor_poll(world->reactor);
    }
    fail_msg("maintenance never ends");
}
