/*
 * Binary insertion for short lists, merging from one half of the room to the other for long ones.
 */
#include "ops/expr/sort.h"

#include <string.h>

enum { SHORT = 32 };

struct sorting {
    lt_sort_compare_fn *compare;
    void *context;
};

/* How many of the first are in order already; a run that falls strictly is turned round. */
static uint32_t first_run(const struct sorting *sorting, uint32_t *order, uint32_t count)
{
    uint32_t end = 2;
    if (sorting->compare(sorting->context, order[1], order[0]) >= 0) {
        while (end < count && sorting->compare(sorting->context, order[end], order[end - 1]) >= 0)
            end++;
        return end;
    }
    while (end < count && sorting->compare(sorting->context, order[end], order[end - 1]) < 0)
        end++;
    for (uint32_t low = 0, high = end - 1; low < high; low++, high--) {
        uint32_t one = order[low];
        order[low] = order[high];
        order[high] = one;
    }
    return end;
}

static void insert_rest(const struct sorting *sorting, uint32_t *order, uint32_t begin,
                        uint32_t count)
{
    for (uint32_t i = begin; i < count; i++) {
        uint32_t pivot = order[i], low = 0, high = i;
        while (low < high) {
            uint32_t middle = (low + high) / 2;
            if (sorting->compare(sorting->context, pivot, order[middle]) < 0)
                high = middle;
            else
                low = middle + 1;
        }
        memmove(&order[low + 1], &order[low], (i - low) * sizeof *order);
        order[low] = pivot;
    }
}

static void merge(const struct sorting *sorting, const uint32_t *from, uint32_t *to, uint64_t begin,
                  uint64_t middle, uint64_t end)
{
    uint64_t a = begin, b = middle;
    for (uint64_t i = begin; i < end; i++) {
        bool is_first =
            b >= end || (a < middle && sorting->compare(sorting->context, from[a], from[b]) <= 0);
        to[i] = is_first ? from[a++] : from[b++];
    }
}

const uint32_t *lt_sort(uint32_t *room, uint32_t count, lt_sort_compare_fn *compare, void *context)
{
    const struct sorting sorting = {compare, context};
    uint32_t *from = room, *to = room + count;
    for (uint32_t i = 0; i < count; i++)
        from[i] = i;
    if (count < 2)
        return from;
    if (count < SHORT) {
        insert_rest(&sorting, from, first_run(&sorting, from, count), count);
        return from;
    }
    for (uint64_t width = 1; width < count; width *= 2) {
        for (uint64_t begin = 0; begin < count; begin += 2 * width) {
            uint64_t middle = begin + width < count ? begin + width : count;
            uint64_t end = begin + 2 * width < count ? begin + 2 * width : count;
            merge(&sorting, from, to, begin, middle, end);
        }
        uint32_t *other = from;
        from = to;
        to = other;
    }
    return from;
}
