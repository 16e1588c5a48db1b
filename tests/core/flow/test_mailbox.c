#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/limits.h"
#include "core/flow/mailbox.h"

static void messages_come_out_whole_and_in_order(void **state)
{
    (void)state;
    struct lt_mailbox *mailbox;
    assert_int_equal(lt_mailbox_create(NULL, &mailbox, NULL), 0);
    struct lt_message message;
    assert_false(lt_mailbox_take(mailbox, &message));
    int payload;
    for (uint32_t i = 0; i < 3; i++) {
        struct lt_message sent = {.kind = i, .sender = 7, .number = 100 + i, .payload = &payload};
        assert_true(lt_mailbox_try_send(mailbox, &sent));
    }
    for (uint32_t i = 0; i < 3; i++) {
        assert_true(lt_mailbox_take(mailbox, &message));
        assert_int_equal(message.kind, i);
        assert_int_equal(message.sender, 7);
        assert_int_equal(message.number, 100 + i);
        assert_ptr_equal(message.payload, &payload);
    }
    assert_false(lt_mailbox_take(mailbox, &message));
    lt_mailbox_destroy(mailbox);
    lt_mailbox_destroy(NULL);
}

static void a_full_mailbox_says_so_and_takes_again_when_emptied(void **state)
{
    (void)state;
    struct lt_mailbox *mailbox;
    assert_int_equal(lt_mailbox_create(NULL, &mailbox, NULL), 0);
    struct lt_message message = {0};
    uint32_t count = 0;
    while (count <= LT_LIMIT_MAILBOX_SLOTS && lt_mailbox_try_send(mailbox, &message)) {
        message.number++;
        count++;
    }
    assert_int_equal(count, LT_LIMIT_MAILBOX_SLOTS - 1);
    struct lt_message got;
    assert_true(lt_mailbox_take(mailbox, &got));
    assert_int_equal(got.number, 0);
    assert_true(lt_mailbox_try_send(mailbox, &message));
    for (uint32_t i = 0; i < count; i++) {
        assert_true(lt_mailbox_take(mailbox, &got));
        assert_int_equal(got.number, i + 1);
    }
    lt_mailbox_destroy(mailbox);
}

static void sending_wakes_a_sleeping_receiver(void **state)
{
    (void)state;
    struct lt_waker waker;
    assert_int_equal(lt_waker_open(&waker, NULL), 0);
    struct lt_mailbox *mailbox;
    assert_int_equal(lt_mailbox_create(&waker, &mailbox, NULL), 0);
    lt_waker_prepare_to_park(&waker);
    struct lt_message message = {0};
    assert_true(lt_mailbox_try_send(mailbox, &message));
    uint64_t count = 0;
    assert_int_equal(read(waker.event_fd, &count, sizeof count), sizeof count);
    assert_int_equal(count, 1);
    lt_mailbox_destroy(mailbox);
    lt_waker_close(&waker);
}

enum { SENDERS = 3, MESSAGES = 20000 };

struct sender {
    struct lt_mailbox *mailbox;
    uint32_t number;
};

static void *send_all(void *argument)
{
    const struct sender *sender = argument;
    for (uint64_t i = 0; i < MESSAGES; i++) {
        struct lt_message message = {.sender = sender->number, .number = i};
        while (!lt_mailbox_try_send(sender->mailbox, &message))
            sched_yield();
    }
    return NULL;
}

static void many_senders_lose_nothing_and_each_keeps_its_order(void **state)
{
    (void)state;
    struct lt_mailbox *mailbox;
    assert_int_equal(lt_mailbox_create(NULL, &mailbox, NULL), 0);
    struct sender senders[SENDERS];
    pthread_t threads[SENDERS];
    for (uint32_t i = 0; i < SENDERS; i++) {
        senders[i] = (struct sender){mailbox, i};
        assert_int_equal(pthread_create(&threads[i], NULL, send_all, &senders[i]), 0);
    }
    uint64_t next[SENDERS] = {0};
    for (uint32_t taken = 0; taken < SENDERS * MESSAGES;) {
        struct lt_message message;
        if (!lt_mailbox_take(mailbox, &message)) {
            sched_yield();
            continue;
        }
        assert_true(message.sender < SENDERS);
        assert_int_equal(message.number, next[message.sender]);
        next[message.sender]++;
        taken++;
    }
    for (uint32_t i = 0; i < SENDERS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    struct lt_message message;
    assert_false(lt_mailbox_take(mailbox, &message));
    lt_mailbox_destroy(mailbox);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_come_out_whole_and_in_order),
        cmocka_unit_test(a_full_mailbox_says_so_and_takes_again_when_emptied),
        cmocka_unit_test(sending_wakes_a_sleeping_receiver),
        cmocka_unit_test(many_senders_lose_nothing_and_each_keeps_its_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
