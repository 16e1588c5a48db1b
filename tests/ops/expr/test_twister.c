/* The generator against what others draw from MT19937 for the same words of a seed. */
#include "ops/expr/twister.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void it_draws_what_mt19937_draws_over_several_fillings(void **state)
{
    /* Seeded with the words 1 and 2: random.seed(2 << 32 | 1) of Python. */
    static const struct {
        unsigned place;
        uint32_t word;
    } known[] = {{0, 2510469175U},   {1, 412874776U},    {2, 1110386547U},   {623, 109110187U},
                 {624, 2472916428U}, {625, 1115346072U}, {1299, 2968537341U}};
    struct lt_twister twister;
    size_t next = 0;
    (void)state;
    lt_twister_init(&twister, UINT64_C(1) << 32 | 2);
    for (unsigned place = 0; next < sizeof known / sizeof known[0]; place++) {
        uint32_t word = lt_twister_draw(&twister);
        if (place == known[next].place)
            assert_int_equal(word, known[next++].word);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_draws_what_mt19937_draws_over_several_fillings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
