/* Row pools: rows come and go, references, parents, origins, scratch, and release on other threads.
 */
#include "core/data/row.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "core/base/limits.h"

static struct lt_row_pool *make_pool(struct lt_row_pool_options options)
{
    struct lt_row_pool *pool;
    struct lt_error error;
    assert_int_equal(lt_row_pool_create(&options, &pool, &error), 0);
    return pool;
}

static void a_claimed_row_is_clean(void **state)
{
    (void)state;
    struct lt_row_pool *pool =
        make_pool((struct lt_row_pool_options){.column_count = 200, .capacity = 1});
    for (int round = 0; round < 2; round++) {
        struct lt_row *row = lt_row_claim(pool);
        assert_non_null(row);
        assert_int_equal(row->column_count, 200);
        assert_int_equal(row->kind, LT_ROW_RECORD);
        assert_int_equal(row->flags, 0);
        assert_null(row->parent);
        assert_null(row->origin);
        assert_int_equal((uintptr_t)lt_row_values(row) % 16, 0);
        for (uint32_t i = 0; i < 200; i++)
            assert_false(lt_row_is_null(row, i));
        for (uint32_t i = 0; i < 200; i++) {
            lt_row_set_null(row, i);
            lt_row_values(row)[i] = lt_value_i64(-1);
        }
        row->kind = LT_ROW_HOLD;
        row->flags = LT_ROW_END_OF_BATCH;
        row->origin = pool;
        lt_row_release(row);
    }
    lt_row_pool_destroy(pool);
}

static void the_row_released_last_is_claimed_first(void **state)
{
    (void)state;
    struct lt_row_pool *pool =
        make_pool((struct lt_row_pool_options){.column_count = 3, .capacity = 4});
    struct lt_row *a = lt_row_claim(pool), *b = lt_row_claim(pool);
    lt_row_release(a);
    lt_row_release(b);
    assert_ptr_equal(lt_row_claim(pool), b);
    assert_ptr_equal(lt_row_claim(pool), a);
    lt_row_release(a);
    lt_row_release(b);
    lt_row_pool_destroy(pool);
}

static void an_empty_pool_gives_null_until_a_row_comes_home(void **state)
{
    (void)state;
    enum { CAPACITY = 5 };
    struct lt_row_pool *pool =
        make_pool((struct lt_row_pool_options){.column_count = 1, .capacity = CAPACITY});
    struct lt_row *rows[CAPACITY];
    for (int i = 0; i < CAPACITY; i++)
        assert_non_null(rows[i] = lt_row_claim(pool));
    for (int i = 0; i < CAPACITY; i++) {
        for (int j = 0; j < i; j++)
            assert_ptr_not_equal(rows[i], rows[j]);
    }
    assert_int_equal(pool->free_count, 0);
    assert_null(lt_row_claim(pool));
    lt_row_release(rows[2]);
    assert_ptr_equal(lt_row_claim(pool), rows[2]);
    for (int i = 0; i < CAPACITY; i++)
        lt_row_release(rows[i]);
    assert_int_equal(pool->free_count, CAPACITY);
    lt_row_pool_destroy(pool);
    lt_row_pool_destroy(NULL);
}

static void a_row_goes_home_with_its_last_reference(void **state)
{
    (void)state;
    struct lt_row_pool *pool =
        make_pool((struct lt_row_pool_options){.column_count = 1, .capacity = 2});
    struct lt_row *row = lt_row_claim(pool);
    lt_row_hold(row);
    lt_row_hold(row);
    lt_row_release(row);
    lt_row_release(row);
    assert_int_equal(pool->free_count, 1);
    lt_row_release(row);
    assert_int_equal(pool->free_count, 2);
    lt_row_pool_destroy(pool);
}

struct log {
    int count;
    void *origins[8];
};
static void note_release(void *context, struct lt_row *row)
{
    struct log *log = context;
    log->origins[log->count++] = row->origin;
}

static void parents_are_let_go_and_origins_given_back_once(void **state)
{
    (void)state;
    struct log log = {0};
    struct lt_row_pool *sources = make_pool((struct lt_row_pool_options){
        .column_count = 2, .capacity = 4, .on_release = note_release, .context = &log});
    struct lt_row_pool *made =
        make_pool((struct lt_row_pool_options){.column_count = 1, .capacity = 8});
    int message, batch;
    struct lt_row *hold = lt_row_claim(sources);
    hold->kind = LT_ROW_HOLD;
    hold->origin = &batch;
    struct lt_row *root = lt_row_claim(sources);
    root->origin = &message;
    root->parent = hold; /* hands its reference on */
    struct lt_row *first = lt_row_claim(made), *second = lt_row_claim(made);
    first->parent = root;
    second->parent = root;
    lt_row_hold(root);
    struct lt_row *third = lt_row_claim(made);
    third->parent = second;
    assert_ptr_equal(lt_row_root(third), root);
    assert_ptr_equal(lt_row_root(root), root);

    lt_row_release(first);
    assert_int_equal(log.count, 0);
    lt_row_release(third);
    assert_int_equal(log.count, 2);
    assert_ptr_equal(log.origins[0], &message);
    assert_ptr_equal(log.origins[1], &batch);
    lt_row_pool_destroy(made);
    lt_row_pool_destroy(sources);
}

