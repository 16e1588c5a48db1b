/*
 * When readers are to tell anew of what comes: after a look that was told of something and found
 * nothing, some time later; and not where a batch makes them do so, or nobody has told.
 */
#include "core/run/hearing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/base/clock.h"

static void after_a_look_for_nothing_nobody_tells_for_some_times_as_long(void **state)
{
    (void)state;
    struct lt_hearing hearing;
    lt_hearing_begin(&hearing);
    hearing.is_told = true;
    lt_hearing_found_nothing(&hearing, 1000, 100);
    assert_false(hearing.is_told);
    assert_int_equal(hearing.listen_ns, 1900); /* 100 of 900 */
    assert_int_equal(lt_hearing_deadline_ns(&hearing, 5000), 1900);
    assert_int_equal(lt_hearing_deadline_ns(&hearing, 1500), 1500);
    lt_hearing_found_nothing(&hearing, 1500, 100); /* by the clock: nobody had told */
    assert_int_equal(hearing.listen_ns, 1900);
    hearing.is_told = true; /* by another reader, which is heard meanwhile */
    lt_hearing_found_nothing(&hearing, 1600, 10);
    assert_int_equal(hearing.listen_ns, 1690);
}

static void a_batch_makes_readers_tell_by_itself(void **state)
{
    (void)state;
    struct lt_hearing hearing;
    lt_hearing_begin(&hearing);
    assert_int_equal(lt_hearing_deadline_ns(&hearing, LT_NEVER_NS), LT_NEVER_NS);
    hearing.is_told = true;
    lt_hearing_found_nothing(&hearing, 1000, 100);
    lt_hearing_begin(&hearing);
    assert_int_equal(lt_hearing_deadline_ns(&hearing, LT_NEVER_NS), LT_NEVER_NS);
    lt_hearing_found_nothing(&hearing, 2000, 100);
    assert_int_equal(lt_hearing_deadline_ns(&hearing, LT_NEVER_NS), LT_NEVER_NS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(after_a_look_for_nothing_nobody_tells_for_some_times_as_long),
        cmocka_unit_test(a_batch_makes_readers_tell_by_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
