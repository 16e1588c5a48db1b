/* Bump memory: pieces never overlap, are aligned and zeroed. */
#include "core/base/arena.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static void pieces_are_zeroed_aligned_and_their_own(void **state)
{
    (void)state;
    enum { COUNT = 2000 };
    struct lt_arena *arena = lt_arena_create();
    unsigned char *pieces[COUNT];
    size_t sizes[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        sizes[i] =
            i * 7919 % (i % 100 == 0 ? 20000 : 300); /* small ones, and some with a chunk each */
        pieces[i] = lt_arena_alloc(arena, sizes[i]);
        assert_int_equal((uintptr_t)pieces[i] % 16, 0);
        for (size_t j = 0; j < sizes[i]; j++)
            assert_int_equal(pieces[i][j], 0);
        memset(pieces[i], (int)(i % 251) + 1, sizes[i]);
    }
    for (size_t i = 0; i < COUNT; i++) {
        for (size_t j = 0; j < sizes[i]; j++)
            assert_int_equal(pieces[i][j], i % 251 + 1);
    }
    lt_arena_destroy(arena);
    lt_arena_destroy(NULL);
}

static void empty_pieces_are_unique(void **state)
{
    (void)state;
    struct lt_arena *arena = lt_arena_create();
    void *first = lt_arena_alloc(arena, 0);
    assert_non_null(first);
    assert_ptr_not_equal(first, lt_arena_alloc(arena, 0));
    lt_arena_destroy(arena);
}

static void texts_are_copied_and_formatted(void **state)
{
    (void)state;
    struct lt_arena *arena = lt_arena_create();
    char original[] = "topic";
    char *copy = lt_arena_text(arena, original);
    original[0] = 'X';
    assert_string_equal(copy, "topic");
    assert_string_equal(lt_arena_text_n(arena, "abcdef", 3), "abc");
    assert_string_equal(lt_arena_text_n(arena, NULL, 0), "");
    assert_string_equal(lt_arena_format(arena, "%s-%d", "lane", 3), "lane-3");
    char large[5000];
    memset(large, 'y', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    assert_string_equal(lt_arena_format(arena, "%s", large), large);
    lt_arena_destroy(arena);
}

static void plain_memory_is_zeroed_grows_and_aligns(void **state)
{
    (void)state;
    int *numbers = lt_alloc_array(4, sizeof *numbers);
    assert_int_equal(numbers[3], 0);
    numbers[3] = 42;
    numbers = lt_realloc_array(numbers, 1000, sizeof *numbers);
    assert_int_equal(numbers[3], 42);
    free(numbers);
    char *text = lt_strdup("x");
    assert_string_equal(text, "x");
    free(text);
    for (size_t size_bytes = 0; size_bytes < 300; size_bytes += 37) {
        unsigned char *memory = lt_alloc_aligned(size_bytes);
        assert_int_equal((uintptr_t)memory % 128, 0);
        memset(memory, 1, size_bytes);
        free(memory);
    }
}

static void a_product_that_overflows_ends_the_process(void **state)
{
    (void)state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (close(STDERR_FILENO) != 0)
            _exit(1);
        free(lt_alloc_array(SIZE_MAX / 4, 8));
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_zeroed_aligned_and_their_own),
        cmocka_unit_test(empty_pieces_are_unique),
        cmocka_unit_test(texts_are_copied_and_formatted),
        cmocka_unit_test(plain_memory_is_zeroed_grows_and_aligns),
        cmocka_unit_test(a_product_that_overflows_ends_the_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
