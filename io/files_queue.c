#include "io/files_queue.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/error.h"

enum { CAPACITY_FIRST = 16 };

void lt_files_queue_fini(struct lt_files_queue *queue)
{
    for (size_t i = 0; i < queue->count; i++)
        free(queue->items[queue->first + i].path);
    free(queue->items);
    *queue = (struct lt_files_queue){0};
}

/* Room for `more` behind the last: what was popped is room too. */
static void reserve(struct lt_files_queue *queue, size_t more)
{
    if (queue->first + queue->count + more <= queue->capacity)
        return;
    if (queue->first >= queue->count) {
        if (queue->count > 0)
            memmove(queue->items, queue->items + queue->first,
                    queue->count * sizeof queue->items[0]);
        queue->first = 0;
    }
    size_t needed = queue->first + queue->count + more;
    if (needed <= queue->capacity)
        return;
    queue->capacity = queue->capacity == 0 ? CAPACITY_FIRST : queue->capacity;
    while (queue->capacity < needed)
        queue->capacity *= 2;
    queue->items = lt_realloc_array(queue->items, queue->capacity, sizeof queue->items[0]);
}

void lt_files_queue_push(struct lt_files_queue *queue, const struct lt_files_item *item)
{
    reserve(queue, 1);
    queue->items[queue->first + queue->count++] = *item;
}

bool lt_files_queue_pop(struct lt_files_queue *queue, struct lt_files_item *out)
{
    if (queue->count == 0)
        return false;
    *out = queue->items[queue->first++];
    queue->count--;
    return true;
}

void lt_files_queue_move(struct lt_files_queue *to, struct lt_files_queue *from)
{
    if (from->count > 0) {
        reserve(to, from->count);
        memcpy(to->items + to->first + to->count, from->items + from->first,
               from->count * sizeof from->items[0]);
        to->count += from->count;
    }
    from->count = 0;
    lt_files_queue_fini(from);
}

const struct lt_files_item *lt_files_queue_at(const struct lt_files_queue *queue, size_t index)
{
    lt_assert(index < queue->count);
    return &queue->items[queue->first + index];
}

static int compare(const void *a, const void *b)
{
    const struct lt_files_item *left = a, *right = b;
    if (left->modified_ms != right->modified_ms)
        return left->modified_ms < right->modified_ms ? -1 : 1;
    return strcmp(left->path, right->path);
}

static int compare_newest_first(const void *a, const void *b)
{
    return compare(b, a);
}

void lt_files_queue_sort(struct lt_files_queue *queue, bool is_newest_first)
{
    if (queue->count > 1)
        qsort(queue->items + queue->first, queue->count, sizeof queue->items[0],
              is_newest_first ? compare_newest_first : compare);
}
