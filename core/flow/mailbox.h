/*
 * Control traffic to a worker: many may send, nothing is hot. A bounded multi-producer ring
 * (ck_ring) of small messages; sending wakes the worker. A full mailbox is an answer, never a wait.
 *
 * Who sends what, and what it means, stands in core/run/report.h; the epochs' part of it is
 * core/epoch/protocol.h's.
 */
#ifndef LT_FLOW_MAILBOX_H
#define LT_FLOW_MAILBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/error.h"
#include "core/flow/waker.h"

struct lt_mailbox;

struct lt_message {
    uint32_t kind; /* the two ends agree */
    uint32_t sender;
    uint64_t number;
    void *payload; /* passes to the receiver */
};

/* `waker` is the receiver's; NULL if it never sleeps (invoker mode). */
int lt_mailbox_create(struct lt_waker *waker, struct lt_mailbox **out,
                      struct lt_error *error) LT_MUST_USE;
void lt_mailbox_destroy(struct lt_mailbox *mailbox); /* NULL is a no-op */
/* False when full: keep the message and send again in the next step. on: any. */
bool lt_mailbox_try_send(struct lt_mailbox *mailbox, const struct lt_message *message);
/* False when empty. on: the receiver. */
bool lt_mailbox_take(struct lt_mailbox *mailbox, struct lt_message *message);

#endif
