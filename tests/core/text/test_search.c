/* lt_search against libc's memmem, on texts of few letters, where needles nearly fit often. */
#include "core/text/search.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint32_t draw(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*state >> 33);
}

static void fill(uint64_t *state, uint8_t *out, size_t size_bytes)
{
    for (size_t i = 0; i < size_bytes; i++)
        out[i] = (uint8_t) "ab 4"[draw(state) % 4];
}

/* With a byte that ends the search: of those of the text, or none of them. */
static void check_or(uint64_t seed, const uint8_t *text, size_t text_bytes,
                     const struct lt_needle *needle, uint8_t other)
{
    if (memchr(needle->data, other, needle->size_bytes) != NULL ||
        needle->size_bytes > LT_NEEDLE_BYTES_MAX)
        return;
    const uint8_t *expected = memmem(text, text_bytes, needle->data, needle->size_bytes);
    const uint8_t *stop = memchr(text, other, text_bytes);
    if (expected == NULL || (stop != NULL && stop < expected))
        expected = stop;
    if (lt_search_or(text, text_bytes, needle, other) != expected)
        fail_msg("seed %llu: %zu bytes in %zu, or '%c'", (unsigned long long)seed,
                 needle->size_bytes, text_bytes, other);
}

static void check(uint64_t seed)
{
    uint64_t state = seed;
    size_t text_bytes = draw(&state) % 200, needle_bytes = 1 + draw(&state) % 9;
    if (draw(&state) % 16 == 0)
        needle_bytes += draw(&state) % 150;
    /* Of exactly this size, so that a sanitizer sees what is read past it. */
    uint8_t *text = malloc(text_bytes > 0 ? text_bytes : 1), *part = malloc(needle_bytes);
    assert_non_null(text);
    assert_non_null(part);
    fill(&state, text, text_bytes);
    fill(&state, part, needle_bytes);
    if (draw(&state) % 2 == 0 && text_bytes >= needle_bytes)
        memcpy(part, text + draw(&state) % (text_bytes - needle_bytes + 1), needle_bytes);
    const uint8_t *expected = memmem(text, text_bytes, part, needle_bytes);
    struct lt_needle plain = lt_needle_of(part, needle_bytes);
    struct lt_needle chosen = lt_needle_choose(part, needle_bytes);
    if (lt_search(text, text_bytes, &plain) != expected ||
        lt_search(text, text_bytes, &chosen) != expected)
        fail_msg("seed %llu: %zu bytes in %zu", (unsigned long long)seed, needle_bytes, text_bytes);
    if (text_bytes > 0 && draw(&state) % 2 == 0)
        text[draw(&state) % text_bytes] = '\\';
    check_or(seed, text, text_bytes, &plain, '\\');
    check_or(seed, text, text_bytes, &chosen, (uint8_t) "ab4"[draw(&state) % 3]);
    size_t nth = 0;
    for (size_t i = 0; i < text_bytes; i++)
        if (text[i] == part[0] && lt_search_nth(text, text_bytes, part[0], ++nth) != text + i)
            fail_msg("seed %llu: the byte %zu of %zu", (unsigned long long)seed, nth, text_bytes);
    assert_null(lt_search_nth(text, text_bytes, part[0], nth + 1));
    free(text);
    free(part);
}

static void a_needle_is_found_where_memmem_finds_it(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 100000; seed++)
        check(seed);
}

static void blanks_and_small_letters_are_looked_at_last(void **state)
{
    (void)state;
    struct lt_needle needle = lt_needle_choose(" 404 ", 5);
    assert_int_equal(needle.second, 3);
    assert_int_equal(needle.first, 1);
    needle = lt_needle_choose("x", 1);
    assert_int_equal(needle.first, 0);
    assert_int_equal(needle.second, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_needle_is_found_where_memmem_finds_it),
        cmocka_unit_test(blanks_and_small_letters_are_looked_at_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
