/*
 * A stream that is read ahead gives what is beneath it: the same changes in the same order, in as
 * many chunks as they make, then its end or its error; with a helper's thread and without one; and
 * whoever has had enough lets it go.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/state/ahead.h"
#include "io/reactor.h"

enum { KEY_BYTES = 8, VALUES = 300, LARGE_BYTES = 3 * 1024 * 1024, NEVER = 1 << 30 };

/* Change i: its hash and key are i, its value i % VALUES bytes, or very many; some are removals. */
struct beneath {
    struct lt_state_stream stream;
    uint64_t at, count;
    uint64_t large_at, fail_at;
    uint64_t key;
    unsigned char *value;
};

static size_t value_bytes_of(const struct beneath *beneath, uint64_t number)
{
    return number == beneath->large_at ? LARGE_BYTES : number % VALUES;
}

static bool is_removed(uint64_t number)
{
    return number % 11 == 3;
}

static int next_beneath(struct lt_state_stream *stream, struct lt_state_change *out,
                        struct lt_error *error)
{
    struct beneath *beneath = (struct beneath *)stream;
    if (beneath->at == beneath->fail_at)
        return lt_error_set(error, LT_E_CORRUPT, "change %d is damaged", (int)beneath->at);
    if (beneath->at == beneath->count)
        return 0;
    uint64_t number = beneath->at++;
    beneath->key = number; /* what the last call gave is gone */
    memset(beneath->value, (int)(number % 251), value_bytes_of(beneath, number));
    *out = (struct lt_state_change){.hash = number,
                                    .key = {&beneath->key, KEY_BYTES},
                                    .final_at = (int64_t)number * 3,
                                    .is_removed = is_removed(number)};
    if (!out->is_removed)
        out->value =
            (struct lt_state_bytes){beneath->value, value_bytes_of(beneath, number)};
    return 1;
}

static struct beneath make_beneath(uint64_t count)
{
    return (struct beneath){.stream.next = next_beneath,
                            .count = count,
                            .large_at = NEVER,
                            .fail_at = NEVER,
                            .value = malloc(LARGE_BYTES)};
}

static int start_thread(void *context, const char *name, void *(*entry)(void *), void *argument,
                        pthread_t *out, struct lt_error *error)
{
    (void)context, (void)name, (void)error;
    return pthread_create(out, NULL, entry, argument);
}

static struct lt_reactor *make_reactor(const void *has_thread)
{
    struct lt_reactor_options options = {.start_thread = has_thread != NULL ? start_thread : NULL};
    struct lt_reactor *reactor;
    struct lt_error error;
    assert_int_equal(lt_reactor_create(&options, &reactor, &error), 0);
    return reactor;
}

static void check_change(const struct beneath *beneath, uint64_t number,
                         const struct lt_state_change *change)
{
    size_t value_bytes = is_removed(number) ? 0 : value_bytes_of(beneath, number);
    const unsigned char *value = change->value.data;
    assert_int_equal(change->hash, number);
    assert_int_equal(change->key.size_bytes, KEY_BYTES);
    assert_memory_equal(change->key.data, &number, KEY_BYTES);
    assert_int_equal(change->final_at, number * 3);
    assert_int_equal(change->is_removed, is_removed(number));
    assert_int_equal(change->value.size_bytes, value_bytes);
    if (value_bytes > 0) {
        assert_int_equal(value[0], number % 251);
        assert_int_equal(value[value_bytes - 1], number % 251);
    }
}

/* Takes `count` changes, and what comes after them. */
static int take(struct lt_state_stream *stream, const struct beneath *beneath, uint64_t count,
                struct lt_error *error)
{
    struct lt_state_change change;
    for (uint64_t i = 0; i < count; i++) {
        assert_int_equal(stream->next(stream, &change, error), 1);
        check_change(beneath, i, &change);
    }
    return stream->next(stream, &change, error);
}

/* All of it, one after the other, of streams from none to many chunks. */
static void all_changes_come_in_their_order(void **state)
{
    static const uint64_t counts[] = {0, 1, 40, 3000, 60000};
    struct lt_reactor *reactor = make_reactor(*state);
    struct lt_error error;
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        struct beneath beneath = make_beneath(counts[i]);
        beneath.large_at = 2900;
        struct lt_state_stream *stream = lt_state_ahead_create(&beneath.stream, reactor);
        assert_int_equal(take(stream, &beneath, counts[i], &error), 0);
        stream->destroy(stream);
        free(beneath.value);
    }
    lt_reactor_destroy(reactor);
}

static void an_error_comes_after_what_was_before_it(void **state)
{
    static const uint64_t places[] = {0, 1, 50000};
    struct lt_reactor *reactor = make_reactor(*state);
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        struct beneath beneath = make_beneath(60000);
        struct lt_error error;
        lt_error_clear(&error);
        beneath.fail_at = places[i];
        struct lt_state_stream *stream = lt_state_ahead_create(&beneath.stream, reactor);
        assert_int_equal(take(stream, &beneath, places[i], &error), LT_E_CORRUPT);
        assert_non_null(strstr(error.text, "is damaged"));
        stream->destroy(stream);
        assert_int_equal(beneath.at, places[i]);
        free(beneath.value);
    }
    lt_reactor_destroy(reactor);
}

static void who_has_had_enough_lets_it_go(void **state)
{
    static const uint64_t counts[] = {0, 1, 30000};
    struct lt_reactor *reactor = make_reactor(*state);
    struct lt_error error;
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        struct beneath beneath = make_beneath(200000);
        struct lt_state_stream *stream = lt_state_ahead_create(&beneath.stream, reactor);
        if (counts[i] > 0)
            assert_int_equal(take(stream, &beneath, counts[i], &error), 1);
        stream->destroy(stream);
        assert_int_equal(reactor->pending_count, 0);
        assert_true(beneath.at < beneath.count); /* it does not run away either */
        free(beneath.value);
    }
    lt_reactor_destroy(reactor);
}

int main(void)
{
    static int with_thread;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(all_changes_come_in_their_order, NULL),
        cmocka_unit_test_prestate(all_changes_come_in_their_order, &with_thread),
        cmocka_unit_test_prestate(an_error_comes_after_what_was_before_it, NULL),
        cmocka_unit_test_prestate(an_error_comes_after_what_was_before_it, &with_thread),
        cmocka_unit_test_prestate(who_has_had_enough_lets_it_go, NULL),
        cmocka_unit_test_prestate(who_has_had_enough_lets_it_go, &with_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
