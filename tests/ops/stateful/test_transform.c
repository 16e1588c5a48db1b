/*
 * Custom keyed state: variables of each kind, batch by batch and over restarts; many changes of a
 * map against a plain one; and times to live.
 */
#include <xxhash.h>

#include "core/data/row_bytes.h"
#include "tests/ops/stateful/times.h"
#include "tests/support/transform_world.h"

enum { SECOND_US = 1000000 };

static void a_key_has_all_its_rows_in_one_call_and_its_own_state(void **state)
{
    struct transform_world own;
    (void)state;
    transform_world_init(&own, LT_TIME_NONE);
    own.world.has_memory_store = true;
    transform_world_open(&own);
    transform_world_batch(&own, 1, "x set 1; y get; x get; y set 7; x set 2");
    transform_world_expect(&own, "x value 1; x rows 3; y none 0; y rows 2");
    assert_int_equal(transform_world_total(&own), 2);
    transform_world_batch(&own, 2, "x get; y get; z get");
    transform_world_expect(&own, "x value 2; x rows 1; y value 7; y rows 1; z none 0; z rows 1");
    transform_world_batch(&own, 3, "x clear; x get");
    transform_world_expect(&own, "x none 0; x rows 2");
    assert_int_equal(transform_world_total(&own), 1);
    stateful_world_fini(&own.world);
}

static void lists_are_in_order_and_state_outlives_the_operator(void **state)
{
    struct transform_world own;
    (void)state;
    transform_world_init(&own, LT_TIME_NONE);
    own.world.instances = 3;
    transform_world_open(&own);
    transform_world_batch(&own, 1, "x append 3; x append 1; y append 9; x list");
    transform_world_expect(&own, "x element 3; x element 1; x rows 3; y rows 1");
    transform_world_reopen(&own);
    transform_world_batch(&own, 2, "x append 2; x list; y list");
    transform_world_expect(&own, "x element 3; x element 1; x element 2; x rows 2; "
                                 "y element 9; y rows 1");
    transform_world_batch(&own, 3, "x unlist; x list; x append 5; x list");
    transform_world_expect(&own, "x empty 0; x element 5; x rows 4");
    stateful_world_fini(&own.world);
}

static void what_is_given_out_waits_for_room(void **state)
{
    struct transform_world own;
    (void)state;
    transform_world_init(&own, LT_TIME_PROCESSING);
    own.script.copies = 100; /* and three rows may be on their way */
    transform_world_open(&own);
    transform_world_batch(&own, 1, "x timer 900; y set 1");
    assert_int_equal(own.world.line_count, 300);
    stateful_world_fini(&own.world);
}

/* ------------------------------------------------------------------------- maps against a model */

enum { MODEL_KEYS = 24, ROUNDS = 60, OPS = 40 };

static uint32_t hash_of(struct stateful_world *world, const struct lt_type *schema, int64_t n,
                        struct lt_row_pool *pool)
{
    const uint32_t column = 0;
    struct lt_row *row = lt_row_claim(pool);
    lt_row_values(row)[0].i64 = n;
    lt_text_clear(&world->key);
    lt_row_bytes_write_key(schema, row, &column, 1, &world->key);
    lt_row_release(row);
    return XXH32(world->key.data, world->key.size_bytes, 0);
}

struct hashed {
    uint32_t hash;
    int64_t n;
};

static int by_hash(const void *a, const void *b)
{
    uint32_t left = ((const struct hashed *)a)->hash, right = ((const struct hashed *)b)->hash;
    return left < right ? -1 : left > right;
}

/* A number of 50 bits that follows from nothing near it: of numbers in a row no two have one
 * hash. */
static int64_t scattered(uint64_t i)
{
    uint64_t z = i * UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    return (int64_t)((z ^ (z >> 27)) >> 14);
}

/* Keys of a map, pairs of which have one hash. */
static void find_keys(struct transform_world *own, int64_t keys[MODEL_KEYS])
{
    enum { TRIED = 400000 };
    const struct lt_row_pool_options options = {.column_count = 1, .capacity = 1};
    const struct lt_type *schema = transform_world_type(&own->script, "n BIGINT");
    struct hashed *all = calloc(TRIED, sizeof *all);
    struct lt_row_pool *pool;
    uint32_t count = 0;
    assert_int_equal(lt_row_pool_create(&options, &pool, NULL), LT_OK);
    for (uint64_t i = 0; i < TRIED; i++) {
        int64_t n = scattered(i);
        all[i] = (struct hashed){hash_of(&own->world, schema, n, pool), n};
    }
    qsort(all, TRIED, sizeof *all, by_hash);
    for (uint32_t i = 1; i < TRIED && count + 2 <= MODEL_KEYS; i++) {
        if (all[i].hash == all[i - 1].hash) {
            keys[count++] = all[i - 1].n;
            keys[count++] = all[i].n;
        }
    }
    assert_true(count >= 4); /* there are some twenty pairs */
    for (int64_t n = TRIED; count < MODEL_KEYS; n++)
        keys[count++] = n;
    lt_row_pool_destroy(pool);
    free(all);
}

