/* The order of times, against a sorted list. */
#include "core/state/times.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/base/arena.h"

enum { SEEDS = 40, STEPS = 6000, HASHES = 700 };

struct model {
    struct lt_state_time *list;
    size_t count;
};

static size_t place_of(const struct model *model, struct lt_state_time time, bool *is_there)
{
    size_t at = 0;
    while (at < model->count &&
           (model->list[at].at < time.at ||
            (model->list[at].at == time.at && model->list[at].hash < time.hash)))
        at++;
    *is_there =
        at < model->count && model->list[at].at == time.at && model->list[at].hash == time.hash;
    return at;
}

static void model_add(struct model *model, struct lt_state_time time)
{
    bool is_there;
    size_t at = place_of(model, time, &is_there);
    if (is_there)
        return;
    memmove(model->list + at + 1, model->list + at, (model->count - at) * sizeof time);
    model->list[at] = time;
    model->count++;
}

static bool model_remove(struct model *model, struct lt_state_time time)
{
    bool is_there;
    size_t at = place_of(model, time, &is_there);
    if (!is_there)
        return false;
    model->count--;
    memmove(model->list + at, model->list + at + 1, (model->count - at) * sizeof time);
    return true;
}

static void assert_same(const struct lt_state_times *times, const struct model *model)
{
    assert_int_equal(lt_state_times_count(times), model->count);
    struct lt_state_time time;
    const struct lt_state_time *after = NULL;
    for (size_t i = 0; i < model->count; i++) {
        assert_true(lt_state_times_next(times, after, &time));
        assert_int_equal(time.at, model->list[i].at);
        assert_int_equal(time.hash, model->list[i].hash);
        after = &model->list[i];
    }
    assert_false(lt_state_times_next(times, after, &time));
}

/* More comes in some phases and more goes in others; times ascend, descend, or come in any order.
 */
static struct lt_state_time draw_time(unsigned *seed, int step, unsigned way)
{
    int64_t at = rand_r(seed) % 50 - 25;
    if (way == 1)
        at += step;
    if (way == 2)
        at -= step;
    return (struct lt_state_time){at, (uint64_t)(rand_r(seed) % HASHES)};
}

static void it_has_what_a_sorted_list_has(void **state)
{
    (void)state;
    for (unsigned number = 1; number <= SEEDS; number++) {
        unsigned seed = number;
        struct lt_state_times *times = lt_state_times_create();
        struct model model = {.list = calloc(STEPS, sizeof(struct lt_state_time))};
        for (int step = 0; step < STEPS; step++) {
            bool is_growing = step / (STEPS / 4) % 2 == 0;
            bool adds = rand_r(&seed) % 10 < (is_growing ? 8 : 1);
            struct lt_state_time time = draw_time(&seed, step, number % 3);
            if (!adds && model.count > 0 && rand_r(&seed) % 8 != 0)
                time = model.list[number % 2 == 0 ? 0 : (size_t)rand_r(&seed) % model.count];
            if (adds) {
                lt_state_times_add(times, time);
                model_add(&model, time);
            } else {
                assert_int_equal(lt_state_times_remove(times, time), model_remove(&model, time));
            }
            if (step % (STEPS / 8) == 0)
                assert_same(times, &model);
        }
        assert_same(times, &model);
        while (model.count > 0) {
            struct lt_state_time time = model.list[(size_t)rand_r(&seed) % model.count];
            assert_true(lt_state_times_remove(times, time));
            model_remove(&model, time);
        }
        assert_same(times, &model);
        lt_state_times_add(times, (struct lt_state_time){1, 2});
        assert_int_equal(lt_state_times_count(times), 1);
        free(model.list);
        lt_state_times_destroy(times);
    }
}

static void it_is_built_of_a_list_and_goes_on_from_there(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 47, 48, 49, 3000};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct model model = {.list = calloc(sizes[i] * 2 + 100, sizeof(struct lt_state_time))};
        for (size_t k = 0; k < sizes[i]; k++)
            model_add(&model, (struct lt_state_time){(int64_t)(k / 3), k % 3});
        struct lt_state_times *times = lt_state_times_create();
        lt_state_times_build(times, model.list, model.count);
        assert_same(times, &model);
        unsigned seed = 5;
        for (size_t k = 0; k < sizes[i] + 50; k++) {
            struct lt_state_time time = {rand_r(&seed) % 1200, (uint64_t)(rand_r(&seed) % 5)};
            lt_state_times_add(times, time);
            model_add(&model, time);
        }
        assert_same(times, &model);
        free(model.list);
        lt_state_times_destroy(times);
    }
}

static void times_that_ascend_leave_full_nodes_behind(void **state)
{
    (void)state;
    enum { MANY = 100000 };
    struct lt_state_times *times = lt_state_times_create();
    for (int i = 0; i < MANY; i++)
        lt_state_times_add(times, (struct lt_state_time){i, 7});
    assert_true(lt_state_times_bytes(times) < MANY * sizeof(struct lt_state_time) * 5 / 4);
    for (int i = 0; i < MANY; i++)
        assert_true(lt_state_times_remove(times, (struct lt_state_time){i, 7}));
    assert_int_equal(lt_state_times_count(times), 0);
    assert_true(lt_state_times_bytes(times) < 4096);
    lt_state_times_destroy(times);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_has_what_a_sorted_list_has),
        cmocka_unit_test(it_is_built_of_a_list_and_goes_on_from_there),
        cmocka_unit_test(times_that_ascend_leave_full_nodes_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