static void scratch_is_aligned_and_its_own(void **state)
{
    (void)state;
    struct lt_row_pool *pool = make_pool(
        (struct lt_row_pool_options){.column_count = 2, .capacity = 2, .scratch_size_bytes = 100});
    struct lt_row *row = lt_row_claim(pool);
    lt_row_values(row)[1] = lt_value_i64(77);
    unsigned char *pieces[60];
    for (size_t i = 0; i < 60; i++) { /* far more than the row has: overflow blocks take the rest */
        pieces[i] = lt_row_scratch(row, i * 31);
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % 16, 0);
        memset(pieces[i], (int)i, i * 31);
    }
    for (size_t i = 0; i < 60; i++) {
        for (size_t j = 0; j < i * 31; j++)
            assert_int_equal(pieces[i][j], i);
    }
    assert_int_equal(lt_row_values(row)[1].i64, 77);
    lt_row_release(row);
    lt_row_pool_destroy(pool);
}

static void overflow_blocks_are_used_again(void **state)
{
    (void)state;
    struct lt_row_pool *pool =
        make_pool((struct lt_row_pool_options){.column_count = 1, .capacity = 2});
    void *large = NULL, *next = NULL;
    for (int round = 0; round < 100; round++) {
        struct lt_row *row = lt_row_claim(pool);
        void *a = lt_row_scratch(row, 5000), *b = lt_row_scratch(row, 100000);
        if (round > 0) {
            assert_ptr_equal(a, large);
            assert_ptr_equal(b, next);
        }
        large = a;
        next = b;
        lt_row_release(row);
    }
    assert_int_equal(pool->overflow_kept_bytes, 8192 + 131072);
    lt_row_pool_destroy(pool);
}

static void giants_are_given_back_and_the_impossible_refused(void **state)
{
    (void)state;
    struct lt_row_pool *pool =
        make_pool((struct lt_row_pool_options){.column_count = 1, .capacity = 2});
    struct lt_row *row = lt_row_claim(pool);
    assert_null(lt_row_scratch(row, (size_t)LT_LIMIT_VALUE_BYTES + 1));
    char *giant = lt_row_scratch(row, 300u * 1024 * 1024);
    assert_non_null(giant);
    giant[300u * 1024 * 1024 - 1] = 'x';
    lt_row_release(row);
    assert_int_equal(pool->overflow_kept_bytes, 0);
    lt_row_pool_destroy(pool);
}

static void rows_never_used_take_no_memory(void **state)
{
    (void)state;
    struct lt_row_pool *pool = make_pool((struct lt_row_pool_options){
        .column_count = 7, .capacity = 65536, .scratch_size_bytes = 512});
    for (int i = 0; i < 100000; i++) {
        struct lt_row *a = lt_row_claim(pool), *b = lt_row_claim(pool);
        lt_row_release(a);
        lt_row_release(b);
    }
    size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
    size_t page_count = pool->memory_size_bytes / page_bytes;
    unsigned char *resident = calloc(page_count + 1, 1);
    assert_int_equal(mincore(pool->memory, page_count * page_bytes, resident), 0);
    size_t count = 0;
    for (size_t i = 0; i < page_count; i++)
        count += resident[i] & 1;
    free(resident);
    assert_true(pool->memory_size_bytes > 32u * 1024 * 1024);
    assert_true(count <= 512); /* two rows, or one huge page */
    assert_int_equal(pool->unused_index, 2);
    lt_row_pool_destroy(pool);
}

static void impossible_pools_are_refused(void **state)
{
    (void)state;
    struct lt_row_pool *pool;
    struct lt_error error;
    struct lt_row_pool_options wide = {.column_count = LT_LIMIT_COLUMNS + 1, .capacity = 1};
    assert_int_equal(lt_row_pool_create(&wide, &pool, &error), LT_E_LIMIT);
    assert_string_equal(error.text, "row pool: 2049 columns; at most 2048 are possible");
    assert_null(pool);
    struct lt_row_pool_options none = {.column_count = 1};
    assert_int_equal(lt_row_pool_create(&none, &pool, &error), LT_E_INVALID);
}

/* ------------------------------------------------------------------------------ other threads */

enum { SHARED_ROWS = 64, SHARED_ROUNDS = 5000, RELEASERS = 2 };

