#include "bench/state/models.h"

#include <stdlib.h>

int model_compare(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int64_t window_of(const struct event *event)
{
    return (event->at_ms - EVENTS_BEGIN_MS) / MODEL_WINDOW_MS;
}

static int by_window(const void *a, const void *b)
{
    const struct event *left = a, *right = b;
    int order = model_compare(window_of(left), window_of(right));
    return order != 0 ? order : model_compare(left->key, right->key);
}

static int by_key(const void *a, const void *b)
{
    const struct event *left = a, *right = b;
    int order = model_compare(left->key, right->key);
    return order != 0 ? order : model_compare(left->at_ms, right->at_ms);
}

static void sort(struct events *events, int (*order)(const void *a, const void *b))
{
    qsort(events->items, events->count, sizeof *events->items, order);
}

/* Without the row that closes all others, which is the last one by number. */
static struct events without_last(const struct events *events)
{
    return (struct events){.items = events->items, .count = events->count - 1};
}

void model_add_row(struct answer *answer, const int64_t *columns, uint32_t count)
{
    answer->count++;
    for (uint32_t column = 0; column < count; column++)
        answer_add_i64(answer, column, columns[column]);
}

struct answer model_windows(struct events *inputs)
{
    struct answer answer = {0};
    struct events rows = without_last(&inputs[0]);
    sort(&rows, by_window);
    for (uint32_t begin = 0, end; begin < rows.count; begin = end) {
        const struct event *first = &rows.items[begin];
        int64_t sum = 0;
        for (end = begin; end < rows.count && by_window(first, &rows.items[end]) == 0; end++)
            sum += rows.items[end].amount;
        int64_t count = end - begin;
        int64_t columns[] = {first->key, window_of(first) * MODEL_WINDOW_MS / 1000, count, sum,
                             count * count};
        model_add_row(&answer, columns, sizeof columns / sizeof columns[0]);
    }
    return answer;
}

void model_sort_by_key(struct events *events)
{
    sort(events, by_key);
}

struct answer model_sessions_of(const struct events *sorted, int64_t gap_ms, int64_t tail_ms)
{
    struct answer answer = {0};
    for (uint32_t begin = 0, end; begin < sorted->count; begin = end) {
        const struct event *first = &sorted->items[begin];
        int64_t sum = first->amount;
        for (end = begin + 1; end < sorted->count; end++) {
            const struct event *next = &sorted->items[end];
            if (next->key != first->key || next->at_ms - next[-1].at_ms > gap_ms)
                break;
            sum += next->amount;
        }
        int64_t count = end - begin;
        int64_t last_ms = sorted->items[end - 1].at_ms;
        int64_t columns[] = {first->key, first->at_ms - EVENTS_BEGIN_MS,
                             last_ms + tail_ms - EVENTS_BEGIN_MS, count, sum, count * count};
        model_add_row(&answer, columns, sizeof columns / sizeof columns[0]);
    }
    return answer;
}

struct answer model_sessions(struct events *inputs)
{
    struct events rows = without_last(&inputs[0]);
    sort(&rows, by_key);
    return model_sessions_of(&rows, MODEL_GAP_MS, MODEL_GAP_MS);
}

struct answer model_first_of_each(struct events *inputs)
{
    struct answer answer = {0};
    struct events *rows = &inputs[0];
    sort(rows, by_key);
    for (uint32_t i = 0; i < rows->count; i++) {
        const struct event *row = &rows->items[i];
        if (i > 0 && row[-1].key == row->key)
            continue;
        int64_t columns[] = {row->key, row->amount};
        model_add_row(&answer, columns, sizeof columns / sizeof columns[0]);
    }
    return answer;
}

/* Each key stands once in each input, the last rows too. */
struct answer model_pairs(struct events *inputs)
{
    struct answer answer = {0};
    sort(&inputs[0], by_key);
    sort(&inputs[1], by_key);
    uint32_t at = 0;
    for (uint32_t i = 0; i < inputs[0].count; i++) {
        const struct event *first = &inputs[0].items[i];
        while (at < inputs[1].count && inputs[1].items[at].key < first->key)
            at++;
        if (at == inputs[1].count || inputs[1].items[at].key != first->key)
            continue;
        int64_t between_ms = inputs[1].items[at].at_ms - first->at_ms;
        if (between_ms < 0 || between_ms > MODEL_PAIR_MS)
            continue;
        int64_t columns[] = {first->key, between_ms};
        model_add_row(&answer, columns, sizeof columns / sizeof columns[0]);
    }
    return answer;
}
