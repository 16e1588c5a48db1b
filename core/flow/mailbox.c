/*
 * A mailbox is ck_ring's multi-producer, single-consumer ring with the messages themselves in its
 * slots.
 *
 * ck_ring's barriers are inline assembly that ThreadSanitizer cannot see; builds with it use the
 * same bounded queue under a mutex, so that what is reported there is a fault of the users and not
 * of the queue.
 */
#include "core/flow/mailbox.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/limits.h"
#include "core/base/shared.h"

/* One slot of a ck_ring always stays empty. */
enum { SLOTS = LT_LIMIT_MAILBOX_SLOTS };
_Static_assert((SLOTS & (SLOTS - 1)) == 0, "ring indices are masked");

#ifdef LT_SHARED_C11
#include <pthread.h>

struct queue {
    pthread_mutex_t lock;
    uint32_t head, tail; /* under the lock */
    struct lt_message slots[SLOTS];
};

static void queue_init(struct queue *queue)
{
    int result = pthread_mutex_init(&queue->lock, NULL);
    lt_assert(result == 0);
}

static void queue_fini(struct queue *queue)
{
    int result = pthread_mutex_destroy(&queue->lock);
    lt_assert(result == 0);
}

static void queue_lock(struct queue *queue)
{
    int result = pthread_mutex_lock(&queue->lock);
    lt_assert(result == 0);
}

static void queue_unlock(struct queue *queue)
{
    int result = pthread_mutex_unlock(&queue->lock);
    lt_assert(result == 0);
}

static bool queue_put(struct queue *queue, const struct lt_message *message)
{
    queue_lock(queue);
    bool has_room = queue->tail - queue->head < SLOTS - 1;
    if (has_room)
        queue->slots[queue->tail++ % SLOTS] = *message;
    queue_unlock(queue);
    return has_room;
}

static bool queue_get(struct queue *queue, struct lt_message *message)
{
    queue_lock(queue);
    bool has_message = queue->head != queue->tail;
    if (has_message)
        *message = queue->slots[queue->head++ % SLOTS];
    queue_unlock(queue);
    return has_message;
}

#else
#include <ck_ring.h>

CK_RING_PROTOTYPE(message, lt_message)

struct queue {
    struct ck_ring ring;
    char
        padding[LT_FALSE_SHARING_RANGE]; /* ck_ring's mask would share a line with the first slot */
    struct lt_message slots[SLOTS];
};

static void queue_init(struct queue *queue)
{
    ck_ring_init(&queue->ring, SLOTS);
}

static void queue_fini(struct queue *queue)
{
    (void)queue;
}

static bool queue_put(struct queue *queue, const struct lt_message *message)
{
    struct lt_message copy = *message; /* the prototype takes a pointer to non-const */
    return ck_ring_enqueue_mpsc_message(&queue->ring, queue->slots, &copy);
}

static bool queue_get(struct queue *queue, struct lt_message *message)
{
    return ck_ring_dequeue_mpsc_message(&queue->ring, queue->slots, message);
}
#endif

struct lt_mailbox {
    struct queue queue;
    struct lt_waker *waker; /* constant */
};

int lt_mailbox_create(struct lt_waker *waker, struct lt_mailbox **out, struct lt_error *error)
{
    (void)error; /* only memory is needed, and running out of it ends the process */
    struct lt_mailbox *mailbox = lt_alloc_aligned(sizeof *mailbox);
    memset(mailbox, 0, sizeof *mailbox);
    queue_init(&mailbox->queue);
    mailbox->waker = waker;
    *out = mailbox;
    return 0;
}

void lt_mailbox_destroy(struct lt_mailbox *mailbox)
{
    if (mailbox == NULL)
        return;
    queue_fini(&mailbox->queue);
    free(mailbox);
}

bool lt_mailbox_try_send(struct lt_mailbox *mailbox, const struct lt_message *message)
{
    if (!queue_put(&mailbox->queue, message))
        return false;
    if (mailbox->waker != NULL)
        lt_waker_wake(mailbox->waker);
    return true;
}

bool lt_mailbox_take(struct lt_mailbox *mailbox, struct lt_message *message)
{
    return queue_get(&mailbox->queue, message);
}
