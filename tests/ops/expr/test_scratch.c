/* Memory that is emptied as a whole: what it gives does not overlap, and is given again. */
#include "ops/expr/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

enum { ROUND = 40, SIZE_STEP = 777 };

static void fill_round(struct lt_scratch *scratch, unsigned char **memory)
{
    for (unsigned i = 0; i < ROUND; i++) {
        memory[i] = lt_scratch_alloc(scratch, i * SIZE_STEP);
        assert_int_equal((uintptr_t)memory[i] % LT_SCRATCH_ALIGNMENT, 0);
        memset(memory[i], (int)i, i * SIZE_STEP);
    }
    for (unsigned i = 0; i < ROUND; i++) {
        for (unsigned k = 0; k < i * SIZE_STEP; k++)
            assert_int_equal(memory[i][k], i);
    }
}

static void pieces_of_all_sizes_are_aligned_and_apart(void **state)
{
    struct lt_scratch scratch = {0};
    unsigned char *memory[ROUND];
    (void)state;
    fill_round(&scratch, memory);
    lt_scratch_fini(&scratch);
}

static void after_it_is_emptied_the_same_memory_comes_again_and_no_more(void **state)
{
    struct lt_scratch scratch = {0};
    unsigned char *before[ROUND], *after[ROUND];
    (void)state;
    fill_round(&scratch, before);
    const struct lt_scratch_block *last = scratch.current;
    lt_scratch_clear(&scratch);
    fill_round(&scratch, after);
    assert_memory_equal(before, after, sizeof before);
    assert_ptr_equal(scratch.current, last);
    assert_null(last->next);
    lt_scratch_fini(&scratch);
}

/* A sanitizer's allocator ends the program instead. */
#if !defined __SANITIZE_ADDRESS__ && !defined __SANITIZE_THREAD__
static void what_no_memory_holds_is_refused_and_less_is_given(void **state)
{
    struct lt_scratch scratch = {0};
    (void)state;
    assert_null(lt_scratch_alloc(&scratch, SIZE_MAX / 8));
    assert_non_null(lt_scratch_alloc(&scratch, SIZE_STEP));
    assert_null(lt_scratch_alloc(&scratch, SIZE_MAX / 8));
    assert_non_null(lt_scratch_alloc(&scratch, SIZE_STEP));
    lt_scratch_fini(&scratch);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_of_all_sizes_are_aligned_and_apart),
        cmocka_unit_test(after_it_is_emptied_the_same_memory_comes_again_and_no_more),
#if !defined __SANITIZE_ADDRESS__ && !defined __SANITIZE_THREAD__
        cmocka_unit_test(what_no_memory_holds_is_refused_and_less_is_given),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
