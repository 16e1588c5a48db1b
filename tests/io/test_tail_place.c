/* The places of a tail: what is kept of them. */
#include "io/tail_place.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
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
        lt_tail_places_commit(&places, number);
        assert_true(places.count <= LT_TAIL_PLACES_KEPT + 1);
        struct lt_tail_place *copy = lt_tail_places_copy(&places, number);
        assert_int_equal(copy->marks[0].offset, i);
        lt_tail_place_destroy(copy);
    }
    lt_tail_places_fini(&places);
}

static void one_that_is_removed_is_gone_and_the_others_are_not(void **state)
{
    enum { COUNT = 5, GONE = 3 };
    struct lt_tail_places places;
    (void)state;
    lt_tail_places_init(&places);
    for (int i = 1; i <= COUNT; i++) {
        assert_int_equal(lt_tail_places_add(&places, lt_tail_place_create(1)), i);
        places.list[places.count - 1]->marks[0].path = strdup("/x");
    }
    lt_tail_places_remove(&places, GONE);
    lt_tail_places_remove(&places, COUNT + 1); /* there is none */
    assert_int_equal(places.count, COUNT - 1);
    for (int i = 1; i <= COUNT; i++) {
        struct lt_tail_place *copy = lt_tail_places_copy(&places, i);
        assert_int_equal(copy->count, i == GONE ? 0 : 1);
        lt_tail_place_destroy(copy);
    }
    lt_tail_places_fini(&places);
}

static void an_inode_may_have_its_top_bit(void **state)
{
    static const uint64_t inodes[] = {1, UINT64_C(1) << 63, UINT64_MAX};
    (void)state;
    for (size_t i = 0; i < sizeof inodes / sizeof inodes[0]; i++) {
        struct lt_tail_place *place = lt_tail_place_create(1), *again;
        struct lt_text_buffer json;
        struct lt_error error;
        place->marks[0] = (struct lt_tail_mark){.path = strdup("/x"), .inode = inodes[i]};
        lt_text_init(&json);
        lt_tail_place_to_json(place, &json);
        if (lt_tail_place_from_json(lt_text_get(&json), &again, &error) != 0)
            fail_msg("%s: %s", lt_text_get(&json), error.text);
        assert_true(again->marks[0].inode == inodes[i]);
        lt_tail_place_destroy(again);
        lt_tail_place_destroy(place);
        lt_text_fini(&json);
    }
}

static void what_is_no_inode_is_refused(void **state)
{
    static const char *const inodes[] = {"18446744073709551616", "-1", "1.5", "\"1\"", "null"};
    (void)state;
    for (size_t i = 0; i < sizeof inodes / sizeof inodes[0]; i++) {
        struct lt_tail_place *place;
        struct lt_error error;
        char json[256];
        snprintf(json, sizeof json,
                 "{\"time\":1,\"files\":[{\"path\":\"/x\",\"inode\":%s,\"offset\":0,"
                 "\"fingerprint\":\"0:0\"}]}",
                 inodes[i]);
        assert_true(lt_tail_place_from_json(json, &place, &error) < 0);
        assert_non_null(strstr(error.text, "\"inode\""));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(old_places_are_forgotten),
        cmocka_unit_test(one_that_is_removed_is_gone_and_the_others_are_not),
        cmocka_unit_test(an_inode_may_have_its_top_bit),
        cmocka_unit_test(what_is_no_inode_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
