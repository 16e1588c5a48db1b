/* The places of a tail: what is kept of them. */
#include "io/tail_place.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

static void old_places_are_forgotten(void **state)
{
    struct lt_tail_places places;
    (void)state;
    lt_tail_places_init(&places);
    for (int i = 0; i < 1000; i++) {
        int64_t number = lt_tail_places_add(&places, lt_tail_place_create(1));
        places.list[places.count - 1]->marks[0].path = strdup("/x");
        places.list[places.count - 1]->marks[0].offset = i;
        lt_tail_places_forget(&places, number);
        assert_true(places.count <= LT_TAIL_PLACES_KEPT + 1);
        struct lt_tail_place *copy = lt_tail_places_copy(&places, number);
        assert_int_equal(copy->marks[0].offset, i);
        lt_tail_place_destroy(copy);
    }
    lt_tail_places_fini(&places);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(old_places_are_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
