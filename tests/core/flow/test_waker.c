#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/flow/waker.h"

static bool is_readable(const struct lt_waker *waker)
{
    struct pollfd one = {.fd = waker->event_fd, .events = POLLIN};
    return poll(&one, 1, 0) == 1;
}

static void waking_one_who_is_awake_costs_no_write(void **state)
{
    (void)state;
    struct lt_waker waker;
    assert_int_equal(lt_waker_open(&waker, NULL), 0);
    lt_waker_wake(&waker);
    assert_false(is_readable(&waker));
    lt_waker_close(&waker);
}

static void waking_a_sleeper_writes_and_draining_empties(void **state)
{
    (void)state;
    struct lt_waker waker;
    assert_int_equal(lt_waker_open(&waker, NULL), 0);
    lt_waker_prepare_to_park(&waker);
    lt_waker_wake(&waker);
    lt_waker_wake(&waker);
    assert_true(is_readable(&waker));
    lt_waker_unpark(&waker);
    lt_waker_drain(&waker);
    assert_false(is_readable(&waker));
    lt_waker_drain(&waker); /* of an empty one: does not wait */
    lt_waker_close(&waker);
    lt_waker_close(&waker); /* closed is closed */
}

static void writing_keeps_errno_for_signal_handlers(void **state)
{
    (void)state;
    struct lt_waker waker;
    assert_int_equal(lt_waker_open(&waker, NULL), 0);
    errno = EXDEV;
    lt_waker_write(&waker);
    assert_int_equal(errno, EXDEV);
    lt_waker_close(&waker);
}

static void a_signal_is_seen_once_however_often_it_was_raised(void **state)
{
    (void)state;
    struct lt_waker waker;
    assert_int_equal(lt_waker_open(&waker, NULL), 0);
    struct lt_signal signal = {.waker = &waker};
    uint64_t seen = 0;
    assert_false(lt_signal_take(&signal, &seen));
    lt_signal_raise(&signal);
    lt_signal_raise(&signal);
    assert_true(lt_signal_take(&signal, &seen));
    assert_false(lt_signal_take(&signal, &seen));
    lt_waker_prepare_to_park(&waker);
    lt_signal_raise(&signal);
    assert_true(is_readable(&waker));
    lt_waker_close(&waker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waking_one_who_is_awake_costs_no_write),
        cmocka_unit_test(waking_a_sleeper_writes_and_draining_empties),
        cmocka_unit_test(writing_keeps_errno_for_signal_handlers),
        cmocka_unit_test(a_signal_is_seen_once_however_often_it_was_raised),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