struct handover {
    struct lt_shared_pointer slots[RELEASERS];
    struct lt_shared_u32 is_done;
};
struct releaser {
    struct handover *handover;
    int index;
};

static void *release_rows(void *argument)
{
    struct releaser *releaser = argument;
    struct handover *handover = releaser->handover;
    for (;;) {
        uint32_t is_done = lt_load_acquire_u32(&handover->is_done);
        struct lt_row *row =
            __atomic_exchange_n(&handover->slots[releaser->index].value, NULL, __ATOMIC_ACQ_REL);
        if (row != NULL) {
            assert_int_equal(lt_row_values(row)[0].i64, row->source_offset);
            lt_row_release(row);
        } else if (is_done) {
            return NULL;
        } else {
            (void)sched_yield();
        }
    }
}

/* Each row is handed to all releasers at once, so its last reference goes away on a thread of
 * chance. */
static void rows_released_on_other_threads_come_home(void **state)
{
    (void)state;
    struct lt_row_pool *pool = make_pool((struct lt_row_pool_options){
        .column_count = 1, .capacity = SHARED_ROWS, .scratch_size_bytes = 16, .is_shared = true});
    struct lt_row_pool *parents = make_pool((struct lt_row_pool_options){
        .column_count = 1, .capacity = SHARED_ROWS, .is_shared = true});
    struct handover handover = {0};
    struct releaser releasers[RELEASERS];
    pthread_t threads[RELEASERS];
    for (int i = 0; i < RELEASERS; i++) {
        releasers[i] = (struct releaser){.handover = &handover, .index = i};
        assert_int_equal(pthread_create(&threads[i], NULL, release_rows, &releasers[i]), 0);
    }
    for (int64_t n = 0; n < SHARED_ROUNDS;) {
        struct lt_row *row = lt_row_claim(pool);
        if (row == NULL) {
            (void)sched_yield();
            continue;
        }
        struct lt_row *parent = lt_row_claim(parents);
        assert_non_null(
            parent); /* as many as rows, and each goes home before its child can be claimed again */
        lt_row_values(parent)[0] = lt_value_i64(n);
        parent->source_offset = n;
        row->parent = parent;
        row->source_offset = n;
        lt_row_values(row)[0] = lt_value_i64(n);
        if (n % 7 == 0)
            memset(lt_row_scratch(row, 5000), 1, 5000);
        lt_row_hold(row);
        for (int i = 0; i < RELEASERS; i++) {
            void *expected = NULL;
            while (!__atomic_compare_exchange_n(&handover.slots[i].value, &expected, row, false,
                                                __ATOMIC_RELEASE, __ATOMIC_RELAXED)) {
                expected = NULL;
                (void)sched_yield();
            }
        }
        n++;
    }
    lt_store_release_u32(&handover.is_done, 1);
    for (int i = 0; i < RELEASERS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    (void)lt_row_pool_reclaim(pool);
    (void)lt_row_pool_reclaim(parents);
    assert_int_equal(pool->free_count, SHARED_ROWS);
    assert_int_equal(parents->free_count, SHARED_ROWS);
    lt_row_pool_destroy(pool);
    lt_row_pool_destroy(parents);
}

static void a_shared_pool_gives_origins_back_on_its_owner(void **state)
{
    (void)state;
    struct log log = {0};
    struct lt_row_pool *pool = make_pool((struct lt_row_pool_options){.column_count = 1,
                                                                      .capacity = 4,
                                                                      .is_shared = true,
                                                                      .on_release = note_release,
                                                                      .context = &log});
    int origin;
    struct lt_row *row = lt_row_claim(pool);
    row->origin = &origin;
    lt_row_release(row);
    assert_int_equal(log.count, 0);
    assert_int_equal(lt_row_pool_reclaim(pool), 1);
    assert_int_equal(log.count, 1);
    assert_int_equal(lt_row_pool_reclaim(pool), 0);
    lt_row_pool_destroy(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_claimed_row_is_clean),
        cmocka_unit_test(the_row_released_last_is_claimed_first),
        cmocka_unit_test(an_empty_pool_gives_null_until_a_row_comes_home),
        cmocka_unit_test(a_row_goes_home_with_its_last_reference),
        cmocka_unit_test(parents_are_let_go_and_origins_given_back_once),
        cmocka_unit_test(scratch_is_aligned_and_its_own),
        cmocka_unit_test(overflow_blocks_are_used_again),
        cmocka_unit_test(giants_are_given_back_and_the_impossible_refused),
        cmocka_unit_test(rows_never_used_take_no_memory),
        cmocka_unit_test(impossible_pools_are_refused),
        cmocka_unit_test(rows_released_on_other_threads_come_home),
        cmocka_unit_test(a_shared_pool_gives_origins_back_on_its_owner),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
