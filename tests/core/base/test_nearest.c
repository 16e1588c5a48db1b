/* "Did you mean ...". */
#include "core/base/nearest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

static void distances_count_edits_and_swaps(void **state)
{
    (void)state;
    assert_int_equal(lt_nearest_distance("", ""), 0);
    assert_int_equal(lt_nearest_distance("", "abc"), 3);
    assert_int_equal(lt_nearest_distance("abc", ""), 3);
    assert_int_equal(lt_nearest_distance("kitten", "sitting"), 3);
    assert_int_equal(lt_nearest_distance("value", "vlaue"), 1);
    assert_int_equal(lt_nearest_distance("ca", "abc"), 3); /* no edit of what was swapped */
    assert_int_equal(lt_nearest_distance("StartingOffsets", "startingoffsets"), 0);
    assert_int_equal(lt_nearest_distance("startingOfsets", "startingOffsets"), 1);
}

static void the_nearest_name_wins_and_the_first_of_equals(void **state)
{
    (void)state;
    static const char *const names[] = {"startingOffsets", "endingOffsets", "lanes", "lines"};
    assert_string_equal(lt_nearest("startingOfsets", names, 4), "startingOffsets");
    assert_string_equal(lt_nearest("ENDINGOFFSET", names, 4), "endingOffsets");
    assert_string_equal(lt_nearest("linse", names, 4), "lines");
    assert_string_equal(lt_nearest("l_nes", names, 4), "lanes");
}

static void what_is_far_away_is_no_suggestion(void **state)
{
    (void)state;
    static const char *const names[] = {"lanes", "id"};
    assert_null(lt_nearest("checkpoint", names, 2));
    assert_string_equal(lt_nearest("lane", names, 2), "lanes");
    assert_null(lt_nearest("lars", names, 2)); /* 2 edits, a third of 5 is 1 */
    assert_null(lt_nearest("di", names, 2));
    assert_null(lt_nearest("", names, 2));
    assert_null(lt_nearest("lanes", names, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances_count_edits_and_swaps),
        cmocka_unit_test(the_nearest_name_wins_and_the_first_of_equals),
        cmocka_unit_test(what_is_far_away_is_no_suggestion),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