/* "x put KEY VALUE" and the like; the model does the same. */
static void add_random(struct lt_text_buffer *json, const int64_t keys[MODEL_KEYS],
                       int64_t values[MODEL_KEYS], unsigned *seed)
{
    int at = rand_r(seed) % MODEL_KEYS;
    if (rand_r(seed) % 5 < 3) {
        values[at] = rand_r(seed) % 1000;
        transform_world_add_row(json, "x", "put", keys[at], values[at]);
    } else {
        values[at] = -1;
        transform_world_add_row(json, "x", "remove", keys[at], 0);
    }
}

static void expect_map(struct transform_world *own, const int64_t keys[MODEL_KEYS],
                       const int64_t values[MODEL_KEYS])
{
    struct lt_text_buffer lines;
    uint32_t count = 0;
    lt_text_init(&lines);
    lt_text_append(&lines, "x rows 1");
    for (int i = 0; i < MODEL_KEYS; i++) {
        if (values[i] < 0)
            continue;
        lt_text_format(&lines, "; x entry %lld", (long long)(1000 * keys[i] + values[i]));
        count++;
    }
    transform_world_batch(own, 1, "x map");
    transform_world_expect(own, lt_text_get(&lines));
    assert_int_equal(transform_world_total(own), count == 0 ? 0 : 2 * count + 1);
    lt_text_fini(&lines);
}

static void a_map_is_what_was_put_and_not_removed(void **state)
{
    struct transform_world own;
    struct lt_text_buffer json;
    int64_t keys[MODEL_KEYS], values[MODEL_KEYS];
    unsigned seed = 7;
    (void)state;
    transform_world_init(&own, LT_TIME_NONE);
    own.world.has_memory_store = true;
    transform_world_open(&own);
    find_keys(&own, keys);
    memset(values, -1, sizeof values);
    lt_text_init(&json);
    for (int round = 0; round < ROUNDS; round++) {
        lt_text_clear(&json);
        for (int i = 0; i < OPS; i++)
            add_random(&json, keys, values, &seed);
        stateful_world_batch(&own.world, 0, 0, lt_text_get(&json), NULL);
        expect_map(&own, keys, values);
    }
    transform_world_batch(&own, 1, "x sweep");
    for (int i = 0; i < MODEL_KEYS; i++)
        values[i] = keys[i] % 2 == 0 ? -1 : values[i];
    expect_map(&own, keys, values);
    transform_world_batch(&own, 1, "x unmap; x map");
    transform_world_expect(&own, "x rows 2");
    assert_int_equal(transform_world_total(&own), 0);
    lt_text_fini(&json);
    stateful_world_fini(&own.world);
}

/* ------------------------------------------------------------------------------- time to live */

static void what_has_expired_is_not_seen_and_goes(void **state)
{
    struct transform_world own;
    (void)state;
    transform_world_init(&own, LT_TIME_PROCESSING);
    own.script.ttl_us = 10 * SECOND_US;
    own.world.has_memory_store = true;
    transform_world_open(&own);
    transform_world_batch(&own, 1, "x set 1; x append 1; x put 1 1; x put 2 2; y append 4");
    transform_world_batch(&own, 5, "x append 2; x put 2 3; y set 2");
    transform_world_batch(&own, 11, "x get; x list; x map; x mget 1; x mget 2; y get; y list");
    transform_world_expect(&own, "x none 0; x element 2; x entry 2003; x none 0; x mapped 3; "
                                 "x rows 5; y value 2; y empty 0; y rows 2");
    /* left: of x a head and an element, a head, an entry and its order; of y the value */
    assert_int_equal(transform_world_total(&own), 6);
    transform_world_batch(&own, 12, "x put 1 9; x map; x remove 2; x map; x append 7");
    transform_world_expect(&own, "x entry 2003; x entry 1009; x was 2; x entry 1009; x rows 5");
    transform_world_batch(&own, 22, "");
    assert_int_equal(transform_world_total(&own), 0);
    transform_world_batch(&own, 23, "x get; x list; x map");
    transform_world_expect(&own, "x none 0; x empty 0; x rows 3");
    stateful_world_fini(&own.world);
}

/* An element may expire before the one in front of it where the clock has gone back. */
static void an_element_that_expires_out_of_turn_leaves_no_trace(void **state)
{
    struct transform_world own;
    (void)state;
    transform_world_init(&own, LT_TIME_PROCESSING);
    own.script.ttl_us = 10 * SECOND_US;
    transform_world_open(&own);
    transform_world_batch(&own, 9, "x append 1");
    transform_world_batch(&own, 4, "x append 2");
    transform_world_batch(&own, 9, "x append 3");
    transform_world_batch(&own, 15, "x list");
    transform_world_expect(&own, "x element 1; x element 3; x rows 1");
    transform_world_batch(&own, 30, "x append 4; x list");
    transform_world_expect(&own, "x element 4; x rows 2");
    transform_world_batch(&own, 60, "");
    assert_int_equal(transform_world_total(&own), 0);
    stateful_world_fini(&own.world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_has_all_its_rows_in_one_call_and_its_own_state),
        cmocka_unit_test(lists_are_in_order_and_state_outlives_the_operator),
        cmocka_unit_test(what_is_given_out_waits_for_room),
        cmocka_unit_test(a_map_is_what_was_put_and_not_removed),
        cmocka_unit_test(what_has_expired_is_not_seen_and_goes),
        cmocka_unit_test(an_element_that_expires_out_of_turn_leaves_no_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
